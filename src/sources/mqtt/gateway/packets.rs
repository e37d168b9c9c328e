//! What a gateway writes and reads, in both versions, by rumqttc's codecs.
//!
//! Takes and gives bytes of one connection; keeps nothing from one packet to the next.

use std::io;

use bytes::BytesMut;
use rumqttc::mqttbytes::{self, v4};
use rumqttc::v5::mqttbytes::{self as mqttbytes5, v5};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Answer, Fault, Message, Options, Protocol};

/// Most bytes of a packet from the server: it sends acknowledgements alone.
pub const PACKET_BYTES_MAX: usize = 64 << 10;
/// Seconds; a connection is idle only while acknowledgements are awaited.
const KEEP_ALIVE_S: u16 = 60;

/// A connection that the server accepted, and the most messages it lets be unacknowledged.
pub async fn connect(options: &Options, input: &mut BytesMut) -> Result<(TcpStream, u16), Fault> {
    let mut stream = TcpStream::connect(&options.address).await?;
    stream.set_nodelay(true)?;
    let mut output = BytesMut::new();
    let invalid = |text: String| Fault::Io(io::Error::new(io::ErrorKind::InvalidData, text));
    match options.protocol {
        Protocol::V311 => {
            let mut connect = v4::Connect::new(options.client_id.clone());
            connect.keep_alive = KEEP_ALIVE_S;
            if let Some((user, password)) = &options.account {
                connect.set_login(user, password);
            }
            connect.write(&mut output).map_err(|error| invalid(error.to_string()))?;
        }
        Protocol::V5 => {
            let connect = v5::Connect {
                keep_alive: KEEP_ALIVE_S,
                client_id: options.client_id.clone(),
                clean_start: true,
                properties: None,
            };
            let login =
                options.account.as_ref().map(|(user, password)| v5::Login::new(user, password));
            connect
                .write(&None, &login, &mut output)
                .map_err(|error| invalid(error.to_string()))?;
        }
    }
    stream.write_all(&output).await?;
    loop {
        if stream.read_buf(input).await? == 0 {
            return Err(Fault::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        match options.protocol {
            Protocol::V311 => match v4::Packet::read(input, PACKET_BYTES_MAX) {
                Ok(v4::Packet::ConnAck(ack)) if ack.code == v4::ConnectReturnCode::Success => {
                    return Ok((stream, u16::MAX));
                }
                Ok(v4::Packet::ConnAck(ack)) => {
                    return Err(match ack.code {
                        v4::ConnectReturnCode::ServiceUnavailable => {
                            Fault::Io(io::ErrorKind::ConnectionRefused.into())
                        }
                        code => Fault::Refused(format!("{code:?}")),
                    });
                }
                Err(mqttbytes::Error::InsufficientBytes(_)) => {}
                other => return Err(invalid(format!("instead of CONNACK: {other:?}"))),
            },
            Protocol::V5 => match v5::Packet::read(input, Some(PACKET_BYTES_MAX as u32)) {
                Ok(v5::Packet::ConnAck(ack)) if ack.code == v5::ConnectReturnCode::Success => {
                    let receive_max = ack.properties.and_then(|known| known.receive_max);
                    return Ok((stream, receive_max.unwrap_or(u16::MAX)));
                }
                Ok(v5::Packet::ConnAck(ack)) => {
                    return Err(match ack.code {
                        v5::ConnectReturnCode::ServerUnavailable
                        | v5::ConnectReturnCode::ServerBusy => {
                            Fault::Io(io::ErrorKind::ConnectionRefused.into())
                        }
                        code => Fault::Refused(format!("{code:?}")),
                    });
                }
                Err(mqttbytes5::Error::InsufficientBytes(_)) => {}
                other => return Err(invalid(format!("instead of CONNACK: {other:?}"))),
            },
        }
    }
}

/// A message with QoS 1 under this packet id.
pub fn write_publish(
    protocol: Protocol,
    packet_id: u16,
    message: &Message,
    output: &mut BytesMut,
) -> io::Result<()> {
    let (topic, payload) = (message.topic.clone(), message.payload.clone());
    match protocol {
        Protocol::V311 => {
            let mut publish = v4::Publish::new(topic, mqttbytes::QoS::AtLeastOnce, payload);
            publish.pkid = packet_id;
            publish.write(output).map(drop).map_err(io::Error::other)
        }
        Protocol::V5 => {
            let mut publish = v5::Publish::new(topic, mqttbytes5::QoS::AtLeastOnce, payload, None);
            publish.pkid = packet_id;
            publish.write(output).map(drop).map_err(io::Error::other)
        }
    }
}

/// The next acknowledgement, if a whole one has come.
pub fn next_answer(protocol: Protocol, input: &mut BytesMut) -> io::Result<Option<(u16, Answer)>> {
    let invalid = |text: String| io::Error::new(io::ErrorKind::InvalidData, text);
    match protocol {
        Protocol::V311 => match v4::Packet::read(input, PACKET_BYTES_MAX) {
            Ok(v4::Packet::PubAck(ack)) => Ok(Some((ack.pkid, Answer::Acknowledged))),
            Err(mqttbytes::Error::InsufficientBytes(_)) => Ok(None),
            other => Err(invalid(format!("instead of PUBACK: {other:?}"))),
        },
        Protocol::V5 => match v5::Packet::read(input, Some(PACKET_BYTES_MAX as u32)) {
            Ok(v5::Packet::PubAck(ack)) => {
                let answer = match ack.reason {
                    // Nobody subscribes to a listener that stores.
                    v5::PubAckReason::Success | v5::PubAckReason::NoMatchingSubscribers => {
                        Answer::Acknowledged
                    }
                    reason => Answer::Refused(format!("{reason:?}")),
                };
                Ok(Some((ack.pkid, answer)))
            }
            Err(mqttbytes5::Error::InsufficientBytes(_)) => Ok(None),
            other => Err(invalid(format!("instead of PUBACK: {other:?}"))),
        },
    }
}

/// The end of a connection on which everything is acknowledged.
pub fn write_disconnect(protocol: Protocol, output: &mut BytesMut) -> io::Result<()> {
    match protocol {
        Protocol::V311 => v4::Disconnect.write(output).map(drop).map_err(io::Error::other),
        Protocol::V5 => {
            let goodbye = v5::Disconnect::new(v5::DisconnectReasonCode::NormalDisconnection);
            goodbye.write(output).map(drop).map_err(io::Error::other)
        }
    }
}
