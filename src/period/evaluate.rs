//! A year's evaluation: what was collected goes into the equations of one methodology, the outcome
//! becomes a result with its reasons and the cost of each doubt.

use super::calendar::Period;
use super::calibration::correct::Side;
use super::cells::{CalendarSet, Cell, Grain, cells};
use super::claim::Claim;
use super::collect::{Amount, nothing, sum_of};
use super::doubt;
use super::equations::{BoundedInput, CategoryInput, Equations, Evaluation, Given, How};
use super::exact::{add, difference, mean_of_stated, subtract};
use super::factors;
use super::gather::Source;
use super::statement::{
    DoubtCost, FixedFacts, HistoryValue, InputTotal, Uncorrected, YearResult, label,
};
use super::{Input, PeriodError};
use crate::config::plan::Registered;
use crate::domain::decimal::Decimal;
use crate::domain::time::Zone;

/// One methodology of the plan with what is registered under it.
pub(super) struct Applied<'a> {
    /// As the plan names it.
    pub id: String,
    pub methodology: &'a dyn Equations,
    pub registered: Registered,
    /// Its parameters, each with its place in the plan.
    pub sources: Vec<(usize, Source<'a>)>,
}

/// What one year of one methodology comes to, before the unresolved negative of earlier years.
pub(super) struct Evaluated {
    pub result: YearResult,
    pub evaluation: Evaluation,
    pub doubts: Vec<DoubtCost>,
    /// How each doubtful parameter entered the equations, in words.
    pub taken: Vec<String>,
    pub fixed: Vec<FixedFacts>,
    pub history: Vec<HistoryValue>,
}

/// Refuses methodologies that are not the plan's, and values that cannot be collected.
pub(super) fn admit(input: &Input<'_>) -> Result<(), PeriodError> {
    let planned = &input.plan.registered.methodologies;
    let given: Vec<String> = input
        .methodologies
        .iter()
        .zip(planned)
        .filter_map(|(methodology, planned)| {
            let facts = methodology.facts();
            let given = format!("{}_ver{}", facts.id, facts.version);
            (*planned != facts.id && *planned != given).then_some(given)
        })
        .collect();
    if input.methodologies.len() != planned.len() || !given.is_empty() {
        let (planned, given) = (planned.join(", "), given.join(", "));
        return Err(PeriodError::Methodology { planned, given });
    }
    Ok(())
}

/// Collects and evaluates the part of a year.
pub(super) fn year(
    input: &Input<'_>,
    applied: &Applied<'_>,
    part: Period,
) -> Result<Evaluated, PeriodError> {
    let year = part.from().year();
    let failed = |reason: String| PeriodError::Evaluation { year, reason };
    let plain = Collected::of(input, applied, part, &[])?;
    let is_corrected = applied.sources.iter().any(|(_, source)| source.is_corrected());
    let (collected, uncorrected) = match is_corrected {
        true => {
            let sides = sides(input, applied, part)?;
            let collected = Collected::of(input, applied, part, &sides)?;
            let is_altered = collected.totals != plain.totals;
            (collected, is_altered.then_some(plain))
        }
        false => (plain, None),
    };
    let evaluate = |inputs: &[BoundedInput]| {
        let (registered, calendar) = (&applied.registered, collected.calendar.as_slice());
        let given = Given { registered, calendar, inputs, categories: &collected.categories };
        applied.methodology.evaluate(&given).map_err(failed)
    };
    let lowest = evaluate(&collected.bounds)?;
    let before = match &uncorrected {
        Some(plain) => {
            let before = evaluate(&plain.bounds)?;
            Some(Uncorrected { re: before.re, pe: before.pe, er: before.er })
        }
        None => None,
    };
    let mut inputs: Vec<InputTotal> = Vec::new();
    for (at, ((bounded, (parameter, total, is_history)), chosen)) in
        collected.bounds.iter().zip(&collected.totals).zip(&lowest.chosen).enumerate()
    {
        let plain = uncorrected.as_ref().and_then(|plain| plain.totals.get(at));
        let plain = plain.map(|(_, plain, _)| plain.clone()).filter(|plain| plain != total);
        let side = collected.sides.get(at).copied();
        inputs.push(InputTotal {
            correction: side.filter(|_| plain.is_some()),
            uncorrected: plain,
            parameter: *parameter,
            is_history: *is_history,
            symbol: bounded.symbol.clone(),
            members: bounded.members.clone(),
            unit: bounded.unit.clone(),
            total: total.clone(),
            chosen: *chosen,
        });
    }
    let (mut doubts, mut taken) = (Vec::new(), Vec::new());
    for (place, source) in &applied.sources {
        let cells: Vec<usize> = (0..inputs.len())
            .filter(|index| inputs[*index].parameter == *place)
            .filter(|index| inputs[*index].total.is_doubtful())
            .collect();
        if cells.is_empty() {
            continue;
        }
        // All others stay where they were taken; this one goes where it is best for the claim.
        let mut alone = collected.bounds.clone();
        for (at, (one, chosen)) in alone.iter_mut().zip(&lowest.chosen).enumerate() {
            if !cells.contains(&at) {
                (one.low, one.high) = (*chosen, *chosen);
            }
        }
        let er_best = evaluate(&alone)?.er_highest;
        let cost = difference(er_best, lowest.er).filter(|cost| !cost.is_negative());
        let cost =
            cost.ok_or_else(|| failed(format!("the cost of {} has no value", source.label())))?;
        let is_history = cells.iter().all(|index| inputs[*index].is_history);
        let of_parameter =
            inputs.iter().filter(|one| one.parameter == *place && one.is_history == is_history);
        let whole = whole(source, &of_parameter.cloned().collect::<Vec<_>>())
            .ok_or_else(|| failed(format!("{} has no total", source.label())))?;
        taken.push(doubt::taken(&whole));
        doubts.push(DoubtCost {
            methodology: applied.id.clone(),
            year,
            label: whole.label(),
            unit: whole.unit.clone(),
            total: whole.total.clone(),
            chosen: whole.chosen,
            er_best,
            cost,
            sentence: doubt::cost_sentence(&whole, cost),
        });
    }
    let mut factored = Vec::new();
    for (_, source) in &applied.sources {
        factored.extend(factors::facts(source, part)?);
    }
    let ex_ante = applied.registered.ex_ante.iter().find(|(of, _)| *of == year);
    // What is claimed follows from the years before: `settle` writes it.
    let result = YearResult {
        methodology: applied.id.clone(),
        year,
        part,
        inputs,
        categories: collected.categories.clone(),
        re: lowest.re,
        pe: lowest.pe,
        er: lowest.er,
        er_highest: lowest.er_highest,
        uncorrected: before,
        trial_count: lowest.trial_count,
        spreadsheet_floor: lowest.spreadsheet_floor,
        floored: 0,
        carried_in: 0,
        claimed: 0,
        carried_out: 0,
        ex_ante: ex_ante.map(|(_, value)| *value),
        why: String::new(),
        factored,
        stretches: Vec::new(),
        steps: lowest.steps.clone(),
    };
    let mut fixed = lowest.fixed.clone();
    fixed.iter_mut().for_each(|fixed| fixed.methodology.clone_from(&applied.id));
    let history = collected.history;
    Ok(Evaluated { result, evaluation: lowest, doubts, taken, fixed, history })
}

/// What a substitute earns in a year: ER less ER where the substitute were in doubt from nothing to
/// `most`, in the parameter's unit. `None` for a parameter with several values in the year.
pub(super) fn worth(
    input: &Input<'_>,
    applied: &Applied<'_>,
    (place, part): (usize, Period),
    (counted, most): (Decimal, Decimal),
) -> Option<Decimal> {
    // Before corrections of calibration: both sides of the difference are without them.
    let collected = Collected::of(input, applied, part, &[]).ok()?;
    let totals = collected.totals.iter().enumerate();
    let own: Vec<usize> = totals.filter(|(_, (of, _, _))| *of == place).map(|(at, _)| at).collect();
    let [own] = own[..] else { return None };
    let (registered, calendar) = (&applied.registered, collected.calendar.as_slice());
    let evaluate = |inputs: &[BoundedInput]| {
        let given = Given { registered, calendar, inputs, categories: &collected.categories };
        applied.methodology.evaluate(&given).ok().map(|evaluation| evaluation.er)
    };
    let mut bounds = collected.bounds.clone();
    bounds[own].low = subtract(bounds[own].low, counted)?;
    bounds[own].high = add(bounds[own].high, subtract(most, counted)?)?;
    difference(evaluate(&collected.bounds)?, evaluate(&bounds)?)
}

/// What a parameter comes to over local dates.
pub(super) fn over(
    input: &Input<'_>,
    applied: &Applied<'_>,
    source: &Source<'_>,
    part: Period,
) -> Result<Amount, PeriodError> {
    let zone = &input.plan.registered.zone;
    source.cell(&whole_cell(part, zone), weight_of(applied, source, part)?, Side::None)
}

/// To which side each input of a part is corrected: the one at which ER is lowest when its error may
/// fall on either; both where that lies between.
fn sides(input: &Input<'_>, applied: &Applied<'_>, part: Period) -> Result<Vec<Side>, PeriodError> {
    let both = Collected::of(input, applied, part, &[Side::Both])?;
    let (registered, calendar) = (&applied.registered, both.calendar.as_slice());
    let (inputs, categories) = (both.bounds.as_slice(), both.categories.as_slice());
    let given = Given { registered, calendar, inputs, categories };
    let year = part.from().year();
    let evaluated = applied.methodology.evaluate(&given);
    let evaluated = evaluated.map_err(|reason| PeriodError::Evaluation { year, reason })?;
    let side = |(one, chosen): (&BoundedInput, &Decimal)| match *chosen {
        chosen if chosen == one.low => Side::Lower,
        chosen if chosen == one.high => Side::Raise,
        _ => Side::Both,
    };
    Ok(both.bounds.iter().zip(&evaluated.chosen).map(side).collect())
}

/// Writes a year's claim and why its figures are what they are.
pub(super) fn settle(evaluated: &mut Evaluated, carried_in: i128, claim: Claim) {
    let result = &mut evaluated.result;
    result.floored = claim.floored;
    result.carried_in = carried_in;
    result.claimed = claim.claimed;
    result.carried_out = claim.carried_out;
    let mut taken: Vec<String> = result.inputs.iter().filter_map(doubt::corrected).collect();
    taken.extend(evaluated.taken.iter().cloned());
    result.why = doubt::why(&evaluated.evaluation, &taken, carried_in, claim);
}

/// A parameter's cells taken together: what it comes to over the part of the year.
pub(super) fn whole(source: &Source<'_>, cells: &[InputTotal]) -> Option<InputTotal> {
    if let [only] = cells {
        return Some(only.clone());
    }
    let totals: Vec<Amount> = cells.iter().map(|one| one.total.clone()).collect();
    let chosen = cells.iter().map(|one| one.chosen);
    let (total, chosen) = match source.how {
        How::Sum => {
            let sum = chosen.clone().try_fold(Decimal::ZERO, add)?;
            (sum_of(&totals)?, sum)
        }
        _ => {
            let of = |value: fn(&Amount) -> Option<Decimal>| {
                let values = totals.iter().map(|one| Some((value(one)?, one.length_us)));
                mean_of_stated(&values.collect::<Option<Vec<_>>>()?)
            };
            let mut total = nothing(false);
            totals.iter().for_each(|one| super::collect::widen(&mut total, one));
            total.low = Some(of(|one| one.low)?);
            total.high = Some(of(|one| one.high)?);
            let times = chosen.zip(&totals).map(|(value, one)| (value, one.length_us));
            (total, mean_of_stated(&times.collect::<Vec<_>>())?)
        }
    };
    let first = cells.first()?;
    let members = source.parameter.members.clone();
    Some(InputTotal { members, total, chosen, ..first.clone() })
}

/// What the equations of a year are given.
struct Collected {
    sides: Vec<Side>,
    calendar: Vec<CalendarSet>,
    bounds: Vec<BoundedInput>,
    /// Of each bound: its parameter's place in the plan, what was collected, and whether it lies
    /// before the evaluated part.
    totals: Vec<(usize, Amount, bool)>,
    categories: Vec<CategoryInput>,
    history: Vec<HistoryValue>,
}

impl Collected {
    /// `sides`: of each input in their order; the last also of all after it, none of nothing.
    fn of(
        input: &Input<'_>,
        applied: &Applied<'_>,
        part: Period,
        sides: &[Side],
    ) -> Result<Self, PeriodError> {
        let mut collected = Self {
            sides: sides.to_vec(),
            calendar: Vec::new(),
            bounds: Vec::new(),
            totals: Vec::new(),
            categories: Vec::new(),
            history: Vec::new(),
        };
        for (grain, needs_history) in applied.methodology.calendars() {
            let (cells, first) = calendar(input, grain, part, needs_history)?;
            let members = cells.into_iter().map(|cell| cell.name).collect();
            collected.calendar.push(CalendarSet { grain, members, first });
        }
        for (place, source) in &applied.sources {
            collected.parameter(input, applied, *place, source, part)?;
        }
        Ok(collected)
    }

    fn parameter(
        &mut self,
        input: &Input<'_>,
        applied: &Applied<'_>,
        place: usize,
        source: &Source<'_>,
        part: Period,
    ) -> Result<(), PeriodError> {
        let zone = &input.plan.registered.zone;
        let parameter = source.parameter;
        let collection = applied.methodology.collection(&parameter.symbol);
        let mut over = None;
        let mut needs_history = false;
        if let Some(collection) = &collection {
            needs_history = collection.needs_history;
            let mut found = collection.indices.iter().enumerate();
            over = found.find_map(|(at, (_, grain))| grain.map(|grain| (at, grain)));
            if found.any(|(_, (_, grain))| grain.is_some()) {
                let reason = format!("{} runs over two calendars", source.label());
                return Err(PeriodError::Evaluation { year: part.from().year(), reason });
            }
        }
        let Some((at, grain)) = over else {
            let cell = whole_cell(part, zone);
            let members = parameter.members.clone();
            return self.cell(input, applied, (place, source), (&cell, false), members);
        };
        let (cells, first) = calendar(input, grain, part, needs_history)?;
        for (number, cell) in cells.iter().enumerate() {
            let mut members = parameter.members.clone();
            members.insert(at.min(members.len()), cell.name.clone());
            let is_history = number < first;
            let sealed = input.history.iter().find(|one| {
                is_history
                    && one.methodology == applied.id
                    && one.symbol == parameter.symbol
                    && one.members == members
            });
            match sealed {
                Some(sealed) => self.sealed(place, sealed, cell),
                None => {
                    self.cell(input, applied, (place, source), (cell, is_history), members)?;
                }
            }
            if let (true, false, Some(bound)) = (needs_history, is_history, self.bounds.last()) {
                self.history.push(HistoryValue {
                    methodology: applied.id.clone(),
                    symbol: bound.symbol.clone(),
                    members: bound.members.clone(),
                    unit: bound.unit.clone(),
                    low: bound.low,
                    high: bound.high,
                });
            }
        }
        Ok(())
    }

    /// A value of an earlier period, as it was sealed.
    fn sealed(&mut self, place: usize, sealed: &HistoryValue, cell: &Cell) {
        let length_us = cell.to.us() - cell.from.us();
        let total = Amount {
            measured: (sealed.low == sealed.high).then_some(sealed.low),
            low: Some(sealed.low),
            high: Some(sealed.high),
            covered_us: length_us,
            length_us,
            ..nothing(true)
        };
        self.totals.push((place, total, true));
        self.bounds.push(BoundedInput {
            symbol: sealed.symbol.clone(),
            members: sealed.members.clone(),
            unit: sealed.unit.clone(),
            low: sealed.low,
            high: sealed.high,
        });
    }

    fn cell(
        &mut self,
        input: &Input<'_>,
        applied: &Applied<'_>,
        (place, source): (usize, &Source<'_>),
        (cell, is_history): (&Cell, bool),
        members: Vec<String>,
    ) -> Result<(), PeriodError> {
        let symbol = source.parameter.symbol.clone();
        if source.how == How::Category {
            let category = source.category(cell);
            self.categories.push(CategoryInput { symbol, members, category });
            return Ok(());
        }
        let weight = weight_of(applied, source, input.period)?;
        let side = self.sides.get(self.bounds.len()).or(self.sides.last());
        let total = source.cell(cell, weight, side.copied().unwrap_or(Side::None))?;
        let (Some(low), Some(high)) = (total.low, total.high) else {
            let label = label(&symbol, &members);
            return Err(PeriodError::Total { label, part: cell.name.clone() });
        };
        let unit = source.entered.symbol.clone();
        self.bounds.push(BoundedInput { symbol, members, unit, low, high });
        self.totals.push((place, total, is_history));
        Ok(())
    }
}

/// The cells of a part of a year, after those since the crediting period began where equations look
/// back; and where the part begins.
fn calendar(
    input: &Input<'_>,
    grain: Grain,
    part: Period,
    needs_history: bool,
) -> Result<(Vec<Cell>, usize), PeriodError> {
    let zone = &input.plan.registered.zone;
    let evaluated = cells(grain, part, zone);
    if !needs_history {
        return Ok((evaluated, 0));
    }
    let begin = input.plan.registered.crediting.0.min(part.from());
    let mut all = cells(grain, Period::new(begin, part.to())?, zone);
    // A year or month in which the part begins is evaluated in the part alone.
    let first = all.len().saturating_sub(evaluated.len());
    all.splice(first.., evaluated);
    Ok((all, first))
}

fn whole_cell(part: Period, zone: &Zone) -> Cell {
    let (from, to) = (part.start(zone), part.end(zone));
    Cell { name: part.form(), from, to, part: Some(part) }
}

/// The parameter that a weighted mean is weighted by: of the same members.
fn weight_of<'a, 'b>(
    applied: &'a Applied<'b>,
    source: &Source<'_>,
    part: Period,
) -> Result<Option<&'a Source<'b>>, PeriodError> {
    let How::Weighted(by) = &source.how else { return Ok(None) };
    // A weight may have fewer indices: composition[r, g] is weighted by Q[r].
    let named = |symbol: &str| -> Vec<String> {
        let collection = applied.methodology.collection(symbol);
        let indices = collection.map_or(Vec::new(), |collection| collection.indices);
        indices.into_iter().filter(|(_, cut)| cut.is_none()).map(|(name, _)| name).collect()
    };
    let own: Vec<(String, &String)> =
        named(&source.parameter.symbol).into_iter().zip(&source.parameter.members).collect();
    let wanted: Vec<&String> = named(by)
        .iter()
        .filter_map(|index| own.iter().find(|(name, _)| name == index).map(|(_, member)| *member))
        .collect();
    let is_weight = |one: &&(usize, Source<'_>)| {
        one.1.parameter.symbol == *by && one.1.parameter.members.iter().eq(wanted.iter().copied())
    };
    match applied.sources.iter().find(is_weight) {
        Some((_, weight)) => Ok(Some(weight)),
        None => Err(PeriodError::Evaluation {
            year: part.from().year(),
            reason: format!("{} is weighted by {by}, which is not there", source.label()),
        }),
    }
}
