//! Annex: every month of every parameter and channel.

use super::Chapter;
use super::block::{Block, Line, Table, figure, or_dash, text};
use crate::report::model::{Month, Report};

const COLUMNS: [&str; 6] =
    ["Month", "#Measured", "#Lowest", "#Highest", "#Coverage %", "#By documents %"];

pub(super) fn chapter(report: &Report) -> Chapter {
    let mut blocks = Vec::new();
    let mut table = |caption: String, base: String, months: &[Month]| {
        if !months.is_empty() {
            let rows = months.iter().enumerate().map(|(row, one)| month(&base, row, one));
            blocks.push(Block::Table(Table::new(&caption, &COLUMNS, rows)));
        }
    };
    for (index, parameter) in report.parameters.iter().enumerate() {
        let caption = format!("{}, {}", parameter.label, parameter.unit);
        table(caption, format!("/parameters/{index}"), &parameter.months);
    }
    for (index, channel) in report.channels.iter().enumerate() {
        let caption = format!("Channel {}, {}", channel.channel, channel.unit);
        table(caption, format!("/channels/{index}"), &channel.months);
    }
    if blocks.is_empty() {
        blocks.push(super::nothing("monthly values"));
    }
    Chapter::new("months", "Months", blocks)
}

fn month(base: &str, row: usize, month: &Month) -> Vec<Line> {
    let at = |name: &str| format!("{base}/months/{row}/{name}");
    vec![
        text(&month.month),
        or_dash(at("measured"), month.measured.as_ref()),
        or_dash(at("low"), month.low.as_ref()),
        or_dash(at("high"), month.high.as_ref()),
        figure(at("coverage"), &month.coverage),
        or_dash(at("documented"), month.documented.as_ref()),
    ]
}
