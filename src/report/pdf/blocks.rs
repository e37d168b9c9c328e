//! Paragraphs, cards, drawings and legends onto pages.

use super::flow::{Flow, Kind, LEADING, NodeId, SIDE, Shape, WIDTH};
use super::fonts::Face;
use super::paragraph::{Colour, INK, Look, SOFT, lines, stretches};
use super::shape::Shaper;
use super::table;
use crate::report::chapter::block::{Block, Card, Span};
use crate::report::drawing::{self, Anchor, Drawing};

/// Size of running text, in points.
pub(super) const TEXT: f32 = 9.5;
const ACCENT: Colour = (0x1d, 0x5f, 0x8f);
const LINE: Colour = (0xd5, 0xdb, 0xe1);

/// Blocks one after the other, below a node; a heading never stands alone at the foot of a page.
pub(super) fn blocks(flow: &mut Flow, shaper: &mut Shaper<'_>, blocks: &[Block], parent: NodeId) {
    for (index, one) in blocks.iter().enumerate() {
        let next = blocks.get(index + 1).map_or(0.0, wants);
        block(flow, shaper, one, next, parent);
    }
}

/// What a block wants to find free of a page, about.
pub(super) fn wants(block: &Block) -> f32 {
    match block {
        Block::Heading(_) => 90.0,
        Block::Paragraph(_) | Block::Legend(_) => 32.0,
        Block::Table(_) => 80.0,
        Block::Card(card) => 120.0 + TEXT * LEADING * card.lines.len() as f32,
        Block::Drawing(drawing) => drawing.height as f32 * WIDTH / drawing::WIDTH as f32,
    }
}

fn block(flow: &mut Flow, shaper: &mut Shaper<'_>, block: &Block, next: f32, parent: NodeId) {
    match block {
        Block::Heading(title) => flow.heading(shaper, title, 2, next, parent),
        Block::Paragraph(spans) => {
            let node = flow.node(parent, Kind::Paragraph);
            flow.text(shaper, spans, Look::new(Face::Plain, TEXT, INK), node);
            flow.skip(4.0);
        }
        Block::Table(table) => table::table(flow, shaper, table, parent),
        Block::Card(one) => card(flow, shaper, one, parent),
        Block::Drawing(one) => drawing(flow, shaper, one, parent),
        Block::Legend(colours) => legend(flow, shaper, colours, parent),
    }
}

fn card(flow: &mut Flow, shaper: &mut Shaper<'_>, card: &Card, parent: NodeId) {
    const PAD: f32 = 10.0;
    let small = Look::new(Face::Plain, TEXT, INK);
    let width = WIDTH - 2.0 * PAD;
    let sentence = stretches(shaper, &[Span::Text(card.sentence.clone())], small);
    let sentence = lines(shaper, &sentence, width);
    let row = TEXT * LEADING;
    let height =
        2.0 * PAD + 18.0 + 34.0 + row * card.lines.len() as f32 + 6.0 + row * sentence.len() as f32;
    flow.need(height + 8.0);
    let top = flow.y;
    let frame = Shape::Box { size: (WIDTH, height), fill: None, stroke: Some((0xb8, 0xc4, 0xce)) };
    flow.mark((SIDE, top), None, frame);
    let (x, mut y) = (SIDE + PAD, top + PAD);
    let title = [Span::Strong(card.name.clone()), Span::Soft(format!("  {}", card.beside))];
    let mut put = |flow: &mut Flow, y: f32, spans: &[Span], look: Look, right: bool| {
        let node = flow.node(parent, Kind::Paragraph);
        let stretches = stretches(shaper, spans, look);
        for line in lines(shaper, &stretches, width) {
            let x = if right { x + width - line.width } else { x };
            flow.line((x, y), look.size, &line, Some(node));
        }
    };
    put(flow, y, &title, Look { size: 11.0, ..small }, false);
    y += 18.0;
    put(flow, y, &card.headline, Look::new(Face::Bold, 20.0, ACCENT), false);
    y += 34.0;
    for (index, (name, value)) in card.lines.iter().enumerate() {
        if index > 0 {
            flow.rule((x, y), (x + width, y), LINE, 0.5);
        }
        put(flow, y, &[Span::Text(name.clone())], small, false);
        put(flow, y, value, small, true);
        y += row;
    }
    y += 6.0;
    let node = flow.node(parent, Kind::Paragraph);
    for line in &sentence {
        flow.line((x, y), TEXT, line, Some(node));
        y += row;
    }
    flow.y = top + height + 10.0;
}

fn colour(hex: &str) -> Colour {
    let part = |at: usize| {
        hex.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok()).unwrap_or(0)
    };
    (part(1), part(3), part(5))
}

fn drawing(flow: &mut Flow, shaper: &mut Shaper<'_>, drawing: &Drawing, parent: NodeId) {
    let scale = WIDTH / drawing::WIDTH as f32;
    let page = super::flow::PAGE.1 - super::flow::TOP - super::flow::BOTTOM;
    // What is higher than a page is drawn smaller.
    let scale = scale.min(page / drawing.height as f32);
    let height = drawing.height as f32 * scale;
    flow.need(height);
    let (left, top) = (SIDE, flow.y);
    let at = |(x, y): (f64, f64)| (left + x as f32 * scale, top + y as f32 * scale);
    let node = flow.node(parent, Kind::Figure(drawing.title.clone()));
    for shape in &drawing.shapes {
        match shape {
            drawing::Shape::Rectangle { at: corner, size, fill, stroke, .. } => {
                let size = (size.0 as f32 * scale, size.1 as f32 * scale);
                let (fill, stroke) = (Some(colour(fill)), stroke.map(colour));
                flow.mark(at(*corner), Some(node), Shape::Box { size, fill, stroke });
            }
            drawing::Shape::Line { points, stroke } => {
                let Some(first) = points.first() else { continue };
                let (x0, y0) = at(*first);
                let points = points.iter().map(|point| at(*point));
                let points = points.map(|(x, y)| (x - x0, y - y0)).collect();
                let shape = Shape::Line { points, stroke: colour(stroke), width: 0.7 };
                flow.mark((x0, y0), Some(node), shape);
            }
            drawing::Shape::Words { at: place, anchor, words } => {
                let look = Look::new(Face::Plain, drawing::LETTERS as f32 * scale, INK);
                let words = shaper.printable(look.face, words);
                let piece = shaper.piece(look.face, &words);
                let (x, y) = at(*place);
                let width = piece.width * look.size;
                let x = match anchor {
                    Anchor::Start => x,
                    Anchor::Middle => x - width / 2.0,
                    Anchor::End => x - width,
                };
                flow.mark((x, y), Some(node), Shape::Text { piece, look });
            }
        }
    }
    flow.y = top + height + 6.0;
}

fn legend(flow: &mut Flow, shaper: &mut Shaper<'_>, colours: &[(&str, &str)], parent: NodeId) {
    const SQUARE: f32 = 8.0;
    let look = Look::new(Face::Plain, 8.0, SOFT);
    let row = look.size * LEADING;
    flow.need(2.0 * row);
    let node = flow.node(parent, Kind::Paragraph);
    let mut x = SIDE;
    for (fill, words) in colours {
        let words = shaper.printable(look.face, words);
        let piece = shaper.piece(look.face, &words);
        let width = SQUARE + 4.0 + piece.width * look.size + 14.0;
        if x + width > SIDE + WIDTH && x > SIDE {
            x = SIDE;
            flow.y += row;
        }
        let y = flow.y;
        let size = (SQUARE, SQUARE);
        let square = Shape::Box { size, fill: Some(colour(fill)), stroke: Some(SOFT) };
        flow.mark((x, y + 1.5), None, square);
        let at = (x + SQUARE + 4.0, y + look.size * super::flow::ASCENT);
        flow.mark(at, Some(node), Shape::Text { piece, look });
        x += width;
    }
    flow.y += row + 4.0;
}
