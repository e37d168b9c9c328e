//! Manifests and signature: every entry is listed with its digest, the list is signed, by which key.

use std::collections::BTreeMap;

use super::found::{Found, Stop, found};
use super::open::Unpacked;
use crate::domain::digest::Sha256Digest;
use crate::evidence::{checkpoint, dsse};
use crate::report::bundle::{
    FACTS, FORMAT, Facts, KEY, MANIFEST, REPORT, STATEMENT, STATEMENT_TYPE, TAG_FILES,
    TAG_MANIFEST, tags,
};

/// Findings told one by one.
const FINDINGS_MAX: usize = 20;

/// Checks lists, digests and the signature; gives what the bundle says that it is of. `told` gets the
/// same as soon as it can be read, so that it can be shown whatever follows.
pub fn check(
    files: &Unpacked,
    trust: Option<&str>,
    told: &mut Option<Facts>,
) -> Result<Facts, Stop> {
    let is_tag =
        |name: &str| TAG_FILES.contains(&name) || [TAG_MANIFEST, STATEMENT].contains(&name);
    for name in files.digests.keys() {
        if !name.starts_with("data/") && !is_tag(name) {
            return Err(found(name, "it is no part of a bundle"));
        }
    }
    let facts: Facts = serde_json::from_str(&files.text(FACTS)?)
        .map_err(|error| found(FACTS, format!("it cannot be read: {error}")))?;
    *told = Some(facts.clone());
    if facts.format != FORMAT {
        let what = format!("the bundle is a {:?}, this software reads {FORMAT:?}", facts.format);
        return Err(found(FACTS, what));
    }
    listed(files, MANIFEST, |name| name.starts_with("data/"))?;
    listed(files, TAG_MANIFEST, |name| TAG_FILES.contains(&name))?;
    for (name, (sha256, _)) in &files.digests {
        let blob = name.strip_prefix("data/blobs/");
        if blob.is_some_and(|named| named != sha256.to_string()) {
            return Err(found(name, format!("its bytes have the digest {sha256}")));
        }
    }
    if files.text(KEY)? != format!("{}\n", facts.key) || facts.encode() != files.text(FACTS)? {
        return Err(found(KEY, "bundle.json names another key, or is not in its one form"));
    }
    let fingerprint = checkpoint::fingerprint(&facts.key);
    if let Some(trust) = trust
        && trust.trim() != facts.key
    {
        let what = format!(
            "the bundle is signed by another key than the trusted one: its key has the fingerprint \
             {fingerprint}, the trusted one {}",
            checkpoint::fingerprint(trust)
        );
        return Err(found("the key", what));
    }
    if facts.fingerprint != fingerprint {
        return Err(found(FACTS, "the fingerprint is not that of the key"));
    }
    let signed = dsse::open(&files.text(STATEMENT)?, &facts.key, STATEMENT_TYPE)
        .map_err(|error| found(STATEMENT, error.to_string()))?;
    let digest = |name: &str| match files.digests.get(name) {
        Some((sha256, _)) => Ok(*sha256),
        None => Err(found(name, "the entry is missing")),
    };
    if signed != tags::statement(&facts, digest(TAG_MANIFEST)?, digest(REPORT)?) {
        return Err(found(STATEMENT, "what is signed is not this bundle"));
    }
    Ok(facts)
}

/// Checks that a manifest lists exactly the entries that `is_part` names, as they are.
fn listed(files: &Unpacked, manifest: &str, is_part: impl Fn(&str) -> bool) -> Result<(), Stop> {
    let listed = tags::read_manifest(&files.text(manifest)?)
        .ok_or_else(|| found(manifest, "it is not in the one form of a manifest"))?;
    let listed: BTreeMap<String, Sha256Digest> = listed.into_iter().collect();
    let mut found = Found::default();
    let mut tell = |place: &str, what: &str| {
        // What was damaged on its way is told by its checksum already.
        if found.findings.len() < FINDINGS_MAX && !files.is_damaged(place) {
            found.tell(place, what);
        }
    };
    for (name, (sha256, _)) in files.digests.iter().filter(|(name, _)| is_part(name)) {
        match listed.get(name) {
            None => tell(name, "the manifest does not list it"),
            Some(listed) if listed != sha256 => {
                tell(name, &format!("its digest is {sha256}, the manifest says {listed}"));
            }
            Some(_) => {}
        }
    }
    for name in listed.keys().filter(|name| !files.digests.contains_key(*name)) {
        tell(name, "the manifest lists it, and it is missing");
    }
    let is_as_listed = listed
        .iter()
        .all(|(name, sha256)| files.digests.get(name).is_some_and(|(there, _)| there == sha256));
    match found.is_empty() && is_as_listed {
        true => Ok(()),
        false => Err(Stop::Found(found)),
    }
}

/// What the bundle says that it is of, where the key signed a statement in it, though its entries are
/// not those that were signed: so that it can be said what differs. `None` where somebody else's key
/// signed it, or nobody's.
pub fn to_be_looked_into(
    files: &Unpacked,
    trust: Option<&str>,
    told: Option<&Facts>,
) -> Option<Facts> {
    let facts = told.filter(|facts| facts.format == FORMAT)?;
    let is_trusted = trust.is_none_or(|trust| trust.trim() == facts.key);
    let statement = files.text(STATEMENT).ok()?;
    let is_signed = dsse::open(&statement, &facts.key, STATEMENT_TYPE).is_ok();
    (is_trusted && is_signed).then(|| facts.clone())
}

/// The digest that the manifest lists of an entry.
pub fn listed_digest(files: &Unpacked, name: &str) -> Option<Sha256Digest> {
    let manifest = if name.starts_with("data/") { MANIFEST } else { TAG_MANIFEST };
    let listed = tags::read_manifest(&files.text(manifest).ok()?)?;
    listed.into_iter().find(|(one, _)| one == name).map(|(_, sha256)| sha256)
}
