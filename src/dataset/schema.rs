//! The tables' columns: types, units, null rules, sort order; what `mrv schema` prints.
//!
//! Columns are only ever added, and added columns are nullable. Every type is signed and every value
//! a decimal, so that all readers agree to the last digit.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// A table of the dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    Messages,
    Readings,
    Conflicts,
    Refused,
    Intervals,
    Amounts,
}

/// A column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// UTF-8.
    Text,
    /// 64-bit signed.
    Int,
    /// Microseconds UTC.
    Time,
    /// DECIMAL(18,6) in 64 bits.
    Value,
    /// DECIMAL(38,12).
    Exact,
    /// A local calendar date.
    Date,
    Bytes,
}

/// A column as people read about it.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub kind: ColumnType,
    pub is_nullable: bool,
    /// Meaning, unit, and what null means.
    pub about: &'static str,
}

const fn column(name: &'static str, kind: ColumnType, about: &'static str) -> Column {
    Column { name, kind, is_nullable: false, about }
}

const fn nullable(name: &'static str, kind: ColumnType, about: &'static str) -> Column {
    Column { name, kind, is_nullable: true, about }
}

use ColumnType::{Bytes, Date, Exact, Int, Text, Time, Value};

const MESSAGES: &[Column] = &[
    column("leaf", Int, "leaf index in the project's evidence log, from 0"),
    column(
        "kind",
        Text,
        "data, plan, decision, correction, seal, methodology, event, amount, document",
    ),
    column("source", Text, "mqtt, broker, file, http, operator, daemon"),
    column("received_at", Time, "when the daemon received it; never decreases"),
    column("client", Text, "the gateway's user name, or the operator"),
    column("name", Text, "topic or file name"),
    column("payload_bytes", Int, "length of the payload in bytes"),
    nullable("payload", Bytes, "the bytes as received; null when they lie in a blob"),
    nullable("blob", Text, "SHA-256 of the file below blobs/; null when the payload is inline"),
    column("nonce", Bytes, "16 random bytes; the leaf commits to SHA-256(nonce || payload)"),
    nullable(
        "commitment",
        Bytes,
        "32 bytes: what the leaf commits to; null when the payload is inline: computed from nonce and \
         payload",
    ),
];

const READINGS: &[Column] = &[
    column("site", Text, "site id"),
    column("device", Text, "device id"),
    column("quantity", Text, "quantity id of the plan"),
    column("at", Time, "the device's stamp"),
    column("value", Value, "in `unit`; the first value in log order of this identity"),
    column("unit", Text, "the channel's storage unit"),
    nullable("flags", Text, "codes of checks, space between; null for none"),
    column("leaf", Int, "leaf that carried it"),
    column("item", Int, "place inside the message, from 0"),
];

const CONFLICTS: &[Column] = &[
    column("site", Text, "site id"),
    column("device", Text, "device id"),
    column("quantity", Text, "quantity id of the plan"),
    column("at", Time, "the device's stamp"),
    column("value", Value, "in `unit`; a further, different value of this identity"),
    column("unit", Text, "the channel's storage unit"),
    nullable("flags", Text, "codes of checks, space between; null for none"),
    column("leaf", Int, "leaf that carried it"),
    column("item", Int, "place inside the message, from 0"),
    column("first_leaf", Int, "leaf of the reading it contradicts"),
    column("first_item", Int, "item of the reading it contradicts"),
];

const REFUSED: &[Column] = &[
    nullable("site", Text, "as sent; null when the item names none"),
    nullable("device", Text, "as sent; null when the item names none"),
    nullable("quantity", Text, "as sent; null when the item names none"),
    nullable("at", Time, "stamp; null when the item has none that can be read"),
    column("code", Text, "the check that refused it, such as V-SCHEMA or V-DUP"),
    column("reason", Text, "what was wrong, where, what to do"),
    column("text", Text, "the item as sent, cut at 1 KiB with a trailing …"),
    column("leaf", Int, "leaf that carried it"),
    column("item", Int, "place inside the message, from 0"),
    nullable("first_leaf", Int, "V-DUP: leaf of the first occurrence; else null"),
    nullable("first_item", Int, "V-DUP: item of the first occurrence; else null"),
];

const INTERVALS: &[Column] = &[
    column("site", Text, "site id"),
    column("device", Text, "device id"),
    column("quantity", Text, "quantity id of the plan"),
    column("start", Time, "first instant of the 15 minutes [start, start + 15 min) UTC"),
    column("unit", Text, "of the values: energy for power channels, else the storage unit"),
    nullable(
        "value",
        Value,
        "the undoubted value; null when in doubt or missing: null is never zero",
    ),
    nullable("measured", Value, "of the part that was measured; null when nothing was"),
    nullable("low", Value, "lowest the value can be; null when the channel has no bounds"),
    nullable("high", Value, "highest the value can be; null when the channel has no bounds"),
    column("covered_us", Int, "microseconds of the interval that were measured, 0 to 900000000"),
    column("count", Int, "readings stamped inside"),
    column(
        "quality",
        Text,
        "M measured, T register bridged a gap, K conflict undecided, Z bounds only",
    ),
    nullable("flags", Text, "codes of checks, space between; null for none"),
    nullable("first_leaf", Int, "lowest leaf that it stands on; null for a gap without neighbours"),
    nullable("last_leaf", Int, "highest leaf that it stands on"),
];

const AMOUNTS: &[Column] = &[
    column("parameter", Text, "symbol of the methodology, such as EC_import"),
    column("methodology", Text, "that it speaks of; empty for every one of the plan"),
    column("members", Text, "members of its indices, space between; empty for none"),
    column("from_date", Date, "first local date that it covers, inclusive"),
    column("to_date", Date, "last local date that it covers, inclusive"),
    nullable("value", Exact, "in `unit`; null for a category"),
    nullable("category", Text, "member of an index, for a category of the day; null for a number"),
    column("unit", Text, "as stated; empty for a category"),
    column("kind", Text, "invoice, laboratory-result, weighbridge-ticket, tank-dip, ..."),
    nullable("document", Text, "SHA-256 of the document; null when none is named"),
    nullable("document_leaf", Int, "leaf that carries the document; null when the log has none"),
    column("document_number", Text, "as printed; empty if it has none"),
    column("issuer", Text, "who issued the document; empty if not given"),
    column("entered_by", Text, "who entered it"),
    nullable("checked_by", Text, "who else checked it; null while nobody has: it is then in doubt"),
    nullable("replaces", Int, "act whose place it takes; null for none"),
    column("standing", Text, "stands, conflict or replaced"),
    column("reason", Text, "why, as given"),
    column("number", Int, "number of its act in the project"),
    column("leaf", Int, "leaf that carries it"),
];

impl Table {
    pub const ALL: [Self; 6] = [
        Self::Messages,
        Self::Readings,
        Self::Conflicts,
        Self::Refused,
        Self::Intervals,
        Self::Amounts,
    ];

    /// The tables that are rebuilt from `messages`.
    pub const DERIVED: [Self; 5] =
        [Self::Readings, Self::Conflicts, Self::Refused, Self::Intervals, Self::Amounts];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Readings => "readings",
            Self::Conflicts => "conflicts",
            Self::Refused => "refused",
            Self::Intervals => "intervals",
            Self::Amounts => "amounts",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// One row is what, in one line.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Messages => {
                "a leaf of the evidence log with its payload up to 64 KiB, or its blob's hash"
            }
            Self::Readings => {
                "an identity (site, device, quantity, at): its first value in log order"
            }
            Self::Conflicts => "a further, different value of an identity",
            Self::Refused => "an item that is no reading, with its reason; duplicates too",
            Self::Intervals => "a channel's 15 minutes: value, bounds, coverage, quality, flags",
            Self::Amounts => "a value with its document: invoice, laboratory result, ticket",
        }
    }

    #[must_use]
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Messages => MESSAGES,
            Self::Readings => READINGS,
            Self::Conflicts => CONFLICTS,
            Self::Refused => REFUSED,
            Self::Intervals => INTERVALS,
            Self::Amounts => AMOUNTS,
        }
    }

    /// The columns by which rows are sorted inside each file, and for the row digest of a table.
    #[must_use]
    pub fn sort_columns(self) -> &'static [&'static str] {
        match self {
            Self::Messages => &["leaf"],
            Self::Readings | Self::Conflicts => {
                &["site", "device", "quantity", "at", "leaf", "item"]
            }
            Self::Refused => &["leaf", "item"],
            Self::Intervals => &["site", "device", "quantity", "start"],
            Self::Amounts => &["parameter", "members", "from_date", "number"],
        }
    }

    /// The Arrow schema that the Parquet files carry.
    #[must_use]
    pub fn arrow(self) -> SchemaRef {
        let fields: Vec<Field> = self
            .columns()
            .iter()
            .map(|column| Field::new(column.name, column.kind.arrow(), column.is_nullable))
            .collect();
        Arc::new(Schema::new(fields))
    }
}

impl ColumnType {
    /// The type as people read about it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Text => "text",
            Int => "int64",
            Time => "timestamp[us, UTC]",
            Value => "decimal(18,6)",
            Exact => "decimal(38,12)",
            Date => "date",
            Bytes => "binary",
        }
    }

    fn arrow(self) -> DataType {
        match self {
            Text => DataType::Utf8,
            Int => DataType::Int64,
            Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Value => DataType::Decimal128(18, 6),
            Exact => DataType::Decimal128(38, 12),
            Date => DataType::Date32,
            Bytes => DataType::Binary,
        }
    }
}
