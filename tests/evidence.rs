//! The evidence log and the tables as others see them: a reader in Python that was written from the
//! public texts alone finds a published log right and every altered byte in it, and DuckDB, polars
//! and pyarrow agree on every table to the last digit.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use mrv::dataset::blob;
use mrv::dataset::layout::Layout;
use mrv::dataset::log_files::LogFiles;
use mrv::domain::id::ProjectId;
use mrv::domain::message::{Header, Kind, Message, Nonce, Payload, Source};
use mrv::domain::time::Timestamp;
use mrv::evidence::checkpoint::{self, key_pair};
use mrv::evidence::tree::{consistency_path, inclusion_path};
use mrv::evidence::{leaf, leaf_hash};
use mrv::publish::{Project, Signer};

const PLAN: &str = r#"
mrv_plan = 1
project = "p"
number = 1
valid_from = "2026-01-01T00:00:00Z"
[registered]
title = "t"
country = "TH"
pdd_version = "1"
methodology = "M"
zone = "Asia/Bangkok"
crediting = { from = "2026-01-01", to = "2030-12-31" }
[[channel]]
id = "s/d/EG"
kind = "register"
unit = "kWh"
cadence = "15 min"
capacity = "1000 kW"
[[channel]]
id = "s/d/T"
kind = "gauge"
rule = "hold"
step_max = "1 h"
unit = "degC"
range = [-10, 60]
[[reader]]
name = "gateways"
topic = "mrv/v1/p/+/+"
format = "json"
"#;

/// More than two tiles: hashes on level 1.
const MESSAGES: i64 = 700;

fn project() -> ProjectId {
    ProjectId::parse("p").unwrap()
}

fn signer() -> (Signer, String) {
    let (private_key, verifier) = key_pair("mrv.example.org", &[7; 32]).unwrap();
    (Signer { private_key }, verifier)
}

/// A message of the log; `altered` has another payload of the same length.
fn message(layout: &Layout, number: i64, altered: Option<i64>) -> Message {
    // From 2026-02-27 on, so that the log crosses a month.
    let quarter = 1_772_150_400 + number * 900;
    let value = if altered == Some(number) { 999 } else { 100 + number };
    let nonce = Nonce([number as u8; 16]);
    let (kind, source, client, name, bytes) = match number {
        0 => (Kind::Plan, Source::Operator, "ann", "plan.toml", PLAN.as_bytes().to_vec()),
        1 => (Kind::Data, Source::File, "", "empty.csv", Vec::new()),
        // A blob of one chunk, and one of three chunks whose last is short.
        2 => (Kind::Data, Source::File, "", "größe.csv", vec![b'x'; 100_000]),
        3 => (Kind::Data, Source::File, "", "large.csv", vec![b'y'; (2 << 20) + 5]),
        4 => (Kind::Data, Source::MqttListener, "gw", "mrv/v1/p/s/d", b"{\"ts\":".to_vec()),
        // Sent twice, and once more with another value.
        5 | 6 => return data(1_772_154_900, 105, number),
        7 => return data(1_772_154_900, 106, number),
        _ => return data(quarter, value, number),
    };
    let stored = blob::store(layout, &mut bytes.as_slice(), Path::new(name), nonce).unwrap();
    received(number, kind, source, client, name, stored.payload)
}

fn data(stamp_s: i64, value: i64, number: i64) -> Message {
    let text = format!("{{\"ts\":{stamp_s}000,\"values\":{{\"EG\":{value}.25,\"T\":25.000001}}}}");
    let payload = Payload::Inline(text.into_bytes().into());
    received(number, Kind::Data, Source::MqttListener, "gw", "mrv/v1/p/s/d", payload)
}

fn received(
    number: i64,
    kind: Kind,
    source: Source,
    client: &str,
    name: &str,
    payload: Payload,
) -> Message {
    Message {
        project: project(),
        kind,
        source,
        received_at: Timestamp::from_us((1_772_150_400 + number * 900 + 60) * 1_000_000),
        client: client.into(),
        name: name.into(),
        payload,
        nonce: Nonce([number as u8; 16]),
    }
}

/// Publishes the log in three batches.
fn publish(root: &Path, altered: Option<i64>) -> Layout {
    let layout = Layout::new(root);
    let (signer, verifier) = signer();
    fs::create_dir_all(layout.keys()).unwrap();
    fs::write(layout.keys().join("mrv.example.org.pub"), format!("{verifier}\n")).unwrap();
    let mut published = Project::open(&layout, &project(), &signer).unwrap();
    let mut from = 0;
    for to in [1, 300, MESSAGES] {
        let batch = (from..to).map(|number| message(&layout, number, altered)).collect();
        published.publish(batch, to as u64).unwrap();
        from = to;
    }
    published.refresh_intervals().unwrap();
    layout
}

/// What the reader in Python says; an error is its sentence.
fn read(root: &Path, more: &[&str]) -> Result<serde_json::Value, String> {
    let arguments = [&[root.to_str().unwrap(), "p", "--json"], more].concat();
    let output = support::python("evidence.py", &arguments);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    match output.status.code() {
        Some(0) => Ok(told),
        Some(1) => Err(told["differs"].as_str().unwrap().to_owned()),
        other => panic!("exit {other:?}: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

#[test]
fn a_reader_written_on_its_own_finds_the_log_and_our_proofs_right() {
    let folder = tempfile::tempdir().unwrap();
    let layout = publish(folder.path(), None);
    let id = project();
    let files = LogFiles { layout: &layout, project: &id };
    let hex = |path: Vec<[u8; 32]>| {
        let one = |hash: &[u8; 32]| hash.iter().map(|b| format!("{b:02x}")).collect::<String>();
        path.iter().map(one).collect::<Vec<String>>()
    };
    let mut lines = Vec::new();
    for size in [1, 2, 255, 256, 257, 512, 699, MESSAGES as u64] {
        for place in (0..size).step_by(37) {
            let path = hex(inclusion_path(place, size, &files).unwrap());
            lines.push(
                serde_json::json!({"inclusion": place, "size": size, "path": path}).to_string(),
            );
            let path = hex(consistency_path(place + 1, size, &files).unwrap());
            let proof = serde_json::json!({"consistency": place + 1, "size": size, "path": path});
            lines.push(proof.to_string());
        }
    }
    let proofs = folder.path().join("proofs.jsonl");
    fs::write(&proofs, lines.join("\n")).unwrap();
    let (_, verifier) = signer();
    let key = folder.path().join("trusted.pub");
    fs::write(&key, verifier).unwrap();
    let more = ["--key", key.to_str().unwrap(), "--proofs", proofs.to_str().unwrap()];
    let told = read(folder.path(), &more).unwrap();
    assert_eq!(told["size"], MESSAGES);
    assert_eq!(told["origin"], "mrv.example.org/p");
    assert_eq!((&told["levels"], &told["blobs"]), (&2.into(), &2.into()));
    assert_eq!(told["given_proofs"], lines.len());

    let wrong = lines[lines.len() - 2].replacen("\"inclusion\":6", "\"inclusion\":5", 1);
    assert_ne!(wrong, lines[lines.len() - 2]);
    fs::write(&proofs, wrong).unwrap();
    let what = read(folder.path(), &more).unwrap_err();
    assert!(what.starts_with("a given proof does not hold"), "{what}");
}

#[test]
fn every_alteration_is_found_by_the_reader_written_on_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let right = publish(&folder.path().join("right"), None);
    let other = publish(&folder.path().join("other"), Some(500));
    assert!(read(right.root(), &[]).is_ok());
    assert!(read(other.root(), &[]).is_ok(), "the other log is right in itself");

    type Alter<'a> = &'a dyn Fn(&Layout);
    let id = project();
    let flip = |path: &Path, at: usize| {
        let mut bytes = fs::read(path).unwrap();
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    let rewrite = |path: &Path, change: &dyn Fn(String) -> String| {
        let before = fs::read_to_string(path).unwrap();
        let after = change(before.clone());
        assert_ne!(before, after);
        fs::write(path, after).unwrap();
    };
    let cases: &[(&str, Alter<'_>, &str)] = &[
        ("a hash of level 0", &|l| flip(&l.log_level(&id, 0), 32 * 400 + 7), "level-0 has another"),
        ("a hash of level 1", &|l| flip(&l.log_level(&id, 1), 40), "level-1 has another hash at 1"),
        (
            "level 0 cut by a hash",
            &|l| {
                let path = l.log_level(&id, 0);
                let bytes = fs::read(&path).unwrap();
                fs::write(&path, &bytes[..bytes.len() - 32]).unwrap();
            },
            "level-0 has another hash at 699",
        ),
        (
            "a hash too many",
            &|l| {
                let path = l.log_level(&id, 1);
                let bytes = fs::read(&path).unwrap();
                fs::write(&path, [&bytes[..], &[0; 32]].concat()).unwrap();
            },
            "level-1 has 3 hashes where 2 belong",
        ),
        (
            "the size in the checkpoint",
            &|l| rewrite(&l.checkpoint(&id), &|text| text.replacen("\n700\n", "\n699\n", 1)),
            "signature by mrv.example.org does not fit",
        ),
        (
            "a shorter log, signed by a stranger",
            &|l| {
                let (stranger, _) = key_pair("mrv.example.org", &[8; 32]).unwrap();
                let text = fs::read_to_string(l.checkpoint(&id)).unwrap();
                let said = checkpoint::parse(&text).unwrap();
                fs::write(l.checkpoint(&id), checkpoint::sign(&stranger, &said, None).unwrap())
                    .unwrap();
            },
            "is not signed by mrv.example.org",
        ),
        (
            "another project's checkpoint",
            &|l| {
                let text = fs::read_to_string(l.checkpoint(&id)).unwrap();
                let mut said = checkpoint::parse(&text).unwrap();
                said.origin = "mrv.example.org/q".to_owned();
                let key = &signer().0.private_key;
                fs::write(l.checkpoint(&id), checkpoint::sign(key, &said, None).unwrap()).unwrap();
            },
            "is that of mrv.example.org/q",
        ),
        (
            "a longer log than there is, rightly signed",
            &|l| {
                let text = fs::read_to_string(l.checkpoint(&id)).unwrap();
                let mut said = checkpoint::parse(&text).unwrap();
                said.size += 1;
                let key = &signer().0.private_key;
                fs::write(l.checkpoint(&id), checkpoint::sign(key, &said, None).unwrap()).unwrap();
            },
            "the checkpoint says 701 leaves, messages hold 700",
        ),
        (
            "the key's bytes",
            &|l| {
                let path = l.keys().join("mrv.example.org.pub");
                rewrite(&path, &|text| text.replacen("+A", "+B", 1));
            },
            "the key",
        ),
        (
            "a byte of a blob",
            &|l| {
                let (path, _) = largest(&l.blobs());
                flip(&path, (1 << 20) + 3);
            },
            "the blob of leaf 3 has other bytes",
        ),
        ("a missing blob", &|l| fs::remove_file(largest(&l.blobs()).0).unwrap(), "is missing"),
        (
            "one payload among 700, in tables that are right in themselves",
            &|l| {
                let tables = l.root().join("tables");
                fs::remove_dir_all(&tables).unwrap();
                copy(&other.root().join("tables"), &tables);
            },
            "the messages give root",
        ),
        (
            "a missing file of messages",
            &|l| fs::remove_file(messages_file(l, "000000000001-")).unwrap(),
            "messages go from leaf 0 to",
        ),
    ];
    for (what, alter, expected) in cases {
        let altered = Layout::new(folder.path().join("altered"));
        copy(right.root(), altered.root());
        alter(&altered);
        let told = read(altered.root(), &[]).expect_err(what);
        assert!(told.contains(expected), "{what}: {told}");
        fs::remove_dir_all(altered.root()).unwrap();
    }
}

#[test]
fn three_readers_agree_on_every_table_to_the_last_digit() {
    let folder = tempfile::tempdir().unwrap();
    let layout = publish(folder.path(), None);
    let told = support::python_json("read_tables.py", &[layout.root().to_str().unwrap()]);
    assert_eq!(told["messages"]["rows"], MESSAGES);
    let rows = |table: &str| told[table]["rows"].as_i64().unwrap();
    // Two values in each message but the plan and the four that do not decode: an item each.
    let items = (MESSAGES - 5) * 2 + 4;
    assert_eq!(rows("readings") + rows("conflicts") + rows("refused"), items, "{told}");
    assert_eq!(rows("conflicts"), 1);
    // 693 readings of EG: 105.25, and 108.25 to 799.25.
    let sum = told["readings"]["columns"]["value"]["sum"].as_str().unwrap();
    let registers: i64 = 105 + (108..800).sum::<i64>();
    let micro = registers * 1_000_000 + 693 * (250_000 + 25_000_001);
    assert_eq!(sum, format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000));
    assert!(rows("intervals") > 1_300, "{}", rows("intervals"));
}

#[test]
fn the_example_in_the_description_of_the_leaf_is_the_leaf() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/leaf.md"));
    let page = page.unwrap();
    let block = page.rsplit("```").nth(1).unwrap().strip_prefix("text\n").unwrap();
    let written: String = block.split_whitespace().collect();
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let leaf = leaf::encode(&Header {
        kind: Kind::Data,
        source: Source::MqttListener,
        received_at: Timestamp::parse_rfc3339("2026-11-23T00:15:00Z").unwrap(),
        client: "gw-1".into(),
        name: "mrv/v1/p/s/d".into(),
        payload_len: 5,
        commitment: leaf::commitment(&Nonce([7; 16]), b"hello"),
    });
    assert_eq!(written, hex(&leaf));
    assert!(page.contains(&format!("Its leaf hash is `{}`.", hex(&leaf_hash(&leaf)))));
}

fn largest(folder: &Path) -> (PathBuf, u64) {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| (entry.path(), entry.metadata().unwrap().len()))
        .max_by_key(|(_, len)| *len)
        .unwrap()
}

/// The first file of messages whose name begins so.
fn messages_file(layout: &Layout, start: &str) -> PathBuf {
    let months = fs::read_dir(layout.root().join("tables/messages/project=p")).unwrap();
    let mut files: Vec<PathBuf> = months
        .flat_map(|month| fs::read_dir(month.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(start))
        .collect();
    files.sort();
    files.remove(0)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}
