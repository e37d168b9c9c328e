//! The daemon's configuration.
#![no_main]

use mrv::config::daemon::DaemonConfig;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(found) = DaemonConfig::parse("mrv.toml", text) {
        assert!(!found.is_empty());
        found.iter().for_each(|one| drop(one.to_string()));
    }
});
