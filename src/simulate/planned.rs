//! What the meters and the office of a planned project would hand over: readings of every channel
//! and a document a month for every parameter that documents give.
//!
//! Everything follows from the plan and a seed: meters run at about half of their capacity, states
//! stand near the middle of their range, categories take turns. Whole numbers only; the same plan
//! and seed give the same bytes anywhere. Simulated data are never measured data.

use std::fmt::Write as _;

use super::SimulateError;
use super::noise::Noise;
use crate::config::plan::{ChannelKind, ChannelPlan, Doubt, GaugeRule, Parameter, Plan};
use crate::domain::decimal::Fixed6;
use crate::domain::time::{Date, Timestamp};

/// Microseconds.
const HOUR_US: i64 = 3_600_000_000;
/// Cadence of channels that declare none.
const CADENCE_US: i64 = HOUR_US;
/// Parts of a thousand.
const PERMILLE: i64 = 1_000;

/// Files of a planned project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Long CSV: `at,site,device,quantity,value`, by channel, then by time.
    pub readings: String,
    /// As `mrv amount import` reads them.
    pub amounts: String,
    /// File name and text of each document that the amounts name.
    pub documents: Vec<(String, String)>,
}

/// Simulates a plan's channels from `from` to `to`, and its documents by month from `documents_from`
/// to `to`, all local dates, inclusive.
///
/// # Errors
/// When the days are too few or too many.
pub fn planned(
    plan: &Plan,
    (from, to): (Date, Date),
    documents_from: Date,
    seed: u64,
) -> Result<Planned, SimulateError> {
    let days = documents_from.min(from).days_until(to) + 1;
    if !(1..=super::DAYS_MAX as i32).contains(&days) || from > to {
        return Err(SimulateError::Days { days: u32::try_from(days).unwrap_or(0) });
    }
    let mut readings = "at,site,device,quantity,value\n".to_owned();
    for (stream, channel) in (1..).zip(&plan.channels) {
        let codes =
            plan.registered.parameters.iter().find(|parameter| {
                parameter.is_category() && parameter.channels.contains(&channel.key)
            });
        let codes: Vec<Fixed6> =
            codes.map_or_else(Vec::new, |one| one.codes.iter().map(|(code, _)| *code).collect());
        series(plan, channel, &codes, (from, to), Noise::new(seed, stream), &mut readings);
    }
    let mut amounts =
        "parameter,methodology,members,from,to,value,unit,kind,document,number,issuer,entered_by,\
         checked_by\n"
            .to_owned();
    let mut documents = Vec::new();
    let documented =
        plan.registered.parameters.iter().filter(|one| one.amounts && one.channels.is_empty());
    for (stream, parameter) in (1_001..).zip(documented) {
        let noise = Noise::new(seed, stream);
        for (place, (first, last)) in (0..).zip(months(documents_from, to)) {
            document(plan, parameter, (first, last), place, noise, (&mut amounts, &mut documents));
        }
    }
    Ok(Planned { readings, amounts, documents })
}

/// One channel's readings, as texts.
fn series(
    plan: &Plan,
    channel: &ChannelPlan,
    codes: &[Fixed6],
    (from, to): (Date, Date),
    noise: Noise,
    readings: &mut String,
) {
    let zone = &plan.registered.zone;
    let cadence = channel.cadence_us.unwrap_or(CADENCE_US);
    let (begin, end) = (zone.start_of(from), zone.start_of(to.next()));
    // Per hour, in the unit that intervals are in; of a rate the rate itself.
    let capacity = channel.capacity.map_or(0, Fixed6::micro);
    let (low, high) = channel.range.map_or((0, 0), |(low, high)| (low.micro(), high.micro()));
    let mut register = 0i64;
    let mut at = begin;
    let mut place = 0i64;
    while at <= end {
        let share = noise.between(place, 400, 600);
        let of_step = i128::from(capacity) * i128::from(cadence) / i128::from(HOUR_US)
            * i128::from(share)
            / i128::from(PERMILLE);
        let of_step = i64::try_from(of_step).unwrap_or(i64::MAX);
        let value = match channel.kind {
            ChannelKind::Register { .. } => {
                let value = register;
                register = register.saturating_add(of_step);
                Some(value)
            }
            ChannelKind::Delta { .. } => (at < end).then_some(of_step),
            ChannelKind::Gauge(_) if !codes.is_empty() => {
                // One category a local day, by turns.
                let day = i64::from(zone.date_of(at).days_since_epoch());
                let code = codes.get(usize::try_from(day).unwrap_or(0) % codes.len());
                code.map(|code| code.micro())
            }
            ChannelKind::Gauge(_) if channel.is_amount() => Some(permille(capacity, share)),
            ChannelKind::Gauge(GaugeRule::Mean { .. } | GaugeRule::Hold { .. }) => {
                Some(low + permille(high - low, share))
            }
        };
        if let Some(value) = value {
            let key = &channel.key;
            // Writing to a String never fails; the results are let go for that reason.
            let _ = writeln!(
                readings,
                "{at},{},{},{},{}",
                key.site,
                key.device,
                key.quantity,
                Fixed6::from_micro(value.into()).map_or_else(|_| String::new(), |v| v.to_string())
            );
        }
        at = Timestamp::from_us(at.us() + cadence);
        place += 1;
    }
}

fn permille(value: i64, share: i64) -> i64 {
    let part = i128::from(value) * i128::from(share) / i128::from(PERMILLE);
    i64::try_from(part).unwrap_or(i64::MAX)
}

/// The calendar months from `from` to `to`, each with the first and last date inside.
fn months(from: Date, to: Date) -> Vec<(Date, Date)> {
    let mut months: Vec<(Date, Date)> = Vec::new();
    let mut date = from;
    while date <= to {
        match months.last_mut() {
            Some((first, last)) if first.month() == date.month() => *last = date,
            _ => months.push((date, date)),
        }
        date = date.next();
    }
    months
}

fn document(
    plan: &Plan,
    parameter: &Parameter,
    (first, last): (Date, Date),
    place: i64,
    noise: Noise,
    (amounts, documents): (&mut String, &mut Vec<(String, String)>),
) {
    let share = noise.between(place, 450, 550);
    let zone = &plan.registered.zone;
    let hours = (zone.start_of(last.next()).us() - zone.start_of(first).us()) / HOUR_US;
    let (value, kind) = match parameter.doubt {
        _ if parameter.is_category() => {
            let members: Vec<&str> = plan
                .registered
                .index_sets
                .iter()
                .flat_map(|(_, set)| set)
                .map(String::as_str)
                .collect();
            (members.first().copied().unwrap_or_default().to_owned(), "manual-reading")
        }
        Doubt::Capacity { per_hour, .. } => {
            let micro = i128::from(permille(per_hour.micro(), share)) * i128::from(hours);
            let text = Fixed6::from_micro(micro).map_or_else(|_| "0".to_owned(), |v| v.to_string());
            (text, "invoice")
        }
        Doubt::Range { low, high, .. } => {
            let micro = low.micro() + permille(high.micro() - low.micro(), share);
            let text = Fixed6::from_micro(micro.into());
            (text.map_or_else(|_| "0".to_owned(), |v| v.to_string()), "laboratory-result")
        }
    };
    let label = match parameter.members.is_empty() {
        true => parameter.symbol.clone(),
        false => format!("{}-{}", parameter.symbol, parameter.members.join("-")),
    };
    let number = format!("{label}-{first}");
    let name = format!("{number}.txt");
    let text = format!(
        "SIMULATED DOCUMENT, no measured data\n{kind} {number} of project {}\nfrom {first} to {last}, \
         both days included\n{label} {value} {}\n",
        plan.project, parameter.unit
    );
    let methodology = match plan.registered.methodologies.len() {
        0 | 1 => "",
        _ => parameter.methodology.as_str(),
    };
    // Writing to a String never fails.
    let _ = writeln!(
        amounts,
        "{},{methodology},{},{first},{last},{value},{},{kind},{name},{number},simulated issuer,\
         simulated clerk,simulated engineer",
        parameter.symbol,
        parameter.members.join(" "),
        parameter.unit
    );
    documents.push((name, text));
}
