//! The inbox: a folder per project where files are dropped.
//!
//! `inbox/<project>/<name>`: `*.part` and hidden files are left alone. A file is stored, journaled,
//! and moves to `done/` after the fsync, whatever it holds; once it is decoded, `<name>.result.json`
//! beside it says what became of its items. What cannot be journaled (no such project, a name no
//! message can have) moves to `refused/` with a `.reason.txt`. Nothing is ever overwritten: a name
//! that is taken gets `~2`, `~3`, ...

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::SourceError;
use crate::dataset::layout::Layout;
use crate::dataset::outcome::{self, Outcome};
use crate::dataset::{blob, durable};
use crate::domain::digest::Sha256Digest;
use crate::domain::id::ProjectId;
use crate::domain::message::{Draft, Kind, NAME_BYTES_MAX, Nonce, Source};
use crate::journal::Journal;

/// A file is taken once it was seen unchanged for this long.
pub const QUIET: Duration = Duration::from_secs(1);

/// What was seen of files at the looks before. Times of writing are compared with each other only,
/// never with the clock: it may be set back or forward at any moment.
#[derive(Debug, Default)]
pub struct Seen(BTreeMap<PathBuf, (Written, Instant)>);

/// Length and time of the last write.
type Written = Option<(u64, SystemTime)>;

impl Seen {
    /// True if files were seen that have not been unchanged for [`QUIET`] yet.
    #[must_use]
    pub fn has_fresh(&self, now: Instant) -> bool {
        self.0.values().any(|(_, since)| now.duration_since(*since) < QUIET)
    }
}

/// A file waiting in an inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub path: PathBuf,
    /// As in the folder's name; `None`: the name is no id.
    pub project: Option<ProjectId>,
    pub name: String,
}

/// The files that wait in all inboxes, sorted by path, and are unchanged since [`QUIET`] as far as
/// `seen` knows, which learns what this look sees. `now`: of a clock that is never set.
///
/// # Errors
/// When a folder cannot be listed.
pub fn waiting(
    layout: &Layout,
    seen: &mut Seen,
    now: Instant,
) -> Result<Vec<Waiting>, SourceError> {
    let before = std::mem::take(&mut seen.0);
    let mut found = Vec::new();
    for folder in list(&layout.inboxes())?.into_iter().filter(|path| is_folder(path)) {
        let id = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let project = ProjectId::parse(id).ok();
        for path in list(&folder)? {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let name = name.unwrap_or_default();
            let is_left_alone = name.starts_with('.') || name.ends_with(".part");
            // A link may point anywhere, at a key too: it is refused, never followed.
            let is_link = path.is_symlink();
            if is_left_alone || !(is_link || path.is_file()) {
                continue;
            }
            let written = written(&path);
            let known = before.get(&path).filter(|(known, _)| *known == written);
            let since = known.map_or(now, |(_, since)| *since);
            seen.0.insert(path.clone(), (written, since));
            if !is_link && now.duration_since(since) < QUIET {
                continue;
            }
            found.push(Waiting { path, project: project.clone(), name });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// What lies where nobody looks: files beside the projects' folders, and folders inside them other
/// than `done/` and `refused/`.
///
/// # Errors
/// When a folder cannot be listed.
pub fn stray(layout: &Layout) -> Result<Vec<PathBuf>, SourceError> {
    let mut found = Vec::new();
    for path in list(&layout.inboxes())? {
        if !is_folder(&path) {
            found.push(path);
            continue;
        }
        let is_ours = |path: &PathBuf| path.ends_with("done") || path.ends_with("refused");
        found.extend(list(&path)?.into_iter().filter(|path| path.is_dir() && !is_ours(path)));
    }
    Ok(found)
}

/// What became of a waiting file, with its path afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    Journaled(PathBuf),
    Refused(PathBuf),
    /// Somebody still writes it: it was journaled as far as it went and stays, to be taken again.
    StillWritten,
}

/// Journals one waiting file and moves it to `done/`, or to `refused/` where it cannot be one of the
/// project's messages.
///
/// # Errors
/// When it cannot be read, stored, journaled or moved; it is then still where it was.
pub async fn take(
    layout: &Layout,
    journal: &Journal,
    is_known: impl Fn(&ProjectId) -> bool,
    file: Waiting,
) -> Result<Taken, SourceError> {
    if file.path.is_symlink() {
        return refuse(&file.path, "a link is not followed; copy the file itself");
    }
    let project = match &file.project {
        Some(project) if is_known(project) => project.clone(),
        _ => return refuse(&file.path, "no project of this name; apply its plan first"),
    };
    if file.name.len() > NAME_BYTES_MAX {
        return refuse(&file.path, "the name is too long for a message");
    }
    let before = written(&file.path);
    let (layout, path, name) = (layout.clone(), file.path.clone(), file.name);
    // A large file is copied beside the runtime: gateways go on being acknowledged.
    let stored =
        tokio::task::spawn_blocking(move || draft(&layout, project, &path, &name, "inbox"));
    let draft = stored.await.map_err(|error| SourceError::Task(error.to_string()))??;
    journal.append(vec![draft]).await?;
    if written(&file.path) != before {
        return Ok(Taken::StillWritten);
    }
    Ok(Taken::Journaled(move_to(&file.path, "done")?))
}

/// The message of a file: its bytes are stored when this returns.
///
/// # Errors
/// When it cannot be read or stored.
pub fn draft(
    layout: &Layout,
    project: ProjectId,
    path: &Path,
    name: &str,
    client: &str,
) -> Result<Draft, SourceError> {
    let mut nonce = Nonce([0; 16]);
    getrandom::fill(&mut nonce.0).map_err(|error| SourceError::Random(error.to_string()))?;
    let mut input = std::fs::File::open(path).map_err(SourceError::io("open", path))?;
    let stored = blob::store(layout, &mut input, path, nonce)?;
    Ok(Draft {
        project,
        kind: Kind::Data,
        source: Source::File,
        client: client.into(),
        name: name.into(),
        payload: stored.payload,
        nonce: stored.nonce,
    })
}

/// Writes `<name>.result.json` beside every file of `done/` that has none and whose leaf is decoded.
/// `decoded` gives the leaf below which everything of a project is decoded. Gives the results.
///
/// # Errors
/// When a file cannot be read or written.
pub fn write_results(
    layout: &Layout,
    decoded: impl Fn(&ProjectId) -> Option<i64>,
) -> Result<Vec<(String, Outcome)>, SourceError> {
    let mut results = Vec::new();
    for folder in list(&layout.inboxes())?.into_iter().filter(|path| is_folder(path)) {
        let id = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Ok(project) = ProjectId::parse(id) else { continue };
        let Some(decoded) = decoded(&project) else { continue };
        let mut waiting = Vec::new();
        for path in list(&folder.join("done"))? {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let name = name.unwrap_or_default();
            let result = path.with_file_name(format!("{name}.result.json"));
            if name.ends_with(".result.json") || name.ends_with(".next") || result.exists() {
                continue;
            }
            let file = (original(&name).to_owned(), hash(&path)?);
            waiting.push((name, result, file));
        }
        if waiting.is_empty() {
            continue;
        }
        let wanted = waiting.iter().map(|(_, _, file)| file.clone()).collect();
        let found = outcome::find_files(layout, &project, &wanted)?;
        for (name, result, file) in waiting {
            let Some(leaf) = found.get(&file).filter(|leaf| **leaf < decoded) else { continue };
            let outcome = outcome::outcome(layout, &project, *leaf)?;
            let text = serde_json::to_vec_pretty(&outcome)
                .map_err(|error| SourceError::Result(result.display().to_string(), error))?;
            durable::replace(&result, &text)?;
            results.push((name, outcome));
        }
    }
    Ok(results)
}

/// The name a file was dropped under: without the `~2` that kept it from overwriting another.
fn original(name: &str) -> &str {
    match name.rsplit_once('~') {
        Some((original, number)) if number.parse::<u32>().is_ok() => original,
        _ => name,
    }
}

fn refuse(path: &Path, reason: &str) -> Result<Taken, SourceError> {
    let moved = move_to(path, "refused")?;
    let name = moved.file_name().map(|name| name.to_string_lossy().into_owned());
    let note = moved.with_file_name(format!("{}.reason.txt", name.unwrap_or_default()));
    durable::write_synced(&note, format!("not journaled: {reason}\n").as_bytes())?;
    tracing::warn!(path = %path.display(), reason, "inbox: file refused");
    Ok(Taken::Refused(moved))
}

/// Moves a file into a folder beside it, under a name that is free there, and makes that durable.
fn move_to(path: &Path, folder: &str) -> Result<PathBuf, SourceError> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let folder = parent.join(folder);
    durable::create_folder(&folder)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let mut target = folder.join(&name);
    for number in 2u32.. {
        if !target.exists() {
            break;
        }
        target = folder.join(format!("{name}~{number}"));
    }
    std::fs::rename(path, &target).map_err(SourceError::io("move", path))?;
    durable::sync_folder(&folder)?;
    durable::sync_folder(parent)?;
    Ok(target)
}

/// SHA-256 of a file.
///
/// # Errors
/// When it cannot be read.
pub fn hash(path: &Path) -> Result<Sha256Digest, SourceError> {
    use sha2::Digest;
    let mut file = std::fs::File::open(path).map_err(SourceError::io("open", path))?;
    let mut sha = sha2::Sha256::new();
    let mut chunk = vec![0; 1 << 18];
    loop {
        let count =
            std::io::Read::read(&mut file, &mut chunk).map_err(SourceError::io("read", path))?;
        if count == 0 {
            return Ok(Sha256Digest(sha.finalize().into()));
        }
        sha.update(&chunk[..count]);
    }
}

fn written(path: &Path) -> Written {
    let metadata = std::fs::symlink_metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

/// A folder that is no link to one.
fn is_folder(path: &Path) -> bool {
    path.is_dir() && !path.is_symlink()
}

/// The entries of a folder, sorted; none where it is missing.
fn list(folder: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(SourceError::io("list", folder)(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(SourceError::io("list", folder))?.path());
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Options, Reader};

    #[test]
    fn a_dropped_file_is_journaled_once_and_never_overwrites_another() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        let options = Options { segment_bytes: 1 << 16, ..Options::default() };
        let journal = Journal::open(&layout.journal(), 0, options, || 1_000_000).unwrap();
        let project = ProjectId::parse("p").unwrap();
        let inbox = layout.inbox(&project);
        std::fs::create_dir_all(&inbox).unwrap();
        std::fs::create_dir_all(layout.inboxes().join("other")).unwrap();
        std::fs::write(layout.inboxes().join("other/x.csv"), "lost").unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "key").unwrap();
        std::os::unix::fs::symlink(&secret, inbox.join("link.csv")).unwrap();
        let begun = Instant::now();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for text in ["first", "second"] {
            std::fs::write(inbox.join("a.csv"), text).unwrap();
            std::fs::write(inbox.join("b.csv.part"), text).unwrap();
            let mut seen = Seen::default();
            waiting(&layout, &mut seen, begun).unwrap();
            assert!(seen.has_fresh(begun) && !seen.has_fresh(begun + QUIET));
            for file in waiting(&layout, &mut seen, begun + QUIET).unwrap() {
                let known = |id: &ProjectId| *id == project;
                runtime.block_on(take(&layout, &journal, known, file)).unwrap();
            }
        }
        let text = |name: &str| std::fs::read_to_string(inbox.join(name)).unwrap();
        assert_eq!(
            (text("done/a.csv").as_str(), text("done/a.csv~2").as_str()),
            ("first", "second")
        );
        assert!(inbox.join("b.csv.part").exists());
        assert!(inbox.join("refused/link.csv").is_symlink(), "a link is not followed");
        let refused = layout.inboxes().join("other/refused");
        assert!(refused.join("x.csv").exists() && refused.join("x.csv.reason.txt").exists());
        let mut reader = Reader::open(&layout.journal(), 0);
        let durable = *journal.durable().borrow();
        let mut names = Vec::new();
        while let Some(record) = reader.next(durable).unwrap() {
            names.push((record.message.name.to_string(), record.message.payload.len()));
        }
        assert_eq!(names, [("a.csv".to_owned(), 5), ("a.csv".to_owned(), 6)]);
        assert_eq!(original("a.csv~2"), "a.csv");
        assert!(waiting(&layout, &mut Seen::default(), begun).unwrap().is_empty());
        // Written to between two looks, it is left; whatever its time of writing says of the clock.
        let mut seen = Seen::default();
        for (look, text) in (0..).zip(["a", "ab", "ab", "ab"]) {
            let path = inbox.join("c.csv");
            if std::fs::read_to_string(&path).ok().as_deref() != Some(text) {
                std::fs::write(&path, text).unwrap();
                let hour = SystemTime::now() + Duration::from_secs(3_600);
                std::fs::File::open(&path).unwrap().set_modified(hour).unwrap();
            }
            let found = waiting(&layout, &mut seen, begun + look * QUIET * 2 / 3).unwrap();
            assert_eq!(found.len(), usize::from(look == 3), "look {look}");
        }
        std::fs::write(layout.inboxes().join("stray.csv"), "x").unwrap();
        std::fs::create_dir(inbox.join("sub")).unwrap();
        assert_eq!(stray(&layout).unwrap().len(), 2);
    }
}
