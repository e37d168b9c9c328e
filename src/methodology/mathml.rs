//! Equations as presentation MathML, which browsers set by themselves.

use super::model::Equation;
use super::print::{Binding, binding, sides};
use super::syntax::{Condition, Expression, Kind, Operator, Relation, Selector};

/// `symbol = expression` as a `math` element.
pub(super) fn mathml(equation: &Equation) -> String {
    let indices: Vec<String> = equation.indices.iter().map(|index| identifier(index)).collect();
    let left = subscripted(&equation.symbol, &indices);
    let right = of(&equation.written, Binding::Sum);
    format!(
        "<math xmlns=\"http://www.w3.org/1998/Math/MathML\" display=\"block\"><mrow>{left}<mo>=</mo>\
         {right}</mrow></math>"
    )
}

fn of(expression: &Expression, least: Binding) -> String {
    let text = match &expression.kind {
        Kind::Number { value, unit: None } => format!("<mn>{value}</mn>"),
        Kind::Number { value, unit: Some(unit) } => {
            format!(
                "<mn>{value}</mn><mspace width=\"0.2em\"/><mtext>{}</mtext>",
                escape(unit.as_str())
            )
        }
        Kind::Symbol { name, indices } => {
            let selectors: Vec<String> = indices.iter().map(selector).collect();
            return subscripted(name, &selectors);
        }
        Kind::Position(index) => return identifier(index),
        Kind::Negate(inner) => format!("<mo>-</mo>{}", of(inner, Binding::Sign)),
        Kind::Binary(Operator::Divide, left, right) => {
            let (left, right) = (of(left, Binding::Sum), of(right, Binding::Sum));
            return format!("<mfrac><mrow>{left}</mrow><mrow>{right}</mrow></mfrac>");
        }
        Kind::Binary(operator, left, right) => {
            let (left_least, right_least) = sides(*operator);
            let sign = match operator {
                Operator::Add => "+",
                Operator::Subtract => "-",
                Operator::Multiply => "&#xB7;",
                Operator::Divide => "/",
            };
            format!("{}<mo>{sign}</mo>{}", of(left, left_least), of(right, right_least))
        }
        Kind::Power(base, exponent) => {
            let base = of(base, Binding::Atom);
            return format!("<msup><mrow>{base}</mrow><mn>{exponent}</mn></msup>");
        }
        Kind::Exp(inner) => {
            let inner = of(inner, Binding::Sum);
            return format!("<msup><mi>e</mi><mrow>{inner}</mrow></msup>");
        }
        Kind::Extreme(extreme, arguments) => {
            let arguments: Vec<String> = arguments.iter().map(|a| of(a, Binding::Sum)).collect();
            let arguments = arguments.join("<mo>,</mo>");
            format!("<mi>{}</mi><mrow><mo>(</mo>{arguments}<mo>)</mo></mrow>", extreme.as_str())
        }
        Kind::Sum { index, up_to, body } => {
            sum(index, up_to.as_deref(), &of(body, Binding::Product))
        }
        Kind::Mean { index, body, weight } => {
            let weight = of(weight, Binding::Product);
            let product = format!("{}<mo>&#xB7;</mo>{weight}", of(body, Binding::Product));
            let (above, below) = (sum(index, None, &product), sum(index, None, &weight));
            return format!("<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>");
        }
        Kind::If { condition, then, otherwise } => {
            let row = |value: &str, when: &str| {
                format!("<mtr><mtd><mrow>{value}</mrow></mtd><mtd><mrow>{when}</mrow></mtd></mtr>")
            };
            let when = format!("<mtext>if&#xA0;</mtext>{}", compared(condition));
            let rows = row(&of(then, Binding::Sum), &when)
                + &row(&of(otherwise, Binding::Sum), "<mtext>otherwise</mtext>");
            return format!("<mrow><mo>{{</mo><mtable columnalign=\"left\">{rows}</mtable></mrow>");
        }
        Kind::Convert(_, inner) => return of(inner, least),
    };
    match binding(&expression.kind) < least {
        true => format!("<mrow><mo>(</mo>{text}<mo>)</mo></mrow>"),
        false => format!("<mrow>{text}</mrow>"),
    }
}

fn sum(index: &str, up_to: Option<&str>, body: &str) -> String {
    let last = up_to.map_or(String::new(), |last| format!("<mo>&#x2264;</mo>{}", identifier(last)));
    let under = format!("<mrow>{}{last}</mrow>", identifier(index));
    format!("<munder><mo>&#x2211;</mo>{under}</munder><mrow>{body}</mrow>")
}

fn compared(condition: &Condition) -> String {
    let relation = match condition.relation {
        Relation::Less => "&lt;",
        Relation::AtMost => "&#x2264;",
        Relation::More => "&gt;",
        Relation::AtLeast => "&#x2265;",
    };
    let (left, right) = (of(&condition.left, Binding::Sum), of(&condition.right, Binding::Sum));
    format!("{left}<mo>{relation}</mo>{right}")
}

fn selector(selector: &Selector) -> String {
    let part = |expression: &Expression| of(expression, Binding::Sum);
    match selector {
        Selector::Index(index) => identifier(index),
        Selector::Category { symbol, indices } => {
            let indices: Vec<String> = indices.iter().map(|index| identifier(index)).collect();
            subscripted(symbol, &indices)
        }
        Selector::Band { index, edge, driver } => {
            format!(
                "{}<mo>:</mo>{}<mo>&#x2264;</mo>{}",
                identifier(index),
                part(edge),
                part(driver)
            )
        }
        Selector::Lookup { index, from, driver, to } => format!(
            "{}<mo>:</mo>{}<mo>&#x2264;</mo>{}<mo>&lt;</mo>{}",
            identifier(index),
            part(from),
            part(driver),
            part(to)
        ),
    }
}

/// `COP_PJ_tc` of `i` as COP with the rest and the indices below it.
fn subscripted(symbol: &str, indices: &[String]) -> String {
    let mut parts = symbol.splitn(2, '_');
    let head = identifier(parts.next().unwrap_or_default());
    let below =
        parts.next().map(|rest| format!("<mtext>{}</mtext>", escape(&rest.replace('_', ","))));
    let below: Vec<String> = below.into_iter().chain(indices.iter().cloned()).collect();
    match below.as_slice() {
        [] => head,
        below => format!("<msub>{head}<mrow>{}</mrow></msub>", below.join("<mo>,</mo>")),
    }
}

fn identifier(name: &str) -> String {
    format!("<mi>{}</mi>", escape(name))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
