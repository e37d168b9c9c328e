//! Exact decimals: a number as its text says it, and a value as it is stored.
//!
//! A [`Decimal`] is what a gateway wrote, digit for digit. A [`Fixed6`] is what a table keeps:
//! `DECIMAL(18,6)` in an `i64`. The one way from the first to the second is [`Decimal::store`]:
//! conversion to the storage unit and quantisation in one step, once, half-even. A binary float is
//! never in between.

use std::fmt;
use std::num::NonZeroU64;

use super::unit::Conversion;

/// Most significant digits a number may carry; those of decimal128.
pub const DIGITS_MAX: u32 = 34;

/// Longest text of a number that is looked at, in bytes.
pub const NUMBER_TEXT_BYTES_MAX: usize = 128;

/// Largest magnitude of a decimal exponent accepted from outside.
pub const EXPONENT_MAX: i32 = 6_144;

/// Why a text is no number, or a number no stored value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    #[error("not a decimal number; write digits with an optional sign, point and exponent")]
    Syntax,
    #[error("more than {DIGITS_MAX} significant digits; send fewer")]
    TooLong,
    #[error("exponent beyond {EXPONENT_MAX}")]
    Exponent,
    #[error("too large to store: values have at most twelve digits before the point")]
    Overflow,
}

/// An exact decimal number, `coefficient * 10^exponent`, at most [`DIGITS_MAX`] digits.
///
/// Kept normalised: no trailing zero in the coefficient, zero has exponent 0; so equality of the
/// fields is equality of the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    coefficient: i128,
    exponent: i32,
}

impl Decimal {
    pub const ZERO: Self = Self { coefficient: 0, exponent: 0 };

    /// A decimal of these parts, normalised.
    ///
    /// # Errors
    /// When it has more than [`DIGITS_MAX`] digits once trailing zeros are gone, or too large an
    /// exponent.
    pub fn new(coefficient: i128, exponent: i32) -> Result<Self, DecimalError> {
        if coefficient == 0 {
            return Ok(Self::ZERO);
        }
        let (mut coefficient, mut exponent) = (coefficient, exponent);
        while coefficient % 10 == 0 {
            coefficient /= 10;
            exponent += 1;
        }
        if coefficient.unsigned_abs() >= 10u128.pow(DIGITS_MAX) {
            return Err(DecimalError::TooLong);
        }
        if exponent.abs() > EXPONENT_MAX {
            return Err(DecimalError::Exponent);
        }
        Ok(Self { coefficient, exponent })
    }

    /// Reads `[+-] digits [. digits] [e [+-] digits]`; at least one digit must stand before or
    /// after the point. No spaces, separators, infinities or hexadecimal.
    ///
    /// # Errors
    /// When the text is no such number, or has too many digits or too large an exponent.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        Self::parse_short(text.as_bytes()).map_or_else(|| Self::parse_any(text.as_bytes()), Ok)
    }

    fn parse_any(bytes: &[u8]) -> Result<Self, DecimalError> {
        if bytes.len() > NUMBER_TEXT_BYTES_MAX {
            return Err(DecimalError::TooLong);
        }
        let mut at = 0;
        let is_negative = match bytes.first() {
            Some(b'-') => {
                at = 1;
                true
            }
            Some(b'+') => {
                at = 1;
                false
            }
            _ => false,
        };
        let mut coefficient: i128 = 0;
        let mut digit_count = 0u32;
        let mut exponent = 0i32;
        let mut has_digit = false;
        let mut has_point = false;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'0'..=b'9' => {
                    has_digit = true;
                    let digit = i128::from(byte - b'0');
                    if coefficient != 0 || digit != 0 {
                        digit_count += 1;
                    }
                    // 38 digits fit an i128; the normalised limit of 34 is checked at the end.
                    if digit_count > 38 {
                        return Err(DecimalError::TooLong);
                    }
                    coefficient = match coefficient.checked_mul(10) {
                        Some(shifted) => match shifted.checked_add(digit) {
                            Some(sum) => sum,
                            None => return Err(DecimalError::TooLong),
                        },
                        None => return Err(DecimalError::TooLong),
                    };
                    exponent -= i32::from(has_point);
                }
                b'.' if !has_point => has_point = true,
                b'e' | b'E' if has_digit => {
                    exponent += parse_exponent(&bytes[at + 1..])?;
                    at = bytes.len();
                    continue;
                }
                _ => return Err(DecimalError::Syntax),
            }
            at += 1;
        }
        if !has_digit {
            return Err(DecimalError::Syntax);
        }
        Self::new(if is_negative { -coefficient } else { coefficient }, exponent)
    }

    /// As [`Decimal::parse`] for what nearly every number is: at most 18 digits, in machine integers.
    fn parse_short(bytes: &[u8]) -> Option<Self> {
        let (is_negative, digits) = match bytes.split_first()? {
            (b'-', rest) => (true, rest),
            _ => (false, bytes),
        };
        if digits.len() > 18 {
            return None;
        }
        let (mut coefficient, mut exponent, mut point) = (0u64, 0i32, None);
        for (place, byte) in digits.iter().enumerate() {
            match byte {
                b'0'..=b'9' => coefficient = coefficient * 10 + u64::from(byte - b'0'),
                b'.' if point.is_none() => point = Some(place),
                _ => return None,
            }
        }
        if let Some(place) = point {
            exponent = -((digits.len() - 1 - place) as i32);
        }
        if digits.len() == usize::from(point.is_some()) {
            return None;
        }
        if coefficient == 0 {
            return Some(Self::ZERO);
        }
        while coefficient.is_multiple_of(10) {
            coefficient /= 10;
            exponent += 1;
        }
        let coefficient = i128::from(coefficient);
        Some(Self { coefficient: if is_negative { -coefficient } else { coefficient }, exponent })
    }

    /// The value as it is, where it fits micro-units without conversion or rounding.
    fn store_exact(self) -> Option<Stored> {
        let factor = 10i64.checked_pow(u32::try_from(self.exponent + 6).ok()?)?;
        let micro = i64::try_from(self.coefficient).ok()?.checked_mul(factor)?;
        let value = Fixed6::from_micro(micro.into()).ok()?;
        Some(Stored { value, is_exact: true })
    }

    #[must_use]
    pub fn coefficient(self) -> i128 {
        self.coefficient
    }

    #[must_use]
    pub fn exponent(self) -> i32 {
        self.exponent
    }

    #[must_use]
    pub fn is_zero(self) -> bool {
        self.coefficient == 0
    }

    #[must_use]
    pub fn is_negative(self) -> bool {
        self.coefficient < 0
    }

    /// Converts to the storage unit and quantises to six decimals, half-even, in one rounding.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when the result has more than twelve digits before the point.
    pub fn store(self, conversion: Conversion) -> Result<Stored, DecimalError> {
        match self.store_exact() {
            Some(stored) if conversion == Conversion::IDENTITY => Ok(stored),
            _ => self.store_any(conversion),
        }
    }

    fn store_any(self, conversion: Conversion) -> Result<Stored, DecimalError> {
        let Conversion { multiply, add, divide } = conversion;
        // value in micro-units = (c * 10^e * multiply + add) * 10^6 / divide
        let shift = self.exponent + 6;
        if self.coefficient == 0 || shift < -(DIGITS_MAX as i32) - 20 {
            // Too small to show in micro-units, whatever the (small) factor: only `add` remains.
            let base = quantise(i128::from(add) * 1_000_000, i128::from(divide))?;
            let is_exact = self.coefficient == 0 && base.is_exact;
            return Ok(Stored { is_exact, ..base });
        }
        let overflow = DecimalError::Overflow;
        let scaled = self.coefficient.checked_mul(i128::from(multiply)).ok_or(overflow)?;
        let (numerator, denominator) = if shift >= 0 {
            let factor = power_of_ten(shift).ok_or(overflow)?;
            let value = scaled.checked_mul(factor).ok_or(overflow)?;
            let offset = i128::from(add) * 1_000_000;
            (value.checked_add(offset).ok_or(overflow)?, i128::from(divide))
        } else {
            let Some(factor) = power_of_ten(-shift) else {
                let base = quantise(i128::from(add) * 1_000_000, i128::from(divide))?;
                return Ok(Stored { is_exact: false, ..base });
            };
            let offset = (i128::from(add) * 1_000_000).checked_mul(factor).ok_or(overflow)?;
            let denominator = i128::from(divide).checked_mul(factor).ok_or(overflow)?;
            (scaled.checked_add(offset).ok_or(overflow)?, denominator)
        };
        quantise(numerator, denominator)
    }
}

impl fmt::Display for Decimal {
    /// Plain notation where it is short, else with an exponent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.coefficient < 0 { "-" } else { "" };
        let digits = self.coefficient.unsigned_abs().to_string();
        let point = i32::try_from(digits.len()).unwrap_or(i32::MAX) + self.exponent;
        match (self.exponent, point) {
            (0.., ..=34) => write!(f, "{sign}{digits}{:0<1$}", "", self.exponent as usize),
            (..0, 1..) => {
                let (whole, fraction) = digits.split_at(point as usize);
                write!(f, "{sign}{whole}.{fraction}")
            }
            (..0, -40..=0) => write!(f, "{sign}0.{:0<1$}{digits}", "", (-point) as usize),
            _ => write!(f, "{sign}{digits}e{}", self.exponent),
        }
    }
}

/// What [`Decimal::store`] gives: the stored value, and whether it is the number as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    pub value: Fixed6,
    /// False when quantisation changed the number: V-PRECISION.
    pub is_exact: bool,
}

/// A stored value: `DECIMAL(18,6)`, that is whole micro-units of the channel's storage unit.
/// Magnitude below 10^12 units.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fixed6(
    /// Micro-units with their sign bit turned: in the order of the values, and zero for none of them,
    /// so that a value that may be missing takes no more room than one that may not.
    NonZeroU64,
);

const SIGN_BIT: u64 = 1 << 63;

impl Fixed6 {
    pub const ZERO: Self = Self::of(0);
    pub const ONE: Self = Self::of(1_000_000);
    pub const HUNDRED: Self = Self::of(100_000_000);
    /// One beyond the largest magnitude, in micro-units: 10^18.
    pub const MICRO_END: i64 = 1_000_000_000_000_000_000;

    /// From whole micro-units.
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] from a magnitude of 10^18 on.
    pub fn from_micro(micro: i128) -> Result<Self, DecimalError> {
        if micro.unsigned_abs() >= Self::MICRO_END as u128 {
            return Err(DecimalError::Overflow);
        }
        Ok(Self::of(micro as i64))
    }

    /// From micro-units within the range.
    const fn of(micro: i64) -> Self {
        match NonZeroU64::new(micro as u64 ^ SIGN_BIT) {
            Some(bits) => Self(bits),
            // The one number that has no such form is out of range.
            None => Self(NonZeroU64::MIN),
        }
    }

    /// Whole micro-units.
    #[must_use]
    pub fn micro(self) -> i64 {
        (self.0.get() ^ SIGN_BIT) as i64
    }

    /// The same number as an exact decimal.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        // At most 18 digits and exponent -6: within the limits of Decimal by construction.
        Decimal::new(i128::from(self.micro()), -6).unwrap_or(Decimal::ZERO)
    }
}

impl Default for Fixed6 {
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Debug for Fixed6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fixed6({})", self.micro())
    }
}

impl fmt::Display for Fixed6 {
    /// Always six decimals, as the tables show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.micro() < 0 { "-" } else { "" };
        let magnitude = self.micro().unsigned_abs();
        write!(f, "{sign}{}.{:06}", magnitude / 1_000_000, magnitude % 1_000_000)
    }
}

/// `numerator / denominator` rounded half-even to a whole number.
///
/// `denominator` must be positive.
#[must_use]
pub fn divide_half_even(numerator: i128, denominator: i128) -> i128 {
    // Machine integers where they do: they divide many times faster.
    let (quotient, remainder) = match (i64::try_from(numerator), i64::try_from(denominator)) {
        (Ok(numerator), Ok(denominator)) => (
            i128::from(numerator.div_euclid(denominator)),
            i128::from(numerator.rem_euclid(denominator)),
        ),
        _ => (numerator.div_euclid(denominator), numerator.rem_euclid(denominator)),
    };
    let rest = denominator - remainder;
    match remainder.cmp(&rest) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + (quotient & 1),
    }
}

fn quantise(numerator: i128, denominator: i128) -> Result<Stored, DecimalError> {
    let micro = divide_half_even(numerator, denominator);
    Ok(Stored { value: Fixed6::from_micro(micro)?, is_exact: numerator % denominator == 0 })
}

fn power_of_ten(power: i32) -> Option<i128> {
    10i128.checked_pow(u32::try_from(power).ok()?)
}

fn parse_exponent(bytes: &[u8]) -> Result<i32, DecimalError> {
    let (is_negative, digits) = match bytes.first() {
        Some(b'-') => (true, &bytes[1..]),
        Some(b'+') => (false, &bytes[1..]),
        _ => (false, bytes),
    };
    if digits.is_empty() {
        return Err(DecimalError::Syntax);
    }
    let mut exponent = 0i32;
    for &byte in digits {
        if !byte.is_ascii_digit() {
            return Err(DecimalError::Syntax);
        }
        exponent = exponent * 10 + i32::from(byte - b'0');
        if exponent > EXPONENT_MAX {
            return Err(DecimalError::Exponent);
        }
    }
    Ok(if is_negative { -exponent } else { exponent })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stored(text: &str) -> String {
        let stored = Decimal::parse(text).unwrap().store(Conversion::IDENTITY).unwrap();
        format!("{}{}", stored.value, if stored.is_exact { "" } else { " rounded" })
    }

    #[test]
    fn a_number_is_read_from_its_text_exactly() {
        for (text, shown) in [
            ("0", "0"),
            ("-0.0", "0"),
            ("123.456", "123.456"),
            ("+7", "7"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1e3", "1000"),
            ("1.50E-2", "0.015"),
            ("0.1", "0.1"),
            ("9007199254740993", "9007199254740993"),
            ("1234567890123456789012345678901234", "1234567890123456789012345678901234"),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        use DecimalError::{Exponent, Syntax, TooLong};
        for (text, error) in [
            ("", Syntax),
            (".", Syntax),
            ("-", Syntax),
            ("NaN", Syntax),
            ("inf", Syntax),
            ("1,5", Syntax),
            ("1.2.3", Syntax),
            ("1e", Syntax),
            ("0x10", Syntax),
            (" 1", Syntax),
            ("1e9999", Exponent),
            ("12345678901234567890123456789012345", TooLong),
        ] {
            assert_eq!(Decimal::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn storing_rounds_once_half_even() {
        assert_eq!(stored("0.0000005"), "0.000000 rounded");
        assert_eq!(stored("0.0000015"), "0.000002 rounded");
        assert_eq!(stored("0.0000025"), "0.000002 rounded");
        assert_eq!(stored("-0.0000015"), "-0.000002 rounded");
        assert_eq!(stored("0.00000250000000000000000001"), "0.000003 rounded");
        assert_eq!(stored("1e-60"), "0.000000 rounded");
        assert_eq!(stored("8.284999847412108"), "8.285000 rounded");
        assert_eq!(stored("123.456000000"), "123.456000");
        assert_eq!(stored("999999999999.999999"), "999999999999.999999");
        let one_too_many = Decimal::parse("1e12").unwrap().store(Conversion::IDENTITY);
        assert_eq!(one_too_many, Err(DecimalError::Overflow));
        let huge = Decimal::parse("1e6000").unwrap().store(Conversion::IDENTITY);
        assert_eq!(huge, Err(DecimalError::Overflow));
    }

    proptest! {
        #[test]
        fn the_short_way_gives_what_the_long_way_gives(
            text in prop_oneof!["[-+]?[0-9]{0,19}[.]?[0-9]{0,9}(e[0-9])?", "-?0{0,3}[0-9]{1,6}[.]?0{0,9}"],
        ) {
            let short = Decimal::parse_short(text.as_bytes());
            let long = Decimal::parse_any(text.as_bytes());
            if let Some(short) = short {
                prop_assert_eq!(Ok(short), long);
            }
            if let Ok(number) = long {
                let stored = number.store_any(Conversion::IDENTITY);
                if let Some(exact) = number.store_exact() {
                    prop_assert_eq!(Ok(exact), stored);
                }
            }
        }

        #[test]
        fn a_stored_value_reads_back_as_itself(micro in -999_999_999_999_999_999i64..=999_999_999_999_999_999) {
            let value = Fixed6::from_micro(i128::from(micro)).unwrap();
            let again = Decimal::parse(&value.to_string()).unwrap().store(Conversion::IDENTITY).unwrap();
            prop_assert_eq!(again, Stored { value, is_exact: true });
            prop_assert_eq!(value.to_decimal().store(Conversion::IDENTITY).unwrap().value, value);
        }

        #[test]
        fn a_decimal_prints_as_a_text_that_reads_back(coefficient in any::<i64>(), exponent in -60i32..60) {
            let decimal = Decimal::new(i128::from(coefficient), exponent).unwrap();
            prop_assert_eq!(Decimal::parse(&decimal.to_string()).unwrap(), decimal);
        }

        #[test]
        fn half_even_division_is_nearest_and_ties_go_to_even(n in any::<i64>(), d in 1i64..1_000_000) {
            let (n, d) = (i128::from(n), i128::from(d));
            let q = divide_half_even(n, d);
            let error = (n - q * d).abs() * 2;
            prop_assert!(error <= d);
            prop_assert!(error < d || q % 2 == 0);
        }
    }
}
