//! Intervals: a channel's 15 minutes with value, bounds, coverage and quality.

use super::span::{Known, Span, share};
use super::{HOUR_US, amount_over_up};
use crate::config::plan::ChannelPlan;
use crate::domain::decimal::{Fixed6, divide_half_even};
use crate::domain::flag::{Code, Flags, Quality};
use crate::domain::reading::ChannelId;
use crate::domain::time::{INTERVAL_US, Interval, Timestamp};
use crate::domain::unit::Unit;

use super::point::Point;

/// A row of `intervals`. Values are in `unit`: amounts for amounts and rates, means for states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntervalRow {
    pub channel: ChannelId,
    pub start: Interval,
    pub unit: Unit,
    /// Undoubted and whole; null otherwise.
    pub value: Option<Fixed6>,
    /// Of the part that was measured; null when nothing was.
    pub measured: Option<Fixed6>,
    /// Null when the channel declares no bound.
    pub low: Option<Fixed6>,
    pub high: Option<Fixed6>,
    /// Of the interval's 900 seconds, the measured part.
    pub covered_us: i64,
    /// Points stamped inside.
    pub count: i64,
    pub quality: Quality,
    pub flags: Flags,
    /// Lowest and highest leaf that it stands on.
    pub leaves: Option<(i64, i64)>,
}

/// The intervals of `[from, to)` between the channel's first and last span; whole intervals only.
///
/// `spans` and `points` must hold everything that touches `[from, to)` and, for each side, the
/// nearest span beyond it if there is one: it tells whether time without a span is a gap inside the
/// channel's life or lies outside it.
#[must_use]
pub fn intervals(
    channel: ChannelId,
    plan: &ChannelPlan,
    spans: &[Span],
    points: &[Point],
    from: Interval,
    to: Interval,
) -> Vec<IntervalRow> {
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return Vec::new() };
    let begin = first.from.interval().max(from);
    let end = Timestamp::from_us(last.to.us() - 1).interval().min(Interval(to.0 - 1));
    let mut rows = Vec::new();
    let (mut next_span, mut next_point) = (0, 0);
    for number in begin.0..=end.0 {
        let start = Interval(number);
        while spans.get(next_span).is_some_and(|span| span.to <= start.start()) {
            next_span += 1;
        }
        let inside = spans[next_span..].iter().take_while(|span| span.from < start.end());
        while points.get(next_point).is_some_and(|point| point.at < start.start()) {
            next_point += 1;
        }
        let stamped = points[next_point..].iter().take_while(|point| point.at < start.end());
        let mut sum = Sum::new(plan.is_amount());
        inside.for_each(|span| sum.add(span, start));
        rows.push(sum.row(channel, plan, start, stamped.count() as i64));
    }
    rows
}

/// What the spans inside an interval add up to.
struct Sum {
    is_amount: bool,
    /// Exact amounts, micro-units.
    amount: i128,
    /// Levels times time, micro-units times microseconds.
    level: i128,
    /// Bounds of what is doubted: amounts in micro-units, levels times microseconds.
    low: Option<i128>,
    high: Option<i128>,
    low_level: Option<i128>,
    high_level: Option<i128>,
    covered_us: i64,
    doubted_us: i64,
    quality: Quality,
    flags: Flags,
    leaves: Option<(i64, i64)>,
}

impl Sum {
    fn new(is_amount: bool) -> Self {
        Self {
            is_amount,
            amount: 0,
            level: 0,
            low: Some(0),
            high: Some(0),
            low_level: Some(0),
            high_level: Some(0),
            covered_us: 0,
            doubted_us: 0,
            quality: Quality::M,
            flags: Flags::NONE,
            leaves: None,
        }
    }

    fn add(&mut self, span: &Span, interval: Interval) {
        let from = span.from.max(interval.start());
        let to = span.to.min(interval.end());
        let time_us = to.us() - from.us();
        let time = i128::from(time_us);
        match span.known {
            Known::Amount(amount) => {
                self.amount += share(amount, span, from, to);
                self.covered_us += time_us;
            }
            Known::Level(level) => {
                self.level += level * time;
                self.covered_us += time_us;
            }
            Known::AmountBetween { low, high } => {
                self.low = self.low.map(|sum| sum + share(low, span, from, to));
                let high = high.map(|high| share(high, span, from, to));
                self.high = self.high.zip(high).map(|(sum, high)| sum + high);
                self.doubted_us += time_us;
            }
            Known::LevelBetween { low, high } => {
                self.low_level = self.low_level.zip(low).map(|(sum, low)| sum + low * time);
                self.high_level = self.high_level.zip(high).map(|(sum, high)| sum + high * time);
                self.doubted_us += time_us;
            }
        }
        self.quality = self.quality.max(span.quality);
        self.flags = self.flags.union(span.flags);
        let (low, high) = self.leaves.unwrap_or(span.leaves);
        self.leaves = Some((low.min(span.leaves.0), high.max(span.leaves.1)));
    }

    fn row(
        mut self,
        channel: ChannelId,
        plan: &ChannelPlan,
        start: Interval,
        count: i64,
    ) -> IntervalRow {
        let missing_us = INTERVAL_US - self.covered_us - self.doubted_us;
        if missing_us > 0 {
            self.flags.insert(Code::Gap);
        }
        let (measured, low, high) = if self.is_amount {
            self.amounts(plan, missing_us)
        } else {
            self.states(plan, missing_us)
        };
        // Beyond eighteen digits there is nothing to store: the bound is then not known.
        let fixed = |micro: i128| Fixed6::from_micro(micro).ok();
        let measured = if self.covered_us > 0 { measured.and_then(fixed) } else { None };
        let is_whole = self.covered_us == INTERVAL_US;
        let value = if is_whole { measured } else { None };
        let quality = match self.quality {
            quality if is_whole => quality,
            Quality::K => Quality::K,
            _ => Quality::Z,
        };
        IntervalRow {
            channel,
            start,
            unit: plan.interval_unit(),
            value,
            measured,
            low: if is_whole { value } else { low.and_then(fixed) },
            high: if is_whole { value } else { high.and_then(fixed) },
            covered_us: self.covered_us,
            count,
            quality,
            flags: self.flags,
            leaves: self.leaves,
        }
    }

    /// Measured amount, lowest and highest amount.
    fn amounts(
        &self,
        plan: &ChannelPlan,
        missing_us: i64,
    ) -> (Option<i128>, Option<i128>, Option<i128>) {
        let measured = self.amount + divide_half_even(self.level, HOUR_US);
        let low = self.low.zip(self.low_level);
        let low = low.map(|(amount, level)| measured + amount + level.div_euclid(HOUR_US));
        let missing = match plan.capacity {
            _ if missing_us == 0 => Some(0),
            capacity => capacity.map(|rate| amount_over_up(rate.micro().into(), missing_us)),
        };
        let high = self.high.zip(self.high_level).zip(missing).map(|((amount, level), missing)| {
            measured + amount - (-level).div_euclid(HOUR_US) + missing
        });
        (Some(measured), low, high)
    }

    /// Mean of the measured part, lowest and highest mean.
    fn states(
        &self,
        plan: &ChannelPlan,
        missing_us: i64,
    ) -> (Option<i128>, Option<i128>, Option<i128>) {
        let measured = (self.covered_us > 0)
            .then(|| divide_half_even(self.level, i128::from(self.covered_us)));
        let missing = i128::from(missing_us);
        let bounds = match plan.range {
            _ if missing_us == 0 => Some((0, 0)),
            range => range.map(|(low, high)| (i128::from(low.micro()), i128::from(high.micro()))),
        };
        let whole = i128::from(INTERVAL_US);
        let low = self
            .low_level
            .zip(bounds)
            .map(|(level, (low, _))| (self.level + level + low * missing).div_euclid(whole));
        let high = self
            .high_level
            .zip(bounds)
            .map(|(level, (_, high))| -(-(self.level + level + high * missing)).div_euclid(whole));
        (measured, low, high)
    }
}
