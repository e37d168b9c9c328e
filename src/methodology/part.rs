//! The part of a methodology that one symbol stands on: what can be computed before everything else
//! is known, such as the emission factor of mixed electricity.

use super::model::{Equation, Methodology};
use super::syntax;
use super::unit::CompoundUnit;

impl Methodology {
    /// A methodology that computes `symbol` and what it stands on, and asks for nothing else: its RE,
    /// PE and ER are zero where the symbol does not stand on them, and say nothing. `None` if there is
    /// no such equation.
    #[must_use]
    pub fn part(&self, symbol: &str) -> Option<Self> {
        self.equation(symbol)?;
        let mut needed = vec![symbol.to_owned()];
        let mut at = 0;
        while let Some(name) = needed.get(at).cloned() {
            let used = self.equation(&name).map(|equation| equation.written.symbols());
            for used in used.unwrap_or_default() {
                if !needed.iter().any(|known| known == used) {
                    needed.push(used.to_owned());
                }
            }
            at += 1;
        }
        let is_needed = |symbol: &str| needed.iter().any(|known| known == symbol);
        let kept: Vec<usize> =
            (0..self.equations.len()).filter(|at| is_needed(&self.equations[*at].symbol)).collect();
        let mut part = self.clone();
        part.equations = kept.iter().map(|at| self.equations[*at].clone()).collect();
        let place = |at: &usize| kept.iter().position(|kept| kept == at);
        part.order = self.order.iter().filter_map(place).collect();
        part.parameters.retain(|parameter| is_needed(&parameter.symbol));
        let index_of = |index: &str| {
            let own = part.parameters.iter().flat_map(|parameter| {
                parameter.indices.iter().chain(parameter.category_of.as_ref())
            });
            let computed = part.equations.iter().flat_map(|equation| &equation.indices);
            own.chain(computed).any(|used| used == index)
                || part.equations.iter().any(|equation| equation.written.uses_index(index))
        };
        part.indices = self.indices.iter().filter(|i| index_of(&i.symbol)).cloned().collect();
        part.history.retain(|symbol| is_needed(symbol));
        for output in ["RE", "PE", "ER"] {
            if !is_needed(output) {
                part.order.push(part.equations.len());
                part.equations.push(zero(output)?);
            }
        }
        Some(part)
    }
}

fn zero(symbol: &str) -> Option<Equation> {
    let text = "0.0 [tCO2e]";
    let written = syntax::parse(text).ok()?;
    Some(Equation {
        symbol: symbol.to_owned(),
        indices: Vec::new(),
        unit: CompoundUnit::parse("tCO2e").ok()?,
        text: text.to_owned(),
        about: String::new(),
        sure: super::Sureness::Decided,
        checked: written.clone(),
        written,
    })
}
