//! How long the equation language takes: reading every shipped file, and evaluating a year of 1,000
//! units, without doubt and with doubt and an uncertainty budget.
//!
//! `cargo bench --bench equations`; prints milliseconds, the median of [`RUNS`] with least and greatest.

use std::hint::black_box;
use std::time::Instant;

use mrv::domain::decimal::Decimal;
use mrv::methodology::{
    Bounds, IndexSet, Inputs, Methodology, ParameterKind, Spread, Uncertain, shipped,
};

const RUNS: usize = 5;
const UNITS: usize = 1_000;
/// Members beside an index over a calendar, which is long by itself.
const UNITS_BY_TIME: usize = 10;
const DOUBTFUL: usize = 20;

fn main() {
    let (median, least, most) = measure(|| {
        for file in shipped() {
            black_box(Methodology::parse(file.file, file.text).unwrap());
        }
    });
    println!(
        "{} shipped files read and checked: {median:.1} ms ({least:.1}..{most:.1})",
        shipped().len()
    );
    for file in shipped() {
        let methodology = Methodology::parse(file.file, file.text).unwrap();
        let certain = inputs(&methodology, 0);
        let outcome = match methodology.evaluate(&certain) {
            Ok(outcome) => outcome,
            Err(error) => {
                println!("{}: {error}", methodology.id);
                continue;
            }
        };
        let values = outcome.inputs.len();
        let (median, least, most) = measure(|| {
            black_box(methodology.evaluate(&certain).unwrap());
        });
        let doubtful = inputs(&methodology, DOUBTFUL);
        let (in_doubt, ..) = measure(|| match methodology.evaluate(&doubtful) {
            Ok(outcome) => {
                let uncertain: Vec<Uncertain> = outcome
                    .inputs
                    .iter()
                    .map(|input| Uncertain {
                        symbol: input.symbol.clone(),
                        members: input.members.clone(),
                        spread: Spread::Permissible(Decimal::parse("0.005").unwrap().into()),
                        cause: input.symbol.clone(),
                    })
                    .collect();
                black_box(outcome.budget(&uncertain).unwrap());
            }
            Err(error) => println!("  in doubt: {error}"),
        });
        println!(
            "{:24} {values:6} values, {:6} figures: {median:8.1} ms ({least:.1}..{most:.1}); \
             {DOUBTFUL} in doubt and budget {in_doubt:8.1} ms",
            methodology.id,
            outcome.trace.len(),
        );
    }
}

/// Values for [`UNITS`] members, or [`UNITS_BY_TIME`] beside a calendar, of every index that a plan names and a year of every calendar; the
/// first `doubtful` monitored ones known to a tenth.
fn inputs(methodology: &Methodology, doubtful: usize) -> Inputs {
    let names = |count: usize| (1..=count).map(|at| format!("unit-{at}")).collect::<Vec<_>>();
    let planned = methodology.indices.iter().filter(|index| index.set == IndexSet::Planned);
    let is_over_time = methodology.indices.iter().any(|index| index.set.is_calendar());
    let units = if is_over_time { UNITS_BY_TIME } else { UNITS };
    // One long index; others are short, as fuels are beside units.
    let sets: Vec<_> = planned
        .enumerate()
        .map(|(at, index)| (index.symbol.clone(), names(if at == 0 { units } else { 3 })))
        .collect();
    let mut inputs = Inputs::new(&sets);
    let months = |count: usize| (1..=count).map(|month| format!("2024-{month:02}")).collect();
    inputs.set_calendar(IndexSet::Years, (2015..=2024).map(|year| year.to_string()).collect(), 9);
    inputs.set_calendar(IndexSet::Months, months(12), 0);
    inputs.set_calendar(IndexSet::Days, (1..=366).map(|day| format!("day {day}")).collect(), 0);
    inputs.set_calendar(
        IndexSet::Hours,
        (1..=8784).map(|hour| format!("hour {hour}")).collect(),
        0,
    );
    let mut left = doubtful;
    for parameter in &methodology.parameters {
        let members = |index: &String| -> Vec<String> {
            let set = methodology.index(index).map(|index| &index.set);
            match set {
                Some(IndexSet::Fixed(members)) => members.clone(),
                Some(IndexSet::Planned) => {
                    sets.iter().find(|(symbol, _)| symbol == index).unwrap().1.clone()
                }
                Some(IndexSet::Years) => (2015..=2024).map(|year| year.to_string()).collect(),
                Some(IndexSet::Months) => months(12),
                Some(IndexSet::Days) => (1..=366).map(|day| format!("day {day}")).collect(),
                _ => (1..=8784).map(|hour| format!("hour {hour}")).collect(),
            }
        };
        let mut places = vec![Vec::new()];
        for index in &parameter.indices {
            let own = members(index);
            let longer = places.iter().flat_map(|place: &Vec<String>| {
                own.iter().map(move |member| {
                    let mut longer = place.clone();
                    longer.push(member.clone());
                    longer
                })
            });
            places = longer.collect();
        }
        for (at, place) in places.iter().enumerate() {
            if let Some(of) = &parameter.category_of {
                let all = members(of);
                inputs.set_category(&parameter.symbol, place, Some(&all[at % all.len()]));
                continue;
            }
            let text = if parameter.unit.as_str() == "1" {
                "0.5".to_owned()
            } else {
                format!("{}.125", 20 + at % 97)
            };
            let value = Decimal::parse(&text).unwrap();
            let is_monitored = matches!(parameter.kind, ParameterKind::Monitored { .. });
            let bounds = if is_monitored && left > 0 {
                left -= 1;
                let high = Decimal::parse(&format!("1{text}")).unwrap();
                Bounds::new(value.into(), high.into()).unwrap()
            } else {
                Bounds::exact(value.into())
            };
            inputs.set(&parameter.symbol, place, bounds, parameter.unit.as_str()).unwrap();
        }
    }
    inputs
}

/// Milliseconds: median, least, greatest.
fn measure(mut work: impl FnMut()) -> (f64, f64, f64) {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1_000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[RUNS / 2], times[0], times[RUNS - 1])
}
