//! `mrv period close|show`: a monitoring period and its report.

use anyhow::{Context as _, Result};

use super::context::{UsageError, project_id, say};
use super::{Context, Ended, publish};
use crate::daemon::period::{Close, SEALED, is_sealable};
use crate::daemon::request::{Answer, Request};
use crate::domain::time::Date;
use crate::period::Period;
use crate::publish::registry;

/// Close a monitoring period and see what was reduced.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Write a period's report, and seal it where a preparer and a reviewer are named.
    ///
    /// Both dates are local dates of the plan's accounting zone and both are included. Everything
    /// received so far counts. RE, PE and ER are computed per calendar year, every doubt at the bound
    /// that gives the lowest ER, and each year is rounded down once. Without two different people in
    /// --prepared-by and --reviewed-by a draft is written and nothing is sealed; a seal is a message
    /// in the project's log that fixes its size and root; before it the log is checked and the tables
    /// are written anew from the messages. Periods of a project never overlap.
    Close(CloseArguments),
    /// List the sealed periods of a project and where their reports are.
    Show(ShowArguments),
    Publish(publish::Arguments),
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mrv period close --project P --from 2020-01-01 --to 2020-12-31 \
    --prepared-by \"A. Tanaka\" --reviewed-by \"B. Somchai\""
)]
pub struct CloseArguments {
    /// The project.
    #[arg(long)]
    project: String,
    /// First local date, included.
    #[arg(long, value_name = "DATE")]
    from: String,
    /// Last local date, included.
    #[arg(long, value_name = "DATE")]
    to: String,
    /// Who prepared the report.
    #[arg(long, value_name = "NAME")]
    prepared_by: Option<String>,
    /// Who reviewed it: another person.
    #[arg(long, value_name = "NAME")]
    reviewed_by: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct ShowArguments {
    /// The project.
    #[arg(long)]
    project: String,
}

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    match command {
        Command::Close(arguments) => close(context, arguments),
        Command::Show(arguments) => show(context, &arguments),
        Command::Publish(arguments) => publish::run(context, &arguments),
    }
}

fn close(context: &Context, arguments: CloseArguments) -> Result<Ended> {
    let date = |text: &str| Date::parse(text).map_err(|error| UsageError(error.to_string()));
    let (from, to) = (date(&arguments.from)?, date(&arguments.to)?);
    let period = Period::new(from, to).map_err(|error| UsageError(error.to_string()))?;
    let close = Close {
        from,
        to,
        prepared_by: arguments.prepared_by.clone(),
        reviewed_by: arguments.reviewed_by.clone(),
    };
    let is_named = close.prepared_by.is_some() || close.reviewed_by.is_some();
    if is_named && !is_sealable(&close) {
        let reason = "a seal needs --prepared-by and --reviewed-by, two different people; leave both \
                      out for a draft";
        return Err(UsageError(reason.to_owned()).into());
    }
    if !context.is_json {
        let (_, layout) = context.open()?;
        let (_, registry) = registry::read(&layout, &project_id(&arguments.project)?)?;
        if let Some(plan) = registry.plans().latest() {
            say(&format!("closing {}", period.words(&plan.registered.zone)))?;
        }
    }
    let request = Request::Close {
        project: arguments.project,
        from: arguments.from,
        to: arguments.to,
        prepared_by: arguments.prepared_by,
        reviewed_by: arguments.reviewed_by,
    };
    match context.ask(request)? {
        Answer::Refused { reason } => context.refused(&reason),
        Answer::Closed { folder, summary, report, seal, log_size } => {
            let report: serde_json::Value =
                serde_json::from_str(&report).context("read the report back")?;
            let value = serde_json::json!({
                "folder": folder,
                "seal": seal,
                "log_size": log_size,
                "report": report,
            });
            context.print(&value, || {
                let sealed = match seal {
                    Some(leaf) => format!("sealed by leaf {leaf} over {log_size} leaves"),
                    None => "DRAFT: nothing is sealed; name --prepared-by and --reviewed-by, two \
                             different people"
                        .to_owned(),
                };
                format!(
                    "{}\n{sealed}\nreport.pdf, report.html, report.xlsx, report.json: {folder}",
                    summary.trim_end()
                )
            })?;
            Ok(Ended::Done)
        }
        other => anyhow::bail!("unexpected answer {other:?}"),
    }
}

fn show(context: &Context, arguments: &ShowArguments) -> Result<Ended> {
    let (_, layout) = context.open()?;
    let id = project_id(&arguments.project)?;
    let (_, registry) = registry::read(&layout, &id)?;
    let periods: Vec<_> = registry
        .seals()
        .iter()
        .map(|sealed| {
            let seal = &sealed.seal;
            let folder =
                layout.reports(&id).join(format!("{}_{}", seal.from, seal.to)).join(SEALED);
            serde_json::json!({
                "from": seal.from,
                "to": seal.to,
                "leaf": sealed.leaf,
                "log_size": seal.log_size,
                "log_root": seal.log_root,
                "prepared_by": seal.prepared_by,
                "reviewed_by": seal.reviewed_by,
                "figures": seal.figures,
                "folder": folder,
            })
        })
        .collect();
    context.print(&periods, || {
        if periods.is_empty() {
            return format!("no period of project {id} is sealed");
        }
        let line = |sealed: &crate::publish::registry::SealLeaf| {
            let seal = &sealed.seal;
            format!(
                "{} to {}, both included: sealed by leaf {} over {} leaves; prepared by {}, \
                 reviewed by {}",
                seal.from, seal.to, sealed.leaf, seal.log_size, seal.prepared_by, seal.reviewed_by
            )
        };
        registry.seals().iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(Ended::Done)
}
