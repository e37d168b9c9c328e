//! The daemon killed at random moments while gateways publish, files are dropped and periods closed:
//! what was acknowledged is in the tables once, every file reads, the log holds together, and the
//! figures are those of the same messages in a run that nobody killed.
//!
//! `MRV_KILLS` says how many kills (20), `MRV_SEED` repeats a run's moments: both are printed.

mod support;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mrv::daemon::period::{Close, collect, write};
use mrv::daemon::request::{Answer as Answered, Request};
use mrv::daemon::{control, engine};
use mrv::dataset::layout::Layout;
use mrv::dataset::query::query;
use mrv::dataset::{DatasetError, commit, read};
use mrv::domain::id::ProjectId;
use mrv::domain::message::{Kind, Message as Received, Nonce, Payload, Source};
use mrv::domain::time::{Date, Timestamp};
use mrv::publish::Project;
use mrv::simulate::noise::Noise;
use mrv::simulate::sequence;
use mrv::sources::mqtt::gateway::{self, Answer, Message, Options, Protocol, Published};
use tokio::task::JoinHandle;

const PROJECT: &str = "torture";
const TOPIC: &str = "mrv/v1/torture/s/counter";
/// Of all connections.
const MESSAGES_PER_SECOND: u32 = 5_000;
const CONNECTIONS: u64 = 4;
const KILLS: u64 = 20;
/// For a daemon to become ready, an acknowledgement to come, a process to leave.
const DEADLINE: Duration = Duration::from_secs(60);

const PLAN: &str = r#"
mrv_plan = 1
project = "torture"
number = 1
valid_from = "2026-01-01T00:00:00Z"
[registered]
title = "Numbered records"
country = "TH"
pdd_version = "1"
methodology = "COUNT"
zone = "Asia/Bangkok"
crediting = { from = "2026-01-01", to = "2030-12-31" }
[[registered.parameter]]
symbol = "N"
point = "(1)"
source = "this test"
method = "counted"
option = "C"
channels = ["s/counter/N"]
unit = "MWh"
frequency = "every second"
[[registered.parameter]]
symbol = "F"
point = "(2)"
source = "this test"
method = "counted"
option = "C"
channels = ["s/file/F"]
unit = "MWh"
frequency = "every minute"
[[channel]]
id = "s/counter/N"
kind = "register"
unit = "kWh"
cadence = "1 s"
capacity = "3600 kW"
[[channel]]
id = "s/file/F"
kind = "delta"
stamp = "start"
unit = "kWh"
cadence = "1 min"
capacity = "600 kW"
[[reader]]
name = "gateways"
topic = "mrv/v1/torture/+/+"
format = "json"
[[reader]]
name = "files"
file = "*.csv"
format = "csv"
stamp_column = "ts"
stamp = "epoch-s"
site = "s"
device = "file"
quantity = "F"
value_column = "kWh"
"#;

const METHODOLOGY: &str = r#"
mrv_methodology = 1
id = "COUNT"
version = "1"
title = "What was counted"
scope = "none"
source = "this test"
status = "public summary"
sure = "D"
[[parameter]]
symbol = "N"
kind = "monitored"
unit = "MWh"
options = ["C"]
aggregation = "sum"
frequency = "every second"
about = "what the gateways counted"
source = "this test"
sure = "D"
[[parameter]]
symbol = "F"
kind = "monitored"
unit = "MWh"
options = ["C"]
aggregation = "sum"
frequency = "every minute"
about = "what the files say"
source = "this test"
sure = "D"
[[equation]]
symbol = "RE"
unit = "tCO2e"
text = "N * 0.5 [tCO2e/MWh] + F * 0.25 [tCO2e/MWh]"
about = "reference emissions"
sure = "D"
[[equation]]
symbol = "PE"
unit = "tCO2e"
text = "0 [tCO2e]"
about = "project emissions"
sure = "D"
[[equation]]
symbol = "ER"
unit = "tCO2e"
text = "RE - PE"
about = "emission reductions"
sure = "D"
"#;

/// Lines of a dropped file.
const FILE_LINES: u64 = 200;
/// The period that is closed in between and at the end, local dates.
const PERIOD: (&str, &str) = ("2026-01-01", "2026-06-30");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_the_daemon_loses_nothing_and_counts_nothing_twice() {
    let kills = from_environment("MRV_KILLS").unwrap_or(KILLS);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = from_environment("MRV_SEED").unwrap_or(now.as_secs());
    println!("MRV_KILLS={kills} MRV_SEED={seed}");

    let folder = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::prepare(folder.path());
    daemon.start();
    daemon.wait_until_ready();
    let layout = Layout::new(folder.path().join("data"));
    apply_plan(&layout).await;
    close(layout.clone()).await.expect("a report can be written");

    let gateways = Gateways::start(daemon.mqtt);
    let moments = Noise::new(seed, 1);
    let mut closing = Vec::new();
    for kill in 0..kills {
        let index = i64::try_from(kill).unwrap();
        // Every fourth one falls into the start itself: recovery and roll-forward must stand it too.
        let is_starting = kill % 4 == 3;
        let delay_ms = match is_starting {
            true => moments.between(index, 0, 120),
            false => moments.between(index, 20, 1_500),
        };
        if !is_starting {
            daemon.wait_until_ready();
            gateways.wait_for_more().await;
        }
        println!(
            "kill {:>3}: {delay_ms:>4} ms after {}, {} acknowledged",
            kill + 1,
            if is_starting { "the start" } else { "an acknowledgement" },
            gateways.acknowledged()
        );
        drop_file(&layout, kill);
        if kill % 5 == 0 {
            // A report, too, may be cut off anywhere; whether it was written is no matter.
            closing.push(tokio::spawn(close(layout.clone())));
        }
        // The moment, not a wait for something.
        tokio::time::sleep(Duration::from_millis(delay_ms.unsigned_abs())).await;
        daemon.kill();
        daemon.start();
    }
    daemon.wait_until_ready();
    gateways.wait_for_more().await;
    let (acknowledged, published) = gateways.stop().await;
    for report in closing {
        report.await.unwrap();
    }
    wait_for_files(&layout, kills).await;
    let flushed = control::ask(&layout.control_socket(), &Request::Flush).await.unwrap();
    assert_eq!(flushed, Answered::Done);
    let figures = close(layout.clone()).await.expect("a report at the end");
    daemon.leave();

    let total = u64::try_from(acknowledged.len()).unwrap();
    println!(
        "{total} acknowledged, {} sent on {} connections",
        published.sent, published.connections
    );
    assert!(published.connections > CONNECTIONS, "no connection was ever lost");
    check_messages(&layout, &acknowledged);
    check_readings(&layout, &acknowledged);
    check_accounts(&layout, published.sent, kills);
    check_figures(&layout, &acknowledged, kills, &figures);
    check_log(folder.path());
    check_from_outside(&layout);
}

#[test]
fn a_number_that_is_missing_or_twice_is_found() {
    let seen = HashMap::from([(0, 1), (1, 2), (3, 1)]);
    assert_eq!(missing(&[0, 1, 2, 3], |number| seen.contains_key(&number)), [2]);
    assert_eq!(twice(&seen), [1]);
    assert!(twice(&HashMap::from([(0, 1)])).is_empty());
}

/// Every acknowledged number is in `messages`.
fn check_messages(layout: &Layout, acknowledged: &[u64]) {
    let project = ProjectId::parse(PROJECT).unwrap();
    let mut stored: HashMap<Vec<u8>, u64> = HashMap::new();
    let next_leaf = commit::read(layout, &project).unwrap().next_leaf;
    read::messages(layout, &project, 0, next_leaf, |row| {
        if row.header.kind == Kind::Data && row.header.source == Source::MqttListener {
            let Payload::Inline(bytes) = &row.payload else { panic!("a blob") };
            *stored.entry(bytes.to_vec()).or_default() += 1;
        }
        Ok::<_, DatasetError>(())
    })
    .unwrap();
    let is_stored = |number: u64| stored.contains_key(&sequence::payload(start(), number));
    let missing = missing(acknowledged, is_stored);
    assert!(missing.is_empty(), "{} not in messages: {:?}", missing.len(), first(&missing));
    let repeated: u64 = stored.values().map(|count| count - 1).sum();
    println!("messages: {} different, {repeated} received again", stored.len());
}

/// Every acknowledged number is in `readings`, none is there twice.
fn check_readings(layout: &Layout, acknowledged: &[u64]) {
    let answer = query(layout, "SELECT value FROM readings WHERE quantity = 'N'").unwrap();
    let mut seen: HashMap<u64, u64> = HashMap::new();
    for row in answer.rows {
        let text = row[0].clone().unwrap();
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        assert!(part.bytes().all(|digit| digit == b'0'), "{text} was never sent");
        *seen.entry(whole.parse().unwrap()).or_default() += 1;
    }
    let missing = missing(acknowledged, |number| seen.contains_key(&number));
    assert!(missing.is_empty(), "{} not in readings: {:?}", missing.len(), first(&missing));
    let twice = twice(&seen);
    assert!(twice.is_empty(), "{} twice in readings: {:?}", twice.len(), first(&twice));
}

/// ACC-1: what was decoded is in exactly one of `readings`, `conflicts`, `refused`; each message of a
/// gateway has one item here, each file as many as it has lines.
fn check_accounts(layout: &Layout, sent: u64, files: u64) {
    let count = |sql: &str| -> u64 {
        let answer = query(layout, sql).unwrap();
        answer.rows[0][0].as_deref().unwrap_or("0").parse().unwrap()
    };
    let messages =
        count("SELECT COUNT(*) AS n FROM messages WHERE kind = 'data' AND source = 'mqtt'");
    let dropped =
        count("SELECT COUNT(*) AS n FROM messages WHERE kind = 'data' AND source = 'file'");
    let readings = count("SELECT COUNT(*) AS n FROM readings");
    let of_files = count("SELECT COUNT(*) AS n FROM readings WHERE quantity = 'F'");
    let conflicts = count("SELECT COUNT(*) AS n FROM conflicts");
    let refused = count("SELECT COUNT(*) AS n FROM refused");
    let duplicates = count("SELECT COUNT(*) AS n FROM refused WHERE code = 'V-DUP'");
    println!(
        "{messages} + {dropped} files = {readings} readings + {conflicts} conflicts + {refused} refused"
    );
    assert_eq!(messages + dropped * FILE_LINES, readings + conflicts + refused);
    assert_eq!(conflicts, 0);
    assert_eq!(refused, duplicates, "refused otherwise than as duplicates");
    assert!(messages <= sent, "{messages} messages of {sent} that were sent");
    assert_eq!(of_files, files * FILE_LINES, "each line of each file once");
}

/// The figures are those of the same messages, in other batches, in a folder that nobody killed.
fn check_figures(layout: &Layout, numbers: &[u64], files: u64, figures: &str) {
    let folder = tempfile::tempdir().unwrap();
    let fresh = Layout::new(folder.path());
    let id = ProjectId::parse(PROJECT).unwrap();
    let mut project = Project::open(&fresh, &id, &engine::signer(layout).unwrap()).unwrap();
    let received_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    let received = |kind, source, name: &str, bytes: Vec<u8>| Received {
        project: id.clone(),
        kind,
        source,
        received_at: Timestamp::from_us(i64::try_from(received_at).unwrap()),
        client: "c".into(),
        name: name.into(),
        payload: Payload::Inline(bytes.into()),
        nonce: Nonce([0; 16]),
    };
    let mut log = vec![
        received(Kind::Methodology, Source::Operator, "COUNT", METHODOLOGY.into()),
        received(Kind::Plan, Source::Operator, "plan.toml", PLAN.into()),
    ];
    for file in 0..files {
        let name = format!("{file:06}.csv");
        log.push(received(Kind::Data, Source::File, &name, file_text(file).into_bytes()));
    }
    let numbered = |number: &u64| {
        let payload = sequence::payload(start(), *number);
        received(Kind::Data, Source::MqttListener, TOPIC, payload)
    };
    let mut position = 0;
    let mut publish = |batch: Vec<Received>| {
        position += batch.len() as u64;
        project.publish(batch, position).unwrap();
    };
    publish(log);
    for batch in numbers.chunks(200_000) {
        publish(batch.iter().map(numbered).collect());
    }
    project.refresh_intervals().unwrap();
    let date = |text| Date::parse(text).unwrap();
    let close = Close {
        from: date(PERIOD.0),
        to: date(PERIOD.1),
        prepared_by: None,
        reviewed_by: None,
        restates: None,
    };
    let collected = collect(&mut project, &close).unwrap();
    let closed = write(&fresh, &id, &close, &collected).unwrap();
    println!("figures {figures}, killed and not");
    assert_eq!(closed.figures, figures);
}

/// Leaves, hashes, root and signature.
fn check_log(folder: &Path) {
    let output = mrv(folder).args(["log", "verify"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "mrv log verify: {said}");
    println!("{}", said.trim());
}

/// Readers that share no code with the writer: every file reads, they agree, the proofs hold.
fn check_from_outside(layout: &Layout) {
    let environment = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python");
    if !environment.is_file() {
        println!("LEFT OUT: readers in Python; run `make setup`");
        return;
    }
    let data = layout.root().to_str().unwrap();
    let tables = support::python_json("read_tables.py", &[data]);
    assert!(tables.is_object(), "{tables}");
    let output = support::python("evidence.py", &[data, PROJECT]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said} {}", String::from_utf8_lossy(&output.stderr));
    println!("{}", said.trim());
}

/// The gateways: numbered records dealt in turn to several connections until told to stop.
struct Gateways {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<Vec<u64>>>,
    count: Arc<AtomicU64>,
    publishing: Vec<JoinHandle<Published>>,
}

impl Gateways {
    fn start(address: SocketAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let count = Arc::new(AtomicU64::new(0));
        let publish = |connection| {
            let options = Options {
                address: address.to_string(),
                client_id: format!("torture-{connection}"),
                protocol: if connection % 2 == 0 { Protocol::V311 } else { Protocol::V5 },
                account: None,
                window: 200,
                rate: Some(MESSAGES_PER_SECOND / CONNECTIONS as u32),
                patience: DEADLINE,
            };
            let (stop, acknowledged, count) =
                (Arc::clone(&stop), Arc::clone(&acknowledged), Arc::clone(&count));
            tokio::spawn(async move {
                let number_of = |index: u64| connection + index * CONNECTIONS;
                let messages =
                    (0..).take_while(|_| !stop.load(Ordering::Relaxed)).map(|index| Message {
                        topic: TOPIC.to_owned(),
                        payload: sequence::payload(start(), number_of(index)),
                    });
                let answered = |index, answer| {
                    assert_eq!(answer, Answer::Acknowledged);
                    acknowledged.lock().unwrap().push(number_of(index));
                    count.fetch_add(1, Ordering::Relaxed);
                };
                gateway::publish(&options, messages, answered).await.unwrap()
            })
        };
        let publishing = (0..CONNECTIONS).map(publish).collect();
        Self { stop, acknowledged, count, publishing }
    }

    fn acknowledged(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits until something further is acknowledged.
    async fn wait_for_more(&self) {
        let (before, deadline) = (self.acknowledged(), Instant::now() + DEADLINE);
        while self.acknowledged() == before {
            let ended = self.publishing.iter().any(JoinHandle::is_finished);
            assert!(!ended, "a gateway gave up");
            assert!(Instant::now() < deadline, "nothing acknowledged in {DEADLINE:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Lets every gateway have its last messages acknowledged.
    async fn stop(self) -> (Vec<u64>, Published) {
        self.stop.store(true, Ordering::Relaxed);
        let mut total = Published::default();
        for publishing in self.publishing {
            let published = publishing.await.unwrap();
            total.sent += published.sent;
            total.connections += published.connections;
        }
        (std::mem::take(&mut self.acknowledged.lock().unwrap()), total)
    }
}

/// The program on a folder of its own; ended by its id, whatever happens.
struct Daemon {
    folder: std::path::PathBuf,
    mqtt: SocketAddr,
    http: SocketAddr,
    child: Option<Child>,
}

impl Daemon {
    /// Makes configuration and keys, on free ports of loopback.
    fn prepare(folder: &Path) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (mqtt, http) = (free(), free());
        let config = format!(
            "[listener]\naddress = \"{mqtt}\"\nanonymous = true\n[http]\naddress = \"{http}\"\n\
             [publish]\nseconds = 1\n[inbox]\nrescan_seconds = 1\n[journal]\nsegment_bytes = 1048576\n[log]\nlevel = \"warn\"\n"
        );
        std::fs::write(folder.join("mrv.toml"), config).unwrap();
        let output = mrv(folder).arg("init").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { folder: folder.to_owned(), mqtt, http, child: None }
    }

    fn start(&mut self) {
        assert!(self.child.is_none());
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("serve.log"))
            .unwrap();
        let mut command = mrv(&self.folder);
        command.arg("serve").stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + DEADLINE;
        while !is_ready(self.http) {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert_eq!(ended, None, "the daemon left: {}", self.log());
            assert!(Instant::now() < deadline, "not ready in {DEADLINE:?}: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGKILL.
    fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM; it must leave in good order.
    fn leave(&mut self) {
        let mut child = self.child.take().unwrap();
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let deadline = Instant::now() + DEADLINE;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() >= deadline {
                child.kill().unwrap();
                panic!("did not leave in {DEADLINE:?}: {}", self.log());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(status.success(), "left with {status}: {}", self.log());
    }

    /// The last lines of its log.
    fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("serve.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // An assertion has failed; the process must not outlive it.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Closes the period as a draft and gives the digest of its figures; `None` if the daemon was killed.
async fn close(layout: Layout) -> Option<String> {
    let request = Request::Close {
        project: PROJECT.to_owned(),
        from: PERIOD.0.to_owned(),
        to: PERIOD.1.to_owned(),
        prepared_by: None,
        reviewed_by: None,
    };
    let answer = control::ask(&layout.control_socket(), &request).await.ok()?;
    let Answered::Closed { report, .. } = answer else { panic!("not closed: {answer:?}") };
    let key = "\"figures_digest\":";
    let at = report.find(key)? + key.len();
    report[at..].split('"').nth(1).map(str::to_owned)
}

/// The lines of a file: each minute once over all files.
fn file_text(file: u64) -> String {
    let mut text = String::from("ts,kWh\n");
    for line in file * FILE_LINES..(file + 1) * FILE_LINES {
        let ts = start().us() / 1_000_000 + i64::try_from(line).unwrap() * 60;
        text.push_str(&format!("{ts},{}\n", line % 10));
    }
    text
}

fn drop_file(layout: &Layout, file: u64) {
    let inbox = layout.inbox(&ProjectId::parse(PROJECT).unwrap());
    let name = format!("{file:06}.csv");
    std::fs::write(inbox.join("x.part"), file_text(file)).unwrap();
    std::fs::rename(inbox.join("x.part"), inbox.join(name)).unwrap();
}

async fn wait_for_files(layout: &Layout, files: u64) {
    let inbox = layout.inbox(&ProjectId::parse(PROJECT).unwrap());
    let deadline = Instant::now() + DEADLINE;
    let is_done = |file: u64| inbox.join("done").join(format!("{file:06}.csv")).exists();
    while !(0..files).all(is_done) {
        assert!(Instant::now() < deadline, "files are not taken");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn apply_plan(layout: &Layout) {
    let request = Request::Plan {
        file: "plan.toml".to_owned(),
        text: PLAN.to_owned(),
        methodologies: vec![METHODOLOGY.to_owned()],
        author: "torture".to_owned(),
    };
    let answer = control::ask(&layout.control_socket(), &request).await.unwrap();
    assert!(matches!(answer, Answered::Recorded { number: 1, .. }), "{answer:?}");
}

fn mrv(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mrv"));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn is_ready(http: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&http, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: mrv\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// Numbers as stamps: second by second from here.
fn start() -> Timestamp {
    Timestamp::parse_rfc3339("2026-01-01T00:00:00Z").unwrap()
}

fn missing(acknowledged: &[u64], is_there: impl Fn(u64) -> bool) -> Vec<u64> {
    acknowledged.iter().copied().filter(|number| !is_there(*number)).collect()
}

fn twice(seen: &HashMap<u64, u64>) -> Vec<u64> {
    seen.iter().filter(|(_, count)| **count > 1).map(|(number, _)| *number).collect()
}

fn first(numbers: &[u64]) -> &[u64] {
    &numbers[..numbers.len().min(10)]
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}
