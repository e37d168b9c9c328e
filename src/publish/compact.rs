//! Fewer files: small ones of a month are merged under a COMMIT that alters no row.

use super::PublishError;
use super::project::Project;
use crate::dataset::batch::Batch;
use crate::dataset::compact;

/// Merges small files of each table that has many; gives how many fewer there are. One run of files
/// per month and call: there may be more to do when some became fewer.
///
/// # Errors
/// When a file cannot be read or written, or the batch not be published.
pub fn compact(project: &mut Project) -> Result<usize, PublishError> {
    let (layout, id) = (project.layout.clone(), project.id.clone());
    let mut batch = Batch::begin(&layout, &id);
    let mut fewer = 0;
    for table in compact::TABLES {
        fewer += compact::stage(&layout, &id, &mut batch, table)?;
    }
    if !batch.is_empty() {
        let commit = project.commit.clone();
        project.commit = batch.publish(&commit, &mut *project.after)?;
    }
    Ok(fewer)
}
