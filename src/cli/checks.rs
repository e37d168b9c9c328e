//! `mrv checks`: the catalogue of checks.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::context::UsageError;
use super::{Context, Ended};
use crate::domain::catalogue::{CHECKS, Check, page};
use crate::domain::flag::Code;

/// The checks: what is looked for in readings, series and periods, and what a finding does.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// All checks: code, stage, rule, effect.
    List,
    /// One check with its parameters and severities.
    Show {
        /// Such as V-NIGHT.
        code: String,
    },
    /// Write the catalogue as CHECKS.md into a folder: docs/CHECKS.md is this.
    Write {
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
}

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    match command {
        Command::List => {
            let all: Vec<serde_json::Value> = CHECKS.iter().map(described).collect();
            context.print(&all, || {
                let line = |check: &Check| {
                    let (code, effect) = (check.code, check.effect());
                    format!("{code:<15} {:<4} {effect:<7} {}", check.stages(), code.rule())
                };
                CHECKS.iter().map(line).collect::<Vec<_>>().join("\n")
            })?;
        }
        Command::Show { code } => {
            let parsed = Code::parse(&code.to_uppercase());
            let check = parsed.and_then(Check::of).ok_or_else(|| {
                UsageError(format!("no check {code:?}; mrv checks list shows them"))
            })?;
            context.print(&described(check), || text(check))?;
        }
        Command::Write { folder } => {
            let path = folder.join("CHECKS.md");
            std::fs::write(&path, page()).with_context(|| format!("write {}", path.display()))?;
        }
    }
    Ok(Ended::Done)
}

fn described(check: &Check) -> serde_json::Value {
    let settings = check.settings.iter().map(|one| {
        serde_json::json!({
            "name": one.name,
            "unit": one.unit,
            "default": one.default,
            "from": one.range.0,
            "to": one.range.1,
            "about": one.about,
        })
    });
    serde_json::json!({
        "code": check.code.as_str(),
        "stages": check.stages.iter().map(|stage| stage.as_str()).collect::<Vec<_>>(),
        "rule": check.code.rule(),
        "effect": check.effect(),
        "severities": check.severities,
        "closed_by_response": check.is_closable,
        "parameters": settings.collect::<Vec<_>>(),
        "plan": check.plan,
    })
}

fn text(check: &Check) -> String {
    let mut lines = vec![
        format!("{}: {}", check.code, check.code.rule()),
        format!("  stage       {}", check.stages()),
        format!("  effect      {}", check.effect()),
        format!("  severities  {}", check.severities),
        format!("  closed by a response: {}", if check.is_closable { "yes" } else { "no" }),
    ];
    if !check.plan.is_empty() {
        lines.push(format!("  in the plan {}", check.plan));
    }
    for one in check.settings {
        let (low, high) = one.range;
        lines.push(format!(
            "  {} = {} ({}; {low} to {high}): {}",
            one.name, one.default, one.unit, one.about
        ));
    }
    lines.join("\n")
}
