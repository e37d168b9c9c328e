//! A reading: one value of one channel at one time; and what becomes of an item that is none.
//!
//! Decoders give [`Sample`]s, still in the sender's names, unit and digits. The checks of stage R
//! turn each into a [`Reading`] of a planned channel or a [`Refusal`]. Every decoded item is exactly
//! one of the two (ACC-1).

use std::collections::HashMap;
use std::fmt;

use super::decimal::{Decimal, Fixed6};
use super::flag::{Code, Flags};
use super::id::{DeviceId, QuantityId, SiteId};
use super::time::Timestamp;

/// A channel of a project by its names; channels sort by site, device, quantity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelKey {
    pub site: SiteId,
    pub device: DeviceId,
    pub quantity: QuantityId,
}

impl fmt::Display for ChannelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.site, self.device, self.quantity)
    }
}

/// A device of a project: a place where something is measured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceKey {
    pub site: SiteId,
    pub device: DeviceId,
}

impl DeviceKey {
    /// Reads `site/device`; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (site, device) = text.split_once('/')?;
        Some(Self { site: SiteId::parse(site).ok()?, device: DeviceId::parse(device).ok()? })
    }
}

impl fmt::Display for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.site, self.device)
    }
}

/// A channel by its number in a [`Channels`] table. Valid only beside that table; never on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u32);

/// The channels of one project, each with a number for as long as this table lives. It only grows.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    keys: Vec<ChannelKey>,
    ids: HashMap<ChannelKey, ChannelId>,
}

impl Channels {
    /// The number of `key`, a new one if it has none.
    pub fn intern(&mut self, key: &ChannelKey) -> ChannelId {
        if let Some(id) = self.ids.get(key) {
            return *id;
        }
        let id = ChannelId(u32::try_from(self.keys.len()).unwrap_or(u32::MAX));
        self.keys.push(key.clone());
        self.ids.insert(key.clone(), id);
        id
    }

    #[must_use]
    pub fn find(&self, key: &ChannelKey) -> Option<ChannelId> {
        self.ids.get(key).copied()
    }

    /// The names of a channel of this table.
    #[must_use]
    pub fn key(&self, id: ChannelId) -> &ChannelKey {
        &self.keys[id.0 as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = (ChannelId, &ChannelKey)> {
        self.keys.iter().enumerate().map(|(index, key)| (ChannelId(index as u32), key))
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The place of each channel in the tables' sort order, by number: sort by
    /// `ranks[channel.0 as usize]`.
    #[must_use]
    pub fn ranks(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.keys.len() as u32).collect();
        order.sort_by(|a, b| self.keys[*a as usize].cmp(&self.keys[*b as usize]));
        let mut ranks = vec![0; order.len()];
        for (rank, index) in order.iter().enumerate() {
            ranks[*index as usize] = rank as u32;
        }
        ranks
    }
}

/// Where an item stands: its leaf in the project's log, and its place inside that message (row of
/// a long file, cell of a wide one, value of a payload), both from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    pub leaf: i64,
    pub item: i64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "leaf {} item {}", self.leaf, self.item)
    }
}

/// A decoded item before it is checked: names and unit as sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample<'a> {
    /// As sent, unchecked.
    pub site: &'a str,
    pub device: &'a str,
    pub quantity: &'a str,
    pub at: Timestamp,
    pub value: Decimal,
    /// The unit the message or the reader states for this value; `None`: the channel's own.
    pub unit: Option<&'a str>,
    pub place: Place,
}

/// A checked value of a planned channel at one time. Made only by `validate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub channel: ChannelId,
    /// The stamp as the device gave it, in UTC.
    pub at: Timestamp,
    /// In the channel's storage unit.
    pub value: Fixed6,
    pub flags: Flags,
    pub place: Place,
}

/// A further, different value of an identity that has a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict {
    pub reading: Reading,
    /// Where the reading of this identity stands that it contradicts.
    pub first: Place,
}

/// An item that is no reading: kept with its reason and its text, never dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    /// For people: what was wrong, where, what to do.
    pub reason: String,
    /// The item as sent, cut to [`REFUSED_TEXT_BYTES_MAX`]; the whole bytes are in `messages`.
    pub text: String,
    /// As far as the item names them, unchecked but cut to the length of an id.
    pub site: Option<String>,
    pub device: Option<String>,
    pub quantity: Option<String>,
    pub at: Option<Timestamp>,
    pub place: Place,
    /// For a duplicate: the first occurrence of the same identity and value.
    pub first: Option<Place>,
}

/// Longest text of a refused item kept in `refused`, in bytes. A cut is shown by a trailing `…`.
pub const REFUSED_TEXT_BYTES_MAX: usize = 1_024;

/// Cuts `text` for [`Refusal::text`] at a character boundary.
#[must_use]
pub fn refused_text(text: &str) -> String {
    if text.len() <= REFUSED_TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let mut end = REFUSED_TEXT_BYTES_MAX - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(site: &str, device: &str) -> ChannelKey {
        ChannelKey {
            site: SiteId::parse(site).unwrap(),
            device: DeviceId::parse(device).unwrap(),
            quantity: QuantityId::parse("EG").unwrap(),
        }
    }

    #[test]
    fn ranks_follow_the_names_not_the_order_of_arrival() {
        let mut channels = Channels::default();
        for (site, device) in [("s2", "a"), ("s1", "b"), ("s1", "a"), ("s2", "a")] {
            channels.intern(&key(site, device));
        }
        assert_eq!(channels.len(), 3);
        assert_eq!(channels.ranks(), [2, 1, 0]);
    }

    #[test]
    fn a_long_refused_text_is_cut_visibly() {
        let long = "é".repeat(1_000);
        let cut = refused_text(&long);
        assert!(cut.len() <= REFUSED_TEXT_BYTES_MAX && cut.ends_with('…'));
        assert_eq!(refused_text("short"), "short");
    }
}
