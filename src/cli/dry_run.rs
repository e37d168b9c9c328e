//! `mrv ingest --dry-run`: what would happen to every line of a file, and nothing written.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use super::{Context, Ended, plan};
use crate::config::plan::Reader;
use crate::config::plan::history::PlanHistory;
use crate::dataset::identities::Identities;
use crate::dataset::read::Found;
use crate::decode::{self, Sink};
use crate::domain::id::ProjectId;
use crate::domain::message::{Header, Kind, Source};
use crate::domain::reading::{Channels, Reading, Refusal, Sample};
use crate::domain::time::Timestamp;
use crate::merge;
use crate::publish::items::reader_of;
use crate::publish::registry;
use crate::validate::Checker;

/// What one item would become.
#[derive(Debug, Serialize)]
struct Line {
    item: i64,
    /// `reading`, or the code of what it would be refused or doubted by.
    becomes: String,
    channel: String,
    at: Option<String>,
    about: String,
}

#[derive(Debug, Serialize)]
struct Summary {
    file: String,
    reader: String,
    readings: usize,
    conflicts: usize,
    duplicates: usize,
    refused: usize,
    lines: Vec<Line>,
}

pub fn run(
    context: &Context,
    project: &ProjectId,
    files: &[PathBuf],
    plan_file: Option<&Path>,
    every_line: bool,
) -> Result<Ended> {
    let mut plans = PlanHistory::default();
    match plan_file {
        Some(file) => match plan::read_checked(file, &[])? {
            Ok((mut plan, _, _)) => {
                // Judged alone, whatever its number would be in the project.
                plan.number = 1;
                plans.push(plan.into())?;
            }
            Err(found) => return plan::tell(context, &found),
        },
        None => {
            let (_, layout) = context.open()?;
            let (_, registry) = registry::read(&layout, project)?;
            plans = registry.plans().clone();
        }
    }
    if plans.is_empty() {
        bail!("project {project} has no plan here; apply one, or give --plan FILE");
    }
    let mut summaries = Vec::new();
    for file in files {
        summaries.push(one(context, project, &plans, file, every_line)?);
    }
    context.print(&summaries, || summaries.iter().map(text).collect::<Vec<_>>().join("\n"))?;
    Ok(Ended::Done)
}

fn one(
    context: &Context,
    project: &ProjectId,
    plans: &PlanHistory,
    file: &Path,
    every_line: bool,
) -> Result<Summary> {
    let shown = file.display().to_string();
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let received_at = Timestamp::from_us(i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
    let header = Header {
        kind: Kind::Data,
        source: Source::File,
        received_at,
        client: "".into(),
        name: name.as_str().into(),
        payload_len: 0,
        commitment: crate::domain::digest::Sha256Digest([0; 32]),
    };
    let plan = plans.in_force(received_at).context("no plan of the project is in force now")?;
    let reader = reader_of(plan, &header).with_context(|| {
        let files: Vec<String> = plan.readers.iter().map(|r| format!("{:?}", r.matches)).collect();
        format!("no reader of plan {} reads {name:?}; it has {}", plan.number, files.join(", "))
    })?;
    let mut channels = Channels::default();
    let mut sink = Collected {
        checker: Checker::new(plans, &mut channels),
        reader,
        received_at,
        readings: Vec::new(),
        refusals: Vec::new(),
    };
    let mut input = std::fs::File::open(file).with_context(|| format!("open {shown}"))?;
    let place = decode::Context { name: &name, leaf: 0, first_item: 0 };
    let Ok(()) = decode::decode(reader, place, &mut input, &mut sink);
    let (mut readings, mut refusals) = (sink.readings, sink.refusals);
    merge::sort(&mut readings, &channels.ranks());
    let known = already_stored(context, project, &readings, &channels)?;
    let mut merged = merge::merge(&readings, &known.0, &known.1, &channels);
    let duplicates = merged.duplicates.len();
    let refused = refusals.len();
    refusals.append(&mut merged.duplicates);
    let mut lines: Vec<Line> = refusals.iter().map(refused_line).collect();
    lines.extend(merged.conflicts.iter().map(|conflict| {
        let about = format!("contradicts {}", conflict.first);
        reading_line(&conflict.reading, &channels, "V-CONFLICT", about)
    }));
    let (counted, conflicts) = (merged.readings.len(), merged.conflicts.len());
    if every_line {
        let line = |r: &Reading| reading_line(r, &channels, "reading", r.flags.to_string());
        lines.extend(merged.readings.iter().map(line));
    }
    lines.sort_by_key(|line| line.item);
    Ok(Summary {
        file: shown,
        reader: reader.name.clone(),
        readings: counted,
        conflicts,
        duplicates,
        refused,
        lines,
    })
}

/// What the project has stored of the file's readings; nothing where there is no folder yet.
fn already_stored(
    context: &Context,
    project: &ProjectId,
    readings: &[Reading],
    channels: &Channels,
) -> Result<Found> {
    let Ok((_, layout)) = context.open() else { return Ok(Found::default()) };
    Ok(Identities::of(readings.iter(), channels).stored(&layout, project, channels)?)
}

struct Collected<'a> {
    checker: Checker<'a>,
    reader: &'a Reader,
    received_at: Timestamp,
    readings: Vec<Reading>,
    refusals: Vec<Refusal>,
}

impl Sink for Collected<'_> {
    type Error = std::convert::Infallible;

    fn sample(&mut self, sample: &Sample<'_>) -> Result<(), Self::Error> {
        match self.checker.check(sample, self.received_at, self.reader) {
            Ok(reading) => self.readings.push(reading),
            Err(refusal) => self.refusals.push(refusal),
        }
        Ok(())
    }

    fn refuse(&mut self, refusal: Refusal) -> Result<(), Self::Error> {
        self.refusals.push(refusal);
        Ok(())
    }
}

fn refused_line(refusal: &Refusal) -> Line {
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "?".to_owned());
    Line {
        item: refusal.place.item,
        becomes: refusal.code.to_string(),
        channel: format!(
            "{}/{}/{}",
            name(&refusal.site),
            name(&refusal.device),
            name(&refusal.quantity)
        ),
        at: refusal.at.map(|at| at.to_string()),
        about: refusal.reason.clone(),
    }
}

fn reading_line(reading: &Reading, channels: &Channels, becomes: &str, about: String) -> Line {
    Line {
        item: reading.place.item,
        becomes: becomes.to_owned(),
        channel: channels.key(reading.channel).to_string(),
        at: Some(reading.at.to_string()),
        about: format!("{} {about}", reading.value).trim_end().to_owned(),
    }
}

fn text(summary: &Summary) -> String {
    let mut lines = vec![format!(
        "{} by reader {:?} would give {} readings, {} conflicts, {} duplicates, {} refused; nothing \
         was written",
        summary.file,
        summary.reader,
        summary.readings,
        summary.conflicts,
        summary.duplicates,
        summary.refused
    )];
    lines.extend(summary.lines.iter().map(|line| {
        let at = line.at.as_deref().unwrap_or("no time");
        format!("  item {}: {}: {} {at}: {}", line.item, line.becomes, line.channel, line.about)
    }));
    lines.join("\n")
}
