//! Readings and conflicts that came with certain leaves: what arrived after a seal.

use std::collections::BTreeMap;

use super::DatasetError;
use super::layout::Layout;
use super::read::{files_between, leaf_range, read_readings};
use super::schema::Table;
use crate::domain::id::ProjectId;
use crate::domain::reading::{ChannelKey, Channels};
use crate::domain::time::Timestamp;

/// What arrived of one channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Late {
    pub readings: u64,
    pub conflicts: u64,
    /// First and last stamp, both inclusive.
    pub stamps: Option<(Timestamp, Timestamp)>,
    /// First and last leaf, both inclusive.
    pub leaves: Option<(i64, i64)>,
}

/// The readings and conflicts stamped in `[from, to)` that came with the leaves `[first, end)`, by
/// channel. Duplicates are neither.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn late(
    layout: &Layout,
    project: &ProjectId,
    (from, to): (Timestamp, Timestamp),
    (first, end): (i64, i64),
) -> Result<BTreeMap<ChannelKey, Late>, DatasetError> {
    let mut channels = Channels::default();
    let mut found: BTreeMap<ChannelKey, Late> = BTreeMap::new();
    for table in [Table::Readings, Table::Conflicts] {
        for path in files_between(layout, table, project, from, to)? {
            // A file's name says which leaves it has rows of.
            if leaf_range(&path).is_some_and(|(low, high)| high < first || low >= end) {
                continue;
            }
            let mut arrived = Vec::new();
            read_readings(&path, &mut channels, (from, to), None, &mut |reading, _, _| {
                if (first..end).contains(&reading.place.leaf) {
                    arrived.push(reading);
                }
            })?;
            for reading in arrived {
                let late = found.entry(channels.key(reading.channel).clone()).or_default();
                match table {
                    Table::Conflicts => late.conflicts += 1,
                    _ => late.readings += 1,
                }
                let (at, leaf) = (reading.at, reading.place.leaf);
                let (low, high) = late.stamps.unwrap_or((at, at));
                late.stamps = Some((low.min(at), high.max(at)));
                let (low, high) = late.leaves.unwrap_or((leaf, leaf));
                late.leaves = Some((low.min(leaf), high.max(leaf)));
            }
        }
    }
    Ok(found)
}
