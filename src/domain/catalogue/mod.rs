//! The catalogue of checks: of each code its stage, parameters, severities and effect, as data.
//!
//! Plans set the parameters by these names (`[checks.V-SPIKE] k = 4`), `mrv checks` prints them, and
//! `docs/CHECKS.md` is written from them. The rule in one line and the effect are the code's own
//! ([`Code::rule`], [`Code::effect`]). Plain data; what a check does stands with the check.

mod list;

use super::flag::{Code, Effect};

pub use list::CHECKS;

/// When a check looks: at a reading, at a series, at a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A reading, as it is decoded.
    R,
    /// A channel's series, at aggregation.
    S,
    /// A monitoring period.
    P,
}

impl Stage {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::R => "R",
            Self::S => "S",
            Self::P => "P",
        }
    }
}

/// A number that a plan may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    pub name: &'static str,
    /// Unit, or what it counts.
    pub unit: &'static str,
    /// Where the plan says nothing.
    pub default: i64,
    /// Lowest and highest that a plan may say, both inclusive.
    pub range: (i64, i64),
    pub about: &'static str,
}

/// A check as catalogued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    pub code: Code,
    pub stages: &'static [Stage],
    pub settings: &'static [Setting],
    /// Further places of the plan that steer it; empty if none.
    pub plan: &'static str,
    /// Severity of each kind of result, in words.
    pub severities: &'static str,
    /// False if no response closes it.
    pub is_closable: bool,
}

impl Check {
    /// The catalogued check of a code.
    #[must_use]
    pub fn of(code: Code) -> Option<&'static Self> {
        CHECKS.iter().find(|check| check.code == code)
    }

    /// The setting of this name.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&'static Setting> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    /// `R`, or `S, P`.
    #[must_use]
    pub fn stages(&self) -> String {
        let names: Vec<&str> = self.stages.iter().map(|stage| stage.as_str()).collect();
        names.join(", ")
    }

    /// The effect in one word.
    #[must_use]
    pub fn effect(&self) -> &'static str {
        match self.code.effect() {
            Effect::Exclude => "exclude",
            Effect::Hold => "hold",
            Effect::None => "none",
        }
    }
}

/// The catalogue as a page: `docs/CHECKS.md`.
#[must_use]
pub fn page() -> String {
    let mut text = String::from(HEAD);
    for check in CHECKS {
        let code = check.code;
        let closable = if check.is_closable { "yes" } else { "no" };
        text += &format!(
            "| {code} | {} | {} | {} | {} | {closable} |\n",
            check.stages(),
            code.rule(),
            check.effect(),
            check.severities,
        );
    }
    text += SETTINGS_HEAD;
    for check in CHECKS {
        let code = check.code;
        for one in check.settings {
            let (low, high) = one.range;
            text += &format!(
                "| {code} | `{}` | {} | {} | {low} to {high} | {} |\n",
                one.name, one.default, one.unit, one.about
            );
        }
    }
    text += "\nOther parts of the plan steer checks too:\n\n| code | plan |\n| --- | --- |\n";
    for check in CHECKS.iter().filter(|check| !check.plan.is_empty()) {
        text += &format!("| {} | {} |\n", check.code, check.plan);
    }
    text
}

const HEAD: &str = "\
# The checks

Written from the code by `mrv checks write`; a test compares. `mrv checks list` and `mrv checks show CODE` print the same.

Stage R looks at a reading as it is decoded, S at a channel's series, P at a monitoring period. **Effect** is what a flag
does to the value: *exclude* (it is refused), *hold* (it counts by its bounds until a person decides), *none*. Statistical
checks never change a value. A response to a flag changes no severity, value or count; some checks none closes. Neighbours
of one kind are one finding with from, to and count; no list of findings is cut short.

| code | stage | rule | effect | severities | closed by a response |
| --- | --- | --- | --- | --- | --- |
";

const SETTINGS_HEAD: &str = "
## Parameters

Whole numbers, under `[checks.CODE]` of a plan for all channels, under `[channel.checks.CODE]` of a `[[channel]]` for it alone.

| code | parameter | default | unit | from, to | what it says |
| --- | --- | --- | --- | --- | --- |
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_catalogued_once_in_its_order() {
        let catalogued: Vec<Code> = CHECKS.iter().map(|check| check.code).collect();
        assert_eq!(catalogued, Code::ALL, "add the code to the catalogue, at its place");
    }

    #[test]
    fn defaults_lie_in_their_ranges_and_names_are_told_apart() {
        for check in CHECKS {
            assert!(!check.severities.is_empty(), "{}", check.code);
            for one in check.settings {
                assert!(
                    (one.range.0..=one.range.1).contains(&one.default),
                    "{} {}",
                    check.code,
                    one.name
                );
                assert_eq!(check.setting(one.name), Some(one), "{} twice", one.name);
            }
        }
    }

    #[test]
    fn what_no_response_closes_is_named() {
        let lasting = CHECKS.iter().filter(|check| !check.is_closable);
        let codes: Vec<&str> = lasting.map(|check| check.code.as_str()).collect();
        for code in ["V-OVERLAP", "V-GAPPATH", "V-PLAN", "V-YEAR"] {
            assert!(codes.contains(&code), "{code}");
        }
        assert!(codes.len() <= 5, "{codes:?}");
    }
}
