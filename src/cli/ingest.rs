//! `mrv ingest`: files by hand.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};

use super::context::{author, project_id, say};
use super::{Context, Ended, dry_run, outcome};
use crate::daemon::request::{Answer, Request};
use crate::dataset::layout::Layout;
use crate::dataset::{commit, outcome as leaf_outcome};
use crate::domain::id::ProjectId;

/// Take files into a project, as the inbox would.
///
/// Each file is kept with its bytes, journaled, decoded by the plan's reader for its name, and
/// published; what became of its lines is printed. The same file again is taken again and told as
/// duplicates: nothing counts twice. With --dry-run nothing is written, and every line that would
/// not become a reading is shown with its reason.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The project.
    #[arg(long)]
    project: String,
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Say what would happen to every line, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: judge by this plan file instead of the project's plans.
    #[arg(long, requires = "dry_run", value_name = "FILE")]
    plan: Option<PathBuf>,
    /// With --dry-run: show the lines that would become readings, too.
    #[arg(long, requires = "dry_run")]
    every_line: bool,
    /// Who brings them; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
}

pub fn run(context: &Context, arguments: Arguments) -> Result<Ended> {
    let project = project_id(&arguments.project)?;
    if arguments.dry_run {
        let plan = arguments.plan.as_deref();
        return dry_run::run(context, &project, &arguments.files, plan, arguments.every_line);
    }
    let (_, layout) = context.open()?;
    let author = author(arguments.author);
    let mut outcomes = Vec::new();
    for file in &arguments.files {
        let shown = file.display();
        let path = std::path::absolute(file).with_context(|| format!("find {shown}"))?;
        let len = std::fs::metadata(&path).with_context(|| format!("read {shown}"))?.len();
        let request = Request::Ingest {
            project: project.to_string(),
            path: path.to_string_lossy().into_owned(),
            author: author.clone(),
        };
        let answer = with_progress(&layout, &project, &path, len, || context.ask(request))?;
        let leaf = match answer {
            Answer::Refused { reason } => return context.refused(&reason),
            Answer::Recorded { leaf, .. } => leaf,
            other => anyhow::bail!("unexpected answer {other:?}"),
        };
        let outcome = leaf_outcome::outcome(&layout, &project, leaf)?;
        if !context.is_json {
            say(&outcome::text(&shown.to_string(), &outcome))?;
        }
        outcomes.push(serde_json::json!({ "file": shown.to_string(), "outcome": outcome }));
    }
    if context.is_json {
        say(&serde_json::to_string_pretty(&outcomes)?)?;
    }
    Ok(Ended::Done)
}

/// Shows how far a file is while it is taken: items published, as COMMIT says.
fn with_progress<T>(
    layout: &Layout,
    project: &ProjectId,
    path: &Path,
    len: u64,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} [{elapsed}] {msg}") {
        bar.set_style(style);
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    bar.set_prefix(format!("{} ({} KiB)", name.unwrap_or_default(), len.div_ceil(1_024)));
    bar.enable_steady_tick(Duration::from_millis(100));
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let watcher = {
        let (bar, layout, project) = (bar.clone(), layout.clone(), project.clone());
        std::thread::spawn(move || {
            let pause = Duration::from_millis(200);
            while stopped.recv_timeout(pause) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                // Between two renames COMMIT may not be readable for a moment; the next look is.
                if let Ok(state) = commit::read(&layout, &project) {
                    let items = state.derived.next_item;
                    bar.set_message(match items {
                        0 => "stored, decoding".to_owned(),
                        items => format!("{items} items published"),
                    });
                }
            }
        })
    };
    let result = work();
    drop(stop);
    // The watcher only draws; that it panicked would change nothing.
    let _ = watcher.join();
    bar.finish_and_clear();
    result
}
