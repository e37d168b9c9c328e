//! Each rule of stage R with a case that passes, one that fails and its edge.

use std::sync::Arc;

use super::*;
use crate::domain::decimal::Decimal;
use crate::domain::reading::Place;

const PLAN: &str = r#"
mrv_plan = 1
project = "p"
number = 1
valid_from = "2026-01-01T00:00:00Z"
[registered]
title = "t"
country = "TH"
pdd_version = "1"
methodology = "M"
zone = "Asia/Bangkok"
crediting = { from = "2026-01-01", to = "2030-12-31" }
[[channel]]
id = "s/d/P"
kind = "gauge"
rule = "mean"
cadence = "15 min"
unit = "kW"
sent_unit = "W"
range = [-1, 300]
installed = "2026-02-01T00:00:00Z"
retired = "2026-12-01T00:00:00Z"
"#;

fn reader(stamp: Option<StampAt>) -> Reader {
    use crate::config::plan::reader::{Format, JsonReader, Match};
    let matches = Match::Topic("#".to_owned());
    Reader { name: "r".to_owned(), matches, format: Format::Json(JsonReader::default()), stamp }
}

fn checked(at: &str, value: &str, unit: Option<&str>, quantity: &str) -> Result<Reading, Refusal> {
    checked_with(&reader(None), at, value, unit, quantity)
}

fn checked_with(
    reader: &Reader,
    at: &str,
    value: &str,
    unit: Option<&str>,
    quantity: &str,
) -> Result<Reading, Refusal> {
    let plan = Plan::parse("plan.toml", PLAN).unwrap();
    let mut plans = PlanHistory::default();
    plans.push(Arc::new(plan)).unwrap();
    let mut channels = Channels::default();
    let sample = Sample {
        site: "s",
        device: "d",
        quantity,
        at: Timestamp::parse_rfc3339(at).unwrap(),
        value: Decimal::parse(value).unwrap(),
        unit,
        place: Place::default(),
    };
    let received_at = Timestamp::parse_rfc3339("2026-06-01T00:00:00Z").unwrap();
    Checker::new(&plans, &mut channels).check(&sample, received_at, reader)
}

#[test]
fn each_rule_passes_fails_and_has_its_edge() {
    const OK: &str = "2026-05-01T00:00:00Z";
    let cases: &[(&str, &str, Option<&str>, &str, Result<(&str, &str), Code>)] = &[
        (OK, "1500", None, "P", Ok(("1.500000", ""))),
        (OK, "1.5", Some("kW"), "P", Ok(("1.500000", ""))),
        (OK, "300000", None, "P", Ok(("300.000000", ""))),
        (OK, "300000.001", None, "P", Ok(("300.000001", "V-RANGE"))),
        (OK, "-1000.001", None, "P", Ok(("-1.000001", "V-RANGE"))),
        (OK, "0.0001", None, "P", Ok(("0.000000", "V-PRECISION"))),
        (OK, "1", Some("kWh"), "P", Err(Code::Unit)),
        (OK, "1", Some("KW"), "P", Err(Code::Unit)),
        (OK, "1e20", None, "P", Err(Code::Schema)),
        (OK, "1", None, "Q", Err(Code::Channel)),
        (OK, "1", None, "a b", Err(Code::Channel)),
        ("2026-02-01T00:00:00Z", "1", None, "P", Ok(("0.001000", ""))),
        ("2026-01-31T23:59:59Z", "1", None, "P", Err(Code::Channel)),
        ("2025-12-31T23:59:59Z", "1", None, "P", Err(Code::Time)),
        ("2026-06-01T00:01:00Z", "1", None, "P", Ok(("0.001000", ""))),
        ("2026-06-01T00:01:01Z", "1", None, "P", Ok(("0.001000", "V-CLOCK"))),
        ("2026-06-01T00:15:00Z", "1", None, "P", Ok(("0.001000", "V-CLOCK"))),
        ("2026-06-01T00:15:01Z", "1", None, "P", Err(Code::Time)),
    ];
    for (at, value, unit, quantity, expected) in cases {
        let got = checked(at, value, *unit, quantity);
        let shown = got.as_ref().map(|r| (r.value.to_string(), r.flags.to_string()));
        let shown = shown.as_ref().map(|(v, f)| (v.as_str(), f.as_str())).map_err(|r| r.code);
        assert_eq!(shown, *expected, "{at} {value} {unit:?} {quantity}: {got:?}");
    }
}

#[test]
fn a_source_that_marks_the_other_end_is_shifted_by_one_cadence() {
    let at = "2026-05-01T00:15:00Z";
    let stamped = |stamp| checked_with(&reader(stamp), at, "1", None, "P").unwrap().at.to_string();
    assert_eq!(stamped(None), "2026-05-01T00:15:00Z");
    assert_eq!(stamped(Some(StampAt::Start)), "2026-05-01T00:15:00Z");
    assert_eq!(stamped(Some(StampAt::End)), "2026-05-01T00:00:00Z");
}
