//! A zip from outside is unpacked: names, sizes and forms are checked before a byte is written.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use zip::{CompressionMethod, ZipArchive};

use super::flipped;
use super::found::{Found, Stop, found};
use super::signed::listed_digest;
use crate::domain::digest::Sha256Digest;
use crate::report::bundle::limits::{
    BYTES_MAX, ENTRIES_MAX, MESSAGES_FILE_BYTES_MAX, NAME_BYTES_MAX, TEXT_BYTES_MAX,
};
use crate::report::bundle::{BundleError, LEAVES, archive};

/// Bytes of the record that ends a zip, without a comment.
const END_BYTES: u64 = 22;
/// Bytes of the pointer to the longer form of that record.
const LOCATOR_BYTES: u64 = 20;
/// Stands where a number is in the longer form.
const SEE_LONGER: u32 = u32::MAX;
/// Most bytes of an entry in the list of entries, beside its name.
const ENTRY_BYTES_MAX: u64 = 46 + 32;

/// The entries of a bundle on disk, with what they hash to.
pub struct Unpacked {
    pub folder: PathBuf,
    /// By name.
    pub digests: BTreeMap<String, (Sha256Digest, u64)>,
    /// Of all entries.
    pub bytes: u64,
    /// Entries whose bytes are not those of the zip's checksum, with that checksum.
    damaged: BTreeMap<String, u32>,
}

impl Unpacked {
    pub fn len(&self) -> usize {
        self.digests.len()
    }

    pub fn is_damaged(&self, name: &str) -> bool {
        self.damaged.contains_key(name)
    }

    /// What was damaged on its way, each with the byte where one bit explains it.
    pub fn damage(&self) -> Result<Found, Stop> {
        let mut found = Found::default();
        for (name, stated) in &self.damaged {
            let path = self.folder.join(name);
            let flipped = match listed_digest(self, name) {
                Some(listed) => {
                    flipped::find(&path, *stated, listed).map_err(BundleError::io("read", &path))?
                }
                None => None,
            };
            match flipped {
                Some(one) => found.tell(
                    name,
                    format!(
                        "its bytes are not those of its checksum: byte {} is {:#04x} and was {:#04x}; with \
                         that one bit set back it is the entry that the manifest lists",
                        one.byte, one.is, one.was
                    ),
                ),
                None => found.tell(name, "its bytes are not those of its checksum"),
            }
        }
        Ok(found)
    }

    /// A file that is read whole.
    pub fn text(&self, name: &str) -> Result<String, Stop> {
        let bytes = self.bytes_of(name)?;
        String::from_utf8(bytes).map_err(|_| found(name, "it is not UTF-8"))
    }

    pub fn bytes_of(&self, name: &str) -> Result<Vec<u8>, Stop> {
        match self.digests.get(name) {
            None => Err(found(name, "the entry is missing")),
            Some((_, len)) if *len > TEXT_BYTES_MAX => {
                Err(found(name, format!("it has {len} bytes, at most {TEXT_BYTES_MAX} are read")))
            }
            Some(_) => {
                let path = self.folder.join(name);
                Ok(std::fs::read(&path).map_err(BundleError::io("read", &path))?)
            }
        }
    }
}

/// Unpacks a bundle below a folder that does not exist yet.
pub fn unpack(bundle: &Path, folder: &Path) -> Result<Unpacked, Stop> {
    let file = File::open(bundle).map_err(BundleError::io("open", bundle))?;
    let len = file.metadata().map_err(BundleError::io("look at", bundle))?.len();
    if len > BYTES_MAX {
        return Err(found("the zip", format!("it has {len} bytes, at most {BYTES_MAX} are read")));
    }
    check_directory(&file, len).map_err(BundleError::io("read", bundle))??;
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
    if zip.has_duplicate_names() {
        return Err(found("the zip", "two entries have one name"));
    }
    let mut unpacked = Unpacked {
        folder: folder.to_owned(),
        digests: BTreeMap::new(),
        bytes: 0,
        damaged: BTreeMap::new(),
    };
    for index in 0..zip.len() {
        unpack_entry(&mut zip, index, len, &mut unpacked)?;
    }
    let names: Vec<String> = unpacked.digests.keys().cloned().collect();
    if unpacked.damaged.is_empty()
        && let Some(byte) = archive::first_difference(bundle, folder, &names)?
    {
        let what = "it is not in the form that mrv writes: altered, or packed anew by another program; \
                    ask for the file as it was made";
        return Err(found(format!("byte {byte} of the zip"), what));
    }
    Ok(unpacked)
}

fn unpack_entry(
    zip: &mut ZipArchive<BufReader<File>>,
    index: usize,
    zip_len: u64,
    unpacked: &mut Unpacked,
) -> Result<(), Stop> {
    let mut entry = zip.by_index(index).map_err(|error| broken(&error))?;
    let name = entry.name().map_err(|error| broken(&error))?.into_owned();
    if !is_name(&name) {
        let shown: String = name.chars().take(80).flat_map(char::escape_default).collect();
        return Err(found(format!("entry {shown}"), "its name is none of a bundle"));
    }
    let is_stored = entry.compression() == CompressionMethod::Stored && !entry.encrypted();
    if !is_stored || !entry.is_file() || entry.size() != entry.compressed_size() {
        return Err(found(name, "entries of a bundle are files, stored as they are"));
    }
    let most = match name.ends_with(".parquet") {
        true => MESSAGES_FILE_BYTES_MAX,
        false if name == LEAVES || name.starts_with("data/blobs/") => BYTES_MAX,
        false => TEXT_BYTES_MAX,
    };
    let (len, stated) = (entry.size(), entry.crc32());
    if len > most || unpacked.bytes.saturating_add(len) > zip_len {
        let what = format!("it says that it has {len} bytes, more than the zip or than {most}");
        return Err(found(name, what));
    }
    let path = unpacked.folder.join(&name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(BundleError::io("create folder", parent))?;
    }
    let file = File::create_new(&path).map_err(BundleError::io("create", &path))?;
    let mut out = BufWriter::with_capacity(1 << 18, file);
    let (mut sha, mut read) = (Sha256::new(), 0);
    let mut chunk = vec![0; 1 << 16];
    loop {
        let count = match entry.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            // All bytes are there: what they are is looked at by later layers.
            Err(_) if read == len => {
                unpacked.damaged.insert(name.clone(), stated);
                break;
            }
            Err(error) => return Err(found(name, format!("it cannot be read: {error}"))),
        };
        read += count as u64;
        if read > len {
            return Err(found(name, "it has more bytes than it says"));
        }
        sha.update(&chunk[..count]);
        out.write_all(&chunk[..count]).map_err(BundleError::io("write", &path))?;
    }
    out.flush().map_err(BundleError::io("write", &path))?;
    if read != len {
        return Err(found(name, "it has fewer bytes than it says"));
    }
    unpacked.bytes += len;
    unpacked.digests.insert(name, (Sha256Digest(sha.finalize().into()), len));
    Ok(())
}

/// Looks at the end of the zip before its list of entries is read into memory.
fn check_directory(file: &File, len: u64) -> std::io::Result<Result<(), Stop>> {
    let cut_off = || Ok(Err(found("the zip", "it is cut off, or no zip: its end is not there")));
    let Some(at) = len.checked_sub(END_BYTES) else { return cut_off() };
    let mut end = [0; END_BYTES as usize];
    file.read_exact_at(&mut end, at)?;
    let number =
        |bytes: &[u8]| bytes.iter().rev().fold(0u64, |all, byte| all << 8 | u64::from(*byte));
    if &end[..4] != b"PK\x05\x06" || end[20..] != [0, 0] {
        return cut_off();
    }
    let (mut count, mut size) = (number(&end[10..12]), number(&end[12..16]));
    if count == u64::from(u16::MAX) || size == u64::from(SEE_LONGER) {
        let Some(at) = at.checked_sub(LOCATOR_BYTES) else { return cut_off() };
        let mut locator = [0; LOCATOR_BYTES as usize];
        file.read_exact_at(&mut locator, at)?;
        let longer = number(&locator[8..16]);
        let mut record = [0; 56];
        if &locator[..4] != b"PK\x06\x07" || longer.saturating_add(56) > at {
            return cut_off();
        }
        file.read_exact_at(&mut record, longer)?;
        (count, size) = (number(&record[32..40]), number(&record[40..48]));
    }
    if count > ENTRIES_MAX || size > ENTRIES_MAX * (ENTRY_BYTES_MAX + NAME_BYTES_MAX) {
        let what = format!("it says that it has {count} entries, at most {ENTRIES_MAX} are read");
        return Ok(Err(found("the zip", what)));
    }
    Ok(Ok(()))
}

/// True for a relative path of plain names that can become a file below a folder.
fn is_name(name: &str) -> bool {
    let is_plain = |part: &str| {
        let is_known = |letter: char| {
            letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-' | '=')
        };
        !part.is_empty() && part != "." && part != ".." && part.chars().all(is_known)
    };
    name.len() as u64 <= NAME_BYTES_MAX && name.split('/').all(is_plain)
}

fn broken(error: &zip::result::ZipError) -> Stop {
    found("the zip", format!("it cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn only_plain_relative_names_become_files() {
        for name in ["a", "data/x-1.parquet", "data/project=a/month=2026-01/0_1.parquet"] {
            assert!(is_name(name), "{name}");
        }
        let long = "x".repeat(241);
        for name in
            ["", "/a", "a/", "../a", "a/../b", "a//b", "./a", "a\\b", "a\0", "c:a", "ä", &long]
        {
            assert!(!is_name(name), "{name}");
        }
    }
}
