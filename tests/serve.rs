//! The daemon as a process: doors, one writer, commands over the control socket, the inbox, and an
//! end in good order.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest wait for anything; a test that needs it has failed.
const PATIENCE: Duration = Duration::from_secs(60);

const CONFIG: &str = "[listener]\naddress = \"127.0.0.1:0\"\n[http]\naddress = \"127.0.0.1:0\"\n\
    [publish]\nseconds = 1\n[inbox]\nrescan_seconds = 1\n[journal]\nsegment_bytes = 1048576\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join("mrv.toml"), CONFIG).unwrap();
        folder.mrv(&["init"]);
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_mrv"))
            .args(arguments)
            .arg("--json")
            .current_dir(self.path())
            .output()
            .unwrap()
    }

    fn mrv(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "mrv {arguments:?}: {error}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn apply_demo_plan(&self) {
        let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/projects/demo-solar.toml");
        self.mrv(&["plan", "apply", plan.to_str().unwrap()]);
    }

    fn count(&self, table: &str) -> u64 {
        let answer = self.mrv(&["query", &format!("SELECT COUNT(*) AS n FROM {table}")]);
        answer[0]["n"].as_str().unwrap().parse().unwrap()
    }
}

/// A running daemon, ended by its id whatever the test does.
struct Daemon {
    child: Child,
    mqtt: String,
    http: String,
}

impl Daemon {
    fn start(folder: &Folder) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mrv"))
            .args(["serve", "--json"])
            .current_dir(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let line: Value = serde_json::from_str(&line).ok()?;
            (line["fields"]["message"] == "ready").then(|| line["fields"].clone())
        });
        let ready = ready.expect("the daemon did not get ready");
        // Somebody must read on, or the daemon would wait for its log to be read.
        std::thread::spawn(move || lines.for_each(drop));
        let address = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self { child, mqtt: address("mqtt"), http: address("http") }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.http).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn publish(&self, user: &str, password: &str, topic: &str, payload: &str) {
        let (host, port) = self.mqtt.split_once(':').unwrap();
        let status = Command::new("mosquitto_pub")
            .args(["-h", host, "-p", port, "-u", user, "-P", password, "-q", "1", "-t", topic])
            .args(["-m", payload])
            .status()
            .expect("mosquitto_pub is absent; run `make setup`");
        assert!(status.success());
    }

    /// Sends a signal and waits for the end; gives the exit code.
    fn end(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Ended already in every test that passes.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

fn record(minute: u32, value: u32) -> String {
    format!(r#"{{"ts":"2025-03-01T00:{minute:02}:00Z","values":{{"EG":{value}}}}}"#)
}

#[test]
fn what_is_acknowledged_stands_in_the_tables_after_sigterm() {
    let folder = Folder::new();
    folder.apply_demo_plan();
    let account = folder.mrv(&["gateway", "add", "--project", "demo-solar", "--site", "roof", "g"]);
    let password = account["password"].as_str().unwrap();
    let daemon = Daemon::start(&folder);
    for minute in [0, 15, 30] {
        daemon.publish("g", password, "mrv/v1/demo-solar/roof/meter-1", &record(minute, minute));
    }
    assert_eq!(daemon.end("-TERM"), Some(0));
    assert_eq!(folder.count("readings"), 3);
    assert_eq!(folder.count("intervals"), 2);
    assert!(!folder.path().join("data/control.sock").exists());
    let verified = folder.mrv(&["log", "verify"]);
    assert_eq!(verified[0]["findings"].as_array().unwrap().len(), 0);
}

#[test]
fn what_is_acknowledged_survives_a_kill() {
    let folder = Folder::new();
    folder.apply_demo_plan();
    let account = folder.mrv(&["gateway", "add", "--project", "demo-solar", "--site", "roof", "g"]);
    let password = account["password"].as_str().unwrap();
    let daemon = Daemon::start(&folder);
    daemon.publish("g", password, "mrv/v1/demo-solar/roof/meter-1", &record(0, 7));
    assert_eq!(daemon.end("-KILL"), None);
    let daemon = Daemon::start(&folder);
    assert_eq!(daemon.end("-TERM"), Some(0));
    assert_eq!(folder.count("readings"), 1);
}

#[test]
fn a_folder_has_one_daemon_and_commands_reach_it() {
    let folder = Folder::new();
    let daemon = Daemon::start(&folder);
    assert!(daemon.get("/healthz").starts_with("HTTP/1.1 200"));
    assert!(daemon.get("/readyz").contains("ready"));

    let second = folder.run(&["serve"]);
    assert_eq!(second.status.code(), Some(5));
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(told.contains("another mrv process"), "{told}");

    folder.apply_demo_plan();
    assert_eq!(folder.mrv(&["plan", "show", "demo-solar"])["plans"][0]["number"], 1);
    let again = folder.run(&[
        "plan",
        "apply",
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("pipelines/projects/demo-solar.toml")
            .to_str()
            .unwrap(),
    ]);
    assert_eq!(again.status.code(), Some(5), "plan 1 cannot follow plan 1");
    assert!(daemon.get("/checkpoint/demo-solar").contains("mrv.local/demo-solar"));
    assert!(daemon.get("/checkpoint/..%2f..%2fkeys").starts_with("HTTP/1.1 404"));
    assert!(daemon.get("/metrics").contains("mrv_"));
    assert_eq!(daemon.end("-INT"), Some(0));
}

#[test]
fn a_dropped_file_is_done_and_answered() {
    let folder = Folder::new();
    folder.apply_demo_plan();
    let daemon = Daemon::start(&folder);
    let inbox = folder.path().join("data/inbox/demo-solar");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tour/check_2025-01.csv");
    std::fs::copy(source, inbox.join("check_2025-01.csv.part")).unwrap();
    std::fs::rename(inbox.join("check_2025-01.csv.part"), inbox.join("check_2025-01.csv")).unwrap();
    let result: PathBuf = inbox.join("done/check_2025-01.csv.result.json");
    wait_until("the result is there", || result.is_file());
    let result: Value = serde_json::from_slice(&std::fs::read(&result).unwrap()).unwrap();
    assert_eq!(result["readings"], 191);
    assert_eq!(result["refused"]["V-DUP"], 1);
    assert_eq!(result["refused"]["V-MISSING"], 1);
    assert!(!inbox.join("check_2025-01.csv").exists());
    assert_eq!(daemon.end("-TERM"), Some(0));
}

#[test]
fn decisions_and_corrections_alter_intervals_and_overwrite_nothing() {
    let folder = Folder::new();
    folder.apply_demo_plan();
    let account = folder.mrv(&["gateway", "add", "--project", "demo-solar", "--site", "roof", "g"]);
    let password = account["password"].as_str().unwrap();
    let daemon = Daemon::start(&folder);
    let power = |minute: u32, value: u32| {
        format!(r#"{{"ts":"2025-03-01T04:{minute:02}:00Z","values":{{"P":{value}}}}}"#)
    };
    let topic = "mrv/v1/demo-solar/roof/inverter-2";
    for (minute, value) in [(0, 10), (15, 20), (15, 24), (30, 40)] {
        daemon.publish("g", password, topic, &power(minute, value));
    }
    let quality = |minute: u32| {
        let sql = format!(
            "SELECT quality, value FROM intervals WHERE quantity = 'P' AND count > 0 \
             ORDER BY start LIMIT 1 OFFSET {}",
            minute / 15
        );
        let answer = folder.mrv(&["query", &sql]);
        let text = |name: &str| answer[0][name].as_str().map(str::to_owned);
        (text("quality").unwrap(), text("value"))
    };
    let subject = ["--project", "demo-solar", "--channel", "roof/inverter-2/P", "--reason", "r"];
    let act = |command: &str, rest: &[&str]| {
        folder.mrv(&[&[command], &subject[..], rest].concat());
    };
    // An act is recorded after everything received before it is published.
    act("correct", &["--at", "2025-03-01T04:30:00Z", "--old", "40", "--new", "4"]);
    assert_eq!(quality(15), ("K".to_owned(), None));
    assert_eq!(quality(30), ("M".to_owned(), Some("1.000000".to_owned())));
    act("decide", &["--at", "2025-03-01T04:15:00Z", "--value", "24"]);
    assert_eq!(quality(15), ("M".to_owned(), Some("6.000000".to_owned())));
    assert_eq!((folder.count("readings"), folder.count("conflicts")), (3, 1));
    assert_eq!(daemon.end("-TERM"), Some(0));
}

#[test]
fn a_seal_stands_on_messages_alone_and_a_false_log_is_neither_signed_nor_sealed() {
    let folder = Folder::new();
    folder.apply_demo_plan();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tour/check_2025-01.csv");
    let ingest = ["ingest", "--project", "demo-solar", source.to_str().unwrap()];
    folder.mrv(&ingest);
    // Somebody deletes derived rows: a seal counts what the messages say.
    let tables = folder.path().join("data/tables");
    std::fs::remove_dir_all(tables.join("intervals/project=demo-solar")).unwrap();
    let names = ["--prepared-by", "Ann", "--reviewed-by", "Ben"];
    let close = |from: &str, to: &str, more: &[&str]| {
        let base = ["period", "close", "--project", "demo-solar", "--from", from, "--to", to];
        folder.run(&[&base[..], more].concat())
    };
    let sealed = close("2025-01-01", "2025-01-31", &names);
    assert!(sealed.status.success(), "{}", String::from_utf8_lossy(&sealed.stderr));
    let sealed: Value = serde_json::from_slice(&sealed.stdout).unwrap();
    assert_eq!(sealed["report"]["items"]["readings"], 191);
    let reports = PathBuf::from(sealed["folder"].as_str().unwrap());
    assert!(reports.ends_with("2025-01-01_2025-01-31/v1"));
    let check = sealed["report"]["channels"].as_array().unwrap();
    let check = check.iter().find(|c| c["channel"] == "roof/check-meter/EG_check").unwrap();
    assert_ne!(check["months"][0]["measured"], Value::Null, "intervals were computed anew");

    assert_eq!(close("2025-01-31", "2025-02-28", &names).status.code(), Some(5), "overlap");
    assert_eq!(
        close("2024-01-01", "2024-01-31", &names).status.code(),
        Some(5),
        "before crediting"
    );
    let one_name = close("2025-02-01", "2025-02-28", &["--prepared-by", "Ann"]);
    assert_eq!(one_name.status.code(), Some(2), "one name seals nothing");
    assert_eq!(
        folder.mrv(&["period", "show", "--project", "demo-solar"]).as_array().unwrap().len(),
        1
    );

    let level = folder.path().join("data/log/project=demo-solar/level-0");
    let mut bytes = std::fs::read(&level).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&level, bytes).unwrap();
    let refused = folder.run(&ingest);
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("nothing more is signed"), "{told}");
    assert_eq!(folder.run(&["log", "verify"]).status.code(), Some(1));
}

#[test]
fn acts_without_sense_are_refused_before_they_are_recorded() {
    let folder = Folder::new();
    folder.apply_demo_plan();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/tour/check_2025-01.csv");
    folder.mrv(&["ingest", "--project", "demo-solar", source.to_str().unwrap()]);
    let base = ["--project", "demo-solar"];
    let channel = ["--channel", "roof/check-meter/EG_check"];
    let at = ["--at", "2025-01-01T02:00:00Z"];
    for (command, rest, told) in [
        ("decide", [&channel[..], &at, &["--value", "1", "--reason", ""]].concat(), "reason"),
        (
            "decide",
            [&["--channel", "roof/nope/EG"], &at[..], &["--value", "1", "--reason", "r"]].concat(),
            "no plan has a channel",
        ),
        (
            "decide",
            [&channel[..], &["--at", "2025-01-01T02:01:00Z", "--value", "1", "--reason", "r"]]
                .concat(),
            "no reading stamped",
        ),
        (
            "correct",
            [&channel[..], &at, &["--old", "1", "--new", "2", "--reason", "r"]].concat(),
            "name the value as it is stored",
        ),
    ] {
        let output = folder.run(&[&[command], &base[..], &rest].concat());
        assert_eq!(output.status.code(), Some(5), "{command} {rest:?}");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains(told), "{command} {rest:?}: {said}");
    }
}
