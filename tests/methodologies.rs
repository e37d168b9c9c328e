//! Every shipped methodology: it reads, cites what it says it cites, gives its own examples, and no
//! doubt about its inputs ever earns (ACC-4).

use mrv::methodology::factors::{self, Factors};
use mrv::methodology::{EvaluationError, Methodology, Number, shipped};
use mrv::period::calculation::{self, Calculation, CalculationError};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
use serde_json::{Value, json};

fn every() -> impl Iterator<Item = (&'static str, Methodology)> {
    shipped().iter().map(|file| {
        let read = Methodology::parse(file.file, file.text);
        let read = read.unwrap_or_else(|found| panic!("{found:?}"));
        assert_eq!(read.id, file.id, "{}", file.file);
        (file.file, read)
    })
}

#[test]
fn every_file_of_the_folder_is_shipped() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/methodologies");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| format!("pipelines/methodologies/{}", entry.unwrap().file_name().display()))
        .collect();
    names.sort();
    let mut known: Vec<String> = shipped().iter().map(|file| file.file.to_owned()).collect();
    known.sort();
    assert_eq!(names, known);
}

#[test]
fn every_methodology_says_what_it_is_and_what_it_asks() {
    for (file, methodology) in every() {
        assert!(!methodology.eligibility.is_empty(), "{file} has no eligibility criterion");
        assert!(!methodology.vectors.is_empty(), "{file} has no example");
        assert!(!methodology.rounding.is_empty() && !methodology.year_split.is_empty(), "{file}");
        let uses_gwp = methodology.parameters.iter().any(|p| p.symbol.starts_with("GWP_C"));
        assert!(!uses_gwp || methodology.gwp == "AR5", "{file} names no set of potentials");
        let least = methodology.equations.iter().map(|equation| equation.sure).max();
        assert!(Some(methodology.sure) >= least, "{file} is surer than its equations");
        for equation in &methodology.equations {
            assert!(!equation.to_plain().is_empty() && !equation.to_latex().is_empty());
            assert!(equation.to_mathml().contains("<math"), "{file} {}", equation.symbol);
        }
    }
}

#[test]
fn every_default_is_that_of_the_row_it_cites() {
    let factors = Factors::shipped().unwrap();
    for file in shipped() {
        let methodology = Methodology::parse(file.file, file.text).unwrap();
        let found = factors::check_methodology(&factors, &methodology, file.file, file.text);
        assert_eq!(found, [], "{}", file.file);
    }
    // The check can fail: another value, and a row that does not exist.
    let bus = shipped().iter().find(|file| file.id == "MRV_BU_F4").unwrap();
    let text = bus
        .text
        .replace("default = \"0.0748\"", "default = \"0.0741\"")
        .replace("gwp-ar5/CH4", "gwp-ar5/CH5");
    let methodology = Methodology::parse("bus.toml", &text).unwrap();
    let found: Vec<String> = factors::check_methodology(&factors, &methodology, "bus.toml", &text)
        .iter()
        .map(|diagnostic| diagnostic.message.clone())
        .collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(
        found[0],
        "EF_diesel: the value is 0.0741 tCO2/GJ, and fuel-ef/diesel:high says 74.8 tCO2/TJ"
    );
    assert!(found[1].starts_with("GWP_CH4: factor table gwp-ar5 has no row CH5; it has CH4"));
}

#[test]
fn a_wrong_example_is_told() {
    let solar = shipped().iter().find(|file| file.id == "MRV_PV_F1").unwrap();
    let text = solar.text.replace("RE = \"764.196973\"", "RE = \"764.196974\"");
    let methodology = Methodology::parse("solar.toml", &text).unwrap();
    let figures = calculation::example(&methodology, &methodology.vectors[0]).unwrap();
    let wrong: Vec<_> = figures.iter().filter(|figure| !figure.is_right()).collect();
    assert_eq!(wrong.len(), 1);
    assert_eq!((wrong[0].name.as_str(), wrong[0].got.as_str()), ("RE", "764.196973"));
}

/// The places of values in an example's inputs that can be put in doubt: (path, value, unit).
fn leaves(value: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, i64, u32, String)>) {
    let number = |text: &str| {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits: i64 = format!("{whole}{decimals}").parse().ok()?;
        Some((digits, u32::try_from(decimals.len()).unwrap()))
    };
    let mut add = |text: &str, unit: &str| {
        if let Some((digits, decimals)) = number(text) {
            found.push((path.clone(), digits, decimals, unit.to_owned()));
        }
    };
    match value {
        Value::String(text) => add(text, "1"),
        Value::Object(object) if object.contains_key("value") => {
            add(object["value"].as_str().unwrap(), object["unit"].as_str().unwrap());
        }
        Value::Object(object) => {
            for (key, inner) in object.iter().filter(|(key, _)| *key != "year") {
                path.push(key.clone());
                leaves(inner, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

fn replace(values: &mut Value, path: &[String], with: Value) {
    let mut at = values;
    for key in path {
        at = &mut at[key];
    }
    *at = with;
}

/// `digits` thousandths-finer than written, as text: `digits * share / 1000`.
fn part(digits: i64, decimals: u32, share: i64) -> String {
    let value = i128::from(digits) * i128::from(share);
    format!("{value}e-{}", decimals + 3)
}

/// The ER of all years; `None` where the engine rightly gives no figure.
fn er(methodology: &Methodology, values: &Value) -> Result<Option<Number>, TestCaseError> {
    match Calculation::new(methodology, values) {
        Ok(calculation) => {
            let sum = calculation
                .years
                .iter()
                .try_fold(Number::ZERO, |sum, year| sum.add(&year.outcome.er));
            Ok(sum.ok())
        }
        Err(CalculationError::Evaluation { error, .. }) => match error {
            EvaluationError::NotProven { .. }
            | EvaluationError::TooManyCombinations { .. }
            | EvaluationError::Arithmetic { .. } => Ok(None),
            other => Err(TestCaseError::fail(other.to_string())),
        },
        Err(other) => Err(TestCaseError::fail(other.to_string())),
    }
}

#[test]
fn no_doubt_about_any_input_of_any_methodology_earns() {
    const CASES: u32 = 8;
    let slack = Number::ONE.divide(&Number::from_integer(100_000)).unwrap();
    let mut shown: Vec<(&str, usize, usize)> = Vec::new();
    for (file, methodology) in every() {
        let vector = &methodology.vectors[0];
        let inputs = serde_json::to_value(&vector.inputs).unwrap();
        let mut places = Vec::new();
        leaves(&inputs, &mut Vec::new(), &mut places);
        // Members are no numbers, and shares that name no rest must add up to 1.
        places.retain(|(path, ..)| {
            let is_number =
                methodology.parameter(&path[0]).is_some_and(|p| p.category_of.is_none());
            is_number && path[0] != "composition"
        });
        let doubts = proptest::collection::vec(
            (any::<prop::sample::Index>(), 0i64..300, 0i64..300, 0i64..200),
            1..4,
        );
        let points = proptest::collection::vec(proptest::collection::vec(0i64..=1000, 4), 6);
        // First-order decay by months takes a second for every evaluation.
        let case_count = if file.contains("monthly") { 1 } else { CASES };
        let (mut figures, mut cases) = (0, 0);
        let mut runner = TestRunner::new_with_rng(
            ProptestConfig {
                cases: case_count,
                failure_persistence: None,
                ..ProptestConfig::default()
            },
            proptest::test_runner::TestRng::deterministic_rng(
                proptest::test_runner::RngAlgorithm::ChaCha,
            ),
        );
        let counts = std::cell::RefCell::new((&mut figures, &mut cases));
        let result = runner.run(&(doubts, points), |(doubts, points)| {
            let bounded = |widen: bool| {
                let mut values = inputs.clone();
                for (index, below, above, more) in &doubts {
                    let (path, digits, decimals, unit) = index.get(&places);
                    let more = if widen { *more } else { 0 };
                    let low = part(*digits, *decimals, 1000 - below - more);
                    let high = part(*digits, *decimals, 1000 + above + more);
                    let doubt = json!({ "low": low, "high": high, "unit": unit });
                    replace(&mut values, path, doubt);
                }
                values
            };
            *counts.borrow_mut().1 += 1;
            let Some(lowest) = er(&methodology, &bounded(false))? else { return Ok(()) };
            *counts.borrow_mut().0 += 1;
            for point in &points {
                let mut values = inputs.clone();
                for ((index, below, above, _), at) in doubts.iter().zip(point) {
                    let (path, digits, decimals, unit) = index.get(&places);
                    let share = 1000 - below + (below + above) * at / 1000;
                    let value = part(*digits, *decimals, share);
                    replace(&mut values, path, json!({ "value": value, "unit": unit }));
                }
                if let Some(point_er) = er(&methodology, &values)? {
                    prop_assert!(
                        lowest <= point_er.add(&slack).unwrap(),
                        "{} at {:?}: {} above {}",
                        file,
                        doubts,
                        lowest,
                        point_er
                    );
                }
            }
            if let Some(wider) = er(&methodology, &bounded(true))? {
                prop_assert!(wider <= lowest.add(&slack).unwrap(), "{} wider", file);
            }
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{file}: {error}"));
        shown.push((file, figures, cases));
    }
    // Where nothing could be shown, nothing is claimed; that must stay the exception.
    let proved: usize = shown.iter().map(|(_, figures, _)| figures).sum();
    let tried: usize = shown.iter().map(|(_, _, cases)| cases).sum();
    assert!(proved * 10 >= tried * 9, "{shown:?}");
}
