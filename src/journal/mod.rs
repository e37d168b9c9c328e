//! The journal: the daemon's write-ahead log of messages, fsynced before the acknowledgement.
//!
//! Takes drafts of all projects from the sources, gives them back in order to the publisher. Knows
//! nothing of plans, logs or tables. `ING-1`: an append returns only after an fsync that covers it.
//! `JRN-1`: recovery discards at most a torn tail, never a synced record; a failed write or fsync
//! stops the journal for good.
//!
//! # Format, version 1
//!
//! All integers are little-endian. A folder holds segments `<first position, 20 digits>.seg`. A
//! *position* is a byte offset in the concatenation of all segments ever written: it never decreases
//! and is never reused. A segment is zero-filled to its full length when it is made.
//!
//! | segment header (64 bytes) | |
//! | --- | --- |
//! | 0..8 | magic `MRVJRNL1` |
//! | 8..16 | first position: that of this header |
//! | 16..24 | last `received_at` before this segment, microseconds |
//! | 24..60 | zero |
//! | 60..64 | CRC32C of 0..60 |
//!
//! | record | |
//! | --- | --- |
//! | 0..4 | length of the body in bytes, never 0: a zero ends the segment |
//! | 4..8 | CRC32C of 0..4 and the body |
//! | 8 | version, 1 |
//! | 9 | type: 0 message, 1 marker (nothing after byte 34) |
//! | 10..18 | position of this record |
//! | 18..26 | durable: everything before this position was fsynced when this was written |
//! | 26..34 | `received_at`, microseconds |
//! | 34, 35 | kind, source |
//! | 36.. | project (u8 length), client (u16 length), name (u16 length), nonce (16 bytes) |
//! | then | 0 and the payload, or 1 and SHA-256, length (u64) and commitment of a blob |
//!
//! A record never spans segments; when the next one does not fit, the segment is fsynced and a new
//! one is made, so only the last segment can have a torn tail.
//!
//! # Writing
//!
//! One thread writes. While one fdatasync runs, what arrives forms the next group: one write and one
//! fdatasync per group and segment, no timer. When the queue is empty it writes a marker, unsynced,
//! that carries `durable`, so that damage to the last synced group is told from a torn tail.
//!
//! # Recovery
//!
//! The last segment is scanned. At the first place that is neither a valid record nor the zero end,
//! if any valid record further on says `durable` beyond that place, a synced record is damaged: the
//! journal refuses to open. Otherwise everything from there was never acknowledged: it is zeroed and
//! synced. Doing this twice gives the same.

mod reader;
mod record;
mod recovery;
mod segment;
mod writer;

#[cfg(test)]
mod tests;

pub use reader::{Reader, Record};
#[cfg(test)]
pub(crate) use segment::{Disk, Header, RealDisk};
pub use writer::{Appended, Journal, Options, State, Ticket};

/// A place in the journal, in bytes; never seen outside of `journal` and COMMIT.
pub type Position = u64;

/// True for a lack that ends by itself or by somebody's help, so that whoever meets it waits: of space
/// on the disk, of file descriptors.
#[must_use]
pub fn is_want(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::StorageFull
        || matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// True if a folder holds no segment, or is not there.
///
/// # Errors
/// When it cannot be listed.
pub fn is_empty(folder: &std::path::Path) -> Result<bool, JournalError> {
    Ok(!folder.exists() || segment::list(folder)?.is_empty())
}

/// Why the journal cannot go on.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JournalError {
    #[error("{action} {path}: {reason}")]
    Io { action: &'static str, path: String, reason: String },
    #[error(
        "{path} is damaged at byte {offset}: {what}; a record that was synced cannot be read. \
         Restore the file from a copy; nothing was changed"
    )]
    Damaged { path: String, offset: u64, what: String },
    #[error("the journal has stopped: {0}; nothing more is acknowledged")]
    Stopped(String),
    #[error("message not journaled: {0}")]
    Refused(&'static str),
}

impl JournalError {
    fn io(
        action: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |error| Self::Io { action, path, reason: error.to_string() }
    }
}
