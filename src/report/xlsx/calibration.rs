//! The sheet of meters and their calibration.

use rust_xlsxwriter::{Workbook, XlsxError};

use super::sheet::Sheet;
use crate::report::model::Report;

/// Meters, certificates, states hour by hour, and what each register is corrected by.
pub(super) fn calibration(book: &mut Workbook, report: &Report) -> Result<(), XlsxError> {
    let calibration = &report.calibration;
    if calibration.devices.is_empty() {
        return Ok(());
    }
    let widths = [22.0, 24.0, 26.0, 26.0, 16.0, 22.0, 18.0, 18.0, 18.0, 12.0, 68.0, 20.0];
    let mut sheet = Sheet::new(book, "Calibration", &widths, report)?;
    sheet.title("Meters and calibration over the period")?;
    sheet.section(
        "Registers corrected for calibration, each apart, on the side where ER is lowest",
    )?;
    sheet.header(&[
        "Parameter",
        "Register",
        "Month",
        "Error",
        "Uncorrected",
        "Hours corrected",
        "Corrected",
        "Lowest",
        "Highest",
        "Units",
    ])?;
    for one in &calibration.registers {
        let unit = one.low.as_ref().or(one.uncorrected.as_ref());
        sheet.line(&[
            (&one.label).into(),
            (&one.channel).into(),
            (&one.month).into(),
            (&one.errors).into(),
            one.uncorrected.as_ref().into(),
            (&one.hours).into(),
            (&one.side).into(),
            one.low.as_ref().into(),
            one.high.as_ref().into(),
            unit.map_or("", |figure| figure.unit.as_str()).into(),
        ])?;
    }
    if calibration.registers.is_empty() {
        sheet.note("No register is corrected.")?;
    }
    sheet.skip();
    sheet.section("What the corrections alter, tCO2e")?;
    let names = ["Year", "Methodology", "RE without", "PE without", "ER without", "ER with"];
    sheet.header(&[names.as_slice(), &["Difference"]].concat())?;
    for one in &calibration.effects {
        sheet.line(&[
            one.year.to_string().into(),
            (&one.methodology).into(),
            (&one.re_uncorrected).into(),
            (&one.pe_uncorrected).into(),
            (&one.er_uncorrected).into(),
            (&one.er).into(),
            (&one.cost).into(),
        ])?;
    }
    sheet.skip();
    sheet.section("Whether each meter was in control, hour by hour")?;
    sheet.header(&[
        "Device",
        "Meter",
        "From",
        "To (exclusive)",
        "Hours",
        "State",
        "Too high by",
        "Too low by",
        "Because",
    ])?;
    for device in &calibration.devices {
        for state in &device.states {
            sheet.line(&[
                (&device.device).into(),
                (&state.serial).into(),
                (&state.from).into(),
                (&state.to).into(),
                (&state.hours).into(),
                (&state.state).into(),
                state.too_high.as_deref().unwrap_or("").into(),
                state.too_low.as_deref().unwrap_or("").into(),
                (&state.why).into(),
            ])?;
        }
    }
    sheet.skip();
    sheet.section("Meters")?;
    sheet.header(&[
        "Device",
        "Serial number",
        "From",
        "To (exclusive)",
        "Class",
        "Permissible error",
        "CT",
        "VT",
        "Multiplier",
        "Digits",
        "Place",
        "Seals",
    ])?;
    for device in &calibration.devices {
        for meter in &device.meters {
            sheet.line(&[
                (&device.device).into(),
                (&meter.serial).into(),
                meter.from.as_deref().unwrap_or("").into(),
                meter.to.as_deref().unwrap_or("").into(),
                (&meter.class).into(),
                meter.permissible.as_deref().unwrap_or("not known").into(),
                (&meter.ct).into(),
                (&meter.vt).into(),
                (&meter.multiplier).into(),
                meter.digits.as_deref().unwrap_or("").into(),
                (&device.place).into(),
                meter.seals.join(", ").into(),
            ])?;
        }
    }
    sheet.skip();
    sheet.section("Certificates")?;
    sheet.header(&[
        "Number",
        "Meter",
        "Issued by",
        "Accreditation",
        "Date",
        "Valid until",
        "As found",
        "As left",
        "CT, VT, multiplier",
        "",
        "Document (SHA-256)",
        "Stated by",
    ])?;
    for meter in calibration.devices.iter().flat_map(|device| &device.meters) {
        for one in &meter.certificates {
            sheet.line(&[
                (&one.number).into(),
                (&meter.serial).into(),
                (&one.body).into(),
                (&one.scope).into(),
                (&one.date).into(),
                one.valid_until.as_deref().unwrap_or("").into(),
                one.as_found.as_deref().unwrap_or("").into(),
                one.as_left.as_deref().unwrap_or("").into(),
                if one.covers_ratio { "covered" } else { "not covered" }.into(),
                "".into(),
                one.document.as_deref().unwrap_or("none").into(),
                (&one.stated_by).into(),
            ])?;
        }
    }
    Ok(())
}
