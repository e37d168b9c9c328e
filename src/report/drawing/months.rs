//! The months of a parameter: a bar for what was measured, a line for what it can be.

use super::{Anchor, Drawing, WIDTH};
use crate::report::model::{Figure, Parameter};

/// Left margin: the axis labels.
const LEFT: f64 = 64.0;
const HEIGHT: f64 = 220.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 34.0;

/// The months of a parameter.
#[must_use]
pub fn months(parameter: &Parameter) -> Drawing {
    let number = |figure: &Option<Figure>| {
        figure.as_ref().and_then(|figure| figure.value.parse::<f64>().ok())
    };
    let tops =
        parameter.months.iter().flat_map(|month| [number(&month.measured), number(&month.high)]);
    let measured_top =
        parameter.months.iter().filter_map(|month| number(&month.measured)).fold(0.0_f64, f64::max);
    // Where the bounds of a gap dwarf the measurements, the measurements set the scale.
    let top = match tops.flatten().fold(0.0_f64, f64::max) {
        top if measured_top > 0.0 && top > 2.0 * measured_top => 2.0 * measured_top,
        top if top > 0.0 => top,
        _ => 1.0,
    };
    let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - (value / top).clamp(0.0, 1.0));
    let step = (WIDTH - LEFT - 8.0) / parameter.months.len().max(1) as f64;
    let title = format!("{} by month, in {}", parameter.label, parameter.unit);
    let mut drawing = Drawing::new(title, HEIGHT);
    for tick in [0.0, 0.5, 1.0] {
        let (at, value) = (y(top * tick), top * tick);
        drawing.line(&[(LEFT, at), (WIDTH, at)], "#d5dbe1");
        drawing.words((LEFT - 6.0, at + 4.0), Anchor::End, tick_label(value));
    }
    let every = parameter.months.len().div_ceil(12).max(1);
    for (index, month) in parameter.months.iter().enumerate() {
        let (x, width) = (LEFT + step * (index as f64 + 0.15), step * 0.7);
        let is_whole = month.coverage.value == "100";
        let centre = x + width / 2.0;
        if let (Some(value), Some(figure)) = (number(&month.measured), &month.measured) {
            let fill = if is_whole { "#2f7fb8" } else { "#dc6a4a" };
            let size = (width, (y(0.0) - y(value)).max(0.0));
            let hint = format!("{}: {} {}", month.month, figure.shown, parameter.unit);
            drawing.rectangle((x, y(value)), size, fill, hint);
        }
        if let (Some(low), Some(high), false) = (number(&month.low), number(&month.high), is_whole)
        {
            let end = y(high);
            drawing.line(&[(centre, y(low)), (centre, end)], "#333333");
            // A cap where it ends; an arrow and the figure where it goes on beyond the scale.
            if high > top {
                let tip = [(centre - 4.0, end + 6.0), (centre, end), (centre + 4.0, end + 6.0)];
                drawing.line(&tip, "#333333");
                drawing.words((centre, TOP - 3.0), Anchor::Middle, tick_label(high));
            } else {
                drawing.line(&[(centre - 4.0, end), (centre + 4.0, end)], "#333333");
            }
        }
        if index % every == 0 {
            drawing.words((centre, HEIGHT - 14.0), Anchor::Middle, month.month.as_str());
        }
    }
    drawing
}

fn tick_label(value: f64) -> String {
    match value {
        value if value >= 100.0 || value == 0.0 => format!("{value:.0}"),
        value if value >= 1.0 => format!("{value:.1}"),
        value => format!("{value:.3}"),
    }
}
