//! Delayed calibration (CDM VVS, paragraphs 366 to 369): readings between the due date and the actual
//! calibration are corrected by an error, each register by itself and to the side that lowers ER.
//!
//! Takes readings of import and export registers; gives what they count as. Export is lowered, import
//! raised; the net is never corrected, because half of the error would cancel. Pure.
//!
//! [`timeline`] says when a meter was in control and by what error it counts when it was not,
//! [`correct`] applies that to totals, [`check`] tells it, [`facts`] lists it. Which way a register
//! counts is found by the equations: they are evaluated with the error on both sides, and each value
//! is then corrected to the one where ER is lowest.

pub(super) mod check;
pub mod correct;
pub mod facts;
pub mod timeline;

use crate::methodology::{Number, NumberError};

/// Which way a register counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More of it earns more, such as electricity exported.
    Earns,
    /// More of it earns less, such as electricity imported.
    Costs,
}

/// The error to correct by while a calibration is overdue, as a fraction: the one that the delayed
/// calibration found where it is larger than the permissible one, else the permissible one.
#[must_use]
pub fn error_to_apply<'a>(permissible: &'a Number, found: Option<&'a Number>) -> &'a Number {
    match found {
        Some(found) if found > permissible => found,
        _ => permissible,
    }
}

/// What a reading counts as: itself, or corrected by `error` where the calibration was overdue.
///
/// # Errors
/// A result that is no number.
pub fn counted(
    reading: &Number,
    direction: Direction,
    overdue_by: Option<&Number>,
) -> Result<Number, NumberError> {
    let Some(error) = overdue_by else { return Ok(reading.clone()) };
    let factor = match direction {
        Direction::Earns => Number::ONE.subtract(error)?,
        Direction::Costs => Number::ONE.add(error)?,
    };
    reading.multiply(&factor)
}

/// Export less import of months, each register corrected by itself where its calibration was overdue.
///
/// # Errors
/// A result that is no number.
pub fn net(months: &[(Number, Number, bool)], error: &Number) -> Result<Number, NumberError> {
    months.iter().try_fold(Number::ZERO, |sum, (export, import, is_overdue)| {
        let error = is_overdue.then_some(error);
        let export = counted(export, Direction::Earns, error)?;
        sum.add(&export)?.subtract(&counted(import, Direction::Costs, error)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::decimal::Decimal;

    fn number(text: &str) -> Number {
        Decimal::parse(text).unwrap().into()
    }

    fn months() -> Vec<(Number, Number, bool)> {
        [("1000", "3.0", false), ("980", "2.5", true), ("1020", "2.8", true)]
            .map(|(export, import, overdue)| (number(export), number(import), overdue))
            .to_vec()
    }

    #[test]
    fn registers_are_corrected_apart_and_to_the_side_that_costs() {
        // Export 1000 + 2000 * 0.995, import 3 + 5.3 * 1.005.
        assert_eq!(net(&months(), &number("0.005")).unwrap().to_fixed(6), "2981.673500");
        assert_eq!(net(&months(), &number("0.012")).unwrap().to_fixed(6), "2967.636400");
        assert_eq!(net(&months(), &Number::ZERO).unwrap().to_fixed(6), "2991.700000");
    }

    #[test]
    fn the_larger_of_permissible_and_found_error_counts() {
        let (permissible, found) = (number("0.005"), number("0.012"));
        assert_eq!(error_to_apply(&permissible, Some(&found)), &found);
        assert_eq!(error_to_apply(&found, Some(&permissible)), &found);
        assert_eq!(error_to_apply(&permissible, None), &permissible);
    }
}
