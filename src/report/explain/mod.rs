//! One figure opened: from its equation down to the bytes that a meter sent and their place in the log.
//!
//! Takes a project as it was at one log size ([`Source`]), from a bundle or a data folder, and the name
//! of a figure; gives a tree of [`Node`]s, which [`render`] lays out. Of intervals those are opened that
//! matter, the doubtful first; the others are counted, with their sum, never left out in silence.

mod around;
mod calculation;
mod message;
pub mod render;
mod series;
mod source;
mod steps;

use serde::Serialize;

pub use source::Source;

use super::bundle::BundleError;

/// What `mrv explain --json` calls its own form.
pub const FORMAT: &str = "mrv explanation 1";

/// Something that a figure stands on, with what that stands on in turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Node {
    pub kind: Kind,
    pub title: String,
    /// What it comes to, with its unit; null where it has no value of its own.
    pub value: Option<String>,
    /// Named facts, in the order in which they are read.
    pub facts: Vec<Fact>,
    pub children: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Fact {
    pub name: String,
    pub text: String,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Kind {
    Figure,
    Equation,
    Fixed,
    Input,
    /// Between what was measured and what counts: a correction, a gap, a share over a border.
    Step,
    Channel,
    Interval,
    Reading,
    Document,
    Message,
    Proof,
    /// What is counted and not opened, or stands elsewhere in the tree.
    Note,
}

/// A figure opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Explanation {
    /// Name and version of this form.
    pub format: String,
    /// `indicative, not verified`.
    pub notice: String,
    pub project: String,
    pub period: String,
    /// As it was asked for.
    pub figure: String,
    /// The log that everything was looked up in: leaves, and root in base64.
    pub log_size: i64,
    pub log_root: String,
    pub nodes: Vec<Node>,
}

impl Node {
    fn new(kind: Kind, title: impl Into<String>) -> Self {
        Self { kind, title: title.into(), value: None, facts: Vec::new(), children: Vec::new() }
    }

    fn valued(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// Adds a fact; one without text is none.
    fn fact(mut self, name: &str, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.facts.push(Fact { name: name.to_owned(), text });
        }
        self
    }

    fn with(mut self, children: impl IntoIterator<Item = Node>) -> Self {
        self.children.extend(children);
        self
    }
}

/// What figure is asked for: `ER.2025`, `EG[roof].2025`, `MRV_PV_F1:ER.2025`; without a year, of every
/// year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub methodology: Option<String>,
    /// A symbol with its members in brackets: a step, an input or a fixed value.
    pub label: String,
    pub year: Option<i16>,
}

impl Asked {
    /// Reads the name of a figure.
    ///
    /// # Errors
    /// When it is none, worded for people.
    pub fn parse(text: &str) -> Result<Self, BundleError> {
        let (methodology, rest) = match text.split_once(':') {
            Some((methodology, rest)) => (Some(methodology.trim().to_owned()), rest),
            None => (None, text),
        };
        let (label, year) = match rest.rsplit_once('.') {
            Some((label, year)) if year.len() == 4 => (label, year.parse().ok()),
            _ => (rest, None),
        };
        let is_label = label.starts_with(|letter: char| letter.is_alphabetic());
        if !is_label || label.contains('[') != label.ends_with(']') {
            return Err(BundleError::Refused(format!(
                "no figure {text:?}; name it like ER.2025, EG[roof].2025 or MRV_PV_F1:RE.2025"
            )));
        }
        // Members are written with or without a space behind the comma.
        let label = label.trim().replace(", ", ",").replace(',', ", ");
        Ok(Self { methodology, label, year })
    }
}

/// Opens a figure.
///
/// # Errors
/// When the report has no such figure, or something that it stands on cannot be read.
pub fn explain(source: &mut Source, figure: &str) -> Result<Explanation, BundleError> {
    use base64::Engine as _;
    let asked = Asked::parse(figure)?;
    let nodes = calculation::open(source, &asked)?;
    Ok(Explanation {
        format: FORMAT.to_owned(),
        notice: source.report.notice.clone(),
        project: source.report.project.id.clone(),
        period: source.report.period.words.clone(),
        figure: figure.to_owned(),
        log_size: source.size as i64,
        log_root: base64::prelude::BASE64_STANDARD.encode(source.root),
        nodes,
    })
}

#[cfg(test)]
mod tests {
    use super::Asked;

    #[test]
    fn figures_are_named_by_methodology_symbol_members_and_year() {
        let asked = |methodology: Option<&str>, label: &str, year| Asked {
            methodology: methodology.map(str::to_owned),
            label: label.to_owned(),
            year,
        };
        for (text, expected) in [
            ("ER.2025", asked(None, "ER", Some(2025))),
            ("ER", asked(None, "ER", None)),
            ("EG[roof].2025", asked(None, "EG[roof]", Some(2025))),
            ("x[a,b]", asked(None, "x[a, b]", None)),
            ("M:RE.2025", asked(Some("M"), "RE", Some(2025))),
        ] {
            assert_eq!(Asked::parse(text).unwrap(), expected, "{text}");
        }
        for text in ["", ".2025", "EG[roof", "2025", "EG]"] {
            assert!(Asked::parse(text).is_err(), "{text}");
        }
    }
}
