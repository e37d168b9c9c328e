//! A channel's year: its intervals, the doubtful first, and the readings that they stand on.

use std::collections::BTreeMap;

use super::around::{Around, around};
use super::source::Source;
use super::{Kind, Node, message};
use crate::aggregate::interval::IntervalRow;
use crate::domain::decimal::Fixed6;
use crate::domain::flag::Quality;
use crate::domain::reading::{ChannelKey, Conflict, Reading};
use crate::domain::time::{Date, INTERVAL_US, Interval, Timestamp};
use crate::report::bundle::BundleError;
use crate::report::model::Year;

/// Doubtful intervals opened of a channel.
const DOUBTFUL_MAX: usize = 8;
/// Readings opened of an interval.
const READINGS_MAX: usize = 4;

/// A channel's intervals of one year, and those of them that are opened.
struct Series {
    key: ChannelKey,
    rows: Vec<IntervalRow>,
    /// The doubtful ones first, then some that nothing doubts, with what they stand on.
    opened: Vec<(IntervalRow, Around)>,
    /// How many of the opened are doubtful.
    most_doubtful: usize,
    /// Doubtful and sure ones that are only counted.
    left: usize,
    counted: usize,
    /// Quarter hours of the year.
    possible: i64,
}

/// Opens channels in one year. What they stand on is looked up together: asked one by one, a file would
/// be read once for each.
pub fn open(
    source: &mut Source,
    channels: &[String],
    year: &Year,
) -> Result<Vec<Node>, BundleError> {
    let refused = |error: crate::domain::time::TimeError| BundleError::Refused(error.to_string());
    let from = source.zone.start_of(Date::parse(&year.from).map_err(refused)?);
    let to = source.zone.start_of(Date::parse(&year.to).map_err(refused)?.next());
    let of_year = |channel: &String| series(source, channel, (from, to));
    let mut all: Vec<Option<Series>> = channels.iter().map(of_year).collect();
    let intervals: Vec<_> = all.iter().flatten().flat_map(Series::intervals).collect();
    let found = around(source, &intervals)?;
    let messages = found.iter().flat_map(|one| shown(one).map(|reading| reading.place.leaf));
    message::fetch(source, messages.collect())?;
    let places = all.iter_mut().flatten().flat_map(|one| &mut one.opened);
    places.zip(found).for_each(|(place, one)| place.1 = one);
    let pairs = channels.iter().zip(&all);
    pairs.map(|(channel, one)| channel_node(source, channel, one.as_ref())).collect()
}

impl Series {
    /// The intervals that are opened, with their channel.
    fn intervals(&self) -> impl Iterator<Item = (ChannelKey, Interval)> {
        self.opened.iter().map(|(row, _)| (self.key.clone(), row.start))
    }
}

/// The intervals of a channel in `[from, to)`; `None` where it delivered none at any time.
fn series(source: &Source, channel: &str, (from, to): (Timestamp, Timestamp)) -> Option<Series> {
    let found = source.rows(channel)?;
    let inside = found.rows.iter().filter(|row| (from..to).contains(&row.start.start()));
    let rows: Vec<IntervalRow> = inside.copied().collect();
    let (doubtful, sure): (Vec<&IntervalRow>, Vec<&IntervalRow>) =
        rows.iter().partition(|row| is_doubtful(row));
    let greatest = sure.iter().max_by_key(|row| row.value.map(Fixed6::micro));
    let mut examples: Vec<IntervalRow> =
        [sure.first(), greatest, sure.last()].into_iter().flatten().map(|row| **row).collect();
    examples.sort_unstable_by_key(|row| row.start);
    examples.dedup_by_key(|row| row.start);
    let counted = sure.len() - examples.len();
    let most_doubtful = doubtful.len().min(DOUBTFUL_MAX);
    let opened = doubtful.iter().take(DOUBTFUL_MAX).map(|row| **row).chain(examples);
    Some(Series {
        key: found.key.clone(),
        opened: opened.map(|row| (row, Around::default())).collect(),
        most_doubtful,
        left: doubtful.len() - most_doubtful,
        counted,
        possible: (to.us() - from.us()) / INTERVAL_US,
        rows,
    })
}

fn channel_node(
    source: &mut Source,
    channel: &str,
    series: Option<&Series>,
) -> Result<Node, BundleError> {
    let Some(series) = series else {
        let what = "it delivered nothing in the time that the figures stand on";
        return Ok(Node::new(Kind::Channel, channel).with([Node::new(Kind::Note, what)]));
    };
    let Series { rows, most_doubtful, left, counted, possible, .. } = series;
    let mut node = facts(source, channel, series);
    let note = |text: String| Node::new(Kind::Note, text);
    let more_in_doubt = || note(format!("{left} more in doubt, counted above"));
    for (place, (row, around)) in series.opened.iter().enumerate() {
        if place == *most_doubtful && *left > 0 {
            node.children.push(more_in_doubt());
        }
        node.children.push(interval(source, row, around)?);
    }
    if series.opened.len() == *most_doubtful && *left > 0 {
        node.children.push(more_in_doubt());
    }
    if *counted > 0 {
        node.children.push(note(format!("{counted} more that nothing doubts, counted above")));
    }
    let missing = possible - rows.len() as i64;
    if missing > 0 {
        node.children.push(note(format!(
            "{missing} quarter hours lie outside of what the channel delivered; they count by the plan's \
             bounds"
        )));
    }
    Ok(node)
}

/// A channel with its plate, and how many of its intervals are of which quality.
fn facts(source: &Source, channel: &str, series: &Series) -> Node {
    let Series { rows, possible, .. } = series;
    let mut node = Node::new(Kind::Channel, channel);
    let plan = source.collected.plan().channel(&series.key);
    let adds_up = plan.is_some_and(crate::config::plan::ChannelPlan::is_amount);
    if let Some(plan) = plan {
        node = node.fact("serial", plan.serial.clone()).fact("class", plan.class.clone());
    }
    node = node.fact("intervals", format!("{} of {possible} quarter hours", rows.len()));
    for (quality, (count, sum)) in counts(rows, adds_up) {
        let sum = sum.map(|sum| format!(", {sum} {}", rows[0].unit.symbol())).unwrap_or_default();
        node = node.fact(words(quality), format!("{count} intervals{sum}"));
    }
    node
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

fn interval(source: &mut Source, row: &IntervalRow, around: &Around) -> Result<Node, BundleError> {
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
    let left = around.readings.len().saturating_sub(READINGS_MAX);
    for (place, one) in first_and_last(&around.readings).enumerate() {
        if place == READINGS_MAX.div_ceil(2) && left > 0 {
            node.children.push(Node::new(Kind::Note, format!("{left} more readings between")));
        }
        node.children.push(reading(source, one, unit, "")?);
    }
    for Conflict { reading: one, .. } in &around.conflicts {
        node.children.push(reading(source, one, unit, "contradicts the first value of its time")?);
    }
    Ok(node)
}

/// The readings that are opened of those that an interval stands on: at its two ends.
fn first_and_last(readings: &[Reading]) -> impl Iterator<Item = &Reading> {
    let first = READINGS_MAX.div_ceil(2).min(readings.len());
    let last =
        readings.len() - (READINGS_MAX - READINGS_MAX.div_ceil(2)).min(readings.len() - first);
    readings[..first].iter().chain(&readings[last..])
}

/// All readings that are opened of an interval.
fn shown(around: &Around) -> impl Iterator<Item = &Reading> {
    first_and_last(&around.readings).chain(around.conflicts.iter().map(|one| &one.reading))
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
