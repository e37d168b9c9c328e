//! `mrv decide` and `mrv correct`: a person's word on one value, recorded for ever.

use anyhow::Result;

use super::context::{UsageError, author, project_id};
use super::record::record;
use super::{Context, Ended};
use crate::daemon::request::{Answer, Request, Stated};
use crate::dataset::read::stored;
use crate::decode::act::{Content, Correction, Decision};
use crate::domain::id::{DeviceId, QuantityId, SiteId};
use crate::domain::reading::{ChannelKey, Channels};
use crate::domain::time::Timestamp;

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
    /// A value that was looked at, once for each; all that the log has where not given. A value that
    /// arrives later opens the doubt again.
    #[arg(long, value_name = "VALUE")]
    seen: Vec<String>,
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
    let seen = match arguments.seen.is_empty() {
        true => stored_values(context, &project, [&site, &device, &quantity], &at)?,
        false => arguments.seen,
    };
    let decision = Decision { site, device, quantity, at, value, seen, author, reason, evidence };
    record(context, project, vec![Stated::new(Content::Decision(decision))])
}

pub fn correct(context: &Context, arguments: CorrectArguments) -> Result<Ended> {
    let [site, device, quantity] = arguments.subject.names()?;
    let Subject { project, at, reason, evidence, author: name, .. } = arguments.subject;
    let (old, new, author) = (arguments.old, arguments.new, author(name));
    let correction = Correction { site, device, quantity, at, old, new, author, reason, evidence };
    record(context, project, vec![Stated::new(Content::Correction(correction))])
}

/// The different values that the log has of one identity.
fn stored_values(
    context: &Context,
    project: &str,
    [site, device, quantity]: [&str; 3],
    at: &str,
) -> Result<Vec<String>> {
    let usage = |error: &dyn std::fmt::Display| UsageError(error.to_string());
    let key = ChannelKey {
        site: SiteId::parse(site).map_err(|error| usage(&error))?,
        device: DeviceId::parse(device).map_err(|error| usage(&error))?,
        quantity: QuantityId::parse(quantity).map_err(|error| usage(&error))?,
    };
    let at = Timestamp::parse_rfc3339(at).map_err(|error| usage(&error))?;
    // What waits to be published is looked at too.
    match context.ask(Request::Flush)? {
        Answer::Done => {}
        other => anyhow::bail!("unexpected answer {other:?}"),
    }
    let (_, layout) = context.open()?;
    let mut channels = Channels::default();
    let channel = channels.intern(&key);
    let range = (at, Timestamp::from_us(at.us() + 1));
    let id = project_id(project)?;
    let (readings, conflicts) =
        stored(&layout, &id, &mut channels, range, |reading| reading.channel == channel)?;
    let conflicts = conflicts.iter().map(|conflict| &conflict.reading);
    let mut values: Vec<String> =
        readings.iter().chain(conflicts).map(|reading| reading.value.to_string()).collect();
    values.sort();
    values.dedup();
    Ok(values)
}
