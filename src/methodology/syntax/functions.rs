//! Functions and selections of the grammar: `sum`, `mean`, `if`, `band` and their like.

use std::ops::Range;

use super::{
    Condition, Expression, Extreme, FUNCTIONS, Fault, INDICES_MAX, Kind, Parser, RESERVED,
    Relation, SELECTIONS, Selector, is_symbol_character,
};

impl Parser<'_> {
    pub(super) fn function(&mut self, name: &str, span: Range<usize>) -> Result<Expression, Fault> {
        if !FUNCTIONS.contains(&name) {
            return Err(no_function(name, span));
        }
        let open = self.at;
        self.at += 1;
        self.deeper(span.start)?;
        let kind = match name {
            "sum" => {
                let at = self.at;
                let index = self.index(name, "write sum(i: EG[i])")?;
                let is_past = self.taken("<=");
                let up_to = match is_past {
                    true => Some(self.index(name, "write sum(x <= y: W[x])")?),
                    false => None,
                };
                self.colon(at, name, "write sum(i: EG[i])")?;
                Kind::Sum { index, up_to, body: Box::new(self.sum()?) }
            }
            "mean" => {
                let at = self.at;
                let index = self.index(name, "write mean(i: w[i] by V[i])")?;
                self.colon(at, name, "write mean(i: w[i] by V[i])")?;
                let body = Box::new(self.sum()?);
                if !self.taken("by") {
                    let message = "a mean names its weight";
                    let place = self.at..self.at;
                    return Err(Fault::new(place, message, "write mean(i: w[i] by V[i])"));
                }
                Kind::Mean { index, body, weight: Box::new(self.sum()?) }
            }
            "exp" => Kind::Exp(Box::new(self.sum()?)),
            "if" => {
                let left = self.sum()?;
                let relation = self.relation()?;
                let condition = Box::new(Condition { left, relation, right: self.sum()? });
                self.expect(',', "the parenthesis of if", open)?;
                let then = Box::new(self.sum()?);
                self.expect(',', "the parenthesis of if", open)?;
                Kind::If { condition, then, otherwise: Box::new(self.sum()?) }
            }
            _ => {
                let mut arguments = vec![self.sum()?];
                while self.peek() == Some(',') {
                    self.at += 1;
                    arguments.push(self.sum()?);
                }
                Kind::Extreme(if name == "min" { Extreme::Min } else { Extreme::Max }, arguments)
            }
        };
        self.depth -= 1;
        self.expect(')', &format!("the parenthesis of {name}"), open)?;
        self.node(span.start..self.at, kind)
    }

    /// The index that a function runs over, or up to.
    fn index(&mut self, function: &str, advice: &str) -> Result<String, Fault> {
        self.peek();
        let at = self.at;
        let index = self.take_while(is_symbol_character).to_owned();
        if index.is_empty() {
            let article = if function == "sum" { "a sum" } else { function };
            return Err(Fault::new(
                at..self.at,
                format!("{article} names its index first"),
                advice,
            ));
        }
        Ok(index)
    }

    fn colon(&mut self, at: usize, function: &str, advice: &str) -> Result<(), Fault> {
        if self.taken(":") {
            return Ok(());
        }
        let article = if function == "sum" { "a sum" } else { function };
        Err(Fault::new(at..self.at, format!("{article} names its index first"), advice))
    }

    fn relation(&mut self) -> Result<Relation, Fault> {
        for (sign, relation) in [
            ("<=", Relation::AtMost),
            (">=", Relation::AtLeast),
            ("<", Relation::Less),
            (">", Relation::More),
        ] {
            if self.taken(sign) {
                return Ok(relation);
            }
        }
        let place = self.at..self.at;
        let advice = "write if(T >= 500 [degC], a, b)";
        Err(Fault::new(place, "a condition compares with <, <=, > or >=", advice))
    }

    /// Steps over this sign or word if it comes next.
    fn taken(&mut self, word: &str) -> bool {
        self.peek();
        let Some(rest) = self.text[self.at..].strip_prefix(word) else { return false };
        let is_word = word.chars().all(is_symbol_character);
        if is_word && rest.starts_with(is_symbol_character) {
            return false;
        }
        self.at += word.len();
        true
    }

    /// What stands for one index of a symbol.
    fn selector(&mut self) -> Result<Selector, Fault> {
        self.peek();
        let start = self.at;
        let name = self.take_while(is_symbol_character).to_owned();
        if name.is_empty() {
            let message = "an index is expected";
            return Err(Fault::new(start..start, message, "write EG[i], or EF[i, g] for two"));
        }
        match self.peek() {
            Some('(') => self.selection(&name, start..start + name.len()),
            Some('[') => {
                let indices = self.selectors()?;
                let plain = indices.into_iter().map(|selector| match selector {
                    Selector::Index(index) => Ok(index),
                    _ => Err(Fault::new(
                        start..self.at,
                        "a category of a category",
                        "name the inner one by its own [[equation]]",
                    )),
                });
                Ok(Selector::Category { symbol: name, indices: plain.collect::<Result<_, _>>()? })
            }
            _ => Ok(Selector::Index(name)),
        }
    }

    fn selection(&mut self, name: &str, span: Range<usize>) -> Result<Selector, Fault> {
        if !SELECTIONS.contains(&name) {
            let message = format!("{name} chooses no member of an index");
            let advice = "write band(b: from[b] <= x) or lookup(c: from[c] <= x < to[c])";
            return Err(Fault::new(span, message, advice));
        }
        let is_band = name == "band";
        let advice = if is_band {
            "write band(b: from[b] <= x)"
        } else {
            "write lookup(c: from[c] <= x < to[c])"
        };
        let open = self.at;
        self.at += 1;
        self.deeper(span.start)?;
        let at = self.at;
        let index = self.index(name, advice)?;
        self.colon(at, name, advice)?;
        let lower = Box::new(self.sum()?);
        let compared = |parser: &Self, is_there: bool| match is_there {
            true => Ok(()),
            false => {
                let message = format!("{name} compares its edges with the driver");
                Err(Fault::new(parser.at..parser.at, message, advice))
            }
        };
        let is_there = self.taken("<=");
        compared(self, is_there)?;
        let driver = Box::new(self.sum()?);
        let selector = if is_band {
            Selector::Band { index, edge: lower, driver }
        } else {
            let is_there = self.taken("<");
            compared(self, is_there)?;
            Selector::Lookup { index, from: lower, driver, to: Box::new(self.sum()?) }
        };
        self.depth -= 1;
        self.expect(')', &format!("the parenthesis of {name}"), open)?;
        Ok(selector)
    }

    pub(super) fn selectors(&mut self) -> Result<Vec<Selector>, Fault> {
        let open = self.at;
        self.deeper(open)?;
        let mut selectors = Vec::new();
        loop {
            self.at += 1;
            self.peek();
            let start = self.at;
            selectors.push(self.selector()?);
            if selectors.len() > INDICES_MAX {
                let message = format!("a symbol has at most {INDICES_MAX} indices");
                return Err(Fault::new(start..self.at, message, "merge two of them"));
            }
            if self.peek() != Some(',') {
                break;
            }
        }
        self.depth -= 1;
        self.expect(']', "the indices", open)?;
        Ok(selectors)
    }
}

fn no_function(name: &str, span: Range<usize>) -> Fault {
    if SELECTIONS.contains(&name) {
        let message = format!("{name} chooses a member of an index and is no value");
        return Fault::new(span, message, format!("write it between brackets: SE[{name}(...)]"));
    }
    let advice = format!("the functions are {}", FUNCTIONS.join(", "));
    let message = if RESERVED.contains(&name) {
        format!("function {name} does not exist in this version of the language")
    } else {
        format!("function {name} does not exist")
    };
    Fault::new(span, message, advice)
}
