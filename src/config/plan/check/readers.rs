//! `[[reader]]`: how bytes become values.

use super::channels::STAMPS;
use super::stamps::parse_pattern;
use super::{Findings, owned};
use crate::config::plan::Reader;
use crate::config::plan::raw::{RawReader, Text};
use crate::config::plan::reader::{
    CsvLayout, CsvReader, DecimalMark, Encoding, Format, JsonReader, JsonValues, MappedValue,
    Match, Name, Repeated, RowOrder, Skipped, StampFormat, StampPart, WideColumn,
};
use crate::domain::id::QuantityId;
use crate::domain::time::Zone;

impl Findings<'_> {
    pub(super) fn readers(&mut self, raw: &[RawReader]) -> Vec<Reader> {
        let mut readers: Vec<Reader> = Vec::new();
        for raw in raw {
            let Some(reader) = self.reader(raw) else { continue };
            if readers.iter().any(|other| other.name == reader.name) {
                self.tell(raw.name.span(), "two readers have this name", "rename one");
            }
            readers.push(reader);
        }
        readers
    }

    fn reader(&mut self, raw: &RawReader) -> Option<Reader> {
        let matches = match (&raw.topic, &raw.file) {
            (Some(topic), None) => Match::Topic(topic.get_ref().clone()),
            (None, Some(file)) => Match::File(file.get_ref().clone()),
            _ => {
                let advice = "write topic = \"mrv/v1/...\" or file = \"*.csv\"";
                self.tell(raw.name.span(), "a reader reads either a topic or files", advice);
                return None;
            }
        };
        let stamp = raw.stamp_at.as_ref().and_then(|text| self.choice(text, STAMPS));
        let format = match self.choice(&raw.format, &[("json", 0), ("jsonl", 1), ("csv", 2)])? {
            0 => Format::Json(self.json(raw)?),
            1 => Format::JsonLines(self.json(raw)?),
            _ => Format::Csv(Box::new(self.csv(raw)?)),
        };
        Some(Reader { name: raw.name.get_ref().clone(), matches, format, stamp })
    }

    fn json(&mut self, raw: &RawReader) -> Option<JsonReader> {
        let default = JsonReader::default();
        let name = |text: Option<&Text>| match text.map(|text| text.get_ref().as_str()) {
            None => Name::Topic,
            Some(pointer) if pointer.starts_with('/') => Name::At(pointer.to_owned()),
            Some(fixed) => Name::Fixed(fixed.to_owned()),
        };
        let mut mapped = Vec::new();
        for value in &raw.value {
            mapped.push(MappedValue {
                pointer: value.pointer.clone(),
                quantity: self.quantity_id(&value.quantity)?,
                unit: self.stated_unit(value.unit.as_ref())?,
            });
        }
        let object = raw.values.clone().unwrap_or_else(|| "/values".to_owned());
        let values =
            if mapped.is_empty() { JsonValues::Object(object) } else { JsonValues::Mapped(mapped) };
        Some(JsonReader {
            records: raw.records.clone().unwrap_or_default(),
            stamp_pointer: raw.stamp_pointer.clone().unwrap_or(default.stamp_pointer),
            stamp: self.stamp_format(raw, false)?,
            site: name(raw.site.as_ref()),
            device: name(raw.device.as_ref()),
            values,
            missing: raw.missing.clone(),
            sentinels: raw.sentinels.iter().filter_map(|number| self.decimal(number)).collect(),
        })
    }

    fn csv(&mut self, raw: &RawReader) -> Option<CsvReader> {
        let encodings = [
            ("utf-8", Encoding::Utf8),
            ("utf-16", Encoding::Utf16),
            ("gbk", Encoding::Gbk),
            ("cp932", Encoding::Cp932),
            ("windows-874", Encoding::Windows874),
        ];
        let orders = [
            ("oldest-first", RowOrder::OldestFirst),
            ("newest-first", RowOrder::NewestFirst),
            ("any", RowOrder::Any),
        ];
        let marks = [("point", DecimalMark::Point), ("comma", DecimalMark::Comma)];
        let Some(stamp_column) = raw.stamp_column.clone() else {
            let advice = "add stamp_column with the column's name, or its number without a header";
            self.tell(raw.name.span(), "the stamp's column is not named", advice);
            return None;
        };
        let order = self.choice_or(raw.order.as_ref(), &orders, RowOrder::Any);
        let stamp = self.stamp_format(raw, true)?;
        if let StampFormat::Civil { repeated: Repeated::Order, .. } = stamp
            && order == RowOrder::Any
        {
            let advice = "add order = \"oldest-first\" or \"newest-first\"";
            self.tell(raw.name.span(), "repeated = \"order\" needs the order of rows", advice);
        }
        let mut one_character = |text: Option<&Text>, default: Option<char>| match text {
            None => default,
            Some(text) => {
                let mut characters = text.get_ref().chars();
                match (characters.next(), characters.next()) {
                    (Some(character), None) => Some(character),
                    _ => self.refuse(text.span(), "one character is expected"),
                }
            }
        };
        let delimiter = one_character(raw.delimiter.as_ref(), Some(','))?;
        let thousands = one_character(raw.thousands.as_ref(), None);
        if !delimiter.is_ascii() {
            self.tell(
                raw.name.span(),
                "the delimiter must be an ASCII character",
                "use , ; or a tab",
            );
        }
        let decimal = self.choice_or(raw.decimal.as_ref(), &marks, DecimalMark::Point);
        let mark = if decimal == DecimalMark::Comma { ',' } else { '.' };
        if thousands == Some(mark) {
            let advice = "a number would have two meanings; one of both is wrong";
            self.tell(raw.name.span(), "decimal mark and thousands separator are the same", advice);
        }
        Some(CsvReader {
            encoding: self.choice_or(raw.encoding.as_ref(), &encodings, Encoding::Utf8),
            delimiter: delimiter as u8,
            skip_lines: raw.skip_lines,
            has_header: raw.header.unwrap_or(true),
            decimal,
            thousands,
            stamp_column,
            stamp,
            order,
            layout: self.layout(raw)?,
            missing: raw.missing.clone(),
            sentinels: raw.sentinels.iter().filter_map(|number| self.decimal(number)).collect(),
        })
    }

    fn layout(&mut self, raw: &RawReader) -> Option<CsvLayout> {
        let is_wide = match &raw.layout {
            Some(layout) => self.choice(layout, &[("wide", true), ("long", false)])?,
            None => !raw.column.is_empty(),
        };
        if is_wide {
            let mut columns = Vec::new();
            for column in &raw.column {
                let key = self.channel_key(&column.channel)?;
                columns.push(WideColumn {
                    column: column.column.clone(),
                    site: key.site,
                    device: key.device,
                    quantity: key.quantity,
                    unit: self.stated_unit(column.unit.as_ref())?,
                });
            }
            if columns.is_empty() {
                let advice = "add [[reader.column]] with column and channel";
                self.tell(raw.name.span(), "a wide file needs its columns", advice);
                return None;
            }
            return Some(CsvLayout::Wide(columns));
        }
        let mut name = |what: &str, fixed: Option<&Text>, column: Option<&String>| match (
            owned(fixed),
            column,
        ) {
            (Some(fixed), None) => Some(Name::Fixed(fixed)),
            (None, Some(column)) => Some(Name::At(column.clone())),
            _ => {
                let advice = format!("write {what} = \"...\" or {what}_column = \"...\"");
                self.tell(
                    raw.name.span(),
                    format!("where the {what} comes from is not clear"),
                    advice,
                );
                None
            }
        };
        let site = name("site", raw.site.as_ref(), raw.site_column.as_ref());
        let device = name("device", raw.device.as_ref(), raw.device_column.as_ref());
        let quantity = name("quantity", raw.quantity.as_ref(), raw.quantity_column.as_ref());
        let Some(value_column) = raw.value_column.clone() else {
            self.tell(raw.name.span(), "the value's column is not named", "add value_column");
            return None;
        };
        Some(CsvLayout::Long {
            site: site?,
            device: device?,
            quantity: quantity?,
            value_column,
            unit_column: raw.unit_column.clone(),
            rename: raw.rename.iter().map(|(from, to)| (from.clone(), to.clone())).collect(),
        })
    }

    fn stamp_format(&mut self, raw: &RawReader, is_required: bool) -> Option<StampFormat> {
        let Some(stamp) = &raw.stamp else {
            if is_required {
                let advice = "write rfc3339, epoch-s, epoch-ms or a pattern such as %d/%m/%Y %H:%M";
                self.tell(raw.name.span(), "how the stamp is written is not said", advice);
                return None;
            }
            return Some(StampFormat::Rfc3339OrMillis);
        };
        match stamp.get_ref().as_str() {
            "rfc3339" | "epoch-ms-or-rfc3339" => return Some(StampFormat::Rfc3339OrMillis),
            "epoch-s" => return Some(StampFormat::EpochSeconds),
            "epoch-ms" => return Some(StampFormat::EpochMillis),
            _ => {}
        }
        let pattern = match parse_pattern(stamp.get_ref()) {
            Ok(pattern) => pattern,
            Err(reason) => return self.refuse(stamp.span(), reason),
        };
        if pattern.contains(&StampPart::Offset) {
            return Some(StampFormat::Offset { pattern });
        }
        let Some(zone) = &raw.zone else {
            let advice = "add zone = \"Asia/Bangkok\", or \"UTC\"";
            self.tell(stamp.span(), "a stamp without offset needs its zone", advice);
            return None;
        };
        let zone = match Zone::parse(zone.get_ref()) {
            Ok(zone) => zone,
            Err(error) => return self.refuse(zone.span(), error.to_string()),
        };
        let repeated = [
            ("order", Repeated::Order),
            ("earlier", Repeated::Earlier),
            ("later", Repeated::Later),
            ("refuse", Repeated::Refuse),
        ];
        let skipped = [("shift", Skipped::Shift), ("refuse", Skipped::Refuse)];
        Some(StampFormat::Civil {
            pattern,
            zone,
            repeated: self.choice_or(raw.repeated.as_ref(), &repeated, Repeated::Refuse),
            skipped: self.choice_or(raw.skipped.as_ref(), &skipped, Skipped::Refuse),
        })
    }

    fn quantity_id(&mut self, text: &Text) -> Option<QuantityId> {
        match QuantityId::parse(text.get_ref()) {
            Ok(quantity) => Some(quantity),
            Err(error) => self.refuse(text.span(), error.to_string()),
        }
    }

    /// A stated unit must be one that exists; which channel it is for is judged with each reading.
    fn stated_unit(&mut self, text: Option<&Text>) -> Option<Option<String>> {
        match text {
            Some(text) => self.unit(text).map(|unit| Some(unit.symbol().to_owned())),
            None => Some(None),
        }
    }
}
