//! Judges acts on periods, findings, holds and checks by what the plan has.
//!
//! The order of steps, and who may take them, is `decode::life`'s: an act that it would refuse is
//! refused when it is tried there, with the same reason.

use super::Case;
use crate::decode::act::{Content, Hold};
use crate::domain::reading::ChannelKey;

/// Judges by the plan what names something of it.
pub(super) fn judge(case: &Case<'_>, act: &Content) -> Result<(), String> {
    match act {
        Content::Hold(hold) => device(case, hold),
        Content::Finding(finding) => {
            finding.about.iter().try_for_each(|subject| planned(case, subject))
        }
        Content::Evidence(evidence) => {
            let criteria = &case.plan.registered.eligibility;
            match criteria.iter().any(|one| one.criterion == evidence.criterion) {
                true => Ok(()),
                false => Err(format!(
                    "the plan has no criterion {:?}; it has {}",
                    evidence.criterion,
                    listed(criteria.iter().map(|one| one.criterion.clone()))
                )),
            }
        }
        Content::SampleResult(sample) => {
            let mut parameters = case.plan.registered.parameters.iter();
            let is_it = parameters.any(|one| {
                one.symbol == sample.parameter
                    && one.members == sample.members
                    && one.sampled.is_some()
            });
            let label = crate::period::statement::label(&sample.parameter, &sample.members);
            match is_it {
                true => Ok(()),
                false => Err(format!("the plan has no sampled parameter {label}")),
            }
        }
        Content::TpeReport(report) if !case.is_sure => {
            let period = crate::decode::act::dates(&report.from, &report.to);
            let period = period.map_err(|error| error.to_string())?;
            let Some(version) = case.registry.life().latest(period) else { return Ok(()) };
            for amount in &report.amounts {
                let of_year = version.seal.act.years.iter().filter(|one| {
                    one.year == amount.year
                        && (amount.methodology.is_empty() || one.methodology == amount.methodology)
                });
                let claimed: i128 =
                    of_year.filter_map(|one| one.claimed.parse::<i128>().ok()).sum();
                let stated = amount.er.parse::<i128>().unwrap_or(i128::MAX);
                if stated > claimed {
                    return Err(format!(
                        "version {} claims {claimed} tCO2e for {}, the TPE report states {stated}; if \
                         that is what it says, say --sure",
                        report.version, amount.year
                    ));
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A hold is laid over a device that a plan has.
fn device(case: &Case<'_>, hold: &Hold) -> Result<(), String> {
    let (site, device, _, _) = hold.stretch().map_err(|error| error.to_string())?;
    let is_of = |key: &ChannelKey| key.site == site && key.device == device;
    match case.plan.channels.iter().any(|channel| is_of(&channel.key)) {
        true => Ok(()),
        false => Err(format!(
            "the plan has no device {site}/{device}; it has {}",
            listed(case.plan.channels.iter().map(|c| format!("{}/{}", c.key.site, c.key.device)))
        )),
    }
}

/// What a finding is about, where it names a device or channel.
fn planned(case: &Case<'_>, subject: &str) -> Result<(), String> {
    let Some((kind, what)) = subject.split_once(':') else { return Ok(()) };
    let name = what.split('@').next().unwrap_or(what);
    let mut keys = case.plan.channels.iter().map(|channel| channel.key.to_string());
    let is_known = match kind {
        "device" => keys.any(|key| key.starts_with(&format!("{name}/"))),
        "channel" | "interval" | "reading" => keys.any(|key| key == name),
        _ => true,
    };
    if is_known { Ok(()) } else { Err(format!("the plan has no {name}")) }
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.collect();
    names.dedup();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
