//! Citations: `table/row`, with `:low` or `:high` for an end of its range, or `table/*` for the row
//! that is named as the member of the last index.

use std::fmt;

use super::{FactorRow, Factors};
use crate::methodology::Number;

/// A place in the factor tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    pub table: String,
    /// `*`: the row that is named as the member.
    pub row: String,
    pub end: End,
}

/// Which number of a row is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Value,
    Low,
    High,
}

/// A row that a citation leads to.
#[derive(Debug, Clone, Copy)]
pub struct Cited<'a> {
    pub row: &'a FactorRow,
    /// The number that is meant, in the row's unit.
    pub value: &'a Number,
}

/// Why a citation leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CitationError {
    #[error("{0:?} is no citation; write table/row, table/row:low or table/row:high")]
    Form(String),
    #[error("there is no factor table {table}; mrv factor list shows them")]
    Table { table: String },
    #[error("factor table {table} has no row {row}; it has {}", .known.join(", "))]
    Row { table: String, row: String, known: Vec<String> },
    #[error("{table}/{row} has no {end} end of a range")]
    End { table: String, row: String, end: End },
}

impl Citation {
    /// Reads `gwp-ar5/CH4`, `fuel-ef/diesel:high`, `waste-doc/*`.
    ///
    /// # Errors
    /// When it has another form.
    pub fn parse(text: &str) -> Result<Self, CitationError> {
        let error = || CitationError::Form(text.to_owned());
        let (table, rest) = text.split_once('/').ok_or_else(error)?;
        let (row, end) = match rest.split_once(':') {
            None => (rest, End::Value),
            Some((row, "low")) => (row, End::Low),
            Some((row, "high")) => (row, End::High),
            Some(_) => return Err(error()),
        };
        if table.is_empty() || row.is_empty() || row.contains('/') {
            return Err(error());
        }
        Ok(Self { table: table.to_owned(), row: row.to_owned(), end })
    }

    /// The citation for these members: `*` becomes the last of them.
    #[must_use]
    pub fn of(&self, members: &[String]) -> Self {
        match members.last() {
            Some(member) if self.is_by_member() => Self { row: member.clone(), ..self.clone() },
            _ => self.clone(),
        }
    }

    #[must_use]
    pub fn is_by_member(&self) -> bool {
        self.row == "*"
    }
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.table, self.row)?;
        match self.end {
            End::Value => Ok(()),
            end => write!(f, ":{end}"),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value => "value",
            Self::Low => "low",
            Self::High => "high",
        })
    }
}

impl Factors {
    /// The row and number that a citation leads to.
    ///
    /// # Errors
    /// When there is no such table, row, or end of its range.
    pub fn cited(&self, citation: &Citation) -> Result<Cited<'_>, CitationError> {
        let Citation { table, row, end } = citation;
        let known =
            self.table(table).ok_or_else(|| CitationError::Table { table: table.clone() })?;
        let found = known.rows.iter().find(|known| known.id == *row).ok_or_else(|| {
            let known = known.rows.iter().map(|row| row.id.clone()).collect();
            CitationError::Row { table: table.clone(), row: row.clone(), known }
        })?;
        let value = match end {
            End::Value => Some(&found.value),
            End::Low => found.low.as_ref(),
            End::High => found.high.as_ref(),
        };
        let missing = || CitationError::End { table: table.clone(), row: row.clone(), end: *end };
        Ok(Cited { row: found, value: value.ok_or_else(missing)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_is_table_and_row() {
        for text in ["gwp-ar5/CH4", "fuel-ef/diesel:high", "fuel-ef/diesel:low", "waste-doc/*"] {
            assert_eq!(Citation::parse(text).unwrap().to_string(), text);
        }
        for text in ["gwp", "/CH4", "gwp/", "a/b/c", "fuel-ef/diesel:top", ""] {
            let error = Citation::parse(text).unwrap_err();
            assert_eq!(error, CitationError::Form(text.to_owned()), "{text}");
        }
        let by_member = Citation::parse("fuel-ef/*:low").unwrap();
        let members = ["boiler".to_owned(), "lpg".to_owned()];
        assert_eq!(by_member.of(&members).to_string(), "fuel-ef/lpg:low");
        assert_eq!(by_member.of(&[]), by_member);
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        let factors = Factors::shipped().unwrap();
        for (text, told) in [
            ("gwp-ar3/CH4", "there is no factor table gwp-ar3; mrv factor list shows them"),
            ("fuel-density/petrol", "factor table fuel-density has no row petrol; it has diesel"),
            ("gwp-ar5/CH4:low", "gwp-ar5/CH4 has no low end of a range"),
        ] {
            let error = factors.cited(&Citation::parse(text).unwrap()).unwrap_err();
            assert_eq!(error.to_string(), told);
        }
    }
}
