//! Spans to lines of a width: broken where the script allows it, by dictionary in Thai, Lao, Khmer and
//! Burmese, which write no spaces between words.

use std::rc::Rc;

use icu_segmenter::options::LineBreakOptions;
use icu_segmenter::{GraphemeClusterSegmenter, LineSegmenter};

use super::fonts::Face;
use super::shape::{Piece, Shaper};
use crate::report::chapter::block::{Mark, Span};

/// Colours as red, green, blue.
pub(super) type Colour = (u8, u8, u8);

pub(super) const INK: Colour = (0x1b, 0x27, 0x33);
pub(super) const SOFT: Colour = (0x51, 0x60, 0x6e);
pub(super) const GRAVE: Colour = (0x8f, 0x1d, 0x1d);
const SAMPLE: Colour = (0x8a, 0x5a, 0x00);

/// Letters of code relative to the text around it.
const CODE_SIZE: f32 = 0.88;

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    pub face: Face,
    pub size: f32,
    pub colour: Colour,
}

impl Look {
    pub fn new(face: Face, size: f32, colour: Colour) -> Self {
        Self { face, size, colour }
    }
}

/// A piece at its distance from the line's start, in points.
pub(super) struct Placed {
    pub x: f32,
    pub piece: Rc<Piece>,
    pub look: Look,
}

#[derive(Default)]
pub(super) struct Line {
    pub pieces: Vec<Placed>,
    /// Without trailing space.
    pub width: f32,
}

/// Where a paragraph may be broken: stretches that hold together.
pub(super) struct Stretch {
    /// In looks that follow each other.
    parts: Vec<(Look, String)>,
    /// In points, without and with what trails it.
    tight: f32,
    full: f32,
    /// A line ends behind it.
    ends_line: bool,
}

/// The look of a span inside a text of this look.
fn look(span: &Span, base: Look) -> Look {
    match span {
        Span::Strong(_) => Look { face: Face::Bold, ..base },
        Span::Soft(_) => Look { colour: SOFT, ..base },
        Span::Code(_) => Look { face: Face::Mono, size: base.size * CODE_SIZE, ..base },
        Span::Marked(mark, _) => Look {
            face: Face::Bold,
            colour: match mark {
                Mark::Grave | Mark::Draft => GRAVE,
                Mark::Sample => SAMPLE,
            },
            ..base
        },
        Span::Text(_) | Span::Figure(..) | Span::Dash | Span::Break => base,
    }
}

/// Spans as stretches that may be put on different lines.
pub(super) fn stretches(shaper: &mut Shaper<'_>, spans: &[Span], base: Look) -> Vec<Stretch> {
    let mut found = Vec::new();
    for part in spans.split(|span| *span == Span::Break) {
        stretches_of_part(shaper, part, base, &mut found);
        if let Some(last) = found.last_mut() {
            last.ends_line = true;
        }
    }
    found
}

fn stretches_of_part(
    shaper: &mut Shaper<'_>,
    spans: &[Span],
    base: Look,
    found: &mut Vec<Stretch>,
) {
    let mut text = String::new();
    // Where each look begins in the text.
    let mut looks: Vec<(usize, Look)> = Vec::new();
    for span in spans {
        let look = look(span, base);
        looks.push((text.len(), look));
        text.push_str(&shaper.printable(look.face, span.words()));
    }
    let segmenter = LineSegmenter::new_dictionary(LineBreakOptions::default());
    let mut breaks: Vec<usize> = segmenter.segment_str(&text).collect();
    breaks.extend(looks.iter().filter(|(_, look)| look.face == Face::Mono).flat_map(
        |(from, _)| {
            let to = looks.iter().map(|(at, _)| *at).find(|at| at > from).unwrap_or(text.len());
            let after = move |(at, character): (usize, char)| {
                matches!(character, '+' | '*' | '/' | '(' | ',' | '[' | '_')
                    .then_some(from + at + 1)
            };
            text[*from..to].char_indices().filter_map(after)
        },
    ));
    breaks.sort_unstable();
    breaks.dedup();
    let mut start = 0;
    for end in breaks.into_iter().filter(|end| *end > 0) {
        let mut parts = Vec::new();
        for (index, (from, look)) in looks.iter().enumerate() {
            let to = looks.get(index + 1).map_or(text.len(), |(at, _)| *at);
            let (from, to) = ((*from).max(start), to.min(end));
            if from < to {
                parts.push((*look, text[from..to].to_owned()));
            }
        }
        start = end;
        found.push(Stretch::of(shaper, parts));
    }
}

impl Stretch {
    fn of(shaper: &mut Shaper<'_>, parts: Vec<(Look, String)>) -> Self {
        let mut width =
            |(look, text): &(Look, String)| shaper.piece(look.face, text).width * look.size;
        let full: f32 = parts.iter().map(&mut width).sum();
        let trailing = parts.last().map_or(0.0, |(look, text)| {
            let tight = text.trim_end();
            width(&(*look, text.clone())) - width(&(*look, tight.to_owned()))
        });
        Self { parts, tight: full - trailing, full, ends_line: false }
    }

    pub fn width(&self) -> f32 {
        self.tight
    }
}

/// The widths of a text: of its widest stretch, and of its longest line.
pub(super) fn widths(stretches: &[Stretch]) -> (f32, f32) {
    let narrowest = stretches.iter().map(Stretch::width).fold(0.0, f32::max);
    let (mut widest, mut line) = (0.0_f32, 0.0_f32);
    for stretch in stretches {
        widest = widest.max(line + stretch.tight);
        line = if stretch.ends_line { 0.0 } else { line + stretch.full };
    }
    (narrowest, widest)
}

/// Stretches as lines no wider than `width`; what does not fit a line of its own is broken anywhere.
pub(super) fn lines(shaper: &mut Shaper<'_>, stretches: &[Stretch], width: f32) -> Vec<Line> {
    let mut lines = vec![Line::default()];
    let mut x = 0.0;
    for stretch in stretches {
        if x > 0.0 && x + stretch.tight > width + TOLERANCE {
            lines.push(Line::default());
            x = 0.0;
        }
        if stretch.tight > width + TOLERANCE {
            x = broken(shaper, stretch, width, &mut lines);
        } else {
            for (look, text) in &stretch.parts {
                x = put(shaper, &mut lines, x, *look, text);
            }
        }
        if let Some(line) = lines.last_mut() {
            line.width = x - (stretch.full - stretch.tight);
        }
        if stretch.ends_line {
            lines.push(Line::default());
            x = 0.0;
        }
    }
    while lines.len() > 1 && lines.last().is_some_and(|line| line.pieces.is_empty()) {
        lines.pop();
    }
    lines
}

/// Sums of floats are not compared to the last bit.
const TOLERANCE: f32 = 0.01;

fn put(shaper: &mut Shaper<'_>, lines: &mut [Line], x: f32, look: Look, text: &str) -> f32 {
    let piece = shaper.piece(look.face, text);
    let end = x + piece.width * look.size;
    if let Some(line) = lines.last_mut() {
        line.pieces.push(Placed { x, piece, look });
    }
    end
}

/// A stretch wider than a line, as many characters a line as fit; gives where its last line ends.
fn broken(shaper: &mut Shaper<'_>, stretch: &Stretch, width: f32, lines: &mut Vec<Line>) -> f32 {
    let mut x = 0.0;
    for (look, text) in &stretch.parts {
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let mut fitting = 0;
            // Never between a letter and its marks.
            for end in GraphemeClusterSegmenter::new().segment_str(rest).skip(1) {
                let whole = shaper.piece(look.face, &rest[..end]).width * look.size;
                if x + whole > width + TOLERANCE && (fitting > 0 || x > 0.0) {
                    break;
                }
                fitting = end;
            }
            if fitting > 0 {
                x = put(shaper, lines, x, *look, &rest[..fitting]);
                rest = &rest[fitting..];
            }
            if !rest.is_empty() {
                if let Some(line) = lines.last_mut() {
                    line.width = x;
                }
                lines.push(Line::default());
                x = 0.0;
            }
        }
    }
    x
}
