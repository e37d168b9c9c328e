//! Factor tables: constants with their source, sureness and time of validity, cited by methodologies
//! and plans as `table/row`.
//!
//! Takes the text of factor files; gives rows, each with its value, the ends of its range where they
//! are known, its unit and its source. Blends are computed exactly from the components they name.
//! Says where a value differs from the row that it cites. Never supplies a value to an equation: a
//! default stands in the methodology, and a table only says where it comes from. `K?` marks a row
//! that nobody confirmed.

mod check;
mod cite;
mod read;

use super::Number;
use super::model::Sureness;
use super::unit::CompoundUnit;
use crate::domain::decimal::Decimal;
use crate::domain::diagnostic::Diagnostic;
use crate::domain::time::Date;

pub use check::{check_methodology, check_plan};
pub use cite::{Citation, CitationError, Cited, End};

/// The tables that are known, in the order in which they were read.
#[derive(Debug, Clone, Default)]
pub struct Factors {
    tables: Vec<FactorTable>,
}

/// Rows of one kind and one source.
#[derive(Debug, Clone)]
pub struct FactorTable {
    /// Such as `gwp-ar5`.
    pub id: String,
    pub title: String,
    /// More about it, as printed; may be empty.
    pub about: String,
    pub rows: Vec<FactorRow>,
}

/// One constant.
#[derive(Debug, Clone)]
pub struct FactorRow {
    /// Such as `CH4`; unique in its table.
    pub id: String,
    pub about: String,
    pub value: Number,
    /// The ends of its range, where the source has one.
    pub low: Option<Number>,
    pub high: Option<Number>,
    pub unit: CompoundUnit,
    /// First and last day on which it is valid, both inclusive; `None` where nothing is stated.
    pub valid_from: Option<Date>,
    pub valid_to: Option<Date>,
    pub source: String,
    pub sure: Sureness,
    /// Components and their shares, for a value that was computed from them.
    pub blend: Vec<(String, Decimal)>,
}

impl FactorRow {
    /// True if the row is valid on every day from `from` to `to`, both inclusive.
    #[must_use]
    pub fn covers(&self, from: Date, to: Date) -> bool {
        self.valid_from.is_none_or(|start| start <= from)
            && self.valid_to.is_none_or(|end| to <= end)
    }

    /// When it is valid, for people; `None` where nothing is stated.
    #[must_use]
    pub fn validity(&self) -> Option<String> {
        match (&self.valid_from, &self.valid_to) {
            (None, None) => None,
            (Some(from), None) => Some(format!("from {from}")),
            (None, Some(to)) => Some(format!("to {to}")),
            (Some(from), Some(to)) => Some(format!("{from} to {to}")),
        }
    }
}

impl Factors {
    /// The tables that come with the software.
    ///
    /// # Errors
    /// What is wrong with them; nothing is, where the tests pass.
    pub fn shipped() -> Result<Self, Vec<Diagnostic>> {
        let mut factors = Self::default();
        for (file, text) in SHIPPED {
            factors.read(file, text)?;
        }
        Ok(factors)
    }

    /// Adds the tables of a factor file; a table of a known id replaces the known one. `file` is how
    /// the person named it and stands in every diagnostic.
    ///
    /// # Errors
    /// Everything found wrong; then nothing is added.
    pub fn read(&mut self, file: &str, text: &str) -> Result<(), Vec<Diagnostic>> {
        for table in read::parse(file, text)? {
            match self.tables.iter_mut().find(|known| known.id == table.id) {
                Some(known) => *known = table,
                None => self.tables.push(table),
            }
        }
        Ok(())
    }

    #[must_use]
    pub fn tables(&self) -> &[FactorTable] {
        &self.tables
    }

    /// The table of this id.
    #[must_use]
    pub fn table(&self, id: &str) -> Option<&FactorTable> {
        self.tables.iter().find(|table| table.id == id)
    }
}

macro_rules! shipped {
    ($($file:literal),* $(,)?) => {
        &[$((
            concat!("pipelines/factors/", $file),
            include_str!(concat!("../../../pipelines/factors/", $file)),
        )),*]
    };
}

/// Files of `pipelines/factors`: path below the crate's root, and text.
const SHIPPED: &[(&str, &str)] =
    shipped!["gwp.toml", "fuels.toml", "electricity.toml", "waste.toml", "equipment.toml"];

#[cfg(test)]
mod tests {
    use super::*;

    fn value(cite: &str) -> String {
        let factors = Factors::shipped().unwrap();
        let cited = factors.cited(&Citation::parse(cite).unwrap()).unwrap();
        format!("{} {}", cited.value, cited.row.unit)
    }

    #[test]
    fn shipped_tables_have_the_values_of_their_sources() {
        for (cite, expected) in [
            ("gwp-ar4/CH4", "25 tCO2e/t"),
            ("gwp-ar5/HFC-134a", "1300 tCO2e/t"),
            ("gwp-ar6/CH4", "27.9 tCO2e/t"),
            ("fuel-ef/diesel", "74.1 tCO2/TJ"),
            ("fuel-ef/diesel:low", "72.6 tCO2/TJ"),
            ("fuel-ef/diesel:high", "74.8 tCO2/TJ"),
            ("electricity-id-case2/barito", "0.533 tCO2/MWh"),
            ("electricity-id-case2/sulselbar", "0.243 tCO2/MWh"),
            ("waste-k-tropical-wet/food", "0.4 1/yr"),
            ("wastewater/B0", "0.25 kgCH4/kgCOD"),
        ] {
            assert_eq!(value(cite), expected, "{cite}");
        }
    }

    #[test]
    fn blends_are_computed_from_their_components() {
        for (cite, expected) in [
            ("gwp-ar5/R-410A", "1923.5 tCO2e/t"),
            ("gwp-ar5/R-404A", "3942.8 tCO2e/t"),
            ("gwp-ar5/R-407C", "1624.21 tCO2e/t"),
            ("gwp-ar4/R-410A", "2087.5 tCO2e/t"),
        ] {
            assert_eq!(value(cite), expected, "{cite}");
        }
    }

    #[test]
    fn the_second_case_of_indonesia_is_the_first_or_captive_diesel() {
        let factors = Factors::shipped().unwrap();
        let diesel = factors.cited(&Citation::parse("electricity/diesel-captive").unwrap());
        let diesel = diesel.unwrap().value.clone();
        let first = factors.table("electricity-id-case1").unwrap();
        let second = factors.table("electricity-id-case2").unwrap();
        assert_eq!(first.rows.len(), second.rows.len());
        for (one, two) in first.rows.iter().zip(&second.rows) {
            assert_eq!(one.id, two.id);
            let lower = if one.value < diesel { &one.value } else { &diesel };
            assert_eq!(two.value, *lower, "{}", one.id);
        }
    }

    #[test]
    fn a_folder_replaces_tables_by_id() {
        let mut factors = Factors::shipped().unwrap();
        let count = factors.tables().len();
        let text = "mrv_factors = 1\n[[table]]\nid = \"fuel-density\"\ntitle = \"ours\"\nunit = \
                    \"kg/L\"\nsource = \"laboratory\"\nsure = \"S\"\nrow = [{ id = \"diesel\", \
                    value = \"0.835\" }]\n";
        factors.read("own.toml", text).unwrap();
        assert_eq!(factors.tables().len(), count);
        let own = factors.cited(&Citation::parse("fuel-density/diesel").unwrap()).unwrap();
        assert_eq!(own.value.to_string(), "0.835");
        assert_eq!(own.row.sure, Sureness::Sourced);
    }

    #[test]
    fn a_row_covers_its_days_and_no_others() {
        let factors = Factors::shipped().unwrap();
        let cited = factors.cited(&Citation::parse("gwp-ar4/CH4").unwrap()).unwrap();
        let day = |text| Date::parse(text).unwrap();
        assert!(cited.row.covers(day("2012-01-01"), day("2020-12-31")));
        assert!(!cited.row.covers(day("2012-01-01"), day("2021-01-01")));
        assert_eq!(cited.row.validity().as_deref(), Some("to 2020-12-31"));
    }
}
