//! Amounts: values with a document, entered by one person and checked by another.
//!
//! An amount is an act of the project's log that states what a parameter came to over local dates,
//! both inclusive, and names its document by SHA-256. The [`Ledger`] says which of them stand: a
//! replacement takes the place of what it names; two different replacements of one amount are a
//! conflict, and both stand. Nothing here knows a plan; whether an amount may count by itself is
//! said by [`Recorded::doubt`], and by how much it counts is `period`'s.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::act::ActError;
use crate::domain::decimal::Decimal;
use crate::domain::digest::Sha256Digest;
use crate::domain::time::Date;

/// Most decimals of an amount: those of table `amounts`, DECIMAL(38,12).
pub const DECIMALS_MAX: u32 = 12;
/// Every amount is below this: 26 digits before the point.
const WHOLE_END: i128 = 100_000_000_000_000_000_000_000_000;
/// First and last year that an amount may name.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=2200;

/// What kind of document an amount stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AmountKind {
    Invoice,
    Laboratory,
    Weighbridge,
    TankDip,
    Cylinder,
    Manual,
}

impl AmountKind {
    pub const ALL: [Self; 6] = [
        Self::Invoice,
        Self::Laboratory,
        Self::Weighbridge,
        Self::TankDip,
        Self::Cylinder,
        Self::Manual,
    ];

    /// The word in acts, tables and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::Laboratory => "laboratory-result",
            Self::Weighbridge => "weighbridge-ticket",
            Self::TankDip => "tank-dip",
            Self::Cylinder => "cylinder-weighing",
            Self::Manual => "manual-reading",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// True where several of the same days add up: tickets and weighings; an invoice, result, dip
    /// or reading is the only one of its days.
    #[must_use]
    pub fn adds_up(self) -> bool {
        matches!(self, Self::Weighbridge | Self::Cylinder)
    }
}

/// An amount as it is stated.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmountEntry {
    /// In the methodology's symbols, such as `EC_import`.
    pub parameter: String,
    /// The methodology that it speaks of; empty for every one of the plan that has the parameter.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub methodology: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// Local dates of the accounting zone, both inclusive.
    pub from: String,
    pub to: String,
    /// A decimal in `unit`; without a unit the member of an index, for a category of the day.
    pub value: String,
    #[serde(default)]
    pub unit: String,
    /// A word of [`AmountKind`].
    pub kind: String,
    /// SHA-256 of the document; empty if there is none: the amount is then in doubt.
    #[serde(default)]
    pub document: String,
    #[serde(default)]
    pub document_number: String,
    #[serde(default)]
    pub issuer: String,
    pub entered_by: String,
    /// Empty until somebody else checked it.
    #[serde(default)]
    pub checked_by: String,
    /// The act whose place it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u32>,
    #[serde(default)]
    pub reason: String,
}

/// A second person's check of an amount against its document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmountCheck {
    /// The act that is checked.
    pub amount: u32,
    pub checked_by: String,
}

/// What an amount says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Number(Decimal),
    /// A member of an index: the category of these days.
    Category(String),
}

/// An amount as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its act's number, and the leaf that carries it.
    pub number: u32,
    pub leaf: i64,
    pub entry: AmountEntry,
    /// Both inclusive.
    pub from: Date,
    pub to: Date,
    pub value: Value,
    pub kind: AmountKind,
    /// Who checked it; never who entered it.
    pub checked_by: Option<String>,
    /// The leaf of its document; `None` when the log has none.
    pub document_leaf: Option<i64>,
}

impl Recorded {
    /// Why it may not count by its value alone; `None` when it may.
    #[must_use]
    pub fn doubt(&self) -> Option<&'static str> {
        match (self.document_leaf, &self.checked_by) {
            (None, _) => Some("its document is missing"),
            (_, None) => Some("nobody but who entered it has checked it"),
            _ => None,
        }
    }

    /// `invoice INV-7 (act 3)`.
    #[must_use]
    pub fn name(&self) -> String {
        let number = match self.entry.document_number.as_str() {
            "" => String::new(),
            number => format!(" {number}"),
        };
        format!("{}{number} (act {})", self.kind.as_str(), self.number)
    }

    /// Days that it covers.
    #[must_use]
    pub fn day_count(&self) -> i32 {
        self.from.days_until(self.to) + 1
    }

    /// The whole of it: what two replacements must agree in.
    fn content(&self) -> (Date, Date, &Value, &str) {
        (self.from, self.to, &self.value, &self.entry.unit)
    }
}

/// What stands for some days of a parameter: one amount, or several that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// By number; never empty.
    pub alternatives: Vec<Recorded>,
}

impl Standing {
    /// The one amount that stands undisputed, checked, and with its document.
    #[must_use]
    pub fn sound(&self) -> Option<&Recorded> {
        match self.alternatives.as_slice() {
            [one] if one.doubt().is_none() => Some(one),
            _ => None,
        }
    }
}

/// All amounts of a project's log, with their checks and documents.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    entries: BTreeMap<u32, Recorded>,
    checks: BTreeMap<u32, BTreeSet<String>>,
    /// First leaf of each document.
    documents: BTreeMap<Sha256Digest, i64>,
}

impl Ledger {
    /// Takes an amount. A second act of one number is not taken.
    ///
    /// # Errors
    /// When its dates, value or kind are none, or its last date lies before its first.
    pub fn add(&mut self, number: u32, leaf: i64, entry: &AmountEntry) -> Result<(), ActError> {
        let recorded = recorded(number, leaf, entry)?;
        self.entries.entry(number).or_insert(recorded);
        Ok(())
    }

    /// Takes a check; it counts when it names an amount that somebody else entered.
    pub fn check(&mut self, check: &AmountCheck) {
        let name = check.checked_by.trim().to_owned();
        self.checks.entry(check.amount).or_default().insert(name);
    }

    /// Takes a document of the log.
    pub fn add_document(&mut self, sha256: Sha256Digest, leaf: i64) {
        self.documents.entry(sha256).or_insert(leaf);
    }

    /// The leaf of a document.
    #[must_use]
    pub fn document(&self, sha256: &Sha256Digest) -> Option<i64> {
        self.documents.get(sha256).copied()
    }

    /// The amount of this act.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<Recorded> {
        self.entries.get(&number).map(|entry| self.known(entry))
    }

    /// All amounts, by number.
    pub fn iter(&self) -> impl Iterator<Item = Recorded> {
        self.entries.values().map(|entry| self.known(entry))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The acts that take this one's place; more than one is a conflict unless they say the same.
    #[must_use]
    pub fn replaced_by(&self, number: u32) -> Vec<u32> {
        let takes = |(_, entry): &(&u32, &Recorded)| self.replaced(entry) == Some(number);
        self.entries.iter().filter(takes).map(|(number, _)| *number).collect()
    }

    /// What stands: amounts that nothing replaced, those that stem from one amount together; by the
    /// number of their first.
    #[must_use]
    pub fn standing(&self) -> Vec<Standing> {
        let replaced: BTreeSet<u32> =
            self.entries.values().filter_map(|entry| self.replaced(entry)).collect();
        let mut groups: BTreeMap<u32, Vec<Recorded>> = BTreeMap::new();
        for entry in self.entries.values().filter(|entry| !replaced.contains(&entry.number)) {
            let group = groups.entry(self.root(entry)).or_default();
            let is_new = group.iter().all(|other| other.content() != entry.content());
            if is_new {
                group.push(self.known(entry));
            }
        }
        groups.into_values().map(|alternatives| Standing { alternatives }).collect()
    }

    /// The earlier amount of the same parameter whose place an amount takes.
    fn replaced(&self, entry: &Recorded) -> Option<u32> {
        let number = entry.entry.replaces.filter(|number| *number < entry.number)?;
        let old = self.entries.get(&number)?;
        let is_same = old.entry.parameter == entry.entry.parameter
            && old.entry.methodology == entry.entry.methodology
            && old.entry.members == entry.entry.members;
        is_same.then_some(number)
    }

    /// The first amount in whose place this one stands. Numbers fall on the way, so it ends.
    fn root(&self, entry: &Recorded) -> u32 {
        let mut number = entry.number;
        let mut at = Some(entry);
        while let Some(earlier) = at.and_then(|entry| self.replaced(entry)) {
            number = earlier;
            at = self.entries.get(&earlier);
        }
        number
    }

    /// An amount with what checks and documents say of it.
    fn known(&self, entry: &Recorded) -> Recorded {
        let mut known = entry.clone();
        let enterer = entry.entry.entered_by.trim().to_lowercase();
        let of_act = Some(entry.entry.checked_by.trim().to_owned());
        let by_others = self.checks.get(&entry.number).into_iter().flatten().cloned();
        let mut names = of_act.into_iter().chain(by_others);
        known.checked_by = names.find(|name| !name.is_empty() && name.to_lowercase() != enterer);
        let sha256 = Sha256Digest::parse(&entry.entry.document);
        known.document_leaf = sha256.and_then(|sha256| self.document(&sha256));
        known
    }
}

/// Reads what an entry states.
fn recorded(number: u32, leaf: i64, entry: &AmountEntry) -> Result<Recorded, ActError> {
    let date = |text: &String| match Date::parse(text) {
        Ok(date) if YEARS.contains(&date.year()) => Ok(date),
        Ok(_) => Err(ActError::Amount(format!("{text} lies outside the years 1970 to 2200"))),
        Err(error) => Err(ActError::Time(text.clone(), error)),
    };
    let (from, to) = (date(&entry.from)?, date(&entry.to)?);
    if to < from {
        let reason =
            format!("it ends on {to}, before it begins on {from}; both dates are inclusive");
        return Err(ActError::Amount(reason));
    }
    let kind = AmountKind::parse(&entry.kind).ok_or_else(|| {
        let words: Vec<&str> = AmountKind::ALL.into_iter().map(AmountKind::as_str).collect();
        let words = words.join(", ");
        ActError::Amount(format!("{:?} is no kind of amount; use one of {words}", entry.kind))
    })?;
    if !entry.document.is_empty() && Sha256Digest::parse(&entry.document).is_none() {
        let reason = format!("{:?} is no SHA-256 of a document", entry.document);
        return Err(ActError::Amount(reason));
    }
    let value = match entry.unit.as_str() {
        "" => Value::Category(entry.value.clone()),
        _ => Value::Number(number_of(&entry.value)?),
    };
    let (checked_by, document_leaf) = (None, None);
    let entry = entry.clone();
    Ok(Recorded { number, leaf, entry, from, to, value, kind, checked_by, document_leaf })
}

/// A value that table `amounts` takes without rounding.
fn number_of(text: &str) -> Result<Decimal, ActError> {
    let value = Decimal::parse(text).map_err(|e| ActError::Value(text.to_owned(), e))?;
    let scaled = scaled(value).ok_or_else(|| {
        ActError::Amount(format!("{text} has more than {DECIMALS_MAX} decimals or 26 digits"))
    })?;
    if scaled < 0 {
        let advice = "an amount is never below zero; replace the amount that it would lower";
        return Err(ActError::Amount(format!("{text}: {advice}")));
    }
    Ok(value)
}

/// In units of the twelfth decimal, exactly; `None` when it does not fit table `amounts`.
#[must_use]
pub fn scaled(value: Decimal) -> Option<i128> {
    let shift = value.exponent() + DECIMALS_MAX as i32;
    let power = 10i128.checked_pow(shift.unsigned_abs())?;
    let scaled = match shift >= 0 {
        true => value.coefficient().checked_mul(power)?,
        false if value.coefficient() % power == 0 => value.coefficient() / power,
        false => return None,
    };
    (scaled.unsigned_abs() < (WHOLE_END as u128).checked_mul(1_000_000_000_000)?).then_some(scaled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(value: &str, replaces: Option<u32>) -> AmountEntry {
        AmountEntry {
            parameter: "EC".to_owned(),
            from: "2025-12-16".to_owned(),
            to: "2026-01-15".to_owned(),
            value: value.to_owned(),
            unit: "MWh".to_owned(),
            kind: "invoice".to_owned(),
            document: Sha256Digest::of(b"invoice").to_string(),
            entered_by: "Ann".to_owned(),
            checked_by: "Bo".to_owned(),
            replaces,
            ..AmountEntry::default()
        }
    }

    fn standing(entries: &[AmountEntry]) -> Vec<Vec<String>> {
        let mut ledger = Ledger::default();
        for (number, entry) in (1..).zip(entries) {
            ledger.add(number, i64::from(number) + 100, entry).unwrap();
        }
        let values =
            |one: &Standing| one.alternatives.iter().map(|one| one.entry.value.clone()).collect();
        ledger.standing().iter().map(values).collect()
    }

    #[test]
    fn a_replacement_stands_in_the_place_of_what_it_names() {
        assert_eq!(standing(&[entry("1", None), entry("2", Some(1))]), [["2"]]);
        let chain = [entry("1", None), entry("2", Some(1)), entry("3", Some(2))];
        assert_eq!(standing(&chain), [["3"]]);
        // What names nothing earlier of its own parameter replaces nothing.
        let mut other = entry("2", Some(1));
        other.parameter = "EG".to_owned();
        assert_eq!(standing(&[entry("1", None), other]), [["1"], ["2"]]);
        assert_eq!(standing(&[entry("1", Some(2)), entry("2", Some(9))]), [["1"], ["2"]]);
    }

    #[test]
    fn two_different_replacements_are_a_conflict_and_two_equal_ones_are_not() {
        let different = [entry("1", None), entry("2", Some(1)), entry("3", Some(1))];
        assert_eq!(standing(&different), [["2", "3"]]);
        let equal = [entry("1", None), entry("2", Some(1)), entry("2.0", Some(1))];
        assert_eq!(standing(&equal), [["2"]]);
        let settled =
            [entry("1", None), entry("2", Some(1)), entry("3", Some(1)), entry("3", Some(2))];
        assert_eq!(standing(&settled), [["3"]]);
    }

    #[test]
    fn an_amount_counts_alone_only_with_its_document_and_a_second_person() {
        let mut ledger = Ledger::default();
        let mut unchecked = entry("5", None);
        unchecked.checked_by = " ANN ".to_owned();
        ledger.add(1, 10, &unchecked).unwrap();
        let doubt = |ledger: &Ledger| ledger.get(1).unwrap().doubt();
        assert_eq!(doubt(&ledger), Some("its document is missing"));
        ledger.add_document(Sha256Digest::of(b"invoice"), 9);
        assert_eq!(doubt(&ledger), Some("nobody but who entered it has checked it"));
        ledger.check(&AmountCheck { amount: 1, checked_by: "ann".to_owned() });
        assert_eq!(doubt(&ledger), Some("nobody but who entered it has checked it"));
        ledger.check(&AmountCheck { amount: 1, checked_by: "Bo".to_owned() });
        assert_eq!(doubt(&ledger), None);
        assert_eq!(ledger.get(1).unwrap().checked_by.as_deref(), Some("Bo"));
    }

    #[test]
    fn what_states_nothing_is_refused_with_its_reason() {
        let wrong = |change: fn(&mut AmountEntry)| {
            let mut entry = entry("1", None);
            change(&mut entry);
            recorded(1, 1, &entry).map(|_| ()).unwrap_err().to_string()
        };
        assert!(wrong(|e| e.to = "2025-12-15".to_owned()).contains("before it begins"));
        assert!(wrong(|e| e.from = "16.12.2025".to_owned()).contains("16.12.2025"));
        assert!(wrong(|e| e.value = "-1".to_owned()).contains("never below zero"));
        assert!(wrong(|e| e.value = "1.0000000000001".to_owned()).contains("12 decimals"));
        assert!(wrong(|e| e.value = "1e27".to_owned()).contains("26 digits"));
        assert!(wrong(|e| e.kind = "bill".to_owned()).contains("use one of invoice"));
        assert!(wrong(|e| e.document = "scan.pdf".to_owned()).contains("no SHA-256"));
    }
}
