//! Workbooks that live: from a month of a meter down to the claim, recalculated by LibreOffice; official
//! templates filled without harm; hand-made cells named.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use calamine::{Data, Reader, Xlsx};
use mrv::methodology::Methodology;
use mrv::report::workbook::compare::{Difference, mapped, own};
use mrv::report::workbook::fill::fill;
use mrv::report::workbook::map::Map;
use mrv::report::{Report, xlsx};
use rust_xlsxwriter::{Chart, ChartType, DataValidation, Format, Formula, Note, Workbook};

use crate::fixture::{PV_PLAN, Project};
use crate::recalculate::recalculate;

/// Vector PV-2: 600.123 and 634.444 MWh at 0.619 tCO2/MWh.
fn pv2() -> Report {
    Report::of(&crate::two_years().state("2023-01-01", "2024-12-31").unwrap())
}

fn sheets(bytes: &[u8]) -> Xlsx<Cursor<&[u8]>> {
    Xlsx::new(Cursor::new(bytes)).unwrap()
}

fn cell(bytes: &[u8], sheet: &str, (row, column): (u32, u32)) -> Data {
    let range = sheets(bytes).worksheet_range(sheet).unwrap();
    range.get_value((row, column)).cloned().unwrap_or(Data::Empty)
}

/// The only file of a folder, recalculated; `None` where LibreOffice is not there.
fn recalculated(bytes: &[u8]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("book.xlsx"), bytes).unwrap();
    let is_done = recalculate(folder.path());
    is_done.then(|| std::fs::read(folder.path().join("out/book.xlsx")).unwrap())
}

/// Row and column of the first cell of a sheet with this text.
fn find(bytes: &[u8], sheet: &str, text: &str) -> (u32, u32) {
    let range = sheets(bytes).worksheet_range(sheet).unwrap();
    let (row, column) = range.start().unwrap();
    let cells = range.used_cells();
    let mut found = cells.filter(|(_, _, value)| **value == *text);
    let (r, c, _) = found.next().unwrap_or_else(|| panic!("{text} on {sheet}"));
    (row + r as u32, column + c as u32)
}

#[test]
fn real_submission_results_not_linked_to_raw_data_by_formulae() {
    let report = pv2();
    let book = xlsx::write(&report).unwrap();
    // Every step from the meter's month to the claim is a formula.
    let formula = |sheet: &str, at: (u32, u32)| {
        sheets(&book).worksheet_formula(sheet).unwrap().get_value(at).cloned().unwrap_or_default()
    };
    let (row, _) = find(&book, "MRS(input)_2023", "EG");
    assert!(formula("MRS(input)_2023", (row, 4)).contains("SUM('Monthly'!"));
    let (month, _) = find(&book, "Monthly", "EG");
    assert!(formula("Monthly", (month, 3)).contains('+'), "{}", formula("Monthly", (month, 3)));
    // One meter's January is changed by hand: 100 MWh more.
    let (raw, _) = find(&book, "Monthly", "plant/meter-1/EG");
    let Data::Float(before) = cell(&book, "Monthly", (raw, 4)) else { panic!("a number") };
    let mut changed = report.clone();
    let more = format!("{}", before + 100_000.0);
    changed.claimed.value = more;
    let map =
        format!("[[input]]\nsheet = \"Monthly\"\ncell = \"E{}\"\nfigure = \"/claimed\"\n", raw + 1);
    let filled = fill(&book, &Map::parse(&map).unwrap(), &changed).unwrap();
    let Some(after) = recalculated(&filled.bytes) else { return };
    let claimed = |bytes: &[u8], sheet: &str| {
        let (row, _) = find(bytes, sheet, "CO2 emission reductions");
        cell(bytes, sheet, (row + 1, 1))
    };
    // 700.123 * 0.619 = 433.376; the other year stays.
    assert_eq!(claimed(&after, "MRS(input)_2023"), Data::Float(433.0));
    assert_eq!(claimed(&after, "MRS(input)_2024"), Data::Float(392.0));
    let untouched = recalculated(&book).unwrap();
    assert_eq!(claimed(&untouched, "MRS(input)_2023"), Data::Float(371.0));
}

#[test]
fn what_a_spreadsheet_recalculates_is_what_the_engine_has() {
    let report = pv2();
    let book = xlsx::write(&report).unwrap();
    let compared = own(&book, &report).unwrap();
    assert!(compared.cells > 500);
    assert_eq!(compared.differences, []);
    let Some(after) = recalculated(&book) else { return };
    assert_eq!(own(&after, &report).unwrap().differences, []);
}

/// 300 units, each with a consumption of its own: too long a sum for one cell.
const LONG: &str = r#"
mrv_methodology = 1
id = "TEST_LONG"
version = "01.0"
title = "A long sum"
scope = "1. Energy industries"
source = "these tests"
status = "equivalent form"
sure = "D"
index = [{ symbol = "u", about = "unit" }]
parameter = [
    { symbol = "EG", kind = "monitored", unit = "MWh", options = ["C"], aggregation = "sum", frequency = "continuous", about = "electricity", source = "tests", sure = "D" },
    { symbol = "EF_RE", kind = "fixed", unit = "tCO2/MWh", about = "factor", source = "tests", sure = "D" },
    { symbol = "EC_of_a_unit", indices = ["u"], kind = "fixed", unit = "MWh", about = "use", source = "tests", sure = "D" },
]

[[equation]]
symbol = "RE"
unit = "tCO2e"
text = "EG * EF_RE"
about = "reference emissions"
sure = "D"

[[equation]]
symbol = "PE"
unit = "tCO2e"
text = "sum(u: EC_of_a_unit[u] * EF_RE)"
about = "project emissions"
sure = "D"

[[equation]]
symbol = "ER"
unit = "tCO2e"
text = "RE - PE"
about = "emission reductions"
sure = "D"
"#;

#[test]
fn a_sum_too_long_for_a_cell_stays_a_live_formula() {
    let units: Vec<String> = (1..=300).map(|unit| format!("\"unit-{unit}\"")).collect();
    let mut plan = PV_PLAN.replace("TEST_PV", "TEST_LONG").replace(
        "[registered.ex_ante]",
        &format!("[registered.indices]\nu = [{}]\n\n[registered.ex_ante]", units.join(", ")),
    );
    for unit in 1..=300 {
        plan += &format!(
            "\n[[registered.fixed]]\nsymbol = \"EC_of_a_unit\"\nmembers = [\"unit-{unit}\"]\nvalue = \
             \"0.{unit:03}\"\nunit = \"MWh\"\nsource = \"tests\"\nconfirmed = \"tests\"\n"
        );
    }
    let methodology = Methodology::parse("long", LONG).unwrap_or_else(|found| panic!("{found:?}"));
    let mut project = Project::new(&plan, methodology);
    for channel in ["plant/meter-1/EG", "plant/meter-2/EG"] {
        let rows = project.whole(channel, "2023-01-01", "2024-01-01", 300_000_000_000);
        project.measure(channel, rows);
    }
    let report = Report::of(&project.state("2023-01-01", "2023-12-31").unwrap());
    let pe = report.years[0].steps.iter().find(|step| step.label == "PE").unwrap();
    assert_eq!((pe.sums.len(), pe.sums[0].len()), (1, 300));
    let book = xlsx::write(&report).unwrap();
    let formulae = sheets(&book).worksheet_formula("MRS(calc_process)").unwrap();
    let live = formulae.used_cells().filter(|(_, _, formula)| formula.contains("SUM('Sums'!"));
    assert_eq!(live.count(), 1);
    let Some(after) = recalculated(&book) else { return };
    assert_eq!(own(&after, &report).unwrap().differences, []);
    // 45.15 MWh * 0.619.
    let (row, _) = find(&after, "MRS(calc_process)", "PE");
    let Data::Float(value) = cell(&after, "MRS(calc_process)", (row, 1)) else {
        panic!("a number")
    };
    assert!((value - 27.94785).abs() < 1e-9, "{value}");
}

/// An official spreadsheet as a ministry may have made it: formats, a validation, a note, a chart, names;
/// its total adds the years up before it rounds down.
fn template() -> Vec<u8> {
    let mut book = Workbook::new();
    let yellow =
        Format::new().set_background_color("FFF8DC").set_num_format("0.000").set_unlocked();
    let sheet = book.add_worksheet();
    sheet.set_name("MRS(input)").unwrap();
    sheet.write_string(0, 0, "Monitoring period").unwrap();
    sheet.write_blank(0, 1, &yellow).unwrap();
    for (row, name) in [(1, "EG 2023"), (2, "EG 2024"), (3, "EF")] {
        sheet.write_string(row, 0, name).unwrap();
        sheet.write_number_with_format(row, 1, 0.0, &yellow).unwrap();
    }
    for (row, formula) in [(5, "=INT(B2*B4)"), (6, "=INT(B3*B4)"), (7, "=INT(B2*B4+B3*B4)")] {
        sheet.write_formula(row, 1, Formula::new(formula)).unwrap();
    }
    let validation = DataValidation::new()
        .allow_decimal_number(rust_xlsxwriter::DataValidationRule::GreaterThanOrEqualTo(0.0));
    sheet.add_data_validation(1, 1, 3, 1, &validation).unwrap();
    sheet.insert_note(1, 1, &Note::new("enter MWh")).unwrap();
    let mut chart = Chart::new(ChartType::Column);
    chart.add_series().set_values("'MRS(input)'!$B$2:$B$3");
    sheet.insert_chart(10, 3, &chart).unwrap();
    sheet.merge_range(9, 0, 9, 2, "merged", &Format::new()).unwrap();
    sheet.protect();
    let other = book.add_worksheet();
    other.write_string(0, 0, "untouched").unwrap();
    book.define_name("EF", "='MRS(input)'!$B$4").unwrap();
    book.save_to_buffer().unwrap()
}

const MAP: &str = r#"
[[input]]
sheet = "MRS(input)"
cell = "B1"
text = "/period/form"

[[input]]
sheet = "MRS(input)"
cell = "B2"
of = "EG"
year = 2023

[[input]]
sheet = "MRS(input)"
cell = "B3"
of = "EG"
year = 2024

[[input]]
sheet = "MRS(input)"
cell = "B4"
of = "EF_RE"
year = 2023

[[result]]
sheet = "MRS(input)"
cell = "B6"
figure = "/years/0/claimed"

[[result]]
sheet = "MRS(input)"
cell = "B7"
figure = "/years/1/claimed"

[[result]]
sheet = "MRS(input)"
cell = "B8"
figure = "/claimed"
"#;

/// Every part of a workbook by name.
fn parts(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut parts = BTreeMap::new();
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        part.read_to_end(&mut content).unwrap();
        let name = part.name().unwrap().into_owned();
        parts.insert(name, content);
    }
    parts
}

#[test]
fn filling_a_template_changes_its_input_cells_and_nothing_else() {
    let (template, report) = (template(), pv2());
    let filled = fill(&template, &Map::parse(MAP).unwrap(), &report).unwrap();
    assert_eq!(filled.cells.len(), 4);
    let (before, after) = (parts(&template), parts(&filled.bytes));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let changed: Vec<&String> =
        before.keys().filter(|name| before[*name] != after[*name]).collect();
    // The template is marked to be computed anew already; else that attribute would be added.
    assert_eq!(changed, ["xl/worksheets/sheet1.xml"]);
    // In the sheet itself: the four cells, with their styles, and not a byte more.
    let text = |parts: &BTreeMap<String, Vec<u8>>| {
        String::from_utf8(parts["xl/worksheets/sheet1.xml"].clone()).unwrap()
    };
    let strip = |xml: &str| {
        let mut rest = xml.to_owned();
        for cell in ["B1", "B2", "B3", "B4"] {
            let start = rest.find(&format!("<c r=\"{cell}\"")).unwrap();
            let tail = &rest[start..];
            let (slash, close) = (tail.find("/>"), tail.find("</c>"));
            let end = match (slash, close) {
                (Some(slash), Some(close)) if slash < close && !tail[..slash].contains('>') => {
                    slash + 2
                }
                (_, Some(close)) => close + 4,
                _ => panic!("{cell} never ends"),
            };
            assert!(rest[start..start + end].contains("s=\"1\""), "{}", &rest[start..start + end]);
            rest.replace_range(start..start + end, "");
        }
        rest
    };
    assert_eq!(strip(&text(&before)), strip(&text(&after)));
    assert_eq!(cell(&filled.bytes, "MRS(input)", (1, 1)), Data::Float(600.123));
    assert_eq!(
        cell(&filled.bytes, "MRS(input)", (0, 1)),
        Data::String("1/Jan/2023-31/Dec/2024".to_owned())
    );
}

#[test]
fn day_6_a_hand_made_764_is_named_with_the_engines_763() {
    let (report, map) = (pv2(), Map::parse(MAP).unwrap());
    let claims: Vec<&str> = report.years.iter().map(|year| year.claimed.value.as_str()).collect();
    assert_eq!(claims, ["371", "392"]);
    let difference = |cell: &str, found: &str, engine: &str, what: &'static str| Difference {
        cell: cell.to_owned(),
        found: found.to_owned(),
        engine: engine.to_owned(),
        what,
    };
    // The engine's own workbook with the sum typed over: 371.476137 + 392.720836 rounded down.
    let book = xlsx::write(&report).unwrap();
    let (row, _) = find(&book, "Cover", "Sum of the years");
    let typed =
        format!("[[input]]\nsheet = \"Cover\"\ncell = \"B{}\"\nfigure = \"/claimed\"\n", row + 1);
    let mut by_hand = report.clone();
    by_hand.claimed.value = "764".to_owned();
    let hand_made = fill(&book, &Map::parse(&typed).unwrap(), &by_hand).unwrap().bytes;
    let name = format!("Cover!B{}", row + 1);
    assert_eq!(
        own(&hand_made, &report).unwrap().differences,
        [difference(&name, "764", "763", "another value")]
    );
    // A template whose formula adds first and rounds then.
    let filled = fill(&template(), &map, &report).unwrap();
    let Some(after) = recalculated(&filled.bytes) else { return };
    let compared = mapped(&after, &map, &report).unwrap();
    assert_eq!(compared.cells, 7);
    let wrong = difference("MRS(input)!B8", "764", "763", "another value");
    assert_eq!(compared.differences, [wrong]);
}

#[test]
fn a_formula_typed_over_and_a_changed_input_are_named() {
    let report = pv2();
    let book = xlsx::write(&report).unwrap();
    let map = |cell: &str, figure: &str| {
        let map = format!(
            "[[input]]\nsheet = \"MRS(calc_process)_2023\"\ncell = \"{cell}\"\nfigure = \"{figure}\"\n"
        );
        Map::parse(&map).unwrap()
    };
    // Formulae are never written over, not even by the engine's own value.
    let error = fill(&book, &map("B6", "/years/0/er"), &report).unwrap_err();
    assert!(error.to_string().contains("holds a formula"), "{error}");
    let error = fill(&book, &map("B6", "/years/0/none"), &report).unwrap_err();
    assert!(error.to_string().contains("nothing at /years/0/none"), "{error}");
    let unknown = Map::parse("[[input]]\nsheet = \"X\"\ncell = \"A1\"\nfigure = \"/claimed\"\n");
    let error = fill(&book, &unknown.unwrap(), &report).unwrap_err();
    assert!(error.to_string().contains("no sheet \"X\""), "{error}");
    // A workbook of another report: the first differing input is among what is named.
    let mut other = report.clone();
    other.fixed[0].value.value = "0.620".to_owned();
    let compared = own(&xlsx::write(&other).unwrap(), &report).unwrap();
    let named: Vec<&str> = compared.differences.iter().map(|one| one.cell.as_str()).collect();
    assert!(named.iter().any(|cell| cell.starts_with("MRS(input)_2023!C")), "{named:?}");
}
