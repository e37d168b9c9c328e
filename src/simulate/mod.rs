//! Simulated gateways: a solar plant and a chiller plant, with the defects that real ones have; and
//! what the meters and the office of any planned project would hand over.
//!
//! Takes a seed and a span of local days; gives the messages a gateway would send, in order, and the
//! list of defects that were placed. A pure function: no clock, no network, no binary floats; the
//! same set-up gives the same bytes anywhere. Never to be mistaken for measured data: whoever prints
//! its figures says that they are simulated.

pub mod check_file;
pub mod defect;
pub mod noise;
pub mod planned;
pub mod plant;
pub mod record;
pub mod sequence;
pub mod shape;

use crate::domain::id::{ProjectId, SiteId};
use crate::domain::time::{Date, Timestamp, Zone};

pub use self::defect::Defect;
use self::plant::{Device, Span};
use self::record::{Body, Record, StampText, payload};

/// Fewest days in which all defects of a gateway have room beside each other.
pub const DEFECT_DAYS_MIN: u32 = 28;
/// Most days of one simulation: it is made in memory.
pub const DAYS_MAX: u32 = 3_660;

/// A simulated gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    /// `meter-1`: register EG in kWh.
    SolarA,
    /// `inverter-2`: power P in kW; `weather`: irradiance G in W/m2.
    SolarB,
    /// `chiller-1`: register EC in kWh, four water temperatures in degC.
    Chiller,
}

/// What is simulated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    pub project: ProjectId,
    pub site: SiteId,
    /// First local day.
    pub from: Date,
    /// Local days.
    pub days: u32,
    pub seed: u64,
    pub with_defects: bool,
}

/// Why nothing can be simulated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimulateError {
    #[error("{days} days: simulate from 1 to {DAYS_MAX} days")]
    Days { days: u32 },
    #[error(
        "{days} days have no room for all defects: simulate at least {DEFECT_DAYS_MIN} days, or without defects"
    )]
    DefectDays { days: u32 },
}

/// A payload and its topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedMessage {
    pub topic: String,
    pub payload: Vec<u8>,
}

/// What a gateway sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulated {
    /// In the order in which they are sent.
    pub messages: Vec<SimulatedMessage>,
    /// In the order of time.
    pub defects: Vec<Defect>,
}

impl Gateway {
    /// The zone of the gateway's plant.
    #[must_use]
    pub fn zone_name(self) -> &'static str {
        match self {
            Self::SolarA | Self::SolarB => "Asia/Jakarta",
            Self::Chiller => "Asia/Bangkok",
        }
    }

    /// Everything that the gateway sends.
    ///
    /// # Errors
    /// When the days are too few or too many.
    pub fn simulate(self, setup: &Setup, zone: &Zone) -> Result<Simulated, SimulateError> {
        let span = span(setup, zone)?;
        let (devices, mut defects) = match self {
            Self::SolarA => (plant::solar_a(span), plant::solar_a_defects(span)),
            Self::SolarB => (plant::solar_b(span), plant::solar_b_defects(span)),
            Self::Chiller => (plant::chiller(span), plant::chiller_defects(span)),
        };
        if !setup.with_defects {
            defects.clear();
        }
        let stamp = match self {
            Self::SolarA | Self::Chiller => StampText::Rfc3339(zone.clone()),
            Self::SolarB => StampText::EpochMilliseconds,
        };
        // An inverter's gateway sends an hour at once.
        let records_max = if self == Self::SolarB { 4 } else { 1 };
        let mut messages: Vec<(Timestamp, SimulatedMessage)> = Vec::new();
        for Device { name, mut records } in devices {
            for defect in defects.iter().filter(|defect| defect.device == name) {
                records = defect.apply(records);
            }
            let topic = format!("mrv/v1/{}/{}/{name}", setup.project, setup.site);
            let mut sent_at = span.start;
            for group in groups(&records, records_max) {
                // What comes late is sent late: time of sending never goes back.
                let is_ahead = |record: &&Record| record.at < span.at(span.days * 96 + 1);
                let newest = group.iter().filter(is_ahead).map(|record| record.at).max();
                sent_at = newest.map_or(sent_at, |newest| newest.max(sent_at));
                let payload = payload(group, &stamp);
                messages.push((sent_at, SimulatedMessage { topic: topic.clone(), payload }));
            }
        }
        messages.sort_by_key(|(sent_at, _)| *sent_at);
        defects.sort_by_key(|defect| defect.at);
        Ok(Simulated {
            messages: messages.into_iter().map(|(_, message)| message).collect(),
            defects,
        })
    }
}

/// The quarters of a set-up.
///
/// # Errors
/// When the days are too few or too many.
pub fn span(setup: &Setup, zone: &Zone) -> Result<Span, SimulateError> {
    let days = setup.days;
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(SimulateError::Days { days });
    }
    if setup.with_defects && days < DEFECT_DAYS_MIN {
        return Err(SimulateError::DefectDays { days });
    }
    Ok(Span { start: zone.start_of(setup.from), days: days.into(), seed: setup.seed })
}

/// Consecutive records that go into one payload; what is no record goes alone.
fn groups(records: &[Record], records_max: usize) -> impl Iterator<Item = &[Record]> {
    let is_raw = |record: &Record| matches!(record.body, Body::Raw(_));
    records
        .chunk_by(move |a, b| !is_raw(a) && !is_raw(b))
        .flat_map(move |chunk| chunk.chunks(records_max))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::decimal::Decimal;
    use crate::domain::unit::Conversion;

    fn setup(with_defects: bool) -> Setup {
        Setup {
            project: ProjectId::parse("demo").unwrap(),
            site: SiteId::parse("roof").unwrap(),
            from: Date::parse("2025-12-01").unwrap(),
            days: 62,
            seed: 7,
            with_defects,
        }
    }

    fn simulate(gateway: Gateway, setup: &Setup) -> Simulated {
        gateway.simulate(setup, &Zone::parse(gateway.zone_name()).unwrap()).unwrap()
    }

    /// Values by topic, quantity and stamp, in the order sent; and payloads that are no JSON.
    /// Thousandths, from a number with or without its trailing zeros.
    fn milli(text: &str) -> i64 {
        let value = Decimal::parse(text).ok().and_then(|v| v.store(Conversion::IDENTITY).ok());
        value.map_or(i64::MAX, |stored| stored.value.micro() / 1_000)
    }

    fn decoded(simulated: &Simulated) -> (BTreeMap<String, Vec<(String, i64)>>, usize) {
        let mut values: BTreeMap<String, Vec<(String, i64)>> = BTreeMap::new();
        let mut undecodable = 0;
        for message in &simulated.messages {
            let Ok(json) = serde_json::from_slice::<serde_json::Value>(&message.payload) else {
                undecodable += 1;
                continue;
            };
            let records = json.as_array().cloned().unwrap_or_else(|| vec![json]);
            for record in records {
                for (quantity, value) in record["values"].as_object().unwrap() {
                    let milli = milli(&value.to_string());
                    let name = format!("{}/{quantity}", message.topic);
                    values.entry(name).or_default().push((record["ts"].to_string(), milli));
                }
            }
        }
        (values, undecodable)
    }

    #[test]
    fn the_same_set_up_gives_the_same_bytes_and_another_seed_others() {
        for gateway in [Gateway::SolarA, Gateway::SolarB, Gateway::Chiller] {
            let first = simulate(gateway, &setup(true));
            assert_eq!(first, simulate(gateway, &setup(true)));
            assert_ne!(first, simulate(gateway, &Setup { seed: 8, ..setup(true) }));
        }
    }

    #[test]
    fn without_defects_every_quarter_has_each_value_once_and_registers_rise() {
        const QUARTERS: usize = 62 * 96;
        for (gateway, channels, each) in [
            (Gateway::SolarA, 1, QUARTERS + 1),
            (Gateway::SolarB, 2, QUARTERS),
            (Gateway::Chiller, 5, QUARTERS + 1),
        ] {
            let simulated = simulate(gateway, &setup(false));
            assert_eq!(simulated.defects, []);
            let (values, undecodable) = decoded(&simulated);
            assert_eq!((values.len(), undecodable), (channels, 0));
            for (channel, values) in values {
                assert!(values.is_sorted_by(|a, b| a.0 < b.0), "{channel} is out of order");
                assert_eq!(values.len(), each, "{channel}");
                if channel.ends_with("/EG") || channel.ends_with("/EC") {
                    assert!(values.is_sorted_by_key(|(_, value)| *value), "{channel} falls");
                }
            }
        }
    }

    #[test]
    fn every_defect_of_the_list_can_be_found_in_the_messages() {
        for gateway in [Gateway::SolarA, Gateway::SolarB, Gateway::Chiller] {
            let (clean, with) = (simulate(gateway, &setup(false)), simulate(gateway, &setup(true)));
            assert!(with.defects.len() >= 7, "{:?}", with.defects);
            let (clean, (values, undecodable)) = (decoded(&clean).0, decoded(&with));
            let mut expected_undecodable = 0;
            let mut expected: BTreeMap<&str, i64> = BTreeMap::new();
            for defect in &with.defects {
                let change = match defect.kind {
                    defect::Kind::Gap { records } => -records,
                    defect::Kind::Duplicates { records } => records,
                    _ => 0,
                };
                *expected.entry(defect.device).or_default() += change;
                let is_raw = defect.kind == defect::Kind::Undecodable;
                expected_undecodable += usize::from(is_raw);
            }
            assert_eq!(undecodable, expected_undecodable);
            // Quantities that no conflict and no record from the future touches.
            for (channel, sent) in &values {
                let Some(clean) = clean.get(channel) else { continue };
                let device = channel.rsplit('/').nth(1).unwrap();
                let quantity = channel.rsplit('/').next().unwrap();
                let added = with.defects.iter().filter(|defect| match defect.kind {
                    defect::Kind::Conflict { quantity: of, .. } => of == quantity,
                    defect::Kind::FutureStamp => defect.device == device,
                    _ => false,
                });
                let count = i64::try_from(added.count()).unwrap() + expected[device];
                let difference =
                    i64::try_from(sent.len()).unwrap() - i64::try_from(clean.len()).unwrap();
                assert_eq!(difference, count, "{channel}");
            }
        }
    }

    #[test]
    fn days_without_room_are_refused() {
        let zone = Zone::parse("Asia/Jakarta").unwrap();
        for (days, with_defects, expected) in [
            (0, false, Some(SimulateError::Days { days: 0 })),
            (3_661, false, Some(SimulateError::Days { days: 3_661 })),
            (27, true, Some(SimulateError::DefectDays { days: 27 })),
            (27, false, None),
            (28, true, None),
        ] {
            let setup = Setup { days, with_defects, ..setup(true) };
            assert_eq!(Gateway::SolarA.simulate(&setup, &zone).err(), expected);
        }
    }
}
