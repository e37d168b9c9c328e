//! `[[registered.correction_factor]]`: what the totals of meters are multiplied by.

use super::Findings;
use crate::config::plan::factor::CorrectionFactor;
use crate::config::plan::raw::RawFactor;
use crate::config::plan::{ChannelPlan, Parameter};
use crate::domain::decimal::Decimal;
use crate::domain::reading::ChannelKey;

/// Decimals of a factor, at most, so that a product with a total keeps every digit.
const DECIMALS_MAX: i32 = 9;

impl Findings<'_> {
    /// All factors, one for each channel that is named.
    pub(super) fn correction_factors(
        &mut self,
        raw: &[RawFactor],
        channels: &[ChannelPlan],
        parameters: &[Parameter],
    ) -> Vec<CorrectionFactor> {
        let mut factors: Vec<CorrectionFactor> = Vec::new();
        for one in raw {
            for factor in self.correction_factor(one, channels, parameters) {
                if factors.iter().any(|known| known.meets(&factor)) {
                    let message = format!("{} is stated twice for one time", factor.label());
                    let advice = "give each its dates, or another name to what is multiplied apart";
                    self.tell(one.name.span(), message, advice);
                }
                factors.push(factor);
            }
        }
        factors
    }

    fn correction_factor(
        &mut self,
        raw: &RawFactor,
        channels: &[ChannelPlan],
        parameters: &[Parameter],
    ) -> Vec<CorrectionFactor> {
        if raw.name.get_ref().trim().is_empty() {
            self.tell(raw.name.span(), "a factor without a name", "say what it corrects");
        }
        if raw.source.get_ref().trim().is_empty() {
            let advice = "write where it is prescribed, such as the section of the PDD";
            self.tell(raw.source.span(), "a factor without its source", advice);
        }
        let from = raw.from.as_ref().and_then(|text| self.date(text));
        let to = raw.to.as_ref().and_then(|text| self.date(text));
        if let (Some(from), Some(to), Some(text)) = (from, to, &raw.to)
            && to < from
        {
            self.tell(text.span(), "ends before it begins", "both dates are inclusive");
        }
        let factor = self.decimal(&raw.factor).filter(|factor| {
            let is_right = !factor.is_zero()
                && !factor.is_negative()
                && factor.exponent() >= -DECIMALS_MAX
                && is_below_thousand(*factor);
            if !is_right {
                let advice = "a factor is a number above 0 and below 1000, of at most 9 decimals";
                self.tell(raw.factor.span(), "no correction factor", advice);
            }
            is_right
        });
        let named = self.corrected(raw, channels, parameters);
        let (Some(factor), Some((keys, is_of_parameter))) = (factor, named) else {
            return Vec::new();
        };
        let of = |channel: ChannelKey| CorrectionFactor {
            name: raw.name.get_ref().trim().to_owned(),
            channel,
            is_of_parameter,
            factor,
            from,
            to,
            source: raw.source.get_ref().clone(),
            confirmed: raw.confirmed.clone().filter(|who| !who.trim().is_empty()),
        };
        keys.into_iter().map(of).collect()
    }

    /// The channels that are meant, and whether by a parameter.
    fn corrected(
        &mut self,
        raw: &RawFactor,
        channels: &[ChannelPlan],
        parameters: &[Parameter],
    ) -> Option<(Vec<ChannelKey>, bool)> {
        let place = raw.name.span();
        let advice = "write channels = [\"site/device/quantity\"], device = \"site/device\" or \
                      parameter = \"EG[roof]\"";
        let (found, is_of_parameter) = match (&raw.channels, &raw.device, &raw.parameter) {
            (Some(texts), None, None) => (self.all_known(texts, channels)?, false),
            (None, Some(device), None) => {
                let is_of = |one: &&ChannelPlan| match &one.device {
                    Some(key) => key.to_string() == *device.get_ref(),
                    None => format!("{}/{}", one.key.site, one.key.device) == *device.get_ref(),
                };
                (channels.iter().filter(is_of).collect(), false)
            }
            (None, None, Some(label)) => {
                let is_meant = |one: &&Parameter| {
                    let own = match one.members.as_slice() {
                        [] => one.symbol.clone(),
                        members => format!("{}[{}]", one.symbol, members.join(", ")),
                    };
                    own == *label.get_ref()
                        || format!("{} {own}", one.methodology) == *label.get_ref()
                };
                let meant: Vec<&Parameter> = parameters.iter().filter(is_meant).collect();
                let is_in =
                    |of: &[&Parameter], key| of.iter().any(|one| one.channels.contains(key));
                let named: Vec<&ChannelPlan> =
                    channels.iter().filter(|one| is_in(&meant, &one.key)).collect();
                let others: Vec<&Parameter> =
                    parameters.iter().filter(|one| !is_meant(one)).collect();
                if let Some(shared) = named.iter().find(|one| is_in(&others, &one.key)) {
                    let message = format!("{} is part of another parameter too", shared.key);
                    let advice = "name the channels: a channel is corrected wherever it counts";
                    self.tell(label.span(), message, advice);
                }
                (named, true)
            }
            _ => {
                self.tell(place, "whose totals it corrects is not said once", advice);
                return None;
            }
        };
        if found.is_empty() {
            self.tell(place, "it corrects no channel of the plan", advice);
            return None;
        }
        for one in &found {
            // A temperature times a factor depends on where its scale has its zero.
            if one.unit.dimension() == crate::domain::unit::Dimension::Temperature {
                let message = format!("{} is a temperature, which no factor corrects", one.key);
                self.tell(place.clone(), message, "a factor is for amounts and for shares");
            }
        }
        Some((found.into_iter().map(|one| one.key.clone()).collect(), is_of_parameter))
    }
}

fn is_below_thousand(factor: Decimal) -> bool {
    let thousand = crate::domain::decimal::Fixed6::from_micro(1_000_000_000);
    let stored = factor.store(crate::domain::unit::Conversion::IDENTITY);
    matches!((stored, thousand), (Ok(stored), Ok(most)) if stored.value < most)
}
