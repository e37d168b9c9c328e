//! A recorded hold laid over intervals: what was measured there counts by its bounds.

use super::amount_over_up;
use super::interval::IntervalRow;
use crate::config::plan::ChannelPlan;
use crate::domain::decimal::Fixed6;
use crate::domain::flag::{Code, Quality};
use crate::domain::time::{INTERVAL_US, Timestamp};

/// An interval under a hold: from zero, or what it was below, to the channel's capacity or range, or
/// what it was above; without either its bounds are not known, and whoever adds up takes those of the
/// parameter.
#[must_use]
pub fn held(row: &IntervalRow, plan: &ChannelPlan) -> IntervalRow {
    let bounds = match plan.is_amount() {
        true => plan.capacity.map(|rate| {
            let most = amount_over_up(rate.micro().into(), INTERVAL_US);
            (Fixed6::from_micro(0).ok(), Fixed6::from_micro(most).ok())
        }),
        false => plan.range.map(|(low, high)| (Some(low), Some(high))),
    };
    let (least, most) = bounds.unwrap_or((None, None));
    let known = |of: Option<Fixed6>| of.or(row.measured);
    IntervalRow {
        value: None,
        measured: None,
        low: least.map(|least| known(row.low).map_or(least, |low| low.min(least))),
        high: most.map(|most| known(row.high).map_or(most, |high| high.max(most))),
        covered_us: 0,
        quality: Quality::Z,
        flags: row.flags.with(Code::Held),
        ..*row
    }
}

/// True if an interval touches `[from, to)`.
#[must_use]
pub fn touches(row: &IntervalRow, from: Timestamp, to: Timestamp) -> bool {
    row.start.start() < to && row.start.end() > from
}
