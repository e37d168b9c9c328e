//! The evidence log checked against the messages: commitments, leaves, hashes, root, signature.

use std::io::Read;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;

use super::layout::Layout;
use super::log_files::LogFiles;
use super::rows::MessageRow;
use super::{DatasetError, blob, commit, read};
use crate::domain::digest::Sha256Digest;
use crate::domain::id::ProjectId;
use crate::domain::message::{Header, Payload};
use crate::evidence::checkpoint;
use crate::evidence::leaf::{self, CommitmentBuilder};
use crate::evidence::tree::{HashReader, TreeState};
use crate::evidence::{Hash, leaf_hash};

/// Findings told one by one; further ones are counted.
const FINDINGS_MAX: usize = 100;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub project: String,
    /// Leaves recomputed.
    pub leaves: i64,
    /// Root recomputed, base64.
    pub root: String,
    /// What is not right; empty when all is.
    pub findings: Vec<String>,
}

/// Recomputes the log of a project and compares. `key`: the verifier key that is trusted.
///
/// # Errors
/// When a file cannot be read; what reads and is wrong is a finding.
pub fn check(layout: &Layout, project: &ProjectId, key: &str) -> Result<Report, DatasetError> {
    let state = commit::read(layout, project)?;
    let mut findings = Findings::default();
    let mut tree = TreeState::default();
    let files = LogFiles { layout, project };
    let mut hashes: Vec<Hash> = Vec::new();
    let mut received_at = i64::MIN;
    read::messages(layout, project, 0, state.next_leaf, |row| {
        if row.header.received_at.us() < received_at {
            findings.add(format!("leaf {}: received before the leaf that precedes it", row.leaf));
        }
        received_at = row.header.received_at.us();
        let commitment = commitment_of(layout, &row)?;
        if commitment != row.header.commitment {
            findings.add(format!("leaf {}: its payload is not the one it commits to", row.leaf));
        }
        // The leaf is made of what the bytes say, so that an altered column cannot hide.
        let hash = leaf_hash(&leaf::encode(&Header { commitment, ..row.header }));
        hashes.push(hash);
        if hashes.len() == 4_096 {
            append(&mut tree, &mut hashes, &files, &mut findings);
        }
        Ok::<_, DatasetError>(())
    })?;
    append(&mut tree, &mut hashes, &files, &mut findings);
    let root = tree.root();
    let path = layout.checkpoint(project);
    match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && state.next_leaf == 0 => {}
        Err(error) => findings.add(format!("{}: {error}", path.display())),
        Ok(note) => {
            let name = checkpoint::key_name(key).unwrap_or_default();
            match checkpoint::open(&note, key, &checkpoint::origin(name, project)) {
                Err(error) => findings.add(format!("{}: {error}", path.display())),
                Ok(signed) if signed.size != tree.size() || signed.root != root => {
                    findings.add(format!(
                        "the checkpoint is of {} leaves with root {}, the messages give {} with {}",
                        signed.size,
                        BASE64_STANDARD.encode(signed.root),
                        tree.size(),
                        BASE64_STANDARD.encode(root)
                    ));
                }
                Ok(_) => {}
            }
        }
    }
    Ok(Report {
        project: project.to_string(),
        leaves: state.next_leaf,
        root: BASE64_STANDARD.encode(root),
        findings: findings.finish(),
    })
}

/// The commitment to what a message's bytes are now.
///
/// # Errors
/// When a blob cannot be read.
pub fn commitment_of(layout: &Layout, row: &MessageRow) -> Result<Sha256Digest, DatasetError> {
    if let Payload::Inline(bytes) = &row.payload {
        return Ok(leaf::commitment(&row.nonce, bytes));
    }
    let mut input = blob::open(layout, &row.payload)?;
    let mut commitment = CommitmentBuilder::new(&row.nonce);
    let mut chunk = vec![0; 1 << 16];
    loop {
        let count = input.read(&mut chunk).map_err(DatasetError::io("read", layout.root()))?;
        if count == 0 {
            return Ok(commitment.finish());
        }
        commitment.update(&chunk[..count]);
    }
}

/// Appends leaves and compares every hash that this gives with the lists on disk.
fn append(
    tree: &mut TreeState,
    hashes: &mut Vec<Hash>,
    files: &LogFiles<'_>,
    findings: &mut Findings,
) {
    for append in tree.append(hashes) {
        match files.read(append.level, append.first, append.hashes.len() as u64) {
            Err(error) => findings.add(error.to_string()),
            Ok(stored) => {
                let differs = stored.iter().zip(&append.hashes).position(|(a, b)| a != b);
                if let Some(index) = differs {
                    findings.add(format!(
                        "level {}, hash {}: what lies on disk is not what the messages give",
                        append.level,
                        append.first + index as u64
                    ));
                }
            }
        }
    }
    hashes.clear();
}

#[derive(Default)]
struct Findings {
    told: Vec<String>,
    untold: usize,
}

impl Findings {
    fn add(&mut self, finding: String) {
        match self.told.len() < FINDINGS_MAX {
            true => self.told.push(finding),
            false => self.untold += 1,
        }
    }

    fn finish(mut self) -> Vec<String> {
        if self.untold > 0 {
            self.told.push(format!("and {} more findings", self.untold));
        }
        self.told
    }
}
