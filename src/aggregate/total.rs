//! Totals of intervals over months, years and periods: sums of amounts, weighted means of states.

use super::amount_over_up;
use super::interval::IntervalRow;
use crate::config::plan::Doubt;
use crate::domain::decimal::{Fixed6, divide_half_even};
use crate::domain::time::{INTERVAL_US, Timestamp};
use crate::domain::unit::Unit;

/// What a stretch of time adds up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    pub unit: Unit,
    /// Sum of the measured amounts, or mean of the measured states weighted by time; `None` when
    /// nothing was measured.
    pub measured: Option<Fixed6>,
    /// Lowest and highest it can be. Equal to `measured` when nothing is in doubt.
    pub low: Fixed6,
    pub high: Fixed6,
    /// Time measured, and time of the stretch.
    pub covered_us: i64,
    pub length_us: i64,
    /// Leaves it stands on, lowest and highest.
    pub leaves: Option<(i64, i64)>,
}

impl Total {
    /// True if every instant was measured and undoubted.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.covered_us == self.length_us
    }
}

/// The total of one channel's rows over `[from, to)`, both on interval borders. Time without a row,
/// and rows without a bound, count by `doubt`, whose unit is that of the result; `None` when a sum
/// goes beyond what can be stored or the units do not convert.
///
/// Rows are converted to the result's unit after they are added, in one rounding.
pub fn total<'a>(
    rows: impl Iterator<Item = &'a IntervalRow>,
    is_amount: bool,
    doubt: &Doubt,
    from: Timestamp,
    to: Timestamp,
) -> Option<Total> {
    let length_us = to.us() - from.us();
    let (mut measured, mut low, mut high) = (0i128, 0i128, 0i128);
    let (mut covered_us, mut rowed_us) = (0, 0);
    let mut row_unit = None;
    let mut leaves: Option<(i64, i64)> = None;
    let (unit, least, most) = bounds_of(doubt);
    for row in rows.filter(|row| (from..to).contains(&row.start.start())) {
        row_unit = Some(row.unit);
        rowed_us += INTERVAL_US;
        covered_us += row.covered_us;
        // A sum of amounts weighs each interval once, a mean by its time.
        let (weight, whole) =
            if is_amount { (1, 1) } else { (i128::from(row.covered_us), i128::from(INTERVAL_US)) };
        measured += row.measured.map_or(0, |value| i128::from(value.micro())) * weight;
        // Where the channel has no bound of its own, the parameter's stands for the whole interval.
        let bound = |own: Option<Fixed6>, level: i128| -> Option<i128> {
            Some(match own {
                Some(own) => i128::from(own.micro()) * whole,
                None => {
                    let conversion = unit.conversion_to(row.unit)?;
                    let level =
                        Fixed6::from_micro(level).ok()?.to_decimal().store(conversion).ok()?;
                    let level = i128::from(level.value.micro());
                    if is_amount { amount_over_up(level, INTERVAL_US) } else { level * whole }
                }
            })
        };
        low += bound(row.low, least)?;
        high += bound(row.high, most)?;
        if let Some((first, last)) = row.leaves {
            let (low, high) = leaves.unwrap_or((first, last));
            leaves = Some((low.min(first), high.max(last)));
        }
    }
    let convert = |micro: i128| {
        let conversion = row_unit.unwrap_or(unit).conversion_to(unit)?;
        Some(Fixed6::from_micro(micro).ok()?.to_decimal().store(conversion).ok()?.value.micro())
    };
    let missing_us = length_us - rowed_us;
    if is_amount {
        let missing = |level: i128| amount_over_up(level, missing_us);
        return Some(Total {
            unit,
            measured: if covered_us > 0 { Some(fixed(convert(measured)?.into())?) } else { None },
            low: fixed(i128::from(convert(low)?) + missing(least))?,
            high: fixed(i128::from(convert(high)?) + missing(most))?,
            covered_us,
            length_us,
            leaves,
        });
    }
    let mean = |sum: i128, level: i128| -> Option<Fixed6> {
        let rowed = if rowed_us > 0 { convert(divide_half_even(sum, rowed_us.into()))? } else { 0 };
        let sum = i128::from(rowed) * i128::from(rowed_us) + level * i128::from(missing_us);
        fixed(divide_half_even(sum, length_us.max(1).into()))
    };
    let measured = match covered_us {
        0 => None,
        covered => Some(fixed(convert(divide_half_even(measured, covered.into()))?.into())?),
    };
    let (mut low, mut high) = (mean(low, least)?, mean(high, most)?);
    if let (Some(measured), true) = (measured, covered_us == length_us) {
        (low, high) = (measured, measured);
    }
    Some(Total { unit, measured, low, high, covered_us, length_us, leaves })
}

/// Unit, least and most of a doubt: per hour for amounts, at every instant for states.
fn bounds_of(doubt: &Doubt) -> (Unit, i128, i128) {
    match doubt {
        Doubt::Capacity { per_hour, unit } => (*unit, 0, per_hour.micro().into()),
        Doubt::Range { low, high, unit } => (*unit, low.micro().into(), high.micro().into()),
    }
}

fn fixed(micro: i128) -> Option<Fixed6> {
    Fixed6::from_micro(micro).ok()
}
