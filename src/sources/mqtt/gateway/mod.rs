//! A gateway's side of MQTT: publishes messages with QoS 1 until each is acknowledged.
//!
//! Takes messages in order; tells of each acknowledgement. What was sent and not acknowledged when a
//! connection ends is sent again on the next one, so a daemon that dies between its fsync and the
//! acknowledgement gets real duplicates. Speaks 3.1.1 and 5. Every connection is a clean session:
//! the window is kept here, since rumqttc's own event loop forgets it where the server has no session
//! to resume; so this uses its packet codecs alone. Never looks into a payload.

mod packets;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// Bytes gathered before they are written.
const WRITE_BYTES: usize = 64 << 10;
/// Pause before a connection is tried again: doubled from the first to the last.
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// How far the sender may fall behind its rate before it starts counting anew.
const BEHIND_MAX: Duration = Duration::from_millis(100);

/// The protocol spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    V311,
    V5,
}

/// How to publish.
#[derive(Debug, Clone)]
pub struct Options {
    /// Host and port.
    pub address: String,
    pub client_id: String,
    pub protocol: Protocol,
    /// User and password.
    pub account: Option<(String, String)>,
    /// Most messages sent and not acknowledged.
    pub window: u16,
    /// Messages a second; `None` for as fast as they are acknowledged.
    pub rate: Option<u32>,
    /// Longest time without any acknowledgement, connections tried again meanwhile.
    pub patience: Duration,
}

/// A message to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
}

/// What the server said of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// On disk.
    Acknowledged,
    /// MQTT 5: refused for this reason; not sent again.
    Refused(String),
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Published {
    pub acknowledged: u64,
    pub refused: u64,
    /// Publishes on the wire: more than the messages where some were sent again.
    pub sent: u64,
    pub connections: u64,
}

/// Why publishing ended before its last message.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error(
        "{address} refused the connection: {reason}; check the user, the password and the daemon"
    )]
    Refused { address: String, reason: String },
    #[error(
        "{address} acknowledged nothing for {seconds} s, last fault: {last}; is the daemon running?"
    )]
    Silent { address: String, seconds: u64, last: String },
}

/// Publishes all messages; `answered` is called once for each, with its number from 0.
///
/// # Errors
/// When the server refuses the connection, or nothing is acknowledged for longer than the patience.
/// What was acknowledged until then has been told.
pub async fn publish<M>(
    options: &Options,
    messages: M,
    mut answered: impl FnMut(u64, Answer),
) -> Result<Published, GatewayError>
where
    M: IntoIterator<Item = Message>,
{
    let mut sending = Sending {
        messages: messages.into_iter(),
        next_number: 0,
        next_id: 0,
        unanswered: VecDeque::new(),
        is_over: false,
        due: Instant::now(),
        published: Published::default(),
        last_answer: Instant::now(),
    };
    let mut pause = PAUSE_MIN;
    loop {
        let before = sending.published.acknowledged + sending.published.refused;
        let fault = match run(options, &mut sending, &mut answered).await {
            Ok(()) => return Ok(sending.published),
            Err(Fault::Refused(reason)) => {
                return Err(GatewayError::Refused { address: options.address.clone(), reason });
            }
            Err(Fault::Io(fault)) => fault,
        };
        if sending.published.acknowledged + sending.published.refused > before {
            pause = PAUSE_MIN;
        }
        if sending.last_answer.elapsed() > options.patience {
            return Err(GatewayError::Silent {
                address: options.address.clone(),
                seconds: options.patience.as_secs(),
                last: fault.to_string(),
            });
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// What outlives a connection.
struct Sending<I> {
    messages: I,
    next_number: u64,
    /// Packet id of the last publish on this connection.
    next_id: u16,
    /// Sent or to be sent again, in order.
    unanswered: VecDeque<Unanswered>,
    /// There are no more messages.
    is_over: bool,
    /// When the next new message may be sent.
    due: Instant,
    published: Published,
    last_answer: Instant,
}

struct Unanswered {
    number: u64,
    /// On this connection; 0: not yet sent on it.
    packet_id: u16,
    message: Message,
}

/// Why a connection ended.
enum Fault {
    Refused(String),
    Io(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<I: Iterator<Item = Message>> Sending<I> {
    /// Writes what may be sent now, again or for the first time.
    fn fill(&mut self, options: &Options, window: u16, buffer: &mut BytesMut) -> Result<(), Fault> {
        for index in 0..self.unanswered.len().min(window.into()) {
            if buffer.len() >= WRITE_BYTES {
                return Ok(());
            }
            if self.unanswered[index].packet_id == 0 {
                let id = self.take_id();
                self.unanswered[index].packet_id = id;
                self.write(options, index, buffer)?;
            }
        }
        while !self.is_over
            && self.unanswered.len() < usize::from(window)
            && buffer.len() < WRITE_BYTES
            && self.is_due(options)
        {
            let Some(message) = self.messages.next() else {
                self.is_over = true;
                break;
            };
            let packet_id = self.take_id();
            self.unanswered.push_back(Unanswered { number: self.next_number, packet_id, message });
            self.next_number += 1;
            self.write(options, self.unanswered.len() - 1, buffer)?;
        }
        Ok(())
    }

    /// Whether the rate lets a new message go; if so, it is counted.
    fn is_due(&mut self, options: &Options) -> bool {
        let Some(rate) = options.rate else { return true };
        let now = Instant::now();
        if self.due > now {
            return false;
        }
        if now - self.due > BEHIND_MAX {
            self.due = now;
        }
        self.due += Duration::from_secs(1) / rate.max(1);
        true
    }

    /// Ids are taken in turn; the window is far below 65,535, so a free one always follows.
    fn take_id(&mut self) -> u16 {
        self.next_id = self.next_id.checked_add(1).unwrap_or(1);
        self.next_id
    }

    fn write(
        &mut self,
        options: &Options,
        index: usize,
        buffer: &mut BytesMut,
    ) -> Result<(), Fault> {
        let Unanswered { packet_id, message, .. } = &self.unanswered[index];
        self.published.sent += 1;
        packets::write_publish(options.protocol, *packet_id, message, buffer)?;
        Ok(())
    }

    /// Takes an acknowledgement. Servers answer in order as a rule, so it is found at the front.
    fn answer(
        &mut self,
        packet_id: u16,
        answer: Answer,
        answered: &mut impl FnMut(u64, Answer),
    ) -> Result<(), Fault> {
        let Some(index) = self.unanswered.iter().position(|one| one.packet_id == packet_id) else {
            let text = format!("acknowledgement of packet {packet_id}, which was not sent");
            return Err(Fault::Io(io::Error::new(io::ErrorKind::InvalidData, text)));
        };
        self.last_answer = Instant::now();
        match answer {
            Answer::Acknowledged => self.published.acknowledged += 1,
            Answer::Refused(_) => self.published.refused += 1,
        }
        if let Some(one) = self.unanswered.remove(index) {
            answered(one.number, answer);
        }
        Ok(())
    }
}

/// One connection, until every message is answered or something ends it.
async fn run<I: Iterator<Item = Message>>(
    options: &Options,
    sending: &mut Sending<I>,
    answered: &mut impl FnMut(u64, Answer),
) -> Result<(), Fault> {
    for one in &mut sending.unanswered {
        one.packet_id = 0;
    }
    let mut input = BytesMut::new();
    let (mut stream, receive_max) =
        timeout(options.patience, packets::connect(options, &mut input))
            .await
            .map_err(io::Error::from)??;
    sending.published.connections += 1;
    let window = options.window.min(receive_max).max(1);
    let (mut reader, mut writer) = stream.split();
    let mut output = BytesMut::new();
    loop {
        sending.fill(options, window, &mut output)?;
        if sending.is_over && sending.unanswered.is_empty() {
            packets::write_disconnect(options.protocol, &mut output)?;
            // Everything is acknowledged: how the connection ends does not matter.
            let _ = writer.write_all(&output).await;
            let _ = writer.shutdown().await;
            return Ok(());
        }
        let has_room = !sending.is_over && sending.unanswered.len() < usize::from(window);
        let patience_ends = sending.last_answer + options.patience;
        tokio::select! {
            read = reader.read_buf(&mut input) => {
                if read? == 0 {
                    return Err(Fault::Io(io::ErrorKind::UnexpectedEof.into()));
                }
                while let Some((packet_id, answer)) = packets::next_answer(options.protocol, &mut input)? {
                    sending.answer(packet_id, answer, answered)?;
                }
            }
            written = writer.write_buf(&mut output), if !output.is_empty() => drop(written?),
            () = sleep_until(sending.due), if has_room && output.is_empty() => {}
            () = sleep_until(patience_ends), if !sending.unanswered.is_empty() => {
                return Err(Fault::Io(io::ErrorKind::TimedOut.into()));
            }
        }
    }
}
