//! A methodology as a page for people: text, HTML with typeset equations (MathML), LaTeX.
//!
//! Takes a checked methodology; gives what a verifier reads: what it is and where it comes from,
//! eligibility as a checklist, indices, parameters with their sources and how sure they are (samples
//! marked), equations, worked examples. Never computes.

mod html;
mod latex;
mod text;

use crate::methodology::{IndexSet, Methodology, Parameter, ParameterKind};

pub use html::html;
pub use latex::latex;
pub use text::text;

/// `EG[i]`, or `EF_elec` for a symbol without index.
fn place(symbol: &str, indices: &[String]) -> String {
    match indices {
        [] => symbol.to_owned(),
        indices => format!("{symbol}[{}]", indices.join(", ")),
    }
}

/// Where the members of an index come from.
fn members(set: &IndexSet) -> String {
    match set {
        IndexSet::Planned => "named by the project's plan".to_owned(),
        IndexSet::Fixed(members) => members.join(", "),
        IndexSet::Years => "calendar years".to_owned(),
        IndexSet::Months => "months".to_owned(),
        IndexSet::Days => "days".to_owned(),
        IndexSet::Hours => "hours".to_owned(),
    }
}

/// How a parameter gets its value, in words.
fn kind(parameter: &Parameter) -> String {
    match &parameter.kind {
        ParameterKind::Monitored { options, aggregation, frequency } => {
            let options: Vec<&str> = options.iter().map(|option| option.as_str()).collect();
            let by = match aggregation {
                crate::methodology::Aggregation::WeightedMean { by } => format!(" by {by}"),
                _ => String::new(),
            };
            format!(
                "monitored, option {}, {}{by} of the period, {frequency}",
                options.join(" or "),
                aggregation.as_str()
            )
        }
        ParameterKind::Fixed { .. } => "fixed before the project starts".to_owned(),
    }
}

/// Defaults and samples, each for whom it is.
fn defaults(parameter: &Parameter) -> Vec<String> {
    let ParameterKind::Fixed { defaults } = &parameter.kind else { return Vec::new() };
    let one = |is_sample: bool| {
        let values: Vec<String> = defaults
            .iter()
            .filter(|default| default.is_sample == is_sample)
            .map(|default| match &default.members {
                None => default.value.to_string(),
                Some(members) => format!("{} {}", members.join(", "), default.value),
            })
            .collect();
        (!values.is_empty()).then(|| values.join("; "))
    };
    let fixed = one(false).map(|values| format!("default: {values}"));
    let sample =
        one(true).map(|values| format!("SAMPLE, not confirmed, nothing is issued on it: {values}"));
    fixed.into_iter().chain(sample).collect()
}

/// What else is said of a parameter: plausible range, cross-checks, cited row.
fn remarks(parameter: &Parameter) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some((low, high)) = &parameter.range {
        remarks.push(format!("plausible from {low} to {high}"));
    }
    if !parameter.factor.is_empty() {
        remarks.push(format!("cited from {}", parameter.factor));
    }
    remarks.extend(parameter.cross_checks.iter().map(|check| format!("held against: {check}")));
    remarks
}

/// The facts of the head, name and value.
fn head(methodology: &Methodology) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("version", methodology.version.clone()),
        ("sectoral scope", methodology.scope.clone()),
        ("source", methodology.source.clone()),
        ("status", methodology.status.as_str().to_owned()),
        ("how sure", methodology.sure.to_string()),
    ];
    for (name, value) in [
        ("global warming potentials", &methodology.gwp),
        ("calendar years", &methodology.year_split),
        ("rounding", &methodology.rounding),
    ] {
        if !value.is_empty() {
            facts.push((name, value.clone()));
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methodology::shipped;

    #[test]
    fn every_shipped_methodology_has_its_page_in_every_form() {
        for file in shipped() {
            let methodology = Methodology::parse(file.file, file.text).unwrap();
            let (text, html, latex) = (text(&methodology), html(&methodology), latex(&methodology));
            assert_eq!(html.matches("<math").count(), methodology.equations.len(), "{}", file.id);
            assert_eq!(latex.matches("\\begin{equation*}").count(), methodology.equations.len());
            for criterion in &methodology.eligibility {
                assert!(text.contains(&format!("[ ] {}", criterion.criterion)), "{}", file.id);
            }
            for parameter in &methodology.parameters {
                assert!(text.contains(&parameter.about), "{}", parameter.symbol);
                assert!(text.contains(&parameter.sure.to_string()));
            }
            assert!(!html.contains("<script"));
        }
    }

    #[test]
    fn samples_are_marked_in_every_form() {
        let file = shipped().iter().find(|file| file.id == "MRV_RF_F2").unwrap();
        let methodology = Methodology::parse(file.file, file.text).unwrap();
        for page in [text(&methodology), html(&methodology), latex(&methodology)] {
            assert!(page.contains("SAMPLE, not confirmed"), "{page}");
            assert!(page.contains("1.71"));
        }
    }

    #[test]
    fn what_a_file_says_is_text_and_never_markup() {
        let file = shipped().iter().find(|file| file.id == "MRV_PV_F1").unwrap();
        let hostile = file.text.replace(
            "title = \"Displacement of electricity by solar photovoltaic systems\"",
            "title = \"<b>100 % & more_$5\"",
        );
        let methodology = Methodology::parse(file.file, &hostile).unwrap();
        assert!(html(&methodology).contains("&lt;b&gt;100 % &amp; more_$5"));
        assert!(latex(&methodology).contains("100 \\% \\& more\\_\\$5"));
    }
}
