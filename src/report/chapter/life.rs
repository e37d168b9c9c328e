//! The life of the period in several chapters: versions, findings, holds, checks, responses.

use super::block::{Block, Line, Span, Table, code, figure, or_dash, paragraph, text};
use crate::report::model::Report;

/// Who prepared, reviewed and submitted each version, and what each changed.
pub(super) fn versions(report: &Report) -> Vec<Block> {
    let life = &report.life;
    let person = |name: &Option<String>| name.clone().unwrap_or_else(|| "nobody yet".to_owned());
    let mut rows: Vec<Vec<Line>> = life
        .versions
        .iter()
        .map(|one| {
            vec![
                text(one.version.to_string()),
                text(format!("{}, then restated", one.state)),
                text(&one.prepared_by),
                text(&one.reviewed_by),
                text(person(&one.submitted_by)),
                text(if one.reason.is_empty() { "first version" } else { &one.reason }),
                text(format!("leaf {} over {} leaves", one.leaf, one.log_size)),
            ]
        })
        .collect();
    let state = if report.status.is_draft { "draft" } else { "sealed" };
    rows.push(vec![
        text(life.version.to_string()),
        text(format!("this report, {state}")),
        text(person(&report.status.prepared_by)),
        text(person(&report.status.reviewed_by)),
        text("nobody yet"),
        text(if life.version == 1 { "first version" } else { &life.reason }),
        match report.provenance.log_size {
            Some(size) => text(format!("over {size} leaves")),
            None => text("not sealed"),
        },
    ]);
    let columns =
        ["Version", "State", "Prepared by", "Reviewed by", "Submitted by", "Why", "Sealed by"];
    let mut blocks = vec![Block::Table(Table::new("Version history", &columns, rows))];
    if let Some(before) = life.versions.last() {
        let rows = life.changes.iter().enumerate().map(|(index, year)| {
            let at = |name: &str| format!("/life/changes/{index}/{name}");
            vec![
                text(format!("{} {}", year.methodology, year.year)),
                or_dash(at("er_before"), year.er_before.as_ref()),
                figure(at("er"), &year.er),
                or_dash(at("claimed_before"), year.claimed_before.as_ref()),
                figure(at("claimed"), &year.claimed),
            ]
        });
        let caption = format!("Changes against version {}, in tCO2e", before.version);
        let columns = ["Year", "#ER before", "#ER", "#Claimed before", "#Claimed"];
        blocks.push(Block::Table(Table::new(&caption, &columns, rows)));
        let rows =
            life.causes.iter().map(|cause| vec![text(cause.leaf.to_string()), text(&cause.what)]);
        let caption = format!("What arrived or was recorded since version {}", before.version);
        blocks.push(Block::Table(Table::new(&caption, &["Leaf", "What"], rows)));
    }
    blocks.push(paragraph(materiality(report)));
    blocks
}

/// The threshold of materiality as it was recorded.
pub(super) fn materiality(report: &Report) -> String {
    report.life.materiality.as_ref().map_or_else(
        || "The materiality threshold is the third-party entity's: not set.".to_owned(),
        |said| {
            format!(
                "Materiality threshold, as {} set it on {}: {} (leaf {}).",
                said.tpe, said.date, said.threshold, said.leaf
            )
        },
    )
}

/// Flags that were responded to, for the first page: they stay there.
pub(super) fn responded(report: &Report) -> Vec<Block> {
    let grave =
        report.findings.iter().filter(|one| ["fatal", "critical"].contains(&&*one.severity));
    let mut sentence = format!(
        "The checks found {} flags, {} of them fatal or critical; {} responses are recorded.",
        report.findings.len(),
        grave.count(),
        report.life.responses.len()
    );
    if report.life.responses.is_empty() {
        return vec![paragraph(sentence)];
    }
    sentence.push_str(" A response changes no severity, value or count.");
    vec![paragraph(sentence), Block::Table(response_table(report, "Responded flags"))]
}

/// The responses to flags.
pub(super) fn responses(report: &Report) -> Vec<Block> {
    match report.life.responses.is_empty() {
        true => vec![super::nothing("responses to flags")],
        false => vec![Block::Table(response_table(report, "Responses to flags"))],
    }
}

fn response_table(report: &Report, caption: &str) -> Table {
    let rows = report.life.responses.iter().map(|one| {
        let on = if one.channel.is_empty() { "period or all channels" } else { &one.channel };
        vec![
            text(&one.code),
            text(on),
            text(one.flags.to_string()),
            text(if one.closes { "answered" } else { "open: no response closes it" }),
            text(format!("{} ({}), {}", one.by, one.post, one.date)),
            text(&one.reason),
            document(&one.document),
        ]
    });
    let columns = ["Code", "On", "#Flags", "State", "By", "Reason", "Document"];
    Table::new(caption, &columns, rows)
}

/// What is held, and the years with and without it.
pub(super) fn holds(report: &Report) -> Vec<Block> {
    let life = &report.life;
    if life.holds.is_empty() {
        return Vec::new();
    }
    let rows = life.holds.iter().map(|one| {
        let to = if one.to.is_empty() { "open" } else { &one.to };
        vec![
            text(&one.device),
            text(format!("{} to {to}", one.from)),
            text(&one.by),
            text(&one.reason),
            text(one.finding.as_deref().unwrap_or("none")),
            text(one.lifted.as_deref().unwrap_or("stands: counts by its bounds")),
        ]
    });
    let columns = ["Device", "Held", "By", "Reason", "Finding", "Lifted"];
    let mut blocks = vec![Block::Table(Table::new("Holds", &columns, rows))];
    if !life.without_holds.is_empty() {
        let rows = life.without_holds.iter().enumerate().map(|(index, year)| {
            let at = |name: &str| format!("/life/without_holds/{index}/{name}");
            let with = report
                .years
                .iter()
                .enumerate()
                .find(|(_, one)| one.methodology == year.methodology && one.year == year.year);
            let with = with.map_or_else(
                || vec![Span::Dash],
                |(place, one)| figure(format!("/years/{place}/er"), &one.er),
            );
            vec![
                text(format!("{} {}", year.methodology, year.year)),
                with,
                figure(at("er"), &year.er),
                figure(at("re"), &year.re),
                figure(at("pe"), &year.pe),
                figure(at("claimed"), &year.claimed),
            ]
        });
        let columns = [
            "Year",
            "#ER with the holds",
            "#ER without",
            "#RE without",
            "#PE without",
            "#Claimed without",
        ];
        let caption = "The years with and without the holds that stand, in tCO2e";
        blocks.push(Block::Table(Table::new(caption, &columns, rows)));
    }
    blocks
}

/// Findings of the third-party entity; `is_forward`: only forward action requests that are open.
pub(super) fn findings(report: &Report, is_forward: bool) -> Vec<Block> {
    let wanted = report
        .life
        .findings
        .iter()
        .filter(|one| !is_forward || one.name.starts_with("FAR") && one.is_open);
    let rows: Vec<Vec<Line>> = wanted
        .map(|one| {
            let mut course = Line::new();
            for reply in &one.replies {
                course.push(Span::Text(format!(
                    "reply of {} ({}), {}: {}",
                    reply.by, reply.post, reply.date, reply.text
                )));
                for document in &reply.documents {
                    course.push(Span::Text(", document ".to_owned()));
                    course.push(Span::Code(document.clone()));
                }
                course.push(Span::Break);
            }
            course.push(Span::Text(match &one.closed {
                None => "open".to_owned(),
                Some(closing) => {
                    let version =
                        closing.version.map_or_else(String::new, |n| format!(" by version {n}"));
                    format!(
                        "closed{version}, {} for {}, {}: {}",
                        closing.by, one.tpe, closing.date, closing.text
                    )
                }
            }));
            vec![
                text(&one.name),
                text(format!("{} ({}), {}", one.by, one.tpe, one.date)),
                text(format!("{} to {}", one.period[0], one.period[1])),
                text(one.about.join(", ")),
                text(&one.text),
                course,
            ]
        })
        .collect();
    if rows.is_empty() {
        let of = match is_forward {
            true => "forward action requests",
            false => "findings of a third-party entity",
        };
        return vec![super::nothing(of)];
    }
    let columns = ["Finding", "Raised by", "Period", "About", "Text", "Course"];
    let caption = match is_forward {
        true => "Open forward action requests",
        false => "Findings of the third-party entity",
    };
    vec![Block::Table(Table::new(caption, &columns, rows))]
}

/// The monthly checks of the data's integrity.
pub(super) fn checks(report: &Report) -> Vec<Block> {
    let life = &report.life;
    let mut blocks = Vec::new();
    if !life.monthly_check.is_empty() {
        blocks.push(paragraph(format!("The plan promises every month: {}.", life.monthly_check)));
    }
    if life.checks.is_empty() {
        blocks.push(super::nothing("monthly integrity checks"));
        return blocks;
    }
    let rows = life.checks.iter().map(|one| {
        vec![
            text(&one.month),
            text(format!("{} ({}), {}", one.by, one.post, one.date)),
            text(&one.what),
            text(&one.findings),
            text(one.leaf.to_string()),
        ]
    });
    let columns = ["Month", "By", "What", "Findings", "#Leaf"];
    blocks.push(Block::Table(Table::new("Monthly checks", &columns, rows)));
    blocks
}

/// Criteria of eligibility with their evidence, and what samples achieved.
pub(super) fn eligibility(report: &Report) -> Vec<Block> {
    let life = &report.life;
    let mut blocks = Vec::new();
    match life.eligibility.is_empty() {
        true => blocks.push(super::nothing("criteria of eligibility in the plan")),
        false => {
            let rows = life.eligibility.iter().map(|one| {
                let mut shown = Line::new();
                for evidence in &one.evidence {
                    if !shown.is_empty() {
                        shown.push(Span::Break);
                    }
                    shown.push(Span::Text(format!(
                        "{} to {}: {}; {} ({}), {}; document ",
                        evidence.from,
                        evidence.to,
                        evidence.text,
                        evidence.by,
                        evidence.post,
                        evidence.date
                    )));
                    shown.push(Span::Code(evidence.document.clone()));
                }
                if shown.is_empty() {
                    shown = text("none for this period");
                }
                vec![text(&one.criterion), text(&one.description), text(&one.asks), shown]
            });
            let columns = ["Criterion", "Description", "What shows it", "Evidence"];
            blocks.push(Block::Table(Table::new("Eligibility criteria", &columns, rows)));
        }
    }
    if !life.samples.is_empty() {
        let rows = life.samples.iter().map(|one| {
            vec![
                text(&one.parameter),
                text(&one.achieved),
                text(format!("{}, {}", one.by, one.date)),
                document(&one.document),
            ]
        });
        let columns = ["Parameter", "Confidence/precision, %", "Stated by", "Document"];
        blocks.push(Block::Table(Table::new("What samples achieved", &columns, rows)));
    }
    blocks
}

fn document(sha256: &str) -> Line {
    if sha256.is_empty() { text("none") } else { code(sha256) }
}
