//! V-STEP: a value jumps against the one before it, by a share of what the channel can show.
//!
//! Registers are left to V-CAPACITY, which knows what they can count in the time.

use super::{Alone, Finding, shown, usable};
use crate::aggregate::point::Point;
use crate::config::plan::{ChannelKind, ChannelPlan};
use crate::domain::flag::{Code, Severity};
use crate::domain::reading::ChannelId;

pub fn check(channel: ChannelId, plan: &ChannelPlan, points: &[Point]) -> Vec<Finding> {
    let Some(width) = width(plan) else { return Vec::new() };
    let percent = i128::from(plan.watch.settings.number(Code::Step, "percent"));
    let mut alone = Alone::default();
    for pair in usable(points).windows(2) {
        let ((_, before), (at, after)) = (pair[0], pair[1]);
        let jump = (i128::from(after) - i128::from(before)).abs();
        if jump * 100 >= width * percent {
            alone.add(at, jump, || {
                format!("from {} to {} {}", shown(before), shown(after), plan.unit)
            });
        }
    }
    let what = format!("jumps by {percent} % or more of what the channel can show");
    alone.finding(Code::Step, Severity::Info, channel, &what).into_iter().collect()
}

/// From the lowest to the highest that one reading can show; `None` where it is not known.
fn width(plan: &ChannelPlan) -> Option<i128> {
    let of_range = plan.range.map(|(low, high)| i128::from(high.micro()) - i128::from(low.micro()));
    let capacity = plan.capacity.map(|capacity| i128::from(capacity.micro()));
    let width = match plan.kind {
        ChannelKind::Register { .. } => None,
        // Capacity is per hour, a delta's value per cadence.
        ChannelKind::Delta { .. } => {
            let per_cadence = capacity.zip(plan.cadence_us);
            of_range.or(per_cadence.map(|(rate, us)| rate * i128::from(us) / 3_600_000_000))
        }
        ChannelKind::Gauge(_) => of_range.or(capacity),
    };
    width.filter(|width| *width > 0)
}
