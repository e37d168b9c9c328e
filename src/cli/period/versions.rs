//! `mrv period candidates`, `diff` and `report`: versions of a period, and earlier states of knowledge.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Which;
use crate::cli::context::{UsageError, project_id};
use crate::cli::{Context, Ended};
use crate::daemon::period::{forms, version_folder};
use crate::daemon::request::{Answer, Request};
use crate::dataset::layout::Layout;
use crate::decode::life::PeriodKey;
use crate::domain::id::ProjectId;
use crate::domain::time::Date;
use crate::evidence::tree::TreeState;
use crate::period::Period;
use crate::publish::registry::{self, Registry};
use crate::report::collect::{Named, Published};
use crate::report::recompute::Past;
use crate::report::restate::{AsOf, Candidate, candidate, changed_years, differences};
use crate::report::{Report, dossier};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mrv period candidates --project P")]
pub struct CandidatesArguments {
    /// The project.
    #[arg(long)]
    project: String,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "A version is written PERIOD@N or PROJECT@N where the project has one sealed period: \
    \n  mrv period diff --project P 2020-01-01_2020-12-31@1 2020-01-01_2020-12-31@2\n  \
    mrv period diff P@1 P@2"
)]
pub struct DiffArguments {
    /// The earlier version.
    old: String,
    /// The later version.
    new: String,
    /// The project, where the versions name periods.
    #[arg(long)]
    project: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mrv period report --project P --from 2020-01-01 --to 2020-12-31 \
    --as-of 2021-02-01T00:00:00Z"
)]
pub struct ReportArguments {
    #[command(flatten)]
    which: Which,
    /// Only what the log held then counts: leaves before this one (a seal's log size), or what was
    /// received at or before this time (RFC 3339).
    #[arg(long, value_name = "LEAF|TIME")]
    as_of: String,
    /// A new folder for report.json, report.html, report.xlsx and report.pdf; without it the summary is
    /// printed.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub fn candidates(context: &Context, arguments: &CandidatesArguments) -> Result<Ended> {
    let found = of_project(context, &arguments.project, None)?;
    let found: Vec<Candidate> = found.into_iter().filter(|one| !one.is_idle()).collect();
    context.print(&found, || match found.is_empty() {
        true => "nothing arrived that could alter a sealed period".to_owned(),
        false => found.iter().map(Candidate::words).collect::<Vec<_>>().join("\n"),
    })?;
    Ok(Ended::Done)
}

/// The candidates of all sealed periods of a project, or of one, with everything received so far.
pub fn of_project(
    context: &Context,
    project: &str,
    wanted: Option<PeriodKey>,
) -> Result<Vec<Candidate>> {
    let (_, layout) = context.open()?;
    let id = project_id(project)?;
    match context.ask(Request::Flush)? {
        Answer::Done => {}
        other => anyhow::bail!("unexpected answer {other:?}"),
    }
    let (commit, registry) = registry::read(&layout, &id)?;
    let published = Published {
        layout: &layout,
        project: &id,
        registry: &registry,
        log_size: commit.next_leaf,
        root: root(&layout, &id, commit.next_leaf)?,
    };
    let mut found = Vec::new();
    for (key, _) in registry.life().periods().filter(|(key, _)| wanted.is_none_or(|w| w == *key)) {
        found.extend(candidate(&published, key)?);
    }
    Ok(found)
}

fn root(layout: &Layout, id: &ProjectId, size: i64) -> Result<[u8; 32]> {
    let files = crate::dataset::log_files::LogFiles { layout, project: id };
    Ok(TreeState::restore(size as u64, &files)?.root())
}

pub fn diff(context: &Context, arguments: &DiffArguments) -> Result<Ended> {
    let (_, layout) = context.open()?;
    let named = |text: &str| version_named(&layout, arguments.project.as_deref(), text);
    let (old, new) = (named(&arguments.old)?, named(&arguments.new)?);
    if (&old.id, old.key) != (&new.id, new.key) {
        let reason = "both versions are of one period of one project";
        return Err(UsageError(reason.to_owned()).into());
    }
    if old.version >= new.version {
        return Err(UsageError("name the earlier version first".to_owned()).into());
    }
    let (_, registry) = registry::read(&layout, &old.id)?;
    let versions = registry.life().versions(old.key);
    let seal = |number: u32| versions.iter().find(|one| one.number() == number);
    let (Some(before), Some(after)) = (seal(old.version), seal(new.version)) else {
        let shown: Vec<String> = versions.iter().map(|one| one.number().to_string()).collect();
        return context.refused(&format!(
            "{} to {} of project {} has the versions {}",
            old.key.0,
            old.key.1,
            old.id,
            shown.join(", ")
        ));
    };
    let (before, after) = (&before.seal.act, &after.seal.act);
    let found = differences(&old.report()?, &new.report()?);
    let period = Period::new(old.key.0, old.key.1)?;
    let zone = registry.plans().latest().map(|plan| plan.registered.zone.clone());
    let zone = zone.unwrap_or_else(crate::domain::time::Zone::utc);
    let published = Published {
        layout: &layout,
        project: &old.id,
        registry: &registry,
        log_size: after.log_size,
        root: root(&layout, &old.id, after.log_size)?,
    };
    let range = (period.start(&zone), period.end(&zone));
    let leaves = (before.log_size, after.log_size);
    let causes = dossier::causes(&published, period, range, leaves)?;
    let years = changed_years(&before.years, &after.years);
    let value = json!({
        "project": old.id.to_string(),
        "from": before.from,
        "to": before.to,
        "versions": [old.version, new.version],
        "log_size": [before.log_size, after.log_size],
        "reason": after.reason,
        "causes": causes
            .iter()
            .map(|cause| json!({ "leaf": cause.leaf, "what": cause.what }))
            .collect::<Vec<_>>(),
        "years": years,
        "figures": found,
    });
    context.print(&value, || {
        let mut lines = vec![format!(
            "{} to {}, version {} against {}: {}",
            before.from, before.to, old.version, new.version, after.reason
        )];
        for cause in &causes {
            lines.push(format!("cause, leaf {}: {}", cause.leaf, cause.what));
        }
        for year in &years {
            lines.push(format!(
                "effect, {} {}: ER {}; claimed {}",
                year.methodology,
                year.year,
                year.er.words(),
                year.claimed.words()
            ));
        }
        for one in &found {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
            let (old, new) = (value(&one.old), value(&one.new));
            lines.push(format!("{}: {old} -> {new} {}", one.figure, one.unit));
        }
        if found.is_empty() {
            lines.push("no figure differs".to_owned());
        }
        lines.join("\n")
    })?;
    Ok(if found.is_empty() { Ended::Done } else { Ended::Differs })
}

/// A version that an argument names.
struct Version {
    id: ProjectId,
    key: PeriodKey,
    version: u32,
    folder: PathBuf,
}

impl Version {
    /// Its report as it was written.
    fn report(&self) -> Result<Value> {
        let path = self.folder.join("report.json");
        let shown = path.display();
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {shown}"))?;
        serde_json::from_str(&text).with_context(|| format!("read {shown}"))
    }
}

fn version_named(layout: &Layout, project: Option<&str>, text: &str) -> Result<Version> {
    let usage = |reason: String| UsageError(format!("{text:?}: {reason}"));
    let form = "write PERIOD@N, such as 2020-01-01_2020-12-31@2, or PROJECT@N";
    let (name, number) = text.rsplit_once('@').ok_or_else(|| usage(form.to_owned()))?;
    let version: u32 = number.parse().map_err(|_| usage(form.to_owned()))?;
    let dates = name
        .split_once('_')
        .and_then(|(from, to)| Date::parse(from).ok().zip(Date::parse(to).ok()));
    let (id, key) = match (dates, project) {
        (Some(key), Some(project)) => (project_id(project)?, key),
        (Some(_), None) => return Err(usage("name the project: --project P".to_owned()).into()),
        (None, _) => {
            let id = project_id(name)?;
            let (_, registry) = registry::read(layout, &id)?;
            let key = only_period(&registry).map_err(usage)?;
            (id, key)
        }
    };
    let folder = layout.reports(&id).join(format!("{}_{}", key.0, key.1));
    Ok(Version { folder: folder.join(version_folder(version)), id, key, version })
}

fn only_period(registry: &Registry) -> Result<PeriodKey, String> {
    let keys: Vec<PeriodKey> = registry.life().periods().map(|(key, _)| key).collect();
    match keys.as_slice() {
        [key] => Ok(*key),
        [] => Err("no period of it is sealed".to_owned()),
        keys => {
            let shown: Vec<String> =
                keys.iter().map(|(from, to)| format!("{from}_{to}@N")).collect();
            Err(format!("it has several sealed periods; write one of {}", shown.join(", ")))
        }
    }
}

pub fn report(context: &Context, arguments: &ReportArguments) -> Result<Ended> {
    let (_, layout) = context.open()?;
    let id = project_id(&arguments.which.project)?;
    let key = arguments.which.dates()?;
    let as_of = AsOf::parse(&arguments.as_of).map_err(|error| UsageError(error.to_string()))?;
    let size = as_of.log_size(&layout, &id)?;
    let (report, version) = as_it_was(&layout, &id, key, size)?;
    let forms = forms(&layout, &report)?;
    if let Some(folder) = &arguments.out {
        let shown = folder.display();
        std::fs::create_dir(folder).with_context(|| format!("make the new folder {shown}"))?;
        for (name, bytes) in &forms.files {
            let path = folder.join(name);
            std::fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))?;
        }
    }
    let value: Value = serde_json::from_str(&forms.json)?;
    let value = json!({ "log_size": size, "version": version, "report": value });
    context.print(&value, || {
        let stands = match version {
            Some(version) => format!("version {version} as it was sealed"),
            None => "a draft: no sealed version says this".to_owned(),
        };
        let told = (forms.summary + &forms.notes).trim_end().to_owned();
        format!("as of {size} leaves; whatever came later is not looked at; {stands}\n{told}")
    })?;
    Ok(Ended::Done)
}

/// The report of a log size, and the version of the period that it is: where a sealed version says the same,
/// this is that version as it was sealed, else a draft.
fn as_it_was(
    layout: &Layout,
    id: &ProjectId,
    key: PeriodKey,
    size: i64,
) -> Result<(Report, Option<u32>)> {
    let scratch = std::env::temp_dir();
    let (_, registry) = registry::read(layout, id)?;
    let versions = registry.life().versions(key);
    let seal = versions.iter().find(|one| one.seal.act.log_size == size);
    let mut past = Past::of_folder(layout, id, size, &scratch)?;
    if let Some(seal) = seal.map(|version| &version.seal.act) {
        return Ok((Report::of(&past.sealed(seal)?), Some(seal.version)));
    }
    let mut collected = past.collect(Period::new(key.0, key.1)?)?;
    collected.restate("");
    let statement = collected.state(Named::default())?;
    let standing = versions.iter().rev().find(|one| one.seal.leaf < size);
    let is_same = |seal: &crate::decode::act::Seal| {
        collected.dossier().causes.is_empty() && statement.digest.to_string() == seal.figures
    };
    if let Some(seal) = standing.map(|one| &one.seal.act).filter(|seal| is_same(seal)) {
        let mut past = Past::of_folder(layout, id, seal.log_size, &scratch)?;
        return Ok((Report::of(&past.sealed(seal)?), Some(seal.version)));
    }
    Ok((Report::of(&statement), None))
}
