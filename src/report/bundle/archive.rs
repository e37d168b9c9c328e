//! The zip of a bundle: entries stored as they are, in the order of their names, without times.
//!
//! Nothing is compressed (messages are Parquet already), so a bundle unpacks to what it is, the same
//! files give the same bytes, and every byte of a bundle can be told from its entries: [`is_canonical`]
//! writes the zip again and compares, so that nothing hides between entries or in their headers.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::BundleError;

/// Bytes copied at once.
const CHUNK_BYTES: usize = 1 << 18;
/// Entries from this size on have the longer form of header.
const LARGE_BYTES: u64 = 0xffff_0000;
/// Bytes that may differ while an entry's header is not complete yet.
const PENDING_MAX: usize = 1 << 12;

/// Writes the files below a folder, by name, as a zip.
///
/// # Errors
/// When a file cannot be read, or the zip not be written.
pub fn write(folder: &Path, names: &[String], out: impl Write + Seek) -> Result<(), BundleError> {
    let mut zip = ZipWriter::new(out);
    for name in names {
        let path = folder.join(name);
        let len = path.metadata().map_err(BundleError::io("look at", &path))?.len();
        zip.start_file(name.as_str(), options(len)).map_err(BundleError::Zip)?;
        let file = File::open(&path).map_err(BundleError::io("open", &path))?;
        let mut input = BufReader::with_capacity(CHUNK_BYTES, file);
        std::io::copy(&mut input, &mut zip).map_err(BundleError::io("copy", &path))?;
    }
    zip.finish().map_err(BundleError::Zip)?;
    Ok(())
}

/// The first byte of the zip that is not as [`write`] writes it; `None` where all are.
///
/// # Errors
/// When a file cannot be read.
pub fn first_difference(
    zip: &Path,
    folder: &Path,
    names: &[String],
) -> Result<Option<u64>, BundleError> {
    let file = File::open(zip).map_err(BundleError::io("open", zip))?;
    let len = file.metadata().map_err(BundleError::io("look at", zip))?.len();
    let mut compared =
        Compared { file, len, at: 0, end: 0, pending: BTreeSet::new(), differs: None };
    match write(folder, names, &mut compared) {
        Ok(()) => {}
        // The comparison stopped the writing.
        Err(_) if compared.differs.is_some() => return Ok(compared.differs),
        Err(error) => return Err(error),
    }
    let first = compared.pending.first().copied();
    Ok(first.or((compared.end != len).then_some(compared.end.min(len))))
}

fn options(len: u64) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
        .large_file(len >= LARGE_BYTES)
}

/// Takes what would be written and compares it with what is there. A header is written twice, the
/// second time complete: what differs in between is remembered until it is written over.
struct Compared {
    file: File,
    len: u64,
    at: u64,
    end: u64,
    pending: BTreeSet<u64>,
    differs: Option<u64>,
}

impl Compared {
    /// Remembers which of these bytes differ from what is there, and which no longer do.
    fn remember(&mut self, bytes: &[u8], there: &[u8]) -> std::io::Result<()> {
        for (at, (place, byte)) in (self.at..).zip(bytes.iter().enumerate()) {
            match there.get(place) == Some(byte) {
                true => self.pending.remove(&at),
                false => self.pending.insert(at),
            };
            if self.pending.len() > PENDING_MAX {
                self.differs = self.pending.first().copied();
                return Err(std::io::Error::other("it differs"));
            }
        }
        Ok(())
    }
}

impl Write for Compared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut there = vec![0; bytes.len()];
        let known = self.len.saturating_sub(self.at).min(bytes.len() as u64) as usize;
        self.file.read_exact_at(&mut there[..known], self.at)?;
        let range = self.at..self.at + bytes.len() as u64;
        let is_same = known == bytes.len() && there == bytes;
        if !is_same {
            self.remember(bytes, &there[..known])?;
        } else if self.pending.range(range.clone()).next().is_some() {
            self.pending.retain(|at| !range.contains(at));
        }
        self.at += bytes.len() as u64;
        self.end = self.end.max(self.at);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Seek for Compared {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| std::io::Error::other("before the start"))?;
        Ok(self.at)
    }
}

/// The names of all files below a folder, sorted, with `/`.
///
/// # Errors
/// When it cannot be listed.
pub fn names(folder: &Path) -> Result<Vec<String>, BundleError> {
    let files = crate::dataset::folder::list_folder(folder).map_err(BundleError::Dataset)?;
    let mut names: Vec<String> = files.into_iter().map(|(name, _)| name).collect();
    names.sort();
    Ok(names)
}

/// SHA-256 and length of a file.
///
/// # Errors
/// When it cannot be read.
pub fn digest(path: &Path) -> Result<(crate::domain::digest::Sha256Digest, u64), BundleError> {
    use sha2::{Digest as _, Sha256};
    let mut file = File::open(path).map_err(BundleError::io("open", path))?;
    let (mut sha, mut len) = (Sha256::new(), 0);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = file.read(&mut chunk).map_err(BundleError::io("read", path))?;
        if count == 0 {
            return Ok((crate::domain::digest::Sha256Digest(sha.finalize().into()), len));
        }
        sha.update(&chunk[..count]);
        len += count as u64;
    }
}

/// Writes a file below a folder, with the folders above it.
///
/// # Errors
/// When it cannot be written.
pub fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, BundleError> {
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(BundleError::io("create folder", parent))?;
    }
    std::fs::write(&path, bytes).map_err(BundleError::io("write", &path))?;
    Ok(path)
}
