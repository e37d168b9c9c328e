//! What a report must tell of a project's acts: decisions and corrections.

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

fn evidence(named: &str) -> String {
    if named.is_empty() { String::new() } else { format!(" ({named})") }
}
