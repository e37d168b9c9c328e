//! `report.json`: the model as it is, fields in the order of [`super::model`], two spaces of indent,
//! UTF-8, one line feed at the end. The same model gives the same bytes.

use super::model::Report;

/// The report as JSON.
///
/// # Errors
/// When it cannot be serialised, which no report of [`Report::of`] does.
pub fn write(report: &Report) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
