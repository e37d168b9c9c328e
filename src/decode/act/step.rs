//! Steps of a sealed period on its way to issuance, and what the third-party entity stated of it.

use serde::{Deserialize, Serialize};

/// A step that a version of a period takes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Local dates of the period, both inclusive.
    pub from: String,
    pub to: String,
    pub version: u32,
    /// A word of [`StepKind`].
    pub step: String,
    /// Who answers for it: the approver of a submission.
    pub author: String,
    pub post: String,
    /// Local date on which it was taken.
    pub date: String,
    /// Whom it names: the third-party entity, the Joint Committee's decision by number.
    #[serde(default)]
    pub reference: String,
    /// SHA-256 of a document; empty if there is none.
    #[serde(default)]
    pub document: String,
    #[serde(default)]
    pub note: String,
}

/// What a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepKind {
    /// An approver hands the report to whoever verifies.
    Submission,
    /// A third-party entity has taken it up.
    Verification,
    IssuanceRequest,
    /// The Joint Committee decided.
    Decision,
    Withdrawal,
}

impl StepKind {
    pub const ALL: [Self; 5] = [
        Self::Submission,
        Self::Verification,
        Self::IssuanceRequest,
        Self::Decision,
        Self::Withdrawal,
    ];

    /// The word in acts, commands and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submission => "submission",
            Self::Verification => "verification",
            Self::IssuanceRequest => "issuance-request",
            Self::Decision => "jc-decision",
            Self::Withdrawal => "withdrawal",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The third-party entity's report on a version of a period, recorded as it states it. Nobody here
/// signs for it: the documents are the entity's own, kept by their hashes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TpeReport {
    pub from: String,
    pub to: String,
    pub version: u32,
    /// The entity, and the number and date of its report.
    pub tpe: String,
    pub report_number: String,
    pub date: String,
    /// `positive` or `negative`.
    pub opinion: String,
    /// `unqualified`, `qualified`, `adverse` or `disclaimer`.
    pub conclusion: String,
    /// Why, where the opinion is not unqualified.
    #[serde(default)]
    pub reasons: String,
    /// SHA-256 of the report, and of the statement where that is a document of its own.
    pub document: String,
    #[serde(default)]
    pub statement: String,
    /// What it states per calendar year.
    pub amounts: Vec<StatedYear>,
    /// Who recorded it here.
    pub author: String,
    #[serde(default)]
    pub post: String,
}

/// Amounts of a calendar year as a third-party entity states them, in tCO2e.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedYear {
    /// Empty where the entity states one amount for all methodologies together.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub methodology: String,
    pub year: i16,
    pub re: String,
    pub pe: String,
    /// Whole.
    pub er: String,
}

/// The materiality threshold of a verification: the third-party entity's to set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Materiality {
    pub from: String,
    pub to: String,
    pub tpe: String,
    /// As the entity states it, such as `5 %` or `100 tCO2e`.
    pub threshold: String,
    pub date: String,
    #[serde(default)]
    pub document: String,
    /// Who recorded it here.
    pub author: String,
}
