//! The scripted run whose calls are recorded: two projects, messages of all kinds, a dropped file,
//! acts, a sealed period, a kill between fsync and publishing, a start after it, a plan that alters
//! the past, an end in good order.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mrv::daemon::control;
use mrv::daemon::engine::PUBLIC_KEY;
use mrv::daemon::request::{Answer, Request, Stated};
use mrv::dataset::layout::Layout;
use mrv::dataset::rows::MessageRow;
use mrv::dataset::{DatasetError, commit, read};
use mrv::decode::act::{Content, Decision};
use mrv::domain::id::ProjectId;
use mrv::domain::message::Message;
use mrv::publish::Signer;
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::raw_mqtt::{Connect, PUBREL, Raw, of_id, publish};
use super::strace::{self, Call};

/// The projects of the run.
pub const PROJECTS: [&str; 2] = ["demo-solar", "other"];
/// Small segments, so that the journal goes over several; batches are cut when they are asked for.
pub const LIMITS: &str = "[publish]\nseconds = 3600\n[journal]\nsegment_bytes = 65536\n\
    [inbox]\nrescan_seconds = 1\n[log]\nlevel = \"warn\"\n";
const PATIENCE: Duration = Duration::from_secs(60);

const SOLAR: &str = include_str!("../../pipelines/projects/demo-solar.toml");
const METHODOLOGY: &str = include_str!("../../pipelines/methodologies/solar-pv-f1.toml");
const OTHER: &str = r#"
mrv_plan = 1
project = "other"
number = 1
valid_from = "2025-01-01T00:00:00Z"
[registered]
title = "The other one"
country = "TH"
pdd_version = "1"
methodology = "NONE"
zone = "Asia/Bangkok"
crediting = { from = "2025-01-01", to = "2030-12-31" }
[[channel]]
id = "s/d/EC"
kind = "register"
unit = "kWh"
cadence = "15 min"
capacity = "100 kW"
[[reader]]
name = "gateways"
topic = "mrv/v1/other/+/+"
format = "json"
"#;

/// A message that a gateway sent.
pub struct Sent {
    /// Different for every message of the run.
    pub packet_id: u16,
    pub project: &'static str,
    pub payload: Vec<u8>,
}

/// What the world was told.
#[derive(Debug)]
pub enum Event {
    /// PUBACK or PUBREC of this packet id.
    Acknowledged(u16),
    /// An answer over the control socket.
    Recorded { project: String, leaf: usize },
    /// So many files are dropped.
    Dropped(usize),
}

/// A run and everything that is known of it.
pub struct Run {
    pub folder: TempDir,
    /// The folder as it was before the daemon started.
    pub start: TempDir,
    pub calls: Vec<Call>,
    /// With their places in the trace, in order.
    pub events: Vec<(Event, usize)>,
    pub sent: Vec<Sent>,
    pub dropped: Vec<(PathBuf, Vec<u8>)>,
    /// Each project's whole log.
    pub logs: BTreeMap<&'static str, Vec<Message>>,
}

impl Run {
    pub fn layout(&self) -> Layout {
        Layout::new(self.folder.path().join("data"))
    }

    pub fn signer(&self) -> Signer {
        mrv::daemon::engine::signer(&self.layout()).unwrap()
    }

    pub fn public_key(&self) -> String {
        std::fs::read_to_string(self.layout().keys().join(PUBLIC_KEY)).unwrap()
    }

    pub fn record() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = format!(
            "{LIMITS}[listener]\naddress = \"{address}\"\nanonymous = true\n\
             [http]\naddress = \"127.0.0.1:0\"\n"
        );
        std::fs::write(folder.path().join("mrv.toml"), config).unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_mrv"));
        let made = Command::new(program).arg("init").current_dir(folder.path()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let start = tempfile::tempdir().unwrap();
        copy(folder.path(), start.path());
        let mut script = Script {
            layout: Layout::new(folder.path().join("data")),
            address,
            sent: Vec::new(),
            dropped: Vec::new(),
        };
        let traces = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (first, second) = (traces.path().join("first"), traces.path().join("second"));
        let daemon = Daemon::start(program, folder.path(), &first);
        runtime.block_on(script.first_half());
        daemon.end("-KILL");
        let daemon = Daemon::start(program, folder.path(), &second);
        runtime.block_on(script.second_half());
        daemon.end("-TERM");

        let mut calls = strace::read(&first);
        let after = calls.last().map_or(0, |call| call.end + 1);
        for mut call in strace::read(&second) {
            call.begin += after;
            call.end += after;
            calls.push(call);
        }
        let mut logs = BTreeMap::new();
        for project in PROJECTS {
            logs.insert(project, log(&script.layout, &ProjectId::parse(project).unwrap()));
        }
        let Script { sent, dropped, .. } = script;
        let events = events(&calls, &dropped);
        Self { folder, start, calls, events, sent, dropped, logs }
    }
}

/// Everything that was said to somebody, in the order in which the sending began.
fn events(calls: &[Call], dropped: &[(PathBuf, Vec<u8>)]) -> Vec<(Event, usize)> {
    let mut events = Vec::new();
    let mut met = 0;
    for call in calls {
        let name = dropped.get(met).and_then(|(path, _)| path.file_name());
        if call.name == "openat" && name.is_some_and(|name| call.path(1).ends_with(name)) {
            // It was there at the latest when the daemon first opened it.
            met += 1;
            events.push((Event::Dropped(met), call.end));
        }
        if !matches!(call.name.as_str(), "sendto" | "sendmsg" | "write" | "writev")
            || !call.descriptor(0).1.to_string_lossy().starts_with("socket:")
        {
            continue;
        }
        let bytes = call.bytes();
        if let Ok(answer) = serde_json::from_slice::<Answer>(&bytes) {
            let recorded = match answer {
                Answer::Recorded { project, leaf, .. } => Some((project, leaf)),
                Answer::Acts { project, leaves, .. } => leaves.last().map(|leaf| (project, *leaf)),
                Answer::Closed { seal: Some(leaf), .. } => Some((PROJECTS[0].to_owned(), leaf)),
                _ => None,
            };
            events.extend(recorded.map(|(project, leaf)| {
                let leaf = usize::try_from(leaf).unwrap();
                (Event::Recorded { project, leaf }, call.begin)
            }));
            continue;
        }
        let mut rest = &bytes[..];
        while let [first, len, tail @ ..] = rest {
            let (body, next) = tail.split_at(usize::from(*len).min(tail.len()));
            if let (0x40 | 0x50, [high, low, ..]) = (*first, body) {
                let id = u16::from_be_bytes([*high, *low]);
                events.push((Event::Acknowledged(id), call.begin));
            }
            rest = next;
        }
    }
    events.sort_by_key(|(_, place)| *place);
    events
}

struct Script {
    layout: Layout,
    address: SocketAddr,
    sent: Vec<Sent>,
    dropped: Vec<(PathBuf, Vec<u8>)>,
}

impl Script {
    async fn first_half(&mut self) {
        self.plan(SOLAR, METHODOLOGY).await;
        self.plan(OTHER, "no rules").await;
        let mut client = self.client(4, "first").await;
        for quarter in 0..4 {
            let text = reading("EG", quarter, 10);
            self.send(&mut client, 4, PROJECTS[0], "roof/meter-1", &text).await;
        }
        self.send(&mut client, 4, PROJECTS[1], "s/d", &reading("EC", 0, 1)).await;
        self.send(&mut client, 4, PROJECTS[0], "roof/meter-1", "{\"ts\":").await;
        self.ask(Request::Flush).await;
        // Another value for the same moment, a group of several, and a payload that becomes a blob.
        self.send(&mut client, 4, PROJECTS[0], "roof/inverter-2", &reading("P", 2, 20)).await;
        self.send(&mut client, 4, PROJECTS[0], "roof/inverter-2", &reading("P", 2, 24)).await;
        let group: Vec<String> = (3..9).map(|quarter| reading("P", quarter, 30)).collect();
        self.send_group(&mut client, PROJECTS[0], "roof/inverter-2", &group).await;
        let many: Vec<String> = (0..1_400).map(|second| second_of("G", second)).collect();
        let many = format!("[{}]", many.join(","));
        assert!(many.len() > 1 << 16);
        self.send(&mut client, 4, PROJECTS[0], "roof/weather", &many).await;
        self.drop_file("check_2025-01.csv").await;
        let decision = Decision {
            site: "roof".to_owned(),
            device: "inverter-2".to_owned(),
            quantity: "P".to_owned(),
            at: stamp(2),
            value: "24".to_owned(),
            author: "ann".to_owned(),
            reason: "read the display".to_owned(),
            seen: vec!["20".to_owned(), "24".to_owned()],
            ..Decision::default()
        };
        let acts = vec![Stated::new(Content::Decision(decision))];
        self.ask(Request::Record { project: PROJECTS[0].to_owned(), acts }).await;
        self.ask(Request::Close {
            project: PROJECTS[0].to_owned(),
            from: "2025-01-01".to_owned(),
            to: "2025-01-31".to_owned(),
            prepared_by: Some("Ann".to_owned()),
            reviewed_by: Some("Ben".to_owned()),
        })
        .await;
        // Over the end of a segment, acknowledged and not published when the kill comes.
        for quarter in 10..13 {
            let long = format!("{}{}", reading("EC", quarter, 5), " ".repeat(30_000));
            self.send(&mut client, 4, PROJECTS[1], "s/d", &long).await;
        }
    }

    async fn second_half(&mut self) {
        let mut client = self.client(5, "second").await;
        self.exactly_once(&mut client, PROJECTS[0], "roof/meter-1", &reading("EG", 20, 40)).await;
        self.send(&mut client, 5, PROJECTS[1], "s/d", &reading("EC", 20, 9)).await;
        self.ask(Request::Flush).await;
        // Segments that are published go, several at once.
        for quarter in 21..26 {
            let long = format!("{}{}", reading("EC", quarter, 10), " ".repeat(40_000));
            self.send(&mut client, 5, PROJECTS[1], "s/d", &long).await;
        }
        let changed = OTHER.replace("number = 1", "number = 2").replace("100 kW", "1 kW");
        self.plan(&changed, "no rules").await;
        self.send(&mut client, 5, PROJECTS[1], "s/d", &reading("EC", 30, 11)).await;
    }

    async fn plan(&self, text: &str, methodology: &str) {
        let (file, author) = ("plan.toml".to_owned(), "ann".to_owned());
        let (text, methodology) = (text.to_owned(), methodology.to_owned());
        let methodologies = vec![methodology];
        self.ask(Request::Plan { file, text, methodologies, author }).await;
    }

    async fn ask(&self, request: Request) {
        let answer = control::ask(&self.layout.control_socket(), &request).await.unwrap();
        let is_done = !matches!(answer, Answer::Refused { .. } | Answer::Failed { .. });
        assert!(is_done, "{request:?}: {answer:?}");
    }

    async fn client(&self, level: u8, id: &str) -> Raw<TcpStream> {
        let mut client = Raw(TcpStream::connect(self.address).await.unwrap());
        assert_eq!(client.connect(&Connect::new(level, id)).await[3], 0);
        client
    }

    fn packet(
        &mut self,
        level: u8,
        qos: u8,
        project: &'static str,
        of: &str,
        text: &str,
    ) -> Vec<u8> {
        let packet_id = u16::try_from(self.sent.len()).unwrap() + 1;
        let payload = text.as_bytes().to_vec();
        let packet = publish(level, qos, packet_id, &format!("mrv/v1/{project}/{of}"), &payload);
        self.sent.push(Sent { packet_id, project, payload });
        packet
    }

    async fn send(
        &mut self,
        client: &mut Raw<TcpStream>,
        level: u8,
        project: &'static str,
        of: &str,
        text: &str,
    ) {
        let packet = self.packet(level, 1, project, of, text);
        client.send(&packet).await;
        assert_eq!(client.receive().await[0], 0x40);
    }

    async fn send_group(
        &mut self,
        client: &mut Raw<TcpStream>,
        project: &'static str,
        of: &str,
        texts: &[String],
    ) {
        let mut all = Vec::new();
        for text in texts {
            all.extend(self.packet(4, 1, project, of, text));
        }
        client.send(&all).await;
        for _ in texts {
            assert_eq!(client.receive().await[0], 0x40);
        }
    }

    async fn exactly_once(
        &mut self,
        client: &mut Raw<TcpStream>,
        project: &'static str,
        of: &str,
        text: &str,
    ) {
        let packet = self.packet(5, 2, project, of, text);
        client.send(&packet).await;
        assert_eq!(client.receive().await[0], 0x50);
        client.send(&of_id(PUBREL, self.sent.last().unwrap().packet_id)).await;
        assert_eq!(client.receive().await[0], 0x70);
    }

    /// Drops a file and waits until it is done.
    async fn drop_file(&mut self, name: &str) {
        let bytes = b"Tanggal;kWh\n01/01/2025 01:00;1,5\n01/01/2025 01:15;-\n01/01/2025 01:30;2\n";
        let inbox = self.layout.inbox(&ProjectId::parse(PROJECTS[0]).unwrap());
        std::fs::write(inbox.join("x.part"), bytes).unwrap();
        std::fs::rename(inbox.join("x.part"), inbox.join(name)).unwrap();
        self.dropped.push((inbox.join(name), bytes.to_vec()));
        let begun = Instant::now();
        while !inbox.join("done").join(name).exists() {
            assert!(begun.elapsed() < PATIENCE, "the file was not taken");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn stamp(quarter: u32) -> String {
    format!("2025-01-01T{:02}:{:02}:00Z", 3 + quarter / 4, quarter % 4 * 15)
}

fn reading(quantity: &str, quarter: u32, value: u32) -> String {
    format!("{{\"ts\":\"{}\",\"values\":{{\"{quantity}\":{value}}}}}", stamp(quarter))
}

fn second_of(quantity: &str, second: u32) -> String {
    let (minute, second) = (second / 60, second % 60);
    format!("{{\"ts\":\"2025-01-01T05:{minute:02}:{second:02}Z\",\"values\":{{\"{quantity}\":7}}}}")
}

/// The daemon below strace; ended by its own process id.
struct Daemon {
    strace: Child,
    id: String,
}

impl Daemon {
    fn start(program: &Path, folder: &Path, trace: &Path) -> Self {
        let mut command = strace::command(program, trace);
        command.arg("serve").current_dir(folder).stdin(Stdio::null());
        let mut strace = command.stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        let socket = folder.join("data/control.sock");
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert_eq!(strace.try_wait().unwrap(), None, "the daemon left");
            assert!(begun.elapsed() < PATIENCE, "the daemon did not get ready");
            std::thread::sleep(Duration::from_millis(10));
        }
        let id = std::fs::read_to_string(folder.join("data/lock")).unwrap().trim().to_owned();
        Self { strace, id }
    }

    fn end(mut self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.id]).status().unwrap().success());
        self.strace.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.strace.try_wait().is_ok_and(|status| status.is_none()) {
            // An assertion has failed; neither process must outlive it.
            let _ = Command::new("kill").args(["-KILL", &self.id]).status();
            let _ = self.strace.kill();
            let _ = self.strace.wait();
        }
    }
}

/// The whole log of a project.
fn log(layout: &Layout, id: &ProjectId) -> Vec<Message> {
    let mut all = Vec::new();
    let next = commit::read(layout, id).unwrap().next_leaf;
    read::messages(layout, id, 0, next, |row| {
        all.push(message(id, row));
        Ok::<_, DatasetError>(())
    })
    .unwrap();
    all
}

/// The message that became a leaf.
pub fn message(id: &ProjectId, row: MessageRow) -> Message {
    Message {
        project: id.clone(),
        kind: row.header.kind,
        source: row.header.source,
        received_at: row.header.received_at,
        client: row.header.client,
        name: row.header.name,
        payload: row.payload,
        nonce: row.nonce,
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => {
                std::fs::create_dir_all(&target).unwrap();
                copy(&entry.path(), &target);
            }
            false => {
                std::fs::copy(entry.path(), target).unwrap();
            }
        }
    }
}
