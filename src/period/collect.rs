//! Totals: a channel's rows over months and years, and what a parameter's channels add up to.
//!
//! The grain of every sum is the month: a year's amount is the sum of the amounts of its months, so
//! both agree to the last digit. A channel counts only while it serves (`installed` to `retired`);
//! time in which none of a parameter's channels serves is a gap by the parameter's own bounds.

use std::borrow::Cow;

use super::Input;
use super::calendar::Period;
use super::calibration::correct::{Corrections, Side};
use super::calibration::timeline::timeline;
use super::exact::{add, convert, mean, share_of_time};
use super::factors::{self, Factors};
use super::stand_in::Fill;
use super::unit::Entered;
use crate::aggregate::interval::IntervalRow;
use crate::aggregate::total::total;
use crate::config::plan::{ChannelPlan, Doubt, Parameter};
use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::reading::ChannelKey;
use crate::domain::time::{INTERVAL_US, Interval, Timestamp, Zone};
use crate::domain::unit::Unit;

/// What a stretch of time adds up to, exactly, in the unit of its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// Of the measured part; `None` when nothing was measured.
    pub measured: Option<Decimal>,
    /// Lowest and highest it can be; `None` where nothing declares a bound.
    pub low: Option<Decimal>,
    pub high: Option<Decimal>,
    /// Time measured, and time of the stretch, in microseconds.
    pub covered_us: i64,
    pub length_us: i64,
    /// Of the time measured, that which stands on documents.
    pub documented_us: i64,
    /// Leaves it stands on, lowest and highest.
    pub leaves: Option<(i64, i64)>,
}

impl Amount {
    /// True if something is not known exactly.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.low != self.high
    }
}

/// The rows of one planned channel, in order of time.
pub(super) struct Series<'a> {
    pub plan: &'a ChannelPlan,
    /// Each interval once; those that were handed in, as long as nothing is filled or taken out.
    pub rows: Cow<'a, [IntervalRow]>,
    /// Of the time in which its meter was not shown to be right.
    pub corrections: Corrections,
    /// Where a check meter's values stand among the rows.
    pub fills: Vec<Fill>,
}

impl<'a> Series<'a> {
    /// One series per channel of the plan, in the plan's order; then those that only earlier plans
    /// have. Rows of channels that no plan has are left out.
    pub fn of_plan(input: &Input<'a>) -> Vec<Self> {
        let rows_of = |key: &ChannelKey| {
            let named = input.channels.iter().filter(|channel| channel.key == *key);
            if let (Some(one), None) = (named.clone().next(), named.clone().nth(1))
                && one.rows.is_sorted_by_key(|row| row.start)
            {
                return Cow::Borrowed(&*one.rows);
            }
            let mut rows: Vec<IntervalRow> = Vec::new();
            named.for_each(|channel| rows.extend(&channel.rows));
            rows.sort_by_key(|row| row.start);
            Cow::Owned(rows)
        };
        let zone = &input.plan.registered.zone;
        // Equations may look back to the first day of the crediting period.
        let begin = input.plan.registered.crediting.0.min(input.period.from());
        let range = (zone.start_of(begin), input.period.end(zone));
        let corrections = |plan: &ChannelPlan| {
            let named = plan.device.as_ref();
            let device = named.and_then(|key| input.devices.iter().find(|one| one.key == *key));
            device.map_or_else(Corrections::default, |device| {
                Corrections::of(&timeline(device, zone, range))
            })
        };
        let series = |plan: &'a ChannelPlan| {
            let (rows, corrections) = (rows_of(&plan.key), corrections(plan));
            Self { plan, rows, corrections, fills: Vec::new() }
        };
        let mut all: Vec<Self> = input.plan.channels.iter().map(series).collect();
        for former in input.plans.iter().rev().flat_map(|one| &one.plan.channels) {
            if !all.iter().any(|known| known.plan.key == former.key) {
                all.push(series(former));
            }
        }
        all
    }

    /// The rows that start in `[from, to)`.
    pub fn rows(&self, from: Timestamp, to: Timestamp) -> &[IntervalRow] {
        let begin = self.rows.partition_point(|row| row.start.start() < from);
        let end = self.rows.partition_point(|row| row.start.start() < to);
        &self.rows[begin..end.max(begin)]
    }

    /// The part of `[from, to)` in which the device serves, on interval borders; `None` if it is
    /// empty.
    pub fn in_service(&self, from: Timestamp, to: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let begin = self.plan.installed.map_or(from, |at| at.interval().start()).max(from);
        let last = |at: Timestamp| Interval((at.us() + INTERVAL_US - 1).div_euclid(INTERVAL_US));
        let end = self.plan.retired.map_or(to, |at| last(at).start()).min(to);
        (begin < end).then_some((begin, end))
    }

    /// Time measured in `[from, to)`, in microseconds.
    pub fn covered_us(&self, from: Timestamp, to: Timestamp) -> i64 {
        self.rows(from, to).iter().map(|row| row.covered_us).sum()
    }

    /// The bounds that the channel declares of itself.
    fn doubt(&self) -> Option<Doubt> {
        let unit = self.plan.interval_unit();
        if self.plan.is_amount() {
            return self.plan.capacity.map(|per_hour| Doubt::Capacity { per_hour, unit });
        }
        self.plan.range.map(|(low, high)| Doubt::Range { low, high, unit })
    }

    /// The total of `[from, to)` in `unit`, by the channel's own bounds, else by `fallback`; without
    /// either the bounds are not known. `None` when it cannot be stored.
    pub fn amount(
        &self,
        from: Timestamp,
        to: Timestamp,
        unit: Unit,
        fallback: Option<&Doubt>,
    ) -> Option<Amount> {
        let own = self.doubt();
        // Bounds by it are not told: it only lets the measured part be added up.
        let zero = Doubt::Capacity { per_hour: Fixed6::ZERO, unit: self.plan.interval_unit() };
        let doubt = own.as_ref().or(fallback);
        let rows = self.rows(from, to).iter();
        let sum = total(rows, self.plan.is_amount(), doubt.unwrap_or(&zero), from, to)?;
        let conversion = sum.unit.conversion_to(unit)?;
        let bound = |value| doubt.map(|_| convert(value, conversion));
        let measured = match sum.measured {
            Some(value) => Some(convert(value, conversion)?),
            None => None,
        };
        let (low, high) = match (bound(sum.low), bound(sum.high)) {
            (None, None) if sum.is_whole() => (measured, measured),
            (low, high) => (low.flatten(), high.flatten()),
        };
        let (covered_us, length_us, leaves) = (sum.covered_us, sum.length_us, sum.leaves);
        Some(Amount { measured, low, high, covered_us, length_us, documented_us: 0, leaves })
    }
}

/// What a channel adds up to over a part of the period, in its interval unit.
pub(super) fn channel_amount(series: &Series<'_>, part: Period, zone: &Zone) -> Option<Amount> {
    let (from, to) = (part.start(zone), part.end(zone));
    let unit = series.plan.interval_unit();
    let Some((begin, end)) = series.in_service(from, to) else {
        return Some(nothing(series.plan.is_amount()));
    };
    series.amount(begin, end, unit, None)
}

/// What a parameter's channels add up to over stretches of time, on interval borders: for amounts the
/// sum over stretches and channels, for states the mean over the time of its channels. Time in which
/// none of them serves counts by the parameter's own bounds. Each channel is corrected by itself to
/// `side` while its meter was not shown to be right, then multiplied by its factors.
///
/// `None` when a sum goes beyond the digits of a value or units do not convert.
pub(super) fn parameter_amount(
    parameter: &Parameter,
    entered: &Entered,
    (series, factors): (&[Series<'_>], &Factors),
    spans: &[(Timestamp, Timestamp)],
    side: Side,
) -> Option<Amount> {
    let of_parameter = || series.iter().filter(|one| parameter.channels.contains(&one.plan.key));
    let (unit, is_amount) = (entered.unit, entered.is_amount);
    let mut parts = Vec::new();
    for &(from, to) in spans {
        let mut served = Vec::new();
        for channel in of_parameter() {
            if let Some((begin, end)) = channel.in_service(from, to) {
                served.push((begin, end));
                let span = (begin, end);
                parts.extend(channel_parts((channel, factors), parameter, unit, span, side)?);
            }
        }
        for (begin, end) in outside(served, from, to) {
            let sum = total(std::iter::empty(), is_amount, &parameter.doubt, begin, end)?;
            let conversion = sum.unit.conversion_to(unit)?;
            parts.push(Amount {
                measured: None,
                low: Some(convert(sum.low, conversion)?),
                high: Some(convert(sum.high, conversion)?),
                covered_us: 0,
                length_us: sum.length_us,
                documented_us: 0,
                leaves: None,
            });
        }
    }
    if is_amount { sum_of(&parts) } else { mean_of(&parts) }
}

/// What one of a parameter's channels adds up to in a time in which it serves, corrected to `side`.
pub(super) fn channel_part(
    channel: (&Series<'_>, &Factors),
    parameter: &Parameter,
    entered: &Entered,
    span: (Timestamp, Timestamp),
    side: Side,
) -> Option<Amount> {
    let parts = channel_parts(channel, parameter, entered.unit, span, side)?;
    if entered.is_amount { sum_of(&parts) } else { mean_of(&parts) }
}

fn channel_parts(
    (channel, factors): (&Series<'_>, &Factors),
    parameter: &Parameter,
    unit: Unit,
    (from, to): (Timestamp, Timestamp),
    side: Side,
) -> Option<Vec<Amount>> {
    let doubt = Some(&parameter.doubt);
    let mut parts = Vec::new();
    for factored in factors.parts(channel, from, to) {
        if side == Side::None {
            let plain = channel.amount(factored.from, factored.to, unit, doubt)?;
            parts.push(factors::apply(plain, &factored.factors)?);
            continue;
        }
        for cut in channel.corrections.cut(factored.from, factored.to) {
            let plain = channel.amount(cut.from, cut.to, unit, doubt)?;
            parts.push(factors::apply(cut.apply(side, plain, unit)?, &factored.factors)?);
        }
    }
    Some(parts)
}

/// The stretches that a sum over local dates is made of: the months, so that a year's amount is the
/// sum of the amounts of its months to the last digit. A mean has one.
pub(super) fn stretches(part: Period, is_amount: bool, zone: &Zone) -> Vec<(Timestamp, Timestamp)> {
    let grain = if is_amount { part.months() } else { vec![part] };
    grain.into_iter().map(|part| (part.start(zone), part.end(zone))).collect()
}

/// `part` of `whole` in hundredths of a percent, rounded down, so that 100 % is whole.
#[must_use]
pub fn coverage(part_us: i64, whole_us: i64) -> Decimal {
    share_of_time(part_us, whole_us)
}

/// The total of no time at all.
pub(super) fn nothing(is_amount: bool) -> Amount {
    let zero = is_amount.then_some(Decimal::ZERO);
    let (covered_us, length_us, documented_us) = (0, 0, 0);
    Amount {
        measured: None,
        low: zero,
        high: zero,
        covered_us,
        length_us,
        documented_us,
        leaves: None,
    }
}

/// The stretches of `[from, to)` in none of `served`.
fn outside(
    mut served: Vec<(Timestamp, Timestamp)>,
    from: Timestamp,
    to: Timestamp,
) -> Vec<(Timestamp, Timestamp)> {
    served.sort_unstable();
    let mut gaps = Vec::new();
    let mut at = from;
    for (begin, end) in served {
        if begin > at {
            gaps.push((at, begin));
        }
        at = at.max(end);
    }
    if at < to {
        gaps.push((at, to));
    }
    gaps
}

pub(super) fn sum_of(parts: &[Amount]) -> Option<Amount> {
    let mut sum = nothing(true);
    for part in parts {
        sum.measured = match (sum.measured, part.measured) {
            (Some(a), Some(b)) => Some(add(a, b)?),
            (a, b) => a.or(b),
        };
        sum.low = Some(add(sum.low?, part.low?)?);
        sum.high = Some(add(sum.high?, part.high?)?);
        widen(&mut sum, part);
    }
    Some(sum)
}

fn mean_of(parts: &[Amount]) -> Option<Amount> {
    let mut sum = nothing(false);
    parts.iter().for_each(|part| widen(&mut sum, part));
    let weigh = |value: fn(&Amount) -> Option<Decimal>, time: fn(&Amount) -> i64| {
        let known = parts.iter().filter(|part| time(part) > 0);
        mean(known.map(|part| Some((value(part)?, time(part)))).collect::<Option<Vec<_>>>()?)
    };
    if sum.covered_us > 0 {
        sum.measured = weigh(|part| part.measured, |part| part.covered_us);
    }
    sum.low = Some(weigh(|part| part.low, |part| part.length_us)?);
    sum.high = Some(weigh(|part| part.high, |part| part.length_us)?);
    Some(sum)
}

/// Adds the time and the leaves of `part`.
pub(super) fn widen(sum: &mut Amount, part: &Amount) {
    sum.covered_us += part.covered_us;
    sum.length_us += part.length_us;
    sum.documented_us += part.documented_us;
    if let Some((first, last)) = part.leaves {
        let (low, high) = sum.leaves.unwrap_or((first, last));
        sum.leaves = Some((low.min(first), high.max(last)));
    }
}
