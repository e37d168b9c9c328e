//! What the plan keeps back: hidden in the public version of every form and on the first page of a bundle.

use std::io::{Cursor, Read as _};

use crate::office::{Office, value};
use crate::wind::{DEVICE, QUARTER, plant, wind_plan};

const LIST: &str = r#"
[[registered.confidential]]
what = "the participants"
why = "asked for by them"
parts = ["participants"]

[[registered.confidential]]
what = "the meter and its certificates"
why = "agreed with the supplier"
parts = ["serials", "certificates", "places"]
text = ["Laboratory", "in no report of this period"]

[[registered.confidential]]
what = "the emission factor"
why = "under negotiation"
parts = ["fixed:EF_RE[a]"]
"#;

fn kept_back() -> String {
    wind_plan(&format!("{LIST}{DEVICE}"))
        .replace("country =", "participants = [\"Secret Wind Ltd\"]\ncountry =")
}

/// Every byte of a form, zip and compression undone.
pub fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut all = bytes.to_vec();
    if let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) {
        for index in 0..archive.len() {
            archive.by_index(index).unwrap().read_to_end(&mut all).unwrap();
        }
    }
    all
}

pub fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

const SECRETS: [&str; 6] =
    ["Secret Wind Ltd", "S-1", "C-1", "KAN LK-001", "switch room", "Laboratory"];

fn office() -> Office {
    // The readings of the plant, under a plan that keeps something back.
    let office = plant(DEVICE);
    let second = kept_back().replace("number = 1", "number = 2");
    office.apply(&second);
    office
}

#[test]
fn what_the_plan_keeps_back_is_in_no_public_form_and_not_on_the_first_page_of_a_bundle() {
    let office = office();
    let report = office.sealed_and_shown(QUARTER);
    let path = office.folder(QUARTER, 1).join("report.json");
    let path = path.to_str().unwrap();
    let full = std::fs::read(office.folder(QUARTER, 1).join("report.html")).unwrap();
    assert!(SECRETS.iter().all(|secret| has(&full, secret)), "the full version shows everything");
    assert_eq!(value(&report, "/project/confidential/0/what"), "the participants");
    let told = office.done(&["period", "publish", "--report", path, "--out", "public"]);
    assert!(told.contains("hidden: the participants"), "{told}");
    for name in ["report.public.json", "report.public.html", "report.public.xlsx"] {
        let bytes = unpacked(&office.bytes(&format!("public/{name}")));
        for secret in SECRETS {
            assert!(!has(&bytes, secret), "{secret} in {name}");
        }
        assert!(!has(&bytes, "0.533"), "the factor in {name}");
        for told in ["asked for by them", "agreed with the supplier", "under negotiation"] {
            assert!(has(&bytes, told), "{told} in {name}");
        }
        assert!(has(&bytes, "1589"), "the claim is public, in {name}");
    }
    // The first page of the bundle tells that it is kept back, and not what.
    let bundle = office.bytes("bundle.zip");
    let mut archive = zip::ZipArchive::new(Cursor::new(bundle)).unwrap();
    let mut page = String::new();
    archive.by_name("START-HERE.html").unwrap().read_to_string(&mut page).unwrap();
    assert!(!page.contains("Secret Wind Ltd"), "{page}");
    assert!(page.contains("the participants: asked for by them"), "{page}");
}

#[test]
fn a_list_of_ones_own_adds_and_overrides_and_unknown_names_are_refused() {
    let office = office();
    office.seal(QUARTER);
    let path = office.folder(QUARTER, 1).join("report.json");
    let path = path.to_str().unwrap();
    // It adds the title, and takes the place of one entry of the plan.
    office.write(
        "more.toml",
        "[[hide]]\nwhat = \"the title\"\nwhy = \"asked\"\ntext = [\"An invented plant\"]\n\
         [[hide]]\nwhat = \"the emission factor\"\nwhy = \"only its source\"\nat = \
         [\"/fixed/0/source\"]\n",
    );
    let publish = ["period", "publish", "--report", path, "--hide", "more.toml"];
    office.done(&[&publish[..], &["--out", "more"]].concat());
    let page = unpacked(&office.bytes("more/report.public.html"));
    assert!(!has(&page, "An invented plant") && !has(&page, "Secret Wind Ltd"));
    assert!(has(&page, "0.533") && has(&page, "only its source"));
    // Or it stands alone.
    office.done(&[&publish[..], &["--without-plan", "--out", "alone"]].concat());
    let page = unpacked(&office.bytes("alone/report.public.html"));
    assert!(has(&page, "Secret Wind Ltd") && !has(&page, "An invented plant"));

    office.write("wrong.toml", &kept_back().replace("\"serials\"", "\"serial numbers\""));
    let (code, told) = office.run(&["plan", "check", "wrong.toml"]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("a report has no part \"serial numbers\""), "{told}");
    assert!(told.contains("fixed:EF_RE[a]"), "{told}");
    // A plan that keeps nothing back asks for a list.
    let open = plant(DEVICE);
    open.seal(QUARTER);
    let path = open.folder(QUARTER, 1).join("report.json");
    let publish = ["period", "publish", "--report", path.to_str().unwrap(), "--out", "public"];
    let (code, told) = open.run(&publish);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("keeps nothing back"), "{told}");
}
