//! The leaf: a message's header in its one canonical form, and the commitment to its payload.
//!
//! Integers are big-endian. `schemas/leaf.md` says the same for whoever writes a reader.
//!
//! | byte | |
//! | --- | --- |
//! | 0 | version, 1 |
//! | 1, 2 | kind, source |
//! | 3 | scheme of the commitment: 0 plain, 1 chunks |
//! | 4..12 | `received_at`, microseconds since 1970 UTC |
//! | 12.. | client: length (2 bytes) and UTF-8; then name likewise |
//! | then | length of the payload (8 bytes), commitment (32 bytes) |
//!
//! Plain: SHA-256(nonce || payload). Chunks, for payloads above 1 MiB: the RFC 9162 root over leaves
//! nonce || chunk of 1 MiB each, so that one line of a large file is shown by its chunk alone.

use sha2::{Digest, Sha256};

use super::{Hash, leaf_hash, root_of};
use crate::domain::digest::Sha256Digest;
use crate::domain::message::{CLIENT_BYTES_MAX, Header, Kind, NAME_BYTES_MAX, Nonce, Source};
use crate::domain::time::Timestamp;

const VERSION: u8 = 1;
/// Payloads up to this many bytes are committed to plainly, larger ones by chunks of this size.
pub const CHUNK_BYTES: usize = 1 << 20;
/// Most bytes of a leaf; far below the 64 KiB of an entry of C2SP tlog-tiles.
pub const LEAF_BYTES_MAX: usize = 4_096;

/// Why bytes are no leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    #[error("leaf version {0} is unknown")]
    Version(u8),
    #[error("leaf is cut off or has bytes after its end")]
    Length,
    #[error("leaf field {0} has a value that none has")]
    Field(&'static str),
}

/// The leaf of a header.
#[must_use]
pub fn encode(header: &Header) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64 + header.client.len() + header.name.len());
    encode_into(&mut bytes, header);
    bytes
}

/// Appends the leaf of a header to `bytes`.
pub fn encode_into(bytes: &mut Vec<u8>, header: &Header) {
    bytes.extend_from_slice(&[VERSION, header.kind as u8, header.source as u8]);
    bytes.push(u8::from(header.payload_len > CHUNK_BYTES as u64));
    bytes.extend_from_slice(&header.received_at.us().to_be_bytes());
    for text in [&header.client, &header.name] {
        // The journal let no longer text in than fits two bytes.
        bytes.extend_from_slice(&(text.len() as u16).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes.extend_from_slice(&header.payload_len.to_be_bytes());
    bytes.extend_from_slice(&header.commitment.0);
}

/// The header of a leaf; accepts the canonical form alone.
///
/// # Errors
/// What is wrong with the bytes.
pub fn decode(bytes: &[u8]) -> Result<Header, LeafError> {
    let mut rest = bytes;
    let [version, kind, source, scheme] = take(&mut rest)?;
    if version != VERSION {
        return Err(LeafError::Version(version));
    }
    let received_at = Timestamp::from_us(i64::from_be_bytes(take(&mut rest)?));
    let client = text(&mut rest, CLIENT_BYTES_MAX, "client")?;
    let name = text(&mut rest, NAME_BYTES_MAX, "name")?;
    let payload_len = u64::from_be_bytes(take(&mut rest)?);
    let commitment = Sha256Digest(take(&mut rest)?);
    if !rest.is_empty() {
        return Err(LeafError::Length);
    }
    if scheme != u8::from(payload_len > CHUNK_BYTES as u64) {
        return Err(LeafError::Field("scheme"));
    }
    Ok(Header {
        kind: Kind::from_code(kind).ok_or(LeafError::Field("kind"))?,
        source: Source::from_code(source).ok_or(LeafError::Field("source"))?,
        received_at,
        client: client.into(),
        name: name.into(),
        payload_len,
        commitment,
    })
}

/// What a leaf commits to for this payload.
#[must_use]
pub fn commitment(nonce: &Nonce, payload: &[u8]) -> Sha256Digest {
    if payload.len() <= CHUNK_BYTES {
        // Of what is short the plain hash alone, not the chunk's too.
        return Sha256Digest(
            Sha256::new().chain_update(nonce.0).chain_update(payload).finalize().into(),
        );
    }
    let mut builder = CommitmentBuilder::new(nonce);
    builder.update(payload);
    builder.finish()
}

/// The commitment to a payload that comes piece by piece, in memory of one chunk's state and 32
/// bytes a MiB.
pub struct CommitmentBuilder {
    nonce: Nonce,
    plain: Sha256,
    chunk: Sha256,
    chunk_len: usize,
    chunks: Vec<Hash>,
    len: u64,
}

impl CommitmentBuilder {
    #[must_use]
    pub fn new(nonce: &Nonce) -> Self {
        let plain = Sha256::new().chain_update(nonce.0);
        let chunk = begin_chunk(nonce);
        Self { nonce: *nonce, plain, chunk, chunk_len: 0, chunks: Vec::new(), len: 0 }
    }

    pub fn update(&mut self, mut bytes: &[u8]) {
        if self.len <= CHUNK_BYTES as u64 {
            self.plain.update(bytes);
        }
        self.len += bytes.len() as u64;
        while !bytes.is_empty() {
            if self.chunk_len == CHUNK_BYTES {
                self.end_chunk();
            }
            let count = bytes.len().min(CHUNK_BYTES - self.chunk_len);
            self.chunk.update(&bytes[..count]);
            self.chunk_len += count;
            bytes = &bytes[count..];
        }
    }

    #[must_use]
    pub fn finish(mut self) -> Sha256Digest {
        if self.len <= CHUNK_BYTES as u64 {
            return Sha256Digest(self.plain.finalize().into());
        }
        self.end_chunk();
        Sha256Digest(root_of(&self.chunks))
    }

    fn end_chunk(&mut self) {
        let chunk = std::mem::replace(&mut self.chunk, begin_chunk(&self.nonce));
        self.chunks.push(chunk.finalize().into());
        self.chunk_len = 0;
    }
}

/// The hash that the tree of chunks holds for one chunk.
#[must_use]
pub fn chunk_hash(nonce: &Nonce, chunk: &[u8]) -> Hash {
    leaf_hash(&[&nonce.0[..], chunk].concat())
}

fn begin_chunk(nonce: &Nonce) -> Sha256 {
    Sha256::new().chain_update([0]).chain_update(nonce.0)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], LeafError> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or(LeafError::Length)?;
    *rest = tail;
    Ok(*head)
}

fn text<'a>(
    rest: &mut &'a [u8],
    bytes_max: usize,
    field: &'static str,
) -> Result<&'a str, LeafError> {
    let len = usize::from(u16::from_be_bytes(take(rest)?));
    if len > bytes_max {
        return Err(LeafError::Field(field));
    }
    let (head, tail) = rest.split_at_checked(len).ok_or(LeafError::Length)?;
    *rest = tail;
    std::str::from_utf8(head).map_err(|_| LeafError::Field(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            kind: Kind::Data,
            source: Source::MqttListener,
            received_at: Timestamp::from_us(1_795_392_900_000_000),
            client: "gw-1".into(),
            name: "mrv/v1/p/s/d".into(),
            payload_len: 5,
            commitment: commitment(&Nonce([7; 16]), b"hello"),
        }
    }

    /// Written once and never changed: a leaf of version 1 must open for ever.
    const FIXTURE: &str =
        "01010100000660e67c096900000467772d31000c6d72762f76312f702f732f640000000000000005";

    #[test]
    fn the_leaf_of_version_1_opens_for_ever() {
        let leaf = encode(&header());
        let hex: String = leaf.iter().map(|byte| format!("{byte:02x}")).collect();
        let commitment = Sha256Digest::of(&[&[7; 16][..], b"hello"].concat()).to_string();
        assert_eq!(hex, format!("{FIXTURE}{commitment}"));
        assert_eq!(decode(&leaf), Ok(header()));
    }

    #[test]
    fn only_the_canonical_form_is_a_leaf() {
        let leaf = encode(&header());
        for cut in 0..leaf.len() {
            assert!(decode(&leaf[..cut]).is_err(), "cut at {cut}");
        }
        assert_eq!(decode(&[&leaf[..], &[0]].concat()), Err(LeafError::Length));
        let altered = |at: usize, value: u8| {
            let mut bytes = leaf.clone();
            bytes[at] = value;
            decode(&bytes)
        };
        assert_eq!(altered(0, 2), Err(LeafError::Version(2)));
        assert_eq!(altered(1, 99), Err(LeafError::Field("kind")));
        assert_eq!(altered(2, 0), Err(LeafError::Field("source")));
        assert_eq!(altered(3, 1), Err(LeafError::Field("scheme")));
    }

    #[test]
    fn a_large_payload_is_committed_to_by_its_chunks() {
        let nonce = Nonce([1; 16]);
        let payload = vec![5; 2 * CHUNK_BYTES + 3];
        let hashes: Vec<Hash> =
            payload.chunks(CHUNK_BYTES).map(|chunk| chunk_hash(&nonce, chunk)).collect();
        assert_eq!(hashes.len(), 3);
        assert_eq!(commitment(&nonce, &payload), Sha256Digest(root_of(&hashes)));
        let one = &payload[..CHUNK_BYTES];
        let plain = Sha256Digest::of(&[&nonce.0[..], one].concat());
        assert_eq!(commitment(&nonce, one), plain);
    }

    #[test]
    fn a_commitment_does_not_depend_on_the_pieces() {
        let nonce = Nonce([2; 16]);
        let payload: Vec<u8> = (0..3 * CHUNK_BYTES / 2).map(|n| (n % 251) as u8).collect();
        for piece in [1 << 10, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1] {
            let mut builder = CommitmentBuilder::new(&nonce);
            payload.chunks(piece).for_each(|part| builder.update(part));
            assert_eq!(builder.finish(), commitment(&nonce, &payload), "pieces of {piece}");
        }
    }
}
