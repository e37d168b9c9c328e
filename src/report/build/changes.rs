//! The changes of what is registered, for the model.

use super::{TONNES, figure};
use crate::config::plan::change::ChangeKind;
use crate::domain::time::Zone;
use crate::period::changes::ChangeFacts;
use crate::report::model::{ChangeApproval, ChangeEffect, PlanChange};

pub(super) fn change(facts: &ChangeFacts, zone: &Zone) -> PlanChange {
    let stated = facts.stated.as_ref();
    let time = match stated.map(|stated| stated.kind) {
        Some(ChangeKind::Deviation { from, to }) => format!("{from} to {to}"),
        Some(ChangeKind::Permanent { from: Some(from) }) => format!("from {from}"),
        _ => String::new(),
    };
    let effects = facts.effects.iter().map(|one| ChangeEffect {
        methodology: one.methodology.clone(),
        year: one.year,
        er_old: figure(one.er_old, TONNES),
        er_new: figure(one.er_new, TONNES),
        counts: match one.counts {
            "lower" => "the lower of both".to_owned(),
            "each" => "each in its time".to_owned(),
            side => side.to_owned(),
        },
        why_whole: one.why_whole.clone(),
    });
    let approval = stated.and_then(|stated| stated.approval.as_ref());
    PlanChange {
        what: facts.what.clone(),
        old: facts.old.clone(),
        new: facts.new.clone(),
        old_plan: facts.old_plan,
        new_plan: facts.new_plan,
        kind: stated.map_or("not stated", |stated| stated.kind.as_str()).to_owned(),
        time,
        reason: stated.map_or_else(String::new, |stated| stated.reason.clone()),
        approval: approval.map(|one| ChangeApproval {
            body: one.body.clone(),
            number: one.number.clone(),
            date: one.date.to_string(),
            document: one.document.map(|sha256| sha256.to_string()),
        }),
        valid_from: zone.show(facts.valid_from),
        received_at: zone.show(facts.received_at),
        is_backdated: facts.is_backdated(),
        effects: effects.collect(),
    }
}
