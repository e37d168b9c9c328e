//! A project's published state, and the step from messages to leaves.

use std::collections::BTreeMap;

use super::derive::Derive;
use super::neighbours::{Frontiers, Side};
use super::registry::{Change, Registry};
use super::{PublishError, amounts, compact, derive, intervals, rebuild};
use crate::aggregate::point::Point;
use crate::dataset::batch::Batch;
use crate::dataset::commit::{self, Commit, Dirty, Frontier, Step};
use crate::dataset::durable::read_if_there;
use crate::dataset::layout::Layout;
use crate::dataset::log_files::{HASH_BYTES, LogFiles};
use crate::dataset::read;
use crate::dataset::rows::{self, BATCH_ROWS_MAX, MessageRow, by_month};
use crate::dataset::schema::Table;
use crate::domain::RULES;
use crate::domain::id::{DeviceId, ProjectId, QuantityId, SiteId};
use crate::domain::message::{Header, Message, Payload};
use crate::domain::reading::{ChannelKey, Channels};
use crate::domain::time::Timestamp;
use crate::evidence::checkpoint::{self, Checkpoint};
use crate::evidence::tree::TreeState;
use crate::evidence::{leaf, leaf_hash};

/// The key that checkpoints are signed with.
#[derive(Clone)]
pub struct Signer {
    /// In C2SP form, with its name.
    pub private_key: String,
}

/// One project with everything that publishing it needs; held by one thread. After an error it is to
/// be opened anew: what it holds in memory may then be ahead of what is published.
pub struct Project {
    /// Where the tables are written.
    pub(super) layout: Layout,
    /// Where messages and blobs are read; another folder only while tables are written anew.
    pub(super) messages: Layout,
    pub(super) id: ProjectId,
    pub(super) commit: Commit,
    tree: TreeState,
    last_checkpoint: Option<Checkpoint>,
    pub(super) registry: Registry,
    pub(super) channels: Channels,
    pub(super) frontiers: Frontiers,
    /// Stretches whose intervals are to be computed anew.
    pub(super) dirty: Vec<(ChannelKey, Timestamp, Timestamp)>,
    /// Called after each step of a COMMIT; tests stop the work there.
    pub(super) after: Box<dyn FnMut(Step) -> std::io::Result<()> + Send>,
    /// `None`: a project of the past, which takes no messages.
    signer: Option<Signer>,
    is_stale: bool,
}

impl Project {
    /// Opens a project: rolls a cut-off batch forward or back, and reads the acts of its log.
    ///
    /// # Errors
    /// When something published is damaged or missing.
    pub fn open(layout: &Layout, id: &ProjectId, signer: &Signer) -> Result<Self, PublishError> {
        let commit = commit::recover(layout, id)?;
        let files = LogFiles { layout, project: id };
        let tree = TreeState::restore(commit.next_leaf as u64, &files)?;
        let path = layout.checkpoint(id);
        let last_checkpoint = match read_if_there(&path)? {
            Some(bytes) => Some(checkpoint::parse(&String::from_utf8_lossy(&bytes))?),
            None => None,
        };
        let shown = path.display().to_string();
        match &last_checkpoint {
            Some(last) if last.size != commit.next_leaf as u64 => {
                let (checkpoint, commit) = (last.size, commit.next_leaf as u64);
                return Err(PublishError::Mismatch { path: shown, checkpoint, commit });
            }
            Some(last) if last.root != tree.root() => {
                let path = layout.log(id).display().to_string();
                return Err(PublishError::Altered { path });
            }
            None if commit.next_leaf > 0 => {
                return Err(PublishError::Missing { path: shown });
            }
            _ => {}
        }
        let mut registry = Registry::default();
        read::acts(layout, id, commit.next_leaf, |row| {
            registry.add(&row);
            Ok::<_, PublishError>(())
        })?;
        let mut project = Self {
            layout: layout.clone(),
            messages: layout.clone(),
            id: id.clone(),
            commit,
            tree,
            last_checkpoint,
            registry,
            channels: Channels::default(),
            frontiers: BTreeMap::new(),
            dirty: Vec::new(),
            after: Box::new(|_| Ok(())),
            signer: Some(signer.clone()),
            is_stale: false,
        };
        project.restore_derived()?;
        Ok(project)
    }

    /// Opens the project anew in place, as after every error.
    ///
    /// # Errors
    /// As [`Project::open`].
    pub fn reopen(&mut self) -> Result<(), PublishError> {
        self.is_stale = true;
        let signer = self.signer.clone().ok_or(PublishError::NoKey)?;
        *self = Self::open(&self.layout.clone(), &self.id.clone(), &signer)?;
        Ok(())
    }

    /// True if opening it anew has failed: it must not be used, but opened elsewhere.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// Stops the work after steps of a COMMIT as `after` says: for tests of crashes.
    pub fn stop_after(&mut self, after: impl FnMut(Step) -> std::io::Result<()> + Send + 'static) {
        self.after = Box::new(after);
    }

    #[must_use]
    pub fn id(&self) -> &ProjectId {
        &self.id
    }

    /// The data folder.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What is published.
    #[must_use]
    pub fn commit(&self) -> &Commit {
        &self.commit
    }

    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Root of the log.
    #[must_use]
    pub fn root(&self) -> crate::evidence::Hash {
        self.tree.root()
    }

    /// The first leaf that readings stamped in `[from, to)` stand on, or those next before them.
    ///
    /// # Errors
    /// When a file cannot be read or is damaged.
    pub fn first_leaf(&self, range: (Timestamp, Timestamp)) -> Result<Option<i64>, PublishError> {
        intervals::stored(self).first_leaf(&self.channels, range)
    }

    /// The usable points of channels nearest to instants on one side, exclusive, however far.
    ///
    /// # Errors
    /// When a file cannot be read or is damaged.
    pub fn nearest_of(
        &self,
        wanted: &[(ChannelKey, Timestamp)],
        side: Side,
    ) -> Result<Vec<Option<Point>>, PublishError> {
        let mut channels = self.channels.clone();
        let number = |(key, at): &(ChannelKey, Timestamp)| (channels.intern(key), *at);
        let wanted: Vec<_> = wanted.iter().map(number).collect();
        intervals::stored(self).nearest_of(&mut channels, &wanted, side)
    }

    /// True if intervals are older than readings.
    #[must_use]
    pub fn has_dirty_intervals(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Publishes messages that follow those published, in journal order. `position`: the journal
    /// position after them.
    ///
    /// # Errors
    /// When a step fails; nothing of the batch, or all of it, is then published.
    pub fn publish(&mut self, messages: Vec<Message>, position: u64) -> Result<(), PublishError> {
        let first = self.commit.next_leaf;
        let rows: Vec<MessageRow> = (first..).zip(messages).map(|(leaf, m)| row(leaf, m)).collect();
        let Some(last) = rows.last() else { return Ok(()) };
        let mut commit = self.commit.clone();
        commit.journal_position = position;
        commit.next_leaf = last.leaf + 1;
        commit.received_at = last.header.received_at.us();
        let layout = self.layout.clone();
        let id = self.id.clone();
        let mut batch = Batch::begin(&layout, &id);
        stage_messages(&layout, &id, &mut batch, &rows)?;
        let mut tree = self.tree.clone();
        let checkpoint = self.stage_log(&mut batch, &mut tree, &rows)?;
        let amounts = amounts::before(self, &rows);
        let needs_rebuild = self.take_acts(&rows);
        if let Some(before) = &amounts {
            amounts::stage(self, &mut batch, before)?;
        }
        let is_behind = commit.derived.next_leaf != first || commit.derived.next_item != 0;
        if needs_rebuild || is_behind || self.registry.plans().is_empty() {
            commit.derived.dirty = self.derived().dirty;
            self.commit = batch.publish(&commit, &mut *self.after)?;
            self.set_log(tree, checkpoint);
            return if needs_rebuild { rebuild::rebuild(self) } else { self.catch_up() };
        }
        self.commit = commit;
        derive::derive(self, Some(batch), Derive::Rows(rows))?;
        self.set_log(tree, checkpoint);
        Ok(())
    }

    /// Decodes leaves that are published but not decoded yet, if there is a plan.
    ///
    /// # Errors
    /// When a file cannot be read or a batch not be published.
    pub fn catch_up(&mut self) -> Result<(), PublishError> {
        if self.registry.plans().is_empty()
            || self.commit.derived.next_leaf >= self.commit.next_leaf
        {
            return Ok(());
        }
        derive::derive(self, None, Derive::Published)
    }

    /// Brings the intervals up to the readings.
    ///
    /// # Errors
    /// When a file cannot be read or the batch not be published.
    pub fn refresh_intervals(&mut self) -> Result<(), PublishError> {
        intervals::refresh(self)
    }

    /// Writes all derived tables anew from `messages`.
    ///
    /// # Errors
    /// When a file cannot be read or the batch not be published.
    pub fn rebuild(&mut self) -> Result<(), PublishError> {
        rebuild::rebuild(self)
    }

    /// Merges small files into larger ones; gives how many fewer there are.
    ///
    /// # Errors
    /// When a file cannot be read or written, or the batch not be published.
    pub fn compact(&mut self) -> Result<usize, PublishError> {
        compact::compact(self)
    }

    /// Marks what acts settle, so that its intervals are computed with them.
    pub(super) fn note_settled(&mut self) {
        self.dirty.extend(self.registry.stretches());
    }

    /// The derived part of the state as it goes into COMMIT.
    pub(super) fn derived(&self) -> commit::Derived {
        let mut frontiers: Vec<_> = self
            .frontiers
            .iter()
            .map(|(channel, stamps)| (self.channels.key(*channel), stamps))
            .collect();
        frontiers.sort();
        commit::Derived {
            plans: self.registry.plans().iter().count() as u32,
            frontiers: frontiers
                .into_iter()
                .map(|(key, (first, last))| Frontier {
                    site: key.site.to_string(),
                    device: key.device.to_string(),
                    quantity: key.quantity.to_string(),
                    first: first.us(),
                    at: last.us(),
                })
                .collect(),
            dirty: self
                .dirty
                .iter()
                .map(|(key, from, to)| Dirty {
                    site: key.site.to_string(),
                    device: key.device.to_string(),
                    quantity: key.quantity.to_string(),
                    from: from.us(),
                    to: to.us(),
                })
                .collect(),
            ..self.commit.derived.clone()
        }
    }

    /// Reads frontiers and dirty stretches from COMMIT, and rebuilds what other plans or rules made.
    fn restore_derived(&mut self) -> Result<(), PublishError> {
        self.read_derived()?;
        let plan_count = self.registry.plans().iter().count() as u32;
        let derived = &self.commit.derived;
        let is_begun = derived.next_leaf > 0 || derived.next_item > 0;
        if is_begun && (derived.plans != plan_count || self.commit.rules != RULES) {
            tracing::info!(project = %self.id, "tables are written anew: plan or rules changed");
            return rebuild::rebuild(self);
        }
        self.catch_up()
    }

    pub(super) fn read_derived(&mut self) -> Result<(), PublishError> {
        let path = self.layout.commit(&self.id);
        let key = |site: &str, device: &str, quantity: &str| -> Result<ChannelKey, PublishError> {
            let damaged = |error: crate::domain::id::IdError| {
                let path = path.display().to_string();
                crate::dataset::DatasetError::Damaged { path, what: error.to_string() }
            };
            Ok(ChannelKey {
                site: SiteId::parse(site).map_err(damaged)?,
                device: DeviceId::parse(device).map_err(damaged)?,
                quantity: QuantityId::parse(quantity).map_err(damaged)?,
            })
        };
        self.frontiers.clear();
        self.dirty.clear();
        for frontier in &self.commit.derived.frontiers {
            let key = key(&frontier.site, &frontier.device, &frontier.quantity)?;
            let stamps = (Timestamp::from_us(frontier.first), Timestamp::from_us(frontier.at));
            self.frontiers.insert(self.channels.intern(&key), stamps);
        }
        for dirty in &self.commit.derived.dirty {
            let key = key(&dirty.site, &dirty.device, &dirty.quantity)?;
            self.dirty.push((key, Timestamp::from_us(dirty.from), Timestamp::from_us(dirty.to)));
        }
        Ok(())
    }

    /// Takes the acts of new leaves; true if they alter how earlier leaves are read or judged.
    fn take_acts(&mut self, rows: &[MessageRow]) -> bool {
        let mut needs_rebuild = false;
        let derived = &self.commit.derived;
        let is_begun = derived.next_leaf > 0 || derived.next_item > 0;
        let received_at = Timestamp::from_us(self.commit.received_at);
        let stamped = self.frontiers.values().map(|(_, last)| *last).max().unwrap_or_default();
        for row in rows {
            match self.registry.add(row) {
                // A refused act is kept by the registry, for whoever derives its leaf.
                Change::None | Change::Refused => {}
                Change::Plan { valid_from, .. } => {
                    needs_rebuild |= is_begun && valid_from <= received_at.max(stamped);
                }
                Change::Stretches(stretches) => self.dirty.extend(stretches),
            }
        }
        needs_rebuild
    }

    /// Stages hashes and checkpoint of new leaves.
    fn stage_log(
        &self,
        batch: &mut Batch<'_>,
        tree: &mut TreeState,
        rows: &[MessageRow],
    ) -> Result<Checkpoint, PublishError> {
        let mut bytes = Vec::new();
        let hash = |row: &MessageRow| {
            bytes.clear();
            leaf::encode_into(&mut bytes, &row.header);
            leaf_hash(&bytes)
        };
        let hashes: Vec<_> = rows.iter().map(hash).collect();
        for append in tree.append(&hashes) {
            let target = self.layout.log_level(&self.id, append.level);
            let bytes = append.hashes.as_flattened();
            batch.append(&target, append.first * HASH_BYTES, bytes)?;
        }
        let key = &self.signer.as_ref().ok_or(PublishError::NoKey)?.private_key;
        let origin = checkpoint::origin(checkpoint::key_name(key)?, &self.id);
        let new = Checkpoint { origin, size: tree.size(), root: tree.root() };
        let note = checkpoint::sign(key, &new, self.last_checkpoint.as_ref())?;
        batch.put_bytes(&self.layout.checkpoint(&self.id), note.as_bytes())?;
        Ok(new)
    }

    /// The same project with nothing derived yet, whose tables are written below another folder.
    pub(super) fn shadow(&self, layout: Layout) -> Self {
        Self {
            layout,
            messages: self.messages.clone(),
            id: self.id.clone(),
            commit: Commit {
                derived: commit::Derived::default(),
                rules: RULES,
                entries: Vec::new(),
                ..self.commit.clone()
            },
            tree: self.tree.clone(),
            last_checkpoint: self.last_checkpoint.clone(),
            registry: self.registry.clone(),
            channels: Channels::default(),
            frontiers: BTreeMap::new(),
            dirty: Vec::new(),
            after: Box::new(|_| Ok(())),
            signer: self.signer.clone(),
            is_stale: false,
        }
    }

    /// The project as it was when its log had as many leaves as `tree`: acts before that count, its
    /// tables are derived anew from the leaves `[from, ..)` of `messages` and written below `layout`,
    /// a folder of its own. It takes no further messages.
    ///
    /// # Errors
    /// When a message cannot be read or a table not be written.
    pub fn past(
        messages: &Layout,
        layout: &Layout,
        id: &ProjectId,
        from: i64,
        tree: TreeState,
    ) -> Result<Self, PublishError> {
        let size = i64::try_from(tree.size()).unwrap_or(i64::MAX);
        commit::recover(layout, id)?;
        let mut registry = Registry::default();
        read::acts(messages, id, size, |row| {
            registry.add(&row);
            Ok::<_, PublishError>(())
        })?;
        let derived = commit::Derived { next_leaf: from, ..commit::Derived::default() };
        let mut project = Self {
            layout: layout.clone(),
            messages: messages.clone(),
            id: id.clone(),
            commit: Commit { next_leaf: size, derived, ..Commit::empty(id) },
            tree,
            last_checkpoint: None,
            registry,
            channels: Channels::default(),
            frontiers: BTreeMap::new(),
            dirty: Vec::new(),
            after: Box::new(|_| Ok(())),
            signer: None,
            is_stale: false,
        };
        rebuild::derive_all(&mut project)?;
        Ok(project)
    }

    fn set_log(&mut self, tree: TreeState, checkpoint: Checkpoint) {
        self.tree = tree;
        self.last_checkpoint = Some(checkpoint);
    }
}

/// A message at its place in the log.
fn row(leaf: i64, message: Message) -> MessageRow {
    let commitment = match &message.payload {
        Payload::Inline(bytes) => leaf::commitment(&message.nonce, bytes),
        Payload::Blob(blob) => blob.commitment,
    };
    let header = Header {
        kind: message.kind,
        source: message.source,
        received_at: message.received_at,
        client: message.client,
        name: message.name,
        payload_len: message.payload.len(),
        commitment,
    };
    MessageRow { leaf, header, payload: message.payload, nonce: message.nonce }
}

/// Stages the rows of `messages`, a file per month of receipt.
fn stage_messages(
    layout: &Layout,
    project: &ProjectId,
    batch: &mut Batch<'_>,
    rows: &[MessageRow],
) -> Result<(), PublishError> {
    let months = by_month(rows.iter().collect(), |row: &&MessageRow| row.header.received_at);
    for (month, rows) in months {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { continue };
        let name = Layout::batch_file_name(first.leaf, last.leaf, None);
        let target = layout.table_month(Table::Messages, project, month).join(name);
        let shown = target.display().to_string();
        let batches = rows.chunks(BATCH_ROWS_MAX).map(|rows| {
            let path = shown.clone();
            rows::messages(rows)
                .map_err(|source| crate::dataset::DatasetError::Arrow { path, source })
        });
        batch.put_table(Table::Messages, &target, batches, &[])?;
    }
    Ok(())
}
