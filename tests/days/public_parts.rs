//! Every part that a plan can keep back, alone: what it hides is in no form of the public version, which says
//! that it is hidden, and the rest stays.

use std::process::Command;

use mrv::report::model::Withheld;
use mrv::report::pdf::{self, Fonts};
use mrv::report::public::{BLOCK, by_plan};
use mrv::report::{Report, html, json, xlsx};

use crate::office::{BEGIN, Office, factor, midnight, parameter, plan};
use crate::public::{has, unpacked};
use crate::wind::QUARTER;

const MORE: &str = r#"
[[registered.eligibility]]
criterion = "1"
description = "the project generates electricity by wind"
evidence = "photographs of the site"

[[registered.confidential]]
what = "who did what"
why = "asked for by them"
parts = ["people"]

[[registered.confidential]]
what = "the invoices"
why = "trade secret"
parts = ["documents"]

[[registered.confidential]]
what = "the seals"
why = "they could be copied"
parts = ["seals"]

[[registered.confidential]]
what = "who made the meter"
why = "agreed with the supplier"
parts = ["makers"]

[[registered.confidential]]
what = "the months"
why = "prices follow from them"
parts = ["monthly-amounts"]

[[device]]
id = "s/m"
place = "switch room"
maker = "Quorum Meters"
model = "QM-7000"
serial = "S-1"
class = "0.5 S"
seals = ["SEAL-QQ-1"]
calibration = { interval = "12 months", option = "accredited-certificate", body = "Laboratory" }

[[device.certificate]]
number = "C-1"
body = "Laboratory"
scope = "KAN LK-001"
date = "2022-12-01"
as_left = "+0.1 %"

[[channel]]
id = "s/m/EG"
kind = "register"
unit = "MWh"
cadence = "1 d"
capacity = "4 MW"
"#;

/// What of one kind must be nowhere, and a text that all forms still have.
const PARTS: [(&str, &[&str]); 4] = [
    (
        "people",
        &[
            "Aoife Quill",
            "Bram Quoll",
            "Cleo Quist",
            "Dora Quaye",
            "Carl Quern",
            "Emil Quark",
            "Otto Quass",
            "Zoe Quant",
            "Fritz Quint",
            "Wanda Quire",
            "Moni Quota",
            "Edda Quest",
            "Vera Quilt",
            "Rolf Quell",
            "Hans Quake",
            "Lena Quiver",
        ],
    ),
    (
        "documents",
        &["INV-QX-1", "INV-QX-2", "INV-QX-3", "Gridco Quay", "3.127731", "2.513", "2.871973"],
    ),
    ("seals", &["SEAL-QQ-1", "SEAL-QQ-2"]),
    ("makers", &["Quorum Meters", "QM-7000"]),
];

/// What the meter counted in each month, and the invoices.
const MONTHS: [&str; 7] =
    ["314.275", "283.861", "283.862", "314275", "283861", "3.127731", "2.871973"];

fn with(first: &[&str], more: &[&str]) -> Vec<String> {
    first.iter().chain(more).map(|word| (*word).to_owned()).collect()
}

fn done(office: &Office, first: &[&str], more: &[&str]) -> String {
    let all = with(first, more);
    office.done(&all.iter().map(String::as_str).collect::<Vec<_>>())
}

const DATES: [&str; 6] = ["--project", "plant", "--from", QUARTER.0, "--to", QUARTER.1];

/// 10.137913 MWh a day; on 14 February the meter is exchanged.
fn readings(office: &Office) {
    let row = |day: i64| {
        let stood = match day {
            0..=44 => day * 10_137_913,
            // Taken off 2.5 MWh after midnight, and the new one begins at zero.
            _ => (day - 44) * 10_137_913 - 2_500_000,
        };
        let shown = format!("{}.{:06}", stood / 1_000_000, stood % 1_000_000);
        (midnight(2023, 1, u32::try_from(day).unwrap() + 1), "m", "EG", shown)
    };
    office.read("quarter.csv", &(0..=90).map(row).collect::<Vec<_>>());
    // A second value of one midnight, which is decided, and a number that is typed wrong.
    office.read("again.csv", &[(midnight(2023, 1, 6), "m", "EG", "50.7".to_owned())]);
}

fn invoice(office: &Office, number: u32, (from, to): (&str, &str), value: &str, checked: &[&str]) {
    let (name, file) = (format!("INV-QX-{number}"), format!("bill-{number}.pdf"));
    office.write(&file, &format!("electricity of {from} to {to}: {value} MWh"));
    let add = ["amount", "add", "--project", "plant", "--parameter", "EC_import", "--member", "a"];
    let dates = ["--from", from, "--to", to, "--value", value, "--unit", "MWh"];
    let kind = ["--kind", "invoice", "--number", &name, "--issuer", "Gridco Quay", "--document"];
    let by = [&[file.as_str(), "--entered-by", "Emil Quark"], checked].concat();
    done(office, &[&add[..], &dates[..], &kind[..]].concat(), &by);
}

fn exchange(office: &Office) {
    office.write("protocol.pdf", "final 448.568172, start 0");
    let device = ["device", "exchange", "--project", "plant", "--device", "s/m"];
    let times = ["--off", "2023-02-14T06:00:00Z", "--on", "2023-02-14T07:00:00Z"];
    let old = ["--old-serial", "S-1", "--old-seal", "SEAL-QQ-1"];
    let new = ["--new-serial", "S-2", "--new-class", "0.5 S", "--new-seal", "SEAL-QQ-2"];
    let shown = ["--register", "s/m/EG=448.568172:0", "--between", "disconnected"];
    let by = ["--done-by", "Fritz Quint", "--witnessed-by", "Wanda Quire"];
    let what = [&device[..], &times[..], &old[..], &new[..], &shown[..]].concat();
    done(office, &what, &[&["--document", "protocol.pdf"], &by[..]].concat());
    let meter =
        ["device", "certificate", "--project", "plant", "--device", "s/m", "--serial", "S-2"];
    let body = ["--body", "Laboratory", "--scope", "KAN LK-001", "--number", "C-2"];
    let says = ["--date", "2023-02-10", "--as-left", "+0.1 %", "--document", "protocol.pdf"];
    done(office, &[&meter[..], &body[..]].concat(), &says);
}

/// Everything that people do before the period is sealed.
fn before(office: &Office) {
    readings(office);
    let reading = ["--project", "plant", "--channel", "s/m/EG", "--at"];
    let decide =
        ["decide", "--value", "50.689565", "--reason", "the photo", "--author", "Dora Quaye"];
    done(office, &decide, &[&reading[..], &["2023-01-06T00:00:00Z"]].concat());
    let correct =
        ["correct", "--old", "101.37913", "--new", "101.379131", "--reason", "typed wrong"];
    let at = ["2023-01-11T00:00:00Z", "--author", "Carl Quern"];
    done(office, &correct, &[&reading[..], &at[..]].concat());
    let checked = ["--checked-by", "Otto Quass"];
    invoice(office, 1, ("2023-01-01", "2023-01-31"), "3.127731", &checked);
    invoice(office, 2, ("2023-02-01", "2023-02-28"), "2.5130", &checked);
    invoice(office, 3, ("2023-03-01", "2023-03-31"), "2.871973", &[]);
    exchange(office);
    let said = ["--project", "plant", "--post", "engineer", "--date", "2023-04-02"];
    let monthly = ["monthly", "record", "--month", "2023-01", "--what", "registers", "--findings"];
    done(office, &monthly, &[&["none", "--by", "Moni Quota"], &said[..]].concat());
    let span = ["--from", QUARTER.0, "--to", QUARTER.1];
    let evidence =
        ["evidence", "record", "--criterion", "1", "--text", "photos", "--by", "Edda Quest"];
    let document = ["--document", "protocol.pdf"];
    done(office, &evidence, &[&said[..], &span[..], &document[..]].concat());
}

/// A sealed version, findings and a hold on it, and the version that answers them.
fn office() -> Office {
    let invoiced = parameter("EC_import", 2, "", "amounts = true\ncapacity = \"1 MW\"");
    let parts = parameter("EG_gross", 1, "\"s/m/EG\"", "") + &invoiced + &factor("0.533") + MORE;
    let promised = "country = \"ID\"\nmonthly_check = \"engineer: registers against the log book\"";
    let text = plan(1, BEGIN, "MRV_WP_F1", &parts).replacen("country = \"ID\"", promised, 1);
    let office = Office::new(&text);
    before(&office);
    let people = ["--prepared-by", "Aoife Quill", "--reviewed-by", "Bram Quoll"];
    done(&office, &["period", "close"], &[&DATES[..], &people[..]].concat());
    let by = ["--post", "director", "--date"];
    let submit = ["period", "submit", "--approved-by", "Cleo Quist"];
    done(&office, &submit, &[&DATES[..], &by[..], &["2023-05-01"]].concat());
    let step = ["period", "advance", "verification", "--reference", "LRQA", "--by", "Cleo Quist"];
    done(&office, &step, &[&DATES[..], &by[..], &["2023-06-01"]].concat());
    let open =
        ["finding", "open", "CAR", "--tpe", "LRQA", "--by", "Vera Quilt", "--date", "2023-06-02"];
    let about = ["--about", "device:s/m", "--text", "Vera Quilt saw another seal than SEAL-QQ-2"];
    done(&office, &open, &[&DATES[..], &about[..]].concat());
    let reply = ["finding", "reply", "CAR-1", "--project", "plant", "--text", "it was exchanged"];
    let when = ["--post", "engineer", "--date", "2023-06-05", "--document", "protocol.pdf"];
    done(&office, &reply, &[&when[..], &["--by", "Rolf Quell"]].concat());
    let hold = ["hold", "place", "--project", "plant", "--device", "s/m", "--by", "Hans Quake"];
    let from = ["--from", "2023-03-30T00:00:00Z", "--finding", "CAR-1", "--reason", "another seal"];
    done(&office, &hold, &from);
    let listed = office.json(&["hold", "list", "--project", "plant"]);
    let act = listed[0]["act"].to_string();
    let lift = ["hold", "lift", &act, "--project", "plant", "--by", "Lena Quiver"];
    done(&office, &lift, &["--reason", "the protocol was found"]);
    let amounts = office.json(&["amount", "list", "--project", "plant"]);
    let amounts = amounts.as_array().unwrap_or_else(|| panic!("{amounts}"));
    let last = amounts.iter().find(|one| one.to_string().contains("INV-QX-3")).unwrap();
    let act = last["act"].to_string();
    let check = ["amount", "check", "--project", "plant", "--act", &act];
    done(&office, &check, &["--by", "Zoe Quant"]);
    let restate = ["period", "restate", "--reason", "Zoe Quant checked the invoice of March"];
    done(&office, &restate, &[&DATES[..], &people[..]].concat());
    office
}

/// The forms of a report by name, each as all the bytes and texts that can be read in it.
fn forms(report: &Report) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![
        ("JSON", json::write(report).unwrap().into_bytes()),
        ("HTML", html::write(report).into_bytes()),
        ("XLSX", unpacked(&xlsx::write(report).unwrap())),
        ("text", mrv::report::text::write(report).into_bytes()),
    ];
    let fonts = Fonts::system();
    if fonts.is_empty() {
        eprintln!("left out: the PDF; no font is installed");
    } else {
        forms.extend(text_of_pdf(&pdf::write(report, &fonts).unwrap().bytes).map(|it| ("PDF", it)));
    }
    forms
}

/// What `pdftotext` reads, followed by the same without spaces: a name may be broken over two lines.
fn text_of_pdf(pdf: &[u8]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.pdf");
    std::fs::write(&path, pdf).unwrap();
    let Ok(output) = Command::new("pdftotext").arg("-raw").arg(&path).arg("-").output() else {
        eprintln!("left out: the PDF; pdftotext is not there");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let bare: String = text.split_whitespace().collect();
    Some((text + &bare).into_bytes())
}

fn is_in(bytes: &[u8], text: &str) -> bool {
    let bare: String = text.split_whitespace().collect();
    has(bytes, text) || has(bytes, &bare)
}

/// The public version of a report under one entry of its list.
fn hiding(report: &Report, part: &str) -> (Withheld, Report) {
    let mut report = report.clone();
    report.project.confidential.retain(|one| one.parts == [part]);
    let entry = report.project.confidential[0].clone();
    (entry, by_plan(&report).unwrap())
}

#[test]
fn each_part_alone_is_hidden_in_every_form_and_the_rest_stays() {
    let office = office();
    office.bundle(QUARTER, 2, "bundle.zip");
    office.is_shown("bundle.zip");
    let path = office.folder(QUARTER, 2).join("report.json");
    let report: Report = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let documents = report.parameters.iter().flat_map(|one| &one.documents);
    let hashes: Vec<String> = documents.filter_map(|one| one.sha256.clone()).collect();
    assert_eq!(hashes.len(), 3);
    let full = json::write(&report).unwrap();
    let all: Vec<(&str, Vec<&str>)> = PARTS
        .iter()
        .map(|(part, secrets)| (*part, secrets.to_vec()))
        .chain([("monthly-amounts", MONTHS.to_vec())])
        .collect();
    for (part, secrets) in &all {
        let (entry, hidden) = hiding(&report, part);
        let secrets = secrets
            .iter()
            .copied()
            .filter(|one| !one.starts_with(['2', '3']) || full.contains(one));
        let mut secrets: Vec<&str> = secrets.collect();
        if *part == "documents" {
            secrets.extend(hashes.iter().map(String::as_str));
        }
        for secret in &secrets {
            assert!(full.contains(secret), "{part}: {secret} is in the full version");
        }
        let told = hidden.hidden.iter().find(|one| one.what == entry.what).unwrap();
        assert!(told.count > 0 && hidden.hidden.len() == 1, "{part}: {told:?}");
        for (form, bytes) in forms(&hidden) {
            for secret in &secrets {
                assert!(!is_in(&bytes, secret), "{part}: {secret} in {form}");
            }
            if form != "text" {
                assert!(
                    is_in(&bytes, &entry.what) && is_in(&bytes, &entry.why),
                    "{part} in {form}"
                );
            }
            assert!(is_in(&bytes, &report.claimed.shown), "{part}: the claim is public in {form}");
        }
        // What the other parts hide still stands.
        let text = json::write(&hidden).unwrap();
        for (other, kept) in all.iter().filter(|(other, _)| other != part) {
            let is_amount = |one: &&&str| one.starts_with(['2', '3']);
            for text_kept in kept.iter().filter(|one| !is_amount(one)) {
                // The finding's text tells a seal and a name.
                assert!(text.contains(text_kept), "{part} hides {text_kept} of {other}");
            }
        }
        assert!(text.contains(BLOCK));
    }
}

#[test]
fn all_parts_together_are_hidden_by_the_command_and_on_the_first_page_of_a_bundle() {
    let office = office();
    let path = office.folder(QUARTER, 2).join("report.json");
    let publish = ["period", "publish", "--report", path.to_str().unwrap(), "--out", "public"];
    let told = office.done(&publish);
    for what in ["who did what", "the invoices", "the seals", "who made the meter", "the months"] {
        assert!(told.contains(&format!("hidden: {what}, ")), "{told}");
    }
    let mut forms: Vec<(String, Vec<u8>)> = ["json", "html", "xlsx"]
        .map(|end| format!("public/report.public.{end}"))
        .map(|name| (name.clone(), unpacked(&office.bytes(&name))))
        .into();
    let pdf = std::fs::read(office.path().join("public/report.public.pdf"));
    let pdf = pdf.ok().and_then(|bytes| text_of_pdf(&bytes));
    forms.extend(pdf.map(|text| ("the PDF".to_owned(), text)));
    office.bundle(QUARTER, 2, "bundle.zip");
    let mut archive =
        zip::ZipArchive::new(std::io::Cursor::new(office.bytes("bundle.zip"))).unwrap();
    let mut page = Vec::new();
    std::io::Read::read_to_end(&mut archive.by_name("START-HERE.html").unwrap(), &mut page)
        .unwrap();
    forms.push(("the first page".to_owned(), page));
    for (name, bytes) in &forms {
        for (part, secrets) in PARTS.iter().copied().chain([("monthly-amounts", &MONTHS[..])]) {
            for secret in secrets {
                assert!(!is_in(bytes, secret), "{part}: {secret} in {name}");
            }
        }
    }
}
