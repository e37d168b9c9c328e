//! Methodologies and their equation language: parse, dimensions, evaluation, bounds, trace.
//!
//! Takes the text of a methodology file, the registered part of a plan and input values with their
//! bounds; gives RE, PE and ER in full precision with the trace of every intermediate, the lowest
//! ER that the bounds allow, and every equation as text, LaTeX and spreadsheet formula. Everything
//! wrong with a file is told before any data is seen, units included. Never rounds tCO2e (that is
//! `period`'s, once, downward), never loops or recurses, and knows no clock, file or plan beyond
//! what it is handed. The language is described in `docs/EQUATIONS.md`.
//!
//! The way through: `file` reads TOML and drives the rest; `syntax` makes an [`Expression`] of a
//! text; `check` finds its unit and writes every conversion of units into it; `layout` writes the
//! equations out for given members of the indices, as a `tape`; `evaluate` brings inputs to their units and
//! traces; `search` runs the tape at the bounds and kinks and proves that nothing lower was missed.

mod additive;
mod atom;
mod check;
mod evaluate;
mod expression;
mod file;
mod fit;
mod formula;
mod interval;
mod layout;
pub mod limits;
mod mathml;
mod number;
mod part;
mod print;
mod prove;
mod raw;
mod search;
mod separate;
mod spreadsheet;
pub mod syntax;
mod tape;
mod unit;

pub mod factors;
pub mod inputs;
pub mod model;
pub mod outcome;
pub mod shipped;
pub mod uncertainty;
pub mod values;

pub use formula::Sheet;
pub use inputs::{Bounds, InputError, Inputs};
pub use model::{
    Aggregation, Criterion, DefaultValue, Equation, Index, IndexSet, Methodology, Parameter,
    ParameterKind, SourceStatus, Sureness, Vector,
};
pub use number::{Number, NumberError};
pub use outcome::{EvaluationError, Outcome, Picked, Rank, Step};
pub use shipped::{Shipped, shipped};
pub use uncertainty::{Budget, BudgetError, Spread, Uncertain};
pub use unit::{CompoundUnit, UnitError};

/// A symbol with one member per index, such as (`EG`, `["roof"]`).
pub type Place = (String, Vec<String>);
