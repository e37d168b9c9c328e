//! What a period needs beside its intervals: findings on its series, the registers' own accounts, gaps
//! that its borders cut, and what the same dates of the year before came to.
//!
//! Readings and intervals are read month by month, so that memory stays bounded.

use std::collections::BTreeMap;

use super::ReportError;
use super::collect::Published;
use crate::aggregate::account::Reader;
use crate::aggregate::finding::{clock, series};
use crate::aggregate::interval::IntervalRow;
use crate::config::plan::change::ChangeKind;
use crate::config::plan::{ChannelKind, ChannelPlan, Plan};
use crate::dataset::{interval_rows, receipts};
use crate::decode::act::Seal;
use crate::domain::decimal::{Fixed6, divide_half_even};
use crate::domain::id::{DeviceId, QuantityId, SiteId};
use crate::domain::reading::{ChannelKey, Channels};
use crate::domain::time::{DAY_US, Timestamp};
use crate::domain::unit::Unit;
use crate::period::paths::a_year_before;
use crate::period::surroundings::{Before, SealedSplit, Surroundings};
use crate::period::{Noted, Period};
use crate::publish::crossings::{crossings, planned};
use crate::publish::neighbours::Stored;

/// Stretches that are looked at together.
const MONTH_US: i64 = 31 * DAY_US;

/// Findings on the series of the period, and what lies around it.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn look(
    published: &Published<'_>,
    plan: &Plan,
    period: Period,
) -> Result<(Vec<Noted>, Surroundings), ReportError> {
    let zone = &plan.registered.zone;
    let range = (period.start(zone), period.end(zone));
    let (findings, accounts) = readings(published, plan, range)?;
    let before = year_before(published, plan, period)?;
    Ok((findings, Surroundings { accounts, before, ..borders(published, plan, period)? }))
}

/// The gaps that the borders of a period cut: what its figures need of what lies around it.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn borders(
    published: &Published<'_>,
    plan: &Plan,
    period: Period,
) -> Result<Surroundings, ReportError> {
    let zone = &plan.registered.zone;
    let mut borders: Vec<Timestamp> = period.years().iter().map(|part| part.start(zone)).collect();
    borders.push(period.end(zone));
    let Published { layout, project, registry, .. } = *published;
    // An approved change may cut a year: what a register bridged across it is split there too.
    let plans = registry.plans().iter();
    for (plan, change) in plans.flat_map(|plan| plan.changes.iter().map(move |one| (plan, one))) {
        let dates = match change.kind {
            _ if change.approval.is_none() => Vec::new(),
            ChangeKind::Deviation { from, to } => vec![from, to.next()],
            ChangeKind::Permanent { from } => {
                vec![from.unwrap_or_else(|| zone.date_of(plan.valid_from))]
            }
            ChangeKind::Correction => Vec::new(),
        };
        let dates = dates.into_iter().filter(|date| period.from() < *date && *date <= period.to());
        borders.extend(dates.map(|date| zone.start_of(date)));
    }
    borders.sort_unstable();
    borders.dedup();
    let crossings = crossings(layout, project, registry, &borders)?;
    let sealed = registry.life().standing().into_iter();
    let sealed = sealed.flat_map(|one| splits(&one.act)).collect();
    Ok(Surroundings { crossings, sealed, ..Surroundings::default() })
}

/// What a seal says that it counted before its borders.
fn splits(seal: &Seal) -> Vec<SealedSplit> {
    let split = |one: &crate::decode::act::SealedShare| {
        Some(SealedSplit {
            channel: ChannelKey {
                site: SiteId::parse(&one.site).ok()?,
                device: DeviceId::parse(&one.device).ok()?,
                quantity: QuantityId::parse(&one.quantity).ok()?,
            },
            border: Timestamp::parse_rfc3339(&one.border).ok()?,
            counted: crate::decode::act::stored_value(&one.counted).ok()?,
        })
    };
    seal.shares.iter().filter_map(split).collect()
}

type Accounts = Vec<(ChannelKey, Option<crate::aggregate::account::Account>)>;

/// Findings on the readings of the period, and the accounts of its registers.
fn readings(
    published: &Published<'_>,
    plan: &Plan,
    (from, to): (Timestamp, Timestamp),
) -> Result<(Vec<Noted>, Accounts), ReportError> {
    let mut found = Vec::new();
    let mut registers: BTreeMap<ChannelKey, (ChannelPlan, Reader)> = BTreeMap::new();
    let last = Timestamp::from_us(to.us() - 1);
    for one in &plan.channels {
        if let (ChannelKind::Register { .. }, Some(own)) =
            (one.kind, planned(published.registry, &one.key, last))
        {
            registers.insert(one.key.clone(), (own, Reader::default()));
        }
    }
    let mut begin = from;
    while begin < to {
        let end = Timestamp::from_us(begin.us() + MONTH_US).min(to);
        let mut channels = Channels::default();
        // Numbers of another table than the project's: frontiers are not looked at here.
        let frontiers = BTreeMap::new();
        let stored = Stored {
            layout: published.layout,
            project: published.project,
            frontiers: &frontiers,
            settlements: published.registry.settlements(),
        };
        let window = stored.window(&mut channels, begin, end)?;
        let received = receipts::live(published.layout, published.project, window.leaves())?;
        for channel in window.channels() {
            let points = window.points(&stored, &channels, channel);
            let key = channels.key(channel);
            if let Some(planned) = plan.channel(key) {
                let mut findings = series(channel, planned, &points);
                findings.extend(clock::check(channel, planned, &points, |leaf| {
                    received.get(&leaf).copied()
                }));
                found.extend(findings.iter().map(|f| Noted::on_series(f, &channels)));
            }
            if let Some((planned, reader)) = registers.get_mut(key) {
                reader.read(planned, &points);
            }
        }
        begin = end;
    }
    let account = |(key, (_, reader)): (ChannelKey, (ChannelPlan, Reader))| (key, reader.account());
    Ok((found, registers.into_iter().map(account).collect()))
}

/// What measured values of a channel add up to.
struct Sum {
    unit: Unit,
    /// Amounts, or states times microseconds.
    sum: i128,
    covered_us: i64,
}

fn year_before(
    published: &Published<'_>,
    plan: &Plan,
    period: Period,
) -> Result<Vec<Before>, ReportError> {
    let zone = &plan.registered.zone;
    let (from, to) = (a_year_before(period.from()), a_year_before(period.to()));
    let (from, to) = (zone.start_of(from), zone.start_of(to.next()));
    let mut sums: BTreeMap<ChannelKey, Sum> = BTreeMap::new();
    let mut begin = from;
    while begin < to {
        let end = Timestamp::from_us(begin.us() + MONTH_US).min(to);
        let mut channels = Channels::default();
        let Published { layout, project, .. } = *published;
        for row in interval_rows::between(layout, project, &mut channels, (begin, end))? {
            add(&mut sums, channels.key(row.channel), plan, &row);
        }
        begin = end;
    }
    let before = |(channel, sum): (ChannelKey, Sum)| {
        let planned = plan.channel(&channel)?;
        let served = planned.installed.map_or(from, |at| at.max(from));
        let retired = planned.retired.map_or(to, |at| at.min(to));
        let micro = match planned.is_amount() {
            true => sum.sum,
            false => divide_half_even(sum.sum, i128::from(sum.covered_us.max(1))),
        };
        let measured = Fixed6::from_micro(micro).ok().filter(|_| sum.covered_us > 0);
        let (unit, covered_us) = (sum.unit, sum.covered_us);
        let length_us = (retired.us() - served.us()).max(0);
        Some(Before { channel, unit, measured, covered_us, length_us })
    };
    Ok(sums.into_iter().filter_map(before).collect())
}

fn add(sums: &mut BTreeMap<ChannelKey, Sum>, key: &ChannelKey, plan: &Plan, row: &IntervalRow) {
    let (Some(planned), Some(measured)) = (plan.channel(key), row.measured) else { return };
    if !sums.contains_key(key) {
        sums.insert(key.clone(), Sum { unit: row.unit, sum: 0, covered_us: 0 });
    }
    // A unit that a plan changed in between is left to its own: it is another quantity then.
    let Some(sum) = sums.get_mut(key).filter(|sum| sum.unit == row.unit) else { return };
    let weight = if planned.is_amount() { 1 } else { i128::from(row.covered_us) };
    sum.sum += i128::from(measured.micro()) * weight;
    sum.covered_us += row.covered_us;
}
