//! What a report must tell of a project's acts: decisions, corrections, and changes of what is
//! registered.

use crate::config::plan::Plan;
use crate::decode::act::{Act, Content};
use crate::domain::flag::{Code, Severity};
use crate::domain::id::{DeviceId, QuantityId, SiteId};
use crate::domain::reading::ChannelKey;
use crate::domain::time::Timestamp;
use crate::period::Noted;
use crate::publish::registry::Registry;

/// Decisions and corrections on readings stamped in `[from, to)`: who, what, why, by which leaf.
pub fn acts(registry: &Registry, (from, to): (Timestamp, Timestamp)) -> Vec<Noted> {
    let noted = |(leaf, act): &(i64, Act)| {
        let number = act.number;
        let (code, names, at, message) = match &act.content {
            Content::Decision(d) => (
                Code::Decided,
                [&d.site, &d.device, &d.quantity],
                &d.at,
                format!(
                    "act {number}: {} counts, decided by {}: {}{}; leaf {leaf}",
                    d.value,
                    d.author,
                    d.reason,
                    evidence(&d.evidence)
                ),
            ),
            Content::Correction(c) => (
                Code::Corrected,
                [&c.site, &c.device, &c.quantity],
                &c.at,
                format!(
                    "act {number}: {} instead of {}, corrected by {}: {}{}; leaf {leaf}",
                    c.new,
                    c.old,
                    c.author,
                    c.reason,
                    evidence(&c.evidence)
                ),
            ),
            _ => return None,
        };
        let at = Timestamp::parse_rfc3339(at).ok().filter(|at| (from..to).contains(at))?;
        let channel = ChannelKey {
            site: SiteId::parse(names[0]).ok()?,
            device: DeviceId::parse(names[1]).ok()?,
            quantity: QuantityId::parse(names[2]).ok()?,
        };
        let end = Timestamp::from_us(at.us() + 1);
        let (channel, span) = (Some(channel), Some((at, end)));
        Some(Noted { code, severity: Severity::Critical, channel, span, count: 1, message })
    };
    registry.acts().iter().filter_map(noted).collect()
}

/// V-PLAN: what later plans changed under `[registered]` of the first, with old and new value.
pub fn registered_changes(registry: &Registry) -> Vec<Noted> {
    let plans: Vec<_> = registry.plans().iter().collect();
    let mut notes = Vec::new();
    for pair in plans.windows(2) {
        for change in changes(pair[0], pair[1]) {
            let message = format!(
                "plan {} changed what plan {} registered: {change}; no approval of it is recorded",
                pair[1].number, pair[0].number
            );
            let (channel, span, count) = (None, None, 1);
            let (code, severity) = (Code::Plan, Severity::Critical);
            notes.push(Noted { code, severity, channel, span, count, message });
        }
    }
    notes
}

/// V-UNIT: what later plans state of the unit that a channel's device sends, from their date on. A
/// decision of people, so that a value is never divided by guess.
pub fn sent_units(registry: &Registry) -> Vec<Noted> {
    let plans: Vec<_> = registry.plans().iter().collect();
    let mut notes = Vec::new();
    for pair in plans.windows(2) {
        for channel in &pair[1].channels {
            let before = pair[0].channel(&channel.key).map(|before| before.sent_unit);
            let Some(before) = before.filter(|before| *before != channel.sent_unit) else {
                continue;
            };
            let from = pair[1].valid_from;
            notes.push(Noted {
                code: Code::Unit,
                severity: Severity::Critical,
                channel: Some(channel.key.clone()),
                span: None,
                count: 1,
                message: format!(
                    "plan {} states that values stamped from {} on are sent in {}, not in {before}",
                    pair[1].number,
                    pair[1].registered.zone.show(from),
                    channel.sent_unit
                ),
            });
        }
    }
    notes
}

/// What differs under `[registered]` of two plans, worded for people.
pub fn changes(old: &Plan, new: &Plan) -> Vec<String> {
    let (a, b) = (&old.registered, &new.registered);
    let mut found = Vec::new();
    let mut tell = |what: &str, old: String, new: String| {
        if old != new {
            found.push(format!("{what} was {old}, is {new}"));
        }
    };
    tell("the accounting zone", a.zone.name().to_owned(), b.zone.name().to_owned());
    tell("the methodology", a.methodologies.join(", "), b.methodologies.join(", "));
    let dates = |(from, to): (crate::domain::time::Date, crate::domain::time::Date)| {
        format!("{from} to {to}")
    };
    tell("the crediting period", dates(a.crediting), dates(b.crediting));
    let label = crate::period::statement::label;
    let fixed = |plan: &Plan| -> std::collections::BTreeMap<String, String> {
        let entry = |f: &crate::config::plan::FixedValue| {
            (label(&f.symbol, &f.members), format!("{} {}", f.value, f.unit))
        };
        plan.registered.fixed.iter().map(entry).collect()
    };
    let measured = |plan: &Plan| -> std::collections::BTreeMap<String, String> {
        let entry = |p: &crate::config::plan::Parameter| {
            let channels: Vec<String> = p.channels.iter().map(ToString::to_string).collect();
            let from = match (channels.is_empty(), p.amounts) {
                (true, true) => "documents".to_owned(),
                (true, false) => "nothing".to_owned(),
                (false, true) => format!("{}, gaps by documents", channels.join(" + ")),
                (false, false) => channels.join(" + "),
            };
            (label(&p.symbol, &p.members), format!("measured by {from}"))
        };
        plan.registered.parameters.iter().map(entry).collect()
    };
    for (before, after) in [(fixed(old), fixed(new)), (measured(old), measured(new))] {
        let names: std::collections::BTreeSet<&String> =
            before.keys().chain(after.keys()).collect();
        for name in names {
            let value = |of: &std::collections::BTreeMap<String, String>| {
                of.get(name).cloned().unwrap_or_else(|| "not there".to_owned())
            };
            tell(name, value(&before), value(&after));
        }
    }
    found
}

fn evidence(named: &str) -> String {
    if named.is_empty() { String::new() } else { format!(" ({named})") }
}
