//! Values by cell of the calendar: days with categories, weighted means, latest results, history.

use mrv::decode::amount::{AmountEntry, Ledger};
use mrv::domain::decimal::Decimal;
use mrv::domain::digest::Sha256Digest;
use mrv::methodology::Methodology;
use mrv::period::statement::HistoryValue;
use mrv::period::{PeriodError, Statement};

use crate::fixture::Project;

const METHODOLOGY: &str = r#"
mrv_methodology = 1
id = "TEST_CELLS"
version = "01.0"
title = "Values by cell of the calendar"
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

[[index]]
symbol = "c"
about = "category of a day"

[[index]]
symbol = "x"
about = "year of deposit"
over = "years"

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
symbol = "category"
indices = ["d"]
kind = "monitored"
category_of = "c"
options = ["C"]
aggregation = "last"
frequency = "daily"
about = "category of a day"
source = "tests"
sure = "D"

[[parameter]]
symbol = "V"
kind = "monitored"
unit = "Nm3"
options = ["C"]
aggregation = "sum"
frequency = "continuous"
about = "gas"
source = "tests"
sure = "D"

[[parameter]]
symbol = "w"
kind = "monitored"
unit = "1"
options = ["C"]
aggregation = "mean by V"
frequency = "monthly"
about = "share of methane"
source = "tests"
sure = "D"

[[parameter]]
symbol = "W"
indices = ["x"]
kind = "monitored"
unit = "t"
options = ["C"]
aggregation = "sum"
frequency = "continuous"
about = "waste"
source = "tests"
sure = "D"

[[parameter]]
symbol = "p"
kind = "monitored"
unit = "1"
options = ["C"]
aggregation = "latest"
frequency = "yearly"
about = "share of the waste that decays"
source = "tests"
sure = "D"

[[parameter]]
symbol = "EF"
indices = ["c"]
kind = "fixed"
unit = "tCO2/MWh"
about = "factor by category"
source = "tests"
sure = "D"

[[parameter]]
symbol = "k"
kind = "fixed"
unit = "tCO2/Nm3"
about = "factor of the gas"
source = "tests"
sure = "D"

[[parameter]]
symbol = "g"
kind = "fixed"
unit = "tCO2/t"
about = "factor of the waste"
source = "tests"
sure = "D"

[[equation]]
symbol = "RE"
unit = "tCO2e"
text = "sum(d: EG[d] * EF[category[d]]) + V * w * k + sum(x <= year: W[x]) * p * g"
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
"#;

const PLAN: &str = r#"
mrv_plan = 1
project = "cells"
number = 1
valid_from = "2022-01-01T00:00:00Z"

[registered]
title = "Cells"
country = "ID"
pdd_version = "01.0"
methodology = "TEST_CELLS"
zone = "UTC"
crediting = { from = "2022-01-01", to = "2030-12-31" }

[registered.indices]
c = ["grid", "island"]

[[registered.parameter]]
symbol = "EG"
point = "(1)"
option = "C"
channels = ["s/m/EG"]
unit = "MWh"

[[registered.parameter]]
symbol = "category"
point = "(2)"
option = "C"
channels = ["s/m/code"]
codes = { "0" = "grid", "1" = "island" }

[[registered.parameter]]
symbol = "V"
point = "(3)"
option = "C"
channels = ["s/m/V"]
unit = "Nm3"

[[registered.parameter]]
symbol = "w"
point = "(4)"
option = "C"
amounts = true
unit = "1"
range = ["0.4 1", "0.7 1"]

[[registered.parameter]]
symbol = "W"
point = "(5)"
option = "C"
amounts = true
unit = "t"
capacity = "10 t/h"

[[registered.parameter]]
symbol = "p"
point = "(6)"
option = "C"
amounts = true
unit = "1"
range = ["0.1 1", "0.9 1"]

[[registered.fixed]]
symbol = "EF"
members = ["grid"]
value = "0.5"
unit = "tCO2/MWh"
source = "tests"
confirmed = "tests"

[[registered.fixed]]
symbol = "EF"
members = ["island"]
value = "0.8"
unit = "tCO2/MWh"
source = "tests"
confirmed = "tests"

[[registered.fixed]]
symbol = "k"
value = "0.001"
unit = "tCO2/Nm3"
source = "tests"
confirmed = "tests"

[[registered.fixed]]
symbol = "g"
value = "0.01"
unit = "tCO2/t"
source = "tests"
confirmed = "tests"

[[channel]]
id = "s/m/EG"
kind = "register"
unit = "MWh"
capacity = "10 MW"

[[channel]]
id = "s/m/code"
kind = "gauge"
rule = "hold"
step_max = "20 min"
unit = "1"

[[channel]]
id = "s/m/V"
kind = "register"
unit = "Nm3"
capacity = "1000 Nm3/h"
"#;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn result(symbol: &str, from: &str, to: &str, value: &str) -> AmountEntry {
    AmountEntry {
        parameter: symbol.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        value: value.to_owned(),
        unit: if symbol == "W" { "t" } else { "1" }.to_owned(),
        kind: if symbol == "W" { "weighbridge-ticket" } else { "laboratory-result" }.to_owned(),
        document: Sha256Digest::of(b"paper").to_string(),
        entered_by: "Ann".to_owned(),
        checked_by: "Bo".to_owned(),
        ..AmountEntry::default()
    }
}

/// Two days: 10 MWh on the grid, 20 MWh on the island; 100 Nm3 and 300 Nm3 of gas.
fn project(is_code_known: bool, entries: &[AmountEntry]) -> Project {
    let mut project = Project::new(PLAN, Methodology::parse("cells.toml", METHODOLOGY).unwrap());
    let (one, two, three) = ("2024-03-01", "2024-03-02", "2024-03-03");
    for (channel, first, second) in
        [("s/m/EG", 10_000_000, 20_000_000), ("s/m/V", 100_000_000, 300_000_000)]
    {
        project.measure(channel, project.whole(channel, one, two, first));
        project.measure(channel, project.whole(channel, two, three, second));
    }
    project.measure("s/m/code", project.steady("s/m/code", one, two, 0));
    let code = project.steady("s/m/code", two, three, 1_000_000);
    let known = if is_code_known { code.len() } else { code.len() - 1 };
    project.measure("s/m/code", code[..known].to_vec());
    let mut ledger = Ledger::default();
    ledger.add_document(Sha256Digest::of(b"paper"), 5);
    for (number, entry) in (1..).zip(entries) {
        ledger.add(number, 100, entry).unwrap();
    }
    project.amounts = ledger.standing();
    project
}

fn papers() -> Vec<AmountEntry> {
    vec![
        result("w", "2024-03-01", "2024-03-01", "0.5"),
        result("w", "2024-03-02", "2024-03-02", "0.6"),
        result("W", "2022-01-01", "2022-12-31", "1000"),
        result("W", "2023-01-01", "2023-12-31", "2000"),
        result("W", "2024-03-01", "2024-03-02", "30"),
        // Older than the period, and the newest there is; a later one is not there yet.
        result("p", "2022-05-01", "2022-05-31", "0.2"),
        result("p", "2023-05-01", "2023-05-31", "0.25"),
        result("p", "2024-05-01", "2024-05-31", "0.9"),
    ]
}

fn state(project: &Project) -> Result<Statement, PeriodError> {
    project.state("2024-03-01", "2024-03-02")
}

fn chosen(statement: &Statement, label: &str) -> (Option<Decimal>, Option<Decimal>) {
    let inputs = &statement.years[0].inputs;
    let input = inputs.iter().find(|input| input.label() == label).expect("an input of this label");
    (input.total.low, input.total.high)
}

#[test]
fn cells_categories_weighted_means_latest_results_and_history_meet_in_one_year() {
    let statement = state(&project(true, &papers())).unwrap();
    let year = &statement.years[0];
    let exact = |value: &str| (Some(decimal(value)), Some(decimal(value)));
    assert_eq!(chosen(&statement, "EG[2024-03-01]"), exact("10"));
    assert_eq!(chosen(&statement, "EG[2024-03-02]"), exact("20"));
    // (100 x 0.5 + 300 x 0.6) / 400, not 0.55.
    assert_eq!(chosen(&statement, "w"), exact("0.575"));
    assert_eq!(chosen(&statement, "p"), exact("0.25"));
    assert_eq!(chosen(&statement, "W[2022]"), exact("1000"));
    let categories: Vec<_> =
        year.categories.iter().map(|one| one.category.as_deref().unwrap()).collect();
    assert_eq!(categories, ["grid", "island"]);
    // 10 x 0.5 + 20 x 0.8, 400 x 0.575 x 0.001, 3030 x 0.25 x 0.01.
    assert_eq!(year.re, decimal("28.805"));
    assert_eq!(year.er, year.er_highest);
    // Later years look back at what this period collected.
    let history: Vec<_> = statement.history.iter().map(|one| (&*one.members[0], one.low)).collect();
    assert_eq!(history, [("2024", decimal("30"))]);
}

#[test]
fn a_day_of_unknown_category_counts_where_er_is_lowest() {
    let statement = state(&project(false, &papers())).unwrap();
    let year = &statement.years[0];
    assert_eq!(year.categories[1].category, None);
    assert_eq!(year.re, decimal("22.805"));
}

#[test]
fn what_earlier_years_sealed_stands() {
    let mut project = project(true, &papers());
    project.history.push(HistoryValue {
        methodology: "TEST_CELLS".to_owned(),
        symbol: "W".to_owned(),
        members: vec!["2022".to_owned()],
        unit: "t".to_owned(),
        low: decimal("900"),
        high: decimal("950"),
    });
    let statement = state(&project).unwrap();
    assert_eq!(chosen(&statement, "W[2022]"), (Some(decimal("900")), Some(decimal("950"))));
    assert_eq!(statement.years[0].re, decimal("28.555"));
}

#[test]
fn missing_results_count_by_their_range_and_missing_waste_of_the_past_by_its_capacity() {
    let mut entries = papers();
    entries.retain(|entry| entry.parameter != "p" && entry.from != "2023-01-01");
    entries.retain(|entry| entry.from != "2024-03-02");
    let statement = state(&project(true, &entries)).unwrap();
    assert_eq!(chosen(&statement, "p"), (Some(decimal("0.1")), Some(decimal("0.9"))));
    assert_eq!(chosen(&statement, "W[2023]"), (Some(Decimal::ZERO), Some(decimal("87600"))));
    // 100 Nm3 at 0.5 and 300 Nm3 anywhere from 0.4 to 0.7.
    assert_eq!(chosen(&statement, "w"), (Some(decimal("0.425")), Some(decimal("0.65"))));
}
