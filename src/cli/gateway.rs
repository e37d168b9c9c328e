//! `mrv gateway add|list|remove`: accounts of site gateways.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};

use super::context::{UsageError, project_id};
use super::{Context, Ended};
use crate::dataset::durable::create_folder;
use crate::domain::id::SiteId;
use crate::domain::time::Timestamp;
use crate::sources::accounts::Accounts;

/// Accounts of the gateways that publish over MQTT.
///
/// A gateway may publish below mrv/v1/<project>/<site>/ of its own account and nowhere else. Changes
/// take effect at once, also while the daemon runs; a connection that is open goes on until it ends.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add an account; its password is printed once and kept only as an argon2id hash.
    Add(AddArguments),
    /// List the accounts.
    List,
    /// Remove an account.
    Remove(RemoveArguments),
}

#[derive(Debug, clap::Args)]
pub struct AddArguments {
    /// The project it publishes to.
    #[arg(long)]
    project: String,
    /// The site it stands at.
    #[arg(long)]
    site: String,
    /// Its user name.
    name: String,
}

#[derive(Debug, clap::Args)]
pub struct RemoveArguments {
    /// Its user name.
    name: String,
}

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    let (_, layout) = context.open()?;
    create_folder(layout.root())?;
    let accounts = Accounts::open(&layout.credentials())?;
    match command {
        Command::Add(arguments) => add(context, &accounts, &arguments),
        Command::List => list(context, &accounts),
        Command::Remove(arguments) => match accounts.remove(&arguments.name)? {
            true => {
                let value = serde_json::json!({ "removed": arguments.name });
                context.print(&value, || format!("removed {}", arguments.name))?;
                Ok(Ended::Done)
            }
            false => Err(UsageError(format!("no gateway {:?}", arguments.name)).into()),
        },
    }
}

fn add(context: &Context, accounts: &Accounts, arguments: &AddArguments) -> Result<Ended> {
    let project = project_id(&arguments.project)?;
    let site = SiteId::parse(&arguments.site)
        .map_err(|error| UsageError(format!("site {:?}: {error}", arguments.site)))?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).context("read the clock")?;
    let now = Timestamp::from_us(i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
    let password = accounts.add(&project, &site, &arguments.name, now)?;
    let topic = format!("mrv/v1/{project}/{site}/<device>");
    let (_, layout) = context.open()?;
    let is_known = layout.projects().context("list the projects")?.contains(&project);
    let note = match is_known {
        true => "",
        false => {
            "\nnote       this project has no plan here yet: its messages wait until one is applied"
        }
    };
    let value = serde_json::json!({
        "name": arguments.name,
        "password": password,
        "topic": topic,
        "project_is_known": is_known,
    });
    context.print(&value, || {
        format!(
            "user name  {}\npassword   {password}   (shown once)\ntopic      {topic}{note}",
            arguments.name
        )
    })?;
    Ok(Ended::Done)
}

fn list(context: &Context, accounts: &Accounts) -> Result<Ended> {
    let all = accounts.list()?;
    let values: Vec<_> = all
        .iter()
        .map(|account| {
            serde_json::json!({
                "name": *account.name,
                "project": account.project.to_string(),
                "site": account.site.to_string(),
                "created_at": account.created_at.to_string(),
            })
        })
        .collect();
    context.print(&values, || {
        if all.is_empty() {
            return "no gateways; add one: mrv gateway add --project P --site S NAME".to_owned();
        }
        let line = |a: &crate::sources::accounts::Account| {
            format!("{}  mrv/v1/{}/{}/#  since {}", a.name, a.project, a.site, a.created_at)
        };
        all.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(Ended::Done)
}
