//! The report's model: every text and figure of a monitoring report, once.
//!
//! A [`Figure`] is a decimal string in full precision with its printed form; counts are whole
//! numbers. Field order is the order of `report.json`, whose schema is `schemas/report.schema.json`.

use serde::Serialize;

/// What `report.json` calls its own form.
pub const FORMAT: &str = "mrv report 2";

/// Stands on every form of every report. The one place where a word of verifiers is used.
pub const INDICATIVE: &str = "indicative, not verified";

/// A monitoring report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    pub channels: Vec<Channel>,
    /// What became of every decoded item.
    pub items: Items,
    /// Refused items by code and reason.
    pub refused: Vec<Refused>,
    /// Outcomes of the checks, the gravest first.
    pub findings: Vec<Finding>,
    pub provenance: Provenance,
}

/// A number: exact, and as printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// Whether the report is fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Status {
    pub is_draft: bool,
    /// Why it is a draft; empty when sealed.
    pub draft_reasons: Vec<String>,
    pub prepared_by: Option<String>,
    pub reviewed_by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Post {
    pub post: String,
    pub role: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// The result of a calendar year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Year {
    /// Name of the methodology.
    pub methodology: String,
    pub year: i16,
    pub from: String,
    pub to: String,
    pub days: i32,
    /// As the monitoring spreadsheet writes it.
    pub form: String,
    /// Reference emissions, project emissions and emission reductions where ER is lowest.
    pub re: Figure,
    pub pe: Figure,
    pub er: Figure,
    /// ER if every doubt fell on the claimant's side.
    pub er_highest: Figure,
    /// Points of the doubtful inputs that were tried.
    pub trials: u64,
    /// ER rounded down: the one rounding.
    pub floored: Figure,
    /// Unresolved negative of earlier years.
    pub carried_in: Figure,
    pub claimed: Figure,
    /// Unresolved negative left to later years.
    pub carried_out: Figure,
    /// Estimate for the whole calendar year.
    pub ex_ante: Option<Figure>,
    pub why: String,
    pub inputs: Vec<Input>,
    /// Categories of the days, for methodologies that select by them.
    pub categories: Vec<Category>,
    /// The calculation, step by step.
    pub steps: Vec<Step>,
}

/// The category of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Category {
    pub label: String,
    /// A member of an index; null where it is not known and counts where ER is lowest.
    pub category: Option<String>,
}

/// A monitored parameter's value in a year, or in a cell of the calendar inside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Input {
    pub label: String,
    /// Its place among the report's parameters.
    pub parameter: usize,
    /// True for a value before the evaluated part, which the equations look back at.
    pub is_history: bool,
    pub symbol: String,
    pub members: Vec<String>,
    /// Of the measured part; null when nothing was measured.
    pub measured: Option<Figure>,
    /// Lowest and highest it can be.
    pub low: Option<Figure>,
    pub high: Option<Figure>,
    /// What entered the equations.
    pub chosen: Figure,
    /// `exact`, `lowest`, `highest` or `between`: where in its bounds the chosen value lies.
    pub side: String,
    /// Share of the time measured, rounded down.
    pub coverage: Figure,
    /// Lowest and highest leaf it stands on; null when nothing was measured.
    pub leaves: Option<[i64; 2]>,
}

/// One value of the calculation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Step {
    pub label: String,
    pub symbol: String,
    pub members: Vec<String>,
    pub description: String,
    /// The equation as written in the methodology.
    pub equation: String,
    /// The equation over named values: `{EG[roof]}*{EF_RE}`; each name in braces is the label of
    /// an input, a fixed value or another step. Empty where there is no such form.
    pub formula: String,
    pub value: Figure,
}

/// A parameter monitored ex post: a line of MRS(input).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// A doubt and its effect on ER.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Gap {
    /// Name of the methodology.
    pub methodology: String,
    pub year: i16,
    pub label: String,
    pub coverage: Figure,
    pub low: Option<Figure>,
    pub high: Option<Figure>,
    pub chosen: Figure,
    /// ER with this input where it is best for the claim.
    pub er_best: Figure,
    /// What the doubt costs.
    pub cost: Figure,
    pub sentence: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Channel {
    /// `site/device/quantity`.
    pub channel: String,
    pub unit: String,
    pub is_amount: bool,
    pub serial: String,
    pub class: String,
    /// Share of its time of service that was measured.
    pub coverage: Figure,
    pub months: Vec<Month>,
    /// Per local day.
    pub days: Vec<Day>,
    /// Intervals of 15 minutes by quality code.
    pub qualities: Vec<QualityCount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Day {
    pub date: String,
    /// Percent of the day measured; null while the device does not serve.
    pub coverage: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct QualityCount {
    /// `M` measured, `T` register bridged a gap, `K` conflict, `Z` only bounds.
    pub code: String,
    pub intervals: u64,
}

/// decoded = readings + conflicts + refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Items {
    pub decoded: u64,
    pub readings: u64,
    pub conflicts: u64,
    pub refused: u64,
    pub by_channel: Vec<ChannelItems>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ChannelItems {
    /// Null for the items that name no channel and time.
    pub channel: Option<String>,
    pub decoded: u64,
    pub readings: u64,
    pub conflicts: u64,
    pub refused: Vec<CodeCount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct CodeCount {
    pub code: String,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Refused {
    pub code: String,
    pub reason: String,
    pub count: u64,
    pub examples: Vec<Example>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Example {
    pub leaf: i64,
    pub item: i64,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Finding {
    pub code: String,
    /// `fatal`, `critical`, `minor` or `info`.
    pub severity: String,
    /// Null for a finding on the period.
    pub channel: Option<String>,
    /// First instant, local time with offset.
    pub from: Option<String>,
    /// First instant after, local time with offset.
    pub to: Option<String>,
    pub count: u64,
    pub message: String,
}

/// What the figures stand on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
