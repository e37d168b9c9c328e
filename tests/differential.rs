//! The same bytes by every door: through the listener, dropped into the inbox, by `mrv ingest`, and a
//! third through each, give the same readings and the same figures digest.

mod raw_mqtt;
mod served;

use std::path::Path;
use std::process::Command;

use mrv::daemon::request::{Answer, Request};
use mrv::dataset::query::query;
use mrv::domain::id::ProjectId;
use serde_json::Value;
use served::{Client, Served};

const PROJECT: &str = "demo-solar";
const TOPIC: &str = "mrv/v1/demo-solar/roof/meter-1";
const PLAN: &str = include_str!("../pipelines/projects/demo-solar.toml");
const METHODOLOGY: &str = include_str!("../pipelines/methodologies/solar-pv-f1.toml");
const FILES: &str = r#"
[[reader]]
name = "the gateways' payloads, as files"
file = "meter-1_*.json"
format = "json"
site = "roof"
device = "meter-1"
"#;

/// Payloads with gaps, repeated records, another value for the same moment, a fall of the register,
/// what does not decode, and a document that becomes a blob.
fn payloads() -> Vec<String> {
    let record = |quarter: i64, value: i64| {
        let ts = 1_738_339_200_000 + quarter * 900_000;
        format!("{{\"ts\":{ts},\"values\":{{\"EG\":\"{}.{:03}\"}}}}", value / 1_000, value % 1_000)
    };
    let mut payloads: Vec<String> = (0..60)
        .map(|group: i64| {
            let quarters = group * 20..group * 20 + 20 - group % 3;
            let records: Vec<String> =
                quarters.map(|quarter| record(quarter, 1_000 + quarter * 7_919 / 3)).collect();
            format!("[{}]", records.join(","))
        })
        .collect();
    payloads.push(payloads[3].clone());
    payloads.push(record(100, 999_999));
    payloads.push(record(2_000, 17));
    payloads.push("{\"ts\":17".to_owned());
    payloads.push(format!(
        "[{}]",
        (2_001..4_500).map(|q| record(q, q * 2_500)).collect::<Vec<_>>().join(",")
    ));
    assert!(payloads.last().unwrap().len() > 1 << 16);
    payloads
}

/// A way in: listener, inbox, or the command.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Door {
    Listener,
    Inbox,
    Command,
}

/// What came of all payloads, each by the door that `door` says.
fn through(door: impl Fn(usize) -> Door) -> (String, Vec<Vec<Option<String>>>) {
    let folder = tempfile::tempdir().unwrap();
    let config = "[publish]\nseconds = 3600\n[journal]\nsegment_bytes = 1048576\n";
    let mut served = Served::prepare(folder.path(), config);
    served.start(&[]);
    let answer = served.ask(&Request::Plan {
        file: "plan.toml".to_owned(),
        text: format!("{PLAN}{FILES}"),
        methodologies: vec![METHODOLOGY.to_owned()],
        author: "ann".to_owned(),
    });
    assert!(matches!(answer, Answer::Recorded { .. }), "{answer:?}");
    let mut client = Client::connect(&served.mqtt, "g");
    let inbox = served.layout().inbox(&ProjectId::parse(PROJECT).unwrap());
    let payloads = payloads();
    let count = payloads.len();
    for (number, payload) in payloads.into_iter().enumerate() {
        let name = format!("meter-1_{number:03}.json");
        match door(number) {
            Door::Listener => assert!(client.publish(TOPIC, &payload)),
            Door::Inbox => {
                std::fs::write(inbox.join("x.part"), payload).unwrap();
                std::fs::rename(inbox.join("x.part"), inbox.join(&name)).unwrap();
                let done = inbox.join("done").join(&name);
                // Before another door is used: of two values for one moment the first is the reading.
                // Files that wait together are taken in the order of their names.
                if number + 1 == count || door(number + 1) != Door::Inbox {
                    served.wait_until("the file is done", |_| done.exists());
                }
            }
            Door::Command => {
                let path = folder.path().join(&name);
                std::fs::write(&path, payload).unwrap();
                ingest(folder.path(), &path);
            }
        }
    }
    assert_eq!(served.ask(&Request::Flush), Answer::Done);
    let close = Request::Close {
        project: PROJECT.to_owned(),
        from: "2025-01-01".to_owned(),
        to: "2025-04-30".to_owned(),
        prepared_by: None,
        reviewed_by: None,
    };
    let Answer::Closed { report, .. } = served.ask(&close) else { panic!("not closed") };
    let report: Value = serde_json::from_str(&report).unwrap();
    let digest = find(&report, "figures_digest").unwrap().as_str().unwrap().to_owned();
    let sql =
        "SELECT device, quantity, at, value, flags FROM readings ORDER BY device, quantity, at";
    let rows = query(&served.layout(), sql).unwrap().rows;
    served.leave();
    (digest, rows)
}

fn ingest(folder: &Path, path: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_mrv"))
        .args(["ingest", "--project", PROJECT])
        .arg(path)
        .current_dir(folder)
        .output()
        .unwrap();
    // 1: some of its lines were refused, and told.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
}

fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => {
            map.get(name).or_else(|| map.values().find_map(|value| find(value, name)))
        }
        Value::Array(all) => all.iter().find_map(|value| find(value, name)),
        _ => None,
    }
}

#[test]
fn the_same_bytes_by_every_door_give_the_same_figures() {
    let (digest, rows) = through(|_| Door::Listener);
    assert!(rows.len() > 3_000, "{} readings", rows.len());
    println!("{} readings, figures {digest}", rows.len());
    for (what, door) in [
        ("inbox", (|_| Door::Inbox) as fn(usize) -> Door),
        ("mrv ingest", |_| Door::Command),
        ("a third each", |number| [Door::Listener, Door::Inbox, Door::Command][number / 22 % 3]),
    ] {
        let (other, other_rows) = through(door);
        assert!(other_rows == rows, "{what}: other readings");
        assert_eq!(other, digest, "{what}");
    }
}
