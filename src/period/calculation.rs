//! A methodology on values given by hand: evaluated and claimed year by year, and held against worked
//! examples.
//!
//! Takes a methodology and values in the form of [`crate::methodology::values`]; gives each calendar
//! year's outcome and claim. An example passes when every figure it expects comes out to every digit
//! that it prints.

use serde_json::Value;

use super::claim::{Claim, claim};
use crate::methodology::model::Vector;
use crate::methodology::values::{self, GivenYear};
use crate::methodology::{Budget, BudgetError, EvaluationError, Inputs, Methodology, Outcome};

/// What came out.
#[derive(Debug, Clone)]
pub struct Calculation {
    /// In the order of time; at least one.
    pub years: Vec<CalculatedYear>,
    /// What was understood beyond what was written, for people.
    pub notes: Vec<String>,
}

/// One calendar year, or the one part that values without years are of.
#[derive(Debug, Clone)]
pub struct CalculatedYear {
    /// As given; `None` where the values name no year.
    pub year: Option<String>,
    pub inputs: Inputs,
    pub outcome: Outcome,
    pub claim: Claim,
    /// The uncertainty of ER, where values say theirs. Information: it changes nothing.
    pub budget: Option<Budget>,
}

/// Why nothing came out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalculationError {
    /// Everything wrong with the values.
    #[error("{}", .0.join("\n"))]
    Values(Vec<String>),
    #[error("{}{error}", year_of(.year))]
    Evaluation { year: Option<String>, error: EvaluationError },
    #[error(transparent)]
    Budget(#[from] BudgetError),
    #[error("the reductions are beyond the range of whole numbers")]
    Range,
}

fn year_of(year: &Option<String>) -> String {
    year.as_ref().map(|year| format!("{year}: ")).unwrap_or_default()
}

/// A figure of a worked example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// As the example names it, such as `RE` or `RE_site[offgrid]`.
    pub name: String,
    pub expected: String,
    /// To as many digits as are expected.
    pub got: String,
}

impl Figure {
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.expected == self.got
    }
}

impl Calculation {
    /// Evaluates a methodology on values, each year by itself; a negative year claims nothing and is
    /// deducted from the years after it.
    ///
    /// # Errors
    /// Values that cannot be read or lack something, and everything that the evaluation refuses.
    pub fn new(methodology: &Methodology, values: &Value) -> Result<Self, CalculationError> {
        let given = values::read(methodology, values).map_err(CalculationError::Values)?;
        let mut years = Vec::new();
        let mut carried = 0;
        for GivenYear { year, inputs, uncertain } in given.years {
            let outcome = methodology
                .evaluate(&inputs)
                .map_err(|error| CalculationError::Evaluation { year: year.clone(), error })?;
            let er = outcome.er.to_decimal().map_err(|_| CalculationError::Range)?;
            let binary = outcome.boundary().map(|(_, binary)| i128::from(binary));
            let claim = claim(er, binary, carried).ok_or(CalculationError::Range)?;
            carried = claim.carried_out;
            let budget = match uncertain.is_empty() {
                true => None,
                false => Some(outcome.budget(&uncertain)?),
            };
            years.push(CalculatedYear { year, inputs, outcome, claim, budget });
        }
        Ok(Self { years, notes: given.notes })
    }

    /// What all years claim, in whole tCO2e.
    #[must_use]
    pub fn claimed(&self) -> i128 {
        self.years.iter().map(|year| year.claim.claimed).sum()
    }

    /// What an example expects, and what came out. Names are symbols of equations, `ER_floor` and
    /// `ER_claimed`; `RE_2024` is of one year, `ER_claimed_total` of all.
    #[must_use]
    pub fn against(&self, expected: &Value) -> Vec<Figure> {
        let mut figures = Vec::new();
        for (name, value) in expected.as_object().into_iter().flatten() {
            match value {
                Value::Object(members) => {
                    for (member, digits) in members {
                        let got = self.figure(name, Some(member), digits);
                        let name = format!("{name}[{member}]");
                        figures.push(Figure { name, expected: shown(digits), got });
                    }
                }
                digits => {
                    let got = self.figure(name, None, digits);
                    figures.push(Figure { name: name.clone(), expected: shown(digits), got });
                }
            }
        }
        figures
    }

    fn figure(&self, name: &str, member: Option<&str>, expected: &Value) -> String {
        if name == "ER_claimed_total" {
            return self.claimed().to_string();
        }
        let by_year = name.rsplit_once('_').and_then(|(symbol, year)| {
            let known = self.years.iter().find(|known| known.year.as_deref() == Some(year))?;
            Some((symbol, known))
        });
        let (symbol, of) = match (by_year, self.years.as_slice()) {
            (Some(found), _) => found,
            (None, [only]) => (name, only),
            (None, _) => return "several years: name one".to_owned(),
        };
        match symbol {
            "ER_floor" => return of.claim.floored.to_string(),
            "ER_claimed" => return of.claim.claimed.to_string(),
            _ => {}
        }
        let is_meant = |members: &[String]| match member {
            Some(member) => members.iter().any(|own| own == member),
            None => true,
        };
        let outcome = &of.outcome;
        let found: Vec<_> = outcome
            .trace
            .iter()
            .filter(|step| step.symbol == symbol && is_meant(&step.members))
            .collect();
        let text = shown(expected);
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        match found.as_slice() {
            [step] => step.value.to_fixed(u32::try_from(decimals).unwrap_or(u32::MAX)),
            [] => "no such equation".to_owned(),
            _ => "several members: name one".to_owned(),
        }
    }
}

/// Digits as an example writes them.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Runs a worked example of a methodology.
///
/// # Errors
/// See [`Calculation::new`].
pub fn example(
    methodology: &Methodology,
    vector: &Vector,
) -> Result<Vec<Figure>, CalculationError> {
    let json = |table: &toml::Table| {
        serde_json::to_value(table)
            .map_err(|error| CalculationError::Values(vec![error.to_string()]))
    };
    let calculation = Calculation::new(methodology, &json(&vector.inputs)?)?;
    Ok(calculation.against(&json(&vector.expected)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methodology::shipped;
    use serde_json::json;

    fn methodology(id: &str) -> Methodology {
        let file = shipped().iter().find(|shipped| shipped.id == id).unwrap();
        Methodology::parse(file.file, file.text).unwrap_or_else(|found| {
            panic!("{}", found.iter().map(|d| format!("{d}\n")).collect::<String>())
        })
    }

    #[test]
    fn every_shipped_methodology_gives_its_examples_to_every_digit() {
        let mut wrong = Vec::new();
        for file in shipped() {
            let methodology = match Methodology::parse(file.file, file.text) {
                Ok(methodology) => methodology,
                Err(found) => {
                    wrong.extend(found.iter().map(ToString::to_string));
                    continue;
                }
            };
            if methodology.vectors.is_empty() {
                wrong.push(format!("{} has no example", file.file));
            }
            for vector in &methodology.vectors {
                match example(&methodology, vector) {
                    Ok(figures) => {
                        wrong.extend(figures.iter().filter(|f| !f.is_right()).map(|f| {
                            format!(
                                "{} {}: {} is {}, not {}",
                                file.id, vector.id, f.name, f.got, f.expected
                            )
                        }))
                    }
                    Err(error) => wrong.push(format!("{} {}: {error}", file.id, vector.id)),
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn each_calendar_year_is_floored_by_itself_and_debts_are_paid() {
        let solar = methodology("MRV_PV_F1");
        let mwh = |value: &str| json!({ "value": value, "unit": "MWh" });
        let factor = json!({ "value": "0.619", "unit": "tCO2/MWh" });
        let values =
            json!({ "EG": { "2024": mwh("634.444"), "2023": mwh("600.123") }, "EF_RE": factor });
        let calculation = Calculation::new(&solar, &values).unwrap();
        let years: Vec<_> =
            calculation.years.iter().map(|y| (y.year.clone().unwrap(), y.claim.claimed)).collect();
        assert_eq!(years, [("2023".to_owned(), 371), ("2024".to_owned(), 392)]);
        assert_eq!(calculation.claimed(), 763);
        let figures =
            calculation.against(&json!({ "RE_2023": "371.476137", "RE": "1", "XX_2023": "1" }));
        assert_eq!(figures[0].got, "371.476137");
        assert_eq!(figures[1].got, "several years: name one");
        assert_eq!(figures[2].got, "no such equation");
    }

    #[test]
    fn wrong_values_are_told_all_at_once() {
        let solar = methodology("MRV_PV_F1");
        let values = json!({ "EG": "12", "EF_RE": { "value": "0.6", "unit": "tCO2/t" }, "EX": 1 });
        let error = Calculation::new(&solar, &values).unwrap_err();
        assert_eq!(
            error.to_string(),
            "methodology MRV_PV_F1 knows no parameter EX; it has EG, EF_RE\n\
             EG[1]: a bare number needs its unit: {\"value\": \"12\", \"unit\": \"MWh\"}\n\
             EF_RE[1]: tCO2/t is no tCO2/MWh, the unit of the methodology"
        );
        let missing = Calculation::new(&solar, &json!({ "EG": { "value": "12", "unit": "MWh" } }));
        assert_eq!(missing.unwrap_err().to_string(), "EF_RE[1] has no value");
    }

    #[test]
    fn a_part_asks_for_what_it_stands_on_and_no_more() {
        let mixed = methodology("MRV_CH_F2_MIX");
        let part = mixed.part("EF_elec").unwrap();
        let value = |value: &str, unit: &str| json!({ "value": value, "unit": unit });
        let values = json!({
            "EI_grid": value("42826.880", "MWh"), "EF_grid": value("0.800", "tCO2/MWh"),
            "EG_captive": value("1250", "MWh"), "EF_captive": value("0.533", "tCO2/MWh"),
        });
        let calculation = Calculation::new(&part, &values).unwrap();
        let figures = calculation.against(&json!({ "EF_elec": "0.792428" }));
        assert!(figures[0].is_right(), "{figures:?}");
        assert!(Calculation::new(&mixed, &values).is_err());
        assert!(mixed.part("EC_PJ").is_none());
    }
}
