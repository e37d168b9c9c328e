//! Bundles rechecked: as they were made, and as nobody should take them for what was made.

mod sealed;

use std::path::{Path, PathBuf};
use std::process::Command;

use mrv::evidence::checkpoint::{fingerprint, key_pair};
use mrv::publish::registry::SealLeaf;
use mrv::report::bundle::{Facts, Wanted, write};
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
    assert_eq!(outcome.held.len(), 8, "{:#?}", outcome.held);
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
fn recheck_ends_with_0_1_1_and_3() {
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
    let place = zip.windows(5).position(|bytes| bytes == b"\"er\":").unwrap() + 60;
    flipped[place] ^= 1;
    std::fs::write(folder.join("bundle.zip"), flipped).unwrap();
    let (code, said) = mrv(folder, &trust);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("DIFFERS  data/report/report.json"), "{said}");

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
