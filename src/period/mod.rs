//! The monitoring period: from intervals to the statement of what was reduced, year by year.
//!
//! Takes the plan, the methodology, the interval rows and what is known of the log; gives a
//! [`Statement`]. The period is local calendar dates in the plan's accounting zone; every calendar
//! year is evaluated, floored and claimed by itself ([`claim`]), at the bounds of its doubts where ER
//! is lowest. Pure: the caller hands all data; no clock, file or network. The figures are a function
//! of the set of rows, whatever their order and the leaves they came from ([`digest`]).

pub mod calculation;
pub mod calendar;
pub mod calibration;
mod check;
pub mod claim;
pub mod collect;
mod digest;
mod doubt;
pub mod equations;
mod evaluate;
pub mod exact;
pub mod statement;
pub mod substitution;
pub mod uncertainty;

pub use calendar::Period;
pub use equations::Equations;
pub use statement::Statement;

use crate::aggregate::finding::Finding;
use crate::aggregate::interval::IntervalRow;
use crate::config::plan::{Parameter, Plan};
use crate::domain::RULES;
use crate::domain::digest::Sha256Digest;
use crate::domain::flag::{Code, Quality, Severity};
use crate::domain::reading::{ChannelKey, Channels, Place};
use crate::domain::time::{Date, Timestamp};

use collect::{Amount, Series, channel_amount, parameter_amount};
use statement::{ChannelFacts, ParameterFacts, ProjectFacts, Status};

/// Why a period has no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    #[error("the period from {from} to {to} ends before it begins; both dates are inclusive")]
    Backward { from: Date, to: Date },
    #[error(
        "V-OVERLAP: the period {period} overlaps {sealed}, sealed as version {version}; a tonne is \
         claimed once; choose dates after it"
    )]
    Overlap { period: String, sealed: String, version: u32 },
    #[error(
        "V-CREDITING: the period {period} lies outside the crediting period from {from} to {to}"
    )]
    Crediting { period: String, from: Date, to: Date },
    #[error(
        "the plan applies methodology {planned}, this is {given}; hand in the methodology that the \
         plan names"
    )]
    Methodology { planned: String, given: String },
    #[error("{label} of {part} cannot be added up: beyond the digits of a value, or units differ")]
    Total { label: String, part: String },
    #[error("{year} cannot be evaluated: {reason}")]
    Evaluation { year: i16, reason: String },
}

/// The rows of one channel. Rows beyond the period are not looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelRows {
    pub key: ChannelKey,
    /// In any order, each interval once.
    pub rows: Vec<IntervalRow>,
}

/// What became of the items of a channel (ACC-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelCount {
    /// `None`: the items that name no channel and time, all in one line.
    pub channel: Option<ChannelKey>,
    pub readings: u64,
    pub conflicts: u64,
    /// By code.
    pub refused: Vec<(Code, u64)>,
}

impl ChannelCount {
    #[must_use]
    pub fn refused_total(&self) -> u64 {
        self.refused.iter().map(|(_, count)| count).sum()
    }

    /// Everything that was decoded: readings, conflicts and refused together.
    #[must_use]
    pub fn decoded(&self) -> u64 {
        self.readings + self.conflicts + self.refused_total()
    }
}

/// Refused items of one code and reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedGroup {
    pub code: Code,
    pub reason: String,
    pub count: u64,
    /// Some of them: where they stand and their text.
    pub examples: Vec<(Place, String)>,
}

/// The outcome of a check on a series (stage S) or on the period (stage P).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    pub code: Code,
    pub severity: Severity,
    /// `None`: about the period.
    pub channel: Option<ChannelKey>,
    /// From (inclusive) to (exclusive), for a stretch of a series.
    pub span: Option<(Timestamp, Timestamp)>,
    pub count: u64,
    pub message: String,
}

impl Noted {
    /// A finding on a series, by the channel's name.
    #[must_use]
    pub fn on_series(finding: &Finding, channels: &Channels) -> Self {
        Self {
            code: finding.code,
            severity: finding.severity,
            channel: Some(channels.key(finding.channel).clone()),
            span: Some((finding.from, finding.to)),
            count: finding.count,
            message: finding.message.clone(),
        }
    }
}

/// The project's log when the period was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogState {
    pub size: u64,
    pub root: Sha256Digest,
}

/// A period of the project that is sealed already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedPeriod {
    pub period: Period,
    pub version: u32,
    /// The negative tCO2e that it left to later years, zero or below.
    pub unresolved: i128,
}

/// Everything that a statement is made of.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub plan: &'a Plan,
    /// The plan's leaf in the log.
    pub plan_leaf: i64,
    pub methodology: &'a dyn Equations,
    pub period: Period,
    pub channels: &'a [ChannelRows],
    pub counts: &'a [ChannelCount],
    pub refused: &'a [RefusedGroup],
    /// Findings on the series of the period.
    pub findings: &'a [Noted],
    /// `None`: not sealed.
    pub log: Option<LogState>,
    pub earlier: &'a [SealedPeriod],
    pub prepared_by: Option<&'a str>,
    pub reviewed_by: Option<&'a str>,
}

/// The statement of a period.
///
/// # Errors
/// When the period overlaps a sealed one (V-OVERLAP) or lies outside the crediting period
/// (V-CREDITING), the methodology is not the plan's, or the equations cannot be evaluated.
pub fn statement(input: &Input<'_>) -> Result<Statement, PeriodError> {
    check::admit(input)?;
    let series = Series::of_plan(input);
    let parameters = parameters(input, &series)?;
    let channels = channels(input, &series)?;
    let mut years = Vec::new();
    let mut doubts = Vec::new();
    let mut fixed = Vec::new();
    let mut carried = input
        .earlier
        .iter()
        .filter(|earlier| earlier.period < input.period)
        .max_by_key(|earlier| earlier.period)
        .map_or(0, |last| last.unresolved.min(0));
    for part in input.period.years() {
        let parameters = input.plan.registered.parameters.iter();
        let totals = parameters.map(|parameter| total_of(input, parameter, &series, part));
        let totals: Vec<Amount> = totals.collect::<Result<_, _>>()?;
        let (year, costs, values) = evaluate::year(input, part, &totals, carried)?;
        // The same in every year.
        fixed = values;
        carried = year.carried_out;
        years.push(year);
        doubts.extend(costs);
    }
    let mut statement = Statement {
        rules: RULES,
        project: project(input),
        methodology: input.methodology.facts(),
        period: input.period,
        status: status(input),
        years,
        parameters,
        fixed,
        channels,
        doubts,
        counts: input.counts.to_vec(),
        refused: input.refused.to_vec(),
        findings: Vec::new(),
        digest: Sha256Digest([0; 32]),
    };
    statement.findings = check::findings(input, &statement);
    statement.digest = digest::figures_digest(&statement);
    Ok(statement)
}

fn project(input: &Input<'_>) -> ProjectFacts {
    let registered = &input.plan.registered;
    ProjectFacts {
        id: input.plan.project.to_string(),
        title: registered.title.clone(),
        reference: registered.reference.clone(),
        country: registered.country.clone(),
        participants: registered.participants.clone(),
        pdd_version: registered.pdd_version.clone(),
        zone: registered.zone.clone(),
        crediting: registered.crediting,
        plan_number: input.plan.number,
        plan_leaf: input.plan_leaf,
        posts: registered.posts.clone(),
    }
}

/// Sealed only with the log's state and two different people; else a draft, with what it lacks.
fn status(input: &Input<'_>) -> Status {
    let mut reasons = Vec::new();
    if input.log.is_none() {
        reasons.push("the period is not sealed: no log size and root are fixed".to_owned());
    }
    let named =
        |name: Option<&str>| name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    let (prepared, reviewed) = (named(input.prepared_by), named(input.reviewed_by));
    match (&prepared, &reviewed) {
        (None, _) => reasons.push("nobody is named who prepared it".to_owned()),
        (_, None) => reasons.push("nobody is named who reviewed it".to_owned()),
        (Some(prepared), Some(reviewed)) if prepared.to_lowercase() == reviewed.to_lowercase() => {
            reasons.push(format!("{prepared} prepared and reviewed it; two people are needed"));
        }
        _ => {}
    }
    match (prepared, reviewed, input.log) {
        (Some(prepared_by), Some(reviewed_by), Some(log)) if reasons.is_empty() => {
            Status::Sealed { prepared_by, reviewed_by, log }
        }
        _ => Status::Draft { reasons },
    }
}

fn parameters(
    input: &Input<'_>,
    series: &[Series<'_>],
) -> Result<Vec<ParameterFacts>, PeriodError> {
    let facts = |parameter: &Parameter| {
        let months = input.period.months().into_iter();
        let months = months.map(|part| Ok((part, total_of(input, parameter, series, part)?)));
        let unit = evaluate::unit_of(input.methodology, parameter);
        Ok(ParameterFacts {
            symbol: parameter.symbol.clone(),
            members: parameter.members.clone(),
            point: parameter.point.clone(),
            option: parameter.option.as_str(),
            unit: unit.map_or_else(|| parameter.unit.clone(), |unit| unit.symbol().to_owned()),
            is_amount: unit.is_some_and(|unit| unit.dimension().is_amount()),
            channels: parameter.channels.clone(),
            description: input.methodology.description(&parameter.symbol),
            source: parameter.source.clone(),
            method: parameter.method.clone(),
            frequency: parameter.frequency.clone(),
            comments: parameter.comments.clone(),
            months: months.collect::<Result<_, _>>()?,
        })
    };
    input.plan.registered.parameters.iter().map(facts).collect()
}

/// What a parameter adds up to, in the unit in which it enters the equations.
fn total_of(
    input: &Input<'_>,
    parameter: &Parameter,
    series: &[Series<'_>],
    part: Period,
) -> Result<Amount, PeriodError> {
    let zone = &input.plan.registered.zone;
    let unit = evaluate::unit_of(input.methodology, parameter);
    let total = unit.and_then(|unit| parameter_amount(parameter, unit, series, part, zone));
    total.ok_or_else(|| PeriodError::Total {
        label: statement::label(&parameter.symbol, &parameter.members),
        part: part.form(),
    })
}

fn channels(input: &Input<'_>, series: &[Series<'_>]) -> Result<Vec<ChannelFacts>, PeriodError> {
    let zone = &input.plan.registered.zone;
    let facts = |series: &Series<'_>| {
        let plan = series.plan;
        let mut months = Vec::new();
        for part in input.period.months() {
            let error = || PeriodError::Total { label: plan.key.to_string(), part: part.form() };
            months.push((part, channel_amount(series, part, zone).ok_or_else(error)?));
        }
        let mut days = Vec::new();
        for date in input.period.dates() {
            let (from, to) = (zone.start_of(date), zone.start_of(date.next()));
            let served = series.in_service(from, to);
            let length = served.map_or(0, |(begin, end)| end.us() - begin.us());
            let covered = served.map_or(0, |(begin, end)| series.covered_us(begin, end));
            days.push((date, covered, length));
        }
        let rows = series.rows(input.period.start(zone), input.period.end(zone));
        let qualities = [Quality::M, Quality::T, Quality::K, Quality::Z].map(|quality| {
            let count = rows.iter().filter(|row| row.quality == quality).count();
            (quality.as_str(), count as u64)
        });
        Ok(ChannelFacts {
            key: plan.key.clone(),
            unit: plan.interval_unit().symbol().to_owned(),
            is_amount: plan.is_amount(),
            serial: plan.serial.clone(),
            class: plan.class.clone(),
            months,
            days,
            qualities: qualities.into_iter().filter(|(_, count)| *count > 0).collect(),
        })
    };
    series.iter().map(facts).collect()
}
