//! `mrv hold`: what a device delivered counts by its bounds until it is shown right.

use anyhow::Result;
use serde_json::json;

use super::context::{UsageError, author, project_id};
use super::record::{document, record};
use super::{Context, Ended};
use crate::daemon::request::Stated;
use crate::decode::act::{Content, Hold, HoldLift};
use crate::publish::registry;

/// Hold what a device delivered.
///
/// From the last reading that was shown right on, everything that the device delivers counts by its
/// bounds, on the side that lowers ER; a report prints ER with and without the hold. Lifting it is a
/// message in the log too.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Place a hold on a device.
    Place(PlaceArguments),
    /// Lift a hold.
    Lift(LiftArguments),
    /// List the holds of a project.
    List(ListArguments),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mrv hold place --project P --device roof/meter-1 --from \
    2020-06-01T00:00:00+07:00 \\\n    --reason \"the plate shows another serial\" --finding CAR-1 --by Ann")]
pub struct PlaceArguments {
    #[arg(long)]
    project: String,
    /// SITE/DEVICE.
    #[arg(long)]
    device: String,
    /// The last reading that was shown right, RFC 3339: what follows is held.
    #[arg(long, value_name = "TIME")]
    from: String,
    /// The first moment that is right again, RFC 3339; open where not given.
    #[arg(long, value_name = "TIME", default_value = "")]
    to: String,
    #[arg(long)]
    reason: String,
    /// The finding that it follows from: CAR-1.
    #[arg(long)]
    finding: Option<String>,
    #[arg(long, default_value = "")]
    post: String,
    #[arg(long, value_name = "FILE", default_value = "")]
    document: String,
    /// Who places it; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct LiftArguments {
    /// The act of the hold, as mrv hold list shows it.
    act: u32,
    #[arg(long)]
    project: String,
    #[arg(long)]
    reason: String,
    #[arg(long, default_value = "")]
    post: String,
    #[arg(long, value_name = "FILE", default_value = "")]
    document: String,
    /// Who lifts it; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct ListArguments {
    #[arg(long)]
    project: String,
}

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    match command {
        Command::Place(arguments) => place(context, arguments),
        Command::Lift(arguments) => lift(context, arguments),
        Command::List(arguments) => list(context, &arguments),
    }
}

fn place(context: &Context, arguments: PlaceArguments) -> Result<Ended> {
    let Some((site, device)) = arguments.device.split_once('/') else {
        return Err(UsageError(format!("{:?} is no SITE/DEVICE", arguments.device)).into());
    };
    let finding = match &arguments.finding {
        Some(name) => Some(super::finding::act_of(context, &arguments.project, name)?),
        None => None,
    };
    let mut documents = Vec::new();
    let hold = Hold {
        site: site.to_owned(),
        device: device.to_owned(),
        from: arguments.from,
        to: arguments.to,
        author: author(arguments.by),
        post: arguments.post,
        reason: arguments.reason,
        finding,
        document: document(&arguments.document, &mut documents)?,
    };
    let stated = Stated { documents, ..Stated::new(Content::Hold(hold)) };
    record(context, arguments.project, vec![stated])
}

fn lift(context: &Context, arguments: LiftArguments) -> Result<Ended> {
    let mut documents = Vec::new();
    let lift = HoldLift {
        hold: arguments.act,
        author: author(arguments.by),
        post: arguments.post,
        reason: arguments.reason,
        document: document(&arguments.document, &mut documents)?,
    };
    let stated = Stated { documents, ..Stated::new(Content::HoldLift(lift)) };
    record(context, arguments.project, vec![stated])
}

fn list(context: &Context, arguments: &ListArguments) -> Result<Ended> {
    let (_, layout) = context.open()?;
    let id = project_id(&arguments.project)?;
    let (_, registry) = registry::read(&layout, &id)?;
    let holds = registry.life().holds();
    let described: Vec<serde_json::Value> = holds
        .iter()
        .map(|hold| {
            json!({
                "act": hold.placed.number,
                "leaf": hold.placed.leaf,
                "hold": hold.placed.act,
                "lifted": hold.lifted.as_ref().map(|lift| &lift.act),
            })
        })
        .collect();
    context.print(&described, || {
        if holds.is_empty() {
            return format!("project {id} has no holds");
        }
        let line = |hold: &crate::decode::life::HoldRecord| {
            let act = &hold.placed.act;
            let to = if act.to.is_empty() { "now" } else { &act.to };
            let end = hold.lifted.as_ref().map_or_else(
                || "stands".to_owned(),
                |lift| format!("lifted by {}: {}", lift.act.author, lift.act.reason),
            );
            format!(
                "{:>5}  {}/{}  {} to {to}  {} ({}): {end}",
                hold.placed.number, act.site, act.device, act.from, act.reason, act.author
            )
        };
        holds.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(Ended::Done)
}
