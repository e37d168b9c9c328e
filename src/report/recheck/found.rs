//! What a recheck found wrong: places, figures, rows; gathered over layers.

use serde::Serialize;

use crate::dataset::DatasetError;
use crate::report::ReportError;
use crate::report::bundle::BundleError;

/// What was found wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Finding {
    /// The entry, leaf, byte or figure.
    pub place: String,
    pub what: String,
}

/// A figure or text of the report that comes out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Difference {
    /// Its JSON pointer in `report.json`.
    pub figure: String,
    /// As the report says.
    pub report: String,
    /// As it comes out here.
    pub here: String,
}

/// A reading, conflict or interval that comes out otherwise than the bundle's tables state it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct RowDifference {
    /// `readings`, `conflicts` or `intervals`.
    pub table: String,
    /// `site/device/quantity`.
    pub channel: String,
    /// Stamp of a reading, start of an interval.
    pub at: String,
    /// The column; the table's own name where one side has no such row.
    pub field: String,
    /// As the bundle's tables state it; null for null, and where they have no such row.
    pub stated: Option<String>,
    /// As the messages give it here; null likewise.
    pub here: Option<String>,
}

/// All that was found so far.
#[derive(Debug, Default)]
pub struct Found {
    pub findings: Vec<Finding>,
    pub differences: Vec<Difference>,
    /// Figures that differ beyond those.
    pub further: u64,
    pub rows: Vec<RowDifference>,
    /// Rows that differ beyond those.
    pub further_rows: u64,
}

impl Found {
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    pub fn tell(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.findings.push(Finding { place: place.into(), what: what.into() });
    }

    /// Adds what a later layer found; what is said of a place already is not said again.
    pub fn add(&mut self, more: Self) {
        for one in more.findings {
            if !self.findings.contains(&one) {
                self.findings.push(one);
            }
        }
        self.differences.extend(more.differences);
        self.rows.extend(more.rows);
        self.further += more.further;
        self.further_rows += more.further_rows;
    }
}

/// Why a layer ends the check.
pub enum Stop {
    Found(Found),
    Failed(BundleError),
}

impl From<BundleError> for Stop {
    fn from(error: BundleError) -> Self {
        Self::Failed(error)
    }
}

impl From<DatasetError> for Stop {
    fn from(error: DatasetError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ReportError> for Stop {
    fn from(error: ReportError) -> Self {
        Self::Failed(error.into())
    }
}

pub fn found(place: impl Into<String>, what: impl Into<String>) -> Stop {
    let mut found = Found::default();
    found.tell(place, what);
    Stop::Found(found)
}
