//! `[[device]]`: the meters, what is written on them, and how they are calibrated.

use super::Findings;
use crate::config::plan::device::{
    Basis, CalibrationRule, Certificate, DevicePlan, ErrorSize, FoundError, ONE, Permissible,
    Plate, parse_ratio,
};
use crate::config::plan::raw::{RawCalibration, RawCertificate, RawDevice, RawPlan, Text};
use crate::config::plan::{ChannelPlan, Registered};
use crate::domain::decimal::Fixed6;
use crate::domain::digest::Sha256Digest;
use crate::domain::reading::DeviceKey;
use crate::domain::time::Timestamp;
use crate::domain::unit::Dimension;

const BASES: &[(&str, Basis)] =
    &[("accredited-certificate", Basis::Accredited), ("own-calibration", Basis::Own)];

impl Findings<'_> {
    /// All devices, sorted.
    pub(super) fn devices(&mut self, raw: &RawPlan) -> Vec<DevicePlan> {
        let mut devices: Vec<DevicePlan> =
            raw.device.iter().filter_map(|device| self.device(device)).collect();
        devices.sort_by(|a, b| a.key.cmp(&b.key));
        for pair in devices.windows(2).filter(|pair| pair[0].key == pair[1].key) {
            let place =
                raw.device.iter().rev().find(|d| *d.id.get_ref() == pair[0].key.to_string());
            let span = place.map_or(0..0, |device| device.id.span());
            self.tell(span, format!("device {} is declared twice", pair[0].key), "keep one");
        }
        devices
    }

    /// What devices, channels and parameters say of each other.
    pub(super) fn link_devices(
        &mut self,
        raw: &RawPlan,
        devices: &mut [DevicePlan],
        channels: &[ChannelPlan],
        registered: &Registered,
    ) {
        for (parameter, written) in registered.parameters.iter().zip(&raw.registered.parameter) {
            let rule = written.calibration.as_ref().and_then(|rule| self.calibration(rule));
            let Some(rule) = rule else { continue };
            let named = channels.iter().filter(|one| parameter.channels.contains(&one.key));
            let keys: Vec<&DeviceKey> = named.filter_map(|one| one.device.as_ref()).collect();
            if keys.is_empty() {
                let place = written.symbol.span();
                let advice = "add a [[device]] for each of its meters, or leave calibration out";
                self.tell(place, "a calibration rule for a parameter without devices", advice);
            }
            for device in devices.iter_mut().filter(|one| keys.contains(&&one.key)) {
                if device.rule.is_none() {
                    device.rule = Some(rule.clone());
                }
            }
        }
        for device in devices.iter() {
            let written = raw.device.iter().find(|one| *one.id.get_ref() == device.key.to_string());
            let Some(written) = written else { continue };
            let used = || channels.iter().filter(|one| one.device.as_ref() == Some(&device.key));
            if used().next().is_none() {
                let advice = "name it in a channel: device = \"site/device\"";
                self.tell(written.id.span(), "no channel comes from this device", advice);
                continue;
            }
            self.limit(written, device, used());
        }
    }

    /// A device that is calibrated needs an error that its calibration is held against.
    fn limit<'a>(
        &mut self,
        written: &RawDevice,
        device: &DevicePlan,
        used: impl Iterator<Item = &'a ChannelPlan>,
    ) {
        let place = written.mpe.as_ref().map_or(written.serial.span(), |mpe| mpe.span());
        let Some(permissible) = &device.plate.permissible else {
            if device.rule.is_some() {
                let message = match device.plate.class.as_str() {
                    "" => "calibrated, but no class and no permissible error are given".to_owned(),
                    class => {
                        format!("calibrated, but class {class:?} has no permissible error here")
                    }
                };
                let advice = "add mpe = \"0.5 %\", or a class of IEC 62053-21 or 62053-22";
                self.tell(place, message, advice);
            }
            return;
        };
        for channel in used {
            let fits = match permissible.size {
                ErrorSize::Percent(_) => channel.unit.dimension() != Dimension::Temperature,
                ErrorSize::Absolute(_, unit) => {
                    !channel.is_amount() && unit.conversion_to(channel.unit).is_some()
                }
            };
            if !fits {
                let message = format!(
                    "an error of {} is none of channel {} in {}",
                    permissible.size, channel.key, channel.unit
                );
                let advice = "amounts err in percent of what is shown, temperatures in K";
                self.tell(place.clone(), message, advice);
            }
        }
    }

    fn device(&mut self, raw: &RawDevice) -> Option<DevicePlan> {
        let key = DeviceKey::parse(raw.id.get_ref());
        if key.is_none() {
            let message = format!("{:?} names no device", raw.id.get_ref());
            self.tell(raw.id.span(), message, "write site/device");
        }
        let installed = raw.installed.as_ref().and_then(|text| self.instant(text));
        let retired = raw.retired.as_ref().and_then(|text| self.instant(text));
        if let (Some(installed), Some(retired)) = (installed, retired)
            && retired <= installed
        {
            let place = raw.retired.as_ref().map_or(raw.id.span(), |text| text.span());
            self.tell(place, "retired before it was installed", "check both times");
        }
        let mut moves: Vec<(Timestamp, String)> = Vec::new();
        for one in &raw.moved {
            let Some(at) = self.instant(&one.at) else { continue };
            if moves.last().is_some_and(|(earlier, _)| *earlier >= at) {
                let advice = "write them in the order of time";
                self.tell(one.at.span(), "not after the move before it", advice);
            }
            if installed.is_some_and(|installed| at < installed) {
                self.tell(one.at.span(), "moved before it was installed", "check both times");
            }
            moves.push((at, one.place.clone()));
        }
        let plate = self.plate(raw)?;
        let rule = raw.calibration.as_ref().and_then(|rule| self.calibration(rule));
        let mut certificates: Vec<Certificate> = Vec::new();
        for one in &raw.certificate {
            let Some(checked) = self.certificate(one, &plate) else { continue };
            let is_twice = certificates
                .iter()
                .any(|other| other.number == checked.number && other.body == checked.body);
            if is_twice {
                self.tell(one.number.span(), "this certificate is declared twice", "keep one");
            }
            certificates.push(checked);
        }
        certificates.sort_by_key(|one| one.date);
        Some(DevicePlan {
            key: key?,
            place: raw.place.clone(),
            maker: raw.maker.clone(),
            model: raw.model.clone(),
            plate,
            rule,
            installed,
            retired,
            moves,
            certificates,
        })
    }

    fn plate(&mut self, raw: &RawDevice) -> Option<Plate> {
        if raw.serial.get_ref().trim().is_empty() {
            let advice = "write the number on its plate: who visits the site looks for it";
            self.tell(raw.serial.span(), "a device without serial number", advice);
        }
        let permissible = match &raw.mpe {
            None => Permissible::of_class(&raw.class),
            Some(text) => match ErrorSize::parse(text.get_ref()) {
                Some(size) => Some(Permissible { size, source: "stated in the plan".to_owned() }),
                None => {
                    let message = format!("{:?} is no permissible error", text.get_ref());
                    self.tell(text.span(), message, "write \"0.5 %\", or \"0.3 K\" for a state");
                    None
                }
            },
        };
        let multiplier = match &raw.multiplier {
            None => Some(ONE),
            Some(number) => {
                let value = self.stored(number);
                if value.is_some_and(|value| value <= Fixed6::ZERO) {
                    self.tell(number.span(), "a multiplier is more than nothing", "write \"40\"");
                }
                value
            }
        };
        let ratios = [self.ratio(raw.ct.as_ref()), self.ratio(raw.vt.as_ref())];
        if let (Some(number), Some(value)) = (&raw.multiplier, multiplier)
            && (raw.ct.is_some() || raw.vt.is_some())
            && value != ONE
        {
            self.transformed(number.span(), value, ratios);
        }
        let digits = match &raw.digits {
            None => None,
            Some([whole, part]) => {
                let count = |digits: &toml::Spanned<i64>, least: u32, most: u32| {
                    let count = u32::try_from(*digits.get_ref()).ok();
                    count.filter(|count| (least..=most).contains(count))
                };
                match (count(whole, 1, 12), count(part, 0, 6)) {
                    (Some(whole), Some(part)) => Some((whole, part)),
                    _ => {
                        let advice = "digits = [5, 1]: 1 to 12 before the point, 0 to 6 after it";
                        self.tell(whole.span(), "no digits of a display", advice);
                        None
                    }
                }
            }
        };
        let text = |text: Option<&Text>| text.map_or_else(String::new, |t| t.get_ref().clone());
        Some(Plate {
            serial: raw.serial.get_ref().clone(),
            class: raw.class.clone(),
            permissible,
            ct: text(raw.ct.as_ref()),
            vt: text(raw.vt.as_ref()),
            multiplier: multiplier?,
            digits,
            seals: raw.seals.clone(),
        })
    }

    fn ratio(&mut self, text: Option<&Text>) -> Option<(Fixed6, Fixed6)> {
        let text = text?;
        let ratio = parse_ratio(text.get_ref());
        if ratio.is_none() {
            let message = format!("{:?} is no transformer's ratio", text.get_ref());
            self.tell(text.span(), message, "write primary over secondary: \"200/5\"");
        }
        ratio
    }

    /// A multiplier beside transformers is their ratio, or one where the meter multiplies itself.
    fn transformed(
        &mut self,
        place: std::ops::Range<usize>,
        multiplier: Fixed6,
        ratios: [Option<(Fixed6, Fixed6)>; 2],
    ) {
        // multiplier x secondaries = primaries, in whole micro-units; beyond i128 nothing is said.
        let (mut primary, mut secondary) =
            (Some(1_000_000i128), Some(i128::from(multiplier.micro())));
        for (of_primary, of_secondary) in ratios.into_iter().flatten() {
            primary = primary.and_then(|value| value.checked_mul(of_primary.micro().into()));
            secondary = secondary.and_then(|value| value.checked_mul(of_secondary.micro().into()));
        }
        if let (Some(primary), Some(secondary)) = (primary, secondary)
            && primary != secondary
        {
            let message = format!(
                "multiplier {} is not the ratio of its transformers",
                multiplier.to_decimal()
            );
            let advice = "correct one of them; leave ct and vt out where the meter is set to them";
            self.tell(place, message, advice);
        }
    }

    fn calibration(&mut self, raw: &RawCalibration) -> Option<CalibrationRule> {
        let months = CalibrationRule::parse_interval(raw.interval.get_ref());
        if months.is_none() {
            let message = format!("{:?} is no interval of calibrations", raw.interval.get_ref());
            self.tell(raw.interval.span(), message, "write \"12 months\" or \"2 years\"");
        }
        let basis = self.choice(&raw.option, BASES);
        Some(CalibrationRule { months: months?, body: raw.body.clone(), basis: basis? })
    }

    fn certificate(&mut self, raw: &RawCertificate, plate: &Plate) -> Option<Certificate> {
        let date = self.date(&raw.date);
        let valid_until = raw.valid_until.as_ref().and_then(|text| self.date(text));
        if let (Some(date), Some(until), Some(text)) = (date, valid_until, &raw.valid_until)
            && until < date
        {
            self.tell(text.span(), "valid until a day before the calibration", "check both dates");
        }
        let mut error = |text: Option<&Text>| {
            let text = text?;
            let found = FoundError::parse(text.get_ref());
            if found.is_none() {
                let message = format!("{:?} is no error of a meter", text.get_ref());
                let advice =
                    "write \"+0.3 %\", \"-0.3 %\", or \"0.3 %\" where the sign is not said";
                self.tell(text.span(), message, advice);
            }
            found
        };
        let (as_found, as_left) = (error(raw.as_found.as_ref()), error(raw.as_left.as_ref()));
        if raw.as_found.is_none() && raw.as_left.is_none() {
            let advice = "add as_found, before adjustment, or as_left, after it";
            self.tell(raw.number.span(), "a certificate without its result", advice);
        }
        let document = match &raw.document {
            None => None,
            Some(text) => match Sha256Digest::parse(text.get_ref()) {
                Some(sha256) => Some(sha256),
                None => self.refuse(text.span(), "not a SHA-256 in 64 hexadecimal digits"),
            },
        };
        Some(Certificate {
            serial: raw.serial.clone().unwrap_or_else(|| plate.serial.clone()),
            number: raw.number.get_ref().clone(),
            body: raw.body.clone(),
            scope: raw.scope.clone(),
            date: date?,
            valid_until,
            as_found,
            as_left,
            covers_ratio: raw.covers_ratio,
            document,
        })
    }
}
