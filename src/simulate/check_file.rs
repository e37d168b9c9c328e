//! The monthly file of the solar plant's check meter: delimited text as its operator exports it.
//!
//! Semicolons, decimal comma, thousands point, local day-month-year stamps at the end of each quarter
//! hour, `-` for a missing value, CRLF line ends.

use std::fmt::Write as _;

use super::plant::Span;
use super::shape::QUARTERS;
use crate::domain::time::Zone;

/// A file of the whole span, and how many of its rows have a value and how many have none.
#[must_use]
pub fn text(span: Span, zone: &Zone, with_defects: bool) -> (String, u64, u64) {
    let mut text = "Tanggal;kWh\r\n".to_owned();
    let (mut value_count, mut missing_count) = (0, 0);
    for quarter in 0..span.days * QUARTERS {
        // A check meter of class 1 reads 0.4 % high.
        let wh = span.plant_wh(quarter) * 1_004 / 1_000;
        let is_missing = with_defects && quarter % 1_000 == 517;
        let value = if is_missing {
            missing_count += 1;
            "-".to_owned()
        } else {
            value_count += 1;
            decimal_comma(wh)
        };
        // `2026-01-31T23:45:00+07:00` in the operator's order.
        let local = zone.show(span.at(quarter + 1));
        let (year, month, day, clock) = (&local[..4], &local[5..7], &local[8..10], &local[11..16]);
        // Writing to a String does not fail.
        let _ = write!(text, "{day}/{month}/{year} {clock};{value}\r\n");
    }
    (text, value_count, missing_count)
}

/// Thousandths with a decimal comma and points between the thousands.
fn decimal_comma(milli: i64) -> String {
    let (whole, part) = (milli / 1_000, milli % 1_000);
    let mut digits = String::new();
    for (index, digit) in whole.to_string().chars().rev().enumerate() {
        if index > 0 && index % 3 == 0 {
            digits.insert(0, '.');
        }
        digits.insert(0, digit);
    }
    format!("{digits},{part:03}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn numbers_are_written_as_the_operator_does() {
        for (milli, expected) in [
            (0, "0,000"),
            (12_345, "12,345"),
            (1_234_500, "1.234,500"),
            (1_000_000_000, "1.000.000,000"),
        ] {
            assert_eq!(decimal_comma(milli), expected);
        }
    }

    #[test]
    fn a_file_has_a_row_for_each_quarter_stamped_at_its_end() {
        let zone = Zone::parse("Asia/Jakarta").unwrap();
        let start = Timestamp::parse_rfc3339("2026-01-31T00:00:00+07:00").unwrap();
        let (text, value_count, missing_count) =
            text(Span { start, days: 6, seed: 7 }, &zone, true);
        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), 1 + 6 * 96);
        assert_eq!(lines[1], "31/01/2026 00:15;0,000");
        assert_eq!(lines[96], "01/02/2026 00:00;0,000");
        assert_eq!(lines.iter().filter(|line| line.ends_with(";-")).count(), 1);
        assert_eq!((value_count, missing_count), (6 * 96 - 1, 1));
    }
}
