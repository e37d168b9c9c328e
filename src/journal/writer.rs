//! The writer: one thread, group commit, and the handle that sources append through.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use super::record::{self, PREFIX_BYTES};
use super::recovery::recover;
use super::segment::{self, Disk, HEADER_BYTES, Header, RealDisk};
use super::{JournalError, Position};
use crate::domain::message::{Draft, Nonce};

/// Limits of a journal.
#[derive(Debug, Clone)]
pub struct Options {
    /// Length of a segment: what one fsync of a preallocated file covers well. At least one record.
    pub segment_bytes: u64,
    /// Bytes that wait to be written; beyond it, appending waits.
    pub pending_bytes_max: usize,
    /// Appends that wait to be written; beyond it, appending waits.
    pub pending_appends_max: usize,
    /// Most bytes of one group: bounds the latency of its first message.
    pub group_bytes_max: usize,
    /// Pause before a write that found the disk full is tried again.
    pub full_disk_pause: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            pending_bytes_max: 64 << 20,
            pending_appends_max: 4_096,
            group_bytes_max: 8 << 20,
            full_disk_pause: Duration::from_millis(500),
        }
    }
}

/// Whether the journal takes messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Ready,
    /// The disk is full, or there are no file descriptors: appends wait until that ends.
    Full,
    /// A write or fsync failed: for good.
    Stopped(String),
}

/// An append that is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// First position after it.
    pub end: Position,
}

struct Append {
    records: Vec<u8>,
    reply: oneshot::Sender<Result<Appended, JournalError>>,
    /// Held until the append is resolved: bounds the bytes that wait.
    _permit: OwnedSemaphorePermit,
}

/// A handle to a running journal. When the last one is dropped, the writer ends.
#[derive(Clone)]
pub struct Journal {
    folder: Arc<Path>,
    appends: mpsc::Sender<Append>,
    pending: Arc<Semaphore>,
    /// All permits of `pending`.
    pending_permits: usize,
    durable: watch::Receiver<Position>,
    state: watch::Receiver<State>,
}

/// Bytes per permit of the semaphore that bounds pending bytes.
const PERMIT_BYTES: usize = 1_024;

impl Journal {
    /// Opens the journal of a folder and starts its writer. `published` is the least position that
    /// every project's COMMIT covers; `clock` gives wall time in microseconds.
    ///
    /// # Errors
    /// When a synced record is damaged, or the folder cannot be used.
    pub fn open(
        folder: &Path,
        published: Position,
        options: Options,
        clock: impl FnMut() -> i64 + Send + 'static,
    ) -> Result<Self, JournalError> {
        Self::open_on(RealDisk, folder, published, options, clock)
    }

    /// As [`Journal::open`], on a disk of the caller's.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_on(
        disk: impl Disk,
        folder: &Path,
        published: Position,
        options: Options,
        clock: impl FnMut() -> i64 + Send + 'static,
    ) -> Result<Self, JournalError> {
        std::fs::create_dir_all(folder).map_err(JournalError::io("create", folder))?;
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_folder(parent)?;
        }
        let recovered = recover(folder, published)?;
        if recovered.discarded > 0 {
            tracing::warn!(
                bytes = recovered.discarded,
                "journal: discarded a torn tail that was never acknowledged"
            );
        }
        let (appends, queue) = mpsc::channel(options.pending_appends_max);
        let (durable_sender, durable) = watch::channel(recovered.end);
        let (state_sender, state) = watch::channel(State::Ready);
        let pending = Arc::new(Semaphore::new(options.pending_bytes_max / PERMIT_BYTES));
        let segment =
            recovered.active.map(|(path, file, first, len)| Segment { path, file, first, len });
        let writer = Writer {
            folder: folder.to_owned(),
            disk: Box::new(disk),
            clock: Box::new(clock),
            options,
            segment,
            end: recovered.end,
            durable: recovered.end,
            received_at: recovered.received_at,
            durable_sender,
            state: state_sender,
        };
        let started =
            std::thread::Builder::new().name("journal".to_owned()).spawn(move || writer.run(queue));
        started.map_err(JournalError::io("start the writer of", folder))?;
        let pending_permits = pending.available_permits();
        Ok(Self { folder: folder.into(), appends, pending, pending_permits, durable, state })
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends messages in order and returns when all of them are on disk.
    ///
    /// # Errors
    /// When the journal has stopped; nothing of these messages may then be acknowledged. When a
    /// field is longer than its limit; nothing of them is then journaled.
    pub async fn append(&self, drafts: Vec<Draft>) -> Result<Appended, JournalError> {
        self.submit(drafts).await?.durable().await
    }

    /// Hands messages to the writer and returns as soon as it has them: what one caller submits in
    /// order is journaled in order. Waits while more waits than may; dropped before it returns,
    /// nothing of these messages is journaled.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn submit(&self, drafts: Vec<Draft>) -> Result<Ticket, JournalError> {
        let mut nonces = vec![0; drafts.len() * 16];
        getrandom::fill(&mut nonces).map_err(|error| JournalError::Stopped(error.to_string()))?;
        let mut records = Vec::with_capacity(drafts.len() * 256);
        for (draft, nonce) in drafts.iter().zip(nonces.as_chunks::<16>().0) {
            record::encode(&mut records, draft, draft.nonce.unwrap_or(Nonce(*nonce)))?;
        }
        let most = self.pending_permits_max();
        let permits = (records.len() / PERMIT_BYTES + 1).min(most);
        let permit = Arc::clone(&self.pending).acquire_many_owned(permits as u32).await;
        let permit = permit.map_err(|_| self.stopped())?;
        let (reply, answer) = oneshot::channel();
        let append = Append { records, reply, _permit: permit };
        self.appends.send(append).await.map_err(|_| self.stopped())?;
        Ok(Ticket { answer, state: self.state.clone() })
    }

    /// The position up to which everything is on disk.
    #[must_use]
    pub fn durable(&self) -> watch::Receiver<Position> {
        self.durable.clone()
    }

    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Removes segments of which every record lies before `published`; never the one being written.
    ///
    /// # Errors
    /// When a segment cannot be removed.
    pub fn remove_before(&self, published: Position) -> Result<(), JournalError> {
        let segments = segment::list(&self.folder)?;
        let done = segments.windows(2).filter(|pair| pair[1].0 <= published);
        for (number, pair) in done.enumerate() {
            if number > 0 {
                // The older one is gone for good before the next goes: a power cut leaves no hole.
                sync_folder(&self.folder)?;
            }
            let path = &pair[0].1;
            std::fs::remove_file(path).map_err(JournalError::io("remove", path))?;
        }
        Ok(())
    }

    fn pending_permits_max(&self) -> usize {
        // A group larger than all that may wait takes everything, instead of waiting for ever.
        self.pending_permits.max(1)
    }

    fn stopped(&self) -> JournalError {
        stopped(&self.state)
    }
}

/// Messages on their way to the disk. Dropping it takes nothing back.
pub struct Ticket {
    answer: oneshot::Receiver<Result<Appended, JournalError>>,
    state: watch::Receiver<State>,
}

impl Ticket {
    /// Returns when all of its messages are on disk. To be asked once.
    ///
    /// # Errors
    /// When the journal has stopped; nothing of these messages may then be acknowledged.
    pub async fn durable(&mut self) -> Result<Appended, JournalError> {
        (&mut self.answer).await.map_err(|_| stopped(&self.state))?
    }

    /// As [`Ticket::durable`], or `None` while they are not on disk. After an answer, to be asked no
    /// more.
    pub fn durable_already(&mut self) -> Option<Result<Appended, JournalError>> {
        match self.answer.try_recv() {
            Ok(answer) => Some(answer),
            Err(oneshot::error::TryRecvError::Empty) => None,
            Err(oneshot::error::TryRecvError::Closed) => Some(Err(stopped(&self.state))),
        }
    }
}

fn sync_folder(folder: &Path) -> Result<(), JournalError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(JournalError::io("sync", folder))
}

fn stopped(state: &watch::Receiver<State>) -> JournalError {
    match &*state.borrow() {
        State::Stopped(why) => JournalError::Stopped(why.clone()),
        _ => JournalError::Stopped("it was closed".to_owned()),
    }
}

struct Segment {
    path: PathBuf,
    file: File,
    first: Position,
    len: u64,
}

struct Writer {
    folder: PathBuf,
    disk: Box<dyn Disk>,
    clock: Box<dyn FnMut() -> i64 + Send>,
    options: Options,
    segment: Option<Segment>,
    /// Where the next record goes.
    end: Position,
    durable: Position,
    received_at: i64,
    durable_sender: watch::Sender<Position>,
    state: watch::Sender<State>,
}

impl Writer {
    fn run(mut self, mut queue: mpsc::Receiver<Append>) {
        let mut group = Vec::new();
        while let Some(first) = queue.blocking_recv() {
            let mut bytes = first.records.len();
            group.push(first);
            while bytes < self.options.group_bytes_max {
                match queue.try_recv() {
                    Ok(append) => {
                        bytes += append.records.len();
                        group.push(append);
                    }
                    Err(_) => break,
                }
            }
            match self.commit(&mut group) {
                Ok(ends) => {
                    self.durable = self.end;
                    self.durable_sender.send_replace(self.durable);
                    for (append, end) in group.drain(..).zip(ends) {
                        // A source that went away needs no answer; its message is kept all the same.
                        let _ = append.reply.send(Ok(Appended { end }));
                    }
                }
                Err(error) => return self.stop(error, group, &mut queue),
            }
            if queue.is_empty()
                && let Err(error) = self.write_marker()
            {
                return self.stop(error, group, &mut queue);
            }
        }
    }

    /// Writes and syncs a group; gives the end of each append.
    fn commit(&mut self, group: &mut [Append]) -> Result<Vec<Position>, JournalError> {
        let now = (self.clock)();
        if now + 1_000_000 < self.received_at {
            tracing::warn!(
                behind_us = self.received_at - now,
                "the clock was set back; times of receipt stand still until it has caught up"
            );
        }
        self.received_at = self.received_at.max(now);
        let mut ends = Vec::with_capacity(group.len());
        let mut pending = Vec::with_capacity(group.iter().map(|append| append.records.len()).sum());
        for append in group {
            let mut rest = append.records.as_mut_slice();
            while rest.len() >= PREFIX_BYTES {
                let (record, tail) = rest.split_at_mut(record::len(rest));
                rest = tail;
                if !self.fits(pending.len() + record.len()) {
                    self.write(&mut pending)?;
                    self.roll(record.len())?;
                }
                let position = self.end + pending.len() as u64;
                record::complete(record, position, self.durable, self.received_at);
                pending.extend_from_slice(record);
            }
            ends.push(self.end + pending.len() as u64);
        }
        self.write(&mut pending)?;
        self.sync()?;
        Ok(ends)
    }

    fn fits(&self, bytes: usize) -> bool {
        let Some(segment) = &self.segment else { return false };
        self.end - segment.first + bytes as u64 <= segment.len
    }

    /// Syncs the full segment and makes the next one.
    fn roll(&mut self, record_bytes: usize) -> Result<(), JournalError> {
        self.sync()?;
        let header = Header { first: self.end, received_at: self.received_at };
        let path = segment::path(&self.folder, self.end);
        let len = self.options.segment_bytes.max((HEADER_BYTES + record_bytes) as u64);
        let (folder, disk) = (&self.folder, &mut self.disk);
        let make = || disk.create(&path, header, len);
        let file = retry_while_full(&self.state, self.options.full_disk_pause, make)
            .map_err(JournalError::io("make a segment in", folder))?;
        self.segment = Some(Segment { path, file, first: self.end, len });
        self.end += HEADER_BYTES as u64;
        self.durable = self.end;
        Ok(())
    }

    fn write(&mut self, pending: &mut Vec<u8>) -> Result<(), JournalError> {
        let Some(segment) = &self.segment else { return Ok(()) };
        if pending.is_empty() {
            return Ok(());
        }
        let offset = self.end - segment.first;
        let disk = &mut self.disk;
        let write = || disk.write_at(&segment.file, pending, offset);
        retry_while_full(&self.state, self.options.full_disk_pause, write)
            .map_err(JournalError::io("write", &segment.path))?;
        self.end += pending.len() as u64;
        pending.clear();
        Ok(())
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        let Some(segment) = &self.segment else { return Ok(()) };
        self.disk.sync(&segment.file).map_err(JournalError::io("sync", &segment.path))
    }

    fn write_marker(&mut self) -> Result<(), JournalError> {
        if self.fits(record::MARKER_BYTES) {
            let marker = record::marker(self.end, self.durable, self.received_at);
            self.write(&mut marker.to_vec())?;
        }
        Ok(())
    }

    /// Answers everything that waits, now and later, with the reason; nothing is acknowledged.
    fn stop(self, error: JournalError, group: Vec<Append>, queue: &mut mpsc::Receiver<Append>) {
        let reason = error.to_string();
        tracing::error!(%reason, "the journal stops; nothing more is acknowledged");
        self.state.send_replace(State::Stopped(reason.clone()));
        queue.close();
        let rest = std::iter::from_fn(|| queue.try_recv().ok());
        for append in group.into_iter().chain(rest) {
            let _ = append.reply.send(Err(JournalError::Stopped(reason.clone())));
        }
    }
}

/// Repeats an operation that found the disk full, or no file descriptor, until there is one. It must be one that can be
/// repeated: the same bytes at the same place.
fn retry_while_full<T>(
    state: &watch::Sender<State>,
    pause: Duration,
    mut operation: impl FnMut() -> std::io::Result<T>,
) -> std::io::Result<T> {
    loop {
        match operation() {
            Err(error) if super::is_want(&error) => {
                if state.send_replace(State::Full) != State::Full {
                    tracing::error!(%error, "messages wait, nothing is acknowledged");
                }
                std::thread::sleep(pause);
            }
            result => {
                if *state.borrow() == State::Full {
                    state.send_replace(State::Ready);
                }
                return result;
            }
        }
    }
}
