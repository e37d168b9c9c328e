//! Eligibility criteria.

use super::Chapter;
use crate::report::model::Report;

pub(super) fn chapter(_report: &Report) -> Chapter {
    Chapter::new(
        "eligibility",
        "Eligibility criteria",
        vec![super::nothing("the evidence for the eligibility criteria")],
    )
    .on_sheet("Eligibility")
}
