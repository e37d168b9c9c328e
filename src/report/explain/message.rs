//! A message: who brought it when, its bytes, and the proof of its place in the log.

use std::collections::BTreeSet;
use std::io::Read;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::source::Source;
use super::{Kind, Node};
use crate::dataset::{blob, read};
use crate::domain::message::{Header, Nonce};
use crate::evidence::proof::check_inclusion;
use crate::evidence::tree::inclusion_path;
use crate::evidence::{leaf, leaf_hash};
use crate::report::bundle::BundleError;

/// Bytes of a text that are shown, and of anything else.
const TEXT_MAX: usize = 4_096;
const BYTES_MAX: usize = 256;

/// A message as far as it is shown.
pub(super) struct Sent {
    header: Header,
    nonce: Nonce,
    /// The beginning of its payload.
    head: Vec<u8>,
}

/// Reads the messages of leaves together, for [`open`] to show: asked one by one, a file would be opened
/// for each. Leaves that are shown already are left out.
pub fn fetch(source: &mut Source, mut leaves: BTreeSet<i64>) -> Result<(), BundleError> {
    leaves.retain(|leaf| !source.shown.contains(leaf) && !source.sent.contains_key(leaf));
    if leaves.is_empty() {
        return Ok(());
    }
    let Source { messages, project, sent, .. } = source;
    read::some(messages, project, &leaves, |row| {
        let mut head = Vec::new();
        let mut input = blob::open(messages, &row.payload)?.take(TEXT_MAX as u64);
        let read = input.read_to_end(&mut head);
        read.map_err(BundleError::io("read a payload of", messages.root()))?;
        sent.insert(row.leaf, Sent { header: row.header, nonce: row.nonce, head });
        Ok(())
    })
}

/// Opens the message of a leaf; the second time it is named only.
pub fn open(source: &mut Source, leaf: i64, what: &str) -> Result<Node, BundleError> {
    let node = Node::new(Kind::Message, format!("leaf {leaf}: {what}"));
    fetch(source, BTreeSet::from([leaf]))?;
    if !source.shown.insert(leaf) {
        return Ok(node.with([Node::new(Kind::Note, "opened above")]));
    }
    let Some(sent) = source.sent.remove(&leaf) else {
        return Err(BundleError::Log(format!("the message of leaf {leaf} is not there")));
    };
    let header = &sent.header;
    let node = node
        .fact("kind", header.kind.as_str())
        .fact("received", header.received_at.to_string())
        .fact("by", format!("{}, {}", header.source.as_str(), header.client))
        .fact("name", &*header.name)
        .fact("bytes", payload(&sent.head, header.payload_len));
    Ok(node.with([proof(source, leaf, &sent)?]))
}

/// Bytes as text where they are, else in hexadecimal; how many of how many.
fn payload(head: &[u8], len: u64) -> String {
    let text = std::str::from_utf8(head).or_else(|error| {
        // A text may be cut in the middle of a letter.
        let whole = &head[..error.valid_up_to()];
        match head.len() == TEXT_MAX && whole.len() + 4 > head.len() {
            true => std::str::from_utf8(whole),
            false => Err(error),
        }
    });
    let is_plain =
        |text: &str| text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
    let (shown, count) = match text {
        Ok(text) if is_plain(text) => (text.to_owned(), text.len()),
        _ => {
            let head = &head[..head.len().min(BYTES_MAX)];
            (head.iter().map(|byte| format!("{byte:02x}")).collect(), head.len())
        }
    };
    match count as u64 == len {
        true => shown,
        false => format!("{shown}\n(the first {count} of {len} bytes)"),
    }
}

/// The proof that a leaf lies in the log, made and checked.
fn proof(source: &Source, leaf: i64, sent: &Sent) -> Result<Node, BundleError> {
    let hash = leaf_hash(&leaf::encode(&sent.header));
    let wrong = |error: &dyn std::fmt::Display| BundleError::Log(format!("leaf {leaf}: {error}"));
    if leaf as u64 >= source.size {
        return Err(wrong(&"it lies beyond the log that counts"));
    }
    let path = inclusion_path(leaf as u64, source.size, &source.hashes())
        .map_err(|error| wrong(&error))?;
    check_inclusion(&hash, leaf as u64, source.size, &source.root, &path)
        .map_err(|error| wrong(&error))?;
    let hashes: Vec<String> = path.iter().map(|hash| BASE64_STANDARD.encode(hash)).collect();
    let nonce = sent.nonce.0;
    Ok(Node::new(Kind::Proof, format!("leaf {leaf} of {} lies in the log", source.size))
        .fact("nonce", nonce.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        .fact("commitment", sent.header.commitment.to_string())
        .fact("leaf hash", BASE64_STANDARD.encode(hash))
        .fact("hashes to the root", hashes.join("\n"))
        .fact("root", BASE64_STANDARD.encode(source.root)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_text_or_hexadecimal_and_never_cut_in_silence() {
        assert_eq!(payload(b"{\"ts\":1}", 8), "{\"ts\":1}");
        assert_eq!(payload(&[0, 255], 2), "00ff");
        assert_eq!(payload(b"abc", 9), "abc\n(the first 3 of 9 bytes)");
        let mut long = "ä".repeat(TEXT_MAX).into_bytes();
        long.insert(0, b'x');
        assert!(payload(&long[..TEXT_MAX], 8_193).ends_with("(the first 4095 of 8193 bytes)"));
        assert!(payload(&[7; 300], 300).ends_with("(the first 256 of 300 bytes)"));
    }
}
