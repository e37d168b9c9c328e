//! The nearest stored readings of a channel before and after a stretch, however far.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::PublishError;
use crate::aggregate::point::{Point, points};
use crate::dataset::layout::Layout;
use crate::dataset::read::{months, stored};
use crate::dataset::schema::Table;
use crate::decode::act::{Settled, Settlements};
use crate::domain::id::ProjectId;
use crate::domain::reading::{ChannelId, Channels, Conflict, Reading};
use crate::domain::time::{DAY_US, Month, Timestamp, UtcDay};

/// Readings that are held in memory at once, about.
pub(super) const READINGS_MAX: i64 = 2_000_000;

/// First and last stamp stored of each channel.
pub type Frontiers = BTreeMap<ChannelId, (Timestamp, Timestamp)>;

/// Looks into what is stored.
pub struct Stored<'a> {
    pub layout: &'a Layout,
    pub project: &'a ProjectId,
    pub frontiers: &'a Frontiers,
    pub settlements: &'a Settlements,
}

/// Which side of a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Before,
    After,
}

impl Stored<'_> {
    /// What is stored of all channels, stamped in `[from, to)`.
    ///
    /// # Errors
    /// When a file cannot be read or is damaged.
    pub fn window(
        &self,
        channels: &mut Channels,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Window, PublishError> {
        self.window_of(channels, (from, to), |_| true)
    }

    /// The same of the channels that `keep` keeps.
    fn window_of(
        &self,
        channels: &mut Channels,
        range: (Timestamp, Timestamp),
        keep: impl Fn(&Reading) -> bool,
    ) -> Result<Window, PublishError> {
        let (readings, conflicts) = stored(self.layout, self.project, channels, range, keep)?;
        let mut by_channel: BTreeMap<ChannelId, Rows> = BTreeMap::new();
        let mut at = 0;
        for rows in readings.chunk_by(|a, b| a.channel == b.channel) {
            by_channel.entry(rows[0].channel).or_default().0 = at..at + rows.len();
            at += rows.len();
        }
        at = 0;
        for rows in conflicts.chunk_by(|a, b| a.reading.channel == b.reading.channel) {
            by_channel.entry(rows[0].reading.channel).or_default().1 = at..at + rows.len();
            at += rows.len();
        }
        Ok(Window { readings, conflicts, by_channel })
    }

    /// The usable point of a channel nearest to `at` on one side, exclusive; and where none is
    /// usable there, the nearest point at all, so that the channel's life is known.
    ///
    /// # Errors
    /// When a file cannot be read or is damaged.
    pub fn nearest(
        &self,
        channels: &mut Channels,
        channel: ChannelId,
        at: Timestamp,
        side: Side,
    ) -> Result<Option<Point>, PublishError> {
        Ok(self.nearest_of(channels, &[(channel, at)], side)?.pop().flatten())
    }

    /// [`Stored::nearest`] of many, in their order. Those whose search begins on one day are looked for
    /// together, so that a file is read once for all of them.
    ///
    /// # Errors
    /// When a file cannot be read or is damaged.
    pub fn nearest_of(
        &self,
        channels: &mut Channels,
        wanted: &[(ChannelId, Timestamp)],
        side: Side,
    ) -> Result<Vec<Option<Point>>, PublishError> {
        let ranges: Vec<_> = wanted.iter().map(|one| self.beside(*one, side)).collect();
        let mut nearest = vec![None; wanted.len()];
        let mut groups: BTreeMap<UtcDay, Vec<usize>> = BTreeMap::new();
        for (index, range) in ranges.iter().enumerate() {
            let begin = range.map(|(from, to)| if side == Side::Before { to } else { from });
            if let Some(begin) = begin {
                groups.entry(begin.day()).or_default().push(index);
            }
        }
        for mut open in groups.into_values() {
            let of_group: Vec<_> = open.iter().filter_map(|index| ranges[*index]).collect();
            for piece in self.windows(&of_group, side)? {
                let mut still_open = Vec::new();
                for part in open.chunks(channels_at_once(piece)) {
                    let of_part: BTreeSet<_> = part.iter().map(|index| wanted[*index].0).collect();
                    let keep = |reading: &Reading| of_part.contains(&reading.channel);
                    let window = self.window_of(channels, piece, keep)?;
                    for index in part {
                        let points = window.points(self, channels, wanted[*index].0);
                        let (usable, any) = nearest_in(&points, ranges[*index], side);
                        if usable.is_none() {
                            still_open.push(*index);
                        }
                        nearest[*index] = usable.or(nearest[*index]).or(any);
                    }
                }
                open = still_open;
                if open.is_empty() {
                    break;
                }
            }
        }
        Ok(nearest)
    }

    /// Where stored readings of a channel lie on one side of an instant, no further than its first and
    /// last; `None` where there are none.
    fn beside(
        &self,
        (channel, at): (ChannelId, Timestamp),
        side: Side,
    ) -> Option<(Timestamp, Timestamp)> {
        let (first, last) = *self.frontiers.get(&channel)?;
        let (from, to) = match side {
            Side::Before => (first, at.min(Timestamp::from_us(last.us() + 1))),
            Side::After => {
                let after = Timestamp::from_us(at.us() + 1);
                (after.max(first), Timestamp::from_us(last.us() + 1))
            }
        };
        (from < to).then_some((from, to))
    }

    /// The first leaf that readings stamped in `[from, to)` stand on, or the nearest usable ones
    /// before them. `None` where there are none.
    ///
    /// # Errors
    /// When a file cannot be read or is damaged.
    pub fn first_leaf(
        &self,
        channels: &Channels,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Option<i64>, PublishError> {
        let mut channels = channels.clone();
        let first = std::cell::Cell::new(i64::MAX);
        let look = |reading: &Reading| {
            first.set(first.get().min(reading.place.leaf));
            false
        };
        stored(self.layout, self.project, &mut channels, (from, to), look)?;
        let wanted: Vec<_> = self.frontiers.keys().map(|channel| (*channel, from)).collect();
        let before = self.nearest_of(&mut channels, &wanted, Side::Before)?;
        let leaves = before.into_iter().flatten().map(|point| point.leaves.0);
        let first = leaves.fold(first.get(), i64::min);
        Ok((first < i64::MAX).then_some(first))
    }

    /// Ranges that end, or begin, on one day in pieces that cover all of them, the nearest first: a day
    /// beside each, then the months that have files.
    fn windows(
        &self,
        ranges: &[(Timestamp, Timestamp)],
        side: Side,
    ) -> Result<Vec<(Timestamp, Timestamp)>, PublishError> {
        let (froms, tos) = (|| ranges.iter().map(|one| one.0), || ranges.iter().map(|one| one.1));
        let bounds = (froms().min().zip(froms().max()), tos().min().zip(tos().max()));
        let (Some((from, last_from)), Some((first_to, to))) = bounds else { return Ok(Vec::new()) };
        let near = match side {
            Side::Before => (Timestamp::from_us(first_to.us() - DAY_US).max(from), to),
            Side::After => (from, Timestamp::from_us(last_from.us() + DAY_US).min(to)),
        };
        let far = match side {
            Side::Before => (from, near.0),
            Side::After => (near.1, to),
        };
        let mut windows = vec![near];
        let stored_months = months(self.layout, Table::Readings, self.project)?;
        let mut pieces: Vec<_> = stored_months
            .into_iter()
            .map(|month| (start_of(month).max(far.0), start_of(next(month)).min(far.1)))
            .filter(|(from, to)| from < to)
            .collect();
        if side == Side::Before {
            pieces.reverse();
        }
        windows.extend(pieces);
        Ok(windows)
    }

    /// The points of one channel, from its rows.
    fn points(
        &self,
        channels: &Channels,
        channel: ChannelId,
        readings: &[Reading],
        conflicts: &[Conflict],
    ) -> Vec<Point> {
        let settle = |at, known: &[_]| match self.settlements.is_empty() {
            true => Settled::Open,
            false => self.settlements.settle(channels.key(channel), at, known),
        };
        points(readings, conflicts, settle)
    }
}

/// Of points in a range, the usable one nearest to the end that faces the stretch, and the nearest at all.
fn nearest_in(
    points: &[Point],
    range: Option<(Timestamp, Timestamp)>,
    side: Side,
) -> (Option<Point>, Option<Point>) {
    let is_inside = |point: &Point| range.is_some_and(|(from, to)| (from..to).contains(&point.at));
    let mut inside = points.iter().copied().filter(is_inside);
    let is_usable = |point: &Point| point.usable().is_some();
    match side {
        Side::Before => (inside.clone().rev().find(is_usable), inside.next_back()),
        Side::After => (inside.clone().find(is_usable), inside.next()),
    }
}

/// How many channels are looked for in a piece at once: some two million readings, if they come by the
/// minute.
fn channels_at_once((from, to): (Timestamp, Timestamp)) -> usize {
    let minutes = (to.us() - from.us()) / (DAY_US / 1_440) + 1;
    (READINGS_MAX / minutes).max(1) as usize
}

/// Rows of one channel among the readings and conflicts of a [`Window`].
type Rows = (Range<usize>, Range<usize>);

/// What is stored of a stretch of time.
pub struct Window {
    readings: Vec<Reading>,
    conflicts: Vec<Conflict>,
    by_channel: BTreeMap<ChannelId, Rows>,
}

impl Window {
    /// Lowest and highest leaf of the readings here.
    #[must_use]
    pub fn leaves(&self) -> Option<(i64, i64)> {
        let leaves = || self.readings.iter().map(|reading| reading.place.leaf);
        leaves().min().zip(leaves().max())
    }

    /// The channels that have rows here.
    pub fn channels(&self) -> impl Iterator<Item = ChannelId> {
        self.by_channel.keys().copied()
    }

    /// The points of one channel.
    #[must_use]
    pub fn points(
        &self,
        stored: &Stored<'_>,
        channels: &Channels,
        channel: ChannelId,
    ) -> Vec<Point> {
        let Some((readings, conflicts)) = self.by_channel.get(&channel) else { return Vec::new() };
        let conflicts = &self.conflicts[conflicts.clone()];
        stored.points(channels, channel, &self.readings[readings.clone()], conflicts)
    }
}

/// First instant of a month, UTC.
fn start_of(month: Month) -> Timestamp {
    let first = format!("{month}-01T00:00:00Z");
    // Months come from folders of stamps that were in range, so this text is a time.
    Timestamp::parse_rfc3339(&first).unwrap_or(Timestamp::END)
}

fn next(month: Month) -> Month {
    match month.month {
        12 => Month { year: month.year + 1, month: 1 },
        _ => Month { month: month.month + 1, ..month },
    }
}
