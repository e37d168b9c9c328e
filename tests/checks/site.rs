//! A project in a folder of its own: messages in, a report out.

use std::path::Path;

use mrv::daemon::period::{Close, Closed, collect, write};
use mrv::dataset::blob;
use mrv::dataset::layout::Layout;
use mrv::decode::act::{Act, Content, Seal};
use mrv::decode::amount::{AmountCheck, AmountEntry};
use mrv::domain::digest::Sha256Digest;
use mrv::domain::id::ProjectId;
use mrv::domain::message::{Kind, Message, Nonce, Source};
use mrv::domain::time::{Date, Timestamp};
use mrv::evidence::checkpoint::key_pair;
use mrv::publish::{Project, Signer};
use serde_json::Value;

pub const PROJECT: &str = "plant";

/// A solar plant near Jakarta: `parts` go below the head of the plan.
pub fn plan(number: u32, valid_from: &str, parts: &str) -> String {
    format!(
        r#"mrv_plan = 1
project = "{PROJECT}"
number = {number}
valid_from = "{valid_from}"

[registered]
title = "A plant"
country = "ID"
pdd_version = "1.0"
methodology = "MRV_PV_F1"
zone = "Asia/Jakarta"
crediting = {{ from = "2025-01-01", to = "2034-12-31" }}

[registered.indices]
i = ["roof"]

[registered.ex_ante]
2025 = "100000"
2026 = "100000"

[[registered.fixed]]
symbol = "EF_RE"
members = ["roof"]
value = "0.533"
unit = "tCO2/MWh"
source = "sample value"
confirmed = "for this invented plant alone"

[[reader]]
name = "gateways"
topic = "mrv/v1/{PROJECT}/+/+"
format = "json"
{parts}"#
    )
}

/// The parameter EG of these channels.
pub fn parameter(channels: &[&str]) -> String {
    let channels: Vec<String> = channels.iter().map(|one| format!("\"{one}\"")).collect();
    format!(
        r#"
[[registered.parameter]]
symbol = "EG"
members = ["roof"]
point = "(1)"
option = "C"
channels = [{}]
unit = "MWh"
source = "meter"
method = "register"
frequency = "continuous, recorded every hour"
"#,
        channels.join(", ")
    )
}

/// A register in MWh that is read every hour.
pub fn register(id: &str, capacity: &str, more: &str) -> String {
    format!(
        r#"
[[channel]]
id = "{id}"
kind = "register"
unit = "MWh"
cadence = "1 h"
capacity = "{capacity}"
class = "0.5S"
{more}
"#
    )
}

pub struct Site {
    /// Removed with it.
    _folder: tempfile::TempDir,
    layout: Layout,
    id: ProjectId,
    project: Project,
    messages: Vec<Message>,
    published: u64,
    acts: u32,
    /// When messages are received; none before the last.
    pub received: Timestamp,
    pub source: Source,
}

impl Site {
    pub fn new(plan: &str) -> Self {
        Self::with(PROJECT, &["MRV_PV_F1"], plan)
    }

    pub fn with(project: &str, methodologies: &[&str], plan: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().join("data"));
        let id = ProjectId::parse(project).unwrap();
        let private_key = key_pair("k", &[7; 32]).unwrap().0;
        let project = Project::open(&layout, &id, &Signer { private_key }).unwrap();
        let mut site = Self {
            _folder: folder,
            layout,
            id,
            project,
            messages: Vec::new(),
            published: 0,
            acts: 0,
            received: at("2024-12-01T00:00:00Z"),
            source: Source::MqttListener,
        };
        for id in methodologies {
            let mut shipped = mrv::methodology::shipped().iter();
            let text = shipped.find(|one| one.id == *id).unwrap().text;
            site.add(Kind::Methodology, id, text.as_bytes());
        }
        site.plan(plan);
        site
    }

    pub fn plan(&mut self, text: &str) {
        if let Err(found) = mrv::config::plan::Plan::parse("plan.toml", text) {
            let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
            panic!("{}", lines.join("\n"));
        }
        self.add(Kind::Plan, "plan.toml", text.as_bytes());
    }

    pub fn add(&mut self, kind: Kind, name: &str, bytes: &[u8]) {
        let number = self.published + self.messages.len() as u64;
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        let nonce = Nonce(nonce);
        let mut input = bytes;
        let stored = blob::store(&self.layout, &mut input, Path::new(name), nonce).unwrap();
        let source = if kind == Kind::Data { self.source } else { Source::Operator };
        self.received = Timestamp::from_us(self.received.us() + 1);
        self.messages.push(Message {
            project: self.id.clone(),
            kind,
            source,
            received_at: self.received,
            client: "gateway-1".into(),
            name: name.into(),
            payload: stored.payload,
            nonce,
        });
    }

    /// A payload of a device of site `roof`.
    pub fn send(&mut self, device: &str, payload: &str) {
        let topic = format!("mrv/v1/{}/roof/{device}", self.id);
        self.add(Kind::Data, &topic, payload.as_bytes());
    }

    /// One value of a device, stamped and received then.
    pub fn read(&mut self, device: &str, quantity: &str, stamp: &str, value: &str) {
        self.received = self.received.max(at(stamp));
        self.send(device, &record(quantity, at(stamp), value));
    }

    /// Values of a device, one every `step_s` seconds from `from` on; `None` is not sent.
    pub fn series(
        &mut self,
        device: &str,
        quantity: &str,
        from: &str,
        step_s: i64,
        values: &[Option<String>],
    ) {
        let start = at(from);
        let mut records = Vec::new();
        for (place, value) in values.iter().enumerate() {
            let stamp = Timestamp::from_us(start.us() + place as i64 * step_s * 1_000_000);
            self.received = self.received.max(stamp);
            if let Some(value) = value {
                records.push(record(quantity, stamp, value));
            }
        }
        for some in records.chunks(500) {
            self.send(device, &format!("[{}]", some.join(",")));
        }
    }

    pub fn act(&mut self, content: Content) -> u32 {
        self.acts += 1;
        let act = Act { number: self.acts, content };
        self.add(act.content.kind(), &act.name(), &act.encode().unwrap());
        self.acts
    }

    /// An amount of EG with its document, checked by another.
    pub fn amount(&mut self, from: &str, to: &str, value: &str, kind: &str) {
        let document = format!("{kind} {from} {to} {value}");
        self.add(Kind::Document, "document.pdf", document.as_bytes());
        let entry = AmountEntry {
            parameter: "EG".to_owned(),
            members: vec!["roof".to_owned()],
            from: from.to_owned(),
            to: to.to_owned(),
            value: value.to_owned(),
            unit: "MWh".to_owned(),
            kind: kind.to_owned(),
            document: Sha256Digest::of(document.as_bytes()).to_string(),
            document_number: format!("D-{from}"),
            entered_by: "Ann".to_owned(),
            ..AmountEntry::default()
        };
        let amount = self.act(Content::Amount(entry));
        self.act(Content::Check(AmountCheck { amount, checked_by: "Bob".to_owned() }));
    }

    fn closed(
        &mut self,
        from: &str,
        to: &str,
        people: (Option<&str>, Option<&str>),
    ) -> (Close, Closed, i64) {
        let messages = std::mem::take(&mut self.messages);
        self.published += messages.len() as u64;
        if !messages.is_empty() {
            self.project.publish(messages, self.published).unwrap();
        }
        let date = |text| Date::parse(text).unwrap();
        let name = |name: Option<&str>| name.map(str::to_owned);
        let close = Close {
            from: date(from),
            to: date(to),
            prepared_by: name(people.0),
            reviewed_by: name(people.1),
            restates: None,
        };
        let collected = collect(&mut self.project, &close).unwrap();
        let closed = write(&self.layout, &self.id, &close, &collected).unwrap();
        (close, closed, collected.log_size)
    }

    /// The report of a draft.
    pub fn report(&mut self, from: &str, to: &str) -> Report {
        let (_, closed, _) = self.closed(from, to, (None, None));
        Report(serde_json::from_str(&closed.report).unwrap())
    }

    /// The report of a period that is sealed then.
    pub fn seal(&mut self, from: &str, to: &str) -> Report {
        let (prepared, reviewed) = ("A. Preparer", "B. Reviewer");
        let (_, closed, log_size) = self.closed(from, to, (Some(prepared), Some(reviewed)));
        self.act(Content::Seal(Seal {
            from: from.to_owned(),
            to: to.to_owned(),
            version: 1,
            reason: String::new(),
            prepared_by: prepared.to_owned(),
            reviewed_by: reviewed.to_owned(),
            log_size,
            log_root: String::new(),
            unresolved: closed.unresolved,
            figures: closed.figures.clone(),
            years: closed.years.clone(),
            history: closed.history.clone(),
            shares: closed.shares.clone(),
        }));
        Report(serde_json::from_str(&closed.report).unwrap())
    }

    /// The rows of a query, as text; what is null is `null`.
    pub fn rows(&self, sql: &str) -> Vec<String> {
        let answer = mrv::dataset::query::query(&self.layout, sql).unwrap();
        let text = |cell: Option<String>| cell.unwrap_or_else(|| "null".to_owned());
        let line =
            |row: Vec<Option<String>>| row.into_iter().map(text).collect::<Vec<_>>().join(" ");
        answer.rows.into_iter().map(line).collect()
    }
}

fn record(quantity: &str, stamp: Timestamp, value: &str) -> String {
    format!("{{\"ts\":{},\"values\":{{\"{quantity}\":\"{value}\"}}}}", stamp.us() / 1_000)
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// What a report says.
pub struct Report(pub Value);

impl Report {
    /// A text or number by its JSON pointer; a figure by its exact value.
    pub fn value(&self, pointer: &str) -> String {
        let found = self.0.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}"));
        match (found, found.get("value")) {
            (Value::String(text), _) | (_, Some(Value::String(text))) => text.clone(),
            (other, _) => other.to_string(),
        }
    }

    /// The messages of the findings of a code, each after its severity.
    pub fn found(&self, code: &str) -> Vec<String> {
        let findings = self.0["findings"].as_array().unwrap().iter();
        let of_code = findings.filter(|one| one["code"] == code);
        let line = |one: &Value| {
            format!("{}: {}", one["severity"].as_str().unwrap(), one["message"].as_str().unwrap())
        };
        of_code.map(line).collect()
    }

    /// The one finding of a code.
    pub fn only(&self, code: &str) -> String {
        let found = self.found(code);
        assert_eq!(found.len(), 1, "{code}: {found:#?}");
        found[0].clone()
    }

    /// How many items were refused with a code.
    pub fn refused(&self, code: &str) -> u64 {
        let groups = self.0["refused"].as_array().unwrap().iter();
        groups.filter(|one| one["code"] == code).map(|one| one["count"].as_u64().unwrap()).sum()
    }

    /// Intervals of a channel by quality code.
    pub fn qualities(&self, channel: &str) -> Vec<(String, u64)> {
        let channels = self.0["channels"].as_array().unwrap();
        let found = channels.iter().find(|one| one["channel"] == channel).unwrap();
        let quality = |one: &Value| {
            (one["code"].as_str().unwrap().to_owned(), one["intervals"].as_u64().unwrap())
        };
        found["qualities"].as_array().unwrap().iter().map(quality).collect()
    }
}

/// Asserts that a text holds all of these.
pub fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in: {text}");
    }
}

/// Values from whole thousandths, as text.
pub fn milli(values: impl Iterator<Item = i64>) -> Vec<Option<String>> {
    values.map(|value| Some(format!("{}.{:03}", value / 1_000, value % 1_000))).collect()
}
