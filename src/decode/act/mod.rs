//! Acts: decisions, corrections, amounts and seals, which are messages in the project's log like any other.
//!
//! An act is one JSON object: its word (`"act"`), its number, and what it says. Acts of a project
//! count by their own number, 1, 2, 3, ..., never by when they arrived. Two decisions, or two
//! corrections, of one identity with different values are a conflict again: [`Settlements`] then
//! settles nothing. A new kind of act is a struct in a file of its own here and a variant of
//! [`Content`]; what it comes to is `publish::registry`'s, whether it may be recorded `daemon::judge`'s.

mod decision;
mod device;
mod finding;
mod hold;
mod practice;
mod seal;
mod settle;
mod step;

use serde::{Deserialize, Serialize};

pub use decision::{Correction, Decision};
pub use device::{CertificateEntry, ExchangeEntry, MeterEntry, ReadingEntry, RegisterEntry};
pub use finding::{Finding, FindingClose, FindingKind, FindingReply};
pub use hold::{Hold, HoldLift};
pub use practice::{Evidence, MonthlyCheck, Response, SampleResult};
pub use seal::{Seal, SealedShare, SealedValue, SealedYear};
pub use settle::{Settled, Settlements, stored_value};
pub use step::{Materiality, StatedYear, Step, StepKind, TpeReport};

use super::amount::{AmountCheck, AmountEntry};
use crate::domain::decimal::DecimalError;
use crate::domain::id::IdError;
use crate::domain::message::Kind;
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
    #[error("{0}")]
    Other(String),
    #[error("a recorded act on a device: {0}")]
    Device(String),
}

/// What an act says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "act")]
#[allow(clippy::large_enum_variant, reason = "acts are few beside readings")]
pub enum Content {
    Decision(Decision),
    Correction(Correction),
    Seal(Seal),
    Amount(AmountEntry),
    Check(AmountCheck),
    Step(Step),
    TpeReport(TpeReport),
    Materiality(Materiality),
    Finding(Finding),
    FindingReply(FindingReply),
    FindingClose(FindingClose),
    Hold(Hold),
    HoldLift(HoldLift),
    MonthlyCheck(MonthlyCheck),
    Evidence(Evidence),
    SampleResult(SampleResult),
    Response(Response),
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
            Self::Step(_) => "step",
            Self::TpeReport(_) => "tpe-report",
            Self::Materiality(_) => "materiality",
            Self::Finding(_) => "finding",
            Self::FindingReply(_) => "finding-reply",
            Self::FindingClose(_) => "finding-close",
            Self::Hold(_) => "hold",
            Self::HoldLift(_) => "hold-lift",
            Self::MonthlyCheck(_) => "monthly-check",
            Self::Evidence(_) => "evidence",
            Self::SampleResult(_) => "sample-result",
            Self::Response(_) => "response",
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
            _ => Kind::Act,
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
            Self::Step(act) => &act.author,
            Self::TpeReport(act) => &act.author,
            Self::Materiality(act) => &act.author,
            Self::Finding(act) => &act.author,
            Self::FindingReply(act) => &act.author,
            Self::FindingClose(act) => &act.author,
            Self::Hold(act) => &act.author,
            Self::HoldLift(act) => &act.author,
            Self::MonthlyCheck(act) => &act.author,
            Self::Evidence(act) => &act.author,
            Self::SampleResult(act) => &act.author,
            Self::Response(act) => &act.author,
            Self::Certificate(certificate) => &certificate.entered_by,
            Self::Exchange(exchange) => &exchange.done_by,
            Self::Reading(reading) => &reading.read_by,
        }
    }

    /// The SHA-256 of the documents that it names, which the log must have; in hexadecimal.
    #[must_use]
    pub fn documents(&self) -> Vec<&str> {
        let named: Vec<&String> = match self {
            Self::FindingReply(act) => {
                return act.documents.iter().map(String::as_str).collect();
            }
            Self::Amount(act) => vec![&act.document],
            Self::Certificate(act) => vec![&act.document],
            Self::Exchange(act) => vec![&act.document],
            Self::Reading(act) => vec![&act.document],
            Self::Step(act) => vec![&act.document],
            Self::TpeReport(act) => vec![&act.document, &act.statement],
            Self::Materiality(act) => vec![&act.document],
            Self::Finding(act) => vec![&act.document],
            Self::FindingClose(act) => vec![&act.document],
            Self::Hold(act) => vec![&act.document],
            Self::HoldLift(act) => vec![&act.document],
            Self::MonthlyCheck(act) => vec![&act.document],
            Self::Evidence(act) => vec![&act.document],
            Self::SampleResult(act) => vec![&act.document],
            Self::Response(act) => vec![&act.document],
            Self::Decision(_) | Self::Correction(_) | Self::Seal(_) | Self::Check(_) => Vec::new(),
        };
        named.into_iter().filter(|document| !document.is_empty()).map(String::as_str).collect()
    }
}

/// First and last local date of a period, both inclusive.
///
/// # Errors
/// When one is no date, or the last lies before the first.
pub fn dates(from: &str, to: &str) -> Result<(Date, Date), ActError> {
    let date = |text: &str| Date::parse(text).map_err(time_error(text));
    let (from, to) = (date(from)?, date(to)?);
    if to < from {
        return Err(ActError::Other(format!("{from} to {to} ends before it begins")));
    }
    Ok((from, to))
}

fn id_error(text: &str) -> impl FnOnce(IdError) -> ActError {
    let text = text.to_owned();
    move |error| ActError::Id(text, error)
}

fn time_error(text: &str) -> impl FnOnce(TimeError) -> ActError {
    let text = text.to_owned();
    move |error| ActError::Time(text, error)
}
