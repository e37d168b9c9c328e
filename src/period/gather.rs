//! A parameter's value in a cell of the calendar, from its channels and its documents.
//!
//! How it comes about is the methodology's ([`How`]). Whatever was not measured and no document
//! gives counts by its bounds; a doubtful category is none, and the engine settles it.

use std::collections::BTreeSet;

use super::Input;
use super::PeriodError;
use super::calendar::Period;
use super::calibration::correct::Side;
use super::cells::Cell;
use super::collect::{self, Amount, Series};
use super::documents::{DayStand, Documents};
use super::equations::{Equations, How};
use super::exact::{add, mean_of_stated, subtract};
use super::factors::{self, Factors};
use super::split;
use super::statement::label;
use super::unit::Entered;
use super::weighted::{self, Weighed};
use crate::config::plan::Parameter;
use crate::decode::amount::scaled;
use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::time::{Date, INTERVAL_US, Timestamp, Zone};

/// Everything that a parameter's value stands on.
pub(super) struct Source<'a> {
    pub parameter: &'a Parameter,
    pub entered: Entered,
    pub how: How,
    pub documents: Documents,
    series: &'a [Series<'a>],
    factors: Factors,
    zone: &'a Zone,
    /// True if it matters in which cells of its calendar a total was counted.
    is_shared: bool,
    /// Local dates with hours that the plan excludes: no document counts on them.
    excluded: BTreeSet<Date>,
}

impl<'a> Source<'a> {
    /// The source of a parameter whose values come about like this.
    ///
    /// # Errors
    /// When a document's value goes beyond the digits of a number.
    pub fn of(
        input: &Input<'a>,
        parameter: &'a Parameter,
        (entered, how): (Entered, How),
        (series, factors): (&'a [Series<'a>], &Factors),
    ) -> Result<Self, PeriodError> {
        let zone = &input.plan.registered.zone;
        let of_day = |date: Date| {
            let day = collect::stretches(Period::day(date), entered.is_amount, zone);
            let from = (series, factors);
            let sum = collect::parameter_amount(parameter, &entered, from, &day, Side::None)?;
            Some((sum.low?, sum.high?))
        };
        let measured: Option<super::documents::Measured<'_>> =
            if parameter.channels.is_empty() { None } else { Some(&of_day) };
        let documents = Documents::of(parameter, &entered, input.amounts, zone, measured);
        let documents = documents.ok_or_else(|| PeriodError::Total {
            label: label(&parameter.symbol, &parameter.members),
            part: "its documents".to_owned(),
        })?;
        let mut excluded = BTreeSet::new();
        for one in &input.plan.exclusions {
            if parameter.channels.contains(&one.channel) {
                let last = zone.date_of(Timestamp::from_us(one.to.us() - 1));
                let dates = Period::new(zone.date_of(one.from), last)?.dates();
                excluded.extend(dates);
            }
        }
        let factors = factors.clone();
        let is_shared = false;
        Ok(Self { parameter, entered, how, documents, series, factors, zone, is_shared, excluded })
    }

    /// The same; over a calendar, and where the equations are not indifferent to it, each cell counts what a
    /// register bridged across its border by the least and the most of it that it can hold.
    #[must_use]
    pub fn shared(mut self, methodology: &dyn Equations) -> Self {
        let symbol = &self.parameter.symbol;
        let collection = methodology.collection(symbol);
        let is_over =
            collection.is_some_and(|one| one.indices.iter().any(|(_, cut)| cut.is_some()));
        self.is_shared = is_over && self.how == How::Sum && !methodology.is_indifferent(symbol);
        self
    }

    #[must_use]
    pub fn label(&self) -> String {
        label(&self.parameter.symbol, &self.parameter.members)
    }

    /// What documents say of a day, where it may count.
    fn document_on(&self, date: Date) -> Option<&DayStand> {
        self.documents.on(date).filter(|_| !self.excluded.contains(&date))
    }

    /// True if a day stands on documents alone, exactly.
    #[must_use]
    pub fn is_documented(&self, date: Date) -> bool {
        self.document_on(date).is_some_and(DayStand::is_exact)
    }

    /// What documents state of some days together, where they add up exactly.
    #[must_use]
    pub fn stated(&self, days: &[Date]) -> Option<Decimal> {
        let mut all = days.iter().map(|day| self.document_on(*day).filter(|one| one.is_exact()));
        let sum = all.try_fold(Decimal::ZERO, |sum, one| super::exact::add(sum, one?.low))?;
        self.entered.is_amount.then_some(sum)
    }

    /// The value in a cell; `weight` is the parameter that a weighted mean is weighted by. Meters
    /// that were not shown to be right are corrected to `side`; those of a weight to both.
    ///
    /// # Errors
    /// When a sum goes beyond the digits of a value or units do not convert.
    pub fn cell(
        &self,
        cell: &Cell,
        weight: Option<&Self>,
        side: Side,
    ) -> Result<Amount, PeriodError> {
        let amount = match (&self.how, weight) {
            (How::Last | How::Latest, _) => self.last(cell, side),
            (How::Weighted(_), Some(weight)) => self.weighted(cell, weight, side),
            _ if self.is_shared => self.bounded(cell, side),
            _ => self.total(cell, side),
        };
        amount.ok_or_else(|| PeriodError::Total { label: self.label(), part: cell.name.clone() })
    }

    /// The category of a cell, a member of an index; `None` where it is not known, or not one and
    /// the same throughout.
    #[must_use]
    pub fn category(&self, cell: &Cell) -> Option<String> {
        let (first, last) = self.dates(cell);
        let stated: Option<Vec<&str>> = Period::new(first, last)
            .ok()?
            .dates()
            .map(|date| self.documents.category(date))
            .collect();
        if let Some([first, rest @ ..]) = stated.as_deref() {
            return rest.iter().all(|one| one == first).then(|| (*first).to_owned());
        }
        let mut of_parameter =
            self.series.iter().filter(|one| self.parameter.channels.contains(&one.plan.key));
        let channel = of_parameter.next()?;
        let rows = channel.rows(cell.from, cell.to);
        let covered: i64 = rows.iter().map(|row| row.covered_us).sum();
        let first = rows.first()?.value?;
        let is_one = rows.iter().all(|row| row.value == Some(first));
        if !is_one || covered != cell.to.us() - cell.from.us() {
            return None;
        }
        let mut codes = self.parameter.codes.iter();
        codes.find(|(code, _)| *code == first).map(|(_, member)| member.clone())
    }

    /// A sum with what registers bridged across the cell's borders in doubt; a day that documents state
    /// exactly has no such doubt.
    fn bounded(&self, cell: &Cell, side: Side) -> Option<Amount> {
        let amount = self.total(cell, side)?;
        let (first, last) = self.dates(cell);
        if first == last && self.is_documented(first) {
            return Some(amount);
        }
        let mut bounded = amount;
        for channel in self.channels() {
            let Some((from, to)) = channel.in_service(cell.from, cell.to) else { continue };
            let shares = split::shares(channel, (from, to));
            let Some((less, more)) = shares else { continue };
            let unit = channel.plan.interval_unit().conversion_to(self.entered.unit)?;
            let parts = self.factors.parts(channel, from, to);
            // By the largest factor and error of the cell: wider than it can be where they change inside.
            let most = |micro: i128| {
                let plain = super::exact::convert(Fixed6::from_micro(micro).ok()?, unit)?;
                let mut widest = Decimal::ZERO;
                for part in &parts {
                    for cut in channel.corrections.cut(part.from, part.to) {
                        let whole = Amount {
                            low: Some(plain),
                            high: Some(plain),
                            ..collect::nothing(true)
                        };
                        let whole = cut.apply(side, whole, self.entered.unit)?;
                        let high = super::exact::greater(whole.high?, plain);
                        let high = factors::multiplied(high, &part.factors)?;
                        widest = super::exact::greater(widest, high);
                    }
                }
                Some(widest)
            };
            let low = subtract(bounded.low?, most(less)?)?;
            let low = super::exact::greater(low, Decimal::ZERO);
            bounded.low = Some(low);
            bounded.high = Some(add(bounded.high?, most(more)?)?);
        }
        Some(bounded)
    }

    /// A sum, or a mean over time.
    fn total(&self, cell: &Cell, side: Side) -> Option<Amount> {
        match cell.part {
            Some(part) if !self.documents.is_empty() => self.documented(part, side),
            Some(part) => self.measured(part, side),
            None => self.span(cell.from, cell.to, side),
        }
    }

    /// True if some of its channels' meters were not shown to be right all the time.
    #[must_use]
    pub fn is_corrected(&self) -> bool {
        self.channels().any(|one| !one.corrections.is_empty())
    }

    /// The channels of the parameter.
    pub fn channels(&self) -> impl Iterator<Item = &Series<'a>> {
        self.series.iter().filter(|one| self.parameter.channels.contains(&one.plan.key))
    }

    /// By the channels alone, gaps by bounds.
    fn measured(&self, part: Period, side: Side) -> Option<Amount> {
        let stretches = collect::stretches(part, self.entered.is_amount, self.zone);
        self.over(&stretches, side)
    }

    /// What its channels add up to over stretches.
    pub fn over(&self, stretches: &[(Timestamp, Timestamp)], side: Side) -> Option<Amount> {
        let from = (self.series, &self.factors);
        collect::parameter_amount(self.parameter, &self.entered, from, stretches, side)
    }

    /// What one of its channels adds up to in a time in which it serves.
    pub fn channel(
        &self,
        channel: &Series<'_>,
        span: (Timestamp, Timestamp),
        side: Side,
    ) -> Option<Amount> {
        collect::channel_part((channel, &self.factors), self.parameter, &self.entered, span, side)
    }

    /// The same without and with its factors, not corrected for calibrations.
    pub fn before_and_after(
        &self,
        channel: &Series<'_>,
        span: (Timestamp, Timestamp),
    ) -> Option<(Amount, Amount)> {
        // A sum has the months for its grain, as a year's amount has.
        let last = Timestamp::from_us(span.1.us() - 1);
        let dates = Period::new(self.zone.date_of(span.0), self.zone.date_of(last)).ok()?;
        let of = |factors: &Factors| {
            let stretches = collect::stretches(dates, self.entered.is_amount, self.zone);
            let inside = stretches.into_iter().map(|(a, b)| (a.max(span.0), b.min(span.1)));
            let part = |span| {
                let from = (channel, factors);
                collect::channel_part(from, self.parameter, &self.entered, span, Side::None)
            };
            let parts: Vec<Amount> =
                inside.filter(|(a, b)| a < b).map(part).collect::<Option<_>>()?;
            match parts.as_slice() {
                [only] => Some(only.clone()),
                parts => collect::sum_of(parts),
            }
        };
        Some((of(&Factors::default())?, of(&self.factors)?))
    }

    /// The stretches of a part in which one of its channels serves and has factors.
    pub fn factored(&self, channel: &Series<'_>, part: Period) -> Vec<factors::Part> {
        let served = channel.in_service(part.start(self.zone), part.end(self.zone));
        let parts = served.map(|(from, to)| self.factors.parts(channel, from, to));
        let mut parts = parts.unwrap_or_default();
        parts.retain(|one| !one.factors.is_empty());
        parts
    }

    /// `[from, to)` of one of its channels, cut where the factors change.
    pub fn cut(&self, channel: &Series<'_>, from: Timestamp, to: Timestamp) -> Vec<factors::Part> {
        self.factors.parts(channel, from, to)
    }

    fn span(&self, from: Timestamp, to: Timestamp, side: Side) -> Option<Amount> {
        self.over(&[(from, to)], side)
    }

    /// Days with documents one by one, the days between them as they were measured.
    fn documented(&self, part: Period, side: Side) -> Option<Amount> {
        let mut parts = Vec::new();
        for month in part.months() {
            let mut open: Option<Period> = None;
            for date in month.dates() {
                if let Some(stand) = self.document_on(date) {
                    if let Some(before) = open.take() {
                        parts.push(self.measured(before, side)?);
                    }
                    let day = (self.zone.start_of(date), self.zone.start_of(date.next()));
                    let stated = stated(stand, day.1.us() - day.0.us());
                    parts.push(self.beside(stated, Period::day(date), side)?);
                } else {
                    open = Some(open.map_or(Period::day(date), |run| run.through(date)));
                }
            }
            if let Some(before) = open {
                parts.push(self.measured(before, side)?);
            }
        }
        match self.entered.is_amount {
            true => collect::sum_of(&parts),
            false => mean_of(&parts),
        }
    }

    /// What a document gives a day beside channels, with what correcting these alters.
    fn beside(&self, stated: Amount, day: Period, side: Side) -> Option<Amount> {
        if side == Side::None || !self.is_corrected() {
            return Some(stated);
        }
        let (plain, corrected) = (self.measured(day, Side::None)?, self.measured(day, side)?);
        let altered = |value: Option<Decimal>, of: fn(&Amount) -> Option<Decimal>| {
            add(value?, subtract(of(&corrected)?, of(&plain)?)?)
        };
        let low = Some(altered(stated.low, |one| one.low)?);
        let high = Some(altered(stated.high, |one| one.high)?);
        Some(Amount { low, high, ..stated })
    }

    /// The last value at or before the end of the cell: that of the channels' last interval, else of
    /// the last document that begins by then ([`How::Latest`]: however old; else inside the cell).
    /// An earlier reading never stands in for a missing last one: deleting readings would choose.
    fn last(&self, cell: &Cell, side: Side) -> Option<Amount> {
        let begin = Timestamp::from_us((cell.to.us() - INTERVAL_US).max(cell.from.us()));
        let length_us = cell.to.us() - cell.from.us();
        let plain = self.span(begin, cell.to, Side::None)?;
        let is_known = plain.low == plain.high && plain.covered_us > 0;
        let (first, last) = self.dates(cell);
        let since = (self.how == How::Last).then_some(first);
        if let (false, Some(stand)) = (is_known, self.documents.latest(last, since)) {
            return Some(stated(&stand, length_us));
        }
        let covered_us = if is_known { length_us } else { 0 };
        Some(Amount { covered_us, length_us, ..self.span(begin, cell.to, side)? })
    }

    /// `sum(V x w) / sum(V)`, interval by interval; day by day where documents give one of them.
    fn weighted(&self, cell: &Cell, weight: &Self, side: Side) -> Option<Amount> {
        let of_weight = if side == Side::None { Side::None } else { Side::Both };
        let mut parts = Vec::new();
        let mut totals = collect::nothing(false);
        let has_documents = !self.documents.is_empty() || !weight.documents.is_empty();
        match cell.part {
            Some(part) if has_documents => {
                for date in part.dates() {
                    let day = Period::day(date);
                    let (from, to) = (day.start(self.zone), day.end(self.zone));
                    let day = Cell { name: String::new(), from, to, part: Some(day) };
                    let pair = (weight.total(&day, of_weight)?, self.total(&day, side)?);
                    parts.push(weighed(&pair)?);
                    collect::widen(&mut totals, &pair.1);
                }
            }
            _ => {
                let mut at = cell.from;
                while at < cell.to {
                    let next = Timestamp::from_us(at.us() + INTERVAL_US).min(cell.to);
                    let pair = (weight.span(at, next, of_weight)?, self.span(at, next, side)?);
                    parts.push(weighed(&pair)?);
                    collect::widen(&mut totals, &pair.1);
                    at = next;
                }
            }
        }
        let bounds = weighted::bounds(&parts, crate::decode::amount::DECIMALS_MAX);
        let (low, high) = match bounds {
            Some(bounds) => bounds,
            // Nothing flowed: whatever the value was, it weighs nothing.
            None => {
                super::documents::bounds_over(self.parameter, &self.entered, cell.from, cell.to)?
            }
        };
        let measured = (low == high).then_some(low);
        Some(Amount { measured, low: Some(low), high: Some(high), ..totals })
    }

    /// First and last local date of a cell.
    fn dates(&self, cell: &Cell) -> (Date, Date) {
        let last = Timestamp::from_us(cell.to.us() - 1);
        (self.zone.date_of(cell.from), self.zone.date_of(last))
    }
}

/// What a document states over a time.
fn stated(stand: &DayStand, length_us: i64) -> Amount {
    let is_exact = stand.is_exact();
    Amount {
        measured: is_exact.then_some(stand.low),
        low: Some(stand.low),
        high: Some(stand.high),
        covered_us: if is_exact { length_us } else { 0 },
        documented_us: if is_exact { length_us } else { 0 },
        length_us,
        leaves: Some(stand.leaves),
    }
}

/// A weight and a value in whole units of their last digits. A weight below zero weighs nothing.
fn weighed((weight, value): &(Amount, Amount)) -> Option<Weighed> {
    // Six decimals of a weight are those of every channel; more would overflow in the product.
    let micro = |value: Decimal| {
        let stored = value.store(crate::domain::unit::Conversion::IDENTITY).ok()?.value;
        Some(i128::from(Fixed6::micro(stored)).max(0))
    };
    Some(Weighed {
        weight: (micro(weight.low?)?, micro(weight.high?)?),
        value: (twelfths(value.low?)?, twelfths(value.high?)?),
    })
}

/// In units of the twelfth decimal.
fn twelfths(value: Decimal) -> Option<i128> {
    let rounded = Decimal::parse(&super::exact::rounded(value, 12)).ok()?;
    scaled(rounded)
}

/// The mean over time of parts of which some are documented.
fn mean_of(parts: &[Amount]) -> Option<Amount> {
    let mut sum = collect::nothing(false);
    parts.iter().for_each(|part| collect::widen(&mut sum, part));
    let weigh = |value: fn(&Amount) -> Option<Decimal>, time: fn(&Amount) -> i64| {
        let known = parts.iter().filter(|part| time(part) > 0);
        let known = known.map(|part| Some((value(part)?, time(part))));
        mean_of_stated(&known.collect::<Option<Vec<_>>>()?)
    };
    if sum.covered_us > 0 {
        sum.measured = Some(weigh(|part| part.measured, |part| part.covered_us)?);
    }
    sum.low = Some(weigh(|part| part.low, |part| part.length_us)?);
    sum.high = Some(weigh(|part| part.high, |part| part.length_us)?);
    Some(sum)
}
