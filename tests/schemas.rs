//! The generated schemas are those of the code.

use std::path::Path;
use std::process::Command;

#[test]
fn the_description_of_the_tables_is_the_generated_one() {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_mrv"))
        .args(["schema", "--write"])
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    let generated = std::fs::read_to_string(folder.path().join("tables.json")).unwrap();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/tables.json");
    let committed = std::fs::read_to_string(committed).unwrap();
    assert_eq!(generated, committed, "run `make schemas` and look at what changed");
}
