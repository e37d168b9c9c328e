//! Cover and control: what the report is, who stands behind it, what its figures stand on.

use super::Chapter;
use super::block::{Block, Line, Mark, Span, Table, code, paragraph, text};
use crate::report::model::Report;

pub(super) fn chapter(report: &Report) -> Chapter {
    let mut blocks = vec![Block::Table(subject(report)), Block::Table(control(report))];
    if report.status.is_draft {
        let reasons = report.status.draft_reasons.join("; ");
        blocks.push(Block::Paragraph(vec![
            Span::Marked(Mark::Draft, "A draft".to_owned()),
            Span::Text(format!(", because {reasons}.")),
        ]));
    }
    blocks.push(paragraph(
        "This report is a calculation by the project participants. Its figures are indicative: they \
         say nothing of what a third-party entity will find.",
    ));
    blocks.extend(super::life::versions(report));
    blocks.extend(super::life::responded(report));
    blocks.push(Block::Table(provenance(report)));
    Chapter::new("control", "Cover and control", blocks)
}

fn pairs(caption: &str, rows: Vec<(&str, Line)>) -> Table {
    let rows = rows.into_iter().map(|(name, line)| vec![text(name), line]);
    Table::new(caption, &["Item", "Value"], rows)
}

fn or(value: &str, otherwise: &str) -> Line {
    text(if value.is_empty() { otherwise } else { value })
}

fn subject(report: &Report) -> Table {
    let project = &report.project;
    let mut rows = vec![
        ("Project", text(&project.title)),
        ("Reference number", or(&project.reference, "not given")),
        ("Project id", text(&project.id)),
        ("Country", text(&project.country)),
        ("Project participants", or(&project.participants.join(", "), "not given")),
        ("PDD version", or(&project.pdd_version, "not given")),
        ("Monitoring period", text(&report.period.words)),
        (
            "Crediting period",
            text(format!(
                "from {} to {}, both days included",
                project.crediting_from, project.crediting_to
            )),
        ),
    ];
    for methodology in &report.methodologies {
        let title = match methodology.title.as_str() {
            "" => String::new(),
            title => format!(", {title}"),
        };
        let line = format!("{} version {}{title}", methodology.id, methodology.version);
        rows.push(("Methodology", text(line)));
    }
    pairs("Subject of the report", rows)
}

fn control(report: &Report) -> Table {
    let status = &report.status;
    let person = |name: &Option<String>| match name {
        Some(name) => text(name),
        None => text("not recorded"),
    };
    pairs(
        "Control",
        vec![
            ("State", text(if status.is_draft { "DRAFT: nothing is sealed" } else { "sealed" })),
            ("Prepared by", person(&status.prepared_by)),
            ("Reviewed by", person(&status.reviewed_by)),
            ("What the figures are", text(&report.notice)),
            (
                "Version",
                text(match report.hidden.is_empty() {
                    true => "full version",
                    false => "public version: what is confidential is blacked out and listed",
                }),
            ),
        ],
    )
}

fn provenance(report: &Report) -> Table {
    let provenance = &report.provenance;
    let none = || text("none: not sealed");
    let leaves = provenance.leaves.map_or("none".to_owned(), |[a, b]| format!("{a} to {b}"));
    pairs(
        "What the figures stand on",
        vec![
            (
                "Plan",
                text(format!("number {}, leaf {}", provenance.plan_number, provenance.plan_leaf)),
            ),
            (
                "Log size",
                provenance.log_size.map_or_else(none, |size| text(format!("{size} leaves"))),
            ),
            ("Log root (SHA-256)", provenance.log_root.as_deref().map_or_else(none, code)),
            ("Leaves of the inputs", text(leaves)),
            ("Figures digest (SHA-256)", code(&provenance.figures_digest)),
            ("Rules", text(provenance.rules.to_string())),
            ("Form", text(&report.format)),
        ],
    )
}
