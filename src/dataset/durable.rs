//! Files that survive a power cut: write, sync the file, sync its folder.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use super::DatasetError;

/// Writes a new file with these bytes and syncs it. The folder is not synced: see [`sync_folder`].
///
/// # Errors
/// When it cannot be created, written or synced.
pub fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), DatasetError> {
    let mut file = File::create(path).map_err(DatasetError::io("create", path))?;
    file.write_all(bytes).map_err(DatasetError::io("write", path))?;
    file.sync_data().map_err(DatasetError::io("sync", path))
}

/// Replaces `path` by a file with these bytes, so that a reader sees the old or the new one.
///
/// # Errors
/// When a step fails; the old file then stands.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), DatasetError> {
    let next = path.with_extension("next");
    write_synced(&next, bytes)?;
    std::fs::rename(&next, path).map_err(DatasetError::io("rename to", path))?;
    sync_parent(path)
}

/// Makes the names in a folder durable.
///
/// # Errors
/// When the folder cannot be opened or synced.
pub fn sync_folder(path: &Path) -> Result<(), DatasetError> {
    let folder = File::open(path).map_err(DatasetError::io("open folder", path))?;
    folder.sync_all().map_err(DatasetError::io("sync folder", path))
}

/// Makes the name of this path durable.
///
/// # Errors
/// As [`sync_folder`].
pub fn sync_parent(path: &Path) -> Result<(), DatasetError> {
    match path.parent() {
        Some(parent) => sync_folder(parent),
        None => Ok(()),
    }
}

/// Creates a folder and those above it, and makes their names durable.
///
/// # Errors
/// When one cannot be created or synced.
pub fn create_folder(path: &Path) -> Result<(), DatasetError> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create_folder(parent)?;
    }
    match std::fs::create_dir(path) {
        Ok(()) => sync_parent(path),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(DatasetError::io("create folder", path)(error)),
    }
}

/// Reads a whole file; `None` if it is not there.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, DatasetError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DatasetError::io("read", path)(error)),
    }
}
