//! V-TIME: not before the plan, not further ahead of receipt than tolerated. Effect: exclude.
//! V-CLOCK: ahead of receipt by more than the clock's tolerance. Effect: none.
//!
//! A stamp behind its receipt says nothing of the clock: buffered values come late and are welcome.

use super::Refused;
use crate::config::plan::Tolerances;
use crate::domain::flag::{Code, Flags};
use crate::domain::time::{SECOND_US, Timestamp};

pub fn check(
    at: Timestamp,
    received_at: Timestamp,
    tolerances: &Tolerances,
    flags: &mut Flags,
) -> Result<(), Refused> {
    let ahead_us = at.us() - received_at.us();
    if ahead_us > tolerances.future_us {
        let reason = format!(
            "stamped {at}, {} s after it was received at {received_at}; the plan tolerates {} s: \
             check the device's clock and zone",
            ahead_us / SECOND_US,
            tolerances.future_us / SECOND_US
        );
        return Err((Code::Time, reason));
    }
    if ahead_us > tolerances.clock_us {
        flags.insert(Code::Clock);
    }
    Ok(())
}

pub fn before_plan(at: Timestamp) -> Refused {
    let reason = format!("stamped {at}, before the first plan is valid; check the device's clock");
    (Code::Time, reason)
}
