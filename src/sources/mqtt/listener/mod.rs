//! The embedded listener: gateways connect to us by MQTT 3.1.1 or 5 and publish.
//!
//! Takes connections, gives messages to the journal and acknowledgements to the gateways, each after
//! the fsync that covers its message (ING-1), in the order of receipt. QoS 0 is journaled too, without
//! an acknowledgement. Knows nothing of what a message says.
//!
//! It is no broker: nothing is ever published to a client. A subscription is answered with a failure
//! code, a will is accepted and never published, a retained message is a message.
//!
//! # Limits
//!
//! | what | limit | beyond it |
//! | --- | --- | --- |
//! | a packet | [`Options::packet_bytes_max`] | disconnect, 0x95 |
//! | CONNECT | 64 KiB | CONNACK 0x95 |
//! | connections | [`Options::connections_max`] | closed unread, counted |
//! | unacknowledged messages of a connection, MQTT 5 | 1,024 | disconnect, 0x93 |
//! | groups of a connection under way | 32, each of at most 64 KiB and one packet | not read |
//! | messages that wait to be written | the journal's | not read |
//! | client id | 256 bytes | CONNACK 0x85 or 2 |
//! | topic | 1,024 bytes | refused with 0x90 |
//! | session without a connection | 7 days, [`Options::sessions_max`] of them | forgotten |
//! | silence before CONNECT, reading of replies | [`Options`] | closed |
//! | silence | 1.5 times the client's keep-alive | disconnect, 0x8D |

mod acks;
mod authorise;
pub mod close;
mod connection;
mod handshake;
pub mod packet;
mod publish;
mod session;
mod strict;
pub mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::close::Close;
use self::session::Sessions;
use crate::config::daemon::DaemonConfig;
use crate::dataset::layout::Layout;
use crate::domain::id::ProjectId;
use crate::journal::{Journal, State};
use crate::sources::accounts::Accounts;

/// Limits of a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Most bytes of a packet: bounds the memory of one connection.
    pub packet_bytes_max: u32,
    /// Most connections: bounds memory and file descriptors.
    pub connections_max: usize,
    /// Most sessions kept without a connection.
    pub sessions_max: usize,
    /// Lets clients in that name no user. The configuration allows it on loopback only.
    pub anonymous: bool,
    /// How long a client may take until its CONNECT is whole.
    pub connect_within: Duration,
    /// How long a client may take to read what it is sent.
    pub write_within: Duration,
    /// How long an answer to a wrong password is held back.
    pub login_pause: Duration,
    /// How long connections may take to end after the shutdown began.
    pub shutdown_within: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            packet_bytes_max: 1 << 20,
            connections_max: 1_000,
            sessions_max: 10_000,
            anonymous: false,
            connect_within: Duration::from_secs(10),
            write_within: Duration::from_secs(30),
            login_pause: Duration::from_secs(1),
            shutdown_within: Duration::from_secs(10),
        }
    }
}

impl From<&DaemonConfig> for Options {
    fn from(config: &DaemonConfig) -> Self {
        Self {
            packet_bytes_max: config.packet_bytes_max,
            connections_max: config.connections_max as usize,
            anonymous: config.anonymous,
            ..Self::default()
        }
    }
}

/// Why the listener ended before it was told to. Nothing more was acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum ListenerError {
    #[error("{0}; gateways keep what was not acknowledged and send it again after a restart")]
    Journal(String),
    #[error("store a large MQTT payload: {0}; free or repair the disk, then start again")]
    Blob(String),
}

/// A listener, ready to serve.
pub struct Listener {
    shared: Arc<Shared>,
}

/// What all connections share.
struct Shared {
    options: Options,
    journal: Journal,
    /// Where large payloads lie.
    layout: Layout,
    accounts: Arc<Accounts>,
    sessions: Arc<Sessions>,
    knows: Box<dyn Fn(&ProjectId) -> bool + Send + Sync>,
}

impl Listener {
    /// A listener whose messages go to `journal`, large payloads to `layout`'s blobs. `knows` tells
    /// whether the daemon has a project: anonymous clients publish to those alone.
    pub fn new(
        options: Options,
        journal: Journal,
        layout: Layout,
        accounts: Arc<Accounts>,
        knows: impl Fn(&ProjectId) -> bool + Send + Sync + 'static,
    ) -> Self {
        let sessions = Arc::new(Sessions::new(options.sessions_max));
        let knows = Box::new(knows);
        Self { shared: Arc::new(Shared { options, journal, layout, accounts, sessions, knows }) }
    }

    /// Serves connections until `shutdown` resolves: it then reads no more, acknowledges what is
    /// under way, takes leave of every client, and returns.
    ///
    /// # Errors
    /// When the journal has stopped or a large payload could not be stored.
    pub async fn serve(
        self,
        tcp: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ListenerError> {
        let (stop, stopping) = watch::channel(false);
        let mut connections = JoinSet::new();
        let ended = self.accept(tcp, shutdown, &stopping, &mut connections).await;
        stop.send_replace(true);
        let ending = async {
            let mut ended = ended;
            while let Some(joined) = connections.join_next().await {
                ended = ended.and(outcome(joined));
            }
            ended
        };
        match tokio::time::timeout(self.shared.options.shutdown_within, ending).await {
            Ok(ended) => ended,
            Err(_) => {
                let count = connections.len();
                tracing::warn!(
                    count,
                    "connections did not end in time; what they sent last is not acknowledged"
                );
                connections.shutdown().await;
                self.journal_state()
            }
        }
    }

    async fn accept(
        &self,
        tcp: TcpListener,
        shutdown: impl Future<Output = ()>,
        stopping: &watch::Receiver<bool>,
        connections: &mut JoinSet<Close>,
    ) -> Result<(), ListenerError> {
        let mut state = self.shared.journal.state();
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => return Ok(()),
                () = has_stopped(&mut state) => return self.journal_state(),
                Some(joined) = connections.join_next() => outcome(joined)?,
                accepted = tcp.accept() => match accepted {
                    Ok((stream, peer)) => {
                        self.admit(stream, peer.to_string(), stopping.clone(), connections);
                    }
                    Err(error) => {
                        // Of one connection that is gone already, or for want of descriptors; those
                        // come back when connections end.
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
            }
        }
    }

    fn admit(
        &self,
        stream: TcpStream,
        peer: String,
        stopping: watch::Receiver<bool>,
        connections: &mut JoinSet<Close>,
    ) {
        if connections.len() >= self.shared.options.connections_max {
            metrics::counter!("mrv_mqtt_closed_total", "reason" => "connections_max").increment(1);
            tracing::warn!(peer, "closed: there are as many connections as allowed");
            return;
        }
        let set = stream.set_nodelay(true).and_then(|()| keep_alive(&stream));
        if let Err(error) = set {
            // The client has gone already; the first read will tell.
            tracing::debug!(peer, %error, "socket options could not be set");
        }
        let shared = Arc::clone(&self.shared);
        connections.spawn(async move {
            let _open = Open::count();
            let (reader, writer) = stream.into_split();
            connection::run(&shared, reader, writer, &peer, stopping).await
        });
    }

    fn journal_state(&self) -> Result<(), ListenerError> {
        match &*self.shared.journal.state().borrow() {
            State::Stopped(why) => {
                Err(ListenerError::Journal(format!("the journal stopped: {why}")))
            }
            _ => Ok(()),
        }
    }
}

/// One of the open connections, counted as long as it lives.
struct Open;

impl Open {
    fn count() -> Self {
        metrics::gauge!("mrv_mqtt_connections").increment(1);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!("mrv_mqtt_connections").decrement(1);
    }
}

async fn has_stopped(state: &mut watch::Receiver<State>) {
    // The sender goes with the journal's writer, which has then stopped too.
    let _ = state.wait_for(|state| matches!(state, State::Stopped(_))).await;
}

/// Whether the listener can go on after a connection ended.
fn outcome(joined: Result<Close, tokio::task::JoinError>) -> Result<(), ListenerError> {
    match joined {
        Ok(Close::Journal(why)) => Err(ListenerError::Journal(why)),
        Ok(Close::Blob(why)) => Err(ListenerError::Blob(why)),
        Ok(_) => Ok(()),
        Err(error) => {
            // A defect of ours that one connection met; what it had not acknowledged comes again.
            metrics::counter!("mrv_mqtt_closed_total", "reason" => "panic").increment(1);
            tracing::error!(%error, "a connection ended by a defect of this program");
            Ok(())
        }
    }
}

/// Lets the kernel find out that a peer is gone, for clients without a keep-alive of MQTT.
fn keep_alive(stream: &TcpStream) -> std::io::Result<()> {
    rustix::net::sockopt::set_socket_keepalive(stream, true)?;
    rustix::net::sockopt::set_tcp_keepidle(stream, Duration::from_secs(300))?;
    Ok(())
}
