//! Equations for people: plain text, LaTeX, spreadsheet formulae.
//!
//! Plain text and LaTeX show an equation as written; a formula shows it for given members and with
//! the factors of unit conversions, so that a spreadsheet computes what the engine computes.

use std::fmt;

use super::limits::FORMULA_CHARACTERS_MAX;
use super::model::Equation;
use super::syntax::{Expression, Kind, Operator};
use super::unit::Scale;

/// How tightly a node holds its operands together; parentheses stand where a looser one is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Sum,
    Product,
    Sign,
    Power,
    Atom,
}

fn binding(kind: &Kind) -> Binding {
    match kind {
        Kind::Binary(Operator::Add | Operator::Subtract, ..) => Binding::Sum,
        Kind::Binary(Operator::Multiply | Operator::Divide, ..) => Binding::Product,
        Kind::Negate(_) => Binding::Sign,
        Kind::Power(..) => Binding::Power,
        Kind::Convert(_, inner) => binding(&inner.kind),
        Kind::Number { .. } | Kind::Symbol { .. } | Kind::Extreme(..) | Kind::Sum { .. } => {
            Binding::Atom
        }
    }
}

/// The loosest binding that each side of an operator takes without parentheses; operators of one
/// rank go from left to right.
fn sides(operator: Operator) -> (Binding, Binding) {
    match operator {
        Operator::Add | Operator::Subtract => (Binding::Sum, Binding::Product),
        Operator::Multiply | Operator::Divide => (Binding::Product, Binding::Sign),
    }
}

impl fmt::Display for Expression {
    /// The language's plain form, with no more parentheses than needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain(self, Binding::Sum))
    }
}

fn plain(expression: &Expression, least: Binding) -> String {
    let text = match &expression.kind {
        Kind::Number { value, unit: None } => value.to_string(),
        Kind::Number { value, unit: Some(unit) } => format!("{value} [{unit}]"),
        Kind::Symbol { name, indices } => super::outcome::place(name, indices),
        Kind::Negate(inner) => format!("-{}", plain(inner, Binding::Sign)),
        Kind::Binary(operator, left, right) => {
            let (left_least, right_least) = sides(*operator);
            let (left, right) = (plain(left, left_least), plain(right, right_least));
            format!("{left} {} {right}", operator.as_char())
        }
        Kind::Power(base, exponent) => format!("{}^{exponent}", plain(base, Binding::Atom)),
        Kind::Extreme(extreme, arguments) => {
            let arguments: Vec<_> = arguments.iter().map(|a| plain(a, Binding::Sum)).collect();
            format!("{}({})", extreme.as_str(), arguments.join(", "))
        }
        Kind::Sum { index, body } => format!("sum({index}: {})", plain(body, Binding::Sum)),
        Kind::Convert(_, inner) => return plain(inner, least),
    };
    if binding(&expression.kind) < least { format!("({text})") } else { text }
}

/// `symbol = expression` in LaTeX math mode.
pub(super) fn latex(equation: &Equation) -> String {
    let left = latex_symbol(&equation.symbol, &equation.indices);
    format!("{left} = {}", latex_of(&equation.written, Binding::Sum))
}

fn latex_of(expression: &Expression, least: Binding) -> String {
    let text = match &expression.kind {
        Kind::Number { value, unit: None } => value.to_string(),
        Kind::Number { value, unit: Some(unit) } => {
            format!("{value}\\,\\mathrm{{{}}}", latex_text(unit.as_str()))
        }
        Kind::Symbol { name, indices } => latex_symbol(name, indices),
        Kind::Negate(inner) => format!("-{}", latex_of(inner, Binding::Sign)),
        // The bar of a fraction holds its parts together, and the whole with what stands beside it.
        Kind::Binary(Operator::Divide, left, right) => {
            let (left, right) = (latex_of(left, Binding::Sum), latex_of(right, Binding::Sum));
            return format!("\\frac{{{left}}}{{{right}}}");
        }
        Kind::Binary(operator, left, right) => {
            let (left_least, right_least) = sides(*operator);
            let sign =
                if *operator == Operator::Multiply { "\\cdot" } else { operator_text(*operator) };
            format!("{} {sign} {}", latex_of(left, left_least), latex_of(right, right_least))
        }
        Kind::Power(base, exponent) => {
            let is_plain =
                matches!(base.kind, Kind::Symbol { .. } | Kind::Number { unit: None, .. });
            let base = latex_of(base, Binding::Sum);
            let base = if is_plain { base } else { format!("\\left({base}\\right)") };
            format!("{{{base}}}^{{{exponent}}}")
        }
        Kind::Extreme(extreme, arguments) => {
            let arguments: Vec<_> = arguments.iter().map(|a| latex_of(a, Binding::Sum)).collect();
            format!("\\{}\\left({}\\right)", extreme.as_str(), arguments.join(", "))
        }
        Kind::Sum { index, body } => {
            let body = latex_of(body, Binding::Product);
            format!("\\sum_{{{}}}{{{body}}}", latex_text(index))
        }
        Kind::Convert(_, inner) => return latex_of(inner, least),
    };
    if binding(&expression.kind) < least { format!("\\left({text}\\right)") } else { text }
}

fn operator_text(operator: Operator) -> &'static str {
    match operator {
        Operator::Add => "+",
        Operator::Subtract => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
    }
}

/// `COP_PJ_tc` of `i` as `\mathrm{COP}_{\mathrm{PJ,tc},i}`.
fn latex_symbol(symbol: &str, indices: &[String]) -> String {
    let mut parts = symbol.split('_').map(latex_text);
    let head = parts.next().unwrap_or_default();
    let subscript = parts.collect::<Vec<_>>().join(",");
    let mut below: Vec<String> = Vec::new();
    if !subscript.is_empty() {
        below.push(format!("\\mathrm{{{subscript}}}"));
    }
    below.extend(indices.iter().map(|index| latex_text(index)));
    match below.as_slice() {
        [] => format!("\\mathrm{{{head}}}"),
        below => format!("\\mathrm{{{head}}}_{{{}}}", below.join(",")),
    }
}

/// Characters that LaTeX reads as its own, written as themselves.
fn latex_text(text: &str) -> String {
    text.replace('%', "\\%").replace('_', "\\_").replace('^', "\\hat{}").replace('*', "\\cdot ")
}

/// An equation for these members as a spreadsheet formula; see [`super::Methodology::formula`].
pub(super) fn formula(
    equation: &Equation,
    members: &[String],
    index_sets: &[(String, Vec<String>)],
    cell: &dyn Fn(&str, &[String]) -> String,
) -> Option<String> {
    if members.len() != equation.indices.len() {
        return None;
    }
    let mut bound: Vec<(&str, &str)> = Vec::new();
    for (index, member) in equation.indices.iter().zip(members) {
        let (_, set) = index_sets.iter().find(|(symbol, _)| symbol == index)?;
        set.contains(member).then(|| bound.push((index, member)))?;
    }
    let sheet = Sheet { index_sets, cell };
    let text = sheet.formula(&equation.checked, &mut bound, Binding::Sum)?;
    (text.chars().count() < FORMULA_CHARACTERS_MAX).then_some(text)
}

struct Sheet<'a> {
    index_sets: &'a [(String, Vec<String>)],
    cell: &'a dyn Fn(&str, &[String]) -> String,
}

impl<'a> Sheet<'a> {
    fn formula<'e>(
        &self,
        expression: &'e Expression,
        bound: &mut Vec<(&'e str, &'e str)>,
        least: Binding,
    ) -> Option<String>
    where
        'a: 'e,
    {
        let mut own = binding(&expression.kind);
        let text = match &expression.kind {
            // Spreadsheets take an exponent but no leading sign here, and the language has none.
            Kind::Number { value, .. } => value.to_string(),
            Kind::Symbol { name, indices } => {
                let members: Option<Vec<String>> = indices
                    .iter()
                    .map(|index| bound.iter().find(|(symbol, _)| symbol == index))
                    .map(|found| found.map(|(_, member)| (*member).to_owned()))
                    .collect();
                (self.cell)(name, &members?)
            }
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
            Kind::Extreme(extreme, arguments) => {
                let mut texts = Vec::new();
                for argument in arguments {
                    texts.push(self.formula(argument, bound, Binding::Sum)?);
                }
                format!("{}({})", extreme.as_str().to_uppercase(), texts.join(","))
            }
            Kind::Sum { index, body } => {
                own = Binding::Sum;
                let (_, members) = self.index_sets.iter().find(|(symbol, _)| symbol == index)?;
                let mut terms = Vec::new();
                let mut length = 0;
                for member in members {
                    bound.push((index, member));
                    let term = self.formula(body, bound, Binding::Product);
                    bound.pop();
                    let term = term?;
                    length += term.len();
                    if length > FORMULA_CHARACTERS_MAX * 4 {
                        return None;
                    }
                    terms.push(term);
                }
                if terms.is_empty() {
                    return None;
                }
                terms.join("+")
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
}
