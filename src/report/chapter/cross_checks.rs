//! Cross-checks: two paths to each number, with what lies between and what may.

use super::Chapter;
use super::block::{Block, Mark, Span, Table, or_dash, paragraph, text};
use crate::report::model::Report;

pub(super) fn chapter(report: &Report) -> Chapter {
    let blocks = match report.paths.is_empty() {
        true => vec![super::nothing("cross-checks between two paths")],
        false => vec![
            paragraph(
                "Each number is reached on two paths where there are two: the sum of the intervals and the \
                 register's own difference, the main meter and its check meter or its parts, the meters and \
                 a document, this year and the one before, the claim and its estimate.",
            ),
            Block::Table(paths(report)),
        ],
    };
    Chapter::new("cross-checks", "Cross-checks", blocks).on_sheet("Cross-checks")
}

fn paths(report: &Report) -> Table {
    let rows = report.paths.iter().enumerate().map(|(index, path)| {
        let at = |name: &str| format!("/paths/{index}/{name}");
        let unit = path.one.as_ref().or(path.other.as_ref()).map_or("", |figure| &figure.unit);
        let outcome = match path.outcome.as_str() {
            "beyond" => vec![Span::Marked(Mark::Grave, path.outcome.clone())],
            other => text(other),
        };
        vec![
            text(&path.subject),
            text(format!("{} / {}", path.first, path.second)),
            text(format!("{} to {}", path.from, path.to)),
            or_dash(at("one"), path.one.as_ref()),
            or_dash(at("other"), path.other.as_ref()),
            or_dash(at("residual"), path.residual.as_ref()),
            text(unit),
            text(path.tolerance.as_ref().map_or(String::new(), |one| format!("{one} %"))),
            outcome,
            text(&path.code),
            text(&path.note),
        ]
    });
    let columns = [
        "What",
        "Paths",
        "From, to",
        "#First",
        "#Second",
        "#Residual",
        "Unit",
        "Tolerance",
        "Outcome",
        "Check",
        "Note",
    ];
    Table::new("Two paths to one number", &columns, rows)
}
