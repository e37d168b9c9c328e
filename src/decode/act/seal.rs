//! The seal of a monitoring period, and the values that it fixes for later years.

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
        let date = |text: &String| Date::parse(text).map_err(|e| ActError::Time(text.clone(), e));
        Ok((date(&self.from)?, date(&self.to)?))
    }
}
