//! A data folder with one sealed period of many readings, its bundle, and the same readings as CSV.
//!
//!     bundle FOLDER [--readings 10000000] [--per-message 100] [--channels 300]
//!
//! Registers that are read every 15 minutes from 2025-01-01 on, by messages of one device each; the
//! period is 2025. Leaves `FOLDER/bundle.zip`, `FOLDER/log.pub` and `FOLDER/readings.csv` (meter, ts,
//! value), and prints one line of JSON: seconds of each step, bytes, and what the report says was
//! measured, in MWh.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use mrv::daemon::engine::{PRIVATE_KEY, PUBLIC_KEY};
use mrv::daemon::period::{self, Close};
use mrv::dataset::layout::Layout;
use mrv::decode::act::{Act, Content, Seal};
use mrv::domain::id::ProjectId;
use mrv::domain::message::{Kind, Message, Nonce, Payload, Source};
use mrv::domain::time::{Date, Timestamp};
use mrv::evidence::checkpoint::key_pair;
use mrv::publish::registry::SealLeaf;
use mrv::publish::{Project, Signer};
use mrv::report::bundle::{Wanted, write};

/// 2025-01-01T00:00:00Z.
const START_S: i64 = 1_735_689_600;
const QUARTER_S: i64 = 900;
/// Messages published together.
const BATCH: usize = 5_000;

struct Options {
    folder: PathBuf,
    readings: i64,
    per_message: i64,
    channels: i64,
}

fn options() -> Options {
    let mut options =
        Options { folder: PathBuf::new(), readings: 10_000_000, per_message: 100, channels: 300 };
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(name) = arguments.next() {
        let mut number = || {
            let value = arguments.next().unwrap_or_default();
            value.parse::<i64>().unwrap_or_else(|_| panic!("{name} {value}")).max(1)
        };
        match name.as_str() {
            "--readings" => options.readings = number(),
            "--per-message" => options.per_message = number(),
            "--channels" => options.channels = number(),
            _ => options.folder = PathBuf::from(name),
        }
    }
    assert!(!options.folder.as_os_str().is_empty(), "name a folder");
    options
}

fn plan(channels: i64) -> String {
    let names: Vec<String> = (0..channels).map(|number| format!("\"s/m-{number}/EG\"")).collect();
    let channel = |number: i64| {
        format!(
            "[[channel]]\nid = \"s/m-{number}/EG\"\nkind = \"register\"\nunit = \"kWh\"\ncadence = \"15 \
             min\"\ncapacity = \"100 kW\"\n"
        )
    };
    let declared: String = (0..channels).map(channel).collect();
    format!(
        "mrv_plan = 1\nproject = \"bench\"\nnumber = 1\nvalid_from = \"2024-12-31T00:00:00Z\"\n\
         [registered]\ntitle = \"Bench (simulated)\"\ncountry = \"TH\"\npdd_version = \"1\"\nmethodology = \
         \"MRV_PV_F1\"\nzone = \"Etc/UTC\"\ncrediting = {{ from = \"2025-01-01\", to = \"2034-12-31\" }}\n\
         [registered.indices]\ni = [\"all\"]\n[[registered.parameter]]\nsymbol = \"EG\"\nmembers = \
         [\"all\"]\npoint = \"(1)\"\noption = \"C\"\nchannels = [{}]\nunit = \"MWh\"\n[[registered.fixed]]\n\
         symbol = \"EF_RE\"\nmembers = [\"all\"]\nvalue = \"0.533\"\nunit = \"tCO2/MWh\"\nsource = \
         \"bench\"\nconfirmed = \"for this benchmark alone\"\n{declared}",
        names.join(", ")
    )
}

struct Log {
    project: Project,
    held: Vec<Message>,
    count: u64,
}

impl Log {
    fn add(&mut self, kind: Kind, name: &str, received_s: i64, bytes: Vec<u8>) {
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.count.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        nonce[8..].copy_from_slice(&self.count.wrapping_mul(0xd1b5_4a32_d192_ed03).to_be_bytes());
        self.held.push(Message {
            project: self.project.id().clone(),
            kind,
            source: Source::MqttListener,
            received_at: Timestamp::from_us(received_s * 1_000_000),
            client: "gateway".into(),
            name: name.into(),
            payload: Payload::Inline(bytes.into()),
            nonce: Nonce(nonce),
        });
        self.count += 1;
        if self.held.len() >= BATCH {
            self.publish();
        }
    }

    fn publish(&mut self) {
        let messages = std::mem::take(&mut self.held);
        self.project.publish(messages, self.count).expect("publish");
    }
}

/// What a meter of 100 kW counts in a quarter of an hour: at most 24 kWh, as if at random.
fn step_wh(channel: i64, quarter: i64) -> i64 {
    let mixed =
        (channel as u64).wrapping_mul(0x9e37_79b9) ^ (quarter as u64).wrapping_mul(0x85eb_ca6b);
    1 + (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as i64 % 24_000
}

/// Publishes all readings, and writes them as CSV.
fn fill(options: &Options, log: &mut Log) {
    let path = options.folder.join("readings.csv");
    let mut csv = std::io::BufWriter::new(std::fs::File::create(path).expect("create the CSV"));
    writeln!(csv, "meter,ts,value").expect("write");
    let quarters = options.readings / options.channels;
    let mut registers_wh: Vec<i64> = (0..options.channels).map(|channel| channel * 1_000).collect();
    let mut first = 0;
    while first < quarters {
        let last = (first + options.per_message).min(quarters);
        let received_s = START_S + last * QUARTER_S;
        for channel in 0..options.channels {
            let mut payload = String::from("[");
            let register_wh = &mut registers_wh[channel as usize];
            for quarter in first..last {
                let ts = START_S + quarter * QUARTER_S;
                *register_wh += step_wh(channel, quarter);
                let value = format!("{}.{:03}", *register_wh / 1_000, *register_wh % 1_000);
                let comma = if quarter == first { "" } else { "," };
                payload
                    .push_str(&format!("{comma}{{\"ts\":{ts}000,\"values\":{{\"EG\":{value}}}}}"));
                writeln!(csv, "m-{channel},{ts},{value}").expect("write");
            }
            payload.push(']');
            let topic = format!("mrv/v1/bench/s/m-{channel}");
            log.add(Kind::Data, &topic, received_s, payload.into_bytes());
        }
        first = last;
    }
    log.publish();
    csv.flush().expect("write");
}

fn sealed(layout: &Layout, log: &mut Log) -> (SealLeaf, PathBuf, String) {
    use base64::Engine as _;
    log.project.rebuild().expect("rebuild");
    let date = |text| Date::parse(text).expect("a date");
    let close = Close {
        from: date("2025-01-01"),
        to: date("2025-12-31"),
        prepared_by: Some("A".to_owned()),
        reviewed_by: Some("B".to_owned()),
        restates: None,
    };
    let collected = period::collect(&mut log.project, &close).expect("collect");
    let closed = period::write(layout, log.project.id(), &close, &collected).expect("write");
    let seal = Seal {
        from: close.from.to_string(),
        to: close.to.to_string(),
        version: 1,
        reason: String::new(),
        prepared_by: "A".to_owned(),
        reviewed_by: "B".to_owned(),
        log_size: collected.log_size,
        log_root: base64::prelude::BASE64_STANDARD.encode(collected.root),
        unresolved: closed.unresolved,
        figures: closed.figures.clone(),
        years: closed.years.clone(),
        history: closed.history.clone(),
        shares: closed.shares.clone(),
    };
    let act = Act { number: 1, content: Content::Seal(seal.clone()) };
    let leaf = log.count as i64;
    let received_s = START_S + 400 * 86_400;
    log.add(Kind::Seal, &act.name(), received_s, act.encode().expect("encode"));
    log.publish();
    let report: serde_json::Value = serde_json::from_str(&closed.report).expect("JSON");
    let measured =
        report["years"][0]["inputs"][0]["measured"]["value"].as_str().unwrap_or_default();
    let folder = period::sealed(&closed.folder).expect("rename");
    (SealLeaf { leaf, seal }, folder, measured.to_owned())
}

fn main() {
    let options = options();
    let layout = Layout::new(options.folder.join("data"));
    let id = ProjectId::parse("bench").expect("an id");
    let (private_key, public_key) = key_pair("bench", &[7; 32]).expect("a key");
    std::fs::create_dir_all(layout.keys()).expect("create");
    std::fs::write(layout.keys().join(PRIVATE_KEY), &private_key).expect("write");
    std::fs::write(layout.keys().join(PUBLIC_KEY), &public_key).expect("write");
    std::fs::write(options.folder.join("log.pub"), &public_key).expect("write");
    let signer = Signer { private_key: private_key.clone() };
    let project = Project::open(&layout, &id, &signer).expect("open");
    let mut log = Log { project, held: Vec::new(), count: 0 };
    let mut shipped = mrv::methodology::shipped().iter();
    let text = shipped.find(|one| one.id == "MRV_PV_F1").expect("shipped").text;
    let begun = Instant::now();
    log.add(Kind::Methodology, "MRV_PV_F1", START_S, text.into());
    log.add(Kind::Plan, "plan.toml", START_S, plan(options.channels).into_bytes());
    fill(&options, &mut log);
    let published = begun.elapsed().as_secs_f64();
    let (seal, report, measured) = sealed(&layout, &mut log);
    let closed = begun.elapsed().as_secs_f64() - published;
    let out = options.folder.join("bundle.zip");
    let wanted = Wanted {
        data: &layout,
        project: &id,
        seal: &seal,
        version: 1,
        report: &report,
        private_key: &private_key,
        public_key: &public_key,
        scratch: Path::new(&options.folder),
    };
    let facts = write(&wanted, &out, &mut |_| {}).expect("bundle");
    let said = serde_json::json!({
        "publish_s": published,
        "seal_s": closed,
        "bundle_s": begun.elapsed().as_secs_f64() - published - closed,
        "bundle_bytes": out.metadata().expect("the bundle").len(),
        "leaves": facts.seal_leaf + 1,
        "first_leaf": facts.first_leaf,
        "measured_mwh": measured,
    });
    println!("{said}");
}
