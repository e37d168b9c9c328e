//! Delimited files: one value per row (long) or one column per channel (wide).
//!
//! An item is a row of a long file and a cell of a wide one. Blank lines and rows of nothing but
//! empty cells are no items. A row of another width than the header's, or with bytes that are no
//! characters of the declared encoding, is refused with its line.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::rc::Rc;

use csv::ByteRecord;

use super::encoding::{REPLACEMENT, Utf8Reader};
use super::stamp::StampReader;
use super::{Items, LINE_BYTES_MAX, Names, Sink};
use crate::config::plan::reader::{CsvLayout, CsvReader, DecimalMark, Encoding, Name, WideColumn};
use crate::domain::decimal::Decimal;
use crate::domain::flag::Code;
use crate::domain::time::Timestamp;

/// Decodes a delimited file.
pub fn decode<S: Sink>(
    format: &CsvReader,
    input: &mut dyn Read,
    items: &mut Items<'_, S>,
) -> Result<(), S::Error> {
    let mut input = BufReader::with_capacity(1 << 18, Utf8Reader::new(format.encoding, input));
    for line in 0..format.skip_lines {
        let mut skipped = Vec::new();
        if (&mut input).take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut skipped).is_err() {
            let reason = format!("line {} cannot be read", line + 1);
            return items.refuse(Code::Schema, Names::default(), None, reason, "");
        }
    }
    let unread = Rc::new(Cell::new(0));
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(format.delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(RowLimit { input, unread: Rc::clone(&unread) });
    let mut row = ByteRecord::new();
    let mut header: Vec<String> = Vec::new();
    if format.has_header {
        match rows.read_byte_record(&mut row) {
            Ok(true) => {
                header = row
                    .iter()
                    .map(|cell| String::from_utf8_lossy(cell).trim().to_owned())
                    .collect();
            }
            Ok(false) => {
                let reason = "the file is empty; not even a header";
                return items.refuse(Code::Schema, Names::default(), None, reason, "");
            }
            Err(error) => {
                return items.refuse(Code::Schema, Names::default(), None, error.to_string(), "");
            }
        }
    }
    let columns = match Columns::find(format, &header) {
        Ok(columns) => columns,
        Err(reason) => {
            let text = header.join(",");
            return items.refuse(Code::Schema, Names::default(), None, reason, &text);
        }
    };
    let stamps = StampReader::new(&format.stamp, format.order);
    let mut file = File { format, columns, stamps, width: header.len(), buffer: String::new() };
    loop {
        match rows.read_byte_record(&mut row) {
            Ok(true) => unread.set(0),
            Ok(false) if items.next == 0 => {
                let reason = "no row of data stands in the file";
                return items.refuse(
                    Code::Schema,
                    Names::default(),
                    None,
                    reason,
                    &header.join(","),
                );
            }
            Ok(false) => return Ok(()),
            Err(error) => {
                return items.refuse(Code::Schema, Names::default(), None, error.to_string(), "");
            }
        }
        if row.iter().all(|cell| cell.trim_ascii().is_empty()) {
            continue;
        }
        if file.width == 0 {
            file.width = row.len();
        }
        let line = row.position().map_or(0, csv::Position::line) + u64::from(format.skip_lines);
        file.row(&row, line, items)?;
    }
}

/// Ends a file whose row never ends, such as behind a quote that is not closed: a row is held in
/// memory.
struct RowLimit<R> {
    input: R,
    /// Bytes read since the last row was whole.
    unread: Rc<Cell<usize>>,
}

impl<R: Read> Read for RowLimit<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.unread.get() > LINE_BYTES_MAX {
            let reason = format!(
                "a row has more than {LINE_BYTES_MAX} bytes; is a quote opened and never closed? \
                 Nothing after it was read"
            );
            return Err(std::io::Error::other(reason));
        }
        let count = self.input.read(out)?;
        self.unread.set(self.unread.get() + count);
        Ok(count)
    }
}

/// Where the columns are.
enum Columns<'a> {
    Long {
        stamp: usize,
        site: Place<'a>,
        device: Place<'a>,
        quantity: Place<'a>,
        value: usize,
        unit: Option<usize>,
        rename: HashMap<&'a str, &'a str>,
    },
    Wide {
        stamp: usize,
        values: Vec<(usize, &'a WideColumn)>,
    },
}

enum Place<'a> {
    Fixed(&'a str),
    Column(usize),
}

impl<'a> Columns<'a> {
    fn find(format: &'a CsvReader, header: &[String]) -> Result<Self, String> {
        let column = |name: &str| {
            if !format.has_header {
                let number = name.parse::<usize>().ok().filter(|number| *number > 0);
                return number.map(|number| number - 1).ok_or_else(|| {
                    format!("without a header, columns are numbers from 1, not {name:?}")
                });
            }
            let mut places = header.iter().enumerate().filter(|(_, found)| *found == name);
            match (places.next(), places.next()) {
                (Some((place, _)), None) => Ok(place),
                (None, _) => {
                    let columns = header.join(", ");
                    let is_foreign = columns.contains(['\0', REPLACEMENT]);
                    let hint = match is_foreign {
                        true => {
                            "; the file does not look like the encoding that the reader declares"
                        }
                        false => "",
                    };
                    Err(format!("there is no column {name:?}; the columns are {columns}{hint}"))
                }
                (Some(_), Some(_)) => Err(format!("two columns are called {name:?}; rename one")),
            }
        };
        let place = |name: &'a Name| match name {
            Name::Fixed(fixed) => Ok(Place::Fixed(fixed)),
            Name::At(name) => column(name).map(Place::Column),
            Name::Topic => Err("a file has no topic to take a name from".to_owned()),
        };
        let stamp = column(&format.stamp_column)?;
        match &format.layout {
            CsvLayout::Long { site, device, quantity, value_column, unit_column, rename } => {
                Ok(Self::Long {
                    stamp,
                    site: place(site)?,
                    device: place(device)?,
                    quantity: place(quantity)?,
                    value: column(value_column)?,
                    unit: unit_column.as_deref().map(column).transpose()?,
                    rename: rename.iter().map(|(from, to)| (&**from, &**to)).collect(),
                })
            }
            CsvLayout::Wide(wide) => {
                let values = wide.iter().map(|one| Ok((column(&one.column)?, one)));
                Ok(Self::Wide { stamp, values: values.collect::<Result<_, String>>()? })
            }
        }
    }
}

struct File<'a> {
    format: &'a CsvReader,
    columns: Columns<'a>,
    stamps: StampReader<'a>,
    /// Cells in every row.
    width: usize,
    buffer: String,
}

impl File<'_> {
    fn row<S: Sink>(
        &mut self,
        row: &ByteRecord,
        line: u64,
        items: &mut Items<'_, S>,
    ) -> Result<(), S::Error> {
        let problem = if row.len() != self.width {
            Some(format!("line {line} has {} cells where {} belong", row.len(), self.width))
        } else {
            let is_text = std::str::from_utf8(row.as_slice()).is_ok_and(|text| {
                self.format.encoding == Encoding::Utf8 && text.is_ascii()
                    || !text.contains(REPLACEMENT)
            });
            (!is_text).then(|| format!("line {line} has bytes that are no text in its encoding"))
        };
        let cell = |index: usize| {
            row.get(index)
                .and_then(|cell| std::str::from_utf8(cell).ok())
                .unwrap_or_default()
                .trim()
        };
        match &self.columns {
            Columns::Long { stamp, site, device, quantity, value, unit, rename } => {
                let [site, device, quantity] = [site, device, quantity].map(|place| {
                    let name = match place {
                        Place::Fixed(fixed) => *fixed,
                        Place::Column(index) => cell(*index),
                    };
                    match rename.is_empty() {
                        true => name,
                        false => rename.get(name).copied().unwrap_or(name),
                    }
                });
                let names =
                    Names { site: Some(site), device: Some(device), quantity: Some(quantity) };
                if let Some(reason) = problem {
                    return items.refuse(Code::Schema, names, None, reason, &joined(row));
                }
                let series = || format!("{site}/{device}/{quantity}");
                let at = self.stamps.read(cell(*stamp), series);
                let unit = unit.map(cell).filter(|unit| !unit.is_empty());
                tell(self.format, &mut self.buffer, names, at, cell(*value), unit, row, line, items)
            }
            Columns::Wide { stamp, values } => {
                let at = self.stamps.read(cell(*stamp), String::new);
                for (index, column) in values {
                    let names = Names {
                        site: Some(column.site.as_str()),
                        device: Some(column.device.as_str()),
                        quantity: Some(column.quantity.as_str()),
                    };
                    if let Some(reason) = &problem {
                        items.refuse(Code::Schema, names, None, reason.clone(), &joined(row))?;
                        continue;
                    }
                    let unit = column.unit.as_deref();
                    let text = cell(*index);
                    tell(
                        self.format,
                        &mut self.buffer,
                        names,
                        at.clone(),
                        text,
                        unit,
                        row,
                        line,
                        items,
                    )?;
                }
                Ok(())
            }
        }
    }
}

/// Tells one value as a sample or a refusal.
#[allow(clippy::too_many_arguments)] // one call site per layout; a struct would only rename them
fn tell<S: Sink>(
    format: &CsvReader,
    buffer: &mut String,
    names: Names<'_>,
    at: Result<Timestamp, String>,
    text: &str,
    unit: Option<&str>,
    row: &ByteRecord,
    line: u64,
    items: &mut Items<'_, S>,
) -> Result<(), S::Error> {
    let at = match at {
        Ok(at) => at,
        Err(reason) => {
            let reason = format!("line {line}: {reason}");
            return items.refuse(Code::Time, names, None, reason, &joined(row));
        }
    };
    if format.missing.iter().any(|token| token == text) {
        let reason = format!("line {line}: {text:?} is declared to mean no value");
        return items.refuse(Code::Missing, names, Some(at), reason, &joined(row));
    }
    let number = plain_number(format, text, buffer)
        .and_then(|text| Decimal::parse(text).map_err(|error| format!("{text:?}: {error}")));
    match number {
        Ok(number) if format.sentinels.contains(&number) => {
            let reason = format!("line {line}: {text} is declared to mean no value");
            items.refuse(Code::Missing, names, Some(at), reason, &joined(row))
        }
        Ok(number) => items.sample(names, at, number, unit),
        Err(reason) => {
            let reason = if text.is_empty() {
                format!(
                    "line {line}: the cell is empty; if that means no value, add \"\" to the \
                     reader's missing"
                )
            } else {
                format!("line {line}: {reason}")
            };
            items.refuse(Code::Schema, names, Some(at), reason, &joined(row))
        }
    }
}

/// The number's text with a point and without thousands separators.
fn plain_number<'b>(
    format: &CsvReader,
    text: &'b str,
    buffer: &'b mut String,
) -> Result<&'b str, String> {
    if format.decimal == DecimalMark::Point && format.thousands.is_none() {
        return Ok(text);
    }
    let mark = match format.decimal {
        DecimalMark::Point => '.',
        DecimalMark::Comma => ',',
    };
    let (whole, fraction) = match text.split_once(mark) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    buffer.clear();
    if let Some(separator) = format.thousands.filter(|separator| whole.contains(*separator)) {
        let mut groups = whole.split(separator);
        let first = groups.next().unwrap_or_default();
        let digits = first.trim_start_matches(['-', '+']);
        let is_first_right = (1..=3).contains(&digits.len());
        buffer.push_str(first);
        for group in groups {
            if group.len() != 3 || !is_first_right {
                return Err(format!("{text:?} has its thousands separators in the wrong places"));
            }
            buffer.push_str(group);
        }
    } else {
        buffer.push_str(whole);
    }
    if format.decimal == DecimalMark::Comma && buffer.contains('.') {
        return Err(format!("{text:?} has a point where the reader declares a decimal comma"));
    }
    if let Some(fraction) = fraction {
        buffer.push('.');
        buffer.push_str(fraction);
    }
    Ok(buffer)
}

/// A row as text, for a refusal.
fn joined(row: &ByteRecord) -> String {
    let cells: Vec<_> = row.iter().map(String::from_utf8_lossy).collect();
    cells.join(",")
}
