//! `mrv monthly`, `mrv evidence`, `mrv respond`: what the plan promises, and what is said to flags.

use anyhow::Result;

use super::context::{author, project_id};
use super::period::Which;
use super::record::{document, record};
use super::{Context, Ended};
use crate::daemon::request::Stated;
use crate::decode::act::{Content, Evidence, MonthlyCheck, Response, SampleResult};
use crate::publish::registry;

/// The monthly check of the data's integrity that the plan promises.
#[derive(Debug, clap::Subcommand)]
pub enum MonthlyCommand {
    /// Record that a month was checked: by whom, when, what, with which findings.
    Record(MonthlyArguments),
    /// List the checks of a project.
    List(ListArguments),
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mrv monthly record --project P --month 2020-03 --post \"plant engineer\" \
    --date 2020-04-02 \\\n    --what \"registers against the log book\" --findings none"
)]
pub struct MonthlyArguments {
    #[arg(long)]
    project: String,
    /// The month that was looked at: 2020-03.
    #[arg(long)]
    month: String,
    /// What was looked at.
    #[arg(long)]
    what: String,
    /// What was found; none where nothing was.
    #[arg(long)]
    findings: String,
    #[command(flatten)]
    said: Said,
}

/// Evidence that the criteria of eligibility are met, and what samples achieved.
#[derive(Debug, clap::Subcommand)]
pub enum EvidenceCommand {
    /// Record evidence of a criterion of the plan for a span of days.
    Record(EvidenceArguments),
    /// Record what the sample behind a parameter achieved.
    Sample(SampleArguments),
    /// List the evidence of a project.
    List(ListArguments),
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mrv evidence record --project P --criterion 1 --from 2020-01-01 --to \
    2020-12-31 \\\n    --text \"chillers of the listed type\" --document photos.pdf --post \"plant \
    engineer\" --date 2021-01-10"
)]
pub struct EvidenceArguments {
    #[command(flatten)]
    which: Which,
    /// As the plan numbers it.
    #[arg(long)]
    criterion: String,
    /// How the project meets it.
    #[arg(long)]
    text: String,
    #[command(flatten)]
    said: Said,
}

#[derive(Debug, clap::Args)]
pub struct SampleArguments {
    #[command(flatten)]
    which: Which,
    /// The sampled parameter's symbol.
    #[arg(long)]
    parameter: String,
    /// Members of its indices, in their order.
    #[arg(long, value_name = "MEMBER", num_args = 1..)]
    member: Vec<String>,
    /// Confidence/precision in percent: 90/8.7.
    #[arg(long)]
    achieved: String,
    #[command(flatten)]
    said: Said,
}

/// Respond to flags of a period: it changes no severity, value or count.
///
/// V-OVERLAP, V-CALIBRATION, V-GAPPATH, V-PLAN and V-YEAR stay open whatever is said; all flags stay
/// on the report's first page with their responses.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mrv respond V-GAP --project P --from 2020-01-01 --to 2020-12-31 --channel \
    roof/meter-1/EG \\\n    --reason \"the line was down, see the log book\" --post \"plant engineer\" \
    --date 2021-01-10"
)]
pub struct RespondArguments {
    /// The flag's code.
    code: String,
    #[command(flatten)]
    which: Which,
    /// Only flags of this channel: SITE/DEVICE/QUANTITY.
    #[arg(long, default_value = "")]
    channel: String,
    /// Only the flag whose stretch holds this moment, RFC 3339.
    #[arg(long, value_name = "TIME", default_value = "")]
    at: String,
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    said: Said,
}

#[derive(Debug, clap::Args)]
pub struct ListArguments {
    #[arg(long)]
    project: String,
}

/// Who says it, and when.
#[derive(Debug, clap::Args)]
struct Said {
    /// The post of whoever answers for it.
    #[arg(long)]
    post: String,
    /// Local date.
    #[arg(long, value_name = "DATE")]
    date: String,
    /// A document's file, which is kept in the log; or the SHA-256 of one that is there.
    #[arg(long, value_name = "FILE", default_value = "")]
    document: String,
    /// Who says it; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

pub fn monthly(context: &Context, command: MonthlyCommand) -> Result<Ended> {
    match command {
        MonthlyCommand::Record(MonthlyArguments { project, month, what, findings, said }) => {
            let mut documents = Vec::new();
            let check = MonthlyCheck {
                month,
                what,
                findings,
                document: document(&said.document, &mut documents)?,
                author: author(said.by),
                post: said.post,
                date: said.date,
            };
            let stated = Stated { documents, ..Stated::new(Content::MonthlyCheck(check)) };
            record(context, project, vec![stated])
        }
        MonthlyCommand::List(arguments) => {
            let (_, layout) = context.open()?;
            let id = project_id(&arguments.project)?;
            let (_, registry) = registry::read(&layout, &id)?;
            let checks: Vec<&MonthlyCheck> =
                registry.life().checks().iter().map(|check| &check.act).collect();
            context.print(&checks, || {
                let line = |check: &&MonthlyCheck| {
                    format!(
                        "{}  {} ({}) on {}: {}; findings: {}",
                        check.month,
                        check.author,
                        check.post,
                        check.date,
                        check.what,
                        check.findings
                    )
                };
                listed(checks.iter().map(line).collect(), "checks")
            })?;
            Ok(Ended::Done)
        }
    }
}

pub fn evidence(context: &Context, command: EvidenceCommand) -> Result<Ended> {
    match command {
        EvidenceCommand::Record(EvidenceArguments { which, criterion, text, said }) => {
            let mut documents = Vec::new();
            let evidence = Evidence {
                criterion,
                from: which.from,
                to: which.to,
                text,
                document: document(&said.document, &mut documents)?,
                author: author(said.by),
                post: said.post,
                date: said.date,
            };
            let stated = Stated { documents, ..Stated::new(Content::Evidence(evidence)) };
            record(context, which.project, vec![stated])
        }
        EvidenceCommand::Sample(SampleArguments { which, parameter, member, achieved, said }) => {
            let mut documents = Vec::new();
            let sample = SampleResult {
                parameter,
                members: member,
                from: which.from,
                to: which.to,
                achieved,
                document: document(&said.document, &mut documents)?,
                author: author(said.by),
                post: said.post,
                date: said.date,
            };
            let stated = Stated { documents, ..Stated::new(Content::SampleResult(sample)) };
            record(context, which.project, vec![stated])
        }
        EvidenceCommand::List(arguments) => {
            let (_, layout) = context.open()?;
            let id = project_id(&arguments.project)?;
            let (_, registry) = registry::read(&layout, &id)?;
            let life = registry.life();
            let criteria: Vec<&Evidence> = life.evidence().iter().map(|one| &one.act).collect();
            let samples: Vec<&SampleResult> = life.samples().iter().map(|one| &one.act).collect();
            let value = serde_json::json!({ "criteria": criteria, "samples": samples });
            context.print(&value, || {
                let criterion = |one: &&Evidence| {
                    format!(
                        "criterion {}  {} to {}  {}  document {}  {} ({})",
                        one.criterion,
                        one.from,
                        one.to,
                        one.text,
                        one.document,
                        one.author,
                        one.post
                    )
                };
                let sample = |one: &&SampleResult| {
                    let label = crate::period::statement::label(&one.parameter, &one.members);
                    format!(
                        "sample of {label}  {} to {}  achieved {}",
                        one.from, one.to, one.achieved
                    )
                };
                let lines = criteria.iter().map(criterion).chain(samples.iter().map(sample));
                listed(lines.collect(), "evidence")
            })?;
            Ok(Ended::Done)
        }
    }
}

pub fn respond(context: &Context, arguments: RespondArguments) -> Result<Ended> {
    let RespondArguments { code, which, channel, at, reason, said } = arguments;
    let mut documents = Vec::new();
    let response = Response {
        code,
        from: which.from,
        to: which.to,
        channel,
        at,
        reason,
        document: document(&said.document, &mut documents)?,
        author: author(said.by),
        post: said.post,
        date: said.date,
    };
    let stated = Stated { documents, ..Stated::new(Content::Response(response)) };
    record(context, which.project, vec![stated])
}

fn listed(lines: Vec<String>, what: &str) -> String {
    if lines.is_empty() { format!("no {what} recorded") } else { lines.join("\n") }
}
