//! The publisher: one thread that reads the journal and publishes batches of each project.
//!
//! A batch is cut after [`Options::every`], at [`Options::bytes`], or when somebody asks. A project
//! that cannot be published is opened anew and tried again; a full disk is waited for, and a want of file
//! descriptors; a project that fails otherwise is parked ([`super::parked`]) and the others go on. Only a journal that cannot be
//! read stops the thread, and with it the daemon.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use super::parked::{Parked, Shown};
use super::{DaemonError, period};
use crate::dataset::layout::Layout;
use crate::domain::id::ProjectId;
use crate::domain::message::Message;
use crate::journal::{self, Journal, Position, Reader};
use crate::publish::{Project, PublishError, Signer};

/// When batches are cut.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Longest time a message waits.
    pub every: Duration,
    /// Bytes of messages that wait at most.
    pub bytes: u64,
    /// Shortest time between two computations of intervals, unless somebody asks.
    pub intervals_every: Duration,
}

/// How often the journal is looked at when nothing happens.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Times a project is opened anew before it is parked.
const ATTEMPTS_MAX: u32 = 3;
/// Pause before a full disk is tried again.
const FULL_DISK_PAUSE: Duration = Duration::from_millis(500);
/// Batches of all projects after which small files are looked for.
const BATCHES_TO_MERGE: u32 = 16;
/// Bytes counted for a message besides its payload.
const MESSAGE_BYTES: u64 = 256;

type Look = Box<dyn FnOnce(Option<&mut Project>) + Send>;

enum Command {
    /// Publish everything that is durable now, intervals too.
    Flush(oneshot::Sender<Result<(), String>>),
    Look(ProjectId, Look),
    Stop,
}

/// What the publisher is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Running,
    /// The disk is full, or there are no file descriptors: batches wait.
    Full,
    Stopped(String),
}

/// A handle to the running thread.
#[derive(Clone)]
pub struct Publisher {
    commands: Sender<Command>,
    state: watch::Receiver<State>,
    /// Projects that are known, for the doors.
    projects: Arc<std::sync::RwLock<Vec<ProjectId>>>,
    parked: Shown,
    /// The end has begun: a full disk is no longer waited for.
    is_ending: Arc<AtomicBool>,
}

impl Publisher {
    /// Starts the thread for the projects that could be opened and those that could not. Gives the
    /// handle and what to join at the end.
    ///
    /// # Errors
    /// When there can be no further thread.
    pub fn start(
        layout: &Layout,
        journal: Journal,
        signer: Signer,
        options: Options,
        opened: BTreeMap<ProjectId, Project>,
        parked: Parked,
    ) -> Result<(Self, std::thread::JoinHandle<()>), DaemonError> {
        let (commands, received) = channel();
        let (state_sender, state) = watch::channel(State::Running);
        let known = opened.keys().chain(parked.projects()).cloned().collect();
        let projects = Arc::new(std::sync::RwLock::new(known));
        let shown = parked.shown();
        let is_ending = Arc::new(AtomicBool::new(false));
        let durable = journal.durable();
        let thread = Thread {
            layout: layout.clone(),
            reader: Reader::open(journal.folder(), 0),
            journal,
            durable,
            signer,
            options,
            projects: opened,
            names: Arc::clone(&projects),
            pending: BTreeMap::new(),
            pending_bytes: 0,
            pending_since: None,
            intervals_at: None,
            batches: 0,
            state: state_sender,
            parked,
            published_to: 0,
            is_ending: Arc::clone(&is_ending),
        };
        let started = std::thread::Builder::new()
            .name("publisher".to_owned())
            .spawn(move || thread.run(&received));
        let joined = started.map_err(DaemonError::io("start the publisher of", layout.root()))?;
        Ok((Self { commands, state, projects, parked: shown, is_ending }, joined))
    }

    /// Publishes everything that is durable now and returns when it stands in all tables.
    ///
    /// # Errors
    /// When the publisher has stopped.
    pub async fn flush(&self) -> Result<(), DaemonError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Flush(reply)).map_err(|_| self.stopped())?;
        let result = answer.await.map_err(|_| self.stopped())?;
        result.map_err(DaemonError::PublisherStopped)
    }

    /// Looks at a project between two batches; `None` where there is no such project.
    ///
    /// # Errors
    /// When the publisher has stopped.
    pub async fn look<T: Send + 'static>(
        &self,
        project: &ProjectId,
        look: impl FnOnce(Option<&mut Project>) -> T + Send + 'static,
    ) -> Result<T, DaemonError> {
        let (reply, answer) = oneshot::channel();
        let look: Look = Box::new(move |project| {
            // Whoever asked may have gone away; nothing is lost then.
            let _ = reply.send(look(project));
        });
        self.commands.send(Command::Look(project.clone(), look)).map_err(|_| self.stopped())?;
        answer.await.map_err(|_| self.stopped())
    }

    /// True if the project has a state: its plan was applied here.
    #[must_use]
    pub fn is_known(&self, project: &ProjectId) -> bool {
        self.projects.read().is_ok_and(|known| known.contains(project))
    }

    /// The projects that are parked, with the reasons.
    #[must_use]
    pub fn parked(&self) -> BTreeMap<ProjectId, String> {
        self.parked.read().map(|parked| parked.clone()).unwrap_or_default()
    }

    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Publishes what is left and ends the thread; on a full disk what is left stays in the journal.
    pub fn stop(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
        // A thread that has ended needs no stopping.
        let _ = self.commands.send(Command::Stop);
    }

    fn stopped(&self) -> DaemonError {
        let why = match &*self.state.borrow() {
            State::Stopped(why) => why.clone(),
            _ => "it was closed".to_owned(),
        };
        DaemonError::PublisherStopped(why)
    }
}

struct Thread {
    layout: Layout,
    journal: Journal,
    durable: watch::Receiver<Position>,
    reader: Reader,
    signer: Signer,
    options: Options,
    projects: BTreeMap<ProjectId, Project>,
    names: Arc<std::sync::RwLock<Vec<ProjectId>>>,
    /// Messages read and not published, with the position after each.
    pending: BTreeMap<ProjectId, Vec<(Message, Position)>>,
    pending_bytes: u64,
    pending_since: Option<Instant>,
    intervals_at: Option<Instant>,
    /// Batches since small files were looked for.
    batches: u32,
    state: watch::Sender<State>,
    parked: Parked,
    /// Journal records before this position are published, but for those of parked projects.
    published_to: Position,
    is_ending: Arc<AtomicBool>,
}

impl Thread {
    fn run(mut self, commands: &Receiver<Command>) {
        let result = self.work(commands);
        let why = match result {
            Ok(()) => "it was closed".to_owned(),
            Err(error) => {
                tracing::error!(%error, "the publisher stops; the journal keeps what is not published");
                error.to_string()
            }
        };
        self.state.send_replace(State::Stopped(why));
    }

    fn work(&mut self, commands: &Receiver<Command>) -> Result<(), DaemonError> {
        // Before anybody asks for anything: the journal may hold the seal of a report that waits.
        self.read_journal()?;
        self.cut()?;
        let ids: Vec<ProjectId> = self.projects.keys().cloned().collect();
        ids.iter().for_each(|id| self.recover_reports(id));
        loop {
            let command = match commands.recv_timeout(LOOK_EVERY) {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(Command::Stop),
            };
            self.read_journal()?;
            match command {
                Some(Command::Flush(reply)) => {
                    let result = self.cut().and_then(|()| self.intervals());
                    let told = match &result {
                        Ok(()) => Ok(()),
                        Err(error) => Err(error.to_string()),
                    };
                    // Whoever asked may have gone away; it is published all the same.
                    let _ = reply.send(told);
                    result?;
                }
                Some(Command::Look(project, look)) => {
                    look(self.projects.get_mut(&project));
                    if self.projects.get(&project).is_some_and(Project::is_stale) {
                        self.projects.remove(&project);
                        self.repeat(&project, |_| Ok(()))?;
                    }
                }
                Some(Command::Stop) => {
                    self.cut()?;
                    return self.intervals();
                }
                None => {}
            }
            if self.pending_since.is_some_and(|since| since.elapsed() >= self.options.every) {
                self.cut()?;
            }
            self.try_parked()?;
            let is_due = |at: Instant| at.elapsed() >= self.options.intervals_every;
            if self.intervals_at.is_none_or(is_due)
                && self.projects.values().any(Project::has_dirty_intervals)
            {
                self.intervals()?;
            }
            if self.batches >= BATCHES_TO_MERGE {
                self.merge_files()?;
            }
        }
    }

    /// Reads what is durable; cuts whenever enough waits, so that memory is bounded.
    fn read_journal(&mut self) -> Result<(), DaemonError> {
        let durable = *self.durable.borrow_and_update();
        while let Some(record) = self.reader.next(durable)? {
            let project = record.message.project.clone();
            if self.parked.holds(&project) {
                // The journal keeps it: memory must not.
                continue;
            }
            let done = self.projects.get(&project).map_or(0, |p| p.commit().journal_position);
            if record.position < done {
                continue;
            }
            self.pending_bytes += record.message.payload.len().min(1 << 16) + MESSAGE_BYTES;
            self.pending_since.get_or_insert_with(Instant::now);
            self.pending.entry(project).or_default().push((record.message, record.next));
            if self.pending_bytes >= self.options.bytes {
                self.cut()?;
            }
        }
        Ok(())
    }

    /// Publishes everything that waits.
    fn cut(&mut self) -> Result<(), DaemonError> {
        while let Some((id, messages)) = self.pending.pop_first() {
            let count = messages.len() as u64;
            self.publish(&id, messages)?;
            if !self.parked.holds(&id) {
                metrics::counter!("mrv_messages_published_total", "project" => id.to_string())
                    .increment(count);
            }
        }
        self.published_to = self.reader.position();
        if self.pending_since.take().is_some() {
            self.journal.remove_before(self.parked.held_from().min(self.published_to))?;
        }
        self.pending_bytes = 0;
        Ok(())
    }

    /// Opens parked projects again from time to time, and goes back to what was not published of them.
    fn try_parked(&mut self) -> Result<(), DaemonError> {
        for id in self.parked.due() {
            let Ok(project) = Project::open(&self.layout, &id, &self.signer) else { continue };
            let from = self.parked.release(&id);
            tracing::info!(project = %id, "the project is no longer parked");
            self.projects.insert(id.clone(), project);
            // What waits of the others is read again too; what is published of them is passed over.
            self.pending.clear();
            self.pending_bytes = 0;
            self.reader = Reader::open(self.journal.folder(), from);
            self.pending_since.get_or_insert_with(Instant::now);
            self.read_journal()?;
            self.cut()?;
            self.recover_reports(&id);
        }
        Ok(())
    }

    /// Settles the reports that a crash left between being written and being sealed, once everything
    /// that the journal held is published.
    fn recover_reports(&mut self, id: &ProjectId) {
        let recovered = self.projects.get(id).map_or(Ok(()), period::recover);
        if let Err(error) = recovered {
            self.park(id, &error);
        }
    }

    fn park(&mut self, id: &ProjectId, error: &dyn std::fmt::Display) {
        self.projects.remove(id);
        self.pending.remove(id);
        self.parked.park(id, error.to_string(), self.published_to);
    }

    fn publish(
        &mut self,
        id: &ProjectId,
        mut messages: Vec<(Message, Position)>,
    ) -> Result<(), DaemonError> {
        let begun = Instant::now();
        self.repeat(id, |project| {
            // After a batch that failed half-way, part of the messages may be published.
            let done = project.commit().journal_position;
            messages.retain(|(_, next)| *next > done);
            let Some((_, position)) = messages.last() else { return Ok(()) };
            let batch = messages.iter().map(|(message, _)| message.clone()).collect();
            project.publish(batch, *position)
        })?;
        metrics::histogram!("mrv_publish_seconds").record(begun.elapsed().as_secs_f64());
        self.batches += 1;
        Ok(())
    }

    /// Merges small files of all projects.
    fn merge_files(&mut self) -> Result<(), DaemonError> {
        let ids: Vec<ProjectId> = self.projects.keys().cloned().collect();
        for id in ids {
            self.repeat(&id, |project| {
                let fewer = project.compact()?;
                if fewer > 0 {
                    metrics::counter!("mrv_files_merged_total").increment(fewer as u64);
                    tracing::debug!(project = %project.id(), fewer, "small files are merged");
                }
                Ok(())
            })?;
        }
        self.batches = 0;
        Ok(())
    }

    fn intervals(&mut self) -> Result<(), DaemonError> {
        let ids: Vec<ProjectId> = self.projects.keys().cloned().collect();
        for id in ids {
            self.repeat(&id, Project::refresh_intervals)?;
        }
        self.intervals_at = Some(Instant::now());
        Ok(())
    }

    /// Does something with a project, opening it anew after a failure; parks it if that persists.
    fn repeat(
        &mut self,
        id: &ProjectId,
        mut work: impl FnMut(&mut Project) -> Result<(), PublishError>,
    ) -> Result<(), DaemonError> {
        let mut attempts = 0;
        loop {
            let opened = match self.projects.remove(id) {
                Some(project) => Ok(project),
                None => Project::open(&self.layout, id, &self.signer),
            };
            let result = opened.and_then(|mut project| {
                work(&mut project)?;
                Ok(project)
            });
            let error = match result {
                Ok(project) => {
                    self.projects.insert(id.clone(), project);
                    if let Ok(mut names) = self.names.write()
                        && !names.contains(id)
                    {
                        names.push(id.clone());
                    }
                    self.state.send_if_modified(|state| {
                        let was_full = *state == State::Full;
                        *state = State::Running;
                        was_full
                    });
                    return Ok(());
                }
                Err(error) => error,
            };
            if is_want(&error) {
                if self.is_ending.load(Ordering::Relaxed) {
                    return Err(DaemonError::FullAtTheEnd);
                }
                if self.state.send_replace(State::Full) != State::Full {
                    tracing::error!(project = %id, %error, "batches wait until that ends");
                }
                std::thread::sleep(FULL_DISK_PAUSE);
                continue;
            }
            attempts += 1;
            if attempts >= ATTEMPTS_MAX {
                self.park(id, &error);
                return Ok(());
            }
            tracing::warn!(project = %id, %error, "publishing failed; the project is opened anew");
        }
    }
}

/// True for a want that ends ([`journal::is_want`]), however deep a writer has wrapped it.
fn is_want(error: &PublishError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<std::io::Error>().is_some_and(journal::is_want) {
            return true;
        }
        cause = error.source();
    }
    // Some faults of the file system are passed on as their text alone, by the Parquet writer too.
    let text = error.to_string();
    ["No space left on device", "Too many open files"].iter().any(|want| text.contains(want))
}
