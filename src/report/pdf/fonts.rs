//! The fonts of the PDF: an ordered list of families, found among the system's fonts or in a folder.
//!
//! A character is set in the first family that has it, in the order of [`FAMILIES`], so that the same fonts
//! give the same page whatever else is installed. A file is read when the first character needs it. Nothing
//! is fetched, and no font stands in that was not named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use fontdb::{Database, Source, Stretch, Style, Weight};
use krilla::text::Font;
use rustybuzz::ttf_parser;

/// Families of running text, in the order in which they are asked for a character.
const FAMILIES: [&str; 20] = [
    "Noto Sans",
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "Noto Sans Thai",
    "Noto Sans Khmer",
    "Noto Sans Lao",
    "Noto Sans Myanmar",
    "Noto Sans Bengali",
    "Noto Sans Devanagari",
    "Noto Sans Sinhala",
    "Noto Sans Tamil",
    "Noto Sans Ethiopic",
    "Noto Sans Georgian",
    "Noto Sans Armenian",
    "Noto Sans Math",
    "Noto Sans Symbols",
    "Noto Sans Symbols2",
    "DejaVu Sans",
    "Liberation Sans",
    "Noto Sans Mono",
];

/// Families of code, asked before the others.
const MONO: [&str; 3] = ["Noto Sans Mono", "DejaVu Sans Mono", "Liberation Mono"];

/// Debian's packages of the families that every script of the partner countries needs.
pub const PACKAGES: &str = "fonts-noto-core and fonts-noto-cjk";

/// How text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Face {
    Plain,
    Bold,
    Mono,
}

/// The fonts at hand.
pub struct Fonts {
    /// By style, in the order of asking.
    plain: Vec<Entry>,
    bold: Vec<Entry>,
    mono: Vec<Entry>,
}

struct Entry {
    path: PathBuf,
    index: u32,
    loaded: OnceLock<Option<Loaded>>,
}

/// A font file that was read.
pub(super) struct Loaded {
    pub data: Arc<Vec<u8>>,
    pub index: u32,
    pub font: Font,
}

/// A place in the list of a style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FontId {
    face: Face,
    place: usize,
}

impl Fonts {
    /// The fonts installed on this machine.
    #[must_use]
    pub fn system() -> Self {
        let mut database = Database::new();
        database.load_system_fonts();
        Self::of(&database)
    }

    /// The fonts of a folder and of the folders in it, and no others.
    #[must_use]
    pub fn folder(folder: &Path) -> Self {
        let mut database = Database::new();
        database.load_fonts_dir(folder);
        Self::of(&database)
    }

    /// True if not one of the families is there: nothing can be printed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.plain.is_empty()
    }

    fn of(database: &Database) -> Self {
        let mut found: BTreeMap<(String, u16), (PathBuf, u32)> = BTreeMap::new();
        for face in database.faces() {
            let is_upright = face.style == Style::Normal && face.stretch == Stretch::Normal;
            let is_weight = [Weight::NORMAL, Weight::BOLD].contains(&face.weight);
            let (Some((family, _)), true) = (face.families.first(), is_upright && is_weight) else {
                continue;
            };
            let (Source::File(path) | Source::SharedFile(path, _)) = &face.source else { continue };
            let file = (path.clone(), face.index);
            let key = (family.clone(), face.weight.0);
            // The same family twice: the first path, whatever the order of the folder.
            let first = found.get(&key).is_none_or(|kept| file < *kept);
            if first {
                found.insert(key, file);
            }
        }
        let entry = |family: &str, weight: Weight| {
            let (path, index) = found.get(&(family.to_owned(), weight.0))?;
            Some(Entry { path: path.clone(), index: *index, loaded: OnceLock::new() })
        };
        let either = |family: &&str, first: Weight, then: Weight| {
            entry(family, first).or_else(|| entry(family, then))
        };
        let list = |families: &[&str], first: Weight, then: Weight| -> Vec<Entry> {
            families.iter().filter_map(|family| either(family, first, then)).collect()
        };
        let (normal, bold) = (Weight::NORMAL, Weight::BOLD);
        let mono: Vec<&str> = MONO.into_iter().chain(FAMILIES).collect();
        Self {
            plain: list(&FAMILIES, normal, bold),
            bold: list(&FAMILIES, bold, normal),
            mono: list(&mono, normal, bold),
        }
    }

    fn list(&self, face: Face) -> &[Entry] {
        match face {
            Face::Plain => &self.plain,
            Face::Bold => &self.bold,
            Face::Mono => &self.mono,
        }
    }

    /// The first font of a style that has the character.
    pub(super) fn covering(&self, face: Face, character: char) -> Option<FontId> {
        if is_right_to_left(character) {
            return None;
        }
        let entries = self.list(face).iter().enumerate();
        let mut places = entries.map(|(place, _)| FontId { face, place });
        places.find(|id| self.has(*id, character))
    }

    /// True if the font has the character.
    pub(super) fn has(&self, id: FontId, character: char) -> bool {
        self.loaded(id).is_some_and(|loaded| {
            ttf_parser::Face::parse(&loaded.data, loaded.index)
                .is_ok_and(|face| face.glyph_index(character).is_some_and(|glyph| glyph.0 != 0))
        })
    }

    /// The font, read when it is first asked for; `None` for a file that cannot be read.
    pub(super) fn loaded(&self, id: FontId) -> Option<&Loaded> {
        let entry = self.list(id.face).get(id.place)?;
        let load = || {
            let data = Arc::new(std::fs::read(&entry.path).ok()?);
            let shared: Arc<dyn AsRef<[u8]> + Send + Sync> = data.clone();
            let font = Font::new(shared.into(), entry.index)?;
            Some(Loaded { data, index: entry.index, font })
        };
        entry.loaded.get_or_init(load).as_ref()
    }
}

/// True for letters of scripts that run from right to left: set in the order of their bytes they would be
/// read backwards, so that no font is taken for them (Unicode, blocks Hebrew to Arabic Extended-A, and
/// presentation forms).
fn is_right_to_left(character: char) -> bool {
    matches!(character, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}')
}
