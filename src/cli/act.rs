//! `mrv decide` and `mrv correct`: a person's word on one value, recorded for ever.

use anyhow::Result;

use super::context::{UsageError, author};
use super::record::record;
use super::{Context, Ended};
use crate::daemon::request::Stated;
use crate::decode::act::{Content, Correction, Decision};

/// Decide what counts where values conflict or one is held.
///
/// A conflict (V-CONFLICT) or a held value (V-RANGE, V-CAPACITY, V-NIGHT) counts by its bounds, on the
/// side that lowers the reductions, until a person decides. The decision is a message in the project's
/// log with author, reason and evidence; no value is overwritten. Two different decisions on one value
/// decide nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mrv decide --project P --channel roof/meter/EG \
    --at 2026-03-01T04:15:00Z --value 1234.5 --reason \"display read on site\" --evidence photo-17")]
pub struct DecideArguments {
    #[command(flatten)]
    subject: Subject,
    /// The value that counts, in the channel's storage unit.
    #[arg(long)]
    value: String,
}

/// Correct one reading that is known to be wrong.
///
/// Names the old value, so that nothing else can be meant, and the new one. Recorded like a decision;
/// the old value stays where it is. Two different corrections are a conflict again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mrv correct --project P --channel roof/meter/EG \
    --at 2026-03-01T04:15:00Z --old 12345 --new 1234.5 --reason \"typed without the point\"")]
pub struct CorrectArguments {
    #[command(flatten)]
    subject: Subject,
    /// The value as stored now.
    #[arg(long)]
    old: String,
    /// The value that counts instead.
    #[arg(long)]
    new: String,
}

#[derive(Debug, clap::Args)]
struct Subject {
    /// The project.
    #[arg(long)]
    project: String,
    /// The channel: site/device/quantity.
    #[arg(long)]
    channel: String,
    /// The reading's stamp, RFC 3339 with offset.
    #[arg(long, value_name = "TIME")]
    at: String,
    /// Why.
    #[arg(long)]
    reason: String,
    /// A document: name, number or hash.
    #[arg(long, default_value = "")]
    evidence: String,
    /// Who decides; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
}

impl Subject {
    fn names(&self) -> Result<[String; 3]> {
        let parts: Vec<String> = self.channel.split('/').map(str::to_owned).collect();
        parts.try_into().map_err(|_| {
            UsageError(format!("{:?} names no channel; write site/device/quantity", self.channel))
                .into()
        })
    }
}

pub fn decide(context: &Context, arguments: DecideArguments) -> Result<Ended> {
    let [site, device, quantity] = arguments.subject.names()?;
    let Subject { project, at, reason, evidence, author: name, .. } = arguments.subject;
    let value = arguments.value;
    let author = author(name);
    let decision = Decision { site, device, quantity, at, value, author, reason, evidence };
    record(context, project, vec![Stated::new(Content::Decision(decision))])
}

pub fn correct(context: &Context, arguments: CorrectArguments) -> Result<Ended> {
    let [site, device, quantity] = arguments.subject.names()?;
    let Subject { project, at, reason, evidence, author: name, .. } = arguments.subject;
    let (old, new, author) = (arguments.old, arguments.new, author(name));
    let correction = Correction { site, device, quantity, at, old, new, author, reason, evidence };
    record(context, project, vec![Stated::new(Content::Correction(correction))])
}
