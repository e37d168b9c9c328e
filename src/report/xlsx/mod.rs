//! `report.xlsx`: the monitoring spreadsheet, one set of `MRS(input)` and `MRS(calc_process)` per
//! calendar year and methodology, with live formulae from the months of each channel down to what is
//! claimed ([`monthly`], [`sums`]); data quality, flags and refusals on further sheets.
//!
//! A formula's cached result is the engine's value, and the engine's value in full precision stands
//! beside it, because a spreadsheet computes in binary floats. The sheet `Figures` lists every figure
//! of `report.json` as exact text, by its JSON pointer. Text is never written as a formula.

mod chapters;
mod forms;
mod lists;
mod monthly;
mod named;
mod papers;
mod sheet;
mod sums;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use super::model::{Figure, Report};

/// Why a workbook cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum XlsxFault {
    #[error("cannot write the workbook of project {project}: {source}")]
    Write { project: String, source: XlsxError },
    #[error("cannot list the figures of project {project}: {source}")]
    Figures { project: String, source: serde_json::Error },
}

/// The report as a workbook. The same report gives the same bytes.
///
/// # Errors
/// When a sheet cannot hold what it is given.
pub fn write(report: &Report) -> Result<Vec<u8>, XlsxFault> {
    let project = || report.project.id.clone();
    let figures =
        figures(report).map_err(|source| XlsxFault::Figures { project: project(), source })?;
    workbook(report, &figures).map_err(|source| XlsxFault::Write { project: project(), source })
}

/// Every figure of the report by its JSON pointer, in the order of the JSON.
///
/// # Errors
/// When the report cannot be serialised.
pub fn figures(report: &Report) -> Result<Vec<(String, Figure)>, serde_json::Error> {
    let mut found = Vec::new();
    walk(&serde_json::to_value(report)?, String::new(), &mut found);
    Ok(found)
}

fn walk(value: &serde_json::Value, pointer: String, found: &mut Vec<(String, Figure)>) {
    match value {
        serde_json::Value::Object(fields) => {
            let text = |key: &str| fields.get(key)?.as_str().map(str::to_owned);
            if let (3, Some(value), Some(shown), Some(unit)) =
                (fields.len(), text("value"), text("shown"), text("unit"))
            {
                found.push((pointer, Figure { value, shown, unit }));
                return;
            }
            for (key, value) in fields {
                walk(value, format!("{pointer}/{key}"), found);
            }
        }
        serde_json::Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                walk(value, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn workbook(report: &Report, figures: &[(String, Figure)]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The time of writing has no place in a report: the last day of the period stands for it.
    let mut parts = report.period.to.split('-').map(|part| part.parse::<u16>().unwrap_or(1));
    let mut part = || parts.next().unwrap_or(1);
    let (year, month, day) = (part(), part(), part());
    let created = ExcelDateTime::from_ymd(year, month as u8, day as u8)?;
    let properties = DocProperties::new()
        .set_title(format!("Monitoring report: {}", report.project.title))
        .set_subject(report.notice.clone())
        .set_creation_datetime(&created);
    book.set_properties(&properties);
    lists::cover(&mut book, report)?;
    for year in 0..report.years.len() {
        let names = forms::Names::of(report, year);
        let cells = forms::input(&mut book, report, year, &names)?;
        let (cells, sums) = forms::calculation(&mut book, report, year, &names, cells)?;
        sums.sheet(&mut book, report, &names.sums)?;
        named::define(&mut book, report, year, &cells)?;
    }
    forms::structure(&mut book, report)?;
    lists::documents(&mut book, report)?;
    lists::gaps(&mut book, report)?;
    lists::quality(&mut book, report)?;
    lists::flags(&mut book, report)?;
    lists::refusals(&mut book, report)?;
    monthly::sheet(&mut book, report)?;
    for chapter in report.chapters() {
        chapters::sheet(&mut book, report, &chapter)?;
    }
    lists::figures(&mut book, report, figures)?;
    book.save_to_buffer()
}
