//! Tables written anew as a whole, from `messages`, and exchanged under one COMMIT.
//!
//! A new generation is built below `staging/`, where nobody reads, by the very steps that publish
//! day by day; then the folders change places. Cut off before that, it never happened.

use super::PublishError;
use super::amounts;
use super::derive::{self, Derive};
use super::project::Project;
use crate::dataset::batch::Batch;
use crate::dataset::commit::{self, Commit};
use crate::dataset::durable::create_folder;
use crate::dataset::layout::Layout;
use crate::dataset::schema::Table;
use crate::domain::RULES;

/// Writes all derived tables of a project anew.
///
/// # Errors
/// When a file cannot be read or a batch not be published; the tables are then as they were.
pub fn rebuild(project: &mut Project) -> Result<(), PublishError> {
    // Empties staging, so that nothing of an earlier attempt is left.
    commit::recover(&project.layout, &project.id)?;
    let shadow = Layout::new(project.layout.staging(&project.id).join("generation"));
    let mut next = project.shadow(shadow.clone());
    commit::recover(&shadow, &project.id)?;
    derive_all(&mut next)?;
    let (layout, id) = (project.layout.clone(), project.id.clone());
    let mut batch = Batch::begin(&layout, &id);
    for table in Table::DERIVED {
        let (staged, target) = (shadow.table_project(table, &id), layout.table_project(table, &id));
        create_folder(&staged)?;
        batch.exchange(&staged, &target)?;
    }
    let mut derived = next.derived();
    derived.generation = project.commit.derived.generation + 1;
    let commit = Commit { derived, rules: RULES, ..project.commit.clone() };
    project.commit = batch.publish(&commit, &mut *project.after)?;
    project.channels = next.channels;
    project.frontiers = next.frontiers;
    project.dirty = next.dirty;
    Ok(())
}

/// Derives all tables of a project of which nothing is derived yet.
///
/// # Errors
/// When a file cannot be read or a batch not be published.
pub(super) fn derive_all(project: &mut Project) -> Result<(), PublishError> {
    if !project.registry.plans().is_empty() {
        derive::derive(project, None, Derive::Published)?;
        project.note_settled();
        project.refresh_intervals()?;
    }
    amounts::write(project)
}
