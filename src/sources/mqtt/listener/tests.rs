//! What needs a disk that fails or waits, a clock that stands still, or arbitrary bytes.

#[path = "../../../../tests/raw_mqtt/mod.rs"]
mod raw;

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::mpsc as std_mpsc;

use proptest::prelude::*;
use tempfile::TempDir;
use tokio::io::DuplexStream;
use tokio::task::JoinHandle;

use self::raw::{Connect, PUBACK, PUBCOMP, PUBREC, PUBREL, Raw, again, of_id, packet, publish};
use super::authorise::{Grant, project_of};
use super::*;
use crate::domain::message::Payload;
use crate::journal::{Disk, Header, Options as JournalOptions, Reader, RealDisk};

const TOPIC: &str = "mrv/v1/known/s/d";

/// A disk on which each sync tells that it has begun and waits to be told how it ends.
struct Gate {
    begun: tokio::sync::mpsc::UnboundedSender<()>,
    ends: std_mpsc::Receiver<io::Result<()>>,
}

/// The other side of a [`Gate`].
struct Gatekeeper {
    begun: tokio::sync::mpsc::UnboundedReceiver<()>,
    ends: std_mpsc::Sender<io::Result<()>>,
}

impl Gatekeeper {
    async fn begun(&mut self) {
        self.begun.recv().await.unwrap();
    }

    fn end(&self, result: io::Result<()>) {
        self.ends.send(result).unwrap();
    }
}

impl Disk for Gate {
    fn write_at(&mut self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        RealDisk.write_at(file, bytes, offset)
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        let _ = self.begun.send(());
        match self.ends.recv() {
            Ok(end) => end.and_then(|()| RealDisk.sync(file)),
            // The test is over.
            Err(_) => Err(io::Error::other("the gate is gone")),
        }
    }

    fn create(&mut self, path: &Path, header: Header, len: u64) -> io::Result<File> {
        RealDisk.create(path, header, len)
    }
}

fn gate() -> (Gate, Gatekeeper) {
    let (begun, begun_receiver) = tokio::sync::mpsc::unbounded_channel();
    let (ends, ends_receiver) = std_mpsc::channel();
    let gate = Gate { begun, ends: ends_receiver };
    (gate, Gatekeeper { begun: begun_receiver, ends })
}

/// The parts of a daemon that a connection needs.
struct House {
    folder: TempDir,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
}

impl House {
    fn on(disk: impl Disk) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        let options = JournalOptions { segment_bytes: 1 << 18, ..JournalOptions::default() };
        let journal = Journal::open_on(disk, &layout.journal(), 0, options, || 1).unwrap();
        let accounts = Arc::new(Accounts::open(&layout.credentials()).unwrap());
        let options = Options { anonymous: true, ..Options::default() };
        let knows = |project: &ProjectId| project.as_str() == "known";
        let listener = Listener::new(options, journal, layout, accounts, knows);
        Self { folder, shared: listener.shared, stop: watch::Sender::new(false) }
    }

    fn open(&self) -> (Raw<DuplexStream>, JoinHandle<Close>) {
        let (client, server) = tokio::io::duplex(1 << 20);
        let (reader, writer) = tokio::io::split(server);
        let (shared, stop) = (Arc::clone(&self.shared), self.stop.subscribe());
        let run = async move { connection::run(&shared, reader, writer, "test", stop).await };
        (Raw(client), tokio::spawn(run))
    }

    /// Topics and payloads of what was journaled from a position on.
    fn journaled(&self, from: u64) -> Vec<(String, Vec<u8>)> {
        let durable = *self.shared.journal.durable().borrow();
        let mut reader = Reader::open(&self.folder.path().join("journal"), from);
        let messages = std::iter::from_fn(|| reader.next(durable).unwrap());
        let fields = messages.map(|record| match record.message.payload {
            Payload::Inline(bytes) => (record.message.name.to_string(), bytes.to_vec()),
            Payload::Blob(blob) => panic!("a blob of {} bytes", blob.len),
        });
        fields.collect()
    }
}

/// Nothing has come although all tasks had their turn.
async fn is_silent(client: &mut Raw<DuplexStream>) -> bool {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    use tokio::io::AsyncReadExt;
    let reading = client.0.read_u8();
    tokio::pin!(reading);
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(reading.as_mut().poll(context).is_pending())
    })
    .await
}

#[tokio::test]
async fn no_acknowledgement_is_sent_before_its_fsync() {
    let (disk, mut keeper) = gate();
    let house = House::on(disk);
    for (level, qos, ack) in [(4, 1, PUBACK), (5, 1, PUBACK), (4, 2, PUBREC), (5, 2, PUBREC)] {
        let (mut client, running) = house.open();
        client.connect(&Connect::new(level, "a")).await;
        client.send(&publish(level, qos, 7, TOPIC, b"x")).await;
        keeper.begun().await;
        assert!(is_silent(&mut client).await, "level {level}, QoS {qos}");
        keeper.end(Ok(()));
        assert_eq!(client.receive().await, of_id(ack, 7));
        drop(client);
        assert_eq!(running.await.unwrap(), Close::Gone);
    }
}

#[tokio::test]
async fn nothing_is_acknowledged_when_the_fsync_fails() {
    for (level, told) in [(4, &b""[..]), (5, b"\xe0\x01\x80")] {
        let (disk, mut keeper) = gate();
        let house = House::on(disk);
        let (mut client, running) = house.open();
        client.connect(&Connect::new(level, "a")).await;
        let sent: Vec<u8> = (1..=3).flat_map(|id| publish(level, 1, id, TOPIC, b"x")).collect();
        client.send(&sent).await;
        keeper.begun().await;
        keeper.end(Err(io::Error::other("injected sync error")));
        assert_eq!(client.rest().await, told);
        drop(client);
        assert!(matches!(running.await.unwrap(), Close::Journal(_)));
    }
}

#[tokio::test]
async fn the_listener_ends_with_the_journal() {
    let (disk, mut keeper) = gate();
    let House { shared, folder: _folder, .. } = House::on(disk);
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let serving = tokio::spawn(Listener { shared }.serve(tcp, std::future::pending()));
    let mut client = Raw(tokio::net::TcpStream::connect(address).await.unwrap());
    let mut idle = Raw(tokio::net::TcpStream::connect(address).await.unwrap());
    idle.connect(&Connect::new(4, "idle")).await;
    client.connect(&Connect::new(4, "a")).await;
    client.send(&publish(4, 1, 1, TOPIC, b"x")).await;
    keeper.begun().await;
    keeper.end(Err(io::Error::other("injected sync error")));
    assert_eq!(client.rest().await, b"");
    assert_eq!(idle.rest().await, b"", "who sent nothing is sent away too");
    drop((client, idle));
    assert!(matches!(serving.await.unwrap(), Err(ListenerError::Journal(_))));
}

#[tokio::test]
async fn acknowledgements_keep_the_order_of_receipt_over_many_groups() {
    let (disk, mut keeper) = gate();
    let house = House::on(disk);
    let (mut client, running) = house.open();
    client.connect(&Connect::new(5, "a")).await;
    let mut expected = Vec::new();
    for id in 1..=60_u16 {
        let (qos, ack) = if id % 3 == 0 { (2, PUBREC) } else { (1, PUBACK) };
        client.send(&publish(5, qos, id, TOPIC, &id.to_be_bytes())).await;
        expected.extend(of_id(ack, id));
        if id % 20 == 0 {
            client.send(&[0xc0, 0]).await;
            expected.extend([0xd0, 0]);
        }
        // A group of its own for most, so that several are under way at once.
        tokio::task::yield_now().await;
    }
    keeper.begun().await;
    assert!(is_silent(&mut client).await);
    for _ in 0..61 {
        keeper.end(Ok(()));
    }
    let mut found = Vec::new();
    while found.len() < expected.len() {
        found.extend(client.receive().await);
    }
    assert_eq!(found, expected);
    drop(client);
    running.await.unwrap();
    let ids: Vec<_> = house.journaled(0).into_iter().map(|(_, payload)| payload).collect();
    assert_eq!(ids, (1..=60_u16).map(|id| id.to_be_bytes().to_vec()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_redelivery_on_a_new_connection_waits_for_the_fsync_of_the_first() {
    let (disk, mut keeper) = gate();
    let house = House::on(disk);
    let message = publish(4, 2, 9, TOPIC, b"once");
    let (mut first, first_running) = house.open();
    first.connect(&Connect::kept(4, "a")).await;
    first.send(&message).await;
    keeper.begun().await;
    drop(first);
    let (mut second, second_running) = house.open();
    second.send(&Connect::kept(4, "a").bytes()).await;
    second.send(&again(message)).await;
    assert!(is_silent(&mut second).await, "neither CONNACK nor PUBREC");
    keeper.end(Ok(()));
    assert_eq!(second.receive().await, [0x20, 2, 1, 0], "session present");
    assert_eq!(second.receive().await, of_id(PUBREC, 9));
    second.send(&of_id(PUBREL, 9)).await;
    assert_eq!(second.receive().await, of_id(PUBCOMP, 9));
    drop(second);
    assert!(matches!(first_running.await.unwrap(), Close::Network(_)), "its PUBREC found nobody");
    assert_eq!(second_running.await.unwrap(), Close::Gone);
    assert_eq!(house.journaled(0), [(TOPIC.to_owned(), b"once".to_vec())]);
}

#[tokio::test]
async fn a_session_that_waits_for_the_disk_is_not_waited_for_for_ever() {
    let (disk, mut keeper) = gate();
    let house = House::on(disk);
    let (mut first, _first_running) = house.open();
    first.connect(&Connect::kept(5, "a")).await;
    first.send(&publish(5, 2, 9, TOPIC, b"x")).await;
    keeper.begun().await;
    tokio::time::pause();
    let (mut second, second_running) = house.open();
    second.send(&Connect::kept(5, "a").bytes()).await;
    assert_eq!(second.rest().await, b"\x20\x03\x00\x89\x00");
    drop(second);
    assert_eq!(second_running.await.unwrap(), Close::SessionBusy);
}

#[tokio::test]
async fn what_is_under_way_is_acknowledged_at_shutdown() {
    let (disk, mut keeper) = gate();
    let house = House::on(disk);
    let (mut client, running) = house.open();
    client.connect(&Connect::new(5, "a")).await;
    client.send(&publish(5, 1, 3, TOPIC, b"x")).await;
    keeper.begun().await;
    house.stop.send_replace(true);
    assert!(is_silent(&mut client).await);
    keeper.end(Ok(()));
    assert_eq!(client.rest().await, [&of_id(PUBACK, 3)[..], b"\xe0\x01\x8b"].concat());
    drop(client);
    assert_eq!(running.await.unwrap(), Close::ShuttingDown);
}

#[tokio::test(start_paused = true)]
async fn a_client_is_sent_away_after_one_and_a_half_times_its_keep_alive() {
    let house = House::on(RealDisk);
    for (level, told) in [(4, &b""[..]), (5, b"\xe0\x01\x8d")] {
        let (mut client, running) = house.open();
        client.connect(&Connect { keep_alive_s: 10, ..Connect::new(level, "a") }).await;
        let connected_at = tokio::time::Instant::now();
        tokio::time::advance(Duration::from_secs(14)).await;
        client.send(&[0xc0, 0]).await;
        assert_eq!(client.receive().await, [0xd0, 0], "it is heard within the time");
        // Half a packet is no sign of life.
        client.send(&[0x30, 0x10]).await;
        assert_eq!(client.rest().await, told);
        assert_eq!(connected_at.elapsed().as_secs(), 14 + 15);
        drop(client);
        assert_eq!(running.await.unwrap(), Close::KeepAlive);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_without_a_keep_alive_may_be_silent() {
    let house = House::on(RealDisk);
    let (mut client, running) = house.open();
    client.connect(&Connect { keep_alive_s: 0, ..Connect::new(4, "a") }).await;
    tokio::time::advance(Duration::from_secs(1_000_000)).await;
    assert!(is_silent(&mut client).await && !running.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_connect_that_does_not_come_is_not_waited_for() {
    let house = House::on(RealDisk);
    let whole = Connect::new(4, "a").bytes();
    for len in [0, 1, whole.len() - 1] {
        let (mut client, running) = house.open();
        let opened_at = tokio::time::Instant::now();
        client.send(&whole[..len]).await;
        assert_eq!(client.rest().await, b"");
        assert_eq!(opened_at.elapsed().as_secs(), 10);
        drop(client);
        assert_eq!(running.await.unwrap(), Close::ConnectTimeout);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_sent_away() {
    let house = House::on(RealDisk);
    let (client, server) = tokio::io::duplex(64);
    let (reader, writer) = tokio::io::split(server);
    let (shared, stop) = (Arc::clone(&house.shared), house.stop.subscribe());
    let running =
        tokio::spawn(async move { connection::run(&shared, reader, writer, "test", stop).await });
    let mut client = Raw(client);
    client.connect(&Connect { keep_alive_s: 0, ..Connect::new(4, "a") }).await;
    client.send(&[0xc0, 0].repeat(1_000)).await;
    assert_eq!(running.await.unwrap(), Close::SlowReader);
}

/// What a client, honest or not, may send after CONNECT.
fn anything(level: u8) -> impl Strategy<Value = Vec<u8>> {
    let topics = prop_oneof![
        4 => Just(TOPIC),
        1 => Just("mrv/v1/other/s/d"),
        1 => Just("mrv/v1/known/s/../d"),
        1 => Just("mrv/v1/known/s/d\0"),
        1 => Just("mrv/v1/known/+/d"),
        1 => Just(""),
    ];
    let payload = proptest::collection::vec(any::<u8>(), 0..40);
    let whole = prop_oneof![
        6 => (0..3_u8, 1..5_u16, topics, payload)
            .prop_map(move |(qos, id, topic, payload)| publish(level, qos, id, topic, &payload)),
        2 => (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(first, body)| packet(first, &body)),
        1 => (1..5_u16).prop_map(|id| of_id(PUBREL, id)),
    ];
    // Each packet perhaps with one byte changed, or cut off.
    let spoilt = (
        whole,
        proptest::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>())),
        0..20_usize,
    )
        .prop_map(|(mut bytes, change, cut)| {
            if let Some((index, byte)) = change {
                let index = index.index(bytes.len());
                bytes[index] = byte;
            }
            if cut == 0 {
                bytes.pop();
            }
            bytes
        });
    proptest::collection::vec(spoilt, 0..12).prop_map(|packets| packets.concat())
}

#[test]
fn no_bytes_after_connect_panic_or_journal_what_is_not_allowed() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let house = House::on(RealDisk);
    let cases = (4..=5_u8).prop_flat_map(|level| (Just(level), anything(level)));
    let config = ProptestConfig { cases: 1_000, failure_persistence: None, ..Default::default() };
    let (seen, journaled_count) = (Cell::new(0), Cell::new(0));
    proptest::test_runner::TestRunner::new(config)
        .run(&cases, |(level, bytes)| {
            let from = *house.shared.journal.durable().borrow();
            runtime.block_on(async {
                let (mut client, running) = house.open();
                client.send(&Connect::new(level, "a").bytes()).await;
                client.send(&bytes).await;
                use tokio::io::AsyncWriteExt;
                client.0.shutdown().await.unwrap();
                running.await.expect("no panic");
                let replies = client.rest().await;
                assert_eq!(replies[0], 0x20, "CONNACK");
            });
            for (topic, payload) in house.journaled(from) {
                let allowed = project_of(&Grant::Anonymous, &topic, |id| id.as_str() == "known");
                prop_assert!(allowed.is_ok(), "{topic:?}");
                let is_sent = |part: &[u8]| bytes.windows(part.len().max(1)).any(|w| w == part);
                prop_assert!(is_sent(topic.as_bytes()));
                prop_assert!(payload.is_empty() || is_sent(&payload));
                journaled_count.set(journaled_count.get() + 1);
            }
            seen.set(seen.get() + 1);
            Ok(())
        })
        .unwrap();
    let (seen, journaled_count) = (seen.get(), journaled_count.get());
    assert!(journaled_count > seen / 4, "too few of {seen} cases say anything: {journaled_count}");
}
