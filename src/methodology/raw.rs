//! A methodology file as written, before anything is checked; an unknown key is an error.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

pub(super) type Text = Spanned<String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMethodology {
    pub mrv_methodology: Spanned<i64>,
    pub id: Text,
    pub title: String,
    pub version: String,
    pub scope: String,
    pub source: String,
    pub status: Text,
    pub sure: Text,
    #[serde(default)]
    pub gwp: String,
    #[serde(default)]
    pub year_split: String,
    #[serde(default)]
    pub rounding: String,
    #[serde(default)]
    pub eligibility: Vec<RawCriterion>,
    #[serde(default)]
    pub index: Vec<RawIndex>,
    #[serde(default)]
    pub parameter: Vec<RawParameter>,
    #[serde(default)]
    pub equation: Vec<RawEquation>,
    #[serde(default)]
    pub vector: Vec<RawVector>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVector {
    pub id: String,
    pub about: String,
    pub inputs: toml::Table,
    pub expected: toml::Table,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCriterion {
    pub id: String,
    pub criterion: String,
    pub evidence: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawIndex {
    pub symbol: Text,
    pub about: String,
    pub members: Option<Vec<Text>>,
    pub over: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawParameter {
    pub symbol: Text,
    #[serde(default)]
    pub indices: Vec<Text>,
    pub kind: Text,
    pub unit: Option<Text>,
    pub category_of: Option<Text>,
    pub options: Option<Vec<Text>>,
    pub aggregation: Option<Text>,
    pub frequency: Option<Text>,
    pub default: Option<Text>,
    #[serde(default)]
    pub defaults: BTreeMap<Text, Text>,
    pub sample: Option<Text>,
    #[serde(default)]
    pub samples: BTreeMap<Text, Text>,
    pub range: Option<[Text; 2]>,
    #[serde(default)]
    pub cross_check: Vec<String>,
    #[serde(default)]
    pub factor: String,
    pub about: String,
    pub source: String,
    pub sure: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEquation {
    pub symbol: Text,
    #[serde(default)]
    pub indices: Vec<Text>,
    pub unit: Text,
    pub text: Text,
    pub about: String,
    pub sure: Text,
}

/// Where byte `offset` of a TOML string's value stands in its `source`, quotes and escapes included.
pub(super) fn source_offset(source: &str, offset: usize) -> usize {
    let is_basic = source.starts_with('"');
    let mut at = if source.starts_with("\"\"\"") || source.starts_with("'''") { 3 } else { 1 };
    if at == 3 {
        let rest = &source[at.min(source.len())..];
        at += rest.len()
            - rest.strip_prefix("\r\n").or(rest.strip_prefix('\n')).unwrap_or(rest).len();
    }
    let mut value_bytes = 0;
    while value_bytes < offset {
        let rest = source.get(at..).unwrap_or_default();
        let Some(character) = rest.chars().next() else { break };
        if !(is_basic && character == '\\') {
            at += character.len_utf8();
            value_bytes += character.len_utf8();
            continue;
        }
        let escape = rest[1..].chars().next().unwrap_or('\\');
        let digit_count = match escape {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if escape.is_whitespace() {
            at += rest.len() - rest[1..].trim_start().len();
            continue;
        }
        let digits = rest.get(2..2 + digit_count).unwrap_or_default();
        let decoded = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
        at += 1 + escape.len_utf8() + digits.len();
        value_bytes += decoded.map_or(1, char::len_utf8);
    }
    at.min(source.len())
}
