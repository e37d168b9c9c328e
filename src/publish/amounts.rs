//! Table `amounts`: the projection of recorded amounts, a file per month of their first date.
//!
//! A check, a replacement or a document alters rows of earlier acts, so a month's file is replaced
//! whole, in the COMMIT of the leaves that alter it.

use std::collections::BTreeMap;

use super::PublishError;
use super::project::Project;
use crate::dataset::amount_rows::{self, AmountRow};
use crate::dataset::batch::Batch;
use crate::dataset::commit::Commit;
use crate::dataset::rows::{BATCH_ROWS_MAX, MessageRow};
use crate::dataset::schema::Table;
use crate::domain::message::Kind;
use crate::domain::time::Month;

/// The rows of table `amounts` by month.
pub type Months = BTreeMap<Month, Vec<AmountRow>>;

/// The table as it is, if any of these leaves may alter it.
#[must_use]
pub fn before(project: &Project, rows: &[MessageRow]) -> Option<Months> {
    let mut kinds = rows.iter().map(|row| row.header.kind);
    let is_altered = kinds.any(|kind| matches!(kind, Kind::Amount | Kind::Document));
    is_altered.then(|| amount_rows::by_month(project.registry.ledger()))
}

/// Stages the months that differ from `before`.
///
/// # Errors
/// When a file cannot be written.
pub fn stage(
    project: &Project,
    batch: &mut Batch<'_>,
    before: &Months,
) -> Result<(), PublishError> {
    for (month, rows) in amount_rows::by_month(project.registry.ledger()) {
        if before.get(&month) == Some(&rows) {
            continue;
        }
        let folder = project.layout.table_month(Table::Amounts, &project.id, month);
        let target = folder.join(amount_rows::FILE);
        let shown = target.display().to_string();
        let batches = rows.chunks(BATCH_ROWS_MAX).map(|rows| {
            let path = shown.clone();
            amount_rows::columns(rows)
                .map_err(|source| crate::dataset::DatasetError::Arrow { path, source })
        });
        batch.put_table(Table::Amounts, &target, batches, &[])?;
    }
    Ok(())
}

/// Writes the whole table.
///
/// # Errors
/// When a file cannot be written or the batch not be published.
pub fn write(project: &mut Project) -> Result<(), PublishError> {
    if project.registry.ledger().is_empty() {
        return Ok(());
    }
    let (layout, id) = (project.layout.clone(), project.id.clone());
    let mut batch = Batch::begin(&layout, &id);
    stage(project, &mut batch, &Months::new())?;
    let commit = Commit { derived: project.derived(), ..project.commit.clone() };
    project.commit = batch.publish(&commit, &mut *project.after)?;
    Ok(())
}
