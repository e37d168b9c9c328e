//! Defects that other pipelines had, each a test that this one passes, named after them.

use super::site::{Site, milli, parameter, plan, register, says};

const BEGIN: &str = "2025-01-01T00:00:00+07:00";
const ROOF: &str = "roof/m1/EG";

/// Amounts of 15 minutes, at most 25 kWh.
fn delta(id: &str, more: &str) -> String {
    format!(
        r#"
[[channel]]
id = "{id}"
kind = "delta"
unit = "kWh"
cadence = "15 min"
capacity = "100 kW"
{more}
"#
    )
}

fn quarters(more: &str) -> Site {
    Site::new(&plan(1, BEGIN, &(parameter(&[ROOF]) + &delta(ROOF, more))))
}

fn ten(count: usize) -> Vec<Option<String>> {
    vec![Some("10".to_owned()); count]
}

const VALUES: &str =
    "SELECT value, low, high, quality FROM intervals WHERE quantity = 'EG' ORDER BY start";

#[test]
fn a_gap_becomes_0() {
    let mut site = quarters("");
    let mut values = ten(96);
    values[40] = None;
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 900, &values);
    let report = site.report("2025-03-01", "2025-03-01");
    let rows = site.rows(VALUES);
    assert_eq!(rows[40], "null 0.000000 25.000000 Z", "null is never zero");
    assert_eq!(rows[41], "10.000000 10.000000 10.000000 M");
    let input = &report.0["years"][0]["inputs"][0];
    assert_eq!(
        (&input["low"]["value"], &input["high"]["value"]),
        (&"0.95".into(), &"0.975".into())
    );
    assert_eq!(report.value("/gap_log/0/hours"), "0.25");
    assert_eq!(report.value("/gap_log/0/quality"), "Z");
}

#[test]
fn a_value_over_the_limit_becomes_0() {
    let mut site = quarters("range = [0, 20]");
    let mut values = ten(96);
    values[40] = Some("24".to_owned());
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 900, &values);
    let report = site.report("2025-03-01", "2025-03-01");
    says(&report.only("V-RANGE"), &["critical", "1 intervals"]);
    // Kept as it came, and counted by its bounds until a person decides.
    let stored = "SELECT value, flags FROM readings WHERE flags <> ''";
    assert_eq!(site.rows(stored), ["24.000000 V-RANGE"]);
    assert_eq!(site.rows(VALUES)[40], "null 0.000000 25.000000 Z");
}

#[test]
fn late_data_is_never_re_aggregated() {
    let mut site = quarters("");
    let mut values = ten(96);
    let late = values[40].take();
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 900, &values);
    let before = site.report("2025-03-01", "2025-03-01");
    assert_eq!(before.value("/years/0/inputs/0/chosen"), "0.95");
    site.received = super::site::at("2025-04-15T00:00:00Z");
    site.series("m1", "EG", "2025-03-01T10:00:00+07:00", 900, &[late]);
    let after = site.report("2025-03-01", "2025-03-01");
    assert_eq!(after.value("/years/0/inputs/0/measured"), "0.96");
    assert_eq!(site.rows(VALUES)[40], "10.000000 10.000000 10.000000 M");
    assert_ne!(
        after.value("/provenance/figures_digest"),
        before.value("/provenance/figures_digest")
    );
}

#[test]
fn last_power_times_an_unbounded_pause() {
    let power = format!(
        r#"
[[channel]]
id = "{ROOF}"
kind = "gauge"
rule = "hold"
cadence = "15 min"
step_max = "20 min"
unit = "kW"
capacity = "100 kW"
"#
    );
    let mut site = Site::new(&plan(1, BEGIN, &(parameter(&[ROOF]) + &power)));
    // 40 kW at 08:00, then silence until 18:00.
    site.read("m1", "EG", "2025-03-01T08:00:00+07:00", "40");
    site.read("m1", "EG", "2025-03-01T18:00:00+07:00", "40");
    let report = site.report("2025-03-01", "2025-03-01");
    // Twenty minutes after each: 13.333333 kWh twice, not 400 kWh.
    assert_eq!(report.value("/years/0/inputs/0/measured"), "0.026666666");
    assert_eq!(report.value("/channels/0/coverage"), "2.77");
}

#[test]
fn equal_stamps_overwrite() {
    let mut site = quarters("");
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 900, &ten(96));
    site.read("m1", "EG", "2025-03-01T10:00:00+07:00", "12");
    let report = site.report("2025-03-01", "2025-03-01");
    assert_eq!(
        (report.value("/items/readings"), report.value("/items/conflicts")),
        ("96".to_owned(), "1".to_owned())
    );
    assert_eq!(
        site.rows(VALUES)[40],
        "null 10.000000 12.000000 K",
        "both are kept, neither counts alone"
    );
    says(&report.only("V-CONFLICT"), &["critical"]);
}

#[test]
fn resent_data_is_ignored() {
    let mut site = quarters("");
    let mut values = ten(96);
    values[20..60].fill(None);
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 900, &values);
    assert_eq!(site.report("2025-03-01", "2025-03-01").value("/items/readings"), "56");
    // The gateway sends its whole day again: what was missing counts, what was there is a duplicate.
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 900, &ten(96));
    let report = site.report("2025-03-01", "2025-03-01");
    assert_eq!(report.value("/items/readings"), "96");
    assert_eq!(report.refused("V-DUP"), 56);
    assert_eq!(report.value("/years/0/inputs/0/measured"), "0.96");
}

#[test]
fn emission_factors_without_dates() {
    let parts = parameter(&[ROOF]) + &delta(ROOF, "");
    let first = plan(1, BEGIN, &parts);
    let mut site = Site::new(&first);
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 900, &ten(96));
    let sealed = site.seal("2025-03-01", "2025-03-01");
    assert_eq!(sealed.value("/years/0/re"), "0.51168");
    // A factor of a later date is a change that is told, and alters nothing that was sealed.
    let later = plan(2, "2025-04-01T00:00:00+07:00", &parts).replace("\"0.533\"", "\"0.619\"");
    site.plan(&later);
    site.series("m1", "EG", "2025-04-01T00:00:00+07:00", 900, &ten(96));
    let report = site.report("2025-04-01", "2025-04-01");
    let told = report.found("V-PLAN");
    assert!(
        told.iter().any(|one| one.contains("was 0.533 tCO2/MWh, is 0.619 tCO2/MWh")),
        "{told:?}"
    );
    // Nobody approved it: until then the lower ER counts, that of the old factor.
    assert_eq!(report.value("/fixed/0/value"), "0.533");
}

#[test]
fn rate_taken_for_amount() {
    let power = format!(
        r#"
[[channel]]
id = "{ROOF}"
kind = "gauge"
rule = "mean"
cadence = "15 min"
unit = "kW"
capacity = "100 kW"
"#
    );
    let mut site = Site::new(&plan(1, BEGIN, &(parameter(&[ROOF]) + &power)));
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 900, &ten(96));
    let report = site.report("2025-03-01", "2025-03-01");
    // 10 kW over a day are 240 kWh, not 960.
    assert_eq!(report.value("/years/0/inputs/0/measured"), "0.24");
    // And a rate cannot be declared an amount.
    let text =
        plan(1, BEGIN, &(parameter(&[ROOF]) + &delta(ROOF, ""))).replace("\"kWh\"", "\"kW\"");
    let found = mrv::config::plan::Plan::parse("plan.toml", &text).unwrap_err();
    says(&found[0].to_string(), &["kW is no amount"]);
}

#[test]
fn an_hour_off_utc() {
    let mut site = quarters("");
    // Quarter hours on both sides of a local month's end, by three spellings of time.
    site.received = super::site::at("2025-03-01T00:00:00Z");
    for text in [
        r#"{"ts":"2025-01-31T23:45:00+07:00","values":{"EG":"1"}}"#,
        r#"{"ts":"2025-01-31T17:00:00Z","values":{"EG":"2"}}"#,
        r#"{"ts":"2025-02-01T01:15:00+08:00","values":{"EG":"4"}}"#,
    ] {
        site.send("m1", text);
    }
    let january = site.report("2025-01-31", "2025-01-31");
    let february = site.report("2025-02-01", "2025-02-01");
    assert_eq!(january.value("/years/0/inputs/0/measured"), "0.001");
    assert_eq!(february.value("/years/0/inputs/0/measured"), "0.006");
    let starts = "SELECT start FROM intervals WHERE value IS NOT NULL ORDER BY start";
    let starts = site.rows(starts);
    assert_eq!(starts.len(), 3, "{starts:?}");
    assert!(starts[1].contains("17:00:00") && starts[2].contains("17:15:00"), "{starts:?}");
}

#[test]
fn the_error_list_is_cut_and_reported_clean() {
    let mut site = quarters("");
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 900, &ten(96));
    for number in 0..1_500 {
        site.send("m1", &format!("{{\"ts\":1740800000000,\"values\":{{\"N{number}\":1}}}}"));
        if number % 3 == 0 {
            site.send("m1", &format!("{{\"ts\": broken {number}"));
        }
    }
    // As many findings as there are islands of a gap: each second day of two months has none.
    for day in (2..60).step_by(2) {
        let date = super::site::at("2025-03-01T00:00:00+07:00").us() / 1_000_000 + day * 86_400;
        let stamp = mrv::domain::time::Timestamp::from_us(date * 1_000_000).to_string();
        site.series("m1", "EG", &stamp, 900, &ten(96));
    }
    let report = site.report("2025-03-01", "2025-04-29");
    assert_eq!(report.refused("V-CHANNEL"), 1_500);
    assert_eq!(report.refused("V-SCHEMA"), 500);
    assert_eq!(report.value("/items/refused"), "2000");
    let decoded: u64 = report.value("/items/decoded").parse().unwrap();
    assert_eq!(decoded, 2_000 + 96 * 30, "decoded = readings + conflicts + refused");
    assert_eq!(
        report.found("V-GAP").len(),
        29,
        "one for each day without readings between two with"
    );
}

/// A solar meter at Jakarta, by what it generates each quarter hour of a day.
fn solar() -> Site {
    let site = "\n[[site]]\nid = \"roof\"\nlatitude = \"-6.2\"\nlongitude = \"106.8\"\n";
    Site::new(&plan(1, BEGIN, &(parameter(&[ROOF]) + &delta(ROOF, "solar = true") + site)))
}

/// Some sun between 06:00 and 18:00 local time.
fn day(place: i64) -> Option<String> {
    let quarter = place % 96;
    let kwh = if (24..72).contains(&quarter) { (quarter - 23).min(72 - quarter) } else { 0 };
    Some(format!("{kwh}.{}", (place * 7 + kwh) % 10 * i64::from(kwh > 0)))
}

#[test]
fn every_night_a_frozen_sensor() {
    let mut site = solar();
    let values: Vec<Option<String>> = (0..96 * 10).map(day).collect();
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 900, &values);
    let report = site.report("2025-03-01", "2025-03-10");
    assert_eq!(report.found("V-STUCK"), Vec::<String>::new(), "a meter asleep is not stuck");
    assert_eq!(report.found("V-NIGHT"), Vec::<String>::new());

    // 745 readings frozen at one value, in range and complete: nights and all.
    let mut site = solar();
    let mut values = values;
    values[100..845].fill(Some("3.5".to_owned()));
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 900, &values);
    let report = site.report("2025-03-01", "2025-03-10");
    says(&report.only("V-STUCK"), &["745 equal values 3.500000 kWh in a row"]);
    let nights = report.found("V-NIGHT");
    assert_eq!(nights.len(), 9, "seven nights and two parts of one: {nights:#?}");
    assert!(nights.iter().all(|one| one.starts_with("critical")));
    // What it counts in the dark is held: it counts by its bounds.
    let held = "SELECT count(*) FROM intervals WHERE flags = 'V-NIGHT' AND value IS NULL AND low = 0 AND high = 25";
    let count: u64 = site.rows(held)[0].parse().unwrap();
    assert_eq!(count, 345, "46 quarter hours of a night are dark at both ends");
    let lit = "SELECT count(*) FROM intervals WHERE value > 3 AND value < 4 AND quality = 'M'";
    let lit: u64 = site.rows(lit)[0].parse().unwrap();
    assert!(lit >= 400, "{lit} intervals of light count as they came");
}

#[test]
fn a_register_that_ticks_in_the_dark_is_held_too() {
    let place = "\n[[site]]\nid = \"roof\"\nlatitude = \"-6.2\"\nlongitude = \"106.8\"\n";
    let parts = parameter(&[ROOF]) + &register(ROOF, "1 MW", "solar = true") + place;
    let mut site = Site::new(&plan(1, BEGIN, &parts));
    // A tenth of a MWh every hour, day and night.
    site.series(
        "m1",
        "EG",
        "2025-03-01T00:00:00+07:00",
        3_600,
        &milli((0..25).map(|h| 10_000 + h * 100)),
    );
    let report = site.report("2025-03-01", "2025-03-01");
    assert_eq!(report.found("V-NIGHT").len(), 2, "before sunrise and after sunset");
    // The hours in which the sun rises and sets are no night: from 05:00 to 19:00 all counts.
    assert_eq!(report.value("/years/0/inputs/0/measured"), "1.4");
}
