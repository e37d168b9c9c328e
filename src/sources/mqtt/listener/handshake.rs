//! From the first byte to CONNACK: which version, who, and with what session.
//!
//! Refuses with the code that the client's version has for it. Never tells whether it was the name or
//! the password that was wrong.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::Shared;
use super::authorise::Grant;
use super::close::{Close, ConnectCode};
use super::connection::read_some;
use super::packet::{self, Connect, Welcome};
use super::session::Session;
use super::wire::{self, Opening, Version};

/// Most messages of QoS 1 and 2 that a client of MQTT 5 may leave unacknowledged: far above the
/// windows that clients use (20 to 100), and a bound on what one connection keeps.
pub const RECEIVE_MAX: u16 = 1_024;
/// Longest CONNECT: before a login a connection may take no more memory than this.
const CONNECT_BYTES_MAX: usize = 64 << 10;
/// Longest client id; MQTT 3.1.1 asks for 23 at least.
const CLIENT_ID_BYTES_MAX: usize = 256;
/// Longest time a session is kept without a connection.
pub const SESSION_KEPT_MAX: Duration = Duration::from_secs(SESSION_S_MAX as u64);
const SESSION_S_MAX: u32 = 7 * 86_400;

/// A client that was let in.
pub struct Accepted {
    pub version: Version,
    pub client_id: Arc<str>,
    pub grant: Grant,
    pub session: Session,
    /// How long nothing may come: 1.5 times the keep-alive (MQTT 5, 3.1.2.10).
    pub silence_max: Option<Duration>,
    /// How long the session outlives the connection.
    pub session_kept: Duration,
}

/// Reads CONNECT, answers it, and gives the client; what came after it stays in `buffer`.
///
/// # Errors
/// Why the client was not let in; it has been told.
pub async fn shake<R, W>(
    shared: &Shared,
    reader: &mut R,
    writer: &mut W,
    buffer: &mut BytesMut,
) -> Result<Accepted, Close>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut version = None;
    let reading = read_connect(shared, reader, buffer, &mut version);
    let read = tokio::time::timeout(shared.options.connect_within, reading)
        .await
        .unwrap_or(Err(Close::ConnectTimeout));
    let entered = match read {
        Ok((version, connect)) => enter(shared, version, connect).await,
        Err(close) => Err(close),
    };
    let mut out = BytesMut::new();
    let result = entered.and_then(|(accepted, welcome, client_takes)| {
        if packet::write_welcome(accepted.version, welcome, client_takes, &mut out) {
            Ok(accepted)
        } else {
            Err(Close::Protocol("the client takes no packet as long as CONNACK"))
        }
    });
    if let Err(close) = &result {
        // Of a level that is not understood, the version is not known and the code says it all.
        let code = close.connect_code(version.unwrap_or(Version::V311));
        if let Some(code) = code {
            let (ConnectCode::V311(number) | ConnectCode::V5(number)) = code;
            let label = format!("{number:#04x}");
            metrics::counter!("mrv_mqtt_connect_refused_total", "code" => label).increment(1);
            out.clear();
            out.extend_from_slice(&packet::refusing_connack(code));
        }
    }
    if !out.is_empty() {
        let writing = tokio::time::timeout(shared.options.write_within, writer.write_all(&out));
        match writing.await {
            // Why it was refused says more than that it could not be told.
            _ if result.is_err() => {}
            Err(_) => return Err(Close::SlowReader),
            Ok(Err(error)) => return Err(Close::Network(error.to_string())),
            Ok(Ok(())) => {}
        }
    }
    result
}

async fn read_connect<R: AsyncRead + Unpin>(
    shared: &Shared,
    reader: &mut R,
    buffer: &mut BytesMut,
    told: &mut Option<Version>,
) -> Result<(Version, Connect), Close> {
    let bytes_max = CONNECT_BYTES_MAX.min(shared.options.packet_bytes_max as usize);
    loop {
        match wire::opening(buffer) {
            Opening::Incomplete => {}
            Opening::NotMqtt(what) => return Err(Close::NotMqtt(what)),
            Opening::UnknownLevel(level) => return Err(Close::ProtocolLevel(level)),
            Opening::Connect(version) => {
                *told = Some(version);
                let len = wire::packet_len(buffer).ok().flatten().unwrap_or(usize::MAX);
                if len > bytes_max {
                    return Err(Close::TooLarge(len));
                }
                if buffer.len() >= len {
                    let connect = packet::read_connect(version, buffer.split_to(len));
                    let connect = connect.map_err(|malformed| Close::Malformed(malformed.0))?;
                    return Ok((version, connect));
                }
            }
        }
        read_some(reader, buffer).await?;
    }
}

/// Checks who it is and takes the session.
async fn enter(
    shared: &Shared,
    version: Version,
    connect: Connect,
) -> Result<(Accepted, Welcome, Option<u32>), Close> {
    if connect.has_auth_method {
        return Err(Close::AuthMethod);
    }
    let client_id = connect.client_id.as_str();
    let is_named = !client_id.is_empty();
    if client_id.len() > CLIENT_ID_BYTES_MAX || client_id.contains('\0') {
        return Err(Close::ClientId);
    }
    if !is_named && version == Version::V311 && !connect.clean_start {
        return Err(Close::ClientId);
    }
    let client_id: Arc<str> = if is_named { client_id.into() } else { assigned_client_id()? };
    let grant = authenticate(shared, connect.login).await?;
    if connect.has_will {
        tracing::debug!(%client_id, "a will is accepted and never published: nobody subscribes");
    }
    let owner = match &grant {
        Grant::Account(account) => Some(Arc::clone(&account.name)),
        Grant::Anonymous => None,
    };
    let attaching = shared.sessions.attach((owner, Arc::clone(&client_id)), connect.clean_start);
    // The older connection of this client may be waiting for the disk; so does this one then.
    let session = tokio::time::timeout(shared.options.connect_within, attaching)
        .await
        .map_err(|_| Close::SessionBusy)?;
    let session_s = connect.session_expiry_s.min(SESSION_S_MAX);
    let welcome = Welcome {
        session_present: session.is_present(),
        assigned_client_id: (!is_named).then(|| client_id.as_ref().to_owned()),
        session_expiry_s: (session_s < connect.session_expiry_s).then_some(session_s),
        receive_max: RECEIVE_MAX,
        packet_bytes_max: shared.options.packet_bytes_max,
    };
    let accepted = Accepted {
        version,
        client_id,
        grant,
        session,
        silence_max: (connect.keep_alive_s > 0)
            .then(|| Duration::from_millis(u64::from(connect.keep_alive_s) * 1_500)),
        session_kept: Duration::from_secs(session_s.into()),
    };
    Ok((accepted, welcome, connect.packet_bytes_max))
}

async fn authenticate(shared: &Shared, login: Option<(String, String)>) -> Result<Grant, Close> {
    let Some((name, password)) = login else {
        return if shared.options.anonymous { Ok(Grant::Anonymous) } else { Err(Close::Login) };
    };
    let checked = Arc::clone(&shared.accounts).authenticate(name, password).await;
    match checked {
        Ok(Some(account)) => Ok(Grant::Account(account)),
        Ok(None) => {
            // A guess costs its connection this long; a gateway with a wrong password retries later
            // anyhow.
            tokio::time::sleep(shared.options.login_pause).await;
            Err(Close::Login)
        }
        Err(error) => Err(Close::Accounts(error.to_string())),
    }
}

fn assigned_client_id() -> Result<Arc<str>, Close> {
    let mut bytes = [0; 16];
    // Without random bytes nobody can be named; the journal would stop for the same lack.
    getrandom::fill(&mut bytes).map_err(|error| Close::Accounts(error.to_string()))?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("mrv-{digits}").into())
}
