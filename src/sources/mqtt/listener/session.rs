//! Sessions: one connection at a time per client id, and the packet ids of QoS 2 that wait for
//! PUBREL.
//!
//! In memory only: after a restart of the daemon a redelivery is journaled again, and told as a
//! duplicate later. A client id is its account's own: no gateway can end another's connection by
//! guessing its id.
//!
//! A connection holds its session until every message it handed to the journal is on disk, so the
//! next connection of the same client can trust every id that it finds.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedMutexGuard, watch};
use tokio::time::Instant;

use super::packet::Publish;

/// Whose session: the account's name (`None` for anonymous clients) and the client id.
pub type Key = (Option<Arc<str>>, Arc<str>);

/// All sessions of a listener.
pub struct Sessions {
    slots: Mutex<HashMap<Key, Arc<Slot>>>,
    /// Most sessions kept without a connection; beyond it those are forgotten that ended first.
    kept_max: usize,
}

struct Slot {
    /// Counts the connections of this client: the newest one is right.
    newest: watch::Sender<u64>,
    state: Arc<tokio::sync::Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// When the connection ended, and until when the session is kept.
    kept: Option<(Instant, Instant)>,
    /// QoS 2 messages journaled and not yet released: packet id and what was published.
    received: HashMap<u16, u64>,
    /// For hashing what was published.
    hasher: RandomState,
}

impl State {
    fn is_kept_at(&self, now: Instant) -> bool {
        self.kept.is_some_and(|(_, until)| until > now)
    }
}

/// A session in the hands of its connection.
pub struct Session {
    sessions: Arc<Sessions>,
    key: Key,
    slot: Arc<Slot>,
    /// Taken on release.
    state: Option<OwnedMutexGuard<State>>,
    number: u64,
    newest: watch::Receiver<u64>,
    is_present: bool,
}

impl Sessions {
    #[must_use]
    pub fn new(kept_max: usize) -> Self {
        Self { slots: Mutex::default(), kept_max }
    }

    /// Takes the session of a client for a new connection: tells an older one to end, and waits until
    /// it has.
    pub async fn attach(self: &Arc<Self>, key: Key, clean_start: bool) -> Session {
        let (slot, number) = {
            let mut slots = self.lock();
            let slot = Arc::clone(slots.entry(key.clone()).or_insert_with(|| {
                Arc::new(Slot { newest: watch::Sender::new(0), state: Arc::default() })
            }));
            let mut number = 0;
            slot.newest.send_modify(|newest| {
                *newest += 1;
                number = *newest;
            });
            (slot, number)
        };
        // Built before the wait, so that giving up waiting leaves no empty slot behind.
        let newest = slot.newest.subscribe();
        let mut session = Session {
            sessions: Arc::clone(self),
            key,
            slot,
            state: None,
            number,
            newest,
            is_present: false,
        };
        let mut state = Arc::clone(&session.slot.state).lock_owned().await;
        if clean_start || !state.is_kept_at(Instant::now()) {
            *state = State::default();
        } else {
            session.is_present = true;
        }
        session.state = Some(state);
        session
    }

    /// Forgets what has expired, and what ended first where too many are kept.
    fn forget_some(&self) {
        let mut slots = self.lock();
        if slots.len() <= self.kept_max {
            return;
        }
        let now = Instant::now();
        let mut ended = Vec::new();
        slots.retain(|key, slot| {
            // In use, or about to be: whoever attaches does so under the lock of `slots`.
            if Arc::strong_count(slot) > 1 {
                return true;
            }
            let Ok(state) = slot.state.try_lock() else { return true };
            let Some((at, _)) = state.kept.filter(|_| state.is_kept_at(now)) else { return false };
            ended.push((at, key.clone()));
            true
        });
        ended.sort_by_key(|(at, _)| *at);
        // A tenth more than need be, so that this is not done for each of many connections.
        // The session that was just let go counts too, although its connection still refers to it.
        let surplus = (ended.len() + 1).saturating_sub(self.kept_max - self.kept_max / 10);
        for (_, key) in ended.into_iter().take(surplus) {
            slots.remove(&key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Whether an earlier session goes on.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.is_present
    }

    /// Waits until another connection of this client has come.
    pub async fn taken_over(&self) {
        let mut newest = self.newest.clone();
        // The sender lives in the slot that this session holds.
        let _ = newest.wait_for(|newest| *newest > self.number).await;
    }

    /// Notes a QoS 2 message; false if it is the one noted under this id already, sent again. Under
    /// the same id but with other bytes it is a new one, of a client that has lost its own state.
    pub fn receive(&mut self, publish: &Publish) -> bool {
        let Some(state) = self.state.as_mut() else { return true };
        let what = state.hasher.hash_one((&publish.topic, &publish.payload));
        state.received.insert(publish.packet_id, what) != Some(what)
    }

    /// Forgets a QoS 2 message; false if none was noted under this id.
    pub fn release(&mut self, packet_id: u16) -> bool {
        self.state.as_mut().is_some_and(|state| state.received.remove(&packet_id).is_some())
    }

    /// Ends the connection's hold, after everything noted is on disk. The session is kept for this
    /// long. Dropped instead, it ends, since what it noted may not be on disk.
    pub fn keep(mut self, keep: Duration) {
        if keep.is_zero() {
            return;
        }
        if let Some(mut state) = self.state.take() {
            let now = Instant::now();
            state.kept = Some((now, now + keep));
            drop(state);
            self.sessions.forget_some();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut slots = self.sessions.lock();
        if let Some(mut state) = self.state.take() {
            *state = State::default();
        }
        // The map and this session: nobody waits for it.
        let is_last = Arc::strong_count(&self.slot) == 2;
        let is_over = self.slot.state.try_lock().is_ok_and(|state| state.kept.is_none());
        if is_last && is_over {
            slots.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::Qos;
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn key(client: &str) -> Key {
        (None, client.into())
    }

    fn publish(packet_id: u16, payload: &'static str) -> Publish {
        Publish {
            qos: Qos::ExactlyOnce,
            packet_id,
            topic: "t".into(),
            payload: payload.into(),
            has_topic_alias: false,
        }
    }

    #[tokio::test]
    async fn a_kept_session_remembers_what_was_received() {
        let sessions = Arc::new(Sessions::new(10));
        let mut first = sessions.attach(key("a"), false).await;
        assert!(!first.is_present());
        assert!(first.receive(&publish(1, "x")));
        assert!(!first.receive(&publish(1, "x")), "sent again");
        assert!(first.receive(&publish(2, "x")));
        assert!(first.release(2));
        first.keep(DAY);
        let mut second = sessions.attach(key("a"), false).await;
        assert!(second.is_present());
        assert!(!second.receive(&publish(1, "x")), "sent again on a new connection");
        assert!(second.receive(&publish(1, "y")), "another message under the same id");
        assert!(!second.release(2));
        second.keep(DAY);
        assert!(!sessions.attach((Some("gw".into()), "a".into()), false).await.is_present());
        let clean = sessions.attach(key("a"), true).await;
        assert!(!clean.is_present());
        drop(clean);
        assert!(!sessions.attach(key("a"), false).await.is_present(), "dropped, not kept");
        assert!(sessions.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_expires() {
        let sessions = Arc::new(Sessions::new(10));
        sessions.attach(key("a"), false).await.keep(Duration::from_secs(10));
        tokio::time::advance(Duration::from_secs(9)).await;
        let again = sessions.attach(key("a"), false).await;
        assert!(again.is_present());
        again.keep(Duration::from_secs(10));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(!sessions.attach(key("a"), false).await.is_present());
    }

    #[tokio::test(start_paused = true)]
    async fn the_sessions_that_ended_first_are_forgotten_beyond_the_limit() {
        let sessions = Arc::new(Sessions::new(3));
        for client in ["a", "b", "c", "d"] {
            sessions.attach(key(client), false).await.keep(DAY);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!(!sessions.attach(key("a"), false).await.is_present());
        for client in ["b", "c", "d"] {
            let session = sessions.attach(key(client), false).await;
            assert!(session.is_present(), "{client}");
            session.keep(DAY);
        }
    }

    #[tokio::test]
    async fn the_newest_connection_of_a_client_has_the_session() {
        let sessions = Arc::new(Sessions::new(10));
        let first = sessions.attach(key("a"), false).await;
        let start = |sessions: &Arc<Sessions>| {
            let sessions = Arc::clone(sessions);
            tokio::spawn(async move { sessions.attach(key("a"), false).await })
        };
        let second = start(&sessions);
        first.taken_over().await;
        assert!(!second.is_finished(), "it waits until the first has let go");
        let third = start(&sessions);
        tokio::task::yield_now().await;
        first.keep(DAY);
        let second = second.await.unwrap();
        second.taken_over().await;
        second.keep(DAY);
        let third = third.await.unwrap();
        assert!(third.is_present());
    }
}
