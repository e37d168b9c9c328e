//! HTTP: health, readiness, metrics, checkpoints. Knows what it is told by closures, nothing of the
//! daemon behind them.
//!
//! | route | |
//! | --- | --- |
//! | `GET /healthz` | 200 while the process runs |
//! | `GET /readyz` | 200 when messages are taken, with the projects that are parked; 503 with the reason when not |
//! | `GET /metrics` | Prometheus' text format |
//! | `GET /checkpoint/{project}` | the project's last signed checkpoint (C2SP tlog-checkpoint) |

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What the routes ask of the daemon.
#[derive(Clone)]
pub struct Views {
    /// The reason why messages are not taken, if they are not.
    pub unready: Arc<dyn Fn() -> Option<String> + Send + Sync>,
    /// Projects that are not published until they are repaired; the others are.
    pub parked: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// The checkpoint of a project by its id as asked for; `None`: there is none.
    pub checkpoint: Arc<dyn Fn(&str) -> Option<String> + Send + Sync>,
}

/// Serves until `shutdown` turns true.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: TcpListener,
    views: Views,
    mut shutdown: watch::Receiver<bool>,
) -> std::io::Result<()> {
    axum::serve(listener, router(views))
        .with_graceful_shutdown(async move {
            // A closed channel means the daemon is gone: an end as well.
            let _ = shutdown.wait_for(|stop| *stop).await;
        })
        .await
}

fn router(views: Views) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(|State(views): State<Views>| async move { (views.metrics)() }))
        .route("/checkpoint/{project}", get(checkpoint))
        .with_state(views)
}

async fn readyz(State(views): State<Views>) -> impl IntoResponse {
    match (views.unready)() {
        None => {
            let parked = (views.parked)().into_iter();
            let told = parked.map(|project| format!("parked: {project}, see the log\n"));
            (StatusCode::OK, std::iter::once("ready\n".to_owned()).chain(told).collect())
        }
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
    }
}

async fn checkpoint(State(views): State<Views>, Path(project): Path<String>) -> impl IntoResponse {
    match (views.checkpoint)(&project) {
        Some(note) => (StatusCode::OK, note),
        None => (StatusCode::NOT_FOUND, "no checkpoint of such a project\n".to_owned()),
    }
}
