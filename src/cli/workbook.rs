//! `mrv workbook`: official spreadsheets filled from a report, and spreadsheets held against it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use serde_json::json;

use super::{Context, Ended};
use crate::report::Report;
use crate::report::workbook::map::{Content, Map};
use crate::report::workbook::{compare, fill};

/// Fill an official spreadsheet, or hold one against the engine.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Fill(FillArguments),
    Compare(CompareArguments),
}

/// Write a report's figures into the input cells of a spreadsheet.
///
/// Only the cells that the map lists under [[input]] are written; formulae, formats and every other part
/// of the file stay as they are. The map is TOML: sheet, cell, and one of of = "EG" (a label; with year
/// where there are several), figure = "/claimed" or text = "/period/form" (places in report.json).
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mrv workbook fill template.xlsx --map map.toml \\\n    --report \
    data/reports/project=demo-solar/2025-01-01_2025-12-31/v1/report.json --out filled.xlsx"
)]
pub struct FillArguments {
    template: PathBuf,
    #[arg(long, value_name = "FILE")]
    map: PathBuf,
    /// The report whose figures are written.
    #[arg(long, value_name = "report.json")]
    report: PathBuf,
    /// Where to write; an existing file is replaced only with --force.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[arg(long)]
    force: bool,
}

/// Name every cell of a spreadsheet that differs from the engine; exit 1 if there is any.
///
/// Without a map the file is a report.xlsx, perhaps changed or recalculated since, and all its cells are
/// compared, formulae too. With a map the cells under [[input]] and [[result]] are.
#[derive(Debug, clap::Args)]
pub struct CompareArguments {
    file: PathBuf,
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// The report to compare with.
    #[arg(long, value_name = "report.json")]
    report: PathBuf,
}

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    match command {
        Command::Fill(arguments) => fill(context, &arguments),
        Command::Compare(arguments) => compare(context, &arguments),
    }
}

/// A report as `report.json` has it.
pub fn read_report(path: &Path) -> Result<Report> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("read {shown}"))?;
    serde_json::from_str(&text)
        .map_err(|error| anyhow!("{shown} is no report.json of this version: {error}"))
}

fn read_map(path: &Path) -> Result<Map> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    Map::parse(&text).map_err(|error| anyhow!("{}: {error}", path.display()))
}

fn fill(context: &Context, arguments: &FillArguments) -> Result<Ended> {
    let template = &arguments.template;
    if arguments.out.exists() && !arguments.force {
        return context
            .refused(&format!("{} is there; --force replaces it", arguments.out.display()));
    }
    let bytes = std::fs::read(template).with_context(|| format!("read {}", template.display()))?;
    let (map, report) = (read_map(&arguments.map)?, read_report(&arguments.report)?);
    let filled = fill::fill(&bytes, &map, &report)
        .map_err(|error| anyhow!("{}: {error}; nothing was written", template.display()))?;
    std::fs::write(&arguments.out, &filled.bytes)
        .with_context(|| format!("write {}", arguments.out.display()))?;
    let words = |content: &Content| match content {
        Content::Number(figure) => figure.value.clone(),
        Content::Text(text) => text.clone(),
    };
    let cells: Vec<_> = filled
        .cells
        .iter()
        .map(|(cell, content)| json!({ "cell": cell, "value": words(content) }))
        .collect();
    let out = arguments.out.display();
    context.print(&json!({ "file": out.to_string(), "cells": cells }), || {
        let lines =
            filled.cells.iter().map(|(cell, content)| format!("{cell} = {}", words(content)));
        let mut lines: Vec<String> = lines.collect();
        lines.push(format!("{out}: {} cells written", filled.cells.len()));
        lines.join("\n")
    })?;
    Ok(Ended::Done)
}

fn compare(context: &Context, arguments: &CompareArguments) -> Result<Ended> {
    let shown = arguments.file.display();
    let bytes = std::fs::read(&arguments.file).with_context(|| format!("read {shown}"))?;
    let report = read_report(&arguments.report)?;
    let compared = match &arguments.map {
        Some(map) => compare::mapped(&bytes, &read_map(map)?, &report),
        None => compare::own(&bytes, &report),
    };
    let compared = compared.map_err(|error| anyhow!("{shown}: {error}"))?;
    context.print(&compared, || {
        let line = |one: &compare::Difference| {
            let nothing =
                |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
            format!(
                "{}: {} here, {} by the engine ({})",
                one.cell,
                nothing(&one.found),
                nothing(&one.engine),
                one.what
            )
        };
        let mut lines: Vec<String> = compared.differences.iter().map(line).collect();
        lines.push(format!(
            "{} cells compared, {} differ",
            compared.cells,
            compared.differences.len()
        ));
        lines.join("\n")
    })?;
    Ok(if compared.differences.is_empty() { Ended::Done } else { Ended::Differs })
}
