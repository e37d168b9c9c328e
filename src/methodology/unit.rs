//! Compound units of methodologies, such as `tCO2/MWh`, and their exact conversions.
//!
//! A product of integer powers of the units of [`crate::domain::unit`], of `tCO2e` and its like, and
//! of `m2`, `km` and `d`. `tCO2` counts as `tCO2e`; any other substance behind a mass (`tCH4`,
//! `kgCOD`) is an annotation. `degC` and `degF` standing alone are temperatures, which only differ;
//! `K` and both inside a product are temperature differences. Factors are whole numbers, never
//! rounded and never guessed.

use std::collections::BTreeMap;
use std::fmt;

use super::atom::{Atom, Base, greatest_common_divisor};
use crate::domain::unit::Unit;

/// Largest magnitude of a power in a unit.
const POWER_MAX: i32 = 9;

/// A unit as a methodology writes it.
#[derive(Debug, Clone)]
pub struct CompoundUnit {
    text: String,
    measure: Measure,
}

/// Why a text is no unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no unit: {reason}")]
pub struct UnitError {
    pub text: String,
    pub reason: String,
}

impl CompoundUnit {
    /// Reads `MWh`, `tCO2e/MWh`, `kJ/kg/K`, `m3*h^-1`, `1`.
    ///
    /// # Errors
    /// When a part is no known unit, with the part.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let refuse = |reason: String| UnitError { text: text.to_owned(), reason };
        let trimmed = text.trim();
        if let Some(unit @ ("degC" | "degF")) = Some(trimmed)
            && let Some(unit) = Unit::parse(unit)
        {
            return Ok(Self { text: trimmed.to_owned(), measure: Measure::Temperature(unit) });
        }
        let mut product = Product::default();
        let mut sign = 1;
        let mut rest = trimmed;
        loop {
            let end = rest.find(['*', '/']).unwrap_or(rest.len());
            let (part, tail) = rest.split_at(end);
            let part = part.trim();
            let (symbol, power) = match part.split_once('^') {
                None => (part, 1),
                Some((symbol, power)) => {
                    let power: i32 = power
                        .trim()
                        .parse()
                        .ok()
                        .filter(|power: &i32| *power != 0 && power.abs() <= POWER_MAX)
                        .ok_or_else(|| refuse(format!("{part:?} has no power from 1 to 9")))?;
                    (symbol.trim_end(), power)
                }
            };
            if symbol != "1" {
                let atom = Atom::parse(symbol)
                    .ok_or_else(|| refuse(format!("unit {symbol:?} is unknown")))?;
                product.raise(atom, sign * power);
            }
            if product.powers.values().any(|power| power.abs() > POWER_MAX) {
                return Err(refuse(format!("powers go to {POWER_MAX}")));
            }
            let Some(operator) = tail.chars().next() else { break };
            sign = if operator == '/' { -1 } else { 1 };
            rest = &tail[1..];
        }
        Ok(Self { text: trimmed.to_owned(), measure: Measure::Product(product) })
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True if values of the one unit can be converted to the other.
    #[must_use]
    pub fn is_convertible_to(&self, other: &Self) -> bool {
        self.measure.scale_to(&other.measure).is_ok()
    }

    pub(super) fn measure(&self) -> &Measure {
        &self.measure
    }
}

impl PartialEq for CompoundUnit {
    /// Equal when no conversion is needed: `tCO2/MWh` is `tCO2e/MWh`.
    fn eq(&self, other: &Self) -> bool {
        self.measure.scale_to(&other.measure).is_ok_and(Scale::is_identity)
    }
}

impl fmt::Display for CompoundUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `(value * multiply + add) / divide`, in whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    pub multiply: i128,
    pub add: i128,
    /// Positive.
    pub divide: i128,
}

impl Scale {
    pub(super) const IDENTITY: Self = Self { multiply: 1, add: 0, divide: 1 };

    pub(super) fn is_identity(self) -> bool {
        self == Self::IDENTITY
    }
}

/// What an expression is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Measure {
    /// A temperature, with a zero of its own.
    Temperature(Unit),
    Product(Product),
}

/// Why one measure is not another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mismatch {
    Dimension,
    /// The whole numbers of the factor would be too long.
    Range,
}

impl Measure {
    /// The exact way from values in this to values in `target`.
    pub(super) fn scale_to(&self, target: &Self) -> Result<Scale, Mismatch> {
        match (self, target) {
            (Self::Temperature(from), Self::Temperature(to)) => {
                let conversion = from.conversion_to(*to).ok_or(Mismatch::Dimension)?;
                Ok(Scale {
                    multiply: conversion.multiply.into(),
                    add: conversion.add.into(),
                    divide: conversion.divide.into(),
                })
            }
            (Self::Product(from), Self::Product(to)) => from.scale_to(to),
            _ => Err(Mismatch::Dimension),
        }
    }

    /// What two measures that do not convert are, for people.
    pub(super) fn why_not(&self, other: &Self) -> &'static str {
        let (Self::Product(left), Self::Product(right)) = (self, other) else {
            return "a temperature is no difference of temperatures (K) and no amount";
        };
        let (left, right) = (left.dimensions(), right.dimensions());
        let differ: Vec<Base> = Base::ALL
            .into_iter()
            .filter(|base| left.get(base).unwrap_or(&0) != right.get(base).unwrap_or(&0))
            .collect();
        match differ.as_slice() {
            [Base::Hour] => "one is a rate and the other an amount: multiply the rate by its hours",
            [Base::Mass, Base::Carbon] => {
                "a mass becomes tCO2e only through a global warming potential in tCO2e/t"
            }
            [Base::Volume, Base::NormalVolume] => {
                "volume at normal conditions (Nm3) and as measured (m3) do not convert by a number"
            }
            _ => "only like adds to and compares with like",
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Temperature(unit) => unit.fmt(f),
            Self::Product(product) => product.fmt(f),
        }
    }
}

/// A product of powers of units; no power is 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Product {
    powers: BTreeMap<Atom, i32>,
}

impl Product {
    /// Differences of a temperature's unit: `degC` minus `degC` is in `K`.
    pub(super) fn difference(of: Unit) -> Self {
        let symbol = if of.symbol() == "degC" { "K" } else { of.symbol() };
        let unit = Unit::parse(symbol).unwrap_or(of);
        Self { powers: BTreeMap::from([(Atom::Unit(unit), 1)]) }
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        let mut product = self.clone();
        for (atom, power) in &other.powers {
            product.raise(*atom, *power);
        }
        product
    }

    pub(super) fn power(&self, exponent: i32) -> Self {
        if exponent == 0 {
            return Self::default();
        }
        Self { powers: self.powers.iter().map(|(atom, power)| (*atom, power * exponent)).collect() }
    }

    fn raise(&mut self, atom: Atom, power: i32) {
        let sum = self.powers.entry(atom).or_insert(0);
        *sum = sum.saturating_add(power);
        if *sum == 0 {
            self.powers.remove(&atom);
        }
    }

    fn dimensions(&self) -> BTreeMap<Base, i32> {
        let mut dimensions = BTreeMap::new();
        for (atom, power) in &self.powers {
            for (base, exponent) in atom.definition().bases {
                *dimensions.entry(*base).or_insert(0) += exponent * power;
            }
        }
        dimensions.retain(|_, exponent| *exponent != 0);
        dimensions
    }

    fn scale_to(&self, target: &Self) -> Result<Scale, Mismatch> {
        if self.dimensions() != target.dimensions() {
            return Err(Mismatch::Dimension);
        }
        let (mut multiply, mut divide) = (1i128, 1i128);
        let between = self.times(&target.power(-1));
        for (atom, power) in &between.powers {
            let definition = atom.definition();
            for _ in 0..power.unsigned_abs() {
                let (up, down) = if *power > 0 {
                    (definition.multiply, definition.divide)
                } else {
                    (definition.divide, definition.multiply)
                };
                multiply = multiply.checked_mul(up).ok_or(Mismatch::Range)?;
                divide = divide.checked_mul(down).ok_or(Mismatch::Range)?;
                let common = greatest_common_divisor(multiply, divide);
                (multiply, divide) = (multiply / common, divide / common);
            }
        }
        // Factors enter the engine as numbers of 34 digits, so they must fit them exactly.
        let longest = 10i128.pow(crate::domain::decimal::DIGITS_MAX);
        if multiply >= longest || divide >= longest {
            return Err(Mismatch::Range);
        }
        Ok(Scale { multiply, add: 0, divide })
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let write = |f: &mut fmt::Formatter<'_>, atom: &Atom, power: i32| match power {
            1 => write!(f, "{atom}"),
            _ => write!(f, "{atom}^{power}"),
        };
        // Carbon and masses first, as people write emission factors.
        let mut above: Vec<_> = self.powers.iter().filter(|(_, power)| **power > 0).collect();
        above.sort_by_key(|(atom, _)| !matches!(atom, Atom::Carbon(_)));
        if above.is_empty() {
            f.write_str("1")?;
        }
        for (position, (atom, power)) in above.into_iter().enumerate() {
            if position > 0 {
                f.write_str("*")?;
            }
            write(f, atom, *power)?;
        }
        for (atom, power) in self.powers.iter().filter(|(_, power)| **power < 0) {
            f.write_str("/")?;
            write(f, atom, -power)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(text: &str) -> CompoundUnit {
        CompoundUnit::parse(text).unwrap()
    }

    #[test]
    fn compound_units_convert_by_whole_numbers() {
        for (from, to, multiply, divide) in [
            ("MWh", "GJ", 18, 5),
            ("TJ", "MWh", 2500, 9),
            ("kgCO2/kWh", "tCO2e/MWh", 1, 1),
            ("tCO2/TJ", "tCO2/GJ", 1, 1000),
            ("kg/h", "t/d", 3, 125),
            ("kW*h", "kWh", 1, 1),
            ("m3*h^-1", "L/min", 50, 3),
            ("tCO2e/tCH4", "kgCO2/kg", 1, 1),
            ("%", "1", 1, 100),
            ("kJ/kg/degC", "kJ/kg/K", 1, 1),
            ("1/degF", "1/K", 9, 5),
            ("W/m2", "kW/m2", 1, 1000),
            ("Hz", "1/min", 60, 1),
            ("Nm3/h", "NL/min", 50, 3),
        ] {
            let scale = unit(from).measure.scale_to(&unit(to).measure);
            assert_eq!(scale, Ok(Scale { multiply, add: 0, divide }), "{from} -> {to}");
        }
    }

    #[test]
    fn every_unit_of_a_channel_can_be_written() {
        for channel in Unit::all() {
            let written = CompoundUnit::parse(channel.symbol());
            assert!(written.is_ok_and(|unit| unit.as_str() == channel.symbol()), "{channel}");
        }
    }

    #[test]
    fn a_temperature_is_no_difference_of_temperatures() {
        let scale = unit("degF").measure.scale_to(&unit("degC").measure);
        assert_eq!(scale, Ok(Scale { multiply: 5, add: -160, divide: 9 }));
        assert!(!unit("degC").is_convertible_to(&unit("K")));
    }

    #[test]
    fn unlike_units_do_not_convert() {
        for (from, to) in [
            ("kWh", "kW"),
            ("Nm3", "m3"),
            ("t", "tCO2e"),
            ("tCH4", "tCO2"),
            ("tCO2/MWh", "t/MWh"),
            ("kVA", "kW"),
            ("count", "1"),
        ] {
            assert!(!unit(from).is_convertible_to(&unit(to)), "{from} -> {to}");
        }
        assert!(unit("tN2O").is_convertible_to(&unit("kg")));
    }

    #[test]
    fn what_is_no_unit_is_told_with_the_part() {
        for (text, reason) in [
            ("", "unit \"\" is unknown"),
            ("MWH", "unit \"MWH\" is unknown"),
            ("tCO2/", "unit \"\" is unknown"),
            ("m3^0", "\"m3^0\" has no power from 1 to 9"),
            ("km*km^9", "powers go to 9"),
            ("t/MWh/week", "unit \"week\" is unknown"),
            ("tco2", "unit \"tco2\" is unknown"),
        ] {
            assert_eq!(CompoundUnit::parse(text).unwrap_err().reason, reason, "{text}");
        }
    }

    #[test]
    fn factors_longer_than_a_number_are_refused_not_rounded() {
        let (from, to) = (unit("TJ^9"), unit("J^9"));
        assert_eq!(from.measure.scale_to(&to.measure), Err(Mismatch::Range));
    }
}
