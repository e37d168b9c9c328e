//! Numbers: exactness, rounding, cancellation, the error bound.

use super::*;
use proptest::prelude::*;

fn number(text: &str) -> Number {
    Decimal::parse(text).unwrap().into()
}

#[test]
fn a_thousand_megawatt_hours_at_0_533_are_exactly_533_tonnes() {
    let product = number("1000").multiply(&number("0.533")).unwrap();
    assert_eq!(product.to_string(), "533");
    assert!(product.is_exact());
    assert_eq!(product.floor(), Ok(533));
}

#[test]
fn results_are_rounded_half_even_to_34_digits() {
    let third = Number::ONE.divide(&number("3")).unwrap();
    assert_eq!(third.to_string(), "0.3333333333333333333333333333333333");
    assert!(!third.is_exact());
    let tie = number("1000000000000000000000000000000000").add(&number("0.5")).unwrap();
    assert_eq!(tie.to_string(), "1000000000000000000000000000000000");
    let tie = number("1000000000000000000000000000000001").add(&number("0.5")).unwrap();
    assert_eq!(tie.to_string(), "1000000000000000000000000000000002");
}

#[test]
fn floor_goes_down_below_zero_too() {
    for (text, floor) in
        [("26.482661", 26), ("-888.485", -889), ("-0.000001", -1), ("0", 0), ("1e3", 1000)]
    {
        assert_eq!(number(text).floor(), Ok(floor), "{text}");
    }
    assert_eq!(number("-1e-60").floor(), Ok(-1));
    assert_eq!(number("1e-60").floor(), Ok(0));
    assert_eq!(number("1e30").floor(), Err(NumberError::Overflow));
}

#[test]
fn what_decimal128_cannot_hold_is_an_error() {
    let (large, small) = (number("1e6000"), number("1e-6000"));
    assert_eq!(large.multiply(&large), Err(NumberError::Overflow));
    assert_eq!(small.multiply(&small), Err(NumberError::Underflow));
    assert_eq!(large.divide(&Number::ZERO), Err(NumberError::DivisionByZero));
    assert_eq!(Number::ZERO.divide(&Number::ZERO), Err(NumberError::DivisionByZero));
}

#[test]
fn only_rounded_numbers_can_cancel() {
    assert_eq!(number("37").subtract(&number("37")), Ok(Number::ZERO));
    let third = Number::ONE.divide(&number("3")).unwrap();
    assert_eq!(third.subtract(&third), Err(NumberError::Cancellation));
    // 21 digits agree, 13 are left, of which the last is uncertain: still 12
    let near = number("0.333333333333333333333");
    assert!(third.subtract(&near).is_ok());
    let nearer = number("0.33333333333333333333333");
    assert_eq!(third.subtract(&nearer), Err(NumberError::Cancellation));
    assert_eq!(Number::ZERO.multiply(&third).unwrap().subtract(&Number::ZERO), Ok(Number::ZERO));
}

#[test]
fn a_fixed_number_of_decimals_is_rounded_half_even() {
    for (text, decimals, shown) in [
        ("5.3890909090909", 6, "5.389091"),
        ("277.76", 6, "277.760000"),
        ("0", 6, "0.000000"),
        ("-0.0000005", 6, "0.000000"),
        ("-0.0000006", 6, "-0.000001"),
        ("0.0000015", 6, "0.000002"),
        ("0.00000004", 6, "0.000000"),
        ("999.9999999", 6, "1000.000000"),
        ("2.5", 0, "2"),
        ("0.5", 0, "0"),
        ("1e3", 2, "1000.00"),
    ] {
        assert_eq!(number(text).to_fixed(decimals), shown, "{text}");
    }
}

proptest! {
    #[test]
    fn a_decimal_passes_through_unchanged(coefficient in any::<i64>(), exponent in -60i32..60) {
        let decimal = Decimal::new(i128::from(coefficient), exponent).unwrap();
        prop_assert_eq!(Number::from(decimal).to_decimal(), Ok(decimal));
    }

    #[test]
    fn small_integers_compute_as_integers(a in -1_000_000i64..1_000_000, b in -1_000_000i64..1_000_000) {
        let (x, y) = (Number::from_integer(a), Number::from_integer(b));
        prop_assert_eq!(x.add(&y), Ok(Number::from_integer(a + b)));
        prop_assert_eq!(x.subtract(&y), Ok(Number::from_integer(a - b)));
        prop_assert_eq!(x.multiply(&y), Ok(Number::from_integer(a * b)));
        prop_assert_eq!(x.cmp(&y), a.cmp(&b));
    }

    #[test]
    fn the_error_bound_covers_the_way_there_and_back(a in 1i64..1_000_000_000, b in 1i64..1_000_000_000) {
        let (x, y) = (Number::from_integer(a), Number::from_integer(b));
        let back = x.divide(&y).unwrap().multiply(&y).unwrap();
        let apart = VALUE.sub(&back.value, &x.value).unwrap().value().into_repr();
        prop_assert!(magnitude(&apart) <= back.error);
    }

    #[test]
    fn six_decimals_agree_with_the_stored_form(coefficient in -1_000_000_000_000i64..1_000_000_000_000, exponent in -12i32..0) {
        let decimal = Decimal::new(i128::from(coefficient), exponent).unwrap();
        let stored = decimal.store(crate::domain::unit::Conversion::IDENTITY).unwrap().value;
        prop_assert_eq!(Number::from(decimal).to_fixed(6), stored.to_string());
    }
}

#[test]
fn a_sum_never_has_more_digits_than_a_decimal_takes() {
    let number = |text: &str| Number::from(Decimal::parse(text).unwrap());
    // Vector BG-1: 18663.804 less a quotient of 34 digits.
    let leak = number("930.227200").divide(&number("0.95")).unwrap();
    let emissions = leak.add(&number("144.351")).unwrap();
    let reductions = number("18663.804").subtract(&emissions).unwrap();
    assert!(reductions.to_decimal().is_ok(), "{reductions}");
    let thirds = number("1").divide(&number("3")).unwrap();
    for whole in ["9.5", "10", "99.99", "100", "12345.678"] {
        let sum = number(whole).add(&thirds).unwrap();
        assert!(sum.to_decimal().is_ok(), "{sum}");
        assert!(number(whole).subtract(&thirds).unwrap().to_decimal().is_ok());
        assert!(!sum.is_exact());
    }
}
