//! Holds the shape of the house: who may use whom, what the pure rooms must not touch, how a file
//! looks. Reads the sources as text; each rule is tried on snippets that break it, so that no rule
//! is one that cannot fail.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms in their order: each may use only those before it.
const ORDER: [&str; 19] = [
    "domain",
    "config",
    "telemetry",
    "decode",
    "validate",
    "merge",
    "aggregate",
    "methodology",
    "period",
    "evidence",
    "journal",
    "dataset",
    "publish",
    "report",
    "sources",
    "simulate",
    "api",
    "daemon",
    "cli",
];

/// Rooms that are functions of what they are given (PUR-1).
const PURE: [&str; 7] =
    ["decode", "validate", "merge", "aggregate", "methodology", "period", "simulate"];

/// What reads a clock, the environment, randomness, a file or the network.
const IMPURE: [&str; 12] = [
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "Timestamp::now",
    "Zoned::now",
    "tokio",
    "rand",
    "getrandom",
];

/// Libraries that only these rooms know; a room is named by the start of its path in `src`.
const KEPT_IN: [(&str, &[&str]); 6] = [
    ("arrow", &["dataset/", "aggregate/"]),
    ("parquet", &["dataset/", "aggregate/"]),
    ("polars", &["dataset/", "aggregate/"]),
    ("rumqttc", &["sources/mqtt"]),
    ("axum", &["api/", "sources/http"]),
    ("anyhow", &["cli/", "main.rs"]),
];

/// Work left for later, spelled so that this file does not find itself.
const UNFINISHED: [&str; 4] = ["todo!", "unimplemented!", "dbg!", concat!("FIX", "ME")];

/// Rooms in which a value never is a binary float.
const EXACT: [&str; 8] =
    ["domain", "decode", "validate", "merge", "aggregate", "methodology", "period", "simulate"];

/// The one file in them that looks at what a spreadsheet's floats make of the figures.
const INEXACT: &str = "methodology/spreadsheet.rs";

const LINES_MAX: usize = 500;

#[test]
fn every_source_keeps_the_rules_of_the_house() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    rust_files(&source, &mut paths);
    assert!(paths.len() > 50, "only {} files found below {}", paths.len(), source.display());
    let mut broken = Vec::new();
    for path in paths {
        let name = path.strip_prefix(&source).unwrap().to_str().unwrap().replace('\\', "/");
        broken.extend(check(&name, &fs::read_to_string(&path).unwrap()));
    }
    assert!(broken.is_empty(), "{} rules broken:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn each_rule_can_fail() {
    let long = format!("//! Head.\n{}", "// line\n".repeat(LINES_MAX));
    for (name, text, expected) in [
        ("merge/mod.rs", "//! H\nuse crate::dataset::read;\n", "merge must not use dataset"),
        ("merge/mod.rs", "//! H\nuse crate::{domain::id, aggregate};\n", "must not use aggregate"),
        (
            "decode/a.rs",
            "//! H\nuse crate::{\n    domain::id::Id,\n    cli::{run, help},\n};\n",
            "must not use cli",
        ),
        ("decode/a.rs", "//! H\nfn f() -> crate::report::Model {}\n", "must not use report"),
        ("attic/mod.rs", "//! H\n", "attic is no room of the house"),
        ("decode/a.rs", "//! H\nuse crate::attic::box_of;\n", "attic is no room of the house"),
        ("decode/a.rs", "//! H\nlet f = std::fs::read(p);\n", "decode is pure: std::fs"),
        ("period/a.rs", "//! H\nuse std::{env, fmt};\n", "period is pure: std::env"),
        ("period/a.rs", "//! H\nuse std::time::Instant;\n", "period is pure: Instant"),
        ("merge/mod.rs", "//! H\nlet t = SystemTime::now();\n", "merge is pure: SystemTime"),
        ("validate/a.rs", "//! H\nuse tokio::sync::mpsc;\n", "validate is pure: tokio"),
        ("aggregate/a.rs", "//! H\nuse rand::Rng;\n", "aggregate is pure: rand"),
        ("methodology/a.rs", "//! H\ngetrandom::fill(b);\n", "methodology is pure: getrandom"),
        ("report/a.rs", "//! H\nuse polars::prelude::*;\n", "polars is kept in dataset/, aggre"),
        ("journal/a.rs", "//! H\nuse parquet::file;\n", "parquet is kept in"),
        ("journal/a.rs", "//! H\nuse parquet;\n", "parquet is kept in"),
        ("cli/a.rs", "//! H\nlet f = parquet::file::open();\n", "parquet is kept in"),
        ("report/a.rs", "//! H\nuse arrow::array;\n", "arrow is kept in"),
        ("sources/http.rs", "//! H\nuse rumqttc::v5;\n", "rumqttc is kept in sources/mqtt"),
        ("daemon/mod.rs", "//! H\nuse axum::Router;\n", "axum is kept in api/"),
        ("journal/a.rs", "//! H\nuse anyhow::Result;\n", "anyhow is kept in cli/"),
        ("merge/mod.rs", "//! H\nlet mean: f64 = 0.0;\n", "merge:2: f64, but values are exact"),
        ("domain/a.rs", "//! H\nfn f(v: f32) {}\n", "f32, but values are exact"),
        ("domain/a.rs", "use std::fmt;\n", "does not open with //!"),
        ("domain/a.rs", &long, "501 lines, more than 500"),
        ("domain/a.rs", "//! H\ntodo!()\n", "todo! is unfinished"),
        ("domain/a.rs", "//! H\nunimplemented!()\n", "unimplemented! is unfinished"),
        ("domain/a.rs", "//! H\ndbg!(x);\n", "dbg! is unfinished"),
        ("domain/a.rs", concat!("//! H\n// FIX", "ME later\n"), "is unfinished"),
    ] {
        let broken = check(name, text);
        assert_eq!(broken.len(), 1, "{name}: {text}\nfound {broken:#?}\nexpected {expected}");
        assert!(broken[0].contains(expected), "{}\nexpected {expected}", broken[0]);
    }
}

#[test]
fn what_only_looks_like_a_break_is_none() {
    for (name, text) in [
        (
            "merge/mod.rs",
            "//! Knows nothing of std::fs or crate::dataset.\nuse crate::domain::id;\n",
        ),
        ("merge/mod.rs", "//! H\n// crate::cli and tokio are far away, and f64 too\n"),
        ("merge/mod.rs", "//! H\nlet instants = operand.brand;\n"),
        ("dataset/a.rs", "//! H\nuse arrow::array::Array;\nuse std::fs;\n"),
        ("api/mod.rs", "//! H\nuse axum::Router;\nuse crate::report::json;\n"),
        ("lib.rs", "//! H\npub mod domain;\n"),
        ("cli/a.rs", "//! H\nlet line = format!(\"pl.scan('{folder}/*.parquet')\");\n"),
    ] {
        assert_eq!(check(name, text), Vec::<String>::new(), "{name}: {text}");
    }
}

/// Every rule that a source breaks, one sentence each.
fn check(name: &str, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let mut tell = |what: String| broken.push(format!("src/{name}{what}"));
    if !text.starts_with("//!") {
        tell(": does not open with //!, what it takes, gives and never does".to_owned());
    }
    let line_count = text.lines().count();
    if line_count > LINES_MAX {
        tell(format!(": {line_count} lines, more than {LINES_MAX}; look for the second concept"));
    }
    let room = name.split_once('/').map(|(room, _)| room);
    let place = room.and_then(|room| ORDER.iter().position(|known| *known == room));
    if let (Some(room), None) = (room, place) {
        tell(format!(": {room} is no room of the house"));
    }
    for (used, line) in used_rooms(text) {
        match (ORDER.iter().position(|known| *known == used), place) {
            (None, _) => tell(format!(":{line}: {used} is no room of the house")),
            (Some(used_place), Some(place)) if used_place > place => {
                tell(format!(":{line}: {} must not use {used}", ORDER[place]));
            }
            _ => {}
        }
    }
    let code: String = text.lines().map(|line| format!("{}\n", without_comment(line))).collect();
    for word in IMPURE.iter().filter(|_| room.is_some_and(|room| PURE.contains(&room))) {
        if let Some(line) = line_with(&code, word) {
            tell(format!(":{line}: {} is pure: {word} is not", room.unwrap_or_default()));
        }
    }
    for (library, rooms) in KEPT_IN {
        let is_allowed = rooms.iter().any(|allowed| name.starts_with(allowed));
        // As the root of a path: the word alone may stand in a text for people.
        let path = format!("{library}::");
        let used = line_with(&code, &path).or(line_with(&code, &format!("use {library}")));
        if let (false, Some(line)) = (is_allowed, used) {
            tell(format!(":{line}: {library} is kept in {}", rooms.join(", ")));
        }
    }
    let is_exact = name != INEXACT && room.is_some_and(|room| EXACT.contains(&room));
    for word in ["f32", "f64"].iter().filter(|_| is_exact) {
        if let Some(line) = line_with(&code, word) {
            tell(format!(" {}:{line}: {word}, but values are exact", room.unwrap_or_default()));
        }
    }
    for word in UNFINISHED {
        if let Some(line) = text.lines().position(|line| line.contains(word)) {
            tell(format!(":{}: {word} is unfinished", line + 1));
        }
    }
    broken
}

/// The rooms named after `crate::`, also in braces, each with its line.
fn used_rooms(text: &str) -> Vec<(String, usize)> {
    let code: String = text.lines().map(|line| format!("{}\n", without_comment(line))).collect();
    let mut used = Vec::new();
    for (at, word) in code.match_indices("crate::") {
        if code[..at].ends_with(is_name) {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + word.len()..];
        let mut parts = vec![rest];
        if let Some(list) = rest.strip_prefix('{') {
            parts.clear();
            let (mut depth, mut start) = (0, 0);
            for (index, sign) in list.char_indices() {
                match sign {
                    '{' => depth += 1,
                    '}' if depth > 0 => depth -= 1,
                    ',' if depth == 0 => {
                        parts.push(&list[start..index]);
                        start = index + 1;
                    }
                    '}' => {
                        parts.push(&list[start..index]);
                        break;
                    }
                    _ => {}
                }
            }
        }
        let names = parts.iter().map(|part| {
            part.trim_start().chars().take_while(|sign| is_name(*sign)).collect::<String>()
        });
        // What stands at the crate's root itself (a constant, a macro) begins with another case or
        // is no module; rooms are in lower case.
        let is_module = |name: &String| name.starts_with(|first: char| first.is_ascii_lowercase());
        used.extend(names.filter(is_module).map(|name| (name, line)));
    }
    used
}

/// The line, from 1, in which `word` stands as a whole path or name; `std::fs` also as
/// `std::{fs, ...}`.
fn line_with(code: &str, word: &str) -> Option<usize> {
    let stands = |line: &str, word: &str| {
        line.match_indices(word).any(|(at, _)| {
            let is_open = word.ends_with(':') || !line[at + word.len()..].starts_with(is_name);
            is_open && !line[..at].ends_with(is_name)
        })
    };
    let grouped = word.strip_prefix("std::");
    code.lines()
        .position(|line| {
            stands(line, word)
                || grouped.is_some_and(|part| line.contains("std::{") && stands(line, part))
        })
        .map(|index| index + 1)
}

fn is_name(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

/// The code of a line. `//` inside a text (an address) cuts the rest of that line too: a rule then
/// sees less, never more.
fn without_comment(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

fn rust_files(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}
