//! What stands on what: unused parameters, the order of equations, and which symbols need a past.

use super::super::model::{Equation, Index, Parameter};
use super::super::raw::RawMethodology;
use super::super::syntax::{Expression, Kind, Selector};
use super::Findings;

impl Findings<'_> {
    /// A parameter that no equation uses is an error: it would be asked of every plan for nothing.
    pub(super) fn unused(&mut self, raw: &RawMethodology, equations: &[Equation]) {
        if equations.len() < raw.equation.len() {
            return;
        }
        let used: Vec<&str> = equations.iter().flat_map(|e| e.written.symbols()).collect();
        for parameter in &raw.parameter {
            let symbol = parameter.symbol.get_ref();
            if !used.contains(&symbol.as_str()) {
                let message = format!("no equation uses {symbol}");
                self.tell(parameter.symbol.span(), message, "remove the parameter");
            }
        }
    }

    /// Equations in an order in which each stands after those it uses; a cycle is told.
    pub(super) fn order(
        &mut self,
        raw: &RawMethodology,
        equations: &[Equation],
    ) -> Option<Vec<usize>> {
        let uses: Vec<Vec<usize>> = equations
            .iter()
            .map(|equation| {
                let position = |symbol: &str| equations.iter().position(|e| e.symbol == symbol);
                equation.written.symbols().into_iter().filter_map(position).collect()
            })
            .collect();
        let mut order: Vec<usize> = Vec::new();
        while order.len() < equations.len() {
            let is_ready =
                |at: &usize| !order.contains(at) && uses[*at].iter().all(|u| order.contains(u));
            match (0..equations.len()).find(is_ready) {
                Some(ready) => order.push(ready),
                None => break,
            }
        }
        if order.len() == equations.len() {
            return Some(order);
        }
        // Every equation left uses one that is left: following them from the first must come round.
        let mut path: Vec<usize> = Vec::new();
        let mut at = (0..equations.len()).find(|at| !order.contains(at))?;
        while !path.contains(&at) {
            path.push(at);
            at = *uses[at].iter().find(|used| !order.contains(used))?;
        }
        let start = path.iter().position(|step| *step == at)?;
        let circle: Vec<&str> = path[start..]
            .iter()
            .chain([&at])
            .map(|step| equations[*step].symbol.as_str())
            .collect();
        let symbol = &raw.equation.iter().find(|e| *e.symbol.get_ref() == equations[at].symbol)?;
        let message = format!("{} depends on itself: {}", circle[0], circle.join(" uses "));
        self.tell(symbol.symbol.span(), message, "equations cannot form a circle");
        None
    }
}

/// Symbols over a calendar that a sum over the past uses, directly or through equations.
pub(super) fn history(
    equations: &[Equation],
    parameters: &[Parameter],
    indices: &[Index],
) -> Vec<String> {
    let is_calendar = |symbol: &str| {
        let index = indices.iter().find(|index| index.symbol == symbol);
        index.is_some_and(|index| index.set.is_calendar())
    };
    let mut history: Vec<String> = Vec::new();
    loop {
        let known_count = history.len();
        for equation in equations {
            let mut past: Vec<&str> = Vec::new();
            if history.contains(&equation.symbol) {
                let own = equation.indices.iter().map(String::as_str);
                past.extend(own.filter(|index| is_calendar(index)));
            }
            find(&equation.written, &mut past, &mut history);
        }
        if history.len() == known_count {
            break;
        }
    }
    // Only what is declared over a calendar has a past.
    history.retain(|symbol| {
        let parameter = parameters.iter().find(|p| p.symbol == *symbol).map(|p| &p.indices);
        let own = parameter.or(equations.iter().find(|e| e.symbol == *symbol).map(|e| &e.indices));
        own.is_some_and(|own| own.iter().any(|index| is_calendar(index)))
    });
    history
}

/// Symbols inside that have one of the indices in `past`.
fn find<'e>(expression: &'e Expression, past: &mut Vec<&'e str>, history: &mut Vec<String>) {
    if let Kind::Symbol { name, indices } = &expression.kind {
        let mut add = |symbol: &str| {
            if !history.iter().any(|known| known == symbol) {
                history.push(symbol.to_owned());
            }
        };
        for selector in indices {
            match selector {
                Selector::Index(index) if past.contains(&index.as_str()) => add(name),
                Selector::Category { symbol, indices }
                    if indices.iter().any(|index| past.contains(&index.as_str())) =>
                {
                    add(symbol);
                }
                _ => {}
            }
        }
    }
    let is_past = match &expression.kind {
        Kind::Sum { index, up_to: Some(_), .. } => {
            past.push(index);
            true
        }
        _ => false,
    };
    for child in expression.children() {
        find(child, past, history);
    }
    if is_past {
        past.pop();
    }
}
