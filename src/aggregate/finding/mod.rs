//! Findings on a series (stage S), one rule per file. Information only; a statistical check never
//! changes a value. Neighbours of one kind are one finding; jumps and outliers of a month are told
//! together with the largest of them, since each stands alone.

pub mod clock;
mod interpolated;
mod precision;
mod spike;
mod step;
mod stuck;

use super::interval::IntervalRow;
use super::point::Point;
use crate::config::plan::ChannelPlan;
use crate::domain::decimal::Fixed6;
use crate::domain::flag::{Code, Severity};
use crate::domain::reading::ChannelId;
use crate::domain::time::Timestamp;

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

/// What the rules on points find in a stretch of a channel's series, a month or so, in order of time.
#[must_use]
pub fn series(channel: ChannelId, plan: &ChannelPlan, points: &[Point]) -> Vec<Finding> {
    let mut found = stuck::check(channel, plan, points);
    found.extend(interpolated::check(channel, plan, points));
    found.extend(step::check(channel, plan, points));
    found.extend(spike::check(channel, plan, points));
    found.extend(precision::check(channel, plan, points));
    found
}

/// Stretches of intervals that carry one of the codes that doubt or explain a value, run by run.
#[must_use]
pub fn flagged(channel: ChannelId, rows: &[IntervalRow]) -> Vec<Finding> {
    const CODES: [Code; 12] = [
        Code::Gap,
        Code::Conflict,
        Code::Range,
        Code::Capacity,
        Code::Night,
        Code::Rollover,
        Code::Reset,
        Code::Backward,
        Code::Exchange,
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

/// The undoubted values with their times.
fn usable(points: &[Point]) -> Vec<(Timestamp, i64)> {
    let value = |point: &Point| Some((point.at, point.usable()?.micro()));
    points.iter().filter_map(value).collect()
}

/// Points that stand alone, told as one finding: how many, and the one that lies farthest out.
#[derive(Default)]
struct Alone {
    first: Option<Timestamp>,
    last: Timestamp,
    count: u64,
    /// By how much, when, and what it is told as.
    farthest: Option<(i128, Timestamp, String)>,
}

impl Alone {
    fn add(&mut self, at: Timestamp, by: i128, told: impl FnOnce() -> String) {
        self.first = self.first.or(Some(at));
        self.last = at;
        self.count += 1;
        if self.farthest.as_ref().is_none_or(|(most, ..)| by > *most) {
            self.farthest = Some((by, at, told()));
        }
    }

    fn finding(
        self,
        code: Code,
        severity: Severity,
        channel: ChannelId,
        what: &str,
    ) -> Option<Finding> {
        let (from, (_, at, told)) = (self.first?, self.farthest?);
        let to = Timestamp::from_us(self.last.us() + 1);
        let message = format!("{} {what}; the largest at {at}: {told}", self.count);
        Some(Finding { code, severity, channel, from, to, count: self.count, message })
    }
}

/// A value in micro-units, for people.
fn shown(micro: i64) -> String {
    Fixed6::from_micro(micro.into()).map_or_else(|_| micro.to_string(), |value| value.to_string())
}
