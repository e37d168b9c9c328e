//! Calibrations that come late: what is sealed stands, what is found makes the next version.

use crate::office::{found, says, value};
use crate::wind::{DEVICE, QUARTER, certificate, plant};

const FINDING: [&str; 9] = [
    "--tpe",
    "LRQA",
    "--by",
    "V. Verifier",
    "--date",
    "2024-03-10",
    "--about",
    "device:s/m",
    "--text",
];

/// QA-CAL-1, sealed; then QA-CAL-2, whose certificate found 1.2 %.
#[test]
fn day_8_a_certificate_of_1_2_percent_makes_1581_of_1589_closes_its_car_and_alters_no_version() {
    let office = plant(DEVICE);
    office.seal(QUARTER);
    let first = office.report(QUARTER, 1);
    assert_eq!(value(&first, "/years/0/re"), "1589.2319755");
    assert_eq!(value(&first, "/claimed"), "1589");
    assert_eq!(value(&first, "/calibration/effects/0/re_uncorrected"), "1594.5761");
    says(
        &found(&first, "V-CALIBRATION"),
        &["critical", "overdue for 1416 h", "no later calibration is known"],
    );
    let sealed = office.version(QUARTER, 1);
    office.bundle(QUARTER, 1, "v1.zip");
    office.is_shown("v1.zip");
    let handed_out = office.bytes("v1.zip");

    // The entity takes it up and asks for the calibration that was due.
    office.submit(QUARTER);
    office.under_verification(QUARTER);
    let which = ["--project", "plant", "--from", QUARTER.0, "--to", QUARTER.1];
    let asks = ["the calibration of 2023 and its correction are missing"];
    office.done(&[&["finding", "open", "CAR"], &which[..], &FINDING[..], &asks[..]].concat());

    // Alone, the certificate of April counts back to the last good one known: January too.
    certificate(&office, "C-2", "2023-04-11", "1.2 %");
    let of = |name: &str| {
        let found = office.candidates();
        assert_eq!((found.len(), &found[0]["version"]), (1, &2.into()), "{found:?}");
        let change = &found[0]["years"][0][name];
        let text = |one: &str| change[one].as_str().unwrap().to_owned();
        (text("old"), text("new"), text("change"))
    };
    let claimed = |old: &str, new: &str, by: &str| (old.to_owned(), new.to_owned(), by.to_owned());
    // (3000 x 0.988 - 8.3 x 1.012) x 0.533 = 1575.33...
    assert_eq!(of("claimed"), claimed("1589", "1575", "-14"));
    // The calibration of the first of February was good, and its certificate is found.
    certificate(&office, "C-1b", "2023-02-01", "+0.2 %");
    assert_eq!(of("claimed"), claimed("1589", "1581", "-8"));
    assert_eq!(of("re").1, "1581.7502012");
    let causes = office.candidates()[0]["causes"].to_string();
    assert!(causes.contains("C-2") && causes.contains("C-1b"), "{causes}");
    assert_eq!(office.version(QUARTER, 1), sealed, "a candidate alters nothing");

    let told = office.restate(QUARTER, "CAR-1: the certificates of 2023");
    assert!(told.contains("1581"), "{told}");
    let second = office.report(QUARTER, 2);
    assert_eq!(value(&second, "/years/0/re"), "1581.7502012");
    assert_eq!(value(&second, "/claimed"), "1581");
    assert_eq!(value(&second, "/life/changes/0/claimed_before"), "1589");
    says(&found(&second, "V-CALIBRATION"), &["found out of tolerance", "certificate C-2"]);
    let registers = second["calibration"]["registers"].as_array().unwrap();
    let told: Vec<String> = registers
        .iter()
        .map(|one| {
            let shown = |name: &str| one[name]["shown"].as_str().unwrap().to_owned();
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            let (before, after) = (shown("uncorrected"), shown("low"));
            format!("{} {} {before} {after} {}", text("channel"), text("month"), text("side"))
        })
        .collect();
    assert_eq!(
        told,
        [
            "s/m/EG 2023-02 980.000 968.240 lowered",
            "s/m/EG 2023-03 1020.000 1007.760 lowered",
            "s/m/EC 2023-02 2.500 2.530 raised",
            "s/m/EC 2023-03 2.800 2.834 raised",
        ]
    );

    // The reply, the closing, and the opinion over the version that solves it.
    let reply = ["finding", "reply", "CAR-1", "--project", "plant", "--text", "both are attached"];
    let said = ["--post", "engineer", "--date", "2024-03-20", "--document", "C-2.pdf"];
    office.done(&[&reply[..], &said[..]].concat());
    let close = ["finding", "close", "CAR-1", "--project", "plant", "--tpe", "LRQA", "--by"];
    let solved = ["V. Verifier", "--date", "2024-04-01", "--text", "solved", "--version", "2"];
    office.done(&[&close[..], &solved[..]].concat());
    assert_eq!(
        office.json(&["finding", "list", "--project", "plant", "--open"])[0],
        serde_json::Value::Null
    );
    office.submit(QUARTER);
    office.under_verification(QUARTER);
    office.write("opinion.pdf", "the report of the third-party entity");
    let opinion = ["period", "tpe-report", "--tpe", "LRQA", "--number", "VR-8", "--date"];
    let says_so = ["2024-05-03", "--opinion", "positive", "--conclusion", "unqualified"];
    let amount = ["--document", "opinion.pdf", "--amount", "2023:1581.750:0:1581"];
    office.done(&[&opinion[..], &says_so[..], &amount[..], &which[..]].concat());

    // Version 1 is what it was: its files, its bundle, and what was known then.
    assert_eq!(office.version(QUARTER, 1), sealed, "version 1 stays byte for byte");
    let size = office.json(&["period", "list", "--project", "plant"])[0]["log_size"].to_string();
    let as_of = ["period", "report", "--as-of", &size, "--out", "then"];
    office.done(&[&as_of[..], &which[..]].concat());
    assert_eq!(crate::office::files(&office.path().join("then")), sealed, "in every form");
    assert!(office.bytes("v1.zip") == handed_out);
    office.is_shown("v1.zip");
    office.bundle(QUARTER, 1, "again.zip");
    office.is_shown("again.zip");

    // The bundle of version 2: shown, told where a digit differs, and opened.
    office.bundle(QUARTER, 2, "v2.zip");
    office.is_shown("v2.zip");
    office.altered_is_told("v2.zip", "er");
    let told = office.done(&["explain", "v2.zip", "EG_gross[a].2023"]);
    for part in [
        "s/m/EG: 2023-02: 980.000 MWh counts as 968.240 MWh",
        "1.2 % for 672 h",
        "lowered: the side on which ER is lowest",
        "uncorrected: 3000.000 MWh",
        "corrected: 2976.000 MWh",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let json = office.json(&["explain", "v2.zip", "EG_gross[a].2023"]).to_string();
    assert!(json.contains("\"kind\":\"step\"") && json.contains("counts as 968.240 MWh"), "{json}");
    office.done(&["explain", "v2.zip", "ER.2023", "--html", "er.html"]);
    let page = String::from_utf8(office.bytes("er.html")).unwrap();
    for part in ["counts as 968.240 MWh", "without corrections for calibrations", "1594.5761"] {
        assert!(page.contains(part), "{part}");
    }
}
