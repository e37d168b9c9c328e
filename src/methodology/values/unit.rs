//! Units as people write them beside values, brought to the form of the unit parser.
//!
//! - A remark in parentheses is dropped: `1 (share of load energy)` is `1`.
//! - `per` is a slash: `MWh per store` is `MWh/store`.
//! - A dot between two units multiplies: `t.km` is `t*km`.
//! - What stands in parentheses below a slash is divided by: `kgCH4/(ha.day)` is `kgCH4/ha/day`.
//! - A word behind the unit says of what, and is dropped: `MWh cooling` is `MWh`, `t/t waste` is `t/t`.

use crate::methodology::unit::CompoundUnit;

/// Things that are counted: a bare number stands for them.
const COUNTED: [&str; 4] = ["store", "site", "vehicle", "unit"];

/// The unit in the form of the unit parser; what is none stays none.
#[must_use]
pub fn normalised(text: &str) -> String {
    let mut unit = text.trim().replace(" per ", "/");
    for sign in ["*", "/"] {
        for spaced in [format!(" {sign} "), format!("{sign} "), format!(" {sign}")] {
            unit = unit.replace(&spaced, sign);
        }
    }
    while let Some(open) = unit.find("/(") {
        let Some(length) = unit[open..].find(')') else { break };
        let below = unit[open + 2..open + length].replace(['.', '*'], "/");
        unit = format!("{}/{below}{}", &unit[..open], &unit[open + length + 1..]);
    }
    let first = unit.split_whitespace().next().unwrap_or_default();
    let characters: Vec<char> = first.chars().collect();
    let between_letters = |at: usize| {
        let is_letter = |at: usize| characters.get(at).is_some_and(|c| c.is_alphabetic());
        is_letter(at + 1) && at > 0 && characters[at - 1].is_alphanumeric()
    };
    let dotted = characters.iter().enumerate().map(|(at, character)| match character {
        '.' | '·' if between_letters(at) => '*',
        other => *other,
    });
    dotted.collect()
}

/// The unit of a bare number for a parameter in `unit`; `None` where the number needs a unit.
pub(super) fn of_bare_number(unit: &CompoundUnit) -> Option<&'static str> {
    let counted = ["1"].into_iter().chain(COUNTED);
    counted.into_iter().find(|name| CompoundUnit::parse(name).is_ok_and(|known| known == *unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_people_become_units_of_the_language() {
        for (written, unit) in [
            ("MWh", "MWh"),
            ("MWh per store", "MWh/store"),
            ("kL per site", "kL/site"),
            ("kgCH4/(ha.day)", "kgCH4/ha/day"),
            ("tCO2/(t.km)", "tCO2/t/km"),
            ("t.km", "t*km"),
            ("MWh cooling", "MWh"),
            ("1 (share of load energy without grid)", "1"),
            ("1/year", "1/year"),
            ("t/t waste", "t/t"),
            ("tCO2 / MWh", "tCO2/MWh"),
            ("kW * h", "kW*h"),
            ("m3*h^-1", "m3*h^-1"),
        ] {
            assert_eq!(normalised(written), unit);
            assert!(CompoundUnit::parse(unit).is_ok(), "{unit}");
        }
        assert!(CompoundUnit::parse(&normalised("furlongs")).is_err());
    }

    #[test]
    fn a_bare_number_is_a_number_or_a_count() {
        let unit = |text: &str| CompoundUnit::parse(text).unwrap();
        assert_eq!(of_bare_number(&unit("1")), Some("1"));
        assert_eq!(of_bare_number(&unit("store")), Some("store"));
        assert_eq!(of_bare_number(&unit("MWh")), None);
        assert_eq!(of_bare_number(&unit("MWh/store")), None);
    }
}
