//! Whom a report names: where names have a place of their own, and in which words texts of the report have
//! them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{BLOCK, strings};

/// Where a name stands alone in `report.json`; `*` for any.
pub(super) const PLACES: &[&str] = &[
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
];

/// What stands before and behind a name in texts that the report words itself: of a decision, a correction,
/// an exchange.
const WORDS: [(&str, &str); 4] = [
    ("decided by ", ": "),
    ("corrected by ", ": "),
    ("done by ", ", witnessed by "),
    ("witnessed by ", "; act "),
];

/// Hides the names in the report's own words and notes each, since it may stand elsewhere as well; gives how
/// many.
pub(super) fn hide(value: &mut Value, names: &mut BTreeSet<String>) -> u32 {
    let mut count = 0;
    strings(value, String::new(), &mut |pointer, found| {
        for (before, name) in told(pointer, found) {
            let (old, new) = (format!("{before}{name}"), format!("{before}{BLOCK}"));
            *found = found.replacen(&old, &new, 1);
            names.insert(name);
            count += 1;
        }
    });
    count
}

/// The names in a text, each after what stands before it.
fn told(pointer: &str, text: &str) -> Vec<(&'static str, String)> {
    let between = |begin: &'static str, end: &str| {
        let (_, rest) = text.split_once(begin)?;
        Some((begin, rest.split_once(end)?.0.to_owned()))
    };
    let parts: Vec<&str> = pointer.split('/').skip(1).collect();
    let name = match parts.as_slice() {
        // `Ann: the plate was read again; leaf 12`
        ["life", "holds", _, "lifted"] => between("", ": "),
        // `act 5: Ann checked invoice INV-7 (act 3)`
        ["life", "causes", _, "what"] => between(": ", " checked "),
        // `act 4: Ann held this device: the plate shows another serial`
        ["findings", _, "message"] => between(": ", " held this device: "),
        _ => None,
    };
    let worded = WORDS.iter().filter_map(|&(begin, end)| between(begin, end));
    let names = name.into_iter().chain(worded);
    names.filter(|(_, name)| !name.trim().is_empty() && name != BLOCK).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_the_words_that_a_report_has_for_them() {
        let message = "/findings/3/message";
        for (pointer, text, names) in [
            (message, "act 1: 157 counts, decided by Dora D.: the photo; leaf 7", &["Dora D."][..]),
            (message, "act 2: 1 instead of 2, corrected by Carl: typed; leaf 7", &["Carl"]),
            (
                message,
                "circuit dead; done by Fritz, witnessed by Wanda; act 3, leaf 9",
                &["Fritz", "Wanda"],
            ),
            (message, "act 4: Hans held this device: no plate; 3 intervals", &["Hans"]),
            ("/life/holds/0/lifted", "Lena: the plate was found; leaf 12", &["Lena"]),
            ("/life/causes/1/what", "act 5: Otto checked invoice INV-7 (act 3)", &["Otto"]),
            ("/life/causes/1/what", "act 1: decision: 157 counts for s/m/EG", &[]),
            ("/life/reason", "Lena: late", &[]),
        ] {
            let found: Vec<String> = told(pointer, text).into_iter().map(|one| one.1).collect();
            assert_eq!(found, names, "{text}");
        }
        let mut value =
            serde_json::json!({ "findings": [{ "message": "decided by Bo: seen by Bo" }] });
        let mut names = BTreeSet::new();
        assert_eq!(hide(&mut value, &mut names), 1);
        assert_eq!(value["findings"][0]["message"], format!("decided by {BLOCK}: seen by Bo"));
        assert!(names.contains("Bo"));
    }
}
