//! Statistical substitutes for missing values, printed beside a claim as information: they enter one
//! only where the registered plan says so.
//!
//! Takes the valid values that a rule looks back on; gives percentiles by nearest rank (40 CFR Part 75)
//! and the mean with twice the sample's standard deviation (EU MRR, Annex VIII, equation 4). Pure.

use crate::methodology::{Number, NumberError};

/// The percentile of these values by nearest rank: the value at place ceil(p N / 100), from 1. `None`
/// without values, or for a percentile beyond 1 to 100.
#[must_use]
pub fn percentile(values: &[Number], percent: usize) -> Option<Number> {
    if !(1..=100).contains(&percent) {
        return None;
    }
    let mut sorted: Vec<&Number> = values.iter().collect();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let rank = (percent * sorted.len()).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).map(|value| (*value).clone())
}

/// The mean of the value before a gap and the one after it.
///
/// # Errors
/// A result that is no number.
pub fn before_and_after(before: &Number, after: &Number) -> Result<Number, NumberError> {
    before.add(after)?.divide(&Number::from_integer(2))
}

/// What values of a period say of a missing one.
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

/// Mean and deviation of these values.
///
/// # Errors
/// Fewer than two values are a division by zero.
pub fn spread(values: &[Number]) -> Result<Spread, NumberError> {
    let count = Number::from_integer(i64::try_from(values.len()).unwrap_or(i64::MAX));
    let sum = values.iter().try_fold(Number::ZERO, |sum, value| sum.add(value))?;
    let mean = sum.divide(&count)?;
    let mut squares = Number::ZERO;
    for value in values {
        let distance = value.subtract(&mean)?;
        squares = squares.add(&distance.multiply(&distance)?)?;
    }
    let deviation = squares.divide(&count.subtract(&Number::ONE)?)?.sqrt()?;
    let twice = deviation.multiply(&Number::from_integer(2))?;
    Ok(Spread { high: mean.add(&twice)?, low: mean.subtract(&twice)?, mean, deviation })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [i64; 20] = [
        412, 398, 405, 421, 430, 388, 395, 402, 410, 417, 425, 433, 441, 399, 407, 415, 423, 390,
        396, 404,
    ];

    fn values() -> Vec<Number> {
        VALUES.map(Number::from_integer).to_vec()
    }

    #[test]
    fn a_percentile_is_the_value_at_the_nearest_rank() {
        for (percent, expected) in [(90, 430), (95, 433), (100, 441), (10, 390), (5, 388), (1, 388)]
        {
            let got = percentile(&values(), percent).unwrap();
            assert_eq!(got, Number::from_integer(expected), "{percent}");
        }
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&values(), 0), None);
        let mean = before_and_after(&Number::from_integer(404), &Number::from_integer(418));
        assert_eq!(mean.unwrap(), Number::from_integer(411));
    }

    #[test]
    fn twice_the_deviation_is_added_to_the_mean() {
        let spread = spread(&values()).unwrap();
        assert_eq!(spread.mean.to_fixed(2), "410.55");
        assert_eq!(spread.deviation.to_fixed(6), "14.834082");
        assert_eq!(spread.high.to_fixed(6), "440.218165");
        assert_eq!(spread.low.to_fixed(6), "380.881835");
        assert!(super::spread(&[Number::ONE]).is_err());
    }
}
