//! Totals corrected for the time in which their meter was not shown to be right.
//!
//! A total is corrected as a whole, never reading by reading: what the stretch adds up to, times one
//! less or plus the error, exact. Of a total in doubt, that part which was counted at least is
//! corrected; bounds of gaps come from capacities, not from the meter.

use super::timeline::{Stretch, larger};
use crate::config::plan::device::{ErrorSize, difference};
use crate::domain::decimal::Decimal;
use crate::domain::time::{INTERVAL_US, Interval, Timestamp};
use crate::domain::unit::Unit;
use crate::period::collect::Amount;
use crate::period::exact::{add, subtract};

/// To which side totals are corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Not at all.
    None,
    Lower,
    Raise,
    /// Lowest and highest apart: which side lowers ER is not known yet, or both do.
    Both,
}

/// By how much totals of a stretch may be too high and too low.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction {
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    pub lower: Option<ErrorSize>,
    pub raise: Option<ErrorSize>,
}

/// The corrections of a channel, in order and without overlap, on interval borders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Corrections(Vec<Correction>);

impl Corrections {
    /// Those of a device's stretches.
    #[must_use]
    pub fn of(stretches: &[Stretch]) -> Self {
        let start = |at: Timestamp| at.interval().start();
        let end =
            |at: Timestamp| Interval((at.us() + INTERVAL_US - 1).div_euclid(INTERVAL_US)).start();
        Self::merged(
            stretches
                .iter()
                .filter(|stretch| stretch.is_corrected())
                .map(|one| {
                    let (lower, raise) = (one.lower, one.raise);
                    Correction { from: start(one.from), to: end(one.to), lower, raise }
                })
                .collect(),
        )
    }

    /// Adds some: where several are at one time, the larger error counts.
    pub fn add(&mut self, more: Vec<Correction>) {
        if more.is_empty() {
            return;
        }
        let mut all = std::mem::take(&mut self.0);
        all.extend(more);
        *self = Self::merged(all);
    }

    /// Those of any order and overlap.
    fn merged(corrected: Vec<Correction>) -> Self {
        let mut borders: Vec<Timestamp> = corrected.iter().flat_map(|c| [c.from, c.to]).collect();
        borders.sort_unstable();
        borders.dedup();
        let mut all: Vec<Correction> = Vec::new();
        for pair in borders.windows(2) {
            let mut one = Correction { from: pair[0], to: pair[1], lower: None, raise: None };
            for over in corrected.iter().filter(|c| c.from < one.to && one.from < c.to) {
                one.lower = larger(one.lower, over.lower);
                one.raise = larger(one.raise, over.raise);
            }
            if one.lower.is_some() || one.raise.is_some() {
                all.push(one);
            }
        }
        Self(all)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `[from, to)` cut where the correction changes.
    pub fn cut(&self, from: Timestamp, to: Timestamp) -> Vec<Correction> {
        let plain = |from, to| Correction { from, to, lower: None, raise: None };
        let mut parts = Vec::new();
        let mut at = from;
        for one in self.0.iter().filter(|one| one.from < to && from < one.to) {
            if at < one.from {
                parts.push(plain(at, one.from));
            }
            let (begin, end) = (one.from.max(from), one.to.min(to));
            parts.push(Correction { from: begin, to: end, ..*one });
            at = end;
        }
        if at < to || parts.is_empty() {
            parts.push(plain(at, to));
        }
        parts
    }

    /// True if the interval that starts at `at` is corrected.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.0.iter().any(|one| one.from <= at && at < one.to)
    }
}

impl Correction {
    /// A total of its stretch, corrected; `None` beyond the digits of a number.
    #[must_use]
    pub fn apply(&self, side: Side, amount: Amount, unit: Unit) -> Option<Amount> {
        let (lower, raise) = match side {
            Side::None => (None, None),
            Side::Lower => (self.lower, None),
            Side::Raise => (None, self.raise),
            Side::Both => (self.lower, self.raise),
        };
        if lower.is_none() && raise.is_none() {
            return Some(amount);
        }
        let (Some(low), Some(high)) = (amount.low, amount.high) else { return Some(amount) };
        let (mut corrected_low, mut corrected_high) = (low, high);
        if let Some(size) = lower {
            let error = error(size, low, unit)?;
            corrected_low = subtract(low, error)?;
            if side == Side::Lower {
                corrected_high = subtract(high, error)?;
            }
        }
        if let Some(size) = raise {
            corrected_high = add(high, error(size, high, unit)?)?;
            if side == Side::Raise {
                corrected_low = add(low, error(size, low, unit)?)?;
            }
        }
        Some(Amount { low: Some(corrected_low), high: Some(corrected_high), ..amount })
    }
}

/// The error of a value in `unit`, never below zero.
fn error(size: ErrorSize, value: Decimal, unit: Unit) -> Option<Decimal> {
    match size {
        ErrorSize::Percent(percent) => {
            let coefficient = i128::try_from(value.coefficient().unsigned_abs()).ok()?;
            // Percent in millionths: eight decimals of the value.
            let product = coefficient.checked_mul(percent.micro().into())?;
            Decimal::new(product, value.exponent() - 8).ok()
        }
        ErrorSize::Absolute(size, of) => Some(difference(size, of, unit)?.to_decimal()),
    }
}
