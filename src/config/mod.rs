//! What people declare, read in two steps: raw file structs, then checked values.
//!
//! Parse, don't validate: a [`plan::Plan`] or [`daemon::DaemonConfig`] that exists is right in every
//! field, so no later room checks it again. What is wrong in a file is told as
//! [`crate::domain::diagnostic::Diagnostic`]s with file, line, column and advice; an unknown key is
//! an error. Takes texts, gives values; never reads a file itself.

pub mod daemon;
pub mod plan;
