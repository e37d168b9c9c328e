//! Two paths to one number: the sum of the intervals against the register's own difference, a main
//! meter against its check meter or its parts, a meter against a document that covers what it measured
//! whole, a year against its estimate, a channel against the year before.
//!
//! Gives both numbers, the residual, what may lie between, and the outcome. Nothing here alters a
//! figure: what the paths disagree on is told.

use super::Input;
use super::calibration::correct::Side;
use super::collect::{Series, stretches};
use super::exact::{convert, rounded, subtract};
use super::factors::Factors;
use super::stand_in::{StandIns, differ_by_ppm, sum_in};
use super::statement::{YearResult, label};
use super::{Applied, Noted, Period};
use crate::config::plan::watch::combined_class_ppm;
use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::flag::{Code, Severity};
use crate::domain::reading::ChannelKey;
use crate::domain::time::{Date, Timestamp};
use crate::domain::unit::{Conversion, Unit};

/// Where neither class nor plan says what a meter and a document may differ by: 1 %.
const DOCUMENT_PPM: i64 = 10_000;

/// What comparing two paths came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Within,
    Beyond,
    /// Beyond, and the plan gives a reason.
    Explained,
    NotComparable,
}

impl Outcome {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Beyond => "beyond",
            Self::Explained => "beyond, with a reason",
            Self::NotComparable => "not comparable",
        }
    }
}

/// Two paths to one number.
#[derive(Debug, Clone, PartialEq)]
pub struct PathFacts {
    pub code: Code,
    pub channel: Option<ChannelKey>,
    /// What is compared, `roof/m1/EG` or a parameter.
    pub subject: String,
    /// The two paths, in words.
    pub first: String,
    pub second: String,
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    pub unit: String,
    pub one: Option<Decimal>,
    pub other: Option<Decimal>,
    /// `one - other`.
    pub residual: Option<Decimal>,
    /// In millionths of the first, for V-HISTORY of the second; `None` where only "above" is asked.
    pub tolerance_ppm: Option<i64>,
    pub outcome: Outcome,
    /// Why it is so, or what is asked for; empty if nothing is to say.
    pub note: String,
}

/// All pairs of paths of the period, but those of its results.
pub(super) fn compare(
    input: &Input<'_>,
    applied: &[Applied<'_>],
    series: &[Series<'_>],
    stand_ins: &StandIns,
) -> Vec<PathFacts> {
    let mut facts = registers(input, series);
    facts.extend(check_meters(input, stand_ins));
    facts.extend(sums(input, series));
    facts.extend(documents(input, applied, series));
    facts.extend(year_before(input, series));
    facts
}

/// The claims against their estimates.
pub(super) fn estimates(input: &Input<'_>, years: &[YearResult]) -> Vec<PathFacts> {
    let zone = &input.plan.registered.zone;
    let several = input.methodologies.len() > 1;
    let fact = |year: &YearResult| {
        let (days, of_year) = (year.part.day_count(), super::check::days_of_year(year.part));
        let estimate = year.ex_ante.and_then(|whole| {
            let count = |days: i32| Decimal::new(days.into(), 0).ok();
            super::exact::scale(whole, count(days)?, count(of_year)?)
        });
        let claimed = Decimal::new(year.claimed, 0).ok();
        let residual = claimed.zip(estimate).and_then(|(one, other)| subtract(one, other));
        let is_above =
            year.ex_ante.is_some_and(|whole| super::check::is_above_estimate(year, whole));
        let reason = super::check::reason(input, year.year);
        let (outcome, note) = match (estimate, is_above, reason) {
            (None, ..) => (Outcome::NotComparable, "the plan gives no estimate".to_owned()),
            (_, false, _) => (Outcome::Within, String::new()),
            (_, true, None) => (Outcome::Beyond, "a reason is needed".to_owned()),
            (_, true, Some(reason)) => (Outcome::Explained, reason.to_owned()),
        };
        let methodology = if several { format!("{} ", year.methodology) } else { String::new() };
        PathFacts {
            code: Code::ExAnte,
            channel: None,
            subject: format!("{methodology}ER {}", year.year),
            first: "claimed".to_owned(),
            second: format!("ex-ante estimate, {days} of {of_year} days"),
            from: year.part.start(zone),
            to: year.part.end(zone),
            unit: "tCO2e".to_owned(),
            one: claimed,
            other: estimate,
            residual,
            tolerance_ppm: None,
            outcome,
            note,
        }
    };
    years.iter().map(fact).collect()
}

/// One finding per pair; those of the estimates are told by V-EXANTE itself.
pub(super) fn findings(facts: &[PathFacts], findings: &mut Vec<Noted>) {
    for fact in facts.iter().filter(|fact| fact.code != Code::ExAnte) {
        let severity = match (fact.outcome, fact.code) {
            (Outcome::Within, _) => Severity::Info,
            (Outcome::NotComparable, Code::CheckMeter) => Severity::Critical,
            (Outcome::NotComparable, _) => Severity::Info,
            (_, Code::History) => Severity::Minor,
            _ => Severity::Critical,
        };
        findings.push(Noted {
            code: fact.code,
            severity,
            channel: fact.channel.clone(),
            span: Some((fact.from, fact.to)),
            count: 1,
            message: sentence(fact),
        });
    }
}

fn sentence(fact: &PathFacts) -> String {
    let shown = |value: Option<Decimal>| {
        value.map_or("nothing".to_owned(), |value| format!("{} {}", rounded(value, 3), fact.unit))
    };
    let mut text = format!(
        "{}: {} {} against {} {}",
        fact.subject,
        fact.first,
        shown(fact.one),
        fact.second,
        shown(fact.other)
    );
    if let Some(residual) = fact.residual {
        text += &format!("; residual {} {}", rounded(residual, 3), fact.unit);
    }
    if let Some(ppm) = fact.tolerance_ppm {
        text += &format!(", tolerance {} %", percent(ppm));
    }
    text += &format!(": {}", fact.outcome.as_str());
    if !fact.note.is_empty() {
        text += &format!("; {}", fact.note);
    }
    text
}

/// `0.7071` of 7,071 ppm.
#[must_use]
pub fn percent(ppm: i64) -> String {
    Decimal::new(ppm.into(), -4).map_or_else(|_| ppm.to_string(), |value| value.to_string())
}

/// What two sums come to beside each other.
struct Sides {
    one: Option<Fixed6>,
    other: Option<Fixed6>,
    unit: Unit,
    tolerance_ppm: i64,
}

impl Sides {
    fn outcome(&self) -> Outcome {
        match (self.one, self.other) {
            (Some(one), Some(other))
                if differ_by_ppm(one, other) <= i128::from(self.tolerance_ppm) =>
            {
                Outcome::Within
            }
            (Some(_), Some(_)) => Outcome::Beyond,
            _ => Outcome::NotComparable,
        }
    }

    fn fact(&self, code: Code, channel: Option<&ChannelKey>, words: [String; 3]) -> PathFacts {
        let decimal =
            |value: Option<Fixed6>| value.and_then(|one| convert(one, Conversion::IDENTITY));
        let (one, other) = (decimal(self.one), decimal(self.other));
        let [subject, first, second] = words;
        PathFacts {
            code,
            channel: channel.cloned(),
            subject,
            first,
            second,
            from: Timestamp::default(),
            to: Timestamp::default(),
            unit: self.unit.symbol().to_owned(),
            one,
            other,
            residual: one.zip(other).and_then(|(one, other)| subtract(one, other)),
            tolerance_ppm: Some(self.tolerance_ppm),
            outcome: self.outcome(),
            note: String::new(),
        }
    }
}

/// The sum of intervals against the register's own difference.
fn registers(input: &Input<'_>, series: &[Series<'_>]) -> Vec<PathFacts> {
    let mut facts = Vec::new();
    for (key, account) in &input.surroundings.accounts {
        let Some(one) = series.iter().find(|one| one.plan.key == *key) else { continue };
        let unit = one.plan.interval_unit();
        let words = |first: &str, second: String| [key.to_string(), first.to_owned(), second];
        let tolerance_ppm = one.plan.watch.settings.number(Code::Paths, "tolerance_ppm");
        let zone = &input.plan.registered.zone;
        let (begin, end) = (input.period.start(zone), input.period.end(zone));
        let Some(account) = account else {
            let sides = Sides { one: None, other: None, unit, tolerance_ppm };
            let second = "register difference".to_owned();
            let fact = sides.fact(Code::Paths, Some(key), words("sum of intervals", second));
            let note = "the register has no two readings on a quarter hour, or fell without a \
                        recorded cause"
                .to_owned();
            facts.push(PathFacts { from: begin, to: end, note, ..fact });
            continue;
        };
        let (from, to) = (account.first.0, account.last.0);
        let rows = one.rows(from, to);
        let sum = sum_in(rows.iter().filter_map(|row| row.measured), one.plan, unit);
        let other = Fixed6::from_micro(account.counted).ok();
        let sides = Sides { one: sum.or(Some(Fixed6::ZERO)), other, unit, tolerance_ppm };
        let turns = match account.turns {
            0 => String::new(),
            count => format!(" with {count} exchanges or rollovers"),
        };
        let second = format!("register difference{turns}");
        let fact = sides.fact(Code::Paths, Some(key), words("sum of intervals", second));
        let doubted = rows.iter().filter(|row| row.value.is_none()).count();
        let note = match doubted {
            0 => String::new(),
            count => {
                format!("{count} intervals in between are in doubt or excluded, by their bounds")
            }
        };
        facts.push(PathFacts { from, to, note, ..fact });
    }
    facts
}

fn check_meters(input: &Input<'_>, stand_ins: &StandIns) -> Vec<PathFacts> {
    let zone = &input.plan.registered.zone;
    let fact = |pair: &super::stand_in::Pair| {
        let sides = Sides {
            one: pair.main,
            other: pair.check,
            unit: pair.unit,
            tolerance_ppm: pair.meters.tolerance_ppm,
        };
        let hours = hours(pair.both_us);
        let words = [
            pair.meters.main.to_string(),
            "main meter".to_owned(),
            format!("check meter {} over the {hours} h that both measured", pair.meters.check),
        ];
        let fact = sides.fact(Code::CheckMeter, Some(&pair.meters.main), words);
        let filled = pair.filled.map_or(String::new(), |value| format!("{value} {}", pair.unit));
        let note = match (pair.is_within, pair.filled_us, &pair.error) {
            (false, ..) => "it fills no gap of the main meter".to_owned(),
            (true, 0, _) => String::new(),
            (true, us, None) => format!("it filled {} h of gaps with {filled}", self::hours(us)),
            (true, us, Some((size, why))) => format!(
                "it filled {} h of gaps with {filled}, which count by an error of {size} ({why}) on the \
                 side that lowers ER",
                self::hours(us)
            ),
        };
        let (from, to) = (input.period.start(zone), input.period.end(zone));
        PathFacts { from, to, note, ..fact }
    };
    stand_ins.pairs.iter().map(fact).collect()
}

/// Hours with two decimals, rounded half-even.
#[must_use]
pub fn hours(us: i64) -> String {
    let hundredths = crate::domain::decimal::divide_half_even(us.into(), 36_000_000);
    Decimal::new(hundredths, -2).map_or_else(|_| us.to_string(), |hours| rounded(hours, 2))
}

/// A main meter against what others measure together, over the intervals that all measured.
fn sums(input: &Input<'_>, series: &[Series<'_>]) -> Vec<PathFacts> {
    let zone = &input.plan.registered.zone;
    let factors = Factors::of(&input.plan.registered.factors, zone);
    let (from, to) = (input.period.start(zone), input.period.end(zone));
    let of = |key: &ChannelKey| series.iter().find(|one| one.plan.key == *key);
    let mut facts = Vec::new();
    for sum in &input.plan.registered.cross_checks.sums {
        let parts: Option<Vec<&Series<'_>>> = sum.parts.iter().map(of).collect();
        let (Some(main), Some(parts)) = (of(&sum.main), parts) else { continue };
        let unit = main.plan.interval_unit();
        let whole = |one: &Series<'_>, at| {
            let rows = one.rows(from, to);
            let found = rows.binary_search_by_key(&at, |row| row.start).ok();
            found.and_then(|place| rows[place].value)
        };
        let (mut mains, mut others) = (Vec::new(), vec![Vec::new(); parts.len()]);
        for row in main.rows(from, to) {
            let values: Option<Vec<Fixed6>> =
                parts.iter().map(|part| whole(part, row.start)).collect();
            if let (Some(value), Some(values)) = (row.value, values) {
                let at = row.start.start();
                mains.push((at, value));
                others.iter_mut().zip(values).for_each(|(all, value)| all.push((at, value)));
            }
        }
        let count = mains.len() as i64;
        let other = others.into_iter().zip(&parts).try_fold(0i128, |so_far, (values, part)| {
            let sum = factors.sum(part, values.into_iter(), unit)?;
            Some(so_far + i128::from(sum.micro()))
        });
        let sides = Sides {
            one: factors.sum(main, mains.into_iter(), unit),
            other: other.and_then(|micro| Fixed6::from_micro(micro).ok()),
            unit,
            tolerance_ppm: sum.tolerance_ppm,
        };
        let names: Vec<String> = sum.parts.iter().map(ToString::to_string).collect();
        let hours = hours(count * crate::domain::time::INTERVAL_US);
        let second = format!("{} over the {hours} h that all measured", names.join(" + "));
        let words = [sum.main.to_string(), "main meter".to_owned(), second];
        facts.push(PathFacts { from, to, ..sides.fact(Code::Sum, Some(&sum.main), words) });
    }
    facts
}

/// Meters against documents over days that the meters measured whole.
fn documents(input: &Input<'_>, applied: &[Applied<'_>], series: &[Series<'_>]) -> Vec<PathFacts> {
    let zone = &input.plan.registered.zone;
    let mut facts = Vec::new();
    for source in applied.iter().flat_map(|one| &one.sources).map(|(_, source)| source) {
        let parameter = source.parameter;
        if parameter.channels.is_empty() || !source.entered.is_amount {
            continue;
        }
        for group in super::documents::of_parameter(parameter, input.amounts) {
            let [amount] = group.alternatives.as_slice() else { continue };
            let Ok(dates) = Period::new(amount.from, amount.to) else { continue };
            if amount.from < input.period.from() || amount.to > input.period.to() {
                continue;
            }
            let spans = stretches(dates, true, zone);
            let measured = source.over(&spans, Side::None);
            let whole = measured.filter(|one| one.covered_us == one.length_us);
            let (Some(one), Some(other)) = (
                whole.and_then(|whole| whole.measured),
                super::documents::value_of(amount, &source.entered),
            ) else {
                continue;
            };
            let plans = series.iter().filter(|one| parameter.channels.contains(&one.plan.key));
            let class = combined_class_ppm(plans.map(|one| one.plan.class.as_str()));
            let fixed =
                |value: Decimal| value.store(Conversion::IDENTITY).ok().map(|one| one.value);
            let sides = Sides {
                one: fixed(one),
                other: fixed(other),
                unit: source.entered.unit,
                tolerance_ppm: class.filter(|ppm| *ppm > 0).unwrap_or(DOCUMENT_PPM),
            };
            let number = &amount.entry.document_number;
            let second = format!("{} {number} of act {}", amount.kind.as_str(), amount.number);
            let name = label(&parameter.symbol, &parameter.members);
            let fact = sides.fact(Code::Paths, None, [name, "meters".to_owned(), second]);
            let (from, to) = (dates.start(zone), dates.end(zone));
            let unit = source.entered.symbol.clone();
            facts.push(PathFacts { from, to, unit, ..fact });
        }
    }
    facts
}

/// Channels of parameters against the same dates of the year before.
fn year_before(input: &Input<'_>, series: &[Series<'_>]) -> Vec<PathFacts> {
    let zone = &input.plan.registered.zone;
    let (from, to) = (input.period.start(zone), input.period.end(zone));
    let mut facts = Vec::new();
    for before in &input.surroundings.before {
        let mut parameters = input.plan.registered.parameters.iter();
        let is_used = parameters.any(|one| one.channels.contains(&before.channel));
        let found = series.iter().find(|one| one.plan.key == before.channel);
        let (Some(one), true) = (found, is_used) else { continue };
        let unit = one.plan.interval_unit();
        let now = super::collect::channel_amount(one, input.period, zone);
        let settings = &one.plan.watch.settings;
        let least = settings.number(Code::Complete, "percent");
        let is_measured = |covered: i64, length: i64| {
            i128::from(covered) * 100 >= i128::from(length) * i128::from(least) && length > 0
        };
        let now_measured = now.as_ref().filter(|now| is_measured(now.covered_us, now.length_us));
        let other = before.measured.filter(|_| is_measured(before.covered_us, before.length_us));
        let other = other.zip(before.unit.conversion_to(unit));
        let sides = Sides {
            one: now_measured
                .and_then(|now| now.measured)
                .and_then(|value| value.store(Conversion::IDENTITY).ok())
                .map(|stored| stored.value),
            other: other
                .and_then(|(value, how)| value.to_decimal().store(how).ok())
                .map(|stored| stored.value),
            unit,
            tolerance_ppm: settings.number(Code::History, "percent") * 10_000,
        };
        let words = [
            before.channel.to_string(),
            "this period".to_owned(),
            "the same dates of the year before".to_owned(),
        ];
        let mut fact = sides.fact(Code::History, Some(&before.channel), words);
        // By how much it changed is told of what was before.
        if let (Some(now), Some(before)) = (sides.one, sides.other) {
            let is_within = differ_by_ppm(before, now) <= i128::from(sides.tolerance_ppm);
            fact.outcome = if is_within { Outcome::Within } else { Outcome::Beyond };
        }
        if fact.outcome == Outcome::NotComparable {
            fact.note = format!("one of both was measured for less than {least} % of the time");
        }
        facts.push(PathFacts { from, to, ..fact });
    }
    facts
}

/// A date one year earlier; the last of February for a leap day.
#[must_use]
pub fn a_year_before(date: Date) -> Date {
    let earlier = |day: i8| Date::new(date.year() - 1, date.month(), day).ok();
    earlier(date.day()).or_else(|| earlier(28)).unwrap_or(date)
}
