//! What a period needs of a methodology: its equations, evaluated at the bounds where ER is lowest.

use super::cells::{CalendarSet, Grain};
use super::statement::{EquationFacts, FixedFacts, MethodologyFacts, StepResult, label};
use crate::config::plan::{FixedValue, Registered};
use crate::domain::decimal::Decimal;
use crate::methodology::{
    Aggregation, Bounds, IndexSet, Inputs, Methodology, Number, Outcome, ParameterKind, Picked,
    Sheet, Step,
};

/// The equations of a methodology. [`Methodology`] is the one of the house.
pub trait Equations: std::fmt::Debug {
    /// What the methodology says of itself.
    fn facts(&self) -> MethodologyFacts;

    /// What a parameter stands for; empty when the methodology does not know it.
    fn description(&self, symbol: &str) -> String;

    /// The unit in which a parameter enters the equations.
    fn unit(&self, symbol: &str) -> Option<String>;

    /// How a monitored parameter's values come about; `None` when the methodology does not say: a
    /// sum for what adds up, a mean for what does not, one value for the whole part of a year.
    fn collection(&self, symbol: &str) -> Option<Collection> {
        let _ = symbol;
        None
    }

    /// The calendars that its indices run over, and whether some sum looks back beyond the evaluated
    /// part.
    fn calendars(&self) -> Vec<(Grain, bool)> {
        Vec::new()
    }

    /// Whether RE, PE and ER of a year are the sums of those of its parts.
    ///
    /// # Errors
    /// Why they are not, or cannot be shown to be, for people.
    fn additive(&self) -> Result<Additive, String> {
        Err("its equations do not say whether they add up over time".to_owned())
    }

    /// True if it alters nothing how a total of a monitored parameter is split among the cells of its
    /// calendar; false where that is not known.
    fn is_indifferent(&self, symbol: &str) -> bool {
        let _ = symbol;
        false
    }

    /// What a plan lacks of what the methodology asks for (V-PLAN), worded for people.
    fn lacks(&self, registered: &Registered) -> Vec<String>;

    /// RE, PE and ER with the plan's fixed values, at the bounds of its monitored parameters where
    /// ER is lowest.
    ///
    /// # Errors
    /// Why the equations have no value.
    fn evaluate(&self, given: &Given<'_>) -> Result<Evaluation, String>;
}

/// How the values of a parameter come about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    pub how: How,
    /// Its indices in order; how finely a calendar index is cut, `None` for one whose members are
    /// named.
    pub indices: Vec<(String, Option<Grain>)>,
    /// True if the equations look at its values before the evaluated part.
    pub needs_history: bool,
}

/// How a year's results are made of those of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Additive {
    /// The calendar whose cells must not be cut.
    pub grain: Option<Grain>,
    /// Symbols of equations whose values add up, RE, PE and ER among them.
    pub totals: Vec<String>,
}

/// How the values inside a cell of the calendar become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    Sum,
    /// Weighted by time.
    Mean,
    /// Weighted by the parameter of this symbol: of the same members, so far as it has them.
    Weighted(String),
    /// The last value in the cell, at its end.
    Last,
    /// The last value at or before the end, however old.
    Latest,
    /// No number: a member of an index.
    Category,
}

/// What the equations are evaluated on: one calendar year of one methodology.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// Of this methodology alone.
    pub registered: &'a Registered,
    /// The calendar indices that its parameters use.
    pub calendar: &'a [CalendarSet],
    pub inputs: &'a [BoundedInput],
    pub categories: &'a [CategoryInput],
}

/// A category in a cell of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryInput {
    pub symbol: String,
    pub members: Vec<String>,
    /// A member of an index; `None` where it is not known.
    pub category: Option<String>,
}

/// A monitored parameter, known to lie between two bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundedInput {
    pub symbol: String,
    pub members: Vec<String>,
    pub unit: String,
    /// Equal where the value is known exactly.
    pub low: Decimal,
    pub high: Decimal,
}

/// What the equations give, in exact decimals.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// In tCO2e, where ER is lowest.
    pub re: Decimal,
    pub pe: Decimal,
    pub er: Decimal,
    /// ER where it is highest.
    pub er_highest: Decimal,
    /// What ER floors to in a spreadsheet, where that differs: the lower is claimed (V-BOUNDARY).
    pub spreadsheet_floor: Option<i128>,
    /// The values of the inputs where ER is lowest, in their order.
    pub chosen: Vec<Decimal>,
    /// Points that were tried.
    pub trial_count: u64,
    pub steps: Vec<StepResult>,
    /// The values fixed ex ante as they entered the equations.
    pub fixed: Vec<FixedFacts>,
    /// The outcome itself, for what is only told beside the figures; `None` where equations keep none.
    pub outcome: Option<Outcome>,
}

impl Equations for Methodology {
    fn facts(&self) -> MethodologyFacts {
        let equations = self.equations.iter().map(|equation| EquationFacts {
            symbol: label(&equation.symbol, &equation.indices),
            unit: equation.unit.to_string(),
            text: equation.text.clone(),
            about: equation.about.clone(),
            sure: equation.sure.tag(),
        });
        MethodologyFacts {
            id: self.id.clone(),
            version: self.version.clone(),
            title: self.title.clone(),
            source: self.source.clone(),
            equations: equations.collect(),
        }
    }

    fn description(&self, symbol: &str) -> String {
        self.parameter(symbol).map_or(String::new(), |parameter| parameter.about.clone())
    }

    fn unit(&self, symbol: &str) -> Option<String> {
        self.parameter(symbol).map(|parameter| parameter.unit.to_string())
    }

    fn collection(&self, symbol: &str) -> Option<Collection> {
        let parameter = self.parameter(symbol)?;
        let ParameterKind::Monitored { aggregation, .. } = &parameter.kind else { return None };
        let how = match aggregation {
            _ if parameter.category_of.is_some() => How::Category,
            Aggregation::Sum => How::Sum,
            Aggregation::Mean => How::Mean,
            Aggregation::WeightedMean { by } => How::Weighted(by.clone()),
            Aggregation::Last => How::Last,
            Aggregation::Latest => How::Latest,
        };
        let cut = |symbol: &String| {
            (symbol.clone(), self.index(symbol).and_then(|index| grain(&index.set)))
        };
        let indices = parameter.indices.iter().map(cut).collect();
        Some(Collection { how, indices, needs_history: self.needs_history(symbol) })
    }

    fn calendars(&self) -> Vec<(Grain, bool)> {
        let of_parameters = self.parameters.iter().map(|one| (&one.symbol, &one.indices));
        let of_equations = self.equations.iter().map(|one| (&one.symbol, &one.indices));
        let symbols: Vec<_> = of_parameters.chain(of_equations).collect();
        let looks_back = |index: &String| {
            let mut using = symbols.iter().filter(|(_, indices)| indices.contains(index));
            using.any(|(symbol, _)| self.needs_history(symbol))
        };
        let mut calendars: Vec<(Grain, bool)> = Vec::new();
        for index in &self.indices {
            let Some(grain) = grain(&index.set) else { continue };
            let needs_history = looks_back(&index.symbol);
            match calendars.iter_mut().find(|(known, _)| *known == grain) {
                Some((_, known)) => *known |= needs_history,
                None => calendars.push((grain, needs_history)),
            }
        }
        calendars
    }

    fn additive(&self) -> Result<Additive, String> {
        let (calendar, totals) = Methodology::additive(self)?;
        Ok(Additive { grain: calendar.and_then(grain), totals })
    }

    fn is_indifferent(&self, symbol: &str) -> bool {
        Methodology::is_indifferent(self, symbol)
    }

    fn lacks(&self, registered: &Registered) -> Vec<String> {
        self.check_inputs(registered)
    }

    fn evaluate(&self, given: &Given<'_>) -> Result<Evaluation, String> {
        let (registered, bounded) = (given.registered, given.inputs);
        let mut inputs = Inputs::new(&registered.index_sets);
        for CalendarSet { grain, members, first } in given.calendar {
            inputs.set_calendar(index_set(*grain), members.clone(), *first);
        }
        for CategoryInput { symbol, members, category } in given.categories {
            inputs.set_category(symbol, members, category.as_deref());
        }
        for FixedValue { symbol, members, value, unit, .. } in &registered.fixed {
            let bounds = Bounds::exact(Number::from(*value));
            inputs
                .set(symbol, members, bounds, unit)
                .map_err(|error| format!("{} cannot be taken: {error}", label(symbol, members)))?;
        }
        for BoundedInput { symbol, members, unit, low, high } in bounded {
            let bounds = Bounds::new(Number::from(*low), Number::from(*high));
            let set = bounds.and_then(|bounds| inputs.set(symbol, members, bounds, unit));
            set.map_err(|error| format!("{} cannot be taken: {error}", label(symbol, members)))?;
        }
        let outcome = Methodology::evaluate(self, &inputs).map_err(|error| error.to_string())?;
        let chosen = bounded.iter().map(|bounded| {
            let picked = picked(&outcome, &bounded.symbol, &bounded.members);
            // A parameter that the methodology does not know moves nothing.
            picked.map_or(Ok(bounded.low), |one| decimal(&one.value))
        });
        let steps = outcome.trace.iter().map(|step| step_result(self, &inputs, step));
        Ok(Evaluation {
            re: decimal(&outcome.re)?,
            pe: decimal(&outcome.pe)?,
            er: decimal(&outcome.er)?,
            er_highest: decimal(&outcome.er_highest)?,
            spreadsheet_floor: outcome.boundary().map(|(_, binary)| binary.into()),
            chosen: chosen.collect::<Result<_, _>>()?,
            trial_count: outcome.trials as u64,
            steps: steps.collect::<Result<_, _>>()?,
            fixed: fixed(self, registered, &outcome)?,
            outcome: Some(outcome),
        })
    }
}

/// How finely a calendar index is cut; `None` for an index whose members are named.
fn grain(set: &IndexSet) -> Option<Grain> {
    match set {
        IndexSet::Planned | IndexSet::Fixed(_) => None,
        IndexSet::Years => Some(Grain::Years),
        IndexSet::Months => Some(Grain::Months),
        IndexSet::Days => Some(Grain::Days),
        IndexSet::Hours => Some(Grain::Hours),
    }
}

fn index_set(grain: Grain) -> IndexSet {
    match grain {
        Grain::Years => IndexSet::Years,
        Grain::Months => IndexSet::Months,
        Grain::Days => IndexSet::Days,
        Grain::Hours => IndexSet::Hours,
    }
}

fn decimal(number: &Number) -> Result<Decimal, String> {
    number.to_decimal().map_err(|error| error.to_string())
}

fn picked<'a>(outcome: &'a Outcome, symbol: &str, members: &[String]) -> Option<&'a Picked> {
    outcome.inputs.iter().find(|one| one.symbol == symbol && one.members == members)
}

/// Gives formulae labels in braces, and sums that are too long for one cell a number: `{#1}`.
#[derive(Default)]
struct Labels {
    sums: Vec<Vec<String>>,
}

impl Sheet for Labels {
    fn cell(&mut self, symbol: &str, members: &[String]) -> String {
        format!("{{{}}}", label(symbol, members))
    }

    fn column(&mut self, terms: Vec<String>) -> Option<String> {
        self.sums.push(terms);
        Some(format!("{{#{}}}", self.sums.len()))
    }
}

fn step_result(
    methodology: &Methodology,
    inputs: &Inputs,
    step: &Step,
) -> Result<StepResult, String> {
    let mut labels = Labels::default();
    let formula = methodology.formula(&step.symbol, &step.members, inputs, &mut labels);
    let equation = methodology.equation(&step.symbol);
    Ok(StepResult {
        symbol: step.symbol.clone(),
        members: step.members.clone(),
        unit: step.unit.to_string(),
        description: equation.map_or(String::new(), |equation| equation.about.clone()),
        equation: step.equation.clone(),
        formula: formula.unwrap_or_default(),
        sums: labels.sums,
        value: decimal(&step.value)?,
    })
}

/// The values fixed ex ante as they entered the equations: the plan's, then the methodology's
/// defaults where the plan gives none.
fn fixed(
    methodology: &Methodology,
    registered: &Registered,
    outcome: &Outcome,
) -> Result<Vec<FixedFacts>, String> {
    let mut facts = Vec::new();
    for fixed in &registered.fixed {
        let (value, unit) = match picked(outcome, &fixed.symbol, &fixed.members) {
            Some(one) => (decimal(&one.value)?, one.unit.to_string()),
            None => (fixed.value, fixed.unit.clone()),
        };
        let mut comments = fixed.comments.clone();
        if unit != fixed.unit {
            let separator = if comments.is_empty() { "" } else { "; " };
            comments += &format!("{separator}given as {} {}", fixed.value, fixed.unit);
        }
        facts.push(FixedFacts {
            methodology: methodology.id.clone(),
            symbol: fixed.symbol.clone(),
            members: fixed.members.clone(),
            description: methodology.description(&fixed.symbol),
            value,
            unit,
            source: fixed.source.clone(),
            confirmed: fixed.confirmed.clone(),
            comments,
        });
    }
    for one in outcome.inputs.iter().filter(|one| one.is_default) {
        let parameter = methodology.parameter(&one.symbol);
        let default = parameter.and_then(|parameter| parameter.default(&one.members));
        let sure = parameter.map_or("", |parameter| parameter.sure.tag());
        facts.push(FixedFacts {
            methodology: methodology.id.clone(),
            symbol: one.symbol.clone(),
            members: one.members.clone(),
            description: methodology.description(&one.symbol),
            value: decimal(&one.value)?,
            unit: one.unit.to_string(),
            source: default.map_or(String::new(), |default| default.source.clone()),
            // A sample stands in until the plan says who confirmed a value, and from what.
            confirmed: (!one.is_sample)
                .then(|| format!("default of the methodology (sureness {sure})")),
            comments: String::new(),
        });
    }
    Ok(facts)
}
