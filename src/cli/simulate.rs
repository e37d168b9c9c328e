//! `mrv simulate plant|sequence|check-file`: gateways that measure nothing, for trials and tests.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;

use super::context::{UsageError, project_id};
use super::{Context, Ended};
use crate::config::plan::Plan;
use crate::domain::id::SiteId;
use crate::domain::time::{Date, Timestamp, Zone};
use crate::simulate::{Gateway, Setup, Simulated, check_file, planned, sequence, span};
use crate::sources::mqtt::gateway::{self, Answer, Message, Options, Protocol, Published};

/// Longest time without any acknowledgement, in which a daemon may be started anew.
const PATIENCE: Duration = Duration::from_secs(60);

/// Publish simulated data over real MQTT.
///
/// Needs a daemon that listens and, unless it takes anonymous gateways, an account (mrv gateway add).
/// Simulated data are never measured data: use projects of their own for them.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Publish what a gateway of the demonstration plants would send, defects included.
    ///
    /// The same seed and days give the same bytes. Prints the list of defects and where they lie.
    Plant(PlantArguments),
    /// Write the check meter's file of the solar plant, as its operator would export it.
    CheckFile(CheckFileArguments),
    /// Write what the meters and the office of a planned project would hand over.
    ///
    /// readings.csv, amounts.csv and the documents it names, in one folder: for mrv ingest and mrv
    /// amount import. Every file says that it is simulated, or follows from one that does.
    Plan(PlanArguments),
    /// Publish numbered records and write the number of each that was acknowledged.
    ///
    /// What is acknowledged must be in the tables once, whatever happens to the daemon meanwhile.
    Sequence(SequenceArguments),
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum GatewayName {
    /// Register of array 1.
    SolarA,
    /// Power of array 2 and irradiance, an hour at once.
    SolarB,
    /// Register and water temperatures of a chiller.
    Chiller,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ProtocolName {
    #[value(name = "3.1.1")]
    V311,
    #[value(name = "5")]
    V5,
}

#[derive(Debug, clap::Args)]
struct Connection {
    /// Where the daemon listens.
    #[arg(long, default_value = "127.0.0.1:1883", value_name = "HOST:PORT")]
    address: String,
    /// User name of the gateway's account; anonymous where not given.
    #[arg(long, requires = "password_file")]
    user: Option<String>,
    /// File with the account's password.
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Version of MQTT.
    #[arg(long, default_value = "3.1.1", value_name = "VERSION")]
    mqtt: ProtocolName,
    /// Most messages sent and not yet acknowledged, of each connection.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=16_384))]
    window: u16,
    /// Messages a second of all connections; as fast as they are acknowledged where not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    rate: Option<u32>,
}

#[derive(Debug, clap::Args)]
struct Days {
    /// First local day.
    #[arg(long, default_value = "2026-01-01", value_name = "DATE")]
    from: String,
    /// How many local days.
    #[arg(long, default_value_t = 31, value_name = "N")]
    days: u32,
    /// Another seed, other clouds.
    #[arg(long, default_value_t = 7, value_name = "N")]
    seed: u64,
    /// Leave the defects out.
    #[arg(long)]
    without_defects: bool,
}

#[derive(Debug, clap::Args)]
pub struct PlantArguments {
    /// Which gateway.
    #[arg(long, value_enum)]
    gateway: GatewayName,
    /// The project it publishes to.
    #[arg(long)]
    project: String,
    /// The site it stands at.
    #[arg(long)]
    site: String,
    #[command(flatten)]
    days: Days,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, clap::Args)]
pub struct CheckFileArguments {
    /// The file to write.
    file: PathBuf,
    #[command(flatten)]
    days: Days,
}

#[derive(Debug, clap::Args)]
pub struct PlanArguments {
    /// The plan file.
    file: PathBuf,
    /// The folder to write into; it is made.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// First and last local day, both inclusive.
    #[arg(long, value_name = "DATE")]
    from: String,
    #[arg(long, value_name = "DATE")]
    to: String,
    /// Another seed, other values.
    #[arg(long, default_value_t = 7, value_name = "N")]
    seed: u64,
}

#[derive(Debug, clap::Args)]
pub struct SequenceArguments {
    /// Project, site and device.
    #[arg(long, value_name = "PROJECT/SITE/DEVICE")]
    topic_device: String,
    /// How many records.
    #[arg(long, value_name = "N")]
    count: u64,
    /// Number of the first.
    #[arg(long, default_value_t = 0, value_name = "N")]
    first: u64,
    /// Stamp of number 0; each further one is a second later.
    #[arg(long, default_value = "2026-01-01T00:00:00Z", value_name = "TIME")]
    start: String,
    /// Connections among which the numbers are dealt in turn.
    #[arg(long, default_value_t = 1, value_name = "K", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    connections: u16,
    /// File for the acknowledged numbers, one a line, written as they come.
    #[arg(long, value_name = "FILE")]
    acked: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    match command {
        Command::Plant(arguments) => plant(context, &arguments),
        Command::CheckFile(arguments) => write_check_file(context, &arguments),
        Command::Plan(arguments) => write_planned(context, &arguments),
        Command::Sequence(arguments) => publish_sequence(context, &arguments),
    }
}

fn plant(context: &Context, arguments: &PlantArguments) -> Result<Ended> {
    let (gateway, name) = match arguments.gateway {
        GatewayName::SolarA => (Gateway::SolarA, "solar-a"),
        GatewayName::SolarB => (Gateway::SolarB, "solar-b"),
        GatewayName::Chiller => (Gateway::Chiller, "chiller"),
    };
    let setup = setup(&arguments.days, &arguments.project, &arguments.site)?;
    let zone = Zone::parse(gateway.zone_name())?;
    let Simulated { messages, defects } =
        gateway.simulate(&setup, &zone).map_err(|error| UsageError(error.to_string()))?;
    let count = messages.len();
    let client_id = format!("simulated-{name}");
    let options = options(&arguments.connection, client_id, arguments.connection.rate)?;
    let messages = messages.into_iter().map(|m| Message { topic: m.topic, payload: m.payload });
    let mut refused: BTreeMap<String, u64> = BTreeMap::new();
    let published = runtime()?.block_on(gateway::publish(&options, messages, |_, answer| {
        if let Answer::Refused(reason) = answer {
            *refused.entry(reason).or_default() += 1;
        }
    }))?;
    let value = serde_json::json!({
        "simulated": true,
        "gateway": name,
        "messages": count,
        "published": counts(published),
        "defects": defects.iter().map(|defect| serde_json::json!({
            "at": zone.show(defect.at),
            "device": defect.device,
            "what": defect.kind.to_string(),
        })).collect::<Vec<_>>(),
        "refused": refused,
    });
    context.print(&value, || {
        let mut lines = vec![format!(
            "{name}: SIMULATED data: {count} messages, {} acknowledged, {} refused",
            published.acknowledged, published.refused
        )];
        lines.extend(refused.iter().map(|(reason, count)| format!("  {count} x {reason}")));
        lines.extend(defects.iter().map(|defect| format!("  {}", defect.tell(&zone))));
        lines.join("\n")
    })?;
    Ok(if published.refused == 0 { Ended::Done } else { Ended::Differs })
}

fn write_planned(context: &Context, arguments: &PlanArguments) -> Result<Ended> {
    let shown = arguments.file.display().to_string();
    let text = std::fs::read_to_string(&arguments.file).with_context(|| format!("read {shown}"))?;
    let plan = match Plan::parse(&shown, &text) {
        Ok(plan) => plan,
        Err(found) => return super::plan::tell(context, &found),
    };
    let date = |text: &String| Date::parse(text).map_err(|error| UsageError(error.to_string()));
    let span = (date(&arguments.from)?, date(&arguments.to)?);
    // Equations may look back to the first day of the crediting period.
    let documents_from = plan.registered.crediting.0.min(span.0);
    let simulated = planned::planned(&plan, span, documents_from, arguments.seed)
        .map_err(|error| UsageError(error.to_string()))?;
    let folder = &arguments.out;
    std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let mut files = simulated.documents;
    let document_count = files.len();
    files.push(("readings.csv".to_owned(), simulated.readings));
    files.push(("amounts.csv".to_owned(), simulated.amounts));
    for (name, text) in &files {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    }
    let value = serde_json::json!({
        "simulated": true,
        "folder": folder.display().to_string(),
        "documents": document_count,
    });
    context.print(&value, || {
        format!(
            "SIMULATED data of project {}: readings.csv, amounts.csv and {document_count} documents in {}",
            plan.project,
            folder.display()
        )
    })?;
    Ok(Ended::Done)
}

fn write_check_file(context: &Context, arguments: &CheckFileArguments) -> Result<Ended> {
    // Neither stands in the file.
    let setup = setup(&arguments.days, "demo", "roof")?;
    let zone = Zone::parse(Gateway::SolarA.zone_name())?;
    let span = span(&setup, &zone).map_err(|error| UsageError(error.to_string()))?;
    let (text, value_count, missing_count) = check_file::text(span, &zone, setup.with_defects);
    let shown = arguments.file.display();
    std::fs::write(&arguments.file, text).with_context(|| format!("write {shown}"))?;
    let value = serde_json::json!({
        "simulated": true,
        "file": shown.to_string(),
        "values": value_count,
        "missing": missing_count,
    });
    context.print(&value, || {
        format!("{shown}: SIMULATED data: {value_count} values, {missing_count} missing")
    })?;
    Ok(Ended::Done)
}

fn publish_sequence(context: &Context, arguments: &SequenceArguments) -> Result<Ended> {
    let parts: Vec<&str> = arguments.topic_device.split('/').collect();
    let [project, site, device] = parts.as_slice() else {
        let text = format!("{:?}: write PROJECT/SITE/DEVICE", arguments.topic_device);
        return Err(UsageError(text).into());
    };
    let topic = format!("mrv/v1/{project}/{site}/{device}");
    let start = Timestamp::parse_rfc3339(&arguments.start)
        .map_err(|error| UsageError(format!("--start {:?}: {error}", arguments.start)))?;
    let acked = match &arguments.acked {
        Some(path) => Some(Arc::new(Mutex::new(create(path)?))),
        None => None,
    };
    let step = u64::from(arguments.connections);
    let rate = arguments.connection.rate.map(|rate| rate.div_ceil(step as u32));
    let (first, end) = (arguments.first, arguments.first.saturating_add(arguments.count));
    let total = runtime()?.block_on(async {
        let mut connections = JoinSet::new();
        for connection in 0..step {
            let client_id = format!("sequence-{connection}");
            let options = options(&arguments.connection, client_id, rate)?;
            let (topic, acked) = (topic.clone(), acked.clone());
            connections.spawn(async move {
                let number_of = move |index: u64| first + connection + index * step;
                let numbers = (0..).map(number_of).take_while(move |number| *number < end);
                let messages = numbers.map(move |number| Message {
                    topic: topic.clone(),
                    payload: sequence::payload(start, number),
                });
                let mut fault = Ok(());
                let published = gateway::publish(&options, messages, |index, answer| {
                    if let (Answer::Acknowledged, Some(acked)) = (answer, &acked) {
                        let mut file = acked.lock().unwrap_or_else(PoisonError::into_inner);
                        let written = writeln!(file, "{}", number_of(index));
                        if fault.is_ok() {
                            fault = written;
                        }
                    }
                })
                .await?;
                fault.context("write the acknowledged numbers")?;
                anyhow::Ok(published)
            });
        }
        let mut total = Published::default();
        while let Some(ended) = connections.join_next().await {
            let published = ended.context("publish")??;
            total.acknowledged += published.acknowledged;
            total.refused += published.refused;
            total.sent += published.sent;
            total.connections += published.connections;
        }
        anyhow::Ok(total)
    })?;
    context.print(&counts(total), || {
        format!(
            "{} acknowledged, {} refused, {} sent on {} connections",
            total.acknowledged, total.refused, total.sent, total.connections
        )
    })?;
    Ok(if total.refused == 0 { Ended::Done } else { Ended::Differs })
}

fn setup(days: &Days, project: &str, site: &str) -> Result<Setup> {
    Ok(Setup {
        project: project_id(project)?,
        site: SiteId::parse(site).map_err(|error| UsageError(format!("site {site:?}: {error}")))?,
        from: Date::parse(&days.from)
            .map_err(|error| UsageError(format!("--from {:?}: {error}", days.from)))?,
        days: days.days,
        seed: days.seed,
        with_defects: !days.without_defects,
    })
}

fn options(connection: &Connection, client_id: String, rate: Option<u32>) -> Result<Options> {
    let account = match (&connection.user, &connection.password_file) {
        (Some(user), Some(file)) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("read {}", file.display()))?;
            Some((user.clone(), text.trim_end().to_owned()))
        }
        _ => None,
    };
    Ok(Options {
        address: connection.address.clone(),
        client_id,
        protocol: match connection.mqtt {
            ProtocolName::V311 => Protocol::V311,
            ProtocolName::V5 => Protocol::V5,
        },
        account,
        window: connection.window,
        rate,
        patience: PATIENCE,
    })
}

/// A file whose every line is in the kernel's hands as soon as it is written.
fn create(path: &Path) -> Result<std::fs::File> {
    std::fs::File::create(path).with_context(|| format!("create {}", path.display()))
}

fn counts(published: Published) -> serde_json::Value {
    serde_json::json!({
        "acknowledged": published.acknowledged,
        "refused": published.refused,
        "sent": published.sent,
        "connections": published.connections,
    })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")
}
