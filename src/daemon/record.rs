//! Acts and the documents that they name, recorded: all of a request or nothing.
//!
//! Takes acts without numbers; judges them by the plan and by what stands ([`super::judge`]), keeps
//! their documents as messages of the log before them, gives them the project's next numbers, and
//! answers when they are published. What could have no effect is refused before it is recorded.

use std::collections::BTreeMap;
use std::path::Path;

use super::engine::Engine;
use super::request::{Answer, Attached, Stated};
use super::{DaemonError, judge};
use crate::dataset::layout::Layout;
use crate::decode::act::Act;
use crate::domain::digest::Sha256Digest;
use crate::domain::id::ProjectId;
use crate::domain::message::{Draft, INLINE_PAYLOAD_BYTES_MAX, Kind, Payload, Source};
use crate::publish::Project;
use crate::sources::inbox;

/// A document's file with its hash, for the act that is to name it.
///
/// # Errors
/// [`DaemonError::Refused`] when it cannot be read.
pub fn attach(path: &Path) -> Result<Attached, DaemonError> {
    let shown = path.display();
    let failed = |error: &dyn std::fmt::Display| {
        DaemonError::Refused(format!("its document cannot be read: {error}; looked at {shown}"))
    };
    let absolute = std::path::absolute(path).map_err(|error| failed(&error))?;
    let sha256 = inbox::hash(&absolute).map_err(|error| failed(&error))?;
    Ok(Attached::new(absolute.display().to_string(), sha256))
}

impl Engine {
    /// Records acts under the project's next numbers.
    pub(super) async fn record(
        &self,
        project: &str,
        stated: Vec<Stated>,
    ) -> Result<Answer, DaemonError> {
        let id = self.known(project)?;
        if stated.is_empty() {
            return Err(DaemonError::Refused("nothing is stated; nothing is recorded".to_owned()));
        }
        let _one_at_a_time = self.acts.lock().await;
        let first = self.next_act(&id).await?;
        let documents = documents(&stated)?;
        let judged = stated.clone();
        let brought: Vec<Sha256Digest> = documents.keys().copied().collect();
        let said = self.publisher.look(&id, move |project| match project {
            Some(project) => judge::judge(project, &judged, first, &brought).map(|()| {
                let is_known =
                    |sha256: &Sha256Digest| project.registry().document(sha256).is_some();
                brought.into_iter().filter(is_known).collect::<Vec<_>>()
            }),
            None => Ok(Vec::new()),
        });
        let known = said.await??;
        let (layout, of) = (self.layout.clone(), id.clone());
        let kept = tokio::task::spawn_blocking(move || keep(&layout, &of, documents, &known));
        let drafts = kept.await.map_err(|error| DaemonError::Setup(error.to_string()))??;
        let acts: Vec<Act> =
            (first..).zip(stated).map(|(number, one)| Act { number, content: one.act }).collect();
        let last = acts.last().map_or(first, |act| act.number);
        let leaves = self.append_acts(&id, drafts, acts).await?;
        Ok(Answer::Acts { project: id.to_string(), first, last, leaves })
    }

    /// The number of the next act, after everything received so far is published.
    pub(super) async fn next_act(&self, id: &ProjectId) -> Result<u32, DaemonError> {
        self.publisher.flush().await?;
        let next = |project: Option<&mut Project>| project.map(|p| p.registry().next_act());
        let number = self.publisher.look(id, next).await?;
        number.ok_or_else(|| DaemonError::Refused(format!("no project {id}")))
    }

    /// Appends documents and, after them, acts; gives the leaf of each act, in their order. Whoever
    /// calls holds the lock on acts, and the acts have the next numbers.
    pub(super) async fn append_acts(
        &self,
        id: &ProjectId,
        documents: Vec<Draft>,
        acts: Vec<Act>,
    ) -> Result<Vec<i64>, DaemonError> {
        let mut drafts = documents;
        for act in &acts {
            drafts.push(draft(id, act)?);
        }
        self.journal.append(drafts).await?;
        self.publisher.flush().await?;
        let numbers: Vec<u32> = acts.iter().map(|act| act.number).collect();
        let found = self.publisher.look(id, move |project| {
            let registry = project?.registry();
            let leaf = |number: &u32| registry.act(*number).map(|(leaf, _)| *leaf);
            numbers.iter().map(leaf).collect::<Option<Vec<i64>>>()
        });
        found.await?.ok_or_else(|| {
            DaemonError::PublisherStopped("the acts are journaled and not published".to_owned())
        })
    }
}

/// The message of an act.
fn draft(id: &ProjectId, act: &Act) -> Result<Draft, DaemonError> {
    let bytes = act.encode().map_err(|error| DaemonError::Refused(error.to_string()))?;
    if bytes.len() > INLINE_PAYLOAD_BYTES_MAX {
        return Err(DaemonError::Refused(format!(
            "{} has {} bytes, an act has at most {INLINE_PAYLOAD_BYTES_MAX}; attach a document \
             instead of long texts",
            act.name(),
            bytes.len()
        )));
    }
    if Act::parse(&bytes).ok().as_ref() != Some(act) {
        let name = act.name();
        return Err(DaemonError::Setup(format!(
            "{name} would not read back; nothing was recorded"
        )));
    }
    Ok(Draft {
        project: id.clone(),
        kind: act.content.kind(),
        source: Source::Operator,
        client: act.content.author().into(),
        name: act.name().into(),
        payload: Payload::Inline(bytes.into()),
        nonce: None,
    })
}

/// The files of a request's documents, by hash.
type Documents = BTreeMap<Sha256Digest, File>;

/// A document's file.
struct File {
    path: String,
    /// Who brings it.
    author: String,
    /// Of the act that names it.
    place: String,
}

/// The documents of a request by hash.
fn documents(stated: &[Stated]) -> Result<Documents, DaemonError> {
    let mut documents = Documents::new();
    for one in stated {
        for Attached { path, sha256 } in &one.documents {
            let sha256 = Sha256Digest::parse(sha256).ok_or_else(|| {
                DaemonError::Refused(format!("{sha256:?} is no SHA-256 of {path}"))
            })?;
            let (path, author) = (path.clone(), one.act.author().to_owned());
            documents.insert(sha256, File { path, author, place: one.place.clone() });
        }
    }
    Ok(documents)
}

/// Keeps the documents that the log does not have yet, as messages.
fn keep(
    layout: &Layout,
    id: &ProjectId,
    documents: Documents,
    known: &[Sha256Digest],
) -> Result<Vec<Draft>, DaemonError> {
    let mut drafts = Vec::new();
    for (sha256, file) in documents.into_iter().filter(|(sha256, _)| !known.contains(sha256)) {
        let path = Path::new(&file.path);
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_else(|| "document".to_owned());
        let draft =
            inbox::draft(layout, id.clone(), path, &name, &file.author).map_err(|error| {
                let reason = format!("its document cannot be read: {error}");
                DaemonError::Refused(judge::at_place(&file.place, reason))
            })?;
        let kept = match &draft.payload {
            Payload::Inline(bytes) => Sha256Digest::of(bytes),
            Payload::Blob(blob) => blob.sha256,
        };
        if kept != sha256 {
            let shown = path.display();
            let reason = format!("{shown} changed while it was read; nothing was recorded");
            return Err(DaemonError::Refused(reason));
        }
        drafts.push(Draft { kind: Kind::Document, ..draft });
    }
    Ok(drafts)
}
