//! The page of a methodology as plain text.

use std::fmt::Write as _;

use super::{defaults, head, kind, members, place, remarks};
use crate::methodology::Methodology;

/// The page as plain text.
#[must_use]
pub fn text(methodology: &Methodology) -> String {
    let mut out = format!("{}\n{}\n\n", methodology.id, methodology.title);
    for (name, value) in head(methodology) {
        let _ = writeln!(out, "{name}: {value}");
    }
    out.push_str("\nELIGIBILITY\n");
    for one in &methodology.eligibility {
        let _ = writeln!(out, "  [ ] {}\n      evidence: {}", one.criterion, one.evidence);
    }
    if !methodology.indices.is_empty() {
        out.push_str("\nINDICES\n");
    }
    for index in &methodology.indices {
        let _ = writeln!(out, "  {}: {}; {}", index.symbol, index.about, members(&index.set));
    }
    out.push_str("\nPARAMETERS\n");
    for parameter in &methodology.parameters {
        let name = place(&parameter.symbol, &parameter.indices);
        let unit = match &parameter.category_of {
            Some(of) => format!("a member of {of}"),
            None => parameter.unit.to_string(),
        };
        let _ = writeln!(out, "  {name} [{unit}]: {}", parameter.about);
        let _ = writeln!(out, "      {}", kind(parameter));
        for line in defaults(parameter).iter().chain(&remarks(parameter)) {
            let _ = writeln!(out, "      {line}");
        }
        let _ = writeln!(out, "      source: {}; {}", parameter.source, parameter.sure);
    }
    out.push_str("\nEQUATIONS\n");
    for equation in &methodology.equations {
        let _ = writeln!(
            out,
            "  {}   [{}]\n      {}; {}",
            equation.to_plain(),
            equation.unit,
            equation.about,
            equation.sure
        );
    }
    if !methodology.vectors.is_empty() {
        out.push_str("\nWORKED EXAMPLES\n");
    }
    for vector in &methodology.vectors {
        let _ = writeln!(out, "  {}: {}", vector.id, vector.about);
        for (name, value) in &vector.expected {
            let _ = writeln!(out, "      {name} = {}", value.to_string().trim_matches('"'));
        }
    }
    out.trim_end().to_owned()
}
