//! Judges amounts and their checks by the plan and by the amounts that stand.
//!
//! What lies beyond the plan's bounds, or far from the amounts before it, is refused until whoever
//! enters it says that it is meant.

use super::Case;
use crate::config::plan::{Doubt, Parameter, Plan};
use crate::decode::amount::{AmountCheck, AmountEntry, Recorded, Value};
use crate::decode::life::is_same_person;
use crate::methodology::Number;

/// An amount per day this many times that of the one before, or less than one part of so many, is
/// asked about.
const FACTOR_MAX: i64 = 10;

/// Judges an amount by the plan and by those that stand.
pub(super) fn judge(case: &Case<'_>, entry: &AmountEntry) -> Result<(), String> {
    let ledger = case.registry.ledger();
    if is_same_person(&entry.checked_by, &entry.entered_by) {
        return Err(format!("{} entered it; another person checks it", entry.entered_by.trim()));
    }
    let parameter = planned(case.plan, entry)?;
    let before = ledger.standing();
    let mut next = ledger.clone();
    next.add(case.number, -1, entry).map_err(|error| error.to_string())?;
    let amount = next.get(case.number).ok_or("its act's number is taken")?;
    if let Some(replaces) = entry.replaces {
        let old = ledger.get(replaces).ok_or(format!("act {replaces} is no amount"))?;
        if old.entry.parameter != entry.parameter
            || old.entry.members != entry.members
            || old.entry.methodology != entry.methodology
        {
            return Err(format!("act {replaces} is an amount of another parameter"));
        }
        if entry.reason.trim().is_empty() {
            return Err("a replacement needs its reason".to_owned());
        }
    }
    let mut last_before: Option<&Recorded> = None;
    for other in before.iter().flat_map(|group| &group.alternatives) {
        let is_same = other.entry.parameter == entry.parameter
            && other.entry.members == entry.members
            && other.entry.methodology == entry.methodology;
        if !is_same || next.replaced_by(other.number).contains(&case.number) {
            continue;
        }
        let overlaps = other.from <= amount.to && amount.from <= other.to;
        let adds_up = other.kind.adds_up() && amount.kind.adds_up();
        let is_document = !entry.document_number.is_empty()
            && other.entry.document_number == entry.document_number
            && other.entry.issuer == entry.issuer
            && other.kind == amount.kind;
        let is_of_one_act = entry.replaces.is_some_and(|old| {
            ledger.replaced_by(old).contains(&other.number) || other.number == old
        });
        if (overlaps && !adds_up || is_document) && !is_of_one_act {
            return Err(format!(
                "{} of {} to {} stands for {} already; replace it: --replaces {}",
                other.name(),
                other.from,
                other.to,
                crate::period::statement::label(&entry.parameter, &entry.members),
                other.number
            ));
        }
        if other.to < amount.from && last_before.is_none_or(|last| last.to < other.to) {
            last_before = Some(other);
        }
    }
    match case.is_sure {
        true => Ok(()),
        false => sane(case.plan, parameter, &amount, last_before),
    }
}

/// A check counts only when it names an amount that somebody else entered.
pub(super) fn judge_check(case: &Case<'_>, check: &AmountCheck) -> Result<(), String> {
    let Some(amount) = case.registry.ledger().get(check.amount) else {
        return Err(format!("act {} is no amount; see mrv amount list", check.amount));
    };
    let name = check.checked_by.trim();
    if is_same_person(name, &amount.entry.entered_by) {
        return Err(format!("{name} entered {}; another person checks it", amount.name()));
    }
    if let Some(checker) = amount.checked_by {
        return Err(format!("act {} was checked already, by {checker}", check.amount));
    }
    Ok(())
}

/// The parameter of the plan that an amount speaks of.
fn planned<'a>(plan: &'a Plan, entry: &AmountEntry) -> Result<&'a Parameter, String> {
    let label = crate::period::statement::label(&entry.parameter, &entry.members);
    let is_named = |parameter: &&Parameter| {
        parameter.symbol == entry.parameter
            && parameter.members == entry.members
            && (entry.methodology.is_empty() || parameter.methodology == entry.methodology)
    };
    let parameter = plan.registered.parameters.iter().find(is_named);
    let parameter = parameter.ok_or_else(|| {
        let known: Vec<String> = plan
            .registered
            .parameters
            .iter()
            .filter(|one| one.amounts)
            .map(|one| crate::period::statement::label(&one.symbol, &one.members))
            .collect();
        format!("the plan has no parameter {label}; with amounts it has {}", known.join(", "))
    })?;
    if !parameter.amounts {
        return Err(format!("{label} takes no documents; write amounts = true in its plan"));
    }
    let is_category = entry.unit.is_empty();
    if is_category != parameter.is_category() {
        return Err(match parameter.is_category() {
            true => format!("{label} is a category: its value is a member, without a unit"),
            false => format!("{label} needs a unit, such as {}", parameter.unit),
        });
    }
    let fits = |a: &str, b: &str| {
        let unit = crate::domain::unit::Unit::parse;
        a == b || unit(a).zip(unit(b)).is_some_and(|(a, b)| a.conversion_to(b).is_some())
    };
    if !is_category && !fits(&entry.unit, &parameter.unit) {
        return Err(format!(
            "{} is no unit of {label}, which is in {}",
            entry.unit, parameter.unit
        ));
    }
    Ok(parameter)
}

/// Refuses what lies beyond the plan's bounds or far from the amount before it.
fn sane(
    plan: &Plan,
    parameter: &Parameter,
    amount: &Recorded,
    before: Option<&Recorded>,
) -> Result<(), String> {
    let zone = &plan.registered.zone;
    let advice = "look again; if it is meant, say --sure: it then counts by its bounds";
    if let Some(reason) = crate::period::beyond(parameter, amount, zone) {
        return Err(format!("{reason}; {advice}"));
    }
    let is_amount = matches!(parameter.doubt, Doubt::Capacity { .. });
    let (Some(before), true) = (before, is_amount) else { return Ok(()) };
    let number = |one: &Recorded| match &one.value {
        Value::Number(value) if one.entry.unit == amount.entry.unit => Some(Number::from(*value)),
        _ => None,
    };
    let (Some(old), Some(new)) = (number(before), number(amount)) else { return Ok(()) };
    let days = |one: &Recorded| Number::from_integer(one.day_count().into());
    // new / its days against old / its days, without a division.
    let scaled = |value: &Number, by: &Recorded, factor: i64| {
        value.multiply(&days(by)).and_then(|v| v.multiply(&Number::from_integer(factor)))
    };
    let pairs = [
        scaled(&new, before, 1).and_then(|new| Ok((new, scaled(&old, amount, FACTOR_MAX)?))),
        scaled(&old, amount, 1).and_then(|old| Ok((old, scaled(&new, before, FACTOR_MAX)?))),
    ];
    for pair in pairs {
        let (one, most) = pair.map_err(|error| error.to_string())?;
        if one > most && !old.is_zero() && !new.is_zero() {
            return Err(format!(
                "{} {} over {} days is more than {FACTOR_MAX} times away from {}, {} over {} days; look \
                 again; if it is meant, say --sure",
                amount.entry.value,
                amount.entry.unit,
                amount.day_count(),
                before.name(),
                before.entry.value,
                before.day_count()
            ));
        }
    }
    Ok(())
}
