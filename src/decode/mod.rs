//! Decoding: the bytes of a message become samples, or refusals with their reason and place.
//!
//! One file per format. Pure: bytes come through `std::io::Read`, so a file of any size is decoded
//! in the memory of one line. Every item is told to the [`Sink`] exactly once, in order, as a sample
//! or a refusal (ACC-1); nothing is judged here, that is `validate`'s.

pub mod act;
pub mod amount;
pub mod amount_csv;
mod csv;
pub mod devices;
mod encoding;
mod json;
pub mod life;
mod scan;
mod stamp;

#[cfg(test)]
mod tests;

use std::io::Read;

use crate::config::plan::reader::{Format, Reader};
use crate::domain::flag::Code;
use crate::domain::reading::{Place, Refusal, Sample, refused_text};
use crate::domain::time::Timestamp;

/// Longest JSON document, in bytes: it is held in memory.
pub const DOCUMENT_BYTES_MAX: usize = 64 << 20;
/// Longest line of a file, in bytes.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// What is known of the message being decoded.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Topic or file name.
    pub name: &'a str,
    pub leaf: i64,
    /// Items before this one are decoded but not told: they were told before.
    pub first_item: i64,
}

/// Takes decoded items.
pub trait Sink {
    /// Why it stopped taking them.
    type Error;
    /// # Errors
    /// To stop decoding.
    fn sample(&mut self, sample: &Sample<'_>) -> Result<(), Self::Error>;
    /// # Errors
    /// To stop decoding.
    fn refuse(&mut self, refusal: Refusal) -> Result<(), Self::Error>;
}

/// Decodes a message by a reader of the plan.
///
/// # Errors
/// Only what the sink returns: bytes that do not decode are refused items.
pub fn decode<S: Sink>(
    reader: &Reader,
    context: Context<'_>,
    input: &mut dyn Read,
    sink: &mut S,
) -> Result<(), S::Error> {
    let mut items = Items { context, next: 0, sink };
    match &reader.format {
        Format::Json(format) => json::decode_document(format, input, &mut items),
        Format::JsonLines(format) => json::decode_lines(format, input, &mut items),
        Format::Csv(format) => csv::decode(format, input, &mut items),
    }
}

/// Decodes a message that is in memory, as [`decode`] does.
///
/// # Errors
/// As [`decode`].
pub fn decode_bytes<S: Sink>(
    reader: &Reader,
    context: Context<'_>,
    bytes: &[u8],
    sink: &mut S,
) -> Result<(), S::Error> {
    match &reader.format {
        Format::Json(format) if bytes.len() <= DOCUMENT_BYTES_MAX => {
            json::decode_bytes(format, bytes, &mut Items { context, next: 0, sink })
        }
        _ => decode(reader, context, &mut &bytes[..], sink),
    }
}

/// Site and device of `mrv/v1/{project}/{site}/{device}`.
#[must_use]
pub fn topic_names(topic: &str) -> Option<(&str, &str)> {
    let mut levels = topic.strip_prefix("mrv/v1/")?.split('/').skip(1);
    let names = (levels.next()?, levels.next()?);
    levels.next().is_none().then_some(names)
}

/// Numbers the items and hands on those that are wanted.
struct Items<'a, S> {
    context: Context<'a>,
    next: i64,
    sink: &'a mut S,
}

/// The names of an item, as far as it tells them.
#[derive(Debug, Clone, Copy, Default)]
struct Names<'a> {
    site: Option<&'a str>,
    device: Option<&'a str>,
    quantity: Option<&'a str>,
}

impl<S: Sink> Items<'_, S> {
    fn place(&mut self) -> Option<Place> {
        let item = self.next;
        self.next += 1;
        (item >= self.context.first_item).then_some(Place { leaf: self.context.leaf, item })
    }

    fn sample(
        &mut self,
        names: Names<'_>,
        at: Timestamp,
        value: crate::domain::decimal::Decimal,
        unit: Option<&str>,
    ) -> Result<(), S::Error> {
        let Some(place) = self.place() else { return Ok(()) };
        // Whoever calls has all names; an empty one is refused by the check of ids.
        self.sink.sample(&Sample {
            site: names.site.unwrap_or_default(),
            device: names.device.unwrap_or_default(),
            quantity: names.quantity.unwrap_or_default(),
            at,
            value,
            unit,
            place,
        })
    }

    fn refuse(
        &mut self,
        code: Code,
        names: Names<'_>,
        at: Option<Timestamp>,
        reason: impl Into<String>,
        text: &str,
    ) -> Result<(), S::Error> {
        let Some(place) = self.place() else { return Ok(()) };
        let name = |name: Option<&str>| name.map(cut_name);
        self.sink.refuse(Refusal {
            code,
            reason: reason.into(),
            text: refused_text(text),
            site: name(names.site),
            device: name(names.device),
            quantity: name(names.quantity),
            at,
            place,
            first: None,
        })
    }
}

/// A name from outside, cut to the length of an id.
#[must_use]
pub fn cut_name(name: &str) -> String {
    name.chars().take(crate::domain::id::ID_BYTES_MAX).collect()
}
