//! `mrv`: from the meter to a tonne that anyone can check.
//!
//! The map of the house, in reading order; a module may use only those above it. Data walks one way:
//! sources, journal, publish (evidence and `messages`, then decode, validate, merge, aggregate),
//! methodology, period, report.

// Outside tests a panic would stop everybody's messages: say what went wrong instead.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

// The vocabulary, and what people declare in it.
pub mod domain;

pub mod config;

pub mod telemetry;

// Pure stages: from bytes to tonnes.
pub mod decode;

pub mod validate;

pub mod merge;

pub mod aggregate;

pub mod methodology;

pub mod period;

// What binds figures to bytes, and what keeps them.
pub mod evidence;

pub mod journal;

pub mod dataset;

pub mod publish;

pub mod report;

// The doors, the daemon behind them, and the commands.
pub mod sources;

pub mod simulate;

pub mod api;

pub mod daemon;

pub mod cli;
