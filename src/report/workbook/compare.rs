//! A spreadsheet held against the engine: every cell that differs, with both values.
//!
//! Without a map the file is one that the engine wrote (`report.xlsx`), perhaps changed since: every cell of
//! every sheet is held against it, formulae too. With a map it is any spreadsheet, and the mapped cells are.
//! Numbers typed in must be the engine's to the last bit of a double; results of formulae may differ by what
//! binary floats lose.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};

use super::map::{Content, Map};
use super::{At, WorkbookError};
use crate::report::model::Report;
use crate::report::xlsx;

/// How far the result of a formula may lie from the engine's value, relative: what binary floats lose over
/// a long sum.
const FORMULA_TOLERANCE: f64 = 1e-9;

/// A cell that differs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// `MRS(input)!E7`.
    pub cell: String,
    /// What the file has; empty where it has nothing.
    pub found: String,
    /// What the engine has; empty where it has nothing.
    pub engine: String,
    pub what: &'static str,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Compared {
    /// Cells that were held against the engine.
    pub cells: usize,
    pub differences: Vec<Difference>,
}

type Book<'b> = Xlsx<Cursor<&'b [u8]>>;

fn open(bytes: &[u8]) -> Result<Book<'_>, WorkbookError> {
    Xlsx::new(Cursor::new(bytes)).map_err(|error| WorkbookError::Package(error.to_string()))
}

/// A sheet's values and formulae by cell.
struct Cells {
    values: BTreeMap<At, Data>,
    formulae: BTreeMap<At, String>,
}

impl Cells {
    fn of(book: &mut Book<'_>, sheet: &str) -> Result<Self, WorkbookError> {
        let fault =
            |error: calamine::XlsxError| WorkbookError::Package(format!("{sheet}: {error}"));
        let range = book.worksheet_range(sheet).map_err(fault)?;
        let (row, column) = range.start().unwrap_or_default();
        let values = range
            .used_cells()
            .map(|(r, c, value)| {
                (At { row: row + r as u32, column: column + c as u32 }, value.clone())
            })
            .collect();
        let range = book.worksheet_formula(sheet).map_err(fault)?;
        let (row, column) = range.start().unwrap_or_default();
        let formulae = range
            .used_cells()
            .filter(|(_, _, formula)| !formula.is_empty())
            .map(|(r, c, formula)| {
                (At { row: row + r as u32, column: column + c as u32 }, formula.clone())
            })
            .collect();
        Ok(Self { values, formulae })
    }
}

/// Every cell of a workbook that the engine wrote, against what it writes of this report.
///
/// # Errors
/// When the file cannot be read.
pub fn own(file: &[u8], report: &Report) -> Result<Compared, WorkbookError> {
    let engine = xlsx::write(report).map_err(|error| WorkbookError::Engine(error.to_string()))?;
    let (mut file, mut engine) = (open(file)?, open(&engine)?);
    let mut compared = Compared { cells: 0, differences: Vec::new() };
    let there = file.sheet_names();
    for sheet in engine.sheet_names() {
        if !there.contains(&sheet) {
            compared.differences.push(Difference {
                cell: sheet.clone(),
                found: String::new(),
                engine: "a sheet".to_owned(),
                what: "the sheet is missing",
            });
            continue;
        }
        let (found, wanted) = (Cells::of(&mut file, &sheet)?, Cells::of(&mut engine, &sheet)?);
        let mut places: Vec<&At> = found.values.keys().chain(wanted.values.keys()).collect();
        places.extend(wanted.formulae.keys());
        places.sort_unstable();
        places.dedup();
        for at in places {
            compared.cells += 1;
            compared.differences.extend(difference(&sheet, *at, &found, &wanted));
        }
    }
    Ok(compared)
}

fn difference(sheet: &str, at: At, found: &Cells, wanted: &Cells) -> Option<Difference> {
    let differs = |found: String, engine: String, what: &'static str| {
        Some(Difference { cell: format!("{sheet}!{at}"), found, engine, what })
    };
    let value = |cells: &Cells| cells.values.get(&at).cloned().unwrap_or(Data::Empty);
    let (is, should) = (value(found), value(wanted));
    match (found.formulae.get(&at), wanted.formulae.get(&at)) {
        (None, Some(formula)) => {
            return differs(is.to_string(), format!("={formula}"), "the formula is gone");
        }
        (Some(formula), None) => {
            return differs(
                format!("={formula}"),
                should.to_string(),
                "a formula stands in place of a value",
            );
        }
        (Some(one), Some(other)) if bare(one) != bare(other) => {
            return differs(format!("={one}"), format!("={other}"), "another formula");
        }
        _ => {}
    }
    let is_formula = wanted.formulae.contains_key(&at);
    // Of terms of long sums the engine keeps no value.
    if is_formula && sheet.starts_with("Sums") {
        return None;
    }
    let tolerance = if is_formula { FORMULA_TOLERANCE } else { 0.0 };
    let is_same = match (number(&is), number(&should)) {
        (Some(is), Some(should)) => is_near(is, should, tolerance),
        _ => is.to_string().trim_end() == should.to_string().trim_end(),
    };
    if is_same { None } else { differs(is.to_string(), should.to_string(), "another value") }
}

/// The mapped cells of any spreadsheet, against a report.
///
/// # Errors
/// When the file or a sheet of the map cannot be read, or the report has no such figure.
pub fn mapped(file: &[u8], map: &Map, report: &Report) -> Result<Compared, WorkbookError> {
    let mut book = open(file)?;
    let known = book.sheet_names();
    let mut sheets: BTreeMap<String, Cells> = BTreeMap::new();
    let mut compared = Compared { cells: 0, differences: Vec::new() };
    let inputs = map.input.iter().map(|one| (one, 0.0));
    for (one, tolerance) in inputs.chain(map.result.iter().map(|one| (one, FORMULA_TOLERANCE))) {
        if !known.contains(&one.sheet) {
            let sheet = one.sheet.clone();
            return Err(WorkbookError::Sheet { sheet, known: known.join(", ") });
        }
        if !sheets.contains_key(&one.sheet) {
            let cells = Cells::of(&mut book, &one.sheet)?;
            sheets.insert(one.sheet.clone(), cells);
        }
        let at = one.at()?;
        let found = sheets.get(&one.sheet).and_then(|cells| cells.values.get(&at));
        let found = found.cloned().unwrap_or(Data::Empty);
        let engine = match one.content(report)? {
            Content::Number(figure) => {
                let should = figure.value.parse::<f64>().ok();
                let is_same = number(&found)
                    .zip(should)
                    .is_some_and(|(is, should)| is_near(is, should, tolerance));
                if is_same { None } else { Some(figure.value) }
            }
            Content::Text(text) => (found.to_string().trim_end() != text).then_some(text),
        };
        compared.cells += 1;
        if let Some(engine) = engine {
            let found = found.to_string();
            let what = "another value";
            compared.differences.push(Difference { cell: one.name(), found, engine, what });
        }
    }
    Ok(compared)
}

fn number(data: &Data) -> Option<f64> {
    match data {
        Data::Float(value) => Some(*value),
        Data::Int(value) => Some(*value as f64),
        _ => None,
    }
}

fn is_near(is: f64, should: f64, tolerance: f64) -> bool {
    is == should || (is - should).abs() <= tolerance * should.abs().max(1e-12)
}

/// A formula without what programs write differently: spaces, dollar signs, letters' size, quotes.
fn bare(formula: &str) -> String {
    formula
        .trim_start_matches('=')
        .chars()
        .filter(|one| !one.is_whitespace() && !['$', '\''].contains(one))
        .collect::<String>()
        .to_uppercase()
}
