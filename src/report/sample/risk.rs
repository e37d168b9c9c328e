//! Units ranked by risk: where an error would cost most and where one is most likely to be.
//!
//! Beside the probability sample, never mixed with it: a verifier's judgement picks from this list.
//! Each unit has a level from what the data show of it, and what it is worth in tCO2e: the claim with
//! it less the claim without it. The order is level, then worth; every line tells why. Pure.

use super::super::ReportError;
use super::super::collect::Collected;
use super::super::model::{Channel, Device, Document, Report};
use super::super::whatif::{Change, begins_with};
use super::unit::{Of, Unit};
use crate::domain::time::Timestamp;
use crate::period::{Period, Statement};

/// How likely an error is, by what the data show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing stands out.
    Low,
    /// Entered by hand, gaps, or minor findings.
    Medium,
    /// Critical findings, values in conflict or held, documents that do not count.
    High,
}

impl Level {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A unit with its risk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked {
    pub unit: Unit,
    pub level: Level,
    /// What the claim would lose without it, in whole tCO2e; `None` where ER has no value without it.
    pub worth: Option<i128>,
    /// Why it has its level; empty for a low one.
    pub reasons: Vec<String>,
}

/// Ranks units, the riskiest first.
///
/// # Errors
/// When the period as it is cannot be stated.
pub fn rank(
    collected: &mut Collected,
    report: &Report,
    units: Vec<Unit>,
) -> Result<Vec<Ranked>, ReportError> {
    let whole = claimed(&collected.draft()?);
    let mut ranked = Vec::with_capacity(units.len());
    for unit in units {
        let (level, reasons) = judge(report, &unit);
        let worth = claim_without(collected, &unit).map(|without| whole - without);
        ranked.push(Ranked { unit, level, worth, reasons });
    }
    ranked.sort_by(|a, b| {
        // A unit without which there is no figure stands before all others of its level.
        let worth = |one: &Ranked| one.worth.map_or(i128::MAX, |worth| worth);
        (b.level, worth(b)).cmp(&(a.level, worth(a))).then_with(|| a.unit.cmp(&b.unit))
    });
    Ok(ranked)
}

fn claimed(statement: &Statement) -> i128 {
    statement.years.iter().map(|year| year.claimed).sum()
}

/// The claim of the period with the unit taken out; `None` where it has no value then.
fn claim_without(collected: &mut Collected, unit: &Unit) -> Option<i128> {
    match &unit.of {
        Of::Channels { names, month } => {
            let during = month.as_deref().and_then(|month| month_of(collected, month));
            let is_out = |key: &_, row: &crate::aggregate::interval::IntervalRow| {
                let is_inside = |(from, to)| (from..to).contains(&row.start.start());
                begins_with(key, names) && during.is_none_or(is_inside)
            };
            let stated = collected.while_without(is_out, Collected::draft);
            stated.ok().map(|statement| claimed(&statement))
        }
        Of::Act(number) => {
            let amounts = collected.amounts.clone();
            let applied = collected.apply(&[Change::WithoutAmount(*number)]);
            let stated = applied.and_then(|()| collected.draft());
            collected.amounts = amounts;
            stated.ok().map(|statement| claimed(&statement))
        }
        Of::Certificate { number, body, device, serial } => {
            let devices = collected.devices.clone();
            for one in collected.devices.iter_mut().filter(|one| one.key.to_string() == *device) {
                for meter in one.meters.iter_mut().filter(|one| one.plate.serial == *serial) {
                    meter.certificates.retain(|cited| {
                        (&cited.certificate.number, &cited.certificate.body) != (number, body)
                    });
                }
            }
            let stated = collected.draft();
            collected.devices = devices;
            stated.ok().map(|statement| claimed(&statement))
        }
    }
}

/// The time of a local month inside the period.
fn month_of(collected: &Collected, month: &str) -> Option<(Timestamp, Timestamp)> {
    let zone = &collected.plan.registered.zone;
    let is_it = |part: &Period| part.month().to_string() == month;
    let part = collected.period.months().into_iter().find(is_it)?;
    Some((part.start(zone), part.end(zone)))
}

/// The level of a unit and why.
fn judge(report: &Report, unit: &Unit) -> (Level, Vec<String>) {
    let mut signs = Signs { level: Level::Low, reasons: Vec::new() };
    match &unit.of {
        Of::Channels { names, month } => {
            let prefix = names.join("/");
            let is_of = |channel: &str| {
                channel == prefix
                    || channel.strip_prefix(&prefix).is_some_and(|r| r.starts_with('/'))
            };
            for channel in report.channels.iter().filter(|one| is_of(&one.channel)) {
                signs.of_channel(channel, month.as_deref());
            }
            signs.of_findings(report, is_of, month.as_deref());
        }
        Of::Act(number) => {
            let documents = report.parameters.iter().flat_map(|parameter| &parameter.documents);
            documents.filter(|one| one.act == *number).for_each(|one| signs.of_document(one));
        }
        Of::Certificate { number, body, device, serial } => {
            let devices = report.calibration.devices.iter().filter(|one| one.device == *device);
            for device in devices {
                signs.of_certificate(device, serial, (number, body));
            }
        }
    }
    (signs.level, signs.reasons)
}

struct Signs {
    level: Level,
    reasons: Vec<String>,
}

impl Signs {
    fn add(&mut self, level: Level, reason: String) {
        self.level = self.level.max(level);
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn of_channel(&mut self, channel: &Channel, month: Option<&str>) {
        let months = channel.months.iter().filter(|one| month.is_none_or(|m| one.month == m));
        for month in months.filter(|month| month.coverage.value != "100") {
            let covered = &month.coverage.shown;
            let name = &channel.channel;
            self.add(Level::Medium, format!("{name}: {covered} % measured in {}", month.month));
        }
        if month.is_some() {
            return;
        }
        for quality in &channel.qualities {
            let (level, what) = match quality.code.as_str() {
                "K" => (Level::High, "in conflict, undecided"),
                "T" => (Level::Medium, "bridged by a register"),
                "I" => (Level::Medium, "from documents"),
                "C" => (Level::High, "corrected for its calibration"),
                "B" => (Level::Medium, "from a check meter"),
                _ => continue,
            };
            let count = quality.intervals;
            self.add(level, format!("{}: {count} quarter hours {what}", channel.channel));
        }
    }

    fn of_findings(&mut self, report: &Report, is_of: impl Fn(&str) -> bool, month: Option<&str>) {
        for finding in &report.findings {
            let Some(channel) = finding.channel.as_deref().filter(|channel| is_of(channel)) else {
                continue;
            };
            let starts = |at: &Option<String>| {
                at.as_deref().is_some_and(|at| at[..7] <= *month.unwrap_or(""))
            };
            let ends = |at: &Option<String>| {
                at.as_deref().is_some_and(|at| at[..7] >= *month.unwrap_or(""))
            };
            if month.is_some() && !(starts(&finding.from) && ends(&finding.to)) {
                continue;
            }
            let level = match finding.severity.as_str() {
                "fatal" | "critical" => Level::High,
                "minor" => Level::Medium,
                _ => continue,
            };
            self.add(level, format!("{channel}: {} {}", finding.code, finding.severity));
        }
    }

    fn of_certificate(&mut self, device: &Device, serial: &str, (number, body): (&str, &str)) {
        for meter in device.meters.iter().filter(|meter| meter.serial == serial) {
            let mut all = meter.certificates.iter();
            let Some(one) = all.find(|one| one.number == number && one.body == body) else {
                continue;
            };
            if one.document.is_none() {
                self.add(Level::High, "its document is not recorded".to_owned());
            }
            if one.scope.trim().is_empty() {
                self.add(Level::Medium, "its body states no accreditation".to_owned());
            }
            let has_transformers = !meter.ct.is_empty() || !meter.vt.is_empty();
            if has_transformers && !one.covers_ratio {
                self.add(Level::Medium, "it does not cover the transformers".to_owned());
            }
        }
        // As the timeline words what hours follow from; `certificate C-1 of` is not that of C-12.
        let cited = format!("certificate {number} of ");
        let states = device.states.iter().filter(|state| state.serial == serial);
        for state in states.filter(|state| state.why.contains(&cited)) {
            if state.too_high.is_some() || state.too_low.is_some() {
                let hours = &state.hours.shown;
                self.add(Level::High, format!("{} for {hours} h: {}", state.state, state.why));
            }
        }
    }

    fn of_document(&mut self, document: &Document) {
        match document.standing.as_str() {
            "counts" => {}
            standing => self.add(Level::High, standing.to_owned()),
        }
        if document.kind == "manual-reading" {
            self.add(Level::Medium, format!("entered by hand by {}", document.entered_by));
        }
        if document.replaces.is_some() {
            self.add(Level::Medium, format!("replaces another: {}", document.reason));
        }
    }
}
