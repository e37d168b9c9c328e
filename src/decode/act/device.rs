//! What happens to a meter: a calibration's certificate, its exchange for another, a reading by hand.

use serde::{Deserialize, Serialize};

use super::ActError;
use crate::domain::decimal::Decimal;
use crate::domain::time::Timestamp;

/// A certificate of a calibration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateEntry {
    /// `site/device`.
    pub device: String,
    /// Of the meter that was calibrated.
    pub serial: String,
    /// As printed on it. In the act `number` is the act's own.
    #[serde(rename = "certificate")]
    pub number: String,
    /// Who issued it.
    pub body: String,
    /// Accreditation of the body; empty if it has none.
    #[serde(default)]
    pub scope: String,
    /// Local date of the calibration.
    pub date: String,
    /// Last local date on which it is valid, inclusive; empty if it does not say.
    #[serde(default)]
    pub valid_until: String,
    /// Error before and after adjustment, `+0.3 %`; at least one is there.
    #[serde(default)]
    pub as_found: String,
    #[serde(default)]
    pub as_left: String,
    /// True if it covers the transformers and the multiplier too.
    #[serde(default)]
    pub covers_ratio: bool,
    /// SHA-256 of the certificate.
    pub document: String,
    pub entered_by: String,
    #[serde(default)]
    pub reason: String,
}

/// The exchange of a meter for another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeEntry {
    /// `site/device`.
    pub device: String,
    /// When the old meter was taken off and the new one put on, RFC 3339; the same where at once.
    pub off: String,
    pub on: String,
    pub old: MeterEntry,
    pub new: MeterEntry,
    /// What each register showed.
    pub registers: Vec<RegisterEntry>,
    /// `disconnected` if the circuit was dead while no meter hung, so that nothing flowed; `alive`
    /// if something may have.
    pub between: String,
    /// SHA-256 of the record: protocol or photos.
    #[serde(default)]
    pub document: String,
    pub done_by: String,
    /// Another person.
    pub witnessed_by: String,
    #[serde(default)]
    pub reason: String,
    /// The act whose place it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u32>,
}

/// A meter, as on its plate.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeterEntry {
    pub serial: String,
    #[serde(default)]
    pub class: String,
    /// Maximum permissible error, `0.5 %`; empty for that of the class.
    #[serde(default)]
    pub mpe: String,
    /// Transformers, `200/5`; empty if there are none.
    #[serde(default)]
    pub ct: String,
    #[serde(default)]
    pub vt: String,
    pub multiplier: String,
    /// Digits of the display before and after the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<[u32; 2]>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seals: Vec<String>,
}

/// What a register showed when its meter was exchanged, in the unit that the meter shows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterEntry {
    /// `site/device/quantity`.
    pub channel: String,
    /// Final reading of the old meter; empty if nobody read it: nothing is sealed over that.
    #[serde(default, rename = "final")]
    pub last: String,
    /// First reading of the new one.
    pub start: String,
}

/// A register read by hand. It becomes a reading of its channel like any that a gateway sends, so that
/// another value of the same instant is a conflict, and a correction names it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingEntry {
    pub site: String,
    pub device: String,
    pub quantity: String,
    /// RFC 3339.
    pub at: String,
    /// As the display shows it, in the unit that the channel sends.
    pub value: String,
    /// SHA-256 of a photo of the display; empty if there is none.
    #[serde(default)]
    pub document: String,
    pub read_by: String,
    #[serde(default)]
    pub reason: String,
}

impl ReadingEntry {
    /// When it was read.
    ///
    /// # Errors
    /// When it states no time.
    pub fn stamp(&self) -> Result<Timestamp, ActError> {
        Timestamp::parse_rfc3339(&self.at).map_err(|error| ActError::Time(self.at.clone(), error))
    }

    /// What was read.
    ///
    /// # Errors
    /// When it is no number.
    pub fn number(&self) -> Result<Decimal, ActError> {
        Decimal::parse(&self.value).map_err(|error| ActError::Value(self.value.clone(), error))
    }
}
