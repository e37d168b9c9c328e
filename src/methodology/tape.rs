//! The equations written out for given members: one list of operations, each on earlier ones.
//!
//! One list serves every kind of arithmetic ([`Algebra`]): checked numbers for what is claimed,
//! plain ones for trials, intervals for proofs; and backwards, for derivatives.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::fit::combinations;
use super::inputs::Inputs;
use super::interval::Interval;
use super::limits::OPERATIONS_MAX;
use super::model::{Equation, Methodology};
use super::number::{Number, NumberError, Plain, plain};
use super::outcome::EvaluationError;
use super::syntax::{Expression, Extreme, Kind, Operator};
use super::{Place, number};

/// A kind of arithmetic.
pub(super) trait Algebra: Clone {
    fn of(number: &Number) -> Self;
    fn add(&self, other: &Self) -> Result<Self, NumberError>;
    fn multiply(&self, other: &Self) -> Result<Self, NumberError>;
    fn divide(&self, other: &Self) -> Result<Self, NumberError>;
    fn negate(&self) -> Self;
    fn power(&self, exponent: u32) -> Result<Self, NumberError>;
    /// Of one argument or more; the first of equal ones.
    fn extreme(extreme: Extreme, arguments: &[&Self]) -> Self;
}

impl Algebra for Number {
    fn of(number: &Number) -> Self {
        number.clone()
    }
    fn add(&self, other: &Self) -> Result<Self, NumberError> {
        Number::add(self, other)
    }
    fn multiply(&self, other: &Self) -> Result<Self, NumberError> {
        Number::multiply(self, other)
    }
    fn divide(&self, other: &Self) -> Result<Self, NumberError> {
        Number::divide(self, other)
    }
    fn negate(&self) -> Self {
        Number::negate(self)
    }
    fn power(&self, exponent: u32) -> Result<Self, NumberError> {
        Number::power(self, exponent)
    }
    fn extreme(extreme: Extreme, arguments: &[&Self]) -> Self {
        most(extreme, arguments)
    }
}

impl Algebra for Plain {
    fn of(number: &Number) -> Self {
        number.plain().clone()
    }
    fn add(&self, other: &Self) -> Result<Self, NumberError> {
        plain::add(self, other)
    }
    fn multiply(&self, other: &Self) -> Result<Self, NumberError> {
        plain::multiply(self, other)
    }
    fn divide(&self, other: &Self) -> Result<Self, NumberError> {
        plain::divide(self, other)
    }
    fn negate(&self) -> Self {
        plain::negate(self)
    }
    fn power(&self, exponent: u32) -> Result<Self, NumberError> {
        plain::power(self, exponent)
    }
    fn extreme(extreme: Extreme, arguments: &[&Self]) -> Self {
        most(extreme, arguments)
    }
}

fn most<T: Ord + Clone + Algebra>(extreme: Extreme, arguments: &[&T]) -> T {
    let mut best: Option<&T> = None;
    for argument in arguments {
        let is_better = best.is_none_or(|best| match extreme {
            Extreme::Min => *argument < best,
            Extreme::Max => *argument > best,
        });
        if is_better {
            best = Some(argument);
        }
    }
    best.map_or_else(|| T::of(&Number::ZERO), T::clone)
}

/// One operation; operands are places in the list.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    Input(usize),
    Constant(Number),
    Negate(usize),
    Add(usize, usize),
    Multiply(usize, usize),
    Divide(usize, usize),
    Power(usize, u32),
    Extreme(Extreme, Vec<usize>),
}

/// An equation for one member of each of its indices.
#[derive(Debug)]
pub(super) struct Line {
    /// Its place in the methodology's equations.
    pub equation: usize,
    pub members: Vec<String>,
    /// Its result's place in the list.
    pub result: usize,
    pub uses: Vec<Place>,
}

/// All equations of a methodology for the members of its indices.
#[derive(Debug)]
pub(super) struct Tape {
    pub operations: Vec<Operation>,
    /// Each line's operations end with its result.
    pub lines: Vec<Line>,
    /// Parameters for their members, by the numbers in [`Operation::Input`].
    pub inputs: Vec<Place>,
    pub er: usize,
}

impl Tape {
    pub(super) fn new(methodology: &Methodology, inputs: &Inputs) -> Result<Self, EvaluationError> {
        let mut index_sets: Vec<(String, Vec<String>)> = Vec::new();
        for index in &methodology.indices {
            match inputs.index_sets.get(&index.symbol) {
                Some(members) if !members.is_empty() => {
                    index_sets.push((index.symbol.clone(), members.clone()));
                }
                _ => return Err(EvaluationError::NoMembers { index: index.symbol.clone() }),
            }
        }
        let mut writer = Writer {
            index_sets: &index_sets,
            operations: Vec::new(),
            places: HashMap::new(),
            uses: Vec::new(),
            used: HashSet::new(),
        };
        let mut input_places = Vec::new();
        for parameter in &methodology.parameters {
            for members in combinations(&parameter.indices, &index_sets) {
                let at = writer.push(Operation::Input(input_places.len()))?;
                let place = (parameter.symbol.clone(), members);
                writer.places.insert(place.clone(), at);
                input_places.push(place);
            }
        }
        let mut lines = Vec::new();
        for &position in &methodology.order {
            let equation: &Equation = &methodology.equations[position];
            for members in combinations(&equation.indices, &index_sets) {
                let mut bound: BTreeMap<&str, &str> = BTreeMap::new();
                for (index, member) in equation.indices.iter().zip(&members) {
                    bound.insert(index, member);
                }
                writer.used.clear();
                let result = writer.expression(&equation.checked, &bound)?;
                writer.places.insert((equation.symbol.clone(), members.clone()), result);
                let uses = std::mem::take(&mut writer.uses);
                lines.push(Line { equation: position, members, result, uses });
            }
        }
        let er = writer.places.get(&("ER".to_owned(), Vec::new())).copied();
        let er = er.ok_or(EvaluationError::Missing { symbol: "ER".into(), members: Vec::new() })?;
        Ok(Self { operations: writer.operations, lines, inputs: input_places, er })
    }

    /// Every operation's value.
    ///
    /// # Errors
    /// The place of the operation that failed, and why.
    pub(super) fn run<A: Algebra>(&self, inputs: &[A]) -> Result<Vec<A>, (usize, NumberError)> {
        let mut values: Vec<A> = Vec::with_capacity(self.operations.len());
        for (at, operation) in self.operations.iter().enumerate() {
            let value = match operation {
                Operation::Input(number) => Ok(inputs[*number].clone()),
                Operation::Constant(number) => Ok(A::of(number)),
                Operation::Negate(of) => Ok(values[*of].negate()),
                Operation::Add(left, right) => values[*left].add(&values[*right]),
                Operation::Multiply(left, right) => values[*left].multiply(&values[*right]),
                Operation::Divide(left, right) => values[*left].divide(&values[*right]),
                Operation::Power(base, exponent) => values[*base].power(*exponent),
                Operation::Extreme(extreme, arguments) => {
                    let arguments: Vec<&A> = arguments.iter().map(|at| &values[*at]).collect();
                    Ok(A::extreme(*extreme, &arguments))
                }
            };
            values.push(value.map_err(|error| (at, error))?);
        }
        Ok(values)
    }

    /// How ER changes with each input while the operations range over `values`: the derivative lies
    /// in the interval given, wherever in the ranges it is taken.
    pub(super) fn slopes(&self, values: &[Interval]) -> Vec<Interval> {
        let mut slopes = vec![Interval::zero(); self.operations.len()];
        let mut by_input = vec![Interval::zero(); self.inputs.len()];
        slopes[self.er] = Interval::of(&Number::ONE);
        for (at, operation) in self.operations.iter().enumerate().rev() {
            let slope = slopes[at].clone();
            if slope.is_zero() {
                continue;
            }
            let mut pass = |to: usize, share: Result<Interval, NumberError>| {
                let change = share.and_then(|share| slope.multiply(&share));
                let sum = change.and_then(|change| slopes[to].add(&change));
                slopes[to] = sum.unwrap_or(Interval::WHOLE);
            };
            let one = || Ok(Interval::of(&Number::ONE));
            match operation {
                Operation::Input(number) => by_input[*number] = slope,
                Operation::Constant(_) => {}
                Operation::Negate(of) => pass(*of, one().map(|one| one.negate())),
                Operation::Add(left, right) => {
                    pass(*left, one());
                    pass(*right, one());
                }
                Operation::Multiply(left, right) => {
                    pass(*left, Ok(values[*right].clone()));
                    pass(*right, Ok(values[*left].clone()));
                }
                Operation::Divide(left, right) => {
                    let divisor = &values[*right];
                    pass(*left, one().and_then(|one: Interval| one.divide(divisor)));
                    pass(*right, values[at].divide(divisor).map(|quotient| quotient.negate()));
                }
                Operation::Power(_, 0) => {}
                Operation::Power(base, exponent) => {
                    let factor = Interval::of(&Number::from_integer(i64::from(*exponent)));
                    let lower = values[*base].power(exponent - 1);
                    pass(*base, lower.and_then(|lower| lower.multiply(&factor)));
                }
                Operation::Extreme(extreme, arguments) => {
                    let ranges: Vec<&Interval> = arguments.iter().map(|at| &values[*at]).collect();
                    let shares = Interval::shares(*extreme, &ranges);
                    for (to, share) in arguments.iter().zip(shares) {
                        pass(*to, Ok(share));
                    }
                }
            }
        }
        by_input
    }

    /// The line that an operation belongs to.
    pub(super) fn line_of(&self, at: usize) -> Option<&Line> {
        self.lines.iter().find(|line| at <= line.result)
    }
}

struct Writer<'a> {
    index_sets: &'a [(String, Vec<String>)],
    operations: Vec<Operation>,
    places: HashMap<Place, usize>,
    /// Of the line being written, each place once.
    uses: Vec<Place>,
    used: HashSet<Place>,
}

impl Writer<'_> {
    fn push(&mut self, operation: Operation) -> Result<usize, EvaluationError> {
        let at = self.operations.len();
        if at >= OPERATIONS_MAX {
            return Err(EvaluationError::TooLarge { max: OPERATIONS_MAX });
        }
        self.operations.push(operation);
        Ok(at)
    }

    fn constant(&mut self, value: Number) -> Result<usize, EvaluationError> {
        self.push(Operation::Constant(value))
    }

    fn whole(&mut self, value: i128) -> Result<usize, EvaluationError> {
        self.constant(Number::exact(number::whole(value)))
    }

    fn expression(
        &mut self,
        expression: &Expression,
        bound: &BTreeMap<&str, &str>,
    ) -> Result<usize, EvaluationError> {
        match &expression.kind {
            Kind::Number { value, .. } => self.constant(Number::from(*value)),
            Kind::Symbol { name, indices } => {
                let members = indices
                    .iter()
                    .map(|index| bound.get(index.as_str()).copied().unwrap_or_default().to_owned())
                    .collect();
                let place = (name.clone(), members);
                let at = self.places.get(&place).copied();
                let at = at.ok_or_else(|| EvaluationError::Missing {
                    symbol: place.0.clone(),
                    members: place.1.clone(),
                })?;
                if self.used.insert(place.clone()) {
                    self.uses.push(place);
                }
                Ok(at)
            }
            Kind::Negate(inner) => {
                let inner = self.expression(inner, bound)?;
                self.push(Operation::Negate(inner))
            }
            Kind::Binary(operator, left, right) => {
                let left = self.expression(left, bound)?;
                let right = self.expression(right, bound)?;
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
            Kind::Power(base, exponent) => {
                let base = self.expression(base, bound)?;
                self.push(Operation::Power(base, *exponent))
            }
            Kind::Extreme(extreme, arguments) => {
                let arguments: Result<Vec<usize>, _> =
                    arguments.iter().map(|argument| self.expression(argument, bound)).collect();
                self.push(Operation::Extreme(*extreme, arguments?))
            }
            Kind::Sum { index, body } => {
                let sets = self.index_sets;
                let set = sets.iter().find(|(symbol, _)| symbol == index);
                let mut sum = None;
                for member in set.map_or(&[][..], |(_, members)| members.as_slice()) {
                    let mut inner = bound.clone();
                    inner.insert(index, member);
                    let term = self.expression(body, &inner)?;
                    sum = Some(match sum {
                        None => term,
                        Some(sum) => self.push(Operation::Add(sum, term))?,
                    });
                }
                sum.ok_or_else(|| EvaluationError::NoMembers { index: index.clone() })
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
}
