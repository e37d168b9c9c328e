//! Points: the readings of one channel with what is in doubt about them.

use crate::decode::act::Settled;
use crate::domain::decimal::Fixed6;
use crate::domain::flag::{Code, Flags};
use crate::domain::reading::{Conflict, Reading};
use crate::domain::time::Timestamp;

/// What one identity says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Value(Fixed6),
    /// Held until a person decides.
    Held(Fixed6),
    /// Undecided between these, both inclusive.
    Conflict {
        low: Fixed6,
        high: Fixed6,
    },
}

/// One identity of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    pub at: Timestamp,
    pub content: Content,
    pub flags: Flags,
    /// Lowest and highest leaf that it stands on.
    pub leaves: (i64, i64),
}

impl Point {
    /// The value, if it is undoubted.
    #[must_use]
    pub fn usable(&self) -> Option<Fixed6> {
        match self.content {
            Content::Value(value) => Some(value),
            Content::Held(_) | Content::Conflict { .. } => None,
        }
    }
}

/// The points of one channel from its readings and conflicts, both sorted by stamp. `settle` gives
/// what recorded acts say of a stamp with these values.
pub fn points(
    readings: &[Reading],
    conflicts: &[Conflict],
    settle: impl Fn(Timestamp, &[Fixed6]) -> Settled,
) -> Vec<Point> {
    let mut conflicts = conflicts;
    let mut points = Vec::with_capacity(readings.len());
    let mut values = Vec::new();
    for reading in readings {
        conflicts = &conflicts[conflicts.partition_point(|c| c.reading.at < reading.at)..];
        let count = conflicts.partition_point(|c| c.reading.at <= reading.at);
        let others = &conflicts[..count];
        values.clear();
        values.push(reading.value);
        values.extend(others.iter().map(|conflict| conflict.reading.value));
        let places = others.iter().map(|conflict| conflict.reading.place.leaf);
        let leaves = places.fold((reading.place.leaf, reading.place.leaf), |(low, high), leaf| {
            (low.min(leaf), high.max(leaf))
        });
        let mut flags = reading.flags;
        let content = match settle(reading.at, &values) {
            Settled::Value(value, code) => {
                flags.insert(code);
                Content::Value(value)
            }
            Settled::Contradicted { low, high } => {
                flags.insert(Code::Conflict);
                Content::Conflict { low, high }
            }
            Settled::Off => {
                flags.insert(Code::Exchange);
                Content::Held(reading.value)
            }
            Settled::Open if others.is_empty() => match reading.flags.is_held() {
                true => Content::Held(reading.value),
                false => Content::Value(reading.value),
            },
            Settled::Open => {
                flags.insert(Code::Conflict);
                let low = values.iter().copied().min().unwrap_or(reading.value);
                let high = values.iter().copied().max().unwrap_or(reading.value);
                Content::Conflict { low, high }
            }
        };
        points.push(Point { at: reading.at, content, flags, leaves });
    }
    points
}
