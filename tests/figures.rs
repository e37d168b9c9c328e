//! The figures of a report are a function of the *set* of messages: any order, any repetition, any
//! batches, any number of gateways at once give the same figures digest.

use mrv::daemon::period::{Close, collect, write};
use mrv::dataset::layout::Layout;
use mrv::domain::id::ProjectId;
use mrv::domain::message::{Kind, Message, Nonce, Payload, Source};
use mrv::domain::time::{Date, Timestamp};
use mrv::evidence::checkpoint::key_pair;
use mrv::publish::{Project, Signer};
use proptest::prelude::*;

const PLAN: &str = include_str!("../pipelines/projects/demo-solar.toml");
const METHODOLOGY: &str = include_str!("../pipelines/methodologies/solar-pv-f1.toml");
/// 2025-01-31T16:00:00Z: the local month ends in the middle of the readings.
const START_S: i64 = 1_738_339_200;

/// Device and quantity, quarter hours since the start, value.
type Reading = (usize, i64, i64);

const CHANNELS: [(&str, &str); 4] =
    [("meter-1", "EG"), ("inverter-2", "P"), ("weather", "G"), ("check-meter", "EG_check")];

fn message(number: usize, kind: Kind, name: &str, bytes: Vec<u8>) -> Message {
    Message {
        project: ProjectId::parse("demo-solar").unwrap(),
        kind,
        source: Source::MqttListener,
        received_at: Timestamp::from_us((START_S + 30 * 86_400 + number as i64) * 1_000_000),
        client: "g".into(),
        name: name.into(),
        payload: Payload::Inline(bytes.into()),
        nonce: Nonce([0; 16]),
    }
}

fn digest_of(readings: &[Reading], batch: usize) -> String {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    let id = ProjectId::parse("demo-solar").unwrap();
    let private_key = key_pair("k", &[7; 32]).unwrap().0;
    let mut project = Project::open(&layout, &id, &Signer { private_key }).unwrap();
    let mut log = vec![
        message(0, Kind::Methodology, "MRV_PV_F1", METHODOLOGY.into()),
        message(1, Kind::Plan, "demo-solar.toml", PLAN.into()),
    ];
    for (number, (channel, quarter, value)) in readings.iter().enumerate() {
        let (device, quantity) = CHANNELS[*channel];
        let ts = (START_S + quarter * 900) * 1_000;
        let payload = format!("{{\"ts\":{ts},\"values\":{{\"{quantity}\":{value}}}}}");
        let topic = format!("mrv/v1/demo-solar/roof/{device}");
        log.push(message(number + 2, Kind::Data, &topic, payload.into_bytes()));
    }
    let mut done = 0;
    for messages in log.chunks(batch) {
        done += messages.len();
        project.publish(messages.to_vec(), done as u64).unwrap();
    }
    project.refresh_intervals().unwrap();
    let date = |text| Date::parse(text).unwrap();
    let close = Close {
        from: date("2025-01-01"),
        to: date("2025-03-31"),
        prepared_by: None,
        reviewed_by: None,
    };
    let collected = collect(&mut project, &close).unwrap();
    write(&layout, &id, &close, &collected).unwrap().figures
}

fn readings() -> impl Strategy<Value = Vec<Reading>> {
    // Few stamps and values, so that duplicates, conflicts, gaps and resets are frequent.
    prop::collection::vec((0..CHANNELS.len(), 0i64..60, 0i64..6), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn order_repetition_and_batches_alter_no_figure(
        (readings, shuffled) in readings().prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle())),
        repeated in 0usize..40,
        batch in 1usize..12,
    ) {
        let whole = digest_of(&readings, usize::MAX);
        let mut other = shuffled;
        let again = other[..repeated.min(other.len())].to_vec();
        other.extend(again);
        prop_assert_eq!(digest_of(&other, batch), whole);
    }
}

#[test]
fn a_reading_more_alters_the_figures() {
    let few = [(0, 0, 1), (0, 4, 3)];
    let more = [(0, 0, 1), (0, 4, 3), (0, 8, 4)];
    assert_ne!(digest_of(&few, 1), digest_of(&more, 1));
}
