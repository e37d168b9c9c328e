//! The vocabulary of the house: ids, exact quantities and units, time, message, reading, flags,
//! digests.
//!
//! Plain values only: no I/O, no clock, no serde. Every later room speaks in these words, so a word
//! has one meaning here or it does not exist.

pub mod catalogue;
pub mod decimal;
pub mod diagnostic;
pub mod digest;
pub mod flag;
pub mod id;
pub mod message;
pub mod reading;
pub mod time;
pub mod unit;

/// The integer raised with any change that can alter a figure. It stands in reports, in the footers
/// of derived tables and in every digest (DESIGN.md section 8).
pub const RULES: u32 = 4;
