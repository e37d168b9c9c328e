//! What a verifier looks at closer: a probability sample, and a list ranked by risk. Two lists, never mixed.
//!
//! The size of a sample and what it achieves: [`size`]; which units it consists of: [`draw`]. Pure.

pub mod draw;
pub mod size;
