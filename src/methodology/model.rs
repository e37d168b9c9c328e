//! A methodology as read: indices, parameters and equations, checked.

use std::fmt;

use super::inputs::Inputs;
use super::outcome::{EvaluationError, Outcome};
use super::syntax::Expression;
use super::unit::CompoundUnit;
use crate::config::plan::{MonitoringOption, Registered};
use crate::domain::decimal::Decimal;
use crate::domain::diagnostic::Diagnostic;

/// A checked methodology: every symbol is known, every equation has the unit it declares.
#[derive(Debug, Clone)]
pub struct Methodology {
    /// As plans name it, such as `MRV_PV_F1`.
    pub id: String,
    pub title: String,
    /// Such as `01.0`.
    pub version: String,
    /// The sectoral scope, as printed.
    pub scope: String,
    /// Where the methodology is taken from, as printed.
    pub source: String,
    /// How sure the least certain of its equations is.
    pub sure: Sureness,
    /// In declared order.
    pub indices: Vec<Index>,
    /// In declared order.
    pub parameters: Vec<Parameter>,
    /// In declared order; `RE`, `PE` and `ER` are among them, without index, in tCO2e.
    pub equations: Vec<Equation>,
    /// Places in `equations`, each after those it uses.
    pub(super) order: Vec<usize>,
}

impl Methodology {
    /// Reads a methodology file. `file` is how the person named it and stands in every diagnostic;
    /// inside an equation the column points into its text.
    ///
    /// # Errors
    /// Everything found wrong, in the order of the file.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        super::file::parse(file, text)
    }

    #[must_use]
    pub fn parameter(&self, symbol: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.symbol == symbol)
    }

    #[must_use]
    pub fn equation(&self, symbol: &str) -> Option<&Equation> {
        self.equations.iter().find(|equation| equation.symbol == symbol)
    }

    /// What of this methodology a plan lacks, has in a unit of another dimension, or names that the
    /// methodology does not know (V-PLAN), worded for people. Empty: the plan fits.
    #[must_use]
    pub fn check_inputs(&self, registered: &Registered) -> Vec<String> {
        super::fit::check_inputs(self, registered)
    }

    /// RE, PE and ER at the values, inside the bounds of the inputs, that give the lowest ER. Inputs
    /// that the methodology does not know are left alone: [`Methodology::check_inputs`] tells of them.
    ///
    /// # Errors
    /// A missing input, an arithmetic error, or bounds too many or too wide to be searched: then the
    /// caller has no figure to claim.
    pub fn evaluate(&self, inputs: &Inputs) -> Result<Outcome, EvaluationError> {
        super::evaluate::evaluate(self, inputs)
    }

    /// The equation of `symbol` for these members as a spreadsheet formula, without `=`: `cell`
    /// gives the reference of each symbol it uses, sums are written out over `index_sets`, and
    /// conversions of units stand in it as factors. `None` if there is no such equation, a member is
    /// not in its set, or the formula would be longer than a cell takes (8,192 characters).
    #[must_use]
    pub fn formula(
        &self,
        symbol: &str,
        members: &[String],
        index_sets: &[(String, Vec<String>)],
        cell: &dyn Fn(&str, &[String]) -> String,
    ) -> Option<String> {
        super::print::formula(self.equation(symbol)?, members, index_sets, cell)
    }
}

/// An index over which symbols run, such as `i`: its members are named by the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    pub symbol: String,
    pub about: String,
}

/// An input of the methodology.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    pub symbol: String,
    /// Symbols of its indices, in the order of its members; empty for one value.
    pub indices: Vec<String>,
    pub kind: ParameterKind,
    /// The unit in which it enters the equations.
    pub unit: CompoundUnit,
    pub about: String,
    /// Where the symbol, its unit and its default are taken from.
    pub source: String,
    pub sure: Sureness,
}

/// How a parameter gets its value.
#[derive(Debug, Clone, PartialEq)]
pub enum ParameterKind {
    /// Measured or documented in every period.
    Monitored {
        /// Allowed monitoring options.
        options: Vec<MonitoringOption>,
        aggregation: Aggregation,
        /// As printed.
        frequency: String,
    },
    /// Set before the project starts; the default counts where the plan gives no value.
    Fixed { default: Option<DefaultValue> },
}

/// A value of a fixed parameter that stands in the methodology, in the parameter's unit.
#[derive(Debug, Clone, PartialEq)]
pub struct DefaultValue {
    pub value: Decimal,
    pub source: String,
}

/// How the values of a period become the one value of the equations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregation {
    Sum,
    /// Weighted by time.
    Mean,
    /// The last one at or before the end.
    Last,
}

impl Aggregation {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Last => "last",
        }
    }
}

/// An equation: `symbol[indices] = text`, in `unit`.
#[derive(Debug, Clone)]
pub struct Equation {
    pub symbol: String,
    /// Symbols of its indices; the equation holds for every member.
    pub indices: Vec<String>,
    pub unit: CompoundUnit,
    /// As written in the file.
    pub text: String,
    pub about: String,
    pub sure: Sureness,
    /// As written.
    pub(super) written: Expression,
    /// With every conversion of units in it.
    pub(super) checked: Expression,
}

impl Equation {
    /// `symbol = expression` in the language's own plain form; parsing the right side gives the same
    /// tree again.
    #[must_use]
    pub fn to_plain(&self) -> String {
        format!("{} = {}", super::outcome::place(&self.symbol, &self.indices), self.written)
    }

    /// `symbol = expression` in LaTeX math mode, without delimiters.
    #[must_use]
    pub fn to_latex(&self) -> String {
        super::print::latex(self)
    }
}

/// How sure a fact is, least sure last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sureness {
    /// `S`: taken from a document that was read.
    Sourced,
    /// `C`: computed here from sourced facts.
    Computed,
    /// `D`: a decision of this project, no outside authority.
    Decided,
    /// `K`: general knowledge of the field, not confirmed from a document.
    Known,
    /// `K?`: low confidence; a value so marked must come from the plan.
    Doubted,
}

impl Sureness {
    /// The sureness of a tag, as written in files.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        [Self::Sourced, Self::Computed, Self::Decided, Self::Known, Self::Doubted]
            .into_iter()
            .find(|sure| sure.tag() == tag)
    }

    /// The tag, as written in files.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Sourced => "S",
            Self::Computed => "C",
            Self::Decided => "D",
            Self::Known => "K",
            Self::Doubted => "K?",
        }
    }
}

impl fmt::Display for Sureness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sourced => "from a document that was read",
            Self::Computed => "computed from sourced facts",
            Self::Decided => "a decision of this project",
            Self::Known => "general knowledge, not confirmed from a document",
            Self::Doubted => "low confidence, to be confirmed",
        })
    }
}
