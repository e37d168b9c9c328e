//! `docs/ADDING_A_METHODOLOGY.md`, followed to the letter: what it says to write is accepted, and
//! gives what it says.

use std::path::Path;
use std::process::{Command, Output};

const PAGE: &str = include_str!("../docs/ADDING_A_METHODOLOGY.md");

/// The blocks of a language, in the order of the page.
fn blocks(language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}\n");
    PAGE.split(opening.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

fn mrv(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mrv"));
    command.args(arguments).current_dir(folder).output().unwrap()
}

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(text).unwrap()
}

#[test]
fn the_page_leads_from_an_empty_folder_to_a_methodology() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let run = |line: &str| {
        let arguments: Vec<&str> = line.split_whitespace().skip(1).collect();
        let output = mrv(here, &arguments);
        assert!(output.status.success(), "{line}: {}", said(&output));
        said(&output)
    };
    let commands: Vec<&str> = blocks("sh").iter().flat_map(|block| block.lines()).collect();
    assert_eq!(commands.len(), 5);
    run(commands[0]);
    let checked = run(commands[1]);
    assert_eq!(checked.trim(), "MY_WIND_F1.toml: methodology with its example is right");
    // What the page says to write, in place of the template's parts.
    std::fs::write(here.join("MY_WIND_F1.toml"), blocks("toml").join("\n")).unwrap();
    std::fs::write(here.join("values.json"), blocks("json")[0]).unwrap();
    assert!(run(commands[2]).contains("is right"));
    let page = run(commands[3]);
    assert!(page.contains("[ ] the project generates electricity by wind turbines"), "{page}");
    assert!(page.contains("RE = sum(i: EG_net[i] * EF_RE[i])"), "{page}");
    let calculated = run(commands[4]);
    // (5240.8 - 31.3 + 4800 - 28) * 0.619
    assert!(calculated.contains("RE 6178.548500 tCO2e"), "{calculated}");
    assert!(calculated.contains("claimed 6178 tCO2e"), "{calculated}");
    let refused = mrv(here, &["methodology", "new", "MY_WIND_F1"]);
    assert_eq!(refused.status.code(), Some(2), "a file is never overwritten");
}

#[test]
fn the_page_writes_what_the_shipped_file_says() {
    let shipped = include_str!("../pipelines/methodologies/wind-power-f1.toml");
    let table = |text: &str| -> toml::Table { toml::from_str(text).unwrap() };
    let (page, shipped) = (table(&blocks("toml").join("\n")), table(shipped));
    assert_eq!(page["equation"], shipped["equation"]);
    assert_eq!(page["index"], shipped["index"]);
    assert_eq!(page["title"], shipped["title"]);
    let inputs = |table: &toml::Table| table["vector"][0]["inputs"].clone();
    assert_eq!(inputs(&page), inputs(&shipped));
}

#[test]
fn what_goes_wrong_is_told_as_the_page_says() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let right = blocks("toml").join("\n");
    for (from, to, told) in [
        (
            "EG_gross[i] - EC_import[i]\"",
            "EG_gross[i] - EC_import[i] * EF_RE[i]\"",
            "cannot subtract MWh and tCO2e; only like adds to and compares with like",
        ),
        (
            "sum(i: EG_net[i] * EF_RE[i])",
            "sum(i: EG_net[i]) * 0.619 [tCO2/MWh]",
            "no equation uses EF_RE; remove the parameter",
        ),
        (
            "RE = \"3224.680500\"",
            "RE = \"3224.680600\"",
            "example WP-1: RE is 3224.680500, not 3224.680600",
        ),
    ] {
        assert!(right.contains(from), "{from}");
        std::fs::write(here.join("wrong.toml"), right.replace(from, to)).unwrap();
        let output = mrv(here, &["check", "wrong.toml"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains(told), "{}", said(&output));
    }
}
