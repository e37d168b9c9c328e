//! Which members every index has, and every value at its place.

use super::node::{Leaf, Node};
use super::{calendar, unit};
use crate::domain::decimal::Decimal;
use crate::methodology::fit::combinations;
use crate::methodology::inputs::{Bounds, Inputs};
use crate::methodology::model::{IndexSet, Methodology, Parameter};
use crate::methodology::outcome::place;
use crate::methodology::unit::CompoundUnit;
use crate::methodology::{Number, Spread, Uncertain};

/// The members of every index.
pub(super) struct Places {
    sets: Vec<(String, Vec<String>)>,
    calendars: Vec<(IndexSet, Vec<String>, usize)>,
}

impl Places {
    /// Collects the members that values name, in the order written.
    pub(super) fn new(
        methodology: &Methodology,
        given: &[(&Parameter, &Node)],
        year: Option<&str>,
        faults: &mut Vec<String>,
    ) -> Self {
        let mut named: Vec<(String, Vec<String>)> =
            methodology.indices.iter().map(|index| (index.symbol.clone(), Vec::new())).collect();
        for (parameter, node) in given {
            for (path, leaf) in node.leaves() {
                let own = last_indices(parameter, path.len());
                for (index, member) in own.iter().zip(&path) {
                    name(&mut named, index, member);
                }
                if let Some(of) = &parameter.category_of {
                    name(&mut named, of, &leaf.low);
                }
            }
        }
        let mut calendars: Vec<(IndexSet, Vec<String>, usize)> = Vec::new();
        for index in methodology.indices.iter().filter(|index| index.set.is_calendar()) {
            if calendars.iter().any(|(set, ..)| *set == index.set) {
                continue;
            }
            let alike = methodology.indices.iter().filter(|other| other.set == index.set);
            let keys = alike.flat_map(|other| members_of(&named, &other.symbol).to_vec()).collect();
            match calendar::members(&index.set, keys, year) {
                Ok((members, first)) => calendars.push((index.set.clone(), members, first)),
                Err(fault) => faults.push(fault),
            }
        }
        let mut sets = Vec::new();
        for index in &methodology.indices {
            let given = members_of(&named, &index.symbol).to_vec();
            let members = match &index.set {
                IndexSet::Planned if given.is_empty() => vec!["1".to_owned()],
                IndexSet::Planned => given,
                IndexSet::Fixed(members) => {
                    for unknown in given.iter().filter(|member| !members.contains(member)) {
                        faults.push(format!(
                            "{unknown} is no member of index {}; it has {}",
                            index.symbol,
                            members.join(", ")
                        ));
                    }
                    members.clone()
                }
                set => {
                    let known = calendars.iter().find(|(known, ..)| known == set);
                    known.map(|(_, members, _)| members.clone()).unwrap_or_default()
                }
            };
            sets.push((index.symbol.clone(), members));
        }
        Self { sets, calendars }
    }

    /// The inputs, each value at its place; what lacks a value is told.
    pub(super) fn fill(
        &self,
        methodology: &Methodology,
        given: &[(&Parameter, &Node)],
        faults: &mut Vec<String>,
        notes: &mut Vec<String>,
    ) -> Inputs {
        let is_calendar =
            |symbol: &str| methodology.index(symbol).is_some_and(|index| index.set.is_calendar());
        let planned: Vec<(String, Vec<String>)> =
            self.sets.iter().filter(|(symbol, _)| !is_calendar(symbol)).cloned().collect();
        let mut inputs = Inputs::new(&planned);
        for (set, members, first) in &self.calendars {
            inputs.set_calendar(set.clone(), members.clone(), *first);
        }
        for (parameter, node) in given {
            for (members, leaf) in self.everywhere(parameter, node) {
                if let Err(fault) = set(&mut inputs, parameter, &members, leaf) {
                    faults.push(format!("{}: {fault}", place(&parameter.symbol, &members)));
                }
            }
            self.rest_of_shares(parameter, node, &mut inputs, notes);
        }
        inputs
    }

    /// Every value with the members it counts for.
    fn everywhere<'a>(
        &self,
        parameter: &Parameter,
        node: &'a Node,
    ) -> Vec<(Vec<String>, &'a Leaf)> {
        let mut all = Vec::new();
        for (path, leaf) in node.leaves() {
            let others = parameter.indices.len().saturating_sub(path.len());
            for mut members in combinations(&parameter.indices[..others], &self.sets) {
                members.extend(path.iter().cloned());
                all.push((members, leaf));
            }
        }
        all
    }

    /// What values say of their uncertainty.
    pub(super) fn uncertain(
        &self,
        given: &[(&Parameter, &Node)],
        faults: &mut Vec<String>,
    ) -> Vec<Uncertain> {
        let mut uncertain = Vec::new();
        for (parameter, node) in given {
            for (members, leaf) in self.everywhere(parameter, node) {
                let Some(said) = &leaf.spread else { continue };
                let number = |text: &str| Decimal::parse(text).map(Number::from);
                let spread = match &said.factor {
                    None => number(&said.size).map(Spread::Permissible),
                    Some(factor) => number(&said.size).and_then(|expanded| {
                        Ok(Spread::Certified { expanded, factor: number(factor)? })
                    }),
                };
                let symbol = parameter.symbol.clone();
                match spread {
                    Ok(spread) => uncertain.push(Uncertain {
                        cause: said.cause.clone().unwrap_or_else(|| symbol.clone()),
                        symbol,
                        members,
                        spread,
                    }),
                    Err(error) => faults.push(format!("{}: {error}", place(&symbol, &members))),
                }
            }
        }
        uncertain
    }

    /// Shares that add up to exactly 1 leave nothing for members without one.
    fn rest_of_shares(
        &self,
        parameter: &Parameter,
        node: &Node,
        inputs: &mut Inputs,
        notes: &mut Vec<String>,
    ) {
        let Some(last) = parameter.indices.last() else { return };
        let is_share = CompoundUnit::parse("1").is_ok_and(|one| one == parameter.unit);
        if parameter.indices.len() < 2 || !is_share || node.depth() != parameter.indices.len() {
            return;
        }
        let everyone = members_of(&self.sets, last);
        let mut wholes: Vec<(Vec<String>, Number, Vec<String>)> = Vec::new();
        for (mut path, leaf) in node.leaves() {
            let (Some(member), Ok(share)) = (path.pop(), Decimal::parse(&leaf.low)) else { return };
            let share = Number::from(share);
            match wholes.iter_mut().find(|(known, ..)| *known == path) {
                Some((_, whole, named)) => {
                    let Ok(sum) = whole.add(&share) else { return };
                    *whole = sum;
                    named.push(member);
                }
                None => wholes.push((path, share, vec![member])),
            }
        }
        for (path, _, named) in wholes.iter().filter(|(_, whole, _)| *whole == Number::ONE) {
            let rest: Vec<&String> = everyone.iter().filter(|m| !named.contains(m)).collect();
            for member in &rest {
                let mut members = path.clone();
                members.push((*member).clone());
                // A zero of unit 1 is always taken.
                let _taken =
                    inputs.set(&parameter.symbol, &members, Bounds::exact(Number::ZERO), "1");
            }
            if !rest.is_empty() {
                notes.push(format!(
                    "{}: the shares add up to 1, so that {} count as 0",
                    place(&parameter.symbol, path),
                    rest.iter().map(|member| member.as_str()).collect::<Vec<_>>().join(", ")
                ));
            }
        }
    }
}

fn set(
    inputs: &mut Inputs,
    parameter: &Parameter,
    members: &[String],
    leaf: &Leaf,
) -> Result<(), String> {
    if parameter.category_of.is_some() {
        inputs.set_category(&parameter.symbol, members, Some(&leaf.low));
        return Ok(());
    }
    let number = |text: &str| Decimal::parse(text).map(Number::from).map_err(|e| e.to_string());
    let (low, high) = (number(&leaf.low)?, number(&leaf.high)?);
    let written = match &leaf.unit {
        Some(unit) => unit::normalised(unit),
        None => unit::of_bare_number(&parameter.unit)
            .ok_or_else(|| {
                format!(
                    "a bare number needs its unit: {{\"value\": \"{}\", \"unit\": \"{}\"}}",
                    leaf.low, parameter.unit
                )
            })?
            .to_owned(),
    };
    let unit = CompoundUnit::parse(&written).map_err(|error| error.to_string())?;
    if !unit.is_convertible_to(&parameter.unit) {
        return Err(format!("{unit} is no {}, the unit of the methodology", parameter.unit));
    }
    let bounds = Bounds::new(low, high).map_err(|error| error.to_string())?;
    inputs.set(&parameter.symbol, members, bounds, &written).map_err(|error| error.to_string())
}

/// The last `count` indices of a parameter.
fn last_indices(parameter: &Parameter, count: usize) -> &[String] {
    &parameter.indices[parameter.indices.len().saturating_sub(count)..]
}

fn members_of<'a>(sets: &'a [(String, Vec<String>)], index: &str) -> &'a [String] {
    sets.iter().find(|(symbol, _)| symbol == index).map_or(&[], |(_, members)| members)
}

fn name(named: &mut [(String, Vec<String>)], index: &str, member: &str) {
    if let Some((_, members)) = named.iter_mut().find(|(symbol, _)| symbol == index)
        && !members.iter().any(|known| known == member)
    {
        members.push(member.to_owned());
    }
}
