//! The page of a methodology as the text of a LaTeX document, class article with amsmath.

use std::fmt::Write as _;

use super::{defaults, head, kind, members, place, remarks};
use crate::methodology::Methodology;

/// The page as LaTeX.
#[must_use]
pub fn latex(methodology: &Methodology) -> String {
    let mut out = format!(
        "\\documentclass[a4paper]{{article}}\n\\usepackage{{amsmath,amssymb}}\n\\begin{{document}}\n\
         \\section*{{{}}}\n{}\n\\begin{{description}}\n",
        escaped(&methodology.title),
        escaped(&methodology.id)
    );
    for (name, value) in head(methodology) {
        let _ = writeln!(out, "\\item[{name}] {}", escaped(&value));
    }
    out.push_str("\\end{description}\n\\subsection*{Eligibility}\n");
    list(
        &mut out,
        methodology.eligibility.iter().map(|one| {
            format!(
                "[$\\square$] {} (evidence: {})",
                escaped(&one.criterion),
                escaped(&one.evidence)
            )
        }),
    );
    out.push_str("\\subsection*{Indices}\n");
    list(
        &mut out,
        methodology.indices.iter().map(|index| {
            let set = escaped(&members(&index.set));
            format!("[${}$] {}; {set}", escaped(&index.symbol), escaped(&index.about))
        }),
    );
    out.push_str("\\subsection*{Equations}\n");
    for equation in &methodology.equations {
        let _ = writeln!(
            out,
            "{} ({}; {}):\n\\begin{{equation*}}\n{}\n\\end{{equation*}}",
            escaped(&equation.about),
            escaped(equation.unit.as_str()),
            equation.sure,
            equation.to_latex()
        );
    }
    out.push_str("\\subsection*{Parameters}\n");
    list(
        &mut out,
        methodology.parameters.iter().map(|parameter| {
            let lines = [vec![kind(parameter)], defaults(parameter), remarks(parameter)].concat();
            let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
            format!(
                "[\\texttt{{{}}}] ({}) {}. {}. Source: {}; {}.",
                escaped(&place(&parameter.symbol, &parameter.indices)),
                escaped(parameter.unit.as_str()),
                escaped(&parameter.about),
                lines.join(". "),
                escaped(&parameter.source),
                parameter.sure
            )
        }),
    );
    out.push_str("\\end{document}\n");
    out
}

/// A list of items; nothing where there is none, which LaTeX refuses.
fn list(out: &mut String, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.collect();
    if items.is_empty() {
        return;
    }
    out.push_str("\\begin{description}\n");
    for item in items {
        let _ = writeln!(out, "\\item{item}");
    }
    out.push_str("\\end{description}\n");
}

/// Characters that LaTeX reads as its own, written as themselves.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '%' | '&' | '_' | '$' | '#' | '{' | '}' => format!("\\{character}"),
            '\\' => "\\textbackslash{}".to_owned(),
            '^' => "\\textasciicircum{}".to_owned(),
            '~' => "\\textasciitilde{}".to_owned(),
            other => other.to_string(),
        })
        .collect()
}
