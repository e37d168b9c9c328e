//! The daemon's configuration file: where its data lie, where it listens, its limits.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::domain::diagnostic::Diagnostic;

/// A checked configuration. Every value has a default, so an empty file is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonConfig {
    pub data: PathBuf,
    pub listener: SocketAddr,
    /// Gateways without an account; only where the listener is on loopback.
    pub anonymous: bool,
    pub packet_bytes_max: u32,
    pub connections_max: u32,
    pub http: SocketAddr,
    /// Longest time a message waits before it is published in the tables.
    pub publish_every: Duration,
    /// Bytes of messages after which a batch is published at once.
    pub publish_bytes: u64,
    /// How often the inbox is looked at.
    pub inbox_rescan: Duration,
    pub journal_segment_bytes: u64,
    pub log_json: bool,
    pub log_level: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Raw {
    data: Option<PathBuf>,
    listener: RawListener,
    http: RawHttp,
    publish: RawPublish,
    inbox: RawInbox,
    journal: RawJournal,
    log: RawLog,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawListener {
    address: Option<toml::Spanned<String>>,
    anonymous: bool,
    packet_bytes_max: Option<toml::Spanned<u32>>,
    connections_max: Option<toml::Spanned<u32>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawHttp {
    address: Option<toml::Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawPublish {
    seconds: Option<toml::Spanned<u32>>,
    bytes: Option<toml::Spanned<u32>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawInbox {
    rescan_seconds: Option<toml::Spanned<u32>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawJournal {
    segment_bytes: Option<toml::Spanned<u32>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawLog {
    format: Option<toml::Spanned<String>>,
    level: Option<toml::Spanned<String>>,
}

/// The configuration of a new folder, with every key and its reason.
pub const DEFAULT_TOML: &str = r#"# mrv: configuration of the daemon. Every key may be left out; these are the defaults.

# Everything the daemon keeps lies below this folder; relative to this file's folder.
data = "data"

[listener]
# Gateways connect here by MQTT 3.1.1 or 5.
address = "127.0.0.1:1883"
# Gateways without an account: only on a loopback address, for trials.
anonymous = false
# A larger packet is refused: it bounds the memory of one connection.
packet_bytes_max = 1048576
# Further connections are refused: it bounds memory and file descriptors.
connections_max = 1000

[http]
# Health, readiness, metrics and checkpoints by HTTP.
address = "127.0.0.1:8080"

[publish]
# A message waits at most this long before it stands in the tables.
seconds = 60
# Or until this many bytes wait: it bounds the memory of a batch.
bytes = 67108864

[inbox]
# How often dropped files are looked for.
rescan_seconds = 10

[journal]
# Preallocated: at least what arrives in a second, so that fsync stays even.
segment_bytes = 67108864

[log]
# human or json, and error, warn, info, debug or trace.
format = "human"
level = "info"
"#;

impl DaemonConfig {
    /// Reads a configuration. Relative paths stay relative: the caller knows where the file lies.
    ///
    /// # Errors
    /// Everything found wrong.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let raw: Raw = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            vec![Diagnostic::at(file, text, span, error.message().trim().replace('\n', "; "))]
        })?;
        let mut found = Vec::new();
        let mut tell =
            |span, message: String| found.push(Diagnostic::at(file, text, span, message));
        let mut address = |value: &Option<toml::Spanned<String>>, default: SocketAddr| match value {
            None => default,
            Some(value) => value.get_ref().parse().unwrap_or_else(|_| {
                let message = "not an address; write \"127.0.0.1:1883\"".to_owned();
                tell(value.span(), message);
                default
            }),
        };
        let listener = address(&raw.listener.address, SocketAddr::from(([127, 0, 0, 1], 1_883)));
        let http = address(&raw.http.address, SocketAddr::from(([127, 0, 0, 1], 8_080)));
        let mut number = |value: &Option<toml::Spanned<u32>>,
                          default,
                          range: std::ops::RangeInclusive<u32>| {
            let Some(value) = value else { return default };
            if !range.contains(value.get_ref()) {
                tell(value.span(), format!("must lie from {} to {}", range.start(), range.end()));
            }
            *value.get_ref()
        };
        let packet_bytes_max = number(&raw.listener.packet_bytes_max, 1 << 20, 1_024..=256 << 20);
        let connections_max = number(&raw.listener.connections_max, 1_000, 1..=100_000);
        let publish_seconds = number(&raw.publish.seconds, 60, 1..=3_600);
        let publish_bytes = number(&raw.publish.bytes, 64 << 20, 1 << 16..=1 << 30);
        let rescan_seconds = number(&raw.inbox.rescan_seconds, 10, 1..=3_600);
        let segment_bytes = number(&raw.journal.segment_bytes, 64 << 20, 1 << 16..=1 << 30);
        if raw.listener.anonymous && !listener.ip().is_loopback() {
            let message = "anonymous gateways are allowed only on a loopback address".to_owned();
            let span = raw.listener.address.as_ref().map_or(0..0, toml::Spanned::span);
            tell(span, message);
        }
        let log_json = match raw.log.format.as_ref().map(|f| (f.get_ref().as_str(), f.span())) {
            None | Some(("human", _)) => false,
            Some(("json", _)) => true,
            Some((_, span)) => {
                tell(span, "log format is human or json".to_owned());
                false
            }
        };
        let levels = ["error", "warn", "info", "debug", "trace"];
        let log_level = match raw.log.level.as_ref() {
            None => "info".to_owned(),
            Some(level) => {
                if !levels.contains(&level.get_ref().as_str()) {
                    tell(level.span(), format!("log level is one of {}", levels.join(", ")));
                }
                level.get_ref().clone()
            }
        };
        if !found.is_empty() {
            return Err(found);
        }
        Ok(Self {
            data: raw.data.unwrap_or_else(|| PathBuf::from("data")),
            listener,
            anonymous: raw.listener.anonymous,
            packet_bytes_max,
            connections_max,
            http,
            publish_every: Duration::from_secs(publish_seconds.into()),
            publish_bytes: publish_bytes.into(),
            inbox_rescan: Duration::from_secs(rescan_seconds.into()),
            journal_segment_bytes: segment_bytes.into(),
            log_json,
            log_level,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_says_what_an_empty_one_means() {
        let written = DaemonConfig::parse("mrv.toml", DEFAULT_TOML).unwrap();
        assert_eq!(Ok(written), DaemonConfig::parse("mrv.toml", ""));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, expected) in [
            ("dta = \"x\"", "mrv.toml:1:1: unknown field `dta`"),
            ("[listener]\naddress = \"here\"", "mrv.toml:2:11: not an address"),
            ("[publish]\nseconds = 0", "mrv.toml:2:11: must lie from 1 to 3600"),
            (
                "[listener]\naddress = \"0.0.0.0:1883\"\nanonymous = true",
                "mrv.toml:2:11: anonymous gateways",
            ),
            ("[log]\nformat = \"xml\"", "mrv.toml:2:10: log format"),
            ("[log]\nlevel = \"loud\"", "mrv.toml:2:9: log level"),
        ] {
            let found = DaemonConfig::parse("mrv.toml", text).unwrap_err();
            assert!(found[0].to_string().starts_with(expected), "{}", found[0]);
        }
    }
}
