//! The power fails: every call by which the daemon writes is recorded in a scripted run, and the run is
//! cut off after each of them on a disk that keeps of what was not synced whatever it likes. Each
//! folder that may be found then is opened by the daemon's own recovery: what was acknowledged is
//! there, the log is a beginning of the run's log, every table is what that log gives.
//!
//! After each call it tries the two plain outcomes and two of the others in turn, and recovers every
//! fourth folder twice; with `MRV_OUTCOMES=all` (`make power-loss`) all of them.

mod disk;
mod power_loss_run;
mod raw_mqtt;
mod strace;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use disk::{Disk, Fate, Found, Ignored, Pending};
use mrv::config::daemon::DaemonConfig;
use mrv::daemon::engine::Engine;
use mrv::daemon::request::{Answer, Request};
use mrv::dataset::layout::Layout;
use mrv::dataset::schema::Table;
use mrv::dataset::table_digest::table_digest;
use mrv::dataset::{DatasetError, commit, log_check, read};
use mrv::domain::digest::Sha256Digest;
use mrv::domain::id::ProjectId;
use mrv::domain::message::{Kind, Message, Payload};
use mrv::publish::Project;
use mrv::sources::accounts::Accounts;
use power_loss_run::{Event, PROJECTS, Run};

/// Cuts that were tried, and different folders that were recovered.
#[derive(Debug, Default, Clone, Copy)]
struct Tried {
    cuts: usize,
    folders: usize,
}

/// The run, recorded once for all tests; `None` where it cannot be recorded.
fn run() -> Option<&'static Run> {
    static RUN: OnceLock<Option<Run>> = OnceLock::new();
    let run = RUN.get_or_init(|| strace::is_there().then(Run::record)).as_ref();
    if run.is_none() {
        println!("LEFT OUT: strace is absent or may not trace here; run `make setup`");
    }
    run
}

#[test]
fn each_acknowledgement_follows_the_fdatasync_that_covers_its_message() {
    let Some(run) = run() else { return };
    let checked = acknowledgements(run, |_| false).unwrap();
    assert_eq!(checked, run.sent.len(), "each message was acknowledged once");
    println!("{checked} acknowledgements, each after the fdatasync that covers its message");
    // Without the syncs of the journal, none of them would be covered.
    let error = acknowledgements(run, |name| name.ends_with(".seg")).unwrap_err();
    assert!(error.contains("before an fdatasync"), "{error}");
}

/// Looks at every acknowledgement; gives how many there are. `is_blind` leaves syncs of files out.
fn acknowledgements(run: &Run, is_blind: impl Fn(&str) -> bool) -> Result<usize, String> {
    let mut count = 0;
    for (event, place) in &run.events {
        let Event::Acknowledged(id) = event else { continue };
        let sent = run.sent.iter().find(|sent| sent.packet_id == *id).expect("it was sent");
        // A large payload is journaled by its hash.
        let proof: &[u8] = match sent.payload.len() > 1 << 16 {
            true => &Sha256Digest::of(&sent.payload).0,
            false => &sent.payload,
        };
        let of_journal = |call: &&strace::Call| {
            let is_file = !matches!(call.name.as_str(), "openat" | "mkdir" | "rename" | "unlink");
            is_file && call.descriptor(0).1.extension().is_some_and(|end| end == "seg")
        };
        let calls = || run.calls.iter().filter(of_journal);
        let written = calls().find(|call| {
            call.name == "pwrite64"
                && call.bytes().windows(proof.len()).any(|window| window == proof)
        });
        let written = written.ok_or(format!("message {id} never came into the journal"))?;
        let (_, segment) = written.descriptor(0);
        let covering = calls().find(|call| {
            let (_, synced) = call.descriptor(0);
            call.name == "fdatasync"
                && synced == segment
                && !is_blind(&synced.to_string_lossy())
                && call.begin > written.end
                && call.end < *place
        });
        if covering.is_none() {
            return Err(format!("message {id} was acknowledged before an fdatasync covered it"));
        }
        count += 1;
    }
    Ok(count)
}

#[test]
fn a_power_cut_anywhere_loses_nothing_acknowledged_and_no_row_is_there_twice() {
    let Some(run) = run() else { return };
    let expected = Expected::of(run);
    let tried = try_all(run, &expected, Ignored::Nothing, usize::MAX).unwrap();
    println!(
        "{} calls, {} cuts, {} different folders recovered",
        run.calls.len(),
        tried.cuts,
        tried.folders
    );
    assert!(tried.cuts > 500 && tried.folders > 500, "{tried:?}: the script has become too short");
}

#[test]
fn syncs_that_do_nothing_are_found_out() {
    let Some(run) = run() else { return };
    let expected = Expected::of(run);
    for ignored in [Ignored::Folders, Ignored::Files(".seg"), Ignored::Files("COMMIT.next")] {
        let found = try_all(run, &expected, ignored, 1);
        let told = found.expect_err(&format!("{ignored:?}: nothing was found"));
        println!("{ignored:?}: {told}");
    }
}

/// What becomes of the things that were not synced, in ways that have broken programs.
fn outcomes(disk: &Disk) -> Vec<(&'static str, Box<dyn Fn(Pending) -> Fate>)> {
    fn when(is_kept: bool) -> Fate {
        if is_kept { Fate::Kept } else { Fate::Lost }
    }
    let pending = disk.pending();
    let middle = pending.get(pending.len() / 2).copied().unwrap_or(0);
    let place = move |number: usize| pending.iter().position(|one| *one == number).unwrap_or(0);
    let other = place.clone();
    vec![
        ("nothing", Box::new(|_| Fate::Lost)),
        ("everything", Box::new(|_| Fate::Kept)),
        ("every other", Box::new(move |one| when(place(one.number) % 2 == 0))),
        ("every other one", Box::new(move |one| when(other(one.number) % 2 == 1))),
        ("names", Box::new(|one| when(one.is_name))),
        ("bytes", Box::new(|one| when(!one.is_name))),
        ("the later half", Box::new(move |one| when(one.number >= middle))),
        ("the last", Box::new(|one| when(one.is_last))),
        ("all but the last", Box::new(|one| when(!one.is_last))),
        ("the last torn", Box::new(|one| if one.is_last { Fate::Head } else { Fate::Kept })),
        (
            "the last torn, its end alone",
            Box::new(|one| if one.is_last { Fate::Tail } else { Fate::Kept }),
        ),
        ("all torn", Box::new(|one| if one.is_name { Fate::Kept } else { Fate::Head })),
    ]
}

/// Cuts the run after every call that had an effect, with every outcome; stops at the first that
/// recovery does not stand. With `failures` of 1, looks for one only.
fn try_all(
    run: &Run,
    expected: &Expected,
    ignored: Ignored,
    failures: usize,
) -> Result<Tried, String> {
    let tries_all = std::env::var("MRV_OUTCOMES").is_ok_and(|which| which == "all");
    let mut disk = Disk::of_start(run, ignored);
    let mut seen = HashSet::new();
    let mut known = HashSet::new();
    let mut tried = Tried::default();
    let queue: Mutex<Vec<(String, Found, State)>> = Mutex::new(Vec::new());
    let failed: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let recovered = AtomicUsize::new(0);
    let work = || {
        while let Some((what, found, state)) = { queue.lock().unwrap().pop() } {
            if !failed.lock().unwrap().is_empty() {
                return;
            }
            let is_repeated =
                recovered.fetch_add(1, Ordering::Relaxed).is_multiple_of(4) || tries_all;
            if let Err(error) = check(run, expected, &found, &state, is_repeated) {
                failed.lock().unwrap().push(format!("{what}: {error}"));
            }
        }
    };
    let mut events = run.events.iter().peekable();
    let mut state = State::default();
    let last = run.calls.len();
    for (number, call) in run.calls.iter().enumerate() {
        while let Some((event, _)) = events.next_if(|(_, place)| *place <= call.begin) {
            state.add(run, event);
        }
        if !disk.apply(call) {
            continue;
        }
        let all = outcomes(&disk);
        let others = all.len() - 2;
        for (place, (name, fate)) in all.into_iter().enumerate() {
            let is_its_turn = place < 2 || (place - 2) % (others / 2) == number % (others / 2);
            if !is_its_turn && !tries_all {
                continue;
            }
            tried.cuts += 1;
            let (found, fates) = disk.after_cut(&*fate);
            if !seen.insert((disk.generation, state.clone(), fates)) {
                continue;
            }
            if !known.insert((fingerprint(&found), state.clone())) {
                continue;
            }
            let what = format!("cut after call {number} of {last} ({call}), {name} kept");
            queue.lock().unwrap().push((what, found, state.clone()));
        }
        // In portions, so that the folders that wait stay few.
        if queue.lock().unwrap().len() > 200 || failures == 1 {
            std::thread::scope(|scope| {
                scope.spawn(work);
                scope.spawn(work);
            });
            if !failed.lock().unwrap().is_empty() {
                break;
            }
        }
    }
    work();
    tried.folders = recovered.load(Ordering::Relaxed);
    match failed.into_inner().unwrap().into_iter().next() {
        Some(error) => Err(error),
        None => Ok(tried),
    }
}

fn fingerprint(found: &Found) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    found.hash(&mut hasher);
    hasher.finish()
}

impl Disk {
    /// The folder as the run began, with the files that were dropped into it later.
    fn of_start(run: &Run, ignored: Ignored) -> Self {
        let mut disk = Self::of(run.start.path(), ignored);
        disk.moved_to(run.folder.path());
        for (path, bytes) in &run.dropped {
            disk.expect(path.clone(), bytes.clone());
        }
        disk
    }
}

/// What the world knows at a moment of the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct State {
    /// Per project, how many of its leaves are acknowledged at least.
    leaves: BTreeMap<String, usize>,
    /// Files that were dropped.
    dropped: usize,
}

impl State {
    fn add(&mut self, run: &Run, event: &Event) {
        let (project, leaves) = match event {
            Event::Acknowledged(id) => {
                let sent = run.sent.iter().find(|sent| sent.packet_id == *id).expect("it was sent");
                let log = &run.logs[sent.project];
                let place = log.iter().position(|message| is_payload(message, &sent.payload));
                (sent.project, place.expect("it is in the log") + 1)
            }
            Event::Recorded { project, leaf } => {
                let project = PROJECTS.into_iter().find(|known| known == project).expect("known");
                (project, *leaf + 1)
            }
            Event::Dropped(count) => {
                self.dropped = *count;
                return;
            }
        };
        let known = self.leaves.entry(project.to_owned()).or_default();
        *known = (*known).max(leaves);
    }
}

fn is_payload(message: &Message, payload: &[u8]) -> bool {
    match &message.payload {
        Payload::Inline(bytes) => bytes == payload,
        Payload::Blob(blob) => blob.sha256 == Sha256Digest::of(payload),
    }
}

/// The tables that a beginning of each project's log gives.
struct Expected {
    digests: BTreeMap<(&'static str, usize), Vec<String>>,
}

impl Expected {
    fn of(run: &Run) -> Self {
        let mut digests = BTreeMap::new();
        for project in PROJECTS {
            let log = &run.logs[project];
            for count in 0..=log.len() {
                let folder = tempfile::tempdir().unwrap();
                let layout = Layout::new(folder.path());
                copy(&run.layout().blobs(), &layout.blobs());
                let id = ProjectId::parse(project).unwrap();
                let mut opened = Project::open(&layout, &id, &run.signer()).unwrap();
                opened.publish(log[..count].to_vec(), count as u64).unwrap();
                opened.refresh_intervals().unwrap();
                digests.insert((project, count), tables(&layout, &id).unwrap());
            }
        }
        Self { digests }
    }
}

fn tables(layout: &Layout, id: &ProjectId) -> Result<Vec<String>, DatasetError> {
    let digest = |table: Table| {
        let (digest, count) = table_digest(layout, table, id)?;
        Ok(format!("{} {count} {digest}", table.name()))
    };
    Table::ALL.into_iter().map(digest).collect()
}

/// Recovers a folder that was found, also twice, and looks at everything that is promised of it.
fn check(
    run: &Run,
    expected: &Expected,
    found: &Found,
    state: &State,
    is_repeated: bool,
) -> Result<(), String> {
    let shared_memory = Path::new("/dev/shm");
    let folder = match shared_memory.is_dir() {
        true => tempfile::tempdir_in(shared_memory),
        false => tempfile::tempdir(),
    };
    let folder = folder.unwrap();
    for (path, bytes) in found {
        match bytes {
            None => std::fs::create_dir_all(folder.path().join(path)).unwrap(),
            Some(bytes) => std::fs::write(folder.path().join(path), bytes).unwrap(),
        }
    }
    let layout = Layout::new(folder.path().join("data"));
    Accounts::open(&layout.credentials()).map_err(|error| error.to_string())?;
    let first = recover(&layout)?;
    let counts = compare(run, expected, &layout, state)?;
    if is_repeated
        && (recover(&layout)? != first || compare(run, expected, &layout, state)? != counts)
    {
        return Err("recovered twice, it is not the same".to_owned());
    }
    check_inbox(run, &layout, state)
}

/// Opens the folder as the daemon does, publishes what its journal holds, and closes it.
fn recover(layout: &Layout) -> Result<Vec<Vec<String>>, String> {
    let config = DaemonConfig::parse("mrv.toml", power_loss_run::LIMITS).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let engine = Engine::open(layout, &config).map_err(|error| format!("open: {error}"))?;
    let done = runtime.block_on(engine.carry_out(Request::Flush));
    engine.close();
    match done {
        Ok(Answer::Done) => {}
        other => return Err(format!("publish: {other:?}")),
    }
    let ids = layout.projects().map_err(|error| error.to_string())?;
    ids.iter().map(|id| tables(layout, id).map_err(|error| error.to_string())).collect()
}

/// Compares log, tables and reports; gives how many leaves each project has.
fn compare(
    run: &Run,
    expected: &Expected,
    layout: &Layout,
    state: &State,
) -> Result<Vec<usize>, String> {
    let mut counts = Vec::new();
    for project in PROJECTS {
        let id = ProjectId::parse(project).unwrap();
        let log = &run.logs[project];
        let stored = messages(layout, &id).map_err(|error| error.to_string())?;
        if stored.len() > log.len() || stored != log[..stored.len()] {
            return Err(format!("{project}: the log is no beginning of the run's"));
        }
        let acknowledged = state.leaves.get(project).copied().unwrap_or(0);
        if stored.len() < acknowledged {
            let there = stored.len();
            return Err(format!("{project}: {there} leaves, {acknowledged} were acknowledged"));
        }
        if tables(layout, &id).ok().as_ref() != expected.digests.get(&(project, stored.len())) {
            let there = stored.len();
            return Err(format!("{project}: the tables are not what {there} leaves give"));
        }
        if !stored.is_empty() {
            let report = log_check::check(layout, &id, &run.public_key());
            let report = report.map_err(|error| error.to_string())?;
            if !report.findings.is_empty() {
                return Err(format!("{project}: {:?}", report.findings));
            }
        }
        let seals = stored.iter().filter(|message| message.kind == Kind::Seal).count();
        let reports = sealed_reports(layout, &id);
        if seals != reports {
            return Err(format!("{project}: {seals} seals, {reports} sealed reports"));
        }
        counts.push(stored.len());
    }
    Ok(counts)
}

fn messages(layout: &Layout, id: &ProjectId) -> Result<Vec<Message>, DatasetError> {
    let mut all = Vec::new();
    let next = commit::read(layout, id)?.next_leaf;
    read::messages(layout, id, 0, next, |row| {
        all.push(power_loss_run::message(id, row));
        Ok::<_, DatasetError>(())
    })?;
    Ok(all)
}

/// Sealed reports whose files are all there and not empty.
fn sealed_reports(layout: &Layout, id: &ProjectId) -> usize {
    let Ok(periods) = std::fs::read_dir(layout.reports(id)) else { return 0 };
    let sealed = periods.map(|period| period.unwrap().path().join("v1"));
    let is_whole = |folder: &std::path::PathBuf| {
        ["report.json", "report.html", "report.xlsx"].into_iter().all(|name| {
            std::fs::metadata(folder.join(name)).is_ok_and(|metadata| metadata.len() > 0)
        })
    };
    sealed.filter(is_whole).count()
}

/// A dropped file is where it was dropped, or in `done/` and then in the log.
fn check_inbox(run: &Run, layout: &Layout, state: &State) -> Result<(), String> {
    for (path, bytes) in &run.dropped[..state.dropped] {
        let below = path.strip_prefix(run.layout().inboxes()).unwrap();
        let project = below.iter().next().and_then(|name| name.to_str()).unwrap();
        let waiting = layout.inboxes().join(below);
        let done = waiting.with_file_name("done").join(waiting.file_name().unwrap());
        let id = ProjectId::parse(project).unwrap();
        let stored = messages(layout, &id).map_err(|error| error.to_string())?;
        let is_stored = stored.iter().any(|message| is_payload(message, bytes));
        let is_same = |path: &Path| std::fs::read(path).is_ok_and(|found| found == *bytes);
        match (is_same(&waiting), is_same(&done)) {
            (false, false) => return Err(format!("{} is nowhere", below.display())),
            (_, true) if !is_stored => {
                return Err(format!("{} is done and not in the log", below.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    let Ok(entries) = std::fs::read_dir(from) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
