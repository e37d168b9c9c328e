//! `mrv recheck`: does a bundle hold, from its raw messages to the last figure?

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::context::UsageError;
use super::{Context, Ended};
use crate::report::recheck::{self, Outcome};

/// Recheck a bundle: offline, without configuration, from the file and a key alone.
///
/// Signatures, digests, proofs and completeness, then every figure computed anew from the raw messages
/// and compared to the last digit. Exit code 0: shown; 1: something differs, or another key signed it;
/// 3: all fits together, but no key was given to trust; 4: sealed by rules that this version no longer
/// computes. What a bundle cannot show is printed too.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mrv recheck bundle.zip --trust log.pub")]
pub struct Arguments {
    /// The bundle.
    bundle: PathBuf,
    /// The operator's verifier key, as received by another way: a file, or the key itself.
    #[arg(long, value_name = "KEY")]
    trust: Option<String>,
    /// A folder with room for the bundle and its tables; the system's where not given.
    #[arg(long, value_name = "FOLDER")]
    scratch: Option<PathBuf>,
}

pub fn run(context: &Context, arguments: Arguments) -> Result<Ended> {
    if !arguments.bundle.is_file() {
        let shown = arguments.bundle.display();
        return Err(UsageError(format!("no file {shown}; name the bundle's zip")).into());
    }
    let trust = arguments.trust.as_deref().map(key).transpose()?;
    let scratch = arguments.scratch.unwrap_or_else(std::env::temp_dir);
    let told = &mut |what: &str| eprintln!("recheck: {what}");
    let outcome = recheck::recheck(&arguments.bundle, trust.as_deref(), &scratch, told)?;
    context.print(&outcome, || people(&outcome))?;
    Ok(match outcome.ended {
        recheck::Ended::Shown => Ended::Done,
        recheck::Ended::Differs => Ended::Differs,
        recheck::Ended::OriginNotEstablished => Ended::OriginNotEstablished,
        recheck::Ended::RulesNotComputed => Ended::RulesNotComputed,
    })
}

/// A verifier key: given as it is, or by its file.
fn key(given: &str) -> Result<String> {
    let is_key = given.matches('+').count() >= 2;
    let text = match std::fs::read_to_string(given) {
        Ok(text) => text,
        Err(_) if is_key => given.to_owned(),
        Err(error) => return Err(error).with_context(|| format!("read the key {given}")),
    };
    let key = text.trim().to_owned();
    if key.starts_with("PRIVATE+KEY+") {
        let reason = "this is a private key; a verifier is given the public one, log.pub";
        return Err(UsageError(reason.to_owned()).into());
    }
    Ok(key)
}

fn people(outcome: &Outcome) -> String {
    let mut lines = Vec::new();
    if let Some(facts) = &outcome.bundle {
        lines.push(format!(
            "project {}, {} to {}, version {}, sealed over {} leaves",
            facts.project, facts.from, facts.to, facts.version, facts.log_size
        ));
        lines.push(format!("key      {}", facts.fingerprint));
    }
    let trusted = outcome.trusted.as_deref().unwrap_or("none given");
    lines.push(format!("trusted  {trusted}"));
    lines.extend(outcome.held.iter().map(|held| format!("holds    {held}")));
    for finding in &outcome.findings {
        lines.push(format!("DIFFERS  {}: {}", finding.place, finding.what));
    }
    for one in &outcome.differences {
        lines.push(format!("  {}: report {}, here {}", one.figure, one.report, one.here));
    }
    if outcome.further > 0 {
        lines.push(format!("  and {} more figures", outcome.further));
    }
    let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    for row in &outcome.rows {
        let (stated, here) = (said(&row.stated), said(&row.here));
        lines.push(format!(
            "  {} {} {}: {} stated {stated}, here {here}",
            row.table, row.channel, row.at, row.field
        ));
    }
    if outcome.further_rows > 0 {
        lines.push(format!("  and {} more rows", outcome.further_rows));
    }
    lines.push(
        match outcome.ended {
            recheck::Ended::Shown => "SHOWN:",
            recheck::Ended::Differs => "NOT SHOWN: it differs.",
            recheck::Ended::OriginNotEstablished => {
                "CONSISTENT, ORIGIN NOT ESTABLISHED: give the operator's key with --trust."
            }
            recheck::Ended::RulesNotComputed => {
                "RULES NO LONGER COMPUTED: the bundle holds together, but this version of mrv computes by \
                 other rules; recheck it with the version that START-HERE names."
            }
        }
        .to_owned(),
    );
    lines.extend(outcome.shown.iter().map(|shown| format!("  {shown}")));
    lines.push("Not shown, here or by any recheck:".to_owned());
    lines.extend(outcome.not_shown.iter().map(|what| format!("  {what}")));
    lines.join("\n")
}
