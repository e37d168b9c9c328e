//! Blobs: payloads too large for `messages`, each a file under its SHA-256.
//!
//! A blob is on disk with its name before anything refers to it, and is never changed. Storing the
//! same bytes again finds them there.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use sha2::{Digest, Sha256};

use super::DatasetError;
use super::durable::{create_folder, sync_folder};
use super::layout::Layout;
use crate::domain::digest::Sha256Digest;
use crate::domain::message::{BlobRef, INLINE_PAYLOAD_BYTES_MAX, Nonce, Payload};
use crate::evidence::leaf::CommitmentBuilder;

/// Bytes copied at once.
const CHUNK_BYTES: usize = 1 << 18;

/// A large file is synced each time that it has grown by this.
const SYNC_BYTES: u64 = 32 << 20;

/// A payload where it will stay, and the nonce its commitment was computed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub payload: Payload,
    /// `None` for an inline payload: the journal draws it.
    pub nonce: Option<Nonce>,
}

/// Stores what `input` gives: in memory up to [`INLINE_PAYLOAD_BYTES_MAX`], else as a blob, synced
/// with its name when this returns. `shown` names the input in errors.
///
/// # Errors
/// When the input cannot be read, or the blob not be written.
pub fn store(
    layout: &Layout,
    input: &mut dyn Read,
    shown: &Path,
    nonce: Nonce,
) -> Result<Stored, DatasetError> {
    let mut head = Vec::new();
    input
        .take(INLINE_PAYLOAD_BYTES_MAX as u64 + 1)
        .read_to_end(&mut head)
        .map_err(DatasetError::io("read", shown))?;
    if head.len() <= INLINE_PAYLOAD_BYTES_MAX {
        return Ok(Stored { payload: Payload::Inline(head.into()), nonce: None });
    }
    let folder = layout.blobs();
    create_folder(&folder)?;
    let suffix: String = nonce.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = folder.join(format!("{suffix}.part"));
    let blob = copy(&mut head.as_slice().chain(input), shown, &part, &nonce).inspect_err(|_| {
        // A half-written part would only take space; what went wrong is told either way.
        let _ = std::fs::remove_file(&part);
    })?;
    let path = layout.blob(&blob.sha256);
    std::fs::rename(&part, &path).map_err(DatasetError::io("rename to", &path))?;
    sync_folder(&folder)?;
    Ok(Stored { payload: Payload::Blob(blob), nonce: Some(nonce) })
}

/// The bytes of a payload, wherever they are.
///
/// # Errors
/// When the blob cannot be opened.
pub fn open(layout: &Layout, payload: &Payload) -> Result<Box<dyn Read + Send>, DatasetError> {
    match payload {
        Payload::Inline(bytes) => Ok(Box::new(std::io::Cursor::new(bytes.clone()))),
        Payload::Blob(blob) => {
            let path = layout.blob(&blob.sha256);
            let file = File::open(&path).map_err(DatasetError::io("open blob", &path))?;
            Ok(Box::new(BufReader::with_capacity(CHUNK_BYTES, file)))
        }
    }
}

/// Removes the parts that a crash left behind; called before anything is stored.
///
/// # Errors
/// When the folder cannot be listed or a part not be removed.
pub fn remove_parts(layout: &Layout) -> Result<(), DatasetError> {
    let folder = layout.blobs();
    for (name, _) in super::folder::list_folder(&folder)? {
        if name.ends_with(".part") {
            let path = folder.join(name);
            std::fs::remove_file(&path).map_err(DatasetError::io("remove", &path))?;
        }
    }
    Ok(())
}

fn copy(
    input: &mut dyn Read,
    shown: &Path,
    part: &Path,
    nonce: &Nonce,
) -> Result<BlobRef, DatasetError> {
    let mut file = File::create_new(part).map_err(DatasetError::io("create", part))?;
    let syncing = file.try_clone().map_err(DatasetError::io("open again", part))?;
    let mut sha = Sha256::new();
    let mut len = 0;
    let (commitment, synced) = std::thread::scope(|scope| {
        // The two hashes are computed side by side, and a large file goes to disk while it is read.
        let (chunks, hashed) = sync_channel::<Arc<Vec<u8>>>(4);
        let committing = scope.spawn(move || {
            let mut commitment = CommitmentBuilder::new(nonce);
            hashed.iter().for_each(|chunk| commitment.update(&chunk));
            commitment.finish()
        });
        let (marks, due) = sync_channel::<()>(1);
        let syncing = scope.spawn(move || due.iter().try_for_each(|()| syncing.sync_data()));
        loop {
            let mut chunk = vec![0; CHUNK_BYTES];
            let count = match input.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(DatasetError::io("read", shown)(error)),
            };
            chunk.truncate(count);
            let chunk = Arc::new(chunk);
            file.write_all(&chunk).map_err(DatasetError::io("write", part))?;
            // It ends with the channel alone, and is joined below.
            let _ = chunks.send(Arc::clone(&chunk));
            sha.update(&*chunk);
            if len / SYNC_BYTES != (len + count as u64) / SYNC_BYTES {
                // One that is under way covers this in part, the last one all of it.
                let _ = marks.try_send(());
            }
            len += count as u64;
        }
        drop((chunks, marks));
        let commitment = committing.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok((commitment, syncing.join().unwrap_or_else(|panic| resume_unwind(panic))))
    })?;
    // What a sync failed for is told once, to whoever asked first.
    synced.and_then(|()| file.sync_all()).map_err(DatasetError::io("sync", part))?;
    Ok(BlobRef { sha256: Sha256Digest(sha.finalize().into()), len, commitment })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::leaf::commitment;

    #[test]
    fn a_large_payload_lies_under_its_hash_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        for len in [0, INLINE_PAYLOAD_BYTES_MAX, INLINE_PAYLOAD_BYTES_MAX + 1, 3 << 20] {
            let bytes: Vec<u8> = (0..len).map(|n| (n % 253) as u8).collect();
            let nonce = Nonce([len as u8; 16]);
            let stored = store(&layout, &mut &bytes[..], Path::new("x"), nonce).unwrap();
            let mut back = Vec::new();
            open(&layout, &stored.payload).unwrap().read_to_end(&mut back).unwrap();
            assert_eq!(back, bytes);
            match stored.payload {
                Payload::Inline(_) => assert!(len <= INLINE_PAYLOAD_BYTES_MAX),
                Payload::Blob(blob) => {
                    assert_eq!(blob.commitment, commitment(&nonce, &bytes));
                    assert_eq!(blob.sha256, Sha256Digest::of(&bytes));
                    assert_eq!(stored.nonce, Some(nonce));
                }
            }
        }
        std::fs::write(layout.blobs().join("ab.part"), "half").unwrap();
        remove_parts(&layout).unwrap();
        let names = crate::dataset::folder::list_folder(&layout.blobs()).unwrap();
        assert_eq!(names.len(), 2);
    }
}
