//! Amounts judged, their documents kept, and both recorded: all of a request or nothing.
//!
//! A document is a message of the log before the amount that names it, in one append. What could
//! have no effect is refused; what lies beyond the plan's bounds, or far from the amounts before it,
//! is refused until whoever enters it says that it is meant.

use std::collections::BTreeMap;
use std::path::Path;

use super::DaemonError;
use super::engine::Engine;
use super::request::{Answer, Stated};
use crate::config::plan::{Doubt, Parameter, Plan};
use crate::dataset::layout::Layout;
use crate::decode::act::Act;
use crate::decode::amount::{Ledger, Recorded, Value};
use crate::domain::digest::Sha256Digest;
use crate::domain::id::ProjectId;
use crate::domain::message::{Draft, Kind, Payload, Source};
use crate::methodology::Number;
use crate::publish::Project;
use crate::sources::inbox;

/// An amount per day this many times that of the one before, or less than one part of so many, is
/// asked about.
const FACTOR_MAX: i64 = 10;

impl Engine {
    /// Records amounts under the project's next numbers.
    pub(super) async fn record_amounts(
        &self,
        project: &str,
        amounts: Vec<Stated>,
        author: &str,
    ) -> Result<Answer, DaemonError> {
        let id = self.known(project)?;
        let _one_at_a_time = self.acts.lock().await;
        let first = self.next_act(&id).await?;
        let hashed = tokio::task::spawn_blocking(move || hash_documents(amounts));
        let (amounts, documents) =
            hashed.await.map_err(|error| DaemonError::Setup(error.to_string()))??;
        let judged = amounts.clone();
        let brought: Vec<Sha256Digest> = documents.keys().copied().collect();
        let said = self.publisher.look(&id, move |project| match project {
            Some(project) => judge(project, &judged, first, &brought).map(|()| {
                let known =
                    |sha256: &&Sha256Digest| project.registry().ledger().document(sha256).is_some();
                brought.iter().filter(known).copied().collect::<Vec<_>>()
            }),
            None => Ok(Vec::new()),
        });
        let known = said.await??;
        let layout = self.layout.clone();
        let (of, by) = (id.clone(), author.to_owned());
        let kept = tokio::task::spawn_blocking(move || keep(&layout, &of, &by, documents, &known));
        let mut drafts = kept.await.map_err(|error| DaemonError::Setup(error.to_string()))??;
        let mut last = first;
        for (number, stated) in (first..).zip(amounts) {
            last = number;
            let client: std::sync::Arc<str> = stated.entry.entered_by.as_str().into();
            let act = Act::Amount { number, amount: stated.entry };
            let bytes = act.encode().map_err(|error| DaemonError::Refused(error.to_string()))?;
            drafts.push(Draft {
                project: id.clone(),
                kind: Kind::Amount,
                source: Source::Operator,
                client,
                name: format!("amount-{number}").into(),
                payload: Payload::Inline(bytes.into()),
                nonce: None,
            });
        }
        self.journal.append(drafts).await?;
        self.publisher.flush().await?;
        let recorded = self.publisher.look(&id, move |project| {
            project.is_some_and(|project| project.registry().ledger().get(last).is_some())
        });
        if !recorded.await? {
            let reason = "the amounts are journaled and not published".to_owned();
            return Err(DaemonError::PublisherStopped(reason));
        }
        Ok(Answer::Amounts { project: id.to_string(), first, last })
    }
}

/// Writes the hash of each amount's document into it; gives the documents' paths by hash.
type Documents = BTreeMap<Sha256Digest, String>;

fn hash_documents(mut amounts: Vec<Stated>) -> Result<(Vec<Stated>, Documents), DaemonError> {
    let mut documents = Documents::new();
    for stated in &mut amounts {
        let Some(path) = &stated.document else { continue };
        let place = &stated.place;
        let sha256 = inbox::hash(Path::new(path)).map_err(|error| {
            DaemonError::Refused(format!("{place}: its document cannot be read: {error}"))
        })?;
        stated.entry.document = sha256.to_string();
        documents.insert(sha256, path.clone());
    }
    Ok((amounts, documents))
}

/// Keeps the documents that the log does not have yet, as messages.
fn keep(
    layout: &Layout,
    id: &ProjectId,
    author: &str,
    documents: Documents,
    known: &[Sha256Digest],
) -> Result<Vec<Draft>, DaemonError> {
    let mut drafts = Vec::new();
    for (sha256, path) in documents.into_iter().filter(|(sha256, _)| !known.contains(sha256)) {
        let path = Path::new(&path);
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_else(|| "document".to_owned());
        let draft = inbox::draft(layout, id.clone(), path, &name, author)?;
        let kept = match &draft.payload {
            Payload::Inline(bytes) => Sha256Digest::of(bytes),
            Payload::Blob(blob) => blob.sha256,
        };
        if kept != sha256 {
            let shown = path.display();
            let reason = format!("{shown} changed while it was read; nothing was recorded");
            return Err(DaemonError::Refused(reason));
        }
        drafts.push(Draft { kind: Kind::Document, ..draft });
    }
    Ok(drafts)
}

/// Judges amounts by the plan and by those that stand; `brought` are documents that come with them.
///
/// # Errors
/// [`DaemonError::Refused`] with everything that is wrong, a line each.
fn judge(
    project: &Project,
    amounts: &[Stated],
    first: u32,
    brought: &[Sha256Digest],
) -> Result<(), DaemonError> {
    let registry = project.registry();
    let plan = registry.plans().latest();
    let plan = plan.ok_or_else(|| DaemonError::Refused("the project has no plan".to_owned()))?;
    let mut ledger = registry.ledger().clone();
    brought.iter().for_each(|sha256| ledger.add_document(*sha256, -1));
    let mut wrong = Vec::new();
    for (number, stated) in (first..).zip(amounts) {
        if let Err(reason) = judge_one(plan, &mut ledger, number, stated) {
            wrong.push(format!("{}: {reason}", stated.place));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(DaemonError::Refused(wrong.join("\n"))) }
}

/// Takes an amount into the ledger, or says why not.
fn judge_one(plan: &Plan, ledger: &mut Ledger, number: u32, stated: &Stated) -> Result<(), String> {
    let entry = &stated.entry;
    if entry.entered_by.trim().is_empty() {
        return Err("who entered it is not said".to_owned());
    }
    if entry.checked_by.trim().to_lowercase() == entry.entered_by.trim().to_lowercase() {
        return Err(format!("{} entered it; another person checks it", entry.entered_by.trim()));
    }
    let parameter = planned(plan, stated)?;
    if let Ok(sha256) = Sha256Digest::parse(&entry.document).ok_or(())
        && ledger.document(&sha256).is_none()
    {
        return Err(format!("the log has no document {sha256}; name its file"));
    }
    let before = ledger.standing();
    let mut next = ledger.clone();
    next.add(number, -1, entry).map_err(|error| error.to_string())?;
    let amount = next.get(number).ok_or("its act's number is taken")?;
    if let Some(replaces) = entry.replaces {
        let old = ledger.get(replaces).ok_or(format!("act {replaces} is no amount"))?;
        if old.entry.parameter != entry.parameter
            || old.entry.members != entry.members
            || old.entry.methodology != entry.methodology
        {
            return Err(format!("act {replaces} is an amount of another parameter"));
        }
        if entry.reason.trim().is_empty() {
            return Err("a replacement needs its reason".to_owned());
        }
    }
    let mut last_before: Option<&Recorded> = None;
    for other in before.iter().flat_map(|group| &group.alternatives) {
        let is_same = other.entry.parameter == entry.parameter
            && other.entry.members == entry.members
            && other.entry.methodology == entry.methodology;
        if !is_same || next.replaced_by(other.number).contains(&number) {
            continue;
        }
        let overlaps = other.from <= amount.to && amount.from <= other.to;
        let adds_up = other.kind.adds_up() && amount.kind.adds_up();
        let is_document = !entry.document_number.is_empty()
            && other.entry.document_number == entry.document_number
            && other.entry.issuer == entry.issuer
            && other.kind == amount.kind;
        let is_of_one_act = entry.replaces.is_some_and(|old| {
            ledger.replaced_by(old).contains(&other.number) || other.number == old
        });
        if (overlaps && !adds_up || is_document) && !is_of_one_act {
            return Err(format!(
                "{} of {} to {} stands for {} already; replace it: --replaces {}",
                other.name(),
                other.from,
                other.to,
                crate::period::statement::label(&entry.parameter, &entry.members),
                other.number
            ));
        }
        if other.to < amount.from && last_before.is_none_or(|last| last.to < other.to) {
            last_before = Some(other);
        }
    }
    if !stated.is_sure {
        sane(plan, parameter, &amount, last_before)?;
    }
    *ledger = next;
    Ok(())
}

/// The parameter of the plan that an amount speaks of.
fn planned<'a>(plan: &'a Plan, stated: &Stated) -> Result<&'a Parameter, String> {
    let entry = &stated.entry;
    let label = crate::period::statement::label(&entry.parameter, &entry.members);
    let is_named = |parameter: &&Parameter| {
        parameter.symbol == entry.parameter
            && parameter.members == entry.members
            && (entry.methodology.is_empty() || parameter.methodology == entry.methodology)
    };
    let parameter = plan.registered.parameters.iter().find(is_named);
    let parameter = parameter.ok_or_else(|| {
        let known: Vec<String> = plan
            .registered
            .parameters
            .iter()
            .filter(|one| one.amounts)
            .map(|one| crate::period::statement::label(&one.symbol, &one.members))
            .collect();
        format!("the plan has no parameter {label}; with amounts it has {}", known.join(", "))
    })?;
    if !parameter.amounts {
        return Err(format!("{label} takes no documents; write amounts = true in its plan"));
    }
    let is_category = entry.unit.is_empty();
    if is_category != parameter.is_category() {
        return Err(match parameter.is_category() {
            true => format!("{label} is a category: its value is a member, without a unit"),
            false => format!("{label} needs a unit, such as {}", parameter.unit),
        });
    }
    let fits = |a: &str, b: &str| {
        let unit = crate::domain::unit::Unit::parse;
        a == b || unit(a).zip(unit(b)).is_some_and(|(a, b)| a.conversion_to(b).is_some())
    };
    if !is_category && !fits(&entry.unit, &parameter.unit) {
        return Err(format!(
            "{} is no unit of {label}, which is in {}",
            entry.unit, parameter.unit
        ));
    }
    Ok(parameter)
}

/// Refuses what lies beyond the plan's bounds or far from the amount before it.
fn sane(
    plan: &Plan,
    parameter: &Parameter,
    amount: &Recorded,
    before: Option<&Recorded>,
) -> Result<(), String> {
    let zone = &plan.registered.zone;
    let advice = "look again; if it is meant, say --sure: it then counts by its bounds";
    if let Some(reason) = crate::period::beyond(parameter, amount, zone) {
        return Err(format!("{reason}; {advice}"));
    }
    let is_amount = matches!(parameter.doubt, Doubt::Capacity { .. });
    let (Some(before), true) = (before, is_amount) else { return Ok(()) };
    let number = |one: &Recorded| match &one.value {
        Value::Number(value) if one.entry.unit == amount.entry.unit => Some(Number::from(*value)),
        _ => None,
    };
    let (Some(old), Some(new)) = (number(before), number(amount)) else { return Ok(()) };
    let days = |one: &Recorded| Number::from_integer(one.day_count().into());
    // new / its days against old / its days, without a division.
    let scaled = |value: &Number, by: &Recorded, factor: i64| {
        value.multiply(&days(by)).and_then(|v| v.multiply(&Number::from_integer(factor)))
    };
    let pairs = [
        scaled(&new, before, 1).and_then(|new| Ok((new, scaled(&old, amount, FACTOR_MAX)?))),
        scaled(&old, amount, 1).and_then(|old| Ok((old, scaled(&new, before, FACTOR_MAX)?))),
    ];
    for pair in pairs {
        let (one, most) = pair.map_err(|error| error.to_string())?;
        if one > most && !old.is_zero() && !new.is_zero() {
            return Err(format!(
                "{} {} over {} days is more than {FACTOR_MAX} times away from {}, {} over {} days; look \
                 again; if it is meant, say --sure",
                amount.entry.value,
                amount.entry.unit,
                amount.day_count(),
                before.name(),
                before.entry.value,
                before.day_count()
            ));
        }
    }
    Ok(())
}
