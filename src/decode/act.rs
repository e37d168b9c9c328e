//! Acts: decisions, corrections, amounts and seals, which are messages in the project's log like any other.
//!
//! An act is one JSON object. Acts of a project count by their own number, 1, 2, 3, ..., never by
//! when they arrived. Two decisions, or two corrections, of one identity with different values are a
//! conflict again: [`Settlements`] then settles nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::amount::{AmountCheck, AmountEntry};
use crate::domain::decimal::{Decimal, DecimalError, Fixed6};
use crate::domain::flag::Code;
use crate::domain::id::{DeviceId, IdError, QuantityId, SiteId};
use crate::domain::reading::ChannelKey;
use crate::domain::time::{Date, TimeError, Timestamp};
use crate::domain::unit::Conversion;

/// Why the bytes are no act.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    #[error("not a recorded act: {0}")]
    Json(#[from] serde_json::Error),
    #[error("a recorded act names the id {0:?}: {1}")]
    Id(String, IdError),
    #[error("a recorded act names the time {0:?}: {1}")]
    Time(String, TimeError),
    #[error("a recorded act names the value {0:?}: {1}")]
    Value(String, DecimalError),
    #[error("a recorded act names the value {0:?}, which has more than six decimals")]
    Precision(String),
    #[error("a recorded amount: {0}")]
    Amount(String),
}

/// A decision on a conflict or a hold: this value counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    pub site: String,
    pub device: String,
    pub quantity: String,
    /// RFC 3339.
    pub at: String,
    /// In the channel's storage unit.
    pub value: String,
    pub author: String,
    pub reason: String,
    /// A document, by name or hash; empty if none.
    #[serde(default)]
    pub evidence: String,
}

/// A correction of one reading: the old value is named so that nothing else can be meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    pub site: String,
    pub device: String,
    pub quantity: String,
    /// RFC 3339.
    pub at: String,
    /// Both in the channel's storage unit.
    pub old: String,
    pub new: String,
    pub author: String,
    pub reason: String,
    #[serde(default)]
    pub evidence: String,
}

/// The seal of a monitoring period: fixes what was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// Local dates, both inclusive.
    pub from: String,
    pub to: String,
    pub prepared_by: String,
    pub reviewed_by: String,
    /// Leaves before this one count.
    pub log_size: i64,
    /// Root of the log at that size, base64.
    pub log_root: String,
    /// Negative tCO2e that the period leaves to later years, zero or below.
    #[serde(default)]
    pub unresolved: i64,
    /// SHA-256 of the report's figures.
    #[serde(default)]
    pub figures: String,
    /// Values that equations of later years look back at: they stand as they were sealed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<SealedValue>,
}

/// A monitored value of a sealed period, in the methodology's unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedValue {
    pub methodology: String,
    pub symbol: String,
    pub members: Vec<String>,
    pub unit: String,
    /// Lowest and highest that it can be; equal where it was known.
    pub low: String,
    pub high: String,
}

/// A recorded act with its number in the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "act")]
pub enum Act {
    Decision {
        number: u32,
        #[serde(flatten)]
        decision: Decision,
    },
    Correction {
        number: u32,
        #[serde(flatten)]
        correction: Correction,
    },
    Seal {
        number: u32,
        #[serde(flatten)]
        seal: Seal,
    },
    Amount {
        number: u32,
        #[serde(flatten)]
        amount: AmountEntry,
    },
    Check {
        number: u32,
        #[serde(flatten)]
        check: AmountCheck,
    },
}

impl Act {
    /// Reads the payload of an act's message.
    ///
    /// # Errors
    /// When it is no such object.
    pub fn parse(payload: &[u8]) -> Result<Self, ActError> {
        Ok(serde_json::from_slice(payload)?)
    }

    /// The payload that [`Act::parse`] reads.
    ///
    /// # Errors
    /// Never for values of this form; an error of the encoder is passed on.
    pub fn encode(&self) -> Result<Vec<u8>, ActError> {
        Ok(serde_json::to_vec_pretty(self)?)
    }

    #[must_use]
    pub fn number(&self) -> u32 {
        match self {
            Self::Decision { number, .. }
            | Self::Correction { number, .. }
            | Self::Seal { number, .. }
            | Self::Amount { number, .. }
            | Self::Check { number, .. } => *number,
        }
    }
}

impl Seal {
    /// First and last local date, both inclusive.
    ///
    /// # Errors
    /// When one is no date.
    pub fn dates(&self) -> Result<(Date, Date), ActError> {
        let date = |text: &String| Date::parse(text).map_err(|e| ActError::Time(text.clone(), e));
        Ok((date(&self.from)?, date(&self.to)?))
    }
}

/// What decisions and corrections settle, by identity.
#[derive(Debug, Clone, Default)]
pub struct Settlements {
    by_identity: BTreeMap<(ChannelKey, Timestamp), Settlement>,
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
}

/// What is settled of one identity.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Settlement {
    /// Values that were decided; more than one different value settles nothing.
    decided: Vec<Fixed6>,
    /// `(old, new)` of corrections.
    corrected: Vec<(Fixed6, Fixed6)>,
}

impl Settlements {
    /// Adds what an act settles of a reading; seals and amounts settle none. Gives the identity it
    /// touches.
    ///
    /// # Errors
    /// When its ids, time or values are none.
    pub fn add(&mut self, act: &Act) -> Result<Option<(ChannelKey, Timestamp)>, ActError> {
        let (identity, decided, corrected) = match act {
            Act::Decision { decision: d, .. } => {
                let identity = identity(&d.site, &d.device, &d.quantity, &d.at)?;
                (identity, Some(stored_value(&d.value)?), None)
            }
            Act::Correction { correction: c, .. } => {
                let identity = identity(&c.site, &c.device, &c.quantity, &c.at)?;
                (identity, None, Some((stored_value(&c.old)?, stored_value(&c.new)?)))
            }
            Act::Seal { .. } | Act::Amount { .. } | Act::Check { .. } => return Ok(None),
        };
        let empty = || Settlement { decided: Vec::new(), corrected: Vec::new() };
        let settlement = self.by_identity.entry(identity.clone()).or_insert_with(empty);
        settlement.decided.extend(decided);
        settlement.corrected.extend(corrected);
        Ok(Some(identity))
    }

    /// What acts say of an identity whose values in the log are `known`. A correction counts only for
    /// the value that it names; a decision counts over corrections; acts that contradict each other
    /// leave all their values in doubt.
    #[must_use]
    pub fn settle(&self, channel: &ChannelKey, at: Timestamp, known: &[Fixed6]) -> Settled {
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
        let decided: BTreeSet<Fixed6> = settlement.decided.iter().copied().collect();
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

    /// The identities that acts touch.
    pub fn identities(&self) -> impl Iterator<Item = &(ChannelKey, Timestamp)> {
        self.by_identity.keys()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_identity.is_empty()
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
            evidence: String::new(),
        };
        Act::Decision { number, decision }
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
        Act::Correction { number, correction }
    }

    fn settled(acts: &[Act], known: &[&str]) -> String {
        let mut settlements = Settlements::default();
        for act in acts {
            settlements.add(act).unwrap();
        }
        let (key, at) = identity("s", "d", "q", AT).unwrap();
        let known: Vec<Fixed6> = known.iter().map(|v| stored_value(v).unwrap()).collect();
        match settlements.settle(&key, at, &known) {
            Settled::Open => "open".to_owned(),
            Settled::Value(value, code) => format!("{code} {value}"),
            Settled::Contradicted { low, high } => format!("{low} to {high}"),
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
