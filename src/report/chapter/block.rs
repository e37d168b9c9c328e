//! What a chapter is made of: paragraphs, tables, cards and drawings, the same for every form.
//!
//! A figure is a [`Span::Figure`] with its place in `report.json`, so that each form can carry both and
//! a test can hold them against each other. Nothing here knows HTML, PDF or spreadsheets.

use crate::report::drawing::Drawing;
use crate::report::model::Figure;

/// A piece of running text.
#[derive(Debug, Clone, PartialEq)]
pub enum Span {
    Text(String),
    Strong(String),
    Soft(String),
    /// Digests, equations, bytes: in letters of one width.
    Code(String),
    /// What must catch the eye: a grave finding, a sample value.
    Marked(Mark, String),
    /// A figure's printed form, with its JSON pointer and exact value behind it.
    Figure(String, Figure),
    /// Null: not known.
    Dash,
    Break,
}

/// Why something is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Grave,
    Sample,
    Draft,
}

/// Running text: the content of a paragraph or of a table's cell.
pub type Line = Vec<Span>;

/// A part of a chapter.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    Heading(String),
    Paragraph(Line),
    Table(Table),
    Card(Card),
    Drawing(Drawing),
    /// What the colours of a drawing mean: colour as `#rrggbb`, and words.
    Legend(Vec<(&'static str, &'static str)>),
}

/// A table. The first cell of a row is its head.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub caption: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Line>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// Numbers are set to the right.
    pub is_number: bool,
}

/// One result at a glance.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    pub name: String,
    /// Beside the name.
    pub beside: String,
    pub headline: Line,
    /// Names and what they amount to.
    pub lines: Vec<(String, Line)>,
    pub sentence: String,
}

impl Table {
    /// A table; a column whose name begins with `#` holds numbers.
    pub fn new(caption: &str, columns: &[&str], rows: impl IntoIterator<Item = Vec<Line>>) -> Self {
        let column = |name: &&str| Column {
            name: name.trim_start_matches('#').to_owned(),
            is_number: name.starts_with('#'),
        };
        Self {
            caption: caption.to_owned(),
            columns: columns.iter().map(column).collect(),
            rows: rows.into_iter().collect(),
        }
    }
}

/// Plain text.
pub fn text(text: impl Into<String>) -> Line {
    vec![Span::Text(text.into())]
}

pub fn code(text: impl Into<String>) -> Line {
    vec![Span::Code(text.into())]
}

/// A figure at its place in the JSON.
pub fn figure(pointer: impl Into<String>, figure: &Figure) -> Line {
    vec![Span::Figure(pointer.into(), figure.clone())]
}

/// The same, with its unit behind it.
pub fn with_unit(pointer: impl Into<String>, figure: &Figure) -> Line {
    vec![Span::Figure(pointer.into(), figure.clone()), Span::Text(format!(" {}", figure.unit))]
}

/// The same, or a dash for null.
pub fn or_dash(pointer: impl Into<String>, figure: Option<&Figure>) -> Line {
    match figure {
        Some(figure) => vec![Span::Figure(pointer.into(), figure.clone())],
        None => vec![Span::Dash],
    }
}

/// A paragraph of plain text.
pub fn paragraph(words: impl Into<String>) -> Block {
    Block::Paragraph(text(words))
}

/// A paragraph that stands back.
pub fn soft(words: impl Into<String>) -> Block {
    Block::Paragraph(vec![Span::Soft(words.into())])
}

impl Span {
    /// What a reader sees of it.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Text(text)
            | Self::Strong(text)
            | Self::Soft(text)
            | Self::Code(text)
            | Self::Marked(_, text) => text,
            Self::Figure(_, figure) => &figure.shown,
            Self::Dash => "-",
            Self::Break => "\n",
        }
    }
}
