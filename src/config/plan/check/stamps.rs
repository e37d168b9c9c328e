//! Patterns of stamps: `%d/%m/%Y %H:%M` into parts.

use crate::config::plan::reader::StampPart;

/// Reads a pattern.
///
/// # Errors
/// The first sign in it that is none.
pub fn parse_pattern(pattern: &str) -> Result<Vec<StampPart>, String> {
    let mut parts = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            parts.push(StampPart::Literal(character));
            continue;
        }
        match characters.next() {
            Some('Y') => parts.push(StampPart::Year),
            Some('y') => parts.push(StampPart::YearShort),
            Some('m') => parts.push(StampPart::Month),
            Some('b') => parts.push(StampPart::MonthName),
            Some('d') => parts.push(StampPart::Day),
            Some('H') => parts.push(StampPart::Hour),
            Some('I') => parts.push(StampPart::Hour12),
            Some('p') => parts.push(StampPart::Meridiem),
            Some('M') => parts.push(StampPart::Minute),
            Some('S') => parts.push(StampPart::Second),
            Some('z') => parts.push(StampPart::Offset),
            Some('%') => parts.push(StampPart::Literal('%')),
            Some(other) => return Err(format!("%{other} is no part of a stamp")),
            None => return Err("the pattern ends with %".to_owned()),
        }
    }
    let has = |wanted: &[StampPart]| parts.iter().any(|part| wanted.contains(part));
    let has_date = has(&[StampPart::Year, StampPart::YearShort])
        && has(&[StampPart::Month, StampPart::MonthName])
        && has(&[StampPart::Day]);
    if !has_date {
        return Err("the pattern has no year, month and day".to_owned());
    }
    if has(&[StampPart::Hour12]) != has(&[StampPart::Meridiem]) {
        return Err("%I and %p belong together".to_owned());
    }
    Ok(parts)
}
