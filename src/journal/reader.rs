//! Reading the journal in order, up to what is durable, while it is being written.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::record::{self, Found};
use super::segment::{self, HEADER_BYTES};
use super::{JournalError, Position};
use crate::domain::message::Message;

/// Bytes read at once.
const CHUNK_BYTES: usize = 1 << 20;

/// A message and its place.
#[derive(Debug, Clone)]
pub struct Record {
    pub position: Position,
    /// Position after it: what a COMMIT that covers it names.
    pub next: Position,
    pub message: Message,
}

/// Reads records from a position on.
pub struct Reader {
    folder: PathBuf,
    position: Position,
    /// The open segment and its first position.
    segment: Option<(PathBuf, File, Position)>,
    /// Bytes read ahead, from `position` on.
    buffer: Bytes,
    names: record::Names,
}

impl Reader {
    /// Begins at `from`, which must be the beginning of a record, the end of the journal, or before
    /// its first segment.
    #[must_use]
    pub fn open(folder: &Path, from: Position) -> Self {
        Self {
            folder: folder.to_owned(),
            position: from,
            segment: None,
            buffer: Bytes::new(),
            names: record::Names::default(),
        }
    }

    /// Where the next record will be looked for.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// The next message before `durable`, or `None` if there is none yet.
    ///
    /// # Errors
    /// When a record is damaged or a segment is missing.
    pub fn next(&mut self, durable: Position) -> Result<Option<Record>, JournalError> {
        while self.position < durable {
            let Some((path, _, first)) = &self.segment else {
                if !self.open_segment()? {
                    return Ok(None);
                }
                continue;
            };
            let offset = self.position - first;
            match record::check(&self.buffer, self.position) {
                Found::Record(checked) => {
                    let bytes = self.buffer.split_to(checked.len);
                    let position = self.position;
                    self.position += checked.len as u64;
                    if checked.is_marker {
                        continue;
                    }
                    let message = record::decode(&bytes, &mut self.names)
                        .map_err(|what| damaged(path, offset, what))?;
                    return Ok(Some(Record { position, next: self.position, message }));
                }
                found => {
                    let (path, what) = (path.clone(), describe(found));
                    if !self.refill()? && !self.next_segment()? {
                        return Err(damaged(&path, offset, what));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Opens the segment that holds `position`.
    fn open_segment(&mut self) -> Result<bool, JournalError> {
        let segments = segment::list(&self.folder)?;
        let Some((oldest, _)) = segments.first() else { return Ok(false) };
        // Only published records are ever removed, so what lies before the oldest segment is done.
        self.position = self.position.max(*oldest);
        let Some((first, path)) = segments.iter().rev().find(|(first, _)| *first <= self.position)
        else {
            return Ok(false);
        };
        let file = File::open(path).map_err(JournalError::io("open", path))?;
        self.position = self.position.max(first + HEADER_BYTES as u64);
        self.segment = Some((path.clone(), file, *first));
        self.buffer = Bytes::new();
        Ok(true)
    }

    /// Reads the next chunk; false if there is nothing more than what is buffered.
    fn refill(&mut self) -> Result<bool, JournalError> {
        let Some((path, file, first)) = &self.segment else { return Ok(false) };
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut filled = 0;
        while filled < chunk.len() {
            let offset = self.position - first + filled as u64;
            let count = file
                .read_at(&mut chunk[filled..], offset)
                .map_err(JournalError::io("read", path))?;
            if count == 0 {
                break;
            }
            filled += count;
        }
        chunk.truncate(filled);
        let is_news = chunk != self.buffer;
        self.buffer = Bytes::from(chunk);
        Ok(is_news)
    }

    /// Goes to the segment that begins where this one ends; false if there is none.
    fn next_segment(&mut self) -> Result<bool, JournalError> {
        let next = segment::path(&self.folder, self.position);
        if !next.is_file() {
            return Ok(false);
        }
        self.segment = None;
        self.buffer = Bytes::new();
        self.open_segment()
    }
}

fn describe(found: Found) -> &'static str {
    match found {
        Found::Invalid(what) => what,
        Found::End | Found::Record(_) => "the segment ends too early",
    }
}

fn damaged(path: &Path, offset: u64, what: &str) -> JournalError {
    let what = what.to_owned();
    JournalError::Damaged { path: path.display().to_string(), offset, what }
}
