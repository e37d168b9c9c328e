//! Defects of simulated data: what is done to a device's records, when, and what becomes of it.

use std::fmt;

use super::record::{Body, Record};
use crate::domain::time::{INTERVAL_US, Timestamp, Zone};

/// A defect at a stated time of one device's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    pub device: &'static str,
    /// First record touched.
    pub at: Timestamp,
    pub kind: Kind,
}

/// What goes wrong. Spans are counted in records of 15 minutes; values are thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Records that are never sent.
    Gap { records: i64 },
    /// Records that are sent twice.
    Duplicates { records: i64 },
    /// Records that are sent newest first.
    OutOfOrder { records: i64 },
    /// A second record of the same stamp whose value differs.
    Conflict { quantity: &'static str, by: i64 },
    /// A value that stays what it was.
    Stuck { quantity: &'static str, records: i64 },
    /// A payload cut in the middle.
    Undecodable,
    /// A value that no device of the plan can show.
    OutOfRange { quantity: &'static str, value: i64 },
    /// A quantity that the plan does not know.
    UnknownChannel,
    /// A record stamped decades ahead.
    FutureStamp,
    /// The register passes its last digit and begins again.
    Rollover { quantity: &'static str, modulus: i64 },
    /// The register begins again at zero: its meter lost its memory.
    Reset { quantity: &'static str },
}

impl Defect {
    /// Does to the records of the defect's device what it says. Records without a place for it (days
    /// too short) stay as they are.
    #[must_use]
    pub fn apply(&self, mut records: Vec<Record>) -> Vec<Record> {
        let Some(first) = records.iter().position(|record| record.at == self.at) else {
            return records;
        };
        let count = usize::try_from(self.records()).unwrap_or(1);
        let end = (first + count).min(records.len());
        match self.kind {
            Kind::Gap { .. } => drop(records.drain(first..end)),
            Kind::Duplicates { .. } => {
                let again = records[first..end].to_vec();
                records.splice(end..end, again);
            }
            Kind::OutOfOrder { .. } => records[first..end].reverse(),
            Kind::Conflict { quantity, by } => {
                let value = records[first].value(quantity).unwrap_or(0);
                let other = Record::values(self.at, vec![(quantity, value + by)]);
                records.insert(end, other);
            }
            Kind::Stuck { quantity, .. } => {
                let value = records[first].value(quantity).unwrap_or(0);
                set(&mut records[first..end], quantity, |_| value);
            }
            Kind::Undecodable => {
                let body = Body::Raw(br#"{"ts":"2026-01-01T00:00:00Z","values":{"#.to_vec());
                records.insert(end, Record { at: self.at, body });
            }
            Kind::OutOfRange { quantity, value } => {
                set(&mut records[first..end], quantity, |_| value);
            }
            Kind::UnknownChannel => {
                records.insert(end, Record::values(self.at, vec![("spare", 1_000)]));
            }
            Kind::FutureStamp => {
                let values = records[first].body.clone();
                // 2099: whatever the clock of the receiver says, ahead of it.
                let at = Timestamp::from_us(4_070_908_800_000_000);
                records.insert(end, Record { at, body: values });
            }
            Kind::Rollover { quantity, modulus } => {
                let here = records[first].value(quantity).unwrap_or(0);
                set(&mut records, quantity, |value| (value - here).rem_euclid(modulus));
            }
            Kind::Reset { quantity } => {
                let here = records[first].value(quantity).unwrap_or(0);
                set(&mut records[first..], quantity, |value| value - here);
            }
        }
        records
    }

    /// The defect as a sentence with local times, and what the tables make of it.
    #[must_use]
    pub fn tell(&self, zone: &Zone) -> String {
        format!("{}  {:<10} {}", zone.show(self.at), self.device, self.kind)
    }

    /// How many records it touches, at least 1.
    fn records(&self) -> i64 {
        match self.kind {
            Kind::Gap { records }
            | Kind::Duplicates { records }
            | Kind::OutOfOrder { records }
            | Kind::Stuck { records, .. } => records,
            _ => 1,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = |records: i64| {
            let minutes = records * INTERVAL_US / 60_000_000;
            format!("{}:{:02} h", minutes / 60, minutes % 60)
        };
        match self {
            Self::Gap { records } => {
                write!(f, "gap of {}: nothing is sent (V-GAP)", hours(*records))
            }
            Self::Duplicates { records } => {
                write!(f, "{records} records are sent twice (V-DUP, refused once each)")
            }
            Self::OutOfOrder { records } => {
                write!(f, "{records} records come newest first (no effect on any figure)")
            }
            Self::Conflict { quantity, .. } => {
                write!(f, "a second, different {quantity} for the same stamp (V-CONFLICT)")
            }
            Self::Stuck { quantity, records } => {
                write!(f, "{quantity} shows the same value for {} (stuck meter)", hours(*records))
            }
            Self::Undecodable => write!(f, "a payload cut in the middle (V-SCHEMA, refused)"),
            Self::OutOfRange { quantity, .. } => {
                write!(f, "{quantity} beyond the limits of its channel (V-RANGE, held)")
            }
            Self::UnknownChannel => {
                write!(f, "a quantity that the plan does not know (V-CHANNEL, refused)")
            }
            Self::FutureStamp => write!(f, "a record stamped in 2099 (V-TIME, refused)"),
            Self::Rollover { quantity, .. } => {
                write!(f, "register {quantity} passes its last digit (V-ROLLOVER)")
            }
            Self::Reset { quantity } => {
                write!(f, "register {quantity} starts again at zero (V-RESET)")
            }
        }
    }
}

fn set(records: &mut [Record], quantity: &str, new: impl Fn(i64) -> i64) {
    for value in records.iter_mut().filter_map(|record| record.value_mut(quantity)) {
        *value = new(*value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(record: i64) -> Timestamp {
        Timestamp::from_us(record * INTERVAL_US)
    }

    /// Six records 10, 20, .., 60, as `stamp:value`; `!` is no record.
    fn after(kind: Kind) -> String {
        let records =
            (0..6).map(|i| Record::values(at(i), vec![("E", (i + 1) * 10)])).collect::<Vec<_>>();
        let defect = Defect { device: "d", at: at(2), kind };
        let shown = defect.apply(records).into_iter().map(|record| match &record.body {
            Body::Raw(_) => "!".to_owned(),
            Body::Values(values) => {
                format!("{}:{}", record.at.us() / INTERVAL_US, values[0].1)
            }
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_defect_does_what_it_says() {
        let quantity = "E";
        for (kind, expected) in [
            (Kind::Gap { records: 2 }, "0:10 1:20 4:50 5:60"),
            (Kind::Duplicates { records: 2 }, "0:10 1:20 2:30 3:40 2:30 3:40 4:50 5:60"),
            (Kind::OutOfOrder { records: 3 }, "0:10 1:20 4:50 3:40 2:30 5:60"),
            (Kind::Conflict { quantity, by: 7 }, "0:10 1:20 2:30 2:37 3:40 4:50 5:60"),
            (Kind::Stuck { quantity, records: 3 }, "0:10 1:20 2:30 3:30 4:30 5:60"),
            (Kind::Undecodable, "0:10 1:20 2:30 ! 3:40 4:50 5:60"),
            (Kind::OutOfRange { quantity, value: 999 }, "0:10 1:20 2:999 3:40 4:50 5:60"),
            (Kind::UnknownChannel, "0:10 1:20 2:30 2:1000 3:40 4:50 5:60"),
            (Kind::FutureStamp, "0:10 1:20 2:30 4523232:30 3:40 4:50 5:60"),
            (Kind::Rollover { quantity, modulus: 100 }, "0:80 1:90 2:0 3:10 4:20 5:30"),
            (Kind::Reset { quantity }, "0:10 1:20 2:0 3:10 4:20 5:30"),
        ] {
            assert_eq!(after(kind), expected, "{kind:?}");
        }
    }
}
