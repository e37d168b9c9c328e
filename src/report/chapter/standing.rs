//! What stands open around the claim: double registration, forward action requests, confidentiality.

use super::Chapter;
use super::block::{Block, Table, paragraph, text};
use crate::report::model::Report;

pub(super) fn chapter(report: &Report) -> Chapter {
    let mut blocks = vec![
        Block::Heading("Double registration".to_owned()),
        super::nothing("a registration under another mechanism"),
        Block::Heading("Open forward action requests".to_owned()),
    ];
    blocks.extend(super::life::findings(report, true));
    blocks.push(Block::Heading("Findings".to_owned()));
    blocks.extend(super::life::findings(report, false));
    blocks.push(Block::Heading("Confidentiality".to_owned()));
    if report.hidden.is_empty() {
        blocks.push(paragraph("This is the full version: nothing is blacked out."));
        if !report.project.confidential.is_empty() {
            let rows = report.project.confidential.iter().map(|one| {
                let parts = one.parts.iter().chain(&one.text).cloned().collect::<Vec<_>>();
                vec![text(&one.what), text(&one.why), text(parts.join(", "))]
            });
            let columns = ["What", "Why", "Parts and texts"];
            let title = "What the plan keeps out of the public version";
            blocks.push(Block::Table(Table::new(title, &columns, rows)));
        }
    } else {
        blocks.push(paragraph(format!(
            "This is the public version. What is confidential is blacked out: {} stands in its place.",
            crate::report::public::BLOCK
        )));
        let rows = report
            .hidden
            .iter()
            .map(|one| vec![text(&one.what), text(&one.why), text(one.count.to_string())]);
        let columns = ["What", "Why", "#Places"];
        blocks.push(Block::Table(Table::new("Blacked out", &columns, rows)));
    }
    Chapter::new("standing", "Double registration, open FARs, confidentiality", blocks)
        .on_sheet("Standing")
}
