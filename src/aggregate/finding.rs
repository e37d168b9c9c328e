//! Findings on a series (stage S): gaps, stuck values, irregular stamps. Information only; a
//! statistical check never changes a value. Neighbours of one kind are one finding.

use super::interval::IntervalRow;
use super::point::Point;
use crate::config::plan::{ChannelKind, ChannelPlan, GaugeRule};
use crate::domain::flag::{Code, Severity};
use crate::domain::reading::ChannelId;
use crate::domain::time::Timestamp;

/// Equal values in a row from which a series is called stuck.
pub const STUCK_COUNT: usize = 6;

/// The outcome of a check on a stretch of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    pub severity: Severity,
    pub channel: ChannelId,
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    /// Readings, or intervals, that it stands for.
    pub count: u64,
    pub message: String,
}

/// Stretches of intervals that carry one of the codes that doubt or explain a value, run by run.
#[must_use]
pub fn flagged(channel: ChannelId, rows: &[IntervalRow]) -> Vec<Finding> {
    const CODES: [Code; 10] = [
        Code::Gap,
        Code::Conflict,
        Code::Range,
        Code::Capacity,
        Code::Rollover,
        Code::Reset,
        Code::Backward,
        Code::Spacing,
        Code::Corrected,
        Code::Decided,
    ];
    let mut findings = Vec::new();
    for code in CODES {
        let flagged: Vec<&IntervalRow> = rows.iter().filter(|row| row.flags.has(code)).collect();
        for run in flagged.chunk_by(|a, b| a.start.0 + 1 == b.start.0) {
            let (from, to) = (run[0].start.start(), run[run.len() - 1].start.end());
            let severity = match code.effect() {
                crate::domain::flag::Effect::Hold => Severity::Critical,
                _ => Severity::Minor,
            };
            let message = format!("{}: {} intervals from {from} to {to}", code.rule(), run.len());
            let count = run.len() as u64;
            findings.push(Finding { code, severity, channel, from, to, count, message });
        }
    }
    findings
}

/// V-STUCK: at least [`STUCK_COUNT`] equal values in a row.
///
/// Context decides: zero is rest (a solar meter asleep), a register that stands still counts nothing,
/// and a gauge that reports on change repeats itself only when asked; none of these is stuck.
#[must_use]
pub fn stuck(channel: ChannelId, plan: &ChannelPlan, points: &[Point]) -> Vec<Finding> {
    let is_checked =
        matches!(plan.kind, ChannelKind::Delta { .. } | ChannelKind::Gauge(GaugeRule::Mean { .. }));
    if !is_checked {
        return Vec::new();
    }
    points
        .chunk_by(|a, b| a.usable().is_some() && a.usable() == b.usable())
        .filter(|run| run.len() >= STUCK_COUNT)
        .filter_map(|run| Some((run, run[0].usable()?)))
        .filter(|(_, value)| value.micro() != 0)
        .map(|(run, value)| {
            let (from, last) = (run[0].at, run[run.len() - 1].at);
            Finding {
                code: Code::Stuck,
                severity: Severity::Minor,
                channel,
                from,
                to: Timestamp::from_us(last.us() + plan.cadence_us.unwrap_or(1)),
                count: run.len() as u64,
                message: format!("{} equal values {value} {} in a row", run.len(), plan.unit),
            }
        })
        .collect()
}
