//! A year that is cut: an approved change in its middle, a correction factor that changes inside a gap, and
//! what the report, its forms and an explanation say of it.

use mrv::domain::decimal::Decimal;
use mrv::period::exact::add;
use serde_json::Value;

use crate::office::{BEGIN, Dates, Office, factor, found, midnight, parameter, plan, says, value};
use crate::public::{has, unpacked};

const YEAR: Dates = ("2023-01-01", "2023-12-31");

/// EF of the second plan, approved for the second half of the year.
const CHANGE: &str = r#"
[[change]]
what = "EF_RE[a]"
kind = "permanent-change"
reason = "new grid factor"
approval = { body = "Joint Committee", number = "JC-7", date = "2023-06-15" }
"#;

fn loss(value: &str, dates: &str) -> String {
    format!(
        r#"
[[registered.correction_factor]]
name = "loss of T-1"
channels = ["s/m/EG"]
factor = "{value}"
source = "PDD, section B.7.2"
confirmed = "the utility"
{dates}
"#
    )
}

/// A solar roof of 2.000001 MWh a day, whose transformer loses more from October on. From the evening of 20
/// September to that of 10 October nobody read it: 41.000003 MWh by its register.
fn roof(number: u32, valid_from: &str, ef: &str) -> String {
    let factors =
        loss("0.985123456", "to = \"2023-09-30\"") + &loss("0.9", "from = \"2023-10-01\"");
    let channel = "\n[[channel]]\nid = \"s/m/EG\"\nkind = \"register\"\nunit = \"MWh\"\ncadence = \"1 \
                   d\"\ncapacity = \"4 MW\"\n";
    let parts = parameter("EG", 1, "\"s/m/EG\"", "") + &factor(ef) + &factors + channel;
    plan(number, valid_from, "MRV_PV_F1", &parts)
}

/// The last midnight before the gap and the first after it, in days since the year began.
const GAP: (u32, u32) = (263, 283);

fn read(office: &Office) {
    let micro = |day: u32| match day {
        0..=263 => i64::from(day) * 2_000_001,
        // One more MWh in the gap than in other days.
        _ => i64::from(day) * 2_000_001 + 999_983,
    };
    let row = |day: u32| {
        let shown = micro(day);
        let shown = format!("{}.{:06}", shown / 1_000_000, shown % 1_000_000);
        (midnight(2023, 1, day + 1), "m", "EG", shown)
    };
    let days = (0..=365).filter(|day| *day <= GAP.0 || *day >= GAP.1);
    office.read("readings.csv", &days.map(row).collect::<Vec<_>>());
}

fn office() -> Office {
    let office = Office::new(&roof(1, BEGIN, "0.5"));
    office.apply(&(roof(2, "2023-07-01T00:00:00Z", "0.6") + CHANGE));
    read(&office);
    office
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

/// Beginning, end, what was measured and what that is corrected, of each stretch of a factor.
fn factored(report: &Value) -> Vec<[String; 4]> {
    let parts = report["years"][0]["factored"].as_array().unwrap().iter();
    let text = |one: &Value| one.as_str().unwrap()[..10].to_owned();
    let of = |one: &Value| {
        [text(&one["from"]), text(&one["to"]), value(one, "/uncorrected"), value(one, "/corrected")]
    };
    parts.map(of).collect()
}

#[test]
fn a_factor_that_changes_inside_a_bridged_gap_cuts_the_bridged_amount_at_its_date() {
    let office = Office::new(&roof(1, BEGIN, "0.5"));
    read(&office);
    let report = office.sealed_and_shown(YEAR);
    let sum = |condition: &str| {
        let sql = format!(
            "SELECT COUNT(*) AS n, SUM(value) AS mwh FROM intervals WHERE quality = 'T' AND {condition}"
        );
        let rows = office.json(&["query", "--project", "plant", &sql]);
        let text = |name: &str| rows[0][name].as_str().unwrap().to_owned();
        (text("n"), decimal(&text("mwh")))
    };
    // 20 days of 41.000003 MWh: ten before the factor's date and ten from it on.
    assert_eq!(sum("TRUE"), ("1920".to_owned(), decimal("41.000003")));
    let stretches = factored(&report);
    let dates: Vec<[&str; 2]> = stretches.iter().map(|one| [&*one[0], &*one[1]]).collect();
    assert_eq!(dates, [["2023-01-01", "2023-10-01"], ["2023-10-01", "2024-01-01"]]);
    // 263 days and half of the gap, 20.500002; the other half and 82 days.
    let measured = [stretches[0][2].as_str(), stretches[1][2].as_str()];
    assert_eq!(measured, ["546.500265", "184.500083"]);
    let whole = add(decimal(measured[0]), decimal(measured[1])).unwrap();
    assert_eq!(whole, decimal("731.000348"), "what the register counted, to the last digit");
    // By 0.985123456, and by 0.9.
    let corrected = [stretches[0][3].as_str(), stretches[1][3].as_str()];
    assert_eq!(corrected, ["538.37022976171584", "166.0500747"]);
    assert_eq!(value(&report, "/years/0/inputs/0/chosen"), "704.42030446171584");
    assert_eq!(value(&report, "/years/0/er"), "352.21015223085792");
    assert_eq!(value(&report, "/claimed"), "352");
    let gap = &report["gap_log"][0];
    assert_eq!(
        (&gap["quality"], &gap["rule"]),
        (&"T".into(), &"register difference, exact in total".into())
    );
}

#[test]
fn the_report_of_a_year_that_is_cut_says_so_in_every_form_and_is_shown_by_a_recheck() {
    let office = office();
    let report = office.sealed_and_shown(YEAR);
    // At the change of the plan and at that of the factor.
    let stretches = factored(&report);
    let dates: Vec<&str> = stretches.iter().map(|one| one[0].as_str()).collect();
    assert_eq!(dates, ["2023-01-01", "2023-07-01", "2023-10-01"]);
    let measured = stretches.iter().map(|one| decimal(&one[2]));
    assert_eq!(measured.reduce(|a, b| add(a, b).unwrap()), Some(decimal("731.000348")));
    let year = &report["years"][0];
    let stretches = year["stretches"].as_array().unwrap();
    let of = |one: &Value, place: &str| value(one, place);
    let told: Vec<[String; 4]> = stretches
        .iter()
        .map(|one| [of(one, "/from"), of(one, "/to"), of(one, "/er"), of(one, "/fixed/0/value")])
        .collect();
    let text = |parts: [&str; 4]| parts.map(str::to_owned);
    assert_eq!(
        told,
        [
            // 362.000181 x 0.985123456 x 0.5.
            text(["2023-01-01", "2023-06-30", "178.307434689672768", "0.5"]),
            // (184.500084 x 0.985123456 + 184.500083 x 0.9) x 0.6.
            text(["2023-07-01", "2023-12-31", "208.6832610494221824", "0.6"]),
        ]
    );
    assert_eq!(value(year, "/er"), "386.9906957390949504");
    assert_eq!(value(&report, "/claimed"), "386", "rounded down once");
    says(&found(&report, "V-PLAN"), &["each counts for its time", "Joint Committee, number JC-7"]);

    let folder = office.folder(YEAR, 1);
    let form = |name: &str| unpacked(&std::fs::read(folder.join(name)).unwrap());
    let page = form("report.html");
    for text in [
        "Years cut at the date of an approved change",
        "each in its time",
        "loss of T-1",
        "178.307",
        "208.683",
        "386.991",
        "JC-7",
    ] {
        assert!(has(&page, text), "{text} in the page");
    }
    let book = form("report.xlsx");
    for text in ["loss of T-1", "JC-7", "2023-07-01", "386.9906957390"] {
        assert!(has(&book, text), "{text} in the workbook");
    }
    let summary = String::from_utf8(form("summary.txt")).unwrap();
    assert!(summary.contains("386.991") && summary.contains("386"), "{summary}");
    office.altered_is_told("bundle.zip", "claimed");
}

#[test]
fn an_explanation_names_the_stretches_and_the_correction_factors_of_a_year() {
    let office = office();
    // A period on one side of the change has no stretches.
    let half = ["explain", "plant", "ER.2023", "--from", "2023-07-01", "--to", "2023-12-31"];
    let tree = office.json(&half);
    assert_eq!(tree["nodes"][0]["value"], "208.683 tCO2e (exactly 208.6832610494221824)");
    assert!(facts(&tree["nodes"][0], "stretch of the year").is_empty());

    office.seal(YEAR);
    office.bundle(YEAR, 1, "bundle.zip");
    let tree = office.json(&["explain", "bundle.zip", "ER.2023"]);
    assert_eq!(
        tree,
        office.json(&["explain", "plant", "ER.2023"]),
        "bundle and folder say the same"
    );
    let top = &tree["nodes"][0];
    assert_eq!(
        facts(top, "stretch of the year"),
        [
            "2023-01-01 to 2023-06-30: RE 178.307 tCO2e (exactly 178.307434689672768), PE 0.000 tCO2e \
             (exactly 0), ER 178.307 tCO2e (exactly 178.307434689672768)",
            "2023-07-01 to 2023-12-31: RE 208.683 tCO2e (exactly 208.6832610494221824), PE 0.000 tCO2e \
             (exactly 0), ER 208.683 tCO2e (exactly 208.6832610494221824)",
        ]
    );
    assert_eq!(facts(top, "claimed"), ["386 tCO2e"]);
    let input = node(top, "EG[a], monitored").expect("the input");
    let factors = facts(input, "correction factor");
    assert_eq!(factors.len(), 3, "{factors:?}");
    for (line, parts) in factors.iter().zip([
        ["2023-01-01", "2023-07-01", "exactly 362.000181", "times 0.985123456 (loss of T-1)"],
        ["2023-07-01", "2023-10-01", "exactly 184.500084", "times 0.985123456 (loss of T-1)"],
        ["2023-10-01", "2024-01-01", "exactly 184.500083", "times 0.9 (loss of T-1)"],
    ]) {
        assert!(
            line.starts_with("s/m/EG, ") && parts.iter().all(|part| line.contains(part)),
            "{line}"
        );
    }
    // What a factor has multiplied is not called what was measured.
    assert!(
        facts(input, "measured").is_empty()
            && !facts(input, "measured, times its factors").is_empty()
    );
    let steps = node(input, "from what was measured to what counts").expect("the steps");
    assert!(facts(steps, "uncorrected").is_empty());
    let gap = steps["children"][0]["title"].as_str().unwrap();
    assert!(gap.starts_with("s/m/EG: 2023-09-21") && gap.ends_with("480.00 h T"), "{gap}");
}

/// The facts of a node that have a name.
fn facts(node: &Value, name: &str) -> Vec<String> {
    let facts = node["facts"].as_array().unwrap().iter().filter(|one| one["name"] == name);
    facts.map(|one| one["text"].as_str().unwrap().to_owned()).collect()
}

/// The first node of a tree with a title.
fn node<'a>(tree: &'a Value, title: &str) -> Option<&'a Value> {
    if tree["title"] == title {
        return Some(tree);
    }
    tree["children"].as_array()?.iter().find_map(|one| node(one, title))
}
