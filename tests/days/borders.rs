//! Two periods of one project, and what touches both: a late reading and a decision on the instant between
//! them.

use serde_json::Value;

use crate::office::{BEGIN, Dates, Office, factor, midnight, parameter, plan, value};

const FIRST: Dates = ("2020-06-25", "2020-06-30");
const SECOND: Dates = ("2020-07-01", "2020-07-06");

/// 10 MWh a day, read at midnight; nobody read the register as June ended.
fn plant() -> Office {
    let channel = "\n[[channel]]\nid = \"s/m/EG\"\nkind = \"register\"\nunit = \"MWh\"\ncadence = \"1 \
                   d\"\ncapacity = \"1 MW\"\n";
    let parts = parameter("EG", 1, "\"s/m/EG\"", "") + &factor("0.5") + channel;
    let office = Office::new(&plan(1, BEGIN, "MRV_PV_F1", &parts));
    let row = |day: u32| {
        let shown = format!("{}", 100 + day * 10);
        (midnight(2020, 6, 25 + day), "m", "EG", shown)
    };
    office.read("readings.csv", &(0..=12).filter(|day| *day != 6).map(row).collect::<Vec<_>>());
    office
}

/// Old and new claim of the candidate of each period, with what it names as causes.
fn candidates(office: &Office) -> Vec<(String, String, String, String)> {
    let claimed = |one: &Value| {
        let change = &one["years"][0]["claimed"];
        let text = |name: &str| change[name].as_str().unwrap().to_owned();
        let causes = one["causes"].as_array().unwrap().iter();
        let causes: Vec<&str> = causes.map(|cause| cause["what"].as_str().unwrap()).collect();
        (one["from"].as_str().unwrap().to_owned(), text("old"), text("new"), causes.join("; "))
    };
    office.candidates().iter().map(claimed).collect()
}

#[test]
fn what_is_read_or_decided_on_the_border_of_two_sealed_periods_restates_both() {
    let office = plant();
    for dates in [FIRST, SECOND] {
        office.seal(dates);
    }
    // 50 MWh before the two days without a reading, 20 in them, 50 after: split where it claims least.
    let claims = [FIRST, SECOND].map(|dates| value(&office.report(dates, 1), "/claimed"));
    let claims = claims.map(|claim| claim.parse::<u32>().unwrap());
    assert!(claims[0] + claims[1] <= 60, "{claims:?}");
    let sealed = [FIRST, SECOND].map(|dates| office.version(dates, 1));
    let handed_out = |version: u32, name: &str| {
        [FIRST, SECOND].map(|dates| {
            let file = format!("{}-{name}.zip", dates.0);
            office.bundle(dates, version, &file);
            office.is_shown(&file);
            office.bytes(&file)
        })
    };
    let first_bundles = handed_out(1, "v1");
    let names = [FIRST, SECOND].map(|dates| format!("{}-v1.zip", dates.0));

    // What the register showed as June ended is found: 6 and 14 of the 20 MWh.
    let border = midnight(2020, 7, 1);
    office.read("late.csv", &[(border.clone(), "m", "EG", "156".to_owned())]);
    let found = candidates(&office);
    assert_eq!(found.len(), 2, "{found:?}");
    let both = |found: &[(String, String, String, String)], what: &str| {
        for (place, (from, old, _, causes)) in found.iter().enumerate() {
            assert_eq!(from, [FIRST.0, SECOND.0][place]);
            assert!(causes.contains(what), "{from}: {causes}");
            assert!(!old.is_empty());
        }
        [found[0].2.clone(), found[1].2.clone()]
    };
    assert_eq!(both(&found, "1 reading stamped 2020-07-01T00:00:00"), ["28", "32"]);
    for dates in [FIRST, SECOND] {
        office.restate(dates, "the reading of the end of June was found");
    }
    let second = [FIRST, SECOND].map(|dates| value(&office.report(dates, 2), "/claimed"));
    assert_eq!(second, ["28", "32"]);
    assert_eq!([FIRST, SECOND].map(|dates| office.version(dates, 1)), sealed, "as they were");
    assert!(office.candidates().is_empty());
    handed_out(2, "v2");
    let of_second = [FIRST, SECOND].map(|dates| office.version(dates, 2));

    // Another value of the same instant, and a decision between them: 7 and 13.
    office.read("other.csv", &[(border.clone(), "m", "EG", "157".to_owned())]);
    let conflict = both(&candidates(&office), "1 conflict");
    // A register in conflict is not used, its neighbours bridge 20 MWh; until one of both periods is stated
    // anew, which fixes its share, neither candidate takes any of it.
    assert_eq!(conflict, ["25", "25"]);
    let decide = ["decide", "--project", "plant", "--channel", "s/m/EG", "--at", &border];
    let how = ["--value", "157", "--reason", "the photo of the display", "--author", "Bo"];
    office.done(&[&decide[..], &how[..]].concat());
    assert_eq!(both(&candidates(&office), "decision: 157"), ["28", "31"]);
    for dates in [FIRST, SECOND] {
        office.restate(dates, "the photo shows 157");
    }
    let third = [FIRST, SECOND].map(|dates| {
        let report = office.report(dates, 3);
        (value(&report, "/years/0/inputs/0/chosen"), value(&report, "/claimed"))
    });
    let of = |chosen: &str, claimed: &str| (chosen.to_owned(), claimed.to_owned());
    assert_eq!(third, [of("57", "28"), of("63", "31")]);
    handed_out(3, "v3");
    assert_eq!([FIRST, SECOND].map(|dates| office.version(dates, 1)), sealed);
    assert_eq!([FIRST, SECOND].map(|dates| office.version(dates, 2)), of_second);
    // What was handed out first is still shown, and so is version 1 handed out now.
    assert!(names.each_ref().map(|name| office.bytes(name)) == first_bundles);
    names.iter().for_each(|name| office.is_shown(name));
    handed_out(1, "again");
}
