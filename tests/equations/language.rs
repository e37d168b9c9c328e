//! What right equations give: values, units, traces, and the forms for people.

use mrv::methodology::{CompoundUnit, EvaluationError, Inputs, NumberError, shipped, syntax};
use proptest::prelude::*;

use super::model::{evaluate, number, read, text, with_er};

/// The value of an equation in `unit`, all digits.
fn value(unit: &str, equation: &str, values: &[(&str, &str)]) -> String {
    let methodology =
        read(&with_er(unit, equation)).unwrap_or_else(|f| panic!("{equation}: {f:?}"));
    let values: Vec<_> = values.iter().map(|(symbol, value)| (*symbol, *value, *value)).collect();
    let outcome = evaluate(&methodology, &values).unwrap_or_else(|e| panic!("{equation}: {e}"));
    outcome.value("A", &[]).unwrap().to_string()
}

#[test]
fn equations_compute_in_their_units() {
    for (unit, equation, values, expected) in [
        ("tCO2e", "sum(i: EG[i] * EF2[i])", &[("EG", "500"), ("EF2", "0.533")][..], "533"),
        ("tCO2e", "EC * EF", &[("EC", "1000000"), ("EF", "0.533")], "533"),
        ("MWh", "Q + EC", &[("Q", "3.6"), ("EC", "500")], "1.5"),
        ("GJ", "EC + Q", &[("Q", "3.6"), ("EC", "500")], "5.4"),
        ("kWh", "P * H", &[("P", "250"), ("H", "8")], "2000"),
        ("tCO2e", "M * GWP", &[("M", "2"), ("GWP", "28")], "56"),
        ("K", "T1 - T2", &[("T1", "34.5"), ("T2", "9")], "25.5"),
        ("1", "(T1 - T2 + TD) / (T1 - T2)", &[("T1", "30"), ("T2", "10"), ("TD", "2")], "1.1"),
        ("degC", "T1 + TD", &[("T1", "30"), ("TD", "2")], "32"),
        ("degF", "T1", &[("T1", "100")], "212"),
        ("MWh", "C * (T1 - 10 [degC])", &[("C", "2"), ("T1", "30")], "40"),
        ("MWh", "C * (212 [degF] - T1)", &[("C", "2"), ("T1", "30")], "140"),
        ("1", "min(x, y, z) + max(x, y)", &[("x", "3"), ("y", "2"), ("z", "5")], "5"),
        (
            "kWh",
            "min(EC, Q)",
            &[("EC", "1000"), ("Q", "3.5")],
            "972.2222222222222222222222222222222",
        ),
        ("1", "-x^2 + (-x)^2 * 3", &[("x", "2")], "8"),
        ("1", "x - y - z", &[("x", "9"), ("y", "3"), ("z", "2")], "4"),
        ("1", "x / y / z", &[("x", "12"), ("y", "3"), ("z", "2")], "2"),
        ("1", "x - (y - z)", &[("x", "9"), ("y", "3"), ("z", "2")], "8"),
        ("1", "x^0", &[("x", "0")], "1"),
        ("%", "x", &[("x", "0.5")], "50"),
        ("kWh", "2.5e3 [Wh] + EC", &[("EC", "1")], "3.5"),
    ] {
        assert_eq!(value(unit, equation, values), expected, "{equation}");
    }
}

#[test]
fn a_sum_that_lands_on_a_whole_number_is_told_where_a_spreadsheet_floors_it_lower() {
    let ten = "x + x + x + x + x + x + x + x + x + x";
    let methodology = read(&with_er("tCO2e", &format!("({ten}) * 1 [tCO2e]"))).unwrap();
    let at = |x: &str| evaluate(&methodology, &[("x", x, x)]).unwrap();
    // As doubles ten times 0.1 is 0.9999999999999999.
    assert_eq!(at("0.1").er, number("1"));
    assert_eq!(at("0.1").boundary(), Some((1, 0)));
    assert_eq!(at("0.3").boundary(), Some((3, 2)));
    assert_eq!(at("0.11").boundary(), None);
    assert_eq!(at("0.11").spreadsheet_floor, Some(1));
}

#[test]
fn arithmetic_that_fails_names_its_equation() {
    let methodology = read(&with_er("1", "x / (y - z)")).unwrap();
    let failed = evaluate(&methodology, &[("x", "1", "1"), ("y", "2", "2"), ("z", "2", "2")]);
    let error = failed.unwrap_err();
    assert_eq!(error.to_string(), "A cannot be computed: division by zero");
    let methodology = read(&with_er("1", "x / 3 - y / 3")).unwrap();
    let failed = evaluate(&methodology, &[("x", "1", "1"), ("y", "1", "1")]).unwrap_err();
    assert!(
        matches!(failed, EvaluationError::Arithmetic { error: NumberError::Cancellation, .. }),
        "{failed}"
    );
    let failed = evaluate(&methodology, &[("x", "1", "1")]).unwrap_err();
    assert_eq!(failed.to_string(), "y has no value");
}

#[test]
fn every_step_is_traced_with_what_it_uses() {
    let methodology = read(&text(&[
        ("ER", "tCO2e", "RE - PE"),
        ("PE", "tCO2e", "0 [tCO2e]"),
        ("RE", "tCO2e", "sum(i: part[i])"),
        ("part[i]", "tCO2e", "EG[i] * EF"),
    ]))
    .unwrap();
    let outcome = evaluate(&methodology, &[("EG", "5", "5"), ("EF", "0.5", "0.5")]).unwrap();
    let lines: Vec<String> = outcome
        .trace
        .iter()
        .map(|step| {
            let uses: Vec<String> =
                step.uses.iter().map(|(s, m)| format!("{s}{}", m.concat())).collect();
            let (symbol, members, uses) = (&step.symbol, step.members.concat(), uses.join(" "));
            format!(
                "{symbol}{members} = {} {} ({}) from {uses}",
                step.value, step.unit, step.equation
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "PE = 0 tCO2e (0 [tCO2e]) from ",
            "part1 = 2.5 tCO2e (EG[i] * EF) from EG1 EF",
            "part2 = 2.5 tCO2e (EG[i] * EF) from EG2 EF",
            "RE = 5 tCO2e (sum(i: part[i])) from part1 part2",
            "ER = 5 tCO2e (RE - PE) from RE PE",
        ]
    );
    let ranking: Vec<_> = outcome.ranking.iter().map(|rank| rank.symbol.as_str()).collect();
    assert_eq!(ranking, ["EF", "EG", "EG"]);
    assert_eq!(outcome.ranking[0].derivative, number("10"));
    assert_eq!(outcome.ranking[0].per_percent, number("0.05"));
}

#[test]
fn an_equation_is_shown_as_text_latex_and_formula() {
    let file = shipped().iter().find(|shipped| shipped.id == "MRV_CH_F2").unwrap();
    let chiller = mrv::methodology::Methodology::parse(file.file, file.text).unwrap();
    let re = chiller.equation("RE").unwrap();
    assert_eq!(re.to_plain(), "RE = sum(i: EC_PJ[i] * COP_PJ_tc[i] / COP_RE[i]) * EF_elec");
    assert_eq!(
        re.to_latex(),
        "\\mathrm{RE} = \\sum_{i}{\\frac{\\mathrm{EC}_{\\mathrm{PJ},i} \\cdot \
         \\mathrm{COP}_{\\mathrm{PJ,tc},i}}{\\mathrm{COP}_{\\mathrm{RE},i}}} \\cdot \
         \\mathrm{EF}_{\\mathrm{elec}}"
    );
    let sets = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Inputs::new(&[("i".to_owned(), names.clone()), ("g".to_owned(), names)])
    };
    let mut cell = |symbol: &str, members: &[String]| format!("{symbol}.{}", members.concat());
    let mut formula = |symbol, members: &[&str]| {
        let members: Vec<String> = members.iter().map(|m| (*m).to_owned()).collect();
        chiller.formula(symbol, &members, &sets(&["a", "b"]), &mut cell)
    };
    assert_eq!(
        formula("RE", &[]).unwrap(),
        "(EC_PJ.a*COP_PJ_tc.a/COP_RE.a+EC_PJ.b*COP_PJ_tc.b/COP_RE.b)*EF_elec."
    );
    assert_eq!(
        formula("COP_PJ_tc", &["b"]).unwrap(),
        "COP_PJ.b*(T_cool_out.b-T_chilled_out.b+TD_chilled.+TD_cool.)/\
         (T_cool_ref.-T_chilled_ref.+TD_chilled.+TD_cool.)"
    );
    assert_eq!(formula("COP_PJ_tc", &["c"]), None);
    assert_eq!(formula("nothing", &[]), None);

    let units = read(&with_er("MWh", "-(EC^2) / max(Q, EC) - min(Q, EC)")).unwrap();
    let shown = units.formula("A", &[], &sets(&["a"]), &mut cell).unwrap();
    assert_eq!(shown, "(-(EC.^2)/MAX(Q.,EC.*9/2500)-MIN(Q.,EC.*9/2500)*6250000/81)*9/2500000");
}

#[test]
fn the_shipped_methodologies_are_read_under_their_names() {
    for file in shipped() {
        let methodology = mrv::methodology::Methodology::parse(file.file, file.text).unwrap();
        assert_eq!(methodology.id, file.id);
        for parameter in &methodology.parameters {
            assert!(!parameter.source.is_empty(), "{}", parameter.symbol);
        }
    }
}

#[test]
fn plans_are_held_against_the_methodology() {
    use mrv::config::plan::Plan;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/projects");
    let plan = |name: &str| {
        let text = std::fs::read_to_string(root.join(name)).unwrap();
        Plan::parse(name, &text).unwrap().registered
    };
    let methodology = |id: &str| {
        let file = shipped().iter().find(|shipped| shipped.id == id).unwrap();
        mrv::methodology::Methodology::parse(file.file, file.text).unwrap()
    };
    for file in std::fs::read_dir(&root).unwrap() {
        let registered = plan(file.unwrap().file_name().to_str().unwrap());
        for id in &registered.methodologies {
            let findings = methodology(id).check_inputs(&registered.under(id));
            assert_eq!(findings, Vec::<String>::new(), "{}: {id}", registered.title);
        }
    }
    let mut registered = plan("demo-chiller.toml");
    registered.fixed.retain(|fixed| fixed.symbol != "COP_RE" && fixed.symbol != "TD_cool");
    registered.fixed[0].unit = "K".to_owned();
    registered.parameters[0].option = mrv::config::plan::MonitoringOption::A;
    assert_eq!(
        methodology("MRV_CH_F2").check_inputs(&registered),
        [
            "EC_PJ[chiller-1] is monitored by option A, the methodology allows C",
            "COP_PJ[chiller-1] is in K in the plan, which does not convert to 1 of the methodology",
            "COP_RE[chiller-1] (coefficient of performance of the reference chiller, by cooling \
             capacity) has no value; add a [[registered.fixed]] in 1",
        ]
    );
    assert_eq!(
        methodology("MRV_PV_F1").check_inputs(&registered)[..3],
        [
            "EG[chiller-1] (AC electricity generated by system i and used on site or exported, \
             curtailed energy excluded) is not monitored; add a [[registered.parameter]]",
            "EF_RE[chiller-1] (conservative emission factor by country, grid and case of \
             connection of system i) has no value; add a [[registered.fixed]] in tCO2/MWh",
            "methodology MRV_PV_F1 knows no parameter EC_PJ; remove EC_PJ[chiller-1] from the plan",
        ]
    );
}

/// Random expressions, as texts with every parenthesis written.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("x".to_owned()),
        Just("EG[i]".to_owned()),
        Just("F[i, g]".to_owned()),
        (0u32..1000).prop_map(|n| format!("{n}.5")),
        Just("3 [kWh]".to_owned()),
        Just("1e-7".to_owned()),
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        prop_oneof![
            (inner.clone(), "[-+*/]", inner.clone()).prop_map(|(a, o, b)| format!("({a}){o}({b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            (inner.clone(), 0..9u32).prop_map(|(a, n)| format!("({a})^{n}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("min({a},{b})")),
            inner.clone().prop_map(|a| format!("max({a})")),
            inner.prop_map(|a| format!("sum(i:{a})")),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_as_the_same_tree(text in expression()) {
        let tree = syntax::parse(&text).unwrap();
        let printed = tree.to_string();
        let again = syntax::parse(&printed).unwrap_or_else(|fault| panic!("{printed}: {fault:?}"));
        prop_assert_eq!(&again, &tree, "{} printed as {}", text, printed);
        prop_assert_eq!(again.to_string(), printed);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        if let Err(fault) = syntax::parse(&text) {
            prop_assert!(fault.span.start <= text.len());
        }
        let _ = CompoundUnit::parse(&text);
    }

    #[test]
    fn no_mutated_equation_makes_the_reader_panic(
        text in expression(),
        at in any::<proptest::sample::Index>(),
        insert in "[-+*/^()\\[\\]:,. 0-9a-zé×']{0,3}",
    ) {
        let cut = at.index(text.chars().count() + 1);
        let mutated: String =
            text.chars().take(cut).chain(insert.chars()).chain(text.chars().skip(cut + 1)).collect();
        if let Err(findings) = read(&with_er("1", &mutated)) {
            prop_assert!(!findings.is_empty());
        }
    }
}
