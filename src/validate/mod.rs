//! Stage R: a decoded sample becomes a reading of a planned channel, or a refusal.
//!
//! One rule per file, in the order in which they are applied: [`time`] V-TIME and V-CLOCK,
//! [`channel`] V-CHANNEL, [`unit`] V-UNIT and V-PRECISION, [`range`] V-RANGE. V-SCHEMA and V-MISSING
//! are told by the decoders, V-DUP and V-CONFLICT by `merge`. Pure; the plan that judges a reading is
//! the one in force at its stamp.

mod channel;
mod range;
mod time;
mod unit;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::config::plan::history::PlanHistory;
use crate::config::plan::reader::Reader;
use crate::config::plan::{ChannelKind, ChannelPlan, GaugeRule, Plan, StampAt};
use crate::decode::cut_name;
use crate::domain::flag::{Code, Flags};
use crate::domain::reading::{ChannelId, Channels, Reading, Refusal, Sample};
use crate::domain::time::Timestamp;

/// A result of a rule that ends a sample: the code and a sentence for people.
type Refused = (Code, String);

/// Checks the samples of one project.
pub struct Checker<'a> {
    plans: &'a PlanHistory,
    channels: &'a mut Channels,
    /// Channels by `site/device/quantity` as sent.
    by_name: HashMap<Box<str>, ChannelId>,
    /// What was last found out of each channel, by its number.
    judged: Vec<Option<Judged<'a>>>,
    name: String,
}

/// The plan's word on a channel, and for which stamps it holds.
#[derive(Clone, Copy)]
struct Judged<'a> {
    from: Timestamp,
    /// Exclusive.
    to: Timestamp,
    plan: &'a Plan,
    /// `None`: the plan has no such channel.
    planned: Option<&'a ChannelPlan>,
}

impl<'a> Checker<'a> {
    /// A checker by the project's plans; channels of readings are numbered in `channels`.
    pub fn new(plans: &'a PlanHistory, channels: &'a mut Channels) -> Self {
        let (by_name, judged) = (HashMap::new(), Vec::new());
        Self { plans, channels, by_name, judged, name: String::new() }
    }

    /// The channels numbered so far.
    pub fn channels(&mut self) -> &mut Channels {
        self.channels
    }

    /// Checks one sample of a message received at `received_at` and read by `reader`.
    ///
    /// # Errors
    /// The refusal, where a rule with the effect *exclude* does not hold.
    pub fn check(
        &mut self,
        sample: &Sample<'_>,
        received_at: Timestamp,
        reader: &Reader,
    ) -> Result<Reading, Refusal> {
        self.judge(sample, received_at, reader)
            .map_err(|(code, reason)| refusal(sample, code, reason))
    }

    fn judge(
        &mut self,
        sample: &Sample<'_>,
        received_at: Timestamp,
        reader: &Reader,
    ) -> Result<Reading, Refused> {
        let channel = self.channel_id(sample)?;
        let Judged { plan, planned, .. } = self.judged(channel, sample.at)?;
        let Some(planned) = planned else {
            return Err(channel::not_planned(sample, plan));
        };
        let at = stamp_of(planned, reader, sample.at);
        let mut flags = Flags::NONE;
        time::check(at, received_at, &plan.tolerances, &mut flags)?;
        channel::check_service(planned, at)?;
        let value = unit::store(planned, sample, &mut flags)?;
        range::check(planned, value, &mut flags);
        Ok(Reading { channel, at, value, flags, place: sample.place })
    }

    /// The channel's number; only names that a plan has get one.
    fn channel_id(&mut self, sample: &Sample<'_>) -> Result<ChannelId, Refused> {
        self.name.clear();
        for part in [sample.site, "/", sample.device, "/", sample.quantity] {
            self.name.push_str(part);
        }
        if let Some(channel) = self.by_name.get(self.name.as_str()) {
            return Ok(*channel);
        }
        let key = channel::key(sample)?;
        if !self.plans.iter().any(|plan| plan.channel(&key).is_some()) {
            let latest = self.plans.latest().ok_or_else(|| time::before_plan(sample.at))?;
            return Err(channel::not_planned(sample, latest));
        }
        let channel = self.channels.intern(&key);
        self.by_name.insert(self.name.as_str().into(), channel);
        Ok(channel)
    }

    fn judged(&mut self, channel: ChannelId, at: Timestamp) -> Result<Judged<'a>, Refused> {
        let number = channel.0 as usize;
        if let Some(Some(judged)) = self.judged.get(number)
            && (judged.from..judged.to).contains(&at)
        {
            return Ok(*judged);
        }
        let plan = self.plans.in_force(at).ok_or_else(|| time::before_plan(at))?;
        let later = self.plans.iter().filter(|other| other.number > plan.number);
        let to = later.map(|other| other.valid_from).filter(|from| *from > at).min();
        let judged = Judged {
            from: plan.valid_from,
            to: to.unwrap_or(Timestamp::END),
            plan,
            planned: plan.channel(self.channels.key(channel)),
        };
        if self.judged.len() <= number {
            self.judged.resize(number + 1, None);
        }
        self.judged[number] = Some(judged);
        Ok(judged)
    }
}

/// The stamp in the channel's own sense, where the source marks the other end of the span.
fn stamp_of(planned: &ChannelPlan, reader: &Reader, at: Timestamp) -> Timestamp {
    let own = match planned.kind {
        ChannelKind::Delta { stamp } | ChannelKind::Gauge(GaugeRule::Mean { stamp }) => stamp,
        ChannelKind::Register { .. } | ChannelKind::Gauge(GaugeRule::Hold { .. }) => return at,
    };
    let cadence_us = planned.cadence_us.unwrap_or(0);
    match (reader.stamp, own) {
        (Some(StampAt::End), StampAt::Start) => Timestamp::from_us(at.us() - cadence_us),
        (Some(StampAt::Start), StampAt::End) => Timestamp::from_us(at.us() + cadence_us),
        _ => at,
    }
}

/// A sample that is no reading.
fn refusal(sample: &Sample<'_>, code: Code, reason: String) -> Refusal {
    let unit = sample.unit.unwrap_or_default();
    let text = format!("{} {unit}", sample.value);
    Refusal {
        code,
        reason,
        text: text.trim_end().to_owned(),
        site: Some(cut_name(sample.site)),
        device: Some(cut_name(sample.device)),
        quantity: Some(cut_name(sample.quantity)),
        at: Some(sample.at),
        place: sample.place,
        first: None,
    }
}
