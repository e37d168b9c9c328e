//! What the plan promises to be done and shown: monthly checks, evidence of eligibility, responses to
//! flags.

use serde::{Deserialize, Serialize};

/// The monthly check of the data's integrity.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonthlyCheck {
    /// The month that was looked at: `2026-03`.
    pub month: String,
    pub author: String,
    pub post: String,
    /// Local date on which it was done.
    pub date: String,
    /// What was looked at.
    pub what: String,
    /// What was found; `none` where nothing was.
    pub findings: String,
    #[serde(default)]
    pub document: String,
}

/// Evidence that a criterion of eligibility was met over a period.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// As the plan numbers it.
    pub criterion: String,
    /// Local dates that it covers, both inclusive.
    pub from: String,
    pub to: String,
    pub author: String,
    pub post: String,
    pub date: String,
    /// How the project meets it.
    pub text: String,
    /// SHA-256.
    pub document: String,
}

/// What the sample behind a parameter achieved over a period.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleResult {
    pub parameter: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// Local dates, both inclusive.
    pub from: String,
    pub to: String,
    /// Confidence and precision in percent: `90/8.7`.
    pub achieved: String,
    pub author: String,
    pub post: String,
    pub date: String,
    /// How it was computed: SHA-256.
    pub document: String,
}

/// A participant's word on a flag. It changes no severity, value or count.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// The flag's code, such as `V-GAP`.
    pub code: String,
    /// Local dates of the period whose flags are meant, both inclusive.
    pub from: String,
    pub to: String,
    /// `site/device/quantity`; empty for flags of the period, or of all channels.
    #[serde(default)]
    pub channel: String,
    /// A moment inside the flag's stretch, RFC 3339; empty for all stretches.
    #[serde(default)]
    pub at: String,
    pub author: String,
    pub post: String,
    pub date: String,
    pub reason: String,
    #[serde(default)]
    pub document: String,
}
