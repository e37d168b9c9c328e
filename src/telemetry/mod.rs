//! Logs and metrics: set up once, at the start of the process.
//!
//! Logs go through `tracing`, for people or as JSON lines; metrics through `metrics`, rendered for
//! Prometheus by [`Metrics::render`]. Knows nothing of what is logged or counted.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Human,
    Json,
}

/// Why logs or metrics could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("log level {level:?} is none: {reason}; use error, warn, info, debug or trace")]
    Level { level: String, reason: String },
    #[error("set up logs: {0}")]
    Logs(String),
    #[error("set up metrics: {0}")]
    Metrics(String),
}

/// Starts logging to standard error.
///
/// # Errors
/// When `level` is no filter, or logging was started before.
pub fn start_logs(format: LogFormat, level: &str) -> Result<(), TelemetryError> {
    if !["error", "warn", "info", "debug", "trace"].contains(&level) {
        let reason = "not one of the levels".to_owned();
        return Err(TelemetryError::Level { level: level.to_owned(), reason });
    }
    let filter = EnvFilter::try_new(level).map_err(|error| TelemetryError::Level {
        level: level.to_owned(),
        reason: error.to_string(),
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let started = match format {
        LogFormat::Human => builder.with_ansi(is_terminal).with_target(false).finish().try_init(),
        LogFormat::Json => builder.json().finish().try_init(),
    };
    started.map_err(|error| TelemetryError::Logs(error.to_string()))
}

/// The process's metrics.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Starts collecting.
    ///
    /// # Errors
    /// When it was started before.
    pub fn start() -> Result<Self, TelemetryError> {
        let handle = PrometheusBuilder::new().install_recorder();
        handle.map(Self).map_err(|error| TelemetryError::Metrics(error.to_string()))
    }

    /// All metrics in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }
}
