//! Certificates.

use super::Chapter;
use super::block::{Block, Table, code, text};
use crate::report::model::Report;

pub(super) fn chapter(report: &Report) -> Chapter {
    let devices = report.calibration.devices.iter();
    let meters = devices.flat_map(|device| device.meters.iter().map(move |meter| (device, meter)));
    let rows: Vec<_> = meters
        .flat_map(|(device, meter)| {
            meter.certificates.iter().map(move |one| {
                vec![
                    text(&one.number),
                    text(format!("{}, meter {}", device.device, meter.serial)),
                    text(&one.body),
                    text(if one.scope.is_empty() { "none" } else { &one.scope }),
                    text(&one.date),
                    text(one.valid_until.as_deref().unwrap_or("-")),
                    text(one.as_found.as_deref().unwrap_or("-")),
                    text(one.as_left.as_deref().unwrap_or("-")),
                    text(if one.covers_ratio { "covered" } else { "not covered" }),
                    one.document.as_deref().map_or_else(|| text("none"), code),
                    text(&one.stated_by),
                ]
            })
        })
        .collect();
    let columns = [
        "Number",
        "Of",
        "Issued by",
        "Accreditation",
        "Date",
        "Valid until",
        "As found",
        "As left",
        "CT, VT, multiplier",
        "SHA-256",
        "Stated by",
    ];
    let block = match rows.is_empty() {
        true => super::nothing("certificates of calibration"),
        false => Block::Table(Table::new("Certificates of calibration", &columns, rows)),
    };
    Chapter::new("certificates", "Certificates", vec![block])
}
