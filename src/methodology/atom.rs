//! Single units of compound units, and what each is in the engine's base units.
//!
//! The units of channels that are written without a slash, masses of CO2e, masses of other
//! substances (an annotation, dropped here), and a few that only methodologies use.

use std::fmt;

use crate::domain::unit::{Dimension, Unit};

/// One unit of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Atom {
    Unit(Unit),
    /// A mass of CO2e, by its mass unit.
    Carbon(Unit),
    /// By its place in [`EXTRA`].
    Extra(usize),
}

/// What a unit is in the engine's base units: Wh, h, g, L, NL, K and their like.
pub(super) struct Definition {
    pub bases: &'static [(Base, i32)],
    pub multiply: i128,
    pub divide: i128,
}

/// Units that methodologies use and no channel does: name, base, and how many of the base it is.
///
/// A year is twelve months and no number of hours: rates of decay per year are divided by twelve, not
/// by days. What is counted keeps its name, so that MWh per store times stores is MWh. `p` is the
/// monitoring period.
const EXTRA: &[(&str, Base, i128)] = &[
    ("m2", Base::Area, 1),
    ("ha", Base::Area, 10_000),
    ("km2", Base::Area, 1_000_000),
    ("km", Base::Length, 1),
    ("d", Base::Hour, 24),
    ("day", Base::Hour, 24),
    ("month", Base::Month, 1),
    ("yr", Base::Month, 12),
    ("year", Base::Month, 12),
    ("p", Base::Period, 1),
    ("store", Base::Store, 1),
    ("site", Base::Site, 1),
    ("vehicle", Base::Vehicle, 1),
    ("unit", Base::Item, 1),
    ("lm", Base::Light, 1),
    ("mol", Base::Substance, 1),
];

impl Atom {
    pub(super) fn parse(symbol: &str) -> Option<Self> {
        if let Some(unit) = Unit::parse(symbol) {
            return of_dimension(unit.dimension()).map(|_| Self::Unit(unit));
        }
        if symbol == "kL" {
            // A cubic metre by another name.
            return Unit::parse("m3").map(Self::Unit);
        }
        if let Some(position) = EXTRA.iter().position(|(extra, ..)| *extra == symbol) {
            return Some(Self::Extra(position));
        }
        let (mass, substance) = ["kg", "g", "t"]
            .into_iter()
            .find_map(|mass| Some((Unit::parse(mass)?, symbol.strip_prefix(mass)?)))?;
        let is_name = substance.starts_with(|first: char| first.is_ascii_uppercase())
            && substance.chars().all(|c| c.is_ascii_alphanumeric());
        match substance {
            "CO2" | "CO2e" | "CO2eq" => Some(Self::Carbon(mass)),
            _ if is_name => Some(Self::Unit(mass)),
            _ => None,
        }
    }

    pub(super) fn definition(self) -> Definition {
        let (bases, unit, base): (&'static [(Base, i32)], Unit, &str) = match self {
            Self::Extra(position) => {
                let (_, base, multiply) = EXTRA[position];
                return Definition { bases: base.alone(), multiply, divide: 1 };
            }
            Self::Carbon(mass) => (&[(Base::Carbon, 1)], mass, "g"),
            Self::Unit(unit) => {
                // An atom exists only where this is something.
                let (bases, base) = of_dimension(unit.dimension()).unwrap_or((&[], "1"));
                (bases, unit, base)
            }
        };
        // Differences of temperature have the factor of the temperature and no zero of their own.
        let conversion = Unit::parse(base).and_then(|base| unit.conversion_to(base));
        let (mut multiply, divide) =
            conversion.map_or((1, 1), |c| (i128::from(c.multiply), i128::from(c.divide)));
        if unit.dimension() == Dimension::Frequency {
            // Per second, where the base is per hour.
            multiply *= 3_600;
        }
        let common = greatest_common_divisor(multiply, divide);
        Definition { bases, multiply: multiply / common, divide: divide / common }
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(unit) => unit.fmt(f),
            Self::Carbon(mass) => write!(f, "{mass}CO2e"),
            Self::Extra(position) => f.write_str(EXTRA[*position].0),
        }
    }
}

/// What does not convert into one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Base {
    Energy,
    Hour,
    Mass,
    Carbon,
    Volume,
    NormalVolume,
    Temperature,
    Pressure,
    Voltage,
    Current,
    ReactiveEnergy,
    ApparentPower,
    Count,
    Area,
    Length,
    Month,
    Period,
    Store,
    Site,
    Vehicle,
    Item,
    Light,
    Substance,
}

impl Base {
    pub(super) const ALL: [Self; 23] = [
        Self::Energy,
        Self::Hour,
        Self::Mass,
        Self::Carbon,
        Self::Volume,
        Self::NormalVolume,
        Self::Temperature,
        Self::Pressure,
        Self::Voltage,
        Self::Current,
        Self::ReactiveEnergy,
        Self::ApparentPower,
        Self::Count,
        Self::Area,
        Self::Length,
        Self::Month,
        Self::Period,
        Self::Store,
        Self::Site,
        Self::Vehicle,
        Self::Item,
        Self::Light,
        Self::Substance,
    ];

    /// The base to the first power, and nothing else.
    fn alone(self) -> &'static [(Self, i32)] {
        match self {
            Self::Area => &[(Self::Area, 1)],
            Self::Length => &[(Self::Length, 1)],
            Self::Month => &[(Self::Month, 1)],
            Self::Period => &[(Self::Period, 1)],
            Self::Store => &[(Self::Store, 1)],
            Self::Site => &[(Self::Site, 1)],
            Self::Vehicle => &[(Self::Vehicle, 1)],
            Self::Item => &[(Self::Item, 1)],
            Self::Light => &[(Self::Light, 1)],
            Self::Substance => &[(Self::Substance, 1)],
            _ => &[(Self::Hour, 1)],
        }
    }
}

/// The bases of a dimension, and the unit of it that is 1 in base units (for frequencies, 1/3600).
/// `None` for those whose units are all written with a slash, and so are no single unit here.
fn of_dimension(dimension: Dimension) -> Option<(&'static [(Base, i32)], &'static str)> {
    Some(match dimension {
        Dimension::Energy => (&[(Base::Energy, 1)], "Wh"),
        Dimension::Power => (&[(Base::Energy, 1), (Base::Hour, -1)], "W"),
        Dimension::Mass => (&[(Base::Mass, 1)], "g"),
        Dimension::Volume => (&[(Base::Volume, 1)], "L"),
        Dimension::NormalVolume => (&[(Base::NormalVolume, 1)], "NL"),
        Dimension::Temperature => (&[(Base::Temperature, 1)], "K"),
        Dimension::Pressure => (&[(Base::Pressure, 1)], "Pa"),
        Dimension::Voltage => (&[(Base::Voltage, 1)], "V"),
        Dimension::Current => (&[(Base::Current, 1)], "A"),
        Dimension::Frequency => (&[(Base::Hour, -1)], "Hz"),
        Dimension::Fraction => (&[], "1"),
        Dimension::Duration => (&[(Base::Hour, 1)], "h"),
        Dimension::ReactiveEnergy => (&[(Base::ReactiveEnergy, 1)], "varh"),
        Dimension::ReactivePower => (&[(Base::ReactiveEnergy, 1), (Base::Hour, -1)], "var"),
        Dimension::ApparentPower => (&[(Base::ApparentPower, 1)], "VA"),
        Dimension::Count => (&[(Base::Count, 1)], "count"),
        Dimension::MassFlow
        | Dimension::VolumeFlow
        | Dimension::NormalVolumeFlow
        | Dimension::Irradiance => return None,
    })
}

pub(super) fn greatest_common_divisor(a: i128, b: i128) -> i128 {
    if b == 0 { a.max(1) } else { greatest_common_divisor(b, a % b) }
}
