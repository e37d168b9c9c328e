//! A person's word on one reading: a decision on a doubt, or a correction.

use serde::{Deserialize, Serialize};

/// A decision on a conflict or a hold: this value counts, for the values that whoever decided saw.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    pub site: String,
    pub device: String,
    pub quantity: String,
    /// RFC 3339.
    pub at: String,
    /// In the channel's storage unit.
    pub value: String,
    /// The different values of this identity that the log had, in the same unit. A value that arrives
    /// later opens the doubt again. Empty in acts from before decisions named them: those count
    /// whatever arrives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
    pub author: String,
    pub reason: String,
    /// A document, by name or hash; empty if none.
    #[serde(default)]
    pub evidence: String,
}

/// A correction of one reading: the old value is named so that nothing else can be meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    pub site: String,
    pub device: String,
    pub quantity: String,
    /// RFC 3339.
    pub at: String,
    /// Both in the channel's storage unit.
    pub old: String,
    pub new: String,
    pub author: String,
    pub reason: String,
    #[serde(default)]
    pub evidence: String,
}
