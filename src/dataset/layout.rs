//! Where everything lies below the data folder. Paths are made only of checked ids and numbers.

use std::path::{Path, PathBuf};

use super::schema::Table;
use crate::domain::digest::Sha256Digest;
use crate::domain::id::ProjectId;
use crate::domain::time::{Month, UtcDay};

/// The data folder.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Held by the one process that writes here.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.root.join("control.sock")
    }

    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// Gateways' accounts.
    #[must_use]
    pub fn credentials(&self) -> PathBuf {
        self.root.join("credentials.sqlite")
    }

    /// Fonts for reports, in place of the system's where it exists.
    #[must_use]
    pub fn fonts(&self) -> PathBuf {
        self.root.join("fonts")
    }

    #[must_use]
    pub fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    #[must_use]
    pub fn blob(&self, sha256: &Sha256Digest) -> PathBuf {
        self.blobs().join(sha256.to_string())
    }

    #[must_use]
    pub fn inboxes(&self) -> PathBuf {
        self.root.join("inbox")
    }

    #[must_use]
    pub fn inbox(&self, project: &ProjectId) -> PathBuf {
        self.inboxes().join(project.as_str())
    }

    /// The folder to glob: `tables/<table>`.
    #[must_use]
    pub fn table(&self, table: Table) -> PathBuf {
        self.root.join("tables").join(table.name())
    }

    #[must_use]
    pub fn table_project(&self, table: Table, project: &ProjectId) -> PathBuf {
        self.table(table).join(partition(project))
    }

    #[must_use]
    pub fn table_month(&self, table: Table, project: &ProjectId, month: Month) -> PathBuf {
        self.table_project(table, project).join(format!("month={month}"))
    }

    /// Of a batch of leaves `first..=last`; `part` when one leaf fills several batches.
    #[must_use]
    pub fn batch_file_name(first: i64, last: i64, part: Option<u32>) -> String {
        match part {
            None => format!("{first:012}-{last:012}.parquet"),
            Some(part) => format!("{first:012}-{last:012}-{part:06}.parquet"),
        }
    }

    #[must_use]
    pub fn interval_file_name(day: UtcDay) -> String {
        format!("{day}.parquet")
    }

    #[must_use]
    pub fn log(&self, project: &ProjectId) -> PathBuf {
        self.root.join("log").join(partition(project))
    }

    #[must_use]
    pub fn log_level(&self, project: &ProjectId, level: u8) -> PathBuf {
        self.log(project).join(format!("level-{level}"))
    }

    #[must_use]
    pub fn checkpoint(&self, project: &ProjectId) -> PathBuf {
        self.log(project).join("checkpoint")
    }

    #[must_use]
    pub fn states(&self) -> PathBuf {
        self.root.join("state")
    }

    #[must_use]
    pub fn state(&self, project: &ProjectId) -> PathBuf {
        self.states().join(partition(project))
    }

    #[must_use]
    pub fn commit(&self, project: &ProjectId) -> PathBuf {
        self.state(project).join("COMMIT")
    }

    #[must_use]
    pub fn staging(&self, project: &ProjectId) -> PathBuf {
        self.root.join("staging").join(partition(project))
    }

    #[must_use]
    pub fn reports(&self, project: &ProjectId) -> PathBuf {
        self.root.join("reports").join(partition(project))
    }

    /// A path below the root as COMMIT writes it: with `/`, relative.
    #[must_use]
    pub fn relative(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        below.to_string_lossy().into_owned()
    }

    #[must_use]
    pub fn absolute(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The projects that have a state, sorted.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn projects(&self) -> std::io::Result<Vec<ProjectId>> {
        let mut projects = Vec::new();
        let entries = match std::fs::read_dir(self.states()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(projects),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let name = entry?.file_name();
            let id = name.to_str().and_then(|name| name.strip_prefix("project="));
            if let Some(Ok(project)) = id.map(ProjectId::parse) {
                projects.push(project);
            }
        }
        projects.sort();
        Ok(projects)
    }
}

fn partition(project: &ProjectId) -> String {
    format!("project={project}")
}
