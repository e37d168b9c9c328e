//! The gaps of registers that a border cuts: found from the stored readings around it, however far.

use super::intervals::{plan_of, stored};
use super::neighbours::Side;
use super::{Project, PublishError};
use crate::aggregate::crossing::{Crossing, crossing};
use crate::config::plan::{ChannelKind, ChannelPlan};
use crate::domain::reading::{ChannelId, ChannelKey, Channels};
use crate::domain::time::Timestamp;

impl Project {
    /// The gaps in which one of `borders` lies, by channel names and border.
    ///
    /// # Errors
    /// When a file cannot be read or is damaged.
    pub fn crossings(
        &mut self,
        borders: &[Timestamp],
    ) -> Result<Vec<(ChannelKey, Crossing)>, PublishError> {
        let mut channels = std::mem::take(&mut self.channels);
        let found = self.crossings_of(&mut channels, borders);
        self.channels = channels;
        let mut found = found?;
        found.sort_by(|(a, one), (b, other)| (a, &one.borders).cmp(&(b, &other.borders)));
        Ok(found)
    }

    /// What the plan in force at an instant says of a channel, with all its recorded exchanges.
    #[must_use]
    pub fn planned(&self, key: &ChannelKey, at: Timestamp) -> Option<ChannelPlan> {
        plan_of(self, key, at.day())
    }

    fn crossings_of(
        &self,
        channels: &mut Channels,
        borders: &[Timestamp],
    ) -> Result<Vec<(ChannelKey, Crossing)>, PublishError> {
        let mut found = Vec::new();
        for (channel, (first, last)) in &self.frontiers {
            for border in borders.iter().filter(|border| first < *border && *border < last) {
                let key = channels.key(*channel).clone();
                let Some(plan) = self.planned(&key, *border) else { continue };
                if !matches!(plan.kind, ChannelKind::Register { .. }) {
                    continue;
                }
                let points = self.around(channels, *channel, *border)?;
                found.extend(crossing(&plan, &points, *border).map(|one| (key, one)));
            }
        }
        Ok(found)
    }

    /// The usable readings next to an instant: at or before it, and after it.
    fn around(
        &self,
        channels: &mut Channels,
        channel: ChannelId,
        at: Timestamp,
    ) -> Result<Vec<crate::aggregate::point::Point>, PublishError> {
        let stored = stored(self);
        let by = Timestamp::from_us(at.us() + 1);
        let before = stored.nearest(channels, channel, by, Side::Before)?;
        let after = stored.nearest(channels, channel, at, Side::After)?;
        Ok(before.into_iter().chain(after).collect())
    }
}
