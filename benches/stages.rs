//! Microseconds per message of each stage between the door and the tables, in one process and one
//! thread: where the time goes. Prints a table; `COUNT` says how many messages (200,000).

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use mrv::config::plan::history::PlanHistory;
use mrv::config::plan::reader::{Format, JsonReader, Match};
use mrv::config::plan::{Plan, Reader};
use mrv::dataset::layout::Layout;
use mrv::dataset::parquet_file::FileWriter;
use mrv::dataset::rows::{self, BATCH_ROWS_MAX, MessageRow};
use mrv::dataset::schema::Table;
use mrv::decode::{self, Context, Sink};
use mrv::domain::id::ProjectId;
use mrv::domain::message::{Draft, Header, Kind, Message, Nonce, Payload, Source};
use mrv::domain::reading::{Channels, Reading, Refusal, Sample};
use mrv::domain::time::Timestamp;
use mrv::domain::unit::Unit;
use mrv::evidence::checkpoint::key_pair;
use mrv::evidence::tree::TreeState;
use mrv::evidence::{leaf, leaf_hash};
use mrv::journal::{Journal, Options};
use mrv::merge;
use mrv::publish::{Project, Signer};
use mrv::validate::Checker;

/// Meters that report in turn.
const METERS: usize = 100;
/// Messages of one hand-over to the journal: the window of a busy gateway.
const WINDOW: usize = 100;
const START_S: usize = 1_767_225_600; // 2026-01-01T00:00:00Z

fn main() {
    let count = std::env::var("COUNT").ok().and_then(|text| text.parse().ok()).unwrap_or(200_000);
    let messages: Vec<Message> = (0..count).map(message).collect();
    let bytes = messages[0].payload.len();
    println!("{count} messages of {bytes} bytes, {METERS} meters; microseconds per message\n");
    journal(&messages);
    let rows = evidence(&messages);
    table_of_messages(&rows);
    let (readings, channels) = readings(&rows);
    table_of_readings(&readings, &channels);
    whole(messages);
}

fn told<T>(stage: &str, count: usize, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = work();
    let us = begun.elapsed().as_micros() as usize * 100 / count.max(1);
    println!("{stage:<44} {:>6}.{:02}", us / 100, us % 100);
    result
}

fn message(number: usize) -> Message {
    let (meter, turn) = (number % METERS, number / METERS);
    let ts = (START_S + turn * 60) * 1_000;
    let payload = format!(
        "{{\"ts\":{ts},\"values\":{{\"EG\":\"{}.{:03}\"}},\"fw\":\"2.4.1\",\"seq\":{number},\
         \"model\":\"DM-1001\",\"rssi\":-67,\"site\":\"roof\",\"note\":\"as polled\"}}",
        1_000 + turn,
        number % 1_000
    );
    Message {
        project: project(),
        kind: Kind::Data,
        source: Source::MqttListener,
        received_at: Timestamp::from_us(
            (START_S as i64 + 400 * 86_400) * 1_000_000 + number as i64,
        ),
        client: "gateway-1".into(),
        name: format!("mrv/v1/bench/s/m{meter:03}").into(),
        payload: Payload::Inline(payload.into()),
        nonce: Nonce(
            (number as u128).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes(),
        ),
    }
}

fn project() -> ProjectId {
    ProjectId::parse("bench").expect("an id")
}

fn plan_text() -> String {
    let mut text = String::from(
        "mrv_plan = 1\nproject = \"bench\"\nnumber = 1\nvalid_from = \"2026-01-01T00:00:00Z\"\n\
         [registered]\ntitle = \"t\"\ncountry = \"TH\"\npdd_version = \"1\"\nmethodology = \"M\"\n\
         zone = \"UTC\"\ncrediting = { from = \"2026-01-01\", to = \"2030-12-31\" }\n",
    );
    for meter in 0..METERS {
        text += &format!(
            "[[channel]]\nid = \"s/m{meter:03}/EG\"\nkind = \"register\"\nunit = \"kWh\"\n\
             cadence = \"1 min\"\n"
        );
    }
    text
}

fn journal(messages: &[Message]) {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Journal::open(folder.path(), 0, Options::default(), || 1).expect("a journal");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let drafts: Vec<Draft> = messages
        .iter()
        .map(|m| Draft {
            project: m.project.clone(),
            kind: m.kind,
            source: m.source,
            client: Arc::clone(&m.client),
            name: Arc::clone(&m.name),
            payload: m.payload.clone(),
            nonce: None,
        })
        .collect();
    told("journal, fsync per 100, one at a time", messages.len(), || {
        for window in drafts.chunks(WINDOW) {
            runtime.block_on(journal.append(window.to_vec())).expect("appended");
        }
    });
}

fn evidence(messages: &[Message]) -> Vec<MessageRow> {
    let rows: Vec<MessageRow> =
        told("commitment (SHA-256 of nonce and payload)", messages.len(), || {
            let row = |(leaf, m): (i64, &Message)| {
                let Payload::Inline(bytes) = &m.payload else { unreachable!("all are small") };
                let header = Header {
                    kind: m.kind,
                    source: m.source,
                    received_at: m.received_at,
                    client: Arc::clone(&m.client),
                    name: Arc::clone(&m.name),
                    payload_len: m.payload.len(),
                    commitment: leaf::commitment(&m.nonce, bytes),
                };
                MessageRow { leaf, header, payload: m.payload.clone(), nonce: m.nonce }
            };
            (0..).zip(messages).map(row).collect()
        });
    let hashes: Vec<_> = told("leaf encoding and hash", messages.len(), || {
        rows.iter().map(|row| leaf_hash(&leaf::encode(&row.header))).collect()
    });
    told("interior nodes of the tree", messages.len(), || TreeState::default().append(&hashes));
    rows
}

fn table_of_messages(rows: &[MessageRow]) {
    let folder = tempfile::tempdir().expect("a folder");
    told("messages to Parquet, zstd, synced", rows.len(), || {
        let borrowed: Vec<&MessageRow> = rows.iter().collect();
        let path = folder.path().join("messages");
        let mut file = FileWriter::create(&path, Table::Messages).expect("a file");
        for rows in borrowed.chunks(BATCH_ROWS_MAX) {
            file.write(&rows::messages(rows).expect("columns")).expect("written");
        }
        file.finish(&[]).expect("synced")
    });
}

struct Checked<'a> {
    checker: Checker<'a>,
    reader: &'a Reader,
    received_at: Timestamp,
    readings: Vec<Reading>,
}

impl Sink for Checked<'_> {
    type Error = Infallible;

    fn sample(&mut self, sample: &Sample<'_>) -> Result<(), Infallible> {
        if let Ok(reading) = self.checker.check(sample, self.received_at, self.reader) {
            self.readings.push(reading);
        }
        Ok(())
    }

    fn refuse(&mut self, _: Refusal) -> Result<(), Infallible> {
        Ok(())
    }
}

fn readings(rows: &[MessageRow]) -> (Vec<Reading>, Channels) {
    let plan = Plan::parse("bench", &plan_text()).expect("a plan");
    let mut plans = PlanHistory::default();
    plans.push(Arc::new(plan)).expect("the first plan");
    let mut channels = Channels::default();
    let reader = Reader {
        name: "default".to_owned(),
        matches: Match::Topic("#".to_owned()),
        format: Format::Json(JsonReader::default()),
        stamp: None,
    };
    let mut sink = Checked {
        checker: Checker::new(&plans, &mut channels),
        reader: &reader,
        received_at: Timestamp::default(),
        readings: Vec::new(),
    };
    told("decode JSON, checks of stage R", rows.len(), || {
        for row in rows {
            let Payload::Inline(bytes) = &row.payload else { continue };
            sink.received_at = row.header.received_at;
            let context = Context { name: &row.header.name, leaf: row.leaf, first_item: 0 };
            let Ok(()) = decode::decode(&reader, context, &mut &bytes[..], &mut sink);
        }
    });
    let mut readings = sink.readings;
    assert_eq!(readings.len(), rows.len(), "every message is a reading");
    told("sort and merge", rows.len(), || {
        merge::sort(&mut readings, &channels.ranks());
        let merged = merge::merge(&readings, &[], &[], &channels);
        assert_eq!(merged.readings.len(), rows.len(), "no duplicates here");
    });
    (readings, channels)
}

fn table_of_readings(readings: &[Reading], channels: &Channels) {
    let folder = tempfile::tempdir().expect("a folder");
    let unit = Unit::parse("kWh").expect("a unit");
    told("readings to Parquet, zstd, synced", readings.len(), || {
        let path = folder.path().join("readings");
        let mut file = FileWriter::create(Path::new(&path), Table::Readings).expect("a file");
        for rows in readings.chunks(BATCH_ROWS_MAX) {
            let columns = rows::readings(rows, channels, &|_| unit).expect("columns");
            file.write(&columns).expect("written");
        }
        file.finish(&[]).expect("synced")
    });
}

/// The same by the publisher, which is what the daemon runs.
fn whole(messages: Vec<Message>) {
    let folder = tempfile::tempdir().expect("a folder");
    let layout = Layout::new(folder.path());
    let private_key = key_pair("bench", &[7; 32]).expect("a key").0;
    let mut opened =
        Project::open(&layout, &project(), &Signer { private_key }).expect("a project");
    let mut plan = message(0);
    plan.kind = Kind::Plan;
    plan.name = "plan.toml".into();
    plan.payload = Payload::Inline(plan_text().into());
    opened.publish(vec![plan], 1).expect("published");
    let count = messages.len();
    println!();
    told("publish: all but the journal, one COMMIT", count, || {
        opened.publish(messages, count as u64 + 1).expect("published");
    });
    told("intervals of the days touched", count, || opened.refresh_intervals().expect("computed"));
}
