//! Where something lies: the file and row group of a leaf, the readings of a month one by one.

use std::path::PathBuf;

use super::DatasetError;
use super::layout::Layout;
use super::parquet_file::row_group_of;
use super::read::{message_files, read_readings};
use super::schema::Table;
use crate::domain::id::ProjectId;
use crate::domain::reading::{Channels, Reading};
use crate::domain::time::{Month, Timestamp};

/// The file of `messages` that says it holds a leaf, and the row group in which the leaf may be.
///
/// # Errors
/// When a folder cannot be listed or a file not be read.
pub fn place_of(
    layout: &Layout,
    project: &ProjectId,
    leaf: i64,
) -> Result<Option<(PathBuf, usize)>, DatasetError> {
    for (first, last, path) in message_files(layout, project)? {
        if (first..=last).contains(&leaf)
            && let Some(group) = row_group_of(&path, "leaf", leaf)?
        {
            return Ok(Some((path, group)));
        }
    }
    Ok(None)
}

/// Calls `each` with every reading of a month, file after file. Channels that are not in the table
/// yet are added to it.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn month_readings(
    layout: &Layout,
    project: &ProjectId,
    channels: &mut Channels,
    month: Month,
    mut each: impl FnMut(Reading),
) -> Result<(), DatasetError> {
    let folder = layout.table_month(Table::Readings, project, month);
    let all = (Timestamp::from_us(i64::MIN), Timestamp::from_us(i64::MAX));
    for (name, _) in super::folder::list_folder(&folder)? {
        read_readings(&folder.join(name), channels, all, None, &mut |reading, _, _| {
            each(reading);
        })?;
    }
    Ok(())
}
