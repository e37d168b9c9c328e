//! JSON: the default payload, shapes mapped by pointers, and one document per line.
//!
//! Numbers are taken from their text, never through a float. An item is one value of one record. A
//! document that does not parse is one refused item, with line and column.

use std::borrow::Cow;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::scan::{Members, Records, Room};
use super::stamp::StampReader;
use super::{DOCUMENT_BYTES_MAX, Items, LINE_BYTES_MAX, Names, Sink, topic_names};
use crate::config::plan::reader::{JsonReader, JsonValues, Name, RowOrder};
use crate::domain::decimal::Decimal;
use crate::domain::flag::Code;
use crate::domain::time::Timestamp;

/// Decodes one document.
pub fn decode_document<S: Sink>(
    format: &JsonReader,
    input: &mut dyn Read,
    items: &mut Items<'_, S>,
) -> Result<(), S::Error> {
    let mut bytes = Vec::new();
    let read = input.take(DOCUMENT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes);
    if let Err(error) = read {
        return items.refuse(Code::Schema, Names::default(), None, error.to_string(), "");
    }
    if bytes.len() > DOCUMENT_BYTES_MAX {
        let reason = format!("the document has more than {DOCUMENT_BYTES_MAX} bytes; split it");
        return items.refuse(Code::Schema, Names::default(), None, reason, "");
    }
    decode_bytes(format, &bytes, items)
}

/// Decodes one document per line; blank lines are no items.
pub fn decode_lines<S: Sink>(
    format: &JsonReader,
    input: &mut dyn Read,
    items: &mut Items<'_, S>,
) -> Result<(), S::Error> {
    let mut input = BufReader::with_capacity(1 << 16, input);
    let mut stamps = StampReader::new(&format.stamp, RowOrder::OldestFirst);
    let mut line = Vec::new();
    for number in 1u64.. {
        line.clear();
        let read = (&mut input).take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line);
        match read {
            Ok(0) => break,
            Ok(count) if count > LINE_BYTES_MAX => {
                let reason = format!("line {number} has more than {LINE_BYTES_MAX} bytes");
                items.refuse(Code::Schema, Names::default(), None, reason, "")?;
                skip_line(&mut input);
                continue;
            }
            Ok(_) => {}
            Err(error) => {
                let reason = format!("line {number}: {error}");
                return items.refuse(Code::Schema, Names::default(), None, reason, "");
            }
        }
        let text = line.trim_ascii();
        if !text.is_empty() {
            document(format, text, Some(number), &mut stamps, items)?;
        }
    }
    Ok(())
}

fn skip_line(input: &mut impl BufRead) {
    while let Ok(bytes) = input.fill_buf() {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let count = end.map_or(bytes.len(), |end| end + 1);
        input.consume(count);
        if end.is_some() || count == 0 {
            return;
        }
    }
}

/// Decodes one document that is in memory.
pub fn decode_bytes<S: Sink>(
    format: &JsonReader,
    bytes: &[u8],
    items: &mut Items<'_, S>,
) -> Result<(), S::Error> {
    let mut stamps = StampReader::new(&format.stamp, RowOrder::Any);
    document(format, bytes, None, &mut stamps, items)
}

fn document<S: Sink>(
    format: &JsonReader,
    bytes: &[u8],
    line: Option<u64>,
    stamps: &mut StampReader<'_>,
    items: &mut Items<'_, S>,
) -> Result<(), S::Error> {
    // The usual message, one record or an array of them: read in one pass, which also shows that it is
    // JSON.
    if format.records.is_empty()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        if let Some(members) = Room::new().object(text) {
            let record = Record { text: trimmed(text), members: Some(members) };
            return self::record(format, &record, stamps, items);
        }
        if let Some(records) = Records::find(text) {
            return all_records(format, &records, stamps, items);
        }
    }
    let parsed = serde_json::from_slice::<&RawValue>(bytes).map_err(|error| match line {
        Some(line) => format!("line {line} column {}: {error}", error.column()),
        None => error.to_string(),
    });
    let root = match parsed {
        Ok(root) => root.get(),
        Err(reason) => {
            let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4_096)]);
            let reason = format!("not JSON: {reason}");
            return items.refuse(Code::Schema, Names::default(), None, reason, &text);
        }
    };
    let records = match pointer(root, &format.records) {
        Some(records) => records,
        None => {
            let reason =
                format!("nothing at pointer {:?}, where the records should be", format.records);
            return items.refuse(Code::Schema, Names::default(), None, reason, root);
        }
    };
    if let Some(found) = Records::find(records) {
        return all_records(format, &found, stamps, items);
    }
    match array(records) {
        Some(list) => {
            if list.is_empty() {
                let reason = "an empty array has no reading";
                return items.refuse(Code::Schema, Names::default(), None, reason, root);
            }
            list.into_iter().try_for_each(|one| any_record(format, one.get(), stamps, items))
        }
        None => any_record(format, records, stamps, items),
    }
}

fn all_records<S: Sink>(
    format: &JsonReader,
    records: &Records<'_>,
    stamps: &mut StampReader<'_>,
    items: &mut Items<'_, S>,
) -> Result<(), S::Error> {
    records.iter().try_for_each(|(text, members)| {
        record(format, &Record { text, members: Some(members) }, stamps, items)
    })
}

fn any_record<S: Sink>(
    format: &JsonReader,
    text: &str,
    stamps: &mut StampReader<'_>,
    items: &mut Items<'_, S>,
) -> Result<(), S::Error> {
    let mut room = Room::new();
    let members = room.object(text);
    record(format, &Record { text, members }, stamps, items)
}

/// One record: valid JSON, with its members where it is an object of the usual kind.
struct Record<'a> {
    text: &'a str,
    members: Option<Members<'a>>,
}

impl<'a> Record<'a> {
    /// What stands at a pointer.
    fn at(&self, at: &str) -> Option<&'a str> {
        match (self.members, at.strip_prefix('/')) {
            (Some(members), Some(name)) if !name.contains(['/', '~']) => members.get(name),
            _ => pointer(self.text, at),
        }
    }

    fn name(&self, name: &'a Name, topic: Option<&'a str>) -> Option<Cow<'a, str>> {
        match name {
            Name::Topic => topic.map(Cow::Borrowed),
            Name::Fixed(fixed) => Some(Cow::Borrowed(fixed)),
            Name::At(at) => self.at(at).and_then(scalar_text),
        }
    }
}

fn record<S: Sink>(
    format: &JsonReader,
    record: &Record<'_>,
    stamps: &mut StampReader<'_>,
    items: &mut Items<'_, S>,
) -> Result<(), S::Error> {
    let topic = topic_names(items.context.name);
    let site = record.name(&format.site, topic.map(|(site, _)| site));
    let device = record.name(&format.device, topic.map(|(_, device)| device));
    let names = Names { site: site.as_deref(), device: device.as_deref(), quantity: None };
    let read_stamp = |stamps: &mut StampReader<'_>| {
        let series = || format!("{:?}/{:?}", names.site, names.device);
        match record.at(&format.stamp_pointer).and_then(scalar_text) {
            Some(text) => stamps.read(&text, series),
            None => {
                Err(format!("no stamp, or more than one, at pointer {:?}", format.stamp_pointer))
            }
        }
    };
    let mut one = |at: &Result<Timestamp, String>, quantity: &str, value, unit| {
        let names = Names { quantity: Some(quantity), ..names };
        tell(format, record.text, names, at, value, unit, items)
    };
    match &format.values {
        JsonValues::Mapped(mapped) if !mapped.is_empty() => {
            let at = read_stamp(stamps);
            mapped.iter().try_for_each(|value| {
                let found = record.at(&value.pointer);
                one(&at, value.quantity.as_str(), found, value.unit.as_deref())
            })
        }
        JsonValues::Mapped(_) => {
            items.refuse(Code::Schema, names, None, "a record without any value", record.text)
        }
        JsonValues::Object(pointer) => {
            let values = record.at(pointer);
            let mut room = Room::new();
            let members = values.and_then(|values| room.object(values));
            if let Some(members) = members.filter(|members| !members.is_empty()) {
                let at = read_stamp(stamps);
                return members
                    .iter()
                    .try_for_each(|(name, value)| one(&at, name, Some(value), None));
            }
            let Some(members) = values.and_then(object) else {
                let reason = format!("no object of values at pointer {pointer:?}");
                return items.refuse(Code::Schema, names, None, reason, record.text);
            };
            if members.is_empty() {
                let reason = "a record without any value";
                return items.refuse(Code::Schema, names, None, reason, record.text);
            }
            let at = read_stamp(stamps);
            members.iter().try_for_each(|(name, value)| one(&at, name, Some(value), None))
        }
    }
}

/// Tells one value of a record as a sample or a refusal.
fn tell<S: Sink>(
    format: &JsonReader,
    record: &str,
    names: Names<'_>,
    at: &Result<Timestamp, String>,
    value: Option<&str>,
    unit: Option<&str>,
    items: &mut Items<'_, S>,
) -> Result<(), S::Error> {
    let at = match at {
        Ok(at) => *at,
        Err(reason) => return items.refuse(Code::Time, names, None, reason.as_str(), record),
    };
    match value.map_or(Value::Absent, |value| read_value(format, value)) {
        Value::Number(number) => items.sample(names, at, number, unit),
        Value::Absent => {
            let reason = "the record has no value at this quantity's pointer";
            items.refuse(Code::Missing, names, Some(at), reason, record)
        }
        Value::Missing(reason) => items.refuse(Code::Missing, names, Some(at), reason, record),
        Value::Wrong(reason) => items.refuse(Code::Schema, names, Some(at), reason, record),
    }
}

enum Value {
    Number(Decimal),
    Absent,
    Missing(String),
    Wrong(String),
}

fn read_value(format: &JsonReader, value: &str) -> Value {
    let Some(text) = scalar_text(value) else {
        let what = value.chars().take(40).collect::<String>();
        return if what == "null" {
            Value::Missing("the value is null".to_owned())
        } else {
            Value::Wrong(format!("{what} is no number"))
        };
    };
    let text = text.trim();
    if format.missing.iter().any(|token| token == text) {
        return Value::Missing(format!("{text:?} is declared to mean no value"));
    }
    match Decimal::parse(text) {
        Ok(number) if format.sentinels.contains(&number) => {
            Value::Missing(format!("{text} is declared to mean no value"))
        }
        Ok(number) => Value::Number(number),
        Err(error) => Value::Wrong(format!("{text:?}: {error}")),
    }
}

/// RFC 6901; the empty pointer is the value itself. A name that stands twice points nowhere.
fn pointer<'a>(value: &'a str, pointer: &str) -> Option<&'a str> {
    let mut value = value;
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        value = match array(value) {
            Some(list) => list.get(part.parse::<usize>().ok()?)?.get(),
            None => {
                let mut found = object(value)?.into_iter().filter(|(name, _)| *name == part);
                let (_, first) = found.next()?;
                // Two members of one name: which of them is meant is not said.
                if found.next().is_some() {
                    return None;
                }
                first
            }
        };
    }
    Some(value)
}

fn array(value: &str) -> Option<Vec<&RawValue>> {
    if !value.starts_with('[') {
        return None;
    }
    serde_json::from_str(value).ok()
}

/// Members in their order, a repeated name as often as it stands there.
pub(super) fn object(value: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    if !value.starts_with('{') {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_str(value);
    reader.deserialize_map(AllMembers).ok()
}

/// Without the space that JSON allows around a value.
fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\n', '\t', '\r'])
}

/// The text of a number or string; `None` for anything else.
fn scalar_text(text: &str) -> Option<Cow<'_, str>> {
    match text.as_bytes().first()? {
        b'"' if !text.contains('\\') => Some(Cow::Borrowed(&text[1..text.len() - 1])),
        b'"' => match serde_json::from_str::<&str>(text) {
            Ok(plain) => Some(Cow::Borrowed(plain)),
            Err(_) => serde_json::from_str::<String>(text).ok().map(Cow::Owned),
        },
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(text)),
        _ => None,
    }
}

struct AllMembers;

impl<'de> Visitor<'de> for AllMembers {
    type Value = Vec<(Cow<'de, str>, &'de str)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(Key(name)) = map.next_key()? {
            members.push((name, map.next_value::<&RawValue>()?.get()));
        }
        Ok(members)
    }
}

/// A member's name, borrowed unless it has escapes.
struct Key<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
