//! Any batches, any crash, any rebuild: the same rows, each once.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;
use crate::dataset::layout::Layout;
use crate::dataset::schema::Table;
use crate::dataset::table_digest::{all_rows, table_digest};
use crate::decode::act::{Act, Content, Decision};
use crate::domain::id::ProjectId;
use crate::domain::message::{Kind, Message, Nonce, Payload, Source};
use crate::domain::time::Timestamp;
use crate::evidence::checkpoint::key_pair;

mod resend;

const PLAN: &str = r#"
mrv_plan = 1
project = "p"
number = 1
valid_from = "2026-01-01T00:00:00Z"
[registered]
title = "t"
country = "TH"
pdd_version = "1"
methodology = "M"
zone = "Asia/Bangkok"
crediting = { from = "2026-01-01", to = "2030-12-31" }
[[channel]]
id = "s/d/EC"
kind = "register"
unit = "kWh"
cadence = "15 min"
capacity = "100 kW"
[[channel]]
id = "s/d/P"
kind = "gauge"
rule = "mean"
cadence = "15 min"
unit = "kW"
capacity = "100 kW"
range = [0, 8]
[[channel]]
id = "s/d/T"
kind = "gauge"
rule = "hold"
step_max = "1 h"
unit = "degC"
range = [0, 50]
"#;

/// One message of a test's log: quantity, quarter hours since the start, value; or bytes that do
/// not decode; or a decision.
#[derive(Debug, Clone)]
enum One {
    Reading(u8, i64, i64),
    Many(Vec<(u8, i64, i64)>),
    Garbage,
    Decide(u8, i64, i64),
}

const START_S: i64 = 1_769_904_000; // 2026-02-01T00:00:00Z

fn quantity(number: u8) -> &'static str {
    ["EC", "P", "T"][usize::from(number) % 3]
}

fn record((number, quarter, value): (u8, i64, i64)) -> String {
    let ts = (START_S + quarter * 900) * 1_000;
    format!("{{\"ts\":{ts},\"values\":{{\"{}\":{value}}}}}", quantity(number))
}

fn message(number: usize, kind: Kind, name: &str, bytes: Vec<u8>) -> Message {
    Message {
        project: ProjectId::parse("p").unwrap(),
        kind,
        source: Source::MqttListener,
        received_at: Timestamp::from_us((START_S + 40 * 86_400 + number as i64) * 1_000_000),
        client: "gw".into(),
        name: name.into(),
        payload: Payload::Inline(bytes.into()),
        nonce: Nonce([number as u8; 16]),
    }
}

fn log(ones: &[One], plan_at: usize) -> Vec<Message> {
    let mut log = Vec::new();
    let mut act = 0;
    for (number, one) in ones.iter().enumerate() {
        let topic = "mrv/v1/p/s/d";
        if number == plan_at % ones.len() {
            log.push(message(log.len(), Kind::Plan, "plan.toml", PLAN.as_bytes().to_vec()));
        }
        let (kind, bytes) = match one {
            One::Reading(q, at, v) => (Kind::Data, record((*q, *at, *v)).into_bytes()),
            One::Many(all) => {
                let records: Vec<String> = all.iter().map(|one| record(*one)).collect();
                (Kind::Data, format!("[{}]", records.join(",")).into_bytes())
            }
            One::Garbage => (Kind::Data, b"{\"ts\":".to_vec()),
            One::Decide(q, at, v) => {
                act += 1;
                let decision = Decision {
                    site: "s".to_owned(),
                    device: "d".to_owned(),
                    quantity: quantity(*q).to_owned(),
                    at: Timestamp::from_us((START_S + at * 900) * 1_000_000).to_string(),
                    value: v.to_string(),
                    author: "ann".to_owned(),
                    reason: "read the display".to_owned(),
                    ..Decision::default()
                };
                let act = Act { number: act, content: Content::Decision(decision) };
                (Kind::Decision, act.encode().unwrap())
            }
        };
        log.push(message(log.len(), kind, topic, bytes));
    }
    log
}

fn signer() -> Signer {
    Signer { private_key: key_pair("mrv.example.org", &[7; 32]).unwrap().0 }
}

struct Folder {
    _folder: tempfile::TempDir,
    layout: Layout,
    id: ProjectId,
}

fn folder() -> Folder {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    Folder { _folder: folder, layout, id: ProjectId::parse("p").unwrap() }
}

impl Folder {
    fn open(&self) -> Project {
        Project::open(&self.layout, &self.id, &signer()).unwrap()
    }

    fn digests(&self) -> Vec<String> {
        let digest = |table| {
            let (digest, count) = table_digest(&self.layout, table, &self.id).unwrap();
            format!("{} {count} {digest}", table.name())
        };
        Table::ALL.into_iter().map(digest).collect()
    }
}

/// Publishes a log in batches; intervals are refreshed after every second one.
fn publish(project: &mut Project, log: &[Message], sizes: &[usize]) -> Result<(), PublishError> {
    let mut sizes = sizes.iter().copied().cycle();
    loop {
        let done = project.commit().next_leaf as usize;
        if done >= log.len() {
            break;
        }
        let size = sizes.next().unwrap_or(1).max(1).min(log.len() - done);
        project.publish(log[done..done + size].to_vec(), (done + size) as u64)?;
        if (done + size).is_multiple_of(2) {
            project.refresh_intervals()?;
        }
    }
    project.refresh_intervals()
}

fn digests_of(log: &[Message], sizes: &[usize]) -> Vec<String> {
    let folder = folder();
    publish(&mut folder.open(), log, sizes).unwrap();
    folder.digests()
}

fn one() -> impl Strategy<Value = One> {
    let triple = || (0u8..3, 0i64..400, 0i64..10);
    prop_oneof![
        6 => triple().prop_map(|(q, at, v)| One::Reading(q, at, v)),
        3 => prop::collection::vec(triple(), 1..8).prop_map(One::Many),
        1 => Just(One::Garbage),
        1 => triple().prop_map(|(q, at, v)| One::Decide(q, at, v)),
    ]
}

fn ones() -> impl Strategy<Value = Vec<One>> {
    prop::collection::vec(one(), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_batches_give_the_same_rows(
        ones in ones(),
        plan_at in 0usize..30,
        sizes in prop::collection::vec(1usize..9, 1..5),
    ) {
        let log = log(&ones, plan_at);
        let whole = digests_of(&log, &[log.len()]);
        prop_assert_eq!(digests_of(&log, &sizes), whole);
    }

    #[test]
    fn tables_written_anew_are_the_same_rows(ones in ones(), sizes in prop::collection::vec(1usize..9, 1..4)) {
        let log = log(&ones, 0);
        let folder = folder();
        let mut project = folder.open();
        publish(&mut project, &log, &sizes).unwrap();
        let before = folder.digests();
        project.rebuild().unwrap();
        prop_assert_eq!(folder.digests(), before);
        prop_assert_eq!(project.commit().derived.generation, 1);
    }

    #[test]
    fn a_crash_after_any_step_loses_and_repeats_nothing(
        ones in ones(),
        sizes in prop::collection::vec(1usize..9, 1..4),
        crashes in prop::collection::vec(1usize..40, 1..4),
    ) {
        let log = log(&ones, 0);
        let whole = digests_of(&log, &[log.len()]);
        let folder = folder();
        for crash in crashes {
            let mut project = folder.open();
            let steps = AtomicUsize::new(0);
            project.stop_after(move |_| match steps.fetch_add(1, Ordering::Relaxed) + 1 == crash {
                true => Err(std::io::ErrorKind::Other.into()),
                false => Ok(()),
            });
            let _ = publish(&mut project, &log, &sizes);
        }
        publish(&mut folder.open(), &log, &sizes).unwrap();
        prop_assert_eq!(folder.digests(), whole);
    }
}

/// A log of one reading a batch, and the files of a table after it.
fn many_batches(count: usize) -> (Vec<Message>, impl Fn(&Folder, Table) -> usize) {
    let ones: Vec<One> =
        (0..count as i64).map(|at| One::Reading((at % 3) as u8, at * 7 % 90, at % 10)).collect();
    let files = |folder: &Folder, table| {
        crate::dataset::table_digest::table_files(&folder.layout, table, &folder.id).unwrap().len()
    };
    (log(&ones, 0), files)
}

#[test]
fn small_files_are_merged_and_every_row_stays() {
    let folder = folder();
    let (log, files) = many_batches(60);
    let mut project = folder.open();
    publish(&mut project, &log[..50], &[1]).unwrap();
    assert_eq!(files(&folder, Table::Messages), 50);
    let before = folder.digests();
    let fewer = project.compact().unwrap();
    assert!(fewer >= 31 + 15, "messages and readings at least: {fewer}");
    assert_eq!(files(&folder, Table::Messages), 19);
    assert_eq!(folder.digests(), before);
    while project.compact().unwrap() > 0 {}
    assert!(files(&folder, Table::Messages) < 16);
    assert_eq!(folder.digests(), before);
    // What follows finds what was merged: duplicates and neighbours too.
    publish(&mut project, &log, &[1]).unwrap();
    drop(project);
    let mut project = folder.open();
    assert_eq!(folder.digests(), digests_of(&log, &[log.len()]));
    project.rebuild().unwrap();
    assert_eq!(folder.digests(), digests_of(&log, &[log.len()]));
}

#[test]
fn a_merge_cut_off_after_any_step_loses_and_repeats_nothing() {
    let (log, files) = many_batches(17);
    let whole = digests_of(&log, &[log.len()]);
    for crash in 1.. {
        let folder = folder();
        let mut project = folder.open();
        publish(&mut project, &log, &[1]).unwrap();
        let steps = AtomicUsize::new(0);
        project.stop_after(move |_| match steps.fetch_add(1, Ordering::Relaxed) + 1 == crash {
            true => Err(std::io::ErrorKind::Other.into()),
            false => Ok(()),
        });
        let is_done = project.compact().is_ok();
        drop(project);
        let mut project = folder.open();
        assert_eq!(folder.digests(), whole, "cut off after step {crash}");
        while project.compact().unwrap() > 0 {}
        assert_eq!(folder.digests(), whole);
        assert!(files(&folder, Table::Readings) < 16);
        if is_done {
            assert!(crash > 5, "there are several steps");
            break;
        }
    }
}

#[test]
fn every_item_is_in_exactly_one_table() {
    let ones = [
        One::Many(vec![(0, 0, 1), (0, 1, 2), (1, 0, 5)]),
        One::Reading(0, 1, 2),
        One::Reading(0, 1, 3),
        One::Garbage,
        One::Reading(2, 3, 20),
    ];
    let folder = folder();
    publish(&mut folder.open(), &log(&ones, 0), &[2]).unwrap();
    let count = |table| all_rows(&folder.layout, table, &folder.id).unwrap().num_rows();
    assert_eq!(count(Table::Readings), 4);
    assert_eq!(count(Table::Conflicts), 1);
    assert_eq!(count(Table::Refused), 2, "one duplicate, one that does not decode");
    assert_eq!(count(Table::Messages), 6);
}

#[test]
fn leaves_before_the_first_plan_wait_for_it() {
    let folder = folder();
    let log = log(&[One::Reading(0, 0, 1), One::Reading(0, 1, 2)], 1);
    let mut project = folder.open();
    publish(&mut project, &log[..1], &[1]).unwrap();
    assert_eq!(project.commit().derived.next_leaf, 0);
    publish(&mut project, &log, &[1]).unwrap();
    assert_eq!(project.commit().derived.next_leaf, 3);
    assert_eq!(all_rows(&folder.layout, Table::Readings, &folder.id).unwrap().num_rows(), 2);
}

#[test]
fn a_plan_that_alters_the_past_writes_the_tables_anew() {
    let folder = folder();
    let mut log = log(&[One::Reading(0, 0, 1), One::Reading(0, 1, 2)], 0);
    let mut project = folder.open();
    publish(&mut project, &log, &[1]).unwrap();
    let second = PLAN.replace("number = 1", "number = 2").replace("\"s/d/EC\"", "\"s/d/OTHER\"");
    log.push(message(9, Kind::Plan, "plan.toml", second.into_bytes()));
    publish(&mut project, &log, &[1]).unwrap();
    assert_eq!(project.commit().derived.generation, 1);
    let count = |table| all_rows(&folder.layout, table, &folder.id).unwrap().num_rows();
    assert_eq!((count(Table::Readings), count(Table::Refused)), (0, 2));
    let digests = folder.digests();
    drop(project);
    assert_eq!(folder.open().commit().derived.generation, 1, "opening finds nothing to do");
    assert_eq!(folder.digests(), digests);
}

#[test]
fn a_file_larger_than_a_batch_is_published_in_parts() {
    let folder = folder();
    let plan = format!(
        "{PLAN}[[reader]]\nname = \"f\"\nfile = \"*.csv\"\nformat = \"csv\"\nstamp_column = \"t\"\n\
         stamp = \"epoch-s\"\nsite = \"s\"\ndevice = \"d\"\nquantity = \"EC\"\nvalue_column = \"v\"\n"
    );
    let rows = super::items::ITEMS_MAX + 10;
    let mut csv = String::from("t,v\n");
    for row in 0..rows {
        csv.push_str(&format!("{},{row}\n", START_S + row as i64));
    }
    let nonce = Nonce([1; 16]);
    let shown = std::path::Path::new("x.csv");
    let stored =
        crate::dataset::blob::store(&folder.layout, &mut csv.as_bytes(), shown, nonce).unwrap();
    let mut file = message(1, Kind::Data, "x.csv", Vec::new());
    file.source = Source::File;
    file.payload = stored.payload;
    file.nonce = nonce;
    let log = [message(0, Kind::Plan, "plan.toml", plan.into_bytes()), file];
    // The first part is published, the second is cut off: decoding goes on where COMMIT says.
    let mut project = folder.open();
    let commits = AtomicUsize::new(0);
    project.stop_after(move |step| {
        let is_commit = step == crate::dataset::commit::Step::Staged;
        match is_commit && commits.fetch_add(1, Ordering::Relaxed) == 1 {
            true => Err(std::io::ErrorKind::Other.into()),
            false => Ok(()),
        }
    });
    assert!(project.publish(log.to_vec(), 2).is_err());
    let project = folder.open();
    let derived = &project.commit().derived;
    assert_eq!((derived.next_leaf, derived.next_item, derived.part), (2, 0, 0));
    let files =
        crate::dataset::table_digest::table_files(&folder.layout, Table::Readings, &folder.id);
    assert_eq!(files.unwrap().len(), 2);
    let count = all_rows(&folder.layout, Table::Readings, &folder.id).unwrap().num_rows();
    assert_eq!(count, rows);
}
