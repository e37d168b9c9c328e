//! Sums that are too long for one cell: a column each on a sheet of their own, every term a live formula.

use rust_xlsxwriter::{Workbook, XlsxError};

use super::sheet::{Cell, Sheet};
use crate::report::model::Report;

/// Rows above the first term, as a spreadsheet numbers them.
const HEAD_ROWS: usize = 3;

/// Columns of a sheet (Excel specifications and limits).
const COLUMNS_MAX: usize = 16_384;

/// The terms of each long sum of a year.
#[derive(Debug, Default)]
pub(super) struct Sums {
    columns: Vec<(String, Vec<String>)>,
}

impl Sums {
    /// Takes the terms of a sum of this step and gives the range that they stand in; `None` where a sheet
    /// has no room for them.
    pub fn add(&mut self, sheet: &str, step: &str, terms: Vec<String>) -> Option<String> {
        let column = self.columns.len();
        if column >= COLUMNS_MAX || terms.is_empty() {
            return None;
        }
        let letters = rust_xlsxwriter::utility::column_number_to_name(column as u16);
        let (first, last) = (HEAD_ROWS + 1, HEAD_ROWS + terms.len());
        self.columns.push((step.to_owned(), terms));
        Some(format!("'{sheet}'!${letters}${first}:${letters}${last}"))
    }

    /// The sheet, if there is anything on it.
    pub fn sheet(&self, book: &mut Workbook, report: &Report, name: &str) -> Result<(), XlsxError> {
        if self.columns.is_empty() {
            return Ok(());
        }
        let widths = vec![18.0; self.columns.len()];
        let mut sheet = Sheet::new(book, name, &widths, report)?;
        sheet.protect();
        sheet.title(
            "Terms of sums that are too long for one cell, computed by the spreadsheet alone",
        )?;
        let heads: Vec<&str> = self.columns.iter().map(|(step, _)| step.as_str()).collect();
        sheet.header(&heads)?;
        let rows = self.columns.iter().map(|(_, terms)| terms.len()).max().unwrap_or(0);
        for row in 0..rows {
            let cell = |(_, terms): &(String, Vec<String>)| match terms.get(row) {
                Some(term) => Cell::Bare(format!("={term}")),
                None => Cell::Empty,
            };
            let cells: Vec<Cell<'_>> = self.columns.iter().map(cell).collect();
            sheet.line(&cells)?;
        }
        Ok(())
    }
}
