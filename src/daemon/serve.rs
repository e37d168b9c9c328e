//! The daemon: engine, listener, inbox, control socket and HTTP, until it is told to stop.
//!
//! At the end, in this order: doors stop reading, what is read is committed and acknowledged, what
//! is journaled is published, the lock is released.

use std::sync::Arc;
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::engine::{Engine, SharedEngine};
use super::{DaemonError, control, publisher};
use crate::config::daemon::DaemonConfig;
use crate::dataset::layout::Layout;
use crate::domain::id::ProjectId;
use crate::journal;
use crate::sources::accounts::Accounts;
use crate::sources::inbox;
use crate::sources::mqtt::listener::{Listener, Options};

/// A daemon that is set up and listens, but does not serve yet.
pub struct Daemon {
    engine: SharedEngine,
    config: DaemonConfig,
    mqtt: TcpListener,
    control: tokio::net::UnixListener,
}

impl Daemon {
    /// Opens the folder and the sockets.
    ///
    /// # Errors
    /// When another process holds the folder, something on disk is damaged, or an address is taken.
    pub async fn open(layout: &Layout, config: DaemonConfig) -> Result<Self, DaemonError> {
        let engine = Arc::new(Engine::open(layout, &config)?);
        let mqtt = bind(config.listener, "listener").await?;
        let control = control::bind(&layout.control_socket())?;
        Ok(Self { engine, config, mqtt, control })
    }

    #[must_use]
    pub fn engine(&self) -> &SharedEngine {
        &self.engine
    }

    /// Where the listener is, with the port it got.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn mqtt_address(&self) -> Result<std::net::SocketAddr, DaemonError> {
        self.mqtt.local_addr().map_err(|error| DaemonError::Setup(error.to_string()))
    }

    /// Why messages are not taken now, if they are not.
    pub fn unready(engine: &Engine) -> Option<String> {
        match &*engine.journal.state().borrow() {
            journal::State::Ready => {}
            journal::State::Full => {
                return Some("disk full or no file descriptors: the journal waits".to_owned());
            }
            journal::State::Stopped(why) => return Some(format!("the journal stopped: {why}")),
        }
        match engine.publisher_state() {
            publisher::State::Running => None,
            publisher::State::Full => {
                Some("disk full or no file descriptors: the publisher waits".to_owned())
            }
            publisher::State::Stopped(why) => Some(format!("the publisher stopped: {why}")),
        }
    }

    /// Serves until `shutdown` turns true or something stops for good.
    ///
    /// # Errors
    /// When journal, publisher or a door had to stop.
    pub async fn serve(
        self,
        stop: watch::Sender<bool>,
        shutdown: watch::Receiver<bool>,
    ) -> Result<(), DaemonError> {
        let accounts = Accounts::open(&self.engine.layout.credentials())
            .map_err(|error| DaemonError::Setup(error.to_string()))?;
        let knows = self.engine.publisher.clone();
        let listener = Listener::new(
            Options::from(&self.config),
            self.engine.journal.clone(),
            self.engine.layout.clone(),
            Arc::new(accounts),
            move |project: &ProjectId| knows.is_known(project),
        );
        let mut tasks: JoinSet<Result<(), DaemonError>> = JoinSet::new();
        let until = wait(shutdown.clone());
        let mqtt = self.mqtt;
        tasks.spawn(async move { Ok(listener.serve(mqtt, until).await?) });
        tasks.spawn(watch_inbox(SharedEngine::clone(&self.engine), self.config, shutdown.clone()));
        tasks.spawn(watch_publisher(SharedEngine::clone(&self.engine), shutdown.clone()));
        let (control, engine) = (self.control, SharedEngine::clone(&self.engine));
        tasks.spawn(async move {
            control::serve(control, engine, shutdown).await;
            Ok(())
        });
        let mut result = Ok(());
        while let Some(ended) = tasks.join_next().await {
            let ended = ended.unwrap_or_else(|error| Err(DaemonError::Setup(error.to_string())));
            if ended.is_err() {
                // One door that had to stop stops them all: nothing is half alive.
                stop.send_replace(true);
                result = result.and(ended);
            }
        }
        tracing::info!("doors are closed; publishing what is journaled");
        let _ = std::fs::remove_file(self.engine.layout.control_socket());
        close(self.engine).await?;
        result
    }
}

/// Ends the engine once nobody else holds it.
async fn close(engine: SharedEngine) -> Result<(), DaemonError> {
    engine.publisher.stop();
    let mut state = engine.publisher.state();
    // The sender goes with the thread, which has then stopped too.
    let _ = state.wait_for(|state| matches!(state, publisher::State::Stopped(_))).await;
    match Arc::try_unwrap(engine) {
        Ok(engine) => {
            let closed = tokio::task::spawn_blocking(move || engine.close()).await;
            closed.map_err(|error| DaemonError::Setup(error.to_string()))
        }
        // A conversation over the control socket still holds it; the thread has ended all the same.
        Err(_) => Ok(()),
    }
}

async fn bind(address: std::net::SocketAddr, what: &str) -> Result<TcpListener, DaemonError> {
    TcpListener::bind(address).await.map_err(|error| {
        DaemonError::Setup(format!(
            "listen on {address}: {error}; choose another address for [{what}] in the configuration"
        ))
    })
}

async fn wait(mut shutdown: watch::Receiver<bool>) {
    // A closed channel means the daemon is gone: an end as well.
    let _ = shutdown.wait_for(|stop| *stop).await;
}

/// Takes dropped files, and answers them once they are decoded.
async fn watch_inbox(
    engine: SharedEngine,
    config: DaemonConfig,
    shutdown: watch::Receiver<bool>,
) -> Result<(), DaemonError> {
    let mut pause = std::time::Duration::ZERO;
    let mut told = std::collections::BTreeSet::new();
    let mut seen = inbox::Seen::default();
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = wait(shutdown.clone()) => return Ok(()),
        }
        let layout = engine.layout.clone();
        for path in inbox::stray(&layout).unwrap_or_default() {
            if told.insert(path.clone()) {
                tracing::warn!(
                    path = %path.display(),
                    "inbox: nobody looks here; files belong into inbox/<project>/ itself"
                );
            }
        }
        let now = Instant::now();
        let waiting = inbox::waiting(&layout, &mut seen, now).unwrap_or_else(|error| {
            tracing::error!(%error, "inbox: cannot be looked at; tried again");
            Vec::new()
        });
        pause = match seen.has_fresh(now) {
            true => inbox::QUIET.min(config.inbox_rescan),
            false => config.inbox_rescan,
        };
        for file in waiting {
            let shown = file.path.display().to_string();
            let known = |project: &ProjectId| engine.publisher.is_known(project);
            let taken = tokio::select! {
                taken = inbox::take(&layout, &engine.journal, known, file) => taken,
                // On a full disk it would wait; the file stays, and is taken after the next start.
                () = wait(shutdown.clone()) => return Ok(()),
            };
            match taken {
                Ok(inbox::Taken::Journaled(_)) => {
                    metrics::counter!("mrv_inbox_files_total").increment(1);
                    tracing::info!(path = shown, "inbox: file journaled");
                }
                Ok(inbox::Taken::Refused(_)) => {
                    metrics::counter!("mrv_inbox_refused_total").increment(1);
                }
                Ok(inbox::Taken::StillWritten) => {
                    tracing::warn!(path = shown, "inbox: the file changed while it was read");
                }
                Err(error @ crate::sources::SourceError::Journal(_)) => return Err(error.into()),
                Err(error) => tracing::error!(path = shown, %error, "inbox: file not taken"),
            }
        }
        let decoded = move |project: &ProjectId| {
            let state = crate::dataset::commit::read(&layout, project).ok()?;
            Some(state.derived.next_leaf)
        };
        let layout = engine.layout.clone();
        let written =
            tokio::task::spawn_blocking(move || inbox::write_results(&layout, decoded)).await;
        match written.map_err(|error| DaemonError::Setup(error.to_string()))? {
            Ok(results) => {
                for (name, outcome) in results {
                    tracing::info!(
                        name,
                        readings = outcome.readings,
                        conflicts = outcome.conflicts,
                        duplicates = outcome.duplicates(),
                        refused = outcome.refused_without_duplicates(),
                        "inbox: file decoded"
                    );
                }
            }
            Err(error) => tracing::error!(%error, "inbox: results not written; tried again"),
        }
    }
}

/// Ends with an error when the publisher stops.
async fn watch_publisher(
    engine: SharedEngine,
    shutdown: watch::Receiver<bool>,
) -> Result<(), DaemonError> {
    let mut state = engine.publisher.state();
    tokio::select! {
        _ = state.wait_for(|state| matches!(state, publisher::State::Stopped(_))) => {
            match engine.publisher_state() {
                publisher::State::Stopped(why) => Err(DaemonError::PublisherStopped(why)),
                _ => Ok(()),
            }
        }
        () = wait(shutdown) => Ok(()),
    }
}
