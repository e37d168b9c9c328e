//! The doors: MQTT and files. A source takes bytes, hands them to the journal, and acknowledges
//! after the fsync that covers them; it never looks inside.

pub mod accounts;
pub mod inbox;
pub mod mqtt;

use crate::dataset::DatasetError;
use crate::journal::JournalError;

/// Why a source could not go on.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("{action} {path}: {source}")]
    Io { action: &'static str, path: String, source: std::io::Error },
    #[error("write {0}: {1}")]
    Result(String, serde_json::Error),
    #[error("random bytes: {0}")]
    Random(String),
    #[error("store a file: the task ended: {0}")]
    Task(String),
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl SourceError {
    fn io(
        action: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |source| Self::Io { action, path, source }
    }
}
