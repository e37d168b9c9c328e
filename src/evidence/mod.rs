//! Evidence: what binds every figure to the bytes a gateway sent.
//!
//! Per project a transparency log in the C2SP formats: a [`leaf`] is a message's canonical header
//! with a commitment to its payload, the [`tree`] is RFC 9162's over those leaves, and a signed
//! [`checkpoint`] (C2SP tlog-checkpoint, Ed25519) fixes size and root. [`proof`] shows that a leaf is
//! in the log and that a log only grew; [`dsse`] signs what else leaves the house. Pure: hands out bytes to be written, reads hashes through
//! [`tree::HashReader`], knows no file, clock or randomness.

pub mod checkpoint;
pub mod dsse;
pub mod leaf;
pub mod proof;
pub mod tree;

use sha2::{Digest, Sha256};

/// A node of the tree: SHA-256.
pub type Hash = [u8; 32];

/// RFC 9162 hash of a leaf's bytes: SHA-256(0x00 || bytes).
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    let mut sha = Sha256::new();
    sha.update([0]);
    sha.update(bytes);
    sha.finalize().into()
}

/// RFC 9162 hash of an interior node: SHA-256(0x01 || left || right).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// RFC 9162 root of a list of leaf hashes held in memory; SHA-256 of nothing for none.
#[must_use]
pub fn root_of(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        _ => {
            let split = hashes.len().next_power_of_two() / 2;
            node_hash(&root_of(&hashes[..split]), &root_of(&hashes[split..]))
        }
    }
}
