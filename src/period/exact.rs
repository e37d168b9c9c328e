//! Exact sums of decimals, and the few divisions a period needs.

use crate::domain::decimal::{Decimal, Fixed6, divide_half_even};
use crate::domain::unit::Conversion;
use crate::methodology::Number;

/// Most decimals that are tried for an exact quotient before it is rounded to six.
const DECIMALS_MAX: i32 = 15;

/// Decimals of tCO2e to which differences of results are told.
const DIFFERENCE_DECIMALS: u32 = 12;

/// Decimals at which a total is cut into parts: those of table `amounts`.
const PART_DECIMALS: u32 = 12;

/// `a + b`; `None` beyond the digits of a [`Decimal`].
pub fn add(a: Decimal, b: Decimal) -> Option<Decimal> {
    let exponent = a.exponent().min(b.exponent());
    let scaled = |value: Decimal| {
        let factor = 10i128.checked_pow(u32::try_from(value.exponent() - exponent).ok()?)?;
        value.coefficient().checked_mul(factor)
    };
    Decimal::new(scaled(a)?.checked_add(scaled(b)?)?, exponent).ok()
}

/// `a + b` of results with many digits, in the digits of a number.
pub(super) fn add_rounded(a: Decimal, b: Decimal) -> Option<Decimal> {
    Number::from(a).add(&Number::from(b)).ok()?.to_decimal().ok()
}

/// `a * b`; `None` beyond the digits of a [`Decimal`].
pub(super) fn multiply(a: Decimal, b: Decimal) -> Option<Decimal> {
    let product = a.coefficient().checked_mul(b.coefficient())?;
    Decimal::new(product, a.exponent() + b.exponent()).ok()
}

/// The greater of both.
pub(super) fn greater(a: Decimal, b: Decimal) -> Decimal {
    if Number::from(a) < Number::from(b) { b } else { a }
}

/// `a - b`.
pub(super) fn subtract(a: Decimal, b: Decimal) -> Option<Decimal> {
    add(a, Decimal::new(-b.coefficient(), b.exponent()).ok()?)
}

/// `a - b` of results with many digits, each rounded half-even to [`DIFFERENCE_DECIMALS`] first.
#[must_use]
pub fn difference(a: Decimal, b: Decimal) -> Option<Decimal> {
    let short = |value| Decimal::parse(&rounded(value, DIFFERENCE_DECIMALS)).ok();
    subtract(short(a)?, short(b)?)
}

/// The greatest whole number not above `value`.
pub(super) fn floor(value: Decimal) -> Option<i128> {
    let (coefficient, exponent) = (value.coefficient(), value.exponent());
    if exponent >= 0 {
        return coefficient.checked_mul(10i128.checked_pow(exponent.unsigned_abs())?);
    }
    match 10i128.checked_pow(exponent.unsigned_abs()) {
        Some(divisor) => Some(coefficient.div_euclid(divisor)),
        // Below 10^-38 there is only the sign left.
        None => Some(if coefficient < 0 { -1 } else { 0 }),
    }
}

/// A stored value in another unit: exactly where the quotient ends, else half-even to six decimals.
pub fn convert(value: Fixed6, conversion: Conversion) -> Option<Decimal> {
    let Conversion { multiply, add, divide } = conversion;
    let numerator =
        i128::from(value.micro()).checked_mul(multiply.into())? + i128::from(add) * 1_000_000;
    for decimals in 0..=DECIMALS_MAX {
        let Some(scaled) = numerator.checked_mul(10i128.pow(decimals.unsigned_abs())) else {
            break;
        };
        if scaled % i128::from(divide) == 0 {
            return Decimal::new(scaled / i128::from(divide), -6 - decimals).ok();
        }
    }
    Some(value.to_decimal().store(conversion).ok()?.value.to_decimal())
}

/// A stated value in another unit: exactly where the quotient ends, else half-even to twelve
/// decimals.
pub(super) fn convert_decimal(value: Decimal, conversion: Conversion) -> Option<Decimal> {
    let Conversion { multiply, add, divide } = conversion;
    let scaled = Number::from(value).multiply(&Number::from_integer(multiply)).ok()?;
    let shifted = scaled.add(&Number::from_integer(add)).ok()?;
    cut(&shifted.divide(&Number::from_integer(divide)).ok()?)
}

/// The part of place `index`, from 0, of `count` equal parts of a value, cut at the twelfth decimal
/// from running totals: all parts together are the value.
pub(super) fn portion(value: Decimal, index: i128, count: i128) -> Option<Decimal> {
    let upto = |place: i128| {
        let share = (Decimal::new(place, 0).ok()?, Decimal::new(count, 0).ok()?);
        scale(value, share.0, share.1)
    };
    subtract(upto(index + 1)?, upto(index)?)
}

/// `value x part / whole`, half-even to twelve decimals; the value itself for the whole of it.
pub(super) fn scale(value: Decimal, part: Decimal, whole: Decimal) -> Option<Decimal> {
    if part == whole {
        return Some(value);
    }
    let product = Number::from(value).multiply(&Number::from(part)).ok()?;
    cut(&product.divide(&Number::from(whole)).ok()?)
}

/// The mean of values weighted by time, half-even to twelve decimals.
pub(super) fn mean_of_stated(parts: &[(Decimal, i64)]) -> Option<Decimal> {
    if let Some((first, _)) = parts.first()
        && parts.iter().all(|(value, _)| value == first)
    {
        return Some(*first);
    }
    let (mut sum, mut weight) = (Number::from_integer(0), 0i64);
    for (value, time) in parts {
        let product = Number::from(*value).multiply(&Number::from_integer(*time)).ok()?;
        sum = sum.add(&product).ok()?;
        weight += time;
    }
    cut(&sum.divide(&Number::from_integer(weight.max(1))).ok()?)
}

/// `sum / total` of whole numbers that stand for values with `decimals` decimals, half-even to
/// twelve decimals.
pub(super) fn cut_ratio(sum: i128, total: i128, decimals: u32) -> Option<Decimal> {
    let sum = Number::from(Decimal::new(sum, 0).ok()?);
    let total = Number::from(Decimal::new(total, decimals.cast_signed()).ok()?);
    cut(&sum.divide(&total).ok()?)
}

fn cut(number: &Number) -> Option<Decimal> {
    let value = number.to_decimal().ok()?;
    match value.exponent() >= -(PART_DECIMALS as i32) {
        true => Some(value),
        false => Decimal::parse(&rounded(value, PART_DECIMALS)).ok(),
    }
}

/// The mean of values weighted by time, half-even to six decimals (the grain of stored states).
pub(super) fn mean(parts: Vec<(Decimal, i64)>) -> Option<Decimal> {
    if let [(only, _)] = parts[..] {
        return Some(only);
    }
    let (mut sum, mut weight) = (0i128, 0i128);
    for (value, time) in parts {
        let micro = value.store(Conversion::IDENTITY).ok()?.value.micro();
        sum += i128::from(micro) * i128::from(time);
        weight += i128::from(time);
    }
    let micro = divide_half_even(sum, weight.max(1));
    Some(Fixed6::from_micro(micro).ok()?.to_decimal())
}

/// `part` of `whole` in percent with two decimals, rounded down; of no time it is 100.
pub(super) fn share_of_time(part: i64, whole: i64) -> Decimal {
    let hundredths = match whole {
        0 => 10_000,
        whole => i128::from(part) * 10_000 / i128::from(whole),
    };
    Decimal::new(hundredths, -2).unwrap_or(Decimal::ZERO)
}

/// `value` rounded half-even to `decimals` places, always with that many.
#[must_use]
pub fn rounded(value: Decimal, decimals: u32) -> String {
    let shift = value.exponent() + decimals as i32;
    let scaled = if shift >= 0 {
        match 10i128.checked_pow(shift.unsigned_abs()) {
            Some(factor) => value.coefficient().checked_mul(factor),
            None => None,
        }
    } else {
        match 10i128.checked_pow(shift.unsigned_abs()) {
            Some(divisor) => Some(divide_half_even(value.coefficient(), divisor)),
            None => Some(0),
        }
    };
    let Some(scaled) = scaled else { return value.to_string() };
    let digits = format!("{:0>1$}", scaled.unsigned_abs(), decimals as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals as usize);
    let sign = if scaled < 0 { "-" } else { "" };
    let point = if decimals > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::unit::Unit;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn floor_goes_down_on_both_sides_of_zero() {
        for (text, expected) in [
            ("764.196973", 764),
            ("-888.485", -889),
            ("0", 0),
            ("-0.000001", -1),
            ("1e3", 1_000),
            ("533", 533),
            ("-1e-60", -1),
        ] {
            assert_eq!(floor(decimal(text)), Some(expected), "{text}");
        }
    }

    #[test]
    fn sums_are_exact_whatever_the_exponents() {
        let sum = add(decimal("1e12"), decimal("-0.000000000001")).unwrap();
        assert_eq!(sum.to_string(), "999999999999.999999999999");
        assert_eq!(subtract(decimal("0.3"), decimal("0.1")), Some(decimal("0.2")));
    }

    #[test]
    fn a_conversion_keeps_every_digit_that_ends() {
        let to = |text: &str, from: &str, to: &str| {
            let value = decimal(text).store(Conversion::IDENTITY).unwrap().value;
            let unit = |symbol| Unit::parse(symbol).unwrap();
            convert(value, unit(from).conversion_to(unit(to)).unwrap()).unwrap().to_string()
        };
        assert_eq!(to("1234567.000001", "kWh", "MWh"), "1234.567000001");
        assert_eq!(to("1", "GJ", "MWh"), "0.277778");
        assert_eq!(to("25", "degC", "K"), "298.15");
    }

    #[test]
    fn parts_of_a_total_always_add_up_to_it() {
        for (value, count) in [("310.000", 31), ("100", 31), ("0.000000000001", 7), ("1e20", 3)] {
            let value = decimal(value);
            let mut sum = Decimal::ZERO;
            for index in 0..count {
                let part = portion(value, index, count).unwrap();
                assert!(!part.is_negative());
                sum = add(sum, part).unwrap();
            }
            assert_eq!(sum, value);
        }
        assert_eq!(portion(decimal("310"), 3, 31), Some(decimal("10")));
    }

    #[test]
    fn a_share_is_never_rounded_up_to_all() {
        assert_eq!(share_of_time(999_999, 1_000_000).to_string(), "99.99");
        assert_eq!(share_of_time(1, 1).to_string(), "100");
    }

    #[test]
    fn printed_forms_round_half_even() {
        for (text, decimals, expected) in [
            ("764.196973", 3, "764.197"),
            ("0.0005", 3, "0.000"),
            ("0.0015", 3, "0.002"),
            ("-0.0015", 3, "-0.002"),
            ("12", 3, "12.000"),
            ("-889", 0, "-889"),
        ] {
            assert_eq!(rounded(decimal(text), decimals), expected, "{text}");
        }
    }
}
