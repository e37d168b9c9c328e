//! Cross-checks.

use super::Chapter;
use crate::report::model::Report;

pub(super) fn chapter(_report: &Report) -> Chapter {
    Chapter::new(
        "cross-checks",
        "Cross-checks",
        vec![super::nothing("cross-checks between two paths")],
    )
    .on_sheet("Cross-checks")
}
