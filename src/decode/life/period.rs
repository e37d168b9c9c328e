//! Versions of a period and the steps that each takes on its way to issuance.

use std::collections::BTreeMap;

use super::{Kept, Life, date, is_same_person, needs, refused};
use crate::decode::act::{ActError, Materiality, Seal, Step, StepKind, TpeReport, dates};
use crate::domain::decimal::Decimal;
use crate::domain::time::Date;

/// First and last local date of a period, both inclusive.
pub type PeriodKey = (Date, Date);

/// A sealed version of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub seal: Kept<Seal>,
    /// The unresolved negative that it took over, zero or below.
    pub carried_in: i64,
    /// The versions of the earlier periods that it stands on.
    pub stands_on: BTreeMap<PeriodKey, u32>,
    pub steps: Vec<Kept<Step>>,
    /// What the third-party entity reported of it.
    pub report: Option<Kept<TpeReport>>,
}

/// How far a version has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Sealed,
    Submitted,
    UnderVerification,
    ReportRecorded,
    IssuanceRequested,
    DecisionRecorded,
    Withdrawn,
    /// A later version has taken its place.
    Restated,
}

impl State {
    /// The words in commands and reports.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Submitted => "submitted",
            Self::UnderVerification => "under verification",
            Self::ReportRecorded => "TPE report recorded",
            Self::IssuanceRequested => "issuance requested",
            Self::DecisionRecorded => "JC decision recorded",
            Self::Withdrawn => "withdrawn",
            Self::Restated => "restated",
        }
    }
}

impl Version {
    #[must_use]
    pub fn number(&self) -> u32 {
        self.seal.act.version
    }

    /// How far it has come, whatever versions follow.
    #[must_use]
    pub fn state(&self) -> State {
        let has = |kind: StepKind| self.step(kind).is_some();
        if has(StepKind::Withdrawal) {
            State::Withdrawn
        } else if has(StepKind::Decision) {
            State::DecisionRecorded
        } else if has(StepKind::IssuanceRequest) {
            State::IssuanceRequested
        } else if self.report.is_some() {
            State::ReportRecorded
        } else if has(StepKind::Verification) {
            State::UnderVerification
        } else if has(StepKind::Submission) {
            State::Submitted
        } else {
            State::Sealed
        }
    }

    /// The step of this kind, if it was taken.
    #[must_use]
    pub fn step(&self, kind: StepKind) -> Option<&Kept<Step>> {
        self.steps.iter().find(|step| step.act.step == kind.as_str())
    }
}

impl Life {
    /// The seals that stand: the last version of each period, in the order of time.
    #[must_use]
    pub fn standing(&self) -> Vec<&Kept<Seal>> {
        self.periods.values().filter_map(|versions| Some(&versions.last()?.seal)).collect()
    }

    /// Why the last version of a period no longer follows from those before it: an earlier period was
    /// restated since, and left another negative, or other values that equations look back at.
    #[must_use]
    pub fn outdated(&self, period: PeriodKey) -> Option<String> {
        let version = self.latest(period)?;
        let before = |key: &&PeriodKey| key.1 < period.0;
        for key in self.periods.keys().filter(before) {
            let now = self.latest(*key)?;
            let then = version.stands_on.get(key).and_then(|number| {
                self.versions(*key).iter().find(|version| version.number() == *number)
            });
            let shown = shown(*key);
            let Some(then) = then else {
                return Some(format!("{shown} was sealed after it"));
            };
            let (then, new) = (&then.seal.act, &now.seal.act);
            let is_last = self.periods.keys().rfind(before) == Some(key);
            if is_last && then.unresolved != new.unresolved {
                return Some(format!(
                    "it takes over {} tCO2e from version {} of {shown}; version {} leaves {}",
                    then.unresolved, then.version, new.version, new.unresolved
                ));
            }
            if then.shares != new.shares {
                return Some(format!(
                    "a register's gap over the end of {shown} is split otherwise in version {}",
                    new.version
                ));
            }
            if then.history != new.history {
                return Some(format!(
                    "its equations look back at values of {shown}, which version {} altered",
                    new.version
                ));
            }
        }
        None
    }

    /// The first sealed period that no longer follows from those before it, with the reason.
    #[must_use]
    pub fn first_outdated(&self) -> Option<(PeriodKey, String)> {
        self.periods.keys().find_map(|key| Some((*key, self.outdated(*key)?)))
    }

    /// Whether a period may be restated now.
    ///
    /// # Errors
    /// When it is not sealed, or an earlier one must be restated first.
    pub fn may_restate(&self, period: PeriodKey) -> Result<u32, ActError> {
        let Some(version) = self.latest(period) else {
            return refused(format!(
                "{} is not sealed; a period that was never sealed is closed, not restated",
                shown(period)
            ));
        };
        if let Some((first, reason)) = self.first_outdated()
            && first.1 < period.0
        {
            return refused(format!(
                "periods are restated in the order of time: restate {} first, because {reason}",
                shown(first)
            ));
        }
        Ok(version.number() + 1)
    }

    pub(super) fn take_seal(&mut self, seal: Kept<Seal>) -> Result<(), ActError> {
        let period = seal.act.dates()?;
        let next = self.versions(period).len() as u32 + 1;
        if seal.act.version != next {
            return refused(format!(
                "version {} of {} is next, not {}",
                next,
                shown(period),
                seal.act.version
            ));
        }
        let before: Vec<(PeriodKey, &Version)> = self
            .periods
            .iter()
            .filter(|(key, _)| key.1 < period.0)
            .filter_map(|(key, versions)| Some((*key, versions.last()?)))
            .collect();
        let carried_in = before.last().map_or(0, |(_, last)| last.seal.act.unresolved.min(0));
        let stands_on = before.iter().map(|(key, version)| (*key, version.number())).collect();
        let (steps, report) = (Vec::new(), None);
        let version = Version { seal, carried_in, stands_on, steps, report };
        self.periods.entry(period).or_default().push(version);
        Ok(())
    }

    pub(super) fn take_step(&mut self, step: Kept<Step>) -> Result<(), ActError> {
        let act = &step.act;
        let Some(kind) = StepKind::parse(&act.step) else {
            let words: Vec<&str> = StepKind::ALL.into_iter().map(StepKind::as_str).collect();
            return refused(format!("{:?} is no step; use one of {}", act.step, words.join(", ")));
        };
        needs(kind.as_str(), &[("post", &act.post), ("date", &act.date)])?;
        let (period, version) = self.current(&act.from, &act.to, act.version)?;
        let name = format!("version {} of {}", act.version, shown(period));
        let state = version.state();
        let order = |wanted: State, how: &str| match state {
            state if state == wanted => Ok(()),
            state => refused(format!(
                "{name} is {}; a {} follows {}: {how}",
                state.words(),
                kind.as_str(),
                wanted.words()
            )),
        };
        match kind {
            StepKind::Submission => {
                order(State::Sealed, "restate it to submit again")?;
                let seal = &version.seal.act;
                for other in [&seal.prepared_by, &seal.reviewed_by] {
                    if is_same_person(other, &act.author) {
                        return refused(format!(
                            "{} prepared or reviewed it; an approver is a third person",
                            other.trim()
                        ));
                    }
                }
                if let Some(reason) = self.outdated(period) {
                    return refused(format!("restate {} first: {reason}", shown(period)));
                }
            }
            StepKind::Verification => {
                order(State::Submitted, "mrv period submit")?;
                needs("verification", &[("third-party entity", &act.reference)])?;
            }
            StepKind::IssuanceRequest => {
                order(State::ReportRecorded, "mrv period tpe-report")?;
                let opinion = version.report.as_ref().map_or("no", |report| &report.act.opinion);
                if opinion != "positive" {
                    return refused(format!(
                        "the third-party entity's opinion on {name} is {opinion}; issuance is \
                         requested on a positive one"
                    ));
                }
            }
            StepKind::Decision => {
                order(State::IssuanceRequested, "mrv period advance issuance-request")?;
                needs("jc-decision", &[("number", &act.reference), ("document", &act.document)])?;
            }
            StepKind::Withdrawal => {
                if matches!(state, State::DecisionRecorded | State::Withdrawn) {
                    return refused(format!("{name} is {}: it stays so", state.words()));
                }
                needs("withdrawal", &[("reason", &act.note)])?;
            }
        }
        let day = date(&act.date)?;
        if let Some(last) = version.steps.last()
            && date(&last.act.date)? > day
        {
            return refused(format!(
                "the {} of {name} is dated {}, after {day}",
                last.act.step, last.act.date
            ));
        }
        self.alter(period, |version| version.steps.push(step));
        Ok(())
    }

    pub(super) fn take_report(&mut self, report: Kept<TpeReport>) -> Result<(), ActError> {
        let act = &report.act;
        needs(
            "TPE report",
            &[
                ("third-party entity", &act.tpe),
                ("number", &act.report_number),
                ("date", &act.date),
                ("document", &act.document),
            ],
        )?;
        date(&act.date)?;
        let (period, version) = self.current(&act.from, &act.to, act.version)?;
        let name = format!("version {} of {}", act.version, shown(period));
        if version.state() != State::UnderVerification {
            return refused(format!(
                "{name} is {}; a TPE report is recorded of what is under verification: mrv period \
                 advance verification",
                version.state().words()
            ));
        }
        if let Some(step) = version.step(StepKind::Verification)
            && !is_same_person(&step.act.reference, &act.tpe)
        {
            let by = &step.act.reference;
            return refused(format!("{by} verifies {name}, not {}", act.tpe));
        }
        opinion(act)?;
        if act.opinion == "positive" {
            let open: Vec<&str> = self
                .findings()
                .iter()
                .filter(|finding| finding.period == period && finding.blocks_opinion())
                .map(|finding| finding.name.as_str())
                .collect();
            if !open.is_empty() {
                return refused(format!(
                    "{} stand open on {}; a positive opinion is recorded when they are closed by {}",
                    open.join(", "),
                    shown(period),
                    act.tpe
                ));
            }
        }
        amounts(act, period)?;
        self.alter(period, |version| version.report = Some(report));
        Ok(())
    }

    pub(super) fn take_materiality(&mut self, said: Kept<Materiality>) -> Result<(), ActError> {
        let act = &said.act;
        needs(
            "materiality threshold",
            &[("third-party entity", &act.tpe), ("value", &act.threshold), ("date", &act.date)],
        )?;
        date(&act.date)?;
        let period = dates(&act.from, &act.to)?;
        if self.latest(period).is_none() {
            return refused(format!("{} is not sealed", shown(period)));
        }
        self.materiality.push(said);
        Ok(())
    }

    /// The version that an act speaks of, which must be the last.
    pub(super) fn current(
        &self,
        from: &str,
        to: &str,
        number: u32,
    ) -> Result<(PeriodKey, &Version), ActError> {
        let period = dates(from, to)?;
        match self.latest(period) {
            None => refused(format!("{} is not sealed: mrv period close", shown(period))),
            Some(last) if last.number() != number => refused(format!(
                "version {} of {} stands, not version {number}",
                last.number(),
                shown(period)
            )),
            Some(last) => Ok((period, last)),
        }
    }

    fn alter(&mut self, period: PeriodKey, change: impl FnOnce(&mut Version)) {
        if let Some(version) = self.periods.get_mut(&period).and_then(|all| all.last_mut()) {
            change(version);
        }
    }
}

/// The opinion in the words of the form.
fn opinion(act: &TpeReport) -> Result<(), ActError> {
    match (act.opinion.as_str(), act.conclusion.as_str()) {
        ("positive", "unqualified") => Ok(()),
        ("positive", "qualified") | ("negative", "qualified" | "adverse" | "disclaimer") => {
            needs("TPE report", &[("reasons", &act.reasons)])
        }
        (opinion, conclusion) => refused(format!(
            "{opinion:?} with {conclusion:?} is no opinion of the form: positive goes with \
             unqualified or qualified, negative with qualified, adverse or disclaimer"
        )),
    }
}

/// Amounts for every year of the period, and for no other.
fn amounts(act: &TpeReport, period: PeriodKey) -> Result<(), ActError> {
    let years = period.0.year()..=period.1.year();
    for amount in &act.amounts {
        if !years.contains(&amount.year) {
            return refused(format!("{} lies outside {}", amount.year, shown(period)));
        }
        for text in [&amount.re, &amount.pe, &amount.er] {
            Decimal::parse(text).map_err(|error| ActError::Value(text.clone(), error))?;
        }
        if amount.er.parse::<u64>().is_err() {
            return refused(format!("ER of {} is {:?}, not whole tCO2e", amount.year, amount.er));
        }
    }
    let has = |year: &i16| act.amounts.iter().any(|amount| amount.year == *year);
    let missing: Vec<String> =
        years.filter(|year| !has(year)).map(|year| year.to_string()).collect();
    if missing.is_empty() || act.opinion == "negative" {
        return Ok(());
    }
    refused(format!("the amounts of {} are not stated", missing.join(", ")))
}

/// A period for people.
pub(super) fn shown((from, to): PeriodKey) -> String {
    format!("{from} to {to}")
}
