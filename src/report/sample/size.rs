//! How many units a probability sample needs, and what a sample of some size achieves.
//!
//! Simple random sampling without replacement from a finite population; precision is relative to the
//! estimate, as the CDM sampling standard has it (90/10 small scale, 95/10 large scale). Exact
//! decimals, never a binary float. Pure.

use crate::methodology::{Number, NumberError};

/// How sure a statement is to be, two-sided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    Percent90,
    Percent95,
    Percent99,
}

impl Confidence {
    /// Reads `90`, `95` or `99`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().trim_end_matches('%') {
            "90" => Some(Self::Percent90),
            "95" => Some(Self::Percent95),
            "99" => Some(Self::Percent99),
            _ => None,
        }
    }

    #[must_use]
    pub fn percent(self) -> i64 {
        match self {
            Self::Percent90 => 90,
            Self::Percent95 => 95,
            Self::Percent99 => 99,
        }
    }

    /// The quantile of the normal distribution, to three decimals as the standard prints it.
    fn z_thousandths(self) -> i64 {
        match self {
            Self::Percent90 => 1_645,
            Self::Percent95 => 1_960,
            Self::Percent99 => 2_576,
        }
    }
}

/// What is estimated from a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Estimate {
    /// The share of units with some property, above 0 and at most 1.
    Proportion(Number),
    /// The mean of a value over the units, with its standard deviation, both in the value's unit.
    Mean { mean: Number, deviation: Number },
}

impl Estimate {
    /// Variance relative to the square of the estimate: `(1 - p) / p`, or `(sd / mean)^2`.
    fn relative_variance(&self) -> Result<Number, NumberError> {
        match self {
            Self::Proportion(p) => Number::ONE.subtract(p)?.divide(p),
            Self::Mean { mean, deviation } => deviation.divide(mean)?.power(2),
        }
    }
}

/// Units that a sample of a `population` needs for a relative precision (a fraction above 0), at
/// most the population.
///
/// `n >= z^2 N V / ((N - 1) e^2 + z^2 V)` with the relative variance V.
///
/// # Errors
/// An estimate of zero, a result that is no number.
pub fn required(
    population: u64,
    estimate: &Estimate,
    confidence: Confidence,
    precision: &Number,
) -> Result<u64, NumberError> {
    if population == 0 {
        return Ok(0);
    }
    let spread = squared_z(confidence)?.multiply(&estimate.relative_variance()?)?;
    let above = spread.multiply(&whole(population)?)?;
    let below = whole(population - 1)?.multiply(&precision.power(2)?)?.add(&spread)?;
    if below.is_zero() {
        return Ok(1);
    }
    let exact = above.divide(&below)?;
    let floor = exact.floor()?;
    let is_whole = Number::from_integer(floor) == exact;
    let needed = u64::try_from(floor).unwrap_or(0) + u64::from(!is_whole);
    Ok(needed.clamp(1, population))
}

/// The relative precision that `size` units of a `population` achieve, a fraction; zero when all
/// were looked at. `None` for a sample of nothing.
///
/// `e = z sqrt(V (N - n) / (n (N - 1)))`.
///
/// # Errors
/// An estimate of zero, a result that is no number.
pub fn achieved(
    population: u64,
    size: u64,
    estimate: &Estimate,
    confidence: Confidence,
) -> Result<Option<Number>, NumberError> {
    if size == 0 {
        return Ok(None);
    }
    if size >= population {
        return Ok(Some(Number::ZERO));
    }
    let left = whole(population - size)?.multiply(&estimate.relative_variance()?)?;
    let of = whole(size)?.multiply(&whole(population - 1)?)?;
    let square = squared_z(confidence)?.multiply(&left)?.divide(&of)?;
    square.sqrt().map(Some)
}

/// Most units of a population that can have an error where none of `size` drawn had one, at this
/// confidence (one-sided, exact by the hypergeometric distribution): with one more, a sample
/// without any would be less likely than the confidence leaves.
///
/// # Errors
/// A result that is no number.
pub fn most_in_error(
    population: u64,
    size: u64,
    confidence: Confidence,
) -> Result<u64, NumberError> {
    let left = Number::from_integer(100 - confidence.percent());
    let limit = left.divide(&Number::from_integer(100))?;
    let sound = population.saturating_sub(size);
    let mut likely = Number::ONE;
    for errors in 1..=sound {
        // P(none drawn | errors) = P(none | errors - 1) * (N - n - errors + 1) / (N - errors + 1)
        let above = whole(sound + 1 - errors)?;
        likely = likely.multiply(&above)?.divide(&whole(population + 1 - errors)?)?;
        if likely < limit {
            return Ok(errors - 1);
        }
    }
    Ok(sound)
}

pub(super) fn squared_z(confidence: Confidence) -> Result<Number, NumberError> {
    let z = Number::from_integer(confidence.z_thousandths());
    z.divide(&Number::from_integer(1_000))?.power(2)
}

fn whole(count: u64) -> Result<Number, NumberError> {
    i64::try_from(count).map(Number::from_integer).map_err(|_| NumberError::Overflow)
}

#[cfg(test)]
mod tests {
    use super::Confidence::{Percent90, Percent95, Percent99};
    use super::*;
    use crate::domain::decimal::Decimal;

    fn number(text: &str) -> Number {
        Number::from(Decimal::parse(text).unwrap())
    }

    #[test]
    fn sizes_are_those_of_the_reference() {
        let share = Estimate::Proportion(number("0.8"));
        assert_eq!(required(640, &share, Percent90, &number("0.1")), Ok(62));
        assert_eq!(required(640, &share, Percent95, &number("0.1")), Ok(84));
        assert_eq!(required(640, &share, Percent95, &number("0.05")), Ok(241));
        let mean = Estimate::Mean { mean: number("3.5"), deviation: number("1.2") };
        assert_eq!(required(2_000, &mean, Percent90, &number("0.1")), Ok(32));
    }

    #[test]
    fn a_sample_of_the_required_size_achieves_the_precision_and_one_less_does_not() {
        for (population, share) in [(640, "0.8"), (37, "0.5"), (12, "0.95"), (5_000, "0.11")] {
            let estimate = Estimate::Proportion(number(share));
            let precision = number("0.1");
            let size = required(population, &estimate, Percent95, &precision).unwrap();
            let got = achieved(population, size, &estimate, Percent95).unwrap().unwrap();
            assert!(got <= precision, "{population} {share}: {size} units achieve {got:?}");
            if size > 1 {
                let less = achieved(population, size - 1, &estimate, Percent95).unwrap().unwrap();
                assert!(less > precision, "{population} {share}: {} would do", size - 1);
            }
        }
    }

    #[test]
    fn edges_are_a_whole_population_and_none() {
        let share = Estimate::Proportion(number("0.5"));
        assert_eq!(required(0, &share, Percent90, &number("0.1")), Ok(0));
        assert_eq!(required(1, &share, Percent90, &number("0.1")), Ok(1));
        assert_eq!(achieved(10, 10, &share, Percent90), Ok(Some(Number::ZERO)));
        assert_eq!(achieved(10, 0, &share, Percent90), Ok(None));
        let none = Estimate::Proportion(Number::ZERO);
        assert_eq!(
            required(10, &none, Percent90, &number("0.1")),
            Err(NumberError::DivisionByZero)
        );
        let all = Estimate::Proportion(Number::ONE);
        assert_eq!(required(10, &all, Percent90, &number("0.1")), Ok(1));
    }

    #[test]
    fn a_clean_sample_bounds_the_errors_left() {
        // Ten of twenty drawn without error: P(none | 3) = 8*9*10/(18*19*20) = 0.105,
        // P(none | 4) = 0.0433, so at 95 % at most three.
        assert_eq!(most_in_error(20, 10, Percent95), Ok(3));
        assert_eq!(most_in_error(20, 20, Percent99), Ok(0));
        assert_eq!(most_in_error(20, 0, Percent90), Ok(20));
    }
}
