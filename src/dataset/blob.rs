//! Blobs: payloads too large for `messages`, each a file under its SHA-256.
//!
//! A blob is on disk with its name before anything refers to it, and is never changed. Storing the
//! same bytes again finds them there.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::DatasetError;
use super::durable::{create_folder, sync_folder};
use super::layout::Layout;
use crate::domain::digest::Sha256Digest;
use crate::domain::message::{BlobRef, INLINE_PAYLOAD_BYTES_MAX, Nonce, Payload};
use crate::evidence::leaf::CommitmentBuilder;

/// Bytes copied at once.
const CHUNK_BYTES: usize = 1 << 18;

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
    for (name, _) in super::commit::list_folder(&folder)? {
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
    let file = File::create_new(part).map_err(DatasetError::io("create", part))?;
    let mut out = BufWriter::with_capacity(CHUNK_BYTES, file);
    let (mut sha, mut commitment) = (Sha256::new(), CommitmentBuilder::new(nonce));
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut len = 0;
    loop {
        let count = match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(DatasetError::io("read", shown)(error)),
        };
        sha.update(&chunk[..count]);
        commitment.update(&chunk[..count]);
        out.write_all(&chunk[..count]).map_err(DatasetError::io("write", part))?;
        len += count as u64;
    }
    let file =
        out.into_inner().map_err(|error| DatasetError::io("write", part)(error.into_error()))?;
    file.sync_all().map_err(DatasetError::io("sync", part))?;
    Ok(BlobRef {
        sha256: Sha256Digest(sha.finalize().into()),
        len,
        commitment: commitment.finish(),
    })
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
        let names = crate::dataset::commit::list_folder(&layout.blobs()).unwrap();
        assert_eq!(names.len(), 2);
    }
}
