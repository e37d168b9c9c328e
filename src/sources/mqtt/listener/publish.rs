//! PUBLISH, the one packet that comes by the hundred thousand: read in place, its topic judged once.
//!
//! Takes a whole packet, gives slices of it; allocates nothing for a packet whose topic was seen
//! before. What is rare (properties of MQTT 5) is left to rumqttc's codec. A property test holds that
//! both read the same.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use rumqttc::v5::mqttbytes::v5;

use super::authorise::{self, Grant};
use super::packet::{Malformed, Publish, Qos, Refusal};
use super::wire::Version;
use crate::domain::id::ProjectId;

/// Bytes of topics that a connection remembers: some thousands of the usual length.
const TOPIC_BYTES_MAX: usize = 64 << 10;

/// Reads a whole PUBLISH.
///
/// # Errors
/// When it is malformed.
pub fn read(version: Version, packet: BytesMut) -> Result<Publish, Malformed> {
    let mut rest = packet.freeze();
    let whole = rest.clone();
    let malformed = |what: &str| Malformed(what.to_owned());
    let qos = match rest[0] >> 1 & 3 {
        0 => Qos::AtMostOnce,
        1 => Qos::AtLeastOnce,
        2 => Qos::ExactlyOnce,
        _ => return Err(malformed("QoS 3")),
    };
    // The framing found the end of the packet by this length, so it is there.
    let header_len = rest.iter().skip(1).take_while(|byte| **byte & 0x80 != 0).count() + 2;
    rest.advance(header_len.min(rest.len()));
    let cut = || malformed("cut off inside its header");
    let topic_len = usize::from(rest.try_get_u16().map_err(|_| cut())?);
    if rest.len() < topic_len {
        return Err(cut());
    }
    let topic = rest.split_to(topic_len);
    let packet_id = match qos {
        Qos::AtMostOnce => 0,
        Qos::AtLeastOnce | Qos::ExactlyOnce => match rest.try_get_u16().map_err(|_| cut())? {
            0 => return Err(malformed("packet id 0")),
            packet_id => packet_id,
        },
    };
    let mut has_topic_alias = false;
    match (version, rest.first()) {
        (Version::V311, _) => {}
        (Version::V5, Some(0)) => rest.advance(1),
        (Version::V5, _) => match v5::Packet::read(&mut BytesMut::from(&whole[..]), None)? {
            v5::Packet::Publish(publish) => {
                rest = publish.payload;
                has_topic_alias =
                    publish.properties.is_some_and(|properties| properties.topic_alias.is_some());
            }
            _ => return Err(malformed("not a PUBLISH")),
        },
    }
    Ok(Publish { qos, packet_id, topic, payload: rest, has_topic_alias })
}

/// What is known of a topic that the client may publish to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub name: Arc<str>,
    pub project: ProjectId,
}

/// Why a topic is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejected {
    /// No topic of any publish: the connection is closed.
    Malformed(Malformed),
    Refused(Refusal),
}

/// The topics of one connection that were found allowed: what a client may do does not change while
/// it is connected. What was refused is judged anew, since a project may come to be known.
#[derive(Default)]
pub struct Topics {
    known: HashMap<Box<[u8]>, Topic>,
    bytes: usize,
}

impl Topics {
    /// Judges a topic, or remembers how it was judged.
    ///
    /// # Errors
    /// When the client may not publish to it.
    pub fn judge(
        &mut self,
        topic: &Bytes,
        grant: &Grant,
        knows: impl Fn(&ProjectId) -> bool,
    ) -> Result<Topic, Rejected> {
        if let Some(topic) = self.known.get(&topic[..]) {
            return Ok(topic.clone());
        }
        let rejected = |what: &str| Rejected::Malformed(Malformed(what.to_owned()));
        let name = std::str::from_utf8(topic).map_err(|_| rejected("the topic is not UTF-8"))?;
        if let Some(what) = authorise::malformed(name) {
            return Err(rejected(what));
        }
        let project = authorise::project_of(grant, name, knows).map_err(Rejected::Refused)?;
        if self.bytes + topic.len() > TOPIC_BYTES_MAX {
            self.known.clear();
            self.bytes = 0;
        }
        self.bytes += topic.len();
        let judged = Topic { name: name.into(), project };
        self.known.insert(topic[..].into(), judged.clone());
        Ok(judged)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rumqttc::mqttbytes::v4;

    use super::*;

    /// QoS, packet id, topic, payload and whether an alias is used, as the codecs read a packet.
    type Parts = (u8, u16, Vec<u8>, Vec<u8>, bool);

    fn by_codec(version: Version, packet: &[u8]) -> Option<Parts> {
        let mut packet = BytesMut::from(packet);
        match version {
            Version::V311 => match v4::Packet::read(&mut packet, usize::MAX).ok()? {
                v4::Packet::Publish(p) => {
                    Some((p.qos as u8, p.pkid, p.topic.into_bytes(), p.payload.to_vec(), false))
                }
                _ => None,
            },
            Version::V5 => match v5::Packet::read(&mut packet, None).ok()? {
                v5::Packet::Publish(p) => {
                    let alias = p.properties.is_some_and(|p| p.topic_alias.is_some());
                    Some((p.qos as u8, p.pkid, p.topic.to_vec(), p.payload.to_vec(), alias))
                }
                _ => None,
            },
        }
    }

    fn by_us(version: Version, packet: &[u8]) -> Option<Parts> {
        let read = read(version, BytesMut::from(packet)).ok()?;
        // The codec of 3.1.1 judges this here, we where the topic is judged.
        if version == Version::V311 && std::str::from_utf8(&read.topic).is_err() {
            return None;
        }
        let parts = (read.topic.to_vec(), read.payload.to_vec());
        Some((read.qos as u8, read.packet_id, parts.0, parts.1, read.has_topic_alias))
    }

    proptest! {
        #[test]
        fn a_publish_is_read_as_the_codecs_read_it(
            flags in 0u8..16,
            body in prop_oneof![
                ("[a-z/é]{0,9}", any::<[u8; 2]>(), prop::collection::vec(any::<u8>(), 0..300)).prop_map(
                    |(topic, id, rest)| {
                        let mut body = (topic.len() as u16).to_be_bytes().to_vec();
                        body.extend_from_slice(topic.as_bytes());
                        body.extend_from_slice(&id);
                        // No properties, one alias, or whatever comes.
                        match rest.len() % 3 {
                            0 => body.push(0),
                            1 => body.extend_from_slice(&[3, 0x23, 0, 9]),
                            _ => {}
                        }
                        body.extend_from_slice(&rest);
                        body
                    }
                ),
                prop::collection::vec(any::<u8>(), 0..12),
            ],
        ) {
            let mut packet = vec![0x30 | flags];
            match body.len() {
                len @ 0..128 => packet.push(len as u8),
                len => packet.extend_from_slice(&[(len & 0x7f) as u8 | 0x80, (len >> 7) as u8]),
            }
            packet.extend_from_slice(&body);
            for version in [Version::V311, Version::V5] {
                prop_assert_eq!(by_us(version, &packet), by_codec(version, &packet), "{:?}", packet);
            }
        }
    }

    #[test]
    fn an_allowed_topic_is_remembered_and_a_refused_one_judged_anew() {
        let mut topics = Topics::default();
        let topic = Bytes::from_static(b"mrv/v1/known/s/d");
        let judge = |topics: &mut Topics, knows: bool| {
            topics.judge(&topic, &Grant::Anonymous, |_| knows).map(|topic| topic.name)
        };
        let refused = Rejected::Refused(Refusal::NotAuthorised);
        assert_eq!(judge(&mut topics, false), Err(refused));
        let first = judge(&mut topics, true).unwrap();
        assert!(Arc::ptr_eq(&first, &judge(&mut topics, false).unwrap()));
        for number in 0..100 {
            let long = format!("mrv/v1/known/s/{}d{number}", "d/".repeat(450));
            topics.judge(&long.into(), &Grant::Anonymous, |_| true).unwrap();
            assert!(topics.bytes <= TOPIC_BYTES_MAX);
        }
    }
}
