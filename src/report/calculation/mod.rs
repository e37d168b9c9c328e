//! A calculation as a workbook: inputs that can be changed, and every equation as a live formula.
//!
//! Takes a methodology, its inputs and what the engine made of them; gives an XLSX file. Each input has
//! a cell with a name, marked and open to change; everything else is protected (without a password, so
//! that only a slip is prevented). Each step of the trace is a formula over those names, index sums
//! included; beside it stands the engine's value as exact text, and whether the two agree. A formula's
//! stored result is the engine's value, for viewers that do not compute.

pub(super) mod names;

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, Workbook,
    Worksheet, XlsxError,
};

use crate::methodology::{Inputs, Methodology, Number, Outcome, Picked, Sheet, Step};
use names::Names;

/// Longest text a cell holds, in characters (Excel specifications and limits).
const CELL_CHARACTERS_MAX: usize = 32_767;

/// Rows of a sheet (Excel specifications and limits).
const ROWS_MAX: u32 = 1_048_576;

/// How far a spreadsheet's value may lie from the engine's and still be called the same, relative.
const AGREEMENT: &str = "1E-9";

/// One evaluation: of one calendar year.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Such as `2024`; empty where there is only one.
    pub year: &'a str,
    pub inputs: &'a Inputs,
    pub outcome: &'a Outcome,
}

/// What the stored results of formulae are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// The engine's values.
    Values,
    /// Nothing: only what the spreadsheet computes by itself is ever seen.
    Nothing,
}

/// The workbook of these evaluations.
///
/// # Errors
/// When a sheet would be larger than a spreadsheet takes.
pub fn write(
    methodology: &Methodology,
    parts: &[Part<'_>],
    stored: Stored,
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The time of writing has no place in it: the same inputs give the same bytes.
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    let properties = DocProperties::new().set_title(&methodology.title);
    book.set_properties(&properties.set_creation_datetime(&created));
    for part in parts {
        let suffix = if part.year.is_empty() { String::new() } else { format!(" {}", part.year) };
        let prefix = if part.year.is_empty() { String::new() } else { format!("y{}.", part.year) };
        let mut names = Names::new(&prefix);
        inputs(&mut book, methodology, part, &suffix, &mut names)?;
        let terms = calculation(&mut book, methodology, part, &suffix, &mut names, stored)?;
        if !terms.columns.is_empty() {
            terms.write(&mut book)?;
        }
    }
    book.save_to_buffer()
}

fn bordered() -> Format {
    Format::new().set_border(FormatBorder::Thin).set_align(FormatAlign::Top).set_text_wrap()
}

fn head() -> Format {
    bordered().set_bold().set_background_color(Color::RGB(0xE3_EBF2))
}

/// A cell that a person may change.
fn open() -> Format {
    bordered().set_unlocked().set_background_color(Color::RGB(0xFF_F8DC))
}

fn sheet<'b>(
    book: &'b mut Workbook,
    name: &str,
    title: &str,
    columns: &[(&str, f64)],
) -> Result<&'b mut Worksheet, XlsxError> {
    let sheet = book.add_worksheet();
    sheet.set_name(name)?;
    sheet.protect();
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    sheet.write_string_with_format(0, 0, title, &Format::new().set_bold())?;
    for (column, (text, width)) in columns.iter().enumerate() {
        let column = column as u16;
        sheet.set_column_width(column, *width)?;
        sheet.write_string_with_format(2, column, *text, &head())?;
    }
    sheet.set_freeze_panes(3, 0)?;
    Ok(sheet)
}

/// The first row below the columns' heads, from 0.
const FIRST_ROW: u32 = 3;

fn inputs(
    book: &mut Workbook,
    methodology: &Methodology,
    part: &Part<'_>,
    suffix: &str,
    names: &mut Names,
) -> Result<(), XlsxError> {
    let name = format!("Inputs{suffix}");
    let title = format!(
        "{} {}: {}. Change the coloured cells.",
        methodology.id, methodology.version, methodology.title
    );
    let columns = [
        ("Input", 24.0),
        ("Value", 24.0),
        ("Unit", 16.0),
        ("Lowest", 20.0),
        ("Highest", 20.0),
        ("Description", 50.0),
        ("Source", 50.0),
    ];
    let sheet = sheet(book, &name, &title, &columns)?;
    let mut defined = Vec::new();
    for (row, input) in (FIRST_ROW..).zip(&part.outcome.inputs) {
        let label = names.of(&input.symbol, &input.members);
        let parameter = methodology.parameter(&input.symbol);
        sheet.write_string_with_format(
            row,
            0,
            place(&input.symbol, &input.members),
            &bordered(),
        )?;
        value(sheet, row, input)?;
        sheet.write_string_with_format(row, 2, input.unit.as_str(), &bordered())?;
        if input.is_doubtful() && input.category.is_none() {
            number(sheet, row, 3, &input.low, &bordered())?;
            number(sheet, row, 4, &input.high, &bordered())?;
        }
        let about = parameter.map_or("", |parameter| parameter.about.as_str());
        sheet.write_string_with_format(row, 5, cut(about), &bordered())?;
        let source = match (input.is_sample, input.is_default) {
            (true, _) => "SAMPLE VALUE, nothing may be claimed on it: ",
            (_, true) => "default of the methodology: ",
            _ => "",
        };
        let source = format!("{source}{}", parameter.map_or("", |p| p.source.as_str()));
        sheet.write_string_with_format(row, 6, cut(&source), &bordered())?;
        defined.push((label, format!("='{name}'!$B${}", row + 1)));
    }
    for (label, reference) in defined {
        book.define_name(label, &reference)?;
    }
    Ok(())
}

fn value(sheet: &mut Worksheet, row: u32, input: &Picked) -> Result<(), XlsxError> {
    match &input.category {
        Some(member) => {
            sheet.write_string_with_format(row, 1, member, &open())?;
        }
        None => number(sheet, row, 1, &input.value, &open())?,
    }
    Ok(())
}

/// A number as a cell holds it: the double nearest to the decimal.
fn number(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    value: &Number,
    format: &Format,
) -> Result<(), XlsxError> {
    let text = value.to_string();
    match text.parse::<f64>() {
        Ok(double) => sheet.write_number_with_format(row, column, double, format)?,
        Err(_) => sheet.write_string_with_format(row, column, text, format)?,
    };
    Ok(())
}

fn calculation(
    book: &mut Workbook,
    methodology: &Methodology,
    part: &Part<'_>,
    suffix: &str,
    names: &mut Names,
    stored: Stored,
) -> Result<Terms, XlsxError> {
    let name = format!("Calculation{suffix}");
    let columns = [
        ("Figure", 28.0),
        ("Value", 24.0),
        ("Unit", 16.0),
        ("Value of the engine", 44.0),
        ("Agrees", 10.0),
        ("Equation", 60.0),
        ("Description", 50.0),
    ];
    let title = "Every figure is a formula over the inputs; beside it the engine's value, exactly";
    let sheet = sheet(book, &name, title, &columns)?;
    let mut cells = Cells { names, terms: Terms::new(&format!("Terms{suffix}")) };
    let mut defined = Vec::new();
    let mut row = FIRST_ROW;
    for step in &part.outcome.trace {
        if row + 4 >= ROWS_MAX {
            return Err(XlsxError::RowColumnLimitError);
        }
        let label = cells.cell(&step.symbol, &step.members);
        let formula = methodology.formula(&step.symbol, &step.members, part.inputs, &mut cells);
        line(sheet, row, step, formula.as_deref(), stored)?;
        let about = methodology.equation(&step.symbol).map_or("", |e| e.about.as_str());
        sheet.write_string_with_format(row, 6, cut(about), &bordered())?;
        defined.push((label, format!("='{name}'!$B${}", row + 1)));
        row += 1;
    }
    let terms = cells.terms;
    let claimed = part.outcome.er.floor().map_or(String::new(), |er| er.max(0).to_string());
    sheet.write_string_with_format(row + 1, 0, "ER claimed", &head())?;
    let er = names.of("ER", &[]);
    let formula = result(Formula::new(format!("=MAX(0,INT({er}))")), &claimed, stored);
    sheet.write_formula_with_format(row + 1, 1, formula, &head())?;
    sheet.write_string_with_format(row + 1, 2, "tCO2e", &head())?;
    let shown = match part.outcome.boundary() {
        None => claimed,
        Some((exact, binary)) => format!(
            "{claimed}; V-BOUNDARY: exactly {exact}, in a spreadsheet {binary}; the lower counts"
        ),
    };
    sheet.write_string_with_format(row + 1, 3, shown, &head())?;
    for (label, reference) in defined {
        book.define_name(label, &reference)?;
    }
    Ok(terms)
}

fn line(
    sheet: &mut Worksheet,
    row: u32,
    step: &Step,
    formula: Option<&str>,
    stored: Stored,
) -> Result<(), XlsxError> {
    let exact = step.value.to_string();
    sheet.write_string_with_format(row, 0, place(&step.symbol, &step.members), &bordered())?;
    match formula {
        Some(formula) => {
            let formula = result(Formula::new(format!("={formula}")), &exact, stored);
            sheet.write_formula_with_format(row, 1, formula, &bordered())?;
            let test = format!(
                "=IF(ABS(B{0}-VALUE(D{0}))<={AGREEMENT}*MAX(1E-12,ABS(VALUE(D{0}))),\"yes\",\"NO\")",
                row + 1
            );
            let test = result(Formula::new(test), "yes", stored);
            sheet.write_formula_with_format(row, 4, test, &bordered())?;
        }
        None => {
            // Longer than a cell takes: the engine's value stands in.
            number(sheet, row, 1, &step.value, &bordered())?;
            sheet.write_string_with_format(row, 4, "no formula", &bordered())?;
        }
    }
    sheet.write_string_with_format(row, 2, step.unit.as_str(), &bordered())?;
    sheet.write_string_with_format(row, 3, exact, &bordered())?;
    sheet.write_string_with_format(row, 5, cut(&step.equation), &bordered())?;
    Ok(())
}

fn result(formula: Formula, value: &str, stored: Stored) -> Formula {
    match stored {
        Stored::Values => formula.set_result(value),
        Stored::Nothing => formula,
    }
}

/// Gives formulae their references: names, and columns of the sheet of terms.
struct Cells<'n> {
    names: &'n mut Names,
    terms: Terms,
}

impl Sheet for Cells<'_> {
    fn cell(&mut self, symbol: &str, members: &[String]) -> String {
        self.names.of(symbol, members)
    }

    fn column(&mut self, terms: Vec<String>) -> Option<String> {
        self.terms.add(terms)
    }
}

/// The terms of sums that are too long for one cell, a column each.
struct Terms {
    sheet: String,
    columns: Vec<Vec<String>>,
}

impl Terms {
    fn new(sheet: &str) -> Self {
        Self { sheet: sheet.to_owned(), columns: Vec::new() }
    }

    fn add(&mut self, terms: Vec<String>) -> Option<String> {
        let (column, rows) = (u16::try_from(self.columns.len()).ok()?, terms.len());
        if rows + 1 >= ROWS_MAX as usize || column >= 16_384 {
            return None;
        }
        self.columns.push(terms);
        let letters = rust_xlsxwriter::utility::column_number_to_name(column);
        Some(format!("'{}'!${letters}$2:${letters}${}", self.sheet, rows + 1))
    }

    fn write(&self, book: &mut Workbook) -> Result<(), XlsxError> {
        let sheet = book.add_worksheet();
        sheet.set_name(&self.sheet)?;
        sheet.protect();
        for (column, terms) in self.columns.iter().enumerate() {
            let column = column as u16;
            sheet.write_string_with_format(0, column, "terms of one sum", &head())?;
            for (row, term) in (1..).zip(terms) {
                // The engine keeps no value for a single term, and what is not known is not stored.
                sheet.write_formula(row, column, Formula::new(format!("={term}")))?;
            }
        }
        Ok(())
    }
}

fn place(symbol: &str, members: &[String]) -> String {
    match members {
        [] => symbol.to_owned(),
        members => format!("{symbol}[{}]", members.join(", ")),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(CELL_CHARACTERS_MAX).collect()
}
