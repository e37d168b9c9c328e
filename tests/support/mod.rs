//! What integration tests share: where third-party data lie, and the Python of `make setup`.

#![allow(dead_code, reason = "each test crate uses its part")]

use std::path::PathBuf;
use std::process::{Command, Output};

/// A folder below the third-party data that tests read in place, or `None`, told aloud, where it is
/// absent. `MRV_SHARED` names the data's folder; by default it lies beside the crate's.
pub fn shared(part: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("MRV_SHARED").map_or_else(|| "../shared".into(), PathBuf::from);
    let folder = root.join(shared).join(part);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("LEFT OUT: {} is absent; set MRV_SHARED", folder.display());
    None
}

/// Runs a script of `tests/python` in the environment of `make setup`.
pub fn python(script: &str, arguments: &[&str]) -> Output {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let program = root.join(".venv/bin/python");
    assert!(program.is_file(), "{} is absent; run `make setup`", program.display());
    let script = root.join("tests/python").join(script);
    Command::new(program).arg(script).args(arguments).output().unwrap()
}

/// The same, for a script that must succeed and prints JSON.
pub fn python_json(script: &str, arguments: &[&str]) -> serde_json::Value {
    let output = python(script, arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} {arguments:?} failed: {errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}
