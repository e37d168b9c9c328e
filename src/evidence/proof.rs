//! Proofs and their checks: a leaf is in the log; a log only grew. RFC 9162 section 2.1.
//!
//! The checks use nothing but the proof itself: they are what a verifier runs alone.

use super::{Hash, node_hash};

/// Why a proof shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("leaf {index} lies outside a log of {size} leaves")]
    Index { index: u64, size: u64 },
    #[error("the proof has {found} hashes where {expected} belong")]
    Length { expected: usize, found: usize },
    #[error("the proof leads to another root")]
    Root,
}

/// Checks that a leaf of this hash stands at `index` of the log with this size and root.
///
/// # Errors
/// What is wrong with the proof.
pub fn check_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    root: &Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Index { index, size });
    }
    let (mut place, mut last) = (index, size - 1);
    let mut hash = *leaf;
    let mut used = 0;
    while last > 0 {
        let is_right = place % 2 == 1;
        if is_right || place < last {
            let sibling = path
                .get(used)
                .ok_or(ProofError::Length { expected: used + 1, found: path.len() })?;
            hash = if is_right { node_hash(sibling, &hash) } else { node_hash(&hash, sibling) };
            used += 1;
        }
        place /= 2;
        last /= 2;
    }
    if used != path.len() {
        return Err(ProofError::Length { expected: used, found: path.len() });
    }
    if hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that the log of `new` leaves begins with the log of `old` leaves.
///
/// # Errors
/// What is wrong with the proof.
pub fn check_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    if old == 0 || old > new {
        return Err(ProofError::Index { index: old, size: new });
    }
    if old == new {
        let is_same = path.is_empty() && old_root == new_root;
        return if is_same { Ok(()) } else { Err(ProofError::Root) };
    }
    // A whole subtree of the old log needs no hash of its own: the old root is it.
    let first = if old.is_power_of_two() { Some(*old_root) } else { None };
    let mut hashes = first.into_iter().chain(path.iter().copied());
    let mut expected = usize::from(first.is_none());
    let missing = |expected| ProofError::Length { expected, found: path.len() };
    let (mut place, mut last) = (old - 1, new - 1);
    while place % 2 == 1 {
        place /= 2;
        last /= 2;
    }
    let seed = hashes.next().ok_or(missing(1))?;
    let (mut old_hash, mut new_hash) = (seed, seed);
    while last > 0 {
        let is_right = place % 2 == 1;
        if is_right || place < last {
            expected += 1;
            let hash = hashes.next().ok_or(missing(expected))?;
            if is_right {
                old_hash = node_hash(&hash, &old_hash);
                new_hash = node_hash(&hash, &new_hash);
            } else {
                new_hash = node_hash(&new_hash, &hash);
            }
        }
        place /= 2;
        last /= 2;
    }
    if hashes.next().is_some() {
        return Err(missing(expected));
    }
    if old_hash == *old_root && new_hash == *new_root { Ok(()) } else { Err(ProofError::Root) }
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::{Lists, leaves};
    use super::super::tree::{TreeState, consistency_path, inclusion_path, root_at};
    use super::*;

    #[test]
    fn every_leaf_of_every_small_log_is_shown_and_no_altered_proof_is() {
        for size in 1..70u64 {
            let leaves = leaves(size as usize);
            let lists = Lists::of(&mut TreeState::default(), &leaves, &[]);
            let root = root_at(size, &lists).unwrap();
            for index in 0..size {
                let path = inclusion_path(index, size, &lists).unwrap();
                let leaf = &leaves[index as usize];
                assert_eq!(check_inclusion(leaf, index, size, &root, &path), Ok(()));
                for at in 0..path.len() {
                    let mut altered = path.clone();
                    altered[at][3] ^= 16;
                    assert!(check_inclusion(leaf, index, size, &root, &altered).is_err());
                }
                let other = (index + 1) % size;
                assert!(size == 1 || check_inclusion(leaf, other, size, &root, &path).is_err());
                let longer = [&path[..], &[root]].concat();
                assert!(check_inclusion(leaf, index, size, &root, &longer).is_err());
            }
            assert!(inclusion_path(size, size, &lists).is_err());
        }
    }

    #[test]
    fn every_growth_of_a_small_log_is_shown_and_no_altered_proof_is() {
        let lists = Lists::of(&mut TreeState::default(), &leaves(70), &[]);
        for new in 1..70 {
            let new_root = root_at(new, &lists).unwrap();
            for old in 1..=new {
                let old_root = root_at(old, &lists).unwrap();
                let path = consistency_path(old, new, &lists).unwrap();
                assert_eq!(check_consistency(old, &old_root, new, &new_root, &path), Ok(()));
                for at in 0..path.len() {
                    let mut altered = path.clone();
                    altered[at][0] ^= 1;
                    assert!(check_consistency(old, &old_root, new, &new_root, &altered).is_err());
                }
                if old < new {
                    assert!(check_consistency(old, &new_root, new, &new_root, &path).is_err());
                }
            }
        }
    }

    #[test]
    fn proofs_reach_over_tiles() {
        let (size, old) = (140_000u64, 65_537);
        let leaves = leaves(size as usize);
        let lists = Lists::of(&mut TreeState::default(), &leaves, &[1_000, 70_000]);
        let root = root_at(size, &lists).unwrap();
        for index in [0, 255, 256, 65_535, 65_536, 139_999] {
            let path = inclusion_path(index, size, &lists).unwrap();
            assert_eq!(check_inclusion(&leaves[index as usize], index, size, &root, &path), Ok(()));
        }
        let old_root = root_at(old, &lists).unwrap();
        let path = consistency_path(old, size, &lists).unwrap();
        assert_eq!(check_consistency(old, &old_root, size, &root, &path), Ok(()));
    }
}
