//! Paths, gaps and allocations of a statement, as the model has them.

use super::{TONNES, figure};
use crate::domain::time::Zone;
use crate::period::allocate::AllocationFacts;
use crate::period::gap_log::{GapFacts, stands_for};
use crate::period::paths::{PathFacts, hours, percent};
use crate::report::model::{Allocation, GapStretch, PathPair};

pub(super) fn path(facts: &PathFacts, zone: &Zone) -> PathPair {
    let figure = |value: Option<_>| value.map(|value| figure(value, &facts.unit));
    PathPair {
        code: facts.code.to_string(),
        subject: facts.subject.clone(),
        first: facts.first.clone(),
        second: facts.second.clone(),
        from: zone.show(facts.from),
        to: zone.show(facts.to),
        one: figure(facts.one),
        other: figure(facts.other),
        residual: figure(facts.residual),
        tolerance: facts.tolerance_ppm.map(percent),
        outcome: facts.outcome.as_str().to_owned(),
        note: facts.note.clone(),
    }
}

pub(super) fn stretch(facts: &GapFacts, zone: &Zone) -> GapStretch {
    let tier = |(name, value): &(&str, _)| {
        let shown = figure(*value, &facts.unit);
        format!("{name}: {} {} an hour", shown.shown, shown.unit)
    };
    GapStretch {
        methodology: facts.methodology.clone(),
        year: facts.year,
        label: facts.label.clone(),
        channel: facts.channel.as_ref().map(ToString::to_string),
        from: zone.show(facts.from),
        to: zone.show(facts.to),
        hours: hours(facts.length_us),
        quality: facts.quality.to_owned(),
        rule: facts.rule.to_owned(),
        stands: stands_for(facts),
        cost: facts.cost.map(|cost| figure(cost, TONNES)),
        earned: facts.earned.map(|earned| figure(earned, TONNES)),
        information: facts.tiers.iter().map(tier).collect(),
    }
}

pub(super) fn allocation(facts: &AllocationFacts, zone: &Zone) -> Allocation {
    let figure = |value| figure(value, &facts.unit);
    let claim = |value: i128| i64::try_from(value).unwrap_or(i64::MAX);
    Allocation {
        channel: facts.channel.to_string(),
        from: zone.show(facts.from),
        to: zone.show(facts.to),
        border: zone.show(facts.border),
        total: figure(facts.total),
        before: figure(facts.before),
        even: figure(facts.even),
        low: figure(facts.low),
        high: figure(facts.high),
        claimed: claim(facts.claimed),
        claimed_even: claim(facts.claimed_even),
        claimed_low: claim(facts.claimed_low),
        claimed_high: claim(facts.claimed_high),
        is_sealed: facts.is_sealed,
    }
}
