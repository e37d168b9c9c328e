//! Meters from the command to the report: an exchange with rollover and multiplier, certificates that
//! are found later, and what is refused because it could not be.

use std::process::Command;

use mrv::config::daemon::DaemonConfig;
use mrv::daemon::engine::{Engine, PRIVATE_KEY, PUBLIC_KEY};
use mrv::daemon::record::attach;
use mrv::daemon::request::{Answer, Request, Stated};
use mrv::dataset::layout::Layout;
use mrv::dataset::query::query;
use mrv::dataset::schema::Table;
use mrv::dataset::table_digest;
use mrv::decode::act::{
    CertificateEntry, Content, Correction, ExchangeEntry, MeterEntry, ReadingEntry, RegisterEntry,
};
use mrv::domain::id::ProjectId;
use mrv::evidence::checkpoint::key_pair;
use serde_json::Value;
use tempfile::TempDir;

const PROJECT: &str = "exchanged";

const PLAN: &str = r#"mrv_plan = 1
project = "exchanged"
number = 1
valid_from = "2026-01-01T00:00:00Z"

[registered]
title = "A meter is exchanged"
country = "TH"
pdd_version = "1"
methodology = "MRV_PV_F1"
zone = "UTC"
crediting = { from = "2026-01-01", to = "2030-12-31" }

[registered.indices]
i = ["a"]

[registered.ex_ante]
2026 = "100"

[[registered.parameter]]
symbol = "EG"
members = ["a"]
point = "(1)"
option = "C"
channels = ["roof/m1/EG"]
unit = "MWh"
every = "1 h"

[[registered.fixed]]
symbol = "EF_RE"
members = ["a"]
value = "0.533"
unit = "tCO2/MWh"
source = "table"
confirmed = "for this test, from nothing"

[[device]]
id = "roof/m1"
place = "switch room"
serial = "S-1"
class = "0.5 S"
ct = "200/5"
multiplier = "40"
digits = [5, 1]
seals = ["A-1"]
installed = "2026-02-01T00:00:00Z"
calibration = { interval = "1 year", option = "accredited-certificate", body = "Laboratory" }

[[device.certificate]]
number = "C-1"
body = "Laboratory"
scope = "KAN LK-001"
date = "2025-12-15"
as_left = "+0.1 %"
covers_ratio = true

[[channel]]
id = "roof/m1/EG"
kind = "register"
unit = "kWh"
values = "display"
cadence = "1 h"
capacity = "800 kW"

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
"#;

struct Plant {
    folder: TempDir,
    layout: Layout,
    runtime: tokio::runtime::Runtime,
}

impl Plant {
    /// A plant whose register shows 99,987.4 as the tenth of March begins and, after an exchange, 162.0
    /// as it ends.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().join("data"));
        std::fs::create_dir_all(layout.keys()).unwrap();
        let (private, public) = key_pair("plant", &[7; 32]).unwrap();
        std::fs::write(layout.keys().join(PRIVATE_KEY), private).unwrap();
        std::fs::write(layout.keys().join(PUBLIC_KEY), public).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let plant = Self { folder, layout, runtime };
        let mut shipped = mrv::methodology::shipped().iter();
        let methodology = shipped.find(|one| one.id == "MRV_PV_F1").unwrap().text.to_owned();
        let (file, text, author) = ("plan.toml".to_owned(), PLAN.to_owned(), "ann".to_owned());
        let plan = Request::Plan { file, text, methodologies: vec![methodology], author };
        assert!(matches!(plant.ask(plan), Answer::Recorded { .. }));
        plant.read(&[
            ("2026-01-31T23:00:00Z", "99900.0"),
            ("2026-03-10T00:00:00Z", "99987.4"),
            ("2026-03-10T10:00:00Z", "23.1"),
            ("2026-03-11T00:00:00Z", "162.0"),
        ]);
        plant
    }

    fn ask(&self, request: Request) -> Answer {
        let config = DaemonConfig::parse("", "").unwrap();
        let engine = Engine::open(&self.layout, &config).unwrap();
        let answer = self.runtime.block_on(engine.carry_out(request)).unwrap();
        engine.close();
        answer
    }

    fn read(&self, readings: &[(&str, &str)]) {
        let path = self.folder.path().join("readings.csv");
        let mut text = "at,site,device,quantity,value\n".to_owned();
        for (at, value) in readings {
            text += &format!("{at},roof,m1,EG,{value}\n");
        }
        std::fs::write(&path, text).unwrap();
        let (path, author) = (path.display().to_string(), "ann".to_owned());
        let ingest = Request::Ingest { project: PROJECT.to_owned(), path, author };
        assert!(matches!(self.ask(ingest), Answer::Recorded { .. }));
    }

    fn record(&self, act: Content) -> Answer {
        let path = self.folder.path().join("document.txt");
        std::fs::write(&path, b"protocol").unwrap();
        let file = attach(&path).unwrap();
        let mut act = act;
        match &mut act {
            Content::Exchange(entry) => entry.document.clone_from(&file.sha256),
            Content::Certificate(entry) => entry.document.clone_from(&file.sha256),
            Content::Reading(entry) => entry.document.clone_from(&file.sha256),
            other => panic!("{other:?}"),
        }
        let mut stated = Stated::new(act);
        stated.documents = vec![file];
        self.ask(Request::Record { project: PROJECT.to_owned(), acts: vec![stated] })
    }

    fn taken(&self, act: Content) -> u32 {
        match self.record(act) {
            Answer::Acts { first, .. } => first,
            other => panic!("{other:?}"),
        }
    }

    fn refused(&self, act: Content) -> String {
        match self.record(act) {
            Answer::Refused { reason } => reason,
            other => panic!("{other:?}"),
        }
    }

    /// The report of the tenth of March, a draft, or what refuses its seal.
    fn close(&self, is_sealed: bool) -> Result<Value, String> {
        let name = |name: &str| is_sealed.then(|| name.to_owned());
        let date = "2026-03-10".to_owned();
        let close = Request::Close {
            project: PROJECT.to_owned(),
            from: date.clone(),
            to: date,
            prepared_by: name("Ann"),
            reviewed_by: name("Bo"),
        };
        match self.ask(close) {
            Answer::Closed { report, .. } => Ok(serde_json::from_str(&report).unwrap()),
            Answer::Refused { reason } => Err(reason),
            other => panic!("{other:?}"),
        }
    }

    fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        assert!(matches!(self.ask(Request::Flush), Answer::Done));
        let answer = query(&self.layout, sql).unwrap();
        let text = |cell: Option<String>| cell.unwrap_or_else(|| "null".to_owned());
        answer.rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect()
    }
}

fn exchange() -> ExchangeEntry {
    let meter = |serial: &str, seal: &str| MeterEntry {
        serial: serial.to_owned(),
        class: "0.5 S".to_owned(),
        ct: "200/5".to_owned(),
        multiplier: "40".to_owned(),
        digits: Some([5, 1]),
        seals: vec![seal.to_owned()],
        ..MeterEntry::default()
    };
    let register = RegisterEntry {
        channel: "roof/m1/EG".to_owned(),
        last: "00023.1".to_owned(),
        start: "12.0".to_owned(),
    };
    ExchangeEntry {
        device: "roof/m1".to_owned(),
        off: "2026-03-10T10:00:00Z".to_owned(),
        on: "2026-03-10T12:30:00Z".to_owned(),
        old: meter("S-1", "A-1"),
        new: meter("S-2", "B-7"),
        registers: vec![register],
        between: "disconnected".to_owned(),
        done_by: "Ann".to_owned(),
        witnessed_by: "Bo".to_owned(),
        ..ExchangeEntry::default()
    }
}

fn certificate() -> CertificateEntry {
    CertificateEntry {
        device: "roof/m1".to_owned(),
        serial: "S-2".to_owned(),
        number: "C-2".to_owned(),
        body: "Laboratory".to_owned(),
        scope: "KAN LK-001".to_owned(),
        date: "2026-03-01".to_owned(),
        as_left: "-0.2 %".to_owned(),
        covers_ratio: true,
        entered_by: "Ann".to_owned(),
        ..CertificateEntry::default()
    }
}

fn chosen(report: &Value) -> &str {
    report["years"][0]["inputs"][0]["chosen"]["value"].as_str().unwrap()
}

#[test]
fn an_exchange_with_rollover_counts_both_meters_and_zero_between_and_is_listed() {
    let plant = Plant::new();
    // A register that nobody explains is a reset or worse: bounds.
    let before = plant.close(false).unwrap();
    assert_ne!(chosen(&before), "7.428");
    let unread = ExchangeEntry {
        registers: vec![RegisterEntry { last: String::new(), ..exchange().registers[0].clone() }],
        ..exchange()
    };
    // The final reading is missing: a draft says so, and nothing is sealed.
    assert_eq!(plant.taken(Content::Exchange(Box::new(unread))), 1);
    let reason = plant.close(true).unwrap_err();
    assert!(reason.starts_with("the final reading of roof/m1/EG is not recorded"), "{reason}");
    let whole = ExchangeEntry {
        replaces: Some(1),
        reason: "the protocol was found".to_owned(),
        ..exchange()
    };
    assert_eq!(plant.taken(Content::Exchange(Box::new(whole))), 2);
    assert_eq!(plant.taken(Content::Certificate(certificate())), 3);
    let report = plant.close(false).unwrap();
    // (100000.0 - 99987.4 + 23.1) x 40 = 1428 kWh, and (162.0 - 12.0) x 40 = 6000 kWh.
    assert_eq!(chosen(&report), "7.428");
    let sums = "SELECT SUM(value) FROM intervals WHERE start >= '2026-03-10' AND start < '2026-03-10 10:00'";
    assert_eq!(plant.rows(sums), [["1428.000000"]]);
    let off = "SELECT COUNT(*) AS count, SUM(value) AS sum, MIN(quality) AS a, MAX(quality) AS b FROM intervals WHERE \
               start >= '2026-03-10 10:00' AND start < '2026-03-10 12:30'";
    assert_eq!(plant.rows(off), [["10", "0.000000", "Z", "Z"]]);
    let findings = report["findings"].as_array().unwrap();
    let listed = findings.iter().find(|one| one["code"] == "V-EXCHANGE").unwrap();
    let message = listed["message"].as_str().unwrap();
    assert!(message.contains("2.5 h without a meter, recorded as disconnected, count as zero (Z)"));
    assert!(message.contains("roof/m1/EG final 23.1, start 12"), "{message}");
    // The same tables from the messages alone.
    let id = ProjectId::parse(PROJECT).unwrap();
    let digest = || table_digest::table_digest(&plant.layout, Table::Intervals, &id).unwrap();
    let before = digest();
    assert!(matches!(plant.ask(Request::Rebuild { project: PROJECT.to_owned() }), Answer::Done));
    assert_eq!(digest(), before);
    // Both meters were in control all day.
    let states = report["calibration"]["devices"][0]["states"].as_array().unwrap();
    let told: Vec<(&str, &str)> = states
        .iter()
        .map(|one| (one["serial"].as_str().unwrap(), one["state"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("S-1", "in control"), ("S-2", "in control")]);
    assert_eq!(states[0]["hours"]["value"], "10");
    assert_eq!(states[1]["hours"]["value"], "11.5");
    assert!(plant.close(true).is_ok());
}

#[test]
fn readings_before_the_meter_was_installed_are_refused() {
    let plant = Plant::new();
    let sql = "SELECT code, COUNT(*) AS count FROM refused GROUP BY code";
    assert_eq!(plant.rows(sql), [["V-CHANNEL", "1"]]);
    plant.read(&[("2026-03-12T00:00:00Z", "170.0")]);
    assert_eq!(plant.rows("SELECT COUNT(*) FROM readings"), [["4"]]);
}

#[test]
fn a_certificate_that_is_found_later_enters_the_timeline() {
    let plant = Plant::new();
    plant.taken(Content::Exchange(Box::new(exchange())));
    // No certificate of the new meter: its hours count by the permissible error.
    // 1.428 + 6.000 x 0.995
    assert_eq!(chosen(&plant.close(false).unwrap()), "7.398");
    plant.taken(Content::Certificate(certificate()));
    assert_eq!(chosen(&plant.close(false).unwrap()), "7.428");
    // A year later it is found to show 2 % too much: back to its last good calibration.
    let late = CertificateEntry {
        number: "C-3".to_owned(),
        date: "2027-02-01".to_owned(),
        as_found: "+2 %".to_owned(),
        ..certificate()
    };
    plant.taken(Content::Certificate(late));
    let report = plant.close(false).unwrap();
    assert_eq!(chosen(&report), "7.308");
    let effect = &report["calibration"]["effects"][0];
    assert_eq!(effect["er_uncorrected"]["value"], "3.959124");
    assert_eq!(effect["cost"]["value"], "0.06396");
}

#[test]
fn what_cannot_be_is_refused_before_it_is_recorded() {
    let plant = Plant::new();
    let cases: [(&str, fn(&mut ExchangeEntry)); 14] = [
        ("Ann exchanged the meter; another person witnesses it", |e| {
            e.witnessed_by = " ANN".to_owned();
        }),
        ("needs its witness", |e| e.witnessed_by.clear()),
        ("no plan has a device roof/m2", |e| e.device = "roof/m2".to_owned()),
        ("meter S-1 hung at roof/m1 before", |e| e.old.serial = "S-9".to_owned()),
        ("the multiplier of meter S-1 is 40 by the plan, not 50", |e| {
            e.old.multiplier = "50".to_owned();
        }),
        ("meter S-1 hung at roof/m1 already", |e| e.new.serial = "S-1".to_owned()),
        ("the new meter was put on before", |e| e.on = "2026-03-10T09:00:00Z".to_owned()),
        ("does not say whether anything flowed between", |e| e.between = "off".to_owned()),
        ("register roof/m1/EG of the meter is not named", |e| e.registers.clear()),
        ("roof/m1/X is no register of roof/m1", |e| {
            e.registers[0].channel = "roof/m1/X".to_owned();
        }),
        ("cannot show 23.15", |e| e.registers[0].last = "23.15".to_owned()),
        ("cannot show 123456", |e| e.registers[0].start = "123456".to_owned()),
        ("act 7 is no exchange that stands", |e| e.replaces = Some(7)),
        // (100000 - 99987.4 + 5023.1) x 40 kWh in ten hours of 800 kW.
        ("V-", |e| e.registers[0].last = "5023.1".to_owned()),
    ];
    for (expected, change) in cases {
        let mut wrong = exchange();
        change(&mut wrong);
        let reason = plant.refused(Content::Exchange(Box::new(wrong)));
        assert!(reason.contains(expected), "{expected}: {reason}");
    }
    let cases: [(&str, fn(&mut CertificateEntry)); 4] = [
        ("no meter S-2 hung at roof/m1: there were S-1", |_| {}),
        ("is no error of a meter", |c| c.as_left = "fine".to_owned()),
        ("a certificate needs its result", |c| c.as_left.clear()),
        ("certificate needs its number", |c| c.number.clear()),
    ];
    for (expected, change) in cases {
        let mut wrong = certificate();
        change(&mut wrong);
        let reason = plant.refused(Content::Certificate(wrong));
        assert!(reason.contains(expected), "{expected}: {reason}");
    }
    assert_eq!(plant.taken(Content::Exchange(Box::new(exchange()))), 1);
}

#[test]
fn the_commands_record_and_list() {
    let plant = Plant::new();
    let folder = plant.folder.path();
    std::fs::write(folder.join("mrv.toml"), "data = \"data\"\n").unwrap();
    std::fs::write(folder.join("c2.pdf"), "certificate").unwrap();
    let run = |line: &str| {
        let arguments = line.split('|').map(str::trim).filter(|one| !one.is_empty());
        let output = Command::new(env!("CARGO_BIN_EXE_mrv"))
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        (output.status.code(), text)
    };
    let exchange = "device|exchange|--project|exchanged|--device|roof/m1|--off|2026-03-10T10:00:00Z|\
                    --on|2026-03-10T12:30:00Z|--old-serial|S-1|--old-multiplier|40|--old-digits|5,1|\
                    --new-serial|S-2|--new-class|0.5 S|--new-multiplier|40|--new-digits|5,1|\
                    --register|roof/m1/EG=23.1:12.0|--between|disconnected|--document|c2.pdf|\
                    --done-by|Ann|--witnessed-by|";
    let (code, text) = run(&format!("{exchange}ann"));
    assert_eq!(code, Some(5), "{text}");
    let (code, text) = run(&format!("{exchange}Bo"));
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = run(
        "device|certificate|--project|exchanged|--device|roof/m1|--serial|S-2|--number|C-2|\
         --body|Laboratory|--scope|KAN LK-001|--date|2026-03-01|--as-found|-0.2 %|--document|c2.pdf",
    );
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = run("device|list|--project|exchanged");
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("meter S-1  class 0.5 S  multiplier 40  from 2026-02-01T00:00:00Z"),
        "{text}"
    );
    assert!(
        text.contains("certificate C-2 of 2026-03-01 by Laboratory: as found -0.2 %"),
        "{text}"
    );
}

#[test]
fn a_manual_reading_typed_too_low_is_warned_before_it_is_kept_and_corrected_by_naming_it() {
    let plant = Plant::new();
    let reading = |value: &str| ReadingEntry {
        site: "roof".to_owned(),
        device: "m1".to_owned(),
        quantity: "EG".to_owned(),
        at: "2026-04-10T00:00:00Z".to_owned(),
        value: value.to_owned(),
        read_by: "Ann".to_owned(),
        ..ReadingEntry::default()
    };
    plant.read(&[("2026-03-31T00:00:00Z", "13400.0")]);
    // 13,900.0 is on the display; 3,900.0 is typed: below the last one.
    let reason = plant.refused(Content::Reading(reading("3900.0")));
    assert!(
        reason.starts_with("V-BACKWARD: roof/m1/EG 13400 at 2026-03-31T00:00:00Z and 3900"),
        "{reason}"
    );
    // 99,000.0: 85,600 x 40 kWh in ten days of 800 kW cannot be.
    let reason = plant.refused(Content::Reading(reading("99000.0")));
    assert!(reason.starts_with("V-CAPACITY: "), "{reason}");
    let sql = "SELECT value, leaf FROM readings WHERE at >= '2026-04-10' AND at < '2026-04-11'";
    assert_eq!(plant.rows(sql), Vec::<Vec<String>>::new());
    // Whoever insists is recorded; the register then counts by bounds.
    let mut stated = Stated::new(Content::Reading(reading("3900.0")));
    stated.is_sure = true;
    let insist = Request::Record { project: PROJECT.to_owned(), acts: vec![stated] };
    assert!(matches!(plant.ask(insist), Answer::Acts { first: 1, .. }));
    assert_eq!(plant.rows(sql)[0][0], "3900.000000");
    let sum = "SELECT SUM(value) AS sum, SUM(low) AS low, COUNT(value) AS count FROM intervals WHERE start >= '2026-03-31' AND \
               start < '2026-04-10'";
    assert_eq!(plant.rows(sum)[0][2], "0");
    // The correction names the first value; the reading stays where it is.
    let correction = Correction {
        site: "roof".to_owned(),
        device: "m1".to_owned(),
        quantity: "EG".to_owned(),
        at: "2026-04-10T00:00:00Z".to_owned(),
        old: "3900".to_owned(),
        new: "13900".to_owned(),
        author: "Bo".to_owned(),
        reason: "typed 10,000 too low".to_owned(),
        evidence: String::new(),
    };
    let acts = vec![Stated::new(Content::Correction(correction))];
    let correct = Request::Record { project: PROJECT.to_owned(), acts };
    assert!(matches!(plant.ask(correct), Answer::Acts { first: 2, .. }));
    assert_eq!(plant.rows(sql)[0][0], "3900.000000");
    let sums = plant.rows(sum);
    assert_eq!((sums[0][0].as_str(), sums[0][1].as_str()), ("20000.000000", "20000.000000"));
    // The same readings from the messages alone.
    let id = ProjectId::parse(PROJECT).unwrap();
    let digest = || table_digest::table_digest(&plant.layout, Table::Readings, &id).unwrap();
    let before = digest();
    assert!(matches!(plant.ask(Request::Rebuild { project: PROJECT.to_owned() }), Answer::Done));
    assert_eq!(digest(), before);
}
