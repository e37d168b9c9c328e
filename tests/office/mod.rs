//! A folder in which people work: a project with a plan, and every command as they call it.

#![allow(dead_code, reason = "each test crate uses its part")]

use std::path::{Path, PathBuf};
use std::process::Command;

use mrv::daemon::engine::{PRIVATE_KEY, PUBLIC_KEY};
use mrv::dataset::layout::Layout;
use mrv::evidence::checkpoint::key_pair;
use serde_json::Value;
use tempfile::TempDir;

const PEOPLE: [&str; 4] = ["--prepared-by", "Ann", "--reviewed-by", "Bo"];
/// The verifier key of every office.
pub const KEY: &str = "data/keys/log.pub";

/// First and last local date of a period.
pub type Dates = (&'static str, &'static str);

/// A plan of project `plant` in zone UTC from 2019 on: `parts` stand below its head.
pub fn plan(number: u32, valid_from: &str, methodology: &str, parts: &str) -> String {
    format!(
        r#"mrv_plan = 1
project = "plant"
number = {number}
valid_from = "{valid_from}"

[registered]
title = "An invented plant"
reference = "XX001"
country = "ID"
pdd_version = "1.0"
methodology = "{methodology}"
zone = "UTC"
crediting = {{ from = "2020-01-01", to = "2029-12-31" }}

[registered.indices]
i = ["a"]

[[reader]]
name = "files"
file = "*.csv"
format = "csv"
layout = "long"
stamp_column = "at"
stamp = "rfc3339"
site_column = "site"
device_column = "device"
quantity_column = "quantity"
value_column = "value"
{parts}"#
    )
}

/// The first instant of plans.
pub const BEGIN: &str = "2019-12-01T00:00:00Z";

/// The parameter of a symbol with its channels, and what more is said of it.
pub fn parameter(symbol: &str, point: u32, channels: &str, more: &str) -> String {
    format!(
        r#"
[[registered.parameter]]
symbol = "{symbol}"
members = ["a"]
point = "({point})"
option = "C"
channels = [{channels}]
unit = "MWh"
source = "meter"
method = "register"
frequency = "continuous, recorded every day"
{more}
"#
    )
}

/// The emission factor, fixed ex ante.
pub fn factor(value: &str) -> String {
    format!(
        r#"
[[registered.fixed]]
symbol = "EF_RE"
members = ["a"]
value = "{value}"
unit = "tCO2/MWh"
source = "table of the methodology"
confirmed = "for this invented plant alone"
"#
    )
}

pub struct Office {
    folder: TempDir,
}

impl Office {
    /// A folder with a key and this plan in force.
    pub fn new(plan: &str) -> Self {
        let office = Self::empty();
        office.apply(plan);
        office
    }

    /// A folder with a key and nothing else.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let office = Self { folder };
        let layout = Layout::new(office.path().join("data"));
        std::fs::create_dir_all(layout.keys()).unwrap();
        let (private, public) = key_pair("office", &[7; 32]).unwrap();
        std::fs::write(layout.keys().join(PRIVATE_KEY), private).unwrap();
        std::fs::write(layout.keys().join(PUBLIC_KEY), public).unwrap();
        office.write("mrv.toml", "data = \"data\"\n");
        office
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).unwrap()
    }

    pub fn apply(&self, plan: &str) {
        self.write("plan.toml", plan);
        self.done(&["plan", "apply", "plan.toml"]);
    }

    /// Exit code and what was printed.
    pub fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_mrv"))
            .args(arguments)
            .current_dir(self.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), text)
    }

    pub fn done(&self, arguments: &[&str]) -> String {
        let (code, text) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {text}");
        text
    }

    /// Why a rule said no.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let (code, text) = self.run(arguments);
        assert_eq!(code, 5, "{arguments:?}: {text}");
        text
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        let text = self.done(&[&["--json"], arguments].concat());
        let at = text.find(['{', '[']).unwrap_or_else(|| panic!("{arguments:?}: {text}"));
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter();
        values.next().unwrap().unwrap()
    }

    /// Takes readings of site `s`: stamp, device, quantity, value.
    pub fn read(&self, file: &str, readings: &[(String, &str, &str, String)]) {
        let mut text = "at,site,device,quantity,value\n".to_owned();
        for (at, device, quantity, value) in readings {
            text += &format!("{at},s,{device},{quantity},{value}\n");
        }
        self.write(file, &text);
        self.done(&["ingest", "--project", "plant", file]);
    }

    /// The report of a draft.
    pub fn draft(&self, (from, to): Dates) -> Value {
        let close = ["period", "close", "--project", "plant", "--from", from, "--to", to];
        self.json(&close)["report"].clone()
    }

    pub fn seal(&self, dates: Dates) -> String {
        self.done(&sealing(dates))
    }

    /// Why it is not sealed.
    pub fn unsealed(&self, dates: Dates) -> String {
        self.refused(&sealing(dates))
    }

    pub fn restate(&self, (from, to): Dates, reason: &str) -> String {
        let how = ["period", "restate", "--project", "plant", "--reason", reason];
        self.done(&[&how[..], &["--from", from, "--to", to], &PEOPLE[..]].concat())
    }

    pub fn submit(&self, (from, to): Dates) {
        let by = ["--approved-by", "Cy", "--post", "director", "--date", "2024-02-01"];
        let submit = ["period", "submit", "--project", "plant", "--from", from, "--to", to];
        self.done(&[&submit[..], &by[..]].concat());
    }

    /// The third-party entity takes it up.
    pub fn under_verification(&self, (from, to): Dates) {
        let step = ["period", "advance", "verification", "--date", "2024-03-01"];
        let by = ["--reference", "LRQA", "--by", "Cy", "--post", "director"];
        let which = ["--project", "plant", "--from", from, "--to", to];
        self.done(&[&step[..], &which[..], &by[..]].concat());
    }

    pub fn candidates(&self) -> Vec<Value> {
        let found = self.json(&["period", "candidates", "--project", "plant"]);
        found.as_array().unwrap().clone()
    }

    /// The folder of a sealed version.
    pub fn folder(&self, (from, to): Dates, version: u32) -> PathBuf {
        self.path().join(format!("data/reports/project=plant/{from}_{to}/v{version}"))
    }

    /// Every file of a version, by name.
    pub fn version(&self, dates: Dates, version: u32) -> Vec<(String, Vec<u8>)> {
        files(&self.folder(dates, version))
    }

    pub fn report(&self, dates: Dates, version: u32) -> Value {
        let bytes = std::fs::read(self.folder(dates, version).join("report.json")).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// Makes the bundle of a version.
    pub fn bundle(&self, (from, to): Dates, version: u32, out: &str) {
        let number = version.to_string();
        self.done(&["bundle", "plant", from, to, "--version", &number, "--out", out]);
    }

    /// Exit code and what was said.
    pub fn recheck(&self, bundle: &str) -> (i32, String) {
        self.run(&["recheck", bundle, "--trust", KEY])
    }

    pub fn is_shown(&self, bundle: &str) {
        let (code, said) = self.recheck(bundle);
        assert_eq!(code, 0, "{bundle}: {said}");
    }

    /// One digit of the sealed report's `name` is another: the recheck must name the report.
    pub fn altered_is_told(&self, bundle: &str, name: &str) {
        let mut bytes = self.bytes(bundle);
        let word = format!("\"{name}\":");
        let place = bytes.windows(word.len()).position(|found| found == word.as_bytes());
        let mut place = place.unwrap_or_else(|| panic!("{bundle} has no {name}"));
        while !bytes[place].is_ascii_digit() {
            place += 1;
        }
        bytes[place] ^= 1;
        std::fs::write(self.path().join("altered.zip"), bytes).unwrap();
        let (code, said) = self.recheck("altered.zip");
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("DIFFERS  data/report/report.json"), "{said}");
    }

    /// Seals a period, hands out its bundle, and has it rechecked.
    pub fn sealed_and_shown(&self, dates: Dates) -> Value {
        self.seal(dates);
        self.bundle(dates, 1, "bundle.zip");
        self.is_shown("bundle.zip");
        self.report(dates, 1)
    }
}

fn sealing((from, to): Dates) -> Vec<&'static str> {
    let close = ["period", "close", "--project", "plant", "--from", from, "--to", to];
    [&close[..], &PEOPLE[..]].concat()
}

/// Every file of a folder, by name.
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<(String, Vec<u8>)> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// What a report says at a place; a figure by its exact value.
pub fn value(report: &Value, pointer: &str) -> String {
    let found = report.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}"));
    match (found, found.get("value")) {
        (Value::String(text), _) | (_, Some(Value::String(text))) => text.clone(),
        (other, _) => other.to_string(),
    }
}

/// The messages of the findings of a code, each after its severity.
pub fn found(report: &Value, code: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let line = |one: &Value| {
        format!("{}: {}", one["severity"].as_str().unwrap(), one["message"].as_str().unwrap())
    };
    findings.filter(|one| one["code"] == code).map(line).collect()
}

/// Asserts that some text has all of these.
pub fn says(texts: &[String], parts: &[&str]) {
    let has = |text: &&String| parts.iter().all(|part| text.contains(part));
    assert!(texts.iter().any(|text| has(&text)), "{parts:?} are in none of {texts:#?}");
}

/// Items that were refused with a code.
pub fn refused_items(report: &Value, code: &str) -> u64 {
    let groups = report["refused"].as_array().unwrap().iter();
    groups.filter(|one| one["code"] == code).map(|one| one["count"].as_u64().unwrap()).sum()
}

/// Midnight of a day of a month, which may lie beyond its end: the 32nd of January is the first of
/// February.
pub fn midnight(year: i16, month: u8, day: u32) -> String {
    let mut date = mrv::domain::time::Date::parse(&format!("{year}-{month:02}-01")).unwrap();
    for _ in 1..day {
        date = date.next();
    }
    format!("{date}T00:00:00Z")
}
