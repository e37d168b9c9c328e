//! V-UNIT: the stated unit exists and measures the same thing. Effect: exclude; never guessed.
//! V-PRECISION: storing changed the value. Effect: none.

use super::Refused;
use crate::config::plan::ChannelPlan;
use crate::domain::decimal::Fixed6;
use crate::domain::flag::{Code, Flags};
use crate::domain::reading::Sample;
use crate::domain::unit::Unit;

/// The value in the channel's storage unit, converted and quantised in one rounding.
pub fn store(
    planned: &ChannelPlan,
    sample: &Sample<'_>,
    flags: &mut Flags,
) -> Result<Fixed6, Refused> {
    let sent = match sample.unit {
        None => planned.sent_unit,
        Some(symbol) if symbol == planned.unit.symbol() => planned.unit,
        Some(symbol) => Unit::parse(symbol).ok_or_else(|| {
            let reason = format!("unit {symbol:?} is unknown; the channel is in {}", planned.unit);
            (Code::Unit, reason)
        })?,
    };
    let conversion = sent.conversion_to(planned.unit).ok_or_else(|| {
        let reason = format!("{sent} cannot be converted to {}, the channel's unit", planned.unit);
        (Code::Unit, reason)
    })?;
    let stored = sample.value.store(conversion).map_err(|error| {
        let reason = format!("{} {sent} as {}: {error}", sample.value, planned.unit);
        (Code::Schema, reason)
    })?;
    if !stored.is_exact {
        flags.insert(Code::Precision);
    }
    Ok(stored.value)
}
