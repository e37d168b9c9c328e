//! The figures of a report are a function of the *set* of messages: any order, any repetition and any
//! batches give the same figures digest. And ACC-4, for every shipped methodology: removing readings
//! that nothing doubts never raises ER.

use mrv::daemon::period::{Close, Closed, collect, write};
use mrv::dataset::layout::Layout;
use mrv::domain::decimal::{Decimal, Fixed6};
use mrv::domain::id::ProjectId;
use mrv::domain::message::{Kind, Message, Nonce, Payload, Source};
use mrv::domain::time::{Date, Timestamp};
use mrv::domain::unit::Conversion;
use mrv::evidence::checkpoint::key_pair;
use mrv::publish::{Project, Signer};
use proptest::prelude::*;

/// A demonstration plan and its methodology.
struct Case {
    project: &'static str,
    plan: &'static str,
    methodology_id: &'static str,
    methodology: &'static str,
    site: &'static str,
    /// Device and quantity of each channel that the tests write.
    channels: &'static [(&'static str, &'static str)],
    /// Those of them that are registers.
    registers: &'static [usize],
}

const SOLAR: Case = Case {
    project: "demo-solar",
    plan: include_str!("../pipelines/projects/demo-solar.toml"),
    methodology_id: "MRV_PV_F1",
    methodology: include_str!("../pipelines/methodologies/solar-pv-f1.toml"),
    site: "roof",
    channels: &[
        ("meter-1", "EG"),
        ("inverter-2", "P"),
        ("weather", "G"),
        ("check-meter", "EG_check"),
    ],
    registers: &[0],
};

const CHILLER: Case = Case {
    project: "demo-chiller",
    plan: include_str!("../pipelines/projects/demo-chiller.toml"),
    methodology_id: "MRV_CH_F2",
    methodology: include_str!("../pipelines/methodologies/chiller-f2.toml"),
    site: "plant",
    channels: &[("chiller-1", "EC")],
    registers: &[0],
};

/// 2025-01-31T16:00:00Z: the local month ends in the middle of the readings.
const START_S: i64 = 1_738_339_200;

/// Channel, quarter hours since the start, value.
type Reading = (usize, i64, i64);

fn closed(case: &Case, readings: &[Reading], batch: usize) -> Closed {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    let id = ProjectId::parse(case.project).unwrap();
    let private_key = key_pair("k", &[7; 32]).unwrap().0;
    let mut project = Project::open(&layout, &id, &Signer { private_key }).unwrap();
    let message = |number: usize, kind: Kind, name: &str, bytes: Vec<u8>| Message {
        project: id.clone(),
        kind,
        source: Source::MqttListener,
        received_at: Timestamp::from_us((START_S + 30 * 86_400 + number as i64) * 1_000_000),
        client: "g".into(),
        name: name.into(),
        payload: Payload::Inline(bytes.into()),
        nonce: Nonce([0; 16]),
    };
    let mut log = vec![
        message(0, Kind::Methodology, case.methodology_id, case.methodology.into()),
        message(1, Kind::Plan, "plan.toml", case.plan.into()),
    ];
    for (number, (channel, quarter, value)) in readings.iter().enumerate() {
        let (device, quantity) = case.channels[*channel];
        let ts = (START_S + quarter * 900) * 1_000;
        let payload = format!("{{\"ts\":{ts},\"values\":{{\"{quantity}\":{value}}}}}");
        let topic = format!("mrv/v1/{}/{}/{device}", case.project, case.site);
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
        restates: None,
    };
    let collected = collect(&mut project, &close).unwrap();
    // A folder without a font: the close says that there is no PDF, and does not fail.
    std::fs::create_dir_all(layout.fonts()).unwrap();
    let closed = write(&layout, &id, &close, &collected).unwrap();
    assert!(closed.summary.contains("report.pdf   not written: no font is installed"));
    assert!(!closed.folder.join("report.pdf").exists());
    closed
}

fn digest_of(readings: &[Reading], batch: usize) -> String {
    closed(&SOLAR, readings, batch).figures
}

/// ER of all years, to the millionth of a tonne, and the readings that the report counts.
fn reductions(case: &Case, readings: &[Reading]) -> (Fixed6, u64) {
    let closed = closed(case, readings, usize::MAX);
    let report: serde_json::Value = serde_json::from_str(&closed.report).unwrap();
    let er = |year: &serde_json::Value| {
        let value = Decimal::parse(year["er"]["value"].as_str().unwrap()).unwrap();
        i128::from(value.store(Conversion::IDENTITY).unwrap().value.micro())
    };
    let sum = report["years"].as_array().unwrap().iter().map(er).sum();
    (Fixed6::from_micro(sum).unwrap(), report["items"]["readings"].as_u64().unwrap())
}

fn readings() -> impl Strategy<Value = Vec<Reading>> {
    // Few stamps and values, so that duplicates, conflicts, gaps and resets are frequent.
    prop::collection::vec((0..SOLAR.channels.len(), 0i64..60, 0i64..6), 1..40)
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

    #[test]
    fn removing_readings_that_nothing_doubts_never_raises_the_reductions(
        is_solar in any::<bool>(),
        steps in prop::collection::vec((any::<bool>(), 0i64..12), 4..60),
        removed in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
    ) {
        let case = if is_solar { &SOLAR } else { &CHILLER };
        let mut all: Vec<Reading> = Vec::new();
        let mut registers = vec![1_000; case.channels.len()];
        for (quarter, (is_read, step)) in (0i64..).zip(&steps) {
            for (channel, register) in registers.iter_mut().enumerate().take(2) {
                *register += step;
                let value = if case.registers.contains(&channel) { *register } else { *step };
                if *is_read {
                    all.push((channel, quarter, value));
                }
            }
        }
        prop_assume!(!all.is_empty());
        let mut some = all.clone();
        for index in &removed {
            if some.len() > 1 {
                some.remove(index.index(some.len()));
            }
        }
        let ((er, counted), (er_less, counted_less)) =
            (reductions(case, &all), reductions(case, &some));
        prop_assert_eq!((counted, counted_less), (all.len() as u64, some.len() as u64));
        prop_assert!(er_less <= er, "{} with all readings, {} with fewer", er, er_less);
    }
}

#[test]
fn a_reading_more_alters_the_figures() {
    let few = [(0, 0, 1), (0, 4, 3)];
    let more = [(0, 0, 1), (0, 4, 3), (0, 8, 4)];
    assert_ne!(digest_of(&few, 1), digest_of(&more, 1));
}

#[test]
fn eight_writers_at_once_give_the_figures_of_one() {
    use mrv::config::daemon::DaemonConfig;
    use mrv::daemon::engine::{Engine, PRIVATE_KEY};
    use mrv::daemon::request::{Answer, Request};
    use mrv::domain::message::Draft;

    let figures = |writers: usize| {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        std::fs::create_dir_all(layout.keys()).unwrap();
        let private_key = key_pair("k", &[7; 32]).unwrap().0;
        std::fs::write(layout.keys().join(PRIVATE_KEY), private_key).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(writers)
            .enable_all()
            .build()
            .unwrap();
        let config = DaemonConfig::parse("", "[journal]\nsegment_bytes = 65536\n").unwrap();
        let engine = Engine::open(&layout, &config).unwrap();
        let project = SOLAR.project.to_owned();
        let (from, to) = ("2025-01-01".to_owned(), "2025-03-31".to_owned());
        let answer = runtime.block_on(async {
            let (file, author) = ("plan.toml".to_owned(), "a".to_owned());
            let (text, methodologies) = (SOLAR.plan.to_owned(), vec![SOLAR.methodology.to_owned()]);
            engine.carry_out(Request::Plan { file, text, methodologies, author }).await.unwrap();
            let mut tasks = tokio::task::JoinSet::new();
            for writer in 0..writers as i64 {
                let journal = engine.journal.clone();
                tasks.spawn(async move {
                    // Every writer has its share, and the first hundred of all: duplicates meet.
                    let own = (0..600).filter(|n| n % 8 % writers as i64 == writer || *n < 100);
                    for quarter in own {
                        let ts = (START_S + quarter * 900) * 1_000;
                        let payload =
                            format!("{{\"ts\":{ts},\"values\":{{\"P\":{}}}}}", quarter % 50);
                        let draft = Draft {
                            project: ProjectId::parse(SOLAR.project).unwrap(),
                            kind: Kind::Data,
                            source: Source::MqttListener,
                            client: "g".into(),
                            name: "mrv/v1/demo-solar/roof/inverter-2".into(),
                            payload: Payload::Inline(payload.into()),
                            nonce: None,
                        };
                        journal.append(vec![draft]).await.unwrap();
                    }
                });
            }
            while let Some(ended) = tasks.join_next().await {
                ended.unwrap();
            }
            let (prepared_by, reviewed_by) = (None, None);
            let close = Request::Close { project, from, to, prepared_by, reviewed_by };
            engine.carry_out(close).await.unwrap()
        });
        engine.close();
        let Answer::Closed { report, .. } = answer else { panic!("{answer:?}") };
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["items"]["readings"], 600);
        report["provenance"]["figures_digest"].as_str().unwrap().to_owned()
    };
    assert_eq!(figures(8), figures(1));
}
