//! Framing: where a packet ends, and which MQTT a client speaks, told from the first bytes alone.
//!
//! Takes bytes as they come, half a packet too; gives lengths and versions. Never allocates.

/// The versions understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 3.1.1, protocol level 4.
    V311,
    /// 5, protocol level 5.
    V5,
}

impl Version {
    /// The word in metrics and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V311 => "3.1.1",
            Self::V5 => "5",
        }
    }
}

/// Length of the packet that begins `bytes`, header included; `None` until enough of the header has
/// come. The packet itself need not be there yet.
///
/// # Errors
/// When the remaining length has more than four bytes (MQTT 5, 1.5.5).
pub fn packet_len(bytes: &[u8]) -> Result<Option<usize>, &'static str> {
    let mut remaining = 0;
    for (index, byte) in bytes.iter().skip(1).enumerate() {
        if index == 4 {
            break;
        }
        remaining |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok(Some(index + 2 + remaining));
        }
    }
    if bytes.len() > 4 { Err("remaining length has more than four bytes") } else { Ok(None) }
}

/// What the first bytes of a connection say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Not enough bytes to tell.
    Incomplete,
    Connect(Version),
    /// A CONNECT of a protocol level that is not understood: 3 is MQTT 3.1.
    UnknownLevel(u8),
    /// Anything else.
    NotMqtt(&'static str),
}

/// Looks at the first bytes of a connection, without taking them. Bytes that can no longer become a
/// CONNECT are refused at once, not when the rest has come.
#[must_use]
pub fn opening(bytes: &[u8]) -> Opening {
    let Some(first) = bytes.first() else { return Opening::Incomplete };
    if *first != 0x10 {
        return Opening::NotMqtt("the first packet is not CONNECT");
    }
    let header_len = match packet_len(bytes) {
        Ok(None) => return Opening::Incomplete,
        Ok(Some(_)) => bytes.iter().skip(1).take_while(|byte| **byte & 0x80 != 0).count() + 2,
        Err(what) => return Opening::NotMqtt(what),
    };
    let body = &bytes[header_len..];
    for name in [&b"\x00\x04MQTT"[..], b"\x00\x06MQIsdp"] {
        let common = name.len().min(body.len());
        if body[..common] != name[..common] {
            continue;
        }
        return match body.get(name.len()) {
            None => Opening::Incomplete,
            Some(4) if name.len() == 6 => Opening::Connect(Version::V311),
            Some(5) if name.len() == 6 => Opening::Connect(Version::V5),
            Some(level) => Opening::UnknownLevel(*level),
        };
    }
    Opening::NotMqtt("the protocol is not named MQTT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_ends_where_its_remaining_length_says() {
        for (bytes, expected) in [
            (&b""[..], Ok(None)),
            (b"\x30", Ok(None)),
            (b"\xc0\x00", Ok(Some(2))),
            (b"\x30\x7f", Ok(Some(129))),
            (b"\x30\x80", Ok(None)),
            (b"\x30\x80\x01", Ok(Some(131))),
            (b"\x30\xff\xff\xff", Ok(None)),
            (b"\x30\xff\xff\xff\x7f", Ok(Some(5 + 268_435_455))),
            (b"\x30\xff\xff\xff\xff", Err("remaining length has more than four bytes")),
        ] {
            assert_eq!(packet_len(bytes), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn the_version_is_told_from_the_first_bytes() {
        let level = |name: &[u8], level: u8| {
            let mut bytes = vec![0x10, 0x20, 0, name.len() as u8];
            bytes.extend_from_slice(name);
            bytes.push(level);
            opening(&bytes)
        };
        assert_eq!(level(b"MQTT", 4), Opening::Connect(Version::V311));
        assert_eq!(level(b"MQTT", 5), Opening::Connect(Version::V5));
        assert_eq!(level(b"MQIsdp", 3), Opening::UnknownLevel(3));
        assert_eq!(level(b"MQIsdp", 4), Opening::UnknownLevel(4));
        assert_eq!(level(b"MQTT", 6), Opening::UnknownLevel(6));
        assert!(matches!(level(b"AMQP", 4), Opening::NotMqtt(_)));
        assert!(matches!(opening(b"GET / HTTP/1.1\r\n"), Opening::NotMqtt(_)));
        assert!(matches!(opening(b"\x10\xff\xff\xff\xff"), Opening::NotMqtt(_)));
    }

    #[test]
    fn every_beginning_of_a_connect_waits_for_more() {
        let whole = b"\x10\x8c\x01\x00\x04MQTT\x05";
        for len in 0..whole.len() {
            assert_eq!(opening(&whole[..len]), Opening::Incomplete, "{len} bytes");
        }
        assert_eq!(opening(whole), Opening::Connect(Version::V5));
    }
}
