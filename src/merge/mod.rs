//! Merge: a batch of readings against what is stored becomes new readings, conflicts, duplicates.
//!
//! An identity is (channel, stamp). Its first value in log order is *the* reading; a further equal
//! value is a duplicate, a further different one a conflict, and a repetition of a known conflict a
//! duplicate of that. Values are compared as stored. Pure: whoever calls brings the stored rows, of
//! any age; nothing is forgotten after a time. Any split of a log into batches gives the same rows.

use crate::domain::flag::Code;
use crate::domain::reading::{Channels, Conflict, Place, Reading, Refusal};
use crate::domain::time::Timestamp;

/// What a batch became. Each part is sorted: readings and conflicts by channel names, stamp, place;
/// duplicates by place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    pub readings: Vec<Reading>,
    pub conflicts: Vec<Conflict>,
    pub duplicates: Vec<Refusal>,
}

/// Sorts readings as the tables are sorted; `ranks` are those of the channels.
pub fn sort(readings: &mut [Reading], ranks: &[u32]) {
    // Readings come in the order of receipt: channels in turn, each with rising stamps. So they are
    // dealt out by channel, and hardly a channel is left to be sorted.
    let rank = |reading: &Reading| ranks[reading.channel.0 as usize] as usize;
    let mut next = vec![0; ranks.len() + 1];
    for reading in readings.iter() {
        next[rank(reading) + 1] += 1;
    }
    for index in 1..next.len() {
        next[index] += next[index - 1];
    }
    let mut sorted = readings.to_vec();
    for reading in readings.iter() {
        let place = &mut next[rank(reading)];
        sorted[*place] = *reading;
        *place += 1;
    }
    for channel in sorted.chunk_by_mut(|a, b| a.channel == b.channel) {
        if !channel.is_sorted_by_key(|reading| (reading.at, reading.place)) {
            channel.sort_unstable_by_key(|reading| (reading.at, reading.place));
        }
    }
    readings.copy_from_slice(&sorted);
}

/// The readings of a sorted batch that must be looked up in what is stored: those not beyond their
/// channel's frontier, the greatest stamp stored.
pub fn needs_look_up(
    batch: &[Reading],
    frontier: impl Fn(&Reading) -> Option<Timestamp>,
) -> impl Iterator<Item = &Reading> {
    batch.iter().filter(move |reading| frontier(reading).is_some_and(|stored| reading.at <= stored))
}

/// Merges a sorted batch with the stored rows of the identities that need a look-up; further stored
/// rows do no harm. `stored` and `stored_conflicts` are sorted as the batch.
#[must_use]
pub fn merge(
    batch: &[Reading],
    stored: &[Reading],
    stored_conflicts: &[Conflict],
    channels: &Channels,
) -> Merged {
    let ranks = channels.ranks();
    let key = |reading: &Reading| (ranks[reading.channel.0 as usize], reading.at);
    let mut merged = Merged::default();
    let (mut stored, mut conflicts) = (stored, stored_conflicts);
    for group in batch.chunk_by(|a, b| key(a) == key(b)) {
        let identity = key(&group[0]);
        stored = &stored[stored.partition_point(|row| key(row) < identity)..];
        conflicts = &conflicts[conflicts.partition_point(|row| key(&row.reading) < identity)..];
        let first_stored = stored.first().filter(|row| key(row) == identity);
        let (first, rest) = match first_stored {
            Some(first) => (first, group),
            None => {
                merged.readings.push(group[0]);
                (&group[0], &group[1..])
            }
        };
        if rest.is_empty() {
            continue;
        }
        // The different values of this identity and where each was first seen.
        let mut known = vec![(first.value, first.place)];
        let same = conflicts.iter().take_while(|row| key(&row.reading) == identity);
        known.extend(same.map(|row| (row.reading.value, row.reading.place)));
        for reading in rest {
            match known.iter().find(|(value, _)| *value == reading.value) {
                Some((_, place)) => merged.duplicates.push(duplicate(reading, *place, channels)),
                None => {
                    known.push((reading.value, reading.place));
                    let flags = reading.flags.with(Code::Conflict);
                    let reading = Reading { flags, ..*reading };
                    merged.conflicts.push(Conflict { reading, first: first.place });
                }
            }
        }
    }
    merged.duplicates.sort_unstable_by_key(|refusal| refusal.place);
    merged
}

fn duplicate(reading: &Reading, first: Place, channels: &Channels) -> Refusal {
    let key = channels.key(reading.channel);
    Refusal {
        code: Code::Dup,
        reason: format!("the same value was stored before, from {first}"),
        text: reading.value.to_string(),
        site: Some(key.site.to_string()),
        device: Some(key.device.to_string()),
        quantity: Some(key.quantity.to_string()),
        at: Some(reading.at),
        place: reading.place,
        first: Some(first),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::decimal::Fixed6;
    use crate::domain::flag::Flags;
    use crate::domain::id::{DeviceId, QuantityId, SiteId};
    use crate::domain::reading::{ChannelId, ChannelKey};

    fn channels() -> Channels {
        let mut channels = Channels::default();
        // Numbers against the order of names, so that ranks matter.
        for device in ["b", "a"] {
            channels.intern(&ChannelKey {
                site: SiteId::parse("s").unwrap(),
                device: DeviceId::parse(device).unwrap(),
                quantity: QuantityId::parse("q").unwrap(),
            });
        }
        channels
    }

    fn reading(item: usize, (channel, at, value): (u32, i64, i64)) -> Reading {
        Reading {
            channel: ChannelId(channel),
            at: Timestamp::from_us(at),
            value: Fixed6::from_micro(value.into()).unwrap(),
            flags: Flags::NONE,
            place: Place { leaf: 0, item: item as i64 },
        }
    }

    /// Publishes a log in batches that end at the given places.
    fn published(log: &[(u32, i64, i64)], cuts: &[usize]) -> Merged {
        let channels = channels();
        let ranks = channels.ranks();
        let readings: Vec<Reading> =
            log.iter().enumerate().map(|(item, one)| reading(item, *one)).collect();
        let mut all = Merged::default();
        let mut from = 0;
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (log.len() + 1)).collect();
        ends.sort_unstable();
        for to in ends.into_iter().chain([log.len()]) {
            let mut batch = readings[from..to].to_vec();
            from = to;
            sort(&mut batch, &ranks);
            let merged = merge(&batch, &all.readings, &all.conflicts, &channels);
            all.readings.extend(merged.readings);
            sort(&mut all.readings, &ranks);
            all.conflicts.extend(merged.conflicts);
            all.conflicts.sort_by_key(|row| {
                let reading = row.reading;
                (ranks[reading.channel.0 as usize], reading.at, reading.place)
            });
            all.duplicates.extend(merged.duplicates);
        }
        all
    }

    #[test]
    fn the_first_value_stays_and_nothing_is_overwritten() {
        let log = [(0, 10, 1), (0, 10, 2), (0, 10, 1), (0, 10, 2), (0, 10, 3), (1, 10, 2)];
        let merged = published(&log, &[]);
        let shown = |place: Place| place.item;
        let readings: Vec<i64> = merged.readings.iter().map(|r| shown(r.place)).collect();
        assert_eq!(readings, [5, 0], "sorted by names");
        let conflicts: Vec<(i64, i64)> =
            merged.conflicts.iter().map(|c| (shown(c.reading.place), shown(c.first))).collect();
        assert_eq!(conflicts, [(1, 0), (4, 0)]);
        assert!(merged.conflicts.iter().all(|c| c.reading.flags.has(Code::Conflict)));
        let duplicates: Vec<(i64, Option<i64>)> =
            merged.duplicates.iter().map(|d| (shown(d.place), d.first.map(shown))).collect();
        assert_eq!(duplicates, [(2, Some(0)), (3, Some(1))]);
    }

    proptest! {
        #[test]
        fn readings_are_sorted_by_names_stamp_and_place(
            log in prop::collection::vec((0u32..2, 0i64..6, 0i64..3), 0..60),
        ) {
            let ranks = channels().ranks();
            let mut readings: Vec<Reading> =
                log.iter().enumerate().map(|(item, one)| reading(item, *one)).collect();
            let mut expected = readings.clone();
            expected.sort_by_key(|r| (ranks[r.channel.0 as usize], r.at, r.place));
            sort(&mut readings, &ranks);
            prop_assert_eq!(readings, expected);
        }

        #[test]
        fn any_split_of_a_log_gives_the_same_rows_and_every_item_is_in_one(
            log in prop::collection::vec((0u32..2, 0i64..6, 0i64..3), 0..60),
            cuts in prop::collection::vec(0usize..100, 0..5),
        ) {
            let whole = published(&log, &[]);
            prop_assert_eq!(&published(&log, &cuts), &whole);
            let count = whole.readings.len() + whole.conflicts.len() + whole.duplicates.len();
            prop_assert_eq!(count, log.len());
        }
    }
}
