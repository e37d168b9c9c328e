//! Checks of documents: V-BILLING where a span differs from the period's, V-DOCUMENT where an
//! amount is missing or counts by bounds.

use super::calendar::Period;
use super::check::noted;
use super::documents::{Hold, of_parameter, value_of};
use super::equations::How;
use super::exact::{add, portion};
use super::gather::Source;
use super::{Input, Noted};
use crate::decode::amount::Recorded;
use crate::domain::decimal::Decimal;
use crate::domain::flag::{Code, Severity};
use crate::domain::time::Date;

/// What is to be told of a parameter's documents.
pub(super) fn check(input: &Input<'_>, source: &Source<'_>, findings: &mut Vec<Noted>) {
    if !source.parameter.amounts {
        return;
    }
    let label = source.label();
    let overlaps =
        |amount: &&Recorded| amount.from <= input.period.to() && amount.to >= input.period.from();
    let amounts = of_parameter(source.parameter, input.amounts);
    for amount in amounts.flat_map(|group| &group.alternatives).filter(overlaps) {
        let is_of = |hold: &&Hold| hold.number == amount.number;
        if let Some(hold) = source.documents.holds.iter().find(is_of) {
            let message = format!(
                "{label}: {} of {} to {} counts by bounds: {}",
                amount.name(),
                amount.from,
                amount.to,
                hold.reason
            );
            findings.push(noted(Code::Document, Severity::Critical, message));
        } else if source.how == How::Sum
            && let Some(message) = billing(input, source, amount)
        {
            findings.push(noted(Code::Billing, Severity::Minor, message));
        }
    }
    missing(input, source, &label, findings);
}

/// How a document that crosses a border of the period, a year or a month is split.
fn billing(input: &Input<'_>, source: &Source<'_>, amount: &Recorded) -> Option<String> {
    let span = Period::new(amount.from, amount.to).ok()?;
    if span.months().len() == 1 && input.period.overlaps(span) {
        let is_inside = input.period.from() <= span.from() && span.to() <= input.period.to();
        if is_inside {
            return None;
        }
    }
    let value = value_of(amount, &source.entered)?;
    let symbol = &source.entered.symbol;
    let mut parts = Vec::new();
    for month in span.months() {
        let mut sum = Decimal::ZERO;
        for date in month.dates() {
            let index = i128::from(span.from().days_until(date));
            sum = add(sum, portion(value, index, span.day_count().into())?)?;
        }
        parts.push(format!("{} {sum} {symbol}", month.month()));
    }
    let split = match source.parameter.channels.is_empty() {
        true => format!("split by days: {}", parts.join(", ")),
        false => "it gives only what the channels did not measure of its days".to_owned(),
    };
    Some(format!(
        "{}: {} of {} to {}, {value} {symbol}, does not match a month of the period; {split}",
        source.label(),
        amount.name(),
        amount.from,
        amount.to,
    ))
}

/// Days that no document covers, for a parameter that nothing else gives.
fn missing(input: &Input<'_>, source: &Source<'_>, label: &str, findings: &mut Vec<Noted>) {
    if !source.parameter.channels.is_empty() || matches!(source.how, How::Last | How::Latest) {
        return;
    }
    let mut runs: Vec<(Date, Date)> = Vec::new();
    let is_open = |date: &Date| match source.how {
        How::Category => source.documents.category(*date).is_none(),
        _ => source.documents.on(*date).is_none(),
    };
    for date in input.period.dates().filter(is_open) {
        match runs.last_mut() {
            Some((_, last)) if last.next() == date => *last = date,
            _ => runs.push((date, date)),
        }
    }
    for (from, to) in runs {
        let days = from.days_until(to) + 1;
        let counts = match source.how {
            How::Category => "its category is not known, and counts where ER is lowest",
            _ => "a gap that counts by its bounds, never as zero",
        };
        let message = format!("{label}: no document covers {from} to {to} ({days} days); {counts}");
        findings.push(noted(Code::Document, Severity::Critical, message));
    }
}
