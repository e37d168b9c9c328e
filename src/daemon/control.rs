//! The control socket: a command hands its request to the daemon that holds the folder.
//!
//! `<data>/control.sock`, for the owner alone. One JSON request per line, one JSON answer per line.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use super::DaemonError;
use super::engine::SharedEngine;
use super::request::{Answer, Request};

/// Longest request, in bytes: a plan or methodology with room to spare.
const REQUEST_BYTES_MAX: u64 = 4 << 20;

/// Opens the socket, in place of one that a dead daemon left behind.
///
/// # Errors
/// When it cannot be made.
pub fn bind(path: &Path) -> Result<UnixListener, DaemonError> {
    if path.exists() {
        std::fs::remove_file(path).map_err(DaemonError::io("remove", path))?;
    }
    let socket = UnixListener::bind(path).map_err(DaemonError::io("listen on", path))?;
    let owner_alone = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(path, owner_alone).map_err(DaemonError::io("protect", path))?;
    Ok(socket)
}

/// Answers requests until `shutdown` turns true.
pub async fn serve(
    socket: UnixListener,
    engine: SharedEngine,
    mut shutdown: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = shutdown.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let engine = SharedEngine::clone(&engine);
                tokio::spawn(async move {
                    if let Err(error) = converse(stream, &engine).await {
                        tracing::warn!(%error, "control: a conversation broke off");
                    }
                });
            }
            Err(error) => tracing::warn!(%error, "control: accept failed"),
        }
    }
}

/// Hands a request to a running daemon and waits for its answer.
///
/// # Errors
/// When there is none, or the conversation breaks off.
pub async fn ask(path: &Path, request: &Request) -> Result<Answer, DaemonError> {
    let broken = |reason: String| DaemonError::Control { path: path.display().to_string(), reason };
    let io = |error: std::io::Error| broken(error.to_string());
    let stream = UnixStream::connect(path).await.map_err(io)?;
    let (read, mut write) = stream.into_split();
    let mut line = serde_json::to_vec(request).map_err(|error| broken(error.to_string()))?;
    line.push(b'\n');
    write.write_all(&line).await.map_err(io)?;
    let mut answer = String::new();
    BufReader::new(read).read_line(&mut answer).await.map_err(io)?;
    if answer.is_empty() {
        return Err(broken("it ended without an answer; see its log".to_owned()));
    }
    serde_json::from_str(&answer).map_err(|error| broken(error.to_string()))
}

async fn converse(stream: UnixStream, engine: &SharedEngine) -> Result<(), std::io::Error> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read.take(REQUEST_BYTES_MAX)).lines();
    while let Some(line) = lines.next_line().await? {
        let answer = match serde_json::from_str::<Request>(&line) {
            Ok(request) => engine
                .carry_out(request)
                .await
                .unwrap_or_else(|error| Answer::Failed { reason: error.to_string() }),
            Err(error) => Answer::Failed { reason: format!("not a request: {error}") },
        };
        let mut bytes = serde_json::to_vec(&answer).map_err(std::io::Error::other)?;
        bytes.push(b'\n');
        write.write_all(&bytes).await?;
    }
    Ok(())
}
