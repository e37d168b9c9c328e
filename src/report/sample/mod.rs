//! What a verifier looks at closer: a probability sample, and a list ranked by risk. Two lists, never mixed.
//!
//! The units: [`unit`]. The size of a sample and what it achieves: [`size`]; which units it consists
//! of: [`draw`], in parts of the population: [`strata`]; the list by risk: [`risk`]. Pure.

pub mod draw;
pub mod risk;
pub mod size;
pub mod strata;
pub mod unit;
