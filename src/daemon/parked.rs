//! Parked projects: those that cannot be published, because something of theirs on disk is damaged.
//!
//! A parked project delays only itself. Its messages are journaled and acknowledged as before and stay
//! in the journal; nothing of what it has on disk is touched. It is opened again from time to time
//! and at the next start, and then goes on where it stood.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use crate::domain::id::ProjectId;
use crate::journal::Position;

/// How often a parked project is opened again.
const TRY_EVERY: Duration = Duration::from_secs(60);

/// Parked projects and the reasons, for whoever shows them.
pub type Shown = Arc<RwLock<BTreeMap<ProjectId, String>>>;

/// The projects that are parked.
#[derive(Default)]
pub struct Parked {
    held: BTreeMap<ProjectId, Held>,
    shown: Shown,
}

struct Held {
    /// Journal records of the project from here on are not published.
    from: Position,
    tried: Instant,
}

impl Parked {
    /// Parks a project of which the journal keeps everything `from` a position on.
    pub fn park(&mut self, project: &ProjectId, reason: String, from: Position) {
        tracing::error!(
            %project,
            reason,
            "the project is parked: its messages stay in the journal, the others go on; repair it \
             or restore it from a copy"
        );
        self.held.insert(project.clone(), Held { from, tried: Instant::now() });
        self.show(|shown| shown.insert(project.clone(), reason));
    }

    /// Takes a project out that could be opened again; gives where its records begin.
    pub fn release(&mut self, project: &ProjectId) -> Position {
        self.show(|shown| shown.remove(project));
        self.held.remove(project).map_or(0, |held| held.from)
    }

    #[must_use]
    pub fn holds(&self, project: &ProjectId) -> bool {
        self.held.contains_key(project)
    }

    /// Records before this position are needed by no parked project.
    #[must_use]
    pub fn held_from(&self) -> Position {
        self.held.values().map(|held| held.from).min().unwrap_or(Position::MAX)
    }

    /// The projects that are to be tried again now.
    pub fn due(&mut self) -> Vec<ProjectId> {
        let due = self.held.iter_mut().filter(|(_, held)| held.tried.elapsed() >= TRY_EVERY);
        due.map(|(project, held)| {
            held.tried = Instant::now();
            project.clone()
        })
        .collect()
    }

    pub fn projects(&self) -> impl Iterator<Item = &ProjectId> {
        self.held.keys()
    }

    #[must_use]
    pub fn shown(&self) -> Shown {
        Arc::clone(&self.shown)
    }

    fn show<T>(&self, change: impl FnOnce(&mut BTreeMap<ProjectId, String>) -> T) {
        // Nothing panics while it is held.
        if let Ok(mut shown) = self.shown.write() {
            change(&mut shown);
            metrics::gauge!("mrv_projects_parked").set(shown.len() as f64);
        }
    }
}
