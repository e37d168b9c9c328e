//! Signed notes.
#![no_main]

libfuzzer_sys::fuzz_target!(|note: &str| {
    let _ = mrv::evidence::checkpoint::parse(note);
});
