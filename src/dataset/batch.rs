//! A batch in the making: files staged one by one, then published under one COMMIT.

use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;

use super::DatasetError;
use super::commit::{self, Checkpoint, Commit, Entry};
use super::durable::write_synced;
use super::layout::Layout;
use super::parquet_file::{FileWriter, Written};
use super::schema::Table;
use crate::domain::digest::Sha256Digest;
use crate::domain::id::ProjectId;

/// Files staged for one COMMIT of one project.
pub struct Batch<'a> {
    layout: &'a Layout,
    project: &'a ProjectId,
    staging: PathBuf,
    entries: Vec<Entry>,
}

impl<'a> Batch<'a> {
    /// Begins a batch. What was staged before must have been published or recovered.
    #[must_use]
    pub fn begin(layout: &'a Layout, project: &'a ProjectId) -> Self {
        let staging = layout.staging(project);
        Self { layout, project, staging, entries: Vec::new() }
    }

    /// Stages a Parquet file that will stand at `target`, replacing what is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_table(
        &mut self,
        table: Table,
        target: &Path,
        rows: impl IntoIterator<Item = Result<RecordBatch, DatasetError>>,
        footer: &[(&str, String)],
    ) -> Result<Written, DatasetError> {
        let staged = self.next_path();
        let mut writer = FileWriter::create(&staged, table)?;
        for batch in rows {
            writer.write(&batch?)?;
        }
        let written = writer.finish(footer)?;
        self.entries.push(Entry::Put {
            from: self.layout.relative(&staged),
            to: self.layout.relative(target),
            len: written.len,
            sha256: written.sha256.to_string(),
        });
        Ok(written)
    }

    /// Stages a file with these bytes that will stand at `target`, replacing what is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_bytes(&mut self, target: &Path, bytes: &[u8]) -> Result<(), DatasetError> {
        let staged = self.next_path();
        write_synced(&staged, bytes)?;
        self.entries.push(Entry::Put {
            from: self.layout.relative(&staged),
            to: self.layout.relative(target),
            len: bytes.len() as u64,
            sha256: Sha256Digest::of(bytes).to_string(),
        });
        Ok(())
    }

    /// Stages bytes to be appended to `target` at `offset`; a torn tail beyond it is cut off.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn append(&mut self, target: &Path, offset: u64, bytes: &[u8]) -> Result<(), DatasetError> {
        let staged = self.next_path();
        write_synced(&staged, bytes)?;
        self.entries.push(Entry::Append {
            from: self.layout.relative(&staged),
            to: self.layout.relative(target),
            offset,
            len: bytes.len() as u64,
            sha256: Sha256Digest::of(bytes).to_string(),
        });
        Ok(())
    }

    /// Stages that `target` becomes exactly the files below `staged`, a folder inside staging whose
    /// files are synced.
    ///
    /// # Errors
    /// When `staged` cannot be listed.
    pub fn exchange(&mut self, staged: &Path, target: &Path) -> Result<(), DatasetError> {
        self.entries.push(Entry::Exchange {
            from: self.layout.relative(staged),
            to: self.layout.relative(target),
            files: super::folder::digest_folder(staged)?,
        });
        Ok(())
    }

    /// As [`Batch::exchange`], where all files but those in `written` are second names of files in
    /// `target`: their bytes are known and not read again.
    ///
    /// # Errors
    /// When `staged` cannot be listed, or a file of `written` not be read.
    pub fn exchange_but(
        &mut self,
        staged: &Path,
        target: &Path,
        written: &[&str],
    ) -> Result<(), DatasetError> {
        self.entries.push(Entry::Exchange {
            from: self.layout.relative(staged),
            to: self.layout.relative(target),
            files: super::folder::digest_files(staged, |name| written.contains(&name))?,
        });
        Ok(())
    }

    /// True if nothing is staged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Publishes everything staged, with the state that holds afterwards.
    ///
    /// # Errors
    /// When a step fails; recovery then finishes or undoes the whole batch.
    pub fn publish(self, state: &Commit, after: Checkpoint<'_>) -> Result<Commit, DatasetError> {
        let commit =
            Commit { entries: self.entries, sequence: state.sequence + 1, ..state.clone() };
        commit::publish(self.layout, self.project, &commit, after)?;
        Ok(commit)
    }

    fn next_path(&self) -> PathBuf {
        self.staging.join(format!("file-{:06}", self.entries.len()))
    }
}
