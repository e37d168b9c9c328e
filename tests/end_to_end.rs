//! Real meter data from the raw file to the report, by the commands: every row accounted for, and
//! every month of the report equal to a second route in SQL, to the last digit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use mrv::config::plan::Plan;
use serde_json::Value;

mod support;

/// A folder with a project whose plan is applied.
struct Site {
    folder: tempfile::TempDir,
    plan: Plan,
}

impl Site {
    fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = root.join(format!("pipelines/projects/{name}.toml"));
        let text = std::fs::read_to_string(&file).unwrap();
        let plan = Plan::parse(name, &text).unwrap();
        let site = Self { folder: tempfile::tempdir().unwrap(), plan };
        site.mrv(&["init"]);
        site.mrv(&["plan", "apply", file.to_str().unwrap()]);
        site
    }

    /// Runs a command that must succeed; gives what it printed as JSON.
    fn mrv(&self, arguments: &[&str]) -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_mrv"))
            .args(arguments)
            .arg("--json")
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "mrv {arguments:?}: {error}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn ingest(&self, files: &[PathBuf]) -> Value {
        let project = self.plan.project.to_string();
        let mut arguments = vec!["ingest", "--project", &project];
        arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
        self.mrv(&arguments)
    }

    /// Closes the whole crediting period as a draft; gives the report.
    fn report(&self) -> Value {
        let project = self.plan.project.to_string();
        let (from, to) = self.plan.registered.crediting;
        let (from, to) = (from.to_string(), to.to_string());
        let closed =
            self.mrv(&["period", "close", "--project", &project, "--from", &from, "--to", &to]);
        let folder = PathBuf::from(closed["folder"].as_str().unwrap());
        for name in ["report.json", "report.xlsx", "report.html", "summary.txt"] {
            assert!(folder.join(name).is_file(), "{name}");
        }
        match std::fs::read(folder.join("report.pdf")) {
            Ok(pdf) => assert!(pdf.starts_with(b"%PDF-1.7")),
            Err(_) => assert!(mrv::report::pdf::Fonts::system().is_empty(), "report.pdf"),
        }
        closed["report"].clone()
    }
}

fn files(folder: &Path, names: &[&str]) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for name in names {
        let path = folder.join(name);
        match path.is_dir() {
            true => {
                paths.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            }
            false => paths.push(path),
        }
    }
    paths.sort();
    paths
}

/// Ingests real files, compares rows and months with the second route, and gives the report.
fn check(name: &str, names: &[&str]) -> Option<Value> {
    let folder = support::shared("data")?;
    let second = &support::python_json("monthly_totals.py", &[folder.to_str().unwrap()])[name];
    let rows: BTreeMap<String, u64> = serde_json::from_value(second["rows"].clone()).unwrap();
    let site = Site::new(name);
    let outcomes = site.ingest(&files(&folder, names));
    let count = |outcome: &Value| {
        let refused: u64 =
            outcome["refused"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
        let number = |key: &str| outcome[key].as_u64().unwrap();
        number("readings") + number("conflicts") + refused
    };
    let items: u64 = outcomes.as_array().unwrap().iter().map(|one| count(&one["outcome"])).sum();
    assert_eq!(items, rows.values().sum::<u64>(), "readings + conflicts + refused = rows");

    let report = site.report();
    assert_eq!(report["items"]["decoded"].as_u64().unwrap(), items, "the report's own sum");
    let months: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_value(second["months"].clone()).unwrap();
    for (channel, months) in months {
        let ours = report["channels"].as_array().unwrap();
        let ours = ours.iter().find(|one| one["channel"] == channel.as_str()).unwrap();
        let ours: BTreeMap<&str, &str> = ours["months"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|month| {
                Some((month["month"].as_str()?, month["measured"]["value"].as_str()?))
            })
            .collect();
        assert!(!months.is_empty());
        for (month, total) in &months {
            let theirs = total["value"].as_str().unwrap();
            let plain = |text: &str| mrv::domain::decimal::Decimal::parse(text).unwrap();
            let found = ours.get(month.as_str()).unwrap_or_else(|| panic!("{channel} {month}"));
            assert_eq!(plain(found), plain(theirs), "{channel} {month}");
        }
        assert_eq!(ours.len(), months.len(), "{channel}: months measured");
    }
    let tables = support::python_json(
        "read_tables.py",
        &[site.folder.path().join("data").to_str().unwrap()],
    );
    assert!(tables.is_object(), "DuckDB, polars and pyarrow read the tables and agree");
    let again = site.ingest(&files(&folder, names));
    let duplicates: u64 = again
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["outcome"]["refused"]["V-DUP"].as_u64())
        .sum();
    let readings: u64 = outcomes
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["outcome"]["readings"].as_u64())
        .sum();
    assert_eq!(duplicates, readings, "the same files again are duplicates, each and every one");
    assert_eq!(
        site.report()["provenance"]["figures_digest"],
        report["provenance"]["figures_digest"],
        "duplicates alter no figure"
    );
    site.mrv(&["log", "verify"]);
    Some(report)
}

#[test]
fn the_kyocera_array_comes_out_to_the_last_digit() {
    let Some(report) = check("ucsd-kyocera", &["ucsd_pv_kyocera_15min.csv"]) else { return };
    assert_eq!(report["items"]["readings"], 122_488);
    assert_eq!(report["items"]["refused"], 0);
}

#[test]
fn the_inverter_without_nights_comes_out_to_the_last_digit() {
    check("taefc-inverter", &["pv_inverter_TAEFC1044741.csv"]);
}

#[test]
fn a_chiller_without_electricity_meter_claims_nothing_and_says_why() {
    let Some(report) = check("bartech-chiller", &["chiller_bartech"]) else { return };
    for year in report["years"].as_array().unwrap() {
        for figure in ["re", "pe", "er", "claimed"] {
            assert_eq!(year[figure]["value"], "0", "{figure}");
        }
        let why = year["why"].as_str().unwrap();
        assert!(why.contains("EC_PJ") && why.contains("not measured"), "{why}");
    }
}
