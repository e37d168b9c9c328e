//! Amounts from the command to the table: what is refused, what is kept, and the same after a rebuild.

use std::path::Path;

use mrv::config::daemon::DaemonConfig;
use mrv::daemon::engine::{Engine, PRIVATE_KEY, PUBLIC_KEY};
use mrv::daemon::record::attach;
use mrv::daemon::request::{Answer, Attached, Request, Stated};
use mrv::dataset::layout::Layout;
use mrv::dataset::query::query;
use mrv::dataset::schema::Table;
use mrv::dataset::{log_check, table_digest};
use mrv::decode::act::Content;
use mrv::decode::amount::{AmountCheck, AmountEntry};
use mrv::domain::digest::Sha256Digest;
use mrv::domain::id::ProjectId;
use mrv::evidence::checkpoint::key_pair;
use tempfile::TempDir;

/// The factory of the samples, whose chiller has its electricity on documents.
const PLAN: &str = include_str!("../pipelines/projects/sample-two-methodologies.toml");
const PROJECT: &str = "sample-two-methodologies";

struct Office {
    folder: TempDir,
    layout: Layout,
    public_key: String,
    runtime: tokio::runtime::Runtime,
}

impl Office {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().join("data"));
        std::fs::create_dir_all(layout.keys()).unwrap();
        let (private, public_key) = key_pair("office", &[7; 32]).unwrap();
        std::fs::write(layout.keys().join(PRIVATE_KEY), private).unwrap();
        std::fs::write(layout.keys().join(PUBLIC_KEY), &public_key).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let office = Self { folder, layout, public_key, runtime };
        let text = |id: &str| {
            let mut shipped = mrv::methodology::shipped().iter();
            shipped.find(|one| one.id == id).unwrap().text.to_owned()
        };
        let (file, author) = ("plan.toml".to_owned(), "ann".to_owned());
        let methodologies = vec![text("MRV_PV_F1"), text("MRV_CH_F2")];
        let plan = Request::Plan { file, text: PLAN.to_owned(), methodologies, author };
        assert!(matches!(office.ask(plan), Answer::Recorded { .. }));
        office
    }

    fn ask(&self, request: Request) -> Answer {
        let config = DaemonConfig::parse("", "").unwrap();
        let engine = Engine::open(&self.layout, &config).unwrap();
        let answer = self.runtime.block_on(engine.carry_out(request)).unwrap();
        engine.close();
        answer
    }

    /// A document's file.
    fn document(&self, name: &str, bytes: &[u8]) -> Option<Attached> {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Some(attach(&path).unwrap())
    }

    fn add(&self, amounts: Vec<Stated>) -> Answer {
        self.ask(Request::Record { project: PROJECT.to_owned(), acts: amounts })
    }

    /// Records amounts that must be taken.
    fn taken(&self, amounts: Vec<Stated>) -> (u32, u32) {
        match self.add(amounts) {
            Answer::Acts { first, last, .. } => (first, last),
            other => panic!("{other:?}"),
        }
    }

    fn refused(&self, stated: Stated) -> String {
        match self.add(vec![stated]) {
            Answer::Refused { reason } => reason,
            other => panic!("{other:?}"),
        }
    }

    fn check(&self, amount: u32, by: &str) -> Answer {
        let check = AmountCheck { amount, checked_by: by.to_owned() };
        self.add(vec![Stated::new(Content::Check(check))])
    }

    fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let answer = query(&self.layout, sql).unwrap();
        let text = |cell: Option<String>| cell.unwrap_or_else(|| "null".to_owned());
        answer.rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect()
    }
}

/// What the amount says.
fn entry(stated: &mut Stated) -> &mut AmountEntry {
    match &mut stated.act {
        Content::Amount(entry) => entry,
        other => panic!("{other:?}"),
    }
}

/// The reading of a month by hand.
fn stated(month: u32, value: &str, document: Option<Attached>) -> Stated {
    let entry = AmountEntry {
        parameter: "EC_PJ".to_owned(),
        members: vec!["chiller".to_owned()],
        from: format!("2026-{month:02}-01"),
        to: format!("2026-{month:02}-28"),
        value: value.to_owned(),
        unit: "MWh".to_owned(),
        kind: "manual-reading".to_owned(),
        entered_by: "Ann".to_owned(),
        document: document.as_ref().map(|file| file.sha256.clone()).unwrap_or_default(),
        ..AmountEntry::default()
    };
    let documents = document.into_iter().collect();
    let act = Content::Amount(entry);
    Stated { act, documents, place: format!("line {month}"), is_sure: false }
}

#[test]
fn an_amount_goes_from_its_document_to_the_table_and_back_after_a_rebuild() {
    let office = Office::new();
    // A photo above 64 KiB lies in a blob, a note beside the header: both are leaves.
    let photo = office.document("photo.jpg", &[0x5a; 100_000]);
    let note = office.document("note.txt", b"register 1234.5");
    let first = stated(1, "100.123456789012", photo.clone());
    assert_eq!(office.taken(vec![first, stated(2, "101", note)]), (1, 2));
    // The same document again is no second message.
    assert_eq!(office.taken(vec![stated(3, "102", photo)]), (3, 3));
    let documents = "SELECT COUNT(*) FROM messages WHERE kind = 'document'";
    assert_eq!(office.rows(documents), [["2"]]);
    assert!(matches!(office.check(1, " ANN"), Answer::Refused { .. }));
    assert!(matches!(office.check(9, "Bo"), Answer::Refused { .. }));
    assert!(matches!(office.check(1, "Bo"), Answer::Acts { first: 4, .. }));
    assert!(matches!(office.check(1, "Cy"), Answer::Refused { .. }));
    let replacing = |value: &str| {
        let mut stated = stated(2, value, office.document("again.txt", b"register 1234.6"));
        entry(&mut stated).replaces = Some(2);
        entry(&mut stated).reason = "read again".to_owned();
        stated
    };
    assert_eq!(office.taken(vec![replacing("90")]), (5, 5));
    let sql = "SELECT number, value, checked_by, standing FROM amounts ORDER BY number";
    let rows = |office: &Office| office.rows(sql);
    let expected = [
        ["1", "100.123456789012", "Bo", "stands"],
        ["2", "101.000000000000", "null", "replaced"],
        ["3", "102.000000000000", "null", "stands"],
        ["5", "90.000000000000", "null", "stands"],
    ];
    assert_eq!(rows(&office), expected);
    // A second, different replacement is a conflict.
    assert_eq!(office.taken(vec![replacing("95")]), (6, 6));
    let conflict = "SELECT number FROM amounts WHERE standing = 'conflict' ORDER BY number";
    assert_eq!(office.rows(conflict), [["5"], ["6"]]);

    let id = ProjectId::parse(PROJECT).unwrap();
    let digest = || table_digest::table_digest(&office.layout, Table::Amounts, &id).unwrap();
    let before = digest();
    assert_eq!(before.1, 5);
    assert!(matches!(office.ask(Request::Rebuild { project: PROJECT.to_owned() }), Answer::Done));
    assert_eq!(digest(), before);
    let report = log_check::check(&office.layout, &id, &office.public_key).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[test]
fn what_could_not_count_is_refused_before_it_is_recorded() {
    let office = Office::new();
    let bill = office.document("bill.pdf", b"bill");
    assert_eq!(office.taken(vec![stated(1, "100", bill.clone())]), (1, 1));
    let cases: [(&str, fn(&mut Stated)); 12] = [
        ("the plan has no parameter EC_PJ; with amounts it has EC_PJ[chiller]", |s| {
            entry(s).members.clear();
        }),
        ("takes no documents", |s| {
            entry(s).parameter = "EG".to_owned();
            entry(s).members = vec!["roof".to_owned()];
        }),
        ("kg is no unit of EC_PJ[chiller], which is in MWh", |s| entry(s).unit = "kg".to_owned()),
        ("another person checks it", |s| entry(s).checked_by = "ann".to_owned()),
        ("it ends on 2026-01-31, before it begins", |s| entry(s).to = "2026-01-31".to_owned()),
        ("manual-reading (act 1) of 2026-01-01 to 2026-01-28 stands", |s| {
            entry(s).from = "2026-01-20".to_owned();
        }),
        ("act 7 is no amount", |s| entry(s).replaces = Some(7)),
        ("a replacement needs its reason", |s| entry(s).replaces = Some(1)),
        ("its document cannot be read", |s| {
            s.documents =
                vec![Attached::new("/no/such/file".to_owned(), Sha256Digest::of(b"none"))];
        }),
        ("the log has no document", |s| {
            entry(s).document = "0".repeat(64);
        }),
        // 300 kW for 28 days are 201.6 MWh.
        ("V-CAPACITY: 205000 kWh", |s| {
            entry(s).value = "205000".to_owned();
            entry(s).unit = "kWh".to_owned();
        }),
        ("more than 10 times away from manual-reading (act 1)", |s| {
            entry(s).value = "9.9".to_owned();
        }),
    ];
    for (expected, change) in cases {
        let mut wrong = stated(2, "100", bill.clone());
        change(&mut wrong);
        // The day after the one that stands, so that only the change is wrong.
        let reason = office.refused(wrong);
        assert!(reason.starts_with("line 2: "), "{reason}");
        let expected = expected.replace("205000 kWh", "205 MWh");
        assert!(reason.contains(&expected), "{expected}: {reason}");
    }
    // All of a request or nothing of it.
    let pair = vec![stated(2, "100", bill.clone()), stated(2, "100", bill.clone())];
    assert!(matches!(office.add(pair), Answer::Refused { .. }));
    assert_eq!(office.rows("SELECT COUNT(*) FROM amounts"), [["1"]]);
    // Whoever is sure is not asked again; it counts by its bounds.
    let mut sure = stated(2, "9.9", bill);
    sure.is_sure = true;
    assert_eq!(office.taken(vec![sure]), (2, 2));
}

#[test]
fn the_commands_record_check_and_list() {
    let office = Office::new();
    let folder = office.folder.path();
    std::fs::write(folder.join("mrv.toml"), "data = \"data\"\n").unwrap();
    std::fs::write(folder.join("bill.txt"), "bill").unwrap();
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_mrv"))
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        (output.status.code(), text)
    };
    let csv = "parameter,members,from,to,value,unit,kind,document,entered_by\n\
               EC_PJ,chiller,2026-01-01,2026-01-31,100,MWh,invoice,bill.txt,Ann\n";
    std::fs::write(folder.join("amounts.csv"), csv.replace(",MWh,", ",bananas,")).unwrap();
    let import = ["amount", "import", "--project", PROJECT, "amounts.csv"];
    let (code, text) = run(&import);
    assert_eq!(code, Some(5), "{text}");
    assert!(text.contains("amounts.csv:2: bananas is no unit of EC_PJ[chiller]"), "{text}");
    std::fs::write(folder.join("amounts.csv"), csv.replace("2026-01-31", "31.01.2026")).unwrap();
    let (code, text) = run(&import);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.starts_with("amounts.csv:2:1: "), "{text}");
    std::fs::write(folder.join("amounts.csv"), csv).unwrap();
    assert_eq!(run(&import).0, Some(0));
    let check = ["amount", "check", "--project", PROJECT, "--act", "1", "--by", "Bo"];
    assert_eq!(run(&check).0, Some(0));
    let (code, text) = run(&["amount", "list", "--project", PROJECT]);
    assert_eq!(code, Some(0));
    assert!(text.contains("EC_PJ[chiller]  2026-01-01 to 2026-01-31  100 MWh"), "{text}");
    assert!(text.trim_end().ends_with("entered by Ann, checked by Bo  counts"), "{text}");
    assert!(Path::new(&folder.join("data/tables/amounts")).is_dir());
}
