//! From rows to the monitoring report: statements of made-up projects, and the forms they take.

mod amounts;
mod cells;
mod changes;
mod commands;
mod factors;
mod fixture;
mod forms;
mod meters;
mod methodologies;
mod papers;
#[path = "../support/recalculate.rs"]
mod recalculate;
mod shipped;
mod splits;
mod substitutes;
mod workbooks;

use fixture::{CHILLER_PLAN, ENGINE_PLAN, PV_PLAN, Project, date, period, pv_quarter};
use methodologies::{CHILLER_METHODOLOGY, ENGINE_METHODOLOGY, PV_METHODOLOGY};
use mrv::domain::decimal::{Decimal, Fixed6};
use mrv::domain::flag::{Code, Severity};
use mrv::domain::time::Timestamp;
use mrv::period::statement::Status;
use mrv::period::{PeriodError, SealedPeriod, Statement};

const ONE: &str = "plant/meter-1/EG";
const TWO: &str = "plant/meter-2/EG";

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn messages(statement: &Statement, code: Code) -> Vec<String> {
    let found = statement.findings.iter().filter(|finding| finding.code == code);
    found.map(|finding| finding.message.clone()).collect()
}

/// Solar over two years with the generation of vector PV-2, in meter 1 alone.
fn two_years() -> Project {
    let mut project = Project::new(PV_PLAN, PV_METHODOLOGY);
    project.measure(ONE, project.whole(ONE, "2023-01-01", "2024-01-01", 600_123_000_000));
    project.measure(ONE, project.whole(ONE, "2024-01-01", "2025-01-01", 634_444_000_000));
    project.measure(TWO, project.whole(TWO, "2023-01-01", "2025-01-01", 0));
    project
}

#[test]
fn a_period_over_two_years_is_rounded_down_year_by_year() {
    let statement = two_years().state("2023-01-01", "2024-12-31").unwrap();
    let figures: Vec<_> = statement
        .years
        .iter()
        .map(|year| (year.year, year.re.to_string(), year.pe.to_string(), year.claimed))
        .collect();
    assert_eq!(
        figures,
        [
            (2023, "371.476137".to_owned(), "0".to_owned(), 371),
            (2024, "392.720836".to_owned(), "0".to_owned(), 392)
        ]
    );
    assert_eq!(statement.years.iter().map(|year| year.claimed).sum::<i128>(), 763);
    assert_eq!(
        messages(&statement, Code::Year),
        ["the period crosses 2 calendar years; each is computed and rounded down by itself: \
          1/Jan/2023-31/Dec/2023, 1/Jan/2024-31/Dec/2024"]
    );
    assert_eq!(
        messages(&statement, Code::ExAnte),
        [
            "2023: claimed 371 tCO2e against ex ante 800 tCO2e: not above the estimate",
            "2024: claimed 392 tCO2e against ex ante 850 tCO2e: not above the estimate"
        ]
    );
}

#[test]
fn a_year_begins_at_local_midnight() {
    // The last hour of 2023 in Jakarta is 16:00 to 17:00 UTC; what is measured in it belongs to 2023.
    let mut project = Project::new(PV_PLAN, PV_METHODOLOGY);
    let mut rows = project.whole(ONE, "2023-12-31", "2024-01-02", 0);
    let last = rows.iter_mut().find(|row| row.start.start() == at("2023-12-31T16:45:00Z")).unwrap();
    let value = Fixed6::from_micro(5_000_000_000).ok();
    (last.value, last.measured, last.low, last.high) = (value, value, value, value);
    project.measure(ONE, rows);
    project.measure(TWO, project.whole(TWO, "2023-12-31", "2024-01-02", 0));
    let statement = project.state("2023-12-31", "2024-01-01").unwrap();
    assert_eq!(statement.years[0].re, decimal("3.095"));
    assert_eq!(statement.years[1].re, Decimal::ZERO);
}

#[test]
fn months_add_up_to_their_year_exactly() {
    let statement = pv_quarter().state("2024-01-01", "2024-03-31").unwrap();
    let micro = |value: Option<Decimal>| {
        let value = value.unwrap();
        assert!(value.exponent() >= -9);
        value.coefficient() * 10i128.pow((value.exponent() + 9).unsigned_abs())
    };
    let year = &statement.years[0].inputs[0].total;
    let months = &statement.parameters[0].months;
    assert_eq!(months.len(), 3);
    for of in [
        |total: &mrv::period::collect::Amount| total.measured,
        |total: &mrv::period::collect::Amount| total.low,
        |total: &mrv::period::collect::Amount| total.high,
    ] {
        let sum: i128 = months.iter().map(|(_, total)| micro(of(total))).sum();
        assert_eq!(sum, micro(of(year)));
    }
    assert!(micro(year.low) < micro(year.high));
}

#[test]
fn a_parameter_that_nothing_measures_gives_zero_and_says_why() {
    let project = Project::new(CHILLER_PLAN, CHILLER_METHODOLOGY);
    let statement = project.state("2024-01-01", "2024-12-31").unwrap();
    let year = &statement.years[0];
    assert_eq!([year.re, year.pe, year.er], [Decimal::ZERO; 3]);
    assert_eq!(year.claimed, 0);
    assert_eq!(
        year.why,
        "EC_PJ[east] was not measured at all; taken at its lowest, 0 MWh, where ER is lowest, so RE, \
         PE and ER are 0"
    );
    // Ex ante nothing is known, so the doubt is the chiller's capacity for all of the leap year:
    // 0.25 MW * 8784 h * 0.8 * (6 / 5 - 1).
    assert_eq!(year.inputs[0].total.high, Some(decimal("2196")));
    let [doubt] = &statement.doubts[..] else { panic!("one doubt") };
    assert_eq!(doubt.cost, year.er_highest);
    assert_eq!(doubt.cost, decimal("351.36"));
    assert!(doubt.sentence.ends_with("this doubt costs 351.360 tCO2e"), "{}", doubt.sentence);
    let planned = messages(&statement, Code::Plan);
    assert_eq!(planned.len(), 4);
    assert!(planned.iter().any(|one| one.contains("EC_PJ[east] has no channel")));
    assert!(planned.iter().any(|one| one.contains("COP_RE[east] = 5 1 is a sample value")));
}

#[test]
fn a_missing_amount_counts_low_where_it_earns_and_high_where_it_costs() {
    let engine = |silent: &str| {
        let mut project = Project::new(ENGINE_PLAN, ENGINE_METHODOLOGY);
        for channel in ["s/engine/EG", "s/engine/EC"] {
            if channel != silent {
                project.measure(
                    channel,
                    project.whole(channel, "2021-01-01", "2022-01-01", 8_760_000_000),
                );
            }
        }
        project.state("2021-01-01", "2021-12-31").unwrap()
    };
    let side = |statement: &Statement, input: usize| statement.years[0].inputs[input].side();
    let (generation, use_) = (engine("s/engine/EG"), engine("s/engine/EC"));
    assert_eq!(side(&generation, 0), "lowest");
    assert_eq!(side(&use_, 1), "highest");
    assert_eq!(use_.years[0].pe, decimal("4380"));
    assert_eq!(use_.years[0].er, decimal("-4375.62"));
    assert_eq!(use_.doubts[0].er_best, decimal("4.38"));
    assert_eq!(use_.doubts[0].cost, decimal("4380"));
}

#[test]
fn a_negative_year_claims_nothing_and_is_deducted_from_later_years() {
    let mut project = Project::new(ENGINE_PLAN, ENGINE_METHODOLOGY);
    let (eg, ec) = ("s/engine/EG", "s/engine/EC");
    // ER: -10.25, 4, 100 tCO2e.
    for (year, generated, used) in [(2021, 0, 20_500), (2022, 8_000, 0), (2023, 200_000, 0)] {
        let (from, to) = (format!("{year}-01-01"), format!("{}-01-01", year + 1));
        project.measure(eg, project.whole(eg, &from, &to, generated * 1_000_000));
        project.measure(ec, project.whole(ec, &from, &to, used * 1_000_000));
    }
    let statement = project.state("2021-01-01", "2023-12-31").unwrap();
    let years: Vec<_> = statement
        .years
        .iter()
        .map(|year| (year.floored, year.carried_in, year.claimed, year.carried_out))
        .collect();
    assert_eq!(years, [(-11, 0, 0, -11), (4, -11, 0, -7), (100, -7, 93, 0)]);
    assert!(statement.years[0].why.contains("-11 is left to be deducted from later years"));
    // A negative left by the last sealed period is deducted too.
    project.earlier.push(SealedPeriod {
        period: period("2021-01-01", "2022-12-31"),
        version: 1,
        unresolved: -7,
    });
    let later = project.state("2023-01-01", "2023-12-31").unwrap();
    assert_eq!((later.years[0].carried_in, later.years[0].claimed), (-7, 93));
}

#[test]
fn a_period_overlaps_no_sealed_one_and_lies_in_the_crediting_period() {
    let mut project = two_years();
    let sealed =
        SealedPeriod { period: period("2023-01-01", "2023-06-30"), version: 2, unresolved: 0 };
    project.earlier.push(sealed);
    let error = project.state("2023-06-30", "2023-12-31").unwrap_err();
    assert!(matches!(error, PeriodError::Overlap { .. }));
    assert_eq!(
        error.to_string(),
        "V-OVERLAP: the period 30/Jun/2023-31/Dec/2023 overlaps 1/Jan/2023-30/Jun/2023, sealed as \
         version 2; a tonne is claimed once; choose dates after it"
    );
    let next = project.state("2023-07-01", "2023-12-31").unwrap();
    assert!(messages(&next, Code::Contiguity).is_empty());
    let later = project.state("2023-07-11", "2023-12-31").unwrap();
    assert!(messages(&later, Code::Contiguity)[0].starts_with("10 days lie between"));
    let error = project.state("2022-12-31", "2022-12-31").unwrap_err();
    assert!(matches!(error, PeriodError::Crediting { from, .. } if from == date("2023-01-01")));
}

#[test]
fn a_statement_without_two_people_and_a_sealed_log_is_a_draft() {
    let reasons = |change: fn(&mut Project)| {
        let mut project = pv_quarter();
        change(&mut project);
        match project.state("2024-01-01", "2024-03-31").unwrap().status {
            Status::Draft { reasons } => reasons,
            Status::Sealed { .. } => Vec::new(),
        }
    };
    assert!(reasons(|_| {}).is_empty());
    assert_eq!(
        reasons(|project| project.people.1 = Some(" a. preparer".to_owned())),
        ["A. Preparer prepared and reviewed it; two people are needed"]
    );
    assert_eq!(reasons(|project| project.people.1 = None), ["nobody is named who reviewed it"]);
    assert_eq!(
        reasons(|project| project.people.0 = Some(String::new())),
        ["nobody is named who prepared it"]
    );
    assert_eq!(
        reasons(|project| project.log = None),
        ["the period is not sealed: no log size and root are fixed"]
    );
}

#[test]
fn the_digest_is_that_of_the_figures_alone() {
    let project = pv_quarter();
    let digest = |project: &Project| project.state("2024-01-01", "2024-03-31").unwrap().digest;
    let expected = digest(&project);
    let mut moved = pv_quarter();
    for channel in &mut moved.channels {
        channel.rows.reverse();
        for row in &mut channel.rows {
            row.leaves = row.leaves.map(|(first, last)| (first + 1_000, last + 2_000));
        }
    }
    moved.channels.reverse();
    moved.log = None;
    moved.people = (None, None);
    moved.refused.clear();
    assert_eq!(digest(&moved), expected);
    let row = &mut moved.channels[0].rows[7];
    let more = Fixed6::from_micro((row.value.unwrap().micro() + 1).into()).ok();
    (row.value, row.measured, row.low, row.high) = (more, more, more, more);
    assert_ne!(digest(&moved), expected);
}

#[test]
fn a_gap_of_one_meter_costs_what_it_could_have_made() {
    let statement = pv_quarter().state("2024-01-01", "2024-03-31").unwrap();
    let input = &statement.years[0].inputs[0];
    assert_eq!(input.total.measured, Some(decimal("345.868354753")));
    assert_eq!(input.chosen, decimal("345.868354753"));
    // Two days and a half at 200 kW.
    assert_eq!(input.total.high, Some(decimal("357.868354753")));
    let [doubt] = &statement.doubts[..] else { panic!("one doubt") };
    assert_eq!(doubt.cost, decimal("7.428"));
    let complete = statement.findings.iter().find(|one| one.code == Code::Complete).unwrap();
    assert_eq!(complete.severity, Severity::Minor);
    assert_eq!(
        complete.message,
        "measured for 97.25 % of its time in service; incomplete months: 2024-02 91.37 %"
    );
    let days = &statement.channels[1].days;
    let shares: Vec<_> = days[39..44]
        .iter()
        .map(|(day, covered, length)| (day.to_string(), covered * 4 / length))
        .collect();
    let expected = [("10", 0), ("11", 0), ("12", 2), ("13", 4)];
    assert_eq!(shares[0].1, 4);
    assert_eq!(
        shares[1..].to_vec(),
        expected.map(|(day, share)| (format!("2024-02-{day}"), share)).to_vec()
    );
}

#[test]
fn time_before_a_device_serves_is_no_gap_of_it() {
    let plan = PV_PLAN
        .replace("serial = \"M-2\"", "serial = \"M-2\"\ninstalled = \"2024-02-01T00:00:00+07:00\"");
    let mut project = Project::new(&plan, PV_METHODOLOGY);
    project.measure(ONE, project.whole(ONE, "2024-01-01", "2024-03-01", 1_000_000_000));
    project.measure(TWO, project.whole(TWO, "2024-02-01", "2024-03-01", 1_000_000_000));
    let statement = project.state("2024-01-01", "2024-02-29").unwrap();
    assert!(statement.doubts.is_empty());
    assert_eq!(statement.years[0].inputs[0].chosen, decimal("2"));
    assert_eq!(statement.channels[1].days[0].2, 0);
    // Where none of its channels serves, the parameter's own bounds count.
    let plan = plan
        .replace("serial = \"M-1\"", "serial = \"M-1\"\ninstalled = \"2024-02-01T00:00:00+07:00\"");
    let mut project = Project::new(&plan, PV_METHODOLOGY);
    project.measure(ONE, project.whole(ONE, "2024-02-01", "2024-03-01", 1_000_000_000));
    project.measure(TWO, project.whole(TWO, "2024-02-01", "2024-03-01", 1_000_000_000));
    let statement = project.state("2024-01-01", "2024-02-29").unwrap();
    assert_eq!(statement.years[0].inputs[0].total.high, Some(decimal("894.8")));
}

#[test]
fn a_state_is_averaged_over_the_time_of_its_channels() {
    let channels = r#"
[[channel]]
id = "s/t1/T"
kind = "gauge"
rule = "hold"
step_max = "1 h"
unit = "degC"
range = ["0", "40"]

[[channel]]
id = "s/t2/T"
kind = "gauge"
rule = "hold"
step_max = "1 h"
unit = "degC"
range = ["0", "40"]
installed = "2021-01-02T00:00:00Z"

[[registered.parameter]]
symbol = "T"
point = "(3)"
option = "C"
channels = ["s/t1/T", "s/t2/T"]
unit = "degC"
"#;
    let mut project = Project::new(&format!("{ENGINE_PLAN}{channels}"), ENGINE_METHODOLOGY);
    for channel in ["s/engine/EG", "s/engine/EC"] {
        project.measure(channel, project.whole(channel, "2021-01-01", "2021-01-03", 0));
    }
    project.measure("s/t1/T", project.steady("s/t1/T", "2021-01-01", "2021-01-03", 10_000_000));
    project.measure("s/t2/T", project.steady("s/t2/T", "2021-01-02", "2021-01-03", 20_000_000));
    let mean = |project: &Project| {
        let statement = project.state("2021-01-01", "2021-01-02").unwrap();
        let total = statement.years[0].inputs[2].total.clone();
        [total.measured, total.low, total.high].map(|value| value.map(|value| value.to_string()))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(mean(&project), ["13.333333", "13.333333", "13.333333"].map(some));
    // Without the second day of the first channel its range counts there.
    project
        .channels
        .iter_mut()
        .find(|one| one.key.to_string() == "s/t1/T")
        .unwrap()
        .rows
        .drain(96..);
    assert_eq!(mean(&project), ["15", "10", "23.333333"].map(some));
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}
