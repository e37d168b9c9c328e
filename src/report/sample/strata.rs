//! A sample in strata: how many units of each part of the population, which ones, and what it achieved.
//!
//! The population falls into parts that are alike inside (the units of one site, of one type of meter). A
//! sample of `n` of `N` units takes `n N_h / N` of stratum `h`; what remains after rounding down goes to
//! the strata with the largest fractions (largest remainder), among equals to the larger stratum, then to the
//! name that comes first. Inside a stratum units are drawn as from a whole population ([`super::draw`]), by
//! one seed: anyone can draw again.
//!
//! What it achieved, with `W_h = N_h / N`, the mean `m_h` and variance `v_h` of what was found of `n_h` units:
//!
//! ```text
//! estimate = sum(h: W_h m_h)
//! e = z sqrt(sum(h: W_h^2 (N_h - n_h) / (N_h - 1) v_h / n_h)) / estimate
//! ```
//!
//! which is W. G. Cochran, Sampling Techniques, 3rd ed., 1977, chapter 5 (5.2 the stratified mean, 5.3 its
//! variance), with the finite correction in the form that [`super::size`] and the CDM sampling standard have;
//! `v_h` is `p (1 - p)` of a share, the squared standard deviation of a value. With one stratum it is
//! [`super::size::achieved`]. The size is that of simple random sampling: proportional allocation is no less
//! precise where strata differ at all (same book, 5.6). Pure.

use super::draw::{Drawn, draw};
use super::size::{Confidence, squared_z};
use super::unit::{Of, Unit};
use crate::methodology::{Number, NumberError};
use crate::report::model::{Device, Report};

/// By what a population falls into strata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Site,
    /// Make and model of the device, else its accuracy class.
    Type,
    Month,
    /// Kind of document.
    Kind,
    /// Who issued a certificate.
    Body,
}

impl By {
    pub const ALL: [Self; 5] = [Self::Site, Self::Type, Self::Month, Self::Kind, Self::Body];

    /// As written on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Type => "type",
            Self::Month => "month",
            Self::Kind => "kind",
            Self::Body => "body",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == text)
    }

    /// The stratum of a unit; `None` where units of its kind have no such.
    #[must_use]
    pub fn of(self, report: &Report, unit: &Unit) -> Option<String> {
        match (self, &unit.of) {
            (Self::Site, Of::Channels { names, .. }) => names.first().cloned(),
            (Self::Site, Of::Certificate { device, .. }) => {
                device.split('/').next().map(str::to_owned)
            }
            (Self::Type, Of::Channels { names, .. }) if names.len() > 1 => {
                Some(type_of(report, &names.join("/")))
            }
            (Self::Type, Of::Certificate { device, .. }) => Some(type_of(report, device)),
            (Self::Month, Of::Channels { month, .. }) => month.clone(),
            (Self::Kind, Of::Act(number)) => {
                let mut documents = report.parameters.iter().flat_map(|one| &one.documents);
                documents.find(|one| one.act == *number).map(|one| one.kind.clone())
            }
            (Self::Body, Of::Certificate { body, .. }) => Some(match body.as_str() {
                "" => "an unnamed body".to_owned(),
                body => body.to_owned(),
            }),
            _ => None,
        }
    }
}

/// What a device is, as far as the plan says.
fn type_of(report: &Report, name: &str) -> String {
    let device = report.calibration.devices.iter().find(|device| device.device == name);
    let plate = |device: &Device| {
        let model = format!("{} {}", device.maker, device.model).trim().to_owned();
        match model.is_empty() {
            true => device.registered_class.clone(),
            false => model,
        }
    };
    let channels = report.channels.iter();
    let mut of_channels =
        channels.filter(|one| one.channel.rsplit_once('/').is_some_and(|(of, _)| of == name));
    let class = device.map(plate).filter(|text| !text.is_empty());
    let class = class.or_else(|| of_channels.next().map(|one| one.class.clone()));
    match class.filter(|text| !text.is_empty()) {
        Some(class) => class,
        None => "not stated".to_owned(),
    }
}

/// A part of the population, with how many of its units are drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stratum {
    pub name: String,
    /// Names of its units.
    pub units: Vec<String>,
    /// At most as many as it has.
    pub size: u64,
}

/// The strata of a population, by name, with a sample of `size` units allocated to them in proportion.
/// `units`: the stratum and the name of each.
#[must_use]
pub fn allocated(units: &[(String, String)], size: u64) -> Vec<Stratum> {
    let mut strata: Vec<Stratum> = Vec::new();
    for (name, unit) in units {
        match strata.iter_mut().find(|one| one.name == *name) {
            Some(stratum) => stratum.units.push(unit.clone()),
            None => {
                let (name, units) = (name.clone(), vec![unit.clone()]);
                strata.push(Stratum { name, units, size: 0 });
            }
        }
    }
    strata.sort_by(|a, b| a.name.cmp(&b.name));
    let population = units.len() as u128;
    let size = u128::from(size).min(population);
    if population == 0 {
        return strata;
    }
    let quota = |stratum: &Stratum| size * stratum.units.len() as u128;
    for stratum in &mut strata {
        stratum.size = (quota(stratum) / population) as u64;
    }
    let given: u128 = strata.iter().map(|one| u128::from(one.size)).sum();
    let mut order: Vec<usize> = (0..strata.len()).collect();
    order.sort_by_key(|place| {
        let stratum = &strata[*place];
        let remainder = quota(stratum) % population;
        (std::cmp::Reverse(remainder), std::cmp::Reverse(stratum.units.len()), *place)
    });
    for place in order.into_iter().take((size - given) as usize) {
        strata[place].size += 1;
    }
    strata
}

impl Stratum {
    /// The units of it that are drawn, in order of rank.
    #[must_use]
    pub fn draw(&self, seed: &str) -> Vec<Drawn> {
        draw(&self.units, seed, usize::try_from(self.size).unwrap_or(usize::MAX))
    }
}

/// What was found of a stratum's units.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    /// Units that it has, and that were looked at: at least one, at most all.
    pub population: u64,
    pub size: u64,
    /// Of what was found: a share, or the mean of a value in its unit.
    pub mean: Number,
    /// `p (1 - p)`, or the squared standard deviation.
    pub variance: Number,
}

/// The estimate over all strata, and its relative precision: a fraction, zero when all units were looked at.
///
/// # Errors
/// An estimate of zero, a result that is no number.
pub fn achieved(
    strata: &[Looked],
    confidence: Confidence,
) -> Result<(Number, Number), NumberError> {
    let whole = |count: u64| {
        i64::try_from(count).map(Number::from_integer).map_err(|_| NumberError::Overflow)
    };
    let population = strata.iter().try_fold(0u64, |sum, one| sum.checked_add(one.population));
    let population = whole(population.ok_or(NumberError::Overflow)?)?;
    let (mut estimate, mut variance) = (Number::ZERO, Number::ZERO);
    for one in strata {
        let weight = whole(one.population)?.divide(&population)?;
        estimate = estimate.add(&weight.multiply(&one.mean)?)?;
        if one.size >= one.population {
            continue;
        }
        let left = whole(one.population - one.size)?.divide(&whole(one.population - 1)?)?;
        let of_mean = left.multiply(&one.variance)?.divide(&whole(one.size)?)?;
        variance = variance.add(&weight.power(2)?.multiply(&of_mean)?)?;
    }
    let square = squared_z(confidence)?.multiply(&variance)?.divide(&estimate.power(2)?)?;
    Ok((estimate, square.sqrt()?))
}

#[cfg(test)]
mod tests {
    use super::super::size::{self, Estimate};
    use super::*;
    use crate::domain::decimal::Decimal;

    fn number(text: &str) -> Number {
        Number::from(Decimal::parse(text).unwrap())
    }

    fn units(counts: &[(&str, usize)]) -> Vec<(String, String)> {
        let of = |(name, count): &(&str, usize)| {
            let name = (*name).to_owned();
            (0..*count).map(move |unit| (name.clone(), format!("{name}/{unit}")))
        };
        counts.iter().flat_map(of).collect()
    }

    fn sizes(counts: &[(&str, usize)], size: u64) -> Vec<u64> {
        allocated(&units(counts), size).iter().map(|one| one.size).collect()
    }

    #[test]
    fn a_sample_is_allocated_in_proportion_and_the_rest_by_largest_remainder() {
        assert_eq!(sizes(&[("a", 60), ("b", 30), ("c", 10)], 10), [6, 3, 1]);
        // 4.62, 2.31 and 0.77 of 7.7: floors 4, 2, 0, and one more for each of the largest fractions.
        assert_eq!(sizes(&[("a", 60), ("b", 30), ("c", 10)], 8), [5, 2, 1]);
        // Equal fractions: to the larger stratum, then to the name that comes first.
        assert_eq!(sizes(&[("b", 1), ("a", 1), ("c", 1)], 2), [1, 1, 0]);
        assert_eq!(sizes(&[("a", 1), ("b", 3)], 2), [0, 2]);
        assert_eq!(sizes(&[("a", 3), ("b", 2)], 99), [3, 2], "no more than there are");
        assert_eq!(sizes(&[], 3), Vec::<u64>::new());
        for size in 0..=41 {
            let all = allocated(&units(&[("a", 17), ("b", 13), ("c", 11)]), size);
            assert_eq!(all.iter().map(|one| one.size).sum::<u64>(), size);
            assert!(all.iter().all(|one| one.size <= one.units.len() as u64));
        }
    }

    #[test]
    fn a_stratum_is_drawn_as_a_population_of_its_own_by_the_same_seed() {
        let strata = allocated(&units(&[("a", 60), ("b", 30)]), 9);
        let again = allocated(&units(&[("b", 30), ("a", 60)]), 9);
        assert_eq!(strata, again, "whatever the order");
        for stratum in &strata {
            let drawn = stratum.draw("4711");
            assert_eq!(drawn, draw(&stratum.units, "4711", stratum.size as usize));
            assert_ne!(drawn, stratum.draw("4712"));
        }
    }

    #[test]
    fn one_stratum_achieves_what_a_simple_sample_does() {
        let share = number("0.75");
        let variance = share.multiply(&Number::ONE.subtract(&share).unwrap()).unwrap();
        let looked = Looked { population: 100, size: 4, mean: share.clone(), variance };
        let (estimate, precision) = achieved(&[looked], Confidence::Percent95).unwrap();
        let simple = Estimate::Proportion(share.clone());
        let expected = size::achieved(100, 4, &simple, Confidence::Percent95).unwrap().unwrap();
        assert_eq!((estimate, precision.to_fixed(12)), (share, expected.to_fixed(12)));
    }

    #[test]
    fn strata_that_differ_are_weighed_by_their_size() {
        // 60 units of which 9 in 10 are right, 40 of which half are: 0.54 + 0.2.
        let stratum = |population, size, mean: &str, variance: &str| Looked {
            population,
            size,
            mean: number(mean),
            variance: number(variance),
        };
        let strata = [stratum(60, 10, "0.9", "0.09"), stratum(40, 10, "0.5", "0.25")];
        let (estimate, precision) = achieved(&strata, Confidence::Percent90).unwrap();
        assert_eq!(estimate.to_fixed(6), "0.740000");
        // 1.645 sqrt(0.36 x 50/59 x 0.009 + 0.16 x 30/39 x 0.025) / 0.74
        assert_eq!(precision.to_fixed(4), "0.1696");
        // A stratum that was looked at as a whole adds no doubt.
        let strata = [stratum(60, 60, "0.9", "0.09"), stratum(1, 1, "0", "0")];
        assert!(achieved(&strata, Confidence::Percent90).unwrap().1.is_zero());
        let none = [stratum(10, 2, "0", "0")];
        assert_eq!(achieved(&none, Confidence::Percent90), Err(NumberError::DivisionByZero));
    }
}
