//! Whether values are those of the rows that they cite, worded for people.

use super::{Citation, Factors};
use crate::config::plan::Registered;
use crate::domain::decimal::Decimal;
use crate::domain::diagnostic::Diagnostic;
use crate::methodology::model::{Methodology, Parameter, ParameterKind};
use crate::methodology::outcome::place;
use crate::methodology::unit::CompoundUnit;
use crate::methodology::{Number, NumberError};

/// Defaults and samples of a methodology that are not those of the rows they cite, and citations
/// that lead nowhere. `file` and `text` are the methodology's own, for the places of the findings.
#[must_use]
pub fn check_methodology(
    factors: &Factors,
    methodology: &Methodology,
    file: &str,
    text: &str,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for parameter in methodology.parameters.iter().filter(|p| !p.factor.is_empty()) {
        for message in cited_defaults(factors, parameter) {
            let message = format!("{}: {message}", parameter.symbol);
            let symbol = format!("symbol = \"{}\"", parameter.symbol);
            found.push(match text.find(&symbol) {
                Some(at) => Diagnostic::at(file, text, at..at + symbol.len(), message),
                None => Diagnostic::whole(file, message),
            });
        }
    }
    found
}

fn cited_defaults(factors: &Factors, parameter: &Parameter) -> Vec<String> {
    let citation = match Citation::parse(&parameter.factor) {
        Ok(citation) => citation,
        Err(error) => return vec![error.to_string()],
    };
    let ParameterKind::Fixed { defaults } = &parameter.kind else {
        return vec!["only a fixed parameter cites a factor; remove factor".to_owned()];
    };
    if citation.is_by_member() && defaults.is_empty() {
        let is_known = factors.table(&citation.table).is_some();
        let table = citation.table;
        return if is_known { vec![] } else { vec![format!("there is no factor table {table}")] };
    }
    let values = defaults.iter().map(|default| {
        let members = default.members.clone().unwrap_or_default();
        (citation.of(&members), members, default.value)
    });
    let mut found: Vec<String> = values
        .filter_map(|(citation, members, value)| {
            let said = differs(factors, &citation, value, &parameter.unit)?;
            Some(if members.is_empty() { said } else { format!("{}: {said}", members.join(", ")) })
        })
        .collect();
    if defaults.is_empty()
        && let Err(error) = factors.cited(&citation)
    {
        found.push(error.to_string());
    }
    found
}

/// Fixed values of a plan that are not those of the rows they cite, and rows, cited by the plan or by
/// a default that counts in it, that are not valid over the whole crediting period.
#[must_use]
pub fn check_plan(
    factors: &Factors,
    methodology: &Methodology,
    registered: &Registered,
) -> Vec<String> {
    let mut found = Vec::new();
    for fixed in registered.fixed.iter().filter(|fixed| !fixed.factor.is_empty()) {
        let name = place(&fixed.symbol, &fixed.members);
        let citation = match Citation::parse(&fixed.factor) {
            Ok(citation) => citation.of(&fixed.members),
            Err(error) => {
                found.push(format!("{name}: {error}"));
                continue;
            }
        };
        match CompoundUnit::parse(&fixed.unit) {
            Ok(unit) => found.extend(
                differs(factors, &citation, fixed.value, &unit).map(|s| format!("{name}: {s}")),
            ),
            Err(error) => found.push(format!("{name}: {error}")),
        }
        found.extend(not_valid(factors, &citation, registered).map(|s| format!("{name}: {s}")));
    }
    for parameter in methodology.parameters.iter().filter(|p| !p.factor.is_empty()) {
        let is_given = registered.fixed.iter().any(|fixed| fixed.symbol == parameter.symbol);
        let ParameterKind::Fixed { defaults } = &parameter.kind else { continue };
        if let (false, false, Ok(citation)) =
            (is_given, defaults.is_empty(), Citation::parse(&parameter.factor))
        {
            let said = not_valid(factors, &citation, registered);
            found.extend(said.map(|s| format!("{}: {s}", parameter.symbol)));
        }
    }
    found
}

/// What a value has against the row it cites; `None`: nothing.
fn differs(
    factors: &Factors,
    citation: &Citation,
    value: Decimal,
    unit: &CompoundUnit,
) -> Option<String> {
    let cited = match factors.cited(citation) {
        Ok(cited) => cited,
        Err(error) => return Some(error.to_string()),
    };
    let row_unit = &cited.row.unit;
    let Ok(scale) = unit.measure().scale_to(row_unit.measure()) else {
        return Some(format!("{citation} is in {row_unit}, which is no {unit}"));
    };
    let whole = |value: i128| -> Result<Number, NumberError> {
        i64::try_from(value).map(Number::from_integer).map_err(|_| NumberError::Overflow)
    };
    let converted = (|| {
        let scaled = Number::from(value).multiply(&whole(scale.multiply)?)?;
        scaled.add(&whole(scale.add)?)?.divide(&whole(scale.divide)?)
    })();
    if converted.is_ok_and(|converted| converted == *cited.value) {
        return None;
    }
    let given = format!("{} {unit}", Number::from(value));
    Some(format!("the value is {given}, and {citation} says {} {row_unit}", cited.value))
}

fn not_valid(factors: &Factors, citation: &Citation, registered: &Registered) -> Option<String> {
    let cited = factors.cited(citation).ok()?;
    let (from, to) = registered.crediting;
    if cited.row.covers(from, to) {
        return None;
    }
    let validity = cited.row.validity().unwrap_or_default();
    Some(format!("{citation} is valid {validity}, and the project is credited {from} to {to}"))
}
