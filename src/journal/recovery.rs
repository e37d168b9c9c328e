//! Opening a journal: find its end, discard at most a torn tail, refuse damage.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::record::{self, Checked, Found};
use super::segment::{self, HEADER_BYTES, Header};
use super::{JournalError, Position};

/// Where a journal goes on after it was opened.
#[derive(Debug)]
pub struct Recovered {
    /// The segment to go on writing, if there is one: path, file, first position, length.
    pub active: Option<(PathBuf, File, Position, u64)>,
    /// Where the next record goes.
    pub end: Position,
    /// Time of receipt of the last record, microseconds.
    pub received_at: i64,
    /// Bytes of a torn tail that were zeroed.
    pub discarded: u64,
}

/// Recovers the journal of `folder`. `published`: records before it stand in a COMMIT, so they were
/// synced whatever the journal itself can show.
///
/// # Errors
/// When a synced record is damaged, or the folder cannot be read.
pub fn recover(folder: &Path, published: Position) -> Result<Recovered, JournalError> {
    let segments = segment::list(folder)?;
    let Some((first, path)) = segments.last() else {
        // All segments gone: positions go on from where the last COMMIT stood.
        return Ok(Recovered { active: None, end: published, received_at: 0, discarded: 0 });
    };
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(JournalError::io("open", path))?;
    let (bytes, written) = read(&file).map_err(JournalError::io("read", path))?;
    let damaged = |offset: u64, what: &str| JournalError::Damaged {
        path: path.display().to_string(),
        offset,
        what: what.to_owned(),
    };
    let header = Header::decode(&bytes).map_err(|what| damaged(0, what))?;
    if header.first != *first {
        return Err(damaged(0, "its name and its header name different positions"));
    }
    let mut offset = HEADER_BYTES;
    let mut received_at = header.received_at;
    let invalid = loop {
        match record::check(&bytes[offset..], first + offset as u64) {
            Found::Record(Checked { len, received_at: at, .. }) => {
                offset += len;
                received_at = at;
            }
            Found::End => break None,
            Found::Invalid(what) => break Some(what),
        }
    };
    let end = first + offset as u64;
    let torn = written.saturating_sub(offset);
    let what = invalid.unwrap_or("a record is missing");
    if durable_beyond(&bytes, *first, (offset, written), end) || published > end {
        return Err(damaged(offset as u64, what));
    }
    if torn > 0 {
        let zeros = vec![0; torn];
        file.write_all_at(&zeros, offset as u64).map_err(JournalError::io("write", path))?;
    }
    // What was written and not synced before a crash is read above, and durable from here on.
    file.sync_data().map_err(JournalError::io("sync", path))?;
    let active = Some((path.clone(), file, *first, bytes.len() as u64));
    Ok(Recovered { active, end, received_at, discarded: torn as u64 })
}

/// Bytes that are looked at together for the end of what was written.
const STEP_BYTES: usize = 1 << 20;

/// The bytes of a segment, and how many of them lie before the zeros at its end. A segment is made at
/// its full length; what nobody wrote to is neither copied nor given memory.
fn read(file: &File) -> std::io::Result<(Vec<u8>, usize)> {
    let len = file.metadata()?.len() as usize;
    let (mut step, zeros) = (vec![0; STEP_BYTES], vec![0; STEP_BYTES]);
    let mut written = len;
    while written > 0 {
        let part = &mut step[..STEP_BYTES.min(written)];
        let from = written - part.len();
        file.read_exact_at(part, from as u64)?;
        if part != &zeros[..part.len()] {
            written -= part.iter().rev().take_while(|byte| **byte == 0).count();
            break;
        }
        written = from;
    }
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes[..written], 0)?;
    Ok((bytes, written))
}

/// True if a valid record between two offsets says that something from `end` on was synced.
fn durable_beyond(
    bytes: &[u8],
    first: Position,
    (from, to): (usize, usize),
    end: Position,
) -> bool {
    let last = bytes.len().saturating_sub(record::MARKER_BYTES).min(to);
    (from + 1..=last).any(|place| {
        let position = first + place as u64;
        // The embedded position is compared first: it alone rules out nearly every place.
        record::read_u64(bytes, place + 10) == position
            && matches!(
                record::check(&bytes[place..], position),
                Found::Record(checked) if checked.durable > end
            )
    })
}
