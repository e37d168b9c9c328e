//! What an evaluation gives, and why it can give nothing.

use super::Place;
use super::number::{Number, NumberError};
use super::unit::CompoundUnit;

/// RE, PE and ER of one evaluation, in tCO2e and full precision, and how they came about.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Reference and project emissions at the values that give the lowest ER.
    pub re: Number,
    pub pe: Number,
    /// The lowest ER inside the bounds: the one that counts.
    pub er: Number,
    /// The highest ER found at the same bounds and kinks, for information.
    pub er_highest: Number,
    /// What ER floors to in a spreadsheet, in binary floating point; `None` where it has no value.
    pub spreadsheet_floor: Option<i64>,
    /// Every input as it entered the equations, in the parameter's unit: parameters in declared
    /// order, members in the plan's order.
    pub inputs: Vec<Picked>,
    /// How many points inside the bounds were evaluated.
    pub trials: usize,
    /// Every equation at the chosen values, in an order in which each uses only what stands before.
    pub trace: Vec<Step>,
    /// Inputs by how much ER moves with them at the chosen values, most first. Information only.
    pub ranking: Vec<Rank>,
}

impl Outcome {
    /// What ER floors to here and in a spreadsheet, where that differs (V-BOUNDARY): the lower counts.
    #[must_use]
    pub fn boundary(&self) -> Option<(i64, i64)> {
        let (exact, binary) = (self.er.floor().ok()?, self.spreadsheet_floor?);
        (exact != binary).then_some((exact, binary))
    }

    /// The doubtful inputs, each with the value picked for it.
    pub fn chosen(&self) -> impl Iterator<Item = &Picked> {
        self.inputs.iter().filter(|input| input.is_doubtful())
    }

    /// The value of an equation or input, such as `COP_PJ_tc` of `["chiller-1"]`.
    #[must_use]
    pub fn value(&self, symbol: &str, members: &[String]) -> Option<&Number> {
        let step = self.trace.iter().find(|s| s.symbol == symbol && s.members == members);
        let input = self.inputs.iter().find(|i| i.symbol == symbol && i.members == members);
        step.map(|step| &step.value).or(input.map(|input| &input.value))
    }
}

/// An input with its bounds and the value at which ER is lowest, in the parameter's unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Picked {
    pub symbol: String,
    pub members: Vec<String>,
    pub unit: CompoundUnit,
    pub low: Number,
    pub high: Number,
    pub value: Number,
    /// True when the methodology's default stood in for a value that the plan does not give.
    pub is_default: bool,
    /// True when only a sample of the methodology stood in: nothing may be claimed on it.
    pub is_sample: bool,
    /// The member that a category names, for a parameter that is one; its value is the member's place.
    pub category: Option<String>,
}

impl Picked {
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.low != self.high
    }
}

/// One equation evaluated for one member of each of its indices.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub symbol: String,
    pub members: Vec<String>,
    pub unit: CompoundUnit,
    pub value: Number,
    /// The equation as written in the methodology.
    pub equation: String,
    /// The inputs and equations it uses, each once, in the order written.
    pub uses: Vec<Place>,
}

/// How much ER moves with an input at the chosen values. Explains and ranks; never decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Rank {
    pub symbol: String,
    pub members: Vec<String>,
    /// Change of ER in tCO2e per unit of the input.
    pub derivative: Number,
    /// Change of ER in tCO2e for one percent of the input.
    pub per_percent: Number,
}

/// Why there is no outcome. No figure may be claimed from such inputs as they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    #[error("index {index} has no members; name them in the plan under [registered.indices]")]
    NoMembers { index: String },
    #[error("{} has no value", place(.symbol, .members))]
    Missing { symbol: String, members: Vec<String> },
    #[error(
        "{} names {given:?}, which is none of {}",
        place(.symbol, .members),
        .known.join(", ")
    )]
    Category { symbol: String, members: Vec<String>, given: String, known: Vec<String> },
    #[error("{} is given in {given}, which is no {unit}", place(.symbol, .members))]
    Unit { symbol: String, members: Vec<String>, given: String, unit: String },
    #[error("{} cannot be computed: {error}", place(.symbol, .members))]
    Arithmetic { symbol: String, members: Vec<String>, error: NumberError },
    #[error("the equations take more than {max} operations for these members; split the project")]
    TooLarge { max: usize },
    #[error(
        "the doubtful inputs {} would need {count} combinations, more than {max}; decide some of \
         them, or let them count by the bounds of a gap",
        .inputs.join(", ")
    )]
    TooManyCombinations { inputs: Vec<String>, count: usize, max: usize },
    #[error(
        "no value inside the bounds of {} could be shown to give the lowest reductions in {steps} \
         steps; narrow the bounds",
        .inputs.join(", ")
    )]
    NotProven { inputs: Vec<String>, steps: usize },
}

/// `EG[roof]`, or `EF_elec` for a symbol without index.
pub(super) fn place(symbol: &str, members: &[String]) -> String {
    match members {
        [] => symbol.to_owned(),
        members => format!("{symbol}[{}]", members.join(", ")),
    }
}
