//! Correction factors of the registered plan: what each is, and what every channel counts before and
//! after them. Parts of two chapters: the meters, and the calculation.

use super::block::{Block, Mark, Span, Table, figure, or_dash, text};
use crate::report::model::{Report, Year};

/// The factors with what they alter, for the chapter on meters; nothing where none is registered.
pub(super) fn of_meters(report: &Report) -> Vec<Block> {
    let factors = &report.calibration.factors;
    let mut blocks = Vec::new();
    if !factors.is_empty() {
        let rows = factors.iter().enumerate().map(|(index, one)| {
            vec![
                text(&one.name),
                text(&one.channel),
                figure(format!("/calibration/factors/{index}/factor"), &one.factor),
                text(one.from.as_deref().unwrap_or("the beginning")),
                text(one.to.as_deref().unwrap_or("no end")),
                text(&one.source),
                match &one.confirmed {
                    Some(confirmed) => text(confirmed),
                    None => vec![Span::Marked(Mark::Sample, "nobody".to_owned())],
                },
            ]
        });
        let columns = [
            "Corrects",
            "Channel",
            "#Factor",
            "From",
            "To (inclusive)",
            "Prescribed in",
            "Confirmed by",
        ];
        let caption =
            "Correction factors of the registered plan: totals are multiplied, readings stay";
        blocks.push(Block::Table(Table::new(caption, &columns, rows)));
    }
    let years = (0..report.years.len()).filter_map(|index| of_year(report, index));
    blocks.extend(years.map(Block::Table));
    blocks
}

/// What the channels of a year count before and after their factors; `None` without any.
pub(super) fn of_year(report: &Report, index: usize) -> Option<Table> {
    let year: &Year = report.years.get(index).filter(|year| !year.factored.is_empty())?;
    let rows = year.factored.iter().enumerate().map(|(row, one)| {
        let at = |name: &str| format!("/years/{index}/factored/{row}/{name}");
        let unit = one.low.as_ref().or(one.corrected.as_ref()).map_or("", |figure| &figure.unit);
        vec![
            text(&one.label),
            text(&one.channel),
            text(format!("{} to {}", one.from, one.to)),
            or_dash(at("uncorrected"), one.uncorrected.as_ref()),
            text(&one.factors),
            or_dash(at("corrected"), one.corrected.as_ref()),
            or_dash(at("low"), one.low.as_ref()),
            or_dash(at("high"), one.high.as_ref()),
            text(unit),
        ]
    });
    let columns = [
        "Parameter",
        "Channel",
        "From, to (exclusive)",
        "#Uncorrected",
        "Factor",
        "#Corrected",
        "#Lowest",
        "#Highest",
        "Units",
    ];
    let caption = format!("Totals of {} before and after correction factors", report.name_of(year));
    Some(Table::new(&caption, &columns, rows))
}
