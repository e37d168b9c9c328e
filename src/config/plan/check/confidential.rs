//! `[[registered.confidential]]`: names that a report has, and texts that can be looked for.

use super::Findings;
use crate::config::plan::FixedValue;
use crate::config::plan::confidential::{Confidential, Part};
use crate::config::plan::raw::{RawConfidential, Text};

/// Shortest text that is looked for everywhere: shorter ones occur by chance.
const TEXT_MIN: usize = 3;

impl Findings<'_> {
    pub(super) fn confidential(
        &mut self,
        raw: &[RawConfidential],
        fixed: &[FixedValue],
    ) -> Vec<Confidential> {
        let mut list: Vec<Confidential> = Vec::new();
        for one in raw {
            let what = one.what.get_ref().trim().to_owned();
            if what.is_empty() || list.iter().any(|other| other.what == what) {
                let advice =
                    "say in words what is hidden, each once: they stand in the public version";
                self.tell(one.what.span(), "this entry has no name of its own", advice);
            }
            if one.why.get_ref().trim().is_empty() {
                self.tell(one.why.span(), "nothing is hidden without a reason", "say why");
            }
            if one.parts.is_empty() && one.text.is_empty() {
                let advice = format!("name parts = [..] ({}) or text = [..]", known(fixed));
                self.tell(one.what.span(), "this entry hides nothing", advice);
            }
            let parts = one.parts.iter().filter_map(|name| self.part(name, fixed)).collect();
            for text in &one.text {
                if text.get_ref().chars().count() < TEXT_MIN {
                    let message = format!("{:?} is too short to be looked for", text.get_ref());
                    self.tell(text.span(), message, "write three characters at least");
                }
            }
            let text = one.text.iter().map(|text| text.get_ref().clone()).collect();
            list.push(Confidential { what, why: one.why.get_ref().clone(), parts, text });
        }
        list
    }

    fn part(&mut self, name: &Text, fixed: &[FixedValue]) -> Option<Part> {
        let part = Part::parse(name.get_ref());
        let is_there = match &part {
            Some(Part::Fixed(label)) => fixed.iter().any(|one| label_of(one) == *label),
            other => other.is_some(),
        };
        if !is_there {
            let message = format!("a report has no part {:?}", name.get_ref());
            self.tell(name.span(), message, format!("there are {}", known(fixed)));
        }
        part.filter(|_| is_there)
    }
}

/// As a report names the value.
fn label_of(fixed: &FixedValue) -> String {
    match fixed.members.as_slice() {
        [] => fixed.symbol.clone(),
        members => format!("{}[{}]", fixed.symbol, members.join(", ")),
    }
}

fn known(fixed: &[FixedValue]) -> String {
    let fixed = fixed.iter().map(|one| Part::Fixed(label_of(one)));
    Part::ALL.into_iter().chain(fixed).map(|part| part.name()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use crate::config::plan::Plan;
    use crate::config::plan::confidential::Part;

    const PLAN: &str = r#"mrv_plan = 1
project = "p"
number = 1
valid_from = "2025-01-01T00:00:00Z"
[registered]
title = "t"
country = "TH"
pdd_version = "1"
methodology = "M"
zone = "UTC"
crediting = { from = "2025-01-01", to = "2030-12-31" }
[[registered.fixed]]
symbol = "EF"
members = ["a"]
value = "0.5"
unit = "tCO2/MWh"
source = "table"
"#;

    fn told(list: &str) -> Vec<String> {
        match Plan::parse("plan.toml", &format!("{PLAN}{list}")) {
            Ok(_) => Vec::new(),
            Err(found) => found.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_list_is_read() {
        let list = "[[registered.confidential]]\nwhat = \"serials\"\nwhy = \"a contract\"\nparts = \
                    [\"serials\", \"fixed:EF[a]\"]\ntext = [\"the supplier\"]\n";
        let plan = Plan::parse("plan.toml", &format!("{PLAN}{list}")).unwrap();
        let entry = &plan.registered.confidential[0];
        assert_eq!(entry.parts, [Part::Serials, Part::Fixed("EF[a]".to_owned())]);
        assert_eq!(
            (entry.why.as_str(), entry.text.as_slice()),
            ("a contract", &["the supplier".to_owned()][..])
        );
        for part in Part::ALL {
            assert_eq!(Part::parse(&part.name()), Some(part));
        }
    }

    #[test]
    fn what_names_nothing_is_refused_with_what_there_is() {
        let entry = |rest: &str| told(&format!("[[registered.confidential]]\n{rest}\n"));
        let head = "what = \"x\"\nwhy = \"y\"\n";
        for (list, expected) in [
            (format!("{head}parts = [\"serial\"]"), "a report has no part \"serial\""),
            (format!("{head}parts = [\"fixed:EF[b]\"]"), "a report has no part \"fixed:EF[b]\""),
            (head.to_owned(), "this entry hides nothing"),
            (format!("{head}text = [\"ab\"]"), "too short to be looked for"),
            ("what = \"x\"\nwhy = \" \"\ntext = [\"abc\"]".to_owned(), "without a reason"),
            ("what = \"\"\nwhy = \"y\"\ntext = [\"abc\"]".to_owned(), "no name of its own"),
        ] {
            let told = entry(&list);
            assert!(told.iter().any(|one| one.contains(expected)), "{expected}: {told:?}");
        }
        let told = entry(&format!("{head}parts = [\"serial\"]"));
        assert!(told[0].contains("monthly-amounts") && told[0].contains("fixed:EF[a]"), "{told:?}");
    }
}
