//! `mrv query`: SQL over the tables.

use std::io::Write;

use anyhow::{Context as _, Result};

use super::context::{UsageError, project_id};
use super::{Context, Ended};
use crate::dataset::query::{Answer, query, query_past};
use crate::report::recompute::Past;
use crate::report::restate::AsOf;

/// Ask the tables a question in SQL.
///
/// Tables: messages, readings, conflicts, refused, intervals (columns: mrv schema), each with a column
/// `project`. Sees every published batch whole or not at all. Values are exact decimals. For more than
/// a look, read the Parquet files with DuckDB, polars, pandas or Spark: mrv schema prints the line to
/// paste.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mrv query \"SELECT code, COUNT(*) AS n FROM refused GROUP BY code\"\n  \
    mrv query --csv \"SELECT * FROM intervals WHERE quantity = 'EG'\" > intervals.csv"
)]
pub struct Arguments {
    /// One SELECT statement.
    sql: String,
    /// Print comma-separated values with a header.
    #[arg(long)]
    csv: bool,
    /// Ask the tables of one project as they were: with the leaves before this one, or with what was
    /// received at or before this time (RFC 3339). They are derived anew from the messages.
    #[arg(long, value_name = "LEAF|TIME", requires = "project")]
    as_of: Option<String>,
    /// The project that --as-of looks at.
    #[arg(long)]
    project: Option<String>,
}

pub fn run(context: &Context, arguments: Arguments) -> Result<Ended> {
    let (_, layout) = context.open()?;
    let answer = match (&arguments.as_of, &arguments.project) {
        (None, _) => query(&layout, &arguments.sql)?,
        (Some(as_of), Some(project)) => {
            let id = project_id(project)?;
            let as_of = AsOf::parse(as_of).map_err(|error| UsageError(error.to_string()))?;
            let size = as_of.log_size(&layout, &id)?;
            let past = Past::of_folder(&layout, &id, size, &std::env::temp_dir())?;
            query_past(past.project().layout(), &layout, &id, size, &arguments.sql)?
        }
        (Some(_), None) => return Err(UsageError("--as-of needs --project".to_owned()).into()),
    };
    let mut out = std::io::stdout().lock();
    let written = match (context.is_json, arguments.csv) {
        (true, _) => write_json(&mut out, &answer),
        (false, true) => write_csv(&mut out, &answer),
        (false, false) => write_table(&mut out, &answer),
    };
    match written {
        // A reader such as `head` that has seen enough is no failure.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Ended::Done),
        written => written.map(|()| Ended::Done).context("write the answer"),
    }
}

fn write_json(out: &mut impl Write, answer: &Answer) -> std::io::Result<()> {
    let rows: Vec<serde_json::Map<String, serde_json::Value>> = answer
        .rows
        .iter()
        .map(|row| {
            let names = answer.columns.iter().map(|(name, _)| name.clone());
            let values = row.iter().map(|value| match value {
                Some(text) => serde_json::Value::String(text.clone()),
                None => serde_json::Value::Null,
            });
            names.zip(values).collect()
        })
        .collect();
    writeln!(out, "{}", serde_json::to_string_pretty(&rows)?)
}

fn write_csv(out: &mut impl Write, answer: &Answer) -> std::io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(answer.columns.iter().map(|(name, _)| name))?;
    for row in &answer.rows {
        csv.write_record(row.iter().map(|value| value.as_deref().unwrap_or_default()))?;
    }
    csv.flush()
}

fn write_table(out: &mut impl Write, answer: &Answer) -> std::io::Result<()> {
    let cell = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
    let rows: Vec<Vec<String>> =
        answer.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let widths: Vec<usize> = answer
        .columns
        .iter()
        .enumerate()
        .map(|(index, (name, _))| {
            let widest = rows.iter().map(|row| row[index].chars().count()).max().unwrap_or(0);
            widest.max(name.chars().count()).min(60)
        })
        .collect();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| -> std::io::Result<()> {
        let padded: Vec<String> =
            cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(out, "{}", padded.join("  ").trim_end())
    };
    line(&mut answer.columns.iter().map(|(name, _)| name.as_str()))?;
    for row in &rows {
        line(&mut row.iter().map(String::as_str))?;
    }
    let count = rows.len();
    writeln!(out, "({count} row{})", if count == 1 { "" } else { "s" })
}
