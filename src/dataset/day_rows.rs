//! Intervals by the day: of each channel the whole undisturbed local days added up, the others as they are.
//!
//! Takes `intervals`; gives rows of the same form, in which a day of a channel that was measured
//! throughout and without a doubt is one row: its value the sum, `covered_us` the length of the day.
//! Questions about a period are answered from these a hundred times faster; whatever lies inside a day
//! needs the intervals themselves.

use std::collections::BTreeMap;

use super::DatasetError;
use super::durable::create_folder;
use super::interval_rows::{WORDS, intervals, read_rows};
use super::layout::Layout;
use super::ordered::{Ordered, arrow_error, month_file};
use super::parquet_file::FileWriter;
use super::read::months;
use super::schema::Table;
use super::words::as_words;
use crate::aggregate::interval::IntervalRow;
use crate::domain::decimal::Fixed6;
use crate::domain::flag::{Flags, Quality};
use crate::domain::id::ProjectId;
use crate::domain::reading::Channels;
use crate::domain::time::{INTERVAL_US, Interval, Month, Timestamp, Zone};

/// The folder below a data folder that has a table of this form.
#[must_use]
pub fn by_day(data: &Layout) -> Layout {
    Layout::new(data.root().join("by-day"))
}

/// Writes the intervals of a project that start in `within` by the days of a zone, a file per UTC month.
///
/// # Errors
/// When a file cannot be read or written.
pub fn write_days(
    from: &Layout,
    to: &Layout,
    project: &ProjectId,
    zone: &Zone,
    within: (Timestamp, Timestamp),
) -> Result<(), DatasetError> {
    for month in months(from, Table::Intervals, project)? {
        let (begin, end) = range_of(month)?;
        let range = (begin.max(within.0), end.min(within.1));
        if range.0 >= range.1 {
            continue;
        }
        let mut rows = Ordered::open(from, project, Table::Intervals, month, Some(range))?;
        let Some(mut batch) = rows.next_batch()? else { continue };
        create_folder(&to.table_month(Table::Intervals, project, month))?;
        let path = month_file(to, project, Table::Intervals, month);
        let mut writer = FileWriter::create(&path, Table::Intervals)?;
        let (mut channels, mut held) = (Channels::default(), Vec::new());
        loop {
            let words = as_words(&batch, &WORDS).map_err(arrow_error(&path))?;
            read_rows(&path, &words, &mut channels, range, &mut held)?;
            let next = rows.next_batch()?;
            // The last day of the last channel may go on in the next batch.
            let whole = if next.is_some() { last_day(&held, zone) } else { held.len() };
            let days = days(&held[..whole], zone);
            held.drain(..whole);
            let columns = intervals(&days, &channels).map_err(arrow_error(&path))?;
            writer.write(&columns)?;
            match next {
                Some(next) => batch = next,
                None => break,
            }
        }
        writer.finish(&[])?;
    }
    Ok(())
}

/// Where the rows of the last channel's last day begin.
fn last_day(rows: &[IntervalRow], zone: &Zone) -> usize {
    let Some(last) = rows.last() else { return 0 };
    let begin = zone.start_of(zone.date_of(last.start.start())).interval();
    let is_of_day = |row: &&IntervalRow| row.channel == last.channel && row.start >= begin;
    rows.len() - rows.iter().rev().take_while(is_of_day).count()
}

/// First instant of a UTC month, and of the one after it.
fn range_of(month: Month) -> Result<(Timestamp, Timestamp), DatasetError> {
    let next = match month.month {
        12 => Month { year: month.year + 1, month: 1 },
        _ => Month { month: month.month + 1, ..month },
    };
    let begin = |month: Month| {
        Timestamp::parse_rfc3339(&format!("{month}-01T00:00:00Z"))
            .map_err(|error| DatasetError::damaged(month.to_string().as_ref(), error.to_string()))
    };
    Ok((begin(month)?, begin(next)?))
}

/// Rows by the day; sorted by channel and start, as they come.
fn days(rows: &[IntervalRow], zone: &Zone) -> Vec<IntervalRow> {
    let mut out = Vec::new();
    // All channels share their days.
    let mut known: BTreeMap<Interval, Interval> = BTreeMap::new();
    let mut rest = rows;
    while let Some(first) = rest.first() {
        let (begin, end) = match known.range(..=first.start).next_back() {
            Some((begin, end)) if first.start < *end => (*begin, *end),
            _ => {
                let date = zone.date_of(first.start.start());
                let day = (zone.start_of(date), zone.start_of(date.next()));
                let day = (day.0.interval(), day.1.interval());
                known.insert(day.0, day.1);
                day
            }
        };
        let is_of_day = |row: &&IntervalRow| row.channel == first.channel && row.start < end;
        let count = rest.iter().take_while(is_of_day).count();
        let (day, after) = rest.split_at(count);
        match added_up(day, begin, end) {
            Some(row) => out.push(row),
            None => out.extend_from_slice(day),
        }
        rest = after;
    }
    out
}

/// A day of a channel as one row; `None` where something of it is missing, doubted or flagged.
fn added_up(day: &[IntervalRow], begin: Interval, end: Interval) -> Option<IntervalRow> {
    let first = *day.first()?;
    if day.len() as i64 != end.0 - begin.0 {
        return None;
    }
    let (mut sum, mut count, mut leaves) = (0i128, 0i64, None);
    for (row, number) in day.iter().zip(begin.0..) {
        let is_plain = row.start.0 == number
            && row.unit == first.unit
            && row.quality == Quality::M
            && row.flags == Flags::NONE
            && row.covered_us == INTERVAL_US
            && row.measured == row.value
            && row.low == row.value
            && row.high == row.value;
        if !is_plain {
            return None;
        }
        sum += i128::from(row.value?.micro());
        count += row.count;
        leaves = match (leaves, row.leaves) {
            (Some((low, high)), Some(more)) => {
                let more: (i64, i64) = more;
                Some((more.0.min(low), more.1.max(high)))
            }
            (one, other) => one.or(other),
        };
    }
    let value = Some(Fixed6::from_micro(sum).ok()?);
    let covered_us = day.len() as i64 * INTERVAL_US;
    Some(IntervalRow {
        value,
        measured: value,
        low: value,
        high: value,
        covered_us,
        count,
        leaves,
        ..first
    })
}

/// True for a row that stands for a whole day.
#[must_use]
pub fn is_day(row: &IntervalRow) -> bool {
    row.covered_us > INTERVAL_US
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::flag::Code;
    use crate::domain::reading::ChannelId;
    use crate::domain::unit::Unit;

    fn row(start: Interval, micro: i64) -> IntervalRow {
        let value = Some(Fixed6::from_micro(micro.into()).unwrap());
        IntervalRow {
            channel: ChannelId(0),
            start,
            unit: Unit::parse("kWh").unwrap(),
            value,
            measured: value,
            low: value,
            high: value,
            covered_us: INTERVAL_US,
            count: 1,
            quality: Quality::M,
            flags: Flags::NONE,
            leaves: Some((start.0, start.0 + 1)),
        }
    }

    #[test]
    fn whole_undisturbed_days_are_one_row_and_the_others_stay() {
        let zone = Zone::parse("Asia/Bangkok").unwrap();
        // 2026-02-10T00:00 in Bangkok is 17:00 the day before in UTC.
        let first = Timestamp::parse_rfc3339("2026-02-09T17:00:00Z").unwrap().interval().0;
        let three: Vec<IntervalRow> =
            (first..first + 3 * 96).map(|start| row(Interval(start), 1_000 + start % 7)).collect();
        let whole = days(&three, &zone);
        assert_eq!(whole.len(), 3);
        for (day, rows) in whole.iter().zip(three.chunks(96)) {
            let sum: i64 = rows.iter().map(|row| row.value.unwrap().micro()).sum();
            assert_eq!(day.value.unwrap().micro(), sum);
            assert_eq!((day.start, day.count), (rows[0].start, 96));
            assert_eq!(day.covered_us, 96 * INTERVAL_US);
            assert_eq!(day.leaves, Some((rows[0].start.0, rows[95].start.0 + 1)));
            assert!(is_day(day) && !is_day(&rows[0]));
        }
        // Whatever disturbs a day leaves it as it is, that day alone.
        let disturbances: [fn(&mut Vec<IntervalRow>); 6] = [
            |rows| {
                rows.remove(100);
            },
            |rows| rows[100].flags.insert(Code::Gap),
            |rows| rows[100].quality = Quality::T,
            |rows| rows[100].covered_us -= 1,
            |rows| rows[100].high = Some(Fixed6::HUNDRED),
            |rows| rows[100].value = None,
        ];
        for (nth, disturb) in disturbances.into_iter().enumerate() {
            let mut rows = three.clone();
            disturb(&mut rows);
            let found = days(&rows, &zone);
            let kept = rows.len() - 2 * 96;
            assert_eq!(found.len(), 2 + kept, "disturbance {nth}");
            assert_eq!(found[1..=kept], rows[96..96 + kept], "disturbance {nth}");
        }
        // A day that the month cuts is left as it is, and channels are apart.
        let mut two = three[..96].to_vec();
        two.extend(three[48..96].iter().map(|one| IntervalRow { channel: ChannelId(1), ..*one }));
        assert_eq!(days(&two, &zone).len(), 1 + 48);
    }
}
