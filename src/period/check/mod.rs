//! The checks of stage P that need no more than the period's own data.
//!
//! Two refuse a period before anything is computed (V-OVERLAP, V-CREDITING); the others are noted in
//! the report and change no figure.

mod allocated;
mod balance;
mod daily;
mod days;
mod gap_path;
mod level;
mod noon;
mod practice;
mod sibling;
mod substitutes;

use super::calendar::Period;
use super::collect::{Series, coverage};
use super::documents_check;
use super::evaluate::Applied;
use super::exact::rounded;
use super::stand_in::StandIns;
use super::statement::{Statement, YearResult, label};
use super::{Input, Noted, PeriodError};
use crate::domain::decimal::Decimal;
use crate::domain::flag::{Code, Severity};
use crate::domain::time::Date;

/// Refuses a period that may have no statement.
pub(super) fn admit(input: &Input<'_>) -> Result<(), PeriodError> {
    let (from, to) = input.plan.registered.crediting;
    if input.period.from() < from || input.period.to() > to {
        return Err(PeriodError::Crediting { period: input.period.form(), from, to });
    }
    if let Some(sealed) = input.earlier.iter().find(|one| one.period.overlaps(input.period)) {
        return Err(PeriodError::Overlap {
            period: input.period.form(),
            sealed: sealed.period.form(),
            version: sealed.version,
        });
    }
    super::evaluate::admit(input)
}

/// All findings, the gravest first; those of one gravity by code and time.
pub(super) fn findings(
    input: &Input<'_>,
    statement: &Statement,
    applied: &[Applied<'_>],
    (series, stand_ins): (&[Series<'_>], &StandIns),
) -> Vec<Noted> {
    let mut findings = input.findings.to_vec();
    complete(input, statement, &mut findings);
    days::check(input, &statement.channels, &mut findings);
    allocated::check(input, &statement.allocations, &mut findings);
    gap_path::check(input, stand_ins, &mut findings);
    substitutes::check(input, statement, &mut findings);
    super::paths::findings(&statement.paths, &mut findings);
    balance::check(input, series, &mut findings);
    level::check(input, series, &mut findings);
    noon::check(input, series, &mut findings);
    sibling::check(input, series, &mut findings);
    planned(input, statement, applied, &mut findings);
    let sources = applied.iter().flat_map(|one| &one.sources);
    sources.for_each(|(_, source)| documents_check::check(input, source, &mut findings));
    findings.extend(statement.changes.iter().map(super::changes::ChangeFacts::finding));
    super::calibration::check::check(input, statement, &mut findings);
    ex_ante(input, statement, &mut findings);
    boundary(statement, &mut findings);
    calendar(input, &mut findings);
    practice::check(input, &mut findings);
    findings.sort_by(|a, b| {
        let key = |one: &Noted| {
            (std::cmp::Reverse(one.severity), one.code, one.channel.clone(), one.span)
        };
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
    findings
}

pub(super) fn noted(code: Code, severity: Severity, message: String) -> Noted {
    Noted { code, severity, channel: None, span: None, count: 1, message }
}

/// V-COMPLETE: the share of its time of service that each channel was measured, over the period and
/// in its worst month.
fn complete(input: &Input<'_>, statement: &Statement, findings: &mut Vec<Noted>) {
    for channel in &statement.channels {
        let (covered, length) = channel.covered();
        if length == 0 || covered == length {
            continue;
        }
        let share = coverage(covered, length);
        let plan = input.plan.channel(&channel.key);
        let settings = plan.map_or(&input.plan.settings, |plan| &plan.watch.settings);
        let least = i128::from(settings.number(Code::Complete, "percent"));
        let critical = i128::from(covered) * 100 < i128::from(length) * least;
        let incomplete = channel
            .months
            .iter()
            .filter(|(_, total)| total.covered_us < total.length_us)
            .map(|(part, total)| (coverage(total.covered_us, total.length_us), part.month()));
        let months: Vec<String> =
            incomplete.map(|(share, month)| format!("{month} {} %", rounded(share, 2))).collect();
        findings.push(Noted {
            channel: Some(channel.key.clone()),
            count: months.len() as u64,
            ..noted(
                Code::Complete,
                if critical { Severity::Critical } else { Severity::Minor },
                format!(
                    "measured for {} % of its time in service; incomplete months: {}",
                    rounded(share, 2),
                    months.join(", ")
                ),
            )
        });
    }
}

/// V-PLAN: what the plan leaves open.
fn planned(
    input: &Input<'_>,
    statement: &Statement,
    applied: &[Applied<'_>],
    findings: &mut Vec<Noted>,
) {
    for parameter in &input.plan.registered.parameters {
        if parameter.channels.is_empty() && !parameter.amounts {
            findings.push(noted(
                Code::Plan,
                Severity::Critical,
                format!(
                    "{} has no channel: nothing measures it, and the whole period counts by its \
                     bounds",
                    label(&parameter.symbol, &parameter.members)
                ),
            ));
        }
        let flow = [
            ("source", &parameter.source),
            ("method", &parameter.method),
            ("frequency", &parameter.frequency),
        ];
        let missing: Vec<&str> =
            flow.iter().filter(|(_, text)| text.trim().is_empty()).map(|(name, _)| *name).collect();
        if !missing.is_empty() {
            findings.push(noted(
                Code::Plan,
                Severity::Critical,
                format!(
                    "the information flow of {} is not told: {} missing in the plan",
                    label(&parameter.symbol, &parameter.members),
                    missing.join(", ")
                ),
            ));
        }
    }
    for applied in applied {
        for message in applied.methodology.lacks(&applied.registered) {
            findings.push(noted(Code::Plan, Severity::Critical, message));
        }
    }
    for fixed in statement.fixed.iter().filter(|fixed| fixed.confirmed.is_none()) {
        findings.push(noted(
            Code::Plan,
            Severity::Critical,
            format!(
                "{} = {} {} is a sample value that nobody confirmed; confirm it from its source: {}",
                label(&fixed.symbol, &fixed.members),
                fixed.value,
                fixed.unit,
                fixed.source
            ),
        ));
    }
}

/// Why the plan says that ER of a year is above its estimate.
pub(super) fn reason<'a>(input: &Input<'a>, year: i16) -> Option<&'a str> {
    let mut reasons = input.plan.ex_ante_reasons.iter();
    reasons.find(|(of, _)| *of == year).map(|(_, reason)| reason.as_str())
}

/// True if the claim of a year is above the estimate of the whole year, by days.
pub(super) fn is_above_estimate(year: &YearResult, whole: Decimal) -> bool {
    exceeds(year.claimed, days_of_year(year.part), whole, year.part.day_count())
}

/// V-EXANTE: the claim of each year against its estimate, by days where the year is not whole.
fn ex_ante(input: &Input<'_>, statement: &Statement, findings: &mut Vec<Noted>) {
    let several = statement.methodologies.len() > 1;
    for year in &statement.years {
        let name = match several {
            true => format!("{} {}", year.methodology, year.year),
            false => year.year.to_string(),
        };
        let Some(estimate) = year.ex_ante else {
            let message = format!("{name}: the plan gives no ex-ante estimate for this year");
            findings.push(noted(Code::ExAnte, Severity::Info, message));
            continue;
        };
        let (days, of_year) = (year.part.day_count(), days_of_year(year.part));
        let is_above = exceeds(year.claimed, of_year, estimate, days);
        let portion = if days == of_year {
            format!("{estimate} tCO2e")
        } else {
            format!("{estimate} tCO2e for {days} of {of_year} days")
        };
        let claimed = year.claimed;
        let (severity, text) = match (is_above, reason(input, year.year)) {
            (true, None) => {
                (Severity::Critical, "above the estimate; a reason is needed".to_owned())
            }
            (true, Some(reason)) => {
                (Severity::Minor, format!("above the estimate, and the plan says why: {reason}"))
            }
            (false, _) => (Severity::Info, "not above the estimate".to_owned()),
        };
        findings.push(noted(
            Code::ExAnte,
            severity,
            format!("{name}: claimed {claimed} tCO2e against ex ante {portion}: {text}"),
        ));
    }
}

/// V-BOUNDARY: years that a spreadsheet floors otherwise.
fn boundary(statement: &Statement, findings: &mut Vec<Noted>) {
    for year in &statement.years {
        let Some(binary) = year.spreadsheet_floor else { continue };
        let message = format!(
            "{}: ER {} tCO2e floors to {binary} in a spreadsheet's binary numbers; the lower is claimed",
            year.year, year.er
        );
        findings.push(noted(Code::Boundary, Severity::Info, message));
    }
}

/// V-YEAR and V-CONTIGUITY.
fn calendar(input: &Input<'_>, findings: &mut Vec<Noted>) {
    let years = input.period.years();
    if years.len() > 1 {
        let parts: Vec<String> = years.iter().map(|part| part.form()).collect();
        findings.push(noted(
            Code::Year,
            Severity::Info,
            format!(
                "the period crosses {} calendar years; each is computed and rounded down by itself: {}",
                years.len(),
                parts.join(", ")
            ),
        ));
    }
    let before = input.earlier.iter().map(|earlier| earlier.period);
    let Some(last) = before.filter(|one| one.to() < input.period.from()).max() else { return };
    let gap = last.to().days_until(input.period.from()) - 1;
    if gap > 0 {
        findings.push(noted(
            Code::Contiguity,
            Severity::Minor,
            format!(
                "{gap} days lie between the last sealed period {} and this one; they are in no \
                 period",
                last.form()
            ),
        ));
    }
}

/// True if `claimed / estimate` is above `days / of_year`, exactly.
fn exceeds(claimed: i128, of_year: i32, estimate: Decimal, days: i32) -> bool {
    // claimed * of_year > estimate * days, both in units of the estimate's last digit.
    let Ok(part) =
        Decimal::new(estimate.coefficient().saturating_mul(days.into()), estimate.exponent())
    else {
        return false;
    };
    let Some(whole) = claimed.checked_mul(of_year.into()) else { return true };
    match Decimal::new(whole, 0).ok().and_then(|whole| super::exact::subtract(whole, part)) {
        Some(difference) => !difference.is_zero() && !difference.is_negative(),
        None => true,
    }
}

pub(super) fn days_of_year(part: Period) -> i32 {
    let year = part.from().year();
    let bounds = Date::new(year, 1, 1).ok().zip(Date::new(year, 12, 31).ok());
    bounds.map_or(365, |(first, last)| first.days_until(last) + 1)
}
