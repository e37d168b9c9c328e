//! `mrv workbook` and `mrv period publish` as people call them: files, words and exit codes.

use std::path::Path;
use std::process::{Command, Output};

use mrv::report::{Report, json, xlsx};

fn mrv(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_mrv"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = [stdout, stderr].concat();
    (status.code().unwrap(), String::from_utf8_lossy(&text).into_owned())
}

/// A folder with the report of vector PV-2 as `report.json` and `report.xlsx`.
fn folder() -> tempfile::TempDir {
    let report = Report::of(&crate::two_years().state("2023-01-01", "2024-12-31").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    put("report.json", json::write(&report).unwrap().as_bytes());
    put("report.xlsx", &xlsx::write(&report).unwrap());
    // The sum of the years by hand: the exact ER of both, added and then rounded down.
    let mut by_hand = report;
    by_hand.claimed.value = "764".to_owned();
    put("by_hand.json", json::write(&by_hand).unwrap().as_bytes());
    folder
}

#[test]
fn day_6_workbook_compare_names_a_hand_made_764_and_exits_1() {
    let folder = folder();
    let at = folder.path();
    let compare = ["workbook", "compare", "report.xlsx", "--report", "report.json"];
    let (code, text) = mrv(at, &compare);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("0 differ"), "{text}");
    let (code, text) = mrv(at, &["workbook", "compare", "report.xlsx", "--report", "by_hand.json"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("Cover!B"), "{text}");
    assert!(text.contains(": 763 here, 764 by the engine (another value)"), "{text}");
}

#[test]
fn workbook_fill_writes_beside_and_replaces_nothing_unasked() {
    let folder = folder();
    let at = folder.path();
    let map = "[[input]]\nsheet = \"Monthly\"\ncell = \"J1\"\nfigure = \"/claimed\"\n";
    std::fs::write(at.join("map.toml"), map).unwrap();
    let fill = [
        "workbook",
        "fill",
        "report.xlsx",
        "--map",
        "map.toml",
        "--report",
        "report.json",
        "--out",
        "filled.xlsx",
    ];
    let (code, text) = mrv(at, &fill);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("Monthly!J1 = 763"), "{text}");
    let (code, text) = mrv(at, &fill);
    assert_eq!(code, 5, "{text}");
    assert!(text.contains("--force replaces it"), "{text}");
    let compare =
        ["workbook", "compare", "filled.xlsx", "--map", "map.toml", "--report", "report.json"];
    assert_eq!(mrv(at, &compare).0, 0);
    std::fs::write(at.join("map.toml"), map.replace("J1", "D4")).unwrap();
    let forced: Vec<&str> = fill.iter().copied().chain(["--force"]).collect();
    let (code, text) = mrv(at, &forced);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("Monthly!D4 holds a formula"), "{text}");
}

#[test]
fn period_publish_writes_every_form_or_names_what_is_still_told() {
    let folder = folder();
    let at = folder.path();
    let hide = |list: &str| {
        std::fs::write(at.join("hide.toml"), list).unwrap();
        let publish = [
            "period",
            "publish",
            "--report",
            "report.json",
            "--hide",
            "hide.toml",
            "--out",
            "public",
        ];
        mrv(at, &publish)
    };
    let (code, text) = hide("[[hide]]\nwhat = \"RE\"\nwhy = \"test\"\nat = [\"/years/0/re\"]\n");
    assert_eq!(code, 5, "{text}");
    assert!(text.contains("still stands at /years/0/"), "{text}");
    assert!(!at.join("public").exists());
    let (code, text) =
        hide("[[hide]]\nwhat = \"serial numbers\"\nwhy = \"test\"\ntext = [\"M-1\", \"M-2\"]\n");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("hidden: serial numbers,"), "{text}");
    for name in ["report.public.json", "report.public.html", "report.public.xlsx"] {
        assert!(at.join("public").join(name).is_file(), "{name}");
    }
}
