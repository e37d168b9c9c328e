//! Rows of `intervals`: to columns, and back from the files of a stretch of time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{Decimal128Type, Int64Type, TimestampMicrosecondType};
use arrow::error::ArrowError;

use super::DatasetError;
use super::batch::Batch;
use super::layout::Layout;
use super::parquet_file::{Selection, read};
use super::read::{NameKeys, Names, files_between};
use super::rows::{batch, flags, ints, texts, times, values};
use super::schema::Table;
use super::words::Words;
use crate::aggregate::interval::IntervalRow;
use crate::domain::decimal::Fixed6;
use crate::domain::flag::{Flags, Quality};
use crate::domain::id::ProjectId;
use crate::domain::reading::{ChannelId, ChannelKey, Channels};
use crate::domain::time::{DAY_US, INTERVAL_US, Timestamp};
use crate::domain::unit::Unit;

/// The texts that [`read_rows`] takes as words.
pub(super) const WORDS: [&str; 5] = ["site", "device", "quantity", "unit", "quality"];

/// Rows of `intervals`, which must be sorted by channel names and start.
///
/// # Errors
/// Never for rows of this form; an error of Arrow is passed on.
pub fn intervals(rows: &[IntervalRow], channels: &Channels) -> Result<RecordBatch, ArrowError> {
    let key = |row: &IntervalRow| channels.key(row.channel);
    let value = |pick: fn(&IntervalRow) -> Option<Fixed6>| {
        values(rows.iter().map(move |row| pick(row).map(|value| i128::from(value.micro()))))
    };
    let leaf = |pick: fn((i64, i64)) -> i64| -> ArrayRef {
        Arc::new(rows.iter().map(|row| row.leaves.map(pick)).collect::<Int64Array>())
    };
    batch(
        Table::Intervals,
        vec![
            texts(rows.iter().map(|row| key(row).site.as_str())),
            texts(rows.iter().map(|row| key(row).device.as_str())),
            texts(rows.iter().map(|row| key(row).quantity.as_str())),
            times(rows.iter().map(|row| row.start.start())),
            texts(rows.iter().map(|row| row.unit.symbol())),
            value(|row| row.value),
            value(|row| row.measured),
            value(|row| row.low),
            value(|row| row.high),
            ints(rows.iter().map(|row| row.covered_us)),
            ints(rows.iter().map(|row| row.count)),
            texts(rows.iter().map(|row| row.quality.as_str())),
            flags(rows.iter().map(|row| row.flags)),
            leaf(|leaves| leaves.0),
            leaf(|leaves| leaves.1),
        ],
    )
}

/// The intervals of a day in columns, and the file that is to hold them.
pub struct DayFile {
    target: PathBuf,
    rows: RecordBatch,
}

impl DayFile {
    /// As [`intervals`].
    ///
    /// # Errors
    /// As [`intervals`].
    pub fn new(
        target: PathBuf,
        rows: &[IntervalRow],
        channels: &Channels,
    ) -> Result<Self, ArrowError> {
        Ok(Self { target, rows: intervals(rows, channels)? })
    }

    /// Stages the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(self, batch: &mut Batch<'_>, footer: &[(&str, String)]) -> Result<(), DatasetError> {
        batch.put_table(Table::Intervals, &self.target, [Ok(self.rows)], footer)?;
        Ok(())
    }
}

/// The intervals of a project that start in `[from, to)`, sorted by channel names and start.
/// Channels that are not in the table yet are added to it.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn between(
    layout: &Layout,
    project: &ProjectId,
    channels: &mut Channels,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<IntervalRow>, DatasetError> {
    let time = Some(("start", from.us(), to.us()));
    let selection = Selection { time, words: &WORDS, ..Selection::default() };
    let mut rows = Vec::new();
    let days = (from.day().to_string(), to.day().to_string());
    for path in files_between(layout, Table::Intervals, project, from, to)? {
        // One file a day, named by it: those outside need not be opened. In a bundle one a month.
        let day = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let is_day = day.len() > "2025-01".len();
        if is_day && !(days.0.as_str()..=days.1.as_str()).contains(&day) {
            continue;
        }
        for batch in read(&path, &selection)? {
            read_rows(&path, &batch?, channels, (from, to), &mut rows)?;
        }
    }
    let ranks = channels.ranks();
    // Each file is sorted: what is merged here are a few long runs.
    rows.sort_by_key(|row| (ranks[row.channel.0 as usize], row.start));
    Ok(rows)
}

/// Intervals that are read together: what is held of them beside the rows of their channels.
const WINDOW_US: i64 = 31 * DAY_US;

/// The intervals of each channel that is wanted, those that start in `[from, to)`, in order of time.
///
/// # Errors
/// As [`between`].
pub fn by_channel(
    layout: &Layout,
    project: &ProjectId,
    channels: &mut Channels,
    (from, to): (Timestamp, Timestamp),
    is_wanted: impl Fn(&ChannelKey) -> bool,
) -> Result<BTreeMap<ChannelId, Vec<IntervalRow>>, DatasetError> {
    let mut by_channel: BTreeMap<ChannelId, Vec<IntervalRow>> = BTreeMap::new();
    let mut begin = from;
    let mut last: Option<(ChannelId, bool)> = None;
    while begin < to {
        let end = Timestamp::from_us(begin.us() + WINDOW_US).min(to);
        for row in between(layout, project, channels, (begin, end))? {
            // Rows come by channel: each is asked about once.
            let wanted = match last {
                Some((channel, wanted)) if channel == row.channel => wanted,
                _ => is_wanted(channels.key(row.channel)),
            };
            last = Some((row.channel, wanted));
            if !wanted {
                continue;
            }
            let rows = by_channel.entry(row.channel).or_default();
            if rows.is_empty() && row.covered_us <= INTERVAL_US {
                // As many as there can be: room that doubles is twice the room of millions of rows.
                let left = (to.us() - row.start.start().us()) / INTERVAL_US + 1;
                rows.reserve_exact(usize::try_from(left).unwrap_or_default());
            }
            rows.push(row);
        }
        begin = end;
    }
    Ok(by_channel)
}

pub(super) fn read_rows(
    path: &Path,
    batch: &RecordBatch,
    channels: &mut Channels,
    (from, to): (Timestamp, Timestamp),
    rows: &mut Vec<IntervalRow>,
) -> Result<(), DatasetError> {
    let missing = || DatasetError::damaged(path, "a column of intervals is missing");
    let column = |name: &str| batch.column_by_name(name).ok_or_else(missing);
    let words = |name: &str| Words::of(column(name)?).ok_or_else(missing);
    let int = |name: &str| Ok::<_, DatasetError>(column(name)?.as_primitive::<Int64Type>());
    let decimal =
        |name: &str| Ok::<_, DatasetError>(column(name)?.as_primitive::<Decimal128Type>());
    let names = Names::of(words)?;
    let starts = column("start")?.as_primitive::<TimestampMicrosecondType>();
    let (units, qualities) = (words("unit")?, words("quality")?);
    let codes = column("flags")?.as_string::<i32>();
    let amounts = [decimal("value")?, decimal("measured")?, decimal("low")?, decimal("high")?];
    let (covered, counts) = (int("covered_us")?, int("count")?);
    let (first_leaf, last_leaf) = (int("first_leaf")?, int("last_leaf")?);
    let mut last: Option<(NameKeys, ChannelId)> = None;
    let (mut unit, mut quality) = (Same::default(), Same::default());
    for row in 0..batch.num_rows() {
        let start = Timestamp::from_us(starts.value(row));
        if !(from..to).contains(&start) {
            continue;
        }
        let damaged = |what: &str| DatasetError::damaged(path, format!("{what} in row {row}"));
        let keys = names.keys(row);
        let channel = match last {
            Some((seen, channel)) if seen == keys => channel,
            _ => channels.intern(&names.channel(path, row)?),
        };
        last = Some((keys, channel));
        let amount = |index: usize| {
            let array = amounts[index];
            let micro = array.is_valid(row).then(|| array.value(row));
            micro.map(Fixed6::from_micro).transpose().map_err(|_| damaged("value"))
        };
        let flags = if codes.is_valid(row) { codes.value(row) } else { "" };
        let is_linked = first_leaf.is_valid(row) && last_leaf.is_valid(row);
        rows.push(IntervalRow {
            channel,
            start: start.interval(),
            unit: unit.read(&units, row, Unit::parse).ok_or_else(|| damaged("unknown unit"))?,
            value: amount(0)?,
            measured: amount(1)?,
            low: amount(2)?,
            high: amount(3)?,
            covered_us: covered.value(row),
            count: counts.value(row),
            quality: quality
                .read(&qualities, row, Quality::parse)
                .ok_or_else(|| damaged("quality"))?,
            flags: Flags::parse(flags).ok_or_else(|| damaged("unknown flag"))?,
            leaves: is_linked.then(|| (first_leaf.value(row), last_leaf.value(row))),
        });
    }
    Ok(())
}

/// What a word was read as, for as long as the same one follows.
struct Same<T>(Option<(i32, T)>);

impl<T> Default for Same<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Copy> Same<T> {
    fn read(
        &mut self,
        words: &Words<'_>,
        row: usize,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let key = words.key(row);
        if let Some((_, read)) = self.0.filter(|(known, _)| *known == key) {
            return Some(read);
        }
        let read = parse(words.text(row))?;
        self.0 = Some((key, read));
        Some(read)
    }
}
