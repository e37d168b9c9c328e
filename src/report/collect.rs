//! What a period stands on, collected from a project in whatever folder, and stated.
//!
//! Takes a project whose tables are derived: the live one, or one of the past ([`super::recompute`]);
//! gives everything that [`period::statement`] needs, all of one log size. Writes no report and
//! records nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::stands_on::{StandsOn, stands_on};
use super::{ReportError, around, dossier, notes};
use crate::aggregate::finding::flagged;
use crate::aggregate::hold;
use crate::aggregate::interval::IntervalRow;
use crate::config::plan::Plan;
use crate::dataset::layout::Layout;
use crate::dataset::tally::{Tally, tally};
use crate::dataset::{DatasetError, interval_rows};
use crate::decode::act::{Seal, SealedShare, SealedValue, SealedYear};
use crate::decode::amount::Standing;
use crate::decode::devices::Device;
use crate::domain::decimal::Decimal;
use crate::domain::digest::Sha256Digest;
use crate::domain::flag::{Code, Severity};
use crate::domain::id::ProjectId;
use crate::domain::reading::{ChannelId, Channels};
use crate::domain::time::Timestamp;
use crate::methodology::Methodology;
use crate::period::allocate::AllocationFacts;
use crate::period::changes::RecordedPlan;
use crate::period::dossier::{Dossier, YearFigures};
use crate::period::statement::HistoryValue;
use crate::period::{
    self, ChannelCount, ChannelRows, Equations, Input, LogState, Noted, Period, RefusedGroup,
    SealedPeriod, Statement, Surroundings,
};
use crate::publish::Project;
use crate::publish::registry::Registry;

/// What was collected of a period, as of one log size.
pub struct Collected {
    pub(super) period: Period,
    pub(super) plan: Arc<Plan>,
    plan_leaf: i64,
    pub(super) methodologies: Vec<Methodology>,
    pub(super) amounts: Vec<Standing>,
    pub(super) devices: Vec<Device>,
    plans: Vec<RecordedPlan>,
    pub(super) channels: Vec<ChannelRows>,
    /// The rows that a hold lies on as they would be without it, with their places in `channels`.
    unheld: Vec<(usize, ChannelRows)>,
    dossier: Dossier,
    tally: Tally,
    findings: Vec<Noted>,
    surroundings: Surroundings,
    pub(super) earlier: Vec<(i64, Seal)>,
    /// From (inclusive) to (exclusive): the time whose readings the figures stand on.
    pub reach: (Timestamp, Timestamp),
    /// Leaves that count, and the root of the log at that size.
    pub log_size: i64,
    pub root: [u8; 32],
}

/// Who a report names, and whether its seal fixes the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Named<'a> {
    pub prepared_by: Option<&'a str>,
    pub reviewed_by: Option<&'a str>,
    /// True if size and root of the log stand in the report: it is sealed, or about to be.
    pub is_sealed: bool,
}

/// Collects what a period stands on. Called between two batches, with nothing left to publish.
///
/// # Errors
/// When the project has no plan or methodology, or a file cannot be read.
pub fn collect(project: &mut Project, period: Period) -> Result<Collected, ReportError> {
    of_published(&refreshed(project)?, period)
}

/// What is published of a project that nobody else holds, its intervals computed: they and the size of the
/// log go together.
///
/// # Errors
/// When a file cannot be read or written.
pub fn refreshed(project: &mut Project) -> Result<Published<'_>, ReportError> {
    // A batch may have been cut since everything was published.
    project.refresh_intervals()?;
    Ok(Published {
        layout: project.layout(),
        project: project.id(),
        registry: project.registry(),
        log_size: project.commit().next_leaf,
        root: project.root(),
    })
}

/// What is published of a project, for whoever does not hold it.
#[derive(Clone, Copy)]
pub struct Published<'a> {
    pub layout: &'a Layout,
    pub project: &'a ProjectId,
    pub registry: &'a Registry,
    pub log_size: i64,
    pub root: [u8; 32],
}

/// Collects what a period stands on, as the tables are: for information, where whoever holds the
/// project may publish meanwhile.
///
/// # Errors
/// As [`collect`].
pub fn of_published(published: &Published<'_>, period: Period) -> Result<Collected, ReportError> {
    gather(published, period, None)
}

/// From, inclusive, to, exclusive.
pub(super) type TimeRange = (Timestamp, Timestamp);

/// Rows by channel of a stretch of time.
pub type RowsOf<'a> = &'a dyn Fn(
    &mut Channels,
    (Timestamp, Timestamp),
) -> Result<BTreeMap<ChannelId, Vec<IntervalRow>>, DatasetError>;

/// Collects what the figures of a period stand on, from these rows and the readings next to its borders
/// alone: there are no findings on series, no counts of items and no registers' own accounts, none of
/// which enters a figure.
///
/// # Errors
/// As [`collect`].
pub fn figures_alone(
    published: &Published<'_>,
    period: Period,
    rows: RowsOf<'_>,
) -> Result<Collected, ReportError> {
    gather(published, period, Some(rows))
}

fn gather(
    published: &Published<'_>,
    period: Period,
    given: Option<RowsOf<'_>>,
) -> Result<Collected, ReportError> {
    let registry = published.registry;
    let StandsOn { plan, methodologies, amounts, range, reach } = stands_on(published, period)?;
    let seen = see(published, &plan, period, (range, reach), given)?;
    let Seen { channels, by_channel, of_series, surroundings, tally } = seen;
    let mut findings = Vec::new();
    for (channel, rows) in &by_channel {
        let noted = |f: &_| Noted::on_series(f, &channels);
        let begin = rows.partition_point(|row| row.start.start() < range.0);
        let end = rows.partition_point(|row| row.start.start() < range.1);
        findings.extend(flagged(*channel, &rows[begin..end]).iter().map(noted));
    }
    findings.extend(of_series);
    findings.extend(notes::sent_units(registry));
    findings.extend(notes::acts(registry, range));
    let mut channels: Vec<ChannelRows> = by_channel
        .into_iter()
        .map(|(channel, rows)| ChannelRows { key: channels.key(channel).clone(), rows })
        .collect();
    let dossier = dossier::of(published, period, range)?;
    let unheld = lay_holds(&plan, &dossier, range, &mut channels, &mut findings);
    let standing = registry.life().standing().into_iter();
    Ok(Collected {
        period,
        reach,
        plan_leaf: registry.plan_leaf(plan.number).unwrap_or(-1),
        methodologies,
        amounts,
        devices: registry.devices().history(registry.plans()),
        plans: registry.recorded_plans(),
        channels,
        unheld,
        dossier,
        tally,
        findings,
        surroundings,
        earlier: standing.map(|seal| (seal.leaf, seal.act.clone())).collect(),
        log_size: published.log_size,
        root: published.root,
        plan,
    })
}

/// What is read of the tables.
struct Seen {
    channels: Channels,
    by_channel: BTreeMap<ChannelId, Vec<IntervalRow>>,
    of_series: Vec<Noted>,
    surroundings: Surroundings,
    tally: Tally,
}

/// Reads the tables. A month of readings is let go of before the intervals of all channels are held.
fn see(
    published: &Published<'_>,
    plan: &Plan,
    period: Period,
    (range, reach): (TimeRange, TimeRange),
    given: Option<RowsOf<'_>>,
) -> Result<Seen, ReportError> {
    let Published { layout, project, .. } = *published;
    let mut channels = Channels::default();
    let Some(given) = given else {
        let (of_series, surroundings) = around::look(published, plan, period)?;
        let tally = tally(layout, project, range)?;
        let by_channel =
            interval_rows::by_channel(layout, project, &mut channels, reach, |_| true)?;
        return Ok(Seen { channels, by_channel, of_series, surroundings, tally });
    };
    let by_channel = given(&mut channels, reach)?;
    let surroundings = around::borders(published, plan, period)?;
    let (of_series, tally) = (Vec::new(), Tally::default());
    Ok(Seen { channels, by_channel, of_series, surroundings, tally })
}

impl<'a> Named<'a> {
    /// Those whom a seal names.
    #[must_use]
    pub fn of(seal: &'a Seal) -> Self {
        Self {
            prepared_by: Some(&seal.prepared_by),
            reviewed_by: Some(&seal.reviewed_by),
            is_sealed: true,
        }
    }
}

impl Collected {
    /// States the next version of a period that is sealed already, for this reason. Without it a
    /// sealed period is refused (V-OVERLAP).
    pub fn restate(&mut self, reason: &str) {
        self.look_past_seals();
        reason.clone_into(&mut self.dossier.reason);
    }

    /// States what a seal fixed: a version after the first is a restatement.
    pub fn of_seal(&mut self, seal: &Seal) {
        if seal.version > 1 {
            self.restate(&seal.reason);
        }
    }

    /// The acts that the report tells of.
    #[must_use]
    pub fn dossier(&self) -> &Dossier {
        &self.dossier
    }

    /// The periods that were sealed before this log size, each with what it left unresolved.
    ///
    /// # Errors
    /// When a seal states no dates.
    pub fn earlier(&self) -> Result<Vec<SealedPeriod>, ReportError> {
        let mut earlier = Vec::new();
        for (_, seal) in &self.earlier {
            let (from, to) = seal.dates().map_err(|e| ReportError::Refused(e.to_string()))?;
            let (period, unresolved) = (Period::new(from, to)?, seal.unresolved.into());
            earlier.push(SealedPeriod { period, version: seal.version, unresolved });
        }
        Ok(earlier)
    }

    /// States the period.
    ///
    /// # Errors
    /// When the period overlaps a sealed one or lies outside the crediting period, or the equations
    /// have no value.
    pub fn state(&self, named: Named<'_>) -> Result<Statement, ReportError> {
        let mut statement = self.state_with(&self.channels, named)?;
        if !self.unheld.is_empty() {
            let mut channels = self.channels.clone();
            for (place, rows) in &self.unheld {
                channels[*place] = rows.clone();
            }
            let without = self.state_with(&channels, named)?;
            statement.dossier.without_holds = figures_of(&without);
        }
        Ok(statement)
    }

    fn state_with(
        &self,
        channels: &[ChannelRows],
        named: Named<'_>,
    ) -> Result<Statement, ReportError> {
        let earlier = self.earlier()?;
        let counts = self.counts();
        let groups = self.refused();
        let log = LogState { size: self.log_size as u64, root: Sha256Digest(self.root) };
        let methodologies: Vec<&dyn Equations> =
            self.methodologies.iter().map(|one| one as &dyn Equations).collect();
        let history = history(&self.earlier, self.period)?;
        Ok(period::statement(&Input {
            plan: &self.plan,
            plan_leaf: self.plan_leaf,
            methodologies: &methodologies,
            period: self.period,
            channels,
            amounts: &self.amounts,
            devices: &self.devices,
            plans: &self.plans,
            history: &history,
            counts: &counts,
            refused: &groups,
            findings: &self.findings,
            surroundings: &self.surroundings,
            log: named.is_sealed.then_some(log),
            earlier: &earlier,
            prepared_by: named.prepared_by,
            reviewed_by: named.reviewed_by,
            dossier: &self.dossier,
        })?)
    }

    /// The plan that the period is evaluated by.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The interval rows of each channel, also of the time around the period that figures need.
    #[must_use]
    pub fn channels(&self) -> &[ChannelRows] {
        &self.channels
    }

    fn counts(&self) -> Vec<ChannelCount> {
        let counts = self.tally.counts.iter();
        let count =
            |(channel, count): (&Option<_>, &crate::dataset::tally::ItemCount)| ChannelCount {
                channel: channel.clone(),
                readings: count.readings,
                conflicts: count.conflicts,
                refused: count.refused.iter().map(|(code, count)| (*code, *count)).collect(),
            };
        counts.map(count).collect()
    }

    fn refused(&self) -> Vec<RefusedGroup> {
        let group = |kind: &crate::dataset::tally::RefusedKind| RefusedGroup {
            code: kind.code,
            reason: kind.reason.clone(),
            count: kind.count,
            examples: kind.examples.clone(),
        };
        self.tally.refused.iter().map(group).collect()
    }
}

/// The results of a statement's years.
#[must_use]
pub fn figures_of(statement: &Statement) -> Vec<YearFigures> {
    let figures = |year: &crate::period::statement::YearResult| YearFigures {
        methodology: year.methodology.clone(),
        year: year.year,
        re: year.re,
        pe: year.pe,
        er: year.er,
        claimed: year.claimed,
    };
    statement.years.iter().map(figures).collect()
}

/// The results of a statement's years as a seal keeps them.
#[must_use]
pub fn sealed_years(statement: &Statement) -> Vec<SealedYear> {
    let sealed = |year: YearFigures| SealedYear {
        methodology: year.methodology,
        year: year.year,
        re: year.re.to_string(),
        pe: year.pe.to_string(),
        er: year.er.to_string(),
        claimed: year.claimed.to_string(),
    };
    figures_of(statement).into_iter().map(sealed).collect()
}

/// A value as a seal keeps it.
#[must_use]
pub fn sealed_value(value: &HistoryValue) -> SealedValue {
    SealedValue {
        methodology: value.methodology.clone(),
        symbol: value.symbol.clone(),
        members: value.members.clone(),
        unit: value.unit.clone(),
        low: value.low.to_string(),
        high: value.high.to_string(),
    }
}

/// What a period counted of gaps that its end cuts, as a seal keeps it.
#[must_use]
pub fn sealed_shares(statement: &Statement) -> Vec<SealedShare> {
    let end = statement.period.end(&statement.project.zone);
    let share = |one: &AllocationFacts| SealedShare {
        site: one.channel.site.to_string(),
        device: one.channel.device.to_string(),
        quantity: one.channel.quantity.to_string(),
        border: one.border.to_string(),
        counted: one.before.to_string(),
    };
    statement.allocations.iter().filter(|one| one.border == end).map(share).collect()
}

/// What seals fixed of values that equations look back at.
fn history(seals: &[(i64, Seal)], period: Period) -> Result<Vec<HistoryValue>, ReportError> {
    let value = |one: &SealedValue| {
        let number = |text: &String| {
            Decimal::parse(text)
                .map_err(|error| ReportError::Refused(format!("a seal states {text:?}: {error}")))
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
    let is_before = |seal: &Seal| seal.dates().is_ok_and(|(_, to)| to < period.from());
    let before = seals.iter().map(|(_, seal)| seal).filter(|seal| is_before(seal));
    before.flat_map(|seal| &seal.history).map(value).collect()
}

/// Lays the holds that stand over the rows of their devices, and tells of each. Gives the rows as they
/// were.
fn lay_holds(
    plan: &Plan,
    dossier: &Dossier,
    (from, to): (Timestamp, Timestamp),
    channels: &mut [ChannelRows],
    findings: &mut Vec<Noted>,
) -> Vec<(usize, ChannelRows)> {
    let mut unheld: BTreeMap<usize, ChannelRows> = BTreeMap::new();
    for placed in dossier.holds.iter().filter(|hold| hold.lifted.is_none()) {
        for (place, channel) in channels.iter_mut().enumerate() {
            let is_of = channel.key.site == placed.site && channel.key.device == placed.device;
            let Some(planned) = plan.channel(&channel.key).filter(|_| is_of) else { continue };
            let before = channel.clone();
            let mut count = 0;
            for row in &mut channel.rows {
                if hold::touches(row, placed.from, placed.to) {
                    *row = hold::held(row, planned);
                    count += u64::from((from..to).contains(&row.start.start()));
                }
            }
            if count == 0 {
                continue;
            }
            let hold = &placed.placed.act;
            findings.push(Noted {
                code: Code::Held,
                severity: Severity::Critical,
                channel: Some(channel.key.clone()),
                span: Some((placed.from.max(from), placed.to.min(to))),
                count,
                message: format!(
                    "act {}: {} held this device: {}; {count} intervals count by their bounds",
                    placed.placed.number, hold.author, hold.reason
                ),
            });
            unheld.entry(place).or_insert(before);
        }
    }
    unheld.into_iter().collect()
}
