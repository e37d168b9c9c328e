//! Rows of table `amounts`: written whole, month by month of their first date.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, StringArray};
use arrow::error::ArrowError;

use super::rows::{Columns, batch, ints, texts};
use super::schema::Table;
use crate::decode::amount::{Ledger, Recorded, Value, scaled};
use crate::domain::time::{Date, Month};

/// File name inside a month's folder.
pub const FILE: &str = "amounts.parquet";

/// A row: an amount, and whether it stands, is replaced, or contradicts another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmountRow {
    pub amount: Recorded,
    pub standing: &'static str,
}

/// All amounts of a ledger by the month of their first date, in the table's order.
#[must_use]
pub fn by_month(ledger: &Ledger) -> BTreeMap<Month, Vec<AmountRow>> {
    let mut standing: BTreeMap<u32, &'static str> = BTreeMap::new();
    for group in ledger.standing() {
        let word = if group.alternatives.len() > 1 { "conflict" } else { "stands" };
        standing.extend(group.alternatives.iter().map(|amount| (amount.number, word)));
    }
    let mut months: BTreeMap<Month, Vec<AmountRow>> = BTreeMap::new();
    for amount in ledger.iter() {
        let word = standing.get(&amount.number).copied().unwrap_or("replaced");
        let month = Month { year: amount.from.year(), month: amount.from.month() };
        months.entry(month).or_default().push(AmountRow { amount, standing: word });
    }
    for rows in months.values_mut() {
        let key = |row: &AmountRow| {
            let entry = &row.amount.entry;
            let members = entry.members.join(" ");
            (entry.parameter.clone(), members, row.amount.from, row.amount.number)
        };
        rows.sort_by_key(key);
    }
    months
}

/// Rows as columns.
///
/// # Errors
/// Never for amounts that a ledger took; an error of Arrow is passed on.
pub fn columns(rows: &[AmountRow]) -> Result<Columns, ArrowError> {
    let amounts = || rows.iter().map(|row| &row.amount);
    let members: Vec<String> = amounts().map(|one| one.entry.members.join(" ")).collect();
    let values: Decimal128Array = amounts()
        .map(|one| match &one.value {
            Value::Number(number) => scaled(*number),
            Value::Category(_) => None,
        })
        .collect();
    let categories = amounts().map(|one| match &one.value {
        Value::Number(_) => None,
        Value::Category(member) => Some(member.as_str()),
    });
    let optional = |values: Vec<Option<&str>>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let documents =
        amounts().map(|one| Some(one.entry.document.as_str()).filter(|d| !d.is_empty()));
    let leaves: Int64Array = amounts().map(|one| one.document_leaf).collect();
    let checkers = amounts().map(|one| one.checked_by.as_deref());
    let replaces: Int64Array = amounts().map(|one| one.entry.replaces.map(i64::from)).collect();
    batch(
        Table::Amounts,
        vec![
            texts(amounts().map(|one| one.entry.parameter.as_str())),
            texts(amounts().map(|one| one.entry.methodology.as_str())),
            texts(members.iter().map(String::as_str)),
            dates(amounts().map(|one| one.from)),
            dates(amounts().map(|one| one.to)),
            Arc::new(values.with_precision_and_scale(38, 12)?),
            optional(categories.collect()),
            texts(amounts().map(|one| one.entry.unit.as_str())),
            texts(amounts().map(|one| one.kind.as_str())),
            optional(documents.collect()),
            Arc::new(leaves),
            texts(amounts().map(|one| one.entry.document_number.as_str())),
            texts(amounts().map(|one| one.entry.issuer.as_str())),
            texts(amounts().map(|one| one.entry.entered_by.as_str())),
            optional(checkers.collect()),
            Arc::new(replaces),
            texts(rows.iter().map(|row| row.standing)),
            texts(amounts().map(|one| one.entry.reason.as_str())),
            ints(amounts().map(|one| one.number.into())),
            ints(amounts().map(|one| one.leaf)),
        ],
    )
}

/// Days since 1970-01-01.
fn dates(dates: impl Iterator<Item = Date>) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values(dates.map(Date::days_since_epoch)))
}
