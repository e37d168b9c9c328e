//! Equations of the made-up projects: sums of products, evaluated at every corner of the bounds.

use mrv::config::plan::Registered;
use mrv::domain::decimal::Decimal;
use mrv::period::Equations;
use mrv::period::equations::{Additive, BoundedInput, Evaluation, Given};
use mrv::period::statement::{EquationFacts, FixedFacts, MethodologyFacts, StepResult, label};

/// RE and PE as products of named values, the second factors divided by.
#[derive(Debug)]
pub struct Toy {
    id: &'static str,
    re: &'static str,
    pe: &'static str,
    /// What it says of RE, PE and ER of parts of a year.
    whole: Option<&'static str>,
}

pub const PV_METHODOLOGY: Toy = Toy { id: "TEST_PV", re: "{EG}*{EF_RE}", pe: "0", whole: None };
pub const CHILLER_METHODOLOGY: Toy = Toy {
    id: "TEST_CHILLER",
    re: "{EC_PJ[east]}*{COP_PJ[east]}/{COP_RE[east]}*{EF_elec}",
    pe: "{EC_PJ[east]}*{EF_elec}",
    whole: None,
};
pub const ENGINE_METHODOLOGY: Toy =
    Toy { id: "TEST_ENGINE", re: "{EG}*{EF}", pe: "{EC}*{EF}", whole: None };
/// The same, which says that a year has no parts.
pub const WHOLE_ENGINE_METHODOLOGY: Toy =
    Toy { whole: Some("RE is the min of a total"), ..ENGINE_METHODOLOGY };

impl Equations for Toy {
    fn facts(&self) -> MethodologyFacts {
        let equation = |symbol: &str, text: &str| EquationFacts {
            symbol: symbol.to_owned(),
            unit: "tCO2e".to_owned(),
            text: text.replace(['{', '}'], ""),
            about: format!("what {symbol} stands for"),
            sure: "D",
        };
        MethodologyFacts {
            id: self.id.to_owned(),
            version: "01.0".to_owned(),
            title: "Equations for tests".to_owned(),
            source: "these tests".to_owned(),
            equations: vec![
                equation("RE", self.re),
                equation("PE", self.pe),
                equation("ER", "RE - PE"),
            ],
        }
    }

    fn description(&self, symbol: &str) -> String {
        format!("what {symbol} stands for")
    }

    fn unit(&self, symbol: &str) -> Option<String> {
        matches!(symbol, "EG" | "EC" | "EC_PJ").then(|| "MWh".to_owned())
    }

    fn additive(&self) -> Result<Additive, String> {
        match self.whole {
            Some(why) => Err(why.to_owned()),
            None => {
                let totals = ["RE", "PE", "ER"].map(str::to_owned).to_vec();
                Ok(Additive { grain: None, totals })
            }
        }
    }

    fn lacks(&self, _: &Registered) -> Vec<String> {
        Vec::new()
    }

    fn evaluate(&self, given: &Given<'_>) -> Result<Evaluation, String> {
        let (registered, inputs): (&Registered, &[BoundedInput]) = (given.registered, given.inputs);
        let doubtful: Vec<usize> =
            (0..inputs.len()).filter(|index| inputs[*index].low != inputs[*index].high).collect();
        let corner = |bits: usize| -> Vec<Decimal> {
            let is_high = |index: &usize| {
                doubtful.iter().position(|one| one == index).is_some_and(|bit| bits >> bit & 1 == 1)
            };
            let value =
                |index| if is_high(&index) { inputs[index].high } else { inputs[index].low };
            (0..inputs.len()).map(value).collect()
        };
        let at = |corner: &[Decimal]| {
            let named = |name: &str| {
                let input = inputs.iter().position(|one| label(&one.symbol, &one.members) == name);
                input.map(|index| corner[index]).unwrap_or_else(|| {
                    let fixed = registered.fixed.iter();
                    let mut fixed = fixed.filter(|one| label(&one.symbol, &one.members) == name);
                    fixed.next().expect("a named value").value
                })
            };
            let (re, pe) = (product(self.re, &named), product(self.pe, &named));
            (re, pe, combine(re, pe, |a, b| a - b))
        };
        let order = |a: &Decimal, b: &Decimal| combine(*a, *b, |a, b| a - b).coefficient().cmp(&0);
        let corners: Vec<Vec<Decimal>> = (0..1 << doubtful.len()).map(corner).collect();
        let chosen = corners.iter().min_by(|a, b| order(&at(a).2, &at(b).2)).expect("a corner");
        let highest = corners.iter().max_by(|a, b| order(&at(a).2, &at(b).2)).expect("a corner");
        let (re, pe, er) = at(chosen);
        let step = |symbol: &str, formula: &str, value| StepResult {
            symbol: symbol.to_owned(),
            members: Vec::new(),
            unit: "tCO2e".to_owned(),
            description: self.description(symbol),
            equation: formula.replace(['{', '}'], ""),
            formula: formula.to_owned(),
            sums: Vec::new(),
            value,
        };
        let fixed = registered.fixed.iter().map(|fixed| FixedFacts {
            methodology: fixed.methodology.clone(),
            symbol: fixed.symbol.clone(),
            members: fixed.members.clone(),
            description: self.description(&fixed.symbol),
            value: fixed.value,
            unit: fixed.unit.clone(),
            source: fixed.source.clone(),
            confirmed: fixed.confirmed.clone(),
            comments: fixed.comments.clone(),
        });
        Ok(Evaluation {
            re,
            pe,
            er,
            er_highest: at(highest).2,
            spreadsheet_floor: None,
            chosen: chosen.clone(),
            trial_count: corners.len() as u64,
            steps: vec![
                step("RE", self.re, re),
                step("PE", self.pe, pe),
                step("ER", "{RE}-{PE}", er),
            ],
            fixed: fixed.collect(),
            outcome: None,
        })
    }
}

/// `{A}*{B}/{C}`, or `0`; quotients must end.
fn product(text: &str, named: &impl Fn(&str) -> Decimal) -> Decimal {
    let mut result = Decimal::new(i128::from(text != "0"), 0).unwrap();
    for part in text.split('{').skip(1) {
        let (name, _) = part.split_once('}').unwrap();
        let value = named(name);
        let is_divisor = text[..text.find(&format!("{{{name}}}")).unwrap()].ends_with('/');
        result = if is_divisor {
            let scaled = result.coefficient() * 1_000_000;
            assert_eq!(scaled % value.coefficient(), 0, "{text} does not end");
            Decimal::new(scaled / value.coefficient(), result.exponent() - 6 - value.exponent())
                .unwrap()
        } else {
            let coefficient = result.coefficient() * value.coefficient();
            Decimal::new(coefficient, result.exponent() + value.exponent()).unwrap()
        };
    }
    result
}

fn combine(a: Decimal, b: Decimal, with: fn(i128, i128) -> i128) -> Decimal {
    let exponent = a.exponent().min(b.exponent());
    let scaled = |value: Decimal| {
        value.coefficient() * 10i128.pow((value.exponent() - exponent).unsigned_abs())
    };
    Decimal::new(with(scaled(a), scaled(b)), exponent).unwrap()
}
