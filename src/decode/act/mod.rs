//! Acts: decisions, corrections, amounts and seals, which are messages in the project's log like any other.
//!
//! An act is one JSON object. Acts of a project count by their own number, 1, 2, 3, ..., never by
//! when they arrived. Two decisions, or two corrections, of one identity with different values are a
//! conflict again: [`Settlements`] then settles nothing.

mod settle;

use serde::{Deserialize, Serialize};

pub use settle::{Settled, Settlements, stored_value};

use super::amount::{AmountCheck, AmountEntry};
use crate::domain::decimal::DecimalError;
use crate::domain::id::IdError;
use crate::domain::time::{Date, TimeError};

/// Why the bytes are no act.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    #[error("not a recorded act: {0}")]
    Json(#[from] serde_json::Error),
    #[error("a recorded act names the id {0:?}: {1}")]
    Id(String, IdError),
    #[error("a recorded act names the time {0:?}: {1}")]
    Time(String, TimeError),
    #[error("a recorded act names the value {0:?}: {1}")]
    Value(String, DecimalError),
    #[error("a recorded act names the value {0:?}, which has more than six decimals")]
    Precision(String),
    #[error("a recorded amount: {0}")]
    Amount(String),
}

/// A decision on a conflict or a hold: this value counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    pub site: String,
    pub device: String,
    pub quantity: String,
    /// RFC 3339.
    pub at: String,
    /// In the channel's storage unit.
    pub value: String,
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

/// A recorded act with its number in the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "act")]
pub enum Act {
    Decision {
        number: u32,
        #[serde(flatten)]
        decision: Decision,
    },
    Correction {
        number: u32,
        #[serde(flatten)]
        correction: Correction,
    },
    Seal {
        number: u32,
        #[serde(flatten)]
        seal: Seal,
    },
    Amount {
        number: u32,
        #[serde(flatten)]
        amount: AmountEntry,
    },
    Check {
        number: u32,
        #[serde(flatten)]
        check: AmountCheck,
    },
}

impl Act {
    /// Reads the payload of an act's message.
    ///
    /// # Errors
    /// When it is no such object.
    pub fn parse(payload: &[u8]) -> Result<Self, ActError> {
        Ok(serde_json::from_slice(payload)?)
    }

    /// The payload that [`Act::parse`] reads.
    ///
    /// # Errors
    /// Never for values of this form; an error of the encoder is passed on.
    pub fn encode(&self) -> Result<Vec<u8>, ActError> {
        Ok(serde_json::to_vec_pretty(self)?)
    }

    #[must_use]
    pub fn number(&self) -> u32 {
        match self {
            Self::Decision { number, .. }
            | Self::Correction { number, .. }
            | Self::Seal { number, .. }
            | Self::Amount { number, .. }
            | Self::Check { number, .. } => *number,
        }
    }
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
