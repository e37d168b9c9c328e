//! `mrv site-pack`: the meters by place, for whoever visits the site.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};

use super::asked;
use super::context::{UsageError, project_id};
use super::{Context, Ended};
use crate::daemon::request::{Answer, Request};
use crate::domain::time::Timestamp;
use crate::publish::registry;
use crate::report::site_pack::{SitePack, site_pack};

/// List the meters of a project by place, with what each register should show.
///
/// Serial number, seals, multiplier and the display expected: the last reading, and since then as much
/// per day as over the thirty days before it. With --html a page to print, with room for what is found.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mrv site-pack --project P --html site-pack.html\n  \
                       mrv site-pack bundle.zip --at 2026-02-01T09:00:00+07:00")]
pub struct Arguments {
    /// A bundle, in place of a project: its last readings are those of the sealed period's log.
    #[arg(value_name = "BUNDLE", conflicts_with = "project")]
    bundle: Option<PathBuf>,
    /// The project.
    #[arg(long, required_unless_present = "bundle")]
    project: Option<String>,
    /// The instant of the visit, RFC 3339 with offset; now if left out.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Write the page to print here.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub fn run(context: &Context, arguments: Arguments) -> Result<Ended> {
    let at = match &arguments.at {
        Some(text) => Timestamp::parse_rfc3339(text)
            .map_err(|error| UsageError(format!("--at {text:?}: {error}")))?,
        None => {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).context("read the clock")?;
            Timestamp::from_us(i64::try_from(since.as_micros()).context("read the clock")?)
        }
    };
    let pack = match &arguments.bundle {
        Some(file) => asked::open(file)?.site_pack(at)?,
        None => of_folder(context, arguments.project.as_deref().unwrap_or_default(), at)?,
    };
    if let Some(file) = &arguments.html {
        std::fs::write(file, pack.html()).with_context(|| format!("write {}", file.display()))?;
    }
    context.print(&pack, || pack.text())?;
    Ok(Ended::Done)
}

fn of_folder(context: &Context, project: &str, at: Timestamp) -> Result<SitePack> {
    let id = project_id(project)?;
    match context.ask(Request::Flush)? {
        Answer::Done => {}
        other => bail!("unexpected answer {other:?}"),
    }
    let (_, layout) = context.open()?;
    let (commit, registry) = registry::read(&layout, &id)?;
    Ok(site_pack(&layout, &id, (&commit, &registry), at)?)
}
