//! Acts judged before they are recorded: what could have no effect, or no sense, is refused.

use super::DaemonError;
use crate::dataset::read::stored;
use crate::decode::act::{Act, stored_value};
use crate::decode::amount::AmountCheck;
use crate::domain::decimal::Fixed6;
use crate::domain::id::{DeviceId, QuantityId, SiteId};
use crate::domain::reading::{ChannelKey, Channels};
use crate::domain::time::Timestamp;
use crate::publish::Project;

/// Judges a decision or correction by what is stored of its identity.
///
/// # Errors
/// [`DaemonError::Refused`] with the reason; others when a file cannot be read.
pub fn check(project: &Project, act: &Act) -> Result<(), DaemonError> {
    let refused = |reason: String| Err(DaemonError::Refused(reason));
    let (names, at, author, reason, values) = match act {
        Act::Decision { decision: d, .. } => {
            ([&d.site, &d.device, &d.quantity], &d.at, &d.author, &d.reason, vec![&d.value])
        }
        Act::Correction { correction: c, .. } => {
            ([&c.site, &c.device, &c.quantity], &c.at, &c.author, &c.reason, vec![&c.new, &c.old])
        }
        Act::Check { check, .. } => return check_of_amount(project, check),
        Act::Seal { .. } | Act::Amount { .. } => return Ok(()),
    };
    for (what, text) in [("reason", reason), ("author", author)] {
        if text.trim().is_empty() {
            return refused(format!("an act needs its {what}: who reads the report will ask"));
        }
    }
    let id = |error: crate::domain::id::IdError| DaemonError::Refused(error.to_string());
    let key = ChannelKey {
        site: SiteId::parse(names[0]).map_err(id)?,
        device: DeviceId::parse(names[1]).map_err(id)?,
        quantity: QuantityId::parse(names[2]).map_err(id)?,
    };
    let at = Timestamp::parse_rfc3339(at).map_err(|e| DaemonError::Refused(e.to_string()))?;
    let parse = |text: &&String| {
        stored_value(text).map_err(|error| DaemonError::Refused(error.to_string()))
    };
    let values: Vec<Fixed6> = values.iter().map(parse).collect::<Result<_, _>>()?;
    if !project.registry().plans().iter().any(|plan| plan.channel(&key).is_some()) {
        return refused(format!("no plan has a channel {key}"));
    }
    let mut channels = Channels::default();
    let channel = channels.intern(&key);
    let range = (at, Timestamp::from_us(at.us() + 1));
    let (readings, conflicts) =
        stored(project.layout(), project.id(), &mut channels, range, |r| r.channel == channel)?;
    let known: Vec<Fixed6> = readings
        .iter()
        .chain(conflicts.iter().map(|conflict| &conflict.reading))
        .map(|reading| reading.value)
        .collect();
    if known.is_empty() {
        return refused(format!("{key} has no reading stamped {at}; nothing could be settled"));
    }
    if let (Act::Correction { .. }, Some(old)) = (act, values.get(1))
        && !known.contains(old)
    {
        let known: Vec<String> = known.iter().map(ToString::to_string).collect();
        return refused(format!(
            "{key} at {at} is not {old} but {}; name the value as it is stored",
            known.join(" or ")
        ));
    }
    Ok(())
}

/// A check counts only when it names an amount that somebody else entered.
fn check_of_amount(project: &Project, check: &AmountCheck) -> Result<(), DaemonError> {
    let refused = |reason: String| Err(DaemonError::Refused(reason));
    let Some(amount) = project.registry().ledger().get(check.amount) else {
        return refused(format!("act {} is no amount; see mrv amount list", check.amount));
    };
    let name = check.checked_by.trim();
    if name.is_empty() {
        return refused("a check names who checked: --by NAME".to_owned());
    }
    if name.to_lowercase() == amount.entry.entered_by.trim().to_lowercase() {
        return refused(format!("{name} entered {}; another person checks it", amount.name()));
    }
    if let Some(checker) = amount.checked_by {
        return refused(format!("act {} was checked already, by {checker}", check.amount));
    }
    Ok(())
}
