//! Registers: what a cumulative counter counted from reading to reading, across rollovers, resets
//! and exchanges of the meter.
//!
//! Readings are kept as the meter shows them; a difference is multiplied by the multiplier of the
//! meter that showed it. While no meter hangs, nothing flowed if that is recorded; else that time
//! has bounds, as has what a meter counted whose final reading nobody recorded.

use super::amount_over_up;
use super::point::Point;
use super::span::{Known, Sleep, Span};
use crate::config::plan::{ChannelPlan, Exchange, Register};
use crate::domain::decimal::{Fixed6, divide_half_even};
use crate::domain::flag::{Code, Flags, Quality};
use crate::domain::time::Timestamp;

/// A register step longer than this bridges a gap (T): one and a half cadences, or an hour where
/// the plan declares no cadence.
fn bridge_us(plan: &ChannelPlan) -> i64 {
    plan.cadence_us.map_or(3_600_000_000, |cadence| cadence + cadence / 2)
}

/// The spans of a register between its usable points; `modulus` is that of the plan.
pub(super) fn spans(plan: &ChannelPlan, modulus: Option<Fixed6>, points: &[Point]) -> Vec<Span> {
    let own = Register { modulus, multiplier: plan.dial.multiplier };
    let usable: Vec<(&Point, i128)> =
        points.iter().filter_map(|point| Some((point, read(plan, point)?))).collect();
    let mut sleep = Sleep::of(plan);
    let mut spans = Vec::with_capacity(usable.len());
    for pair in usable.windows(2) {
        let ((a, before), (b, after)) = (pair[0], pair[1]);
        let mut steps = Steps {
            plan,
            leaves: (a.leaves.0.min(b.leaves.0), a.leaves.1.max(b.leaves.1)),
            flags: b.flags,
            sleep: &mut sleep,
            spans: &mut spans,
        };
        let mut register = in_force(plan, own, a.at);
        let (mut from, mut before) = (a.at, before);
        for exchange in plan.exchanges.iter().filter(|e| a.at < e.on && e.on <= b.at) {
            steps.flags.insert(Code::Exchange);
            let next = exchange.new.unwrap_or(own);
            let first = i128::from(exchange.first.micro());
            // What a new meter, put on at once, counted by the same instant is part of this step.
            let is_at_once = exchange.off == exchange.on && exchange.on == b.at;
            let counted = if is_at_once { multiplied(after - first, next) } else { 0 };
            if from < exchange.off {
                let last = exchange.last.map(|last| i128::from(last.micro()));
                steps.step(register, (from, exchange.off), before, last, counted);
            }
            if exchange.off < exchange.on {
                steps.off(exchange);
            }
            (from, before, register) = (exchange.on, first, next);
        }
        if from < b.at {
            steps.step(register, (from, b.at), before, Some(after), 0);
        }
    }
    spans
}

/// What a usable point says. At the instants of an exchange the recorded readings count, and between
/// them no meter hung that could show anything.
pub(super) fn read(plan: &ChannelPlan, point: &Point) -> Option<i128> {
    let value = point.usable()?;
    for exchange in plan.exchanges.iter().filter(|one| one.off < one.on) {
        if point.at == exchange.off {
            return Some(exchange.last.unwrap_or(value).micro().into());
        }
        if point.at == exchange.on {
            return Some(exchange.first.micro().into());
        }
        if exchange.off < point.at && point.at < exchange.on {
            return None;
        }
    }
    Some(value.micro().into())
}

/// The register of the meter that hangs at `at`.
pub(super) fn in_force(plan: &ChannelPlan, own: Register, at: Timestamp) -> Register {
    let before = plan.exchanges.iter().rev().find(|exchange| exchange.on <= at);
    let after = plan.exchanges.iter().find(|exchange| exchange.on > at);
    match (before, after) {
        (Some(before), _) => before.new.unwrap_or(own),
        (None, Some(after)) => after.old.unwrap_or(own),
        (None, None) => own,
    }
}

/// A difference of the display as an amount, half-even where the multiplier leaves more than six
/// decimals.
pub(super) fn multiplied(difference: i128, register: Register) -> i128 {
    divide_half_even(difference * i128::from(register.multiplier.micro()), 1_000_000)
}

/// The spans of one pair of points.
struct Steps<'a> {
    plan: &'a ChannelPlan,
    leaves: (i64, i64),
    flags: Flags,
    /// Of a channel that generates from the sun.
    sleep: &'a mut Option<Sleep>,
    spans: &'a mut Vec<Span>,
}

impl Steps<'_> {
    /// One meter from one reading to the next; `after` is `None` where nobody read it. `counted` is
    /// added: what another meter counted in no time.
    fn step(
        &mut self,
        register: Register,
        (from, to): (Timestamp, Timestamp),
        before: i128,
        after: Option<i128>,
        counted: i128,
    ) {
        let time_us = to.us() - from.us();
        let (mut known, flags) = match after {
            Some(after) => self.counted(register, (before, after), counted, time_us),
            None => (Known::AmountBetween { low: 0, high: self.most(time_us) }, Flags::NONE),
        };
        let mut flags = flags.union(self.flags);
        if let Some(held) = self.sleep.as_mut().and_then(|one| one.hold(known, flags, from, to)) {
            known = held;
            flags.insert(Code::Night);
        }
        let quality = match known {
            Known::Amount(_) if time_us <= bridge_us(self.plan) => Quality::M,
            Known::Amount(_) => {
                flags.insert(Code::Gap);
                Quality::T
            }
            _ => Quality::Z,
        };
        self.spans.push(Span { from, to, known, quality, flags, leaves: self.leaves });
    }

    /// The time without a meter.
    fn off(&mut self, exchange: &Exchange) {
        let (from, to) = (exchange.off, exchange.on);
        let (known, flags) = match exchange.is_disconnected {
            true => (Known::Amount(0), self.flags),
            false => {
                let high = self.most(to.us() - from.us());
                (Known::AmountBetween { low: 0, high }, self.flags.with(Code::Gap))
            }
        };
        let (quality, leaves) = (Quality::Z, self.leaves);
        self.spans.push(Span { from, to, known, quality, flags, leaves });
    }

    /// Most that can be counted over a time.
    fn most(&self, time_us: i64) -> Option<i128> {
        self.plan.capacity.map(|capacity| amount_over_up(capacity.micro().into(), time_us))
    }

    /// What a register counted from one reading to the next.
    fn counted(
        &self,
        register: Register,
        (before, after): (i128, i128),
        counted: i128,
        time_us: i64,
    ) -> (Known, Flags) {
        let most = self.most(time_us);
        let is_possible = |amount: i128| most.is_none_or(|most| amount <= most);
        let amount = |difference| multiplied(difference, register) + counted;
        let step = after - before;
        if step >= 0 {
            let step = amount(step);
            if is_possible(step) {
                return (Known::Amount(step), Flags::NONE);
            }
            let high = most.map(|most| most.max(step));
            return (Known::AmountBetween { low: 0, high }, Flags::NONE.with(Code::Capacity));
        }
        if let Some(modulus) = register.modulus.map(|modulus| i128::from(modulus.micro())) {
            let wrapped = step + modulus;
            let is_near_end = before >= modulus / 10 * 9 && after <= modulus / 10;
            if wrapped >= 0 && is_near_end && is_possible(amount(wrapped)) {
                return (Known::Amount(amount(wrapped)), Flags::NONE.with(Code::Rollover));
            }
        }
        // Back to near zero: what it shows now was counted since; what was lost before has bounds.
        if after >= 0 && after <= before / 10 && is_possible(amount(after)) {
            let low = amount(after);
            let high = most.map(|most| most.max(low));
            return (Known::AmountBetween { low, high }, Flags::NONE.with(Code::Reset));
        }
        (Known::AmountBetween { low: 0, high: most }, Flags::NONE.with(Code::Backward))
    }
}
