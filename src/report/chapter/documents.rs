//! Annex: the documents that values stand on.

use super::Chapter;
use super::block::{Block, Table, code, text};
use crate::report::model::Report;

pub(super) fn chapter(report: &Report) -> Chapter {
    let parameters = report.parameters.iter();
    let mut all = parameters.flat_map(|one| one.documents.iter().map(move |paper| (paper, one)));
    let rows: Vec<_> = all
        .by_ref()
        .map(|(document, parameter)| {
            vec![
                text(&parameter.label),
                text(format!("{} {}", document.kind, document.number)),
                text(&document.issuer),
                text(format!("{} to {}", document.from, document.to)),
                text(format!("{} {}", document.value, document.unit)),
                document.sha256.as_deref().map_or_else(|| text("none"), code),
                text(&document.entered_by),
                text(document.checked_by.as_deref().unwrap_or("nobody")),
                text(&document.standing),
                text(format!("act {}, leaf {}", document.act, document.leaf)),
            ]
        })
        .collect();
    let columns = [
        "Parameter",
        "Document",
        "Issuer",
        "Days",
        "Value",
        "SHA-256",
        "Entered by",
        "Checked by",
        "Counts",
        "Recorded",
    ];
    let caption = "Amounts with their documents; both dates are included";
    let block = match rows.is_empty() {
        true => super::nothing("documents behind values"),
        false => Block::Table(Table::new(caption, &columns, rows)),
    };
    Chapter::new("documents", "Documents", vec![block])
}
