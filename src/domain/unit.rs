//! Units of storage and their exact conversions.
//!
//! A reading arrives in a unit that the plan names and is kept in the channel's storage unit. The
//! way between two units of one dimension is a [`Conversion`] in whole numbers, never a float and
//! never guessed (V-UNIT). Compound units of methodologies (`tCO2/MWh`) live in `methodology`.

use std::fmt;

/// What kind of thing a unit measures. Two units convert only within one dimension.
///
/// Volume at normal conditions is not volume: `Nm3` and `m3` do not convert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    Energy,
    Power,
    Mass,
    MassFlow,
    Volume,
    VolumeFlow,
    NormalVolume,
    NormalVolumeFlow,
    Temperature,
    Pressure,
    Voltage,
    Current,
    Frequency,
    Fraction,
    Duration,
    Irradiance,
    ReactiveEnergy,
    ReactivePower,
    ApparentPower,
    Count,
}

impl Dimension {
    /// True for an amount that adds up over time (energy, mass, volume, count, time run).
    #[must_use]
    pub fn is_amount(self) -> bool {
        matches!(
            self,
            Self::Energy
                | Self::Mass
                | Self::Volume
                | Self::NormalVolume
                | Self::Duration
                | Self::ReactiveEnergy
                | Self::Count
        )
    }

    /// The amount that a rate of this dimension adds up to over time: power gives energy.
    #[must_use]
    pub fn integral(self) -> Option<Self> {
        match self {
            Self::Power => Some(Self::Energy),
            Self::MassFlow => Some(Self::Mass),
            Self::VolumeFlow => Some(Self::Volume),
            Self::NormalVolumeFlow => Some(Self::NormalVolume),
            Self::ReactivePower => Some(Self::ReactiveEnergy),
            _ => None,
        }
    }
}

/// An exact affine conversion: `(value * multiply + add) / divide`, in units (not micro-units).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversion {
    pub multiply: i64,
    pub add: i64,
    /// Positive.
    pub divide: i64,
}

impl Conversion {
    pub const IDENTITY: Self = Self { multiply: 1, add: 0, divide: 1 };
}

/// A named unit: `value_in_base = (value * multiply + add) / divide`.
struct Definition {
    symbol: &'static str,
    dimension: Dimension,
    to_base: Conversion,
}

const fn unit(
    symbol: &'static str,
    dimension: Dimension,
    multiply: i64,
    divide: i64,
) -> Definition {
    Definition { symbol, dimension, to_base: Conversion { multiply, add: 0, divide } }
}

/// Every unit a channel may name. Base units: Wh, W, g, g/h, L, L/h, NL, NL/h, degC, Pa, V, A, Hz,
/// 1, s, W/m2, varh, var, VA, count. 1 MWh = 3.6 GJ by definition of the joule.
const DEFINITIONS: &[Definition] = &[
    unit("Wh", Dimension::Energy, 1, 1),
    unit("kWh", Dimension::Energy, 1_000, 1),
    unit("MWh", Dimension::Energy, 1_000_000, 1),
    unit("GWh", Dimension::Energy, 1_000_000_000, 1),
    unit("J", Dimension::Energy, 1, 3_600),
    unit("kJ", Dimension::Energy, 1_000, 3_600),
    unit("MJ", Dimension::Energy, 1_000_000, 3_600),
    unit("GJ", Dimension::Energy, 1_000_000_000, 3_600),
    unit("TJ", Dimension::Energy, 1_000_000_000_000, 3_600),
    unit("W", Dimension::Power, 1, 1),
    unit("kW", Dimension::Power, 1_000, 1),
    unit("MW", Dimension::Power, 1_000_000, 1),
    unit("GW", Dimension::Power, 1_000_000_000, 1),
    unit("g", Dimension::Mass, 1, 1),
    unit("kg", Dimension::Mass, 1_000, 1),
    unit("t", Dimension::Mass, 1_000_000, 1),
    unit("g/h", Dimension::MassFlow, 1, 1),
    unit("kg/h", Dimension::MassFlow, 1_000, 1),
    unit("t/h", Dimension::MassFlow, 1_000_000, 1),
    unit("kg/s", Dimension::MassFlow, 3_600_000, 1),
    unit("L", Dimension::Volume, 1, 1),
    unit("m3", Dimension::Volume, 1_000, 1),
    unit("L/h", Dimension::VolumeFlow, 1, 1),
    unit("L/min", Dimension::VolumeFlow, 60, 1),
    unit("L/s", Dimension::VolumeFlow, 3_600, 1),
    unit("m3/h", Dimension::VolumeFlow, 1_000, 1),
    unit("m3/s", Dimension::VolumeFlow, 3_600_000, 1),
    unit("NL", Dimension::NormalVolume, 1, 1),
    unit("Nm3", Dimension::NormalVolume, 1_000, 1),
    unit("Nm3/h", Dimension::NormalVolumeFlow, 1_000, 1),
    unit("degC", Dimension::Temperature, 1, 1),
    Definition {
        symbol: "K",
        dimension: Dimension::Temperature,
        to_base: Conversion { multiply: 100, add: -27_315, divide: 100 },
    },
    Definition {
        symbol: "degF",
        dimension: Dimension::Temperature,
        to_base: Conversion { multiply: 5, add: -160, divide: 9 },
    },
    unit("Pa", Dimension::Pressure, 1, 1),
    unit("hPa", Dimension::Pressure, 100, 1),
    unit("kPa", Dimension::Pressure, 1_000, 1),
    unit("MPa", Dimension::Pressure, 1_000_000, 1),
    unit("bar", Dimension::Pressure, 100_000, 1),
    unit("mV", Dimension::Voltage, 1, 1_000),
    unit("V", Dimension::Voltage, 1, 1),
    unit("kV", Dimension::Voltage, 1_000, 1),
    unit("mA", Dimension::Current, 1, 1_000),
    unit("A", Dimension::Current, 1, 1),
    unit("Hz", Dimension::Frequency, 1, 1),
    unit("1", Dimension::Fraction, 1, 1),
    unit("%", Dimension::Fraction, 1, 100),
    unit("s", Dimension::Duration, 1, 1),
    unit("min", Dimension::Duration, 60, 1),
    unit("h", Dimension::Duration, 3_600, 1),
    unit("W/m2", Dimension::Irradiance, 1, 1),
    unit("varh", Dimension::ReactiveEnergy, 1, 1),
    unit("kvarh", Dimension::ReactiveEnergy, 1_000, 1),
    unit("var", Dimension::ReactivePower, 1, 1),
    unit("kvar", Dimension::ReactivePower, 1_000, 1),
    unit("VA", Dimension::ApparentPower, 1, 1),
    unit("kVA", Dimension::ApparentPower, 1_000, 1),
    unit("count", Dimension::Count, 1, 1),
];

/// Rates and the amounts they integrate to over one hour, unit for unit.
const INTEGRALS: &[(&str, &str)] = &[
    ("W", "Wh"),
    ("kW", "kWh"),
    ("MW", "MWh"),
    ("GW", "GWh"),
    ("g/h", "g"),
    ("kg/h", "kg"),
    ("t/h", "t"),
    ("L/h", "L"),
    ("m3/h", "m3"),
    ("Nm3/h", "Nm3"),
    ("var", "varh"),
    ("kvar", "kvarh"),
];

/// One of the units that a channel may be sent or stored in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unit(u16);

impl Unit {
    /// The unit of this exact symbol (case matters: `MW` is not `mW`).
    #[must_use]
    pub fn parse(symbol: &str) -> Option<Self> {
        let index = DEFINITIONS.iter().position(|d| d.symbol == symbol)?;
        u16::try_from(index).ok().map(Self)
    }

    /// All units, for help and for the catalogue.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..DEFINITIONS.len() as u16).map(Self)
    }

    #[must_use]
    pub fn symbol(self) -> &'static str {
        self.definition().symbol
    }

    #[must_use]
    pub fn dimension(self) -> Dimension {
        self.definition().dimension
    }

    /// The unit of this rate times one hour: `kW` gives `kWh`. `None` for amounts and states, and
    /// for rates whose unit is not per hour.
    #[must_use]
    pub fn times_hour(self) -> Option<Self> {
        let (_, amount) = INTEGRALS.iter().find(|(rate, _)| *rate == self.symbol())?;
        Self::parse(amount)
    }

    /// The exact conversion from this unit to `target`; `None` across dimensions.
    #[must_use]
    pub fn conversion_to(self, target: Self) -> Option<Conversion> {
        if self == target {
            return Some(Conversion::IDENTITY);
        }
        let (from, to) = (&self.definition(), &target.definition());
        if from.dimension != to.dimension {
            return None;
        }
        // base = (v*m1 + a1)/d1 and base = (w*m2 + a2)/d2, so w = (v*m1*d2 + a1*d2 - a2*d1)/(d1*m2)
        let (f, t) = (from.to_base, to.to_base);
        let multiply = i128::from(f.multiply) * i128::from(t.divide);
        let add =
            i128::from(f.add) * i128::from(t.divide) - i128::from(t.add) * i128::from(f.divide);
        let divide = i128::from(f.divide) * i128::from(t.multiply);
        let common = gcd(gcd(multiply.unsigned_abs(), add.unsigned_abs()), divide.unsigned_abs());
        let reduce = |part: i128| i64::try_from(part / common as i128).ok();
        Some(Conversion { multiply: reduce(multiply)?, add: reduce(add)?, divide: reduce(divide)? })
    }

    fn definition(self) -> &'static Definition {
        &DEFINITIONS[usize::from(self.0)]
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::decimal::Decimal;

    fn convert(text: &str, from: &str, to: &str) -> String {
        let conversion =
            Unit::parse(from).unwrap().conversion_to(Unit::parse(to).unwrap()).unwrap();
        Decimal::parse(text).unwrap().store(conversion).unwrap().value.to_string()
    }

    #[test]
    fn units_of_one_dimension_convert_exactly() {
        for (text, from, to, expected) in [
            ("1234.5", "kWh", "MWh", "1.234500"),
            ("1", "MWh", "GJ", "3.600000"),
            ("1", "GJ", "MWh", "0.277778"),
            ("32", "degF", "degC", "0.000000"),
            ("-40", "degF", "degC", "-40.000000"),
            ("0", "degC", "K", "273.150000"),
            ("273.15", "K", "degC", "0.000000"),
            ("50", "%", "1", "0.500000"),
            ("1", "TJ", "Wh", "277777777.777778"),
            ("90", "min", "h", "1.500000"),
        ] {
            assert_eq!(convert(text, from, to), expected, "{text} {from} -> {to}");
        }
    }

    #[test]
    fn units_of_different_dimensions_never_convert() {
        let unit = |symbol| Unit::parse(symbol).unwrap();
        for (from, to) in [("kWh", "kW"), ("Nm3", "m3"), ("kvarh", "kWh"), ("V", "A")] {
            assert_eq!(unit(from).conversion_to(unit(to)), None, "{from} -> {to}");
        }
    }

    #[test]
    fn every_pair_of_one_dimension_has_a_conversion() {
        for a in Unit::all() {
            for b in Unit::all().filter(|b| b.dimension() == a.dimension()) {
                assert!(a.conversion_to(b).is_some(), "{a} -> {b}");
            }
        }
    }

    #[test]
    fn symbols_are_unique_and_case_matters() {
        for unit in Unit::all() {
            assert_eq!(Unit::parse(unit.symbol()), Some(unit));
        }
        assert_eq!(Unit::parse("KWH"), None);
    }
}
