//! `mrv check`: configuration, plans and methodologies, told with places.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{Context, Ended, plan};
use crate::config::daemon::DaemonConfig;
use crate::domain::diagnostic::Diagnostic;
use crate::methodology::Methodology;

/// Check configuration, plan and methodology files.
///
/// Each file is recognised by what it declares (mrv_plan, mrv_methodology, else a configuration).
/// Everything wrong is told as file:line:column with advice; an unknown key is an error. Without files
/// the configuration is checked. Exit code 1 if anything is wrong.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files; the configuration where none is given.
    files: Vec<PathBuf>,
}

pub fn run(context: &Context, arguments: Arguments) -> Result<Ended> {
    let files = match arguments.files.is_empty() {
        true => vec![context.config_file().to_owned()],
        false => arguments.files,
    };
    let mut found = Vec::new();
    let mut right = Vec::new();
    for file in &files {
        match check(file)? {
            (what, findings) if findings.is_empty() => {
                right.push(format!("{}: {what} is right", file.display()));
            }
            (_, findings) => found.extend(findings),
        }
    }
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    let value = serde_json::json!({ "right": right, "findings": lines });
    context.print(&value, || right.iter().chain(&lines).cloned().collect::<Vec<_>>().join("\n"))?;
    Ok(if found.is_empty() { Ended::Done } else { Ended::Differs })
}

/// What a file is, and what is wrong with it.
fn check(file: &Path) -> Result<(&'static str, Vec<Diagnostic>)> {
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("read {shown}"))?;
    let declares = |key: &str| {
        text.lines().any(|line| line.split_once('=').is_some_and(|(name, _)| name.trim() == key))
    };
    if declares("mrv_plan") {
        let found = plan::read_checked(file, &[])?.err().unwrap_or_default();
        return Ok(("plan", found));
    }
    if declares("mrv_methodology") {
        return Ok(("methodology", Methodology::parse(&shown, &text).err().unwrap_or_default()));
    }
    Ok(("configuration", DaemonConfig::parse(&shown, &text).err().unwrap_or_default()))
}
