//! What decisions and corrections settle of readings, by identity. Order of arrival never matters.

use std::collections::{BTreeMap, BTreeSet};

use super::{ActError, Content};
use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::flag::Code;
use crate::domain::id::{DeviceId, QuantityId, SiteId};
use crate::domain::reading::ChannelKey;
use crate::domain::time::Timestamp;
use crate::domain::unit::Conversion;

/// What decisions and corrections settle, by identity.
#[derive(Debug, Clone, Default)]
pub struct Settlements {
    by_identity: BTreeMap<(ChannelKey, Timestamp), Settlement>,
    /// From and to, both exclusive, of the times in which a channel had no meter.
    offs: BTreeMap<ChannelKey, Vec<(Timestamp, Timestamp)>>,
}

/// What recorded acts say of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Nothing.
    Open,
    /// This value counts, by a decision or a correction.
    Value(Fixed6, Code),
    /// Acts contradict each other, or leave a conflict: anything between these.
    Contradicted { low: Fixed6, high: Fixed6 },
    /// No meter hung that could show it: whatever was sent is not used.
    Off,
}

/// What is settled of one identity.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Settlement {
    /// Values that were decided, each with the values that whoever decided saw, empty where they are
    /// not named; more than one different value settles nothing.
    decided: Vec<(Fixed6, Vec<Fixed6>)>,
    /// `(old, new)` of corrections.
    corrected: Vec<(Fixed6, Fixed6)>,
}

impl Settlements {
    /// Adds what an act settles of a reading; gives the identity it touches, or `None` for acts that
    /// settle none.
    ///
    /// # Errors
    /// When its ids, time or values are none.
    pub fn add(&mut self, act: &Content) -> Result<Option<(ChannelKey, Timestamp)>, ActError> {
        let (identity, decided, corrected) = match act {
            Content::Decision(d) => {
                let identity = identity(&d.site, &d.device, &d.quantity, &d.at)?;
                let seen = d.seen.iter().map(|value| stored_value(value));
                let seen = seen.collect::<Result<_, _>>()?;
                (identity, Some((stored_value(&d.value)?, seen)), None)
            }
            Content::Correction(c) => {
                let identity = identity(&c.site, &c.device, &c.quantity, &c.at)?;
                (identity, None, Some((stored_value(&c.old)?, stored_value(&c.new)?)))
            }
            _ => return Ok(None),
        };
        let empty = || Settlement { decided: Vec::new(), corrected: Vec::new() };
        let settlement = self.by_identity.entry(identity.clone()).or_insert_with(empty);
        settlement.decided.extend(decided);
        settlement.corrected.extend(corrected);
        Ok(Some(identity))
    }

    /// What acts say of an identity whose values in the log are `known`. A correction counts only for
    /// the value that it names; a decision counts over corrections, and only where it saw every value
    /// that is known; acts that contradict each other leave all their values in doubt.
    #[must_use]
    pub fn settle(&self, channel: &ChannelKey, at: Timestamp, known: &[Fixed6]) -> Settled {
        let is_off = |(from, to): &(Timestamp, Timestamp)| *from < at && at < *to;
        if self.offs.get(channel).is_some_and(|offs| offs.iter().any(is_off)) {
            return Settled::Off;
        }
        let Some(settlement) = self.by_identity.get(&(channel.clone(), at)) else {
            return Settled::Open;
        };
        let mut values: BTreeSet<Fixed6> = BTreeSet::new();
        let mut is_corrected = false;
        for value in known {
            let corrections = settlement.corrected.iter().filter(|(old, _)| old == value);
            values.extend(corrections.map(|(_, new)| *new));
            match settlement.corrected.iter().any(|(old, _)| old == value) {
                true => is_corrected = true,
                false => {
                    values.insert(*value);
                }
            }
        }
        let saw_all =
            |seen: &Vec<Fixed6>| seen.is_empty() || known.iter().all(|value| seen.contains(value));
        let standing = settlement.decided.iter().filter(|(_, seen)| saw_all(seen));
        let decided: BTreeSet<Fixed6> = standing.map(|(value, _)| *value).collect();
        if let (1, Some(value)) = (decided.len(), decided.first()) {
            return Settled::Value(*value, Code::Decided);
        }
        let is_contradicted = decided.len() > 1;
        values.extend(decided);
        match (values.first(), values.last()) {
            (Some(low), Some(high)) if low < high && (is_corrected || is_contradicted) => {
                Settled::Contradicted { low: *low, high: *high }
            }
            (Some(value), _) if is_corrected => Settled::Value(*value, Code::Corrected),
            _ => Settled::Open,
        }
    }

    /// The times in which channels had no meter; both ends exclusive, all of them at once.
    pub fn set_offs(&mut self, offs: Vec<(ChannelKey, Timestamp, Timestamp)>) {
        self.offs.clear();
        for (channel, from, to) in offs {
            self.offs.entry(channel).or_default().push((from, to));
        }
    }

    /// The identities that acts touch.
    pub fn identities(&self) -> impl Iterator<Item = &(ChannelKey, Timestamp)> {
        self.by_identity.keys()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_identity.is_empty() && self.offs.is_empty()
    }
}

/// A value as it is stored, from its text; it must need no rounding.
///
/// # Errors
/// When it is no number, or one with more than six decimals.
pub fn stored_value(text: &str) -> Result<Fixed6, ActError> {
    let error = |e| ActError::Value(text.to_owned(), e);
    let stored = Decimal::parse(text).map_err(error)?.store(Conversion::IDENTITY).map_err(error)?;
    if stored.is_exact { Ok(stored.value) } else { Err(ActError::Precision(text.to_owned())) }
}

fn identity(
    site: &str,
    device: &str,
    quantity: &str,
    at: &str,
) -> Result<(ChannelKey, Timestamp), ActError> {
    let id = |text: &str, error| ActError::Id(text.to_owned(), error);
    let key = ChannelKey {
        site: SiteId::parse(site).map_err(|e| id(site, e))?,
        device: DeviceId::parse(device).map_err(|e| id(device, e))?,
        quantity: QuantityId::parse(quantity).map_err(|e| id(quantity, e))?,
    };
    let at = Timestamp::parse_rfc3339(at).map_err(|e| ActError::Time(at.to_owned(), e))?;
    Ok((key, at))
}

#[cfg(test)]
mod tests {
    use super::super::{Act, Correction, Decision};
    use super::*;

    const AT: &str = "2026-01-01T00:00:00Z";

    fn decision(number: u32, value: &str) -> Act {
        let text = |t: &str| t.to_owned();
        let decision = Decision {
            site: text("s"),
            device: text("d"),
            quantity: text("q"),
            at: text(AT),
            value: text(value),
            author: text("ann"),
            reason: text("read the display"),
            ..Decision::default()
        };
        Act { number, content: Content::Decision(decision) }
    }

    fn correction(number: u32, old: &str, new: &str) -> Act {
        let text = |t: &str| t.to_owned();
        let correction = Correction {
            site: text("s"),
            device: text("d"),
            quantity: text("q"),
            at: text(AT),
            old: text(old),
            new: text(new),
            author: text("ann"),
            reason: text("typed wrong"),
            evidence: String::new(),
        };
        Act { number, content: Content::Correction(correction) }
    }

    fn settled(acts: &[Act], known: &[&str]) -> String {
        let mut settlements = Settlements::default();
        for act in acts {
            settlements.add(&act.content).unwrap();
        }
        let (key, at) = identity("s", "d", "q", AT).unwrap();
        let known: Vec<Fixed6> = known.iter().map(|v| stored_value(v).unwrap()).collect();
        match settlements.settle(&key, at, &known) {
            Settled::Open => "open".to_owned(),
            Settled::Value(value, code) => format!("{code} {value}"),
            Settled::Contradicted { low, high } => format!("{low} to {high}"),
            Settled::Off => "off".to_owned(),
        }
    }

    #[test]
    fn an_act_reads_back_from_its_payload() {
        for act in [decision(1, "1.5"), correction(2, "1", "2")] {
            assert_eq!(Act::parse(&act.encode().unwrap()).unwrap(), act);
        }
        assert!(Act::parse(b"{\"act\":\"decision\"}").is_err());
        assert!(Act::parse(b"[]").is_err());
    }

    #[test]
    fn one_decision_settles_and_two_different_ones_are_a_conflict_again() {
        let decided = "V-DECIDED 1.500000";
        assert_eq!(settled(&[decision(1, "1.5")], &["1.5", "2"]), decided);
        assert_eq!(settled(&[decision(1, "1.5"), decision(2, "1.50")], &["1.5", "2"]), decided);
        let two = [decision(1, "1.5"), decision(2, "3")];
        assert_eq!(settled(&two, &["1.5", "2"]), "1.500000 to 3.000000");
        assert_eq!(settled(&[], &["1.5"]), "open");
    }

    #[test]
    fn a_decision_counts_only_for_the_values_that_it_saw() {
        let mut act = decision(1, "1.5");
        if let Content::Decision(decision) = &mut act.content {
            decision.seen = vec!["1.5".to_owned(), "2".to_owned()];
        }
        let acts = [act];
        assert_eq!(settled(&acts, &["1.5", "2"]), "V-DECIDED 1.500000");
        assert_eq!(settled(&acts, &["1.5"]), "V-DECIDED 1.500000");
        assert_eq!(settled(&acts, &["1.5", "2", "3"]), "open");
        // Whoever decides again has seen all of them.
        let mut again = decision(2, "2");
        if let Content::Decision(decision) = &mut again.content {
            decision.seen = vec!["1.5".to_owned(), "2".to_owned(), "3".to_owned()];
        }
        let acts = [acts[0].clone(), again];
        assert_eq!(settled(&acts, &["1.5", "2", "3"]), "V-DECIDED 2.000000");
    }

    #[test]
    fn a_correction_counts_only_for_the_value_it_names() {
        assert_eq!(settled(&[correction(1, "1", "2")], &["1"]), "V-CORRECTED 2.000000");
        assert_eq!(settled(&[correction(1, "1", "2")], &["7"]), "open");
        let two = [correction(1, "1", "2"), correction(2, "1", "3"), correction(3, "1", "2")];
        assert_eq!(settled(&two, &["1"]), "2.000000 to 3.000000");
        let with_unknown = [correction(1, "7", "9"), decision(2, "5")];
        assert_eq!(settled(&with_unknown, &["1"]), "V-DECIDED 5.000000");
        assert_eq!(settled(&[correction(1, "1", "3")], &["1", "2"]), "2.000000 to 3.000000");
        assert_eq!(settled(&[correction(1, "1", "2")], &["1", "2"]), "V-CORRECTED 2.000000");
    }

    #[test]
    fn a_value_that_would_be_rounded_is_no_settlement() {
        assert!(matches!(stored_value("0.1234567"), Err(ActError::Precision(_))));
    }
}
