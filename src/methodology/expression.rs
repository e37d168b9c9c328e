//! The tree of an equation: what [`super::syntax`] reads, [`super::check`] completes, and the rest
//! computes and prints.

use std::ops::Range;

use super::unit::{CompoundUnit, Scale};
use crate::domain::decimal::Decimal;

/// A node of an equation's tree.
#[derive(Debug, Clone)]
pub struct Expression {
    /// Bytes of the equation's text.
    pub span: Range<usize>,
    pub kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A number, dimensionless where no unit is written.
    Number {
        value: Decimal,
        unit: Option<CompoundUnit>,
    },
    /// A parameter, an equation, or an index over time that stands for its place on the calendar.
    Symbol {
        name: String,
        indices: Vec<Selector>,
    },
    Negate(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// To an exponent from 0 to [`super::limits::POWER_MAX`].
    Power(Box<Expression>, u32),
    /// e to the operand.
    Exp(Box<Expression>),
    /// One argument or more.
    Extreme(Extreme, Vec<Expression>),
    /// Over all members, or over those up to another one of the same calendar.
    Sum {
        index: String,
        up_to: Option<String>,
        body: Box<Expression>,
    },
    /// The sum of `body` times `weight` over the sum of `weight`.
    Mean {
        index: String,
        body: Box<Expression>,
        weight: Box<Expression>,
    },
    /// One value where the condition holds, another where it does not.
    If {
        condition: Box<Condition>,
        then: Box<Expression>,
        otherwise: Box<Expression>,
    },
    /// A conversion of units. Never written by people: the check of units puts it in.
    Convert(Scale, Box<Expression>),
    /// The place of an index's member on its calendar, first 0. Never written by people: the check
    /// of units puts it where an index stands as a value.
    Position(String),
}

impl PartialEq for Expression {
    /// The same tree, wherever it stands in a text.
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Expression {
    /// The expressions directly inside, in the order written, those of selections too.
    pub(super) fn children(&self) -> Vec<&Expression> {
        match &self.kind {
            Kind::Number { .. } | Kind::Position(_) => Vec::new(),
            Kind::Symbol { indices, .. } => indices.iter().flat_map(Selector::children).collect(),
            Kind::Negate(inner)
            | Kind::Power(inner, _)
            | Kind::Exp(inner)
            | Kind::Convert(_, inner) => vec![inner],
            Kind::Binary(_, left, right) => vec![left, right],
            Kind::Extreme(_, arguments) => arguments.iter().collect(),
            Kind::Sum { body, .. } => vec![body],
            Kind::Mean { body, weight, .. } => vec![body, weight],
            Kind::If { condition, then, otherwise } => {
                vec![&condition.left, &condition.right, then, otherwise]
            }
        }
    }

    /// True if some symbol inside has this index, or it stands inside as a value.
    pub(super) fn uses_index(&self, index: &str) -> bool {
        let is_own = match &self.kind {
            Kind::Symbol { name, indices } => {
                name == index || indices.iter().any(|selector| selector.names(index))
            }
            Kind::Sum { up_to, .. } => up_to.as_deref() == Some(index),
            Kind::Position(symbol) => symbol == index,
            _ => false,
        };
        is_own || self.children().into_iter().any(|child| child.uses_index(index))
    }

    /// Symbols inside, each once, in the order written.
    pub(super) fn symbols(&self) -> Vec<&str> {
        fn collect<'e>(expression: &'e Expression, found: &mut Vec<&'e str>) {
            let mut add = |name: &'e str| {
                if !found.contains(&name) {
                    found.push(name);
                }
            };
            if let Kind::Symbol { name, indices } = &expression.kind {
                add(name);
                for selector in indices {
                    if let Selector::Category { symbol, .. } = selector {
                        add(symbol);
                    }
                }
            }
            expression.children().into_iter().for_each(|child| collect(child, found));
        }
        let mut found = Vec::new();
        collect(self, &mut found);
        found
    }
}

/// Which member of an index is meant.
#[derive(Debug, Clone, PartialEq)]
pub enum Selector {
    /// The one that the sum, or the equation, is at: `EG[i]`.
    Index(String),
    /// The one that a category names: `EF[category[d]]`.
    Category { symbol: String, indices: Vec<String> },
    /// The last whose lower edge the driver reaches; the first where it reaches none:
    /// `SE[band(b: D_from[b] <= D[d])]`.
    Band { index: String, edge: Box<Expression>, driver: Box<Expression> },
    /// The one whose class holds the driver; an error where none does:
    /// `COP[lookup(c: Cap_from[c] <= Cap[i] < Cap_to[c])]`.
    Lookup { index: String, from: Box<Expression>, driver: Box<Expression>, to: Box<Expression> },
}

impl Selector {
    fn children(&self) -> Vec<&Expression> {
        match self {
            Self::Index(_) | Self::Category { .. } => Vec::new(),
            Self::Band { edge, driver, .. } => vec![edge, driver],
            Self::Lookup { from, driver, to, .. } => vec![from, driver, to],
        }
    }

    fn names(&self, index: &str) -> bool {
        match self {
            Self::Index(symbol) => symbol == index,
            Self::Category { indices, .. } => indices.iter().any(|symbol| symbol == index),
            Self::Band { .. } | Self::Lookup { .. } => false,
        }
    }
}

/// A comparison of two values of one dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub left: Expression,
    pub relation: Relation,
    pub right: Expression,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Relation {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Operator {
    #[must_use]
    pub fn as_char(self) -> char {
        match self {
            Self::Add => '+',
            Self::Subtract => '-',
            Self::Multiply => '*',
            Self::Divide => '/',
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extreme {
    Min,
    Max,
}

impl Extreme {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}
