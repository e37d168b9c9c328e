//! Changes of what is registered: which values of a plan's history count in a part of a year.
//!
//! An approved change counts for the time that its kind says; a part that lies on both sides of its date
//! is cut there where the equations allow it ([`super::stretches`]). Where it is not approved, or the part
//! cannot be cut, the part is evaluated with the old and with the new value (all changes
//! together, every combination), and the lowest ER counts; both stand in the report. What cannot be
//! evaluated side by side (zone, methodologies, indices, a parameter that comes or goes) keeps the
//! period from being sealed until it is approved.

mod version;

use std::sync::Arc;

use super::calendar::Period;
use super::collect::Series;
use super::evaluate::{self, Applied, Evaluated};
use super::{Input, Noted, PeriodError, applied_under, stretches};
use crate::config::plan::Plan;
use crate::config::plan::change::{ChangeKind, PlanChange};
use crate::config::plan::difference::{Difference, FactorChange, Subject, differences};
use crate::domain::decimal::Decimal;
use crate::domain::flag::{Code, Severity};
use crate::domain::time::{Date, Timestamp, Zone};
use crate::methodology::Number;
use version::{Key, Version};

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
    /// `old`, `new`, `each` in its time, or `lower` where neither is settled.
    pub counts: &'static str,
    /// Why an approved change is not counted in its time alone; empty where that is not so.
    pub why_whole: String,
}

impl ChangeEffect {
    /// The same change in a later stretch of the year.
    fn join(&mut self, later: &Self) {
        let sum = |a: Decimal, b: Decimal| crate::period::exact::add_rounded(a, b).unwrap_or(a);
        self.er_old = sum(self.er_old, later.er_old);
        self.er_new = sum(self.er_new, later.er_new);
        self.counts = match (self.counts, later.counts) {
            (one, other) if one == other => one,
            ("lower", _) | (_, "lower") => "lower",
            _ => "each",
        };
    }
}

impl ChangeFacts {
    /// The first dates on which what it states counts, and no longer counts, where its kind has some.
    #[must_use]
    pub fn borders(&self, zone: &Zone) -> Vec<Date> {
        match self.stated.as_ref().map(|stated| stated.kind) {
            Some(ChangeKind::Deviation { from, to }) => vec![from, to.next()],
            Some(ChangeKind::Permanent { from }) => {
                vec![from.unwrap_or_else(|| zone.date_of(self.valid_from))]
            }
            Some(ChangeKind::Correction) | None => Vec::new(),
        }
    }

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
                let shown = |value| crate::period::exact::rounded(value, 3);
                let counts = match one.counts {
                    "lower" if one.why_whole.is_empty() => "the lower counts".to_owned(),
                    "lower" => format!(
                        "the lower counts for the whole of the year, which cannot be cut at its date: {}",
                        one.why_whole
                    ),
                    "each" => "each counts for its time".to_owned(),
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
#[derive(Clone)]
struct Label {
    key: Key,
    /// The first, and what each change made of it.
    versions: Vec<Version>,
    /// The change that made each version after the first: its place among the facts.
    changes: Vec<usize>,
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
        let labels: Vec<Label> = self.labels.iter().filter(of_methodology).cloned().collect();
        let labels: Vec<&Label> = labels.iter().collect();
        if labels.is_empty() {
            return evaluate::year(input, applied, part);
        }
        let zone = &input.plan.registered.zone;
        let dates = self.dates(&labels, part, zone);
        let (parts, why_whole) = match stretches::cut(applied.methodology, part, &dates) {
            Ok(parts) if !dates.is_empty() => (parts, String::new()),
            Err(why) if !dates.is_empty() => (vec![part], why),
            _ => (vec![part], String::new()),
        };
        let (mut pieces, mut effects) = (Vec::new(), Vec::<(usize, ChangeEffect)>::new());
        for stretch in parts {
            let (piece, found) = self.lowest_of(input, applied, series, stretch, &labels)?;
            pieces.push(piece);
            for (place, effect) in found {
                match effects.iter_mut().find(|(known, _)| *known == place) {
                    Some((_, known)) => known.join(&effect),
                    None => effects.push((place, effect)),
                }
            }
        }
        for (place, mut effect) in effects {
            if effect.counts == "lower" && self.facts[place].is_approved() {
                effect.why_whole.clone_from(&why_whole);
            }
            self.facts[place].effects.push(effect);
        }
        match pieces.len() {
            1 => pieces.pop(),
            _ => stretches::merge(applied, part, pieces),
        }
        .ok_or_else(|| PeriodError::Evaluation {
            year: part.from().year(),
            reason: "its stretches do not add up within the digits of a number".to_owned(),
        })
    }

    /// The first dates of the stretches, after the first, in which different versions are approved.
    fn dates(&self, labels: &[&Label], part: Period, zone: &Zone) -> Vec<Date> {
        let mut dates: Vec<Date> = Vec::new();
        for place in labels.iter().flat_map(|label| &label.changes) {
            let change = &self.facts[*place];
            if change.is_approved() {
                dates.extend(change.borders(zone));
            }
        }
        dates.retain(|date| part.from() < *date && *date <= part.to());
        dates.sort_unstable();
        dates.dedup();
        dates
    }

    /// A stretch with the versions that count, or where ER is lowest; and what each change alters in it.
    fn lowest_of(
        &self,
        input: &Input<'_>,
        applied: &Applied<'_>,
        series: &[Series<'_>],
        part: Period,
        labels: &[&Label],
    ) -> Result<(Evaluated, Vec<(usize, ChangeEffect)>), PeriodError> {
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
            return Ok((evaluate::year(input, applied, part)?, Vec::new()));
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
                let why_whole = String::new();
                effects.push((
                    *place,
                    ChangeEffect { methodology, year, er_old, er_new, counts, why_whole },
                ));
            }
        }
        Ok((counted, effects))
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
