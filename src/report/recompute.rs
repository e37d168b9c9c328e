//! A log up to one size, derived and stated anew from its messages alone.
//!
//! Takes a data folder that holds `messages` and `blobs` of a project (the daemon's own, or what a
//! bundle brought), a log size and the tree of that many leaves; derives every table by the code that
//! a rebuild runs, below a scratch folder that is removed at the end, and hands the result to
//! [`collect`]. Needs no daemon, no configuration and no key, and never writes into the folder that
//! it reads.
//!
//! ```text
//! let past = Past::of_folder(&layout, &id, size, &std::env::temp_dir())?;   // or Past::derive
//! let statement = past.collect(period)?.state(Named { .. })?;
//! ```
//!
//! Leaves at or beyond the size do not count: messages, acts and seals alike. The report of a seal
//! comes out byte for byte as it was sealed ([`Past::sealed`]). Memory is bounded as it is for a
//! rebuild: messages are decoded lot by lot. Disk: the derived tables, about what the live ones take.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::ReportError;
use super::collect::{self, Collected, Named, Published};
use crate::dataset::layout::Layout;
use crate::dataset::log_files::LogFiles;
use crate::decode::act::Seal;
use crate::domain::id::ProjectId;
use crate::evidence::tree::TreeState;
use crate::period::{Period, Statement};
use crate::publish::{Project, PublishError};

/// A project as it was at one log size; its tables are gone when this is dropped.
pub struct Past {
    project: Project,
    // After the project, so that nothing looks into it any more when it is removed.
    _scratch: Scratch,
}

impl Past {
    /// The past of a project whose hashes lie in the same data folder. `size`: leaves that count, at
    /// most those that are published. `scratch`: the folder below which tables are written.
    ///
    /// # Errors
    /// When a file cannot be read or written, or the log has fewer leaves.
    pub fn of_folder(
        data: &Layout,
        id: &ProjectId,
        size: i64,
        scratch: &Path,
    ) -> Result<Self, ReportError> {
        let published = crate::dataset::commit::read(data, id)?.next_leaf;
        if size < 0 || size > published {
            let reason = format!("the log of project {id} has {published} leaves, not {size}");
            return Err(ReportError::Refused(reason));
        }
        let files = LogFiles { layout: data, project: id };
        let tree = TreeState::restore(size as u64, &files).map_err(PublishError::from)?;
        Self::derive(data, id, 0, tree, scratch)
    }

    /// The past of a project from `messages` and `blobs` alone. `from`: the first leaf whose data
    /// count; acts before it count all the same, and have to be there. `tree`: that of all leaves that
    /// count.
    ///
    /// # Errors
    /// When a file cannot be read or written, or a leaf is missing.
    pub fn derive(
        messages: &Layout,
        id: &ProjectId,
        from: i64,
        tree: TreeState,
        scratch: &Path,
    ) -> Result<Self, ReportError> {
        let scratch = Scratch::new(scratch)?;
        let tables = Layout::new(&scratch.path);
        let project = Project::past(messages, &tables, id, from, tree)?;
        Ok(Self { project, _scratch: scratch })
    }

    /// What is published of it, its intervals computed.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn published(&mut self) -> Result<Published<'_>, ReportError> {
        collect::refreshed(&mut self.project)
    }

    /// What the period stands on.
    ///
    /// # Errors
    /// When the project had no plan or methodology then, or a file cannot be read.
    pub fn collect(&mut self, period: Period) -> Result<Collected, ReportError> {
        collect::collect(&mut self.project, period)
    }

    /// What the period of a seal stands on, as it was collected for the seal. The log has to be of the
    /// seal's size.
    ///
    /// # Errors
    /// As [`Past::collect`].
    pub fn collect_sealed(&mut self, seal: &Seal) -> Result<Collected, ReportError> {
        let (from, to) = seal.dates().map_err(|error| ReportError::Refused(error.to_string()))?;
        let mut collected = self.collect(Period::new(from, to)?)?;
        collected.of_seal(seal);
        Ok(collected)
    }

    /// The statement that this seal fixed. The log has to be of the seal's size.
    ///
    /// # Errors
    /// As [`Past::collect`] and [`Collected::state`].
    pub fn sealed(&mut self, seal: &Seal) -> Result<Statement, ReportError> {
        self.collect_sealed(seal)?.state(Named::of(seal))
    }

    /// The project, its acts and its derived tables.
    #[must_use]
    pub fn project(&self) -> &Project {
        &self.project
    }
}

/// A folder of one run, removed with everything below it.
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes a new folder below `parent`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(parent: &Path) -> Result<Self, ReportError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("mrv-scratch-{}-{number}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                // Left by a process of the same number.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(ReportError::io("create folder", &path)(error)),
            }
        }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed only takes space in a folder that is emptied by the system.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
