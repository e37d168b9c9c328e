//! Numbers of the engine: decimal128 (34 digits, half-even), each with a bound on its own error.
//!
//! Takes exact decimals, gives exact decimals back. Ordinary rounding is no error; overflow,
//! underflow, division by zero and a cancellation that leaves fewer than
//! [`CANCELLATION_DIGITS_MIN`] digits are. To know the last, every number carries an upper bound of
//! its distance from the exact result; exact inputs carry none, so `37 - 7` and `5 - 5` are exact
//! and `1/3 - 0.3333333333333333333333333333` is refused. Never a binary float.

use std::cmp::Ordering;
use std::fmt;

use dashu_float::round::mode::{Down, HalfEven, Up};
use dashu_float::{Context, FBig, Repr};

use crate::domain::decimal::{DIGITS_MAX, Decimal};

/// Fewest digits a difference of rounded numbers must keep (DESIGN.md section 8).
pub const CANCELLATION_DIGITS_MIN: isize = 12;

/// Decimal exponents of the first digit that decimal128 can hold (IEEE 754-2008, table 3.6).
const EXPONENT_FIRST_DIGIT: std::ops::RangeInclusive<isize> = -6_143..=6_144;

/// Magnitude of an exponent with which 34 digits are in the range for sure.
const EXPONENT_SURE: usize = 6_000;

/// Digits of an error bound; it is only ever rounded up.
const ERROR_DIGITS: usize = 4;

/// A value without its error bound: what the search over bounds computes with.
pub(super) type Plain = Repr<10>;

const VALUE: Context<HalfEven> = Context::new(DIGITS_MAX as usize);
const LONGER: Context<HalfEven> = Context::new(DIGITS_MAX as usize + 2);
const ERROR: Context<Up> = Context::new(ERROR_DIGITS);

/// Why a result is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    #[error("the result is too large: 1e6145 or more")]
    Overflow,
    #[error("the result is too small: below 1e-6143, and not 0")]
    Underflow,
    #[error("division by zero")]
    DivisionByZero,
    #[error("the square root of a negative number")]
    NegativeRoot,
    #[error("no class holds the value that is looked up; the table does not cover it")]
    NoClass,
    #[error(
        "the difference cancels: fewer than {CANCELLATION_DIGITS_MIN} digits of it are certain; \
         write the equation without subtracting nearly equal results"
    )]
    Cancellation,
}

/// A decimal of at most 34 digits. Equality and order are those of the value alone.
#[derive(Clone)]
pub struct Number {
    value: Plain,
    /// Never below the distance to the exact result; zero for a number known exactly.
    error: Plain,
}

impl Number {
    pub const ZERO: Self = Self { value: Repr::zero(), error: Repr::zero() };
    pub const ONE: Self = Self { value: Repr::one(), error: Repr::zero() };

    /// A whole number, exact.
    #[must_use]
    pub fn from_integer(value: i64) -> Self {
        Self::exact(Repr::new(value.into(), 0))
    }

    /// The exact decimal of this value.
    ///
    /// # Errors
    /// None in range: values of the engine have at most 34 digits; the exponent may be one that
    /// [`Decimal`] does not take.
    pub fn to_decimal(&self) -> Result<Decimal, NumberError> {
        let coefficient =
            i128::try_from(self.value.significand()).map_err(|_| NumberError::Overflow)?;
        let exponent = i32::try_from(self.value.exponent()).map_err(|_| NumberError::Overflow)?;
        Decimal::new(coefficient, exponent).map_err(|_| match exponent {
            ..0 => NumberError::Underflow,
            0.. => NumberError::Overflow,
        })
    }

    /// True if no rounding has touched this number.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        is_zero(&self.error)
    }

    #[must_use]
    pub fn is_zero(&self) -> bool {
        is_zero(&self.value)
    }

    #[must_use]
    pub fn is_negative(&self) -> bool {
        is_negative(&self.value)
    }

    /// # Errors
    /// Overflow, underflow, cancellation.
    pub fn add(&self, other: &Self) -> Result<Self, NumberError> {
        let (value, rounding) = rounded(VALUE.add(&self.value, &other.value))?;
        let error = up_add(&up_add(&self.error, &other.error), &rounding);
        let shrinks = !is_zero(&error)
            && is_negative(&self.value) != is_negative(&other.value)
            && !self.is_zero()
            && !other.is_zero();
        if shrinks {
            // digits that are certain: those before the first digit of the error
            let digits = first_digit(&value).map(|d| d - first_digit(&error).unwrap_or(isize::MIN));
            if digits.is_none_or(|digits| digits < CANCELLATION_DIGITS_MIN) {
                return Err(NumberError::Cancellation);
            }
        }
        Ok(Self { value, error })
    }

    /// # Errors
    /// Overflow, underflow, cancellation.
    pub fn subtract(&self, other: &Self) -> Result<Self, NumberError> {
        self.add(&other.negate())
    }

    /// # Errors
    /// Overflow, underflow.
    pub fn multiply(&self, other: &Self) -> Result<Self, NumberError> {
        let (value, rounding) = rounded(VALUE.mul(&self.value, &other.value))?;
        if self.is_exact() && other.is_exact() {
            return Ok(Self { value, error: rounding });
        }
        let left = up_mul(&magnitude(&self.value), &other.error);
        let right = up_mul(&magnitude(&other.value), &self.error);
        let both = up_mul(&self.error, &other.error);
        let error = up_add(&up_add(&left, &right), &up_add(&both, &rounding));
        Ok(Self { value, error })
    }

    /// # Errors
    /// Division by zero, overflow, underflow; cancellation when the divisor is not certain to
    /// differ from zero.
    pub fn divide(&self, other: &Self) -> Result<Self, NumberError> {
        if other.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        let (value, rounding) = rounded(VALUE.div(&self.value, &other.value))?;
        if self.is_exact() && other.is_exact() {
            return Ok(Self { value, error: rounding });
        }
        // |a/b - a'/b'| <= (ea + |a/b| eb) / (|b| - eb)
        let divisor = magnitude(&other.value);
        let least = down_sub(&divisor, &other.error);
        if is_negative(&least) || is_zero(&least) {
            return Err(NumberError::Cancellation);
        }
        let quotient = up_add(&magnitude(&value), &rounding);
        let above = up_add(&self.error, &up_mul(&quotient, &other.error));
        Ok(Self { value, error: up_add(&up_div(&above, &least), &rounding) })
    }

    #[must_use]
    pub fn negate(&self) -> Self {
        Self { value: unsigned_zero(-self.value.clone()), error: self.error.clone() }
    }

    /// `self` multiplied by itself `exponent` times in all; 1 for exponent 0.
    ///
    /// # Errors
    /// Overflow, underflow.
    pub fn power(&self, exponent: u32) -> Result<Self, NumberError> {
        (0..exponent).try_fold(Self::ONE, |product, _| product.multiply(self))
    }

    /// e to this power, right to at least 30 digits for an exact number.
    ///
    /// # Errors
    /// Overflow, underflow.
    pub fn exp(&self) -> Result<Self, NumberError> {
        let (value, rounding) = plain::exp_rounded(&self.value)?;
        if self.is_exact() {
            return Ok(Self { value, error: rounding });
        }
        // |e^x' - e^x| <= e^x (e^d - 1), and e^d - 1 <= 2 d for d up to 1.
        if self.error > Repr::one() {
            return Err(NumberError::Cancellation);
        }
        let spread = up_mul(&up_add(&value, &rounding), &up_add(&self.error, &self.error));
        Ok(Self { value, error: up_add(&spread, &rounding) })
    }

    /// The square root.
    ///
    /// # Errors
    /// [`NumberError::NegativeRoot`] for a negative number.
    pub fn sqrt(&self) -> Result<Self, NumberError> {
        if self.is_zero() {
            return Ok(self.clone());
        }
        if self.is_negative() {
            return Err(NumberError::NegativeRoot);
        }
        let (value, rounding) = rounded(VALUE.sqrt(&self.value))?;
        if self.is_exact() {
            return Ok(Self { value, error: rounding });
        }
        // |sqrt a - sqrt a'| <= error / sqrt a'
        Ok(Self { error: up_add(&up_div(&self.error, &value), &rounding), value })
    }

    /// The sum without a check for cancellation: for information, never for a figure.
    pub(super) fn plainly_add(&self, other: &Self) -> Result<Self, NumberError> {
        Ok(Self::exact(plain::add(&self.value, &other.value)?))
    }

    /// The greatest whole number not above this one: the one rounding of tCO2e, downward.
    ///
    /// `floor(-888.485)` is -889, where a spreadsheet's `ROUNDDOWN` gives -888.
    ///
    /// # Errors
    /// [`NumberError::Overflow`] beyond the range of `i64`.
    pub fn floor(&self) -> Result<i64, NumberError> {
        let coefficient =
            i128::try_from(self.value.significand()).map_err(|_| NumberError::Overflow)?;
        let whole = match u32::try_from(self.value.exponent()) {
            Ok(up) => 10i128.checked_pow(up).and_then(|scale| coefficient.checked_mul(scale)),
            Err(_) => {
                let down = self.value.exponent().unsigned_abs();
                let scale = u32::try_from(down).ok().and_then(|down| 10i128.checked_pow(down));
                Some(match scale {
                    Some(scale) => coefficient.div_euclid(scale),
                    None => -i128::from(coefficient < 0),
                })
            }
        };
        whole.and_then(|whole| i64::try_from(whole).ok()).ok_or(NumberError::Overflow)
    }

    /// With exactly `decimals` digits after the point, rounded half-even: for showing, never for
    /// computing.
    #[must_use]
    pub fn to_fixed(&self, decimals: u32) -> String {
        let digits = first_digit(&self.value).unwrap_or(0) + 1 + decimals as isize;
        let shown = if self.is_zero() || digits < 0 {
            Repr::zero()
        } else if digits == 0 {
            // Only the first digit behind the last shown one decides, and a tie goes to 0.
            let half = Repr::new(5.into(), -(decimals as isize) - 1);
            let one = Repr::new(1.into(), -(decimals as isize));
            match magnitude(&self.value).cmp(&half) {
                Ordering::Greater if self.is_negative() => -one,
                Ordering::Greater => one,
                Ordering::Equal | Ordering::Less => Repr::zero(),
            }
        } else {
            FBig::<HalfEven, 10>::from_repr(self.value.clone(), VALUE)
                .with_precision(digits as usize)
                .value()
                .into_repr()
        };
        let sign = if is_negative(&shown) { "-" } else { "" };
        let text = magnitude(&shown).significand().to_string();
        let decimals = decimals as usize;
        let zeros = usize::try_from(shown.exponent() + decimals as isize).unwrap_or(0);
        let text = if is_zero(&shown) { "0".to_owned() } else { text + &"0".repeat(zeros) };
        let text = format!("{text:0>width$}", width = decimals + 1);
        let (whole, fraction) = text.split_at(text.len() - decimals);
        if decimals == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }

    pub(super) fn exact(value: Plain) -> Self {
        Self { value, error: Repr::zero() }
    }

    pub(super) fn plain(&self) -> &Plain {
        &self.value
    }
}

impl From<Decimal> for Number {
    fn from(decimal: Decimal) -> Self {
        Self::exact(Repr::new(decimal.coefficient().into(), decimal.exponent() as isize))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }
}

impl fmt::Display for Number {
    /// All digits: plain notation where it is short, else with an exponent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_decimal() {
            Ok(decimal) => decimal.fmt(f),
            Err(_) => write!(f, "{}e{}", self.value.significand(), self.value.exponent()),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A whole number of at most 34 digits.
pub(super) fn whole(value: i128) -> Plain {
    Repr::new(value.into(), 0)
}

/// The same arithmetic without error bounds, and so without a check for cancellation.
pub(super) mod plain {
    use super::{NumberError, Plain, Repr, VALUE, is_zero, rounded, unsigned_zero};

    pub fn add(left: &Plain, right: &Plain) -> Result<Plain, NumberError> {
        Ok(rounded(VALUE.add(left, right))?.0)
    }

    pub fn multiply(left: &Plain, right: &Plain) -> Result<Plain, NumberError> {
        Ok(rounded(VALUE.mul(left, right))?.0)
    }

    pub fn divide(left: &Plain, right: &Plain) -> Result<Plain, NumberError> {
        if is_zero(right) {
            return Err(NumberError::DivisionByZero);
        }
        Ok(rounded(VALUE.div(left, right))?.0)
    }

    pub fn negate(value: &Plain) -> Plain {
        unsigned_zero(-value.clone())
    }

    pub fn power(base: &Plain, exponent: u32) -> Result<Plain, NumberError> {
        (0..exponent).try_fold(Repr::one(), |product, _| multiply(&product, base))
    }

    pub fn exp(value: &Plain) -> Result<Plain, NumberError> {
        Ok(exp_rounded(value)?.0)
    }

    /// e to the value, and how far the result may be from it.
    pub fn exp_rounded(value: &Plain) -> Result<(Plain, Plain), NumberError> {
        // Beyond the range of decimal128 in any case; the series would take for ever.
        let limit = Repr::new(15_000.into(), 0);
        if *value > limit {
            return Err(NumberError::Overflow);
        }
        if super::magnitude(value) > limit {
            return Err(NumberError::Underflow);
        }
        rounded(VALUE.exp(value, None))
    }
}

/// Exact, with the rounding error of a result in `VALUE`: at most half a unit of its last digit.
fn rounded(
    result: dashu_float::FpResult<FBig<HalfEven, 10>>,
) -> Result<(Plain, Plain), NumberError> {
    use dashu_float::FpError;
    let result = result.map_err(|error| match error {
        FpError::Underflow(_) => NumberError::Underflow,
        FpError::Indeterminate | FpError::OutOfDomain => NumberError::DivisionByZero,
        FpError::Overflow(_) | FpError::InfiniteInput | FpError::ZivRetryLimitExceeded => {
            NumberError::Overflow
        }
    })?;
    let (value, is_exact) = result.value_with_exact();
    // The library's sums may have a digit more than its context says.
    let is_longer = value.repr().digits() > DIGITS_MAX as usize;
    let value = match is_longer {
        true => FBig::<HalfEven, 10>::from_repr(value.into_repr(), LONGER)
            .with_precision(DIGITS_MAX as usize)
            .value(),
        false => value,
    };
    let value = unsigned_zero(value.into_repr());
    // Counting digits costs more than the operation: only where the range or the rounding needs it.
    if is_exact && value.exponent().unsigned_abs() < EXPONENT_SURE {
        return Ok((value, Repr::zero()));
    }
    let Some(first) = first_digit(&value) else {
        return if is_exact { Ok((value, Repr::zero())) } else { Err(NumberError::Underflow) };
    };
    if first > *EXPONENT_FIRST_DIGIT.end() {
        return Err(NumberError::Overflow);
    }
    if first < *EXPONENT_FIRST_DIGIT.start() {
        return Err(NumberError::Underflow);
    }
    // Twice rounded: half a unit of the last digit, and half of the one that was too many.
    let tenths = if is_longer { 6 } else { 5 };
    let unit = Repr::new(tenths.into(), first - DIGITS_MAX as isize);
    Ok((value, if is_exact && !is_longer { Repr::zero() } else { unit }))
}

/// Decimal exponent of the first digit; `None` for zero.
fn first_digit(value: &Plain) -> Option<isize> {
    (!is_zero(value)).then(|| value.exponent() + value.digits() as isize - 1)
}

pub(super) fn is_zero(value: &Plain) -> bool {
    value.significand().is_zero()
}

pub(super) fn is_negative(value: &Plain) -> bool {
    !is_zero(value) && *value < Repr::zero()
}

fn unsigned_zero(value: Plain) -> Plain {
    if is_zero(&value) { Repr::zero() } else { value }
}

pub(super) fn magnitude(value: &Plain) -> Plain {
    if is_negative(value) { -value.clone() } else { value.clone() }
}

/// A finite result of finite operands, rounded as the context says.
fn finite<R: dashu_float::round::Round>(
    result: dashu_float::FpResult<FBig<R, 10>>,
) -> Option<Plain> {
    result.ok().map(|result| unsigned_zero(result.value().into_repr()))
}

// Sums, products and quotients of finite error bounds are finite: the exponent is a machine word,
// and the numbers they belong to were checked against the far smaller range of decimal128.
fn up_add(left: &Plain, right: &Plain) -> Plain {
    // Most numbers are exact, and so most bounds zero.
    if is_zero(left) {
        return right.clone();
    }
    if is_zero(right) {
        return left.clone();
    }
    finite(ERROR.add(left, right)).unwrap_or(Repr::zero())
}

fn up_mul(left: &Plain, right: &Plain) -> Plain {
    if is_zero(left) || is_zero(right) {
        return Repr::zero();
    }
    finite(ERROR.mul(left, right)).unwrap_or(Repr::zero())
}

fn up_div(left: &Plain, right: &Plain) -> Plain {
    finite(ERROR.div(left, right)).unwrap_or(Repr::zero())
}

fn down_sub(left: &Plain, right: &Plain) -> Plain {
    finite(Context::<Down>::new(ERROR_DIGITS).sub(left, right)).unwrap_or(Repr::zero())
}

#[cfg(test)]
mod tests;
