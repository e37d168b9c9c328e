//! Equations as spreadsheet formulae, for given members and with the factors of unit conversions, so
//! that a spreadsheet computes what the engine computes.

use std::collections::HashMap;

use super::inputs::Inputs;
use super::layout::{Set, position, sets};
use super::limits::{FORMULA_CHARACTERS_MAX, SUM_CHARACTERS_MAX};
use super::model::{Equation, Methodology};
use super::print::{Binding, binding, sides};
use super::syntax::{Expression, Kind, Relation, Selector};
use super::unit::Scale;

/// Where formulae stand: gives the references that they use.
pub trait Sheet {
    /// The reference of a symbol's value; of a category, of the cell with its member's name.
    fn cell(&mut self, symbol: &str, members: &[String]) -> String;

    /// Puts the terms of a long sum into cells of their own and gives the reference of that range.
    /// `None`: there is no room for them, and the sum must fit one cell.
    fn column(&mut self, terms: Vec<String>) -> Option<String> {
        let _ = terms;
        None
    }
}

impl<F: FnMut(&str, &[String]) -> String> Sheet for F {
    fn cell(&mut self, symbol: &str, members: &[String]) -> String {
        self(symbol, members)
    }
}

/// An equation for these members as a spreadsheet formula; see [`Methodology::formula`].
pub(super) fn formula(
    methodology: &Methodology,
    equation: &Equation,
    members: &[String],
    inputs: &Inputs,
    sheet: &mut dyn Sheet,
) -> Option<String> {
    if members.len() != equation.indices.len() {
        return None;
    }
    let sets = sets(methodology, inputs).ok()?;
    let mut bound = Vec::new();
    for (index, member) in equation.indices.iter().zip(members) {
        let set = sets.get(index.as_str())?;
        bound.push((index.as_str(), set.members.iter().position(|known| known == member)?));
    }
    let mut writer = Writer { methodology, sets: &sets, sheet };
    let text = writer.formula(&equation.checked, &mut bound, Binding::Sum)?;
    (text.chars().count() < FORMULA_CHARACTERS_MAX).then_some(text)
}

struct Writer<'a, 's> {
    methodology: &'a Methodology,
    sets: &'s HashMap<&'a str, Set<'a>>,
    sheet: &'s mut dyn Sheet,
}

type Bound<'a> = Vec<(&'a str, usize)>;

impl<'a> Writer<'a, '_> {
    fn formula(
        &mut self,
        expression: &'a Expression,
        bound: &mut Bound<'a>,
        least: Binding,
    ) -> Option<String> {
        let mut own = binding(&expression.kind);
        let text = match &expression.kind {
            // Spreadsheets take an exponent but no leading sign here, and the language has none.
            Kind::Number { value, .. } => value.to_string(),
            Kind::Symbol { name, indices } => self.selected(name, Vec::new(), indices, bound)?,
            Kind::Position(index) => position(self.sets, index, bound)?.to_string(),
            // A spreadsheet's sign holds tighter than its powers: the operand is always an atom.
            Kind::Negate(inner) => format!("-{}", self.formula(inner, bound, Binding::Atom)?),
            Kind::Binary(operator, left, right) => {
                let (left_least, right_least) = sides(*operator);
                let left = self.formula(left, bound, left_least)?;
                let right = self.formula(right, bound, right_least)?;
                format!("{left}{}{right}", operator.as_char())
            }
            Kind::Power(base, exponent) => {
                format!("{}^{exponent}", self.formula(base, bound, Binding::Atom)?)
            }
            Kind::Exp(inner) => format!("EXP({})", self.formula(inner, bound, Binding::Sum)?),
            Kind::Extreme(extreme, arguments) => {
                let mut texts = Vec::new();
                for argument in arguments {
                    texts.push(self.formula(argument, bound, Binding::Sum)?);
                }
                format!("{}({})", extreme.as_str().to_uppercase(), texts.join(","))
            }
            Kind::If { condition, then, otherwise } => {
                let left = self.formula(&condition.left, bound, Binding::Sum)?;
                let right = self.formula(&condition.right, bound, Binding::Sum)?;
                let then = self.formula(then, bound, Binding::Sum)?;
                let otherwise = self.formula(otherwise, bound, Binding::Sum)?;
                format!("IF({left}{}{right},{then},{otherwise})", condition.relation.as_str())
            }
            Kind::Sum { index, up_to, body } => {
                let set = self.sets.get(index.as_str())?;
                let members = match up_to {
                    None => set.first..set.members.len(),
                    Some(last) => 0..position(self.sets, last, bound)? + 1,
                };
                let (text, binding) = self.sum(index, members, &[body], bound)?;
                own = binding;
                text
            }
            Kind::Mean { index, body, weight } => {
                let set = self.sets.get(index.as_str())?;
                let members = set.first..set.members.len();
                let (above, _) = self.sum(index, members.clone(), &[body, weight], bound)?;
                let (below, _) = self.sum(index, members, &[weight], bound)?;
                own = Binding::Product;
                format!("({above})/({below})")
            }
            Kind::Convert(scale, inner) => {
                own = Binding::Product;
                let Scale { multiply, add, divide } = *scale;
                let mut text = self.formula(inner, bound, Binding::Product)?;
                if multiply != 1 {
                    text = format!("{text}*{multiply}");
                }
                if add != 0 {
                    text = format!("({text}{add:+})");
                }
                if divide != 1 {
                    text = format!("{text}/{divide}");
                }
                text
            }
        };
        Some(if own < least { format!("({text})") } else { text })
    }

    /// The sum, over members of an index, of the product of `factors`, and how tightly it holds.
    fn sum(
        &mut self,
        index: &'a str,
        members: std::ops::Range<usize>,
        factors: &[&'a Expression],
        bound: &mut Bound<'a>,
    ) -> Option<(String, Binding)> {
        let mut terms = Vec::new();
        let mut length = 0;
        for member in members {
            bound.push((index, member));
            let mut parts = Vec::new();
            for factor in factors {
                parts.push(self.formula(factor, bound, Binding::Product));
            }
            bound.pop();
            let term = parts.into_iter().collect::<Option<Vec<String>>>()?.join("*");
            length += term.len();
            terms.push(term);
        }
        if terms.is_empty() {
            return None;
        }
        if length <= SUM_CHARACTERS_MAX {
            return Some((terms.join("+"), Binding::Sum));
        }
        match self.sheet.column(terms.clone()) {
            Some(range) => Some((format!("SUM({range})"), Binding::Atom)),
            None if length <= FORMULA_CHARACTERS_MAX => Some((terms.join("+"), Binding::Sum)),
            None => None,
        }
    }

    /// The value of a symbol for the members known so far and those that `rest` selects.
    fn selected(
        &mut self,
        name: &'a str,
        mut members: Vec<usize>,
        rest: &'a [Selector],
        bound: &mut Bound<'a>,
    ) -> Option<String> {
        let Some((selector, rest)) = rest.split_first() else {
            return Some(self.cell(name, &members));
        };
        let arm = |writer: &mut Self, member: usize, bound: &mut Bound<'a>| {
            let mut longer = members.clone();
            longer.push(member);
            writer.selected(name, longer, rest, bound)
        };
        match selector {
            Selector::Index(index) => {
                members.push(position(self.sets, index, bound)?);
                self.selected(name, members, rest, bound)
            }
            Selector::Category { symbol, indices } => {
                let at: Option<Vec<usize>> =
                    indices.iter().map(|index| position(self.sets, index, bound)).collect();
                let driver = self.cell(symbol, &at?);
                let of = self.methodology.parameter(symbol)?.category_of.as_deref()?;
                let names = self.sets.get(of)?.members;
                let mut text = "NA()".to_owned();
                for (member, of) in names.iter().enumerate().rev() {
                    let value = arm(self, member, bound)?;
                    text = format!("IF({driver}=\"{}\",{value},{text})", of.replace('"', "\"\""));
                }
                Some(text)
            }
            Selector::Band { index, edge, driver } => {
                let driver = self.formula(driver, bound, Binding::Sum)?;
                let mut text = arm(self, 0, bound)?;
                for member in 1..self.sets.get(index.as_str())?.members.len() {
                    bound.push((index, member));
                    let edge = self.formula(edge, bound, Binding::Sum);
                    bound.pop();
                    let value = arm(self, member, bound)?;
                    let relation = Relation::AtLeast.as_str();
                    text = format!("IF({driver}{relation}{},{value},{text})", edge?);
                }
                Some(text)
            }
            Selector::Lookup { index, from, driver, to } => {
                let driver = self.formula(driver, bound, Binding::Sum)?;
                let mut text = "NA()".to_owned();
                for member in (0..self.sets.get(index.as_str())?.members.len()).rev() {
                    bound.push((index, member));
                    let from = self.formula(from, bound, Binding::Sum);
                    let to = self.formula(to, bound, Binding::Sum);
                    bound.pop();
                    let value = arm(self, member, bound)?;
                    text = format!("IF(AND({}<={driver},{driver}<{}),{value},{text})", from?, to?);
                }
                Some(text)
            }
        }
    }

    fn cell(&mut self, symbol: &str, members: &[usize]) -> String {
        let indices = self.methodology.indices_of(symbol).unwrap_or_default();
        let names = indices.iter().zip(members).filter_map(|(index, at)| {
            self.sets.get(index.as_str()).and_then(|set| set.members.get(*at)).cloned()
        });
        let names: Vec<String> = names.collect();
        self.sheet.cell(symbol, &names)
    }
}
