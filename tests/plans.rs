//! The plans that are shipped, and three real data sets walked through the pure stages by them:
//! every row is accounted for, and monthly figures equal an independent computation in SQL over the
//! raw files, to the last digit.

mod support;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mrv::aggregate::interval::intervals;
use mrv::aggregate::point::points;
use mrv::aggregate::span::spans;
use mrv::aggregate::total::total;
use mrv::config::plan::history::PlanHistory;
use mrv::config::plan::{ChannelPlan, Doubt, Plan, Reader};
use mrv::decode::{Context, Sink, decode};
use mrv::domain::flag::Code;
use mrv::domain::reading::{Channels, Conflict, Reading, Refusal, Sample};
use mrv::domain::time::{Date, INTERVAL_US, Interval, Timestamp};
use mrv::merge;
use mrv::validate::Checker;

fn plan_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/projects")
}

fn plan(name: &str) -> Plan {
    let file = format!("pipelines/projects/{name}.toml");
    let text = fs::read_to_string(plan_folder().join(format!("{name}.toml"))).unwrap();
    Plan::parse(&file, &text).unwrap_or_else(|found| {
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        panic!("{}", found.join("\n"))
    })
}

fn plan_names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(plan_folder())
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn every_shipped_plan_is_right_and_named_after_its_project() {
    let names = plan_names();
    assert!(names.len() >= 5, "{names:?}");
    for name in names {
        let plan = plan(&name);
        assert_eq!(plan.project.as_str(), name);
        assert_eq!(plan.number, 1, "{name}: an example is a first plan");
        let first_day = plan.registered.zone.start_of(plan.registered.crediting.0);
        assert!(plan.valid_from <= first_day, "{name}: the first day has no plan");
    }
}

#[test]
fn the_readers_that_are_fuzzed_are_right_and_of_every_format() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/readers.toml");
    let found = Plan::parse("readers.toml", &fs::read_to_string(file).unwrap());
    let plan = found.unwrap_or_else(|found| panic!("{}", found[0]));
    use mrv::config::plan::reader::Format;
    for is_met in [
        |format: &Format| matches!(format, Format::Json(_)),
        |format: &Format| matches!(format, Format::JsonLines(_)),
        |format: &Format| matches!(format, Format::Csv(_)),
    ] {
        assert!(plan.readers.iter().any(|reader| is_met(&reader.format)));
    }
}

#[test]
fn sample_values_are_never_shown_as_confirmed() {
    // The invented plants may be sealed, and say for what: nobody can take that for a confirmation.
    const INVENTED: &str = "for this demonstration alone, with the invented plant";
    for name in plan_names() {
        let is_invented = name.starts_with("demo-") || name.starts_with("sample-");
        for value in plan(&name).registered.fixed {
            let symbol = &value.symbol;
            match value.confirmed.as_deref() {
                None => assert!(
                    is_invented || value.source.starts_with("sample value, not confirmed: "),
                    "{name}: {symbol}: {}",
                    value.source
                ),
                Some(INVENTED) => assert!(is_invented, "{name}: {symbol}"),
                Some(other) => panic!("{name}: {symbol} is confirmed {other:?}"),
            }
        }
    }
}

/// A data set after the pure stages.
struct Walked {
    channels: Channels,
    readings: Vec<Reading>,
    conflicts: Vec<Conflict>,
    refused: Vec<Refusal>,
    /// Items told by the decoder, by file.
    items: BTreeMap<String, i64>,
}

/// Takes what the decoder tells through the checks of stage R.
struct Judge<'a, 'b> {
    checker: Checker<'a>,
    reader: &'b Reader,
    received_at: Timestamp,
    readings: Vec<Reading>,
    refused: Vec<Refusal>,
    items: i64,
}

impl Sink for Judge<'_, '_> {
    type Error = Infallible;

    fn sample(&mut self, sample: &Sample<'_>) -> Result<(), Infallible> {
        self.items += 1;
        match self.checker.check(sample, self.received_at, self.reader) {
            Ok(reading) => self.readings.push(reading),
            Err(refusal) => self.refused.push(refusal),
        }
        Ok(())
    }

    fn refuse(&mut self, refusal: Refusal) -> Result<(), Infallible> {
        self.items += 1;
        self.refused.push(refusal);
        Ok(())
    }
}

/// Walks files, one leaf each in this order, through decode, validate and merge.
fn walk(plan: &Plan, files: &[PathBuf]) -> Walked {
    let mut plans = PlanHistory::default();
    plans.push(Arc::new(plan.clone())).unwrap();
    let mut channels = Channels::default();
    let (mut readings, mut refused, mut items) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (leaf, path) in (1i64..).zip(files) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let matching: Vec<&Reader> =
            plan.readers.iter().filter(|reader| reader.matches.is_match(true, name)).collect();
        let [reader] = matching.as_slice() else { panic!("{name}: {} readers", matching.len()) };
        let mut judge = Judge {
            checker: Checker::new(&plans, &mut channels),
            reader,
            received_at: Timestamp::parse_rfc3339("2026-01-01T00:00:00Z").unwrap(),
            readings: Vec::new(),
            refused: Vec::new(),
            items: 0,
        };
        let mut input = BufReader::new(fs::File::open(path).unwrap());
        let context = Context { name, leaf, first_item: 0 };
        let Ok(()) = decode(reader, context, &mut input, &mut judge);
        items.insert(name.to_owned(), judge.items);
        readings.append(&mut judge.readings);
        refused.append(&mut judge.refused);
    }
    merge::sort(&mut readings, &channels.ranks());
    let merged = merge::merge(&readings, &[], &[], &channels);
    refused.extend(merged.duplicates);
    Walked { readings: merged.readings, conflicts: merged.conflicts, channels, refused, items }
}

/// The measured total of every local month that has one, by channel: `site/device/quantity`, then
/// `2020-02`, in the unit of the channel's intervals.
fn monthly(plan: &Plan, walked: &Walked) -> BTreeMap<String, BTreeMap<String, String>> {
    let zone = &plan.registered.zone;
    let mut months = BTreeMap::new();
    for channel in &plan.channels {
        let Some(id) = walked.channels.find(&channel.key) else { continue };
        let own: Vec<Reading> =
            walked.readings.iter().filter(|r| r.channel == id).copied().collect();
        let conflicts: Vec<Conflict> =
            walked.conflicts.iter().filter(|c| c.reading.channel == id).copied().collect();
        let points = points(&own, &conflicts, |_, _| mrv::decode::act::Settled::Open);
        let spans = spans(channel, &points);
        let (from, to) = (Interval(0), Interval(Timestamp::END.us() / INTERVAL_US));
        let rows = intervals(id, channel, &spans, &points, from, to);
        let doubt = doubt(channel);
        let mut totals = BTreeMap::new();
        let mut begin = zone.date_of(rows[0].start.start());
        let last = rows[rows.len() - 1].start.start();
        begin = Date::new(begin.year(), begin.month(), 1).unwrap();
        while zone.start_of(begin) <= last {
            let next = match begin.month() {
                12 => Date::new(begin.year() + 1, 1, 1).unwrap(),
                month => Date::new(begin.year(), month + 1, 1).unwrap(),
            };
            let (from, to) = (zone.start_of(begin), zone.start_of(next));
            let total = total(rows.iter(), channel.is_amount(), &doubt, from, to).unwrap();
            if let Some(measured) = total.measured {
                let month = format!("{:04}-{:02}", begin.year(), begin.month());
                totals.insert(month, measured.to_string());
            }
            begin = next;
        }
        months.insert(channel.key.to_string(), totals);
    }
    months
}

/// The channel's own bounds, in the unit of its intervals.
fn doubt(channel: &ChannelPlan) -> Doubt {
    let unit = channel.interval_unit();
    if let Some(per_hour) = channel.capacity {
        return Doubt::Capacity { per_hour, unit };
    }
    let (low, high) = channel.range.unwrap();
    Doubt::Range { low, high, unit }
}

/// What must come out of a data set: readings, conflicts, and refused items by code.
struct Expected {
    readings: usize,
    conflicts: usize,
    refused: &'static [(Code, usize)],
}

fn check(name: &str, files: &[&str], expected: &Expected) {
    let Some(folder) = support::shared("data") else { return };
    let plan = plan(name);
    let mut paths: Vec<PathBuf> = Vec::new();
    for file in files {
        let path = folder.join(file);
        match path.is_dir() {
            true => paths.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path())),
            false => paths.push(path),
        }
    }
    paths.sort();
    let walked = walk(&plan, &paths);

    let second_route =
        &support::python_json("monthly_totals.py", &[folder.to_str().unwrap()])[name];
    let rows: BTreeMap<String, i64> = serde_json::from_value(second_route["rows"].clone()).unwrap();
    assert_eq!(walked.items, rows, "items that were decoded, and rows of the raw files");
    let accounted = walked.readings.len() + walked.conflicts.len() + walked.refused.len();
    assert_eq!(accounted as i64, rows.values().sum::<i64>(), "ACC-1");

    let mut refused: BTreeMap<Code, usize> = BTreeMap::new();
    for refusal in &walked.refused {
        *refused.entry(refusal.code).or_default() += 1;
    }
    assert_eq!(refused, expected.refused.iter().copied().collect(), "refused, by code");
    assert_eq!(walked.conflicts.len(), expected.conflicts);
    assert_eq!(walked.readings.len(), expected.readings);

    let ours = monthly(&plan, &walked);
    let theirs: BTreeMap<String, BTreeMap<String, serde_json::Value>> =
        serde_json::from_value(second_route["months"].clone()).unwrap();
    let theirs: BTreeMap<String, BTreeMap<String, String>> = theirs
        .into_iter()
        .map(|(channel, months)| {
            let months = months
                .into_iter()
                .map(|(month, total)| (month, total["value"].as_str().unwrap().to_owned()));
            (channel, months.collect())
        })
        .collect();
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (channel, months) in &theirs {
        assert!(!months.is_empty(), "{channel}");
        assert_eq!(&ours[channel], months, "{channel}: our months, and those of the second route");
    }
}

#[test]
fn the_kyocera_array_has_all_its_readings_and_its_months() {
    let expected = Expected { readings: 122_488, conflicts: 0, refused: &[] };
    check("ucsd-kyocera", &["ucsd_pv_kyocera_15min.csv"], &expected);
}

#[test]
fn the_inverter_without_nights_has_all_its_readings_and_its_months() {
    let refused = &[(Code::Missing, 3)];
    let expected = Expected { readings: 34_579, conflicts: 0, refused };
    check("taefc-inverter", &["pv_inverter_TAEFC1044741.csv"], &expected);
}

#[test]
fn the_chiller_of_six_files_has_all_its_readings_and_its_monthly_means() {
    let expected = Expected { readings: 242_980, conflicts: 0, refused: &[] };
    check("bartech-chiller", &["chiller_bartech"], &expected);
}
