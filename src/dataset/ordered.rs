//! A month of a table in the table's order, whatever files it lies in.
//!
//! Takes the files of a month, each sorted by the table's sort columns; gives all their rows in that
//! order by batches of [`ORDERED_ROWS`], merged as they are read: some batches of each file are held,
//! never a file. Files of other columns than the table's are damaged.

use std::path::{Path, PathBuf};

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, interleave_record_batch};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::row::{OwnedRow, RowConverter, Rows, SortField};

use super::durable::create_folder;
use super::layout::Layout;
use super::parquet_file::{FileWriter, Selection, read};
use super::read::months;
use super::schema::Table;
use super::{ArrowSource, DatasetError};
use crate::domain::id::ProjectId;
use crate::domain::time::{Month, Timestamp};

/// Rows of a batch; the last one may have fewer.
pub const ORDERED_ROWS: usize = 16 * 1024;
/// Rows that are read of a file at a time, where several are merged.
const SOURCE_ROWS: usize = 4 * 1024;

/// The rows of a month in their order.
pub struct Ordered {
    table: Table,
    sources: Vec<Source>,
    folder: PathBuf,
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, DatasetError>> + Send>;

/// A file with the batch that it is read to.
struct Source {
    path: PathBuf,
    batches: Batches,
    batch: Option<Sorted>,
    converter: RowConverter,
    within: Option<(i64, i64)>,
}

/// A batch with its rows in comparable form.
struct Sorted {
    rows: RecordBatch,
    keys: Rows,
    at: usize,
}

/// The column of a table that says when.
fn time_column(table: Table) -> &'static str {
    match table {
        Table::Intervals => "start",
        Table::Messages => "received_at",
        Table::Amounts => "from_date",
        Table::Readings | Table::Conflicts | Table::Refused => "at",
    }
}

/// Writes a table of a project below another folder, a file per month named by it, its rows in the
/// table's order; only those stamped in `within` where it is given. The same rows give the same files.
///
/// # Errors
/// When a file cannot be read or written.
pub fn write_months(
    from: &Layout,
    to: &Layout,
    project: &ProjectId,
    table: Table,
    within: Option<(Timestamp, Timestamp)>,
) -> Result<u64, DatasetError> {
    let mut count = 0;
    for month in months(from, table, project)? {
        let mut rows = Ordered::open(from, project, table, month, within)?;
        let Some(first) = rows.next_batch()? else { continue };
        let path = month_file(to, project, table, month);
        create_folder(&to.table_month(table, project, month))?;
        let mut writer = FileWriter::create(&path, table)?;
        let mut next = Some(first);
        while let Some(batch) = next {
            count += batch.num_rows() as u64;
            writer.write(&batch)?;
            next = rows.next_batch()?;
        }
        writer.finish(&[])?;
    }
    Ok(count)
}

/// The one file of a month that [`write_months`] writes.
#[must_use]
pub fn month_file(layout: &Layout, project: &ProjectId, table: Table, month: Month) -> PathBuf {
    layout.table_month(table, project, month).join(format!("{month}.parquet"))
}

impl Ordered {
    /// Opens the files of a month; none is no error. `within`: stamps from (inclusive) to (exclusive).
    ///
    /// # Errors
    /// When a file cannot be opened or is no Parquet.
    pub fn open(
        layout: &Layout,
        project: &ProjectId,
        table: Table,
        month: Month,
        within: Option<(Timestamp, Timestamp)>,
    ) -> Result<Self, DatasetError> {
        let folder = layout.table_month(table, project, month);
        let names = super::folder::list_folder(&folder)?;
        let rows = if names.len() == 1 { ORDERED_ROWS } else { SOURCE_ROWS };
        let mut sources = Vec::new();
        for (name, _) in names {
            let path = folder.join(name);
            let selection = Selection { rows: Some(rows), ..Selection::default() };
            let batches = Box::new(read(&path, &selection)?);
            let fields = table.sort_columns().iter().filter_map(|name| {
                let field = table.arrow().field_with_name(name).ok()?.clone();
                Some(SortField::new(field.data_type().clone()))
            });
            let converter = RowConverter::new(fields.collect()).map_err(arrow_error(&path))?;
            let within = within.map(|(from, to)| (from.us(), to.us()));
            let mut source = Source { path, batches, batch: None, converter, within };
            if source.load(table)? {
                sources.push(source);
            }
        }
        Ok(Self { table, sources, folder })
    }

    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// When a file cannot be read or is damaged.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>, DatasetError> {
        if let [source] = &mut *self.sources {
            let whole = source.batch.take();
            if !source.load(self.table)? {
                self.sources.clear();
            }
            return Ok(
                whole.map(|batch| batch.rows.slice(batch.at, batch.rows.num_rows() - batch.at))
            );
        }
        let mut held: Vec<RecordBatch> = Vec::new();
        // Of each source, the place of its batch among those held.
        let mut places: Vec<Option<usize>> = vec![None; self.sources.len()];
        let mut taken: Vec<(usize, usize)> = Vec::with_capacity(ORDERED_ROWS);
        while taken.len() < ORDERED_ROWS
            && let Some((least, limit)) = self.least()
        {
            let source = &mut self.sources[least];
            let Some(batch) = &mut source.batch else { break };
            let place = *places[least].get_or_insert_with(|| {
                held.push(batch.rows.clone());
                held.len() - 1
            });
            loop {
                taken.push((place, batch.at));
                batch.at += 1;
                let is_more = batch.at < batch.rows.num_rows() && taken.len() < ORDERED_ROWS;
                let is_next = |limit: &OwnedRow| batch.keys.row(batch.at) < limit.row();
                if !is_more || !limit.as_ref().is_none_or(is_next) {
                    break;
                }
            }
            if batch.at >= batch.rows.num_rows() {
                places[least] = None;
                source.batch = None;
                source.load(self.table)?;
            }
        }
        if taken.is_empty() {
            return Ok(None);
        }
        let refs: Vec<&RecordBatch> = held.iter().collect();
        let rows = interleave_record_batch(&refs, &taken).map_err(arrow_error(&self.folder))?;
        Ok(Some(rows))
    }

    /// The source whose next row is the least, and the next row of the one after it.
    fn least(&self) -> Option<(usize, Option<OwnedRow>)> {
        let rows = self.sources.iter().enumerate().filter_map(|(place, source)| {
            let batch = source.batch.as_ref()?;
            Some((place, batch.keys.row(batch.at)))
        });
        let (mut least, mut second) = (None, None);
        for (place, row) in rows {
            match least {
                Some((_, other)) if row >= other => {
                    if second.is_none_or(|second| row < second) {
                        second = Some(row);
                    }
                }
                _ => {
                    second = least.map(|(_, row)| row);
                    least = Some((place, row));
                }
            }
        }
        Some((least?.0, second.map(|row| row.owned())))
    }
}

impl Source {
    /// Reads the next batch that has rows; false at the end.
    fn load(&mut self, table: Table) -> Result<bool, DatasetError> {
        for rows in self.batches.by_ref() {
            let rows = as_declared(&self.path, table, &rows?)?;
            let rows = match self.within {
                Some(within) => inside(table, &rows, within).map_err(arrow_error(&self.path))?,
                None => rows,
            };
            if rows.num_rows() == 0 {
                continue;
            }
            let names = table.sort_columns().iter();
            let columns: Vec<_> =
                names.filter_map(|name| rows.column_by_name(name)).cloned().collect();
            let keys = self.converter.convert_columns(&columns).map_err(arrow_error(&self.path))?;
            self.batch = Some(Sorted { rows, keys, at: 0 });
            return Ok(true);
        }
        Ok(false)
    }
}

/// Rows read back, with the columns that the table declares.
fn as_declared(path: &Path, table: Table, rows: &RecordBatch) -> Result<RecordBatch, DatasetError> {
    let declared = table.arrow();
    let names = |fields: &arrow::datatypes::Fields| {
        fields.iter().map(|field| field.name().clone()).collect::<Vec<_>>()
    };
    if names(declared.fields()) != names(rows.schema().fields()) {
        let what = format!("its columns are not those of {}", table.name());
        return Err(DatasetError::damaged(path, what));
    }
    // Parquet read back without Arrow metadata may differ in field details only.
    RecordBatch::try_new(declared, rows.columns().to_vec()).map_err(arrow_error(path))
}

fn inside(
    table: Table,
    rows: &RecordBatch,
    (from, to): (i64, i64),
) -> Result<RecordBatch, ArrowSource> {
    let Some(column) = rows.column_by_name(time_column(table)) else { return Ok(rows.clone()) };
    let stamps = column.as_primitive::<TimestampMicrosecondType>();
    let is_inside = |at: &i64| (from..to).contains(at);
    if stamps.values().iter().all(is_inside) {
        return Ok(rows.clone());
    }
    let kept: BooleanArray = stamps.values().iter().map(|at| Some(is_inside(at))).collect();
    filter_record_batch(rows, &kept)
}

pub(super) fn arrow_error(path: &Path) -> impl Fn(ArrowSource) -> DatasetError + use<> {
    let path = path.display().to_string();
    move |source| DatasetError::Arrow { path: path.clone(), source }
}
