//! A disk that keeps of what was not synced whatever it likes.
//!
//! Takes the calls of a process ([`Disk::apply`]) and gives the folders that may be found after a
//! power cut ([`Disk::after_cut`]). It promises as little as file systems do: a file's bytes are kept
//! by a sync of the file, a name by a sync of its folder; until then each write and each name may be
//! there or not, in any combination, and a write may be torn. One rename or exchange happens whole or
//! not at all, except that a file moved to another folder may stand under both names.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};

use super::strace::Call;

type Node = usize;

/// What becomes of something that was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    Lost,
    Kept,
    /// Of a write, the first half.
    Head,
    /// Of a write, the second half.
    Tail,
}

/// Something that was not synced.
#[derive(Debug, Clone, Copy)]
pub struct Pending {
    /// Place among all that ever happened: later is greater.
    pub number: usize,
    pub is_name: bool,
    /// The last that happened at all.
    pub is_last: bool,
}

/// Which syncs do nothing: a defect put in to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    Nothing,
    Folders,
    /// Files whose name ends so.
    Files(&'static str),
}

#[derive(Debug)]
enum Write {
    Bytes { offset: usize, bytes: Vec<u8> },
    Len(usize),
}

#[derive(Debug)]
struct Change {
    number: usize,
    name: String,
    to: Option<Node>,
    /// The other half of a rename to another folder: a name may go only where the other came.
    comes_in: Option<Node>,
    /// The other folder of an exchange, which happens in both or in none.
    exchanged_with: Option<Node>,
    is_synced: bool,
}

#[derive(Debug)]
enum Content {
    File {
        durable: Vec<u8>,
        pending: Vec<(usize, Write)>,
    },
    Folder {
        durable: BTreeMap<String, Node>,
        current: BTreeMap<String, Node>,
        pending: Vec<Change>,
    },
}

/// The folder as it is found: relative paths; `None` for folders.
pub type Found = BTreeMap<PathBuf, Option<Vec<u8>>>;

pub struct Disk {
    root: PathBuf,
    nodes: Vec<Content>,
    /// Open files: node and offset. The tables of several processes follow one another.
    open: HashMap<i64, (Node, usize)>,
    /// Files that others put there, synced, when they are first met.
    others: HashMap<PathBuf, Vec<u8>>,
    number: usize,
    ignored: Ignored,
    /// Raised with every sync that made something durable.
    pub generation: usize,
}

impl Disk {
    /// A disk that holds what `root` holds, synced.
    pub fn of(root: &Path, ignored: Ignored) -> Self {
        let root_node = Content::Folder {
            durable: BTreeMap::new(),
            current: BTreeMap::new(),
            pending: Vec::new(),
        };
        let mut disk = Self {
            root: root.to_owned(),
            nodes: vec![root_node],
            open: HashMap::new(),
            others: HashMap::new(),
            number: 0,
            ignored,
            generation: 0,
        };
        disk.load(root);
        disk
    }

    /// From here on, its root is called so.
    pub fn moved_to(&mut self, root: &Path) {
        self.root = root.to_owned();
    }

    fn load(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.put(&path, None);
                self.load(&path);
            } else if path.is_file() {
                self.put(&path, Some(std::fs::read(&path).unwrap()));
            }
        }
    }

    /// Says that somebody else will put a file here, synced.
    pub fn expect(&mut self, path: PathBuf, bytes: Vec<u8>) {
        self.others.insert(path, bytes);
    }

    /// A synced file or folder whose folder is there.
    fn put(&mut self, path: &Path, bytes: Option<Vec<u8>>) -> Node {
        let node = self.add(match bytes {
            Some(durable) => Content::File { durable, pending: Vec::new() },
            None => Content::Folder {
                durable: BTreeMap::new(),
                current: BTreeMap::new(),
                pending: Vec::new(),
            },
        });
        let (folder, name) = self.place(path).unwrap();
        if let Content::Folder { durable, current, .. } = &mut self.nodes[folder] {
            durable.insert(name.clone(), node);
            current.insert(name, node);
        }
        node
    }

    fn add(&mut self, content: Content) -> Node {
        self.nodes.push(content);
        self.nodes.len() - 1
    }

    /// The names below the root; `None` for a path elsewhere.
    fn names(&self, path: &Path) -> Option<Vec<String>> {
        let below = if path.is_relative() { path } else { path.strip_prefix(&self.root).ok()? };
        let names = below.components().filter(|part| *part != Component::CurDir);
        names.map(|part| part.as_os_str().to_str().map(str::to_owned)).collect()
    }

    /// The folder that holds a path, and its name there.
    fn place(&self, path: &Path) -> Option<(Node, String)> {
        let mut names = self.names(path)?;
        let name = names.pop()?;
        let mut node = 0;
        for folder in &names {
            let Content::Folder { current, .. } = &self.nodes[node] else { return None };
            node = *current.get(folder)?;
        }
        Some((node, name))
    }

    fn find(&mut self, path: &Path) -> Option<Node> {
        if self.names(path)?.is_empty() {
            return Some(0);
        }
        let (folder, name) = self.place(path)?;
        let Content::Folder { current, .. } = &self.nodes[folder] else { return None };
        let found = current.get(&name).copied();
        found.or_else(|| {
            let bytes = self.others.remove(path)?;
            Some(self.put(path, Some(bytes)))
        })
    }

    fn change(&mut self, number: usize, (folder, name): (Node, String), to: Option<Node>) {
        let Content::Folder { current, pending, .. } = &mut self.nodes[folder] else {
            panic!("{name} is in no folder")
        };
        match to {
            Some(node) => current.insert(name.clone(), node),
            None => current.remove(&name),
        };
        let change =
            Change { number, name, to, comes_in: None, exchanged_with: None, is_synced: false };
        pending.push(change);
    }

    fn write(&mut self, node: Node, write: Write) {
        self.number += 1;
        if let Content::File { pending, .. } = &mut self.nodes[node] {
            pending.push((self.number, write));
        }
    }

    /// Takes the effect of a call; false if it has none on this disk.
    pub fn apply(&mut self, call: &Call) -> bool {
        match call.name.as_str() {
            "openat" => return self.open(call),
            "close" => {
                self.open.remove(&call.descriptor(0).0);
                return false;
            }
            "lseek" => {
                if let Some((_, offset)) = self.open.get_mut(&call.descriptor(0).0) {
                    *offset = usize::try_from(call.result).unwrap();
                }
                return false;
            }
            "write" | "writev" => {
                let Some((node, offset)) = self.open.get_mut(&call.descriptor(0).0) else {
                    return false;
                };
                let (node, at) = (*node, *offset);
                *offset += usize::try_from(call.result).unwrap();
                self.write(node, Write::Bytes { offset: at, bytes: call.bytes() });
            }
            "pwrite64" => {
                let Some((node, _)) = self.open.get(&call.descriptor(0).0) else { return false };
                let (node, offset) = (*node, usize::try_from(call.number(3)).unwrap());
                self.write(node, Write::Bytes { offset, bytes: call.bytes() });
            }
            "ftruncate" => {
                let Some((node, _)) = self.open.get(&call.descriptor(0).0) else { return false };
                let (node, len) = (*node, usize::try_from(call.number(1)).unwrap());
                self.write(node, Write::Len(len));
            }
            "fsync" | "fdatasync" => return self.sync(call),
            "mkdir" => {
                let Some(place) = self.place(&call.path(0)) else { return false };
                let folder = self.add(Content::Folder {
                    durable: BTreeMap::new(),
                    current: BTreeMap::new(),
                    pending: Vec::new(),
                });
                self.number += 1;
                self.change(self.number, place, Some(folder));
            }
            "unlink" | "rmdir" => return self.remove(&call.path(0)),
            "unlinkat" => return self.remove(&call.path(1)),
            "rename" => return self.rename(&call.path(0), &call.path(1)),
            "renameat" => return self.rename(&call.path(1), &call.path(3)),
            "renameat2" if call.has(4, "RENAME_EXCHANGE") => {
                return self.exchange(&call.path(1), &call.path(3));
            }
            "renameat2" => return self.rename(&call.path(1), &call.path(3)),
            "sendto" | "sendmsg" | "dup" | "dup2" | "dup3" => return false,
            other => {
                let is_here = (0..2).any(|number| {
                    let argument = call.argument(number.min(1));
                    argument.contains('<')
                        && call.descriptor(number.min(1)).1.starts_with(&self.root)
                });
                assert!(!is_here, "{other} is not simulated");
                return false;
            }
        }
        true
    }

    fn open(&mut self, call: &Call) -> bool {
        let (descriptor, path) = (call.result, call.path(1));
        self.open.remove(&descriptor);
        if self.names(&path).is_none() {
            return false;
        }
        let found = self.find(&path);
        let mut has_effect = false;
        let node = match found {
            Some(node) => node,
            None if call.has(2, "O_CREAT") => {
                let place = self.place(&path).unwrap();
                let file = self.add(Content::File { durable: Vec::new(), pending: Vec::new() });
                self.number += 1;
                self.change(self.number, place, Some(file));
                has_effect = true;
                file
            }
            // A socket, or a file that somebody else put there and removes again.
            None => return false,
        };
        if call.has(2, "O_TRUNC") && found.is_some() {
            self.write(node, Write::Len(0));
            has_effect = true;
        }
        assert!(!call.has(2, "O_APPEND"), "appending is not simulated: {}", path.display());
        self.open.insert(descriptor, (node, 0));
        has_effect
    }

    fn remove(&mut self, path: &Path) -> bool {
        if self.names(path).is_none() || self.find(path).is_none() {
            return false;
        }
        let place = self.place(path).unwrap();
        self.number += 1;
        self.change(self.number, place, None);
        true
    }

    fn rename(&mut self, from: &Path, to: &Path) -> bool {
        if self.names(from).is_none() {
            return false;
        }
        let node = self.find(from).unwrap_or_else(|| panic!("no {}", from.display()));
        let (from, to) = (self.place(from).unwrap(), self.place(to).unwrap());
        let (source, target) = (from.0, to.0);
        self.number += 1;
        // The new name first: in one folder both come together, as one number.
        self.change(self.number, to, Some(node));
        self.change(self.number, from, None);
        if source != target
            && let Content::Folder { pending, .. } = &mut self.nodes[source]
            && let Some(last) = pending.last_mut()
        {
            last.comes_in = Some(target);
        }
        true
    }

    fn exchange(&mut self, from: &Path, to: &Path) -> bool {
        let (Some(first), Some(second)) = (self.find(from), self.find(to)) else { return false };
        let (from, to) = (self.place(from).unwrap(), self.place(to).unwrap());
        let folders = [from.0, to.0];
        self.number += 1;
        self.change(self.number, from, Some(second));
        self.change(self.number, to, Some(first));
        for (folder, other) in [(folders[0], folders[1]), (folders[1], folders[0])] {
            if let Content::Folder { pending, .. } = &mut self.nodes[folder] {
                let of_this = pending.iter_mut().filter(|change| change.number == self.number);
                of_this.for_each(|change| change.exchanged_with = Some(other));
            }
        }
        true
    }

    fn sync(&mut self, call: &Call) -> bool {
        let (descriptor, path) = call.descriptor(0);
        let Some((node, _)) = self.open.get(&descriptor).copied() else { return false };
        let is_ignored = match self.ignored {
            Ignored::Nothing => false,
            Ignored::Folders => matches!(self.nodes[node], Content::Folder { .. }),
            Ignored::Files(end) => path.to_string_lossy().ends_with(end),
        };
        if is_ignored {
            return false;
        }
        let is_news = match &mut self.nodes[node] {
            Content::File { durable, pending } => {
                let is_news = !pending.is_empty();
                pending.drain(..).for_each(|(_, write)| apply(durable, &write, Fate::Kept));
                is_news
            }
            Content::Folder { .. } => self.sync_folder(node),
        };
        self.generation += usize::from(is_news);
        is_news
    }

    fn sync_folder(&mut self, node: Node) -> bool {
        let Content::Folder { pending, .. } = &mut self.nodes[node] else { return false };
        let changes = std::mem::take(pending);
        let is_news = !changes.is_empty();
        let mut waiting = Vec::new();
        for mut change in changes {
            if let Some(other) = change.exchanged_with.filter(|other| *other != node) {
                change.is_synced = true;
                let Content::Folder { pending, .. } = &mut self.nodes[other] else { continue };
                let half = pending.iter().position(|half| half.number == change.number);
                match half {
                    Some(half) if pending[half].is_synced => {
                        let half = pending.remove(half);
                        self.set(other, half.name, half.to);
                    }
                    // The other folder is not synced yet: neither half counts.
                    Some(_) => {
                        waiting.push(change);
                        continue;
                    }
                    None => {}
                }
            }
            if let Some(target) = change.comes_in {
                // What leaves here has come there: a rename is lost or kept, the file never is.
                let Content::Folder { pending, .. } = &mut self.nodes[target] else { continue };
                let half = pending.iter().position(|half| half.number == change.number);
                if let Some(half) = half {
                    let half = pending.remove(half);
                    self.set(target, half.name, half.to);
                }
            }
            self.set(node, change.name, change.to);
        }
        if let Content::Folder { pending, .. } = &mut self.nodes[node] {
            *pending = waiting;
        }
        is_news
    }

    fn set(&mut self, folder: Node, name: String, to: Option<Node>) {
        let Content::Folder { durable, .. } = &mut self.nodes[folder] else { return };
        match to {
            Some(node) => durable.insert(name, node),
            None => durable.remove(&name),
        };
    }

    /// The folder after a cut now, where `fate` says what becomes of each thing that was not synced.
    /// Also what it decided, which with [`Disk::generation`] tells two cuts apart.
    pub fn after_cut(&self, fate: &dyn Fn(Pending) -> Fate) -> (Found, Vec<(usize, Fate)>) {
        let mut cut = Cut { disk: self, fate, fates: BTreeMap::new(), found: Found::new() };
        cut.folder(0, Path::new(""));
        (cut.found, cut.fates.into_iter().collect())
    }

    /// What was not synced, in order.
    pub fn pending(&self) -> Vec<usize> {
        let mut numbers = Vec::new();
        for content in &self.nodes {
            match content {
                Content::File { pending, .. } => numbers.extend(pending.iter().map(|one| one.0)),
                Content::Folder { pending, .. } => {
                    numbers.extend(pending.iter().map(|change| change.number));
                }
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

struct Cut<'a> {
    disk: &'a Disk,
    fate: &'a dyn Fn(Pending) -> Fate,
    fates: BTreeMap<usize, Fate>,
    found: Found,
}

impl Cut<'_> {
    fn of(&mut self, number: usize, is_name: bool) -> Fate {
        let is_last = number == self.disk.number;
        let pending = Pending { number, is_name, is_last };
        *self.fates.entry(number).or_insert_with(|| (self.fate)(pending))
    }

    fn folder(&mut self, node: Node, path: &Path) {
        let disk = self.disk;
        let Content::Folder { durable, pending, .. } = &disk.nodes[node] else { return };
        let mut names = durable.clone();
        for change in pending {
            // Half a name there is not.
            let is_kept = self.of(change.number, true) != Fate::Lost;
            match change.to {
                Some(to) if is_kept => names.insert(change.name.clone(), to),
                None if is_kept => names.remove(&change.name),
                _ => None,
            };
        }
        for (name, node) in names {
            let path = path.join(name);
            match &disk.nodes[node] {
                Content::Folder { .. } => {
                    self.found.insert(path.clone(), None);
                    self.folder(node, &path);
                }
                Content::File { durable, pending } => {
                    let mut bytes = durable.clone();
                    for (number, write) in pending {
                        apply(&mut bytes, write, self.of(*number, false));
                    }
                    self.found.insert(path, Some(bytes));
                }
            }
        }
    }
}

fn apply(bytes: &mut Vec<u8>, write: &Write, fate: Fate) {
    match write {
        _ if fate == Fate::Lost => {}
        Write::Len(len) => bytes.resize(*len, 0),
        Write::Bytes { offset, bytes: written } => {
            let half = written.len() / 2;
            let (from, to) = match fate {
                Fate::Head => (0, half),
                Fate::Tail => (half, written.len()),
                _ => (0, written.len()),
            };
            if bytes.len() < offset + to {
                bytes.resize(offset + to, 0);
            }
            bytes[offset + from..offset + to].copy_from_slice(&written[from..to]);
        }
    }
}
