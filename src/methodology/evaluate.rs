//! One evaluation: inputs brought to their units, the values that give the lowest ER, the trace.

use std::cmp::Reverse;

use dashu_float::Repr;

use super::Place;
use super::inputs::Inputs;
use super::interval::Interval;
use super::model::{DefaultValue, IndexSet, Methodology, Parameter};
use super::number::{Number, NumberError, magnitude, plain, whole};
use super::outcome::{EvaluationError, Outcome, Picked, Rank, Step};
use super::search::{arithmetic, missing, search};
use super::spreadsheet;
use super::tape::Tape;
use super::unit::Scale;

/// See [`Methodology::evaluate`].
pub(super) fn evaluate(
    methodology: &Methodology,
    inputs: &Inputs,
) -> Result<Outcome, EvaluationError> {
    let tape = Tape::new(methodology, inputs)?;
    let mut picked = Vec::with_capacity(tape.inputs.len());
    for (symbol, members) in &tape.inputs {
        let parameter = methodology.parameter(symbol).ok_or_else(|| missing(symbol, members))?;
        picked.push(pick(methodology, parameter, members, inputs)?);
    }
    let found = search(methodology, &tape, &picked)?;
    for (input, value) in picked.iter_mut().zip(&found.lowest) {
        if input.category.is_some() {
            // Which member counts: the last whose place is reached.
            let at = Number::exact(value.clone()).floor().unwrap_or(0).max(0);
            let parameter = methodology.parameter(&input.symbol);
            let members = parameter.map_or(&[][..], |p| categories(methodology, p, inputs));
            input.category = usize::try_from(at).ok().and_then(|at| members.get(at)).cloned();
        }
        input.value = if value == input.low.plain() {
            input.low.clone()
        } else if value == input.high.plain() {
            input.high.clone()
        } else {
            Number::exact(value.clone())
        };
    }
    let numbers: Vec<Number> = picked.iter().map(|input| input.value.clone()).collect();
    let values =
        tape.run(&numbers).map_err(|(at, error)| arithmetic(methodology, &tape, at, error))?;
    let spreadsheet_floor = spreadsheet::floor(&tape, &numbers);
    let trace = trace(methodology, &tape, &values);
    let output = |symbol: &str| {
        let step = trace.iter().find(|step| step.symbol == symbol);
        step.map(|step| step.value.clone()).ok_or_else(|| missing(symbol, &[]))
    };
    let highest = Number::exact(found.highest_er);
    let (re, pe, er) = (output("RE")?, output("PE")?, output("ER")?);
    let er_highest = if highest < er { er.clone() } else { highest };
    let ranking = rank(&tape, &picked);
    Ok(Outcome {
        re,
        pe,
        er,
        er_highest,
        spreadsheet_floor,
        inputs: picked,
        trials: found.trials,
        trace,
        ranking,
    })
}

/// An input in its parameter's unit, or the methodology's default.
fn pick(
    methodology: &Methodology,
    parameter: &Parameter,
    members: &[String],
    inputs: &Inputs,
) -> Result<Picked, EvaluationError> {
    let key: Place = (parameter.symbol.clone(), members.to_vec());
    let picked = |low: Number, high: Number, default: Option<&DefaultValue>| Picked {
        symbol: key.0.clone(),
        members: key.1.clone(),
        unit: parameter.unit.clone(),
        value: low.clone(),
        low,
        high,
        is_default: default.is_some(),
        is_sample: default.is_some_and(|default| default.is_sample),
        category: None,
    };
    if parameter.category_of.is_some() {
        let named = inputs.categories.get(&key).ok_or_else(|| missing(&key.0, members))?;
        let known = categories(methodology, parameter, inputs);
        let at = |at: usize| Number::from_integer(at as i64);
        let last = known.len().saturating_sub(1);
        // A name that is no member was refused when the equations were written out.
        let place = named.as_ref().and_then(|name| known.iter().position(|k| k == name));
        let (low, high) = place.map_or((at(0), at(last)), |place| (at(place), at(place)));
        return Ok(Picked { category: Some(String::new()), ..picked(low, high, None) });
    }
    let Some((bounds, unit)) = inputs.values.get(&key) else {
        let default = parameter.default(members).ok_or_else(|| missing(&key.0, members))?;
        let value = Number::from(default.value);
        return Ok(picked(value.clone(), value, Some(default)));
    };
    let scale = unit.measure().scale_to(parameter.unit.measure());
    let scale = scale.map_err(|_| EvaluationError::Unit {
        symbol: key.0.clone(),
        members: members.to_vec(),
        given: unit.to_string(),
        unit: parameter.unit.to_string(),
    })?;
    let arithmetic = |error| EvaluationError::Arithmetic {
        symbol: key.0.clone(),
        members: members.to_vec(),
        error,
    };
    let low = convert(bounds.low(), scale).map_err(arithmetic)?;
    let high = match bounds.is_doubtful() {
        true => convert(bounds.high(), scale).map_err(arithmetic)?,
        false => low.clone(),
    };
    Ok(picked(low, high, None))
}

/// The members that a category can name.
fn categories<'a>(
    methodology: &'a Methodology,
    parameter: &Parameter,
    inputs: &'a Inputs,
) -> &'a [String] {
    let of = parameter.category_of.as_deref().unwrap_or_default();
    match methodology.indices.iter().find(|index| index.symbol == of).map(|index| &index.set) {
        Some(IndexSet::Fixed(members)) => members,
        Some(IndexSet::Planned) => inputs.index_sets.get(of).map_or(&[], Vec::as_slice),
        _ => &[],
    }
}

fn convert(value: &Number, scale: Scale) -> Result<Number, NumberError> {
    if scale.is_identity() {
        return Ok(value.clone());
    }
    let whole = |value| Number::exact(whole(value));
    value.multiply(&whole(scale.multiply))?.add(&whole(scale.add))?.divide(&whole(scale.divide))
}

fn trace(methodology: &Methodology, tape: &Tape, values: &[Number]) -> Vec<Step> {
    tape.lines
        .iter()
        .map(|line| {
            let equation = &methodology.equations[line.equation];
            Step {
                symbol: equation.symbol.clone(),
                members: line.members.clone(),
                unit: equation.unit.clone(),
                value: values[line.result].clone(),
                equation: equation.text.clone(),
                uses: line.uses.clone(),
            }
        })
        .collect()
}

/// Inputs by how much ER moves for one percent of each.
fn rank(tape: &Tape, inputs: &[Picked]) -> Vec<Rank> {
    let point: Vec<Interval> =
        inputs.iter().map(|input| Interval::point(input.value.plain().clone())).collect();
    let Ok(values) = tape.run(&point) else { return Vec::new() };
    let slopes = tape.slopes(&values);
    let hundredth = Repr::new(1.into(), -2);
    let mut ranking: Vec<Rank> = inputs
        .iter()
        .zip(&slopes)
        .filter_map(|(input, slope)| {
            let slope = slope.steepest()?;
            let percent = plain::multiply(input.value.plain(), &hundredth).ok()?;
            Some(Rank {
                symbol: input.symbol.clone(),
                members: input.members.clone(),
                per_percent: Number::exact(plain::multiply(&slope, &percent).ok()?),
                derivative: Number::exact(slope),
            })
        })
        .collect();
    ranking.sort_by_cached_key(|rank| Reverse(magnitude(rank.per_percent.plain())));
    ranking
}
