//! What a plan file writes for the checks; nothing judged yet.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::raw::{Number, Text};

/// `[checks.V-SPIKE] k = 4`: whole numbers by check and name.
pub type RawChecks = BTreeMap<Text, BTreeMap<Text, Spanned<i64>>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSite {
    pub id: Text,
    /// Degrees, north and east positive.
    pub latitude: Number,
    pub longitude: Number,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawExclusion {
    pub channel: Text,
    pub from: Text,
    /// Exclusive.
    pub to: Text,
    pub reason: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCheckMeter {
    pub main: Text,
    pub check: Text,
    /// Where the classes do not say it.
    pub tolerance_percent: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSum {
    pub main: Text,
    pub parts: Vec<Text>,
    pub tolerance_percent: Option<Number>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawBalance {
    pub name: Text,
    pub output: Vec<Text>,
    pub input: Vec<Text>,
    pub stock: Option<Text>,
    pub per_input: Number,
    pub low_percent: Number,
    pub high_percent: Number,
}
