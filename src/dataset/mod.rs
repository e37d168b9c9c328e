//! The only room that knows Parquet: tables, batches, COMMIT and its roll-forward, readers.
//!
//! Takes rows from the pure stages, gives files that DuckDB, polars, pyarrow and Spark read by a
//! plain glob, each row once (PUB-1). A batch becomes visible through one durable COMMIT
//! ([`commit`]); a file is never changed in place. Knows nothing of MQTT, HTTP or plans' texts.
//!
//! Layout below the data folder ([`layout`]):
//!
//! ```text
//! tables/<table>/project=<id>/month=<yyyy-mm>/<first leaf>-<last leaf>[-<part>].parquet
//! tables/intervals/project=<id>/month=<yyyy-mm>/<yyyy-mm-dd>.parquet
//! tables/amounts/project=<id>/month=<yyyy-mm>/amounts.parquet
//! log/project=<id>/level-<n>            hashes, 32 bytes each, append only
//! log/project=<id>/checkpoint           the last signed checkpoint
//! state/project=<id>/COMMIT             what is published: positions, cursor, frontiers
//! staging/project=<id>/                 the batch being published; outside every table's folder
//! ```

pub mod amount_rows;
pub mod batch;
pub mod blob;
pub mod commit;
pub mod compact;
pub mod day_rows;
pub mod differ;
pub mod durable;
pub mod extract;
pub mod folder;
pub mod identities;
pub mod interval_rows;
pub mod late;
pub mod layout;
pub mod locate;
pub mod log_check;
pub mod log_files;
pub mod ordered;
pub mod outcome;
pub mod parquet_file;
pub mod query;
pub mod read;
#[cfg(test)]
mod read_tests;
pub mod receipts;
pub mod rows;
pub mod schema;
pub mod table_digest;
pub mod tally;
pub mod words;

/// What building columns can fail with.
pub use arrow::error::ArrowError as ArrowSource;

/// Why the dataset could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    #[error("{action} {path}: {source}")]
    Io { action: &'static str, path: String, source: std::io::Error },
    #[error("read or write Parquet {path}: {source}")]
    Parquet { path: String, source: parquet::errors::ParquetError },
    #[error("build columns of {path}: {source}")]
    Arrow { path: String, source: arrow::error::ArrowError },
    #[error("{path} is damaged: {what}; restore it from a copy, or rebuild derived tables")]
    Damaged { path: String, what: String },
    #[error("query: {0}")]
    Query(String),
}

impl DatasetError {
    fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Io { action, path, source }
    }

    fn damaged(path: &std::path::Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.display().to_string(), what: what.into() }
    }
}
