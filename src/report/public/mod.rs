//! The public version of a report: what is confidential is taken out of the model, before any form is
//! written, and listed.
//!
//! What the plan keeps back stands in the report and is hidden by the names of parts ([`by_plan`]). Beside it
//! [`public`] takes a list (TOML) with places of its own; gives another report, from which every form is written. A hidden text
//! is replaced by a block of fixed length, so that not even its length is told; a hidden figure loses value
//! and printed form. **What was hidden in one place and still stands in another stops it**, naming the
//! places: a list that misses one is no list.
//!
//! ```toml
//! [[hide]]
//! what = "serial numbers of the meters"
//! why = "agreed with the supplier"
//! text = ["M-1", "M-2"]                      # wherever they stand
//!
//! [[hide]]
//! what = "electricity prices"
//! why = "trade secret"
//! at = ["/parameters/*/documents/*/value"]   # places of report.json; * for any
//! ```

mod parts;
mod people;

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::model::{Hidden, Report};

/// Stands in the place of everything hidden.
pub const BLOCK: &str = "█████";

/// Shortest text that is looked for elsewhere: shorter ones occur by chance.
const TEXT_MIN: usize = 3;

/// What is confidential.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confidential {
    pub hide: Vec<Hide>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hide {
    pub what: String,
    pub why: String,
    #[serde(default)]
    text: Vec<String>,
    #[serde(default)]
    at: Vec<String>,
}

/// Why there is no public version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicError {
    #[error("the list does not read: {0}")]
    List(String),
    #[error("{what}: {place} is nowhere in the report; correct the list")]
    Nowhere { what: String, place: String },
    #[error("{what}: {place} is no text or figure that could be hidden")]
    NotHidable { what: String, place: String },
    #[error(
        "{what}: what is hidden still stands at {places}; add them to the list, under at or text"
    )]
    StillThere { what: String, places: String },
    #[error("the report cannot be taken apart: {0}")]
    Report(String),
}

/// The public version of a report as its plan has it: the whole where the plan keeps nothing back.
///
/// # Errors
/// When the report cannot be taken apart.
pub fn by_plan(report: &Report) -> Result<Report, PublicError> {
    public(report, &Confidential::default(), true)
}

impl Confidential {
    /// Reads a list.
    ///
    /// # Errors
    /// When it is no such TOML, or an entry hides nothing.
    pub fn parse(text: &str) -> Result<Self, PublicError> {
        let list: Self =
            toml::from_str(text).map_err(|error| PublicError::List(error.to_string()))?;
        for hide in &list.hide {
            if hide.text.is_empty() && hide.at.is_empty() {
                return Err(PublicError::List(format!("{} names neither text nor at", hide.what)));
            }
            if let Some(short) = hide.text.iter().find(|one| one.chars().count() < TEXT_MIN) {
                let what = &hide.what;
                return Err(PublicError::List(format!(
                    "{what}: {short:?} is too short to be looked for everywhere; write its place under at"
                )));
            }
        }
        Ok(list)
    }
}

/// The public version of a report: without what its plan keeps back, where `with_plan`, and what the list names.
/// An entry of the list takes the place of the plan's entry of the same `what`.
///
/// # Errors
/// When the list names what is not there, or something that it hides would still be told elsewhere.
pub fn public(
    report: &Report,
    list: &Confidential,
    with_plan: bool,
) -> Result<Report, PublicError> {
    let fault = |error: serde_json::Error| PublicError::Report(error.to_string());
    let mut value = serde_json::to_value(report).map_err(fault)?;
    let mut hidden = Vec::new();
    let is_replaced = |what: &str| list.hide.iter().any(|hide| hide.what == what);
    let of_plan =
        report.project.confidential.iter().filter(|one| with_plan && !is_replaced(&one.what));
    for entry in of_plan {
        let count = parts::hide(&mut value, report, entry)?;
        hidden.push(Hidden { what: entry.what.clone(), why: entry.why.clone(), count });
    }
    if let Some(Value::Array(entries)) = value.pointer_mut("/project/confidential") {
        // How the plan words its list is what it keeps back: what and why stand in `hidden`.
        entries.clear();
    }
    let mut gone: Vec<(String, BTreeSet<String>)> = Vec::new();
    for hide in &list.hide {
        let mut taken = BTreeSet::new();
        let mut count = 0;
        for pattern in &hide.at {
            let parts: Vec<&str> = pattern.split('/').skip(1).collect();
            let mut places = 0;
            at(&mut value, &parts, &mut |found| {
                places += 1;
                black(found, &mut taken)
            })
            .map_err(|()| {
                let (what, place) = (hide.what.clone(), pattern.clone());
                PublicError::NotHidable { what, place }
            })?;
            if places == 0 {
                let (what, place) = (hide.what.clone(), pattern.clone());
                return Err(PublicError::Nowhere { what, place });
            }
            count += places;
        }
        for text in &hide.text {
            let mut places = 0;
            strings(&mut value, String::new(), &mut |_, found| {
                if found.contains(text.as_str()) {
                    places += 1;
                    *found = found.replace(text.as_str(), BLOCK);
                }
            });
            if places == 0 {
                let (what, place) = (hide.what.clone(), format!("{text:?}"));
                return Err(PublicError::Nowhere { what, place });
            }
            count += places;
            taken.insert(text.clone());
        }
        let (what, why) = (hide.what.clone(), hide.why.clone());
        hidden.push(Hidden { what, why, count });
        gone.push((hide.what.clone(), taken));
    }
    for (what, taken) in gone {
        let mut places = Vec::new();
        strings(&mut value, String::new(), &mut |pointer, found| {
            let is_told = |text: &String| {
                text.chars().count() >= TEXT_MIN && text != BLOCK && found.contains(text.as_str())
            };
            if taken.iter().any(is_told) {
                places.push(pointer.to_owned());
            }
        });
        if !places.is_empty() {
            return Err(PublicError::StillThere { what, places: places.join(", ") });
        }
    }
    value["hidden"] = serde_json::to_value(hidden).map_err(fault)?;
    serde_json::from_value(value).map_err(fault)
}

/// Calls `found` on every value at a place.
fn at(
    value: &mut Value,
    parts: &[&str],
    found: &mut impl FnMut(&mut Value) -> Result<(), ()>,
) -> Result<(), ()> {
    let Some((part, rest)) = parts.split_first() else { return found(value) };
    match value {
        Value::Array(items) if *part == "*" => {
            items.iter_mut().try_for_each(|item| at(item, rest, found))
        }
        Value::Array(items) => {
            let item = part.parse::<usize>().ok().and_then(|index| items.get_mut(index));
            item.map_or(Ok(()), |item| at(item, rest, found))
        }
        Value::Object(fields) if *part == "*" => {
            fields.values_mut().try_for_each(|field| at(field, rest, found))
        }
        Value::Object(fields) => {
            fields.get_mut(*part).map_or(Ok(()), |field| at(field, rest, found))
        }
        _ => Ok(()),
    }
}

/// Blacks out a text, or value and printed form of a figure. Null tells nothing and stays.
fn black(value: &mut Value, taken: &mut BTreeSet<String>) -> Result<(), ()> {
    match value {
        Value::String(text) => {
            taken.insert(std::mem::replace(text, BLOCK.to_owned()));
            Ok(())
        }
        Value::Object(fields) if fields.contains_key("value") && fields.contains_key("shown") => {
            for key in ["value", "shown"] {
                if let Some(Value::String(text)) = fields.get_mut(key) {
                    let text = std::mem::replace(text, BLOCK.to_owned());
                    // A round number stands in many places by chance; one with decimals does not.
                    if key == "value" && text.contains('.') {
                        taken.insert(text);
                    }
                }
            }
            Ok(())
        }
        Value::Null => Ok(()),
        _ => Err(()),
    }
}

/// Calls `found` on every text with its pointer.
fn strings(value: &mut Value, pointer: String, found: &mut impl FnMut(&str, &mut String)) {
    match value {
        Value::String(text) => found(&pointer, text),
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                strings(item, format!("{pointer}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                strings(field, format!("{pointer}/{key}"), found);
            }
        }
        _ => {}
    }
}
