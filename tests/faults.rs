//! Disks and systems that fail: what is damaged, full, slow or refused, and what the daemon promises
//! then. Faults of single calls are put in by strace, full and read-only disks are a small tmpfs, clocks
//! are set by libfaketime; where one is not there or not permitted, the test says what it left out.

mod raw_mqtt;
mod served;
mod strace;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use mrv::daemon::request::{Answer, Request};
use served::{Client, Served, record};

const CONFIG: &str = "[publish]\nseconds = 1\n[journal]\nsegment_bytes = 65536\n";

fn topic(project: &str) -> String {
    format!("mrv/v1/{project}/s/d")
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn a_damaged_project_is_parked_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut served = Served::prepare(folder.path(), CONFIG);
    served.start(&[]);
    served.apply_plan("sound");
    served.apply_plan("broken");
    let mut client = Client::connect(&served.mqtt, "g");
    assert!(client.publish(&topic("broken"), &record(0)));
    assert!(client.publish(&topic("sound"), &record(0)));
    assert_eq!(served.ask(&Request::Flush), Answer::Done);

    // While it runs: its log is shorter than what is published.
    let log = folder.path().join("data/log/project=broken");
    let (level, whole) = (log.join("level-0"), std::fs::read(log.join("level-0")).unwrap());
    std::fs::write(&level, &whole[..16]).unwrap();
    let (left, state) = (files(&log), files(&folder.path().join("data/state/project=broken")));
    assert!(client.publish(&topic("broken"), &record(1)), "acknowledged: the journal is sound");
    assert!(client.publish(&topic("sound"), &record(1)));
    let told = served.ask(&Request::Flush);
    assert!(matches!(&told, Answer::Failed { reason } if reason.contains("broken")), "{told:?}");
    let ready = served.get("/readyz");
    assert!(ready.starts_with("HTTP/1.1 200") && ready.contains("parked: broken"), "{ready}");
    assert_eq!(served.metric("mrv_projects_parked"), Some(1.0));
    assert_eq!(served.count("readings", "project = 'sound'"), 2);
    assert_eq!(files(&log), left, "nothing of it was written");
    served.leave();

    // At a start, and a kill after it.
    served.start(&[]);
    assert!(served.get("/readyz").contains("parked: broken"));
    let mut client = Client::connect(&served.mqtt, "g");
    for number in 2..40 {
        let long = format!("{}{}", record(number), " ".repeat(5_000));
        assert!(client.publish(&topic("broken"), &long));
        assert!(client.publish(&topic("sound"), &long));
    }
    served.signal("-KILL");
    served.ended(Duration::from_secs(10));
    served.start(&[]);
    let told = served.ask(&Request::Flush);
    assert!(matches!(told, Answer::Failed { .. }), "{told:?}");
    assert_eq!(served.count("readings", "project = 'sound'"), 40);
    assert_eq!(files(&log), left);
    assert_eq!(files(&folder.path().join("data/state/project=broken")), state);
    served.leave();

    // Repaired, it goes on where it stood: the journal kept everything.
    std::fs::write(&level, whole).unwrap();
    served.start(&[]);
    assert_eq!(served.ask(&Request::Flush), Answer::Done);
    assert_eq!(served.metric("mrv_projects_parked").unwrap_or(0.0), 0.0);
    assert_eq!(served.count("readings", "project = 'broken'"), 40);
    assert_eq!(served.count("refused", "project = 'sound'"), 0, "nothing was published twice");
    served.leave();
    let left = std::fs::read_dir(folder.path().join("data/journal")).unwrap().count();
    assert!(left <= 2, "{left} segments are kept for nobody");
}

/// A tmpfs of some bytes, mounted as long as this lives.
struct Small(tempfile::TempDir);

impl Small {
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "mrv-test"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        println!("LEFT OUT: a full disk; mounting a tmpfs needs root");
        None
    }

    fn resize(&self, size: &str) {
        assert!(self.remount(&format!("size={size}")));
    }

    /// Mounts it anew with other options; false where the system refuses.
    fn remount(&self, options: &str) -> bool {
        let options = format!("remount,{options}");
        let output = Command::new("mount").args(["-o", &options]).arg(self.0.path()).output();
        output.unwrap().status.success()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Publishes long messages until one is not acknowledged; gives how many were.
fn fill(client: &mut Client, from: u32) -> u32 {
    client.patience(Duration::from_secs(3));
    let mut number = from;
    loop {
        let long =
            format!("{}{}", record(number), " ".repeat(60_000 - (number as usize % 7) * 999));
        if !client.publish(&topic("p"), &long) {
            return number;
        }
        number += 1;
        assert!(number < from + 2_000, "the disk never became full");
    }
}

#[test]
fn a_full_disk_makes_gateways_wait_and_loses_nothing() {
    let Some(disk) = Small::mount("3m") else { return };
    let mut served = Served::prepare(disk.0.path(), CONFIG);
    served.start(&[]);
    served.apply_plan("p");
    let mut client = Client::connect(&served.mqtt, "g");
    let acknowledged = fill(&mut client, 0);
    served.wait_until("it is told", |served| !served.is_ready());
    let told = served.get("/readyz");
    assert!(told.starts_with("HTTP/1.1 503") && told.contains("disk full"), "{told}");
    assert!(served.get("/healthz").starts_with("HTTP/1.1 200"));

    // Space returns: the message that waited is acknowledged, without a restart.
    disk.resize("64m");
    client.patience(served::PATIENCE);
    assert!(client.is_acknowledged());
    served.wait_until("it is ready", Served::is_ready);
    assert!(client.publish(&topic("p"), &record(acknowledged + 1)));
    assert_eq!(served.ask(&Request::Flush), Answer::Done);
    assert_eq!(served.count("readings", "1 = 1"), u64::from(acknowledged) + 2);
    served.leave();
}

#[test]
fn sigterm_on_a_full_disk_ends_in_bounded_time_and_loses_nothing() {
    let Some(disk) = Small::mount("3m") else { return };
    let mut served = Served::prepare(disk.0.path(), CONFIG);
    served.start(&[]);
    served.apply_plan("p");
    let mut client = Client::connect(&served.mqtt, "g");
    let acknowledged = fill(&mut client, 0);
    // A dropped file waits too.
    let inbox = served.layout().inbox(&mrv::domain::id::ProjectId::parse("p").unwrap());
    let _ = std::fs::write(inbox.join("x.csv"), "ts\n");
    served.wait_until("it is told", |served| !served.is_ready());
    let begun = Instant::now();
    served.signal("-TERM");
    let status = served.ended(Duration::from_secs(30));
    println!("ended with {status} after {:?}", begun.elapsed());
    assert!(status.success(), "{status}");
    disk.resize("64m");
    served.start(&[]);
    assert_eq!(served.ask(&Request::Flush), Answer::Done);
    let readings = served.count("readings", "1 = 1");
    // The one that waited was never acknowledged: it may be there or not.
    assert!((u64::from(acknowledged)..=u64::from(acknowledged) + 1).contains(&readings));
    served.leave();
}

/// strace that puts a fault into calls on a path.
fn faulty(path: &Path, fault: &str) -> Vec<String> {
    let words = ["strace", "-f", "-qq", "-o", "/dev/null", "-P"];
    let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    words.push(path.display().to_string());
    words.extend(["-e".to_owned(), format!("inject={fault}")]);
    words
}

fn start_faulty(served: &mut Served, path: &Path, fault: &str) {
    let words = faulty(path, fault);
    served.start(&words.iter().map(String::as_str).collect::<Vec<_>>());
}

fn can_trace() -> bool {
    let can = strace::is_there();
    if !can {
        println!("LEFT OUT: faults of single calls; strace is absent or may not trace here");
    }
    can
}

#[test]
fn a_journal_that_cannot_be_written_acknowledges_nothing_and_ends_with_70() {
    if !can_trace() {
        return;
    }
    for fault in [
        "fdatasync:error=EIO:when=9+",
        "pwrite64:error=EIO:when=15+",
        "pwrite64:error=EROFS:when=15+",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut served = Served::prepare(folder.path(), "[publish]\nseconds = 3600\n");
        served.start(&[]);
        served.apply_plan("p");
        served.leave();
        let journal = folder.path().join("data/journal");
        let segment = std::fs::read_dir(&journal).unwrap().next().unwrap().unwrap().path();
        start_faulty(&mut served, &segment, fault);
        let mut client = Client::connect(&served.mqtt, "g");
        let acknowledged =
            (0..100).take_while(|n| client.publish(&topic("p"), &record(*n))).count();
        assert!((1..100).contains(&acknowledged), "{fault}: {acknowledged} acknowledged");
        let status = served.ended(Duration::from_secs(60));
        assert_eq!(status.code(), Some(70), "{fault}");
        served.start(&[]);
        assert_eq!(served.ask(&Request::Flush), Answer::Done);
        let readings = served.count("readings", "1 = 1");
        // What was written before the fault and never acknowledged may be there.
        assert!(readings >= acknowledged as u64 && readings <= acknowledged as u64 + 1, "{fault}");
        served.leave();
    }
}

#[test]
fn a_disk_that_is_full_for_a_moment_is_waited_for() {
    if !can_trace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut served = Served::prepare(folder.path(), "[publish]\nseconds = 3600\n");
    served.start(&[]);
    served.apply_plan("p");
    served.leave();
    let journal = folder.path().join("data/journal");
    let segment = std::fs::read_dir(&journal).unwrap().next().unwrap().unwrap().path();
    start_faulty(&mut served, &segment, "pwrite64:error=ENOSPC:when=5..8");
    let mut client = Client::connect(&served.mqtt, "g");
    for number in 0..10 {
        assert!(client.publish(&topic("p"), &record(number)), "message {number}");
    }
    assert_eq!(served.ask(&Request::Flush), Answer::Done);
    assert_eq!(served.count("readings", "1 = 1"), 10);
    served.leave();
}

#[test]
fn tables_that_cannot_be_written_park_their_project_alone() {
    if !can_trace() {
        return;
    }
    for fault in ["fsync:error=EIO", "fsync:error=EROFS"] {
        let folder = tempfile::tempdir().unwrap();
        let mut served = Served::prepare(folder.path(), CONFIG);
        served.start(&[]);
        served.apply_plan("bad");
        served.apply_plan("good");
        served.leave();
        let staging = folder.path().join("data/staging/project=bad");
        start_faulty(&mut served, &staging, fault);
        let mut client = Client::connect(&served.mqtt, "g");
        for project in ["bad", "good"] {
            assert!(client.publish(&topic(project), &record(0)));
        }
        let told = served.ask(&Request::Flush);
        assert!(matches!(&told, Answer::Failed { reason } if reason.contains("bad")), "{told:?}");
        assert_eq!(served.count("readings", "project = 'good'"), 1);
        assert_eq!(served.count("readings", "project = 'bad'"), 0);
        served.leave();
        served.start(&[]);
        assert_eq!(served.ask(&Request::Flush), Answer::Done);
        assert_eq!(served.count("readings", "project = 'bad'"), 1, "{fault}");
        served.leave();
    }
}

#[test]
fn a_slow_disk_slows_acknowledgements_and_groups_them() {
    if !can_trace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut served = Served::prepare(folder.path(), "[publish]\nseconds = 3600\n");
    served.start(&[]);
    served.apply_plan("p");
    served.leave();
    let journal = folder.path().join("data/journal");
    let segment = std::fs::read_dir(&journal).unwrap().next().unwrap().unwrap().path();
    start_faulty(&mut served, &segment, "fdatasync:delay_enter=300000");
    let begun = Instant::now();
    let address = served.mqtt.clone();
    let clients: Vec<_> = (0..20)
        .map(|number: u32| {
            let address = address.clone();
            std::thread::spawn(move || {
                let mut client = Client::connect(&address, &format!("g{number}"));
                (0..3).all(|one| client.publish(&topic("p"), &record(number * 3 + one)))
            })
        })
        .collect();
    assert!(clients.into_iter().all(|client| client.join().unwrap()));
    let took = begun.elapsed();
    // Each waits for one or two syncs; one by one, 60 messages would take 18 s.
    assert!(took > Duration::from_millis(900), "acknowledged before the disk was done: {took:?}");
    assert!(took < Duration::from_secs(9), "each waited for all others: {took:?}");
    assert_eq!(served.ask(&Request::Flush), Answer::Done);
    assert_eq!(served.count("readings", "1 = 1"), 60);
    served.leave();
}

#[test]
fn without_descriptors_connections_wait_and_nothing_is_lost() {
    let Ok(output) = Command::new("prlimit").arg("--version").output() else {
        println!("LEFT OUT: the limit of descriptors; prlimit is absent");
        return;
    };
    assert!(output.status.success());
    let folder = tempfile::tempdir().unwrap();
    let mut served = Served::prepare(folder.path(), CONFIG);
    served.start(&["prlimit", "--nofile=48:48"]);
    served.apply_plan("p");
    let mut client = Client::connect(&served.mqtt, "first");
    assert!(client.publish(&topic("p"), &record(0)));
    let many: Vec<_> =
        (0..100).filter_map(|_| std::net::TcpStream::connect(&served.mqtt).ok()).collect();
    assert_eq!(many.len(), 100, "the system takes them, the daemon does not yet");
    for number in 1..20 {
        assert!(client.publish(&topic("p"), &record(number)), "the one that is in is served");
    }
    drop(many);
    let mut late = Client::connect(&served.mqtt, "late");
    assert!(late.publish(&topic("p"), &record(20)));
    served.wait_until("all is published", |served| {
        served.ask(&Request::Flush) == Answer::Done && served.count("readings", "1 = 1") == 21
    });
    served.leave();
}

/// What makes a program believe another time of day; `None`, with a word, where it is not installed.
fn false_clock(told: &Path) -> Option<Vec<String>> {
    let libraries = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"];
    let library = |folder: &&str| Path::new(folder).join("faketime/libfaketimeMT.so.1");
    let Some(library) = libraries.iter().map(library).find(|path| path.exists()) else {
        println!("LEFT OUT: a clock that is set; libfaketime is absent");
        return None;
    };
    let mut words = vec!["env".to_owned(), format!("LD_PRELOAD={}", library.display())];
    words.push(format!("FAKETIME_TIMESTAMP_FILE={}", told.display()));
    // The machine's own steps alter the time of day alone: neither what has passed nor times of files.
    let settings = ["FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1"];
    words.extend(settings.map(str::to_owned));
    Some(words)
}

#[test]
fn a_clock_that_is_set_back_and_forward_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("clock");
    let Some(words) = false_clock(&told) else { return };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    std::fs::write(&told, "+0").unwrap();
    let mut served = Served::prepare(folder.path(), CONFIG);
    served.start(&words);
    served.apply_plan("p");
    let mut client = Client::connect(&served.mqtt, "g");
    let inbox = served.layout().inbox(&mrv::domain::id::ProjectId::parse("p").unwrap());
    let received = |served: &Served| {
        let sql = "SELECT received_at FROM messages ORDER BY leaf";
        let answer = mrv::dataset::query::query(&served.layout(), sql).unwrap();
        answer.rows.into_iter().map(|row| row[0].clone().unwrap()).collect::<Vec<String>>()
    };
    let mut number = 0;
    // By seconds: hours back, a day ahead, a month back, and over a restart.
    for step in ["-7200", "+86400", "-2592000", "+0"] {
        std::fs::write(&told, step).unwrap();
        for _ in 0..5 {
            assert!(client.publish(&topic("p"), &record(number)), "after a step to {step}");
            number += 1;
        }
        // A file that was written while the clock said something else is taken all the same.
        std::fs::write(inbox.join(format!("step{step}.txt")), "no reader reads this").unwrap();
        served.wait_until("the file is taken", |_| {
            inbox.join(format!("done/step{step}.txt")).exists()
        });
        assert_eq!(served.ask(&Request::Flush), Answer::Done);
        assert!(served.is_ready());
        let received = received(&served);
        assert!(received.is_sorted(), "times of receipt decrease: {received:?}");
        if step == "+86400" {
            served.leave();
            std::fs::write(&told, "-86400").unwrap();
            served.start(&words);
            client = Client::connect(&served.mqtt, "g");
        }
    }
    assert_eq!(served.count("readings", "1 = 1"), u64::from(number));
    served.leave();
}

#[test]
fn a_folder_that_is_read_only_is_refused_with_a_word_and_left_as_it_is() {
    let Some(disk) = Small::mount("64m") else { return };
    let mut served = Served::prepare(disk.0.path(), CONFIG);
    served.start(&[]);
    served.apply_plan("p");
    let mut client = Client::connect(&served.mqtt, "g");
    assert!(client.publish(&topic("p"), &record(0)));
    // While it writes, the system itself refuses to make the disk read-only.
    assert!(!disk.remount("ro"), "a disk with files open for writing became read-only");
    assert!(client.publish(&topic("p"), &record(1)));
    assert_eq!(served.ask(&Request::Flush), Answer::Done);
    served.leave();

    let left = files(disk.0.path());
    assert!(disk.remount("ro"));
    let said = Command::new(env!("CARGO_BIN_EXE_mrv"))
        .arg("serve")
        .current_dir(disk.0.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success() && text.contains("Read-only file system"), "{text}");
    assert!(
        text.contains(&disk.0.path().display().to_string()) || text.contains("data/"),
        "{text}"
    );
    // What is published can be read there, and checked.
    assert_eq!(served.count("readings", "1 = 1"), 2);
    let checked = Command::new(env!("CARGO_BIN_EXE_mrv"))
        .args(["log", "verify", "--project", "p"])
        .current_dir(disk.0.path())
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    assert_eq!(files(disk.0.path()), left);

    assert!(disk.remount("rw"));
    served.start(&[]);
    let mut client = Client::connect(&served.mqtt, "g");
    assert!(client.publish(&topic("p"), &record(2)));
    assert_eq!(served.ask(&Request::Flush), Answer::Done);
    assert_eq!(served.count("readings", "1 = 1"), 3);
    served.leave();
}
