//! SQL over the tables, by polars: what `mrv query` answers.
//!
//! Every table is there under its name, with all its partitions and the columns `project` and
//! `month`. Rows of leaves that the state's COMMIT does not cover yet are left out, so that a query
//! sees each batch whole or not at all.

use polars::prelude::{
    DataType, HiveOptions, IntoLazy, LazyFrame, PlRefPath, PolarsError, ScanArgsParquet, Series,
    TimeUnit, TimeZone, UnionArgs, col, concat, lit,
};
use polars::sql::SQLContext;

use super::DatasetError;
use super::commit;
use super::layout::Layout;
use super::schema::{ColumnType, Table};
use super::table_digest::table_files;
use crate::domain::id::ProjectId;

/// The answer to a query: column names and types, and rows as texts; `None` is null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Name and polars type.
    pub columns: Vec<(String, String)>,
    pub rows: Vec<Vec<Option<String>>>,
}

/// Answers one SQL statement over the tables `messages`, `readings`, `conflicts`, `refused`,
/// `intervals` and `amounts`.
///
/// # Errors
/// When the statement is wrong or a file cannot be read.
pub fn query(layout: &Layout, sql: &str) -> Result<Answer, DatasetError> {
    answer(sql, |table| scan(layout, table))
}

/// Answers one SQL statement over the tables of one project as they were at a log size: `derived` is
/// the folder of what was derived from the messages before it, `messages` that of the messages.
///
/// # Errors
/// As [`query`].
pub fn query_past(
    derived: &Layout,
    messages: &Layout,
    project: &ProjectId,
    size: i64,
    sql: &str,
) -> Result<Answer, DatasetError> {
    answer(sql, |table| {
        let layout = if table == Table::Messages { messages } else { derived };
        let Some(frame) = files(layout, table, project)? else { return empty(table) };
        let frame = match table {
            Table::Messages => frame.filter(col("leaf").lt(lit(size))),
            _ => frame,
        };
        Ok(frame.with_column(lit(project.as_str().to_owned()).alias("project")))
    })
}

fn answer(
    sql: &str,
    scan: impl Fn(Table) -> Result<LazyFrame, DatasetError>,
) -> Result<Answer, DatasetError> {
    let first = sql.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
    if !["SELECT", "WITH", "EXPLAIN", "SHOW"].contains(&first.to_ascii_uppercase().as_str()) {
        let reason = "only questions are answered: begin with SELECT or WITH; nothing was changed";
        return Err(DatasetError::Query(reason.to_owned()));
    }
    let mut context = SQLContext::new();
    for table in Table::ALL {
        context.register(table.name(), scan(table)?);
    }
    let frame = context.execute(sql).and_then(LazyFrame::collect).map_err(query_error)?;
    let columns = frame
        .columns()
        .iter()
        .map(|column| (column.name().to_string(), column.dtype().to_string()))
        .collect();
    let texts = frame
        .columns()
        .iter()
        .map(|column| column_texts(column.as_materialized_series()))
        .collect::<Result<Vec<_>, _>>()?;
    let rows = (0..frame.height())
        .map(|row| texts.iter().map(|column| column[row].clone()).collect())
        .collect();
    Ok(Answer { columns, rows })
}

/// One table of all projects, each cut where its COMMIT stands.
fn scan(layout: &Layout, table: Table) -> Result<LazyFrame, DatasetError> {
    let mut frames = Vec::new();
    let projects = layout.projects().map_err(DatasetError::io("list", &layout.states()))?;
    for project in projects {
        let Some(mut frame) = files(layout, table, &project)? else { continue };
        let state = commit::read(layout, &project)?;
        frame = match table {
            Table::Messages => frame.filter(col("leaf").lt(lit(state.next_leaf))),
            Table::Intervals => frame,
            // Written whole in the COMMIT of the leaves that changed it.
            Table::Amounts => frame.filter(col("leaf").lt(lit(state.next_leaf))),
            _ => {
                // The leaf in progress is published in parts, so it is visible up to its item.
                let derived = &state.derived;
                let is_before = col("leaf").lt(lit(derived.next_leaf));
                let is_partial = col("leaf")
                    .eq(lit(derived.next_leaf))
                    .and(col("item").lt(lit(derived.next_item)));
                frame.filter(is_before.or(is_partial))
            }
        };
        frames.push(frame.with_column(lit(project.as_str().to_owned()).alias("project")));
    }
    if frames.is_empty() {
        return empty(table);
    }
    concat(frames, UnionArgs::default()).map_err(query_error)
}

/// All files of a table of one project; `None` if there is none.
fn files(
    layout: &Layout,
    table: Table,
    project: &ProjectId,
) -> Result<Option<LazyFrame>, DatasetError> {
    let files = table_files(layout, table, project)?;
    if files.is_empty() {
        return Ok(None);
    }
    let paths = files.iter().map(|path| PlRefPath::new(&*path.to_string_lossy())).collect();
    let hive = HiveOptions { enabled: Some(false), ..HiveOptions::default() };
    let args = ScanArgsParquet { hive_options: hive, ..ScanArgsParquet::default() };
    LazyFrame::scan_parquet_files(paths, args).map(Some).map_err(query_error)
}

/// A table without rows but with its columns, so that a query on a new folder still parses.
fn empty(table: Table) -> Result<LazyFrame, DatasetError> {
    let mut columns = Vec::new();
    for column in table.columns() {
        let dtype = match column.kind {
            ColumnType::Text => DataType::String,
            ColumnType::Int => DataType::Int64,
            ColumnType::Time => DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC)),
            ColumnType::Value => DataType::Decimal(18, 6),
            ColumnType::Exact => DataType::Decimal(38, 12),
            ColumnType::Date => DataType::Date,
            ColumnType::Bytes => DataType::Binary,
        };
        columns.push(Series::new_empty(column.name.into(), &dtype).into());
    }
    columns.push(Series::new_empty("project".into(), &DataType::String).into());
    let frame = polars::prelude::DataFrame::new(0, columns).map_err(query_error)?;
    Ok(frame.lazy())
}

fn column_texts(series: &Series) -> Result<Vec<Option<String>>, DatasetError> {
    let series = match series.dtype() {
        DataType::Binary => {
            let bytes = series.binary().map_err(query_error)?;
            return Ok(bytes.iter().map(|value| value.map(hex)).collect());
        }
        _ => series.cast(&DataType::String).map_err(query_error)?,
    };
    let texts = series.str().map_err(query_error)?;
    Ok(texts.iter().map(|text| text.map(str::to_owned)).collect())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first sentence of what polars says; behind it stand plans with paths of the inside.
fn query_error(error: PolarsError) -> DatasetError {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default().to_owned();
    DatasetError::Query(match first.contains("duplicate") {
        true => format!("{first}; give each column a name of its own: MIN(at) AS first"),
        false => first,
    })
}
