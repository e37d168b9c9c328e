//! The forms of a report: golden files, the same figures in all, the schema, the words.

use std::io::Cursor;
use std::path::PathBuf;

use calamine::{Data, Reader, Xlsx};
use mrv::report::pdf::{self, Fonts};
use mrv::report::{Report, html, json, text, xlsx};
use serde_json::Value;

use crate::fixture::{CHILLER_PLAN, PV_PLAN, Project, pv_quarter};
use crate::methodologies::{CHILLER_METHODOLOGY, PV_METHODOLOGY};

/// Set to rewrite the golden files instead of comparing them.
const REWRITE: &str = "MRV_GOLDEN_REWRITE";

fn pv() -> Report {
    Report::of(&pv_quarter().state("2024-01-01", "2024-03-31").unwrap())
}

/// A draft over two years, with a parameter that nothing measures.
fn chiller() -> Report {
    let mut project = Project::new(CHILLER_PLAN, CHILLER_METHODOLOGY);
    project.log = None;
    Report::of(&project.state("2023-07-01", "2024-06-30").unwrap())
}

/// Two years of a plant, so that each has its own sheets.
fn two_years() -> Report {
    let mut project = Project::new(PV_PLAN, PV_METHODOLOGY);
    for channel in ["plant/meter-1/EG", "plant/meter-2/EG"] {
        project
            .measure(channel, project.whole(channel, "2023-11-01", "2024-02-01", 77_000_000_000));
    }
    Report::of(&project.state("2023-11-01", "2024-01-31").unwrap())
}

/// Set to a folder to have the forms of all reports written there, for looking at them.
const SHOW: &str = "MRV_SHOW_REPORTS";

#[test]
fn every_form_of_every_report_is_written() {
    for (name, report) in [("pv", pv()), ("chiller", chiller()), ("two_years", two_years())] {
        let page = html::write(&report);
        let book = xlsx::write(&report).unwrap();
        assert!(page.ends_with("</html>\n") && book.starts_with(b"PK"));
        let fonts = Fonts::system();
        let pdf = if fonts.is_empty() { None } else { Some(pdf::write(&report, &fonts).unwrap()) };
        if let Some(folder) = std::env::var_os(SHOW) {
            let folder = PathBuf::from(folder);
            std::fs::write(folder.join(format!("{name}.html")), page).unwrap();
            std::fs::write(folder.join(format!("{name}.xlsx")), book).unwrap();
            if let Some(pdf) = pdf {
                std::fs::write(folder.join(format!("{name}.pdf")), pdf.bytes).unwrap();
            }
        }
    }
}

fn golden(name: &str, written: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/report_pv").join(name);
    if std::env::var_os(REWRITE).is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, written).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == expected,
        "{} differs from what is written now; look at the difference, then set {REWRITE}=1",
        path.display()
    );
}

#[test]
fn the_report_of_a_plant_is_the_golden_one() {
    let report = pv();
    golden("report.json", &json::write(&report).unwrap());
    golden("summary.txt", &text::write(&report));
}

#[test]
fn every_form_is_written_alike_twice() {
    let report = pv();
    assert_eq!(html::write(&report), html::write(&pv()));
    assert_eq!(xlsx::write(&report).unwrap(), xlsx::write(&pv()).unwrap());
}

/// `(pointer, value, shown)` of every figure of the JSON, read from its text alone.
fn figures_of_json(report: &Report) -> Vec<(String, String, String)> {
    let value: Value = serde_json::from_str(&json::write(report).unwrap()).unwrap();
    let mut found = Vec::new();
    let mut open = vec![(String::new(), &value)];
    while let Some((pointer, value)) = open.pop() {
        match value {
            Value::Object(fields) if fields.contains_key("shown") => {
                let text = |key: &str| fields[key].as_str().unwrap().to_owned();
                found.push((pointer, text("value"), text("shown")));
            }
            Value::Object(fields) => {
                open.extend(fields.iter().map(|(key, value)| (format!("{pointer}/{key}"), value)));
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                open.extend(items.map(|(index, value)| (format!("{pointer}/{index}"), value)));
            }
            _ => {}
        }
    }
    found.sort();
    found
}

/// `(pointer, value, shown)` of every figure of the page.
fn figures_of_html(page: &str) -> Vec<(String, String, String)> {
    let mut found: Vec<_> = page
        .split("<data value=\"")
        .skip(1)
        .map(|part| {
            let (value, rest) = part.split_once("\" data-figure=\"").unwrap();
            let (pointer, rest) = rest.split_once("\">").unwrap();
            let (shown, _) = rest.split_once("</data>").unwrap();
            (pointer.to_owned(), value.to_owned(), shown.to_owned())
        })
        .collect();
    // A chapter may repeat a figure of another.
    found.sort();
    found.dedup();
    found
}

fn open(report: &Report) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(xlsx::write(report).unwrap())).unwrap()
}

#[test]
fn page_and_workbook_hold_exactly_the_figures_of_the_json() {
    for report in [pv(), chiller(), two_years()] {
        assert_forms_agree(&report);
    }
}

/// Page and workbook hold every figure of the JSON, and no other.
pub fn assert_forms_agree(report: &Report) {
    let expected = figures_of_json(report);
    assert!(expected.len() > 40);
    assert_eq!(figures_of_html(&html::write(report)), expected);
    let sheet = open(report).worksheet_range("Figures").unwrap();
    let mut listed: Vec<_> = sheet
        .rows()
        .skip(3)
        .map(|row| (row[0].to_string(), row[1].to_string(), row[2].to_string()))
        .collect();
    listed.sort();
    assert_eq!(listed, expected);
}

/// Label and formula of every step of a report over one year.
pub fn live_formulae(report: &Report) -> Vec<(String, String)> {
    let mut book = open(report);
    let values = book.worksheet_range("MRS(calc_process)").unwrap();
    let formulae = book.worksheet_formula("MRS(calc_process)").unwrap();
    let mut found = Vec::new();
    for (row, cells) in values.rows().enumerate() {
        let label = cells[3].to_string();
        if report.years[0].steps.iter().any(|step| step.label == label) {
            let formula = formulae.get_value((row as u32, 1)).cloned().unwrap_or_default();
            found.push((label, formula));
        }
    }
    found
}

/// The cell's number as the engine's text reads as a binary float.
fn assert_number(cell: &Data, value: &str) {
    assert_eq!(*cell, Data::Float(value.parse().unwrap()));
}

#[test]
fn the_monitoring_spreadsheet_has_the_forms_columns_and_live_formulae() {
    let report = pv();
    let mut book = open(&report);
    let input = book.worksheet_range("MRS(input)").unwrap();
    let rows: Vec<Vec<String>> =
        input.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    assert_eq!(rows[0][0], "indicative, not verified");
    assert_eq!(rows[2][0], "Monitoring Spreadsheet: TEST_PV_ver01.0   Reference Number: XX000");
    assert_eq!(
        rows[6],
        [
            "(a) Monitoring period",
            "(b) Monitoring point No.",
            "(c) Parameters",
            "(d) Description of data",
            "(e) Monitored Values",
            "(f) Units",
            "(g) Monitoring option",
            "(h) Source of data",
            "(i) Measurement methods and procedures",
            "(j) Monitoring frequency",
            "(k) Other comments"
        ]
    );
    assert_eq!(rows[7][0], "1/Jan/2024-31/Mar/2024");
    assert_eq!(rows[7][1..3], ["(1)", "EG"]);
    assert_eq!(rows[7][5..7], ["MWh/p", "C"]);
    assert!(rows[7][10].contains("lowest 345.868354753, highest 357.868354753 MWh; taken: lowest"));
    assert_number(&input[(7, 4)], "345.868354753");
    let calculation = book.worksheet_range("MRS(calc_process)").unwrap();
    let formulae = book.worksheet_formula("MRS(calc_process)").unwrap();
    let (start_row, start_column) = formulae.start().unwrap();
    let formula = |row: u32, column: u32| {
        formulae[((row - start_row) as usize, (column - start_column) as usize)].clone()
    };
    let year = &report.years[0];
    let mut live_count = 0;
    for (row, cells) in calculation.rows().enumerate() {
        let Some(step) =
            year.steps.iter().find(|step| cells[3] == Data::String(step.label.clone()))
        else {
            continue;
        };
        live_count += 1;
        assert_number(&cells[1], &step.value.value);
        assert_eq!(cells[5].to_string(), step.value.value);
        let text = formula(row as u32, 1);
        let names = step.formula.matches('{').count();
        assert_eq!(text.matches("$").count(), 2 * names, "{}: {text}", step.label);
    }
    assert_eq!(live_count, year.steps.len());
    let re = calculation.rows().position(|row| row[3] == Data::String("RE".to_owned())).unwrap();
    assert!(formula(re as u32, 1).contains("'MRS(input)'!$E$8"), "{}", formula(re as u32, 1));
}

#[test]
fn each_year_has_its_own_pair_of_sheets() {
    let report = two_years();
    let names = open(&report).sheet_names();
    for name in [
        "MRS(input)_2023",
        "MRS(calc_process)_2023",
        "MRS(input)_2024",
        "MRS(calc_process)_2024",
        "MSS",
        "Data quality",
        "Flags",
        "Refusals",
        "Monthly",
    ] {
        assert!(names.iter().any(|one| one == name), "{name} in {names:?}");
    }
    assert!(names.iter().all(|name| name.chars().count() <= 31));
}

#[test]
fn words_of_verifiers_stand_only_in_the_notice() {
    const WORDS: [&str; 5] = ["verified", "certified", "approved", "credited", "proven"];
    for report in [pv(), chiller(), two_years()] {
        let mut book = open(&report);
        let mut workbook = String::new();
        for name in book.sheet_names() {
            let range = book.worksheet_range(&name).unwrap();
            workbook.extend(range.used_cells().map(|(_, _, cell)| format!("{cell}\n")));
        }
        let forms =
            [json::write(&report).unwrap(), html::write(&report), text::write(&report), workbook];
        for form in forms {
            assert!(form.contains("indicative, not verified"));
            assert_eq!(
                form.contains("DRAFT") || form.contains("\"is_draft\": true"),
                report.status.is_draft
            );
            let rest = form.replace("indicative, not verified", "").to_lowercase();
            for word in rest.split(|character: char| !character.is_alphanumeric()) {
                assert!(!WORDS.contains(&word), "{word} in {rest}");
            }
        }
    }
}

#[test]
fn the_page_stands_alone_and_escapes_what_comes_from_outside() {
    let page = html::write(&pv());
    for outside in ["<script", "http://", "https://", "src=", "<link", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("Solar roof &lt;sample&gt; &amp; yard"));
    assert!(page.contains("&lt;script&gt;=1+1&lt;/script&gt;"));
    assert_eq!(page.matches("<svg").count(), page.matches("role=\"img\"").count());
    assert!(page.contains("<html lang=\"en\">") && page.contains("name=\"viewport\""));
    for element in ["table", "section", "svg", "div", "tr", "td", "th", "main", "header", "footer"]
    {
        let opened = page.matches(&format!("<{element}>")).count()
            + page.matches(&format!("<{element} ")).count();
        assert_eq!(opened, page.matches(&format!("</{element}>")).count(), "{element}");
    }
}

#[test]
fn the_summary_says_what_is_claimed_and_why() {
    let summary = text::write(&chiller());
    assert!(summary.contains("DRAFT, indicative, not verified"));
    assert!(
        summary.contains(
            "from 1 July 2023 to 30 June 2024, both days included, 366 days, Asia/Jakarta"
        )
    );
    let joined = summary.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(joined.contains(
        "2023: EC_PJ[east] was not measured at all; taken at its lowest, 0 MWh, where ER is lowest, \
         so RE, PE and ER are 0."
    ));
}
