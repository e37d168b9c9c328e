//! The tables that a bundle states, compared row for row with what its messages come to here.

use std::collections::BTreeSet;

use super::found::{Found, RowDifference, Stop, found};
use crate::dataset::DatasetError;
use crate::dataset::day_rows::{by_day, write_days};
use crate::dataset::differ::{self, Differences};
use crate::dataset::layout::Layout;
use crate::dataset::ordered::Ordered;
use crate::dataset::read::months;
use crate::dataset::schema::Table;
use crate::domain::id::ProjectId;
use crate::domain::time::{Month, Timestamp, Zone};
use crate::report::bundle::tables::{TABLES, entry, within};

/// What came of the comparison.
#[derive(Default)]
pub struct Compared {
    pub found: Found,
    /// Rows of each table.
    pub rows: Vec<(Table, u64)>,
}

/// Compares all tables. `here`: the folder below which they were derived, and where days are added up.
/// `reach`: the time that the figures stand on.
pub fn compare(
    bundle: &Layout,
    here: &Layout,
    project: &ProjectId,
    zone: &Zone,
    reach: (Timestamp, Timestamp),
) -> Result<Compared, Stop> {
    let mut compared = Compared::default();
    for table in TABLES {
        let rows = one(&mut compared.found, (bundle, here), project, table, (reach, false))?;
        compared.rows.push((table, rows));
    }
    write_days(here, &by_day(here), project, zone, reach)?;
    let days = (&by_day(bundle), &by_day(here));
    one(&mut compared.found, days, project, Table::Intervals, (reach, true))?;
    Ok(compared)
}

/// Compares a table; gives how many rows it has here.
fn one(
    found: &mut Found,
    (bundle, here): (&Layout, &Layout),
    project: &ProjectId,
    table: Table,
    (reach, is_by_day): ((Timestamp, Timestamp), bool),
) -> Result<u64, Stop> {
    let mut all = Differences::default();
    let mut first: Option<String> = None;
    let mut of_table: BTreeSet<Month> = months(bundle, table, project)?.into_iter().collect();
    of_table.extend(months(here, table, project)?);
    for month in of_table {
        let name = entry(project, table, month, is_by_day);
        month_of(bundle, here, project, (table, month), reach, &mut all)
            .map_err(|error| unreadable(&name, error))?;
        if all.differing > 0 && first.is_none() {
            first = Some(name);
        }
    }
    let rows = all.rows;
    if let Some(name) = first {
        tell(found, table, name, all);
    }
    Ok(rows)
}

fn month_of(
    bundle: &Layout,
    here: &Layout,
    project: &ProjectId,
    (table, month): (Table, Month),
    reach: (Timestamp, Timestamp),
    all: &mut Differences,
) -> Result<(), DatasetError> {
    let stated = Ordered::open(bundle, project, table, month, None)?;
    let here = Ordered::open(here, project, table, month, within(table, reach))?;
    differ::compare(table, stated, here, all)
}

/// A file that does not read is the bundle's fault, one that is not there the disk's.
fn unreadable(name: &str, error: DatasetError) -> Stop {
    match error {
        DatasetError::Io { .. } => error.into(),
        DatasetError::Parquet { source, .. } => found(name, format!("it cannot be read: {source}")),
        DatasetError::Arrow { source, .. } => found(name, format!("it cannot be read: {source}")),
        DatasetError::Damaged { what, .. } => found(name, what),
        DatasetError::Query(what) => found(name, what),
    }
}

fn tell(found: &mut Found, table: Table, name: String, all: Differences) {
    let listed: BTreeSet<(String, Timestamp)> =
        all.listed.iter().map(|one| (one.channel.clone(), one.at)).collect();
    found.further_rows += all.differing.saturating_sub(listed.len() as u64);
    if let Some(one) = all.listed.first() {
        let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        let what = format!(
            "{} of {} {} differ; the first is {} at {}: {} stated as {}, the messages give {}",
            all.differing,
            all.rows,
            table.name(),
            one.channel,
            one.at,
            one.field,
            said(&one.stated),
            said(&one.here)
        );
        found.tell(name, what);
    }
    found.rows.extend(all.listed.into_iter().map(|one| RowDifference {
        table: table.name().to_owned(),
        channel: one.channel,
        at: one.at.to_string(),
        field: one.field.to_owned(),
        stated: one.stated,
        here: one.here,
    }));
}
