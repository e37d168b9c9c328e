//! Annex: flags of the checks, and what was answered to them.

use std::collections::BTreeMap;

use super::Chapter;
use super::block::{Block, Line, Mark, Span, Table, paragraph, text};
use crate::report::model::Report;

/// Most findings listed here; JSON and workbook list all.
const FINDINGS_MAX: usize = 300;

pub(super) fn chapter(report: &Report) -> Chapter {
    if report.findings.is_empty() {
        return Chapter::new(
            "flags",
            "Flags and responses",
            vec![paragraph("No check found anything.")],
        );
    }
    let mut by_code: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
    for finding in &report.findings {
        let sum = by_code.entry((&finding.code, &finding.severity)).or_default();
        *sum = (sum.0 + 1, sum.1 + finding.count);
    }
    let rows = by_code.into_iter().map(|((code, severity), (findings, items))| {
        vec![text(code), text(severity), text(findings.to_string()), text(items.to_string())]
    });
    let columns = ["Code", "Severity", "#Findings", "#Readings or intervals"];
    let mut blocks = vec![Block::Table(Table::new("Findings by code", &columns, rows))];
    let rows = report.findings.iter().take(FINDINGS_MAX).map(|finding| {
        let span = finding.from.as_ref().zip(finding.to.as_ref());
        vec![
            text(&finding.code),
            severity(&finding.severity),
            text(finding.channel.as_deref().unwrap_or("period")),
            text(span.map_or(String::new(), |(from, to)| format!("{from} to before {to}"))),
            text(finding.count.to_string()),
            text(&finding.message),
        ]
    });
    let columns = ["Code", "Severity", "On", "When", "#Count", "Message"];
    blocks.push(Block::Table(Table::new("Findings, the gravest first", &columns, rows)));
    if report.findings.len() > FINDINGS_MAX {
        blocks.push(paragraph(format!(
            "{} further findings are listed in report.json and on the sheet Flags.",
            report.findings.len() - FINDINGS_MAX
        )));
    }
    blocks.extend(super::life::responses(report));
    Chapter::new("flags", "Flags and responses", blocks)
}

fn severity(name: &str) -> Line {
    match name {
        "fatal" | "critical" => vec![Span::Marked(Mark::Grave, name.to_owned())],
        name => text(name),
    }
}
