//! JSON documents and lines, by the readers of `readers.toml`.
#![no_main]

use mrv::config::plan::reader::Format;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let readers = mrv_fuzz::readers(|format| !matches!(format, Format::Csv(_)));
    mrv_fuzz::decoded(readers, data);
});
