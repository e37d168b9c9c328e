//! Uncertainty of the result, as information: the budget of each year, and which input moves ER most.

use super::Chapter;
use super::block::{Block, Span, Table, figure, paragraph, soft, text, with_unit};
use crate::report::model::{Report, Uncertainty};

pub(super) fn chapter(report: &Report) -> Chapter {
    let mut blocks = vec![soft(
        "Informative: by the law of propagation of uncertainty (GUM, JCGM 100:2008), k = 2. It changes no \
         figure of this report. A meter of a class errs by up to its class, anything up to that as likely; \
         its error is the same wherever it enters.",
    )];
    if report.uncertainty.is_empty() {
        blocks.push(super::nothing("uncertainties"));
    }
    for (index, budget) in report.uncertainty.iter().enumerate() {
        year(report, index, budget, &mut blocks);
    }
    blocks.push(paragraph(super::life::materiality(report)));
    Chapter::new("uncertainty", "Uncertainty (informative)", blocks).on_sheet("Uncertainty")
}

fn year(report: &Report, index: usize, budget: &Uncertainty, blocks: &mut Vec<Block>) {
    let at = |name: String| format!("/uncertainty/{index}/{name}");
    let name = match report.methodologies.len() {
        0 | 1 => budget.year.to_string(),
        _ => format!("{} {}", budget.methodology, budget.year),
    };
    blocks.push(Block::Heading(format!("Budget of {name}")));
    match (&budget.combined, &budget.expanded) {
        (Some(combined), Some(expanded)) => {
            let mut line = vec![Span::Text("Standard uncertainty of ER ".to_owned())];
            line.extend(with_unit(at("combined".to_owned()), combined));
            line.push(Span::Text(", expanded ".to_owned()));
            line.extend(with_unit(at("expanded".to_owned()), expanded));
            if let Some(percent) = &budget.percent {
                line.push(Span::Text(", that is ".to_owned()));
                line.extend(with_unit(at("percent".to_owned()), percent));
                line.push(Span::Text(" of ER".to_owned()));
            }
            line.push(Span::Text(".".to_owned()));
            blocks.push(Block::Paragraph(line));
        }
        _ => blocks.push(paragraph("No uncertainty of a meter is known: there is no budget.")),
    }
    if !budget.causes.is_empty() {
        let rows = budget.causes.iter().enumerate().map(|(row, cause)| {
            let pointer = at(format!("causes/{row}/contribution"));
            vec![text(&cause.cause), text(&cause.source), figure(pointer, &cause.contribution)]
        });
        let columns = ["Meter", "Its uncertainty is from", "#Contribution, tCO2e"];
        let caption = format!("Meters of {name}, the largest contribution first");
        blocks.push(Block::Table(Table::new(&caption, &columns, rows)));
        let rows = budget.shares.iter().enumerate().map(|(row, share)| {
            let at = |key: &str| at(format!("shares/{row}/{key}"));
            vec![
                text(&share.label),
                text(&share.cause),
                with_unit(at("standard"), &share.standard),
                with_unit(at("sensitivity"), &share.sensitivity),
                figure(at("contribution"), &share.contribution),
            ]
        });
        let columns =
            ["Input", "Meter", "#Standard uncertainty", "#Sensitivity", "#Contribution, tCO2e"];
        blocks.push(Block::Table(Table::new("Inputs", &columns, rows)));
    }
    for line in &budget.unset {
        blocks.push(paragraph(format!("{line}.")));
    }
    if !budget.ranking.is_empty() {
        let rows = budget.ranking.iter().enumerate().map(|(row, rank)| {
            let pointer = at(format!("ranking/{row}/per_percent"));
            vec![text(&rank.label), figure(pointer, &rank.per_percent)]
        });
        let columns = ["Input", "#Change of ER, tCO2e"];
        let caption = format!("What moves ER of {name} most: change for one percent of an input");
        blocks.push(Block::Table(Table::new(&caption, &columns, rows)));
    }
}
