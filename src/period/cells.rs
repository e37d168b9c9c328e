//! The calendar as an index: years, months, days and hours of a stretch of local time.
//!
//! Members are named `2024`, `2024-03`, `2024-03-31`, `2024-03-31T14`. An hour that a change of
//! clocks repeats is one member of two hours; one that it leaves out is none.

use super::calendar::Period;
use crate::domain::time::{INTERVAL_US, Timestamp, Zone};

/// How finely the calendar is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grain {
    Years,
    Months,
    Days,
    Hours,
}

/// One member of a calendar index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub name: String,
    /// First instant inside, and first instant after.
    pub from: Timestamp,
    pub to: Timestamp,
    /// The local dates that it consists of; `None` for hours.
    pub part: Option<Period>,
}

/// The members of a calendar index, from the project's first to the last of the evaluated part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarSet {
    pub grain: Grain,
    pub members: Vec<String>,
    /// Where the evaluated part begins; those before are history.
    pub first: usize,
}

/// The cells of local dates, in order.
#[must_use]
pub fn cells(grain: Grain, part: Period, zone: &Zone) -> Vec<Cell> {
    let whole = |part: Period, name: String| {
        let (from, to) = (part.start(zone), part.end(zone));
        Cell { name, from, to, part: Some(part) }
    };
    match grain {
        Grain::Years => part
            .years()
            .into_iter()
            .map(|one| whole(one, format!("{:04}", one.from().year())))
            .collect(),
        Grain::Months => {
            part.months().into_iter().map(|one| whole(one, one.month().to_string())).collect()
        }
        Grain::Days => {
            part.dates().map(|date| whole(Period::day(date), date.to_string())).collect()
        }
        Grain::Hours => hours(part, zone),
    }
}

fn hours(part: Period, zone: &Zone) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for date in part.dates() {
        let (from, to) = (zone.start_of(date), zone.start_of(date.next()));
        let mut at = from;
        while at < to {
            let next = Timestamp::from_us(at.us() + INTERVAL_US).min(to);
            let name = format!("{date}T{:02}", zone.hour_of(at));
            match cells.last_mut() {
                Some(cell) if cell.name == name => cell.to = next,
                _ => cells.push(Cell { name, from: at, to: next, part: None }),
            }
            at = next;
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Date;

    fn names(grain: Grain, from: &str, to: &str, zone: &str) -> Vec<String> {
        let date = |text| Date::parse(text).unwrap();
        let part = Period::new(date(from), date(to)).unwrap();
        let zone = Zone::parse(zone).unwrap();
        let cells = cells(grain, part, &zone);
        assert_eq!(cells.first().unwrap().from, part.start(&zone));
        assert_eq!(cells.last().unwrap().to, part.end(&zone));
        assert!(cells.windows(2).all(|pair| pair[0].to == pair[1].from));
        cells.into_iter().map(|cell| cell.name).collect()
    }

    #[test]
    fn members_are_named_after_the_local_calendar() {
        let zone = "Asia/Yangon";
        assert_eq!(names(Grain::Years, "2023-12-31", "2024-01-01", zone), ["2023", "2024"]);
        assert_eq!(names(Grain::Months, "2024-01-31", "2024-02-01", zone), ["2024-01", "2024-02"]);
        assert_eq!(names(Grain::Days, "2024-02-29", "2024-02-29", zone), ["2024-02-29"]);
        let hours = names(Grain::Hours, "2024-02-29", "2024-02-29", zone);
        assert_eq!(hours.len(), 24);
        assert_eq!((hours[0].as_str(), hours[23].as_str()), ("2024-02-29T00", "2024-02-29T23"));
    }

    #[test]
    fn a_change_of_clocks_makes_23_members_and_one_of_two_hours() {
        let zone = "America/Santiago";
        // Clocks go back from 24:00 to 23:00 on the first, forward from 00:00 to 01:00 on the second.
        assert_eq!(names(Grain::Hours, "2024-04-06", "2024-04-06", zone).len(), 24);
        let spring = names(Grain::Hours, "2024-09-08", "2024-09-08", zone);
        assert_eq!((spring.len(), spring[0].as_str()), (23, "2024-09-08T01"));
    }
}
