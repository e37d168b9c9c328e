//! Versions of a period: what would alter a sealed one, what two of them differ in, and what was
//! known at an earlier time.

mod as_of;
mod candidate;
mod diff;

pub use as_of::AsOf;
pub use candidate::{Candidate, Change, ChangedYear, candidate, changed_years};
pub use diff::{Difference, differences};
