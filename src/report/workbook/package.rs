//! The zip of a workbook: parts by name, and a copy of it with some parts replaced.

use std::io::{Cursor, Read, Write};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::WorkbookError;

/// Largest part that is read, in bytes: a sheet of a million rows has some 100 MB.
const PART_BYTES_MAX: u64 = 1 << 30;

pub(super) struct Package<'b> {
    archive: ZipArchive<Cursor<&'b [u8]>>,
}

fn fault(error: impl std::fmt::Display) -> WorkbookError {
    WorkbookError::Package(error.to_string())
}

impl<'b> Package<'b> {
    pub fn open(bytes: &'b [u8]) -> Result<Self, WorkbookError> {
        Ok(Self { archive: ZipArchive::new(Cursor::new(bytes)).map_err(fault)? })
    }

    /// A part as text.
    pub fn part(&mut self, name: &str) -> Result<String, WorkbookError> {
        let part = self.archive.by_name(name).map_err(|error| fault(format!("{name}: {error}")))?;
        let mut text = String::new();
        let mut limited = part.take(PART_BYTES_MAX);
        limited.read_to_string(&mut text).map_err(|error| fault(format!("{name}: {error}")))?;
        if limited.limit() == 0 {
            return Err(fault(format!("{name} is larger than 1 GiB")));
        }
        Ok(text)
    }

    /// Sheets in their order: name and part.
    pub fn sheets(&mut self) -> Result<Vec<(String, String)>, WorkbookError> {
        let relations = self.part("xl/_rels/workbook.xml.rels")?;
        let targets: Vec<(String, String)> = elements(&relations, "Relationship")?
            .into_iter()
            .filter_map(|one| Some((attribute(&one, "Id")?, attribute(&one, "Target")?)))
            .collect();
        let book = self.part("xl/workbook.xml")?;
        let mut sheets = Vec::new();
        for sheet in elements(&book, "sheet")? {
            let (Some(name), Some(id)) = (attribute(&sheet, "name"), attribute(&sheet, "id"))
            else {
                continue;
            };
            let target = targets.iter().find(|(one, _)| *one == id).map(|(_, target)| target);
            if let Some(target) = target {
                let part = match target.strip_prefix('/') {
                    Some(absolute) => absolute.to_owned(),
                    None => format!("xl/{target}"),
                };
                sheets.push((name, part));
            }
        }
        Ok(sheets)
    }

    /// The file with these parts replaced; all others are copied as they lie in it, byte for byte.
    pub fn with(&mut self, parts: &[(String, String)]) -> Result<Vec<u8>, WorkbookError> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for index in 0..self.archive.len() {
            let part = self.archive.by_index_raw(index).map_err(fault)?;
            let name = part.name().map_err(fault)?.into_owned();
            match parts.iter().find(|(one, _)| *one == name) {
                None => writer.raw_copy_file(part).map_err(fault)?,
                Some((_, text)) => {
                    let mut options = SimpleFileOptions::default();
                    if let Some(time) = part.last_modified() {
                        options = options.last_modified_time(time);
                    }
                    writer.start_file(name, options).map_err(fault)?;
                    writer.write_all(text.as_bytes()).map_err(fault)?;
                }
            }
        }
        Ok(writer.finish().map_err(fault)?.into_inner())
    }
}

/// Every element of this local name.
fn elements(xml: &str, name: &str) -> Result<Vec<BytesStart<'static>>, WorkbookError> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    loop {
        match reader.read_event().map_err(fault)? {
            Event::Start(one) | Event::Empty(one) if one.local_name().as_ref() == name => {
                found.push(one.into_owned());
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// An attribute by its local name, unescaped.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes().flatten();
    let found = attributes.find(|one| one.key.local_name().as_ref() == name)?;
    quick_xml::escape::unescape(&found.value).ok().map(|value| value.into_owned())
}

/// `xl/workbook.xml` with the mark that its formulae are computed anew when it is opened.
pub(super) fn computed_anew(book: &str) -> Result<String, WorkbookError> {
    const MARK: &str = "fullCalcOnLoad=\"1\"";
    let mut reader = Reader::from_str(book);
    // Behind which element the mark's own element belongs, if there is none yet (ISO/IEC 29500-1, 18.2.27).
    let mut behind = None;
    loop {
        let start = reader.buffer_position() as usize;
        let event = reader.read_event().map_err(fault)?;
        let end = reader.buffer_position() as usize;
        match &event {
            Event::Start(one) | Event::Empty(one) if one.local_name().as_ref() == "calcPr" => {
                let tag = &book[start..end];
                if attribute(one, "fullCalcOnLoad").is_some_and(|value| value == "1") {
                    return Ok(book.to_owned());
                }
                let bare = match tag.find("fullCalcOnLoad=") {
                    Some(at) => {
                        let value = &tag[at + "fullCalcOnLoad=".len() + 1..];
                        let close = value.find(['"', '\'']).map_or(0, |close| close + 1);
                        format!("{}{}", &tag[..at], &value[close..])
                    }
                    None => tag.to_owned(),
                };
                let name = one.name().as_ref().len() + 1;
                let marked = format!("{} {MARK}{}", &bare[..name], &bare[name..]);
                return Ok(format!("{}{marked}{}", &book[..start], &book[end..]));
            }
            Event::End(one) => {
                let name = one.local_name();
                let before = ["sheets", "functionGroups", "externalReferences", "definedNames"];
                if before.contains(&name.as_ref()) {
                    let name = one.name().as_ref().to_owned();
                    let prefix = name.split_once(':').map(|(prefix, _)| format!("{prefix}:"));
                    behind = Some((end, prefix.unwrap_or_default()));
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let (at, prefix) = behind.ok_or_else(|| fault("xl/workbook.xml names no sheets"))?;
    Ok(format!("{}<{prefix}calcPr {MARK}/>{}", &book[..at], &book[at..]))
}

#[cfg(test)]
mod tests {
    use super::computed_anew;

    #[test]
    fn the_mark_is_set_once_and_nothing_else_changes() {
        for (before, after) in [
            (
                "<workbook><sheets><sheet/></sheets><calcPr calcId=\"1\"/></workbook>",
                "<workbook><sheets><sheet/></sheets><calcPr fullCalcOnLoad=\"1\" calcId=\"1\"/></workbook>",
            ),
            (
                "<workbook><sheets></sheets><definedNames></definedNames><x/></workbook>",
                "<workbook><sheets></sheets><definedNames></definedNames><calcPr fullCalcOnLoad=\"1\"/><x/></workbook>",
            ),
            (
                "<x:workbook><x:sheets></x:sheets></x:workbook>",
                "<x:workbook><x:sheets></x:sheets><x:calcPr fullCalcOnLoad=\"1\"/></x:workbook>",
            ),
        ] {
            assert_eq!(computed_anew(before).unwrap(), after);
            assert_eq!(computed_anew(after).unwrap(), after);
        }
        let off =
            "<workbook><sheets></sheets><calcPr fullCalcOnLoad=\"0\" calcId=\"1\"/></workbook>";
        assert!(
            computed_anew(off).unwrap().contains("<calcPr fullCalcOnLoad=\"1\"  calcId=\"1\"/>")
        );
    }
}
