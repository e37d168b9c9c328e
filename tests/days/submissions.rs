//! What verifiers sent real submissions back for, each from the readings to the report through the commands,
//! and named after them. The others are in `tests/checks`.

use crate::office::{BEGIN, Office, factor, found, midnight, parameter, plan, says, value};
use crate::wind::{DEVICE, QUARTER, certificate, parts, plant, wind_plan};

/// What is sealed of the plant of QA-CAL-1 with this device.
fn sealed(device: &str) -> serde_json::Value {
    plant(device).sealed_and_shown(QUARTER)
}

#[test]
fn submission_calibration_overdue_without_maximum_permissible_error() {
    // A class that no standard gives an error: the plan is refused until one is stated.
    let office = plant(DEVICE);
    let unlimited = DEVICE.replace("0.5 S", "C");
    office.write("next.toml", &wind_plan(&unlimited));
    let (code, told) = office.run(&["plan", "check", "next.toml"]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("class \"C\" has no permissible error here; add mpe"), "{told}");
    let report = sealed(&unlimited.replace("class = \"C\"", "class = \"C\"\nmpe = \"0.5 %\""));
    assert_eq!(value(&report, "/claimed"), "1589");
    says(&found(&report, "V-CALIBRATION"), &["critical", "overdue for 1416 h", "0.5 %"]);
}

#[test]
fn submission_certificates_that_do_not_cover_the_period() {
    let short = DEVICE.replace("as_left", "valid_until = \"2023-02-28\"\nas_left");
    let report = sealed(&short.replace("12 months", "24 months"));
    says(&found(&report, "V-CALIBRATION"), &["overdue for 744 h", "due on 2023-03-01"]);
    // 1980 + 1020 x 0.995 - (5.5 + 2.8 x 1.005) = 2986.586 MWh, x 0.533.
    assert_eq!(value(&report, "/years/0/re"), "1591.850338");
    // A body without the accreditation that the rule asks for covers nothing at all.
    let report = sealed(&DEVICE.replace("scope = \"KAN LK-001\"\n", ""));
    says(&found(&report, "V-CALIBRATION"), &["unknown", "states no accreditation"]);
    assert_eq!(value(&report, "/years/0/inputs/0/chosen"), "2985");
}

/// The exchange of the meter on the tenth of February.
fn exchange(office: &Office, class: &str) {
    office.write("protocol.pdf", "both registers as they were read");
    let device = ["device", "exchange", "--project", "plant", "--device", "s/m"];
    let times = ["--off", "2023-02-10T00:00:00Z", "--on", "2023-02-10T02:30:00Z"];
    let meters = ["--old-serial", "S-1", "--new-serial", "S-2", "--new-class", class];
    let shown = |quantity: &str| {
        let sql = format!(
            "SELECT value FROM readings WHERE quantity = '{quantity}' AND at >= '2023-02-10' AND at < \
             '2023-02-10 00:01'"
        );
        office.json(&["query", &sql])[0]["value"].as_str().unwrap().to_owned()
    };
    let registers = ["EG", "EC"].map(|quantity| {
        let last = shown(quantity);
        format!("s/m/{quantity}={last}:{last}")
    });
    let of = ["--register", &registers[0], "--register", &registers[1]];
    let end = ["--between", "disconnected", "--document", "protocol.pdf", "--done-by", "Ann"];
    let by = ["--witnessed-by", "Bo"];
    office.done(&[&device[..], &times[..], &meters[..], &of[..], &end[..], &by[..]].concat());
}

#[test]
fn submission_replaced_meter_untested() {
    let office = plant(DEVICE);
    exchange(&office, "0.5 S");
    let untested = "meter S-1 was replaced and not tested as found";
    says(&found(&office.draft(QUARTER), "V-CALIBRATION"), &[untested]);
    // Tested in the workshop afterwards.
    certificate(&office, "C-9", "2023-02-15", "+0.3 %");
    let report = office.sealed_and_shown(QUARTER);
    let told = found(&report, "V-CALIBRATION");
    assert!(told.iter().all(|one| !one.contains(untested)), "{told:?}");
    // The new one has no certificate: its hours count by the permissible error.
    says(&told, &["critical", "meter S-2 is unknown"]);
}

#[test]
fn submission_accuracy_class_changed() {
    let office = plant(DEVICE);
    assert_eq!(found(&office.draft(QUARTER), "V-CLASS"), Vec::<String>::new());
    exchange(&office, "1");
    let report = office.sealed_and_shown(QUARTER);
    says(&found(&report, "V-CLASS"), &["s/m: meter S-2 has accuracy class 1, registered is 0.5 S"]);
    let registers = report["calibration"]["registers"].as_array().unwrap();
    let february = registers.iter().find(|one| one["month"] == "2023-02").unwrap();
    let errors = february["errors"].as_str().unwrap();
    assert!(errors.starts_with("0.5 % for 216 h, 1 % for "), "{errors}");
}

#[test]
fn submission_energy_before_the_meter_was_installed() {
    let report = sealed(&DEVICE.replace("class", "installed = \"2023-02-01T00:00:00Z\"\nclass"));
    // January's readings are refused, each counted, and its 1000 MWh earn nothing.
    assert_eq!(crate::office::refused_items(&report, "V-CHANNEL"), 2 * 31);
    assert_eq!(value(&report, "/years/0/inputs/0/measured"), "2000");
    assert_eq!(value(&report, "/years/0/inputs/0/chosen"), "1990");
    // What was drawn in January counts by its bounds: 31 days of 4 MW, and 5.3 x 1.005.
    assert_eq!(value(&report, "/years/0/inputs/1/chosen"), "2981.3265");
}

/// A day without readings of one of two meters, which give amounts of each day.
#[test]
fn submission_substitute_on_the_wrong_side() {
    let daily =
        |plan: String| plan.replace("kind = \"register\"", "kind = \"delta\"\nstamp = \"start\"");
    // 4 MW over a day are 96 MWh.
    for (silent, place, side, chosen) in [("EG", 0, "lowest", "300"), ("EC", 1, "highest", "126")] {
        let office = Office::new(&daily(wind_plan("")));
        let mut readings = Vec::new();
        for (quantity, daily) in [("EG", "10"), ("EC", "1")] {
            let sent = (1..=31).filter(|day| quantity != silent || *day != 11);
            readings
                .extend(sent.map(|day| (midnight(2023, 1, day), "m", quantity, daily.to_owned())));
        }
        office.read("days.csv", &readings);
        let report = office.sealed_and_shown(("2023-01-01", "2023-01-31"));
        let input = &report["years"][0]["inputs"][place];
        assert_eq!((&input["side"], &input["chosen"]["value"]), (&side.into(), &chosen.into()));
        says(&found(&report, "V-SUBST"), &["info", "24.00 h Z", &format!("taken at {chosen} MWh")]);
        // The other side would have claimed 96 x 0.533 t more.
        assert_eq!(value(&report, "/gap_log/0/cost"), "51.168");
    }
}

#[test]
fn submission_results_not_linked_to_raw_data_by_formulae() {
    use calamine::Reader as _;
    let office = plant(DEVICE);
    // In control over the whole period: what is claimed is what the meter showed.
    certificate(&office, "C-1b", "2023-01-31", "+0.1 %");
    let report = office.sealed_and_shown(QUARTER);
    assert_eq!(value(&report, "/claimed"), "1594");
    let book = std::fs::read(office.folder(QUARTER, 1).join("report.xlsx")).unwrap();
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook_from_rs(std::io::Cursor::new(book)).unwrap();
    let mut formulae = |sheet: &str| {
        let range = book.worksheet_formula(sheet).unwrap();
        range.used_cells().map(|(_, _, formula)| formula.clone()).collect::<Vec<String>>()
    };
    // The claim stands on equations, these on inputs, and those on the months of each channel.
    let process = formulae("MRS(calc_process)");
    assert!(process.iter().any(|one| one.contains("MRS(input)")), "{process:?}");
    let input = formulae("MRS(input)");
    assert!(input.iter().any(|one| one.contains("Monthly")), "{input:?}");
}

#[test]
fn submission_precision_of_a_sample_not_shown() {
    let sampled =
        parts(DEVICE).replacen("option = \"C\"", "option = \"C\"\nsampled = \"90/10\"", 1);
    let office = Office::new(&plan(1, BEGIN, "MRV_WP_F1", &sampled));
    office.read(
        "two.csv",
        &[
            (midnight(2023, 1, 1), "m", "EG", "0".to_owned()),
            (midnight(2023, 4, 1), "m", "EG", "3000".to_owned()),
            (midnight(2023, 1, 1), "m", "EC", "0".to_owned()),
            (midnight(2023, 4, 1), "m", "EC", "8.3".to_owned()),
        ],
    );
    let told = found(&office.draft(QUARTER), "V-SAMPLE");
    says(&told, &["critical", "EG_gross[a]", "90/10", "what was achieved is not stated"]);
    let achieved = |achieved: &str| {
        office.write("sample.pdf", achieved);
        let sample = ["evidence", "sample", "--project", "plant", "--parameter", "EG_gross"];
        let of = ["--member", "a", "--from", QUARTER.0, "--to", QUARTER.1, "--achieved", achieved];
        let by = ["--post", "engineer", "--date", "2023-05-01", "--document", "sample.pdf"];
        office.done(&[&sample[..], &of[..], &by[..]].concat());
    };
    achieved("90/12.5");
    let told = found(&office.draft(QUARTER), "V-SAMPLE");
    says(&told, &["critical", "its sample achieved 90/12.5, 90/10 is required"]);
    achieved("90/8.7");
    let report = office.sealed_and_shown(QUARTER);
    says(&found(&report, "V-SAMPLE"), &["info", "its sample achieved 90/8.7, 90/10 is required"]);
    assert_eq!(report["life"]["samples"].as_array().unwrap().len(), 2);
}

/// The whole flow of each parameter, from generation to calculation, stands in the report, or it is told.
#[test]
fn submission_information_flow_per_parameter_missing() {
    let complete = parameter("EG", 1, "\"s/m/EG\"", "");
    let bare = complete
        .replace("source = \"meter\"\n", "")
        .replace("frequency = \"continuous, recorded every day\"\n", "");
    let channel = "\n[[channel]]\nid = \"s/m/EG\"\nkind = \"register\"\nunit = \"MWh\"\ncapacity = \"1 \
                   MW\"\n";
    for (parameter, missing) in [(complete, None), (bare, Some("source, frequency"))] {
        let parts = parameter + &factor("0.5") + channel;
        let office = Office::new(&plan(1, BEGIN, "MRV_PV_F1", &parts));
        let row = |(day, shown): (u32, &str)| (midnight(2021, 3, day), "m", "EG", shown.to_owned());
        office.read("two.csv", &[(1, "0"), (2, "10")].map(row));
        let day = ("2021-03-01", "2021-03-01");
        let report = office.sealed_and_shown(day);
        let told: Vec<String> =
            found(&report, "V-PLAN").into_iter().filter(|one| one.contains("flow")).collect();
        match missing {
            Some(missing) => says(&told, &["critical", "EG[a]", "information flow", missing]),
            None => {
                assert_eq!(told, Vec::<String>::new());
                let page = std::fs::read_to_string(office.folder(day, 1).join("report.html"));
                let page = page.unwrap();
                for step in ["generation", "aggregation", "recording", "calculation"] {
                    assert!(page.to_lowercase().contains(step), "{step}");
                }
            }
        }
    }
}

/// Parameters under other names than the methodology's are refused before they are recorded.
#[test]
fn submission_tag_names_that_are_not_the_methodology_s() {
    let office = plant(DEVICE);
    office.write("next.toml", &wind_plan(DEVICE).replace("EG_gross", "E_gen"));
    for command in ["check", "apply"] {
        let (code, told) = office.run(&["plan", command, "next.toml"]);
        assert_ne!(code, 0, "{told}");
        assert!(told.contains("E_gen") && told.contains("EG_gross"), "{told}");
    }
}
