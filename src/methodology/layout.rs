//! Writing equations out as a [`Tape`] for the members that an evaluation names.
//!
//! Sums become chains of additions in declared order, selections of members become cases, and an
//! equation becomes one line for each member of its indices. Over a calendar, a symbol has the
//! members of the evaluated part; one that is summed over the past has all since the project's first.

use std::collections::{HashMap, HashSet};

use super::Place;
use super::inputs::Inputs;
use super::limits::OPERATIONS_MAX;
use super::model::{IndexSet, Methodology, Parameter};
use super::number::{Number, whole};
use super::outcome::EvaluationError;
use super::syntax::{Condition, Expression, Kind, Operator, Relation, Selector, YEAR};
use super::tape::{Cases, Line, Operation, Tape, Test};

/// The members of an index in one evaluation.
pub(super) struct Set<'a> {
    pub members: &'a [String],
    /// Where the evaluated part starts; 0 but for calendars.
    pub first: usize,
    calendar: Option<&'a IndexSet>,
}

/// Indices of one line with the place of their member.
type Bound<'a> = Vec<(&'a str, usize)>;

impl Tape {
    pub(super) fn new(methodology: &Methodology, inputs: &Inputs) -> Result<Self, EvaluationError> {
        let sets = sets(methodology, inputs)?;
        let mut writer = Writer {
            methodology,
            inputs,
            sets: &sets,
            operations: Vec::new(),
            known: HashMap::new(),
            symbols: HashMap::new(),
            places: HashMap::new(),
            uses: Vec::new(),
            used: HashSet::new(),
        };
        let names = methodology.parameters.iter().map(|p| p.symbol.as_str());
        for name in names.chain(methodology.equations.iter().map(|e| e.symbol.as_str())) {
            let number = writer.symbols.len();
            writer.symbols.insert(name, number);
        }
        let mut input_places = Vec::new();
        for parameter in &methodology.parameters {
            for members in writer.combinations(&parameter.symbol, &parameter.indices)? {
                let at = writer.push(Operation::Input(input_places.len()))?;
                input_places.push(writer.place(&parameter.symbol, &parameter.indices, &members));
                writer.remember(&parameter.symbol, members, at);
            }
        }
        let mut lines = Vec::new();
        for &position in &methodology.order {
            let equation = &methodology.equations[position];
            for members in writer.combinations(&equation.symbol, &equation.indices)? {
                let indices = equation.indices.iter().map(String::as_str);
                let mut bound: Bound<'_> = indices.zip(members.iter().copied()).collect();
                writer.used.clear();
                let result = writer.expression(&equation.checked, &mut bound)?;
                let (_, named) = writer.place(&equation.symbol, &equation.indices, &members);
                writer.remember(&equation.symbol, members, result);
                let uses = std::mem::take(&mut writer.uses);
                lines.push(Line { equation: position, members: named, result, uses });
            }
        }
        let er = writer.symbols.get("ER").and_then(|er| writer.places.get(&(*er, Vec::new())));
        let er = er.copied();
        let er = er.ok_or(EvaluationError::Missing { symbol: "ER".into(), members: Vec::new() })?;
        Ok(Self { operations: writer.operations, lines, inputs: input_places, er })
    }
}

/// The members of every index of a methodology.
pub(super) fn sets<'a>(
    methodology: &'a Methodology,
    inputs: &'a Inputs,
) -> Result<HashMap<&'a str, Set<'a>>, EvaluationError> {
    let mut sets = HashMap::new();
    for index in &methodology.indices {
        let named = inputs.index_sets.get(&index.symbol);
        let set = match &index.set {
            IndexSet::Fixed(members) => Some(Set { members, first: 0, calendar: None }),
            IndexSet::Planned => named.map(|members| Set { members, first: 0, calendar: None }),
            calendar => inputs.calendar(calendar).map(|(members, first)| Set {
                members,
                first,
                calendar: Some(calendar),
            }),
        };
        let set = set.filter(|set| set.first < set.members.len());
        let missing = || EvaluationError::NoMembers { index: index.symbol.clone() };
        sets.insert(index.symbol.as_str(), set.ok_or_else(missing)?);
    }
    Ok(sets)
}

/// The place of a bound index's member, or of the evaluated year, among the members of its set.
pub(super) fn position(
    sets: &HashMap<&str, Set<'_>>,
    index: &str,
    bound: &[(&str, usize)],
) -> Option<usize> {
    if let Some((_, at)) = bound.iter().rev().find(|(symbol, _)| *symbol == index) {
        return Some(*at);
    }
    let years = sets.values().find(|set| set.calendar == Some(&IndexSet::Years));
    years.filter(|_| index == YEAR).map(|years| years.first)
}

/// What makes two operations one: the same operation on the same operands.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Same {
    Constant(String),
    Negate(usize),
    Add(usize, usize),
    Multiply(usize, usize),
    Divide(usize, usize),
    Exp(usize),
}

struct Writer<'a> {
    methodology: &'a Methodology,
    inputs: &'a Inputs,
    sets: &'a HashMap<&'a str, Set<'a>>,
    operations: Vec<Operation>,
    /// Where each operation that can be shared stands.
    known: HashMap<Same, usize>,
    /// Parameters and equations by number.
    symbols: HashMap<&'a str, usize>,
    /// Where the value of a symbol for these members stands.
    places: HashMap<(usize, Vec<usize>), usize>,
    /// Of the line being written, each place once.
    uses: Vec<Place>,
    used: HashSet<usize>,
}

impl<'a> Writer<'a> {
    /// Adds an operation, or finds the one that computes the same: the decay of an age is one
    /// exponential, however many months have that age.
    fn push(&mut self, operation: Operation) -> Result<usize, EvaluationError> {
        let key = match &operation {
            Operation::Constant(value) => Some(Same::Constant(value.to_string())),
            Operation::Negate(of) => Some(Same::Negate(*of)),
            Operation::Add(left, right) => Some(Same::Add(*left, *right)),
            Operation::Multiply(left, right) => Some(Same::Multiply(*left, *right)),
            Operation::Divide(left, right) => Some(Same::Divide(*left, *right)),
            Operation::Exp(of) => Some(Same::Exp(*of)),
            Operation::Input(_)
            | Operation::Power(..)
            | Operation::Extreme(..)
            | Operation::Case(_) => None,
        };
        let at = self.operations.len();
        if at >= OPERATIONS_MAX {
            return Err(EvaluationError::TooLarge { max: OPERATIONS_MAX });
        }
        if let Some(key) = key {
            let known = *self.known.entry(key).or_insert(at);
            if known < at {
                return Ok(known);
            }
        }
        self.operations.push(operation);
        Ok(at)
    }

    fn whole(&mut self, value: i128) -> Result<usize, EvaluationError> {
        self.push(Operation::Constant(Number::exact(whole(value))))
    }

    fn set(&self, index: &str) -> Result<&'a Set<'a>, EvaluationError> {
        let set = self.sets.get(index);
        set.ok_or_else(|| EvaluationError::NoMembers { index: index.to_owned() })
    }

    /// Every combination of members that a symbol has, in the order of the sets.
    fn combinations(
        &self,
        symbol: &str,
        indices: &[String],
    ) -> Result<Vec<Vec<usize>>, EvaluationError> {
        let has_past = self.methodology.needs_history(symbol);
        let mut all = vec![Vec::with_capacity(indices.len())];
        for index in indices {
            let set = self.set(index)?;
            let first = if has_past { 0 } else { set.first };
            let longer = all.iter().flat_map(|prefix: &Vec<usize>| {
                (first..set.members.len()).map(move |member| {
                    let mut longer = prefix.clone();
                    longer.push(member);
                    longer
                })
            });
            all = longer.collect();
        }
        Ok(all)
    }

    fn place(&self, symbol: &str, indices: &[String], members: &[usize]) -> Place {
        let named = indices.iter().zip(members).map(|(index, member)| {
            let set = self.sets.get(index.as_str());
            set.and_then(|set| set.members.get(*member)).cloned().unwrap_or_default()
        });
        (symbol.to_owned(), named.collect())
    }

    fn remember(&mut self, symbol: &str, members: Vec<usize>, at: usize) {
        if let Some(number) = self.symbols.get(symbol) {
            self.places.insert((*number, members), at);
        }
    }

    /// The value of a symbol for these members.
    fn value(&mut self, symbol: &str, members: Vec<usize>) -> Result<usize, EvaluationError> {
        let indices = self.methodology.indices_of(symbol).unwrap_or_default();
        let number = self.symbols.get(symbol).copied();
        let key = number.map(|number| (number, members));
        let at = key.as_ref().and_then(|key| self.places.get(key)).copied();
        let members = key.map_or(Vec::new(), |(_, members)| members);
        let Some(at) = at else {
            let (symbol, members) = self.place(symbol, indices, &members);
            return Err(EvaluationError::Missing { symbol, members });
        };
        if self.used.insert(at) {
            let place = self.place(symbol, indices, &members);
            self.uses.push(place);
        }
        Ok(at)
    }

    fn expression(
        &mut self,
        expression: &'a Expression,
        bound: &mut Bound<'a>,
    ) -> Result<usize, EvaluationError> {
        match &expression.kind {
            Kind::Number { value, .. } => self.push(Operation::Constant(Number::from(*value))),
            Kind::Symbol { name, indices } => {
                self.selected(name, Vec::with_capacity(indices.len()), indices, bound)
            }
            Kind::Position(index) => {
                let at = self.position(index, bound)?;
                self.whole(at as i128)
            }
            Kind::Negate(inner) => {
                let inner = self.expression(inner, bound)?;
                self.push(Operation::Negate(inner))
            }
            Kind::Binary(operator, left, right) => {
                let left = self.expression(left, bound)?;
                let right = self.expression(right, bound)?;
                self.binary(*operator, left, right)
            }
            Kind::Power(base, exponent) => {
                let base = self.expression(base, bound)?;
                self.push(Operation::Power(base, *exponent))
            }
            Kind::Exp(inner) => {
                let inner = self.expression(inner, bound)?;
                self.push(Operation::Exp(inner))
            }
            Kind::Extreme(extreme, arguments) => {
                let arguments: Result<Vec<usize>, _> =
                    arguments.iter().map(|argument| self.expression(argument, bound)).collect();
                self.push(Operation::Extreme(*extreme, arguments?))
            }
            Kind::Sum { index, up_to, body } => {
                let members = self.summed(index, up_to.as_deref(), bound)?;
                self.sum(index, members, &[body], bound)
            }
            Kind::Mean { index, body, weight } => {
                let members = self.summed(index, None, bound)?;
                let above = self.sum(index, members.clone(), &[body, weight], bound)?;
                let below = self.sum(index, members, &[weight], bound)?;
                self.push(Operation::Divide(above, below))
            }
            Kind::If { condition, then, otherwise } => {
                let Condition { left, relation, right } = condition.as_ref();
                let left = self.expression(left, bound)?;
                let right = self.expression(right, bound)?;
                let then = self.expression(then, bound)?;
                let otherwise = Some(self.expression(otherwise, bound)?);
                let cases = vec![(vec![Test { left, relation: *relation, right }], then)];
                self.push(Operation::Case(Box::new(Cases { cases, otherwise })))
            }
            Kind::Convert(scale, inner) => {
                let mut at = self.expression(inner, bound)?;
                if scale.multiply != 1 {
                    let factor = self.whole(scale.multiply)?;
                    at = self.push(Operation::Multiply(at, factor))?;
                }
                if scale.add != 0 {
                    let offset = self.whole(scale.add)?;
                    at = self.push(Operation::Add(at, offset))?;
                }
                if scale.divide != 1 {
                    let divisor = self.whole(scale.divide)?;
                    at = self.push(Operation::Divide(at, divisor))?;
                }
                Ok(at)
            }
        }
    }

    fn binary(
        &mut self,
        operator: Operator,
        left: usize,
        right: usize,
    ) -> Result<usize, EvaluationError> {
        match operator {
            Operator::Add => self.push(Operation::Add(left, right)),
            Operator::Subtract => {
                let negative = self.push(Operation::Negate(right))?;
                self.push(Operation::Add(left, negative))
            }
            Operator::Multiply => self.push(Operation::Multiply(left, right)),
            Operator::Divide => self.push(Operation::Divide(left, right)),
        }
    }

    /// The members that a sum runs over.
    fn summed(
        &self,
        index: &str,
        up_to: Option<&str>,
        bound: &Bound<'a>,
    ) -> Result<std::ops::Range<usize>, EvaluationError> {
        let set = self.set(index)?;
        match up_to {
            None => Ok(set.first..set.members.len()),
            Some(last) => Ok(0..self.position(last, bound)? + 1),
        }
    }

    /// The sum, over these members of an index, of the product of `factors`.
    fn sum(
        &mut self,
        index: &'a str,
        members: std::ops::Range<usize>,
        factors: &[&'a Expression],
        bound: &mut Bound<'a>,
    ) -> Result<usize, EvaluationError> {
        let mut sum = None;
        for member in members {
            bound.push((index, member));
            let mut term = None;
            for factor in factors {
                let value = self.expression(factor, bound)?;
                term = Some(match term {
                    None => value,
                    Some(term) => self.push(Operation::Multiply(term, value))?,
                });
            }
            bound.pop();
            sum = match (sum, term) {
                (Some(sum), Some(term)) => Some(self.push(Operation::Add(sum, term))?),
                (sum, term) => sum.or(term),
            };
        }
        sum.ok_or_else(|| EvaluationError::NoMembers { index: index.to_owned() })
    }

    /// The place of a bound index's member, or of the evaluated year, on its calendar.
    fn position(&self, index: &str, bound: &Bound<'a>) -> Result<usize, EvaluationError> {
        let at = position(self.sets, index, bound);
        at.ok_or_else(|| EvaluationError::NoMembers { index: index.to_owned() })
    }

    /// A symbol for the members known so far and those that `rest` selects.
    fn selected(
        &mut self,
        name: &'a str,
        mut members: Vec<usize>,
        rest: &'a [Selector],
        bound: &mut Bound<'a>,
    ) -> Result<usize, EvaluationError> {
        let Some((selector, rest)) = rest.split_first() else {
            return self.value(name, members);
        };
        let arm = |writer: &mut Self, member: usize, bound: &mut Bound<'a>| {
            let mut longer = members.clone();
            longer.push(member);
            writer.selected(name, longer, rest, bound)
        };
        match selector {
            Selector::Index(index) => {
                members.push(self.position(index, bound)?);
                self.selected(name, members, rest, bound)
            }
            Selector::Category { symbol, indices } => {
                let at: Result<Vec<usize>, _> =
                    indices.iter().map(|index| self.position(index, bound)).collect();
                let at = at?;
                let driver = self.value(symbol, at.clone())?;
                let parameter = self.methodology.parameter(symbol);
                let (known, count) = self.category(parameter, &at)?;
                if let Some(member) = known {
                    return arm(self, member, bound);
                }
                let mut cases = Vec::new();
                for member in (1..count).rev() {
                    let right = self.whole(member as i128)?;
                    let test = Test { left: driver, relation: Relation::AtLeast, right };
                    cases.push((vec![test], arm(self, member, bound)?));
                }
                let otherwise = Some(arm(self, 0, bound)?);
                self.push(Operation::Case(Box::new(Cases { cases, otherwise })))
            }
            Selector::Band { index, edge, driver } => {
                let driver = self.expression(driver, bound)?;
                let count = self.set(index)?.members.len();
                let mut cases = Vec::new();
                for member in (1..count).rev() {
                    bound.push((index, member));
                    let right = self.expression(edge, bound)?;
                    bound.pop();
                    let test = Test { left: driver, relation: Relation::AtLeast, right };
                    cases.push((vec![test], arm(self, member, bound)?));
                }
                let otherwise = Some(arm(self, 0, bound)?);
                self.push(Operation::Case(Box::new(Cases { cases, otherwise })))
            }
            Selector::Lookup { index, from, driver, to } => {
                let driver = self.expression(driver, bound)?;
                let count = self.set(index)?.members.len();
                let mut cases = Vec::new();
                for member in 0..count {
                    bound.push((index, member));
                    let from = self.expression(from, bound)?;
                    let to = self.expression(to, bound)?;
                    bound.pop();
                    let tests = vec![
                        Test { left: from, relation: Relation::AtMost, right: driver },
                        Test { left: driver, relation: Relation::Less, right: to },
                    ];
                    cases.push((tests, arm(self, member, bound)?));
                }
                self.push(Operation::Case(Box::new(Cases { cases, otherwise: None })))
            }
        }
    }

    /// The member that a category names, if it is known, and how many it could name.
    fn category(
        &self,
        parameter: Option<&Parameter>,
        at: &[usize],
    ) -> Result<(Option<usize>, usize), EvaluationError> {
        let of = parameter.and_then(|parameter| Some((parameter, parameter.category_of.as_ref()?)));
        let Some((parameter, of)) = of else {
            return Err(EvaluationError::NoMembers { index: String::new() });
        };
        let members = self.set(of)?.members;
        let place = self.place(&parameter.symbol, &parameter.indices, at);
        let named = self.inputs.categories.get(&place);
        let missing =
            || EvaluationError::Missing { symbol: place.0.clone(), members: place.1.clone() };
        let Some(name) = named.ok_or_else(missing)? else {
            return Ok((None, members.len()));
        };
        let known = members.iter().position(|member| member == name);
        let unknown = || EvaluationError::Category {
            symbol: place.0.clone(),
            members: place.1.clone(),
            given: name.clone(),
            known: members.to_vec(),
        };
        known.map(|at| (Some(at), members.len())).ok_or_else(unknown)
    }
}
