//! A channel day by day, for the checks that look at days: local dates of the accounting zone.

use super::super::Input;
use super::super::collect::Series;
use crate::domain::time::{Date, Timestamp};

/// A local day of a channel in service.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    pub date: Date,
    pub from: Timestamp,
    pub to: Timestamp,
    pub covered_us: i64,
    /// Sum of the measured values of its intervals, micro-units.
    pub sum: i128,
    /// Intervals with a measured value.
    pub count: i64,
}

impl Day {
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.covered_us == self.to.us() - self.from.us()
    }
}

/// The days of the period in which the channel served all day, in order.
pub fn days(input: &Input<'_>, series: &Series<'_>) -> Vec<Day> {
    let zone = &input.plan.registered.zone;
    let day = |date: Date| {
        let (from, to) = (zone.start_of(date), zone.start_of(date.next()));
        if series.in_service(from, to) != Some((from, to)) {
            return None;
        }
        let rows = series.rows(from, to);
        let measured = || rows.iter().filter_map(|row| row.measured);
        Some(Day {
            date,
            from,
            to,
            covered_us: rows.iter().map(|row| row.covered_us).sum(),
            sum: measured().map(|value| i128::from(value.micro())).sum(),
            count: measured().count() as i64,
        })
    };
    input.period.dates().filter_map(day).collect()
}

/// The middle of values; of an even number half the sum of both. `None` of none.
pub fn median(values: impl Iterator<Item = i128>) -> Option<i128> {
    let mut sorted: Vec<i128> = values.collect();
    sorted.sort_unstable();
    let last = sorted.len().checked_sub(1)?;
    Some((sorted[last / 2] + sorted[last.div_ceil(2)]).div_euclid(2))
}
