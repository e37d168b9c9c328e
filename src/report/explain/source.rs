//! What an explanation is looked up in: a project of the past, its report, and the hashes of its log.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Write};
use std::path::Path;

use super::message::Sent;
use crate::dataset::commit;
use crate::dataset::layout::Layout;
use crate::dataset::log_files::LogFiles;
use crate::decode::act::Seal;
use crate::domain::id::ProjectId;
use crate::domain::time::Zone;
use crate::evidence::tree::{TreeState, root_at};
use crate::evidence::{Hash, leaf_hash};
use crate::period::{ChannelRows, Period};
use crate::publish::registry::{Registry, read};
use crate::report::Report;
use crate::report::bundle::{BundleError, LEAVES, leaves};
use crate::report::collect::{Collected, Named};
use crate::report::recheck::{Opened, open_bundle};
use crate::report::recompute::{Past, Scratch};

/// Hashes written at once.
const HASHES: usize = 4_096;

/// A project as it was, with everything that a figure can be opened into.
pub struct Source {
    pub report: Report,
    /// Leaves that count, and the root over them.
    pub size: u64,
    pub root: Hash,
    pub(super) past: Past,
    pub(super) collected: Collected,
    pub(super) zone: Zone,
    /// Where messages and blobs lie.
    pub(super) messages: Layout,
    pub(super) project: ProjectId,
    /// Leaves whose message is shown already.
    pub(super) shown: BTreeSet<i64>,
    /// Messages that are read and not shown yet, by leaf.
    pub(super) sent: BTreeMap<i64, Sent>,
    /// Where the hashes of the log lie.
    log: Layout,
    // Last, so that the others no longer look into them.
    _opened: Option<Opened>,
    _scratch: Option<Scratch>,
}

impl Source {
    /// From a bundle, whose log, messages and signature are checked first.
    ///
    /// # Errors
    /// When the bundle is not right, or a file cannot be read or written.
    pub fn of_bundle(
        bundle: &Path,
        scratch: &Path,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Self, BundleError> {
        let opened = open_bundle(bundle, scratch, progress)?;
        progress("tables and report, from the raw messages");
        let hashes = Scratch::new(opened.scratch())?;
        let log = Layout::new(hashes.path());
        let leaves = opened.layout.root().join("..").join(LEAVES);
        write_hashes(&leaves, opened.tree.size(), &log, &opened.project)?;
        let seal = opened.seal.clone();
        let mut past = opened.past()?;
        let collected = past.collect_sealed(&seal)?;
        let (messages, project) = (opened.layout.clone(), opened.project.clone());
        let named = Named::of(&seal);
        let mut source = Self::new(past, collected, named, messages, project, log)?;
        (source._opened, source._scratch) = (Some(opened), Some(hashes));
        Ok(source)
    }

    /// From a data folder: the last sealed period that has the year, or, with a period given, a draft
    /// of it over everything published, unless just that one is sealed.
    ///
    /// # Errors
    /// When no sealed period has the year and none is given, or a file cannot be read or written.
    pub fn of_folder(
        data: &Layout,
        project: &ProjectId,
        year: Option<i16>,
        period: Option<Period>,
        scratch: &Path,
    ) -> Result<Self, BundleError> {
        let (_, registry) = read(data, project)?;
        let sealed = sealed(&registry, year, period);
        if let Some((seal, _)) = sealed {
            let mut past = Past::of_folder(data, project, seal.log_size, scratch)?;
            let collected = past.collect_sealed(seal)?;
            let (messages, project) = (data.clone(), project.clone());
            return Self::new(past, collected, Named::of(seal), messages, project, data.clone());
        }
        let Some(period) = period else {
            return Err(BundleError::Refused(format!(
                "project {project} has no sealed period with this year; name one that is not sealed with \
                 --from and --to"
            )));
        };
        let size = commit::read(data, project)?.next_leaf;
        let mut past = Past::of_folder(data, project, size, scratch)?;
        let collected = past.collect(period)?;
        let (messages, project) = (data.clone(), project.clone());
        Self::new(past, collected, Named::default(), messages, project, data.clone())
    }

    fn new(
        past: Past,
        collected: Collected,
        named: Named<'_>,
        messages: Layout,
        project: ProjectId,
        log: Layout,
    ) -> Result<Self, BundleError> {
        let report = Report::of(&collected.state(named)?);
        let zone = collected.plan().registered.zone.clone();
        let (size, root) = (collected.log_size as u64, collected.root);
        Ok(Self {
            report,
            size,
            root,
            past,
            collected,
            zone,
            messages,
            project,
            shown: BTreeSet::new(),
            sent: BTreeMap::new(),
            log,
            _opened: None,
            _scratch: None,
        })
    }

    /// The hashes of the log.
    pub(super) fn hashes(&self) -> LogFiles<'_> {
        LogFiles { layout: &self.log, project: &self.project }
    }

    /// The intervals of a channel, by its name.
    pub(super) fn rows(&self, channel: &str) -> Option<&ChannelRows> {
        self.collected.channels().iter().find(|one| one.key.to_string() == channel)
    }
}

/// The last sealed period that is asked for, and its seal.
fn sealed(
    registry: &Registry,
    year: Option<i16>,
    period: Option<Period>,
) -> Option<(&Seal, Period)> {
    let mut seals = registry.seals().iter().rev().filter_map(|one| {
        let (from, to) = one.seal.dates().ok()?;
        Some((&one.seal, Period::new(from, to).ok()?))
    });
    seals.find(|(_, sealed)| match period {
        Some(period) => *sealed == period,
        None => year.is_none_or(|year| (sealed.from().year()..=sealed.to().year()).contains(&year)),
    })
}

/// Writes the lists of hashes of a log from its leaves, so that proofs can be made.
fn write_hashes(
    leaves_file: &Path,
    size: u64,
    log: &Layout,
    project: &ProjectId,
) -> Result<(), BundleError> {
    let folder = log.log(project);
    std::fs::create_dir_all(&folder).map_err(BundleError::io("create folder", &folder))?;
    let file = File::open(leaves_file).map_err(BundleError::io("open", leaves_file))?;
    let (mut input, mut bytes) = (BufReader::with_capacity(1 << 18, file), Vec::new());
    let (mut tree, mut hashes) = (TreeState::default(), Vec::new());
    for number in 0..size {
        leaves::next(&mut input, &mut bytes).map_err(BundleError::io("read", leaves_file))?;
        hashes.push(leaf_hash(&bytes));
        if hashes.len() < HASHES && number + 1 < size {
            continue;
        }
        for append in tree.append(&hashes) {
            let path = log.log_level(project, append.level);
            let file = OpenOptions::new().create(true).append(true).open(&path);
            let mut file = file.map_err(BundleError::io("open", &path))?;
            let written = file.write_all(append.hashes.as_flattened());
            written.map_err(BundleError::io("write", &path))?;
        }
        hashes.clear();
    }
    let files = LogFiles { layout: log, project };
    match root_at(size, &files) {
        Ok(root) if root == tree.root() => Ok(()),
        _ => Err(BundleError::Log("the hashes of the leaves do not read back".to_owned())),
    }
}
