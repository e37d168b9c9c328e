//! Rows of the tables as columns, sorted as the tables are.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, Decimal128Array, Int64Array, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray,
};
use arrow::error::ArrowError;

use super::schema::Table;
use crate::domain::flag::Flags;
use crate::domain::message::{Header, Nonce, Payload};
use crate::domain::reading::{ChannelId, Channels, Conflict, Reading, Refusal};
use crate::domain::time::{Month, Timestamp};
use crate::domain::unit::Unit;

/// Rows as columns, ready for a file.
pub type Columns = RecordBatch;

/// Most rows in one batch handed to the writer.
pub const BATCH_ROWS_MAX: usize = 64 * 1024;

/// A leaf with its payload: a row of `messages`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    pub leaf: i64,
    pub header: Header,
    pub payload: Payload,
    pub nonce: Nonce,
}

/// Rows of `messages`, which come in the order of leaves.
///
/// # Errors
/// Never for rows of this form; an error of Arrow is passed on.
pub fn messages(rows: &[&MessageRow]) -> Result<Columns, ArrowError> {
    let mut payloads = BinaryBuilder::new();
    let mut blobs = StringBuilder::new();
    let mut nonces = BinaryBuilder::new();
    let mut commitments = BinaryBuilder::new();
    for row in rows {
        match &row.payload {
            Payload::Inline(bytes) => {
                payloads.append_value(bytes);
                blobs.append_null();
                // Nonce and payload give it back; 32 random bytes would be most of the row.
                commitments.append_null();
            }
            Payload::Blob(blob) => {
                payloads.append_null();
                blobs.append_value(blob.sha256.to_string());
                commitments.append_value(row.header.commitment.0);
            }
        }
        nonces.append_value(row.nonce.0);
    }
    batch(
        Table::Messages,
        vec![
            ints(rows.iter().map(|row| row.leaf)),
            texts(rows.iter().map(|row| row.header.kind.as_str())),
            texts(rows.iter().map(|row| row.header.source.as_str())),
            times(rows.iter().map(|row| row.header.received_at)),
            texts(rows.iter().map(|row| &*row.header.client)),
            texts(rows.iter().map(|row| &*row.header.name)),
            ints(rows.iter().map(|row| row.header.payload_len as i64)),
            Arc::new(payloads.finish()),
            Arc::new(blobs.finish()),
            Arc::new(nonces.finish()),
            Arc::new(commitments.finish()),
        ],
    )
}

/// The storage unit of each channel, by its number.
pub type Units<'a> = &'a dyn Fn(ChannelId) -> Unit;

/// Rows of `readings`, which must be sorted by channel names, stamp, leaf, item.
///
/// # Errors
/// As [`messages`].
pub fn readings(
    rows: &[Reading],
    channels: &Channels,
    units: Units<'_>,
) -> Result<RecordBatch, ArrowError> {
    batch(Table::Readings, reading_columns(rows.iter(), channels, units))
}

/// Rows of `conflicts`, sorted as readings.
///
/// # Errors
/// As [`messages`].
pub fn conflicts(
    rows: &[Conflict],
    channels: &Channels,
    units: Units<'_>,
) -> Result<RecordBatch, ArrowError> {
    let mut columns = reading_columns(rows.iter().map(|row| &row.reading), channels, units);
    columns.push(ints(rows.iter().map(|row| row.first.leaf)));
    columns.push(ints(rows.iter().map(|row| row.first.item)));
    batch(Table::Conflicts, columns)
}

/// Rows of `refused`, sorted by leaf and item.
///
/// # Errors
/// As [`messages`].
pub fn refused(rows: &[Refusal]) -> Result<RecordBatch, ArrowError> {
    let first = |pick: fn(&Refusal) -> Option<i64>| -> ArrayRef {
        Arc::new(rows.iter().map(pick).collect::<Int64Array>())
    };
    let name = |pick: fn(&Refusal) -> Option<&str>| -> ArrayRef {
        Arc::new(rows.iter().map(pick).collect::<StringArray>())
    };
    let stamps: TimestampMicrosecondArray =
        rows.iter().map(|row| row.at.map(Timestamp::us)).collect();
    batch(
        Table::Refused,
        vec![
            name(|row| row.site.as_deref()),
            name(|row| row.device.as_deref()),
            name(|row| row.quantity.as_deref()),
            Arc::new(stamps.with_timezone("UTC")),
            texts(rows.iter().map(|row| row.code.as_str())),
            texts(rows.iter().map(|row| row.reason.as_str())),
            texts(rows.iter().map(|row| row.text.as_str())),
            ints(rows.iter().map(|row| row.place.leaf)),
            ints(rows.iter().map(|row| row.place.item)),
            first(|row| row.first.map(|place| place.leaf)),
            first(|row| row.first.map(|place| place.item)),
        ],
    )
}

/// Splits rows by the month of an instant, months in order, rows in the order they came.
pub fn by_month<T>(rows: Vec<T>, instant: impl Fn(&T) -> Timestamp) -> BTreeMap<Month, Vec<T>> {
    let mut months: BTreeMap<Month, Vec<T>> = BTreeMap::new();
    // The calendar is asked once per run of rows of one day, not once per row.
    let mut last: Option<(crate::domain::time::UtcDay, Month)> = None;
    for row in rows {
        let day = instant(&row).day();
        let month = match last {
            Some((last_day, month)) if last_day == day => month,
            _ => day.month(),
        };
        last = Some((day, month));
        months.entry(month).or_default().push(row);
    }
    months
}

fn reading_columns<'a>(
    rows: impl Iterator<Item = &'a Reading> + Clone,
    channels: &'a Channels,
    units: Units<'a>,
) -> Vec<ArrayRef> {
    let key = |row: &Reading| channels.key(row.channel);
    vec![
        texts(rows.clone().map(|row| key(row).site.as_str())),
        texts(rows.clone().map(|row| key(row).device.as_str())),
        texts(rows.clone().map(|row| key(row).quantity.as_str())),
        times(rows.clone().map(|row| row.at)),
        values(rows.clone().map(|row| Some(i128::from(row.value.micro())))),
        texts(rows.clone().map(|row| units(row.channel).symbol())),
        flags(rows.clone().map(|row| row.flags)),
        ints(rows.clone().map(|row| row.place.leaf)),
        ints(rows.map(|row| row.place.item)),
    ]
}

pub(super) fn batch(table: Table, columns: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
    RecordBatch::try_new(table.arrow(), columns)
}

pub(super) fn ints(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

pub(super) fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

pub(super) fn times(values: impl Iterator<Item = Timestamp>) -> ArrayRef {
    let array = TimestampMicrosecondArray::from_iter_values(values.map(Timestamp::us));
    Arc::new(array.with_timezone("UTC"))
}

/// Micro-units as DECIMAL(18,6). Within eighteen digits by the type they come from.
pub(super) fn values(micro: impl Iterator<Item = Option<i128>>) -> ArrayRef {
    let array: Decimal128Array = micro.collect();
    let typed = array.with_precision_and_scale(18, 6);
    // 18 and 6 are valid for Decimal128, so this cannot fail.
    Arc::new(typed.unwrap_or_else(|_| Decimal128Array::from(Vec::<i128>::new())))
}

/// Flags as text, null for none.
pub(super) fn flags(rows: impl Iterator<Item = Flags>) -> ArrayRef {
    let mut builder = StringBuilder::new();
    for flags in rows {
        if flags.is_empty() {
            builder.append_null();
        } else {
            builder.append_value(flags.to_string());
        }
    }
    Arc::new(builder.finish())
}
