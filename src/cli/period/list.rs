//! `mrv period list` and `show`: what is sealed, how far it has come, and what stands on it.

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::context::{UsageError, project_id};
use crate::cli::{Context, Ended};
use crate::daemon::period::version_folder;
use crate::dataset::layout::Layout;
use crate::decode::life::{Life, PeriodKey, State, Version};
use crate::domain::id::ProjectId;
use crate::domain::time::Date;
use crate::publish::registry;

#[derive(Debug, clap::Args)]
pub struct ListArguments {
    /// The project.
    #[arg(long)]
    project: String,
}

#[derive(Debug, clap::Args)]
pub struct ShowArguments {
    /// The project.
    #[arg(long)]
    project: String,
    /// First local date of one period; all where not given.
    #[arg(long, value_name = "DATE", requires = "to")]
    from: Option<String>,
    /// Its last local date, included.
    #[arg(long, value_name = "DATE", requires = "from")]
    to: Option<String>,
}

pub fn list(context: &Context, arguments: &ListArguments) -> Result<Ended> {
    let (_, layout) = context.open()?;
    let id = project_id(&arguments.project)?;
    let (_, registry) = registry::read(&layout, &id)?;
    let described: Vec<Value> = registry
        .life()
        .periods()
        .flat_map(|(key, versions)| {
            let describe = |version| described(&layout, &id, key, versions, version);
            versions.iter().map(describe).collect::<Vec<_>>()
        })
        .collect();
    context.print(&described, || {
        if described.is_empty() {
            return format!("no period of project {id} is sealed");
        }
        let line = |one: &Value| {
            let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            format!(
                "{} to {}, both included: version {}, {}; sealed by leaf {} over {} leaves; prepared \
                 by {}, reviewed by {}, approved by {}",
                text("from"),
                text("to"),
                one["version"],
                text("state"),
                one["leaf"],
                one["log_size"],
                text("prepared_by"),
                text("reviewed_by"),
                one["approved_by"].as_str().unwrap_or("nobody yet"),
            )
        };
        described.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(Ended::Done)
}

pub fn show(context: &Context, arguments: &ShowArguments) -> Result<Ended> {
    let (_, layout) = context.open()?;
    let id = project_id(&arguments.project)?;
    let wanted = match (&arguments.from, &arguments.to) {
        (Some(from), Some(to)) => {
            let date = |text: &str| Date::parse(text).map_err(|e| UsageError(e.to_string()));
            Some((date(from)?, date(to)?))
        }
        _ => None,
    };
    let candidates = super::versions::of_project(context, &arguments.project, wanted)?;
    let (_, registry) = registry::read(&layout, &id)?;
    let life = registry.life();
    let mut described = Vec::new();
    let mut texts = Vec::new();
    for (key, versions) in life.periods().filter(|(key, _)| wanted.is_none_or(|one| one == *key)) {
        let all: Vec<Value> =
            versions.iter().map(|one| self::described(&layout, &id, key, versions, one)).collect();
        let candidate =
            candidates.iter().find(|one| one.from == key.0.to_string() && !one.is_idle());
        let findings: Vec<Value> = life
            .findings_of(key)
            .map(|finding| {
                json!({
                    "name": finding.name,
                    "act": finding.opened.number,
                    "is_open": finding.is_open(),
                    "about": finding.opened.act.about,
                    "text": finding.opened.act.text,
                })
            })
            .collect();
        let threshold = life.materiality(key).map(|said| said.act.threshold.clone());
        texts.push(worded(life, key, versions, threshold.as_deref()));
        texts.extend(candidate.map(|candidate| format!("candidate: {}", candidate.words())));
        described.push(json!({
            "from": key.0.to_string(),
            "to": key.1.to_string(),
            "versions": all,
            "findings": findings,
            "materiality": threshold,
            "candidate": candidate,
        }));
    }
    context.print(&described, || match texts.is_empty() {
        true => format!("no such period of project {id} is sealed"),
        false => texts.join("\n"),
    })?;
    Ok(Ended::Done)
}

fn described(
    layout: &Layout,
    id: &ProjectId,
    key: PeriodKey,
    versions: &[Version],
    version: &Version,
) -> Value {
    let seal = &version.seal.act;
    let folder = layout.reports(id).join(format!("{}_{}", key.0, key.1));
    let submission = version.step(crate::decode::act::StepKind::Submission);
    let steps: Vec<Value> = version
        .steps
        .iter()
        .map(|step| {
            let mut value = serde_json::to_value(&step.act).unwrap_or_default();
            value["leaf"] = step.leaf.into();
            value
        })
        .collect();
    json!({
        "from": seal.from,
        "to": seal.to,
        "version": seal.version,
        "state": state_of(versions, version).words(),
        "reason": seal.reason,
        "leaf": version.seal.leaf,
        "log_size": seal.log_size,
        "log_root": seal.log_root,
        "prepared_by": seal.prepared_by,
        "reviewed_by": seal.reviewed_by,
        "approved_by": submission.map(|step| step.act.author.clone()),
        "figures": seal.figures,
        "steps": steps,
        "tpe_report": version.report.as_ref().map(|report| &report.act),
        "folder": folder.join(version_folder(seal.version)),
    })
}

/// How far a version has come; one that has a successor is restated.
fn state_of(versions: &[Version], version: &Version) -> State {
    match versions.last() {
        Some(last) if last.number() > version.number() => State::Restated,
        _ => version.state(),
    }
}

fn worded(life: &Life, key: PeriodKey, versions: &[Version], threshold: Option<&str>) -> String {
    let mut lines = vec![format!("{} to {}, both included", key.0, key.1)];
    for version in versions {
        let seal = &version.seal.act;
        lines.push(format!(
            "  version {}: {}; sealed by leaf {} over {} leaves; prepared by {}, reviewed by {}{}",
            seal.version,
            state_of(versions, version).words(),
            version.seal.leaf,
            seal.log_size,
            seal.prepared_by,
            seal.reviewed_by,
            if seal.reason.is_empty() { String::new() } else { format!("; {}", seal.reason) }
        ));
        for year in &seal.years {
            lines.push(format!(
                "    {} {}: RE {} PE {} ER {} claimed {}",
                year.methodology, year.year, year.re, year.pe, year.er, year.claimed
            ));
        }
        for step in &version.steps {
            let act = &step.act;
            lines.push(format!(
                "    {} {}: {} ({}){}; leaf {}",
                act.date,
                act.step,
                act.author,
                act.post,
                if act.reference.is_empty() {
                    String::new()
                } else {
                    format!(", {}", act.reference)
                },
                step.leaf
            ));
        }
        if let Some(report) = &version.report {
            let act = &report.act;
            lines.push(format!(
                "    {} TPE report {} of {}: {}, {}; leaf {}",
                act.date, act.report_number, act.tpe, act.opinion, act.conclusion, report.leaf
            ));
        }
    }
    for finding in life.findings_of(key) {
        lines.push(format!(
            "  {} (act {}): {}: {}",
            finding.name,
            finding.opened.number,
            if finding.is_open() { "open" } else { "closed" },
            finding.opened.act.text
        ));
    }
    lines.push(format!("  materiality threshold: {}", threshold.unwrap_or("not set")));
    lines.extend(life.outdated(key).map(|reason| format!("  outdated: {reason}")));
    lines.join("\n")
}
