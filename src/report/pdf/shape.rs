//! Text to glyphs: each stretch in the first font that has it, shaped by its script's rules.
//!
//! A character that no font has is never printed as a box: its code stands in its place, `[U+1F600]`, and it
//! is noted with where it occurred.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use krilla::text::{GlyphId, KrillaGlyph};
use rustybuzz::{UnicodeBuffer, shape};

use super::fonts::{Face, FontId, Fonts};

/// A stretch of text in one font.
pub(super) struct Run {
    pub font: FontId,
    pub text: String,
    /// Advances and offsets in ems.
    pub glyphs: Vec<KrillaGlyph>,
    /// In ems.
    pub width: f32,
}

/// Shaped text.
pub(super) struct Piece {
    pub runs: Vec<Run>,
    /// In ems.
    pub width: f32,
}

/// Shapes text and remembers what it shaped.
pub(super) struct Shaper<'f> {
    pub fonts: &'f Fonts,
    shaped: BTreeMap<(Face, String), Rc<Piece>>,
    chosen: BTreeMap<(Face, char), Option<FontId>>,
    /// Characters that no font has, with the chapters where they stand.
    pub missing: BTreeMap<char, BTreeSet<String>>,
    /// The chapter that is being set.
    pub place: String,
}

impl<'f> Shaper<'f> {
    pub fn new(fonts: &'f Fonts) -> Self {
        Self {
            fonts,
            shaped: BTreeMap::new(),
            chosen: BTreeMap::new(),
            missing: BTreeMap::new(),
            place: String::new(),
        }
    }

    /// The text with what cannot be printed written as its code.
    pub fn printable(&mut self, face: Face, text: &str) -> String {
        let mut printable = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '\n' | '\t' => printable.push(' '),
                control if control.is_control() => printable.push(' '),
                character if joins(character) => printable.push(character),
                character => match self.font(face, character) {
                    Some(_) => printable.push(character),
                    None => {
                        let places = self.missing.entry(character).or_default();
                        places.insert(self.place.clone());
                        printable.push_str(&format!("[U+{:04X}]", character as u32));
                    }
                },
            }
        }
        printable
    }

    /// Text that is [printable](Self::printable), as glyphs.
    pub fn piece(&mut self, face: Face, text: &str) -> Rc<Piece> {
        let key = (face, text.to_owned());
        if let Some(piece) = self.shaped.get(&key) {
            return piece.clone();
        }
        let runs: Vec<Run> = self
            .stretches(face, text)
            .into_iter()
            .filter_map(|(id, text)| self.run(id, text))
            .collect();
        let width = runs.iter().map(|run| run.width).sum();
        let piece = Rc::new(Piece { runs, width });
        self.shaped.insert(key, piece.clone());
        piece
    }

    /// Stretches of one font each.
    fn stretches(&mut self, face: Face, text: &str) -> Vec<(FontId, String)> {
        let mut stretches: Vec<(FontId, String)> = Vec::new();
        for character in text.chars() {
            if let Some((_, stretch)) = stretches.last_mut()
                && joins(character)
            {
                stretch.push(character);
                continue;
            }
            let Some(font) = self.font(face, character) else { continue };
            match stretches.last_mut() {
                Some((last, stretch)) if *last == font => stretch.push(character),
                _ => stretches.push((font, character.to_string())),
            }
        }
        stretches
    }

    fn font(&mut self, face: Face, character: char) -> Option<FontId> {
        let fonts = self.fonts;
        *self.chosen.entry((face, character)).or_insert_with(|| fonts.covering(face, character))
    }

    fn run(&self, font: FontId, text: String) -> Option<Run> {
        let loaded = self.fonts.loaded(font)?;
        let face = rustybuzz::Face::from_slice(&loaded.data, loaded.index)?;
        let units = face.units_per_em() as f32;
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(&text);
        buffer.guess_segment_properties();
        let shaped = shape(&face, &[], buffer);
        let infos = shaped.glyph_infos();
        // A glyph stands for the text from its cluster to the next one.
        let mut starts: Vec<usize> = infos.iter().map(|info| info.cluster as usize).collect();
        starts.push(text.len());
        starts.sort_unstable();
        starts.dedup();
        let end = |start: usize| {
            let next = starts.partition_point(|one| *one <= start);
            starts.get(next).copied().unwrap_or(text.len())
        };
        let glyphs: Vec<KrillaGlyph> = infos
            .iter()
            .zip(shaped.glyph_positions())
            .map(|(info, position)| {
                let start = info.cluster as usize;
                KrillaGlyph::new(
                    GlyphId::new(info.glyph_id),
                    position.x_advance as f32 / units,
                    position.x_offset as f32 / units,
                    position.y_offset as f32 / units,
                    0.0,
                    start..end(start),
                    None,
                )
            })
            .collect();
        let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
        Some(Run { font, text, glyphs, width })
    }
}

/// True for what shows only with its neighbours and stays in their font: joiners, word breaks without
/// width, selectors of variants.
fn joins(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}
