//! Judges decisions and corrections by what is stored of their identity.

use super::{Case, needs, refused};
use crate::daemon::DaemonError;
use crate::dataset::read::stored;
use crate::decode::act::{Content, stored_value};
use crate::domain::decimal::Fixed6;
use crate::domain::id::{DeviceId, QuantityId, SiteId};
use crate::domain::reading::{ChannelKey, Channels};
use crate::domain::time::Timestamp;

/// Judges a decision or correction by what is stored of its identity.
///
/// # Errors
/// [`DaemonError::Refused`] with the reason; others when a file cannot be read.
pub(super) fn judge(case: &Case<'_>, act: &Content) -> Result<(), DaemonError> {
    let (names, at, reason, values) = match act {
        Content::Decision(d) => {
            ([&d.site, &d.device, &d.quantity], &d.at, &d.reason, vec![&d.value])
        }
        Content::Correction(c) => {
            ([&c.site, &c.device, &c.quantity], &c.at, &c.reason, vec![&c.new, &c.old])
        }
        _ => return Ok(()),
    };
    needs(act.word(), &[("reason", reason)])?;
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
    if !case.registry.plans().iter().any(|plan| plan.channel(&key).is_some()) {
        return refused(format!("no plan has a channel {key}"));
    }
    let mut channels = Channels::default();
    let channel = channels.intern(&key);
    let range = (at, Timestamp::from_us(at.us() + 1));
    let (readings, conflicts) = {
        let (layout, id) = (case.project.layout(), case.project.id());
        stored(layout, id, &mut channels, range, |r| r.channel == channel)?
    };
    let known: Vec<Fixed6> = readings
        .iter()
        .chain(conflicts.iter().map(|conflict| &conflict.reading))
        .map(|reading| reading.value)
        .collect();
    if known.is_empty() {
        return refused(format!("{key} has no reading stamped {at}; nothing could be settled"));
    }
    if let Content::Decision(decision) = act {
        let seen: Vec<Fixed6> =
            decision.seen.iter().map(|text| parse(&text)).collect::<Result<_, _>>()?;
        if let Some(other) = known.iter().find(|value| !seen.contains(value)) {
            let known: Vec<String> = known.iter().map(ToString::to_string).collect();
            return refused(format!(
                "a decision names the values that it saw, and {key} at {at} has {} too; look again: \
                 --seen {}",
                other,
                known.join(" --seen ")
            ));
        }
    }
    if let (Content::Correction(_), Some(old)) = (act, values.get(1))
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
