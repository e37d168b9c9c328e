//! A year that lies on both sides of an approved change, cut at its date: each stretch is evaluated with the
//! values that are registered for it, RE and PE are added up, and ER is rounded down once for the year.
//!
//! Only where the equations allow it ([`super::equations::Additive`]): where RE, PE and ER of a year are
//! the sums of those of its parts whatever the values are. Else the lower ER of old and new counts for
//! the whole of the year, and the report says which symbol stands in the way.

use std::collections::HashMap;

use super::calendar::Period;
use super::calibration::correct::Side;
use super::cells::Grain;
use super::doubt;
use super::equations::{Equations, Evaluation};
use super::evaluate::{self, Applied, Evaluated};
use super::exact::{add, add_rounded};
use super::statement::{DoubtCost, FixedFacts, InputTotal, StepResult, Uncorrected, YearResult};
use crate::domain::decimal::Decimal;
use crate::domain::time::Date;

/// A stretch of a year with the values that are registered for it.
#[derive(Debug, Clone, PartialEq)]
pub struct StretchResult {
    pub part: Period,
    pub inputs: Vec<InputTotal>,
    pub fixed: Vec<FixedFacts>,
    pub re: Decimal,
    pub pe: Decimal,
    pub er: Decimal,
    pub steps: Vec<StepResult>,
}

/// A part of a year cut before each of `dates`, which lie inside it in order.
///
/// # Errors
/// Why the equations have no such parts, for people.
pub(super) fn cut(
    methodology: &dyn Equations,
    part: Period,
    dates: &[Date],
) -> Result<Vec<Period>, String> {
    let additive = methodology.additive()?;
    if additive.grain == Some(Grain::Months)
        && let Some(date) = dates.iter().find(|date| date.day() != 1)
    {
        return Err(format!("it is computed by calendar months, and {date} lies inside one"));
    }
    if additive.grain == Some(Grain::Years) {
        return Err("it is computed by calendar years".to_owned());
    }
    let mut parts = Vec::new();
    let mut from = part.from();
    for date in dates {
        let last = date.plus_days(-1);
        parts.extend(Period::new(from, last).ok());
        from = *date;
    }
    parts.extend(Period::new(from, part.to()).ok());
    Ok(parts)
}

/// The stretches of a year together; `None` where a sum goes beyond the digits of a number.
pub(super) fn merge(
    applied: &Applied<'_>,
    part: Period,
    pieces: Vec<Evaluated>,
) -> Option<Evaluated> {
    let first = pieces.first()?.result.clone();
    let sum = |of: fn(&YearResult) -> Decimal| {
        pieces.iter().try_fold(Decimal::ZERO, |sum, one| add_rounded(sum, of(&one.result)))
    };
    let (re, pe, er) = (sum(|one| one.re)?, sum(|one| one.pe)?, sum(|one| one.er)?);
    let er_highest = sum(|one| one.er_highest)?;
    let before = |of: fn(&Uncorrected) -> Decimal, plain: fn(&YearResult) -> Decimal| {
        pieces.iter().try_fold(Decimal::ZERO, |sum, one| {
            let own = one.result.uncorrected.as_ref().map_or(plain(&one.result), of);
            add_rounded(sum, own)
        })
    };
    let is_corrected = pieces.iter().any(|one| one.result.uncorrected.is_some());
    let uncorrected = match is_corrected {
        true => Some(Uncorrected {
            re: before(|one| one.re, |one| one.re)?,
            pe: before(|one| one.pe, |one| one.pe)?,
            er: before(|one| one.er, |one| one.er)?,
        }),
        false => None,
    };
    let inputs = inputs(applied, &pieces)?;
    let (doubts, taken) = doubts(applied, &pieces, &inputs, er)?;
    let totals = applied.methodology.additive().map_or(Vec::new(), |one| one.totals);
    let steps = steps(&pieces, &totals)?;
    let fixed = pieces.last()?.fixed.clone();
    let trial_count = pieces.iter().map(|one| one.result.trial_count).sum();
    let stretches = pieces.iter().map(|one| StretchResult {
        part: one.result.part,
        inputs: one.result.inputs.clone(),
        fixed: one.fixed.clone(),
        re: one.result.re,
        pe: one.result.pe,
        er: one.result.er,
        steps: one.result.steps.clone(),
    });
    let all = || pieces.iter().map(|one| &one.result);
    let result = YearResult {
        part,
        inputs,
        categories: all().flat_map(|one| one.categories.iter().cloned()).collect(),
        re,
        pe,
        er,
        er_highest,
        uncorrected,
        trial_count,
        spreadsheet_floor: None,
        factored: all().flat_map(|one| one.factored.iter().cloned()).collect(),
        stretches: stretches.collect(),
        steps,
        ..first
    };
    let evaluation = Evaluation {
        re,
        pe,
        er,
        er_highest,
        spreadsheet_floor: None,
        chosen: result.inputs.iter().map(|one| one.chosen).collect(),
        trial_count,
        steps: result.steps.clone(),
        fixed: fixed.clone(),
        outcome: None,
    };
    let history = pieces.iter().flat_map(|one| one.history.iter().cloned()).collect();
    Some(Evaluated { result, evaluation, doubts, taken, fixed, history })
}

/// The inputs of all stretches: totals of one label added up, cells beside each other.
fn inputs(applied: &Applied<'_>, pieces: &[Evaluated]) -> Option<Vec<InputTotal>> {
    let mut places: HashMap<(usize, String), usize> = HashMap::new();
    let mut merged: Vec<InputTotal> = Vec::new();
    for input in pieces.iter().flat_map(|one| &one.result.inputs) {
        match places.entry((input.parameter, input.label())) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(merged.len());
                merged.push(input.clone());
            }
            std::collections::hash_map::Entry::Occupied(entry) => {
                let one = &mut merged[*entry.get()];
                *one = joined(applied, one, input)?;
            }
        }
    }
    merged.sort_by_key(|one| one.parameter);
    Some(merged)
}

/// One input of two stretches.
fn joined(applied: &Applied<'_>, a: &InputTotal, b: &InputTotal) -> Option<InputTotal> {
    let (_, source) = applied.sources.iter().find(|(place, _)| *place == a.parameter)?;
    let whole = evaluate::whole(source, &[a.clone(), b.clone()])?;
    let uncorrected = match a.uncorrected.is_some() || b.uncorrected.is_some() {
        true => {
            let plain = |one: &InputTotal| {
                let total = one.uncorrected.clone().unwrap_or_else(|| one.total.clone());
                InputTotal { total, ..one.clone() }
            };
            Some(evaluate::whole(source, &[plain(a), plain(b)])?.total)
        }
        false => None,
    };
    let correction = match (a.correction, b.correction) {
        (Some(one), Some(other)) if one != other => Some(Side::Both),
        (one, other) => one.or(other),
    };
    Some(InputTotal { uncorrected, correction, ..whole })
}

/// What each doubt costs in all stretches together, and how it was taken.
fn doubts(
    applied: &Applied<'_>,
    pieces: &[Evaluated],
    inputs: &[InputTotal],
    er: Decimal,
) -> Option<(Vec<DoubtCost>, Vec<String>)> {
    let (mut doubts, mut taken) = (Vec::new(), Vec::new());
    for (place, source) in &applied.sources {
        let label = source.label();
        let own = pieces.iter().flat_map(|one| &one.doubts).filter(|one| one.label == label);
        let own: Vec<&DoubtCost> = own.collect();
        let Some(first) = own.first() else { continue };
        let cost = own.iter().try_fold(Decimal::ZERO, |sum, one| add(sum, one.cost))?;
        let of_parameter: Vec<InputTotal> =
            inputs.iter().filter(|one| one.parameter == *place).cloned().collect();
        let whole = evaluate::whole(source, &of_parameter)?;
        taken.push(doubt::taken(&whole));
        doubts.push(DoubtCost {
            total: whole.total.clone(),
            chosen: whole.chosen,
            er_best: add_rounded(er, cost)?,
            cost,
            sentence: doubt::cost_sentence(&whole, cost),
            ..(*first).clone()
        });
    }
    Some((doubts, taken))
}

/// The steps that mean something for the whole year: what adds up, cells, and what is the same in all
/// stretches. The others stand with their stretch.
fn steps(pieces: &[Evaluated], totals: &[String]) -> Option<Vec<StepResult>> {
    let mut by_label: HashMap<String, Vec<&StepResult>> = HashMap::new();
    let mut order = Vec::new();
    for step in pieces.iter().flat_map(|one| &one.result.steps) {
        let label = step.label();
        let of_label = by_label.entry(label.clone()).or_default();
        if of_label.is_empty() {
            order.push(label);
        }
        of_label.push(step);
    }
    let mut steps = Vec::new();
    for label in order {
        let found = &by_label[&label];
        let first = (*found.first()?).clone();
        if totals.contains(&first.symbol) {
            let value =
                found.iter().try_fold(Decimal::ZERO, |sum, one| add_rounded(sum, one.value))?;
            // A sum or difference of such sums is one of the sums too.
            let names = first.formula.split('{').skip(1).filter_map(|part| part.split_once('}'));
            let is_plain = !first.formula.contains(['*', '/', '^']) && first.sums.is_empty();
            let is_of_totals = is_plain
                && names.clone().count() > 0
                && names.clone().all(|(name, _)| {
                    let symbol = name.split('[').next().unwrap_or(name);
                    totals.iter().any(|known| known == symbol)
                });
            let formula = if is_of_totals { first.formula.clone() } else { String::new() };
            let count = pieces.len();
            let description = format!("{}; the sum of {count} stretches", first.description);
            steps.push(StepResult { value, formula, sums: Vec::new(), description, ..first });
        } else if found.iter().all(|one| one.value == first.value && one.formula == first.formula) {
            steps.push(first);
        }
    }
    Some(steps)
}
