//! Parts of a report that a plan hides by their names: where each stands, and everywhere else that it is told.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{BLOCK, PublicError, TEXT_MIN, at, black, people, strings};
use crate::config::plan::confidential::Part;
use crate::domain::decimal::Decimal;
use crate::domain::time::{DAY_US, Timestamp};
use crate::report::model::{PathPair, Report, Withheld};

/// What is hidden, as it may be told elsewhere.
#[derive(Default)]
struct Taken {
    words: BTreeSet<String>,
    /// Numbers without closing zeros, each with its unit: what is round counts in the same unit alone.
    amounts: BTreeSet<(String, String)>,
}

/// Hides an entry of a plan: its parts, what stood there wherever it is told as a word of its own, and its
/// texts. Gives how many texts and figures were blacked out; none where the report has none of it.
pub(super) fn hide(
    value: &mut Value,
    report: &Report,
    entry: &Withheld,
) -> Result<u32, PublicError> {
    let (mut count, mut taken) = (0, Taken::default());
    for name in &entry.parts {
        let part = Part::parse(name).ok_or_else(|| {
            let (what, place) = (entry.what.clone(), name.clone());
            PublicError::Nowhere { what, place }
        })?;
        match part {
            Part::People => count += people::hide(value, &mut taken.words),
            Part::Documents => taken.amounts.extend(documented(report)),
            _ => {}
        }
        for place in places(&part, report) {
            let steps: Vec<&str> = place.split('/').skip(1).collect();
            at(value, &steps, &mut |found| {
                if let Some(told) = told(found) {
                    count += 1;
                    taken.words.extend(told);
                    taken.amounts.extend(amount(found));
                }
                black(found, &mut BTreeSet::new())
            })
            .map_err(|()| {
                let (what, place) = (entry.what.clone(), place.clone());
                PublicError::NotHidable { what, place }
            })?;
        }
    }
    count += figures_of(value, &taken.amounts);
    // Another form of the same number: `310.1` of `310.100`.
    taken
        .words
        .extend(taken.amounts.into_iter().map(|(number, _)| number).filter(|one| is_exact(one)));
    Ok(count + texts(value, taken.words, &entry.text))
}

/// Blacks out the figures that tell an amount which is hidden; gives how many.
fn figures_of(value: &mut Value, amounts: &BTreeSet<(String, String)>) -> u32 {
    let numbers: BTreeSet<&str> = amounts.iter().map(|(number, _)| number.as_str()).collect();
    let mut count = 0;
    figures(value, &mut |fields| {
        let Some((number, unit)) = amount_of(fields) else { return };
        let is_it = is_exact(&number) && numbers.contains(number.as_str());
        if is_it || amounts.contains(&(number, unit)) {
            for key in ["value", "shown"] {
                fields.insert(key.to_owned(), BLOCK.into());
            }
            count += 1;
        }
    });
    count
}

/// Blacks out words, and texts wherever they stand; gives in how many places.
fn texts(value: &mut Value, words: BTreeSet<String>, anywhere: &[String]) -> u32 {
    // The longest first: a text may be part of another.
    let mut words: Vec<String> = words.into_iter().filter(|text| is_told(text)).collect();
    words.sort_by_key(|text| std::cmp::Reverse(text.len()));
    let mut count = 0;
    strings(value, String::new(), &mut |_, found| {
        for text in &words {
            if let Some(without) = without_word(found, text) {
                *found = without;
                count += 1;
            }
        }
        for text in anywhere {
            if found.contains(text.as_str()) {
                *found = found.replace(text.as_str(), BLOCK);
                count += 1;
            }
        }
    });
    count
}

/// What the documents state, with its unit.
fn documented(report: &Report) -> Vec<(String, String)> {
    let documents = report.parameters.iter().flat_map(|one| &one.documents);
    documents.filter_map(|one| Some((number(&one.value)?, one.unit.clone()))).collect()
}

/// A number in its shortest form; `None` for a text that is none, and for zero, which stands everywhere.
fn number(text: &str) -> Option<String> {
    let number = Decimal::parse(text.trim_start_matches('-')).ok();
    Some(number.filter(|one| *one != Decimal::ZERO)?.to_string())
}

/// True for a number with decimals: a round one stands in many places by chance.
fn is_exact(number: &str) -> bool {
    number.contains('.')
}

/// Number and unit of a figure.
fn amount(value: &Value) -> Option<(String, String)> {
    amount_of(value.as_object()?)
}

fn amount_of(fields: &serde_json::Map<String, Value>) -> Option<(String, String)> {
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    Some((number(text("value")?)?, text("unit")?.to_owned()))
}

/// Where a part stands in `report.json`; `*` for any.
fn places(part: &Part, report: &Report) -> Vec<String> {
    const METERS: &str = "/calibration/devices/*/meters/*";
    let fixed: &[&str] = match part {
        Part::Participants => &["/project/participants/*"],
        Part::People => people::PLACES,
        Part::Serials => &[
            "/channels/*/serial",
            "/calibration/devices/*/meters/*/serial",
            "/calibration/devices/*/states/*/serial",
        ],
        Part::Seals => &["/calibration/devices/*/meters/*/seals/*"],
        Part::Places => &["/calibration/devices/*/place", "/calibration/devices/*/moves/*/place"],
        Part::Makers => &["/calibration/devices/*/maker", "/calibration/devices/*/model"],
        Part::Certificates => {
            let of = |field: &str| format!("{METERS}/certificates/*/{field}");
            return ["number", "body", "scope", "document"].map(of).to_vec();
        }
        Part::Documents => {
            let of = |field: &str| format!("/parameters/*/documents/*/{field}");
            return ["number", "issuer", "value", "sha256"].map(of).to_vec();
        }
        Part::MonthlyAmounts => {
            let of = |(list, field): (&str, &str)| format!("/{list}/*/{field}");
            let months = ["parameters", "channels"]
                .into_iter()
                .flat_map(|list| ["measured", "low", "high"].map(|field| (list, field)))
                .map(|(list, field)| format!("/{list}/*/months/*/{field}"));
            let registers =
                ["uncorrected", "low", "high"].map(|field| of(("calibration/registers", field)));
            // What a month is compared with tells it too.
            let paths = report.paths.iter().enumerate().filter(|(_, one)| is_short(one));
            let compared = paths.flat_map(|(place, _)| {
                ["one", "other", "residual"].map(|field| format!("/paths/{place}/{field}"))
            });
            return months.chain(registers).chain(compared).collect();
        }
        Part::Fixed(label) => {
            let places = report.fixed.iter().enumerate().filter(|(_, one)| one.label == *label);
            return places.map(|(place, _)| format!("/fixed/{place}/value")).collect();
        }
    };
    fixed.iter().map(|place| (*place).to_owned()).collect()
}

/// True for two paths over a month at most.
fn is_short(path: &PathPair) -> bool {
    /// The longest month, and an hour more where clocks are turned back.
    const MONTH_US: i64 = 31 * DAY_US + DAY_US / 24;
    let at = |text: &str| Timestamp::parse_rfc3339(text).ok();
    at(&path.from).zip(at(&path.to)).is_none_or(|(from, to)| to.us() - from.us() <= MONTH_US)
}

/// What a place tells before it is blacked out: a text, or both forms of a figure.
fn told(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) if !text.is_empty() && text != BLOCK => Some(vec![text.clone()]),
        Value::Object(fields) => {
            let form = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
            let forms: Vec<String> = ["value", "shown"].into_iter().filter_map(form).collect();
            let is_zero = |form: &str| form.chars().all(|one| matches!(one, '0' | '.' | '-'));
            Some(forms.into_iter().filter(|form| is_exact(form) && !is_zero(form)).collect())
        }
        _ => None,
    }
}

/// Calls `found` on every figure: what has a value, a printed form and a unit.
fn figures(value: &mut Value, found: &mut impl FnMut(&mut serde_json::Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| figures(item, found)),
        Value::Object(fields) => {
            if ["value", "shown", "unit"].iter().all(|key| fields.contains_key(*key)) {
                found(fields);
            }
            fields.values_mut().for_each(|field| figures(field, found));
        }
        _ => {}
    }
}

/// True for a text that is looked for elsewhere.
fn is_told(text: &str) -> bool {
    text.chars().count() >= TEXT_MIN && text != BLOCK
}

/// A text without a word, wherever that stands between other characters than letters and digits; `None` where
/// it does not.
fn without_word(text: &str, word: &str) -> Option<String> {
    let is_part = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let (mut kept, mut rest, mut is_found) = (String::new(), text, false);
    while let Some(place) = rest.find(word) {
        let (before, after) = (&rest[..place], &rest[place + word.len()..]);
        let last = before.chars().next_back().or_else(|| kept.chars().next_back());
        kept.push_str(before);
        if is_part(last) || is_part(after.chars().next()) {
            kept.push_str(word);
        } else {
            kept.push_str(BLOCK);
            is_found = true;
        }
        rest = after;
    }
    is_found.then(|| kept + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_hidden_and_parts_of_words_are_not() {
        let hidden = |text: &str, word: &str| without_word(text, word);
        assert_eq!(
            hidden("meter S-1, S-1 and S-12", "S-1").unwrap(),
            "meter █████, █████ and S-12"
        );
        assert_eq!(hidden("Annex of Anna", "Ann"), None);
        assert_eq!(hidden("Ann", "Ann").unwrap(), BLOCK);
        assert_eq!(hidden("of Ann.", "Ann").unwrap(), "of █████.");
        assert_eq!(hidden("nothing", "Ann"), None);
    }

    #[test]
    fn what_is_short_or_round_is_looked_for_nowhere_else() {
        let figure = serde_json::json!({ "value": "980", "shown": "980.000", "unit": "MWh" });
        assert_eq!(told(&figure), Some(vec!["980.000".to_owned()]));
        assert!(!is_told("ab") && is_told("abc") && !is_told(BLOCK));
        assert_eq!(told(&Value::Null), None);
        let zero = serde_json::json!({ "value": "0", "shown": "0.000", "unit": "MWh" });
        assert_eq!((told(&zero), amount(&zero)), (Some(Vec::new()), None));
    }

    #[test]
    fn a_figure_is_hidden_in_both_forms_wherever_its_number_stands() {
        let figure = |value: &str, unit: &str| serde_json::json!({ "value": value, "shown": format!("{value}!"), "unit": unit });
        let hidden = BTreeSet::from([
            (number("310.100").unwrap(), "MWh".to_owned()),
            (number("300.000").unwrap(), "MWh".to_owned()),
        ]);
        for (value, unit, is_hidden) in [
            ("310.1", "MWh", true),
            ("-310.1", "MWh", true),
            ("310.1", "kWh", true),
            ("300", "MWh", true),
            // A round number in another unit stands there by chance.
            ("300", "tCO2e", false),
            ("310.11", "MWh", false),
        ] {
            let mut all = serde_json::json!([figure(value, unit)]);
            assert_eq!(figures_of(&mut all, &hidden), u32::from(is_hidden), "{value} {unit}");
            assert_eq!(all[0]["shown"] == BLOCK, is_hidden);
        }
    }
}
