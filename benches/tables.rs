//! What happens behind the door, timed alone: a day's intervals, tables written anew, a journal caught
//! up with, growth.
//!
//!     tables day CHANNELS FOLDER         one day of one-minute readings, then its intervals
//!     tables rebuild COUNT FOLDER        COUNT messages published, then all tables written anew
//!     tables recover COUNT FOLDER        a journal of COUNT unpublished messages, opened and published
//!     tables growth COUNT FOLDER         COUNT readings, 100 a message, batch after batch
//!     tables trickle CHANNELS FOLDER     100 batches of one reading of each channel, intervals after each
//!
//! Prints one line of JSON: seconds of each step, peak memory, bytes of each table. The folder is kept,
//! so that others can read the same rows.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use mrv::dataset::layout::Layout;
use mrv::dataset::schema::Table;
use mrv::domain::id::ProjectId;
use mrv::domain::message::{Draft, Kind, Message, Nonce, Payload, Source};
use mrv::domain::time::Timestamp;
use mrv::evidence::checkpoint::key_pair;
use mrv::journal::{Journal, Options, Reader};
use mrv::publish::{Project, Signer};

const START_S: usize = 1_767_225_600; // 2026-01-01T00:00:00Z
/// When messages are received: years after their stamps, so that none is ahead of its receipt.
const RECEIVED_US: i64 = (START_S as i64 + 4_000 * 86_400) * 1_000_000;
/// What the daemon publishes at once, as it counts: payload and 256 bytes a message.
const BATCH_BYTES: u64 = 64 << 20;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [which, count, folder] = arguments.as_slice() else { panic!("tables WHICH COUNT FOLDER") };
    let count: usize = count.parse().expect("a number");
    let folder = Path::new(folder);
    match which.as_str() {
        "day" => day(count, folder),
        "rebuild" => rebuild(count, folder),
        "recover" => recover(count, folder),
        "growth" => growth(count, folder),
        "trickle" => trickle(count, folder),
        _ => panic!("tables day|rebuild|recover|growth|trickle, not {which:?}"),
    }
}

fn day(channels: usize, folder: &Path) {
    let mut project = open(folder, channels);
    let (per_message, minutes) = (250.min(channels), 1_440);
    let count = channels * minutes / per_message;
    let publish_s = seconds(|| publish_all(&mut project, count, per_message, channels));
    let intervals_s = seconds(|| project.refresh_intervals().expect("computed"));
    told(folder, channels * minutes, &[("publish_s", publish_s), ("intervals_s", intervals_s)]);
}

fn rebuild(count: usize, folder: &Path) {
    let mut project = open(folder, 100);
    let first_s = seconds(|| {
        publish_all(&mut project, count, 1, 100);
        project.refresh_intervals().expect("computed");
    });
    let rebuild_s = seconds(|| project.rebuild().expect("rebuilt"));
    told(folder, count, &[("first_s", first_s), ("rebuild_s", rebuild_s)]);
}

fn recover(count: usize, folder: &Path) {
    let mut project = open(folder, 100);
    let position = project.commit().journal_position;
    let path = folder.join("journal");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let journal =
        Journal::open(&path, position, Options::default(), || RECEIVED_US).expect("a journal");
    for first in (0..count).step_by(1_000) {
        let drafts =
            (first..count.min(first + 1_000)).map(|number| draft(number, 1, 100)).collect();
        runtime.block_on(journal.append(drafts)).expect("appended");
    }
    let end = *journal.durable().borrow();
    drop(journal);
    let opened = Instant::now();
    let journal =
        Journal::open(&path, position, Options::default(), || RECEIVED_US).expect("a journal");
    let open_s = opened.elapsed().as_secs_f64();
    let mut published = 0;
    let publish_s = seconds(|| {
        let mut reader = Reader::open(journal.folder(), position);
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(record) = reader.next(end).expect("readable") {
            bytes += record.message.payload.len() + 256;
            batch.push(record.message);
            if bytes >= BATCH_BYTES {
                published += batch.len();
                let batch = std::mem::take(&mut batch);
                project.publish(batch, record.next).expect("published");
                bytes = 0;
            }
        }
        published += batch.len();
        project.publish(batch, end).expect("published");
    });
    assert_eq!(published, count, "every message is there again");
    told(folder, count, &[("open_s", open_s), ("publish_s", publish_s)]);
}

fn growth(readings: usize, folder: &Path) {
    let mut project = open(folder, 1_000);
    let publish_s = seconds(|| publish_all(&mut project, readings / 100, 100, 1_000));
    let intervals_s = seconds(|| project.refresh_intervals().expect("computed"));
    told(folder, readings, &[("publish_s", publish_s), ("intervals_s", intervals_s)]);
}

/// What a daemon does all day: a few hundred rows come, and their intervals follow.
fn trickle(channels: usize, folder: &Path) {
    const BATCHES: usize = 100;
    let mut project = open(folder, channels);
    let (mut publish_s, mut intervals_s) = (0.0, 0.0);
    for batch in 0..BATCHES {
        let first = batch * channels;
        let messages = (first..first + channels).map(|number| message(number, 1, channels));
        let messages: Vec<Message> = messages.collect();
        let position = (first + channels + 1) as u64;
        publish_s += seconds(|| project.publish(messages, position).expect("published"));
        intervals_s += seconds(|| project.refresh_intervals().expect("computed"));
    }
    let steps = [("publish_s", publish_s), ("intervals_s", intervals_s)];
    told(folder, BATCHES * channels, &steps);
}

fn seconds(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}

fn told(folder: &Path, readings: usize, steps: &[(&str, f64)]) {
    let mut line = format!("{{\"readings\": {readings}");
    for (name, seconds) in steps {
        line += &format!(", \"{name}\": {seconds:.3}");
    }
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kib: usize = peak.trim().trim_end_matches(" kB").parse().unwrap_or(0);
    line += &format!(", \"peak_mib\": {}", kib / 1_024);
    let layout = Layout::new(folder);
    for table in Table::ALL {
        line += &format!(", \"{}_bytes\": {}", table.name(), bytes_of(&layout.table(table)));
    }
    line += &format!(", \"log_bytes\": {}}}", bytes_of(&layout.log(&project())));
    println!("{line}");
}

fn bytes_of(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else { return 0 };
    let of = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => bytes_of(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    };
    entries.flatten().map(of).sum()
}

fn project() -> ProjectId {
    ProjectId::parse("bench").expect("an id")
}

fn open(folder: &Path, channels: usize) -> Project {
    let layout = Layout::new(folder);
    let private_key = key_pair("bench", &[7; 32]).expect("a key").0;
    let mut opened =
        Project::open(&layout, &project(), &Signer { private_key }).expect("a project");
    let mut text = String::from(
        "mrv_plan = 1\nproject = \"bench\"\nnumber = 1\nvalid_from = \"2026-01-01T00:00:00Z\"\n\
         [registered]\ntitle = \"t\"\ncountry = \"TH\"\npdd_version = \"1\"\nmethodology = \"M\"\n\
         zone = \"UTC\"\ncrediting = { from = \"2026-01-01\", to = \"2040-12-31\" }\n\
         [[reader]]\nname = \"gateways\"\ntopic = \"mrv/v1/bench/+/+\"\nformat = \"json\"\n\
         device = \"/meter\"\nstamp_pointer = \"/ts\"\nstamp = \"epoch-s\"\n\
         [[reader.value]]\npointer = \"/value\"\nquantity = \"EG\"\nunit = \"kWh\"\n",
    );
    for channel in 0..channels {
        text += &format!(
            "[[channel]]\nid = \"s/m{channel:04}/EG\"\nkind = \"register\"\nunit = \"kWh\"\n\
             cadence = \"1 min\"\ncapacity = \"100000 kW\"\n"
        );
    }
    let mut plan = message(0, 1, channels);
    plan.kind = Kind::Plan;
    plan.name = "plan.toml".into();
    plan.payload = Payload::Inline(text.into());
    opened.publish(vec![plan], 1).expect("published");
    opened
}

fn publish_all(project: &mut Project, count: usize, per_message: usize, channels: usize) {
    let (mut first, mut position) = (0, project.commit().journal_position);
    while first < count {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while first < count && bytes < BATCH_BYTES {
            let message = message(first, per_message, channels);
            bytes += message.payload.len() + 256;
            batch.push(message);
            first += 1;
        }
        position += batch.len() as u64;
        project.publish(batch, position).expect("published");
    }
}

fn payload(number: usize, per_message: usize, channels: usize) -> String {
    let one = |number: usize| {
        let (meter, minute) = (number % channels, number / channels);
        format!(
            "{{\"meter\":\"m{meter:04}\",\"ts\":{},\"register\":\"EG\",\"value\":{}.{:03},\
             \"unit\":\"kWh\",\"quality\":\"good\",\"seq\":{number},\"fw\":\"2.4.1-2222222222\"}}",
            START_S + 60 * minute,
            minute * 3 + meter,
            number % 1_000
        )
    };
    if per_message == 1 {
        return one(number);
    }
    let all: Vec<String> = (number * per_message..(number + 1) * per_message).map(one).collect();
    format!("[{}]", all.join(","))
}

fn message(number: usize, per_message: usize, channels: usize) -> Message {
    let draft = draft(number, per_message, channels);
    Message {
        project: draft.project,
        kind: draft.kind,
        source: draft.source,
        received_at: Timestamp::from_us(RECEIVED_US + number as i64),
        client: draft.client,
        name: draft.name,
        payload: draft.payload,
        nonce: Nonce(
            (number as u128).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes(),
        ),
    }
}

fn draft(number: usize, per_message: usize, channels: usize) -> Draft {
    Draft {
        project: project(),
        kind: Kind::Data,
        source: Source::MqttListener,
        client: Arc::from("gateway-1"),
        name: format!("mrv/v1/bench/s/gateway{}", number % 10).into(),
        payload: Payload::Inline(payload(number, per_message, channels).into()),
        nonce: None,
    }
}
