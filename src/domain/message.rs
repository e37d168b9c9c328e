//! A message: bytes as received, and what is known of how they came.
//!
//! Everything in a project's log is one: an MQTT payload, an HTTP body, a file, a recorded act. The
//! [`Header`] is public by design and is what a leaf commits to; the payload and the nonce stay in
//! `messages`.

use std::fmt;
use std::sync::Arc;

use super::digest::Sha256Digest;
use super::id::ProjectId;
use super::time::Timestamp;

/// Longest payload kept inside `messages`; a larger one lies in `blobs/` under its SHA-256.
pub const INLINE_PAYLOAD_BYTES_MAX: usize = 64 * 1024;
/// Longest topic or file name accepted, in bytes. With [`CLIENT_BYTES_MAX`] it keeps a leaf below
/// 4 KiB.
pub const NAME_BYTES_MAX: usize = 1_024;
/// Longest client name accepted, in bytes.
pub const CLIENT_BYTES_MAX: usize = 256;

/// What a message is to the project's log. The numbers are on disk: never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// Data from a gateway or a file, to be decoded by a reader of the plan.
    Data = 1,
    /// A plan (TOML), effective from its `valid_from`.
    Plan = 2,
    /// A recorded decision on a conflict or a hold.
    Decision = 3,
    /// A correction of one reading: old value, new value, reason.
    Correction = 4,
    /// The seal of a monitoring period.
    Seal = 5,
    /// A methodology file, as applied with a plan.
    Methodology = 6,
    /// An event of the daemon itself, such as a step of its clock.
    Event = 7,
    /// An amount with its document, or the check of one by a second person.
    Amount = 8,
    /// A document that an act stands on: invoice, laboratory report, ticket, photo, statement.
    Document = 9,
    /// A recorded act of any further kind: its payload says which.
    Act = 10,
}

impl Kind {
    pub const ALL: [Self; 10] = [
        Self::Data,
        Self::Plan,
        Self::Decision,
        Self::Correction,
        Self::Seal,
        Self::Methodology,
        Self::Event,
        Self::Amount,
        Self::Document,
        Self::Act,
    ];

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == code)
    }

    /// The word in tables and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Plan => "plan",
            Self::Decision => "decision",
            Self::Correction => "correction",
            Self::Seal => "seal",
            Self::Methodology => "methodology",
            Self::Event => "event",
            Self::Amount => "amount",
            Self::Document => "document",
            Self::Act => "act",
        }
    }
}

/// The door a message came through. The numbers are on disk: never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Source {
    /// Embedded listener: a gateway connected to us.
    MqttListener = 1,
    /// Broker client: we subscribed.
    MqttBroker = 2,
    /// A file from the inbox, or given to `mrv ingest`.
    File = 3,
    Http = 4,
    /// An act of an operator, by command line.
    Operator = 5,
    /// The daemon itself.
    Daemon = 6,
}

impl Source {
    pub const ALL: [Self; 6] = [
        Self::MqttListener,
        Self::MqttBroker,
        Self::File,
        Self::Http,
        Self::Operator,
        Self::Daemon,
    ];

    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|source| *source as u8 == code)
    }

    /// The word in tables and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MqttListener => "mqtt",
            Self::MqttBroker => "broker",
            Self::File => "file",
            Self::Http => "http",
            Self::Operator => "operator",
            Self::Daemon => "daemon",
        }
    }
}

/// Sixteen random bytes beside every payload, so that a header can be shown without the payload
/// being guessed from its hash. Never printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce(pub [u8; 16]);

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)")
    }
}

/// The bytes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// At most [`INLINE_PAYLOAD_BYTES_MAX`] bytes, kept beside the header.
    Inline(bytes::Bytes),
    /// A file below `blobs/`, by its SHA-256.
    Blob(BlobRef),
}

impl Payload {
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Inline(bytes) => bytes.len() as u64,
            Self::Blob(blob) => blob.len,
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A file below `blobs/`: its hash is its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobRef {
    pub sha256: Sha256Digest,
    /// Bytes.
    pub len: u64,
    /// What the leaf commits to: [`Header::commitment`], computed while the file was copied, since
    /// nobody wants to read 1 GB twice.
    pub commitment: Sha256Digest,
}

/// A message on its way in: all but the time of receipt and the nonce, which the journal gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub project: ProjectId,
    pub kind: Kind,
    pub source: Source,
    /// At most [`CLIENT_BYTES_MAX`].
    pub client: Arc<str>,
    /// At most [`NAME_BYTES_MAX`].
    pub name: Arc<str>,
    pub payload: Payload,
    /// Given where the commitment was computed already, that is for blobs; else the journal draws it.
    pub nonce: Option<Nonce>,
}

/// A message as the journal keeps it: everything but its place in a project's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub project: ProjectId,
    pub kind: Kind,
    pub source: Source,
    /// When the daemon received it: never before the message that precedes it.
    pub received_at: Timestamp,
    /// Who brought it: the gateway's user name, or the operator. At most [`CLIENT_BYTES_MAX`].
    pub client: Arc<str>,
    /// The topic or file name. At most [`NAME_BYTES_MAX`].
    pub name: Arc<str>,
    pub payload: Payload,
    pub nonce: Nonce,
}

/// What a leaf commits to: a message without payload and nonce, but bound to both by `commitment`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub kind: Kind,
    pub source: Source,
    pub received_at: Timestamp,
    pub client: Arc<str>,
    pub name: Arc<str>,
    /// Bytes of the payload.
    pub payload_len: u64,
    /// SHA-256(nonce || payload), or for payloads above 1 MiB the Merkle root over their chunks
    /// (see `evidence::leaf`).
    pub commitment: Sha256Digest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_on_disk_read_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind as u8), Some(kind));
        }
        for source in Source::ALL {
            assert_eq!(Source::from_code(source as u8), Some(source));
        }
        assert_eq!(Kind::from_code(0), None);
        assert_eq!(Source::from_code(0), None);
    }

    #[test]
    fn a_nonce_is_never_printed() {
        assert_eq!(format!("{:?}", Nonce([7; 16])), "Nonce(..)");
    }
}
