//! `[registered]`: what was approved with the project.

use super::Findings;
use crate::config::plan::raw::{RawParameter, RawRegistered, Text};
use crate::config::plan::{
    ChannelPlan, Doubt, FixedValue, MonitoringOption, Parameter, Registered,
};
use crate::domain::decimal::Fixed6;
use crate::domain::id::check_id;
use crate::domain::time::{Date, Zone};
use crate::domain::unit::Unit;

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
        let index_sets: Vec<(String, Vec<String>)> = raw
            .indices
            .iter()
            .map(|(index, members)| {
                let members = members.iter().filter_map(|member| self.member(member)).collect();
                (index.clone(), members)
            })
            .collect();
        let mut parameters: Vec<Parameter> = Vec::new();
        for parameter in &raw.parameter {
            let Some(checked) = self.parameter(parameter, channels, &index_sets) else { continue };
            let is_twice = parameters
                .iter()
                .any(|p| p.symbol == checked.symbol && p.members == checked.members);
            if is_twice {
                self.tell(parameter.symbol.span(), "this parameter is declared twice", "keep one");
            }
            parameters.push(checked);
        }
        let mut fixed = Vec::new();
        for raw in &raw.fixed {
            let members = self.known_members(&raw.members, &index_sets);
            if let (Some(value), Some(members)) = (self.decimal(&raw.value), members) {
                fixed.push(FixedValue {
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
        let mut ex_ante = Vec::new();
        for (year, amount) in &raw.ex_ante {
            match (year.get_ref().parse(), self.decimal(amount)) {
                (Ok(year), Some(amount)) => ex_ante.push((year, amount)),
                (Err(_), _) => self.tell(year.span(), "not a year", "write 2026 = \"123\""),
                (Ok(_), None) => {}
            }
        }
        Some(Registered {
            title: raw.title.clone(),
            reference: raw.reference.clone(),
            country: raw.country.clone(),
            participants: raw.participants.clone(),
            pdd_version: raw.pdd_version.clone(),
            methodology: raw.methodology.get_ref().clone(),
            zone: zone?,
            crediting: (from?, to?),
            index_sets,
            parameters,
            fixed,
            ex_ante,
            posts: raw.post.iter().map(|post| (post.post.clone(), post.role.clone())).collect(),
        })
    }

    fn date(&mut self, text: &Text) -> Option<Date> {
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

    /// Members that some index set of the plan has.
    fn known_members(
        &mut self,
        members: &[Text],
        index_sets: &[(String, Vec<String>)],
    ) -> Option<Vec<String>> {
        for member in members {
            if !index_sets.iter().any(|(_, set)| set.contains(member.get_ref())) {
                let message = format!("{:?} is in none of the index sets", member.get_ref());
                self.tell(member.span(), message, "add it to [registered.indices]");
                return None;
            }
        }
        Some(members.iter().map(|member| member.get_ref().clone()).collect())
    }

    fn parameter(
        &mut self,
        raw: &RawParameter,
        channels: &[ChannelPlan],
        index_sets: &[(String, Vec<String>)],
    ) -> Option<Parameter> {
        let options =
            [("A", MonitoringOption::A), ("B", MonitoringOption::B), ("C", MonitoringOption::C)];
        let option = self.choice(&raw.option, &options);
        let members = self.known_members(&raw.members, index_sets);
        let unit = self.unit(&raw.unit)?;
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
            if channel.interval_unit().conversion_to(unit).is_none() {
                let from = channel.interval_unit();
                let message =
                    format!("channel {} gives {from}, the parameter is in {unit}", channel.key);
                self.tell(text.span(), message, "one of both units is wrong");
                return None;
            }
        }
        let doubt = self.doubt(raw, unit, &used)?;
        Some(Parameter {
            symbol: raw.symbol.get_ref().clone(),
            members: members?,
            point: raw.point.clone(),
            option: option?,
            channels: used.iter().map(|channel| channel.key.clone()).collect(),
            doubt,
            unit: unit.symbol().to_owned(),
            source: raw.source.clone(),
            method: raw.method.clone(),
            frequency: raw.frequency.clone(),
            comments: raw.comments.clone(),
        })
    }

    /// The bounds of a parameter: its own, or those of its channels.
    fn doubt(&mut self, raw: &RawParameter, unit: Unit, used: &[&ChannelPlan]) -> Option<Doubt> {
        let place = raw.symbol.span();
        if unit.dimension().is_amount() {
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
