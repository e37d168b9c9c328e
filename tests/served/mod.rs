//! The daemon as a process in a folder of its own, also below another program that troubles it; ended
//! by its process id, whatever the test does.

#![allow(dead_code, reason = "each test program uses some of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use mrv::daemon::control;
use mrv::daemon::request::{Answer, Request};
use mrv::dataset::layout::Layout;
use mrv::dataset::query::query;
use serde_json::Value;

/// Longest wait for anything; a test that needs it has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A register, by JSON, for a project of any name.
pub fn plan(project: &str) -> String {
    format!(
        r#"
mrv_plan = 1
project = "{project}"
number = 1
valid_from = "2025-01-01T00:00:00Z"
[registered]
title = "A register"
country = "TH"
pdd_version = "1"
methodology = "NONE"
zone = "Asia/Bangkok"
crediting = {{ from = "2025-01-01", to = "2030-12-31" }}
[[channel]]
id = "s/d/EC"
kind = "register"
unit = "kWh"
cadence = "15 min"
capacity = "100 kW"
[[reader]]
name = "gateways"
topic = "mrv/v1/{project}/+/+"
format = "json"
"#
    )
}

/// A record of quarter hour `number`.
pub fn record(number: u32) -> String {
    let (day, hour, minute) = (number / 96, number / 4 % 24, number % 4 * 15);
    let day = 1 + day;
    format!(
        "{{\"ts\":\"2025-01-{day:02}T{hour:02}:{minute:02}:00Z\",\"values\":{{\"EC\":{number}}}}}"
    )
}

pub struct Served {
    folder: PathBuf,
    child: Option<Child>,
    pub mqtt: String,
    pub http: String,
}

impl Served {
    /// Makes configuration and key in an empty folder; `more` goes into the configuration.
    pub fn prepare(folder: &Path, more: &str) -> Self {
        let config = format!(
            "{more}\n[http]\naddress = \"127.0.0.1:0\"\n[inbox]\nrescan_seconds = 1\n\
             [listener]\naddress = \"127.0.0.1:0\"\nanonymous = true\n"
        );
        std::fs::write(folder.join("mrv.toml"), config).unwrap();
        let program = env!("CARGO_BIN_EXE_mrv");
        let made = Command::new(program).arg("init").current_dir(folder).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { folder: folder.to_owned(), child: None, mqtt: String::new(), http: String::new() }
    }

    pub fn layout(&self) -> Layout {
        Layout::new(self.folder.join("data"))
    }

    /// Starts it, below `wrapper` if that is not empty, and waits until it is ready.
    pub fn start(&mut self, wrapper: &[&str]) {
        assert!(self.child.is_none());
        let program = env!("CARGO_BIN_EXE_mrv");
        let words: Vec<&str> = [wrapper, &[program, "serve", "--json"]].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(&self.folder).stdin(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let ready = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let read: Option<Value> = serde_json::from_str(&line).ok();
            said.push(line);
            let fields = &read?["fields"];
            (fields["message"] == "ready").then(|| fields.clone())
        });
        self.child = Some(child);
        let ready = ready.unwrap_or_else(|| panic!("it did not get ready: {}", said.join("\n")));
        let log = std::fs::File::create(self.folder.join("serve.log")).unwrap();
        // Somebody must read on, or the daemon would wait for its log to be read.
        std::thread::spawn(move || {
            let mut log = log;
            for line in lines.map_while(Result::ok) {
                let _ = writeln!(log, "{line}");
            }
        });
        self.mqtt = ready["mqtt"].as_str().unwrap().to_owned();
        self.http = ready["http"].as_str().unwrap().to_owned();
    }

    /// The process that serves, below whatever wrapper.
    pub fn id(&self) -> String {
        std::fs::read_to_string(self.layout().lock()).unwrap().trim().to_owned()
    }

    pub fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.id()]).status().unwrap().success());
    }

    /// Waits for its end.
    pub fn ended(&mut self, within: Duration) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        let begun = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            if begun.elapsed() > within {
                let _ = Command::new("kill").args(["-KILL", &self.id()]).status();
                let _ = child.kill();
                let _ = child.wait();
                panic!("it did not end within {within:?}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// SIGTERM; it must end in good order.
    pub fn leave(&mut self) {
        self.signal("-TERM");
        let status = self.ended(PATIENCE);
        assert!(status.success(), "left with {status}");
    }

    /// An HTTP answer with its head.
    pub fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.http).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub fn is_ready(&self) -> bool {
        self.get("/readyz").starts_with("HTTP/1.1 200")
    }

    /// A gauge or counter without labels.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let text = self.get("/metrics");
        let line = text
            .lines()
            .find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    pub fn ask(&self, request: &Request) -> Answer {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(control::ask(&self.layout().control_socket(), request)).unwrap()
    }

    pub fn apply_plan(&self, project: &str) {
        let answer = self.ask(&Request::Plan {
            file: "plan.toml".to_owned(),
            text: plan(project),
            methodologies: vec!["no rules".to_owned()],
            author: "ann".to_owned(),
        });
        assert!(matches!(answer, Answer::Recorded { .. }), "{answer:?}");
    }

    /// Rows of a table that a condition holds for.
    pub fn count(&self, table: &str, condition: &str) -> u64 {
        let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE {condition}");
        let answer = query(&self.layout(), &sql).unwrap();
        answer.rows[0][0].as_deref().unwrap_or("0").parse().unwrap()
    }

    pub fn wait_until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            if let Ok(id) = std::fs::read_to_string(Layout::new(self.folder.join("data")).lock()) {
                let _ = Command::new("kill").args(["-KILL", id.trim()]).status();
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A client that publishes with QoS 1 and waits for each PUBACK.
pub struct Client(TcpStream, u16);

impl Client {
    pub fn connect(address: &str, id: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let connect = super::raw_mqtt::Connect::new(4, id).bytes();
        stream.write_all(&connect).unwrap();
        let mut connack = [0; 4];
        stream.read_exact(&mut connack).unwrap();
        assert_eq!(connack, [0x20, 2, 0, 0]);
        Self(stream, 0)
    }

    /// How long [`Client::publish`] waits for its PUBACK.
    pub fn patience(&self, patience: Duration) {
        self.0.set_read_timeout(Some(patience)).unwrap();
    }

    /// True if it was acknowledged.
    pub fn publish(&mut self, topic: &str, payload: &str) -> bool {
        self.1 += 1;
        let packet = super::raw_mqtt::publish(4, 1, self.1, topic, payload.as_bytes());
        self.0.write_all(&packet).is_ok() && self.is_acknowledged()
    }

    /// Waits for the PUBACK of the last message.
    pub fn is_acknowledged(&mut self) -> bool {
        let mut puback = [0; 4];
        match self.0.read_exact(&mut puback) {
            Ok(()) => {
                assert_eq!(puback, super::raw_mqtt::of_id(0x40, self.1)[..]);
                true
            }
            Err(_) => false,
        }
    }
}
