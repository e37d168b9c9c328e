//! `mrv period`: monitoring periods, their reports and versions, and their way to issuance.

mod close;
mod list;
mod steps;
mod versions;

use anyhow::Result;

pub use steps::standing;

use super::context::UsageError;
use super::{Context, Ended, publish};
use crate::decode::life::PeriodKey;
use crate::domain::time::Date;
use crate::period::Period;

/// Close a monitoring period, see what was reduced, and take it to issuance.
///
/// open -> sealed (close) -> submitted (submit) -> under verification (advance verification) -> TPE
/// report recorded (tpe-report) -> issuance requested (advance issuance-request) -> JC decision
/// recorded (advance jc-decision); or withdrawn (advance withdrawal), or restated: the next version.
/// Every step is a message in the project's log with author, post, date and, where there is one, a
/// document. What a rule refuses says what is missing and exits with 5.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Write a period's report, and seal it where a preparer and a reviewer are named.
    ///
    /// Both dates are local dates of the plan's accounting zone and both are included. Everything
    /// received so far counts. RE, PE and ER are computed per calendar year, every doubt at the bound
    /// that gives the lowest ER, and each year is rounded down once. Without two different people in
    /// --prepared-by and --reviewed-by a draft is written and nothing is sealed; a seal is a message
    /// in the project's log that fixes its size and root; before it the log is checked and the tables
    /// are written anew from the messages. Periods of a project never overlap.
    Close(close::Arguments),
    /// List the sealed periods of a project, their versions and how far each has come.
    List(list::ListArguments),
    /// Show sealed periods: steps, findings, and what would alter them.
    Show(list::ShowArguments),
    /// What would alter sealed periods: late readings, decisions, corrections, documents.
    ///
    /// For each sealed period: what arrived or was recorded since its seal, and what RE, PE and ER of
    /// each year would be if it were stated anew now. Changes nothing.
    Candidates(versions::CandidatesArguments),
    /// State a sealed period anew as its next version; the one before stays byte for byte.
    ///
    /// Where an earlier period is restated and leaves another negative, or other values that
    /// equations look back at, the later ones must be restated after it, in the order of time: until
    /// then they cannot be submitted, and no new period can be sealed.
    Restate(close::RestateArguments),
    /// Name every figure in which two versions differ, and what caused it.
    Diff(versions::DiffArguments),
    /// Write the report as it would have been at an earlier time.
    Report(versions::ReportArguments),
    /// Hand the last version to whoever verifies: by an approver, who neither prepared nor reviewed.
    Submit(steps::SubmitArguments),
    /// Record the next step: verification, issuance-request, jc-decision or withdrawal.
    Advance(steps::AdvanceArguments),
    /// Record the third-party entity's report, as it states it.
    ///
    /// The documents are kept by their hashes; nobody here signs for the entity. A positive opinion
    /// is refused while a CAR or CL stands open on the period.
    TpeReport(Box<steps::ReportArguments>),
    /// Record the materiality threshold that the third-party entity has set.
    Materiality(steps::MaterialityArguments),
    Publish(publish::Arguments),
}

/// A period of a project.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// The project.
    #[arg(long)]
    pub project: String,
    /// First local date, included.
    #[arg(long, value_name = "DATE")]
    pub from: String,
    /// Last local date, included.
    #[arg(long, value_name = "DATE")]
    pub to: String,
}

impl Which {
    /// Both dates.
    ///
    /// # Errors
    /// When they are no period.
    pub fn dates(&self) -> Result<PeriodKey> {
        let date = |text: &str| Date::parse(text).map_err(|error| UsageError(error.to_string()));
        let (from, to) = (date(&self.from)?, date(&self.to)?);
        Period::new(from, to).map_err(|error| UsageError(error.to_string()))?;
        Ok((from, to))
    }
}

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    match command {
        Command::Close(arguments) => close::close(context, arguments),
        Command::List(arguments) => list::list(context, &arguments),
        Command::Show(arguments) => list::show(context, &arguments),
        Command::Candidates(arguments) => versions::candidates(context, &arguments),
        Command::Restate(arguments) => close::restate(context, arguments),
        Command::Diff(arguments) => versions::diff(context, &arguments),
        Command::Report(arguments) => versions::report(context, &arguments),
        Command::Submit(arguments) => steps::submit(context, arguments),
        Command::Advance(arguments) => steps::advance(context, arguments),
        Command::TpeReport(arguments) => steps::tpe_report(context, *arguments),
        Command::Materiality(arguments) => steps::materiality(context, arguments),
        Command::Publish(arguments) => publish::run(context, &arguments),
    }
}
