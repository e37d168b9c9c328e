//! Days in the life of a plant: New Year with a buffer, New Year without one, and a firmware that sends
//! Wh for kWh.

use super::site::{Site, milli, parameter, plan, register, says};

const ROOF: &str = "roof/m1/EG";

fn plant(number: u32, valid_from: &str, more: &str) -> String {
    let parts = parameter(&[ROOF]) + &register(ROOF, "300 kW", more);
    plan(number, valid_from, &parts)
}

const BEGIN: &str = "2025-01-01T00:00:00+07:00";

/// Quarter hours over New Year, a buffer of 144 of them sent twice and shuffled.
fn new_year(is_repeated: bool) -> Site {
    let quarter = plant(1, BEGIN, "").replace("cadence = \"1 h\"", "cadence = \"15 min\"");
    let mut site = Site::new(&quarter);
    let values = milli((0..384).map(|place| 500_000 + place * 20));
    site.series("m1", "EG", "2025-12-30T00:00:00+07:00", 900, &values[..120]);
    let buffer: Vec<String> = (120..264)
        .map(|place| {
            let ts = super::site::at("2025-12-30T00:00:00+07:00").us() / 1_000 + place * 900_000;
            let value = values[place as usize].as_ref().unwrap();
            format!("{{\"ts\":{ts},\"values\":{{\"EG\":\"{value}\"}}}}")
        })
        .collect();
    site.received = super::site::at("2026-01-02T12:00:00+07:00");
    if is_repeated {
        // A step of 53 goes through all 144 places: shuffled, and not the same way twice.
        for (step, from) in [(53, 7), (101, 0)] {
            for place in 0..144 {
                site.send("m1", &buffer[(place * step + from) % 144]);
            }
        }
    } else {
        buffer.iter().for_each(|record| site.send("m1", record));
    }
    site.series("m1", "EG", "2026-01-01T18:00:00+07:00", 900, &values[264..]);
    site
}

#[test]
fn buffered_values_sent_twice_and_shuffled_over_new_year_alter_no_figure() {
    let whole = new_year(false).report("2025-12-30", "2026-01-02");
    let again = new_year(true).report("2025-12-30", "2026-01-02");
    assert_eq!(whole.value("/items/readings"), "384");
    assert_eq!(again.value("/items/readings"), "384");
    assert_eq!((whole.refused("V-DUP"), again.refused("V-DUP")), (0, 144));
    let digest = "/provenance/figures_digest";
    assert_eq!(again.value(digest), whole.value(digest));
    assert!(again.found("V-ALLOCATED").is_empty());
}

/// Hours over New Year of which those between 18:00 and 06:00 are lost: 500.000 to 501.800 MWh.
/// `more` thousandths are counted in the first ten hours, beside the 150 of each.
fn lost(more: i64) -> Site {
    let mut site = Site::new(&plant(1, BEGIN, ""));
    // Up to 18:00 on the last day, and from 06:00 on the first.
    let first = |hour: i64| (10 - hour).max(0) * more / 10;
    let before = milli((0..67).map(|hour| 500_000 - (66 - hour) * 150 - first(hour)));
    site.series("m1", "EG", "2025-12-29T00:00:00+07:00", 3_600, &before);
    let after = milli((0..43).map(|hour| 501_800 + hour * 100));
    site.series("m1", "EG", "2026-01-01T06:00:00+07:00", 3_600, &after);
    site
}

#[test]
fn a_lost_buffer_over_new_year_is_bridged_and_split_with_both_extremes() {
    let mut site = lost(0);
    let report = site.report("2025-12-29", "2026-01-02");
    // Twelve hours bridged: 48 intervals.
    assert_eq!(report.qualities(ROOF).iter().find(|(code, _)| code == "T").unwrap().1, 48);
    let told = report.only("V-ALLOCATED");
    // 300 kW for six hours are 1.8 MWh: all of it may lie on either side.
    let parts =
        ["1.8 MWh across 2026-01-01", "at the least, 0 MWh", "at the most, 1.8 MWh", "0.9 MWh"];
    says(&told, &parts);
    let section = &report.0["allocations"][0];
    assert_eq!(section["total"]["value"], "1.8");
    assert_eq!((&section["low"]["value"], &section["high"]["value"]), (&"0".into(), &"1.8".into()));
    // Both sides add up to the register's difference, whatever the split.
    let measured = |year: usize| -> i64 {
        let text = report.value(&format!("/years/{year}/inputs/0/measured"));
        let value = mrv::domain::decimal::Decimal::parse(&text).unwrap();
        value.store(mrv::domain::unit::Conversion::IDENTITY).unwrap().value.micro()
    };
    assert_eq!(measured(0) + measured(1), 506_000_000 - 490_100_000);
    // What is counted is what claims least of all splits: no extreme claims less.
    let claim = |name: &str| section[name].as_i64().unwrap();
    let chosen = claim("claimed");
    for other in ["claimed_low", "claimed_high", "claimed_even"] {
        assert!(chosen <= claim(other), "{other}");
    }
    let sum = report.value("/claimed").parse::<i64>().unwrap();
    assert_eq!(chosen, sum);
}

#[test]
fn the_split_that_claims_least_is_found_between_the_extremes_too() {
    // 9.9 and 4.2 MWh beside the gap. Even: floor(5.7564) + floor(2.7183) = 7 t, and no split claims
    // less: the even one stands. Both extremes claim 8.
    let told = |more: i64| {
        let report = lost(more).report("2025-12-29", "2026-01-02");
        let section = report.0["allocations"][0].clone();
        let claim = |name: &str| section[name].as_i64().unwrap();
        let claims = ["claimed", "claimed_even", "claimed_low", "claimed_high"].map(claim);
        (section["before"]["value"].as_str().unwrap().to_owned(), claims)
    };
    assert_eq!(told(0), ("0.9".to_owned(), [7, 7, 8, 8]));
    // 0.06 MWh more in the old year: from 1.301 MWh on it passes 6 t; still the even split.
    assert_eq!(told(60).0, "0.9");
    // 0.56 MWh more: the old year passes 6 t from 0.797 MWh on, the new one 3 t below 0.372 MWh. Even
    // over time claims 6 + 2, between both passings 5 + 2.
    let (before, claims) = told(560);
    assert_eq!(claims, [7, 8, 8, 8]);
    let before = mrv::domain::decimal::Decimal::parse(&before).unwrap();
    let before = before.store(mrv::domain::unit::Conversion::IDENTITY).unwrap().value.micro();
    assert!((371_000..798_000).contains(&before), "{before}");
}

#[test]
fn a_capacity_bounds_what_either_side_can_have_counted() {
    // 200 kW for six hours are 1.2 MWh: at least 0.6 of the 1.8 lie on each side.
    let mut site = lost(0);
    let text = plant(2, BEGIN, "").replace("300 kW", "200 kW");
    site.plan(&text);
    let report = site.report("2025-12-29", "2026-01-02");
    let section = &report.0["allocations"][0];
    assert_eq!(section["low"]["value"], "0.6");
    assert_eq!(section["high"]["value"], "1.2");
}

#[test]
fn a_side_that_is_sealed_stays_as_sealed() {
    let mut site = lost(0);
    let first = site.seal("2025-12-29", "2025-12-31");
    let before = first.value("/allocations/0/before");
    let second = site.report("2026-01-01", "2026-01-02");
    let section = &second.0["allocations"][0];
    assert_eq!(section["is_sealed"], true);
    assert_eq!(section["before"]["value"].as_str().unwrap(), before);
    let micro = |text: &str| {
        let value = mrv::domain::decimal::Decimal::parse(text).unwrap();
        value.store(mrv::domain::unit::Conversion::IDENTITY).unwrap().value.micro()
    };
    let measured =
        |report: &super::site::Report| micro(&report.value("/years/0/inputs/0/measured"));
    assert_eq!(measured(&first) + measured(&second), 506_000_000 - 490_100_000);
    says(&second.only("V-ALLOCATED"), &["as the sealed side has it"]);
}

#[test]
fn wh_for_kwh_is_held_and_mended_by_a_dated_statement_of_the_unit() {
    let parts = |sent: &str| {
        parameter(&[ROOF])
            + &format!(
                r#"
[[channel]]
id = "{ROOF}"
kind = "register"
unit = "kWh"
sent_unit = "{sent}"
cadence = "1 h"
capacity = "100 kW"
"#
            )
    };
    let mut site = Site::new(&plan(1, BEGIN, &parts("kWh")));
    // 50 kWh an hour; from noon of the second day on the new firmware sends Wh.
    let values: Vec<Option<String>> = (0..72)
        .map(|hour| {
            let kwh = 10_000 + hour * 50;
            Some(if hour < 36 { kwh.to_string() } else { (kwh * 1_000).to_string() })
        })
        .collect();
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 3_600, &values);
    let held = site.report("2025-03-01", "2025-03-03");
    // Every step in Wh is beyond capacity and counts by its bounds, from nothing on: nothing is divided.
    let found = held.found("V-CAPACITY");
    assert!(found.iter().all(|one| one.starts_with("critical")), "{found:?}");
    assert_eq!(held.value("/years/0/inputs/0/chosen"), "1.75", "35 hours of 50 kWh");
    assert!(held.found("V-UNIT").is_empty());

    site.plan(&plan(2, "2025-03-02T12:00:00+07:00", &parts("Wh")));
    let mended = site.report("2025-03-01", "2025-03-03");
    assert!(mended.found("V-CAPACITY").is_empty());
    assert_eq!(mended.value("/years/0/inputs/0/measured"), "3.55", "71 hours of 50 kWh");
    let told = mended.only("V-UNIT");
    says(&told, &["critical", "plan 2", "2025-03-02T12:00", "sent in Wh, not in kWh"]);
}
