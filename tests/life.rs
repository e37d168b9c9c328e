//! The life of a sealed period through the commands: late data, versions, findings, holds, issuance.

mod support;

use std::path::Path;
use std::process::Command;

use mrv::daemon::engine::{PRIVATE_KEY, PUBLIC_KEY};
use mrv::dataset::layout::Layout;
use mrv::evidence::checkpoint::key_pair;
use serde_json::Value;
use tempfile::TempDir;

/// A solar roof of one meter that sends what it generated each local day of 2020.
const PLAN: &str = r#"
mrv_plan = 1
project = "roof"
number = 1
valid_from = "2019-12-31T17:00:00Z"

[registered]
title = "Roof"
reference = "XX010"
country = "ID"
participants = ["Sample Roof Ltd (invented)"]
pdd_version = "1.0"
methodology = "MRV_PV_F1"
zone = "Asia/Jakarta"
crediting = { from = "2020-01-01", to = "2029-12-31" }
monthly_check = "plant engineer: registers against the log book"

[registered.indices]
i = ["roof"]

[registered.filing]
sector = "Energy generation"
activity_type = "Solar"
mitigation_type = "Emission reductions"
gwp_set = "AR5"

[[registered.share]]
holder = "Government of Indonesia"
side = "host"
share = 1

[[registered.share]]
holder = "Government of Japan"
side = "japan"
share = 1

[[registered.eligibility]]
criterion = "1"
description = "the project generates electricity by photovoltaic systems"
evidence = "photographs of the site"

[[registered.parameter]]
symbol = "EG"
members = ["roof"]
point = "(1)"
option = "C"
channels = ["site/meter/EG"]
unit = "MWh"

[[registered.fixed]]
symbol = "EF_RE"
members = ["roof"]
value = "0.619"
unit = "tCO2/MWh"
source = "table of the methodology"
confirmed = "for this test alone"

[[channel]]
id = "site/meter/EG"
kind = "delta"
stamp = "start"
cadence = "1 d"
unit = "MWh"
range = ["0", "30"]
capacity = "1 MW"
serial = "M-1"

[[reader]]
name = "days"
file = "*.csv"
format = "csv"
stamp_column = "day"
stamp = "%Y-%m-%d"
zone = "Asia/Jakarta"
layout = "wide"

[[reader.column]]
column = "EG"
channel = "site/meter/EG"
unit = "MWh"
"#;

const PEOPLE: [&str; 4] = ["--prepared-by", "Ann", "--reviewed-by", "Bo"];
const YEAR: [&str; 6] = ["--project", "roof", "--from", "2020-01-01", "--to", "2020-12-31"];

struct Office {
    folder: TempDir,
}

impl Office {
    /// A folder with the plan applied and every day of 2020 but the 15th of June, 600.123 MWh.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let office = Self { folder };
        let layout = Layout::new(office.path().join("data"));
        std::fs::create_dir_all(layout.keys()).unwrap();
        let (private, public) = key_pair("office", &[7; 32]).unwrap();
        std::fs::write(layout.keys().join(PRIVATE_KEY), private).unwrap();
        std::fs::write(layout.keys().join(PUBLIC_KEY), public).unwrap();
        office.write("mrv.toml", "data = \"data\"\n");
        office.write("plan.toml", PLAN);
        office.done(&["plan", "apply", "plan.toml"]);
        let mut csv = String::from("day,EG\n");
        for (month, days) in (1..).zip([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
            for day in (1..=days).filter(|day| (month, *day) != (6, 15)) {
                // 364 days of 1.640 and one of 3.163: 600.123.
                let value = if (month, day) == (1, 1) { "3.163" } else { "1.640" };
                csv += &format!("2020-{month:02}-{day:02},{value}\n");
            }
        }
        office.write("year.csv", &csv);
        office.done(&["ingest", "--project", "roof", "year.csv"]);
        office
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// Exit code and what was printed.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_mrv"))
            .args(arguments)
            .current_dir(self.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), text)
    }

    fn done(&self, arguments: &[&str]) -> String {
        let (code, text) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {text}");
        text
    }

    /// Why a rule said no.
    fn refused(&self, arguments: &[&str]) -> String {
        let (code, text) = self.run(arguments);
        assert_eq!(code, 5, "{arguments:?}: {text}");
        text
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.done(&[&["--json"], arguments].concat());
        serde_json::from_str(&text).unwrap()
    }

    fn seal(&self) {
        self.done(&[&["period", "close"], &YEAR[..], &PEOPLE[..]].concat());
    }

    fn restate(&self, reason: &str) -> String {
        let how = ["period", "restate", "--reason", reason];
        self.done(&[&how[..], &YEAR[..], &PEOPLE[..]].concat())
    }

    fn late(&self) {
        self.write("late.csv", "day,EG\n2020-06-15,2.000\n");
        self.done(&["ingest", "--project", "roof", "late.csv"]);
    }

    fn submit(&self) {
        let by = ["--approved-by", "Cy", "--post", "director", "--date", "2021-02-01"];
        self.done(&[&["period", "submit"], &YEAR[..], &by[..]].concat());
    }

    fn verify(&self) {
        let by = ["--reference", "LRQA", "--by", "Cy", "--post", "director"];
        let step = ["period", "advance", "verification", "--date", "2021-03-01"];
        self.done(&[&step[..], &YEAR[..], &by[..]].concat());
    }

    /// Makes the bundle of a version, which a recheck shows; gives its bytes.
    fn bundle(&self, version: &str, out: &str) -> Vec<u8> {
        let dates = ["bundle", "roof", "2020-01-01", "2020-12-31"];
        self.done(&[&dates[..], &["--version", version, "--out", out]].concat());
        self.done(&["recheck", out, "--trust", "data/keys/log.pub"]);
        std::fs::read(self.path().join(out)).unwrap()
    }

    /// Every file of a version, by name.
    fn version(&self, number: u32) -> Vec<(String, Vec<u8>)> {
        let folder =
            self.path().join(format!("data/reports/project=roof/2020-01-01_2020-12-31/v{number}"));
        let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, std::fs::read(path).unwrap())
            })
            .collect();
        files.sort();
        files
    }

    fn report(&self, number: u32) -> Value {
        let files = self.version(number);
        let (_, bytes) = files.iter().find(|(name, _)| name == "report.json").unwrap();
        serde_json::from_slice(bytes).unwrap()
    }

    fn claimed(&self, number: u32) -> String {
        self.report(number)["claimed"]["value"].as_str().unwrap().to_owned()
    }

    /// What DuckDB, polars and pyarrow see together: readings, and the sum of their values.
    fn three_readers(&self) -> (u64, String) {
        let data = self.path().join("data");
        let seen = support::python_json("read_tables.py", &[data.to_str().unwrap()]);
        let readings = &seen["readings"];
        let sum = readings["columns"]["value"]["sum"].as_str().unwrap().to_owned();
        (readings["rows"].as_u64().unwrap(), sum)
    }
}

/// Ten days, the tenth.
#[test]
fn day_10_two_megawatt_hours_that_arrive_after_the_seal_make_a_candidate_and_a_second_version() {
    let office = Office::new();
    office.seal();
    assert_eq!(office.claimed(1), "371");
    assert_eq!(office.three_readers(), (365, "600.123000".to_owned()));
    let sealed = office.version(1);
    let handed_out = office.bundle("1", "v1.zip");
    let told = office.done(&["period", "candidates", "--project", "roof"]);
    assert!(told.contains("nothing arrived"), "{told}");

    office.late();
    assert_eq!(office.three_readers(), (366, "602.123000".to_owned()));
    let found = office.json(&["period", "candidates", "--project", "roof"]);
    let candidate = &found[0];
    assert_eq!((&candidate["stands"], &candidate["version"]), (&1.into(), &2.into()));
    let cause = candidate["causes"][0]["what"].as_str().unwrap();
    assert!(cause.starts_with("site/meter/EG: 1 reading stamped 2020-06-15T00:00:00"), "{cause}");
    let year = &candidate["years"][0];
    let change = |of: &str| {
        let one = &year[of];
        ["old", "new", "change"].map(|name| one[name].as_str().unwrap().to_owned())
    };
    assert_eq!(change("re"), ["371.476137", "372.714137", "1.238"]);
    assert_eq!(change("pe"), ["0", "0", "0"]);
    assert_eq!(change("er"), ["371.476137", "372.714137", "1.238"]);
    assert_eq!(change("claimed"), ["371", "372", "1"]);
    // A candidate alters nothing, and closing again is no way around a seal.
    assert_eq!(office.version(1), sealed);
    let again = office.refused(&[&["period", "close"], &YEAR[..], &PEOPLE[..]].concat());
    assert!(again.contains("V-OVERLAP"), "{again}");

    let told = office.restate("2.000 MWh of the 15th of June arrived late");
    assert!(told.contains("372"), "{told}");
    assert_eq!((office.claimed(1), office.claimed(2)), ("371".to_owned(), "372".to_owned()));
    assert_eq!(office.version(1), sealed, "version 1 stays byte for byte");
    let told = office.done(&["period", "candidates", "--project", "roof"]);
    assert!(told.contains("nothing arrived"), "{told}");

    // What was known before: by log size and by time, for reports and for queries.
    let listed = office.json(&["period", "list", "--project", "roof"]);
    let size = listed[0]["log_size"].to_string();
    let as_of = ["--as-of", &size];
    let before = office.json(&[&["period", "report"], &YEAR[..], &as_of[..]].concat());
    assert_eq!(before["report"]["claimed"]["value"], "371");
    let when = format!("SELECT MAX(received_at) AS at FROM messages WHERE leaf < {size}");
    let at = office.json(&["query", &when])[0]["at"].as_str().unwrap().to_owned();
    // 2026-01-01 00:00:00.000000 UTC
    let at = at.replace(" UTC", "Z").replacen(' ', "T", 1);
    let by_time = ["--as-of", &at];
    let before = office.json(&[&["period", "report"], &YEAR[..], &by_time[..]].concat());
    assert_eq!(before["log_size"].to_string(), size);
    assert_eq!(before["report"]["claimed"]["value"], "371");
    let sum = "SELECT COUNT(*) AS n, SUM(value) AS mwh FROM readings";
    let then = office.json(&[&["query", sum, "--project", "roof"], &as_of[..]].concat());
    assert_eq!((&then[0]["n"], &then[0]["mwh"]), (&"365".into(), &"600.123000".into()));
    let now = office.json(&["query", sum]);
    assert_eq!((&now[0]["n"], &now[0]["mwh"]), (&"366".into(), &"602.123000".into()));
    let covered = "SELECT SUM(value) AS mwh FROM intervals";
    let then = office.json(&[&["query", covered, "--project", "roof"], &as_of[..]].concat());
    assert_eq!(then[0]["mwh"], "600.123000");
    let long_ago = ["--as-of", "2000-01-01T00:00:00Z"];
    let (code, text) = office.run(&[&["period", "report"], &YEAR[..], &long_ago[..]].concat());
    assert!(code != 0 && text.contains("has no plan"), "{text}");

    // Every figure that differs is named, with what caused it.
    let (code, text) = office.run(&["--json", "period", "diff", "roof@1", "roof@2"]);
    assert_eq!(code, 1, "{text}");
    let diff: Value = serde_json::from_str(&text).unwrap();
    let figures = diff["figures"].as_array().unwrap();
    let of = |name: &str| {
        let one = figures.iter().find(|one| one["figure"] == name);
        one.map(|one| (one["old"].clone(), one["new"].clone()))
    };
    assert_eq!(of("claimed"), Some(("371".into(), "372".into())), "{text}");
    let er = "years/MRV_PV_F1 2020/er";
    assert_eq!(of(er), Some(("371.476137".into(), "372.714137".into())), "{text}");
    assert_eq!(of("items/readings"), Some(("365".into(), "366".into())));
    assert!(diff["causes"][0]["what"].as_str().unwrap().contains("1 reading"), "{text}");
    assert_eq!(diff["years"][0]["claimed"]["change"], "1");
    let state = |place: usize| {
        office.json(&["period", "list", "--project", "roof"])[place]["state"].clone()
    };
    assert_eq!((state(0), state(1)), ("restated".into(), "sealed".into()));

    // Both versions are handed out and shown; a digit of version 2 that is another is told; both open.
    let second = office.bundle("2", "v2.zip");
    let mut altered = second.clone();
    let exact = b"\"value\": \"372.714137\"";
    let place = second.windows(exact.len()).position(|bytes| bytes == exact).unwrap();
    altered[place + exact.len() - 2] ^= 1;
    std::fs::write(office.path().join("altered.zip"), altered).unwrap();
    let (code, told) = office.run(&["recheck", "altered.zip", "--trust", "data/keys/log.pub"]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("DIFFERS  data/report/"), "{told}");
    let told = office.done(&["explain", "v2.zip", "ER.2020"]);
    assert!(told.contains("372.714137") && told.contains("602.123*0.619"), "{told}");
    // Version 1: as it was handed out, and handed out now, which has the same report over a longer log.
    assert!(std::fs::read(office.path().join("v1.zip")).unwrap() == handed_out);
    office.done(&["recheck", "v1.zip", "--trust", "data/keys/log.pub"]);
    office.bundle("1", "again.zip");
    for bundle in ["v1.zip", "again.zip"] {
        let told = office.done(&["explain", bundle, "ER.2020"]);
        assert!(told.contains("371.476137") && told.contains("600.123*0.619"), "{told}");
    }
}

#[test]
fn a_decision_counts_for_the_values_it_saw_and_another_value_opens_the_conflict_again() {
    let office = Office::new();
    let value = |name: &str, value: &str| {
        office.write(name, &format!("day,EG\n2020-06-15,{value}\n"));
        office.done(&["ingest", "--project", "roof", name]);
    };
    value("first.csv", "2.000");
    value("second.csv", "2.500");
    let about = ["--project", "roof", "--channel", "site/meter/EG", "--at"];
    let at = "2020-06-14T17:00:00Z";
    let how = ["--reason", "the display shows it", "--author", "Ann"];
    let blind = ["--value", "2.5", "--seen", "2.5"];
    let told = office.refused(&[&["decide"], &about[..], &[at], &how[..], &blind[..]].concat());
    assert!(told.contains("has 2.000000 too"), "{told}");
    office.done(&[&["decide"], &about[..], &[at], &how[..], &["--value", "2.5"]].concat());
    office.seal();
    // (600.123 + 2.5) * 0.619 = 373.023...
    assert_eq!(office.claimed(1), "373");
    // A third value: the conflict is open again, and the lowest of the three counts.
    value("third.csv", "1.900");
    let candidate = office.json(&["period", "candidates", "--project", "roof"]);
    assert_eq!(candidate[0]["years"][0]["claimed"]["new"], "372");
    assert!(candidate[0]["causes"][0]["what"].as_str().unwrap().contains("1 conflict"));
    office.done(&[&["decide"], &about[..], &[at], &how[..], &["--value", "2.5"]].concat());
    let candidate = office.json(&["period", "candidates", "--project", "roof"]);
    assert_eq!(candidate[0]["years"][0]["claimed"]["new"], "373");
}

const CAR: [&str; 9] = [
    "--tpe",
    "LRQA",
    "--by",
    "V. Verifier",
    "--date",
    "2021-03-10",
    "--about",
    "device:site/meter",
    "--text",
];
const REPORT: [&str; 12] = [
    "--tpe",
    "LRQA",
    "--number",
    "VR-7",
    "--date",
    "2021-05-03",
    "--opinion",
    "positive",
    "--conclusion",
    "unqualified",
    "--document",
    "report.pdf",
];

#[test]
fn a_car_is_closed_by_version_2_and_version_1_stays_as_it_was() {
    let office = Office::new();
    office.write("report.pdf", "the report of the third-party entity");
    office.seal();
    let sealed = office.version(1);
    let sheet = [&["registry", "sheet"], &YEAR[..]].concat();
    let told = office.refused(&sheet);
    assert!(told.contains("version 1 of 2020-01-01 to 2020-12-31 is sealed"), "{told}");
    let open = ["finding", "open", "CAR"];
    let told =
        office.refused(&[&open[..], &YEAR[..], &CAR[..], &["the log book says 1.163"]].concat());
    assert!(told.contains("findings are raised under verification"), "{told}");
    let by = ["--approved-by", "bo", "--post", "director", "--date", "2021-02-01"];
    let told = office.refused(&[&["period", "submit"], &YEAR[..], &by[..]].concat());
    assert!(told.contains("an approver is a third person"), "{told}");
    office.submit();
    office.verify();
    let unknown =
        CAR.map(|word| if word == "device:site/meter" { "device:site/pump" } else { word });
    let told = office.refused(&[&open[..], &YEAR[..], &unknown[..], &["what"]].concat());
    assert!(told.contains("the plan has no site/pump"), "{told}");
    office.done(&[&open[..], &YEAR[..], &CAR[..], &["the log book says 1.163"]].concat());
    let positive = [&["period", "tpe-report"], &YEAR[..], &REPORT[..]].concat();
    let amount = |text| [&positive[..], &["--amount", text]].concat();
    let told = office.refused(&amount("2020:371.476:0:371"));
    assert!(told.contains("CAR-1 stand open"), "{told}");

    // The correction, version 2, the reply and the closing.
    let correct = ["correct", "--project", "roof", "--channel", "site/meter/EG"];
    let what = ["--at", "2019-12-31T17:00:00Z", "--old", "3.163", "--new", "1.163"];
    let why = ["--reason", "typed from the wrong line, see CAR-1", "--author", "Ann"];
    office.done(&[&correct[..], &what[..], &why[..]].concat());
    office.restate("CAR-1: the first reading is corrected");
    // (600.123 - 2) * 0.619 = 370.238...
    assert_eq!((office.claimed(1), office.claimed(2)), ("371".to_owned(), "370".to_owned()));
    assert_eq!(office.version(1), sealed, "version 1 stays byte for byte");
    let close = ["finding", "close", "CAR-1", "--project", "roof", "--tpe", "LRQA", "--by"];
    let solved = ["V. Verifier", "--date", "2021-04-01", "--text", "solved", "--version", "2"];
    let told = office.refused(&[&close[..], &solved[..]].concat());
    assert!(told.contains("nobody has replied to CAR-1"), "{told}");
    office.write("log-book.txt", "1 January: 1.163");
    let reply = ["finding", "reply", "CAR-1", "--project", "roof", "--text", "corrected"];
    let said = ["--post", "engineer", "--date", "2021-03-20", "--document", "log-book.txt"];
    office.done(&[&reply[..], &said[..]].concat());
    office.done(&[&close[..], &solved[..]].concat());
    let told = office.refused(&amount("2020:370.238:0:370"));
    assert!(told.contains("version 2 of 2020-01-01 to 2020-12-31 is sealed"), "{told}");
    office.submit();
    office.verify();
    let told = office.refused(&amount("2020:370.238:0:371"));
    assert!(told.contains("version 2 claims 370 tCO2e for 2020"), "{told}");
    office.done(&amount("2020:370.238:0:370"));
    assert_eq!(office.version(1), sealed);

    // The registry's sheet: as stated, with the plan's shares.
    let told = office.done(&sheet);
    assert!(told.contains("as stated in TPE report no. VR-7 of LRQA, 2021-05-03"), "{told}");
    assert!(told.contains("Government of Japan (japan): 185 tCO2e, share 1"), "{told}");
    let json = office.json(&sheet);
    assert_eq!(json["vintages"][0]["er"], 370);
    assert_eq!(json["vintages"][0]["stated"][0]["re"], "370.238");
    let listed = office.json(&["period", "list", "--project", "roof"]);
    assert_eq!(json["evidence"]["figures"], listed[1]["figures"]);
    office.done(&[&sheet[..], &["--out", "sheet.xlsx"]].concat());
    let bytes = std::fs::read(office.path().join("sheet.xlsx")).unwrap();
    assert!(bytes.starts_with(b"PK"));

    // On to the Joint Committee's decision, which needs its document.
    let advance = |step: &str, more: &[&str]| {
        let by = ["--post", "director", "--date", "2021-06-01", "--by", "Cy"];
        office.run(&[&["period", "advance", step], &YEAR[..], &by[..], more].concat())
    };
    let (code, told) = advance("jc-decision", &["--reference", "JC-12"]);
    assert_eq!(code, 5, "{told}");
    assert!(told.contains("a jc-decision follows issuance requested"), "{told}");
    assert_eq!(advance("issuance-request", &[]).0, 0);
    let (code, told) = advance("jc-decision", &["--reference", "JC-12"]);
    assert!(code == 5 && told.contains("needs its document"), "{told}");
    let decision = ["--reference", "JC-12", "--document", "report.pdf"];
    assert_eq!(advance("jc-decision", &decision).0, 0);
    let told = office.done(&["period", "show", "--project", "roof"]);
    assert!(told.contains("version 2: JC decision recorded"), "{told}");
    assert!(told.contains("CAR-1 (act "), "{told}");
    // Version 2 tells of the version before and what made it.
    let report = office.report(2);
    let life = &report["life"];
    assert_eq!(life["version"], 2);
    assert_eq!(life["versions"][0]["submitted_by"], "Cy");
    assert_eq!(life["versions"][0]["state"], "under verification");
    assert_eq!(life["changes"][0]["claimed_before"]["value"], "371");
    assert_eq!(life["changes"][0]["claimed"]["value"], "370");
    assert!(life["causes"][0]["what"].as_str().unwrap().contains("correction: 1.163 instead of"));
    assert_eq!(life["findings"][0]["name"], "CAR-1");
    assert_eq!(life["materiality"], Value::Null);
}

/// Ten days, the ninth.
#[test]
fn day_9_energy_since_the_last_reading_shown_right_is_held_while_the_plate_differs() {
    let office = Office::new();
    office.seal();
    office.submit();
    office.verify();
    let open = ["finding", "open", "CAR"];
    office
        .done(&[&open[..], &YEAR[..], &CAR[..], &["the plate shows serial M-7, not M-1"]].concat());
    let hold = ["hold", "place", "--project", "roof", "--reason", "the plate shows M-7"];
    let what = ["--from", "2020-10-01T00:00:00+07:00", "--finding", "CAR-1", "--by", "Ann"];
    let told = office.refused(&[&hold[..], &what[..], &["--device", "site/pump"]].concat());
    assert!(told.contains("the plan has no device site/pump; it has site/meter"), "{told}");
    office.done(&[&hold[..], &what[..], &["--device", "site/meter"]].concat());
    office.restate("the energy since October is held");
    // 600.123 - 92 days of 1.640 = 449.243; x 0.619 = 278.081...
    let report = office.report(2);
    assert_eq!(report["claimed"]["value"], "278");
    assert_eq!(report["years"][0]["er"]["value"], "278.081417");
    let without = &report["life"]["without_holds"][0];
    assert_eq!(without["er"]["value"], "371.476137");
    assert_eq!(without["claimed"]["value"], "371");
    let held = &report["life"]["holds"][0];
    assert_eq!((&held["finding"], &held["lifted"]), (&"CAR-1".into(), &Value::Null));
    let findings = report["findings"].as_array().unwrap();
    let flag = findings.iter().find(|one| one["code"] == "V-HOLD").unwrap();
    assert_eq!(flag["severity"], "critical");
    assert_eq!(flag["count"], 92 * 96);
    assert_eq!(office.claimed(1), "371");
    office.bundle("2", "held.zip");
    // Shown right: the hold is lifted, and version 3 would claim all again.
    let listed = office.json(&["hold", "list", "--project", "roof"]);
    let act = listed[0]["act"].to_string();
    let why = ["--reason", "the record of the exchange was found"];
    office.done(&[&["hold", "lift", &act, "--project", "roof"], &why[..]].concat());
    let found = office.json(&["period", "candidates", "--project", "roof"]);
    assert_eq!(found[0]["version"], 3);
    assert_eq!(found[0]["years"][0]["claimed"]["new"], "371");
    assert!(found[0]["causes"][0]["what"].as_str().unwrap().contains("is lifted"));
}

#[test]
fn what_the_plan_promises_is_missed_until_it_is_recorded_and_responses_alter_nothing() {
    let office = Office::new();
    let draft = || office.json(&[&["period", "close"], &YEAR[..]].concat())["report"].clone();
    let of = |report: &Value, code: &str| {
        let findings = report["findings"].as_array().unwrap().clone();
        findings.into_iter().find(|one| one["code"] == code)
    };
    let before = draft();
    assert_eq!(of(&before, "V-MONTHCHECK").unwrap()["count"], 12);
    let missing = of(&before, "V-ELIGIBILITY").unwrap();
    assert_eq!(missing["severity"], "critical");

    let said = ["--post", "engineer", "--date", "2021-01-10", "--by", "Ann"];
    for month in 1..=11 {
        let month = format!("2020-{month:02}");
        let what = ["--what", "registers against the log book", "--findings", "none"];
        let record = ["monthly", "record", "--project", "roof", "--month", &month];
        office.done(&[&record[..], &what[..], &said[..]].concat());
    }
    office.write("photos.pdf", "photographs");
    let record = ["evidence", "record", "--criterion", "1", "--text", "panels on the roof"];
    let with = ["--document", "photos.pdf"];
    office.done(&[&record[..], &YEAR[..], &said[..], &with[..]].concat());
    let other = ["evidence", "record", "--criterion", "9", "--text", "panels on the roof"];
    let told = office.refused(&[&other[..], &YEAR[..], &said[..], &with[..]].concat());
    assert!(told.contains("it has 1"), "{told}");
    let respond = |code: &str, reason: &str| {
        let what = ["respond", code, "--reason", reason];
        office.run(&[&what[..], &YEAR[..], &said[..]].concat())
    };
    assert_eq!(respond("V-COMPLETE", "the line was down on one day").0, 0);
    assert_eq!(respond("V-PLAN", "we think it is right").0, 0);
    assert_eq!(respond("V-NONE", "what").0, 5);

    let after = draft();
    let month = of(&after, "V-MONTHCHECK").unwrap();
    assert_eq!(month["count"], 1);
    assert!(month["message"].as_str().unwrap().ends_with("none is recorded of 2020-12"), "{month}");
    assert_eq!(of(&after, "V-ELIGIBILITY"), None);
    let life = &after["life"];
    assert_eq!(life["checks"].as_array().unwrap().len(), 11);
    assert_eq!(life["eligibility"][0]["evidence"][0]["text"], "panels on the roof");
    let closes = |place: usize| life["responses"][place]["closes"].clone();
    assert_eq!((closes(0), closes(1)), (true.into(), false.into()));
    let of_code = after["findings"].as_array().unwrap().iter();
    let count = of_code.filter(|one| one["code"] == "V-COMPLETE").count();
    assert_eq!(life["responses"][0]["flags"], count);
    // The answered flag is the same as before, and so are all figures.
    assert_eq!(of(&after, "V-COMPLETE"), of(&before, "V-COMPLETE"));
    assert_eq!(after["years"], before["years"]);
    assert_eq!(after["provenance"]["figures_digest"], before["provenance"]["figures_digest"]);
    let page = office.path().join("data/reports/project=roof/2020-01-01_2020-12-31/draft");
    let html = std::fs::read_to_string(page.join("report.html")).unwrap();
    assert!(html.contains("open: no response closes it"));
}
