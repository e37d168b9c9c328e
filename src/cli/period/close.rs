//! `mrv period close` and `restate`: a report is written, and sealed where two people are named.

use anyhow::{Context as _, Result};

use crate::cli::context::{UsageError, project_id, say};
use crate::cli::{Context, Ended};
use crate::daemon::period::{Close, is_sealable};
use crate::daemon::request::{Answer, Request};
use crate::domain::time::Date;
use crate::period::Period;
use crate::publish::registry;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mrv period close --project P --from 2020-01-01 --to 2020-12-31 \
    --prepared-by \"A. Tanaka\" --reviewed-by \"B. Somchai\""
)]
pub struct Arguments {
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
#[command(
    after_help = "Example:\n  mrv period restate --project P --from 2020-01-01 --to 2020-12-31 \\\n    \
    --reason \"2.000 MWh arrived late\" --prepared-by \"A. Tanaka\" --reviewed-by \"B. Somchai\""
)]
pub struct RestateArguments {
    #[command(flatten)]
    which: super::Which,
    /// Why: stands in the report and in every later version's history.
    #[arg(long)]
    reason: String,
    /// Who prepared it.
    #[arg(long, value_name = "NAME")]
    prepared_by: String,
    /// Who reviewed it: another person.
    #[arg(long, value_name = "NAME")]
    reviewed_by: String,
}

pub fn close(context: &Context, arguments: Arguments) -> Result<Ended> {
    let date = |text: &str| Date::parse(text).map_err(|error| UsageError(error.to_string()));
    let (from, to) = (date(&arguments.from)?, date(&arguments.to)?);
    let period = Period::new(from, to).map_err(|error| UsageError(error.to_string()))?;
    let close = Close {
        from,
        to,
        prepared_by: arguments.prepared_by.clone(),
        reviewed_by: arguments.reviewed_by.clone(),
        restates: None,
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
    tell(context, context.ask(request)?)
}

pub fn restate(context: &Context, arguments: RestateArguments) -> Result<Ended> {
    let RestateArguments { which, reason, prepared_by, reviewed_by } = arguments;
    let some = |name: &String| Some(name.clone());
    let (from, to) = which.dates()?;
    let people = Close {
        from,
        to,
        prepared_by: some(&prepared_by),
        reviewed_by: some(&reviewed_by),
        restates: some(&reason),
    };
    if !is_sealable(&people) {
        let reason = "a seal needs --prepared-by and --reviewed-by, two different people";
        return Err(UsageError(reason.to_owned()).into());
    }
    let super::Which { project, from, to } = which;
    let request = Request::Restate { project, from, to, reason, prepared_by, reviewed_by };
    tell(context, context.ask(request)?)
}

/// Tells of a report that was written.
fn tell(context: &Context, answer: Answer) -> Result<Ended> {
    match answer {
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
