//! The row digest of a whole table of a project: the same whatever batches it was written in.

use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::compute::{SortColumn, concat_batches, lexsort_to_indices, take_record_batch};

use super::DatasetError;
use super::layout::Layout;
use super::parquet_file::{Selection, digest_rows, read, row_digest};
use super::schema::Table;
use crate::domain::digest::Sha256Digest;
use crate::domain::id::ProjectId;

/// SHA-256 over all rows of the table in its sort order, in canonical form, and their number.
///
/// Holds the table in memory: for checks and tests, not for the hot path.
///
/// # Errors
/// When a file cannot be read.
pub fn table_digest(
    layout: &Layout,
    table: Table,
    project: &ProjectId,
) -> Result<(Sha256Digest, u64), DatasetError> {
    let rows = all_rows(layout, table, project)?;
    let mut digest = row_digest(table);
    digest_rows(&mut digest, &rows);
    Ok((digest.finish(), rows.num_rows() as u64))
}

/// All rows of a project's table in its sort order.
///
/// # Errors
/// When a file cannot be read.
pub fn all_rows(
    layout: &Layout,
    table: Table,
    project: &ProjectId,
) -> Result<RecordBatch, DatasetError> {
    let folder = layout.table_project(table, project);
    let shown = folder.display().to_string();
    let arrow_error = |source| DatasetError::Arrow { path: shown.clone(), source };
    let mut batches = Vec::new();
    for path in table_files(layout, table, project)? {
        for batch in read(&path, &Selection::default())? {
            // Parquet read back without Arrow metadata may differ in field details only.
            let batch = RecordBatch::try_new(table.arrow(), batch?.columns().to_vec());
            batches.push(batch.map_err(arrow_error)?);
        }
    }
    let rows = concat_batches(&table.arrow(), &batches).map_err(arrow_error)?;
    let columns: Vec<SortColumn> = table
        .sort_columns()
        .iter()
        .filter_map(|name| rows.column_by_name(name))
        .map(|values| SortColumn { values: values.clone(), options: None })
        .collect();
    let order = lexsort_to_indices(&columns, None).map_err(arrow_error)?;
    take_record_batch(&rows, &order).map_err(arrow_error)
}

/// The files of a project's table, sorted by month and name.
///
/// # Errors
/// When a folder cannot be listed.
pub fn table_files(
    layout: &Layout,
    table: Table,
    project: &ProjectId,
) -> Result<Vec<PathBuf>, DatasetError> {
    let folder = layout.table_project(table, project);
    let files = super::folder::list_folder(&folder)?;
    Ok(files.into_iter().map(|(name, _)| folder.join(name)).collect())
}
