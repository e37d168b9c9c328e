//! What every command needs: the configuration, the data folder, and a way to ask for what writes.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Serialize;

use super::Ended;
use crate::config::daemon::DaemonConfig;
use crate::daemon::engine::Engine;
use crate::daemon::request::{Answer, Request};
use crate::daemon::{DaemonError, control};
use crate::dataset::layout::Layout;
use crate::domain::id::ProjectId;
use crate::report::ReportError;

/// Bad arguments: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// The global options.
pub struct Context {
    config_file: PathBuf,
    pub is_json: bool,
}

impl Context {
    pub fn new(config_file: PathBuf, is_json: bool) -> Self {
        Self { config_file, is_json }
    }

    pub fn config_file(&self) -> &Path {
        &self.config_file
    }

    /// The checked configuration.
    pub fn config(&self) -> Result<DaemonConfig> {
        let shown = self.config_file.display();
        let text = std::fs::read_to_string(&self.config_file).map_err(|error| {
            anyhow!("read {shown}: {error}; run mrv init, or name the file with --config")
        })?;
        let parsed = DaemonConfig::parse(&shown.to_string(), &text);
        parsed.map_err(|found| {
            let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
            anyhow!("{}", lines.join("\n"))
        })
    }

    /// The data folder that a configuration names, relative to the file's own folder.
    pub fn layout(&self, config: &DaemonConfig) -> Layout {
        let folder = self.config_file.parent().unwrap_or(Path::new(""));
        let data = folder.join(&config.data);
        // Absolute, so that the running daemon and readers elsewhere mean the same folder.
        Layout::new(std::path::absolute(&data).unwrap_or(data))
    }

    /// Configuration and data folder.
    pub fn open(&self) -> Result<(DaemonConfig, Layout)> {
        let config = self.config()?;
        let layout = self.layout(&config);
        Ok((config, layout))
    }

    /// Has a request carried out: here where nobody holds the folder, else by the running daemon.
    pub fn ask(&self, request: Request) -> Result<Answer> {
        let (config, layout) = self.open()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("start the runtime")?;
        let answer = match Engine::open(&layout, &config) {
            Ok(engine) => {
                let answer = runtime.block_on(engine.carry_out(request));
                engine.close();
                answer?
            }
            Err(DaemonError::Locked { .. }) => {
                runtime.block_on(control::ask(&layout.control_socket(), &request))?
            }
            Err(error) => return Err(error.into()),
        };
        match answer {
            Answer::Failed { reason } => bail!("{reason}"),
            answer => Ok(answer),
        }
    }

    /// Prints a value as JSON or for people.
    pub fn print<T: Serialize>(&self, value: &T, people: impl FnOnce() -> String) -> Result<()> {
        let text = match self.is_json {
            true => serde_json::to_string_pretty(value)?,
            false => people(),
        };
        say(&text)
    }

    /// Prints why a rule said no.
    pub fn refused(&self, reason: &str) -> Result<Ended> {
        match self.is_json {
            true => say(&serde_json::json!({ "refused": reason }).to_string())?,
            false => eprintln!("refused: {reason}"),
        }
        Ok(Ended::Refused)
    }
}

/// Prints a line or more. A reader such as `head` that has seen enough is no failure.
pub fn say(text: &str) -> Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("write to the terminal"),
    }
}

/// A project's id from an argument.
pub fn project_id(text: &str) -> Result<ProjectId> {
    ProjectId::parse(text).map_err(|error| UsageError(format!("project {text:?}: {error}")).into())
}

/// The exit code of an error.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if error.is::<UsageError>() {
        return 2;
    }
    if let Some(ReportError::Refused(_)) = error.downcast_ref() {
        return 5;
    }
    match error.downcast_ref::<DaemonError>() {
        Some(error) if error.is_refusal() => 5,
        Some(DaemonError::Locked { .. }) => 5,
        Some(
            DaemonError::Journal(_)
            | DaemonError::Listener(_)
            | DaemonError::Publish(_)
            | DaemonError::PublisherStopped(_),
        ) => 70,
        _ => 1,
    }
}

/// The name of the person at the keyboard, where none is given.
pub fn author(given: Option<String>) -> String {
    given
        .or_else(|| std::env::var("USER").ok())
        .filter(|name| !name.trim().is_empty())
        .unwrap_or_else(|| "operator".to_owned())
}
