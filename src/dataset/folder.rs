//! What a folder holds: names, lengths and digests of its files.

use std::path::Path;

use super::DatasetError;
use crate::domain::digest::Sha256Digest;

/// All files below a folder with their lengths, sorted by relative name. A missing folder is empty.
///
/// # Errors
/// When it cannot be listed.
pub fn list_folder(folder: &Path) -> Result<Vec<(String, u64)>, DatasetError> {
    fn walk(base: &Path, folder: &Path, files: &mut Vec<(String, u64)>) -> std::io::Result<()> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                walk(base, &entry.path(), files)?;
            } else {
                let path = entry.path();
                let name = path.strip_prefix(base).unwrap_or(&path).to_string_lossy().into_owned();
                files.push((name, entry.metadata()?.len()));
            }
        }
        Ok(())
    }
    let mut files = Vec::new();
    walk(folder, folder, &mut files).map_err(DatasetError::io("list", folder))?;
    files.sort();
    Ok(files)
}

/// All files below a folder with length and SHA-256, sorted by relative name.
///
/// # Errors
/// When it cannot be listed or a file not be read.
pub fn digest_folder(folder: &Path) -> Result<Vec<(String, u64, String)>, DatasetError> {
    digest_files(folder, |_| true)
}

/// The same, with an empty digest for files that are not `wanted`.
///
/// # Errors
/// When it cannot be listed or a file not be read.
pub fn digest_files(
    folder: &Path,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<(String, u64, String)>, DatasetError> {
    let mut files = Vec::new();
    for (name, len) in list_folder(folder)? {
        let digest = match wanted(&name) {
            true => digest_file(&folder.join(&name))?,
            false => String::new(),
        };
        files.push((name, len, digest));
    }
    Ok(files)
}

/// True if a folder holds exactly these files; those with an empty digest by name and length alone.
///
/// # Errors
/// When it cannot be listed or a file not be read.
pub(super) fn holds(folder: &Path, files: &[(String, u64, String)]) -> Result<bool, DatasetError> {
    let there = list_folder(folder)?;
    let is_like =
        |((name, len), (other, expected, _)): (&(String, u64), &(String, u64, String))| {
            name == other && len == expected
        };
    if there.len() != files.len() || !there.iter().zip(files).all(is_like) {
        return Ok(false);
    }
    for (name, _, digest) in files.iter().filter(|(_, _, digest)| !digest.is_empty()) {
        if digest_file(&folder.join(name))? != *digest {
            return Ok(false);
        }
    }
    Ok(true)
}

fn digest_file(path: &Path) -> Result<String, DatasetError> {
    let bytes = std::fs::read(path).map_err(DatasetError::io("read", path))?;
    Ok(Sha256Digest::of(&bytes).to_string())
}
