//! The statement of a period: every figure of a report as an exact value, with what it stands on.
//!
//! Made by [`super::statement`] alone; `report` turns it into text, spreadsheet and page.

use super::allocate::AllocationFacts;
use super::calendar::Period;
use super::calibration::correct::Side;
use super::calibration::facts::CalibrationFacts;
use super::changes::ChangeFacts;
use super::collect::Amount;
use super::dossier::Dossier;
use super::equations::CategoryInput;
use super::gap_log::GapFacts;
use super::paths::PathFacts;
use super::{ChannelCount, LogState, Noted, RefusedGroup};
use crate::config::plan::confidential::Confidential;
use crate::decode::amount::Recorded;
use crate::domain::decimal::Decimal;
use crate::domain::digest::Sha256Digest;
use crate::domain::reading::ChannelKey;
use crate::domain::time::{Date, Zone};

/// What a project states about one monitoring period.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The rules it was computed by ([`crate::domain::RULES`]).
    pub rules: u32,
    pub project: ProjectFacts,
    /// In the plan's order.
    pub methodologies: Vec<MethodologyFacts>,
    pub period: Period,
    pub status: Status,
    /// By methodology in the plan's order, then by calendar year.
    pub years: Vec<YearResult>,
    /// The unresolved negative that the period leaves to later years, zero or below.
    pub unresolved: i128,
    /// Values of the period that equations of later years look back at, as they were collected.
    pub history: Vec<HistoryValue>,
    /// In the plan's order.
    pub parameters: Vec<ParameterFacts>,
    pub fixed: Vec<FixedFacts>,
    pub channels: Vec<ChannelFacts>,
    /// The meters, whether they were in control, and what their errors alter.
    pub calibration: CalibrationFacts,
    /// Changes of what earlier plans registered.
    pub changes: Vec<ChangeFacts>,
    /// What each doubt costs, by year, then in the plan's order.
    pub doubts: Vec<DoubtCost>,
    /// The life of the period: versions, findings, holds, checks.
    pub dossier: Dossier,
    /// Gaps of registers that a border cuts, with the split that counts.
    pub allocations: Vec<AllocationFacts>,
    /// Every stretch that was not measured, by year, parameter, channel and time.
    pub gaps: Vec<GapFacts>,
    /// Two paths to one number.
    pub paths: Vec<PathFacts>,
    /// By year, as the years are.
    pub uncertainty: Vec<UncertaintyFacts>,
    pub counts: Vec<ChannelCount>,
    pub refused: Vec<RefusedGroup>,
    /// Findings on series and on the period, the gravest first.
    pub findings: Vec<Noted>,
    /// SHA-256 over the figures in canonical form (`schemas/digest.md`).
    pub digest: Sha256Digest,
}

impl Statement {
    /// The fixed values that nobody confirmed, by label.
    #[must_use]
    pub fn unconfirmed(&self) -> Vec<String> {
        let open = self.fixed.iter().filter(|fixed| fixed.confirmed.is_none());
        open.map(FixedFacts::label).collect()
    }

    /// Why nothing may be sealed whoever signs, for people.
    #[must_use]
    pub fn holds(&self) -> Vec<String> {
        let changes = self.changes.iter().filter_map(ChangeFacts::hold);
        self.calibration.holds.iter().cloned().chain(changes).collect()
    }
}

/// The project as its plan declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectFacts {
    pub id: String,
    pub title: String,
    pub reference: String,
    pub country: String,
    pub participants: Vec<String>,
    pub pdd_version: String,
    /// As the plan names them, in its order.
    pub methodologies: Vec<String>,
    pub zone: Zone,
    /// First and last date, both inclusive.
    pub crediting: (Date, Date),
    pub plan_number: u32,
    /// The plan's leaf in the project's log.
    pub plan_leaf: i64,
    /// Post and role.
    pub posts: Vec<(String, String)>,
    /// What the public version of the report hides.
    pub confidential: Vec<Confidential>,
}

/// The methodology that was applied.
#[derive(Debug, Clone, PartialEq)]
pub struct MethodologyFacts {
    pub id: String,
    pub version: String,
    pub title: String,
    /// Where it is taken from, as printed.
    pub source: String,
    /// In their order: symbol, unit, text.
    pub equations: Vec<EquationFacts>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct EquationFacts {
    pub symbol: String,
    pub unit: String,
    pub text: String,
    pub about: String,
    /// How sure it is, by the methodology's tag: S, C, D, K or K?.
    pub sure: &'static str,
}

/// Whether the statement is fixed.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// With the reasons why it is no more than that.
    Draft {
        reasons: Vec<String>,
    },
    Sealed {
        prepared_by: String,
        reviewed_by: String,
        log: LogState,
    },
}

/// A monitored parameter, as planned, with what its months add up to.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterFacts {
    /// The id of its methodology.
    pub methodology: String,
    pub symbol: String,
    pub members: Vec<String>,
    pub point: String,
    pub option: &'static str,
    pub unit: String,
    pub is_amount: bool,
    pub channels: Vec<ChannelKey>,
    /// True if documents give its value.
    pub amounts: bool,
    /// The documents of the period, by first date.
    pub documents: Vec<DocumentFacts>,
    pub description: String,
    pub source: String,
    pub method: String,
    pub frequency: String,
    pub comments: String,
    /// In the order of [`Period::months`]; empty for a category.
    pub months: Vec<(Period, Amount)>,
}

impl ParameterFacts {
    /// `EC_PJ[west]`, or `EG` for a symbol without index.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.symbol, &self.members)
    }
}

/// A document that a parameter's value stands on.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentFacts {
    pub amount: Recorded,
    /// `counts`, `replaced by act 9`, or why it counts by bounds alone.
    pub standing: String,
}

/// A value that equations of later years look back at.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryValue {
    /// The id of its methodology.
    pub methodology: String,
    pub symbol: String,
    pub members: Vec<String>,
    pub unit: String,
    pub low: Decimal,
    pub high: Decimal,
}

/// A parameter fixed ex ante.
#[derive(Debug, Clone, PartialEq)]
pub struct FixedFacts {
    /// The id of its methodology.
    pub methodology: String,
    pub symbol: String,
    pub members: Vec<String>,
    pub description: String,
    pub value: Decimal,
    pub unit: String,
    pub source: String,
    /// Who confirmed it; `None` while it is a sample value.
    pub confirmed: Option<String>,
    pub comments: String,
}

impl FixedFacts {
    /// `COP_PJ[west]`, or `EF_RE` for a symbol without index.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.symbol, &self.members)
    }
}

/// A planned channel and what it delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelFacts {
    pub key: ChannelKey,
    pub unit: String,
    pub is_amount: bool,
    pub serial: String,
    pub class: String,
    /// In the order of [`Period::months`], in `unit`.
    pub months: Vec<(Period, Amount)>,
    /// Per local day: time measured and time in service, in microseconds.
    pub days: Vec<(Date, i64, i64)>,
    /// Intervals by quality code, in the code's order.
    pub qualities: Vec<(&'static str, u64)>,
}

impl ChannelFacts {
    /// Time measured and time in service, in microseconds.
    #[must_use]
    pub fn covered(&self) -> (i64, i64) {
        self.days.iter().fold((0, 0), |(part, whole), day| (part + day.1, whole + day.2))
    }
}

/// The result of one methodology in one calendar year of the period.
#[derive(Debug, Clone, PartialEq)]
pub struct YearResult {
    /// The id of the methodology.
    pub methodology: String,
    pub year: i16,
    /// The part of the period inside the year.
    pub part: Period,
    /// In the plan's order, then by the calendar.
    pub inputs: Vec<InputTotal>,
    /// The categories of its days.
    pub categories: Vec<CategoryInput>,
    /// In tCO2e, at the bounds where ER is lowest.
    pub re: Decimal,
    pub pe: Decimal,
    pub er: Decimal,
    /// ER at the bounds where it is highest: what the doubts cost together.
    pub er_highest: Decimal,
    /// What they would be without the correction for calibrations; `None` where nothing is.
    pub uncorrected: Option<Uncorrected>,
    /// Points of the doubtful inputs that were tried.
    pub trial_count: u64,
    /// What ER floors to in a spreadsheet, where that differs.
    pub spreadsheet_floor: Option<i128>,
    /// The greatest whole number of tCO2e not above ER: the one rounding.
    pub floored: i128,
    /// Unresolved negative from earlier years, zero or below.
    pub carried_in: i128,
    /// What is claimed: never below zero.
    pub claimed: i128,
    /// Unresolved negative left to later years, zero or below.
    pub carried_out: i128,
    /// The estimate of the plan for the whole calendar year.
    pub ex_ante: Option<Decimal>,
    /// Why the figures are what they are, in a sentence.
    pub why: String,
    /// The way from the inputs to the result, step by step.
    pub steps: Vec<StepResult>,
}

/// A year's result without the correction for calibrations, in tCO2e, where ER is lowest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Uncorrected {
    pub re: Decimal,
    pub pe: Decimal,
    pub er: Decimal,
}

/// A parameter's total of a year, and the value that entered the equations.
#[derive(Debug, Clone, PartialEq)]
pub struct InputTotal {
    /// Its place among the statement's parameters.
    pub parameter: usize,
    /// True for a value before the evaluated part, which the equations look back at.
    pub is_history: bool,
    pub symbol: String,
    pub members: Vec<String>,
    pub unit: String,
    pub total: Amount,
    /// The total as it was measured, where it is corrected for the calibration of its meters.
    pub uncorrected: Option<Amount>,
    /// To which side it is corrected then.
    pub correction: Option<Side>,
    /// Where ER is lowest.
    pub chosen: Decimal,
}

impl InputTotal {
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.symbol, &self.members)
    }

    /// Where in its bounds the chosen value lies: `lowest`, `highest` or `between`.
    #[must_use]
    pub fn side(&self) -> &'static str {
        match Some(self.chosen) {
            value if value == self.total.low => "lowest",
            value if value == self.total.high => "highest",
            _ => "between",
        }
    }
}

/// One value on the way: an equation's result for one set of members.
#[derive(Debug, Clone, PartialEq)]
pub struct StepResult {
    pub symbol: String,
    pub members: Vec<String>,
    pub unit: String,
    pub description: String,
    /// The equation as written in the methodology.
    pub equation: String,
    /// The equation over named values, `{EG[roof]}*{EF_RE}`; empty where it has no such form.
    pub formula: String,
    /// The terms of its sums that are too long for one cell, over named values; the formula names the
    /// first as `{#1}`.
    pub sums: Vec<Vec<String>>,
    pub value: Decimal,
}

impl StepResult {
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.symbol, &self.members)
    }
}

/// What a doubt about one input costs in one year.
#[derive(Debug, Clone, PartialEq)]
pub struct DoubtCost {
    /// The id of the methodology.
    pub methodology: String,
    pub year: i16,
    pub label: String,
    pub unit: String,
    pub total: Amount,
    pub chosen: Decimal,
    /// ER with this input where it is best for the claim, all others as chosen.
    pub er_best: Decimal,
    /// `er_best - ER`, in tCO2e, never below zero.
    pub cost: Decimal,
    pub sentence: String,
}

/// The uncertainty of a year's ER, in tCO2e: information, never a part of the claim.
#[derive(Debug, Clone, PartialEq)]
pub struct UncertaintyFacts {
    /// The id of the methodology.
    pub methodology: String,
    pub year: i16,
    pub shares: Vec<UncertaintyShare>,
    /// Meter, where its uncertainty comes from, and its contribution; the largest first.
    pub causes: Vec<(String, String, Decimal)>,
    /// Standard and expanded (k = 2); `None` where no uncertainty is known.
    pub combined: Option<Decimal>,
    pub expanded: Option<Decimal>,
    /// The expanded one in percent of ER; `None` where ER is 0.
    pub percent: Option<Decimal>,
    /// Inputs whose uncertainty is not set, and why.
    pub unset: Vec<String>,
    /// Inputs by how much ER moves for one percent of them, the largest first.
    pub ranking: Vec<(String, Decimal)>,
}

/// One input's line of the budget.
#[derive(Debug, Clone, PartialEq)]
pub struct UncertaintyShare {
    pub label: String,
    /// The meter.
    pub cause: String,
    /// Of the input and its standard uncertainty.
    pub unit: String,
    pub standard: Decimal,
    /// tCO2e per unit of the input.
    pub sensitivity: Decimal,
    pub contribution: Decimal,
}

/// `symbol[member, ...]`, or the symbol alone.
#[must_use]
pub fn label(symbol: &str, members: &[String]) -> String {
    match members {
        [] => symbol.to_owned(),
        members => format!("{symbol}[{}]", members.join(", ")),
    }
}
