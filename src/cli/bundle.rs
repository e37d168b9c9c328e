//! `mrv bundle`: a sealed period with everything that it is computed from, in one file.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::context::{UsageError, project_id};
use super::{Context, Ended};
use crate::daemon::engine::{self, PUBLIC_KEY};
use crate::daemon::period::version_folder;
use crate::domain::time::Date;
use crate::publish::registry;
use crate::report::bundle::{BundleError, Wanted, write};

/// Make the bundle that a verifier receives of a sealed period.
///
/// One zip with the report in all its forms, the plan, the methodologies, the documents, every message
/// as it was received, the leaves of the log up to the seal, their proofs, and a statement signed by
/// the log's key. `mrv recheck` needs nothing else but the key. The same log and seal give the same
/// bytes. Hand the verifier key over by another way: print it with cat data/keys/log.pub.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mrv bundle P 2026-01-01 2026-12-31 --out p-2026.zip")]
pub struct Arguments {
    /// The project.
    project: String,
    /// First and last local date of the sealed period, both included.
    from: String,
    to: String,
    /// The version of the period; the last one where not given.
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    /// The file to make; PROJECT_FROM_TO.zip where not given.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn run(context: &Context, arguments: Arguments) -> Result<Ended> {
    let date = |text: &str| Date::parse(text).map_err(|error| UsageError(error.to_string()));
    let (from, to) = (date(&arguments.from)?.to_string(), date(&arguments.to)?.to_string());
    let (_, layout) = context.open()?;
    let id = project_id(&arguments.project)?;
    let (_, registry) = registry::read(&layout, &id)?;
    let mut seals = registry.seals().iter().rev();
    let is_wanted = |number: u32| arguments.version.is_none_or(|wanted| wanted == number);
    let Some(seal) =
        seals.find(|one| one.seal.from == from && one.seal.to == to && is_wanted(one.seal.version))
    else {
        let known: Vec<String> = registry
            .seals()
            .iter()
            .map(|one| format!("{} {} version {}", one.seal.from, one.seal.to, one.seal.version))
            .collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let version =
            arguments.version.map_or_else(String::new, |one| format!("version {one} of "));
        let reason = format!(
            "project {id} has no {version}sealed period from {from} to {to}; sealed are: {known}; seal it \
             with mrv period close"
        );
        return context.refused(&reason);
    };
    let out = arguments.out.unwrap_or_else(|| PathBuf::from(format!("{id}_{from}_{to}.zip")));
    let key = layout.keys().join(PUBLIC_KEY);
    let public_key =
        std::fs::read_to_string(&key).with_context(|| format!("read {}", key.display()))?;
    let signer = engine::signer(&layout)?;
    let wanted = Wanted {
        data: &layout,
        project: &id,
        seal,
        version: seal.seal.version,
        report: &layout
            .reports(&id)
            .join(format!("{from}_{to}"))
            .join(version_folder(seal.seal.version)),
        private_key: &signer.private_key,
        public_key: &public_key,
        scratch: &std::env::temp_dir(),
    };
    let facts = match write(&wanted, &out, &mut |what| eprintln!("bundle: {what}")) {
        Ok(facts) => facts,
        Err(BundleError::Refused(reason)) => return context.refused(&reason),
        Err(error) => return Err(error.into()),
    };
    let bytes = out.metadata().with_context(|| format!("look at {}", out.display()))?.len();
    let value = serde_json::json!({ "file": out, "bytes": bytes, "bundle": facts });
    context.print(&value, || {
        format!(
            "{}: {bytes} bytes, {} leaves, data from leaf {} on\nsigned by key {}\nrecheck it: mrv recheck \
             {} --trust {}",
            out.display(),
            facts.seal_leaf + 1,
            facts.first_leaf,
            facts.fingerprint,
            out.display(),
            key.display()
        )
    })?;
    Ok(Ended::Done)
}
