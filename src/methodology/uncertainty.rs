//! The uncertainty of ER by the law of propagation (GUM, JCGM 100:2008, 5.1 and 5.2), as information.
//!
//! Takes an outcome and the standard uncertainty of some of its inputs; gives each one's share, those
//! of one cause added up with their signs (a meter's error is the same in all its months), and the
//! combination of the causes. Sensitivities are derivatives of ER itself, where a meter that enters RE
//! and PE stands once. Uncertainty never changes ER.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::number::{Number, NumberError, magnitude};
use super::outcome::{Outcome, place};

/// Coverage factor of an expanded uncertainty: about 95 %.
pub const COVERAGE: i64 = 2;

/// What is known of an input's uncertainty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spread {
    /// Maximum permissible error, or accuracy class, as a fraction of the value: anything up to it is
    /// as likely.
    Permissible(Number),
    /// Expanded uncertainty of a certificate, as a fraction of the value, and its coverage factor.
    Certified { expanded: Number, factor: Number },
    /// Standard uncertainty in the parameter's unit.
    Standard(Number),
}

impl Spread {
    /// The standard uncertainty of a value, in the value's unit.
    ///
    /// # Errors
    /// When it is no number, such as for a coverage factor of 0.
    pub fn standard(&self, value: &Number) -> Result<Number, NumberError> {
        let size = Number::exact(magnitude(value.plain()));
        match self {
            Self::Permissible(share) => {
                size.multiply(share)?.divide(&Number::from_integer(3).sqrt()?)
            }
            Self::Certified { expanded, factor } => size.multiply(expanded)?.divide(factor),
            Self::Standard(standard) => Ok(standard.clone()),
        }
    }
}

/// The uncertainty of one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncertain {
    pub symbol: String,
    pub members: Vec<String>,
    pub spread: Spread,
    /// What it comes from, such as a meter: inputs of one cause err together.
    pub cause: String,
}

/// One input's line of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub symbol: String,
    pub members: Vec<String>,
    pub cause: String,
    /// In the parameter's unit.
    pub standard: Number,
    /// tCO2e per unit of the input.
    pub sensitivity: Number,
    /// Sensitivity times standard uncertainty, in tCO2e, with its sign.
    pub contribution: Number,
}

/// An uncertainty budget of ER, in tCO2e.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// In the order given.
    pub shares: Vec<Share>,
    /// By cause, largest magnitude first: the sum of its contributions.
    pub causes: Vec<(String, Number)>,
    /// Square root of the sum of squares of the causes.
    pub combined: Number,
    /// [`COVERAGE`] times the combined.
    pub expanded: Number,
    /// The expanded one in percent of ER; `None` where ER is 0.
    pub percent: Option<Number>,
}

impl Outcome {
    /// The uncertainty of ER from that of these inputs.
    ///
    /// # Errors
    /// When an input is not one of the outcome's, or an arithmetic error.
    pub fn budget(&self, uncertain: &[Uncertain]) -> Result<Budget, BudgetError> {
        let mut shares = Vec::new();
        let mut causes: Vec<(String, Number)> = Vec::new();
        let ranks: BTreeMap<_, _> =
            self.ranking.iter().map(|rank| ((&rank.symbol, &rank.members), rank)).collect();
        let inputs: BTreeMap<_, _> =
            self.inputs.iter().map(|input| ((&input.symbol, &input.members), input)).collect();
        for one in uncertain {
            let unknown = || BudgetError::Unknown { input: place(&one.symbol, &one.members) };
            let key = (&one.symbol, &one.members);
            let rank = ranks.get(&key).ok_or_else(unknown)?;
            let input = inputs.get(&key).ok_or_else(unknown)?;
            let standard = one.spread.standard(&input.value)?;
            let contribution = rank.derivative.multiply(&standard)?;
            match causes.iter_mut().find(|(cause, _)| *cause == one.cause) {
                Some((_, sum)) => *sum = sum.plainly_add(&contribution)?,
                None => causes.push((one.cause.clone(), contribution.clone())),
            }
            shares.push(Share {
                symbol: one.symbol.clone(),
                members: one.members.clone(),
                cause: one.cause.clone(),
                standard,
                sensitivity: rank.derivative.clone(),
                contribution,
            });
        }
        causes.sort_by_key(|(_, sum)| Reverse(magnitude(sum.plain())));
        let mut squares = Number::ZERO;
        for (_, sum) in &causes {
            squares = squares.add(&sum.multiply(sum)?)?;
        }
        let combined = squares.sqrt()?;
        let expanded = combined.multiply(&Number::from_integer(COVERAGE))?;
        let size = Number::exact(magnitude(self.er.plain()));
        let percent = match size.is_zero() {
            true => None,
            false => Some(expanded.multiply(&Number::from_integer(100))?.divide(&size)?),
        };
        Ok(Budget { shares, causes, combined, expanded, percent })
    }
}

/// Why there is no budget.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    #[error("{input} is no input of the outcome; name a monitored or fixed parameter")]
    Unknown { input: String },
    #[error("the uncertainty cannot be computed: {0}")]
    Arithmetic(#[from] NumberError),
}
