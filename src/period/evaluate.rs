//! A year's evaluation: the totals go into the equations, the outcome becomes a result with its
//! claim, its reasons and the cost of each doubt.

use super::calendar::Period;
use super::claim::claim;
use super::collect::Amount;
use super::doubt;
use super::exact::subtract;
use super::statement::{DoubtCost, InputTotal, MethodologyFacts, StepResult, YearResult, label};
use super::{Input, PeriodError};
use crate::config::plan::Registered;
use crate::domain::decimal::Decimal;

/// The equations of a methodology, as a period needs them.
pub trait Equations {
    fn facts(&self) -> MethodologyFacts;

    /// What a symbol stands for; empty when the methodology does not say.
    fn description(&self, symbol: &str) -> String;

    /// RE, PE and ER at the bounds of the inputs where ER is lowest. Fixed values and index sets are
    /// those of `registered`.
    ///
    /// # Errors
    /// Why the equations have no value.
    fn evaluate(
        &self,
        registered: &Registered,
        inputs: &[BoundedInput],
    ) -> Result<Evaluation, String>;
}

/// A monitored parameter's value, known to lie between two bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundedInput {
    pub symbol: String,
    pub members: Vec<String>,
    pub unit: String,
    /// Equal where the value is known exactly.
    pub low: Decimal,
    pub high: Decimal,
}

/// What the equations give.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// In tCO2e, where ER is lowest.
    pub re: Decimal,
    pub pe: Decimal,
    pub er: Decimal,
    /// ER where it is highest.
    pub er_highest: Decimal,
    /// The values of the inputs where ER is lowest, in the order of the inputs.
    pub chosen: Vec<Decimal>,
    /// Points that were tried.
    pub trial_count: u64,
    pub steps: Vec<StepResult>,
}

/// Refuses a methodology that is not the plan's.
pub(super) fn admit(input: &Input<'_>) -> Result<(), PeriodError> {
    let planned = &input.plan.registered.methodology;
    let given = input.methodology.facts().id;
    if *planned != given {
        return Err(PeriodError::Methodology { planned: planned.clone(), given });
    }
    Ok(())
}

/// The result of the part of a year, and what its doubts cost. `totals` are those of the plan's
/// parameters, in their order; `carried_in` is the unresolved negative of earlier years.
pub(super) fn year(
    input: &Input<'_>,
    part: Period,
    totals: &[Amount],
    carried_in: i128,
) -> Result<(YearResult, Vec<DoubtCost>), PeriodError> {
    let year = part.from().year();
    let registered = &input.plan.registered;
    let mut bounded = Vec::new();
    for (parameter, total) in registered.parameters.iter().zip(totals) {
        let label = || label(&parameter.symbol, &parameter.members);
        let unknown = || PeriodError::Total { label: label(), part: part.form() };
        bounded.push(BoundedInput {
            symbol: parameter.symbol.clone(),
            members: parameter.members.clone(),
            unit: parameter.unit.clone(),
            low: total.low.ok_or_else(unknown)?,
            high: total.high.ok_or_else(unknown)?,
        });
    }
    let evaluate = |inputs: &[BoundedInput]| {
        let failed = |reason| PeriodError::Evaluation { year, reason };
        input.methodology.evaluate(registered, inputs).map_err(failed)
    };
    let lowest = evaluate(&bounded)?;
    let inputs: Vec<InputTotal> = bounded
        .iter()
        .zip(totals)
        .zip(&lowest.chosen)
        .map(|((bounded, total), chosen)| InputTotal {
            symbol: bounded.symbol.clone(),
            members: bounded.members.clone(),
            unit: bounded.unit.clone(),
            total: total.clone(),
            chosen: *chosen,
        })
        .collect();
    let beyond = || PeriodError::Evaluation { year, reason: "ER is beyond all bounds".to_owned() };
    let mut costs = Vec::new();
    for (index, one) in inputs.iter().enumerate().filter(|(_, one)| one.total.is_doubtful()) {
        // All others stay where they were taken; this one goes where it is best for the claim.
        let alone: Vec<BoundedInput> = bounded
            .iter()
            .zip(&lowest.chosen)
            .enumerate()
            .map(|(at, (bounded, chosen))| match at == index {
                true => bounded.clone(),
                false => BoundedInput { low: *chosen, high: *chosen, ..bounded.clone() },
            })
            .collect();
        let er_best = evaluate(&alone)?.er_highest;
        let cost = subtract(er_best, lowest.er).ok_or_else(beyond)?;
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
    let claim = claim(lowest.er, carried_in).ok_or_else(beyond)?;
    let why = doubt::why(&lowest, &inputs, carried_in, claim);
    let ex_ante = registered.ex_ante.iter().find(|(of, _)| *of == year).map(|(_, value)| *value);
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
        ex_ante,
        why,
        steps: lowest.steps,
    };
    Ok((result, costs))
}
