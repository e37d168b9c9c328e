//! A drawing as inline SVG.

use std::fmt::Write;

use super::{Anchor, Drawing, Shape, WIDTH};
use crate::report::html::escape;

/// The drawing as SVG whose title has this id.
#[must_use]
pub fn svg(drawing: &Drawing, id: &str) -> String {
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-labelledby=\"{id}\"><title id=\"{id}\">{}</title>",
        drawing.height,
        escape(&drawing.title)
    );
    for shape in &drawing.shapes {
        // Writing to a String never fails.
        let _ = match shape {
            Shape::Rectangle { at, size, fill, stroke, hint } => {
                let stroke = stroke.map_or(String::new(), |colour| format!(" stroke=\"{colour}\""));
                let start = format!(
                    "<rect x=\"{:.2}\" y=\"{:.1}\" width=\"{:.2}\" height=\"{:.1}\" fill=\"{fill}\"{stroke}",
                    at.0, at.1, size.0, size.1
                );
                match hint.as_str() {
                    "" => write!(svg, "{start}/>"),
                    hint => write!(svg, "{start}><title>{}</title></rect>", escape(hint)),
                }
            }
            Shape::Line { points, stroke } => {
                let points: Vec<String> =
                    points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
                write!(
                    svg,
                    "<polyline points=\"{}\" stroke=\"{stroke}\" fill=\"none\"/>",
                    points.join(" ")
                )
            }
            Shape::Words { at, anchor, words } => {
                let anchor = match anchor {
                    Anchor::Start => "",
                    Anchor::Middle => " text-anchor=\"middle\"",
                    Anchor::End => " text-anchor=\"end\"",
                };
                let (x, y, words) = (at.0, at.1, escape(words));
                write!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\"{anchor}>{words}</text>")
            }
        };
    }
    svg.push_str("</svg>");
    svg
}
