//! Digests: SHA-256 values, the row digest of a table, the figures digest of a report.
//!
//! Both are SHA-256 over a canonical byte form, written out in `schemas/digest.md`: fields in column
//! order, each prefixed so that no two different sequences share their bytes. Parquet files differ
//! in their bytes between versions of one writer; rows do not.

use std::fmt;

use sha2::{Digest, Sha256};

/// A SHA-256 value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Digest(pub [u8; 32]);

impl Sha256Digest {
    /// SHA-256 of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut value = [0; 32];
        for (byte, pair) in value.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
        }
        Some(Self(value))
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// A running digest over fields in canonical form.
///
/// Null is one byte `0x00`. A present integer is `0x01` and eight bytes big-endian two's complement.
/// A present text or byte string is `0x02`, its length as eight bytes big-endian, and its bytes.
/// The digest begins with the UTF-8 name of what is digested, as a text field.
#[derive(Clone)]
pub struct FieldDigest {
    sha: Sha256,
    /// Fields not hashed yet: many short ones are hashed at once.
    pending: Vec<u8>,
}

/// Bytes that are hashed at once.
const PENDING_BYTES: usize = 8 << 10;

impl FieldDigest {
    /// Begins a digest of `what`, for instance `mrv row digest 1 readings`.
    #[must_use]
    pub fn new(what: &str) -> Self {
        let pending = Vec::with_capacity(2 * PENDING_BYTES);
        let mut digest = Self { sha: Sha256::new(), pending };
        digest.text(what);
        digest
    }

    pub fn null(&mut self) {
        self.pending.push(0);
    }

    pub fn int(&mut self, value: i64) {
        let mut field = [1; 9];
        field[1..].copy_from_slice(&value.to_be_bytes());
        self.pending.extend_from_slice(&field);
        self.hash_if_many();
    }

    pub fn text(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    pub fn bytes(&mut self, value: &[u8]) {
        let mut field = [2; 9];
        field[1..].copy_from_slice(&(value.len() as u64).to_be_bytes());
        self.pending.extend_from_slice(&field);
        if value.len() < PENDING_BYTES {
            self.pending.extend_from_slice(value);
        } else {
            self.sha.update(&self.pending);
            self.pending.clear();
            self.sha.update(value);
        }
        self.hash_if_many();
    }

    pub fn int_or_null(&mut self, value: Option<i64>) {
        match value {
            Some(value) => self.int(value),
            None => self.null(),
        }
    }

    pub fn text_or_null(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    #[must_use]
    pub fn finish(mut self) -> Sha256Digest {
        self.sha.update(&self.pending);
        Sha256Digest(self.sha.finalize().into())
    }

    fn hash_if_many(&mut self) {
        if self.pending.len() >= PENDING_BYTES {
            self.sha.update(&self.pending);
            self.pending.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_prints_and_reads_back() {
        let digest = Sha256Digest::of(b"abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest.to_string(), text);
        assert_eq!(Sha256Digest::parse(text), Some(digest));
        assert_eq!(Sha256Digest::parse(&text.to_uppercase()), None);
        assert_eq!(Sha256Digest::parse("ba"), None);
    }

    #[test]
    fn the_canonical_form_is_the_written_one() {
        let mut digest = FieldDigest::new("t");
        digest.null();
        digest.int(-2);
        digest.text("é");
        let bytes: Vec<u8> = [
            &[2, 0, 0, 0, 0, 0, 0, 0, 1, b't'][..],
            &[0],
            &[1, 255, 255, 255, 255, 255, 255, 255, 254],
            &[2, 0, 0, 0, 0, 0, 0, 0, 2, 0xc3, 0xa9],
        ]
        .concat();
        assert_eq!(digest.finish(), Sha256Digest::of(&bytes));
    }

    #[test]
    fn fields_cannot_slide_into_each_other() {
        let of = |fields: &[&str]| {
            let mut digest = FieldDigest::new("t");
            fields.iter().for_each(|field| digest.text(field));
            digest.finish()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&[""]), of(&[]));
    }
}
