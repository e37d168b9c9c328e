//! The uncertainty of each year's ER from what the plan says of its meters, as information.
//!
//! A meter of accuracy class 0.5 errs by up to 0.5 % of what it shows, anything up to that as likely
//! (GUM 4.3.7): a standard uncertainty of the class divided by the root of 3. The error of one meter is the
//! same in all that it measures; several meters of one parameter err each by itself, in the proportion of
//! what they measured. Meters whose class does not say a percentage, documents and fixed values are named
//! as not set and never taken as exact. Nothing here changes ER.

use crate::config::plan::Plan;
use crate::domain::decimal::Decimal;
use crate::domain::reading::DeviceKey;
use crate::methodology::{Number, NumberError, Outcome, Spread, Uncertain};

use super::exact::{add, subtract};
use super::statement::{
    ChannelFacts, ParameterFacts, UncertaintyFacts, UncertaintyShare, YearResult,
};

/// Most that an accuracy class is read as, in percent: a larger number is no class.
const CLASS_MAX: &str = "20";

/// The budget of one year.
pub(super) fn of_year(
    plan: &Plan,
    year: &YearResult,
    outcome: &Outcome,
    parameters: &[ParameterFacts],
    channels: &[ChannelFacts],
) -> UncertaintyFacts {
    let mut uncertain = Vec::new();
    let mut sources: Vec<(String, String)> = Vec::new();
    let mut unset: Vec<String> = Vec::new();
    for input in &year.inputs {
        let Some(parameter) = parameters.get(input.parameter) else { continue };
        let spreads = spreads(plan, year, parameter, channels, input.chosen);
        match spreads {
            Ok(found) => {
                for (meter, source, spread) in found {
                    if !sources.iter().any(|(known, _)| *known == meter) {
                        sources.push((meter.clone(), source));
                    }
                    uncertain.push(Uncertain {
                        symbol: input.symbol.clone(),
                        members: input.members.clone(),
                        spread,
                        cause: meter,
                    });
                }
            }
            Err(reason) => {
                let line = format!("{}: {reason}", parameter.label());
                if !unset.contains(&line) {
                    unset.push(line);
                }
            }
        }
    }
    let ranking = outcome
        .ranking
        .iter()
        .filter_map(|rank| {
            let label = super::statement::label(&rank.symbol, &rank.members);
            Some((label, rank.per_percent.to_decimal().ok()?))
        })
        .collect();
    let mut facts = UncertaintyFacts {
        methodology: year.methodology.clone(),
        year: year.year,
        shares: Vec::new(),
        causes: Vec::new(),
        combined: None,
        expanded: None,
        percent: None,
        unset,
        ranking,
    };
    // Without any there is no budget, and an error of arithmetic is none of the report's figures.
    if uncertain.is_empty() {
        return facts;
    }
    let budget = match outcome.budget(&uncertain) {
        Ok(budget) => budget,
        Err(error) => {
            facts.unset.push(error.to_string());
            return facts;
        }
    };
    let decimal = |number: &Number| number.to_decimal().ok();
    for share in &budget.shares {
        let (Some(standard), Some(sensitivity), Some(contribution)) =
            (decimal(&share.standard), decimal(&share.sensitivity), decimal(&share.contribution))
        else {
            continue;
        };
        let unit = year
            .inputs
            .iter()
            .find(|one| one.symbol == share.symbol && one.members == share.members)
            .map_or(String::new(), |one| one.unit.clone());
        facts.shares.push(UncertaintyShare {
            label: super::statement::label(&share.symbol, &share.members),
            cause: share.cause.clone(),
            unit,
            standard,
            sensitivity,
            contribution,
        });
    }
    for (cause, sum) in &budget.causes {
        let source = sources.iter().find(|(known, _)| known == cause);
        if let (Some((_, source)), Some(sum)) = (source, decimal(sum)) {
            facts.causes.push((cause.clone(), source.clone(), sum));
        }
    }
    facts.combined = decimal(&budget.combined);
    facts.expanded = decimal(&budget.expanded);
    facts.percent = budget.percent.as_ref().and_then(decimal);
    facts
}

/// Meter, where its uncertainty comes from, and the uncertainty that it gives the parameter.
type Found = Vec<(String, String, Spread)>;

fn spreads(
    plan: &Plan,
    year: &YearResult,
    parameter: &ParameterFacts,
    channels: &[ChannelFacts],
    chosen: Decimal,
) -> Result<Found, String> {
    if parameter.channels.is_empty() {
        return Err("not set: it stands on documents".to_owned());
    }
    let mut meters = Vec::new();
    for key in &parameter.channels {
        let planned = plan.channel(key).ok_or("not set: its channel is not in the plan")?;
        let device = plan.device(&DeviceKey { site: key.site.clone(), device: key.device.clone() });
        // The channel's own class, or that of the meter which its device has by the plan.
        let named = match (planned.class.as_str(), device) {
            ("", Some(device)) => &device.plate.class,
            _ => &planned.class,
        };
        let class = class(named)
            .ok_or_else(|| format!("not set: class {named:?} of {key} says no percentage"))?;
        let certificate = device.and_then(|device| device.certificates.last());
        let certificate = certificate.map_or(String::new(), |one| {
            format!("; last certificate {} of {} by {}", one.number, one.date, one.body)
        });
        let facts = channels.iter().find(|one| one.key == *key);
        let amount = facts.and_then(|one| measured(one, year));
        let unit = facts.map_or("", |one| one.unit.as_str());
        let serial = match (planned.serial.as_str(), device) {
            ("", Some(device)) => &device.plate.serial,
            _ => &planned.serial,
        };
        let source = format!("accuracy class {named} of the plan, meter {serial}{certificate}");
        meters.push((key.to_string(), source, class, amount, unit));
    }
    if let [(meter, source, class, ..)] = &meters[..] {
        return Ok(vec![(meter.clone(), source.clone(), Spread::Permissible(class.clone()))]);
    }
    let units_differ = meters.iter().any(|meter| meter.4 != meters[0].4);
    let amounts: Option<Vec<Decimal>> = meters.iter().map(|meter| meter.3).collect();
    let amounts = amounts.filter(|_| !units_differ && parameter.is_amount);
    let amounts = amounts.ok_or("not set: its meters' shares are not known")?;
    let total = amounts.iter().try_fold(Decimal::ZERO, |sum, one| add(sum, *one));
    let total = total.filter(|total| !total.is_zero()).ok_or("not set: nothing was measured")?;
    let mut found = Vec::new();
    for ((meter, source, class, ..), amount) in meters.into_iter().zip(amounts) {
        let part = part(chosen, amount, total, &class).map_err(|error| error.to_string())?;
        found.push((meter, source, Spread::Standard(part)));
    }
    Ok(found)
}

/// What a meter measured in the year, in its own unit.
fn measured(channel: &ChannelFacts, year: &YearResult) -> Option<Decimal> {
    let of_year = channel.months.iter().filter(|(part, _)| part.from().year() == year.year);
    of_year.map(|(_, total)| total.measured).try_fold(Decimal::ZERO, |sum, one| add(sum, one?))
}

/// The standard uncertainty of a meter's part of a value.
fn part(
    value: Decimal,
    amount: Decimal,
    total: Decimal,
    class: &Number,
) -> Result<Number, NumberError> {
    let value = Number::from(value).multiply(&Number::from(amount))?;
    let value = value.divide(&Number::from(total))?;
    Spread::Permissible(class.clone()).standard(&value)
}

/// An accuracy class as a fraction: `0.5S`, `0.2`, `class 1`, `Cl. 0.5` (IEC 62053-21 and -22 name classes by
/// the limit of their error in percent). Letters of other systems (EN 50470-3: A, B, C) are not read.
fn class(text: &str) -> Option<Number> {
    let lower = text.trim().to_lowercase();
    let bare = lower.trim_start_matches("class").trim_start_matches("cl.").trim();
    let bare = bare.trim_end_matches('%').trim().trim_end_matches('s').trim();
    let percent = Decimal::parse(bare).ok().filter(|one| !one.is_zero() && !one.is_negative())?;
    let most = Decimal::parse(CLASS_MAX).ok()?;
    if subtract(most, percent)?.is_negative() {
        return None;
    }
    Number::from(percent).divide(&Number::from_integer(100)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_a_percentage_and_anything_else_is_none() {
        for (text, fraction) in [
            ("0.5S", "0.005"),
            ("0.2", "0.002"),
            ("class 1", "0.01"),
            ("Cl. 0.5 s", "0.005"),
            ("2 %", "0.02"),
        ] {
            assert_eq!(class(text).map(|one| one.to_string()), Some(fraction.to_owned()), "{text}");
        }
        for text in ["", "B", "0", "-1", "50", "about 1", "0.5S or better"] {
            assert_eq!(class(text), None, "{text}");
        }
    }
}
