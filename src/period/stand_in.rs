//! What stands in for a meter, and what may not count at all, before anything is added up.
//!
//! A check meter that the registered plan names fills the gaps of its main meter (quality code `B`),
//! interval by interval, where it measured them whole and nobody doubts it; a check meter that differs
//! from its main meter by more than both may fills none. What it fills in counts by its own error, that
//! which its class permits or a calibration found, on the side that lowers ER; where none is known, by what
//! both meters may differ by. Hours that the plan excludes count by their
//! bounds on every path: not by the meter, not by a register's difference, not by the check meter.

use super::Input;
use super::calibration::correct::Correction;
use super::calibration::timeline::{larger, timeline};
use super::collect::Series;
use super::factors::Factors;
use crate::aggregate::interval::IntervalRow;
use crate::config::plan::ChannelPlan;
use crate::config::plan::device::{ErrorSize, Permissible};
use crate::config::plan::watch::{CheckMeter, Exclusion};
use crate::domain::decimal::Fixed6;
use crate::domain::flag::{Code, Flags, Quality};
use crate::domain::reading::ChannelKey;
use crate::domain::time::{INTERVAL_US, Interval, Timestamp};
use crate::domain::unit::Unit;

/// What was altered.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StandIns {
    pub pairs: Vec<Pair>,
    pub excluded: Vec<Excluded>,
}

/// A main meter beside its check meter, over the intervals that both measured whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    pub meters: CheckMeter,
    /// The unit of both sums: the main meter's.
    pub unit: Unit,
    pub main: Option<Fixed6>,
    pub check: Option<Fixed6>,
    pub both_us: i64,
    /// True if they differ by no more than they may, or never measured at one time.
    pub is_within: bool,
    /// Time that the check meter filled, and what it filled in.
    pub filled_us: i64,
    pub filled: Option<Fixed6>,
    /// The largest error that this counts by, and where it comes from; `None` where it filled nothing.
    pub error: Option<(ErrorSize, &'static str)>,
}

/// A stretch of a main meter's rows that its check meter filled.
#[derive(Debug, Clone, PartialEq)]
pub struct Fill {
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    pub check: ChannelKey,
}

/// Hours that were excluded, and what each path would have counted in them.
#[derive(Debug, Clone, PartialEq)]
pub struct Excluded {
    pub exclusion: Exclusion,
    /// First and last instant inside the period, on borders of intervals.
    pub from: Timestamp,
    pub to: Timestamp,
    pub unit: Unit,
    /// By the meter itself: interval by interval, and where its register bridged a gap.
    pub measured: Option<Fixed6>,
    pub bridged: Option<Fixed6>,
    /// By the check meter, if the plan names one.
    pub check: Option<Fixed6>,
}

/// Alters the rows of the period.
pub(super) fn apply(input: &Input<'_>, series: &mut [Series<'_>]) -> StandIns {
    let zone = &input.plan.registered.zone;
    let range = (input.period.start(zone), input.period.end(zone));
    let mut stand_ins = StandIns::default();
    let place = |series: &[Series<'_>], key: &ChannelKey| {
        series.iter().position(|one| one.plan.key == *key)
    };
    for exclusion in &input.plan.exclusions {
        let Some(at) = place(series, &exclusion.channel) else { continue };
        let check = input
            .plan
            .registered
            .cross_checks
            .check_meters
            .iter()
            .find(|pair| pair.main == exclusion.channel)
            .and_then(|pair| place(series, &pair.check));
        stand_ins.excluded.extend(excluded(series, at, check, exclusion, range));
    }
    // Of what a check meter itself is excluded from, it fills nothing: exclusions come first.
    for meters in &input.plan.registered.cross_checks.check_meters {
        let places = (place(series, &meters.main), place(series, &meters.check));
        if let (Some(main), Some(check)) = places {
            let pair = pair(input, series, (main, check), meters, &stand_ins.excluded);
            stand_ins.pairs.push(pair);
        }
    }
    for excluded in &stand_ins.excluded {
        if let Some(at) = place(series, &excluded.exclusion.channel) {
            let (from, to) = (excluded.from, excluded.to);
            clear(&mut series[at], from, to);
        }
    }
    stand_ins
}

/// What the paths show in excluded hours; `None` outside the period.
fn excluded(
    series: &[Series<'_>],
    at: usize,
    check: Option<usize>,
    exclusion: &Exclusion,
    range: (Timestamp, Timestamp),
) -> Option<Excluded> {
    let begin = exclusion.from.interval().start().max(range.0);
    let end = Interval((exclusion.to.us() + INTERVAL_US - 1).div_euclid(INTERVAL_US)).start();
    let end = end.min(range.1);
    if begin >= end {
        return None;
    }
    let unit = series[at].plan.interval_unit();
    let sum = |place: usize, is_of: &dyn Fn(&IntervalRow) -> bool| {
        let rows = series[place].rows(begin, end).iter().filter(|row| is_of(row));
        sum_in(rows.filter_map(|row| row.measured), series[place].plan, unit)
    };
    Some(Excluded {
        exclusion: exclusion.clone(),
        from: begin,
        to: end,
        unit,
        measured: sum(at, &|row| row.quality != Quality::T),
        bridged: sum(at, &|row| row.quality == Quality::T),
        check: check.and_then(|place| sum(place, &|_| true)),
    })
}

/// Compares two meters, and lets the check meter fill the gaps of the main one.
fn pair(
    input: &Input<'_>,
    series: &mut [Series<'_>],
    (main, check): (usize, usize),
    meters: &CheckMeter,
    excluded: &[Excluded],
) -> Pair {
    let zone = &input.plan.registered.zone;
    let range = (input.period.start(zone), input.period.end(zone));
    let factors = Factors::of(&input.plan.registered.factors, zone);
    let unit = series[main].plan.interval_unit();
    let check_rows = series[check].rows(range.0, range.1).to_vec();
    let main_rows = series[main].rows(range.0, range.1);
    let whole = |row: &IntervalRow| row.value.filter(|_| row.quality == Quality::M);
    let found = |start: Interval| {
        main_rows.binary_search_by_key(&start, |row| row.start).ok().map(|at| main_rows[at])
    };
    let both: Vec<(Timestamp, Fixed6, Fixed6)> = check_rows
        .iter()
        .filter_map(|row| Some((row.start.start(), whole(&found(row.start)?)?, whole(row)?)))
        .collect();
    let mains = both.iter().map(|(at, main, _)| (*at, *main));
    let main_sum = factors.sum(&series[main], mains, unit);
    let checks = both.iter().map(|(at, _, check)| (*at, *check));
    let check_sum = factors.sum(&series[check], checks, unit);
    let is_within = match (main_sum, check_sum) {
        (Some(main), Some(check)) => differ_by_ppm(main, check) <= i128::from(meters.tolerance_ppm),
        _ => true,
    };
    let is_excluded = |at: Timestamp, key: &ChannelKey| {
        excluded.iter().any(|one| one.exclusion.channel == *key && one.from <= at && at < one.to)
    };
    let served = series[main].in_service(range.0, range.1);
    let mut filled = Vec::new();
    if let (true, Some((begin, end))) = (is_within, served) {
        let conversion = series[check].plan.interval_unit().conversion_to(unit);
        for row in &check_rows {
            let at = row.start.start();
            let is_usable = matches!(row.quality, Quality::M | Quality::T)
                && !is_excluded(at, &meters.check)
                && !is_excluded(at, &meters.main)
                && (begin..end).contains(&at);
            let is_gap = found(row.start).is_none_or(|row| is_gap(&row));
            let value = row.value.zip(conversion);
            let value = value.and_then(|(value, how)| value.to_decimal().store(how).ok());
            if let (true, true, Some(value)) = (is_usable, is_gap, value) {
                filled.push(IntervalRow {
                    unit,
                    value: Some(value.value),
                    measured: Some(value.value),
                    low: Some(value.value),
                    high: Some(value.value),
                    quality: Quality::B,
                    flags: Flags::NONE.with(Code::Gap),
                    ..*row
                });
            }
        }
    }
    let filled_us = filled.len() as i64 * INTERVAL_US;
    let (mut error, mut corrections) = (None, Vec::new());
    for run in filled.chunk_by(|a, b| a.start.0 + 1 == b.start.0) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let (from, to) = (first.start.start(), last.start.end());
        series[main].fills.push(Fill { from, to, check: meters.check.clone() });
        let (size, why) = own_error(input, series[check].plan, meters, (from, to));
        corrections.push(Correction { from, to, lower: Some(size), raise: Some(size) });
        if error.is_none_or(|(known, _)| size.is_beyond(known)) {
            error = Some((size, why));
        }
    }
    series[main].corrections.add(corrections);
    let values = filled.iter().filter_map(|row| Some((row.start.start(), row.value?)));
    let filled_sum = factors.sum(&series[main], values, unit);
    for row in filled {
        let rows = series[main].rows.to_mut();
        match rows.binary_search_by_key(&row.start, |one| one.start) {
            Ok(at) => rows[at] = row,
            Err(at) => rows.insert(at, row),
        }
    }
    Pair {
        meters: meters.clone(),
        unit,
        main: main_sum,
        check: check_sum,
        both_us: both.len() as i64 * INTERVAL_US,
        is_within,
        filled_us,
        filled: filled_sum,
        error,
    }
}

/// By what error a check meter counts in `[from, to)`: the largest of what its class permits, what its
/// calibrations found, and, where no permissible error is known, what both meters may differ by.
fn own_error(
    input: &Input<'_>,
    plan: &ChannelPlan,
    meters: &CheckMeter,
    span: (Timestamp, Timestamp),
) -> (ErrorSize, &'static str) {
    let zone = &input.plan.registered.zone;
    // Percent in millionths; a ppm is a ten-thousandth of a percent.
    let apart = Fixed6::from_micro(i128::from(meters.tolerance_ppm) * 100);
    let apart = ErrorSize::Percent(apart.unwrap_or(Fixed6::HUNDRED));
    let named = plan.device.as_ref();
    let device = named.and_then(|key| input.devices.iter().find(|one| one.key == *key));
    let Some(device) = device else {
        return match Permissible::of_class(&plan.class) {
            Some(permissible) => (permissible.size, "its permissible error"),
            None => (apart, "what both may differ by"),
        };
    };
    let hung = device.meters.iter().filter(|meter| {
        meter.from.is_none_or(|from| from < span.1) && meter.to.is_none_or(|to| span.0 < to)
    });
    let permitted: Vec<Option<ErrorSize>> =
        hung.map(|meter| meter.plate.permissible.as_ref().map(|one| one.size)).collect();
    let is_known = !permitted.is_empty() && permitted.iter().all(Option::is_some);
    let permitted = permitted.into_iter().fold(None, larger);
    let stretches = timeline(device, zone, span);
    let found = stretches.iter().fold(None, |all, one| larger(all, larger(one.lower, one.raise)));
    let is_found = |size: ErrorSize| permitted.is_none_or(|permitted| size.is_beyond(permitted));
    match (found.filter(|size| is_found(*size)), permitted, is_known) {
        (Some(found), _, true) => (found, "what its calibration found"),
        (None, Some(permitted), true) => (permitted, "its permissible error"),
        (found, ..) => (larger(found, Some(apart)).unwrap_or(apart), "what both may differ by"),
    }
}

/// True for time that was not measured, and that nobody has to decide about.
fn is_gap(row: &IntervalRow) -> bool {
    let is_open = [Code::Conflict, Code::Backward, Code::Spacing];
    row.value.is_none()
        && row.flags.has(Code::Gap)
        && !row.flags.is_held()
        && !is_open.iter().any(|code| row.flags.has(*code))
}

/// Makes a stretch count by its bounds alone.
fn clear(series: &mut Series<'_>, from: Timestamp, to: Timestamp) {
    let plan = series.plan;
    let (low, high) = bounds(plan);
    let begin = series.rows.partition_point(|row| row.start.start() < from);
    let inside = series.rows.to_mut()[begin..].iter_mut().take_while(|row| row.start.start() < to);
    for row in inside {
        (row.value, row.measured, row.low, row.high) = (None, None, low, high);
        row.covered_us = 0;
        row.quality = Quality::Z;
        row.flags.insert(Code::Gap);
    }
}

/// What an interval can be, in its unit.
fn bounds(plan: &ChannelPlan) -> (Option<Fixed6>, Option<Fixed6>) {
    if !plan.is_amount() {
        return (plan.range.map(|(low, _)| low), plan.range.map(|(_, high)| high));
    }
    let quarter = |rate: Fixed6| {
        // Rounded up: an upper bound.
        Fixed6::from_micro((i128::from(rate.micro()) + 3).div_euclid(4)).ok()
    };
    (Some(Fixed6::ZERO), plan.capacity.and_then(quarter))
}

/// By how much two sums differ, in millionths of the first.
pub(super) fn differ_by_ppm(one: Fixed6, other: Fixed6) -> i128 {
    let (one, other) = (i128::from(one.micro()), i128::from(other.micro()));
    let apart = (one - other).abs();
    match one.abs() {
        0 if apart == 0 => 0,
        0 => i128::from(i64::MAX),
        // Rounded up: what is just beyond is beyond.
        size => (apart * 1_000_000 + size - 1) / size,
    }
}

/// Values of a channel, added up in `unit`; `None` for none, and beyond what can be stored.
pub(super) fn sum_in(
    values: impl Iterator<Item = Fixed6>,
    plan: &ChannelPlan,
    unit: Unit,
) -> Option<Fixed6> {
    let (count, sum) = values
        .fold((0u64, 0i128), |(count, sum), value| (count + 1, sum + i128::from(value.micro())));
    let conversion = plan.interval_unit().conversion_to(unit)?;
    let sum = Fixed6::from_micro(sum).ok()?.to_decimal().store(conversion).ok()?.value;
    (count > 0).then_some(sum)
}
