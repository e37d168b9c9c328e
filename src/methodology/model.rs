//! A methodology as read: indices, parameters and equations, checked.

use std::fmt;

use super::formula::Sheet;
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
    /// How the file relates to its source.
    pub status: SourceStatus,
    /// The set of global warming potentials, such as `AR5`; empty where none is used.
    pub gwp: String,
    /// How a period is split into calendar years, and how figures are rounded, as printed.
    pub year_split: String,
    pub rounding: String,
    /// The eligibility criteria, as a checklist.
    pub eligibility: Vec<Criterion>,
    /// How sure the least certain of its equations is.
    pub sure: Sureness,
    /// In declared order.
    pub indices: Vec<Index>,
    /// In declared order.
    pub parameters: Vec<Parameter>,
    /// In declared order; `RE`, `PE` and `ER` are among them, without index, in tCO2e.
    pub equations: Vec<Equation>,
    /// Worked examples.
    pub vectors: Vec<Vector>,
    /// Places in `equations`, each after those it uses.
    pub(super) order: Vec<usize>,
    /// Symbols over a calendar that enter with all members since the project's first.
    pub(super) history: Vec<String>,
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

    /// The index of this symbol.
    #[must_use]
    pub fn index(&self, symbol: &str) -> Option<&Index> {
        self.indices.iter().find(|index| index.symbol == symbol)
    }

    /// True for a symbol over a calendar that enters the equations with all members since the
    /// project's first, because some sum over the past uses it.
    #[must_use]
    pub fn needs_history(&self, symbol: &str) -> bool {
        self.history.iter().any(|known| known == symbol)
    }

    pub(super) fn indices_of(&self, symbol: &str) -> Option<&[String]> {
        let parameter = self.parameter(symbol).map(|parameter| parameter.indices.as_slice());
        parameter.or(self.equation(symbol).map(|equation| equation.indices.as_slice()))
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

    /// The equation of `symbol` for these members as a spreadsheet formula, without `=`: `sheet` gives
    /// the reference of each symbol it uses, sums are written out over the members of `inputs`, and
    /// conversions of units stand in it as factors. `None` if there is no such equation, a member is
    /// not in its set, or the formula would be longer than a cell takes (8,192 characters).
    #[must_use]
    pub fn formula(
        &self,
        symbol: &str,
        members: &[String],
        inputs: &Inputs,
        sheet: &mut dyn Sheet,
    ) -> Option<String> {
        super::formula::formula(self, self.equation(symbol)?, members, inputs, sheet)
    }
}

/// A worked example of the methodology: values of its inputs, and what must come out.
#[derive(Debug, Clone, PartialEq)]
pub struct Vector {
    pub id: String,
    pub about: String,
    /// By symbol, then by member of each index: a table of `value` and `unit`, or a plain value.
    pub inputs: toml::Table,
    /// By symbol of an equation, digits as printed.
    pub expected: toml::Table,
}

/// An index over which symbols run, such as `i`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    pub symbol: String,
    pub about: String,
    pub set: IndexSet,
}

/// Where the members of an index come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexSet {
    /// The plan names them.
    Planned,
    /// The methodology names them.
    Fixed(Vec<String>),
    /// Calendar years in the accounting zone, such as `2024`.
    Years,
    /// `2024-03`.
    Months,
    /// `2024-03-31`.
    Days,
    /// `2024-03-31T14`, by local time.
    Hours,
}

impl IndexSet {
    /// The calendar that a file names.
    pub(super) fn calendar(name: &str) -> Option<Self> {
        match name {
            "years" => Some(Self::Years),
            "months" => Some(Self::Months),
            "days" => Some(Self::Days),
            "hours" => Some(Self::Hours),
            _ => None,
        }
    }

    /// The unit of places on the calendar; `None` for members that stand in no order of time.
    #[must_use]
    pub fn step(&self) -> Option<&'static str> {
        match self {
            Self::Planned | Self::Fixed(_) => None,
            Self::Years => Some("yr"),
            Self::Months => Some("month"),
            Self::Days => Some("d"),
            Self::Hours => Some("h"),
        }
    }

    /// True for years, months, days and hours.
    #[must_use]
    pub fn is_calendar(&self) -> bool {
        self.step().is_some()
    }
}

/// How a file relates to the text it is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceStatus {
    /// The equations of an approved methodology, read in its text.
    ApprovedText,
    /// Written from a public summary.
    PublicSummary,
    /// Another text's equations, of the same form.
    EquivalentForm,
}

impl SourceStatus {
    const ALL: [Self; 3] = [Self::ApprovedText, Self::PublicSummary, Self::EquivalentForm];

    /// As written in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApprovedText => "approved text",
            Self::PublicSummary => "public summary",
            Self::EquivalentForm => "equivalent form",
        }
    }

    pub(super) fn choices() -> [(&'static str, Self); 3] {
        Self::ALL.map(|status| (status.as_str(), status))
    }
}

/// One criterion that a project must meet, with what shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    pub id: String,
    pub criterion: String,
    /// What shows that it is met, such as a data sheet.
    pub evidence: String,
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
    /// For a category: the index whose member it names. Its unit is 1.
    pub category_of: Option<String>,
    /// Lowest and highest plausible value, both inclusive, in `unit`; checked, never enforced.
    pub range: Option<(Decimal, Decimal)>,
    /// What its value is held against, as printed.
    pub cross_checks: Vec<String>,
    /// The row of a factor table that its values are cited from, such as `gwp-ar5/CH4`; empty if none.
    pub factor: String,
    pub about: String,
    /// Where the symbol, its unit and its default are taken from.
    pub source: String,
    pub sure: Sureness,
}

impl Parameter {
    /// The value that counts where the plan gives none: a default, or a sample.
    #[must_use]
    pub fn default(&self, members: &[String]) -> Option<&DefaultValue> {
        let ParameterKind::Fixed { defaults } = &self.kind else { return None };
        let own = defaults.iter().find(|default| default.members.as_deref() == Some(members));
        own.or(defaults.iter().find(|default| default.members.is_none()))
    }
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
    /// Set before the project starts; a default counts where the plan gives no value.
    Fixed { defaults: Vec<DefaultValue> },
}

/// A value of a fixed parameter that stands in the methodology, in the parameter's unit.
#[derive(Debug, Clone, PartialEq)]
pub struct DefaultValue {
    /// For whom it is; `None`: for every member that has no value of its own.
    pub members: Option<Vec<String>>,
    pub value: Decimal,
    pub source: String,
    /// True for a value of low confidence: nothing is issued on it until the plan confirms one.
    pub is_sample: bool,
}

/// How the values of a period become the one value of the equations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aggregation {
    Sum,
    /// Weighted by time.
    Mean,
    /// Weighted by another parameter, such as a flow.
    WeightedMean {
        by: String,
    },
    /// The last one inside the period.
    Last,
    /// The last one at or before the end, be it older than the period.
    Latest,
}

impl Aggregation {
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::WeightedMean { .. } => "weighted mean",
            Self::Last => "last",
            Self::Latest => "latest",
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

    /// `symbol = expression` as a MathML element.
    #[must_use]
    pub fn to_mathml(&self) -> String {
        super::mathml::mathml(self)
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
