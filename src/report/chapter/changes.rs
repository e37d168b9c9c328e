//! Changes and deviations.

use super::Chapter;
use crate::report::model::Report;

pub(super) fn chapter(_report: &Report) -> Chapter {
    Chapter::new(
        "changes",
        "Changes and deviations",
        vec![super::nothing("changes of the registered plan and deviations from it")],
    )
    .on_sheet("Changes")
}
