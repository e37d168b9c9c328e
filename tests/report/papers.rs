//! The four forms of one report say the same, and the public version hides what it hides everywhere.

use std::io::{Cursor, Read};
use std::process::Command;

use calamine::{Reader, Xlsx};
use mrv::report::chapter::block::Block;
use mrv::report::pdf::{self, Fonts};
use mrv::report::public::{BLOCK, Confidential, PublicError, public};
use mrv::report::{Report, html, json, text, xlsx};

use crate::fixture::pv_quarter;

fn report() -> Report {
    Report::of(&pv_quarter().state("2024-01-01", "2024-03-31").unwrap())
}

/// Text of a PDF in the order of its content; `None`, told aloud, without fonts or poppler.
fn text_of_pdf(report: &Report) -> Option<String> {
    let fonts = Fonts::system();
    if fonts.is_empty() {
        eprintln!("left out: the PDF; no font is installed");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.pdf");
    std::fs::write(&path, pdf::write(report, &fonts).unwrap().bytes).unwrap();
    let output = Command::new("pdftotext").arg("-raw").arg(&path).arg("-").output();
    match output {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(_) => {
            eprintln!("left out: the PDF; pdftotext is not there");
            None
        }
    }
}

/// Every text of the workbook's cells, numbers as they are stored.
fn cells(book: &[u8]) -> Vec<String> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book.to_vec())).unwrap();
    let mut found = Vec::new();
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name).unwrap();
        found.extend(range.used_cells().map(|(_, _, cell)| cell.to_string()));
    }
    found
}

fn bare(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Text of a page without its tags.
fn text_of_html(page: &str) -> String {
    let body = page.split_once("<body>").unwrap().1;
    let mut text = String::new();
    for part in body.split('<').skip(1) {
        text.push_str(part.split_once('>').map_or("", |(_, text)| text));
    }
    for (entity, character) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    {
        text = text.replace(entity, character);
    }
    text
}

#[test]
fn json_page_pdf_and_workbook_agree_in_every_figure_date_and_version() {
    let report = report();
    let figures = xlsx::figures(&report).unwrap();
    assert!(figures.len() > 40);
    let page = html::write(&report);
    let book = xlsx::write(&report).unwrap();
    let cells = cells(&book);
    let json = json::write(&report).unwrap();
    // Dates, versions and digests: wherever the model has one.
    let provenance = &report.provenance;
    let facts = [
        report.project.pdd_version.clone(),
        report.project.reference.clone(),
        report.methodologies[0].version.clone(),
        report.period.words.clone(),
        report.period.form.clone(),
        format!("number {}, leaf {}", provenance.plan_number, provenance.plan_leaf),
        provenance.figures_digest.clone(),
        provenance.log_root.clone().unwrap(),
        report.status.prepared_by.clone().unwrap(),
        report.status.reviewed_by.clone().unwrap(),
    ];
    let (page_text, sheet_text) = (bare(&text_of_html(&page)), bare(&cells.join("\n")));
    for fact in &facts {
        assert!(page_text.contains(&bare(fact)), "{fact} is not on the page");
        assert!(sheet_text.contains(&bare(fact)), "{fact} is not in the workbook");
        if fact != &facts[5] {
            assert!(json.contains(fact.as_str()), "{fact} is not in the JSON");
        }
    }
    for (pointer, figure) in &figures {
        let element = format!(
            "<data value=\"{}\" data-figure=\"{pointer}\">{}</data>",
            figure.value, figure.shown
        );
        assert!(page.contains(&element), "{element}");
        let row = [pointer, &figure.value, &figure.shown, &figure.unit];
        let is_listed = cells.windows(row.len()).any(|window| window.iter().eq(row));
        assert!(is_listed || figure.unit.is_empty(), "{row:?} is not on the sheet of figures");
    }
    let Some(printed) = text_of_pdf(&report) else { return };
    let printed = bare(&printed);
    for fact in &facts {
        assert!(printed.contains(&bare(fact)), "{fact} is not in the PDF");
    }
    // Every line of every chapter, figures among them, in the order of reading.
    let (mut from, mut lines) = (0, 0);
    for numbered in report.chapters() {
        for line in numbered.chapter.lines() {
            let words: String = line.iter().map(|span| span.words()).collect();
            let words = bare(&words);
            let found = printed[from..].find(&words);
            let found = found.unwrap_or_else(|| {
                panic!("{}: {words:?} does not follow in the PDF", numbered.chapter.id)
            });
            from += found + words.len();
            lines += 1;
        }
    }
    assert!(lines > 200, "{lines}");
}

#[test]
fn a_pdf_is_the_same_bytes_twice() {
    let fonts = Fonts::system();
    if fonts.is_empty() {
        eprintln!("left out: no font is installed");
        return;
    }
    let one = pdf::write(&report(), &fonts).unwrap();
    assert_eq!(one, pdf::write(&report(), &Fonts::system()).unwrap());
    assert!(one.missing.is_empty(), "{:?}", one.missing);
    assert!(one.pages >= 8);
}

#[test]
fn a_report_reads_back_from_its_json() {
    let report = report();
    let text = json::write(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
}

/// Every byte that a form holds, zip and compression undone.
fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut all = bytes.to_vec();
    if let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) {
        for index in 0..archive.len() {
            archive.by_index(index).unwrap().read_to_end(&mut all).unwrap();
        }
    }
    all
}

const LIST: &str = r#"
[[hide]]
what = "serial numbers of the meters"
why = "agreed with the supplier"
text = ["M-1", "M-2"]

[[hide]]
what = "the participants' names"
why = "asked for by them"
at = ["/project/participants/*"]

[[hide]]
what = "generation of February"
why = "trade secret"
at = [
    "/parameters/0/months/1/measured",
    "/parameters/0/months/1/low",
    "/channels/*/months/1/measured",
    "/channels/*/months/1/low",
    "/channels/*/months/1/high",
]
"#;

#[test]
fn what_the_public_version_hides_is_in_no_byte_of_any_form() {
    let full = report();
    let hidden: Vec<String> = vec![
        "M-1".to_owned(),
        "M-2".to_owned(),
        "Sample Power".to_owned(),
        "Sample Trading".to_owned(),
        full.parameters[0].months[1].measured.clone().unwrap().value,
        full.channels[0].months[1].measured.clone().unwrap().value,
        full.channels[1].months[1].measured.clone().unwrap().shown,
    ];
    let list = Confidential::parse(LIST).unwrap();
    let report = public(&full, &list, true).unwrap();
    assert_eq!(report.hidden.len(), 3);
    assert!(report.hidden.iter().all(|one| one.count > 0));
    assert_eq!(report.project.participants, [BLOCK, BLOCK]);
    let find = |bytes: &[u8], text: &str| {
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    let (page, book) = (html::write(&report).into_bytes(), xlsx::write(&report).unwrap());
    let json = json::write(&report).unwrap().into_bytes();
    let summary = text::write(&report).into_bytes();
    for (name, bytes) in [("json", json), ("html", page), ("xlsx", book), ("text", summary)] {
        let bytes = unpacked(&bytes);
        for text in &hidden {
            assert!(!find(&bytes, text), "{text} in {name}");
        }
        assert!(find(&bytes, BLOCK) || name == "text", "nothing is blacked out in {name}");
    }
    // The same search finds them in the full version, so that it can fail.
    let all = html::write(&full).into_bytes();
    assert!(hidden[..4].iter().all(|text| find(&all, text)));
    let fonts = Fonts::system();
    if fonts.is_empty() {
        return;
    }
    let printed = pdf::write(&report, &fonts).unwrap();
    let (full_text, public_text) = match (text_of_pdf(&full), text_of_pdf(&report)) {
        (Some(full), Some(public)) => (bare(&full), bare(&public)),
        _ => return,
    };
    for text in &hidden {
        // Values in full precision stand in no PDF; what is printed does.
        let is_printed = !text.contains('.') || text == &hidden[6];
        assert!(!is_printed || full_text.contains(&bare(text)), "{text} is not in the full PDF");
        assert!(!public_text.contains(&bare(text)), "{text} in the text of the PDF");
        assert!(!find(&printed.bytes, text), "{text} in the bytes of the PDF");
    }
    assert!(public_text.contains(BLOCK) && public_text.contains("tradesecret"));
}

#[test]
fn a_list_that_misses_a_place_is_refused_and_the_place_named() {
    let full = report();
    let hide = |at: &str| {
        let list = format!("[[hide]]\nwhat = \"x\"\nwhy = \"y\"\nat = [\"{at}\"]\n");
        public(&full, &Confidential::parse(&list).unwrap(), true)
    };
    // The total stands in the sentence that says why, too.
    let Err(PublicError::StillThere { places, .. }) = hide("/years/0/inputs/0/chosen") else {
        panic!("still told")
    };
    assert!(places.contains("/years/0/why"), "{places}");
    assert!(matches!(hide("/years/7/re"), Err(PublicError::Nowhere { .. })));
    assert!(matches!(hide("/period/days"), Err(PublicError::NotHidable { .. })));
    for list in [
        "",
        "[[hide]]\nwhat = \"x\"\nwhy = \"y\"\n",
        "[[hide]]\nwhat = \"x\"\nwhy = \"y\"\ntext = [\"a\"]\n",
    ] {
        assert!(Confidential::parse(list).is_err(), "{list}");
    }
}

#[test]
fn the_budget_of_a_plant_names_its_meters_and_their_classes() {
    let mut project = crate::shipped::plant();
    for (channel, total) in
        [("plant/meter-1/EG", 600_123_000_000), ("plant/meter-2/EG", 100_000_000_000)]
    {
        let rows = project.whole(channel, "2023-01-01", "2024-01-01", total);
        project.measure(channel, rows);
    }
    let report = Report::of(&project.state("2023-01-01", "2023-12-31").unwrap());
    let [budget] = &report.uncertainty[..] else { panic!("one year") };
    let causes: Vec<(&str, &str)> =
        budget.causes.iter().map(|one| (one.cause.as_str(), one.source.as_str())).collect();
    assert_eq!(
        causes,
        [
            ("plant/meter-1/EG", "accuracy class 0.5S of the plan, meter M-1"),
            ("plant/meter-2/EG", "accuracy class 0.5S of the plan, meter M-2"),
        ]
    );
    // Each meter by itself: its MWh * 0.619 * 0.5 % / sqrt(3); together the root of the squares, k = 2.
    let part = |amount: f64| amount * 0.619 * 0.005 / 3f64.sqrt();
    let expected = 2.0 * (part(600.123).powi(2) + part(100.0).powi(2)).sqrt();
    let expanded: f64 = budget.expanded.as_ref().unwrap().value.parse().unwrap();
    assert!((expanded - expected).abs() < 1e-5, "{expanded}, not {expected}");
    assert_eq!(budget.ranking[0].label, "EG[roof]");
    let page = html::write(&report);
    assert!(page.contains("The materiality threshold is") && page.contains(": not set."));
    assert!(page.contains("Single-line diagram"));
    crate::forms::assert_forms_agree(&report);
}

#[test]
fn real_submission_information_flow_per_parameter_missing() {
    let report = report();
    let chapters = report.chapters();
    let monitoring = chapters.iter().find(|one| one.chapter.id == "monitoring").unwrap();
    let flow = monitoring.chapter.blocks.iter().find_map(|block| match block {
        Block::Table(table) if table.columns.len() == 5 => Some(table),
        _ => None,
    });
    let flow = flow.unwrap();
    let names: Vec<&str> = flow.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["Parameter", "Generation", "Aggregation", "Recording", "Calculation"]);
    assert_eq!(flow.rows.len(), report.parameters.len());
    for (row, parameter) in flow.rows.iter().zip(&report.parameters) {
        let cells: Vec<String> =
            row.iter().map(|line| line.iter().map(|span| span.words()).collect()).collect();
        assert_eq!(cells[0], format!("{} {}", parameter.point, parameter.label));
        assert!(parameter.channels.iter().all(|channel| cells[1].contains(channel.as_str())));
        assert!(cells.iter().all(|cell| !cell.is_empty()));
        assert_eq!(cells[4], "enters RE");
    }
}
