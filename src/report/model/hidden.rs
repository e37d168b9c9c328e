//! What a public version does not show.

use serde::{Deserialize, Serialize};

/// Something that was blacked out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Hidden {
    /// What it is, in words that may be read by all.
    pub what: String,
    /// Why it is confidential.
    pub why: String,
    /// How many texts and figures of the report were blacked out for it.
    pub count: u32,
}
