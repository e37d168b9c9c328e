//! The statistical checks and the balances: each with what it finds and what it leaves alone. None of
//! them alters a value.

use super::site::{Report, Site, milli, parameter, plan, says};

const BEGIN: &str = "2025-01-01T00:00:00+07:00";
const ROOF: &str = "roof/m1/EG";
const YARD: &str = "roof/m2/EG";
const PLACE: &str = "\n[[site]]\nid = \"roof\"\nlatitude = \"-6.2\"\nlongitude = \"106.8\"\n";

fn delta(id: &str, more: &str) -> String {
    format!(
        r#"
[[channel]]
id = "{id}"
kind = "delta"
unit = "kWh"
cadence = "1 h"
capacity = "100 kW"
class = "1"
{more}
"#
    )
}

fn site(parts: &str) -> Site {
    Site::new(&plan(1, BEGIN, parts))
}

/// A value of an hour that never repeats itself and never jumps.
fn calm(hour: i64) -> i64 {
    40_000 + hour * 37 % 1_009 + hour * hour % 97
}

fn report(values: impl Iterator<Item = i64>, days: u32, more: &str) -> Report {
    let mut site = site(&(parameter(&[ROOF]) + &delta(ROOF, more) + PLACE));
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 3_600, &milli(values));
    site.report("2025-03-01", &format!("2025-03-{days:02}"))
}

#[test]
fn a_calm_series_is_left_alone() {
    let report = report((0..240).map(calm), 10, "");
    for code in
        ["V-STEP", "V-STUCK", "V-INTERPOLATED", "V-LEVEL", "V-SIBLING", "V-CLOCK", "V-NIGHT"]
    {
        assert_eq!(report.found(code), Vec::<String>::new(), "{code}");
    }
}

#[test]
fn a_jump_and_an_outlier_are_told_and_alter_nothing() {
    let spike = |hour: i64| if hour == 100 { 95_000 } else { 20_000 + hour * 37 % 1_009 };
    let found = report((0..240).map(spike), 10, "");
    says(&found.only("V-STEP"), &["info: 2 jumps", "95.000000"]);
    let told = found.only("V-SPIKE");
    says(&told, &["the largest at 2025-03-04T21:00:00Z: 95.000000 kWh"]);
    let sum: i64 = (0..240).map(spike).sum();
    let measured = format!("{}.{:06}", sum / 1_000_000, sum % 1_000_000);
    let measured = measured.trim_end_matches('0');
    assert_eq!(found.value("/years/0/inputs/0/measured"), measured, "nothing was deleted");
    // A plan may ask for less: a jump of the whole capacity alone.
    let less = report((0..240).map(spike), 10, "[channel.checks.V-STEP]\npercent = 100");
    assert!(less.found("V-STEP").is_empty());
}

#[test]
fn equal_values_are_stuck_unless_they_are_clipped() {
    let stuck = |hour: i64| if (50..60).contains(&hour) { 90_000 } else { calm(hour) };
    says(&report((0..240).map(stuck), 10, "").only("V-STUCK"), &["10 equal values 90.000000 kWh"]);
    let clipped = report((0..240).map(stuck), 10, "clipping = \"90 kWh\"");
    assert!(clipped.found("V-STUCK").is_empty());
    let five = |hour: i64| if (50..55).contains(&hour) { 90_000 } else { calm(hour) };
    assert!(report((0..240).map(five), 10, "").found("V-STUCK").is_empty(), "five are not six");
}

#[test]
fn a_straight_line_was_filled_in() {
    let line = |hour: i64| if (50..58).contains(&hour) { 30_000 + hour * 11 } else { calm(hour) };
    says(&report((0..240).map(line), 10, "").only("V-INTERPOLATED"), &["7 steps of 0.011000 kWh"]);
}

#[test]
fn a_lasting_change_of_level_is_told_once() {
    let values = |hour: i64| if hour < 24 * 15 { calm(hour) } else { calm(hour) * 2 };
    let told = report((0..24 * 30).map(values), 30, "").only("V-LEVEL");
    says(&told, &["minor", "from 2025-03-16 on another level"]);
}

/// Generation between 06:00 and 18:00, as a clock shows it that is off by some hours.
fn sunny(hour: i64, off: i64) -> i64 {
    let of_day = (hour - off).rem_euclid(24);
    let height = [0, 5, 17, 30, 41, 48, 48, 41, 30, 17, 5, 0];
    let place = usize::try_from(of_day - 6).unwrap_or(usize::MAX);
    let lit = height.get(place).filter(|kwh| **kwh > 0);
    lit.map_or(0, |kwh| kwh * 1_000 + calm(hour) % 500)
}

#[test]
fn a_clock_an_hour_off_and_a_clock_with_daylight_saving_are_told_apart() {
    let right = report((0..24 * 30).map(|hour| sunny(hour, 0)), 30, "solar = true");
    assert_eq!(right.found("V-SHIFT"), Vec::<String>::new());
    assert_eq!(right.found("V-DST"), Vec::<String>::new());
    let shifted = report((0..24 * 30).map(|hour| sunny(hour, 1)), 30, "solar = true");
    says(&shifted.only("V-SHIFT"), &["minor", "30 days in a row", "after the sun's noon"]);
    assert!(shifted.found("V-DST").is_empty());
    let moved = |hour: i64| sunny(hour, i64::from(hour >= 24 * 15));
    let moved = report((0..24 * 30).map(moved), 30, "solar = true");
    says(&moved.only("V-DST"), &["2025-03-16", "minutes later", "daylight saving"]);
}

#[test]
fn a_silent_sibling_is_told_and_a_sum_is_held_against_its_parts() {
    let sum = format!(
        "\n[[registered.sum]]\nmain = \"roof/main/EG\"\nparts = [\"{ROOF}\", \"{YARD}\"]\ntolerance_percent = \"2\"\n"
    );
    let parts = parameter(&[ROOF, YARD])
        + &delta(ROOF, "")
        + &delta(YARD, "")
        + &delta("roof/main/EG", "")
        + &sum;
    let run = |yard: fn(i64) -> i64| {
        let mut site = site(&parts);
        let start = "2025-03-01T00:00:00+07:00";
        site.series("m1", "EG", start, 3_600, &milli((0..240).map(calm)));
        site.series("m2", "EG", start, 3_600, &milli((0..240).map(yard)));
        site.series(
            "main",
            "EG",
            start,
            3_600,
            &milli((0..240).map(|hour| calm(hour) + calm(hour) / 2)),
        );
        site.report("2025-03-01", "2025-03-10")
    };
    let whole = run(|hour| calm(hour) / 2);
    assert_eq!(whole.found("V-SIBLING"), Vec::<String>::new());
    says(&whole.only("V-SUM"), &["info", "240.00 h that all measured", "within"]);
    let silent = run(|hour| if (96..168).contains(&hour) { 0 } else { calm(hour) / 2 });
    says(&silent.only("V-SIBLING"), &["minor", "for 3 days, 2025-03-05 to 2025-03-07"]);
    says(&silent.only("V-SUM"), &["critical", "beyond"]);
}

#[test]
fn an_engine_that_gives_more_than_its_fuel_is_told() {
    let gas = r#"
[[channel]]
id = "roof/gas/V"
kind = "delta"
unit = "m3"
cadence = "1 h"
capacity = "100 m3/h"

[[registered.balance]]
name = "engine efficiency"
output = ["roof/m1/EG"]
input = ["roof/gas/V"]
per_input = "9.97"
low_percent = "25"
high_percent = "45"
"#;
    // 40 kWh of 10 m3, which are 99.7 kWh: 40 %; of 8 m3: 50 %.
    for (gas_milli, severity, outcome) in
        [(10_000, "info", "inside"), (8_000, "critical", "outside")]
    {
        let mut site = site(&(parameter(&[ROOF]) + &delta(ROOF, "") + gas));
        let start = "2025-03-01T00:00:00+07:00";
        site.series("m1", "EG", start, 3_600, &vec![Some("40".to_owned()); 24]);
        site.series("gas", "V", start, 3_600, &milli(std::iter::repeat_n(gas_milli, 24)));
        let report = site.report("2025-03-01", "2025-03-01");
        says(&report.only("V-BALANCE"), &[severity, "engine efficiency", outcome, "25 to 45 %"]);
    }
}

#[test]
fn the_same_dates_of_the_year_before_are_held_against_this_year() {
    for (factor, severity) in [(1, "info"), (2, "minor")] {
        let mut site = site(&(parameter(&[ROOF]) + &delta(ROOF, "")));
        site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 3_600, &milli((0..240).map(calm)));
        let now = milli((0..240).map(|hour| calm(hour) * factor));
        site.series("m1", "EG", "2026-03-01T00:00:00+07:00", 3_600, &now);
        let report = site.report("2026-03-01", "2026-03-10");
        says(&report.only("V-HISTORY"), &[severity, "the same dates of the year before"]);
        assert!(
            site.report("2025-03-01", "2025-03-10").found("V-HISTORY").is_empty(),
            "nothing before"
        );
    }
}

#[test]
fn a_clock_that_is_behind_is_told_and_a_buffer_is_not() {
    let parts = parameter(&[ROOF]) + &delta(ROOF, "");
    let sent = |late_s: fn(i64) -> i64| {
        let mut site = site(&parts);
        for hour in 0..48 {
            let stamp = super::site::at("2025-03-01T00:00:00Z").us() + hour * 3_600_000_000;
            let at = mrv::domain::time::Timestamp::from_us(stamp);
            site.received = mrv::domain::time::Timestamp::from_us(stamp + late_s(hour) * 1_000_000);
            let value = calm(hour);
            let (whole, rest) = (value / 1_000, value % 1_000);
            let record = format!("{{\"ts\":\"{at}\",\"values\":{{\"EG\":\"{whole}.{rest:03}\"}}}}");
            site.send("m1", &record);
        }
        site.report("2025-03-01", "2025-03-02").found("V-CLOCK")
    };
    assert_eq!(sent(|_| 5), Vec::<String>::new());
    let behind = sent(|_| 7_200);
    says(&behind[0], &["minor", "stamped 120 to 120 minutes before they came"]);
    // A day's buffer that came at once: 23 hours late the first, at once the last.
    assert_eq!(sent(|hour| (24 - hour % 24) * 3_600 + 3_600), Vec::<String>::new());
}
