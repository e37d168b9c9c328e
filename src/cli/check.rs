//! `mrv check`: configuration, plans and methodologies, told with places.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{Context, Ended, factor, plan};
use crate::config::daemon::DaemonConfig;
use crate::domain::diagnostic::Diagnostic;
use crate::methodology::Methodology;
use crate::methodology::factors::{self, Factors};
use crate::period::calculation::example;

/// Check configuration, plan and methodology files.
///
/// Each file is recognised by what it declares (mrv_plan, mrv_methodology, mrv_factors, else a configuration).
/// Everything wrong is told as file:line:column with advice; an unknown key is an error. Without files
/// the configuration is checked. A methodology's own examples are computed, and its values and a plan's held
/// against the factor tables that they cite. Exit code 1 if anything is wrong.
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
fn check(file: &Path) -> Result<(String, Vec<Diagnostic>)> {
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("read {shown}"))?;
    let declares = |key: &str| {
        text.lines().any(|line| line.split_once('=').is_some_and(|(name, _)| name.trim() == key))
    };
    if declares("mrv_plan") {
        let found = plan::read_checked(file, &[])?.err().unwrap_or_default();
        return Ok(("plan".to_owned(), found));
    }
    if declares("mrv_methodology") {
        return methodology(&shown, &text);
    }
    if declares("mrv_factors") {
        let found = Factors::default().read(&shown, &text).err().unwrap_or_default();
        return Ok(("factor file".to_owned(), found));
    }
    Ok(("configuration".to_owned(), DaemonConfig::parse(&shown, &text).err().unwrap_or_default()))
}

/// A methodology: its text, the rows that it cites, and its own examples.
fn methodology(file: &str, text: &str) -> Result<(String, Vec<Diagnostic>)> {
    let parsed = match Methodology::parse(file, text) {
        Ok(parsed) => parsed,
        Err(found) => return Ok(("methodology".to_owned(), found)),
    };
    let factors = factor::read(None)?;
    let mut found = factors::check_methodology(&factors, &parsed, file, text);
    for vector in &parsed.vectors {
        let id = &vector.id;
        match example(&parsed, vector) {
            Ok(figures) => {
                found.extend(figures.iter().filter(|figure| !figure.is_right()).map(|figure| {
                    let (name, expected, got) = (&figure.name, &figure.expected, &figure.got);
                    let message = format!("example {id}: {name} is {got}, not {expected}");
                    Diagnostic::whole(file, message)
                }))
            }
            Err(error) => {
                let message = format!("example {id} cannot be computed: {error}");
                found.push(Diagnostic::whole(file, message));
            }
        }
    }
    let what = match parsed.vectors.len() {
        0 => "methodology, without an example of its own,".to_owned(),
        1 => "methodology with its example".to_owned(),
        count => format!("methodology with its {count} examples"),
    };
    Ok((what, found))
}
