//! V-SPIKE: an outlier against the median of its neighbours (Hampel's filter: more than k scaled
//! median absolute deviations away; scale 1.4826, Hampel 1974, as pvanalytics' `hampel` does).
//!
//! Where most neighbours are equal the deviation is zero and nothing is told: V-STEP sees jumps.

use super::{Alone, Finding, shown, usable};
use crate::aggregate::point::Point;
use crate::config::plan::{ChannelKind, ChannelPlan};
use crate::domain::flag::{Code, Severity};
use crate::domain::reading::ChannelId;

/// The deviation of a normal distribution over its median absolute deviation, in ten-thousandths.
const SCALE: i128 = 14_826;

pub fn check(channel: ChannelId, plan: &ChannelPlan, points: &[Point]) -> Vec<Finding> {
    if matches!(plan.kind, ChannelKind::Register { .. }) {
        return Vec::new();
    }
    let window = plan.watch.settings.count(Code::Spike, "window") | 1;
    let k = i128::from(plan.watch.settings.number(Code::Spike, "k"));
    let values = usable(points);
    let mut alone = Alone::default();
    let mut sorted = Vec::with_capacity(window);
    for around in values.windows(window) {
        let (at, value) = around[window / 2];
        let mut median = |of: &dyn Fn(i64) -> i128| {
            sorted.clear();
            sorted.extend(around.iter().map(|(_, value)| of(*value)));
            sorted.sort_unstable();
            sorted[window / 2]
        };
        let middle = median(&|value| i128::from(value));
        let deviation = median(&|value| (i128::from(value) - middle).abs());
        let away = (i128::from(value) - middle).abs();
        if deviation > 0 && away * 10_000 > k * SCALE * deviation {
            alone.add(at, away, || {
                let middle = shown(i64::try_from(middle).unwrap_or(i64::MAX));
                format!("{} {} where its neighbours have {middle}", shown(value), plan.unit)
            });
        }
    }
    let what = format!("values beyond {k} deviations of the {window} around them");
    alone.finding(Code::Spike, Severity::Info, channel, &what).into_iter().collect()
}
