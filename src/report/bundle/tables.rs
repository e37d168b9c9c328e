//! Tables in a bundle: what its messages decode to, for whoever wants to look with a tool of their own.
//!
//! They are derived: a recheck computes them anew and compares every row. Readings and conflicts are all
//! that the messages here come to; intervals those of the time that the figures stand on, once more by
//! the day ([`crate::dataset::day_rows`]), for questions. A file per month, its rows in the table's order,
//! so that the same messages give the same files.

use std::path::PathBuf;

use crate::dataset::day_rows::{by_day, write_days};
use crate::dataset::layout::Layout;
use crate::dataset::ordered;
use crate::dataset::schema::Table;
use crate::domain::id::ProjectId;
use crate::domain::time::{Month, Timestamp};
use crate::publish::Project;

use super::BundleError;

/// The tables of a bundle.
pub const TABLES: [Table; 3] = [Table::Readings, Table::Conflicts, Table::Intervals];

/// Writes the tables of a project below `data` of a bag. `reach`: the time that the figures stand on.
///
/// # Errors
/// When a file cannot be read or written.
pub fn write(
    project: &Project,
    data: &Layout,
    reach: (Timestamp, Timestamp),
) -> Result<(), BundleError> {
    for table in TABLES {
        ordered::write_months(project.layout(), data, project.id(), table, within(table, reach))?;
    }
    if let Some(plan) = project.registry().plans().latest() {
        let (zone, days) = (&plan.registered.zone, by_day(data));
        write_days(project.layout(), &days, project.id(), zone, reach)?;
    }
    Ok(())
}

/// The stretch of time that a table in a bundle has; `None` for all of it.
#[must_use]
pub fn within(table: Table, reach: (Timestamp, Timestamp)) -> Option<(Timestamp, Timestamp)> {
    (table == Table::Intervals).then_some(reach)
}

/// True for the name of a table's month.
#[must_use]
pub fn is_entry(name: &str, project: &ProjectId) -> bool {
    let is_of = |rest: &str, table: Table, by_day: bool| {
        let month = rest.rsplit_once('/').and_then(|(_, file)| file.strip_suffix(".parquet"));
        let parts = month.and_then(|month| month.split_once('-'));
        let parsed = parts.and_then(|(year, month)| {
            Some(Month { year: year.parse().ok()?, month: month.parse().ok()? })
        });
        parsed.is_some_and(|month| entry(project, table, month, by_day) == name)
    };
    match name.strip_prefix("data/by-day/") {
        Some(rest) => is_of(rest, Table::Intervals, true),
        None => TABLES.into_iter().any(|table| is_of(name, table, false)),
    }
}

/// The name of a month's entry; of intervals also by the day.
#[must_use]
pub fn entry(project: &ProjectId, table: Table, month: Month, is_by_day: bool) -> String {
    let data = Layout::new("data");
    let layout = if is_by_day { by_day(&data) } else { data };
    let path: PathBuf = ordered::month_file(&layout, project, table, month);
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_one_name() {
        let id = ProjectId::parse("p").unwrap();
        let month = Month { year: 2026, month: 2 };
        let name = entry(&id, Table::Intervals, month, false);
        assert_eq!(name, "data/tables/intervals/project=p/month=2026-02/2026-02.parquet");
        assert!(is_entry(&name, &id));
        let name = entry(&id, Table::Intervals, month, true);
        assert_eq!(name, "data/by-day/tables/intervals/project=p/month=2026-02/2026-02.parquet");
        assert!(is_entry(&name, &id));
        for wrong in [
            "data/tables/messages/project=p/month=2026-02/2026-02.parquet",
            "data/by-day/tables/readings/project=p/month=2026-02/2026-02.parquet",
            "data/tables/refused/project=p/month=2026-02/2026-02.parquet",
            "data/tables/intervals/project=q/month=2026-02/2026-02.parquet",
            "data/tables/intervals/project=p/month=2026-02/2026-03.parquet",
            "data/tables/intervals/project=p/month=2026-02/2026-02-01.parquet",
            "data/tables/intervals/project=p/month=2026-2/2026-2.parquet",
            "data/tables/intervals/project=p/2026-02.parquet",
        ] {
            assert!(!is_entry(wrong, &id), "{wrong}");
        }
    }
}
