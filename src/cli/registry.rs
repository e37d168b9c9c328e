//! `mrv registry sheet`: amounts per vintage for the registry, as a third-party entity states them.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::context::{UsageError, project_id};
use super::period::Which;
use super::{Context, Ended};
use crate::methodology::Methodology;
use crate::publish::registry;
use crate::report::ReportError;
use crate::report::handover::{sheet, text, xlsx};

/// Hand amounts over to the registry.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// RE, PE and ER per vintage "as stated in TPE report no. ...", with the allocation by the plan's
    /// shares: largest remainder, whose sum is the amount.
    ///
    /// Refused before a TPE report with a positive opinion is recorded. Gives no identifiers of
    /// units: those are the registry's.
    Sheet(Arguments),
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mrv registry sheet --project P --from 2020-01-01 --to 2020-12-31 --out \
    sheet.xlsx"
)]
pub struct Arguments {
    #[command(flatten)]
    which: Which,
    /// A new file for the workbook (.xlsx); without it the sheet is printed.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    let Command::Sheet(arguments) = command;
    let (_, layout) = context.open()?;
    let id = project_id(&arguments.which.project)?;
    let (_, registry) = registry::read(&layout, &id)?;
    let Some(plan) = registry.plans().latest() else {
        return context.refused(&format!("project {id} has no plan"));
    };
    let named = |id: &String| {
        let text = registry.methodology(id).map(|known| &known.text);
        let version = text.and_then(|text| Methodology::parse(id, text).ok());
        version.map_or_else(|| id.clone(), |one| format!("{id} version {}", one.version))
    };
    let methodologies = plan.registered.methodologies.iter().map(named).collect();
    let sheet = match sheet(plan, registry.life(), arguments.which.dates()?, methodologies) {
        Ok(sheet) => sheet,
        Err(ReportError::Refused(reason)) => return context.refused(&reason),
        Err(error) => return Err(error.into()),
    };
    if let Some(path) = &arguments.out {
        let shown = path.display();
        if path.extension().is_none_or(|extension| extension != "xlsx") {
            return Err(UsageError(format!("{shown}: name a file that ends with .xlsx")).into());
        }
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
        let mut file = file.with_context(|| format!("make the new file {shown}"))?;
        std::io::Write::write_all(&mut file, &xlsx(&sheet)?)
            .with_context(|| format!("write {shown}"))?;
    }
    context.print(&sheet, || text(&sheet))?;
    Ok(Ended::Done)
}
