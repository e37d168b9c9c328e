//! Meters and calibration over the whole period.

use super::Chapter;
use super::block::{Block, Table, figure, or_dash, paragraph, text};
use crate::report::model::{Meter, Report};

pub(super) fn chapter(report: &Report) -> Chapter {
    let mut blocks = match report.calibration.devices.is_empty() {
        true => undeclared(report),
        false => {
            let mut blocks = vec![meters(report), states(report)];
            blocks.extend(corrections(report));
            blocks
        }
    };
    blocks.extend(super::factors::of_meters(report));
    Chapter::new("meters", "Meters and calibration", blocks).on_sheet("Meters")
}

/// A plan without devices: what its channels say of themselves.
fn undeclared(report: &Report) -> Vec<Block> {
    let rows = report
        .channels
        .iter()
        .map(|channel| vec![text(&channel.channel), text(&channel.serial), text(&channel.class)]);
    let columns = ["Channel", "Serial number", "Class"];
    let mut blocks = vec![
        Block::Table(Table::new("Meters of the plan", &columns, rows)),
        super::nothing("calibrations"),
    ];
    match report.calibration.registers.is_empty() {
        true => blocks.push(paragraph(
            "The plan declares no devices: whether its meters were in control is not known, and nothing \
             is corrected.",
        )),
        false => {
            blocks.push(paragraph(
                "The plan declares no devices: whether its meters were in control is not known. What check \
                 meters filled in is corrected.",
            ));
            blocks.extend(corrections(report));
        }
    }
    blocks
}

fn meters(report: &Report) -> Block {
    let devices = report.calibration.devices.iter();
    let all = devices.flat_map(|device| device.meters.iter().map(move |meter| (device, meter)));
    let rows = all.map(|(device, meter)| {
        let moves: String =
            device.moves.iter().map(|one| format!("; {} from {}", one.place, one.at)).collect();
        vec![
            text(&device.device),
            text(format!("{}{moves}", device.place)),
            text(&meter.serial),
            text(&meter.class),
            text(permissible(meter)),
            text(ratio(meter)),
            text(&meter.multiplier),
            text(meter.digits.as_deref().unwrap_or("-")),
            text(meter.seals.join(", ")),
            text(meter.from.as_deref().unwrap_or("-")),
            text(meter.to.as_deref().unwrap_or("-")),
            text(device.rule.as_deref().unwrap_or("not stated")),
        ]
    });
    let columns = [
        "Device",
        "Place",
        "Serial number",
        "Class",
        "Permissible error",
        "CT, VT",
        "#Multiplier",
        "Digits",
        "Seals",
        "From",
        "To (exclusive)",
        "Calibrated",
    ];
    Block::Table(Table::new("Meters", &columns, rows))
}

fn states(report: &Report) -> Block {
    let devices = report.calibration.devices.iter().enumerate();
    let rows = devices.flat_map(|(index, device)| {
        device.states.iter().enumerate().map(move |(row, state)| {
            let at = format!("/calibration/devices/{index}/states/{row}/hours");
            vec![
                text(&device.device),
                text(&state.serial),
                text(&state.from),
                text(&state.to),
                figure(at, &state.hours),
                text(&state.state),
                text(state.too_high.as_deref().unwrap_or("-")),
                text(state.too_low.as_deref().unwrap_or("-")),
                text(&state.why),
            ]
        })
    });
    let columns = [
        "Device",
        "Meter",
        "From",
        "To (exclusive)",
        "#Hours",
        "State",
        "Too high by",
        "Too low by",
        "Because",
    ];
    Block::Table(Table::new("Whether each meter was in control, hour by hour", &columns, rows))
}

fn corrections(report: &Report) -> Vec<Block> {
    let calibration = &report.calibration;
    if calibration.registers.is_empty() {
        return vec![paragraph("No register is corrected.")];
    }
    let rows = calibration.registers.iter().enumerate().map(|(index, one)| {
        let at = |name: &str| format!("/calibration/registers/{index}/{name}");
        let unit = one.low.as_ref().or(one.uncorrected.as_ref()).map_or("", |f| &f.unit);
        vec![
            text(&one.label),
            text(&one.channel),
            text(&one.month),
            or_dash(at("uncorrected"), one.uncorrected.as_ref()),
            figure(at("hours"), &one.hours),
            text(&one.errors),
            text(&one.side),
            or_dash(at("low"), one.low.as_ref()),
            or_dash(at("high"), one.high.as_ref()),
            text(unit),
        ]
    });
    let columns = [
        "Parameter",
        "Register",
        "Month",
        "#Uncorrected",
        "#Hours",
        "Error",
        "Corrected",
        "#Lowest",
        "#Highest",
        "Units",
    ];
    let caption = "Registers corrected for calibration or filled by a check meter, each apart, on the side \
                   where ER is lowest";
    let registers = Table::new(caption, &columns, rows);
    let rows = calibration.effects.iter().enumerate().map(|(index, one)| {
        let at = |name: &str| format!("/calibration/effects/{index}/{name}");
        vec![
            text(format!("{} {}", one.methodology, one.year)),
            figure(at("re_uncorrected"), &one.re_uncorrected),
            figure(at("pe_uncorrected"), &one.pe_uncorrected),
            figure(at("er_uncorrected"), &one.er_uncorrected),
            figure(at("er"), &one.er),
            figure(at("cost"), &one.cost),
        ]
    });
    let columns = ["Year", "#RE without", "#PE without", "#ER without", "#ER with", "#Difference"];
    let effects = Table::new("What the corrections alter, in tCO2e", &columns, rows);
    vec![Block::Table(registers), Block::Table(effects)]
}

fn permissible(meter: &Meter) -> String {
    match (&meter.permissible, &meter.permissible_source) {
        (Some(size), Some(source)) => format!("{size} ({source})"),
        _ => "not known".to_owned(),
    }
}

fn ratio(meter: &Meter) -> String {
    let parts = [("CT", &meter.ct), ("VT", &meter.vt)];
    let named = parts.iter().filter(|(_, ratio)| !ratio.is_empty());
    named.map(|(what, ratio)| format!("{what} {ratio}")).collect::<Vec<_>>().join(", ")
}
