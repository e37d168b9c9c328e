//! Bundles rechecked: as they were made, and as nobody should take them for what was made.

mod sealed;
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use mrv::evidence::checkpoint::{fingerprint, key_pair};
use mrv::publish::registry::SealLeaf;
use mrv::report::bundle::{self, Facts, Wanted, archive, write};
use mrv::report::recheck::{Ended, Outcome, recheck};

use sealed::{FROM, PROJECT, Sealed, TO, sealed};

fn bundle(kept: &Sealed, out: &Path) -> Facts {
    let seal = SealLeaf { leaf: kept.seal_leaf, seal: kept.seal.clone() };
    let wanted = Wanted {
        data: &kept.layout,
        project: &kept.id,
        seal: &seal,
        version: 1,
        report: &kept.report,
        private_key: &kept.private_key,
        public_key: &kept.public_key,
        scratch: kept.folder.path(),
    };
    write(&wanted, out, &mut |_| {}).unwrap()
}

fn checked(kept: &Sealed, zip: &Path, trust: Option<&str>) -> Outcome {
    recheck(zip, trust, kept.folder.path(), &mut |_| {}).unwrap()
}

#[test]
fn a_bundle_is_shown_with_its_key_and_is_the_same_whatever_the_batches() {
    let kept = sealed(7);
    let zip = kept.folder.path().join("bundle.zip");
    let facts = bundle(&kept, &zip);
    assert!(facts.first_leaf > 3, "data before the halo are left out: {}", facts.first_leaf);
    let outcome = checked(&kept, &zip, Some(&kept.public_key));
    assert_eq!(outcome.findings, []);
    assert_eq!(outcome.ended, Ended::Shown);
    assert_eq!(outcome.bundle.as_ref(), Some(&facts));
    assert_eq!(outcome.held.len(), 9, "{:#?}", outcome.held);
    let left: Vec<_> = std::fs::read_dir(kept.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("scratch"))
        .collect();
    assert_eq!(left, Vec::<String>::new(), "scratch folders are removed");

    let other = sealed(1_000);
    let again = other.folder.path().join("bundle.zip");
    assert_eq!(bundle(&other, &again), facts);
    assert!(std::fs::read(&zip).unwrap() == std::fs::read(&again).unwrap());
}

fn mrv(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_mrv"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), text.into_owned())
}

/// Ten days, the seventh: with its key, with one bit flipped, made by another key, without a key.
#[test]
fn day_7_recheck_ends_with_0_1_1_and_3() {
    let kept = sealed(40);
    let folder = kept.folder.path();
    let (code, said) = mrv(folder, &["bundle", PROJECT, FROM, TO, "--out", "bundle.zip"]);
    assert_eq!(code, 0, "{said}");
    let key = PathBuf::from("data/keys/log.pub");
    let trust = ["recheck", "bundle.zip", "--trust", key.to_str().unwrap()];
    let (code, said) = mrv(folder, &trust);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("that a meter was right"), "{said}");
    let (code, said) = mrv(folder, &["recheck", "bundle.zip"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("ORIGIN NOT ESTABLISHED"), "{said}");

    let zip = std::fs::read(folder.join("bundle.zip")).unwrap();
    let mut flipped = zip.clone();
    let figure = zip.windows(5).position(|bytes| bytes == b"\"er\":").unwrap();
    let place = figure + zip[figure..].iter().position(u8::is_ascii_digit).unwrap();
    flipped[place] ^= 1;
    std::fs::write(folder.join("bundle.zip"), flipped).unwrap();
    let (code, said) = mrv(folder, &trust);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("DIFFERS  data/report/report.json"), "{said}");
    // Byte and figure: which bit of the entry, and what the messages give in its place.
    assert!(said.contains("with that one bit set back it is the entry"), "{said}");
    assert!(said.contains("/er/value: report"), "{said}");

    // The same log, signed by another key from the first leaf on.
    let (other, public) = key_pair("mrv.example.org", &[8; 32]).unwrap();
    std::fs::write(folder.join("data/keys/log.key"), &other).unwrap();
    std::fs::write(folder.join("data/keys/other.pub"), &public).unwrap();
    let path = kept.layout.checkpoint(&kept.id);
    let note = std::fs::read_to_string(&path).unwrap();
    let signed = mrv::evidence::checkpoint::parse(&note).unwrap();
    let note = mrv::evidence::checkpoint::sign(&other, &signed, None).unwrap();
    std::fs::write(&path, note).unwrap();
    std::fs::rename(folder.join("data/keys/log.pub"), folder.join("trusted.pub")).unwrap();
    std::fs::write(folder.join("data/keys/log.pub"), &public).unwrap();
    let (code, said) = mrv(folder, &["bundle", PROJECT, FROM, TO, "--out", "bundle.zip"]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = mrv(folder, &["recheck", "bundle.zip", "--trust", "trusted.pub"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(&fingerprint(&public)) && said.contains(&fingerprint(&kept.public_key)));
    let (code, said) = mrv(folder, &["recheck", "bundle.zip", "--trust", "data/keys/other.pub"]);
    assert_eq!(code, 0, "{said}");

    let (code, _) = mrv(folder, &["recheck", "nowhere.zip"]);
    assert_eq!(code, 2);
    let (code, said) = mrv(folder, &["recheck", "bundle.zip", "--trust", "data/keys/log.key"]);
    assert_eq!(code, 2, "{said}");
    let (code, said) = mrv(folder, &["bundle", PROJECT, FROM, "2026-01-08"]);
    assert_eq!(code, 5, "{said}");
}

/// A reader written on its own redoes digests, signature, leaves, proofs and both methodologies.
#[test]
fn a_reader_written_on_its_own_comes_to_the_same_figures() {
    let kept = sealed(1_000);
    let zip = kept.folder.path().join("bundle.zip");
    bundle(&kept, &zip);
    let key = kept.layout.keys().join("log.pub");
    let arguments = [zip.to_str().unwrap(), "--json", "--key", key.to_str().unwrap()];
    let told = support::python_json("bundle.py", &arguments);
    let years = told["years"].as_array().unwrap();
    assert_eq!(years.len(), 4, "two methodologies in two years: {told}");
    assert_eq!(told["leaves"].as_i64().unwrap(), kept.seal_leaf + 1);
    // What it would find: another digit of the report, with everything that lists it as it was.
    let mut bytes = std::fs::read(&zip).unwrap();
    let place = bytes.windows(5).position(|bytes| bytes == b"\"er\":").unwrap() + 60;
    bytes[place] ^= 1;
    std::fs::write(&zip, bytes).unwrap();
    let output = support::python("bundle.py", &arguments);
    assert_eq!(output.status.code(), Some(1));
}

/// Zips that nobody made with mrv: bounded, refused, and told in words.
#[test]
fn hostile_zips_are_refused_with_a_clear_text() {
    use std::io::Write;
    use zip::CompressionMethod::{Deflated, Stored};
    use zip::write::SimpleFileOptions;
    let kept = sealed(1_000);
    let path = kept.folder.path().join("hostile.zip");
    let zipped = |entries: &[(&str, Vec<u8>, zip::CompressionMethod)]| {
        let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
        for (name, bytes, method) in entries {
            let options = SimpleFileOptions::default().compression_method(*method);
            zip.start_file(*name, options).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap();
    };
    let said = || {
        let outcome = checked(&kept, &path, Some(&kept.public_key));
        assert_eq!(outcome.ended, Ended::Differs);
        format!("{}: {}", outcome.findings[0].place, outcome.findings[0].what)
    };
    for (entries, expected) in [
        (vec![("a", vec![0; 64 << 20], Deflated)], "stored as they are"),
        (vec![("../../escape", b"x".to_vec(), Stored)], "its name is none of a bundle"),
        (vec![("/etc/x", b"x".to_vec(), Stored)], "its name is none of a bundle"),
        (vec![("a\\b", b"x".to_vec(), Stored)], "its name is none of a bundle"),
        (vec![("notes.txt", b"x".to_vec(), Stored)], "it is no part of a bundle"),
        (vec![], "bundle.json: the entry is missing"),
    ] {
        zipped(&entries);
        let said = said();
        assert!(said.contains(expected), "{said}");
    }
    // Bytes before the first entry, or between two, hide what no entry shows.
    zipped(&[("START-HERE.html", b"x".to_vec(), Stored)]);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [b"MZ hidden", &whole[..]].concat()).unwrap();
    assert!(said().contains("not in the form that mrv writes"));
    // A link, which would lead elsewhere.
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    zip.add_symlink("data/link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    zip.finish().unwrap();
    assert!(said().contains("entries of a bundle are files"));
    // An entry that says it is longer than the zip, and a list that says it is endless.
    zipped(&[("START-HERE.html", vec![b'x'; 100], Stored)]);
    let whole = std::fs::read(&path).unwrap();
    for (place, bytes, expected) in [
        (whole.len() - 22 + 8, [0xff; 8], "cut off"),
        (whole.len() - 22 + 12, [0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0], "at most"),
    ] {
        let mut altered = whole.clone();
        altered[place..place + 4].copy_from_slice(&bytes[..4]);
        std::fs::write(&path, &altered).unwrap();
        let said = said();
        assert!(said.contains(expected), "{said}");
    }
    for bytes in [&b""[..], b"PK", b"no zip at all, but some text that is longer than its end"] {
        std::fs::write(&path, bytes).unwrap();
        assert!(said().contains("cut off, or no zip"));
    }
}

/// A report of other rules: both figures are told, and nobody is accused.
#[test]
fn a_report_of_other_rules_ends_with_4() {
    let kept = sealed(1_000);
    let zip = kept.folder.path().join("bundle.zip");
    bundle(&kept, &zip);
    let bag = kept.folder.path().join("bag");
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&zip).unwrap()).unwrap();
    archive.extract(&bag).unwrap();
    let path = bag.join("data/report/report.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let rules = format!("\"rules\": {}", mrv::domain::RULES);
    assert!(text.contains(&rules));
    std::fs::write(&path, text.replace(&rules, "\"rules\": 1").replacen("\"3", "\"4", 1)).unwrap();
    let mut facts: Facts =
        serde_json::from_slice(&std::fs::read(bag.join(bundle::FACTS)).unwrap()).unwrap();
    facts.rules = 1;
    std::fs::write(bag.join(bundle::FACTS), facts.encode()).unwrap();
    // Signed as the version of then would have signed it.
    let list = |wanted: &dyn Fn(&str) -> bool| -> String {
        let names = archive::names(&bag).unwrap().into_iter().filter(|name| wanted(name));
        let listed = |name: String| {
            let (sha256, len) = archive::digest(&bag.join(&name)).unwrap();
            (name, sha256, len)
        };
        bundle::tags::manifest(&names.map(listed).collect::<Vec<_>>())
    };
    std::fs::write(bag.join(bundle::MANIFEST), list(&|name| name.starts_with("data/"))).unwrap();
    let tags = list(&|name| bundle::TAG_FILES.contains(&name));
    let digest = mrv::domain::digest::Sha256Digest::of(tags.as_bytes());
    std::fs::write(bag.join(bundle::TAG_MANIFEST), tags).unwrap();
    let (report, _) = archive::digest(&path).unwrap();
    let statement = bundle::tags::statement(&facts, digest, report);
    let key = &kept.private_key;
    let signed = mrv::evidence::dsse::sign(key, bundle::STATEMENT_TYPE, &statement).unwrap();
    std::fs::write(bag.join(bundle::STATEMENT), signed).unwrap();
    let out = std::fs::File::create(&zip).unwrap();
    archive::write(&bag, &archive::names(&bag).unwrap(), out).unwrap();
    let outcome = checked(&kept, &zip, Some(&kept.public_key));
    assert_eq!(outcome.ended, Ended::RulesNotComputed, "{:?}", outcome.findings);
    assert!(outcome.differences.iter().any(|one| one.figure.ends_with("/rules")));
}
