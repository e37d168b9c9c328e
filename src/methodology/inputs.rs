//! What an evaluation is given: members of the indices, and a value with bounds for each input.

use std::collections::BTreeMap;

use super::Place;
use super::model::IndexSet;
use super::number::Number;
use super::unit::{CompoundUnit, UnitError};

/// Lowest and highest value that an input can have, both inclusive; equal when there is no doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    low: Number,
    high: Number,
}

impl Bounds {
    /// # Errors
    /// When `low` is above `high`.
    pub fn new(low: Number, high: Number) -> Result<Self, InputError> {
        if low > high {
            return Err(InputError::Order { low: low.to_string(), high: high.to_string() });
        }
        Ok(Self { low, high })
    }

    /// A value without doubt.
    #[must_use]
    pub fn exact(value: Number) -> Self {
        Self { low: value.clone(), high: value }
    }

    #[must_use]
    pub fn low(&self) -> &Number {
        &self.low
    }

    #[must_use]
    pub fn high(&self) -> &Number {
        &self.high
    }

    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.low != self.high
    }
}

/// Why an input is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    #[error("the low bound {low} is above the high bound {high}")]
    Order { low: String, high: String },
    #[error(transparent)]
    Unit(#[from] UnitError),
}

/// The inputs of one evaluation: of one period and calendar year.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    pub(super) index_sets: BTreeMap<String, Vec<String>>,
    pub(super) values: BTreeMap<Place, (Bounds, CompoundUnit)>,
    /// The member that a category names; `None`: it is not known which.
    pub(super) categories: BTreeMap<Place, Option<String>>,
    /// Members in the order of time, and the place at which the evaluated part starts.
    calendars: Vec<(IndexSet, Vec<String>, usize)>,
}

impl Inputs {
    /// Inputs over these members, in declared order: the shape of `Registered::index_sets`.
    #[must_use]
    pub fn new(index_sets: &[(String, Vec<String>)]) -> Self {
        Self { index_sets: index_sets.iter().cloned().collect(), ..Self::default() }
    }

    /// Gives the members of every index over a calendar: from the first that the project has to the
    /// last of the evaluated calendar year, without a hole, in the order of time. The evaluated part
    /// starts at `first`; for years it is one year.
    pub fn set_calendar(&mut self, calendar: IndexSet, members: Vec<String>, first: usize) {
        self.calendars.retain(|(known, ..)| *known != calendar);
        self.calendars.push((calendar, members, first));
    }

    pub(super) fn calendar(&self, calendar: &IndexSet) -> Option<(&[String], usize)> {
        let found = self.calendars.iter().find(|(known, ..)| known == calendar);
        found.map(|(_, members, first)| (members.as_slice(), *first))
    }

    /// Says which member of its index a category names; `None` where that is not known: then it
    /// counts as the one that gives the lowest ER.
    pub fn set_category(&mut self, symbol: &str, members: &[String], category: Option<&str>) {
        let place = (symbol.to_owned(), members.to_vec());
        self.categories.insert(place, category.map(str::to_owned));
    }

    /// Gives an input, in `unit`; it is converted to the parameter's unit when evaluated. A second
    /// value for the same place replaces the first.
    ///
    /// # Errors
    /// When the unit cannot be read.
    pub fn set(
        &mut self,
        symbol: &str,
        members: &[String],
        bounds: Bounds,
        unit: &str,
    ) -> Result<(), InputError> {
        let unit = CompoundUnit::parse(unit)?;
        self.values.insert((symbol.to_owned(), members.to_vec()), (bounds, unit));
        Ok(())
    }

    #[must_use]
    pub fn bounds(&self, symbol: &str, members: &[String]) -> Option<&Bounds> {
        self.values.get(&(symbol.to_owned(), members.to_vec())).map(|(bounds, _)| bounds)
    }
}
