//! Whether a year's RE, PE and ER are the sums of those of its parts, by the form of the equations alone.
//!
//! They are where each is a sum of products of which one factor is a total over time and all others are
//! fixed: totals of parts add up to that of the year. Cells of a calendar (days, hours, months) that a
//! sum goes over may be computed in any way, for each lies in one part whole. A minimum, a condition, a
//! ratio or a mean of totals has no such parts, nor has an amount that is fixed for the whole of a year,
//! nor a look back. What cannot be shown is not additive.
//!
//! By the same rules: whether it matters in which cells of its calendar a total was counted. It does not
//! where the cells of one parameter are summed with fixed factors that are the same for all of them.

use std::collections::HashMap;

use super::expression::{Expression, Kind, Operator, Selector};
use super::model::{Aggregation, IndexSet, Methodology, ParameterKind};

/// What a value is over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Zero,
    /// Made of fixed values: the same whatever part of the year is looked at.
    Fixed,
    /// Adds up over the parts of a year; of a parameter that is split among cells: moves with each of them
    /// alike.
    Total,
    /// Of one cell of the calendar.
    Cell,
}

impl Methodology {
    /// The calendar whose cells must not be cut for RE, PE and ER of a year to be the sums of those of its
    /// parts, if it has one; and the equations without index over it that add up like these.
    ///
    /// # Errors
    /// Why they are no such sums, for people, with the symbol at which it shows.
    pub fn additive(&self) -> Result<(Option<&IndexSet>, Vec<String>), String> {
        let mut calendar: Option<&IndexSet> = None;
        for index in self.indices.iter().filter(|index| index.set.is_calendar()) {
            match calendar {
                Some(set) if *set != index.set => {
                    return Err(format!("it runs over two calendars, {} for one", index.symbol));
                }
                _ => calendar = Some(&index.set),
            }
        }
        if calendar == Some(&IndexSet::Years) {
            return Err("it runs over whole years".to_owned());
        }
        let shapes = Shapes::of(self, None);
        for output in ["RE", "PE", "ER"] {
            match shapes.shape_of_symbol(output)? {
                Shape::Total | Shape::Zero => {}
                Shape::Fixed => return Err(format!("{output} is one amount for the whole year")),
                Shape::Cell => return Err(format!("{output} is of one cell of a calendar")),
            }
        }
        let is_total = |symbol: &str| {
            let shape = shapes.shape_of_symbol(symbol);
            matches!(shape, Ok(Shape::Total | Shape::Zero))
        };
        let plain = self.equations.iter().filter(|one| {
            !one.indices.iter().any(|index| self.is_calendar(index)) && is_total(&one.symbol)
        });
        Ok((calendar, plain.map(|one| one.symbol.clone()).collect()))
    }

    /// True if it alters nothing how a total of a monitored parameter is split among the cells of its
    /// calendar.
    #[must_use]
    pub fn is_indifferent(&self, symbol: &str) -> bool {
        let shapes = Shapes::of(self, Some(symbol));
        let mut outputs = ["RE", "PE", "ER"].into_iter();
        outputs.all(|one| matches!(shapes.shape_of_symbol(one), Ok(shape) if shape != Shape::Total))
    }

    fn is_calendar(&self, index: &str) -> bool {
        self.index(index).is_some_and(|index| index.set.is_calendar())
    }
}

/// The shapes of a methodology's expressions.
struct Shapes<'m> {
    methodology: &'m Methodology,
    /// A parameter over a calendar, whose cells share a total; `None`: parts of a year are looked at.
    split: Option<&'m str>,
    /// Of the equations so far, each after those it uses: nothing is looked at twice.
    known: HashMap<&'m str, Result<Shape, String>>,
}

impl<'m> Shapes<'m> {
    fn of(methodology: &'m Methodology, split: Option<&'m str>) -> Self {
        let mut shapes = Self { methodology, split, known: HashMap::new() };
        for equation in methodology.order.iter().map(|place| &methodology.equations[*place]) {
            let is_past = methodology.needs_history(&equation.symbol);
            let shape = match (is_past, split) {
                (true, None) => Err(format!("{} is looked back at", equation.symbol)),
                _ => match shapes.shape(&equation.symbol, &equation.checked) {
                    Ok(Shape::Total) if is_past => {
                        Err(format!("{} is looked back at", equation.symbol))
                    }
                    shape => shape,
                },
            };
            shapes.known.insert(&equation.symbol, shape);
        }
        shapes
    }

    fn shape_of_symbol(&self, symbol: &str) -> Result<Shape, String> {
        let methodology = self.methodology;
        let is_past = methodology.needs_history(symbol);
        if is_past && self.split.is_none_or(|split| split == symbol) {
            return Err(format!("{symbol} is looked back at"));
        }
        if let Some(known) = self.known.get(symbol) {
            return known.clone();
        }
        let Some(parameter) = methodology.parameter(symbol) else {
            return Err(format!("{symbol} is a place on the calendar"));
        };
        let is_cell = parameter.indices.iter().any(|one| self.is_calendar(one));
        match (&parameter.kind, self.split) {
            (_, Some(split)) if split == symbol => Ok(Shape::Total),
            _ if is_cell => Ok(Shape::Cell),
            (ParameterKind::Fixed { .. }, _) | (_, Some(_)) => Ok(Shape::Fixed),
            _ if parameter.category_of.is_some() => {
                Err(format!("{symbol} is one category for the whole year"))
            }
            (ParameterKind::Monitored { aggregation: Aggregation::Sum, .. }, _) => Ok(Shape::Total),
            (ParameterKind::Monitored { .. }, _) => {
                Err(format!("{symbol} is one value for the whole year, not a total"))
            }
        }
    }

    fn is_calendar(&self, index: &str) -> bool {
        self.methodology.is_calendar(index)
    }

    fn shape(&self, at: &str, expression: &Expression) -> Result<Shape, String> {
        use Shape::{Cell, Fixed, Total, Zero};
        let of = |inner: &Expression| self.shape(at, inner);
        let refused = |what: &str| Err(format!("{at} is {what}"));
        match &expression.kind {
            Kind::Number { value, .. } => Ok(if value.is_zero() { Zero } else { Fixed }),
            Kind::Symbol { name, indices } => self.selected(at, name, indices),
            Kind::Position(_) if self.split.is_some() => Ok(Cell),
            Kind::Position(index) => Err(format!("{at} takes {index} as a place on the calendar")),
            Kind::Negate(inner) | Kind::Power(inner, 1) => of(inner),
            Kind::Convert(scale, inner) => match of(inner)? {
                Total | Zero if scale.add != 0 => refused("a total on a scale without a zero"),
                shape => Ok(shape),
            },
            Kind::Power(inner, 0) => of(inner).map(|_| Fixed),
            Kind::Power(inner, _) | Kind::Exp(inner) => match of(inner)? {
                Total => refused("no multiple of a total"),
                Zero => Ok(Fixed),
                shape => Ok(shape),
            },
            Kind::Binary(operator, left, right) => match (operator, of(left)?, of(right)?) {
                (Operator::Add | Operator::Subtract, Zero, shape)
                | (Operator::Add | Operator::Subtract, shape, Zero) => Ok(shape),
                (Operator::Add | Operator::Subtract, Total, Total) => Ok(Total),
                // What else is added moves with no cell.
                (Operator::Add | Operator::Subtract, Total, _)
                | (Operator::Add | Operator::Subtract, _, Total)
                    if self.split.is_some() =>
                {
                    Ok(Total)
                }
                (Operator::Add | Operator::Subtract, Total, _)
                | (Operator::Add | Operator::Subtract, _, Total) => {
                    refused("a total and something for the whole year together")
                }
                (Operator::Multiply, Zero, _) | (Operator::Multiply, _, Zero) => Ok(Zero),
                (Operator::Divide, Zero, _) => Ok(Zero),
                (Operator::Multiply, Total, Fixed)
                | (Operator::Multiply, Fixed, Total)
                | (Operator::Divide, Total, Fixed) => Ok(Total),
                (Operator::Multiply | Operator::Divide, Total, _)
                | (Operator::Multiply | Operator::Divide, _, Total) => {
                    refused("a product or ratio of totals")
                }
                (_, Cell, _) | (_, _, Cell) => Ok(Cell),
                _ => Ok(Fixed),
            },
            Kind::Extreme(extreme, arguments) => {
                let what = format!("the {} of a total", extreme.as_str());
                self.apart(at, arguments.iter(), &what)
            }
            Kind::Sum { up_to: Some(_), body, .. } => match (self.split, of(body)?) {
                (Some(_), Fixed | Cell | Zero) => Ok(Cell),
                _ => refused("a sum over the past"),
            },
            Kind::Sum { index, body, .. } => match (self.is_calendar(index), of(body)?) {
                // Whatever left one cell is in another.
                (true, _) if self.split.is_some() => Ok(Fixed),
                (true, Total) => refused("a sum of one total over a calendar"),
                (true, Zero) => Ok(Zero),
                (true, Cell | Fixed) => Ok(Total),
                (false, shape) => Ok(shape),
            },
            Kind::Mean { index, body, weight } => {
                if self.is_calendar(index) && self.split.is_none() {
                    return refused("a mean over the whole year");
                }
                self.apart(at, [&**body, &**weight].into_iter(), "a mean with totals")
            }
            Kind::If { condition, then, otherwise } => {
                let tested = [&condition.left, &condition.right].into_iter();
                let tested = self.apart(at, tested, "what a total decides")?;
                match (tested, of(then)?, of(otherwise)?) {
                    (_, a, b) if a == b && tested == Fixed => Ok(a),
                    (Fixed, Total, Zero) | (Fixed, Zero, Total) => Ok(Total),
                    (_, Total, _) | (_, _, Total) => refused("a total in some cases alone"),
                    (Cell, ..) | (_, Cell, _) | (_, _, Cell) => Ok(Cell),
                    _ => Ok(Fixed),
                }
            }
        }
    }

    /// The shape of what is computed from all of these in any way: none may be a total.
    fn apart<'e>(
        &self,
        at: &str,
        mut all: impl Iterator<Item = &'e Expression>,
        what: &str,
    ) -> Result<Shape, String> {
        all.try_fold(Shape::Fixed, |shape, one| match (shape, self.shape(at, one)?) {
            (_, Shape::Total) => Err(format!("{at} is {what}")),
            (Shape::Cell, _) | (_, Shape::Cell) => Ok(Shape::Cell),
            _ => Ok(Shape::Fixed),
        })
    }

    /// A symbol at some members of its indices.
    fn selected(&self, at: &str, name: &str, indices: &[Selector]) -> Result<Shape, String> {
        let shape = self.shape_of_symbol(name)?;
        let mut by = Shape::Fixed;
        for selector in indices {
            let own = match selector {
                Selector::Index(_) => Shape::Fixed,
                Selector::Category { symbol, .. } => self.shape_of_symbol(symbol)?,
                Selector::Band { edge, driver, .. } => {
                    self.apart(at, [&**edge, &**driver].into_iter(), "what a total selects")?
                }
                Selector::Lookup { from, driver, to, .. } => {
                    let all = [&**from, &**driver, &**to].into_iter();
                    self.apart(at, all, "what a total selects")?
                }
            };
            by = if own == Shape::Cell { own } else { by };
        }
        match (shape, by) {
            (Shape::Total, Shape::Cell) => Err(format!("{at} selects a total by a cell")),
            (_, Shape::Cell) => Ok(Shape::Cell),
            (shape, _) => Ok(shape),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methodology::shipped;

    /// What is found of a shipped methodology.
    fn found(id: &str) -> Result<Option<String>, String> {
        let file = shipped().iter().find(|one| one.id == id).unwrap();
        let methodology = Methodology::parse(file.file, file.text).unwrap();
        methodology.additive().map(|(set, _)| set.and_then(IndexSet::step).map(str::to_owned))
    }

    #[test]
    fn sums_of_products_with_one_total_are_additive() {
        assert_eq!(found("MRV_PV_F1"), Ok(None));
        // Each day is computed by itself, in whatever way.
        assert_eq!(found("MRV_PV_F1_DAY"), Ok(Some("d".to_owned())));
    }

    #[test]
    fn a_split_among_cells_matters_where_these_count_by_different_factors() {
        let indifferent = |id: &str, symbol: &str| {
            let file = shipped().iter().find(|one| one.id == id).unwrap();
            Methodology::parse(file.file, file.text).unwrap().is_indifferent(symbol)
        };
        // By the category of the day: which day it was matters.
        assert!(!indifferent("MRV_PV_F1_DAY", "EG"));
        // One factor for all days: it does not.
        let file = shipped().iter().find(|one| one.id == "MRV_PV_F1_DAY").unwrap();
        let plain = Methodology::parse(file.file, file.text).unwrap();
        let re = plain.equation("RE").unwrap().text.clone();
        // Every parameter must be used.
        let rest = " + sum(d: EF_RE[category[d]] * 0 [MWh])";
        let alike =
            file.text.replace(&re, &format!("sum(i: sum(d: EG[i, d]) * 0.5 [tCO2/MWh]){rest}"));
        assert_ne!(alike, file.text);
        let alike = Methodology::parse("m", &alike).unwrap_or_else(|found| panic!("{}", found[0]));
        assert!(alike.is_indifferent("EG"));
        let least = format!("sum(i: sum(d: min(EG[i, d], 1 [MWh])) * 0.5 [tCO2/MWh]){rest}");
        let least = Methodology::parse("m", &file.text.replace(&re, &least));
        assert!(!least.unwrap_or_else(|found| panic!("{}", found[0])).is_indifferent("EG"));
    }

    #[test]
    fn every_shipped_methodology_is_additive_or_says_at_which_symbol_it_is_not() {
        for file in shipped() {
            let methodology = Methodology::parse(file.file, file.text).unwrap();
            if let Err(why) = methodology.additive() {
                let named = why.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
                let mut words = named.filter(|word| !word.is_empty());
                let is_known = words.any(|word| {
                    methodology.parameter(word).is_some()
                        || methodology.equation(word).is_some()
                        || methodology.index(word).is_some()
                });
                assert!(is_known || why.contains("years"), "{}: {why}", file.id);
            }
        }
    }

    #[test]
    fn what_has_no_parts_is_refused_with_its_symbol() {
        let solar = shipped().iter().find(|one| one.id == "MRV_PV_F1").unwrap();
        let plain = Methodology::parse(solar.file, solar.text).unwrap();
        let re = plain.equation("RE").unwrap().text.clone();
        let quoted = format!("text = \"{re}\"");
        assert!(solar.text.contains(&quoted), "{re}");
        for (text, expected) in [
            (format!("max({re}, 0.0 [tCO2e])"), Err("RE is the max of a total".to_owned())),
            (
                format!("{re} - 5.0 [tCO2e]"),
                Err("RE is a total and something for the whole year together".to_owned()),
            ),
            (
                format!("5.0 [tCO2e] + 0.0 * ({re})"),
                Err("RE is one amount for the whole year".to_owned()),
            ),
            (format!("({re}) * 0.5"), Ok(true)),
            (
                format!("({re}) * ({re}) / ({re})"),
                Err("RE is a product or ratio of totals".to_owned()),
            ),
        ] {
            let file = solar.text.replace(&quoted, &format!("text = \"{text}\""));
            let methodology = Methodology::parse("m", &file)
                .unwrap_or_else(|found| panic!("{text}: {}", found[0]));
            let found = methodology.additive().map(|(calendar, _)| calendar.is_none());
            assert_eq!(found, expected, "{text}");
        }
    }
}
