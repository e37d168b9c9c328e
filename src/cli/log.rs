//! `mrv log verify`: does the evidence log hold together?

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::context::{UsageError, project_id};
use super::{Context, Ended};
use crate::daemon::engine::PUBLIC_KEY;
use crate::dataset::layout::Layout;
use crate::dataset::log_check::{self, Report};

/// Check the evidence log.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Recompute a project's log from its messages and compare it with the signed checkpoint.
    ///
    /// Every payload's commitment, every leaf, every hash on disk, the root and the signature. Exit
    /// code 1 if anything differs, with the place. Derived tables are not looked at: mrv rebuild
    /// writes them anew from the messages, as every seal does.
    Verify(VerifyArguments),
}

#[derive(Debug, clap::Args)]
pub struct VerifyArguments {
    /// The project; all where not given.
    #[arg(long)]
    project: Option<String>,
    /// Verifier key file, as received by another way; the folder's own where not given.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    let Command::Verify(arguments) = command;
    let (_, layout) = context.open()?;
    let key_file = arguments.key.unwrap_or_else(|| layout.keys().join(PUBLIC_KEY));
    let key = std::fs::read_to_string(&key_file)
        .with_context(|| format!("read {}", key_file.display()))?;
    let projects = match &arguments.project {
        Some(project) => vec![project_id(project)?],
        None => layout.projects().context("list the projects")?,
    };
    let known = layout.projects().context("list the projects")?;
    if let Some(unknown) = projects.iter().find(|project| !known.contains(project)) {
        return Err(UsageError(format!("no project {unknown} in this folder")).into());
    }
    let mut reports: Vec<Report> = Vec::new();
    for project in &projects {
        reports.push(log_check::check(&Layout::new(layout.root()), project, &key)?);
    }
    let is_right = reports.iter().all(|report| report.findings.is_empty());
    context.print(&reports, || {
        let mut lines = Vec::new();
        for report in &reports {
            let said = match report.findings.is_empty() {
                true => "the log holds together",
                false => "NOT RIGHT",
            };
            lines.push(format!(
                "{}: {said}: {} leaves, root {}",
                report.project, report.leaves, report.root
            ));
            lines.extend(report.findings.iter().map(|finding| format!("  {finding}")));
        }
        if lines.is_empty() {
            lines.push("no projects".to_owned());
        }
        lines.join("\n")
    })?;
    Ok(if is_right { Ended::Done } else { Ended::Differs })
}
