//! Changes and deviations.

use super::Chapter;
use super::block::{Block, Table, code, figure, text};
use crate::report::model::Report;

pub(super) fn chapter(report: &Report) -> Chapter {
    let mut blocks = match report.changes.is_empty() {
        true => vec![super::nothing("changes of the registered plan and deviations from it")],
        false => vec![changes(report), effects(report)],
    };
    blocks.extend(stretches(report));
    Chapter::new("changes", "Changes and deviations", blocks).on_sheet("Changes")
}

fn changes(report: &Report) -> Block {
    let rows = report.changes.iter().map(|one| {
        let approval = one.approval.as_ref();
        vec![
            text(&one.what),
            text(format!("{}, by plan {}", one.old, one.old_plan)),
            text(format!("{}, by plan {}", one.new, one.new_plan)),
            text(&one.kind),
            text(&one.time),
            text(&one.reason),
            text(approval.map_or_else(
                || "none recorded".to_owned(),
                |approval| {
                    format!("{}, number {}, {}", approval.body, approval.number, approval.date)
                },
            )),
            approval
                .and_then(|approval| approval.document.as_deref())
                .map_or_else(|| text("-"), code),
            text(match one.is_backdated {
                true => {
                    format!("in force from {}, recorded at {}", one.valid_from, one.received_at)
                }
                false => format!("in force from {}", one.valid_from),
            }),
        ]
    });
    let columns = [
        "What",
        "Old",
        "New",
        "Kind",
        "Time",
        "Reason",
        "Approval",
        "Its document (SHA-256)",
        "In force",
    ];
    Block::Table(Table::new("Changes of what is registered", &columns, rows))
}

fn effects(report: &Report) -> Block {
    let all = report.changes.iter().enumerate();
    let rows = all.flat_map(|(index, change)| {
        change.effects.iter().enumerate().map(move |(row, one)| {
            let at = |name: &str| format!("/changes/{index}/effects/{row}/{name}");
            vec![
                text(&change.what),
                text(format!("{} {}", one.methodology, one.year)),
                figure(at("er_old"), &one.er_old),
                figure(at("er_new"), &one.er_new),
                text(match one.why_whole.as_str() {
                    "" => one.counts.clone(),
                    why => format!("{}: the year cannot be cut at its date: {why}", one.counts),
                }),
            ]
        })
    });
    let columns = ["What", "Year", "#ER with the old", "#ER with the new", "Counts"];
    let caption = "What each change alters, all else as it counts, in tCO2e";
    Block::Table(Table::new(caption, &columns, rows))
}

/// The years that are cut at the date of an approved change.
fn stretches(report: &Report) -> Option<Block> {
    let years = report.years.iter().enumerate();
    let rows: Vec<_> = years
        .flat_map(|(index, year)| {
            year.stretches.iter().enumerate().map(move |(row, one)| {
                let at = |name: &str| format!("/years/{index}/stretches/{row}/{name}");
                vec![
                    text(report.name_of(year)),
                    text(&one.from),
                    text(&one.to),
                    text(one.days.to_string()),
                    figure(at("re"), &one.re),
                    figure(at("pe"), &one.pe),
                    figure(at("er"), &one.er),
                ]
            })
        })
        .collect();
    let columns = ["Year", "From", "To (inclusive)", "#Days", "#RE", "#PE", "#ER"];
    let caption = "Years cut at the date of an approved change, each stretch by its own values, in tCO2e; \
                   ER is rounded down once, for the year";
    (!rows.is_empty()).then(|| Block::Table(Table::new(caption, &columns, rows)))
}
