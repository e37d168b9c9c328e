//! Segment files: their names, headers, and the few operations that touch a disk.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::record::{read_u32, read_u64};
use super::{JournalError, Position};

/// Bytes of a segment's header.
pub const HEADER_BYTES: usize = 64;
const MAGIC: &[u8; 8] = b"MRVJRNL1";

/// A segment's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub first: Position,
    /// Last time of receipt before this segment, microseconds.
    pub received_at: i64,
}

impl Header {
    #[must_use]
    pub fn encode(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0..8].copy_from_slice(MAGIC);
        bytes[8..16].copy_from_slice(&self.first.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.received_at.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[0..60]);
        bytes[60..64].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a header; the error says what is wrong with it.
    ///
    /// # Errors
    /// When it is none.
    pub fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.len() < HEADER_BYTES || &bytes[0..8] != MAGIC {
            return Err("not a journal segment of a known version");
        }
        if read_u32(bytes, 60) != crc32c::crc32c(&bytes[0..60]) {
            return Err("checksum of the header does not fit");
        }
        Ok(Self { first: read_u64(bytes, 8), received_at: read_u64(bytes, 16) as i64 })
    }
}

/// What a disk does for the writer; tests put one in between that fails.
pub trait Disk: Send + 'static {
    /// Writes all of `bytes` at `offset`.
    ///
    /// # Errors
    /// As the file system says; part of the bytes may then have been written.
    fn write_at(&mut self, file: &File, bytes: &[u8], offset: u64) -> std::io::Result<()>;
    /// Makes what was written durable.
    ///
    /// # Errors
    /// As the file system says; what was written is then lost for all that is known.
    fn sync(&mut self, file: &File) -> std::io::Result<()>;
    /// Makes a new segment with this header, zero-filled to `len`, durable with its name.
    ///
    /// # Errors
    /// As the file system says; no file of this name is then left behind.
    fn create(&mut self, path: &Path, header: Header, len: u64) -> std::io::Result<File>;
}

/// The file system.
#[derive(Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn write_at(&mut self, file: &File, bytes: &[u8], offset: u64) -> std::io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    fn sync(&mut self, file: &File) -> std::io::Result<()> {
        file.sync_data()
    }

    fn create(&mut self, path: &Path, header: Header, len: u64) -> std::io::Result<File> {
        // Under another name until it is whole, so that a crash leaves no half-made segment.
        let next = path.with_extension("next");
        let make = || -> std::io::Result<File> {
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(true)
                .read(true)
                .write(true)
                .open(&next)?;
            file.write_all(&header.encode())?;
            let zeros = vec![0; 1 << 16];
            let mut rest = len.saturating_sub(HEADER_BYTES as u64);
            while rest > 0 {
                let count = rest.min(zeros.len() as u64);
                file.write_all(&zeros[..count as usize])?;
                rest -= count;
            }
            file.sync_all()?;
            std::fs::rename(&next, path)?;
            if let Some(folder) = path.parent() {
                File::open(folder)?.sync_all()?;
            }
            Ok(file)
        };
        make().inspect_err(|_| {
            // The half-made file would only take the space whose lack may be the cause.
            let _ = std::fs::remove_file(&next);
        })
    }
}

/// The segments of a folder, by first position.
///
/// # Errors
/// When the folder cannot be listed.
pub fn list(folder: &Path) -> Result<Vec<(Position, PathBuf)>, JournalError> {
    let mut segments = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(JournalError::io("list", folder))?;
    for entry in entries {
        let path = entry.map_err(JournalError::io("list", folder))?.path();
        let is_segment = path.extension().is_some_and(|extension| extension == "seg");
        let first = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        if let (true, Some(first)) = (is_segment, first) {
            segments.push((first, path));
        }
    }
    segments.sort();
    Ok(segments)
}

/// The path of the segment that begins at `first`.
#[must_use]
pub fn path(folder: &Path, first: Position) -> PathBuf {
    folder.join(format!("{first:020}.seg"))
}
