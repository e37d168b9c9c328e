//! Spreadsheets that others made: an official template filled in, and a filled one held against the engine.
//!
//! [`fill`](fill::fill) writes input cells alone: every other byte of the sheets and every other part of the
//! file stays as it was, but for the mark that makes a spreadsheet compute its formulae anew when it opens
//! the file. [`compare`] changes nothing and names each cell that differs. What stands where is told by a
//! [`map`].

pub mod compare;
pub mod fill;
pub mod map;
mod package;
mod patch;

/// Why a workbook cannot be filled or compared.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    #[error("the map does not read: {0}")]
    Map(String),
    #[error("{cell}: {reason}")]
    Source { cell: String, reason: String },
    #[error("there is no sheet {sheet:?}; the workbook has {known}")]
    Sheet { sheet: String, known: String },
    #[error("{cell} holds a formula; only input cells are written, correct the map")]
    Formula { cell: String },
    #[error("{cell} lies inside the merged cells {range}; name the first of them")]
    Merged { cell: String, range: String },
    #[error("{reference:?} is no cell; write a column and a row, such as E7")]
    Reference { reference: String },
    #[error("{cell} is written twice by the map")]
    Twice { cell: String },
    #[error("the file is no workbook that can be read: {0}")]
    Package(String),
    #[error("the engine's own workbook cannot be made: {0}")]
    Engine(String),
}

/// A cell of a sheet; column and row from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    pub row: u32,
    pub column: u32,
}

/// Columns and rows of a sheet (Excel specifications and limits).
const COLUMNS_MAX: u32 = 16_384;
const ROWS_MAX: u32 = 1_048_576;

impl At {
    /// `E7`; dollar signs are let through.
    ///
    /// # Errors
    /// When it is no cell of a sheet.
    pub fn parse(reference: &str) -> Result<Self, WorkbookError> {
        let wrong = || WorkbookError::Reference { reference: reference.to_owned() };
        let bare = reference.replace('$', "");
        let digits = bare.find(|one: char| one.is_ascii_digit()).ok_or_else(wrong)?;
        let (letters, number) = bare.split_at(digits);
        let mut column = 0_u32;
        for letter in letters.chars() {
            if !letter.is_ascii_alphabetic() || column > COLUMNS_MAX {
                return Err(wrong());
            }
            column = column * 26 + (letter.to_ascii_uppercase() as u32 - 'A' as u32 + 1);
        }
        let row: u32 = number.parse().map_err(|_| wrong())?;
        let is_inside = (1..=COLUMNS_MAX).contains(&column) && (1..=ROWS_MAX).contains(&row);
        if is_inside { Ok(Self { row: row - 1, column: column - 1 }) } else { Err(wrong()) }
    }
}

impl std::fmt::Display for At {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let column = u16::try_from(self.column).unwrap_or(u16::MAX);
        let letters = rust_xlsxwriter::utility::column_number_to_name(column);
        write!(out, "{letters}{}", self.row + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_a_column_and_a_row_of_a_sheet() {
        for text in ["A1", "E7", "Z26", "AA27", "XFD1048576"] {
            assert_eq!(At::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(At::parse("$e$7").unwrap(), At { row: 6, column: 4 });
        for text in ["", "7", "E", "E0", "XFE1", "A1048577", "E7:F8", "Ä1", "ZZZZZZZZZZ1"] {
            assert!(At::parse(text).is_err(), "{text}");
        }
    }
}
