//! Sheets of the chapters that have one of their own: every table and paragraph, as on the page.

use rust_xlsxwriter::{Workbook, XlsxError};

use super::sheet::{Cell, Sheet};
use crate::report::chapter::Numbered;
use crate::report::chapter::block::{Block, Span};
use crate::report::model::Report;

/// Widths of the columns, in characters.
const WIDTHS: [f64; 12] = [28.0, 24.0, 24.0, 24.0, 24.0, 24.0, 24.0, 24.0, 24.0, 24.0, 24.0, 24.0];

/// The sheet of a chapter, if it has one.
pub(super) fn sheet(
    book: &mut Workbook,
    report: &Report,
    numbered: &Numbered,
) -> Result<(), XlsxError> {
    let Some(name) = numbered.chapter.sheet else { return Ok(()) };
    let mut sheet = Sheet::new(book, name, &WIDTHS, report)?;
    sheet.title(&numbered.title())?;
    for block in &numbered.chapter.blocks {
        match block {
            Block::Heading(text) => {
                sheet.skip();
                sheet.section(text)?;
            }
            Block::Paragraph(line) => sheet.note(&words(line))?,
            Block::Table(table) => {
                sheet.skip();
                sheet.section(&table.caption)?;
                let names: Vec<&str> = table.columns.iter().map(|one| one.name.as_str()).collect();
                sheet.header(&names)?;
                for row in &table.rows {
                    let cells: Vec<Cell<'_>> = row.iter().map(|line| cell(line)).collect();
                    sheet.line(&cells)?;
                }
            }
            Block::Card(card) => {
                sheet.section(&card.name)?;
                sheet.note(&words(&card.headline))?;
                for (name, line) in &card.lines {
                    sheet.line(&[name.into(), cell(line)])?;
                }
            }
            Block::Drawing(_) | Block::Legend(_) => {}
        }
    }
    Ok(())
}

/// A lone figure as a number, anything else as text.
fn cell(line: &[Span]) -> Cell<'_> {
    match line {
        [Span::Figure(_, figure)] => Cell::Figure(figure),
        [Span::Dash] | [] => Cell::Empty,
        line => words(line).into(),
    }
}

fn words(line: &[Span]) -> String {
    line.iter().map(Span::words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chapter::block::Line;
    use crate::report::model::Figure;

    #[test]
    fn a_lone_figure_is_a_number_and_with_its_unit_it_is_text() {
        let figure = Figure { value: "1.25".into(), shown: "1.250".into(), unit: "t".into() };
        let span = Span::Figure("/x".into(), figure);
        assert!(matches!(cell(std::slice::from_ref(&span)), Cell::Figure(_)));
        let line: Line = vec![span, Span::Text(" t".into())];
        assert!(matches!(cell(&line), Cell::Owned(text) if text == "1.250 t"));
        assert!(matches!(cell(&[Span::Dash]), Cell::Empty));
    }
}
