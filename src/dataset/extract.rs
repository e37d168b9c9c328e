//! Messages taken out of a data folder into another one: rows of `messages` as they are, with their
//! blobs.
//!
//! The same rows give the same files. Rows come in the order of leaves; a file ends after
//! [`FILE_ROWS_MAX`] rows or [`FILE_BYTES_MAX`] bytes of payload, or with the month of receipt.

use std::path::PathBuf;

use super::DatasetError;
use super::durable::create_folder;
use super::layout::Layout;
use super::parquet_file::FileWriter;
use super::rows::{self, MessageRow};
use super::schema::Table;
use crate::domain::id::ProjectId;
use crate::domain::message::Payload;
use crate::domain::time::Month;

/// Most rows of a file: one row group.
const FILE_ROWS_MAX: usize = 64 * 1024;
/// Payload bytes after which a file ends: bounds what is held at once.
const FILE_BYTES_MAX: usize = 32 << 20;

/// Writes rows of `messages` below another folder.
pub struct Extract<'a> {
    from: &'a Layout,
    to: &'a Layout,
    project: &'a ProjectId,
    held: Vec<MessageRow>,
    held_bytes: usize,
    month: Option<Month>,
}

impl<'a> Extract<'a> {
    #[must_use]
    pub fn new(from: &'a Layout, to: &'a Layout, project: &'a ProjectId) -> Self {
        Self { from, to, project, held: Vec::new(), held_bytes: 0, month: None }
    }

    /// Takes the next row, and copies its blob if it has one.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn take(&mut self, row: MessageRow) -> Result<(), DatasetError> {
        let month = row.header.received_at.month();
        let is_full = self.held.len() >= FILE_ROWS_MAX || self.held_bytes >= FILE_BYTES_MAX;
        if is_full || self.month.is_some_and(|last| last != month) {
            self.cut()?;
        }
        match &row.payload {
            Payload::Inline(bytes) => self.held_bytes += bytes.len(),
            Payload::Blob(blob) => {
                create_folder(&self.to.blobs())?;
                let (from, to) = (self.from.blob(&blob.sha256), self.to.blob(&blob.sha256));
                if !to.exists() {
                    std::fs::copy(&from, &to).map_err(DatasetError::io("copy", &from))?;
                }
            }
        }
        self.month = Some(month);
        self.held.push(row);
        Ok(())
    }

    /// Ends a file: what is taken next lies in another one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn cut(&mut self) -> Result<(), DatasetError> {
        let rows = std::mem::take(&mut self.held);
        let (Some(first), Some(last), Some(month)) = (rows.first(), rows.last(), self.month) else {
            return Ok(());
        };
        let path = self.path(month, first.leaf, last.leaf)?;
        let mut writer = FileWriter::create(&path, Table::Messages)?;
        let refs: Vec<&MessageRow> = rows.iter().collect();
        let shown = path.display().to_string();
        let columns =
            rows::messages(&refs).map_err(|source| DatasetError::Arrow { path: shown, source })?;
        writer.write(&columns)?;
        writer.finish(&[])?;
        (self.held_bytes, self.month) = (0, None);
        Ok(())
    }

    fn path(&self, month: Month, first: i64, last: i64) -> Result<PathBuf, DatasetError> {
        let folder = self.to.table_month(Table::Messages, self.project, month);
        create_folder(&folder)?;
        Ok(folder.join(Layout::batch_file_name(first, last, None)))
    }
}
