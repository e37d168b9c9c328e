//! Whether a plan gives what a methodology asks for (V-PLAN), worded for people.

use super::model::{Index, IndexSet, Methodology, Parameter, ParameterKind};
use super::outcome::place;
use super::unit::CompoundUnit;
use crate::config::plan::{MonitoringOption, Registered};

/// See [`Methodology::check_inputs`].
pub(super) fn check_inputs(methodology: &Methodology, registered: &Registered) -> Vec<String> {
    let mut findings = Vec::new();
    let index_sets = sets(methodology, registered);
    for index in methodology.indices.iter().filter(|index| index.set == IndexSet::Planned) {
        let set = registered.index_sets.iter().find(|(symbol, _)| *symbol == index.symbol);
        if set.is_none_or(|(_, members)| members.is_empty()) {
            findings.push(format!(
                "index {} ({}) has no members; write {} = [\"...\"] under [registered.indices]",
                index.symbol, index.about, index.symbol
            ));
        }
    }
    for (symbol, _) in &registered.index_sets {
        let why = match methodology.index(symbol).map(|index| &index.set) {
            Some(IndexSet::Planned) => continue,
            None => format!("methodology {} knows no index {symbol}", methodology.id),
            Some(IndexSet::Fixed(_)) => {
                format!("methodology {} names the members of index {symbol} itself", methodology.id)
            }
            Some(_) => format!("index {symbol} of methodology {} is over time", methodology.id),
        };
        findings.push(format!("{why}; remove it from [registered.indices]"));
    }
    for parameter in &methodology.parameters {
        for members in combinations(&planned_indices(methodology, parameter), &index_sets) {
            expected(parameter, &members, registered, &mut findings);
        }
    }
    unexpected(methodology, registered, &index_sets, &mut findings);
    findings
}

/// The members of every index that is not over time.
fn sets(methodology: &Methodology, registered: &Registered) -> Vec<(String, Vec<String>)> {
    let of = |index: &Index| match &index.set {
        IndexSet::Fixed(members) => Some((index.symbol.clone(), members.clone())),
        IndexSet::Planned => {
            registered.index_sets.iter().find(|(symbol, _)| *symbol == index.symbol).cloned()
        }
        _ => None,
    };
    methodology.indices.iter().filter_map(of).collect()
}

/// The indices whose members a plan names with a parameter: all but those over time.
fn planned_indices(methodology: &Methodology, parameter: &Parameter) -> Vec<String> {
    let is_over_time =
        |symbol: &String| methodology.index(symbol).is_some_and(|index| index.set.is_calendar());
    parameter.indices.iter().filter(|index| !is_over_time(index)).cloned().collect()
}

/// Every combination of members of these indices, in the order of the sets.
pub(super) fn combinations(
    indices: &[String],
    index_sets: &[(String, Vec<String>)],
) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    for index in indices {
        let set = index_sets.iter().find(|(symbol, _)| symbol == index);
        let members = set.map_or(&[][..], |(_, members)| members.as_slice());
        all = all
            .iter()
            .flat_map(|prefix| {
                members.iter().map(move |member| {
                    let mut longer = prefix.clone();
                    longer.push(member.clone());
                    longer
                })
            })
            .collect();
    }
    all
}

fn expected(
    parameter: &Parameter,
    members: &[String],
    registered: &Registered,
    findings: &mut Vec<String>,
) {
    let name = place(&parameter.symbol, members);
    let is_here = |symbol: &str, of: &[String]| symbol == parameter.symbol && of == members;
    let monitored = registered.parameters.iter().find(|p| is_here(&p.symbol, &p.members));
    let fixed: Vec<_> =
        registered.fixed.iter().filter(|f| is_here(&f.symbol, &f.members)).collect();
    match &parameter.kind {
        ParameterKind::Monitored { options, .. } => {
            if !fixed.is_empty() {
                findings.push(format!(
                    "{name} is fixed in the plan, and the methodology monitors it; make it a \
                     [[registered.parameter]]"
                ));
            }
            let Some(monitored) = monitored else {
                if fixed.is_empty() {
                    findings.push(format!(
                        "{name} ({}) is not monitored; add a [[registered.parameter]]",
                        parameter.about
                    ));
                }
                return;
            };
            // A category is a member of an index and has no unit.
            if parameter.category_of.is_none() {
                unit_fits(parameter, &name, &monitored.unit, findings);
            }
            if !options.contains(&monitored.option) {
                let allowed: Vec<_> =
                    options.iter().map(|o| MonitoringOption::as_str(*o)).collect();
                findings.push(format!(
                    "{name} is monitored by option {}, the methodology allows {}",
                    monitored.option.as_str(),
                    allowed.join(", ")
                ));
            }
        }
        ParameterKind::Fixed { .. } => {
            if monitored.is_some() {
                findings.push(format!(
                    "{name} is monitored in the plan, and the methodology fixes it; make it a \
                     [[registered.fixed]]"
                ));
            } else if fixed.is_empty() && parameter.default(members).is_none() {
                findings.push(format!(
                    "{name} ({}) has no value; add a [[registered.fixed]] in {}",
                    parameter.about, parameter.unit
                ));
            }
            if fixed.len() > 1 {
                findings.push(format!("{name} is fixed {} times; keep one", fixed.len()));
            }
            for value in fixed {
                unit_fits(parameter, &name, &value.unit, findings);
            }
        }
    }
}

fn unit_fits(parameter: &Parameter, name: &str, given: &str, findings: &mut Vec<String>) {
    match CompoundUnit::parse(given) {
        Ok(unit) if unit.is_convertible_to(&parameter.unit) => {}
        Ok(unit) => findings.push(format!(
            "{name} is in {unit} in the plan, which does not convert to {} of the methodology",
            parameter.unit
        )),
        Err(error) => findings.push(format!("{name}: {error}")),
    }
}

/// What the plan names and the methodology does not.
fn unexpected(
    methodology: &Methodology,
    registered: &Registered,
    index_sets: &[(String, Vec<String>)],
    findings: &mut Vec<String>,
) {
    let monitored = registered.parameters.iter().map(|p| (&p.symbol, &p.members));
    let fixed = registered.fixed.iter().map(|f| (&f.symbol, &f.members));
    for (symbol, members) in monitored.chain(fixed) {
        let name = place(symbol, members);
        let Some(parameter) = methodology.parameter(symbol) else {
            findings.push(format!(
                "methodology {} knows no parameter {symbol}; remove {name} from the plan",
                methodology.id
            ));
            continue;
        };
        let indices = planned_indices(methodology, parameter);
        if !combinations(&indices, index_sets).contains(members) {
            findings.push(format!(
                "{name} does not fit {}: its members are one of each index, in this order",
                place(symbol, &indices)
            ));
        }
    }
}
