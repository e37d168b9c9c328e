//! Commands: one file per subcommand, each parses its arguments, asks or reads, and prints.
//!
//! Exit codes: 0 done or shown; 1 differs or found wrong; 2 usage; 3 origin not established; 4 rules no
//! longer computed; 5 refused by a rule; 70 stopped by a failed fsync or broken invariant.

mod act;
mod amount;
mod asked;
mod bundle;
mod calc;
mod check;
mod checks;
mod context;
mod device;
mod dry_run;
mod explain;
mod factor;
mod finding;
mod gateway;
mod hold;
mod ingest;
mod init;
mod log;
mod methodology;
mod outcome;
mod period;
mod plan;
mod practice;
mod publish;
mod query;
mod rebuild;
mod recheck;
mod record;
mod registry;
mod sample;
mod schema;
mod serve;
mod simulate;
mod site_pack;
mod whatif;
mod workbook;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use context::Context;

/// From the meter to a tonne that anyone can check.
///
/// `mrv` takes meter readings from gateways (MQTT) and files, keeps every byte it acknowledged, turns
/// them into Parquet tables, and each monitoring period into an emission-reduction report.
#[derive(Debug, Parser)]
#[command(name = "mrv", version, max_term_width = 100, after_long_help = TOUR)]
struct Arguments {
    /// Configuration file; its folder holds the data unless it says otherwise.
    #[arg(long, global = true, default_value = "mrv.toml", value_name = "FILE")]
    config: PathBuf,
    /// Print JSON, one document, for machines.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const TOUR: &str = "\
A first tour:
  mrv init                                  a folder with configuration and signing key
  mrv plan apply plan.toml                  declare what a project measures
  mrv gateway add --project P --site S gw1  an account for a site gateway
  mrv serve                                 take readings (MQTT, inbox)
  mrv ingest --project P readings.csv       or a file by hand
  mrv query \"SELECT * FROM readings LIMIT 5\"
  mrv period close --project P --from 2026-01-01 --to 2026-12-31
  mrv bundle P 2026-01-01 2026-12-31        what a verifier receives of a sealed period
  mrv recheck P_2026-01-01_2026-12-31.zip --trust log.pub

Exit codes: 0 done or shown; 1 differs or found wrong; 2 usage; 3 origin not established;
4 rules no longer computed; 5 refused by a rule; 70 stopped.";

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Arguments),
    Serve(serve::Arguments),
    Ingest(ingest::Arguments),
    #[command(subcommand)]
    Plan(plan::Command),
    Check(check::Arguments),
    #[command(subcommand)]
    Checks(checks::Command),
    Calc(calc::Arguments),
    #[command(subcommand)]
    Methodology(methodology::Command),
    #[command(subcommand)]
    Factor(factor::Command),
    #[command(subcommand)]
    Period(period::Command),
    #[command(subcommand)]
    Gateway(gateway::Command),
    Decide(act::DecideArguments),
    Correct(act::CorrectArguments),
    #[command(subcommand)]
    Amount(amount::Command),
    #[command(subcommand)]
    Device(device::Command),
    Bundle(bundle::Arguments),
    Recheck(recheck::Arguments),
    Explain(explain::Arguments),
    Whatif(whatif::Arguments),
    #[command(subcommand)]
    Finding(finding::Command),
    #[command(subcommand)]
    Hold(hold::Command),
    #[command(subcommand)]
    Monthly(practice::MonthlyCommand),
    #[command(subcommand)]
    Evidence(practice::EvidenceCommand),
    Respond(practice::RespondArguments),
    #[command(subcommand)]
    Registry(registry::Command),
    #[command(subcommand)]
    Sample(sample::Command),
    SitePack(site_pack::Arguments),
    Query(query::Arguments),
    Schema(schema::Arguments),
    #[command(subcommand)]
    Log(log::Command),
    Rebuild(rebuild::Arguments),
    #[command(subcommand)]
    Simulate(simulate::Command),
    #[command(subcommand)]
    Workbook(workbook::Command),
}

/// How a command ended, other than by an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Done,
    /// Something differs or was found wrong.
    Differs,
    /// It fits together, but no key was given to trust.
    OriginNotEstablished,
    /// Sealed by rules that this version no longer computes.
    RulesNotComputed,
    /// A rule said no; the reason is printed.
    Refused,
}

/// Parses the command line, runs the command, gives the exit code.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let is_json = arguments.json;
    let context = Context::new(arguments.config, is_json);
    let ended = match arguments.command {
        Command::Init(arguments) => init::run(&context, arguments),
        Command::Serve(arguments) => serve::run(&context, arguments),
        Command::Ingest(arguments) => ingest::run(&context, arguments),
        Command::Plan(command) => plan::run(&context, command),
        Command::Check(arguments) => check::run(&context, arguments),
        Command::Checks(command) => checks::run(&context, command),
        Command::Calc(arguments) => calc::run(&context, arguments),
        Command::Methodology(command) => methodology::run(&context, command),
        Command::Factor(command) => factor::run(&context, command),
        Command::Period(command) => period::run(&context, command),
        Command::Gateway(command) => gateway::run(&context, command),
        Command::Decide(arguments) => act::decide(&context, arguments),
        Command::Correct(arguments) => act::correct(&context, arguments),
        Command::Amount(command) => amount::run(&context, command),
        Command::Device(command) => device::run(&context, command),
        Command::Bundle(arguments) => bundle::run(&context, arguments),
        Command::Recheck(arguments) => recheck::run(&context, arguments),
        Command::Explain(arguments) => explain::run(&context, arguments),
        Command::Whatif(arguments) => whatif::run(&context, arguments),
        Command::Finding(command) => finding::run(&context, command),
        Command::Hold(command) => hold::run(&context, command),
        Command::Monthly(command) => practice::monthly(&context, command),
        Command::Evidence(command) => practice::evidence(&context, command),
        Command::Respond(arguments) => practice::respond(&context, arguments),
        Command::Registry(command) => registry::run(&context, command),
        Command::Sample(command) => sample::run(&context, command),
        Command::SitePack(arguments) => site_pack::run(&context, arguments),
        Command::Query(arguments) => query::run(&context, arguments),
        Command::Schema(arguments) => schema::run(&context, arguments),
        Command::Log(command) => log::run(&context, command),
        Command::Rebuild(arguments) => rebuild::run(&context, arguments),
        Command::Simulate(command) => simulate::run(&context, command),
        Command::Workbook(command) => workbook::run(&context, command),
    };
    match ended {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Differs) => ExitCode::from(1),
        Ok(Ended::OriginNotEstablished) => ExitCode::from(3),
        Ok(Ended::RulesNotComputed) => ExitCode::from(4),
        Ok(Ended::Refused) => ExitCode::from(5),
        Err(error) => {
            if is_json {
                // To the same place as an answer, so that a machine finds it there.
                println!("{}", serde_json::json!({ "error": format!("{error:#}") }));
            }
            eprintln!("mrv: {error:#}");
            ExitCode::from(context::exit_code(&error))
        }
    }
}
