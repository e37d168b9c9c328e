//! What a plan keeps out of the public version of its reports, and why.

/// An entry of the list: parts of the report, and texts wherever they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confidential {
    /// What it is, in words that may be read by all.
    pub what: String,
    pub why: String,
    pub parts: Vec<Part>,
    /// Three characters at least.
    pub text: Vec<String>,
}

/// A part of a report that can be hidden by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Participants,
    People,
    Serials,
    Seals,
    Places,
    Makers,
    Certificates,
    Documents,
    MonthlyAmounts,
    /// A value fixed ex ante, by its label: `COP_PJ[chiller]`.
    Fixed(String),
}

/// Begins the name of a fixed value.
const FIXED: &str = "fixed:";

impl Part {
    /// All but fixed values.
    pub const ALL: [Self; 9] = [
        Self::Participants,
        Self::People,
        Self::Serials,
        Self::Seals,
        Self::Places,
        Self::Makers,
        Self::Certificates,
        Self::Documents,
        Self::MonthlyAmounts,
    ];

    /// As a plan writes it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Participants => "participants".to_owned(),
            Self::People => "people".to_owned(),
            Self::Serials => "serials".to_owned(),
            Self::Seals => "seals".to_owned(),
            Self::Places => "places".to_owned(),
            Self::Makers => "makers".to_owned(),
            Self::Certificates => "certificates".to_owned(),
            Self::Documents => "documents".to_owned(),
            Self::MonthlyAmounts => "monthly-amounts".to_owned(),
            Self::Fixed(label) => format!("{FIXED}{label}"),
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        if let Some(label) = name.strip_prefix(FIXED) {
            return Some(Self::Fixed(label.trim().to_owned()));
        }
        Self::ALL.into_iter().find(|part| part.name() == name)
    }
}
