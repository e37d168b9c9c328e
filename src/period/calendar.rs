//! The calendar of a period: local dates, both inclusive, cut into years, months and days.

use crate::domain::time::{Date, Month, Timestamp, Zone};

use super::PeriodError;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Local calendar dates, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    from: Date,
    to: Date,
}

impl Period {
    /// The dates from `from` to `to`, both inclusive.
    ///
    /// # Errors
    /// When the first lies after the last.
    pub fn new(from: Date, to: Date) -> Result<Self, PeriodError> {
        if from > to {
            return Err(PeriodError::Backward { from, to });
        }
        Ok(Self { from, to })
    }

    /// One local date.
    #[must_use]
    pub fn day(date: Date) -> Self {
        Self { from: date, to: date }
    }

    /// The same dates and those up to `date`.
    #[must_use]
    pub fn through(self, date: Date) -> Self {
        Self { from: self.from, to: self.to.max(date) }
    }

    #[must_use]
    pub fn from(self) -> Date {
        self.from
    }

    /// The last date, inclusive.
    #[must_use]
    pub fn to(self) -> Date {
        self.to
    }

    #[must_use]
    pub fn day_count(self) -> i32 {
        self.from.days_until(self.to) + 1
    }

    /// First instant inside.
    #[must_use]
    pub fn start(self, zone: &Zone) -> Timestamp {
        zone.start_of(self.from)
    }

    /// First instant after: exclusive end.
    #[must_use]
    pub fn end(self, zone: &Zone) -> Timestamp {
        zone.start_of(self.to.next())
    }

    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }

    /// The dates inside, in order.
    pub fn dates(self) -> impl Iterator<Item = Date> {
        std::iter::successors(Some(self.from), |date| Some(date.next()))
            .take(usize::try_from(self.day_count()).unwrap_or(0))
    }

    /// The parts of the period in each calendar year, in order.
    #[must_use]
    pub fn years(self) -> Vec<Self> {
        self.split(|date| (date.year(), 0))
    }

    /// The parts of the period in each calendar month, in order.
    #[must_use]
    pub fn months(self) -> Vec<Self> {
        self.split(|date| (date.year(), date.month()))
    }

    /// The calendar month of the first date.
    #[must_use]
    pub fn month(self) -> Month {
        Month { year: self.from.year(), month: self.from.month() }
    }

    /// `from 1 January 2020 to 31 December 2020, both days included, 366 days, Asia/Bangkok`.
    #[must_use]
    pub fn words(self, zone: &Zone) -> String {
        let days = match self.day_count() {
            1 => "1 day".to_owned(),
            count => format!("{count} days"),
        };
        let (from, to) = (date_words(self.from), date_words(self.to));
        format!("from {from} to {to}, both days included, {days}, {}", zone.name())
    }

    /// As the forms write it: `1/Jan/2020-31/Dec/2020`.
    #[must_use]
    pub fn form(self) -> String {
        let part =
            |date: Date| format!("{}/{}/{}", date.day(), &month_name(date)[..3], date.year());
        format!("{}-{}", part(self.from), part(self.to))
    }

    fn split(self, key: impl Fn(Date) -> (i16, i8)) -> Vec<Self> {
        let mut parts: Vec<Self> = Vec::new();
        for date in self.dates() {
            match parts.last_mut() {
                Some(part) if key(part.from) == key(date) => part.to = date,
                _ => parts.push(Self { from: date, to: date }),
            }
        }
        parts
    }
}

/// `1 January 2020`.
#[must_use]
pub fn date_words(date: Date) -> String {
    format!("{} {} {}", date.day(), month_name(date), date.year())
}

fn month_name(date: Date) -> &'static str {
    MONTHS[usize::from(date.month().unsigned_abs() - 1) % 12]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, to: &str) -> Period {
        Period::new(Date::parse(from).unwrap(), Date::parse(to).unwrap()).unwrap()
    }

    #[test]
    fn a_period_is_told_in_words_and_in_the_form_of_the_spreadsheets() {
        let zone = Zone::parse("America/Los_Angeles").unwrap();
        let year = period("2020-01-01", "2020-12-31");
        assert_eq!(
            year.words(&zone),
            "from 1 January 2020 to 31 December 2020, both days included, 366 days, \
             America/Los_Angeles"
        );
        assert_eq!(year.form(), "1/Jan/2020-31/Dec/2020");
        assert_eq!(period("2020-05-05", "2020-05-05").day_count(), 1);
    }

    #[test]
    fn years_and_months_cover_the_period_without_overlap() {
        let whole = period("2023-11-15", "2025-02-03");
        let years: Vec<String> = whole.years().iter().map(|year| year.form()).collect();
        assert_eq!(
            years,
            ["15/Nov/2023-31/Dec/2023", "1/Jan/2024-31/Dec/2024", "1/Jan/2025-3/Feb/2025"]
        );
        let months = whole.months();
        assert_eq!(months.len(), 16);
        assert_eq!(months.iter().map(|month| month.day_count()).sum::<i32>(), whole.day_count());
        assert!(months.windows(2).all(|pair| pair[0].to.next() == pair[1].from));
    }

    #[test]
    fn a_period_that_ends_before_it_begins_is_none() {
        let date = |text| Date::parse(text).unwrap();
        assert!(Period::new(date("2020-02-01"), date("2020-01-31")).is_err());
    }
}
