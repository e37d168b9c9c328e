//! Against servers that end connections, say no, or say nothing.

use bytes::BytesMut;
use rumqttc::mqttbytes::v4;
use rumqttc::v5::mqttbytes::v5;
use tokio::net::TcpListener;

use super::packets::PACKET_BYTES_MAX;
use super::*;

const CONNACK_V311: &[u8] = &[0x20, 2, 0, 0];
const CONNACK_V5: &[u8] = &[0x20, 3, 0, 0, 0];

/// A server that acknowledges `first` messages of its first connection, lets that end, and on
/// later ones acknowledges all. Gives the payloads that came, by connection.
async fn serve(listener: TcpListener, protocol: Protocol, first: usize) -> Vec<Vec<Vec<u8>>> {
    let mut connections = Vec::new();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let acknowledged_max = if connections.is_empty() { first } else { usize::MAX };
        let mut input = BytesMut::new();
        let mut payloads = Vec::new();
        let is_over = loop {
            while let Some((packet, payload)) = next_packet(protocol, &mut input) {
                match packet {
                    Seen::Connect if protocol == Protocol::V311 => {
                        stream.write_all(CONNACK_V311).await.unwrap();
                    }
                    Seen::Connect => stream.write_all(CONNACK_V5).await.unwrap(),
                    Seen::Publish(id) => {
                        payloads.push(payload);
                        if payloads.len() <= acknowledged_max {
                            let [high, low] = id.to_be_bytes();
                            stream.write_all(&[0x40, 2, high, low]).await.unwrap();
                        }
                    }
                    Seen::Disconnect => {}
                }
            }
            if payloads.len() > acknowledged_max {
                break false;
            }
            if stream.read_buf(&mut input).await.unwrap() == 0 {
                break true;
            }
        };
        connections.push(payloads);
        if is_over {
            return connections;
        }
    }
}

enum Seen {
    Connect,
    Publish(u16),
    Disconnect,
}

fn next_packet(protocol: Protocol, input: &mut BytesMut) -> Option<(Seen, Vec<u8>)> {
    match protocol {
        Protocol::V311 => match v4::Packet::read(input, PACKET_BYTES_MAX).ok()? {
            v4::Packet::Connect(_) => Some((Seen::Connect, Vec::new())),
            v4::Packet::Publish(p) => Some((Seen::Publish(p.pkid), p.payload.to_vec())),
            _ => Some((Seen::Disconnect, Vec::new())),
        },
        Protocol::V5 => match v5::Packet::read(input, None).ok()? {
            v5::Packet::Connect(..) => Some((Seen::Connect, Vec::new())),
            v5::Packet::Publish(p) => Some((Seen::Publish(p.pkid), p.payload.to_vec())),
            _ => Some((Seen::Disconnect, Vec::new())),
        },
    }
}

fn options(address: String, protocol: Protocol) -> Options {
    Options {
        address,
        client_id: "test".to_owned(),
        protocol,
        account: None,
        window: 4,
        rate: None,
        patience: Duration::from_secs(10),
    }
}

fn messages(count: u8) -> impl Iterator<Item = Message> {
    (0..count).map(|number| Message { topic: "t".to_owned(), payload: vec![number] })
}

#[tokio::test]
async fn what_was_not_acknowledged_is_sent_again_in_order() {
    for protocol in [Protocol::V311, Protocol::V5] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(serve(listener, protocol, 2));
        let mut answered = Vec::new();
        let options = options(address, protocol);
        let published = publish(&options, messages(10), |number, answer| {
            assert_eq!(answer, Answer::Acknowledged);
            answered.push(number);
        })
        .await
        .unwrap();
        let connections = server.await.unwrap();
        assert_eq!(answered, (0..10).collect::<Vec<_>>());
        assert_eq!(published.acknowledged, 10);
        assert!(published.sent > 10, "{published:?}");
        let last = connections.last().unwrap();
        assert!(last.is_sorted(), "{connections:?}");
        assert!(connections[0].contains(&vec![2]), "sent and not acknowledged: {connections:?}");
        assert!(last.contains(&vec![2]), "not sent again: {connections:?}");
        assert!(last.ends_with(&[vec![9]]), "{connections:?}");
    }
}

#[tokio::test]
async fn a_server_that_says_no_and_one_that_is_silent_end_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // Bad user name or password.
        stream.write_all(&[0x20, 2, 0, 4]).await.unwrap();
        listener
    });
    let mut options = options(address, Protocol::V311);
    let refused = publish(&options, messages(1), |_, _| {}).await.unwrap_err();
    assert!(matches!(refused, GatewayError::Refused { .. }), "{refused}");
    // Still bound, so that connections are made, and never accepted.
    let _silent = server.await.unwrap();
    options.patience = Duration::from_millis(50);
    let silent = publish(&options, messages(1), |_, _| {}).await.unwrap_err();
    assert!(matches!(silent, GatewayError::Silent { .. }), "{silent}");
}
