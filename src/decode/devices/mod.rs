//! Devices through time: the meters that hung at each, with their certificates and exchanges.
//!
//! A projection of the plans and of the acts about devices. A certificate stays what it is whichever
//! plan names it: one that a later plan leaves out still counts, and what is stated again under the
//! same number by the same body takes its place. An exchange that names another act takes its place.

mod read;

use std::collections::BTreeMap;

use super::act::{ActError, CertificateEntry, ExchangeEntry};
use crate::config::plan::history::PlanHistory;
use crate::config::plan::{CalibrationRule, Certificate, ChannelPlan, Exchange, Plate};
use crate::domain::reading::{ChannelKey, DeviceKey};
use crate::domain::time::Timestamp;

/// All acts about devices.
#[derive(Debug, Clone, Default)]
pub struct Devices {
    certificates: BTreeMap<u32, (i64, DeviceKey, Certificate)>,
    exchanges: BTreeMap<u32, RecordedExchange>,
}

/// An exchange as the log has it.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedExchange {
    /// Its act's number, and the leaf that carries it.
    pub number: u32,
    pub leaf: i64,
    pub entry: ExchangeEntry,
    pub device: DeviceKey,
    pub off: Timestamp,
    /// Never before `off`.
    pub on: Timestamp,
    pub old: Plate,
    pub new: Plate,
    pub is_disconnected: bool,
    /// By channel: final reading of the old meter and first of the new one, as they were shown.
    pub registers: Vec<Shown>,
}

/// What a register showed, in the unit that the meter shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub channel: ChannelKey,
    /// `None`: nobody read it.
    pub last: Option<crate::domain::decimal::Decimal>,
    pub first: crate::domain::decimal::Decimal,
}

/// A device with everything that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    pub key: DeviceKey,
    pub place: String,
    pub maker: String,
    pub model: String,
    pub rule: Option<CalibrationRule>,
    /// The accuracy class that the first plan with this device names.
    pub registered_class: String,
    /// In the order of time.
    pub meters: Vec<Meter>,
    pub exchanges: Vec<RecordedExchange>,
    /// Instants at which a plan names another serial number and no exchange is recorded.
    pub unrecorded: Vec<(Timestamp, String, String)>,
    pub moves: Vec<(Timestamp, String)>,
}

/// A meter while it hung at a device.
#[derive(Debug, Clone, PartialEq)]
pub struct Meter {
    pub plate: Plate,
    /// `None`: since before anything is known.
    pub from: Option<Timestamp>,
    /// Exclusive; `None`: it still hangs there.
    pub to: Option<Timestamp>,
    /// By date.
    pub certificates: Vec<Cited>,
}

/// A certificate, and what it is stated by.
#[derive(Debug, Clone, PartialEq)]
pub struct Cited {
    pub certificate: Certificate,
    pub origin: Origin,
}

/// What states something of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Plan(u32),
    /// An act's number and leaf.
    Act(u32, i64),
}

impl Device {
    /// The meter that hung at `at`; between two meters none did.
    #[must_use]
    pub fn meter(&self, at: Timestamp) -> Option<&Meter> {
        self.meters.iter().find(|meter| {
            meter.from.is_none_or(|from| from <= at) && meter.to.is_none_or(|to| at < to)
        })
    }
}

impl Devices {
    /// Takes a certificate into account.
    ///
    /// # Errors
    /// When it states no device, date or result.
    pub fn add_certificate(
        &mut self,
        number: u32,
        leaf: i64,
        entry: &CertificateEntry,
    ) -> Result<(), ActError> {
        let (device, certificate) = read::certificate(entry)?;
        self.certificates.insert(number, (leaf, device, certificate));
        Ok(())
    }

    /// Takes an exchange into account; gives the stretches of channels whose values it alters.
    ///
    /// # Errors
    /// When it states no device, times, plates or readings.
    pub fn add_exchange(
        &mut self,
        number: u32,
        leaf: i64,
        entry: &ExchangeEntry,
    ) -> Result<Vec<(ChannelKey, Timestamp, Timestamp)>, ActError> {
        let exchange = read::exchange(number, leaf, entry)?;
        let mut touched = Vec::new();
        let replaced = entry.replaces.and_then(|old| self.exchanges.remove(&old));
        for one in replaced.iter().chain([&exchange]) {
            let of = |shown: &Shown| (shown.channel.clone(), one.off, one.on);
            touched.extend(one.registers.iter().map(of));
        }
        self.exchanges.insert(number, exchange);
        Ok(touched)
    }

    /// Leaves the exchange or certificate of an act out, as if it had not been recorded.
    pub fn forget(&mut self, number: u32) {
        self.exchanges.remove(&number);
        self.certificates.remove(&number);
    }

    /// The exchanges that stand, by their act's number.
    pub fn exchanges(&self) -> impl Iterator<Item = &RecordedExchange> {
        self.exchanges.values()
    }

    /// Number, leaf, device and certificate of each act.
    pub fn certificates(&self) -> impl Iterator<Item = (u32, i64, &DeviceKey, &Certificate)> {
        let all = self.certificates.iter();
        all.map(|(number, (leaf, device, one))| (*number, *leaf, device, one))
    }

    /// The exchanges of a channel's meter: those that any plan declares and those recorded, by time.
    /// The last word on an instant counts, and a record over a plan.
    #[must_use]
    pub fn exchanges_of(&self, plans: &PlanHistory, channel: &ChannelPlan) -> Vec<Exchange> {
        let mut exchanges = BTreeMap::new();
        for planned in plans.iter().filter_map(|plan| plan.channel(&channel.key)) {
            exchanges.extend(planned.exchanges.iter().map(|exchange| (exchange.on, *exchange)));
        }
        for recorded in self.exchanges.values() {
            let shown = recorded.registers.iter().find(|shown| shown.channel == channel.key);
            let Some(shown) = shown else { continue };
            if let Some(exchange) = recorded.of_channel(shown, channel) {
                exchanges.insert(exchange.on, exchange);
            }
        }
        exchanges.into_values().collect()
    }

    /// The times in which no meter hung that could show anything, by channel.
    #[must_use]
    pub fn offs(&self) -> Vec<(ChannelKey, Timestamp, Timestamp)> {
        let offs = self.exchanges.values().filter(|one| one.off < one.on).flat_map(|one| {
            one.registers.iter().map(|shown| (shown.channel.clone(), one.off, one.on))
        });
        offs.collect()
    }

    /// All devices that any plan names, by key.
    #[must_use]
    pub fn history(&self, plans: &PlanHistory) -> Vec<Device> {
        let mut devices: BTreeMap<DeviceKey, Device> = BTreeMap::new();
        for plan in plans.iter() {
            for planned in &plan.devices {
                let device = devices.entry(planned.key.clone()).or_insert_with(|| Device {
                    key: planned.key.clone(),
                    place: String::new(),
                    maker: String::new(),
                    model: String::new(),
                    rule: None,
                    registered_class: planned.plate.class.clone(),
                    meters: Vec::new(),
                    exchanges: Vec::new(),
                    unrecorded: Vec::new(),
                    moves: Vec::new(),
                });
                device.place.clone_from(&planned.place);
                device.maker.clone_from(&planned.maker);
                device.model.clone_from(&planned.model);
                let what = format!("calibration of {}", planned.key);
                let stated = plan.changes.iter().find(|change| change.what == what);
                let is_approved = stated.is_some_and(|change| change.approval.is_some());
                let is_first = plans.iter().all(|other| {
                    other.number >= plan.number || other.device(&planned.key).is_none()
                });
                device.rule = match is_first || is_approved {
                    true => planned.rule.clone(),
                    false => CalibrationRule::stricter(device.rule.as_ref(), planned.rule.as_ref()),
                };
                device.moves.clone_from(&planned.moves);
            }
        }
        for device in devices.values_mut() {
            self.meters(plans, device);
            self.certify(plans, device);
        }
        devices.into_values().collect()
    }

    /// The chain of meters of a device.
    fn meters(&self, plans: &PlanHistory, device: &mut Device) {
        let mut exchanges: Vec<RecordedExchange> =
            self.exchanges.values().filter(|one| one.device == device.key).cloned().collect();
        exchanges.sort_by_key(|one| (one.on, one.number));
        let planned = || {
            let all = plans.iter();
            all.filter_map(|plan| Some((plan, plan.device(&device.key)?)))
        };
        // The last plan that names a serial number says what is on its plate.
        let plate = |serial: &str, other: &Plate| {
            let mut named = planned().map(|(_, one)| &one.plate).filter(|one| one.serial == serial);
            named.next_back().unwrap_or(other).clone()
        };
        let Some((_, first)) = planned().next() else { return };
        let begin = exchanges.first().map_or(&first.plate, |exchange| &exchange.old);
        let mut meters = vec![Meter {
            plate: plate(&begin.serial, begin),
            from: planned().filter_map(|(_, one)| one.installed).min(),
            to: None,
            certificates: Vec::new(),
        }];
        for exchange in &exchanges {
            if let Some(last) = meters.last_mut() {
                last.to = Some(exchange.off);
            }
            meters.push(Meter {
                plate: plate(&exchange.new.serial, &exchange.new),
                from: Some(exchange.on),
                to: None,
                certificates: Vec::new(),
            });
        }
        let mut unrecorded = Vec::new();
        for (plan, one) in planned() {
            let serial = &one.plate.serial;
            if meters.iter().any(|meter| meter.plate.serial == *serial) {
                continue;
            }
            // A meter that nobody recorded the exchange of: it hangs there since its plan.
            let at = plan.valid_from;
            let place = meters.iter().rposition(|meter| meter.from.is_none_or(|from| from < at));
            let place = place.unwrap_or(0);
            let (old, to) = (meters[place].plate.serial.clone(), meters[place].to);
            unrecorded.push((at, old, serial.clone()));
            meters[place].to = Some(at);
            let (plate, from) = (one.plate.clone(), Some(at));
            meters.insert(place + 1, Meter { plate, from, to, certificates: Vec::new() });
        }
        if let (Some(last), Some((_, newest))) = (meters.last_mut(), planned().next_back()) {
            last.to = newest.retired;
        }
        (device.meters, device.exchanges, device.unrecorded) = (meters, exchanges, unrecorded);
    }

    /// Gives each meter its certificates.
    fn certify(&self, plans: &PlanHistory, device: &mut Device) {
        let mut cited: Vec<Cited> = Vec::new();
        let mut cite = |certificate: &Certificate, origin| {
            cited.retain(|other| {
                let other = &other.certificate;
                let same = |a: &str, b: &str| a == b;
                !(same(&other.number, &certificate.number)
                    && same(&other.body, &certificate.body)
                    && same(&other.serial, &certificate.serial))
            });
            cited.push(Cited { certificate: certificate.clone(), origin });
        };
        for plan in plans.iter() {
            let of_device = plan.device(&device.key);
            for certificate in of_device.iter().flat_map(|one| &one.certificates) {
                cite(certificate, Origin::Plan(plan.number));
            }
        }
        for (number, (leaf, key, certificate)) in &self.certificates {
            if *key == device.key {
                cite(certificate, Origin::Act(*number, *leaf));
            }
        }
        cited.sort_by_key(|one| one.certificate.date);
        for meter in &mut device.meters {
            let of_meter = |one: &&Cited| one.certificate.serial == meter.plate.serial;
            meter.certificates = cited.iter().filter(of_meter).cloned().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::act::{Act, Content, MeterEntry, ReadingEntry, RegisterEntry};
    use super::*;

    #[test]
    fn acts_about_devices_read_back_from_their_payloads() {
        let text = |text: &str| text.to_owned();
        let certificate = CertificateEntry { number: text("C-1"), ..CertificateEntry::default() };
        let meter =
            MeterEntry { digits: Some([5, 1]), seals: vec![text("A")], ..MeterEntry::default() };
        let exchange = ExchangeEntry {
            old: meter.clone(),
            new: meter,
            registers: vec![RegisterEntry { last: text("1"), ..RegisterEntry::default() }],
            replaces: Some(3),
            ..ExchangeEntry::default()
        };
        let reading = ReadingEntry { value: text("1.5"), ..ReadingEntry::default() };
        for content in [
            Content::Certificate(certificate),
            Content::Exchange(Box::new(exchange)),
            Content::Reading(reading),
        ] {
            let act = Act { number: 7, content };
            assert_eq!(Act::parse(&act.encode().unwrap()).unwrap(), act);
        }
    }
}
