//! What a register bridged across the border of a cell of the calendar: how much of it each side can hold.
//!
//! `intervals` spread it evenly over time; which cell it was counted in nobody knows. Where that matters to the
//! equations each cell counts by the least and the most that capacity allows it, each cell for itself: no
//! split of the total claims less than the lowest of these bounds. Pure, exact integers.

use super::collect::Series;
use crate::aggregate::interval::IntervalRow;
use crate::domain::decimal::Fixed6;
use crate::domain::flag::Quality;
use crate::domain::time::{INTERVAL_US, Timestamp};

/// By how much `[from, to)` of a channel can have counted less, and more, than the even split says, in
/// micro-units of its intervals; `None` where nothing was bridged across its borders.
pub(super) fn shares(
    channel: &Series<'_>,
    (from, to): (Timestamp, Timestamp),
) -> Option<(i128, i128)> {
    let rows = &channel.rows;
    let begin = rows.partition_point(|row| row.start.start() < from);
    let end = rows.partition_point(|row| row.start.start() < to);
    let (mut less, mut more) = (0, 0);
    let mut seen = None;
    // The run that begins before the cell, and the one that ends after it; maybe the same.
    for border in [begin, end] {
        let Some((first, last)) = run_over(rows, border) else { continue };
        if seen.replace(first) == Some(first) {
            continue;
        }
        let (run, inside) = (&rows[first..last], &rows[first.max(begin)..last.min(end)]);
        let sum = |rows: &[IntervalRow]| -> i128 {
            rows.iter().filter_map(|row| row.value).map(|value| i128::from(value.micro())).sum()
        };
        let (whole, counted) = (sum(run), sum(inside));
        let most = |count: usize| match channel.plan.capacity {
            Some(rate) => of_capacity(rate, count as i64 * INTERVAL_US),
            None => whole,
        };
        let least = (whole - most(run.len() - inside.len())).max(0).min(counted);
        let greatest = most(inside.len()).min(whole).max(counted);
        less += counted - least;
        more += greatest - counted;
    }
    seen.map(|_| (less, more))
}

/// The places of the rows that were bridged without a break across the border before `border`.
fn run_over(rows: &[IntervalRow], border: usize) -> Option<(usize, usize)> {
    let is_joined = |place: usize| {
        place > 0
            && place < rows.len()
            && is_bridged(&rows[place - 1])
            && is_bridged(&rows[place])
            && rows[place].start.0 == rows[place - 1].start.0 + 1
    };
    if !is_joined(border) {
        return None;
    }
    let (mut first, mut last) = (border - 1, border + 1);
    while is_joined(first) {
        first -= 1;
    }
    while is_joined(last) {
        last += 1;
    }
    Some((first, last))
}

fn is_bridged(row: &IntervalRow) -> bool {
    row.quality == Quality::T && row.value.is_some()
}

/// The most that can be counted in a time, rounded up.
fn of_capacity(per_hour: Fixed6, time_us: i64) -> i128 {
    let hour_us = 3_600_000_000;
    (i128::from(per_hour.micro()) * i128::from(time_us) + hour_us - 1).div_euclid(hour_us)
}
