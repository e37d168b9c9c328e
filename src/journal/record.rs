//! One record: encoded by the sender, completed by the writer, checked by whoever reads.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::{JournalError, Position};
use crate::domain::digest::Sha256Digest;
use crate::domain::id::ProjectId;
use crate::domain::message::{
    BlobRef, CLIENT_BYTES_MAX, Draft, INLINE_PAYLOAD_BYTES_MAX, Kind, Message, NAME_BYTES_MAX,
    Nonce, Payload, Source,
};
use crate::domain::time::Timestamp;

const VERSION: u8 = 1;
const TYPE_MESSAGE: u8 = 0;
const TYPE_MARKER: u8 = 1;

/// Bytes of length and CRC.
pub const PREFIX_BYTES: usize = 8;
/// Bytes of a marker with its prefix.
pub const MARKER_BYTES: usize = 34;
/// Most bytes of a record with its prefix.
pub const RECORD_BYTES_MAX: usize =
    64 + 255 + CLIENT_BYTES_MAX + NAME_BYTES_MAX + INLINE_PAYLOAD_BYTES_MAX + 128;

/// Appends the record of `draft` to `out`, with place, time and CRC still to be filled in.
///
/// # Errors
/// When a field is longer than its limit.
pub fn encode(out: &mut Vec<u8>, draft: &Draft, nonce: Nonce) -> Result<(), JournalError> {
    if draft.client.len() > CLIENT_BYTES_MAX {
        return Err(JournalError::Refused("client name too long"));
    }
    if draft.name.len() > NAME_BYTES_MAX {
        return Err(JournalError::Refused("topic or file name too long"));
    }
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX_BYTES]);
    out.extend_from_slice(&[VERSION, TYPE_MESSAGE]);
    out.extend_from_slice(&[0; 24]);
    out.extend_from_slice(&[draft.kind as u8, draft.source as u8]);
    let project = draft.project.as_str().as_bytes();
    // Ids have at most 64 bytes, the other two were checked above.
    out.push(project.len() as u8);
    out.extend_from_slice(project);
    for text in [&draft.client, &draft.name] {
        out.extend_from_slice(&(text.len() as u16).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    }
    out.extend_from_slice(&nonce.0);
    match &draft.payload {
        Payload::Inline(bytes) => {
            if bytes.len() > INLINE_PAYLOAD_BYTES_MAX {
                out.truncate(start);
                return Err(JournalError::Refused("payload too long to be inline"));
            }
            out.push(0);
            out.extend_from_slice(bytes);
        }
        Payload::Blob(blob) => {
            out.push(1);
            out.extend_from_slice(&blob.sha256.0);
            out.extend_from_slice(&blob.len.to_le_bytes());
            out.extend_from_slice(&blob.commitment.0);
        }
    }
    let body_len = (out.len() - start - PREFIX_BYTES) as u32;
    out[start..start + 4].copy_from_slice(&body_len.to_le_bytes());
    Ok(())
}

/// Bytes of the record at the beginning of `bytes`, prefix included.
#[must_use]
pub fn len(bytes: &[u8]) -> usize {
    PREFIX_BYTES + read_u32(bytes, 0) as usize
}

/// Fills in what only the writer knows.
pub fn complete(record: &mut [u8], position: Position, durable: Position, received_at: i64) {
    record[10..18].copy_from_slice(&position.to_le_bytes());
    record[18..26].copy_from_slice(&durable.to_le_bytes());
    record[26..34].copy_from_slice(&received_at.to_le_bytes());
    let crc = crc(record);
    record[4..8].copy_from_slice(&crc.to_le_bytes());
}

/// A marker that carries `durable`.
#[must_use]
pub fn marker(position: Position, durable: Position, received_at: i64) -> [u8; MARKER_BYTES] {
    let mut record = [0; MARKER_BYTES];
    record[0..4].copy_from_slice(&((MARKER_BYTES - PREFIX_BYTES) as u32).to_le_bytes());
    record[8] = VERSION;
    record[9] = TYPE_MARKER;
    complete(&mut record, position, durable, received_at);
    record
}

/// A record whose length, place and CRC are right.
#[derive(Debug, Clone, Copy)]
pub struct Checked {
    /// Bytes with the prefix.
    pub len: usize,
    pub durable: Position,
    pub received_at: i64,
    pub is_marker: bool,
}

/// What stands at the beginning of `bytes`.
#[derive(Debug, Clone, Copy)]
pub enum Found {
    Record(Checked),
    /// Zeros where a record would begin.
    End,
    /// Neither: torn or damaged.
    Invalid(&'static str),
}

/// Looks at what should be the record of `position`.
#[must_use]
pub fn check(bytes: &[u8], position: Position) -> Found {
    if bytes.len() < PREFIX_BYTES || read_u32(bytes, 0) == 0 {
        let is_zero = bytes.iter().take(PREFIX_BYTES).all(|byte| *byte == 0);
        return if is_zero { Found::End } else { Found::Invalid("bytes where the end should be") };
    }
    let len = len(bytes);
    if !(MARKER_BYTES..=RECORD_BYTES_MAX).contains(&len) || bytes.len() < len {
        return Found::Invalid("a length that no record has");
    }
    let record = &bytes[..len];
    if read_u64(record, 10) != position {
        return Found::Invalid("a record of another place");
    }
    if read_u32(record, 4) != crc(record) {
        return Found::Invalid("checksum does not fit");
    }
    if record[8] != VERSION || record[9] > TYPE_MARKER {
        return Found::Invalid("version or type unknown");
    }
    Found::Record(Checked {
        len,
        durable: read_u64(record, 18),
        received_at: read_u64(record, 26) as i64,
        is_marker: record[9] == TYPE_MARKER,
    })
}

/// Names met before, so that the many messages of one gateway share theirs.
#[derive(Debug, Default)]
pub struct Names {
    project: Option<ProjectId>,
    texts: HashMap<Box<str>, Arc<str>>,
    bytes: usize,
}

/// Most bytes of names that are remembered.
const NAMES_BYTES_MAX: usize = 1 << 20;

impl Names {
    fn project(&mut self, name: &str) -> Result<ProjectId, &'static str> {
        match &self.project {
            Some(last) if last.as_str() == name => Ok(last.clone()),
            _ => {
                let project = ProjectId::parse(name).map_err(|_| "project is no id")?;
                Ok(self.project.insert(project).clone())
            }
        }
    }

    fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        if self.bytes + text.len() > NAMES_BYTES_MAX {
            self.texts.clear();
            self.bytes = 0;
        }
        self.bytes += text.len();
        let shared: Arc<str> = text.into();
        self.texts.insert(text.into(), Arc::clone(&shared));
        shared
    }
}

/// The message of a checked record; its payload shares the memory of `record`, its names those of
/// earlier messages.
///
/// # Errors
/// The field that cannot be read.
pub fn decode(record: &Bytes, names: &mut Names) -> Result<Message, &'static str> {
    let mut at = 36;
    let mut take = |count: usize| -> Result<std::ops::Range<usize>, &'static str> {
        let end = at + count;
        if end > record.len() {
            return Err("a field goes beyond the record");
        }
        let range = at..end;
        at = end;
        Ok(range)
    };
    let text = |range: std::ops::Range<usize>| {
        std::str::from_utf8(&record[range]).map_err(|_| "a text is not UTF-8")
    };
    let len = record[take(1)?.start];
    let project = names.project(text(take(len.into())?)?)?;
    let len = read_u16(record, take(2)?.start);
    let client = names.text(text(take(len.into())?)?);
    let len = read_u16(record, take(2)?.start);
    let name = names.text(text(take(len.into())?)?);
    let mut nonce = Nonce([0; 16]);
    nonce.0.copy_from_slice(&record[take(16)?]);
    let payload = match record[take(1)?.start] {
        0 => {
            let rest = record.len() - at;
            at += rest;
            Payload::Inline(record.slice(at - rest..at))
        }
        1 => {
            let sha256 = digest(record, take(32)?);
            let len = read_u64(record, take(8)?.start);
            let commitment = digest(record, take(32)?);
            Payload::Blob(BlobRef { sha256, len, commitment })
        }
        _ => return Err("payload form unknown"),
    };
    if at != record.len() {
        return Err("bytes after the last field");
    }
    Ok(Message {
        project,
        kind: Kind::from_code(record[34]).ok_or("kind unknown")?,
        source: Source::from_code(record[35]).ok_or("source unknown")?,
        received_at: Timestamp::from_us(read_u64(record, 26) as i64),
        client,
        name,
        payload,
        nonce,
    })
}

fn crc(record: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&record[0..4]), &record[PREFIX_BYTES..])
}

fn digest(record: &[u8], range: std::ops::Range<usize>) -> Sha256Digest {
    let mut value = [0; 32];
    value.copy_from_slice(&record[range]);
    Sha256Digest(value)
}

fn read_u16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn read_u32(bytes: &[u8], at: usize) -> u32 {
    let mut value = [0; 4];
    value.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(value)
}

pub(super) fn read_u64(bytes: &[u8], at: usize) -> u64 {
    let mut value = [0; 8];
    value.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(value)
}
