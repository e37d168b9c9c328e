//! Derived rows: leaves are decoded, checked and merged, and staged as readings, conflicts, refused.
//!
//! Items are held up to [`ITEMS_MAX`], then a batch is published, in the middle of a leaf if need be:
//! a file of any size passes through bounded memory, decoded once. After a crash decoding goes on at
//! the item that COMMIT names.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::PublishError;
use super::project::Project;
use crate::config::plan::history::PlanHistory;
use crate::config::plan::reader::{Format, JsonReader, Match};
use crate::config::plan::{Plan, Reader};
use crate::dataset::batch::Batch;
use crate::dataset::layout::Layout;
use crate::dataset::rows::{self, BATCH_ROWS_MAX, MessageRow, by_month};
use crate::dataset::schema::Table;
use crate::dataset::{blob, read};
use crate::decode::{self, Context, Sink, topic_names};
use crate::domain::flag::Code;
use crate::domain::id::ProjectId;
use crate::domain::message::{Header, Kind, Source};
use crate::domain::reading::{
    ChannelId, Channels, Conflict, Place, Reading, Refusal, Sample, refused_text,
};
use crate::domain::time::{DAY_US, Month, Timestamp};
use crate::domain::unit::Unit;
use crate::merge::{self, Merged};
use crate::validate::Checker;

/// Most items held before a batch is published: bounds memory to some 100 MB.
pub const ITEMS_MAX: usize = 1 << 20;

/// Stretches of a channel closer than this are one stretch.
const JOIN_US: i64 = 2 * DAY_US;

/// Where the leaves come from.
pub enum Derive {
    /// These rows, which begin where the derived tables end.
    Rows(Vec<MessageRow>),
    /// What is published and not decoded yet.
    Published,
}

/// Decodes leaves and publishes what they become. `batch`: what is staged already and published with
/// the first rows.
///
/// # Errors
/// When a file cannot be read or a batch not be published.
pub fn derive(
    project: &mut Project,
    batch: Option<Batch<'_>>,
    source: Derive,
) -> Result<(), PublishError> {
    let plans = project.registry.plans().clone();
    let mut channels = std::mem::take(&mut project.channels);
    let (layout, id) = (project.layout.clone(), project.id.clone());
    let (from, to) = (project.commit.derived.next_leaf, project.commit.next_leaf);
    let messages = project.messages.clone();
    let checker = Checker::new(&plans, &mut channels);
    let mut deriver = Deriver {
        project,
        layout: &layout,
        id: &id,
        plans: &plans,
        checker,
        batch,
        readings: Vec::new(),
        refusals: Vec::new(),
        received: Vec::new(),
        reader: None,
        received_at: Timestamp::default(),
    };
    match source {
        Derive::Rows(rows) => {
            for row in &rows {
                deriver.leaf(&messages, row)?;
            }
        }
        Derive::Published => {
            read::messages(&messages, &id, from, to, |row| deriver.leaf(&messages, &row))?;
        }
    }
    deriver.flush(Place { leaf: to, item: 0 })?;
    project.channels = channels;
    Ok(())
}

/// Reads the default payload, which no plan need declare.
static DEFAULT_READER: LazyLock<Reader> = LazyLock::new(|| Reader {
    name: "default".to_owned(),
    matches: Match::Topic("mrv/v1/#".to_owned()),
    format: Format::Json(JsonReader::default()),
    stamp: None,
});

/// Which reader of a plan reads a message; the default payload needs none.
#[must_use]
pub fn reader_of<'a>(plan: &'a Plan, header: &Header) -> Option<&'a Reader> {
    let is_file = header.source == Source::File;
    let declared =
        plan.readers.iter().find(|reader| reader.matches.is_match(is_file, &header.name));
    let is_default = !is_file && topic_names(&header.name).is_some();
    declared.or_else(|| is_default.then(|| &*DEFAULT_READER))
}

/// Remembers that bytes could not be read.
struct Watched {
    inner: Box<dyn std::io::Read + Send>,
    error: Option<std::io::Error>,
}

impl Watched {
    fn told(self, name: &str) -> Result<(), PublishError> {
        match self.error {
            None => Ok(()),
            Some(source) => {
                let (action, path) = ("read the payload of", name.to_owned());
                Err(crate::dataset::DatasetError::Io { action, path, source }.into())
            }
        }
    }
}

impl std::io::Read for Watched {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.inner.read(out).inspect_err(|error| {
            if error.kind() != std::io::ErrorKind::Interrupted {
                self.error = Some(error.kind().into());
            }
        })
    }
}

struct Deriver<'a, 'b> {
    project: &'a mut Project,
    layout: &'b Layout,
    id: &'b ProjectId,
    plans: &'b PlanHistory,
    checker: Checker<'b>,
    batch: Option<Batch<'b>>,
    readings: Vec<Reading>,
    refusals: Vec<Refusal>,
    /// Time of receipt of the leaves held, by leaf.
    received: Vec<(i64, Timestamp)>,
    /// Of the leaf being decoded.
    reader: Option<&'b Reader>,
    received_at: Timestamp,
}

impl Sink for Deriver<'_, '_> {
    type Error = PublishError;

    fn sample(&mut self, sample: &Sample<'_>) -> Result<(), PublishError> {
        let Some(reader) = self.reader else { return Ok(()) };
        match self.checker.check(sample, self.received_at, reader) {
            Ok(reading) => self.readings.push(reading),
            Err(refusal) => self.refusals.push(refusal),
        }
        self.flush_if_full(sample.place)
    }

    fn refuse(&mut self, refusal: Refusal) -> Result<(), PublishError> {
        let place = refusal.place;
        self.refusals.push(refusal);
        self.flush_if_full(place)
    }
}

impl Deriver<'_, '_> {
    fn leaf(&mut self, messages: &Layout, row: &MessageRow) -> Result<(), PublishError> {
        self.received.push((row.leaf, row.header.received_at));
        if row.header.kind != Kind::Data {
            self.refusals.extend(self.project.registry.refusal(row.leaf).cloned());
            return Ok(());
        }
        self.received_at = row.header.received_at;
        let reader = match self.plans.in_force(self.received_at) {
            Some(plan) => reader_of(plan, &row.header).ok_or_else(|| {
                format!(
                    "no reader of plan {} reads {:?}; add a [[reader]] for it",
                    plan.number, row.header.name
                )
            }),
            None => Err("no plan was in force when it was received".to_owned()),
        };
        let derived = &self.project.commit.derived;
        let first_item = if derived.next_leaf == row.leaf { derived.next_item } else { 0 };
        let mut input = Watched { inner: blob::open(messages, &row.payload)?, error: None };
        match reader {
            Ok(reader) => {
                self.reader = Some(reader);
                let context = Context { name: &row.header.name, leaf: row.leaf, first_item };
                decode::decode(reader, context, &mut input, self)?;
                // Decoders take what cannot be read for a defect of the file; it is one of the disk.
                input.told(&row.header.name)
            }
            Err(_) if first_item > 0 => Ok(()),
            Err(reason) => {
                let mut head = Vec::new();
                // What cannot be read of it is not shown; the bytes themselves stay in `messages`.
                let _ =
                    std::io::Read::read_to_end(&mut std::io::Read::take(input, 2_048), &mut head);
                let text = refused_text(&String::from_utf8_lossy(&head));
                self.refuse(unread(row.leaf, reason, text))
            }
        }
    }

    fn flush_if_full(&mut self, place: Place) -> Result<(), PublishError> {
        if self.readings.len() + self.refusals.len() < ITEMS_MAX {
            return Ok(());
        }
        self.flush(Place { item: place.item + 1, ..place })
    }

    /// Publishes what is held; `next` is the place that decoding goes on from.
    fn flush(&mut self, next: Place) -> Result<(), PublishError> {
        let ranks = self.checker.channels().ranks();
        let mut readings = std::mem::take(&mut self.readings);
        merge::sort(&mut readings, &ranks);
        let mut merged = self.merge(&readings)?;
        drop(readings);
        let mut refusals = std::mem::take(&mut self.refusals);
        refusals.append(&mut merged.duplicates);
        refusals.sort_unstable_by_key(|refusal| refusal.place);
        self.touch(&merged);

        let derived = &self.project.commit.derived;
        let last = if next.item == 0 { next.leaf - 1 } else { next.leaf };
        let is_part = derived.part > 0 || next.item > 0;
        let name =
            Layout::batch_file_name(derived.next_leaf, last, is_part.then_some(derived.part));
        let mut batch = self.batch.take().unwrap_or_else(|| Batch::begin(self.layout, self.id));
        self.stage(&mut batch, &name, merged, refusals)?;
        self.received.retain(|(leaf, _)| *leaf >= next.leaf);

        // Frontiers name channels, so they are written with this batch's table of them.
        std::mem::swap(&mut self.project.channels, self.checker.channels());
        let mut derived = self.project.derived();
        std::mem::swap(&mut self.project.channels, self.checker.channels());
        derived.part = if next.item == 0 { 0 } else { derived.part + 1 };
        derived.next_leaf = next.leaf;
        derived.next_item = next.item;
        let commit = crate::dataset::commit::Commit { derived, ..self.project.commit.clone() };
        self.project.commit = batch.publish(&commit, &mut *self.project.after)?;
        Ok(())
    }

    /// Merges a sorted batch with what is stored of its identities.
    fn merge(&mut self, readings: &[Reading]) -> Result<Merged, PublishError> {
        let frontiers = &self.project.frontiers;
        let frontier = |reading: &Reading| frontiers.get(&reading.channel).map(|(_, last)| *last);
        let mut wanted: Vec<(ChannelId, Timestamp)> = merge::needs_look_up(readings, frontier)
            .map(|reading| (reading.channel, reading.at))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut months: BTreeMap<Month, (Timestamp, Timestamp)> = BTreeMap::new();
        for (_, at) in &wanted {
            let range = months.entry(at.month()).or_insert((*at, *at));
            *range = (range.0.min(*at), range.1.max(*at));
        }
        let (mut stored, mut conflicts) = (Vec::new(), Vec::new());
        let keep = |reading: &Reading| wanted.binary_search(&(reading.channel, reading.at)).is_ok();
        for (from, to) in months.into_values() {
            let range = (from, Timestamp::from_us(to.us() + 1));
            let found = read::stored(self.layout, self.id, self.checker.channels(), range, keep)?;
            stored.extend(found.0);
            conflicts.extend(found.1);
        }
        let channels = self.checker.channels();
        let ranks = channels.ranks();
        let key = |r: &Reading| (ranks[r.channel.0 as usize], r.at, r.place);
        stored.sort_unstable_by_key(key);
        conflicts.sort_unstable_by_key(|conflict: &Conflict| key(&conflict.reading));
        Ok(merge::merge(readings, &stored, &conflicts, channels))
    }

    /// Moves frontiers and notes the stretches whose intervals are to be computed anew.
    fn touch(&mut self, merged: &Merged) {
        let mut touched: Vec<(ChannelId, Timestamp)> = Vec::new();
        for reading in &merged.readings {
            touched.push((reading.channel, reading.at));
            let stamps = self.project.frontiers.entry(reading.channel);
            let stamps = stamps.or_insert((reading.at, reading.at));
            *stamps = (stamps.0.min(reading.at), stamps.1.max(reading.at));
        }
        touched.extend(merged.conflicts.iter().map(|c| (c.reading.channel, c.reading.at)));
        touched.sort_unstable();
        let near = |a: &(ChannelId, Timestamp), b: &(ChannelId, Timestamp)| {
            a.0 == b.0 && b.1.us() - a.1.us() <= JOIN_US
        };
        let channels = self.checker.channels();
        for run in touched.chunk_by(near) {
            let key = channels.key(run[0].0).clone();
            self.project.dirty.push((key, run[0].1, run[run.len() - 1].1));
        }
        join(&mut self.project.dirty);
    }

    fn stage(
        &mut self,
        batch: &mut Batch<'_>,
        name: &str,
        merged: Merged,
        refusals: Vec<Refusal>,
    ) -> Result<(), PublishError> {
        let received = std::mem::take(&mut self.received);
        let channels: &Channels = self.checker.channels();
        let units = storage_units(self.plans, channels);
        let unit = |channel: ChannelId| units[channel.0 as usize];
        for (month, rows) in by_month(merged.readings, |reading| reading.at) {
            let columns = |rows: &[Reading]| rows::readings(rows, channels, &unit);
            put(self.layout, self.id, batch, (Table::Readings, month), name, &rows, columns)?;
        }
        for (month, rows) in by_month(merged.conflicts, |conflict| conflict.reading.at) {
            let columns = |rows: &[Conflict]| rows::conflicts(rows, channels, &unit);
            put(self.layout, self.id, batch, (Table::Conflicts, month), name, &rows, columns)?;
        }
        let month_of = |refusal: &Refusal| {
            refusal.at.unwrap_or_else(|| {
                let found = received.binary_search_by_key(&refusal.place.leaf, |(leaf, _)| *leaf);
                found.map_or(Timestamp::default(), |index| received[index].1)
            })
        };
        for (month, rows) in by_month(refusals, month_of) {
            put(self.layout, self.id, batch, (Table::Refused, month), name, &rows, rows::refused)?;
        }
        self.received = received;
        Ok(())
    }
}

/// Joins stretches of one channel that overlap or lie close together.
fn join(dirty: &mut Vec<(crate::domain::reading::ChannelKey, Timestamp, Timestamp)>) {
    dirty.sort();
    dirty.dedup_by(|next, last| {
        let is_near = last.0 == next.0 && next.1.us() - last.2.us() <= JOIN_US;
        if is_near {
            last.2 = last.2.max(next.2);
        }
        is_near
    });
}

/// The storage unit of each channel, by number: that of the last plan that has it.
fn storage_units(plans: &PlanHistory, channels: &Channels) -> Vec<Unit> {
    let find = |key| plans.iter().filter_map(|plan| plan.channel(key)).next_back();
    // A channel gets its number only when a plan has it.
    let fallback = Unit::all().next();
    channels
        .iter()
        .filter_map(|(_, key)| find(key).map(|planned| planned.unit).or(fallback))
        .collect()
}

fn put<T>(
    layout: &Layout,
    id: &ProjectId,
    batch: &mut Batch<'_>,
    (table, month): (Table, Month),
    name: &str,
    rows: &[T],
    columns: impl Fn(&[T]) -> Result<rows::Columns, crate::dataset::ArrowSource>,
) -> Result<(), PublishError> {
    let target = layout.table_month(table, id, month).join(name);
    let shown = target.display().to_string();
    let batches = rows.chunks(BATCH_ROWS_MAX).map(|rows| {
        let path = shown.clone();
        columns(rows).map_err(|source| crate::dataset::DatasetError::Arrow { path, source })
    });
    batch.put_table(table, &target, batches, &[])?;
    Ok(())
}

fn unread(leaf: i64, reason: String, text: String) -> Refusal {
    Refusal {
        code: Code::Schema,
        reason,
        text,
        site: None,
        device: None,
        quantity: None,
        at: None,
        place: Place { leaf, item: 0 },
        first: None,
    }
}
