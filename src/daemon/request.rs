//! What a command asks of whoever holds the folder, and the answers: JSON over the control socket.

use serde::{Deserialize, Serialize};

use crate::decode::act::Content;
use crate::domain::digest::Sha256Digest;

/// A request that writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "request")]
pub enum Request {
    /// Publish everything received so far, intervals too.
    Flush,
    /// Record a plan, with the texts of its methodologies in its order.
    Plan { file: String, text: String, methodologies: Vec<String>, author: String },
    /// Take a file by its absolute path.
    Ingest { project: String, path: String, author: String },
    /// Record acts, all of them or none, with their documents.
    Record { project: String, acts: Vec<Stated> },
    /// Close a period: write its report, and seal it where two different people are named. Local
    /// dates, both inclusive.
    Close {
        project: String,
        from: String,
        to: String,
        prepared_by: Option<String>,
        reviewed_by: Option<String>,
    },
    /// State a sealed period anew with everything received since, as its next version. Local dates,
    /// both inclusive; two different people.
    Restate {
        project: String,
        from: String,
        to: String,
        reason: String,
        prepared_by: String,
        reviewed_by: String,
    },
    /// Write all derived tables anew from `messages`.
    Rebuild { project: String },
}

/// An act to be recorded; it gets its number when it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    pub act: Content,
    /// Files of documents that the act names by their hashes; the log keeps those it does not have.
    #[serde(default)]
    pub documents: Vec<Attached>,
    /// Where it stands, for whoever is told of it: `amounts.csv:3`; empty where it stands alone.
    #[serde(default)]
    pub place: String,
    /// True to record what is unlikely: beyond the plan's bounds, far from its neighbours.
    #[serde(default)]
    pub is_sure: bool,
}

/// A document's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// Absolute.
    pub path: String,
    /// SHA-256 of its bytes, in hexadecimal, as the act has it.
    pub sha256: String,
}

impl Stated {
    /// An act without documents.
    #[must_use]
    pub fn new(act: Content) -> Self {
        Self { act, documents: Vec::new(), place: String::new(), is_sure: false }
    }
}

impl Attached {
    #[must_use]
    pub fn new(path: String, sha256: Sha256Digest) -> Self {
        Self { path, sha256: sha256.to_string() }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub enum Answer {
    /// A plan or a file, recorded and published: the leaf that carries it, and a plan's number.
    Recorded {
        project: String,
        leaf: i64,
        number: u32,
    },
    /// Acts recorded and published: the numbers of the first and the last, and the leaf of each.
    Acts {
        project: String,
        first: u32,
        last: u32,
        leaves: Vec<i64>,
    },
    /// A period's report: where it is, what it says, and the seal's leaf if it is sealed.
    Closed {
        folder: String,
        summary: String,
        report: String,
        seal: Option<i64>,
        log_size: i64,
    },
    Done,
    /// A rule said no.
    Refused {
        reason: String,
    },
    /// It could not be done.
    Failed {
        reason: String,
    },
}
