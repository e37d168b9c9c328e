//! Two paths to one number, the log of gaps, and what a border cuts.

use serde::{Deserialize, Serialize};

use super::Figure;

/// Two paths to one number, and what lies between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct PathPair {
    /// The check that compares them.
    pub code: String,
    /// A channel, a parameter, or the ER of a year.
    pub subject: String,
    /// The paths, in words.
    pub first: String,
    pub second: String,
    /// Local time with offset, the second exclusive.
    pub from: String,
    pub to: String,
    /// Null where a path gives nothing.
    pub one: Option<Figure>,
    pub other: Option<Figure>,
    /// `one` less `other`.
    pub residual: Option<Figure>,
    /// Percent of the first path, for V-HISTORY of the second; null where only being above matters.
    pub tolerance: Option<String>,
    /// `within`, `beyond`, `beyond, with a reason` or `not comparable`.
    pub outcome: String,
    pub note: String,
}

/// A stretch in which a channel of a parameter was not measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct GapStretch {
    /// Name of the methodology.
    pub methodology: String,
    pub year: i16,
    /// The parameter.
    pub label: String,
    /// Null for days that stand on documents.
    pub channel: Option<String>,
    /// Local time with offset, the second exclusive.
    pub from: String,
    pub to: String,
    /// Hours that were not measured.
    pub hours: String,
    /// `B`, `T`, `I`, `K` or `Z`.
    pub quality: String,
    pub rule: String,
    /// What stands for it: a value, or bounds; empty where it is not told.
    pub stands: String,
    /// What its doubt costs; null where nothing is in doubt.
    pub cost: Option<Figure>,
    /// What the substitute earns against its bounds; null for bounds themselves, and where it was not
    /// evaluated.
    pub earned: Option<Figure>,
    /// Statistical substitutes per hour: information only, in no claim.
    pub information: Vec<String>,
}

/// A gap that a register bridged, cut by the border of a year or of the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Allocation {
    pub channel: String,
    /// The gap and the border, local time with offset.
    pub from: String,
    pub to: String,
    pub border: String,
    pub total: Figure,
    /// What counts before the border; the rest counts after it.
    pub before: Figure,
    /// Even over time, and the least and the most that capacity allows before the border.
    pub even: Figure,
    pub low: Figure,
    pub high: Figure,
    /// What all years claim less what they leave unresolved, in tCO2e: as counted, and with each of the
    /// others.
    pub claimed: i64,
    pub claimed_even: i64,
    pub claimed_low: i64,
    pub claimed_high: i64,
    /// True if a seal of the period before fixed it.
    pub is_sealed: bool,
}
