//! Charts as inline SVG: monthly bars, and completeness by channel and day.
//!
//! Numbers become binary floats here for the geometry of a drawing alone; the figures themselves
//! stand as text beside it. Every chart has a title for those who do not see it.

use std::fmt::Write;

use super::escape;
use crate::report::model::{Channel, Figure, Parameter, Year};

/// Width of the drawing, in its own units.
const WIDTH: f64 = 720.0;
/// Left margin: the axis labels.
const LEFT: f64 = 64.0;

/// Classes of completeness, worst first: lowest percent that is still in it, colour, name. Told
/// apart by lightness too, so that they survive print and colour blindness.
const CLASSES: [(f64, &str, &str); 5] = [
    (0.0, "#7f1d1d", "nothing measured"),
    (0.01, "#dc6a4a", "below 50 %"),
    (50.0, "#f2b872", "50 to below 90 %"),
    (90.0, "#a9cfe8", "90 to below 100 %"),
    (100.0, "#2f7fb8", "whole"),
];

/// Colour of days on which a device does not serve.
const IDLE: &str = "#f1f3f5";

/// The months of a parameter: a bar for what was measured, a whisker for what it can be.
pub(super) fn months(parameter: &Parameter, id: &str) -> String {
    const HEIGHT: f64 = 220.0;
    const TOP: f64 = 14.0;
    const BOTTOM: f64 = 34.0;
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
    let mut svg = open(id, HEIGHT, &format!("{} by month, in {}", parameter.label, parameter.unit));
    for tick in [0.0, 0.5, 1.0] {
        let (at, value) = (y(top * tick), top * tick);
        let _ = write!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{WIDTH}\" y2=\"{at:.1}\" stroke=\"#d5dbe1\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            at + 4.0,
            tick_label(value)
        );
    }
    for (index, month) in parameter.months.iter().enumerate() {
        let (x, width) = (LEFT + step * (index as f64 + 0.15), step * 0.7);
        let is_whole = month.coverage.value == "100";
        if let Some(value) = number(&month.measured) {
            let fill = if is_whole { "#2f7fb8" } else { "#dc6a4a" };
            let _ = write!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{fill}\">\
                 <title>{}: {} {}</title></rect>",
                y(value),
                (y(0.0) - y(value)).max(0.0),
                escape(&month.month),
                month.measured.as_ref().map_or("", |figure| &figure.shown),
                escape(&parameter.unit)
            );
        }
        if let (Some(low), Some(high), false) = (number(&month.low), number(&month.high), is_whole)
        {
            let centre = x + width / 2.0;
            // A cap where it ends; an arrow and the figure where it goes on beyond the scale.
            let end = if high > top { "m-4 6l4 -6l4 6" } else { "m-4 0h8" };
            let _ = write!(
                svg,
                "<path d=\"M{centre:.1} {:.1}V{:.1}{end}\" stroke=\"#333\" fill=\"none\"/>",
                y(low),
                y(high)
            );
            if high > top {
                let _ = write!(
                    svg,
                    "<text x=\"{centre:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                    TOP - 3.0,
                    tick_label(high)
                );
            }
        }
        let every = parameter.months.len().div_ceil(12).max(1);
        if index % every == 0 {
            let _ = write!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                x + width / 2.0,
                HEIGHT - 14.0,
                escape(&month.month)
            );
        }
    }
    svg.push_str("</svg></div>");
    svg
}

/// Completeness of each channel on each local day of a year.
pub(super) fn completeness(channels: &[Channel], year: &Year, id: &str) -> String {
    const ROW: f64 = 20.0;
    const NAME: f64 = 14.0;
    let height = channels.len() as f64 * (ROW + NAME) + 30.0;
    let title = format!(
        "Completeness by channel and local day, {}: {}",
        year.year,
        CLASSES.map(|(_, _, name)| name).join(", ")
    );
    let mut svg = open(id, height, &title);
    let step = WIDTH / f64::from(year.days.max(1));
    for (row, channel) in channels.iter().enumerate() {
        let top = row as f64 * (ROW + NAME) + NAME;
        let _ =
            write!(svg, "<text x=\"0\" y=\"{:.1}\">{}</text>", top - 3.0, escape(&channel.channel));
        let days: Vec<Option<usize>> = channel
            .days
            .iter()
            .filter(|day| (&year.from..=&year.to).contains(&&day.date))
            .map(|day| day.coverage.as_deref().map(class_of))
            .collect();
        let mut first = 0;
        for run in days.chunk_by(|a, b| a == b) {
            let fill = run[0].map_or(IDLE, |class| CLASSES[class].1);
            let _ = write!(
                svg,
                "<rect x=\"{:.2}\" y=\"{top:.1}\" width=\"{:.2}\" height=\"{:.1}\" fill=\"{fill}\"/>",
                first as f64 * step,
                run.len() as f64 * step,
                ROW - 4.0
            );
            first += run.len();
        }
    }
    let mut last_month = "";
    let dates = channels.first().map_or(&[][..], |channel| &channel.days[..]);
    let dates = dates.iter().filter(|day| (&year.from..=&year.to).contains(&&day.date));
    for (index, day) in dates.enumerate() {
        let month = day.date.get(5..7).unwrap_or("");
        if month != last_month {
            last_month = month;
            let x = index as f64 * step;
            let _ = write!(
                svg,
                "<line x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\" stroke=\"#667\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\">{month}</text>",
                height - 30.0,
                height - 22.0,
                x + 2.0,
                height - 12.0
            );
        }
    }
    svg.push_str("</svg></div>");
    svg
}

/// What the colours of the completeness chart mean.
pub(super) fn legend() -> String {
    let mut html = String::from("<ul class=\"legend\">");
    for (_, colour, name) in CLASSES {
        let _ = write!(html, "<li><span style=\"background:{colour}\"></span>{name}</li>");
    }
    let _ = write!(html, "<li><span style=\"background:{IDLE}\"></span>not in service</li></ul>");
    html
}

fn open(id: &str, height: f64, title: &str) -> String {
    format!(
        "<div class=\"scroll\" tabindex=\"0\"><svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}\">\
         <title id=\"{id}\">{}</title>",
        escape(title)
    )
}

fn class_of(coverage: &str) -> usize {
    let percent = coverage.parse::<f64>().unwrap_or(0.0);
    CLASSES.iter().rposition(|(least, _, _)| percent >= *least).unwrap_or(0)
}

fn tick_label(value: f64) -> String {
    match value {
        value if value >= 100.0 || value == 0.0 => format!("{value:.0}"),
        value if value >= 1.0 => format!("{value:.1}"),
        value => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_whole_only_at_100_percent() {
        for (coverage, name) in [
            ("0", "nothing measured"),
            ("0.01", "below 50 %"),
            ("49.99", "below 50 %"),
            ("50", "50 to below 90 %"),
            ("99.99", "90 to below 100 %"),
            ("100", "whole"),
        ] {
            assert_eq!(CLASSES[class_of(coverage)].2, name, "{coverage}");
        }
    }
}
