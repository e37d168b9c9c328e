//! The product rule of uncertainty (GUM): relative uncertainties of independent factors add in
//! quadrature. For a methodology's ER the budget of `methodology::uncertainty` counts instead, which
//! knows where one meter stands in several places. Pure.

use crate::methodology::{Number, NumberError};

/// The relative uncertainty of a product from those of its factors, in their unit (percent or
/// fraction).
///
/// # Errors
/// A result that is no number.
pub fn of_product(relative: &[Number]) -> Result<Number, NumberError> {
    let squares = relative.iter().try_fold(Number::ZERO, |sum, one| sum.add(&one.multiply(one)?));
    squares?.sqrt()
}

/// The uncertainty of a value in its own unit, from a relative one in percent.
///
/// # Errors
/// A result that is no number.
pub fn absolute(value: &Number, percent: &Number) -> Result<Number, NumberError> {
    value.multiply(percent)?.divide(&Number::from_integer(100))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::decimal::Decimal;

    #[test]
    fn independent_factors_add_in_quadrature() {
        let number = |text: &str| Number::from(Decimal::parse(text).unwrap());
        let percent = of_product(&["1.5", "2.0", "1.0"].map(number)).unwrap();
        assert_eq!(percent.to_fixed(6), "2.692582");
        let emissions = number("1850").multiply(&number("48.0")).unwrap();
        let emissions = emissions.multiply(&number("0.0561")).unwrap();
        assert_eq!(emissions.to_fixed(6), "4981.680000");
        assert_eq!(absolute(&emissions, &percent).unwrap().to_fixed(6), "134.135839");
        assert_eq!(of_product(&[]).unwrap(), Number::ZERO);
    }
}
