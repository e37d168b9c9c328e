//! The evidence log's hashes on disk: one append-only file of 32-byte hashes per level.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::layout::Layout;
use crate::domain::id::ProjectId;
use crate::evidence::Hash;
use crate::evidence::tree::{HashReader, TreeError};

/// Bytes of a hash.
pub const HASH_BYTES: u64 = 32;

/// Reads hashes of one project's log.
pub struct LogFiles<'a> {
    pub layout: &'a Layout,
    pub project: &'a ProjectId,
}

impl HashReader for LogFiles<'_> {
    fn read(&self, level: u8, from: u64, count: u64) -> Result<Vec<Hash>, TreeError> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let path = self.layout.log_level(self.project, level);
        let error = |error: std::io::Error| TreeError::Read {
            level,
            from,
            reason: format!("{}: {error}", path.display()),
        };
        let file = File::open(&path).map_err(error)?;
        let mut bytes = vec![0; (count * HASH_BYTES) as usize];
        file.read_exact_at(&mut bytes, from * HASH_BYTES).map_err(error)?;
        Ok(bytes.as_chunks::<32>().0.to_vec())
    }
}
