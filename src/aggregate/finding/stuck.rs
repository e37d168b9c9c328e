//! V-STUCK: equal values in a row where the quantity should move.
//!
//! Context decides: zero is rest, a solar meter sleeps while the sun is below the horizon (what it
//! counts then is V-NIGHT), an inverter at its limit clips, a register that stands still counts
//! nothing, and a gauge that reports on change repeats itself only when asked; none of these is stuck.

use super::Finding;
use crate::aggregate::point::Point;
use crate::aggregate::sun::Nights;
use crate::config::plan::{ChannelKind, ChannelPlan, GaugeRule};
use crate::domain::flag::{Code, Severity};
use crate::domain::reading::ChannelId;
use crate::domain::time::Timestamp;

pub fn check(channel: ChannelId, plan: &ChannelPlan, points: &[Point]) -> Vec<Finding> {
    let is_checked =
        matches!(plan.kind, ChannelKind::Delta { .. } | ChannelKind::Gauge(GaugeRule::Mean { .. }));
    if !is_checked {
        return Vec::new();
    }
    let settings = &plan.watch.settings;
    let window = settings.count(Code::Stuck, "window");
    let tolerance = i128::from(settings.number(Code::Stuck, "tolerance_ppm"));
    let elevation = settings.number(Code::Night, "elevation_deg");
    let mut nights = plan.watch.sun.map(|place| Nights::new(place, elevation));
    let is_equal = |a: i64, b: i64| {
        let (apart, size) =
            ((i128::from(a) - i128::from(b)).abs(), i128::from(a.abs().max(b.abs())));
        apart * 1_000_000 <= size * tolerance
    };
    let value = |point: &Point| point.usable().map(|value| value.micro());
    let are_equal =
        |a: &Point, b: &Point| value(a).zip(value(b)).is_some_and(|(a, b)| is_equal(a, b));
    let mut found = Vec::new();
    for run in points.chunk_by(are_equal).filter(|run| run.len() >= window) {
        let Some(first) = run[0].usable() else { continue };
        let is_clipped =
            plan.watch.clipping.is_some_and(|level| is_equal(level.micro(), first.micro()));
        if first.micro() == 0 || is_clipped {
            continue;
        }
        let (from, last) = (run[0].at, run[run.len() - 1].at);
        let to = Timestamp::from_us(last.us() + plan.cadence_us.unwrap_or(1));
        if nights.as_mut().is_some_and(|nights| nights.cover(from, to)) {
            continue;
        }
        found.push(Finding {
            code: Code::Stuck,
            severity: Severity::Minor,
            channel,
            from,
            to,
            count: run.len() as u64,
            message: format!("{} equal values {first} {} in a row", run.len(), plan.unit),
        });
    }
    found
}
