//! Closing a period: what counts is collected between two batches, stated, sealed, and written.
//!
//! Everything comes from leaves below one log size; a seal fixes that size and the root. The report
//! is written before the seal is recorded, so that a seal without a report cannot be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{DaemonError, notes};
use crate::aggregate::finding::{flagged, stuck};
use crate::aggregate::interval::IntervalRow;
use crate::config::plan::{Parameter, Plan};
use crate::dataset::durable::{create_folder, write_synced};
use crate::dataset::layout::Layout;
use crate::dataset::tally::{Tally, tally};
use crate::dataset::{interval_rows, log_check};
use crate::decode::act::{Seal, SealedValue};
use crate::decode::amount::Standing;
use crate::domain::decimal::Decimal;
use crate::domain::digest::Sha256Digest;
use crate::domain::id::ProjectId;
use crate::domain::reading::{ChannelId, Channels};
use crate::domain::time::{Date, Timestamp};
use crate::methodology::Methodology;
use crate::period::statement::HistoryValue;
use crate::period::{
    self, ChannelCount, ChannelRows, Equations, Input, LogState, Noted, Period, RefusedGroup,
    SealedPeriod,
};
use crate::publish::Project;
use crate::publish::neighbours::Stored;
use crate::publish::registry::Registry;
use crate::report::pdf::{self, Fonts};
use crate::report::{Report, html, json, text, xlsx};

/// Folder of a draft's report; the next draft replaces it.
const DRAFT: &str = "draft";
/// Folder of a report whose seal is not recorded yet.
const UNSEALED: &str = "v1.unsealed";
/// Folder of a sealed report; never changed.
pub const SEALED: &str = "v1";

/// A period to be closed.
#[derive(Debug, Clone)]
pub struct Close {
    pub from: Date,
    /// Inclusive.
    pub to: Date,
    pub prepared_by: Option<String>,
    pub reviewed_by: Option<String>,
}

/// What was collected of a period, as of one log size.
pub struct Collected {
    plan: Arc<Plan>,
    plan_leaf: i64,
    methodologies: Vec<Methodology>,
    amounts: Vec<Standing>,
    channels: Vec<ChannelRows>,
    tally: Tally,
    findings: Vec<Noted>,
    earlier: Vec<(i64, Seal)>,
    /// Leaves that count, and the root of the log at that size.
    pub log_size: i64,
    pub root: [u8; 32],
}

/// A report that is written.
#[derive(Debug, Clone)]
pub struct Closed {
    pub folder: PathBuf,
    pub is_draft: bool,
    pub summary: String,
    pub report: String,
    /// The negative tCO2e that the period leaves to later years, zero or below.
    pub unresolved: i64,
    /// SHA-256 of the figures.
    pub figures: String,
    /// Values that equations of later years look back at.
    pub history: Vec<SealedValue>,
}

/// Before a seal: the log must be the one that was signed, and the tables are written anew from its
/// messages, so that what is sealed stands on nothing else.
///
/// # Errors
/// When the log does not hold together, or a file cannot be read or written.
pub fn prepare_seal(project: &mut Project) -> Result<(), DaemonError> {
    let layout = project.layout().clone();
    let key_path = layout.keys().join(super::engine::PUBLIC_KEY);
    let key = std::fs::read_to_string(&key_path).map_err(DaemonError::io("read", &key_path))?;
    let report = log_check::check(&layout, project.id(), &key)?;
    if let Some(finding) = report.findings.first() {
        return Err(DaemonError::Refused(format!(
            "the log of project {} does not hold together: {finding}; nothing is sealed, see mrv log \
             verify",
            project.id()
        )));
    }
    if let Err(error) = project.rebuild() {
        project.reopen()?;
        return Err(error.into());
    }
    Ok(())
}

/// Collects what a period stands on. Called between two batches, with nothing left to publish.
///
/// # Errors
/// When the project has no plan or methodology, or a file cannot be read.
pub fn collect(project: &mut Project, close: &Close) -> Result<Collected, DaemonError> {
    // A batch may have been cut since everything was published: intervals and log size go together.
    project.refresh_intervals()?;
    let (layout, id) = (project.layout().clone(), project.id().clone());
    let registry = project.registry();
    let plan = registry.plans().latest().cloned();
    let plan = plan.ok_or_else(|| DaemonError::Refused(format!("project {id} has no plan")))?;
    let mut methodologies = Vec::new();
    for name in &plan.registered.methodologies {
        methodologies.push(recorded_methodology(registry, &id, name)?);
    }
    let period = Period::new(close.from, close.to)
        .map_err(|error| DaemonError::Refused(error.to_string()))?;
    let zone = &plan.registered.zone;
    let range = (period.start(zone), period.end(zone));
    let amounts = registry.ledger().standing();
    let mut channels = Channels::default();
    let wide = reach(&plan, &methodologies, &amounts, period);
    let rows = interval_rows::between(&layout, &id, &mut channels, wide)?;
    let mut by_channel: BTreeMap<ChannelId, Vec<IntervalRow>> = BTreeMap::new();
    for row in rows {
        by_channel.entry(row.channel).or_default().push(row);
    }
    let mut findings = Vec::new();
    for (channel, rows) in &by_channel {
        let noted = |f: &_| Noted::on_series(f, &channels);
        let is_inside = |row: &&IntervalRow| (range.0..range.1).contains(&row.start.start());
        let inside: Vec<IntervalRow> = rows.iter().filter(is_inside).copied().collect();
        findings.extend(flagged(*channel, &inside).iter().map(noted));
    }
    findings.extend(stuck_findings(project, &plan, range)?);
    findings.extend(notes::acts(project.registry(), range));
    findings.extend(notes::registered_changes(project.registry()));
    let channels = by_channel
        .into_iter()
        .map(|(channel, rows)| ChannelRows { key: channels.key(channel).clone(), rows })
        .collect();
    let registry = project.registry();
    Ok(Collected {
        plan_leaf: registry.plan_leaf(plan.number).unwrap_or(-1),
        methodologies,
        amounts,
        channels,
        tally: tally(&layout, &id, range)?,
        findings,
        earlier: registry.seals().iter().map(|seal| (seal.leaf, seal.seal.clone())).collect(),
        log_size: project.commit().next_leaf,
        root: project.root(),
        plan,
    })
}

/// A methodology as it stands in the log.
fn recorded_methodology(
    registry: &Registry,
    id: &ProjectId,
    name: &str,
) -> Result<Methodology, DaemonError> {
    let text = registry.methodology(name).ok_or_else(|| {
        DaemonError::Refused(format!("methodology {name} is not in the log of project {id}"))
    })?;
    Methodology::parse(name, &text.text).map_err(|found| {
        let first = found.first().map(ToString::to_string).unwrap_or_default();
        DaemonError::Refused(format!("methodology {name} as recorded does not read: {first}"))
    })
}

/// The time whose intervals a period needs: its own, that of documents which reach beyond it, and
/// all since the crediting period began where equations look back.
fn reach(
    plan: &Plan,
    methodologies: &[Methodology],
    amounts: &[Standing],
    period: Period,
) -> (Timestamp, Timestamp) {
    let (mut from, mut to) = (period.from(), period.to());
    for amount in amounts.iter().flat_map(|one| &one.alternatives) {
        if amount.from <= period.to() && amount.to >= period.from() {
            (from, to) = (from.min(amount.from), to.max(amount.to));
        }
    }
    let looks_back = |parameter: &Parameter| {
        let mut all = methodologies.iter();
        all.any(|one| one.collection(&parameter.symbol).is_some_and(|how| how.needs_history))
    };
    if plan.registered.parameters.iter().any(looks_back) {
        from = from.min(plan.registered.crediting.0);
    }
    let zone = &plan.registered.zone;
    (zone.start_of(from), zone.start_of(to.next()))
}

/// What seals fixed of values that equations look back at.
fn history(seals: &[(i64, Seal)]) -> Result<Vec<HistoryValue>, DaemonError> {
    let value = |one: &SealedValue| {
        let number = |text: &String| {
            Decimal::parse(text)
                .map_err(|error| DaemonError::Refused(format!("a seal states {text:?}: {error}")))
        };
        Ok(HistoryValue {
            methodology: one.methodology.clone(),
            symbol: one.symbol.clone(),
            members: one.members.clone(),
            unit: one.unit.clone(),
            low: number(&one.low)?,
            high: number(&one.high)?,
        })
    };
    seals.iter().flat_map(|(_, seal)| &seal.history).map(value).collect()
}

/// V-STUCK of each channel, month by month, so that memory stays bounded.
fn stuck_findings(
    project: &Project,
    plan: &Plan,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Noted>, DaemonError> {
    let mut found = Vec::new();
    let mut begin = from;
    while begin < to {
        let month_us = 31 * crate::domain::time::DAY_US;
        let end = Timestamp::from_us(begin.us() + month_us).min(to);
        let mut channels = Channels::default();
        // Numbers of another table than the project's: frontiers are not looked at here.
        let frontiers = BTreeMap::new();
        let stored = Stored {
            layout: project.layout(),
            project: project.id(),
            frontiers: &frontiers,
            settlements: project.registry().settlements(),
        };
        let window = stored.window(&mut channels, begin, end)?;
        for channel in window.channels() {
            let points = window.points(&stored, &channels, channel);
            if let Some(planned) = plan.channel(channels.key(channel)) {
                let findings = stuck(channel, planned, &points);
                found.extend(findings.iter().map(|f| Noted::on_series(f, &channels)));
            }
        }
        begin = end;
    }
    Ok(found)
}

/// States the period and writes its report. With two different people named it is to be sealed; the
/// caller records the seal.
///
/// # Errors
/// When the period overlaps a sealed one or lies outside the crediting period, the equations have no
/// value, or a file cannot be written.
pub fn write(
    layout: &Layout,
    id: &ProjectId,
    close: &Close,
    collected: &Collected,
) -> Result<Closed, DaemonError> {
    let refused = |error: period::PeriodError| DaemonError::Refused(error.to_string());
    let period = Period::new(close.from, close.to).map_err(refused)?;
    let mut earlier = Vec::new();
    for (_, seal) in &collected.earlier {
        let (from, to) = seal.dates().map_err(|error| DaemonError::Refused(error.to_string()))?;
        let period = Period::new(from, to).map_err(refused)?;
        earlier.push(SealedPeriod { period, version: 1, unresolved: seal.unresolved.into() });
    }
    if is_sealable(close)
        && let Some(later) = earlier.iter().find(|earlier| earlier.period > period)
    {
        return Err(DaemonError::Refused(format!(
            "periods are sealed in the order of time, so that a negative year is deducted once; {} is \
             sealed already",
            later.period.form()
        )));
    }
    let counts: Vec<ChannelCount> = collected
        .tally
        .counts
        .iter()
        .map(|(channel, count)| ChannelCount {
            channel: channel.clone(),
            readings: count.readings,
            conflicts: count.conflicts,
            refused: count.refused.iter().map(|(code, count)| (*code, *count)).collect(),
        })
        .collect();
    let groups: Vec<RefusedGroup> = collected
        .tally
        .refused
        .iter()
        .map(|kind| RefusedGroup {
            code: kind.code,
            reason: kind.reason.clone(),
            count: kind.count,
            examples: kind.examples.clone(),
        })
        .collect();
    let is_draft = !is_sealable(close);
    let log = LogState { size: collected.log_size as u64, root: Sha256Digest(collected.root) };
    let methodologies: Vec<&dyn Equations> =
        collected.methodologies.iter().map(|one| one as &dyn Equations).collect();
    let history = history(&collected.earlier)?;
    let statement = period::statement(&Input {
        plan: &collected.plan,
        plan_leaf: collected.plan_leaf,
        methodologies: &methodologies,
        period,
        channels: &collected.channels,
        amounts: &collected.amounts,
        history: &history,
        counts: &counts,
        refused: &groups,
        findings: &collected.findings,
        log: (!is_draft).then_some(log),
        earlier: &earlier,
        prepared_by: close.prepared_by.as_deref(),
        reviewed_by: close.reviewed_by.as_deref(),
    })
    .map_err(refused)?;
    let unconfirmed = statement.unconfirmed();
    if !is_draft && !unconfirmed.is_empty() {
        return Err(DaemonError::Refused(format!(
            "nobody confirmed the values of {}; nothing is sealed on sample values: write in the plan, \
             under [[registered.fixed]], confirmed = \"who, from what\" (a draft can be made meanwhile)",
            unconfirmed.join(", ")
        )));
    }
    let report = Report::of(&statement);
    let folder = layout
        .reports(id)
        .join(format!("{}_{}", close.from, close.to))
        .join(if is_draft { DRAFT } else { UNSEALED });
    create_folder(&folder)?;
    let failed = |error: &dyn std::fmt::Display| DaemonError::Setup(format!("report: {error}"));
    let (printed, notes) = print(layout, &report);
    let summary = text::write(&report) + &notes;
    let report_json = json::write(&report).map_err(|error| failed(&error))?;
    let workbook = xlsx::write(&report).map_err(|error| failed(&error))?;
    put(&folder, "report.json", report_json.as_bytes())?;
    put(&folder, "report.html", html::write(&report).as_bytes())?;
    put(&folder, "report.xlsx", &workbook)?;
    match printed {
        Some(pdf) => put(&folder, "report.pdf", &pdf)?,
        // A draft replaces the one before it: an older PDF must not stand beside newer figures.
        None => remove(&folder.join("report.pdf"))?,
    }
    put(&folder, "summary.txt", summary.as_bytes())?;
    crate::dataset::durable::sync_folder(&folder)?;
    Ok(Closed {
        folder,
        is_draft,
        summary,
        report: report_json,
        unresolved: i64::try_from(statement.unresolved).unwrap_or(i64::MIN),
        history: statement.history.iter().map(sealed_value).collect(),
        figures: statement.digest.to_string(),
    })
}

fn sealed_value(value: &HistoryValue) -> SealedValue {
    SealedValue {
        methodology: value.methodology.clone(),
        symbol: value.symbol.clone(),
        members: value.members.clone(),
        unit: value.unit.clone(),
        low: value.low.to_string(),
        high: value.high.to_string(),
    }
}

/// Gives the report of a seal that is recorded its final folder.
///
/// # Errors
/// When it cannot be renamed.
pub fn sealed(folder: &Path) -> Result<PathBuf, DaemonError> {
    let target = folder.with_file_name(SEALED);
    std::fs::rename(folder, &target).map_err(DaemonError::io("rename to", &target))?;
    crate::dataset::durable::sync_parent(&target)?;
    Ok(target)
}

/// After a crash: reports whose seal was recorded get their final folder, others never happened.
///
/// # Errors
/// When a folder cannot be listed, renamed or removed.
pub fn recover(project: &Project) -> Result<(), DaemonError> {
    let folder = project.layout().reports(project.id());
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(DaemonError::io("list", &folder)(error)),
    };
    for entry in entries {
        let period = entry.map_err(DaemonError::io("list", &folder))?.path();
        let unsealed = period.join(UNSEALED);
        if !unsealed.is_dir() {
            continue;
        }
        let name = period.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let mut seals = project.registry().seals().iter();
        let is_sealed = seals.any(|seal| format!("{}_{}", seal.seal.from, seal.seal.to) == name);
        if is_sealed && !period.join(SEALED).exists() {
            sealed(&unsealed)?;
        } else {
            std::fs::remove_dir_all(&unsealed).map_err(DaemonError::io("remove", &unsealed))?;
        }
    }
    Ok(())
}

/// True if two different people are named, so that the period can be sealed.
#[must_use]
pub fn is_sealable(close: &Close) -> bool {
    let name = |name: &Option<String>| {
        name.as_deref().map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty())
    };
    match (name(&close.prepared_by), name(&close.reviewed_by)) {
        (Some(prepared), Some(reviewed)) => prepared != reviewed,
        _ => false,
    }
}

/// The report as PDF, and what it could not print, a line each; a want of fonts never stops a close.
fn print(layout: &Layout, report: &Report) -> (Option<Vec<u8>>, String) {
    let folder = layout.fonts();
    let fonts = if folder.is_dir() { Fonts::folder(&folder) } else { Fonts::system() };
    match pdf::write(report, &fonts) {
        Ok(pdf) => {
            let line = |one: &pdf::Missing| {
                format!("report.pdf   no font has {}, in: {}\n", one.code, one.places.join("; "))
            };
            (Some(pdf.bytes), pdf.missing.iter().map(line).collect())
        }
        Err(fault) => (None, format!("report.pdf   not written: {fault}\n")),
    }
}

fn remove(path: &Path) -> Result<(), DaemonError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(DaemonError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), DaemonError> {
    let path = folder.join(name);
    let next = folder.join(format!("{name}.next"));
    write_synced(&next, bytes)?;
    std::fs::rename(&next, &path).map_err(DaemonError::io("rename to", &path))
}
