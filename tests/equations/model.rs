//! A small methodology around the equations of a test.

use mrv::domain::decimal::Decimal;
use mrv::domain::diagnostic::Diagnostic;
use mrv::methodology::{Bounds, EvaluationError, Inputs, Methodology, Number, Outcome};

/// Parameters, as `symbol indices unit`.
pub const PARAMETERS: &[(&str, &str, &str)] = &[
    ("EG", "i", "MWh"),
    ("EC", "", "kWh"),
    ("Q", "", "GJ"),
    ("P", "", "kW"),
    ("H", "", "h"),
    ("EF", "", "tCO2/MWh"),
    ("EF2", "i", "tCO2/MWh"),
    ("M", "", "t"),
    ("GWP", "", "tCO2e/tCH4"),
    ("V", "", "m3"),
    ("VN", "", "Nm3"),
    ("T1", "", "degC"),
    ("T2", "", "degC"),
    ("TD", "", "K"),
    ("C", "", "MWh/K"),
    ("x", "", "1"),
    ("y", "", "1"),
    ("z", "", "1"),
];

/// A methodology with these equations and those parameters of [`PARAMETERS`] that they use.
pub fn text(equations: &[(&str, &str, &str)]) -> String {
    let mut text = String::from(
        "mrv_methodology = 1\nid = \"TEST\"\ntitle = \"test\"\nversion = \"1\"\nscope = \"1\"\n\
         source = \"test\"\nstatus = \"equivalent form\"\nsure = \"D\"\n[[index]]\nsymbol = \"i\"\nabout = \"part\"\n\
         [[index]]\nsymbol = \"g\"\nabout = \"gas\"\n",
    );
    let used = |symbol: &str| {
        equations.iter().any(|(_, _, equation)| {
            equation.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == symbol)
        })
    };
    for (symbol, indices, unit) in PARAMETERS.iter().filter(|(symbol, ..)| used(symbol)) {
        let indices = if indices.is_empty() { String::new() } else { format!("\"{indices}\"") };
        text.push_str(&format!(
            "[[parameter]]\nsymbol = \"{symbol}\"\nindices = [{indices}]\nkind = \"fixed\"\n\
             unit = \"{unit}\"\nabout = \"\"\nsource = \"\"\nsure = \"D\"\n"
        ));
    }
    for (symbol, unit, equation) in equations {
        let (symbol, indices) = symbol.split_once('[').unwrap_or((symbol, ""));
        let indices = indices.trim_end_matches(']');
        let indices = if indices.is_empty() { String::new() } else { format!("\"{indices}\"") };
        text.push_str(&format!(
            "[[equation]]\nsymbol = \"{symbol}\"\nindices = [{indices}]\nunit = \"{unit}\"\n\
             text = '{equation}'\nabout = \"\"\nsure = \"D\"\n"
        ));
    }
    text
}

/// ER is the equation given; RE is ER and PE nothing.
pub fn with_er(unit: &str, equation: &str) -> String {
    let er = match unit {
        "tCO2e" => "A".to_owned(),
        "degC" | "degF" => format!("(A - 0 [{unit}]) * 1 [tCO2e/K]"),
        _ => format!("A * 1 [tCO2e] / 1 [{unit}]"),
    };
    text(&[
        ("A", unit, equation),
        ("RE", "tCO2e", &er),
        ("PE", "tCO2e", "0 [tCO2e]"),
        ("ER", "tCO2e", "RE - PE"),
    ])
}

pub fn read(text: &str) -> Result<Methodology, Vec<Diagnostic>> {
    Methodology::parse("m.toml", text)
}

pub fn number(text: &str) -> Number {
    Decimal::parse(text).unwrap().into()
}

/// Values as `symbol`, `low`, `high`, in the parameter's own unit; index `i` has members 1 and 2, and
/// a symbol with an index gives the same to both.
pub fn evaluate(
    methodology: &Methodology,
    values: &[(&str, &str, &str)],
) -> Result<Outcome, EvaluationError> {
    let members = |count: usize| (1..=count).map(|n| n.to_string()).collect::<Vec<_>>();
    let mut inputs = Inputs::new(&[("i".to_owned(), members(2)), ("g".to_owned(), members(1))]);
    for (symbol, low, high) in values {
        let parameter = methodology.parameter(symbol).unwrap();
        let places = if parameter.indices.is_empty() {
            vec![vec![]]
        } else {
            vec![vec!["1".to_owned()], vec!["2".to_owned()]]
        };
        for place in places {
            let bounds = Bounds::new(number(low), number(high)).unwrap();
            inputs.set(symbol, &place, bounds, parameter.unit.as_str()).unwrap();
        }
    }
    methodology.evaluate(&inputs)
}
