//! Spans: stretches of time and what is known of the channel in each.
//!
//! | kind | span | known |
//! | --- | --- | --- |
//! | register | between two usable readings, or one and a recorded exchange | the difference times the multiplier, spread evenly over the time ([`super::register`]) |
//! | delta | one cadence from or to the stamp | the amount |
//! | gauge, mean | one cadence from or to the stamp | the value |
//! | gauge, hold | to the next reading, at most `step_max` | the value |
//!
//! A register in conflict or on hold is not used: its neighbours bridge exactly. Where a span would
//! run into the next stamp it is cut there (V-SPACING), so that no time counts twice; a delta that is cut
//! counts by its bounds, since its amount may stand in its neighbour too. Time without a
//! span is a gap.

use super::point::{Content, Point};
use super::sun::Nights;
use super::{HOUR_US, amount_over_up, register};
use crate::config::plan::{ChannelKind, ChannelPlan, GaugeRule, StampAt};
use crate::domain::flag::{Code, Flags, Quality};
use crate::domain::time::Timestamp;

/// A stretch `[from, to)` of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: Timestamp,
    pub to: Timestamp,
    pub known: Known,
    pub quality: Quality,
    pub flags: Flags,
    pub leaves: (i64, i64),
}

/// What is known of a span, in micro-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Exactly this amount over the whole span.
    Amount(i128),
    /// An amount between these over the whole span; no upper end where no capacity is declared.
    AmountBetween { low: i128, high: Option<i128> },
    /// This much per hour, or this state, at every instant.
    Level(i128),
    /// A rate or state between these at every instant.
    LevelBetween { low: Option<i128>, high: Option<i128> },
}

/// The spans of one channel, in order and without overlap. Points are sorted by stamp.
#[must_use]
pub fn spans(plan: &ChannelPlan, points: &[Point]) -> Vec<Span> {
    match plan.kind {
        ChannelKind::Register { modulus } => register::spans(plan, modulus, points),
        ChannelKind::Delta { stamp } => cadenced(plan, stamp, points, delta),
        ChannelKind::Gauge(GaugeRule::Mean { stamp }) => cadenced(plan, stamp, points, level),
        ChannelKind::Gauge(GaugeRule::Hold { step_max_us }) => hold(plan, step_max_us, points),
    }
}

/// V-NIGHT: what generates from the sun is held where it counts while the sun is down, until a person
/// decides.
pub(super) struct Sleep {
    nights: Nights,
    /// Generation up to this is none, micro-units per hour.
    least: i128,
    /// Most that can be, micro-units per hour.
    most: Option<i128>,
}

impl Sleep {
    pub(super) fn of(plan: &ChannelPlan) -> Option<Self> {
        let number = |name| plan.watch.settings.number(Code::Night, name);
        let nights = Nights::new(plan.watch.sun?, number("elevation_deg"));
        let most = match plan.is_amount() {
            true => plan.capacity.map(|capacity| i128::from(capacity.micro())),
            false => plan.range.map(|(_, high)| i128::from(high.micro())),
        };
        let least = most.unwrap_or(0) * i128::from(number("least_ppm")) / 1_000_000;
        Some(Self { nights, least, most })
    }

    /// The bounds of what was counted in `[from, to)`, where it may not be; by `flags` a person may
    /// have decided.
    pub(super) fn hold(
        &mut self,
        known: Known,
        flags: Flags,
        from: Timestamp,
        to: Timestamp,
    ) -> Option<Known> {
        let time_us = to.us() - from.us();
        let held = match known {
            Known::Amount(amount) if amount * HOUR_US > self.least * i128::from(time_us) => {
                let most = self.most.map(|most| amount_over_up(most, time_us).max(amount));
                Known::AmountBetween { low: 0, high: most }
            }
            Known::Level(level) if level > self.least => {
                let most = self.most.map(|most| most.max(level));
                Known::LevelBetween { low: Some(0), high: most }
            }
            _ => return None,
        };
        (!flags.has(Code::Decided) && self.nights.cover(from, to)).then_some(held)
    }
}

fn cadenced(
    plan: &ChannelPlan,
    stamp: StampAt,
    points: &[Point],
    known: fn(&ChannelPlan, &Point, i64) -> (Known, Quality, Flags),
) -> Vec<Span> {
    let cadence_us = plan.cadence_us.unwrap_or(0);
    let mut sleep = Sleep::of(plan);
    let mut spans = Vec::with_capacity(points.len());
    for (index, point) in points.iter().enumerate() {
        let (mut from, mut to) = match stamp {
            StampAt::Start => (point.at.us(), point.at.us() + cadence_us),
            StampAt::End => (point.at.us() - cadence_us, point.at.us()),
        };
        let mut spacing = Flags::NONE;
        match stamp {
            StampAt::Start => {
                if let Some(next) = points.get(index + 1).filter(|next| next.at.us() < to) {
                    to = next.at.us();
                    spacing.insert(Code::Spacing);
                }
            }
            StampAt::End => {
                let previous = index.checked_sub(1).map(|before| points[before].at.us());
                if let Some(previous) = previous.filter(|previous| *previous > from) {
                    from = previous;
                    spacing.insert(Code::Spacing);
                }
            }
        }
        let (mut known, mut quality, flags) = known(plan, point, cadence_us);
        if let (Known::Amount(amount), false) = (known, spacing.is_empty()) {
            // The amount of a whole cadence in less time: it may have been counted before.
            known = Known::AmountBetween { low: amount.min(0), high: Some(amount.max(0)) };
            quality = Quality::Z;
        }
        let mut flags = flags.union(point.flags).union(spacing);
        let (from, to) = (Timestamp::from_us(from), Timestamp::from_us(to));
        if let Some(held) = sleep.as_mut().and_then(|one| one.hold(known, point.flags, from, to)) {
            (known, quality) = (held, Quality::Z);
            flags.insert(Code::Night);
        }
        spans.push(Span { from, to, known, quality, flags, leaves: point.leaves });
    }
    spans
}

fn hold(plan: &ChannelPlan, step_max_us: i64, points: &[Point]) -> Vec<Span> {
    let mut sleep = Sleep::of(plan);
    let mut spans = Vec::with_capacity(points.len());
    for (index, point) in points.iter().enumerate() {
        let end = point.at.us() + step_max_us;
        let to = points.get(index + 1).map_or(end, |next| end.min(next.at.us()));
        let (mut known, mut quality, flags) = level(plan, point, step_max_us);
        let mut flags = flags.union(point.flags);
        let to = Timestamp::from_us(to);
        if let Some(held) =
            sleep.as_mut().and_then(|one| one.hold(known, point.flags, point.at, to))
        {
            (known, quality) = (held, Quality::Z);
            flags.insert(Code::Night);
        }
        spans.push(Span { from: point.at, to, known, quality, flags, leaves: point.leaves });
    }
    spans
}

/// An amount over one cadence.
fn delta(plan: &ChannelPlan, point: &Point, time_us: i64) -> (Known, Quality, Flags) {
    let most = plan.capacity.map(|c| amount_over_up(c.micro().into(), time_us));
    doubted(most, Some(0), range(plan), point, Known::Amount, |low, high| Known::AmountBetween {
        low: low.unwrap_or(0),
        high,
    })
}

/// A rate or state at every instant.
fn level(plan: &ChannelPlan, point: &Point, _: i64) -> (Known, Quality, Flags) {
    let (most, least) = if plan.is_amount() {
        (plan.capacity.map(|capacity| i128::from(capacity.micro())), Some(0))
    } else {
        let range = plan.range.map(|(low, high)| (low.micro().into(), high.micro().into()));
        (range.map(|(_, high)| high), range.map(|(low, _)| low))
    };
    doubted(most, least, range(plan), point, Known::Level, |low, high| Known::LevelBetween {
        low,
        high,
    })
}

/// The channel's limits, in micro-units.
fn range(plan: &ChannelPlan) -> Option<(i128, i128)> {
    plan.range.map(|(low, high)| (low.micro().into(), high.micro().into()))
}

/// A point's value, or its bounds where it is held, beyond capacity, or in conflict. `most` and
/// `least` are what the device can show at all.
fn doubted(
    most: Option<i128>,
    least: Option<i128>,
    range: Option<(i128, i128)>,
    point: &Point,
    exact: fn(i128) -> Known,
    between: fn(Option<i128>, Option<i128>) -> Known,
) -> (Known, Quality, Flags) {
    let held = |value: i128, flags| {
        let low = least.map(|least| least.min(value));
        (between(low, most.map(|most| most.max(value))), Quality::Z, flags)
    };
    match point.content {
        Content::Value(value) => {
            let value = i128::from(value.micro());
            // A person may decide for any value; a correction is judged like any reading.
            let is_decided = point.flags.has(Code::Decided);
            let is_beyond = most.is_some_and(|most| value > most) && least == Some(0);
            if is_beyond && !is_decided {
                return held(value, Flags::NONE.with(Code::Capacity));
            }
            let is_corrected = point.flags.has(Code::Corrected);
            let is_outside = range.is_some_and(|(low, high)| value < low || value > high);
            if is_corrected && is_outside && !is_decided {
                return held(value, Flags::NONE.with(Code::Range));
            }
            (exact(value), Quality::M, Flags::NONE)
        }
        Content::Held(value) => held(value.micro().into(), Flags::NONE),
        Content::Conflict { low, high } => {
            let known = between(Some(low.micro().into()), Some(high.micro().into()));
            (known, Quality::K, Flags::NONE)
        }
    }
}

/// The part of an amount, spread evenly over a span, that lies in `[from, to)`. Cut at shared
/// borders, the parts of a span always add up to its amount.
#[must_use]
pub fn share(amount: i128, span: &Span, from: Timestamp, to: Timestamp) -> i128 {
    if from == span.from && to == span.to && from < to {
        return amount;
    }
    let length = i128::from(span.to.us() - span.from.us());
    let until = |at: Timestamp| {
        let elapsed = i128::from(at.us().clamp(span.from.us(), span.to.us()) - span.from.us());
        crate::domain::decimal::divide_half_even(amount * elapsed, length.max(1))
    };
    until(to) - until(from)
}
