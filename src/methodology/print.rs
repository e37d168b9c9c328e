//! Equations for people, as written: plain text and LaTeX. MathML is `mathml`'s, spreadsheet formulae
//! are `formula`'s.

use std::fmt;

use super::model::Equation;
use super::syntax::{Condition, Expression, Kind, Operator, Relation, Selector};

/// How tightly a node holds its operands together; parentheses stand where a looser one is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binding {
    Sum,
    Product,
    Sign,
    Power,
    Atom,
}

pub(super) fn binding(kind: &Kind) -> Binding {
    match kind {
        Kind::Binary(Operator::Add | Operator::Subtract, ..) => Binding::Sum,
        Kind::Binary(Operator::Multiply | Operator::Divide, ..) => Binding::Product,
        Kind::Negate(_) => Binding::Sign,
        Kind::Power(..) => Binding::Power,
        Kind::Convert(_, inner) => binding(&inner.kind),
        Kind::Number { .. }
        | Kind::Symbol { .. }
        | Kind::Position(_)
        | Kind::Exp(_)
        | Kind::Extreme(..)
        | Kind::Sum { .. }
        | Kind::Mean { .. }
        | Kind::If { .. } => Binding::Atom,
    }
}

/// The loosest binding that each side of an operator takes without parentheses; operators of one
/// rank go from left to right.
pub(super) fn sides(operator: Operator) -> (Binding, Binding) {
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
        Kind::Symbol { name, indices } => {
            let selectors: Vec<String> = indices.iter().map(plain_selector).collect();
            super::outcome::place(name, &selectors)
        }
        Kind::Position(index) => index.clone(),
        Kind::Exp(inner) => format!("exp({})", plain(inner, Binding::Sum)),
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
        Kind::Sum { index, up_to, body } => {
            let up_to = up_to.as_ref().map_or(String::new(), |last| format!(" <= {last}"));
            format!("sum({index}{up_to}: {})", plain(body, Binding::Sum))
        }
        Kind::Mean { index, body, weight } => {
            let (body, weight) = (plain(body, Binding::Sum), plain(weight, Binding::Sum));
            format!("mean({index}: {body} by {weight})")
        }
        Kind::If { condition, then, otherwise } => {
            let Condition { left, relation, right } = condition.as_ref();
            let compared = [plain(left, Binding::Sum), plain(right, Binding::Sum)]
                .join(&format!(" {} ", relation.as_str()));
            format!(
                "if({compared}, {}, {})",
                plain(then, Binding::Sum),
                plain(otherwise, Binding::Sum)
            )
        }
        Kind::Convert(_, inner) => return plain(inner, least),
    };
    if binding(&expression.kind) < least { format!("({text})") } else { text }
}

fn plain_selector(selector: &Selector) -> String {
    match selector {
        Selector::Index(index) => index.clone(),
        Selector::Category { symbol, indices } => super::outcome::place(symbol, indices),
        Selector::Band { index, edge, driver } => {
            let (edge, driver) = (plain(edge, Binding::Sum), plain(driver, Binding::Sum));
            format!("band({index}: {edge} <= {driver})")
        }
        Selector::Lookup { index, from, driver, to } => {
            let [from, driver, to] = [from, driver, to].map(|part| plain(part, Binding::Sum));
            format!("lookup({index}: {from} <= {driver} < {to})")
        }
    }
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
        Kind::Symbol { name, indices } => {
            let selectors: Vec<String> = indices.iter().map(latex_selector).collect();
            latex_subscripted(name, selectors)
        }
        Kind::Position(index) => latex_text(index),
        Kind::Exp(inner) => format!("e^{{{}}}", latex_of(inner, Binding::Sum)),
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
        Kind::Sum { index, up_to, body } => {
            let body = latex_of(body, Binding::Product);
            let up_to =
                up_to.as_ref().map_or(String::new(), |last| format!(" \\le {}", latex_text(last)));
            format!("\\sum_{{{}{up_to}}}{{{body}}}", latex_text(index))
        }
        Kind::Mean { index, body, weight } => {
            let index = latex_text(index);
            let (body, weight) =
                (latex_of(body, Binding::Product), latex_of(weight, Binding::Product));
            return format!(
                "\\frac{{\\sum_{{{index}}}{{{body} \\cdot {weight}}}}}{{\\sum_{{{index}}}{{{weight}}}}}"
            );
        }
        Kind::If { condition, then, otherwise } => {
            let condition = latex_condition(condition);
            let (then, otherwise) =
                (latex_of(then, Binding::Sum), latex_of(otherwise, Binding::Sum));
            format!(
                "\\begin{{cases}} {then} & \\text{{if }} {condition} \\\\ {otherwise} & \\text{{otherwise}} \\end{{cases}}"
            )
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

fn latex_condition(condition: &Condition) -> String {
    let relation = match condition.relation {
        Relation::Less => "<",
        Relation::AtMost => "\\le",
        Relation::More => ">",
        Relation::AtLeast => "\\ge",
    };
    let (left, right) =
        (latex_of(&condition.left, Binding::Sum), latex_of(&condition.right, Binding::Sum));
    format!("{left} {relation} {right}")
}

fn latex_selector(selector: &Selector) -> String {
    match selector {
        Selector::Index(index) => latex_text(index),
        Selector::Category { symbol, indices } => latex_symbol(symbol, indices),
        Selector::Band { index, edge, driver } => {
            let (edge, driver) = (latex_of(edge, Binding::Sum), latex_of(driver, Binding::Sum));
            format!("{}: {edge} \\le {driver}", latex_text(index))
        }
        Selector::Lookup { index, from, driver, to } => {
            let [from, driver, to] = [from, driver, to].map(|part| latex_of(part, Binding::Sum));
            format!("{}: {from} \\le {driver} < {to}", latex_text(index))
        }
    }
}

/// `COP_PJ_tc` of `i` as `\mathrm{COP}_{\mathrm{PJ,tc},i}`.
fn latex_symbol(symbol: &str, indices: &[String]) -> String {
    latex_subscripted(symbol, indices.iter().map(|index| latex_text(index)).collect())
}

fn latex_subscripted(symbol: &str, indices: Vec<String>) -> String {
    let mut parts = symbol.split('_').map(latex_text);
    let head = parts.next().unwrap_or_default();
    let subscript = parts.collect::<Vec<_>>().join(",");
    let mut below: Vec<String> = Vec::new();
    if !subscript.is_empty() {
        below.push(format!("\\mathrm{{{subscript}}}"));
    }
    below.extend(indices);
    match below.as_slice() {
        [] => format!("\\mathrm{{{head}}}"),
        below => format!("\\mathrm{{{head}}}_{{{}}}", below.join(",")),
    }
}

/// Characters that LaTeX reads as its own, written as themselves.
fn latex_text(text: &str) -> String {
    text.replace('%', "\\%").replace('_', "\\_").replace('^', "\\hat{}").replace('*', "\\cdot ")
}
