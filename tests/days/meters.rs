//! Days of meters: a number typed wrong, an exchange, a buffer over New Year, a firmware that changes its
//! unit.

use crate::office::{
    BEGIN, Office, factor, found, midnight, parameter, plan, refused_items, says, value,
};

/// A solar roof behind one register: what more is said of its device and its channel.
fn roof(number: u32, valid_from: &str, device: &str, channel: &str) -> String {
    let parts = parameter("EG", 1, "\"s/m/EG\"", "") + &factor("0.533");
    let channel = format!("\n[[channel]]\nid = \"s/m/EG\"\nkind = \"register\"\n{channel}\n");
    plan(number, valid_from, "MRV_PV_F1", &(parts + device + &channel))
}

/// A meter of 5+1 digits behind transformers of 200/5.
const METER: &str = r#"
[[device]]
id = "s/m"
place = "switch room"
serial = "S-1"
class = "0.5 S"
ct = "200/5"
multiplier = "40"
digits = [5, 1]
seals = ["A-1"]
calibration = { interval = "1 year", option = "accredited-certificate", body = "Laboratory" }

[[device.certificate]]
number = "C-1"
body = "Laboratory"
scope = "KAN LK-001"
date = "2020-12-15"
as_left = "+0.1 %"
covers_ratio = true
"#;

const DISPLAY: &str =
    "unit = \"kWh\"\nvalues = \"display\"\ncadence = \"1 h\"\ncapacity = \"800 kW\"";

fn metered(readings: &[(&str, &str)]) -> Office {
    let office = Office::new(&roof(1, BEGIN, METER, DISPLAY));
    let of_meter = |(at, shown): &(&str, &str)| ((*at).to_owned(), "m", "EG", (*shown).to_owned());
    office.read("readings.csv", &readings.iter().map(of_meter).collect::<Vec<_>>());
    office
}

#[test]
fn day_1_a_manual_reading_typed_10_000_too_low_is_warned_of_kept_and_corrected_by_naming_it() {
    let dates = ("2021-04-01", "2021-04-10");
    let office = metered(&[("2021-04-01T00:00:00Z", "13400.0")]);
    office.write("photo.jpg", "the display: 13900.0");
    let read = ["device", "reading", "--project", "plant", "--channel", "s/m/EG", "--at"];
    let typed = ["2021-04-11T00:00:00Z", "--value", "3900.0", "--by", "Ann"];
    let with = ["--document", "photo.jpg"];
    let told = office.refused(&[&read[..], &typed[..], &with[..]].concat());
    assert!(told.contains("V-BACKWARD: s/m/EG 13400 at 2021-04-01T00:00:00Z and 3900"), "{told}");
    let count = "SELECT COUNT(*) AS n FROM readings WHERE at >= '2021-04-11'";
    assert_eq!(office.json(&["query", count])[0]["n"], "0", "nothing is kept unasked");
    // She insists: it is kept, and the ten days count by their bounds.
    office.done(&[&read[..], &typed[..], &with[..], &["--sure"]].concat());
    let draft = office.draft(dates);
    assert_eq!(value(&draft, "/years/0/inputs/0/chosen"), "0");
    // The correction names what was typed; what the log has stays.
    let correct = ["correct", "--project", "plant", "--channel", "s/m/EG", "--at"];
    let other = ["2021-04-11T00:00:00Z", "--old", "3901", "--new", "13900"];
    let why = ["--reason", "typed 10,000 too low", "--author", "Bo"];
    office.refused(&[&correct[..], &other[..], &why[..]].concat());
    let named = ["2021-04-11T00:00:00Z", "--old", "3900", "--new", "13900"];
    office.done(&[&correct[..], &named[..], &why[..]].concat());
    let kept = "SELECT value FROM readings WHERE at >= '2021-04-11'";
    assert_eq!(office.json(&["query", kept])[0]["value"], "3900.000000");
    let report = office.sealed_and_shown(dates);
    // 500.0 on the display, times 40.
    assert_eq!(value(&report, "/years/0/inputs/0/chosen"), "20");
    assert_eq!(value(&report, "/years/0/er"), "10.66");
    let told = office.done(&["explain", "bundle.zip", "EG[a].2021"]);
    assert!(told.contains("3900.000000 kWh"), "the reading as it was typed: {told}");
}

#[test]
fn day_2_an_exchange_with_rollover_counts_both_meters_and_zero_between_and_is_listed() {
    let dates = ("2021-03-10", "2021-03-10");
    let office = metered(&[
        ("2021-03-10T00:00:00Z", "99987.4"),
        ("2021-03-10T10:00:00Z", "23.1"),
        ("2021-03-11T00:00:00Z", "162.0"),
    ]);
    office.write("protocol.pdf", "final 00023.1, start 12.0");
    let exchange = |register: &str, more: &[&str]| {
        let device = ["device", "exchange", "--project", "plant", "--device", "s/m"];
        let times = ["--off", "2021-03-10T10:00:00Z", "--on", "2021-03-10T12:30:00Z"];
        let old = ["--old-serial", "S-1", "--old-multiplier", "40", "--old-digits", "5,1"];
        let new = ["--new-serial", "S-2", "--new-class", "0.5 S", "--new-multiplier", "40"];
        let plate = ["--new-digits", "5,1", "--new-ct", "200/5", "--register", register];
        let end = ["--between", "disconnected", "--document", "protocol.pdf", "--done-by", "Ann"];
        let by = ["--witnessed-by", "Bo"];
        office.done(
            &[&device[..], &times[..], &old[..], &new[..], &plate[..], &end[..], &by[..], more]
                .concat(),
        )
    };
    // Nobody read the old meter: a draft is possible, a seal is not.
    exchange("s/m/EG=:12.0", &[]);
    let told = office.unsealed(dates);
    assert!(told.contains("the final reading of s/m/EG is not recorded"), "{told}");
    let replaces = ["--replaces", "1", "--reason", "the protocol was found"];
    exchange("s/m/EG=00023.1:12.0", &replaces);
    let meter = ["device", "certificate", "--project", "plant", "--device", "s/m"];
    let body = ["--serial", "S-2", "--body", "Laboratory", "--scope", "KAN LK-001", "--number"];
    let says_so = ["C-2", "--date", "2021-03-01", "--as-left", "-0.2 %", "--covers-ratio"];
    let with = ["--document", "protocol.pdf", "--by", "Ann"];
    office.done(&[&meter[..], &body[..], &says_so[..], &with[..]].concat());
    let report = office.sealed_and_shown(dates);
    // (100,000.0 - 99,987.4 + 23.1) x 40 = 1,428 kWh, and (162.0 - 12.0) x 40 = 6,000 kWh.
    assert_eq!(value(&report, "/years/0/inputs/0/chosen"), "7.428");
    let sums = |condition: &str| {
        let sql = format!(
            "SELECT COUNT(*) AS n, SUM(value) AS kwh, MIN(quality) AS q FROM intervals WHERE {condition}"
        );
        let row = office.json(&["query", &sql])[0].clone();
        ["n", "kwh", "q"].map(|name| row[name].as_str().unwrap().to_owned())
    };
    let before = "start >= '2021-03-10' AND start < '2021-03-10 10:00'";
    assert_eq!(sums(before)[1], "1428.000000");
    let between = "start >= '2021-03-10 10:00' AND start < '2021-03-10 12:30'";
    assert_eq!(sums(between), ["10", "0.000000", "Z"]);
    let after = "start >= '2021-03-10 12:30' AND start < '2021-03-11'";
    assert_eq!(sums(after)[1], "6000.000000");
    let listed = found(&report, "V-EXCHANGE");
    says(&listed, &["2.5 h without a meter", "count as zero (Z)", "s/m/EG final 23.1, start 12"]);
}

/// Rows of quarter hours from 30 December 2020 on, each 20 thousandths of a MWh above the last.
fn quarters(
    places: impl Iterator<Item = i64>,
) -> Vec<(String, &'static str, &'static str, String)> {
    let row = |place: i64| {
        let (day, rest) = (place / 96, place % 96);
        let date = midnight(2020, 12, 30 + u32::try_from(day).unwrap());
        let at = format!("{}T{:02}:{:02}:00Z", &date[..10], rest / 4, rest % 4 * 15);
        let shown = 500_000 + place * 20;
        (at, "m", "EG", format!("{}.{:03}", shown / 1_000, shown % 1_000))
    };
    places.map(row).collect()
}

const MWH: &str = "unit = \"MWh\"\ncadence = \"15 min\"\ncapacity = \"300 kW\"";

#[test]
fn day_3_a_buffer_sent_twice_and_shuffled_over_new_year_alters_no_figure() {
    let dates = ("2020-12-30", "2021-01-02");
    let state = |is_repeated: bool| {
        let office = Office::new(&roof(1, BEGIN, "", MWH));
        office.read("before.csv", &quarters(0..120));
        if is_repeated {
            // Steps that go through all 144 places: shuffled, and not the same way twice.
            office.read("once.csv", &quarters((0..144).map(|place| 120 + (place * 53 + 7) % 144)));
            office.read("twice.csv", &quarters((0..144).map(|place| 120 + place * 101 % 144)));
        } else {
            office.read("once.csv", &quarters(120..264));
        }
        office.read("after.csv", &quarters(264..384));
        let report = office.sealed_and_shown(dates);
        (office, report)
    };
    let ((_, whole), (again_office, again)) = (state(false), state(true));
    for (report, duplicates) in [(&whole, 0), (&again, 144)] {
        assert_eq!(value(report, "/items/readings"), "384");
        assert_eq!(refused_items(report, "V-DUP"), duplicates);
    }
    let digest = "/provenance/figures_digest";
    assert_eq!(value(&again, digest), value(&whole, digest), "the same figures");
    let kept = "SELECT COUNT(*) AS n FROM readings WHERE leaf IN (SELECT leaf FROM messages WHERE name \
                LIKE '%once.csv')";
    assert_eq!(again_office.json(&["query", kept])[0]["n"], "144");
}

#[test]
fn day_3_a_lost_buffer_over_new_year_is_bridged_and_split_with_both_extremes() {
    let dates = ("2020-12-29", "2021-01-02");
    let office = Office::new(&roof(1, BEGIN, "", &MWH.replace("15 min", "1 h")));
    let row = |hour: i64, shown: i64| {
        let date = midnight(2020, 12, 29 + u32::try_from(hour / 24).unwrap());
        let at = format!("{}T{:02}:00:00Z", &date[..10], hour % 24);
        (at, "m", "EG", format!("{}.{:03}", shown / 1_000, shown % 1_000))
    };
    // Up to 18:00 on the last day 500.000 MWh; from 06:00 on the first day 501.800.
    let mut readings: Vec<_> = (0..67).map(|hour| row(hour, 500_000 - (66 - hour) * 150)).collect();
    readings.extend((0..43).map(|hour| row(78 + hour, 501_800 + hour * 100)));
    office.read("readings.csv", &readings);
    let report = office.sealed_and_shown(dates);
    let bridged = "SELECT COUNT(*) AS n, SUM(value) AS mwh FROM intervals WHERE quality = 'T' AND start >= \
                   '2020-12-31 18:00' AND start < '2021-01-01 06:00'";
    let bridged = office.json(&["query", bridged]);
    assert_eq!((&bridged[0]["n"], &bridged[0]["mwh"]), (&"48".into(), &"1.800000".into()));
    says(
        &found(&report, "V-ALLOCATED"),
        &["1.8 MWh across 2021-01-01", "at the least, 0 MWh", "at the most, 1.8 MWh"],
    );
    let split = &report["allocations"][0];
    let of = |name: &str| split[name]["value"].as_str().unwrap();
    assert_eq!([of("total"), of("low"), of("high")], ["1.8", "0", "1.8"]);
    for other in ["claimed_even", "claimed_low", "claimed_high"] {
        assert!(split["claimed"].as_i64() <= split[other].as_i64(), "{split}");
    }
    // 490.100 to 506.000 MWh in both years together, whatever the split.
    let micro = |year: usize| {
        let text = value(&report, &format!("/years/{year}/inputs/0/measured"));
        let decimal = mrv::domain::decimal::Decimal::parse(&text).unwrap();
        decimal.store(mrv::domain::unit::Conversion::IDENTITY).unwrap().value.micro()
    };
    assert_eq!(micro(0) + micro(1), 506_000_000 - 490_100_000);
}

#[test]
fn day_4_wh_for_kwh_is_held_never_divided_and_mended_by_a_dated_decision_on_the_unit() {
    let dates = ("2021-03-01", "2021-03-03");
    let sent = |unit: &str| {
        format!("unit = \"kWh\"\nsent_unit = \"{unit}\"\ncadence = \"1 h\"\ncapacity = \"100 kW\"")
    };
    let office = Office::new(&roof(1, BEGIN, "", &sent("kWh")));
    // 50 kWh an hour; from noon of the second day on the new firmware sends Wh.
    let row = |hour: u32| {
        let date = midnight(2021, 3, 1 + hour / 24);
        let kwh = 10_000 + hour * 50;
        let shown = if hour < 36 { kwh } else { kwh * 1_000 };
        (format!("{}T{:02}:00:00Z", &date[..10], hour % 24), "m", "EG", shown.to_string())
    };
    office.read("readings.csv", &(0..72).map(row).collect::<Vec<_>>());
    let held = office.draft(dates);
    assert!(found(&held, "V-CAPACITY").iter().all(|one| one.starts_with("critical")));
    assert!(!found(&held, "V-CAPACITY").is_empty());
    assert_eq!(value(&held, "/years/0/inputs/0/chosen"), "1.75", "35 hours of 50 kWh, no more");
    let kept = "SELECT MAX(value) AS most FROM readings";
    assert_eq!(office.json(&["query", kept])[0]["most"], "13550000.000000", "as it was sent");
    office.apply(&roof(2, "2021-03-02T12:00:00Z", "", &sent("Wh")));
    let report = office.sealed_and_shown(dates);
    assert_eq!(found(&report, "V-CAPACITY"), Vec::<String>::new());
    assert_eq!(value(&report, "/years/0/inputs/0/measured"), "3.55", "71 hours of 50 kWh");
    let unit = ["critical", "plan 2", "2021-03-02T12:00", "sent in Wh, not in kWh"];
    says(&found(&report, "V-UNIT"), &unit);
}
