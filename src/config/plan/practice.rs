//! What a plan promises beside figures: checks, criteria and their evidence, samples; and what a
//! registry asks for.

use crate::domain::decimal::Decimal;

/// A criterion of eligibility of the methodology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// As numbered, such as `1`; none twice.
    pub criterion: String,
    pub description: String,
    /// What shows that it is met.
    pub evidence: String,
}

/// A holder's part of the credits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub holder: String,
    /// `host` or `japan`.
    pub side: String,
    /// Relative to the sum of all shares; above zero.
    pub share: u64,
}

/// What a registry files a project under; empty where the plan does not say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filing {
    pub sector: String,
    pub activity_type: String,
    pub mitigation_type: String,
    /// The set of global warming potentials, such as `AR5`.
    pub gwp_set: String,
}

/// What a sample must achieve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Required {
    /// In percent, such as 90.
    pub confidence: Decimal,
    /// Half-width of the interval relative to the mean, in percent, such as 10.
    pub precision: Decimal,
}

impl Required {
    /// Reads `90/10`: confidence / precision, both in percent.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (confidence, precision) = text.split_once('/')?;
        let number = |text: &str| Decimal::parse(text.trim()).ok();
        let (confidence, precision) = (number(confidence)?, number(precision)?);
        let whole = Decimal::new(100, 0).ok()?;
        let is_percent =
            |value: Decimal| !value.is_negative() && !value.is_zero() && is_at_most(value, &whole);
        (is_percent(confidence) && is_percent(precision)).then_some(Self { confidence, precision })
    }

    /// True if what was achieved, in the same form, is as sure and as narrow.
    #[must_use]
    pub fn is_met_by(&self, achieved: &Self) -> bool {
        is_at_most(self.confidence, &achieved.confidence)
            && is_at_most(achieved.precision, &self.precision)
    }
}

impl std::fmt::Display for Required {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.confidence, self.precision)
    }
}

/// True if `a <= b`, exactly; false beyond the digits of a value.
fn is_at_most(a: Decimal, b: &Decimal) -> bool {
    let exponent = a.exponent().min(b.exponent());
    let scaled = |value: &Decimal| {
        let power = 10i128.checked_pow((value.exponent() - exponent).unsigned_abs())?;
        value.coefficient().checked_mul(power)
    };
    match (scaled(&a), scaled(b)) {
        (Some(a), Some(b)) => a <= b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_meets_what_it_is_as_sure_and_as_narrow_as() {
        let parsed = |text| Required::parse(text).unwrap();
        let required = parsed("90/10");
        for (achieved, is_met) in [
            ("90/10", true),
            ("95/9.5", true),
            ("90/10.0", true),
            ("90/10.1", false),
            ("89.9/5", false),
        ] {
            assert_eq!(required.is_met_by(&parsed(achieved)), is_met, "{achieved}");
        }
        for wrong in ["90", "0/10", "90/0", "101/5", "90/-1", "a/b"] {
            assert_eq!(Required::parse(wrong), None, "{wrong}");
        }
    }
}
