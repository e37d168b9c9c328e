//! Stamps: texts of a declared form to instants, with the zone's rules for repeated and skipped hours.

use std::collections::HashMap;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset};

use crate::config::plan::reader::{Repeated, RowOrder, Skipped, StampFormat, StampPart};
use crate::domain::decimal::Decimal;
use crate::domain::time::{SECOND_US, Timestamp, Zone, days_from_civil};
use crate::domain::unit::Conversion;

/// Reads the stamps of one message.
pub struct StampReader<'a> {
    format: &'a StampFormat,
    order: RowOrder,
    /// The last hour whose offset was looked up, and the offset: rows come in runs.
    hour: Option<(i64, i64)>,
    /// Where each series stands in a repeated hour.
    folds: HashMap<String, Fold>,
}

/// A series inside a repeated hour.
#[derive(Debug, Clone, Copy)]
struct Fold {
    /// Civil day of the repeated hour.
    day: i64,
    last_civil_us: i64,
    is_second_pass: bool,
}

/// A time on a clock, not yet an instant: microseconds since 1970 as if the clock were UTC.
#[derive(Debug, Clone, Copy)]
struct Civil {
    us: i64,
    /// From the text, where the pattern has it.
    offset_us: Option<i64>,
}

impl<'a> StampReader<'a> {
    pub fn new(format: &'a StampFormat, order: RowOrder) -> Self {
        Self { format, order, hour: None, folds: HashMap::new() }
    }

    /// The instant that `text` says; `series` tells whose repeated hours belong together.
    ///
    /// # Errors
    /// A sentence: what is wrong and what to do.
    pub fn read(&mut self, text: &str, series: impl Fn() -> String) -> Result<Timestamp, String> {
        let text = text.trim();
        match self.format {
            StampFormat::Rfc3339OrMillis if text.contains(['T', 't', ':']) => {
                Timestamp::parse_rfc3339(text).map_err(|error| error.to_string())
            }
            StampFormat::Rfc3339OrMillis | StampFormat::EpochMillis => epoch(text, -3),
            StampFormat::EpochSeconds => epoch(text, 0),
            StampFormat::Offset { pattern } => {
                let civil = parse_civil(text, pattern)?;
                check_range(civil.us - civil.offset_us.unwrap_or(0), text)
            }
            StampFormat::Civil { pattern, zone, repeated, skipped } => {
                let civil = parse_civil(text, pattern)?;
                let us = self.resolve(text, civil.us, zone, *repeated, *skipped, series)?;
                check_range(us, text)
            }
        }
    }

    fn resolve(
        &mut self,
        text: &str,
        civil_us: i64,
        zone: &Zone,
        repeated: Repeated,
        skipped: Skipped,
        series: impl Fn() -> String,
    ) -> Result<i64, String> {
        // Every zone changes its offset on a quarter of an hour at the finest.
        let quarter = civil_us.div_euclid(900 * SECOND_US);
        if let Some((seen, offset_us)) = self.hour
            && seen == quarter
        {
            return Ok(civil_us - offset_us);
        }
        let date_time = date_time(civil_us).ok_or_else(|| format!("{text:?} is out of range"))?;
        let ambiguous = zone.rules().to_ambiguous_timestamp(date_time);
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                self.hour = Some((quarter, offset_us(offset)));
                Ok(civil_us - offset_us(offset))
            }
            AmbiguousOffset::Gap { before, .. } => match skipped {
                Skipped::Shift => Ok(civil_us - offset_us(before)),
                Skipped::Refuse => Err(format!(
                    "{text:?} does not exist in {}: the clock was set forward over it; \
                     say skipped = \"shift\" in the reader if the device does not follow the change",
                    zone.name()
                )),
            },
            AmbiguousOffset::Fold { before, after } => {
                let is_second = match repeated {
                    Repeated::Earlier => false,
                    Repeated::Later => true,
                    Repeated::Order if self.order != RowOrder::Any => {
                        self.is_second_pass(civil_us, series())
                    }
                    Repeated::Order | Repeated::Refuse => {
                        return Err(format!(
                            "{text:?} occurs twice in {}: the clock was set back; say \
                             repeated = \"order\", \"earlier\" or \"later\" in the reader",
                            zone.name()
                        ));
                    }
                };
                Ok(civil_us - offset_us(if is_second { after } else { before }))
            }
        }
    }

    /// Whether a stamp of a repeated hour belongs to its second pass in time.
    fn is_second_pass(&mut self, civil_us: i64, series: String) -> bool {
        let is_newest_first = self.order == RowOrder::NewestFirst;
        let day = civil_us.div_euclid(86_400 * SECOND_US);
        let begin = Fold { day, last_civil_us: civil_us, is_second_pass: is_newest_first };
        let fold = self.folds.entry(series).or_insert(begin);
        if fold.day != day {
            *fold = begin;
            return fold.is_second_pass;
        }
        // Inside one pass the clock runs one way; a step against it, or a halt, begins the other.
        let is_new_pass = match self.order {
            RowOrder::NewestFirst => fold.is_second_pass && civil_us > fold.last_civil_us,
            _ => !fold.is_second_pass && civil_us < fold.last_civil_us,
        };
        if is_new_pass {
            fold.is_second_pass = !fold.is_second_pass;
        }
        fold.last_civil_us = civil_us;
        fold.is_second_pass
    }
}

/// Seconds or milliseconds since 1970, with decimals if any.
fn epoch(text: &str, exponent: i32) -> Result<Timestamp, String> {
    let error = || format!("{text:?} is no epoch time and no RFC 3339 time with an offset");
    let value = Decimal::parse(text).map_err(|_| error())?;
    let scaled =
        Decimal::new(value.coefficient(), value.exponent() + exponent).map_err(|_| error())?;
    let stored = scaled.store(Conversion::IDENTITY).map_err(|_| error())?;
    check_range(stored.value.micro(), text)
}

fn check_range(us: i64, text: &str) -> Result<Timestamp, String> {
    Timestamp::checked(us).map_err(|error| format!("{text:?} is {error}"))
}

fn offset_us(offset: Offset) -> i64 {
    i64::from(offset.seconds()) * SECOND_US
}

fn date_time(civil_us: i64) -> Option<DateTime> {
    let at = jiff::Timestamp::from_microsecond(civil_us).ok()?;
    Some(Offset::UTC.to_datetime(at))
}

/// Reads the parts of a pattern; everything of the text must be used.
fn parse_civil(text: &str, pattern: &[StampPart]) -> Result<Civil, String> {
    let error = || format!("{text:?} does not have the form that the reader declares");
    let bytes = text.as_bytes();
    let mut at = 0;
    let (mut year, mut month, mut day) = (0i64, 0i64, 0i64);
    let (mut hour, mut minute, mut second_us) = (0i64, 0i64, 0i64);
    let mut is_afternoon = None;
    let mut offset_us = None;
    for part in pattern {
        match part {
            StampPart::Year => year = digits(bytes, &mut at, 4, 4).ok_or_else(error)?,
            StampPart::YearShort => {
                year = 2_000 + digits(bytes, &mut at, 2, 2).ok_or_else(error)?
            }
            StampPart::Month => month = digits(bytes, &mut at, 1, 2).ok_or_else(error)?,
            StampPart::Day => day = digits(bytes, &mut at, 1, 2).ok_or_else(error)?,
            StampPart::Hour | StampPart::Hour12 => {
                hour = digits(bytes, &mut at, 1, 2).ok_or_else(error)?;
            }
            StampPart::Minute => minute = digits(bytes, &mut at, 1, 2).ok_or_else(error)?,
            StampPart::Second => {
                second_us = digits(bytes, &mut at, 1, 2).ok_or_else(error)? * SECOND_US;
                second_us += fraction_us(bytes, &mut at);
            }
            StampPart::MonthName => month = month_name(bytes, &mut at).ok_or_else(error)?,
            StampPart::Meridiem => {
                let word = bytes.get(at..at + 2).ok_or_else(error)?.to_ascii_uppercase();
                is_afternoon = match word.as_slice() {
                    b"AM" => Some(false),
                    b"PM" => Some(true),
                    _ => return Err(error()),
                };
                at += 2;
            }
            StampPart::Offset => offset_us = Some(offset(bytes, &mut at).ok_or_else(error)?),
            StampPart::Literal(' ') => {
                let start = at;
                while bytes.get(at) == Some(&b' ') {
                    at += 1;
                }
                if at == start {
                    return Err(error());
                }
            }
            StampPart::Literal(character) => {
                let mut buffer = [0; 4];
                let literal = character.encode_utf8(&mut buffer).as_bytes();
                if !bytes[at..].starts_with(literal) {
                    return Err(error());
                }
                at += literal.len();
            }
        }
    }
    if let Some(is_afternoon) = is_afternoon {
        if !(1..=12).contains(&hour) {
            return Err(error());
        }
        hour = hour % 12 + if is_afternoon { 12 } else { 0 };
    }
    if at != bytes.len() || hour > 23 || minute > 59 || second_us >= 60 * SECOND_US {
        return Err(error());
    }
    let days = days_from_civil(year, month, day)
        .ok_or_else(|| format!("{text:?} names a day that does not exist"))?;
    let seconds = (days * 24 + hour) * 3_600 + minute * 60;
    Ok(Civil { us: seconds * SECOND_US + second_us, offset_us })
}

fn digits(bytes: &[u8], at: &mut usize, least: usize, most: usize) -> Option<i64> {
    let start = *at;
    let mut value = 0;
    while *at - start < most
        && let Some(byte) = bytes.get(*at).filter(|byte| byte.is_ascii_digit())
    {
        value = value * 10 + i64::from(byte - b'0');
        *at += 1;
    }
    (*at - start >= least).then_some(value)
}

/// Decimals of a second after a point, to the microsecond; further digits are cut.
fn fraction_us(bytes: &[u8], at: &mut usize) -> i64 {
    if bytes.get(*at) != Some(&b'.') {
        return 0;
    }
    *at += 1;
    let (mut us, mut unit) = (0, SECOND_US / 10);
    while let Some(byte) = bytes.get(*at).filter(|byte| byte.is_ascii_digit()) {
        us += i64::from(byte - b'0') * unit;
        unit /= 10;
        *at += 1;
    }
    us
}

fn month_name(bytes: &[u8], at: &mut usize) -> Option<i64> {
    const NAMES: [&[u8; 3]; 12] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov",
        b"dec",
    ];
    let word = bytes.get(*at..*at + 3)?.to_ascii_lowercase();
    let index = NAMES.iter().position(|name| word.as_slice() == name.as_slice())?;
    *at += 3;
    Some(index as i64 + 1)
}

/// `Z`, `+07:00`, `+0700`, `+07`; microseconds east of UTC.
fn offset(bytes: &[u8], at: &mut usize) -> Option<i64> {
    let sign = match bytes.get(*at)? {
        b'Z' | b'z' => {
            *at += 1;
            return Some(0);
        }
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    *at += 1;
    let hours = digits(bytes, at, 2, 2)?;
    if bytes.get(*at) == Some(&b':') {
        *at += 1;
    }
    let minutes = digits(bytes, at, 2, 2).unwrap_or(0);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60 * SECOND_US)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Date;

    fn pattern(text: &str) -> Vec<StampPart> {
        crate::config::plan::parse_pattern(text).unwrap()
    }

    fn civil(zone: &str, repeated: Repeated, skipped: Skipped) -> StampFormat {
        let zone = Zone::parse(zone).unwrap();
        StampFormat::Civil { pattern: pattern("%m/%d/%Y %H:%M"), zone, repeated, skipped }
    }

    fn read_all(format: &StampFormat, order: RowOrder, texts: &[&str]) -> Vec<String> {
        let mut reader = StampReader::new(format, order);
        let read = |text: &&str| match reader.read(text, String::new) {
            Ok(at) => at.to_string(),
            Err(reason) => format!("refused: {reason}"),
        };
        texts.iter().map(read).collect()
    }

    #[test]
    fn stamps_are_read_by_their_declared_form() {
        let offset = StampFormat::Offset { pattern: pattern("%d-%b-%y %I:%M %p %z") };
        let seconds = StampFormat::Offset { pattern: pattern("%Y-%m-%d %H:%M:%S%z") };
        for (format, text, expected) in [
            (&StampFormat::Rfc3339OrMillis, "2026-11-23T07:15:00+07:00", "2026-11-23T00:15:00Z"),
            (&StampFormat::Rfc3339OrMillis, "1795392900000", "2026-11-23T00:15:00Z"),
            (&StampFormat::EpochSeconds, "1795392900.5", "2026-11-23T00:15:00.5Z"),
            (&offset, "01-Sep-24 12:00 AM +08", "2024-08-31T16:00:00Z"),
            (&offset, "01-Sep-24 12:00 PM +08", "2024-09-01T04:00:00Z"),
            (&seconds, "2024-02-29 23:59:59.25-07:00", "2024-03-01T06:59:59.25Z"),
        ] {
            assert_eq!(read_all(format, RowOrder::Any, &[text]), [expected], "{text}");
        }
        for (format, text) in [
            (&StampFormat::Rfc3339OrMillis, "2026-11-23T07:15:00"),
            (&StampFormat::Rfc3339OrMillis, "yesterday"),
            (&StampFormat::EpochSeconds, "-5"),
            (&seconds, "2023-02-29 00:00:00Z"),
            (&seconds, "2023-02-28 24:00:00Z"),
            (&seconds, "2023-02-28 00:00:00Z and more"),
        ] {
            assert!(read_all(format, RowOrder::Any, &[text])[0].starts_with("refused"), "{text}");
        }
    }

    #[test]
    fn repeated_hours_go_by_the_order_of_rows() {
        let format = civil("America/Los_Angeles", Repeated::Order, Skipped::Refuse);
        let newest = [
            "11/4/2018 2:00",
            "11/4/2018 1:30",
            "11/4/2018 1:00",
            "11/4/2018 1:30",
            "11/4/2018 1:00",
        ];
        let expected = ["T10:00", "T09:30", "T09:00", "T08:30", "T08:00"];
        let expected: Vec<String> = expected.iter().map(|t| format!("2018-11-04{t}:00Z")).collect();
        assert_eq!(read_all(&format, RowOrder::NewestFirst, &newest), expected);
        let mut oldest = newest;
        oldest.reverse();
        let mut reversed = expected.clone();
        reversed.reverse();
        assert_eq!(read_all(&format, RowOrder::OldestFirst, &oldest), reversed);
        assert!(read_all(&format, RowOrder::Any, &["11/4/2018 1:00"])[0].contains("occurs twice"));
    }

    #[test]
    fn skipped_hours_are_shifted_or_refused_as_declared() {
        let shift = civil("America/Los_Angeles", Repeated::Refuse, Skipped::Shift);
        assert_eq!(read_all(&shift, RowOrder::Any, &["3/8/2020 2:30"]), ["2020-03-08T10:30:00Z"]);
        let refuse = civil("America/Los_Angeles", Repeated::Refuse, Skipped::Refuse);
        assert!(read_all(&refuse, RowOrder::Any, &["3/8/2020 2:30"])[0].contains("does not exist"));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let mut day = 0;
        let mut date = Date::parse("1970-01-01").unwrap();
        while date.year() < 2101 {
            let (y, m, d) = (date.year().into(), date.month().into(), date.day().into());
            assert_eq!(days_from_civil(y, m, d), Some(day));
            day += 1;
            date = date.next();
        }
    }
}
