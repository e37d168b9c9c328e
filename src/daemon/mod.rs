//! The composition root: which threads and tasks run, what they hand to each other, how they end.
//!
//! [`engine`] holds the folder's lock, the journal and the [`publisher`] thread, and carries out
//! [`request`]s; commands use it alone, the daemon ([`serve`]) puts the doors in front of it.
//! [`control`] lets a command hand its request to a running daemon.

pub mod control;
pub mod engine;
mod judge;
pub mod lock;
pub mod parked;
pub mod period;
pub mod publisher;
pub mod record;
pub mod request;
pub mod serve;

use crate::dataset::DatasetError;
use crate::journal::JournalError;
use crate::publish::PublishError;
use crate::report::ReportError;
use crate::sources::SourceError;

/// Why the daemon or a command could not go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    #[error("{action} {path}: {source}")]
    Io { action: &'static str, path: String, source: std::io::Error },
    #[error(
        "another mrv process holds {path}{}; stop it, or let commands reach it over its control \
         socket",
        .pid.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    Locked { path: String, pid: Option<String> },
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("the MQTT listener has stopped: {0}")]
    Listener(#[from] crate::sources::mqtt::listener::ListenerError),
    #[error("the publisher has stopped: {0}")]
    PublisherStopped(String),
    #[error("project {project} is parked, the others go on: {reason}")]
    Parked { project: String, reason: String },
    #[error("the disk is full; what is journaled is published after the next start")]
    FullAtTheEnd,
    #[error("{0}")]
    Refused(String),
    #[error("the key {path} cannot be used: {reason}; run mrv init, or restore it from a copy")]
    Key { path: String, reason: String },
    #[error("talk to the running daemon over {path}: {reason}")]
    Control { path: String, reason: String },
    #[error("{0}")]
    Setup(String),
}

impl DaemonError {
    fn io(
        action: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |source| Self::Io { action, path, source }
    }

    /// True if a rule, not a fault, said no: exit code 5.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

impl From<ReportError> for DaemonError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Publish(error) => Self::Publish(error),
            ReportError::Dataset(error) => Self::Dataset(error),
            ReportError::Io { action, path, source } => Self::Io { action, path, source },
            error => Self::Refused(error.to_string()),
        }
    }
}
