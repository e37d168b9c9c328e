//! Small files of a month merged into larger ones, so that their number stays flat under load.
//!
//! Every batch adds a file to a table's month. [`stage`] looks for runs of neighbours that are small
//! ([`TIERS`]), merges each into one file of the same rows in the table's order, and stages the
//! month's folder anew: the merged files, and hard links to all others. The folders are exchanged
//! under a COMMIT, so that a reader sees the rows once, in old files or new. Rows, their order and
//! the row digest of the table are the same before and after; the bytes written are read back and
//! compared before anything is staged. Reads and writes by pieces: memory is a piece per merged file.

use std::collections::BinaryHeap;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use arrow::row::{OwnedRow, RowConverter, Rows, SortField};

use super::DatasetError;
use super::batch::Batch;
use super::durable::{create_folder, sync_folder};
use super::folder::list_folder;
use super::layout::Layout;
use super::parquet_file::{FileWriter, Selection, digest_rows, read, row_digest};
use super::read::months;
use super::schema::Table;
use crate::domain::id::ProjectId;
use crate::domain::time::Month;

/// The tables whose batches add files. Intervals have one file a day, amounts one a month.
pub const TABLES: [Table; 4] = [Table::Messages, Table::Readings, Table::Conflicts, Table::Refused];

/// Files are merged with neighbours below the same limit, in bytes, the lowest limit first: each
/// byte is written anew about once per limit.
const TIERS: [u64; 3] = [1 << 20, 16 << 20, 256 << 20];
/// Neighbours below a limit that are worth a merge.
const RUN_FILES_MIN: usize = 16;
/// Most files merged at once: each is open and holds a piece of rows in memory.
const RUN_FILES_MAX: usize = 32;
/// Most bytes merged at once, so that a merge takes seconds.
const RUN_BYTES_MAX: u64 = 512 << 20;
/// Rows of a piece; messages may have 64 KiB each.
const PIECE_ROWS: usize = 4 * 1024;
const PIECE_MESSAGES: usize = 256;

/// Stages the merge of one run in each month of a table that has one; gives the number of files that
/// become fewer.
///
/// # Errors
/// When a file cannot be read or written, or reads back otherwise than it was written.
pub fn stage(
    layout: &Layout,
    project: &ProjectId,
    batch: &mut Batch<'_>,
    table: Table,
) -> Result<usize, DatasetError> {
    let mut fewer = 0;
    for month in months(layout, table, project)? {
        let files = list_folder(&layout.table_month(table, project, month))?;
        if let Some(run) = run(&files) {
            stage_month(layout, project, batch, (table, month), &files, run.clone())?;
            fewer += run.len() - 1;
        }
    }
    Ok(fewer)
}

/// The first run of neighbours worth a merge. Names begin with leaves: their order is that of the log.
fn run(files: &[(String, u64)]) -> Option<std::ops::Range<usize>> {
    TIERS.iter().find_map(|limit| {
        let mut start = 0;
        while start < files.len() {
            let mut bytes = 0;
            let fits = |(_, len): &&(String, u64)| {
                bytes += len;
                len < limit && bytes <= RUN_BYTES_MAX
            };
            let count = files[start..].iter().take(RUN_FILES_MAX).take_while(fits).count();
            if count >= RUN_FILES_MIN {
                return Some(start..start + count);
            }
            start += count.max(1);
        }
        None
    })
}

fn stage_month(
    layout: &Layout,
    project: &ProjectId,
    batch: &mut Batch<'_>,
    (table, month): (Table, Month),
    files: &[(String, u64)],
    run: std::ops::Range<usize>,
) -> Result<(), DatasetError> {
    let folder = layout.table_month(table, project, month);
    let staged = layout.staging(project).join(format!("{}-{month}", table.name()));
    create_folder(&staged)?;
    let sources: Vec<PathBuf> =
        files[run.clone()].iter().map(|(name, _)| folder.join(name)).collect();
    let name = merged_name(&files[run.clone()]);
    let kept = || files[..run.start].iter().chain(&files[run.end..]);
    if kept().any(|(other, _)| *other == name) {
        return Err(DatasetError::damaged(&folder.join(&name), "two files hold the same leaves"));
    }
    merge(table, &sources, &staged.join(&name))?;
    for (kept, _) in kept() {
        link(&folder.join(kept), &staged.join(kept))?;
    }
    sync_folder(&staged)?;
    batch.exchange_but(&staged, &folder, &[name.as_str()])
}

/// `000000000000-000000000009.parquet` and those after it, up to `...-000000000099.parquet`. Parts of
/// one leaf keep the number of the first.
fn merged_name(files: &[(String, u64)]) -> String {
    let stem = |name: &str| name.trim_end_matches(".parquet").to_owned();
    let (first, last) = (stem(&files[0].0), stem(&files[files.len() - 1].0));
    let mut first = first.splitn(3, '-');
    let begin = first.next().unwrap_or_default();
    let part = first.nth(1).map_or_else(String::new, |part| format!("-{part}"));
    let end = last.split('-').nth(1).unwrap_or_default();
    format!("{begin}-{end}{part}.parquet")
}

/// A second name for a file, or a copy where the file system has none such.
fn link(from: &Path, to: &Path) -> Result<(), DatasetError> {
    if std::fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    std::fs::copy(from, to).map_err(DatasetError::io("copy to", to))?;
    let file = std::fs::File::open(to).map_err(DatasetError::io("open", to))?;
    file.sync_all().map_err(DatasetError::io("sync", to))
}

/// Writes the rows of `sources`, each in the table's order, into one file in that order.
fn merge(table: Table, sources: &[PathBuf], target: &Path) -> Result<(), DatasetError> {
    let columns: Vec<&str> = table.sort_columns().to_vec();
    let schema = table.arrow();
    let fields = columns.iter().filter_map(|name| schema.field_with_name(name).ok());
    let fields = fields.map(|field| SortField::new(field.data_type().clone())).collect();
    let converter = RowConverter::new(fields).map_err(arrow_error(target))?;
    let mut cursors = Vec::with_capacity(sources.len());
    for path in sources {
        cursors.push(Cursor::open(table, path, &converter)?);
    }
    let mut writer = FileWriter::create(target, table)?;
    let rows_max = piece_rows(table);
    let mut heap = BinaryHeap::new();
    for (number, cursor) in cursors.iter().enumerate() {
        heap.extend(cursor.key().map(|key| std::cmp::Reverse((key, number))));
    }
    // Rows chosen and not written yet, as (file, row of its present piece).
    let mut chosen: Vec<(usize, usize)> = Vec::new();
    while let Some(std::cmp::Reverse((_, number))) = heap.pop() {
        chosen.push((number, cursors[number].row));
        cursors[number].row += 1;
        let is_spent = cursors[number].is_spent();
        if is_spent || chosen.len() >= rows_max {
            write(&mut writer, &cursors, &mut chosen, target)?;
        }
        if is_spent {
            cursors[number].advance(&converter)?;
        }
        heap.extend(cursors[number].key().map(|key| std::cmp::Reverse((key, number))));
    }
    let written = writer.finish(&[])?;
    let mut digest = row_digest(table);
    for rows in read(target, &piece(table))? {
        digest_rows(&mut digest, &rows?);
    }
    match digest.finish() == written.row_digest {
        true => Ok(()),
        false => Err(DatasetError::damaged(target, "it reads back otherwise than it was written")),
    }
}

/// Writes the chosen rows of the present pieces.
fn write(
    writer: &mut FileWriter,
    cursors: &[Cursor],
    chosen: &mut Vec<(usize, usize)>,
    target: &Path,
) -> Result<(), DatasetError> {
    if chosen.is_empty() {
        return Ok(());
    }
    let pieces: Vec<&RecordBatch> = cursors.iter().map(|cursor| &cursor.piece).collect();
    let rows = interleave_record_batch(&pieces, chosen).map_err(arrow_error(target))?;
    chosen.clear();
    writer.write(&rows)
}

type Pieces = Box<dyn Iterator<Item = Result<RecordBatch, DatasetError>>>;

/// A place in a file that is read piece by piece.
struct Cursor {
    table: Table,
    path: PathBuf,
    pieces: Pieces,
    /// The present piece; empty at the end of the file.
    piece: RecordBatch,
    keys: Rows,
    row: usize,
    /// Key of the last row of the piece before.
    last: Option<OwnedRow>,
}

impl Cursor {
    fn open(table: Table, path: &Path, converter: &RowConverter) -> Result<Self, DatasetError> {
        let mut cursor = Self {
            table,
            path: path.to_owned(),
            pieces: Box::new(read(path, &piece(table))?),
            piece: RecordBatch::new_empty(table.arrow()),
            keys: converter.empty_rows(0, 0),
            row: 0,
            last: None,
        };
        cursor.advance(converter)?;
        Ok(cursor)
    }

    /// Key of the present row; `None` at the end.
    fn key(&self) -> Option<OwnedRow> {
        (self.row < self.keys.num_rows()).then(|| self.keys.row(self.row).owned())
    }

    fn is_spent(&self) -> bool {
        self.row >= self.piece.num_rows()
    }

    /// Reads the next piece; its rows must follow those before in the table's order.
    fn advance(&mut self, converter: &RowConverter) -> Result<(), DatasetError> {
        self.row = 0;
        let Some(rows) = self.pieces.next().transpose()? else {
            self.piece = RecordBatch::new_empty(self.table.arrow());
            self.keys = converter.empty_rows(0, 0);
            return Ok(());
        };
        // Parquet read back without Arrow metadata may differ in field details only.
        let rows = RecordBatch::try_new(self.table.arrow(), rows.columns().to_vec());
        self.piece = rows.map_err(arrow_error(&self.path))?;
        let columns: Vec<_> = self
            .table
            .sort_columns()
            .iter()
            .filter_map(|name| self.piece.column_by_name(name).cloned())
            .collect();
        self.keys = converter.convert_columns(&columns).map_err(arrow_error(&self.path))?;
        let mut last = self.last.take();
        for key in self.keys.iter() {
            if last.as_ref().is_some_and(|last| last.row() > key) {
                return Err(DatasetError::damaged(&self.path, "its rows are not in order"));
            }
            last = Some(key.owned());
        }
        self.last = last;
        Ok(())
    }
}

fn piece(table: Table) -> Selection<'static> {
    Selection { rows: Some(piece_rows(table)), ..Selection::default() }
}

fn piece_rows(table: Table) -> usize {
    if table == Table::Messages { PIECE_MESSAGES } else { PIECE_ROWS }
}

fn arrow_error(path: &Path) -> impl FnOnce(arrow::error::ArrowError) -> DatasetError + use<> {
    let path = path.display().to_string();
    move |source| DatasetError::Arrow { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(lens: &[u64]) -> Vec<(String, u64)> {
        let name = |index: usize| Layout::batch_file_name(index as i64, index as i64, None);
        lens.iter().enumerate().map(|(index, len)| (name(index), *len)).collect()
    }

    #[test]
    fn a_run_is_sixteen_small_neighbours_or_more() {
        assert_eq!(run(&files(&[10; 15])), None);
        assert_eq!(run(&files(&[10; 16])), Some(0..16));
        assert_eq!(run(&files(&[10; 40])), Some(0..RUN_FILES_MAX));
        let mut around = vec![2 << 20; 3];
        around.extend([10; 20]);
        around.push(300 << 20);
        assert_eq!(run(&files(&around)), Some(3..23));
        // Larger ones wait until there are sixteen of them.
        assert_eq!(run(&files(&[2 << 20; 15])), None);
        assert_eq!(run(&files(&[2 << 20; 16])), Some(0..16));
        assert_eq!(run(&files(&[300 << 20; 40])), None);
        assert_eq!(run(&files(&[100 << 20; 40])), None, "more bytes than are merged at once");
    }

    #[test]
    fn a_merged_file_is_named_by_its_leaves() {
        let name = |names: &[&str]| {
            merged_name(&names.iter().map(|name| ((*name).to_owned(), 1)).collect::<Vec<_>>())
        };
        assert_eq!(name(&["000-009.parquet", "010-019.parquet"]), "000-019.parquet");
        let parts = ["005-005-000003.parquet", "005-005-000004.parquet", "006-011.parquet"];
        assert_eq!(name(&parts), "005-011-000003.parquet");
    }
}
