//! Text encodings of files: whatever comes in, UTF-8 goes on.

use std::io::Read;

use encoding_rs::{Decoder, GBK, SHIFT_JIS, UTF_8, UTF_16LE, WINDOWS_874};

use crate::config::plan::reader::Encoding;

/// Stands where bytes were no character of the declared encoding.
pub const REPLACEMENT: char = '\u{FFFD}';

/// Reads text of an encoding as UTF-8; a byte-order mark is taken away.
///
/// Bytes that are no character become [`REPLACEMENT`], so that a row with one can be refused.
pub struct Utf8Reader<'a> {
    input: &'a mut dyn Read,
    decoder: Decoder,
    raw: Vec<u8>,
    /// UTF-8 that was not read yet: `text[at..]`.
    text: Vec<u8>,
    at: usize,
    is_at_end: bool,
}

impl<'a> Utf8Reader<'a> {
    pub fn new(encoding: Encoding, input: &'a mut dyn Read) -> Self {
        let encoding = match encoding {
            Encoding::Utf8 => UTF_8,
            Encoding::Utf16 => UTF_16LE,
            Encoding::Gbk => GBK,
            Encoding::Cp932 => SHIFT_JIS,
            Encoding::Windows874 => WINDOWS_874,
        };
        let decoder = match encoding {
            // Its byte-order mark says which of the two UTF-16 it is.
            encoding if encoding == UTF_16LE => encoding.new_decoder(),
            encoding => encoding.new_decoder_with_bom_removal(),
        };
        let (raw, text) = (vec![0; 1 << 16], Vec::new());
        Self { input, decoder, raw, text, at: 0, is_at_end: false }
    }
}

impl Read for Utf8Reader<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        while self.at == self.text.len() && !self.is_at_end {
            let count = self.input.read(&mut self.raw)?;
            self.is_at_end = count == 0;
            let most = self.decoder.max_utf8_buffer_length(count).unwrap_or(count * 3 + 16);
            self.text.resize(most, 0);
            let (_, _, written, _) =
                self.decoder.decode_to_utf8(&self.raw[..count], &mut self.text, self.is_at_end);
            self.text.truncate(written);
            self.at = 0;
        }
        let count = out.len().min(self.text.len() - self.at);
        out[..count].copy_from_slice(&self.text[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}
