//! The sheet as a workbook: a page of facts, and one per vintage.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use super::{Sheet, Vintage};

/// The sheet as a workbook. The same sheet gives the same bytes. Amounts are written as exact texts;
/// whole tonnes as numbers.
///
/// # Errors
/// When a sheet cannot hold what it is given.
pub fn write(sheet: &Sheet) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The time of writing has no place here: the last day of the period stands for it.
    let mut parts = sheet.to.split('-').map(|part| part.parse::<u16>().unwrap_or(1));
    let mut part = || parts.next().unwrap_or(1);
    let (year, month, day) = (part(), part(), part());
    let created = ExcelDateTime::from_ymd(year, month as u8, day as u8)?;
    let properties = DocProperties::new()
        .set_title(format!("Registry sheet: {}", sheet.title))
        .set_subject(sheet.source.clone())
        .set_creation_datetime(&created);
    book.set_properties(&properties);
    let bold = Format::new().set_bold();
    let page = book.add_worksheet().set_name("Project")?;
    page.set_column_width(0, 28)?.set_column_width(1, 70)?;
    let evidence = &sheet.evidence;
    let facts = [
        ("Source", sheet.source.clone()),
        ("Opinion", format!("{}, {}", sheet.opinion, sheet.conclusion)),
        ("Project", sheet.title.clone()),
        ("Id", sheet.project.clone()),
        ("Reference number", sheet.reference.clone()),
        ("Country", sheet.country.clone()),
        ("Period, both days included", format!("{} to {}", sheet.from, sheet.to)),
        ("Version", sheet.version.to_string()),
        ("Methodology and version", sheet.methodologies.join(", ")),
        ("Sector", sheet.sector.clone()),
        ("Activity type", sheet.activity_type.clone()),
        ("Mitigation type", sheet.mitigation_type.clone()),
        ("GWP set", sheet.gwp_set.clone()),
        ("TPE report, SHA-256", evidence.tpe_report.clone()),
        ("TPE report, leaf", evidence.tpe_report_leaf.to_string()),
        ("Figures, SHA-256", evidence.figures.clone()),
        ("Log size", evidence.log_size.to_string()),
        ("Log root, base64", evidence.log_root.clone()),
    ];
    for (row, (name, value)) in (0u32..).zip(&facts) {
        page.write_string_with_format(row, 0, *name, &bold)?;
        page.write_string(row, 1, value)?;
    }
    for vintage in &sheet.vintages {
        page_of(&mut book, sheet, vintage, &bold)?;
    }
    book.save_to_buffer()
}

fn page_of(
    book: &mut Workbook,
    sheet: &Sheet,
    vintage: &Vintage,
    bold: &Format,
) -> Result<(), XlsxError> {
    let page = book.add_worksheet().set_name(format!("Vintage {}", vintage.year))?;
    page.set_column_width(0, 40)?;
    page.write_string(0, 0, &sheet.source)?;
    let mut row = 2;
    for (column, name) in (0u16..).zip(["Methodology", "RE tCO2e", "PE tCO2e", "ER tCO2e"]) {
        page.write_string_with_format(row, column, name, bold)?;
    }
    for stated in &vintage.stated {
        row += 1;
        let methodology = match stated.methodology.as_str() {
            "" => sheet.methodologies.join(", "),
            name => name.to_owned(),
        };
        page.write_string(row, 0, methodology)?;
        page.write_string(row, 1, &stated.re)?;
        page.write_string(row, 2, &stated.pe)?;
        whole(page, row, 3, &stated.er)?;
    }
    row += 1;
    page.write_string_with_format(row, 0, "Vintage", bold)?;
    whole(page, row, 3, &vintage.er.to_string())?;
    row += 2;
    for (column, name) in (0u16..).zip(["Holder", "Side", "Share", "ER tCO2e"]) {
        page.write_string_with_format(row, column, name, bold)?;
    }
    for part in &vintage.allocation {
        row += 1;
        page.write_string(row, 0, &part.holder)?;
        page.write_string(row, 1, &part.side)?;
        whole(page, row, 2, &part.share.to_string())?;
        whole(page, row, 3, &part.er.to_string())?;
    }
    Ok(())
}

/// A whole number as one, where a spreadsheet's number holds it exactly; else as text.
fn whole(
    page: &mut rust_xlsxwriter::Worksheet,
    row: u32,
    column: u16,
    text: &str,
) -> Result<(), XlsxError> {
    match text.parse::<u32>() {
        Ok(number) => page.write_number(row, column, number)?,
        Err(_) => page.write_string(row, column, text)?,
    };
    Ok(())
}
