//! When messages were received: of those that gateways sent as they measured, not of files.

use std::collections::BTreeMap;

use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};

use super::DatasetError;
use super::layout::Layout;
use super::parquet_file::{Selection, read};
use super::read::message_files;
use crate::domain::id::ProjectId;
use crate::domain::message::Source;
use crate::domain::time::Timestamp;

/// Leaf and time of receipt of the messages of gateways among `leaves`, both inclusive; none for `None`.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn live(
    layout: &Layout,
    project: &ProjectId,
    leaves: Option<(i64, i64)>,
) -> Result<BTreeMap<i64, Timestamp>, DatasetError> {
    let mut received = BTreeMap::new();
    let Some((from, to)) = leaves else { return Ok(received) };
    let live = [Source::MqttListener, Source::MqttBroker, Source::Http].map(Source::as_str);
    let columns = ["leaf", "received_at", "source"];
    for (first, last, path) in message_files(layout, project)? {
        if last < from || first > to {
            continue;
        }
        let leaves = Some((from, to.saturating_add(1)));
        for batch in read(&path, &Selection { columns: &columns, leaves, ..Selection::default() })?
        {
            let batch = batch?;
            let missing = || DatasetError::damaged(&path, "a column of messages is missing");
            let column = |name: &str| batch.column_by_name(name).ok_or_else(missing);
            let leaf = column("leaf")?.as_primitive::<Int64Type>();
            let at = column("received_at")?.as_primitive::<TimestampMicrosecondType>();
            let source = column("source")?.as_string::<i32>();
            for row in 0..batch.num_rows() {
                let is_wanted = (from..=to).contains(&leaf.value(row));
                if is_wanted && live.contains(&source.value(row)) {
                    received.insert(leaf.value(row), Timestamp::from_us(at.value(row)));
                }
            }
        }
    }
    Ok(received)
}
