//! The log of gaps: every stretch in which a parameter's channel was not measured, with its hours, the
//! rule by which something stands for it, and what its doubt costs.
//!
//! What costs, costs at the level of a parameter's year: there ER is evaluated at the bounds. A gap
//! has its share by how wide its bounds are; what a substitute earns is shared by what it counted. Beside it, as information only, stand the statistical
//! substitutes that two programmes know: they never enter a claim.

use super::collect::Series;
use super::exact::rounded;
use super::factors::multiplied;
use super::statement::{DoubtCost, label};
use super::substitution::{percentile, spread};
use super::{Applied, Input, Period};
use crate::aggregate::interval::IntervalRow;
use crate::config::plan::Doubt;
use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::flag::Quality;
use crate::domain::reading::ChannelKey;
use crate::domain::time::{INTERVAL_US, Interval, Timestamp};
use crate::domain::unit::Unit;
use crate::methodology::Number;

/// Hours that 40 CFR 75.33 looks back on.
const LOOK_BACK_HOURS: usize = 720;

/// A stretch in which a channel was not measured.
#[derive(Debug, Clone, PartialEq)]
pub struct GapFacts {
    /// The id of the methodology.
    pub methodology: String,
    pub year: i16,
    /// The parameter.
    pub label: String,
    pub channel: Option<ChannelKey>,
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    /// Of the time, that which was not measured.
    pub length_us: i64,
    /// `B`, `T`, `I`, `K` or `Z`.
    pub quality: &'static str,
    pub rule: &'static str,
    pub unit: String,
    /// What stands for it where that is exact; else its bounds.
    pub counted: Option<Decimal>,
    pub low: Option<Decimal>,
    pub high: Option<Decimal>,
    /// What its doubt costs, in tCO2e; `None` where nothing is in doubt.
    pub cost: Option<Decimal>,
    /// What the substitute earns against its bounds, in tCO2e; `None` for bounds themselves.
    pub earned: Option<Decimal>,
    /// Statistical substitutes per hour in `unit`, by name: information only.
    pub tiers: Vec<(&'static str, Decimal)>,
}

/// The gaps of the period, by year, parameter, channel and time.
pub(super) fn log(
    input: &Input<'_>,
    applied: &[Applied<'_>],
    series: &[Series<'_>],
    doubts: &[DoubtCost],
) -> Vec<GapFacts> {
    let mut gaps = Vec::new();
    for part in input.period.years() {
        for applied in applied {
            for (place, source) in &applied.sources {
                let parameter = source.parameter;
                let label = label(&parameter.symbol, &parameter.members);
                let begin = gaps.len();
                for one in series.iter().filter(|one| parameter.channels.contains(&one.plan.key)) {
                    of_channel(input, &applied.id, (&label, source), part, one, &mut gaps);
                }
                documented(input, &applied.id, &label, part, source, &mut gaps);
                let year = part.from().year();
                let doubt = doubts.iter().find(|one| {
                    one.methodology == applied.id && one.year == year && one.label == label
                });
                if let Some(doubt) = doubt {
                    share(&mut gaps[begin..], doubt.cost);
                }
                earn(input, applied, (*place, part), source, &mut gaps[begin..]);
            }
        }
    }
    gaps
}

fn rule(quality: Quality) -> &'static str {
    match quality {
        Quality::M => "measured",
        Quality::B => "check meter of the registered plan",
        Quality::T => "register difference, exact in total",
        Quality::K => "conflict, by the values that are stored",
        Quality::Z => "bounds: nothing to capacity, or the range",
    }
}

/// The runs of one quality of a channel in a part of the period.
fn of_channel(
    input: &Input<'_>,
    methodology: &str,
    (label, source): (&str, &super::gather::Source<'_>),
    part: Period,
    one: &Series<'_>,
    gaps: &mut Vec<GapFacts>,
) {
    let zone = &input.plan.registered.zone;
    let Some((from, to)) = one.in_service(part.start(zone), part.end(zone)) else { return };
    let rows = one.rows(from, to);
    let unit = one.plan.interval_unit().symbol().to_owned();
    let mut next = 0;
    let mut open: Option<(Quality, Interval, Vec<IntervalRow>)> = None;
    let close = |open: Option<(Quality, Interval, Vec<IntervalRow>)>,
                 end: Interval,
                 gaps: &mut Vec<_>| {
        let Some((quality, begin, inside)) = open.filter(|(quality, ..)| *quality != Quality::M)
        else {
            return;
        };
        let covered: i64 = match quality {
            Quality::B | Quality::T => 0,
            _ => inside.iter().map(|row| row.covered_us).sum(),
        };
        let length_us = (end.0 - begin.0) * INTERVAL_US - covered;
        // As it counts: by the factors of its channel.
        let parts = source.cut(one, begin.start(), end.start());
        let corrected = |micro: i128, at: usize| {
            multiplied(Decimal::new(micro, -6).ok()?, &parts.get(at)?.factors)
        };
        let add = |of: fn(&IntervalRow) -> Option<Fixed6>| {
            let mut sums = vec![0i128; parts.len()];
            for row in &inside {
                let at = parts.partition_point(|part| part.to <= row.start.start());
                *sums.get_mut(at)? += i128::from(of(row)?.micro());
            }
            let mut sums = sums.into_iter().enumerate();
            sums.try_fold(Decimal::ZERO, |all, (at, sum)| {
                super::exact::add(all, corrected(sum, at)?)
            })
        };
        let is_amount = one.plan.is_amount();
        let is_exact = matches!(quality, Quality::B | Quality::T);
        // Time without a row counts from nothing to capacity.
        let absent_us = length_us - inside.len() as i64 * INTERVAL_US + covered;
        let most = one.plan.capacity.map(|rate| most(rate, absent_us.max(0)));
        // Where a factor changes inside, time without a row counts by the larger.
        let most_of = |micro: i128| {
            let all = (0..parts.len()).map(|at| corrected(micro, at));
            all.collect::<Option<Vec<Decimal>>>()?.into_iter().reduce(super::exact::greater)
        };
        let bound = |of, absent: Option<i128>| {
            let sum: Decimal = add(of).filter(|_| is_amount)?;
            super::exact::add(sum, most_of(absent?)?)
        };
        gaps.push(GapFacts {
            methodology: methodology.to_owned(),
            year: part.from().year(),
            label: label.to_owned(),
            channel: Some(one.plan.key.clone()),
            from: begin.start(),
            to: end.start(),
            length_us,
            quality: quality.as_str(),
            rule: rule(quality),
            unit: unit.clone(),
            counted: if is_exact { bound(|row| row.value, Some(0)) } else { None },
            low: bound(|row| row.low, Some(0)),
            high: bound(|row| row.high, most),
            cost: None,
            earned: None,
            tiers: if is_exact { Vec::new() } else { tiers(one, begin) },
        });
    };
    for number in from.interval().0..to.interval().0 {
        let interval = Interval(number);
        let row = rows.get(next).filter(|row| row.start == interval);
        next += usize::from(row.is_some());
        let quality = row.map_or(Quality::Z, |row| row.quality);
        if open.as_ref().is_none_or(|(before, ..)| *before != quality) {
            close(open.take(), interval, gaps);
            open = Some((quality, interval, Vec::new()));
        }
        if let (Some((_, _, inside)), Some(row)) = (&mut open, row)
            && quality != Quality::M
        {
            inside.push(*row);
        }
    }
    close(open, to.interval(), gaps);
}

/// The days of a parameter with channels that stand on documents.
fn documented(
    input: &Input<'_>,
    methodology: &str,
    label: &str,
    part: Period,
    source: &super::gather::Source<'_>,
    gaps: &mut Vec<GapFacts>,
) {
    if source.parameter.channels.is_empty() {
        return;
    }
    let zone = &input.plan.registered.zone;
    let days: Vec<_> = part.dates().filter(|date| source.is_documented(*date)).collect();
    for run in days.chunk_by(|a, b| a.next() == *b) {
        let (from, to) = (zone.start_of(run[0]), zone.start_of(run[run.len() - 1].next()));
        gaps.push(GapFacts {
            methodology: methodology.to_owned(),
            year: part.from().year(),
            label: label.to_owned(),
            channel: None,
            from,
            to,
            length_us: to.us() - from.us(),
            quality: "I",
            rule: "document, by days",
            unit: source.entered.symbol.clone(),
            counted: source.stated(run),
            low: None,
            high: None,
            cost: None,
            earned: None,
            tiers: Vec::new(),
        });
    }
}

/// Gives each doubtful gap its share of what the doubt of its parameter costs: by the width of its
/// bounds where all have some, else by time.
fn share(gaps: &mut [GapFacts], cost: Decimal) {
    let doubtful = |one: &GapFacts| matches!(one.quality, "K" | "Z");
    let micro = |value: Option<Decimal>| {
        let stored = value?.store(crate::domain::unit::Conversion::IDENTITY).ok()?;
        Some(i128::from(stored.value.micro()))
    };
    let width = |one: &GapFacts| Some((micro(one.high)? - micro(one.low)?).max(0));
    let has_widths = gaps.iter().filter(|one| doubtful(one)).all(|one| width(one).is_some());
    let weight = |one: &GapFacts| match has_widths {
        true => width(one).unwrap_or(0),
        false => i128::from(one.length_us),
    };
    let whole: i128 = gaps.iter().filter(|one| doubtful(one)).map(weight).sum();
    let Ok(whole) = Decimal::new(whole, 0) else { return };
    for gap in gaps.iter_mut().filter(|one| doubtful(one)) {
        let part = Decimal::new(weight(gap), 0).ok();
        gap.cost = match whole.is_zero() {
            true => Some(Decimal::ZERO),
            false => part.and_then(|part| super::exact::scale(cost, part, whole)),
        };
    }
}

/// The most that can be counted in a time, in micro-units, rounded up.
fn most(per_hour: Fixed6, time_us: i64) -> i128 {
    let hour_us = 3_600_000_000;
    (i128::from(per_hour.micro()) * i128::from(time_us) + hour_us - 1).div_euclid(hour_us)
}

/// Says of each exact substitute what it earns: its share of what all of one rule earn together.
fn earn(
    input: &Input<'_>,
    applied: &Applied<'_>,
    at: (usize, Period),
    source: &super::gather::Source<'_>,
    gaps: &mut [GapFacts],
) {
    if !source.entered.is_amount || source.entered.is_own {
        return;
    }
    let Doubt::Capacity { per_hour, unit } = source.parameter.doubt else { return };
    let into = |value: Decimal, from: Unit| {
        let stored = value.store(from.conversion_to(source.entered.unit)?).ok()?;
        Some(stored.value.to_decimal())
    };
    let counted = |one: &GapFacts| into(one.counted?, Unit::parse(&one.unit)?);
    for quality in ["B", "T", "I"] {
        let own = || gaps.iter().filter(|one| one.quality == quality);
        let sums = own().try_fold((Decimal::ZERO, 0i64), |(sum, time_us), one| {
            Some((super::exact::add(sum, counted(one)?)?, time_us + one.length_us))
        });
        let Some((sum, time_us)) = sums.filter(|(sum, _)| !sum.is_zero()) else { continue };
        let most = Decimal::new(most(per_hour, time_us), -6).ok().and_then(|most| into(most, unit));
        let Some(most) = most else { continue };
        let whole = super::evaluate::worth(input, applied, at, (sum, most));
        for gap in gaps.iter_mut().filter(|one| one.quality == quality) {
            let part = counted(gap);
            gap.earned =
                whole.zip(part).and_then(|(whole, part)| super::exact::scale(whole, part, sum));
        }
    }
}

/// What two programmes would put in for an hour of the gap, from the hours measured before it: the 90th
/// percentile of 720 hours (40 CFR 75.33) and the mean with twice the deviation (EU MRR, Annex VIII).
fn tiers(series: &Series<'_>, begin: Interval) -> Vec<(&'static str, Decimal)> {
    if !series.plan.is_amount() {
        return Vec::new();
    }
    let end = series.rows.partition_point(|row| row.start < begin);
    // Whole hours of four intervals, the latest first.
    let mut hours: Vec<i128> = Vec::new();
    let mut quarter: Vec<&IntervalRow> = Vec::new();
    for row in series.rows[..end].iter().rev() {
        if hours.len() == LOOK_BACK_HOURS {
            break;
        }
        let follows = quarter.last().is_none_or(|last| last.start.0 == row.start.0 + 1);
        let fits = row.quality == Quality::M && row.value.is_some();
        if !fits || !follows || (quarter.is_empty() && row.start.0.rem_euclid(4) != 3) {
            quarter.clear();
        }
        if fits && (!quarter.is_empty() || row.start.0.rem_euclid(4) == 3) {
            quarter.push(row);
        }
        if quarter.len() == 4 {
            hours.push(
                quarter.iter().filter_map(|row| row.value).map(|v| i128::from(v.micro())).sum(),
            );
            quarter.clear();
        }
    }
    // Micro-units, as units.
    let one = Decimal::new(1, -6).map(Number::from).ok();
    let shown =
        |number: &Number| Decimal::parse(&number.multiply(one.as_ref()?).ok()?.to_fixed(6)).ok();
    let mut tiers = Vec::new();
    let name = "90th percentile of up to 720 hours before (40 CFR 75.33)";
    if let Some(value) = percentile(&hours, 90).and_then(|micro| Decimal::new(micro, -6).ok()) {
        tiers.push((name, value));
    }
    if let Ok(spread) = spread(&hours) {
        let names =
            ["mean less twice the deviation (EU MRR)", "mean with twice the deviation (EU MRR)"];
        for (name, value) in names.into_iter().zip([&spread.low, &spread.high]) {
            tiers.extend(shown(value).map(|value| (name, value)));
        }
    }
    tiers
}

/// `counted`, or `low to high`, for people.
#[must_use]
pub fn stands_for(gap: &GapFacts) -> String {
    match (gap.counted, gap.low, gap.high) {
        (Some(counted), ..) => format!("{} {}", rounded(counted, 6), gap.unit),
        (None, Some(low), Some(high)) => {
            format!("{} to {} {}", rounded(low, 6), rounded(high, 6), gap.unit)
        }
        _ => String::new(),
    }
}
