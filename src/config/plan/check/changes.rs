//! `[[change]]`: what an amendment says of its own changes.

use super::Findings;
use crate::config::plan::change::{Approval, ChangeKind, PlanChange};
use crate::config::plan::raw::RawChange;
use crate::domain::digest::Sha256Digest;

#[derive(Clone, Copy)]
enum Kind {
    Deviation,
    Correction,
    Permanent,
}

const KINDS: &[(&str, Kind)] = &[
    ("temporary-deviation", Kind::Deviation),
    ("correction", Kind::Correction),
    ("permanent-change", Kind::Permanent),
];

impl Findings<'_> {
    pub(super) fn changes(&mut self, raw: &[RawChange], number: i64) -> Vec<PlanChange> {
        let mut changes: Vec<PlanChange> = Vec::new();
        for one in raw {
            if number == 1 {
                let advice = "the first plan registers; only later ones change";
                self.tell(one.what.span(), "a change in the first plan", advice);
            }
            if changes.iter().any(|other| other.what == *one.what.get_ref()) {
                self.tell(one.what.span(), "this change is stated twice", "keep one");
            }
            changes.extend(self.change(one));
        }
        changes
    }

    fn change(&mut self, raw: &RawChange) -> Option<PlanChange> {
        let from = raw.from.as_ref().and_then(|text| self.date(text));
        let to = raw.to.as_ref().and_then(|text| self.date(text));
        if let (Some(from), Some(to), Some(text)) = (from, to, &raw.to)
            && to < from
        {
            self.tell(text.span(), "ends before it begins", "both dates are inclusive");
        }
        let kind = match (self.choice(&raw.kind, KINDS)?, from, to) {
            (Kind::Deviation, Some(from), Some(to)) => ChangeKind::Deviation { from, to },
            (Kind::Deviation, ..) => {
                let advice = "add from and to, local dates, both inclusive";
                self.tell(raw.kind.span(), "a temporary deviation needs its dates", advice);
                return None;
            }
            (Kind::Permanent, from, None) => ChangeKind::Permanent { from },
            (Kind::Correction, None, None) => ChangeKind::Correction,
            (Kind::Permanent | Kind::Correction, ..) => {
                let advice = "a permanent change has a first date, a correction none";
                self.tell(raw.kind.span(), "these dates are those of a deviation", advice);
                return None;
            }
        };
        if raw.reason.trim().is_empty() {
            let advice = "write reason = \"...\": who reads the report will ask";
            self.tell(raw.what.span(), "a change without its reason", advice);
        }
        let approval = match &raw.approval {
            None => None,
            Some(raw) => {
                let date = self.date(&raw.date);
                let document = match &raw.document {
                    None => None,
                    Some(text) => match Sha256Digest::parse(text.get_ref()) {
                        Some(sha256) => Some(sha256),
                        None => self.refuse(text.span(), "not a SHA-256 in 64 hexadecimal digits"),
                    },
                };
                for text in [&raw.body, &raw.number] {
                    if text.get_ref().trim().is_empty() {
                        let advice = "an approval names the body, and the number of its decision";
                        self.tell(text.span(), "nothing is named", advice);
                    }
                }
                Some(Approval {
                    body: raw.body.get_ref().clone(),
                    number: raw.number.get_ref().clone(),
                    date: date?,
                    document,
                })
            }
        };
        let (what, reason) = (raw.what.get_ref().clone(), raw.reason.clone());
        Some(PlanChange { what, kind, reason, approval })
    }
}
