//! The folder's lock: one process writes, the others are refused.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};

use super::DaemonError;
use crate::dataset::durable::create_folder;
use crate::dataset::layout::Layout;

/// Held as long as this lives; the system releases it however the process ends.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the lock of a data folder.
    ///
    /// # Errors
    /// [`DaemonError::Locked`] when another process holds it.
    pub fn take(layout: &Layout) -> Result<Self, DaemonError> {
        create_folder(layout.root())?;
        let path = layout.lock();
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(DaemonError::io("open", &path))?;
        if rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut pid = String::new();
            let is_read = file.read_to_string(&mut pid).is_ok();
            let pid = (is_read && !pid.trim().is_empty()).then(|| pid.trim().to_owned());
            return Err(DaemonError::Locked { path: layout.root().display().to_string(), pid });
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        write(&mut file).map_err(DaemonError::io("write", &path))?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_writer() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        let held = FolderLock::take(&layout).unwrap();
        let error = FolderLock::take(&layout).unwrap_err().to_string();
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        drop(held);
        FolderLock::take(&layout).unwrap();
    }
}
