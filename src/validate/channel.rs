//! V-CHANNEL: the channel is in the plan at that time, and its device is in service. Effect: exclude.

use super::Refused;
use crate::config::plan::{ChannelPlan, Plan};
use crate::domain::flag::Code;
use crate::domain::id::{DeviceId, QuantityId, SiteId};
use crate::domain::reading::{ChannelKey, Sample};
use crate::domain::time::Timestamp;

/// The names as ids.
pub fn key(sample: &Sample<'_>) -> Result<ChannelKey, Refused> {
    let refused = |what: &str, name: &str, error: crate::domain::id::IdError| {
        let name: String = name.chars().take(80).collect();
        (Code::Channel, format!("{what} {name:?} cannot be the name of a channel: {error}"))
    };
    Ok(ChannelKey {
        site: SiteId::parse(sample.site).map_err(|e| refused("site", sample.site, e))?,
        device: DeviceId::parse(sample.device).map_err(|e| refused("device", sample.device, e))?,
        quantity: QuantityId::parse(sample.quantity)
            .map_err(|e| refused("quantity", sample.quantity, e))?,
    })
}

pub fn not_planned(sample: &Sample<'_>, plan: &Plan) -> Refused {
    let Sample { site, device, quantity, .. } = sample;
    let reason = format!(
        "plan {} has no channel {site}/{device}/{quantity}; add it, or rename it in the reader",
        plan.number
    );
    (Code::Channel, reason)
}

/// Installed at `installed`, retired at `retired`: `[installed, retired)`.
pub fn check_service(planned: &ChannelPlan, at: Timestamp) -> Result<(), Refused> {
    match (planned.installed, planned.retired) {
        (Some(installed), _) if at < installed => {
            let reason = format!("stamped {at}, before the device was installed at {installed}");
            Err((Code::Channel, reason))
        }
        (_, Some(retired)) if at >= retired => {
            let reason = format!("stamped {at}, when the device was retired since {retired}");
            Err((Code::Channel, reason))
        }
        _ => Ok(()),
    }
}
