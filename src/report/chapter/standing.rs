//! What stands open around the claim: double registration, forward action requests, confidentiality.

use super::Chapter;
use super::block::{Block, paragraph};
use crate::report::model::Report;

pub(super) fn chapter(_report: &Report) -> Chapter {
    let blocks = vec![
        Block::Heading("Double registration".to_owned()),
        super::nothing("a registration under another mechanism"),
        Block::Heading("Open forward action requests".to_owned()),
        super::nothing("forward action requests"),
        Block::Heading("Confidentiality".to_owned()),
        paragraph("This is the full version: nothing is blacked out."),
    ];
    Chapter::new("standing", "Double registration, open FARs, confidentiality", blocks)
        .on_sheet("Standing")
}
