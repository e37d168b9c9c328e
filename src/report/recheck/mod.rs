//! A bundle rechecked: offline, without configuration, from the file and a key alone.
//!
//! Takes a zip from whomever; gives an [`Outcome`]. Each layer stands on the one before it, so the
//! first that does not hold ends the check: the zip and its limits ([`open`]), manifests and signature
//! ([`signed`]), leaves, messages and proofs ([`log`]), the report computed anew and everything that is
//! a function of it ([`compare`]). Everything is unpacked and computed below a scratch folder that is
//! removed at the end; messages pass by file after file, so memory does not grow with the bundle.

mod compare;
mod log;
mod open;
mod signed;

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

pub use compare::Difference;

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

/// What was found wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Finding {
    /// The entry, leaf, byte or figure.
    pub place: String,
    pub what: String,
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
    /// What is shown, in words; empty unless shown.
    pub shown: Vec<String>,
    /// What no bundle shows, and what this one was not asked or could not be compared for.
    pub not_shown: Vec<String>,
}

/// Why a layer ends the check.
pub(super) enum Stop {
    Found(Vec<Finding>),
    Failed(BundleError),
}

impl From<BundleError> for Stop {
    fn from(error: BundleError) -> Self {
        Self::Failed(error)
    }
}

impl From<DatasetError> for Stop {
    fn from(error: DatasetError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ReportError> for Stop {
    fn from(error: ReportError) -> Self {
        Self::Failed(error.into())
    }
}

fn found(place: impl Into<String>, what: impl Into<String>) -> Stop {
    Stop::Found(vec![Finding { place: place.into(), what: what.into() }])
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
        shown: Vec::new(),
        not_shown: NOT_SHOWN.map(str::to_owned).to_vec(),
    };
    match layers(bundle, trust, scratch, progress, &mut outcome) {
        Ok(ended) => outcome.ended = ended,
        Err(Stop::Found(findings)) => outcome.findings = findings,
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

/// Unpacks a bundle and checks everything but the report: what `explain` stands on.
///
/// # Errors
/// When a file cannot be read or written, or the bundle is not right; see [`recheck`].
pub fn open_bundle(
    bundle: &Path,
    scratch: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<Opened, BundleError> {
    let mut held = Vec::new();
    open_layers(bundle, None, scratch, progress, &mut held, &mut None).map_err(|stop| match stop {
        Stop::Failed(error) => error,
        Stop::Found(findings) => {
            let first = findings.into_iter().next();
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
    let opened =
        open_layers(bundle, trust, scratch, progress, &mut outcome.held, &mut outcome.bundle)?;
    progress("the report, computed from the raw messages");
    let compared = compare::compare(&opened, &mut outcome.held, &mut outcome.not_shown)?;
    if compared.is_of_other_rules {
        outcome.differences = compared.differences;
        outcome.further = compared.further;
        return Ok(Ended::RulesNotComputed);
    }
    if let Some(finding) = compared.finding {
        outcome.differences = compared.differences;
        outcome.further = compared.further;
        return Err(Stop::Found(vec![finding]));
    }
    Ok(match trust {
        Some(_) => Ended::Shown,
        None => Ended::OriginNotEstablished,
    })
}

fn open_layers(
    bundle: &Path,
    trust: Option<&str>,
    scratch: &Path,
    progress: &mut dyn FnMut(&str),
    held: &mut Vec<String>,
    told: &mut Option<Facts>,
) -> Result<Opened, Stop> {
    let scratch = Scratch::new(scratch)?;
    progress("unpacking");
    let files = open::unpack(bundle, &scratch.path().join("bag"))?;
    held.push(format!(
        "the zip: {} entries, {} bytes, nothing between them",
        files.len(),
        files.bytes
    ));
    let facts = signed::check(&files, trust, told)?;
    held.push(format!(
        "manifests and signature: every entry is the one that key {} signed",
        facts.fingerprint
    ));
    progress("leaves, messages and proofs");
    let project = ProjectId::parse(&facts.project)
        .map_err(|error| found(super::bundle::FACTS, format!("project: {error}")))?;
    let layout = Layout::new(files.folder.join("data"));
    let (seal, sealed_at) = seal_of(&layout, &project, &facts)?;
    let seen = log::check(&files, &layout, &project, &facts, &seal)?;
    held.extend(seen.held);
    let (tree, received_before) = (seen.tree, seen.received_before);
    Ok(Opened { layout, facts, project, seal, tree, files, received_before, sealed_at, scratch })
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
