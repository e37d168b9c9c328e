//! The life of the period: versions and their changes, findings, holds, checks, evidence, responses.

use serde::{Deserialize, Serialize};

use super::Figure;

/// What acts of the log say of the period, up to the log size of this version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Life {
    /// The version that this report is, or would be.
    pub version: u32,
    /// Why the period is restated; empty in version 1.
    pub reason: String,
    /// The versions before, the first first.
    pub versions: Vec<Version>,
    /// What arrived or was recorded since the version before.
    pub causes: Vec<Cause>,
    /// What the years are against the version before.
    pub changes: Vec<ChangedYear>,
    /// The third-party entity's threshold; null while it has set none.
    pub materiality: Option<Materiality>,
    /// Raised in this period, and open forward action requests of earlier ones.
    pub findings: Vec<TpeFinding>,
    pub holds: Vec<Hold>,
    /// The years as they would be without the holds that stand; empty where none stands.
    pub without_holds: Vec<WithoutHolds>,
    /// What the plan promises to check every month; empty where nothing.
    pub monthly_check: String,
    pub checks: Vec<MonthlyCheck>,
    pub eligibility: Vec<Criterion>,
    pub samples: Vec<Sample>,
    pub responses: Vec<Response>,
}

/// An earlier version of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Version {
    pub version: u32,
    pub reason: String,
    pub prepared_by: String,
    pub reviewed_by: String,
    /// The approver who submitted it; null where nobody did.
    pub submitted_by: Option<String>,
    /// How far it came before it was restated.
    pub state: String,
    /// The leaf of its seal, and the leaves that count in it.
    pub leaf: i64,
    pub log_size: i64,
    /// SHA-256 of its figures.
    pub figures_digest: String,
}

/// What made a new version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Cause {
    pub leaf: i64,
    pub what: String,
}

/// A year against the version before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ChangedYear {
    /// Name of the methodology.
    pub methodology: String,
    pub year: i16,
    /// In the version before; null where it had no such year.
    pub er_before: Option<Figure>,
    pub er: Figure,
    pub claimed_before: Option<Figure>,
    pub claimed: Figure,
}

/// The threshold of materiality, which is the third-party entity's to set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Materiality {
    pub tpe: String,
    pub threshold: String,
    pub date: String,
    pub leaf: i64,
}

/// A finding of a third-party entity: CAR, CL or FAR.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct TpeFinding {
    /// `CAR-1`.
    pub name: String,
    pub is_open: bool,
    pub tpe: String,
    pub by: String,
    pub date: String,
    /// First and last date of the period it was raised in.
    pub period: [String; 2],
    pub about: Vec<String>,
    pub text: String,
    pub leaf: i64,
    pub replies: Vec<Reply>,
    /// When it was closed, by whom and why; null while it is open.
    pub closed: Option<Closing>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Reply {
    pub by: String,
    pub post: String,
    pub date: String,
    pub text: String,
    /// SHA-256.
    pub documents: Vec<String>,
    pub leaf: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Closing {
    pub by: String,
    pub date: String,
    pub text: String,
    /// The version that solves it; null where none does.
    pub version: Option<u32>,
    pub leaf: i64,
}

/// A hold on a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Hold {
    /// Number of its act, and its leaf.
    pub act: u32,
    pub leaf: i64,
    /// `site/device`.
    pub device: String,
    /// As stated, RFC 3339; `to` is empty while nobody knows.
    pub from: String,
    pub to: String,
    pub by: String,
    pub reason: String,
    /// The finding that it follows from; null where none.
    pub finding: Option<String>,
    /// Why it was lifted; null while it stands.
    pub lifted: Option<String>,
}

/// A year without the holds that stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct WithoutHolds {
    /// Name of the methodology.
    pub methodology: String,
    pub year: i16,
    pub re: Figure,
    pub pe: Figure,
    pub er: Figure,
    pub claimed: Figure,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct MonthlyCheck {
    pub month: String,
    pub by: String,
    pub post: String,
    pub date: String,
    pub what: String,
    pub findings: String,
    pub leaf: i64,
}

/// A criterion of eligibility with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Criterion {
    pub criterion: String,
    pub description: String,
    /// What the plan says shows it.
    pub asks: String,
    pub evidence: Vec<Evidence>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Evidence {
    pub from: String,
    pub to: String,
    pub text: String,
    /// SHA-256.
    pub document: String,
    pub by: String,
    pub post: String,
    pub date: String,
    pub leaf: i64,
}

/// What the sample behind a parameter achieved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Sample {
    pub parameter: String,
    /// Confidence/precision, in percent.
    pub achieved: String,
    pub document: String,
    pub by: String,
    pub date: String,
    pub leaf: i64,
}

/// A participant's word on flags of this report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Response {
    pub code: String,
    /// Empty for flags of the period, or of all channels.
    pub channel: String,
    /// Flags of this report that it speaks of.
    pub flags: u64,
    /// False for flags that no response closes.
    pub closes: bool,
    pub by: String,
    pub post: String,
    pub date: String,
    pub reason: String,
    /// SHA-256; empty if none.
    pub document: String,
    pub leaf: i64,
}
