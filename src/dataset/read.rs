//! Rows read back: messages by leaf, readings by day, the keys that a batch must be merged with.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Decimal128Type, Int64Type, TimestampMicrosecondType};

use super::DatasetError;
use super::layout::Layout;
use super::parquet_file::{Filter, Selection, read};
use super::rows::MessageRow;
use super::schema::Table;
use super::words::Words;
use crate::domain::decimal::Fixed6;
use crate::domain::digest::Sha256Digest;
use crate::domain::flag::Flags;
use crate::domain::id::{DeviceId, IdError, ProjectId, QuantityId, SiteId};
use crate::domain::message::{BlobRef, Header, Kind, Nonce, Payload, Source};
use crate::domain::reading::{ChannelId, ChannelKey, Channels, Conflict, Place, Reading};
use crate::domain::time::{Month, Timestamp};
use crate::evidence::leaf;

/// Rows of `messages` that are read at a time: each may have 64 KiB of payload, and is copied.
const MESSAGE_ROWS: usize = 1024;

/// The files of `messages` of a project as `(first leaf, last leaf, path)`, sorted by leaf.
///
/// # Errors
/// When a folder cannot be listed.
pub fn message_files(
    layout: &Layout,
    project: &ProjectId,
) -> Result<Vec<(i64, i64, PathBuf)>, DatasetError> {
    let mut files = Vec::new();
    for path in super::table_digest::table_files(layout, Table::Messages, project)? {
        if let Some((first, last)) = leaf_range(&path) {
            files.push((first, last, path));
        }
    }
    files.sort();
    Ok(files)
}

/// Calls `each` with the leaves `[from, to)` in order.
///
/// # Errors
/// When a file cannot be read, is damaged, or a leaf is missing; and whatever `each` returns.
pub fn messages<E: From<DatasetError>>(
    layout: &Layout,
    project: &ProjectId,
    from: i64,
    to: i64,
    mut each: impl FnMut(MessageRow) -> Result<(), E>,
) -> Result<(), E> {
    let mut next = from;
    // A batch over a change of month lies in two files with one range: their leaves follow in order.
    for (first, last, path) in message_files(layout, project)? {
        if last < from || first >= to || next >= to {
            continue;
        }
        let (leaves, rows) = (Some((from, to)), Some(MESSAGE_ROWS));
        let selection = Selection { leaves, rows, ..Selection::default() };
        for batch in read(&path, &selection)? {
            for row in message_rows(layout, &path, &batch?)? {
                if row.leaf < next || row.leaf >= to {
                    continue;
                }
                if row.leaf != next {
                    let what = format!("leaf {next} is missing before leaf {}", row.leaf);
                    return Err(DatasetError::damaged(&path, what).into());
                }
                next += 1;
                each(row)?;
            }
        }
    }
    if next < to {
        let folder = layout.table_project(Table::Messages, project);
        return Err(DatasetError::damaged(&folder, format!("leaf {next} is missing")).into());
    }
    Ok(())
}

/// The number of leaves that were received at or before a time: times of receipt never fall.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn received_until(
    layout: &Layout,
    project: &ProjectId,
    until: Timestamp,
) -> Result<i64, DatasetError> {
    let mut count = 0;
    for (_, _, path) in message_files(layout, project)? {
        let selection = Selection { columns: &["leaf", "received_at"], ..Selection::default() };
        for batch in read(&path, &selection)? {
            let batch = batch?;
            let missing = || DatasetError::damaged(&path, "a column of messages is missing");
            let column = |name: &str| batch.column_by_name(name).ok_or_else(missing);
            let leaves = column("leaf")?.as_primitive::<Int64Type>();
            let received = column("received_at")?.as_primitive::<TimestampMicrosecondType>();
            for row in 0..batch.num_rows() {
                if received.value(row) > until.us() {
                    return Ok(count);
                }
                count = count.max(leaves.value(row) + 1);
            }
        }
    }
    Ok(count)
}

/// Calls `each` with the leaves before `to` that are acts, not data, in order.
///
/// # Errors
/// When a file cannot be read or is damaged; and whatever `each` returns.
pub fn acts<E: From<DatasetError>>(
    layout: &Layout,
    project: &ProjectId,
    to: i64,
    mut each: impl FnMut(MessageRow) -> Result<(), E>,
) -> Result<(), E> {
    for (_, _, path) in message_files(layout, project)? {
        let kinds = Selection { columns: &["leaf", "kind"], ..Selection::default() };
        let mut wanted = BTreeSet::new();
        for batch in read(&path, &kinds)? {
            let batch = batch?;
            let missing = || DatasetError::damaged(&path, "a column of messages is missing");
            let column = |name: &str| batch.column_by_name(name).ok_or_else(missing);
            let leaves = column("leaf")?.as_primitive::<Int64Type>();
            let kinds = column("kind")?.as_string::<i32>();
            let is_act = |row: &usize| kinds.value(*row) != Kind::Data.as_str();
            let rows = (0..batch.num_rows()).filter(is_act);
            wanted.extend(rows.map(|row| leaves.value(row)).filter(|leaf| *leaf < to));
        }
        picked(layout, &path, &wanted, &mut each)?;
    }
    Ok(())
}

/// Calls `found` with the rows of these leaves that are there, file after file: neither their neighbours
/// nor other leaves need be.
///
/// # Errors
/// When a file cannot be read or is damaged; and whatever `found` returns.
pub fn some<E: From<DatasetError>>(
    layout: &Layout,
    project: &ProjectId,
    leaves: &BTreeSet<i64>,
    mut found: impl FnMut(MessageRow) -> Result<(), E>,
) -> Result<(), E> {
    for (first, last, path) in message_files(layout, project)? {
        if first <= last {
            let here = leaves.range(first..=last).copied().collect();
            picked(layout, &path, &here, &mut found)?;
        }
    }
    Ok(())
}

/// The rows of some leaves of a file.
fn picked<E: From<DatasetError>>(
    layout: &Layout,
    path: &Path,
    leaves: &BTreeSet<i64>,
    found: &mut impl FnMut(MessageRow) -> Result<(), E>,
) -> Result<(), E> {
    let (Some(first), Some(last)) = (leaves.first(), leaves.last()) else { return Ok(()) };
    let (range, filter) = ((*first, last.saturating_add(1)), leaf_filter(leaves.clone()));
    let selection = Selection {
        leaves: Some(range),
        rows: Some(MESSAGE_ROWS),
        filter: Some(&filter),
        ..Selection::default()
    };
    for batch in read(path, &selection)? {
        for row in message_rows(layout, path, &batch?)? {
            found(row)?;
        }
    }
    Ok(())
}

/// Tells rows of some leaves by the one column that is small.
fn leaf_filter(leaves: BTreeSet<i64>) -> Filter {
    let is_wanted = move |rows: &RecordBatch| {
        let own = rows.column_by_name("leaf")?.as_primitive_opt::<Int64Type>()?;
        Some(own.iter().map(|leaf| leaf.map(|leaf| leaves.contains(&leaf))).collect())
    };
    Filter {
        columns: &["leaf"],
        texts: Vec::new(),
        is_wanted: Arc::new(is_wanted),
        is_sparse: true,
    }
}

/// Rows of `messages` of a project, whatever their leaves.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn message_count(layout: &Layout, project: &ProjectId) -> Result<u64, DatasetError> {
    let mut count = 0;
    for path in super::table_digest::table_files(layout, Table::Messages, project)? {
        for batch in read(&path, &Selection { columns: &["leaf"], ..Selection::default() })? {
            count += batch?.num_rows() as u64;
        }
    }
    Ok(count)
}

/// The stored readings and conflicts of a project with stamps in `[from, to)` that `keep` keeps,
/// each sorted by channel names, stamp, leaf, item. Channels that are not in the table yet are added
/// to it.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn stored(
    layout: &Layout,
    project: &ProjectId,
    channels: &mut Channels,
    (from, to): (Timestamp, Timestamp),
    keep: impl Fn(&Reading) -> bool,
) -> Result<Found, DatasetError> {
    let mut found = (Vec::new(), Vec::new());
    for path in files_between(layout, Table::Readings, project, from, to)? {
        read_readings(&path, channels, (from, to), None, &mut |reading, _, _| {
            if keep(&reading) {
                found.0.push(reading);
            }
        })?;
    }
    for path in files_between(layout, Table::Conflicts, project, from, to)? {
        read_readings(&path, channels, (from, to), None, &mut |reading, batch, row| {
            if keep(&reading) {
                found.1.push(conflict(reading, batch, row));
            }
        })?;
    }
    sort(&mut found, channels);
    Ok(found)
}

/// Readings and conflicts.
pub type Found = (Vec<Reading>, Vec<Conflict>);

/// A row of `conflicts` whose columns that `readings` has too are read already.
pub(super) fn conflict(reading: Reading, batch: &RecordBatch, row: usize) -> Conflict {
    let int = |name: &str| int_column(batch, name).map_or(0, |column| column.value(row));
    let first = Place { leaf: int("first_leaf"), item: int("first_item") };
    Conflict { reading, first }
}

/// Sorts each by channel names, stamp, leaf, item.
pub(super) fn sort((readings, conflicts): &mut Found, channels: &Channels) {
    let ranks = channels.ranks();
    let key = |reading: &Reading| (ranks[reading.channel.0 as usize], reading.at, reading.place);
    // Each file is sorted: what is merged here are a few long runs.
    readings.sort_by_key(key);
    conflicts.sort_by_key(|conflict| key(&conflict.reading));
}

/// The months in which a project has rows of a table.
///
/// # Errors
/// When the folder cannot be listed.
pub fn months(
    layout: &Layout,
    table: Table,
    project: &ProjectId,
) -> Result<Vec<Month>, DatasetError> {
    let folder = layout.table_project(table, project);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(DatasetError::io("list", &folder)(error)),
    };
    let mut months = Vec::new();
    for entry in entries {
        let name = entry.map_err(DatasetError::io("list", &folder))?.file_name();
        let text = name.to_string_lossy();
        let parts = text.strip_prefix("month=").and_then(|text| text.split_once('-'));
        if let Some((year, month)) = parts
            && let (Ok(year), Ok(month)) = (year.parse(), month.parse())
        {
            months.push(Month { year, month });
        }
    }
    months.sort();
    Ok(months)
}

/// The files of a table that lie in the months of `[from, to)`.
pub(super) fn files_between(
    layout: &Layout,
    table: Table,
    project: &ProjectId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<PathBuf>, DatasetError> {
    let mut files = Vec::new();
    for month in months(layout, table, project)? {
        if month < from.month() || month > to.month() {
            continue;
        }
        let folder = layout.table_month(table, project, month);
        let names = super::folder::list_folder(&folder)?;
        files.extend(names.into_iter().map(|(name, _)| folder.join(name)));
    }
    Ok(files)
}

/// What a reading or conflict is made of: all but the unit, which is the plan's.
const READING_COLUMNS: [&str; 10] = [
    "site",
    "device",
    "quantity",
    "at",
    "value",
    "flags",
    "leaf",
    "item",
    "first_leaf",
    "first_item",
];

/// Calls `each` with the wanted rows of a file of `readings` or `conflicts` stamped in `[from, to)`.
pub(super) fn read_readings(
    path: &Path,
    channels: &mut Channels,
    (from, to): (Timestamp, Timestamp),
    filter: Option<&Filter>,
    each: &mut dyn FnMut(Reading, &RecordBatch, usize),
) -> Result<(), DatasetError> {
    let selection = Selection {
        columns: &READING_COLUMNS,
        time: Some(("at", from.us(), to.us())),
        words: &["site", "device", "quantity"],
        filter,
        ..Selection::default()
    };
    for batch in read(path, &selection)? {
        let batch = batch?;
        let missing = || DatasetError::damaged(path, "a column of readings is missing");
        let column = |name: &str| batch.column_by_name(name).ok_or_else(missing);
        let words = |name: &str| Words::of(column(name)?).ok_or_else(missing);
        let names = Names::of(words)?;
        let stamps = column("at")?.as_primitive::<TimestampMicrosecondType>();
        let values = column("value")?.as_primitive::<Decimal128Type>();
        let codes = column("flags")?.as_string::<i32>();
        let leaves = column("leaf")?.as_primitive::<Int64Type>();
        let items = column("item")?.as_primitive::<Int64Type>();
        // Rows are sorted by channel, so its names are looked up once per run.
        let mut last: Option<(NameKeys, ChannelId)> = None;
        for row in 0..batch.num_rows() {
            let at = stamps.value(row);
            if at < from.us() || at >= to.us() {
                continue;
            }
            let keys = names.keys(row);
            let channel = match last {
                Some((seen, channel)) if seen == keys => channel,
                _ => channels.intern(&names.channel(path, row)?),
            };
            last = Some((keys, channel));
            let damaged = |what: &str| DatasetError::damaged(path, format!("{what} in row {row}"));
            let flags = if codes.is_valid(row) { codes.value(row) } else { "" };
            let reading = Reading {
                channel,
                at: Timestamp::from_us(at),
                value: Fixed6::from_micro(values.value(row)).map_err(|_| damaged("value"))?,
                flags: Flags::parse(flags).ok_or_else(|| damaged("unknown flag"))?,
                place: Place { leaf: leaves.value(row), item: items.value(row) },
            };
            each(reading, &batch, row);
        }
    }
    Ok(())
}

/// The columns that name a channel.
pub(super) struct Names<'a>([Words<'a>; 3]);

/// Equal for rows of one channel; of rows that follow each other different for different ones.
pub(super) type NameKeys = [i32; 3];

impl<'a> Names<'a> {
    /// # Errors
    /// As `words`, which finds a column by its name.
    pub(super) fn of<E>(words: impl Fn(&str) -> Result<Words<'a>, E>) -> Result<Self, E> {
        Ok(Self([words("site")?, words("device")?, words("quantity")?]))
    }

    pub(super) fn keys(&self, row: usize) -> NameKeys {
        [0, 1, 2].map(|part| self.0[part].key(row))
    }

    /// # Errors
    /// When a name is none.
    pub(super) fn channel(&self, path: &Path, row: usize) -> Result<ChannelKey, DatasetError> {
        self.parse(row).map_err(|error| DatasetError::damaged(path, error.to_string()))
    }

    /// The same, for whoever does not know of which file the row is.
    pub(super) fn parse(&self, row: usize) -> Result<ChannelKey, IdError> {
        let [site, device, quantity] = [0, 1, 2].map(|part| self.0[part].text(row));
        Ok(ChannelKey {
            site: SiteId::parse(site)?,
            device: DeviceId::parse(device)?,
            quantity: QuantityId::parse(quantity)?,
        })
    }
}

fn int_column<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a arrow::array::Int64Array> {
    batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<Int64Type>())
}

pub(super) fn leaf_range(path: &Path) -> Option<(i64, i64)> {
    let stem = path.file_stem()?.to_str()?;
    let mut parts = stem.split('-');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn message_rows(
    layout: &Layout,
    path: &Path,
    batch: &RecordBatch,
) -> Result<Vec<MessageRow>, DatasetError> {
    let missing = || DatasetError::damaged(path, "a column of messages is missing");
    let column = |name: &str| batch.column_by_name(name).ok_or_else(missing);
    let leaves = column("leaf")?.as_primitive::<Int64Type>();
    let kinds = column("kind")?.as_string::<i32>();
    let sources = column("source")?.as_string::<i32>();
    let received = column("received_at")?.as_primitive::<TimestampMicrosecondType>();
    let clients = column("client")?.as_string::<i32>();
    let names = column("name")?.as_string::<i32>();
    let lens = column("payload_bytes")?.as_primitive::<Int64Type>();
    let payloads = column("payload")?.as_binary::<i32>();
    let blobs = column("blob")?.as_string::<i32>();
    let nonces = column("nonce")?.as_binary::<i32>();
    let commitments = column("commitment")?.as_binary::<i32>();
    let mut rows = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let damaged = |what: &str| DatasetError::damaged(path, format!("{what} in row {row}"));
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == kinds.value(row));
        let source = Source::ALL.into_iter().find(|source| source.as_str() == sources.value(row));
        let nonce = Nonce(nonces.value(row).try_into().map_err(|_| damaged("nonce"))?);
        let commitment = if commitments.is_valid(row) {
            Sha256Digest(commitments.value(row).try_into().map_err(|_| damaged("commitment"))?)
        } else if payloads.is_valid(row) {
            leaf::commitment(&nonce, payloads.value(row))
        } else {
            return Err(damaged("a blob without a commitment"));
        };
        let len = lens.value(row) as u64;
        let payload = if payloads.is_valid(row) {
            Payload::Inline(bytes::Bytes::copy_from_slice(payloads.value(row)))
        } else {
            let sha256 = Sha256Digest::parse(blobs.value(row)).ok_or_else(|| damaged("blob"))?;
            if !layout.blob(&sha256).is_file() {
                let what = "it is named by a leaf and not there";
                return Err(DatasetError::damaged(&layout.blob(&sha256), what));
            }
            Payload::Blob(BlobRef { sha256, len, commitment })
        };
        rows.push(MessageRow {
            leaf: leaves.value(row),
            header: Header {
                kind: kind.ok_or_else(|| damaged("unknown kind"))?,
                source: source.ok_or_else(|| damaged("unknown source"))?,
                received_at: Timestamp::from_us(received.value(row)),
                client: clients.value(row).into(),
                name: names.value(row).into(),
                payload_len: len,
                commitment,
            },
            payload,
            nonce,
        });
    }
    Ok(rows)
}
