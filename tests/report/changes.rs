//! Changes of what is registered: what counts while nobody approved them, and after.

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
use crate::messages;
use crate::methodologies::{ENGINE_METHODOLOGY, WHOLE_ENGINE_METHODOLOGY};

const EXPORT: &str = "s/engine/EG";

/// An engine that generates 1000 MWh each half year of 2023 and consumes nothing.
fn engine(change: &str, edit: impl Fn(&str) -> String) -> Project {
    let first = Plan::parse("plan.toml", ENGINE_PLAN).unwrap();
    let second = edit(ENGINE_PLAN).replacen("number = 1", "number = 2", 1);
    let second = second.replacen("2021-01-01T00:00:00Z", "2023-07-01T00:00:00Z", 1);
    let second = format!("{second}\n{change}");
    let mut project = Project::new(&second, ENGINE_METHODOLOGY);
    for (from, to) in [("2023-01-01", "2023-07-01"), ("2023-07-01", "2024-01-01")] {
        project.measure(EXPORT, project.whole(EXPORT, from, to, 1_000_000_000_000));
    }
    let import = "s/engine/EC";
    project.measure(import, project.whole(import, "2023-01-01", "2024-01-01", 0));
    let at = |text| Timestamp::parse_rfc3339(text).unwrap();
    project.plans = vec![
        RecordedPlan { plan: Arc::new(first), received_at: at("2021-01-01T00:00:00Z") },
        RecordedPlan {
            plan: Arc::new(project.plan.clone()),
            received_at: at("2023-06-30T00:00:00Z"),
        },
    ];
    project
}

fn factor(value: &'static str) -> impl Fn(&str) -> String {
    move |plan| plan.replace("value = \"0.5\"", &format!("value = \"{value}\""))
}

fn year(project: &Project) -> Statement {
    project.state("2023-01-01", "2023-12-31").unwrap()
}

fn er(statement: &Statement) -> String {
    rounded(statement.years[0].er, 3)
}

fn change(kind: &str, approval: bool) -> String {
    let approval = match approval {
        true => {
            "approval = { body = \"Joint Committee\", number = \"JC-7\", date = \"2023-06-15\" }\n"
        }
        false => "",
    };
    format!("[[change]]\nwhat = \"EF\"\n{kind}\nreason = \"new grid factor\"\n{approval}")
}

/// What is told of changes of the plan.
fn told(statement: &Statement) -> Vec<String> {
    let mut found = messages(statement, Code::Plan);
    found.retain(|message| message.starts_with("plan 2 changed"));
    found
}

const PERMANENT: &str = "kind = \"permanent-change\"";
const CORRECTION: &str = "kind = \"correction\"";
const DEVIATION: &str =
    "kind = \"temporary-deviation\"\nfrom = \"2023-08-01\"\nto = \"2023-09-30\"";

#[test]
fn what_nobody_approved_counts_by_the_lower_er_of_old_and_new() {
    // Whatever the plan says of it, and whichever way it goes.
    for (stated, value, expected) in [
        (String::new(), "0.6", "1000.000"),
        (String::new(), "0.4", "800.000"),
        (change(PERMANENT, false), "0.6", "1000.000"),
        (change(CORRECTION, false), "0.6", "1000.000"),
        (change(DEVIATION, false), "0.4", "800.000"),
    ] {
        let statement = year(&engine(&stated, factor(value)));
        assert_eq!(er(&statement), expected, "{value} {stated}");
        let is_change = |one: &&mrv::period::Noted| one.message.starts_with("plan 2 changed");
        let found: Vec<_> = statement.findings.iter().filter(is_change).collect();
        assert!(found.iter().all(|one| one.code == Code::Plan));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Critical);
        assert!(found[0].message.contains("EF was 0.5 tCO2/MWh, is"), "{}", found[0].message);
        assert!(found[0].message.contains("ER 1000.000 with the old"), "{}", found[0].message);
    }
    // The report shows both.
    let report = Report::of(&year(&engine(&change(PERMANENT, false), factor("0.6"))));
    let [one] = report.changes.as_slice() else { panic!("{:?}", report.changes) };
    assert_eq!((one.old_plan, one.new_plan, one.kind.as_str()), (1, 2, "permanent change"));
    let effect = &one.effects[0];
    assert_eq!(
        (effect.er_old.shown.as_str(), effect.er_new.shown.as_str()),
        ("1000.000", "1200.000")
    );
    assert_eq!(effect.counts, "the lower of both");
    assert!(!one.is_backdated && one.approval.is_none());
}

#[test]
fn what_is_approved_counts_for_the_time_that_its_kind_says() {
    // A correction: the old value was wrong from the beginning.
    assert_eq!(er(&year(&engine(&change(CORRECTION, true), factor("0.6")))), "1200.000");
    // A permanent change in the middle of the year: each half by its own value.
    let project = engine(&change(PERMANENT, true), factor("0.6"));
    assert_eq!(er(&year(&project)), "1100.000");
    // A period on one side of it: the value that was in force.
    let half = |from, to| er(&project.state(from, to).unwrap());
    assert_eq!(half("2023-01-01", "2023-06-30"), "500.000");
    assert_eq!(half("2023-07-01", "2023-12-31"), "600.000");
    // A deviation: its own dates alone.
    let project = engine(&change(DEVIATION, true), factor("0.4"));
    let inside = rounded(project.state("2023-08-01", "2023-08-31").unwrap().years[0].re, 3);
    assert_eq!(inside, "67.391", "31 of 184 days of 1000 MWh by 0.4");
    assert_eq!(er(&project.state("2023-10-01", "2023-12-31").unwrap()), "250.000");
    // The year in three: 61 of 184 days of 1000 MWh by 0.4, the others by 0.5.
    let whole = year(&project);
    assert_eq!(er(&whole), "966.848");
    let days: Vec<i32> = whole.years[0].stretches.iter().map(|one| one.part.day_count()).collect();
    assert_eq!(days, [212, 61, 92]);
    let found = told(&year(&project));
    assert!(found[0].contains("approved by Joint Committee, number JC-7, 2023-06-15"), "{found:?}");
}

#[test]
fn a_year_that_is_cut_is_rounded_down_once_and_shows_its_stretches() {
    let mut project = engine(&change(PERMANENT, true), factor("0.6"));
    // One MWh more in each half: 500.5 and 600.6, which floored apart would be 1100.
    for (from, to) in [("2023-01-01", "2023-07-01"), ("2023-07-01", "2024-01-01")] {
        let rows = project.whole(EXPORT, from, to, 1_001_000_000_000);
        let key = project.key(EXPORT);
        let channel = project.channels.iter_mut().find(|one| one.key == key).unwrap();
        channel.rows.retain(|row| !rows.iter().any(|new| new.start == row.start));
        channel.rows.extend(rows);
    }
    let statement = year(&project);
    let result = &statement.years[0];
    assert_eq!((result.er.to_string().as_str(), result.claimed), ("1101.1", 1101));
    assert_eq!(result.inputs[0].chosen.to_string(), "2002", "one total for the year");
    let effect = &statement.changes[0].effects[0];
    assert_eq!(
        (rounded(effect.er_old, 1), rounded(effect.er_new, 1)),
        ("1001.0".into(), "1201.2".into())
    );
    assert_eq!(effect.counts, "each");
    let report = Report::of(&statement);
    let stretches: Vec<(&str, &str, &str, &str)> = report.years[0]
        .stretches
        .iter()
        .map(|one| {
            let (er, ef) = (one.er.value.as_str(), one.fixed[0].value.value.as_str());
            (one.from.as_str(), one.to.as_str(), er, ef)
        })
        .collect();
    assert_eq!(
        stretches,
        [
            ("2023-01-01", "2023-06-30", "500.5", "0.5"),
            ("2023-07-01", "2023-12-31", "600.6", "0.6")
        ]
    );
    let step = report.years[0].steps.iter().find(|step| step.label == "RE").unwrap();
    assert_eq!((step.value.value.as_str(), step.formula.as_str()), ("1101.1", ""));
    let page = mrv::report::html::write(&report);
    for text in
        ["Years cut at the date of an approved change", "each in its time", "1001*0.5", "1001*0.6"]
    {
        assert!(page.contains(text), "{text}");
    }
    // Everything missing in one stretch: its doubt is told for the year, at what it costs there.
    let key = project.key("s/engine/EC");
    let begin = project.at("2023-12-31").interval();
    let channel = project.channels.iter_mut().find(|one| one.key == key).unwrap();
    channel.rows.retain(|row| row.start < begin);
    let statement = year(&project);
    // 24 MWh of import by 0.6.
    assert_eq!(er(&statement), "1086.700");
    let [doubt] = statement.doubts.as_slice() else { panic!("{:?}", statement.doubts) };
    assert_eq!((doubt.label.as_str(), rounded(doubt.cost, 3)), ("EC", "14.400".to_owned()));
    assert_eq!(rounded(doubt.er_best, 3), "1101.100");
}

#[test]
fn a_year_whose_equations_have_no_parts_counts_whole_by_the_lower_and_says_why() {
    let mut project = engine(&change(PERMANENT, true), factor("0.6"));
    project.methodologies = vec![Box::new(WHOLE_ENGINE_METHODOLOGY)];
    let statement = year(&project);
    assert_eq!(er(&statement), "1000.000");
    assert!(statement.years[0].stretches.is_empty());
    let found = told(&statement);
    assert!(found[0].contains("cannot be cut at its date: RE is the min of a total"), "{found:?}");
    let report = Report::of(&statement);
    assert_eq!(report.changes[0].effects[0].why_whole, "RE is the min of a total");
    assert!(mrv::report::html::write(&report).contains("RE is the min of a total"));
}

#[test]
fn what_nobody_approved_is_never_cut_and_stands_beside_what_is() {
    // EF is approved from July on; the parameter's other meter is not: it counts where that is lower.
    let swap = |plan: &str| {
        let plan = plan.replace("value = \"0.5\"", "value = \"0.6\"");
        plan.replacen(
            "frequency = \"continuous\"",
            "frequency = \"continuous\"\nevery = \"1 h\"",
            1,
        )
        .replace("unit = \"kWh\"\ncapacity", "unit = \"kWh\"\ncadence = \"1 h\"\ncapacity")
    };
    let statement = year(&engine(&change(PERMANENT, true), swap));
    assert_eq!(er(&statement), "1100.000");
    let counts: Vec<&str> = statement.changes.iter().map(|one| one.effects[0].counts).collect();
    assert_eq!(counts.len(), 2);
    assert!(counts.contains(&"each") && counts.contains(&"lower"), "{counts:?}");
}

#[test]
fn a_backdated_change_is_listed_with_what_it_alters() {
    let mut project = engine(&change(CORRECTION, true), factor("0.6"));
    project.plans[1].received_at = Timestamp::parse_rfc3339("2024-02-01T00:00:00Z").unwrap();
    let statement = year(&project);
    let found = told(&statement);
    assert!(
        found[0].contains("ER 1000.000 with the old, 1200.000 with the new, the new one counts")
    );
    assert!(
        found[0].ends_with(
            "backdated: in force from 2023-07-01T00:00:00Z, recorded at 2024-02-01T00:00:00Z"
        ),
        "{found:?}"
    );
    assert!(Report::of(&statement).changes[0].is_backdated);
}

#[test]
fn a_parameter_that_is_measured_by_another_meter_is_a_change_too() {
    // The new plan measures by the import register, which stands still: lower, and counted.
    let swap = |plan: &str| plan.replacen("[\"s/engine/EG\"]", "[\"s/engine/EC\"]", 1);
    let statement = year(&engine("", swap));
    assert_eq!(er(&statement), "0.000");
    let effect = &statement.changes[0].effects[0];
    assert_eq!((rounded(effect.er_old, 0), rounded(effect.er_new, 0)), ("1000".into(), "0".into()));
    let found = told(&statement);
    assert!(found[0].contains("EG was option C, measured by s/engine/EG"), "{found:?}");
}

#[test]
fn what_cannot_be_evaluated_side_by_side_is_not_sealed_without_an_approval() {
    let longer = |plan: &str| plan.replace("to = \"2030-12-31\"", "to = \"2040-12-31\"");
    match year(&engine("", longer)).status {
        Status::Draft { reasons } => {
            assert!(reasons[0].starts_with("plan 2 changed crediting of plan 1 without an app"));
        }
        other => panic!("{other:?}"),
    }
    let stated = change(PERMANENT, true).replace("what = \"EF\"", "what = \"crediting\"");
    assert!(matches!(year(&engine(&stated, longer)).status, Status::Sealed { .. }));
}

#[test]
fn what_is_wrong_with_a_change_is_told_with_its_place() {
    let found = |text: &str| -> String {
        let plan = format!("{ENGINE_PLAN}\n{text}").replacen("number = 1", "number = 2", 1);
        match Plan::parse("p.toml", &plan) {
            Ok(_) => String::new(),
            Err(found) => found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        }
    };
    assert_eq!(found(&change(DEVIATION, true)), "");
    for (text, expected) in [
        (change("kind = \"temporary-deviation\"", true), "a temporary deviation needs its dates"),
        (
            change(DEVIATION, true).replace("to = \"2023-09", "to = \"2023-07"),
            "ends before it begins",
        ),
        (
            change(&DEVIATION.replace("temporary-deviation", "correction"), true),
            "are those of a dev",
        ),
        (
            change("kind = \"other\"", true),
            "use one of temporary-deviation, correction, permanent-",
        ),
        (change(CORRECTION, true).replace("new grid factor", ""), "a change without its reason"),
        (change(CORRECTION, true).replace("\"JC-7\"", "\"\""), "names the body, and the number"),
        (change(CORRECTION, true).repeat(2), "this change is stated twice"),
    ] {
        let found = found(&text);
        assert!(found.starts_with("p.toml:") && found.contains(expected), "{expected}: {found}");
    }
    let first = format!("{ENGINE_PLAN}\n{}", change(CORRECTION, true));
    let found = Plan::parse("p.toml", &first).unwrap_err();
    assert!(found[0].to_string().contains("a change in the first plan"));
}

#[test]
fn a_rule_that_a_later_plan_loosens_counts_as_it_was_until_that_is_approved() {
    use mrv::config::plan::history::PlanHistory;
    use mrv::decode::devices::Devices;

    let device = |months: u32| {
        let device = format!(
            "[[device]]\nid = \"s/engine\"\nserial = \"S-1\"\nclass = \"1\"\n\
             calibration = {{ interval = \"{months} months\", option = \"own-calibration\" }}\n\n[[channel]]"
        );
        ENGINE_PLAN.replacen("[[channel]]", &device, 1)
    };
    let months = |stated: &str| {
        let mut plans = PlanHistory::default();
        plans.push(Arc::new(Plan::parse("p", &device(12)).unwrap())).unwrap();
        let second = device(60).replacen("number = 1", "number = 2", 1);
        plans.push(Arc::new(Plan::parse("p", &format!("{second}\n{stated}")).unwrap())).unwrap();
        Devices::default().history(&plans)[0].rule.as_ref().unwrap().months
    };
    assert_eq!(months(""), 12);
    let what = "what = \"calibration of s/engine\"";
    assert_eq!(months(&change(PERMANENT, false).replace("what = \"EF\"", what)), 12);
    assert_eq!(months(&change(PERMANENT, true).replace("what = \"EF\"", what)), 60);
}
