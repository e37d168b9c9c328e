//! Clients that mean harm or are broken: each gets the right code or is let go, memory stays bounded,
//! and a gateway beside them is served all the while.

mod daemon;
mod raw_mqtt;
mod served;

use std::time::Duration;

use daemon::{Daemon, sent};
use mrv::daemon::request::{Answer, Request};
use mrv::sources::mqtt::listener::Options;
use raw_mqtt::{Connect, PUBACK, PUBREC, Raw, of_id, packet, publish, text};
use served::{Client, Served, record};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const TOPIC: &str = "mrv/v1/p/s/d";

async fn open(address: impl tokio::net::ToSocketAddrs) -> Raw<TcpStream> {
    Raw(TcpStream::connect(address).await.unwrap())
}

async fn connected(daemon: &Daemon, level: u8, id: &str) -> Raw<TcpStream> {
    let mut client = open(daemon.address).await;
    assert_eq!(client.connect(&Connect::new(level, id)).await[3], 0);
    client
}

/// A well-behaved gateway is served.
async fn is_served(daemon: &Daemon, id: u16) {
    let mut client = connected(daemon, 4, &format!("good-{id}")).await;
    client.send(&publish(4, 1, id, TOPIC, b"good")).await;
    assert_eq!(client.receive().await, of_id(PUBACK, id));
}

#[tokio::test]
async fn clients_that_send_byte_by_byte_for_ever_are_let_go_and_harm_nobody() {
    let connect_within = Duration::from_millis(500);
    let options = Options { anonymous: true, connect_within, ..Options::default() };
    let daemon = Daemon::start(options).await;
    let mut slow = JoinSet::new();
    for number in 0..200 {
        let stream = open(daemon.address).await.0;
        slow.spawn(async move {
            let (mut read, mut write) = stream.into_split();
            let bytes = Connect::new(4, "slow").bytes();
            let dripping = async {
                // A third says nothing at all, the others drip without ever being whole.
                for byte in bytes.iter().take(bytes.len() - 1) {
                    if number % 3 == 0 || write.write_all(&[*byte]).await.is_err() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                std::future::pending::<()>().await;
            };
            let mut answer = Vec::new();
            tokio::select! {
                () = dripping => {}
                // A close that meets bytes under way is a reset.
                _ = read.read_to_end(&mut answer) => {}
            }
        });
    }
    is_served(&daemon, 1).await;
    while let Some(ended) = slow.join_next().await {
        ended.unwrap();
    }
    is_served(&daemon, 2).await;
    daemon.stop().await;
}

#[tokio::test]
async fn a_client_that_falls_silent_in_a_packet_is_let_go() {
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    for level in [4, 5] {
        let mut client = open(daemon.address).await;
        let connect = Connect { keep_alive_s: 1, ..Connect::new(level, "half") };
        client.connect(&connect).await;
        let whole = publish(level, 1, 1, TOPIC, &[b'x'; 500]);
        client.send(&whole[..300]).await;
        is_served(&daemon, 1).await;
        let told: &[u8] = if level == 5 { b"\xe0\x01\x8d" } else { b"" };
        assert_eq!(client.rest().await, told);
    }
    assert_eq!(daemon.journaled(), vec![sent(TOPIC, "good"); 2]);
    daemon.stop().await;
}

#[tokio::test]
async fn topics_that_play_tricks_reach_nothing() {
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    let before = list(daemon.layout().root());
    let long = |len: usize| "x".repeat(len);
    let mut topics: Vec<String> = [
        "mrv/v1/p/../q",
        "mrv/v1/../p/d",
        "mrv/v1/p/s/..",
        "mrv/v1/./s/d",
        "mrv/v1/p/s/d/../../../keys/log.key",
        "/mrv/v1/p/s/d",
        "mrv//v1/p/s/d",
        "mrv/v1/p/s/d/",
        "mrv/v1/p/s",
        "MRV/V1/P/S/D",
        "mrv/v2/p/s/d",
        "mrv/v1/P/s/d",
        "mrv/v1/%70/s/d",
        "mrv/v1/p/s\\d/e",
        "mrv/v1/p/s/d\n",
        "mrv/v1/p/s/d ",
        "mrv/v1/p/s/\u{202e}d",
        "mrv/v1/p/s/d\u{301}",
        "mrv/v1/\u{440}/s/d",
        "mrv/v1/other/s/d",
        "$SYS/broker",
        "$share/g/mrv/v1/p/s/d",
        "spBv1.0/p/NDATA/s",
        "~",
        "C:\\data",
    ]
    .map(str::to_owned)
    .to_vec();
    topics.push(format!("mrv/v1/p/s/{}", long(200)));
    topics.push(format!("mrv/v1/p/s/{}", long(1_100)));
    topics.push(format!("mrv/v1/p/s/{}", long(65_524)));
    topics.push("a/".repeat(32_767));
    for topic in &topics {
        let shown: String = topic.chars().take(60).collect();
        let mut v5 = connected(&daemon, 5, "v5").await;
        v5.send(&publish(5, 1, 1, topic, b"x")).await;
        let told = v5.receive().await;
        assert_eq!(told[..4], packet(PUBACK, &[0, 1, 0, 0])[..4], "{shown}");
        assert!(matches!(told[4], 0x87 | 0x90), "{shown}: {told:x?}");
        let mut v311 = connected(&daemon, 4, "v311").await;
        v311.send(&publish(4, 1, 1, topic, b"x")).await;
        assert_eq!(v311.rest().await, b"", "{shown}");
    }
    // Malformed ones are told at once.
    for topic in ["mrv/v1/p/s/d\0", "mrv/v1/p/+/d", "mrv/v1/p/#", "#", "+"] {
        let mut v5 = connected(&daemon, 5, "v5").await;
        v5.send(&publish(5, 1, 1, topic, b"x")).await;
        assert_eq!(v5.rest().await, b"\xe0\x01\x81", "{topic:?}");
    }
    is_served(&daemon, 1).await;
    assert_eq!(daemon.journaled(), [sent(TOPIC, "good")]);
    assert_eq!(list(daemon.layout().root()), before, "a name became a path");
    daemon.stop().await;
}

/// The names of everything below a folder, but for what the journal holds.
fn list(folder: &std::path::Path) -> Vec<String> {
    let files = mrv::dataset::folder::list_folder(folder).unwrap();
    let names = files.into_iter().map(|(name, _)| name);
    names.filter(|name| !name.starts_with("journal/")).collect()
}

#[tokio::test]
async fn qos_2_without_end_is_bounded() {
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    let mut client = connected(&daemon, 4, "endless").await;
    // Every packet id there is, and none is ever released; then all of them again.
    for round in 0..2 {
        for ids in (1..=65_535_u16).collect::<Vec<_>>().chunks(500) {
            let all: Vec<u8> = ids.iter().flat_map(|id| publish(4, 2, *id, TOPIC, b"2")).collect();
            client.send(&all).await;
            for id in ids {
                assert_eq!(client.receive().await, of_id(PUBREC, *id), "round {round}");
            }
        }
    }
    assert_eq!(daemon.messages().len(), 65_535, "sent again, journaled once");
    is_served(&daemon, 1).await;
    daemon.stop().await;
}

#[tokio::test]
async fn storms_of_reconnects_and_of_one_client_id_lose_nothing() {
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    let mut storm = JoinSet::new();
    let address = daemon.address;
    for number in 0..8_u16 {
        storm.spawn(async move {
            let mut acknowledged = 0;
            for round in 0..50_u16 {
                let mut client = open(address).await;
                // Half of them fight for one client id.
                let id = if number % 2 == 0 { "same".to_owned() } else { format!("c{number}") };
                let payload = format!("{number}/{round}");
                let all = [
                    Connect::kept(4 + (number % 2) as u8, &id).bytes(),
                    publish(4 + (number % 2) as u8, 1, 1, TOPIC, payload.as_bytes()),
                ]
                .concat();
                // Taken over in the middle, everything may fail but the account of it.
                if client.0.write_all(&all).await.is_err() {
                    continue;
                }
                let mut answer = Vec::new();
                let mut part = [0; 64];
                while !answer.windows(4).any(|four| four == [0x40, 2, 0, 1]) {
                    match client.0.read(&mut part).await {
                        Ok(0) | Err(_) => break,
                        Ok(count) => answer.extend_from_slice(&part[..count]),
                    }
                }
                if answer.windows(4).any(|four| four == [0x40, 2, 0, 1]) {
                    acknowledged += 1;
                }
            }
            (number, acknowledged)
        });
    }
    let mut total = 0;
    while let Some(ended) = storm.join_next().await {
        let (number, acknowledged) = ended.unwrap();
        if number % 2 == 1 {
            assert_eq!(acknowledged, 50, "client {number} has its id for itself");
        }
        total += acknowledged;
    }
    let mut journaled: Vec<_> = daemon.journaled();
    assert!(journaled.len() >= total, "{} journaled, {total} acknowledged", journaled.len());
    journaled.sort();
    journaled.dedup();
    assert!(journaled.len() >= total, "counted twice");
    is_served(&daemon, 1).await;
    daemon.stop().await;
}

/// Peak of the memory of a process, in MiB.
fn peak_mib(id: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
}

#[test]
fn payloads_that_swell_are_refused_within_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut served = Served::prepare(folder.path(), "[publish]\nseconds = 3600\n");
    let config = std::fs::read_to_string(folder.path().join("mrv.toml")).unwrap();
    let config =
        config.replace("anonymous = true", "anonymous = true\npacket_bytes_max = 33554432");
    std::fs::write(folder.path().join("mrv.toml"), config).unwrap();
    served.start(&[]);
    served.apply_plan("p");
    let mut client = Client::connect(&served.mqtt, "bomber");
    let values =
        |value: &str| format!("{{\"ts\":\"2025-01-01T00:00:00Z\",\"values\":{{\"EC\":{value}}}}}");
    let million: Vec<String> = (0..1_000_000).map(|_| "1".to_owned()).collect();
    let bombs = [
        ("deep arrays", "[".repeat(5_000_000)),
        ("deep objects", "{\"a\":".repeat(2_000_000)),
        ("deep arrays, whole", format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000))),
        ("deep inside a record", values(&format!("{}1{}", "[".repeat(90_000), "]".repeat(90_000)))),
        ("a great exponent", values("1e999999999")),
        ("a small exponent", values("1e-999999999")),
        ("digits", values(&"9".repeat(4_000_000))),
        ("digits in a text", values(&format!("\"{}\"", "9".repeat(4_000_000)))),
        ("fraction", values(&format!("0.{}", "1".repeat(4_000_000)))),
        ("a million items", format!("[{}]", million.join(","))),
        ("a million records' beginnings", "[{},".repeat(1_000_000)),
        ("a million quantities", {
            let pairs: Vec<String> = (0..1_000_000).map(|n| format!("\"q{n}\":1")).collect();
            format!("{{\"ts\":\"2025-01-01T00:00:00Z\",\"values\":{{{}}}}}", pairs.join(","))
        }),
        ("one key a million times", {
            format!(
                "{{\"ts\":\"2025-01-01T00:00:00Z\",\"values\":{{{}\"z\":1}}}}",
                "\"EC\":1,".repeat(1_000_000)
            )
        }),
        ("a long text", format!("\"{}\"", "x".repeat(20_000_000))),
        ("escapes", format!("\"{}\"", "\\u0000".repeat(3_000_000))),
        ("NUL", "\0".repeat(1_000_000)),
        ("a far year", values("1").replace("2025", "999999999")),
    ];
    for (number, (what, bomb)) in (0..).zip(&bombs) {
        assert!(client.publish(TOPIC, bomb), "{what}: authentic, so it is kept and acknowledged");
        assert_eq!(served.ask(&Request::Flush), Answer::Done, "{what}");
        // The next one is as ever.
        let mut gateway = Client::connect(&served.mqtt, "gateway");
        assert!(gateway.publish(TOPIC, &record(number)), "{what}");
    }
    assert_eq!(served.ask(&Request::Flush), Answer::Done);
    let messages = served.count("messages", "kind = 'data'");
    assert_eq!(messages, 2 * bombs.len() as u64);
    assert_eq!(served.count("readings", "quantity = 'EC' AND value > 900"), 0);
    assert!(served.count("readings", "1 = 1") >= bombs.len() as u64);
    let peak = peak_mib(&served.id());
    println!("{} bombs of up to 20 MB, peak {peak} MiB", bombs.len());
    assert!(peak < 1_200, "peak of {peak} MiB");
    served.leave();
}

/// Connections at once: `MRV_CONNECTIONS` of them (500); `make crowd` tries 10,000.
#[test]
fn a_crowd_of_connections_is_served() {
    let wanted = std::env::var("MRV_CONNECTIONS").map_or(500, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut served = Served::prepare(folder.path(), "[publish]\nseconds = 3600\n");
    let config = std::fs::read_to_string(folder.path().join("mrv.toml")).unwrap();
    let more = format!("anonymous = true\nconnections_max = {}", wanted + 10);
    std::fs::write(folder.path().join("mrv.toml"), config.replace("anonymous = true", &more))
        .unwrap();
    let limit = format!("--nofile={0}:{0}", wanted + 200);
    served.start(&["prlimit", &limit]);
    served.apply_plan("p");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let address = served.mqtt.clone();
    runtime.block_on(async {
        let mut clients = Vec::new();
        for number in 0..wanted {
            let mut client = open(&address).await;
            let connack = client.connect(&Connect::new(4, &format!("c{number}"))).await;
            assert_eq!(connack[3], 0, "connection {number}");
            clients.push(client);
        }
        println!("{wanted} connections, {} MiB", peak_mib(&served.id()));
        for client in &mut clients {
            client.send(&publish(4, 1, 1, TOPIC, record(1).as_bytes())).await;
        }
        for (number, client) in clients.iter_mut().enumerate() {
            assert_eq!(client.receive().await, of_id(PUBACK, 1), "connection {number}");
        }
    });
    assert_eq!(served.ask(&Request::Flush), Answer::Done);
    assert_eq!(served.count("messages", "kind = 'data'"), wanted as u64);
    let peak = peak_mib(&served.id());
    println!("peak {peak} MiB");
    assert!(peak < 300 + wanted as u64 / 10, "peak of {peak} MiB");
    served.leave();
}

#[test]
fn a_body_by_hand_is_what_the_helper_writes() {
    let body = [&text("a/b")[..], &[0, 1], b"x"].concat();
    assert_eq!(packet(0x32, &body), publish(4, 1, 1, "a/b", b"x"));
}
