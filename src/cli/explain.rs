//! `mrv explain`: one figure opened, down to the bytes that a meter sent.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::context::{UsageError, project_id, say};
use super::{Context, Ended};
use crate::domain::time::Date;
use crate::period::Period;
use crate::report::bundle::BundleError;
use crate::report::explain::{Asked, Source, explain, render};

/// Open a figure: its equation with numbers, inputs, intervals, readings, raw bytes and their proof.
///
/// Of a bundle, or of a project in this folder. A figure is named by symbol and year: ER.2020, RE.2020,
/// EG[array-1].2020; with several methodologies MRV_PV_F1:ER.2020. Of intervals those are opened that
/// matter, the doubtful first; the others are counted.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mrv explain bundle.zip ER.2020\n  mrv explain P ER.2020 --html er.html\n  \
                  mrv explain P EG.2026 --from 2026-01-01 --to 2026-03-31"
)]
pub struct Arguments {
    /// A bundle, or the id of a project in this folder.
    #[arg(value_name = "BUNDLE|PROJECT")]
    what: String,
    /// The figure.
    figure: String,
    /// Write one page that opens without a server.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Of a project: a period that is not sealed, over everything published.
    #[arg(long, value_name = "DATE", requires = "to")]
    from: Option<String>,
    #[arg(long, value_name = "DATE", requires = "from")]
    to: Option<String>,
}

pub fn run(context: &Context, arguments: Arguments) -> Result<Ended> {
    let explained = source(context, &arguments)
        .and_then(|mut source| Ok(explain(&mut source, &arguments.figure)?));
    let explanation = match explained {
        Ok(explanation) => explanation,
        Err(error) => match error.downcast::<BundleError>() {
            Ok(BundleError::Refused(reason)) => return Err(UsageError(reason).into()),
            Ok(error) => return Err(error.into()),
            Err(error) => return Err(error),
        },
    };
    if let Some(file) = &arguments.html {
        std::fs::write(file, render::page(&explanation))
            .with_context(|| format!("write {}", file.display()))?;
        if !context.is_json {
            say(&format!("{}: open it in a browser", file.display()))?;
            return Ok(Ended::Done);
        }
    }
    context.print(&explanation, || render::tree(&explanation).trim_end().to_owned())?;
    Ok(Ended::Done)
}

fn source(context: &Context, arguments: &Arguments) -> Result<Source> {
    let scratch = std::env::temp_dir();
    let date = |text: &str| Date::parse(text).map_err(|error| UsageError(error.to_string()));
    let bundle = Path::new(&arguments.what);
    if bundle.is_file() {
        let told = &mut |what: &str| eprintln!("explain: {what}");
        return Ok(Source::of_bundle(bundle, &scratch, told)?);
    }
    let (_, layout) = context.open()?;
    let id = project_id(&arguments.what)?;
    let period = match (&arguments.from, &arguments.to) {
        (Some(from), Some(to)) => {
            let period = Period::new(date(from)?, date(to)?);
            Some(period.map_err(|error| UsageError(error.to_string()))?)
        }
        _ => None,
    };
    let year = Asked::parse(&arguments.figure)?.year;
    Ok(Source::of_folder(&layout, &id, year, period, &scratch)?)
}
