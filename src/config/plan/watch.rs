//! What a plan says for the checks: their numbers, where a site lies, what stands beside what.

use std::collections::BTreeMap;

use crate::domain::catalogue::Check;
use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::flag::Code;
use crate::domain::reading::ChannelKey;
use crate::domain::time::Timestamp;

/// The numbers of checks that a plan sets; the catalogue's defaults for all others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    set: BTreeMap<(Code, &'static str), i64>,
}

impl Settings {
    /// The number of this name, as the plan sets it, else the catalogue's default; 0 for a name that
    /// the catalogue does not have.
    #[must_use]
    pub fn number(&self, code: Code, name: &str) -> i64 {
        let set = self.set.iter().find(|((of, set), _)| *of == code && *set == name);
        let default = || Check::of(code)?.setting(name).map(|setting| setting.default);
        set.map(|(_, number)| *number).or_else(default).unwrap_or(0)
    }

    /// The same as a count.
    #[must_use]
    pub fn count(&self, code: Code, name: &str) -> usize {
        usize::try_from(self.number(code, name)).unwrap_or(0)
    }

    /// Sets a number, whose name is the catalogue's.
    pub fn set(&mut self, code: Code, name: &'static str, number: i64) {
        self.set.insert((code, name), number);
    }

    /// These, and of `wider` what these do not set.
    #[must_use]
    pub fn within(mut self, wider: &Self) -> Self {
        for (name, number) in &wider.set {
            self.set.entry(*name).or_insert(*number);
        }
        self
    }
}

/// A place on earth, in millionths of a degree: north and east are positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub latitude_micro: i64,
    pub longitude_micro: i64,
}

/// What the checks know of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watch {
    /// The channel's numbers, with the plan's for all channels.
    pub settings: Settings,
    /// Where the sun shines on it, if it generates from the sun.
    pub sun: Option<Place>,
    /// Decimals that the meter can show, in the unit that it sends.
    pub decimals: Option<u32>,
    /// A level at which it may stand still, such as an inverter's limit; in the channel's unit.
    pub clipping: Option<Fixed6>,
}

/// What is held against what, beside the parameters.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CrossChecks {
    pub check_meters: Vec<CheckMeter>,
    pub sums: Vec<SumOf>,
    pub balances: Vec<Balance>,
}

/// A main meter with its check meter, as registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckMeter {
    pub main: ChannelKey,
    pub check: ChannelKey,
    /// Difference that both may have: their combined class error, or what the plan says.
    pub tolerance_ppm: i64,
}

/// A main meter that measures what others measure together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SumOf {
    pub main: ChannelKey,
    pub parts: Vec<ChannelKey>,
    pub tolerance_ppm: i64,
}

/// An output that lies between two shares of an input.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    pub name: String,
    pub output: Vec<ChannelKey>,
    pub input: Vec<ChannelKey>,
    /// A level whose fall over the period is input too, such as that of a tank.
    pub stock: Option<ChannelKey>,
    /// Units of the output that a unit of the input amounts to, such as kWh per m3.
    pub per_input: Decimal,
    /// Output as a share of input, in percent, both inclusive.
    pub percent: (Decimal, Decimal),
}

/// Hours that no path may count, whatever was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    pub channel: ChannelKey,
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    pub reason: String,
}

/// The error of meters of these classes together, in ppm: the root of the sum of squares, rounded
/// down. `None` where a class is none: `0.5`, `0.2S`, or A, B, C of the measuring instruments
/// directive (2, 1 and 0.5 %).
#[must_use]
pub fn combined_class_ppm<'a>(classes: impl IntoIterator<Item = &'a str>) -> Option<i64> {
    let mut squares: i64 = 0;
    for class in classes {
        let ppm = class_ppm(class)?;
        squares = squares.checked_add(ppm.checked_mul(ppm)?)?;
    }
    Some(squares.isqrt())
}

fn class_ppm(class: &str) -> Option<i64> {
    match class.trim() {
        "A" => Some(20_000),
        "B" => Some(10_000),
        "C" => Some(5_000),
        text => {
            let number = text.trim_end_matches(|sign: char| !sign.is_ascii_digit());
            let percent = Decimal::parse(number).ok()?;
            let stored = percent.store(crate::domain::unit::Conversion::IDENTITY).ok()?.value;
            // A percent is 10,000 ppm; a value is stored in millionths.
            let ppm = stored.micro() / 100;
            (1..=100_000).contains(&ppm).then_some(ppm)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_combine_by_the_root_of_their_squares() {
        for (classes, expected) in [
            (&["0.5S", "0.5"][..], Some(7_071)),
            (&["0.2", "0.2S"], Some(2_828)),
            (&["C"], Some(5_000)),
            (&["B", "1"], Some(14_142)),
            (&["0.5", "unknown"], None),
            (&["", "0.5"], None),
        ] {
            assert_eq!(combined_class_ppm(classes.iter().copied()), expected, "{classes:?}");
        }
    }

    #[test]
    fn a_channel_s_number_stands_before_the_plan_s_and_that_before_the_default() {
        let (mut wide, mut own) = (Settings::default(), Settings::default());
        assert_eq!(wide.number(Code::Spike, "k"), 3);
        wide.set(Code::Spike, "k", 4);
        wide.set(Code::Spike, "window", 9);
        own.set(Code::Spike, "k", 5);
        let both = own.within(&wide);
        assert_eq!((both.number(Code::Spike, "k"), both.count(Code::Spike, "window")), (5, 9));
    }
}
