//! Two derivations of one table compared row by row: what is stated, and what comes out here.
//!
//! Takes two streams in the table's order ([`Ordered`]); gives the rows that only one of them has, and
//! the fields in which a row differs. Batches that are the same pass at once, so that equal tables
//! cost little; nothing but the batches at hand is held.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type, TimestampMicrosecondType};
use arrow::row::{RowConverter, Rows, SortField};

use super::DatasetError;
use super::ordered::{Ordered, arrow_error};
use super::schema::Table;
use crate::domain::decimal::Fixed6;
use crate::domain::time::Timestamp;

/// Rows of each table that are listed; the others are counted.
pub const LISTED_MAX: usize = 20;

/// A field of a row that is stated otherwise than it comes out, or a row that one side has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDifference {
    /// `site/device/quantity`.
    pub channel: String,
    /// Stamp of a reading, start of an interval.
    pub at: Timestamp,
    /// The column; the table's own name for a row that only one side has.
    pub field: &'static str,
    /// `None`: null, or no such row.
    pub stated: Option<String>,
    pub here: Option<String>,
}

/// What came of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// Fields of the first [`LISTED_MAX`] rows that differ.
    pub listed: Vec<RowDifference>,
    /// All rows that differ.
    pub differing: u64,
    /// Rows that come out here.
    pub rows: u64,
}

/// The columns that say which row it is: what a table has once.
fn identity(table: Table) -> &'static [&'static str] {
    match table {
        Table::Readings => &["site", "device", "quantity", "at"],
        _ => table.sort_columns(),
    }
}

/// Compares a month of a table.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn compare(
    table: Table,
    stated: Ordered,
    here: Ordered,
    found: &mut Differences,
) -> Result<(), DatasetError> {
    let (mut stated, mut here) = (Cursor::new(table, stated)?, Cursor::new(table, here)?);
    loop {
        let (stated_is, here_is) = (stated.fill()?, here.fill()?);
        match (stated_is, here_is) {
            (false, false) => return Ok(()),
            (true, true) if stated.is_same_batch(&here) => {
                found.rows += here.skip() as u64;
                stated.skip();
            }
            (true, true) => {
                let (a, b) = (stated.keys()?, here.keys()?);
                match a.key.row(a.at).cmp(&b.key.row(b.at)) {
                    std::cmp::Ordering::Less => found.only(table, stated.take(), true),
                    std::cmp::Ordering::Greater => {
                        found.rows += 1;
                        found.only(table, here.take(), false);
                    }
                    std::cmp::Ordering::Equal => {
                        found.rows += 1;
                        let is_same = a.whole.row(a.at) == b.whole.row(b.at);
                        let (stated, here) = (stated.take(), here.take());
                        if !is_same {
                            found.fields(table, stated, here);
                        }
                    }
                }
            }
            (true, false) => found.only(table, stated.take(), true),
            (false, true) => {
                found.rows += 1;
                found.only(table, here.take(), false);
            }
        }
    }
}

/// A stream with the batch at hand.
struct Cursor {
    table: Table,
    rows: Ordered,
    batch: RecordBatch,
    at: usize,
    /// Made when rows have to be looked at one by one.
    comparable: Option<(Rows, Rows)>,
    key: RowConverter,
    whole: RowConverter,
}

/// The row at hand in comparable form.
struct Keys<'a> {
    key: &'a Rows,
    whole: &'a Rows,
    at: usize,
}

impl Cursor {
    fn new(table: Table, rows: Ordered) -> Result<Self, DatasetError> {
        let schema = table.arrow();
        let field = |name: &str| schema.field_with_name(name).map(|one| one.data_type().clone());
        let sort = |names: Vec<&str>| {
            let fields = names.into_iter().filter_map(|name| field(name).ok());
            RowConverter::new(fields.map(SortField::new).collect())
                .map_err(arrow_error(table.name().as_ref()))
        };
        Ok(Self {
            table,
            rows,
            batch: RecordBatch::new_empty(table.arrow()),
            at: 0,
            comparable: None,
            key: sort(identity(table).to_vec())?,
            whole: sort(table.columns().iter().map(|column| column.name).collect())?,
        })
    }

    /// Reads on where nothing is at hand; false at the end.
    fn fill(&mut self) -> Result<bool, DatasetError> {
        if self.at < self.batch.num_rows() {
            return Ok(true);
        }
        let Some(batch) = self.rows.next_batch()? else { return Ok(false) };
        (self.batch, self.at, self.comparable) = (batch, 0, None);
        Ok(true)
    }

    fn is_same_batch(&self, other: &Self) -> bool {
        self.at == 0 && other.at == 0 && self.batch.columns() == other.batch.columns()
    }

    /// Passes the batch at hand; gives its rows.
    fn skip(&mut self) -> usize {
        self.at = self.batch.num_rows();
        self.at
    }

    fn keys(&mut self) -> Result<Keys<'_>, DatasetError> {
        if self.comparable.is_none() {
            let failed = arrow_error(self.table.name().as_ref());
            let names = identity(self.table).iter();
            let columns: Vec<_> =
                names.filter_map(|name| self.batch.column_by_name(name)).cloned().collect();
            let key = self.key.convert_columns(&columns).map_err(&failed)?;
            let whole = self.whole.convert_columns(self.batch.columns()).map_err(&failed)?;
            self.comparable = Some((key, whole));
        }
        match &self.comparable {
            Some((key, whole)) => Ok(Keys { key, whole, at: self.at }),
            None => Err(DatasetError::damaged(self.table.name().as_ref(), "no rows")),
        }
    }

    /// The row at hand, which is passed.
    fn take(&mut self) -> Row<'_> {
        self.at += 1;
        Row { batch: &self.batch, at: self.at - 1 }
    }
}

/// A row of a batch.
#[derive(Clone, Copy)]
struct Row<'a> {
    batch: &'a RecordBatch,
    at: usize,
}

impl Row<'_> {
    fn channel(&self) -> String {
        let names = ["site", "device", "quantity"].map(|name| self.cell(name).unwrap_or_default());
        names.join("/")
    }

    fn time(&self) -> Timestamp {
        let column = self.batch.column_by_name("at").or_else(|| self.batch.column_by_name("start"));
        let stamps = column.and_then(|one| one.as_primitive_opt::<TimestampMicrosecondType>());
        Timestamp::from_us(stamps.map_or(0, |stamps| stamps.value(self.at)))
    }

    /// A value as text; `None` for null.
    fn cell(&self, name: &str) -> Option<String> {
        let column = self.batch.column_by_name(name).filter(|one| one.is_valid(self.at))?;
        Some(match column.data_type() {
            DataType::Int64 => column.as_primitive::<Int64Type>().value(self.at).to_string(),
            DataType::Timestamp(..) => {
                let at = column.as_primitive::<TimestampMicrosecondType>().value(self.at);
                Timestamp::from_us(at).to_string()
            }
            DataType::Decimal128(..) => {
                let micro = column.as_primitive::<Decimal128Type>().value(self.at);
                Fixed6::from_micro(micro)
                    .map_or_else(|_| format!("{micro} micro-units"), |value| value.to_string())
            }
            DataType::Utf8 => column.as_string::<i32>().value(self.at).to_owned(),
            _ => return None,
        })
    }
}

impl Differences {
    /// A row that one side has alone.
    fn only(&mut self, table: Table, row: Row<'_>, is_stated: bool) {
        self.differing += 1;
        if self.differing > LISTED_MAX as u64 {
            return;
        }
        let value = row.cell("value").unwrap_or_else(|| "no value".to_owned());
        let leaf = row.cell("leaf").map(|leaf| format!(", leaf {leaf}")).unwrap_or_default();
        let shown = Some(format!("{value} {}{leaf}", row.cell("unit").unwrap_or_default()));
        let (stated, here) = if is_stated { (shown, None) } else { (None, shown) };
        let (channel, at) = (row.channel(), row.time());
        self.listed.push(RowDifference { channel, at, field: table.name(), stated, here });
    }

    /// The fields in which two rows of one identity differ.
    fn fields(&mut self, table: Table, stated: Row<'_>, here: Row<'_>) {
        self.differing += 1;
        if self.differing > LISTED_MAX as u64 {
            return;
        }
        for column in table.columns() {
            let (one, other) = (stated.cell(column.name), here.cell(column.name));
            if one != other {
                let (channel, at) = (here.channel(), here.time());
                let field = column.name;
                self.listed.push(RowDifference { channel, at, field, stated: one, here: other });
            }
        }
    }
}
