//! What became of the items of a stretch of time, counted per channel (ACC-1).

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};

use super::DatasetError;
use super::layout::Layout;
use super::parquet_file::{Selection, read};
use super::read::files_between;
use super::schema::Table;
use crate::domain::flag::Code;
use crate::domain::id::{DeviceId, ProjectId, QuantityId, SiteId};
use crate::domain::reading::{ChannelKey, Place};
use crate::domain::time::Timestamp;

/// Examples kept of each group of refused items.
const EXAMPLES_MAX: usize = 5;

/// Items of one channel; the key `None` stands for those that name no channel or no time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemCount {
    pub readings: u64,
    pub conflicts: u64,
    pub refused: BTreeMap<Code, u64>,
}

/// Refused items of one code whose reasons differ in numbers only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedKind {
    pub code: Code,
    /// The reason of the first of them.
    pub reason: String,
    pub count: u64,
    pub examples: Vec<(Place, String)>,
}

/// The items stamped in a stretch of time, and those without a stamp that were received in its
/// months.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub counts: BTreeMap<Option<ChannelKey>, ItemCount>,
    pub refused: Vec<RefusedKind>,
}

/// Counts the items of a project stamped in `[from, to)`.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn tally(
    layout: &Layout,
    project: &ProjectId,
    (from, to): (Timestamp, Timestamp),
) -> Result<Tally, DatasetError> {
    let mut tally = Tally::default();
    let mut kinds: BTreeMap<(Code, String), RefusedKind> = BTreeMap::new();
    for table in [Table::Readings, Table::Conflicts, Table::Refused] {
        for path in files_between(layout, table, project, from, to)? {
            count_file(&path, table, (from, to), &mut tally, &mut kinds)?;
        }
    }
    tally.refused = kinds.into_values().collect();
    for kind in tally.refused.iter_mut().filter(|kind| kind.count > 1) {
        kind.reason = format!("{} (the first of {})", kind.reason, kind.count);
    }
    Ok(tally)
}

fn count_file(
    path: &Path,
    table: Table,
    (from, to): (Timestamp, Timestamp),
    tally: &mut Tally,
    kinds: &mut BTreeMap<(Code, String), RefusedKind>,
) -> Result<(), DatasetError> {
    let columns: &[&str] = match table {
        Table::Refused => {
            &["site", "device", "quantity", "at", "code", "reason", "text", "leaf", "item"]
        }
        _ => &["site", "device", "quantity", "at"],
    };
    for batch in read(path, &Selection { columns, ..Selection::default() })? {
        let batch = batch?;
        let missing = || DatasetError::damaged(path, "a column is missing");
        let column = |name: &str| batch.column_by_name(name).ok_or_else(missing);
        let text = |name: &str| Ok::<_, DatasetError>(column(name)?.as_string::<i32>());
        let names = [text("site")?, text("device")?, text("quantity")?];
        let stamps = column("at")?.as_primitive::<TimestampMicrosecondType>();
        // Rows of readings come in runs of one channel: its key is made once per run.
        let mut last: Option<([String; 3], Option<ChannelKey>)> = None;
        for row in 0..batch.num_rows() {
            let is_stamped = stamps.is_valid(row);
            let is_inside = !is_stamped || (from.us()..to.us()).contains(&stamps.value(row));
            if !is_inside {
                continue;
            }
            let named = |index: usize| match names[index].is_valid(row) {
                true => names[index].value(row),
                false => "",
            };
            let parts = [named(0), named(1), named(2)];
            let is_same = last.as_ref().is_some_and(|(seen, _)| *seen == parts);
            if !is_same {
                last = Some((parts.map(str::to_owned), key(parts)));
            }
            let key = last.as_ref().and_then(|(_, key)| key.clone()).filter(|_| is_stamped);
            let count = tally.counts.entry(key).or_default();
            match table {
                Table::Readings => count.readings += 1,
                Table::Conflicts => count.conflicts += 1,
                _ => {
                    let damaged = || DatasetError::damaged(path, format!("code in row {row}"));
                    let code = Code::parse(text("code")?.value(row)).ok_or_else(damaged)?;
                    *count.refused.entry(code).or_default() += 1;
                    let reason = text("reason")?.value(row);
                    let kind = kinds.entry((code, without_numbers(reason)));
                    let kind = kind.or_insert_with(|| RefusedKind {
                        code,
                        reason: reason.to_owned(),
                        count: 0,
                        examples: Vec::new(),
                    });
                    kind.count += 1;
                    if kind.examples.len() < EXAMPLES_MAX {
                        let place = Place {
                            leaf: column("leaf")?.as_primitive::<Int64Type>().value(row),
                            item: column("item")?.as_primitive::<Int64Type>().value(row),
                        };
                        kind.examples.push((place, text("text")?.value(row).to_owned()));
                    }
                }
            }
        }
    }
    Ok(())
}

/// The channel that an item names, if its names could be a channel's.
fn key([site, device, quantity]: [&str; 3]) -> Option<ChannelKey> {
    Some(ChannelKey {
        site: SiteId::parse(site).ok()?,
        device: DeviceId::parse(device).ok()?,
        quantity: QuantityId::parse(quantity).ok()?,
    })
}

/// A reason with every run of digits as one mark, so that lines and stamps do not split a kind.
fn without_numbers(reason: &str) -> String {
    let mut kind = String::with_capacity(reason.len());
    for character in reason.chars() {
        match character.is_ascii_digit() {
            true if kind.ends_with('#') => {}
            true => kind.push('#'),
            false => kind.push(character),
        }
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::without_numbers;

    #[test]
    fn reasons_that_differ_in_numbers_are_one_kind() {
        assert_eq!(without_numbers("line 12: 5 of 7"), "line #: # of #");
        assert_eq!(without_numbers("line 3: 50 of 7"), without_numbers("line 12: 5 of 7"));
    }
}
