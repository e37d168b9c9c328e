//! `mrv period publish`: the public version of a report, with what is confidential taken out.

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use serde_json::json;

use super::context::UsageError;
use super::workbook::read_report;
use super::{Context, Ended};
use crate::report::pdf::{self, Fonts};
use crate::report::public::{Confidential, public};
use crate::report::{html, json as report_json, xlsx};

/// Write the public version of a report: JSON, XLSX, HTML and PDF without what is confidential.
///
/// Hidden is what the plan lists under [[registered.confidential]], as the report has it, and what a list of
/// one's own adds: TOML, [[hide]] with what, why, and text = [".."] (hidden wherever it stands) or at = [".."]
/// (places in report.json, * for any). An entry of the list takes the place of the plan's entry of the same
/// what. Hidden parts are taken out of the bytes, not covered; the report lists them. Nothing is written
/// while something that the list hides still stands elsewhere: its places are named.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mrv period publish --report .../v1/report.json --out public\n  \
    mrv period publish --report .../v1/report.json --hide confidential.toml --out public"
)]
pub struct Arguments {
    /// The full report.
    #[arg(long, value_name = "report.json")]
    report: PathBuf,
    /// What is confidential beside what the plan keeps back.
    #[arg(long, value_name = "FILE")]
    hide: Option<PathBuf>,
    /// Hide what --hide lists and nothing else, whatever the plan keeps back.
    #[arg(long, requires = "hide")]
    without_plan: bool,
    /// Folder to write into; it is made.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Fonts of the PDF, in place of the system's.
    #[arg(long, value_name = "FOLDER")]
    fonts: Option<PathBuf>,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<Ended> {
    let report = read_report(&arguments.report)?;
    let (list, shown) = match &arguments.hide {
        Some(file) => {
            let shown = file.display().to_string();
            let text = std::fs::read_to_string(file).with_context(|| format!("read {shown}"))?;
            let list = Confidential::parse(&text).map_err(|error| anyhow!("{shown}: {error}"))?;
            (list, shown)
        }
        None if report.project.confidential.is_empty() => {
            let reason = "the plan of this report keeps nothing back ([[registered.confidential]]); name a \
                          list: --hide FILE";
            return Err(UsageError(reason.to_owned()).into());
        }
        None => (Confidential::default(), "the plan's list".to_owned()),
    };
    let report = match public(&report, &list, !arguments.without_plan) {
        Ok(report) => report,
        Err(error) => return context.refused(&format!("{shown}: {error}")),
    };
    let out = &arguments.out;
    std::fs::create_dir_all(out).with_context(|| format!("make {}", out.display()))?;
    let mut files = vec![
        ("report.public.json", report_json::write(&report)?.into_bytes()),
        ("report.public.html", html::write(&report).into_bytes()),
        ("report.public.xlsx", xlsx::write(&report)?),
    ];
    let fonts = arguments.fonts.as_ref().map_or_else(Fonts::system, |folder| Fonts::folder(folder));
    let mut notes = Vec::new();
    match pdf::write(&report, &fonts) {
        Ok(pdf) => {
            let line = |one: &pdf::Missing| {
                format!("no font has {}, in: {}", one.code, one.places.join("; "))
            };
            notes.extend(pdf.missing.iter().map(line));
            files.push(("report.public.pdf", pdf.bytes));
        }
        Err(fault) => notes.push(format!("report.public.pdf was not written: {fault}")),
    }
    for (name, bytes) in &files {
        let path = out.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))?;
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let value = json!({ "folder": out, "files": names, "hidden": report.hidden, "notes": notes });
    context.print(&value, || {
        let lines =
            report.hidden.iter().map(|one| format!("hidden: {}, {} places", one.what, one.count));
        let mut lines: Vec<String> = lines.chain(notes.iter().cloned()).collect();
        lines.push(format!("{}: {}", names.join(", "), out.display()));
        lines.join("\n")
    })?;
    Ok(Ended::Done)
}
