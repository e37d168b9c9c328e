//! Readers: how the bytes of a message become values, declared and never guessed.

use super::StampAt;
use crate::domain::decimal::Decimal;
use crate::domain::id::{DeviceId, QuantityId, SiteId};
use crate::domain::time::Zone;

/// How a kind of message is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reader {
    /// The plan's own name for it, for results and errors.
    pub name: String,
    pub matches: Match,
    pub format: Format,
    /// Which end of its span a stamp of this source marks, where that differs from the channel's
    /// own rule: readings are then shifted by one cadence. `None`: as the channel says.
    pub stamp: Option<StampAt>,
}

/// Which messages a reader reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// An MQTT topic filter with `+` and a final `#`, matched by levels.
    Topic(String),
    /// A file name with `*` for any run of characters; the whole name must match.
    File(String),
}

impl Match {
    /// True if the message's name (topic or file name) is one of these.
    #[must_use]
    pub fn is_match(&self, is_file: bool, name: &str) -> bool {
        match self {
            Self::Topic(filter) => !is_file && topic_matches(filter, name),
            Self::File(pattern) => is_file && glob_matches(pattern.as_bytes(), name.as_bytes()),
        }
    }
}

/// The format of a message's bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum Format {
    /// One JSON document.
    Json(JsonReader),
    /// One JSON document per line.
    JsonLines(JsonReader),
    Csv(Box<CsvReader>),
}

/// Where a name comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// From the topic's levels: `mrv/v1/{project}/{site}/{device}`.
    Topic,
    /// Always this one.
    Fixed(String),
    /// JSON: at this pointer. CSV: in this column.
    At(String),
}

/// A JSON payload. Pointers are RFC 6901, from the record.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonReader {
    /// Where the record or the array of records is; empty: the document itself.
    pub records: String,
    pub stamp_pointer: String,
    pub stamp: StampFormat,
    pub site: Name,
    pub device: Name,
    pub values: JsonValues,
    /// Texts that mean "no value" (V-MISSING); JSON `null` always does.
    pub missing: Vec<String>,
    /// Numbers that mean "no value" (V-MISSING).
    pub sentinels: Vec<Decimal>,
}

impl Default for JsonReader {
    /// The default payload of DESIGN.md section 5: `{"ts":...,"values":{"EG":123.456}}`, one or an
    /// array of them.
    fn default() -> Self {
        Self {
            records: String::new(),
            stamp_pointer: "/ts".to_owned(),
            stamp: StampFormat::Rfc3339OrMillis,
            site: Name::Topic,
            device: Name::Topic,
            values: JsonValues::Object("/values".to_owned()),
            missing: Vec::new(),
            sentinels: Vec::new(),
        }
    }
}

/// Where a JSON record's values are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonValues {
    /// An object whose members are quantities, each a number or a number in a text.
    Object(String),
    /// Single values at pointers.
    Mapped(Vec<MappedValue>),
}

/// One value at a pointer of a JSON record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedValue {
    pub pointer: String,
    pub quantity: QuantityId,
    /// As the device sends it; `None`: the channel's `sent_unit`.
    pub unit: Option<String>,
}

/// A delimited text file.
#[derive(Debug, Clone, PartialEq)]
pub struct CsvReader {
    pub encoding: Encoding,
    /// One ASCII character.
    pub delimiter: u8,
    /// Lines before the header (or before the first row) that are skipped and not counted as items.
    pub skip_lines: u32,
    /// Whether the first line after those names the columns. Without it, columns are called `1`,
    /// `2`, ...
    pub has_header: bool,
    pub decimal: DecimalMark,
    /// Removed between digits before the decimal mark; another place is an error.
    pub thousands: Option<char>,
    pub stamp_column: String,
    pub stamp: StampFormat,
    /// The order of rows in time, by which the two passes of a repeated hour are told apart.
    pub order: RowOrder,
    pub layout: CsvLayout,
    /// Cell texts that mean "no value" (V-MISSING), compared after trimming; the empty cell too if
    /// it is listed as `""`.
    pub missing: Vec<String>,
    /// Numbers that mean "no value" (V-MISSING).
    pub sentinels: Vec<Decimal>,
}

/// Text encodings of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// With or without a byte-order mark.
    Utf8,
    /// By its byte-order mark, little-endian without one.
    Utf16,
    Gbk,
    /// Shift_JIS as Windows has it.
    Cp932,
    /// Thai.
    Windows874,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalMark {
    Point,
    Comma,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrder {
    OldestFirst,
    NewestFirst,
    /// No order: a repeated local hour is then refused (V-TIME) unless the zone rule decides it.
    Any,
}

/// How values lie in a delimited file.
#[derive(Debug, Clone, PartialEq)]
pub enum CsvLayout {
    /// One value per row: an item is a row.
    Long {
        site: Name,
        device: Name,
        quantity: Name,
        value_column: String,
        /// Column that states each value's unit; `None`: the channel's `sent_unit`.
        unit_column: Option<String>,
        /// Names in the file and the plan's names for them; others are taken as they are.
        rename: Vec<(String, String)>,
    },
    /// One column per channel: an item is a cell. Columns not listed are left out on purpose.
    Wide(Vec<WideColumn>),
}

/// A column of a wide file that holds one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WideColumn {
    pub column: String,
    pub site: SiteId,
    pub device: DeviceId,
    pub quantity: QuantityId,
    /// `None`: the channel's `sent_unit`.
    pub unit: Option<String>,
}

/// How a time is written.
#[derive(Debug, Clone, PartialEq)]
pub enum StampFormat {
    /// RFC 3339 with an offset, or a whole number of epoch milliseconds.
    Rfc3339OrMillis,
    EpochSeconds,
    EpochMillis,
    /// A civil time without offset, by pattern and zone.
    Civil {
        pattern: Vec<StampPart>,
        zone: Zone,
        repeated: Repeated,
        skipped: Skipped,
    },
    /// A civil time with its offset in the text, by pattern; `%z` is in the pattern.
    Offset {
        pattern: Vec<StampPart>,
    },
}

/// One part of a stamp's pattern, parsed from `%d/%m/%Y %H:%M` and the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StampPart {
    /// `%Y`: four digits.
    Year,
    /// `%y`: two digits, 2000 to 2099.
    YearShort,
    /// `%m`: one or two digits.
    Month,
    /// `%b`: English three-letter name, any case.
    MonthName,
    /// `%d`: one or two digits.
    Day,
    /// `%H`: one or two digits, 0 to 23.
    Hour,
    /// `%I`: one or two digits, 1 to 12.
    Hour12,
    /// `%p`: AM or PM, any case.
    Meridiem,
    /// `%M`: one or two digits.
    Minute,
    /// `%S`: one or two digits, with decimals after a point if any.
    Second,
    /// `%z`: `Z`, `+07:00`, `+0700`, `+07`.
    Offset,
    /// This character; a space stands for one or more spaces.
    Literal(char),
}

/// What to do with a civil time that occurs twice (the clock was set back).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeated {
    /// By the order of rows in the file.
    Order,
    Earlier,
    Later,
    /// V-TIME.
    Refuse,
}

/// What to do with a civil time that does not occur (the clock was set forward).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skipped {
    /// Read with the offset that was valid before the change.
    Shift,
    /// V-TIME.
    Refuse,
}

fn topic_matches(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    for part in filter.split('/') {
        if part == "#" {
            return true;
        }
        match levels.next() {
            Some(level) if part == "+" || part == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

/// Matches `*` greedily with one point of return, so in linear times pattern length.
fn glob_matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((star_p, star_t)) = star {
            star = Some((star_p, star_t + 1));
            p = star_p + 1;
            t = star_t + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_match_by_levels() {
        for (filter, topic, expected) in [
            ("mrv/v1/p/+/m", "mrv/v1/p/s/m", true),
            ("mrv/v1/#", "mrv/v1/p/s/m", true),
            ("mrv/+", "mrv/v1/p", false),
            ("mrv/v1/p", "mrv/v1", false),
            ("a/b", "a/bc", false),
        ] {
            let matches = Match::Topic(filter.to_owned());
            assert_eq!(matches.is_match(false, topic), expected, "{filter} {topic}");
            assert!(!matches.is_match(true, topic), "a file is no topic");
        }
    }

    #[test]
    fn file_names_match_as_a_whole() {
        for (pattern, name, expected) in [
            ("*.csv", "a.csv", true),
            ("*.csv", "a.csv.part", false),
            ("ucsd_*_15min.csv", "ucsd_pv_kyocera_15min.csv", true),
            ("*CHWST*", "BarTech_CHWST_x.csv", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("", "", true),
        ] {
            let matches = Match::File(pattern.to_owned());
            assert_eq!(matches.is_match(true, name), expected, "{pattern} {name}");
        }
    }
}
