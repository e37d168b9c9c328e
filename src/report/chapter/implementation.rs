//! Implementation of the project: what the plan says stands at the sites, and since when.

use super::Chapter;
use super::block::{Block, Table, paragraph, text};
use crate::report::model::Report;

pub(super) fn chapter(report: &Report) -> Chapter {
    let project = &report.project;
    let blocks = vec![
        paragraph(format!(
            "{}: project {} in {}, by PDD version {}. Plan number {} (leaf {}) is the last in force.",
            project.title,
            project.id,
            project.country,
            project.pdd_version,
            report.provenance.plan_number,
            report.provenance.plan_leaf
        )),
        if report.channels.is_empty() {
            paragraph("The plan has no channels.")
        } else {
            let rows = report.channels.iter().map(|channel| {
                let served = channel.days.iter().filter(|day| day.coverage.is_some()).count();
                vec![
                    text(&channel.channel),
                    text(&channel.serial),
                    text(&channel.class),
                    text(&channel.unit),
                    text(format!("{served} of {} days", channel.days.len())),
                ]
            });
            let columns = ["Channel", "Serial number", "Class", "Unit", "In service"];
            Block::Table(Table::new("Measuring points in service in the period", &columns, rows))
        },
        super::nothing("events of the implementation beyond the plan"),
    ];
    Chapter::new("implementation", "Implementation of the project", blocks)
        .on_sheet("Implementation")
}
