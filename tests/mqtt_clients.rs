//! The clients that gateways run, in their own processes: `mosquitto_pub` and Eclipse paho, by both
//! versions and every quality of service. The journal must hold each message once, in order.

mod daemon;
mod support;

use std::process::{Command, Output, Stdio};

use daemon::{Daemon, Sent, sent};
use mrv::sources::mqtt::listener::Options;

const TOPIC: &str = "mrv/v1/p/s/d";

/// Runs blocking work beside the listener, which must go on meanwhile.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// Runs `mosquitto_pub -l`: one message a line.
fn mosquitto_pub(arguments: Vec<String>, lines: String) -> Output {
    let mut command = Command::new("mosquitto_pub");
    command.args(arguments).arg("-l");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => panic!("mosquitto_pub cannot be run: {error}; run `make setup`"),
    };
    // The pipe closes as it goes out of scope, which ends the client.
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), lines.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn assert_success(what: &str, output: &Output) {
    let told = String::from_utf8_lossy(&output.stderr);
    // mosquitto_pub warns of a refused message and exits with success all the same.
    assert!(output.status.success() && told.is_empty(), "{what}: {} {told}", output.status);
}

#[tokio::test]
async fn mosquitto_pub_is_served_by_every_version_and_qos() {
    let daemon = Daemon::start(Options::default()).await;
    let password = daemon.add("gw");
    let mut expected: Vec<Sent> = Vec::new();
    for (version, qos) in ["mqttv311", "mqttv5"].into_iter().flat_map(|v| [0, 1, 2].map(|q| (v, q)))
    {
        let payloads: Vec<String> = (0..500).map(|n| format!("{version} {qos} {n}")).collect();
        expected.extend(payloads.iter().map(|payload| sent(TOPIC, payload)));
        let port = daemon.address.port();
        let arguments = format!(
            "-h 127.0.0.1 -p {port} -V {version} -q {qos} -t {TOPIC} -i pub -u gw -P {password}"
        );
        let arguments = arguments.split(' ').map(str::to_owned).collect();
        let output = beside(move || mosquitto_pub(arguments, payloads.join("\n"))).await;
        assert_success(&format!("{version} QoS {qos}"), &output);
        // An unacknowledged message may still be on its way when its client has gone.
        daemon.wait_for(expected.len()).await;
        assert_eq!(daemon.journaled(), expected, "{version} QoS {qos}");
    }
    daemon.stop().await;
}

#[tokio::test]
async fn mosquitto_pub_is_told_why_it_may_not_publish() {
    let daemon = Daemon::start(Options { anonymous: true, ..Options::default() }).await;
    let port = daemon.address.port();
    for (version, topic, login, told) in [
        ("mqttv5", "mrv/v1/other/s/d", "", "Not authorized"),
        ("mqttv5", "mrv/v1/p/s/d.e", "", "Topic name invalid"),
        ("mqttv5", TOPIC, " -u gw -P wrong", "Bad user name or password"),
        ("mqttv311", TOPIC, " -u gw -P wrong", "bad user name or password"),
    ] {
        let arguments = format!("-h 127.0.0.1 -p {port} -V {version} -q 1 -t {topic}{login}");
        let arguments = arguments.split(' ').map(str::to_owned).collect();
        let output = beside(move || mosquitto_pub(arguments, "x\n".to_owned())).await;
        let found = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(found.contains(&told.to_lowercase()), "{version} {topic}: {found}");
    }
    assert_eq!(daemon.journaled(), []);
    daemon.stop().await;
}

#[tokio::test]
async fn paho_is_served_by_every_version_and_qos() {
    let daemon = Daemon::start(Options::default()).await;
    let password = daemon.add("gw");
    let mut expected: Vec<Sent> = Vec::new();
    for (version, qos) in ["3", "5"].into_iter().flat_map(|v| ["0", "1", "2"].map(|q| (v, q))) {
        expected.extend((0..300).map(|n| sent(TOPIC, format!("paho {version} {qos} {n}"))));
        let (port, password) = (daemon.address.port().to_string(), password.clone());
        let output = beside(move || {
            let arguments = [&*port, version, qos, TOPIC, "300", "gw", &*password];
            support::python("paho_publish.py", &arguments)
        })
        .await;
        assert_success(&format!("MQTT {version}, QoS {qos}"), &output);
        daemon.wait_for(expected.len()).await;
        assert_eq!(daemon.journaled(), expected, "MQTT {version}, QoS {qos}");
    }
    daemon.stop().await;
}
