//! A bundle made: the report computed from its messages once more, then everything put into a bag.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::tags::{self, Listed};
use super::{
    BundleError, CONFIDENTIAL, CRATE, FACTS, FORMAT, Facts, GROWTH, KEY, LEAVES, MANIFEST, REPORT,
    SEAL_PROOF, SOFTWARE, STATEMENT, STATEMENT_TYPE, TAG_MANIFEST, archive, copies, leaves, tables,
};
use crate::dataset::extract::Extract;
use crate::dataset::layout::Layout;
use crate::dataset::log_files::LogFiles;
use crate::dataset::rows::MessageRow;
use crate::dataset::{blob, read};
use crate::domain::RULES;
use crate::domain::id::ProjectId;
use crate::domain::message::Kind;
use crate::domain::time::Timestamp;
use crate::evidence::tree::{TreeState, consistency_path, inclusion_path};
use crate::evidence::{checkpoint, dsse, leaf, leaf_hash};
use crate::period::Period;
use crate::publish::registry::SealLeaf;
use crate::report::collect::{Collected, Named};
use crate::report::recompute::{Past, Scratch};
use crate::report::{Report, json};

/// What is to be bundled.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub data: &'a Layout,
    pub project: &'a ProjectId,
    pub seal: &'a SealLeaf,
    /// Of the report.
    pub version: u32,
    /// The folder of the sealed report.
    pub report: &'a Path,
    /// The log's key in both forms.
    pub private_key: &'a str,
    pub public_key: &'a str,
    /// A folder for what is unpacked and computed on the way.
    pub scratch: &'a Path,
}

/// Makes the bundle at `out`, which is there as a whole or not at all. The same log and seal give the
/// same bytes.
///
/// # Errors
/// When the log or the report is not what was sealed, was computed by other rules, or a file cannot be
/// read or written.
pub fn write(
    wanted: &Wanted<'_>,
    out: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Facts, BundleError> {
    let scratch = Scratch::new(wanted.scratch)?;
    let bag = scratch.path().join("bag");
    progress("the leaves of the log");
    let log = write_leaves(wanted, &bag)?;
    progress("the report, computed from its messages once more");
    let recomputed = recompute(wanted, &log, scratch.path())?;
    let (report, first_leaf) = (recomputed.report, recomputed.first_leaf);
    let facts = facts(wanted, &report, first_leaf);
    if let Some((past, reach)) = recomputed.derived {
        progress("tables of readings and intervals");
        tables::write(past.project(), &Layout::new(bag.join("data")), reach)?;
    }
    progress("messages and documents");
    write_messages(wanted, &bag, first_leaf)?;
    write_copies(wanted, &bag)?;
    archive::put(&bag, FACTS, facts.encode().as_bytes())?;
    archive::put(&bag, KEY, format!("{}\n", facts.key).as_bytes())?;
    progress("manifests and signature");
    write_tags(wanted, &bag, &facts, &report, log.sealed_at)?;
    progress("the zip");
    let part = with_suffix(out, ".part");
    let file = File::create(&part).map_err(BundleError::io("create", &part))?;
    let mut sink = BufWriter::with_capacity(1 << 20, file);
    archive::write(&bag, &archive::names(&bag)?, &mut sink)?;
    let file = sink.into_inner().map_err(|error| BundleError::io("write", &part)(error.into()))?;
    file.sync_all().map_err(BundleError::io("sync", &part))?;
    std::fs::rename(&part, out).map_err(BundleError::io("rename to", out))?;
    Ok(facts)
}

/// What was seen of the log while its leaves were written.
struct Log {
    /// Of the leaves that count.
    tree: TreeState,
    /// The first leaf received in the UTC month in which the period begins: items without a time count
    /// by their month of receipt.
    first_inside: i64,
    sealed_at: Timestamp,
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Writes leaves and proofs.
fn write_leaves(wanted: &Wanted<'_>, bag: &Path) -> Result<Log, BundleError> {
    let Wanted { data, project, seal, .. } = *wanted;
    let starts = starts_at(wanted)?;
    let path = archive::put(bag, LEAVES, b"")?;
    let file = File::create(&path).map_err(BundleError::io("create", &path))?;
    let mut out = BufWriter::with_capacity(1 << 18, file);
    let mut tree = TreeState::default();
    let mut sealed_tree = None;
    let mut log = Log {
        tree: TreeState::default(),
        first_inside: seal.seal.log_size,
        sealed_at: Timestamp::default(),
    };
    let (mut bytes, mut entry) = (Vec::new(), Vec::new());
    read::messages(data, project, 0, seal.leaf + 1, |row| {
        if row.leaf == seal.seal.log_size {
            sealed_tree = Some(tree.clone());
        }
        if row.header.received_at.month() >= starts.month() {
            log.first_inside = log.first_inside.min(row.leaf);
        }
        log.sealed_at = row.header.received_at;
        bytes.clear();
        leaf::encode_into(&mut bytes, &row.header);
        tree.append(&[leaf_hash(&bytes)]);
        entry.clear();
        leaves::append(&mut entry, &bytes);
        out.write_all(&entry).map_err(BundleError::io("write", &path))
    })?;
    out.flush().map_err(BundleError::io("write", &path))?;
    log.tree = sealed_tree.unwrap_or_else(|| tree.clone());
    if BASE64_STANDARD.encode(log.tree.root()) != seal.seal.log_root {
        let reason = "the messages do not lead to the root that was sealed; see mrv log verify";
        return Err(BundleError::Log(reason.to_owned()));
    }
    write_proofs(wanted, bag, tree.size())?;
    Ok(log)
}

/// Writes the proofs that the leaves up to the seal lie under the checkpoint.
fn write_proofs(wanted: &Wanted<'_>, bag: &Path, size: u64) -> Result<(), BundleError> {
    let Wanted { data, project, seal, .. } = *wanted;
    let path = data.checkpoint(project);
    let note = std::fs::read_to_string(&path).map_err(BundleError::io("read", &path))?;
    let wrong = |error: &dyn std::fmt::Display| BundleError::Log(format!("the log: {error}"));
    let name = checkpoint::key_name(wanted.public_key).map_err(|error| wrong(&error))?;
    let origin = checkpoint::origin(name, project);
    let signed = checkpoint::open(&note, wanted.public_key, &origin).map_err(|e| wrong(&e))?;
    let files = LogFiles { layout: data, project };
    let included = inclusion_path(seal.leaf as u64, signed.size, &files).map_err(|e| wrong(&e))?;
    let grown = consistency_path(size, signed.size, &files).map_err(|e| wrong(&e))?;
    let proof = leaves::inclusion(seal.leaf as u64, &included, &note);
    archive::put(bag, SEAL_PROOF, proof.as_bytes())?;
    archive::put(bag, GROWTH, leaves::growth(size, &grown, &note).as_bytes())?;
    Ok(())
}

/// First instant of the period, by the plan in force when it was sealed.
fn starts_at(wanted: &Wanted<'_>) -> Result<Timestamp, BundleError> {
    let Wanted { data, project, seal, .. } = *wanted;
    let mut registry = crate::publish::registry::Registry::default();
    read::acts(data, project, seal.seal.log_size, |row| {
        registry.add(&row);
        Ok::<_, BundleError>(())
    })?;
    let plan = registry.plans().latest();
    let plan =
        plan.ok_or_else(|| BundleError::Refused(format!("project {project} has no plan")))?;
    Ok(period_of(seal)?.start(&plan.registered.zone))
}

fn period_of(seal: &SealLeaf) -> Result<Period, BundleError> {
    let (from, to) = seal.seal.dates().map_err(|e| BundleError::Refused(e.to_string()))?;
    Ok(Period::new(from, to).map_err(super::super::ReportError::from)?)
}

/// A report computed once more.
struct Recomputed {
    report: Report,
    /// The first leaf whose data it needs.
    first_leaf: i64,
    /// What the messages from that leaf on come to, and the time that the figures stand on; `None` for
    /// a report of other rules.
    derived: Option<(Past, (Timestamp, Timestamp))>,
}

/// The report once more from its messages, and the first leaf whose data it needs: that nothing
/// before matters is tried by computing it from there alone. A report of other rules is taken as it
/// was sealed, with all messages.
fn recompute(wanted: &Wanted<'_>, log: &Log, scratch: &Path) -> Result<Recomputed, BundleError> {
    let Wanted { data, project, seal, .. } = *wanted;
    let path = wanted.report.join("report.json");
    let written = std::fs::read_to_string(&path).map_err(BundleError::io("read", &path))?;
    if let Ok(sealed) = serde_json::from_str::<Report>(&written)
        && sealed.provenance.rules != RULES
    {
        // Other rules sealed it: whoever rechecks by those needs the whole.
        return Ok(Recomputed { report: sealed, first_leaf: 0, derived: None });
    }
    let derive = |from| Past::derive(data, project, from, log.tree.clone(), scratch);
    let state = |collected: &Collected| Ok(Report::of(&collected.state(Named::of(&seal.seal))?));
    let mut past = derive(0)?;
    let collected = past.collect_sealed(&seal.seal)?;
    let report: Report = state(&collected).map_err(BundleError::Report)?;
    let text = |report: &Report| {
        json::write(report).map_err(|error| BundleError::Refused(format!("report: {error}")))
    };
    if text(&report)? != written {
        return Err(BundleError::Refused(format!(
            "{} does not come out of its messages again: it was altered, or sealed by another version \
             of mrv (this computes by rules {RULES}); make the bundle with the version that sealed it",
            path.display()
        )));
    }
    let reach = collected.reach;
    drop(collected);
    let stands_on = past.project().first_leaf(reach)?.unwrap_or(seal.seal.log_size);
    let first_leaf = stands_on.min(log.first_inside);
    if first_leaf <= 0 {
        return Ok(Recomputed { report, first_leaf: 0, derived: Some((past, reach)) });
    }
    // Its tables take as much room as those of the whole log.
    drop(past);
    let mut part = derive(first_leaf)?;
    // What cannot be stated from the part alone needs the whole.
    let again = part.collect_sealed(&seal.seal).and_then(|collected| state(&collected)).ok();
    if again.as_ref() == Some(&report) {
        return Ok(Recomputed { report, first_leaf, derived: Some((part, reach)) });
    }
    drop(part);
    Ok(Recomputed { report, first_leaf: 0, derived: Some((derive(0)?, reach)) })
}

fn facts(wanted: &Wanted<'_>, report: &Report, first_leaf: i64) -> Facts {
    let seal = &wanted.seal.seal;
    let key = wanted.public_key.trim().to_owned();
    Facts {
        format: FORMAT.to_owned(),
        confidentiality: CONFIDENTIAL.to_owned(),
        software: SOFTWARE.to_owned(),
        rules: report.provenance.rules,
        project: wanted.project.to_string(),
        from: seal.from.clone(),
        to: seal.to.clone(),
        version: wanted.version,
        figures: report.provenance.figures_digest.clone(),
        log_size: seal.log_size,
        log_root: seal.log_root.clone(),
        seal_leaf: wanted.seal.leaf,
        first_leaf,
        fingerprint: checkpoint::fingerprint(&key),
        key,
    }
}

/// Writes acts before the first leaf, every message from there on, and the seal's.
fn write_messages(wanted: &Wanted<'_>, bag: &Path, first: i64) -> Result<(), BundleError> {
    let Wanted { data, project, seal, .. } = *wanted;
    let target = Layout::new(bag.join("data"));
    let mut extract = Extract::new(data, &target, project);
    read::acts(data, project, first, |row| extract.take(row))?;
    extract.cut()?;
    read::messages(data, project, first, seal.seal.log_size, |row| extract.take(row))?;
    extract.cut()?;
    read::messages(data, project, seal.leaf, seal.leaf + 1, |row| extract.take(row))?;
    extract.cut()?;
    Ok(())
}

/// Copies the report, and what people read of the log.
fn write_copies(wanted: &Wanted<'_>, bag: &Path) -> Result<(), BundleError> {
    let Wanted { data, project, seal, .. } = *wanted;
    copies::each(data, project, seal.seal.log_size, |path, row| {
        archive::put(bag, &path, &payload(data, &row)?).map(drop)
    })?;
    for name in archive::names(wanted.report)? {
        let path = wanted.report.join(&name);
        let bytes = std::fs::read(&path).map_err(BundleError::io("read", &path))?;
        archive::put(bag, &format!("data/report/{name}"), &bytes)?;
    }
    Ok(())
}

/// All bytes of a plan, methodology or document.
fn payload(data: &Layout, row: &MessageRow) -> Result<Vec<u8>, BundleError> {
    let mut bytes = Vec::new();
    let mut input = blob::open(data, &row.payload)?.take(super::limits::TEXT_BYTES_MAX + 1);
    input.read_to_end(&mut bytes).map_err(BundleError::io("read a payload of", data.root()))?;
    if bytes.len() as u64 > super::limits::TEXT_BYTES_MAX {
        let (kind, leaf) = (Kind::as_str(row.header.kind), row.leaf);
        return Err(BundleError::Refused(format!(
            "{kind} of leaf {leaf} is too large for a bundle"
        )));
    }
    Ok(bytes)
}

/// Writes everything that describes and signs the rest.
fn write_tags(
    wanted: &Wanted<'_>,
    bag: &Path,
    facts: &Facts,
    report: &Report,
    sealed_at: Timestamp,
) -> Result<(), BundleError> {
    let list = |names: Vec<String>| -> Result<Vec<Listed>, BundleError> {
        let each = |name: String| {
            archive::digest(&bag.join(&name)).map(|(sha256, len)| (name, sha256, len))
        };
        names.into_iter().map(each).collect()
    };
    let parts = list(archive::names(bag)?)?;
    let crate_text = tags::ro_crate(facts, report, &parts, &sealed_at.to_string());
    archive::put(bag, CRATE, crate_text.as_bytes())?;
    let payload = list(archive::names(bag)?)?;
    archive::put(bag, MANIFEST, tags::manifest(&payload).as_bytes())?;
    let date = sealed_at.day().to_string();
    for (name, text) in [
        tags::bagit(),
        tags::bag_info(facts, report, &payload, &date),
        tags::start_here(facts, report).map_err(|error| BundleError::Log(error.to_string()))?,
    ] {
        archive::put(bag, name, text.as_bytes())?;
    }
    let listed = list(super::TAG_FILES.map(str::to_owned).to_vec())?;
    let path = archive::put(bag, TAG_MANIFEST, tags::manifest(&listed).as_bytes())?;
    let (tag_manifest, _) = archive::digest(&path)?;
    let (report_json, _) = archive::digest(&bag.join(REPORT))?;
    let statement = tags::statement(facts, tag_manifest, report_json);
    let signed = dsse::sign(wanted.private_key, STATEMENT_TYPE, &statement)
        .map_err(|error| BundleError::Log(error.to_string()))?;
    archive::put(bag, STATEMENT, signed.as_bytes())?;
    Ok(())
}
