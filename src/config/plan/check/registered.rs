//! `[registered]`: what was approved with the project.

use std::collections::BTreeMap;

use super::Findings;
use crate::config::plan::practice::Filing;
use crate::config::plan::raw::{Number, RawParameter, RawRegistered, Text};
use crate::config::plan::{
    ChannelPlan, Doubt, FixedValue, IndexSets, MonitoringOption, Parameter, Registered,
};
use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::id::check_id;
use crate::domain::time::{Date, Zone};
use crate::domain::unit::{Conversion, Unit};

impl Findings<'_> {
    pub(super) fn registered(
        &mut self,
        raw: &RawRegistered,
        channels: &[ChannelPlan],
    ) -> Option<Registered> {
        let zone = match Zone::parse(raw.zone.get_ref()) {
            Ok(zone) => Some(zone),
            Err(error) => self.refuse(raw.zone.span(), error.to_string()),
        };
        let from = self.date(&raw.crediting.from);
        let to = self.date(&raw.crediting.to);
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            let advice = "both dates are inclusive; the first must not be after the last";
            self.tell(
                raw.crediting.from.span(),
                "the crediting period ends before it begins",
                advice,
            );
        }
        let methodologies = self.methodologies(raw);
        let index_sets = self.index_sets(&raw.indices);
        let mut index_sets_of = Vec::new();
        for (of, sets) in &raw.indices_of {
            if let Some(of) = self.methodology(Some(of), of, &methodologies) {
                index_sets_of.push((of, self.index_sets(sets)));
            }
        }
        let ex_ante = self.ex_ante(&raw.ex_ante);
        let mut ex_ante_of = Vec::new();
        for (of, years) in &raw.ex_ante_of {
            if let Some(of) = self.methodology(Some(of), of, &methodologies) {
                ex_ante_of.push((of, self.ex_ante(years)));
            }
        }
        if methodologies.len() > 1 && !(index_sets.is_empty() && ex_ante.is_empty()) {
            let place = raw.methodologies.as_ref().and_then(|all| all.first());
            let advice = "write [registered.indices_of.ID] and [registered.ex_ante_of.ID]";
            let message = "indices and ex_ante of several methodologies are not told apart";
            self.tell(place.map_or(0..0, |place| place.span()), message, advice);
        }
        let mut parameters: Vec<Parameter> = Vec::new();
        for parameter in &raw.parameter {
            let of = parameter.methodology.as_ref();
            let of = self.methodology(of, &parameter.symbol, &methodologies);
            let checked = self.parameter(parameter, channels, of.unwrap_or_default());
            let Some(checked) = checked else { continue };
            let is_twice = parameters.iter().any(|p| {
                p.symbol == checked.symbol
                    && p.members == checked.members
                    && p.methodology == checked.methodology
            });
            if is_twice {
                self.tell(parameter.symbol.span(), "this parameter is declared twice", "keep one");
            }
            parameters.push(checked);
        }
        let mut fixed = Vec::new();
        for raw in &raw.fixed {
            let of = self.methodology(raw.methodology.as_ref(), &raw.symbol, &methodologies);
            let members = self.members(&raw.members);
            if let (Some(value), Some(members), Some(methodology)) =
                (self.decimal(&raw.value), members, of)
            {
                fixed.push(FixedValue {
                    methodology,
                    symbol: raw.symbol.get_ref().clone(),
                    members,
                    value,
                    unit: raw.unit.clone(),
                    source: raw.source.clone(),
                    confirmed: raw.confirmed.clone(),
                    factor: raw.factor.clone(),
                    comments: raw.comments.clone(),
                });
            }
        }
        let confidential = self.confidential(&raw.confidential, &fixed);
        Some(Registered {
            title: raw.title.clone(),
            reference: raw.reference.clone(),
            country: raw.country.clone(),
            participants: raw.participants.clone(),
            pdd_version: raw.pdd_version.clone(),
            methodologies,
            zone: zone?,
            crediting: (from?, to?),
            index_sets,
            index_sets_of,
            parameters,
            fixed,
            ex_ante,
            ex_ante_of,
            posts: raw.post.iter().map(|post| (post.post.clone(), post.role.clone())).collect(),
            filing: Filing {
                sector: raw.filing.sector.clone(),
                activity_type: raw.filing.activity_type.clone(),
                mitigation_type: raw.filing.mitigation_type.clone(),
                gwp_set: raw.filing.gwp_set.clone(),
            },
            shares: self.shares(&raw.share),
            monthly_check: raw.monthly_check.clone(),
            eligibility: self.criteria(&raw.eligibility),
            cross_checks: self.cross_checks(raw, channels),
            confidential,
        })
    }

    /// The ids of the project's methodologies.
    fn methodologies(&mut self, raw: &RawRegistered) -> Vec<String> {
        let named: Vec<&Text> = match (&raw.methodology, &raw.methodologies) {
            (Some(one), None) => vec![one],
            (None, Some(several)) if !several.is_empty() => several.iter().collect(),
            (Some(one), Some(_)) => {
                let advice = "keep methodologies = [...], with all of them";
                self.tell(one.span(), "methodology and methodologies are both given", advice);
                vec![one]
            }
            (None, _) => {
                let advice = "add methodology = \"ID\", or methodologies = [\"ID\", \"ID\"]";
                self.tell(raw.zone.span(), "the project applies no methodology", advice);
                Vec::new()
            }
        };
        let mut ids: Vec<String> = Vec::new();
        for text in named {
            if ids.contains(text.get_ref()) {
                self.tell(text.span(), "this methodology is named twice", "keep one");
                continue;
            }
            ids.push(text.get_ref().clone());
        }
        ids
    }

    /// The methodology that an entry at `place` belongs to.
    fn methodology(
        &mut self,
        given: Option<&Text>,
        place: &Text,
        methodologies: &[String],
    ) -> Option<String> {
        match given {
            Some(given) if methodologies.contains(given.get_ref()) => Some(given.get_ref().clone()),
            Some(given) => {
                let message = format!("{:?} is no methodology of this plan", given.get_ref());
                let advice = format!("use one of {}", methodologies.join(", "));
                self.tell(given.span(), message, advice);
                None
            }
            None if methodologies.len() < 2 => methodologies.first().cloned(),
            None => {
                let advice = format!("add methodology = {:?}", methodologies[0]);
                let message = "to which of the methodologies this belongs is not said";
                self.tell(place.span(), message, advice);
                None
            }
        }
    }

    fn index_sets(&mut self, raw: &BTreeMap<String, Vec<Text>>) -> IndexSets {
        let mut sets = Vec::new();
        for (index, members) in raw {
            let members = members.iter().filter_map(|member| self.member(member)).collect();
            sets.push((index.clone(), members));
        }
        sets
    }

    fn ex_ante(&mut self, raw: &BTreeMap<Text, Number>) -> Vec<(i16, Decimal)> {
        let mut years = Vec::new();
        for (year, amount) in raw {
            match (year.get_ref().parse(), self.decimal(amount)) {
                (Ok(year), Some(amount)) => years.push((year, amount)),
                (Err(_), _) => self.tell(year.span(), "not a year", "write 2026 = \"123\""),
                (Ok(_), None) => {}
            }
        }
        years
    }

    pub(super) fn date(&mut self, text: &Text) -> Option<Date> {
        match Date::parse(text.get_ref()) {
            Ok(date) => Some(date),
            Err(error) => self.refuse(text.span(), error.to_string()),
        }
    }

    fn member(&mut self, text: &Text) -> Option<String> {
        match check_id(text.get_ref()) {
            Ok(()) => Some(text.get_ref().clone()),
            Err(error) => self.refuse(text.span(), error.to_string()),
        }
    }

    /// Members, as ids. Whether an index has them is the methodology's to say: some sets are its own.
    fn members(&mut self, members: &[Text]) -> Option<Vec<String>> {
        members.iter().map(|member| self.member(member)).collect()
    }

    fn parameter(
        &mut self,
        raw: &RawParameter,
        channels: &[ChannelPlan],
        methodology: String,
    ) -> Option<Parameter> {
        let options =
            [("A", MonitoringOption::A), ("B", MonitoringOption::B), ("C", MonitoringOption::C)];
        let option = self.choice(&raw.option, &options);
        let members = self.members(&raw.members);
        let unit = match &raw.unit {
            None => None,
            Some(text) => match Unit::parse(text.get_ref()) {
                // In a unit of the methodology, such as GJ/t: only documents are in such.
                None if raw.amounts && raw.channels.is_empty() => None,
                _ => Some(self.unit(text)?),
            },
        };
        let mut used: Vec<&ChannelPlan> = Vec::new();
        for text in &raw.channels {
            let key = self.channel_key(text)?;
            match channels.iter().find(|channel| channel.key == key) {
                Some(channel) => used.push(channel),
                // It is there but wrong, which was told at its own place.
                None if self.declared.contains(text.get_ref()) => return None,
                None => {
                    self.tell(
                        text.span(),
                        format!("channel {key} is not declared"),
                        "add a [[channel]]",
                    );
                    return None;
                }
            }
        }
        for (channel, text) in used.iter().zip(&raw.channels) {
            let Some(unit) = unit else { continue };
            if channel.interval_unit().conversion_to(unit).is_none() {
                let from = channel.interval_unit();
                let message =
                    format!("channel {} gives {from}, the parameter is in {unit}", channel.key);
                self.tell(text.span(), message, "one of both units is wrong");
                return None;
            }
        }
        let codes = self.codes(raw, &used)?;
        let doubt = match (unit, &raw.unit) {
            (Some(unit), _) => self.doubt(raw, unit, &used)?,
            (None, Some(symbol)) => self.doubt_of_documents(raw, symbol.get_ref())?,
            (None, None) => {
                let ends = codes.iter().map(|(code, _)| *code);
                let (low, high) = (ends.clone().min(), ends.max());
                let unit = used.first().map_or(Unit::parse("1")?, |channel| channel.unit);
                let zero = Fixed6::ZERO;
                Doubt::Range { low: low.unwrap_or(zero), high: high.unwrap_or(zero), unit }
            }
        };

        Some(Parameter {
            methodology,
            symbol: raw.symbol.get_ref().clone(),
            members: members?,
            point: raw.point.clone(),
            option: option?,
            channels: used.iter().map(|channel| channel.key.clone()).collect(),
            amounts: raw.amounts,
            doubt,
            unit: raw.unit.as_ref().map_or_else(String::new, |unit| unit.get_ref().clone()),
            sampled: self.sampled(raw.sampled.as_ref()),
            codes,
            source: raw.source.clone(),
            method: raw.method.clone(),
            frequency: raw.frequency.clone(),
            every_us: self.every(raw, &used),
            comments: raw.comments.clone(),
        })
    }

    /// How often a parameter is recorded at least; none of its channels may do so less often.
    fn every(&mut self, raw: &RawParameter, used: &[&ChannelPlan]) -> Option<i64> {
        let text = raw.every.as_ref()?;
        let every_us = self.duration_us(text)?;
        for channel in used {
            let Some(cadence_us) = channel.cadence_us.filter(|cadence| *cadence > every_us) else {
                continue;
            };
            let message = format!(
                "channel {} records every {} s, less often than every {}",
                channel.key,
                cadence_us / 1_000_000,
                text.get_ref()
            );
            self.tell(raw.symbol.span(), message, "correct its cadence, or what is registered");
        }
        Some(every_us)
    }

    /// What the codes of a category's channel stand for.
    fn codes(
        &mut self,
        raw: &RawParameter,
        used: &[&ChannelPlan],
    ) -> Option<Vec<(Fixed6, String)>> {
        if let (Some(unit), Some(code)) = (&raw.unit, raw.codes.keys().next()) {
            let advice = "a category has no unit; remove one of them";
            self.tell(code.span(), format!("codes of a number in {}", unit.get_ref()), advice);
            return None;
        }
        let needs_codes = raw.unit.is_none() && !used.is_empty();
        if needs_codes && (raw.codes.is_empty() || used.len() > 1) {
            let advice = "name one channel, and codes = { \"0\" = \"member\", \"1\" = \"member\" }; or \
                          give the parameter its unit";
            self.tell(raw.symbol.span(), "a category from channels needs their codes", advice);
            return None;
        }
        if raw.unit.is_none() && used.is_empty() && !raw.amounts {
            let advice = "add unit = \"MWh\"; a category needs amounts = true, or a channel";
            self.tell(raw.symbol.span(), "a parameter without unit, channel and amounts", advice);
            return None;
        }
        let mut codes = Vec::new();
        for (code, member) in &raw.codes {
            let value = Decimal::parse(code.get_ref())
                .ok()
                .and_then(|value| value.store(Conversion::IDENTITY).ok())
                .filter(|stored| stored.is_exact);
            let Some(value) = value else {
                return self.refuse(code.span(), format!("{:?} is no code", code.get_ref()));
            };
            codes.push((value.value, member.get_ref().clone()));
        }
        Some(codes)
    }

    /// The bounds of a parameter that documents give in a unit of the methodology: carried in
    /// `count` for what adds up over time, in `1` for what does not.
    fn doubt_of_documents(&mut self, raw: &RawParameter, symbol: &str) -> Option<Doubt> {
        if let Some(text) = &raw.capacity {
            let per_hour = self.own_quantity(text, &format!("{symbol}/h"))?;
            return Some(Doubt::Capacity { per_hour, unit: Unit::parse("count")? });
        }
        if let Some([low, high]) = &raw.range {
            let ends = (self.own_quantity(low, symbol)?, self.own_quantity(high, symbol)?);
            if ends.0 > ends.1 {
                self.tell(low.span(), "range has its low end above its high end", "swap the ends");
            }
            return Some(Doubt::Range { low: ends.0, high: ends.1, unit: Unit::parse("1")? });
        }
        let advice = format!(
            "add capacity = \"100 {symbol}/h\" for what adds up, range = [\"1 {symbol}\", \"2 {symbol}\"] for \
             what does not"
        );
        self.tell(raw.symbol.span(), "a missing document of this parameter has no bounds", advice);
        None
    }

    /// A number in exactly this unit.
    fn own_quantity(&mut self, text: &Text, unit: &str) -> Option<Fixed6> {
        let number = text.get_ref().strip_suffix(unit).map(str::trim_end);
        let stored = number
            .and_then(|number| Decimal::parse(number).ok())
            .and_then(|value| value.store(Conversion::IDENTITY).ok());
        if stored.is_none() {
            let message = format!("{:?} is no quantity in {unit}", text.get_ref());
            self.tell(text.span(), message, format!("write a number and the unit: \"100 {unit}\""));
        }
        stored.map(|stored| stored.value)
    }

    /// The bounds of a parameter: its own, or those of its channels.
    fn doubt(&mut self, raw: &RawParameter, unit: Unit, used: &[&ChannelPlan]) -> Option<Doubt> {
        let place = raw.symbol.span();
        let is_state = used.is_empty() && raw.range.is_some();
        if unit.dimension().is_amount() && !is_state {
            let rate =
                Unit::all().find(|rate| rate.times_hour().is_some_and(|amount| amount == unit));
            if let Some(text) = &raw.capacity {
                let (per_hour, _) = self.quantity(text, rate)?;
                if per_hour <= Fixed6::ZERO {
                    let advice = "write the most that its devices can do: \"250 kW\"";
                    self.tell(text.span(), "a capacity is more than nothing", advice);
                    return None;
                }
                return Some(Doubt::Capacity { per_hour, unit });
            }
            let mut sum = 0;
            for channel in used {
                let conversion = channel.interval_unit().conversion_to(unit)?;
                let capacity = channel.capacity.and_then(|c| c.to_decimal().store(conversion).ok());
                match capacity {
                    Some(capacity) => sum += i128::from(capacity.value.micro()),
                    None => sum = i128::MIN,
                }
            }
            return match Fixed6::from_micro(sum) {
                Ok(per_hour) if !used.is_empty() => Some(Doubt::Capacity { per_hour, unit }),
                _ => {
                    let advice = "add capacity = \"250 kW\" here or to each of its channels";
                    self.tell(place, "a gap of this parameter has no upper bound", advice);
                    None
                }
            };
        }
        if let Some([low, high]) = &raw.range {
            let (low, _) = self.quantity(low, Some(unit))?;
            let (high, _) = self.quantity(high, Some(unit))?;
            return Some(Doubt::Range { low, high, unit });
        }
        let mut bounds: Option<(Fixed6, Fixed6)> = None;
        for channel in used {
            let conversion = channel.unit.conversion_to(unit)?;
            let convert = |v: Fixed6| v.to_decimal().store(conversion).ok().map(|s| s.value);
            let range = channel.range.and_then(|(low, high)| Some((convert(low)?, convert(high)?)));
            let Some((low, high)) = range else {
                bounds = None;
                break;
            };
            bounds = Some(bounds.map_or((low, high), |(l, h)| (l.min(low), h.max(high))));
        }
        match bounds {
            Some((low, high)) => Some(Doubt::Range { low, high, unit }),
            None => {
                let advice =
                    "add range = [\"5 degC\", \"40 degC\"] here or to each of its channels";
                self.tell(place, "a gap of this parameter has no bounds", advice);
                None
            }
        }
    }
}
