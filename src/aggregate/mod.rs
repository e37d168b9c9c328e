//! Aggregation: a channel's readings become 15-minute intervals with value, bounds and quality.
//!
//! Readings become [`point`]s (usable, held, in conflict), points become [`span`]s of time with what
//! is known of them, spans are cut into [`interval`]s. [`total`] adds intervals up over months and
//! years, [`finding`] tells gaps, stuck values and completeness. Pure, exact integers throughout:
//! the result is a function of the set of readings, whatever order or batches they came in, and
//! computing day by day gives the same as computing at once.

pub mod account;
pub mod crossing;
pub mod finding;
pub mod hold;
pub mod interval;
pub mod point;
mod register;
pub mod span;
pub mod sun;
pub mod total;

#[cfg(test)]
mod tests;

/// Microseconds in an hour: rates are per hour.
const HOUR_US: i128 = 3_600_000_000;

/// `rate` micro-units per hour over a time, rounded up: for upper bounds.
fn amount_over_up(rate: i128, time_us: i64) -> i128 {
    (rate * i128::from(time_us) + HOUR_US - 1).div_euclid(HOUR_US)
}
