//! `[[channel]]`: what a device measures.

use super::Findings;
use crate::config::plan::raw::{Number, RawChannel};
use crate::config::plan::watch::Watch;
use crate::config::plan::{
    ChannelKind, ChannelPlan, DevicePlan, Dial, Exchange, GaugeRule, StampAt,
};
use crate::domain::decimal::Fixed6;
use crate::domain::reading::{ChannelKey, DeviceKey};
use crate::domain::time::Timestamp;
use crate::domain::unit::Unit;

pub(super) const STAMPS: &[(&str, StampAt)] = &[("start", StampAt::Start), ("end", StampAt::End)];

#[derive(Clone, Copy)]
enum Kind {
    Register,
    Delta,
    Gauge,
}

impl Findings<'_> {
    pub(super) fn channel(
        &mut self,
        raw: &RawChannel,
        devices: &[DevicePlan],
    ) -> Option<ChannelPlan> {
        let key = self.channel_key(&raw.id);
        let device = self.device_of(raw, key.as_ref(), devices);
        let unit = self.unit(&raw.unit);
        let sent_unit = match &raw.sent_unit {
            Some(sent) => self.unit(sent),
            None => unit,
        };
        let cadence_us = raw.cadence.as_ref().and_then(|text| self.duration_us(text));
        let mut installed = raw.installed.as_ref().and_then(|text| self.instant(text));
        let mut retired = raw.retired.as_ref().and_then(|text| self.instant(text));
        if let Some(device) = device {
            self.agree_with_device(raw, device, installed, retired);
            installed = installed.or(device.installed);
            retired = retired.or(device.retired);
        }
        let range = match &raw.range {
            Some([low, high]) => Some((self.stored(low)?, self.stored(high)?)),
            None => None,
        };
        let (unit, sent_unit) = (unit?, sent_unit?);
        let place = raw.id.span();
        if unit.conversion_to(sent_unit).is_none() {
            let message = format!("{sent_unit} cannot be converted to {unit}");
            self.tell(place.clone(), message, "unit and sent_unit must measure the same thing");
        }
        if range.is_some_and(|(low, high)| low > high) {
            self.tell(place.clone(), "range has its low end above its high end", "swap the ends");
        }
        if let (Some(installed), Some(retired)) = (installed, retired)
            && retired <= installed
        {
            self.tell(place, "retired before it was installed", "check both times");
        }
        let kind = self.kind(raw, unit, sent_unit, cadence_us)?;
        let dial = self.dial(raw, kind, device);
        let plate = device.map(|device| &device.plate);
        let said = |own: &String, plate: Option<&String>| match own.as_str() {
            "" => plate.cloned().unwrap_or_default(),
            own => own.to_owned(),
        };
        let mut channel = ChannelPlan {
            key: key?,
            kind,
            unit,
            sent_unit,
            range,
            capacity: None,
            cadence_us,
            installed,
            retired,
            exchanges: self.exchanges(raw, kind, unit, sent_unit),
            device: device.map(|device| device.key.clone()),
            dial,
            serial: said(&raw.serial, plate.map(|plate| &plate.serial)),
            class: said(&raw.class, plate.map(|plate| &plate.class)),
            watch: Watch::default(),
        };
        if let (ChannelKind::Register { modulus: None }, Some(plate), None) =
            (kind, plate, &raw.digits)
        {
            let whole = plate.digits.map(|(whole, _)| whole);
            match channel.register(whole, plate.multiplier) {
                Some(register) => {
                    channel.kind = ChannelKind::Register { modulus: register.modulus };
                }
                None => self.tell(
                    raw.id.span(),
                    "the display of its device goes beyond what can be stored",
                    "store it in a larger unit",
                ),
            }
        }
        channel.capacity = self.capacity(raw, &channel);
        Some(channel)
    }

    /// The device that a channel comes from: the one it names, else that of its id.
    fn device_of<'a>(
        &mut self,
        raw: &RawChannel,
        key: Option<&ChannelKey>,
        devices: &'a [DevicePlan],
    ) -> Option<&'a DevicePlan> {
        if let Some(text) = &raw.device {
            let named = devices.iter().find(|one| one.key.to_string() == *text.get_ref());
            if named.is_none() {
                let message = format!("device {:?} is not declared", text.get_ref());
                self.tell(text.span(), message, "add a [[device]]");
            }
            return named;
        }
        let key = key?;
        let own = DeviceKey { site: key.site.clone(), device: key.device.clone() };
        devices.iter().find(|device| device.key == own)
    }

    /// What a channel says of its meter beside the device must be the same.
    fn agree_with_device(
        &mut self,
        raw: &RawChannel,
        device: &DevicePlan,
        installed: Option<Timestamp>,
        retired: Option<Timestamp>,
    ) {
        let plate = &device.plate;
        for (what, own, of_device) in
            [("serial", &raw.serial, &plate.serial), ("class", &raw.class, &plate.class)]
        {
            if !own.is_empty() && own != of_device {
                let message =
                    format!("{what} {own:?}, its device {} says {of_device:?}", device.key);
                self.tell(raw.id.span(), message, "leave it to the device");
            }
        }
        if let (Some(digits), Some((whole, _))) = (&raw.digits, plate.digits)
            && *digits.get_ref() != i64::from(whole)
        {
            let message = format!("{} digits, its device has {whole}", digits.get_ref());
            self.tell(digits.span(), message, "leave them to the device");
        }
        if let (Some(own), Some(of_device)) = (installed, device.installed)
            && own < of_device
        {
            let message = format!("serves before its device was installed at {of_device}");
            self.tell(raw.id.span(), message, "leave installed to the device");
        }
        if let (Some(own), Some(of_device)) = (retired, device.retired)
            && own > of_device
        {
            let message = format!("serves after its device was retired at {of_device}");
            self.tell(raw.id.span(), message, "leave retired to the device");
        }
    }

    /// Whether a register's values are the display's. Where the device multiplies, that must be said.
    fn dial(&mut self, raw: &RawChannel, kind: ChannelKind, device: Option<&DevicePlan>) -> Dial {
        let is_register = matches!(kind, ChannelKind::Register { .. });
        let multiplier = device.map_or(Fixed6::ONE, |device| device.plate.multiplier);
        if let Some(values) = &raw.values {
            let is_display = self.choice(values, &[("display", true), ("primary", false)]);
            if !is_register {
                let advice = "leave it out; a gateway sends rates and deltas multiplied";
                self.tell(values.span(), "only a register has a display that is read", advice);
            }
            if is_display == Some(true) && device.is_none() {
                let advice = "add its [[device]] with multiplier and digits";
                self.tell(values.span(), "values of a display whose device is not known", advice);
            }
            return match is_display {
                Some(true) => Dial { is_display: true, multiplier },
                _ => Dial::PRIMARY,
            };
        }
        if is_register && multiplier != Fixed6::ONE {
            let message = format!(
                "its device multiplies by {}, and whether its values are multiplied is not said",
                multiplier.to_decimal()
            );
            let advice =
                "add values = \"display\" (as the meter shows) or \"primary\" (multiplied)";
            self.tell(raw.id.span(), message, advice);
        }
        Dial::PRIMARY
    }

    fn kind(
        &mut self,
        raw: &RawChannel,
        unit: Unit,
        sent_unit: Unit,
        cadence_us: Option<i64>,
    ) -> Option<ChannelKind> {
        let kinds = [("register", Kind::Register), ("delta", Kind::Delta), ("gauge", Kind::Gauge)];
        let kind = self.choice(&raw.kind, &kinds)?;
        let stamp = self.choice_or(raw.stamp.as_ref(), STAMPS, StampAt::Start);
        let place = raw.kind.span();
        match kind {
            Kind::Register | Kind::Delta if !unit.dimension().is_amount() => {
                self.tell(place, format!("{unit} is no amount"), "a register or delta counts one");
                None
            }
            Kind::Register => {
                Some(ChannelKind::Register { modulus: self.modulus(raw, unit, sent_unit)? })
            }
            Kind::Delta if cadence_us.is_none() => {
                self.tell(place, "a delta needs its cadence", "add cadence = \"15 min\"");
                None
            }
            Kind::Delta => Some(ChannelKind::Delta { stamp }),
            Kind::Gauge => {
                let Some(rule) = &raw.rule else {
                    self.tell(place, "a gauge needs its rule", "add rule = \"mean\" or \"hold\"");
                    return None;
                };
                let is_mean = self.choice(rule, &[("mean", true), ("hold", false)])?;
                if is_mean && cadence_us.is_none() {
                    self.tell(rule.span(), "a mean needs its cadence", "add cadence = \"15 min\"");
                    return None;
                }
                if is_mean {
                    return Some(ChannelKind::Gauge(GaugeRule::Mean { stamp }));
                }
                let Some(step_max) = &raw.step_max else {
                    let advice = "add step_max = \"1 h\": how long a value may stand";
                    self.tell(rule.span(), "a held value needs its longest step", advice);
                    return None;
                };
                let step_max_us = self.duration_us(step_max)?;
                if cadence_us.is_some_and(|cadence| step_max_us >= 2 * cadence) {
                    let advice = "a missing reading would go unseen; make it smaller";
                    self.tell(step_max.span(), "step_max is two cadences or more", advice);
                }
                Some(ChannelKind::Gauge(GaugeRule::Hold { step_max_us }))
            }
        }
    }

    /// Recorded exchanges; their readings are in the unit that the meter sends.
    fn exchanges(
        &mut self,
        raw: &RawChannel,
        kind: ChannelKind,
        unit: Unit,
        sent: Unit,
    ) -> Vec<Exchange> {
        let mut exchanges: Vec<Exchange> = Vec::new();
        for one in &raw.exchange {
            if !matches!(kind, ChannelKind::Register { .. }) {
                let advice = "only a register goes on where the old meter stopped; leave it out";
                self.tell(one.at.span(), "an exchange of a meter that is no register", advice);
                continue;
            }
            let mut reading = |number: &Number| {
                let value = self.decimal(number)?;
                match sent.conversion_to(unit).map(|conversion| value.store(conversion)) {
                    Some(Ok(stored)) => Some(stored.value),
                    Some(Err(error)) => self.refuse(number.span(), error.to_string()),
                    None => None,
                }
            };
            let (last, first) = (reading(&one.last), reading(&one.start));
            let (Some(at), Some(last), Some(first)) = (self.instant(&one.at), last, first) else {
                continue;
            };
            if exchanges.last().is_some_and(|earlier| earlier.on >= at) {
                let advice = "write them in the order of time";
                self.tell(one.at.span(), "not after the exchange before it", advice);
            }
            exchanges.push(Exchange {
                off: at,
                on: at,
                last: Some(last),
                first,
                is_disconnected: true,
                old: None,
                new: None,
            });
        }
        exchanges
    }

    /// 10^digits of the display, in storage units.
    fn modulus(&mut self, raw: &RawChannel, unit: Unit, sent: Unit) -> Option<Option<Fixed6>> {
        let Some(digits) = &raw.digits else { return Some(None) };
        let power = match u32::try_from(*digits.get_ref()) {
            Ok(power @ 1..=12) => power,
            _ => {
                return self.refuse(digits.span(), "a display has 1 to 12 digits before the point");
            }
        };
        let display = crate::domain::decimal::Decimal::new(10i128.pow(power), 0).ok()?;
        let stored = sent.conversion_to(unit).and_then(|conversion| display.store(conversion).ok());
        match stored {
            Some(stored) => Some(Some(stored.value)),
            None => self.refuse(digits.span(), "the display goes beyond what can be stored"),
        }
    }

    /// Capacity per hour, in units of the interval's amount.
    fn capacity(&mut self, raw: &RawChannel, channel: &ChannelPlan) -> Option<Fixed6> {
        let text = raw.capacity.as_ref()?;
        if !channel.is_amount() {
            self.tell(text.span(), "a state has no capacity", "give it a range");
            return None;
        }
        let amount = channel.interval_unit();
        let rate = Unit::all().find(|rate| rate.times_hour() == Some(amount));
        let Some(rate) = rate else {
            return self.refuse(text.span(), format!("capacity per hour of {amount} is not known"));
        };
        let (value, _) = self.quantity(text, Some(rate))?;
        if value <= Fixed6::ZERO {
            let advice = "write the most that the device can do, with its margin: \"250 kW\"";
            self.tell(text.span(), "a capacity is more than nothing", advice);
            return None;
        }
        Some(value)
    }
}
