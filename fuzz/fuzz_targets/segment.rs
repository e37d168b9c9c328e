//! A journal segment: recovery keeps what it can show, refuses damage and leaves it as it was, and does
//! the same when it is done again.
//!
//! The input is a list of pieces, each a byte that says what it is and a length: a record with right
//! place and checksum over the given bytes, a record as it stands, or plain bytes.
#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use mrv::journal::{Journal, Options, Reader};

const SEGMENT_BYTES: usize = 4_096;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let shared_memory = Path::new("/dev/shm");
    let folder = FOLDER.get_or_init(|| match shared_memory.is_dir() {
        true => tempfile::tempdir_in(shared_memory).unwrap(),
        false => tempfile::tempdir().unwrap(),
    });
    let path = folder.path().join(format!("{:020}.seg", 0));
    let segment = segment(data);
    std::fs::write(&path, &segment).unwrap();
    let Ok(first) = recovered(folder.path()) else {
        assert_eq!(std::fs::read(&path).unwrap(), segment, "damage is left as it is");
        return;
    };
    assert_eq!(recovered(folder.path()), Ok(first), "recovered twice");
});

fn recovered(folder: &Path) -> Result<Vec<String>, String> {
    let journal = Journal::open(folder, 0, Options::default(), || 0).map_err(|e| e.to_string())?;
    let durable = *journal.durable().borrow();
    let mut reader = Reader::open(folder, 0);
    let mut all = vec![durable.to_string()];
    loop {
        match reader.next(durable) {
            Ok(Some(record)) => all.push(format!("{record:?}")),
            Ok(None) => return Ok(all),
            // A body that is no message, under a right checksum: told, and nothing is passed over.
            Err(error) => {
                all.push(error.to_string());
                return Ok(all);
            }
        }
    }
}

fn segment(data: &[u8]) -> Vec<u8> {
    let mut header = [0; 64];
    header[..8].copy_from_slice(b"MRVJRNL1");
    let crc = crc32c::crc32c(&header[..60]);
    header[60..].copy_from_slice(&crc.to_le_bytes());
    let mut bytes = header.to_vec();
    let mut rest = data;
    while let [what, len, tail @ ..] = rest {
        let (piece, next) = tail.split_at(usize::from(*len).min(tail.len()));
        rest = next;
        let place = bytes.len() as u64;
        let mut body = vec![1, what >> 7];
        body.extend_from_slice(&place.to_le_bytes());
        body.extend_from_slice(&place.saturating_sub(u64::from(what >> 2 & 31)).to_le_bytes());
        body.extend_from_slice(piece);
        body.resize(body.len().max(26), 0);
        let len = (body.len() as u32).to_le_bytes();
        let crc = crc32c::crc32c_append(crc32c::crc32c(&len), &body);
        match what & 3 {
            0 => bytes.extend_from_slice(piece),
            1 => bytes.extend([&len[..], &[0; 4], &body].concat()),
            _ => bytes.extend([&len[..], &crc.to_le_bytes(), &body].concat()),
        }
    }
    bytes.resize(bytes.len().max(SEGMENT_BYTES), 0);
    bytes
}
