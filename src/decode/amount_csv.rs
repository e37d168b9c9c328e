//! Amounts from a delimited file: a header of known columns, then one amount per line.
//!
//! Comma or semicolon (whichever the header has), UTF-8. Everything wrong is told at once, by line;
//! a file with one wrong line gives no amounts at all. Whether an amount fits the plan is not
//! judged here.

use std::collections::BTreeSet;

use super::amount::{AmountEntry, Ledger};
use crate::domain::diagnostic::Diagnostic;
use crate::domain::digest::Sha256Digest;

/// Columns that every file has.
const NEEDED: [&str; 6] = ["parameter", "from", "to", "value", "unit", "kind"];
/// Columns that a file may have besides.
const MORE: [&str; 9] = [
    "methodology",
    "members",
    "document",
    "number",
    "issuer",
    "entered_by",
    "checked_by",
    "replaces",
    "reason",
];
/// Most amounts in one file: what one request to the daemon carries.
pub const LINES_MAX: usize = 5_000;

/// An amount and where it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// From 1; the header is line 1.
    pub line: u32,
    pub entry: AmountEntry,
    /// The document's path as written, where it is no SHA-256.
    pub path: Option<String>,
}

/// Reads a file. `entered_by` stands in where a line names nobody.
///
/// # Errors
/// Everything found wrong, in the order of the file.
pub fn parse(file: &str, bytes: &[u8], entered_by: &str) -> Result<Vec<Line>, Vec<Diagnostic>> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(vec![Diagnostic::whole(file, "not UTF-8").advise("save it as UTF-8")]);
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().next().unwrap_or_default();
    let delimiter = if first.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => return Err(vec![at(file, 1, error.to_string())]),
    };
    let mut found = columns(file, &header);
    if !found.is_empty() {
        return Err(found);
    }
    let mut lines: Vec<Line> = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, |place| place.line() as u32);
                found.push(at(file, line, error.to_string()));
                continue;
            }
        };
        let line = record.position().map_or(0, |place| line_at(text, place.byte() as usize));
        if record.iter().all(str::is_empty) {
            continue;
        }
        if record.len() != header.len() {
            let (has, wants) = (record.len(), header.len());
            found.push(at(file, line, format!("{has} cells where the header has {wants}")));
            continue;
        }
        match amount(&header, &record, line, entered_by) {
            Ok(read) if lines.iter().any(|one| is_twice(one, &read)) => {
                let advice = "the same amount stands above; remove one";
                found.push(at(file, line, "an amount twice").advise(advice));
            }
            Ok(read) => lines.push(read),
            Err(reason) => found.push(at(file, line, reason)),
        }
    }
    if lines.len() > LINES_MAX {
        let message = format!("{} amounts, more than {LINES_MAX}", lines.len());
        found.push(Diagnostic::whole(file, message).advise("split the file"));
    }
    if lines.is_empty() && found.is_empty() {
        found.push(Diagnostic::whole(file, "no amount below the header"));
    }
    if found.is_empty() { Ok(lines) } else { Err(found) }
}

/// The line, from 1, of the first text at or after a byte: blank lines before it are counted.
fn line_at(text: &str, byte: usize) -> u32 {
    let rest = text.get(byte..).unwrap_or_default();
    let begin = byte + (rest.len() - rest.trim_start_matches(['\r', '\n']).len());
    1 + text.bytes().take(begin).filter(|byte| *byte == b'\n').count() as u32
}

fn at(file: &str, line: u32, message: impl Into<String>) -> Diagnostic {
    let (file, message) = (file.to_owned(), message.into());
    Diagnostic { file, line, column: 1, message, advice: None }
}

/// What is wrong with the header.
fn columns(file: &str, header: &csv::StringRecord) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for name in header {
        if !NEEDED.contains(&name) && !MORE.contains(&name) {
            let known = [NEEDED.as_slice(), MORE.as_slice()].concat().join(", ");
            let message = format!("unknown column {name:?}");
            found.push(at(file, 1, message).advise(format!("the columns are {known}")));
        }
        if !seen.insert(name) {
            found.push(at(file, 1, format!("column {name} stands twice")));
        }
    }
    for name in NEEDED.iter().filter(|name| !seen.contains(*name)) {
        found.push(at(file, 1, format!("column {name} is missing")));
    }
    found
}

fn amount(
    header: &csv::StringRecord,
    record: &csv::StringRecord,
    line: u32,
    entered_by: &str,
) -> Result<Line, String> {
    let cell = |name: &str| {
        let place = header.iter().position(|column| column == name);
        place.and_then(|place| record.get(place)).unwrap_or_default().to_owned()
    };
    if cell("parameter").is_empty() {
        return Err("no parameter; write its symbol, such as EC_import".to_owned());
    }
    let replaces = match cell("replaces").as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| {
            format!("replaces {text:?}: the number of the act that it replaces is expected")
        })?),
    };
    let document = cell("document");
    let is_hash = document.is_empty() || Sha256Digest::parse(&document).is_some();
    let named = cell("entered_by");
    let entry = AmountEntry {
        parameter: cell("parameter"),
        methodology: cell("methodology"),
        members: cell("members").split_whitespace().map(str::to_owned).collect(),
        from: cell("from"),
        to: cell("to"),
        value: cell("value"),
        unit: cell("unit"),
        kind: cell("kind"),
        document: if is_hash { document.clone() } else { String::new() },
        document_number: cell("number"),
        issuer: cell("issuer"),
        entered_by: if named.is_empty() { entered_by.to_owned() } else { named },
        checked_by: cell("checked_by"),
        replaces,
        reason: cell("reason"),
    };
    Ledger::default().add(1, 0, &entry).map_err(|error| error.to_string())?;
    Ok(Line { line, entry, path: (!is_hash).then_some(document) })
}

/// True for the same amount on the same document.
fn is_twice(one: &Line, other: &Line) -> bool {
    let content = |line: &Line| {
        let e = &line.entry;
        [&e.parameter, &e.from, &e.to, &e.value, &e.document_number, &e.issuer, &e.document]
            .map(Clone::clone)
    };
    content(one) == content(other)
        && one.entry.members == other.entry.members
        && one.path == other.path
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "parameter,from,to,value,unit,kind,document,number,checked_by";

    fn told(text: &str) -> Vec<String> {
        let found = parse("a.csv", text.as_bytes(), "ann").unwrap_err();
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_line_is_an_amount() {
        let text = format!(
            "{HEADER}\nEC,2025-12-16,2026-01-15,310.000,MWh,invoice,bills/7.pdf,INV-7,bo\n\n\
             EC,2026-01-16,2026-02-15,\"300\",MWh,invoice,,INV-8,\n"
        );
        let lines = parse("a.csv", text.as_bytes(), "ann").unwrap();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].path.as_deref(), Some("bills/7.pdf"));
        let entry = &lines[0].entry;
        let names = (entry.entered_by.as_str(), entry.checked_by.as_str());
        assert_eq!(names, ("ann", "bo"));
        assert_eq!((lines[1].line, lines[1].path.as_deref()), (4, None));
    }

    #[test]
    fn semicolons_and_a_mark_of_byte_order_are_read() {
        let text = "\u{feff}parameter;members;from;to;value;unit;kind\n\
                    EC;a b;2025-01-01;2025-01-31;3;MWh;invoice\n";
        let lines = parse("a.csv", text.as_bytes(), "ann").unwrap();
        assert_eq!(lines[0].entry.members, ["a", "b"]);
    }

    #[test]
    fn everything_wrong_is_told_at_once_by_line() {
        let text = format!(
            "{HEADER}\n\
             EC,2025-12-16,2025-12-15,1,MWh,invoice,,,\n\
             EC,2025-12-16,2025-12-31,1;5,MWh,invoice,,,\n\
             EC,2025-12-16,2025-12-31,1\n\
             EC,2025-12-16,2025-12-31,1,MWh,bill,,,\n\
             EC,2026-01-01,2026-01-31,1,MWh,invoice,,X,\n\
             EC,2026-01-01,2026-01-31,1,MWh,invoice,,X,\n"
        );
        let told = told(&text);
        let lines: Vec<&str> = told.iter().map(|line| &line[..8]).collect();
        assert_eq!(lines, ["a.csv:2:", "a.csv:3:", "a.csv:4:", "a.csv:5:", "a.csv:7:"]);
        assert!(told[2].contains("4 cells where the header has 9"), "{}", told[2]);
    }

    #[test]
    fn a_header_without_its_columns_is_refused() {
        let told = told("parameter,from,to,value,unit,colour\nEC,1,2,3,MWh,red\n");
        assert_eq!(told.len(), 2);
        assert!(told[0].contains("unknown column \"colour\"; the columns are parameter"));
        assert!(told[1].ends_with("column kind is missing"));
        assert!(self::told(HEADER)[0].contains("no amount below the header"));
    }
}
