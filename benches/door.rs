//! The door alone: what arrives is on disk before it is acknowledged, and nothing else happens to it.
//!
//!     door ours|probe FOLDER
//!
//! `ours` is the listener and the journal as the daemon runs them, without a publisher behind. `probe`
//! is the least that can be meant by it: tokio, rumqttc's codec, every message appended to one file,
//! one fdatasync for all that waits, then the acknowledgements; no topics, sessions, limits or
//! checksums. Prints the port, serves until its standard input ends.

use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::BytesMut;
use mrv::dataset::layout::Layout;
use mrv::journal::{Journal, Options as JournalOptions};
use mrv::sources::accounts::Accounts;
use mrv::sources::mqtt::listener::{Listener, Options};
use rumqttc::mqttbytes::v4;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let which = arguments.next().unwrap_or_default();
    let folder = arguments.next().expect("door ours|probe FOLDER");
    std::fs::create_dir_all(&folder).expect("the folder");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", tcp.local_addr().expect("an address").port());
        std::io::stdout().flush().expect("somebody to tell");
        let ended = tokio::task::spawn_blocking(|| {
            std::io::stdin().read_to_end(&mut Vec::new()).expect("standard input");
        });
        match which.as_str() {
            "ours" => ours(tcp, Path::new(&folder), async { ended.await.expect("it ends") }).await,
            "probe" => tokio::select! {
                () = probe(tcp, Path::new(&folder)) => {}
                _ = ended => {}
            },
            _ => panic!("door ours|probe FOLDER, not {which:?}"),
        }
    });
}

async fn ours(tcp: TcpListener, folder: &Path, ended: impl Future<Output = ()>) {
    let clock = || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.expect("after 1970").as_micros() as i64
    };
    let layout = Layout::new(folder);
    let journal = Journal::open(&layout.journal(), 0, JournalOptions::default(), clock);
    let accounts = Arc::new(Accounts::open(&layout.credentials()).expect("accounts"));
    let options = Options { anonymous: true, ..Options::default() };
    let listener = Listener::new(options, journal.expect("a journal"), layout, accounts, |_| true);
    listener.serve(tcp, ended).await.expect("an orderly end");
}

/// What one read brought, and whom to tell.
type Appended = (Vec<u8>, oneshot::Sender<()>);

async fn probe(tcp: TcpListener, folder: &Path) {
    let (sender, receiver) = mpsc::channel::<Appended>(4_096);
    let file = std::fs::File::create(folder.join("probe")).expect("a file");
    std::thread::spawn(move || append(&file, receiver));
    loop {
        let (stream, _) = tcp.accept().await.expect("a connection");
        tokio::spawn(connection(stream, sender.clone()));
    }
}

/// While one fdatasync runs, what arrives forms the next group. The file is filled before it is used.
fn append(file: &std::fs::File, mut queue: mpsc::Receiver<Appended>) {
    let zeros = vec![0; 1 << 20];
    let (mut filled, mut end) = (0, 0);
    let mut group = Vec::new();
    while let Some((mut bytes, told)) = queue.blocking_recv() {
        group.push(told);
        while bytes.len() < 8 << 20
            && let Ok((more, told)) = queue.try_recv()
        {
            bytes.extend_from_slice(&more);
            group.push(told);
        }
        if end + bytes.len() as u64 > filled {
            for _ in 0..64 {
                file.write_all_at(&zeros, filled).expect("space");
                filled += zeros.len() as u64;
            }
            file.sync_all().expect("synced");
        }
        file.write_all_at(&bytes, end).expect("space");
        end += bytes.len() as u64;
        file.sync_data().expect("synced");
        for told in group.drain(..) {
            let _ = told.send(());
        }
    }
}

async fn connection(stream: TcpStream, journal: mpsc::Sender<Appended>) {
    stream.set_nodelay(true).expect("a socket option");
    let (mut reader, mut writer) = stream.into_split();
    let (steps, mut acks) = mpsc::channel::<(oneshot::Receiver<()>, BytesMut)>(32);
    tokio::spawn(async move {
        while let Some((durable, out)) = acks.recv().await {
            if durable.await.is_err() || writer.write_all(&out).await.is_err() {
                return;
            }
        }
    });
    let mut buffer = BytesMut::with_capacity(64 << 10);
    loop {
        buffer.reserve(64 << 10);
        match reader.read_buf(&mut buffer).await {
            Ok(1..) => {}
            _ => return,
        }
        let (mut bytes, mut out) = (Vec::new(), BytesMut::new());
        while let Ok(packet) = v4::Packet::read(&mut buffer, 1 << 20) {
            match packet {
                v4::Packet::Publish(publish) => {
                    bytes.extend_from_slice(&(publish.payload.len() as u32).to_le_bytes());
                    bytes.extend_from_slice(publish.topic.as_bytes());
                    bytes.extend_from_slice(&publish.payload);
                    v4::PubAck::new(publish.pkid).write(&mut out).expect("a packet");
                }
                v4::Packet::Connect(_) => {
                    let code = v4::ConnectReturnCode::Success;
                    v4::ConnAck::new(code, false).write(&mut out).expect("a packet");
                }
                _ => return,
            }
        }
        let (told, durable) = oneshot::channel();
        if bytes.is_empty() {
            let _ = told.send(());
        } else if journal.send((bytes, told)).await.is_err() {
            return;
        }
        if steps.send((durable, out)).await.is_err() {
            return;
        }
    }
}
