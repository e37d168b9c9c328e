//! Uncertainty budgets of the years.

use super::{TONNES, figure};
use crate::domain::decimal::Decimal;
use crate::period::exact::rounded;
use crate::period::statement::UncertaintyFacts;
use crate::report::model::{Cause, Figure, Rank, Share, Uncertainty};

pub(super) fn uncertainty(facts: &UncertaintyFacts) -> Uncertainty {
    let tonnes = |value: Decimal| short(value, TONNES);
    Uncertainty {
        methodology: facts.methodology.clone(),
        year: facts.year,
        shares: facts
            .shares
            .iter()
            .map(|share| Share {
                label: share.label.clone(),
                cause: share.cause.clone(),
                standard: short(share.standard, &share.unit),
                sensitivity: short(share.sensitivity, &format!("{TONNES}/{}", share.unit)),
                contribution: tonnes(share.contribution),
            })
            .collect(),
        causes: facts
            .causes
            .iter()
            .map(|(cause, source, sum)| Cause {
                cause: cause.clone(),
                source: source.clone(),
                contribution: tonnes(*sum),
            })
            .collect(),
        combined: facts.combined.map(tonnes),
        expanded: facts.expanded.map(tonnes),
        percent: facts.percent.map(|value| short(value, "%")),
        unset: facts.unset.clone(),
        ranking: facts
            .ranking
            .iter()
            .map(|(label, value)| Rank { label: label.clone(), per_percent: tonnes(*value) })
            .collect(),
    }
}

/// An uncertainty is known to no more digits than these; its figure is cut to them.
const DECIMALS: u32 = 6;

fn short(value: Decimal, unit: &str) -> Figure {
    let value = Decimal::parse(&rounded(value, DECIMALS)).unwrap_or(value);
    figure(value, unit)
}
