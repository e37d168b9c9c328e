//! Register arithmetic, gauges, bounds and totals on small series, and incremental against full.

use proptest::prelude::*;

use super::interval::{IntervalRow, intervals};
use super::point::{Content, Point, points};
use super::span::spans;
use super::total::total;
use crate::config::plan::watch::Watch;
use crate::config::plan::{
    ChannelKind, ChannelPlan, Dial, Doubt, Exchange, GaugeRule, Register, StampAt,
};
use crate::decode::act::Settled;
use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::flag::{Code, Flags, Quality};
use crate::domain::id::{DeviceId, QuantityId, SiteId};
use crate::domain::reading::{ChannelId, ChannelKey, Conflict, Place, Reading};
use crate::domain::time::{Interval, Timestamp};
use crate::domain::unit::{Conversion, Unit};

fn value(text: &str) -> Fixed6 {
    Decimal::parse(text).unwrap().store(Conversion::IDENTITY).unwrap().value
}

fn minutes(count: i64) -> Timestamp {
    Timestamp::from_us(count * 60_000_000)
}

fn plan(kind: ChannelKind, unit: &str, cadence_min: Option<i64>) -> ChannelPlan {
    let unit = Unit::parse(unit).unwrap();
    ChannelPlan {
        key: ChannelKey {
            site: SiteId::parse("s").unwrap(),
            device: DeviceId::parse("d").unwrap(),
            quantity: QuantityId::parse("q").unwrap(),
        },
        kind,
        unit,
        sent_unit: unit,
        range: None,
        capacity: Some(value("100")),
        cadence_us: cadence_min.map(|count| count * 60_000_000),
        installed: None,
        retired: None,
        exchanges: Vec::new(),
        device: None,
        dial: Dial::PRIMARY,
        serial: String::new(),
        class: String::new(),
        watch: Watch::default(),
    }
}

fn register() -> ChannelPlan {
    plan(ChannelKind::Register { modulus: Some(value("1000")) }, "kWh", Some(15))
}

fn exchange(off_min: i64, on_min: i64, last: Option<&str>, first: &str) -> Exchange {
    Exchange {
        off: minutes(off_min),
        on: minutes(on_min),
        last: last.map(value),
        first: value(first),
        is_disconnected: true,
        old: None,
        new: None,
    }
}

fn power() -> ChannelPlan {
    plan(ChannelKind::Gauge(GaugeRule::Mean { stamp: StampAt::Start }), "kW", Some(5))
}

fn state() -> ChannelPlan {
    let kind = ChannelKind::Gauge(GaugeRule::Hold { step_max_us: 20 * 60_000_000 });
    ChannelPlan {
        range: Some((value("0"), value("50"))),
        capacity: None,
        ..plan(kind, "degC", None)
    }
}

fn point(at_min: i64, text: &str) -> Point {
    let content = Content::Value(value(text));
    Point { at: minutes(at_min), content, flags: Flags::NONE, leaves: (at_min, at_min) }
}

fn rows(plan: &ChannelPlan, points: &[Point]) -> Vec<IntervalRow> {
    let spans = spans(plan, points);
    intervals(ChannelId(0), plan, &spans, points, Interval(0), Interval(1_000))
}

/// `value|measured low..high quality flags` of each row.
fn shown(plan: &ChannelPlan, points: &[Point]) -> Vec<String> {
    let text = |value: Option<Fixed6>| match value {
        Some(value) => value.to_decimal().to_string(),
        None => "-".to_owned(),
    };
    rows(plan, points)
        .iter()
        .map(|r| {
            let (value, measured) = (text(r.value), text(r.measured));
            let (low, high) = (text(r.low), text(r.high));
            let line =
                format!("{value}|{measured} {low}..{high} {} {}", r.quality.as_str(), r.flags);
            line.trim_end().to_owned()
        })
        .collect()
}

#[test]
fn registers_are_differences_spread_over_time() {
    for (name, points, expected) in [
        (
            "on the cadence",
            vec![point(0, "10"), point(15, "12.5"), point(30, "12.5")],
            vec!["2.5|2.5 2.5..2.5 M", "0|0 0..0 M"],
        ),
        (
            "between borders",
            vec![point(5, "0"), point(20, "3")],
            vec!["-|2 2..10.333334 Z V-GAP", "-|1 1..17.666667 Z V-GAP"],
        ),
        (
            "a gap is bridged exactly",
            vec![point(0, "0"), point(45, "1")],
            vec!["0.333333|0.333333 0.333333..0.333333 T V-GAP"; 3],
        ),
        ("rollover", vec![point(0, "995"), point(15, "5")], vec!["10|10 10..10 M V-ROLLOVER"]),
        ("reset", vec![point(0, "500"), point(15, "5")], vec!["-|- 5..25 Z V-RESET"]),
        ("backward", vec![point(0, "500"), point(15, "400")], vec!["-|- 0..25 Z V-BACKWARD"]),
        ("too much", vec![point(0, "0"), point(15, "30")], vec!["-|- 0..30 Z V-CAPACITY"]),
        ("at capacity", vec![point(0, "0"), point(15, "25")], vec!["25|25 25..25 M"]),
        ("just beyond", vec![point(0, "0"), point(15, "25.1")], vec!["-|- 0..25.1 Z V-CAPACITY"]),
        ("one reading is no difference", vec![point(0, "0")], vec![]),
    ] {
        let mut got = shown(&register(), &points);
        if name.starts_with("a gap") {
            // The middle part takes the rounding, so that the parts add up.
            assert_eq!(got.remove(1), "0.333334|0.333334 0.333334..0.333334 T V-GAP");
            got.insert(1, got[0].clone());
        }
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn a_held_interval_counts_by_its_bounds_and_never_by_less_than_it_was() {
    use super::hold::{held, touches};
    let bounds = |plan: &ChannelPlan, points: &[Point]| {
        let row = held(&rows(plan, points)[0], plan);
        let text = |value: Option<Fixed6>| value.map(|value| value.to_decimal().to_string());
        assert_eq!((row.value, row.measured, row.covered_us), (None, None, 0));
        assert!(row.flags.has(Code::Held));
        (text(row.low), text(row.high))
    };
    let between = |low: &str, high: &str| (Some(low.to_owned()), Some(high.to_owned()));
    // 100 kWh an hour are 25 in a quarter.
    let quarter = |end: &str| [point(0, "0"), point(15, end)];
    assert_eq!(bounds(&register(), &quarter("2.5")), between("0", "25"));
    assert_eq!(bounds(&register(), &quarter("30")), between("0", "30"));
    let unbounded = ChannelPlan { capacity: None, ..register() };
    assert_eq!(bounds(&unbounded, &quarter("2.5")), (None, None));
    assert_eq!(bounds(&state(), &[point(0, "20"), point(15, "20")]), between("0", "50"));
    let row = rows(&register(), &quarter("2.5"))[0];
    let is_held = |from: i64, to: i64| touches(&row, minutes(from), minutes(to));
    assert!(is_held(14, 90) && is_held(-5, 1) && is_held(3, 4));
    assert!(!is_held(15, 90) && !is_held(-5, 0));
}

#[test]
fn a_recorded_exchange_loses_nothing_and_doubts_nothing() {
    let exchanged = |at_min| ChannelPlan {
        exchanges: vec![exchange(at_min, at_min, Some("502"), "3")],
        ..register()
    };
    // 2 kWh up to the exchange, 1 kWh from it to the next reading.
    let points = [point(0, "500"), point(15, "4")];
    assert_eq!(shown(&exchanged(5), &points), ["3|3 3..3 M V-EXCHANGE"]);
    assert_eq!(shown(&exchanged(15), &points), ["3|3 3..3 M V-EXCHANGE"]);
    assert_eq!(shown(&exchanged(0), &points), ["-|- 4..25 Z V-RESET"], "before the first reading");
    assert_eq!(shown(&register(), &points), ["-|- 4..25 Z V-RESET"]);
}

/// A display of five digits and one decimal, times 40; a new meter after 150 minutes without one.
fn exchanged(last: Option<&str>, is_disconnected: bool) -> ChannelPlan {
    let dial = Dial { is_display: true, multiplier: value("40") };
    let meter = Register { modulus: Some(value("100000")), multiplier: value("40") };
    let exchange = Exchange {
        is_disconnected,
        old: Some(meter),
        new: Some(meter),
        ..exchange(600, 750, last, "12.0")
    };
    ChannelPlan {
        capacity: Some(value("2000")),
        dial,
        exchanges: vec![exchange],
        ..plan(ChannelKind::Register { modulus: meter.modulus }, "kWh", Some(15))
    }
}

/// What the intervals of a plan add up to: measured, lowest, highest; and hours that count zero.
fn added(plan: &ChannelPlan, points: &[Point]) -> (String, String, String, String) {
    let rows = rows(plan, points);
    let sum = |of: fn(&IntervalRow) -> Option<Fixed6>| {
        let micro = rows.iter().filter_map(of).map(|v| i128::from(v.micro())).sum();
        Fixed6::from_micro(micro).unwrap().to_decimal().to_string()
    };
    let is_zero = |row: &&IntervalRow| {
        row.quality == Quality::Z
            && row.flags.has(Code::Exchange)
            && row.value == Some(Fixed6::ZERO)
    };
    let hours = Decimal::new(rows.iter().filter(is_zero).count() as i128 * 25, -2).unwrap();
    (sum(|r| r.measured), sum(|r| r.low), sum(|r| r.high), hours.to_string())
}

#[test]
fn an_exchange_with_rollover_and_multiplier_counts_both_meters_and_zero_between() {
    let points = [point(0, "99987.4"), point(1_500, "162.0")];
    let text = |sum: (&str, &str, &str, &str)| {
        (sum.0.to_owned(), sum.1.to_owned(), sum.2.to_owned(), sum.3.to_owned())
    };
    // (100000.0 - 99987.4 + 23.1) x 40 = 1428; (162.0 - 12.0) x 40 = 6000; 2.5 h at zero.
    let whole = exchanged(Some("23.1"), true);
    assert_eq!(added(&whole, &points), text(("7428", "7428", "7428", "2.5")));
    // The circuit was alive: 2.5 h x 2000 kW are possible.
    let alive = exchanged(Some("23.1"), false);
    assert_eq!(added(&alive, &points), text(("7428", "7428", "12428", "0")));
    // Nobody read the old meter: up to 10 h x 2000 kW.
    assert_eq!(added(&exchanged(None, true), &points), text(("6000", "6000", "26000", "2.5")));
    // What a gateway sent while no meter hung, and readings at the very instants, change nothing.
    let more = [points[0], point(600, "23.0"), point(660, "23.1"), point(750, "12.1"), points[1]];
    assert_eq!(added(&whole, &more), text(("7428", "7428", "7428", "2.5")));
}

#[test]
fn each_meter_multiplies_what_it_showed_itself() {
    let mut plan = exchanged(Some("23.1"), true);
    let new = Register { modulus: Some(value("1000000")), multiplier: value("0.5") };
    plan.exchanges[0].new = Some(new);
    let points = [point(0, "99987.4"), point(1_500, "162.0"), point(1_515, "163.000001")];
    // 1428 + 75 + 0.5, half of the last micro-unit to even.
    assert_eq!(added(&plan, &points).0, "1503.5");
    // Values that are multiplied already are not multiplied again.
    plan.dial = Dial::PRIMARY;
    plan.exchanges.clear();
    assert_eq!(added(&plan, &[point(0, "10"), point(15, "12")]).0, "2");
}

#[test]
fn a_register_in_doubt_is_bridged_by_its_neighbours() {
    let mut doubted = point(15, "7");
    doubted.content = Content::Conflict { low: value("7"), high: value("9") };
    let points = [point(0, "0"), doubted, point(30, "10")];
    assert_eq!(shown(&register(), &points), ["5|5 5..5 T V-GAP", "5|5 5..5 T V-GAP"]);
}

#[test]
fn power_becomes_energy_rounded_once_per_interval() {
    let third = [point(0, "0.0000014"), point(5, "0.0000014"), point(10, "0.0000014")];
    assert_eq!(shown(&power(), &third), ["0|0 0..0 M"]);
    let full = [point(0, "12"), point(5, "24"), point(10, "36")];
    assert_eq!(shown(&power(), &full), ["6|6 6..6 M"]);
    let partial = [point(0, "12"), point(10, "36")];
    assert_eq!(shown(&power(), &partial), ["-|4 4..12.333334 Z V-GAP"]);
    let mut held = full;
    held[1].content = Content::Held(value("-24"));
    assert_eq!(shown(&power(), &held), ["-|4 2..12.333334 Z"]);
    let mut conflict = full;
    conflict[1].content = Content::Conflict { low: value("12"), high: value("24") };
    assert_eq!(shown(&power(), &conflict), ["-|4 5..6 K"]);
    assert_eq!(shown(&power(), &[point(0, "103")]), ["-|- 0..25.250001 Z V-CAPACITY V-GAP"]);
}

#[test]
fn a_delta_that_reaches_into_its_neighbour_counts_by_its_bounds() {
    let delta = plan(ChannelKind::Delta { stamp: StampAt::Start }, "kWh", Some(15));
    assert_eq!(shown(&delta, &[point(0, "9"), point(15, "9")]), ["9|9 9..9 M", "9|9 9..9 M"]);
    let shifted = [point(0, "9"), point(1, "9"), point(16, "9")];
    assert!(shown(&delta, &shifted)[0].contains(" Z V-SPACING"), "{:?}", shown(&delta, &shifted));
}

#[test]
fn gaps_are_explicit_between_the_first_and_the_last_span() {
    let apart = [point(0, "12"), point(5, "12"), point(10, "12"), point(45, "12")];
    let got = shown(&power(), &apart);
    assert_eq!(got.len(), 4);
    assert_eq!(got[1], "-|- 0..25 Z V-GAP");
}

#[test]
fn states_are_means_weighted_by_time() {
    let steady = [point(0, "10"), point(5, "40"), point(15, "10")];
    assert_eq!(shown(&state(), &steady)[0], "30|30 30..30 M");
    let gap = [point(0, "10"), point(40, "10"), point(60, "10")];
    assert_eq!(shown(&state(), &gap)[1], "-|10 3.333333..36.666667 Z V-GAP");
}

#[test]
fn points_know_what_is_settled() {
    let reading = |at, text: &str, flags| Reading {
        channel: ChannelId(0),
        at: minutes(at),
        value: value(text),
        flags,
        place: Place { leaf: 3, item: 0 },
    };
    let held = Flags::NONE.with(Code::Range);
    let readings =
        [reading(0, "1", Flags::NONE), reading(1, "2", held), reading(2, "3", Flags::NONE)];
    let conflicts = [Conflict { reading: reading(2, "5", Flags::NONE), first: Place::default() }];
    let open = points(&readings, &conflicts, |_, _| Settled::Open);
    assert_eq!(open[0].content, Content::Value(value("1")));
    assert_eq!(open[1].content, Content::Held(value("2")));
    assert_eq!(open[2].content, Content::Conflict { low: value("3"), high: value("5") });
    let settled = points(&readings, &conflicts, |at, known| {
        assert_eq!(known.len(), if at == minutes(2) { 2 } else { 1 });
        match at == minutes(2) {
            true => Settled::Value(value("5"), Code::Decided),
            false => Settled::Open,
        }
    });
    assert_eq!(settled[2].content, Content::Value(value("5")));
    assert!(settled[2].flags.has(Code::Decided));
}

fn doubt() -> Doubt {
    Doubt::Capacity { per_hour: value("0.1"), unit: Unit::parse("MWh").unwrap() }
}

#[test]
fn totals_add_up_and_count_missing_time_by_its_bounds() {
    let rows = rows(&register(), &[point(0, "0"), point(15, "2.5"), point(30, "5")]);
    let whole = total(rows.iter(), true, &doubt(), minutes(0), minutes(30)).unwrap();
    assert!(whole.is_whole());
    assert_eq!((whole.low, whole.high), (value("0.005"), value("0.005")));
    let longer = total(rows.iter(), true, &doubt(), minutes(0), minutes(90)).unwrap();
    assert_eq!(longer.measured, Some(value("0.005")));
    assert_eq!((longer.low, longer.high), (value("0.005"), value("0.105")));
    let nothing = total([].iter(), true, &doubt(), minutes(0), minutes(60)).unwrap();
    assert_eq!((nothing.measured, nothing.low, nothing.high), (None, value("0"), value("0.1")));
}

fn kinds() -> impl Strategy<Value = ChannelPlan> {
    prop_oneof![Just(register()), Just(power()), Just(state())]
}

proptest! {
    #[test]
    fn computing_in_pieces_is_computing_at_once(
        plan in kinds(),
        series in prop::collection::btree_map(0i64..600, 0i64..60, 1..40),
        cut in 0i64..50,
    ) {
        let points: Vec<Point> = series.iter().map(|(at, v)| point(*at, &v.to_string())).collect();
        let spans = spans(&plan, &points);
        let whole = intervals(ChannelId(0), &plan, &spans, &points, Interval(0), Interval(99));
        let mut pieces = intervals(ChannelId(0), &plan, &spans, &points, Interval(0), Interval(cut));
        pieces.extend(intervals(ChannelId(0), &plan, &spans, &points, Interval(cut), Interval(99)));
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn the_parts_of_a_register_add_up_to_its_difference(
        series in prop::collection::btree_map(0i64..600, 0i64..5_000_000, 2..30),
    ) {
        let mut sum = 0;
        let points: Vec<Point> = series.iter().map(|(at, step)| {
            sum += step;
            let content = Content::Value(Fixed6::from_micro(sum.into()).unwrap());
            Point { at: minutes(*at), content, flags: Flags::NONE, leaves: (0, 0) }
        }).collect();
        let plan = ChannelPlan { capacity: None, ..register() };
        let parts: i64 = rows(&plan, &points).iter().filter_map(|row| row.measured).map(Fixed6::micro).sum();
        let first = points[0].usable().unwrap().micro();
        let last = points[points.len() - 1].usable().unwrap().micro();
        prop_assert_eq!(parts, last - first);
    }

    #[test]
    fn removing_readings_never_raises_the_lowest_total(
        series in prop::collection::btree_map(0i64..40, 0i64..20, 2..30),
        removed in prop::collection::vec(0usize..30, 1..4),
    ) {
        let mut sum = 0;
        let all: Vec<Point> = series.iter().map(|(at, step)| {
            sum += step;
            point(at * 15, &sum.to_string())
        }).collect();
        let mut some = all.clone();
        for index in removed {
            if some.len() > 1 {
                some.remove(index % some.len());
            }
        }
        let plan = ChannelPlan { kind: ChannelKind::Register { modulus: None }, ..register() };
        let low = |points: &[Point]| {
            let rows = rows(&plan, points);
            total(rows.iter(), true, &doubt(), minutes(0), minutes(600)).unwrap().low
        };
        prop_assert!(low(&some) <= low(&all));
    }
}

/// Periods hold millions of intervals: a value that may be missing takes no more room than one that
/// may not, and keeps its order.
#[test]
fn an_interval_takes_little_room() {
    assert_eq!(size_of::<Option<Fixed6>>(), size_of::<i64>());
    assert!(size_of::<IntervalRow>() <= 96, "{} bytes", size_of::<IntervalRow>());
    let end = i128::from(Fixed6::MICRO_END) - 1;
    let micros = [-end, -1_000_000, -1, 0, 1, 1_000_000, end];
    let values = micros.map(|micro| Fixed6::from_micro(micro).unwrap());
    assert_eq!(values.map(|value| i128::from(value.micro())), micros);
    assert!(values.is_sorted() && values[0] < Fixed6::ZERO && Fixed6::ZERO < Fixed6::ONE);
    assert_eq!(Fixed6::default(), Fixed6::ZERO);
}
