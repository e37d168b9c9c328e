//! The seal of a monitoring period, and what it fixes of it.

use serde::{Deserialize, Serialize};

use super::ActError;
use crate::domain::time::Date;

/// The seal of a monitoring period: fixes what was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// Local dates, both inclusive.
    pub from: String,
    pub to: String,
    /// 1 for the first seal of a period, one more for each restatement.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub version: u32,
    /// Why it was restated; empty in version 1.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    pub prepared_by: String,
    pub reviewed_by: String,
    /// Leaves before this one count.
    pub log_size: i64,
    /// Root of the log at that size, base64.
    pub log_root: String,
    /// Negative tCO2e that the period leaves to later years, zero or below.
    #[serde(default)]
    pub unresolved: i64,
    /// SHA-256 of the report's figures.
    #[serde(default)]
    pub figures: String,
    /// The result of each year, by methodology, so that later versions can name what they change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub years: Vec<SealedYear>,
    /// Values that equations of later years look back at: they stand as they were sealed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<SealedValue>,
    /// What was counted of gaps that the end of the period cuts: the rest counts after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<SealedShare>,
}

/// What a sealed period counted of a register's gap that its end cuts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedShare {
    pub site: String,
    pub device: String,
    pub quantity: String,
    /// RFC 3339.
    pub border: String,
    /// From the begin of the gap to the border, in the unit of the channel's intervals.
    pub counted: String,
}

/// The result of one methodology in one calendar year, in tCO2e.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedYear {
    pub methodology: String,
    pub year: i16,
    /// Decimals in full precision.
    pub re: String,
    pub pe: String,
    pub er: String,
    /// Whole.
    pub claimed: String,
}

/// A monitored value of a sealed period, in the methodology's unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedValue {
    pub methodology: String,
    pub symbol: String,
    pub members: Vec<String>,
    pub unit: String,
    /// Lowest and highest that it can be; equal where it was known.
    pub low: String,
    pub high: String,
}

impl Seal {
    /// First and last local date, both inclusive.
    ///
    /// # Errors
    /// When one is no date.
    pub fn dates(&self) -> Result<(Date, Date), ActError> {
        super::dates(&self.from, &self.to)
    }
}

fn first() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_first(version: &u32) -> bool {
    *version == 1
}
