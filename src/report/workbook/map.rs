//! Which figure of a report stands in which cell of a spreadsheet: TOML, kept beside the template.
//!
//! ```toml
//! [[input]]                      # written by fill, compared by compare
//! sheet = "MRS(input)"
//! cell = "E7"
//! of = "EG[roof]"                # an input, a fixed value or a step, by its label
//! year = 2023                    # needed where the report has several years
//!
//! [[input]]
//! sheet = "MRS(input)"
//! cell = "A7"
//! text = "/period/form"          # a text of report.json, by its JSON pointer
//!
//! [[result]]                     # the spreadsheet's own result: compared, never written
//! sheet = "MRS(input)"
//! cell = "B20"
//! figure = "/claimed"            # a figure of report.json, by its JSON pointer
//! ```

use serde::Deserialize;

use super::{At, WorkbookError};
use crate::report::model::{Figure, Report, Year};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    #[serde(default)]
    pub input: Vec<Mapped>,
    #[serde(default)]
    pub result: Vec<Mapped>,
}

/// A cell and what stands in it; exactly one of `of`, `figure` and `text` is given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapped {
    pub sheet: String,
    pub cell: String,
    of: Option<String>,
    figure: Option<String>,
    text: Option<String>,
    year: Option<i16>,
    methodology: Option<String>,
}

/// What the engine has for a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Number(Figure),
    Text(String),
}

impl Map {
    /// Reads a map.
    ///
    /// # Errors
    /// When it is no such TOML, or names no cell.
    pub fn parse(text: &str) -> Result<Self, WorkbookError> {
        let map: Self =
            toml::from_str(text).map_err(|error| WorkbookError::Map(error.to_string()))?;
        if map.input.is_empty() && map.result.is_empty() {
            return Err(WorkbookError::Map("it names no cell: write [[input]]".to_owned()));
        }
        Ok(map)
    }
}

impl Mapped {
    /// `MRS(input)!E7`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}!{}", self.sheet, self.cell)
    }

    /// Its place in the sheet.
    ///
    /// # Errors
    /// When `cell` is none.
    pub fn at(&self) -> Result<At, WorkbookError> {
        At::parse(&self.cell)
    }

    /// What the report has for it.
    ///
    /// # Errors
    /// When the report has no such figure or text, or more than one could be meant.
    pub fn content(&self, report: &Report) -> Result<Content, WorkbookError> {
        let found = match (&self.of, &self.figure, &self.text) {
            (Some(label), None, None) => self.labelled(report, label).map(Content::Number),
            (None, Some(pointer), None) => pointed(report, pointer)
                .and_then(|value| {
                    serde_json::from_value(value)
                        .map_err(|_| format!("{pointer} is no figure of the report"))
                })
                .map(Content::Number),
            (None, None, Some(pointer)) => pointed(report, pointer).and_then(|value| match value {
                serde_json::Value::String(text) => Ok(Content::Text(text)),
                _ => Err(format!("{pointer} is no text of the report")),
            }),
            _ => Err("write one of of, figure and text".to_owned()),
        };
        found.map_err(|reason| WorkbookError::Source { cell: self.name(), reason })
    }

    fn labelled(&self, report: &Report, label: &str) -> Result<Figure, String> {
        let year = self.year(report)?;
        let inputs = year.inputs.iter().filter(|one| one.label == label).map(|one| &one.chosen);
        let steps = year.steps.iter().filter(|one| one.label == label).map(|one| &one.value);
        let fixed = report
            .fixed
            .iter()
            .filter(|one| one.label == label && one.methodology == year.methodology)
            .map(|one| &one.value);
        inputs.chain(steps).chain(fixed).next().cloned().ok_or_else(|| {
            let labels = year.inputs.iter().map(|one| one.label.as_str());
            let known: Vec<&str> =
                labels.chain(year.steps.iter().map(|one| one.label.as_str())).collect();
            format!("the report has no {label}; it has {}", known.join(", "))
        })
    }

    /// The year that is meant.
    fn year<'r>(&self, report: &'r Report) -> Result<&'r Year, String> {
        let is_meant = |one: &&Year| {
            self.year.is_none_or(|year| one.year == year)
                && self.methodology.as_ref().is_none_or(|name| one.methodology == *name)
        };
        let found: Vec<&Year> = report.years.iter().filter(is_meant).collect();
        match found[..] {
            [one] => Ok(one),
            [] => Err("the report has no such year; see year and methodology".to_owned()),
            _ => {
                let names: Vec<String> = found.iter().map(|year| report.name_of(year)).collect();
                Err(format!("the report has {}: write year (and methodology)", names.join(", ")))
            }
        }
    }
}

fn pointed(report: &Report, pointer: &str) -> Result<serde_json::Value, String> {
    let value = serde_json::to_value(report).map_err(|error| error.to_string())?;
    value.pointer(pointer).cloned().ok_or_else(|| format!("the report has nothing at {pointer}"))
}
