//! What two versions of a report differ in, figure by figure.
//!
//! Looks at reports as they are written (`report.json`), so that what is compared is what was handed
//! out. Lists are matched by what their entries are called, never by their place.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// A figure that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `years/MRV_PV_F1 2020/er`.
    pub figure: String,
    /// Exact; `None` where one of both has no such figure.
    pub old: Option<String>,
    pub new: Option<String>,
    pub unit: String,
}

/// Names by which the entries of a list are told apart, as far as they have them.
const NAMES: [&str; 9] =
    ["methodology", "year", "label", "channel", "code", "month", "date", "act", "name"];
/// The same, for entries that have none of those.
const FURTHER: [&str; 3] = ["symbol", "from", "reason"];

/// Every figure, and every count of items, that differs between two reports.
#[must_use]
pub fn differences(old: &Value, new: &Value) -> Vec<Difference> {
    let (old, new) = (figures(old), figures(new));
    let mut found = Vec::new();
    for (path, (value, unit)) in &new {
        match old.get(path) {
            Some((before, _)) if before == value => {}
            before => found.push(Difference {
                figure: path.clone(),
                old: before.map(|(before, _)| before.clone()),
                new: Some(value.clone()),
                unit: unit.clone(),
            }),
        }
    }
    for (path, (value, unit)) in old.iter().filter(|(path, _)| !new.contains_key(*path)) {
        let (figure, unit) = (path.clone(), unit.clone());
        found.push(Difference { figure, old: Some(value.clone()), new: None, unit });
    }
    found
}

type Figures = BTreeMap<String, (String, String)>;

fn figures(report: &Value) -> Figures {
    let mut found = Figures::new();
    walk(report, String::new(), &mut found);
    found
}

fn walk(value: &Value, path: String, found: &mut Figures) {
    match value {
        Value::Object(fields) => {
            let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
            if let (3, Some(value), Some(_), Some(unit)) =
                (fields.len(), text("value"), text("shown"), text("unit"))
            {
                found.insert(path, (value, unit));
                return;
            }
            for (key, value) in fields {
                walk(value, below(&path, key), found);
            }
        }
        Value::Array(items) => {
            let mut seen: BTreeMap<String, usize> = BTreeMap::new();
            for (index, item) in items.iter().enumerate() {
                let name = name_of(item).unwrap_or_else(|| index.to_string());
                let count = seen.entry(name.clone()).or_default();
                *count += 1;
                let name = if *count > 1 { format!("{name} #{count}") } else { name };
                walk(item, below(&path, &name), found);
            }
        }
        Value::Number(count) if path.starts_with("items/") => {
            found.insert(path, (count.to_string(), "items".to_owned()));
        }
        _ => {}
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}

fn name_of(item: &Value) -> Option<String> {
    let fields = item.as_object()?;
    let text = |name: &&str| match fields.get(*name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let of = |names: &[&str]| -> Vec<String> { names.iter().filter_map(text).collect() };
    let names = Some(of(&NAMES)).filter(|names| !names.is_empty());
    let names = names.unwrap_or_else(|| of(&FURTHER));
    (!names.is_empty()).then(|| names.join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn figures_are_matched_by_name_and_only_those_that_differ_are_told() {
        let figure = |value: &str| json!({ "value": value, "shown": value, "unit": "tCO2e" });
        let year =
            |year: u32, er: &str| json!({ "methodology": "M", "year": year, "er": figure(er) });
        let old = json!({
            "years": [year(2020, "371.476"), year(2021, "5")],
            "items": { "decoded": 10, "by_channel": [{ "channel": "a/b/c", "readings": 10 }] },
            "plan_leaf": 3,
        });
        let new = json!({
            "years": [year(2019, "1"), year(2020, "372.714"), year(2021, "5")],
            "items": { "decoded": 11, "by_channel": [{ "channel": "a/b/c", "readings": 11 }] },
            "plan_leaf": 9,
        });
        let told: Vec<(String, Option<String>, Option<String>)> =
            differences(&old, &new).into_iter().map(|d| (d.figure, d.old, d.new)).collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            told,
            [
                ("items/by_channel/a/b/c/readings".to_owned(), text("10"), text("11")),
                ("items/decoded".to_owned(), text("10"), text("11")),
                ("years/M 2019/er".to_owned(), None, text("1")),
                ("years/M 2020/er".to_owned(), text("371.476"), text("372.714")),
            ]
        );
        assert_eq!(differences(&new, &old).len(), 4);
        assert_eq!(differences(&old, &old), []);
    }
}
