//! The writing half of a connection: waits until messages are on disk, then acknowledges them.
//!
//! Takes steps in receipt order, each a group of messages on its way to the disk and the replies that
//! may be sent when it is there; gives bytes to the socket, one write for all steps that are ready.
//! ING-1: it never writes a reply before its step's ticket has resolved, and nothing once one failed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};

use super::close::Close;
use super::packet::{self, Reply};
use super::wire::Version;
use crate::journal::{JournalError, Ticket};

/// Steps that wait for the disk or the socket; beyond it the connection is not read.
pub const STEPS_MAX: usize = 32;
/// Bytes of replies after which they are written, although more steps are ready.
const WRITE_BYTES: usize = 64 << 10;

/// What was read at once.
#[derive(Default)]
pub struct Step {
    /// `None` where nothing was to be journaled.
    pub ticket: Option<Ticket>,
    pub replies: Vec<Reply>,
    /// Messages of QoS 0, 1 and 2, for metrics.
    pub message_counts: [u64; 3],
}

/// The writing half.
pub struct Acks<'a, W> {
    pub writer: &'a mut W,
    pub version: Version,
    /// How long a client may take to read.
    pub write_within: Duration,
    /// QoS 1 messages read and not acknowledged.
    pub unacked: &'a AtomicUsize,
    /// Told when the reading half has no reason to go on.
    pub broken: &'a Notify,
}

impl<W: AsyncWrite + Unpin> Acks<'_, W> {
    /// Goes on until the reading half has ended and all its messages are on disk; after the socket
    /// failed, without writing.
    ///
    /// # Errors
    /// When the journal stopped, at once; when the socket failed.
    pub async fn run(mut self, mut steps: mpsc::Receiver<Step>) -> Result<(), Close> {
        let mut out = BytesMut::new();
        let mut failed = None;
        let mut next = None;
        loop {
            let step = match next.take() {
                Some(step) => Some(step),
                None => steps.recv().await,
            };
            let Some(mut step) = step else { break };
            if let Some(ticket) = &mut step.ticket {
                ticket.durable().await.map_err(|error| self.stop(&error))?;
            }
            self.encode(&step, &mut out);
            while out.len() < WRITE_BYTES
                && let Ok(mut step) = steps.try_recv()
            {
                match step.ticket.as_mut().map(Ticket::durable_already) {
                    // Still on its way: what is ready is not kept back for it.
                    Some(None) => {
                        next = Some(step);
                        break;
                    }
                    Some(Some(Err(error))) => return Err(self.stop(&error)),
                    Some(Some(Ok(_))) | None => self.encode(&step, &mut out),
                }
            }
            if failed.is_none()
                && let Err(close) = self.write(&out).await
            {
                failed = Some(close);
                self.broken.notify_one();
            }
            out.clear();
        }
        failed.map_or(Ok(()), Err)
    }

    fn encode(&self, step: &Step, out: &mut BytesMut) {
        for reply in &step.replies {
            if let Reply::PubAck { .. } = reply {
                self.unacked.fetch_sub(1, Ordering::Relaxed);
            }
            packet::write(self.version, reply, out);
        }
        for (qos, count) in ["0", "1", "2"].into_iter().zip(step.message_counts) {
            if count > 0 {
                let version = self.version.as_str();
                metrics::counter!("mrv_mqtt_messages_total", "qos" => qos, "version" => version)
                    .increment(count);
            }
        }
    }

    async fn write(&mut self, out: &[u8]) -> Result<(), Close> {
        if out.is_empty() {
            return Ok(());
        }
        match tokio::time::timeout(self.write_within, self.writer.write_all(out)).await {
            Err(_) => Err(Close::SlowReader),
            Ok(Err(error)) => Err(Close::Network(error.to_string())),
            Ok(Ok(())) => Ok(()),
        }
    }

    fn stop(&self, error: &JournalError) -> Close {
        self.broken.notify_one();
        Close::Journal(error.to_string())
    }
}
