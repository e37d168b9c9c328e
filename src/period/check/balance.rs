//! V-BALANCE: an output lies between two shares of an input: the electricity of an engine against the
//! energy of its fuel, the electricity that a network delivers against what it took up, what a tank gave
//! against what was filled in. Information only.

use super::super::collect::{Series, channel_amount};
use super::super::exact::{add, cut_ratio, rounded};
use super::super::{Input, Noted};
use super::noted;
use crate::config::plan::watch::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::flag::{Code, Severity};
use crate::domain::reading::ChannelKey;
use crate::domain::unit::Conversion;
use crate::methodology::Number;

pub fn check(input: &Input<'_>, series: &[Series<'_>], findings: &mut Vec<Noted>) {
    for balance in &input.plan.registered.cross_checks.balances {
        findings.push(match share(input, series, balance) {
            Ok(share) => told(balance, share),
            Err(why) => noted(
                Code::Balance,
                Severity::Info,
                format!("{}: not comparable, {why}", balance.name),
            ),
        });
    }
}

/// Output, input, and the output in percent of the input.
struct Share {
    output: Decimal,
    input: Decimal,
    percent: Decimal,
}

fn share(input: &Input<'_>, series: &[Series<'_>], balance: &Balance) -> Result<Share, String> {
    let output = side(input, series, &balance.output)?;
    let fuel = side(input, series, &balance.input)?;
    let beyond = || "a sum goes beyond the digits of a value".to_owned();
    let fuel = match &balance.stock {
        Some(stock) => add(fuel, fall(input, series, stock)?).ok_or_else(beyond)?,
        None => fuel,
    };
    let product = Number::from(fuel).multiply(&Number::from(balance.per_input));
    let product = product.ok().and_then(|number| number.to_decimal().ok());
    let whole = product.and_then(|value| value.store(Conversion::IDENTITY).ok());
    let whole = whole.ok_or_else(beyond)?.value.micro();
    if whole <= 0 {
        return Err("nothing went in".to_owned());
    }
    let out = output.store(Conversion::IDENTITY).map_err(|error| error.to_string())?;
    let out = i128::from(out.value.micro());
    let percent = cut_ratio(out * 100, whole.into(), 0).ok_or_else(beyond)?;
    let input = Decimal::new(whole.into(), -6).map_err(|error| error.to_string())?;
    Ok(Share { output, input, percent })
}

fn told(balance: &Balance, share: Share) -> Noted {
    let (low, high) = balance.percent;
    let above = |a: Decimal, b: Decimal| {
        super::super::exact::subtract(a, b).is_some_and(|one| !one.is_negative() && !one.is_zero())
    };
    let is_outside = above(low, share.percent) || above(share.percent, high);
    let (severity, outcome) = match is_outside {
        true => (Severity::Critical, "outside"),
        false => (Severity::Info, "inside"),
    };
    let message = format!(
        "{}: {} out of {} in, {} %, {outcome} of {low} to {high} %",
        balance.name,
        rounded(share.output, 3),
        rounded(share.input, 3),
        rounded(share.percent, 2)
    );
    noted(Code::Balance, severity, message)
}

/// The sum of channels over the period, in the unit of the first.
fn side(input: &Input<'_>, series: &[Series<'_>], keys: &[ChannelKey]) -> Result<Decimal, String> {
    let zone = &input.plan.registered.zone;
    let mut sum = Decimal::ZERO;
    let mut unit = None;
    for key in keys {
        let Some(one) = series.iter().find(|one| one.plan.key == *key) else { continue };
        let amount = channel_amount(one, input.period, zone);
        let least = one.plan.watch.settings.number(Code::Complete, "percent");
        let is_measured = amount.as_ref().is_some_and(|amount| {
            i128::from(amount.covered_us) * 100 >= i128::from(amount.length_us) * i128::from(least)
        });
        let measured = amount.and_then(|amount| amount.measured).filter(|_| is_measured);
        let own = one.plan.interval_unit();
        let first = *unit.get_or_insert(own);
        let value = measured.zip(own.conversion_to(first)).and_then(|(value, how)| {
            let stored = value.store(how).ok()?;
            add(sum, stored.value.to_decimal())
        });
        sum = value.ok_or_else(|| format!("{key} was measured for less than {least} %"))?;
    }
    Ok(sum)
}

/// By how much a level fell over the period: its first mean less its last.
fn fall(input: &Input<'_>, series: &[Series<'_>], key: &ChannelKey) -> Result<Decimal, String> {
    let zone = &input.plan.registered.zone;
    let (from, to) = (input.period.start(zone), input.period.end(zone));
    let found = series.iter().find(|one| one.plan.key == *key);
    let rows = found.map_or(&[][..], |one| one.rows(from, to));
    let mut values = rows.iter().filter_map(|row| row.value);
    let first = values.next();
    let last = values.next_back().or(first);
    let fall = first.zip(last).map(|(first, last)| {
        Decimal::new(i128::from(first.micro()) - i128::from(last.micro()), -6)
    });
    match fall {
        Some(Ok(fall)) => Ok(fall),
        _ => Err(format!("{key} was not measured")),
    }
}
