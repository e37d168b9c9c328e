//! COMMIT: how a batch becomes visible exactly once, whatever is cut off where.
//!
//! 1. All files of the batch are written and synced below `staging/project=<id>/`.
//! 2. `staging/.../COMMIT` is written, synced, and gets its name by a rename: the commit point.
//! 3. Its entries are carried out. Each is idempotent, so they may be carried out again.
//! 4. COMMIT replaces `state/project=<id>/COMMIT` by a rename; staging is emptied.
//!
//! Recovery ([`recover`]): a staged COMMIT is rolled forward from step 3; without one, what lies in
//! staging never happened and is deleted. COMMIT is JSON with the SHA-256 of the line before it on
//! its second line; a damaged one in `state/` is an error, never guessed around.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::DatasetError;
use super::durable::{create_folder, read_if_there, sync_folder, sync_parent, write_synced};
use super::folder::holds;
use super::layout::Layout;
use crate::domain::digest::Sha256Digest;
use crate::domain::id::ProjectId;

/// Version of COMMIT's form.
pub const COMMIT_VERSION: u32 = 1;

/// What a project has published: the only thing that says where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    pub version: u32,
    pub project: String,
    /// One above the commit before.
    pub sequence: u64,
    /// Journal records before this position are in `messages` and the log.
    pub journal_position: u64,
    /// Leaves in `messages` and the log: the next leaf's index.
    pub next_leaf: i64,
    /// Time of receipt of the last leaf, microseconds.
    pub received_at: i64,
    /// Rules by which the derived tables were computed.
    pub rules: u32,
    pub derived: Derived,
    pub entries: Vec<Entry>,
}

/// Where the derived tables stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Derived {
    /// Leaves before this one are decoded.
    pub next_leaf: i64,
    /// Items of `next_leaf` that are decoded already: a leaf larger than a batch has several parts.
    pub next_item: i64,
    /// The next part of `next_leaf`.
    pub part: u32,
    /// Number of the generation; raised when the tables are rebuilt as a whole.
    pub generation: u64,
    /// Plans of the log that the tables were computed by.
    pub plans: u32,
    /// Stamps stored per channel, sorted by channel.
    pub frontiers: Vec<Frontier>,
    /// Stretches of stamps whose intervals are older than the readings, sorted by channel.
    pub dirty: Vec<Dirty>,
}

/// A channel with its least and greatest stored stamp, microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frontier {
    pub site: String,
    pub device: String,
    pub quantity: String,
    pub first: i64,
    pub at: i64,
}

/// New readings, conflicts or acts of a channel stamped from `from` to `to`, both inclusive,
/// microseconds: the intervals between their neighbours are to be computed anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dirty {
    pub site: String,
    pub device: String,
    pub quantity: String,
    pub from: i64,
    pub to: i64,
}

/// One step of a commit. Paths are relative to the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "do", deny_unknown_fields)]
pub enum Entry {
    /// Rename `from` to `to`, over what is there.
    Put { from: String, to: String, len: u64, sha256: String },
    /// Cut `to` to `offset` and append the bytes of `from`.
    Append { from: String, to: String, offset: u64, len: u64, sha256: String },
    /// Swap the folders `from` and `to`; `files` is what `to` must hold afterwards: names, lengths
    /// and SHA-256, which is empty for a file that was there before.
    Exchange { from: String, to: String, files: Vec<(String, u64, String)> },
}

impl Commit {
    /// The state of a project of which nothing is published.
    #[must_use]
    pub fn empty(project: &ProjectId) -> Self {
        Self {
            version: COMMIT_VERSION,
            project: project.to_string(),
            sequence: 0,
            journal_position: 0,
            next_leaf: 0,
            received_at: 0,
            rules: crate::domain::RULES,
            derived: Derived::default(),
            entries: Vec::new(),
        }
    }

    fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec(self)?;
        let digest = Sha256Digest::of(&bytes);
        bytes.extend_from_slice(format!("\n{digest}\n").as_bytes());
        Ok(bytes)
    }

    fn decode(path: &Path, bytes: &[u8]) -> Result<Self, DatasetError> {
        let damaged = |what: &str| DatasetError::damaged(path, what);
        let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is not UTF-8"))?;
        let mut lines = text.lines();
        let (Some(body), Some(digest)) = (lines.next(), lines.next()) else {
            return Err(damaged("it has not two lines"));
        };
        if Sha256Digest::parse(digest) != Some(Sha256Digest::of(body.as_bytes())) {
            return Err(damaged("its digest does not fit its content"));
        }
        let commit: Self =
            serde_json::from_str(body).map_err(|error| damaged(&error.to_string()))?;
        if commit.version != COMMIT_VERSION {
            return Err(damaged(&format!("version {} is unknown", commit.version)));
        }
        Ok(commit)
    }
}

/// A place between two steps, for tests that cut the work off there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Files are staged, COMMIT is not.
    Staged,
    /// COMMIT has its name in staging.
    Committed,
    /// The entry of this number was carried out.
    Entry(usize),
    /// All entries are carried out, folders synced.
    CarriedOut,
    /// COMMIT stands in `state/`, staging is not yet emptied.
    Stated,
}

/// Called after each step; an error there stops the work as a crash would.
pub type Checkpoint<'a> = &'a mut dyn FnMut(Step) -> std::io::Result<()>;

/// Publishes a batch whose files are staged and synced.
///
/// # Errors
/// When a step fails. The next [`recover`] then rolls it forward or back as a whole.
pub fn publish(
    layout: &Layout,
    project: &ProjectId,
    commit: &Commit,
    after: Checkpoint<'_>,
) -> Result<(), DatasetError> {
    let staging = layout.staging(project);
    let staged = staging.join("COMMIT");
    sync_folder(&staging)?;
    check(&staged, Step::Staged, after)?;
    let bytes =
        commit.encode().map_err(|error| DatasetError::damaged(&staged, error.to_string()))?;
    let next = staging.join("COMMIT.next");
    write_synced(&next, &bytes)?;
    std::fs::rename(&next, &staged).map_err(DatasetError::io("rename to", &staged))?;
    sync_folder(&staging)?;
    check(&staged, Step::Committed, after)?;
    roll_forward(layout, project, commit, after)
}

/// Brings a project's files to the state of its last commit, and gives that state.
///
/// # Errors
/// When a COMMIT is damaged, a listed file is missing, or a step fails.
pub fn recover(layout: &Layout, project: &ProjectId) -> Result<Commit, DatasetError> {
    let staging = layout.staging(project);
    create_folder(&staging)?;
    create_folder(&layout.state(project))?;
    let staged = staging.join("COMMIT");
    if let Some(bytes) = read_if_there(&staged)? {
        let commit = Commit::decode(&staged, &bytes)?;
        // A power cut may leave it here too, though it is stated and its staged files are gone.
        if commit.sequence > read(layout, project)?.sequence {
            roll_forward(layout, project, &commit, &mut |_| Ok(()))?;
        }
    }
    empty_folder(&staging)?;
    read(layout, project)
}

/// The state of a project as its last commit says, without recovery: for readers.
///
/// # Errors
/// When COMMIT is damaged or cannot be read.
pub fn read(layout: &Layout, project: &ProjectId) -> Result<Commit, DatasetError> {
    let path = layout.commit(project);
    match read_if_there(&path)? {
        Some(bytes) => Commit::decode(&path, &bytes),
        None => Ok(Commit::empty(project)),
    }
}

fn roll_forward(
    layout: &Layout,
    project: &ProjectId,
    commit: &Commit,
    after: Checkpoint<'_>,
) -> Result<(), DatasetError> {
    let staged = layout.staging(project).join("COMMIT");
    let mut folders = std::collections::BTreeSet::new();
    for (number, entry) in commit.entries.iter().enumerate() {
        let target = carry_out(layout, entry)?;
        if let Some(folder) = target.parent() {
            folders.insert(folder.to_owned());
        }
        check(&staged, Step::Entry(number), after)?;
    }
    for folder in folders {
        sync_folder(&folder)?;
    }
    check(&staged, Step::CarriedOut, after)?;
    let state = layout.commit(project);
    create_folder(&layout.state(project))?;
    std::fs::rename(&staged, &state).map_err(DatasetError::io("rename to", &state))?;
    sync_parent(&state)?;
    check(&staged, Step::Stated, after)?;
    empty_folder(&layout.staging(project))
}

/// Carries out one entry, or sees that it was carried out before.
fn carry_out(layout: &Layout, entry: &Entry) -> Result<std::path::PathBuf, DatasetError> {
    match entry {
        Entry::Put { from, to, len, .. } => {
            let (from, to) = (layout.absolute(from), layout.absolute(to));
            if from.exists() {
                if let Some(folder) = to.parent() {
                    create_folder(folder)?;
                }
                std::fs::rename(&from, &to).map_err(DatasetError::io("rename to", &to))?;
            } else if file_len(&to)? != Some(*len) {
                return Err(DatasetError::damaged(
                    &to,
                    format!("COMMIT lists it with {len} bytes"),
                ));
            }
            Ok(to)
        }
        Entry::Append { from, to, offset, len, .. } => {
            let (from, to) = (layout.absolute(from), layout.absolute(to));
            // `from` stays in staging until the end, so an append can always be repeated.
            let bytes = std::fs::read(&from).map_err(DatasetError::io("read", &from))?;
            if bytes.len() as u64 != *len {
                return Err(DatasetError::damaged(&from, format!("COMMIT lists {len} bytes")));
            }
            if let Some(folder) = to.parent() {
                create_folder(folder)?;
            }
            let mut file = OpenOptions::new()
                .create(true)
                .write(true)
                .truncate(false)
                .open(&to)
                .map_err(DatasetError::io("open", &to))?;
            let there = file.metadata().map_err(DatasetError::io("open", &to))?.len();
            if there < *offset {
                let what = format!("it has {there} bytes, {offset} were appended before");
                return Err(DatasetError::damaged(&to, what));
            }
            let append = |file: &mut std::fs::File| -> std::io::Result<()> {
                file.set_len(*offset)?;
                file.seek(SeekFrom::Start(*offset))?;
                file.write_all(&bytes)?;
                file.sync_data()
            };
            append(&mut file).map_err(DatasetError::io("append to", &to))?;
            Ok(to)
        }
        Entry::Exchange { from, to, files } => {
            let (from, to) = (layout.absolute(from), layout.absolute(to));
            create_folder(&to)?;
            if !holds(&to, files)? {
                exchange(&from, &to)?;
            }
            if !holds(&to, files)? {
                return Err(DatasetError::damaged(&to, "COMMIT lists other files in it"));
            }
            Ok(to)
        }
    }
}

fn exchange(from: &Path, to: &Path) -> Result<(), DatasetError> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, from, CWD, to, RenameFlags::EXCHANGE)
        .map_err(|error| DatasetError::io("exchange with", to)(error.into()))?;
    sync_parent(from)
}

fn file_len(path: &Path) -> Result<Option<u64>, DatasetError> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DatasetError::io("look at", path)(error)),
    }
}

fn empty_folder(folder: &Path) -> Result<(), DatasetError> {
    for entry in std::fs::read_dir(folder).map_err(DatasetError::io("list", folder))? {
        let path = entry.map_err(DatasetError::io("list", folder))?.path();
        let removed = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        removed.map_err(DatasetError::io("remove", &path))?;
    }
    Ok(())
}

fn check(path: &Path, step: Step, after: Checkpoint<'_>) -> Result<(), DatasetError> {
    after(step).map_err(DatasetError::io("stop at", path))
}

#[cfg(test)]
mod tests {
    use super::super::folder::list_folder;
    use super::*;

    struct Case {
        _folder: tempfile::TempDir,
        layout: Layout,
        project: ProjectId,
    }

    /// A project whose log has 3 bytes and one table file, and a staged batch that changes all.
    fn case() -> (Case, Commit) {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        let project = ProjectId::parse("p").unwrap();
        recover(&layout, &project).unwrap();
        let old_folder = layout.absolute("tables/t/old");
        std::fs::create_dir_all(&old_folder).unwrap();
        std::fs::write(old_folder.join("a"), "old").unwrap();
        std::fs::create_dir_all(layout.absolute("log")).unwrap();
        std::fs::write(layout.absolute("log/level-0"), "abc torn tail").unwrap();
        let staging = layout.staging(&project);
        std::fs::write(staging.join("day"), "day 2").unwrap();
        std::fs::write(staging.join("hashes"), "def").unwrap();
        std::fs::create_dir_all(staging.join("gen")).unwrap();
        std::fs::write(staging.join("gen/b"), "new!").unwrap();
        let sha256 = |text: &str| Sha256Digest::of(text.as_bytes()).to_string();
        let relative = |name: &str| layout.relative(&staging.join(name));
        let commit = Commit {
            sequence: 7,
            next_leaf: 4,
            entries: vec![
                Entry::Put {
                    from: relative("day"),
                    to: "tables/t/day".to_owned(),
                    len: 5,
                    sha256: sha256("day 2"),
                },
                Entry::Append {
                    from: relative("hashes"),
                    to: "log/level-0".to_owned(),
                    offset: 3,
                    len: 3,
                    sha256: sha256("def"),
                },
                Entry::Exchange {
                    from: relative("gen"),
                    to: "tables/t/old".to_owned(),
                    files: vec![("b".to_owned(), 4, sha256("new!"))],
                },
            ],
            ..Commit::empty(&project)
        };
        (Case { _folder: folder, layout, project }, commit)
    }

    fn is_published(case: &Case) -> bool {
        let read = |path: &str| std::fs::read_to_string(case.layout.absolute(path)).ok();
        let commit = recover(&case.layout, &case.project).unwrap();
        assert_eq!(list_folder(&case.layout.staging(&case.project)).unwrap(), []);
        if commit.sequence == 0 {
            assert_eq!(read("tables/t/day"), None);
            assert_eq!(read("tables/t/old/a").as_deref(), Some("old"));
            return false;
        }
        assert_eq!(read("tables/t/day").as_deref(), Some("day 2"));
        assert_eq!(read("log/level-0").as_deref(), Some("abcdef"));
        assert_eq!(read("tables/t/old/a"), None);
        assert_eq!(read("tables/t/old/b").as_deref(), Some("new!"));
        assert_eq!(commit.next_leaf, 4);
        true
    }

    #[test]
    fn a_batch_cut_off_between_any_two_steps_happened_whole_or_not_at_all() {
        let steps = [
            (Step::Staged, false),
            (Step::Committed, true),
            (Step::Entry(0), true),
            (Step::Entry(1), true),
            (Step::Entry(2), true),
            (Step::CarriedOut, true),
            (Step::Stated, true),
        ];
        for (stop, expected) in steps {
            let (case, commit) = case();
            let mut cut =
                |step| if step == stop { Err(std::io::ErrorKind::Other.into()) } else { Ok(()) };
            assert!(publish(&case.layout, &case.project, &commit, &mut cut).is_err(), "{stop:?}");
            assert_eq!(is_published(&case), expected, "{stop:?}");
            assert_eq!(is_published(&case), expected, "{stop:?}, recovered twice");
        }
        let (case, commit) = case();
        publish(&case.layout, &case.project, &commit, &mut |_| Ok(())).unwrap();
        assert!(is_published(&case));
    }

    #[test]
    fn a_damaged_commit_is_told_and_not_guessed_around() {
        let (case, commit) = case();
        publish(&case.layout, &case.project, &commit, &mut |_| Ok(())).unwrap();
        let path = case.layout.commit(&case.project);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[20] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let error = recover(&case.layout, &case.project).unwrap_err().to_string();
        assert!(error.contains("damaged"), "{error}");
    }

    #[test]
    fn a_log_shorter_than_its_commit_is_told() {
        let (case, commit) = case();
        std::fs::write(case.layout.absolute("log/level-0"), "ab").unwrap();
        let error = publish(&case.layout, &case.project, &commit, &mut |_| Ok(())).unwrap_err();
        assert!(error.to_string().contains("it has 2 bytes"), "{error}");
    }
}
