//! Leaves: only the canonical form is one.
#![no_main]

use mrv::evidence::leaf::{decode, encode};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(header) = decode(data) {
        assert_eq!(encode(&header), data);
    }
});
