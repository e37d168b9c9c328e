//! The nearest stored readings of a channel before and after a stretch, however far.

use std::collections::BTreeMap;
use std::ops::Range;

use super::PublishError;
use crate::aggregate::point::{Point, points};
use crate::dataset::layout::Layout;
use crate::dataset::read::{months, stored};
use crate::dataset::schema::Table;
use crate::decode::act::{Settled, Settlements};
use crate::domain::id::ProjectId;
use crate::domain::reading::{ChannelId, Channels, Conflict, Reading};
use crate::domain::time::{DAY_US, Month, Timestamp};

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
        let (readings, conflicts) =
            stored(self.layout, self.project, channels, (from, to), |_| true)?;
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
        let Some((first, last)) = self.frontiers.get(&channel).copied() else { return Ok(None) };
        let (from, to) = match side {
            Side::Before => (first, at),
            Side::After => (Timestamp::from_us(at.us() + 1), Timestamp::from_us(last.us() + 1)),
        };
        if from >= to {
            return Ok(None);
        }
        let mut nearest = None;
        for (from, to) in self.windows(from, to, side)? {
            let keep = |reading: &Reading| reading.channel == channel;
            let (readings, conflicts) =
                stored(self.layout, self.project, channels, (from, to), keep)?;
            let found = self.points(channels, channel, &readings, &conflicts);
            let usable = match side {
                Side::Before => found.iter().rev().find(|point| point.usable().is_some()),
                Side::After => found.iter().find(|point| point.usable().is_some()),
            };
            if let Some(point) = usable {
                return Ok(Some(*point));
            }
            let any = match side {
                Side::Before => found.last(),
                Side::After => found.first(),
            };
            nearest = nearest.or(any.copied());
        }
        Ok(nearest)
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
        let mut first = first.get();
        for channel in self.frontiers.keys() {
            if let Some(point) = self.nearest(&mut channels, *channel, from, Side::Before)? {
                first = first.min(point.leaves.0);
            }
        }
        Ok((first < i64::MAX).then_some(first))
    }

    /// `[from, to)` in pieces, the nearest first: a day, then the months that have files.
    fn windows(
        &self,
        from: Timestamp,
        to: Timestamp,
        side: Side,
    ) -> Result<Vec<(Timestamp, Timestamp)>, PublishError> {
        let near = match side {
            Side::Before => (Timestamp::from_us(to.us() - DAY_US).max(from), to),
            Side::After => (from, Timestamp::from_us(from.us() + DAY_US).min(to)),
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
