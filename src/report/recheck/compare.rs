//! The report computed anew from the raw messages, and everything that is a function of it or of the
//! messages, compared byte for byte.

use std::collections::BTreeSet;
use std::io::Read;

use serde_json::Value;

use super::found::{Difference, Found, Stop, found};
use super::{Opened, tables};
use crate::dataset::blob;
use crate::dataset::layout::Layout;
use crate::dataset::rows::MessageRow;
use crate::domain::RULES;
use crate::evidence::checkpoint;
use crate::period::Period;
use crate::report::bundle::tables::is_entry;
use crate::report::bundle::tags::{self, Listed};
use crate::report::bundle::{
    BundleError, CONFIDENTIAL, CRATE, FACTS, FORMAT, Facts, GROWTH, KEY, LEAVES, REPORT,
    SEAL_PROOF, SOFTWARE, START_HERE, copies,
};
use crate::report::collect::{self, Named};
use crate::report::stands_on::stands_on;
use crate::report::{Report, json};

/// Differences told one by one.
const DIFFERENCES_MAX: usize = 20;

/// What came of the comparison.
#[derive(Default)]
pub struct Compared {
    /// True where the report was computed by rules that this software no longer computes.
    pub is_of_other_rules: bool,
    pub found: Found,
}

/// Compares everything that can be computed with what is there.
pub fn compare(
    opened: &Opened,
    held: &mut Vec<String>,
    not_shown: &mut Vec<String>,
) -> Result<Compared, Stop> {
    let files = &opened.files;
    let copied = check_copies(opened)?;
    check_names(opened, &copied)?;
    held.push(format!(
        "{} plans, methodologies and documents are as they stand in the log",
        copied.len()
    ));
    let written = files.text(REPORT)?;
    let theirs: Value = serde_json::from_str(&written)
        .map_err(|error| found(REPORT, format!("it cannot be read: {error}")))?;
    let rules = theirs.pointer("/provenance/rules").and_then(Value::as_u64);
    let digest = theirs.pointer("/provenance/figures_digest").and_then(Value::as_str);
    if digest != Some(&opened.seal.figures) {
        let what = format!(
            "its figures digest is {}, the seal in the log fixed {}",
            digest.unwrap_or("none"),
            opened.seal.figures
        );
        return Err(found("/provenance/figures_digest", what));
    }
    let is_of_other_rules = rules != Some(u64::from(RULES));
    let (report, tables) = match again(opened, is_of_other_rules) {
        Ok(again) => again,
        // What other rules sealed need not be stated by these.
        Err(Stop::Failed(BundleError::Report(error))) if is_of_other_rules => {
            let here = format!("cannot be computed by rules {RULES}: {error}");
            let report = format!("computed by rules {}", rules.unwrap_or_default());
            let mut found = Found::default();
            found.differences.push(Difference { figure: "/years".to_owned(), report, here });
            return Ok(Compared { is_of_other_rules, found });
        }
        Err(stop) => return Err(stop),
    };
    let text = json::write(&report).map_err(|error| found(REPORT, error.to_string()))?;
    let mut compared = Compared { is_of_other_rules, ..Compared::default() };
    if text != written {
        let ours: Value = serde_json::from_str(&text)
            .map_err(|error| found(REPORT, format!("as computed here: {error}")))?;
        walk(&theirs, &ours, String::new(), &mut compared.found);
        let byte = text.bytes().zip(written.bytes()).take_while(|(a, b)| a == b).count();
        let first = compared.found.differences.first();
        let place = first.map_or_else(
            || format!("byte {byte} of {REPORT}"),
            |one| format!("{} of {REPORT}, byte {byte}", one.figure),
        );
        let what = match first {
            Some(one) => format!("the report says {}, the messages give {}", one.report, one.here),
            None => "it is not in its one form".to_owned(),
        };
        compared.found.tell(place, what);
    }
    compared.found.add(tables.found);
    if !compared.found.is_empty() {
        return Ok(compared);
    }
    let rows: Vec<String> =
        tables.rows.iter().map(|(table, rows)| format!("{rows} {}", table.name())).collect();
    held.push(format!("{} come out of the messages again, row for row", rows.join(", ")));
    held.push(format!(
        "report.json comes out of the messages again, byte for byte: {} bytes, figures {}",
        text.len(),
        report.provenance.figures_digest
    ));
    check_facts(opened, &report)?;
    check_forms(opened, &report, held, not_shown)?;
    Ok(compared)
}

/// Computes the report of the seal, and meanwhile compares the tables that it stands on.
fn again(opened: &Opened, is_of_other_rules: bool) -> Result<(Report, tables::Compared), Stop> {
    let (from, to) = opened.seal.dates().map_err(|error| found("the seal", error.to_string()))?;
    let period = Period::new(from, to).map_err(|error| found("the seal", error.to_string()))?;
    let mut past = opened.past()?;
    let here = past.published()?;
    let stands_on = stands_on(&here, period)?;
    let zone = &stands_on.plan.registered.zone;
    let (stated, tables) = std::thread::scope(|scope| {
        let comparing = scope.spawn(|| match is_of_other_rules {
            true => Ok(tables::Compared::default()),
            false => {
                let (theirs, ours) = (&opened.layout, here.layout);
                tables::compare(theirs, ours, &opened.project, zone, stands_on.reach)
            }
        });
        let stated = collect::of_published(&here, period).and_then(|mut collected| {
            collected.of_seal(&opened.seal);
            collected.state(Named::of(&opened.seal))
        });
        let tables = comparing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (stated, tables)
    });
    let tables = tables?;
    let report = match stated {
        Ok(statement) => Report::of(&statement),
        Err(error) if !tables.found.is_empty() => {
            let mut found = tables.found;
            found.tell(REPORT, format!("it cannot be computed here: {error}"));
            return Err(Stop::Found(found));
        }
        Err(error) => return Err(error.into()),
    };
    let starts = stands_on.range.0;
    if let Some(before) = opened.received_before.filter(|before| *before >= starts) {
        let what = format!(
            "its data are left out, though it was received {before}, within the period, which begins \
             {starts}"
        );
        return Err(found(format!("leaf {}", opened.facts.first_leaf - 1), what));
    }
    Ok((report, tables))
}

/// Compares the copies of plans, methodologies and documents with the messages; gives their names.
fn check_copies(opened: &Opened) -> Result<BTreeSet<String>, Stop> {
    let mut names = BTreeSet::new();
    copies::each(&opened.layout, &opened.project, opened.facts.log_size, |name, row| {
        if !opened.files.digests.contains_key(&name) {
            return Err(found(name, format!("the copy of leaf {} is missing", row.leaf)));
        }
        if !is_same(&opened.layout, &row, &opened.files.folder.join(&name))? {
            return Err(found(name, format!("it is not what leaf {} carries", row.leaf)));
        }
        names.insert(name);
        Ok(())
    })?;
    Ok(names)
}

/// True if the file holds the payload of the row.
fn is_same(layout: &Layout, row: &MessageRow, path: &std::path::Path) -> Result<bool, Stop> {
    let file = std::fs::File::open(path).map_err(BundleError::io("open", path))?;
    let mut copy = std::io::BufReader::new(file);
    let mut payload = blob::open(layout, &row.payload)?;
    let (mut a, mut b) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let count = payload.read(&mut a).map_err(BundleError::io("read a payload of", path))?;
        if count == 0 {
            let rest = copy.read(&mut b).map_err(BundleError::io("read", path))?;
            return Ok(rest == 0);
        }
        match copy.read_exact(&mut b[..count]) {
            Ok(()) if a[..count] == b[..count] => {}
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(BundleError::io("read", path)(error).into()),
        }
    }
}

/// Checks that nothing lies in the payload that is no part of a bundle.
fn check_names(opened: &Opened, copied: &BTreeSet<String>) -> Result<(), Stop> {
    let messages = format!("data/tables/messages/project={}/month=", opened.project);
    for name in opened.files.digests.keys().filter(|name| name.starts_with("data/")) {
        let is_known = [FACTS, CRATE, KEY, LEAVES, SEAL_PROOF, GROWTH].contains(&name.as_str())
            || copied.contains(name)
            || name.starts_with("data/report/")
            || name.starts_with("data/blobs/")
            || (name.starts_with(&messages) && name.ends_with(".parquet"))
            || is_entry(name, &opened.project);
        if !is_known {
            return Err(found(name, "it is no part of a bundle"));
        }
    }
    Ok(())
}

/// Compares what the bundle says of itself with the seal and the report.
fn check_facts(opened: &Opened, report: &Report) -> Result<(), Stop> {
    let (facts, seal) = (&opened.facts, &opened.seal);
    let expected = Facts {
        format: FORMAT.to_owned(),
        confidentiality: CONFIDENTIAL.to_owned(),
        rules: report.provenance.rules,
        project: report.project.id.clone(),
        from: seal.from.clone(),
        to: seal.to.clone(),
        version: seal.version,
        figures: report.provenance.figures_digest.clone(),
        log_size: seal.log_size,
        log_root: seal.log_root.clone(),
        fingerprint: checkpoint::fingerprint(&facts.key),
        ..facts.clone()
    };
    match expected == *facts {
        true => Ok(()),
        false => Err(found(FACTS, "it does not say what the seal and the report say")),
    }
}

/// Compares every form that is a function of the report, where this version of the software made it.
fn check_forms(
    opened: &Opened,
    report: &Report,
    held: &mut Vec<String>,
    not_shown: &mut Vec<String>,
) -> Result<(), Stop> {
    let (files, facts) = (&opened.files, &opened.facts);
    let in_report: Vec<&String> =
        files.digests.keys().filter(|name| name.starts_with("data/report/")).collect();
    if facts.software != SOFTWARE {
        not_shown.push(format!(
            "that the pages and workbooks say what report.json says: the bundle was made by {}, this is \
             {SOFTWARE}",
            facts.software
        ));
        return Ok(());
    }
    let mut forms: Vec<(String, Vec<u8>)> = copies::forms(report)?
        .into_iter()
        .map(|(name, bytes)| (format!("data/report/{name}"), bytes))
        .collect();
    for name in in_report {
        if !forms.iter().any(|(known, _)| known == name) {
            not_shown.push(format!(
                "that {name} says what report.json says: it is signed, not compared"
            ));
        }
    }
    let sealed_at = opened.sealed_at.to_string();
    let list = |wanted: &dyn Fn(&str) -> bool| -> Vec<Listed> {
        let files = files.digests.iter().filter(|(name, _)| wanted(name));
        files.map(|(name, (sha256, len))| (name.clone(), *sha256, *len)).collect()
    };
    let payload = list(&|name| name.starts_with("data/"));
    let parts = list(&|name| name.starts_with("data/") && name != CRATE);
    forms.push((CRATE.to_owned(), tags::ro_crate(facts, report, &parts, &sealed_at).into_bytes()));
    let date = opened.sealed_at.day().to_string();
    for (name, text) in [
        tags::bagit(),
        tags::bag_info(facts, report, &payload, &date),
        tags::start_here(facts, report).map_err(|error| found(START_HERE, error.to_string()))?,
    ] {
        forms.push((name.to_owned(), text.into_bytes()));
    }
    for (name, bytes) in &forms {
        if files.bytes_of(name)? != *bytes {
            return Err(found(name, "it does not say what the report, computed here, says"));
        }
    }
    held.push(format!("{} pages and workbooks say what report.json says", forms.len()));
    Ok(())
}

/// Notes where two JSON values differ.
fn walk(theirs: &Value, ours: &Value, pointer: String, found: &mut Found) {
    match (theirs, ours) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            for (key, value) in a {
                walk(value, &b[key], format!("{pointer}/{key}"), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                walk(a, b, format!("{pointer}/{index}"), found);
            }
        }
        (a, b) if a == b => {}
        (a, b) => {
            if found.differences.len() >= DIFFERENCES_MAX {
                found.further += 1;
                return;
            }
            let (report, here) = (short(a), short(b));
            found.differences.push(Difference { figure: pointer, report, here });
        }
    }
}

/// A value in few characters.
fn short(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("{} items", items.len()),
        Value::Object(fields) => {
            format!("fields {}", fields.keys().cloned().collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
