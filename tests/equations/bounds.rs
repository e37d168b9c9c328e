//! Doubt never earns: the lowest ER inside the bounds is found, wherever it lies.

use mrv::domain::decimal::Decimal;
use mrv::methodology::{Bounds, EvaluationError, Inputs, Methodology, Number, Outcome, shipped};
use proptest::prelude::*;

use super::model::{evaluate, number, read, text, with_er};

fn lowest(equation: &str, values: &[(&str, &str, &str)]) -> Outcome {
    let methodology = read(&with_er("tCO2e", &format!("({equation}) * 1 [tCO2e]"))).unwrap();
    evaluate(&methodology, values).unwrap_or_else(|error| panic!("{equation}: {error}"))
}

#[test]
fn the_lowest_lies_at_a_bound_a_kink_or_between() {
    for (equation, values, low, high) in [
        // monotone: the bound that lowers
        ("x - y", &[("x", "1", "2"), ("y", "3", "5")][..], "-4", "-1"),
        ("x / y", &[("x", "1", "2"), ("y", "4", "5")], "0.2", "0.5"),
        ("0 - x * y", &[("x", "-1", "2"), ("y", "-3", "5")], "-10", "6"),
        // one input in two places that pull apart
        ("3 * x - 2 * x", &[("x", "1", "2")], "1", "2"),
        // a peak inside: both bounds matter, and the nearer one misleads
        ("min(2 * x, 9 - x)", &[("x", "2", "7")], "2", "6"),
        // a trough at a kink, which neither bound shows
        ("max(3 - x, 2 * x)", &[("x", "0", "5")], "2", "10"),
        ("max(3 - x, 2 * x) - min(y, 4)", &[("x", "0", "5"), ("y", "1", "9")], "-2", "9"),
        // where two doubtful inputs meet
        ("max(x, y) * 2 - min(x, y) - 0.5 * x", &[("x", "1", "4"), ("y", "2", "3")], "1", "4.5"),
        // a smooth trough: at neither
        ("(x - 1)^2", &[("x", "-1", "3")], "0", "4"),
        ("x^2", &[("x", "-3", "2")], "0", "9"),
        // without doubt
        ("x * y", &[("x", "3", "3"), ("y", "2", "2")], "6", "6"),
    ] {
        let outcome = lowest(equation, values);
        let error = outcome.er.subtract(&number(low)).unwrap();
        let slack = number("0.000001");
        assert!(!error.is_negative() && error <= slack, "{equation}: {} not {low}", outcome.er);
        if !equation.contains('^') {
            assert_eq!(outcome.er, number(low), "{equation}");
            assert_eq!(outcome.er_highest, number(high), "{equation}");
        }
        for input in &outcome.inputs {
            assert!(input.low <= input.value && input.value <= input.high);
        }
    }
}

#[test]
fn what_cannot_be_proved_is_an_error_not_a_guess() {
    // Equally low along the whole line where both inputs meet: no piece that touches it is decided.
    let methodology = read(&with_er("tCO2e", "(max(x, y) - min(x, y)) * 1 [tCO2e]")).unwrap();
    let error = evaluate(&methodology, &[("x", "0", "1"), ("y", "0.2", "0.7")]).unwrap_err();
    assert!(matches!(error, EvaluationError::NotProven { .. }), "{error}");
}

/// The wastewater methane of a biogas plant, capped by the methane destroyed (shape of vector BG-1).
const BIOGAS: &[(&str, &str, &str)] = &[
    ("RE", "tCO2e", "min(BE, MD) + x * 1 [tCO2e]"),
    ("BE", "tCO2e", "y * 1 [tCH4] * GWP"),
    ("MD", "tCO2e", "VN * 0.58 * 0.000716 [t/Nm3] * GWP"),
    ("PE", "tCO2e", "z * MD / (1 - z)"),
    ("ER", "tCO2e", "RE - PE"),
];

#[test]
fn a_peak_inside_the_bounds_does_not_mislead() {
    let methodology = read(&text(BIOGAS)).unwrap();
    let at = |low: &str, high: &str| {
        let fixed = [("x", "1439.1"), ("y", "615.168"), ("GWP", "28"), ("z", "0.05")];
        let mut values: Vec<_> = fixed.iter().map(|(s, v)| (*s, *v, *v)).collect();
        values.push(("VN", low, high));
        evaluate(&methodology, &values).unwrap()
    };
    let actual = at("1600000", "1600000");
    assert_eq!(actual.value("BE", &[]).unwrap().to_fixed(6), "17224.704000");
    assert_eq!(actual.value("MD", &[]).unwrap().to_fixed(6), "18604.544000");
    assert_eq!(actual.pe.to_fixed(6), "979.186526");
    assert_eq!(actual.re.to_fixed(6), "18663.804000");
    // At the actual volume ER falls as the volume grows, so the derivative would pick the high bound.
    let slope = actual.ranking.iter().find(|rank| rank.symbol == "VN").unwrap();
    assert!(slope.derivative.is_negative());
    let doubtful = at("1000000", "1700000");
    assert_eq!(doubtful.er, at("1000000", "1000000").er);
    assert!(doubtful.er < at("1700000", "1700000").er);
    let chosen: Vec<_> = doubtful.chosen().map(|input| (&*input.symbol, &input.value)).collect();
    assert_eq!(chosen, [("VN", &number("1000000"))]);
    // The highest is where the cap begins to bite: no bound shows it.
    assert!(doubtful.er_highest > at("1000000", "1000000").er);
    assert!(doubtful.er_highest > actual.er);
    assert_eq!(doubtful.er_highest.to_fixed(6), "17757.240632");
}

#[test]
fn too_many_undecided_inputs_are_an_error_not_a_guess() {
    let methodology =
        read(&with_er("tCO2e", "(sum(i: (EG[i] * 1 [1/MWh] - 1)^2) - 3)^2 * 1 [tCO2e]")).unwrap();
    let members: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    let sets = [("i".to_owned(), members.clone()), ("g".to_owned(), vec!["1".to_owned()])];
    let mut inputs = Inputs::new(&sets);
    for member in &members {
        let bounds = Bounds::new(number("0"), number("3")).unwrap();
        inputs.set("EG", std::slice::from_ref(member), bounds, "MWh").unwrap();
    }
    let error = methodology.evaluate(&inputs).unwrap_err();
    let EvaluationError::TooManyCombinations { inputs, count: 2048, max: 1024 } = &error else {
        panic!("{error}");
    };
    assert_eq!(inputs.len(), 11);
}

#[test]
fn inputs_that_only_add_up_are_searched_one_by_one() {
    let methodology =
        read(&with_er("tCO2e", "sum(i: (EG[i] * 1 [1/MWh] - 1)^2) * 1 [tCO2e]")).unwrap();
    let members: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    let sets = [("i".to_owned(), members.clone()), ("g".to_owned(), vec!["1".to_owned()])];
    let mut inputs = Inputs::new(&sets);
    for member in &members {
        let bounds = Bounds::new(number("0"), number("3")).unwrap();
        inputs.set("EG", std::slice::from_ref(member), bounds, "MWh").unwrap();
    }
    let outcome = methodology.evaluate(&inputs).unwrap();
    // Each is proved to a gram.
    assert!(outcome.er <= number("0.00004"), "{}", outcome.er);
    assert_eq!(outcome.er_highest, number("160"));
}

#[test]
fn many_doubtful_inputs_whose_direction_is_certain_need_one_trial() {
    let file = shipped().iter().find(|shipped| shipped.id == "MRV_PV_F1").unwrap();
    let solar = Methodology::parse(file.file, file.text).unwrap();
    let members: Vec<String> = (0..200).map(|n| format!("s{n}")).collect();
    let mut inputs = Inputs::new(&[("i".to_owned(), members.clone())]);
    for member in &members {
        let member = std::slice::from_ref(member);
        let bounds = Bounds::new(number("10"), number("11")).unwrap();
        inputs.set("EG", member, bounds, "MWh").unwrap();
        inputs.set("EF_RE", member, Bounds::exact(number("0.533")), "kgCO2/kWh").unwrap();
    }
    let outcome = solar.evaluate(&inputs).unwrap();
    assert_eq!(outcome.er, number("1066"));
    assert_eq!(outcome.er_highest, number("1172.6"));
    assert!(outcome.trials < 10, "{}", outcome.trials);
}

#[test]
fn inputs_come_in_any_unit_of_their_dimension_and_no_other() {
    let file = shipped().iter().find(|shipped| shipped.id == "MRV_PV_F1").unwrap();
    let solar = Methodology::parse(file.file, file.text).unwrap();
    let member = ["a".to_owned()];
    let mut inputs = Inputs::new(&[("i".to_owned(), member.to_vec())]);
    inputs.set("EG", &member, Bounds::exact(number("3600")), "GJ").unwrap();
    inputs.set("EF_RE", &member, Bounds::exact(number("533")), "kgCO2e/MWh").unwrap();
    assert_eq!(solar.evaluate(&inputs).unwrap().er, number("533"));
    inputs.set("EG", &member, Bounds::exact(number("3600")), "kW").unwrap();
    let error = solar.evaluate(&inputs).unwrap_err().to_string();
    assert_eq!(error, "EG[a] is given in kW, which is no MWh");
    assert!(inputs.set("EG", &member, Bounds::exact(Number::ONE), "kwh").is_err());
    let empty = Inputs::new(&[("i".to_owned(), vec![])]);
    assert!(matches!(solar.evaluate(&empty), Err(EvaluationError::NoMembers { .. })));
}

/// Bounds as whole hundredths around zero.
fn range(low: i64, width: i64) -> (Number, Number) {
    let hundredths = |n: i64| Number::from(Decimal::new(i128::from(n), -2).unwrap());
    (hundredths(low), hundredths(low + width))
}

/// The point at `step` of `steps` between two numbers.
fn part(low: &Number, high: &Number, step: i64, steps: i64) -> Number {
    let weighted = |end: &Number, weight| end.multiply(&Number::from_integer(weight)).unwrap();
    let sum = weighted(low, steps - step).add(&weighted(high, step)).unwrap();
    sum.divide(&Number::from_integer(steps)).unwrap()
}

/// Evaluates with `x`, `y` at these bounds.
fn at(
    methodology: &Methodology,
    x: (Number, Number),
    y: (Number, Number),
) -> Result<Outcome, EvaluationError> {
    let mut inputs = Inputs::new(&[
        ("i".to_owned(), vec!["1".to_owned()]),
        ("g".to_owned(), vec!["1".to_owned()]),
    ]);
    for (symbol, (low, high)) in [("x", x), ("y", y)] {
        if methodology.parameter(symbol).is_some() {
            inputs.set(symbol, &[], Bounds::new(low, high).unwrap(), "1").unwrap();
        }
    }
    methodology.evaluate(&inputs)
}

/// Random equations of two inputs with kinks; divisors are never zero.
fn kinked() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        3 => Just("x".to_owned()),
        3 => Just("y".to_owned()),
        1 => (0u32..50).prop_map(|n| format!("{}.{}", n / 10, n % 10)),
    ];
    leaf.prop_recursive(4, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), "[-+*]", inner.clone())
                .prop_map(|(a, o, b)| format!("({a}) {o} ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) / (1 + max({b}, 0))")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("min({a}, {b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("max({a}, {b})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_point_inside_the_bounds_is_lower_than_the_outcome(
        equation in kinked(),
        x in (-300i64..300, 0i64..400),
        y in (-300i64..300, 0i64..400),
    ) {
        let methodology = read(&with_er("tCO2e", &format!("({equation}) * 1 [tCO2e]")));
        // An equation without any input is refused nowhere, but says nothing here either.
        let methodology = methodology.unwrap();
        let (x, y) = (range(x.0, x.1), range(y.0, y.1));
        let outcome = match at(&methodology, x.clone(), y.clone()) {
            Ok(outcome) => outcome,
            // No figure is no claim.
            Err(
                EvaluationError::NotProven { .. }
                | EvaluationError::TooManyCombinations { .. }
                | EvaluationError::Arithmetic { .. },
            ) => return Ok(()),
            Err(error) => panic!("{error}"),
        };
        const STEPS: i64 = 12;
        let slack = number("0.000001");
        for i in 0..=STEPS {
            for j in 0..=STEPS {
                let (px, py) = (part(&x.0, &x.1, i, STEPS), part(&y.0, &y.1, j, STEPS));
                let Ok(point) = at(&methodology, (px.clone(), px), (py.clone(), py)) else { continue };
                prop_assert!(
                    outcome.er <= point.er.add(&slack).unwrap(),
                    "{} at {:?} {:?}: {} above {}", equation, x, y, outcome.er, point.er
                );
            }
        }
    }

    #[test]
    fn wider_bounds_never_raise_the_figure(
        equation in kinked(),
        x in (-300i64..300, 0i64..200, 0i64..100, 0i64..100),
        y in (-300i64..300, 0i64..200, 0i64..100, 0i64..100),
    ) {
        let methodology = read(&with_er("tCO2e", &format!("({equation}) * 1 [tCO2e]"))).unwrap();
        let narrow = at(&methodology, range(x.0, x.1), range(y.0, y.1));
        let wide =
            at(&methodology, range(x.0 - x.2, x.1 + x.2 + x.3), range(y.0 - y.2, y.1 + y.2 + y.3));
        if let (Ok(narrow), Ok(wide)) = (narrow, wide) {
            let raised = narrow.er.add(&number("0.000001")).unwrap();
            prop_assert!(wide.er <= raised, "{}: {} above {}", equation, wide.er, narrow.er);
        }
    }
}
