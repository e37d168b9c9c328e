//! Meters and calibration over the whole period.

use super::Chapter;
use super::block::{Block, Table, text};
use crate::report::model::Report;

pub(super) fn chapter(report: &Report) -> Chapter {
    let rows = report
        .channels
        .iter()
        .map(|channel| vec![text(&channel.channel), text(&channel.serial), text(&channel.class)]);
    let columns = ["Channel", "Serial number", "Class"];
    let blocks = vec![
        Block::Table(Table::new("Meters of the plan", &columns, rows)),
        super::nothing("calibrations"),
    ];
    Chapter::new("meters", "Meters and calibration", blocks).on_sheet("Meters")
}
