//! V-PRECISION over a stretch: readings with more decimals than are stored, or than the meter shows.

use super::Finding;
use crate::aggregate::point::Point;
use crate::config::plan::ChannelPlan;
use crate::domain::flag::{Code, Severity};
use crate::domain::reading::ChannelId;
use crate::domain::time::Timestamp;

pub fn check(channel: ChannelId, plan: &ChannelPlan, points: &[Point]) -> Vec<Finding> {
    let mut flagged = points.iter().filter(|point| point.flags.has(Code::Precision));
    let Some(first) = flagged.next() else { return Vec::new() };
    let (count, last) = flagged.fold((1, first), |(count, _), point| (count + 1, point));
    let (severity, what) = match plan.watch.decimals {
        Some(decimals) => {
            (Severity::Minor, format!("the meter shows {decimals}: they were calculated, not read"))
        }
        None => (Severity::Info, "six are stored, the rest is rounded half-even".to_owned()),
    };
    vec![Finding {
        code: Code::Precision,
        severity,
        channel,
        from: first.at,
        to: Timestamp::from_us(last.at.us() + 1),
        count,
        message: format!("{count} readings with more decimals than expected; {what}"),
    }]
}
