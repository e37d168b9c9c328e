//! What the checks find of several methodologies, of parameters on documents, and of categories.

use crate::config::plan::{Doubt, Plan};

const HEAD: &str = r#"mrv_plan = 1
project = "demo"
number = 1
valid_from = "2025-01-01T00:00:00+07:00"

[registered]
title = "t"
country = "TH"
pdd_version = "1"
methodologies = ["A", "B"]
zone = "Asia/Bangkok"
crediting = { from = "2025-01-01", to = "2034-12-31" }

[registered.indices_of.A]
i = ["x"]

[registered.indices_of.B]
i = ["y"]

[registered.ex_ante_of.B]
2025 = "7"

[[channel]]
id = "s/g/code"
kind = "gauge"
rule = "hold"
step_max = "20 min"
unit = "1"

"#;

const OF_A: &str = "[[registered.parameter]]\nmethodology = \"A\"\nsymbol = \"NCV\"\npoint = \"(1)\"\n\
                    option = \"B\"\namounts = true\nunit = \"GJ/t\"\nrange = [\"40 GJ/t\", \"45 GJ/t\"]\n";
const OF_B: &str = "[[registered.parameter]]\nmethodology = \"B\"\nsymbol = \"DD\"\npoint = \"(2)\"\n\
                    option = \"B\"\namounts = true\nunit = \"km\"\ncapacity = \"120.5 km/h\"\n";
const CATEGORY: &str = "[[registered.parameter]]\nmethodology = \"B\"\nsymbol = \"c\"\npoint = \"(3)\"\n\
                        option = \"C\"\nchannels = [\"s/g/code\"]\n\
                        codes = { \"0\" = \"grid\", \"2\" = \"island\" }\n";

fn plan() -> String {
    format!("{HEAD}{OF_A}\n{OF_B}\n{CATEGORY}")
}

#[test]
fn each_methodology_has_its_own_indices_parameters_and_estimates() {
    let plan = Plan::parse("p.toml", &plan()).unwrap();
    let registered = &plan.registered;
    let (a, b) = (registered.under("A"), registered.under("B"));
    assert_eq!(a.index_sets, [("i".to_owned(), vec!["x".to_owned()])]);
    assert_eq!(b.index_sets, [("i".to_owned(), vec!["y".to_owned()])]);
    assert_eq!((a.parameters.len(), b.parameters.len()), (1, 2));
    assert_eq!((a.ex_ante.len(), b.ex_ante.len()), (0, 1));
    assert_eq!(a.methodologies, ["A"]);
    // A unit that no channel can have is carried as a plain number.
    let bounds = a.parameters[0].doubt;
    assert!(matches!(bounds, Doubt::Range { low, unit, .. }
        if low.to_string() == "40.000000" && unit.symbol() == "1"));
    let bounds = b.parameters[0].doubt;
    assert!(matches!(bounds, Doubt::Capacity { per_hour, unit }
        if per_hour.to_string() == "120.500000" && unit.symbol() == "count"));
    let category = &b.parameters[1];
    assert!(category.is_category());
    assert_eq!(category.codes.len(), 2);
    // A code beyond the declared ones is held like any value out of range.
    let range = plan.channels[0].range.unwrap();
    assert_eq!((range.0.to_string(), range.1.to_string()), ("0.000000".into(), "2.000000".into()));
}

#[test]
fn what_is_wrong_with_them_is_told() {
    let cases = [
        ("methodologies = [\"A\", \"B\"]", "methodologies = [\"A\", \"A\"]", "named twice"),
        ("methodologies = [\"A\", \"B\"]\n", "", "the project applies no methodology"),
        (
            "methodologies = [\"A\", \"B\"]",
            "methodology = \"A\"\nmethodologies = [\"A\", \"B\"]",
            "methodology and methodologies are both given",
        ),
        (
            "methodology = \"A\"\nsymbol",
            "symbol",
            "to which of the methodologies this belongs is not said",
        ),
        (
            "methodology = \"A\"\nsymbol",
            "methodology = \"C\"\nsymbol",
            "is no methodology of this plan",
        ),
        (
            "[registered.indices_of.A]",
            "[registered.indices]",
            "of several methodologies are not told",
        ),
        ("\"40 GJ/t\"", "\"40\"", "\"40\" is no quantity in GJ/t"),
        ("\"40 GJ/t\"", "\"50 GJ/t\"", "range has its low end above its high end"),
        ("\"120.5 km/h\"", "\"120.5 km\"", "\"120.5 km\" is no quantity in km/h"),
        ("capacity = \"120.5 km/h\"\n", "", "a missing document of this parameter has no bounds"),
        ("amounts = true\nunit = \"km\"", "unit = \"km\"", "unit \"km\" is unknown"),
        ("codes = { \"0\" = \"grid\", \"2\" = \"island\" }\n", "", "needs their codes"),
        ("\"0\" = \"grid\"", "\"off\" = \"grid\"", "\"off\" is no code"),
        (
            "channels = [\"s/g/code\"]\ncodes = { \"0\" = \"grid\", \"2\" = \"island\" }\n",
            "",
            "a parameter without unit, channel and amounts",
        ),
    ];
    for (from, to, expected) in cases {
        let text = plan();
        assert_eq!(text.matches(from).count(), 1, "{from:?} must stand once in the plan");
        let found = Plan::parse("p.toml", &text.replacen(from, to, 1)).unwrap_err();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(found.iter().any(|one| one.contains(expected)), "{expected}: {found:?}");
    }
}
