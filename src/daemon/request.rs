//! What a command asks of whoever holds the folder, and the answers: JSON over the control socket.

use serde::{Deserialize, Serialize};

use crate::decode::act::{Correction, Decision};

/// A request that writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "request")]
pub enum Request {
    /// Publish everything received so far, intervals too.
    Flush,
    /// Record a plan, with the text of its methodology.
    Plan {
        file: String,
        text: String,
        methodology: String,
        author: String,
    },
    /// Take a file by its absolute path.
    Ingest {
        project: String,
        path: String,
        author: String,
    },
    Decide {
        project: String,
        decision: Decision,
    },
    Correct {
        project: String,
        correction: Correction,
    },
    /// Close a period: write its report, and seal it where two different people are named. Local
    /// dates, both inclusive.
    Close {
        project: String,
        from: String,
        to: String,
        prepared_by: Option<String>,
        reviewed_by: Option<String>,
    },
    /// Write all derived tables anew from `messages`.
    Rebuild {
        project: String,
    },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub enum Answer {
    /// Recorded and published: the leaf that carries it, and the number it got, if any.
    Recorded {
        project: String,
        leaf: i64,
        number: u32,
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
