//! The readings that intervals stand on, looked up together: a file is read once for all of a day.

use super::source::Source;
use crate::aggregate::point::Point;
use crate::dataset::read::stored;
use crate::domain::reading::{ChannelId, ChannelKey, Channels, Conflict, Reading};
use crate::domain::time::{DAY_US, Interval, Timestamp};
use crate::publish::neighbours::Side;
use crate::report::bundle::BundleError;

/// What an interval stands on, by time.
#[derive(Debug, Clone, Default)]
pub struct Around {
    pub readings: Vec<Reading>,
    pub conflicts: Vec<Conflict>,
}

/// Where readings of a channel are wanted for an interval.
struct Wanted {
    channel: ChannelId,
    from: Timestamp,
    to: Timestamp,
    /// Which interval.
    place: usize,
}

/// The readings inside each interval and at its ends, and the usable ones next to it, however far.
pub fn around(
    source: &Source,
    intervals: &[(ChannelKey, Interval)],
) -> Result<Vec<Around>, BundleError> {
    let project = source.past.project();
    let mut channels = Channels::default();
    let mut found = vec![Around::default(); intervals.len()];
    let wanted = wanted(source, &mut channels, intervals)?;
    for group in days(&wanted) {
        let mut of_channel: Vec<Vec<&Wanted>> = Vec::new();
        for one in group {
            let number = one.channel.0 as usize;
            of_channel.resize_with(of_channel.len().max(number + 1), Vec::new);
            of_channel[number].push(one);
        }
        let holders = |reading: &Reading| {
            let ranges = of_channel.get(reading.channel.0 as usize).into_iter().flatten();
            let at = reading.at;
            ranges.filter(move |one| (one.from..one.to).contains(&at)).map(|one| one.place)
        };
        let keep = |reading: &Reading| holders(reading).next().is_some();
        let span = span(group);
        let (readings, conflicts) =
            stored(project.layout(), &source.project, &mut channels, span, keep)?;
        for reading in &readings {
            holders(reading).for_each(|place| found[place].readings.push(*reading));
        }
        for conflict in &conflicts {
            holders(&conflict.reading).for_each(|place| found[place].conflicts.push(*conflict));
        }
    }
    for (one, (_, interval)) in found.iter_mut().zip(intervals) {
        one.tidy(*interval);
    }
    Ok(found)
}

impl Around {
    fn tidy(&mut self, interval: Interval) {
        let (start, end) = (interval.start(), interval.end());
        let readings = &mut self.readings;
        readings.sort_by_key(|one| (one.at, one.place));
        // A reading at the interval's end needs no further neighbour.
        let has_start = readings.iter().any(|one| one.at == start);
        let has_end = readings.iter().any(|one| one.at == end);
        readings.retain(|one| (!has_start || one.at >= start) && (!has_end || one.at <= end));
        readings.dedup_by_key(|one| (one.at, one.place));
        self.conflicts.sort_by_key(|one| (one.reading.at, one.reading.place));
    }
}

/// All ranges that readings are wanted of, by time.
fn wanted(
    source: &Source,
    channels: &mut Channels,
    intervals: &[(ChannelKey, Interval)],
) -> Result<Vec<Wanted>, BundleError> {
    let beside = |at: fn(&Interval) -> Timestamp, side: Side| {
        let of = |(key, interval): &(ChannelKey, Interval)| (key.clone(), at(interval));
        source.past.project().nearest_of(&intervals.iter().map(of).collect::<Vec<_>>(), side)
    };
    let before = beside(|interval| interval.start(), Side::Before)?;
    let after = beside(|interval| interval.end(), Side::After)?;
    let mut wanted = Vec::new();
    for (place, (key, interval)) in intervals.iter().enumerate() {
        let channel = channels.intern(key);
        let mut want = |from: Timestamp, last: Timestamp| {
            let to = Timestamp::from_us(last.us() + 1);
            wanted.push(Wanted { channel, from, to, place });
        };
        want(interval.start(), interval.end());
        let points: [&Option<Point>; 2] = [&before[place], &after[place]];
        points.into_iter().flatten().for_each(|point| want(point.at, point.at));
    }
    wanted.sort_by_key(|one| (one.from, one.to));
    Ok(wanted)
}

/// Ranges, sorted by their beginning, in groups of about a day.
fn days(wanted: &[Wanted]) -> impl Iterator<Item = &[Wanted]> {
    let mut rest = wanted;
    std::iter::from_fn(move || {
        let first = rest.first()?.from;
        let is_near = |one: &Wanted| one.from.us() - first.us() < DAY_US;
        let (group, left) = rest.split_at(rest.partition_point(is_near));
        rest = left;
        Some(group)
    })
}

/// From the first to the last instant that ranges have.
fn span(wanted: &[Wanted]) -> (Timestamp, Timestamp) {
    let from = wanted.iter().map(|one| one.from).min().unwrap_or_default();
    (from, wanted.iter().map(|one| one.to).max().unwrap_or(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_a_day_are_read_together_and_none_is_left_out() {
        let wanted: Vec<Wanted> = [0, 5, DAY_US - 1, DAY_US, DAY_US + 7, 9 * DAY_US]
            .map(|from| Wanted {
                channel: ChannelId(0),
                from: Timestamp::from_us(from),
                to: Timestamp::from_us(from + 10),
                place: 0,
            })
            .into();
        let groups: Vec<_> = days(&wanted).map(|group| (group.len(), span(group))).collect();
        let at = Timestamp::from_us;
        assert_eq!(
            groups,
            [
                (3, (at(0), at(DAY_US + 9))),
                (2, (at(DAY_US), at(DAY_US + 17))),
                (1, (at(9 * DAY_US), at(9 * DAY_US + 10))),
            ]
        );
    }
}
