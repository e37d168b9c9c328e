//! What the data was like: channels, items, refusals, findings.

use serde::{Deserialize, Serialize};

use super::{Figure, Month};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Channel {
    /// `site/device/quantity`.
    pub channel: String,
    pub unit: String,
    pub is_amount: bool,
    pub serial: String,
    pub class: String,
    /// Share of its time of service that was measured.
    pub coverage: Figure,
    pub months: Vec<Month>,
    /// Per local day.
    pub days: Vec<Day>,
    /// Intervals of 15 minutes by quality code.
    pub qualities: Vec<QualityCount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Day {
    pub date: String,
    /// Percent of the day measured; null while the device does not serve.
    pub coverage: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct QualityCount {
    /// `M` measured, `T` register bridged a gap, `K` conflict, `Z` only bounds.
    pub code: String,
    pub intervals: u64,
}

/// decoded = readings + conflicts + refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Items {
    pub decoded: u64,
    pub readings: u64,
    pub conflicts: u64,
    pub refused: u64,
    pub by_channel: Vec<ChannelItems>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ChannelItems {
    /// Null for the items that name no channel and time.
    pub channel: Option<String>,
    pub decoded: u64,
    pub readings: u64,
    pub conflicts: u64,
    pub refused: Vec<CodeCount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct CodeCount {
    pub code: String,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Refused {
    pub code: String,
    pub reason: String,
    pub count: u64,
    pub examples: Vec<Example>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Example {
    pub leaf: i64,
    pub item: i64,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Finding {
    pub code: String,
    /// `fatal`, `critical`, `minor` or `info`.
    pub severity: String,
    /// Null for a finding on the period.
    pub channel: Option<String>,
    /// First instant, local time with offset.
    pub from: Option<String>,
    /// First instant after, local time with offset.
    pub to: Option<String>,
    pub count: u64,
    pub message: String,
}
