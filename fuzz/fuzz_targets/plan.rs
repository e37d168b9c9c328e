//! Plans: whatever is written, the answer is a plan or a list of what is wrong.
#![no_main]

use mrv::config::plan::Plan;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(found) = Plan::parse("plan.toml", text) {
        assert!(!found.is_empty());
        found.iter().for_each(|one| drop(one.to_string()));
    }
});
