//! `mrv`: from the meter to a tonne that anyone can check.
//!
//! The map of the house, in reading order; a module may use only those above it. Data walks one way:
//! sources, journal, publish (evidence and `messages`, then decode, validate, merge, aggregate),
//! methodology, period, report.

pub mod domain;

pub mod config;
pub mod telemetry;

pub mod aggregate;
pub mod dataset;
pub mod decode;
pub mod evidence;
pub mod journal;
pub mod merge;
pub mod period;
pub mod report;
pub mod validate;
