//! Changes of what is registered: which values of a plan's history count in a part of a year.
//!
//! An approved change counts for the time that its kind says. Where it is not approved, or a part lies
//! on both sides of its date, the part is evaluated with the old and with the new value (all changes
//! together, every combination), and the lowest ER counts; both stand in the report. What cannot be
//! evaluated side by side (zone, methodologies, indices, a parameter that comes or goes) keeps the
//! period from being sealed until it is approved.

use std::sync::Arc;

use super::calendar::Period;
use super::collect::Series;
use super::evaluate::{self, Applied, Evaluated};
use super::{Input, Noted, PeriodError, applied_under};
use crate::config::plan::change::{ChangeKind, PlanChange};
use crate::config::plan::difference::{Difference, FactorChange, Subject, differences};
use crate::config::plan::{CorrectionFactor, FixedValue, Parameter, Plan, Registered};
use crate::domain::decimal::Decimal;
use crate::domain::flag::{Code, Severity};
use crate::domain::reading::ChannelKey;
use crate::domain::time::{Timestamp, Zone};
use crate::methodology::Number;

/// Combinations of old and new values that are evaluated at most for a part of a year.
pub const COMBINATIONS_MAX: usize = 64;

/// A plan as it was recorded.
#[derive(Debug, Clone)]
pub struct RecordedPlan {
    pub plan: Arc<Plan>,
    pub received_at: Timestamp,
}

/// A change of what an earlier plan registered, and what it alters.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeFacts {
    pub what: String,
    pub old: String,
    pub new: String,
    /// The plan that registered the old value, and the one that changed it.
    pub old_plan: u32,
    pub new_plan: u32,
    pub valid_from: Timestamp,
    pub received_at: Timestamp,
    /// What the plan says of it; `None`: nothing.
    pub stated: Option<PlanChange>,
    /// True if both cannot be evaluated side by side.
    pub is_structural: bool,
    /// By methodology and year of the period; empty where it alters nothing that is evaluated.
    pub effects: Vec<ChangeEffect>,
}

/// What a change alters in a year.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeEffect {
    /// The id of the methodology.
    pub methodology: String,
    pub year: i16,
    /// ER with the old and the new value, all else as it counts; in tCO2e.
    pub er_old: Decimal,
    pub er_new: Decimal,
    /// `old`, `new`, or `lower` where neither is settled.
    pub counts: &'static str,
}

impl ChangeFacts {
    #[must_use]
    pub fn is_approved(&self) -> bool {
        self.stated.as_ref().is_some_and(|stated| stated.approval.is_some())
    }

    /// True if it takes effect before it was recorded.
    #[must_use]
    pub fn is_backdated(&self) -> bool {
        self.valid_from < self.received_at
    }

    /// Why nothing may be sealed on it, for people.
    #[must_use]
    pub fn hold(&self) -> Option<String> {
        (self.is_structural && !self.is_approved()).then(|| {
            format!(
                "plan {} changed {} of plan {} without an approval, and old and new cannot be evaluated \
                 side by side: state the approval under [[change]]",
                self.new_plan, self.what, self.old_plan
            )
        })
    }

    /// V-PLAN, with old and new value and what they come to.
    #[must_use]
    pub fn finding(&self) -> Noted {
        let stated = match &self.stated {
            None => "the plan does not say what kind of change it is, and no approval is recorded"
                .into(),
            Some(stated) => {
                let approval = match &stated.approval {
                    None => "not approved".to_owned(),
                    Some(one) => {
                        format!("approved by {}, number {}, {}", one.body, one.number, one.date)
                    }
                };
                let time = match stated.kind {
                    ChangeKind::Deviation { from, to } => format!(" from {from} to {to}"),
                    ChangeKind::Permanent { from: Some(from) } => format!(" from {from}"),
                    ChangeKind::Permanent { from: None } | ChangeKind::Correction => String::new(),
                };
                format!("{}{time}: {}; {approval}", stated.kind.as_str(), stated.reason)
            }
        };
        let effects: Vec<String> = self
            .effects
            .iter()
            .map(|one| {
                let shown = |value| super::exact::rounded(value, 3);
                let counts = match one.counts {
                    "lower" => "the lower counts".to_owned(),
                    side => format!("the {side} one counts"),
                };
                let (old, new) = (shown(one.er_old), shown(one.er_new));
                format!(
                    "{} {}: ER {old} with the old, {new} with the new, {counts}",
                    one.methodology, one.year
                )
            })
            .collect();
        let mut message = format!(
            "plan {} changed what plan {} registered: {} was {}, is {}; {stated}",
            self.new_plan, self.old_plan, self.what, self.old, self.new
        );
        if !effects.is_empty() {
            message += &format!("; {}", effects.join("; "));
        }
        if self.is_backdated() {
            message += &format!(
                "; backdated: in force from {}, recorded at {}",
                self.valid_from, self.received_at
            );
        }
        let severity = match (self.is_approved(), self.is_backdated()) {
            (false, _) => Severity::Critical,
            (true, true) => Severity::Minor,
            (true, false) => Severity::Info,
        };
        Noted { code: Code::Plan, severity, channel: None, span: None, count: 1, message }
    }
}

/// All changes of a project's plans.
pub(super) struct Changes {
    pub facts: Vec<ChangeFacts>,
    labels: Vec<Label>,
}

/// What one fixed value or parameter was, plan by plan.
struct Label {
    key: Key,
    /// The first, and what each change made of it.
    versions: Vec<Version>,
    /// The change that made each version after the first: its place among the facts.
    changes: Vec<usize>,
}

/// What it is a version of, by methodology, symbol and members; of a factor by name and channel.
#[derive(Clone, PartialEq, Eq)]
enum Key {
    Fixed(String, String, Vec<String>),
    Parameter(String, String, Vec<String>),
    Factor(String, ChannelKey),
}

#[derive(Clone)]
enum Version {
    Fixed(FixedValue),
    Parameter(Parameter),
    /// All factors of one name and channel: maybe none.
    Factors(String, ChannelKey, Vec<CorrectionFactor>),
}

/// Which side of a change counts in a part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    Old,
    New,
    Either,
}

impl Changes {
    /// Those of the plans that a period's data were judged by.
    pub fn of(input: &Input<'_>) -> Self {
        let mut changes = Self { facts: Vec::new(), labels: Vec::new() };
        for pair in input.plans.windows(2) {
            for difference in differences(&pair[0].plan, &pair[1].plan) {
                changes.add(&pair[0], &pair[1], difference);
            }
        }
        changes
    }

    fn add(&mut self, old: &RecordedPlan, new: &RecordedPlan, difference: Difference) {
        let stated = new.plan.changes.iter().find(|one| one.what == difference.what).cloned();
        let place = self.facts.len();
        self.facts.push(ChangeFacts {
            what: difference.what,
            old: difference.old,
            new: difference.new,
            old_plan: old.plan.number,
            new_plan: new.plan.number,
            valid_from: new.plan.valid_from,
            received_at: new.received_at,
            stated,
            is_structural: difference.subject == Subject::Structure,
            effects: Vec::new(),
        });
        let (before, after) = match difference.subject {
            Subject::Fixed(both) => (Version::Fixed(both.0), Version::Fixed(both.1)),
            Subject::Parameter(both) => (Version::Parameter(both.0), Version::Parameter(both.1)),
            Subject::Factor(change) => {
                let FactorChange { name, channel, old, new } = *change;
                (
                    Version::Factors(name.clone(), channel.clone(), old),
                    Version::Factors(name, channel, new),
                )
            }
            Subject::Structure | Subject::Calibration => return,
        };
        let key = after.key();
        match self.labels.iter_mut().find(|label| label.key == key) {
            Some(label) => {
                label.versions.push(after);
                label.changes.push(place);
            }
            None => {
                let (versions, changes) = (vec![before, after], vec![place]);
                self.labels.push(Label { key, versions, changes });
            }
        }
    }

    /// A part of a year with the versions that count, or where ER is lowest.
    ///
    /// # Errors
    /// As [`evaluate::year`]; and more than [`COMBINATIONS_MAX`] combinations.
    pub fn lowest(
        &mut self,
        input: &Input<'_>,
        applied: &Applied<'_>,
        series: &[Series<'_>],
        part: Period,
    ) -> Result<Evaluated, PeriodError> {
        let of_methodology = |label: &&Label| label.key.is_of(&applied.id, input.plans);
        let labels: Vec<&Label> = self.labels.iter().filter(of_methodology).collect();
        if labels.is_empty() {
            return evaluate::year(input, applied, part);
        }
        let zone = &input.plan.registered.zone;
        let year = part.from().year();
        let allowed: Vec<Vec<usize>> =
            labels.iter().map(|label| self.allowed(label, part, zone)).collect();
        let count = allowed.iter().try_fold(1usize, |count, set| count.checked_mul(set.len()));
        let Some(count) = count.filter(|count| *count <= COMBINATIONS_MAX) else {
            return Err(PeriodError::Evaluation {
                year,
                reason: format!(
                    "its plans have more changes without approval than can be evaluated side by side \
                     ({COMBINATIONS_MAX} combinations); state their approvals under [[change]]"
                ),
            });
        };
        let evaluated = |chosen: &[usize]| -> Result<Evaluated, PeriodError> {
            let mut registered = input.plan.registered.clone();
            for (label, version) in labels.iter().zip(chosen) {
                label.versions[*version].put(&mut registered);
            }
            let id = &applied.id;
            let applied = applied_under(input, applied.methodology, id, &registered, series)?;
            evaluate::year(input, &applied, part)
        };
        let mut lowest: Option<(Vec<usize>, Evaluated)> = None;
        for number in 0..count {
            let mut rest = number;
            let mut chosen = Vec::new();
            for set in &allowed {
                chosen.push(set[rest % set.len()]);
                rest /= set.len();
            }
            let one = evaluated(&chosen)?;
            let is_lower = lowest.as_ref().is_none_or(|(_, least)| {
                Number::from(one.result.er) < Number::from(least.result.er)
            });
            if is_lower {
                lowest = Some((chosen, one));
            }
        }
        let Some((chosen, counted)) = lowest else {
            return evaluate::year(input, applied, part);
        };
        let mut effects = Vec::new();
        for (index, label) in labels.iter().enumerate() {
            for (step, place) in label.changes.iter().enumerate() {
                let with = |version: usize| {
                    let mut chosen = chosen.clone();
                    chosen[index] = version;
                    evaluated(&chosen).map(|one| one.result.er)
                };
                let counts = match self.stand(*place, part, zone) {
                    Stand::Old => "old",
                    Stand::New => "new",
                    Stand::Either => "lower",
                };
                let (er_old, er_new) = (with(step)?, with(step + 1)?);
                let methodology = applied.id.clone();
                effects.push((*place, ChangeEffect { methodology, year, er_old, er_new, counts }));
            }
        }
        for (place, effect) in effects {
            self.facts[place].effects.push(effect);
        }
        Ok(counted)
    }

    /// The versions that may count in a part.
    fn allowed(&self, label: &Label, part: Period, zone: &Zone) -> Vec<usize> {
        let mut allowed = vec![0];
        for (step, place) in label.changes.iter().enumerate() {
            match self.stand(*place, part, zone) {
                Stand::Old => {}
                Stand::New => allowed = vec![step + 1],
                Stand::Either => allowed.push(step + 1),
            }
        }
        allowed
    }

    fn stand(&self, place: usize, part: Period, zone: &Zone) -> Stand {
        let change = &self.facts[place];
        let begin = zone.date_of(change.valid_from);
        let kind = change.stated.as_ref().map(|stated| stated.kind);
        let inside = match kind {
            Some(ChangeKind::Deviation { from, to }) => {
                let is_whole = from <= part.from() && part.to() <= to;
                (from <= part.to() && part.from() <= to, is_whole)
            }
            Some(ChangeKind::Permanent { from }) => {
                let from = from.unwrap_or(begin);
                (from <= part.to(), from <= part.from())
            }
            Some(ChangeKind::Correction) => (true, true),
            None => (begin <= part.to(), begin <= part.from()),
        };
        match (change.is_approved(), inside) {
            (_, (false, _)) => Stand::Old,
            (true, (true, true)) => Stand::New,
            _ => Stand::Either,
        }
    }
}

impl Key {
    /// True if it can alter what a methodology comes to: of a factor, if some plan makes a parameter of
    /// it of the channel, or of one that it checks.
    fn is_of(&self, methodology: &str, plans: &[RecordedPlan]) -> bool {
        let channel = match self {
            Self::Fixed(of, ..) | Self::Parameter(of, ..) => return of == methodology,
            Self::Factor(_, channel) => channel,
        };
        plans.iter().map(|one| &one.plan.registered).any(|registered| {
            let checked = registered.cross_checks.check_meters.iter();
            let checked: Vec<_> = checked.filter(|pair| pair.check == *channel).collect();
            let is_meant =
                |key: &ChannelKey| key == channel || checked.iter().any(|pair| pair.main == *key);
            let mut parameters = registered.parameters.iter();
            parameters.any(|p| p.methodology == methodology && p.channels.iter().any(is_meant))
        })
    }
}

impl Version {
    fn key(&self) -> Key {
        match self {
            Self::Fixed(f) => {
                Key::Fixed(f.methodology.clone(), f.symbol.clone(), f.members.clone())
            }
            Self::Parameter(p) => {
                Key::Parameter(p.methodology.clone(), p.symbol.clone(), p.members.clone())
            }
            Self::Factors(name, channel, _) => Key::Factor(name.clone(), channel.clone()),
        }
    }

    /// Takes the place of the value of the same name.
    fn put(&self, registered: &mut Registered) {
        match self {
            Self::Fixed(value) => {
                let is_it = |one: &&mut FixedValue| {
                    one.methodology == value.methodology
                        && one.symbol == value.symbol
                        && one.members == value.members
                };
                if let Some(one) = registered.fixed.iter_mut().find(is_it) {
                    one.clone_from(value);
                }
            }
            Self::Parameter(value) => {
                let is_it = |one: &&mut Parameter| {
                    one.methodology == value.methodology
                        && one.symbol == value.symbol
                        && one.members == value.members
                };
                if let Some(one) = registered.parameters.iter_mut().find(is_it) {
                    one.clone_from(value);
                }
            }
            Self::Factors(name, channel, factors) => {
                registered.factors.retain(|one| (&one.name, &one.channel) != (name, channel));
                registered.factors.extend(factors.iter().cloned());
            }
        }
    }
}
