//! A bundle rechecked: offline, without configuration, from the file and a key alone.
//!
//! Takes a zip from whomever; gives an [`Outcome`]. Each layer stands on the one before it, so the
//! first that does not hold ends the check: the zip and its limits ([`open`]), manifests and signature
//! ([`signed`]), leaves, messages and proofs ([`log`]), the report and the tables computed anew and
//! everything that is a function of them ([`compare`]). Where bytes, an entry or a message are not what
//! they should be and all else can be read, the layers after it are gone through all the same, to name
//! the readings, intervals and figures that differ; they alter nothing of how it ended. Everything is unpacked and computed below a scratch folder that is
//! removed at the end; messages pass by file after file, so memory does not grow with the bundle.

mod altered;
mod compare;
mod flipped;
mod found;
mod log;
mod open;
mod signed;
mod tables;

use std::path::Path;

use serde::Serialize;

use super::ReportError;
use super::bundle::{BundleError, Facts, NOT_SHOWN, SHOWN};
use super::recompute::{Past, Scratch};
use crate::dataset::DatasetError;
use crate::dataset::layout::Layout;
use crate::dataset::read;
use crate::dataset::rows::MessageRow;
use crate::decode::act::{Act, Content, Seal};
use crate::domain::id::ProjectId;
use crate::domain::message::{Kind, Payload};
use crate::domain::time::Timestamp;
use crate::evidence::checkpoint;
use crate::evidence::tree::TreeState;

pub use found::{Difference, Finding, RowDifference};
use found::{Found, Stop, found};

/// How a recheck ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Ended {
    /// Everything that a bundle can show is shown, by the trusted key: exit code 0.
    Shown,
    /// Something is not as it should be, or another key signed it: exit code 1.
    Differs,
    /// All of it fits together, but no key was given to trust: exit code 3.
    OriginNotEstablished,
    /// Sealed by rules that this software no longer computes: exit code 4.
    RulesNotComputed,
}

/// What a recheck found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Outcome {
    pub ended: Ended,
    /// What the bundle says that it is of; null where it could not be read so far.
    pub bundle: Option<Facts>,
    /// Short form of the key that was given to trust; null where none was.
    pub trusted: Option<String>,
    /// Layers that hold, in their order, with numbers.
    pub held: Vec<String>,
    /// What does not hold; empty unless it ended with `differs`.
    pub findings: Vec<Finding>,
    /// Figures of the report that come out otherwise here.
    pub differences: Vec<Difference>,
    /// Differences beyond those.
    pub further: u64,
    /// Readings, conflicts and intervals that come out otherwise here than the bundle's tables state.
    pub rows: Vec<RowDifference>,
    /// Rows that differ beyond those.
    pub further_rows: u64,
    /// What is shown, in words; empty unless shown.
    pub shown: Vec<String>,
    /// What no bundle shows, and what this one was not asked or could not be compared for.
    pub not_shown: Vec<String>,
}

/// A bundle that is unpacked, signed by the key that it names, and whose messages are those of its log.
pub struct Opened {
    // First, so that what stands in it is gone before the folder is.
    pub layout: Layout,
    pub facts: Facts,
    pub project: ProjectId,
    pub seal: Seal,
    /// Of the leaves that count.
    pub tree: TreeState,
    files: open::Unpacked,
    /// Receipt of the last leaf before the first whose data are here.
    received_before: Option<Timestamp>,
    sealed_at: Timestamp,
    scratch: Scratch,
}

impl Opened {
    /// A folder for what is computed on the way; removed with this.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// The project as it was sealed, derived from the bundle's messages.
    ///
    /// # Errors
    /// When a message cannot be read or a table not be written.
    pub fn past(&self) -> Result<Past, ReportError> {
        let (id, first) = (&self.project, self.facts.first_leaf);
        Past::derive(&self.layout, id, first, self.tree.clone(), self.scratch())
    }
}

/// Rechecks a bundle. `trust`: the verifier key of the operator's log, as received by another way.
/// `scratch`: a folder with room for the bundle and its tables. `progress` is told what begins.
///
/// # Errors
/// When a file cannot be read or written; what reads and is wrong is a finding.
pub fn recheck(
    bundle: &Path,
    trust: Option<&str>,
    scratch: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Outcome, BundleError> {
    let mut outcome = Outcome {
        ended: Ended::Differs,
        bundle: None,
        trusted: trust.map(checkpoint::fingerprint),
        held: Vec::new(),
        findings: Vec::new(),
        differences: Vec::new(),
        further: 0,
        rows: Vec::new(),
        further_rows: 0,
        shown: Vec::new(),
        not_shown: NOT_SHOWN.map(str::to_owned).to_vec(),
    };
    match layers(bundle, trust, scratch, progress, &mut outcome) {
        Ok(ended) => outcome.ended = ended,
        Err(Stop::Found(found)) => outcome.take(found),
        Err(Stop::Failed(BundleError::Dataset(error @ DatasetError::Io { .. }))) => {
            return Err(error.into());
        }
        Err(Stop::Failed(error @ BundleError::Io { .. })) => return Err(error),
        // Tables that cannot be read, acts that cannot be stated: the bundle's fault, not the disk's.
        Err(Stop::Failed(error)) => {
            let place = "the messages".to_owned();
            let what = without_scratch(&error.to_string(), scratch);
            outcome.findings = vec![Finding { place, what }];
        }
    }
    if outcome.ended == Ended::Shown {
        outcome.shown = SHOWN.map(str::to_owned).to_vec();
    }
    if trust.is_none() {
        let what = "who signed it: no key was given to trust (--trust)";
        outcome.not_shown.insert(0, what.to_owned());
    }
    Ok(outcome)
}

/// A text with paths as they are in the bundle.
fn without_scratch(text: &str, scratch: &Path) -> String {
    let words = text.split(' ').map(|word| match word.strip_prefix(&*scratch.to_string_lossy()) {
        Some(below) => below.split_once("/bag/").map_or(below, |(_, name)| name),
        None => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

impl Outcome {
    fn take(&mut self, found: Found) {
        let Found { findings, differences, further, rows, further_rows } = found;
        (self.findings, self.differences, self.further) = (findings, differences, further);
        (self.rows, self.further_rows) = (rows, further_rows);
    }
}

/// Unpacks a bundle and checks everything but the report: what `explain` stands on.
///
/// # Errors
/// When a file cannot be read or written, or the bundle is not right; see [`recheck`].
pub fn open_bundle(
    bundle: &Path,
    scratch: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Opened, BundleError> {
    let mut opened = || {
        let begun = unpack(bundle, scratch, progress)?;
        let mut held = Vec::new();
        let facts = check_signed(&begun, None, &mut held, &mut None)?;
        let (opened, altered) = check_log(begun, facts, progress, &mut held)?;
        match altered.is_empty() {
            true => Ok(opened),
            false => Err(Stop::Found(altered)),
        }
    };
    opened().map_err(|stop| match stop {
        Stop::Failed(error) => error,
        Stop::Found(found) => {
            let first = found.findings.into_iter().next();
            let text = first.map(|one| format!("{}: {}", one.place, one.what)).unwrap_or_default();
            BundleError::Log(format!("the bundle is not right: {text}; see mrv recheck"))
        }
    })
}

fn layers(
    bundle: &Path,
    trust: Option<&str>,
    scratch: &Path,
    progress: &mut dyn FnMut(&str),
    outcome: &mut Outcome,
) -> Result<Ended, Stop> {
    let begun = unpack(bundle, scratch, progress)?;
    let mut found = Found::default();
    let facts = match check_signed(&begun, trust, &mut outcome.held, &mut outcome.bundle) {
        Ok(facts) => facts,
        Err(Stop::Found(more)) => {
            found = more;
            let facts = signed::to_be_looked_into(&begun.files, trust, outcome.bundle.as_ref());
            match facts {
                Some(facts) => facts,
                None => return Err(Stop::Found(found)),
            }
        }
        Err(stop) => return Err(stop),
    };
    let (held, not_shown) = (&mut outcome.held, &mut outcome.not_shown);
    if found.is_empty() {
        let ended = content(begun, facts, progress, (held, not_shown), &mut found)?;
        return match (found.is_empty(), ended) {
            (_, Ended::RulesNotComputed) => {
                // Figures of other rules differ; nobody is accused.
                found.findings.clear();
                outcome.take(found);
                Ok(ended)
            }
            (true, _) if trust.is_some() => Ok(Ended::Shown),
            (true, _) => Ok(Ended::OriginNotEstablished),
            (false, _) => Err(Stop::Found(found)),
        };
    }
    progress("what differs");
    let mut beside = Found::default();
    // Bytes that nobody signed may make a reader of Parquet panic: it differs all the same.
    let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        content(begun, facts, progress, (&mut Vec::new(), &mut Vec::new()), &mut beside)
    }));
    found.add(beside);
    // What cannot be read beside that is left out.
    if let Ok(Err(Stop::Found(more))) = looked {
        found.add(more);
    }
    Err(Stop::Found(found))
}

/// The layers below the signature: messages, report, tables. What differs is added to `found`.
fn content(
    begun: Begun,
    facts: Facts,
    progress: &mut dyn FnMut(&str),
    (held, not_shown): (&mut Vec<String>, &mut Vec<String>),
    found: &mut Found,
) -> Result<Ended, Stop> {
    let (opened, altered) = check_log(begun, facts, progress, held)?;
    let is_whole = altered.is_empty() && found.is_empty();
    found.add(altered);
    // Of altered messages nothing further is said to hold.
    let mut aside = Vec::new();
    let held = if is_whole { held } else { &mut aside };
    progress("the report and the tables, from the raw messages");
    let compared = match compare::compare(&opened, held, not_shown) {
        Ok(compared) => compared,
        // Altered messages need not lead to a report.
        Err(stop) if is_whole => return Err(stop),
        Err(Stop::Found(more)) => {
            found.add(more);
            return Ok(Ended::Differs);
        }
        Err(Stop::Failed(_)) => return Ok(Ended::Differs),
    };
    let is_of_other_rules = compared.is_of_other_rules && is_whole;
    found.add(compared.found);
    Ok(if is_of_other_rules { Ended::RulesNotComputed } else { Ended::Differs })
}

/// A bundle on disk.
struct Begun {
    files: open::Unpacked,
    scratch: Scratch,
}

fn unpack(bundle: &Path, scratch: &Path, progress: &mut dyn FnMut(&str)) -> Result<Begun, Stop> {
    let scratch = Scratch::new(scratch)?;
    progress("unpacking");
    let files = open::unpack(bundle, &scratch.path().join("bag"))?;
    Ok(Begun { files, scratch })
}

/// Checks that the entries are those that the bundle's key signed. `told` gets what the bundle says
/// that it is of as soon as it can be read.
fn check_signed(
    begun: &Begun,
    trust: Option<&str>,
    held: &mut Vec<String>,
    told: &mut Option<Facts>,
) -> Result<Facts, Stop> {
    let files = &begun.files;
    let mut damaged = files.damage()?;
    let facts = match signed::check(files, trust, told) {
        Ok(facts) if damaged.is_empty() => facts,
        Ok(_) => return Err(Stop::Found(damaged)),
        Err(Stop::Found(more)) => {
            damaged.add(more);
            return Err(Stop::Found(damaged));
        }
        Err(stop) => return Err(stop),
    };
    held.push(format!(
        "the zip: {} entries, {} bytes, nothing between them",
        files.len(),
        files.bytes
    ));
    held.push(format!(
        "manifests and signature: every entry is the one that key {} signed",
        facts.fingerprint
    ));
    Ok(facts)
}

/// Checks leaves, messages and proofs; gives the messages that are not their leaves' beside.
fn check_log(
    begun: Begun,
    facts: Facts,
    progress: &mut dyn FnMut(&str),
    held: &mut Vec<String>,
) -> Result<(Opened, Found), Stop> {
    let Begun { files, scratch } = begun;
    progress("leaves, messages and proofs");
    let project = ProjectId::parse(&facts.project)
        .map_err(|error| found(super::bundle::FACTS, format!("project: {error}")))?;
    let layout = Layout::new(files.folder.join("data"));
    let (seal, sealed_at) = seal_of(&layout, &project, &facts)?;
    let seen = log::check(&files, &layout, &project, &facts, &seal)?;
    if seen.altered.is_empty() {
        held.extend(seen.held);
    }
    let (tree, received_before) = (seen.tree, seen.received_before);
    let opened =
        Opened { layout, facts, project, seal, tree, files, received_before, sealed_at, scratch };
    Ok((opened, seen.altered))
}

/// The seal that the last leaf carries.
fn seal_of(layout: &Layout, project: &ProjectId, facts: &Facts) -> Result<(Seal, Timestamp), Stop> {
    let place = format!("leaf {}", facts.seal_leaf);
    let mut carried: Option<MessageRow> = None;
    let (from, to) = (facts.seal_leaf, facts.seal_leaf.saturating_add(1));
    read::messages(layout, project, from, to, |row| {
        carried = Some(row);
        Ok::<_, DatasetError>(())
    })?;
    let seal = carried.and_then(|row| match (row.header.kind, row.payload) {
        (Kind::Seal, Payload::Inline(bytes)) => match Act::parse(&bytes) {
            Ok(Act { content: Content::Seal(seal), .. }) => Some((seal, row.header.received_at)),
            _ => None,
        },
        _ => None,
    });
    seal.ok_or_else(|| found(place, "it carries no seal, though the bundle says so"))
}
