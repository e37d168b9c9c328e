//! The monitoring report: one model, and the forms it is written in.
//!
//! [`model`] turns the statement of a period into texts and figures, once; [`chapter`] puts them in their
//! order; [`json`], [`xlsx`], [`html`] and [`text`] only lay them out, so every figure, date and version
//! agrees among them. Figures are decimal strings in full precision beside their printed form. No writer
//! computes. A new section is a file in `model`, one in `build`, one in `chapter`, and a line in the list of
//! each. Every form says "indicative, not verified"; words that only verifiers and the Joint Committee may
//! use appear nowhere else ([`model::INDICATIVE`]).

mod build;
pub mod calculation;
pub mod chapter;
pub mod drawing;
pub mod html;
pub mod json;
pub mod model;
pub mod page;
pub mod pdf;
pub mod public;
#[cfg(test)]
mod schema;
pub mod text;
pub mod workbook;
pub mod xlsx;

pub use model::Report;
