//! Numbered records: each number is one identity, so that what is missing or twice can be counted.

use crate::domain::time::{SECOND_US, Timestamp};

/// The quantity of numbered records.
pub const QUANTITY: &str = "N";

/// The payload of a number: stamped that many seconds after `start`, with the number as its value.
#[must_use]
pub fn payload(start: Timestamp, number: u64) -> Vec<u8> {
    let ms = at(start, number).us() / 1_000;
    format!("{{\"ts\":{ms},\"values\":{{\"{QUANTITY}\":{number}}}}}").into_bytes()
}

/// The stamp of a number.
#[must_use]
pub fn at(start: Timestamp, number: u64) -> Timestamp {
    let seconds = i64::try_from(number).unwrap_or(i64::MAX / SECOND_US);
    Timestamp::from_us(start.us().saturating_add(seconds.saturating_mul(SECOND_US)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_its_own_stamp_and_value() {
        let start = Timestamp::parse_rfc3339("2026-01-01T00:00:00Z").unwrap();
        let text = String::from_utf8(payload(start, 61)).unwrap();
        assert_eq!(text, r#"{"ts":1767225661000,"values":{"N":61}}"#);
    }
}
