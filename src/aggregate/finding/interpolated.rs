//! V-INTERPOLATED: a constant first difference over equal steps of time: somebody filled this in.
//!
//! Of a register, a constant difference is a constant load, so its run has to be longer.

use super::{Finding, shown, usable};
use crate::aggregate::point::Point;
use crate::config::plan::{ChannelKind, ChannelPlan};
use crate::domain::flag::{Code, Severity};
use crate::domain::reading::ChannelId;
use crate::domain::time::Timestamp;

pub fn check(channel: ChannelId, plan: &ChannelPlan, points: &[Point]) -> Vec<Finding> {
    let name = match plan.kind {
        ChannelKind::Register { .. } => "register_window",
        ChannelKind::Delta { .. } | ChannelKind::Gauge(_) => "window",
    };
    let window = plan.watch.settings.count(Code::Interpolated, name);
    let values = usable(points);
    let steps: Vec<(i64, i128)> = values
        .windows(2)
        .map(|pair| {
            let step = i128::from(pair[1].1) - i128::from(pair[0].1);
            (pair[1].0.us() - pair[0].0.us(), step)
        })
        .collect();
    let mut found = Vec::new();
    let mut begin = 0;
    for run in steps.chunk_by(|a, b| a == b) {
        let (first, last) = (values[begin], values[begin + run.len()]);
        begin += run.len();
        if run.len() < window || run[0].1 == 0 {
            continue;
        }
        let message = format!(
            "{} steps of {} {} in a row, from {} to {}",
            run.len(),
            shown(i64::try_from(run[0].1).unwrap_or(i64::MAX)),
            plan.unit,
            shown(first.1),
            shown(last.1)
        );
        found.push(Finding {
            code: Code::Interpolated,
            severity: Severity::Minor,
            channel,
            from: first.0,
            to: Timestamp::from_us(last.0.us() + 1),
            count: run.len() as u64 + 1,
            message,
        });
    }
    found
}
