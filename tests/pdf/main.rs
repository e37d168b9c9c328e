//! The PDF of a report: every script of the partner countries as a golden page, the same bytes twice, and
//! what becomes of a character that no font has.
//!
//! Pages are rendered by poppler's `pdftoppm` and held against golden pictures with a tolerance, their text
//! by `pdftotext`. Where fonts or poppler are not installed the tests pass and say what they left out;
//! `scripts/setup.sh` installs both.

use std::path::{Path, PathBuf};
use std::process::Command;

use mrv::report::chapter::block::{Block, Span, Table, paragraph, text};
use mrv::report::pdf::{Fonts, Pdf, write_blocks};

/// Names as they may stand in a report, one for each script.
const SCRIPTS: [(&str, &str); 8] = [
    ("latin", "PT Surya Khatulistiwa, São José & Gonçalves, kWh 1,234.5 °C"),
    ("japanese", "株式会社さくら環境エネルギー（東京本社）検証担当者"),
    ("thai", "บริษัทพลังงานสะอาดแห่งประเทศไทยจำกัด ผู้จัดการโรงงานน้ำแข็ง"),
    ("khmer", "ក្រុមហ៊ុនថាមពលព្រះអាទិត្យកម្ពុជា ប្រធានរោងចក្រ"),
    ("lao", "ບໍລິສັດພະລັງງານແສງຕາເວັນລາວຈຳກັດ ຜູ້ຈັດການໂຮງງານ"),
    ("burmese", "မြန်မာနေရောင်ခြည်စွမ်းအင်ကုမ္ပဏီလီမိတက် စက်ရုံမန်နေဂျာ"),
    ("vietnamese", "Công ty Cổ phần Năng lượng Mặt trời Đồng Nai, trưởng nhà máy"),
    ("cyrillic", "Монголын нарны эрчим хүчний компани ХХК, Өмнөговь аймаг"),
];

/// Set to rewrite the golden pictures instead of comparing them.
const REWRITE: &str = "MRV_GOLDEN_REWRITE";

/// Set to a folder to have the pages written there, for looking at them.
const SHOW: &str = "MRV_SHOW_REPORTS";

/// A page with the name as text and, three times over, in a narrow column.
fn page(fonts: &Fonts, name: &str) -> Pdf {
    let narrow = Block::Table(Table::new(
        "A narrow column",
        &["Name", "Name", "Name", "Name", "Name"],
        [vec![text(name), text(name), text(name), text(name), text(name)]],
    ));
    let strong = Block::Paragraph(vec![Span::Strong(name.to_owned())]);
    write_blocks("Names", &[paragraph(name), strong, narrow], fonts).unwrap()
}

fn fonts() -> Option<Fonts> {
    let fonts = Fonts::system();
    let needed: String = SCRIPTS.iter().map(|(_, name)| *name).collect();
    if fonts.is_empty() || !page(&fonts, &needed).missing.is_empty() {
        eprintln!(
            "left out: pages of the scripts; fonts-noto-core and fonts-noto-cjk are not there"
        );
        return None;
    }
    Some(fonts)
}

/// A program of poppler on a PDF; `None` where it is not installed.
fn poppler(program: &str, arguments: &[&str], pdf: &[u8]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.pdf");
    std::fs::write(&path, pdf).unwrap();
    let output = Command::new(program).args(arguments).arg(&path).arg("-").output();
    match output {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(output.stdout)
        }
        Err(_) => {
            eprintln!("left out: {program} is not there");
            None
        }
    }
}

/// The upper part of the page in grey, 72 dots an inch.
fn picture(pdf: &[u8]) -> Option<Picture> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.pdf");
    std::fs::write(&path, pdf).unwrap();
    let stem = folder.path().join("out");
    let area = ["-r", "72", "-x", "40", "-y", "56", "-W", "515", "-H", "170"];
    let output = Command::new("pdftoppm")
        .args(["-gray", "-singlefile"])
        .args(area)
        .arg(&path)
        .arg(&stem)
        .output()
        .ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(Picture::read(&std::fs::read(stem.with_extension("pgm")).unwrap()))
}

/// Grey dots, 0 black to 255 white.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Picture {
    width: usize,
    height: usize,
    dots: Vec<u8>,
}

impl Picture {
    /// A binary PGM.
    fn read(bytes: &[u8]) -> Self {
        let mut at = 0;
        let mut word = || {
            while bytes[at].is_ascii_whitespace() {
                at += 1;
            }
            let start = at;
            while !bytes[at].is_ascii_whitespace() {
                at += 1;
            }
            String::from_utf8_lossy(&bytes[start..at]).into_owned()
        };
        assert_eq!(word(), "P5");
        let (width, height) = (word().parse().unwrap(), word().parse().unwrap());
        assert_eq!(word(), "255");
        Self { width, height, dots: bytes[at + 1..].to_vec() }
    }

    /// Rows of runs, small enough to be kept: count and grey value, 16 steps of grey.
    fn runs(&self) -> String {
        let mut text = format!("{} {}\n", self.width, self.height);
        for row in self.dots.chunks(self.width) {
            let row: Vec<u8> = row.iter().map(|dot| dot / 16).collect();
            for run in row.chunk_by(|one, next| one == next) {
                text += &format!("{:x}{}", run[0], run.len());
                text.push(' ');
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        text
    }

    fn from_runs(text: &str) -> Self {
        let mut lines = text.lines();
        let (width, height) = lines.next().unwrap().split_once(' ').unwrap();
        let dots = lines.flat_map(|line| line.split_whitespace()).flat_map(|run| {
            let grey = u8::from_str_radix(&run[..1], 16).unwrap() * 16 + 8;
            vec![grey; run[1..].parse().unwrap()]
        });
        let (width, height) = (width.parse().unwrap(), height.parse().unwrap());
        Self { width, height, dots: dots.collect() }
    }

    /// Share of the inked dots of either that are clearly lighter or darker in the other, in percent.
    fn difference(&self, other: &Self) -> f64 {
        assert_eq!((self.width, self.height), (other.width, other.height));
        let pairs = self.dots.iter().zip(&other.dots);
        let is_inked = |dot: u8| dot < 200;
        let inked = pairs.clone().filter(|(a, b)| is_inked(**a) || is_inked(**b)).count();
        let differing = pairs.filter(|(a, b)| a.abs_diff(**b) > 100).count();
        100.0 * differing as f64 / inked.max(1) as f64
    }
}

/// Another version of a font or of the renderer moves a few dots, another shaping moves many.
const DIFFERENCE_MAX: f64 = 8.0;

fn golden(script: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pages");
    folder.join(format!("{script}.txt"))
}

#[test]
fn each_script_is_set_as_on_its_golden_page() {
    let Some(fonts) = fonts() else { return };
    for (script, name) in SCRIPTS {
        let pdf = page(&fonts, name);
        if let Some(folder) = std::env::var_os(SHOW) {
            std::fs::write(PathBuf::from(folder).join(format!("{script}.pdf")), &pdf.bytes)
                .unwrap();
        }
        let Some(picture) = picture(&pdf.bytes) else {
            eprintln!("left out: pdftoppm is not there");
            return;
        };
        if std::env::var_os(REWRITE).is_some() {
            std::fs::create_dir_all(golden(script).parent().unwrap()).unwrap();
            std::fs::write(golden(script), picture.runs()).unwrap();
        }
        let expected = Picture::from_runs(&std::fs::read_to_string(golden(script)).unwrap());
        let difference = picture.difference(&expected);
        assert!(
            difference <= DIFFERENCE_MAX,
            "{script}: {difference:.1} % of the dots differ; look at the page, then set {REWRITE}=1"
        );
    }
}

#[test]
fn a_page_that_is_set_otherwise_is_told_from_the_golden_one() {
    let Some(fonts) = fonts() else { return };
    for (script, name) in SCRIPTS {
        // One letter left out in the middle moves everything behind it.
        let middle = name.chars().count() / 2;
        let other: String =
            name.chars().enumerate().filter(|(at, _)| *at != middle).map(|(_, c)| c).collect();
        let Some(picture) = picture(&page(&fonts, &other).bytes) else { return };
        let expected = Picture::from_runs(&std::fs::read_to_string(golden(script)).unwrap());
        let difference = picture.difference(&expected);
        assert!(difference > DIFFERENCE_MAX, "{script}: only {difference:.1} %");
    }
}

#[test]
fn the_text_of_each_script_is_read_back_as_it_was_written() {
    let Some(fonts) = fonts() else { return };
    for (script, name) in SCRIPTS {
        let pdf = write_blocks("Name", &[paragraph(name)], &fonts).unwrap();
        let Some(text) = poppler("pdftotext", &["-raw"], &pdf.bytes) else { return };
        let text = String::from_utf8(text).unwrap();
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(bare(&text), bare(name), "{script}");
    }
}

#[test]
fn fonts_are_subset_and_embedded_and_the_same_page_is_the_same_bytes() {
    let Some(fonts) = fonts() else { return };
    for (script, name) in SCRIPTS {
        let pdf = page(&fonts, name);
        assert_eq!(pdf, page(&Fonts::system(), name), "{script}");
        assert!(pdf.bytes.len() < 200_000, "{script}: {} bytes", pdf.bytes.len());
        let Some(list) = poppler_list(&pdf.bytes) else { return };
        let lines: Vec<&str> = list.lines().skip(2).collect();
        assert!(!lines.is_empty());
        for line in lines {
            assert!(line.contains("yes yes yes"), "{script}: {line}");
            assert!(line.as_bytes()[6] == b'+', "{script}: {line}");
        }
    }
}

fn poppler_list(pdf: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.pdf");
    std::fs::write(&path, pdf).unwrap();
    let output = Command::new("pdffonts").arg(&path).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_character_without_a_font_is_named_and_never_boxed() {
    let Some(fonts) = fonts() else { return };
    // A script of no partner country, and one that runs from right to left.
    let pdf = write_blocks("Names", &[paragraph("a 𓀀 b ش")], &fonts).unwrap();
    let codes: Vec<&str> = pdf.missing.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["U+0634", "U+13000"]);
    assert_eq!(pdf.missing[0].places, ["Names"]);
    let Some(text) = poppler("pdftotext", &["-raw"], &pdf.bytes) else { return };
    assert_eq!(String::from_utf8(text).unwrap().trim(), "a [U+13000] b [U+0634]");
}

#[test]
fn without_a_font_there_is_no_pdf_and_the_error_says_what_to_install() {
    let folder = tempfile::tempdir().unwrap();
    let fonts = Fonts::folder(folder.path());
    assert!(fonts.is_empty());
    let error = write_blocks("Names", &[paragraph("a")], &fonts).unwrap_err();
    assert!(error.to_string().contains("install fonts-noto-core"), "{error}");
}
