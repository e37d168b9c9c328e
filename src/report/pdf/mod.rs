//! `report.pdf`: the chapters on A4 pages, with contents, bookmarks, page numbers and charts.
//!
//! Takes the report and fonts; gives bytes, the same for the same report and the same fonts, and the
//! characters that no font has, with where they stand. Fonts are subset and embedded. Text is broken by the
//! rules of its script. The PDF is tagged: headings, tables and figures are told apart by machines too.
//!
//! Never prints a box for a missing character: its code stands in its place, and a last page lists them.

mod blocks;
mod emit;
mod flow;
mod fonts;
mod paragraph;
mod shape;
mod table;

use std::collections::BTreeMap;

use super::chapter::Numbered;
use super::chapter::block::{Block, Mark, Span, Table, paragraph, text};
use super::model::Report;
use emit::Laid;
use flow::{ASCENT, Entry, Flow, Kind, LEADING, PAGE, SIDE, Shape, Sheet, WIDTH};
use fonts::Face;
pub use fonts::{Fonts, PACKAGES};
use paragraph::{INK, Look, SOFT, lines, stretches};
use shape::Shaper;

/// A report as PDF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdf {
    pub bytes: Vec<u8>,
    /// Characters that no font has, by character.
    pub missing: Vec<Missing>,
    pub pages: usize,
}

/// A character that could not be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// `U+1F600`.
    pub code: String,
    /// The titles of the chapters it stands in.
    pub places: Vec<String>,
}

/// Why there is no PDF.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PdfFault {
    #[error("no font is installed that the report could be printed in; install {PACKAGES}")]
    NoFonts,
    #[error("the PDF cannot be written: {0}")]
    Write(String),
}

/// The report as PDF, set in these fonts.
///
/// # Errors
/// When there is no font at all, or a font file is broken.
pub fn write(report: &Report, fonts: &Fonts) -> Result<Pdf, PdfFault> {
    if fonts.is_empty() {
        return Err(PdfFault::NoFonts);
    }
    let mut shaper = Shaper::new(fonts);
    let mut body = Flow::new();
    for chapter in report.chapters() {
        set(&mut body, &mut shaper, &chapter);
    }
    // The contents stand before the body and must know how long they are themselves.
    let mut length = 0;
    let front = loop {
        let mut front = Flow::new();
        title(&mut front, &mut shaper, report);
        contents(&mut front, &mut shaper, &body.entries, length);
        match front.sheets.len() {
            same if same == length => break front,
            other => length = other,
        }
    };
    let missing = missing(&shaper.missing);
    if !missing.is_empty() {
        unprintable(&mut body, &mut shaper, &missing);
    }
    let mut laid = joined(report, front, body);
    let pages = laid.sheets.len();
    for (index, sheet) in laid.sheets.iter_mut().enumerate() {
        edges(sheet, &mut shaper, report, (index + 1, pages));
    }
    let bytes = emit::emit(laid, fonts)?;
    Ok(Pdf { bytes, missing, pages })
}

/// Blocks alone, for looking at how scripts are set.
///
/// # Errors
/// As [`write`].
pub fn write_blocks(title: &str, blocks: &[Block], fonts: &Fonts) -> Result<Pdf, PdfFault> {
    if fonts.is_empty() {
        return Err(PdfFault::NoFonts);
    }
    let mut shaper = Shaper::new(fonts);
    shaper.place = title.to_owned();
    let mut flow = Flow::new();
    let section = flow.node(0, Kind::Section);
    blocks::blocks(&mut flow, &mut shaper, blocks, section);
    let missing = missing(&shaper.missing);
    let pages = flow.sheets.len();
    let bytes = emit::emit(
        Laid {
            title: title.to_owned(),
            subject: String::new(),
            language: "en",
            sheets: flow.sheets,
            nodes: flow.nodes,
            entries: flow.entries,
        },
        fonts,
    )?;
    Ok(Pdf { bytes, missing, pages })
}

/// A chapter at the end of the flow.
fn set(flow: &mut Flow, shaper: &mut Shaper<'_>, numbered: &Numbered) {
    let title = numbered.title();
    shaper.place.clone_from(&title);
    let section = flow.node(0, Kind::Section);
    let blocks = &numbered.chapter.blocks;
    let first = blocks.first().map_or(0.0, blocks::wants);
    flow.heading(shaper, &title, 1, first + 24.0, section);
    blocks::blocks(flow, shaper, blocks, section);
}

fn missing(found: &BTreeMap<char, std::collections::BTreeSet<String>>) -> Vec<Missing> {
    let missing = found.iter().map(|(character, places)| Missing {
        code: format!("U+{:04X}", *character as u32),
        places: places.iter().cloned().collect(),
    });
    missing.collect()
}

fn unprintable(flow: &mut Flow, shaper: &mut Shaper<'_>, missing: &[Missing]) {
    let section = flow.node(0, Kind::Section);
    flow.heading(shaper, "What could not be printed", 1, 90.0, section);
    let about = paragraph(
        "No installed font has these characters; their codes stand in their place. The other forms of \
         this report have them.",
    );
    let rows = missing.iter().map(|one| vec![text(&one.code), text(one.places.join("; "))]);
    let table = Table::new("Characters without a font", &["Character", "Where"], rows);
    blocks::blocks(flow, shaper, &[about, Block::Table(table)], section);
}

/// The head of the first page.
fn title(flow: &mut Flow, shaper: &mut Shaper<'_>, report: &Report) {
    "Cover".clone_into(&mut shaper.place);
    let section = flow.node(0, Kind::Section);
    let mut put = |flow: &mut Flow, spans: &[Span], look: Look, after: f32| {
        let node = flow.node(section, Kind::Paragraph);
        flow.text(shaper, spans, look, node);
        flow.skip(after);
    };
    flow.skip(24.0);
    let mut notice = Vec::new();
    if report.status.is_draft {
        notice.push(Span::Marked(Mark::Draft, "DRAFT  ".to_owned()));
    }
    notice.push(Span::Strong(report.notice.clone()));
    put(flow, &notice, Look::new(Face::Plain, 11.0, SOFT), 14.0);
    let plain = |size| Look::new(Face::Plain, size, INK);
    put(flow, &[Span::Soft("Monitoring report".to_owned())], plain(13.0), 2.0);
    let name = [Span::Strong(report.project.title.clone())];
    put(flow, &name, plain(24.0), 10.0);
    let project = &report.project;
    let reference = match project.reference.as_str() {
        "" => "not given",
        reference => reference,
    };
    for line in [
        format!("Reference number {reference}"),
        format!("Monitoring period {}", report.period.words),
        format!("Participants: {}", project.participants.join(", ")),
    ] {
        put(flow, &[Span::Text(line)], plain(10.5), 2.0);
    }
    flow.skip(20.0);
}

/// The contents: chapters with their pages, each a link. The body starts `length` pages later.
fn contents(flow: &mut Flow, shaper: &mut Shaper<'_>, entries: &[Entry], length: usize) {
    let section = flow.node(0, Kind::Section);
    flow.heading(shaper, "Contents", 1, 60.0, section);
    flow.entries.clear();
    let look = Look::new(Face::Plain, 10.0, INK);
    for entry in entries.iter().filter(|entry| entry.level == 1) {
        let node = flow.node(section, Kind::Paragraph);
        let page = (entry.page + length + 1).to_string();
        let title = stretches(shaper, &[Span::Text(entry.title.clone())], look);
        let page = stretches(shaper, &[Span::Text(page)], look);
        let row = look.size * LEADING;
        for line in lines(shaper, &title, WIDTH - 40.0) {
            flow.need(row);
            let y = flow.y;
            flow.line((SIDE, y), look.size, &line, Some(node));
            if let Some(sheet) = flow.sheets.last_mut() {
                sheet.links.push(([SIDE, y, WIDTH, row], entry.page + length, entry.y));
            }
            flow.skip(row);
        }
        let y = flow.y - row;
        for line in lines(shaper, &page, 40.0) {
            flow.line((SIDE + WIDTH - line.width, y), look.size, &line, Some(node));
        }
    }
}

/// Front and body as one document.
fn joined(report: &Report, front: Flow, body: Flow) -> Laid {
    let (pages, nodes_before) = (front.sheets.len(), front.nodes.len());
    let (mut sheets, mut nodes) = (front.sheets, front.nodes);
    // The body's root is the front's.
    let moved = |id: usize| if id == 0 { 0 } else { id + nodes_before - 1 };
    for (id, mut node) in body.nodes.into_iter().enumerate() {
        node.children.iter_mut().for_each(|child| *child = moved(*child));
        match id {
            0 => nodes[0].children.extend(node.children),
            _ => nodes.push(node),
        }
    }
    for mut sheet in body.sheets {
        sheet.marks.iter_mut().for_each(|mark| mark.node = mark.node.map(moved));
        sheets.push(sheet);
    }
    let entries = body.entries.into_iter().map(|entry| Entry { page: entry.page + pages, ..entry });
    Laid {
        title: format!("Monitoring report: {}", report.project.title),
        subject: format!("{}, {}", report.period.words, report.notice),
        language: "en",
        sheets,
        nodes,
        entries: entries.collect(),
    }
}

/// Head and foot of a page: what it is of, what its figures are, which of how many.
fn edges(
    sheet: &mut Sheet,
    shaper: &mut Shaper<'_>,
    report: &Report,
    (page, pages): (usize, usize),
) {
    let look = Look::new(Face::Plain, 7.5, SOFT);
    let mut put = |words: &str, y: f32, is_right: bool| {
        let words = shaper.printable(look.face, words);
        let piece = shaper.piece(look.face, &words);
        let width = piece.width * look.size;
        let x = if is_right { SIDE + WIDTH - width } else { SIDE };
        let shape = Shape::Text { piece, look };
        sheet.marks.push(flow::Mark { at: (x, y + look.size * ASCENT), shape, node: None });
    };
    let draft = if report.status.is_draft { "DRAFT, " } else { "" };
    let title: String = report.project.title.chars().take(70).collect();
    put(&title, 30.0, false);
    put(&report.period.form, 30.0, true);
    let foot = PAGE.1 - 44.0;
    put(&format!("{draft}{}", report.notice), foot, false);
    put(&format!("{page} of {pages}"), foot, true);
    for y in [44.0, foot - 4.0] {
        let points = vec![(0.0, 0.0), (WIDTH, 0.0)];
        let shape = Shape::Line { points, stroke: (0xd5, 0xdb, 0xe1), width: 0.5 };
        sheet.marks.push(flow::Mark { at: (SIDE, y), shape, node: None });
    }
}
