//! The chapters of the report, in their order: one list that every form follows.
//!
//! A chapter is a function from the model to blocks ([`block`]); HTML, PDF and the workbook lay the same
//! blocks out. **A new section is one file here and one line in [`CHAPTERS`] or [`ANNEXES`].** A chapter
//! whose data nobody recorded says so plainly and is never left out, so that an omission shows.

pub mod block;

mod calculation;
mod certificates;
mod changes;
mod control;
mod cross_checks;
mod documents;
mod eligibility;
mod factors;
mod flags;
mod gaps;
mod glossary;
mod implementation;
mod life;
mod meters;
mod monitoring;
mod months;
mod parameters;
mod quality;
mod result;
mod standing;
mod uncertainty;

use super::model::Report;
use block::{Block, Line, paragraph};

/// A chapter of the report.
#[derive(Debug, Clone, PartialEq)]
pub struct Chapter {
    /// Names it inside a page: small letters, digits and hyphens.
    pub id: &'static str,
    pub title: &'static str,
    /// Name of its own sheet in the workbook; `None` where a sheet of the workbook's own has it.
    pub sheet: Option<&'static str>,
    pub blocks: Vec<Block>,
}

/// The body, numbered from 1.
const CHAPTERS: [fn(&Report) -> Chapter; 14] = [
    control::chapter,
    result::chapter,
    implementation::chapter,
    eligibility::chapter,
    changes::chapter,
    monitoring::chapter,
    meters::chapter,
    parameters::chapter,
    quality::chapter,
    gaps::chapter,
    cross_checks::chapter,
    calculation::chapter,
    uncertainty::chapter,
    standing::chapter,
];

/// The annexes, lettered from A.
const ANNEXES: [fn(&Report) -> Chapter; 5] =
    [flags::chapter, certificates::chapter, documents::chapter, months::chapter, glossary::chapter];

/// A chapter with its number (`7`) or letter (`B`).
#[derive(Debug, Clone, PartialEq)]
pub struct Numbered {
    pub number: String,
    pub chapter: Chapter,
}

impl Numbered {
    /// `7 Meters and calibration`, or `Annex B: Certificates`.
    #[must_use]
    pub fn title(&self) -> String {
        match self.number.chars().all(|digit| digit.is_ascii_digit()) {
            true => format!("{} {}", self.number, self.chapter.title),
            false => format!("Annex {}: {}", self.number, self.chapter.title),
        }
    }
}

impl Report {
    /// All chapters and annexes, in order.
    #[must_use]
    pub fn chapters(&self) -> Vec<Numbered> {
        let body = (1..).zip(CHAPTERS).map(|(number, chapter)| (number.to_string(), chapter));
        let annexes = ('A'..).zip(ANNEXES).map(|(letter, chapter)| (letter.to_string(), chapter));
        let numbered = |(number, chapter): (String, fn(&Self) -> Chapter)| Numbered {
            number,
            chapter: chapter(self),
        };
        body.chain(annexes).map(numbered).collect()
    }
}

impl Chapter {
    fn new(id: &'static str, title: &'static str, blocks: Vec<Block>) -> Self {
        Self { id, title, sheet: None, blocks }
    }

    /// The same, with a sheet of its own.
    fn on_sheet(mut self, name: &'static str) -> Self {
        self.sheet = Some(name);
        self
    }

    /// Every line of its tables, cards and paragraphs, in the order of reading.
    pub fn lines(&self) -> Vec<&Line> {
        let mut lines = Vec::new();
        for block in &self.blocks {
            match block {
                Block::Paragraph(line) => lines.push(line),
                Block::Table(table) => lines.extend(table.rows.iter().flatten()),
                Block::Card(card) => {
                    lines.push(&card.headline);
                    lines.extend(card.lines.iter().map(|(_, line)| line));
                }
                Block::Heading(_) | Block::Drawing(_) | Block::Legend(_) => {}
            }
        }
        lines
    }
}

/// What a chapter says while nothing of its kind is recorded.
fn nothing(of: &str) -> Block {
    paragraph(format!("Nothing is recorded of {of}."))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::report::schema::golden_report;

    #[test]
    fn every_chapter_has_a_name_of_its_own_and_says_something() {
        let report = golden_report();
        let chapters = report.chapters();
        assert_eq!(chapters.len(), CHAPTERS.len() + ANNEXES.len());
        let ids: BTreeSet<_> = chapters.iter().map(|one| one.chapter.id).collect();
        let sheets: Vec<_> = chapters.iter().filter_map(|one| one.chapter.sheet).collect();
        assert_eq!(ids.len(), chapters.len());
        assert_eq!(sheets.iter().collect::<BTreeSet<_>>().len(), sheets.len());
        for Numbered { chapter, .. } in &chapters {
            assert!(!chapter.blocks.is_empty(), "{}", chapter.id);
            for block in &chapter.blocks {
                let Block::Table(table) = block else { continue };
                for row in &table.rows {
                    assert_eq!(row.len(), table.columns.len(), "{}: {}", chapter.id, table.caption);
                }
            }
        }
        assert_eq!(chapters[0].title(), "1 Cover and control");
        assert!(chapters.last().is_some_and(|one| one.title().starts_with("Annex E: Glossary")));
    }
}
