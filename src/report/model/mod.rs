//! The report's model: every text and figure of a monitoring report, once.
//!
//! A [`Figure`] is a decimal string in full precision with its printed form; counts are whole
//! numbers. Field order is the order of `report.json`, whose schema is `schemas/report.schema.json`.

mod calibration;
mod change;
mod cross;
mod hidden;
pub mod life;
mod parameter;
mod project;
mod quality;
mod result;
mod uncertainty;

pub use calibration::{
    Calibration, CalibrationEffect, Certificate, Device, Meter, MeterState, Move, RegisterMonth,
};
pub use change::{ChangeApproval, ChangeEffect, PlanChange};
pub use cross::{Allocation, GapStretch, PathPair};
pub use hidden::Hidden;
pub use parameter::{Document, Fixed, Month, Parameter};
pub use project::{Equation, Methodology, Period, Post, Project, Status, Withheld};
pub use quality::{
    Channel, ChannelItems, CodeCount, Day, Example, Finding, Items, QualityCount, Refused,
};
pub use result::{Category, Gap, Input, Step, Year};
pub use uncertainty::{Cause, Rank, Share, Uncertainty};

use serde::{Deserialize, Serialize};

/// What `report.json` calls its own form.
pub const FORMAT: &str = "mrv report 2";

/// Stands on every form of every report. The one place where a word of verifiers is used.
pub const INDICATIVE: &str = "indicative, not verified";

/// A monitoring report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Report {
    /// Name and version of this form.
    pub format: String,
    /// What the figures are: always `indicative, not verified`.
    pub notice: String,
    pub status: Status,
    pub project: Project,
    /// In the plan's order.
    pub methodologies: Vec<Methodology>,
    pub period: Period,
    /// Sum of what the years of all methodologies claim, in tCO2e.
    pub claimed: Figure,
    /// Unresolved negative that the period leaves to later years.
    pub unresolved: Figure,
    /// By methodology, then by calendar year.
    pub years: Vec<Year>,
    /// Parameters monitored ex post, by month.
    pub parameters: Vec<Parameter>,
    /// Parameters fixed ex ante.
    pub fixed: Vec<Fixed>,
    /// What was in doubt and what it cost, by year.
    pub gaps: Vec<Gap>,
    /// Every stretch that was not measured, with its rule and what its doubt costs.
    pub gap_log: Vec<GapStretch>,
    /// Gaps that a border cuts, with the split that counts and both extremes.
    pub allocations: Vec<Allocation>,
    /// Two paths to one number.
    pub paths: Vec<PathPair>,
    /// The meters, whether they were in control, and what their errors alter.
    pub calibration: Calibration,
    /// Changes of what earlier plans registered.
    pub changes: Vec<PlanChange>,
    /// The uncertainty of each year, as information.
    pub uncertainty: Vec<Uncertainty>,
    pub channels: Vec<Channel>,
    /// What became of every decoded item.
    pub items: Items,
    /// Refused items by code and reason.
    pub refused: Vec<Refused>,
    /// Outcomes of the checks, the gravest first.
    pub findings: Vec<Finding>,
    /// Versions, findings, holds, checks, evidence, responses.
    pub life: life::Life,
    pub provenance: Provenance,
    /// What a public version does not show; empty in the full one.
    pub hidden: Vec<Hidden>,
}

/// A number: exact, and as printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Figure {
    /// Decimal text in full precision.
    pub value: String,
    /// Rounded half-even for reading.
    pub shown: String,
    pub unit: String,
}

impl Report {
    /// The methodology of a year.
    #[must_use]
    pub fn methodology_of(&self, year: &Year) -> Option<&Methodology> {
        self.methodologies.iter().find(|one| one.name == year.methodology)
    }

    /// `2025`, or `MRV_PV_F1 2025` where there are several methodologies.
    #[must_use]
    pub fn name_of(&self, year: &Year) -> String {
        match self.methodologies.len() {
            0 | 1 => year.year.to_string(),
            _ => format!("{} {}", year.methodology, year.year),
        }
    }
}

/// What the figures stand on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Provenance {
    /// The rules by which the figures were computed.
    pub rules: u32,
    pub plan_number: u32,
    pub plan_leaf: i64,
    /// Null for a draft.
    pub log_size: Option<u64>,
    /// SHA-256 root of the log at that size; null for a draft.
    pub log_root: Option<String>,
    /// Lowest and highest leaf that an input stands on.
    pub leaves: Option<[i64; 2]>,
    /// SHA-256 over the figures in canonical form.
    pub figures_digest: String,
}
