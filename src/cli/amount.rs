//! `mrv amount add|import|check|list`: values with a document, entered by one and checked by another.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::context::{UsageError, author, project_id};
use super::record::{document, record};
use super::{Context, Ended};
use crate::daemon::request::Stated;
use crate::decode::act::Content;
use crate::decode::amount::{AmountCheck, AmountEntry, AmountKind};
use crate::decode::amount_csv;
use crate::publish::registry;

/// Record invoices, laboratory results, tickets and other values with a document.
///
/// An amount is a message in the project's log, and so is its document. It counts by its value once a
/// second person has checked it against its document; until then by its bounds. What a document does
/// not cover is a gap, never zero. Kinds: invoice, laboratory-result, weighbridge-ticket, tank-dip,
/// cylinder-weighing, manual-reading.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Record one amount.
    Add(Box<AddArguments>),
    /// Record the amounts of a CSV file: all of them, or none and what is wrong by line.
    Import(ImportArguments),
    /// Confirm that an amount is what its document says; never by who entered it.
    Check(CheckArguments),
    /// Show the amounts of a project and whether they count.
    List(ListArguments),
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mrv amount add --project P --parameter EC_import --from 2025-12-16 \
    --to 2026-01-15 \\\n    --value 310.000 --unit MWh --kind invoice --document bill.pdf --number INV-7 \
    --checked-by Bo"
)]
pub struct AddArguments {
    #[arg(long)]
    project: String,
    /// Symbol of the parameter, as the plan writes it.
    #[arg(long)]
    parameter: String,
    /// Its methodology, where several of the plan have a parameter of this name.
    #[arg(long, default_value = "")]
    methodology: String,
    /// Members of its indices, in their order.
    #[arg(long, value_name = "MEMBER", num_args = 1..)]
    member: Vec<String>,
    /// First local date that it covers, inclusive.
    #[arg(long, value_name = "DATE")]
    from: String,
    /// Last local date that it covers, inclusive.
    #[arg(long, value_name = "DATE")]
    to: String,
    /// The value; for a category the member, without --unit.
    #[arg(long)]
    value: String,
    #[arg(long, default_value = "")]
    unit: String,
    /// invoice, laboratory-result, weighbridge-ticket, tank-dip, cylinder-weighing or manual-reading.
    #[arg(long)]
    kind: String,
    /// The document's file, which is kept in the log; or the SHA-256 of one that is there.
    #[arg(long, value_name = "FILE", default_value = "")]
    document: String,
    /// The document's number, as printed.
    #[arg(long, default_value = "")]
    number: String,
    /// Who issued it.
    #[arg(long, default_value = "")]
    issuer: String,
    /// Who enters it; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    entered_by: Option<String>,
    /// Who else checked it; it can be checked later: mrv amount check.
    #[arg(long, value_name = "NAME", default_value = "")]
    checked_by: String,
    /// The act whose place it takes; needs --reason.
    #[arg(long, value_name = "ACT")]
    replaces: Option<u32>,
    #[arg(long, default_value = "")]
    reason: String,
    /// Record it although it lies beyond the plan's bounds or far from the one before.
    #[arg(long)]
    sure: bool,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Columns: parameter, from, to, value, unit, kind; and, where wanted, methodology, \
    members,\ndocument (a path beside the file, or a SHA-256), number, issuer, entered_by, checked_by, \
    replaces,\nreason."
)]
pub struct ImportArguments {
    #[arg(long)]
    project: String,
    file: PathBuf,
    /// Who enters them, where a line names nobody; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    entered_by: Option<String>,
    /// Record also what lies beyond the plan's bounds or far from the one before.
    #[arg(long)]
    sure: bool,
}

#[derive(Debug, clap::Args)]
pub struct CheckArguments {
    #[arg(long)]
    project: String,
    /// The amount's act, as mrv amount list shows it.
    #[arg(long, value_name = "ACT")]
    act: u32,
    /// Who checked it; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct ListArguments {
    #[arg(long)]
    project: String,
    /// Only of this parameter.
    #[arg(long)]
    parameter: Option<String>,
}

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    match command {
        Command::Add(arguments) => add(context, *arguments),
        Command::Import(arguments) => import(context, arguments),
        Command::Check(arguments) => check(context, arguments),
        Command::List(arguments) => list(context, &arguments),
    }
}

fn add(context: &Context, arguments: AddArguments) -> Result<Ended> {
    if AmountKind::parse(&arguments.kind).is_none() {
        let words: Vec<&str> = AmountKind::ALL.into_iter().map(AmountKind::as_str).collect();
        let message = format!("kind {:?} is none of {}", arguments.kind, words.join(", "));
        return Err(UsageError(message).into());
    }
    let mut documents = Vec::new();
    let entry = AmountEntry {
        parameter: arguments.parameter,
        methodology: arguments.methodology,
        members: arguments.member,
        from: arguments.from,
        to: arguments.to,
        value: arguments.value,
        unit: arguments.unit,
        kind: arguments.kind,
        document: document(&arguments.document, &mut documents)?,
        document_number: arguments.number,
        issuer: arguments.issuer,
        entered_by: author(arguments.entered_by),
        checked_by: arguments.checked_by,
        replaces: arguments.replaces,
        reason: arguments.reason,
    };
    let place = format!("{} of {} to {}", entry.kind, entry.from, entry.to);
    let act = Content::Amount(entry);
    let stated = Stated { act, documents, place, is_sure: arguments.sure };
    record(context, arguments.project, vec![stated])
}

fn import(context: &Context, arguments: ImportArguments) -> Result<Ended> {
    let shown = arguments.file.display().to_string();
    let bytes = std::fs::read(&arguments.file).with_context(|| format!("read {shown}"))?;
    let entered_by = author(arguments.entered_by);
    let lines = match amount_csv::parse(&shown, &bytes, &entered_by) {
        Ok(lines) => lines,
        Err(found) => return super::plan::tell(context, &found),
    };
    let folder = arguments.file.parent().unwrap_or(Path::new(""));
    let mut amounts = Vec::new();
    for line in lines {
        let place = format!("{shown}:{}", line.line);
        let (mut entry, mut documents) = (line.entry, Vec::new());
        if let Some(path) = &line.path {
            let path = folder.join(path).display().to_string();
            entry.document = document(&path, &mut documents).with_context(|| place.clone())?;
        }
        let act = Content::Amount(entry);
        amounts.push(Stated { act, documents, place, is_sure: arguments.sure });
    }
    record(context, arguments.project, amounts)
}

fn check(context: &Context, arguments: CheckArguments) -> Result<Ended> {
    let check = AmountCheck { amount: arguments.act, checked_by: author(arguments.by) };
    record(context, arguments.project, vec![Stated::new(Content::Check(check))])
}

fn list(context: &Context, arguments: &ListArguments) -> Result<Ended> {
    let (_, layout) = context.open()?;
    let id = project_id(&arguments.project)?;
    let (_, registry) = registry::read(&layout, &id)?;
    let ledger = registry.ledger();
    let standing = ledger.standing();
    let wanted = |symbol: &str| arguments.parameter.as_deref().is_none_or(|one| one == symbol);
    let mut described = Vec::new();
    let mut lines = Vec::new();
    for amount in ledger.iter().filter(|amount| wanted(&amount.entry.parameter)) {
        let entry = &amount.entry;
        let of_amount = |one: &crate::decode::amount::Recorded| one.number == amount.number;
        let group = standing.iter().find(|group| group.alternatives.iter().any(of_amount));
        let counts = match (group, amount.doubt()) {
            (None, _) => {
                let by: Vec<String> =
                    ledger.replaced_by(amount.number).iter().map(ToString::to_string).collect();
                format!("replaced by act {}", by.join(", "))
            }
            (Some(group), _) if group.alternatives.len() > 1 => {
                "by bounds: replacements contradict each other".to_owned()
            }
            (Some(_), Some(doubt)) => format!("by bounds: {doubt}"),
            (Some(_), None) => "counts".to_owned(),
        };
        let label = crate::period::statement::label(&entry.parameter, &entry.members);
        lines.push(format!(
            "{:>5}  {label}  {} to {}  {} {}  {} {}  entered by {}, checked by {}  {counts}",
            amount.number,
            entry.from,
            entry.to,
            entry.value,
            entry.unit,
            entry.kind,
            entry.document_number,
            entry.entered_by,
            amount.checked_by.as_deref().unwrap_or("nobody"),
        ));
        let mut value = serde_json::to_value(entry)?;
        value["act"] = amount.number.into();
        value["leaf"] = amount.leaf.into();
        value["checked_by"] = amount.checked_by.clone().into();
        value["document_leaf"] = amount.document_leaf.into();
        value["counts"] = counts.into();
        described.push(value);
    }
    context.print(&described, || match lines.is_empty() {
        true => format!("project {id} has no such amounts"),
        false => lines.join("\n"),
    })?;
    Ok(Ended::Done)
}
