//! What a verifier asks of a period at the command line: what if, samples, the list by risk.

mod sealed;

use std::process::{Command, Output};

use mrv::domain::decimal::Decimal;
use mrv::domain::digest::Sha256Digest;
use mrv::methodology::Number;
use sealed::{FROM, PROJECT, Sealed, TO, sealed};
use serde_json::Value;

fn run(folder: &Sealed, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mrv"));
    command.arg("--config").arg(folder.folder.path().join("mrv.toml")).arg("--json");
    command.args(arguments).output().unwrap()
}

fn json(folder: &Sealed, arguments: &[&str]) -> Value {
    let output = run(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn of_period<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    let period = ["--project", PROJECT, "--from", FROM, "--to", TO];
    command.iter().chain(&period).chain(more).copied().collect()
}

fn whatif(folder: &Sealed, more: &[&str]) -> Vec<Value> {
    json(folder, &of_period(&["whatif"], more)).as_array().unwrap().clone()
}

fn number(value: &Value) -> Number {
    Number::from(Decimal::parse(value.as_str().unwrap()).unwrap())
}

#[test]
fn what_is_taken_out_lowers_er_and_nothing_is_recorded() {
    let folder = sealed(40);
    let leaves = json(&folder, &["query", "SELECT COUNT(*) AS n FROM messages"]);
    for change in [
        vec!["--without", "site/roof"],
        vec!["--hours", "2025-12-26/2025-12-26"],
        vec!["--without", "site", "--hours", "2026-01-02T00:00:00Z/2026-01-02T06:00:00Z"],
        vec!["--without-parameter", "EG[roof]"],
    ] {
        let effects = whatif(&folder, &change);
        assert_eq!(effects.len(), 4, "two methodologies, two years");
        let mut is_less = false;
        for effect in &effects {
            let (before, after) = (number(&effect["before"]["er"]), number(&effect["after"]["er"]));
            assert!(after <= before, "{change:?}: {effect}");
            is_less |= after < before;
        }
        assert!(is_less, "{change:?} alters nothing");
    }
    assert_eq!(json(&folder, &["query", "SELECT COUNT(*) AS n FROM messages"]), leaves);
}

#[test]
fn a_value_that_is_set_enters_the_equations() {
    let folder = sealed(40);
    let effects = whatif(&folder, &["--set", "EF_RE[roof]=1"]);
    let of_roof = |effects: &[Value]| {
        let pv = |one: &&Value| one["methodology"] == "MRV_PV_F1";
        effects.iter().filter(pv).map(|one| number(&one["after"]["re"])).collect::<Vec<_>>()
    };
    let twice = whatif(&folder, &["--set", "EF_RE[roof]=2"]);
    for (one, two) in of_roof(&effects).iter().zip(of_roof(&twice)) {
        assert!(!one.is_zero());
        assert_eq!(one.add(one).unwrap(), two, "to the last digit");
    }
    // A monitored value over the whole period, split by days over the years: 14 days, 7 of them in 2025.
    let effects = whatif(&folder, &["--set", "EG[roof]=14", "--set", "EF_RE[roof]=1"]);
    let re = of_roof(&effects);
    assert_eq!(re, [Number::from_integer(7), Number::from_integer(7)]);
}

#[test]
fn what_is_not_there_is_refused_and_asking_nothing_is_usage() {
    let folder = sealed(40);
    let refused = |more: &[&str]| {
        let output = run(&folder, &of_period(&["whatif"], more));
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, said) = refused(&["--without", "site/shed"]);
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("site/shed"), "{said}");
    assert_eq!(refused(&["--set", "XX=1"]).0, Some(5));
    assert_eq!(refused(&["--without-document", "999"]).0, Some(5));
    for wrong in [vec![], vec!["--set", "EF_RE"], vec!["--hours", "2026-01-02/2026-01-01"]] {
        assert_eq!(refused(&wrong).0, Some(2), "{wrong:?}");
    }
}

#[test]
fn a_sample_is_drawn_by_a_seed_that_anyone_can_repeat() {
    let folder = sealed(40);
    let draw = |more: &[&str]| {
        let all = [&["--of", "months", "--seed", "4711"], more].concat();
        json(&folder, &of_period(&["sample", "draw"], &all))
    };
    let drawn = draw(&["--size", "1"]);
    assert_eq!(drawn["population"], 2, "the roof's meter in two months: {drawn}");
    let unit = drawn["drawn"][0]["unit"].as_str().unwrap();
    let rank = Sha256Digest::of(format!("4711\n{unit}").as_bytes()).to_string();
    assert_eq!(drawn["drawn"][0]["rank"], rank);
    let all = draw(&["--share", "0.5"]);
    assert_eq!(all["size"], 2);
    assert_eq!(all["expected_precision_percent"], "0.00");
    assert_eq!(all["drawn"][0], drawn["drawn"][0], "a larger sample contains the smaller");

    let documents =
        of_period(&["sample", "draw"], &["--of", "documents", "--seed", "1", "--size", "9"]);
    assert_eq!(json(&folder, &documents)["population"], 2);
}

#[test]
fn what_a_sample_achieved_comes_from_what_was_found() {
    let folder = sealed(40);
    let results = folder.folder.path().join("results.csv");
    let achieved = |text: &str, population: &str| {
        std::fs::write(&results, text).unwrap();
        let file = results.to_str().unwrap();
        json(&folder, &["sample", "achieved", file, "--population", population])
    };
    let clean: String = (0..10).map(|unit| format!("m{unit},ok\n")).collect();
    let found = achieved(&format!("unit,result\n{clean}"), "20");
    assert_eq!((&found["most_in_error"], &found["size"]), (&3.into(), &10.into()));
    let found = achieved("unit,result\na,ok\nb,error\nc,ok\nd,ok\n", "100");
    assert_eq!(found["errors"], serde_json::json!(["b"]));
    // p = 3/4: 1.96 * sqrt((1/3) * 96 / (4 * 99)) = 0.5572
    assert_eq!(found["achieved_precision_percent"], "55.72");
    let found = achieved("unit,result\na,10\nb,12\nc,14\n", "3");
    assert_eq!(found["achieved_precision_percent"], "0.00");
    std::fs::write(&results, "unit,result\na,ok\na,ok\n").unwrap();
    let output =
        run(&folder, &["sample", "achieved", results.to_str().unwrap(), "--population", "9"]);
    assert_eq!(output.status.code(), Some(2), "the same unit twice");
}

#[test]
fn the_riskiest_units_stand_first_with_reasons_and_what_they_are_worth() {
    let folder = sealed(40);
    let ranked = json(&folder, &of_period(&["sample", "risk"], &["--of", "months"]));
    let ranked = ranked.as_array().unwrap();
    assert_eq!(ranked.len(), 2);
    for one in ranked {
        let worth: i64 = one["claim_lost_without_it"].as_str().unwrap().parse().unwrap();
        assert!(worth >= 0, "{one}");
    }
    let level = |one: &Value| ["low", "medium", "high"].iter().position(|l| one["level"] == **l);
    assert!(level(&ranked[0]) >= level(&ranked[1]), "{ranked:?}");
    assert!(ranked.iter().any(|one| !one["reasons"].as_array().unwrap().is_empty()));
    let documents = json(&folder, &of_period(&["sample", "risk"], &["--of", "documents"]));
    let reasons = documents[0]["reasons"].to_string();
    assert!(reasons.contains("entered by hand by Ann"), "{documents}");
}

#[test]
fn a_site_pack_says_what_each_register_should_show() {
    let folder = sealed(40);
    let pack = |at: &str| json(&folder, &["site-pack", "--project", PROJECT, "--at", at]);
    let register = |pack: &Value| pack["devices"][0]["registers"][0].clone();
    let later = register(&pack("2026-02-01T00:00:00Z"));
    assert_eq!(later["channel"], "site/roof/EG");
    let last_at = later["last_at"].as_str().unwrap().to_owned();
    let now = register(&pack(&last_at));
    assert_eq!(now["last"], later["last"]);
    assert_eq!(now["expected"], now["last"], "at the last reading it shows what it showed");
    let sum = number(&now["last"]).add(&number(&now["per_day"])).unwrap();
    let day_later =
        mrv::domain::time::Timestamp::parse_rfc3339(&last_at).unwrap().us() + 86_400_000_000;
    let day_later = mrv::domain::time::Timestamp::from_us(day_later).to_string();
    assert_eq!(number(&register(&pack(&day_later))["expected"]), sum);
    assert!(number(&later["expected"]) > sum);

    let page = folder.folder.path().join("pack.html");
    let shown = page.to_str().unwrap();
    json(&folder, &["site-pack", "--project", PROJECT, "--html", shown]);
    let text = std::fs::read_to_string(&page).unwrap();
    assert!(text.contains("site/roof/EG") && text.contains("Found: display"), "{text}");
}

fn bundle(folder: &Sealed) -> String {
    let path = folder.folder.path().join("bundle.zip");
    let path = path.to_str().unwrap().to_owned();
    json(folder, &["bundle", PROJECT, FROM, TO, "--out", &path]);
    path
}

#[test]
fn a_bundle_answers_what_if_as_the_log_of_its_seal_does() {
    use mrv::domain::time::Timestamp;
    use mrv::report::recompute::Past;
    use mrv::report::whatif::{Change, effects};
    let folder = sealed(40);
    let zip = bundle(&folder);
    let scratch = tempfile::tempdir().unwrap();
    let size = folder.seal.log_size;
    let mut past = Past::of_folder(&folder.layout, &folder.id, size, scratch.path()).unwrap();
    let mut collected = past.collect_sealed(&folder.seal).unwrap();
    collected.look_past_seals();
    let before = collected.draft().unwrap();
    let time = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
    let during = Some((time("2026-01-02T00:00:00Z"), time("2026-01-02T06:00:00Z")));
    let hours = "2026-01-02T00:00:00Z/2026-01-02T06:00:00Z";
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let all = [
        (
            Change::Without { names: of(&["site"]), during },
            vec!["--without", "site", "--hours", hours],
        ),
        (
            Change::Without { names: of(&["site", "roof"]), during: None },
            vec!["--without", "site/roof"],
        ),
        (
            Change::WithoutParameter { symbol: "EG".to_owned(), members: of(&["roof"]) },
            vec!["--without-parameter", "EG[roof]"],
        ),
    ];
    for (change, arguments) in all {
        let mut collected = past.collect_sealed(&folder.seal).unwrap();
        collected.look_past_seals();
        collected.apply(&[change]).unwrap();
        let expected = effects(&before, &collected.draft().unwrap());
        let asked = json(&folder, &[&["whatif", &zip], &*arguments].concat());
        let asked = asked.as_array().unwrap();
        assert_eq!(asked.len(), expected.len());
        let mut altered = 0;
        for (one, expected) in asked.iter().zip(&expected) {
            for (side, outcome) in [("before", &expected.before), ("after", &expected.after)] {
                assert_eq!(one[side]["er"], outcome.er.to_string(), "{one}");
                assert_eq!(one[side]["claimed"], outcome.claimed.to_string(), "{one}");
            }
            altered += i32::from(one["before"]["er"] != one["after"]["er"]);
            assert!(one["rests_on"].as_str().unwrap().contains("mrv recheck"), "{one}");
        }
        assert!(altered > 0, "{asked:?}");
    }
    // Either a bundle or a project is asked.
    let both = run(&folder, &of_period(&["whatif", &zip], &["--set", "EF_RE[roof]=1"]));
    assert_eq!(both.status.code(), Some(2));
    let none = run(&folder, &["whatif", "--set", "EF_RE[roof]=1"]);
    assert_eq!(none.status.code(), Some(2));
}

#[test]
fn tables_that_do_not_come_to_the_report_of_the_bundle_answer_nothing() {
    let folder = sealed(40);
    let path = bundle(&folder);
    let bag = folder.folder.path().join("bag");
    let file = std::fs::File::open(&path).unwrap();
    zip::ZipArchive::new(file).unwrap().extract(&bag).unwrap();
    let month = "data/tables/intervals/project=sample-two-methodologies/month=2026-01";
    std::fs::remove_dir_all(bag.join(month)).unwrap();
    std::fs::remove_dir_all(bag.join(month.replace("data/", "data/by-day/"))).unwrap();
    let names = mrv::report::bundle::archive::names(&bag).unwrap();
    let out = std::fs::File::create(&path).unwrap();
    mrv::report::bundle::archive::write(&bag, &names, out).unwrap();
    let output = run(&folder, &["whatif", &path, "--without", "site/roof"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("its report says") && said.contains("mrv recheck"), "{said}");
}

#[test]
fn a_bundle_is_sampled_and_gives_a_site_pack() {
    let folder = sealed(40);
    let zip = bundle(&folder);
    let draw = ["sample", "draw", &zip, "--of", "months", "--seed", "4711", "--size", "1"];
    let drawn = json(&folder, &draw);
    assert_eq!(drawn["population"], 2, "{drawn}");
    assert!(drawn["rests_on"].as_str().unwrap().contains("bundle"), "{drawn}");
    let of_project =
        of_period(&["sample", "draw"], &["--of", "months", "--seed", "4711", "--size", "1"]);
    assert_eq!(json(&folder, &of_project)["drawn"], drawn["drawn"]);
    let ranked = json(&folder, &["sample", "risk", &zip, "--of", "documents"]);
    assert!(ranked[0]["reasons"].to_string().contains("entered by hand by Ann"), "{ranked}");

    // As its user writes it, and what is said where that is not enough.
    let of_bundle = ["sample", "draw", &zip, "--seed", "5"];
    let said = |more: &[&str]| {
        let output = run(&folder, &[&of_bundle[..], more].concat());
        let said = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let (code, text) = said(&["--of", "months", "--size", "25"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("\"size\": 2,"), "all that there are: {text}");
    for (more, expected) in [
        (&["--size", "25"][..], "--of <sites|meters|months|documents|certificates>"),
        (&["--of", "readings", "--size", "25"], "there are sites, meters, months, documents"),
        (&["--of", "months"], "how many, --size"),
        (&["--of", "months", "--size", "0"], "0 is not in 1.."),
        (&["--of", "months", "--kind", "invoice", "--size", "1"], "--kind is of documents"),
        (&["--of", "documents", "--kind", "tank-dip", "--size", "1"], "no documents of kind"),
        (&["--of", "certificates", "--size", "1"], "the report has no certificates"),
    ] {
        let (code, text) = said(more);
        assert_eq!(code, Some(2), "{more:?}: {text}");
        assert!(text.contains(expected), "{more:?}: {text}");
    }
    let output = run(&folder, &["sample", "draw", PROJECT, "--of", "months", "--seed", "5"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains(&format!("--project {PROJECT}")), "{text}");

    // Of the log of the seal: what came after it is not known to the bundle.
    let pack = json(&folder, &["site-pack", &zip, "--at", "2026-02-01T00:00:00Z"]);
    let later = json(&folder, &["site-pack", "--project", PROJECT, "--at", "2026-02-01T00:00:00Z"]);
    let last = |pack: &Value| {
        let at = pack["devices"][0]["registers"][0]["last_at"].as_str().unwrap().to_owned();
        mrv::domain::time::Timestamp::parse_rfc3339(&at).unwrap()
    };
    assert!(last(&pack) < last(&later), "{pack}");
    assert!(pack["rests_on"].as_str().unwrap().contains("mrv recheck"), "{pack}");
}
