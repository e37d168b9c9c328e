//! Correction factors of the registered plan: applied once, to totals, exactly.
//!
//! Readings and intervals stay as they were measured. Where a channel's total enters a parameter it is
//! multiplied, stretch by stretch of the dates for which a factor is registered: the measured part
//! and both bounds alike, after the correction for calibrations, which is about what the meter shows.
//! So a gap counts up to what the meter could have shown, corrected, and removing readings never
//! raises what counts. What a check meter fills in counts by the check meter's own factors, and by those
//! that are registered for the parameter. Documents are not multiplied: they state what counts.

use super::collect::{Amount, Series};
use super::exact::{add, multiply};
use super::gather::Source;
use super::stand_in::sum_in;
use super::{Period, PeriodError};
use crate::config::plan::CorrectionFactor;
use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::reading::ChannelKey;
use crate::domain::time::{Timestamp, Zone};
use crate::domain::unit::Unit;

/// The factors of a plan, by instants.
#[derive(Debug, Clone, Default)]
pub(super) struct Factors(Vec<Entry>);

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    factor: CorrectionFactor,
    from: Option<Timestamp>,
    /// Exclusive.
    to: Option<Timestamp>,
}

/// A stretch of a channel with what multiplies its totals.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    /// Name and factor.
    pub factors: Vec<(String, Decimal)>,
}

/// What a channel counts in a year, before and after its factors.
#[derive(Debug, Clone, PartialEq)]
pub struct FactoredTotal {
    /// The parameter.
    pub label: String,
    pub channel: ChannelKey,
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    /// Name and factor; all multiply.
    pub factors: Vec<(String, Decimal)>,
    pub unit: String,
    /// As measured, not corrected for calibrations.
    pub uncorrected: Amount,
    pub corrected: Amount,
}

impl Factors {
    pub fn of(registered: &[CorrectionFactor], zone: &Zone) -> Self {
        let entry = |factor: &CorrectionFactor| Entry {
            from: factor.from.map(|date| zone.start_of(date)),
            to: factor.to.map(|date| zone.start_of(date.next())),
            factor: factor.clone(),
        };
        Self(registered.iter().map(entry).collect())
    }

    /// `[from, to)` of a channel, cut where its factors change.
    pub fn parts(&self, channel: &Series<'_>, from: Timestamp, to: Timestamp) -> Vec<Part> {
        let key = &channel.plan.key;
        let is_of = |entry: &&Entry| {
            let of = &entry.factor.channel;
            of == key || channel.fills.iter().any(|fill| fill.check == *of)
        };
        let mut borders: Vec<Timestamp> = vec![from, to];
        for entry in self.0.iter().filter(is_of) {
            borders.extend(entry.from.into_iter().chain(entry.to));
        }
        if borders.len() == 2 && !self.0.iter().any(|entry| is_of(&entry)) {
            return vec![Part { from, to, factors: Vec::new() }];
        }
        borders.extend(channel.fills.iter().flat_map(|fill| [fill.from, fill.to]));
        borders.retain(|at| (from..=to).contains(at));
        borders.sort_unstable();
        borders.dedup();
        let mut parts: Vec<Part> = Vec::new();
        for pair in borders.windows(2) {
            let factors = self.at(channel, pair[0]);
            match parts.last_mut() {
                Some(last) if last.factors == factors => last.to = pair[1],
                _ => parts.push(Part { from: pair[0], to: pair[1], factors }),
            }
        }
        if parts.is_empty() {
            parts.push(Part { from, to, factors: Vec::new() });
        }
        parts
    }

    /// What multiplies what a channel counts at an instant.
    pub fn at(&self, channel: &Series<'_>, at: Timestamp) -> Vec<(String, Decimal)> {
        let holds = |entry: &&Entry| {
            entry.from.is_none_or(|from| from <= at) && entry.to.is_none_or(|to| at < to)
        };
        let of = |key: &ChannelKey, is_all: bool| -> Vec<(String, Decimal)> {
            let own = self.0.iter().filter(holds).filter(|entry| entry.factor.channel == *key);
            let own = own.filter(|entry| is_all || entry.factor.is_of_parameter);
            own.map(|entry| (entry.factor.name.clone(), entry.factor.factor)).collect()
        };
        let key = &channel.plan.key;
        let Some(fill) = channel.fills.iter().find(|fill| fill.from <= at && at < fill.to) else {
            return of(key, true);
        };
        let mut factors = of(&fill.check, true);
        for (name, factor) in of(key, false) {
            if !factors.iter().any(|(known, _)| *known == name) {
                factors.push((name, factor));
            }
        }
        factors
    }

    /// Values of a channel, by the start of their interval, corrected and added up in `unit`; `None`
    /// for none, and beyond what can be stored.
    pub fn sum(
        &self,
        channel: &Series<'_>,
        values: impl Iterator<Item = (Timestamp, Fixed6)>,
        unit: Unit,
    ) -> Option<Fixed6> {
        if self.0.is_empty() {
            return sum_in(values.map(|(_, value)| value), channel.plan, unit);
        }
        let mut sums: Vec<(Vec<(String, Decimal)>, i128)> = Vec::new();
        for (at, value) in values {
            let factors = self.at(channel, at);
            match sums.iter_mut().find(|(known, _)| *known == factors) {
                Some((_, sum)) => *sum += i128::from(value.micro()),
                None => sums.push((factors, value.micro().into())),
            }
        }
        if sums.is_empty() {
            return None;
        }
        let whole = sums.iter().try_fold(Decimal::ZERO, |whole, (factors, micro)| {
            add(whole, multiplied(Decimal::new(*micro, -6).ok()?, factors)?)
        })?;
        let conversion = channel.plan.interval_unit().conversion_to(unit)?;
        Some(whole.store(conversion).ok()?.value)
    }
}

/// A value times all factors; `None` beyond the digits of a number.
pub(super) fn multiplied(value: Decimal, factors: &[(String, Decimal)]) -> Option<Decimal> {
    factors.iter().try_fold(value, |value, (_, factor)| multiply(value, *factor))
}

/// A total times all factors.
pub(super) fn apply(amount: Amount, factors: &[(String, Decimal)]) -> Option<Amount> {
    if factors.is_empty() {
        return Some(amount);
    }
    let of = |value: Option<Decimal>| match value {
        Some(value) => multiplied(value, factors).map(Some),
        None => Some(None),
    };
    let (measured, low, high) = (of(amount.measured)?, of(amount.low)?, of(amount.high)?);
    Some(Amount { measured, low, high, ..amount })
}

/// What the channels of a parameter count in a part of a year, before and after their factors; what no
/// factor is registered for is left out.
pub(super) fn facts(source: &Source<'_>, part: Period) -> Result<Vec<FactoredTotal>, PeriodError> {
    let mut facts = Vec::new();
    for channel in source.channels() {
        for Part { from, to, factors } in source.factored(channel, part) {
            let totals = source.before_and_after(channel, (from, to));
            let (uncorrected, corrected) = totals.ok_or_else(|| PeriodError::Total {
                label: channel.plan.key.to_string(),
                part: part.form(),
            })?;
            facts.push(FactoredTotal {
                label: source.label(),
                channel: channel.plan.key.clone(),
                from,
                to,
                factors,
                unit: source.entered.symbol.clone(),
                uncorrected,
                corrected,
            });
        }
    }
    Ok(facts)
}
