//! Workbooks recalculated by LibreOffice: its figures against the engine's, to 1e-9 relative.
//!
//! The workbooks hold no results, so that nothing but the recalculation can be read. Without LibreOffice
//! the tests pass and say what they left out; `scripts/setup.sh` installs it.

#[path = "support/recalculate.rs"]
mod recalculate;

use std::path::Path;

use calamine::{Data, Reader, Xlsx, open_workbook};
use mrv::domain::decimal::Decimal;
use mrv::methodology::{Bounds, IndexSet, Inputs, Methodology, Outcome, shipped, values};
use mrv::report::calculation::{Part, Stored, write};
use recalculate::recalculate;

/// Holds the recalculated sheet against the outcome: every step, and the column of agreement.
fn compare(file: &Path, sheet: &str, outcome: &Outcome) {
    let mut book: Xlsx<_> = open_workbook(file).unwrap();
    let range = book.worksheet_range(sheet).unwrap();
    for (row, step) in (3..).zip(&outcome.trace) {
        let name = format!("{}: {}{:?}", file.display(), step.symbol, step.members);
        let Some(Data::Float(got)) = range.get_value((row, 1)).cloned() else {
            panic!("{name}: {:?}", range.get_value((row, 1)));
        };
        let expected: f64 = step.value.to_string().parse().unwrap();
        assert!((got - expected).abs() <= 1e-9 * expected.abs(), "{name}: {got}, not {expected}");
        assert_eq!(range.get_value((row, 4)), Some(&Data::String("yes".into())), "{name}");
    }
}

/// Waste by month over two years with decay, a category, a band, a class, a condition, a mean, and a sum
/// over 200 units, too long for one cell.
const EVERYTHING: &str = r#"
mrv_methodology = 1
id = "TEST"
version = "1"
title = "every form of the language"
scope = "1"
source = "made for this test"
status = "equivalent form"
sure = "D"
index = [
    { symbol = "m", about = "month", over = "months" },
    { symbol = "n", about = "earlier month", over = "months" },
    { symbol = "u", about = "unit" },
    { symbol = "c", about = "class", members = ["small", "large"] },
]
parameter = [
    { symbol = "W", indices = ["m"], kind = "fixed", unit = "t", about = "waste", source = "", sure = "D" },
    { symbol = "k", kind = "fixed", unit = "1/yr", about = "rate", source = "", sure = "D" },
    { symbol = "EC", indices = ["u"], kind = "fixed", unit = "kWh", about = "use", source = "", sure = "D" },
    { symbol = "EF", indices = ["c"], kind = "fixed", unit = "tCO2/MWh", about = "factor", source = "", sure = "D" },
    { symbol = "from", indices = ["c"], kind = "fixed", unit = "kWh", about = "edge", source = "", sure = "D" },
    { symbol = "to", indices = ["c"], kind = "fixed", unit = "kWh", about = "edge", source = "", sure = "D" },
    { symbol = "category", indices = ["m"], kind = "fixed", category_of = "c", about = "", source = "", sure = "D" },
    { symbol = "T1", kind = "fixed", unit = "degC", about = "temperature", source = "", sure = "D" },
]

[[equation]]
symbol = "decayed"
indices = ["m"]
unit = "t"
text = "sum(n <= m: W[n] * exp(-k * (m - n)) * (1 - exp(-k * 1 [month])))"
about = ""
sure = "D"

[[equation]]
symbol = "RE"
unit = "tCO2e"
text = "sum(m: decayed[m] * if(T1 > 500 [degF], 28 [tCO2e/t], 1 [tCO2e/t])) + sum(u: EC[u] * EF[band(c: from[c] <= EC[u])]) + sum(m: mean(u: EC[u] by EC[u]) * EF[category[m]])"
about = ""
sure = "D"

[[equation]]
symbol = "PE"
unit = "tCO2e"
text = "max(sum(u: EC[u]) * EF[lookup(c: from[c] <= 99 [kWh] < to[c])], -(3.5 [tCO2e])^1) / 2^3"
about = ""
sure = "D"

[[equation]]
symbol = "ER"
unit = "tCO2e"
text = "RE - PE"
about = ""
sure = "D"
"#;

#[test]
fn every_form_of_the_language_is_recalculated_by_a_spreadsheet() {
    let methodology =
        Methodology::parse("everything", EVERYTHING).unwrap_or_else(|f| panic!("{f:?}"));
    let units: Vec<String> = (1..=200).map(|unit| format!("unit {unit}")).collect();
    let mut inputs = Inputs::new(&[("u".to_owned(), units.clone())]);
    let months: Vec<String> =
        (0..24).map(|m| format!("{}-{:02}", 2023 + m / 12, m % 12 + 1)).collect();
    inputs.set_calendar(IndexSet::Months, months.clone(), 12);
    let mut set = |symbol: &str, members: &[String], value: String, unit: &str| {
        let value = Bounds::exact(Decimal::parse(&value).unwrap().into());
        inputs.set(symbol, members, value, unit).unwrap();
    };
    for (at, month) in months.iter().enumerate() {
        set("W", std::slice::from_ref(month), format!("{}.25", 1000 + 37 * at), "t");
    }
    for (at, unit) in units.iter().enumerate() {
        set("EC", std::slice::from_ref(unit), format!("{}.125", 20 + at), "kWh");
    }
    for (class, from, to, factor) in [("small", "0", "100", "0.5"), ("large", "100", "1e6", "0.7")]
    {
        let class = [class.to_owned()];
        set("from", &class, from.to_owned(), "kWh");
        set("to", &class, to.to_owned(), "kWh");
        set("EF", &class, factor.to_owned(), "tCO2/MWh");
    }
    set("k", &[], "0.4".to_owned(), "1/yr");
    set("T1", &[], "300".to_owned(), "degC");
    for (at, month) in months.iter().enumerate() {
        let category = if at % 3 == 0 { "large" } else { "small" };
        inputs.set_category("category", std::slice::from_ref(month), Some(category));
    }
    let outcome = methodology.evaluate(&inputs).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let part = Part { year: "2024", inputs: &inputs, outcome: &outcome };
    let book = write(&methodology, &[part], Stored::Nothing).unwrap();
    assert_eq!(book, write(&methodology, &[part], Stored::Nothing).unwrap(), "not reproducible");
    std::fs::write(folder.path().join("everything.xlsx"), book).unwrap();
    if recalculate(folder.path()) {
        compare(&folder.path().join("out/everything.xlsx"), "Calculation 2024", &outcome);
    }
}

#[test]
fn every_shipped_methodology_is_recalculated_on_its_own_examples() {
    let folder = tempfile::tempdir().unwrap();
    let mut written = Vec::new();
    for file in shipped() {
        let methodology = Methodology::parse(file.file, file.text).unwrap();
        for vector in &methodology.vectors {
            let inputs = serde_json::to_value(&vector.inputs).unwrap();
            let given = match values::read(&methodology, &inputs) {
                Ok(given) => given,
                // An example of one figure alone has no inputs for the others.
                Err(faults) => {
                    assert!(!vector.expected.contains_key("ER"), "{}: {faults:?}", vector.id);
                    continue;
                }
            };
            for (at, year) in given.years.iter().enumerate() {
                let outcome = methodology.evaluate(&year.inputs).unwrap();
                let part = Part { year: "", inputs: &year.inputs, outcome: &outcome };
                let name = format!("{} {} {at}.xlsx", methodology.id, vector.id);
                let book = write(&methodology, &[part], Stored::Nothing).unwrap();
                std::fs::write(folder.path().join(&name), book).unwrap();
                written.push((name, outcome));
            }
        }
    }
    assert!(written.len() >= shipped().len(), "{} workbooks", written.len());
    if recalculate(folder.path()) {
        for (name, outcome) in &written {
            compare(&folder.path().join("out").join(name), "Calculation", outcome);
        }
    }
}
