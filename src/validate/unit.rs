//! V-UNIT: the stated unit exists and measures the same thing. Effect: exclude; never guessed.
//! V-PRECISION: storing changed the value, or it has more decimals than the meter can show. Effect: none.

use super::Refused;
use crate::config::plan::ChannelPlan;
use crate::domain::decimal::{Decimal, Fixed6};
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
    let is_finer =
        planned.watch.decimals.is_some_and(|shown| has_more_decimals(sample.value, shown));
    if !stored.is_exact || is_finer {
        flags.insert(Code::Precision);
    }
    Ok(stored.value)
}

/// True if the value needs more than `shown` decimals, trailing zeros apart.
fn has_more_decimals(value: Decimal, shown: u32) -> bool {
    let written = u32::try_from(-value.exponent()).unwrap_or(0);
    let Some(surplus) = written.checked_sub(shown) else { return false };
    10i128.checked_pow(surplus).is_none_or(|unit| value.coefficient() % unit != 0)
}
