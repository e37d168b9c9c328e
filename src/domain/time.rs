//! Time: an instant in UTC microseconds, the base interval of fifteen minutes, local days and years.
//!
//! UTC inside, local zones at the edges. Zone rules come from the time-zone database compiled into
//! the binary, so that a machine's own tables cannot alter a figure.

use std::fmt;

use jiff::tz::TimeZone;

/// Microseconds in a second.
pub const SECOND_US: i64 = 1_000_000;
/// Length of the base interval in microseconds: 15 minutes. Partner countries have offsets of half
/// hours, so an hour would be too coarse for local days.
pub const INTERVAL_US: i64 = 900 * SECOND_US;
/// Length of a UTC day in microseconds.
pub const DAY_US: i64 = 86_400 * SECOND_US;

/// Why a text is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error("not a time with an offset: {0}; write 2026-11-23T00:15:00Z or ...+07:00")]
    Rfc3339(String),
    #[error("not a date: {0}; write 2026-11-23")]
    Date(String),
    #[error("outside the years 1970 to 2199")]
    Range,
    #[error("time zone {0:?} is unknown; use a name such as Asia/Bangkok")]
    Zone(String),
}

/// An instant: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// First microsecond of 2200: the exclusive end of the stamps accepted from outside.
    pub const END: Self = Self(7_258_118_400_000_000);

    #[must_use]
    pub const fn from_us(us: i64) -> Self {
        Self(us)
    }

    #[must_use]
    pub const fn us(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 with an offset (`Z`, `+07:00`); more than six decimals of a second are cut.
    ///
    /// # Errors
    /// When the text is none, has no offset, or lies outside 1970 to 2199.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimeError> {
        let us = match plain_rfc3339(text) {
            Some(us) => us,
            None => {
                let any = text.parse::<jiff::Timestamp>();
                any.map_err(|_| TimeError::Rfc3339(text.to_owned()))?.as_microsecond()
            }
        };
        Self::checked(us)
    }

    /// An instant from outside, kept to the years 1970 to 2199.
    ///
    /// # Errors
    /// [`TimeError::Range`] outside them.
    pub fn checked(us: i64) -> Result<Self, TimeError> {
        if (0..Self::END.0).contains(&us) { Ok(Self(us)) } else { Err(TimeError::Range) }
    }

    /// The base interval that contains this instant.
    #[must_use]
    pub fn interval(self) -> Interval {
        Interval(self.0.div_euclid(INTERVAL_US))
    }

    /// The UTC day that contains this instant.
    #[must_use]
    pub fn day(self) -> UtcDay {
        UtcDay(self.0.div_euclid(DAY_US))
    }

    /// The UTC month that contains this instant, as `2026-11`: the `month` of the tables' folders.
    #[must_use]
    pub fn month(self) -> Month {
        let (year, month, _) = self.day().ymd();
        Month { year, month }
    }

    fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with as many decimals as needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_jiff())
    }
}

/// A base interval `[start, end)` of 15 minutes UTC, by its number since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(pub i64);

impl Interval {
    /// First instant inside.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp(self.0 * INTERVAL_US)
    }

    /// First instant after: exclusive end.
    #[must_use]
    pub fn end(self) -> Timestamp {
        Timestamp((self.0 + 1) * INTERVAL_US)
    }
}

/// A UTC day, by its number since 1970-01-01: the unit in which intervals are recomputed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcDay(pub i64);

impl UtcDay {
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp(self.0 * DAY_US)
    }

    /// Exclusive end.
    #[must_use]
    pub fn end(self) -> Timestamp {
        Timestamp((self.0 + 1) * DAY_US)
    }

    #[must_use]
    pub fn month(self) -> Month {
        self.start().month()
    }

    /// The 96 intervals of the day.
    pub fn intervals(self) -> impl Iterator<Item = Interval> {
        let per_day = DAY_US / INTERVAL_US;
        (self.0 * per_day..(self.0 + 1) * per_day).map(Interval)
    }

    fn ymd(self) -> (i16, i8, i8) {
        let date = self.start().to_jiff().to_zoned_datetime(TimeZone::UTC).date();
        (date.year(), date.month(), date.day())
    }
}

impl fmt::Display for UtcDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// A local calendar date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

impl Date {
    /// A date of these parts.
    ///
    /// # Errors
    /// When there is no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, TimeError> {
        jiff::civil::Date::new(year, month, day)
            .map(Self)
            .map_err(|_| TimeError::Date(format!("{year}-{month}-{day}")))
    }

    /// Reads `2026-11-23`, that form alone.
    ///
    /// # Errors
    /// When the text is no such date.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let error = || TimeError::Date(text.to_owned());
        if text.len() != 10 {
            return Err(error());
        }
        text.parse().map(Self).map_err(|_| error())
    }

    #[must_use]
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// 1 to 12.
    #[must_use]
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// 1 to 31.
    #[must_use]
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// The next calendar day.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.tomorrow().unwrap_or(jiff::civil::Date::MAX))
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn days_since_epoch(self) -> i32 {
        Self(jiff::civil::date(1970, 1, 1)).days_until(self)
    }

    /// The calendar day this many days later; the last day there is where it lies beyond.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        let span = jiff::Span::new().days(days);
        Self(self.0.checked_add(span).unwrap_or(jiff::civil::Date::MAX))
    }

    /// The same day of the month this many months later, the month's last where it has none such;
    /// the last day there is where it lies beyond.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        let span = jiff::Span::new().try_months(i64::from(months));
        let later = span.and_then(|span| self.0.checked_add(span));
        Self(later.unwrap_or(jiff::civil::Date::MAX))
    }

    /// Days from this date to `other`, negative if it lies before.
    #[must_use]
    pub fn days_until(self, other: Self) -> i32 {
        self.0.until(other.0).map_or(0, |span| span.get_days())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A legal time zone with its history of rules.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: Box<str>,
    rules: TimeZone,
}

impl Zone {
    /// The zone of this IANA name, from the compiled-in database.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn parse(name: &str) -> Result<Self, TimeError> {
        let error = || TimeError::Zone(name.to_owned());
        let bundled = jiff::tz::TimeZoneDatabase::bundled();
        let rules = bundled.get(name).map_err(|_| error())?;
        Ok(Self { name: name.into(), rules })
    }

    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC".into(), rules: TimeZone::UTC }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rules, for decoders that resolve civil stamps.
    #[must_use]
    pub fn rules(&self) -> &TimeZone {
        &self.rules
    }

    /// First instant of a local date. Where midnight is skipped, the first instant that exists.
    #[must_use]
    pub fn start_of(&self, date: Date) -> Timestamp {
        let start =
            date.0.to_zoned_datetime(self.rules.clone()).and_then(|zoned| zoned.start_of_day());
        Timestamp(start.map_or(0, |zoned| zoned.timestamp().as_microsecond()))
    }

    /// The local hour of day, 0 to 23.
    #[must_use]
    pub fn hour_of(&self, at: Timestamp) -> i8 {
        at.to_jiff().to_zoned_datetime(self.rules.clone()).hour()
    }

    /// The local date of an instant.
    #[must_use]
    pub fn date_of(&self, at: Timestamp) -> Date {
        Date(at.to_jiff().to_zoned_datetime(self.rules.clone()).date())
    }

    /// The instant in local time with its offset, as `2020-02-29T23:45:00-08:00`.
    #[must_use]
    pub fn show(&self, at: Timestamp) -> String {
        let zoned = at.to_jiff().to_zoned_datetime(self.rules.clone());
        let seconds = zoned.offset().seconds();
        let sign = if seconds < 0 { '-' } else { '+' };
        let (hours, minutes) = (seconds.abs() / 3_600, seconds.abs() / 60 % 60);
        format!("{}{sign}{hours:02}:{minutes:02}", zoned.datetime())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date; `None` if there is no such day.
#[must_use]
pub fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March put the leap day last (H. Hinnant, "chrono-compatible algorithms").
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Microseconds of `2026-11-23T00:15:00Z`, that form alone: what nearly every stamp is.
fn plain_rfc3339(text: &str) -> Option<i64> {
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().try_fold(0i64, |number, byte| {
            byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
        })
    };
    let marks = [bytes[4], bytes[7], bytes[10], bytes[13], bytes[16], bytes[19]];
    if marks != *b"--T::Z" {
        return None;
    }
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_from_civil(number(0, 4)?, number(5, 7)?, number(8, 10)?)?;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * SECOND_US)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plain_stamp_is_read_as_any_other(
            text in "(19[67]|20[0-9]|22[01])[0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]Z",
        ) {
            let full = text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_microsecond);
            match plain_rfc3339(&text) {
                Some(us) => prop_assert_eq!(Some(us), full.ok(), "{}", text),
                // A leap second is left to the full parser.
                None => prop_assert!(full.is_err() || text.ends_with(":60Z"), "{}", text),
            }
        }
    }

    #[test]
    fn an_instant_is_read_only_with_its_offset() {
        let at = |text| Timestamp::parse_rfc3339(text).map(Timestamp::us);
        assert_eq!(at("1970-01-01T00:00:01Z"), Ok(1_000_000));
        assert_eq!(at("2026-11-23T07:15:00+07:00"), at("2026-11-23T00:15:00Z"));
        assert!(at("2026-11-23T00:15:00").is_err());
        assert_eq!(at("2200-01-01T00:00:00Z"), Err(TimeError::Range));
        assert_eq!(Timestamp::END.to_string(), "2200-01-01T00:00:00Z");
    }

    #[test]
    fn intervals_days_and_months_are_half_open() {
        let at = Timestamp::parse_rfc3339("2026-11-30T23:59:59.999999Z").unwrap();
        assert_eq!(at.interval().end().to_string(), "2026-12-01T00:00:00Z");
        assert_eq!(at.day().to_string(), "2026-11-30");
        assert_eq!(at.month().to_string(), "2026-11");
        assert_eq!(at.interval().end().month().to_string(), "2026-12");
        assert_eq!(at.day().intervals().count(), 96);
    }

    #[test]
    fn local_days_follow_the_zones_rules() {
        let zone = Zone::parse("America/Los_Angeles").unwrap();
        let day = Date::parse("2020-03-08").unwrap();
        let hours =
            (zone.start_of(day.next()).us() - zone.start_of(day).us()) / (3_600 * SECOND_US);
        assert_eq!(hours, 23);
        assert_eq!(zone.date_of(zone.start_of(day)), day);
        assert_eq!(zone.show(zone.start_of(day)), "2020-03-08T00:00:00-08:00");
        assert!(Zone::parse("Mars/Olympus").is_err());
    }

    #[test]
    fn dates_count_days_both_ways() {
        let date = |text| Date::parse(text).unwrap();
        assert_eq!(date("2020-01-01").days_until(date("2020-12-31")), 365);
        assert!(Date::parse("2020-1-1").is_err());
        assert!(Date::parse("2021-02-29").is_err());
    }
}
