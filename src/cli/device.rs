//! `mrv device certificate|exchange|reading|list`: what happens to meters, recorded with its documents.

use anyhow::Result;

use super::context::{UsageError, author, project_id};
use super::record::{document, record};
use super::{Context, Ended};
use crate::daemon::request::Stated;
use crate::decode::act::{
    CertificateEntry, Content, ExchangeEntry, MeterEntry, ReadingEntry, RegisterEntry,
};
use crate::decode::devices::{Device, Origin};
use crate::publish::registry;

/// Record certificates, exchanges and readings of meters, and show which meter hung where.
///
/// They are messages in the project's log, and so are their documents. A certificate counts for the
/// time that it speaks of, whenever it is found. An exchange is one act: final and start reading,
/// both meters, the time without one, two different people.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Record the certificate of a calibration.
    Certificate(Box<CertificateArguments>),
    /// Record that a meter was exchanged for another.
    Exchange(Box<ExchangeArguments>),
    /// Record what a display shows, read by a person.
    Reading(ReadingArguments),
    /// Show devices, their meters and certificates.
    List(ListArguments),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mrv device reading --project P --channel roof/meter-1/EG \
    --at 2026-03-31T17:00:00+07:00 --value 24710.5 \\\n    --document photo.jpg\n\n\
    A value that was typed wrong is corrected by naming it: mrv correct --old ... --new ...")]
pub struct ReadingArguments {
    #[arg(long)]
    project: String,
    /// The channel: site/device/quantity.
    #[arg(long)]
    channel: String,
    /// When it was read, RFC 3339 with offset.
    #[arg(long, value_name = "TIME")]
    at: String,
    /// As the display shows it.
    #[arg(long)]
    value: String,
    /// A photo of the display: a file, or the SHA-256 of one that the log has.
    #[arg(long, value_name = "FILE", default_value = "")]
    document: String,
    /// Who read it; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Record it although it falls below the reading before it or rises more than can be.
    #[arg(long)]
    sure: bool,
    #[arg(long, default_value = "")]
    reason: String,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mrv device certificate --project P --device roof/meter-1 \
    --serial DM-1001 --number C-17 \\\n    --body Laboratory --scope \"KAN LK-001\" --date 2026-03-02 \
    --valid-until 2027-03-01 \\\n    --as-found \"+1.2 %\" --as-left \"+0.1 %\" --covers-ratio \
    --document c17.pdf")]
pub struct CertificateArguments {
    #[arg(long)]
    project: String,
    /// The device: site/device.
    #[arg(long)]
    device: String,
    /// Serial number of the meter that was calibrated.
    #[arg(long)]
    serial: String,
    /// Number of the certificate.
    #[arg(long)]
    number: String,
    /// Who issued it.
    #[arg(long)]
    body: String,
    /// Accreditation of the body, as printed.
    #[arg(long, default_value = "")]
    scope: String,
    /// Local date of the calibration.
    #[arg(long)]
    date: String,
    /// Last local date on which it is valid.
    #[arg(long, value_name = "DATE", default_value = "")]
    valid_until: String,
    /// Error before adjustment: "+1.2 %" shows too much, "-1.2 %" too little, "1.2 %" either.
    #[arg(long, value_name = "ERROR", default_value = "", allow_hyphen_values = true)]
    as_found: String,
    /// Error after adjustment.
    #[arg(long, value_name = "ERROR", default_value = "", allow_hyphen_values = true)]
    as_left: String,
    /// It covers transformers and multiplier too.
    #[arg(long)]
    covers_ratio: bool,
    /// The certificate's file, which is kept in the log; or the SHA-256 of one that is there.
    #[arg(long, value_name = "FILE")]
    document: String,
    /// Who enters it; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Why it takes the place of one of the same number.
    #[arg(long, default_value = "")]
    reason: String,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  mrv device exchange --project P --device roof/meter-1 \
    --off 2026-05-04T09:00:00+07:00 --on 2026-05-04T11:30:00+07:00 \\\n    --old-serial DM-1001 \
    --old-multiplier 40 --new-serial DM-1002 --new-class \"0.5 S\" --new-multiplier 40 \\\n    \
    --old-digits 5,1 --new-digits 5,1 --register roof/meter-1/EG=23.1:12.0 --between disconnected \\\n    \
    --document protocol.pdf --done-by Ann --witnessed-by Bo")]
pub struct ExchangeArguments {
    #[arg(long)]
    project: String,
    /// The device: site/device.
    #[arg(long)]
    device: String,
    /// When the old meter was taken off, RFC 3339 with offset.
    #[arg(long, value_name = "TIME")]
    off: String,
    /// When the new meter was put on, RFC 3339 with offset.
    #[arg(long, value_name = "TIME")]
    on: String,
    #[arg(long, value_name = "SERIAL")]
    old_serial: String,
    #[arg(long, value_name = "SERIAL")]
    new_serial: String,
    #[arg(long, value_name = "CLASS", default_value = "")]
    old_class: String,
    #[arg(long, value_name = "CLASS", default_value = "")]
    new_class: String,
    /// Maximum permissible error of the new meter, "0.5 %"; that of its class where not given.
    #[arg(long, value_name = "ERROR", default_value = "")]
    new_mpe: String,
    /// What the display is multiplied by.
    #[arg(long, value_name = "FACTOR", default_value = "1")]
    old_multiplier: String,
    #[arg(long, value_name = "FACTOR", default_value = "1")]
    new_multiplier: String,
    /// Digits of the display before and after the point.
    #[arg(long, value_name = "WHOLE,PART", value_parser = digits)]
    old_digits: Option<[u32; 2]>,
    #[arg(long, value_name = "WHOLE,PART", value_parser = digits)]
    new_digits: Option<[u32; 2]>,
    /// Transformers of the new meter, "200/5".
    #[arg(long, value_name = "RATIO", default_value = "")]
    new_ct: String,
    #[arg(long, value_name = "RATIO", default_value = "")]
    new_vt: String,
    /// Seals of the old meter as found, and of the new one.
    #[arg(long, value_name = "SEAL")]
    old_seal: Vec<String>,
    #[arg(long, value_name = "SEAL")]
    new_seal: Vec<String>,
    /// What a register showed: site/device/quantity=FINAL:START, as on the displays. FINAL is empty
    /// if nobody read it; nothing is sealed then.
    #[arg(long, value_name = "CHANNEL=FINAL:START", required = true)]
    register: Vec<String>,
    /// disconnected: the circuit was dead while no meter hung, that time counts as zero; alive: it
    /// was not, that time counts by its bounds.
    #[arg(long, value_name = "STATE")]
    between: String,
    /// Protocol or photos: a file, or the SHA-256 of one that the log has.
    #[arg(long, value_name = "FILE", default_value = "")]
    document: String,
    /// Who exchanged it; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    done_by: Option<String>,
    /// Another person, who saw it.
    #[arg(long, value_name = "NAME")]
    witnessed_by: String,
    /// The act whose place it takes; needs --reason.
    #[arg(long, value_name = "ACT")]
    replaces: Option<u32>,
    #[arg(long, default_value = "")]
    reason: String,
    /// Record it although the final reading makes no possible amount.
    #[arg(long)]
    sure: bool,
}

#[derive(Debug, clap::Args)]
pub struct ListArguments {
    #[arg(long)]
    project: String,
}

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    match command {
        Command::Certificate(arguments) => certificate(context, *arguments),
        Command::Exchange(arguments) => exchange(context, *arguments),
        Command::Reading(arguments) => reading(context, arguments),
        Command::List(arguments) => list(context, &arguments),
    }
}

fn certificate(context: &Context, arguments: CertificateArguments) -> Result<Ended> {
    let mut attached = Vec::new();
    let document = document(&arguments.document, &mut attached)?;
    let entry = CertificateEntry {
        device: arguments.device,
        serial: arguments.serial,
        number: arguments.number,
        body: arguments.body,
        scope: arguments.scope,
        date: arguments.date,
        valid_until: arguments.valid_until,
        as_found: arguments.as_found,
        as_left: arguments.as_left,
        covers_ratio: arguments.covers_ratio,
        document,
        entered_by: author(arguments.by),
        reason: arguments.reason,
    };
    let mut stated = Stated::new(Content::Certificate(entry));
    stated.documents = attached;
    record(context, arguments.project, vec![stated])
}

fn exchange(context: &Context, arguments: ExchangeArguments) -> Result<Ended> {
    let mut attached = Vec::new();
    let document = document(&arguments.document, &mut attached)?;
    let registers: Result<Vec<RegisterEntry>> =
        arguments.register.iter().map(|text| register(text)).collect();
    let entry = ExchangeEntry {
        device: arguments.device,
        off: arguments.off,
        on: arguments.on,
        old: MeterEntry {
            serial: arguments.old_serial,
            class: arguments.old_class,
            multiplier: arguments.old_multiplier,
            digits: arguments.old_digits,
            seals: arguments.old_seal,
            ..MeterEntry::default()
        },
        new: MeterEntry {
            serial: arguments.new_serial,
            class: arguments.new_class,
            mpe: arguments.new_mpe,
            ct: arguments.new_ct,
            vt: arguments.new_vt,
            multiplier: arguments.new_multiplier,
            digits: arguments.new_digits,
            seals: arguments.new_seal,
        },
        registers: registers?,
        between: arguments.between,
        document,
        done_by: author(arguments.done_by),
        witnessed_by: arguments.witnessed_by,
        reason: arguments.reason,
        replaces: arguments.replaces,
    };
    let mut stated = Stated::new(Content::Exchange(Box::new(entry)));
    stated.documents = attached;
    stated.is_sure = arguments.sure;
    record(context, arguments.project, vec![stated])
}

fn reading(context: &Context, arguments: ReadingArguments) -> Result<Ended> {
    let parts: Vec<&str> = arguments.channel.split('/').collect();
    let [site, device, quantity] = parts.as_slice() else {
        let channel = &arguments.channel;
        let reason = format!("{channel:?} names no channel; write site/device/quantity");
        return Err(UsageError(reason).into());
    };
    let mut attached = Vec::new();
    let document = document(&arguments.document, &mut attached)?;
    let entry = ReadingEntry {
        site: (*site).to_owned(),
        device: (*device).to_owned(),
        quantity: (*quantity).to_owned(),
        at: arguments.at,
        value: arguments.value,
        document,
        read_by: author(arguments.by),
        reason: arguments.reason,
    };
    let mut stated = Stated::new(Content::Reading(entry));
    stated.documents = attached;
    stated.is_sure = arguments.sure;
    record(context, arguments.project, vec![stated])
}

/// `site/device/quantity=FINAL:START`.
fn register(text: &str) -> Result<RegisterEntry> {
    let parts = text.split_once('=').and_then(|(channel, shown)| {
        let (last, start) = shown.split_once(':')?;
        Some((channel.to_owned(), last.to_owned(), start.to_owned()))
    });
    let Some((channel, last, start)) = parts else {
        let reason = format!("{text:?} is no register; write site/device/quantity=FINAL:START");
        return Err(UsageError(reason).into());
    };
    Ok(RegisterEntry { channel, last, start })
}

fn digits(text: &str) -> Result<[u32; 2], String> {
    let parts = text
        .split_once(',')
        .and_then(|(whole, part)| Some([whole.trim().parse().ok()?, part.trim().parse().ok()?]));
    parts.ok_or_else(|| "write digits before and after the point: 5,1".to_owned())
}

fn list(context: &Context, arguments: &ListArguments) -> Result<Ended> {
    let (_, layout) = context.open()?;
    let id = project_id(&arguments.project)?;
    let (_, registry) = registry::read(&layout, &id)?;
    let devices = registry.devices().history(registry.plans());
    let described: Vec<serde_json::Value> = devices.iter().map(json).collect();
    context.print(&described, || match devices.is_empty() {
        true => format!("project {id} declares no devices"),
        false => devices.iter().map(text).collect::<Vec<_>>().join("\n"),
    })?;
    Ok(Ended::Done)
}

fn text(device: &Device) -> String {
    let mut lines = vec![match device.place.as_str() {
        "" => device.key.to_string(),
        place => format!("{}  {place}", device.key),
    }];
    if let Some(rule) = &device.rule {
        lines.push(format!("  calibrated {rule}"));
    }
    for meter in &device.meters {
        let time = |at: Option<crate::domain::time::Timestamp>, other: &str| {
            at.map_or_else(|| other.to_owned(), |at| at.to_string())
        };
        lines.push(format!(
            "  meter {}  class {}  multiplier {}  from {} to {}",
            meter.plate.serial,
            if meter.plate.class.is_empty() { "none" } else { &meter.plate.class },
            meter.plate.multiplier.to_decimal(),
            time(meter.from, "the beginning"),
            time(meter.to, "now")
        ));
        for cited in &meter.certificates {
            let one = &cited.certificate;
            let said = |error: Option<crate::config::plan::device::FoundError>| {
                error.map_or_else(|| "not said".to_owned(), |error| error.to_string())
            };
            lines.push(format!(
                "    certificate {} of {} by {}: as found {}, as left {}; {}",
                one.number,
                one.date,
                one.body,
                said(one.as_found),
                said(one.as_left),
                origin(cited.origin)
            ));
        }
    }
    lines.join("\n")
}

fn origin(origin: Origin) -> String {
    match origin {
        Origin::Plan(number) => format!("plan {number}"),
        Origin::Act(number, leaf) => format!("act {number}, leaf {leaf}"),
    }
}

fn json(device: &Device) -> serde_json::Value {
    let meters = device.meters.iter().map(|meter| {
        let certificates = meter.certificates.iter().map(|cited| {
            let one = &cited.certificate;
            serde_json::json!({
                "number": one.number,
                "body": one.body,
                "scope": one.scope,
                "date": one.date.to_string(),
                "valid_until": one.valid_until.map(|date| date.to_string()),
                "as_found": one.as_found.map(|error| error.to_string()),
                "as_left": one.as_left.map(|error| error.to_string()),
                "covers_ratio": one.covers_ratio,
                "document": one.document.map(|sha256| sha256.to_string()),
                "stated_by": origin(cited.origin),
            })
        });
        serde_json::json!({
            "serial": meter.plate.serial,
            "class": meter.plate.class,
            "multiplier": meter.plate.multiplier.to_decimal().to_string(),
            "seals": meter.plate.seals,
            "from": meter.from.map(|at| at.to_string()),
            "to": meter.to.map(|at| at.to_string()),
            "certificates": certificates.collect::<Vec<_>>(),
        })
    });
    serde_json::json!({
        "device": device.key.to_string(),
        "place": device.place,
        "rule": device.rule.as_ref().map(ToString::to_string),
        "meters": meters.collect::<Vec<_>>(),
    })
}
