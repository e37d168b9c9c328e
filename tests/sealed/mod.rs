//! A data folder with a sealed period: a factory with a solar roof on MQTT and a chiller on documents,
//! over a change of year, with a repeated, a contradicting, an unplanned and an undecodable message, a
//! decision, and messages that arrive after the seal.

#![allow(dead_code, reason = "each test crate uses its part")]

use std::path::{Path, PathBuf};

use mrv::daemon::engine::{PRIVATE_KEY, PUBLIC_KEY};
use mrv::daemon::period::{self, Close};
use mrv::dataset::blob;
use mrv::dataset::layout::Layout;
use mrv::decode::act::{Act, Content, Decision, Seal};
use mrv::decode::amount::{AmountCheck, AmountEntry};
use mrv::domain::digest::Sha256Digest;
use mrv::domain::id::ProjectId;
use mrv::domain::message::{Kind, Message, Nonce, Source};
use mrv::domain::time::{Date, Timestamp};
use mrv::evidence::checkpoint::key_pair;
use mrv::publish::{Project, Signer};

pub const PLAN: &str = include_str!("../../pipelines/projects/sample-two-methodologies.toml");
pub const PROJECT: &str = "sample-two-methodologies";
pub const FROM: &str = "2025-12-25";
pub const TO: &str = "2026-01-07";
/// 2025-12-20T00:00:00Z: five days before the period.
const START_S: i64 = 1_766_188_800;
const HOUR_S: i64 = 3_600;

/// A project with a sealed period.
pub struct Sealed {
    pub folder: tempfile::TempDir,
    pub layout: Layout,
    pub id: ProjectId,
    pub private_key: String,
    pub public_key: String,
    /// The sealed report's folder.
    pub report: PathBuf,
    pub seal: Seal,
    pub seal_leaf: i64,
}

/// The messages of a log, numbered as they come.
struct Log<'a> {
    layout: &'a Layout,
    id: &'a ProjectId,
    messages: Vec<Message>,
    received_s: i64,
    acts: u32,
}

impl Log<'_> {
    fn add(&mut self, kind: Kind, name: &str, bytes: &[u8]) {
        let number = self.messages.len();
        let mut nonce = [0; 16];
        nonce[..8]
            .copy_from_slice(&(number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        let nonce = Nonce(nonce);
        let mut input = bytes;
        let stored = blob::store(self.layout, &mut input, Path::new(name), nonce).unwrap();
        let source = match kind {
            Kind::Data => Source::MqttListener,
            _ => Source::Operator,
        };
        self.messages.push(Message {
            project: self.id.clone(),
            kind,
            source,
            received_at: Timestamp::from_us(self.received_s * 1_000_000 + number as i64),
            client: "gateway-1".into(),
            name: name.into(),
            payload: stored.payload,
            nonce,
        });
    }

    fn act(&mut self, content: Content) {
        self.acts += 1;
        let act = Act { number: self.acts, content };
        self.add(act.content.kind(), &act.name(), &act.encode().unwrap());
    }

    /// Twelve hourly readings of the roof's register, received a minute after the last.
    fn readings(&mut self, first_hour: i64) {
        let record = |hour: i64| {
            let ts = (START_S + hour * HOUR_S) * 1_000;
            let value = 30_000 + hour * 31 + hour % 7;
            format!("{{\"ts\":{ts},\"values\":{{\"EG\":\"{value}.125\"}}}}")
        };
        let records: Vec<String> = (first_hour..first_hour + 12).map(record).collect();
        self.received_s = self.received_s.max(START_S + (first_hour + 11) * HOUR_S + 60);
        let topic = format!("mrv/v1/{PROJECT}/site/roof");
        self.add(Kind::Data, &topic, format!("[{}]", records.join(",")).as_bytes());
    }

    fn amount(&mut self, from: &str, to: &str, value: &str, document: &[u8]) {
        self.add(Kind::Document, &format!("reading-{to}.jpg"), document);
        let entry = AmountEntry {
            parameter: "EC_PJ".to_owned(),
            members: vec!["chiller".to_owned()],
            from: from.to_owned(),
            to: to.to_owned(),
            value: value.to_owned(),
            unit: "MWh".to_owned(),
            kind: "manual-reading".to_owned(),
            document: Sha256Digest::of(document).to_string(),
            document_number: format!("R-{to}"),
            entered_by: "Ann".to_owned(),
            ..AmountEntry::default()
        };
        self.act(Content::Amount(entry));
        let amount = self.acts;
        let check = AmountCheck { amount, checked_by: "Bob".to_owned() };
        self.act(Content::Check(check));
    }
}

fn text_of(id: &str) -> &'static str {
    mrv::methodology::shipped().iter().find(|one| one.id == id).unwrap().text
}

/// Builds the folder, its log published in batches of `batch` messages.
pub fn sealed(batch: usize) -> Sealed {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path().join("data"));
    let id = ProjectId::parse(PROJECT).unwrap();
    let (private_key, public_key) = key_pair("mrv.example.org", &[7; 32]).unwrap();
    std::fs::create_dir_all(layout.keys()).unwrap();
    std::fs::write(layout.keys().join(PRIVATE_KEY), &private_key).unwrap();
    std::fs::write(layout.keys().join(PUBLIC_KEY), &public_key).unwrap();
    std::fs::write(folder.path().join("mrv.toml"), "").unwrap();
    let signer = Signer { private_key: private_key.clone() };
    let mut project = Project::open(&layout, &id, &signer).unwrap();
    let mut log = Log {
        layout: &layout,
        id: &id,
        messages: Vec::new(),
        received_s: START_S - 60 * 12 * HOUR_S,
        acts: 0,
    };
    for id in ["MRV_PV_F1", "MRV_CH_F2"] {
        log.add(Kind::Methodology, id, text_of(id).as_bytes());
    }
    log.add(Kind::Plan, "plan.toml", PLAN.as_bytes());
    // Long before the period, and before the days that its documents reach back to.
    log.readings(-50 * 12);
    log.readings(-49 * 12);
    // Two days are missing in the middle of the period: the register bridges them.
    for block in (0..38).filter(|block| !(18..22).contains(block)) {
        log.readings(block * 12);
    }
    // The same message again, another value of one of its readings, and what no plan knows.
    log.readings(24 * 12);
    let at = START_S + 26 * 12 * HOUR_S;
    let topic = format!("mrv/v1/{PROJECT}/site/roof");
    let other = format!("{{\"ts\":{at}000,\"values\":{{\"EG\":\"39000.5\"}}}}");
    log.add(Kind::Data, &topic, other.as_bytes());
    let decision = Decision {
        site: "site".to_owned(),
        device: "roof".to_owned(),
        quantity: "EG".to_owned(),
        at: Timestamp::from_us(at * 1_000_000).to_string(),
        value: "39676.125".to_owned(),
        author: "Ann".to_owned(),
        reason: "the display shows it".to_owned(),
        ..Decision::default()
    };
    log.act(Content::Decision(decision));
    let unplanned = format!("{{\"ts\":{at}000,\"values\":{{\"P\":1}}}}");
    log.add(Kind::Data, &format!("mrv/v1/{PROJECT}/site/shed"), unplanned.as_bytes());
    log.add(Kind::Data, &topic, b"{\"ts\":");
    log.received_s = START_S + 40 * 12 * HOUR_S;
    log.amount("2025-12-01", "2025-12-31", "30.5", b"a photo of the display: 30.5");
    log.amount("2026-01-01", "2026-01-31", "31.25", &[0x5a; 100_000]);
    let mut done = 0;
    let messages = log.messages.clone();
    for messages in messages.chunks(batch) {
        done += messages.len() as u64;
        project.publish(messages.to_vec(), done).unwrap();
    }
    project.rebuild().unwrap();
    let date = |text| Date::parse(text).unwrap();
    let close = Close {
        from: date(FROM),
        to: date(TO),
        prepared_by: Some("A. Preparer".to_owned()),
        reviewed_by: Some("B. Reviewer".to_owned()),
        restates: None,
    };
    let collected = period::collect(&mut project, &close).unwrap();
    let closed = period::write(&layout, &id, &close, &collected).unwrap();
    let seal = Seal {
        from: FROM.to_owned(),
        to: TO.to_owned(),
        version: 1,
        reason: String::new(),
        prepared_by: "A. Preparer".to_owned(),
        reviewed_by: "B. Reviewer".to_owned(),
        log_size: collected.log_size,
        log_root: {
            use base64::Engine as _;
            base64::prelude::BASE64_STANDARD.encode(collected.root)
        },
        unresolved: closed.unresolved,
        figures: closed.figures.clone(),
        years: closed.years.clone(),
        history: closed.history.clone(),
        shares: closed.shares.clone(),
    };
    // A gateway's message gets between the report and its seal.
    log.readings(38 * 12);
    let sealing = seal.clone();
    log.act(Content::Seal(sealing));
    let seal_leaf = log.messages.len() as i64 - 1;
    // Late: readings of the gap, and a reading that contradicts what was sealed.
    log.readings(19 * 12);
    let late = format!("{{\"ts\":{at}000,\"values\":{{\"EG\":\"39001\"}}}}");
    log.received_s = START_S + 41 * 12 * HOUR_S;
    log.add(Kind::Data, &topic, late.as_bytes());
    let late = log.messages.split_off(done as usize);
    project.publish(late, done + 4).unwrap();
    project.refresh_intervals().unwrap();
    let report = period::sealed(&closed.folder).unwrap();
    Sealed { folder, layout, id, private_key, public_key, report, seal, seal_leaf }
}
