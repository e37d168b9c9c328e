//! The page of a methodology as one HTML file: no script, no other file, equations as MathML.

use std::fmt::Write as _;

use super::{defaults, head, kind, members, place, remarks};
use crate::methodology::Methodology;
use crate::report::html::escape as escaped;

const STYLE: &str = "body{font:16px/1.5 sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.4rem;\
text-align:left;vertical-align:top}math{font-size:1.15em}.sample{background:#fff3c4}\
small{color:#555}@media print{body{margin:0;font-size:11px}}";

/// The page as HTML.
#[must_use]
pub fn html(methodology: &Methodology) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{id}</title>\
         <style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<p>{id}</p>\n<table>\n",
        id = escaped(&methodology.id),
        title = escaped(&methodology.title),
    );
    for (name, value) in head(methodology) {
        let _ = writeln!(out, "<tr><th>{name}</th><td>{}</td></tr>", escaped(&value));
    }
    out.push_str("</table>\n<h2>Eligibility</h2>\n<table>\n");
    for one in &methodology.eligibility {
        let _ = writeln!(
            out,
            "<tr><td>&#9744;</td><td>{}<br><small>evidence: {}</small></td></tr>",
            escaped(&one.criterion),
            escaped(&one.evidence)
        );
    }
    out.push_str("</table>\n<h2>Indices</h2>\n<table>\n");
    for index in &methodology.indices {
        let _ = writeln!(
            out,
            "<tr><th>{}</th><td>{}</td><td>{}</td></tr>",
            escaped(&index.symbol),
            escaped(&index.about),
            escaped(&members(&index.set))
        );
    }
    out.push_str("</table>\n<h2>Equations</h2>\n<table>\n");
    for equation in &methodology.equations {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}<br><small>{}</small></td></tr>",
            equation.to_mathml(),
            escaped(equation.unit.as_str()),
            escaped(&equation.about),
            equation.sure
        );
    }
    out.push_str("</table>\n<h2>Parameters</h2>\n<table>\n");
    for parameter in &methodology.parameters {
        let mut more = String::new();
        for line in defaults(parameter) {
            let class = if line.starts_with("SAMPLE") { " class=\"sample\"" } else { "" };
            let _ = write!(more, "<br><span{class}>{}</span>", escaped(&line));
        }
        for line in remarks(parameter) {
            let _ = write!(more, "<br><small>{}</small>", escaped(&line));
        }
        let _ = writeln!(
            out,
            "<tr><th>{}</th><td>{}</td><td>{}<br>{}{more}<br><small>source: {}; {}</small></td></tr>",
            escaped(&place(&parameter.symbol, &parameter.indices)),
            escaped(parameter.unit.as_str()),
            escaped(&parameter.about),
            escaped(&kind(parameter)),
            escaped(&parameter.source),
            parameter.sure
        );
    }
    out.push_str("</table>\n<h2>Worked examples</h2>\n<table>\n");
    for vector in &methodology.vectors {
        let figures: Vec<String> = vector
            .expected
            .iter()
            .map(|(name, value)| {
                format!("{} = {}", escaped(name), escaped(value.to_string().trim_matches('"')))
            })
            .collect();
        let _ = writeln!(
            out,
            "<tr><th>{}</th><td>{}<br>{}</td></tr>",
            escaped(&vector.id),
            escaped(&vector.about),
            figures.join("<br>")
        );
    }
    out.push_str("</table>\n</body></html>\n");
    out
}
