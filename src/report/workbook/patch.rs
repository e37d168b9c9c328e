//! A sheet's XML with some cells written: only their bytes change.
//!
//! Takes the part's text and what to write where; keeps styles and everything that it does not write. Never
//! writes over a formula or into the middle of merged cells.

use std::collections::BTreeMap;
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::map::Content;
use super::package::attribute;
use super::{At, WorkbookError};

/// Where things stand in the text of a sheet.
#[derive(Debug, Default)]
struct Places {
    /// Prefix of the elements' names, with its colon.
    prefix: String,
    cells: BTreeMap<At, CellPlace>,
    /// By number from 0: the whole element, and where its cells begin and end; `None` for `<row/>`.
    rows: BTreeMap<u32, (Range<usize>, Option<Range<usize>>)>,
    /// The whole of `sheetData`, and where its rows begin and end.
    data: Option<(Range<usize>, Option<Range<usize>>)>,
    /// First, last and text of merged cells.
    merged: Vec<(At, At, String)>,
}

#[derive(Debug)]
struct CellPlace {
    range: Range<usize>,
    /// Its attributes but place and type: ` s="5"`.
    attributes: String,
    has_formula: bool,
}

fn fault(error: impl std::fmt::Display) -> WorkbookError {
    WorkbookError::Package(error.to_string())
}

impl Places {
    fn of(xml: &str) -> Result<Self, WorkbookError> {
        let mut places = Self::default();
        let mut reader = Reader::from_str(xml);
        let (mut next, mut open_row) = (At { row: 0, column: 0 }, None);
        let mut open_cell: Option<(At, usize, String, bool)> = None;
        let mut data_start = None;
        loop {
            let start = reader.buffer_position() as usize;
            let event = reader.read_event().map_err(fault)?;
            let end = reader.buffer_position() as usize;
            let is_empty = matches!(event, Event::Empty(_));
            match event {
                Event::Start(one) | Event::Empty(one) => match one.local_name().as_ref() {
                    "sheetData" => {
                        places.prefix = prefix(&one);
                        data_start = Some((start, end));
                        if is_empty {
                            places.data = Some((start..end, None));
                        }
                    }
                    "row" => {
                        let given = attribute(&one, "r").and_then(|text| text.parse::<u32>().ok());
                        let row = given.map_or(next.row, |row| row.saturating_sub(1));
                        next = At { row, column: 0 };
                        if is_empty {
                            places.rows.insert(row, (start..end, None));
                            next.row += 1;
                        } else {
                            open_row = Some((row, start, end));
                        }
                    }
                    "c" => {
                        let at = match attribute(&one, "r") {
                            Some(reference) => At::parse(&reference)?,
                            None => next,
                        };
                        next = At { column: at.column + 1, ..at };
                        let attributes = kept(&one);
                        if is_empty {
                            let range = start..end;
                            let cell = CellPlace { range, attributes, has_formula: false };
                            places.cells.insert(at, cell);
                        } else {
                            open_cell = Some((at, start, attributes, false));
                        }
                    }
                    "f" => {
                        if let Some((_, _, _, has_formula)) = &mut open_cell {
                            *has_formula = true;
                        }
                    }
                    "mergeCell" => {
                        if let Some(range) = attribute(&one, "ref") {
                            let (first, last) = range.split_once(':').unwrap_or((&range, &range));
                            let merged = (At::parse(first)?, At::parse(last)?, range.clone());
                            places.merged.push(merged);
                        }
                    }
                    _ => {}
                },
                Event::End(one) => match one.local_name().as_ref() {
                    "c" => {
                        if let Some((at, from, attributes, has_formula)) = open_cell.take() {
                            let range = from..end;
                            places.cells.insert(at, CellPlace { range, attributes, has_formula });
                        }
                    }
                    "row" => {
                        if let Some((row, from, inside)) = open_row.take() {
                            places.rows.insert(row, (from..end, Some(inside..start)));
                            next = At { row: row + 1, column: 0 };
                        }
                    }
                    "sheetData" => {
                        if let Some((from, inside)) = data_start {
                            places.data = Some((from..end, Some(inside..start)));
                        }
                    }
                    _ => {}
                },
                Event::Eof => return Ok(places),
                _ => {}
            }
        }
    }
}

fn prefix(element: &BytesStart<'_>) -> String {
    let name = element.name().as_ref().to_owned();
    name.split_once(':').map_or(String::new(), |(prefix, _)| format!("{prefix}:"))
}

/// The attributes of a cell that stay: its style and whatever else, but not place and type.
fn kept(element: &BytesStart<'_>) -> String {
    let mut kept = String::new();
    for one in element.attributes().flatten() {
        let key = one.key.as_ref();
        // Cell and value metadata (cm, vm) belong to the old value.
        if !["r", "t", "cm", "vm"].contains(&key) {
            kept += &format!(" {key}=\"{}\"", one.value);
        }
    }
    kept
}

/// The sheet with these cells written. `name` is the sheet's, for errors.
pub(super) fn patched(
    xml: &str,
    name: &str,
    cells: &BTreeMap<At, Content>,
) -> Result<String, WorkbookError> {
    let places = Places::of(xml)?;
    let Some((data, rows_inside)) = &places.data else {
        return Err(fault(format!("sheet {name} has no cells at all")));
    };
    // What is put where: at an offset, in place of a range that may be empty.
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let mut new_rows: BTreeMap<u32, String> = BTreeMap::new();
    for (at, content) in cells {
        let cell = format!("{name}!{at}");
        for (first, last, range) in &places.merged {
            let is_inside = (first.row..=last.row).contains(&at.row)
                && (first.column..=last.column).contains(&at.column);
            if is_inside && at != first {
                return Err(WorkbookError::Merged { cell, range: range.clone() });
            }
        }
        if let Some(place) = places.cells.get(at) {
            if place.has_formula {
                return Err(WorkbookError::Formula { cell });
            }
            let text = element(&places.prefix, *at, &place.attributes, content);
            edits.push((place.range.clone(), text));
            continue;
        }
        let text = element(&places.prefix, *at, "", content);
        match places.rows.get(&at.row) {
            Some((_, Some(inside))) => {
                let later = places.cells.range(*at..).next().filter(|(one, _)| one.row == at.row);
                let offset = later.map_or(inside.end, |(_, place)| place.range.start);
                edits.push((offset..offset, text));
            }
            // An empty row: its tag is opened once, for all of its new cells.
            Some((_, None)) | None => new_rows.entry(at.row).or_default().push_str(&text),
        }
    }
    let prefix = &places.prefix;
    let mut appended = String::new();
    for (row, text) in new_rows {
        let place = places.rows.get(&row);
        match place {
            Some((range, _)) => {
                let tag = xml[range.clone()].trim_end_matches("/>").trim_end();
                edits.push((range.clone(), format!("{tag}>{text}</{prefix}row>")));
            }
            None => {
                let whole = format!("<{prefix}row r=\"{}\">{text}</{prefix}row>", row + 1);
                match (places.rows.range(row..).next(), rows_inside) {
                    (Some((_, (later, _))), _) => edits.push((later.start..later.start, whole)),
                    (None, Some(inside)) => edits.push((inside.end..inside.end, whole)),
                    (None, None) => appended.push_str(&whole),
                }
            }
        }
    }
    if rows_inside.is_none() {
        let tag = xml[data.clone()].trim_end_matches("/>").trim_end();
        edits.push((data.clone(), format!("{tag}>{appended}</{prefix}sheetData>")));
    }
    // From the end, so that offsets stay true; of two insertions at one place the later cell goes first.
    edits.sort_by_key(|(range, _)| range.start);
    let mut patched = xml.to_owned();
    for (range, text) in edits.into_iter().rev() {
        patched.replace_range(range, &text);
    }
    Ok(patched)
}

fn element(prefix: &str, at: At, attributes: &str, content: &Content) -> String {
    match content {
        Content::Number(figure) => format!(
            "<{prefix}c r=\"{at}\"{attributes}><{prefix}v>{}</{prefix}v></{prefix}c>",
            figure.value
        ),
        Content::Text(text) => format!(
            "<{prefix}c r=\"{at}\"{attributes} t=\"inlineStr\"><{prefix}is><{prefix}t \
             xml:space=\"preserve\">{}</{prefix}t></{prefix}is></{prefix}c>",
            quick_xml::escape::escape(text.as_str())
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::Figure;

    fn number(value: &str) -> Content {
        let unit = "t".to_owned();
        Content::Number(Figure { value: value.to_owned(), shown: value.to_owned(), unit })
    }

    fn check(xml: &str, cells: &[(&str, Content)], expected: &str) {
        let cells =
            cells.iter().map(|(at, content)| (At::parse(at).unwrap(), content.clone())).collect();
        assert_eq!(patched(xml, "S", &cells).unwrap(), expected);
    }

    #[test]
    fn a_cell_keeps_its_style_and_everything_else_its_bytes() {
        check(
            "<sheetData><row r=\"7\" ht=\"20\"><c r=\"D7\" t=\"s\"><v>3</v></c><c r=\"E7\" s=\"5\" t=\"s\"><v>0</v></c>\
             <c r=\"F7\"><f>E7*2</f><v>0</v></c></row></sheetData><x/>",
            &[("E7", number("371.476137"))],
            "<sheetData><row r=\"7\" ht=\"20\"><c r=\"D7\" t=\"s\"><v>3</v></c><c r=\"E7\" s=\"5\"><v>371.476137</v></c>\
             <c r=\"F7\"><f>E7*2</f><v>0</v></c></row></sheetData><x/>",
        );
    }

    #[test]
    fn cells_and_rows_that_are_not_there_are_put_in_their_order() {
        check(
            "<sheetData><row r=\"2\"><c r=\"B2\"/></row><row r=\"4\"/><row r=\"9\"></row></sheetData>",
            &[
                ("A2", number("1")),
                ("C2", number("2")),
                ("A3", number("3")),
                ("A4", number("4")),
                ("B4", Content::Text("a<b".to_owned())),
                ("A9", number("6")),
                ("B12", number("7")),
            ],
            "<sheetData><row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"B2\"/><c r=\"C2\"><v>2</v></c></row>\
             <row r=\"3\"><c r=\"A3\"><v>3</v></c></row>\
             <row r=\"4\"><c r=\"A4\"><v>4</v></c><c r=\"B4\" t=\"inlineStr\"><is><t xml:space=\"preserve\">a&lt;b</t></is></c></row>\
             <row r=\"9\"><c r=\"A9\"><v>6</v></c></row>\
             <row r=\"12\"><c r=\"B12\"><v>7</v></c></row></sheetData>",
        );
        check(
            "<x:sheetData/>",
            &[("A1", number("1"))],
            "<x:sheetData><x:row r=\"1\"><x:c r=\"A1\"><x:v>1</x:v></x:c></x:row></x:sheetData>",
        );
    }

    #[test]
    fn formulae_and_the_inside_of_merged_cells_are_never_written() {
        let xml = "<sheetData><row r=\"1\"><c r=\"A1\"><f>1+1</f></c></row></sheetData>\
                   <mergeCells><mergeCell ref=\"C1:D2\"/></mergeCells>";
        let write =
            |at: &str| patched(xml, "S", &BTreeMap::from([(At::parse(at).unwrap(), number("1"))]));
        assert!(matches!(write("A1"), Err(WorkbookError::Formula { cell }) if cell == "S!A1"));
        assert!(
            matches!(write("D2"), Err(WorkbookError::Merged { range, .. }) if range == "C1:D2")
        );
        assert!(write("C1").is_ok());
    }
}
