//! `mrv serve`: the daemon.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::{Context, Ended};
use crate::api::{self, Views};
use crate::daemon::serve::Daemon;
use crate::dataset::layout::Layout;
use crate::domain::id::ProjectId;
use crate::telemetry::{self, LogFormat, Metrics};

/// Run the daemon: take readings, keep them, publish the tables.
///
/// Gateways connect by MQTT 3.1.1 or 5 to the address in the configuration; files are dropped into
/// <data>/inbox/<project>/. A message is acknowledged after it is on disk. Health, readiness and
/// metrics are served by HTTP (/healthz, /readyz, /metrics). SIGTERM or Ctrl-C: stop reading,
/// acknowledge what is on disk, publish, leave. One daemon per folder; other commands reach it over
/// <data>/control.sock.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Log level for this run: error, warn, info, debug, trace.
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
}

pub fn run(context: &Context, arguments: Arguments) -> Result<Ended> {
    let (config, layout) = context.open()?;
    let format = match config.log_json || context.is_json {
        true => LogFormat::Json,
        false => LogFormat::Human,
    };
    telemetry::start_logs(format, arguments.log.as_deref().unwrap_or(&config.log_level))?;
    let metrics = Metrics::start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    runtime.block_on(async {
        let http_address = config.http;
        let daemon = Daemon::open(&layout, config).await?;
        let http = TcpListener::bind(http_address).await.with_context(|| {
            format!("listen on {http_address}: choose another address for [http]")
        })?;
        let (stop, shutdown) = watch::channel(false);
        // Before anybody can know that the daemon is ready, so that it always ends in good order.
        let signals = Signals::listen()?;
        let views = views(&daemon, &layout, metrics);
        tracing::info!(
            mqtt = %daemon.mqtt_address()?,
            http = %http.local_addr()?,
            data = %layout.root().display(),
            "ready"
        );
        let http = tokio::spawn(api::serve(http, views, shutdown.clone()));
        let signals = tokio::spawn(signals.stop(stop.clone()));
        let served = daemon.serve(stop.clone(), shutdown).await;
        stop.send_replace(true);
        signals.abort();
        http.await.context("serve HTTP")??;
        served?;
        tracing::info!("left in good order");
        Ok(Ended::Done)
    })
}

fn views(daemon: &Daemon, layout: &Layout, metrics: Metrics) -> Views {
    let engine = Arc::downgrade(daemon.engine());
    let parked = engine.clone();
    let layout = layout.clone();
    Views {
        unready: Arc::new(move || match engine.upgrade() {
            Some(engine) => Daemon::unready(&engine),
            None => Some("leaving".to_owned()),
        }),
        parked: Arc::new(move || {
            let parked = parked.upgrade().map(|engine| engine.publisher.parked());
            parked.unwrap_or_default().into_keys().map(|project| project.to_string()).collect()
        }),
        metrics: Arc::new(move || metrics.render()),
        checkpoint: Arc::new(move |project| {
            let id = ProjectId::parse(project).ok()?;
            std::fs::read_to_string(layout.checkpoint(&id)).ok()
        }),
    }
}

/// The signals that end the daemon.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("listen for SIGINT")?,
        })
    }

    async fn stop(mut self, stop: watch::Sender<bool>) {
        tokio::select! {
            _ = self.terminate.recv() => tracing::info!("SIGTERM: leaving"),
            _ = self.interrupt.recv() => tracing::info!("interrupted: leaving"),
        }
        stop.send_replace(true);
    }
}
