//! Derived rows: what leaves were decoded to is merged and staged as readings, conflicts, refused.
//!
//! [`super::items`] decodes and checks in a thread beside; this one publishes a batch for each lot of
//! items that comes, in the middle of a leaf if need be: a file of any size passes through bounded
//! memory, decoded once. After a crash decoding goes on at the item that COMMIT names.

use std::sync::mpsc::sync_channel;

use super::PublishError;
use super::items::{Items, Stop, decode_all};
use super::project::Project;
use crate::config::plan::history::PlanHistory;
use crate::dataset::batch::Batch;
use crate::dataset::identities::Identities;
use crate::dataset::layout::Layout;
use crate::dataset::read;
use crate::dataset::rows::{self, BATCH_ROWS_MAX, MessageRow, by_month};
use crate::dataset::schema::Table;
use crate::domain::id::ProjectId;
use crate::domain::reading::{ChannelId, Channels, Conflict, Place, Reading, Refusal};
use crate::domain::time::{DAY_US, Month, Timestamp};
use crate::domain::unit::Unit;
use crate::merge::{self, Merged};

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
    let (layout, id) = (project.layout.clone(), project.id.clone());
    let messages = project.messages.clone();
    let mut channels = project.channels.clone();
    let begin =
        Place { leaf: project.commit.derived.next_leaf, item: project.commit.derived.next_item };
    let to = project.commit.next_leaf;
    let mut deriver = Deriver { project, layout: &layout, id: &id, plans: &plans, batch };
    std::thread::scope(|scope| {
        // Without room in between: one lot is decoded while one is published, and no more is held.
        let (lots, decoded) = sync_channel(0);
        let decoding = scope.spawn(|| {
            let each = |leaf: &mut dyn FnMut(&MessageRow) -> Result<(), Stop>| match source {
                Derive::Rows(rows) => rows.iter().try_for_each(leaf),
                Derive::Published => {
                    read::messages(&messages, &id, begin.leaf, to, |row| leaf(&row))
                }
            };
            decode_all(&plans, &mut channels, &messages, (begin, to), lots, each)
        });
        let published = decoded.into_iter().try_for_each(|items| deriver.publish(items));
        let decoding = decoding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // A lot that could not be published ends the decoding too, and says why.
        published.and(decoding)
    })
}

struct Deriver<'a, 'b> {
    project: &'a mut Project,
    layout: &'b Layout,
    id: &'b ProjectId,
    plans: &'b PlanHistory,
    batch: Option<Batch<'b>>,
}

impl Deriver<'_, '_> {
    /// Publishes one lot of items.
    fn publish(&mut self, items: Items) -> Result<(), PublishError> {
        let Items { mut readings, mut refusals, acts, received, channels, next } = items;
        for key in &channels {
            self.project.channels.intern(key);
        }
        let registry = &self.project.registry;
        refusals.extend(acts.iter().filter_map(|leaf| registry.refusal(*leaf).cloned()));
        merge::sort(&mut readings, &self.project.channels.ranks());
        let mut merged = self.merge(&readings)?;
        drop(readings);
        refusals.append(&mut merged.duplicates);
        refusals.sort_unstable_by_key(|refusal| refusal.place);
        self.touch(&merged);

        let derived = &self.project.commit.derived;
        let last = if next.item == 0 { next.leaf - 1 } else { next.leaf };
        let is_part = derived.part > 0 || next.item > 0;
        let name =
            Layout::batch_file_name(derived.next_leaf, last, is_part.then_some(derived.part));
        let mut batch = self.batch.take().unwrap_or_else(|| Batch::begin(self.layout, self.id));
        self.stage(&mut batch, &name, merged, refusals, &received)?;

        let mut derived = self.project.derived();
        derived.part = if next.item == 0 { 0 } else { derived.part + 1 };
        derived.next_leaf = next.leaf;
        derived.next_item = next.item;
        let commit = crate::dataset::commit::Commit { derived, ..self.project.commit.clone() };
        self.project.commit = batch.publish(&commit, &mut *self.project.after)?;
        Ok(())
    }

    /// Merges a sorted batch with what is stored of its identities.
    fn merge(&self, readings: &[Reading]) -> Result<Merged, PublishError> {
        let (frontiers, channels) = (&self.project.frontiers, &self.project.channels);
        let frontier = |reading: &Reading| frontiers.get(&reading.channel).map(|(_, last)| *last);
        let known = Identities::of(merge::needs_look_up(readings, frontier), channels);
        let (stored, conflicts) = known.stored(self.layout, self.id, channels)?;
        Ok(merge::merge(readings, &stored, &conflicts, channels))
    }

    /// Moves frontiers and notes the stretches whose intervals are to be computed anew.
    fn touch(&mut self, merged: &Merged) {
        let is_near =
            |a: &Reading, b: &Reading| a.channel == b.channel && b.at.us() - a.at.us() <= JOIN_US;
        let project = &mut *self.project;
        for run in merged.readings.chunk_by(is_near) {
            let (channel, from, to) = (run[0].channel, run[0].at, run[run.len() - 1].at);
            let stamps = project.frontiers.entry(channel).or_insert((from, to));
            *stamps = (stamps.0.min(from), stamps.1.max(to));
            project.dirty.push((project.channels.key(channel).clone(), from, to));
        }
        for Conflict { reading, .. } in &merged.conflicts {
            let key = project.channels.key(reading.channel).clone();
            project.dirty.push((key, reading.at, reading.at));
        }
        join(&mut self.project.dirty);
    }

    fn stage(
        &self,
        batch: &mut Batch<'_>,
        name: &str,
        merged: Merged,
        refusals: Vec<Refusal>,
        received: &[(i64, Timestamp)],
    ) -> Result<(), PublishError> {
        let channels = &self.project.channels;
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
