//! A register's own account of a period: its last reading less its first, with what exchanges and
//! rollovers add. The second path beside the sum of intervals (V-PATHS).
//!
//! Takes the points of a channel month by month, in order; holds three of them, whatever the length.

use super::point::Point;
use super::register::{in_force, multiplied, read};
use crate::config::plan::{ChannelKind, ChannelPlan, Register};
use crate::domain::time::{INTERVAL_US, Timestamp};

/// What a register says of the time between two readings of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Stamps and values of the first and last reading on a border of an interval, in micro-units, as
    /// the meter of its time shows them.
    pub first: (Timestamp, i64),
    pub last: (Timestamp, i64),
    /// What it counted between them, by the multiplier of each meter, in micro-units.
    pub counted: i128,
    /// How often it turned over or was exchanged between them.
    pub turns: u64,
}

/// Reads a register's points and keeps its account.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    account: Option<Account>,
    /// Last usable point, on a border or not.
    before: Option<(Timestamp, i128)>,
    /// What meters that were taken off counted since the first point of the account.
    closed: i128,
    /// What the present meter counted since it was put on or the account began, as it shows it.
    shown: i128,
    turns: u64,
    /// True once it fell without a cause that is known, or nobody read a meter that was taken off:
    /// then it has no account.
    is_broken: bool,
}

impl Reader {
    /// Takes the next points; of a channel that is no register nothing is kept.
    pub fn read(&mut self, plan: &ChannelPlan, points: &[Point]) {
        let ChannelKind::Register { modulus } = plan.kind else { return };
        let own = Register { modulus, multiplier: plan.dial.multiplier };
        for point in points {
            let Some(value) = read(plan, point) else { continue };
            if let Some((at, last)) = self.before {
                let mut from = last;
                let mut register = in_force(plan, own, at);
                for exchange in plan.exchanges.iter().filter(|e| at < e.on && e.on <= point.at) {
                    match exchange.last {
                        Some(last) => self.step(register, from, last.micro().into()),
                        None => self.is_broken = true,
                    }
                    self.closed += multiplied(self.shown, register);
                    (self.shown, self.turns) = (0, self.turns + 1);
                    from = exchange.first.micro().into();
                    register = exchange.new.unwrap_or(own);
                }
                self.step(register, from, value);
            }
            self.before = Some((point.at, value));
            if point.at.us().rem_euclid(INTERVAL_US) != 0 {
                continue;
            }
            let here = (point.at, i64::try_from(value).unwrap_or(i64::MAX));
            match &mut self.account {
                None => {
                    (self.closed, self.shown, self.turns) = (0, 0, 0);
                    self.account = Some(Account { first: here, last: here, counted: 0, turns: 0 });
                }
                Some(account) => {
                    let present = multiplied(self.shown, in_force(plan, own, point.at));
                    account.last = here;
                    (account.counted, account.turns) = (self.closed + present, self.turns);
                }
            }
        }
    }

    /// One meter from one reading to the next.
    fn step(&mut self, register: Register, before: i128, after: i128) {
        self.shown += after - before;
        if after >= before {
            return;
        }
        let turn = register.modulus.map(|modulus| i128::from(modulus.micro()));
        match turn.filter(|turn| before >= turn / 10 * 9 && after <= turn / 10) {
            Some(turn) => {
                self.shown += turn;
                self.turns += 1;
            }
            None => self.is_broken = true,
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
    use crate::config::plan::watch::Watch;
    use crate::config::plan::{Dial, Exchange};
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
            exchanges: vec![Exchange {
                off: minutes(30),
                on: minutes(30),
                last: Some(whole(20)),
                first: whole(500),
                is_disconnected: false,
                old: None,
                new: None,
            }],
            device: None,
            dial: Dial::PRIMARY,
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
        reader.account().map(|account| (account.counted / 1_000_000, account.turns))
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
