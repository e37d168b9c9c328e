//! The meters: what they are, when they were in control, and what their errors alter.

use serde::{Deserialize, Serialize};

use super::Figure;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Calibration {
    pub devices: Vec<Device>,
    /// Each corrected month of each register apart; the net is never corrected.
    pub registers: Vec<RegisterMonth>,
    /// By methodology and calendar year: what the corrections alter together.
    pub effects: Vec<CalibrationEffect>,
    /// The correction factors that the last plan registers; left out where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<Factor>,
}

/// What the totals of a channel are multiplied by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Factor {
    /// What it corrects.
    pub name: String,
    pub channel: String,
    pub factor: Figure,
    /// Local dates, both inclusive; null where it has no beginning or end.
    pub from: Option<String>,
    pub to: Option<String>,
    pub source: String,
    /// Who confirmed it; null while nobody did.
    pub confirmed: Option<String>,
}

/// What a channel counts in a year, or in a stretch of it, before and after its correction factors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Factored {
    /// The parameter.
    pub label: String,
    pub channel: String,
    /// First instant and first after, local time with offset.
    pub from: String,
    pub to: String,
    /// Each factor with what it corrects; all multiply.
    pub factors: String,
    /// As measured, and as that counts; null when nothing was measured.
    pub uncorrected: Option<Figure>,
    pub corrected: Option<Figure>,
    /// Lowest and highest that it counts as, before the correction for calibrations.
    pub low: Option<Figure>,
    pub high: Option<Figure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Device {
    /// `site/device`.
    pub device: String,
    pub place: String,
    pub maker: String,
    pub model: String,
    pub channels: Vec<String>,
    /// How it is calibrated; null where the plan does not say.
    pub rule: Option<String>,
    /// The class that was registered.
    pub registered_class: String,
    /// When it was moved, and to where.
    pub moves: Vec<Move>,
    /// In the order of time.
    pub meters: Vec<Meter>,
    pub states: Vec<MeterState>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Move {
    pub at: String,
    pub place: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Meter {
    pub serial: String,
    pub class: String,
    /// Maximum permissible error and where it comes from; null where none is known.
    pub permissible: Option<String>,
    pub permissible_source: Option<String>,
    /// Current and voltage transformers; empty where there are none.
    pub ct: String,
    pub vt: String,
    pub multiplier: String,
    /// Digits of the display, `5+1`; null where not stated.
    pub digits: Option<String>,
    pub seals: Vec<String>,
    /// First instant and first after, local time with offset; null where not known.
    pub from: Option<String>,
    pub to: Option<String>,
    pub certificates: Vec<Certificate>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Certificate {
    pub number: String,
    pub body: String,
    /// Accreditation of the body; empty if it states none.
    pub scope: String,
    pub date: String,
    pub valid_until: Option<String>,
    /// Errors before and after adjustment.
    pub as_found: Option<String>,
    pub as_left: Option<String>,
    /// True if it covers transformers and multiplier.
    pub covers_ratio: bool,
    /// SHA-256.
    pub document: Option<String>,
    /// The plan or act that states it.
    pub stated_by: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct MeterState {
    pub serial: String,
    /// Local time with offset.
    pub from: String,
    /// First instant after.
    pub to: String,
    pub hours: Figure,
    /// `in control`, `overdue`, `found out of tolerance` or `unknown`.
    pub state: String,
    /// By how much registers may show too much, and too little; null where not.
    pub too_high: Option<String>,
    pub too_low: Option<String>,
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RegisterMonth {
    /// Name of the methodology.
    pub methodology: String,
    /// The parameter that the register is part of.
    pub label: String,
    pub channel: String,
    pub month: String,
    /// As measured; null when nothing was.
    pub uncorrected: Option<Figure>,
    pub hours: Figure,
    /// Each error with its hours.
    pub errors: String,
    /// `lowered`, `raised`, `both ways` or `not altered`: the side on which ER is lowest.
    pub side: String,
    /// Lowest and highest that it counts as; equal where nothing else is in doubt.
    pub low: Option<Figure>,
    pub high: Option<Figure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct CalibrationEffect {
    /// Name of the methodology.
    pub methodology: String,
    pub year: i16,
    /// Without the corrections, where ER is lowest.
    pub re_uncorrected: Figure,
    pub pe_uncorrected: Figure,
    pub er_uncorrected: Figure,
    pub er: Figure,
    /// What they take from ER.
    pub cost: Figure,
}
