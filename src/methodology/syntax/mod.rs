//! The grammar of equations: from a text to an [`Expression`].
//!
//! ```text
//! sum        = product { ("+" | "-") product }
//! product    = signed { ("*" | "/") signed }
//! signed     = "-" signed | power
//! power      = atom [ "^" digit ]
//! atom       = number [ "[" unit "]" ] | symbol [ "[" member { "," member } "]" ]
//!            | ("min" | "max") "(" sum { "," sum } ")" | "exp" "(" sum ")" | "(" sum ")"
//!            | "sum" "(" index [ "<=" index ] ":" sum ")" | "mean" "(" index ":" sum "by" sum ")"
//!            | "if" "(" sum relation sum "," sum "," sum ")"
//! member     = index | category [ "[" index { "," index } "]" ]
//!            | "band" "(" index ":" sum "<=" sum ")"
//!            | "lookup" "(" index ":" sum "<=" sum "<" sum ")"
//! relation   = "<" | "<=" | ">" | ">="
//! ```
//!
//! Never panics, whatever the text; lengths and depths are limited ([`super::limits`]). Words of
//! later versions of the language are reserved, so that a file cannot use them as symbols.

mod functions;

use std::ops::Range;

pub use super::expression::{Condition, Expression, Extreme, Kind, Operator, Relation, Selector};
use super::limits::{
    DEPTH_MAX, EQUATION_BYTES_MAX, INDICES_MAX, NODES_MAX, POWER_MAX, SYMBOL_BYTES_MAX,
};
use super::unit::CompoundUnit;
use crate::domain::decimal::Decimal;

/// Functions that give a value.
const FUNCTIONS: &[&str] = &["sum", "min", "max", "mean", "exp", "if"];

/// Functions that choose a member of an index.
const SELECTIONS: &[&str] = &["band", "lookup"];

/// The year that is evaluated, as a place on the calendar.
pub const YEAR: &str = "year";

/// Words with another meaning, and those that later versions of the language will give one.
const RESERVED: &[&str] = &[
    YEAR, "by", "then", "else", "and", "or", "not", "select", "previous", "case", "product", "abs",
    "floor", "round", "where", "in",
];

/// Something wrong in the text of an equation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Bytes of the equation's text.
    pub span: Range<usize>,
    pub message: String,
    pub advice: String,
}

impl Fault {
    pub(super) fn new(
        span: Range<usize>,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { span, message: message.into(), advice: advice.into() }
    }
}

/// Reads the text of an equation.
///
/// # Errors
/// The first thing wrong with it.
pub fn parse(text: &str) -> Result<Expression, Fault> {
    if text.len() > EQUATION_BYTES_MAX {
        let message = format!("an equation has at most {EQUATION_BYTES_MAX} bytes");
        return Err(Fault::new(0..0, message, "split it with a further [[equation]]"));
    }
    let mut parser = Parser { text, at: 0, depth: 0, node_count: 0 };
    let expression = parser.sum()?;
    match parser.peek() {
        None => Ok(expression),
        Some(character) => Err(parser.unexpected(character, "an operator")),
    }
}

/// Checks a symbol or index that a file declares.
///
/// # Errors
/// What is wrong with it, for people.
pub fn check_symbol(text: &str) -> Result<(), String> {
    let mut characters = text.chars();
    if !characters.next().is_some_and(char::is_alphabetic) || !characters.all(is_symbol_character) {
        return Err(format!("{text:?} is no symbol: write letters, digits and _, a letter first"));
    }
    if text.len() > SYMBOL_BYTES_MAX {
        return Err(format!("a symbol has at most {SYMBOL_BYTES_MAX} bytes"));
    }
    if [FUNCTIONS, SELECTIONS, RESERVED].iter().any(|words| words.contains(&text)) {
        return Err(format!("{text} is a word of the language and cannot be a symbol"));
    }
    Ok(())
}

fn is_symbol_character(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    node_count: usize,
}

impl<'a> Parser<'a> {
    fn sum(&mut self) -> Result<Expression, Fault> {
        self.chain(&[('+', Operator::Add), ('-', Operator::Subtract)], Self::product)
    }

    fn product(&mut self) -> Result<Expression, Fault> {
        self.chain(&[('*', Operator::Multiply), ('/', Operator::Divide)], Self::signed)
    }

    /// Operands between operators of one rank, from left to right.
    fn chain(
        &mut self,
        operators: &[(char, Operator)],
        operand: fn(&mut Self) -> Result<Expression, Fault>,
    ) -> Result<Expression, Fault> {
        let mut left = operand(self)?;
        loop {
            let next = self.peek();
            let Some((_, operator)) = operators.iter().find(|(sign, _)| Some(*sign) == next) else {
                return Ok(left);
            };
            self.at += 1;
            let right = operand(self)?;
            let span = left.span.start..right.span.end;
            left = self.node(span, Kind::Binary(*operator, Box::new(left), Box::new(right)))?;
        }
    }

    fn signed(&mut self) -> Result<Expression, Fault> {
        if self.peek() != Some('-') {
            return self.power();
        }
        let start = self.at;
        self.at += 1;
        self.deeper(start)?;
        let operand = self.signed()?;
        self.depth -= 1;
        self.node(start..operand.span.end, Kind::Negate(Box::new(operand)))
    }

    fn power(&mut self) -> Result<Expression, Fault> {
        let base = self.atom()?;
        if self.peek() != Some('^') {
            return Ok(base);
        }
        self.at += 1;
        self.peek();
        let start = self.at;
        let digits = self.take_while(|c| c.is_alphanumeric() || c == '.' || c == '-');
        let exponent = digits.parse().ok().filter(|exponent| *exponent <= POWER_MAX);
        let Some(exponent) = exponent else {
            let message = format!("{digits:?} is no exponent");
            let advice = format!("powers are whole numbers from 0 to {POWER_MAX}");
            return Err(Fault::new(start..self.at, message, advice));
        };
        let span = base.span.start..self.at;
        let power = self.node(span, Kind::Power(Box::new(base), exponent))?;
        match self.peek() {
            Some('^') => Err(Fault::new(
                self.at..self.at + 1,
                "a power of a power",
                "write parentheses: (x^2)^3",
            )),
            _ => Ok(power),
        }
    }

    fn atom(&mut self) -> Result<Expression, Fault> {
        let start = match self.peek() {
            None => {
                let end = self.text.len();
                let message = "the equation ends where a value is expected";
                return Err(Fault::new(
                    end..end,
                    message,
                    "add a symbol, a number or a parenthesis",
                ));
            }
            Some('(') => {
                let start = self.at;
                self.at += 1;
                self.deeper(start)?;
                let mut inner = self.sum()?;
                self.depth -= 1;
                self.expect(')', "the parenthesis", start)?;
                inner.span = start..self.at;
                return Ok(inner);
            }
            Some(character) if character.is_ascii_digit() || character == '.' => {
                return self.number();
            }
            Some(character) if character.is_alphabetic() => self.at,
            Some(character) => return Err(self.unexpected(character, "a value")),
        };
        let name = self.take_while(is_symbol_character).to_owned();
        let span = start..self.at;
        if self.peek() == Some('(') {
            return self.function(&name, span);
        }
        if name != YEAR
            && let Err(message) = check_symbol(&name)
        {
            return Err(Fault::new(span, message, "choose another name"));
        }
        let indices = if self.peek() == Some('[') { self.selectors()? } else { Vec::new() };
        self.node(start..self.at, Kind::Symbol { name, indices })
    }

    fn number(&mut self) -> Result<Expression, Fault> {
        let start = self.at;
        let mut is_exponent = false;
        self.take_while(|c| {
            let is_part = c.is_alphanumeric()
                || c == '.'
                || c == '_'
                || (is_exponent && (c == '+' || c == '-'));
            is_exponent = c == 'e' || c == 'E';
            is_part
        });
        let text = &self.text[start..self.at];
        let value = Decimal::parse(text).map_err(|error| {
            let advice = "write digits with a point, and * between factors: 2 * EG[i]";
            Fault::new(start..self.at, format!("{text:?} is {}", article(&error)), advice)
        })?;
        let mut unit = None;
        if self.peek() == Some('[') {
            let open = self.at;
            self.at += 1;
            let inside = self.at;
            let text = self.take_while(|c| c != ']' && c != '[' && c != '\n');
            let parsed = CompoundUnit::parse(text);
            let end = self.at;
            self.expect(']', "the unit", open)?;
            unit = Some(parsed.map_err(|error| {
                Fault::new(inside..end, error.to_string(), "write a unit such as [tCO2e/MWh]")
            })?);
        }
        self.node(start..self.at, Kind::Number { value, unit })
    }

    /// The next character that is no space; the parser then stands on it.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn take_while(&mut self, mut is_part: impl FnMut(char) -> bool) -> &'a str {
        let text: &'a str = self.text;
        let rest = &text[self.at..];
        let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn expect(&mut self, closing: char, what: &str, open: usize) -> Result<(), Fault> {
        match self.peek() {
            Some(character) if character == closing => {
                self.at += closing.len_utf8();
                Ok(())
            }
            None => {
                let message = format!("{what} opened here is not closed");
                Err(Fault::new(open..open + 1, message, format!("add {closing:?}")))
            }
            Some(character) => Err(self.unexpected(character, &format!("{closing:?}"))),
        }
    }

    fn unexpected(&self, character: char, expected: &str) -> Fault {
        let span = self.at..self.at + character.len_utf8();
        let advice = match character {
            '−' | '–' => "write the minus sign of the keyboard: -",
            '×' | '·' => "write * to multiply",
            '÷' | ':' => "write / to divide",
            ',' => "decimals have a point; a comma stands between arguments of min and max",
            '[' => "indices stand behind symbols: EG[i]; units behind numbers: 0 [tCO2e]",
            '=' => "the symbol stands in its own key: symbol = \"RE\"",
            ')' | ']' => "it closes nothing",
            character if character.is_alphanumeric() => "write * between factors",
            _ => "an equation has + - * / ^ ( ) [ ] and functions such as sum, min, max",
        };
        Fault::new(span, format!("{character:?} stands where {expected} is expected"), advice)
    }

    fn deeper(&mut self, start: usize) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let message = format!("nested more than {DEPTH_MAX} deep");
            return Err(Fault::new(
                start..start + 1,
                message,
                "name a part by its own [[equation]]",
            ));
        }
        Ok(())
    }

    fn node(&mut self, span: Range<usize>, kind: Kind) -> Result<Expression, Fault> {
        self.node_count += 1;
        if self.node_count > NODES_MAX {
            let message = format!("an equation has at most {NODES_MAX} operations and operands");
            return Err(Fault::new(span, message, "name a part by its own [[equation]]"));
        }
        Ok(Expression { span, kind })
    }
}

fn article(error: &crate::domain::decimal::DecimalError) -> String {
    use crate::domain::decimal::DecimalError;
    match error {
        DecimalError::Syntax => "no number".to_owned(),
        error => format!("no number of the engine: {error}"),
    }
}
