//! The life of a period from the acts of its log, and what altered it since it was sealed.

use super::ReportError;
use super::collect::Published;
use crate::dataset::late::{Late, late};
use crate::decode::act::{Content, dates};
use crate::decode::devices::Devices;
use crate::domain::time::{Timestamp, Zone};
use crate::period::Period;
use crate::period::calibration::timeline::timeline;
use crate::period::dossier::{Cause, Dossier};
use crate::publish::registry::Registry;

/// What the acts of a project say of a period whose time is `range`, as they are now.
///
/// # Errors
/// When a file cannot be read.
pub fn of(
    published: &Published<'_>,
    period: Period,
    range: (Timestamp, Timestamp),
) -> Result<Dossier, ReportError> {
    let life = published.registry.life();
    let registered = published.registry.plans().latest().map(|plan| &plan.registered);
    let key = (period.from(), period.to());
    let versions = life.versions(key).to_vec();
    let causes = match versions.last() {
        None => Vec::new(),
        Some(last) => {
            let leaves = (last.seal.act.log_size, published.log_size);
            causes(published, period, range, leaves)?
        }
    };
    let touches =
        |from: &str, to: &str| dates(from, to).is_ok_and(|(from, to)| from <= key.1 && key.0 <= to);
    let months: Vec<String> =
        period.months().into_iter().map(|part| part.month().to_string()).collect();
    Ok(Dossier {
        version: versions.len() as u32 + 1,
        reason: String::new(),
        versions,
        causes,
        findings: life.findings_of(key).cloned().collect(),
        holds: {
            let touching = life.holds().iter();
            touching.filter(|hold| hold.from < range.1 && range.0 < hold.to).cloned().collect()
        },
        without_holds: Vec::new(),
        materiality: life.materiality(key).cloned(),
        monthly_check: registered.map_or_else(String::new, |one| one.monthly_check.clone()),
        criteria: registered.map_or_else(Vec::new, |one| one.eligibility.clone()),
        checks: {
            let of_period = life.checks().iter();
            of_period.filter(|check| months.contains(&check.act.month)).cloned().collect()
        },
        evidence: {
            let of_period = life.evidence().iter();
            of_period.filter(|one| touches(&one.act.from, &one.act.to)).cloned().collect()
        },
        samples: {
            let of_period = life.samples().iter();
            of_period.filter(|one| touches(&one.act.from, &one.act.to)).cloned().collect()
        },
        responses: {
            let of_period = life.responses().iter();
            of_period.filter(|one| touches(&one.act.from, &one.act.to)).cloned().collect()
        },
    })
}

/// What arrived or was recorded with the leaves `[first, end)` and can alter a period: late readings
/// by channel, acts on readings, amounts and devices, plans, and versions of earlier periods. In the
/// order of their first leaves. A reading at the instant at which the period ends belongs to it too: what a
/// register counted up to then is counted in the period.
///
/// # Errors
/// When a file cannot be read.
pub fn causes(
    published: &Published<'_>,
    period: Period,
    range: (Timestamp, Timestamp),
    (first, end): (i64, i64),
) -> Result<Vec<Cause>, ReportError> {
    let registry = published.registry;
    let mut causes = Vec::new();
    let zone = registry.plans().latest().map(|plan| plan.registered.zone.clone());
    let zone = zone.unwrap_or_else(Zone::utc);
    let stamps = with_end(range);
    for (channel, late) in late(published.layout, published.project, stamps, (first, end))? {
        let Some((leaf, _)) = late.leaves else { continue };
        causes.push(Cause { leaf, what: format!("{channel}: {}", late_words(&late, &zone)) });
    }
    for (number, plan) in (1..).zip(registry.plans().iter()) {
        if let Some(leaf) = registry.plan_leaf(number).filter(|leaf| (first..end).contains(leaf)) {
            let what = format!("plan {} takes effect from {}", plan.number, plan.valid_from);
            causes.push(Cause { leaf, what });
        }
    }
    causes.extend(acts(registry, period, range, (first, end)));
    causes.sort_by_key(|cause| cause.leaf);
    Ok(causes)
}

/// The stamps of readings that a time stands on: those at its last instant, which is not in it, too.
fn with_end((from, to): (Timestamp, Timestamp)) -> (Timestamp, Timestamp) {
    (from, Timestamp::from_us(to.us() + 1))
}

fn late_words(late: &Late, zone: &Zone) -> String {
    let mut parts = Vec::new();
    for (count, one, many) in
        [(late.readings, "reading", "readings"), (late.conflicts, "conflict", "conflicts")]
    {
        match count {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            count => parts.push(format!("{count} {many}")),
        }
    }
    let stamped = late.stamps.map_or_else(String::new, |(from, to)| match from == to {
        true => format!(" stamped {}", zone.show(from)),
        false => format!(" stamped {} to {}", zone.show(from), zone.show(to)),
    });
    let leaves = late.leaves.map_or_else(String::new, |(low, high)| match low == high {
        true => format!(", leaf {low}"),
        false => format!(", leaves {low} to {high}"),
    });
    format!("{}{stamped}{leaves}", parts.join(" and "))
}

/// The acts with these leaves that can alter the period's figures.
fn acts(
    registry: &Registry,
    period: Period,
    (from, to): (Timestamp, Timestamp),
    (first, end): (i64, i64),
) -> Vec<Cause> {
    let (low, high) = with_end((from, to));
    let is_inside =
        |at: &str| Timestamp::parse_rfc3339(at).is_ok_and(|at| (low..high).contains(&at));
    let overlaps =
        |a: &str, b: &str| dates(a, b).is_ok_and(|(a, b)| a <= period.to() && period.from() <= b);
    let mut causes = Vec::new();
    for (leaf, act) in registry.acts().iter().filter(|(leaf, _)| (first..end).contains(leaf)) {
        let number = act.number;
        let what = match &act.content {
            Content::Decision(d) if is_inside(&d.at) => format!(
                "decision: {} counts for {}/{}/{} at {}: {}",
                d.value, d.site, d.device, d.quantity, d.at, d.reason
            ),
            Content::Correction(c) if is_inside(&c.at) => format!(
                "correction: {} instead of {} for {}/{}/{} at {}: {}",
                c.new, c.old, c.site, c.device, c.quantity, c.at, c.reason
            ),
            Content::Amount(a) if overlaps(&a.from, &a.to) => format!(
                "{} of {} to {}: {} {} {}",
                a.kind,
                a.from,
                a.to,
                crate::period::statement::label(&a.parameter, &a.members),
                a.value,
                a.unit
            ),
            Content::Check(c) => {
                let amount = registry.ledger().get(c.amount);
                let of_period = amount.filter(|a| a.from <= period.to() && period.from() <= a.to);
                let Some(amount) = of_period else { continue };
                format!("{} checked {}", c.checked_by, amount.name())
            }
            Content::Hold(h) => match h.stretch() {
                Ok((site, device, begin, stop)) if begin < to && from < stop => {
                    format!("hold on {site}/{device}: {}", h.reason)
                }
                _ => continue,
            },
            Content::Certificate(c) if alters_meters(registry, number, (from, to)) => {
                let found = match c.as_found.as_str() {
                    "" => format!("as left {}", c.as_left),
                    found => format!("as found {found}"),
                };
                format!(
                    "certificate {} of {} by {}, meter {} at {}: {found}",
                    c.number, c.date, c.body, c.serial, c.device
                )
            }
            Content::Exchange(e)
                if is_between(&e.off, &e.on, (from, to))
                    || alters_meters(registry, number, (from, to)) =>
            {
                let (old, new) = (&e.old.serial, &e.new.serial);
                format!("meter {old} exchanged for {new} at {} on {}", e.device, e.off)
            }
            Content::HoldLift(l) => format!("the hold of act {} is lifted: {}", l.hold, l.reason),
            Content::Seal(s) => match s.dates() {
                Ok((from, to)) if to < period.from() && s.version > 1 => {
                    format!("{from} to {to} was restated as version {}", s.version)
                }
                _ => continue,
            },
            _ => continue,
        };
        causes.push(Cause { leaf: *leaf, what: format!("act {number}: {what}") });
    }
    causes
}

/// True if an act about meters alters which hung, or whether they were right, in a time.
fn alters_meters(registry: &Registry, number: u32, range: (Timestamp, Timestamp)) -> bool {
    let Some(plan) = registry.plans().latest() else { return false };
    let states = |devices: &Devices| {
        let all = devices.history(registry.plans());
        all.iter().map(|one| timeline(one, &plan.registered.zone, range)).collect::<Vec<_>>()
    };
    let mut without = registry.devices().clone();
    without.forget(number);
    states(registry.devices()) != states(&without)
}

/// True if a time without a meter, both ends in it, touches `[from, to)`.
fn is_between(off: &str, on: &str, (from, to): (Timestamp, Timestamp)) -> bool {
    let at = |text: &str| Timestamp::parse_rfc3339(text).ok();
    at(off).zip(at(on)).is_some_and(|(off, on)| off < to && from <= on)
}
