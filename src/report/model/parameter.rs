//! Parameters monitored ex post and fixed ex ante, with their documents.

use serde::{Deserialize, Serialize};

use super::Figure;

/// A parameter monitored ex post: a line of MRS(input).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Parameter {
    /// Name of the methodology.
    pub methodology: String,
    pub label: String,
    /// Monitoring point number, such as `(1)`.
    pub point: String,
    pub description: String,
    pub unit: String,
    /// True for an amount that adds up, false for a state that is averaged.
    pub is_amount: bool,
    /// Monitoring option A, B or C.
    pub option: String,
    pub source: String,
    pub method: String,
    pub frequency: String,
    pub comments: String,
    pub channels: Vec<String>,
    /// True if documents give its value.
    pub amounts: bool,
    pub documents: Vec<Document>,
    /// Empty for a category.
    pub months: Vec<Month>,
}

/// A document that a parameter's value stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Document {
    /// Number of the act that states it, and its leaf.
    pub act: u32,
    pub leaf: i64,
    /// Invoice, laboratory result, ticket, ...
    pub kind: String,
    /// As printed on it.
    pub number: String,
    pub issuer: String,
    /// Local dates, both inclusive.
    pub from: String,
    pub to: String,
    /// As stated, with its unit; a member of an index for a category.
    pub value: String,
    pub unit: String,
    /// SHA-256, and the leaf that carries it; null where it is missing.
    pub sha256: Option<String>,
    pub document_leaf: Option<i64>,
    pub entered_by: String,
    pub checked_by: Option<String>,
    pub replaces: Option<u32>,
    pub reason: String,
    /// `counts`, or why it counts by bounds.
    pub standing: String,
}

/// A total of a local calendar month inside the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Month {
    pub month: String,
    pub measured: Option<Figure>,
    pub low: Option<Figure>,
    pub high: Option<Figure>,
    pub coverage: Figure,
    /// Share of the time that stands on documents (quality code I); null where there are none.
    pub documented: Option<Figure>,
}

/// A parameter fixed ex ante.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Fixed {
    /// Name of the methodology.
    pub methodology: String,
    pub label: String,
    pub symbol: String,
    pub members: Vec<String>,
    pub description: String,
    pub value: Figure,
    pub source: String,
    /// Who confirmed it and from what; null while it is a sample value.
    pub confirmed: Option<String>,
    pub comments: String,
}
