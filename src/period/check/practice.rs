//! V-MONTHCHECK, V-ELIGIBILITY, V-SAMPLE: what the plan promises and no act shows.

use super::noted;
use crate::config::plan::practice::Required;
use crate::decode::act::{Evidence, SampleResult};
use crate::decode::life::Kept;
use crate::domain::flag::{Code, Severity};
use crate::domain::time::Date;
use crate::period::statement::label;
use crate::period::{Input, Noted, Period};

pub(super) fn check(input: &Input<'_>, findings: &mut Vec<Noted>) {
    months(input, findings);
    criteria(input, findings);
    samples(input, findings);
}

/// V-MONTHCHECK: a month of the period without its check.
fn months(input: &Input<'_>, findings: &mut Vec<Noted>) {
    let promised = input.plan.registered.monthly_check.trim();
    if promised.is_empty() {
        return;
    }
    let is_checked =
        |month: &String| input.dossier.checks.iter().any(|check| check.act.month == *month);
    let months = input.period.months().into_iter().map(|part| part.month().to_string());
    let missing: Vec<String> = months.filter(|month| !is_checked(month)).collect();
    if missing.is_empty() {
        return;
    }
    let message = format!(
        "the plan promises a check every month ({promised}); none is recorded of {}",
        missing.join(", ")
    );
    let count = missing.len() as u64;
    findings.push(Noted { count, ..noted(Code::MonthCheck, Severity::Minor, message) });
}

/// V-ELIGIBILITY: a criterion whose evidence does not cover the period.
fn criteria(input: &Input<'_>, findings: &mut Vec<Noted>) {
    for criterion in &input.plan.registered.eligibility {
        let of = |one: &&Kept<Evidence>| one.act.criterion == criterion.criterion;
        let spans = input.dossier.evidence.iter().filter(of);
        let spans = spans.map(|one| (one.act.from.as_str(), one.act.to.as_str()));
        let message = match uncovered(input.period, spans) {
            None => continue,
            Some(first) if first == input.period.from() => format!(
                "criterion {}: no evidence is recorded for {} ({})",
                criterion.criterion, first, criterion.description
            ),
            Some(first) => format!(
                "criterion {}: its evidence ends before {first} ({})",
                criterion.criterion, criterion.description
            ),
        };
        findings.push(noted(Code::Eligibility, Severity::Critical, message));
    }
}

/// V-SAMPLE: a sampled parameter whose sample is not stated, or falls short.
fn samples(input: &Input<'_>, findings: &mut Vec<Noted>) {
    for parameter in &input.plan.registered.parameters {
        let Some(required) = parameter.sampled else { continue };
        let name = label(&parameter.symbol, &parameter.members);
        let of = |one: &&Kept<SampleResult>| {
            let is_inside = uncovered(
                input.period,
                std::iter::once((one.act.from.as_str(), one.act.to.as_str())),
            );
            one.act.parameter == parameter.symbol
                && one.act.members == parameter.members
                && is_inside.is_none()
        };
        // The last that was stated stands.
        let stated = input.dossier.samples.iter().rfind(of);
        let achieved = stated.and_then(|one| Required::parse(&one.act.achieved));
        let (severity, message) = match achieved {
            None => (
                Severity::Critical,
                format!(
                    "{name} is sampled and must achieve {required} (confidence/precision in \
                     percent); what was achieved is not stated"
                ),
            ),
            Some(achieved) if !required.is_met_by(&achieved) => (
                Severity::Critical,
                format!("{name}: its sample achieved {achieved}, {required} is required"),
            ),
            Some(achieved) => (
                Severity::Info,
                format!("{name}: its sample achieved {achieved}, {required} is required"),
            ),
        };
        findings.push(noted(Code::Sample, severity, message));
    }
}

/// The first day of the period that no span covers; dates that are none cover nothing.
fn uncovered<'a>(period: Period, spans: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Date> {
    let date = |text| Date::parse(text).ok();
    let mut spans: Vec<(Date, Date)> =
        spans.filter_map(|(from, to)| date(from).zip(date(to))).collect();
    spans.sort();
    let mut next = period.from();
    for (from, to) in spans {
        if from <= next && to >= next {
            next = to.next();
        }
    }
    (next <= period.to()).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_cover_a_period_only_without_a_hole() {
        let date = |text| Date::parse(text).unwrap();
        let period = Period::new(date("2026-01-01"), date("2026-03-31")).unwrap();
        let first = |spans: &[(&'static str, &'static str)]| {
            uncovered(period, spans.iter().copied()).map(|date| date.to_string())
        };
        assert_eq!(first(&[]).as_deref(), Some("2026-01-01"));
        assert_eq!(first(&[("2025-12-01", "2026-12-31")]), None);
        assert_eq!(first(&[("2026-02-01", "2026-03-31"), ("2026-01-01", "2026-01-31")]), None);
        let hole = [("2026-01-01", "2026-01-30"), ("2026-02-01", "2026-03-31")];
        assert_eq!(first(&hole).as_deref(), Some("2026-01-31"));
        assert_eq!(first(&[("2026-01-01", "never")]).as_deref(), Some("2026-01-01"));
    }
}
