//! `mrv plan check|apply|show`: what a project declares.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::context::{UsageError, author, project_id};
use super::{Context, Ended};
use crate::config::plan::Plan;
use crate::daemon::request::{Answer, Request};
use crate::domain::diagnostic::Diagnostic;
use crate::methodology::{self, Methodology, factors};
use crate::publish::registry;

/// Declare, check and show a project's plan.
///
/// A plan is a TOML file: what is registered (methodology, parameters, meters, fixed values, crediting
/// period, zone) and how it is run (channels, readers). Examples: pipelines/projects/. It takes effect
/// as a message in the project's log; plans are numbered 1, 2, 3, and none is ever changed.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Check a plan file without applying it: file:line:column and what to do.
    Check(CheckArguments),
    /// Record a plan in its project's log; from then on it reads and judges messages.
    Apply(ApplyArguments),
    /// Show the plans of a project and what the last one declares.
    Show(ShowArguments),
}

#[derive(Debug, clap::Args)]
pub struct CheckArguments {
    /// The plan file.
    file: PathBuf,
    /// Methodology file, where it is none of the shipped ones; may be given several times.
    #[arg(long, value_name = "FILE")]
    methodology: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct ApplyArguments {
    /// The plan file.
    file: PathBuf,
    /// Methodology file, where it is none of the shipped ones; may be given several times.
    #[arg(long, value_name = "FILE")]
    methodology: Vec<PathBuf>,
    /// Who applies it; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct ShowArguments {
    /// The project.
    project: String,
    /// Print the text of the plan of this number as it stands in the log.
    #[arg(long, value_name = "N")]
    text: Option<u32>,
}

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    match command {
        Command::Check(arguments) => check(context, &arguments),
        Command::Apply(arguments) => apply(context, arguments),
        Command::Show(arguments) => show(context, &arguments),
    }
}

/// A plan file with the texts of its methodologies, all checked; or what is wrong.
pub fn read_checked(
    file: &Path,
    methodologies: &[PathBuf],
) -> Result<Result<(Plan, String, Vec<String>), Vec<Diagnostic>>> {
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("read {shown}"))?;
    let plan = match Plan::parse(&shown, &text) {
        Ok(plan) => plan,
        Err(found) => return Ok(Err(found)),
    };
    let mut given = Vec::new();
    for path in methodologies {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        match Methodology::parse(&path.display().to_string(), &text) {
            Ok(parsed) => given.push((parsed, text)),
            Err(found) => return Ok(Err(found)),
        }
    }
    let ids = &plan.registered.methodologies;
    if let Some((strange, _)) = given.iter().find(|(one, _)| !ids.contains(&one.id)) {
        let message = format!("the plan names {}, not {:?}", ids.join(", "), strange.id);
        return Ok(Err(vec![Diagnostic::whole(&shown, message)]));
    }
    let factors = super::factor::read(None)?;
    let (mut texts, mut found) = (Vec::new(), Vec::new());
    for id in ids {
        let (parsed, rules) = match given.iter().find(|(one, _)| one.id == *id) {
            Some((parsed, text)) => (parsed.clone(), text.clone()),
            None => match shipped(id, &shown) {
                Ok(shipped) => shipped,
                Err(found) => return Ok(Err(found)),
            },
        };
        let registered = plan.registered.under(id);
        let lacks = parsed.check_inputs(&registered).into_iter();
        let faults = lacks.chain(crate::period::faults(&parsed, &registered));
        let faults = faults.chain(factors::check_plan(&factors, &parsed, &registered));
        found.extend(faults.map(|message| Diagnostic::whole(&shown, message)));
        texts.push(rules);
    }
    if found.is_empty() { Ok(Ok((plan, text, texts))) } else { Ok(Err(found)) }
}

/// A shipped methodology with its text.
fn shipped(id: &str, plan: &str) -> Result<(Methodology, String), Vec<Diagnostic>> {
    let shipped = methodology::shipped().iter().find(|shipped| shipped.id == id);
    let Some(shipped) = shipped else {
        let known: Vec<&str> = methodology::shipped().iter().map(|shipped| shipped.id).collect();
        let message = format!("methodology {id:?} is none of the shipped ones");
        let advice = format!("use {}, or give --methodology FILE", known.join(", "));
        return Err(vec![Diagnostic::whole(plan, message).advise(advice)]);
    };
    Ok((Methodology::parse(shipped.file, shipped.text)?, shipped.text.to_owned()))
}

fn check(context: &Context, arguments: &CheckArguments) -> Result<Ended> {
    match read_checked(&arguments.file, &arguments.methodology)? {
        Ok((plan, _, _)) => {
            let value = serde_json::json!({
                "project": plan.project.to_string(),
                "number": plan.number,
                "channels": plan.channels.len(),
                "findings": [],
            });
            context.print(&value, || {
                format!(
                    "{}: plan {} of project {} is right: {} channels, {} readers, {} parameters",
                    arguments.file.display(),
                    plan.number,
                    plan.project,
                    plan.channels.len(),
                    plan.readers.len(),
                    plan.registered.parameters.len()
                )
            })?;
            Ok(Ended::Done)
        }
        Err(found) => tell(context, &found),
    }
}

/// Prints findings; a file with any is wrong.
pub fn tell(context: &Context, found: &[Diagnostic]) -> Result<Ended> {
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    context.print(&serde_json::json!({ "findings": lines }), || lines.join("\n"))?;
    Ok(Ended::Differs)
}

fn apply(context: &Context, arguments: ApplyArguments) -> Result<Ended> {
    let checked = read_checked(&arguments.file, &arguments.methodology)?;
    let (_, text, methodologies) = match checked {
        Ok(checked) => checked,
        Err(found) => return tell(context, &found),
    };
    let name = arguments.file.file_name().map(|name| name.to_string_lossy().into_owned());
    let request = Request::Plan {
        file: name.unwrap_or_else(|| "plan.toml".to_owned()),
        text,
        methodologies,
        author: author(arguments.author),
    };
    match context.ask(request)? {
        Answer::Refused { reason } => context.refused(&reason),
        Answer::Recorded { project, leaf, number } => {
            let value = serde_json::json!({ "project": project, "leaf": leaf, "number": number });
            context.print(&value, || {
                format!("plan {number} of project {project} takes effect: leaf {leaf} of its log")
            })?;
            Ok(Ended::Done)
        }
        other => anyhow::bail!("unexpected answer {other:?}"),
    }
}

fn show(context: &Context, arguments: &ShowArguments) -> Result<Ended> {
    let (_, layout) = context.open()?;
    let id = project_id(&arguments.project)?;
    let (commit, registry) = registry::read(&layout, &id)?;
    let Some(plan) = registry.plans().latest() else {
        return Err(UsageError(format!("no plan of project {id} is applied here")).into());
    };
    if let Some(number) = arguments.text {
        let leaf = registry
            .plan_leaf(number)
            .ok_or_else(|| UsageError(format!("project {id} has no plan {number}")))?;
        let mut text = None;
        crate::dataset::read::messages(&layout, &id, leaf, leaf + 1, |row| {
            if let crate::domain::message::Payload::Inline(bytes) = &row.payload {
                text = Some(String::from_utf8_lossy(bytes).into_owned());
            }
            Ok::<_, anyhow::Error>(())
        })?;
        print!("{}", text.unwrap_or_default());
        return Ok(Ended::Done);
    }
    let plans: Vec<_> = registry
        .plans()
        .iter()
        .map(|plan| {
            serde_json::json!({
                "number": plan.number,
                "valid_from": plan.valid_from.to_string(),
                "leaf": registry.plan_leaf(plan.number),
            })
        })
        .collect();
    let channels: Vec<_> = plan
        .channels
        .iter()
        .map(|channel| {
            serde_json::json!({
                "id": channel.key.to_string(),
                "kind": channel.kind.as_str(),
                "unit": channel.unit.symbol(),
                "cadence_s": channel.cadence_us.map(|us| us / 1_000_000),
            })
        })
        .collect();
    let value = serde_json::json!({
        "project": id.to_string(),
        "title": plan.registered.title,
        "methodologies": plan.registered.methodologies,
        "zone": plan.registered.zone.name(),
        "plans": plans,
        "channels": channels,
        "leaves": commit.next_leaf,
    });
    context.print(&value, || {
        let mut lines = vec![
            format!("project      {id}: {}", plan.registered.title),
            format!("methodology  {}", plan.registered.methodologies.join(", ")),
            format!(
                "crediting    {} to {}, both inclusive, {}",
                plan.registered.crediting.0,
                plan.registered.crediting.1,
                plan.registered.zone.name()
            ),
            format!("log          {} leaves", commit.next_leaf),
        ];
        for plan in registry.plans().iter() {
            let leaf = registry.plan_leaf(plan.number).unwrap_or(-1);
            lines.push(format!(
                "plan {:<8}valid from {}, leaf {leaf}",
                plan.number, plan.valid_from
            ));
        }
        for channel in &plan.channels {
            let (kind, unit) = (channel.kind.as_str(), channel.unit);
            lines.push(format!("channel      {} {kind}, {unit}", channel.key));
        }
        lines.join("\n")
    })?;
    Ok(Ended::Done)
}
