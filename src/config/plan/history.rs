//! A project's plans in their order, and which of them counts when.

use std::sync::Arc;

use super::{ChannelPlan, Plan};
use crate::domain::time::Timestamp;

/// Why a plan cannot follow the ones before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    #[error("plan number {found} cannot follow plan {last}; the next number is {}", last + 1)]
    Number { last: u32, found: u32 },
    #[error(
        "plan {number} makes {channel} {new}, it is {old} since an earlier plan and its stored values \
         stay so; declare a channel of another name"
    )]
    Channel { number: u32, channel: String, old: String, new: String },
    #[error("this plan is for project {found}, the log is that of {expected}")]
    Project { expected: String, found: String },
}

/// The plans of one project, numbered 1, 2, 3, ...
#[derive(Debug, Clone, Default)]
pub struct PlanHistory {
    plans: Vec<Arc<Plan>>,
}

impl PlanHistory {
    /// Adds the next plan.
    ///
    /// # Errors
    /// When its number is not one above the last, it names another project, or it gives a channel
    /// another kind or storage unit than its stored values have.
    pub fn push(&mut self, plan: Arc<Plan>) -> Result<(), HistoryError> {
        let last = self.plans.len() as u32;
        if plan.number != last + 1 {
            return Err(HistoryError::Number { last, found: plan.number });
        }
        if let Some(first) = self.plans.first()
            && first.project != plan.project
        {
            let (expected, found) = (first.project.to_string(), plan.project.to_string());
            return Err(HistoryError::Project { expected, found });
        }
        for channel in &plan.channels {
            let earlier = self.plans.iter().find_map(|earlier| earlier.channel(&channel.key));
            if let Some(earlier) = earlier
                && (earlier.unit != channel.unit || !earlier.kind.is_like(channel.kind))
            {
                let said = |c: &ChannelPlan| format!("a {} in {}", c.kind.as_str(), c.unit);
                let (old, new) = (said(earlier), said(channel));
                let (number, channel) = (plan.number, channel.key.to_string());
                return Err(HistoryError::Channel { number, channel, old, new });
            }
        }
        self.plans.push(plan);
        Ok(())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }

    /// The plan with the highest number.
    #[must_use]
    pub fn latest(&self) -> Option<&Arc<Plan>> {
        self.plans.last()
    }

    /// All plans, by number from 1.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Plan>> {
        self.plans.iter()
    }

    /// The plan in force at `at`: the highest-numbered one whose `valid_from` is not after it. With
    /// a message's time of receipt it is the plan that reads the message, with a reading's stamp
    /// the plan that judges the reading.
    #[must_use]
    pub fn in_force(&self, at: Timestamp) -> Option<&Arc<Plan>> {
        self.plans.iter().rev().find(|plan| plan.valid_from <= at)
    }
}
