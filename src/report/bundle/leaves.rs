//! The leaves of a log in one file, and the proofs beside them, in the C2SP text forms.
//!
//! `data/log/leaves`: the entry bundles of C2SP tlog-tiles one after the other: each leaf as its length
//! in two bytes, big-endian, and its bytes. `data/log/seal.tlog-proof`: C2SP tlog-proof, the seal's
//! inclusion under the checkpoint. `data/log/growth`: from the leaves here to the checkpoint, in the
//! form in which C2SP tlog-witness is asked to add one: `old <size>`, hashes, an empty line, the note.

use std::io::Read;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::evidence::Hash;
use crate::evidence::leaf::LEAF_BYTES_MAX;

/// First line of a C2SP tlog-proof.
const PROOF: &str = "c2sp.org/tlog-proof@v1";
/// Most hashes of a proof.
const HASHES_MAX: usize = 64;

/// Appends a leaf.
pub fn append(out: &mut Vec<u8>, leaf: &[u8]) {
    // A leaf has at most 4 KiB.
    out.extend_from_slice(&(leaf.len() as u16).to_be_bytes());
    out.extend_from_slice(leaf);
}

/// The next leaf; `None` at the end.
///
/// # Errors
/// When the file cannot be read, is cut off, or a leaf is longer than any.
pub fn next(input: &mut impl Read, leaf: &mut Vec<u8>) -> std::io::Result<Option<()>> {
    let mut len = [0; 2];
    match input.read(&mut len[..1])? {
        0 => return Ok(None),
        _ => input.read_exact(&mut len[1..])?,
    }
    let len = usize::from(u16::from_be_bytes(len));
    if len > LEAF_BYTES_MAX {
        return Err(std::io::Error::other("a leaf is longer than 4,096 bytes"));
    }
    leaf.resize(len, 0);
    input.read_exact(leaf)?;
    Ok(Some(()))
}

/// An inclusion proof: place of the leaf, hashes, the checkpoint's note.
#[must_use]
pub fn inclusion(index: u64, path: &[Hash], note: &str) -> String {
    format!("{PROOF}\nindex {index}\n{}\n{note}", lines(path))
}

/// A consistency proof from a log of `old` leaves to the checkpoint.
#[must_use]
pub fn growth(old: u64, path: &[Hash], note: &str) -> String {
    format!("old {old}\n{}\n{note}", lines(path))
}

/// What an inclusion proof says: place, hashes, note.
#[must_use]
pub fn read_inclusion(text: &str) -> Option<(u64, Vec<Hash>, &str)> {
    let rest = text.strip_prefix(PROOF)?.strip_prefix("\nindex ")?;
    read(rest).filter(|(index, path, note)| inclusion(*index, path, note) == text)
}

/// What a consistency proof says: old size, hashes, note.
#[must_use]
pub fn read_growth(text: &str) -> Option<(u64, Vec<Hash>, &str)> {
    let rest = text.strip_prefix("old ")?;
    read(rest).filter(|(old, path, note)| growth(*old, path, note) == text)
}

fn read(text: &str) -> Option<(u64, Vec<Hash>, &str)> {
    let (number, mut rest) = text.split_once('\n')?;
    let mut path = Vec::new();
    while path.len() <= HASHES_MAX {
        let (line, after) = rest.split_once('\n')?;
        rest = after;
        if line.is_empty() {
            return Some((number.parse().ok()?, path, rest));
        }
        path.push(BASE64_STANDARD.decode(line).ok()?.try_into().ok()?);
    }
    None
}

fn lines(path: &[Hash]) -> String {
    path.iter().map(|hash| BASE64_STANDARD.encode(hash) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_read_back_and_a_cut_off_one_is_told() {
        let mut file = Vec::new();
        for leaf in [&b"one"[..], b"", &[7; 4_096]] {
            append(&mut file, leaf);
        }
        let mut input = &file[..];
        let mut leaf = Vec::new();
        for expected in [&b"one"[..], b"", &[7; 4_096]] {
            assert_eq!(next(&mut input, &mut leaf).unwrap(), Some(()));
            assert_eq!(leaf, expected);
        }
        assert_eq!(next(&mut input, &mut leaf).unwrap(), None);
        for cut in [&file[..1], &file[..4], &[0xff, 0xff][..]] {
            assert!(next(&mut &cut[..], &mut leaf).is_err(), "{} bytes", cut.len());
        }
    }

    #[test]
    fn proofs_read_back_in_their_one_form() {
        let path = vec![[1; 32], [2; 32]];
        let note = "o\n7\nAAAA\n\n\u{2014} k AAAA\n";
        let text = inclusion(5, &path, note);
        assert_eq!(read_inclusion(&text), Some((5, path.clone(), note)));
        assert_eq!(read_growth(&growth(5, &path, note)), Some((5, path, note)));
        for altered in [text.replace("index 5", "index 05"), text.replacen("\n\n", "\n", 1)] {
            assert_eq!(read_inclusion(&altered).filter(|(_, _, found)| *found == note), None);
        }
        assert_eq!(read_inclusion(&text.replace("AQE", "AQF")), None, "not base64's one form");
    }
}
