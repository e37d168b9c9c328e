//! V-RANGE: within the channel's limits, both inclusive. Effect: hold.

use crate::config::plan::ChannelPlan;
use crate::domain::decimal::Fixed6;
use crate::domain::flag::{Code, Flags};

pub fn check(planned: &ChannelPlan, value: Fixed6, flags: &mut Flags) {
    if let Some((low, high)) = planned.range
        && !(low..=high).contains(&value)
    {
        flags.insert(Code::Range);
    }
}
