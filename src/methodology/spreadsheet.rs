//! What a spreadsheet makes of the equations: the same operations in binary floating point.
//!
//! Decimals that land on a whole number, such as 10 times 0.1, may fall just below it as doubles, and
//! a workbook then floors to another integer than the engine. Only to find that (V-BOUNDARY): no
//! figure is made of these numbers. The same on every machine: only operations that IEEE 754 fixes to the
//! last bit, and decimals rounded to the nearest double.

use super::number::{Number, NumberError};
use super::syntax::{Extreme, Relation};
use super::tape::{Algebra, Tape};
use crate::domain::decimal::Decimal;

/// A double, as a cell holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Double(f64);

/// The greatest whole number not above the ER that a spreadsheet computes from these inputs; `None`
/// where it computes none.
pub(super) fn floor(tape: &Tape, inputs: &[Number]) -> Option<i64> {
    let inputs: Vec<Double> = inputs.iter().map(Double::of).collect();
    let er = tape.run(&inputs).ok()?.get(tape.er)?.0.floor();
    // Above 2^53 a double has no whole numbers left to tell apart.
    (er.abs() < 9_007_199_254_740_992.0).then_some(er as i64)
}

impl Double {
    fn finite(value: f64) -> Result<Self, NumberError> {
        if value.is_finite() { Ok(Self(value)) } else { Err(NumberError::Overflow) }
    }
}

impl Algebra for Double {
    fn of(number: &Number) -> Self {
        // The nearest double of a decimal's text, as a spreadsheet reads it.
        Self(number.to_string().parse().unwrap_or(f64::NAN))
    }

    fn add(&self, other: &Self) -> Result<Self, NumberError> {
        Self::finite(self.0 + other.0)
    }

    fn multiply(&self, other: &Self) -> Result<Self, NumberError> {
        Self::finite(self.0 * other.0)
    }

    fn divide(&self, other: &Self) -> Result<Self, NumberError> {
        if other.0 == 0.0 {
            return Err(NumberError::DivisionByZero);
        }
        Self::finite(self.0 / other.0)
    }

    fn negate(&self) -> Self {
        Self(-self.0)
    }

    fn power(&self, exponent: u32) -> Result<Self, NumberError> {
        Self::finite((0..exponent).fold(1.0, |product, _| product * self.0))
    }

    fn exp(&self) -> Result<Self, NumberError> {
        // The nearest double to the decimal result: libraries of machines differ in the last digit.
        let exact = Decimal::parse(&format!("{:e}", self.0)).map_err(|_| NumberError::Overflow)?;
        match Number::from(exact).exp() {
            Ok(number) => Self::finite(Self::of(&number).0),
            Err(NumberError::Underflow) => Ok(Self(0.0)),
            Err(error) => Err(error),
        }
    }

    fn holds(&self, relation: Relation, other: &Self) -> Option<bool> {
        Some(match relation {
            Relation::Less => self.0 < other.0,
            Relation::AtMost => self.0 <= other.0,
            Relation::More => self.0 > other.0,
            Relation::AtLeast => self.0 >= other.0,
        })
    }

    fn hull(of: &[&Self]) -> Self {
        of.first().map_or(Self(f64::NAN), |first| **first)
    }

    fn extreme(extreme: Extreme, arguments: &[&Self]) -> Self {
        let values = arguments.iter().map(|argument| argument.0);
        Self(match extreme {
            Extreme::Min => values.fold(f64::INFINITY, f64::min),
            Extreme::Max => values.fold(f64::NEG_INFINITY, f64::max),
        })
    }
}
