//! Parameters of a file: kinds, options, aggregations, defaults and samples.

use toml::Spanned;

use super::super::model::{Aggregation, DefaultValue, Index, Parameter, ParameterKind, Sureness};
use super::super::number::Number;
use super::super::raw::{RawMethodology, RawParameter, Text};
use super::super::unit::{CompoundUnit, Measure};
use super::Findings;
use crate::config::plan::MonitoringOption;
use crate::domain::decimal::Decimal;

impl Findings<'_> {
    pub(super) fn parameter(&mut self, raw: &RawParameter, indices: &[Index]) -> Option<Parameter> {
        let own_indices = self.indices(&raw.indices, indices);
        let unit = self.unit_or_category(raw, indices);
        let sure = self.sure(&raw.sure);
        let kind = match raw.kind.get_ref().as_str() {
            "monitored" => self.monitored(raw, unit.as_ref()),
            "fixed" => self.fixed(raw, sure, indices),
            other => {
                let message = format!("kind {other:?} is unknown");
                self.tell(raw.kind.span(), message, "use monitored or fixed");
                None
            }
        };
        Some(Parameter {
            symbol: raw.symbol.get_ref().clone(),
            indices: own_indices?,
            kind: kind?,
            unit: unit?,
            category_of: raw.category_of.as_ref().map(|of| of.get_ref().clone()),
            range: self.range(raw),
            cross_checks: raw.cross_check.clone(),
            factor: raw.factor.clone(),
            about: raw.about.clone(),
            source: raw.source.clone(),
            sure: sure?,
        })
    }

    fn monitored(
        &mut self,
        raw: &RawParameter,
        unit: Option<&CompoundUnit>,
    ) -> Option<ParameterKind> {
        let given = raw.default.iter().chain(&raw.sample);
        for value in given.chain(raw.defaults.values()).chain(raw.samples.values()) {
            let advice = "remove it: what is not measured counts by its bounds";
            self.tell(value.span(), "a monitored parameter has no default", advice);
        }
        let place = raw.symbol.span();
        let (Some(options), Some(aggregation), Some(frequency)) =
            (&raw.options, &raw.aggregation, &raw.frequency)
        else {
            let message = "a monitored parameter needs options, aggregation and frequency";
            let advice =
                "such as options = [\"C\"], aggregation = \"sum\", frequency = \"continuous\"";
            self.tell(place, message, advice);
            return None;
        };
        let letters =
            [("A", MonitoringOption::A), ("B", MonitoringOption::B), ("C", MonitoringOption::C)];
        let options: Vec<_> =
            options.iter().filter_map(|option| self.choice(option, &letters)).collect();
        if options.is_empty() {
            self.tell(place, "a monitored parameter needs a monitoring option", "use A, B or C");
        }
        let text = aggregation;
        let aggregation = self.aggregation(text)?;
        if aggregation == Aggregation::Sum
            && unit.is_some_and(|unit| matches!(unit.measure(), Measure::Temperature(_)))
        {
            let advice = "write aggregation = \"mean\"";
            self.tell(text.span(), "temperatures do not add up", advice);
        }
        Some(ParameterKind::Monitored {
            options,
            aggregation,
            frequency: frequency.get_ref().clone(),
        })
    }

    fn aggregation(&mut self, text: &Text) -> Option<Aggregation> {
        if let Some(by) = text.get_ref().strip_prefix("mean by ") {
            return Some(Aggregation::WeightedMean { by: by.trim().to_owned() });
        }
        let choices = [
            ("sum", Aggregation::Sum),
            ("mean", Aggregation::Mean),
            ("last", Aggregation::Last),
            ("latest", Aggregation::Latest),
        ];
        self.choice(text, &choices)
    }

    /// What a mean is weighted by is another monitored parameter of the file.
    pub(super) fn weights(&mut self, raw: &RawMethodology, parameters: &[Parameter]) {
        for parameter in &raw.parameter {
            let Some(aggregation) = &parameter.aggregation else { continue };
            let Some(by) = aggregation.get_ref().strip_prefix("mean by ") else { continue };
            let weight = parameters.iter().find(|known| known.symbol == by.trim());
            let is_monitored =
                weight.is_some_and(|w| matches!(w.kind, ParameterKind::Monitored { .. }));
            if !is_monitored || by.trim() == parameter.symbol.get_ref() {
                let message = format!("{} is no other monitored parameter", by.trim());
                let advice = "weigh by what is measured beside it, such as \"mean by V_biogas\"";
                self.tell(aggregation.span(), message, advice);
            }
        }
    }

    /// A parameter is in a unit, or names a member of an index.
    fn unit_or_category(&mut self, raw: &RawParameter, indices: &[Index]) -> Option<CompoundUnit> {
        match (&raw.unit, &raw.category_of) {
            (Some(unit), None) => self.unit(unit),
            (None, Some(of)) => {
                match indices.iter().find(|index| index.symbol == *of.get_ref()) {
                    Some(index) if index.set.is_calendar() => {
                        let message = "a category names a member of a set, not a time";
                        self.tell(of.span(), message, "use an index without over");
                    }
                    Some(_) => {}
                    None => {
                        let message = format!("index {} is unknown", of.get_ref());
                        self.tell(of.span(), message, "declare it as an [[index]]");
                    }
                }
                CompoundUnit::parse("1").ok()
            }
            _ => {
                let message = "a parameter has either a unit or a category_of";
                self.tell(raw.symbol.span(), message, "such as unit = \"MWh\"");
                None
            }
        }
    }

    fn range(&mut self, raw: &RawParameter) -> Option<(Decimal, Decimal)> {
        let [low, high] = raw.range.as_ref()?;
        let range = (self.number(low)?, self.number(high)?);
        if Number::from(range.0) > Number::from(range.1) {
            self.tell(low.span(), "the range ends before it begins", "write [\"low\", \"high\"]");
        }
        Some(range)
    }

    fn number(&mut self, text: &Text) -> Option<Decimal> {
        match Decimal::parse(text.get_ref()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.tell(text.span(), error.to_string(), "write a number such as \"1.5\"");
                None
            }
        }
    }

    fn fixed(
        &mut self,
        raw: &RawParameter,
        sure: Option<Sureness>,
        indices: &[Index],
    ) -> Option<ParameterKind> {
        let options = raw.options.as_ref().and_then(|options| options.first()).map(Spanned::span);
        let aggregation = raw.aggregation.as_ref().map(Spanned::span);
        let frequency = raw.frequency.as_ref().map(Spanned::span);
        if let Some(span) = options.or(aggregation).or(frequency) {
            let message = "a fixed parameter has no options, aggregation or frequency";
            self.tell(span, message, "remove it, or write kind = \"monitored\"");
        }
        if sure == Some(Sureness::Doubted)
            && let Some(default) = raw.default.iter().chain(raw.defaults.values()).next()
        {
            let message = "a default of low confidence (sure = \"K?\")";
            let advice = "write sample instead: the plan must give such a value";
            self.tell(default.span(), message, advice);
        }
        let mut defaults = Vec::new();
        for (text, is_sample) in [(&raw.default, false), (&raw.sample, true)] {
            if let Some(text) = text
                && let Some(value) = self.number(text)
            {
                let source = raw.source.clone();
                defaults.push(DefaultValue { members: None, value, source, is_sample });
            }
        }
        for (by_member, is_sample) in [(&raw.defaults, false), (&raw.samples, true)] {
            for (members, text) in by_member {
                let names = self.members(raw, members, indices);
                if let (Some(names), Some(value)) = (names, self.number(text)) {
                    let (members, source) = (Some(names), raw.source.clone());
                    defaults.push(DefaultValue { members, value, source, is_sample });
                }
            }
        }
        Some(ParameterKind::Fixed { defaults })
    }

    /// The members that a default is for, parted by commas, each known where the file names them.
    fn members(
        &mut self,
        raw: &RawParameter,
        text: &Text,
        indices: &[Index],
    ) -> Option<Vec<String>> {
        let names: Vec<String> =
            text.get_ref().split(',').map(|name| name.trim().to_owned()).collect();
        if names.len() != raw.indices.len() {
            let message = format!(
                "{:?} names {} members of {}",
                text.get_ref(),
                names.len(),
                raw.indices.len()
            );
            self.tell(text.span(), message, "name one of each index, parted by commas");
            return None;
        }
        for (name, index) in names.iter().zip(&raw.indices) {
            let known = indices.iter().find(|known| known.symbol == *index.get_ref());
            if let Some(super::IndexSet::Fixed(members)) = known.map(|index| &index.set)
                && !members.contains(name)
            {
                let message = format!("{name} is no member of {}", index.get_ref());
                self.tell(text.span(), message, format!("use one of {}", members.join(", ")));
                return None;
            }
        }
        Some(names)
    }
}
