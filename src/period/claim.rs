//! The claim of a calendar year: one rounding, downward, and what a negative year leaves behind.
//!
//! `ROUNDDOWN` of a spreadsheet cuts toward zero; floor does not: -888.485 gives -889. A negative
//! year claims 0, and its floored amount stands as unresolved negative, deducted from later years in
//! the order of their dates.

use super::exact::floor;
use crate::domain::decimal::Decimal;

/// What a year claims, in whole tCO2e.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The greatest whole number not above ER, or what a spreadsheet floors ER to where that is
    /// lower.
    pub floored: i128,
    /// Never below zero.
    pub claimed: i128,
    /// Unresolved negative left to later years, zero or below.
    pub carried_out: i128,
}

/// The claim of a year with this ER, after the unresolved negative of the years before (zero or
/// below). `spreadsheet`: what ER floors to in binary floats, where that differs. `None` beyond the
/// range of whole numbers.
#[must_use]
pub fn claim(er: Decimal, spreadsheet: Option<i128>, carried_in: i128) -> Option<Claim> {
    let exact = floor(er)?;
    let floored = spreadsheet.map_or(exact, |binary| binary.min(exact));
    let net = floored.checked_add(carried_in)?;
    Some(Claim { floored, claimed: net.max(0), carried_out: net.min(0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(ers: &[&str]) -> Vec<(i128, i128, i128)> {
        let mut carried = 0;
        let year = |er: &&str| {
            let claim = claim(Decimal::parse(er).unwrap(), None, carried).unwrap();
            carried = claim.carried_out;
            (claim.floored, claim.claimed, claim.carried_out)
        };
        ers.iter().map(year).collect()
    }

    #[test]
    fn each_year_is_floored_by_itself() {
        assert_eq!(claims(&["371.476137", "392.720836"]), [(371, 371, 0), (392, 392, 0)]);
        assert_eq!(claims(&["533.000"]), [(533, 533, 0)]);
    }

    #[test]
    fn the_lower_of_both_floors_is_claimed() {
        let er = Decimal::parse("533.000").unwrap();
        assert_eq!(claim(er, Some(532), 0).unwrap().claimed, 532);
        assert_eq!(claim(er, Some(534), 0).unwrap().claimed, 533);
    }

    #[test]
    fn a_negative_year_is_deducted_from_later_years_in_order() {
        assert_eq!(
            claims(&["-888.485", "500.9", "400.1", "100"]),
            [(-889, 0, -889), (500, 0, -389), (400, 11, 0), (100, 100, 0)]
        );
    }
}
