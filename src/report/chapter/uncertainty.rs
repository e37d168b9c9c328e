//! Uncertainty of the result, as information.

use super::Chapter;
use super::block::paragraph;
use crate::report::model::Report;

pub(super) fn chapter(_report: &Report) -> Chapter {
    let blocks = vec![
        super::nothing("uncertainties"),
        paragraph("Materiality threshold of the third-party entity: not set."),
    ];
    Chapter::new("uncertainty", "Uncertainty (informative)", blocks).on_sheet("Uncertainty")
}
