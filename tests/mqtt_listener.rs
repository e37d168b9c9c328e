//! The listener as gateways meet it: over TCP, with rumqttc's clients and with bytes by hand. After
//! each test the journal is read back and compared message by message.

mod daemon;
mod raw_mqtt;

use std::time::Duration;

use daemon::{Daemon, Sent, sent};
use mrv::domain::message::{INLINE_PAYLOAD_BYTES_MAX, Payload};
use mrv::evidence::leaf::commitment;
use mrv::sources::mqtt::listener::Options;
use raw_mqtt::{
    Connect, PUBACK, PUBCOMP, PUBREC, PUBREL, Raw, again, of_id, packet, publish, text,
};
use tokio::net::TcpStream;

const TOPIC: &str = "mrv/v1/p/s/d";

async fn open(daemon: &Daemon) -> Raw<TcpStream> {
    let stream = TcpStream::connect(daemon.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    Raw(stream)
}

/// A client that is connected without an account.
async fn connected(daemon: &Daemon, level: u8, id: &str) -> Raw<TcpStream> {
    let mut client = open(daemon).await;
    assert_eq!(client.connect(&Connect::new(level, id)).await[3], 0, "CONNACK");
    client
}

/// The code in CONNACK.
async fn code(daemon: &Daemon, connect: &Connect<'_>) -> u8 {
    open(daemon).await.connect(connect).await[3]
}

#[tokio::test]
async fn rumqttc_publishes_by_3_1_1_with_every_qos() {
    use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    let mut options = MqttOptions::new("v4", "127.0.0.1", daemon.address.port());
    options.set_inflight(100);
    let (client, mut events) = AsyncClient::new(options, 10);
    let expected: Vec<Sent> = (0..300).map(|n| sent(TOPIC, format!("message {n}"))).collect();
    let messages = expected.clone();
    let publishing = tokio::spawn(async move {
        for (n, (topic, payload)) in messages.into_iter().enumerate() {
            let qos = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][n % 3];
            client.publish(topic, qos, false, payload).await.unwrap();
        }
        client
    });
    let (mut pubacks, mut pubcomps) = (0, 0);
    while pubacks < 100 || pubcomps < 100 {
        match events.poll().await.unwrap() {
            Event::Incoming(Packet::PubAck(_)) => pubacks += 1,
            Event::Incoming(Packet::PubComp(_)) => pubcomps += 1,
            _ => {}
        }
    }
    publishing.await.unwrap();
    assert_eq!(daemon.journaled(), expected);
    daemon.stop().await;
}

#[tokio::test]
async fn rumqttc_publishes_by_5_with_every_qos() {
    use rumqttc::v5::mqttbytes::QoS;
    use rumqttc::v5::mqttbytes::v5::Packet;
    use rumqttc::v5::{AsyncClient, Event, MqttOptions};
    let daemon = Daemon::start(Options::default()).await;
    let password = daemon.add("gw-1");
    let mut options = MqttOptions::new("v5", "127.0.0.1", daemon.address.port());
    options.set_credentials("gw-1", password);
    let (client, mut events) = AsyncClient::new(options, 10);
    let expected: Vec<Sent> = (0..300).map(|n| sent(TOPIC, format!("message {n}"))).collect();
    let messages = expected.clone();
    let publishing = tokio::spawn(async move {
        for (n, (topic, payload)) in messages.into_iter().enumerate() {
            let qos = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][n % 3];
            client.publish(topic, qos, false, payload).await.unwrap();
        }
        client
    });
    let (mut pubacks, mut pubcomps) = (0, 0);
    while pubacks < 100 || pubcomps < 100 {
        match events.poll().await.unwrap() {
            Event::Incoming(Packet::PubAck(_)) => pubacks += 1,
            Event::Incoming(Packet::PubComp(_)) => pubcomps += 1,
            _ => {}
        }
    }
    publishing.await.unwrap();
    assert_eq!(daemon.journaled(), expected);
    assert!(daemon.messages().iter().all(|message| &*message.client == "gw-1"));
    daemon.stop().await;
}

#[tokio::test]
async fn half_packets_and_many_in_one_segment_are_the_same_to_it() {
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    for level in [4, 5] {
        let mut all = Connect::new(level, "a").bytes();
        let mut expected = Vec::new();
        for id in 1..=20 {
            all.extend(publish(level, 1, id, TOPIC, b"x"));
            expected.extend(of_id(PUBACK, id));
        }
        all.extend([0xc0, 0, 0xe0, 0]);
        expected.extend([0xd0, 0]);
        let mut bytewise = open(&daemon).await;
        for byte in &all {
            bytewise.send(&[*byte]).await;
        }
        bytewise.receive().await;
        assert_eq!(bytewise.rest().await, expected, "level {level}, byte by byte");
        let mut at_once = open(&daemon).await;
        at_once.send(&all).await;
        at_once.receive().await;
        assert_eq!(at_once.rest().await, expected, "level {level}, all at once");
    }
    assert_eq!(daemon.journaled(), vec![sent(TOPIC, "x"); 80]);
    daemon.stop().await;
}

#[tokio::test]
async fn what_is_no_mqtt_or_of_another_version_is_refused() {
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    for (bytes, answer) in [
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), &b""[..]),
        (publish(4, 0, 0, TOPIC, b"x"), b""),
        (packet(0x10, b"\x00\x04AMQP\x04"), b""),
        (Connect::new(3, "a").bytes(), b"\x20\x02\x00\x01"),
        (Connect::new(6, "a").bytes(), b"\x20\x03\x00\x84\x00"),
        // A client id that ends beyond the packet.
        (packet(0x10, b"\x00\x04MQTT\x04\x02\x00\x3c\x00\x09a"), b""),
        (packet(0x10, b"\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x09a"), b"\x20\x03\x00\x81\x00"),
        // Longer than a CONNECT may be.
        (b"\x10\xff\xff\x7f\x00\x04MQTT\x05".to_vec(), b"\x20\x03\x00\x95\x00"),
    ] {
        let mut client = open(&daemon).await;
        client.send(&bytes).await;
        assert_eq!(client.rest().await, answer, "{bytes:x?}");
    }
    assert_eq!(daemon.journaled(), []);
    daemon.stop().await;
}

#[tokio::test]
async fn a_connection_closes_with_its_reason_and_keeps_what_came_before() {
    let packet_bytes_max = 2_000;
    let options = Options { anonymous: true, packet_bytes_max, ..Options::default() };
    let daemon = Daemon::start(options).await;
    let mut alias = text(TOPIC);
    alias.extend([0, 2, 3, 35, 0, 1]);
    let cases = |level| {
        vec![
            ("malformed length", b"\x32\xff\xff\xff\xff\x01".to_vec(), 0x81),
            ("QoS 3", publish(level, 3, 2, TOPIC, b"x"), 0x81),
            ("packet id 0", publish(level, 1, 0, TOPIC, b"x"), 0x81),
            ("reserved flags", of_id(0x60, 2), 0x81),
            ("cut-off topic", packet(0x32, b"\x00\xffab"), 0x81),
            ("not UTF-8", packet(0x30, b"\x00\x02\xff\xfe\x00"), 0x81),
            ("NUL", publish(level, 1, 2, "mrv/v1/p/s/\0", b"x"), 0x81),
            ("wildcard", publish(level, 1, 2, "mrv/v1/p/s/+", b"x"), 0x81),
            ("empty topic", publish(level, 1, 2, "", b"x"), 0x81),
            ("second CONNECT", Connect::new(level, "a").bytes(), 0x82),
            ("a server's packet", of_id(0xb0, 2), 0x82),
            ("oversize", publish(level, 1, 2, TOPIC, &[0; 2_000]), 0x95),
            ("oversize header alone", b"\x32\xff\xff\x01".to_vec(), 0x95),
        ]
    };
    let mut count = 0;
    for level in [4, 5] {
        let mut cases = cases(level);
        if level == 5 {
            cases.push(("topic alias", packet(0x32, &alias), 0x94));
            cases.push(("AUTH", packet(0xf0, &[]), 0x82));
        }
        for (what, bytes, reason) in cases {
            let mut client = connected(&daemon, level, "a").await;
            let before = publish(level, 1, 1, TOPIC, what.as_bytes());
            client.send(&[before, bytes].concat()).await;
            let told = [0xe0, 1, reason];
            let told = if level == 5 { &told[..] } else { &[] };
            let expected = [&of_id(PUBACK, 1)[..], told].concat();
            assert_eq!(client.rest().await, expected, "level {level}, {what}");
            count += 1;
            assert_eq!(daemon.journaled().len(), count);
            assert_eq!(daemon.journaled().pop(), Some(sent(TOPIC, what)));
        }
    }
    daemon.stop().await;
}

#[tokio::test]
async fn a_publish_outside_the_gateways_tree_is_refused_and_not_journaled() {
    let daemon = Daemon::start(Options::default()).await;
    let password = daemon.add("gw");
    let login = Some(("gw", password.as_str()));
    let mut v5 = open(&daemon).await;
    v5.connect(&Connect { login, ..Connect::new(5, "a") }).await;
    let refused = |first, id, reason| packet(first, &[0, id, reason, 0]);
    for (topic, reason) in [
        ("mrv/v1/p/other/d", 0x87),
        ("mrv/v1/other/s/d", 0x87),
        ("spBv1.0/p/NDATA/s", 0x87),
        ("mrv/v1/p/s/d e", 0x90),
        ("mrv/v1/p/s//d", 0x90),
    ] {
        v5.send(&publish(5, 1, 1, topic, b"x")).await;
        assert_eq!(v5.receive().await, refused(PUBACK, 1, reason), "{topic}");
        v5.send(&publish(5, 2, 2, topic, b"x")).await;
        assert_eq!(v5.receive().await, refused(PUBREC, 2, reason), "{topic}");
        v5.send(&publish(5, 0, 0, topic, b"x")).await;
        let mut v311 = open(&daemon).await;
        v311.connect(&Connect { login, ..Connect::new(4, "b") }).await;
        v311.send(&publish(4, 1, 1, topic, b"x")).await;
        assert_eq!(v311.rest().await, b"", "{topic}");
    }
    v5.send(&publish(5, 1, 3, TOPIC, b"own")).await;
    assert_eq!(v5.receive().await, of_id(PUBACK, 3), "the connection went on");
    assert_eq!(daemon.journaled(), [sent(TOPIC, "own")]);
    daemon.stop().await;
}

#[tokio::test]
async fn only_an_account_or_a_permitted_anonymous_client_comes_in() {
    let login_pause = Duration::from_millis(1);
    let daemon = Daemon::start(Options { login_pause, ..Options::default() }).await;
    let password = daemon.add("gw");
    for (level, wrong) in [(4, 4), (5, 0x86)] {
        let by = |login| Connect { login, ..Connect::new(level, "a") };
        assert_eq!(code(&daemon, &by(Some(("gw", &password)))).await, 0);
        assert_eq!(code(&daemon, &by(Some(("gw", &password)))).await, 0, "remembered");
        for login in [None, Some(("gw", "wrong")), Some(("gw", "")), Some(("other", &*password))] {
            assert_eq!(code(&daemon, &by(login)).await, wrong, "level {level}, {login:?}");
        }
    }
    daemon.remove("gw");
    let login = Some(("gw", password.as_str()));
    assert_eq!(code(&daemon, &Connect { login, ..Connect::new(4, "a") }).await, 4);
    let with_auth = Connect { properties: b"\x15\x00\x01x", ..Connect::new(5, "a") };
    assert_eq!(code(&daemon, &with_auth).await, 0x8c);
    daemon.stop().await;

    let options = Options { anonymous: true, login_pause, ..Options::default() };
    let daemon = Daemon::start(options).await;
    let login = Some(("gw", "wrong"));
    assert_eq!(code(&daemon, &Connect { login, ..Connect::new(4, "a") }).await, 4);
    let mut client = connected(&daemon, 5, "a").await;
    client.send(&publish(5, 1, 1, "mrv/v1/unknown/s/d", b"x")).await;
    assert_eq!(client.receive().await, packet(PUBACK, &[0, 1, 0x87, 0]));
    daemon.stop().await;
}

#[tokio::test]
async fn connack_of_5_tells_the_limits_and_an_assigned_id() {
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    let connack = open(&daemon).await.connect(&Connect::new(5, "a")).await;
    let limits: [&[u8]; 6] = [
        b"\x21\x04\x00",         // Receive Maximum 1,024
        b"\x27\x00\x10\x00\x00", // Maximum Packet Size 1 MiB
        b"\x22\x00\x00",         // Topic Alias Maximum 0
        b"\x28\x00",             // no wildcard subscriptions
        b"\x29\x00",             // no subscription identifiers
        b"\x2a\x00",             // no shared subscriptions
    ];
    for limit in limits {
        assert!(connack.windows(limit.len()).any(|window| window == limit), "{limit:x?}");
    }
    let has_id = |connack: &[u8]| connack.windows(7).any(|window| window == b"\x12\x00\x24mrv-");
    assert!(!has_id(&connack));
    assert!(has_id(&open(&daemon).await.connect(&Connect::new(5, "")).await));
    assert_eq!(code(&daemon, &Connect::new(4, "")).await, 0);
    assert_eq!(code(&daemon, &Connect { is_clean: false, ..Connect::new(4, "") }).await, 2);
    assert_eq!(code(&daemon, &Connect::new(5, &"x".repeat(257))).await, 0x85);
    // A session asked to be kept for ever is kept for seven days.
    let for_ever = Connect { properties: b"\x11\xff\xff\xff\xff", ..Connect::new(5, "b") };
    let connack = open(&daemon).await.connect(&for_ever).await;
    let seven_days = b"\x11\x00\x09\x3a\x80";
    assert!(connack.windows(5).any(|window| window == seven_days));
    daemon.stop().await;
}

#[tokio::test]
async fn a_redelivered_qos_2_message_is_journaled_once() {
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    let mut expected = Vec::new();
    for level in [4, 5] {
        let id = format!("client-{level}");
        let message = publish(level, 2, 7, TOPIC, format!("once {level}").as_bytes());
        let mut client = open(&daemon).await;
        client.connect(&Connect::kept(level, &id)).await;
        for again in [message.clone(), again(message.clone())] {
            client.send(&again).await;
            assert_eq!(client.receive().await, of_id(PUBREC, 7));
        }
        drop(client);
        let mut client = open(&daemon).await;
        assert_eq!(client.connect(&Connect::kept(level, &id)).await[2], 1, "session present");
        client.send(&again(message.clone())).await;
        assert_eq!(client.receive().await, of_id(PUBREC, 7));
        client.send(&of_id(PUBREL, 7)).await;
        assert_eq!(client.receive().await, of_id(PUBCOMP, 7));
        client.send(&of_id(PUBREL, 7)).await;
        let unknown =
            if level == 5 { packet(PUBCOMP, &[0, 7, 0x92, 0]) } else { of_id(PUBCOMP, 7) };
        assert_eq!(client.receive().await, unknown);
        client.send(&message).await;
        assert_eq!(client.receive().await, of_id(PUBREC, 7), "a new message of the same id");
        drop(client);
        // Begun anew, the session knows nothing of it.
        let mut client = open(&daemon).await;
        assert_eq!(client.connect(&Connect::new(level, &id)).await[2], 0);
        client.send(&again(message)).await;
        assert_eq!(client.receive().await, of_id(PUBREC, 7));
        expected.extend(vec![sent(TOPIC, format!("once {level}")); 3]);
    }
    assert_eq!(daemon.journaled(), expected);
    daemon.stop().await;
}

#[tokio::test]
async fn the_newer_connection_of_a_client_id_takes_over() {
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    for (level, told) in [(4, &b""[..]), (5, b"\xe0\x01\x8e")] {
        let mut older = connected(&daemon, level, "same").await;
        older.send(&publish(level, 1, 1, TOPIC, b"older")).await;
        assert_eq!(older.receive().await, of_id(PUBACK, 1));
        let mut newer = connected(&daemon, level, "same").await;
        assert_eq!(older.rest().await, told);
        newer.send(&publish(level, 1, 1, TOPIC, b"newer")).await;
        assert_eq!(newer.receive().await, of_id(PUBACK, 1));
    }
    let both = [sent(TOPIC, "older"), sent(TOPIC, "newer")];
    assert_eq!(daemon.journaled(), [both.clone(), both].concat());
    daemon.stop().await;
}

#[tokio::test]
async fn another_accounts_client_id_is_its_own() {
    let daemon = Daemon::start(Options::default()).await;
    let (one, two) = (daemon.add("one"), daemon.add("two"));
    let mut first = open(&daemon).await;
    let connect = Connect::new(4, "same");
    first.connect(&Connect { login: Some(("one", &one)), ..connect.clone() }).await;
    let mut second = open(&daemon).await;
    second.connect(&Connect { login: Some(("two", &two)), ..connect }).await;
    for client in [&mut first, &mut second] {
        client.send(&[0xc0, 0]).await;
        assert_eq!(client.receive().await, [0xd0, 0]);
    }
    daemon.stop().await;
}

#[tokio::test]
async fn a_subscription_fails_and_a_will_is_never_published() {
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    for (level, failure) in [(4, 0x80), (5, 0x87)] {
        let mut body = text("MQTT");
        body.extend([level, 0x0e, 0, 60]);
        body.extend(if level == 5 { vec![0] } else { vec![] });
        body.extend(text("will"));
        body.extend(if level == 5 { vec![0] } else { vec![] });
        body.extend([text(TOPIC), text("gone")].concat());
        let mut client = open(&daemon).await;
        client.send(&packet(0x10, &body)).await;
        assert_eq!(client.receive().await[3], 0);
        let none: &[u8] = if level == 5 { &[0] } else { &[] };
        let filters = [text("a/#"), vec![1], text("b"), vec![0]].concat();
        client.send(&packet(0x82, &[&[0, 9], none, &filters].concat())).await;
        let expected = packet(0x90, &[&[0, 9], none, &[failure, failure]].concat());
        assert_eq!(client.receive().await, expected);
        client.send(&packet(0xa2, &[&[0, 8], none, &text("b")].concat())).await;
        let reasons: &[u8] = if level == 5 { &[0, 0x11] } else { &[] };
        assert_eq!(client.receive().await, packet(0xb0, &[&[0, 8], reasons].concat()));
    }
    assert_eq!(daemon.journaled(), []);
    daemon.stop().await;
}

#[tokio::test]
async fn a_large_payload_is_stored_before_it_is_acknowledged() {
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    let mut client = connected(&daemon, 5, "a").await;
    let sizes = [0, INLINE_PAYLOAD_BYTES_MAX, INLINE_PAYLOAD_BYTES_MAX + 1, 1_000_000];
    for (id, len) in (1..).zip(sizes) {
        let payload: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
        client.send(&publish(5, 1, id, TOPIC, &payload)).await;
        assert_eq!(client.receive().await, of_id(PUBACK, id));
        let message = daemon.messages().pop().unwrap();
        match &message.payload {
            Payload::Inline(bytes) => assert!(len <= INLINE_PAYLOAD_BYTES_MAX && *bytes == payload),
            Payload::Blob(blob) => {
                let path = daemon.layout().blob(&blob.sha256);
                assert!(std::fs::read(path).unwrap() == payload);
                assert_eq!(blob.commitment, commitment(&message.nonce, &payload));
            }
        }
        assert_eq!(message.payload.len(), len as u64);
    }
    assert!(matches!(daemon.messages()[2].payload, Payload::Blob(_)));
    assert_eq!(daemon.messages().len(), sizes.len());
    daemon.stop().await;
}

#[tokio::test]
async fn more_unacknowledged_messages_than_announced_close_the_connection() {
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    let mut client = connected(&daemon, 5, "a").await;
    for id in 1..=1_024 {
        client.send(&publish(5, 2, id, TOPIC, b"x")).await;
        assert_eq!(client.receive().await, of_id(PUBREC, id));
    }
    client.send(&publish(5, 2, 1_025, TOPIC, b"x")).await;
    assert_eq!(client.rest().await, b"\xe0\x01\x93");
    assert_eq!(daemon.journaled().len(), 1_024);
    daemon.stop().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed() {
    let options = Options { anonymous: true, connections_max: 2, ..Options::default() };
    let daemon = Daemon::start(options).await;
    let _first = connected(&daemon, 4, "a").await;
    let second = connected(&daemon, 4, "b").await;
    assert_eq!(open(&daemon).await.rest().await, b"");
    drop(second);
    // The listener learns of the end in its own time; a new client tries again, as gateways do.
    while {
        let mut third = open(&daemon).await;
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let sent = third.0.write_all(&Connect::new(4, "c").bytes()).await;
        sent.is_err() || third.0.read_u8().await.is_err()
    } {}
    daemon.stop().await;
}

#[tokio::test]
async fn many_clients_at_once_lose_nothing_and_keep_their_order() {
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..20 {
        let mut client = connected(&daemon, 4 + number % 2, &format!("c{number}")).await;
        clients.spawn(async move {
            let topic = format!("mrv/v1/p/s/d{number}");
            // A window of 100, answered as a whole.
            for window in 0..5_u16 {
                let ids = window * 100 + 1..=window * 100 + 100;
                let level = 4 + number % 2;
                let sent =
                    ids.clone().flat_map(|id| publish(level, 1, id, &topic, &id.to_be_bytes()));
                client.send(&sent.collect::<Vec<u8>>()).await;
                for id in ids {
                    assert_eq!(client.receive().await, of_id(PUBACK, id));
                }
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    let journaled = daemon.journaled();
    for number in 0..20 {
        let topic = format!("mrv/v1/p/s/d{number}");
        let of_client = journaled.iter().filter(|(of, _)| *of == topic);
        let ids: Vec<_> = of_client.map(|(_, payload)| payload.clone()).collect();
        assert_eq!(ids, (1..=500_u16).map(|id| id.to_be_bytes().to_vec()).collect::<Vec<_>>());
    }
    assert_eq!(journaled.len(), 20 * 500);
    daemon.stop().await;
}

#[tokio::test]
async fn a_shutdown_takes_leave_of_every_client() {
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    let mut v5 = connected(&daemon, 5, "a").await;
    let mut v311 = connected(&daemon, 4, "b").await;
    let mut silent = open(&daemon).await;
    v5.send(&publish(5, 1, 1, TOPIC, b"last")).await;
    assert_eq!(v5.receive().await, of_id(PUBACK, 1));
    assert_eq!(daemon.journaled(), [sent(TOPIC, "last")]);
    let leave = async {
        assert_eq!(v5.rest().await, b"\xe0\x01\x8b");
        assert_eq!(v311.rest().await, b"");
        assert_eq!(silent.rest().await, b"");
        drop((v5, v311, silent));
    };
    tokio::join!(daemon.stop(), leave);
}
