//! The unit in which a parameter enters the equations.

use super::equations::Equations;
use crate::config::plan::{Doubt, Parameter};
use crate::domain::unit::Unit;

/// A parameter's unit, and how its numbers are carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// As printed and as the equations are told it.
    pub symbol: String,
    /// The unit that totals are taken in. For a unit of the methodology that no channel can have,
    /// such as GJ/t, numbers are carried in `count` where they add up and in `1` where they do not.
    pub unit: Unit,
    /// True for such a unit: documents must state it as it is written.
    pub is_own: bool,
    /// True if values add up over time; false for states.
    pub is_amount: bool,
}

impl Entered {
    /// That of the plan.
    #[must_use]
    pub fn planned(parameter: &Parameter) -> Self {
        let (Doubt::Capacity { unit: carrier, .. } | Doubt::Range { unit: carrier, .. }) =
            parameter.doubt;
        let unit = Unit::parse(&parameter.unit);
        Self {
            symbol: parameter.unit.clone(),
            unit: unit.unwrap_or(carrier),
            is_own: unit.is_none(),
            is_amount: matches!(parameter.doubt, Doubt::Capacity { .. }),
        }
    }

    /// That of the methodology where totals can be taken in it, else the plan's.
    #[must_use]
    pub fn of(methodology: &dyn Equations, parameter: &Parameter) -> Self {
        let planned = Self::planned(parameter);
        if planned.is_own {
            return planned;
        }
        let entered = methodology.unit(&parameter.symbol).and_then(|unit| Unit::parse(&unit));
        let fits = |unit: &Unit| planned.unit.conversion_to(*unit).is_some();
        let unit = entered.filter(fits).unwrap_or(planned.unit);
        Self { symbol: unit.symbol().to_owned(), unit, ..planned }
    }
}
