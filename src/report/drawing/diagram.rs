//! The single-line diagram: sites, meters, monitoring points and what they give, drawn from the plan.

use super::{Anchor, Drawing, Shape, WIDTH};
use crate::report::model::Report;

const ROW: f64 = 40.0;
const HEAD: f64 = 26.0;
const BOX: f64 = 30.0;
/// The site's line, and the left edges of meter, point and parameter.
const BUS: f64 = 14.0;
const METER: (f64, f64) = (60.0, 300.0);
const POINT: (f64, f64) = (430.0, 54.0);
const PARAMETER: (f64, f64) = (545.0, 170.0);
const INK: &str = "#33475a";

/// Most characters of a line inside a box.
const CHARS_MAX: usize = 50;

/// The diagram; `None` where the plan has no channels.
#[must_use]
pub fn diagram(report: &Report) -> Option<Drawing> {
    if report.channels.is_empty() {
        return None;
    }
    let site_of = |channel: &str| channel.split('/').next().unwrap_or("").to_owned();
    let mut sites: Vec<(String, Vec<usize>)> = Vec::new();
    for (index, channel) in report.channels.iter().enumerate() {
        let site = site_of(&channel.channel);
        match sites.iter_mut().find(|(known, _)| *known == site) {
            Some((_, channels)) => channels.push(index),
            None => sites.push((site, vec![index])),
        }
    }
    let rows: usize = sites.iter().map(|(_, channels)| channels.len().max(1)).sum();
    let height = sites.len() as f64 * HEAD + rows as f64 * ROW + 8.0;
    let title =
        "Single-line diagram: sites, meters, monitoring points and parameters, from the plan";
    let mut drawing = Drawing::new(title.to_owned(), height);
    let mut y = 0.0;
    for (site, channels) in &sites {
        drawing.words((0.0, y + 16.0), Anchor::Start, format!("Site {site}"));
        y += HEAD;
        let last = y + (channels.len() as f64 - 0.5) * ROW - 5.0;
        drawing.line(&[(BUS, y - 4.0), (BUS, last)], INK);
        for index in channels {
            row(&mut drawing, report, *index, y);
            y += ROW;
        }
    }
    Some(drawing)
}

fn row(drawing: &mut Drawing, report: &Report, index: usize, y: f64) {
    let channel = &report.channels[index];
    let middle = y + BOX / 2.0;
    drawing.line(&[(BUS, middle), (METER.0, middle)], INK);
    let name = channel.channel.split_once('/').map_or(channel.channel.as_str(), |(_, rest)| rest);
    let plate = match (channel.serial.as_str(), channel.class.as_str()) {
        ("", "") => "no serial number in the plan".to_owned(),
        (serial, "") => format!("serial {serial}"),
        (serial, class) => format!("serial {serial}, class {class}"),
    };
    boxed(drawing, METER, y);
    drawing.words(
        (METER.0 + 8.0, y + 12.5),
        Anchor::Start,
        cut(&format!("{name}, {}", channel.unit)),
    );
    drawing.words((METER.0 + 8.0, y + 25.0), Anchor::Start, cut(&plate));
    let parameter = report.parameters.iter().find(|one| one.channels.contains(&channel.channel));
    let Some(parameter) = parameter else {
        drawing.words(
            (POINT.0, middle + 4.0),
            Anchor::Start,
            "no monitoring point: for checks only",
        );
        return;
    };
    drawing.line(&[(METER.0 + METER.1, middle), (POINT.0, middle)], INK);
    boxed(drawing, POINT, y);
    drawing.words(
        (POINT.0 + POINT.1 / 2.0, middle + 4.0),
        Anchor::Middle,
        parameter.point.as_str(),
    );
    drawing.line(&[(POINT.0 + POINT.1, middle), (PARAMETER.0, middle)], INK);
    boxed(drawing, PARAMETER, y);
    let label = format!("{}, {}", parameter.label, parameter.unit);
    let centre = (PARAMETER.0 + PARAMETER.1 / 2.0, middle + 4.0);
    drawing.words(centre, Anchor::Middle, label.chars().take(28).collect::<String>());
}

fn boxed(drawing: &mut Drawing, (x, width): (f64, f64), y: f64) {
    debug_assert!(x + width <= WIDTH);
    drawing.shapes.push(Shape::Rectangle {
        at: (x, y),
        size: (width, BOX),
        fill: "#f4f7fa",
        stroke: Some(INK),
        hint: String::new(),
    });
}

fn cut(text: &str) -> String {
    if text.chars().count() <= CHARS_MAX {
        return text.to_owned();
    }
    text.chars().take(CHARS_MAX - 1).chain(['…']).collect()
}
