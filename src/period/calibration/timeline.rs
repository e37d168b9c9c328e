//! When a meter was in control: hour by hour from its certificates, its rule and its exchanges.
//!
//! | state | when | counts by |
//! | --- | --- | --- |
//! | in control | from a certificate's date, that day included, to the day before it is due | itself |
//! | overdue | from the day it is due to the next calibration | the larger of permissible and found error |
//! | out of tolerance | from the last good calibration to the one that found it beyond its permissible error; after one that left it so | the error found, in its direction |
//! | unknown | before the first certificate | as overdue, where a rule or any certificate is stated; else itself |
//!
//! A certificate is good if the error that it left (or found, where it states no other) is
//! permissible. One without accreditation does not count where the rule asks for it; what it found
//! still does. Dates are local, an interval in which two meters hung counts by the larger error.

use crate::config::plan::device::{Basis, ErrorSize, FoundError, Permissible, Sign};
use crate::decode::devices::{Cited, Device, Meter};
use crate::domain::time::{Date, Timestamp, Zone};

/// Whether a meter was right, as far as its certificates say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    InControl,
    /// `is_provisional`: no later calibration is known, so the error may still grow.
    Overdue {
        is_provisional: bool,
    },
    OutOfTolerance,
    Unknown,
}

/// A stretch of time in which a meter was in one state.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    pub serial: String,
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    pub state: State,
    /// By how much a value may be too high, and too low: `None` where it is not corrected that way.
    pub lower: Option<ErrorSize>,
    pub raise: Option<ErrorSize>,
    /// What it follows from, for people.
    pub why: String,
}

impl State {
    /// As printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InControl => "in control",
            Self::Overdue { .. } => "overdue",
            Self::OutOfTolerance => "found out of tolerance",
            Self::Unknown => "unknown",
        }
    }
}

impl Stretch {
    #[must_use]
    pub fn is_corrected(&self) -> bool {
        self.lower.is_some() || self.raise.is_some()
    }
}

/// The states of all meters of a device in `[from, to)`, in the order of time. Time in which no
/// meter hung is in none.
#[must_use]
pub fn timeline(device: &Device, zone: &Zone, (from, to): (Timestamp, Timestamp)) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for meter in &device.meters {
        let begin = meter.from.map_or(from, |at| at.max(from));
        let end = meter.to.map_or(to, |at| at.min(to));
        if begin >= end {
            continue;
        }
        let view = View { device, meter, zone };
        let mut borders = vec![begin, end];
        for cited in &meter.certificates {
            borders.push(zone.start_of(cited.certificate.date));
            borders.extend(cited.certificate.due(device.rule.as_ref()).map(|at| zone.start_of(at)));
        }
        borders.retain(|at| begin <= *at && *at <= end);
        borders.sort_unstable();
        borders.dedup();
        for pair in borders.windows(2) {
            let stretch = view.at(pair[0], pair[1]);
            match stretches.last_mut() {
                Some(last)
                    if last.to == stretch.from
                        && (&last.serial, last.state, last.lower, last.raise, &last.why)
                            == (
                                &stretch.serial,
                                stretch.state,
                                stretch.lower,
                                stretch.raise,
                                &stretch.why,
                            ) =>
                {
                    last.to = stretch.to;
                }
                _ => stretches.push(stretch),
            }
        }
    }
    stretches
}

/// A meter with what its certificates are read by.
struct View<'a> {
    device: &'a Device,
    meter: &'a Meter,
    zone: &'a Zone,
}

impl View<'_> {
    /// The state in `[from, to)`, in which no certificate begins or falls due.
    fn at(&self, from: Timestamp, to: Timestamp) -> Stretch {
        let starts = |one: &Cited| self.zone.start_of(one.certificate.date);
        let all = &self.meter.certificates;
        let last = all.iter().rev().find(|one| starts(one) <= from && self.counts(one));
        let next = all.iter().find(|one| starts(one) > from);
        let (mut state, mut lower, mut raise) = (State::InControl, None, None);
        let mut why;
        match last {
            None => {
                state = State::Unknown;
                why = match (all.iter().rev().find(|one| starts(one) <= from), all.is_empty()) {
                    (Some(one), _) => {
                        format!("{} states no accreditation, which its rule asks for", name(one))
                    }
                    (None, true) => "no certificate of this meter is there".to_owned(),
                    (None, false) => "no certificate of this meter from before".to_owned(),
                };
            }
            Some(one) => {
                let due = one.certificate.due(self.device.rule.as_ref());
                if let Some(due) = due.filter(|due| self.zone.start_of(*due) <= from) {
                    state = State::Overdue { is_provisional: next.is_none() };
                    why = format!("due on {due}, after {}", name(one));
                } else if !one.certificate.is_good(self.permissible())
                    && self.permissible().is_some()
                {
                    state = State::OutOfTolerance;
                    let left = one.certificate.as_left.or(one.certificate.as_found);
                    widen(&mut lower, &mut raise, left);
                    why = format!("{} left it out of tolerance", name(one));
                } else {
                    why = name(one);
                }
            }
        }
        let is_stated = self.device.rule.is_some() || !all.is_empty();
        if matches!(state, State::Overdue { .. } | State::Unknown) && is_stated {
            let permissible = self.permissible().map(|one| one.size);
            lower = larger(lower, permissible);
            raise = larger(raise, permissible);
            why += match next {
                Some(next) => format!("; next {}", name(next)),
                None => "; no later calibration is known".to_owned(),
            }
            .as_str();
        }
        for found in all.iter().filter(|one| starts(one) > from) {
            let Some(error) = found.certificate.found_beyond(self.permissible()) else { continue };
            if self.last_good_before(found.certificate.date).is_some_and(|good| from < starts(good))
            {
                continue;
            }
            widen(&mut lower, &mut raise, Some(error));
            if state == State::InControl {
                state = State::OutOfTolerance;
            }
            why += &format!("; found {error} by {}", name(found));
        }
        let serial = self.meter.plate.serial.clone();
        Stretch { serial, from, to, state, lower, raise, why }
    }

    /// The last certificate before a date that counts and left the meter right.
    fn last_good_before(&self, date: Date) -> Option<&Cited> {
        let mut before = self.meter.certificates.iter().rev();
        before.find(|one| {
            let certificate = &one.certificate;
            certificate.date < date && self.counts(one) && certificate.is_good(self.permissible())
        })
    }

    /// False for a certificate without accreditation where the rule asks for it.
    fn counts(&self, cited: &Cited) -> bool {
        let is_asked =
            self.device.rule.as_ref().is_some_and(|rule| rule.basis == Basis::Accredited);
        !is_asked || !cited.certificate.scope.trim().is_empty()
    }

    fn permissible(&self) -> Option<&Permissible> {
        self.meter.plate.permissible.as_ref()
    }
}

/// Adds an error in its direction: a meter that shows too much is lowered, one that shows too little
/// raised; where the sign is not said, both.
fn widen(lower: &mut Option<ErrorSize>, raise: &mut Option<ErrorSize>, error: Option<FoundError>) {
    let Some(error) = error else { return };
    if error.sign != Sign::Under {
        *lower = larger(*lower, Some(error.size));
    }
    if error.sign != Sign::Over {
        *raise = larger(*raise, Some(error.size));
    }
}

/// The larger of two sizes; the second where they cannot be compared.
pub fn larger(a: Option<ErrorSize>, b: Option<ErrorSize>) -> Option<ErrorSize> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.is_beyond(a) { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// `certificate C-1 of 2024-12-01 by Laboratory`.
pub(super) fn name(cited: &Cited) -> String {
    let certificate = &cited.certificate;
    let body = if certificate.body.is_empty() { "an unnamed body" } else { &certificate.body };
    format!("certificate {} of {} by {body}", certificate.number, certificate.date)
}
