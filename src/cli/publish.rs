//! `mrv period publish`: the public version of a report, with what is confidential taken out.

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use serde_json::json;

use super::workbook::read_report;
use super::{Context, Ended};
use crate::report::pdf::{self, Fonts};
use crate::report::public::{Confidential, public};
use crate::report::{html, json as report_json, xlsx};

/// Write the public version of a report: JSON, XLSX, HTML and PDF without what is confidential.
///
/// The list is TOML: [[hide]] with what, why, and text = [".."] (hidden wherever it stands) or at = [".."]
/// (places in report.json, * for any). Hidden parts are taken out of the bytes, not covered; the report
/// lists them. Nothing is written while something hidden still stands elsewhere: its places are named.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mrv period publish --report .../v1/report.json --hide \
    confidential.toml --out public")]
pub struct Arguments {
    /// The full report.
    #[arg(long, value_name = "report.json")]
    report: PathBuf,
    /// What is confidential.
    #[arg(long, value_name = "FILE")]
    hide: PathBuf,
    /// Folder to write into; it is made.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Fonts of the PDF, in place of the system's.
    #[arg(long, value_name = "FOLDER")]
    fonts: Option<PathBuf>,
}

pub fn run(context: &Context, arguments: &Arguments) -> Result<Ended> {
    let report = read_report(&arguments.report)?;
    let shown = arguments.hide.display();
    let text = std::fs::read_to_string(&arguments.hide).with_context(|| format!("read {shown}"))?;
    let list = Confidential::parse(&text).map_err(|error| anyhow!("{shown}: {error}"))?;
    let report = match public(&report, &list) {
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
