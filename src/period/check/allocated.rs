//! V-ALLOCATED: what was chosen where a border cuts a gap that a register bridged, with both extremes.

use super::super::allocate::AllocationFacts;
use super::super::{Input, Noted};
use crate::domain::flag::{Code, Severity};

pub fn check(input: &Input<'_>, allocations: &[AllocationFacts], findings: &mut Vec<Noted>) {
    let zone = &input.plan.registered.zone;
    for one in allocations {
        let AllocationFacts { unit, total, before, even, low, high, .. } = one;
        let why = match (one.is_sealed, before == even) {
            (true, _) => "as the sealed side has it",
            (false, true) => "even over time; no other split claims less",
            (false, false) => "where the claims are lowest",
        };
        findings.push(Noted {
            code: Code::Allocated,
            severity: Severity::Minor,
            channel: Some(one.channel.clone()),
            span: Some((one.from, one.to)),
            count: 1,
            message: format!(
                "the register counted {total} {unit} across {}; {before} {unit} count before it, {why}: \
                 claimed {} tCO2e; at the least, {low} {unit}, {}; at the most, {high} {unit}, {}; even \
                 over time, {even} {unit}, {}",
                zone.show(one.border),
                one.claimed,
                one.claimed_low,
                one.claimed_high,
                one.claimed_even
            ),
        });
    }
}
