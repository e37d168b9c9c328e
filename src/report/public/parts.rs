//! Parts of a report that a plan hides by their names: where each stands, and everywhere else that it is told.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{BLOCK, PublicError, TEXT_MIN, at, black, strings};
use crate::config::plan::confidential::Part;
use crate::report::model::{Report, Withheld};

/// Hides an entry of a plan: its parts, what stood there wherever it is told as a word of its own, and its
/// texts. Gives how many texts and figures were blacked out; none where the report has none of it.
pub(super) fn hide(
    value: &mut Value,
    report: &Report,
    entry: &Withheld,
) -> Result<u32, PublicError> {
    let (mut count, mut taken) = (0, BTreeSet::new());
    for name in &entry.parts {
        let part = Part::parse(name).ok_or_else(|| {
            let (what, place) = (entry.what.clone(), name.clone());
            PublicError::Nowhere { what, place }
        })?;
        for place in places(&part, report) {
            let steps: Vec<&str> = place.split('/').skip(1).collect();
            at(value, &steps, &mut |found| {
                if let Some(told) = told(found) {
                    count += 1;
                    taken.extend(told);
                }
                black(found, &mut BTreeSet::new())
            })
            .map_err(|()| {
                let (what, place) = (entry.what.clone(), place.clone());
                PublicError::NotHidable { what, place }
            })?;
        }
    }
    figures(value, &mut |fields| {
        let told = |text: &str| taken.contains(text.trim_start_matches('-'));
        let number = fields.get("value").and_then(Value::as_str);
        if number.is_some_and(|number| number.contains('.') && told(number)) {
            for key in ["value", "shown"] {
                fields.insert(key.to_owned(), BLOCK.into());
            }
            count += 1;
        }
    });
    // The longest first: a text may be part of another.
    let mut taken: Vec<String> = taken.into_iter().filter(|text| is_told(text)).collect();
    taken.sort_by_key(|text| std::cmp::Reverse(text.len()));
    strings(value, String::new(), &mut |_, found| {
        for text in &taken {
            if let Some(without) = without_word(found, text) {
                *found = without;
                count += 1;
            }
        }
        for text in &entry.text {
            if found.contains(text.as_str()) {
                *found = found.replace(text.as_str(), BLOCK);
                count += 1;
            }
        }
    });
    Ok(count)
}

/// Where a part stands in `report.json`; `*` for any.
fn places(part: &Part, report: &Report) -> Vec<String> {
    const METERS: &str = "/calibration/devices/*/meters/*";
    let fixed: &[&str] = match part {
        Part::Participants => &["/project/participants/*"],
        Part::People => &[
            "/status/prepared_by",
            "/status/reviewed_by",
            "/life/versions/*/prepared_by",
            "/life/versions/*/reviewed_by",
            "/life/versions/*/submitted_by",
            "/life/findings/*/by",
            "/life/findings/*/replies/*/by",
            "/life/findings/*/closed/by",
            "/life/holds/*/by",
            "/life/checks/*/by",
            "/life/eligibility/*/evidence/*/by",
            "/life/samples/*/by",
            "/life/responses/*/by",
            "/parameters/*/documents/*/entered_by",
            "/parameters/*/documents/*/checked_by",
        ],
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
            return months.chain(registers).collect();
        }
        Part::Fixed(label) => {
            let places = report.fixed.iter().enumerate().filter(|(_, one)| one.label == *label);
            return places.map(|(place, _)| format!("/fixed/{place}/value")).collect();
        }
    };
    fixed.iter().map(|place| (*place).to_owned()).collect()
}

/// What a place tells before it is blacked out: a text, or both forms of a figure.
fn told(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) if !text.is_empty() && text != BLOCK => Some(vec![text.clone()]),
        Value::Object(fields) => {
            let form = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
            let forms: Vec<String> = ["value", "shown"].into_iter().filter_map(form).collect();
            // A round number stands in many places by chance; one with decimals does not.
            let forms: Vec<String> = forms.into_iter().filter(|form| form.contains('.')).collect();
            Some(forms)
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
    }
}
