//! What would ER be if: the statement of a period with hours, devices, documents or values taken out or set.
//!
//! Takes what was collected of a period ([`super::collect`]) and a list of [`Change`]s; gives RE, PE,
//! ER and claim of each year with and without them. What is taken out is in doubt by the plan's
//! bounds, as if it had never come: a register does not bridge it. Nothing is recorded; sealed
//! versions of the same period are looked past.

use std::sync::Arc;

use super::ReportError;
use super::collect::{Collected, Named};
use crate::aggregate::interval::IntervalRow;
use crate::config::plan::FixedValue;
use crate::decode::amount::{AmountEntry, AmountKind, Recorded, Standing, Value};
use crate::domain::decimal::Decimal;
use crate::domain::reading::ChannelKey;
use crate::domain::time::Timestamp;
use crate::methodology::ParameterKind;
use crate::period::statement::label;
use crate::period::{ChannelRows, Statement};

/// Something taken out or set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The intervals of all channels that begin with these names (site, then device, then quantity;
    /// none: of every channel), those that start in `during`, or all.
    Without { names: Vec<String>, during: Option<(Timestamp, Timestamp)> },
    /// The amount of this act.
    WithoutAmount(u32),
    /// Everything that gives this monitored parameter its value.
    WithoutParameter { symbol: String, members: Vec<String> },
    /// A monitored parameter or one fixed ex ante has this value over the whole period, in the unit
    /// of the plan, else of the methodology.
    Set { symbol: String, members: Vec<String>, value: Decimal },
}

/// A year with and without the changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearEffect {
    /// Id of the methodology.
    pub methodology: String,
    pub year: i16,
    pub before: Outcome,
    pub after: Outcome,
}

/// What a year comes to, in tCO2e.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub re: Decimal,
    pub pe: Decimal,
    pub er: Decimal,
    /// Whole tonnes, rounded down, after unresolved negatives.
    pub claimed: i128,
}

impl Collected {
    /// Forgets this period's own seal and what was sealed after it.
    pub fn look_past_seals(&mut self) {
        let period = self.period;
        self.earlier.retain(|(_, seal)| seal.dates().is_ok_and(|(_, to)| to < period.from()));
    }

    /// The statement of a draft.
    ///
    /// # Errors
    /// As [`Collected::state`].
    pub fn draft(&self) -> Result<Statement, ReportError> {
        self.state(Named::default())
    }

    /// Applies changes, one after the other.
    ///
    /// # Errors
    /// When a change names nothing that is there.
    pub fn apply(&mut self, changes: &[Change]) -> Result<(), ReportError> {
        changes.iter().try_for_each(|change| match change {
            Change::Without { names, during } => self.take_out(names, *during),
            Change::WithoutAmount(number) => self.take_out_amount(*number),
            Change::WithoutParameter { symbol, members } => self.unmeasure(symbol, members),
            Change::Set { symbol, members, value } => self.set(symbol, members, *value),
        })
    }

    /// Calls `look` while the intervals of some channels are out, and puts them back.
    pub(super) fn while_without<T>(
        &mut self,
        is_out: impl Fn(&ChannelKey, &IntervalRow) -> bool,
        look: impl FnOnce(&Self) -> T,
    ) -> T {
        let mut out: Vec<(usize, Vec<IntervalRow>)> = Vec::new();
        for (place, ChannelRows { key, rows }) in self.channels.iter_mut().enumerate() {
            if rows.iter().any(|row| is_out(key, row)) {
                let kept = rows.iter().filter(|row| !is_out(key, row)).copied().collect();
                out.push((place, std::mem::replace(rows, kept)));
            }
        }
        let seen = look(self);
        for (place, rows) in out {
            self.channels[place].rows = rows;
        }
        seen
    }

    fn take_out(
        &mut self,
        names: &[String],
        during: Option<(Timestamp, Timestamp)>,
    ) -> Result<(), ReportError> {
        if !self.plan.channels.iter().any(|channel| begins_with(&channel.key, names)) {
            let names = names.join("/");
            return Err(refused(format!("the plan has no site, device or channel {names}")));
        }
        let is_kept = |row: &IntervalRow| {
            during.is_some_and(|(from, to)| !(from..to).contains(&row.start.start()))
        };
        for channel in self.channels.iter_mut().filter(|one| begins_with(&one.key, names)) {
            channel.rows.retain(is_kept);
        }
        Ok(())
    }

    fn take_out_amount(&mut self, number: u32) -> Result<(), ReportError> {
        let before = self.amounts.len();
        let is_it = |one: &Standing| one.alternatives.iter().any(|amount| amount.number == number);
        self.amounts.retain(|one| !is_it(one));
        match self.amounts.len() < before {
            true => Ok(()),
            false => Err(refused(format!("no amount of act {number} stands in the period"))),
        }
    }

    fn unmeasure(&mut self, symbol: &str, members: &[String]) -> Result<(), ReportError> {
        let plan = Arc::make_mut(&mut self.plan);
        let mut found = false;
        for one in &mut plan.registered.parameters {
            if one.symbol == symbol && one.members == members {
                (one.channels, one.amounts, found) = (Vec::new(), false, true);
            }
        }
        match found {
            true => Ok(()),
            false => Err(no_parameter(symbol, members)),
        }
    }

    fn set(&mut self, symbol: &str, members: &[String], value: Decimal) -> Result<(), ReportError> {
        let plan = Arc::make_mut(&mut self.plan);
        let is_it = |of: &str, with: &[String]| of == symbol && with == members;
        let mut found = false;
        for one in &mut plan.registered.parameters {
            if is_it(&one.symbol, &one.members) && !one.is_category() {
                (one.channels, one.amounts, found) = (Vec::new(), true, true);
                let amount = stated(symbol, members, value, &one.unit, self.period);
                let is_other = |standing: &Standing| {
                    let entry = &standing.alternatives[0].entry;
                    !is_it(&entry.parameter, &entry.members)
                };
                self.amounts.retain(is_other);
                self.amounts.push(Standing { alternatives: vec![amount] });
            }
        }
        for one in &mut plan.registered.fixed {
            if is_it(&one.symbol, &one.members) {
                (one.value, found) = (value, true);
            }
        }
        if found {
            return Ok(());
        }
        // A value of the methodology's own: the plan's goes before it.
        for (methodology, id) in self.methodologies.iter().zip(&plan.registered.methodologies) {
            let mut all = methodology.parameters.iter();
            let is_fixed = |one: &&crate::methodology::Parameter| {
                one.symbol == symbol && matches!(one.kind, ParameterKind::Fixed { .. })
            };
            if let Some(parameter) = all.find(is_fixed) {
                plan.registered.fixed.push(FixedValue {
                    methodology: id.clone(),
                    symbol: symbol.to_owned(),
                    members: members.to_vec(),
                    value,
                    unit: parameter.unit.to_string(),
                    source: "what if".to_owned(),
                    confirmed: None,
                    factor: String::new(),
                    comments: String::new(),
                });
                found = true;
            }
        }
        match found {
            true => Ok(()),
            false => Err(no_parameter(symbol, members)),
        }
    }
}

/// What changes alter, year by year.
#[must_use]
pub fn effects(before: &Statement, after: &Statement) -> Vec<YearEffect> {
    let outcome = |year: &crate::period::statement::YearResult| Outcome {
        re: year.re,
        pe: year.pe,
        er: year.er,
        claimed: year.claimed,
    };
    let pairs = before.years.iter().zip(&after.years);
    pairs
        .map(|(before, after)| YearEffect {
            methodology: before.methodology.clone(),
            year: before.year,
            before: outcome(before),
            after: outcome(after),
        })
        .collect()
}

/// True if the channel's names begin with these.
#[must_use]
pub fn begins_with(key: &ChannelKey, names: &[String]) -> bool {
    let own = [key.site.as_str(), key.device.as_str(), key.quantity.as_str()];
    names.len() <= own.len() && names.iter().zip(own).all(|(name, own)| name == own)
}

/// A document that states the value over the whole period.
fn stated(
    symbol: &str,
    members: &[String],
    value: Decimal,
    unit: &str,
    period: crate::period::Period,
) -> Recorded {
    let by = "what if";
    let entry = AmountEntry {
        parameter: symbol.to_owned(),
        members: members.to_vec(),
        from: period.from().to_string(),
        to: period.to().to_string(),
        value: value.to_string(),
        unit: unit.to_owned(),
        kind: AmountKind::Invoice.as_str().to_owned(),
        entered_by: by.to_owned(),
        ..AmountEntry::default()
    };
    Recorded {
        number: 0,
        leaf: -1,
        entry,
        from: period.from(),
        to: period.to(),
        value: Value::Number(value),
        kind: AmountKind::Invoice,
        checked_by: Some(by.to_owned()),
        document_leaf: Some(-1),
    }
}

fn no_parameter(symbol: &str, members: &[String]) -> ReportError {
    refused(format!(
        "neither plan nor methodology has a parameter {}; mrv period close prints those there are",
        label(symbol, members)
    ))
}

fn refused(reason: String) -> ReportError {
    ReportError::Refused(reason)
}
