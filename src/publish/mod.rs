//! Publishing: messages of one project become leaves, tables and intervals, each row once.
//!
//! Takes messages in journal order; gives `messages`, the evidence log and a signed checkpoint, then
//! `readings`, `conflicts`, `refused`, `intervals` and `amounts` ([`project`]). The first need no plan and
//! nothing that can fail on content. The others are a function of the log: they advance by leaf in
//! the same COMMIT where all is well, later from `messages` where not ([`derive`]), and are written
//! anew as a whole when a plan alters what is published ([`rebuild`]). Knows no clock and no network;
//! one thread per project at a time.

pub mod amounts;
pub mod compact;
pub mod crossings;
pub mod derive;
pub mod intervals;
pub mod items;
pub mod neighbours;
pub mod project;
pub mod rebuild;
pub mod registry;

#[cfg(test)]
mod tests;

use crate::dataset::{ArrowSource, DatasetError};
use crate::evidence::checkpoint::CheckpointError;
use crate::evidence::tree::TreeError;

pub use project::{Project, Signer};

/// Why a project could not be published. What is not committed stays in the journal.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(
        "{path}: the checkpoint says {checkpoint} leaves, COMMIT {commit}; restore both from one copy"
    )]
    Mismatch { path: String, checkpoint: u64, commit: u64 },
    #[error(
        "the hashes in {path} do not give the root that was signed; nothing more is signed. Restore \
         the folder from a copy, and see mrv log verify"
    )]
    Altered { path: String },
    #[error(
        "{path} is missing although leaves are published; a log is never signed anew. Restore it from \
         a copy"
    )]
    Missing { path: String },
    #[error("this project stands as it once was, without a signing key; it takes no messages")]
    NoKey,
}

impl PublishError {
    fn columns(path: &std::path::Path) -> impl FnOnce(ArrowSource) -> Self + use<> {
        let path = path.display().to_string();
        move |source| Self::Dataset(DatasetError::Arrow { path, source })
    }
}
