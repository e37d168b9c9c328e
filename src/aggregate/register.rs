//! A register's own account of a period: its last reading less its first, with what exchanges and
//! rollovers add. The second path beside the sum of intervals (V-PATHS).
//!
//! Takes the points of a channel month by month, in order; holds three of them, whatever the length.

use super::point::Point;
use crate::config::plan::{ChannelKind, ChannelPlan};
use crate::domain::time::{INTERVAL_US, Timestamp};

/// What a register says of the time between two readings of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Stamps and values of the first and last reading on a border of an interval, in micro-units.
    pub first: (Timestamp, i64),
    pub last: (Timestamp, i64),
    /// What exchanges and rollovers between them add, in micro-units.
    pub added: i128,
    /// How often it turned over or was exchanged between them.
    pub turns: u64,
}

impl Account {
    /// What it counted, in micro-units.
    #[must_use]
    pub fn difference(&self) -> i128 {
        i128::from(self.last.1) - i128::from(self.first.1) + self.added
    }
}

/// Reads a register's points and keeps its account.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    account: Option<Account>,
    /// Last usable point, on a border or not.
    before: Option<(Timestamp, i64)>,
    added: i128,
    turns: u64,
    /// True once it fell without a cause that is known: then it has no account.
    is_broken: bool,
}

impl Reader {
    /// Takes the next points; of a channel that is no register nothing is kept.
    pub fn read(&mut self, plan: &ChannelPlan, points: &[Point]) {
        let ChannelKind::Register { modulus } = plan.kind else { return };
        for point in points {
            let Some(value) = point.usable().map(|value| value.micro()) else { continue };
            if let Some((at, last)) = self.before {
                let mut from = last;
                for exchange in plan.exchanges.iter().filter(|e| at < e.at && e.at <= point.at) {
                    self.added +=
                        i128::from(exchange.last.micro()) - i128::from(exchange.first.micro());
                    self.turns += 1;
                    from = exchange.first.micro();
                }
                if value < from {
                    let turn = modulus.map(|modulus| modulus.micro());
                    match turn.filter(|turn| from >= turn / 10 * 9 && value <= turn / 10) {
                        Some(turn) => {
                            self.added += i128::from(turn);
                            self.turns += 1;
                        }
                        None => self.is_broken = true,
                    }
                }
            }
            self.before = Some((point.at, value));
            if point.at.us().rem_euclid(INTERVAL_US) != 0 {
                continue;
            }
            match &mut self.account {
                None => {
                    let here = (point.at, value);
                    (self.added, self.turns) = (0, 0);
                    self.account = Some(Account { first: here, last: here, added: 0, turns: 0 });
                }
                Some(account) => {
                    account.last = (point.at, value);
                    (account.added, account.turns) = (self.added, self.turns);
                }
            }
        }
    }

    /// The account; `None` without two readings on a border of an interval, or where the register fell
    /// without a known cause.
    #[must_use]
    pub fn account(&self) -> Option<Account> {
        self.account.filter(|account| !self.is_broken && account.first.0 < account.last.0)
    }

    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::point::Content;
    use crate::config::plan::Exchange;
    use crate::config::plan::watch::Watch;
    use crate::domain::decimal::Fixed6;
    use crate::domain::flag::Flags;
    use crate::domain::id::{DeviceId, QuantityId, SiteId};
    use crate::domain::reading::ChannelKey;
    use crate::domain::unit::Unit;

    fn whole(value: i64) -> Fixed6 {
        Fixed6::from_micro(i128::from(value) * 1_000_000).unwrap()
    }

    fn minutes(count: i64) -> Timestamp {
        Timestamp::from_us(count * 60_000_000)
    }

    fn plan() -> ChannelPlan {
        let unit = Unit::parse("kWh").unwrap();
        ChannelPlan {
            key: ChannelKey {
                site: SiteId::parse("s").unwrap(),
                device: DeviceId::parse("d").unwrap(),
                quantity: QuantityId::parse("q").unwrap(),
            },
            kind: ChannelKind::Register { modulus: Some(whole(1_000)) },
            unit,
            sent_unit: unit,
            range: None,
            capacity: None,
            cadence_us: Some(900_000_000),
            installed: None,
            retired: None,
            exchanges: vec![Exchange { at: minutes(30), last: whole(20), first: whole(500) }],
            serial: String::new(),
            class: String::new(),
            watch: Watch::default(),
        }
    }

    fn account(readings: &[(i64, i64)]) -> Option<(i128, u64)> {
        let mut reader = Reader::default();
        // One point at a time: the account does not hang on how they come.
        for (at, value) in readings {
            let content = Content::Value(whole(*value));
            let point = Point { at: minutes(*at), content, flags: Flags::NONE, leaves: (0, 0) };
            reader.read(&plan(), &[point]);
        }
        reader.account().map(|account| (account.difference() / 1_000_000, account.turns))
    }

    #[test]
    fn the_account_is_the_last_less_the_first_with_turns_and_exchanges() {
        for (readings, expected) in [
            (&[(45, 10), (60, 12), (75, 19)][..], Some((9, 0))),
            // Rollover at 1,000; the exchange at minute 30 went from 20 to 500.
            (&[(45, 995), (60, 3)], Some((8, 1))),
            (&[(15, 15), (30, 501), (45, 504)], Some((9, 1))),
            // Between borders the first and last on a border count.
            (&[(45, 10), (60, 12), (70, 15)], Some((2, 0))),
            (&[(50, 10), (60, 12)], None),
            (&[(45, 10), (60, 3)], None),
            (&[(45, 10)], None),
        ] {
            assert_eq!(account(readings), expected, "{readings:?}");
        }
    }
}
