//! Names of cells: every input, fixed value and step of a year by its symbol, as `mrv calc` names them.

use rust_xlsxwriter::{Workbook, XlsxError};

use super::forms::Cells;
use crate::report::calculation::names::Names;
use crate::report::model::Report;

/// Defines the names of a year: `EG`, or `y2023.EG` where there are several years, `m2.y2023.EG` where
/// there are several methodologies.
pub(super) fn define(
    book: &mut Workbook,
    report: &Report,
    index: usize,
    cells: &Cells,
) -> Result<(), XlsxError> {
    let year = &report.years[index];
    let mut prefix = String::new();
    if report.methodologies.len() > 1 {
        let place = report.methodologies.iter().position(|one| one.name == year.methodology);
        prefix += &format!("m{}.", place.unwrap_or(0) + 1);
    }
    if report.years.iter().filter(|one| one.methodology == year.methodology).count() > 1 {
        prefix += &format!("y{}.", year.year);
    }
    let mut names = Names::new(&prefix);
    for (label, cell) in cells {
        let (symbol, members) = match label.split_once('[') {
            Some((symbol, members)) => {
                let members = members.trim_end_matches(']').split(", ");
                (symbol, members.map(str::to_owned).collect())
            }
            None => (label.as_str(), Vec::new()),
        };
        book.define_name(names.of(symbol, &members), &format!("={cell}"))?;
    }
    Ok(())
}
