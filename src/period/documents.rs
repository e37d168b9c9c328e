//! Amounts by local day: what documents give a parameter, each split so that it adds up exactly.
//!
//! A document over several days is spread evenly by days; beside channels it gives only what they
//! did not measure, within what they can have missed. The parts are cut at the twelfth decimal from
//! running totals, so that they always add up to the whole. What is unchecked, without its document,
//! contradicted or beyond the plan's bounds counts by bounds (DESIGN.md section 7), never alone.

use std::collections::BTreeMap;

use super::Input;
use super::equations::How;
use super::exact::{add, convert_decimal, portion, subtract};
use super::gather::Source;
use super::statement::DocumentFacts;
use super::unit::Entered;
use crate::aggregate::total::total;
use crate::config::plan::Parameter;
use crate::decode::amount::{Recorded, Standing, Value};
use crate::domain::decimal::Decimal;
use crate::domain::time::{Date, Timestamp, Zone};

/// What documents say of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DayStand {
    /// In the unit in which the parameter enters; equal where it counts exactly.
    pub low: Decimal,
    pub high: Decimal,
    /// Lowest and highest leaf of its amounts.
    pub leaves: (i64, i64),
}

impl DayStand {
    pub fn is_exact(&self) -> bool {
        self.low == self.high
    }
}

/// Why an amount counts otherwise than by its own value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hold {
    pub number: u32,
    pub reason: String,
}

/// The amounts of one parameter, by day.
#[derive(Debug, Clone, Default)]
pub(super) struct Documents {
    days: BTreeMap<Date, DayStand>,
    /// States one by one: first and last date, and what is stated.
    states: Vec<(Date, Date, DayStand)>,
    /// Days whose category is stated, undisputed and checked.
    categories: BTreeMap<Date, String>,
    /// What is held, by number.
    pub holds: Vec<Hold>,
}

/// What the channels of a parameter add up to on a day: lowest and highest.
pub(super) type Measured<'a> = &'a dyn Fn(Date) -> Option<(Decimal, Decimal)>;

/// The amounts that speak of a parameter.
pub(super) fn of_parameter<'a>(
    parameter: &'a Parameter,
    amounts: &'a [Standing],
) -> impl Iterator<Item = &'a Standing> {
    let is_of = |one: &Recorded| {
        let entry = &one.entry;
        parameter.amounts
            && entry.parameter == parameter.symbol
            && entry.members == parameter.members
            && (entry.methodology.is_empty() || entry.methodology == parameter.methodology)
    };
    amounts.iter().filter(move |standing| standing.alternatives.iter().any(is_of))
}

impl Documents {
    /// The amounts of a parameter. `measured` gives the bounds of its channels on a day, for a
    /// parameter that has some.
    ///
    /// `None` when a value goes beyond the digits of a number.
    pub fn of(
        parameter: &Parameter,
        entered: &Entered,
        amounts: &[Standing],
        zone: &Zone,
        measured: Option<Measured<'_>>,
    ) -> Option<Self> {
        let groups: Vec<&Standing> = of_parameter(parameter, amounts).collect();
        let mut claims: BTreeMap<Date, Vec<usize>> = BTreeMap::new();
        for (place, group) in groups.iter().enumerate() {
            for amount in &group.alternatives {
                for date in dates(amount) {
                    let places = claims.entry(date).or_default();
                    if places.last() != Some(&place) {
                        places.push(place);
                    }
                }
            }
        }
        let mut documents = Self::default();
        let mut stands = Vec::new();
        for group in &groups {
            let adds_up = |place: &usize| {
                groups[*place].alternatives.iter().all(|amount| amount.kind.adds_up())
            };
            let overlaps = |amount: &Recorded| {
                dates(amount).any(|date| {
                    let places = &claims[&date];
                    places.len() > 1 && !(measured.is_none() && places.iter().all(adds_up))
                })
            };
            let hold = hold(parameter, entered, group, zone).or_else(|| {
                let is_overlapped = group.alternatives.iter().any(overlaps);
                is_overlapped.then(|| "another amount covers some of its days".to_owned())
            });
            let bridged = match (&hold, measured, group.alternatives.as_slice()) {
                (None, Some(measured), [amount]) => bridge(amount, entered, parameter, measured)?,
                _ => Bridge::None,
            };
            let hold = match &bridged {
                Bridge::Outside(reason) => Some(reason.clone()),
                _ => hold,
            };
            let numbers = group.alternatives.iter().map(|amount| amount.number);
            if let Some(reason) = &hold {
                let held = numbers.map(|number| Hold { number, reason: reason.clone() });
                documents.holds.extend(held);
            }
            stands.push(match bridged {
                Bridge::Days(days) => days,
                // Beside channels a doubtful document bridges nothing: their own bounds count.
                Bridge::Outside(_) => BTreeMap::new(),
                Bridge::None if measured.is_some() => BTreeMap::new(),
                Bridge::None => shares(parameter, entered, group, hold.is_some(), zone)?,
            });
        }
        for group in &groups {
            let Some(Recorded { value: Value::Category(member), .. }) = group.sound() else {
                continue;
            };
            let days = group.alternatives.iter().flat_map(dates);
            let alone = days.filter(|date| claims[date].len() == 1);
            documents.categories.extend(alone.map(|date| (date, member.clone())));
        }
        if !entered.is_amount {
            for (group, days) in groups.iter().zip(&stands) {
                let spans = group.alternatives.iter().filter_map(|amount| {
                    Some((amount.from, amount.to, days.get(&amount.from)?.clone()))
                });
                documents.states.extend(spans);
            }
            documents.states.sort_by_key(|(from, to, stand)| (*from, *to, stand.leaves));
        }
        let is_sum = entered.is_amount;
        for (date, places) in claims {
            let all = places.iter().filter_map(|place| stands[*place].get(&date));
            let may_add = places.iter().all(|place| {
                groups[*place].alternatives.iter().all(|amount| amount.kind.adds_up())
            });
            if let Some(stand) = together(all, is_sum, may_add)? {
                documents.days.insert(date, stand);
            }
        }
        Some(documents)
    }

    /// What documents say of a day; `None` where they say nothing.
    pub fn on(&self, date: Date) -> Option<&DayStand> {
        self.days.get(&date)
    }

    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// The category that is stated of a day.
    pub fn category(&self, date: Date) -> Option<&str> {
        self.categories.get(&date).map(String::as_str)
    }

    /// The state that is stated last of those that begin at or before `until` and, where `since` is
    /// given, do not end before it. Several that begin on one day count together, by bounds.
    pub fn latest(&self, until: Date, since: Option<Date>) -> Option<DayStand> {
        let fits = |(from, to, _): &&(Date, Date, DayStand)| {
            *from <= until && since.is_none_or(|since| *to >= since)
        };
        let newest = self.states.iter().filter(fits).map(|(from, _, _)| *from).max()?;
        let of_newest = self.states.iter().filter(fits).filter(|(from, _, _)| *from == newest);
        together(of_newest.map(|(_, _, stand)| stand), false, false)?
    }
}

/// The days that an amount covers.
fn dates(amount: &Recorded) -> impl Iterator<Item = Date> + use<> {
    let first = amount.from;
    (0..amount.day_count()).map(move |days| first.plus_days(days))
}

/// The value of an amount in the unit in which its parameter enters.
pub(super) fn value_of(amount: &Recorded, entered: &Entered) -> Option<Decimal> {
    let Value::Number(value) = &amount.value else { return None };
    if entered.is_own {
        return (amount.entry.unit == entered.symbol).then_some(*value);
    }
    let unit = crate::domain::unit::Unit::parse(&amount.entry.unit)?;
    convert_decimal(*value, unit.conversion_to(entered.unit)?)
}

/// Why a group may not count by its value; `None` when it may.
fn hold(parameter: &Parameter, entered: &Entered, group: &Standing, zone: &Zone) -> Option<String> {
    let [amount] = group.alternatives.as_slice() else {
        return Some("replacements contradict each other".to_owned());
    };
    amount.doubt().map(str::to_owned).or_else(|| beyond(parameter, entered, amount, zone))
}

/// How an amount lies beyond the bounds that the plan gives its parameter, if it does.
pub(super) fn beyond(
    parameter: &Parameter,
    entered: &Entered,
    amount: &Recorded,
    zone: &Zone,
) -> Option<String> {
    if !parameter.is_category() && matches!(amount.value, Value::Category(_)) {
        return Some("it states a category, and the parameter is a number".to_owned());
    }
    if parameter.is_category() {
        let is_number = matches!(amount.value, Value::Number(_));
        return is_number.then(|| "it states a number, and the parameter is a category".to_owned());
    }
    let symbol = &entered.symbol;
    let Some(value) = value_of(amount, entered) else {
        return Some(format!("{:?} is no {symbol}", amount.entry.unit));
    };
    let (low, high) = bounds(parameter, entered, amount.from, amount.to, zone)?;
    let is_outside = |a: Decimal, b: Decimal| subtract(a, b).is_none_or(|d| d.is_negative());
    let (code, rule) = match entered.is_amount {
        true => ("V-CAPACITY", "more than the capacity of its days"),
        false => ("V-RANGE", "outside the range of the plan"),
    };
    (is_outside(value, low) || is_outside(high, value))
        .then(|| format!("{code}: {value} {symbol} is {rule}, {low} to {high} {symbol}"))
}

/// What a parameter can be from `from` to `to`, both inclusive, when nothing is known of it.
pub(super) fn bounds(
    parameter: &Parameter,
    entered: &Entered,
    from: Date,
    to: Date,
    zone: &Zone,
) -> Option<(Decimal, Decimal)> {
    bounds_over(parameter, entered, zone.start_of(from), zone.start_of(to.next()))
}

/// What a parameter can be over `[begin, end)` when nothing is known of it.
pub(super) fn bounds_over(
    parameter: &Parameter,
    entered: &Entered,
    begin: Timestamp,
    end: Timestamp,
) -> Option<(Decimal, Decimal)> {
    let sum = total(std::iter::empty(), entered.is_amount, &parameter.doubt, begin, end)?;
    let conversion = sum.unit.conversion_to(entered.unit)?;
    let convert = |value| super::exact::convert(value, conversion);
    Some((convert(sum.low)?, convert(sum.high)?))
}

/// The shares of a group by day.
fn shares(
    parameter: &Parameter,
    entered: &Entered,
    group: &Standing,
    is_held: bool,
    zone: &Zone,
) -> Option<BTreeMap<Date, DayStand>> {
    let mut days: BTreeMap<Date, DayStand> = BTreeMap::new();
    let mut covering: BTreeMap<Date, usize> = BTreeMap::new();
    for amount in &group.alternatives {
        let count = i128::from(amount.day_count());
        // In a unit of another dimension it says nothing: only the bounds are left.
        let value = value_of(amount, entered);
        for (place, date) in (0i128..).zip(dates(amount)) {
            let share = match (value, entered.is_amount) {
                (Some(value), true) => Some(portion(value, place, count)?),
                (value, _) => value,
            };
            let leaves = (amount.leaf, amount.leaf);
            let mut stand = match share {
                Some(share) => DayStand { low: share, high: share, leaves },
                None => {
                    let (low, high) = bounds(parameter, entered, date, date, zone)?;
                    DayStand { low, high, leaves }
                }
            };
            if is_held && group.alternatives.len() == 1 {
                widen(&mut stand, bounds(parameter, entered, date, date, zone)?);
            }
            *covering.entry(date).or_default() += 1;
            match days.get_mut(&date) {
                Some(known) => {
                    widen(known, (stand.low, stand.high));
                    known.leaves =
                        (known.leaves.0.min(amount.leaf), known.leaves.1.max(amount.leaf));
                }
                None => {
                    days.insert(date, stand);
                }
            }
        }
    }
    for (date, stand) in &mut days {
        // An alternative that does not speak of this day leaves it open.
        if covering.get(date).is_none_or(|count| *count < group.alternatives.len()) {
            widen(stand, bounds(parameter, entered, *date, *date, zone)?);
        }
    }
    for amount in group.alternatives.iter().filter(|amount| amount.doubt().is_some()) {
        for date in dates(amount) {
            if let Some(stand) = days.get_mut(&date) {
                widen(stand, bounds(parameter, entered, date, date, zone)?);
            }
        }
    }
    Some(days)
}

/// Takes other bounds in.
fn widen(stand: &mut DayStand, (low, high): (Decimal, Decimal)) {
    let is_below = |a: Decimal, b: Decimal| subtract(a, b).is_some_and(|d| d.is_negative());
    if is_below(low, stand.low) {
        stand.low = low;
    }
    if is_below(stand.high, high) {
        stand.high = high;
    }
}

/// What several groups say of one day. Tickets add up; of others that overlap nobody knows whether
/// they are one and the same: from the lowest of them to all of them.
fn together<'a>(
    stands: impl Iterator<Item = &'a DayStand>,
    is_sum: bool,
    may_add: bool,
) -> Option<Option<DayStand>> {
    let mut all: Option<DayStand> = None;
    for stand in stands {
        let Some(known) = &mut all else {
            all = Some(stand.clone());
            continue;
        };
        let high = add(known.high, stand.high)?;
        match (is_sum, may_add) {
            (true, true) => {
                (known.low, known.high) = (add(known.low, stand.low)?, high);
            }
            (true, false) => widen(known, (stand.low, high)),
            (false, _) => widen(known, (stand.low, stand.high)),
        }
        known.leaves = (known.leaves.0.min(stand.leaves.0), known.leaves.1.max(stand.leaves.1));
    }
    Some(all)
}

/// What a document gives beside channels.
enum Bridge {
    /// The days that the channels left open, each with what falls to it.
    Days(BTreeMap<Date, DayStand>),
    /// It cannot be what the channels measured: why.
    Outside(String),
    None,
}

/// Spreads a document over what channels left open of its days, in proportion to what each day can
/// have missed. `None` when a value goes beyond the digits of a number.
fn bridge(
    amount: &Recorded,
    entered: &Entered,
    parameter: &Parameter,
    measured: Measured<'_>,
) -> Option<Bridge> {
    let Some(value) = value_of(amount, entered) else { return Some(Bridge::None) };
    let leaves = (amount.leaf, amount.leaf);
    let mut known = Vec::new();
    for date in dates(amount) {
        known.push((date, measured(date)?));
    }
    if !entered.is_amount {
        let open = known.iter().filter(|(_, (low, high))| low != high);
        let stand = DayStand { low: value, high: value, leaves };
        return Some(Bridge::Days(open.map(|(date, _)| (*date, stand.clone())).collect()));
    }
    let (mut low, mut high) = (Decimal::ZERO, Decimal::ZERO);
    for (_, (least, most)) in &known {
        low = add(low, *least)?;
        high = add(high, *most)?;
    }
    let (rest, room) = (subtract(value, low)?, subtract(high, low)?);
    if rest.is_negative() || subtract(high, value)?.is_negative() {
        let (symbol, label) = (&entered.symbol, &parameter.symbol);
        return Some(match room.is_zero() {
            // Everything was measured: the document is a second opinion, told by V-BILLING's line.
            true => Bridge::Days(BTreeMap::new()),
            false => Bridge::Outside(format!(
                "it says {value} {symbol}, the meters of {label} lie between {low} and {high} \
                 {symbol} over its days"
            )),
        });
    }
    let mut days = BTreeMap::new();
    let (mut weight, mut given) = (Decimal::ZERO, Decimal::ZERO);
    for (date, (least, most)) in known {
        if least == most {
            continue;
        }
        weight = add(weight, subtract(most, least)?)?;
        let upto = super::exact::scale(rest, weight, room)?;
        let share = add(least, subtract(upto, given)?)?;
        given = upto;
        days.insert(date, DayStand { low: share, high: share, leaves });
    }
    Some(Bridge::Days(days))
}

/// The documents that a report lists of a parameter: those of the period, and the newest before it
/// where the latest result counts.
pub(super) fn facts(input: &Input<'_>, source: &Source<'_>) -> Vec<DocumentFacts> {
    let (first, last) = (input.period.from(), input.period.to());
    let mut facts: Vec<DocumentFacts> = Vec::new();
    let mut older: Option<DocumentFacts> = None;
    for group in of_parameter(source.parameter, input.amounts) {
        for amount in &group.alternatives {
            let mut holds = source.documents.holds.iter();
            let standing = match holds.find(|hold| hold.number == amount.number) {
                Some(hold) => format!("counts by bounds: {}", hold.reason),
                None => "counts".to_owned(),
            };
            let fact = DocumentFacts { amount: amount.clone(), standing };
            if amount.from <= last && amount.to >= first {
                facts.push(fact);
            } else if source.how == How::Latest
                && amount.to < first
                && older.as_ref().is_none_or(|older| older.amount.from < amount.from)
            {
                older = Some(fact);
            }
        }
    }
    facts.extend(older);
    facts.sort_by_key(|fact| (fact.amount.from, fact.amount.number));
    facts
}
