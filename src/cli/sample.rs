//! `mrv sample draw|achieved|risk`: what a verifier looks at closer.

mod strata;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::asked;
use super::context::UsageError;
use super::{Context, Ended};
use crate::domain::decimal::Decimal;
use crate::methodology::{Number, NumberError};
use crate::report::Report;
use crate::report::sample::draw::{Drawn, draw};
use crate::report::sample::risk::{Ranked, rank};
use crate::report::sample::size::{Confidence, Estimate, achieved, most_in_error, required};
use crate::report::sample::strata::{By, Stratum, allocated};
use crate::report::sample::unit::{Unit, UnitKind, population};

/// Decimals of a printed percentage.
const DECIMALS: u32 = 2;

/// Draw a probability sample of a period, or list its units by risk: two lists that are never mixed.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Draw units at random, by a seed that the verifier gives.
    ///
    /// The units of lowest SHA-256(seed, line feed, unit) are drawn: anyone can draw again, nobody can
    /// steer who does not choose the seed, and a larger sample contains the smaller one. The size is
    /// that of simple random sampling from a finite population, precision relative to the estimate. With
    /// --strata the sample is spread over the parts of the population in proportion (largest remainder) and
    /// drawn in each by the same rule.
    Draw(DrawArguments),
    /// Say what confidence and precision a sample achieved, from what was found.
    ///
    /// RESULTS is CSV with a header: the unit, and `ok` or `error`, or a number for a mean. Of a sample in
    /// strata a third column names the stratum, and --stratum says how many units each has: the estimate is
    /// weighed by them.
    Achieved(AchievedArguments),
    /// List the units by risk: what the data show of each, and what the claim would lose without it.
    Risk(RiskArguments),
}

#[derive(Debug, clap::Args)]
struct Population {
    #[command(flatten)]
    period: asked::Subject,
    /// What is drawn or listed; months are those of each meter.
    #[arg(long, value_name = "sites|meters|months|documents|certificates")]
    of: String,
    /// Of documents, those of one kind alone: invoice, laboratory-result, weighbridge-ticket, ...
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mrv sample draw bundle.zip --of meters --seed 4711 --share 0.8
  mrv sample draw bundle.zip --of months --seed 4711 --size 25
  mrv sample draw --project P --from 2025-01-01 --to 2025-12-31 --of meters --seed 4711 \\
    --confidence 90 --precision 10 --share 0.8")]
pub struct DrawArguments {
    #[command(flatten)]
    subject: Population,
    /// Any text, chosen by the verifier.
    #[arg(long)]
    seed: String,
    /// Two-sided confidence in percent: 90, 95 or 99.
    #[arg(long, default_value = "95", value_name = "PERCENT")]
    confidence: String,
    /// Precision in percent of the estimate.
    #[arg(long, default_value = "10", value_name = "PERCENT")]
    precision: String,
    /// The share of units expected to have the property that is looked for.
    #[arg(long, value_name = "SHARE", conflicts_with_all = ["mean", "size"])]
    share: Option<String>,
    /// The mean expected, for a value that is estimated; with --deviation.
    #[arg(long, requires = "deviation", conflicts_with = "size")]
    mean: Option<String>,
    /// Its expected standard deviation.
    #[arg(long, requires = "mean")]
    deviation: Option<String>,
    /// Draw this many, whatever they achieve; all where there are fewer.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    size: Option<u64>,
    /// Spread the sample over parts of the population in proportion: by site, type (of meter), month, kind
    /// (of document) or body (of certificate).
    #[arg(long, value_name = "BY")]
    strata: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mrv sample achieved results.csv --population 640 --confidence 95"
)]
pub struct AchievedArguments {
    /// What was found, one line a unit.
    results: PathBuf,
    /// Units that the sample was drawn from.
    #[arg(long, required_unless_present = "stratum")]
    population: Option<u64>,
    /// Of a sample in strata: a stratum and how many units it has, once for each.
    #[arg(long, value_name = "NAME=UNITS", conflicts_with = "population")]
    stratum: Vec<String>,
    /// Two-sided confidence in percent: 90, 95 or 99.
    #[arg(long, default_value = "95", value_name = "PERCENT")]
    confidence: String,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  mrv sample risk bundle.zip --of months\n  mrv sample risk --project P --from \
                  2025-01-01 --to 2025-12-31 --of months"
)]
pub struct RiskArguments {
    #[command(flatten)]
    subject: Population,
}

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    match command {
        Command::Draw(arguments) => draw_units(context, &arguments),
        Command::Achieved(arguments) => achieved_by(context, &arguments),
        Command::Risk(arguments) => by_risk(context, &arguments),
    }
}

fn draw_units(context: &Context, arguments: &DrawArguments) -> Result<Ended> {
    let confidence = confidence(&arguments.confidence)?;
    let asked = percent("--precision", &arguments.precision)?;
    let estimate = estimate(arguments)?;
    let kind = kind(&arguments.subject)?;
    let (report, rests_on) = arguments.subject.period.report(context)?;
    let units = population(&report, kind, arguments.subject.kind.as_deref());
    not_empty(&units, &arguments.subject)?;
    let names: Vec<String> = units.iter().map(|unit| unit.name.clone()).collect();
    let count = names.len() as u64;
    let size = match (arguments.size, &estimate) {
        (Some(size), _) => size.min(count),
        (None, Some(estimate)) => required(count, estimate, confidence, &asked).map_err(usage)?,
        (None, None) => {
            let hint =
                "say what is expected, --share or --mean and --deviation, or how many, --size";
            return Err(UsageError(hint.to_owned()).into());
        }
    };
    let precision = match &estimate {
        Some(estimate) => achieved(count, size, estimate, confidence).map_err(usage)?,
        None => None,
    };
    let by = arguments.strata.as_deref().map(|by| strata_of(by, &report, &units)).transpose()?;
    let (drawn, strata) = match by {
        None => {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            (draw(&names, &arguments.seed, size), Vec::new())
        }
        Some(units) => {
            let strata = allocated(&units, size);
            (strata.iter().flat_map(|one| one.draw(&arguments.seed)).collect(), strata)
        }
    };
    let precision = precision.map(|one| shown_percent(&one)).transpose()?;
    let value = json!({
        "units": arguments.subject.of,
        "rests_on": rests_on,
        "population": count,
        "size": drawn.len(),
        "seed": arguments.seed,
        "confidence_percent": confidence.percent(),
        "expected_precision_percent": precision,
        "rank": "SHA-256(seed, line feed, unit)",
        "strata": strata.iter().map(|one| json!({
            "stratum": one.name, "population": one.units.len(), "size": one.size,
        })).collect::<Vec<_>>(),
        "drawn": drawn.iter().map(|one| json!({
            "unit": one.unit, "rank": one.rank.to_string(),
        })).collect::<Vec<_>>(),
    });
    context.print(&value, || {
        let expected = match &precision {
            Some(precision) => format!(
                "; at {} % confidence within {precision} % if it is as expected",
                confidence.percent()
            ),
            None => String::new(),
        };
        let line = |(place, one): (usize, &Drawn)| {
            format!("{:>4}  {}  {}", place + 1, &one.rank.to_string()[..12], one.unit)
        };
        let part =
            |one: &Stratum| format!("stratum {}: {} of {}", one.name, one.size, one.units.len());
        let lines = strata.iter().map(part).chain(drawn.iter().enumerate().map(line));
        let lines: Vec<String> = lines.collect();
        let fewer = match arguments.size {
            Some(size) if size > count => format!(", all there are of the {size} asked for"),
            _ => String::new(),
        };
        format!(
            "{} of {count} {}{fewer}, seed {:?}{expected}; rests on {rests_on}\n{}",
            drawn.len(),
            arguments.subject.of,
            arguments.seed,
            lines.join("\n")
        )
    })?;
    Ok(Ended::Done)
}

/// Each unit with its stratum.
fn strata_of(by: &str, report: &Report, units: &[Unit]) -> Result<Vec<(String, String)>> {
    let Some(by) = By::parse(by) else {
        let known = By::ALL.map(By::as_str).join(", ");
        return Err(UsageError(format!("--strata {by:?}: there are {known}")).into());
    };
    let stratum = |unit: &Unit| {
        let name = by.of(report, unit).ok_or_else(|| {
            UsageError(format!("--strata {}: {} has none", by.as_str(), unit.name))
        })?;
        Ok((name, unit.name.clone()))
    };
    units.iter().map(stratum).collect()
}

fn achieved_by(context: &Context, arguments: &AchievedArguments) -> Result<Ended> {
    let confidence = confidence(&arguments.confidence)?;
    let Some(population) = arguments.population else {
        return strata::achieved(context, &arguments.results, &arguments.stratum, confidence);
    };
    let found = Found::read(&arguments.results)?;
    let size = found.size();
    if size > population {
        let text = format!("{size} results of {} units", population);
        return Err(UsageError(text).into());
    }
    let mut text = format!("{size} of {} units looked at", population);
    let mut precision = None;
    if let Some(estimate) = found.estimate().map_err(usage)? {
        let reached = achieved(population, size, &estimate, confidence).map_err(usage)?;
        precision = reached.map(|one| shown_percent(&one)).transpose()?;
        if let Some(precision) = &precision {
            text += &match &estimate {
                Estimate::Proportion(share) => format!(
                    "; share without error {}, within {precision} % of it",
                    share.to_fixed(4)
                ),
                Estimate::Mean { mean, deviation } => format!(
                    "; mean {}, standard deviation {}, within {precision} % of the mean",
                    mean.to_fixed(6),
                    deviation.to_fixed(6)
                ),
            };
            text += &format!(" at {} % confidence", confidence.percent());
        }
    }
    let most = match &found {
        Found::Checked { errors, .. } if errors.is_empty() => {
            let most = most_in_error(population, size, confidence).map_err(usage)?;
            text += &format!(
                "; none had an error: at {} % confidence at most {most} of all have one",
                confidence.percent()
            );
            Some(most)
        }
        Found::Checked { errors, .. } => {
            text += &format!("\nwith an error: {}", errors.join(", "));
            None
        }
        Found::Values(_) => None,
    };
    let value = json!({
        "population": population,
        "size": size,
        "confidence_percent": confidence.percent(),
        "achieved_precision_percent": precision,
        "most_in_error": most,
        "errors": match &found { Found::Checked { errors, .. } => errors.clone(), Found::Values(_) => Vec::new() },
    });
    context.print(&value, || text)?;
    Ok(Ended::Done)
}

fn by_risk(context: &Context, arguments: &RiskArguments) -> Result<Ended> {
    let subject = &arguments.subject;
    let kind = kind(subject)?;
    let asked::Subjected { mut collected, report, rests_on, .. } =
        subject.period.collect(context, |_| Ok(None))?;
    let units = population(&report, kind, subject.kind.as_deref());
    not_empty(&units, subject)?;
    let ranked = rank(&mut collected, &report, units)?;
    let value: Vec<_> = ranked
        .iter()
        .map(|one| {
            json!({
                "unit": one.unit.name,
                "level": one.level.as_str(),
                "claim_lost_without_it": one.worth.map(|worth| worth.to_string()),
                "reasons": one.reasons,
                "rests_on": rests_on,
            })
        })
        .collect();
    context.print(&value, || {
        let line = |one: &Ranked| {
            let worth = one.worth.map_or("all".to_owned(), |worth| worth.to_string());
            let reasons = match one.reasons.is_empty() {
                true => "nothing stands out".to_owned(),
                false => one.reasons.join("; "),
            };
            format!("{:<7} {worth:>9} tCO2e  {}: {reasons}", one.level.as_str(), one.unit.name)
        };
        let head =
            format!("risk, what the claim would lose without it, unit: why; rests on {rests_on}");
        let lines: Vec<String> = ranked.iter().map(line).collect();
        format!("{head}\n{}", lines.join("\n"))
    })?;
    Ok(Ended::Done)
}

/// What was found of a sample.
enum Found {
    /// Units looked at, and those of them with an error.
    Checked {
        size: u64,
        errors: Vec<String>,
    },
    Values(Vec<Number>),
}

impl Found {
    fn read(path: &PathBuf) -> Result<Self> {
        let shown = path.display();
        let mut reader = csv::Reader::from_path(path).with_context(|| format!("read {shown}"))?;
        let (mut size, mut errors, mut values) = (0, Vec::new(), Vec::new());
        let mut seen = std::collections::BTreeSet::new();
        for record in reader.records() {
            let record = record.with_context(|| format!("read {shown}"))?;
            let line = record.position().map_or(0, csv::Position::line);
            let (Some(unit), Some(result)) = (record.get(0), record.get(1)) else {
                let text = format!("{shown}:{line}: write a unit and a result");
                return Err(UsageError(text).into());
            };
            if !seen.insert(unit.to_owned()) {
                return Err(UsageError(format!("{shown}:{line}: {unit} is there twice")).into());
            }
            size += 1;
            match result.trim() {
                "ok" => {}
                "error" => errors.push(unit.to_owned()),
                number => {
                    let number = Decimal::parse(number).map_err(|error| {
                        UsageError(format!(
                            "{shown}:{line}: {result:?} is neither ok, error nor a number: {error}"
                        ))
                    })?;
                    values.push(Number::from(number));
                }
            }
        }
        match (values.len() as u64, size) {
            (0, _) => Ok(Self::Checked { size, errors }),
            (count, all) if count == all => Ok(Self::Values(values)),
            _ => Err(UsageError(format!("{shown}: numbers and words are mixed")).into()),
        }
    }

    fn size(&self) -> u64 {
        match self {
            Self::Checked { size, .. } => *size,
            Self::Values(values) => values.len() as u64,
        }
    }

    /// `None` where the formula says nothing: no unit with, or none without an error.
    fn estimate(&self) -> Result<Option<Estimate>, NumberError> {
        match self {
            Self::Checked { size, errors } => {
                let sound = *size as i64 - errors.len() as i64;
                if errors.is_empty() || sound == 0 {
                    return Ok(None);
                }
                let share =
                    Number::from_integer(sound).divide(&Number::from_integer(*size as i64))?;
                Ok(Some(Estimate::Proportion(share)))
            }
            Self::Values(values) if values.len() < 2 => Ok(None),
            Self::Values(values) => {
                let count = Number::from_integer(values.len() as i64);
                let sum = values.iter().try_fold(Number::ZERO, |sum, one| sum.add(one))?;
                let mean = sum.divide(&count)?;
                let squares = values.iter().try_fold(Number::ZERO, |sum, one| {
                    let distance = one.subtract(&mean)?;
                    sum.add(&distance.multiply(&distance)?)
                })?;
                let freedom = Number::from_integer(values.len() as i64 - 1);
                let deviation = squares.divide(&freedom)?.sqrt()?;
                Ok(Some(Estimate::Mean { mean, deviation }))
            }
        }
    }
}

fn kind(subject: &Population) -> Result<UnitKind> {
    let found = UnitKind::parse(&subject.of).ok_or_else(|| {
        let known = UnitKind::ALL.map(UnitKind::as_str).join(", ");
        UsageError(format!("--of {:?}: there are {known}", subject.of))
    })?;
    if subject.kind.is_some() && found != UnitKind::Document {
        let text = format!("--kind is of documents, and --of asks for {}", subject.of);
        return Err(UsageError(text).into());
    }
    Ok(found)
}

/// Refuses a population of nothing: there is nothing to draw, and no list says so.
fn not_empty(units: &[Unit], subject: &Population) -> Result<()> {
    if !units.is_empty() {
        return Ok(());
    }
    let text = match &subject.kind {
        Some(kind) => format!("the report has no {} of kind {kind:?}", subject.of),
        None => format!("the report has no {}", subject.of),
    };
    Err(UsageError(text).into())
}

fn estimate(arguments: &DrawArguments) -> Result<Option<Estimate>> {
    let number = |name: &str, text: &String| {
        let parsed = Decimal::parse(text).map(Number::from);
        parsed.map_err(|error| UsageError(format!("{name} {text:?}: {error}")))
    };
    if let Some(share) = &arguments.share {
        let share = number("--share", share)?;
        if share <= Number::ZERO || share > Number::ONE {
            let text = "--share is above 0 and at most 1".to_owned();
            return Err(UsageError(text).into());
        }
        return Ok(Some(Estimate::Proportion(share)));
    }
    match (&arguments.mean, &arguments.deviation) {
        (Some(mean), Some(deviation)) => Ok(Some(Estimate::Mean {
            mean: number("--mean", mean)?,
            deviation: number("--deviation", deviation)?,
        })),
        _ => Ok(None),
    }
}

fn confidence(text: &str) -> Result<Confidence> {
    Confidence::parse(text)
        .ok_or_else(|| UsageError(format!("--confidence {text:?}: 90, 95 or 99")).into())
}

/// A percentage above zero as a fraction.
fn percent(name: &str, text: &str) -> Result<Number> {
    let wrong = |reason: String| UsageError(format!("{name} {text:?}: {reason}"));
    let value = Decimal::parse(text.trim_end_matches('%')).map_err(|e| wrong(e.to_string()))?;
    let value = Number::from(value);
    if value <= Number::ZERO {
        return Err(wrong("it is above 0".to_owned()).into());
    }
    value.divide(&Number::from_integer(100)).map_err(usage)
}

fn shown_percent(fraction: &Number) -> Result<String> {
    let percent = fraction.multiply(&Number::from_integer(100)).map_err(usage)?;
    Ok(percent.to_fixed(DECIMALS))
}

fn usage(error: NumberError) -> anyhow::Error {
    UsageError(format!("the size of the sample cannot be computed: {error}")).into()
}
