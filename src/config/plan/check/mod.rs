//! From the plan as written to the plan as checked; everything wrong is told at once.

mod changes;
mod channels;
mod confidential;
mod devices;
mod practice;
mod readers;
mod registered;
pub mod stamps;
mod watch;

use std::collections::HashSet;
use std::ops::Range;

use toml::Spanned;

use super::raw::{Number, RawPlan, RawTolerances, Text};
use super::{ChannelPlan, Doubt, PLAN_FORMAT, Parameter, Plan, Tolerances};
use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::diagnostic::Diagnostic;
use crate::domain::id::{DeviceId, ProjectId, QuantityId, SiteId};
use crate::domain::reading::ChannelKey;
use crate::domain::time::Timestamp;
use crate::domain::unit::{Conversion, Unit};

/// Reads and checks a plan file.
pub fn check(file: &str, text: &str) -> Result<Plan, Vec<Diagnostic>> {
    let raw: RawPlan = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().trim().replace('\n', "; ");
        vec![Diagnostic::at(file, text, span, message)]
    })?;
    let declared = raw.channel.iter().map(|channel| channel.id.get_ref().clone()).collect();
    let mut found = Findings { file, text, declared, diagnostics: Vec::new() };
    let plan = found.plan(&raw);
    found.diagnostics.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
    match plan {
        Some(plan) if found.diagnostics.is_empty() => Ok(plan),
        _ => Err(found.diagnostics),
    }
}

/// What was found so far, and the text it was found in.
pub(super) struct Findings<'a> {
    file: &'a str,
    text: &'a str,
    /// The ids of all channels as written, right or wrong.
    declared: HashSet<String>,
    diagnostics: Vec<Diagnostic>,
}

impl Findings<'_> {
    fn plan(&mut self, raw: &RawPlan) -> Option<Plan> {
        if *raw.mrv_plan.get_ref() != PLAN_FORMAT {
            self.tell(raw.mrv_plan.span(), "unknown plan format", "write mrv_plan = 1");
        }
        let project = match ProjectId::parse(raw.project.get_ref()) {
            Ok(project) => Some(project),
            Err(error) => self.refuse(raw.project.span(), error.to_string()),
        };
        let number = match u32::try_from(*raw.number.get_ref()) {
            Ok(number @ 1..) => Some(number),
            _ => self.refuse(raw.number.span(), "plans are numbered 1, 2, 3, ..."),
        };
        let valid_from = self.instant(&raw.valid_from);
        let mut devices = self.devices(raw);
        let mut channels: Vec<_> =
            raw.channel.iter().filter_map(|channel| self.channel(channel, &devices)).collect();
        channels.sort_by(|a, b| a.key.cmp(&b.key));
        for pair in channels.windows(2).filter(|pair| pair[0].key == pair[1].key) {
            let place =
                raw.channel.iter().rev().find(|c| *c.id.get_ref() == pair[0].key.to_string());
            let span = place.map_or(0..0, |channel| channel.id.span());
            self.tell(span, format!("channel {} is declared twice", pair[0].key), "keep one");
        }
        let readers = self.readers(&raw.reader);
        let registered = self.registered(&raw.registered, &channels);
        if let Some(registered) = &registered {
            registered.parameters.iter().for_each(|p| bound_channels(&mut channels, p));
            self.link_devices(raw, &mut devices, &channels, registered);
        }
        let changes = self.changes(&raw.change, *raw.number.get_ref());
        let tolerances = self.tolerances(&raw.tolerances);
        let settings = self.settings(&raw.checks);
        self.watch(raw, &mut channels, &settings);
        let exclusions = self.exclusions(raw, &channels);
        let ex_ante_reasons = self.ex_ante_reasons(raw);
        Some(Plan {
            project: project?,
            number: number?,
            valid_from: valid_from?,
            registered: registered?,
            changes,
            devices,
            channels,
            readers,
            tolerances,
            settings,
            exclusions,
            ex_ante_reasons,
        })
    }

    fn tolerances(&mut self, raw: &RawTolerances) -> Tolerances {
        let default = Tolerances::default();
        let clock = raw.clock.as_ref().and_then(|text| self.duration_us(text));
        let future = raw.future.as_ref().and_then(|text| self.duration_us(text));
        Tolerances {
            clock_us: clock.unwrap_or(default.clock_us),
            future_us: future.unwrap_or(default.future_us),
        }
    }

    fn tell(&mut self, span: Range<usize>, message: impl Into<String>, advice: impl Into<String>) {
        let diagnostic = Diagnostic::at(self.file, self.text, span, message).advise(advice);
        self.diagnostics.push(diagnostic);
    }

    /// Tells of something and gives nothing.
    fn refuse<T>(&mut self, span: Range<usize>, message: impl Into<String>) -> Option<T> {
        self.diagnostics.push(Diagnostic::at(self.file, self.text, span, message));
        None
    }

    fn instant(&mut self, text: &Text) -> Option<Timestamp> {
        match Timestamp::parse_rfc3339(text.get_ref()) {
            Ok(at) => Some(at),
            Err(error) => self.refuse(text.span(), error.to_string()),
        }
    }

    /// `15 min`, `60 s`, `1 h`, `2 d`.
    fn duration_us(&mut self, text: &Text) -> Option<i64> {
        let parts = text.get_ref().split_once(' ');
        let value = parts.and_then(|(count, unit)| {
            let seconds = match unit.trim() {
                "s" => 1,
                "min" => 60,
                "h" => 3_600,
                "d" => 86_400,
                _ => return None,
            };
            let count: i64 = count.parse().ok().filter(|count| (1..=1_000_000).contains(count))?;
            Some(count * seconds * 1_000_000)
        });
        if value.is_none() {
            let message = format!("{:?} is no duration", text.get_ref());
            self.tell(text.span(), message, "write a whole number and s, min, h or d: \"15 min\"");
        }
        value
    }

    fn unit(&mut self, text: &Text) -> Option<Unit> {
        let unit = Unit::parse(text.get_ref());
        if unit.is_none() {
            let known: Vec<&str> = Unit::all().map(Unit::symbol).collect();
            let message = format!("unit {:?} is unknown", text.get_ref());
            self.tell(text.span(), message, format!("use one of {}", known.join(" ")));
        }
        unit
    }

    /// A decimal from its source text.
    fn decimal(&mut self, number: &Number) -> Option<Decimal> {
        let source = self.text.get(number.span()).unwrap_or_default();
        let digits = source.trim().trim_matches(['"', '\'']).replace('_', "");
        match Decimal::parse(&digits) {
            Ok(value) => Some(value),
            Err(error) => self.refuse(number.span(), format!("{source}: {error}")),
        }
    }

    fn stored(&mut self, number: &Number) -> Option<Fixed6> {
        let value = self.decimal(number)?;
        match value.store(Conversion::IDENTITY) {
            Ok(stored) if stored.is_exact => Some(stored.value),
            Ok(_) => self.refuse(number.span(), "more than six decimals"),
            Err(error) => self.refuse(number.span(), error.to_string()),
        }
    }

    /// `250 kW`: a number and a unit, converted to `target` where that is given.
    fn quantity(&mut self, text: &Text, target: Option<Unit>) -> Option<(Fixed6, Unit)> {
        let parts = text.get_ref().split_once(' ');
        let parsed = parts.and_then(|(number, unit)| {
            Some((Decimal::parse(number).ok()?, Unit::parse(unit.trim())?))
        });
        let Some((value, unit)) = parsed else {
            let message = format!("{:?} is no quantity", text.get_ref());
            self.tell(text.span(), message, "write a number and a unit: \"250 kW\"");
            return None;
        };
        let target = target.unwrap_or(unit);
        let Some(conversion) = unit.conversion_to(target) else {
            return self.refuse(text.span(), format!("{unit} cannot be converted to {target}"));
        };
        match value.store(conversion) {
            Ok(stored) => Some((stored.value, target)),
            Err(error) => self.refuse(text.span(), error.to_string()),
        }
    }

    /// `site/device/quantity`.
    fn channel_key(&mut self, text: &Text) -> Option<ChannelKey> {
        let parts: Vec<&str> = text.get_ref().split('/').collect();
        let [site, device, quantity] = parts.as_slice() else {
            let message = format!("{:?} names no channel", text.get_ref());
            self.tell(text.span(), message, "write site/device/quantity");
            return None;
        };
        let key = (SiteId::parse(site), DeviceId::parse(device), QuantityId::parse(quantity));
        match key {
            (Ok(site), Ok(device), Ok(quantity)) => Some(ChannelKey { site, device, quantity }),
            (site, device, quantity) => {
                let error = site.err().or(device.err()).or(quantity.err());
                self.refuse(text.span(), error.map(|e| e.to_string()).unwrap_or_default())
            }
        }
    }

    /// One of a few words.
    fn choice<T: Copy>(&mut self, text: &Text, choices: &[(&str, T)]) -> Option<T> {
        let found = choices.iter().find(|(word, _)| word == text.get_ref());
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let message = format!("{:?} is none of the choices", text.get_ref());
            self.tell(text.span(), message, format!("use one of {}", words.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    fn choice_or<T: Copy>(&mut self, text: Option<&Text>, choices: &[(&str, T)], default: T) -> T {
        text.and_then(|text| self.choice(text, choices)).unwrap_or(default)
    }
}

/// Gives a parameter's bounds to those of its channels that declare none, so that a value beyond them
/// is held: a bound that only gaps had to keep would make a deleted reading count for less.
fn bound_channels(channels: &mut [ChannelPlan], parameter: &Parameter) {
    for channel in channels.iter_mut().filter(|channel| parameter.channels.contains(&channel.key)) {
        let convert = |value: Fixed6, from: Unit, to: Unit| {
            let conversion = from.conversion_to(to)?;
            value.to_decimal().store(conversion).ok().map(|stored| stored.value)
        };
        match parameter.doubt {
            Doubt::Capacity { per_hour, unit } if channel.capacity.is_none() => {
                channel.capacity = convert(per_hour, unit, channel.interval_unit());
            }
            Doubt::Range { low, high, unit } if channel.range.is_none() => {
                let ends = (convert(low, unit, channel.unit), convert(high, unit, channel.unit));
                channel.range = ends.0.zip(ends.1);
            }
            _ => {}
        }
    }
}

/// The text of an optional key.
fn owned(text: Option<&Spanned<String>>) -> Option<String> {
    text.map(|text| text.get_ref().clone())
}

#[cfg(test)]
mod device_tests;
#[cfg(test)]
mod registered_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod watch_tests;
