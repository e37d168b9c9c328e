//! V-GAPPATH: hours that the plan excludes are excluded on every path: by the meter, by the difference
//! of a register that bridges them, by the check meter, by documents of their days. No response
//! closes it.

use super::super::documents::of_parameter;
use super::super::paths::hours;
use super::super::stand_in::{Excluded, StandIns};
use super::super::{Input, Noted};
use crate::domain::decimal::Fixed6;
use crate::domain::flag::{Code, Severity};
use crate::domain::time::Timestamp;

pub fn check(input: &Input<'_>, stand_ins: &StandIns, findings: &mut Vec<Noted>) {
    for excluded in &stand_ins.excluded {
        let documents = documents(input, excluded);
        let paths = [
            ("the meter", excluded.measured),
            ("the difference of its register", excluded.bridged),
            ("its check meter", excluded.check),
        ];
        let shown: Vec<String> = paths
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.filter(|v| *v != Fixed6::ZERO)?)))
            .map(|(name, value)| format!("{name} shows {value} {}", excluded.unit))
            .chain(documents)
            .collect();
        let (severity, rest) = match shown.is_empty() {
            true => (Severity::Info, "no path shows anything".to_owned()),
            false => (Severity::Critical, format!("{}; none of it counts", shown.join(", "))),
        };
        findings.push(Noted {
            code: Code::GapPath,
            severity,
            channel: Some(excluded.exclusion.channel.clone()),
            span: Some((excluded.from, excluded.to)),
            count: 1,
            message: format!(
                "{} h are excluded ({}); {rest}",
                hours(excluded.to.us() - excluded.from.us()),
                excluded.exclusion.reason
            ),
        });
    }
}

/// Documents of the channel's parameters that cover excluded days.
fn documents(input: &Input<'_>, excluded: &Excluded) -> Vec<String> {
    let zone = &input.plan.registered.zone;
    let first = zone.date_of(excluded.from);
    let last = zone.date_of(Timestamp::from_us(excluded.to.us() - 1));
    let uses =
        |one: &&crate::config::plan::Parameter| one.channels.contains(&excluded.exclusion.channel);
    let mut found = Vec::new();
    for parameter in input.plan.registered.parameters.iter().filter(uses) {
        for amount in of_parameter(parameter, input.amounts).flat_map(|one| &one.alternatives) {
            if amount.from <= last && amount.to >= first {
                found.push(format!(
                    "{} of act {} covers {} to {}",
                    amount.kind.as_str(),
                    amount.number,
                    amount.from,
                    amount.to
                ));
            }
        }
    }
    found
}
