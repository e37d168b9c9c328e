//! The check of units, before any data: from an expression to one with every conversion in it.
//!
//! Takes an expression and what its symbols are; gives the same tree with a
//! [`Kind::Convert`] wherever values of one dimension but different units meet, and what the whole
//! is in. Values are never brought to base units: `MWh` times `tCO2/MWh` cancels as written, so
//! exact inputs stay exact.

mod select;

use crate::methodology::model::{Index, IndexSet};
use crate::methodology::syntax::{Condition, Expression, Extreme, Fault, Kind, Operator};
use crate::methodology::unit::{CompoundUnit, Measure, Mismatch, Product, Scale};

/// What a symbol is: its indices and what it is in.
pub(super) struct Known<'a> {
    pub indices: &'a [String],
    pub measure: &'a Measure,
    /// For a category: the index whose member it names.
    pub category_of: Option<&'a str>,
}

/// What an expression may name.
pub(super) struct Scope<'a> {
    pub symbol: &'a dyn Fn(&str) -> Option<Known<'a>>,
    /// The methodology's indices.
    pub indices: &'a [Index],
    /// Every symbol, to propose one where a name is unknown.
    pub names: &'a [&'a str],
}

/// Checks the right side of an equation that holds for each member of `bound` and is in `target`.
pub(super) fn check(
    expression: &Expression,
    bound: &[String],
    target: &Measure,
    target_text: &str,
    scope: &Scope<'_>,
) -> Result<Expression, Fault> {
    let mut bound = bound.to_vec();
    let (checked, measure) = scope.expression(expression, &mut bound)?;
    converted(checked, &measure, target).map_err(|mismatch| match mismatch {
        Mismatch::Dimension => Fault::new(
            expression.span.clone(),
            format!("the equation is in {measure}, and its unit is declared as {target_text}"),
            measure.why_not(target),
        ),
        Mismatch::Range => range_fault(expression, &measure, target),
    })
}

impl Scope<'_> {
    fn expression(
        &self,
        expression: &Expression,
        bound: &mut Vec<String>,
    ) -> Result<(Expression, Measure), Fault> {
        let span = expression.span.clone();
        let node = |kind| Expression { span: span.clone(), kind };
        Ok(match &expression.kind {
            Kind::Number { unit, .. } => {
                let measure = unit
                    .as_ref()
                    .map_or(Measure::Product(Product::default()), |u| u.measure().clone());
                (expression.clone(), measure)
            }
            Kind::Symbol { name, indices } if indices.is_empty() && self.is_place(name, bound) => {
                (node(Kind::Position(name.clone())), self.place_measure(&span, name)?)
            }
            Kind::Symbol { name, indices } => {
                let (selectors, measure) = self.symbol(&span, name, indices, bound)?;
                (node(Kind::Symbol { name: name.clone(), indices: selectors }), measure)
            }
            Kind::Position(index) => (expression.clone(), self.place_measure(&span, index)?),
            Kind::Exp(inner) => {
                let (checked, measure) = self.expression(inner, bound)?;
                let one = Measure::Product(Product::default());
                let checked = converted(checked, &measure, &one).map_err(|_| {
                    Fault::new(
                        inner.span.clone(),
                        format!("exp takes a number, not {measure}"),
                        "multiply a rate by its time: exp(-k * 1 [yr])",
                    )
                })?;
                (node(Kind::Exp(Box::new(checked))), one)
            }
            Kind::If { condition, then, otherwise } => {
                let condition = self.condition(condition, bound)?;
                let (then, measure) = self.expression(then, bound)?;
                let (other, other_measure) = self.expression(otherwise, bound)?;
                let other =
                    converted(other, &other_measure, &measure).map_err(
                        |mismatch| match mismatch {
                            Mismatch::Dimension => Fault::new(
                                otherwise.span.clone(),
                                format!("if gives {measure} or {other_measure}"),
                                measure.why_not(&other_measure),
                            ),
                            Mismatch::Range => range_fault(otherwise, &other_measure, &measure),
                        },
                    )?;
                let (condition, then) = (Box::new(condition), Box::new(then));
                (node(Kind::If { condition, then, otherwise: Box::new(other) }), measure)
            }
            Kind::Negate(operand) => {
                let (checked, measure) = self.expression(operand, bound)?;
                let product = amount(operand, measure, "has no negative")?;
                (node(Kind::Negate(Box::new(checked))), Measure::Product(product))
            }
            Kind::Power(base, exponent) => {
                let (checked, measure) = self.expression(base, bound)?;
                let product = amount(base, measure, "has no powers")?;
                let exponent_signed = i32::try_from(*exponent).unwrap_or(i32::MAX);
                let measure = Measure::Product(product.power(exponent_signed));
                (node(Kind::Power(Box::new(checked), *exponent)), measure)
            }
            Kind::Binary(operator, left, right) => {
                let (left_checked, left_measure) = self.expression(left, bound)?;
                let (right_checked, right_measure) = self.expression(right, bound)?;
                match operator {
                    Operator::Add | Operator::Subtract => {
                        let (left_scaled, right_scaled, measure) = added(
                            *operator,
                            (expression, left_checked, &left_measure),
                            (right_checked, &right_measure),
                        )?;
                        let (left, right) = (Box::new(left_scaled), Box::new(right_scaled));
                        (node(Kind::Binary(*operator, left, right)), measure)
                    }
                    Operator::Multiply | Operator::Divide => {
                        let what = "cannot be multiplied or divided";
                        let left_product = amount(left, left_measure, what)?;
                        let right_product = amount(right, right_measure, what)?;
                        let sign = if *operator == Operator::Multiply { 1 } else { -1 };
                        let product = left_product.times(&right_product.power(sign));
                        let (left, right) = (Box::new(left_checked), Box::new(right_checked));
                        (node(Kind::Binary(*operator, left, right)), Measure::Product(product))
                    }
                }
            }
            Kind::Extreme(extreme, arguments) => self.extreme(&span, *extreme, arguments, bound)?,
            Kind::Sum { index, up_to, body } => {
                self.runs_over(&span, index, up_to.as_deref(), &[body], bound)?;
                bound.push(index.clone());
                let checked = self.expression(body, bound);
                bound.pop();
                let (checked, measure) = checked?;
                let product = amount(body, measure, "does not add up")?;
                let (index, up_to) = (index.clone(), up_to.clone());
                let kind = Kind::Sum { index, up_to, body: Box::new(checked) };
                (node(kind), Measure::Product(product))
            }
            Kind::Mean { index, body, weight } => {
                self.runs_over(&span, index, None, &[body, weight], bound)?;
                bound.push(index.clone());
                let checked = self.expression(body, bound);
                let weighed = self.expression(weight, bound);
                bound.pop();
                let ((checked, measure), (weighed, weight_measure)) = (checked?, weighed?);
                let product = amount(body, measure, "has no weighted mean")?;
                amount(weight, weight_measure, "is no weight")?;
                let (body, weight) = (Box::new(checked), Box::new(weighed));
                (node(Kind::Mean { index: index.clone(), body, weight }), Measure::Product(product))
            }
            // Only this check writes conversions; one already there is taken as it stands.
            Kind::Convert(_, inner) => return self.expression(inner, bound),
        })
    }

    fn extreme(
        &self,
        span: &std::ops::Range<usize>,
        extreme: Extreme,
        arguments: &[Expression],
        bound: &mut Vec<String>,
    ) -> Result<(Expression, Measure), Fault> {
        let mut checked: Vec<Expression> = Vec::new();
        let mut common: Option<Measure> = None;
        for argument in arguments {
            let (expression, measure) = self.expression(argument, bound)?;
            let target = common.get_or_insert_with(|| measure.clone());
            let scaled = converted(expression, &measure, target).map_err(|mismatch| {
                let name = extreme.as_str();
                match mismatch {
                    Mismatch::Dimension => Fault::new(
                        argument.span.clone(),
                        format!("{name} compares {target} with {measure}"),
                        target.why_not(&measure),
                    ),
                    Mismatch::Range => range_fault(argument, &measure, target),
                }
            })?;
            checked.push(scaled);
        }
        let measure = common.unwrap_or(Measure::Product(Product::default()));
        Ok((Expression { span: span.clone(), kind: Kind::Extreme(extreme, checked) }, measure))
    }
}

/// Both sides of a sum or difference in one unit: the left side's.
fn added(
    operator: Operator,
    (whole, left, left_measure): (&Expression, Expression, &Measure),
    (right, right_measure): (Expression, &Measure),
) -> Result<(Expression, Expression, Measure), Fault> {
    use Measure::{Product as Amount, Temperature};
    let place = right.span.clone();
    let fault = |message: String, advice: &str| Fault::new(place.clone(), message, advice);
    match (left_measure, right_measure, operator) {
        (Temperature(_), Temperature(_), Operator::Add) => Err(fault(
            format!("two temperatures cannot be added ({left_measure} + {right_measure})"),
            "their difference can, in K; a temperature difference is declared in K",
        )),
        (Temperature(unit), Temperature(_), _) => {
            let right = converted(right, right_measure, left_measure)
                .map_err(|_| range_fault(whole, right_measure, left_measure))?;
            Ok((left, right, Amount(Product::difference(*unit))))
        }
        (Temperature(unit), Amount(_), _) => {
            let step = Amount(Product::difference(*unit));
            let right = converted(right, right_measure, &step).map_err(|_| {
                let sign = operator.as_char();
                fault(
                    format!("{left_measure} {sign} {right_measure} has no meaning"),
                    TO_TEMPERATURE,
                )
            })?;
            Ok((left, right, left_measure.clone()))
        }
        (Amount(_), Temperature(unit), Operator::Add) => {
            let step = Amount(Product::difference(*unit));
            let left = converted(left, left_measure, &step).map_err(|_| {
                fault(format!("{left_measure} + {right_measure} has no meaning"), TO_TEMPERATURE)
            })?;
            Ok((left, right, right_measure.clone()))
        }
        (Amount(_), Temperature(_), _) => Err(fault(
            format!("{left_measure} - {right_measure} has no meaning"),
            "a temperature is subtracted from a temperature only",
        )),
        (Amount(_), Amount(_), _) => {
            let right =
                converted(right, right_measure, left_measure).map_err(
                    |mismatch| match mismatch {
                        Mismatch::Dimension => {
                            let verb = if operator == Operator::Add { "add" } else { "subtract" };
                            fault(
                                format!("cannot {verb} {left_measure} and {right_measure}"),
                                left_measure.why_not(right_measure),
                            )
                        }
                        Mismatch::Range => range_fault(whole, right_measure, left_measure),
                    },
                )?;
            Ok((left, right, left_measure.clone()))
        }
    }
}

const TO_TEMPERATURE: &str = "to a temperature only a temperature difference in K is added";

/// `expression` in the unit of `target`.
fn converted(
    expression: Expression,
    measure: &Measure,
    target: &Measure,
) -> Result<Expression, Mismatch> {
    let scale = measure.scale_to(target)?;
    if scale == Scale::IDENTITY {
        return Ok(expression);
    }
    let span = expression.span.clone();
    Ok(Expression { span, kind: Kind::Convert(scale, Box::new(expression)) })
}

/// The product of an expression that must not be a temperature.
fn amount(expression: &Expression, measure: Measure, what: &str) -> Result<Product, Fault> {
    match measure {
        Measure::Product(product) => Ok(product),
        Measure::Temperature(unit) => Err(Fault::new(
            expression.span.clone(),
            format!("a temperature in {unit} {what}"),
            "its zero is arbitrary: subtract another temperature first, or declare a difference in K",
        )),
    }
}

fn range_fault(expression: &Expression, from: &Measure, to: &Measure) -> Fault {
    Fault::new(
        expression.span.clone(),
        format!("the factor between {from} and {to} is too long"),
        "choose units nearer to one another",
    )
}
