//! `[[channel]]`: what a device measures.

use super::Findings;
use crate::config::plan::raw::{Number, RawChannel};
use crate::config::plan::watch::Watch;
use crate::config::plan::{ChannelKind, ChannelPlan, Exchange, GaugeRule, StampAt};
use crate::domain::decimal::Fixed6;
use crate::domain::unit::Unit;

pub(super) const STAMPS: &[(&str, StampAt)] = &[("start", StampAt::Start), ("end", StampAt::End)];

#[derive(Clone, Copy)]
enum Kind {
    Register,
    Delta,
    Gauge,
}

impl Findings<'_> {
    pub(super) fn channel(&mut self, raw: &RawChannel) -> Option<ChannelPlan> {
        let key = self.channel_key(&raw.id);
        let unit = self.unit(&raw.unit);
        let sent_unit = match &raw.sent_unit {
            Some(sent) => self.unit(sent),
            None => unit,
        };
        let cadence_us = raw.cadence.as_ref().and_then(|text| self.duration_us(text));
        let installed = raw.installed.as_ref().and_then(|text| self.instant(text));
        let retired = raw.retired.as_ref().and_then(|text| self.instant(text));
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
            serial: raw.serial.clone(),
            class: raw.class.clone(),
            watch: Watch::default(),
        };
        channel.capacity = self.capacity(raw, &channel);
        Some(channel)
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
            if exchanges.last().is_some_and(|earlier| earlier.at >= at) {
                let advice = "write them in the order of time";
                self.tell(one.at.span(), "not after the exchange before it", advice);
            }
            exchanges.push(Exchange { at, last, first });
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
