//! What each planned channel delivered: by month, by day, by quality code.

use super::collect::{Series, channel_amount};
use super::statement::ChannelFacts;
use super::{Input, PeriodError};
use crate::aggregate::interval::IntervalRow;
use crate::domain::flag::Quality;

/// Quality code of what is corrected for the calibration of its meter. The intervals themselves keep
/// what was measured.
const CORRECTED: &str = "C";

pub(super) fn facts(
    input: &Input<'_>,
    series: &[Series<'_>],
) -> Result<Vec<ChannelFacts>, PeriodError> {
    let zone = &input.plan.registered.zone;
    let facts = |series: &Series<'_>| {
        let plan = series.plan;
        let mut months = Vec::new();
        for part in input.period.months() {
            let error = || PeriodError::Total { label: plan.key.to_string(), part: part.form() };
            months.push((part, channel_amount(series, part, zone).ok_or_else(error)?));
        }
        let mut days = Vec::new();
        for date in input.period.dates() {
            let (from, to) = (zone.start_of(date), zone.start_of(date.next()));
            let served = series.in_service(from, to);
            let length = served.map_or(0, |(begin, end)| end.us() - begin.us());
            let covered = served.map_or(0, |(begin, end)| series.covered_us(begin, end));
            days.push((date, covered, length));
        }
        let rows = series.rows(input.period.start(zone), input.period.end(zone));
        let code = |row: &IntervalRow| match row.quality {
            Quality::M | Quality::T if series.corrections.covers(row.start.start()) => CORRECTED,
            quality => quality.as_str(),
        };
        let codes = ["M", "B", "T", CORRECTED, "K", "Z"];
        let qualities = codes.map(|one| {
            let count = rows.iter().filter(|row| code(row) == one).count();
            (one, count as u64)
        });
        Ok(ChannelFacts {
            key: plan.key.clone(),
            unit: plan.interval_unit().symbol().to_owned(),
            is_amount: plan.is_amount(),
            serial: plan.serial.clone(),
            class: plan.class.clone(),
            months,
            days,
            qualities: qualities.into_iter().filter(|(_, count)| *count > 0).collect(),
        })
    };
    series.iter().map(facts).collect()
}
