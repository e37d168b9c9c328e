//! A moment of a log: by its size, or by a time of receipt.

use crate::dataset::layout::Layout;
use crate::dataset::read::received_until;
use crate::domain::id::ProjectId;
use crate::domain::time::Timestamp;
use crate::report::ReportError;

/// What a log held: leaves before one, or everything received up to a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// Leaves before this one count: what a seal calls its log size.
    Leaf(i64),
    /// What was received at or before this time counts.
    Time(Timestamp),
}

impl AsOf {
    /// Reads `1234` or `2026-03-01T00:00:00Z`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, ReportError> {
        if let Ok(leaf) = text.parse() {
            return Ok(Self::Leaf(leaf));
        }
        Timestamp::parse_rfc3339(text).map(Self::Time).map_err(|error| {
            ReportError::Refused(format!("{text:?} is no log size and no RFC 3339 time: {error}"))
        })
    }

    /// The log size: leaves before it count.
    ///
    /// # Errors
    /// When the log is shorter, or a file cannot be read.
    pub fn log_size(self, layout: &Layout, id: &ProjectId) -> Result<i64, ReportError> {
        let published = crate::dataset::commit::read(layout, id)?.next_leaf;
        match self {
            Self::Leaf(size) if (0..=published).contains(&size) => Ok(size),
            Self::Leaf(size) => Err(ReportError::Refused(format!(
                "the log of project {id} has {published} leaves, not {size}"
            ))),
            Self::Time(at) => Ok(received_until(layout, id, at)?.min(published)),
        }
    }
}
