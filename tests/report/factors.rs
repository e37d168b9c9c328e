//! Correction factors of the registered plan: applied once, to totals, dated, and told.

use std::sync::Arc;

use mrv::config::plan::Plan;
use mrv::domain::flag::{Code, Severity};
use mrv::domain::time::Timestamp;
use mrv::period::Statement;
use mrv::period::changes::RecordedPlan;
use mrv::period::exact::rounded;
use mrv::period::statement::Status;
use mrv::report::Report;

use crate::fixture::{ENGINE_PLAN, Project};
use crate::methodologies::ENGINE_METHODOLOGY;

const EXPORT: &str = "s/engine/EG";

/// A factor of the export register; `more` are its further keys.
fn factor(name: &str, value: &str, more: &str) -> String {
    format!(
        "\n[[registered.correction_factor]]\nname = \"{name}\"\nchannels = [\"{EXPORT}\"]\n\
         factor = \"{value}\"\nsource = \"PDD, section B.7.2\"\nconfirmed = \"the utility\"\n{more}\n"
    )
}

/// An engine that generates 1000 MWh each half year of 2023 and consumes nothing.
fn engine(plan: &str) -> Project {
    let mut project = Project::new(plan, ENGINE_METHODOLOGY);
    for (from, to) in [("2023-01-01", "2023-07-01"), ("2023-07-01", "2024-01-01")] {
        project.measure(EXPORT, project.whole(EXPORT, from, to, 1_000_000_000_000));
    }
    let import = "s/engine/EC";
    project.measure(import, project.whole(import, "2023-01-01", "2024-01-01", 0));
    project
}

fn with(factors: &str) -> String {
    format!("{ENGINE_PLAN}{factors}")
}

fn year(project: &Project) -> Statement {
    project.state("2023-01-01", "2023-12-31").unwrap()
}

fn er(statement: &Statement) -> String {
    rounded(statement.years[0].er, 6)
}

#[test]
fn a_factor_multiplies_totals_exactly_and_readings_stay_as_they_were_measured() {
    let statement = year(&engine(&with(&factor("loss of T-1", "0.985123456", ""))));
    assert_eq!(statement.years[0].er.to_string(), "985.123456");
    assert_eq!(statement.years[0].inputs[0].chosen.to_string(), "1970.246912");
    assert!(matches!(statement.status, Status::Sealed { .. }));
    let report = Report::of(&statement);
    let months = &report.channels[1].months;
    assert_eq!((report.channels[1].channel.as_str(), months.len()), (EXPORT, 12));
    let values = months.iter().map(|one| crate::decimal(&one.measured.as_ref().unwrap().value));
    let measured = values.reduce(|sum, one| mrv::period::exact::add(sum, one).unwrap());
    assert_eq!(measured, Some(crate::decimal("2000000")), "in kWh, as measured");
    // Told with both values, the factor, its source and who confirmed it, in every form.
    let [told] = report.calibration.factors.as_slice() else { panic!("one factor") };
    assert_eq!((told.name.as_str(), told.factor.value.as_str()), ("loss of T-1", "0.985123456"));
    assert_eq!((told.source.as_str(), told.from.as_deref()), ("PDD, section B.7.2", None));
    assert_eq!(told.confirmed.as_deref(), Some("the utility"));
    let [part] = report.years[0].factored.as_slice() else { panic!("one stretch") };
    let of = |figure: &Option<mrv::report::model::Figure>| figure.as_ref().unwrap().value.clone();
    assert_eq!(
        (of(&part.uncorrected).as_str(), of(&part.corrected).as_str()),
        ("2000", "1970.246912")
    );
    assert_eq!(part.factors, "0.985123456 (loss of T-1)");
    let page = mrv::report::html::write(&report);
    for text in ["loss of T-1", "the utility", "PDD, section B.7.2", "before and after correction"]
    {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn a_factor_counts_for_its_dates_and_factors_of_two_names_multiply() {
    // The second half of the year alone.
    let dated = factor("loss of T-1", "0.9", "from = \"2023-07-01\"");
    assert_eq!(er(&year(&engine(&with(&dated)))), "950.000000");
    let both = format!(
        "{}{}{}",
        factor("loss of T-1", "0.9", "to = \"2023-06-30\""),
        factor("loss of T-1", "0.8", "from = \"2023-07-01\""),
        factor("error of the meter", "1.01", "")
    );
    let statement = year(&engine(&with(&both)));
    // 1000 x 0.9 x 1.01 and 1000 x 0.8 x 1.01, by 0.5.
    assert_eq!(er(&statement), "858.500000");
    let report = Report::of(&statement);
    let factors: Vec<&str> =
        report.years[0].factored.iter().map(|one| one.factors.as_str()).collect();
    let expected = [
        "0.9 (loss of T-1) x 1.01 (error of the meter)",
        "1.01 (error of the meter) x 0.8 (loss of T-1)",
    ];
    assert_eq!(factors.len(), 2);
    assert!(factors[0] == expected[0], "{factors:?}");
    assert!(factors[1].contains("0.8") && factors[1].contains("1.01"), "{factors:?}");
}

#[test]
fn a_gap_counts_up_to_what_the_meter_could_have_shown_corrected() {
    let import = "s/engine/EC";
    // What a missing import can have been is corrected as the import would be: by 1.25.
    let plan = with(&factor("loss of T-1", "1.25", "").replace(EXPORT, import));
    let state = |drop: usize, each: i64| {
        let mut project = Project::new(&plan, ENGINE_METHODOLOGY);
        project
            .measure(EXPORT, project.whole(EXPORT, "2023-01-01", "2023-02-01", 1_000_000_000_000));
        let mut rows = project.whole(import, "2023-01-01", "2023-02-01", each * 31 * 96);
        rows.drain(96 * 10..96 * 10 + drop);
        project.measure(import, rows);
        project.state("2023-01-01", "2023-01-31").unwrap()
    };
    // At capacity all the time: 744 MWh x 1.25 x 0.5; with a day missing it is the same, not less.
    let full = state(0, 250_000_000);
    assert_eq!(er(&full), "35.000000");
    let gap = state(96, 250_000_000);
    assert_eq!(er(&gap), "35.000000");
    let input = gap.years[0].inputs.iter().find(|one| one.symbol == "EC").unwrap();
    assert_eq!((input.side(), input.total.high.unwrap().to_string().as_str()), ("highest", "930"));
    let lost = gap.gaps.iter().find(|one| one.label == "EC").unwrap();
    assert_eq!(lost.high.unwrap().to_string(), "30000", "24 MWh in kWh, corrected");
}

#[test]
fn an_overdue_meter_is_corrected_for_its_error_and_by_its_factor() {
    let device = "\n[[device]]\nid = \"s/engine\"\nserial = \"S-1\"\nclass = \"1\"\n\
                  calibration = { interval = \"12 months\", option = \"own-calibration\" }\n";
    let statement = year(&engine(&with(&format!("{}{device}", factor("T-1", "0.9", "")))));
    // 2000 x 0.99 x 0.9 x 0.5.
    assert_eq!(er(&statement), "891.000000");
    assert_eq!(rounded(statement.years[0].uncorrected.unwrap().er, 6), "900.000000");
}

fn changed(first: &str, second: &str, stated: &str) -> Project {
    let plan = Plan::parse("plan.toml", &with(first)).unwrap();
    let text = with(second).replacen("number = 1", "number = 2", 1);
    let text = text.replacen("2021-01-01T00:00:00Z", "2023-01-01T00:00:00Z", 1);
    let mut project = engine(&format!("{text}\n{stated}"));
    let at = |text| Timestamp::parse_rfc3339(text).unwrap();
    project.plans = vec![
        RecordedPlan { plan: Arc::new(plan), received_at: at("2021-01-01T00:00:00Z") },
        RecordedPlan {
            plan: Arc::new(project.plan.clone()),
            received_at: at("2022-12-30T00:00:00Z"),
        },
    ];
    project
}

#[test]
fn a_change_of_a_factor_is_a_change_of_what_is_registered() {
    let (low, high) = (factor("loss of T-1", "0.9", ""), factor("loss of T-1", "0.95", ""));
    let approved = "[[change]]\nwhat = \"correction factor loss of T-1 of s/engine/EG\"\n\
                    kind = \"correction\"\nreason = \"new test of T-1\"\n\
                    approval = { body = \"Joint Committee\", number = \"JC-7\", date = \"2022-12-15\" }\n";
    for (old, new, stated, expected, counts) in [
        // Nobody approved it: the lower of both, whichever way it goes; also where it comes or goes.
        (&low, &high, "", "900.000000", "lower"),
        (&high, &low, "", "900.000000", "lower"),
        (&low, &String::new(), "", "900.000000", "lower"),
        (&String::new(), &low, "", "900.000000", "lower"),
        (&low, &high, approved, "950.000000", "new"),
    ] {
        let statement = year(&changed(old, new, stated));
        assert_eq!(er(&statement), expected, "{old} {new} {stated}");
        let [change] = statement.changes.as_slice() else { panic!("{:?}", statement.changes) };
        assert_eq!(change.what, "correction factor loss of T-1 of s/engine/EG");
        assert_eq!(change.effects[0].counts, counts);
        let found = statement.findings.iter().filter(|one| one.code == Code::Plan);
        let severity = if stated.is_empty() { Severity::Critical } else { Severity::Info };
        assert!(found.into_iter().any(|one| {
            one.severity == severity
                && one
                    .message
                    .starts_with("plan 2 changed what plan 1 registered: correction factor")
        }));
    }
    // What is printed beside the claim is what counts: here the old factor.
    let report = Report::of(&year(&changed(&low, &high, "")));
    assert_eq!(report.years[0].factored[0].factors, "0.9 (loss of T-1)");
    // Its source alone is no change of a figure.
    let told = year(&changed(&low, &low.replace("B.7.2", "B.7.3"), ""));
    assert!(told.changes.is_empty());
}

#[test]
fn a_factor_that_nobody_confirmed_lets_nothing_be_sealed() {
    let bare = factor("loss of T-1", "0.9", "").replace("confirmed = \"the utility\"\n", "");
    match year(&engine(&with(&bare))).status {
        Status::Draft { reasons } => {
            let expected =
                "nobody confirmed the values of correction factor loss of T-1 of s/engine/EG";
            assert!(reasons[0].starts_with(expected), "{reasons:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_wrong_with_a_factor_is_told_with_its_place() {
    let one = factor("loss of T-1", "0.9", "");
    for (text, expected) in [
        (one.replace("\"0.9\"", "\"0\""), "a number above 0 and below 1000"),
        (one.replace("\"0.9\"", "\"1000\""), "a number above 0 and below 1000"),
        (one.replace("\"0.9\"", "\"0.1234567891\""), "of at most 9 decimals"),
        (one.replace("loss of T-1", " "), "a factor without a name"),
        (one.replace("PDD, section B.7.2", ""), "a factor without its source"),
        (one.repeat(2), "is stated twice for one time"),
        (factor("T", "0.9", "device = \"s/engine\""), "whose totals it corrects is not said once"),
        (one.replace(EXPORT, "s/engine/XX"), "channel s/engine/XX is not declared"),
        (
            one.replace(&format!("channels = [\"{EXPORT}\"]"), "parameter = \"NONE\""),
            "it corrects no channel of the plan",
        ),
        (factor("T", "0.9", "from = \"2023-07-01\"\nto = \"2023-06-30\""), "ends before it begins"),
    ] {
        let found = Plan::parse("p.toml", &with(&text)).unwrap_err();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        let found = found.join("\n");
        assert!(found.starts_with("p.toml:") && found.contains(expected), "{expected}: {found}");
    }
    // Of a device: all of its registers.
    let named = one.replace(&format!("channels = [\"{EXPORT}\"]"), "device = \"s/engine\"");
    let plan = Plan::parse("p.toml", &with(&named)).unwrap();
    assert_eq!(plan.registered.factors.len(), 2);
}
