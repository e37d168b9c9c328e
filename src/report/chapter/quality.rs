//! Data quality: completeness, the accounting sum, refusals.

use super::Chapter;
use super::block::{Block, Line, Span, Table, figure, paragraph, text};
use crate::report::drawing;
use crate::report::model::Report;

pub(super) fn chapter(report: &Report) -> Chapter {
    let items = &report.items;
    let mut blocks = vec![
        paragraph(format!(
            "Decoded items: {} = {} readings + {} conflicts + {} refused.",
            items.decoded, items.readings, items.conflicts, items.refused
        )),
        Block::Table(accounting(report)),
    ];
    if report.refused.is_empty() {
        blocks.push(paragraph("Nothing was refused."));
    } else {
        blocks.push(Block::Table(refused(report)));
    }
    blocks.push(Block::Heading("Completeness".to_owned()));
    if report.channels.is_empty() {
        blocks.push(paragraph("The plan has no channels."));
    } else {
        blocks.push(Block::Table(channels(report)));
        for year in &report.years {
            blocks.push(Block::Heading(format!(
                "Completeness by channel and day, {}",
                report.name_of(year)
            )));
            blocks.push(Block::Drawing(drawing::completeness(&report.channels, year)));
        }
        blocks.push(Block::Legend(drawing::classes()));
    }
    blocks.push(Block::Heading("Monthly checks".to_owned()));
    blocks.extend(super::life::checks(report));
    Chapter::new("data", "Data quality", blocks)
}

fn channels(report: &Report) -> Table {
    let rows = report.channels.iter().enumerate().map(|(index, channel)| {
        let qualities: Vec<String> = channel
            .qualities
            .iter()
            .map(|quality| format!("{} {}", quality.code, quality.intervals))
            .collect();
        vec![
            text(&channel.channel),
            text(&channel.unit),
            figure(format!("/channels/{index}/coverage"), &channel.coverage),
            text(qualities.join(", ")),
        ]
    });
    Table::new(
        "Channels; intervals of 15 minutes by quality code: M measured, B check meter, T register bridged \
         a gap, I document, C corrected by calibration, K conflict, Z only bounds",
        &["Channel", "Unit", "#Coverage %", "Intervals by quality"],
        rows,
    )
}

fn accounting(report: &Report) -> Table {
    let rows = report.items.by_channel.iter().map(|items| {
        let refused: Vec<String> =
            items.refused.iter().map(|code| format!("{} {}", code.code, code.count)).collect();
        vec![
            text(items.channel.as_deref().unwrap_or("without channel and time")),
            text(items.decoded.to_string()),
            text(items.readings.to_string()),
            text(items.conflicts.to_string()),
            text(refused.join(", ")),
        ]
    });
    let columns = ["Channel", "#Decoded", "#Readings", "#Conflicts", "Refused by code"];
    Table::new("What became of every decoded item", &columns, rows)
}

fn refused(report: &Report) -> Table {
    let rows = report.refused.iter().map(|refused| {
        let mut examples = Line::new();
        for example in &refused.examples {
            if !examples.is_empty() {
                examples.push(Span::Break);
            }
            examples.push(Span::Text(format!("leaf {} item {}: ", example.leaf, example.item)));
            examples.push(Span::Code(example.text.clone()));
        }
        vec![text(&refused.code), text(&refused.reason), text(refused.count.to_string()), examples]
    });
    let columns = ["Code", "Reason", "#Count", "Examples"];
    Table::new("Refused items by code and reason", &columns, rows)
}
