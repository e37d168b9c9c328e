//! `mrv schema`: the tables' columns, and the line to paste into other readers.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::context::UsageError;
use super::{Context, Ended};
use crate::dataset::layout::Layout;
use crate::dataset::schema::Table;

/// Show the tables: columns with types, units and what null means.
///
/// And for each table the line to paste into DuckDB, polars, pandas and Spark. Values are
/// DECIMAL(18,6), of amounts DECIMAL(38,12): exact, and the same in every reader. Times are UTC. Null is never zero.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// messages, readings, conflicts, refused, intervals or amounts; all where not given.
    table: Option<String>,
    /// Write the tables' description as tables.json into this folder instead: make schemas.
    #[arg(long, value_name = "FOLDER", conflicts_with = "table")]
    write: Option<PathBuf>,
}

pub fn run(context: &Context, arguments: Arguments) -> Result<Ended> {
    let tables = match &arguments.table {
        None => Table::ALL.to_vec(),
        Some(name) => vec![Table::parse(name).ok_or_else(|| {
            let known: Vec<&str> = Table::ALL.into_iter().map(Table::name).collect();
            UsageError(format!("no table {name:?}; the tables are {}", known.join(", ")))
        })?],
    };
    if let Some(folder) = &arguments.write {
        // Without the lines to paste: they name a folder of one machine.
        let described: Vec<_> = tables.iter().map(|table| columns(*table)).collect();
        let path = folder.join("tables.json");
        let text = serde_json::to_string_pretty(&described)? + "\n";
        std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        return Ok(Ended::Done);
    }
    // The schema can be read without a folder; the paths are then those of the default one.
    let layout = context.open().map_or_else(|_| Layout::new("data"), |(_, layout)| layout);
    let described: Vec<_> = tables.iter().map(|table| describe(*table, &layout)).collect();
    context.print(&described, || {
        let texts: Vec<String> = tables.iter().map(|table| text(*table, &layout)).collect();
        texts.join("\n")
    })?;
    Ok(Ended::Done)
}

fn lines(table: Table, layout: &Layout) -> [(&'static str, String); 4] {
    let folder = layout.table(table);
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    let folder = folder.display();
    [
        (
            "duckdb",
            format!(
                "SELECT * FROM read_parquet('{folder}/*/*/*.parquet', hive_partitioning = true);"
            ),
        ),
        ("polars", format!("pl.scan_parquet('{folder}/*/*/*.parquet', hive_partitioning=True)")),
        ("pandas", format!("pd.read_parquet('{folder}', partitioning='hive')")),
        (
            "spark",
            format!("spark.read.option('basePath', '{folder}').parquet('{folder}/*/*/*.parquet')"),
        ),
    ]
}

fn describe(table: Table, layout: &Layout) -> serde_json::Value {
    let readers: serde_json::Map<String, serde_json::Value> = lines(table, layout)
        .into_iter()
        .map(|(reader, line)| (reader.to_owned(), line.into()))
        .collect();
    let mut described = columns(table);
    described["readers"] = readers.into();
    described
}

fn columns(table: Table) -> serde_json::Value {
    let columns: Vec<_> = table
        .columns()
        .iter()
        .map(|column| {
            serde_json::json!({
                "name": column.name,
                "type": column.kind.as_str(),
                "nullable": column.is_nullable,
                "about": column.about,
            })
        })
        .collect();
    serde_json::json!({
        "table": table.name(),
        "about": table.about(),
        "partitions": ["project", "month"],
        "sorted_by": table.sort_columns(),
        "columns": columns,
    })
}

fn text(table: Table, layout: &Layout) -> String {
    let mut lines_out = vec![format!("{}: {}", table.name(), table.about())];
    for column in table.columns() {
        let null = if column.is_nullable { "null allowed" } else { "never null" };
        lines_out.push(format!(
            "  {:<14} {:<18} {:<13} {}",
            column.name,
            column.kind.as_str(),
            null,
            column.about
        ));
    }
    lines_out.push("  project, month: the folders' names; month is UTC".to_owned());
    for (reader, line) in lines(table, layout) {
        lines_out.push(format!("  {reader:<7} {line}"));
    }
    lines_out.join("\n") + "\n"
}
