//! Values written by hand for a methodology: from one JSON object to the inputs of an evaluation.
//!
//! Takes an object that names parameters by their symbols, or one with such an object as `inputs`:
//!
//! - A value is `{"value": "1.5", "unit": "MWh"}`, in doubt `{"low": "1", "high": "2", "unit": "MWh"}`.
//!   Numbers with a point are texts, so that no digit is lost. A bare text, whole number or boolean
//!   (true is 1) is a number of unit 1, or of things counted, such as stores.
//! - Beside a value may stand its uncertainty as a fraction of it: `"permissible": "0.005"` (maximum
//!   permissible error, class) or `"expanded": "0.01", "factor": "2"` (certificate), and its `cause`:
//!   values of one cause, such as one meter, err together. Without it the cause is the symbol.
//! - Members of an index are keys, nested to any depth: `"EC": {"roof": {...}}`. Where fewer levels
//!   are written than the parameter has indices, they are those of its last indices, and the value
//!   counts for each member of the others. An index that nothing names has the one member `1`.
//! - `year` says which year of a calendar is evaluated. A monitored parameter whose keys are calendar
//!   years, in a methodology without an index over years, gives separate years.
//! - A category is given by the name of the member that it chooses.
//! - Shares of one member (unit 1, two indices or more) that add up to exactly 1 leave nothing for
//!   the members that they do not name: those count as 0, and a note says so.
//!
//! Everything wrong is told at once, worded for people. Never guesses a unit and never fills a value.

mod calendar;
mod node;
mod place;
pub mod unit;

use serde_json::Value;

use super::Uncertain;
use super::inputs::Inputs;
use super::model::{IndexSet, Methodology, Parameter, ParameterKind};
use node::Node;
use place::Places;

/// What was given: the inputs of one evaluation, or of one for each calendar year.
#[derive(Debug, Clone)]
pub struct Given {
    /// In the order of time; at least one.
    pub years: Vec<GivenYear>,
    /// What was understood beyond what was written, for people.
    pub notes: Vec<String>,
}

/// The inputs of one calendar year, or of the one part that values without years are of.
#[derive(Debug, Clone)]
pub struct GivenYear {
    /// As written; `None` where the values name no year.
    pub year: Option<String>,
    pub inputs: Inputs,
    /// Values that say how uncertain they are.
    pub uncertain: Vec<Uncertain>,
}

/// Reads the values of a methodology.
///
/// # Errors
/// Everything found wrong, worded for people.
pub fn read(methodology: &Methodology, values: &Value) -> Result<Given, Vec<String>> {
    let Some(mut object) = values.as_object() else {
        return Err(vec!["values are one JSON object, by symbols of the methodology".to_owned()]);
    };
    if let Some(Value::Object(inputs)) = object.get("inputs")
        && methodology.parameter("inputs").is_none()
    {
        object = inputs;
    }
    let mut faults = Vec::new();
    let mut given: Vec<(&Parameter, Node)> = Vec::new();
    let mut year = None;
    for (symbol, value) in object {
        if symbol == "year" {
            match value {
                Value::Number(number) => year = Some(number.to_string()),
                Value::String(text) => year = Some(text.clone()),
                _ => faults.push("year is written as 2025".to_owned()),
            }
            continue;
        }
        let Some(parameter) = methodology.parameter(symbol) else {
            faults.push(unknown(methodology, symbol));
            continue;
        };
        match Node::read(symbol, value) {
            Ok(node) => {
                let years = usize::from(is_by_year(methodology, parameter, &node));
                match node.depth().saturating_sub(years) <= parameter.indices.len() {
                    true => given.push((parameter, node)),
                    false => faults.push(format!(
                        "{symbol} has {} levels of members, and the methodology gives it {}",
                        node.depth(),
                        indices_of(parameter)
                    )),
                }
            }
            Err(fault) => faults.push(fault),
        }
    }
    let years = calendar_years(methodology, &given);
    let mut notes = Vec::new();
    let mut read = Vec::new();
    for one in if years.is_empty() { vec![None] } else { years.into_iter().map(Some).collect() } {
        let of_year: Vec<(&Parameter, &Node)> = given
            .iter()
            .filter_map(|(parameter, node)| match &one {
                Some(year) if is_by_year(methodology, parameter, node) => {
                    node.member(year).map(|node| (*parameter, node))
                }
                _ => Some((*parameter, node)),
            })
            .collect();
        let places = Places::new(methodology, &of_year, year.as_deref(), &mut faults);
        let inputs = places.fill(methodology, &of_year, &mut faults, &mut notes);
        let uncertain = places.uncertain(&of_year, &mut faults);
        read.push(GivenYear { year: one.or_else(|| year.clone()), inputs, uncertain });
    }
    let mut told: Vec<String> = Vec::new();
    faults.into_iter().for_each(|fault| {
        if !told.contains(&fault) {
            told.push(fault)
        }
    });
    notes.dedup();
    match told.is_empty() {
        true => Ok(Given { years: read, notes }),
        false => Err(told),
    }
}

fn unknown(methodology: &Methodology, symbol: &str) -> String {
    if methodology.equation(symbol).is_some() {
        return format!("{symbol} is computed by the methodology and cannot be given");
    }
    let known: Vec<&str> = methodology.parameters.iter().map(|p| p.symbol.as_str()).collect();
    format!(
        "methodology {} knows no parameter {symbol}; it has {}",
        methodology.id,
        known.join(", ")
    )
}

fn indices_of(parameter: &Parameter) -> String {
    match parameter.indices.as_slice() {
        [] => "no index".to_owned(),
        [one] => format!("the index {one}"),
        more => format!("the indices {}", more.join(", ")),
    }
}

/// The calendar years that values are separated into, in the order of time.
fn calendar_years(methodology: &Methodology, given: &[(&Parameter, Node)]) -> Vec<String> {
    let mut years: Vec<String> = given
        .iter()
        .filter(|(parameter, node)| is_by_year(methodology, parameter, node))
        .flat_map(|(_, node)| node.members().map(str::to_owned))
        .collect();
    years.sort();
    years.dedup();
    years
}

/// True where the outermost keys are calendar years, and no index of the methodology's.
fn is_by_year(methodology: &Methodology, parameter: &Parameter, node: &Node) -> bool {
    let has_years = methodology.indices.iter().any(|index| index.set == IndexSet::Years);
    let is_monitored = matches!(parameter.kind, ParameterKind::Monitored { .. });
    let is_year = |member: &str| {
        member.len() == 4
            && (member.starts_with("19") || member.starts_with("20"))
            && member.chars().all(|digit| digit.is_ascii_digit())
    };
    let is_member = |member: &str| {
        parameter.indices.iter().filter_map(|index| methodology.index(index)).any(|index| {
            matches!(&index.set, IndexSet::Fixed(members) if members.iter().any(|m| m == member))
        })
    };
    is_monitored
        && !has_years
        && node.depth() > 0
        && node.members().all(|member| is_year(member) && !is_member(member))
}
