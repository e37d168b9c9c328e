//! What a command asks of whoever holds the folder, and the answers: JSON over the control socket.

use serde::{Deserialize, Serialize};

use crate::decode::act::{Correction, Decision};
use crate::decode::amount::{AmountCheck, AmountEntry};

/// A request that writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "request")]
pub enum Request {
    /// Publish everything received so far, intervals too.
    Flush,
    /// Record a plan, with the texts of its methodologies in its order.
    Plan {
        file: String,
        text: String,
        methodologies: Vec<String>,
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
    /// Record amounts, all of them or none, with their documents.
    Amounts {
        project: String,
        amounts: Vec<Stated>,
        author: String,
    },
    /// Record that a second person checked an amount.
    CheckAmount {
        project: String,
        check: AmountCheck,
    },
    /// Write all derived tables anew from `messages`.
    Rebuild {
        project: String,
    },
}

/// An amount to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    pub entry: AmountEntry,
    /// Absolute path of its document, which is kept in the log; `None` where the entry names one
    /// that is there, or none.
    pub document: Option<String>,
    /// Where it stands, for whoever is told of it: `amounts.csv:3`.
    pub place: String,
    /// True to record what lies beyond the plan's bounds or far from its neighbours.
    pub is_sure: bool,
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
    /// Amounts recorded: the numbers of their acts, first and last.
    Amounts {
        project: String,
        first: u32,
        last: u32,
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
