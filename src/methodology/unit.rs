//! Compound units.
use std::fmt;

/// A product of powers of units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompoundUnit {
    text: String,
}

/// Why a text is no unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no unit: {reason}")]
pub struct UnitError {
    pub text: String,
    pub reason: String,
}

impl CompoundUnit {
    /// # Errors
    /// When the text is no unit.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        Ok(Self { text: text.to_owned() })
    }
}

impl fmt::Display for CompoundUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
