//! A message that is not the one its leaf commits to: where it lies, and which readings it alters.

use std::collections::{BTreeMap, BTreeSet};

use super::found::RowDifference;
use crate::dataset::layout::Layout;
use crate::dataset::rows::MessageRow;
use crate::dataset::schema::Table;
use crate::dataset::{DatasetError, locate, read};
use crate::domain::id::ProjectId;
use crate::domain::reading::{ChannelKey, Channels, Reading};
use crate::domain::time::Timestamp;
use crate::publish::items::{ITEMS_MAX, Items, of_message};
use crate::publish::registry::Registry;

/// Rows told of a message.
const ROWS_MAX: usize = 20;

/// What is told of an altered message.
#[derive(Debug, Default)]
pub struct Altered {
    /// File, row group, and what it decodes to now.
    pub what: String,
    pub rows: Vec<RowDifference>,
    /// Readings that differ beyond those.
    pub further_rows: u64,
}

/// Looks into a message. What cannot be read for it is left out: that it differs is known.
pub fn look(layout: &Layout, project: &ProjectId, size: i64, row: &MessageRow) -> Altered {
    let mut altered = Altered::default();
    if let Ok(Some((path, group))) = locate::place_of(layout, project, row.leaf) {
        let name = path.strip_prefix(layout.root()).unwrap_or(&path).display();
        altered.what = format!("; it lies in data/{name}, row group {group}");
    }
    let mut registry = Registry::default();
    let acts = read::acts(layout, project, size, |row| {
        registry.add(&row);
        Ok::<_, DatasetError>(())
    });
    let mut channels = Channels::default();
    let items = of_message(registry.plans(), &mut channels, layout, row);
    let (Ok(()), Ok(items)) = (acts, items) else { return altered };
    altered.what += &format!(
        "; it decodes to {} readings and {} refused items now",
        items.readings.len(),
        items.refusals.len()
    );
    if let Some(refused) = items.refusals.first() {
        altered.what += &format!(", the first {}: {}", refused.code.as_str(), refused.reason);
    }
    // Of a file of very many items the message is named alone.
    let is_few = items.readings.len() < ITEMS_MAX;
    if is_few && let Ok(Some(stated)) = stated_of(layout, project, &mut channels, row.leaf, &items)
    {
        compare(&channels, row.leaf, &stated, &items, &mut altered);
    }
    altered
}

type Stated = BTreeMap<(ChannelKey, Timestamp), Reading>;

/// The readings that the tables state of a leaf, and those of the stamps that it has now; `None` where
/// they are too many.
fn stated_of(
    layout: &Layout,
    project: &ProjectId,
    channels: &mut Channels,
    leaf: i64,
    items: &Items,
) -> Result<Option<Stated>, DatasetError> {
    let stamps = items.readings.iter().map(|reading| reading.at);
    let now: BTreeSet<Timestamp> = stamps.collect();
    let mut found: Vec<Reading> = Vec::new();
    for month in read::months(layout, Table::Readings, project)? {
        locate::month_readings(layout, project, channels, month, |reading| {
            let is_of_it = reading.place.leaf == leaf || now.contains(&reading.at);
            if is_of_it && found.len() <= ITEMS_MAX {
                found.push(reading);
            }
        })?;
    }
    let key = |one: &Reading| (channels.key(one.channel).clone(), one.at);
    let is_all = found.len() <= ITEMS_MAX;
    Ok(is_all.then(|| found.into_iter().map(|one| (key(&one), one)).collect()))
}

fn compare(channels: &Channels, leaf: i64, stated: &Stated, items: &Items, altered: &mut Altered) {
    let now: BTreeMap<(ChannelKey, Timestamp), Reading> = items
        .readings
        .iter()
        .map(|reading| ((channels.key(reading.channel).clone(), reading.at), *reading))
        .collect();
    let mut tell = |(channel, at): &(ChannelKey, Timestamp),
                    stated: Option<&Reading>,
                    here: Option<&Reading>| {
        if altered.rows.len() >= ROWS_MAX {
            altered.further_rows += 1;
            return;
        }
        let value = |one: Option<&Reading>| one.map(|one| one.value.to_string());
        altered.rows.push(RowDifference {
            table: Table::Readings.name().to_owned(),
            channel: channel.to_string(),
            at: at.to_string(),
            field: "value".to_owned(),
            stated: value(stated),
            here: value(here),
        });
    };
    for (key, reading) in &now {
        match stated.get(key) {
            Some(one) if one.value == reading.value => {}
            // The same identity came by an earlier message: this one never gave its value.
            Some(one) if one.place.leaf != leaf => {}
            one => tell(key, one, Some(reading)),
        }
    }
    for (key, one) in stated.iter().filter(|(_, one)| one.place.leaf == leaf) {
        if !now.contains_key(key) {
            tell(key, Some(one), None);
        }
    }
}
