//! Days of papers: an invoice over New Year, a workbook that somebody added up by hand.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};

use crate::office::{BEGIN, Office, factor, found, parameter, plan, says, value};
use crate::recalculate::recalculate;

#[test]
fn day_5_an_invoice_over_new_year_is_split_by_days_and_july_missing_is_a_gap() {
    let invoiced = parameter("EG", 1, "", "amounts = true\ncapacity = \"1 MW\"");
    let office = Office::new(&plan(1, BEGIN, "MRV_PV_F1", &(invoiced + &factor("0.5"))));
    let invoice = |from: &str, to: &str, value: &str| {
        office.write("bill.pdf", &format!("electricity of {from} to {to}: {value} MWh"));
        let number = format!("INV-{from}");
        let add = ["amount", "add", "--project", "plant", "--parameter", "EG", "--member", "a"];
        let dates = ["--from", from, "--to", to, "--value", value, "--unit", "MWh"];
        let kind = ["--kind", "invoice", "--number", &number, "--document", "bill.pdf"];
        let by = ["--entered-by", "Ann", "--checked-by", "Bo"];
        office.done(&[&add[..], &dates[..], &kind[..], &by[..]].concat());
    };
    invoice("2020-12-16", "2021-01-15", "310.000");
    let report = office.sealed_and_shown(("2020-12-16", "2021-01-15"));
    let chosen = |year: usize| value(&report, &format!("/years/{year}/inputs/0/chosen"));
    assert_eq!([chosen(0), chosen(1)], ["160", "150"]);
    says(
        &found(&report, "V-BILLING"),
        &["INV-2020-12-16", "split by days: 2020-12 160 MWh, 2021-01 150 MWh"],
    );

    // June and August are invoiced, July is not.
    invoice("2021-06-01", "2021-06-30", "300");
    invoice("2021-08-01", "2021-08-31", "310");
    let summer = ("2021-06-01", "2021-08-31");
    office.seal(summer);
    office.bundle(summer, 1, "summer.zip");
    office.is_shown("summer.zip");
    let report = office.report(summer, 1);
    says(
        &found(&report, "V-DOCUMENT"),
        &["no document covers 2021-07-01 to 2021-07-31 (31 days)", "never as zero"],
    );
    let input = &report["years"][0]["inputs"][0];
    let of = |name: &str| input[name]["value"].as_str().unwrap();
    assert_eq!([of("low"), of("high"), of("chosen")], ["610", "1354", "610"]);
    let months = report["parameters"][0]["months"].as_array().unwrap();
    let measured = |place: usize| &months[place]["measured"];
    assert_eq!(measured(0)["value"], "300");
    assert!(measured(1).is_null(), "July is a gap, not zero: {months:?}");
    assert_eq!(measured(2)["value"], "310");
}

/// Vector PV-2: 600.123 and 634.444 MWh at 0.619 tCO2/MWh.
#[test]
fn day_6_years_are_floored_apart_a_hand_made_764_is_named_and_an_overlap_is_refused() {
    let dates = ("2023-01-01", "2024-12-31");
    let channel = "\n[[channel]]\nid = \"s/m/EG\"\nkind = \"register\"\nunit = \"MWh\"\ncadence = \"1 \
                   year\"\ncapacity = \"1 MW\"\n";
    let channel = channel.replace("1 year", "30 d");
    let parts = parameter("EG", 1, "\"s/m/EG\"", "") + &factor("0.619") + &channel;
    let office = Office::new(&plan(1, BEGIN, "MRV_PV_F1", &parts));
    let shown = [("2023-01-01", "0"), ("2024-01-01", "600.123"), ("2025-01-01", "1234.567")];
    let row =
        |(date, shown): (&str, &str)| (format!("{date}T00:00:00Z"), "m", "EG", shown.to_owned());
    office.read("readings.csv", &shown.map(row));
    let report = office.sealed_and_shown(dates);
    let claimed = |year: usize| value(&report, &format!("/years/{year}/claimed"));
    assert_eq!([claimed(0), claimed(1), value(&report, "/claimed")], ["371", "392", "763"]);

    // The sum typed over by hand: 371.476137 + 392.720836, rounded down together.
    let folder = office.folder(dates, 1);
    let book = std::fs::read(folder.join("report.xlsx")).unwrap();
    let mut sheets: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(book)).unwrap();
    let cover = sheets.worksheet_range("Cover").unwrap();
    let (first, _) = cover.start().unwrap();
    let mut cells = cover.used_cells();
    let (row, ..) = cells.find(|(_, _, cell)| **cell == *"Sum of the years").unwrap();
    let cell = format!("B{}", first as usize + row + 1);
    let map = format!("[[input]]\nsheet = \"Cover\"\ncell = \"{cell}\"\nfigure = \"/claimed\"\n");
    office.write("map.toml", &map);
    let mut by_hand = report.clone();
    by_hand["claimed"]["value"] = "764".into();
    office.write("by_hand.json", &by_hand.to_string());
    let (book, engine) = (folder.join("report.xlsx"), folder.join("report.json"));
    let (book, engine) = (book.to_str().unwrap(), engine.to_str().unwrap());
    let compare = |file: &str| office.run(&["workbook", "compare", file, "--report", engine]);
    let (code, told) = compare(book);
    assert_eq!(code, 0, "{told}");
    let fill = ["workbook", "fill", book, "--map", "map.toml", "--report", "by_hand.json"];
    office.done(&[&fill[..], &["--out", "by_hand.xlsx"]].concat());
    let (code, told) = compare("by_hand.xlsx");
    assert_eq!(code, 1, "{told}");
    assert!(told.contains(&format!("Cover!{cell}: 764 here, 763 by the engine")), "{told}");

    for overlapping in [dates, ("2023-06-01", "2023-06-30"), ("2024-12-31", "2025-03-31")] {
        let told = office.unsealed(overlapping);
        assert!(told.contains("V-OVERLAP"), "{overlapping:?}: {told}");
    }
}

/// A share that laboratories state, beside electricity that is invoiced.
const SHARE: &str = r#"
mrv_methodology = 1
id = "TEST_SHARE"
version = "01.0"
title = "A share of what is generated"
scope = "1. Energy industries"
source = "these tests"
status = "equivalent form"
sure = "D"
index = [{ symbol = "i", about = "system" }]
parameter = [
    { symbol = "EG", indices = ["i"], kind = "monitored", unit = "MWh", options = ["B"], aggregation = "sum", frequency = "monthly", about = "electricity", source = "tests", sure = "D" },
    { symbol = "x", indices = ["i"], kind = "monitored", unit = "1", options = ["B"], aggregation = "mean", range = ["0", "1"], frequency = "monthly", about = "share", source = "tests", sure = "D" },
    { symbol = "EF_RE", indices = ["i"], kind = "fixed", unit = "tCO2/MWh", about = "factor", source = "tests", sure = "D" },
]

[[equation]]
symbol = "RE"
unit = "tCO2e"
text = "sum(i: EG[i] * x[i] * EF_RE[i])"
about = "reference emissions"
sure = "D"

[[equation]]
symbol = "PE"
unit = "tCO2e"
text = "0 [tCO2e]"
about = "project emissions"
sure = "D"

[[equation]]
symbol = "ER"
unit = "tCO2e"
text = "RE - PE"
about = "emission reductions"
sure = "D"
"#;

fn sheets(bytes: &[u8]) -> Xlsx<Cursor<&[u8]>> {
    calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap()
}

#[test]
fn the_workbook_is_live_down_to_documents_and_their_days() {
    let of = |symbol: &str, more: &str| {
        parameter(symbol, 1, "", &format!("amounts = true\n{more}"))
            .replace("option = \"C\"", "option = \"B\"")
    };
    let share = of("x", "range = [\"0 1\", \"1 1\"]").replace("\"MWh\"", "\"1\"");
    let parts = of("EG", "capacity = \"1 MW\"") + &share + &factor("0.5");
    let office = Office::empty();
    office.write("share.toml", SHARE);
    office.write("plan.toml", &plan(1, BEGIN, "TEST_SHARE", &parts));
    office.done(&["plan", "apply", "plan.toml", "--methodology", "share.toml"]);
    office.write("paper.pdf", "as printed");
    let add = |symbol: &str, from: &str, to: &str, value: &str, unit: &str, kind: &str| {
        let add = ["amount", "add", "--project", "plant", "--parameter", symbol, "--member", "a"];
        let says = ["--from", from, "--to", to, "--value", value, "--unit", unit, "--kind", kind];
        let by = ["--document", "paper.pdf", "--entered-by", "Ann", "--checked-by", "Bo"];
        office.done(&[&add[..], &says[..], &by[..]].concat());
    };
    add("EG", "2021-03-16", "2021-04-14", "300", "MWh", "invoice");
    add("EG", "2021-04-15", "2021-05-30", "460000", "kWh", "invoice");
    add("x", "2021-04-01", "2021-04-30", "0.6", "1", "laboratory-result");
    add("x", "2021-05-01", "2021-05-30", "0.3", "1", "laboratory-result");
    let dates = ("2021-04-01", "2021-05-30");
    let report = office.sealed_and_shown(dates);
    // 14 days of 300/30 and 46 of 460/46 MWh, half of which counts at 0.45.
    assert_eq!(value(&report, "/years/0/inputs/0/chosen"), "600");
    assert_eq!(value(&report, "/years/0/inputs/1/chosen"), "0.45");
    assert_eq!(value(&report, "/years/0/er"), "135");
    let folder = office.folder(dates, 1);
    let book = std::fs::read(folder.join("report.xlsx")).unwrap();
    let formulae = |sheet: &str| {
        let range = sheets(&book).worksheet_formula(sheet).unwrap();
        range.used_cells().map(|(_, _, formula)| formula.clone()).collect::<Vec<String>>()
    };
    // In kWh and MWh together no formula stands; in one unit it does.
    let input = formulae("MRS(input)");
    assert!(input.iter().any(|one| one.starts_with("SUMPRODUCT('Monthly'!$D$")), "{input:?}");
    let months = formulae("Monthly");
    assert!(months.iter().any(|one| one.contains("*30/E") && one.ends_with("/1000")), "{months:?}");

    // LibreOffice comes to the engine's figures, and follows a share that is changed.
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("book.xlsx"), &book).unwrap();
    if !recalculate(scratch.path()) {
        return;
    }
    let engine = folder.join("report.json");
    let after = scratch.path().join("out/book.xlsx");
    let compare = ["workbook", "compare", after.to_str().unwrap(), "--report"];
    office.done(&[&compare[..], &[engine.to_str().unwrap()]].concat());
    let months = sheets(&book).worksheet_range("Monthly").unwrap();
    let (first, _) = months.start().unwrap();
    // The last: above it stands the month of the parameter.
    let is_it = |cell: &(usize, usize, &Data)| cell.1 == 3 && *cell.2 == Data::Float(0.3);
    let (row, ..) = months.used_cells().rfind(is_it).unwrap();
    let map = format!(
        "[[input]]\nsheet = \"Monthly\"\ncell = \"D{}\"\nfigure = \"/claimed\"\n",
        first as usize + row + 1
    );
    office.write("map.toml", &map);
    let mut other = report.clone();
    other["claimed"]["value"] = "0.5".into();
    office.write("other.json", &other.to_string());
    let changed = tempfile::tempdir().unwrap();
    let out = changed.path().join("book.xlsx");
    let book = folder.join("report.xlsx");
    let fill = ["workbook", "fill", book.to_str().unwrap(), "--map", "map.toml"];
    let into = ["--report", "other.json", "--out", out.to_str().unwrap()];
    office.done(&[&fill[..], &into[..]].concat());
    assert!(recalculate(changed.path()));
    let bytes = std::fs::read(changed.path().join("out/book.xlsx")).unwrap();
    let input = sheets(&bytes).worksheet_range("MRS(input)").unwrap();
    let mut rows = input.rows();
    let row = rows.find(|row| row.iter().any(|cell| *cell == *"x[a]")).unwrap();
    let near = |cell: &Data| matches!(cell, Data::Float(value) if (value - 0.55).abs() < 1e-12);
    assert!(row.iter().any(near), "(0.6 + 0.5) / 2 in {row:?}");
}
