//! The log's Merkle tree, kept as tlog-tiles keep it: one append-only list of hashes per level.
//!
//! Level 0 holds the leaf hashes; level n + 1 holds one root for each 256 whole hashes of level n.
//! A C2SP tile is a view of 256 consecutive hashes of its level, a partial tile the beginning of
//! one. To go on appending, only the unfinished tile of each level is needed.

use sha2::{Digest, Sha256};

use super::{Hash, node_hash, root_of};

/// Hashes in a full tile.
pub const TILE_HASHES: u64 = 256;
const TILE_BITS: u32 = 8;

/// Gives hashes of the levels' lists.
pub trait HashReader {
    /// Hashes `[from, from + count)` of a level.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read(&self, level: u8, from: u64, count: u64) -> Result<Vec<Hash>, TreeError>;
}

/// Why a tree could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    #[error("read hashes of level {level} from {from}: {reason}")]
    Read { level: u8, from: u64, reason: String },
    #[error("a log of {size} leaves has no {what}")]
    Range { size: u64, what: String },
}

/// What is needed to go on appending to a log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TreeState {
    size: u64,
    /// Per level, the hashes of its unfinished tile: fewer than 256.
    edges: Vec<Vec<Hash>>,
}

/// Hashes to be appended to a level's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelAppend {
    pub level: u8,
    /// Index of the first of them in its level.
    pub first: u64,
    pub hashes: Vec<Hash>,
}

impl TreeState {
    /// The state of a log of this size, from its lists.
    ///
    /// # Errors
    /// When a hash cannot be read.
    pub fn restore(size: u64, reader: &impl HashReader) -> Result<Self, TreeError> {
        let mut edges = Vec::new();
        let mut count = size;
        let mut level = 0;
        while count > 0 {
            let unfinished = count % TILE_HASHES;
            edges.push(reader.read(level, count - unfinished, unfinished)?);
            count /= TILE_HASHES;
            level += 1;
        }
        Ok(Self { size, edges })
    }

    /// Leaves in the log.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends leaves; gives what is to be appended to each level's list.
    pub fn append(&mut self, leaf_hashes: &[Hash]) -> Vec<LevelAppend> {
        let mut appends: Vec<LevelAppend> = Vec::new();
        for hash in leaf_hashes {
            self.push(0, *hash, &mut appends);
            self.size += 1;
        }
        appends
    }

    /// RFC 9162 root.
    #[must_use]
    pub fn root(&self) -> Hash {
        // The edges from the highest level down are the maximal whole subtrees from left to right.
        let mut root: Option<Hash> = None;
        for edge in &self.edges {
            for subtree in whole_subtrees(edge).into_iter().rev() {
                root = Some(match root {
                    None => subtree,
                    Some(right) => node_hash(&subtree, &right),
                });
            }
        }
        root.unwrap_or_else(|| Sha256::digest([]).into())
    }

    fn push(&mut self, level: usize, hash: Hash, appends: &mut Vec<LevelAppend>) {
        if self.edges.len() == level {
            self.edges.push(Vec::new());
        }
        match appends.get_mut(level) {
            Some(append) => append.hashes.push(hash),
            None => {
                // One shift per level; levels are reached in order, so `appends` has no holes.
                let edge = self.edges[level].len() as u64;
                let whole = self.size >> (TILE_BITS * level as u32) & !(TILE_HASHES - 1);
                let first = whole + edge;
                appends.push(LevelAppend { level: level as u8, first, hashes: vec![hash] });
            }
        }
        self.edges[level].push(hash);
        if self.edges[level].len() as u64 == TILE_HASHES {
            let root = root_of(&self.edges[level]);
            self.edges[level].clear();
            self.push(level + 1, root, appends);
        }
    }
}

/// The roots of the maximal whole subtrees of a list of equal subtrees, from left to right.
fn whole_subtrees(hashes: &[Hash]) -> Vec<Hash> {
    let mut subtrees = Vec::new();
    let mut rest = hashes;
    while !rest.is_empty() {
        let count = (rest.len() + 1).next_power_of_two() / 2;
        subtrees.push(root_of(&rest[..count]));
        rest = &rest[count..];
    }
    subtrees
}

/// Root of the leaves `[0, size)` of a log that has at least as many.
///
/// # Errors
/// When a hash cannot be read.
pub fn root_at(size: u64, reader: &impl HashReader) -> Result<Hash, TreeError> {
    if size == 0 {
        return Ok(Sha256::digest([]).into());
    }
    range_root(0, size, reader)
}

/// RFC 9162 2.1.3.1: hashes that lead from a leaf to the root of the first `size` leaves.
///
/// # Errors
/// When the leaf lies outside, or a hash cannot be read.
pub fn inclusion_path(
    index: u64,
    size: u64,
    reader: &impl HashReader,
) -> Result<Vec<Hash>, TreeError> {
    if index >= size {
        return Err(TreeError::Range { size, what: format!("leaf {index}") });
    }
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range_root(middle, end, reader)?);
            end = middle;
        } else {
            path.push(range_root(start, middle, reader)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// RFC 9162 2.1.4.1: hashes that show the log of `new` leaves to begin with the `old` ones.
///
/// # Errors
/// When `old` is 0 or above `new`, or a hash cannot be read.
pub fn consistency_path(
    old: u64,
    new: u64,
    reader: &impl HashReader,
) -> Result<Vec<Hash>, TreeError> {
    if old == 0 || old > new {
        return Err(TreeError::Range { size: new, what: format!("beginning of {old} leaves") });
    }
    let (mut start, mut end) = (0, new);
    let mut path = Vec::new();
    // Whether the old tree still is a whole subtree that the checker knows.
    let mut is_known = true;
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(range_root(middle, end, reader)?);
            end = middle;
        } else {
            path.push(range_root(start, middle, reader)?);
            start = middle;
            is_known = false;
        }
    }
    if !is_known {
        path.push(range_root(start, end, reader)?);
    }
    path.reverse();
    Ok(path)
}

/// Largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    count.next_power_of_two() / 2
}

/// Root of the leaves `[start, end)`, a range as RFC 9162 splits them.
fn range_root(start: u64, end: u64, reader: &impl HashReader) -> Result<Hash, TreeError> {
    let count = end - start;
    if count.is_power_of_two() && start.is_multiple_of(count) {
        let height = count.trailing_zeros();
        let level = height / TILE_BITS;
        let hashes = 1u64 << (height % TILE_BITS);
        let first = start >> (level * TILE_BITS);
        return Ok(root_of(&reader.read(level as u8, first, hashes)?));
    }
    let middle = start + split(count);
    let left = range_root(start, middle, reader)?;
    let right = range_root(middle, end, reader)?;
    Ok(node_hash(&left, &right))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::evidence::leaf_hash;

    /// The levels' lists in memory.
    #[derive(Default)]
    pub struct Lists(Vec<Vec<Hash>>);

    impl Lists {
        pub fn of(state: &mut TreeState, leaves: &[Hash], pieces: &[usize]) -> Self {
            let mut lists = Self::default();
            let mut rest = leaves;
            for piece in pieces.iter().chain([&usize::MAX]) {
                let (head, tail) = rest.split_at((*piece).min(rest.len()));
                rest = tail;
                for append in state.append(head) {
                    let level = usize::from(append.level);
                    if lists.0.len() == level {
                        lists.0.push(Vec::new());
                    }
                    assert_eq!(lists.0[level].len() as u64, append.first);
                    lists.0[level].extend(append.hashes);
                }
            }
            lists
        }
    }

    impl HashReader for Lists {
        fn read(&self, level: u8, from: u64, count: u64) -> Result<Vec<Hash>, TreeError> {
            let list = self.0.get(usize::from(level)).map_or(&[][..], Vec::as_slice);
            let range = from as usize..(from + count) as usize;
            let error = || TreeError::Read { level, from, reason: "not there".to_owned() };
            list.get(range).map(<[Hash]>::to_vec).ok_or_else(error)
        }
    }

    pub fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
    }

    #[test]
    fn roots_are_those_of_the_well_known_test_tree() {
        // The eight inputs and roots of the certificate-transparency reference implementation.
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut state = TreeState::default();
        let hex = |hash: Hash| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex(state.root()), empty);
        for (input, root) in inputs.iter().zip(roots) {
            state.append(&[leaf_hash(input)]);
            assert_eq!(hex(state.root()), root);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn any_split_gives_the_same_lists_and_a_restored_state_goes_on(
            count in 0usize..1_400,
            pieces in prop::collection::vec(0usize..400, 0..6),
        ) {
            let leaves = leaves(count);
            let (mut one, mut many) = (TreeState::default(), TreeState::default());
            let whole = Lists::of(&mut one, &leaves, &[]);
            let split = Lists::of(&mut many, &leaves, &pieces);
            prop_assert_eq!(&whole.0, &split.0);
            prop_assert_eq!(one.root(), root_of(&leaves));
            prop_assert_eq!(root_at(count as u64, &whole).unwrap(), one.root());
            prop_assert_eq!(TreeState::restore(count as u64, &whole).unwrap(), many);
        }
    }
}
