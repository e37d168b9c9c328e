//! Findings of a third-party entity: opened, replied to with documents, closed by the entity.

use serde::{Deserialize, Serialize};

/// A finding, as the entity raises it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// A word of [`FindingKind`].
    pub kind: String,
    /// Local dates of the period it was raised in, both inclusive.
    pub from: String,
    pub to: String,
    /// The version that was looked at.
    pub version: u32,
    /// The entity, and who speaks for it.
    pub tpe: String,
    pub author: String,
    /// As the entity numbers it; empty if it does not.
    #[serde(default)]
    pub reference: String,
    pub date: String,
    /// What it is about: `figure:ER.2020`, `device:site/device`, `channel:site/device/quantity`,
    /// `interval:CHANNEL@TIME`, `reading:CHANNEL@TIME`.
    #[serde(default)]
    pub about: Vec<String>,
    pub text: String,
    #[serde(default)]
    pub document: String,
}

/// What a finding asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// Corrective action request: must be solved.
    Car,
    /// Clarification request: information is insufficient or unclear.
    Cl,
    /// Forward action request: for the next verification.
    Far,
}

impl FindingKind {
    pub const ALL: [Self; 3] = [Self::Car, Self::Cl, Self::Far];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Car => "CAR",
            Self::Cl => "CL",
            Self::Far => "FAR",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(word))
    }
}

/// A participant's reply to a finding.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingReply {
    /// The act that raised it.
    pub finding: u32,
    pub author: String,
    pub post: String,
    pub date: String,
    pub text: String,
    /// SHA-256 of documents.
    #[serde(default)]
    pub documents: Vec<String>,
}

/// The entity closes its finding.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingClose {
    /// The act that raised it.
    pub finding: u32,
    /// The entity that raised it, and who speaks for it.
    pub tpe: String,
    pub author: String,
    pub date: String,
    pub text: String,
    /// The version of the period that solves it, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    #[serde(default)]
    pub document: String,
}
