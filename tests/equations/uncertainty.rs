//! The uncertainty budget: sensitivities against finite differences, the whole against Monte Carlo.

use mrv::methodology::{
    Bounds, BudgetError, Inputs, Methodology, Number, Outcome, Spread, Uncertain,
};

use super::model::{number, read, text};

/// A boiler's fuel saved: RE and PE stand on one meter (form of vector BO-1), and on one price of
/// everything two months.
const BOILER: &[(&str, &str, &str)] = &[
    ("RE", "tCO2e", "sum(i: EG[i] * EF2[i]) * x / y"),
    ("PE", "tCO2e", "sum(i: EG[i] * EF2[i])"),
    ("ER", "tCO2e", "RE - PE"),
];

const VALUES: &[(&str, &str, &str)] = &[
    ("EG", "1", "850"),
    ("EG", "2", "1000"),
    ("EF2", "1", "2.6928"),
    ("EF2", "2", "2.6928"),
    ("x", "", "0.95"),
    ("y", "", "0.89"),
];

fn outcome(methodology: &Methodology, changed: &dyn Fn(&str, &str, Number) -> Number) -> Outcome {
    let members = vec!["1".to_owned(), "2".to_owned()];
    let mut inputs = Inputs::new(&[("i".to_owned(), members.clone()), ("g".to_owned(), members)]);
    for (symbol, member, value) in VALUES {
        let parameter = methodology.parameter(symbol).unwrap();
        let place: Vec<String> = member.split_whitespace().map(str::to_owned).collect();
        let value = changed(symbol, member, number(value));
        inputs.set(symbol, &place, Bounds::exact(value), parameter.unit.as_str()).unwrap();
    }
    methodology.evaluate(&inputs).unwrap()
}

fn uncertain(symbol: &str, member: &str, spread: Spread, cause: &str) -> Uncertain {
    let members = member.split_whitespace().map(str::to_owned).collect();
    Uncertain { symbol: symbol.to_owned(), members, spread, cause: cause.to_owned() }
}

fn float(number: &Number) -> f64 {
    number.to_string().parse().unwrap()
}

#[test]
fn sensitivities_are_the_slopes_of_er() {
    let methodology = read(&text(BOILER)).unwrap();
    let here = outcome(&methodology, &|_, _, value| value);
    for (symbol, member, value) in VALUES {
        let step = number(value).multiply(&number("0.000001")).unwrap();
        let beside = outcome(&methodology, &|s, m, value| {
            if (s, m) == (symbol, member) { value.add(&step).unwrap() } else { value }
        });
        let difference = beside.er.subtract(&here.er).unwrap().divide(&step).unwrap();
        let place: Vec<String> = member.split_whitespace().map(str::to_owned).collect();
        let rank = here.ranking.iter().find(|r| r.symbol == *symbol && r.members == place).unwrap();
        let (slope, difference) = (float(&rank.derivative), float(&difference));
        assert!(
            (slope - difference).abs() <= 1e-5 * slope.abs(),
            "{symbol}{member}: {slope} {difference}"
        );
    }
}

#[test]
fn a_meter_that_enters_both_sides_counts_once_and_errs_alike_in_every_month() {
    let methodology = read(&text(BOILER)).unwrap();
    let here = outcome(&methodology, &|_, _, value| value);
    assert_eq!(here.er.to_fixed(3), "335.844");
    // One meter of 1.5 %, expanded with k = 2, in both months: 1.5 % of ER and not 60 %.
    let certified = || Spread::Certified { expanded: number("0.015"), factor: number("2") };
    let meter = [
        uncertain("EG", "1", certified(), "fuel meter"),
        uncertain("EG", "2", certified(), "fuel meter"),
    ];
    let budget = here.budget(&meter).unwrap();
    assert_eq!(budget.percent.unwrap().to_fixed(6), "1.500000");
    assert_eq!(budget.causes.len(), 1);
    // Two meters: in quadrature, which is less.
    let meters =
        [uncertain("EG", "1", certified(), "first"), uncertain("EG", "2", certified(), "second")];
    let apart = here.budget(&meters).unwrap();
    assert!(apart.expanded < budget.expanded);
    assert_eq!(apart.causes[0].0, "second");
    // A class is a rectangle: half of its width over the root of three.
    let class = [uncertain("y", "", Spread::Permissible(number("0.01")), "efficiency")];
    let share = &here.budget(&class).unwrap().shares[0];
    assert_eq!(share.standard.to_fixed(9), "0.005138417");
    let unknown = [uncertain("z", "", Spread::Permissible(number("0.01")), "")];
    assert!(matches!(here.budget(&unknown), Err(BudgetError::Unknown { .. })));
}

#[test]
fn the_budget_agrees_with_monte_carlo() {
    let methodology = read(&text(BOILER)).unwrap();
    let here = outcome(&methodology, &|_, _, value| value);
    let standard = |value: &str| Spread::Standard(number(value));
    let budget = here
        .budget(&[
            uncertain("EG", "1", standard("6"), "meter"),
            uncertain("EG", "2", standard("7"), "meter"),
            uncertain("x", "", standard("0.004"), "test report"),
            uncertain("EF2", "1", standard("0.02"), "laboratory"),
        ])
        .unwrap();
    // A fixed sequence, so that the test has one outcome: a linear congruence, twelve of which are
    // near enough to a normal number.
    let mut state = 20_241_124_u64;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut normal = || (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
    let ers: Vec<f64> = (0..4_000)
        .map(|_| {
            let (meter, report, laboratory) = (normal(), normal(), normal());
            let changed = |symbol: &str, member: &str, value: Number| {
                let by = match (symbol, member) {
                    ("EG", "1") => 6.0 * meter,
                    ("EG", "2") => 7.0 * meter,
                    ("x", _) => 0.004 * report,
                    ("EF2", "1") => 0.02 * laboratory,
                    _ => 0.0,
                };
                value.add(&number(&format!("{by:.9}"))).unwrap()
            };
            float(&outcome(&methodology, &changed).er)
        })
        .collect();
    let mean = ers.iter().sum::<f64>() / ers.len() as f64;
    let variance = ers.iter().map(|er| (er - mean).powi(2)).sum::<f64>() / (ers.len() - 1) as f64;
    let (sampled, computed) = (variance.sqrt(), float(&budget.combined));
    assert!((sampled / computed - 1.0).abs() < 0.03, "{sampled} {computed}");
}
