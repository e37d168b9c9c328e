//! Parameters: their totals in the claim, the columns of the monitoring plan, their months, and what was
//! fixed ex ante.

use super::Chapter;
use super::block::{Block, Mark, Span, Table, figure, or_dash, soft, text};
use crate::report::drawing;
use crate::report::model::Report;

pub(super) fn chapter(report: &Report) -> Chapter {
    let mut blocks = vec![Block::Heading("Parameters monitored ex post".to_owned())];
    blocks.extend((0..report.years.len()).map(|index| Block::Table(totals(report, index))));
    blocks.push(Block::Table(plan(report)));
    blocks.push(Block::Heading("Parameters fixed ex ante".to_owned()));
    blocks.push(Block::Table(fixed(report)));
    for parameter in report.parameters.iter().filter(|one| !one.months.is_empty()) {
        let what = if parameter.is_amount { "amount by month" } else { "mean by month" };
        blocks.push(Block::Heading(format!("{}: {what}, {}", parameter.label, parameter.unit)));
        blocks.push(Block::Drawing(drawing::months(parameter)));
    }
    if report.parameters.iter().any(|one| !one.months.is_empty()) {
        blocks.push(soft(
            "Blue: the whole month was measured; orange: only a part of it. The line spans what the \
             month can be; an arrow goes on to the figure above it. The numbers stand in the annex of \
             months, the documents in the annex of documents.",
        ));
    }
    Chapter::new("parameters", "Parameters", blocks)
}

fn totals(report: &Report, index: usize) -> Table {
    let year = &report.years[index];
    let rows = year.inputs.iter().enumerate().map(|(row, input)| {
        let at = |name: &str| format!("/years/{index}/inputs/{row}/{name}");
        let plan = report.parameters.get(input.parameter);
        vec![
            text(&input.label),
            text(plan.map_or("", |plan| &plan.point)),
            or_dash(at("measured"), input.measured.as_ref()),
            or_dash(at("low"), input.low.as_ref()),
            or_dash(at("high"), input.high.as_ref()),
            figure(at("chosen"), &input.chosen),
            text(format!("{}/p", input.chosen.unit)),
            text(&input.side),
            figure(at("coverage"), &input.coverage),
            text(input.leaves.map_or("-".to_owned(), |[a, b]| format!("{a} to {b}"))),
        ]
    });
    let caption = match report.methodologies.len() {
        0 | 1 => format!("Totals of {}", year.form),
        _ => format!("Totals of {}, {}", year.form, year.methodology),
    };
    let columns = [
        "Parameter",
        "Point",
        "#Measured",
        "#Lowest",
        "#Highest",
        "#In the claim",
        "Units",
        "Taken at",
        "#Coverage %",
        "Leaves",
    ];
    Table::new(&caption, &columns, rows)
}

fn plan(report: &Report) -> Table {
    let rows = report.parameters.iter().map(|parameter| {
        let mut description = parameter.description.clone();
        if !parameter.channels.is_empty() {
            description += &format!(" ({})", parameter.channels.join(", "));
        }
        vec![
            text(&parameter.point),
            text(&parameter.label),
            text(description),
            text(&parameter.unit),
            text(&parameter.option),
            text(&parameter.source),
            text(&parameter.method),
            text(&parameter.frequency),
            text(&parameter.comments),
        ]
    });
    let columns = [
        "Point",
        "Parameter",
        "Description of data",
        "Units",
        "Option",
        "Source of data",
        "Measurement methods and procedures",
        "Frequency",
        "Other comments",
    ];
    Table::new("As planned; options: A public data, B invoices, C measured", &columns, rows)
}

fn fixed(report: &Report) -> Table {
    let rows = report.fixed.iter().enumerate().map(|(index, fixed)| {
        let confirmed = match &fixed.confirmed {
            Some(confirmed) => text(confirmed),
            None => vec![Span::Marked(Mark::Sample, "sample value, not confirmed".to_owned())],
        };
        vec![
            text(&fixed.label),
            text(&fixed.description),
            figure(format!("/fixed/{index}/value"), &fixed.value),
            text(&fixed.value.unit),
            text(&fixed.source),
            confirmed,
            text(&fixed.comments),
        ]
    });
    let columns =
        ["Parameter", "Description", "#Value", "Units", "Source", "Confirmed by", "Comments"];
    Table::new("Fixed values and their sources", &columns, rows)
}
