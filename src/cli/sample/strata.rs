//! `mrv sample achieved --stratum`: what a sample in strata achieved.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::{Context, Ended, UsageError, shown_percent, usage};
use crate::domain::decimal::Decimal;
use crate::methodology::{Number, NumberError};
use crate::report::sample::size::Confidence;
use crate::report::sample::strata::{self, Looked};

/// What was found of one unit.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    /// True without an error.
    Checked(bool),
    Value(Decimal),
}

/// By stratum.
type Found = BTreeMap<String, Vec<Outcome>>;

pub(super) fn achieved(
    context: &Context,
    results: &Path,
    populations: &[String],
    confidence: Confidence,
) -> Result<Ended> {
    let mut found = read(results)?;
    let (mut looked, mut names) = (Vec::new(), Vec::new());
    for text in populations {
        let (name, population) = named(text)?;
        looked.push(stratum(name, population, &found.remove(name).unwrap_or_default())?);
        names.push(name);
    }
    if let Some(name) = found.keys().next() {
        let text =
            format!("stratum {name:?} has results; say once how many units it has: --stratum");
        return Err(UsageError(text).into());
    }
    let (estimate, precision) = strata::achieved(&looked, confidence).map_err(usage)?;
    let precision = shown_percent(&precision)?;
    let described: Vec<_> = looked
        .iter()
        .zip(&names)
        .map(|(one, name)| {
            json!({
                "stratum": name,
                "population": one.population,
                "size": one.size,
                "mean": one.mean.to_fixed(6),
            })
        })
        .collect();
    let value = json!({
        "strata": described,
        "estimate": estimate.to_fixed(6),
        "confidence_percent": confidence.percent(),
        "achieved_precision_percent": precision,
    });
    context.print(&value, || {
        let line = |(one, name): (&Looked, &&str)| {
            let (size, population) = (one.size, one.population);
            format!("stratum {name}: {size} of {population}, mean {}", one.mean.to_fixed(6))
        };
        let mut lines: Vec<String> = looked.iter().zip(&names).map(line).collect();
        lines.push(format!(
            "estimate {}, within {precision} % of it at {} % confidence",
            estimate.to_fixed(6),
            confidence.percent()
        ));
        lines.join("\n")
    })?;
    Ok(Ended::Done)
}

/// What a stratum's results come to, where they say anything of it.
fn stratum(name: &str, population: u64, results: &[Outcome]) -> Result<Looked> {
    let size = results.len() as u64;
    let wrong = |text: String| UsageError(format!("stratum {name}: {text}"));
    if size == 0 {
        let text = "no unit of it was looked at, so nothing can be said of the whole population";
        return Err(wrong(text.to_owned()).into());
    }
    if size > population {
        return Err(wrong(format!("{size} results of {population} units")).into());
    }
    let (mean, variance) = spread(results).map_err(usage)?;
    let variance = match variance {
        Some(variance) => variance,
        None if size == population => Number::ZERO,
        None => {
            let text = "one value says nothing of how far others lie from it; look at two at least";
            return Err(wrong(text.to_owned()).into());
        }
    };
    Ok(Looked { population, size, mean, variance })
}

/// `roof=120`.
fn named(text: &str) -> Result<(&str, u64)> {
    let parts = text.rsplit_once('=').and_then(|(name, count)| {
        let count: u64 = count.trim().parse().ok()?;
        (count > 0).then_some((name.trim(), count))
    });
    parts.ok_or_else(|| {
        let form = "write its name and how many units it has: roof=120";
        UsageError(format!("--stratum {text:?}: {form}")).into()
    })
}

fn read(path: &Path) -> Result<Found> {
    let shown = path.display();
    let mut reader = csv::Reader::from_path(path).with_context(|| format!("read {shown}"))?;
    let (mut found, mut seen) = (Found::new(), BTreeSet::new());
    let (mut has_words, mut has_numbers) = (false, false);
    for record in reader.records() {
        let record = record.with_context(|| format!("read {shown}"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |text: String| UsageError(format!("{shown}:{line}: {text}"));
        let (Some(unit), Some(result), Some(stratum)) =
            (record.get(0), record.get(1), record.get(2))
        else {
            return Err(wrong("write a unit, a result and a stratum".to_owned()).into());
        };
        if !seen.insert(unit.to_owned()) {
            return Err(wrong(format!("{unit} is there twice")).into());
        }
        let outcome = match result.trim() {
            "ok" => Outcome::Checked(true),
            "error" => Outcome::Checked(false),
            number => Outcome::Value(Decimal::parse(number).map_err(|error| {
                wrong(format!("{number:?} is neither ok, error nor a number: {error}"))
            })?),
        };
        match outcome {
            Outcome::Checked(_) => has_words = true,
            Outcome::Value(_) => has_numbers = true,
        }
        found.entry(stratum.trim().to_owned()).or_default().push(outcome);
    }
    match has_words && has_numbers {
        true => Err(UsageError(format!("{shown}: numbers and words are mixed")).into()),
        false => Ok(found),
    }
}

/// Mean and variance of results, at least one; a single value has no variance.
fn spread(results: &[Outcome]) -> Result<(Number, Option<Number>), NumberError> {
    let number = |one: &Outcome| match one {
        Outcome::Checked(true) => Number::ONE,
        Outcome::Checked(false) => Number::ZERO,
        Outcome::Value(value) => Number::from(*value),
    };
    let sum = results.iter().try_fold(Number::ZERO, |sum, one| sum.add(&number(one)))?;
    let mean = sum.divide(&Number::from_integer(results.len() as i64))?;
    if matches!(results.first(), Some(Outcome::Checked(_))) {
        let variance = mean.multiply(&Number::ONE.subtract(&mean)?)?;
        return Ok((mean, Some(variance)));
    }
    if results.len() < 2 {
        return Ok((mean, None));
    }
    let squares = results.iter().try_fold(Number::ZERO, |sum, one| {
        let distance = number(one).subtract(&mean)?;
        sum.add(&distance.multiply(&distance)?)
    })?;
    let variance = squares.divide(&Number::from_integer(results.len() as i64 - 1))?;
    Ok((mean, Some(variance)))
}
