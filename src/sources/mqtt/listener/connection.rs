//! One connection from its first byte to its close.
//!
//! Takes a stream of any kind, gives the reason it ended. Reads all packets that are buffered as one
//! group, hands the group's messages to the journal, and leaves the replies to [`super::acks`], with
//! several groups under way. While the journal has no room the socket is not read: TCP slows the
//! gateway. Whatever ends the connection, what was read whole before it is journaled first.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use super::Shared;
use super::acks::{Acks, STEPS_MAX, Step};
use super::authorise::Grant;
use super::close::Close;
use super::handshake::{self, Accepted, RECEIVE_MAX};
use super::packet::{self, Packet, Publish, Qos, Refusal, Reply};
use super::publish::{Rejected, Topic, Topics};
use super::session::Session;
use super::wire::{self, Version};
use crate::dataset::DatasetError;
use crate::dataset::blob::{self, Stored};
use crate::domain::message::{Draft, INLINE_PAYLOAD_BYTES_MAX, Kind, Nonce, Payload, Source};

/// Bytes read at once, and so most bytes of a group of small messages.
const READ_BYTES: usize = 64 << 10;
/// How long a client that is sent away may take to read why.
const LINGER: Duration = Duration::from_secs(1);
/// Pause before a blob that found the disk full is stored again.
const FULL_DISK_PAUSE: Duration = Duration::from_millis(500);

/// Serves one connection until it ends, or `stop` turns true.
pub async fn run<R, W>(
    shared: &Shared,
    mut reader: R,
    mut writer: W,
    peer: &str,
    mut stop: watch::Receiver<bool>,
) -> Close
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut buffer = BytesMut::new();
    let shaken = tokio::select! {
        shaken = handshake::shake(shared, &mut reader, &mut writer, &mut buffer) => shaken,
        // There is no CONNECT to answer, or its answer can wait for the next start.
        () = stopped(&mut stop) => Err(Close::ShuttingDown),
    };
    let close = match shaken {
        Ok(accepted) => {
            let client = accepted.grant.client();
            let (id, version) = (Arc::clone(&accepted.client_id), accepted.version);
            tracing::info!(
                peer,
                client = &*client,
                id = &*id,
                version = version.as_str(),
                "connected"
            );
            let close = converse(shared, accepted, &mut reader, &mut writer, buffer, stop).await;
            told(&close, peer, &client, &id);
            if let (Version::V5, Some(code)) = (version, close.disconnect_code()) {
                let _ = write_within(&mut writer, &packet::disconnect(code)).await;
            }
            close
        }
        Err(close) => {
            told(&close, peer, "", "");
            close
        }
    };
    part(&mut reader, &mut writer, &close).await;
    close
}

/// Reads what has come, at least a byte.
///
/// # Errors
/// When the client has closed, or the network failed.
pub async fn read_some<R: AsyncRead + Unpin>(
    reader: &mut R,
    buffer: &mut BytesMut,
) -> Result<(), Close> {
    buffer.reserve(READ_BYTES);
    match reader.read_buf(buffer).await {
        Ok(0) => Err(Close::Gone),
        Ok(_) => Ok(()),
        Err(error) => Err(Close::Network(error.to_string())),
    }
}

/// Both halves of a connection that was let in. When it returns, everything read is on disk and the
/// session free, unless the journal has stopped.
async fn converse<R, W>(
    shared: &Shared,
    accepted: Accepted,
    reader: &mut R,
    writer: &mut W,
    buffer: BytesMut,
    stop: watch::Receiver<bool>,
) -> Close
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (unacked, broken) = (AtomicUsize::new(0), Notify::new());
    let (steps, queue) = mpsc::channel(STEPS_MAX);
    let mut incoming = Incoming {
        shared,
        version: accepted.version,
        client: accepted.grant.client(),
        grant: accepted.grant,
        topics: Topics::default(),
        session: accepted.session,
        session_kept: accepted.session_kept,
        silence_max: accepted.silence_max,
        unreleased: HashSet::new(),
        unacked: &unacked,
        broken: &broken,
        buffer,
        stop,
    };
    let acks = Acks {
        writer,
        version: accepted.version,
        write_within: shared.options.write_within,
        unacked: &unacked,
        broken: &broken,
    };
    let reading = async {
        // Dropping the sender when the reading ends is what ends the writing.
        let steps = steps;
        incoming.run(reader, &steps).await
    };
    let (read, written) = tokio::join!(reading, acks.run(queue));
    let close = written.err().unwrap_or(read);
    if !close.is_fatal() {
        incoming.session.keep(incoming.session_kept);
    }
    close
}

/// The reading half.
struct Incoming<'a> {
    shared: &'a Shared,
    version: Version,
    grant: Grant,
    topics: Topics,
    client: Arc<str>,
    session: Session,
    session_kept: Duration,
    silence_max: Option<Duration>,
    /// QoS 2 messages of this connection that wait for PUBREL.
    unreleased: HashSet<u16>,
    unacked: &'a AtomicUsize,
    broken: &'a Notify,
    buffer: BytesMut,
    stop: watch::Receiver<bool>,
}

/// What stands in the buffer, to be journaled and answered at once.
#[derive(Default)]
struct Group {
    drafts: Vec<Draft>,
    step: Step,
}

impl Incoming<'_> {
    async fn run<R: AsyncRead + Unpin>(
        &mut self,
        reader: &mut R,
        steps: &mpsc::Sender<Step>,
    ) -> Close {
        let mut heard_at = Instant::now();
        loop {
            let mut group = Group::default();
            let taken = self.take_all(&mut group).await;
            if let Err(close) = self.submit(&mut group, steps).await {
                return close;
            }
            match taken {
                Ok(0) => {}
                // Measured from here, not from the arrival: while the journal has no room, the
                // silence is ours.
                Ok(_) => heard_at = Instant::now(),
                Err(close) => return close,
            }
            let silence = async {
                match self.silence_max {
                    Some(silence_max) => tokio::time::sleep_until(heard_at + silence_max).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                read = read_some(reader, &mut self.buffer) => if let Err(close) = read {
                    return close;
                },
                () = self.session.taken_over() => return Close::TakenOver,
                () = stopped(&mut self.stop) => return Close::ShuttingDown,
                // The writing half says why.
                () = self.broken.notified() => return Close::Gone,
                () = silence => return Close::KeepAlive,
            }
        }
    }

    /// Takes every whole packet from the buffer and gives their number.
    async fn take_all(&mut self, group: &mut Group) -> Result<usize, Close> {
        let mut count = 0;
        loop {
            let len = wire::packet_len(&self.buffer);
            let len = len.map_err(|what| Close::Malformed(what.to_owned()))?;
            let Some(len) = len else { return Ok(count) };
            if len > self.shared.options.packet_bytes_max as usize {
                return Err(Close::TooLarge(len));
            }
            if self.buffer.len() < len {
                return Ok(count);
            }
            let packet = packet::read(self.version, self.buffer.split_to(len))
                .map_err(|malformed| Close::Malformed(malformed.0))?;
            self.take(packet, group).await?;
            count += 1;
        }
    }

    async fn take(&mut self, packet: Packet, group: &mut Group) -> Result<(), Close> {
        let replies = &mut group.step.replies;
        match packet {
            Packet::Publish(publish) => self.publish(publish, group).await?,
            Packet::PubRel { packet_id } => {
                let is_known = self.session.release(packet_id);
                self.unreleased.remove(&packet_id);
                replies.push(Reply::PubComp { packet_id, is_known });
            }
            Packet::Subscribe { packet_id, filter_count } => {
                replies.push(Reply::SubAck { packet_id, filter_count });
            }
            Packet::Unsubscribe { packet_id, filter_count } => {
                replies.push(Reply::UnsubAck { packet_id, filter_count });
            }
            Packet::Ping => replies.push(Reply::Ping),
            Packet::Disconnect { session_expiry_s } => {
                if let Some(session_expiry_s) = session_expiry_s {
                    if self.session_kept.is_zero() && session_expiry_s > 0 {
                        return Err(Close::Protocol("a session to be kept that was not to be"));
                    }
                    let asked = Duration::from_secs(session_expiry_s.into());
                    self.session_kept = asked.min(handshake::SESSION_KEPT_MAX);
                }
                return Err(Close::Left);
            }
            Packet::Unexpected(what) => return Err(Close::Protocol(what)),
        }
        Ok(())
    }

    async fn publish(&mut self, publish: Publish, group: &mut Group) -> Result<(), Close> {
        if publish.has_topic_alias {
            return Err(Close::TopicAlias);
        }
        let knows = |project: &_| (self.shared.knows)(project);
        let topic = match self.topics.judge(&publish.topic, &self.grant, knows) {
            Ok(topic) => Ok(topic),
            Err(Rejected::Malformed(malformed)) => return Err(Close::Malformed(malformed.0)),
            Err(Rejected::Refused(refusal)) => Err(refusal),
        };
        let packet_id = publish.packet_id;
        match publish.qos {
            Qos::AtMostOnce => {}
            Qos::AtLeastOnce => {
                self.unacked.fetch_add(1, Ordering::Relaxed);
            }
            Qos::ExactlyOnce => {
                self.unreleased.insert(packet_id);
            }
        }
        let unacked = self.unacked.load(Ordering::Relaxed) + self.unreleased.len();
        if self.version == Version::V5 && unacked > usize::from(RECEIVE_MAX) {
            return Err(Close::ReceiveMax);
        }
        let Topic { name, project } = match topic {
            Ok(topic) => topic,
            Err(refusal) => return self.refuse(&publish, refusal, group),
        };
        let is_new = publish.qos != Qos::ExactlyOnce || self.session.receive(&publish);
        if is_new {
            let Stored { payload, nonce } = self.store(publish.payload).await?;
            group.drafts.push(Draft {
                project,
                kind: Kind::Data,
                source: Source::MqttListener,
                client: Arc::clone(&self.client),
                name,
                payload,
                nonce,
            });
            group.step.message_counts[publish.qos as usize] += 1;
        }
        match publish.qos {
            Qos::AtMostOnce => {}
            Qos::AtLeastOnce => {
                group.step.replies.push(Reply::PubAck { packet_id, refusal: None });
            }
            Qos::ExactlyOnce => {
                group.step.replies.push(Reply::PubRec { packet_id, refusal: None });
            }
        }
        Ok(())
    }

    /// Tells a client of MQTT 5 by the acknowledgement; MQTT 3.1.1 has only the close.
    fn refuse(
        &mut self,
        publish: &Publish,
        refusal: Refusal,
        group: &mut Group,
    ) -> Result<(), Close> {
        metrics::counter!("mrv_mqtt_refused_total", "code" => refusal.as_str()).increment(1);
        let (client, topic) = (&*self.client, &*String::from_utf8_lossy(&publish.topic));
        tracing::debug!(client, topic, code = refusal.as_str(), "publish refused");
        if self.version == Version::V311 {
            return Err(Close::Publish(refusal));
        }
        let (packet_id, refusal) = (publish.packet_id, Some(refusal));
        match publish.qos {
            Qos::AtMostOnce => {}
            Qos::AtLeastOnce => group.step.replies.push(Reply::PubAck { packet_id, refusal }),
            Qos::ExactlyOnce => {
                self.unreleased.remove(&packet_id);
                group.step.replies.push(Reply::PubRec { packet_id, refusal });
            }
        }
        Ok(())
    }

    /// The payload as the journal takes it: a large one is on disk, with its name, when this returns.
    async fn store(&self, payload: Bytes) -> Result<Stored, Close> {
        if payload.len() <= INLINE_PAYLOAD_BYTES_MAX {
            return Ok(Stored { payload: Payload::Inline(payload), nonce: None });
        }
        let mut was_full = false;
        loop {
            let (layout, payload) = (self.shared.layout.clone(), payload.clone());
            let storing = tokio::task::spawn_blocking(move || {
                let mut nonce = Nonce([0; 16]);
                getrandom::fill(&mut nonce.0).map_err(|error| Close::Blob(error.to_string()))?;
                let shown = Path::new("an MQTT payload");
                Ok(blob::store(&layout, &mut &payload[..], shown, nonce))
            });
            match storing.await.map_err(|error| Close::Blob(error.to_string()))?? {
                Ok(stored) => return Ok(stored),
                Err(DatasetError::Io { ref source, .. }) if crate::journal::is_want(source) => {
                    if !was_full {
                        tracing::error!(
                            error = %source,
                            "a large message waits, nothing is acknowledged"
                        );
                    }
                    was_full = true;
                    tokio::time::sleep(FULL_DISK_PAUSE).await;
                }
                Err(error) => return Err(Close::Blob(error.to_string())),
            }
        }
    }

    /// Hands the group to the journal and its replies to the writing half, in the order read.
    async fn submit(&self, group: &mut Group, steps: &mpsc::Sender<Step>) -> Result<(), Close> {
        let mut step = std::mem::take(&mut group.step);
        if !group.drafts.is_empty() {
            let drafts = std::mem::take(&mut group.drafts);
            let ticket = self.shared.journal.submit(drafts).await;
            step.ticket = Some(ticket.map_err(|error| Close::Journal(error.to_string()))?);
        } else if step.replies.is_empty() {
            return Ok(());
        }
        // The writing half ends before this one only when the journal has stopped, and says so.
        steps.send(step).await.map_err(|_| Close::Gone)
    }
}

/// Resolves when the listener is to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A listener that is gone has stopped too.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn told(close: &Close, peer: &str, client: &str, id: &str) {
    let reason = close.as_str();
    metrics::counter!("mrv_mqtt_closed_total", "reason" => reason).increment(1);
    match close {
        Close::Left | Close::Gone | Close::ShuttingDown => {
            tracing::info!(peer, client, id, reason, "closed: {close}");
        }
        _ if close.is_fatal() => tracing::error!(peer, client, id, reason, "closed: {close}"),
        _ => tracing::warn!(peer, client, id, reason, "closed: {close}"),
    }
}

async fn write_within<W: AsyncWrite + Unpin>(writer: &mut W, bytes: &[u8]) -> std::io::Result<()> {
    let writing = tokio::time::timeout(LINGER, writer.write_all(bytes));
    writing.await.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
}

/// Closes the stream. Who is sent away gets a moment to read why: bytes that nobody reads would make
/// the kernel reset the connection, and what was written last be lost.
async fn part<R, W>(reader: &mut R, writer: &mut W, close: &Close)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    if matches!(close, Close::Gone | Close::Network(_) | Close::SlowReader) {
        return;
    }
    let parting = async {
        if writer.shutdown().await.is_err() || *close == Close::Left {
            return;
        }
        let mut discarded = vec![0; 4_096];
        while let Ok(1..) = reader.read(&mut discarded).await {}
    };
    let _ = tokio::time::timeout(LINGER, parting).await;
}
