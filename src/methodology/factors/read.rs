//! Factor files: from TOML as written to checked tables; everything wrong is told at once.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::{FactorRow, FactorTable};
use crate::domain::decimal::Decimal;
use crate::domain::diagnostic::Diagnostic;
use crate::domain::id::check_id;
use crate::domain::time::Date;
use crate::methodology::limits::FILE_BYTES_MAX;
use crate::methodology::unit::CompoundUnit;
use crate::methodology::{Number, Sureness};

/// Version of the file format, the value of its key `mrv_factors`.
const FORMAT: i64 = 1;

type Text = Spanned<String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    mrv_factors: Spanned<i64>,
    #[serde(default)]
    table: Vec<RawTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    id: Text,
    title: String,
    #[serde(default)]
    about: String,
    /// What counts for a row that does not say otherwise.
    unit: Text,
    source: String,
    sure: Text,
    valid_from: Option<Text>,
    valid_to: Option<Text>,
    #[serde(default)]
    row: Vec<RawRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRow {
    id: Text,
    #[serde(default)]
    about: String,
    value: Option<Text>,
    low: Option<Text>,
    high: Option<Text>,
    blend: Option<toml::Table>,
    unit: Option<Text>,
    source: Option<String>,
    sure: Option<Text>,
    valid_from: Option<Text>,
    valid_to: Option<Text>,
}

/// Reads and checks a factor file.
pub(super) fn parse(file: &str, text: &str) -> Result<Vec<FactorTable>, Vec<Diagnostic>> {
    if text.len() > FILE_BYTES_MAX {
        let message = format!("a factor file has at most {FILE_BYTES_MAX} bytes");
        return Err(vec![Diagnostic::whole(file, message)]);
    }
    let raw: RawFile = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        vec![Diagnostic::at(file, text, span, error.message().trim().replace('\n', "; "))]
    })?;
    let mut found = Findings { file, text, diagnostics: Vec::new() };
    if *raw.mrv_factors.get_ref() != FORMAT {
        let advice = "write mrv_factors = 1";
        found.tell(raw.mrv_factors.span(), "unknown format of factor tables", advice);
    }
    let mut tables: Vec<FactorTable> = Vec::new();
    for raw in &raw.table {
        if tables.iter().any(|known| known.id == *raw.id.get_ref()) {
            found.tell(
                raw.id.span(),
                format!("table {} stands twice", raw.id.get_ref()),
                "keep one",
            );
        }
        tables.push(found.table(raw));
    }
    match found.diagnostics.is_empty() {
        true => Ok(tables),
        false => Err(found.diagnostics),
    }
}

struct Findings<'a> {
    file: &'a str,
    text: &'a str,
    diagnostics: Vec<Diagnostic>,
}

impl Findings<'_> {
    fn table(&mut self, raw: &RawTable) -> FactorTable {
        if let Err(error) = check_id(raw.id.get_ref()) {
            self.tell(raw.id.span(), error.to_string(), "such as gwp-ar5");
        }
        let mut rows: Vec<FactorRow> = Vec::new();
        for row in &raw.row {
            if rows.iter().any(|known| known.id == *row.id.get_ref()) {
                self.tell(
                    row.id.span(),
                    format!("row {} stands twice", row.id.get_ref()),
                    "keep one",
                );
            }
            if let Some(row) = self.row(raw, row, &rows) {
                rows.push(row);
            }
        }
        FactorTable {
            id: raw.id.get_ref().clone(),
            title: raw.title.clone(),
            about: raw.about.clone(),
            rows,
        }
    }

    fn row(&mut self, table: &RawTable, raw: &RawRow, before: &[FactorRow]) -> Option<FactorRow> {
        if let Err(error) = check_id(raw.id.get_ref()) {
            self.tell(raw.id.span(), error.to_string(), "such as CH4");
        }
        let blend = self.components(raw);
        let value = match (&raw.value, blend.is_empty()) {
            (Some(value), true) => self.number(value),
            (None, false) => self.blended(raw, &blend, before),
            _ => {
                let advice = "write value = \"28\", or blend = { HFC-32 = \"0.5\", ... }";
                self.tell(raw.id.span(), "a row has either a value or a blend", advice);
                None
            }
        };
        let low = raw.low.as_ref().and_then(|text| self.number(text));
        let high = raw.high.as_ref().and_then(|text| self.number(text));
        let unit_text = raw.unit.as_ref().unwrap_or(&table.unit);
        let unit = CompoundUnit::parse(unit_text.get_ref())
            .map_err(|error| self.tell(unit_text.span(), error.to_string(), "such as tCO2/TJ"))
            .ok();
        let sure_text = raw.sure.as_ref().unwrap_or(&table.sure);
        let sure = Sureness::parse(sure_text.get_ref());
        if sure.is_none() {
            let message = format!("sure = {:?} says nothing", sure_text.get_ref());
            self.tell(sure_text.span(), message, "use S, C, D, K or K?");
        }
        let from = raw.valid_from.as_ref().or(table.valid_from.as_ref());
        let valid_from = from.and_then(|text| self.date(text));
        let valid_to =
            raw.valid_to.as_ref().or(table.valid_to.as_ref()).and_then(|text| self.date(text));
        if let (Some(first), Some(last), Some(text)) = (valid_from, valid_to, from)
            && first > last
        {
            self.tell(text.span(), "the validity ends before it begins", "exchange the dates");
        }
        let value = value?;
        let is_outside = low.as_ref().is_some_and(|low| *low > value)
            || high.as_ref().is_some_and(|high| *high < value);
        if is_outside {
            let message = format!("{} is outside of its own range", raw.id.get_ref());
            self.tell(raw.id.span(), message, "low is at most value, high at least");
        }
        Some(FactorRow {
            id: raw.id.get_ref().clone(),
            about: raw.about.clone(),
            value,
            low,
            high,
            unit: unit?,
            valid_from,
            valid_to,
            source: raw.source.clone().unwrap_or_else(|| table.source.clone()),
            sure: sure?,
            blend,
        })
    }

    /// Components of a blend and their shares, as written.
    fn components(&mut self, raw: &RawRow) -> Vec<(String, Decimal)> {
        let mut components = Vec::new();
        for (name, share) in raw.blend.iter().flatten() {
            match share.as_str().map(Decimal::parse) {
                Some(Ok(share)) => components.push((name.clone(), share)),
                _ => {
                    let message = format!("the share of {name} is no number");
                    self.tell(raw.id.span(), message, "write a share such as \"0.5\"");
                }
            }
        }
        components
    }

    /// The mean of the components, weighted by their shares.
    fn blended(
        &mut self,
        raw: &RawRow,
        blend: &[(String, Decimal)],
        before: &[FactorRow],
    ) -> Option<Number> {
        let (mut value, mut whole) = (Number::ZERO, Number::ZERO);
        for (name, share) in blend {
            let Some(component) = before.iter().find(|row| row.id == *name) else {
                let message = format!("component {name} is no row above");
                self.tell(raw.id.span(), message, "give its row first, in the same table");
                return None;
            };
            let share = Number::from(*share);
            let part = component.value.multiply(&share).and_then(|part| value.add(&part));
            match (part, whole.add(&share)) {
                (Ok(sum), Ok(shares)) => (value, whole) = (sum, shares),
                _ => {
                    self.tell(raw.id.span(), "the blend is too long to compute", "shorten it");
                    return None;
                }
            }
        }
        if whole != Number::ONE {
            let message = format!("the shares add up to {whole}");
            self.tell(raw.id.span(), message, "shares of a blend add up to 1");
        }
        Some(value)
    }

    fn number(&mut self, text: &Text) -> Option<Number> {
        Decimal::parse(text.get_ref())
            .map_err(|error| self.tell(text.span(), error.to_string(), "such as \"74.1\""))
            .ok()
            .map(Number::from)
    }

    fn date(&mut self, text: &Text) -> Option<Date> {
        Date::parse(text.get_ref())
            .map_err(|error| self.tell(text.span(), error.to_string(), "such as \"2021-01-01\""))
            .ok()
    }

    fn tell(&mut self, span: Range<usize>, message: impl Into<String>, advice: impl Into<String>) {
        let diagnostic = Diagnostic::at(self.file, self.text, span, message).advise(advice);
        self.diagnostics.push(diagnostic);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(rows: &str) -> Vec<String> {
        let text = format!(
            "mrv_factors = 1\n[[table]]\nid = \"t\"\ntitle = \"T\"\nunit = \"1\"\nsource = \
             \"s\"\nsure = \"K\"\nrow = [{rows}]\n"
        );
        let found = parse("f", &text).err().unwrap_or_default();
        found.into_iter().map(|diagnostic| diagnostic.message).collect()
    }

    #[test]
    fn every_wrong_row_is_told() {
        assert_eq!(told("{ id = \"a\", value = \"1\" }"), [""; 0]);
        for (rows, message) in [
            ("{ id = \"a\" }", "a row has either a value or a blend"),
            ("{ id = \"a\", value = \"1\", low = \"2\" }", "a is outside of its own range"),
            ("{ id = \"a\", value = \"1\", high = \"0\" }", "a is outside of its own range"),
            (
                "{ id = \"a\", value = \"1\", unit = \"furlong\" }",
                "\"furlong\" is no unit: unit \"furlong\" is unknown",
            ),
            ("{ id = \"a\", value = \"1\", sure = \"Q\" }", "sure = \"Q\" says nothing"),
            ("{ id = \"a\", value = \"1\" }, { id = \"a\", value = \"2\" }", "row a stands twice"),
            ("{ id = \"b\", blend = { a = \"1\" } }", "component a is no row above"),
            (
                "{ id = \"a\", value = \"1\" }, { id = \"b\", blend = { a = \"0.9\" } }",
                "the shares add up to 0.9",
            ),
            (
                "{ id = \"a\", value = \"1\", valid_from = \"2021-01-01\", valid_to = \
                 \"2020-01-01\" }",
                "the validity ends before it begins",
            ),
        ] {
            assert_eq!(told(rows), [message], "{rows}");
        }
        assert_eq!(told("{ id = \"a\", value = \"1\", weight = \"2\" }").len(), 1);
    }
}
