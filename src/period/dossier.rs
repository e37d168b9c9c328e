//! What a report tells of the period's life: versions, what made a new one, findings, holds, checks.
//!
//! Taken from the acts of the log as they were at one size; it alters no figure but through holds,
//! which are laid over the intervals before anything is added up.

use crate::config::plan::practice::Criterion;
use crate::decode::act::{Evidence, Materiality, MonthlyCheck, Response, SampleResult};
use crate::decode::life::{FindingRecord, HoldRecord, Kept, Version};
use crate::domain::decimal::Decimal;

/// The life of a period up to one log size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dossier {
    /// The version that is stated: one above the last that is sealed.
    pub version: u32,
    /// Why the period is restated; empty in version 1.
    pub reason: String,
    /// The versions before, the first first.
    pub versions: Vec<Version>,
    /// What arrived or was recorded since the version before, in log order.
    pub causes: Vec<Cause>,
    /// Findings raised in the period, and open forward action requests of earlier ones.
    pub findings: Vec<FindingRecord>,
    /// Holds on devices that touch the period, lifted ones too.
    pub holds: Vec<HoldRecord>,
    /// Results as they would be without the holds that stand; empty where none stands.
    pub without_holds: Vec<YearFigures>,
    pub materiality: Option<Kept<Materiality>>,
    /// What the plan promises to check every month; empty where nothing.
    pub monthly_check: String,
    pub checks: Vec<Kept<MonthlyCheck>>,
    /// Those of the plan.
    pub criteria: Vec<Criterion>,
    pub evidence: Vec<Kept<Evidence>>,
    pub samples: Vec<Kept<SampleResult>>,
    pub responses: Vec<Kept<Response>>,
}

/// What alters a sealed period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The first leaf that brought it.
    pub leaf: i64,
    pub what: String,
}

/// The result of one methodology in one calendar year, in tCO2e.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearFigures {
    pub methodology: String,
    pub year: i16,
    pub re: Decimal,
    pub pe: Decimal,
    pub er: Decimal,
    pub claimed: i128,
}
