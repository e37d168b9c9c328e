//! The engine: lock, journal and publisher of one data folder, and the requests it carries out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::lock::FolderLock;
use super::parked::Parked;
use super::period::{self, Close};
use super::publisher::{Options, Publisher};
use super::request::{Answer, Request};
use super::{DaemonError, publisher};
use crate::config::daemon::DaemonConfig;
use crate::config::plan::Plan;
use crate::config::plan::history::PlanHistory;
use crate::dataset::layout::Layout;
use crate::dataset::{blob, commit, outcome};
use crate::decode::act::{Act, Content, Seal};
use crate::domain::id::ProjectId;
use crate::domain::message::{Draft, Kind, Source};
use crate::domain::time::Date;
use crate::evidence::checkpoint;
use crate::journal::{self, Journal};
use crate::publish::{Project, Signer};
use crate::sources::inbox;

/// File name of the signing key below `keys/`.
pub const PRIVATE_KEY: &str = "log.key";
/// File name of its public half.
pub const PUBLIC_KEY: &str = "log.pub";
/// Shortest time between two computations of intervals.
const INTERVALS_EVERY: Duration = Duration::from_secs(60);

/// Everything that writes a data folder.
pub struct Engine {
    pub layout: Layout,
    pub journal: Journal,
    pub publisher: Publisher,
    /// Acts are numbered one after the other.
    pub(super) acts: tokio::sync::Mutex<()>,
    thread: Option<std::thread::JoinHandle<()>>,
    _lock: FolderLock,
}

impl Engine {
    /// Takes the folder's lock, recovers journal and projects, and starts the publisher. A project
    /// that cannot be opened is parked.
    ///
    /// # Errors
    /// When another process holds the folder, or the journal is damaged.
    pub fn open(layout: &Layout, config: &DaemonConfig) -> Result<Self, DaemonError> {
        let lock = FolderLock::take(layout)?;
        let signer = signer(layout)?;
        blob::remove_parts(layout)?;
        let (mut projects, mut parked) = (BTreeMap::new(), Parked::default());
        let mut published = 0;
        let ids = layout.projects().map_err(DaemonError::io("list", &layout.states()))?;
        for id in ids {
            let position = match Project::open(layout, &id, &signer) {
                Ok(project) => {
                    let position = project.commit().journal_position;
                    projects.insert(id, project);
                    position
                }
                Err(error) => {
                    // Without its COMMIT and without a segment, positions could begin anew below it.
                    let commit = commit::read(layout, &id);
                    if commit.is_err() && journal::is_empty(&layout.journal())? {
                        return Err(error.into());
                    }
                    parked.park(&id, error.to_string(), 0);
                    commit.map_or(0, |commit| commit.journal_position)
                }
            };
            published = published.max(position);
        }
        let options = journal::Options {
            segment_bytes: config.journal_segment_bytes,
            ..journal::Options::default()
        };
        let journal = Journal::open(&layout.journal(), published, options, wall_clock_us)?;
        let options = Options {
            every: config.publish_every,
            bytes: config.publish_bytes,
            intervals_every: INTERVALS_EVERY.min(config.publish_every),
        };
        let (publisher, thread) =
            Publisher::start(layout, journal.clone(), signer, options, projects, parked)?;
        Ok(Self {
            layout: layout.clone(),
            journal,
            publisher,
            acts: tokio::sync::Mutex::new(()),
            thread: Some(thread),
            _lock: lock,
        })
    }

    /// Publishes what is left and ends the threads.
    pub fn close(mut self) {
        self.publisher.stop();
        if let Some(thread) = self.thread.take() {
            // A publisher that panicked has told so; there is nothing more to do here.
            let _ = thread.join();
        }
    }

    /// Carries out a request; a rule that says no is an answer, not an error.
    ///
    /// # Errors
    /// When journal or publisher have stopped, or a file cannot be read.
    pub async fn carry_out(&self, request: Request) -> Result<Answer, DaemonError> {
        let done = match request {
            Request::Flush => self.flush().await.map(|()| Answer::Done),
            Request::Plan { file, text, methodologies, author } => {
                self.apply_plan(&file, text, methodologies, &author).await
            }
            Request::Ingest { project, path, author } => {
                self.ingest(&project, Path::new(&path), &author).await
            }
            Request::Restate { project, from, to, reason, prepared_by, reviewed_by } => {
                match (Date::parse(&from), Date::parse(&to)) {
                    (Ok(from), Ok(to)) if !reason.trim().is_empty() => {
                        let (prepared_by, reviewed_by) = (Some(prepared_by), Some(reviewed_by));
                        let restates = Some(reason);
                        let close = Close { from, to, prepared_by, reviewed_by, restates };
                        self.close_period(&project, close).await
                    }
                    (Ok(_), Ok(_)) => {
                        let reason = "a restatement needs its reason: who reads it will ask";
                        Err(DaemonError::Refused(reason.to_owned()))
                    }
                    (Err(error), _) | (_, Err(error)) => {
                        Err(DaemonError::Refused(error.to_string()))
                    }
                }
            }
            Request::Record { project, acts } => self.record(&project, acts).await,
            Request::Close { project, from, to, prepared_by, reviewed_by } => {
                match (Date::parse(&from), Date::parse(&to)) {
                    (Ok(from), Ok(to)) => {
                        let restates = None;
                        let close = Close { from, to, prepared_by, reviewed_by, restates };
                        self.close_period(&project, close).await
                    }
                    (Err(error), _) | (_, Err(error)) => {
                        Err(DaemonError::Refused(error.to_string()))
                    }
                }
            }
            Request::Rebuild { project } => self.rebuild(&project).await,
        };
        match done {
            Err(DaemonError::Refused(reason)) => Ok(Answer::Refused { reason }),
            done => done,
        }
    }

    /// Publishes everything; what is parked is not.
    async fn flush(&self) -> Result<(), DaemonError> {
        self.publisher.flush().await?;
        match self.publisher.parked().pop_first() {
            Some((project, reason)) => {
                Err(DaemonError::Parked { project: project.to_string(), reason })
            }
            None => Ok(()),
        }
    }

    async fn apply_plan(
        &self,
        file: &str,
        text: String,
        methodologies: Vec<String>,
        author: &str,
    ) -> Result<Answer, DaemonError> {
        let plan = Plan::parse(file, &text).map_err(|found| {
            let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
            DaemonError::Refused(shown.join("\n"))
        })?;
        self.not_parked(&plan.project)?;
        let _one_at_a_time = self.acts.lock().await;
        self.publisher.flush().await?;
        let ids = plan.registered.methodologies.clone();
        if ids.len() != methodologies.len() {
            let reason = format!(
                "{file}: {} methodologies for the texts of {}",
                ids.len(),
                methodologies.len()
            );
            return Err(DaemonError::Refused(reason));
        }
        let wanted = ids.clone();
        let (mut plans, known) = self
            .publisher
            .look(&plan.project, move |project| match project {
                Some(project) => {
                    let registry = project.registry();
                    let text = |id| registry.methodology(id).map(|known| known.text.clone());
                    (registry.plans().clone(), wanted.iter().map(|id| text(id)).collect())
                }
                None => (PlanHistory::default(), vec![None; wanted.len()]),
            })
            .await?;
        // What would take no effect is refused before it is recorded.
        plans
            .push(Arc::new(plan.clone()))
            .map_err(|error| DaemonError::Refused(format!("{file}: {error}")))?;
        let draft = |kind, name: &str, text: String| Draft {
            project: plan.project.clone(),
            kind,
            source: Source::Operator,
            client: author.into(),
            name: name.into(),
            payload: crate::domain::message::Payload::Inline(text.into()),
            nonce: None,
        };
        let mut drafts = Vec::new();
        for ((id, text), known) in ids.iter().zip(methodologies).zip(known) {
            if known.as_deref() != Some(text.as_str()) {
                drafts.push(draft(Kind::Methodology, id, text));
            }
        }
        drafts.push(draft(Kind::Plan, file, text));
        self.journal.append(drafts).await?;
        self.publisher.flush().await?;
        let number = plan.number;
        let found = self
            .publisher
            .look(&plan.project, move |project| project?.registry().plan_leaf(number))
            .await?;
        let leaf = found.ok_or_else(|| {
            DaemonError::Refused(format!("{file}: the plan was recorded and took no effect"))
        })?;
        crate::dataset::durable::create_folder(&self.layout.inbox(&plan.project))?;
        Ok(Answer::Recorded { project: plan.project.to_string(), leaf, number })
    }

    async fn ingest(
        &self,
        project: &str,
        path: &Path,
        author: &str,
    ) -> Result<Answer, DaemonError> {
        let id = self.known(project)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.ok_or_else(|| DaemonError::Refused("the path names no file".to_owned()))?;
        let layout = self.layout.clone();
        let (project, author, from) = (id.clone(), author.to_owned(), path.to_owned());
        let stored = tokio::task::spawn_blocking(move || {
            inbox::draft(&layout, project, &from, &name, &author)
        });
        let draft = stored.await.map_err(|error| DaemonError::Setup(error.to_string()))??;
        let (name, payload) = (draft.name.clone(), draft.payload.clone());
        self.journal.append(vec![draft]).await?;
        self.publisher.flush().await?;
        let sha256 = match payload {
            crate::domain::message::Payload::Inline(bytes) => {
                crate::domain::digest::Sha256Digest::of(&bytes)
            }
            crate::domain::message::Payload::Blob(blob) => blob.sha256,
        };
        let wanted = [(name.to_string(), sha256)].into();
        let leaf = outcome::find_files(&self.layout, &id, &wanted)?.into_values().next();
        let leaf = leaf.ok_or_else(|| {
            DaemonError::PublisherStopped("the file is journaled and not published".to_owned())
        })?;
        Ok(Answer::Recorded { project: id.to_string(), leaf, number: 0 })
    }

    async fn close_period(&self, project: &str, close: Close) -> Result<Answer, DaemonError> {
        let id = self.known(project)?;
        let _one_at_a_time = self.acts.lock().await;
        let number = self.next_act(&id).await?;
        let wanted = close.clone();
        let collected = self
            .publisher
            .look(&id, move |project| {
                project.map(|project| {
                    period::admit(project, &wanted)?;
                    if period::is_sealable(&wanted) {
                        period::prepare_seal(project)?;
                    }
                    period::collect(project, &wanted)
                })
            })
            .await?;
        let collected =
            collected.ok_or_else(|| DaemonError::Refused(format!("no project {id}")))??;
        let (layout, project, wanted) = (self.layout.clone(), id.clone(), close.clone());
        let written = tokio::task::spawn_blocking(move || {
            period::write(&layout, &project, &wanted, &collected).map(|closed| (closed, collected))
        });
        let (closed, collected) =
            written.await.map_err(|error| DaemonError::Setup(error.to_string()))??;
        let mut seal = None;
        if let (false, Some(prepared_by), Some(reviewed_by)) =
            (closed.is_draft, close.prepared_by, close.reviewed_by)
        {
            use base64::Engine as _;
            let act = Seal {
                from: close.from.to_string(),
                to: close.to.to_string(),
                version: closed.version,
                reason: close.restates.unwrap_or_default(),
                prepared_by,
                reviewed_by,
                log_size: collected.log_size,
                log_root: base64::prelude::BASE64_STANDARD.encode(collected.root),
                unresolved: closed.unresolved,
                figures: closed.figures.clone(),
                years: closed.years.clone(),
                history: closed.history.clone(),
                shares: closed.shares.clone(),
            };
            let act = Act { number, content: Content::Seal(act) };
            seal = self.append_acts(&id, Vec::new(), vec![act]).await?.pop();
        }
        let folder = match seal {
            Some(_) => period::sealed(&closed.folder)?,
            None => closed.folder,
        };
        Ok(Answer::Closed {
            folder: folder.display().to_string(),
            summary: closed.summary,
            report: closed.report,
            seal,
            log_size: collected.log_size,
        })
    }

    async fn rebuild(&self, project: &str) -> Result<Answer, DaemonError> {
        let id = self.known(project)?;
        self.publisher.flush().await?;
        let rebuilt = self.publisher.look(&id, |project| {
            project.map(|project| {
                project.rebuild().or_else(|error| {
                    // What is in memory may be ahead of what is published.
                    project.reopen()?;
                    Err(error)
                })
            })
        });
        rebuilt.await?.transpose()?;
        Ok(Answer::Done)
    }

    pub(super) fn known(&self, project: &str) -> Result<ProjectId, DaemonError> {
        let id = ProjectId::parse(project)
            .map_err(|error| DaemonError::Refused(format!("project {project:?}: {error}")))?;
        self.not_parked(&id)?;
        if self.publisher.is_known(&id) {
            return Ok(id);
        }
        let reason = format!("no project {id} in this folder; apply its plan: mrv plan apply FILE");
        Err(DaemonError::Refused(reason))
    }

    fn not_parked(&self, id: &ProjectId) -> Result<(), DaemonError> {
        match self.publisher.parked().remove(id) {
            Some(reason) => Err(DaemonError::Parked { project: id.to_string(), reason }),
            None => Ok(()),
        }
    }

    /// What the publisher is doing.
    #[must_use]
    pub fn publisher_state(&self) -> publisher::State {
        self.publisher.state().borrow().clone()
    }
}

/// A shared engine, for the tasks of the daemon.
pub type SharedEngine = Arc<Engine>;

/// The signing key of a folder.
///
/// # Errors
/// When there is none that can be used.
pub fn signer(layout: &Layout) -> Result<Signer, DaemonError> {
    let path = layout.keys().join(PRIVATE_KEY);
    let key = |reason: String| DaemonError::Key { path: path.display().to_string(), reason };
    let private_key = std::fs::read_to_string(&path).map_err(|error| key(error.to_string()))?;
    checkpoint::key_name(&private_key).map_err(|error| key(error.to_string()))?;
    Ok(Signer { private_key })
}

fn wall_clock_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
