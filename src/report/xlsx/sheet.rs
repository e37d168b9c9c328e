//! A sheet that is written line by line.

use rust_xlsxwriter::{
    Color, Format, FormatAlign, FormatBorder, Formula, ProtectionOptions, Workbook, Worksheet,
    XlsxError,
};

use crate::report::model::{Figure, Report};

/// Longest text a cell holds, in characters.
const CELL_CHARS_MAX: usize = 32_767;

/// Height of a line of text, and of the highest row, in points and lines: a row has at most 409 points.
const LINE_POINTS: f64 = 15.0;
const LINES_MAX: f64 = 27.0;

/// Paper size A4 in the file format's own numbering.
const A4: u8 = 9;

/// What a cell holds.
pub(super) enum Cell<'a> {
    Text(&'a str),
    Owned(String),
    /// A number of the engine, shown with its printed decimals.
    Figure(&'a Figure),
    /// The same, in a cell that may be changed.
    Open(&'a Figure),
    /// A count.
    Count(u64),
    /// A live formula whose cached result is the figure.
    Formula(String, &'a Figure),
    /// A live formula of which the engine keeps no value.
    Bare(String),
    Empty,
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Owned(text)
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Figure> for Cell<'a> {
    fn from(figure: &'a Figure) -> Self {
        Self::Figure(figure)
    }
}

impl<'a> From<Option<&'a Figure>> for Cell<'a> {
    fn from(figure: Option<&'a Figure>) -> Self {
        figure.map_or(Self::Empty, Self::Figure)
    }
}

impl From<u64> for Cell<'_> {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

/// A sheet and the next row to be written, from 0.
pub(super) struct Sheet<'b> {
    sheet: &'b mut Worksheet,
    /// Widths of the columns, in characters.
    widths: Vec<f64>,
    row: u32,
}

impl<'b> Sheet<'b> {
    /// A new sheet, A4 landscape, with the report's notice as its first line and in its footer.
    pub fn new(
        book: &'b mut Workbook,
        name: &str,
        widths: &[f64],
        report: &Report,
    ) -> Result<Self, XlsxError> {
        let sheet = book.add_worksheet();
        sheet.set_name(name)?;
        for (column, width) in widths.iter().enumerate() {
            sheet.set_column_width(column as u16, *width)?;
        }
        sheet.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, 0);
        let draft = if report.status.is_draft { "DRAFT, " } else { "" };
        sheet.set_footer(format!("&L{draft}{}&C&A&RPage &P of &N", report.notice));
        let mut sheet = Self { sheet, widths: widths.to_vec(), row: 0 };
        let notice = Format::new().set_bold().set_font_color(Color::RGB(0x8F_1D1D));
        sheet.styled(&[format!("{draft}{}", report.notice).into()], &notice)?;
        Ok(sheet)
    }

    /// The row that is written next, as a spreadsheet numbers it: from 1.
    pub fn next_row(&self) -> u32 {
        self.row + 1
    }

    /// Only cells that are open may be changed, so that a slip changes nothing; there is no password.
    pub fn protect(&mut self) {
        let options = ProtectionOptions {
            format_columns: true,
            format_rows: true,
            ..ProtectionOptions::default()
        };
        self.sheet.protect_with_options(&options);
    }

    pub fn skip(&mut self) {
        self.row += 1;
    }

    pub fn title(&mut self, text: &str) -> Result<(), XlsxError> {
        self.styled(&[text.into()], &Format::new().set_bold().set_font_size(14))
    }

    pub fn section(&mut self, text: &str) -> Result<(), XlsxError> {
        self.styled(&[text.into()], &Format::new().set_bold())
    }

    /// Column headers.
    pub fn header(&mut self, names: &[&str]) -> Result<(), XlsxError> {
        let format = Format::new()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::Top)
            .set_border(FormatBorder::Thin)
            .set_background_color(Color::RGB(0xE3_EBF2));
        let cells: Vec<Cell<'_>> = names.iter().map(|name| Cell::Text(name)).collect();
        self.fit(&cells)?;
        self.styled(&cells, &format)
    }

    /// A line of a table.
    pub fn line(&mut self, cells: &[Cell<'_>]) -> Result<(), XlsxError> {
        let format = Format::new()
            .set_text_wrap()
            .set_align(FormatAlign::Top)
            .set_border(FormatBorder::Thin);
        self.fit(cells)?;
        self.styled(cells, &format)
    }

    /// A name and what it stands for, over the width of the sheet.
    pub fn pair(&mut self, name: &str, value: &str) -> Result<(), XlsxError> {
        self.styled(&[name.into(), value.into()], &Format::new())
    }

    /// Makes the next row high enough for its wrapped texts: not every viewer does that by itself.
    fn fit(&mut self, cells: &[Cell<'_>]) -> Result<(), XlsxError> {
        let lines = |(cell, width): (&Cell<'_>, &f64)| {
            let characters = match cell {
                Cell::Text(text) => text.chars().count(),
                Cell::Owned(text) => text.chars().count(),
                _ => 0,
            };
            // A wrapped line is filled to some nine tenths.
            (characters as f64 / (width * 0.9)).ceil().clamp(1.0, LINES_MAX)
        };
        let most = cells.iter().zip(&self.widths).map(lines).fold(1.0, f64::max);
        self.sheet.set_row_height(self.row, most * LINE_POINTS)?;
        Ok(())
    }

    /// A line of running text.
    pub fn note(&mut self, text: &str) -> Result<(), XlsxError> {
        self.styled(&[text.into()], &Format::new())
    }

    fn styled(&mut self, cells: &[Cell<'_>], format: &Format) -> Result<(), XlsxError> {
        for (column, cell) in cells.iter().enumerate() {
            self.cell(column as u16, cell, format)?;
        }
        self.row += 1;
        Ok(())
    }

    fn cell(&mut self, column: u16, cell: &Cell<'_>, format: &Format) -> Result<(), XlsxError> {
        let row = self.row;
        match cell {
            Cell::Text(text) => {
                self.sheet.write_string_with_format(row, column, cut(text), format)?;
            }
            Cell::Owned(text) => {
                self.sheet.write_string_with_format(row, column, cut(text), format)?;
            }
            Cell::Count(count) => {
                let format = format.clone().set_num_format("0");
                self.sheet.write_number_with_format(row, column, *count as f64, &format)?;
            }
            Cell::Figure(figure) => {
                let format = number_format(figure, format);
                // A spreadsheet's cell is a binary float; the exact text is on the sheet `Figures`.
                match figure.value.parse::<f64>() {
                    Ok(value) => {
                        self.sheet.write_number_with_format(row, column, value, &format)?;
                    }
                    Err(_) => {
                        self.sheet.write_string_with_format(row, column, &figure.value, &format)?;
                    }
                }
            }
            Cell::Open(figure) => {
                let open = format.clone().set_unlocked();
                let open = open.set_background_color(Color::RGB(0xFF_F8DC));
                return self.cell(column, &Cell::Figure(figure), &open);
            }
            Cell::Bare(text) => {
                self.sheet.write_formula_with_format(row, column, Formula::new(text), format)?;
            }
            Cell::Formula(text, figure) => {
                let format = number_format(figure, format);
                let formula = Formula::new(text).set_result(&figure.value);
                self.sheet.write_formula_with_format(row, column, formula, &format)?;
            }
            Cell::Empty => {
                self.sheet.write_blank(row, column, format)?;
            }
        }
        Ok(())
    }
}

/// As many decimals as the printed form has.
fn number_format(figure: &Figure, format: &Format) -> Format {
    let decimals = figure.shown.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let number = if decimals == 0 { "0".to_owned() } else { format!("0.{}", "0".repeat(decimals)) };
    format.clone().set_num_format(number).set_align(FormatAlign::Right)
}

/// The text as far as a cell holds it; a cut is shown by a trailing `…`.
fn cut(text: &str) -> String {
    if text.chars().count() <= CELL_CHARS_MAX {
        return text.to_owned();
    }
    text.chars().take(CELL_CHARS_MAX - 1).chain(['…']).collect()
}
