//! What a simulated device says: records, and their text as the default JSON payload.
//!
//! Values are whole thousandths of the channel's unit: no binary float on the way to the text.

use std::fmt::Write as _;

use crate::domain::time::{Timestamp, Zone};

/// One record of one device: values at one stamp, or bytes that are no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub at: Timestamp,
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Quantity and value in thousandths.
    Values(Vec<(&'static str, i64)>),
    /// Sent as they are.
    Raw(Vec<u8>),
}

/// How a gateway writes its stamps.
#[derive(Debug, Clone)]
pub enum StampText {
    /// RFC 3339 with the zone's offset.
    Rfc3339(Zone),
    EpochMilliseconds,
}

impl Record {
    #[must_use]
    pub fn values(at: Timestamp, values: Vec<(&'static str, i64)>) -> Self {
        Self { at, body: Body::Values(values) }
    }

    /// The value of a quantity, in thousandths.
    #[must_use]
    pub fn value(&self, quantity: &str) -> Option<i64> {
        match &self.body {
            Body::Values(values) => {
                values.iter().find(|(name, _)| *name == quantity).map(|(_, value)| *value)
            }
            Body::Raw(_) => None,
        }
    }

    /// The same for changing it.
    pub fn value_mut(&mut self, quantity: &str) -> Option<&mut i64> {
        match &mut self.body {
            Body::Values(values) => {
                values.iter_mut().find(|(name, _)| *name == quantity).map(|(_, value)| value)
            }
            Body::Raw(_) => None,
        }
    }
}

/// The payload of records of one device: one record alone, several as an array.
#[must_use]
pub fn payload(records: &[Record], stamp: &StampText) -> Vec<u8> {
    if let [Record { body: Body::Raw(bytes), .. }] = records {
        return bytes.clone();
    }
    let texts: Vec<String> = records.iter().map(|record| record_text(record, stamp)).collect();
    match texts.as_slice() {
        [one] => one.clone().into_bytes(),
        many => format!("[{}]", many.join(",")).into_bytes(),
    }
}

/// Thousandths as a decimal text with three places.
#[must_use]
pub fn milli_text(milli: i64) -> String {
    let sign = if milli < 0 { "-" } else { "" };
    let size = milli.unsigned_abs();
    format!("{sign}{}.{:03}", size / 1_000, size % 1_000)
}

fn record_text(record: &Record, stamp: &StampText) -> String {
    let values = match &record.body {
        Body::Values(values) => values.as_slice(),
        Body::Raw(_) => &[],
    };
    let mut text = match stamp {
        StampText::Rfc3339(zone) => format!("{{\"ts\":\"{}\",\"values\":{{", zone.show(record.at)),
        StampText::EpochMilliseconds => {
            format!("{{\"ts\":{},\"values\":{{", record.at.us() / 1_000)
        }
    };
    for (index, (quantity, milli)) in values.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Writing to a String does not fail.
        let _ = write!(text, "{comma}\"{quantity}\":{}", milli_text(*milli));
    }
    text.push_str("}}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_the_default_form_to_the_byte() {
        let at = Timestamp::parse_rfc3339("2026-01-01T00:15:00Z").unwrap();
        let record = Record::values(at, vec![("EG", 123_456), ("T", -50)]);
        let zone = StampText::Rfc3339(Zone::parse("Asia/Jakarta").unwrap());
        let raw = Record { at, body: Body::Raw(b"{\"ts\":".to_vec()) };
        for (records, stamp, expected) in [
            (
                vec![record.clone()],
                &zone,
                r#"{"ts":"2026-01-01T07:15:00+07:00","values":{"EG":123.456,"T":-0.050}}"#,
            ),
            (
                vec![record.clone(), record],
                &StampText::EpochMilliseconds,
                concat!(
                    r#"[{"ts":1767226500000,"values":{"EG":123.456,"T":-0.050}},"#,
                    r#"{"ts":1767226500000,"values":{"EG":123.456,"T":-0.050}}]"#
                ),
            ),
            (vec![raw], &zone, "{\"ts\":"),
        ] {
            assert_eq!(String::from_utf8(payload(&records, stamp)).unwrap(), expected);
        }
    }
}
