//! From the texts of acts about devices to what they say.

use super::{RecordedExchange, Shown};
use crate::config::plan::device::{ErrorSize, FoundError, ONE, Permissible, parse_ratio};
use crate::config::plan::{Certificate, ChannelPlan, Exchange, Plate};
use crate::decode::act::{ActError, CertificateEntry, ExchangeEntry, MeterEntry, stored_value};
use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::digest::Sha256Digest;
use crate::domain::id::{DeviceId, QuantityId, SiteId};
use crate::domain::reading::{ChannelKey, DeviceKey};
use crate::domain::time::{Date, Timestamp};

pub(super) fn certificate(entry: &CertificateEntry) -> Result<(DeviceKey, Certificate), ActError> {
    let error = |text: &String| match text.as_str() {
        "" => Ok(None),
        written => match FoundError::parse(written) {
            Some(found) => Ok(Some(found)),
            None => Err(wrong(format!("{written:?} is no error of a meter; write \"+0.3 %\""))),
        },
    };
    let (as_found, as_left) = (error(&entry.as_found)?, error(&entry.as_left)?);
    if as_found.is_none() && as_left.is_none() {
        return Err(wrong("a certificate needs its result: error as found, or as left".to_owned()));
    }
    let date = |text: &str| Date::parse(text).map_err(|e| ActError::Time(text.to_owned(), e));
    let valid_until = match entry.valid_until.as_str() {
        "" => None,
        written => Some(date(written)?),
    };
    let calibrated = date(&entry.date)?;
    if valid_until.is_some_and(|until| until < calibrated) {
        return Err(wrong("it is valid until a day before the calibration".to_owned()));
    }
    let document = match entry.document.as_str() {
        "" => None,
        written => match Sha256Digest::parse(written) {
            Some(sha256) => Some(sha256),
            None => return Err(wrong(format!("{written:?} is no SHA-256"))),
        },
    };
    let certificate = Certificate {
        serial: entry.serial.clone(),
        number: entry.number.clone(),
        body: entry.body.clone(),
        scope: entry.scope.clone(),
        date: calibrated,
        valid_until,
        as_found,
        as_left,
        covers_ratio: entry.covers_ratio,
        document,
    };
    Ok((device(&entry.device)?, certificate))
}

pub(super) fn exchange(
    number: u32,
    leaf: i64,
    entry: &ExchangeEntry,
) -> Result<RecordedExchange, ActError> {
    let at = |text: &String| {
        Timestamp::parse_rfc3339(text).map_err(|error| ActError::Time(text.clone(), error))
    };
    let (off, on) = (at(&entry.off)?, at(&entry.on)?);
    if on < off {
        return Err(wrong("the new meter was put on before the old one was taken off".to_owned()));
    }
    let is_disconnected = match entry.between.as_str() {
        "disconnected" => true,
        "alive" => false,
        other => {
            return Err(wrong(format!(
                "{other:?} does not say whether anything flowed between; write disconnected or alive"
            )));
        }
    };
    let number_of =
        |text: &String| Decimal::parse(text).map_err(|error| ActError::Value(text.clone(), error));
    let mut registers = Vec::new();
    for register in &entry.registers {
        registers.push(Shown {
            channel: channel(&register.channel)?,
            last: match register.last.as_str() {
                "" => None,
                _ => Some(number_of(&register.last)?),
            },
            first: number_of(&register.start)?,
        });
    }
    Ok(RecordedExchange {
        number,
        leaf,
        entry: entry.clone(),
        device: device(&entry.device)?,
        off,
        on,
        old: plate(&entry.old)?,
        new: plate(&entry.new)?,
        is_disconnected,
        registers,
    })
}

impl RecordedExchange {
    /// The exchange of one channel's register; `None` where a reading cannot be stored.
    pub(super) fn of_channel(&self, shown: &Shown, channel: &ChannelPlan) -> Option<Exchange> {
        let conversion = channel.sent_unit.conversion_to(channel.unit)?;
        // What a gateway sends multiplied is stored multiplied; the recorded readings are displays.
        let stored = |value: Decimal, plate: &Plate| -> Option<Fixed6> {
            let factor = if channel.dial.is_display { ONE } else { plate.multiplier };
            let scaled = value.coefficient().checked_mul(factor.micro().into())?;
            let value = Decimal::new(scaled, value.exponent() - 6).ok()?;
            Some(value.store(conversion).ok()?.value)
        };
        let register = |plate: &Plate| {
            channel.register(plate.digits.map(|(whole, _)| whole), plate.multiplier)
        };
        let last = match shown.last {
            Some(last) => Some(stored(last, &self.old)?),
            None => None,
        };
        Some(Exchange {
            off: self.off,
            on: self.on,
            last,
            first: stored(shown.first, &self.new)?,
            is_disconnected: self.is_disconnected,
            old: Some(register(&self.old)?),
            new: Some(register(&self.new)?),
        })
    }
}

fn plate(entry: &MeterEntry) -> Result<Plate, ActError> {
    let permissible = match entry.mpe.as_str() {
        "" => Permissible::of_class(&entry.class),
        written => match ErrorSize::parse(written) {
            Some(size) => Some(Permissible { size, source: "stated in the record".to_owned() }),
            None => return Err(wrong(format!("{written:?} is no permissible error"))),
        },
    };
    for ratio in [&entry.ct, &entry.vt] {
        if !ratio.is_empty() && parse_ratio(ratio).is_none() {
            return Err(wrong(format!("{ratio:?} is no transformer's ratio; write \"200/5\"")));
        }
    }
    let multiplier = stored_value(&entry.multiplier)?;
    if multiplier <= Fixed6::ZERO {
        return Err(wrong("a multiplier is more than nothing".to_owned()));
    }
    if entry.digits.is_some_and(|[whole, part]| !(1..=12).contains(&whole) || part > 6) {
        return Err(wrong(
            "a display has 1 to 12 digits before the point, 0 to 6 after".to_owned(),
        ));
    }
    Ok(Plate {
        serial: entry.serial.clone(),
        class: entry.class.clone(),
        permissible,
        ct: entry.ct.clone(),
        vt: entry.vt.clone(),
        multiplier,
        digits: entry.digits.map(|[whole, part]| (whole, part)),
        seals: entry.seals.clone(),
    })
}

fn device(text: &str) -> Result<DeviceKey, ActError> {
    DeviceKey::parse(text).ok_or_else(|| wrong(format!("{text:?} names no device: site/device")))
}

fn channel(text: &str) -> Result<ChannelKey, ActError> {
    let mut parts = text.split('/');
    let key = (|| {
        let key = ChannelKey {
            site: SiteId::parse(parts.next()?).ok()?,
            device: DeviceId::parse(parts.next()?).ok()?,
            quantity: QuantityId::parse(parts.next()?).ok()?,
        };
        parts.next().is_none().then_some(key)
    })();
    key.ok_or_else(|| wrong(format!("{text:?} names no channel: site/device/quantity")))
}

fn wrong(reason: String) -> ActError {
    ActError::Device(reason)
}
