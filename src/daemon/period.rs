//! Closing a period: what counts is collected between two batches, stated, sealed, and written.
//!
//! Everything comes from leaves below one log size; a seal fixes that size and the root. The report
//! is written before the seal is recorded, so that a seal without a report cannot be.

use std::path::{Path, PathBuf};

use super::DaemonError;
use crate::dataset::durable::{create_folder, write_synced};
use crate::dataset::layout::Layout;
use crate::dataset::log_check;
use crate::decode::act::{SealedShare, SealedValue, SealedYear};
use crate::domain::id::ProjectId;
use crate::domain::time::Date;
use crate::period::Period;
use crate::publish::Project;
use crate::report::collect::{self, Collected, Named, sealed_value, sealed_years};
use crate::report::pdf::{self, Fonts};
use crate::report::{Report, ReportError, html, json, text, xlsx};

/// Folder of a draft's report; the next draft replaces it.
const DRAFT: &str = "draft";
/// The one form that needs fonts of the machine.
const PDF: &str = "report.pdf";
/// Ending of the folder of a report whose seal is not recorded yet.
const UNSEALED: &str = ".unsealed";

/// A period to be closed.
#[derive(Debug, Clone)]
pub struct Close {
    pub from: Date,
    /// Inclusive.
    pub to: Date,
    pub prepared_by: Option<String>,
    pub reviewed_by: Option<String>,
    /// Why the period is restated: it is sealed already, and this makes its next version.
    pub restates: Option<String>,
}

/// A report that is written.
#[derive(Debug, Clone)]
pub struct Closed {
    pub folder: PathBuf,
    pub is_draft: bool,
    pub version: u32,
    pub summary: String,
    pub report: String,
    /// The negative tCO2e that the period leaves to later years, zero or below.
    pub unresolved: i64,
    /// SHA-256 of the figures.
    pub figures: String,
    /// The result of each year.
    pub years: Vec<SealedYear>,
    /// Values that equations of later years look back at.
    pub history: Vec<SealedValue>,
    /// What was counted of gaps that the end of the period cuts.
    pub shares: Vec<SealedShare>,
}

/// Folder of the sealed report of a version, below its period's; never changed.
#[must_use]
pub fn version_folder(version: u32) -> String {
    format!("v{version}")
}

/// Whether a period may be sealed as it is asked, by what is sealed already.
///
/// # Errors
/// [`DaemonError::Refused`] with the reason.
pub fn admit(project: &Project, close: &Close) -> Result<(), DaemonError> {
    let life = project.registry().life();
    let period = (close.from, close.to);
    if close.restates.is_some() {
        let may = life.may_restate(period);
        return may.map(|_| ()).map_err(|error| DaemonError::Refused(error.to_string()));
    }
    match life.first_outdated() {
        Some((first, reason)) if is_sealable(close) => Err(DaemonError::Refused(format!(
            "restate {} to {} first, so that what it leaves is right: {reason}",
            first.0, first.1
        ))),
        _ => Ok(()),
    }
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
    let period = Period::new(close.from, close.to).map_err(ReportError::from)?;
    let mut collected = collect::collect(project, period)?;
    if let Some(reason) = &close.restates {
        collected.restate(reason);
    }
    Ok(collected)
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
    let period = Period::new(close.from, close.to).map_err(ReportError::from)?;
    let is_draft = !is_sealable(close);
    let earlier = collected.earlier()?;
    if !is_draft
        && close.restates.is_none()
        && let Some(later) = earlier.iter().find(|earlier| earlier.period > period)
    {
        return Err(DaemonError::Refused(format!(
            "periods are sealed in the order of time, so that a negative year is deducted once; {} is \
             sealed already",
            later.period.form()
        )));
    }
    let statement = collected.state(Named {
        prepared_by: close.prepared_by.as_deref(),
        reviewed_by: close.reviewed_by.as_deref(),
        is_sealed: !is_draft,
    })?;
    let unconfirmed = statement.unconfirmed();
    if !is_draft && !unconfirmed.is_empty() {
        return Err(DaemonError::Refused(format!(
            "nobody confirmed the values of {}; nothing is sealed on sample values: write in the plan, \
             under [[registered.fixed]], confirmed = \"who, from what\" (a draft can be made meanwhile)",
            unconfirmed.join(", ")
        )));
    }
    if let (false, Some(held)) = (is_draft, statement.holds().first()) {
        return Err(DaemonError::Refused(format!(
            "{held}; nothing is sealed until then (a draft can be made meanwhile)"
        )));
    }
    let report = Report::of(&statement);
    let version = statement.dossier.version;
    let folder = layout
        .reports(id)
        .join(format!("{}_{}", close.from, close.to))
        .join(if is_draft { DRAFT.to_owned() } else { version_folder(version) + UNSEALED });
    create_folder(&folder)?;
    let forms = forms(layout, &report)?;
    for (name, bytes) in &forms.files {
        put(&folder, name, bytes)?;
    }
    if forms.files.iter().all(|(name, _)| *name != PDF) {
        // A draft replaces the one before it: an older PDF must not stand beside newer figures.
        remove(&folder.join(PDF))?;
    }
    crate::dataset::durable::sync_folder(&folder)?;
    Ok(Closed {
        folder,
        is_draft,
        version,
        // What one machine's fonts lack is told, and is no part of the report.
        summary: forms.summary + &forms.notes,
        report: forms.json,
        unresolved: i64::try_from(statement.unresolved).unwrap_or(i64::MIN),
        years: sealed_years(&statement),
        history: statement.history.iter().map(sealed_value).collect(),
        shares: collect::sealed_shares(&statement),
        figures: statement.digest.to_string(),
    })
}

/// Gives the report of a seal that is recorded its final folder.
///
/// # Errors
/// When it cannot be renamed.
pub fn sealed(folder: &Path) -> Result<PathBuf, DaemonError> {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let target = folder.with_file_name(name.strip_suffix(UNSEALED).unwrap_or(&name));
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
        let name = period.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        for unsealed in unsealed(&period)? {
            let target = unsealed.with_extension("");
            let mut seals = project.registry().seals().iter();
            let is_sealed = seals.any(|seal| {
                let of_seal = version_folder(seal.seal.version);
                format!("{}_{}", seal.seal.from, seal.seal.to) == name && target.ends_with(of_seal)
            });
            if is_sealed && !target.exists() {
                sealed(&unsealed)?;
            } else {
                std::fs::remove_dir_all(&unsealed).map_err(DaemonError::io("remove", &unsealed))?;
            }
        }
    }
    Ok(())
}

/// The reports of a period whose seals were not recorded when they were written.
fn unsealed(period: &Path) -> Result<Vec<PathBuf>, DaemonError> {
    if !period.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(period).map_err(DaemonError::io("list", period))? {
        let path = entry.map_err(DaemonError::io("list", period))?.path();
        let is_unsealed = path.to_string_lossy().ends_with(UNSEALED);
        if is_unsealed && path.is_dir() {
            found.push(path);
        }
    }
    Ok(found)
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

/// A report in all its forms.
pub struct Forms {
    /// By the name of the file: report.json, report.html, report.xlsx, summary.txt, and report.pdf where
    /// there are fonts for it.
    pub files: Vec<(&'static str, Vec<u8>)>,
    pub json: String,
    pub summary: String,
    /// What the PDF could not print, a line each.
    pub notes: String,
}

/// Every form of a report, as a close writes them: the same report and the same fonts give the same bytes.
///
/// # Errors
/// When a form cannot be made.
pub fn forms(layout: &Layout, report: &Report) -> Result<Forms, DaemonError> {
    let failed = |error: &dyn std::fmt::Display| DaemonError::Setup(format!("report: {error}"));
    let json = json::write(report).map_err(|error| failed(&error))?;
    let summary = text::write(report);
    let workbook = xlsx::write(report).map_err(|error| failed(&error))?;
    let (printed, notes) = print(layout, report);
    let mut files = vec![
        ("report.json", json.clone().into_bytes()),
        ("report.html", html::write(report).into_bytes()),
        ("report.xlsx", workbook),
        ("summary.txt", summary.clone().into_bytes()),
    ];
    files.extend(printed.map(|pdf| (PDF, pdf)));
    Ok(Forms { files, json, summary, notes })
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
