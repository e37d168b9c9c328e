//! An official spreadsheet with its input cells filled from a report.

use std::collections::BTreeMap;

use super::map::{Content, Map};
use super::package::{Package, computed_anew};
use super::patch::patched;
use super::{At, WorkbookError};
use crate::report::model::Report;

/// What was written where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    pub bytes: Vec<u8>,
    /// Cell as `MRS(input)!E7`, and what stands there now.
    pub cells: Vec<(String, Content)>,
}

/// The template with the map's input cells filled. Formulae, formats and all other parts stay as they are;
/// the workbook is marked to be computed anew when it is opened.
///
/// # Errors
/// When the map names a sheet that is not there, a cell with a formula, or a figure that the report does
/// not have: then nothing is written.
pub fn fill(template: &[u8], map: &Map, report: &Report) -> Result<Filled, WorkbookError> {
    let mut package = Package::open(template)?;
    let sheets = package.sheets()?;
    let mut by_part: BTreeMap<(&str, &str), BTreeMap<At, Content>> = BTreeMap::new();
    let mut cells = Vec::new();
    for mapped in &map.input {
        let found = sheets.iter().find(|(name, _)| *name == mapped.sheet);
        let Some((name, part)) = found else {
            let known: Vec<&str> = sheets.iter().map(|(name, _)| name.as_str()).collect();
            let sheet = mapped.sheet.clone();
            return Err(WorkbookError::Sheet { sheet, known: known.join(", ") });
        };
        let (at, content) = (mapped.at()?, mapped.content(report)?);
        cells.push((mapped.name(), content.clone()));
        if by_part.entry((name, part)).or_default().insert(at, content).is_some() {
            return Err(WorkbookError::Twice { cell: mapped.name() });
        }
    }
    let mut parts = Vec::new();
    for ((name, part), cells) in &by_part {
        let xml = package.part(part)?;
        parts.push(((*part).to_owned(), patched(&xml, name, cells)?));
    }
    let book = package.part("xl/workbook.xml")?;
    parts.push(("xl/workbook.xml".to_owned(), computed_anew(&book)?));
    Ok(Filled { bytes: package.with(&parts)?, cells })
}
