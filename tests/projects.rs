//! The sample projects, each from simulated readings and documents to its report, in one process.
//!
//! `tests/golden/projects.txt` holds RE, PE and ER of each; set `MRV_GOLDEN_REWRITE` to rewrite it.

use std::path::{Path, PathBuf};

use mrv::config::daemon::DaemonConfig;
use mrv::config::plan::Plan;
use mrv::daemon::engine::{Engine, PRIVATE_KEY, PUBLIC_KEY};
use mrv::daemon::record::attach;
use mrv::daemon::request::{Answer, Request, Stated};
use mrv::dataset::layout::Layout;
use mrv::decode::act::Content;
use mrv::decode::amount::AmountEntry;
use mrv::decode::amount_csv;
use mrv::domain::time::Date;
use mrv::evidence::checkpoint::key_pair;
use mrv::methodology::{Methodology, shipped};
use mrv::simulate::planned::planned;
use serde_json::Value;

const FROM: &str = "2026-01-01";
const TO: &str = "2026-01-31";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The sample plans, by name.
fn plans() -> Vec<(String, String)> {
    let folder = root().join("pipelines/projects");
    let mut plans: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| {
            let name = path.file_stem()?.to_str()?.to_owned();
            name.starts_with("sample-").then(|| (name, std::fs::read_to_string(path).unwrap()))
        })
        .collect();
    plans.sort();
    plans
}

/// The text of a methodology, if the software has it.
fn methodology(id: &str) -> Option<&'static str> {
    shipped().iter().find(|shipped| shipped.id == id).map(|shipped| shipped.text)
}

/// A folder that an engine can open.
fn layout(folder: &Path) -> Layout {
    let layout = Layout::new(folder);
    std::fs::create_dir_all(layout.keys()).unwrap();
    let (private, public) = key_pair("sample", &[7; 32]).unwrap();
    std::fs::write(layout.keys().join(PRIVATE_KEY), private).unwrap();
    std::fs::write(layout.keys().join(PUBLIC_KEY), public).unwrap();
    layout
}

/// From the plan to the report of January; and whether it could be sealed.
fn report(name: &str, text: &str, methodologies: Vec<String>) -> Result<(Value, Answer), String> {
    let plan = Plan::parse(name, text).unwrap_or_else(|found| {
        let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    });
    let date = |text| Date::parse(text).unwrap();
    let first = plan.registered.crediting.0;
    let simulated = planned(&plan, (date(FROM), date(TO)), first, 7).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let office = folder.path().join("office");
    std::fs::create_dir_all(&office).unwrap();
    for (file, text) in &simulated.documents {
        std::fs::write(office.join(file), text).unwrap();
    }
    let readings = office.join("readings.csv");
    std::fs::write(&readings, &simulated.readings).unwrap();
    let mut amounts = Vec::new();
    if !simulated.documents.is_empty() {
        for line in amount_csv::parse("amounts.csv", simulated.amounts.as_bytes(), "ann").unwrap() {
            let path = line.path.expect("a document of its own");
            let file = attach(&office.join(path)).unwrap();
            let entry = AmountEntry { document: file.sha256.clone(), ..line.entry };
            let (act, documents) = (Content::Amount(entry), vec![file]);
            let place = format!("amounts.csv:{}", line.line);
            amounts.push(Stated { act, documents, place, is_sure: false });
        }
    }
    let data = folder.path().join("data");
    let layout = layout(&data);
    let config = DaemonConfig::parse("", "").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let engine = Engine::open(&layout, &config).unwrap();
    let project = plan.project.to_string();
    let author = "ann".to_owned();
    let answers = runtime.block_on(async {
        let (file, text) = (format!("{name}.toml"), text.to_owned());
        let apply = Request::Plan { file, text, methodologies, author: author.clone() };
        let mut answers = vec![engine.carry_out(apply).await.unwrap()];
        if !plan.channels.is_empty() {
            let (project, path) = (project.clone(), readings.display().to_string());
            let ingest = Request::Ingest { project, path, author: author.clone() };
            answers.push(engine.carry_out(ingest).await.unwrap());
        }
        if !amounts.is_empty() {
            let request = Request::Record { project: project.clone(), acts: amounts };
            answers.push(engine.carry_out(request).await.unwrap());
        }
        for people in [None, Some(("Ann".to_owned(), "Bo".to_owned()))] {
            let (prepared_by, reviewed_by) = people.unzip();
            let (from, to, project) = (FROM.to_owned(), TO.to_owned(), project.clone());
            let close = Request::Close { project, from, to, prepared_by, reviewed_by };
            answers.push(engine.carry_out(close).await.unwrap());
        }
        answers
    });
    engine.close();
    let sealed = answers.last().unwrap().clone();
    for answer in &answers[..answers.len() - 1] {
        if let Answer::Refused { reason } = answer {
            return Err(format!("{name}: {reason}"));
        }
    }
    let Answer::Closed { report, .. } = &answers[answers.len() - 2] else {
        panic!("{name}: {answers:?}")
    };
    Ok((serde_json::from_str(report).unwrap(), sealed))
}

/// What is wrong with a sample project; and its lines of the golden file.
fn examine(name: &str, text: &str, lines: &mut Vec<String>) -> Result<(), String> {
    let plan = Plan::parse(name, text).map_err(|found| format!("{name}: {}", found[0]))?;
    let ids = &plan.registered.methodologies;
    let mut texts = Vec::new();
    for id in ids {
        let text = methodology(id).ok_or(format!("{name}: methodology {id} is not shipped"))?;
        let parsed = Methodology::parse(id, text).map_err(|found| found[0].to_string())?;
        let lacks = parsed.check_inputs(&plan.registered.under(id));
        if !lacks.is_empty() {
            return Err(format!("{name}: {}", lacks.join("; ")));
        }
        texts.push(text.to_owned());
    }
    let (report, sealed) = report(name, text, texts)?;
    for finding in report["findings"].as_array().unwrap() {
        if ["V-DOCUMENT", "V-COMPLETE"].contains(&finding["code"].as_str().unwrap()) {
            return Err(format!("{name}: {}", finding["message"]));
        }
    }
    for year in report["years"].as_array().unwrap() {
        let shown = |figure: &str| year[figure]["shown"].as_str().unwrap().to_owned();
        for input in year["inputs"].as_array().unwrap() {
            // Everything is measured or documented: nothing is left to bounds.
            if input["side"] != "exact" {
                return Err(format!("{name}: {input}"));
            }
        }
        if year["er"]["value"] != year["er_highest"]["value"] {
            return Err(format!("{name}: something is in doubt"));
        }
        lines.push(format!(
            "{name} {} RE {} PE {} ER {} claimed {}",
            year["methodology"].as_str().unwrap(),
            shown("re"),
            shown("pe"),
            shown("er"),
            shown("claimed")
        ));
    }
    // Values that nobody confirmed are told in the draft, and nothing is sealed on them.
    let has_samples =
        report["fixed"].as_array().unwrap().iter().any(|fixed| fixed["confirmed"].is_null());
    let told = report["status"]["draft_reasons"].to_string();
    match sealed {
        Answer::Refused { reason }
            if has_samples
                && reason.contains("nobody confirmed")
                && told.contains("nobody confirmed the values of") =>
        {
            Ok(())
        }
        Answer::Closed { seal: Some(_), .. } if !has_samples => Ok(()),
        other => Err(format!("{name}: sealing: {other:?}")),
    }
}

#[test]
fn every_sample_project_goes_from_readings_and_documents_to_its_report() {
    let (mut lines, mut wrong) = (Vec::new(), Vec::new());
    let path = root().join("tests/golden/projects.txt");
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    for (name, text) in plans() {
        let plan = Plan::parse(&name, &text).unwrap_or_else(|found| panic!("{name}: {}", found[0]));
        let ids = &plan.registered.methodologies;
        if let Some(id) = ids.iter().find(|id| methodology(id).is_none()) {
            println!("left out: {name}, whose methodology {id} is not shipped");
            let known = golden.lines().filter(|line| line.starts_with(&format!("{name} ")));
            lines.extend(known.map(str::to_owned));
            continue;
        }
        let begun = std::time::Instant::now();
        wrong.extend(examine(&name, &text, &mut lines).err());
        println!("{name}: {} ms", begun.elapsed().as_millis());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let text = lines.join("\n") + "\n";
    if std::env::var_os("MRV_GOLDEN_REWRITE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap_or_default());
}
