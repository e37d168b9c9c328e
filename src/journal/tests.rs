//! The journal against a model, and recovery from every torn tail and flipped bit.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;

use super::segment::{Disk, Header, RealDisk};
use super::*;
use crate::domain::digest::Sha256Digest;
use crate::domain::id::ProjectId;
use crate::domain::message::{BlobRef, Draft, Kind, Payload, Source};

fn draft(text: &str) -> Draft {
    Draft {
        project: ProjectId::parse("p").unwrap(),
        kind: Kind::Data,
        source: Source::MqttListener,
        client: "gw".into(),
        name: "mrv/v1/p/s/d".into(),
        payload: Payload::Inline(bytes::Bytes::copy_from_slice(text.as_bytes())),
        nonce: None,
    }
}

fn small() -> Options {
    let full_disk_pause = Duration::from_millis(1);
    Options { segment_bytes: 700, full_disk_pause, ..Options::default() }
}

fn open(folder: &Path) -> Journal {
    let mut now = 0;
    let clock = move || {
        now += 1;
        now
    };
    Journal::open(folder, 0, small(), clock).unwrap()
}

/// A runtime whose thread is this one, so that tests are plain functions.
fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn append(journal: &Journal, text: &str) -> Result<Appended, JournalError> {
    block(journal.append(vec![draft(text)]))
}

/// Ends the writer and waits until it has: the state's sender lives in its thread.
fn close(journal: Journal) {
    let mut state = journal.state();
    drop(journal);
    block(async { while state.changed().await.is_ok() {} });
}

fn read_all(folder: &Path, durable: Position) -> Result<Vec<String>, JournalError> {
    let mut reader = Reader::open(folder, 0);
    let mut texts = Vec::new();
    while let Some(record) = reader.next(durable)? {
        match record.message.payload {
            Payload::Inline(bytes) => texts.push(String::from_utf8(bytes.to_vec()).unwrap()),
            Payload::Blob(blob) => texts.push(format!("blob {}", blob.len)),
        }
    }
    Ok(texts)
}

fn reopened(folder: &Path) -> Result<Vec<String>, JournalError> {
    let journal = Journal::open(folder, 0, small(), || 0)?;
    let durable = *journal.durable().borrow();
    let texts = read_all(folder, durable);
    close(journal);
    texts
}

/// The last segment's bytes and path.
fn last_segment(folder: &Path) -> (std::path::PathBuf, Vec<u8>) {
    let (_, path) = segment::list(folder).unwrap().pop().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    (path, bytes)
}

/// Fails the next write or sync when told to.
#[derive(Clone, Default)]
struct Faults(Arc<Mutex<Fault>>);

#[derive(Default, Clone, Copy, PartialEq)]
enum Fault {
    #[default]
    None,
    Write(usize),
    Sync,
    Full(u32),
}

impl Faults {
    fn set(&self, fault: Fault) {
        *self.0.lock().unwrap() = fault;
    }
}

impl Disk for Faults {
    fn write_at(&mut self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut fault = self.0.lock().unwrap();
        match *fault {
            Fault::Write(count) => {
                RealDisk.write_at(file, &bytes[..count.min(bytes.len())], offset)?;
                Err(io::Error::other("injected write error"))
            }
            Fault::Full(times) if times > 0 => {
                *fault = Fault::Full(times - 1);
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => RealDisk.write_at(file, bytes, offset),
        }
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        match *self.0.lock().unwrap() {
            Fault::Sync => Err(io::Error::other("injected sync error")),
            _ => RealDisk.sync(file),
        }
    }

    fn create(&mut self, path: &Path, header: Header, len: u64) -> io::Result<File> {
        RealDisk.create(path, header, len)
    }
}

#[test]
fn what_was_appended_reads_back_with_every_field() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let blob =
        BlobRef { sha256: Sha256Digest([7; 32]), len: 1 << 40, commitment: Sha256Digest([9; 32]) };
    let blob = Draft { payload: Payload::Blob(blob), kind: Kind::Plan, ..draft("") };
    block(journal.append(vec![draft("one"), blob.clone()])).unwrap();
    let mut reader = Reader::open(folder.path(), 0);
    let durable = *journal.durable().borrow();
    let one = reader.next(durable).unwrap().unwrap();
    assert_eq!(one.message.received_at.us(), 1);
    assert_eq!(&*one.message.name, "mrv/v1/p/s/d");
    assert_eq!(one.message.payload, draft("one").payload);
    let two = reader.next(durable).unwrap().unwrap();
    assert_eq!((two.message.kind, two.message.payload), (Kind::Plan, blob.payload));
    assert_ne!(one.message.nonce, two.message.nonce);
    assert_eq!(one.next, two.position);
    assert!(reader.next(durable).unwrap().is_none());
    append(&journal, "three").unwrap();
    let durable = *journal.durable().borrow();
    assert!(reader.next(durable).unwrap().is_some(), "a reader goes on where it stood");
}

#[test]
fn a_clock_that_is_set_back_never_lowers_the_time_of_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let mut times = vec![5_000_000, 100, 7_000_000].into_iter();
    let clock = move || times.next().unwrap();
    let journal = Journal::open(folder.path(), 0, small(), clock).unwrap();
    for text in ["a", "b", "c"] {
        append(&journal, text).unwrap();
    }
    let durable = *journal.durable().borrow();
    let mut reader = Reader::open(folder.path(), 0);
    let received = std::iter::from_fn(|| reader.next(durable).unwrap());
    let received: Vec<i64> = received.map(|record| record.message.received_at.us()).collect();
    assert_eq!(received, [5_000_000, 5_000_000, 7_000_000]);
    close(journal);
    let journal = Journal::open(folder.path(), 0, small(), || 1).unwrap();
    append(&journal, "d").unwrap();
    let mut reader = Reader::open(folder.path(), durable);
    let last = reader.next(*journal.durable().borrow()).unwrap().unwrap();
    assert_eq!(last.message.received_at.us(), 7_000_000, "it survives a restart");
}

#[test]
fn a_torn_tail_at_every_byte_loses_nothing_that_was_synced() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::default();
    let journal = Journal::open_on(faults.clone(), folder.path(), 0, small(), || 1).unwrap();
    append(&journal, "synced").unwrap();
    faults.set(Fault::Sync);
    assert!(append(&journal, "torn").is_err());
    close(journal);
    let (path, whole) = last_segment(folder.path());
    let end = whole.len() - whole.iter().rev().take_while(|byte| **byte == 0).count();
    let tail = b"torn".len() + 60;
    for cut in end - tail..=end {
        let mut bytes = whole.clone();
        bytes[cut..].fill(0);
        std::fs::write(&path, &bytes).unwrap();
        let texts = reopened(folder.path()).unwrap();
        let expected: &[&str] = if cut == end { &["synced", "torn"] } else { &["synced"] };
        assert_eq!(texts, expected, "cut at byte {cut}");
        assert_eq!(reopened(folder.path()).unwrap(), expected, "recovered twice");
    }
}

#[test]
fn a_flipped_bit_in_any_byte_of_a_synced_record_is_refused_and_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    for text in ["first", "second", "third"] {
        append(&journal, text).unwrap();
    }
    close(journal);
    let (path, whole) = last_segment(folder.path());
    let end = whole.len() - whole.iter().rev().take_while(|byte| **byte == 0).count();
    // The last record is the marker: it proves the others and is itself never acknowledged.
    for at in 0..end - record::MARKER_BYTES {
        for bit in [0, 7] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            std::fs::write(&path, &bytes).unwrap();
            let error = reopened(folder.path()).unwrap_err();
            assert!(matches!(error, JournalError::Damaged { .. }), "byte {at}: {error}");
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "damage is left as it is");
        }
    }
}

#[test]
fn a_published_position_beyond_the_end_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let end = append(&journal, "a").unwrap().end;
    close(journal);
    assert!(Journal::open(folder.path(), end, small(), || 0).is_ok());
    assert!(Journal::open(folder.path(), end + 1_000, small(), || 0).is_err());
}

#[test]
fn a_failed_write_or_sync_acknowledges_nothing_and_stops_for_good() {
    for fault in [Fault::Sync, Fault::Write(0), Fault::Write(20), Fault::Write(1_000)] {
        let folder = tempfile::tempdir().unwrap();
        let faults = Faults::default();
        let journal = Journal::open_on(faults.clone(), folder.path(), 0, small(), || 1).unwrap();
        append(&journal, "kept").unwrap();
        let durable = *journal.durable().borrow();
        faults.set(fault);
        assert!(matches!(append(&journal, "lost"), Err(JournalError::Stopped(_))));
        faults.set(Fault::None);
        assert!(matches!(append(&journal, "later"), Err(JournalError::Stopped(_))));
        assert_eq!(*journal.durable().borrow(), durable);
        assert!(matches!(&*journal.state().borrow(), State::Stopped(_)));
        close(journal);
        assert_eq!(reopened(folder.path()).unwrap()[0], "kept");
    }
}

#[test]
fn a_full_disk_makes_appends_wait_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Faults::default();
    let journal = Journal::open_on(faults.clone(), folder.path(), 0, small(), || 1).unwrap();
    append(&journal, "before").unwrap();
    faults.set(Fault::Full(3));
    append(&journal, "after").unwrap();
    assert_eq!(*journal.state().borrow(), State::Ready);
    close(journal);
    assert_eq!(reopened(folder.path()).unwrap(), ["before", "after"]);
}

#[test]
fn segments_before_a_published_position_go_and_the_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let mut ends = Vec::new();
    for number in 0..40 {
        ends.push(append(&journal, &format!("message {number}")).unwrap().end);
    }
    let before = segment::list(folder.path()).unwrap().len();
    journal.remove_before(ends[19]).unwrap();
    assert!(segment::list(folder.path()).unwrap().len() < before);
    let mut reader = Reader::open(folder.path(), ends[19]);
    let rest = std::iter::from_fn(|| reader.next(ends[39]).unwrap()).count();
    assert_eq!(rest, 20);
    close(journal);
    assert!(reopened(folder.path()).unwrap().ends_with(&["message 39".to_owned()]));
}

#[test]
fn a_message_beyond_its_limits_is_refused_whole() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let long = Draft { name: "x".repeat(2_000).into(), ..draft("") };
    assert!(matches!(block(journal.append(vec![draft("a"), long])), Err(JournalError::Refused(_))));
    append(&journal, "b").unwrap();
    assert_eq!(read_all(folder.path(), *journal.durable().borrow()).unwrap(), ["b"]);
}

/// What a test does with a journal.
#[derive(Debug, Clone)]
enum Action {
    Append(Vec<u16>),
    Reopen,
    /// A group is written but not synced, then sectors of it are lost as at a power cut.
    Crash {
        lengths: Vec<u16>,
        lost: Vec<bool>,
    },
}

fn action() -> impl Strategy<Value = Action> {
    let lengths = prop::collection::vec(0u16..300, 1..6);
    prop_oneof![
        5 => lengths.clone().prop_map(Action::Append),
        1 => Just(Action::Reopen),
        2 => (lengths, prop::collection::vec(any::<bool>(), 1..24))
            .prop_map(|(lengths, lost)| Action::Crash { lengths, lost }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn recovery_keeps_every_synced_record(actions in prop::collection::vec(action(), 1..12)) {
        let folder = tempfile::tempdir().unwrap();
        let faults = Faults::default();
        let begin = || Journal::open_on(faults.clone(), folder.path(), 0, small(), || 1);
        let mut journal = begin().unwrap();
        let mut model: Vec<String> = Vec::new();
        let mut number = 0;
        let mut texts = |lengths: &[u16]| -> Vec<String> {
            lengths.iter().map(|length| {
                number += 1;
                format!("{number}:{}", "x".repeat(usize::from(*length)))
            }).collect()
        };
        for action in actions {
            match action {
                Action::Append(lengths) => {
                    let texts = texts(&lengths);
                    block(journal.append(texts.iter().map(|text| draft(text)).collect())).unwrap();
                    model.extend(texts);
                }
                Action::Reopen => {
                    close(journal);
                    journal = begin().unwrap();
                }
                Action::Crash { lengths, lost } => {
                    let unsynced = texts(&lengths);
                    faults.set(Fault::Sync);
                    let drafts = unsynced.iter().map(|text| draft(text)).collect();
                    prop_assert!(block(journal.append(drafts)).is_err());
                    let durable = *journal.durable().borrow();
                    close(journal);
                    faults.set(Fault::None);
                    lose_sectors(folder.path(), durable, &lost);
                    journal = begin().unwrap();
                    let end = *journal.durable().borrow();
                    let kept = read_all(folder.path(), end).unwrap();
                    prop_assert!(kept.starts_with(&model), "a synced record is gone");
                    let rest = kept[model.len()..].to_vec();
                    prop_assert!(unsynced.starts_with(&rest), "more than was ever sent");
                    model.extend(rest);
                }
            }
            let durable = *journal.durable().borrow();
            prop_assert_eq!(&read_all(folder.path(), durable).unwrap(), &model);
        }
        close(journal);
    }
}

/// Zeroes some 64-byte sectors behind the durable position, as a power cut may.
fn lose_sectors(folder: &Path, durable: Position, lost: &[bool]) {
    let Some((first, path)) = segment::list(folder).unwrap().pop() else { return };
    let mut bytes = std::fs::read(&path).unwrap();
    let from = usize::try_from(durable.saturating_sub(first)).unwrap().max(segment::HEADER_BYTES);
    for (sector, _) in lost.iter().enumerate().filter(|(_, lost)| **lost) {
        let at = from + sector * 64;
        if at < bytes.len() {
            let end = (at + 64).min(bytes.len());
            bytes[at..end].fill(0);
        }
    }
    std::fs::write(&path, bytes).unwrap();
}
