//! Eligibility criteria.

use super::Chapter;
use crate::report::model::Report;

pub(super) fn chapter(report: &Report) -> Chapter {
    let blocks = super::life::eligibility(report);
    Chapter::new("eligibility", "Eligibility criteria", blocks).on_sheet("Eligibility")
}
