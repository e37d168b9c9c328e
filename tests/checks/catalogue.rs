//! The catalogue in the docs is that of the code, and the commands print it.

use std::path::Path;
use std::process::Command;

fn mrv(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_mrv")).args(arguments).output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_page_of_the_checks_is_the_generated_one() {
    let folder = tempfile::tempdir().unwrap();
    assert!(mrv(&["checks", "write", folder.path().to_str().unwrap()]).0);
    let generated = std::fs::read_to_string(folder.path().join("CHECKS.md")).unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/CHECKS.md");
    let kept = std::fs::read_to_string(kept).unwrap_or_default();
    assert!(generated == kept, "docs/CHECKS.md is not that of the code: run mrv checks write docs");
}

#[test]
fn one_check_is_shown_with_its_numbers_and_an_unknown_one_is_refused() {
    let (_, text) = mrv(&["checks", "show", "v-night"]);
    for part in ["V-NIGHT", "hold", "elevation_deg = -1"] {
        assert!(text.contains(part), "{text}");
    }
    let (_, list) = mrv(&["checks", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert!(list.as_array().unwrap().len() > 40);
    assert!(!mrv(&["checks", "show", "V-NONSENSE"]).0);
}
