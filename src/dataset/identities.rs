//! Look-up of identities: the stored rows of given channels and stamps, wherever they lie.
//!
//! Of each file that may have some, names and stamps alone are read through; the other columns only of
//! the rows that are wanted. A batch that was sent before is looked up in millions of rows by this.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{AsArray, BooleanArray, BooleanBufferBuilder, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;

use super::DatasetError;
use super::layout::Layout;
use super::parquet_file::Filter;
use super::read::{Found, Names, conflict, files_between, read_readings, sort};
use super::schema::Table;
use super::words::Words;
use crate::domain::id::ProjectId;
use crate::domain::reading::{ChannelKey, Channels, Reading};
use crate::domain::time::{Month, Timestamp};

/// Identities that are looked for: the stamps of each channel, rising.
#[derive(Debug)]
pub struct Identities {
    by_channel: BTreeMap<ChannelKey, Vec<Timestamp>>,
}

impl Identities {
    /// Those of readings, which are sorted as the tables are.
    pub fn of<'a>(readings: impl Iterator<Item = &'a Reading>, channels: &Channels) -> Self {
        let readings: Vec<&Reading> = readings.collect();
        let of_channel = |run: &[&Reading]| {
            let stamps = run.iter().map(|reading| reading.at).collect();
            (channels.key(run[0].channel).clone(), stamps)
        };
        let runs = readings.chunk_by(|a, b| a.channel == b.channel);
        Self { by_channel: runs.map(of_channel).collect() }
    }

    /// What is stored of them: readings and conflicts, each sorted by channel names, stamp, place.
    /// `channels` has the channels of all of them.
    ///
    /// # Errors
    /// When a file cannot be read or is damaged.
    pub fn stored(
        self,
        layout: &Layout,
        project: &ProjectId,
        channels: &Channels,
    ) -> Result<Found, DatasetError> {
        let mut files = Vec::new();
        for (first, last) in self.months().into_values() {
            let range = (first, Timestamp::from_us(last.us() + 1));
            for table in [Table::Readings, Table::Conflicts] {
                let paths = files_between(layout, table, project, range.0, range.1)?;
                files.extend(paths.into_iter().map(|path| (table, path, range)));
            }
        }
        if files.is_empty() {
            return Ok(Found::default());
        }
        let filter = self.filter();
        let next = AtomicUsize::new(0);
        let take = || files.get(next.fetch_add(1, Ordering::Relaxed));
        let read = || -> Result<Found, DatasetError> {
            let (mut channels, known) = (channels.clone(), channels.len() as u32);
            let mut found = (Vec::new(), Vec::new());
            while let Some((table, path, range)) = take() {
                let mut each = |reading: Reading, rows: &RecordBatch, row| match table {
                    // Where all rows of a file had to be read, there may be others among them.
                    _ if reading.channel.0 >= known => {}
                    Table::Conflicts => found.1.push(conflict(reading, rows, row)),
                    _ => found.0.push(reading),
                };
                read_readings(path, &mut channels, *range, Some(&filter), &mut each)?;
            }
            Ok(found)
        };
        let (here, beside) = std::thread::scope(|scope| {
            let beside = scope.spawn(read);
            (read(), beside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let (mut found, beside) = (here?, beside?);
        found.0.extend(beside.0);
        found.1.extend(beside.1);
        sort(&mut found, channels);
        Ok(found)
    }

    /// First and last stamp in each month.
    fn months(&self) -> BTreeMap<Month, (Timestamp, Timestamp)> {
        let mut months = BTreeMap::new();
        for stamps in self.by_channel.values() {
            for of_day in stamps.chunk_by(|a, b| a.day() == b.day()) {
                let (first, last) = (of_day[0], of_day[of_day.len() - 1]);
                let range = months.entry(first.month()).or_insert((first, last));
                *range = (range.0.min(first), range.1.max(last));
            }
        }
        months
    }

    /// Tells rows of these identities by what an identity is made of.
    fn filter(self) -> Filter {
        let bounds = |column, name: fn(&ChannelKey) -> &str| {
            let names = || self.by_channel.keys().map(name);
            let bounds = names().min().zip(names().max());
            bounds.map(|(low, high)| (column, low.to_owned(), high.to_owned()))
        };
        let texts = [
            bounds("site", |channel| channel.site.as_str()),
            bounds("device", |channel| channel.device.as_str()),
            bounds("quantity", |channel| channel.quantity.as_str()),
        ];
        Filter {
            columns: &["site", "device", "quantity", "at"],
            texts: texts.into_iter().flatten().collect(),
            is_wanted: Arc::new(move |rows: &RecordBatch| self.among(rows)),
            is_sparse: false,
        }
    }

    /// Which of some rows are of these identities; `None` where they are not as rows should be.
    fn among(&self, rows: &RecordBatch) -> Option<BooleanArray> {
        let column = |name: &str| rows.column_by_name(name);
        let names = Names::of(|name| column(name).and_then(Words::of).ok_or(())).ok()?;
        let stamps = column("at")?.as_primitive_opt::<TimestampMicrosecondType>()?.values();
        let mut is_wanted = BooleanBufferBuilder::new(rows.num_rows());
        is_wanted.append_n(rows.num_rows(), false);
        let mut begin = 0;
        // Rows are sorted by channel: its names are compared once, and its stamps rise.
        while begin < rows.num_rows() {
            let keys = names.keys(begin);
            let end = (begin..rows.num_rows()).find(|row| names.keys(*row) != keys);
            let run = begin..end.unwrap_or(rows.num_rows());
            begin = run.end;
            // What has no names is read, and found to be damaged then.
            let Some(wanted) = self.by_channel.get(&names.parse(run.start).ok()?) else { continue };
            if !stamps[run.clone()].is_sorted() {
                return None;
            }
            mark(&mut is_wanted, run.start, &stamps[run], wanted);
        }
        Some(BooleanArray::new(is_wanted.finish(), None))
    }
}

/// Marks the rows of a channel, of which the first is `begin`, whose stamps are wanted.
fn mark(is_wanted: &mut BooleanBufferBuilder, begin: usize, stamps: &[i64], wanted: &[Timestamp]) {
    let (Some(first), Some(last)) = (stamps.first(), stamps.last()) else { return };
    let from = wanted.partition_point(|at| at.us() < *first);
    let mut row = 0;
    for at in wanted[from..].iter().map(|at| at.us()).take_while(|at| at <= last) {
        row += stamps[row..].partition_point(|stamp| *stamp < at);
        // An identity may have several conflicts.
        while stamps.get(row) == Some(&at) {
            is_wanted.set_bit(begin + row, true);
            row += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::parquet_file::{FileWriter, ROW_GROUP_ROWS_MAX};
    use crate::dataset::read::stored;
    use crate::dataset::rows;
    use crate::domain::decimal::Fixed6;
    use crate::domain::flag::Flags;
    use crate::domain::id::{DeviceId, QuantityId, SiteId};
    use crate::domain::reading::{ChannelId, Conflict, Place};
    use crate::domain::unit::Unit;

    /// 2026-01-31T20:00:00Z: a channel's readings, one a second, lie in two months.
    const START_US: i64 = 1_769_889_600_000_000;
    /// So many that the second month has several row groups and pages in each of its two files.
    const SECONDS: i64 = ROW_GROUP_ROWS_MAX as i64;

    fn channels() -> Channels {
        let mut channels = Channels::default();
        for device in ["a", "b", "c"] {
            channels.intern(&ChannelKey {
                site: SiteId::parse("s").unwrap(),
                device: DeviceId::parse(device).unwrap(),
                quantity: QuantityId::parse("q").unwrap(),
            });
        }
        channels
    }

    fn reading(channel: u32, second: i64) -> Reading {
        Reading {
            channel: ChannelId(channel),
            at: Timestamp::from_us(START_US + second * 1_000_000),
            value: Fixed6::from_micro(second.into()).unwrap(),
            flags: Flags::NONE,
            place: Place { leaf: 0, item: second },
        }
    }

    fn write<T>(
        (layout, id): (&Layout, &ProjectId),
        (table, name): (Table, &str),
        all: Vec<T>,
        at: impl Fn(&T) -> Timestamp,
        columns: impl Fn(&[T]) -> RecordBatch,
    ) {
        for (month, rows) in rows::by_month(all, at) {
            let folder = layout.table_month(table, id, month);
            std::fs::create_dir_all(&folder).unwrap();
            let mut writer = FileWriter::create(&folder.join(name), table).unwrap();
            writer.write(&columns(&rows)).unwrap();
            writer.finish(&[]).unwrap();
        }
    }

    /// Two files of readings a month, even seconds and odd, and one of conflicts, two of an identity.
    fn write_all(layout: &Layout, id: &ProjectId, channels: &Channels) {
        let unit = |_: ChannelId| Unit::parse("kWh").unwrap();
        for (begin, name) in [(0, "0-0.parquet"), (1, "1-1.parquet")] {
            let seconds = |channel| (begin..SECONDS).step_by(2).map(move |s| reading(channel, s));
            let all: Vec<Reading> = (0..3).flat_map(seconds).collect();
            let columns = |rows: &[Reading]| rows::readings(rows, channels, &unit).unwrap();
            write((layout, id), (Table::Readings, name), all, |row| row.at, columns);
        }
        let twice = |second| [1, 2].map(|leaf| (second, leaf));
        let all: Vec<Conflict> = (0..SECONDS)
            .step_by(1_000)
            .flat_map(twice)
            .map(|(second, leaf)| {
                let first = reading(1, second);
                let place = Place { leaf, item: second };
                Conflict { reading: Reading { place, ..first }, first: first.place }
            })
            .collect();
        let columns = |rows: &[Conflict]| rows::conflicts(rows, channels, &unit).unwrap();
        let target = (Table::Conflicts, "2-2.parquet");
        write((layout, id), target, all, |row| row.reading.at, columns);
    }

    #[test]
    fn each_row_is_found_wherever_it_lies_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let (layout, id) = (Layout::new(folder.path()), ProjectId::parse("p").unwrap());
        let channels = channels();
        write_all(&layout, &id, &channels);
        let (last, none) = (SECONDS - 1, SECONDS + 5);
        let cases: [Vec<(u32, i64)>; 5] = [
            vec![],
            vec![(1, 3_000)],
            // First and last of a channel, an identity twice, and one that is not stored.
            vec![(0, 0), (0, last), (2, 0), (2, 7), (2, 7), (2, last), (2, none)],
            (0..3).flat_map(|c| (0..SECONDS).step_by(97).map(move |s| (c, s))).collect(),
            (0..SECONDS).map(|second| (1, second)).collect(),
        ];
        let all = (Timestamp::from_us(START_US), Timestamp::from_us(START_US + (1 << 40)));
        for wanted in cases {
            let sent: Vec<Reading> = wanted.iter().map(|one| reading(one.0, one.1)).collect();
            let identities = Identities::of(sent.iter(), &channels);
            let found = identities.stored(&layout, &id, &channels).unwrap();
            let keep = |r: &Reading| wanted.binary_search(&(r.channel.0, r.place.item)).is_ok();
            let expected = stored(&layout, &id, &mut channels.clone(), all, keep).unwrap();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn rows_out_of_order_are_found_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let (layout, id) = (Layout::new(folder.path()), ProjectId::parse("p").unwrap());
        let channels = channels();
        let unit = |_: ChannelId| Unit::parse("kWh").unwrap();
        let order = [(1, 9), (1, 4), (2, 3), (0, 8), (1, 6)];
        let all: Vec<Reading> = order.iter().map(|one| reading(one.0, one.1)).collect();
        let columns = |rows: &[Reading]| rows::readings(rows, &channels, &unit).unwrap();
        let target = (Table::Readings, "0-0.parquet");
        write((&layout, &id), target, all.clone(), |row| row.at, columns);
        // The table is of those that are looked for: other channels have no number in it.
        let mut known = Channels::default();
        known.intern(channels.key(ChannelId(0)));
        known.intern(channels.key(ChannelId(1)));
        let wanted = Identities::of([reading(1, 4), reading(1, 6)].iter(), &known);
        let (found, _) = wanted.stored(&layout, &id, &known).unwrap();
        let found: Vec<i64> = found.iter().map(|reading| reading.place.item).collect();
        assert!(found.contains(&4) && found.contains(&6), "{found:?}");
    }
}
