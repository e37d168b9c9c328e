//! Annex: the words of the report.

use super::Chapter;
use super::block::{Block, Table, text};
use crate::report::model::Report;

/// Words and what they mean here.
const WORDS: [(&str, &str); 16] = [
    ("ER", "emission reductions, RE less PE, in tCO2e, rounded down once per calendar year"),
    ("RE, PE", "reference emissions and project emissions, in tCO2e"),
    ("tCO2e", "tonnes of carbon dioxide equivalent"),
    ("PDD", "project design document, as registered"),
    ("ex ante, ex post", "before the period, as planned; after it, from what was monitored"),
    ("MRS, MSS", "monitoring report sheet and monitoring structure sheet of the workbook"),
    ("message, leaf", "bytes as received, and their place in the project's log"),
    ("reading", "one value of one channel at one time, decoded from a message"),
    ("interval", "15 minutes of UTC, the grain in which values are added up"),
    ("coverage", "share of the time in service that was measured, rounded down"),
    ("gap", "time in which a channel was not measured; it counts by its bounds and is never zero"),
    (
        "bounds",
        "the lowest and the highest that a value can be; the side where ER is lowest counts",
    ),
    ("conflict", "two values of one channel at one time; both are kept, and bounds count"),
    ("hold", "a value that counts by its bounds until a person decides"),
    ("unresolved negative", "a year below zero; it is deducted from later years"),
    (
        "figures digest",
        "SHA-256 over the figures in a fixed form, the same for any order of arrival",
    ),
];

pub(super) fn chapter(_report: &Report) -> Chapter {
    let rows = WORDS.into_iter().map(|(word, meaning)| vec![text(word), text(meaning)]);
    let table = Table::new("Words of this report", &["Word", "Meaning"], rows);
    Chapter::new("glossary", "Glossary", vec![Block::Table(table)])
}
