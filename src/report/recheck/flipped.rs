//! One flipped bit of an entry, found from its checksum: CRC-32 says which bit alone explains it.
//!
//! Takes the bytes as they are, the checksum that the zip states, and the digest that the manifest
//! lists; names the byte only where the digest holds with that bit set back. More than one altered bit
//! is not found this way.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::domain::digest::Sha256Digest;

/// The generator of CRC-32 as zip has it, its bits reflected.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// A bit that was flipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flipped {
    /// From the start of the entry.
    pub byte: u64,
    pub is: u8,
    pub was: u8,
}

/// The bit whose flip explains the checksum, where the listed digest holds without it.
///
/// # Errors
/// When the file cannot be read.
pub fn find(path: &Path, stated: u32, listed: Sha256Digest) -> std::io::Result<Option<Flipped>> {
    let table = table();
    let (mut crc, mut len) = (u32::MAX, 0u64);
    each_chunk(path, |chunk| {
        for byte in chunk {
            crc = step(&table, crc, *byte);
        }
        len += chunk.len() as u64;
    })?;
    let Some((byte, bit)) = place(&table, !crc ^ stated, len) else { return Ok(None) };
    let (mut sha, mut at, mut is) = (Sha256::new(), 0u64, 0u8);
    each_chunk(path, |chunk| {
        match byte.checked_sub(at).filter(|inside| *inside < chunk.len() as u64) {
            Some(inside) => {
                let (before, rest) = chunk.split_at(inside as usize);
                is = rest[0];
                sha.update(before);
                sha.update([is ^ (1 << bit)]);
                sha.update(&rest[1..]);
            }
            None => sha.update(chunk),
        }
        at += chunk.len() as u64;
    })?;
    let is_listed = Sha256Digest(sha.finalize().into()) == listed;
    Ok(is_listed.then_some(Flipped { byte, is, was: is ^ (1 << bit) }))
}

/// Byte and bit whose flip changes the checksum of `len` bytes by `change`.
fn place(table: &[u32; 256], change: u32, len: u64) -> Option<(u64, u32)> {
    if change == 0 {
        return None;
    }
    // What each bit of the last byte changes; every byte further ahead is one step on.
    let mut changes: [u32; 8] = std::array::from_fn(|bit| table[1 << bit]);
    for behind in 0..len {
        if let Some(bit) = changes.iter().position(|one| *one == change) {
            return Some((len - 1 - behind, bit as u32));
        }
        for one in &mut changes {
            *one = step(table, *one, 0);
        }
    }
    None
}

fn step(table: &[u32; 256], crc: u32, byte: u8) -> u32 {
    table[((crc ^ u32::from(byte)) & 0xff) as usize] ^ (crc >> 8)
}

fn table() -> [u32; 256] {
    std::array::from_fn(|byte| {
        (0..8).fold(byte as u32, |crc, _| match crc & 1 {
            1 => (crc >> 1) ^ POLYNOMIAL,
            _ => crc >> 1,
        })
    })
}

fn each_chunk(path: &Path, mut each: impl FnMut(&[u8])) -> std::io::Result<()> {
    let mut input = BufReader::new(File::open(path)?);
    let mut chunk = vec![0; 1 << 16];
    loop {
        match input.read(&mut chunk)? {
            0 => return Ok(()),
            count => each(&chunk[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crc(bytes: &[u8]) -> u32 {
        let table = table();
        !bytes.iter().fold(u32::MAX, |crc, byte| step(&table, crc, *byte))
    }

    #[test]
    fn the_checksum_is_that_of_zip() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn every_single_flipped_bit_is_found_and_two_are_not_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("entry");
        let whole: Vec<u8> = (0..3_000u32).map(|number| (number * 7 % 251) as u8).collect();
        let (stated, listed) = (crc(&whole), Sha256Digest::of(&whole));
        for (byte, bit) in [(0, 0), (0, 7), (1, 3), (1_499, 5), (2_999, 0), (2_999, 7)] {
            let mut altered = whole.clone();
            altered[byte] ^= 1 << bit;
            std::fs::write(&path, &altered).unwrap();
            let expected = Flipped { byte: byte as u64, is: altered[byte], was: whole[byte] };
            assert_eq!(find(&path, stated, listed).unwrap(), Some(expected));
        }
        let mut altered = whole.clone();
        altered[5] ^= 1;
        altered[900] ^= 4;
        std::fs::write(&path, &altered).unwrap();
        assert_eq!(find(&path, stated, listed).unwrap(), None);
        std::fs::write(&path, &whole).unwrap();
        assert_eq!(find(&path, stated, listed).unwrap(), None, "nothing is flipped");
    }
}
