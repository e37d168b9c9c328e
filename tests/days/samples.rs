//! Samples through the commands: certificates as units, strata, and what a stratified sample achieved.

use serde_json::Value;

use crate::office::Office;
use crate::wind::{DEVICE, QUARTER, certificate, plant};

fn sample(office: &Office, command: &str, more: &[&str]) -> Value {
    let of = ["sample", command, "--project", "plant", "--from", QUARTER.0, "--to", QUARTER.1];
    office.json(&[&of[..], more].concat())
}

fn office() -> Office {
    let office = plant(DEVICE);
    certificate(&office, "C-1b", "2023-02-01", "+0.2 %");
    certificate(&office, "C-2", "2023-04-11", "1.2 %");
    office
}

#[test]
fn certificates_are_units_that_are_drawn_and_ranked_by_what_they_alter() {
    let office = office();
    let of = ["--of", "certificates"];
    let all = sample(&office, "draw", &[&of[..], &["--seed", "4711", "--size", "9"]].concat());
    assert_eq!((&all["population"], &all["size"]), (&3.into(), &3.into()));
    let names: Vec<&str> =
        all["drawn"].as_array().unwrap().iter().map(|one| one["unit"].as_str().unwrap()).collect();
    assert!(names.contains(&"certificate C-2 of Laboratory, meter S-1 at s/m"), "{names:?}");
    let two = sample(&office, "draw", &[&of[..], &["--seed", "4711", "--size", "2"]].concat());
    assert_eq!(two["drawn"].as_array().unwrap()[..], all["drawn"].as_array().unwrap()[..2]);

    let ranked = sample(&office, "risk", &of);
    let of_number = |number: &str| {
        let begins = format!("certificate {number} of");
        let all = ranked.as_array().unwrap();
        let one = all.iter().find(|one| one["unit"].as_str().unwrap().starts_with(&begins));
        one.unwrap().clone()
    };
    let found = of_number("C-2");
    assert_eq!(found["level"], "high");
    assert!(found["reasons"].to_string().contains("found out of tolerance for"), "{found}");
    // Without the certificate of February the error of 1.2 % would count back to C-1: 1575 of 1581.
    assert_eq!(of_number("C-1b")["claim_lost_without_it"], "6");
    // Without that of April nothing would be corrected: the claim would be 1594, 13 more.
    assert_eq!(found["claim_lost_without_it"], "-13");
    // C-1 has no document.
    let first = of_number("C-1");
    assert!(first["reasons"].to_string().contains("its document is not recorded"), "{first}");
}

#[test]
fn strata_are_allocated_in_proportion_and_drawn_by_the_same_seed_whoever_draws() {
    let office = office();
    let by = |strata: &str, units: &str, size: &str| {
        let how = ["--of", units, "--seed", "4711", "--size", size, "--strata", strata];
        sample(&office, "draw", &how)
    };
    let drawn = by("month", "months", "2");
    // Three months of one meter each: the equal remainders go to the first names.
    let strata: Vec<(String, u64)> = drawn["strata"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["stratum"].as_str().unwrap().to_owned(), one["size"].as_u64().unwrap()))
        .collect();
    let of = |name: &str, size| (name.to_owned(), size);
    assert_eq!(strata, [of("2023-01", 1), of("2023-02", 1), of("2023-03", 0)]);
    assert_eq!(by("month", "months", "2"), drawn, "the same again");
    let bodies = by("body", "certificates", "2");
    assert_eq!(bodies["strata"][0]["stratum"], "Laboratory");
    assert_eq!(bodies["strata"][0]["size"], 2);
    assert_eq!(by("type", "meters", "1")["strata"][0]["stratum"], "0.5 S");
    assert_eq!(by("site", "meters", "1")["strata"][0]["stratum"], "s");
    let wrong = ["sample", "draw", "--project", "plant", "--from", QUARTER.0, "--to", QUARTER.1];
    for (how, expected) in [
        (["--of", "meters", "--strata", "body"], "has none"),
        (["--of", "meters", "--strata", "size"], "there are site, type, month, kind, body"),
    ] {
        let (code, told) =
            office.run(&[&wrong[..], &["--seed", "1", "--size", "1"], &how[..]].concat());
        assert_eq!(code, 2, "{told}");
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn what_a_stratified_sample_achieved_is_weighed_by_its_strata() {
    let office = plant(DEVICE);
    let mut text = "unit,result,stratum\n".to_owned();
    // 9 of 10 in the large stratum, 5 of 10 in the small one.
    for (stratum, sound) in [("a", 9), ("b", 5)] {
        for unit in 0..10 {
            let result = if unit < sound { "ok" } else { "error" };
            text += &format!("{stratum}{unit},{result},{stratum}\n");
        }
    }
    office.write("found.csv", &text);
    let achieved = ["sample", "achieved", "found.csv", "--confidence", "90"];
    let with = |strata: &[&'static str]| [&achieved[..], strata].concat();
    let found = office.json(&with(&["--stratum", "a=60", "--stratum", "b=40"]));
    assert_eq!(found["estimate"], "0.740000");
    // 1.645 sqrt(0.36 x 50/59 x 0.09/10 + 0.16 x 30/39 x 0.25/10) / 0.74
    assert_eq!(found["achieved_precision_percent"], "16.96");
    for (strata, expected) in [
        (&["--stratum", "a=60"][..], "stratum \"b\" has results"),
        (
            &["--stratum", "a=60", "--stratum", "b=40", "--stratum", "c=1"],
            "no unit of it was looked at",
        ),
        (&["--stratum", "a=9", "--stratum", "b=40"], "10 results of 9 units"),
        (&["--stratum", "a"], "write its name and how many units"),
    ] {
        let (code, told) = office.run(&with(strata));
        assert_eq!(code, 2, "{told}");
        assert!(told.contains(expected), "{expected}: {told}");
    }
    office.write("found.csv", "unit,result,stratum\nx,10,a\ny,12,a\nz,30,b\n");
    let found = office.json(&with(&["--stratum", "a=2", "--stratum", "b=1"]));
    // (2 x 11 + 30) / 3, and nothing left to doubt.
    assert_eq!(found["estimate"], "17.333333");
    assert_eq!(found["achieved_precision_percent"], "0.00");
}
