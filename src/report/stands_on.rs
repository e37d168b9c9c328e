//! What the figures of a period stand on by the log alone, before any table is read: the plan, its
//! methodologies, the documents, and the time whose intervals count.

use std::sync::Arc;

use super::ReportError;
use super::collect::{Published, TimeRange};
use crate::config::plan::{Parameter, Plan};
use crate::decode::amount::Standing;
use crate::domain::id::ProjectId;
use crate::methodology::Methodology;
use crate::period::{Equations, Period};
use crate::publish::registry::Registry;

/// See the module.
pub(super) struct StandsOn {
    pub plan: Arc<Plan>,
    pub methodologies: Vec<Methodology>,
    pub amounts: Vec<Standing>,
    /// The period itself.
    pub range: TimeRange,
    /// The time whose intervals the figures need.
    pub reach: TimeRange,
}

/// What a period stands on.
///
/// # Errors
/// When the project has no plan, or not a methodology that its plan names.
pub(super) fn stands_on(
    published: &Published<'_>,
    period: Period,
) -> Result<StandsOn, ReportError> {
    let Published { project, registry, .. } = *published;
    let plan = registry.plans().latest().cloned();
    let plan =
        plan.ok_or_else(|| ReportError::Refused(format!("project {project} has no plan")))?;
    let mut methodologies = Vec::new();
    for name in &plan.registered.methodologies {
        methodologies.push(recorded_methodology(registry, project, name)?);
    }
    let zone = &plan.registered.zone;
    let range = (period.start(zone), period.end(zone));
    let amounts = registry.ledger().standing();
    let reach = reach(&plan, &methodologies, &amounts, period);
    Ok(StandsOn { plan, methodologies, amounts, range, reach })
}

/// A methodology as it stands in the log.
fn recorded_methodology(
    registry: &Registry,
    id: &ProjectId,
    name: &str,
) -> Result<Methodology, ReportError> {
    let text = registry.methodology(name).ok_or_else(|| {
        ReportError::Refused(format!("methodology {name} is not in the log of project {id}"))
    })?;
    Methodology::parse(name, &text.text).map_err(|found| {
        let first = found.first().map(ToString::to_string).unwrap_or_default();
        ReportError::Refused(format!("methodology {name} as recorded does not read: {first}"))
    })
}

/// The time whose intervals a period needs: its own, that of documents which reach beyond it, and
/// all since the crediting period began where equations look back.
fn reach(
    plan: &Plan,
    methodologies: &[Methodology],
    amounts: &[Standing],
    period: Period,
) -> TimeRange {
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
