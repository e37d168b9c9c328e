//! Why a connection ended: each reason has one word in logs and metrics, and its codes on the wire.

use super::packet::Refusal;
use super::wire::Version;

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Close {
    #[error("the client took its leave")]
    Left,
    #[error("the client closed the connection without taking its leave")]
    Gone,
    #[error("the network failed: {0}")]
    Network(String),
    #[error("no CONNECT came in time")]
    ConnectTimeout,
    #[error("nothing came for 1.5 times the keep-alive")]
    KeepAlive,
    #[error("the client does not read what it is sent")]
    SlowReader,
    #[error("not MQTT: {0}")]
    NotMqtt(&'static str),
    #[error("protocol level {0} is not understood; use MQTT 3.1.1 or 5")]
    ProtocolLevel(u8),
    #[error("malformed packet: {0}")]
    Malformed(String),
    #[error("protocol error: {0}")]
    Protocol(&'static str),
    #[error(
        "a packet of {0} bytes is longer than [listener] packet_bytes_max allows; send less in one"
    )]
    TooLarge(usize),
    #[error("a topic alias was used, although none is allowed")]
    TopicAlias,
    #[error("more messages are unacknowledged than allowed")]
    ReceiveMax,
    #[error("publish refused with {code}", code = .0.as_str())]
    Publish(Refusal),
    #[error("user name or password is wrong")]
    Login,
    #[error("accounts cannot be read: {0}")]
    Accounts(String),
    #[error("the client id is not acceptable")]
    ClientId,
    #[error("authentication by AUTH is not offered")]
    AuthMethod,
    #[error("the older connection of the same client id still waits for the disk")]
    SessionBusy,
    #[error("another connection of the same client id took over")]
    TakenOver,
    #[error("the daemon is shutting down")]
    ShuttingDown,
    #[error("{0}")]
    Journal(String),
    #[error("a large payload cannot be stored: {0}")]
    Blob(String),
}

/// A code of CONNACK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectCode {
    /// MQTT 3.1.1, table 3.1.
    V311(u8),
    /// MQTT 5, 3.2.2.2.
    V5(u8),
}

impl Close {
    /// The word in metrics.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Gone => "gone",
            Self::Network(_) => "network",
            Self::ConnectTimeout => "connect_timeout",
            Self::KeepAlive => "keep_alive",
            Self::SlowReader => "slow_reader",
            Self::NotMqtt(_) => "not_mqtt",
            Self::ProtocolLevel(_) => "protocol_level",
            Self::Malformed(_) => "malformed",
            Self::Protocol(_) => "protocol",
            Self::TooLarge(_) => "too_large",
            Self::TopicAlias => "topic_alias",
            Self::ReceiveMax => "receive_max",
            Self::Publish(_) => "publish_refused",
            Self::Login => "login",
            Self::Accounts(_) => "accounts",
            Self::ClientId => "client_id",
            Self::AuthMethod => "auth_method",
            Self::SessionBusy => "session_busy",
            Self::TakenOver => "taken_over",
            Self::ShuttingDown => "shutting_down",
            Self::Journal(_) => "journal",
            Self::Blob(_) => "blob",
        }
    }

    /// Whether the listener cannot go on after it: what was received can no longer be kept.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Journal(_) | Self::Blob(_))
    }

    /// The reason of the DISCONNECT that a client of MQTT 5 is sent; `None` where it is past reading.
    #[must_use]
    pub fn disconnect_code(&self) -> Option<u8> {
        match self {
            Self::Left | Self::Gone | Self::Network(_) | Self::SlowReader => None,
            Self::Malformed(_) => Some(0x81),
            Self::Protocol(_) => Some(0x82),
            Self::Publish(refusal) => Some(refusal.code()),
            Self::ShuttingDown => Some(0x8b),
            Self::KeepAlive => Some(0x8d),
            Self::TakenOver => Some(0x8e),
            Self::ReceiveMax => Some(0x93),
            Self::TopicAlias => Some(0x94),
            Self::TooLarge(_) => Some(0x95),
            _ => Some(0x80),
        }
    }

    /// The code of the CONNACK that refuses a client; `None` where none is due: before a CONNECT was
    /// read there is nobody to answer, and MQTT 3.1.1 has no code for malformed packets.
    #[must_use]
    pub fn connect_code(&self, version: Version) -> Option<ConnectCode> {
        let (v311, v5) = match self {
            // A client of an older level reads the old form, one of a newer level the newest.
            Self::ProtocolLevel(level) if *level < 5 => return Some(ConnectCode::V311(1)),
            Self::ProtocolLevel(_) => return Some(ConnectCode::V5(0x84)),
            Self::Malformed(_) => (None, 0x81),
            Self::Protocol(_) => (None, 0x82),
            Self::TooLarge(_) => (None, 0x95),
            Self::ClientId => (Some(2), 0x85),
            Self::Login => (Some(4), 0x86),
            Self::Accounts(_) => (Some(3), 0x88),
            Self::ShuttingDown => (Some(3), 0x8b),
            Self::SessionBusy => (Some(3), 0x89),
            Self::AuthMethod => (None, 0x8c),
            _ => return None,
        };
        match version {
            Version::V311 => v311.map(ConnectCode::V311),
            Version::V5 => Some(ConnectCode::V5(v5)),
        }
    }
}
