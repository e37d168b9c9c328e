//! `mrv calc`: a methodology on values given in a file.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Map, Value, json};

use super::context::UsageError;
use super::{Context, Ended, methodology};
use crate::methodology::{Budget, Methodology, Outcome, Step};
use crate::period::calculation::{CalculatedYear, Calculation};
use crate::report::calculation::{Part, Stored, write};

/// Decimals of tCO2e that are shown; the claim is of the full number.
const DECIMALS: u32 = 6;

/// Evaluate a methodology on values from a JSON file: RE, PE, ER and what may be claimed.
///
/// VALUES is an object by the methodology's symbols, or one with such an object as "inputs":
/// {"EG": {"value": "1234.567", "unit": "MWh"}, "EF_RE": {"value": "0.619", "unit": "tCO2/MWh"}}.
/// Members of an index are keys, nested to any depth; {"low": .., "high": .., "unit": ..} is a value
/// in doubt, and the lowest ER inside the bounds counts. A monitored value by calendar years
/// ({"2023": .., "2024": ..}) gives separate years, each rounded down by itself. Nothing is stored.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  mrv calc MRV_PV_F1 --values values.json\n  \
    mrv calc my-methodology.toml --values values.json --trace --xlsx calculation.xlsx")]
pub struct Arguments {
    /// Id of a shipped methodology (mrv methodology list), or a methodology file.
    methodology: String,
    /// The values, as JSON.
    #[arg(long, value_name = "VALUES.json")]
    values: PathBuf,
    /// Compute this symbol and what it stands on alone, from the values that it needs.
    #[arg(long, value_name = "SYMBOL")]
    only: Option<String>,
    /// Show every step: equation, unit and inputs.
    #[arg(long)]
    trace: bool,
    /// Show the uncertainty of ER (GUM, k = 2) from what the values say of theirs.
    #[arg(long)]
    uncertainty: bool,
    /// Write a workbook with live formulae.
    #[arg(long, value_name = "FILE", conflicts_with = "only")]
    xlsx: Option<PathBuf>,
}

pub fn run(context: &Context, arguments: Arguments) -> Result<Ended> {
    let (_, _, mut rules) = methodology::read(&arguments.methodology)?;
    if let Some(symbol) = &arguments.only {
        rules = rules.part(symbol).ok_or_else(|| {
            let known: Vec<&str> = rules.equations.iter().map(|e| e.symbol.as_str()).collect();
            UsageError(format!("no equation {symbol}; there are {}", known.join(", ")))
        })?;
    }
    let shown = arguments.values.display();
    let text =
        std::fs::read_to_string(&arguments.values).with_context(|| format!("read {shown}"))?;
    let values: Value =
        serde_json::from_str(&text).map_err(|error| anyhow!("{shown} is no JSON: {error}"))?;
    let calculation = Calculation::new(&rules, &values)
        .map_err(|error| anyhow!("{} cannot be computed from {shown}:\n{error}", rules.id))?;
    if let Some(file) = &arguments.xlsx {
        let parts: Vec<Part<'_>> = calculation
            .years
            .iter()
            .map(|year| Part {
                year: year.year.as_deref().unwrap_or(""),
                inputs: &year.inputs,
                outcome: &year.outcome,
            })
            .collect();
        let book = write(&rules, &parts, Stored::Values)
            .with_context(|| format!("make the workbook {}", file.display()))?;
        std::fs::write(file, book).with_context(|| format!("write {}", file.display()))?;
    }
    let value = machine(&rules, &calculation, &arguments);
    context.print(&value, || people(&rules, &calculation, &arguments))?;
    Ok(Ended::Done)
}

fn people(rules: &Methodology, calculation: &Calculation, arguments: &Arguments) -> String {
    let mut out = format!("{} version {}: {}\n", rules.id, rules.version, rules.title);
    for year in &calculation.years {
        if let Some(name) = &year.year {
            let _ = write!(out, "\nyear {name}\n");
        }
        let outcome = &year.outcome;
        table(&mut out, outcome);
        if arguments.only.is_none() {
            figures(&mut out, year);
        }
        if arguments.trace {
            trace(&mut out, outcome);
        }
        if arguments.uncertainty {
            uncertainty(&mut out, outcome, year.budget.as_ref());
        }
    }
    if calculation.years.len() > 1 && arguments.only.is_none() {
        let _ = write!(out, "\nclaimed in all: {} tCO2e\n", calculation.claimed());
    }
    for note in &calculation.notes {
        let _ = write!(out, "\nnote: {note}");
    }
    out.trim_end().to_owned()
}

/// Every equation but RE, PE and ER, with its value and unit.
fn table(out: &mut String, outcome: &Outcome) {
    let rows: Vec<(String, String, &str)> = outcome
        .trace
        .iter()
        .filter(|step| !["RE", "PE", "ER"].contains(&step.symbol.as_str()))
        .map(|step| (name(step), step.value.to_fixed(DECIMALS), step.unit.as_str()))
        .collect();
    let width = |of: fn(&(String, String, &str)) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let (names, values) = (width(|r| r.0.chars().count()), width(|r| r.1.len()));
    for (name, value, unit) in &rows {
        let _ = writeln!(out, "  {name:<names$}  {value:>values$} {unit}");
    }
}

fn figures(out: &mut String, year: &CalculatedYear) {
    let outcome = &year.outcome;
    for (symbol, value) in [("RE", &outcome.re), ("PE", &outcome.pe), ("ER", &outcome.er)] {
        let _ = writeln!(out, "{symbol} {} tCO2e", value.to_fixed(DECIMALS));
    }
    let claim = year.claim;
    let _ = writeln!(out, "claimed {} tCO2e (ER rounded down: {})", claim.claimed, claim.floored);
    if claim.carried_out < 0 {
        let _ =
            writeln!(out, "unresolved negative {} tCO2e, left to later years", claim.carried_out);
    }
    if let Some((exact, binary)) = outcome.boundary() {
        let _ = writeln!(
            out,
            "V-BOUNDARY: {exact} here, {binary} in a spreadsheet's binary numbers; claim the lower"
        );
    }
    let doubtful: Vec<_> = outcome.chosen().collect();
    for input in &doubtful {
        let _ = writeln!(
            out,
            "doubt: {} between {} and {} {}, counted as {}",
            place(&input.symbol, &input.members),
            input.low,
            input.high,
            input.unit,
            input.value
        );
    }
    if !doubtful.is_empty() {
        let _ = writeln!(out, "highest ER inside the bounds {}", outcome.er_highest.to_fixed(6));
    }
    for sample in outcome.inputs.iter().filter(|input| input.is_sample) {
        let _ = writeln!(
            out,
            "sample: {} is {} {} of the methodology, which nobody confirmed: nothing is issued on it",
            place(&sample.symbol, &sample.members),
            sample.value,
            sample.unit
        );
    }
}

fn trace(out: &mut String, outcome: &Outcome) {
    out.push_str("\nsteps\n");
    for step in &outcome.trace {
        let _ = writeln!(out, "  {} = {}", name(step), step.equation);
        for (symbol, members) in &step.uses {
            if let Some(value) = outcome.value(symbol, members) {
                let _ = writeln!(out, "      {} = {value}", place(symbol, members));
            }
        }
        let _ = writeln!(out, "    = {} {}", step.value, step.unit);
    }
}

fn uncertainty(out: &mut String, outcome: &Outcome, budget: Option<&Budget>) {
    let Some(budget) = budget else {
        out.push_str(
            "\nno value says how uncertain it is; write \"permissible\": \"0.005\" beside it, or \
             \"expanded\" and \"factor\" of a certificate. ER moves most, for 1 % of:\n",
        );
        for rank in outcome.ranking.iter().take(10) {
            let name = place(&rank.symbol, &rank.members);
            let _ = writeln!(out, "  {name}  {} tCO2e", rank.per_percent.to_fixed(DECIMALS));
        }
        return;
    };
    out.push_str("\nuncertainty (k = 2), information only\n");
    for (cause, sum) in &budget.causes {
        let _ = writeln!(out, "  {cause}  {} tCO2e", sum.to_fixed(DECIMALS));
    }
    let percent = budget.percent.as_ref().map(|p| format!(" ({} %)", p.to_fixed(2)));
    let _ = writeln!(
        out,
        "  ER {} +/- {} tCO2e{}",
        outcome.er.to_fixed(DECIMALS),
        budget.expanded.to_fixed(DECIMALS),
        percent.unwrap_or_default()
    );
}

fn machine(rules: &Methodology, calculation: &Calculation, arguments: &Arguments) -> Value {
    let years: Vec<Value> =
        calculation.years.iter().map(|year| machine_year(year, arguments)).collect();
    let mut object = json!({
        "methodology": {
            "id": rules.id, "version": rules.version, "title": rules.title,
            "status": rules.status.as_str(),
        },
    });
    if let ([only], None) = (calculation.years.as_slice(), &arguments.only) {
        for (name, value) in [
            ("RE", json!(only.outcome.re.to_fixed(DECIMALS))),
            ("PE", json!(only.outcome.pe.to_fixed(DECIMALS))),
            ("ER", json!(only.outcome.er.to_fixed(DECIMALS))),
            ("ER_floor", json!(only.claim.floored)),
        ] {
            object[name] = value;
        }
    }
    if arguments.only.is_none() {
        object["ER_claimed"] = json!(calculation.claimed());
    }
    object["years"] = Value::Array(years);
    object["notes"] = json!(calculation.notes);
    object
}

fn machine_year(year: &CalculatedYear, arguments: &Arguments) -> Value {
    let outcome = &year.outcome;
    let mut values: Map<String, Value> = Map::new();
    let kept = |step: &&Step| arguments.only.is_none() || !step.equation.is_empty();
    for step in outcome.trace.iter().filter(kept) {
        let text = step.value.to_fixed(DECIMALS);
        match step.members.as_slice() {
            [] => {
                values.insert(step.symbol.clone(), json!(text));
            }
            members => {
                let entry = values.entry(step.symbol.clone()).or_insert_with(|| json!({}));
                entry[members.join(", ")] = json!(text);
            }
        }
    }
    let mut object = json!({ "year": year.year, "values": values });
    if arguments.only.is_none() {
        let doubts: Vec<Value> = outcome
            .chosen()
            .map(|input| {
                json!({
                    "input": place(&input.symbol, &input.members), "unit": input.unit.as_str(),
                    "low": input.low.to_string(), "high": input.high.to_string(),
                    "counted": input.value.to_string(),
                })
            })
            .collect();
        let samples: Vec<String> = outcome
            .inputs
            .iter()
            .filter(|input| input.is_sample)
            .map(|input| place(&input.symbol, &input.members))
            .collect();
        for (name, value) in [
            ("RE", json!(outcome.re.to_fixed(DECIMALS))),
            ("PE", json!(outcome.pe.to_fixed(DECIMALS))),
            ("ER", json!(outcome.er.to_fixed(DECIMALS))),
            ("ER_exact", json!(outcome.er.to_string())),
            ("ER_highest", json!(outcome.er_highest.to_fixed(DECIMALS))),
            ("ER_floor", json!(year.claim.floored)),
            ("ER_claimed", json!(year.claim.claimed)),
            ("unresolved_negative", json!(year.claim.carried_out)),
            ("boundary", json!(outcome.boundary())),
            ("doubts", json!(doubts)),
            ("samples", json!(samples)),
        ] {
            object[name] = value;
        }
    }
    if arguments.trace {
        let steps = outcome.trace.iter().map(|step| {
            let uses = step.uses.iter().map(|(symbol, members)| {
                let value = outcome.value(symbol, members).map(ToString::to_string);
                json!({ "symbol": symbol, "members": members, "value": value })
            });
            json!({
                "symbol": step.symbol, "members": step.members, "value": step.value.to_string(),
                "unit": step.unit.as_str(), "equation": step.equation,
                "uses": uses.collect::<Vec<_>>(),
            })
        });
        object["trace"] = Value::Array(steps.collect());
    }
    if arguments.uncertainty {
        object["uncertainty"] = json!(year.budget.as_ref().map(|budget| {
            let causes = budget
                .causes
                .iter()
                .map(|(cause, sum)| json!({ "cause": cause, "contribution": sum.to_string() }));
            json!({
                "combined": budget.combined.to_string(), "expanded": budget.expanded.to_string(),
                "coverage_factor": 2,
                "percent": budget.percent.as_ref().map(ToString::to_string),
                "causes": causes.collect::<Vec<_>>(),
            })
        }));
    }
    object
}

fn name(step: &Step) -> String {
    place(&step.symbol, &step.members)
}

fn place(symbol: &str, members: &[String]) -> String {
    match members {
        [] => symbol.to_owned(),
        members => format!("{symbol}[{}]", members.join(", ")),
    }
}
