//! What a question is asked of: a period of a project in this folder, or a bundle.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use super::Context;
use super::context::{UsageError, project_id};
use crate::daemon::request::{Answer, Request};
use crate::domain::time::{Date, Timestamp, Zone};
use crate::period::{Period, Statement};
use crate::publish::registry;
use crate::report::Report;
use crate::report::asked::{Asked, RESTS_ON};
use crate::report::collect::{Collected, Published, of_published};

/// What is said of an answer from a data folder.
pub const ON_TABLES: &str = "the tables of this folder as they are";

#[derive(Debug, clap::Args)]
pub struct Subject {
    /// A bundle, in place of a project: asked at once, on its tables as they are stated.
    #[arg(value_name = "BUNDLE", conflicts_with_all = ["project", "from", "to"])]
    bundle: Option<PathBuf>,
    /// The project.
    #[arg(long, required_unless_present = "bundle")]
    project: Option<String>,
    /// First local date of the period, included.
    #[arg(long, value_name = "DATE", required_unless_present = "bundle")]
    from: Option<String>,
    /// Last local date of the period, included.
    #[arg(long, value_name = "DATE", required_unless_present = "bundle")]
    to: Option<String>,
}

/// A period that questions are asked of.
pub struct Subjected {
    pub collected: Collected,
    /// As it is, without anything taken out or set.
    pub statement: Statement,
    /// Of a bundle the one that was sealed, else a draft.
    pub report: Report,
    pub rests_on: &'static str,
}

impl Subject {
    /// What the period stands on, whether it is sealed or not. `hours`: those that are asked about, once
    /// the zone is known.
    pub fn collect(
        &self,
        context: &Context,
        hours: impl Fn(&Zone) -> Result<Option<(Timestamp, Timestamp)>>,
    ) -> Result<Subjected> {
        if let Some(file) = &self.bundle {
            let asked = open(file)?;
            let (collected, statement) = asked.collected(hours(asked.zone()?)?)?;
            let report = asked.report;
            return Ok(Subjected { collected, statement, report, rests_on: RESTS_ON });
        }
        let collected = self.of_folder(context)?;
        let statement = collected.draft()?;
        let report = Report::of(&statement);
        Ok(Subjected { collected, statement, report, rests_on: ON_TABLES })
    }

    /// The report alone, and what it rests on.
    pub fn report(&self, context: &Context) -> Result<(Report, &'static str)> {
        if let Some(file) = &self.bundle {
            return Ok((open(file)?.report, "the report in the bundle, as it is stated"));
        }
        Ok((Report::of(&self.of_folder(context)?.draft()?), ON_TABLES))
    }

    fn of_folder(&self, context: &Context) -> Result<Collected> {
        let given = |text: &Option<String>| text.clone().unwrap_or_default();
        let date = |text: &Option<String>| {
            Date::parse(&given(text)).map_err(|error| UsageError(error.to_string()))
        };
        let period = Period::new(date(&self.from)?, date(&self.to)?);
        let period = period.map_err(|error| UsageError(error.to_string()))?;
        let id = project_id(&given(&self.project))?;
        // So that intervals are as new as the readings.
        match context.ask(Request::Flush)? {
            Answer::Done => {}
            other => bail!("unexpected answer {other:?}"),
        }
        let (_, layout) = context.open()?;
        let (commit, registry) = registry::read(&layout, &id)?;
        let published = Published {
            layout: &layout,
            project: &id,
            registry: &registry,
            log_size: commit.next_leaf,
            root: [0; 32],
        };
        let mut collected = of_published(&published, period)?;
        collected.look_past_seals();
        Ok(collected)
    }
}

/// A bundle that is asked.
pub fn open(file: &std::path::Path) -> Result<Asked> {
    if !file.is_file() {
        let name = file.display();
        let text = format!("no file {name}; name a bundle's zip, or a project: --project {name}");
        return Err(UsageError(text).into());
    }
    let opened = Asked::open(file, &std::env::temp_dir());
    opened.with_context(|| format!("{}, read as a bundle", file.display()))
}
