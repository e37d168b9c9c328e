//! The equations written out for given members: one list of operations, each on earlier ones, as
//! [`super::layout`] writes it.
//!
//! One list serves every kind of arithmetic ([`Algebra`]): checked numbers for what is claimed,
//! plain ones for trials, intervals for proofs; and backwards, for derivatives.

use super::Place;
use super::interval::Interval;
use super::number::{Number, NumberError, Plain, plain};
use super::syntax::{Extreme, Relation};

/// A kind of arithmetic.
pub(super) trait Algebra: Clone {
    fn of(number: &Number) -> Self;
    fn add(&self, other: &Self) -> Result<Self, NumberError>;
    fn multiply(&self, other: &Self) -> Result<Self, NumberError>;
    fn divide(&self, other: &Self) -> Result<Self, NumberError>;
    fn negate(&self) -> Self;
    fn power(&self, exponent: u32) -> Result<Self, NumberError>;
    fn exp(&self) -> Result<Self, NumberError>;
    /// Whether the relation holds; `None` where it may and may not.
    fn holds(&self, relation: Relation, other: &Self) -> Option<bool>;
    /// The least that holds all of these, of which there is one or more.
    fn hull(of: &[&Self]) -> Self;
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
    fn exp(&self) -> Result<Self, NumberError> {
        Number::exp(self)
    }
    fn holds(&self, relation: Relation, other: &Self) -> Option<bool> {
        Some(compared(self, relation, other))
    }
    fn hull(of: &[&Self]) -> Self {
        // A value is in one class only.
        of.first().map_or_else(|| Self::of(&Number::ZERO), |first| (*first).clone())
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
    fn exp(&self) -> Result<Self, NumberError> {
        plain::exp(self)
    }
    fn holds(&self, relation: Relation, other: &Self) -> Option<bool> {
        Some(compared(self, relation, other))
    }
    fn hull(of: &[&Self]) -> Self {
        // A value is in one class only.
        of.first().map_or_else(|| Self::of(&Number::ZERO), |first| (*first).clone())
    }
    fn extreme(extreme: Extreme, arguments: &[&Self]) -> Self {
        most(extreme, arguments)
    }
}

fn compared<T: Ord>(left: &T, relation: Relation, right: &T) -> bool {
    match relation {
        Relation::Less => left < right,
        Relation::AtMost => left <= right,
        Relation::More => left > right,
        Relation::AtLeast => left >= right,
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
    Exp(usize),
    Extreme(Extreme, Vec<usize>),
    /// The value of the first case whose tests all hold, else the other value; without one the value
    /// is in no class. Boxed: rare, and the list is long.
    Case(Box<Cases>),
}

#[derive(Debug, Clone)]
pub(super) struct Cases {
    /// Tests and the value where they hold.
    pub cases: Vec<(Vec<Test>, usize)>,
    pub otherwise: Option<usize>,
}

/// A comparison of two operations' values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Test {
    pub left: usize,
    pub relation: Relation,
    pub right: usize,
}

impl Cases {
    /// The places of the values that can be meant while the operations range over `values`; `None`
    /// if it can be none of them.
    pub fn meant<A: Algebra>(&self, values: &[A]) -> Option<Vec<usize>> {
        let mut meant = Vec::new();
        for (tests, value) in &self.cases {
            let mut held = Some(true);
            for test in tests {
                match values[test.left].holds(test.relation, &values[test.right]) {
                    Some(true) => {}
                    None => held = None,
                    Some(false) => {
                        held = Some(false);
                        break;
                    }
                }
            }
            match held {
                Some(false) => {}
                Some(true) => {
                    meant.push(*value);
                    return Some(meant);
                }
                None => meant.push(*value),
            }
        }
        meant.push(self.otherwise?);
        Some(meant)
    }
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
    /// A line's own operations end with its result; those that it shares stand in the line that first
    /// needed them.
    pub lines: Vec<Line>,
    /// Parameters for their members, by the numbers in [`Operation::Input`].
    pub inputs: Vec<Place>,
    pub er: usize,
}

impl Tape {
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
                Operation::Exp(of) => values[*of].exp(),
                Operation::Case(cases) => match cases.meant(&values) {
                    Some(meant) => {
                        let meant: Vec<&A> = meant.iter().map(|at| &values[*at]).collect();
                        Ok(A::hull(&meant))
                    }
                    None => Err(NumberError::NoClass),
                },
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
                Operation::Exp(of) => pass(*of, Ok(values[at].clone())),
                Operation::Case(cases) => {
                    let meant = cases.meant(values).unwrap_or_default();
                    if let [only] = meant.as_slice() {
                        pass(*only, one());
                        continue;
                    }
                    // A step: nothing is known of how far it goes along what decides it.
                    for value in meant {
                        pass(value, Ok(Interval::share()));
                    }
                    for test in cases.cases.iter().flat_map(|(tests, _)| tests) {
                        pass(test.left, Ok(Interval::WHOLE));
                        pass(test.right, Ok(Interval::WHOLE));
                    }
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
