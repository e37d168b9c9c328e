//! Packets of both versions in one vocabulary, read and written by rumqttc's codecs.
//!
//! Takes one whole packet at a time, as [`super::wire`] cut it; gives what this listener acts on.
//! The codecs are lenient: reserved flags and packet id 0 are checked here, the rest in
//! [`super::strict`].

use bytes::{Bytes, BytesMut};
use rumqttc::mqttbytes::{Error as V4Error, v4};
use rumqttc::v5::mqttbytes::{Error as V5Error, v5};

use super::close::ConnectCode;
use super::publish;
use super::strict;
use super::wire::Version;

/// Why bytes are no packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(pub String);

/// What a client asks for when it connects. A will is accepted and never published, since nobody can
/// subscribe here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    pub client_id: String,
    /// Begin anew, forgetting an earlier session.
    pub clean_start: bool,
    /// Seconds; 0 for none.
    pub keep_alive_s: u16,
    /// User name and password, each empty if not given.
    pub login: Option<(String, String)>,
    pub has_will: bool,
    /// Seconds that the session outlives the connection; `u32::MAX` for ever.
    pub session_expiry_s: u32,
    /// Most bytes of a packet that the client takes.
    pub packet_bytes_max: Option<u32>,
    /// Asks for authentication by AUTH packets, which is not offered.
    pub has_auth_method: bool,
}

/// Quality of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Qos {
    /// No acknowledgement.
    AtMostOnce,
    /// PUBACK.
    AtLeastOnce,
    /// PUBREC, PUBREL, PUBCOMP.
    ExactlyOnce,
}

/// A message of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    pub qos: Qos,
    /// 0 for [`Qos::AtMostOnce`].
    pub packet_id: u16,
    /// As it came: not yet known to be UTF-8.
    pub topic: Bytes,
    pub payload: Bytes,
    pub has_topic_alias: bool,
}

/// A packet of a connected client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    Publish(Publish),
    PubRel {
        packet_id: u16,
    },
    Subscribe {
        packet_id: u16,
        filter_count: usize,
    },
    Unsubscribe {
        packet_id: u16,
        filter_count: usize,
    },
    Ping,
    Disconnect {
        session_expiry_s: Option<u32>,
    },
    /// One that a client may not send, or not now.
    Unexpected(&'static str),
}

/// Why a publish was not taken, as its acknowledgement tells it in MQTT 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 0x87: outside the tree that the client may write to.
    NotAuthorised,
    /// 0x90: not of the alphabet of topics.
    TopicName,
}

impl Refusal {
    /// The reason code of MQTT 5.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::NotAuthorised => 0x87,
            Self::TopicName => 0x90,
        }
    }

    /// The code in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAuthorised => "0x87",
            Self::TopicName => "0x90",
        }
    }
}

/// A packet to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    PubAck { packet_id: u16, refusal: Option<Refusal> },
    PubRec { packet_id: u16, refusal: Option<Refusal> },
    PubComp { packet_id: u16, is_known: bool },
    SubAck { packet_id: u16, filter_count: usize },
    UnsubAck { packet_id: u16, filter_count: usize },
    Ping,
}

/// What a client is told when it is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    pub session_present: bool,
    /// Where the client named none.
    pub assigned_client_id: Option<String>,
    /// Where it is less than the client asked for.
    pub session_expiry_s: Option<u32>,
    pub receive_max: u16,
    pub packet_bytes_max: u32,
}

/// Reads a whole CONNECT.
///
/// # Errors
/// When it is malformed.
pub fn read_connect(version: Version, mut packet: BytesMut) -> Result<Connect, Malformed> {
    if packet[0] != 0x10 {
        return Err(Malformed("not a CONNECT".to_owned()));
    }
    strict::connect(version, &packet).map_err(|what| Malformed(what.to_owned()))?;
    match version {
        Version::V311 => match v4::Packet::read(&mut packet, usize::MAX)? {
            v4::Packet::Connect(connect) => Ok(Connect {
                client_id: connect.client_id,
                clean_start: connect.clean_session,
                keep_alive_s: connect.keep_alive,
                login: connect.login.map(|login| (login.username, login.password)),
                has_will: connect.last_will.is_some(),
                session_expiry_s: if connect.clean_session { 0 } else { u32::MAX },
                packet_bytes_max: None,
                has_auth_method: false,
            }),
            _ => Err(Malformed("not a CONNECT".to_owned())),
        },
        Version::V5 => match v5::Packet::read(&mut packet, None)? {
            v5::Packet::Connect(connect, will, login) => {
                let properties = connect.properties.as_ref();
                Ok(Connect {
                    clean_start: connect.clean_start,
                    keep_alive_s: connect.keep_alive,
                    login: login.map(|login| (login.username, login.password)),
                    has_will: will.is_some(),
                    session_expiry_s: properties
                        .and_then(|properties| properties.session_expiry_interval)
                        .unwrap_or(0),
                    packet_bytes_max: properties.and_then(|properties| properties.max_packet_size),
                    has_auth_method: properties
                        .is_some_and(|properties| properties.authentication_method.is_some()),
                    client_id: connect.client_id,
                })
            }
            _ => Err(Malformed("not a CONNECT".to_owned())),
        },
    }
}

/// Reads a whole packet of a connected client.
///
/// # Errors
/// When it is malformed.
pub fn read(version: Version, mut packet: BytesMut) -> Result<Packet, Malformed> {
    let (first, remaining) = (packet[0], packet.len() - 2);
    let flags = match first >> 4 {
        3 => first & 0x0f,
        6 | 8 | 10 => 2,
        _ => 0,
    };
    if first & 0x0f != flags {
        return Err(Malformed("reserved flags are set wrongly".to_owned()));
    }
    strict::packet(version, &packet).map_err(|what| Malformed(what.to_owned()))?;
    let packet = match (version, first >> 4) {
        (_, 3) => return publish::read(version, packet).map(Packet::Publish),
        (_, 1) => Packet::Unexpected("a second CONNECT"),
        (_, 2 | 9 | 11 | 13) => Packet::Unexpected("a packet that only a server sends"),
        (_, 4 | 5 | 7) => Packet::Unexpected("an acknowledgement of what was never sent"),
        (Version::V5, 15) => Packet::Unexpected("AUTH, which is not offered"),
        // rumqttc reads no short DISCONNECT (MQTT 5, 3.14.2.1 and 3.14.2.2.1).
        (Version::V5, 14) if remaining <= 1 => Packet::Disconnect { session_expiry_s: None },
        (Version::V311, _) => read_v311(v4::Packet::read(&mut packet, usize::MAX)?),
        (Version::V5, _) => read_v5(v5::Packet::read(&mut packet, None)?),
    };
    match packet {
        Packet::PubRel { packet_id: 0 }
        | Packet::Subscribe { packet_id: 0, .. }
        | Packet::Unsubscribe { packet_id: 0, .. } => Err(Malformed("packet id 0".to_owned())),
        _ => Ok(packet),
    }
}

fn read_v311(packet: v4::Packet) -> Packet {
    match packet {
        v4::Packet::PubRel(pubrel) => Packet::PubRel { packet_id: pubrel.pkid },
        v4::Packet::Subscribe(subscribe) => {
            Packet::Subscribe { packet_id: subscribe.pkid, filter_count: subscribe.filters.len() }
        }
        v4::Packet::Unsubscribe(unsubscribe) => Packet::Unsubscribe {
            packet_id: unsubscribe.pkid,
            filter_count: unsubscribe.topics.len(),
        },
        v4::Packet::PingReq => Packet::Ping,
        v4::Packet::Disconnect => Packet::Disconnect { session_expiry_s: None },
        _ => Packet::Unexpected("a packet that only a server sends"),
    }
}

fn read_v5(packet: v5::Packet) -> Packet {
    match packet {
        v5::Packet::PubRel(pubrel) => Packet::PubRel { packet_id: pubrel.pkid },
        v5::Packet::Subscribe(subscribe) => {
            Packet::Subscribe { packet_id: subscribe.pkid, filter_count: subscribe.filters.len() }
        }
        v5::Packet::Unsubscribe(unsubscribe) => Packet::Unsubscribe {
            packet_id: unsubscribe.pkid,
            filter_count: unsubscribe.filters.len(),
        },
        v5::Packet::PingReq(_) => Packet::Ping,
        v5::Packet::Disconnect(disconnect) => Packet::Disconnect {
            session_expiry_s: disconnect
                .properties
                .and_then(|properties| properties.session_expiry_interval),
        },
        _ => Packet::Unexpected("a packet that only a server sends"),
    }
}

/// Appends a reply to `out`.
pub fn write(version: Version, reply: &Reply, out: &mut BytesMut) {
    // The codecs fail for a packet id of 0 and for bodies above 256 MiB, and no reply has either.
    let _ = match version {
        Version::V311 => reply_v311(reply).write(out, usize::MAX).ok(),
        Version::V5 => reply_v5(reply).write(out, None).ok(),
    };
}

fn reply_v311(reply: &Reply) -> v4::Packet {
    match *reply {
        Reply::PubAck { packet_id, .. } => v4::Packet::PubAck(v4::PubAck::new(packet_id)),
        Reply::PubRec { packet_id, .. } => v4::Packet::PubRec(v4::PubRec::new(packet_id)),
        Reply::PubComp { packet_id, .. } => v4::Packet::PubComp(v4::PubComp::new(packet_id)),
        Reply::SubAck { packet_id, filter_count } => v4::Packet::SubAck(v4::SubAck::new(
            packet_id,
            vec![v4::SubscribeReasonCode::Failure; filter_count],
        )),
        Reply::UnsubAck { packet_id, .. } => v4::Packet::UnsubAck(v4::UnsubAck::new(packet_id)),
        Reply::Ping => v4::Packet::PingResp,
    }
}

fn reply_v5(reply: &Reply) -> v5::Packet {
    match *reply {
        Reply::PubAck { packet_id, refusal } => v5::Packet::PubAck(v5::PubAck {
            pkid: packet_id,
            reason: match refusal {
                None => v5::PubAckReason::Success,
                Some(Refusal::NotAuthorised) => v5::PubAckReason::NotAuthorized,
                Some(Refusal::TopicName) => v5::PubAckReason::TopicNameInvalid,
            },
            properties: None,
        }),
        Reply::PubRec { packet_id, refusal } => v5::Packet::PubRec(v5::PubRec {
            pkid: packet_id,
            reason: match refusal {
                None => v5::PubRecReason::Success,
                Some(Refusal::NotAuthorised) => v5::PubRecReason::NotAuthorized,
                Some(Refusal::TopicName) => v5::PubRecReason::TopicNameInvalid,
            },
            properties: None,
        }),
        Reply::PubComp { packet_id, is_known } => v5::Packet::PubComp(v5::PubComp {
            pkid: packet_id,
            reason: match is_known {
                true => v5::PubCompReason::Success,
                false => v5::PubCompReason::PacketIdentifierNotFound,
            },
            properties: None,
        }),
        Reply::SubAck { packet_id, filter_count } => v5::Packet::SubAck(v5::SubAck {
            pkid: packet_id,
            return_codes: vec![v5::SubscribeReasonCode::NotAuthorized; filter_count],
            properties: None,
        }),
        Reply::UnsubAck { packet_id, filter_count } => v5::Packet::UnsubAck(v5::UnsubAck {
            pkid: packet_id,
            reasons: vec![v5::UnsubAckReason::NoSubscriptionExisted; filter_count],
            properties: None,
        }),
        Reply::Ping => v5::Packet::PingResp(v5::PingResp),
    }
}

/// Appends the CONNACK that accepts a client; false if the client takes no packet as long as it.
#[must_use]
pub fn write_welcome(
    version: Version,
    welcome: Welcome,
    client_takes: Option<u32>,
    out: &mut BytesMut,
) -> bool {
    match version {
        Version::V311 => {
            let code = v4::ConnectReturnCode::Success;
            let connack = v4::ConnAck::new(code, welcome.session_present);
            v4::Packet::ConnAck(connack).write(out, usize::MAX).is_ok()
        }
        Version::V5 => {
            let properties = v5::ConnAckProperties {
                session_expiry_interval: welcome.session_expiry_s,
                receive_max: Some(welcome.receive_max),
                max_packet_size: Some(welcome.packet_bytes_max),
                assigned_client_identifier: welcome.assigned_client_id,
                topic_alias_max: Some(0),
                wildcard_subscription_available: Some(0),
                subscription_identifiers_available: Some(0),
                shared_subscription_available: Some(0),
                // Absent: QoS 2 and retained messages are taken (a retained one as any other).
                max_qos: None,
                retain_available: None,
                reason_string: None,
                user_properties: Vec::new(),
                server_keep_alive: None,
                response_information: None,
                server_reference: None,
                authentication_method: None,
                authentication_data: None,
            };
            let connack = v5::ConnAck {
                session_present: welcome.session_present,
                code: v5::ConnectReturnCode::Success,
                properties: Some(properties),
            };
            v5::Packet::ConnAck(connack).write(out, client_takes).is_ok()
        }
    }
}

/// The CONNACK that refuses a client. Written by hand: the codecs know no refusal of an unknown
/// level.
#[must_use]
pub fn refusing_connack(code: ConnectCode) -> Vec<u8> {
    match code {
        ConnectCode::V311(code) => vec![0x20, 2, 0, code],
        ConnectCode::V5(code) => vec![0x20, 3, 0, code, 0],
    }
}

/// A DISCONNECT with a reason; only MQTT 5 servers send one.
#[must_use]
pub fn disconnect(code: u8) -> [u8; 3] {
    [0xe0, 1, code]
}

impl From<V4Error> for Malformed {
    fn from(error: V4Error) -> Self {
        Self(error.to_string())
    }
}

impl From<V5Error> for Malformed {
    fn from(error: V5Error) -> Self {
        Self(error.to_string())
    }
}
