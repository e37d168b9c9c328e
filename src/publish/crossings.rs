//! The gaps of registers that a border cuts: found from the stored readings around it, however far.

use std::collections::BTreeMap;

use super::PublishError;
use super::intervals::plan_of;
use super::neighbours::{Side, Stored};
use super::registry::Registry;
use crate::aggregate::crossing::{Crossing, crossing};
use crate::aggregate::point::Point;
use crate::config::plan::{ChannelKind, ChannelPlan};
use crate::dataset::layout::Layout;
use crate::domain::id::ProjectId;
use crate::domain::reading::{ChannelId, ChannelKey, Channels};
use crate::domain::time::Timestamp;

/// The gaps of the project's registers in which one of `borders` lies, by channel names and border.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn crossings(
    layout: &Layout,
    project: &ProjectId,
    registry: &Registry,
    borders: &[Timestamp],
) -> Result<Vec<(ChannelKey, Crossing)>, PublishError> {
    let mut channels = Channels::default();
    let mut frontiers = BTreeMap::new();
    let mut registers = Vec::new();
    let plans = registry.plans().iter();
    for channel in plans.flat_map(|plan| &plan.channels) {
        let id = channels.intern(&channel.key);
        let is_new = frontiers.insert(id, (Timestamp::default(), Timestamp::END)).is_none();
        if is_new && matches!(channel.kind, ChannelKind::Register { .. }) {
            registers.push((id, channel.key.clone()));
        }
    }
    let settlements = registry.settlements();
    let stored = Stored { layout, project, frontiers: &frontiers, settlements };
    let mut found = Vec::new();
    for border in borders {
        let ids: Vec<ChannelId> = registers.iter().map(|(id, _)| *id).collect();
        let around = around(&stored, &mut channels, &ids, *border)?;
        for ((_, key), points) in registers.iter().zip(around) {
            let Some(plan) = planned(registry, key, *border) else { continue };
            found.extend(crossing(&plan, &points, *border).map(|one| (key.clone(), one)));
        }
    }
    found.sort_by(|(a, one), (b, other)| (a, &one.borders).cmp(&(b, &other.borders)));
    Ok(found)
}

/// What the plan in force at an instant says of a channel, with all its recorded exchanges.
#[must_use]
pub fn planned(registry: &Registry, key: &ChannelKey, at: Timestamp) -> Option<ChannelPlan> {
    plan_of(registry, key, at.day())
}

/// The usable readings of each channel next to an instant: at or before it, and after it. None where
/// there is none before it.
fn around(
    stored: &Stored<'_>,
    channels: &mut Channels,
    ids: &[ChannelId],
    at: Timestamp,
) -> Result<Vec<Vec<Point>>, PublishError> {
    let by = Timestamp::from_us(at.us() + 1);
    let wanted: Vec<_> = ids.iter().map(|id| (*id, by)).collect();
    let before = stored.nearest_of(channels, &wanted, Side::Before)?;
    // Of a channel that begins later nothing is looked for behind the border.
    let begun = ids.iter().zip(&before).filter(|(_, before)| before.is_some());
    let wanted: Vec<_> = begun.map(|(id, _)| (*id, at)).collect();
    let mut after = stored.nearest_of(channels, &wanted, Side::After)?.into_iter();
    let points = |before: Option<Point>| match before {
        Some(before) => [before].into_iter().chain(after.next().flatten()).collect(),
        None => Vec::new(),
    };
    Ok(before.into_iter().map(points).collect())
}
