//! The sheets beside the form: cover, doubts, data quality, flags, refusals, figures.

use rust_xlsxwriter::{Workbook, XlsxError};

use super::sheet::{Cell, Sheet};
use crate::report::model::{Figure, Report, Year};

/// What the report is, its results by year, and what they stand on.
pub(super) fn cover(book: &mut Workbook, report: &Report) -> Result<(), XlsxError> {
    let widths = [34.0, 18.0, 18.0, 18.0, 18.0, 18.0, 18.0, 18.0, 18.0];
    let mut sheet = Sheet::new(book, "Cover", &widths, report)?;
    sheet.title(&format!("Monitoring report: {}", report.project.title))?;
    sheet.note(&format!("Monitoring period {}", report.period.words))?;
    let project = &report.project;
    sheet.note(&format!(
        "Reference number {}; project {}; {}; PDD version {}",
        project.reference, project.id, project.country, project.pdd_version
    ))?;
    for methodology in &report.methodologies {
        sheet.note(&format!("Methodology {} version {}", methodology.id, methodology.version))?;
    }
    sheet.note(&match (&report.status.prepared_by, &report.status.reviewed_by) {
        (Some(prepared), Some(reviewed)) => {
            format!("Prepared by {prepared}, reviewed by {reviewed}")
        }
        _ => format!("A draft, because {}", report.status.draft_reasons.join("; ")),
    })?;
    sheet.skip();
    sheet.section("Result by calendar year, tCO2e")?;
    sheet.header(&[
        "Year",
        "RE",
        "PE",
        "ER",
        "ER at best",
        "ER rounded down",
        "Carried in",
        "Claimed",
        "Carried out",
    ])?;
    for year in &report.years {
        sheet.line(&[
            form_of(report, year).into(),
            (&year.re).into(),
            (&year.pe).into(),
            (&year.er).into(),
            (&year.er_highest).into(),
            (&year.floored).into(),
            (&year.carried_in).into(),
            (&year.claimed).into(),
            (&year.carried_out).into(),
        ])?;
    }
    sheet.line(&["Sum of the years".into(), (&report.claimed).into()])?;
    sheet.skip();
    for year in &report.years {
        sheet.note(&format!("{}: {}.", report.name_of(year), year.why))?;
    }
    sheet.skip();
    sheet.section("What the figures stand on")?;
    let provenance = &report.provenance;
    let none = || "none: not sealed".to_owned();
    for (name, value) in [
        ("Plan", format!("number {}, leaf {}", provenance.plan_number, provenance.plan_leaf)),
        ("Log size", provenance.log_size.map_or_else(none, |size| size.to_string())),
        ("Log root (SHA-256)", provenance.log_root.clone().unwrap_or_else(none)),
        ("Figures digest (SHA-256)", provenance.figures_digest.clone()),
        ("Rules", provenance.rules.to_string()),
    ] {
        sheet.pair(name, &value)?;
    }
    Ok(())
}

/// The part of a year, with its methodology where there are several.
fn form_of(report: &Report, year: &Year) -> String {
    match report.methodologies.len() {
        0 | 1 => year.form.clone(),
        _ => format!("{}, {}", year.form, year.methodology),
    }
}

/// The documents that parameters stand on.
pub(super) fn documents(book: &mut Workbook, report: &Report) -> Result<(), XlsxError> {
    if report.parameters.iter().all(|parameter| parameter.documents.is_empty()) {
        return Ok(());
    }
    let widths = [18.0, 20.0, 18.0, 24.0, 12.0, 12.0, 18.0, 12.0, 68.0, 18.0, 18.0, 8.0, 8.0, 60.0];
    let mut sheet = Sheet::new(book, "Documents", &widths, report)?;
    sheet.title("Amounts with their documents")?;
    sheet.header(&[
        "Parameter",
        "Kind",
        "Number",
        "Issuer",
        "From",
        "To (inclusive)",
        "Value",
        "Unit",
        "Document (SHA-256)",
        "Entered by",
        "Checked by",
        "Act",
        "Leaf",
        "Counts",
    ])?;
    for parameter in &report.parameters {
        for document in &parameter.documents {
            sheet.line(&[
                (&parameter.label).into(),
                (&document.kind).into(),
                (&document.number).into(),
                (&document.issuer).into(),
                (&document.from).into(),
                (&document.to).into(),
                (&document.value).into(),
                (&document.unit).into(),
                document.sha256.as_deref().unwrap_or("none").into(),
                (&document.entered_by).into(),
                document.checked_by.as_deref().unwrap_or("nobody").into(),
                document.act.to_string().into(),
                document.leaf.to_string().into(),
                (&document.standing).into(),
            ])?;
        }
    }
    Ok(())
}

/// What doubts cost.
pub(super) fn gaps(book: &mut Workbook, report: &Report) -> Result<(), XlsxError> {
    let widths = [20.0, 8.0, 12.0, 16.0, 16.0, 16.0, 12.0, 16.0, 16.0, 80.0];
    let mut sheet = Sheet::new(book, "Gap log", &widths, report)?;
    sheet.title("Doubts and what they cost in ER")?;
    sheet.header(&[
        "Parameter",
        "Year",
        "Coverage %",
        "Lowest",
        "Highest",
        "Taken",
        "Units",
        "ER at best, tCO2e",
        "Cost, tCO2e",
        "In words",
    ])?;
    for gap in &report.gaps {
        sheet.line(&[
            (&gap.label).into(),
            gap.year.to_string().into(),
            (&gap.coverage).into(),
            gap.low.as_ref().into(),
            gap.high.as_ref().into(),
            (&gap.chosen).into(),
            (&gap.chosen.unit).into(),
            (&gap.er_best).into(),
            (&gap.cost).into(),
            (&gap.sentence).into(),
        ])?;
    }
    Ok(())
}

/// Completeness per channel and month, quality codes, and what became of every item.
pub(super) fn quality(book: &mut Workbook, report: &Report) -> Result<(), XlsxError> {
    let widths = [40.0, 12.0, 16.0, 14.0, 14.0, 14.0, 14.0];
    let mut sheet = Sheet::new(book, "Data quality", &widths, report)?;
    sheet.title("Data quality")?;
    sheet.section("Intervals of 15 minutes by quality code (M measured, T register bridged a gap, K conflict, Z only bounds)")?;
    sheet.header(&[
        "Channel",
        "Unit",
        "Serial number",
        "Class",
        "Coverage %",
        "Code",
        "Intervals",
    ])?;
    for channel in &report.channels {
        for quality in &channel.qualities {
            sheet.line(&[
                (&channel.channel).into(),
                (&channel.unit).into(),
                (&channel.serial).into(),
                (&channel.class).into(),
                (&channel.coverage).into(),
                (&quality.code).into(),
                quality.intervals.into(),
            ])?;
        }
        if channel.qualities.is_empty() {
            let none = "no interval".into();
            let (unit, serial) = (&channel.unit, &channel.serial);
            let class = (&channel.class).into();
            let coverage = (&channel.coverage).into();
            let channel = (&channel.channel).into();
            sheet.line(&[channel, unit.into(), serial.into(), class, coverage, none, 0.into()])?;
        }
    }
    sheet.skip();
    sheet.section("Completeness per month")?;
    sheet.header(&["Channel", "Month", "Coverage %"])?;
    for channel in &report.channels {
        for month in &channel.months {
            let coverage = (&month.coverage).into();
            sheet.line(&[(&channel.channel).into(), (&month.month).into(), coverage])?;
        }
    }
    sheet.skip();
    sheet.section("Decoded items = readings + conflicts + refused")?;
    sheet.header(&["Channel", "Decoded", "Readings", "Conflicts", "Refused", "Refused by code"])?;
    for items in &report.items.by_channel {
        let codes: Vec<String> =
            items.refused.iter().map(|code| format!("{} {}", code.code, code.count)).collect();
        let refused: u64 = items.refused.iter().map(|code| code.count).sum();
        sheet.line(&[
            items.channel.as_deref().unwrap_or("without channel and time").into(),
            items.decoded.into(),
            items.readings.into(),
            items.conflicts.into(),
            refused.into(),
            codes.join(", ").into(),
        ])?;
    }
    let items = &report.items;
    sheet.line(&[
        "all".into(),
        items.decoded.into(),
        items.readings.into(),
        items.conflicts.into(),
        items.refused.into(),
    ])
}

/// Outcomes of the checks.
pub(super) fn flags(book: &mut Workbook, report: &Report) -> Result<(), XlsxError> {
    let mut sheet = Sheet::new(book, "Flags", &[16.0, 10.0, 34.0, 28.0, 28.0, 10.0, 90.0], report)?;
    sheet.title("Findings of the checks, the gravest first")?;
    sheet.header(&["Code", "Severity", "Channel", "From", "To (exclusive)", "Count", "Message"])?;
    for finding in &report.findings {
        sheet.line(&[
            (&finding.code).into(),
            (&finding.severity).into(),
            finding.channel.as_deref().unwrap_or("period").into(),
            finding.from.as_deref().unwrap_or("").into(),
            finding.to.as_deref().unwrap_or("").into(),
            finding.count.into(),
            (&finding.message).into(),
        ])?;
    }
    Ok(())
}

/// Refused items by code and reason, with examples.
pub(super) fn refusals(book: &mut Workbook, report: &Report) -> Result<(), XlsxError> {
    let mut sheet = Sheet::new(book, "Refusals", &[16.0, 60.0, 10.0, 10.0, 10.0, 80.0], report)?;
    sheet.title("Refused items by code and reason")?;
    sheet.header(&["Code", "Reason", "Count", "Leaf", "Item", "Text of an example"])?;
    for refused in &report.refused {
        let (code, reason) = (&refused.code, &refused.reason);
        if refused.examples.is_empty() {
            sheet.line(&[code.into(), reason.into(), refused.count.into()])?;
        }
        for (index, example) in refused.examples.iter().enumerate() {
            let count = if index == 0 { Cell::Count(refused.count) } else { Cell::Empty };
            sheet.line(&[
                code.into(),
                reason.into(),
                count,
                example.leaf.to_string().into(),
                example.item.to_string().into(),
                (&example.text).into(),
            ])?;
        }
    }
    Ok(())
}

/// Every figure of `report.json` as exact text.
pub(super) fn figures(
    book: &mut Workbook,
    report: &Report,
    figures: &[(String, Figure)],
) -> Result<(), XlsxError> {
    let mut sheet = Sheet::new(book, "Figures", &[44.0, 44.0, 20.0, 16.0], report)?;
    sheet.title("Every figure of report.json, as exact text")?;
    sheet.header(&["Place (JSON pointer)", "Exact value", "Printed", "Units"])?;
    for (pointer, figure) in figures {
        let cells = [pointer, &figure.value, &figure.shown, &figure.unit].map(Cell::from);
        sheet.line(&cells)?;
    }
    Ok(())
}
