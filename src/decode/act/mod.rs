//! Acts: decisions, corrections, amounts and seals, which are messages in the project's log like any other.
//!
//! An act is one JSON object: its word (`"act"`), its number, and what it says. Acts of a project
//! count by their own number, 1, 2, 3, ..., never by when they arrived. Two decisions, or two
//! corrections, of one identity with different values are a conflict again: [`Settlements`] then
//! settles nothing. A new kind of act is a struct in a file of its own here and a variant of
//! [`Content`]; what it comes to is `publish::registry`'s, whether it may be recorded `daemon::judge`'s.

mod decision;
mod device;
mod seal;
mod settle;

use serde::{Deserialize, Serialize};

pub use decision::{Correction, Decision};
pub use device::{CertificateEntry, ExchangeEntry, MeterEntry, ReadingEntry, RegisterEntry};
pub use seal::{Seal, SealedShare, SealedValue};
pub use settle::{Settled, Settlements, stored_value};

use super::amount::{AmountCheck, AmountEntry};
use crate::domain::decimal::DecimalError;
use crate::domain::id::IdError;
use crate::domain::message::Kind;
use crate::domain::time::TimeError;

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
    #[error("a recorded act on a device: {0}")]
    Device(String),
}

/// What an act says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "act")]
pub enum Content {
    Decision(Decision),
    Correction(Correction),
    Seal(Seal),
    Amount(AmountEntry),
    Check(AmountCheck),
    Certificate(CertificateEntry),
    Exchange(Box<ExchangeEntry>),
    Reading(ReadingEntry),
}

/// A recorded act with its number in the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    pub number: u32,
    #[serde(flatten)]
    pub content: Content,
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

    /// The name of its message: `decision-3`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}", self.content.word(), self.number)
    }
}

impl Content {
    /// What it is called, for people and in the name of its message.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Decision(_) => "decision",
            Self::Correction(_) => "correction",
            Self::Seal(_) => "seal",
            Self::Amount(_) => "amount",
            Self::Check(_) => "check",
            Self::Certificate(_) => "certificate",
            Self::Exchange(_) => "exchange",
            Self::Reading(_) => "reading",
        }
    }

    /// What its message is to the log.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Decision(_) => Kind::Decision,
            Self::Correction(_) => Kind::Correction,
            Self::Seal(_) => Kind::Seal,
            Self::Amount(_) | Self::Check(_) => Kind::Amount,
            Self::Certificate(_) | Self::Exchange(_) | Self::Reading(_) => Kind::Act,
        }
    }

    /// Who answers for it.
    #[must_use]
    pub fn author(&self) -> &str {
        match self {
            Self::Decision(decision) => &decision.author,
            Self::Correction(correction) => &correction.author,
            Self::Seal(seal) => &seal.prepared_by,
            Self::Amount(amount) => &amount.entered_by,
            Self::Check(check) => &check.checked_by,
            Self::Certificate(certificate) => &certificate.entered_by,
            Self::Exchange(exchange) => &exchange.done_by,
            Self::Reading(reading) => &reading.read_by,
        }
    }

    /// The SHA-256 of the documents that it names, which the log must have; in hexadecimal.
    #[must_use]
    pub fn documents(&self) -> Vec<&str> {
        match self {
            Self::Amount(amount) if !amount.document.is_empty() => vec![&amount.document],
            Self::Certificate(certificate) => vec![&certificate.document],
            Self::Exchange(exchange) if !exchange.document.is_empty() => vec![&exchange.document],
            Self::Reading(reading) if !reading.document.is_empty() => vec![&reading.document],
            _ => Vec::new(),
        }
    }
}
