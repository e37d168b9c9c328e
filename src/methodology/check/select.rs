//! The check of what symbols are and which of their members are meant.

use std::ops::Range;

use super::{
    CompoundUnit, Condition, Expression, Fault, Index, IndexSet, Known, Measure, Mismatch, Scope,
    converted, range_fault,
};
use crate::methodology::syntax::{Selector, YEAR};

impl Scope<'_> {
    /// True if a name without index stands for a place on a calendar.
    pub(super) fn is_place(&self, name: &str, bound: &[String]) -> bool {
        name == YEAR || bound.iter().any(|index| index == name)
    }

    pub(super) fn place_measure(&self, span: &Range<usize>, name: &str) -> Result<Measure, Fault> {
        let set = if name == YEAR {
            self.years(span)?;
            &IndexSet::Years
        } else {
            &self.index(span, name)?.set
        };
        let unit = set.step().and_then(|step| CompoundUnit::parse(step).ok());
        unit.map(|unit| unit.measure().clone()).ok_or_else(|| {
            let message = format!("index {name} has no order of time and is no value");
            Fault::new(span.clone(), message, "only an index over a calendar is a place in time")
        })
    }

    pub(super) fn symbol(
        &self,
        span: &Range<usize>,
        name: &str,
        selectors: &[Selector],
        bound: &mut Vec<String>,
    ) -> Result<(Vec<Selector>, Measure), Fault> {
        let known = self.known(span, name)?;
        for selector in selectors {
            if let Selector::Index(index) = selector
                && index != YEAR
            {
                self.index(span, index)?;
            }
        }
        let is_fitting = selectors.len() == known.indices.len()
            && selectors.iter().zip(known.indices).all(|(selector, own)| match selector {
                Selector::Index(index) => self.is_same_set(index, own),
                _ => true,
            });
        if !is_fitting {
            let own = written(name, known.indices);
            let shown = Expression {
                span: span.clone(),
                kind: super::Kind::Symbol { name: name.to_owned(), indices: selectors.to_vec() },
            };
            let message = format!("{shown} is declared as {own}");
            return Err(Fault::new(span.clone(), message, format!("write {own}")));
        }
        if let Some(of) = known.category_of {
            let message = format!("{name} names a member of {of} and is no value");
            let advice = format!("write it where a member of {of} is meant: EF[{name}[d]]");
            return Err(Fault::new(span.clone(), message, advice));
        }
        let mut checked = Vec::with_capacity(selectors.len());
        for (selector, own) in selectors.iter().zip(known.indices) {
            checked.push(self.selector(span, name, selector, own, bound)?);
        }
        Ok((checked, known.measure.clone()))
    }

    fn selector(
        &self,
        span: &Range<usize>,
        name: &str,
        selector: &Selector,
        own: &str,
        bound: &mut Vec<String>,
    ) -> Result<Selector, Fault> {
        match selector {
            Selector::Index(index) => {
                self.is_bound(span, name, index, bound)?;
                Ok(selector.clone())
            }
            Selector::Category { symbol, indices } => {
                let category = self.known(span, symbol)?;
                if category.category_of != Some(own) {
                    let message = format!("{symbol} names no member of {own}, an index of {name}");
                    let advice = format!("declare it with category_of = \"{own}\"");
                    return Err(Fault::new(span.clone(), message, advice));
                }
                let is_fitting = indices.len() == category.indices.len()
                    && indices.iter().zip(category.indices).all(|(a, b)| self.is_same_set(a, b));
                if !is_fitting {
                    let (given, own) =
                        (written(symbol, indices), written(symbol, category.indices));
                    let message = format!("{given} is declared as {own}");
                    return Err(Fault::new(span.clone(), message, format!("write {own}")));
                }
                for index in indices {
                    self.is_bound(span, symbol, index, bound)?;
                }
                Ok(selector.clone())
            }
            Selector::Band { index, edge, driver } => {
                self.selects(span, name, index, own, bound)?;
                let (driver, measure) = self.expression(driver, bound)?;
                let edge = self.edge(edge, index, &measure, bound)?;
                let (edge, driver) = (Box::new(edge), Box::new(driver));
                Ok(Selector::Band { index: index.clone(), edge, driver })
            }
            Selector::Lookup { index, from, driver, to } => {
                self.selects(span, name, index, own, bound)?;
                let (driver, measure) = self.expression(driver, bound)?;
                let from = Box::new(self.edge(from, index, &measure, bound)?);
                let to = Box::new(self.edge(to, index, &measure, bound)?);
                let driver = Box::new(driver);
                Ok(Selector::Lookup { index: index.clone(), from, driver, to })
            }
        }
    }

    /// The index of a band or lookup is the one that the symbol has there, and is not bound yet.
    fn selects(
        &self,
        span: &Range<usize>,
        name: &str,
        index: &str,
        own: &str,
        bound: &[String],
    ) -> Result<(), Fault> {
        self.index(span, index)?;
        if index != own {
            let message = format!("a member of {index} is chosen where {name} has index {own}");
            return Err(Fault::new(span.clone(), message, format!("choose a member of {own}")));
        }
        self.is_free(span, index, bound)
    }

    /// An edge of a band or class, in the driver's unit.
    fn edge(
        &self,
        edge: &Expression,
        index: &str,
        driver: &Measure,
        bound: &mut Vec<String>,
    ) -> Result<Expression, Fault> {
        if !edge.uses_index(index) {
            let message = format!("the edge is the same for every {index}");
            let advice = format!("use a parameter with index {index}: from[{index}]");
            return Err(Fault::new(edge.span.clone(), message, advice));
        }
        bound.push(index.to_owned());
        let checked = self.expression(edge, bound);
        bound.pop();
        let (checked, measure) = checked?;
        converted(checked, &measure, driver).map_err(|mismatch| match mismatch {
            Mismatch::Dimension => Fault::new(
                edge.span.clone(),
                format!("an edge in {measure} is compared with a driver in {driver}"),
                measure.why_not(driver),
            ),
            Mismatch::Range => range_fault(edge, &measure, driver),
        })
    }

    pub(super) fn condition(
        &self,
        condition: &Condition,
        bound: &mut Vec<String>,
    ) -> Result<Condition, Fault> {
        let (left, measure) = self.expression(&condition.left, bound)?;
        let (right, other) = self.expression(&condition.right, bound)?;
        let right = converted(right, &other, &measure).map_err(|mismatch| match mismatch {
            Mismatch::Dimension => Fault::new(
                condition.right.span.clone(),
                format!("{measure} is compared with {other}"),
                measure.why_not(&other),
            ),
            Mismatch::Range => range_fault(&condition.right, &other, &measure),
        })?;
        Ok(Condition { left, relation: condition.relation, right })
    }

    /// A sum or mean runs over a known index that is not bound yet and that its operands use.
    pub(super) fn runs_over(
        &self,
        span: &Range<usize>,
        index: &str,
        up_to: Option<&str>,
        operands: &[&Expression],
        bound: &[String],
    ) -> Result<(), Fault> {
        self.index(span, index)?;
        self.is_free(span, index, bound)?;
        if !operands.iter().any(|operand| operand.uses_index(index)) {
            let message = format!("the sum over {index} uses no symbol with this index");
            return Err(Fault::new(span.clone(), message, "write sum(i: EG[i])"));
        }
        let Some(last) = up_to else { return Ok(()) };
        if last == YEAR {
            self.years(span)?;
        } else {
            self.is_bound(span, "the sum", last, bound)?;
        }
        let set = &self.index(span, index)?.set;
        let same = if last == YEAR {
            *set == IndexSet::Years
        } else {
            set.is_calendar() && self.is_same_set(index, last)
        };
        if same {
            return Ok(());
        }
        let message = format!("{index} and {last} are not over one calendar");
        let advice =
            "declare both with the same over = \"years\", \"months\", \"days\" or \"hours\"";
        Err(Fault::new(span.clone(), message, advice))
    }

    fn known(&self, span: &Range<usize>, name: &str) -> Result<Known<'_>, Fault> {
        (self.symbol)(name).ok_or_else(|| {
            let alike = self.names.iter().find(|known| known.eq_ignore_ascii_case(name));
            let advice = match alike {
                Some(alike) => format!("did you mean {alike}?"),
                None => "declare it as a [[parameter]] or an [[equation]]".to_owned(),
            };
            Fault::new(span.clone(), format!("symbol {name} is unknown"), advice)
        })
    }

    fn index(&self, span: &Range<usize>, index: &str) -> Result<&Index, Fault> {
        let known = self.indices.iter().find(|known| known.symbol == index);
        known.ok_or_else(|| {
            let message = format!("index {index} is unknown");
            Fault::new(span.clone(), message, "declare it as an [[index]]")
        })
    }

    fn years(&self, span: &Range<usize>) -> Result<(), Fault> {
        if self.indices.iter().any(|index| index.set == IndexSet::Years) {
            return Ok(());
        }
        let advice = "declare an [[index]] with over = \"years\"";
        Err(Fault::new(span.clone(), "no index is over years", advice))
    }

    /// One index, or two over one calendar.
    fn is_same_set(&self, one: &str, other: &str) -> bool {
        if one == YEAR {
            return self.indices.iter().any(|i| i.symbol == other && i.set == IndexSet::Years);
        }
        let set = |symbol| self.indices.iter().find(|index| index.symbol == symbol).map(|i| &i.set);
        one == other || set(one).is_some_and(|of| of.is_calendar() && Some(of) == set(other))
    }

    fn is_free(&self, span: &Range<usize>, index: &str, bound: &[String]) -> Result<(), Fault> {
        if bound.iter().any(|known| known == index) {
            let message = format!("index {index} is already bound here");
            return Err(Fault::new(span.clone(), message, "use another index for the inner sum"));
        }
        Ok(())
    }

    fn is_bound(
        &self,
        span: &Range<usize>,
        name: &str,
        index: &str,
        bound: &[String],
    ) -> Result<(), Fault> {
        if index == YEAR || bound.iter().any(|known| known == index) {
            return Ok(());
        }
        let message = format!("index {index} of {name} is not bound");
        let advice = format!(
            "write sum({index}: ...) around it, or indices = [\"{index}\"] for the equation"
        );
        Err(Fault::new(span.clone(), message, advice))
    }
}

fn written(name: &str, indices: &[String]) -> String {
    match indices {
        [] => name.to_owned(),
        indices => format!("{name}[{}]", indices.join(", ")),
    }
}
