//! The monitoring period: from intervals to the statement of what was reduced, year by year.
//!
//! Takes the plan, the methodology, the interval rows and what is known of the log; gives a
//! [`Statement`]. The period is local calendar dates in the plan's accounting zone; every calendar
//! year is evaluated, floored and claimed by itself ([`claim`]), at the bounds of its doubts where ER
//! is lowest. Pure: the caller hands all data; no clock, file or network. The figures are a function
//! of the set of rows, whatever their order and the leaves they came from ([`digest`]).

pub mod allocate;
mod budget;
pub mod calculation;
pub mod calendar;
pub mod calibration;
pub mod cells;
pub mod changes;
mod channels;
mod check;
pub mod claim;
pub mod collect;
mod digest;
mod documents;
mod documents_check;
pub mod dossier;
mod doubt;
pub mod equations;
mod evaluate;
pub mod exact;
pub mod gap_log;
mod gather;
pub mod paths;
pub mod stand_in;
pub mod statement;
pub mod substitution;
pub mod surroundings;
pub mod uncertainty;
pub mod unit;
mod weighted;

pub use calendar::Period;
pub use equations::Equations;
pub use statement::Statement;
pub use surroundings::Surroundings;

use crate::aggregate::finding::Finding;
use crate::aggregate::interval::IntervalRow;
use crate::config::plan::{Parameter, Plan, Registered};
use crate::decode::amount::{Recorded, Standing};
use crate::decode::devices::Device;
use crate::domain::RULES;
use crate::domain::digest::Sha256Digest;
use crate::domain::flag::{Code, Severity};
use crate::domain::reading::{ChannelKey, Channels, Place};
use crate::domain::time::{Date, Timestamp, Zone};

use calibration::facts::CalibrationFacts;
use changes::{Changes, RecordedPlan};
use collect::Series;
use dossier::Dossier;
use equations::How;
use evaluate::{Applied, Evaluated};
use gather::Source;
use statement::{HistoryValue, ParameterFacts, ProjectFacts, Status};
use unit::Entered;

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
    #[error("{label} cannot be collected: {reason}; see its [[registered.parameter]]")]
    Collection { label: String, reason: String },
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
    /// Those of the plan, in its order.
    pub methodologies: &'a [&'a dyn Equations],
    pub period: Period,
    /// Also of the time before the period, for documents that reach beyond it and for equations that
    /// look back.
    pub channels: &'a [ChannelRows],
    /// The amounts that stand.
    pub amounts: &'a [Standing],
    /// All plans of the project, by number; the last is `plan`. None or one: nothing was changed.
    pub plans: &'a [RecordedPlan],
    /// The devices of all plans, with what acts say of them.
    pub devices: &'a [Device],
    /// What earlier seals fixed of values that equations look back at.
    pub history: &'a [HistoryValue],
    pub counts: &'a [ChannelCount],
    pub refused: &'a [RefusedGroup],
    /// Findings on the series of the period.
    pub findings: &'a [Noted],
    pub surroundings: &'a Surroundings,
    /// `None`: not sealed.
    pub log: Option<LogState>,
    pub earlier: &'a [SealedPeriod],
    pub prepared_by: Option<&'a str>,
    pub reviewed_by: Option<&'a str>,
    /// What acts say of the period.
    pub dossier: &'a Dossier,
}

/// The statement of a period.
///
/// # Errors
/// When the period overlaps a sealed one (V-OVERLAP) or lies outside the crediting period
/// (V-CREDITING), the methodology is not the plan's, or the equations cannot be evaluated.
pub fn statement(input: &Input<'_>) -> Result<Statement, PeriodError> {
    check::admit(input)?;
    let mut series = Series::of_plan(input);
    let stand_ins = stand_in::apply(input, &mut series);
    let carried = input
        .earlier
        .iter()
        .filter(|earlier| earlier.period < input.period)
        .max_by_key(|earlier| earlier.period)
        .map_or(0, |last| last.unresolved.min(0));
    let allocations = allocate::settle(input, &mut series, carried)?;
    let applied = applied(input, &series)?;
    let parameters = parameters(input, &applied)?;
    let channels = channels::facts(input, &series[..input.plan.channels.len()])?;
    let mut changes = Changes::of(input);
    let (evaluated, unresolved) = years(input, &applied, &series, &mut changes, carried)?;
    let mut statement = Statement {
        rules: RULES,
        project: project(input),
        methodologies: input.methodologies.iter().map(|one| one.facts()).collect(),
        period: input.period,
        status: Status::Draft { reasons: Vec::new() },
        years: Vec::new(),
        unresolved,
        history: Vec::new(),
        parameters,
        fixed: Vec::new(),
        channels,
        calibration: CalibrationFacts::default(),
        changes: changes.facts,
        doubts: Vec::new(),
        dossier: input.dossier.clone(),
        allocations,
        gaps: Vec::new(),
        paths: paths::compare(input, &applied, &series, &stand_ins),
        uncertainty: Vec::new(),
        counts: input.counts.to_vec(),
        refused: input.refused.to_vec(),
        findings: Vec::new(),
        digest: Sha256Digest([0; 32]),
    };
    for of_methodology in evaluated {
        // The same in every year.
        statement.fixed.extend(of_methodology.last().map_or(Vec::new(), |one| one.fixed.clone()));
        for evaluated in of_methodology {
            if let Some(outcome) = &evaluated.evaluation.outcome {
                let (year, plan) = (&evaluated.result, input.plan);
                let (parameters, channels) = (&statement.parameters, &statement.channels);
                let facts = budget::of_year(plan, year, outcome, parameters, channels);
                statement.uncertainty.push(facts);
            }
            statement.years.push(evaluated.result);
            statement.doubts.extend(evaluated.doubts);
            statement.history.extend(evaluated.history);
        }
    }
    statement.paths.extend(paths::estimates(input, &statement.years));
    statement.gaps = gap_log::log(input, &applied, &series, &statement.doubts);
    statement.calibration = calibration::facts::facts(input, &applied, &statement.years)?;
    statement.status = status(input, &statement);
    statement.findings = check::findings(input, &statement, &applied, (&series, &stand_ins));
    statement.digest = digest::figures_digest(&statement);
    Ok(statement)
}

/// How an amount lies beyond the bounds that the plan gives its parameter (V-CAPACITY, V-RANGE);
/// `None` when it does not.
#[must_use]
pub fn beyond(parameter: &Parameter, amount: &Recorded, zone: &Zone) -> Option<String> {
    documents::beyond(parameter, &Entered::planned(parameter), amount, zone)
}

/// What of a plan cannot be collected as the methodology asks (V-PLAN), worded for people.
#[must_use]
pub fn faults(methodology: &dyn Equations, registered: &Registered) -> Vec<String> {
    let parameters = registered.parameters.iter();
    let known = parameters.filter(|one| methodology.unit(&one.symbol).is_some());
    known
        .filter_map(|parameter| gathered(methodology, parameter).err())
        .map(|error| error.to_string())
        .collect()
}

/// The methodologies with the sources of their parameters.
fn applied<'a>(
    input: &Input<'a>,
    series: &'a [Series<'a>],
) -> Result<Vec<Applied<'a>>, PeriodError> {
    let registered = &input.plan.registered;
    let methodologies = input.methodologies.iter().zip(&registered.methodologies);
    methodologies.map(|(one, id)| applied_under(input, *one, id, registered, series)).collect()
}

/// One methodology with the sources of its parameters, as registered.
fn applied_under<'a>(
    input: &Input<'a>,
    methodology: &'a dyn Equations,
    id: &str,
    registered: &'a Registered,
    series: &'a [Series<'a>],
) -> Result<Applied<'a>, PeriodError> {
    let mut sources = Vec::new();
    let of_id = |(_, parameter): &(usize, &Parameter)| parameter.methodology == *id;
    for (place, parameter) in registered.parameters.iter().enumerate().filter(of_id) {
        let how = gathered(methodology, parameter)?;
        sources.push((place, Source::of(input, parameter, how, series)?));
    }
    Ok(Applied { id: id.to_owned(), methodology, registered: registered.under(id), sources })
}

/// The unit in which a parameter enters, and how its values come about.
fn gathered(
    methodology: &dyn Equations,
    parameter: &Parameter,
) -> Result<(Entered, How), PeriodError> {
    let entered = Entered::of(methodology, parameter);
    let how = match methodology.collection(&parameter.symbol).map(|collection| collection.how) {
        None if entered.is_amount => How::Sum,
        None => How::Mean,
        Some(how) => how,
    };
    let is_right = match how {
        How::Sum => entered.is_amount && !parameter.is_category(),
        How::Category => parameter.is_category(),
        _ => !entered.is_amount && !parameter.is_category(),
    };
    if is_right {
        return Ok((entered, how));
    }
    let reason = match how {
        How::Sum => "it adds up over time, so its gaps need a capacity, not a range",
        How::Category => "it is a category: it has no unit, and its channel needs codes",
        _ => "it does not add up over time, so its gaps need a range, not a capacity",
    };
    let label = statement::label(&parameter.symbol, &parameter.members);
    Err(PeriodError::Collection { label, reason: reason.to_owned() })
}

/// All years of each methodology, with what they claim, and the unresolved negative they leave.
///
/// A negative year claims 0 and is deducted from later years in the order of their dates, whichever
/// methodology they are of: those of one year in the plan's order.
fn years(
    input: &Input<'_>,
    applied: &[Applied<'_>],
    series: &[Series<'_>],
    changes: &mut Changes,
    mut carried: i128,
) -> Result<(Vec<Vec<Evaluated>>, i128), PeriodError> {
    let mut all: Vec<Vec<Evaluated>> = applied.iter().map(|_| Vec::new()).collect();
    for part in input.period.years() {
        // What this year itself leaves is deducted from later years alone.
        let mut left = 0i128;
        for (applied, years) in applied.iter().zip(&mut all) {
            let mut evaluated = changes.lowest(input, applied, series, part)?;
            let spreadsheet = evaluated.evaluation.spreadsheet_floor;
            let claim = claim::claim(evaluated.result.er, spreadsheet, carried);
            let claim = claim.ok_or_else(|| PeriodError::Evaluation {
                year: part.from().year(),
                reason: "ER is beyond all whole numbers".to_owned(),
            })?;
            evaluate::settle(&mut evaluated, carried, claim);
            match claim.floored < 0 {
                true => left = left.saturating_add(claim.floored),
                false => carried = claim.carried_out,
            }
            years.push(evaluated);
        }
        carried = carried.saturating_add(left);
    }
    Ok((all, carried))
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
        methodologies: registered.methodologies.clone(),
        zone: registered.zone.clone(),
        crediting: registered.crediting,
        plan_number: input.plan.number,
        plan_leaf: input.plan_leaf,
        posts: registered.posts.clone(),
        confidential: registered.confidential.clone(),
    }
}

/// Sealed only with the log's state and two different people; else a draft, with what it lacks.
fn status(input: &Input<'_>, statement: &Statement) -> Status {
    let mut reasons = Vec::new();
    let samples = statement.unconfirmed();
    if !samples.is_empty() {
        reasons.push(format!(
            "nobody confirmed the values of {}: write in the plan who did, and from what",
            samples.join(", ")
        ));
    }
    reasons.extend(statement.holds());
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
    applied: &[Applied<'_>],
) -> Result<Vec<ParameterFacts>, PeriodError> {
    let mut all: Vec<(usize, ParameterFacts)> = Vec::new();
    for applied in applied {
        for (place, source) in &applied.sources {
            all.push((*place, parameter_facts(input, applied, source)?));
        }
    }
    all.sort_by_key(|(place, _)| *place);
    Ok(all.into_iter().map(|(_, facts)| facts).collect())
}

fn parameter_facts(
    input: &Input<'_>,
    applied: &Applied<'_>,
    source: &Source<'_>,
) -> Result<ParameterFacts, PeriodError> {
    let parameter = source.parameter;
    let mut months = Vec::new();
    if source.how != How::Category {
        for month in input.period.months() {
            months.push((month, evaluate::over(input, applied, source, month)?));
        }
    }
    Ok(ParameterFacts {
        methodology: applied.id.clone(),
        symbol: parameter.symbol.clone(),
        members: parameter.members.clone(),
        point: parameter.point.clone(),
        option: parameter.option.as_str(),
        unit: source.entered.symbol.clone(),
        is_amount: source.entered.is_amount,
        channels: parameter.channels.clone(),
        amounts: parameter.amounts,
        documents: documents::facts(input, source),
        description: applied.methodology.description(&parameter.symbol),
        source: parameter.source.clone(),
        method: parameter.method.clone(),
        frequency: parameter.frequency.clone(),
        comments: parameter.comments.clone(),
        months,
    })
}
