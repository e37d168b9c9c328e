//! `mrv`: from the meter to a tonne that anyone can check.
//!
//! The map of the house, in reading order; a module may use only those above it. Data walks one way:
//! sources, journal, publish (evidence and `messages`, then decode, validate, merge, aggregate),
//! methodology, period, report.

// Outside tests a panic would stop everybody's messages: say what went wrong instead.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod domain;

pub mod config;
pub mod telemetry;

pub mod aggregate;
pub mod dataset;
pub mod decode;
pub mod evidence;
pub mod journal;
pub mod merge;
pub mod publish;
pub mod simulate;
pub mod sources;
pub mod validate;
