//! What a register bridged across a border of the days of a methodology: where it matters in which day it
//! was counted, each day counts by what it can hold.

use mrv::domain::flag::{Code, Quality};
use mrv::methodology::Methodology;
use mrv::period::Statement;

use crate::fixture::{ENGINE_PLAN, Project};

const METER: &str = "s/engine/EG";

fn methodology(re: &str) -> Methodology {
    let text = format!(
        r#"
mrv_methodology = 1
id = "TEST_DAYS"
version = "01.0"
title = "Values by day"
scope = "1. Energy industries"
source = "these tests"
status = "equivalent form"
year_split = "each calendar year by itself"
rounding = "down"
sure = "D"

[[index]]
symbol = "d"
about = "day"
over = "days"

[[parameter]]
symbol = "EG"
indices = ["d"]
kind = "monitored"
unit = "MWh"
options = ["C"]
aggregation = "sum"
frequency = "continuous"
about = "electricity of a day"
source = "tests"
sure = "D"

[[parameter]]
symbol = "EF"
kind = "fixed"
unit = "tCO2/MWh"
about = "factor"
source = "tests"
sure = "D"

[[equation]]
symbol = "RE"
unit = "tCO2e"
text = "{re}"
about = "reference emissions"
sure = "D"

[[equation]]
symbol = "PE"
unit = "tCO2e"
text = "0 [tCO2e]"
about = "project emissions"
sure = "D"

[[equation]]
symbol = "ER"
unit = "tCO2e"
text = "RE - PE"
about = "emission reductions"
sure = "D"
"#
    );
    Methodology::parse("m", &text).unwrap_or_else(|found| panic!("{}", found[0]))
}

/// Four days of 9.6 MWh; a register was silent from 18:00 of the second to 06:00 of the third.
fn days(re: &str, edit: impl Fn(&str) -> String) -> Statement {
    let plan = ENGINE_PLAN.replace("TEST_ENGINE", "TEST_DAYS");
    let import = plan.find("[[registered.parameter]]\nsymbol = \"EC\"").unwrap();
    let fixed = plan.find("[[registered.fixed]]").unwrap();
    let plan = format!("{}{}", &plan[..import], &plan[fixed..]);
    let plan = plan.replace("value = \"0.5\"", "value = \"1\"");
    let mut project = Project::new(&edit(&plan), methodology(re));
    let mut rows = project.whole(METER, "2023-03-01", "2023-03-05", 38_400_000_000);
    for row in &mut rows[96 + 72..2 * 96 + 24] {
        (row.quality, row.covered_us) = (Quality::T, 0);
        row.flags.insert(Code::Gap);
    }
    project.measure(METER, rows);
    project.state("2023-03-01", "2023-03-04").unwrap()
}

#[test]
fn each_day_counts_what_it_can_hold_of_a_bridge_where_that_matters() {
    // 4.8 MWh in 12 hours of at most 1 MWh each: a day holds none of it or all.
    let statement = days("sum(d: min(EG[d], 10 [MWh])) * EF", str::to_owned);
    let year = &statement.years[0];
    // Even over time 38.4; the split that claims least 36.4; by bounds 33.6, and never more.
    assert_eq!(year.er.to_string(), "33.6");
    let bounds: Vec<(String, String)> = year
        .inputs
        .iter()
        .map(|one| (one.total.low.unwrap().to_string(), one.total.high.unwrap().to_string()))
        .collect();
    let said = |low: &str, high: &str| (low.to_owned(), high.to_owned());
    let expected = [said("9.6", "9.6"), said("7.2", "12"), said("7.2", "12"), said("9.6", "9.6")];
    assert_eq!(bounds, expected);
    let [doubt] = statement.doubts.as_slice() else { panic!("{:?}", statement.doubts) };
    assert!(doubt.sentence.contains("EG was measured"), "{}", doubt.sentence);
    // A tighter capacity: 0.6 MW hold 3.6 MWh in six hours, so that each has 1.2 at least.
    let narrow = |plan: &str| plan.replacen("capacity = \"1 MW\"", "capacity = \"600 kW\"", 1);
    let statement = days("sum(d: min(EG[d], 10 [MWh])) * EF", narrow);
    assert_eq!(statement.years[0].er.to_string(), "36");
    let low = statement.years[0].inputs[1].total.low.unwrap();
    assert_eq!(low.to_string(), "8.4", "7.2 and 1.2");
}

#[test]
fn a_bridge_counts_exactly_where_every_day_counts_alike() {
    let statement = days("sum(d: EG[d]) * EF", str::to_owned);
    assert_eq!(statement.years[0].er.to_string(), "38.4");
    assert!(statement.doubts.is_empty());
    // By a factor of the channel too: bounds and totals are multiplied.
    let factor = |plan: &str| {
        format!(
            "{plan}\n[[registered.correction_factor]]\nname = \"T-1\"\nchannels = [\"{METER}\"]\n\
             factor = \"0.5\"\nsource = \"PDD\"\nconfirmed = \"the utility\"\n"
        )
    };
    let statement = days("sum(d: min(EG[d], 5 [MWh])) * EF", factor);
    assert_eq!(statement.years[0].er.to_string(), "16.8");
}
