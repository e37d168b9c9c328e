//! `mrv factor list|show`: tables of cited constants.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};

use super::context::UsageError;
use super::{Context, Ended};
use crate::methodology::factors::{Citation, FactorRow, FactorTable, Factors};

/// Show tables of cited constants: fuels, electricity, global warming potentials, waste.
///
/// Methodologies and plans cite a row as table/row, or table/row:low and table/row:high for the ends of
/// its range; mrv check holds their values against it. Tables of your own are read from a folder.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the tables.
    List(FolderArguments),
    /// Show a table, or one row: mrv factor show gwp-ar5/CH4
    Show(ShowArguments),
}

#[derive(Debug, clap::Args)]
pub struct FolderArguments {
    /// Folder with factor files; their tables replace those of the same id.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct ShowArguments {
    /// A table, or table/row.
    table: String,
    #[command(flatten)]
    folder: FolderArguments,
}

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    match command {
        Command::List(arguments) => list(context, &read(arguments.folder.as_deref())?),
        Command::Show(arguments) => {
            let factors = read(arguments.folder.folder.as_deref())?;
            show(context, &factors, &arguments.table)
        }
    }
}

/// The shipped tables, and those of a folder's `.toml` files over them.
pub fn read(folder: Option<&Path>) -> Result<Factors> {
    let told = |found: Vec<crate::domain::diagnostic::Diagnostic>| {
        anyhow!("{}", found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    };
    let mut factors = Factors::shipped().map_err(told)?;
    let Some(folder) = folder else { return Ok(factors) };
    let shown = folder.display();
    let entries = std::fs::read_dir(folder).with_context(|| format!("read {shown}"))?;
    let mut files = Vec::new();
    for entry in entries {
        files.push(entry.with_context(|| format!("read {shown}"))?.path());
    }
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    for file in files {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(&file).with_context(|| format!("read {name}"))?;
        factors.read(&name, &text).map_err(told)?;
    }
    Ok(factors)
}

fn list(context: &Context, factors: &Factors) -> Result<Ended> {
    let tables: Vec<Value> = factors
        .tables()
        .iter()
        .map(|table| json!({ "id": table.id, "title": table.title, "rows": table.rows.len() }))
        .collect();
    let width = factors.tables().iter().map(|table| table.id.len()).max().unwrap_or(0);
    let line = |table: &FactorTable| {
        format!("{:<width$}  {:>3} rows  {}", table.id, table.rows.len(), table.title)
    };
    let lines = || factors.tables().iter().map(line).collect::<Vec<_>>().join("\n");
    context.print(&tables, lines)?;
    Ok(Ended::Done)
}

fn show(context: &Context, factors: &Factors, wanted: &str) -> Result<Ended> {
    let (table, rows): (&FactorTable, Vec<&FactorRow>) = if wanted.contains('/') {
        let citation = Citation::parse(wanted).map_err(|error| UsageError(error.to_string()))?;
        let cited = factors.cited(&citation).map_err(|error| UsageError(error.to_string()))?;
        let table = factors.table(&citation.table);
        (table.ok_or_else(|| anyhow!("no table {}", citation.table))?, vec![cited.row])
    } else {
        let missing =
            || UsageError(format!("no factor table {wanted}; mrv factor list shows them"));
        let table = factors.table(wanted).ok_or_else(missing)?;
        (table, table.rows.iter().collect())
    };
    let value = json!({
        "id": table.id, "title": table.title, "about": table.about,
        "rows": rows.iter().map(|row| machine(row)).collect::<Vec<_>>(),
    });
    context.print(&value, || {
        let mut lines = vec![format!("{}: {}", table.id, table.title)];
        lines.extend((!table.about.is_empty()).then(|| table.about.clone()));
        lines.extend(rows.iter().map(|row| people(row)));
        lines.join("\n")
    })?;
    Ok(Ended::Done)
}

fn people(row: &FactorRow) -> String {
    let range = match (&row.low, &row.high) {
        (Some(low), Some(high)) => format!(" ({low} to {high})"),
        _ => String::new(),
    };
    let about = if row.about.is_empty() { String::new() } else { format!(", {}", row.about) };
    let blend: Vec<String> =
        row.blend.iter().map(|(name, share)| format!("{share} {name}")).collect();
    let blend = if blend.is_empty() { String::new() } else { format!(" = {}", blend.join(" + ")) };
    let validity = row.validity().map(|days| format!(" Valid {days}.")).unwrap_or_default();
    format!(
        "\n{}{about}\n  {} {}{range}{blend}\n  {}; {}.{validity}",
        row.id, row.value, row.unit, row.source, row.sure
    )
}

fn machine(row: &FactorRow) -> Value {
    json!({
        "id": row.id, "about": row.about, "value": row.value.to_string(),
        "low": row.low.as_ref().map(ToString::to_string),
        "high": row.high.as_ref().map(ToString::to_string),
        "unit": row.unit.as_str(),
        "valid_from": row.valid_from.map(|day| day.to_string()),
        "valid_to": row.valid_to.map(|day| day.to_string()),
        "source": row.source, "sure": row.sure.tag(),
        "blend": row.blend.iter().map(|(n, s)| (n.clone(), s.to_string())).collect::<Vec<_>>(),
    })
}
