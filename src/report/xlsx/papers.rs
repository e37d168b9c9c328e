//! Documents of the sheet `Monthly` as live formulae: an amount prorated by days, a mean weighed by days.
//!
//! A parameter without channels stands on its documents. Each has a row with its value, which may be changed, and
//! its days; a month of the parameter is the sum of `value * days in the month / days`, a year of a state is
//! `SUMPRODUCT(values, days) / SUM(days)`. As everywhere in the sheet a formula stands only where it gives
//! the engine's figure exactly: documents that count by bounds, contradict each other or are in other units
//! by more than a power of ten leave the figure as it is.

use crate::domain::decimal::Decimal;
use crate::domain::time::Date;
use crate::methodology::Number;
use crate::report::model::{Document, Figure, Input, Month, Parameter, Report, Year};

/// Powers of ten that a document's unit may lie below or above that of its parameter.
const POWER_MAX: i64 = 9;

/// Columns of a document's row: its value, and the days that it covers.
pub(super) const VALUE: char = 'D';
pub(super) const DAYS: char = 'E';

/// A document's row.
pub(super) struct Row<'a> {
    pub label: &'a str,
    pub days: String,
    pub value: Figure,
    pub day_count: u64,
}

/// The rows of all documents that have a number, in the report's order.
pub(super) fn rows(report: &Report) -> Vec<Row<'_>> {
    let all = report.parameters.iter().filter(|one| stands_on_papers(one));
    all.flat_map(|parameter| parameter.documents.iter().map(move |one| (parameter, one)))
        .filter_map(|(parameter, one)| {
            let (from, to) = dates(one)?;
            Some(Row {
                label: &parameter.label,
                days: format!("{} to {}", one.from, one.to),
                value: Figure {
                    value: one.value.clone(),
                    shown: one.value.clone(),
                    unit: one.unit.clone(),
                },
                day_count: u64::try_from(from.days_until(to) + 1).unwrap_or(0),
            })
        })
        .collect()
}

/// True for a parameter whose documents have rows: it has no channels, and all of them state numbers.
fn stands_on_papers(parameter: &Parameter) -> bool {
    let is_number = |one: &Document| Decimal::parse(&one.value).is_ok() && dates(one).is_some();
    parameter.amounts && parameter.channels.is_empty() && parameter.documents.iter().all(is_number)
}

/// First and last local date.
fn dates(document: &Document) -> Option<(Date, Date)> {
    Date::parse(&document.from).ok().zip(Date::parse(&document.to).ok())
}

/// A parameter's documents, each with its row; `None` where they give no formula.
fn placed<'a>(
    report: &'a Report,
    parameter: &'a Parameter,
    first_row: u32,
) -> Option<Vec<(u32, &'a Document)>> {
    if !stands_on_papers(parameter) {
        return None;
    }
    let before = report
        .parameters
        .iter()
        .take_while(|one| !std::ptr::eq(*one, parameter))
        .filter(|one| stands_on_papers(one))
        .map(|one| one.documents.len())
        .sum::<usize>();
    Some((first_row + before as u32..).zip(&parameter.documents).collect())
}

/// The formula of a parameter's month over its documents, for the figure that it has to give.
pub(super) fn month(
    report: &Report,
    parameter: &Parameter,
    month: &Month,
    wanted: &Figure,
    first_row: u32,
) -> Option<String> {
    if !parameter.is_amount {
        return None;
    }
    let begin = Date::parse(&format!("{}-01", month.month)).ok()?;
    let end = begin.plus_months(1).plus_days(-1);
    let period = (Date::parse(&report.period.from).ok()?, Date::parse(&report.period.to).ok()?);
    let (begin, end) = (begin.max(period.0), end.min(period.1));
    let (mut sum, mut terms) = (Number::ZERO, Vec::new());
    for (row, one) in placed(report, parameter, first_row)? {
        let (from, to) = dates(one)?;
        let (low, high) = (from.max(begin), to.min(end));
        if low > high {
            continue;
        }
        if one.standing != "counts" {
            return None;
        }
        let (inside, all) = (low.days_until(high) + 1, from.days_until(to) + 1);
        let value = Number::from(Decimal::parse(&one.value).ok()?);
        let share = value.multiply(&Number::from_integer(inside.into())).ok()?;
        sum = sum.add(&share.divide(&Number::from_integer(all.into())).ok()?).ok()?;
        terms.push(match inside == all {
            true => format!("{VALUE}{row}"),
            false => format!("{VALUE}{row}*{inside}/{DAYS}{row}"),
        });
    }
    let power = power_between(&sum, wanted)?;
    let terms = (!terms.is_empty()).then(|| terms.join("+"))?;
    Some(scaled(&terms, power))
}

/// The formula of a state's year over its documents: their mean, weighed by their days.
pub(super) fn mean(
    report: &Report,
    year: &Year,
    input: &Input,
    parameter: &Parameter,
    first_row: u32,
    sheet: &str,
) -> Option<String> {
    if parameter.is_amount || input.side != "exact" {
        return None;
    }
    let (begin, end) = (Date::parse(&year.from).ok()?, Date::parse(&year.to).ok()?);
    let (mut sum, mut weight, mut used) = (Number::ZERO, 0i64, Vec::new());
    for (row, one) in placed(report, parameter, first_row)? {
        let (from, to) = dates(one)?;
        if to < begin || from > end {
            continue;
        }
        // A document that reaches over the year's border has other days in it than its row says.
        if from < begin || to > end || one.standing != "counts" {
            return None;
        }
        let days = i64::from(from.days_until(to)) + 1;
        let value = Number::from(Decimal::parse(&one.value).ok()?);
        sum = sum.add(&value.multiply(&Number::from_integer(days)).ok()?).ok()?;
        weight += days;
        used.push(row);
    }
    let (first, last) = (*used.first()?, *used.last()?);
    let is_block = last - first + 1 == used.len() as u32;
    let mean = sum.divide(&Number::from_integer(weight)).ok()?;
    let power = power_between(&mean, &input.chosen)?;
    let range = |column: char| format!("'{sheet}'!${column}${first}:${column}${last}");
    let (values, days) = (range(VALUE), range(DAYS));
    is_block.then(|| scaled(&format!("SUMPRODUCT({values},{days})/SUM({days})"), power))
}

/// The power of ten that makes of a value exactly the figure.
fn power_between(value: &Number, wanted: &Figure) -> Option<i64> {
    let wanted = Number::from(Decimal::parse(&wanted.value).ok()?);
    if value.is_zero() {
        return wanted.is_zero().then_some(0);
    }
    let ten = Number::from_integer(10);
    let is_it = |power: &i64| {
        let factor = ten.power(power.unsigned_abs() as u32).ok();
        let scaled = factor.and_then(|factor| match *power < 0 {
            true => value.divide(&factor).ok(),
            false => value.multiply(&factor).ok(),
        });
        scaled.as_ref() == Some(&wanted)
    };
    // The nearest first: an own unit needs none.
    (0..=POWER_MAX).flat_map(|power| [power, -power]).find(is_it)
}

fn scaled(formula: &str, power: i64) -> String {
    let zeros = "0".repeat(power.unsigned_abs() as usize);
    match power {
        0 => formula.to_owned(),
        power if power < 0 => format!("({formula})/1{zeros}"),
        _ => format!("({formula})*1{zeros}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_the_figure_up_to_a_power_of_ten() {
        let figure = |value: &str| Figure {
            value: value.to_owned(),
            shown: value.to_owned(),
            unit: "MWh".to_owned(),
        };
        let number = |text: &str| Number::from(Decimal::parse(text).unwrap());
        assert_eq!(power_between(&number("160"), &figure("160")), Some(0));
        assert_eq!(power_between(&number("160000"), &figure("160")), Some(-3));
        assert_eq!(power_between(&number("0.16"), &figure("160")), Some(3));
        assert_eq!(power_between(&number("160.1"), &figure("160")), None);
        assert_eq!(power_between(&Number::ZERO, &figure("0")), Some(0));
        assert_eq!(scaled("D1", -3), "(D1)/1000");
        assert_eq!(scaled("D1+D2", 2), "(D1+D2)*100");
    }
}
