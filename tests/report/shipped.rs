//! Statements by the methodologies that come with the software, against worked examples.

use mrv::methodology::{Methodology, shipped};
use mrv::period::exact::rounded;
use mrv::report::Report;

use crate::fixture::{CHILLER_PLAN, PV_PLAN, Project};
use crate::forms::{assert_forms_agree, live_formulae};

fn methodology(id: &str) -> Methodology {
    let shipped = shipped().iter().find(|one| one.id == id).expect("a shipped methodology");
    Methodology::parse(shipped.file, shipped.text).unwrap()
}

/// The plant of the fixture under `MRV_PV_F1`, its two meters as one system.
pub fn plant() -> Project {
    let plan = PV_PLAN
        .replace("TEST_PV", "MRV_PV_F1")
        .replace(
            "[registered.ex_ante]",
            "[registered.indices]\ni = [\"roof\"]\n\n[registered.ex_ante]",
        )
        .replace("symbol = \"EG\"", "symbol = \"EG\"\nmembers = [\"roof\"]")
        .replace("symbol = \"EF_RE\"", "symbol = \"EF_RE\"\nmembers = [\"roof\"]");
    Project::new(&plan, methodology("MRV_PV_F1"))
}

/// The chiller of vector CH-1: 347.2 MWh in a year.
fn chiller() -> Project {
    let design = |symbol: &str, value: &str| {
        format!(
            "[[registered.fixed]]\nsymbol = \"{symbol}\"\nmembers = [\"east\"]\nvalue = \"{value}\"\n\
             unit = \"degC\"\nsource = \"factory test\"\n"
        )
    };
    let plan = CHILLER_PLAN
        .replace("TEST_CHILLER", "MRV_CH_F2_ver01.0")
        .replace("value = \"6\"", "value = \"6.24\"")
        .replace("value = \"5\"", "value = \"4.92\"")
        .replace("channels = []", "channels = [\"hall/meter/EC\"]")
        + &design("T_cool_out", "34.5")
        + &design("T_chilled_out", "9.0")
        + "[[channel]]\nid = \"hall/meter/EC\"\nkind = \"register\"\nunit = \"kWh\"\n\
           capacity = \"250 kW\"\n";
    Project::new(&plan, methodology("MRV_CH_F2"))
}

#[test]
fn solar_over_two_years_is_the_worked_example() {
    let mut project = plant();
    let (one, two) = ("plant/meter-1/EG", "plant/meter-2/EG");
    project.measure(one, project.whole(one, "2023-01-01", "2024-01-01", 600_123_000_000));
    project.measure(one, project.whole(one, "2024-01-01", "2025-01-01", 634_444_000_000));
    project.measure(two, project.whole(two, "2023-01-01", "2025-01-01", 0));
    let statement = project.state("2023-01-01", "2024-12-31").unwrap();
    let years: Vec<_> =
        statement.years.iter().map(|year| (year.re.to_string(), year.claimed)).collect();
    assert_eq!(years, [("371.476137".to_owned(), 371), ("392.720836".to_owned(), 392)]);
    assert_forms_agree(&Report::of(&statement));
}

#[test]
fn a_chiller_is_the_worked_example_with_every_step_a_live_formula() {
    let mut project = chiller();
    let meter = "hall/meter/EC";
    project.measure(meter, project.whole(meter, "2024-01-01", "2025-01-01", 347_200_000_000));
    let statement = project.state("2024-01-01", "2024-12-31").unwrap();
    let year = &statement.years[0];
    let six = |value| rounded(value, 6);
    assert_eq!(
        [six(year.re), six(year.pe), six(year.er)],
        ["304.242661", "277.760000", "26.482661"]
    );
    assert_eq!(year.claimed, 26);
    let tc = year.steps.iter().find(|step| step.label() == "COP_PJ_tc[east]").unwrap();
    assert_eq!(six(tc.value), "5.389091");
    // The plan's values and the methodology's defaults are both told, with their sources.
    let defaults: Vec<_> = statement
        .fixed
        .iter()
        .filter(|fixed| fixed.confirmed.as_deref().is_some_and(|text| text.starts_with("default")))
        .map(|fixed| fixed.label())
        .collect();
    assert_eq!(defaults, ["TD_cool", "TD_chilled", "T_cool_ref", "T_chilled_ref"]);
    let report = Report::of(&statement);
    assert_forms_agree(&report);
    assert_eq!(live_formulae(&report).len(), year.steps.len());
    for (label, formula) in live_formulae(&report) {
        assert!(formula.contains('$'), "{label}: {formula}");
    }
}

#[test]
fn a_chiller_that_nobody_measures_claims_nothing_and_says_why() {
    let statement = chiller().state("2024-01-01", "2024-12-31").unwrap();
    let year = &statement.years[0];
    assert_eq!(year.claimed, 0);
    assert_eq!(
        year.why,
        "EC_PJ[east] was not measured at all; taken at its lowest, 0 MWh, where ER is lowest, so RE, \
         PE and ER are 0"
    );
    // 0.25 MW * 8784 h * 0.8 * (6.24 * 28.5 / 33 / 4.92 - 1)
    assert_eq!(rounded(statement.doubts[0].cost, 6), "167.499778");
    assert_forms_agree(&Report::of(&statement));
}
