//! Meters in statements: calibrations that are overdue, missing or found wrong, exchanges, classes.

use mrv::decode::act::{CertificateEntry, ExchangeEntry, MeterEntry, RegisterEntry};
use mrv::domain::decimal::Decimal;
use mrv::domain::flag::{Code, Severity};
use mrv::period::calibration::timeline::State;
use mrv::period::exact::rounded;
use mrv::period::statement::Status;
use mrv::period::{Noted, Statement};
use mrv::report::Report;

use crate::fixture::{ENGINE_PLAN, Project};
use crate::messages;
use crate::methodologies::ENGINE_METHODOLOGY;

const EXPORT: &str = "s/engine/EG";
const IMPORT: &str = "s/engine/EC";

/// A meter with two registers and a certificate of the first of February 2022.
const DEVICE: &str = r#"
[[device]]
id = "s/engine"
place = "switch room"
serial = "S-1"
class = "0.5 S"
calibration = { interval = "12 months", option = "accredited-certificate", body = "Laboratory" }

[[device.certificate]]
number = "C-1"
body = "Laboratory"
scope = "KAN LK-001"
date = "2022-02-01"
as_left = "+0.1 %"
document = "0000000000000000000000000000000000000000000000000000000000000000"
"#;

/// The plant of vector QA-CAL-1: exports 1000, 980, 1020 and imports 3.0, 2.5, 2.8 MWh in the first
/// months of 2023; what it exports earns and what it imports costs 0.533 tCO2/MWh.
fn plant(device: &str) -> Project {
    let plan = ENGINE_PLAN.replace("value = \"0.5\"", "value = \"0.533\"");
    let plan = plan.replacen("[[channel]]", &format!("{device}\n[[channel]]"), 1);
    let plan = plan.replace("capacity = \"1 MW\"", "capacity = \"4 MW\"");
    let mut project = Project::new(&plan, ENGINE_METHODOLOGY);
    let months = ["2023-01-01", "2023-02-01", "2023-03-01", "2023-04-01"];
    let measured = [(EXPORT, [1_000_000, 980_000, 1_020_000]), (IMPORT, [3_000, 2_500, 2_800])];
    for (channel, totals) in measured {
        for (month, kwh) in months.windows(2).zip(totals) {
            let rows = project.whole(channel, month[0], month[1], kwh * 1_000_000);
            project.measure(channel, rows);
        }
    }
    project
}

fn quarter(project: &Project) -> Statement {
    project.state("2023-01-01", "2023-03-31").unwrap()
}

/// ER to six decimals, what is claimed, and ER as it would be uncorrected.
fn result(statement: &Statement) -> (String, i128, Option<String>) {
    let year = &statement.years[0];
    let before = year.uncorrected.map(|one| rounded(one.er, 6));
    (rounded(year.er, 6), year.claimed, before)
}

fn calibration_of<'a>(statement: &'a Statement, state: &str) -> Vec<&'a Noted> {
    let of_state = |one: &&Noted| one.code == Code::Calibration && one.message.contains(state);
    statement.findings.iter().filter(of_state).collect()
}

fn certificate(serial: &str, number: &str, date: &str, as_found: &str) -> CertificateEntry {
    CertificateEntry {
        device: "s/engine".to_owned(),
        serial: serial.to_owned(),
        number: number.to_owned(),
        body: "Laboratory".to_owned(),
        scope: "KAN LK-001".to_owned(),
        date: date.to_owned(),
        as_found: as_found.to_owned(),
        as_left: "+0.1 %".to_owned(),
        document: "1".repeat(64),
        entered_by: "Ann".to_owned(),
        ..CertificateEntry::default()
    }
}

fn exchange(last: &str) -> ExchangeEntry {
    let meter = |serial: &str, class: &str| MeterEntry {
        serial: serial.to_owned(),
        class: class.to_owned(),
        multiplier: "1".to_owned(),
        ..MeterEntry::default()
    };
    let register = |channel: &str| RegisterEntry {
        channel: channel.to_owned(),
        last: last.to_owned(),
        start: "0".to_owned(),
    };
    ExchangeEntry {
        device: "s/engine".to_owned(),
        off: "2023-02-10T08:00:00Z".to_owned(),
        on: "2023-02-10T10:30:00Z".to_owned(),
        old: meter("S-1", "0.5 S"),
        new: meter("S-2", "1"),
        registers: vec![register(EXPORT), register(IMPORT)],
        between: "disconnected".to_owned(),
        done_by: "Ann".to_owned(),
        witnessed_by: "Bo".to_owned(),
        ..ExchangeEntry::default()
    }
}

#[test]
fn qa_cal_1_overdue_months_count_by_the_permissible_error_of_each_register_apart() {
    let statement = quarter(&plant(DEVICE));
    let expected = ("1589.231976".to_owned(), 1_589, Some("1594.576100".to_owned()));
    assert_eq!(result(&statement), expected);
    // Each register to its own side: 1000 + 2000 x 0.995, 3 + 5.3 x 1.005.
    let chosen: Vec<String> =
        statement.years[0].inputs.iter().map(|input| rounded(input.chosen, 6)).collect();
    assert_eq!(chosen, ["2990.000000", "8.326500"]);
    assert!(statement.doubts.is_empty(), "a corrected value is one value: {:?}", statement.doubts);
    let found = calibration_of(&statement, "overdue");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Critical);
    assert_eq!(
        found[0].message,
        "s/engine: meter S-1 is overdue for 1416 h (due on 2023-02-01, after certificate C-1 of \
         2022-02-01 by Laboratory; no later calibration is known); each register counts by an error of \
         0.5 % on the side that lowers ER; provisional: no later calibration is known"
    );
    // The report shows each month of each register: before, by what, after.
    let report = Report::of(&statement);
    let told: Vec<String> = report
        .calibration
        .registers
        .iter()
        .map(|one| {
            let value = |figure: &Option<mrv::report::model::Figure>| figure.clone().unwrap().shown;
            let (before, after) = (value(&one.uncorrected), value(&one.low));
            assert_eq!(one.low, one.high);
            format!("{} {} {before} {} {after} {}", one.channel, one.month, one.errors, one.side)
        })
        .collect();
    assert_eq!(
        told,
        [
            "s/engine/EG 2023-02 980.000 0.5 % for 672 h 975.100 lowered",
            "s/engine/EG 2023-03 1020.000 0.5 % for 744 h 1014.900 lowered",
            "s/engine/EC 2023-02 2.500 0.5 % for 672 h 2.512 raised",
            "s/engine/EC 2023-03 2.800 0.5 % for 744 h 2.814 raised",
        ]
    );
    let codes = &report.channels.iter().find(|one| one.channel == EXPORT).unwrap().qualities;
    let codes: Vec<(&str, u64)> =
        codes.iter().map(|one| (one.code.as_str(), one.intervals)).collect();
    assert_eq!(codes, [("M", 31 * 96), ("C", 59 * 96)]);
}

#[test]
fn qa_cal_2_a_certificate_that_found_more_than_the_permissible_error_counts_instead_of_it() {
    let mut project = plant(DEVICE);
    let found = certificate("S-1", "C-2", "2023-04-11", "1.2 %");
    project.devices.add_certificate(7, 70, &found).unwrap();
    let statement = quarter(&project);
    // January was in control by its dates, and the certificate says that it was not: back to C-1.
    // 3000 x 0.988 - 8.3 x 1.012 = 2955.6004 MWh.
    assert_eq!(result(&statement).0, rounded(decimal("2955.6004", "0.533"), 6));
    assert_eq!(calibration_of(&statement, "found out of tolerance").len(), 1);
    // With a good certificate of the first of February the vector's own months are corrected.
    let good = certificate("S-1", "C-1b", "2023-01-31", "+0.2 %");
    project.devices.add_certificate(8, 71, &good).unwrap();
    let statement = quarter(&project);
    let expected = ("1581.750201".to_owned(), 1_581, Some("1594.576100".to_owned()));
    // C-1b is of the last day of January: that day is the found error's too.
    assert_ne!(result(&statement), expected);
    let mut project = plant(DEVICE);
    for (number, entry) in [
        (7, certificate("S-1", "C-1b", "2023-02-01", "+0.2 %")),
        (8, certificate("S-1", "C-2", "2023-04-11", "1.2 %")),
    ] {
        project.devices.add_certificate(number, 70 + i64::from(number), &entry).unwrap();
    }
    let statement = quarter(&project);
    assert_eq!(result(&statement), expected);
    let found = calibration_of(&statement, "found out of tolerance");
    assert!(found[0].message.contains("found 1.2 % by certificate C-2 of 2023-04-11"), "{found:?}");
}

fn decimal(value: &str, factor: &str) -> Decimal {
    use mrv::methodology::Number;
    let number = |text: &str| Number::from(Decimal::parse(text).unwrap());
    number(value).multiply(&number(factor)).unwrap().to_decimal().unwrap()
}

#[test]
fn an_error_in_the_claims_favour_is_not_applied() {
    // Found to show 1.2 % too little: exports are not raised, imports are.
    let mut project = plant(DEVICE);
    for (number, entry) in [
        (7, certificate("S-1", "C-1b", "2023-02-01", "+0.2 %")),
        (8, certificate("S-1", "C-2", "2023-04-11", "-1.2 %")),
    ] {
        project.devices.add_certificate(number, 70 + i64::from(number), &entry).unwrap();
    }
    let statement = quarter(&project);
    // 3000 - (3 + 5.3 x 1.012) = 2991.6364 MWh.
    assert_eq!(result(&statement).0, rounded(decimal("2991.6364", "0.533"), 6));
    // Overdue beside it: exports count by the permissible error, imports by the larger one.
    let mut project = plant(DEVICE);
    let late = certificate("S-1", "C-2", "2023-04-11", "-1.2 %");
    project.devices.add_certificate(8, 78, &late).unwrap();
    let statement = quarter(&project);
    // 1000 + 2000 x 0.995 - 8.3 x 1.012 = 2981.6004 MWh.
    assert_eq!(result(&statement).0, rounded(decimal("2981.6004", "0.533"), 6));
}

#[test]
fn calibration_overdue_without_maximum_permissible_error() {
    // A class without a limit of its own and no stated error: the plan is refused.
    let unlimited = DEVICE.replace("0.5 S", "C");
    let plan = ENGINE_PLAN.replacen("[[channel]]", &format!("{unlimited}\n[[channel]]"), 1);
    let found = mrv::config::plan::Plan::parse("p.toml", &plan).unwrap_err();
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(found[0].contains("class \"C\" has no permissible error here; add mpe"), "{found:?}");
    // With it stated, overdue hours count by it, and no answer is needed for that.
    let stated = unlimited.replace("class = \"C\"", "class = \"C\"\nmpe = \"0.5 %\"");
    assert_eq!(result(&quarter(&plant(&stated))).1, 1_589);
}

#[test]
fn certificates_that_do_not_cover_the_period() {
    // Valid for less than the rule's interval, and by a body without accreditation.
    let short = DEVICE.replace("as_left", "valid_until = \"2023-02-28\"\nas_left");
    let short = short.replace("12 months", "24 months");
    let statement = quarter(&plant(&short));
    let message = &calibration_of(&statement, "overdue")[0].message;
    assert!(
        message.contains("is overdue for 744 h (due on 2023-03-01, after certificate C-1"),
        "{message}"
    );
    // 1980 + 1020 x 0.995 - (5.5 + 2.8 x 1.005)
    assert_eq!(result(&statement).0, rounded(decimal("2986.586", "0.533"), 6));
    let own = short.replace("scope = \"KAN LK-001\"\n", "");
    let statement = quarter(&plant(&own));
    let message = &calibration_of(&statement, "unknown")[0].message;
    assert!(
        message.contains("certificate C-1 of 2022-02-01 by Laboratory states no accred"),
        "{message}"
    );
    assert_eq!(rounded(statement.years[0].inputs[0].chosen, 3), "2985.000", "all three months");
    let own = own.replace("accredited-certificate", "own-calibration");
    assert_eq!(calibration_of(&quarter(&plant(&own)), "unknown").len(), 0);
}

#[test]
fn a_missing_certificate_is_not_silently_fine() {
    // No device at all: nothing is known, nothing is corrected, and it is told of each register.
    let statement = quarter(&plant(""));
    assert_eq!(result(&statement), ("1594.576100".to_owned(), 1_594, None));
    let found = calibration_of(&statement, "the plan declares no device for it");
    assert_eq!(found.iter().filter(|one| one.severity == Severity::Critical).count(), 2);
    // A device without rule and certificate: the same, by its name.
    let bare = "[[device]]\nid = \"s/engine\"\nserial = \"S-1\"\nclass = \"0.5 S\"\n";
    let statement = quarter(&plant(bare));
    assert_eq!(result(&statement).2, None);
    let message = &calibration_of(&statement, "unknown")[0].message;
    assert!(message.contains("no certificate of this meter is there"), "{message}");
    assert!(message.contains("nothing is corrected"), "{message}");
    // A rule and no certificate: every register counts by the permissible error all the time.
    let (ruled, _) = DEVICE.split_once("[[device.certificate]]").unwrap();
    let statement = quarter(&plant(ruled));
    assert_eq!(rounded(statement.years[0].inputs[0].chosen, 3), "2985.000");
    assert_eq!(calibration_of(&statement, "unknown").len(), 1);
}

#[test]
fn replaced_meter_untested() {
    let mut project = plant(DEVICE);
    project.devices.add_exchange(9, 90, &exchange("5")).unwrap();
    let untested = "meter S-1 was replaced and not tested as found";
    assert_eq!(calibration_of(&quarter(&project), untested).len(), 1);
    let told = messages(&quarter(&project), Code::Exchange);
    assert!(told[0].contains("2.5 h without a meter, recorded as disconnected, count as zero (Z)"));
    assert!(told[0].contains("s/engine/EG final 5, start 0"), "{told:?}");
    // The new meter has no certificate yet: unknown from the instant it was put on.
    let statement = quarter(&project);
    let facts = &statement.calibration.devices[0];
    let states: Vec<(&str, State)> =
        facts.stretches.iter().map(|one| (one.serial.as_str(), one.state)).collect();
    let overdue = State::Overdue { is_provisional: true };
    assert_eq!(states, [("S-1", State::InControl), ("S-1", overdue), ("S-2", State::Unknown)]);
    assert_eq!(facts.stretches[1].to.to_string(), "2023-02-10T08:00:00Z");
    assert_eq!(facts.stretches[2].from.to_string(), "2023-02-10T10:30:00Z");
    // Tested in the workshop afterwards: the finding is gone.
    let tested = certificate("S-1", "C-9", "2023-02-15", "+0.3 %");
    project.devices.add_certificate(10, 91, &tested).unwrap();
    assert_eq!(calibration_of(&quarter(&project), untested).len(), 0);
}

#[test]
fn an_exchange_without_its_final_reading_keeps_the_period_from_being_sealed() {
    let mut project = plant(DEVICE);
    project.devices.add_exchange(9, 90, &exchange("")).unwrap();
    match quarter(&project).status {
        Status::Draft { reasons } => {
            assert_eq!(reasons.len(), 2, "{reasons:?}");
            let expected =
                "the final reading of s/engine/EG is not recorded, when meter S-1 was taken off";
            assert!(reasons[0].starts_with(expected), "{}", reasons[0]);
        }
        other => panic!("{other:?}"),
    }
    // Recorded again with it, in place of the first.
    let whole = ExchangeEntry { replaces: Some(9), ..exchange("5") };
    project.devices.add_exchange(11, 95, &whole).unwrap();
    assert!(matches!(quarter(&project).status, Status::Sealed { .. }));
}

#[test]
fn energy_before_installation() {
    let installed = DEVICE.replace("class", "installed = \"2023-02-01T00:00:00Z\"\nclass");
    let statement = quarter(&plant(&installed));
    // January's 1000 MWh are there and count for nothing: the meter did not hang there yet. Before it
    // the parameters are a gap by their bounds.
    let input = &statement.years[0].inputs[0];
    assert_eq!(rounded(input.total.measured.unwrap(), 3), "2000.000");
    assert_eq!(rounded(input.chosen, 3), "1990.000");
    let import = &statement.years[0].inputs[1];
    assert_eq!(rounded(import.chosen, 4), "2981.3265", "31 days of 4 MW, and 5.3 x 1.005");
}

#[test]
fn accuracy_class_changed() {
    let mut project = plant(DEVICE);
    assert_eq!(messages(&quarter(&project), Code::Class), Vec::<String>::new());
    project.devices.add_exchange(9, 90, &exchange("5")).unwrap();
    assert_eq!(
        messages(&quarter(&project), Code::Class),
        ["s/engine: meter S-2 has accuracy class 1, registered is 0.5 S"]
    );
    // Its larger permissible error counts for its hours.
    let statement = quarter(&project);
    let report = Report::of(&statement);
    let of_february =
        report.calibration.registers.iter().find(|one| one.month == "2023-02").unwrap();
    assert_eq!(of_february.errors, "0.5 % for 224 h, 1 % for 445.5 h");
}

#[test]
fn transformers_that_no_certificate_covers_are_told() {
    let transformed = DEVICE.replace("class", "ct = \"200/5\"\nmultiplier = \"40\"\nclass");
    let plan = |device: &str| {
        let plan = ENGINE_PLAN.replacen("[[channel]]", &format!("{device}\n[[channel]]"), 1);
        plan.replace("kind = \"register\"", "kind = \"register\"\nvalues = \"primary\"")
    };
    let found = |device: &str| {
        let mut project = Project::new(&plan(device), ENGINE_METHODOLOGY);
        project.measure(EXPORT, project.whole(EXPORT, "2023-01-01", "2023-04-01", 1));
        let statement = quarter(&project);
        calibration_of(&statement, "covers its")
            .iter()
            .map(|one| one.message.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found(&transformed),
        ["s/engine: no certificate of meter S-1 covers its CT 200/5, multiplier 40"]
    );
    let covered = transformed.replace("as_left", "covers_ratio = true\nas_left");
    assert_eq!(found(&covered), Vec::<String>::new());
}
