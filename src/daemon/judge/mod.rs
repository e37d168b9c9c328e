//! Acts judged before they are recorded: what could have no effect, or no sense, is refused.
//!
//! Each kind of act has its judge in a file of its own. A judge is given the [`Case`]: the project as
//! it is published, and the registry as it would be with the acts of the same request that come
//! before. It alters nothing.

mod amount;
mod by_hand;
mod device;
mod life;
mod reading;

use super::DaemonError;
use super::request::Stated;
use crate::config::plan::Plan;
use crate::decode::act::{Act, Content};
use crate::domain::digest::Sha256Digest;
use crate::publish::Project;
use crate::publish::registry::Registry;

/// What an act is judged by.
struct Case<'a> {
    project: &'a Project,
    /// With the documents of the request, and its acts before this one.
    registry: &'a Registry,
    plan: &'a Plan,
    /// The number that the act gets.
    number: u32,
    /// True if whoever states it says that the unlikely is meant.
    is_sure: bool,
}

/// Judges acts that are to get the numbers from `first` on; `brought` are documents that come with
/// them.
///
/// # Errors
/// [`DaemonError::Refused`] with everything that is wrong, a line each; others when a file cannot be
/// read.
pub fn judge(
    project: &Project,
    stated: &[Stated],
    first: u32,
    brought: &[Sha256Digest],
) -> Result<(), DaemonError> {
    let mut registry = project.registry().clone();
    let plan = registry.plans().latest().cloned();
    let plan = plan.ok_or_else(|| DaemonError::Refused("the project has no plan".to_owned()))?;
    brought.iter().for_each(|sha256| registry.take_document(-1, *sha256));
    let mut wrong = Vec::new();
    for (number, one) in (first..).zip(stated) {
        let is_sure = one.is_sure;
        let case = Case { project, registry: &registry, plan: &plan, number, is_sure };
        let judged = judge_one(&case, &one.act).and_then(|()| {
            let act = Act { number, content: one.act.clone() };
            let taken = registry.take(-1, act);
            taken.map(|_| ()).map_err(|error| DaemonError::Refused(error.to_string()))
        });
        match judged {
            Ok(()) => {}
            Err(DaemonError::Refused(reason)) => wrong.push(at_place(&one.place, reason)),
            Err(error) => return Err(error),
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(DaemonError::Refused(wrong.join("\n"))) }
}

/// A reason with the place of the act that it is about.
pub(super) fn at_place(place: &str, reason: String) -> String {
    if place.is_empty() { reason } else { format!("{place}: {reason}") }
}

fn judge_one(case: &Case<'_>, act: &Content) -> Result<(), DaemonError> {
    if act.author().trim().is_empty() {
        return refused(format!(
            "a {} needs its author: who reads the report will ask",
            act.word()
        ));
    }
    for document in act.documents() {
        match Sha256Digest::parse(document) {
            Some(sha256) if case.registry.document(&sha256).is_some() => {}
            Some(sha256) => {
                return refused(format!("the log has no document {sha256}; name its file"));
            }
            None => return refused(format!("{document:?} is no SHA-256 of a document")),
        }
    }
    match act {
        Content::Decision(_) | Content::Correction(_) => reading::judge(case, act),
        Content::Amount(amount) => amount::judge(case, amount).map_err(DaemonError::Refused),
        Content::Check(check) => amount::judge_check(case, check).map_err(DaemonError::Refused),
        Content::Certificate(certificate) => device::judge_certificate(case, certificate),
        Content::Exchange(exchange) => device::judge_exchange(case, exchange),
        Content::Reading(entry) => by_hand::judge(case, entry),
        Content::Seal(_) => refused("a seal is made by closing a period".to_owned()),
        _ => life::judge(case, act).map_err(DaemonError::Refused),
    }
}

fn refused<T>(reason: String) -> Result<T, DaemonError> {
    Err(DaemonError::Refused(reason))
}

/// Refuses an act without one of the texts that whoever reads the report will ask for.
fn needs(word: &str, texts: &[(&str, &str)]) -> Result<(), DaemonError> {
    match texts.iter().find(|(_, text)| text.trim().is_empty()) {
        Some((what, _)) => {
            refused(format!("a {word} needs its {what}: who reads the report will ask"))
        }
        None => Ok(()),
    }
}
