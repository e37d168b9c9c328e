//! Names of cells: a symbol and its members as a name that every spreadsheet takes.

use std::collections::BTreeMap;

use crate::methodology::Place;

/// Longest name that a spreadsheet takes, in characters (Excel specifications and limits).
const NAME_CHARACTERS_MAX: usize = 255;

/// The names given so far, each to one place.
#[derive(Debug, Default)]
pub(in crate::report) struct Names {
    by_place: BTreeMap<Place, String>,
    /// In small letters: spreadsheets do not tell `EG` from `eg`.
    taken: BTreeMap<String, usize>,
    prefix: String,
}

impl Names {
    /// Names that start with `prefix`, which may be empty.
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..Self::default() }
    }

    /// The name of a symbol for these members; a new one where it has none yet.
    pub fn of(&mut self, symbol: &str, members: &[String]) -> String {
        let place = (symbol.to_owned(), members.to_vec());
        if let Some(name) = self.by_place.get(&place) {
            return name.clone();
        }
        let parts = std::iter::once(symbol).chain(members.iter().map(String::as_str));
        let text = parts.collect::<Vec<_>>().join(".");
        let mut name: String = self.prefix.clone();
        name.extend(text.chars().map(|c| if c.is_alphanumeric() || c == '.' { c } else { '_' }));
        // Room for a number behind it.
        name = name.chars().take(NAME_CHARACTERS_MAX - 8).collect();
        if is_reserved(&name) {
            name.push('_');
        }
        let count = self.taken.entry(name.to_lowercase()).or_insert(0);
        *count += 1;
        if *count > 1 {
            name = format!("{name}_{count}_");
        }
        self.by_place.insert(place, name.clone());
        name
    }
}

/// True for what a spreadsheet reads as a reference or a value: `T1`, `R`, `C`, `R1C1`, `true`.
fn is_reserved(name: &str) -> bool {
    let upper = name.to_uppercase();
    let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let letters = upper.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_cell = letters.len() <= 3
        && letters.len() < upper.len()
        && letters.chars().all(|c| c.is_ascii_uppercase());
    let is_row_column = upper.strip_prefix('R').is_some_and(|rest| match rest.split_once('C') {
        Some((row, column)) => is_number(row) && is_number(column),
        None => is_number(rest),
    });
    let is_column = upper.strip_prefix('C').is_some_and(is_number);
    is_cell || is_row_column || is_column || upper == "TRUE" || upper == "FALSE"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_a_spreadsheet_takes_and_no_two_are_one() {
        let mut names = Names::new("");
        let mut name = |symbol: &str, members: &[&str]| {
            let members: Vec<String> = members.iter().map(|m| (*m).to_owned()).collect();
            names.of(symbol, &members)
        };
        assert_eq!(name("EG", &["roof"]), "EG.roof");
        assert_eq!(name("EG", &["roof"]), "EG.roof");
        assert_eq!(name("EG", &["Roof"]), "EG.Roof_2_");
        assert_eq!(name("W", &["2024-03"]), "W.2024_03");
        assert_eq!(name("T1", &[]), "T1_");
        assert_eq!(name("B0", &[]), "B0_");
        for (symbol, expected) in [("R", "R_"), ("C", "C_"), ("k", "k"), ("COP_RE", "COP_RE")] {
            assert_eq!(name(symbol, &[]), expected);
        }
    }
}
