//! Intervals of numbers: what a result can be while its inputs range over their bounds.
//!
//! Only the search over bounds computes with them, and only to prove: values that are claimed are
//! computed with [`super::Number`]. Ends are rounded half-even at 34 digits; the slack of the proof
//! is far wider than that.

use std::cmp::Ordering;

use dashu_float::Repr;

use super::number::{NumberError, Plain, is_negative, is_zero, plain};
use super::syntax::{Extreme, Relation};
use super::tape::Algebra;

/// All values from the first to the second, both inclusive; `None`: nothing is known.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Interval(pub Option<(Plain, Plain)>);

impl Interval {
    pub(super) const WHOLE: Self = Self(None);

    pub(super) fn point(value: Plain) -> Self {
        Self(Some((value.clone(), value)))
    }

    pub(super) fn zero() -> Self {
        Self::point(Repr::zero())
    }

    /// From 0 to 1: what a kink can pass on of a change.
    pub(super) fn share() -> Self {
        Self(Some((Repr::zero(), Repr::one())))
    }

    pub(super) fn is_zero(&self) -> bool {
        matches!(&self.0, Some((low, high)) if is_zero(low) && is_zero(high))
    }

    pub(super) fn is_never_negative(&self) -> bool {
        matches!(&self.0, Some((low, _)) if !is_negative(low))
    }

    pub(super) fn is_never_positive(&self) -> bool {
        matches!(&self.0, Some((_, high)) if is_zero(high) || is_negative(high))
    }

    /// The larger of the magnitudes of both ends, with its sign.
    pub(super) fn steepest(&self) -> Option<Plain> {
        let (low, high) = self.0.as_ref()?;
        let is_low = plain::add(low, high).is_ok_and(|sum| is_negative(&sum));
        Some(if is_low { low.clone() } else { high.clone() })
    }

    fn combine(
        &self,
        other: &Self,
        operation: fn(&Plain, &Plain) -> Result<Plain, NumberError>,
    ) -> Self {
        let (Some((a, b)), Some((c, d))) = (&self.0, &other.0) else { return Self::WHOLE };
        if a == b && c == d {
            return operation(a, c).map_or(Self::WHOLE, Self::point);
        }
        let mut range: Option<(Plain, Plain)> = None;
        for (left, right) in [(a, c), (a, d), (b, c), (b, d)] {
            let Ok(value) = operation(left, right) else { return Self::WHOLE };
            range = Some(match range {
                None => (value.clone(), value),
                Some((low, high)) => (
                    if value < low { value.clone() } else { low },
                    if value > high { value } else { high },
                ),
            });
        }
        Self(range)
    }

    /// How much of a change of each argument a min or max can pass on.
    pub(super) fn shares(extreme: Extreme, arguments: &[&Self]) -> Vec<Self> {
        let wins = |one: &Self, other: &Self| match (&one.0, &other.0, extreme) {
            (Some((_, high)), Some((low, _)), Extreme::Min) => high < low,
            (Some((low, _)), Some((_, high)), Extreme::Max) => low > high,
            _ => false,
        };
        let is_beaten = |at: usize| arguments.iter().any(|other| wins(other, arguments[at]));
        let alive: Vec<bool> = (0..arguments.len()).map(|at| !is_beaten(at)).collect();
        let alive_count = alive.iter().filter(|alive| **alive).count();
        alive
            .into_iter()
            .map(|is_alive| match (is_alive, alive_count) {
                (false, _) => Self::zero(),
                (true, 1) => Self::point(Repr::one()),
                (true, _) => Self::share(),
            })
            .collect()
    }
}

impl Algebra for Interval {
    fn add(&self, other: &Self) -> Result<Self, NumberError> {
        let (Some((a, b)), Some((c, d))) = (&self.0, &other.0) else { return Ok(Self::WHOLE) };
        let low = plain::add(a, c);
        let high = if a == b && c == d { low.clone() } else { plain::add(b, d) };
        Ok(Self(low.and_then(|low| Ok((low, high?))).ok()))
    }

    fn multiply(&self, other: &Self) -> Result<Self, NumberError> {
        if self.is_zero() || other.is_zero() {
            return Ok(Self::zero());
        }
        Ok(self.combine(other, plain::multiply))
    }

    fn divide(&self, other: &Self) -> Result<Self, NumberError> {
        let is_apart = match &other.0 {
            Some((low, high)) => (!is_negative(low) && !is_zero(low)) || is_negative(high),
            None => false,
        };
        Ok(if is_apart { self.combine(other, plain::divide) } else { Self::WHOLE })
    }

    fn negate(&self) -> Self {
        Self(self.0.as_ref().map(|(low, high)| (plain::negate(high), plain::negate(low))))
    }

    fn power(&self, exponent: u32) -> Result<Self, NumberError> {
        let Some((low, high)) = &self.0 else { return Ok(Self::WHOLE) };
        let ends = plain::power(low, exponent).and_then(|l| Ok((l, plain::power(high, exponent)?)));
        let Ok((low_power, high_power)) = ends else { return Ok(Self::WHOLE) };
        if exponent == 0 || exponent % 2 == 1 {
            return Ok(Self(Some((low_power, high_power))));
        }
        let spans_zero = is_negative(low) && !is_negative(high);
        let (small, large) =
            if low_power < high_power { (low_power, high_power) } else { (high_power, low_power) };
        Ok(Self(Some((if spans_zero { Repr::zero() } else { small }, large))))
    }

    fn extreme(extreme: Extreme, arguments: &[&Self]) -> Self {
        let wanted = if extreme == Extreme::Min { Ordering::Less } else { Ordering::Greater };
        let mut range: Option<(Plain, Plain)> = None;
        for argument in arguments {
            let Some((low, high)) = &argument.0 else { return Self::WHOLE };
            range = Some(match range {
                None => (low.clone(), high.clone()),
                Some((a, b)) => (
                    if low.cmp(&a) == wanted { low.clone() } else { a },
                    if high.cmp(&b) == wanted { high.clone() } else { b },
                ),
            });
        }
        Self(range)
    }

    fn exp(&self) -> Result<Self, NumberError> {
        let Some((low, high)) = &self.0 else { return Ok(Self::WHOLE) };
        let ends = plain::exp(low).and_then(|low| Ok((low, plain::exp(high)?)));
        Ok(Self(ends.ok()))
    }

    fn holds(&self, relation: Relation, other: &Self) -> Option<bool> {
        let (Some((a, b)), Some((c, d))) = (&self.0, &other.0) else { return None };
        let (always, never) = match relation {
            Relation::Less => (b < c, a >= d),
            Relation::AtMost => (b <= c, a > d),
            Relation::More => (a > d, b <= c),
            Relation::AtLeast => (a >= d, b < c),
        };
        if always { Some(true) } else { never.then_some(false) }
    }

    fn hull(of: &[&Self]) -> Self {
        let mut range: Option<(Plain, Plain)> = None;
        for one in of {
            let Some((low, high)) = &one.0 else { return Self::WHOLE };
            range = Some(match range {
                None => (low.clone(), high.clone()),
                Some((a, b)) => (a.min(low.clone()), b.max(high.clone())),
            });
        }
        Self(range)
    }

    fn of(number: &super::Number) -> Self {
        Self::point(number.plain().clone())
    }
}
