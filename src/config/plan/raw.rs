//! The plan file as it is written: TOML in, places kept, nothing judged yet.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::raw_watch::{RawBalance, RawCheckMeter, RawChecks, RawExclusion, RawSite, RawSum};

/// A text with its place.
pub type Text = Spanned<String>;
/// A number or a text that holds one; read from its source text, never through a float.
pub type Number = Spanned<toml::Value>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPlan {
    pub mrv_plan: Spanned<i64>,
    pub project: Text,
    pub number: Spanned<i64>,
    pub valid_from: Text,
    pub registered: RawRegistered,
    #[serde(default)]
    pub tolerances: RawTolerances,
    #[serde(default)]
    pub checks: RawChecks,
    #[serde(default)]
    pub site: Vec<RawSite>,
    #[serde(default)]
    pub exclusion: Vec<RawExclusion>,
    /// Why ER is above the estimate, by year.
    #[serde(default)]
    pub ex_ante_reason: BTreeMap<Text, String>,
    #[serde(default)]
    pub change: Vec<RawChange>,
    #[serde(default)]
    pub device: Vec<RawDevice>,
    #[serde(default)]
    pub channel: Vec<RawChannel>,
    #[serde(default)]
    pub reader: Vec<RawReader>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRegistered {
    pub title: String,
    #[serde(default)]
    pub reference: String,
    pub country: String,
    #[serde(default)]
    pub participants: Vec<String>,
    pub pdd_version: String,
    pub methodology: Option<Text>,
    pub methodologies: Option<Vec<Text>>,
    pub zone: Text,
    pub crediting: RawDates,
    #[serde(default)]
    pub indices: BTreeMap<String, Vec<Text>>,
    /// By methodology, for a project with several.
    #[serde(default)]
    pub indices_of: BTreeMap<Text, BTreeMap<String, Vec<Text>>>,
    #[serde(default)]
    pub ex_ante: BTreeMap<Text, Number>,
    /// By methodology, for a project with several.
    #[serde(default)]
    pub ex_ante_of: BTreeMap<Text, BTreeMap<Text, Number>>,
    #[serde(default)]
    pub post: Vec<RawPost>,
    #[serde(default)]
    pub parameter: Vec<RawParameter>,
    #[serde(default)]
    pub fixed: Vec<RawFixed>,
    #[serde(default)]
    pub check_meter: Vec<RawCheckMeter>,
    #[serde(default)]
    pub sum: Vec<RawSum>,
    #[serde(default)]
    pub balance: Vec<RawBalance>,
    #[serde(default)]
    pub filing: RawFiling,
    #[serde(default)]
    pub share: Vec<RawShare>,
    #[serde(default)]
    pub monthly_check: String,
    #[serde(default)]
    pub eligibility: Vec<RawCriterion>,
    #[serde(default)]
    pub confidential: Vec<RawConfidential>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawConfidential {
    pub what: Text,
    pub why: Text,
    #[serde(default)]
    pub parts: Vec<Text>,
    #[serde(default)]
    pub text: Vec<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawFiling {
    pub sector: String,
    pub activity_type: String,
    pub mitigation_type: String,
    pub gwp_set: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawShare {
    pub holder: Text,
    pub side: Text,
    pub share: Spanned<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCriterion {
    pub criterion: Text,
    pub description: String,
    #[serde(default)]
    pub evidence: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDates {
    pub from: Text,
    pub to: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPost {
    pub post: String,
    pub role: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawParameter {
    pub methodology: Option<Text>,
    pub symbol: Text,
    #[serde(default)]
    pub members: Vec<Text>,
    pub point: String,
    pub option: Text,
    #[serde(default)]
    pub channels: Vec<Text>,
    #[serde(default)]
    pub amounts: bool,
    /// None for a category.
    pub unit: Option<Text>,
    /// Of a category: the members that the codes of its channel stand for.
    #[serde(default)]
    pub codes: BTreeMap<Text, Text>,
    pub capacity: Option<Text>,
    pub range: Option<[Text; 2]>,
    /// Confidence and precision that its sample must achieve, such as `90/10`.
    pub sampled: Option<Text>,
    #[serde(default)]
    pub source: String,
    #[serde(default)]
    pub method: String,
    #[serde(default)]
    pub frequency: String,
    /// Recorded at least this often: `15 min`.
    pub every: Option<Text>,
    /// How the devices of its channels are calibrated that say nothing else.
    pub calibration: Option<RawCalibration>,
    #[serde(default)]
    pub comments: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawFixed {
    pub methodology: Option<Text>,
    pub symbol: Text,
    #[serde(default)]
    pub members: Vec<Text>,
    pub value: Number,
    pub unit: String,
    pub source: String,
    pub confirmed: Option<String>,
    #[serde(default)]
    pub factor: String,
    #[serde(default)]
    pub comments: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTolerances {
    pub clock: Option<Text>,
    pub future: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawChannel {
    pub id: Text,
    pub kind: Text,
    pub unit: Text,
    pub sent_unit: Option<Text>,
    pub rule: Option<Text>,
    pub stamp: Option<Text>,
    pub cadence: Option<Text>,
    pub step_max: Option<Text>,
    pub digits: Option<Spanned<i64>>,
    /// The device that it comes from, `site/device`; by default that of its id.
    pub device: Option<Text>,
    /// Of a register: `display` or `primary`.
    pub values: Option<Text>,
    pub range: Option<[Number; 2]>,
    pub capacity: Option<Text>,
    pub installed: Option<Text>,
    pub retired: Option<Text>,
    #[serde(default)]
    pub exchange: Vec<RawExchange>,
    /// True if it generates from the sun.
    #[serde(default)]
    pub solar: bool,
    pub decimals: Option<Spanned<i64>>,
    pub clipping: Option<Text>,
    #[serde(default)]
    pub checks: RawChecks,
    #[serde(default)]
    pub serial: String,
    #[serde(default)]
    pub class: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawChange {
    /// `EF_RE[roof]`, `zone`, `calibration of roof/m1`.
    pub what: Text,
    /// `temporary-deviation`, `correction` or `permanent-change`.
    pub kind: Text,
    pub from: Option<Text>,
    pub to: Option<Text>,
    #[serde(default)]
    pub reason: String,
    pub approval: Option<RawApproval>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawApproval {
    pub body: Text,
    pub number: Text,
    pub date: Text,
    /// SHA-256.
    pub document: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDevice {
    pub id: Text,
    #[serde(default)]
    pub place: String,
    #[serde(default)]
    pub maker: String,
    #[serde(default)]
    pub model: String,
    pub serial: Text,
    #[serde(default)]
    pub class: String,
    /// Maximum permissible error.
    pub mpe: Option<Text>,
    pub ct: Option<Text>,
    pub vt: Option<Text>,
    pub multiplier: Option<Number>,
    /// Of the display: before and after the point.
    pub digits: Option<[Spanned<i64>; 2]>,
    #[serde(default)]
    pub seals: Vec<String>,
    pub installed: Option<Text>,
    pub retired: Option<Text>,
    #[serde(default)]
    pub moved: Vec<RawMove>,
    pub calibration: Option<RawCalibration>,
    #[serde(default)]
    pub certificate: Vec<RawCertificate>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawMove {
    pub at: Text,
    pub place: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCalibration {
    pub interval: Text,
    #[serde(default)]
    pub body: String,
    /// `accredited-certificate` or `own-calibration`.
    pub option: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCertificate {
    pub number: Text,
    /// Of the meter that was calibrated; by default the device's.
    pub serial: Option<String>,
    pub body: String,
    #[serde(default)]
    pub scope: String,
    pub date: Text,
    pub valid_until: Option<Text>,
    pub as_found: Option<Text>,
    pub as_left: Option<Text>,
    #[serde(default)]
    pub covers_ratio: bool,
    /// SHA-256.
    pub document: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawExchange {
    pub at: Text,
    #[serde(rename = "final")]
    pub last: Number,
    pub start: Number,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawReader {
    pub name: Text,
    pub topic: Option<Text>,
    pub file: Option<Text>,
    pub format: Text,
    /// Which end of its span a stamp marks: start or end.
    pub stamp_at: Option<Text>,
    pub stamp: Option<Text>,
    pub zone: Option<Text>,
    pub repeated: Option<Text>,
    pub skipped: Option<Text>,
    pub site: Option<Text>,
    pub device: Option<Text>,
    pub quantity: Option<Text>,
    #[serde(default)]
    pub missing: Vec<String>,
    #[serde(default)]
    pub sentinels: Vec<Number>,
    // JSON
    pub records: Option<String>,
    pub stamp_pointer: Option<String>,
    pub values: Option<String>,
    #[serde(default)]
    pub value: Vec<RawValue>,
    // CSV
    pub encoding: Option<Text>,
    pub delimiter: Option<Text>,
    #[serde(default)]
    pub skip_lines: u32,
    pub header: Option<bool>,
    pub decimal: Option<Text>,
    pub thousands: Option<Text>,
    pub stamp_column: Option<String>,
    pub order: Option<Text>,
    pub layout: Option<Text>,
    pub site_column: Option<String>,
    pub device_column: Option<String>,
    pub quantity_column: Option<String>,
    pub value_column: Option<String>,
    pub unit_column: Option<String>,
    #[serde(default)]
    pub rename: BTreeMap<String, String>,
    #[serde(default)]
    pub column: Vec<RawColumn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawValue {
    pub pointer: String,
    pub quantity: Text,
    pub unit: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawColumn {
    pub column: String,
    pub channel: Text,
    pub unit: Option<Text>,
}
