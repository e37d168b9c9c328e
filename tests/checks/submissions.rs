//! What verifiers sent real submissions back for, each a test that the report tells of it, named after
//! them.

use super::site::{Site, milli, parameter, plan, register, says};

const BEGIN: &str = "2025-01-01T00:00:00+07:00";
const ROOF: &str = "roof/m1/EG";
const CHECK: &str = "roof/m2/EG";

/// Tenths of a MWh, hour by hour.
fn hourly(count: i64) -> Vec<Option<String>> {
    milli((0..count).map(|hour| 10_000 + hour * 100))
}

#[test]
fn information_flow_per_parameter_missing() {
    let complete = parameter(&[ROOF]);
    let bare = complete
        .replace("source = \"meter\"\n", "")
        .replace("frequency = \"continuous, recorded every hour\"\n", "");
    for (parameter, expected) in [(complete, None), (bare, Some("source, frequency"))] {
        let mut site = Site::new(&plan(1, BEGIN, &(parameter + &register(ROOF, "1 MW", ""))));
        site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 3_600, &hourly(25));
        let found = site.report("2025-03-01", "2025-03-01").found("V-PLAN");
        match expected {
            None => assert_eq!(found, Vec::<String>::new()),
            Some(missing) => {
                says(&found[0], &["critical", "EG[roof]", "information flow", missing])
            }
        }
    }
}

#[test]
fn tag_names_that_are_not_the_methodology_s() {
    let parts = parameter(&[ROOF]).replace("\"EG\"\nmembers", "\"E_gen\"\nmembers");
    let parts = parts + &register(ROOF, "1 MW", "");
    let methodology = mrv::methodology::shipped().iter().find(|one| one.id == "MRV_PV_F1").unwrap();
    let methodology = mrv::methodology::Methodology::parse("m", methodology.text).unwrap();
    let plan = mrv::config::plan::Plan::parse("p", &plan(1, BEGIN, &parts)).unwrap();
    let lacks = methodology.check_inputs(&plan.registered);
    assert!(lacks.iter().any(|one| one.contains("E_gen")), "{lacks:?}");
    assert!(lacks.iter().any(|one| one.contains("EG[roof]") || one.contains("EG")), "{lacks:?}");
}

#[test]
fn gap_hours_left_in_the_monthly_register_difference() {
    let exclusion = format!(
        r#"
[[exclusion]]
channel = "{ROOF}"
from = "2025-03-01T06:00:00+07:00"
to = "2025-03-01T12:00:00+07:00"
reason = "the meter's fuse was blown"
"#
    );
    let parts = parameter(&[ROOF]) + &register(ROOF, "1 MW", "");
    let silent = |hours: std::ops::Range<usize>| {
        let mut values = hourly(25);
        values[hours].fill(None);
        values
    };
    // The register goes on in the excluded hours, or is silent and bridges them: on no path they count.
    for (values, path) in [
        (hourly(25), "the meter shows 0.6"),
        (silent(7..12), "the difference of its register shows 0.6"),
    ] {
        let mut site = Site::new(&plan(1, BEGIN, &(parts.clone() + &exclusion)));
        site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 3_600, &values);
        let report = site.report("2025-03-01", "2025-03-01");
        assert_eq!(report.value("/years/0/inputs/0/measured"), "1.8", "18 of 24 hours");
        assert_eq!(report.value("/years/0/inputs/0/chosen"), "1.8");
        let told = report.only("V-GAPPATH");
        says(&told, &["critical", "6.00 h are excluded", "fuse", path, "none of it counts"]);
        // The register's own difference still has them: the paths say so.
        let paths = report.found("V-PATHS");
        says(&paths[0], &["critical", "2.300", "beyond", "in doubt or excluded"]);
    }
    // A document of the day counts no more than the meter.
    let amounts = parts.replace("unit = \"MWh\"\nsource", "unit = \"MWh\"\namounts = true\nsource");
    let mut site = Site::new(&plan(1, BEGIN, &(amounts + &exclusion)));
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 3_600, &hourly(25));
    site.received = super::site::at("2025-04-01T00:00:00Z");
    site.amount("2025-03-01", "2025-03-01", "2.4", "manual-reading");
    let report = site.report("2025-03-01", "2025-03-01");
    assert_eq!(report.value("/years/0/inputs/0/chosen"), "1.8");
    says(&report.only("V-GAPPATH"), &["manual-reading of act 1 covers 2025-03-01"]);
}

#[test]
fn a_measured_value_that_was_calculated() {
    // The meter shows one decimal; what comes has three.
    let parts = |decimals: u32| {
        parameter(&[ROOF]) + &register(ROOF, "1 MW", &format!("decimals = {decimals}"))
    };
    let values = milli((0..49).map(|hour| 10_000 + hour * 113));
    for (decimals, is_told) in [(3, false), (2, true)] {
        let mut site = Site::new(&plan(1, BEGIN, &parts(decimals)));
        site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 3_600, &values);
        let report = site.report("2025-03-01", "2025-03-02");
        assert_eq!(report.found("V-PRECISION").len(), usize::from(is_told), "{decimals}");
        if is_told {
            says(
                &report.only("V-PRECISION"),
                &["minor", "the meter shows 2", "calculated, not read"],
            );
        }
        // 47 steps of one size: somebody filled this in.
        says(&report.only("V-INTERPOLATED"), &["47 steps of 0.113000 MWh in a row"]);
    }
}

/// A main meter with a check meter, and what the check meter reads of each hour.
fn beside(check_step: i64, silent: std::ops::Range<usize>) -> Site {
    beside_with(check_step, silent, |plan| plan)
}

fn beside_with(
    check_step: i64,
    silent: std::ops::Range<usize>,
    edit: impl Fn(String) -> String,
) -> Site {
    let pair = format!("\n[[registered.check_meter]]\nmain = \"{ROOF}\"\ncheck = \"{CHECK}\"\n");
    // The main meter gives amounts of an hour, so that what is silent is not bridged.
    let main = register(ROOF, "1 MW", "").replace("\"register\"", "\"delta\"");
    let parts = parameter(&[ROOF]) + &main + &register(CHECK, "1 MW", "") + &pair;
    let mut site = Site::new(&plan(1, BEGIN, &edit(parts)));
    let mut values = vec![Some("0.1".to_owned()); 24];
    values[silent].fill(None);
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 3_600, &values);
    let check = milli((0..25).map(|hour| 10_000 + hour * check_step));
    site.series("m2", "EG", "2025-03-01T00:00:00+07:00", 3_600, &check);
    site
}

#[test]
fn the_check_meter_of_the_registered_plan_fills_a_gap_and_it_counts() {
    let mut site = beside(100, 8..12);
    let report = site.report("2025-03-01", "2025-03-01");
    assert_eq!(report.value("/years/0/inputs/0/measured"), "2.4");
    // 0.4 MWh less the 0.5 % that its class permits.
    assert_eq!(report.value("/years/0/inputs/0/side"), "corrected");
    assert_eq!(report.value("/years/0/inputs/0/chosen"), "2.398");
    let filled = report.qualities(ROOF).into_iter().find(|(code, _)| code == "B");
    assert_eq!(filled, Some(("B".to_owned(), 16)));
    let told = report.only("V-CHECKMETER");
    // 0.5 and 0.5 together: 0.7071 %.
    says(
        &told,
        &[
            "info",
            "20.00 h that both measured",
            "tolerance 0.7071 %",
            "within",
            "filled 4.00 h",
            "an error of 0.5 % (its permissible error)",
        ],
    );
    assert_eq!(report.value("/calibration/registers/0/channel"), ROOF);
    assert_eq!(report.value("/calibration/registers/0/errors"), "0.5 % for 4 h");
    assert_eq!(report.value("/calibration/effects/0/er_uncorrected"), "1.2792");
    assert_eq!(report.value("/calibration/effects/0/er"), "1.278134");
    assert_eq!(report.value("/gap_log/0/quality"), "B");
    assert_eq!(report.value("/gap_log/0/hours"), "4.00");
    assert_eq!(report.value("/gap_log/0/stands"), "0.400000 MWh");
    // 0.4 MWh x 0.533 against nothing, which its bounds would count.
    assert_eq!(report.value("/gap_log/0/earned"), "0.2132");
    says(&report.only("V-SUBST"), &["4.00 h B"]);
}

#[test]
fn what_a_check_meter_fills_counts_by_its_own_error_on_the_side_that_lowers_er() {
    // A class that the standard gives no limit: what both may differ by, as the plan says.
    let edit = |plan: String| {
        let plan = plan.replace("class = \"0.5S\"", "class = \"X\"");
        plan.replace(
            &format!("check = \"{CHECK}\""),
            &format!("check = \"{CHECK}\"\ntolerance_percent = \"0.8\""),
        )
    };
    let report = beside_with(100, 8..12, edit).report("2025-03-01", "2025-03-01");
    assert_eq!(report.value("/years/0/inputs/0/chosen"), "2.3968", "0.4 MWh less 0.8 %");
    says(&report.only("V-CHECKMETER"), &["an error of 0.8 % (what both may differ by)"]);
    assert_eq!(report.value("/calibration/registers/0/errors"), "0.8 % for 4 h");
    // Nothing silent: nothing filled, nothing deducted.
    let whole = beside(100, 0..0).report("2025-03-01", "2025-03-01");
    assert_eq!(whole.value("/years/0/inputs/0/chosen"), "2.4");
    assert_eq!(whole.value("/years/0/inputs/0/side"), "exact");
}

#[test]
fn meters_on_both_sides_of_a_transformer_are_compared_and_filled_by_their_factors() {
    let factor = format!(
        r#"
[[registered.correction_factor]]
name = "loss of transformer T-1"
channels = ["{ROOF}"]
factor = "0.98"
source = "PDD, section B.7.2"
confirmed = "for this invented plant alone"
"#
    );
    // The check meter stands behind the transformer and shows 98 where the main meter shows 100.
    let apart = beside(98, 8..12).report("2025-03-01", "2025-03-01");
    says(&apart.only("V-CHECKMETER"), &["critical", "beyond", "fills no gap"]);
    let edit = |plan: String| plan + &factor;
    let report = beside_with(98, 8..12, edit).report("2025-03-01", "2025-03-01");
    says(&report.only("V-CHECKMETER"), &["info", "within", "filled 4.00 h of gaps with 0.392"]);
    // 20 hours of 0.1 by 0.98, and 4 of 0.098 as they are, less 0.5 % of them.
    assert_eq!(report.value("/years/0/inputs/0/measured"), "2.352");
    assert_eq!(report.value("/years/0/inputs/0/chosen"), "2.35004");
    // The meter's own total is that of the readings: 20 hours of 0.1 and what was filled in.
    assert_eq!(report.value("/years/0/factored/0/factors"), "0.98 (loss of transformer T-1)");
    let parts = report.0["years"][0]["factored"].as_array().unwrap();
    let of = |name: &str| -> Vec<&str> {
        parts.iter().map(|one| one[name]["value"].as_str().unwrap()).collect()
    };
    assert_eq!((of("uncorrected"), of("corrected")), (vec!["0.8", "1.2"], vec!["0.784", "1.176"]));
}

#[test]
fn a_factor_counts_once_whatever_unit_a_meter_sends() {
    let factor = format!(
        r#"
[[registered.correction_factor]]
name = "altitude"
parameter = "EG[roof]"
factor = "0.8125"
source = "PDD, section B.7.2"
confirmed = "for this invented plant alone"
"#
    );
    // From noon on the meter sends kWh; the second plan says so, and its readings are converted.
    let parts = parameter(&[ROOF]) + &register(ROOF, "1 MW", "") + &factor;
    let mut site = Site::new(&plan(1, BEGIN, &parts));
    let kwh =
        parts.replace("unit = \"MWh\"\ncadence", "unit = \"MWh\"\nsent_unit = \"kWh\"\ncadence");
    site.plan(&plan(2, "2025-03-01T12:00:00+07:00", &kwh));
    let tenths = |from: i64, to: i64, unit: i64| -> Vec<Option<String>> {
        (from..to).map(|hour| Some(((100 + hour) * unit / 10).to_string())).collect()
    };
    site.series(
        "m1",
        "EG",
        "2025-03-01T00:00:00+07:00",
        3_600,
        &milli((0..12).map(|h| 10_000 + h * 100)),
    );
    site.series("m1", "EG", "2025-03-01T12:00:00+07:00", 3_600, &tenths(12, 25, 1_000));
    let report = site.report("2025-03-01", "2025-03-01");
    // 2.4 MWh as measured, times 0.8125.
    assert_eq!(report.value("/years/0/factored/0/uncorrected"), "2.4");
    assert_eq!(report.value("/years/0/inputs/0/chosen"), "1.95");
    assert_eq!(report.value("/channels/0/months/0/measured"), "2.4", "readings stay");
}

#[test]
fn what_a_register_bridged_across_an_approved_change_counts_where_it_claims_least() {
    let parts = parameter(&[ROOF]) + &register(ROOF, "1000 MW", "");
    let mut site = Site::new(&plan(1, BEGIN, &parts));
    let change = r#"
[[change]]
what = "EF_RE[roof]"
kind = "permanent-change"
from = "2025-03-02"
reason = "new table"
approval = { body = "Joint Committee", number = "JC-7", date = "2025-02-15" }
"#;
    let second = plan(2, "2025-03-02T00:00:00+07:00", &(parts + change));
    site.plan(&second.replace("value = \"0.533\"", "value = \"0.6\""));
    // 100 MWh an hour; silent from 20:00 to 04:00, and 800 MWh later.
    let mut values = milli((0..49).map(|hour| 10_000_000 + hour * 100_000));
    values[21..28].fill(None);
    site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 3_600, &values);
    let report = site.report("2025-03-01", "2025-03-02");
    // All of it by the lower factor: 2,800 MWh by 0.533 and 2,000 by 0.6; even over time, 2719.
    assert_eq!(report.value("/years/0/er"), "2692.4");
    assert_eq!(report.value("/years/0/claimed"), "2692");
    assert_eq!(report.value("/years/0/stretches/0/re"), "1492.4");
    says(&report.only("V-ALLOCATED"), &["800 MWh", "claimed 2692", "2719"]);
}

#[test]
fn a_check_meter_that_differs_by_more_than_both_may_fills_nothing() {
    // 101 where the main meter has 100: 1 %.
    let report = beside(101, 8..12).report("2025-03-01", "2025-03-01");
    says(&report.only("V-CHECKMETER"), &["critical", "beyond", "fills no gap"]);
    assert_eq!(report.value("/years/0/inputs/0/chosen"), "2", "20 hours of 0.1");
    // 0.707 % is within 0.7071 %, as near as a register in thousandths comes: 1,007 to 1,000.
    let gap =
        report.0["gap_log"].as_array().unwrap().iter().find(|one| one["quality"] == "Z").unwrap();
    assert_eq!(gap["hours"], "4.00");
    assert!(
        gap["cost"]["value"].as_str().unwrap().starts_with("2.132"),
        "4 h x 1 MW x 0.533: {gap}"
    );
    let information = gap["information"].as_array().unwrap();
    assert!(information.iter().any(|one| one.as_str().unwrap().contains("40 CFR 75.33")), "{gap}");
}

#[test]
fn an_invoice_is_held_against_the_meter_that_measured_it_whole() {
    for (invoice, outcome) in [("2.41", "within"), ("2.5", "beyond")] {
        let amounts = parameter(&[ROOF]).replace("source =", "amounts = true\nsource =");
        let mut site = Site::new(&plan(1, BEGIN, &(amounts + &register(ROOF, "1 MW", ""))));
        site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 3_600, &hourly(25));
        site.received = super::site::at("2025-04-01T00:00:00Z");
        site.amount("2025-03-01", "2025-03-01", invoice, "invoice");
        let report = site.report("2025-03-01", "2025-03-01");
        let paths = report.0["paths"].as_array().unwrap();
        let found = paths.iter().find(|one| one["first"] == "meters").unwrap();
        assert_eq!(found["outcome"], outcome, "{found}");
        assert_eq!((&found["one"]["value"], &found["tolerance"]), (&"2.4".into(), &"0.5".into()));
        assert_eq!(report.value("/years/0/inputs/0/chosen"), "2.4", "the meter counts");
    }
}

#[test]
fn above_the_estimate_needs_a_reason() {
    let parts = parameter(&[ROOF]) + &register(ROOF, "1 MW", "");
    let low = |text: String| text.replace("2025 = \"100000\"", "2025 = \"10\"");
    for (reason, severity, said) in [
        ("", "critical", "a reason is needed"),
        (
            "\n[ex_ante_reason]\n2025 = \"a second array was added, see PDD 1.1\"\n",
            "minor",
            "a second array",
        ),
    ] {
        let mut site = Site::new(&low(plan(1, BEGIN, &(parts.clone() + reason))));
        site.series("m1", "EG", "2025-03-01T00:00:00+07:00", 3_600, &hourly(25));
        let report = site.report("2025-03-01", "2025-03-01");
        says(&report.only("V-EXANTE"), &[severity, said]);
        let paths = report.0["paths"].as_array().unwrap();
        assert!(paths.iter().any(|one| one["subject"] == "ER 2025"
            && one["outcome"].as_str().unwrap().starts_with("beyond")));
    }
}
