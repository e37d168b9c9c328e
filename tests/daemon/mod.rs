//! The parts of a daemon behind its door, in this process: journal, accounts, listener.

#![allow(dead_code, reason = "each test program uses some of it")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mrv::dataset::layout::Layout;
use mrv::domain::id::{ProjectId, SiteId};
use mrv::domain::message::{Kind, Message, Payload, Source};
use mrv::domain::time::Timestamp;
use mrv::journal::{Journal, Reader};
use mrv::sources::accounts::Accounts;
use mrv::sources::mqtt::listener::{Listener, ListenerError, Options};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Topic and payload.
pub type Sent = (String, Vec<u8>);

pub fn sent(topic: &str, payload: impl AsRef<[u8]>) -> Sent {
    (topic.to_owned(), payload.as_ref().to_vec())
}

/// A listener on a free port of loopback, with one project, `p`.
pub struct Daemon {
    folder: TempDir,
    pub address: SocketAddr,
    journal: Journal,
    accounts: Arc<Accounts>,
    shutdown: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), ListenerError>>,
}

impl Daemon {
    pub async fn start(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        let limits = mrv::journal::Options { segment_bytes: 1 << 20, ..Default::default() };
        let journal = Journal::open(&layout.journal(), 0, limits, || 1).unwrap();
        let accounts = Arc::new(Accounts::open(&layout.credentials()).unwrap());
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let (shutdown, told) = oneshot::channel();
        let knows = |project: &ProjectId| project.as_str() == "p";
        let listener =
            Listener::new(options, journal.clone(), layout, Arc::clone(&accounts), knows);
        let serving = tokio::spawn(listener.serve(tcp, async {
            let _ = told.await;
        }));
        Self { folder, address, journal, accounts, shutdown, serving }
    }

    pub fn layout(&self) -> Layout {
        Layout::new(self.folder.path())
    }

    /// Adds an account of site `s` and gives its password.
    pub fn add(&self, name: &str) -> String {
        let (project, site) = (ProjectId::parse("p").unwrap(), SiteId::parse("s").unwrap());
        self.accounts.add(&project, &site, name, Timestamp::from_us(0)).unwrap()
    }

    pub fn remove(&self, name: &str) {
        assert!(self.accounts.remove(name).unwrap());
    }

    /// Everything in the journal.
    pub fn messages(&self) -> Vec<Message> {
        let durable = *self.journal.durable().borrow();
        let mut reader = Reader::open(self.journal.folder(), 0);
        std::iter::from_fn(|| reader.next(durable).unwrap().map(|record| record.message)).collect()
    }

    /// Waits until the journal holds this many messages.
    pub async fn wait_for(&self, count: usize) {
        let mut durable = self.journal.durable();
        while self.messages().len() < count {
            let growing = tokio::time::timeout(Duration::from_secs(30), durable.changed()).await;
            assert!(growing.is_ok(), "{} of {count} messages came", self.messages().len());
        }
    }

    /// Topics and payloads in the journal, each checked to be a gateway's message of project `p`.
    pub fn journaled(&self) -> Vec<Sent> {
        let fields = self.messages().into_iter().map(|message| {
            assert_eq!(message.project.as_str(), "p");
            assert_eq!((message.kind, message.source), (Kind::Data, Source::MqttListener));
            match message.payload {
                Payload::Inline(bytes) => (message.name.to_string(), bytes.to_vec()),
                Payload::Blob(blob) => panic!("a blob of {} bytes", blob.len),
            }
        });
        fields.collect()
    }

    /// Ends the listener, which must have served without an error.
    pub async fn stop(self) {
        let _ = self.shutdown.send(());
        self.serving.await.unwrap().unwrap();
    }
}
