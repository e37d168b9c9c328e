//! The simulated plants: which devices a gateway has, what they measure, and what goes wrong there.
//!
//! Devices and quantities are those of the demonstration plans, `pipelines/projects/demo-*.toml`.

use super::defect::{Defect, Kind};
use super::noise::Noise;
use super::record::Record;
use super::shape::{QUARTERS, sun_permille, warmth_permille};
use crate::domain::time::{INTERVAL_US, Timestamp};

/// Peaks of the two arrays under a clear noon sun, in W.
const ARRAY_1_PEAK_W: i64 = 76_000;
const ARRAY_2_PEAK_W: i64 = 47_500;
/// Clear noon, in thousandths of W/m2.
const NOON_MILLI_W_M2: i64 = 1_020_000;

/// A device's records in the order of their stamps.
pub struct Device {
    pub name: &'static str,
    pub records: Vec<Record>,
}

/// Quarter hours from local midnight of the first day, numbered from 0.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub start: Timestamp,
    pub days: i64,
    pub seed: u64,
}

impl Span {
    /// The instant of a quarter.
    #[must_use]
    pub fn at(self, quarter: i64) -> Timestamp {
        Timestamp::from_us(self.start.us() + quarter * INTERVAL_US)
    }

    fn noise(self, stream: u64) -> Noise {
        Noise::new(self.seed, stream)
    }

    /// Mean power of an array in a quarter hour, in W: both arrays lie under the same clouds.
    fn array_w(self, peak_w: i64, stream: u64, quarter: i64) -> i64 {
        let light = sun_permille(self.noise(1), quarter / QUARTERS, quarter % QUARTERS);
        let own = self.noise(stream).between(quarter, 985, 1_015);
        peak_w * light / 1_000 * own / 1_000
    }

    /// What both arrays feed in over a quarter hour, in Wh.
    #[must_use]
    pub fn plant_wh(self, quarter: i64) -> i64 {
        self.array_w(ARRAY_1_PEAK_W, 2, quarter) / 4 + self.array_w(ARRAY_2_PEAK_W, 3, quarter) / 4
    }

    fn defect(self, device: &'static str, day_permille: i64, quarter: i64, kind: Kind) -> Defect {
        let day = day_permille * self.days / 1_000;
        Defect { device, at: self.at(day * QUARTERS + quarter), kind }
    }
}

/// Array 1: the cumulative register of a meter, read at each quarter's begin, the last day's end too.
#[must_use]
pub fn solar_a(span: Span) -> Vec<Device> {
    // Wh are thousandths of kWh.
    let mut register = 4_217_380_112;
    let mut records = Vec::new();
    for quarter in 0..=span.days * QUARTERS {
        records.push(Record::values(span.at(quarter), vec![("EG", register)]));
        register += span.array_w(ARRAY_1_PEAK_W, 2, quarter) / 4;
    }
    vec![Device { name: "meter-1", records }]
}

/// Array 2: mean power from an inverter, and the irradiance of a weather station.
#[must_use]
pub fn solar_b(span: Span) -> Vec<Device> {
    let quarters = 0..span.days * QUARTERS;
    let power = quarters.clone().map(|quarter| {
        let watts = span.array_w(ARRAY_2_PEAK_W, 3, quarter);
        Record::values(span.at(quarter), vec![("P", watts)])
    });
    let irradiance = quarters.map(|quarter| {
        let light = sun_permille(span.noise(1), quarter / QUARTERS, quarter % QUARTERS);
        // A pyranometer at night shows a little less than nothing.
        let offset = span.noise(4).between(quarter, -1_500, 300);
        let value = NOON_MILLI_W_M2 / 1_000 * light + offset;
        Record::values(span.at(quarter), vec![("G", value)])
    });
    vec![
        Device { name: "inverter-2", records: power.collect() },
        Device { name: "weather", records: irradiance.collect() },
    ]
}

/// A chiller: the register of its electricity meter and both water circuits, in one record.
#[must_use]
pub fn chiller(span: Span) -> Vec<Device> {
    let mut register = 31_004_455_700;
    let mut records = Vec::new();
    for quarter in 0..=span.days * QUARTERS {
        let warmth = warmth_permille(quarter % QUARTERS);
        let load = 700 + warmth * 250 / 1_000 + span.noise(11).between(quarter, -30, 30);
        let swing = |stream, size: i64| span.noise(stream).between(quarter, -size, size);
        let chilled_out = 7_000 + swing(12, 150);
        let cool_in = 28_500 + warmth * 3_000 / 1_000 + swing(13, 200);
        let values = vec![
            ("EC", register),
            ("T_chilled_out", chilled_out),
            ("T_chilled_in", chilled_out + load * 5_500 / 1_000 + swing(14, 100)),
            ("T_cool_out", cool_in + load * 5_000 / 1_000 + swing(15, 100)),
            ("T_cool_in", cool_in),
        ];
        records.push(Record::values(span.at(quarter), values));
        // At most 280 kW: under the 300 kW of the plan.
        register += load * 280 / 4;
    }
    vec![Device { name: "chiller-1", records }]
}

/// What goes wrong at array 1.
#[must_use]
pub fn solar_a_defects(span: Span) -> Vec<Defect> {
    let quantity = "EG";
    let meter = |day, quarter, kind| span.defect("meter-1", day, quarter, kind);
    vec![
        // Seven digits before the point: 10,000,000 kWh.
        meter(830, 46, Kind::Rollover { quantity, modulus: 10_000_000_000 }),
        meter(110, 38, Kind::Gap { records: 12 }),
        meter(200, 28, Kind::Duplicates { records: 8 }),
        meter(290, 40, Kind::OutOfOrder { records: 12 }),
        meter(390, 50, Kind::Conflict { quantity, by: 1_250 }),
        meter(480, 36, Kind::Undecodable),
        meter(610, 44, Kind::FutureStamp),
        meter(900, 60, Kind::Duplicates { records: 4 }),
    ]
}

/// What goes wrong at array 2.
#[must_use]
pub fn solar_b_defects(span: Span) -> Vec<Defect> {
    let inverter = |day, quarter, kind| span.defect("inverter-2", day, quarter, kind);
    vec![
        inverter(150, 40, Kind::Stuck { quantity: "P", records: 20 }),
        inverter(260, 47, Kind::OutOfRange { quantity: "P", value: 999_900 }),
        inverter(350, 34, Kind::Gap { records: 20 }),
        inverter(450, 52, Kind::Conflict { quantity: "P", by: 2_500 }),
        inverter(550, 56, Kind::UnknownChannel),
        inverter(880, 46, Kind::Conflict { quantity: "P", by: -1_500 }),
        span.defect("weather", 650, 30, Kind::OutOfOrder { records: 4 }),
    ]
}

/// What goes wrong at the chiller.
#[must_use]
pub fn chiller_defects(span: Span) -> Vec<Defect> {
    let chiller = |day, quarter, kind| span.defect("chiller-1", day, quarter, kind);
    vec![
        chiller(720, 33, Kind::Reset { quantity: "EC" }),
        chiller(90, 20, Kind::Gap { records: 8 }),
        chiller(180, 72, Kind::Duplicates { records: 6 }),
        chiller(270, 64, Kind::Conflict { quantity: "T_chilled_out", by: 900 }),
        chiller(360, 10, Kind::Stuck { quantity: "T_chilled_in", records: 32 }),
        chiller(460, 48, Kind::Undecodable),
        chiller(560, 55, Kind::OutOfRange { quantity: "T_cool_out", value: 85_000 }),
        chiller(880, 5, Kind::OutOfOrder { records: 10 }),
    ]
}
