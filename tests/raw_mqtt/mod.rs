//! MQTT packets written byte by byte, so that the tests do not rest on the codec they test.

#![allow(dead_code, reason = "each test program uses some of it")]

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A packet: first byte, remaining length, body.
pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut remaining = body.len();
    loop {
        let digit = (remaining % 128) as u8;
        remaining /= 128;
        bytes.push(if remaining > 0 { digit | 0x80 } else { digit });
        if remaining == 0 {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

/// A text with its length.
pub fn text(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u16).to_be_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// What a client says in CONNECT.
#[derive(Clone)]
pub struct Connect<'a> {
    pub level: u8,
    pub id: &'a str,
    pub is_clean: bool,
    pub keep_alive_s: u16,
    pub login: Option<(&'a str, &'a str)>,
    /// MQTT 5, as bytes.
    pub properties: &'a [u8],
}

impl<'a> Connect<'a> {
    pub fn new(level: u8, id: &'a str) -> Self {
        Self { level, id, is_clean: true, keep_alive_s: 60, login: None, properties: &[] }
    }

    /// A session that outlives the connection.
    pub fn kept(level: u8, id: &'a str) -> Self {
        Self { is_clean: false, properties: &[17, 0, 0, 1, 0], ..Self::new(level, id) }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut body = text(if self.level == 3 { "MQIsdp" } else { "MQTT" });
        let flags = u8::from(self.is_clean) << 1 | if self.login.is_some() { 0xc0 } else { 0 };
        body.extend_from_slice(&[self.level, flags]);
        body.extend_from_slice(&self.keep_alive_s.to_be_bytes());
        if self.level >= 5 {
            body.push(self.properties.len() as u8);
            body.extend_from_slice(self.properties);
        }
        body.extend_from_slice(&text(self.id));
        if let Some((name, password)) = self.login {
            body.extend_from_slice(&text(name));
            body.extend_from_slice(&text(password));
        }
        packet(0x10, &body)
    }
}

/// A PUBLISH; `id` is left out for QoS 0.
pub fn publish(level: u8, qos: u8, id: u16, topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut body = text(topic);
    if qos > 0 {
        body.extend_from_slice(&id.to_be_bytes());
    }
    if level >= 5 {
        body.push(0);
    }
    body.extend_from_slice(payload);
    packet(0x30 | qos << 1, &body)
}

/// The same PUBLISH, sent again.
pub fn again(mut publish: Vec<u8>) -> Vec<u8> {
    publish[0] |= 8;
    publish
}

/// PUBACK, PUBREC and so on: a packet of an id alone.
pub fn of_id(first: u8, id: u16) -> Vec<u8> {
    packet(first, &id.to_be_bytes())
}

pub const PUBACK: u8 = 0x40;
pub const PUBREC: u8 = 0x50;
pub const PUBREL: u8 = 0x62;
pub const PUBCOMP: u8 = 0x70;

/// A client that speaks bytes.
pub struct Raw<S>(pub S);

impl<S: AsyncRead + AsyncWrite + Unpin> Raw<S> {
    pub async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// The next whole packet.
    pub async fn receive(&mut self) -> Vec<u8> {
        let mut bytes = vec![self.0.read_u8().await.expect("a packet")];
        let (mut remaining, mut shift) = (0, 0);
        loop {
            let digit = self.0.read_u8().await.unwrap();
            bytes.push(digit);
            remaining |= usize::from(digit & 0x7f) << shift;
            shift += 7;
            if digit & 0x80 == 0 {
                break;
            }
        }
        let header_len = bytes.len();
        bytes.resize(header_len + remaining, 0);
        self.0.read_exact(&mut bytes[header_len..]).await.unwrap();
        bytes
    }

    /// Everything until the connection closes.
    pub async fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).await.unwrap();
        bytes
    }

    /// Connects and gives CONNACK.
    pub async fn connect(&mut self, connect: &Connect<'_>) -> Vec<u8> {
        self.send(&connect.bytes()).await;
        self.receive().await
    }
}
