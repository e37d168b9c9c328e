//! Criteria, shares and samples of `[registered]`.

use super::Findings;
use crate::config::plan::practice::{Criterion, Required, Share};
use crate::config::plan::raw::{RawCriterion, RawShare, Text};

impl Findings<'_> {
    pub(super) fn criteria(&mut self, raw: &[RawCriterion]) -> Vec<Criterion> {
        let mut criteria: Vec<Criterion> = Vec::new();
        for one in raw {
            let criterion = one.criterion.get_ref().trim().to_owned();
            if criterion.is_empty() || criteria.iter().any(|other| other.criterion == criterion) {
                let advice = "number each criterion as the methodology does, each once";
                self.tell(one.criterion.span(), "this criterion has no number of its own", advice);
                continue;
            }
            let (description, evidence) = (one.description.clone(), one.evidence.clone());
            criteria.push(Criterion { criterion, description, evidence });
        }
        criteria
    }

    pub(super) fn shares(&mut self, raw: &[RawShare]) -> Vec<Share> {
        let mut shares: Vec<Share> = Vec::new();
        for one in raw {
            let side = one.side.get_ref().clone();
            if !["host", "japan"].contains(&side.as_str()) {
                self.tell(one.side.span(), format!("{side:?} is no side"), "write host or japan");
            }
            let Some(share) = u64::try_from(*one.share.get_ref()).ok().filter(|share| *share > 0)
            else {
                let advice = "write a whole number; shares count relative to their sum";
                self.tell(one.share.span(), "a share is above zero", advice);
                continue;
            };
            if shares.iter().any(|other| other.holder == *one.holder.get_ref()) {
                self.tell(one.holder.span(), "this holder is named twice", "add both shares up");
            }
            shares.push(Share { holder: one.holder.get_ref().clone(), side, share });
        }
        shares
    }

    pub(super) fn sampled(&mut self, raw: Option<&Text>) -> Option<Required> {
        let text = raw?;
        let required = Required::parse(text.get_ref());
        if required.is_none() {
            let message = format!("{:?} is no confidence and precision", text.get_ref());
            self.tell(text.span(), message, "write sampled = \"90/10\", both in percent");
        }
        required
    }
}
