//! Changes of what is registered, and what they alter.

use serde::{Deserialize, Serialize};

use super::Figure;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct PlanChange {
    /// A fixed value or parameter by its label, or `zone`, `crediting`, ...
    pub what: String,
    pub old: String,
    pub new: String,
    /// Numbers of the plans.
    pub old_plan: u32,
    pub new_plan: u32,
    /// `temporary deviation`, `correction`, `permanent change` or `not stated`.
    pub kind: String,
    /// Local dates for which the new value stands, as stated; empty if none are.
    pub time: String,
    pub reason: String,
    /// Null while none is recorded: the lower ER of old and new counts.
    pub approval: Option<ChangeApproval>,
    /// When it takes effect and when it was recorded, local time with offset.
    pub valid_from: String,
    pub received_at: String,
    /// True if it takes effect before it was recorded.
    pub is_backdated: bool,
    pub effects: Vec<ChangeEffect>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ChangeApproval {
    pub body: String,
    pub number: String,
    pub date: String,
    /// SHA-256.
    pub document: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ChangeEffect {
    /// Name of the methodology.
    pub methodology: String,
    pub year: i16,
    /// ER with the old and the new value, all else as it counts.
    pub er_old: Figure,
    pub er_new: Figure,
    /// `old`, `new`, `each in its time`, or `the lower of both`.
    pub counts: String,
    /// Why an approved change does not count in its time alone; left out where that is not so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why_whole: String,
}
