//! What became of one leaf: how many of its items are readings, conflicts, refused, and which.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use serde::Serialize;

use super::DatasetError;
use super::layout::Layout;
use super::parquet_file::{Selection, read};
use super::read::message_files;
use super::schema::Table;
use super::table_digest::table_files;
use crate::domain::digest::Sha256Digest;
use crate::domain::id::ProjectId;
use crate::domain::message::Source;

/// Refused items listed one by one; further ones are counted and stand in table `refused`.
pub const LISTED_MAX: usize = 10_000;

/// The items of a leaf.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    pub leaf: i64,
    pub readings: u64,
    pub conflicts: u64,
    /// All refused items, by code; duplicates are V-DUP.
    pub refused: BTreeMap<String, u64>,
    /// The refused items that are no duplicates, and the conflicts, in order.
    pub listed: Vec<Listed>,
    /// True if there are more of them than are listed.
    pub is_cut: bool,
}

/// An item that became no reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    pub item: i64,
    pub code: String,
    pub reason: String,
    pub text: String,
}

impl Outcome {
    /// All items of the leaf.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.readings + self.conflicts + self.refused.values().sum::<u64>()
    }

    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.refused.get("V-DUP").copied().unwrap_or(0)
    }

    #[must_use]
    pub fn refused_without_duplicates(&self) -> u64 {
        self.refused.values().sum::<u64>() - self.duplicates()
    }
}

/// The outcome of a leaf that is decoded.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn outcome(layout: &Layout, project: &ProjectId, leaf: i64) -> Result<Outcome, DatasetError> {
    let mut outcome = Outcome { leaf, ..Outcome::default() };
    let leaves = Some((leaf, leaf + 1));
    for table in [Table::Readings, Table::Conflicts, Table::Refused] {
        for path in table_files(layout, table, project)? {
            if !may_hold(&path, leaf) {
                continue;
            }
            let columns: &[&str] = match table {
                Table::Readings => &["leaf"],
                Table::Conflicts => &["leaf", "item", "first_leaf", "first_item"],
                _ => &["leaf", "item", "code", "reason", "text"],
            };
            for batch in read(&path, &Selection { columns, leaves, ..Selection::default() })? {
                let batch = batch?;
                let missing = || DatasetError::damaged(&path, "a column is missing");
                let ints = |name: &str| {
                    let column = batch.column_by_name(name).ok_or_else(missing)?;
                    Ok::<_, DatasetError>(column.as_primitive::<Int64Type>().clone())
                };
                let texts = |name: &str| {
                    let column = batch.column_by_name(name).ok_or_else(missing)?;
                    Ok::<_, DatasetError>(column.as_string::<i32>().clone())
                };
                let found = ints("leaf")?;
                for row in (0..batch.num_rows()).filter(|row| found.value(*row) == leaf) {
                    match table {
                        Table::Readings => outcome.readings += 1,
                        Table::Conflicts => {
                            outcome.conflicts += 1;
                            let first = (ints("first_leaf")?, ints("first_item")?);
                            let (first_leaf, first_item) = (first.0.value(row), first.1.value(row));
                            outcome.list(Listed {
                                item: ints("item")?.value(row),
                                code: "V-CONFLICT".to_owned(),
                                reason: format!(
                                    "another value than leaf {first_leaf} item {first_item} has; \
                                     both are kept until a decision is recorded (mrv decide)"
                                ),
                                text: String::new(),
                            });
                        }
                        _ => {
                            let code = texts("code")?.value(row).to_owned();
                            *outcome.refused.entry(code.clone()).or_default() += 1;
                            if code != "V-DUP" {
                                outcome.list(Listed {
                                    item: ints("item")?.value(row),
                                    code,
                                    reason: texts("reason")?.value(row).to_owned(),
                                    text: texts("text")?.value(row).to_owned(),
                                });
                            }
                        }
                    }
                }
            }
        }
    }
    outcome.listed.sort_by_key(|listed| listed.item);
    Ok(outcome)
}

impl Outcome {
    fn list(&mut self, listed: Listed) {
        match self.listed.len() < LISTED_MAX {
            true => self.listed.push(listed),
            false => self.is_cut = true,
        }
    }
}

/// A file as it was received: its name, and the digest of its bytes.
pub type ReceivedFile = (String, Sha256Digest);

/// The newest leaf of each wanted file that is published, in one pass over `messages`.
///
/// # Errors
/// When a file cannot be read or is damaged.
pub fn find_files(
    layout: &Layout,
    project: &ProjectId,
    wanted: &BTreeSet<ReceivedFile>,
) -> Result<BTreeMap<ReceivedFile, i64>, DatasetError> {
    let names: BTreeSet<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
    let mut found = BTreeMap::new();
    for (_, _, path) in message_files(layout, project)?.into_iter().rev() {
        if found.len() == wanted.len() {
            break;
        }
        if !has_files(&path)? {
            continue;
        }
        let mut newest = BTreeMap::new();
        let columns = &["leaf", "name", "payload", "blob"][..];
        for batch in read(&path, &Selection { columns, ..Selection::default() })? {
            let batch = batch?;
            let missing = || DatasetError::damaged(&path, "a column of messages is missing");
            let column = |name: &str| batch.column_by_name(name).ok_or_else(missing);
            let leaves = column("leaf")?.as_primitive::<Int64Type>();
            let row_names = column("name")?.as_string::<i32>();
            let payloads = column("payload")?.as_binary::<i32>();
            let blobs = column("blob")?.as_string::<i32>();
            for row in (0..batch.num_rows()).filter(|row| names.contains(row_names.value(*row))) {
                let sha256 = match payloads.is_valid(row) {
                    true => Some(Sha256Digest::of(payloads.value(row))),
                    false => Sha256Digest::parse(blobs.value(row)),
                };
                let file = sha256.map(|sha256| (row_names.value(row).to_owned(), sha256));
                if let Some(file) = file.filter(|file| wanted.contains(file)) {
                    newest.insert(file, leaves.value(row));
                }
            }
        }
        for (file, leaf) in newest {
            found.entry(file).or_insert(leaf);
        }
    }
    Ok(found)
}

/// Whether a file of `messages` holds any message that was a file.
fn has_files(path: &std::path::Path) -> Result<bool, DatasetError> {
    for batch in read(path, &Selection { columns: &["source"], ..Selection::default() })? {
        let file = Source::File.as_str();
        if batch?.column(0).as_string::<i32>().iter().any(|source| source == Some(file)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a file `<first leaf>-<last leaf>[-<part>]` may hold rows of a leaf.
fn may_hold(path: &std::path::Path, leaf: i64) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let mut numbers = stem.split('-').map(|part| part.parse::<i64>());
    match (numbers.next(), numbers.next()) {
        (Some(Ok(first)), Some(Ok(last))) => (first..=last).contains(&leaf),
        _ => true,
    }
}
