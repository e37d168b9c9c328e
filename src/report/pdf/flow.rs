//! Pages being filled from top to bottom: what is drawn where, and what each part of it is.
//!
//! Only positions are decided here; [`super::emit`] draws. Positions are points from the upper left corner
//! of the page. Every text belongs to a node of the document's structure, so that the PDF is tagged.

use std::rc::Rc;

use super::paragraph::{Colour, INK, Line, Look, lines, stretches};
use super::shape::{Piece, Shaper};
use crate::report::chapter::block::Span;

/// A4 in points.
pub(super) const PAGE: (f32, f32) = (595.28, 841.89);
/// Free to the left and right.
pub(super) const SIDE: f32 = 48.0;
pub(super) const TOP: f32 = 62.0;
pub(super) const BOTTOM: f32 = 60.0;
/// Width of the text.
pub(super) const WIDTH: f32 = PAGE.0 - 2.0 * SIDE;

/// Height of a line relative to its letters; marks above and below of Thai, Khmer and Burmese need room.
pub(super) const LEADING: f32 = 1.5;
/// How far its baseline lies below its top, relative to its letters.
pub(super) const ASCENT: f32 = 1.1;

/// A node of the document's structure.
pub(super) type NodeId = usize;

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Root,
    Section,
    /// Level and title.
    Heading(u16, String),
    Paragraph,
    Table,
    Caption,
    Head,
    Body,
    Row,
    ColumnHead,
    RowHead,
    Cell,
    /// What it shows.
    Figure(String),
}

pub(super) struct Node {
    pub kind: Kind,
    pub children: Vec<NodeId>,
}

pub(super) enum Shape {
    Text {
        piece: Rc<Piece>,
        look: Look,
    },
    /// Width and height.
    Box {
        size: (f32, f32),
        fill: Option<Colour>,
        stroke: Option<Colour>,
    },
    /// Through these points, relative to the place.
    Line {
        points: Vec<(f32, f32)>,
        stroke: Colour,
        width: f32,
    },
}

/// Something drawn.
pub(super) struct Mark {
    pub at: (f32, f32),
    pub shape: Shape,
    /// `None` for what is no content: rules, backgrounds, repeated heads.
    pub node: Option<NodeId>,
}

#[derive(Default)]
pub(super) struct Sheet {
    pub marks: Vec<Mark>,
    /// Places that lead to another page when clicked: x, y, width, height, page from 0, its y.
    pub links: Vec<([f32; 4], usize, f32)>,
}

/// A heading and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub title: String,
    pub level: u16,
    /// From 0.
    pub page: usize,
    pub y: f32,
}

/// Pages and the place where the next thing goes.
pub(super) struct Flow {
    pub sheets: Vec<Sheet>,
    pub y: f32,
    pub nodes: Vec<Node>,
    pub entries: Vec<Entry>,
}

impl Flow {
    pub fn new() -> Self {
        Self {
            sheets: vec![Sheet::default()],
            y: TOP,
            nodes: vec![Node { kind: Kind::Root, children: Vec::new() }],
            entries: Vec::new(),
        }
    }

    /// A new node below another.
    pub fn node(&mut self, parent: NodeId, kind: Kind) -> NodeId {
        let id = self.nodes.len();
        self.nodes.push(Node { kind, children: Vec::new() });
        self.nodes[parent].children.push(id);
        id
    }

    /// What is left of the page.
    pub fn room(&self) -> f32 {
        PAGE.1 - BOTTOM - self.y
    }

    pub fn new_page(&mut self) {
        self.sheets.push(Sheet::default());
        self.y = TOP;
    }

    /// Starts a new page unless this much is left of the page; true if it did.
    pub fn need(&mut self, height: f32) -> bool {
        let is_short = self.room() < height && self.y > TOP;
        if is_short {
            self.new_page();
        }
        is_short
    }

    pub fn page(&self) -> usize {
        self.sheets.len() - 1
    }

    pub fn skip(&mut self, height: f32) {
        self.y += height;
    }

    pub fn mark(&mut self, at: (f32, f32), node: Option<NodeId>, shape: Shape) {
        if let Some(sheet) = self.sheets.last_mut() {
            sheet.marks.push(Mark { at, shape, node });
        }
    }

    pub fn rule(&mut self, from: (f32, f32), to: (f32, f32), stroke: Colour, width: f32) {
        let points = vec![(0.0, 0.0), (to.0 - from.0, to.1 - from.1)];
        self.mark(from, None, Shape::Line { points, stroke, width });
    }

    /// One line of text at its place; `y` is its top.
    pub fn line(&mut self, (x, y): (f32, f32), size: f32, line: &Line, node: Option<NodeId>) {
        for placed in &line.pieces {
            let at = (x + placed.x, y + size * ASCENT);
            let shape = Shape::Text { piece: placed.piece.clone(), look: placed.look };
            self.mark(at, node, shape);
        }
    }

    /// Running text over pages.
    pub fn text(&mut self, shaper: &mut Shaper<'_>, spans: &[Span], look: Look, node: NodeId) {
        let stretches = stretches(shaper, spans, look);
        for line in lines(shaper, &stretches, WIDTH) {
            self.need(look.size * LEADING);
            let y = self.y;
            self.line((SIDE, y), look.size, &line, Some(node));
            self.y += look.size * LEADING;
        }
    }

    /// A heading, kept with at least `with` points of what follows.
    pub fn heading(
        &mut self,
        shaper: &mut Shaper<'_>,
        title: &str,
        level: u16,
        with: f32,
        parent: NodeId,
    ) {
        let size = match level {
            1 => 15.0,
            _ => 10.5,
        };
        self.need(size * LEADING + 24.0 + with.min(PAGE.1 - TOP - BOTTOM - 80.0));
        if self.y > TOP {
            self.y += if level == 1 { 16.0 } else { 8.0 };
        }
        let entry = Entry { title: title.to_owned(), level, page: self.page(), y: self.y };
        self.entries.push(entry);
        let node = self.node(parent, Kind::Heading(level, title.to_owned()));
        let look = Look::new(super::fonts::Face::Bold, size, INK);
        self.text(shaper, &[Span::Text(title.to_owned())], look, node);
        if level == 1 {
            let y = self.y + 1.0;
            self.rule((SIDE, y), (SIDE + WIDTH, y), (0xb8, 0xc4, 0xce), 1.0);
            self.y += 6.0;
        } else {
            self.y += 2.0;
        }
    }
}
