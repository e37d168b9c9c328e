//! Leaves become items: decoded by the reader of the plan in force at receipt, checked by the plan in
//! force at the stamp.
//!
//! Takes rows of `messages` in their order, hands on lots of at most [`ITEMS_MAX`] items, cut in the
//! middle of a leaf if need be, so that a file of any size passes through bounded memory. Touches
//! nothing that is published.

use std::collections::HashMap;
use std::io::Read;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, LazyLock};

use super::PublishError;
use crate::config::plan::history::PlanHistory;
use crate::config::plan::reader::{Format, JsonReader, Match};
use crate::config::plan::{Plan, Reader};
use crate::dataset::layout::Layout;
use crate::dataset::rows::MessageRow;
use crate::dataset::{DatasetError, blob};
use crate::decode::act::{Act, Content};
use crate::decode::{self, Context, Sink, topic_names};
use crate::domain::flag::Code;
use crate::domain::message::{Header, Kind, Payload, Source};
use crate::domain::reading::{ChannelKey, Channels, Place, Reading, Refusal, Sample, refused_text};
use crate::domain::time::Timestamp;
use crate::validate::Checker;

/// Most items of a lot: bounds memory to some 100 MB.
pub const ITEMS_MAX: usize = 1 << 19;

/// Items that are published together.
#[derive(Default)]
pub struct Items {
    pub readings: Vec<Reading>,
    pub refusals: Vec<Refusal>,
    /// Leaves that are acts, which the registry may have refused.
    pub acts: Vec<i64>,
    /// Time of receipt of the leaves that the items are of, by leaf.
    pub received: Vec<(i64, Timestamp)>,
    /// Channels numbered since the lot before, in the order of their numbers.
    pub channels: Vec<ChannelKey>,
    /// The place that decoding goes on from.
    pub next: Place,
}

/// Why decoding stops.
pub enum Stop {
    /// Nobody takes the items any more; whoever took them says why.
    Unwanted,
    Failed(PublishError),
}

impl From<DatasetError> for Stop {
    fn from(error: DatasetError) -> Self {
        Self::Failed(error.into())
    }
}

/// Decodes the rows that `each` gives, the leaves `[from, to)`, the first of them from its item `from`
/// on, and hands on lots of items, the last of which may be empty. Ends early, without an error, when
/// nobody takes them any more.
///
/// # Errors
/// When a payload cannot be read, and whatever `each` returns.
pub fn decode_all(
    plans: &PlanHistory,
    channels: &mut Channels,
    messages: &Layout,
    (from, to): (Place, i64),
    lots: SyncSender<Items>,
    each: impl FnOnce(&mut dyn FnMut(&MessageRow) -> Result<(), Stop>) -> Result<(), Stop>,
) -> Result<(), PublishError> {
    let known = channels.len();
    let checker = Checker::new(plans, channels);
    let mut leaves = Leaves {
        plans,
        checker,
        lots,
        from,
        known,
        held: Items::default(),
        readers: Readers::default(),
        reader: None,
        received_at: Timestamp::default(),
    };
    let decoded = each(&mut |row| leaves.leaf(messages, row));
    match decoded.and_then(|()| leaves.hand_on(Place { leaf: to, item: 0 })) {
        Ok(()) | Err(Stop::Unwanted) => Ok(()),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// The items of one message, at most [`ITEMS_MAX`] of them. Channels that it brings are added to the
/// table.
///
/// # Errors
/// When its payload cannot be read.
pub fn of_message(
    plans: &PlanHistory,
    channels: &mut Channels,
    messages: &Layout,
    row: &MessageRow,
) -> Result<Items, PublishError> {
    std::thread::scope(|scope| {
        let (lots, decoded) = sync_channel(0);
        let range = (Place { leaf: row.leaf, item: 0 }, row.leaf + 1);
        let decoding = scope
            .spawn(move || decode_all(plans, channels, messages, range, lots, |leaf| leaf(row)));
        let first = decoded.recv().unwrap_or_default();
        // Further lots are not wanted.
        drop(decoded);
        let decoded = decoding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        decoded.map(|()| first)
    })
}

/// Reads the default payload, which no plan need declare.
static DEFAULT_READER: LazyLock<Reader> = LazyLock::new(|| Reader {
    name: "default".to_owned(),
    matches: Match::Topic("mrv/v1/#".to_owned()),
    format: Format::Json(JsonReader::default()),
    stamp: None,
});

/// Which reader of a plan reads a message; the default payload needs none.
#[must_use]
pub fn reader_of<'a>(plan: &'a Plan, header: &Header) -> Option<&'a Reader> {
    let is_file = header.source == Source::File;
    let declared =
        plan.readers.iter().find(|reader| reader.matches.is_match(is_file, &header.name));
    let is_default = !is_file && topic_names(&header.name).is_some();
    declared.or_else(|| is_default.then(|| &*DEFAULT_READER))
}

/// Which reader reads what, looked up once for each name.
#[derive(Default)]
struct Readers<'a> {
    /// Number of the plan that these are readers of.
    plan: u32,
    by_name: HashMap<(Arc<str>, Source), Option<&'a Reader>>,
}

/// Most names whose readers are remembered.
const NAMES_MAX: usize = 16 << 10;

impl<'a> Readers<'a> {
    fn of(&mut self, plan: &'a Plan, header: &Header) -> Option<&'a Reader> {
        if self.plan != plan.number || self.by_name.len() >= NAMES_MAX {
            self.plan = plan.number;
            self.by_name.clear();
        }
        let key = (Arc::clone(&header.name), header.source);
        *self.by_name.entry(key).or_insert_with(|| reader_of(plan, header))
    }
}

/// Remembers that bytes could not be read.
struct Watched {
    inner: Box<dyn std::io::Read + Send>,
    error: Option<std::io::Error>,
}

impl Watched {
    fn told(self, name: &str) -> Result<(), DatasetError> {
        match self.error {
            None => Ok(()),
            Some(source) => {
                let (action, path) = ("read the payload of", name.to_owned());
                Err(DatasetError::Io { action, path, source })
            }
        }
    }
}

impl std::io::Read for Watched {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.inner.read(out).inspect_err(|error| {
            if error.kind() != std::io::ErrorKind::Interrupted {
                self.error = Some(error.kind().into());
            }
        })
    }
}

struct Leaves<'a> {
    plans: &'a PlanHistory,
    checker: Checker<'a>,
    lots: SyncSender<Items>,
    /// Where decoding began.
    from: Place,
    /// Channels whose names were handed on.
    known: usize,
    held: Items,
    readers: Readers<'a>,
    /// Of the leaf being decoded.
    reader: Option<&'a Reader>,
    received_at: Timestamp,
}

impl Sink for Leaves<'_> {
    type Error = Stop;

    fn sample(&mut self, sample: &Sample<'_>) -> Result<(), Stop> {
        let Some(reader) = self.reader else { return Ok(()) };
        match self.checker.check(sample, self.received_at, reader) {
            Ok(reading) => self.held.readings.push(reading),
            Err(refusal) => self.held.refusals.push(refusal),
        }
        self.hand_on_if_full(sample.place)
    }

    fn refuse(&mut self, refusal: Refusal) -> Result<(), Stop> {
        let place = refusal.place;
        self.held.refusals.push(refusal);
        self.hand_on_if_full(place)
    }
}

impl Leaves<'_> {
    fn leaf(&mut self, messages: &Layout, row: &MessageRow) -> Result<(), Stop> {
        self.held.received.push((row.leaf, row.header.received_at));
        if row.header.kind != Kind::Data {
            self.held.acts.push(row.leaf);
            return self.read_by_hand(row);
        }
        self.received_at = row.header.received_at;
        let reader = match self.plans.in_force(self.received_at) {
            Some(plan) => self.readers.of(plan, &row.header).ok_or_else(|| {
                format!(
                    "no reader of plan {} reads {:?}; add a [[reader]] for it",
                    plan.number, row.header.name
                )
            }),
            None => Err("no plan was in force when it was received".to_owned()),
        };
        let first_item = if self.from.leaf == row.leaf { self.from.item } else { 0 };
        let context = Context { name: &row.header.name, leaf: row.leaf, first_item };
        match (reader, &row.payload) {
            (Err(_), _) if first_item > 0 => Ok(()),
            (Err(reason), payload) => {
                let mut head = Vec::new();
                // What cannot be read of it is not shown; the bytes themselves stay in `messages`.
                let _ = blob::open(messages, payload)?.take(2_048).read_to_end(&mut head);
                let text = refused_text(&String::from_utf8_lossy(&head));
                self.refuse(unread(row.leaf, reason, text))
            }
            (Ok(reader), Payload::Inline(bytes)) => {
                self.reader = Some(reader);
                decode::decode_bytes(reader, context, bytes, self)
            }
            (Ok(reader), payload) => {
                self.reader = Some(reader);
                let mut input = Watched { inner: blob::open(messages, payload)?, error: None };
                let decoded = decode::decode(reader, context, &mut input, self);
                // Decoders take what cannot be read for a defect of the file; it is one of the disk.
                input.told(&row.header.name)?;
                decoded
            }
        }
    }

    /// An act that is a reading by hand is the one item of its leaf; what is no such act, or says
    /// nothing, is the registry's.
    fn read_by_hand(&mut self, row: &MessageRow) -> Result<(), Stop> {
        let (Kind::Act, Payload::Inline(bytes)) = (row.header.kind, &row.payload) else {
            return Ok(());
        };
        let Ok(Act { content: Content::Reading(entry), .. }) = Act::parse(bytes) else {
            return Ok(());
        };
        let is_done = self.from.leaf == row.leaf && self.from.item > 0;
        let (Ok(at), Ok(value), false) = (entry.stamp(), entry.number(), is_done) else {
            return Ok(());
        };
        self.received_at = row.header.received_at;
        self.reader = Some(&DEFAULT_READER);
        let (site, device, quantity) = (&entry.site, &entry.device, &entry.quantity);
        let place = Place { leaf: row.leaf, item: 0 };
        self.sample(&Sample { site, device, quantity, at, value, unit: None, place })
    }

    fn hand_on_if_full(&mut self, place: Place) -> Result<(), Stop> {
        if self.held.readings.len() + self.held.refusals.len() < ITEMS_MAX {
            return Ok(());
        }
        self.hand_on(Place { item: place.item + 1, ..place })
    }

    /// Hands on what is held. `next` is the place that decoding goes on from.
    fn hand_on(&mut self, next: Place) -> Result<(), Stop> {
        let mut items = std::mem::take(&mut self.held);
        let of_next = items.received.partition_point(|(leaf, _)| *leaf < next.leaf);
        self.held.received = items.received[of_next..].to_vec();
        let channels = self.checker.channels();
        items.channels = channels.iter().skip(self.known).map(|(_, key)| key.clone()).collect();
        items.next = next;
        self.known = channels.len();
        self.lots.send(items).map_err(|_| Stop::Unwanted)
    }
}

fn unread(leaf: i64, reason: String, text: String) -> Refusal {
    Refusal {
        code: Code::Schema,
        reason,
        text,
        site: None,
        device: None,
        quantity: None,
        at: None,
        place: Place { leaf, item: 0 },
        first: None,
    }
}
