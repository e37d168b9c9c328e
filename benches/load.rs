//! A load generator: gateways that publish with QoS 1 over MQTT 3.1.1, and what they see of it.
//!
//!     load --port N [--connections 10] [--window 100] [--count 1000000] [--rate 0]
//!          [--readings 1] [--topic mrv/v1/bench/s/gateway]
//!
//! Every message is encoded by rumqttc's codec before the clock starts. Reading `n` is that of meter
//! `n mod 50` at minute `n / 50`, whoever sends it, so that any two runs give the same rows. `--rate`
//! sends this many messages a second over all connections, in ticks of a millisecond; 0 sends as fast
//! as the windows allow. Prints one line of JSON: acknowledged messages, seconds, PUBLISH to PUBACK in
//! microseconds, and the CPU seconds of this process, which are nobody else's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rumqttc::mqttbytes::{QoS, v4};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;

/// Meters that report in turn.
const METERS: usize = 50;
const START_S: usize = 1_767_225_600; // 2026-01-01T00:00:00Z
/// Bytes handed to the socket at once.
const WRITE_BYTES: usize = 32 << 10;

#[derive(Clone)]
struct Options {
    port: u16,
    connections: usize,
    window: usize,
    count: usize,
    rate: usize,
    readings: usize,
    topic: String,
}

fn options() -> Options {
    let mut options = Options {
        port: 1883,
        connections: 10,
        window: 100,
        count: 1_000_000,
        rate: 0,
        readings: 1,
        topic: "mrv/v1/bench/s/gateway".to_owned(),
    };
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        let number = || value.parse::<usize>().unwrap_or_else(|_| panic!("{name} {value}"));
        match name.as_str() {
            "--port" => options.port = number() as u16,
            "--connections" => options.connections = number().max(1),
            "--window" => options.window = number().clamp(1, 60_000),
            "--count" => options.count = number(),
            "--rate" => options.rate = number(),
            "--readings" => options.readings = number().max(1),
            "--topic" => options.topic = value,
            _ => panic!("unknown argument {name}"),
        }
    }
    options
}

fn main() {
    let options = Arc::new(options());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(run(options));
}

async fn run(options: Arc<Options>) {
    let ready = Arc::new(Barrier::new(options.connections + 1));
    let (start, started) = tokio::sync::watch::channel(None::<Instant>);
    let gateways: Vec<_> = (0..options.connections)
        .map(|number| {
            let gateway = Gateway::new(&options, number);
            let (ready, mut started) = (Arc::clone(&ready), started.clone());
            tokio::spawn(async move {
                let stream = gateway.connect().await;
                ready.wait().await;
                let begun = *started.wait_for(Option::is_some).await.expect("the starter lives");
                gateway.publish(stream, begun.expect("waited for")).await
            })
        })
        .collect();
    ready.wait().await;
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    start.send_replace(Some(begun));
    let mut latencies: Vec<u32> = Vec::with_capacity(options.count);
    for gateway in gateways {
        latencies.extend(gateway.await.expect("a gateway that ends"));
    }
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = cpu_seconds() - cpu;
    latencies.sort_unstable();
    let acknowledged = latencies.len();
    let quantile = |share: f64| {
        let place = (share * acknowledged as f64) as usize;
        latencies.get(place.min(acknowledged.saturating_sub(1))).copied().unwrap_or(0)
    };
    println!(
        "{{\"acknowledged\": {acknowledged}, \"seconds\": {seconds:.4}, \"rate\": {:.0}, \
         \"p50_us\": {}, \"p99_us\": {}, \"p999_us\": {}, \"cpu_s\": {cpu:.2}}}",
        acknowledged as f64 / seconds,
        quantile(0.5),
        quantile(0.99),
        quantile(0.999)
    );
}

/// One connection and what it sends.
struct Gateway {
    options: Arc<Options>,
    number: usize,
    /// Encoded packets, one after the other, and where each ends.
    packets: Vec<u8>,
    ends: Vec<usize>,
}

impl Gateway {
    fn new(options: &Arc<Options>, number: usize) -> Self {
        let mut packets = BytesMut::new();
        let mut ends = Vec::new();
        let topic = format!("{}{number}", options.topic);
        for (sent, message) in (number..options.count).step_by(options.connections).enumerate() {
            let payload = payload(message, options.readings);
            let mut publish = v4::Publish::new(&topic, QoS::AtLeastOnce, payload);
            publish.pkid = (sent % 65_535) as u16 + 1;
            publish.write(&mut packets).expect("a packet");
            ends.push(packets.len());
        }
        Self { options: Arc::clone(options), number, packets: packets.to_vec(), ends }
    }

    async fn connect(&self) -> TcpStream {
        let address = ("127.0.0.1", self.options.port);
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket option");
        let mut out = BytesMut::new();
        let mut connect = v4::Connect::new(format!("load-{}", self.number));
        connect.keep_alive = 0;
        connect.write(&mut out).expect("a packet");
        stream.write_all(&out).await.expect("CONNECT");
        let mut connack = [0; 4];
        stream.read_exact(&mut connack).await.expect("CONNACK");
        assert_eq!(connack, [0x20, 2, 0, 0], "the broker let us in");
        stream
    }

    /// Publishes everything and gives the microseconds to each acknowledgement.
    async fn publish(self, mut stream: TcpStream, begun: Instant) -> Vec<u32> {
        let (mut reader, mut writer) = stream.split();
        let count = self.ends.len();
        let mut sent_at: Vec<Instant> = Vec::with_capacity(count);
        let mut latencies = Vec::with_capacity(count);
        let mut input = vec![0u8; 16 << 10];
        let mut kept = 0;
        while latencies.len() < count {
            let due = self.due(begun, count);
            let most = due.min(latencies.len() + self.options.window);
            let mut next = sent_at.len();
            while next < most {
                let from = next.checked_sub(1).map_or(0, |last| self.ends[last]);
                let now = Instant::now();
                while next < most && (next == sent_at.len() || self.ends[next] - from < WRITE_BYTES)
                {
                    sent_at.push(now);
                    next += 1;
                    if self.ends[next - 1] - from >= WRITE_BYTES {
                        break;
                    }
                }
                let bytes = &self.packets[from..self.ends[next - 1]];
                writer.write_all(bytes).await.expect("PUBLISH");
            }
            let read = reader.read(&mut input[kept..]);
            let got = if next < count && next == due {
                // Nothing more is due yet: acknowledgements, or the next tick.
                tokio::select! {
                    got = read => got.expect("PUBACK"),
                    () = tokio::time::sleep(Duration::from_millis(1)) => continue,
                }
            } else {
                read.await.expect("PUBACK")
            };
            assert!(got > 0, "the broker closed the connection");
            let (now, filled) = (Instant::now(), kept + got);
            let whole = filled - filled % 4;
            for ack in input[..whole].as_chunks::<4>().0 {
                let place = latencies.len();
                let id = u16::from_be_bytes([ack[2], ack[3]]);
                assert_eq!(ack[..2], [0x40, 2], "a PUBACK");
                assert_eq!(usize::from(id), place % 65_535 + 1, "in the order of receipt");
                latencies.push(now.duration_since(sent_at[place]).as_micros() as u32);
            }
            input.copy_within(whole..filled, 0);
            kept = filled - whole;
        }
        latencies
    }

    /// Messages of this connection that may have been sent by now.
    fn due(&self, begun: Instant, count: usize) -> usize {
        if self.options.rate == 0 {
            return count;
        }
        let all = begun.elapsed().as_secs_f64() * self.options.rate as f64;
        // Connections take turns, so that not all send at one instant.
        let own = (all - self.number as f64) / self.options.connections as f64;
        ((own.max(-1.0) + 1.0) as usize).min(count)
    }
}

/// Of 141 bytes where it is one reading; an array where it is several.
fn payload(message: usize, readings: usize) -> String {
    let one = |number: usize| {
        let (meter, minute) = (number % METERS, number / METERS);
        let ts = START_S + 60 * minute;
        let mut text = format!(
            "{{\"meter\":\"m{meter:04}\",\"ts\":{ts},\"register\":\"EG\",\"value\":{}.{:03},\
             \"unit\":\"kWh\",\"quality\":\"good\",\"seq\":{number},\"fw\":\"",
            minute * 3 + meter,
            number % 1_000
        );
        while readings == 1 && text.len() < 139 {
            text.push('2');
        }
        text + "\"}"
    };
    if readings == 1 {
        return one(message);
    }
    let all: Vec<String> = (message * readings..(message + 1) * readings).map(one).collect();
    format!("[{}]", all.join(","))
}

/// User and system time of this process so far.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("procfs");
    let (_, fields) = stat.rsplit_once(')').expect("a stat line");
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    let ticks = |field: &str| field.parse::<f64>().expect("a number");
    (ticks(fields[11]) + ticks(fields[12])) / 100.0
}
