//! Certificates.

use super::Chapter;
use crate::report::model::Report;

pub(super) fn chapter(_report: &Report) -> Chapter {
    Chapter::new(
        "certificates",
        "Certificates",
        vec![super::nothing("certificates of calibration")],
    )
}
