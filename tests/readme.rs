//! The README's tour runs as it stands: every block marked `<!-- run -->`, in order.

use std::path::Path;
use std::process::Command;

#[test]
fn the_tour_of_the_readme_runs_in_a_fresh_folder() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let blocks: Vec<&str> = readme
        .split("<!-- run -->\n```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(blocks.len() >= 4, "the four roles have a block each");
    let folder = tempfile::tempdir().unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_mrv")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    for block in blocks {
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", block])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env("MRV_SOURCE", root)
            .output()
            .unwrap();
        let (out, error) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{block}\n{out}\n{error}");
        println!("{block}\n{out}");
    }
    let reports = folder.path().join("data/reports/project=demo-solar/2025-01-01_2025-01-31/draft");
    for name in ["report.json", "report.xlsx", "report.html"] {
        assert!(reports.join(name).is_file(), "{name}");
    }
}
