//! A year's evaluation: the totals go into the equations, the outcome becomes a result with its
//! claim, its reasons and the cost of each doubt.

use super::calendar::Period;
use super::claim::claim;
use super::collect::Amount;
use super::doubt;
use super::equations::{BoundedInput, Equations};
use super::exact::difference;
use super::statement::{DoubtCost, FixedFacts, InputTotal, YearResult, label};
use super::{Input, PeriodError};
use crate::config::plan::Parameter;
use crate::domain::unit::Unit;

/// Refuses a methodology that is not the plan's.
pub(super) fn admit(input: &Input<'_>) -> Result<(), PeriodError> {
    let planned = &input.plan.registered.methodology;
    let facts = input.methodology.facts();
    let given = format!("{}_ver{}", facts.id, facts.version);
    if *planned != facts.id && *planned != given {
        return Err(PeriodError::Methodology { planned: planned.clone(), given });
    }
    Ok(())
}

/// The unit in which a parameter enters the equations: the methodology's, where it is one that
/// totals can be taken in; else the plan's.
pub(super) fn unit_of(methodology: &dyn Equations, parameter: &Parameter) -> Option<Unit> {
    let planned = Unit::parse(&parameter.unit)?;
    let entered = methodology.unit(&parameter.symbol).and_then(|unit| Unit::parse(&unit));
    Some(entered.filter(|unit| planned.conversion_to(*unit).is_some()).unwrap_or(planned))
}

/// The result of the part of a year, and what its doubts cost. `totals` are those of the plan's
/// parameters, in their order; `carried_in` is the unresolved negative of earlier years.
pub(super) fn year(
    input: &Input<'_>,
    part: Period,
    totals: &[Amount],
    carried_in: i128,
) -> Result<(YearResult, Vec<DoubtCost>, Vec<FixedFacts>), PeriodError> {
    let year = part.from().year();
    let parameters = &input.plan.registered.parameters;
    let registered = &input.plan.registered;
    let mut bounds = Vec::new();
    for (parameter, total) in parameters.iter().zip(totals) {
        let (Some(low), Some(high)) = (total.low, total.high) else {
            let label = label(&parameter.symbol, &parameter.members);
            return Err(PeriodError::Total { label, part: part.form() });
        };
        let unit = unit_of(input.methodology, parameter);
        bounds.push(BoundedInput {
            symbol: parameter.symbol.clone(),
            members: parameter.members.clone(),
            unit: unit.map_or_else(|| parameter.unit.clone(), |unit| unit.symbol().to_owned()),
            low,
            high,
        });
    }
    let failed = |reason: String| PeriodError::Evaluation { year, reason };
    let evaluate =
        |inputs: &[BoundedInput]| input.methodology.evaluate(registered, inputs).map_err(failed);
    let lowest = evaluate(&bounds)?;
    let input_total = |((bounded, total), chosen): ((&BoundedInput, &Amount), _)| InputTotal {
        symbol: bounded.symbol.clone(),
        members: bounded.members.clone(),
        unit: bounded.unit.clone(),
        total: total.clone(),
        chosen,
    };
    let chosen = lowest.chosen.iter().copied();
    let inputs: Vec<InputTotal> = bounds.iter().zip(totals).zip(chosen).map(input_total).collect();
    let mut costs = Vec::new();
    for (index, one) in inputs.iter().enumerate().filter(|(_, one)| one.total.is_doubtful()) {
        // All others stay where they were taken; this one goes where it is best for the claim.
        let mut alone = bounds.clone();
        for (at, (one, chosen)) in alone.iter_mut().zip(&lowest.chosen).enumerate() {
            if at != index {
                (one.low, one.high) = (*chosen, *chosen);
            }
        }
        let er_best = evaluate(&alone)?.er_highest;
        let cost = difference(er_best, lowest.er).filter(|cost| !cost.is_negative());
        let cost =
            cost.ok_or_else(|| failed(format!("the cost of {} has no value", one.label())))?;
        costs.push(DoubtCost {
            year,
            label: one.label(),
            unit: one.unit.clone(),
            total: one.total.clone(),
            chosen: one.chosen,
            er_best,
            cost,
            sentence: doubt::cost_sentence(one, cost),
        });
    }
    let claim = claim(lowest.er, carried_in)
        .ok_or_else(|| failed("ER is beyond all whole numbers".to_owned()))?;
    let why = doubt::why(&lowest, &inputs, carried_in, claim);
    let ex_ante = input.plan.registered.ex_ante.iter().find(|(of, _)| *of == year);
    let result = YearResult {
        year,
        part,
        inputs,
        re: lowest.re,
        pe: lowest.pe,
        er: lowest.er,
        er_highest: lowest.er_highest,
        trial_count: lowest.trial_count,
        floored: claim.floored,
        carried_in,
        claimed: claim.claimed,
        carried_out: claim.carried_out,
        ex_ante: ex_ante.map(|(_, value)| *value),
        why,
        steps: lowest.steps,
    };
    Ok((result, costs, lowest.fixed))
}
