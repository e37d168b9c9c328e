//! The meters of a period for a report: what they are, when they were in control, and what their
//! errors alter, month by month and register by register.

use super::correct::Side;
use super::timeline::{Stretch, timeline};
use crate::decode::devices::Device;
use crate::domain::reading::ChannelKey;
use crate::domain::time::Timestamp;
use crate::period::calendar::Period;
use crate::period::collect::Amount;
use crate::period::evaluate::Applied;
use crate::period::gather::Source;
use crate::period::statement::YearResult;
use crate::period::{Input, PeriodError};

/// The meters and what calibration alters.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CalibrationFacts {
    /// By key.
    pub devices: Vec<DeviceFacts>,
    /// By parameter in the plan's order, channel and month; months that are corrected alone.
    pub corrections: Vec<RegisterCorrection>,
    /// Why nothing may be sealed, for people.
    pub holds: Vec<String>,
}

/// A device with its state through the period.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceFacts {
    pub device: Device,
    /// The channels that come from it, in the plan's order.
    pub channels: Vec<ChannelKey>,
    /// In the order of time.
    pub stretches: Vec<Stretch>,
}

/// What a month of one register counts as.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisterCorrection {
    /// The id of the methodology and the label of the parameter that the register is part of.
    pub methodology: String,
    pub label: String,
    pub channel: ChannelKey,
    pub month: Period,
    pub unit: String,
    /// Time corrected, in microseconds.
    pub corrected_us: i64,
    /// The errors that it is corrected by, for people: `0.5 % for 744 h`.
    pub errors: String,
    pub side: Side,
    pub uncorrected: Amount,
    pub corrected: Amount,
}

/// Everything about the meters of a period.
pub(in crate::period) fn facts(
    input: &Input<'_>,
    applied: &[Applied<'_>],
    years: &[YearResult],
) -> Result<CalibrationFacts, PeriodError> {
    let zone = &input.plan.registered.zone;
    let range = (input.period.start(zone), input.period.end(zone));
    let mut devices = Vec::new();
    for device in input.devices {
        let of_device = |key: &&ChannelKey| {
            let planned = input.plan.channel(key);
            planned.is_some_and(|channel| channel.device.as_ref() == Some(&device.key))
        };
        let channels = input.plan.channels.iter().map(|channel| &channel.key);
        devices.push(DeviceFacts {
            device: device.clone(),
            channels: channels.filter(of_device).cloned().collect(),
            stretches: timeline(device, zone, range),
        });
    }
    let mut placed: Vec<(usize, RegisterCorrection)> = Vec::new();
    for applied in applied {
        for (place, source) in applied.sources.iter().filter(|(_, source)| source.is_corrected()) {
            for correction in of_source(input, applied, (*place, source), years)? {
                placed.push((*place, correction));
            }
        }
    }
    placed.sort_by_key(|(place, _)| *place);
    let corrections = placed.into_iter().map(|(_, correction)| correction).collect();
    let holds = devices.iter().flat_map(|one| holds(&one.device, range)).collect();
    Ok(CalibrationFacts { devices, corrections, holds })
}

/// The corrected months of a parameter's registers.
fn of_source(
    input: &Input<'_>,
    applied: &Applied<'_>,
    (place, source): (usize, &Source<'_>),
    years: &[YearResult],
) -> Result<Vec<RegisterCorrection>, PeriodError> {
    let zone = &input.plan.registered.zone;
    let mut found = Vec::new();
    for channel in source.channels() {
        for month in input.period.months() {
            let served = channel.in_service(month.start(zone), month.end(zone));
            let Some((from, to)) = served else { continue };
            let parts = channel.corrections.cut(from, to);
            let mut errors: Vec<(String, i64)> = Vec::new();
            let side = side_of(years, &applied.id, place, month.from().year());
            for part in &parts {
                let size = match side {
                    Side::Lower => part.lower,
                    Side::Raise => part.raise,
                    Side::None | Side::Both => part.lower.or(part.raise),
                };
                let Some(size) = size else { continue };
                let (text, time_us) = (size.to_string(), part.to.us() - part.from.us());
                match errors.iter_mut().find(|(known, _)| *known == text) {
                    Some((_, sum)) => *sum += time_us,
                    None => errors.push((text, time_us)),
                }
            }
            if errors.is_empty() {
                continue;
            }
            let of = |side| {
                let total = source.channel(channel, (from, to), side);
                total.ok_or_else(|| PeriodError::Total {
                    label: channel.plan.key.to_string(),
                    part: month.form(),
                })
            };
            let told = errors.iter().map(|(size, us)| format!("{size} for {} h", hours(*us)));
            found.push(RegisterCorrection {
                methodology: applied.id.clone(),
                label: source.label(),
                channel: channel.plan.key.clone(),
                month,
                unit: source.entered.symbol.clone(),
                corrected_us: errors.iter().map(|(_, us)| us).sum(),
                errors: told.collect::<Vec<_>>().join(", "),
                side,
                uncorrected: of(Side::None)?,
                corrected: of(side)?,
            });
        }
    }
    Ok(found)
}

/// To which side a parameter was corrected in a year; both where its parts differ.
fn side_of(years: &[YearResult], methodology: &str, place: usize, year: i16) -> Side {
    let of_year = years.iter().filter(|one| one.methodology == methodology && one.year == year);
    let inputs = of_year.flat_map(|one| &one.inputs);
    let mut sides = inputs
        .filter(|one| one.parameter == place && !one.is_history)
        .filter_map(|one| one.correction);
    match sides.next() {
        None => Side::None,
        Some(first) if sides.all(|side| side == first) => first,
        Some(_) => Side::Both,
    }
}

/// What keeps a period from being sealed: exchanges whose final reading nobody recorded.
fn holds(device: &Device, (from, to): (Timestamp, Timestamp)) -> Vec<String> {
    let mut holds = Vec::new();
    for exchange in device.exchanges.iter().filter(|one| one.off < to && from <= one.on) {
        for shown in exchange.registers.iter().filter(|shown| shown.last.is_none()) {
            holds.push(format!(
                "the final reading of {} is not recorded, when meter {} was taken off at {} (act {}): \
                 record the exchange again with it, --replaces {}",
                shown.channel, exchange.old.serial, exchange.off, exchange.number, exchange.number
            ));
        }
    }
    holds
}

/// Hours with two decimals at most, for people.
pub(super) fn hours(us: i64) -> String {
    let hundredths = i128::from(us) / 36_000_000;
    crate::domain::decimal::Decimal::new(hundredths, -2)
        .map_or_else(|_| us.to_string(), |hours| hours.to_string())
}
