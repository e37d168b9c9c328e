//! `mrv whatif`: RE, PE and ER of a period with something taken out or set.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use super::asked::{Subject, Subjected};
use super::context::UsageError;
use super::{Context, Ended};
use crate::domain::decimal::Decimal;
use crate::domain::time::{Date, Timestamp, Zone};
use crate::report::whatif::{Change, Outcome, YearEffect, effects};

/// Ask what ER would be without some hours, devices, documents or values, or with others.
///
/// What is taken out is in doubt by the plan's bounds, as if it had never come: no register bridges
/// it, and the lowest ER counts. Nothing is recorded, and sealed versions stay as they are. The
/// figures are indicative. Asked of a bundle they rest on its intervals as stated; mrv recheck shows
/// whether these come out of its messages.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mrv whatif --project P --from 2025-01-01 --to 2025-12-31 --without roof/meter
  mrv whatif bundle.zip --hours 2025-03-01/2025-03-02
  mrv whatif --project P --from 2025-01-01 --to 2025-12-31 --without roof --hours 2025-03-01T06:00:00Z/2025-03-01T09:00:00Z
  mrv whatif --project P --from 2025-01-01 --to 2025-12-31 --set EF_RE=0.5 --without-parameter \"EG[roof]\"")]
pub struct Arguments {
    #[command(flatten)]
    subject: Subject,
    /// Take out a site, a device or a channel: SITE, SITE/DEVICE or SITE/DEVICE/QUANTITY.
    #[arg(long, value_name = "NAME")]
    without: Vec<String>,
    /// Take out these hours only, of --without or of every channel: two local dates, both included, or
    /// two times (RFC 3339), the second not included.
    #[arg(long, value_name = "FROM/TO")]
    hours: Option<String>,
    /// Take out the amount of this act (mrv amount list).
    #[arg(long, value_name = "NUMBER")]
    without_document: Vec<u32>,
    /// Take out whatever gives a monitored parameter its value.
    #[arg(long, value_name = "SYMBOL")]
    without_parameter: Vec<String>,
    /// Set a monitored parameter, over the whole period, or one fixed ex ante: SYMBOL=VALUE, in the
    /// unit of the plan.
    #[arg(long, value_name = "SYMBOL=VALUE")]
    set: Vec<String>,
}

pub fn run(context: &Context, arguments: Arguments) -> Result<Ended> {
    let Subjected { mut collected, statement: before, rests_on, .. } =
        arguments.subject.collect(context, |zone| hours(&arguments, zone))?;
    let changes = changes(&arguments, &collected.plan().registered.zone)?;
    if let Err(error) = collected.apply(&changes) {
        return context.refused(&error.to_string());
    }
    let effects = effects(&before, &collected.draft()?);
    let value: Vec<Value> = effects.iter().map(|effect| machine(effect, rests_on)).collect();
    context.print(&value, || people(&effects, rests_on))?;
    Ok(Ended::Done)
}

fn changes(arguments: &Arguments, zone: &Zone) -> Result<Vec<Change>> {
    let during = hours(arguments, zone)?;
    let names = |text: &String| text.split('/').map(str::to_owned).collect::<Vec<_>>();
    let mut without: Vec<Vec<String>> = arguments.without.iter().map(names).collect();
    if without.is_empty() && during.is_some() {
        without.push(Vec::new());
    }
    let mut changes: Vec<Change> =
        without.into_iter().map(|names| Change::Without { names, during }).collect();
    changes.extend(arguments.without_document.iter().map(|number| Change::WithoutAmount(*number)));
    for text in &arguments.without_parameter {
        let (symbol, members) = symbol(text);
        changes.push(Change::WithoutParameter { symbol, members });
    }
    for text in &arguments.set {
        let wrong = || UsageError(format!("--set {text:?}: write it as SYMBOL=VALUE"));
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        let value = Decimal::parse(value.trim())
            .map_err(|error| UsageError(format!("--set {text:?}: {error}")))?;
        let (symbol, members) = symbol(name);
        changes.push(Change::Set { symbol, members, value });
    }
    if changes.is_empty() {
        let hint = "say what is taken out or set: --without, --hours, --without-document, \
                    --without-parameter, --set";
        return Err(UsageError(hint.to_owned()).into());
    }
    Ok(changes)
}

fn hours(arguments: &Arguments, zone: &Zone) -> Result<Option<(Timestamp, Timestamp)>> {
    arguments.hours.as_deref().map(|text| span(text, zone)).transpose()
}

/// `EG[roof, north]` to its symbol and members.
fn symbol(text: &str) -> (String, Vec<String>) {
    match text.trim().trim_end_matches(']').split_once('[') {
        Some((symbol, members)) => {
            (symbol.to_owned(), members.split(',').map(|one| one.trim().to_owned()).collect())
        }
        None => (text.trim().to_owned(), Vec::new()),
    }
}

/// Two local dates, both inclusive, or two instants, the second exclusive.
fn span(text: &str, zone: &Zone) -> Result<(Timestamp, Timestamp)> {
    let wrong = |reason: &str| UsageError(format!("--hours {text:?}: {reason}"));
    let hint = "write two dates or two times with a slash between them";
    let (from, to) = text.split_once('/').ok_or_else(|| wrong(hint))?;
    let span = match (Date::parse(from), Date::parse(to)) {
        (Ok(from), Ok(to)) => (zone.start_of(from), zone.start_of(to.next())),
        _ => {
            let time = |text: &str| {
                Timestamp::parse_rfc3339(text).map_err(|error| wrong(&error.to_string()))
            };
            (time(from)?, time(to)?)
        }
    };
    match span.0 < span.1 {
        true => Ok(span),
        false => Err(wrong("it ends before it begins").into()),
    }
}

fn machine(effect: &YearEffect, rests_on: &str) -> Value {
    let outcome = |one: &Outcome| {
        json!({
            "re": one.re.to_string(),
            "pe": one.pe.to_string(),
            "er": one.er.to_string(),
            "claimed": one.claimed.to_string(),
        })
    };
    json!({
        "methodology": effect.methodology,
        "year": effect.year,
        "before": outcome(&effect.before),
        "after": outcome(&effect.after),
        "rests_on": rests_on,
        "claimed_change": (effect.after.claimed - effect.before.claimed).to_string(),
    })
}

fn people(effects: &[YearEffect], rests_on: &str) -> String {
    let mut out = format!("indicative, not verified; in tCO2e\nrests on {rests_on}\n");
    for effect in effects {
        let _ = writeln!(out, "\n{} {}", effect.methodology, effect.year);
        let figures = |one: &Outcome| {
            let whole = one.claimed.to_string();
            [one.re, one.pe, one.er].map(|value| value.to_string()).into_iter().chain([whole])
        };
        let names = ["RE", "PE", "ER", "claimed"];
        let pairs = figures(&effect.before).zip(figures(&effect.after));
        for (name, (before, after)) in names.into_iter().zip(pairs) {
            let _ = writeln!(out, "  {name:<8} {before} -> {after}");
        }
        let change = effect.after.claimed - effect.before.claimed;
        let _ = writeln!(out, "  change of the claim: {change:+}");
    }
    out.trim_end().to_owned()
}
