//! The monitoring report: one model, and the forms it is written in.
//!
//! [`model`] turns the statement of a period into texts and figures, once; [`chapter`] puts them in their
//! order; [`json`], [`xlsx`], [`html`] and [`text`] only lay them out, so every figure, date and version
//! agrees among them. [`collect`] gathers what a statement is made of, [`recompute`] derives it from
//! messages alone, [`whatif`] asks what it would be otherwise. Figures are decimal strings in full
//! precision beside their printed form. No writer computes. A new section is a file in `model`, one in
//! `build`, one in `chapter`, and a line in the list of each. Every form says "indicative, not
//! verified"; words that only verifiers and the Joint Committee may
//! use appear nowhere else ([`model::INDICATIVE`]).

mod around;
pub mod asked;
mod build;
pub mod bundle;
pub mod calculation;
pub mod chapter;
pub mod collect;
pub mod dossier;
pub mod drawing;
pub mod explain;
pub mod handover;
pub mod html;
pub mod json;
pub mod model;
mod notes;
pub mod page;
pub mod pdf;
pub mod public;
pub mod recheck;
pub mod recompute;
pub mod restate;
pub mod sample;
#[cfg(test)]
mod schema;
pub mod site_pack;
mod stands_on;
pub mod text;
pub mod whatif;
pub mod workbook;
pub mod xlsx;

pub use model::Report;

use crate::dataset::DatasetError;
use crate::period::PeriodError;
use crate::publish::PublishError;

/// Why a period could not be collected or stated.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("{action} {path}: {source}")]
    Io { action: &'static str, path: String, source: std::io::Error },
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error(transparent)]
    Period(#[from] PeriodError),
    /// A rule said no.
    #[error("{0}")]
    Refused(String),
}

impl ReportError {
    fn io(
        action: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |source| Self::Io { action, path, source }
    }
}
