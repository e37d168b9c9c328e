//! Forbidden bytes of MQTT 3.1.1 and 5, one by one, as docs/CONFORMANCE.md lists them: each closes the
//! connection with its reason, keeps what came before it, and journals nothing else. And the table
//! itself: every test it names exists.

mod daemon;
mod raw_mqtt;

use daemon::{Daemon, sent};
use mrv::sources::mqtt::listener::Options;
use raw_mqtt::{Connect, PUBACK, Raw, of_id, packet, publish, text};
use tokio::net::TcpStream;

const TOPIC: &str = "mrv/v1/p/s/d";

async fn open(daemon: &Daemon) -> Raw<TcpStream> {
    Raw(TcpStream::connect(daemon.address).await.unwrap())
}

async fn start() -> Daemon {
    Daemon::start(Options { anonymous: true, ..Options::default() }).await
}

/// A CONNECT of these flags and payload fields, and in MQTT 5 these properties.
fn connect(level: u8, flags: u8, properties: &[u8], payload: &[Vec<u8>]) -> Vec<u8> {
    let mut body = text("MQTT");
    body.extend([level, flags, 0, 60]);
    if level == 5 {
        body.push(properties.len() as u8);
        body.extend(properties);
    }
    body.extend(payload.concat());
    packet(0x10, &body)
}

/// A PUBLISH of MQTT 5 with these properties.
fn publish_with(properties: &[u8]) -> Vec<u8> {
    let mut body = text(TOPIC);
    body.extend([0, 2, properties.len() as u8]);
    body.extend(properties);
    body.extend(b"x");
    packet(0x32, &body)
}

#[tokio::test]
async fn a_connect_with_forbidden_flags_or_fields_is_refused() {
    let daemon = start().await;
    let id = || text("a");
    let will = |level: u8| {
        let none: &[u8] = if level == 5 { &[0] } else { &[] };
        [none, &text("t"), &text("gone")].concat()
    };
    for level in [4, 5] {
        let mut cases = vec![
            ("the reserved flag [MQTT-3.1.2-3]", connect(level, 0x03, &[], &[id()])),
            ("a will of QoS 3 [MQTT-3.1.2-14]", connect(level, 0x1e, &[], &[id(), will(level)])),
            ("will QoS without a will [MQTT-3.1.2-13]", connect(level, 0x0a, &[], &[id()])),
            ("will retain without a will [MQTT-3.1.2-15]", connect(level, 0x22, &[], &[id()])),
            ("a user name that is not there [MQTT-3.1.2-19]", connect(level, 0x82, &[], &[id()])),
            (
                "a password that is not there [MQTT-3.1.2-21]",
                connect(level, 0xc2, &[], &[id(), text("u")]),
            ),
            ("no client id at all [MQTT-3.1.3-3]", connect(level, 0x02, &[], &[])),
            ("bytes after the last field", connect(level, 0x02, &[], &[id(), vec![7]])),
            (
                "a client id that is not UTF-8 [MQTT-1.5.3-1]",
                connect(level, 0x02, &[], &[vec![0, 2, 0xff, 0xfe]]),
            ),
            (
                "half a surrogate in a client id [MQTT-1.5.3-1]",
                connect(level, 0x02, &[], &[vec![0, 3, 0xed, 0xa0, 0x80]]),
            ),
            (
                "NUL in a user name [MQTT-1.5.3-2]",
                connect(level, 0xc2, &[], &[id(), text("u\0"), text("p")]),
            ),
            ("a header flag [MQTT-2.2.2-2]", {
                let mut bytes = connect(level, 0x02, &[], &[id()]);
                bytes[0] |= 1;
                bytes
            }),
        ];
        if level == 4 {
            let password_alone = connect(4, 0x42, &[], &[id(), text("p")]);
            cases.push(("a password without a user name [MQTT-3.1.2-22]", password_alone));
        } else {
            for (what, properties) in [
                ("a property twice", &[17, 0, 0, 0, 1, 17, 0, 0, 0, 1][..]),
                ("Receive Maximum 0 [3.1.2.11.3]", &[33, 0, 0]),
                ("Maximum Packet Size 0 [3.1.2.11.4]", &[39, 0, 0, 0, 0]),
                ("Request Problem Information 2 [3.1.2.11.7]", &[23, 2]),
                ("a property of another packet [2.2.2.2]", &[35, 0, 1]),
                ("an unknown property [2.2.2.2]", &[0x7f, 1]),
                ("a property cut off", &[17, 0, 0]),
                ("Authentication Data without a method [3.1.2.11.10]", &[22, 0, 1, 7]),
            ] {
                cases.push((what, connect(5, 0x02, properties, &[id()])));
            }
        }
        for (what, bytes) in cases {
            let mut client = open(&daemon).await;
            client.send(&bytes).await;
            let told = client.rest().await;
            let is_refused = match level {
                // MQTT 3.1.1 has no code for it: the connection just closes.
                4 => told.is_empty(),
                _ => told.is_empty() || told.len() >= 4 && told[0] == 0x20 && told[3] >= 0x80,
            };
            assert!(is_refused, "level {level}, {what}: {told:x?}");
        }
    }
    daemon.stop().await;
}

#[tokio::test]
async fn a_forbidden_packet_closes_the_connection_with_its_reason() {
    let daemon = start().await;
    let mut count = 0;
    for level in [4, 5] {
        let none: &[u8] = if level == 5 { &[0] } else { &[] };
        let filter = [text("a"), vec![0]].concat();
        let mut cases = vec![
            ("DUP with QoS 0 [MQTT-3.3.1-2]", packet(0x38, &[&text(TOPIC)[..], none].concat())),
            ("SUBSCRIBE without a filter [MQTT-3.8.3-3]", {
                packet(0x82, &[&[0, 9], none].concat())
            }),
            ("SUBSCRIBE flags 0 [MQTT-3.8.1-1]", {
                packet(0x80, &[&[0, 9], none, &filter].concat())
            }),
            ("SUBSCRIBE, QoS 3 [MQTT-3.8.3-4]", {
                packet(0x82, &[&[0, 9], none, &text("a"), &[3]].concat())
            }),
            ("SUBSCRIBE, id 0 [MQTT-2.3.1-1]", {
                packet(0x82, &[&[0, 0], none, &filter].concat())
            }),
            ("UNSUBSCRIBE without a filter [MQTT-3.10.3-2]", {
                packet(0xa2, &[&[0, 9], none].concat())
            }),
            ("UNSUBSCRIBE flags 0 [MQTT-3.10.1-1]", {
                packet(0xa0, &[&[0, 9], none, &text("a")].concat())
            }),
            ("PUBREL flags 0 [MQTT-3.6.1-1]", of_id(0x60, 9)),
            ("PINGREQ with a flag [MQTT-2.2.2-2]", vec![0xc1, 0]),
            ("PINGREQ with a body [3.12.1]", packet(0xc0, &[1])),
            ("DISCONNECT with a flag [MQTT-3.14.1-1]", vec![0xe1, 0]),
            ("CONNACK [2.2.1]", packet(0x20, &[0, 0])),
            ("SUBACK [2.2.1]", packet(0x90, &[0, 1, 0])),
            ("UNSUBACK [2.2.1]", of_id(0xb0, 1)),
            ("PINGRESP [2.2.1]", vec![0xd0, 0]),
            ("type 0 [2.2.1]", vec![0x00, 0]),
            ("half a surrogate in a topic [MQTT-1.5.3-1]", {
                packet(0x30, &[&[0, 3, 0xed, 0xa0, 0x80], none].concat())
            }),
            ("a PUBLISH without a packet id [MQTT-2.3.1-1]", packet(0x32, &text(TOPIC))),
            ("a PUBLISH without a topic [MQTT-3.3.2-1]", packet(0x30, &[])),
        ];
        if level == 4 {
            cases.push(("DISCONNECT with a body [3.14.1]", packet(0xe0, &[0])));
            cases.push(("type 15 [2.2.1]", vec![0xf0, 0]));
        } else {
            for (what, properties) in [
                ("Payload Format Indicator 2 [3.3.2.3.2]", &[1, 2][..]),
                ("a property twice [2.2.2.2]", &[1, 0, 1, 0]),
                ("Topic Alias 0 [MQTT-3.3.2-8]", &[35, 0, 0]),
                ("a Subscription Identifier [MQTT-3.3.4-6]", &[11, 1]),
                ("a Response Topic with a wildcard [MQTT-3.3.2-14]", &[8, 0, 1, b'#']),
                ("a property of CONNECT [2.2.2.2]", &[17, 0, 0, 0, 1]),
                ("an unknown property [2.2.2.2]", &[0x7f, 1]),
                ("properties longer than the packet [2.2.2.1]", &[38, 0, 9, b'k']),
            ] {
                cases.push((what, publish_with(properties)));
            }
            cases.push(("DISCONNECT, Session Expiry twice", {
                packet(0xe0, &[0, 10, 17, 0, 0, 0, 1, 17, 0, 0, 0, 1])
            }));
        }
        for (what, bytes) in cases {
            let mut client = open(&daemon).await;
            assert_eq!(client.connect(&Connect::new(level, "a")).await[3], 0);
            let before = publish(level, 1, 1, TOPIC, what.as_bytes());
            client.send(&[before, bytes].concat()).await;
            let told = client.rest().await;
            assert_eq!(told[..4], of_id(PUBACK, 1), "level {level}, {what}: what came before");
            match level {
                4 => assert_eq!(told.len(), 4, "{what}: {told:x?}"),
                // Malformed, protocol error, topic alias invalid.
                _ => assert!(
                    matches!(told[4..], [0xe0, 1, 0x81 | 0x82 | 0x94]),
                    "level 5, {what}: {told:x?}"
                ),
            }
            count += 1;
            assert_eq!(daemon.journaled().len(), count, "level {level}, {what}: journaled");
            assert_eq!(daemon.journaled().pop(), Some(sent(TOPIC, what)));
        }
    }
    daemon.stop().await;
}

#[tokio::test]
async fn permitted_packets_that_are_rare_are_taken() {
    let daemon = start().await;
    // A will, a user property twice, every property of CONNECT once (MQTT 5).
    let properties = [
        &[17, 0, 0, 0, 9, 33, 0, 9, 39, 0, 1, 0, 0, 34, 0, 4, 25, 0, 23, 1][..],
        &[38, 0, 1, b'k', 0, 1, b'v', 38, 0, 1, b'k', 0, 1, b'w'],
    ]
    .concat();
    let will =
        [&[11, 24, 0, 0, 0, 5, 1, 1, 3, 0, 1, b'j'][..], &text("mrv/v1/p/s/d"), &text("gone")]
            .concat();
    let bytes = connect(5, 0x2e, &properties, &[text("a"), will]);
    let mut client = open(&daemon).await;
    client.send(&bytes).await;
    let connack = client.receive().await;
    assert_eq!((connack[0], connack[3]), (0x20, 0), "{connack:x?}");
    // Every property of a client's PUBLISH.
    let properties = [
        &[1, 1, 2, 0, 0, 0, 9, 8, 0, 1, b'r', 9, 0, 1, 7, 3, 0, 1, b'j'][..],
        &[38, 0, 1, b'k', 0, 1, b'v', 38, 0, 1, b'k', 0, 1, b'v'],
    ]
    .concat();
    client.send(&publish_with(&properties)).await;
    assert_eq!(client.receive().await, of_id(PUBACK, 2));
    // A retained message, an empty one, an id used again once it is acknowledged.
    let mut retained = publish(5, 1, 2, TOPIC, b"");
    retained[0] |= 1;
    client.send(&retained).await;
    assert_eq!(client.receive().await, of_id(PUBACK, 2));
    // PUBREL with reason and properties (MQTT 5).
    client.send(&publish(5, 2, 3, TOPIC, b"two")).await;
    assert_eq!(client.receive().await, of_id(0x50, 3));
    client.send(&packet(0x62, &[0, 3, 0, 0])).await;
    assert_eq!(client.receive().await, of_id(0x70, 3));
    client.send(&packet(0xe0, &[0, 5, 17, 0, 0, 0, 1])).await;
    assert_eq!(client.rest().await, b"");
    assert_eq!(daemon.journaled().len(), 3);
    // A byte-order mark is a sign like any other [MQTT-1.5.3-3]: such a topic is in nobody's tree.
    let mut client = open(&daemon).await;
    client.connect(&Connect::new(5, "b")).await;
    client.send(&publish(5, 1, 1, "\u{feff}mrv/v1/p/s/d", b"x")).await;
    let told = client.receive().await;
    assert!(told.len() == 6 && told[4] >= 0x80, "{told:x?}");
    daemon.stop().await;
}

#[tokio::test]
async fn nothing_after_a_refused_connect_is_processed() {
    let daemon = start().await;
    for refused in [
        Connect::new(6, "a").bytes(),
        connect(5, 0x03, &[], &[text("a")]),
        Connect { login: Some(("nobody", "x")), ..Connect::new(4, "a") }.bytes(),
    ] {
        let mut client = open(&daemon).await;
        client.send(&[refused, publish(4, 1, 1, TOPIC, b"x")].concat()).await;
        let told = client.rest().await;
        assert!(told.len() <= 5 && !told.windows(2).any(|pair| pair == [0x40, 2]), "{told:x?}");
    }
    assert_eq!(daemon.journaled(), []);
    daemon.stop().await;
}

#[tokio::test]
async fn a_client_that_takes_no_packet_as_long_as_connack_is_let_go() {
    let daemon = start().await;
    let mut client = open(&daemon).await;
    client.send(&connect(5, 0x02, &[39, 0, 0, 0, 9], &[text("a")])).await;
    let told = client.rest().await;
    assert!(told.len() <= 9, "longer than it takes: {told:x?}");
    assert!(told.get(3).is_none_or(|code| *code >= 0x80), "{told:x?}");
    daemon.stop().await;
}

#[test]
fn every_test_that_the_table_names_exists() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("docs/CONFORMANCE.md")).unwrap();
    let mut sources = String::new();
    for folder in ["tests", "src/sources/mqtt/listener"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let (mut statements, mut named) = (0, std::collections::BTreeSet::new());
    for line in table.lines().filter(|line| line.starts_with("| [MQTT-")) {
        statements += 1;
        let last = line.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let tests: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty() || last.starts_with("does not apply: "), "no reason: {line}");
        named.extend(tests);
    }
    assert!(statements > 100, "{statements} statements");
    for test in &named {
        assert!(sources.contains(&format!("fn {test}(")), "there is no test {test}");
    }
    println!("{statements} statements, {} tests", named.len());
}
