//! Drawings of the report as plain shapes: the page writes them as SVG, the PDF draws them itself.
//!
//! Numbers become binary floats here for the geometry alone; the figures themselves stand as text in
//! tables. Every drawing has a title for those who do not see it. Coordinates run right and down from the
//! upper left corner, in units of its width ([`WIDTH`]).

mod completeness;
mod diagram;
mod months;
mod svg;

pub use completeness::{classes, completeness};
pub use diagram::diagram;
pub use months::months;
pub use svg::svg;

/// Width of every drawing, in its own units.
pub const WIDTH: f64 = 720.0;

/// Size of its letters, in the same units.
pub const LETTERS: f64 = 11.0;

#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    pub title: String,
    pub height: f64,
    /// In the order of drawing.
    pub shapes: Vec<Shape>,
}

/// Colours are `#rrggbb`.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Rectangle {
        at: (f64, f64),
        size: (f64, f64),
        fill: &'static str,
        stroke: Option<&'static str>,
        /// Shown where a pointer rests on it; empty for none.
        hint: String,
    },
    /// An open line through these points.
    Line { points: Vec<(f64, f64)>, stroke: &'static str },
    /// Letters whose baseline is at `at`.
    Words { at: (f64, f64), anchor: Anchor, words: String },
}

/// Which end of the words stands at their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl Drawing {
    fn new(title: String, height: f64) -> Self {
        Self { title, height, shapes: Vec::new() }
    }

    fn rectangle(&mut self, at: (f64, f64), size: (f64, f64), fill: &'static str, hint: String) {
        self.shapes.push(Shape::Rectangle { at, size, fill, stroke: None, hint });
    }

    fn line(&mut self, points: &[(f64, f64)], stroke: &'static str) {
        self.shapes.push(Shape::Line { points: points.to_vec(), stroke });
    }

    fn words(&mut self, at: (f64, f64), anchor: Anchor, words: impl Into<String>) {
        self.shapes.push(Shape::Words { at, anchor, words: words.into() });
    }
}
