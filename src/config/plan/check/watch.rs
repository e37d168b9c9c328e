//! `[checks]`, `[[site]]`, `[[exclusion]]`, and what is registered to be held against each other.

use std::collections::BTreeMap;

use super::Findings;
use crate::config::plan::ChannelPlan;
use crate::config::plan::raw::{Number, RawPlan, RawRegistered, Text};
use crate::config::plan::raw_watch::RawChecks;
use crate::config::plan::watch::{
    Balance, CheckMeter, CrossChecks, Exclusion, Place, Settings, SumOf, combined_class_ppm,
};
use crate::domain::catalogue::Check;
use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::flag::Code;
use crate::domain::reading::ChannelKey;

impl Findings<'_> {
    /// Numbers of checks, by the catalogue.
    pub(super) fn settings(&mut self, raw: &RawChecks) -> Settings {
        let mut settings = Settings::default();
        for (name, numbers) in raw {
            let Some(code) = Code::parse(name.get_ref()) else {
                let message = format!("there is no check {:?}", name.get_ref());
                self.tell(name.span(), message, "mrv checks list shows them");
                continue;
            };
            for (name, number) in numbers {
                let check = Check::of(code);
                let Some(setting) = check.and_then(|check| check.setting(name.get_ref())) else {
                    let known: Vec<&str> = check
                        .map_or(Vec::new(), |one| one.settings.iter().map(|s| s.name).collect());
                    let advice = match known.is_empty() {
                        true => format!("{code} has none; remove it"),
                        false => format!("use one of {}", known.join(", ")),
                    };
                    let message = format!("{code} has no number {:?}", name.get_ref());
                    self.tell(name.span(), message, advice);
                    continue;
                };
                let (low, high) = setting.range;
                if !(low..=high).contains(number.get_ref()) {
                    let message = format!("{code} {} is outside {low} to {high}", setting.name);
                    self.tell(
                        number.span(),
                        message,
                        format!("the default is {}", setting.default),
                    );
                    continue;
                }
                settings.set(code, setting.name, *number.get_ref());
            }
        }
        settings
    }

    /// Where the sites lie.
    pub(super) fn places(&mut self, raw: &RawPlan) -> BTreeMap<String, Place> {
        let mut places = BTreeMap::new();
        for site in &raw.site {
            let mut degrees = |number: &Number, most: i64| {
                let micro = self.stored(number)?.micro();
                if micro.abs() > most * 1_000_000 {
                    let message = format!("beyond {most} degrees");
                    self.tell(number.span(), message, "north and east are positive");
                    return None;
                }
                Some(micro)
            };
            let (latitude, longitude) =
                (degrees(&site.latitude, 90), degrees(&site.longitude, 180));
            if let (Some(latitude_micro), Some(longitude_micro)) = (latitude, longitude) {
                let place = Place { latitude_micro, longitude_micro };
                if places.insert(site.id.get_ref().clone(), place).is_some() {
                    self.tell(site.id.span(), "this site is declared twice", "keep one");
                }
            }
        }
        places
    }

    /// Gives each channel its numbers, and those that generate from the sun their place.
    pub(super) fn watch(&mut self, raw: &RawPlan, channels: &mut [ChannelPlan], wide: &Settings) {
        let places = self.places(raw);
        for raw in &raw.channel {
            let own = self.settings(&raw.checks);
            let named = |one: &&mut ChannelPlan| one.key.to_string() == *raw.id.get_ref();
            let Some(channel) = channels.iter_mut().find(named) else { continue };
            channel.watch.settings = own.within(wide);
            channel.watch.sun = match (raw.solar, places.get(channel.key.site.as_str())) {
                (true, None) => {
                    let site = &channel.key.site;
                    let advice = format!(
                        "add [[site]] id = \"{site}\", latitude = \"13.75\", longitude = \"100.5\""
                    );
                    self.tell(raw.id.span(), "a solar channel needs the place of its site", advice);
                    None
                }
                (true, place) => place.copied(),
                (false, _) => None,
            };
            channel.watch.decimals = match &raw.decimals {
                None => None,
                Some(decimals) => match u32::try_from(*decimals.get_ref()) {
                    Ok(count @ 0..=6) => Some(count),
                    _ => self.refuse(decimals.span(), "a meter shows 0 to 6 decimals"),
                },
            };
            let unit = channel.unit;
            channel.watch.clipping = raw
                .clipping
                .as_ref()
                .and_then(|text| self.quantity(text, Some(unit)).map(|(level, _)| level));
        }
    }

    pub(super) fn cross_checks(
        &mut self,
        raw: &RawRegistered,
        channels: &[ChannelPlan],
    ) -> CrossChecks {
        let mut checks = CrossChecks::default();
        for pair in &raw.check_meter {
            let keys = (self.known(&pair.main, channels), self.known(&pair.check, channels));
            let (Some(main), Some(check)) = keys else { continue };
            if main.key == check.key {
                self.tell(pair.check.span(), "a meter is not its own check meter", "name another");
                continue;
            }
            if checks.check_meters.iter().any(|one: &CheckMeter| one.main == main.key) {
                self.tell(pair.main.span(), "this meter has two check meters", "keep one");
                continue;
            }
            if !self.are_alike(&pair.check, main, &[check]) {
                continue;
            }
            let tolerance =
                self.tolerance(pair.tolerance_percent.as_ref(), &pair.main, &[main, check]);
            if let Some(tolerance_ppm) = tolerance {
                let (main, check) = (main.key.clone(), check.key.clone());
                checks.check_meters.push(CheckMeter { main, check, tolerance_ppm });
            }
        }
        for sum in &raw.sum {
            let main = self.known(&sum.main, channels);
            let parts = self.all_known(&sum.parts, channels);
            let (Some(main), Some(parts)) = (main, parts) else { continue };
            if parts.len() < 2 || parts.iter().any(|part| part.key == main.key) {
                let advice = "name two or more other channels";
                self.tell(sum.main.span(), "a sum of fewer than two, or of itself", advice);
                continue;
            }
            if !self.are_alike(&sum.main, main, &parts) {
                continue;
            }
            let meters: Vec<&ChannelPlan> = [&[main][..], &parts].concat();
            let tolerance = self.tolerance(sum.tolerance_percent.as_ref(), &sum.main, &meters);
            if let Some(tolerance_ppm) = tolerance {
                let parts = parts.iter().map(|part| part.key.clone()).collect();
                checks.sums.push(SumOf { main: main.key.clone(), parts, tolerance_ppm });
            }
        }
        for balance in &raw.balance {
            let output = self.all_known(&balance.output, channels);
            let input = self.all_known(&balance.input, channels);
            let stock = match &balance.stock {
                Some(stock) => match self.known(stock, channels) {
                    Some(stock) => Some(stock.key.clone()),
                    None => continue,
                },
                None => None,
            };
            let per_input = self.decimal(&balance.per_input);
            let percent = (self.decimal(&balance.low_percent), self.decimal(&balance.high_percent));
            let (Some(output), Some(input), Some(per_input)) = (output, input, per_input) else {
                continue;
            };
            let (Some(low), Some(high)) = percent else { continue };
            if output.is_empty() || input.is_empty() {
                self.tell(
                    balance.name.span(),
                    "a balance without output or input",
                    "name channels",
                );
                continue;
            }
            let sides = [&output, &input].into_iter();
            // Each side is told, not the first alone.
            let are_alike = sides.map(|side| self.are_alike(&balance.name, side[0], &side[1..]));
            if are_alike.filter(|alike| !alike).count() > 0 {
                continue;
            }
            if is_above(low, high) || per_input.is_negative() || per_input.is_zero() {
                let advice = "low_percent up to high_percent; per_input above zero";
                self.tell(balance.name.span(), "a balance that nothing can meet", advice);
                continue;
            }
            let keys = |side: Vec<&ChannelPlan>| side.iter().map(|one| one.key.clone()).collect();
            checks.balances.push(Balance {
                name: balance.name.get_ref().clone(),
                output: keys(output),
                input: keys(input),
                stock,
                per_input,
                percent: (low, high),
            });
        }
        checks
    }

    pub(super) fn exclusions(&mut self, raw: &RawPlan, channels: &[ChannelPlan]) -> Vec<Exclusion> {
        let mut exclusions = Vec::new();
        for one in &raw.exclusion {
            let channel = self.known(&one.channel, channels);
            let (from, to) = (self.instant(&one.from), self.instant(&one.to));
            let (Some(channel), Some(from), Some(to)) = (channel, from, to) else { continue };
            if from >= to {
                self.tell(one.to.span(), "ends before it begins", "to is exclusive");
            }
            if one.reason.get_ref().trim().is_empty() {
                self.tell(one.reason.span(), "an exclusion without a reason", "say why");
            }
            let (channel, reason) = (channel.key.clone(), one.reason.get_ref().clone());
            exclusions.push(Exclusion { channel, from, to, reason });
        }
        exclusions
    }

    pub(super) fn ex_ante_reasons(&mut self, raw: &RawPlan) -> Vec<(i16, String)> {
        let mut reasons = Vec::new();
        for (year, reason) in &raw.ex_ante_reason {
            match year.get_ref().parse() {
                Ok(number) if !reason.trim().is_empty() => reasons.push((number, reason.clone())),
                Ok(_) => self.tell(year.span(), "an empty reason", "say why ER is above"),
                Err(_) => self.tell(year.span(), "not a year", "write 2026 = \"why\""),
            }
        }
        reasons
    }

    fn known<'c>(&mut self, text: &Text, channels: &'c [ChannelPlan]) -> Option<&'c ChannelPlan> {
        let key: ChannelKey = self.channel_key(text)?;
        let found = channels.iter().find(|channel| channel.key == key);
        if found.is_none() && !self.declared.contains(text.get_ref()) {
            self.tell(text.span(), format!("channel {key} is not declared"), "add a [[channel]]");
        }
        found
    }

    pub(super) fn all_known<'c>(
        &mut self,
        texts: &[Text],
        channels: &'c [ChannelPlan],
    ) -> Option<Vec<&'c ChannelPlan>> {
        texts.iter().map(|text| self.known(text, channels)).collect()
    }

    /// True if all measure amounts of one dimension; tells of it otherwise.
    fn are_alike(&mut self, place: &Text, one: &ChannelPlan, others: &[&ChannelPlan]) -> bool {
        let unit = one.interval_unit();
        for other in others {
            if !one.is_amount() || other.interval_unit().conversion_to(unit).is_none() {
                let message = format!("{} and {} do not add up to one thing", one.key, other.key);
                self.tell(place.span(), message, "both must measure the same kind of amount");
                return false;
            }
        }
        true
    }

    /// What meters may differ by: as stated, else by their classes.
    fn tolerance(
        &mut self,
        stated: Option<&Number>,
        place: &Text,
        meters: &[&ChannelPlan],
    ) -> Option<i64> {
        if let Some(number) = stated {
            let percent: Fixed6 = self.stored(number)?;
            let ppm = percent.micro() / 100;
            if !(1..=500_000).contains(&ppm) {
                let message = "a tolerance is more than nothing and at most half";
                self.tell(number.span(), message, "write percent: tolerance_percent = \"0.7\"");
                return None;
            }
            return Some(ppm);
        }
        let combined = combined_class_ppm(meters.iter().map(|meter| meter.class.as_str()));
        if combined.is_none() {
            let advice = "give each channel its class, such as \"0.5S\", or add tolerance_percent";
            self.tell(place.span(), "what these meters may differ by is not known", advice);
        }
        combined
    }
}

fn is_above(a: Decimal, b: Decimal) -> bool {
    let micro = |value: Decimal| {
        value.store(crate::domain::unit::Conversion::IDENTITY).ok().map(|stored| stored.value)
    };
    micro(a) > micro(b)
}
