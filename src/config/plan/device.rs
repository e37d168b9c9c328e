//! Devices: the meters that channels come from, with their plates, certificates and calibration rule.
//!
//! A device is a place where something is measured; the meter that hangs there can be exchanged, so
//! what is written on a meter is its [`Plate`]. Errors of meters are sizes in percent of what they
//! show, or in a unit for states such as temperatures.

use std::fmt;

use super::{Date, DeviceKey, Timestamp, Unit};
use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::digest::Sha256Digest;
use crate::domain::unit::Conversion;

/// A multiplier of one.
pub const ONE: Fixed6 = Fixed6::ONE;

/// A device of the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct DevicePlan {
    pub key: DeviceKey,
    /// Where it hangs, for whoever looks for it: `switch room 2, panel 4`.
    pub place: String,
    pub maker: String,
    pub model: String,
    /// Of the meter that is there when the plan begins.
    pub plate: Plate,
    pub rule: Option<CalibrationRule>,
    /// First instant it served, and first instant it no longer does.
    pub installed: Option<Timestamp>,
    pub retired: Option<Timestamp>,
    /// When it was moved and to which place, by time.
    pub moves: Vec<(Timestamp, String)>,
    /// By date.
    pub certificates: Vec<Certificate>,
}

/// What is written on a meter and about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plate {
    pub serial: String,
    /// Accuracy class as printed; empty if not stated.
    pub class: String,
    /// Largest error that is permitted, either way.
    pub permissible: Option<Permissible>,
    /// Current and voltage transformers, as `200/5`; empty where there are none.
    pub ct: String,
    pub vt: String,
    /// What the display is multiplied by; more than zero.
    pub multiplier: Fixed6,
    /// Digits of the display before and after the point.
    pub digits: Option<(u32, u32)>,
    pub seals: Vec<String>,
}

/// Largest permitted error, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissible {
    pub size: ErrorSize,
    /// `IEC 62053-22, class 0.5 S`, or `stated in the plan`.
    pub source: String,
}

/// The size of an error, never below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorSize {
    /// Of what the meter shows.
    Percent(Fixed6),
    /// Of a state: a difference in this unit.
    Absolute(Fixed6, Unit),
}

/// Which way a meter was found to err.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It showed more than there was.
    Over,
    /// It showed less.
    Under,
    /// Not said: either.
    Either,
}

/// The error that a calibration found or left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundError {
    pub size: ErrorSize,
    pub sign: Sign,
}

/// When and by whom a meter is calibrated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalibrationRule {
    /// Calendar months from one calibration to the day on which the next is due.
    pub months: u32,
    pub body: String,
    pub basis: Basis,
}

/// What shows that a meter is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// A certificate of a body that is accredited for it: one without its scope does not count.
    Accredited,
    /// The participant's own calibration.
    Own,
}

/// A calibration's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Of the meter that was calibrated.
    pub serial: String,
    pub number: String,
    pub body: String,
    /// Accreditation of the body, such as `KAN LK-123-IDN`; empty if it has none.
    pub scope: String,
    /// Local date of the calibration.
    pub date: Date,
    /// Last local date on which it is valid, inclusive.
    pub valid_until: Option<Date>,
    /// Before and after adjustment; at least one is there.
    pub as_found: Option<FoundError>,
    pub as_left: Option<FoundError>,
    /// True if it covers the transformers and the multiplier too.
    pub covers_ratio: bool,
    pub document: Option<Sha256Digest>,
}

impl Certificate {
    /// The day after the last one that it covers under a rule: the earlier of its own end and the
    /// rule's interval; `None` where neither says.
    #[must_use]
    pub fn due(&self, rule: Option<&CalibrationRule>) -> Option<Date> {
        let own = self.valid_until.map(Date::next);
        let ruled = rule.map(|rule| self.date.plus_months(rule.months));
        match (own, ruled) {
            (Some(own), Some(ruled)) => Some(own.min(ruled)),
            (own, ruled) => own.or(ruled),
        }
    }

    /// True if the meter went back into service within its permissible error.
    #[must_use]
    pub fn is_good(&self, permissible: Option<&Permissible>) -> bool {
        let error = self.as_left.or(self.as_found);
        match (error, permissible) {
            (Some(error), Some(permissible)) => !error.size.is_beyond(permissible.size),
            (error, None) => error.is_some(),
            (None, _) => false,
        }
    }

    /// The error found before adjustment, where it lies beyond the permissible one.
    #[must_use]
    pub fn found_beyond(&self, permissible: Option<&Permissible>) -> Option<FoundError> {
        let permissible = permissible?.size;
        self.as_found.filter(|found| found.size.is_beyond(permissible))
    }
}

impl ErrorSize {
    /// Reads `0.5 %` or `0.5 K`; no sign.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(number) = text.strip_suffix('%') {
            let percent = stored(number.trim_end())?;
            return (Fixed6::ZERO..HUNDRED).contains(&percent).then_some(Self::Percent(percent));
        }
        let (number, unit) = text.split_once(' ')?;
        let (value, unit) = (stored(number)?, Unit::parse(unit.trim())?);
        (value >= Fixed6::ZERO).then_some(Self::Absolute(value, unit))
    }

    /// True if it is larger; sizes of different kinds cannot be compared and count as larger.
    #[must_use]
    pub fn is_beyond(self, other: Self) -> bool {
        match (self, other) {
            (Self::Percent(a), Self::Percent(b)) => a > b,
            (Self::Absolute(a, of), Self::Absolute(b, by)) => match difference(a, of, by) {
                Some(a) => a > b,
                None => true,
            },
            _ => true,
        }
    }
}

/// A difference of states in another unit: the offset of degC and K plays no part.
#[must_use]
pub fn difference(value: Fixed6, from: Unit, to: Unit) -> Option<Fixed6> {
    let conversion = Conversion { add: 0, ..from.conversion_to(to)? };
    value.to_decimal().store(conversion).ok().map(|stored| stored.value)
}

impl FoundError {
    /// Reads `+1.2 %`, `-0.3 %`, or `1.2 %` where the sign is not said.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (sign, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
            (Some(rest), _) => (Sign::Over, rest),
            (_, Some(rest)) => (Sign::Under, rest),
            _ => (Sign::Either, text),
        };
        Some(Self { size: ErrorSize::parse(rest)?, sign })
    }
}

impl Permissible {
    /// The limit of an accuracy class at rated current and unity power factor: classes 1 and 2 of
    /// IEC 62053-21; 0.1 S, 0.2 S and 0.5 S of IEC 62053-22. Other classes have none here.
    #[must_use]
    pub fn of_class(class: &str) -> Option<Self> {
        let words = class.to_lowercase().replace("class", "");
        let bare: String = words.chars().filter(|c| !c.is_whitespace()).collect();
        let (percent, source) = match bare.replace(',', ".").as_str() {
            "0.1s" => ("0.1", "IEC 62053-22, class 0.1 S"),
            "0.2s" => ("0.2", "IEC 62053-22, class 0.2 S"),
            "0.5s" => ("0.5", "IEC 62053-22, class 0.5 S"),
            "1" | "1.0" => ("1", "IEC 62053-21, class 1"),
            "2" | "2.0" => ("2", "IEC 62053-21, class 2"),
            _ => return None,
        };
        Some(Self { size: ErrorSize::Percent(stored(percent)?), source: source.to_owned() })
    }
}

impl CalibrationRule {
    /// The stricter of two rules: what a later plan loosens counts once it is approved.
    #[must_use]
    pub fn stricter(old: Option<&Self>, new: Option<&Self>) -> Option<Self> {
        match (old, new) {
            (Some(old), Some(new)) => Some(Self {
                months: old.months.min(new.months),
                body: new.body.clone(),
                basis: match (old.basis, new.basis) {
                    (Basis::Own, Basis::Own) => Basis::Own,
                    _ => Basis::Accredited,
                },
            }),
            (old, new) => old.or(new).cloned(),
        }
    }

    /// Reads an interval: `12 months`, `1 year`, `2 years`; gives months.
    #[must_use]
    pub fn parse_interval(text: &str) -> Option<u32> {
        let (count, unit) = text.trim().split_once(' ')?;
        let months = match unit.trim() {
            "month" | "months" => 1,
            "year" | "years" => 12,
            _ => return None,
        };
        let count: u32 = count.parse().ok().filter(|count| (1..=600).contains(count))?;
        Some(count * months)
    }
}

impl Basis {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accredited => "accredited-certificate",
            Self::Own => "own-calibration",
        }
    }
}

/// Reads a transformer's ratio, `200/5`: primary over secondary.
#[must_use]
pub fn parse_ratio(text: &str) -> Option<(Fixed6, Fixed6)> {
    let (primary, secondary) = text.split_once('/')?;
    let part = |text: &str| stored(text.trim()).filter(|value| *value > Fixed6::ZERO);
    Some((part(primary)?, part(secondary)?))
}

const HUNDRED: Fixed6 = Fixed6::HUNDRED;

fn stored(text: &str) -> Option<Fixed6> {
    let stored = Decimal::parse(text).ok()?.store(Conversion::IDENTITY).ok()?;
    stored.is_exact.then_some(stored.value)
}

impl fmt::Display for ErrorSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{} %", percent.to_decimal()),
            Self::Absolute(value, unit) => write!(f, "{} {unit}", value.to_decimal()),
        }
    }
}

impl fmt::Display for FoundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.sign {
            Sign::Over => "+",
            Sign::Under => "-",
            Sign::Either => "",
        };
        write!(f, "{sign}{}", self.size)
    }
}

impl fmt::Display for CalibrationRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "every {} months, {}", self.months, self.basis.as_str())?;
        if self.body.is_empty() { Ok(()) } else { write!(f, ", by {}", self.body) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_errors_read_back_and_compare() {
        for text in ["0.5 %", "0 %", "0.000001 %", "0.3 K"] {
            assert_eq!(ErrorSize::parse(text).unwrap().to_string(), text);
        }
        for text in ["-0.5 %", "100 %", "0.5", "% 1", "1 bananas", "0.0000001 %"] {
            assert_eq!(ErrorSize::parse(text), None, "{text}");
        }
        for text in ["+1.2 %", "-0.3 %", "1.2 %"] {
            assert_eq!(FoundError::parse(text).unwrap().to_string(), text);
        }
        let size = |text| ErrorSize::parse(text).unwrap();
        assert!(size("0.6 %").is_beyond(size("0.5 %")) && !size("0.5 %").is_beyond(size("0.5 %")));
        assert!(size("0.6 K").is_beyond(size("0.5 degC")));
        assert!(!size("0.5 K").is_beyond(size("0.5 degC")));
        assert!(size("0.1 K").is_beyond(size("9 %")), "what cannot be compared is larger");
    }

    #[test]
    fn classes_of_electricity_meters_have_their_limits() {
        for (class, expected) in [
            ("0.5 S", Some("0.5 %")),
            ("Class 0,2S", Some("0.2 %")),
            ("1.0", Some("1 %")),
            ("2", Some("2 %")),
            ("0.5", None),
            ("B", None),
            ("ISO 9060 class B", None),
        ] {
            let size = Permissible::of_class(class).map(|one| one.size.to_string());
            assert_eq!(size.as_deref(), expected, "{class}");
        }
    }

    #[test]
    fn a_certificate_is_due_by_its_own_end_or_the_rule_whichever_comes_first() {
        let date = |text: &str| Date::parse(text).unwrap();
        let mut certificate = Certificate {
            serial: "1".to_owned(),
            number: "C-1".to_owned(),
            body: String::new(),
            scope: String::new(),
            date: date("2024-02-29"),
            valid_until: None,
            as_found: FoundError::parse("+0.4 %"),
            as_left: None,
            covers_ratio: false,
            document: None,
        };
        let rule = CalibrationRule { months: 12, body: String::new(), basis: Basis::Own };
        assert_eq!(certificate.due(None), None);
        assert_eq!(certificate.due(Some(&rule)), Some(date("2025-02-28")));
        certificate.valid_until = Some(date("2024-12-31"));
        assert_eq!(certificate.due(Some(&rule)), Some(date("2025-01-01")));
        certificate.valid_until = Some(date("2030-12-31"));
        assert_eq!(certificate.due(Some(&rule)), Some(date("2025-02-28")));
        let limit = Permissible::of_class("0.2 S");
        assert!(certificate.found_beyond(limit.as_ref()).is_some());
        assert!(!certificate.is_good(limit.as_ref()));
        certificate.as_left = FoundError::parse("-0.1 %");
        assert!(certificate.is_good(limit.as_ref()), "it was adjusted");
    }
}
