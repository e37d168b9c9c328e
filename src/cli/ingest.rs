//! `mrv ingest`: files by hand.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};

use super::context::{author, project_id, say};
use super::{Context, Ended, dry_run, outcome};
use crate::config::plan::reader::{CsvLayout, Format};
use crate::daemon::request::{Answer, Request};
use crate::dataset::layout::Layout;
use crate::dataset::{commit, outcome as leaf_outcome};
use crate::domain::id::ProjectId;
use crate::publish::registry;

/// Smaller files are through before a bar could be read.
const BAR_BYTES_MIN: u64 = 4 << 20;

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
        let items = expected_items(&layout, &project, &path, len);
        let bar = progress_bar(&shown.to_string(), len, items);
        let answer = with_progress(&bar, &layout, &project, || context.ask(request))?;
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

/// Bytes at the beginning of a file whose lines are counted to tell how many there will be.
const HEAD_BYTES: usize = 1 << 18;

/// Items that a file will give, about: its lines, times the columns that a wide reader takes. `None`
/// where the file is small or no reader is known; then there is nothing to wait for.
fn expected_items(layout: &Layout, project: &ProjectId, path: &Path, len: u64) -> Option<u64> {
    if len < BAR_BYTES_MIN {
        return None;
    }
    let (_, registry) = registry::read(layout, project).ok()?;
    let name = path.file_name()?.to_string_lossy().into_owned();
    let plan = registry.plans().latest()?;
    let reader = plan.readers.iter().find(|reader| reader.matches.is_match(true, &name))?;
    let columns = match &reader.format {
        Format::Csv(csv) => match &csv.layout {
            CsvLayout::Wide(columns) => columns.len() as u64,
            CsvLayout::Long { .. } => 1,
        },
        Format::Json(_) | Format::JsonLines(_) => return None,
    };
    let mut file = std::fs::File::open(path).ok()?;
    let mut head = vec![0; HEAD_BYTES];
    file.read_exact(&mut head).ok()?;
    let lines = head.iter().filter(|byte| **byte == b'\n').count() as u64;
    Some(len * lines / HEAD_BYTES as u64 * columns)
}

fn progress_bar(name: &str, len: u64, items: Option<u64>) -> ProgressBar {
    let (bar, template) = match items {
        Some(items) => {
            let template =
                "{prefix} {bar:30} {percent:>3} % {pos} of about {len} items [{elapsed}]";
            (ProgressBar::new(items), template)
        }
        None => (ProgressBar::new_spinner(), "{spinner} {prefix} [{elapsed}]"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_prefix(format!("{name} ({} KiB)", len.div_ceil(1_024)));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Shows how far a file is while it is taken: items published, as COMMIT says.
fn with_progress<T>(
    bar: &ProgressBar,
    layout: &Layout,
    project: &ProjectId,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let watcher = {
        let (bar, layout, project) = (bar.clone(), layout.clone(), project.clone());
        std::thread::spawn(move || {
            let pause = Duration::from_millis(200);
            while stopped.recv_timeout(pause) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                // Between two renames COMMIT may not be readable for a moment; the next look is.
                if let Ok(state) = commit::read(&layout, &project) {
                    bar.set_position(state.derived.next_item.unsigned_abs());
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
