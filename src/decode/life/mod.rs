//! What the acts of a log come to for its periods: versions, steps, findings, holds, and what was
//! checked, shown and answered.
//!
//! A projection in log order. An act that a rule refuses takes no effect, and the error says what is
//! missing; whoever records an act asks a copy first. Versions are never altered: a restatement adds
//! the next. Nothing here knows a plan, a reading or a figure beyond what seals and statements say.

mod finding;
mod period;
mod practice;

use std::collections::BTreeMap;

pub use finding::{FindingRecord, HoldRecord};
pub use period::{PeriodKey, State, Version};

use super::act::{
    Act, ActError, Content, Evidence, Materiality, MonthlyCheck, Response, SampleResult,
};

/// An act with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept<T> {
    pub leaf: i64,
    /// Its number in the project.
    pub number: u32,
    pub act: T,
}

/// The life of a project's periods, as of one leaf.
#[derive(Debug, Clone, Default)]
pub struct Life {
    /// Versions of each sealed period, the first first.
    periods: BTreeMap<PeriodKey, Vec<Version>>,
    findings: Vec<FindingRecord>,
    holds: Vec<HoldRecord>,
    materiality: Vec<Kept<Materiality>>,
    checks: Vec<Kept<MonthlyCheck>>,
    evidence: Vec<Kept<Evidence>>,
    samples: Vec<Kept<SampleResult>>,
    responses: Vec<Kept<Response>>,
}

impl Life {
    /// Takes an act into account; acts on readings and amounts are no part of it.
    ///
    /// # Errors
    /// When a rule refuses it; nothing is altered then.
    pub fn take(&mut self, leaf: i64, act: &Act) -> Result<(), ActError> {
        let number = act.number;
        match &act.content {
            Content::Seal(seal) => self.take_seal(kept(leaf, number, seal)),
            Content::Step(step) => self.take_step(kept(leaf, number, step)),
            Content::TpeReport(report) => self.take_report(kept(leaf, number, report)),
            Content::Materiality(said) => self.take_materiality(kept(leaf, number, said)),
            Content::Finding(finding) => self.take_finding(kept(leaf, number, finding)),
            Content::FindingReply(reply) => self.take_reply(kept(leaf, number, reply)),
            Content::FindingClose(close) => self.take_close(kept(leaf, number, close)),
            Content::Hold(hold) => self.take_hold(kept(leaf, number, hold)),
            Content::HoldLift(lift) => self.take_lift(kept(leaf, number, lift)),
            Content::MonthlyCheck(check) => self.take_check(kept(leaf, number, check)),
            Content::Evidence(evidence) => self.take_evidence(kept(leaf, number, evidence)),
            Content::SampleResult(sample) => self.take_sample(kept(leaf, number, sample)),
            Content::Response(response) => self.take_response(kept(leaf, number, response)),
            _ => Ok(()),
        }
    }

    /// The sealed periods with their versions, in the order of time.
    pub fn periods(&self) -> impl Iterator<Item = (PeriodKey, &[Version])> {
        self.periods.iter().map(|(key, versions)| (*key, versions.as_slice()))
    }

    /// The versions of a period, the first first; empty if it is not sealed.
    #[must_use]
    pub fn versions(&self, period: PeriodKey) -> &[Version] {
        self.periods.get(&period).map_or(&[], Vec::as_slice)
    }

    /// The last version of a period.
    #[must_use]
    pub fn latest(&self, period: PeriodKey) -> Option<&Version> {
        self.versions(period).last()
    }

    /// All findings, in the order of their acts.
    #[must_use]
    pub fn findings(&self) -> &[FindingRecord] {
        &self.findings
    }

    /// All holds, in the order of their acts.
    #[must_use]
    pub fn holds(&self) -> &[HoldRecord] {
        &self.holds
    }

    /// The materiality threshold recorded last for a period.
    #[must_use]
    pub fn materiality(&self, period: PeriodKey) -> Option<&Kept<Materiality>> {
        let of = |one: &&Kept<Materiality>| {
            super::act::dates(&one.act.from, &one.act.to).is_ok_and(|dates| dates == period)
        };
        self.materiality.iter().rev().find(of)
    }

    #[must_use]
    pub fn checks(&self) -> &[Kept<MonthlyCheck>] {
        &self.checks
    }

    #[must_use]
    pub fn evidence(&self) -> &[Kept<Evidence>] {
        &self.evidence
    }

    #[must_use]
    pub fn samples(&self) -> &[Kept<SampleResult>] {
        &self.samples
    }

    #[must_use]
    pub fn responses(&self) -> &[Kept<Response>] {
        &self.responses
    }
}

fn kept<T: Clone>(leaf: i64, number: u32, act: &T) -> Kept<T> {
    Kept { leaf, number, act: act.clone() }
}

fn refused<T>(reason: impl Into<String>) -> Result<T, ActError> {
    Err(ActError::Other(reason.into()))
}

/// True if two names mean one person: spaces around and capitals do not make another.
#[must_use]
pub fn is_same_person(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// Refuses an act without one of the texts that whoever reads the report will ask for.
fn needs(word: &str, texts: &[(&str, &str)]) -> Result<(), ActError> {
    match texts.iter().find(|(_, text)| text.trim().is_empty()) {
        Some((what, _)) => {
            refused(format!("a {word} needs its {what}: who reads the report will ask"))
        }
        None => Ok(()),
    }
}

/// The date of an act.
fn date(text: &str) -> Result<crate::domain::time::Date, ActError> {
    crate::domain::time::Date::parse(text).map_err(|e| ActError::Time(text.to_owned(), e))
}

#[cfg(test)]
mod tests;
