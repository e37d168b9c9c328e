//! The acceptance vectors, each through `mrv calc`, every printed digit; a line each with what is
//! expected and what came out. Calibration, substitution and uncertainty are functions of `period`.
//!
//! The vectors are read in place from `$MRV_SHARED/jcm/vectors.json`; without that folder the tests
//! pass and say what they left out. `make vectors` shows the lines.

use std::path::{Path, PathBuf};
use std::process::Command;

use mrv::domain::decimal::Decimal;
use mrv::methodology::Number;
use mrv::period::{calibration, substitution, uncertainty};
use serde_json::{Value, json};

/// Which methodology computes a vector.
const METHODOLOGIES: [(&str, &str); 23] = [
    ("PV-1", "MRV_PV_F1"),
    ("PV-2", "MRV_PV_F1"),
    ("PV-3", "MRV_PV_F1_DAY"),
    ("HY-1", "MRV_HY_F1"),
    ("HY-2", "MRV_HY_F1_RES"),
    ("BG-1", "MRV_BG_F1"),
    ("GE-1", "MRV_GE_F1"),
    ("RF-1", "MRV_RF_F2"),
    ("CH-1", "MRV_CH_F2"),
    ("CH-2", "MRV_CH_F2_MIX"),
    ("RO-1", "MRV_RO_F4"),
    ("RO-2", "MRV_RO_F4"),
    ("CS-1", "MRV_CS_F2"),
    ("TR-1", "MRV_TR_F5"),
    ("BT-1", "MRV_BT_F1"),
    ("BO-1", "MRV_BO_F2"),
    ("CG-1", "MRV_CG_F3"),
    ("WT-1", "MRV_WT_F6"),
    ("WT-2", "MRV_WT_F6"),
    ("WT-3", "MRV_WT_F6"),
    ("FG-1", "MRV_FG_F7"),
    ("BU-1", "MRV_BU_F4"),
    ("RD-1", "MRV_RD_F8"),
];

/// Figures that vectors name otherwise than the methodology: the symbol, and its member.
const NAMES: [(&str, &str, Option<&str>); 7] = [
    ("power_density_W_m2", "PD", None),
    ("loss_RE_MWh", "loss_RE", None),
    ("loss_PJ_MWh", "loss_PJ", None),
    ("RE_offgrid_site", "RE_site", Some("offgrid")),
    ("RE_badgrid_site", "RE_site", Some("badgrid")),
    ("RE_if_all_gases_eligible", "RE_all", None),
    ("ER_claimed_total", "ER_claimed", None),
];

fn vectors() -> Option<Vec<Value>> {
    let shared = std::env::var("MRV_SHARED").map_or_else(
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let Ok(text) = std::fs::read_to_string(shared.join("jcm/vectors.json")) else {
        eprintln!("left out: the acceptance vectors; no {}", shared.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

/// `mrv calc` on a vector's file, as JSON.
fn calc(methodology: &str, file: &Path, only: Option<&str>) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mrv"));
    command.args(["--json", "calc", methodology, "--values"]).arg(file);
    if let Some(symbol) = only {
        command.args(["--only", symbol]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{methodology}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What `mrv calc` printed for a figure of a vector.
fn figure(printed: &Value, name: &str) -> String {
    let years = printed["years"].as_array().unwrap();
    let by_year = name.rsplit_once('_').and_then(|(symbol, year)| {
        let found = years.iter().find(|known| known["year"] == year)?;
        Some((symbol, found))
    });
    let renamed = NAMES.iter().find(|(known, ..)| *known == name);
    let (symbol, of) = match by_year {
        Some(found) => found,
        None => (renamed.map_or(name, |(_, symbol, _)| symbol), &years[0]),
    };
    let member = renamed.and_then(|(.., member)| *member);
    let value = if symbol == "ER_claimed" && by_year.is_none() {
        &printed[symbol]
    } else if of[symbol].is_null() {
        match (&of["values"][symbol], member) {
            (Value::Object(members), Some(member)) => &members[member],
            (Value::Object(members), None) if members.len() == 1 => {
                members.values().next().unwrap()
            }
            (value, _) => value,
        }
    } else {
        &of[symbol]
    };
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Prints the line of a vector and keeps what is wrong.
fn tell(id: &str, expected: &Value, got: &dyn Fn(&str) -> String, wrong: &mut Vec<String>) {
    let mut said = Vec::new();
    for (name, value) in expected.as_object().unwrap() {
        let (expected, got) = (shown(value), got(name));
        if expected != got {
            wrong.push(format!("{id}: {name} is {got}, not {expected}"));
        }
        said.push(format!("{name} expected {expected} got {got}"));
    }
    let is_wrong = wrong.iter().any(|one| one.starts_with(&format!("{id}:")));
    let verdict = if is_wrong { "WRONG" } else { "right" };
    println!("{id:9} {verdict}  {}", said.join("; "));
}

#[test]
fn every_vector_comes_out_to_every_digit() {
    let Some(vectors) = vectors() else { return };
    assert_eq!(vectors.len(), 28);
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for vector in &vectors {
        let id = vector["id"].as_str().unwrap();
        let expected = &vector["expected"];
        let Some((_, methodology)) = METHODOLOGIES.iter().find(|(known, _)| *known == id) else {
            let got = quality(id, &vector["inputs"]);
            tell(id, expected, &|name| shown(&got[name]), &mut wrong);
            continue;
        };
        let file = folder.path().join(format!("{id}.json"));
        std::fs::write(&file, vector.to_string()).unwrap();
        let only = (id == "CH-2").then_some("EF_elec");
        let printed = calc(methodology, &file, only);
        tell(
            id,
            expected,
            &|name| match name {
                // What would come out if the rule under test were broken, from the same figures.
                "wrong_if_unsplit" => {
                    floor_of_sum(&[figure(&printed, "ER_2023"), figure(&printed, "ER_2024")])
                }
                "ER_floor_without_slip" => {
                    floor_of_sum(&[figure(&printed, "ER"), figure(&printed, "PE_slip")])
                }
                name => figure(&printed, name),
            },
            &mut wrong,
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn number(text: &str) -> Number {
    Decimal::parse(text).unwrap().into()
}

fn floor_of_sum(terms: &[String]) -> String {
    let sum = terms.iter().fold(Number::ZERO, |sum, term| sum.add(&number(term)).unwrap());
    sum.floor().unwrap().to_string()
}

/// The vectors of calibration, substitution and uncertainty, by the functions of `period`.
fn quality(id: &str, inputs: &Value) -> Value {
    let value = |symbol: &str| number(inputs[symbol]["value"].as_str().unwrap());
    let list = |symbol: &str| -> Vec<Number> {
        let texts = inputs[symbol].as_array().unwrap();
        texts.iter().map(|text| number(text.as_str().unwrap())).collect()
    };
    let whole = |symbol: &str| -> Vec<i128> {
        let texts = inputs[symbol].as_array().unwrap();
        texts.iter().map(|text| text.as_str().unwrap().parse().unwrap()).collect()
    };
    match id {
        "QA-CAL-1" | "QA-CAL-2" => {
            let months: Vec<(Number, Number, bool)> = ["1", "2", "3"]
                .iter()
                .map(|month| {
                    let of =
                        |symbol: &str| number(inputs[symbol][month]["value"].as_str().unwrap());
                    (of("export"), of("imp"), inputs["overdue"][month].as_bool().unwrap())
                })
                .collect();
            let net = calibration::net(&months, &value("error")).unwrap();
            let uncorrected = calibration::net(&months, &Number::ZERO).unwrap();
            let emissions = |net: &Number| net.multiply(&value("EF_RE")).unwrap().to_fixed(6);
            json!({
                "EG_net": net.to_fixed(6), "RE": emissions(&net),
                "RE_uncorrected": emissions(&uncorrected),
            })
        }
        "QA-P75" => {
            let values = whole("values");
            let rank = |percent| substitution::percentile(&values, percent).unwrap().to_string();
            let text = |symbol: &str| inputs[symbol].as_str().unwrap().parse().unwrap();
            let beside = substitution::spread(&[text("hour_before"), text("hour_after")]).unwrap();
            let least = values.iter().min().unwrap();
            json!({
                "mean_before_after": beside.mean.to_string(), "p90": rank(90), "p95": rank(95),
                "max": rank(100), "p10": rank(10), "p5": rank(5), "min": least.to_string(),
            })
        }
        "QA-MRR" => {
            let spread = substitution::spread(&whole("values")).unwrap();
            json!({
                "mean": spread.mean.to_fixed(2), "sd": spread.deviation.to_fixed(6),
                "plus_2s": spread.high.to_fixed(6), "minus_2s": spread.low.to_fixed(6),
            })
        }
        "QA-GUM" => {
            let percent = uncertainty::of_product(&list("U_percent")).unwrap();
            let energy = value("FC").multiply(&value("NCV")).unwrap();
            let emissions = energy.multiply(&value("EF")).unwrap();
            let absolute = uncertainty::absolute(&emissions, &percent).unwrap();
            json!({
                "U_percent": percent.to_fixed(6), "E": emissions.to_fixed(6),
                "U_abs": absolute.to_fixed(6),
            })
        }
        other => panic!("no rule for vector {other}"),
    }
}
