//! Leaves, messages and proofs: nothing was left out, added or changed.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::altered;
use super::found::{Found, Stop, found};
use super::open::Unpacked;
use crate::dataset::layout::Layout;
use crate::dataset::log_check::commitment_of;
use crate::dataset::read;
use crate::dataset::rows::MessageRow;
use crate::decode::act::Seal;
use crate::domain::digest::Sha256Digest;
use crate::domain::id::ProjectId;
use crate::domain::message::{Header, Kind, Payload};
use crate::domain::time::Timestamp;
use crate::evidence::proof::{check_consistency, check_inclusion};
use crate::evidence::tree::TreeState;
use crate::evidence::{Hash, checkpoint, leaf, leaf_hash};
use crate::report::bundle::limits::LEAVES_MAX;
use crate::report::bundle::{BundleError, FACTS, Facts, GROWTH, LEAVES, SEAL_PROOF, leaves};

/// What was seen of the log.
pub struct Seen {
    /// Of the leaves that count.
    pub tree: TreeState,
    /// Receipt of the last leaf before the first whose data are here.
    pub received_before: Option<Timestamp>,
    pub held: Vec<String>,
    /// Messages that are not those that their leaves commit to; all else holds.
    pub altered: Found,
}

/// Altered messages that are looked into; the others are counted.
const ALTERED_MAX: usize = 5;

/// Checks leaves against messages, and both against the signed checkpoint and the seal.
pub fn check(
    files: &Unpacked,
    layout: &Layout,
    project: &ProjectId,
    facts: &Facts,
    seal: &Seal,
) -> Result<Seen, Stop> {
    let Facts { first_leaf, log_size, seal_leaf, .. } = *facts;
    let is_ordered = 0 <= first_leaf && first_leaf <= log_size && log_size <= seal_leaf;
    if !is_ordered || seal_leaf as u64 >= LEAVES_MAX {
        return Err(found(FACTS, "first leaf, log size and seal are not in their order"));
    }
    if !files.digests.contains_key(LEAVES) {
        return Err(found(LEAVES, "it is missing"));
    }
    let path = files.folder.join(LEAVES);
    let input = File::open(&path).map_err(BundleError::io("open", &path))?;
    let mut stream = Leaves {
        input: BufReader::with_capacity(1 << 18, input),
        layout,
        project,
        bytes: Vec::new(),
        next: 0,
        tree: TreeState::default(),
        sealed: None,
        log_size,
        received_at: Timestamp::from_us(i64::MIN),
        blobs: BTreeSet::new(),
        last_hash: [0; 32],
        altered: Vec::new(),
        altered_count: 0,
    };
    let mut rows = 0u64;
    // Acts stand before the first leaf too; data there are leaves alone.
    read::acts(layout, project, first_leaf, |row| {
        rows += 1;
        stream.skip_to(row.leaf, true)?;
        stream.row(&row)
    })?;
    stream.skip_to(first_leaf, true)?;
    let received_before = (first_leaf > 0).then_some(stream.received_at);
    read::messages(layout, project, first_leaf, log_size, |row| {
        rows += 1;
        stream.row(&row)
    })?;
    // What came between the report and its seal does not count: leaves alone.
    stream.skip_to(seal_leaf, false)?;
    read::messages(layout, project, seal_leaf, seal_leaf + 1, |row| {
        rows += 1;
        stream.row(&row)
    })?;
    stream.end()?;
    let there = read::message_count(layout, project)?;
    if there != rows {
        let what = format!("{there} rows are there, {rows} belong to the log");
        return Err(found("data/tables/messages", what));
    }
    for name in files.digests.keys() {
        let blob = name.strip_prefix("data/blobs/").map(Sha256Digest::parse);
        if blob.is_some_and(|blob| blob.is_none_or(|blob| !stream.blobs.contains(&blob))) {
            return Err(found(name, "no leaf names it"));
        }
    }
    let sealed = stream.sealed.clone().unwrap_or_else(|| stream.tree.clone());
    let root = BASE64_STANDARD.encode(sealed.root());
    let is_sealed = seal.log_size == log_size && seal.log_root == root && facts.log_root == root;
    if !is_sealed || seal.from != facts.from || seal.to != facts.to {
        let what = format!(
            "the seal is of {} leaves with root {}, period {} to {}; the leaves give {log_size} with {root}",
            seal.log_size, seal.log_root, seal.from, seal.to
        );
        return Err(found(format!("leaf {seal_leaf}"), what));
    }
    let size = proofs(files, facts, project, &stream)?;
    let held = vec![
        format!(
            "{rows} messages are, byte for byte, those that their leaves commit to; data from leaf \
             {first_leaf} on"
        ),
        format!(
            "all {} leaves up to the seal are here, in the order of receipt; the {log_size} that count \
             have the root that was sealed, {root}",
            stream.next
        ),
        format!("they are the beginning of the signed log of {size} leaves"),
    ];
    let altered = stream.look_into();
    Ok(Seen { tree: sealed, received_before, held, altered })
}

/// Checks the proofs from these leaves to the checkpoint, and its signature; gives its size.
fn proofs(
    files: &Unpacked,
    facts: &Facts,
    project: &ProjectId,
    stream: &Leaves<'_>,
) -> Result<u64, Stop> {
    let form = |name: &str| found(name, "it is not in the form of such a proof");
    let (seal_text, growth_text) = (files.text(SEAL_PROOF)?, files.text(GROWTH)?);
    let (index, included, note) =
        leaves::read_inclusion(&seal_text).ok_or_else(|| form(SEAL_PROOF))?;
    let (old, grown, same_note) = leaves::read_growth(&growth_text).ok_or_else(|| form(GROWTH))?;
    let name = checkpoint::key_name(&facts.key).map_err(|e| found("the key", e.to_string()))?;
    let signed = checkpoint::open(note, &facts.key, &checkpoint::origin(name, project))
        .map_err(|error| found(SEAL_PROOF, error.to_string()))?;
    if note != same_note || index != facts.seal_leaf as u64 || old != stream.tree.size() {
        return Err(found(GROWTH, "the proofs are not of these leaves and one checkpoint"));
    }
    let root = stream.tree.root();
    check_consistency(old, &root, signed.size, &signed.root, &grown)
        .map_err(|error| found(GROWTH, error.to_string()))?;
    check_inclusion(&stream.last_hash, index, signed.size, &signed.root, &included)
        .map_err(|error| found(SEAL_PROOF, error.to_string()))?;
    Ok(signed.size)
}

/// The file of leaves, read beside the messages.
struct Leaves<'a> {
    input: BufReader<File>,
    layout: &'a Layout,
    project: &'a ProjectId,
    bytes: Vec<u8>,
    /// The leaf that is read next.
    next: i64,
    tree: TreeState,
    /// The tree at the seal's size.
    sealed: Option<TreeState>,
    log_size: i64,
    received_at: Timestamp,
    /// Named by messages.
    blobs: BTreeSet<Sha256Digest>,
    last_hash: Hash,
    /// Messages whose payload is another than their leaf's, with what the leaf says.
    altered: Vec<(MessageRow, Header)>,
    altered_count: u64,
}

impl Leaves<'_> {
    /// Reads the next leaf into `bytes`.
    fn read(&mut self) -> Result<Header, Stop> {
        let place = format!("leaf {}", self.next);
        let read = leaves::next(&mut self.input, &mut self.bytes);
        match read {
            Ok(Some(())) => {}
            Ok(None) => return Err(found(place, "the leaves end before it")),
            Err(error) => return Err(found(place, format!("the leaves are cut off: {error}"))),
        }
        let header =
            leaf::decode(&self.bytes).map_err(|error| found(&*place, error.to_string()))?;
        if header.received_at < self.received_at {
            return Err(found(place, "it was received before the leaf that precedes it"));
        }
        if self.next == self.log_size {
            self.sealed = Some(self.tree.clone());
        }
        self.received_at = header.received_at;
        self.last_hash = leaf_hash(&self.bytes);
        self.tree.append(&[self.last_hash]);
        self.next += 1;
        Ok(header)
    }

    /// Reads leaves up to one, whose messages are not here; all of them data where `is_data`.
    fn skip_to(&mut self, to: i64, is_data: bool) -> Result<(), Stop> {
        while self.next < to {
            let place = format!("leaf {}", self.next);
            let kind = self.read()?.kind;
            if is_data && kind != Kind::Data {
                let what = format!("it is a {}, and its message is missing", kind.as_str());
                return Err(found(place, what));
            }
        }
        Ok(())
    }

    /// Reads a message's leaf and compares.
    fn row(&mut self, row: &MessageRow) -> Result<(), Stop> {
        let place = format!("leaf {}", row.leaf);
        if row.leaf != self.next {
            return Err(found(place, format!("leaf {} was expected", self.next)));
        }
        let header = self.read()?;
        if let Payload::Blob(blob) = &row.payload {
            self.blobs.insert(blob.sha256);
        }
        let commitment = commitment_of(self.layout, row)?;
        if commitment != header.commitment || row.payload.len() != header.payload_len {
            self.altered_count += 1;
            if self.altered.len() < ALTERED_MAX {
                self.altered.push((row.clone(), header));
            }
            return Ok(());
        }
        if leaf::encode(&Header { commitment, ..row.header.clone() }) != self.bytes {
            let what =
                "kind, source, time of receipt, client or name of its message are not the leaf's";
            return Err(found(place, what));
        }
        Ok(())
    }

    /// What altered messages are, and which readings they alter.
    fn look_into(&self) -> Found {
        let mut found = Found::default();
        for (row, header) in &self.altered {
            let altered = altered::look(self.layout, self.project, self.log_size, row);
            let what = format!(
                "its payload is not the one that the leaf commits to: {} of {}, {} bytes, received {}{}",
                header.kind.as_str(),
                header.name,
                header.payload_len,
                header.received_at,
                altered.what
            );
            found.tell(format!("leaf {}", row.leaf), what);
            found.rows.extend(altered.rows);
            found.further_rows += altered.further_rows;
        }
        let beyond = self.altered_count - self.altered.len() as u64;
        if beyond > 0 {
            let what = format!("{beyond} more messages are not those that their leaves commit to");
            found.tell("the messages", what);
        }
        found
    }

    /// Checks that no leaf follows.
    fn end(&mut self) -> Result<(), Stop> {
        match leaves::next(&mut self.input, &mut self.bytes) {
            Ok(None) => Ok(()),
            _ => Err(found(format!("leaf {}", self.next), "leaves follow the seal's")),
        }
    }
}
