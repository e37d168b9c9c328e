//! One Parquet file: written once with its row digest in the footer, read by columns and key range.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
    RowFilter, RowSelectionPolicy,
};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, PageIndexPolicy, ParquetMetaData, RowGroupMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;
use parquet::schema::types::{ColumnPath, SchemaDescriptor};
use sha2::{Digest, Sha256};

use super::DatasetError;
use super::schema::{ColumnType, Table};
use super::words::with_words;
use crate::domain::RULES;
use crate::domain::digest::{FieldDigest, Sha256Digest};

/// Most rows in a row group: small enough that statistics prune well.
pub const ROW_GROUP_ROWS_MAX: usize = 64 * 1024;

/// Bytes of a row group that waits to be written: rows of messages may have 64 KiB each.
const ROW_GROUP_BYTES_MAX: usize = 64 << 20;
/// Rows that are read at a time.
const READ_ROWS: usize = 16 * 1024;

/// Footer key of the row digest of the file.
pub const FOOTER_ROW_DIGEST: &str = "mrv.row_digest";
/// Footer key of the rules the rows were computed by.
pub const FOOTER_RULES: &str = "mrv.rules";
/// Footer key, intervals only: leaves below this one are in the values.
pub const FOOTER_NEXT_LEAF: &str = "mrv.next_leaf";

/// A file that was written and synced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub path: PathBuf,
    pub len: u64,
    pub sha256: Sha256Digest,
    pub row_count: u64,
    pub row_digest: Sha256Digest,
}

/// A Parquet file being written. Dropped without [`FileWriter::finish`] it is no valid file.
pub struct FileWriter {
    path: PathBuf,
    writer: ArrowWriter<HashingWriter>,
    digest: FieldDigest,
    row_count: u64,
}

impl FileWriter {
    /// Creates the file. Rows must then come in the table's sort order.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn create(path: &Path, table: Table) -> Result<Self, DatasetError> {
        let file = File::create(path).map_err(DatasetError::io("create", path))?;
        let sink = HashingWriter {
            inner: BufWriter::with_capacity(1 << 18, file),
            sha: Sha256::new(),
            len: 0,
        };
        // Without the Arrow schema in the footer every reader sees plain Parquet types.
        let options = ArrowWriterOptions::new()
            .with_properties(properties(table))
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(sink, table.arrow(), options)
            .map_err(parquet_error(path))?;
        let digest = row_digest(table);
        Ok(Self { path: path.to_owned(), writer, digest, row_count: 0 })
    }

    /// Appends rows.
    ///
    /// # Errors
    /// When they cannot be encoded or written.
    pub fn write(&mut self, rows: &RecordBatch) -> Result<(), DatasetError> {
        digest_rows(&mut self.digest, rows);
        self.row_count += rows.num_rows() as u64;
        self.writer.write(rows).map_err(parquet_error(&self.path))?;
        if self.writer.in_progress_size() > ROW_GROUP_BYTES_MAX {
            self.writer.flush().map_err(parquet_error(&self.path))?;
        }
        Ok(())
    }

    /// Writes the footer and syncs the file.
    ///
    /// # Errors
    /// When that fails.
    pub fn finish(mut self, footer: &[(&str, String)]) -> Result<Written, DatasetError> {
        let row_digest = self.digest.finish();
        let mut keys =
            vec![(FOOTER_ROW_DIGEST, row_digest.to_string()), (FOOTER_RULES, RULES.to_string())];
        keys.extend(footer.iter().cloned());
        for (key, value) in keys {
            self.writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        }
        let path = self.path;
        let sink = self.writer.into_inner().map_err(parquet_error(&path))?;
        let HashingWriter { inner, sha, len } = sink;
        let file = inner
            .into_inner()
            .map_err(|error| DatasetError::io("write", &path)(error.into_error()))?;
        file.sync_data().map_err(DatasetError::io("sync", &path))?;
        let sha256 = Sha256Digest(sha.finalize().into());
        Ok(Written { path, len, sha256, row_count: self.row_count, row_digest })
    }
}

/// Begins the row digest of a file or table of this kind (`schemas/digest.md`).
#[must_use]
pub fn row_digest(table: Table) -> FieldDigest {
    FieldDigest::new(&format!("mrv row digest 1 {}", table.name()))
}

/// Adds rows in canonical form: fields in column order.
pub fn digest_rows(digest: &mut FieldDigest, rows: &RecordBatch) {
    let columns: Vec<DigestColumn<'_>> = rows.columns().iter().map(DigestColumn::new).collect();
    for row in 0..rows.num_rows() {
        for column in &columns {
            column.add(digest, row);
        }
    }
}

/// A column as the digest sees it.
enum DigestColumn<'a> {
    Int(&'a arrow::array::Int64Array),
    Time(&'a arrow::array::TimestampMicrosecondArray),
    Value(&'a arrow::array::Decimal128Array),
    Exact(&'a arrow::array::Decimal128Array),
    Date(&'a arrow::array::Date32Array),
    Text(&'a arrow::array::StringArray),
    Bytes(&'a arrow::array::BinaryArray),
}

impl<'a> DigestColumn<'a> {
    fn new(array: &'a arrow::array::ArrayRef) -> Self {
        match array.data_type() {
            DataType::Int64 => Self::Int(array.as_primitive::<Int64Type>()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Self::Time(array.as_primitive::<TimestampMicrosecondType>())
            }
            DataType::Decimal128(38, _) => Self::Exact(array.as_primitive::<Decimal128Type>()),
            DataType::Date32 => Self::Date(array.as_primitive::<Date32Type>()),
            DataType::Decimal128(_, _) => Self::Value(array.as_primitive::<Decimal128Type>()),
            DataType::Utf8 => Self::Text(array.as_string::<i32>()),
            // The schemas of this room have no other type than these.
            _ => Self::Bytes(array.as_binary::<i32>()),
        }
    }

    fn add(&self, digest: &mut FieldDigest, row: usize) {
        match self {
            Self::Int(array) => digest.int_or_null(array.is_valid(row).then(|| array.value(row))),
            Self::Time(array) => digest.int_or_null(array.is_valid(row).then(|| array.value(row))),
            Self::Value(array) => {
                digest.int_or_null(array.is_valid(row).then(|| array.value(row) as i64));
            }
            Self::Exact(array) => digest
                .text_or_null(array.is_valid(row).then(|| array.value(row).to_string()).as_deref()),
            Self::Date(array) => {
                digest.int_or_null(array.is_valid(row).then(|| array.value(row).into()));
            }
            Self::Text(array) => digest.text_or_null(array.is_valid(row).then(|| array.value(row))),
            Self::Bytes(array) => {
                if array.is_valid(row) {
                    digest.bytes(array.value(row));
                } else {
                    digest.null();
                }
            }
        }
    }
}

/// What is read of a file.
#[derive(Clone, Default)]
pub struct Selection<'a> {
    /// Columns by name; empty for all.
    pub columns: &'a [&'a str],
    /// Only row groups whose `time column` may hold an instant of `[from, to)`, in microseconds.
    pub time: Option<(&'a str, i64, i64)>,
    /// Only row groups whose leaves may lie in `[from, to)`.
    pub leaves: Option<(i64, i64)>,
    /// Rows of a batch; `None` for [`READ_ROWS`].
    pub rows: Option<usize>,
    /// Columns of texts, never null, that come as [`super::words::Words`]: where few texts stand in many rows, most of
    /// the time is spent in copying them.
    pub words: &'a [&'a str],
    /// Only the rows that are wanted.
    pub filter: Option<&'a Filter>,
}

/// Which rows are wanted, as some columns tell; of the others no more than these is decoded.
pub struct Filter {
    pub columns: &'static [&'static str],
    /// Lowest and highest text of wanted rows in a column: row groups without one between are skipped.
    pub texts: Vec<(&'static str, String, String)>,
    pub is_wanted: IsWanted,
    /// True where wanted rows are few and lie far apart: no page between them is decoded.
    pub is_sparse: bool,
}

/// Tells of each row whether it is wanted; `None` where it cannot, so that all are read.
pub type IsWanted = Arc<dyn Fn(&RecordBatch) -> Option<BooleanArray> + Send + Sync>;

/// Reads a file by batches of rows in its order. Rows outside the selection's ranges may be among
/// them; whole row groups outside are skipped by their statistics.
///
/// # Errors
/// When the file cannot be opened, or is not Parquet.
pub fn read(
    path: &Path,
    selection: &Selection<'_>,
) -> Result<impl Iterator<Item = Result<RecordBatch, DatasetError>> + use<>, DatasetError> {
    let file = File::open(path).map_err(DatasetError::io("open", path))?;
    let is_sparse = selection.filter.is_some_and(|filter| filter.is_sparse);
    let pages = if is_sparse { PageIndexPolicy::Optional } else { PageIndexPolicy::Skip };
    let options = ArrowReaderOptions::new().with_offset_index_policy(pages);
    let mut metadata = ArrowReaderMetadata::load(&file, options).map_err(parquet_error(path))?;
    if !selection.words.is_empty() {
        let schema = with_words(metadata.schema(), selection.words);
        let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
        let known = Arc::clone(metadata.metadata());
        metadata = ArrowReaderMetadata::try_new(known, options).map_err(parquet_error(path))?;
    }
    let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let groups = row_groups(builder.metadata(), selection);
    if !selection.columns.is_empty() {
        let mask =
            ProjectionMask::columns(builder.parquet_schema(), selection.columns.iter().copied());
        builder = builder.with_projection(mask);
    }
    if let Some(filter) = selection.filter {
        let rows = row_filter(builder.parquet_schema(), filter);
        builder = builder.with_row_filter(rows);
    }
    if is_sparse {
        // Runs of rows that are passed over: a mask would decode the pages between them.
        builder = builder.with_row_selection_policy(RowSelectionPolicy::Selectors);
    }
    let reader = builder
        .with_row_groups(groups)
        .with_batch_size(selection.rows.unwrap_or(READ_ROWS))
        .build()
        .map_err(parquet_error(path))?;
    let shown = path.display().to_string();
    Ok(reader.map(move |batch| {
        batch.map_err(|source| DatasetError::Arrow { path: shown.clone(), source })
    }))
}

/// The row groups that may hold selected rows, by their statistics.
fn row_groups(metadata: &ParquetMetaData, selection: &Selection<'_>) -> Vec<usize> {
    let may_hold = |group: &RowGroupMetaData| {
        let overlaps = |name: &str, from: i64, to: i64| match int_range(group, name) {
            Some((low, high)) => low < to && high >= from,
            None => true,
        };
        let texts = selection.filter.map_or(&[][..], |filter| filter.texts.as_slice());
        selection.time.is_none_or(|(name, from, to)| overlaps(name, from, to))
            && selection.leaves.is_none_or(|(from, to)| overlaps("leaf", from, to))
            && texts.iter().all(|(name, from, to)| match text_range(group, name) {
                Some((low, high)) => low <= to.as_bytes() && high >= from.as_bytes(),
                None => true,
            })
    };
    let groups = metadata.row_groups().iter().enumerate();
    groups.filter(|(_, group)| may_hold(group)).map(|(index, _)| index).collect()
}

fn row_filter(schema: &SchemaDescriptor, filter: &Filter) -> RowFilter {
    let columns = ProjectionMask::columns(schema, filter.columns.iter().copied());
    let is_wanted = Arc::clone(&filter.is_wanted);
    let test = move |rows: RecordBatch| {
        Ok(is_wanted(&rows).unwrap_or_else(|| vec![true; rows.num_rows()].into()))
    };
    RowFilter::new(vec![Box::new(ArrowPredicateFn::new(columns, test))])
}

/// True if a column of texts of a Parquet file that lies inside another file, `len` bytes from `start`
/// on, has another value than this one.
///
/// # Errors
/// When it cannot be read or is no Parquet.
pub fn has_other_text(
    (path, start, len): (&Path, u64, u64),
    column: &str,
    value: &str,
) -> Result<bool, DatasetError> {
    let file = File::open(path).map_err(DatasetError::io("open", path))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(Inside { file, start, len })
        .map_err(parquet_error(path))?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), [column]);
    let reader = builder.with_projection(mask).with_batch_size(READ_ROWS);
    for batch in reader.build().map_err(parquet_error(path))? {
        let batch = batch.map_err(|source| {
            let path = path.display().to_string();
            DatasetError::Arrow { path, source }
        })?;
        let texts = batch.columns().first().and_then(|one| one.as_string_opt::<i32>());
        let texts = texts.ok_or_else(|| DatasetError::damaged(path, format!("no {column}")))?;
        if texts.iter().any(|text| text != Some(value)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A file inside a file.
struct Inside {
    file: File,
    start: u64,
    len: u64,
}

impl Length for Inside {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for Inside {
    type T = std::io::Take<BufReader<File>>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(self.start + start))?;
        Ok(BufReader::new(file).take(self.len.saturating_sub(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        if start.saturating_add(length as u64) > self.len {
            let what = format!("{length} bytes from {start} on, of {}", self.len);
            return Err(parquet::errors::ParquetError::EOF(what));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, self.start + start)?;
        Ok(bytes.into())
    }
}

/// The first row group of a file whose values of an integer column may include this one.
///
/// # Errors
/// When the file cannot be opened, or is not Parquet.
pub(super) fn row_group_of(
    path: &Path,
    column: &str,
    value: i64,
) -> Result<Option<usize>, DatasetError> {
    let file = File::open(path).map_err(DatasetError::io("open", path))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(parquet_error(path))?;
    let metadata = builder.metadata();
    let mut groups = 0..metadata.num_row_groups();
    Ok(groups.find(|group| {
        let range = int_range(metadata.row_group(*group), column);
        range.is_none_or(|(low, high)| (low..=high).contains(&value))
    }))
}

pub(super) fn parquet_error(
    path: &Path,
) -> impl FnOnce(parquet::errors::ParquetError) -> DatasetError {
    let path = path.display().to_string();
    move |source| DatasetError::Parquet { path, source }
}

fn statistics<'a>(group: &'a RowGroupMetaData, name: &str) -> Option<&'a Statistics> {
    let mut columns = group.columns().iter();
    columns.find(|column| column.column_path().string() == name)?.statistics()
}

/// Lowest and highest text, or less and more than those: long ones are cut.
fn text_range<'a>(group: &'a RowGroupMetaData, name: &str) -> Option<(&'a [u8], &'a [u8])> {
    match statistics(group, name)? {
        Statistics::ByteArray(stats) => stats.min_bytes_opt().zip(stats.max_bytes_opt()),
        _ => None,
    }
}

fn int_range(group: &RowGroupMetaData, name: &str) -> Option<(i64, i64)> {
    match statistics(group, name)? {
        Statistics::Int64(stats) => Some((*stats.min_opt()?, *stats.max_opt()?)),
        _ => None,
    }
}

fn properties(table: Table) -> WriterProperties {
    let level = ZstdLevel::try_new(1).unwrap_or_default();
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS_MAX))
        .set_statistics_enabled(EnabledStatistics::Page);
    for column in table.columns() {
        let path = ColumnPath::from(column.name);
        builder = match column.kind {
            ColumnType::Int | ColumnType::Time | ColumnType::Value => builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
            ColumnType::Bytes => builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_statistics_enabled(path, EnabledStatistics::None),
            ColumnType::Text | ColumnType::Exact | ColumnType::Date => builder,
        };
    }
    builder.build()
}

/// Hashes what passes, so that a written file need not be read again.
struct HashingWriter {
    inner: BufWriter<File>,
    sha: Sha256,
    len: u64,
}

impl Write for HashingWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.sha.update(&bytes[..count]);
        self.len += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}
