//! Messages picked by their leaves.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::DatasetError;
use super::layout::Layout;
use super::parquet_file::FileWriter;
use super::read::{acts, messages, some};
use super::rows::{self, MessageRow};
use super::schema::Table;
use crate::domain::id::ProjectId;
use crate::domain::message::{Header, Kind, Nonce, Payload, Source};
use crate::domain::time::{Month, Timestamp};
use crate::evidence::leaf::commitment;

/// Leaves of each file.
const ROWS: i64 = 1_500;

/// Bytes that do not compress, others for each leaf.
fn payload(leaf: i64) -> Vec<u8> {
    let mut state = leaf as u64 + 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()
    };
    (0..400).flat_map(|_| next()).collect()
}

fn row(leaf: i64) -> MessageRow {
    let (bytes, nonce) = (payload(leaf), Nonce([leaf as u8; 16]));
    let kind = if [7, 2_100].contains(&leaf) { Kind::Plan } else { Kind::Data };
    MessageRow {
        leaf,
        header: Header {
            kind,
            source: Source::File,
            received_at: Timestamp::from_us(leaf),
            client: "gateway".into(),
            name: format!("name {leaf}").into(),
            payload_len: bytes.len() as u64,
            commitment: commitment(&nonce, &bytes),
        },
        payload: Payload::Inline(bytes.into()),
        nonce,
    }
}

/// Two files of messages; payloads lie in pages of about a MiB.
fn stored(layout: &Layout, project: &ProjectId) -> Vec<PathBuf> {
    let folder = layout.table_month(Table::Messages, project, Month { year: 2026, month: 1 });
    std::fs::create_dir_all(&folder).unwrap();
    let write = |first: i64| {
        let path = folder.join(Layout::batch_file_name(first, first + ROWS - 1, None));
        let mut file = FileWriter::create(&path, Table::Messages).unwrap();
        let all: Vec<MessageRow> = (first..first + ROWS).map(row).collect();
        file.write(&rows::messages(&all.iter().collect::<Vec<_>>()).unwrap()).unwrap();
        file.finish(&[]).unwrap();
        path
    };
    [0, ROWS].map(write).into()
}

fn picked(
    layout: &Layout,
    project: &ProjectId,
    leaves: &[i64],
) -> Result<Vec<MessageRow>, DatasetError> {
    let mut found = Vec::new();
    some(layout, project, &BTreeSet::from_iter(leaves.iter().copied()), |row| {
        found.push(row);
        Ok::<(), DatasetError>(())
    })?;
    Ok(found)
}

#[test]
fn leaves_are_picked_from_their_files_and_acts_from_among_the_data() {
    let folder = tempfile::tempdir().unwrap();
    let (layout, project) = (Layout::new(folder.path()), ProjectId::parse("p").unwrap());
    stored(&layout, &project);
    let found = picked(&layout, &project, &[2_999, 0, 1_499, 1_500, 7, 99_999]).unwrap();
    assert_eq!(found, [0, 7, 1_499, 1_500, 2_999].map(row));
    assert!(picked(&layout, &project, &[]).unwrap().is_empty());
    let until = |to: i64| {
        let mut found = Vec::new();
        acts(&layout, &project, to, |row| {
            found.push(row);
            Ok::<(), DatasetError>(())
        })
        .unwrap();
        found
    };
    assert_eq!(until(3_000), [7, 2_100].map(row));
    assert_eq!(until(2_100), [row(7)]);
}

#[test]
fn of_the_wide_columns_only_the_pages_that_have_a_leaf_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let (layout, project) = (Layout::new(folder.path()), ProjectId::parse("p").unwrap());
    let path = stored(&layout, &project).remove(0);
    // Nothing but zeros in the middle of the payloads, which are nearly all of the file.
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + (1 << 20)].fill(0);
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(picked(&layout, &project, &[1, 1_498]).unwrap(), [1, 1_498].map(row));
    assert!(picked(&layout, &project, &[ROWS / 2 + 50]).is_err(), "that page is no more");
    let all = messages(&layout, &project, 0, ROWS, |_| Ok::<(), DatasetError>(()));
    assert!(all.is_err());
}
