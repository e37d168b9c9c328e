//! The shipped methodologies against the acceptance vectors, every printed digit.
//!
//! The vectors are read in place from `$MRV_SHARED/jcm/vectors.json`; without that folder the tests
//! pass and say what they left out.

use std::path::PathBuf;

use mrv::domain::decimal::Decimal;
use mrv::methodology::{Bounds, Inputs, Methodology, Number, Outcome, shipped};
use serde_json::Value;

fn vector(id: &str) -> Option<Value> {
    let shared = std::env::var("MRV_SHARED").map_or_else(
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let Ok(text) = std::fs::read_to_string(shared.join("jcm/vectors.json")) else {
        eprintln!("left out: vector {id}; no {}", shared.display());
        return None;
    };
    let vectors: Vec<Value> = serde_json::from_str(&text).unwrap();
    let found = vectors.into_iter().find(|vector| vector["id"] == id);
    Some(found.unwrap_or_else(|| panic!("no vector {id}")))
}

fn methodology(id: &str) -> Methodology {
    let file = shipped().iter().find(|shipped| shipped.id == id).unwrap();
    Methodology::parse(file.file, file.text).unwrap()
}

fn set(inputs: &mut Inputs, symbol: &str, members: &[&str], quantity: &Value) {
    let value = Decimal::parse(quantity["value"].as_str().unwrap()).unwrap();
    let members: Vec<String> = members.iter().map(|member| (*member).to_owned()).collect();
    let unit = quantity["unit"].as_str().unwrap();
    inputs.set(symbol, &members, Bounds::exact(value.into()), unit).unwrap();
}

fn one_member() -> Inputs {
    Inputs::new(&[("i".to_owned(), vec!["1".to_owned()])])
}

fn solar(generation: &Value, factor: &Value) -> Outcome {
    let mut inputs = one_member();
    set(&mut inputs, "EG", &["1"], generation);
    set(&mut inputs, "EF_RE", &["1"], factor);
    methodology("MRV_PV_F1").evaluate(&inputs).unwrap()
}

fn check(figure: &Number, expected: &Value) {
    assert_eq!(figure.to_fixed(6), expected.as_str().unwrap());
}

fn claimed(figure: &Number) -> i64 {
    figure.floor().unwrap().max(0)
}

#[test]
fn pv_1_solar() {
    let Some(vector) = vector("PV-1") else { return };
    let expected = &vector["expected"];
    let outcome = solar(&vector["inputs"]["EG"], &vector["inputs"]["EF_RE"]);
    check(&outcome.re, &expected["RE"]);
    check(&outcome.pe, &expected["PE"]);
    check(&outcome.er, &expected["ER"]);
    assert_eq!(outcome.er.floor(), Ok(expected["ER_floor"].as_i64().unwrap()));
    assert_eq!(claimed(&outcome.er), expected["ER_claimed"].as_i64().unwrap());
}

#[test]
fn pv_2_each_year_is_floored_by_itself() {
    let Some(vector) = vector("PV-2") else { return };
    let (inputs, expected) = (&vector["inputs"], &vector["expected"]);
    let (mut total, mut unsplit) = (0, Number::ZERO);
    for year in ["2023", "2024"] {
        let outcome = solar(&inputs["EG"][year], &inputs["EF_RE"]);
        check(&outcome.re, &expected[format!("RE_{year}")]);
        let claim = claimed(&outcome.er);
        assert_eq!(claim, expected[format!("ER_claimed_{year}")].as_i64().unwrap());
        total += claim;
        unsplit = unsplit.add(&outcome.er).unwrap();
    }
    assert_eq!(total, expected["ER_claimed_total"].as_i64().unwrap());
    assert_eq!(claimed(&unsplit), expected["wrong_if_unsplit"].as_i64().unwrap());
}

#[test]
fn ch_1_chiller_with_temperature_normalisation() {
    let Some(vector) = vector("CH-1") else { return };
    let (given, expected) = (&vector["inputs"], &vector["expected"]);
    let mut inputs = one_member();
    for symbol in ["EC_PJ", "COP_PJ", "COP_RE", "T_cool_out", "T_chilled_out"] {
        set(&mut inputs, symbol, &["1"], &given[symbol]["1"]);
    }
    for symbol in ["TD_cool", "TD_chilled", "T_cool_ref", "T_chilled_ref", "EF_elec"] {
        set(&mut inputs, symbol, &[], &given[symbol]);
    }
    let outcome = methodology("MRV_CH_F2").evaluate(&inputs).unwrap();
    let normalised = outcome.value("COP_PJ_tc", &["1".to_owned()]).unwrap();
    check(normalised, &expected["COP_PJ_tc"]);
    check(&outcome.re, &expected["RE"]);
    check(&outcome.pe, &expected["PE"]);
    check(&outcome.er, &expected["ER"]);
    assert_eq!(outcome.er.floor(), Ok(expected["ER_floor"].as_i64().unwrap()));
    assert_eq!(claimed(&outcome.er), expected["ER_claimed"].as_i64().unwrap());
}
