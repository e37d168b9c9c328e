//! Intervals follow readings: which days a change touches, and those days computed anew.
//!
//! A stretch of new stamps touches everything between its usable neighbours. A day's file holds all
//! channels and is replaced whole; its footer names the leaf up to which it is true.
//!
//! Three threads share the work: one reads windows of readings, one computes the rows of their days, one
//! writes the files. What waits between them is bounded: one window, and [`FILES_AHEAD`] days.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::ScopedJoinHandle;

use super::PublishError;
use super::neighbours::{READINGS_MAX, Side, Stored, Window};
use super::project::Project;
use super::registry::Registry;
use crate::aggregate::interval::{IntervalRow, intervals};
use crate::aggregate::point::Point;
use crate::aggregate::span::spans;
use crate::config::plan::{ChannelKind, ChannelPlan, GaugeRule};
use crate::dataset::batch::Batch;
use crate::dataset::interval_rows::DayFile;
use crate::dataset::layout::Layout;
use crate::dataset::parquet_file::FOOTER_NEXT_LEAF;
use crate::dataset::schema::Table;
use crate::domain::reading::{ChannelKey, Channels};
use crate::domain::time::{DAY_US, Timestamp, UtcDay};

const HOUR_US: i64 = DAY_US / 24;
/// Days that are computed and wait to be written.
const FILES_AHEAD: usize = 2;

/// Computes all touched days and publishes them under one COMMIT.
///
/// # Errors
/// When a file cannot be read or the batch not be published.
pub fn refresh(project: &mut Project) -> Result<(), PublishError> {
    if project.dirty.is_empty() {
        return Ok(());
    }
    let mut channels = std::mem::take(&mut project.channels);
    let (layout, id) = (project.layout.clone(), project.id.clone());
    let mut batch = Batch::begin(&layout, &id);
    let days = touched_days(project, &mut channels)?;
    let runs = runs(project, &days);
    let (stored, margin_us) = (stored(project), margin_us(project));
    // Every stored channel has a number already; a thread reads ahead with a table of its own.
    let mut known = channels.clone();
    std::thread::scope(|scope| {
        let (windows, read) = sync_channel::<Around>(0);
        let reading = scope.spawn(move || -> Result<(), PublishError> {
            for (first, last) in runs {
                let from = Timestamp::from_us(first.start().us() - margin_us);
                let to = Timestamp::from_us(last.end().us() + margin_us);
                let window = stored.window(&mut known, from, to)?;
                let around = Around { days: (first, last), range: (from, to), window };
                if windows.send(around).is_err() {
                    break;
                }
            }
            Ok(())
        });
        let (files, computed) = sync_channel::<DayFile>(FILES_AHEAD);
        let footer = [(FOOTER_NEXT_LEAF, project.commit.derived.next_leaf.to_string())];
        let batch = &mut batch;
        let writing = scope.spawn(move || {
            for file in computed {
                file.put(batch, &footer)?;
            }
            Ok(())
        });
        let computing = compute(project, &mut channels, read, &files);
        drop(files);
        let joined = |thread: ScopedJoinHandle<'_, Result<(), PublishError>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        // Whoever has nobody to hand on to any more ends without an error: the other says why.
        joined(writing).and(computing).and(joined(reading))
    })?;
    project.channels = channels;
    project.dirty.clear();
    let commit =
        crate::dataset::commit::Commit { derived: project.derived(), ..project.commit.clone() };
    project.commit = batch.publish(&commit, &mut *project.after)?;
    Ok(())
}

pub(super) fn stored(project: &Project) -> Stored<'_> {
    Stored {
        layout: &project.layout,
        project: &project.id,
        frontiers: &project.frontiers,
        settlements: project.registry.settlements(),
    }
}

/// The days between the usable neighbours of each touched stretch.
fn touched_days(
    project: &Project,
    channels: &mut Channels,
) -> Result<BTreeSet<UtcDay>, PublishError> {
    let mut days = BTreeSet::new();
    let mut stretches = Vec::new();
    for (key, from, to) in &project.dirty {
        let channel = channels.intern(key);
        if let Some((first, last)) = project.frontiers.get(&channel) {
            let plans = project.registry.plans().iter();
            let reach = plans.filter_map(|plan| plan.channel(key)).map(reach_us).max().unwrap_or(0);
            days.extend(days_of(*from, *to, reach));
            stretches.push((channel, *from, *to, reach, (*first, *last)));
        }
    }
    // Where every day of a channel on one side is touched anyway, its neighbour there adds none.
    let (mut before, mut after) = (stretches.clone(), stretches);
    let rows = in_a_row(&days);
    before.retain(|(_, from, _, reach, (first, _))| !is_in(&rows, *first, *from, *reach));
    after.retain(|(_, _, to, reach, (_, last))| !is_in(&rows, *to, *last, *reach));
    let stored = stored(project);
    let starts: Vec<_> = before.iter().map(|(channel, from, ..)| (*channel, *from)).collect();
    let nearest = stored.nearest_of(channels, &starts, Side::Before)?;
    for (point, (_, from, _, reach, _)) in nearest.into_iter().zip(before) {
        days.extend(point.into_iter().flat_map(|point| days_of(point.at, from, reach)));
    }
    let ends: Vec<_> = after.iter().map(|(channel, _, to, ..)| (*channel, *to)).collect();
    let nearest = stored.nearest_of(channels, &ends, Side::After)?;
    for (point, (_, _, to, reach, _)) in nearest.into_iter().zip(after) {
        days.extend(point.into_iter().flat_map(|point| days_of(to, point.at, reach)));
    }
    Ok(days)
}

/// The days of a stretch, both ends inclusive, with what readings at its ends reach.
fn days_of(from: Timestamp, to: Timestamp, reach: i64) -> impl Iterator<Item = UtcDay> {
    let first = Timestamp::from_us(from.us() - reach).day();
    let last = Timestamp::from_us(to.us() + reach).day();
    (first.0..=last.0).map(UtcDay)
}

/// Days as first and last of those that follow each other.
fn in_a_row(days: &BTreeSet<UtcDay>) -> Vec<(UtcDay, UtcDay)> {
    let mut rows: Vec<(UtcDay, UtcDay)> = Vec::new();
    for day in days {
        match rows.last_mut() {
            Some((_, last)) if last.0 + 1 == day.0 => *last = *day,
            _ => rows.push((*day, *day)),
        }
    }
    rows
}

/// True if all days of a stretch are among these, or it is empty.
fn is_in(rows: &[(UtcDay, UtcDay)], from: Timestamp, to: Timestamp, reach: i64) -> bool {
    let first = Timestamp::from_us(from.us() - reach).day();
    let last = Timestamp::from_us(to.us() + reach).day();
    let row = rows.partition_point(|(_, end)| *end < first);
    from >= to || rows.get(row).is_some_and(|(begin, end)| *begin <= first && last <= *end)
}

/// How far from its stamp a reading can reach.
fn reach_us(plan: &ChannelPlan) -> i64 {
    match plan.kind {
        ChannelKind::Register { .. } => 0,
        ChannelKind::Delta { .. } | ChannelKind::Gauge(GaugeRule::Mean { .. }) => {
            plan.cadence_us.unwrap_or(0)
        }
        ChannelKind::Gauge(GaugeRule::Hold { step_max_us }) => step_max_us,
    }
}

/// Days in a row that one plan governs and that fit into memory together, first and last.
fn runs(project: &Project, days: &BTreeSet<UtcDay>) -> Vec<(UtcDay, UtcDay)> {
    let channel_count = project.frontiers.len().max(1) as i64;
    let most = (READINGS_MAX / (channel_count * 1_440)).clamp(1, 31);
    let plan = |day: UtcDay| project.registry.plans().in_force(day.start()).map(|p| p.number);
    let mut runs: Vec<(UtcDay, UtcDay)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((first, last))
                if last.0 + 1 == day.0 && day.0 - first.0 < most && plan(*first) == plan(*day) =>
            {
                *last = *day;
            }
            _ => runs.push((*day, *day)),
        }
    }
    runs
}

/// How far around the days is read at once: as far as any reading reaches, and so far that nearly
/// every channel has its neighbours there. A channel that has none is looked for by itself.
fn margin_us(project: &Project) -> i64 {
    let channels = project.registry.plans().iter().flat_map(|plan| plan.channels.iter());
    let reach_and_step = channels.map(|plan| {
        let step_us = plan.cadence_us.map_or(DAY_US, |cadence| 4 * cadence);
        reach_us(plan).max(step_us.clamp(HOUR_US, DAY_US))
    });
    reach_and_step.max().unwrap_or(DAY_US)
}

/// Days in a row, first and last, and what is stored around them in a range of time.
struct Around {
    days: (UtcDay, UtcDay),
    range: (Timestamp, Timestamp),
    window: Window,
}

/// Computes the days as their readings come; ends when nobody takes the files any more.
fn compute(
    project: &Project,
    channels: &mut Channels,
    windows: Receiver<Around>,
    files: &SyncSender<DayFile>,
) -> Result<(), PublishError> {
    for around in windows {
        for file in day_files(project, channels, &around)? {
            if files.send(file?).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Computes the rows of days in a row, and gives the files of those days.
fn day_files<'a>(
    project: &'a Project,
    channels: &'a mut Channels,
    around: &Around,
) -> Result<impl Iterator<Item = Result<DayFile, PublishError>> + use<'a>, PublishError> {
    let Around { days: (first, last), range, window } = around;
    let (first, last) = (*first, *last);
    let stored = stored(project);
    let mut by_day: BTreeMap<UtcDay, Vec<IntervalRow>> = BTreeMap::new();
    for (channel, (begin, end)) in &project.frontiers {
        let Some(plan) = plan_of(&project.registry, channels.key(*channel), first) else {
            continue;
        };
        let reach = reach_us(&plan);
        if end.us() + reach < first.start().us() || begin.us() - reach >= last.end().us() {
            continue;
        }
        let mut series = window.points(&stored, channels, *channel);
        let is_usable = |point: &&Point| point.usable().is_some();
        if series.iter().take_while(|point| point.at < first.start()).find(is_usable).is_none()
            && let Some(point) = stored.nearest(channels, *channel, range.0, Side::Before)?
        {
            series.insert(0, point);
        }
        if series.iter().rev().take_while(|point| point.at >= last.end()).find(is_usable).is_none()
        {
            let edge = Timestamp::from_us(range.1.us() - 1);
            series.extend(stored.nearest(channels, *channel, edge, Side::After)?);
        }
        let spans = spans(&plan, &series);
        let (from, to) = (first.start().interval(), last.end().interval());
        for row in intervals(*channel, &plan, &spans, &series, from, to) {
            by_day.entry(row.start.start().day()).or_default().push(row);
        }
    }
    let ranks = channels.ranks();
    let file = move |day: UtcDay| {
        let mut rows = by_day.remove(&day).unwrap_or_default();
        let folder = project.layout.table_month(Table::Intervals, &project.id, day.month());
        let target = folder.join(Layout::interval_file_name(day));
        if rows.is_empty() && !target.exists() {
            return None;
        }
        rows.sort_unstable_by_key(|row| (ranks[row.channel.0 as usize], row.start));
        let failed = PublishError::columns(&target);
        Some(DayFile::new(target, &rows, channels).map_err(failed))
    };
    Ok((first.0..=last.0).map(UtcDay).filter_map(file))
}

/// What the plan in force on a day says of a channel; where it does not have it, the last that does.
pub(super) fn plan_of(registry: &Registry, key: &ChannelKey, day: UtcDay) -> Option<ChannelPlan> {
    let plans = registry.plans();
    let in_force = plans.in_force(day.start()).and_then(|plan| plan.channel(key));
    let last = || plans.iter().filter_map(|plan| plan.channel(key)).next_back();
    let mut channel = in_force.or_else(last)?.clone();
    // An exchange is a fact of the meter, whichever plan or act recorded it.
    channel.exchanges = registry.devices().exchanges_of(plans, &channel);
    Some(channel)
}
