//! What an amendment says of its own changes to what is registered.
//!
//! A plan that alters what an earlier one registered states for each change what kind it is and what
//! stands behind it. What is not approved counts on neither side alone: old and new are evaluated,
//! and the one with the lower reductions counts.

use super::Date;
use crate::domain::digest::Sha256Digest;

/// A change that a plan makes to what the plan before it registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanChange {
    /// What is changed, as [`super::Registered::differences`] names it: `EF_RE[roof]`.
    pub what: String,
    pub kind: ChangeKind,
    pub reason: String,
    pub approval: Option<Approval>,
}

/// For which time the new value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// Between two local dates, both inclusive; then the old one again.
    Deviation { from: Date, to: Date },
    /// From the beginning: the old value was wrong.
    Correction,
    /// From a local date on; `None`: from the plan's first instant on.
    Permanent { from: Option<Date> },
}

impl ChangeKind {
    /// As printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deviation { .. } => "temporary deviation",
            Self::Correction => "correction",
            Self::Permanent { .. } => "permanent change",
        }
    }
}

/// What a change was approved by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub body: String,
    pub number: String,
    pub date: Date,
    /// SHA-256.
    pub document: Option<Sha256Digest>,
}
