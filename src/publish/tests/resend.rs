//! What was sent before comes again: what is stored stays, byte for byte, but for the days of a conflict.

use super::*;
use crate::dataset::table_digest::table_files;

/// Readings of all channels on ten days, in three batches.
const QUARTERS: i64 = 10 * 96;

fn stored() -> (Folder, Project, Vec<Message>) {
    let folder = folder();
    let value = |at: i64, q: u8| if q == 0 { at } else { at % 8 };
    let day = |from: i64| {
        let quarters = (from..QUARTERS).step_by(3);
        One::Many(quarters.flat_map(|at| (0..3).map(move |q| (q, at, value(at, q)))).collect())
    };
    let log = log(&[day(0), day(1), day(2)], 0);
    let mut project = folder.open();
    publish(&mut project, &log, &[2]).unwrap();
    assert!(!project.has_dirty_intervals());
    (folder, project, log)
}

/// Names and bytes of the files of a table.
fn files(folder: &Folder, table: Table) -> Vec<(String, Vec<u8>)> {
    let paths = table_files(&folder.layout, table, &folder.id).unwrap();
    let name = |path: &std::path::Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}

/// Publishes one further message.
fn send(project: &mut Project, log: &mut Vec<Message>, again: &[(u8, i64, i64)]) {
    let records: Vec<String> = again.iter().map(|one| record(*one)).collect();
    let text = format!("[{}]", records.join(","));
    log.push(message(log.len(), Kind::Data, "mrv/v1/p/s/d", text.into_bytes()));
    let last = log[log.len() - 1..].to_vec();
    project.publish(last, log.len() as u64).unwrap();
}

#[test]
fn duplicates_alone_alter_neither_readings_nor_intervals() {
    let (folder, mut project, mut log) = stored();
    let kept = [Table::Readings, Table::Conflicts, Table::Intervals];
    let before = kept.map(|table| files(&folder, table));
    let again: Vec<_> = (0..QUARTERS).step_by(37).map(|at| (0, at, at)).collect();
    send(&mut project, &mut log, &again);
    assert!(!project.has_dirty_intervals());
    project.refresh_intervals().unwrap();
    assert_eq!(kept.map(|table| files(&folder, table)), before);
    let refused = all_rows(&folder.layout, Table::Refused, &folder.id).unwrap();
    assert_eq!(refused.num_rows(), again.len(), "each of them is found");
    assert_eq!(folder.digests(), digests_of(&log, &[log.len()]));
}

#[test]
fn a_conflict_among_duplicates_touches_its_day_alone() {
    let (folder, mut project, mut log) = stored();
    let before = files(&folder, Table::Intervals);
    let conflicting = 5 * 96 + 40;
    let again: Vec<_> = (0..QUARTERS)
        .step_by(37)
        .map(|at| (0, at, at))
        .chain([(0, conflicting, conflicting + 1)])
        .collect();
    send(&mut project, &mut log, &again);
    project.refresh_intervals().unwrap();
    let after = files(&folder, Table::Intervals);
    let altered = before.iter().zip(&after).filter(|(before, after)| before != after);
    let altered: Vec<&str> = altered.map(|(_, (name, _))| name.as_str()).collect();
    assert_eq!(altered, ["2026-02-06.parquet"]);
    assert_eq!(before.len(), after.len());
    assert_eq!(folder.digests(), digests_of(&log, &[log.len()]));
}

#[test]
fn conflicts_on_all_days_or_beside_one_another_touch_what_they_should() {
    // Every day; two far apart; a midnight, whose neighbour is on the day before; the first and last.
    let cases: [&[i64]; 4] =
        [&[10, 150, 250, 340, 430, 520, 600, 700, 800, 900], &[100, 800], &[96, 481], &[0, 959]];
    for conflicting in cases {
        let (folder, mut project, mut log) = stored();
        let again: Vec<_> = conflicting.iter().map(|at| (0, *at, at + 1)).collect();
        send(&mut project, &mut log, &again);
        project.refresh_intervals().unwrap();
        assert_eq!(folder.digests(), digests_of(&log, &[log.len()]), "{conflicting:?}");
    }
}
