//! Judges readings by hand by the readings before and after them: a register that falls, or rises more
//! than its device can do, is asked about before it is kept.

use super::{Case, refused};
use crate::aggregate::point::{Content, Point};
use crate::aggregate::span::spans;
use crate::config::plan::{ChannelKind, ChannelPlan};
use crate::daemon::DaemonError;
use crate::dataset::read::stored;
use crate::decode::act::ReadingEntry;
use crate::domain::decimal::Fixed6;
use crate::domain::flag::{Code, Flags};
use crate::domain::id::{DeviceId, QuantityId, SiteId};
use crate::domain::reading::{ChannelKey, Channels, Reading};
use crate::domain::time::{DAY_US, Timestamp};

/// How far to both sides the nearest readings are looked for.
const LOOK_US: i64 = 100 * DAY_US;

/// Judges a reading.
///
/// # Errors
/// [`DaemonError::Refused`] with the reason; others when a file cannot be read.
pub(super) fn judge(case: &Case<'_>, entry: &ReadingEntry) -> Result<(), DaemonError> {
    let told = |error: &dyn std::fmt::Display| DaemonError::Refused(error.to_string());
    let key = ChannelKey {
        site: SiteId::parse(&entry.site).map_err(|e| told(&e))?,
        device: DeviceId::parse(&entry.device).map_err(|e| told(&e))?,
        quantity: QuantityId::parse(&entry.quantity).map_err(|e| told(&e))?,
    };
    let at = entry.stamp().map_err(|e| told(&e))?;
    let value = entry.number().map_err(|e| told(&e))?;
    let Some(channel) = case.plan.channel(&key) else {
        return refused(format!("the plan has no channel {key}"));
    };
    if !matches!(channel.kind, ChannelKind::Register { .. }) {
        return refused(format!("{key} is no register; an amount is recorded with mrv amount add"));
    }
    let conversion = channel.sent_unit.conversion_to(channel.unit);
    let Some(stored) = conversion.and_then(|conversion| value.store(conversion).ok()) else {
        return refused(format!("{value} goes beyond what can be stored"));
    };
    let (before, after) = nearest(case, channel, at)?;
    if case.is_sure {
        return Ok(());
    }
    let mut planned = channel.clone();
    planned.exchanges = case.registry.devices().exchanges_of(case.registry.plans(), channel);
    let typed = point(at, stored.value);
    for (first, last) in [(before, Some(typed)), (Some(typed), after)] {
        let (Some(first), Some(last)) = (first, last) else { continue };
        for span in spans(&planned, &[first, last]) {
            for code in [Code::Backward, Code::Reset, Code::Capacity] {
                if span.flags.has(code) {
                    let shown = |point: &Point| point.usable().map_or(Fixed6::ZERO, |value| value);
                    return refused(format!(
                        "{code}: {key} {} at {} and {} at {} make no possible amount ({}); read it again; \
                         if it is meant, say --sure: it then counts by its bounds",
                        shown(&first).to_decimal(),
                        first.at,
                        shown(&last).to_decimal(),
                        last.at,
                        code.rule()
                    ));
                }
            }
        }
    }
    Ok(())
}

/// The nearest usable readings before and after.
fn nearest(
    case: &Case<'_>,
    channel: &ChannelPlan,
    at: Timestamp,
) -> Result<(Option<Point>, Option<Point>), DaemonError> {
    let mut channels = Channels::default();
    let id = channels.intern(&channel.key);
    let (from, to) = (at.us() - LOOK_US, at.us() + LOOK_US);
    let range = (Timestamp::from_us(from), Timestamp::from_us(to));
    let (layout, project) = (case.project.layout(), case.project.id());
    let (readings, conflicts) = stored(layout, project, &mut channels, range, |r| r.channel == id)?;
    let is_usable = |reading: &&Reading| {
        !reading.flags.is_held() && !conflicts.iter().any(|one| one.reading.at == reading.at)
    };
    let settled = |reading: &Reading| {
        use crate::decode::act::Settled;
        let settlements = case.registry.settlements();
        match settlements.settle(&channel.key, reading.at, &[reading.value]) {
            Settled::Value(value, _) => point(reading.at, value),
            _ => point(reading.at, reading.value),
        }
    };
    let before = readings.iter().rev().filter(is_usable).find(|reading| reading.at < at);
    let after = readings.iter().filter(is_usable).find(|reading| reading.at > at);
    Ok((before.map(settled), after.map(settled)))
}

fn point(at: Timestamp, value: Fixed6) -> Point {
    Point { at, content: Content::Value(value), flags: Flags::NONE, leaves: (0, 0) }
}
