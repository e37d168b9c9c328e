//! Statistical substitutes for missing values, printed beside a claim as information: they enter one
//! only where the registered plan says so.
//!
//! Takes the valid values that a rule looks back on, in whole micro-units; gives percentiles by nearest
//! rank (40 CFR Part 75) and the mean with twice the sample's standard deviation (EU MRR, Annex VIII,
//! equation 4). Pure.

use crate::domain::decimal::{Decimal, divide_half_even};
use crate::methodology::{Number, NumberError};

/// The percentile of these values by nearest rank: the value at place ceil(p N / 100), from 1. `None`
/// without values, or for a percentile beyond 1 to 100.
#[must_use]
pub fn percentile(values: &[i128], percent: usize) -> Option<i128> {
    if !(1..=100).contains(&percent) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (percent * sorted.len()).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// What values of a period say of a missing one, in their unit of micro-units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread {
    pub mean: Number,
    /// Of the sample: the sum of squares over N - 1.
    pub deviation: Number,
    /// Mean plus twice the deviation: where high is conservative.
    pub high: Number,
    /// Mean less twice the deviation: where low is conservative.
    pub low: Number,
}

/// Mean and deviation of these values. Their distances from the whole number nearest to the mean, and
/// the squares of these, are added exactly; what is rounded is the result.
///
/// # Errors
/// Fewer than two values are a division by zero; distances whose squares add up beyond 128 bits (some
/// 10^11 units apart) are too large.
pub fn spread(values: &[i128]) -> Result<Spread, NumberError> {
    let whole =
        |value: i128| Decimal::new(value, 0).map(Number::from).map_err(|_| NumberError::Overflow);
    let count = values.len() as i128;
    let sum = values.iter().try_fold(0i128, |sum, value| sum.checked_add(*value));
    let sum = sum.ok_or(NumberError::Overflow)?;
    let near = divide_half_even(sum, count.max(1));
    let squares = values.iter().try_fold(0i128, |squares, value| {
        let distance = value.checked_sub(near)?;
        squares.checked_add(distance.checked_mul(distance)?)
    });
    let squares = squares.ok_or(NumberError::Overflow)?;
    // What `near` is away from the mean, as often as there are values: at most half of their number.
    let rest = sum - near * count;
    let count = whole(count)?;
    let mean = whole(sum)?.divide(&count)?;
    let squares = whole(squares)?.subtract(&whole(rest * rest)?.divide(&count)?)?;
    let deviation = squares.divide(&count.subtract(&Number::ONE)?)?.sqrt()?;
    let twice = deviation.multiply(&Number::from_integer(2))?;
    Ok(Spread { high: mean.add(&twice)?, low: mean.subtract(&twice)?, mean, deviation })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VALUES: [i128; 20] = [
        412, 398, 405, 421, 430, 388, 395, 402, 410, 417, 425, 433, 441, 399, 407, 415, 423, 390,
        396, 404,
    ];

    #[test]
    fn a_percentile_is_the_value_at_the_nearest_rank() {
        for (percent, expected) in [(90, 430), (95, 433), (100, 441), (10, 390), (5, 388), (1, 388)]
        {
            assert_eq!(percentile(&VALUES, percent), Some(expected), "{percent}");
        }
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&VALUES, 0), None);
    }

    #[test]
    fn twice_the_deviation_is_added_to_the_mean() {
        let found = spread(&VALUES).unwrap();
        assert_eq!(found.mean.to_fixed(2), "410.55");
        assert_eq!(found.deviation.to_fixed(6), "14.834082");
        assert_eq!(found.high.to_fixed(6), "440.218165");
        assert_eq!(found.low.to_fixed(6), "380.881835");
        assert_eq!(spread(&[1]), Err(NumberError::DivisionByZero));
        assert_eq!(spread(&[]), Err(NumberError::DivisionByZero));
        assert_eq!(spread(&[i128::MAX, 1]), Err(NumberError::Overflow));
        assert!(spread(&[7, 7, 7]).unwrap().deviation.is_zero());
    }

    proptest! {
        /// The same as by the definition: the sum of squares over N - 1.
        #[test]
        fn a_deviation_is_that_of_its_definition(
            values in prop::collection::vec(-1_000_000_000_000i64..1_000_000_000_000, 2..200),
        ) {
            let wide: Vec<i128> = values.iter().map(|value| i128::from(*value)).collect();
            let found = spread(&wide).unwrap();
            let mut squares = Number::ZERO;
            for value in &values {
                let distance = Number::from_integer(*value).subtract(&found.mean).unwrap();
                squares = squares.add(&distance.multiply(&distance).unwrap()).unwrap();
            }
            let below = Number::from_integer(values.len() as i64 - 1);
            let expected = squares.divide(&below).unwrap().sqrt().unwrap();
            prop_assert_eq!(found.deviation.to_fixed(9), expected.to_fixed(9));
        }
    }
}
