//! `mrv rebuild`: derived tables anew from the messages.

use anyhow::Result;

use super::{Context, Ended};
use crate::daemon::request::{Answer, Request};

/// Write a project's derived tables anew from its messages.
///
/// `readings`, `conflicts`, `refused` and `intervals` are a function of the messages and plans: they
/// may be deleted and come back the same, row for row. They are built beside the old ones and change
/// places in one step.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The project.
    #[arg(long)]
    project: String,
}

pub fn run(context: &Context, arguments: Arguments) -> Result<Ended> {
    let project = arguments.project;
    match context.ask(Request::Rebuild { project: project.clone() })? {
        Answer::Refused { reason } => context.refused(&reason),
        _ => {
            let value = serde_json::json!({ "project": project, "rebuilt": true });
            context.print(&value, || format!("tables of project {project} are written anew"))?;
            Ok(Ended::Done)
        }
    }
}
