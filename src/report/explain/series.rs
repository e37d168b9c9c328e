//! A channel's year: its intervals, the doubtful first, and the readings that they stand on.

use std::collections::BTreeMap;

use super::source::Source;
use super::{Kind, Node, message};
use crate::aggregate::interval::IntervalRow;
use crate::dataset::read::stored;
use crate::domain::decimal::Fixed6;
use crate::domain::flag::Quality;
use crate::domain::reading::{ChannelKey, Channels, Conflict, Reading};
use crate::domain::time::{Date, INTERVAL_US, Timestamp};
use crate::publish::neighbours::Side;
use crate::report::bundle::BundleError;
use crate::report::model::Year;

/// Doubtful intervals opened of a channel.
const DOUBTFUL_MAX: usize = 8;
/// Readings opened of an interval.
const READINGS_MAX: usize = 4;

/// Opens a channel in one year.
pub fn open(source: &mut Source, channel: &str, year: &Year) -> Result<Node, BundleError> {
    let refused = |error: crate::domain::time::TimeError| BundleError::Refused(error.to_string());
    let from = source.zone.start_of(Date::parse(&year.from).map_err(refused)?);
    let to = source.zone.start_of(Date::parse(&year.to).map_err(refused)?.next());
    let Some((key, rows)) = source.rows(channel).map(|found| {
        let inside = found.rows.iter().filter(|row| (from..to).contains(&row.start.start()));
        (found.key.clone(), inside.copied().collect::<Vec<IntervalRow>>())
    }) else {
        let what = "it delivered nothing in the time that the figures stand on";
        return Ok(Node::new(Kind::Channel, channel).with([Node::new(Kind::Note, what)]));
    };
    let possible = (to.us() - from.us()) / INTERVAL_US;
    let mut node = Node::new(Kind::Channel, channel);
    let plan = source.collected.plan().channel(&key);
    let adds_up = plan.is_some_and(crate::config::plan::ChannelPlan::is_amount);
    if let Some(plan) = plan {
        node = node.fact("serial", plan.serial.clone()).fact("class", plan.class.clone());
    }
    node = node.fact("intervals", format!("{} of {possible} quarter hours", rows.len()));
    for (quality, (count, sum)) in counts(&rows, adds_up) {
        let sum = sum.map(|sum| format!(", {sum} {}", rows[0].unit.symbol())).unwrap_or_default();
        node = node.fact(words(quality), format!("{count} intervals{sum}"));
    }
    let (doubtful, sure): (Vec<&IntervalRow>, Vec<&IntervalRow>) =
        rows.iter().partition(|row| is_doubtful(row));
    let mut opened: Vec<IntervalRow> =
        doubtful.iter().take(DOUBTFUL_MAX).map(|row| **row).collect();
    let (most_doubtful, left) = (opened.len(), doubtful.len().saturating_sub(opened.len()));
    let greatest = sure.iter().max_by_key(|row| row.value.map(Fixed6::micro));
    let mut examples: Vec<IntervalRow> =
        [sure.first(), greatest, sure.last()].into_iter().flatten().map(|row| **row).collect();
    examples.sort_unstable_by_key(|row| row.start);
    examples.dedup_by_key(|row| row.start);
    let counted = sure.len() - examples.len();
    opened.extend(examples);
    for (place, row) in opened.iter().enumerate() {
        if place == most_doubtful && left > 0 {
            node.children
                .push(Node::new(Kind::Note, format!("{left} more in doubt, counted above")));
        }
        node.children.push(interval(source, &key, row)?);
    }
    if opened.len() == most_doubtful && left > 0 {
        node.children.push(Node::new(Kind::Note, format!("{left} more in doubt, counted above")));
    }
    if counted > 0 {
        let what = format!("{counted} more that nothing doubts, counted above");
        node.children.push(Node::new(Kind::Note, what));
    }
    let missing = possible - rows.len() as i64;
    if missing > 0 {
        let what = format!(
            "{missing} quarter hours lie outside of what the channel delivered; they count by the plan's \
             bounds"
        );
        node.children.push(Node::new(Kind::Note, what));
    }
    Ok(node)
}

fn is_doubtful(row: &IntervalRow) -> bool {
    row.quality != Quality::M || row.value.is_none() || !row.flags.is_empty()
}

/// Intervals by quality code, with their sum where they all have a value that adds up.
fn counts(rows: &[IntervalRow], adds_up: bool) -> BTreeMap<&'static str, (u64, Option<Fixed6>)> {
    let mut counts: BTreeMap<&str, (u64, Option<i128>)> = BTreeMap::new();
    for row in rows {
        let (count, sum) = counts.entry(row.quality.as_str()).or_insert((0, Some(0)));
        *count += 1;
        let value = row.value.filter(|_| adds_up).map(|value| value.micro().into());
        *sum = sum.zip(value).map(|(sum, value): (i128, i128)| sum + value);
    }
    let typed = |(code, (count, sum)): (&'static str, (u64, Option<i128>))| {
        (code, (count, sum.and_then(|sum| Fixed6::from_micro(sum).ok())))
    };
    counts.into_iter().map(typed).collect()
}

/// What a quality code says.
fn words(code: &str) -> &'static str {
    match Quality::parse(code) {
        Some(Quality::M) => "measured (M)",
        Some(Quality::B) => "from the check meter (B)",
        Some(Quality::T) => "bridged by the register (T)",
        Some(Quality::K) => "in conflict (K)",
        Some(Quality::Z) => "not measured (Z)",
        None => "other",
    }
}

fn interval(source: &mut Source, key: &ChannelKey, row: &IntervalRow) -> Result<Node, BundleError> {
    let unit = row.unit.symbol();
    let text = |value: Option<Fixed6>| value.map(|v| format!("{v} {unit}")).unwrap_or_default();
    let mut node = Node::new(Kind::Interval, source.zone.show(row.start.start()));
    node = match row.value {
        Some(value) => node.valued(format!("{value} {unit}")),
        None => node.fact("lowest", text(row.low)).fact("highest", text(row.high)),
    };
    node = node
        .fact("quality", words(row.quality.as_str()))
        .fact("measured", format!("{} of 900 s", row.covered_us / 1_000_000))
        .fact("flags", row.flags.to_string());
    let (readings, conflicts) = around(source, key, row)?;
    let most = readings.len().min(READINGS_MAX);
    let (first, rest) = readings.split_at(most.div_ceil(2));
    let last = &rest[rest.len() - (most - first.len())..];
    for (place, one) in first.iter().chain(last).enumerate() {
        if place == first.len() && readings.len() > most {
            let what = format!("{} more readings between", readings.len() - most);
            node.children.push(Node::new(Kind::Note, what));
        }
        node.children.push(reading(source, one, unit, "")?);
    }
    for Conflict { reading: one, .. } in &conflicts {
        node.children.push(reading(source, one, unit, "contradicts the first value of its time")?);
    }
    Ok(node)
}

/// The readings inside an interval and at its ends, and the usable ones next to it, however far.
fn around(
    source: &Source,
    key: &ChannelKey,
    row: &IntervalRow,
) -> Result<(Vec<Reading>, Vec<Conflict>), BundleError> {
    let project = source.past.project();
    let (start, end) = (row.start.start(), row.start.end());
    let after = |at: Timestamp, by: i64| Timestamp::from_us(at.us() + by);
    let mut ranges = vec![(start, after(end, 1))];
    for (at, side) in [(start, Side::Before), (end, Side::After)] {
        if let Some(point) = project.nearest(key, at, side)? {
            ranges.push((point.at, after(point.at, 1)));
        }
    }
    let (mut readings, mut conflicts) = (Vec::new(), Vec::new());
    for range in ranges {
        let mut channels = Channels::default();
        let wanted = channels.intern(key);
        let keep = |one: &Reading| one.channel == wanted;
        let found = stored(project.layout(), &source.project, &mut channels, range, keep)?;
        readings.extend(found.0);
        conflicts.extend(found.1);
    }
    readings.sort_unstable_by_key(|one| one.at);
    // A reading at the interval's end needs no further neighbour.
    let has_start = readings.iter().any(|one| one.at == start);
    let has_end = readings.iter().any(|one| one.at == end);
    readings.retain(|one| (!has_start || one.at >= start) && (!has_end || one.at <= end));
    readings.dedup_by_key(|one| (one.at, one.place));
    Ok((readings, conflicts))
}

fn reading(
    source: &mut Source,
    reading: &Reading,
    unit: &str,
    what: &str,
) -> Result<Node, BundleError> {
    let node = Node::new(Kind::Reading, format!("reading of {}", source.zone.show(reading.at)))
        .valued(format!("{} {unit}", reading.value))
        .fact("note", what)
        .fact("flags", reading.flags.to_string())
        .fact("place", format!("item {} of leaf {}", reading.place.item, reading.place.leaf));
    let sent = message::open(source, reading.place.leaf, "the message that brought it")?;
    Ok(node.with([sent]))
}
