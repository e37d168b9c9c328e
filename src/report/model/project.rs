//! What the project is, as registered, and the state of the report.

use serde::{Deserialize, Serialize};

/// Whether the report is fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Status {
    pub is_draft: bool,
    /// Why it is a draft; empty when sealed.
    pub draft_reasons: Vec<String>,
    pub prepared_by: Option<String>,
    pub reviewed_by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Project {
    pub id: String,
    pub title: String,
    /// Reference number in the registry.
    pub reference: String,
    /// ISO 3166 alpha-2 code of the partner country.
    pub country: String,
    pub participants: Vec<String>,
    pub pdd_version: String,
    /// First date of the crediting period, inclusive.
    pub crediting_from: String,
    /// Last date of the crediting period, inclusive.
    pub crediting_to: String,
    /// Monitoring structure: posts, never a person's name.
    pub posts: Vec<Post>,
    /// What the plan keeps out of the public version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confidential: Vec<Withheld>,
}

/// What the public version hides, as the plan has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Withheld {
    /// In words that may be read by all.
    pub what: String,
    pub why: String,
    /// Names of parts of the report: `serials`, `fixed:COP_PJ[chiller]`.
    pub parts: Vec<String>,
    /// Texts that are hidden wherever they stand.
    pub text: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Post {
    pub post: String,
    pub role: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Methodology {
    /// As the plan names it, and as years, parameters and fixed values name it.
    pub name: String,
    pub id: String,
    pub version: String,
    pub title: String,
    /// Where it is taken from.
    pub source: String,
    pub equations: Vec<Equation>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Equation {
    pub symbol: String,
    pub unit: String,
    /// In the methodology's own symbols.
    pub text: String,
    pub description: String,
    /// How sure it is: `S` sourced, `C` computed, `D` decided, `K` known, `K?` doubted.
    pub sure: String,
}

/// Local calendar dates, both inclusive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Period {
    pub from: String,
    pub to: String,
    pub days: i32,
    /// IANA name of the accounting zone.
    pub zone: String,
    pub words: String,
    /// As the monitoring spreadsheet writes it.
    pub form: String,
}
