//! The uncertainty of each year's result, as information.

use serde::{Deserialize, Serialize};

use super::Figure;

/// A year's uncertainty budget (GUM); never a part of the claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Uncertainty {
    /// Name of the methodology.
    pub methodology: String,
    pub year: i16,
    pub shares: Vec<Share>,
    /// The largest first.
    pub causes: Vec<Cause>,
    /// Standard uncertainty of ER; null where none is known.
    pub combined: Option<Figure>,
    /// Twice the combined one (k = 2, about 95 %).
    pub expanded: Option<Figure>,
    /// The expanded one in percent of ER; null where ER is 0.
    pub percent: Option<Figure>,
    /// Inputs whose uncertainty is not set, and why.
    pub unset: Vec<String>,
    /// By how much ER moves for one percent of an input, the largest first.
    pub ranking: Vec<Rank>,
}

/// One input's line of the budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Share {
    pub label: String,
    /// The meter.
    pub cause: String,
    pub standard: Figure,
    pub sensitivity: Figure,
    pub contribution: Figure,
}

/// A meter with all that it contributes: its error is the same wherever it enters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Cause {
    pub cause: String,
    /// Where its uncertainty comes from: an accuracy class, a certificate.
    pub source: String,
    pub contribution: Figure,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Rank {
    pub label: String,
    pub per_percent: Figure,
}
