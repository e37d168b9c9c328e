//! `mrv finding`: what a third-party entity raises, what is replied, and how it closes.

use anyhow::Result;
use serde_json::json;

use super::context::{UsageError, author, project_id};
use super::period::{Which, standing};
use super::record::{document, record};
use super::{Context, Ended};
use crate::daemon::request::Stated;
use crate::decode::act::{Content, Finding, FindingClose, FindingKind, FindingReply};
use crate::decode::life::FindingRecord;
use crate::publish::registry;

/// Corrective action requests (CAR), clarification requests (CL), forward action requests (FAR).
///
/// Recorded as the third-party entity raises them, with replies and documents, and closed in its
/// name. A positive opinion cannot be recorded over an open CAR or CL; an open FAR stands in the
/// reports of later periods.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Record a finding that the entity raises on the last version of a period.
    Open(Box<OpenArguments>),
    /// Reply to a finding, with documents.
    Reply(ReplyArguments),
    /// Record that the entity closes its finding.
    Close(CloseArguments),
    /// List the findings of a project.
    List(ListArguments),
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mrv finding open CAR --project P --from 2020-01-01 --to 2020-12-31 --tpe \
    LRQA \\\n    --by \"V. Verifier\" --date 2021-03-10 --about device:roof/meter-1 --text \"plate shows \
    serial 77\""
)]
pub struct OpenArguments {
    /// CAR, CL or FAR.
    kind: String,
    #[command(flatten)]
    which: Which,
    /// The third-party entity.
    #[arg(long)]
    tpe: String,
    /// Who speaks for it.
    #[arg(long, value_name = "NAME")]
    by: String,
    #[arg(long, value_name = "DATE")]
    date: String,
    /// The entity's own number.
    #[arg(long, default_value = "")]
    reference: String,
    /// What it is about: figure:ER.2020, device:SITE/DEVICE, channel:SITE/DEVICE/QUANTITY,
    /// interval:CHANNEL@TIME, reading:CHANNEL@TIME; once for each.
    #[arg(long, value_name = "SUBJECT")]
    about: Vec<String>,
    #[arg(long)]
    text: String,
    /// A document's file, or the SHA-256 of one that the log has.
    #[arg(long, value_name = "FILE", default_value = "")]
    document: String,
}

#[derive(Debug, clap::Args)]
pub struct ReplyArguments {
    /// The finding: CAR-1.
    finding: String,
    #[arg(long)]
    project: String,
    #[arg(long)]
    text: String,
    #[arg(long)]
    post: String,
    #[arg(long, value_name = "DATE")]
    date: String,
    /// A document's file, once for each.
    #[arg(long, value_name = "FILE")]
    document: Vec<String>,
    /// Who replies; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct CloseArguments {
    /// The finding: CAR-1.
    finding: String,
    #[arg(long)]
    project: String,
    /// The entity that raised it.
    #[arg(long)]
    tpe: String,
    /// Who speaks for it.
    #[arg(long, value_name = "NAME")]
    by: String,
    #[arg(long, value_name = "DATE")]
    date: String,
    #[arg(long)]
    text: String,
    /// The version of the period that solves it.
    #[arg(long)]
    version: Option<u32>,
    #[arg(long, value_name = "FILE", default_value = "")]
    document: String,
}

#[derive(Debug, clap::Args)]
pub struct ListArguments {
    #[arg(long)]
    project: String,
    /// Only those that are open.
    #[arg(long)]
    open: bool,
}

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    match command {
        Command::Open(arguments) => open(context, *arguments),
        Command::Reply(arguments) => reply(context, arguments),
        Command::Close(arguments) => close(context, arguments),
        Command::List(arguments) => list(context, &arguments),
    }
}

fn open(context: &Context, arguments: OpenArguments) -> Result<Ended> {
    let Some(kind) = FindingKind::parse(&arguments.kind) else {
        return Err(UsageError(format!("{:?} is none of CAR, CL, FAR", arguments.kind)).into());
    };
    let version = standing(context, &arguments.which)?;
    let mut documents = Vec::new();
    let finding = Finding {
        kind: kind.as_str().to_owned(),
        from: arguments.which.from,
        to: arguments.which.to,
        version,
        tpe: arguments.tpe,
        author: arguments.by,
        reference: arguments.reference,
        date: arguments.date,
        about: arguments.about,
        text: arguments.text,
        document: document(&arguments.document, &mut documents)?,
    };
    let stated = Stated { documents, ..Stated::new(Content::Finding(finding)) };
    record(context, arguments.which.project, vec![stated])
}

fn reply(context: &Context, arguments: ReplyArguments) -> Result<Ended> {
    let finding = act_of(context, &arguments.project, &arguments.finding)?;
    let mut files = Vec::new();
    let named = arguments.document.iter().map(|name| document(name, &mut files));
    let documents = named.collect::<Result<Vec<_>>>()?;
    let reply = FindingReply {
        finding,
        author: author(arguments.by),
        post: arguments.post,
        date: arguments.date,
        text: arguments.text,
        documents,
    };
    let stated = Stated { documents: files, ..Stated::new(Content::FindingReply(reply)) };
    record(context, arguments.project, vec![stated])
}

fn close(context: &Context, arguments: CloseArguments) -> Result<Ended> {
    let finding = act_of(context, &arguments.project, &arguments.finding)?;
    let mut documents = Vec::new();
    let close = FindingClose {
        finding,
        tpe: arguments.tpe,
        author: arguments.by,
        date: arguments.date,
        text: arguments.text,
        version: arguments.version,
        document: document(&arguments.document, &mut documents)?,
    };
    let stated = Stated { documents, ..Stated::new(Content::FindingClose(close)) };
    record(context, arguments.project, vec![stated])
}

/// The act of a finding by its name, or its number.
pub fn act_of(context: &Context, project: &str, name: &str) -> Result<u32> {
    if let Ok(act) = name.parse() {
        return Ok(act);
    }
    let (_, layout) = context.open()?;
    let (_, registry) = registry::read(&layout, &project_id(project)?)?;
    let mut findings = registry.life().findings().iter();
    let found = findings.find(|finding| finding.name.eq_ignore_ascii_case(name));
    let found = found.map(|finding| finding.opened.number);
    found.ok_or_else(|| {
        UsageError(format!("project {project} has no finding {name}; see mrv finding list")).into()
    })
}

fn list(context: &Context, arguments: &ListArguments) -> Result<Ended> {
    let (_, layout) = context.open()?;
    let id = project_id(&arguments.project)?;
    let (_, registry) = registry::read(&layout, &id)?;
    let findings: Vec<&FindingRecord> = registry
        .life()
        .findings()
        .iter()
        .filter(|finding| !arguments.open || finding.is_open())
        .collect();
    let described: Vec<serde_json::Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "name": finding.name,
                "act": finding.opened.number,
                "leaf": finding.opened.leaf,
                "is_open": finding.is_open(),
                "finding": finding.opened.act,
                "replies": finding.replies.iter().map(|reply| &reply.act).collect::<Vec<_>>(),
                "closed": finding.closed.as_ref().map(|close| &close.act),
            })
        })
        .collect();
    context.print(&described, || {
        if findings.is_empty() {
            return format!("project {id} has no such findings");
        }
        findings.iter().map(|finding| worded(finding)).collect::<Vec<_>>().join("\n")
    })?;
    Ok(Ended::Done)
}

fn worded(finding: &FindingRecord) -> String {
    let act = &finding.opened.act;
    let about = match act.about.is_empty() {
        true => String::new(),
        false => format!(" on {}", act.about.join(", ")),
    };
    let mut lines = vec![format!(
        "{} (act {}), {}: raised by {} ({}) on {}{about}: {}",
        finding.name,
        finding.opened.number,
        if finding.is_open() { "open" } else { "closed" },
        act.author,
        act.tpe,
        act.date,
        act.text
    )];
    for reply in &finding.replies {
        let reply = &reply.act;
        lines.push(format!(
            "  reply of {} ({}) on {}: {}",
            reply.author, reply.post, reply.date, reply.text
        ));
    }
    if let Some(close) = &finding.closed {
        let close = &close.act;
        let version = close.version.map_or_else(String::new, |n| format!(", by version {n}"));
        lines.push(format!(
            "  closed by {} ({}) on {}{version}: {}",
            close.author, close.tpe, close.date, close.text
        ));
    }
    lines.join("\n")
}
