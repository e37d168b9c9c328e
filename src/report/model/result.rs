//! The result of each calendar year, with its inputs, steps and what doubts cost.

use serde::{Deserialize, Serialize};

use super::{Factored, Figure, Fixed};

/// The result of a calendar year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Year {
    /// Name of the methodology.
    pub methodology: String,
    pub year: i16,
    pub from: String,
    pub to: String,
    pub days: i32,
    /// As the monitoring spreadsheet writes it.
    pub form: String,
    /// Reference emissions, project emissions and emission reductions where ER is lowest.
    pub re: Figure,
    pub pe: Figure,
    pub er: Figure,
    /// ER if every doubt fell on the claimant's side.
    pub er_highest: Figure,
    /// Points of the doubtful inputs that were tried.
    pub trials: u64,
    /// ER rounded down: the one rounding.
    pub floored: Figure,
    /// Unresolved negative of earlier years.
    pub carried_in: Figure,
    pub claimed: Figure,
    /// Unresolved negative left to later years.
    pub carried_out: Figure,
    /// Estimate for the whole calendar year.
    pub ex_ante: Option<Figure>,
    pub why: String,
    pub inputs: Vec<Input>,
    /// Categories of the days, for methodologies that select by them.
    pub categories: Vec<Category>,
    /// What channels count by correction factors; left out where none is registered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factored: Vec<Factored>,
    /// Where the year is cut at the date of an approved change: its stretches, which add up to it; left out
    /// where it is not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stretches: Vec<Stretch>,
    /// The calculation, step by step.
    pub steps: Vec<Step>,
}

/// A stretch of a year, with the values that are registered for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Stretch {
    pub from: String,
    pub to: String,
    pub days: i32,
    pub re: Figure,
    pub pe: Figure,
    pub er: Figure,
    pub inputs: Vec<Input>,
    /// As they entered the equations.
    pub fixed: Vec<Fixed>,
    pub steps: Vec<Step>,
}

/// The category of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Category {
    pub label: String,
    /// A member of an index; null where it is not known and counts where ER is lowest.
    pub category: Option<String>,
}

/// A monitored parameter's value in a year, or in a cell of the calendar inside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Input {
    pub label: String,
    /// Its place among the report's parameters.
    pub parameter: usize,
    /// True for a value before the evaluated part, which the equations look back at.
    pub is_history: bool,
    pub symbol: String,
    pub members: Vec<String>,
    /// Of the measured part; null when nothing was measured.
    pub measured: Option<Figure>,
    /// Lowest and highest it can be.
    pub low: Option<Figure>,
    pub high: Option<Figure>,
    /// What entered the equations.
    pub chosen: Figure,
    /// `exact`, `lowest`, `highest` or `between`: where in its bounds the chosen value lies.
    pub side: String,
    /// Share of the time measured, rounded down.
    pub coverage: Figure,
    /// Lowest and highest leaf it stands on; null when nothing was measured.
    pub leaves: Option<[i64; 2]>,
}

/// One value of the calculation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Step {
    pub label: String,
    pub symbol: String,
    pub members: Vec<String>,
    pub description: String,
    /// The equation as written in the methodology.
    pub equation: String,
    /// The equation over named values: `{EG[roof]}*{EF_RE}`; each name in braces is the label of
    /// an input, a fixed value or another step. Empty where there is no such form.
    pub formula: String,
    /// The terms of its sums that are too long for a cell of a spreadsheet, over named values: the formula
    /// names the first as `{#1}`.
    pub sums: Vec<Vec<String>>,
    pub value: Figure,
}

/// A doubt and its effect on ER.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Gap {
    /// Name of the methodology.
    pub methodology: String,
    pub year: i16,
    pub label: String,
    pub coverage: Figure,
    pub low: Option<Figure>,
    pub high: Option<Figure>,
    pub chosen: Figure,
    /// ER with this input where it is best for the claim.
    pub er_best: Figure,
    /// What the doubt costs.
    pub cost: Figure,
    pub sentence: String,
}
