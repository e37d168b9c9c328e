//! Calendars, pasts, categories, bands, classes, conditions, means and exponentials.

use mrv::methodology::{Bounds, EvaluationError, IndexSet, Inputs, Methodology, Outcome};

use super::model::{number, read};

/// A methodology from indices (`symbol declaration`), parameters (`symbol[indices] unit`) and the
/// equation of ER in tCO2e.
fn methodology(indices: &[&str], parameters: &[&str], equations: &[(&str, &str, &str)]) -> String {
    let mut text = String::from(
        "mrv_methodology = 1\nid = \"TEST\"\ntitle = \"test\"\nversion = \"1\"\nscope = \"1\"\n\
         source = \"test\"\nstatus = \"equivalent form\"\nsure = \"D\"\n",
    );
    for index in indices {
        let (symbol, set) = index.split_once(' ').unwrap_or((index, ""));
        text.push_str(&format!("[[index]]\nsymbol = \"{symbol}\"\nabout = \"\"\n{set}\n"));
    }
    let declared = |symbol: &str| {
        let (name, indices) = symbol.split_once('[').unwrap_or((symbol, "]"));
        let indices: Vec<String> = indices
            .trim_end_matches(']')
            .split(',')
            .filter(|index| !index.is_empty())
            .map(|index| format!("{:?}", index.trim()))
            .collect();
        format!("symbol = \"{name}\"\nindices = [{}]\n", indices.join(", "))
    };
    for parameter in parameters {
        let (symbol, unit) = parameter.rsplit_once(' ').unwrap();
        let unit = match unit.strip_prefix("of:") {
            Some(of) => format!("category_of = \"{of}\""),
            None => format!("unit = \"{unit}\""),
        };
        text.push_str(&format!(
            "[[parameter]]\n{}kind = \"fixed\"\n{unit}\nabout = \"\"\nsource = \"\"\nsure = \"D\"\n",
            declared(symbol)
        ));
    }
    let outputs = [("PE", "tCO2e", "0 [tCO2e]"), ("ER", "tCO2e", "RE - PE")];
    for (symbol, unit, equation) in equations.iter().chain(&outputs) {
        text.push_str(&format!(
            "[[equation]]\n{}unit = \"{unit}\"\ntext = '{equation}'\nabout = \"\"\nsure = \"D\"\n",
            declared(symbol)
        ));
    }
    text
}

fn parsed(text: &str) -> Methodology {
    read(text).unwrap_or_else(|findings| panic!("{findings:?}"))
}

fn names(names: &str) -> Vec<String> {
    names.split_whitespace().map(str::to_owned).collect()
}

/// Values as `symbol member member: low..high unit` or `: value unit`.
fn set(inputs: &mut Inputs, values: &[&str]) {
    for value in values {
        let (place, value) = value.split_once(": ").unwrap();
        let (value, unit) = value.split_once(' ').unwrap();
        let (low, high) = value.split_once("..").unwrap_or((value, value));
        let place = names(place);
        let bounds = Bounds::new(number(low), number(high)).unwrap();
        inputs.set(&place[0], &place[1..], bounds, unit).unwrap();
    }
}

/// 100 t of waste in 2021, 200 t in 2022, with a rate of 0.4 a year; 2022 is evaluated.
fn decay(evaluated: usize) -> Outcome {
    let text = methodology(
        &["x over = \"years\""],
        &["W[x] t", "k 1/yr"],
        &[(
            "RE",
            "tCO2e",
            "sum(x <= year: W[x] * exp(-k * (year - x)) * (1 - exp(-k * 1 [yr]))) * 1 [tCO2e/t]",
        )],
    );
    let methodology = parsed(&text);
    assert!(methodology.needs_history("W") && !methodology.needs_history("k"));
    let mut inputs = Inputs::new(&[]);
    inputs.set_calendar(IndexSet::Years, names("2021 2022"), evaluated);
    set(&mut inputs, &["W 2021: 100 t", "W 2022: 200 t", "k: 0.4 1/yr"]);
    methodology.evaluate(&inputs).unwrap()
}

#[test]
fn a_sum_over_the_past_goes_back_to_the_first_year() {
    // e^-0.4 = 0.67032004603563930074...; computed with 50 digits by another program.
    assert_eq!(decay(1).er.to_fixed(18), "88.035098984713910783");
    assert_eq!(decay(0).er.to_fixed(18), "32.967995396436069926");
}

#[test]
fn a_sum_over_a_calendar_is_over_the_evaluated_part() {
    let text = methodology(
        &["m over = \"months\"", "n over = \"months\""],
        &["W[m] t"],
        &[
            ("now", "t", "sum(m: W[m])"),
            ("ever", "t*month", "sum(m: sum(n <= m: W[n] * (m - n + 1 [month])))"),
            ("RE", "tCO2e", "now * 1 [tCO2e/t] + ever * 1 [tCO2e/(t*month)]"),
        ],
    );
    // Units have no parentheses.
    let text = text.replace("[tCO2e/(t*month)]", "[tCO2e/t/month]");
    let methodology = parsed(&text);
    let mut inputs = Inputs::new(&[]);
    inputs.set_calendar(IndexSet::Months, names("2021-11 2021-12 2022-01 2022-02"), 2);
    let values = ["W 2021-11: 1 t", "W 2021-12: 10 t", "W 2022-01: 100 t", "W 2022-02: 1000 t"];
    set(&mut inputs, &values);
    let outcome = methodology.evaluate(&inputs).unwrap();
    assert_eq!(outcome.value("now", &[]).unwrap(), &number("1100"));
    // January: 3 + 20 + 100; February: 4 + 30 + 200 + 1000.
    assert_eq!(outcome.value("ever", &[]).unwrap(), &number("1357"));
}

fn categories() -> Methodology {
    parsed(&methodology(
        &["d over = \"days\"", "c members = [\"grid\", \"wind\", \"diesel\"]"],
        &["EG[d] MWh", "EF[c] tCO2/MWh", "category[d] of:c"],
        &[("RE", "tCO2e", "sum(d: EG[d] * EF[category[d]])")],
    ))
}

fn days(first: Option<&str>) -> Inputs {
    let mut inputs = Inputs::new(&[]);
    inputs.set_calendar(IndexSet::Days, names("2024-01-01 2024-01-02"), 0);
    set(&mut inputs, &["EG 2024-01-01: 4 MWh", "EG 2024-01-02: 1 MWh"]);
    set(&mut inputs, &["EF grid: 0.5 tCO2/MWh", "EF wind: 0.1 tCO2/MWh"]);
    set(&mut inputs, &["EF diesel: 0.7 tCO2/MWh"]);
    inputs.set_category("category", &names("2024-01-01"), first);
    inputs.set_category("category", &names("2024-01-02"), Some("diesel"));
    inputs
}

#[test]
fn the_category_of_the_day_chooses_the_factor() {
    assert_eq!(categories().evaluate(&days(Some("grid"))).unwrap().er, number("2.7"));
    let error = categories().evaluate(&days(Some("nuclear"))).unwrap_err();
    assert!(matches!(error, EvaluationError::Category { .. }));
    assert_eq!(
        error.to_string(),
        "category[2024-01-01] names \"nuclear\", which is none of grid, wind, diesel"
    );
}

#[test]
fn an_unknown_category_counts_as_the_one_that_gives_least() {
    let outcome = categories().evaluate(&days(None)).unwrap();
    assert_eq!(outcome.er, number("1.1"));
    assert_eq!(outcome.er_highest, number("3.5"));
    let chosen: Vec<_> = outcome.chosen().map(|one| one.category.as_deref()).collect();
    assert_eq!(chosen, [Some("wind")]);
}

/// Bands of a daily driver, as in the optimisation of a refinery.
fn bands() -> Methodology {
    parsed(&methodology(
        &["d over = \"days\"", "b members = [\"low\", \"middle\", \"high\"]"],
        &["D[d] t", "from[b] t", "SE[b] tCO2/t"],
        &[("RE", "tCO2e", "sum(d: D[d] * SE[band(b: from[b] <= D[d])])")],
    ))
}

fn fed(day: &str) -> Inputs {
    let mut inputs = Inputs::new(&[]);
    inputs.set_calendar(IndexSet::Days, names("1"), 0);
    set(&mut inputs, &["from low: 10 t", "from middle: 20000 kg", "from high: 30 t"]);
    set(&mut inputs, &["SE low: 5 tCO2/t", "SE middle: 3 tCO2/t", "SE high: 4 tCO2/t"]);
    set(&mut inputs, &[&format!("D 1: {day} t")]);
    inputs
}

#[test]
fn a_driver_chooses_its_band() {
    for (day, er) in [("5", "25"), ("10", "50"), ("19.999", "99.995"), ("20", "60"), ("99", "396")]
    {
        assert_eq!(bands().evaluate(&fed(day)).unwrap().er, number(er), "{day}");
    }
}

#[test]
fn a_doubtful_driver_counts_on_the_lower_side_of_a_step() {
    // Just at 20 the middle band begins, which gives least.
    let outcome = bands().evaluate(&fed("15..25")).unwrap();
    assert_eq!(outcome.er, number("60"));
    assert_eq!(outcome.er_highest.to_fixed(6), "100.000000");
    // Up to 30, where the step goes up: the lowest is still at 20, the highest just at 30.
    let outcome = bands().evaluate(&fed("18..30")).unwrap();
    assert_eq!(outcome.er, number("60"));
    assert_eq!(outcome.er_highest, number("120"));
    // The upper end is an edge: just below it the lower band counts.
    let outcome = bands().evaluate(&fed("29..30")).unwrap();
    assert_eq!(outcome.er, number("87"));
}

#[test]
fn a_class_is_looked_up_and_must_be_there() {
    let methodology = parsed(&methodology(
        &["i", "c members = [\"small\", \"large\"]"],
        &["Cap[i] kW", "Cap_from[c] kW", "Cap_to[c] kW", "COP[c] 1", "EC[i] MWh"],
        &[(
            "RE",
            "tCO2e",
            "sum(i: EC[i] * COP[lookup(c: Cap_from[c] <= Cap[i] < Cap_to[c])]) * 1 [tCO2e/MWh]",
        )],
    ));
    let at = |capacity: &str| {
        let mut inputs = Inputs::new(&[("i".to_owned(), names("a"))]);
        set(&mut inputs, &["Cap_from small: 300 kW", "Cap_to small: 450 kW"]);
        set(&mut inputs, &["Cap_from large: 450 kW", "Cap_to large: 1.5 MW"]);
        set(&mut inputs, &["COP small: 4 1", "COP large: 5 1", "EC a: 2 MWh"]);
        set(&mut inputs, &[&format!("Cap a: {capacity} kW")]);
        methodology.evaluate(&inputs)
    };
    assert_eq!(at("300").unwrap().er, number("8"));
    assert_eq!(at("450").unwrap().er, number("10"));
    for outside in ["299.9", "1500"] {
        let error = at(outside).unwrap_err().to_string();
        assert_eq!(
            error,
            "RE cannot be computed: no class holds the value that is looked up; the table does not \
             cover it"
        );
    }
}

#[test]
fn a_condition_holds_or_does_not() {
    let methodology = parsed(&methodology(
        &["h over = \"hours\""],
        &["T[h] degC", "V[h] Nm3"],
        &[("RE", "tCO2e", "sum(h: if(T[h] >= 500 [degC], V[h], 0 [Nm3])) * 1 [tCO2e/Nm3]")],
    ));
    let at = |first: &str| {
        let mut inputs = Inputs::new(&[]);
        inputs.set_calendar(IndexSet::Hours, names("1 2"), 0);
        set(&mut inputs, &["T 2: 1000 degF", "V 1: 7 Nm3", "V 2: 5 Nm3"]);
        set(&mut inputs, &[&format!("T 1: {first} degC")]);
        methodology.evaluate(&inputs).unwrap()
    };
    assert_eq!(at("500").er, number("12"));
    assert_eq!(at("499.99").er, number("5"));
    assert_eq!(at("480..520").er, number("5"));
}

#[test]
fn a_weighted_mean_weighs() {
    let methodology = parsed(&methodology(
        &["m over = \"months\""],
        &["w[m] 1", "V[m] Nm3"],
        &[("RE", "tCO2e", "mean(m: w[m] by V[m]) * 1 [tCO2e]")],
    ));
    let mut inputs = Inputs::new(&[]);
    inputs.set_calendar(IndexSet::Months, names("a b"), 0);
    set(&mut inputs, &["w a: 0.5 1", "w b: 60 %", "V a: 300 Nm3", "V b: 100 Nm3"]);
    assert_eq!(methodology.evaluate(&inputs).unwrap().er, number("0.525"));
}

#[test]
fn new_forms_are_shown_as_text_latex_mathml_and_formula() {
    let bands = bands();
    let re = bands.equation("RE").unwrap();
    assert_eq!(re.to_plain(), "RE = sum(d: D[d] * SE[band(b: from[b] <= D[d])])");
    assert!(re.to_latex().contains("\\mathrm{SE}_{b: \\mathrm{from}_{b} \\le \\mathrm{D}_{d}}"));
    let mathml = re.to_mathml();
    assert!(mathml.starts_with("<math") && mathml.contains("<munder><mo>&#x2211;</mo>"));
    let mut cell = |symbol: &str, members: &[String]| format!("{symbol}.{}", members.concat());
    assert_eq!(
        bands.formula("RE", &[], &fed("5"), &mut cell).unwrap(),
        "D.1*IF(D.1>=from.high,SE.high,IF(D.1>=from.middle,SE.middle,SE.low))"
    );
    let formula = categories().formula("RE", &[], &days(Some("grid")), &mut cell).unwrap();
    assert!(formula.starts_with(
        "EG.2024-01-01*IF(category.2024-01-01=\"grid\",EF.grid,IF(category.2024-01-01=\"wind\","
    ));
}
