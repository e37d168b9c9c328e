//! Long load: 5,000 messages a second from 100 devices, whose stamps run through a month meanwhile.
//! Memory, descriptors, journal and latency are looked at in slices and must stay flat.
//!
//! `MRV_SOAK_SECONDS` says how long (20); `make soak` takes an hour.

mod raw_mqtt;
mod served;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mrv::daemon::request::{Answer, Request};
use mrv::dataset::folder::list_folder;
use mrv::sources::mqtt::gateway::{self, Answer as Told, Message, Options, Protocol};
use served::{PATIENCE, Served};

const RATE: u64 = 5_000;
const CONNECTIONS: u64 = 4;
const DEVICES: u64 = 100;
const SLICES: u64 = 10;
const MONTH_MS: u64 = 30 * 86_400_000;
/// 2025-01-01T00:00:00Z.
const START_MS: u64 = 1_735_689_600_000;

/// What was seen at the end of a slice.
struct Slice {
    acknowledged: usize,
    p50: Duration,
    p99: Duration,
    resident_mib: u64,
    descriptors: usize,
    segments: usize,
    table_files: usize,
}

fn plan() -> String {
    let base = served::plan("p");
    let (head, tail) = base.split_once("[[channel]]").unwrap();
    let (_, reader) = tail.split_once("[[reader]]").unwrap();
    let channels: String = (0..DEVICES)
        .map(|device| {
            format!(
                "[[channel]]\nid = \"s/d{device}/T\"\nkind = \"gauge\"\nrule = \"hold\"\n\
                 step_max = \"1 d\"\nunit = \"degC\"\nrange = [0, 1000]\n"
            )
        })
        .collect();
    format!("{head}{channels}[[reader]]{reader}")
}

#[test]
fn under_long_load_memory_descriptors_journal_and_latency_stay_flat() {
    let seconds = std::env::var("MRV_SOAK_SECONDS").map_or(20, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let config = "[publish]\nseconds = 1\n[journal]\nsegment_bytes = 4194304\n";
    let mut served = Served::prepare(folder.path(), config);
    served.start(&[]);
    let applied = served.ask(&Request::Plan {
        file: "plan.toml".to_owned(),
        text: plan(),
        methodologies: vec!["no rules".to_owned()],
        author: "ann".to_owned(),
    });
    assert!(matches!(applied, Answer::Recorded { .. }), "{applied:?}");

    let total = RATE * seconds;
    let latencies = Arc::new(Mutex::new(Vec::new()));
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    let publishing: Vec<_> = (0..CONNECTIONS)
        .map(|connection| {
            let options = Options {
                address: served.mqtt.clone(),
                client_id: format!("soak-{connection}"),
                protocol: if connection % 2 == 0 { Protocol::V311 } else { Protocol::V5 },
                account: None,
                window: 500,
                rate: Some((RATE / CONNECTIONS) as u32),
                patience: PATIENCE,
            };
            let latencies = Arc::clone(&latencies);
            runtime.spawn(async move {
                let sent = Arc::new(Mutex::new(std::collections::VecDeque::new()));
                let noted = Arc::clone(&sent);
                let messages = (0..total / CONNECTIONS).map(move |index| {
                    let number = index * CONNECTIONS + connection;
                    noted.lock().unwrap().push_back(Instant::now());
                    let ts = START_MS + number / DEVICES * DEVICES * MONTH_MS / total;
                    Message {
                        topic: format!("mrv/v1/p/s/d{}", number % DEVICES),
                        payload: format!("{{\"ts\":{ts},\"values\":{{\"T\":{}}}}}", number % 977)
                            .into_bytes(),
                    }
                });
                let answered = |_, answer| {
                    assert_eq!(answer, Told::Acknowledged);
                    // Answers come in the order of the messages.
                    let begun = sent.lock().unwrap().pop_front().unwrap();
                    latencies.lock().unwrap().push(begun.elapsed());
                };
                gateway::publish(&options, messages, answered).await.unwrap()
            })
        })
        .collect();

    println!("seconds   msg/s  p50 ms  p99 ms  MiB  descriptors  segments  table files");
    let mut slices = Vec::new();
    let begun = Instant::now();
    for number in 1..=SLICES {
        let until = Duration::from_secs(seconds) * number as u32 / SLICES as u32;
        std::thread::sleep(until.saturating_sub(begun.elapsed()));
        let mut seen = std::mem::take(&mut *latencies.lock().unwrap());
        seen.sort_unstable();
        let slice = look(&served, &seen);
        println!(
            "{:>7} {:>7} {:>7.1} {:>7.1} {:>4} {:>12} {:>9} {:>12}",
            begun.elapsed().as_secs(),
            slice.acknowledged as u64 * SLICES / seconds,
            slice.p50.as_secs_f64() * 1e3,
            slice.p99.as_secs_f64() * 1e3,
            slice.resident_mib,
            slice.descriptors,
            slice.segments,
            slice.table_files,
        );
        slices.push(slice);
    }
    for task in publishing {
        runtime.block_on(task).unwrap();
    }
    assert_eq!(served.ask(&Request::Flush), Answer::Done);
    assert_eq!(served.count("messages", "kind = 'data'"), total);
    assert_eq!(served.count("readings", "1 = 1"), total);
    served.leave();

    let (middle, last) = (&slices[slices.len() / 2 - 1], &slices[slices.len() - 1]);
    let allowed = middle.resident_mib * 5 / 4 + 64;
    assert!(last.resident_mib <= allowed, "{} MiB, was {}", last.resident_mib, middle.resident_mib);
    assert!(last.descriptors <= middle.descriptors + 8, "descriptors grow");
    assert!(last.segments <= middle.segments + 8, "the journal is not emptied");
    // Thirty days of intervals; of the other tables each batch adds files, which are merged.
    assert!(last.table_files <= 300, "{} table files", last.table_files);
    let allowed = middle.p99.max(Duration::from_millis(100)) * 5;
    assert!(last.p99 <= allowed, "latency grows: p99 {:?}, was {:?}", last.p99, middle.p99);
}

fn look(served: &Served, latencies: &[Duration]) -> Slice {
    let id = served.id();
    let at = |share: f64| {
        let index = (latencies.len() as f64 * share) as usize;
        latencies.get(index).copied().unwrap_or_default()
    };
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let resident = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let resident: u64 = resident.split_whitespace().nth(1).unwrap().parse().unwrap();
    let layout = served.layout();
    // A batch may be published meanwhile: what is gone when it is looked at is counted next time.
    let files = |folder: &std::path::Path| list_folder(folder).map_or(0, |files| files.len());
    Slice {
        acknowledged: latencies.len(),
        p50: at(0.5),
        p99: at(0.99),
        resident_mib: resident / 1_024,
        descriptors: std::fs::read_dir(format!("/proc/{id}/fd")).unwrap().count(),
        segments: files(&layout.journal()),
        table_files: files(&layout.root().join("tables")),
    }
}
