//! V-CLOCK over days: all readings of a day reached us later than the tolerance, and all by about the
//! same: a clock that is behind. Buffered values come late too, but by lengths that differ, and are
//! welcome; a stamp ahead of its receipt is flagged as it is read.

use super::Finding;
use crate::aggregate::point::Point;
use crate::config::plan::ChannelPlan;
use crate::domain::flag::{Code, Severity};
use crate::domain::reading::ChannelId;
use crate::domain::time::Timestamp;

const MINUTE_US: i64 = 60_000_000;

/// `received` gives the time of receipt of a leaf that a gateway sent as it measured.
pub fn check(
    channel: ChannelId,
    plan: &ChannelPlan,
    points: &[Point],
    received: impl Fn(i64) -> Option<Timestamp>,
) -> Vec<Finding> {
    let behind_us = plan.watch.settings.number(Code::Clock, "behind_minutes") * MINUTE_US;
    let least = plan.watch.settings.count(Code::Clock, "readings");
    let mut found = Vec::new();
    for day in points.chunk_by(|a, b| a.at.day() == b.at.day()) {
        let lags: Vec<i64> = day
            .iter()
            .filter_map(|point| Some(received(point.leaves.0)?.us() - point.at.us()))
            .collect();
        let (Some(low), Some(high)) = (lags.iter().min(), lags.iter().max()) else { continue };
        if lags.len() < least || *low < behind_us || high - low > behind_us {
            continue;
        }
        found.push(Finding {
            code: Code::Clock,
            severity: Severity::Minor,
            channel,
            from: day[0].at,
            to: Timestamp::from_us(day[day.len() - 1].at.us() + 1),
            count: lags.len() as u64,
            message: format!(
                "all {} readings of {} were stamped {} to {} minutes before they came: the device's \
                 clock is behind, or its stamps are of another zone",
                lags.len(),
                day[0].at.day(),
                low / MINUTE_US,
                high / MINUTE_US
            ),
        });
    }
    found
}
