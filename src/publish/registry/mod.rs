//! The acts of a project's log: plans, methodologies, decisions, corrections, amounts, seals.
//!
//! A projection of the log's leaves that are not data, in log order; what is no such act is kept as
//! a refusal and takes no effect.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::plan::Plan;
use crate::config::plan::history::PlanHistory;
use crate::dataset::rows::MessageRow;
use crate::decode::act::{Act, ActError, Content, Seal, Settlements};
use crate::decode::amount::Ledger;
use crate::decode::devices::Devices;
use crate::decode::life::Life;
use crate::domain::digest::Sha256Digest;
use crate::domain::flag::Code;
use crate::domain::message::{Kind, Payload};
use crate::domain::reading::{ChannelKey, Place, Refusal, refused_text};
use crate::domain::time::Timestamp;
use crate::period::changes::RecordedPlan;

/// A methodology as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodologyText {
    pub leaf: i64,
    pub text: String,
}

/// A seal and its leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealLeaf {
    pub leaf: i64,
    pub seal: Seal,
}

/// What the acts of a log come to.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    plans: PlanHistory,
    /// Leaf of each plan and when it was received, by number from 1.
    plan_leaves: Vec<(i64, Timestamp)>,
    /// The last text of each id.
    methodologies: BTreeMap<String, MethodologyText>,
    settlements: Settlements,
    ledger: Ledger,
    life: Life,
    devices: Devices,
    seals: Vec<SealLeaf>,
    /// All acts that take effect, with their leaves.
    acts: Vec<(i64, Act)>,
    last_act: u32,
    /// Acts without effect, by leaf.
    refused: BTreeMap<i64, Refusal>,
}

/// What one leaf changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    None,
    /// A plan of this number and first instant.
    Plan {
        number: u32,
        valid_from: Timestamp,
    },
    /// An act that alters what counts of these channels between two stamps, both inclusive.
    Stretches(Vec<(ChannelKey, Timestamp, Timestamp)>),
    /// It is no such act, or takes no effect: see [`Registry::refusal`].
    Refused,
}

impl Registry {
    /// Takes one leaf into account; data leaves change nothing.
    pub fn add(&mut self, row: &MessageRow) -> Change {
        let bytes = match (&row.header.kind, &row.payload) {
            (Kind::Data | Kind::Event, _) => return Change::None,
            (Kind::Document, Payload::Inline(bytes)) => {
                self.take_document(row.leaf, Sha256Digest::of(bytes));
                return Change::None;
            }
            (Kind::Document, Payload::Blob(blob)) => {
                self.take_document(row.leaf, blob.sha256);
                return Change::None;
            }
            (_, Payload::Inline(bytes)) => bytes,
            (_, Payload::Blob(_)) => return self.refuse(row, b"", "an act has at most 64 KiB"),
        };
        match row.header.kind {
            Kind::Plan => self.add_plan(row, bytes),
            Kind::Methodology => {
                let Ok(text) = std::str::from_utf8(bytes) else {
                    return self.refuse(row, bytes, "a methodology is UTF-8");
                };
                let text = MethodologyText { leaf: row.leaf, text: text.to_owned() };
                self.methodologies.insert(row.header.name.to_string(), text);
                Change::None
            }
            _ => self.add_act(row, bytes),
        }
    }

    #[must_use]
    pub fn plans(&self) -> &PlanHistory {
        &self.plans
    }

    /// The leaf that carries the plan of this number.
    #[must_use]
    pub fn plan_leaf(&self, number: u32) -> Option<i64> {
        self.plan_leaves.get((number as usize).checked_sub(1)?).map(|(leaf, _)| *leaf)
    }

    /// The plans with the times at which they were received, by number.
    #[must_use]
    pub fn recorded_plans(&self) -> Vec<RecordedPlan> {
        let plans = self.plans.iter().zip(&self.plan_leaves);
        let recorded = |(plan, (_, received_at)): (&Arc<Plan>, &(i64, Timestamp))| RecordedPlan {
            plan: plan.clone(),
            received_at: *received_at,
        };
        plans.map(recorded).collect()
    }

    #[must_use]
    pub fn methodology(&self, id: &str) -> Option<&MethodologyText> {
        self.methodologies.get(id)
    }

    #[must_use]
    pub fn settlements(&self) -> &Settlements {
        &self.settlements
    }

    /// Amounts with their checks and documents.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Certificates and exchanges of meters.
    #[must_use]
    pub fn devices(&self) -> &Devices {
        &self.devices
    }

    /// The first leaf that carries a document.
    #[must_use]
    pub fn document(&self, sha256: &Sha256Digest) -> Option<i64> {
        self.ledger.document(sha256)
    }

    /// Periods with their versions, steps, findings, holds and checks.
    #[must_use]
    pub fn life(&self) -> &Life {
        &self.life
    }

    /// All seals, of every version, in log order.
    #[must_use]
    pub fn seals(&self) -> &[SealLeaf] {
        &self.seals
    }

    /// Why the act of this leaf takes no effect, if it takes none.
    #[must_use]
    pub fn refusal(&self, leaf: i64) -> Option<&Refusal> {
        self.refused.get(&leaf)
    }

    /// The acts that take effect, with their leaves, in log order.
    #[must_use]
    pub fn acts(&self) -> &[(i64, Act)] {
        &self.acts
    }

    /// The act of this number and its leaf, if it takes effect.
    #[must_use]
    pub fn act(&self, number: u32) -> Option<&(i64, Act)> {
        self.acts.iter().rev().find(|(_, act)| act.number == number)
    }

    /// The stretches of channels whose values acts settle: those that tables written anew from
    /// messages must be computed with.
    #[must_use]
    pub fn stretches(&self) -> Vec<(ChannelKey, Timestamp, Timestamp)> {
        let settled = self.settlements.identities().map(|(key, at)| (key.clone(), *at, *at));
        let exchanged = self.devices.exchanges().flat_map(|one| {
            one.registers.iter().map(|shown| (shown.channel.clone(), one.off, one.on))
        });
        settled.chain(exchanged).collect()
    }

    /// Takes an act into account.
    ///
    /// # Errors
    /// When it says nothing that could take effect; nothing is altered then.
    pub fn take(&mut self, leaf: i64, act: Act) -> Result<Change, ActError> {
        self.life.take(leaf, &act)?;
        let change = match &act.content {
            content @ (Content::Decision(_) | Content::Correction(_)) => {
                let touched = self.settlements.add(content)?;
                Change::Stretches(touched.into_iter().map(|(key, at)| (key, at, at)).collect())
            }
            Content::Seal(seal) => {
                self.seals.push(SealLeaf { leaf, seal: seal.clone() });
                Change::None
            }
            Content::Amount(amount) => {
                self.ledger.add(act.number, leaf, amount)?;
                Change::None
            }
            Content::Check(check) => {
                self.ledger.check(check);
                Change::None
            }
            // It is decoded as a reading of its channel.
            Content::Reading(reading) => {
                reading.stamp()?;
                reading.number()?;
                Change::None
            }
            Content::Certificate(certificate) => {
                self.devices.add_certificate(act.number, leaf, certificate)?;
                Change::None
            }
            Content::Exchange(exchange) => {
                let touched = self.devices.add_exchange(act.number, leaf, exchange)?;
                self.settlements.set_offs(self.devices.offs());
                Change::Stretches(touched)
            }
            _ => Change::None,
        };
        self.last_act = self.last_act.max(act.number);
        self.acts.push((leaf, act));
        Ok(change)
    }

    /// Takes a document into account.
    pub fn take_document(&mut self, leaf: i64, sha256: Sha256Digest) {
        self.ledger.add_document(sha256, leaf);
    }

    /// The number that the next act gets.
    #[must_use]
    pub fn next_act(&self) -> u32 {
        self.last_act + 1
    }

    fn refuse(&mut self, row: &MessageRow, bytes: &[u8], reason: &str) -> Change {
        self.refused.insert(row.leaf, refusal(row, bytes, reason));
        Change::Refused
    }

    fn add_plan(&mut self, row: &MessageRow, bytes: &[u8]) -> Change {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.refuse(row, bytes, "a plan is UTF-8");
        };
        let plan = match Plan::parse(&row.header.name, text) {
            Ok(plan) => plan,
            Err(found) => {
                let first = found.first().map(ToString::to_string).unwrap_or_default();
                return self.refuse(row, bytes, &first);
            }
        };
        let (number, valid_from) = (plan.number, plan.valid_from);
        match self.plans.push(Arc::new(plan)) {
            Ok(()) => {
                self.plan_leaves.push((row.leaf, row.header.received_at));
                Change::Plan { number, valid_from }
            }
            Err(error) => self.refuse(row, bytes, &error.to_string()),
        }
    }

    fn add_act(&mut self, row: &MessageRow, bytes: &[u8]) -> Change {
        let taken = Act::parse(bytes).and_then(|act| self.take(row.leaf, act));
        taken.unwrap_or_else(|error| self.refuse(row, bytes, &error.to_string()))
    }
}

fn refusal(row: &MessageRow, bytes: &[u8], reason: &str) -> Refusal {
    Refusal {
        code: Code::Schema,
        reason: format!("{} has no effect: {reason}", row.header.kind.as_str()),
        text: refused_text(&String::from_utf8_lossy(&bytes[..bytes.len().min(4_096)])),
        site: None,
        device: None,
        quantity: None,
        at: None,
        place: Place { leaf: row.leaf, item: 0 },
        first: None,
    }
}

/// The published state of a project and the acts of its log, for readers: nothing is recovered.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn read(
    layout: &crate::dataset::layout::Layout,
    id: &crate::domain::id::ProjectId,
) -> Result<(crate::dataset::commit::Commit, Registry), crate::dataset::DatasetError> {
    let commit = crate::dataset::commit::read(layout, id)?;
    let mut registry = Registry::default();
    crate::dataset::read::acts(layout, id, commit.next_leaf, |row| {
        registry.add(&row);
        Ok::<_, crate::dataset::DatasetError>(())
    })?;
    Ok((commit, registry))
}
