//! V-ALLOCATED: a register bridged a gap exactly in total, and a border that matters lies inside it.
//!
//! Takes the usable readings around the border; gives the gap with its total, and its split: how much
//! was counted by each border. Intervals hold the split that is even over time; a claim may have to
//! use another (`period`), whose parts add up to the same total. Exact integers.

use super::amount_over_up;
use super::interval::IntervalRow;
use super::point::Point;
use super::span::{Known, Span, spans};
use crate::config::plan::ChannelPlan;
use crate::domain::decimal::{Fixed6, divide_half_even};
use crate::domain::flag::Quality;
use crate::domain::time::Timestamp;

/// A gap that a register bridged, with borders inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    pub from: Timestamp,
    pub to: Timestamp,
    /// In the unit of the channel's intervals.
    pub total: Fixed6,
    /// Strictly inside, in order.
    pub borders: Vec<Timestamp>,
    /// Most per hour, in the same unit; `None`: not known.
    pub per_hour: Option<Fixed6>,
    pub leaves: (i64, i64),
}

/// The gap of a register in which `border` lies, if there is one. `points` are the channel's usable
/// readings around it: at least the last before and the first after.
#[must_use]
pub fn crossing(plan: &ChannelPlan, points: &[Point], border: Timestamp) -> Option<Crossing> {
    let inside = |span: &Span| span.quality == Quality::T && span.from < border && border < span.to;
    let span = spans(plan, points).into_iter().find(inside)?;
    let Known::Amount(total) = span.known else { return None };
    Some(Crossing {
        from: span.from,
        to: span.to,
        total: Fixed6::from_micro(total).ok()?,
        borders: vec![border],
        per_hour: plan.capacity,
        leaves: span.leaves,
    })
}

/// How a gap's total is split: what was counted from its begin to each border, in micro-units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Split {
    /// Even over time, as in `intervals`.
    Even,
    /// One number per border, never falling, at most the total.
    At(Vec<i64>),
}

impl Crossing {
    /// What was counted by each border where the split is even over time.
    #[must_use]
    pub fn even(&self) -> Vec<i64> {
        let whole = i128::from(self.total.micro());
        let until = |border: &Timestamp| Self::part(whole, self.from, self.to, *border) as i64;
        self.borders.iter().map(until).collect()
    }

    /// The least and the most that can have been counted by border `place`, where `until` stands at
    /// the other borders: nothing below zero, nothing beyond capacity on either side.
    #[must_use]
    pub fn bounds(&self, until: &[i64], place: usize) -> (i64, i64) {
        let border = self.borders[place];
        let before = match place.checked_sub(1) {
            Some(earlier) => (self.borders[earlier], until[earlier]),
            None => (self.from, 0),
        };
        let after = match self.borders.get(place + 1) {
            Some(later) => (*later, until[place + 1]),
            None => (self.to, self.total.micro()),
        };
        let most = |from: Timestamp, to: Timestamp| match self.per_hour {
            Some(rate) => {
                let most = amount_over_up(rate.micro().into(), to.us() - from.us());
                i64::try_from(most).unwrap_or(i64::MAX)
            }
            None => i64::MAX,
        };
        let low = after.1.saturating_sub(most(border, after.0)).max(before.1);
        let high = before.1.saturating_add(most(before.0, border)).min(after.1);
        (low.min(high), high)
    }

    /// Alters the rows of the channel from one split to another.
    pub fn resplit(&self, rows: &mut [IntervalRow], old: &Split, new: &Split) {
        let begin = rows.partition_point(|row| row.start.end() <= self.from);
        let inside = rows[begin..].iter_mut().take_while(|row| row.start.start() < self.to);
        for row in inside {
            let ends = (row.start.start().max(self.from), row.start.end().min(self.to));
            let inside = |split| self.until(split, ends.1) - self.until(split, ends.0);
            let change = inside(new) - inside(old);
            let moved = |value: Option<Fixed6>| {
                value.and_then(|value| Fixed6::from_micro(i128::from(value.micro()) + change).ok())
            };
            (row.value, row.measured) = (moved(row.value), moved(row.measured));
            (row.low, row.high) = (moved(row.low), moved(row.high));
        }
    }

    /// What was counted from the begin of the gap to `at`.
    fn until(&self, split: &Split, at: Timestamp) -> i128 {
        let whole = i128::from(self.total.micro());
        let Split::At(until) = split else { return Self::part(whole, self.from, self.to, at) };
        let (mut from, mut counted) = (self.from, 0);
        let ends = self.borders.iter().copied().chain([self.to]);
        for (to, sum) in ends.zip(until.iter().copied().chain([self.total.micro()])) {
            if at <= to {
                return i128::from(counted) + Self::part(i128::from(sum - counted), from, to, at);
            }
            (from, counted) = (to, sum);
        }
        whole
    }

    /// The part of an amount, even over `[from, to)`, that was counted by `at`.
    fn part(amount: i128, from: Timestamp, to: Timestamp, at: Timestamp) -> i128 {
        let length = i128::from(to.us() - from.us()).max(1);
        divide_half_even(amount * i128::from(at.us() - from.us()), length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::point::Content;
    use crate::config::plan::Dial;
    use crate::config::plan::{ChannelKind, watch::Watch};
    use crate::domain::flag::Flags;
    use crate::domain::id::{DeviceId, QuantityId, SiteId};
    use crate::domain::reading::{ChannelId, ChannelKey};
    use crate::domain::time::Interval;
    use crate::domain::unit::Unit;

    fn micro(value: i64) -> Fixed6 {
        Fixed6::from_micro(value.into()).unwrap()
    }

    fn hours(count: i64) -> Timestamp {
        Timestamp::from_us(count * 3_600_000_000)
    }

    /// A register of 1 unit an hour, read every hour.
    fn plan() -> ChannelPlan {
        let unit = Unit::parse("MWh").unwrap();
        ChannelPlan {
            key: ChannelKey {
                site: SiteId::parse("s").unwrap(),
                device: DeviceId::parse("d").unwrap(),
                quantity: QuantityId::parse("q").unwrap(),
            },
            kind: ChannelKind::Register { modulus: None },
            unit,
            sent_unit: unit,
            range: None,
            capacity: Some(micro(1_000_000)),
            cadence_us: Some(3_600_000_000),
            installed: None,
            retired: None,
            exchanges: Vec::new(),
            device: None,
            dial: Dial::PRIMARY,
            serial: String::new(),
            class: String::new(),
            watch: Watch::default(),
        }
    }

    fn points(readings: &[(i64, i64)]) -> Vec<Point> {
        let point = |(hour, value): &(i64, i64)| Point {
            at: hours(*hour),
            content: Content::Value(micro(*value)),
            flags: Flags::NONE,
            leaves: (0, 0),
        };
        readings.iter().map(point).collect()
    }

    #[test]
    fn only_a_bridged_gap_with_the_border_inside_is_one() {
        for (readings, border, expected) in [
            (&[(0, 0), (12, 1_800_000)][..], 6, true),
            (&[(0, 0), (12, 1_800_000)], 0, false),
            (&[(0, 0), (12, 1_800_000)], 12, false),
            // Hour by hour nothing is bridged; beyond capacity nothing is exact.
            (&[(5, 0), (6, 100)], 6, false),
            (&[(0, 0), (12, 13_000_000)], 6, false),
        ] {
            let found = crossing(&plan(), &points(readings), hours(border));
            assert_eq!(found.is_some(), expected, "{readings:?} {border}");
        }
    }

    #[test]
    fn a_split_stays_within_capacity_and_adds_up() {
        let points = points(&[(0, 0), (12, 7_000_001)]);
        let found = crossing(&plan(), &points, hours(6)).unwrap();
        assert_eq!(found.even(), [3_500_000]);
        assert_eq!(found.bounds(&[0], 0), (1_000_001, 6_000_000));
        let unbound = Crossing { per_hour: None, ..found.clone() };
        assert_eq!(unbound.bounds(&[0], 0), (0, 7_000_001));
        let spans = spans(&plan(), &points);
        let original = crate::aggregate::interval::intervals(
            ChannelId(0),
            &plan(),
            &spans,
            &points,
            Interval(0),
            Interval(99),
        );
        for until in [1_000_001, 3_500_000, 6_000_000] {
            let mut rows = original.clone();
            let split = Split::At(vec![until]);
            found.resplit(&mut rows, &Split::Even, &split);
            let sum = |rows: &[IntervalRow]| -> i64 {
                rows.iter().filter_map(|row| row.value).map(Fixed6::micro).sum()
            };
            assert_eq!((sum(&rows[..24]), sum(&rows)), (until, 7_000_001));
            assert!(rows.iter().all(|row| row.value == row.low && row.value == row.high));
            found.resplit(&mut rows, &split, &Split::Even);
            assert_eq!(rows, original, "back again");
        }
    }
}
