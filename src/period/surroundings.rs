//! What a period needs beside its own intervals: gaps that its borders cut, the registers' own
//! accounts, and what the same dates of the year before came to.

use crate::aggregate::account::Account;
use crate::aggregate::crossing::Crossing;
use crate::domain::decimal::Fixed6;
use crate::domain::reading::ChannelKey;
use crate::domain::time::Timestamp;
use crate::domain::unit::Unit;

/// Everything around a period. The default knows nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Surroundings {
    /// Gaps of registers that a border of the period, or of a year inside it, cuts.
    pub crossings: Vec<(ChannelKey, Crossing)>,
    /// What earlier seals counted of such gaps.
    pub sealed: Vec<SealedSplit>,
    /// Of each register in the period, its own account; `None` where it has none.
    pub accounts: Vec<(ChannelKey, Option<Account>)>,
    /// The same dates of the year before.
    pub before: Vec<Before>,
}

/// What a sealed period counted of a gap that its border cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSplit {
    pub channel: ChannelKey,
    pub border: Timestamp,
    /// From the begin of the gap to the border, in the unit of the channel's intervals.
    pub counted: Fixed6,
}

/// What a channel came to on the same dates of the year before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    pub channel: ChannelKey,
    pub unit: Unit,
    /// Sum of the measured amounts, or mean of the measured states; `None`: nothing was measured.
    pub measured: Option<Fixed6>,
    pub covered_us: i64,
    pub length_us: i64,
}
