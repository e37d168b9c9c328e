//! A sealed period asked from its bundle at once, on its tables as they are stated.
//!
//! Takes a bundle; gives the report in it, what its figures stand on, and its registers. Nothing is
//! checked and no message is decoded: only what acts say, the tables and the report are taken out of the
//! zip. Whether the tables come out of the messages is what a recheck shows. That they come to the
//! figures of the report is tried, whenever figures are asked.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use super::bundle::limits::{MESSAGES_FILE_BYTES_MAX, TEXT_BYTES_MAX};
use super::bundle::tables::is_entry;
use super::bundle::{BundleError, FACTS, FORMAT, Facts, REPORT};
use super::collect::{Collected, Published, RowsOf, figures_alone};
use super::recompute::Scratch;
use super::site_pack::{SitePack, site_pack};
use super::{Report, ReportError};
use crate::aggregate::interval::IntervalRow;
use crate::config::plan::Plan;
use crate::dataset::commit::{Commit, Frontier};
use crate::dataset::day_rows::by_day;
use crate::dataset::layout::Layout;
use crate::dataset::parquet_file::has_other_text;
use crate::dataset::{DatasetError, interval_rows, read};
use crate::domain::digest::Sha256Digest;
use crate::domain::id::ProjectId;
use crate::domain::message::Kind;
use crate::domain::reading::{ChannelId, ChannelKey, Channels};
use crate::domain::time::{Date, Timestamp, Zone};
use crate::period::{Period, Statement};
use crate::publish::registry::Registry;

/// What is said beside an answer.
pub const RESTS_ON: &str = "the intervals and readings that the bundle states; that they come out of its \
                            messages is shown by mrv recheck, not here";

/// A bundle that questions are asked of.
pub struct Asked {
    pub facts: Facts,
    /// As it was sealed.
    pub report: Report,
    project: ProjectId,
    registry: Registry,
    period: Period,
    layout: Layout,
    // Last, so that nothing looks into it any more when it is removed.
    _scratch: Scratch,
}

impl Asked {
    /// Takes out of a bundle what answers stand on. `scratch`: a folder with room for its tables.
    ///
    /// # Errors
    /// When the file is no bundle, was sealed by other rules, or cannot be read or written.
    pub fn open(bundle: &Path, scratch: &Path) -> Result<Self, BundleError> {
        let scratch = Scratch::new(scratch)?;
        let file = File::open(bundle).map_err(BundleError::io("open", bundle))?;
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(BundleError::Zip)?;
        let facts: Facts = parsed(&text(&mut zip, FACTS)?, FACTS)?;
        if facts.format != FORMAT || !facts.is_computed_here() {
            return Err(BundleError::Refused(format!(
                "the bundle is a {:?} of rules {}; ask the version of mrv that made it, {}",
                facts.format, facts.rules, facts.software
            )));
        }
        let report: Report = parsed(&text(&mut zip, REPORT)?, REPORT)?;
        let project = ProjectId::parse(&facts.project)
            .map_err(|error| BundleError::Log(format!("{FACTS}: project: {error}")))?;
        for index in 0..zip.len() {
            take_out(bundle, &mut zip, index, &project, scratch.path())?;
        }
        let layout = Layout::new(scratch.path().join("data"));
        let mut registry = Registry::default();
        read::acts(&layout, &project, facts.log_size, |row| {
            registry.add(&row);
            Ok::<_, BundleError>(())
        })?;
        let date = |text: &str| {
            Date::parse(text).map_err(|error| BundleError::Log(format!("{FACTS}: {error}")))
        };
        let period = Period::new(date(&facts.from)?, date(&facts.to)?);
        let period = period.map_err(ReportError::from)?;
        Ok(Self { facts, report, project, registry, period, layout, _scratch: scratch })
    }

    /// The accounting zone.
    ///
    /// # Errors
    /// When the bundle has no plan.
    pub fn zone(&self) -> Result<&Zone, BundleError> {
        let plan = self.registry.plans().latest();
        let plan = plan.ok_or_else(|| BundleError::Log("the bundle has no plan".to_owned()))?;
        Ok(&plan.registered.zone)
    }

    /// What the figures of the period stand on, and the statement of it, whose figures are those of
    /// the report. Days are taken as they are added up, where that gives the same figures, but for the
    /// days of `hours`, which are asked about.
    ///
    /// # Errors
    /// When a table cannot be read, or comes to other figures than the report states.
    pub fn collected(
        &self,
        hours: Option<(Timestamp, Timestamp)>,
    ) -> Result<(Collected, Statement), BundleError> {
        if let Ok((collected, statement)) =
            self.stated(&|channels, reach| self.rows_by_day(channels, reach, hours))
            && self.compare(&statement).is_ok()
        {
            return Ok((collected, statement));
        }
        let whole = |channels: &mut Channels, reach| {
            interval_rows::by_channel(&self.layout, &self.project, channels, reach, |_| true)
        };
        let (collected, statement) = self.stated(&whole)?;
        self.compare(&statement)?;
        Ok((collected, statement))
    }

    fn stated(&self, rows: RowsOf<'_>) -> Result<(Collected, Statement), ReportError> {
        let published = Published {
            layout: &self.layout,
            project: &self.project,
            registry: &self.registry,
            log_size: self.facts.log_size,
            root: [0; 32],
        };
        let mut collected = figures_alone(&published, self.period, rows)?;
        collected.look_past_seals();
        let statement = collected.draft()?;
        Ok((collected, statement))
    }

    /// Rows by the day of channels that nothing cuts inside a day, but for the days of `hours`; all
    /// intervals of the others.
    fn rows_by_day(
        &self,
        channels: &mut Channels,
        reach: (Timestamp, Timestamp),
        hours: Option<(Timestamp, Timestamp)>,
    ) -> Result<BTreeMap<ChannelId, Vec<IntervalRow>>, DatasetError> {
        let (days, id) = (by_day(&self.layout), &self.project);
        let is_plain = |key: &ChannelKey| self.is_plain(key);
        let mut rows = interval_rows::by_channel(&days, id, channels, reach, is_plain)?;
        if let Some(((from, to), zone)) = hours.zip(self.zone().ok()) {
            let last = zone.date_of(Timestamp::from_us(to.us() - 1));
            let from = zone.start_of(zone.date_of(from)).max(reach.0);
            let to = zone.start_of(last.next()).min(reach.1);
            let of_days =
                interval_rows::by_channel(&self.layout, id, channels, (from, to), is_plain)?;
            for (channel, intervals) in of_days {
                let known = rows.entry(channel).or_default();
                known.retain(|row| !(from..to).contains(&row.start.start()));
                known.extend(intervals);
                known.sort_unstable_by_key(|row| row.start);
            }
        }
        let plans = self.registry.plans().iter();
        if plans.flat_map(|plan| &plan.channels).any(|one| !is_plain(&one.key)) {
            let is_other = |key: &ChannelKey| !is_plain(key);
            rows.extend(interval_rows::by_channel(&self.layout, id, channels, reach, is_other)?);
        }
        Ok(rows)
    }

    /// True for a channel that adds up and that no meter's certificate, check meter, exclusion or hold
    /// can cut inside a day.
    fn is_plain(&self, key: &ChannelKey) -> bool {
        let is_held = self
            .registry
            .life()
            .holds()
            .iter()
            .any(|hold| hold.site == key.site && hold.device == key.device);
        let is_plain_in = |plan: &Plan| {
            let checks = &plan.registered.cross_checks.check_meters;
            let is_checked = checks.iter().any(|pair| pair.main == *key || pair.check == *key);
            let is_excluded = plan.exclusions.iter().any(|one| one.channel == *key);
            let adds_up = plan
                .channel(key)
                .is_none_or(|channel| channel.is_amount() && channel.device.is_none());
            adds_up && !is_checked && !is_excluded
        };
        !is_held && self.registry.plans().iter().all(|plan| is_plain_in(plan))
    }

    /// The registers of the period, with what they should show at an instant.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub fn site_pack(&self, at: Timestamp) -> Result<SitePack, BundleError> {
        let mut commit = Commit::empty(&self.project);
        let plans = self.registry.plans().iter();
        for channel in plans.flat_map(|plan| &plan.channels) {
            // The tables are looked through by months: where a channel begins and ends need not be known.
            commit.derived.frontiers.push(Frontier {
                site: channel.key.site.to_string(),
                device: channel.key.device.to_string(),
                quantity: channel.key.quantity.to_string(),
                first: 0,
                at: Timestamp::END.us() - 1,
            });
        }
        let mut pack = site_pack(&self.layout, &self.project, (&commit, &self.registry), at)?;
        pack.rests_on = RESTS_ON.to_owned();
        Ok(pack)
    }

    /// Refuses tables that do not come to the figures of the report.
    fn compare(&self, statement: &Statement) -> Result<(), BundleError> {
        let years = statement.years.iter().zip(&self.report.years);
        for (here, stated) in years {
            let year = stated.year;
            let pairs = [
                ("RE", here.re.to_string(), &stated.re.value),
                ("PE", here.pe.to_string(), &stated.pe.value),
                ("ER", here.er.to_string(), &stated.er.value),
                ("the claim", here.claimed.to_string(), &stated.claimed.value),
            ];
            for (name, here, stated) in pairs {
                if here != *stated {
                    return Err(BundleError::Log(format!(
                        "the tables of the bundle give {here} for {name} of {year}, its report says \
                         {stated}: see mrv recheck"
                    )));
                }
            }
        }
        match statement.years.len() == self.report.years.len() {
            true => Ok(()),
            false => Err(BundleError::Log(
                "the tables of the bundle give other years than its report: see mrv recheck"
                    .to_owned(),
            )),
        }
    }
}

type Zip = ZipArchive<BufReader<File>>;

fn text(zip: &mut Zip, name: &str) -> Result<String, BundleError> {
    let entry = zip.by_name(name).map_err(BundleError::Zip)?;
    let mut text = String::new();
    let mut entry = entry.take(TEXT_BYTES_MAX);
    entry.read_to_string(&mut text).map_err(BundleError::io("read", Path::new(name)))?;
    Ok(text)
}

fn parsed<T: serde::de::DeserializeOwned>(text: &str, name: &str) -> Result<T, BundleError> {
    serde_json::from_str(text).map_err(|error| BundleError::Log(format!("{name}: {error}")))
}

/// Takes an entry out of the zip, if answers stand on it: tables, and messages among which acts are.
fn take_out(
    bundle: &Path,
    zip: &mut Zip,
    index: usize,
    project: &ProjectId,
    folder: &Path,
) -> Result<(), BundleError> {
    let mut entry = zip.by_index(index).map_err(BundleError::Zip)?;
    let name = entry.name().map_err(BundleError::Zip)?.into_owned();
    let blob = name.strip_prefix("data/blobs/").and_then(Sha256Digest::parse);
    let is_wanted = match messages_file(&name, project) {
        true => {
            let start = entry.data_start().unwrap_or_default();
            let place = (bundle, start, entry.size());
            has_other_text(place, "kind", Kind::Data.as_str())?
        }
        false => blob.is_some() || is_entry(&name, project),
    };
    if !is_wanted {
        return Ok(());
    }
    let is_stored =
        entry.compression() == CompressionMethod::Stored && entry.size() == entry.compressed_size();
    if !is_stored || (blob.is_none() && entry.size() > MESSAGES_FILE_BYTES_MAX) {
        return Err(BundleError::Log(format!(
            "{name} is not stored as mrv stores it: see mrv recheck"
        )));
    }
    let path = folder.join(&name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(BundleError::io("create folder", parent))?;
    }
    let mut out = File::create_new(&path).map_err(BundleError::io("create", &path))?;
    // Of a large payload it is asked how long it is, never what it says: no act is one.
    let written = match blob {
        Some(_) => out.set_len(entry.size()),
        None => std::io::copy(&mut entry, &mut out).map(drop),
    };
    written.map_err(BundleError::io("write", &path))
}

/// True for a name that a file of messages has: a folder of its month, then first and last leaf.
fn messages_file(name: &str, project: &ProjectId) -> bool {
    let below = format!("data/tables/messages/project={project}/month=");
    let rest = name.strip_prefix(&below).and_then(|rest| rest.strip_suffix(".parquet"));
    rest.and_then(|rest| rest.split_once('/')).is_some_and(|(month, leaves)| {
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        !leaves.is_empty() && is_plain(month) && is_plain(leaves)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_taken_out() {
        let id = ProjectId::parse("p").unwrap();
        let below = "data/tables/messages/project=p/month=2026-01";
        assert!(messages_file(&format!("{below}/000000000001-000000000002.parquet"), &id));
        for wrong in ["/../../x.parquet", "/.parquet", "/1-2", "/a/1-2.parquet", "x/1-2.parquet"] {
            assert!(!messages_file(&format!("{below}{wrong}"), &id), "{wrong}");
        }
        assert!(!messages_file("data/tables/messages/project=q/month=2026-01/1-2.parquet", &id));
    }
}
