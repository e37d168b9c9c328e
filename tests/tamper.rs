//! A thousand altered bundles: none is shown by the trusted key.
//!
//! Whoever alters has repaired nothing, or the digests, or has the log's key for the bundle's signature
//! too: then proofs, copies and the recomputation have to find it. Without it all is signed anew by
//! another key.

mod sealed;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mrv::dataset::layout::Layout;
use mrv::dataset::parquet_file::FileWriter;
use mrv::dataset::rows::{self, MessageRow};
use mrv::dataset::schema::Table;
use mrv::dataset::{interval_rows, log_check, read};
use mrv::domain::decimal::Fixed6;
use mrv::domain::digest::Sha256Digest;
use mrv::domain::message::{Header, Kind, Payload};
use mrv::domain::reading::Channels;
use mrv::domain::time::Timestamp;
use mrv::domain::unit::Unit;
use mrv::evidence::checkpoint::{self, Checkpoint, key_pair};
use mrv::evidence::tree::TreeState;
use mrv::evidence::{dsse, leaf, leaf_hash};
use mrv::publish::registry::SealLeaf;
use mrv::report::bundle::{self, Facts, Wanted, archive, leaves, tags};
use mrv::report::recheck::{Ended, Outcome, recheck};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use sealed::{Sealed, sealed};

/// What is made wrong.
#[derive(Debug, Clone)]
enum Alter {
    /// A bit of the file.
    Bit(usize, u8),
    /// The file ends earlier.
    Cut(usize),
    /// A bit of an entry.
    EntryBit(usize, usize, u8),
    Drop(usize),
    Add(usize),
    Rename(usize),
    /// A digit of a figure of the report.
    Figure(usize),
    /// A digit of the plan, of a methodology or of an act, in the message itself.
    Act(usize, usize),
    /// A byte of a gateway's message.
    Payload(usize, usize),
    /// A message less, or twice, or two in the other order.
    Less(usize),
    Twice(usize),
    Swapped(usize),
    /// Received at another time, by another client, under another name.
    Header(usize, u8),
    /// Data begin later than the figures need.
    Later(usize),
    /// A row of a table: of which, which row, and what becomes of it.
    Row(RowsOf, usize, Row),
}

/// A table of the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowsOf {
    Readings,
    Conflicts,
    Intervals,
    /// Intervals by the day.
    Days,
}

/// What becomes of a row.
#[derive(Debug, Clone, Copy)]
enum Row {
    /// Its value is another.
    Value,
    /// It stands on another leaf.
    Leaf,
    Dropped,
    /// Another row like it, later.
    Added,
    Twice,
    /// It changes places with the one after it.
    Swapped,
}

/// What is repaired afterwards, each with what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Repair {
    Nothing,
    /// Manifests.
    Digests,
    /// The bundle's statement, by the log's own key.
    Statement,
    /// The file of leaves too, so that messages and leaves agree.
    Leaves,
    /// Proofs, checkpoint and all, by another key that the bundle names.
    OtherKey,
    /// The same, but it names the trusted key.
    OtherKeyUnnamed,
}

type Entries = BTreeMap<String, Vec<u8>>;

struct Original {
    kept: Sealed,
    zip: Vec<u8>,
    entries: Entries,
    other: (String, String),
    /// A folder in memory, where there is one.
    place: PathBuf,
}

fn original() -> &'static Original {
    static ORIGINAL: OnceLock<Original> = OnceLock::new();
    ORIGINAL.get_or_init(|| {
        let kept = sealed(1_000);
        let out = kept.folder.path().join("bundle.zip");
        let seal = SealLeaf { leaf: kept.seal_leaf, seal: kept.seal.clone() };
        let wanted = Wanted {
            data: &kept.layout,
            project: &kept.id,
            seal: &seal,
            version: 1,
            report: &kept.report,
            private_key: &kept.private_key,
            public_key: &kept.public_key,
            scratch: kept.folder.path(),
        };
        bundle::write(&wanted, &out, &mut |_| {}).unwrap();
        let mut zip = zip::ZipArchive::new(std::fs::File::open(&out).unwrap()).unwrap();
        let mut entries = Entries::new();
        for index in 0..zip.len() {
            let mut entry = zip.by_index(index).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            entries.insert(entry.name().unwrap().into_owned(), bytes);
        }
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory } else { kept.folder.path() };
        let place = place.join(format!("mrv-tamper-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        let other = key_pair("mrv.example.org", &[8; 32]).unwrap();
        Original { zip: std::fs::read(&out).unwrap(), kept, entries, other, place }
    })
}

/// A folder of one case.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = original().place.join(number.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// The messages of a bundle, in the order of leaves.
fn messages(entries: &Entries, place: &Path) -> Vec<MessageRow> {
    lay_out(entries, place);
    let layout = Layout::new(place.join("data"));
    let (id, facts) = (&original().kept.id, facts(entries));
    let mut found = Vec::new();
    let mut take = |row| {
        found.push(row);
        Ok::<_, mrv::dataset::DatasetError>(())
    };
    read::acts(&layout, id, facts.first_leaf, &mut take).unwrap();
    read::messages(&layout, id, facts.first_leaf, facts.log_size, &mut take).unwrap();
    read::messages(&layout, id, facts.seal_leaf, facts.seal_leaf + 1, &mut take).unwrap();
    found
}

fn facts(entries: &Entries) -> Facts {
    serde_json::from_slice(&entries[bundle::FACTS]).unwrap()
}

fn set_facts(entries: &mut Entries, facts: &Facts) {
    entries.insert(bundle::FACTS.to_owned(), facts.encode().into_bytes());
    entries.insert(bundle::KEY.to_owned(), format!("{}\n", facts.key).into_bytes());
}

fn lay_out(entries: &Entries, place: &Path) {
    for (name, bytes) in entries {
        archive::put(place, name, bytes).unwrap();
    }
}

/// Writes the messages anew: those before the first leaf, those from it on, and the seal's.
fn set_messages(entries: &mut Entries, place: &Path, rows: &[MessageRow]) {
    entries.retain(|name, _| !name.starts_with("data/tables/messages/"));
    let facts = facts(entries);
    let layout = Layout::new("data");
    let part = |leaf: i64| (leaf >= facts.first_leaf, leaf >= facts.log_size);
    for rows in rows.chunk_by(|a, b| part(a.leaf) == part(b.leaf)) {
        let refs: Vec<&MessageRow> = rows.iter().collect();
        let path = place.join("rows.parquet");
        let mut writer = FileWriter::create(&path, Table::Messages).unwrap();
        writer.write(&rows::messages(&refs).unwrap()).unwrap();
        writer.finish(&[]).unwrap();
        let month = rows[0].header.received_at.month();
        let (first, last) = (rows[0].leaf, rows[rows.len() - 1].leaf);
        let name = layout
            .table_month(Table::Messages, &original().kept.id, month)
            .join(Layout::batch_file_name(first.min(last), first.max(last), None));
        let name = name.to_str().unwrap().to_owned();
        entries.insert(name, std::fs::read(path).unwrap());
    }
}

/// Writes leaves that agree with the messages, where those are there.
fn repair_leaves(entries: &mut Entries, place: &Path, rows: &[MessageRow]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let (mut input, mut bytes) = (&entries[bundle::LEAVES][..], Vec::new());
    while let Ok(Some(())) = leaves::next(&mut input, &mut bytes) {
        all.push(bytes.clone());
    }
    let layout = Layout::new(place.join("data"));
    for row in rows {
        let commitment = log_check::commitment_of(&layout, row).unwrap();
        let header = Header { commitment, payload_len: row.payload.len(), ..row.header.clone() };
        if let Some(leaf) = all.get_mut(row.leaf as usize) {
            *leaf = leaf::encode(&header);
        }
    }
    let mut file = Vec::new();
    all.iter().for_each(|leaf| leaves::append(&mut file, leaf));
    entries.insert(bundle::LEAVES.to_owned(), file);
    all
}

/// A checkpoint of just these leaves with its proofs, by this key.
fn repair_proofs(entries: &mut Entries, leaves_here: &[Vec<u8>], private: &str) {
    let mut tree = TreeState::default();
    let hashes: Vec<_> = leaves_here.iter().map(|leaf| leaf_hash(leaf)).collect();
    tree.append(&hashes);
    let origin = checkpoint::origin("mrv.example.org", &original().kept.id);
    let signed = Checkpoint { origin, size: tree.size(), root: tree.root() };
    let note = checkpoint::sign(private, &signed, None).unwrap();
    let last = hashes.len() as u64 - 1;
    // The path of the last leaf: the roots of the whole subtrees before it.
    let mut path = Vec::new();
    let mut rest = &hashes[..hashes.len() - 1];
    while !rest.is_empty() {
        let count = (rest.len() + 1).next_power_of_two() / 2;
        let count = if (rest.len() + 1).is_power_of_two() { rest.len().div_ceil(2) } else { count };
        path.push(mrv::evidence::root_of(&rest[..count]));
        rest = &rest[count..];
    }
    path.reverse();
    let proof = leaves::inclusion(last, &path, &note);
    entries.insert(bundle::SEAL_PROOF.to_owned(), proof.into_bytes());
    let growth = leaves::growth(tree.size(), &[], &note);
    entries.insert(bundle::GROWTH.to_owned(), growth.into_bytes());
}

fn repair_digests(entries: &mut Entries) {
    let list = |entries: &Entries, wanted: &dyn Fn(&str) -> bool| -> Vec<tags::Listed> {
        let files = entries.iter().filter(|(name, _)| wanted(name));
        files
            .map(|(name, bytes)| (name.clone(), Sha256Digest::of(bytes), bytes.len() as u64))
            .collect()
    };
    let manifest = tags::manifest(&list(entries, &|name| name.starts_with("data/")));
    entries.insert(bundle::MANIFEST.to_owned(), manifest.into_bytes());
    let tag_manifest = tags::manifest(&list(entries, &|name| bundle::TAG_FILES.contains(&name)));
    entries.insert(bundle::TAG_MANIFEST.to_owned(), tag_manifest.into_bytes());
}

fn repair_statement(entries: &mut Entries, private: &str) {
    let Some(report) = entries.get(bundle::REPORT) else { return };
    let Ok(facts) = serde_json::from_slice(&entries[bundle::FACTS]) else { return };
    let tag_manifest = Sha256Digest::of(&entries[bundle::TAG_MANIFEST]);
    let statement = tags::statement(&facts, tag_manifest, Sha256Digest::of(report));
    let signed = dsse::sign(private, bundle::STATEMENT_TYPE, &statement).unwrap();
    entries.insert(bundle::STATEMENT.to_owned(), signed.into_bytes());
}

/// A digit replaced by another one, at the `nth` place from `from` on.
fn other_digit(bytes: &mut [u8], from: usize, nth: usize) -> bool {
    let digits: Vec<usize> = (from..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
    let Some(at) = digits.get(nth % digits.len().max(1)) else { return false };
    bytes[*at] = if bytes[*at] == b'9' { b'1' } else { bytes[*at] + 1 };
    true
}

/// Alters the `nth` of some rows; `later` makes a row of another time, `other` one of another value,
/// `moved` one of another leaf.
fn alter_nth<T: Copy>(
    rows: &mut Vec<T>,
    nth: usize,
    how: Row,
    (other, moved, later): (impl Fn(&mut T), impl Fn(&mut T), impl Fn(&mut T)),
) {
    let nth = nth % rows.len();
    match how {
        Row::Value => other(&mut rows[nth]),
        Row::Leaf => moved(&mut rows[nth]),
        Row::Dropped => drop(rows.remove(nth)),
        Row::Twice => rows.insert(nth, rows[nth]),
        Row::Added => {
            let mut row = rows[rows.len() - 1];
            later(&mut row);
            rows.push(row);
        }
        Row::Swapped => {
            let nth = nth % (rows.len() - 1);
            rows.swap(nth, nth + 1);
        }
    }
}

/// Alters a row of a table; false where the table has too few.
fn alter_table(entries: &mut Entries, place: &Path, of: RowsOf, nth: usize, how: Row) -> bool {
    lay_out(entries, place);
    let layout = Layout::new(place.join("data"));
    let id = &original().kept.id;
    let (table, begin, end) = match of {
        RowsOf::Readings => (Table::Readings, 0, Timestamp::END.us()),
        RowsOf::Conflicts => (Table::Conflicts, 0, Timestamp::END.us()),
        RowsOf::Intervals | RowsOf::Days => (Table::Intervals, 0, Timestamp::END.us()),
    };
    let is_by_day = of == RowsOf::Days;
    let layout = if is_by_day { mrv::dataset::day_rows::by_day(&layout) } else { layout };
    let months = read::months(&layout, table, id).unwrap();
    let Some(month) = months.get(nth % months.len().max(1)).copied() else { return false };
    let all = (Timestamp::from_us(begin), Timestamp::from_us(end));
    let mut channels = Channels::default();
    let unit = |_| Unit::parse("kWh").unwrap();
    let other =
        |value: &mut Fixed6| *value = Fixed6::from_micro(i128::from(value.micro()) + 1).unwrap();
    let hour = |at: &mut Timestamp| *at = Timestamp::from_us(at.us() + 1_000_000);
    let is_here = |at: Timestamp| at.month() == month;
    let columns = match of {
        RowsOf::Readings => {
            let keep = |one: &mrv::domain::reading::Reading| is_here(one.at);
            let (mut rows, _) = read::stored(&layout, id, &mut channels, all, keep).unwrap();
            if rows.len() < 2 {
                return false;
            }
            let alter = (
                |row: &mut mrv::domain::reading::Reading| other(&mut row.value),
                |row: &mut mrv::domain::reading::Reading| row.place.leaf += 1,
                |row: &mut mrv::domain::reading::Reading| hour(&mut row.at),
            );
            alter_nth(&mut rows, nth, how, alter);
            rows::readings(&rows, &channels, &unit).unwrap()
        }
        RowsOf::Conflicts => {
            let keep = |one: &mrv::domain::reading::Reading| is_here(one.at);
            let (_, mut rows) = read::stored(&layout, id, &mut channels, all, keep).unwrap();
            if rows.len() < 2 && matches!(how, Row::Swapped) || rows.is_empty() {
                return false;
            }
            let alter = (
                |row: &mut mrv::domain::reading::Conflict| other(&mut row.reading.value),
                |row: &mut mrv::domain::reading::Conflict| row.first.leaf += 1,
                |row: &mut mrv::domain::reading::Conflict| hour(&mut row.reading.at),
            );
            alter_nth(&mut rows, nth, how, alter);
            rows::conflicts(&rows, &channels, &unit).unwrap()
        }
        RowsOf::Intervals | RowsOf::Days => {
            let rows = interval_rows::between(&layout, id, &mut channels, all).unwrap();
            let mut rows: Vec<_> =
                rows.into_iter().filter(|row| is_here(row.start.start())).collect();
            let alter = (
                |row: &mut mrv::aggregate::interval::IntervalRow| match &mut row.value {
                    Some(value) => other(value),
                    None => row.covered_us += 1,
                },
                |row: &mut mrv::aggregate::interval::IntervalRow| {
                    row.leaves = row.leaves.map(|(first, last)| (first, last + 1));
                },
                |row: &mut mrv::aggregate::interval::IntervalRow| row.start.0 += 1,
            );
            alter_nth(&mut rows, nth, how, alter);
            interval_rows::intervals(&rows, &channels).unwrap()
        }
    };
    let path = place.join("rows.parquet");
    let mut writer = FileWriter::create(&path, table).unwrap();
    writer.write(&columns).unwrap();
    writer.finish(&[]).unwrap();
    let name = bundle::tables::entry(id, table, month, is_by_day);
    let before = entries.insert(name, std::fs::read(path).unwrap());
    before.is_some()
}

fn alter_rows(alter: &Alter, rows: &mut Vec<MessageRow>) {
    let count = rows.len();
    let inline = |row: &mut MessageRow, change: &mut dyn FnMut(&mut Vec<u8>)| {
        if let Payload::Inline(bytes) = &row.payload {
            let mut altered = bytes.to_vec();
            change(&mut altered);
            row.header.payload_len = altered.len() as u64;
            row.payload = Payload::Inline(altered.into());
        }
    };
    match alter {
        Alter::Act(nth, digit) => {
            let is_act = |row: &&mut MessageRow| {
                row.header.kind != Kind::Data && matches!(row.payload, Payload::Inline(_))
            };
            let acts: Vec<&mut MessageRow> = rows.iter_mut().filter(is_act).collect();
            let nth = nth % acts.len();
            let row = acts.into_iter().nth(nth).unwrap();
            inline(row, &mut |bytes| {
                other_digit(bytes, 0, *digit);
            });
        }
        Alter::Payload(nth, at) => {
            let data: Vec<&mut MessageRow> =
                rows.iter_mut().filter(|row| row.header.kind == Kind::Data).collect();
            let nth = nth % data.len();
            let row = data.into_iter().nth(nth).unwrap();
            inline(row, &mut |bytes| {
                let at = at % bytes.len();
                bytes[at] ^= 1;
            });
        }
        Alter::Less(nth) => drop(rows.remove(nth % count)),
        Alter::Twice(nth) => {
            let row = rows[nth % count].clone();
            rows.insert(nth % count, row);
        }
        Alter::Swapped(nth) => {
            // Contents change places, leaves stay.
            let (a, b) = (nth % (count - 1), nth % (count - 1) + 1);
            rows.swap(a, b);
            let leaf = rows[a].leaf;
            rows[a].leaf = rows[b].leaf;
            rows[b].leaf = leaf;
        }
        Alter::Header(nth, field) => {
            let header = &mut rows[nth % count].header;
            match field % 3 {
                0 => {
                    let later = header.received_at.us() + 1;
                    header.received_at = mrv::domain::time::Timestamp::from_us(later);
                }
                1 => header.client = "someone".into(),
                _ => header.name = format!("{}x", header.name).into(),
            }
        }
        _ => {}
    }
}

/// Alters a bundle and gives the zip; `None` where nothing would be altered.
fn altered(alter: &Alter, repair: Repair, place: &Path) -> Option<Vec<u8>> {
    let original = original();
    let zip = &original.zip;
    match alter {
        Alter::Bit(at, bit) => {
            let mut zip = zip.clone();
            let at = at % zip.len();
            zip[at] ^= 1 << (bit % 8);
            return Some(zip);
        }
        Alter::Cut(len) => return Some(zip[..len % zip.len()].to_vec()),
        _ => {}
    }
    let mut entries = original.entries.clone();
    let names: Vec<String> = entries.keys().cloned().collect();
    let name = |nth: &usize| names[nth % names.len()].clone();
    match alter {
        Alter::EntryBit(nth, at, bit) => {
            let name = name(nth);
            // A file of messages may have bytes that no reader looks at: rows are altered below.
            if repair >= Repair::Statement && name.ends_with(".parquet") {
                return None;
            }
            let bytes = entries.get_mut(&name).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= 1 << (bit % 8);
            // What the repair writes anew is not altered after all.
            let is_repaired = match repair {
                Repair::Nothing => false,
                Repair::Digests => {
                    [bundle::MANIFEST, bundle::TAG_MANIFEST].contains(&name.as_str())
                }
                _ => [bundle::MANIFEST, bundle::TAG_MANIFEST, bundle::STATEMENT]
                    .contains(&name.as_str()),
            };
            if is_repaired {
                return None;
            }
        }
        Alter::Drop(nth) => {
            let name = name(nth);
            let is_needed = repair > Repair::Nothing && !name.starts_with("data/");
            if is_needed || (repair > Repair::Digests && name == bundle::FACTS) {
                return None;
            }
            entries.remove(&name);
        }
        Alter::Add(nth) => {
            let more = [
                "data/notes.txt",
                "data/blobs/00",
                "data/documents/9-more.pdf",
                "data/tables/messages/project=other/month=2026-01/1.parquet",
                "more.txt",
                "data/log/checkpoint",
            ];
            entries.insert(more[nth % more.len()].to_owned(), b"more".to_vec());
        }
        Alter::Rename(nth) => {
            let name = name(nth);
            if repair > Repair::Nothing && !name.starts_with("data/") || name == bundle::FACTS {
                return None;
            }
            let bytes = entries.remove(&name).unwrap();
            entries.insert(format!("{name}x"), bytes);
        }
        Alter::Figure(nth) => {
            let report = entries.get_mut(bundle::REPORT).unwrap();
            let years = report.windows(7).position(|bytes| bytes == b"\"years\"").unwrap();
            other_digit(report, years, *nth);
        }
        Alter::Later(by) => {
            let mut facts = facts(&entries);
            facts.first_leaf += 1 + (*by as i64) % (facts.log_size - facts.first_leaf);
            let rows = messages(&entries, place);
            let is_there =
                |row: &&MessageRow| row.leaf >= facts.first_leaf || row.header.kind != Kind::Data;
            let rows: Vec<MessageRow> = rows.iter().filter(is_there).cloned().collect();
            set_facts(&mut entries, &facts);
            set_messages(&mut entries, place, &rows);
        }
        // What alters nothing is no case.
        Alter::Row(of, nth, how) if !alter_table(&mut entries, place, *of, *nth, *how) => {
            return None;
        }
        _ => {}
    }
    let is_of_rows = matches!(
        alter,
        Alter::Act(..)
            | Alter::Payload(..)
            | Alter::Less(_)
            | Alter::Twice(_)
            | Alter::Swapped(_)
            | Alter::Header(..)
    );
    let mut rows = Vec::new();
    if is_of_rows {
        rows = messages(&entries, place);
        alter_rows(alter, &mut rows);
        set_messages(&mut entries, place, &rows);
    }
    let mut private = &original.kept.private_key;
    if repair >= Repair::Leaves {
        if !is_of_rows {
            return None;
        }
        let leaves = repair_leaves(&mut entries, place, &rows);
        if repair >= Repair::OtherKey {
            private = &original.other.0;
            repair_proofs(&mut entries, &leaves, private);
            let mut facts = facts(&entries);
            if repair == Repair::OtherKey {
                facts.key = original.other.1.clone();
                facts.fingerprint = checkpoint::fingerprint(&facts.key);
            }
            // The seal says what its log came to; it is one of the leaves.
            let mut tree = TreeState::default();
            let sealed = &leaves[..(facts.log_size as usize).min(leaves.len())];
            tree.append(&sealed.iter().map(|leaf| leaf_hash(leaf)).collect::<Vec<_>>());
            facts.log_root = BASE64_STANDARD.encode(tree.root());
            set_facts(&mut entries, &facts);
        }
    }
    if repair >= Repair::Digests {
        repair_digests(&mut entries);
    }
    if repair >= Repair::Statement {
        repair_statement(&mut entries, private);
    }
    let bag = place.join("bag");
    lay_out(&entries, &bag);
    let names: Vec<String> = entries.keys().cloned().collect();
    let mut out = std::io::Cursor::new(Vec::new());
    archive::write(&bag, &names, &mut out).unwrap();
    (out.get_ref() != zip).then(|| out.into_inner())
}

fn outcome(zip: &[u8], place: &Path) -> Outcome {
    let path = place.join("altered.zip");
    std::fs::File::create(&path).unwrap().write_all(zip).unwrap();
    let key = &original().kept.public_key;
    recheck(&path, Some(key), place, &mut |_| {}).unwrap()
}

fn ended(zip: &[u8], place: &Path) -> (Ended, String) {
    let outcome = outcome(zip, place);
    let first = outcome.findings.first().map(|one| format!("{}: {}", one.place, one.what));
    (outcome.ended, first.unwrap_or_default())
}

fn rows_of() -> impl Strategy<Value = RowsOf> {
    prop_oneof![
        3 => Just(RowsOf::Readings),
        1 => Just(RowsOf::Conflicts),
        3 => Just(RowsOf::Intervals),
        1 => Just(RowsOf::Days)
    ]
}

fn how() -> impl Strategy<Value = Row> {
    let all = [Row::Value, Row::Leaf, Row::Dropped, Row::Added, Row::Twice, Row::Swapped];
    (0..all.len()).prop_map(move |nth| all[nth])
}

fn alteration() -> impl Strategy<Value = (Alter, Repair)> {
    let n = || any::<usize>();
    let alter = prop_oneof![
        2 => (n(), any::<u8>()).prop_map(|(a, b)| Alter::Bit(a, b)),
        1 => n().prop_map(Alter::Cut),
        4 => (n(), n(), any::<u8>()).prop_map(|(a, b, c)| Alter::EntryBit(a, b, c)),
        1 => n().prop_map(Alter::Drop),
        1 => n().prop_map(Alter::Add),
        1 => n().prop_map(Alter::Rename),
        2 => n().prop_map(Alter::Figure),
        3 => (n(), n()).prop_map(|(a, b)| Alter::Act(a, b)),
        3 => (n(), n()).prop_map(|(a, b)| Alter::Payload(a, b)),
        2 => n().prop_map(Alter::Less),
        2 => n().prop_map(Alter::Twice),
        2 => n().prop_map(Alter::Swapped),
        1 => (n(), any::<u8>()).prop_map(|(a, b)| Alter::Header(a, b)),
        1 => n().prop_map(Alter::Later),
        5 => (rows_of(), n(), how()).prop_map(|(of, nth, how)| Alter::Row(of, nth, how)),
    ];
    let repair = prop_oneof![
        1 => Just(Repair::Nothing),
        1 => Just(Repair::Digests),
        4 => Just(Repair::Statement),
        2 => Just(Repair::Leaves),
        1 => Just(Repair::OtherKey),
        1 => Just(Repair::OtherKeyUnnamed),
    ];
    (alter, repair)
}

/// Runs cases until as many were altered; gives how many ended at each kind of place.
fn run(cases: u32) -> BTreeMap<String, u32> {
    let mut runner = TestRunner::new(Config { cases, ..Config::default() });
    let told = std::cell::RefCell::new(BTreeMap::new());
    let result = runner.run(&alteration(), |(alter, repair)| {
        let place = Place::new();
        let Some(zip) = altered(&alter, repair, &place.0) else {
            return Err(TestCaseError::reject("nothing is altered"));
        };
        let (ended, first) = ended(&zip, &place.0);
        prop_assert!(ended == Ended::Differs && !first.is_empty(), "{ended:?} {first}");
        // What was repaired up to the signature is found by its content.
        let layer = first.split(|letter: char| letter.is_ascii_digit()).next().unwrap_or("");
        *told.borrow_mut().entry(layer.chars().take(60).collect()).or_default() += 1;
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    told.into_inner()
}

#[test]
fn none_of_a_thousand_altered_bundles_is_shown() {
    let place = Place::new();
    let (whole, said) = ended(&original().zip, &place.0);
    assert_eq!(whole, Ended::Shown, "{said}");
    let told = std::thread::scope(|scope| {
        let halves = [scope.spawn(|| run(500)), scope.spawn(|| run(500))];
        let mut told: BTreeMap<String, u32> = BTreeMap::new();
        for half in halves {
            for (layer, count) in half.join().unwrap() {
                *told.entry(layer).or_default() += count;
            }
        }
        told
    });
    println!("{told:#?}");
    assert_eq!(told.values().sum::<u32>(), 1_000);
    let of = |start: &str| -> u32 {
        told.iter().filter(|(layer, _)| layer.starts_with(start)).map(|(_, count)| count).sum()
    };
    // The deeper layers were reached, not only digests.
    for layer in [
        "leaf ",
        "the key",
        "/years",
        "statement.dsse.json",
        "data/plans",
        "data/tables/readings",
        "data/tables/intervals",
    ] {
        assert!(of(layer) > 0, "{layer}: {told:#?}");
    }
}

#[test]
fn every_entry_that_is_missing_is_missed_whatever_is_repaired() {
    let place = Place::new();
    let entries = original().entries.len();
    for (nth, repair) in (0..entries).flat_map(|nth| {
        [Repair::Nothing, Repair::Digests, Repair::Statement, Repair::Leaves].map(|r| (nth, r))
    }) {
        let Some(zip) = altered(&Alter::Drop(nth), repair, &place.0) else { continue };
        let (ended, first) = ended(&zip, &place.0);
        let name = original().entries.keys().nth(nth).unwrap();
        assert!(ended == Ended::Differs && !first.is_empty(), "{name}, {repair:?}: {ended:?}");
    }
}

/// A row of a table that is another, missing, too much or elsewhere never passes, whoever signed it.
#[test]
fn every_kind_of_altered_row_is_found_and_named() {
    let place = Place::new();
    for (of, folder, table) in [
        (RowsOf::Readings, "tables/readings", "readings"),
        (RowsOf::Conflicts, "tables/conflicts", "conflicts"),
        (RowsOf::Intervals, "tables/intervals", "intervals"),
        (RowsOf::Days, "by-day/tables/intervals", "intervals"),
    ] {
        for how in [Row::Value, Row::Leaf, Row::Dropped, Row::Added, Row::Twice, Row::Swapped] {
            for nth in [1, 2] {
                let alter = Alter::Row(of, nth, how);
                let place = Place(place.0.join(format!("{of:?}-{how:?}-{nth}")));
                std::fs::create_dir_all(&place.0).unwrap();
                let Some(zip) = altered(&alter, Repair::Statement, &place.0) else {
                    assert_eq!(of, RowsOf::Conflicts, "{alter:?} alters nothing");
                    continue;
                };
                let outcome = outcome(&zip, &place.0);
                assert_eq!(outcome.ended, Ended::Differs, "{alter:?}");
                let first = &outcome.findings[0];
                assert!(first.place.starts_with(&format!("data/{folder}/")), "{first:?}");
                let row = &outcome.rows[0];
                assert_eq!((row.table.as_str(), row.channel.as_str()), (table, "site/roof/EG"));
                assert_ne!(row.stated, row.here, "{row:?}");
                assert!(outcome.rows.len() <= 2 * 20, "the list is bounded");
            }
        }
    }
}

/// One digit of a gateway's message: the message, its reading and the intervals around it.
#[test]
fn an_altered_message_is_named_with_its_readings_and_intervals() {
    let place = Place::new();
    let rows = messages(&original().entries, &place.0);
    let data: Vec<&MessageRow> = rows.iter().filter(|row| row.header.kind == Kind::Data).collect();
    // A message inside the period, and the last whole digit of its sixth value.
    let nth = data.len() / 2;
    let Payload::Inline(bytes) = &data[nth].payload else { panic!("a payload in a blob") };
    let points = bytes.windows(5).enumerate().filter(|(_, bytes)| *bytes == b".125\"");
    let digit = points.map(|(at, _)| at).nth(5).unwrap() - 1;
    let alter = Alter::Payload(nth, digit);
    let zip = altered(&alter, Repair::Statement, &place.0).unwrap();
    let outcome = outcome(&zip, &place.0);
    assert_eq!(outcome.ended, Ended::Differs);
    let first = &outcome.findings[0];
    assert_eq!(first.place, format!("leaf {}", data[nth].leaf), "{first:?}");
    for said in ["data/tables/messages/", "row group 0", "it decodes to 12 readings"] {
        assert!(first.what.contains(said), "{said}: {}", first.what);
    }
    let of = |table: &str| outcome.rows.iter().filter(|row| row.table == table).count();
    let reading = &outcome.rows[0];
    assert_eq!((reading.table.as_str(), reading.field.as_str()), ("readings", "value"));
    let micro = |text: &Option<String>| {
        let value = mrv::domain::decimal::Decimal::parse(text.as_deref().unwrap()).unwrap();
        value.coefficient() * 10i128.pow(u32::try_from(value.exponent() + 6).unwrap())
    };
    assert_eq!((micro(&reading.stated) - micro(&reading.here)).abs(), 1_000_000, "{reading:?}");
    assert!(of("intervals") >= 8, "the quarter hours before and after it: {:?}", outcome.rows);
    assert!(outcome.findings.iter().any(|one| one.place.starts_with("data/tables/intervals/")));
    let places: Vec<&str> = outcome.findings.iter().map(|one| one.place.as_str()).collect();
    assert!(!outcome.held.iter().any(|held| held.contains("byte for byte")), "{places:?}");
}
