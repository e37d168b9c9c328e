//! The bundle: what a verifier receives of a sealed period, in one file that needs nothing else.
//!
//! Takes a data folder, a seal and the log's key; gives a zip. Writes no message and no leaf. The
//! other side is [`super::recheck`]. Inside, a BagIt bag (RFC 8493) whose payload is an RO-Crate:
//!
//! ```text
//! START-HERE.html                     one page: what this is, the figures, how to recheck
//! bagit.txt bag-info.txt manifest-sha256.txt tagmanifest-sha256.txt
//! statement.dsse.json                 in-toto statement over the tag manifest, signed by the log's key
//! data/bundle.json                    [`Facts`]
//! data/ro-crate-metadata.json
//! data/report/                        the sealed report in all its forms
//! data/plans/<leaf>-<name>            plans, methodologies and documents as they stand in the log
//! data/methodologies/<leaf>-<id>.toml
//! data/documents/<leaf>-<name>
//! data/tables/messages/project=<id>/month=<yyyy-mm>/*.parquet    raw bytes with their nonces
//! data/blobs/<sha256>                 payloads above 64 KiB
//! data/tables/{readings,conflicts,intervals}/project=<id>/month=<yyyy-mm>/<yyyy-mm>.parquet
//!                                     derived: what the messages decode to ([`tables`])
//! data/by-day/tables/intervals/...     derived: the same intervals, whole undisturbed days added up
//! data/log/leaves                     every leaf from the log's first to the seal ([`leaves`])
//! data/log/seal.tlog-proof            the seal's inclusion under the checkpoint
//! data/log/growth                     from these leaves to the checkpoint
//! data/log/log.pub                    the verifier key, to be compared with one got another way
//! ```
//!
//! Completeness (`docs/adr/0009`): leaves are headers of some 100 bytes, so all of them are here and
//! the root is recomputed, never believed. A leaf's kind stands in its header: no act, plan, document
//! or earlier seal can be left out unseen, wherever in the log it stands. Payloads of data begin with
//! the first leaf that the figures may stand on, at the latest the first received in the period; that
//! nothing before it matters is tried when the bundle is made, by computing the report from it alone.

pub mod archive;
pub mod copies;
pub mod leaves;
pub mod limits;
pub mod tables;
pub mod tags;
mod write;

pub use write::{Wanted, write};

use serde::{Deserialize, Serialize};

use super::ReportError;
use crate::dataset::DatasetError;
use crate::domain::RULES;
use crate::publish::PublishError;

/// What `bundle.json` calls its own form.
pub const FORMAT: &str = "mrv bundle 1";
/// Stands in the bundle's description and in `bag-info.txt`.
pub const CONFIDENTIAL: &str = "confidential";
/// The name of this software and its version, as bundles state it.
pub const SOFTWARE: &str = concat!("mrv ", env!("CARGO_PKG_VERSION"));

pub const START_HERE: &str = "START-HERE.html";
pub const BAGIT: &str = "bagit.txt";
pub const BAG_INFO: &str = "bag-info.txt";
pub const MANIFEST: &str = "manifest-sha256.txt";
pub const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
pub const STATEMENT: &str = "statement.dsse.json";
pub const FACTS: &str = "data/bundle.json";
pub const CRATE: &str = "data/ro-crate-metadata.json";
pub const REPORT: &str = "data/report/report.json";
pub const LEAVES: &str = "data/log/leaves";
pub const SEAL_PROOF: &str = "data/log/seal.tlog-proof";
pub const GROWTH: &str = "data/log/growth";
pub const KEY: &str = "data/log/log.pub";

/// The files beside the payload, in the order of the tag manifest.
pub const TAG_FILES: [&str; 4] = [START_HERE, BAG_INFO, BAGIT, MANIFEST];

/// Media type of an in-toto statement in an envelope.
pub const STATEMENT_TYPE: &str = "application/vnd.in-toto+json";

/// What a bundle is of: `bundle.json`, and the predicate of the signed statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Facts {
    /// Name and version of this form.
    pub format: String,
    /// Always `confidential`.
    pub confidentiality: String,
    /// What made it.
    pub software: String,
    /// The rules by which the figures were computed.
    pub rules: u32,
    pub project: String,
    /// Local dates of the accounting zone, both inclusive.
    pub from: String,
    pub to: String,
    /// Of the report.
    pub version: u32,
    /// SHA-256 of the report's figures.
    pub figures: String,
    /// Leaves that count, and the root over them, base64.
    pub log_size: i64,
    pub log_root: String,
    /// The leaf that carries the seal: the last one here.
    pub seal_leaf: i64,
    /// The first leaf whose data are here; acts before it are here too.
    pub first_leaf: i64,
    /// The verifier key of the log, and its short form.
    pub key: String,
    pub fingerprint: String,
}

/// What a bundle cannot show; said in START-HERE and by every recheck.
pub const NOT_SHOWN: [&str; 5] = [
    "that a meter was right: accuracy and calibration are on certificates, which people judge",
    "that a meter was rightly installed, and measured what the plan says",
    "that nothing was altered before the gateway's message was received",
    "that the plan and the methodology's file are what was registered and approved: compare them with \
     the registered documents",
    "that the operator kept no second log: compare the checkpoint with one got at another time or from \
     somebody else",
];

/// What a bundle shows once it is rechecked.
pub const SHOWN: [&str; 6] = [
    "every file is the one that the log's key signed",
    "every message is, byte for byte, the one that its leaf commits to",
    "all leaves up to the seal are here, in the order of receipt, and lead to the signed root: none was \
     left out, added or changed since",
    "no plan, act, document or earlier seal of the log is missing",
    "every reading and interval of the tables comes out of the raw messages again, row for row",
    "every figure of the report comes out of the raw messages again, to the last digit",
];

/// Why a bundle could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("{action} {path}: {source}")]
    Io { action: &'static str, path: String, source: std::io::Error },
    #[error("zip: {0}")]
    Zip(zip::result::ZipError),
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("{0}")]
    Log(String),
    /// A rule said no.
    #[error("{0}")]
    Refused(String),
}

impl From<PublishError> for BundleError {
    fn from(error: PublishError) -> Self {
        Self::Report(error.into())
    }
}

impl BundleError {
    pub(super) fn io(
        action: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |source| Self::Io { action, path, source }
    }
}

impl Facts {
    /// `bundle.json`.
    #[must_use]
    pub fn encode(&self) -> String {
        // A struct of texts and numbers always has a JSON form.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// True if this software computes by the rules of the bundle.
    #[must_use]
    pub fn is_computed_here(&self) -> bool {
        self.rules == RULES
    }
}
